//! Backstage catalogs: components, resources, APIs and who needs what.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::{Describe, Draft, How};
use super::yaml::{self, Node as Value};
use super::{Format, ReadContext, arn};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Reach, Target};
use crate::source::{Problems, SourceFile, Tree};

/// Backstage catalogs.
pub struct Backstage;

impl Format for Backstage {
    fn name(&self) -> &'static str {
        "backstage"
    }

    fn summary(&self) -> &'static str {
        "Backstage catalog files: components, resources, APIs, owners and what depends on what"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".yaml") || path.ends_with(".yml")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        file.text().contains("backstage.io/v1")
            && file.text().lines().any(|line| {
                line.starts_with("apiVersion: backstage.io/")
                    || line.starts_with("apiVersion: \"backstage.io/")
            })
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut reader =
            Reader { draft: Draft::new("backstage", "catalog", "", cx), entities: BTreeMap::new() };
        for file in files {
            for document in yaml::parse(file, &mut out.problems).documents {
                reader.declare(document.root, file, cx.tree, &mut out.problems);
            }
        }
        reader.connect();
        out.units.push(reader.draft.unit);
        out
    }
}

/// Kinds that something may depend on, in the order in which a name without its kind is looked for.
const KINDS_NEEDED: &[&str] = &["component", "resource", "api"];

struct Reader<'a> {
    draft: Draft<'a>,
    /// Entities by kind and name, lower case.
    entities: BTreeMap<(String, String), Arc<Value>>,
}

impl Reader<'_> {
    fn declare(&mut self, entity: Arc<Value>, file: &SourceFile, tree: &Tree, problems: &mut Problems) {
        let kind = entity.str_at(&["kind"]).unwrap_or("").to_lowercase();
        if kind == "location" {
            return missing_targets(&entity, file, tree, problems);
        }
        let Some(name) = full_name(&entity) else { return };
        match kind.as_str() {
            "component" => self.component(&entity, &name),
            "resource" => self.resource(&entity, &name),
            "api" | "system" => {}
            _ => return,
        }
        self.entities.insert((kind, name.to_lowercase()), entity);
    }

    fn component(&mut self, entity: &Value, name: &str) {
        let id = Id::app(name);
        let kind = entity.str_at(&["spec", "type"]).unwrap_or("component");
        let is_part_of_others = matches!(kind, "library" | "documentation" | "template");
        let node_kind = if is_part_of_others { Kind::Component } else { Kind::Service };
        let node = self.draft.node(&id, node_kind, name, entity.at(&["metadata", "name"]).unwrap_or(entity));
        node.is(Category::Compute, kind);
        node.owner = entity.str_at(&["spec", "owner"]).map(owner_name);
        node.tier = tier(entity).map(str::to_owned);
        if is_part_of_others {
            node.flag(Attribute::Auxiliary, true, None);
        }
        self.draft.unit.add_name(name, &id, Reach::Unit);
    }

    fn resource(&mut self, entity: &Value, name: &str) {
        let id = Id::new(format!("backstage:resource/{name}"));
        let kind = entity.str_at(&["spec", "type"]).unwrap_or("resource");
        let category = category_of(kind);
        let node =
            self.draft.node(&id, Kind::Component, name, entity.at(&["metadata", "name"]).unwrap_or(entity));
        node.is(category, kind);
        node.owner = entity.str_at(&["spec", "owner"]).map(owner_name);
        if matches!(category, Category::Database | Category::Storage) {
            node.flag(Attribute::Stateful, true, None);
        }
        let annotations = entity.at(&["metadata", "annotations"]).map(Value::entries).unwrap_or_default();
        let mut values = annotations.into_iter().filter_map(|(_, value)| value.str());
        if let Some((service, region)) = values.find_map(arn::parts) {
            node.on("aws", service);
            node.placement.region = region.map(str::to_owned);
        }
    }

    fn connect(&mut self) {
        let providers = self.providers();
        for ((kind, name), entity) in self.entities.clone() {
            let Some(id) = id_of(&kind, &entity_name(&entity, &name)) else { continue };
            self.inherit_owner(&id, &entity);
            for at in list(&entity, "dependsOn") {
                self.need(&id, at, self.meant(at), &providers);
            }
            for at in list(&entity, "consumesApis") {
                self.need(&id, at, reference_of(at, "api"), &providers);
            }
            for at in list(&entity, "dependencyOf") {
                let (kind, name) = self.meant(at);
                if let Some(from) = self.known(&kind, &name) {
                    self.draft.edge(&from, &id, How::RUNTIME, at);
                }
            }
        }
    }

    /// What is not owned itself has the owner of its system.
    fn inherit_owner(&mut self, id: &Id, entity: &Value) {
        let Some(system) = entity.str_at(&["spec", "system"]) else { return };
        let (kind, name) = parse_reference(system, "system");
        let owner = self
            .entities
            .get(&(kind, name.to_lowercase()))
            .and_then(|system| system.str_at(&["spec", "owner"]));
        let owner = owner.map(owner_name);
        if let Some(node) =
            self.draft.unit.nodes.iter_mut().find(|node| node.id == *id && node.owner.is_none())
        {
            node.owner = owner;
        }
    }

    /// Components by the names of the APIs that they provide.
    fn providers(&self) -> BTreeMap<String, Vec<Id>> {
        let mut out: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        for ((kind, name), entity) in &self.entities {
            if let Some(id) = id_of(kind, &entity_name(entity, name)) {
                for at in list(entity, "providesApis") {
                    let (_, api) = reference_of(at, "api");
                    out.entry(api.to_lowercase()).or_default().push(id.clone());
                }
            }
        }
        out
    }

    fn known(&self, kind: &str, name: &str) -> Option<Id> {
        let entity = self.entities.get(&(kind.to_owned(), name.to_lowercase()))?;
        id_of(kind, &entity_name(entity, name))
    }

    /// The kind and name that a dependency refers to; where the kind is left out, the first of those that have such
    /// an entity.
    fn meant(&self, at: &Value) -> (String, String) {
        let (first, name) = reference_of(at, KINDS_NEEDED[0]);
        let says_kind = at.str().is_some_and(|text| text.contains(':'));
        let has = |kind: &&&str| self.entities.contains_key(&((**kind).to_owned(), name.to_lowercase()));
        match KINDS_NEEDED.iter().find(has).filter(|_| !says_kind) {
            Some(kind) => ((*kind).to_owned(), name),
            None => (first, name),
        }
    }

    fn need(
        &mut self,
        from: &Id,
        at: &Value,
        (kind, name): (String, String),
        providers: &BTreeMap<String, Vec<Id>>,
    ) {
        let text = at.str().unwrap_or("");
        if kind == "api" {
            return self.need_api(from, at, &name, providers);
        }
        if let Some(id) = self.known(&kind, &name) {
            return self.draft.edge(from, &id, How::RUNTIME, at);
        }
        match id_of(&kind, &name) {
            Some(id) => self.draft.reference(from, Target::Id(id), How::RUNTIME, at),
            None if kind == "system" || kind == "domain" => {}
            None => {
                let because = "the catalog has no such entity".to_owned();
                self.draft.reference(
                    from,
                    Target::Unresolved { text: text.to_owned(), because },
                    How::RUNTIME,
                    at,
                );
            }
        }
    }

    /// An API stands for the components that provide it.
    fn need_api(&mut self, from: &Id, at: &Value, name: &str, providers: &BTreeMap<String, Vec<Id>>) {
        let found = providers.get(&name.to_lowercase()).cloned().unwrap_or_default();
        for to in found.iter().filter(|to| *to != from) {
            self.draft.edge(from, to, How::RUNTIME, at);
        }
        if !found.is_empty() {
            return;
        }
        // Some name the component where its API is meant.
        if let Some(id) = self.known("component", name) {
            return self.draft.edge(from, &id, How::RUNTIME, at);
        }
        if let Some(entity) = self.entities.get(&("api".to_owned(), name.to_lowercase())).cloned() {
            return self.unprovided(from, at, &entity, name);
        }
        let text = format!("api:{name}");
        let because = "the catalog has no such API".to_owned();
        self.draft.reference(from, Target::Unresolved { text, because }, How::RUNTIME, at);
    }

    /// An API that is declared, and of no component of the catalog: it stands for itself.
    fn unprovided(&mut self, from: &Id, at: &Value, entity: &Value, name: &str) {
        let id = Id::new(format!("backstage:api/{name}"));
        let place = entity.at(&["metadata", "name"]).unwrap_or(entity);
        let node = self.draft.node(&id, Kind::Component, name, place);
        node.is(Category::Other, "API");
        node.owner = entity.str_at(&["spec", "owner"]).map(owner_name);
        node.tolerance_because = Some("no component of the catalog provides this API".to_owned());
        self.draft.edge(from, &id, How::RUNTIME, at);
    }
}

fn list<'e>(entity: &'e Value, key: &str) -> Vec<&'e Value> {
    entity.at(&["spec", key]).map(Value::items_or_self).unwrap_or_default()
}

fn full_name(entity: &Value) -> Option<String> {
    let name = entity.str_at(&["metadata", "name"])?;
    match entity.str_at(&["metadata", "namespace"]).filter(|namespace| *namespace != "default") {
        Some(namespace) => Some(format!("{namespace}/{name}")),
        None => Some(name.to_owned()),
    }
}

fn entity_name(entity: &Value, otherwise: &str) -> String {
    full_name(entity).unwrap_or_else(|| otherwise.to_owned())
}

fn id_of(kind: &str, name: &str) -> Option<Id> {
    match kind {
        "component" => Some(Id::app(name)),
        "resource" => Some(Id::new(format!("backstage:resource/{name}"))),
        _ => None,
    }
}

/// `[kind:][namespace/]name`, with the namespace `default` left out.
fn parse_reference(text: &str, default: &str) -> (String, String) {
    let (kind, name) = text.split_once(':').unwrap_or((default, text));
    (kind.trim().to_lowercase(), name.trim().trim_start_matches("default/").to_owned())
}

fn reference_of(at: &Value, default: &str) -> (String, String) {
    parse_reference(at.str().unwrap_or(""), default)
}

fn owner_name(owner: &str) -> String {
    parse_reference(owner, "group").1
}

/// How much it matters, where a label or annotation says so.
fn tier(entity: &Value) -> Option<&str> {
    ["labels", "annotations"].iter().find_map(|place| {
        entity.at(&["metadata", place])?.entries().into_iter().find_map(|(key, value)| {
            let last = key.text.rsplit(['/', '.']).next().unwrap_or("").to_lowercase();
            matches!(last.as_str(), "tier" | "service-tier" | "criticality").then(|| value.str())?
        })
    })
}

fn category_of(kind: &str) -> Category {
    let kind = kind.to_lowercase();
    let table = [
        ("database", Category::Database),
        ("db", Category::Database),
        ("cache", Category::Cache),
        ("redis", Category::Cache),
        ("bucket", Category::Storage),
        ("storage", Category::Storage),
        ("queue", Category::Queue),
        ("topic", Category::Queue),
        ("kafka", Category::Queue),
        ("cluster", Category::Cluster),
        ("cdn", Category::Cdn),
        ("search", Category::Search),
        ("secret", Category::Secrets),
    ];
    table.iter().find(|(word, _)| kind.contains(word)).map_or(Category::Other, |(_, category)| *category)
}

fn missing_targets(entity: &Value, file: &SourceFile, tree: &Tree, problems: &mut Problems) {
    let single = entity.at(&["spec", "target"]);
    let several = entity.at(&["spec", "targets"]).map(Value::items_or_self).unwrap_or_default();
    for target in single.into_iter().chain(several) {
        let Some(text) = target.str() else { continue };
        if text.contains("://") {
            problems.note(
                target.location.clone(),
                format!("`{text}` lies outside the scanned files and is not read"),
            );
        } else if !text.contains('*') && tree.join(file.folder(), text).is_none() {
            problems.note(target.location.clone(), format!("`{text}` is not among the scanned files"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(text: &str) -> Declarations {
        let tree = Tree::of_texts([("catalog/all.yaml", text)]);
        let files: Vec<_> = tree.files().filter(|file| Backstage.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        Backstage.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
    }

    fn entity(kind: &str, name: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        )
    }

    #[test]
    fn apis_stand_for_the_components_that_provide_them() {
        let text = entity(
            "Component",
            "web",
            "{type: website, owner: 'group:team-a', consumesApis: [orders, component:users, gone]}",
        ) + &entity(
            "Component",
            "shop",
            "{type: service, system: sales, providesApis: ['api:default/orders'], dependsOn: ['resource:db']}",
        ) + &entity("Component", "users", "{type: service, dependsOn: [component:legacy]}")
            + &entity("Resource", "db", "{type: database}")
            + &entity("System", "sales", "{owner: team-b}");
        let out = read(&text);
        let unit = &out.units[0];
        let edges: Vec<_> =
            unit.edges.iter().map(|edge| format!("{} {}", edge.from.rest(), edge.to.rest())).collect();
        assert_eq!(edges, ["shop resource/db", "web shop", "web users"]);
        assert_eq!(unit.references.len(), 2);
        assert_eq!(unit.nodes[0].owner.as_deref(), Some("team-a"));
        assert_eq!(unit.nodes[1].owner.as_deref(), Some("team-b"));
        assert_eq!(unit.nodes[3].category, Some(Category::Database));
    }

    #[test]
    fn a_name_without_its_kind_is_what_has_it() {
        let text = entity("Component", "shop", "{type: service, dependsOn: [orders-db, mail, rates, gone]}")
            + &entity("Resource", "orders-db", "{type: database}")
            + &entity("Component", "mail", "{type: service}")
            + &entity("Component", "bank", "{type: service, providesApis: [rates]}")
            + &entity("API", "rates", "{type: openapi}");
        let unit = &read(&text).units[0];
        let mut needed: Vec<_> = unit.edges.iter().map(|edge| edge.to.as_str()).collect();
        needed.sort_unstable();
        assert_eq!(needed, ["app:bank", "app:mail", "backstage:resource/orders-db"]);
        assert_eq!(unit.references.len(), 1, "of `gone` nothing is known");
    }

    #[test]
    fn an_api_that_nobody_provides_stands_for_itself() {
        let text = entity("Component", "web", "{type: website, consumesApis: [rates]}")
            + &entity("API", "rates", "{type: openapi, owner: team-c}");
        let unit = &read(&text).units[0];
        let api = unit.nodes.iter().find(|node| node.id.as_str() == "backstage:api/rates").unwrap();
        assert_eq!((api.kind, api.owner.as_deref()), (Kind::Component, Some("team-c")));
        assert_eq!(unit.edges[0].to, api.id);
        assert!(unit.references.is_empty());
    }

    #[test]
    fn targets_that_are_missing_are_notes() {
        let out = read(&entity(
            "Location",
            "all",
            "{targets: [./gone.yaml, ./all.yaml, 'https://example.com/x.yaml']}",
        ));
        assert_eq!(out.problems.len(), 2);
        assert!(out.units[0].nodes.is_empty());
    }
}
