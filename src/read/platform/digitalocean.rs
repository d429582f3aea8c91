//! DigitalOcean App Platform (`.do/app.yaml`, app specs).

use std::collections::BTreeMap;

use super::{Describe, Draft, Format, How, ReadContext, Setting, Value, file_name, folder_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Program, Reach, Target, Tolerance};
use crate::source::{SourceFile, Tree};

/// DigitalOcean apps.
pub struct DigitalOcean;

/// The lists of an app spec and whether their members are asked for by name.
const LISTS: &[&str] = &["services", "workers", "jobs", "static_sites", "functions", "databases"];

impl Format for DigitalOcean {
    fn name(&self) -> &'static str {
        "digitalocean-app"
    }

    fn summary(&self) -> &'static str {
        "DigitalOcean App Platform specs (.do/app.yaml, spec.yaml)"
    }

    fn wants(&self, path: &str) -> bool {
        let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
        is_yaml && (path.contains(".do/") || is_spec_name(file_name(path)))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        let has_list = LISTS.iter().any(|list| text.contains(&format!("{list}:")));
        // Words that no other file of such a name has.
        let is_own = || {
            ["instance_size_slug:", "environment_slug:", "deploy_on_push:"]
                .iter()
                .any(|key| text.contains(key))
        };
        has_list && (file.path().contains(".do/") || is_own())
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let spec = root.get("spec").unwrap_or(&root);
            let name = spec.str_at(&["name"]).unwrap_or(folder_name(file.folder(), "app"));
            let mut draft = Draft::new("digitalocean-app", name, file.folder(), cx);
            read_app(&mut draft, name, spec, app_folder(file));
            // A template for a button and the spec itself say the same.
            if !out.units.iter().any(|unit| unit.name == draft.unit.name && unit.folder == draft.unit.folder)
            {
                out.units.push(draft.unit);
            }
        }
        out
    }
}

/// Names under which `doctl apps create --spec` is given its file where it does not lie in `.do`.
fn is_spec_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    matches!(stem, "spec" | "app" | "app-spec" | "app_spec" | "appspec" | "do-app" | "do" | "do-spec")
        || stem.contains("digitalocean")
        || stem.contains("digital-ocean")
        || stem.contains("digital_ocean")
}

/// The folder that paths in a spec start from: the repository, in whose `.do` the spec usually lies.
fn app_folder(file: &SourceFile) -> &str {
    let folder = file.folder();
    folder.strip_suffix("/.do").unwrap_or(if folder == ".do" { "" } else { folder })
}

fn read_app(draft: &mut Draft<'_>, app: &str, spec: &Value, folder: &str) {
    let mut ids = BTreeMap::new();
    for list in LISTS {
        for item in spec.get(list).map(Value::items).unwrap_or_default() {
            let Some(name) = item.str_at(&["name"]) else { continue };
            let id = Id::new(format!("digitalocean:{app}/{name}"));
            declare(draft, list, &id, name, item, spec);
            ids.insert(name.to_owned(), id);
        }
    }
    for list in LISTS {
        for item in spec.get(list).map(Value::items).unwrap_or_default() {
            let Some(id) = item.str_at(&["name"]).and_then(|name| ids.get(name)) else { continue };
            for settings in [item.get("envs"), spec.get("envs")].into_iter().flatten() {
                read_settings(draft, id, settings, &ids);
            }
            let source = item.str_at(&["source_dir"]).unwrap_or("").trim_start_matches('/');
            if let Some(folder) = Tree::resolve(folder, source).filter(|_| **list != *"databases") {
                draft.unit.programs.push(Program { folder, run_by: Some(id.clone()) });
            }
            let image = item.get("image").and_then(|image| Some((image, image.str_at(&["repository"])?)));
            if let Some((image, repository)) = image {
                let registry = match image.str_at(&["registry_type"]) {
                    Some("DOCR") => "registry.digitalocean.com/",
                    Some("GHCR") => "ghcr.io/",
                    _ => "",
                };
                let owner = image.str_at(&["registry"]).map_or(String::new(), |owner| format!("{owner}/"));
                let target = Target::Image(format!("{registry}{owner}{repository}"));
                draft.reference(id, target, How::STARTUP, image);
            }
        }
    }
    let first = ids.values().next().cloned();
    for domain in spec.get("domains").map(Value::items).unwrap_or_default() {
        if let (Some(id), Some(name)) = (&first, domain.str_at(&["domain"])) {
            let evidence = draft.evidence(domain);
            draft.unit.add_served(name, id, evidence);
        }
    }
}

fn declare(draft: &mut Draft<'_>, list: &str, id: &Id, name: &str, item: &Value, spec: &Value) {
    let kind = if list == "databases" { Kind::Component } else { Kind::Service };
    let node = draft.node(id, kind, name, item.get("name").unwrap_or(item));
    node.placement.region = spec.str_at(&["region"]).map(str::to_owned);
    let count =
        |key: &str| item.get(key).and_then(Value::integer).and_then(|count| u32::try_from(count).ok());
    match list {
        "databases" => {
            node.is(Category::Database, "database").on("digitalocean", "databases");
            if matches!(item.str_at(&["engine"]), Some("REDIS" | "VALKEY")) {
                node.category = Some(Category::Cache);
            } else {
                node.flag(Attribute::Stateful, true, None);
            }
            match count("num_nodes") {
                Some(count) => node.instances(count, &format!("`num_nodes` is {count}")),
                // A cluster that is there already has what it was given elsewhere.
                None if item.get("cluster_name").is_some() => {
                    node.tolerance = Tolerance::Unknown;
                    node.replication.unknown =
                        Some("the spec of an app does not say what its cluster has".to_owned());
                    node
                }
                None => node.instances(1, "`num_nodes` is not set: one node"),
            };
        }
        "static_sites" => {
            node.is(Category::Compute, "static_site").on("digitalocean", "app-platform");
            node.tolerance = Tolerance::Region;
            node.tolerance_because = Some("files are served from a delivery network".to_owned());
        }
        _ => {
            node.is(Category::Compute, list.trim_end_matches('s')).on("digitalocean", "app-platform");
            if list == "jobs" {
                node.flag(Attribute::Batch, true, None);
            }
            let least = item.at(&["autoscaling", "min_instance_count"]).and_then(Value::integer);
            match count("instance_count").or(least.and_then(|count| u32::try_from(count).ok())) {
                Some(count) => node.instances(count, &format!("`instance_count` is {count}")),
                None => node.instances(1, "`instance_count` is not set: one instance"),
            };
        }
    }
    draft.unit.add_name(name, id, Reach::Unit);
}

/// `${db.DATABASE_URL}` names a part of the app; other values may name hosts.
fn read_settings(draft: &mut Draft<'_>, id: &Id, settings: &Value, ids: &BTreeMap<String, Id>) {
    let mut plain = Vec::new();
    for item in settings.items() {
        let Some(key) = item.str_at(&["key"]) else { continue };
        let value = item.get("value");
        let text = value.and_then(Value::str);
        let bound = text.unwrap_or("").split("${").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
        for to in bound.filter_map(|name| ids.get(name)) {
            draft.edge(id, to, How::RUNTIME, value.unwrap_or(item));
        }
        if !text.is_some_and(|text| text.contains("${")) {
            plain.push(Setting { key, value: text, at: &value.unwrap_or(item).location });
        }
    }
    draft.settings_among(id, &plain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn bound_variables_are_dependencies() {
        let text = "name: shop\nregion: fra\nservices:\n- name: web\n  instance_count: 2\n  envs:\n  - {key: DB, value: \
                    '${db.DATABASE_URL}'}\ndatabases:\n- {name: db, engine: PG}\n";
        let tree = Tree::of_texts([(".do/app.yaml", text)]);
        let files: Vec<_> = tree.files().filter(|file| DigitalOcean.wants(file.path())).collect();
        let catalog = Catalog::default();
        let out =
            DigitalOcean.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert_eq!(unit.edges[0].to.as_str(), "digitalocean:shop/db");
        assert_eq!(unit.nodes[0].replication.replicas, Some(2));
        assert_eq!(unit.nodes[1].placement.region.as_deref(), Some("fra"));
    }

    #[test]
    fn a_cluster_that_is_there_already_has_nodes_of_its_own() {
        let text = "name: shop\ndatabases:\n- {name: own, engine: PG}\n- {name: there, cluster_name: main, engine: PG}\n";
        let tree = Tree::of_texts([(".do/app.yaml", text)]);
        let files: Vec<_> = tree.files().collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let out = DigitalOcean.read(&files, &cx);
        let nodes = out.units[0].nodes.iter().map(|node| (node.replication.replicas, node.tolerance));
        assert_eq!(nodes.collect::<Vec<_>>(), [(Some(1), Tolerance::Nothing), (None, Tolerance::Unknown)]);
    }

    #[test]
    fn a_spec_may_lie_anywhere() {
        let spec = "name: a\nservices:\n- name: web\n  instance_size_slug: basic-xxs\n";
        let other = "services:\n  web:\n    image: nginx\n";
        let tree =
            Tree::of_texts([("spec.yaml", spec), ("deploy/digitalocean.yml", spec), ("app.yaml", other)]);
        let files: Vec<_> = tree
            .files()
            .filter(|file| DigitalOcean.wants(file.path()) && DigitalOcean.claims(file, &tree))
            .map(|file| file.path().to_string())
            .collect();
        assert_eq!(files, ["deploy/digitalocean.yml", "spec.yaml"]);
    }
}
