//! Fly.io apps (`fly.toml`).

use super::{Describe, Draft, Format, How, ReadContext, Value, file_name, folder_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Node, Reach, Target, Tolerance};
use crate::source::{Problems, SourceFile, Tree};

/// Fly.io apps.
pub struct Fly;

impl Format for Fly {
    fn name(&self) -> &'static str {
        "fly"
    }

    fn summary(&self) -> &'static str {
        "Fly.io apps (fly.toml)"
    }

    fn wants(&self, path: &str) -> bool {
        let name = file_name(path);
        name.starts_with("fly.") && name.ends_with(".toml")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        ["app", "primary_region", "[http_service", "[[services", "[build", "[env"]
            .iter()
            .any(|key| file.text().lines().any(|line| line.trim_start().starts_with(key)))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let folder = file.folder();
            let name = root.str_at(&["app"]).unwrap_or(folder_name(folder, "app"));
            if name.contains("{{") {
                note_template(&root, &mut out.problems);
                continue;
            }
            let mut draft = Draft::new("fly", name, folder, cx);
            read_app(&mut draft, name, &root);
            draft.unit.run_program_of(file.folder());
            out.units.push(draft.unit);
        }
        out
    }
}

/// A file that another program still has to fill in deploys nothing as it stands.
fn note_template(root: &Value, problems: &mut Problems) {
    let at = root.get("app").unwrap_or(root).location.clone();
    problems.note(at, "this is a template: its app has no name yet, and it is not read");
}

fn read_app(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("fly:{name}"));
    // Files from before the key was known tell their apps by a variable of its name.
    let region = root.get("primary_region").or_else(|| root.at(&["env", "PRIMARY_REGION"]));
    let evidence = region.map(|region| draft.evidence(region));
    let node = draft.node(&id, Kind::Service, name, root.get("app").unwrap_or(root));
    node.is(Category::Compute, "app").on("flyio", "machines");
    node.placement.region = region.and_then(Value::str).map(str::to_lowercase);
    if let Some(evidence) = evidence {
        node.add_evidence(evidence);
    }
    describe_instances(node, root);
    if root.get("mounts").or(root.get("mount")).is_some() {
        node.flag(Attribute::Stateful, true, None);
    }
    let services = root.get("services").map(Value::items_or_self).unwrap_or_default();
    let checked = root.get("checks").is_some()
        || root.at(&["http_service", "checks"]).is_some()
        || services
            .iter()
            .any(|service| service.get("tcp_checks").is_some() || service.get("http_checks").is_some());
    node.flag(Attribute::HealthChecked, checked, None);
    if !services.is_empty() || root.get("http_service").is_some() {
        node.flag(Attribute::Published, true, None);
    }
    for suffix in ["fly.dev", "internal", "flycast"] {
        draft.unit.add_name(&format!("{name}.{suffix}"), &id, Reach::Everywhere);
    }
    if let Some(settings) = root.get("env") {
        draft.settings(&id, settings);
        draft.unit.references.iter_mut().for_each(|reference| name_the_app(&mut reference.target));
    }
    if let Some(image) = root.at(&["build", "image"]) {
        draft.reference(&id, Target::Image(image.str().unwrap_or("").to_owned()), How::STARTUP, image);
    }
}

/// Of the private names of an app the one that means all of it: `fra.shop.internal`, `top1.nearest.of.shop.internal`
/// and `web.process.shop.internal` are machines of `shop`.
fn name_the_app(target: &mut Target) {
    let Target::Host { name, .. } = target else { return };
    let app = name.strip_suffix(".internal").and_then(|machines| machines.rsplit_once('.'));
    if let Some((_, app)) = app {
        *name = format!("{app}.internal");
    }
}

/// The file does not say how many machines run, only how many must not be stopped.
fn describe_instances(node: &mut Node, root: &Value) {
    let services = root.get("services").map(Value::items_or_self).unwrap_or_default();
    let least = root
        .get("http_service")
        .into_iter()
        .chain(services)
        .filter_map(|service| service.get("min_machines_running")?.integer())
        .max();
    match least.and_then(|count| u32::try_from(count).ok()) {
        Some(count) if count > 1 => {
            node.instances(count, &format!("`min_machines_running` is {count}"));
        }
        _ => {
            node.tolerance = Tolerance::Unknown;
            let because = "fly.toml does not say how many machines run";
            node.replication.unknown = Some(because.to_owned());
            node.tolerance_because = Some(because.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn an_app_has_a_region_and_an_unknown_number_of_machines() {
        let text = "app = \"shop\"\nprimary_region = \"FRA\"\n[env]\nREDIS_URL = \"redis://cache.example.com:6379\"\n";
        let tree = Tree::of_texts([("fly.toml", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Fly.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let node = &out.units[0].nodes[0];
        assert_eq!((node.id.as_str(), node.placement.region.as_deref()), ("fly:shop", Some("fra")));
        assert!(node.replication.unknown.is_some());
        assert_eq!(out.units[0].references.len(), 1);
    }

    #[test]
    fn machines_of_an_app_are_the_app_and_telemetry_is_no_need() {
        let text = "app = \"shop\"\n[env]\nSTOCK_URL = \"http://top1.nearest.of.stock.internal:80\"\n\
                    OTLP_ENDPOINT = \"http://fra.traces.internal:4318\"\n";
        let tree = Tree::of_texts([("fly.toml", text)]);
        let files: Vec<_> = tree.files().collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let unit = &Fly.read(&files, &cx).units[0];
        let needs = unit.references.iter().map(|reference| match &reference.target {
            Target::Host { name, .. } => (name.as_str(), reference.phase.word(), reference.need.word()),
            other => panic!("{other:?}"),
        });
        let needs: Vec<_> = needs.collect();
        assert_eq!(
            needs,
            [("stock.internal", "runtime", "required"), ("traces.internal", "observe", "optional")]
        );
    }

    #[test]
    fn a_template_is_no_app() {
        let tree =
            Tree::of_texts([("fly.template.toml", "app = \"{{APP_NAME}}\"\nprimary_region = \"iad\"\n")]);
        let files: Vec<_> = tree.files().collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let out = Fly.read(&files, &cx);
        assert!(out.units.is_empty());
        assert_eq!(out.problems.len(), 1);
    }

    #[test]
    fn public_hosts_are_used_and_those_of_the_network_and_of_datastores_are_needed() {
        let text = "app = \"shop\"\n[env]\nPRIMARY_REGION = \"dfw\"\nFEED_URL = \"https://feed.example.com/rss\"\n\
                    STOCK_URL = \"http://stock.internal:8080\"\nDB_HOST = \"main.abc.eu-west-1.rds.amazonaws.com\"\n";
        let tree = Tree::of_texts([("fly.toml", text)]);
        let files: Vec<_> = tree.files().collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let unit = &Fly.read(&files, &cx).units[0];
        assert_eq!(unit.nodes[0].placement.region.as_deref(), Some("dfw"));
        let needs: Vec<&str> = unit.references.iter().map(|reference| reference.need.word()).collect();
        assert_eq!(needs, ["optional", "required", "required"]);
    }
}
