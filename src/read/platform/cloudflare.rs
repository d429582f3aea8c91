//! Cloudflare Workers (`wrangler.toml`, `wrangler.json`, `wrangler.jsonc`).

use super::{Describe, Draft, Format, How, ReadContext, Value, file_name, folder_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Environment, Id, Kind, Reach, Target, Tolerance};
use crate::source::{SourceFile, Tree};

/// Cloudflare Workers.
pub struct Workers;

/// A kind of binding: where it stands, the key of its name, what it is, Cloudflare's product.
struct Binding {
    path: &'static [&'static str],
    name: &'static str,
    category: Category,
    service: &'static str,
}

const BINDINGS: &[Binding] = &[
    Binding { path: &["kv_namespaces"], name: "binding", category: Category::Database, service: "kv" },
    Binding { path: &["r2_buckets"], name: "bucket_name", category: Category::Storage, service: "r2" },
    Binding { path: &["d1_databases"], name: "database_name", category: Category::Database, service: "d1" },
    Binding {
        path: &["durable_objects", "bindings"],
        name: "class_name",
        category: Category::Database,
        service: "durable-objects",
    },
    Binding { path: &["queues", "producers"], name: "queue", category: Category::Queue, service: "queues" },
    Binding { path: &["queues", "consumers"], name: "queue", category: Category::Queue, service: "queues" },
    Binding { path: &["hyperdrive"], name: "binding", category: Category::Database, service: "hyperdrive" },
    Binding { path: &["vectorize"], name: "index_name", category: Category::Search, service: "vectorize" },
    Binding { path: &["workflows"], name: "name", category: Category::Compute, service: "workflows" },
    Binding {
        path: &["analytics_engine_datasets"],
        name: "dataset",
        category: Category::Monitoring,
        service: "analytics-engine",
    },
];

impl Format for Workers {
    fn name(&self) -> &'static str {
        "cloudflare-workers"
    }

    fn summary(&self) -> &'static str {
        "Cloudflare Workers (wrangler.toml, wrangler.json): bindings, routes, settings"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "wrangler.toml" | "wrangler.json" | "wrangler.jsonc")
    }

    fn claims(&self, _file: &SourceFile, _tree: &Tree) -> bool {
        true
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let name = root.str_at(&["name"]).unwrap_or(folder_name(file.folder(), "worker"));
            let mut draft = Draft::new("cloudflare-workers", name, file.folder(), cx);
            read_worker(&mut draft, name, file, &root, cx);
            draft.unit.run_program_of(file.folder());
            out.units.push(draft.unit);
        }
        out
    }
}

fn read_worker(draft: &mut Draft<'_>, name: &str, file: &SourceFile, root: &Value, cx: &ReadContext<'_>) {
    let environments = root.get("env").map(Value::entries).unwrap_or_default();
    let names: Vec<&str> = environments.iter().map(|(key, _)| &*key.text).collect();
    // Without one that is production by its name, the settings at the top are what is deployed.
    let chosen = cx.choose_environment(&names).filter(|name| {
        cx.environment.is_some()
            || crate::read::PRODUCTION.iter().any(|usual| usual.eq_ignore_ascii_case(name))
    });
    for name in &names {
        let evidence = vec![file.path().to_string()];
        draft.unit.environments.push(Environment {
            name: (*name).to_owned(),
            chosen: Some(*name) == chosen,
            evidence,
        });
    }
    let own = chosen.and_then(|name| root.at(&["env", name]));
    let id = Id::new(format!("cloudflare:{name}"));
    let node = draft.node(&id, Kind::Service, name, root.get("name").unwrap_or(root));
    node.is(Category::Compute, "worker").on("cloudflare", "workers");
    node.placement.global = true;
    node.tolerance = Tolerance::Region;
    node.tolerance_because = Some("workers run in every location of Cloudflare".to_owned());
    // Bindings are not inherited by environments; routes are.
    let bound = own.unwrap_or(root);
    for binding in BINDINGS {
        for item in bound.at(binding.path).map(Value::items).unwrap_or_default() {
            read_binding(draft, &id, name, binding, item);
        }
    }
    for key in ["ai", "browser"] {
        if let Some(at) = bound.get(key) {
            draft.provider(&id, "cloudflare", Some(key), How::OPTIONAL, at);
        }
    }
    for service in bound.get("services").map(Value::items).unwrap_or_default() {
        let Some(at) = service.get("service") else { continue };
        let target = Target::Id(Id::new(format!("cloudflare:{}", at.str().unwrap_or(""))));
        draft.reference(&id, target, How::RUNTIME, at);
    }
    read_routes(draft, &id, own.filter(|own| own.get("routes").is_some()).unwrap_or(root));
    if let Some(settings) = bound.get("vars") {
        draft.settings(&id, settings);
    }
}

fn read_binding(draft: &mut Draft<'_>, worker: &Id, app: &str, binding: &Binding, item: &Value) {
    let named = item.get(binding.name).or_else(|| item.get("binding")).or_else(|| item.get("name"));
    let Some(at) = named else { return };
    // A class of another worker is reached through that worker.
    if let Some(script) = item.get("script_name") {
        let target = Target::Id(Id::new(format!("cloudflare:{}", script.str().unwrap_or(""))));
        return draft.reference(worker, target, How::RUNTIME, script);
    }
    let name = at.str().unwrap_or("");
    let id = Id::new(format!("cloudflare:{app}/{}/{name}", binding.service));
    let is_store = matches!(binding.category, Category::Database | Category::Storage);
    let node = draft.node(&id, Kind::Component, name, at);
    node.is(binding.category, binding.service).on("cloudflare", binding.service);
    node.placement.global = binding.service != "d1";
    if is_store && binding.service != "hyperdrive" {
        node.flag(Attribute::Stateful, true, None);
    }
    let how = if binding.category == Category::Monitoring { How::OBSERVE } else { How::RUNTIME };
    draft.edge(worker, &id, how, at);
}

fn read_routes(draft: &mut Draft<'_>, id: &Id, root: &Value) {
    let lists = [root.get("routes"), root.get("route")];
    for route in lists.into_iter().flatten().flat_map(Value::items_or_self) {
        let pattern = route.str_at(&["pattern"]).or(route.str()).unwrap_or("");
        let host = pattern.trim_start_matches("https://").split('/').next().unwrap_or("");
        if !host.contains('*') && !host.is_empty() {
            draft.unit.add_name(host, id, Reach::Everywhere);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn bindings_are_parts_and_production_has_its_own() {
        let text = "name = 'edge'\n[[kv_namespaces]]\nbinding = 'DEV'\nid = 'x'\n[env.production]\nroutes = \
                    [{ pattern = 'www.example.com/*' }]\n[[env.production.kv_namespaces]]\nbinding = 'LIVE'\nid = 'y'\n\
                    [[env.production.services]]\nbinding = 'AUTH'\nservice = 'auth'\n";
        let tree = Tree::of_texts([("wrangler.toml", text)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = Catalog::default();
        let out = Workers.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        let ids: Vec<_> = unit.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["cloudflare:edge", "cloudflare:edge/kv/LIVE"]);
        assert_eq!(unit.names[0].name, "www.example.com");
        assert_eq!(unit.references.len(), 1);
    }
}
