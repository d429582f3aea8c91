//! Render blueprints (`render.yaml`).

use std::collections::BTreeMap;

use super::{Describe, Draft, Format, How, ReadContext, Setting, Value, file_name, folder_name, parse_any};
use crate::model::{
    Attribute, Category, Declarations, Environment, Id, Kind, Node, Program, Reach, Tolerance, Unit,
};
use crate::source::{SourceFile, Tree};

/// Render blueprints.
pub struct Render;

impl Format for Render {
    fn name(&self) -> &'static str {
        "render"
    }

    fn summary(&self) -> &'static str {
        "Render blueprints (render.yaml): services, databases, key-value stores and who uses them"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "render.yaml" | "render.yml")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        ["services:", "databases:", "projects:"].iter().any(|key| file.text().contains(key))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            if let Some(root) = parse_any(file, &mut out.problems) {
                out.units.push(read(file, &root, cx));
            }
        }
        out
    }
}

fn read(file: &SourceFile, root: &Value, cx: &ReadContext<'_>) -> Unit {
    let mut draft = Draft::new("render", folder_name(file.folder(), "render"), file.folder(), cx);
    let mut parts = vec![root];
    for project in root.get("projects").map(Value::items).unwrap_or_default() {
        parts.extend(choose_environment(project, &mut draft.unit, file, cx));
    }
    let mut ids = Ids::default();
    for part in &parts {
        for item in part.get("services").map(Value::items).unwrap_or_default() {
            if let Some(name) = item.str_at(&["name"]) {
                let id = Id::new(format!("render:{name}"));
                declare(&mut draft, item, name, &id, false);
                ids.services.insert(name.to_owned(), id);
            }
        }
    }
    for part in &parts {
        for item in part.get("databases").map(Value::items).unwrap_or_default() {
            if let Some(name) = item.str_at(&["name"]) {
                let taken = ids.services.contains_key(name);
                let id =
                    Id::new(if taken { format!("render:{name}/database") } else { format!("render:{name}") });
                declare(&mut draft, item, name, &id, true);
                ids.databases.insert(name.to_owned(), id);
            }
        }
    }
    for part in &parts {
        for service in part.get("services").map(Value::items).unwrap_or_default() {
            let Some(id) = service.str_at(&["name"]).and_then(|name| ids.services.get(name)) else {
                continue;
            };
            read_needs(&mut draft, id, service, &parts, &ids);
            // Paths in a blueprint start from the repository.
            let folder = Tree::resolve(file.folder(), service.str_at(&["rootDir"]).unwrap_or(""));
            if let Some(folder) = folder.filter(|_| service.get("image").is_none()) {
                draft.unit.programs.push(Program { folder, run_by: Some(id.clone()) });
            }
        }
    }
    draft.unit
}

/// The environment of a project that is analyzed; without one that is production by its name, the first.
fn choose_environment<'v>(
    project: &'v Value,
    unit: &mut Unit,
    file: &SourceFile,
    cx: &ReadContext<'_>,
) -> Option<&'v Value> {
    let found = project.get("environments").map(Value::items).unwrap_or_default();
    let names: Vec<&str> = found.iter().filter_map(|environment| environment.str_at(&["name"])).collect();
    let chosen = cx.choose_environment(&names).or(names.first().copied())?;
    for name in &names {
        let evidence = vec![file.path().to_string()];
        unit.environments.push(Environment { name: (*name).to_owned(), chosen: *name == chosen, evidence });
    }
    found.iter().map(|node| &**node).find(|environment| environment.str_at(&["name"]) == Some(chosen))
}

/// What is declared, by name: a database may be called what a service is called.
#[derive(Default)]
struct Ids {
    services: BTreeMap<String, Id>,
    databases: BTreeMap<String, Id>,
}

fn declare(draft: &mut Draft<'_>, item: &Value, name: &str, id: &Id, is_database: bool) {
    let kind = item.str_at(&["type"]).unwrap_or(if is_database { "database" } else { "web" });
    let runtime = item.str_at(&["runtime"]).or(item.str_at(&["env"])).unwrap_or("");
    let is_store = is_database || matches!(kind, "redis" | "keyvalue");
    let node_kind = if is_store { Kind::Component } else { Kind::Service };
    let is_batch = kind == "cron";
    let evidence = Some(draft.evidence(item));
    let node = draft.node(id, node_kind, name, item.get("name").unwrap_or(item));
    node.placement.region = item.str_at(&["region"]).map(str::to_owned);
    match kind {
        "database" => {
            node.is(Category::Database, "database").on("render", "postgres");
            node.flag(Attribute::Stateful, true, evidence);
            declare_database(node, item);
        }
        "redis" | "keyvalue" => {
            node.is(Category::Cache, kind).on("render", "key-value");
            node.instances(1, "a key-value store of Render is one instance");
        }
        _ if runtime == "static" || kind == "static" => {
            node.is(Category::Compute, "static").on("render", "static-site");
            node.tolerance = Tolerance::Region;
            node.tolerance_because = Some("files are served from Render's delivery network".to_owned());
        }
        _ => {
            node.is(Category::Compute, kind).on("render", if is_batch { "cron" } else { "compute" });
            declare_instances(node, item);
            if is_batch {
                node.flag(Attribute::Batch, true, None);
            }
            if item.get("disk").is_some() {
                node.flag(Attribute::Stateful, true, None);
            }
            if item.get("healthCheckPath").is_some() {
                node.flag(Attribute::HealthChecked, true, None);
            }
        }
    }
    draft.unit.add_name(name, id, Reach::Unit);
    if kind == "web" {
        draft.unit.add_name(&format!("{name}.onrender.com"), id, Reach::Everywhere);
        for domain in item.get("domains").map(Value::items_or_self).unwrap_or_default() {
            let evidence = draft.evidence(domain);
            draft.unit.add_served(domain.str().unwrap_or(""), id, evidence);
        }
    }
}

fn declare_database(node: &mut Node, item: &Value) {
    match item.at(&["highAvailability", "enabled"]).and_then(Value::bool) {
        Some(true) => node.instances(2, "`highAvailability` keeps a standby; where it stands is not said"),
        _ => node.instances(1, "`highAvailability` is not enabled"),
    };
    node.attributes.set(Attribute::Engine, crate::model::AttributeValue::Text("postgres".to_owned()), None);
}

fn declare_instances(node: &mut Node, item: &Value) {
    let fewest = || item.at(&["scaling", "minInstances"]).map(|value| ("minInstances", value));
    let written = item.get("numInstances").map(|value| ("numInstances", value)).or_else(fewest);
    let count = |value: &Value| value.integer().and_then(|count| u32::try_from(count).ok());
    match written.map(|(name, value)| (count(value).map(|count| (name, count)), value)) {
        Some((Some((name, count)), _)) => node.instances(count, &format!("`{name}` is {count}")),
        Some((None, value)) => {
            node.replication.unknown = Some(format!("`{}` is no number", value.str().unwrap_or("")));
            node
        }
        None => node.instances(1, "`numInstances` is not set: one instance"),
    };
}

fn read_needs(draft: &mut Draft<'_>, id: &Id, service: &Value, parts: &[&Value], ids: &Ids) {
    let own = service.get("envVars").map(Value::items).unwrap_or_default();
    let mut variables: Vec<&Value> = own.iter().map(|node| &**node).collect();
    for group in own.iter().filter_map(|variable| variable.str_at(&["fromGroup"])) {
        for part in parts {
            let groups = part.get("envVarGroups").map(Value::items).unwrap_or_default();
            let found = groups.iter().filter(|found| found.str_at(&["name"]) == Some(group));
            let items = found.flat_map(|found| found.get("envVars").map(Value::items).unwrap_or_default());
            variables.extend(items.map(|node| &**node));
        }
    }
    let mut settings = Vec::new();
    for variable in variables {
        let key = variable.str_at(&["key"]).unwrap_or("");
        for (source, declared) in [("fromService", &ids.services), ("fromDatabase", &ids.databases)] {
            let Some(node) = variable.get(source) else { continue };
            let Some(name) = node.get("name") else { continue };
            match name.str().and_then(|name| declared.get(name)) {
                Some(to) => draft.edge(id, to, use_of(key, node), name),
                None => {
                    let text = name.str().unwrap_or("");
                    let target = crate::model::Target::Id(Id::new(format!("render:{text}")));
                    draft.reference(id, target, How::RUNTIME, name);
                }
            }
        }
        let value = variable.get("value");
        if value.is_some() || variable.get("sync").is_some() {
            settings.push(Setting {
                key,
                value: value.and_then(Value::str),
                at: &value.unwrap_or(variable).location,
            });
        }
    }
    draft.settings_among(id, &settings);
    if let Some(image) = service.at(&["image", "url"]) {
        let target = crate::model::Target::Image(image.str().unwrap_or("").to_owned());
        draft.reference(id, target, How::STARTUP, image);
    }
    for route in service.get("routes").map(Value::items).unwrap_or_default() {
        let is_rewrite = route.str_at(&["type"]) == Some("rewrite");
        if let Some(target) =
            route.str_at(&["destination"]).filter(|_| is_rewrite).and_then(super::hosts::of_url)
        {
            draft.reference(id, target, How::RUNTIME, route);
        }
    }
}

/// How a service needs one that a variable is taken from: who is told at which address a browser finds another,
/// to let it in or to write links, does not call it.
fn use_of(key: &str, source: &Value) -> How {
    let is_public = source.str_at(&["envVarKey"]).is_some_and(|key| key.starts_with("RENDER_EXTERNAL_"));
    let of_browsers = ["FRONT", "FRONTEND", "CLIENT", "CORS", "ORIGIN", "ORIGINS", "WEBAPP"];
    let is_told = is_public && key.split('_').any(|word| of_browsers.contains(&word));
    if is_told { How::OPTIONAL } else { How::RUNTIME }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_database_may_be_called_what_a_service_is_called() {
        let text = "services:\n- {type: web, name: shop, envVars: [{key: DB, fromDatabase: {name: shop, property: host}}]}\n\
                    databases: [{name: shop}]\n";
        let tree = Tree::of_texts([("render.yaml", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Render.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let edges = out.units[0].edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str()));
        assert_eq!(edges.collect::<Vec<_>>(), [("render:shop", "render:shop/database")]);
    }

    #[test]
    fn services_need_what_their_variables_come_from() {
        let text = "services:\n- {type: web, name: web, envVars: [{key: DB, fromDatabase: {name: db, property: host}}, \
                    {fromGroup: g}, {key: C, fromService: {type: redis, name: gone, property: host}}]}\n\
                    databases: [{name: db, region: frankfurt}]\nenvVarGroups: [{name: g, envVars: [{key: API_URL, value: \
                    'https://api.example.com'}]}]\n";
        let tree = Tree::of_texts([("render.yaml", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Render.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert_eq!(unit.edges.len(), 1);
        assert_eq!(unit.edges[0].to.as_str(), "render:db");
        assert_eq!(unit.references.len(), 2);
        assert_eq!(unit.nodes[1].placement.region.as_deref(), Some("frankfurt"));
        assert_eq!(unit.nodes[0].placement.region, None);
        assert_eq!(unit.nodes[1].tolerance, Tolerance::Nothing);
    }

    #[test]
    fn keys_that_are_filled_in_elsewhere_open_services_and_those_made_up_do_not() {
        let text = "services:\n- type: web\n  name: web\n  envVars:\n  - {key: STRIPE_API_KEY, sync: false}\n  \
                    - {key: SENTRY_DSN, generateValue: true}\n  - {key: OPENAI_API_KEY, value: ''}\n";
        let tree = Tree::of_texts([("render.yaml", text)]);
        let files: Vec<_> = tree.files().collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let out = Render.read(&files, &cx);
        let references = &out.units[0].references;
        assert_eq!(references.len(), 1, "{references:?}");
        assert_eq!(references[0].need, crate::model::Need::Optional);
        assert_eq!(references[0].evidence[0].location().map(|at| at.line), Some(5));
    }
}
