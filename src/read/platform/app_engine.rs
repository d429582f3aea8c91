//! Google App Engine: services (`app.yaml`), and which of them answers for a host (`dispatch.yaml`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Describe, Draft, Format, How, ReadContext, Value, file_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Need, Node, Target, Tolerance};
use crate::source::{Problems, SourceFile, Tree};

/// App Engine services.
pub struct AppEngine;

impl Format for AppEngine {
    fn name(&self) -> &'static str {
        "app-engine"
    }

    fn summary(&self) -> &'static str {
        "Google App Engine services (app.yaml, dispatch.yaml): scaling, Cloud SQL, settings, hosts"
    }

    fn wants(&self, path: &str) -> bool {
        let name = file_name(path);
        ["app.", "app-", "dispatch."].iter().any(|start| name.starts_with(start))
            && (name.ends_with(".yaml") || name.ends_with(".yml"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let top = |key: &str| file.text().lines().any(|line| line.starts_with(key));
        if is_dispatch(file) {
            return top("dispatch:");
        }
        top("runtime:") && !top("services:") && !top("apiVersion:")
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut known = BTreeSet::new();
        let (dispatches, services): (Vec<&SourceFile>, Vec<_>) =
            files.iter().copied().partition(|file| is_dispatch(file));
        for file in services {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let name = service(&root).unwrap_or("default");
            known.insert(name.to_owned());
            let folder = file.folder();
            let unit = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let mut draft = Draft::new("app-engine", &unit, folder, cx);
            read_service(&mut draft, name, &root);
            draft.unit.run_program_of(file.folder());
            out.units.push(draft.unit);
        }
        for file in dispatches {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let mut draft = Draft::new("app-engine", file.path(), file.folder(), cx);
            read_dispatch(&mut draft, &root, &known, &mut out.problems);
            out.units.push(draft.unit);
        }
        out
    }
}

fn is_dispatch(file: &SourceFile) -> bool {
    file.name().starts_with("dispatch.")
}

/// The name of a service; older files say `module`.
fn service(node: &Value) -> Option<&str> {
    node.str_at(&["service"]).or(node.str_at(&["module"]))
}

/// Which service answers for a host: the only one that rules send it to, or several for a part each. Rules for any
/// host (`*/docs*`) lead no name anywhere.
fn read_dispatch(draft: &mut Draft<'_>, root: &Value, known: &BTreeSet<String>, problems: &mut Problems) {
    let mut hosts: BTreeMap<String, BTreeMap<&str, &Value>> = BTreeMap::new();
    for rule in root.get("dispatch").map(Value::items).unwrap_or_default() {
        let (Some(url), Some(name)) = (rule.str_at(&["url"]), service(rule)) else { continue };
        if !known.contains(name) {
            let message =
                format!("requests are sent to service `{name}`, which no scanned `app.yaml` describes");
            problems.note(rule.location.clone(), message);
        }
        let host = url.split('/').next().unwrap_or("").to_lowercase();
        if host.contains('.') && !host.contains('*') {
            hosts.entry(host).or_default().entry(name).or_insert(rule);
        }
    }
    for (host, services) in hosts {
        let id = Id::domain(&host);
        let need = if services.len() == 1 { Need::Required } else { Need::Optional };
        for (name, rule) in services {
            draft.node(&id, Kind::Domain, &host, rule);
            let target = Target::Id(Id::new(format!("gae:{name}")));
            draft.reference(&id, target, How { need, ..How::RUNTIME }, rule);
        }
    }
}

fn read_service(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("gae:{name}"));
    let node = draft.node(&id, Kind::Service, name, root.get("runtime").unwrap_or(root));
    let is_flexible = root.get("env").and_then(Value::str).is_some_and(|env| env.starts_with("flex"));
    node.is(Category::Compute, if is_flexible { "flexible" } else { "standard" }).on("gcp", "app-engine");
    node.placement.region_unknown = Some("the project says in which region App Engine runs".to_owned());
    describe_scaling(node, root);
    for path in
        [&["beta_settings", "cloud_sql_instances"][..], &["env_variables", "INSTANCE_CONNECTION_NAME"]]
    {
        let Some(at) = root.at(path) else { continue };
        for instance in at.str().unwrap_or("").split(',') {
            read_instance(draft, &id, instance.split('=').next().unwrap_or("").trim(), at);
        }
    }
    if root.get("vpc_access_connector").is_some() {
        let at = root.get("vpc_access_connector").unwrap_or(root);
        draft.provider(&id, "gcp", Some("vpc-access"), How::RUNTIME, at);
    }
    if let Some(settings) = root.get("env_variables") {
        draft.settings(&id, settings);
    }
}

fn describe_scaling(node: &mut Node, root: &Value) {
    let manual = root.at(&["manual_scaling", "instances"]).and_then(Value::integer);
    // Of the flexible environment. `min_instances` of the standard one only keeps so many warm.
    let least = root.at(&["automatic_scaling", "min_num_instances"]).and_then(Value::integer);
    match manual.or(least).and_then(|count| u32::try_from(count).ok()) {
        Some(count) => {
            node.instances(count, &format!("the fewest instances of its scaling are {count}"));
        }
        None => {
            node.tolerance = Tolerance::Zone;
            node.tolerance_because =
                Some("App Engine starts instances in several zones of its region".to_owned());
        }
    }
}

/// `project:region:instance`.
pub(super) fn read_instance(draft: &mut Draft<'_>, from: &Id, text: &str, at: &Value) {
    let mut parts = text.rsplitn(3, ':');
    let (Some(instance), Some(region), Some(project)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let id = Id::new(format!("gcp:{project}/{region}/{instance}"));
    let node = draft.node(&id, Kind::Component, instance, at);
    node.is(Category::Database, "cloud-sql").on("gcp", "cloud-sql");
    node.placement.region = Some(region.to_owned());
    node.flag(Attribute::Stateful, true, None);
    draft.edge(from, &id, How::RUNTIME, at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn hosts_lead_to_the_services_that_answer_for_them() {
        let rules = "dispatch:\n- {url: 'api.shop.test/*', service: api}\n- {url: 'www.shop.test/a*', service: api}\n\
                     - {url: 'www.shop.test/*', module: web}\n- {url: '*/docs*', service: docs}\n";
        let tree = Tree::of_texts([
            ("dispatch.yaml", rules),
            ("api/app.yaml", "runtime: go122\nservice: api\nautomatic_scaling: {min_instances: 1}\n"),
            ("web/app.yaml", "runtime: go122\nservice: web\n"),
        ]);
        let files: Vec<_> = tree.files().filter(|file| AppEngine.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let out = AppEngine.read(&files, &cx);
        let dispatch = out.units.last().unwrap();
        let leads: Vec<_> = dispatch
            .references
            .iter()
            .map(|reference| (reference.from.rest(), &reference.target, reference.need))
            .collect();
        let to = |name: &str| Target::Id(Id::new(format!("gae:{name}")));
        assert_eq!(
            leads,
            [
                ("api.shop.test", &to("api"), Need::Required),
                ("www.shop.test", &to("api"), Need::Optional),
                ("www.shop.test", &to("web"), Need::Optional),
            ]
        );
        assert_eq!(out.problems.len(), 1, "nothing describes `docs`");
        assert_eq!(out.units[0].nodes[0].tolerance, Tolerance::Zone, "one instance that is kept warm");
    }

    #[test]
    fn a_service_needs_its_database_in_the_region_that_is_named() {
        let text = "runtime: python312\nservice: api\nbeta_settings:\n  cloud_sql_instances: p:europe-west1:main\n\
                    manual_scaling: {instances: 1}\n";
        let tree = Tree::of_texts([("app.yaml", text)]);
        let files: Vec<_> = tree.files().filter(|file| AppEngine.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out = AppEngine.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert_eq!(unit.nodes[1].placement.region.as_deref(), Some("europe-west1"));
        assert_eq!(unit.nodes[0].tolerance, Tolerance::Nothing);
        assert_eq!(unit.edges.len(), 1);
    }
}
