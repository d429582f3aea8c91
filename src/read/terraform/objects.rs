//! Kubernetes objects that a root declares: they are handed to the reader of manifests, and what it says of them
//! is said of the resources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::Mode;
use super::graph::{Graph, Item};
use super::knowledge::links;
use super::value::{Kind, Shape, Value};
use super::world::World;
use crate::model::{Edge, Id, Node, Phase, Reference, Target, Unit};
use crate::read::kubernetes::{self, Object};
use crate::read::yaml::{self, Data, Key, Node as Yaml};
use crate::read::{ReadContext, helm};
use crate::source::{Location, Problems, Tree};

/// Blocks inside blocks are followed this far.
const MAX_DEPTH: u32 = 24;

/// Reads the objects of a root into its unit.
pub(super) fn read(
    world: &World<'_>,
    graph: &Graph<'_>,
    cx: &ReadContext<'_>,
    unit: &mut Unit,
    problems: &mut Problems,
) {
    let mut objects = Vec::new();
    let mut resources: BTreeMap<Id, &Item<'_>> = BTreeMap::new();
    for item in graph.items.iter().filter(|item| item.mode == Mode::Managed && !item.foreign) {
        for object in objects_of(world, item, cx.tree) {
            resources.entry(object.id()).or_insert(item);
            objects.push(object);
        }
    }
    if objects.is_empty() {
        return;
    }
    let mut inner = Unit::new(unit.format, &*unit.name, &*unit.folder);
    let objects = kubernetes::deployed(objects, &mut inner, cx, problems);
    let all: Vec<&Object> = objects.iter().collect();
    let inner = kubernetes::build(inner, &all, &all, cx);
    Join { resources, unit }.take(inner);
}

/// Puts what the reader of manifests found into the root's unit.
struct Join<'j, 'a> {
    resources: BTreeMap<Id, &'j Item<'a>>,
    unit: &'j mut Unit,
}

impl Join<'_, '_> {
    fn take(mut self, inner: Unit) {
        for node in inner.nodes {
            self.node(node);
        }
        let known: BTreeSet<(Id, Id, Phase)> =
            self.unit.edges.iter().map(|edge| (edge.from.clone(), edge.to.clone(), edge.phase)).collect();
        for edge in inner.edges {
            let edge = Edge { from: self.id(edge.from), to: self.id(edge.to), ..edge };
            if !known.contains(&(edge.from.clone(), edge.to.clone(), edge.phase)) {
                self.unit.edges.push(edge);
            }
        }
        for mut group in inner.groups {
            group.owner = self.id(group.owner);
            self.unit.groups.push(group);
        }
        for mut name in inner.names {
            name.id = self.id(name.id);
            self.unit.names.push(name);
        }
        for reference in inner.references {
            let target = match reference.target {
                Target::Id(id) => Target::Id(self.id(id)),
                target => target,
            };
            let from = self.id(reference.from);
            self.unit.references.push(Reference { from, target, ..reference });
        }
        self.unit.environments.extend(inner.environments);
        self.unit.deploys.extend(inner.deploys);
    }

    /// The id of the resource that declares an object; its own id for what has no resource.
    fn id(&self, id: Id) -> Id {
        self.resources.get(&id).map_or(id, |item| item.id.clone())
    }

    /// What a manifest of the same words would be said to be; where it stands is the resource's.
    fn node(&mut self, mut node: Node) {
        node.id = self.id(node.id);
        let Some(known) = self.unit.nodes.iter_mut().find(|known| known.id == node.id) else {
            self.unit.nodes.push(node);
            return;
        };
        let type_name = known.type_name.take();
        let evidence = std::mem::take(&mut known.evidence);
        let more = std::mem::replace(&mut node.evidence, evidence);
        node.placement = std::mem::take(&mut known.placement);
        node.type_name = type_name;
        for piece in more {
            node.add_evidence(piece);
        }
        for (attribute, fact) in known.attributes.iter() {
            if node.attributes.get(attribute).is_none() {
                node.attributes.set(attribute, fact.value.clone(), fact.evidence.clone());
            }
        }
        *known = node;
    }
}

/// The objects that a resource declares.
fn objects_of(world: &World<'_>, item: &Item<'_>, tree: &Tree) -> Vec<Object> {
    let mut writer = Writer {
        item,
        next: BTreeMap::new(),
        at: item.leaves.file.location(item.declared.block.at as usize),
    };
    if item.type_name == "helm_release" {
        return writer.release(world, tree).and_then(|root| Object::of(&root)).into_iter().collect();
    }
    if let Some(manifest) = item.leaves.get("manifest").filter(|_| item.type_name == "kubernetes_manifest") {
        return Object::of(&writer.given(&manifest, "manifest")).into_iter().collect();
    }
    if item.type_name == "kubectl_manifest" {
        let text = item.leaves.get("yaml_body").map(|value| shown(&value)).unwrap_or_default();
        let stream = writer.parse(&text);
        return Object::all_of(&stream);
    }
    let Some((api, kind)) = links().object(&item.type_name) else { return Vec::new() };
    let mut root = Yaml::clone(&writer.body(&item.leaves.value, "", 0));
    root.set("apiVersion", writer.text(api));
    root.set("kind", writer.text(kind));
    // What Terraform calls the data of a Secret is not encoded.
    if kind == "Secret"
        && let Some(data) = root.remove("data")
    {
        root.set("stringData", data);
    }
    let is_named = root.str_at(&["metadata", "name"]).is_some_and(|name| !name.contains("${"));
    let mut object = Object::of(&Arc::new(root));
    if let Some(object) = object.as_mut().filter(|_| !is_named) {
        // Two objects whose names are not known are not one.
        object.name.clone_from(&item.address);
    }
    object.into_iter().collect()
}

/// Writes the values of a resource as a manifest would, each with its place.
struct Writer<'w, 'a> {
    item: &'w Item<'a>,
    /// How many values of a path were written.
    next: BTreeMap<String, usize>,
    at: Location,
}

impl Writer<'_, '_> {
    fn text(&self, text: &str) -> Arc<Yaml> {
        Arc::new(Yaml::scalar(text, false, &self.at))
    }

    fn parse(&self, text: &str) -> yaml::Stream {
        let path = Arc::clone(&self.at.path);
        let first = self.at.line;
        yaml::parse_text(text, &path, &|_| first, &mut Problems::new())
    }

    /// A body: blocks of one name are a list where manifests have one, else an object.
    fn body(&mut self, value: &Value, path: &str, depth: u32) -> Arc<Yaml> {
        let mut out = Yaml::new(Data::Mapping(Vec::new()), self.at.clone());
        let Kind::Map(map) = &value.kind else { return self.given(value, path) };
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let blocks = value.items().filter(|items| items.iter().any(|item| item.entries().is_some()));
            let Some(blocks) = blocks.filter(|_| depth < MAX_DEPTH) else {
                out.set(&camel(name), self.given(value, &path));
                continue;
            };
            let written: Vec<Arc<Yaml>> =
                blocks.iter().map(|block| self.body(block, &path, depth + 1)).collect();
            match (links().object_list(&path), written.first()) {
                (Some(list), _) => {
                    let place = written.first().map_or(&self.at, |first| &first.location).clone();
                    out.set(list, Arc::new(Yaml::new(Data::Sequence(written), place)));
                }
                (None, Some(first)) => out.set(&camel(name), Arc::clone(first)),
                (None, None) => {}
            }
        }
        if let Some((_, first)) = out.entries().first() {
            out.location = first.location.clone();
        }
        Arc::new(out)
    }

    /// A value as it was given; keys of maps are words of their own.
    fn given(&mut self, value: &Value, path: &str) -> Arc<Yaml> {
        match &value.kind {
            Kind::List(items) | Kind::Set(items) => {
                let items = items.iter().map(|item| self.given(item, path)).collect();
                Arc::new(Yaml::new(Data::Sequence(items), self.at.clone()))
            }
            Kind::Map(map) => {
                let mut out = Yaml::new(Data::Mapping(Vec::new()), self.at.clone());
                for (key, value) in map.iter() {
                    out.set(key, self.given(value, &format!("{path}.{key}")));
                }
                Arc::new(out)
            }
            _ => {
                let place = self.place(path);
                // What a setting rests on is an edge by the reference; a text full of gaps says nothing beside it.
                let is_said = !value.is_unknown() || (value.refs.is_none() && !path.ends_with(".value"));
                let text = if is_said { shown(value) } else { String::new() };
                Arc::new(Yaml::scalar(&text, !matches!(value.kind, Kind::String(_)), &place))
            }
        }
    }

    /// Where the next value of a path stands; where the one before stood, if that is not known.
    fn place(&mut self, path: &str) -> Location {
        let number = self.next.entry(path.to_owned()).or_default();
        if let Some(leaf) = self.item.leaves.at(path).nth(*number) {
            self.at = self.item.leaves.file.location(leaf.at as usize);
        }
        *number += 1;
        self.at.clone()
    }

    /// A release of a chart, as Flux would declare it.
    fn release(&mut self, world: &World<'_>, tree: &Tree) -> Option<Arc<Yaml>> {
        let leaves = &self.item.leaves;
        let name = leaves.get("name").map(|name| shown(&name)).filter(|name| !name.contains("${"));
        let chart = leaves.text("chart")?;
        let beside = Tree::resolve(&world.root_folder, &chart).filter(|path| helm::is_chart(path, tree));
        let values = self.release_values();
        let place = self.place("chart");
        let text = |text: &str| Arc::new(Yaml::scalar(text, false, &place));
        let object = |entries: Vec<(&str, Arc<Yaml>)>| {
            let key = |word: &str| Key { text: word.into(), location: place.clone() };
            let entries = entries.into_iter().map(|(word, value)| (key(word), value)).collect();
            Arc::new(Yaml::new(Data::Mapping(entries), place.clone()))
        };
        let mut metadata = vec![("name", text(name.as_deref().unwrap_or(&self.item.address)))];
        if let Some(space) = leaves.get("namespace").filter(|space| !space.is_null()) {
            metadata.push(("namespace", text(&shown(&space))));
        }
        let source =
            object(vec![("kind", text(if beside.is_some() { "GitRepository" } else { "HelmRepository" }))]);
        let chart = object(vec![("chart", text(beside.as_deref().unwrap_or(&chart))), ("sourceRef", source)]);
        let spec = object(vec![("chart", object(vec![("spec", chart)])), ("values", Arc::new(values))]);
        Some(object(vec![
            ("apiVersion", text("helm.toolkit.fluxcd.io/v2")),
            ("kind", text("HelmRelease")),
            ("metadata", object(metadata)),
            ("spec", spec),
        ]))
    }

    /// The values that a release gives to its chart.
    fn release_values(&mut self) -> Yaml {
        let leaves = &self.item.leaves;
        let mut values = Yaml::new(Data::Mapping(Vec::new()), self.at.clone());
        for given in leaves
            .get("values")
            .iter()
            .flat_map(|given| given.items().cloned())
            .flat_map(|list| list.to_vec())
        {
            let as_json = match &given.kind {
                Kind::Unknown(unknown) => match &unknown.shape {
                    Shape::Json(inner) => Some(inner),
                    _ => None,
                },
                _ => None,
            };
            let written = match as_json {
                Some(inner) => Some(self.given(inner, "values")),
                None => {
                    self.parse(&shown(&given)).documents.first().map(|document| Arc::clone(&document.root))
                }
            };
            if let Some(written) = written.filter(|written| written.is_mapping()) {
                lay_over(&mut values, &written, 0);
            }
        }
        for set in
            leaves.get("set").iter().filter_map(|set| set.items().cloned()).flat_map(|list| list.to_vec())
        {
            let entry = |key: &str| set.entries().and_then(|map| map.get(key)).map(shown);
            if let (Some(path), Some(text)) = (entry("name"), entry("value")) {
                let place = self.place("set.value");
                let leaf = Arc::new(Yaml::scalar(&text, true, &place));
                let nested = path.rsplit('.').fold(leaf, |inner, key| {
                    let mut outer = Yaml::new(Data::Mapping(Vec::new()), place.clone());
                    outer.set(key, inner);
                    Arc::new(outer)
                });
                lay_over(&mut values, &nested, 0);
            }
        }
        values
    }
}

/// Lays mappings over each other.
fn lay_over(own: &mut Yaml, over: &Yaml, depth: u32) {
    for (key, _) in over.entries() {
        let Some(value) = over.get_shared(&key.text) else { continue };
        let merged = match own.get(&key.text) {
            Some(present) if present.is_mapping() && value.is_mapping() && depth < MAX_DEPTH => {
                let mut both = present.clone();
                lay_over(&mut both, value, depth + 1);
                Arc::new(both)
            }
            _ => Arc::clone(value),
        };
        own.set(&key.text, merged);
    }
}

/// A value as text, with `${...}` for what is not known.
fn shown(value: &Value) -> String {
    if let Some(text) = value.text() {
        return text.to_string();
    }
    match &value.kind {
        Kind::Null => String::new(),
        Kind::Unknown(unknown) => match &unknown.shape {
            Shape::Text(pieces) => pieces.iter().map(shown).collect(),
            _ => "${unknown}".to_owned(),
        },
        _ => "${unknown}".to_owned(),
    }
}

/// `claim_name` as manifests write it.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |mut out, part| {
        let mut letters = part.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.push_str(letters.as_str());
        out
    })
}
