//! Kubernetes manifests: workloads, the Services between them, what they hang on and what they keep.
//!
//! [`Kubernetes`] reads raw manifests; charts and kustomizations are rendered by their own readers, which
//! hand their objects to [`build`].

mod application_set;
mod backups;
mod charts;
mod cluster;
mod delivery;
mod needs;
mod object;
mod operators;
mod pod;
mod routes;
mod substitute;
#[cfg(test)]
mod tests;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use self::cluster::Cluster;
use self::needs::Needs;
pub(crate) use self::object::{Key, Object, Released, Rendered};
pub(crate) use self::substitute::Substitutions;
use super::helm::Releases;
use super::{Format, ReadContext, yaml};
use crate::model::{Attribute, AttributeValue, Declarations, Id, Kind, Need, Phase, Reach, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// The kind of the objects that stand in for charts which are needed and not among the files.
pub(crate) const CHART_DEPENDENCY: &str = "ChartDependency";

/// Raw Kubernetes manifests.
pub struct Kubernetes;

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn summary(&self) -> &'static str {
        "Kubernetes manifests: workloads, Services, routes, volumes, budgets, operators' datastores"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".yml") || path.ends_with(".yaml") || path.ends_with(".json")
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        is_manifest(file.text()) && !super::helm::is_template(file.path(), tree)
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut declarations = Declarations::default();
        let covered = super::kustomize::covered(cx.tree);
        let substitutions = Substitutions::among(cx);
        let mut manifests: Vec<Manifest> = Vec::new();
        for file in files.iter().filter(|file| !covered.contains(&**file.path())) {
            let objects = substitutions.fill(objects(file, &mut declarations.problems));
            let objects = application_set::expand(objects, cx.tree, &mut declarations.problems);
            manifests.push(Manifest { folder: file.folder().to_owned(), objects });
        }
        let all: Vec<&Object> = manifests.iter().flat_map(|manifest| &manifest.objects).collect();
        let releases = Releases::among(&all, cx);
        for manifest in &mut manifests {
            let objects = std::mem::take(&mut manifest.objects);
            manifest.objects = releases.deploy(objects, cx, &mut declarations.problems);
        }
        let parts = parts(&manifests);
        let all: Vec<&Object> = manifests.iter().flat_map(|manifest| &manifest.objects).collect();
        let around = neighbours(&all, parts.len());
        let mut units: Vec<(usize, Unit)> = Vec::new();
        for (folder, own) in parts {
            let name = if folder.is_empty() { "." } else { folder.as_str() };
            let mut unit = Unit::new("kubernetes", name, &*folder);
            unit.environments = releases.environments_below(&folder);
            units.push((own.len(), build(unit, &own, around, cx)));
        }
        // The fullest alternative speaks first.
        units.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        declarations.units =
            units.into_iter().map(|(_, unit)| unit).filter(|unit| !unit.nodes.is_empty()).collect();
        declarations
    }
}

/// The objects of a unit with those of the charts that they release.
pub(crate) fn deployed(
    objects: Vec<Object>,
    unit: &mut Unit,
    cx: &ReadContext<'_>,
    problems: &mut Problems,
) -> Vec<Object> {
    let objects = application_set::expand(objects, cx.tree, problems);
    let all: Vec<&Object> = objects.iter().collect();
    let releases = Releases::among(&all, cx);
    unit.environments.extend(releases.environments_below(""));
    releases.deploy(objects, cx, problems)
}

/// The objects that the units of a format see beside their own: all, unless units and objects are so many
/// that they are copies or unrelated stacks rather than neighbours.
pub(crate) fn neighbours<'a, 'o>(all: &'a [&'o Object], units: usize) -> &'a [&'o Object] {
    if units.saturating_mul(all.len()) <= 200_000 { all } else { &[] }
}

/// The objects of one file.
struct Manifest {
    folder: String,
    objects: Vec<Object>,
}

/// Whether a text holds Kubernetes objects.
pub(crate) fn is_manifest(text: &str) -> bool {
    let starts = |word: &str| {
        text.starts_with(word)
            || text.match_indices(word).any(|(at, _)| at > 0 && text.as_bytes()[at - 1] == b'\n')
    };
    let json =
        || text.trim_start().starts_with('{') && text.contains("\"apiVersion\"") && text.contains("\"kind\"");
    (starts("apiVersion:") && starts("kind:") && !text.contains("kustomize.config.k8s.io")) || json()
}

/// All objects of a file.
pub(crate) fn objects(file: &SourceFile, problems: &mut Problems) -> Vec<Object> {
    Object::all_of(&yaml::parse(file, problems))
}

/// Takes a folder apart where two folders below it declare the same workload: those are alternatives.
fn parts(manifests: &[Manifest]) -> Vec<(String, Vec<&Object>)> {
    let mut out = Vec::new();
    let all: Vec<&Manifest> = manifests.iter().filter(|manifest| !manifest.objects.is_empty()).collect();
    let Some(first) = all.first() else { return out };
    let top = all.iter().fold(first.folder.as_str(), |top, manifest| shared_folder(top, &manifest.folder));
    let mut open: Vec<(String, Vec<&Manifest>)> = vec![(top.to_owned(), all)];
    while let Some((folder, inside)) = open.pop() {
        if !doubled(&folder, &inside) {
            out.push((folder, inside.iter().flat_map(|manifest| &manifest.objects).collect()));
            continue;
        }
        let mut children: BTreeMap<String, Vec<&Manifest>> = BTreeMap::new();
        for manifest in inside {
            children.entry(child(&folder, &manifest.folder)).or_default().push(manifest);
        }
        if let Some(direct) = children.remove(&folder) {
            out.push((folder, direct.iter().flat_map(|manifest| &manifest.objects).collect()));
        }
        open.extend(children);
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

/// The longest folder that holds both.
fn shared_folder<'f>(a: &'f str, b: &str) -> &'f str {
    let mut end = 0;
    let mut at = 0;
    for (own, other) in a.split('/').zip(b.split('/')) {
        if own != other {
            break;
        }
        end = at + own.len();
        at = end + 1;
    }
    &a[..end]
}

/// The folder directly below `folder` that holds `inner`, or `folder` itself.
fn child(folder: &str, inner: &str) -> String {
    let rest = if folder.is_empty() {
        inner
    } else {
        inner.strip_prefix(folder).unwrap_or("").trim_start_matches('/')
    };
    match rest.split('/').next().filter(|part| !part.is_empty()) {
        Some(part) if folder.is_empty() => part.to_owned(),
        Some(part) => format!("{folder}/{part}"),
        None => folder.to_owned(),
    }
}

/// Whether two parts of a folder run a workload of the same name, be it in different namespaces.
fn doubled(folder: &str, inside: &[&Manifest]) -> bool {
    let mut seen: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for manifest in inside {
        let part = child(folder, &manifest.folder);
        for object in manifest.objects.iter().filter(|object| pod::spec_of(&object.root).is_some()) {
            let key = (object.kind.as_str(), object.name.as_str());
            if seen.insert(key, part.clone()).is_some_and(|other| other != part) {
                return true;
            }
        }
    }
    false
}

/// Builds a unit of objects. `around` are all objects that may be named, the own ones included.
pub(crate) fn build(mut unit: Unit, own: &[&Object], around: &[&Object], cx: &ReadContext<'_>) -> Unit {
    let own = distinct(own);
    let own: Vec<&Object> = own.iter().collect();
    unit.deploys.extend(own.iter().filter_map(|object| match &object.rendered {
        Some(Rendered::Folder(chart)) => Some(chart.clone()),
        Some(Rendered::Known) | None => None,
    }));
    let mut keys: BTreeSet<Key> = own.iter().map(|object| object.key()).collect();
    let mut all = own.clone();
    all.extend(around.iter().copied().filter(|object| keys.insert(object.key())));
    let cluster = Cluster::new(all, cx.catalog);
    let tree = cx.tree;
    let mut needs = Needs::new(&cluster, tree);
    let mine: BTreeSet<Key> = own.iter().map(|object| object.key()).collect();
    for workload in cluster.workloads.iter().filter(|workload| mine.contains(&workload.object.key())) {
        unit.nodes.push(workload::node(workload, &cluster, tree));
        needs.workload(workload, cx.catalog);
        if let Some(released) = &workload.object.released {
            let evidence = vec![yaml::evidence_at(&released.at, tree)];
            needs.edge(&workload.id, &released.by, Phase::Deploy, Need::Required, evidence);
        }
    }
    for object in &own {
        if let Some(operator) = operators::operator(object) {
            unit.nodes.push(workload::operated(object, operator, &cluster, tree));
        }
    }
    claims_shared(&mut unit, &cluster, &mut needs, &mine);
    routes::publish(&own, &cluster, &mut needs, &mut unit, tree);
    delivery::write(&own, &cluster, &mut needs, &mut unit, cx.catalog, tree);
    names(&mut unit, &cluster, &mine);
    needs.write(&mut unit);
    unit
}

/// Each object once, with the places of the others.
fn distinct(own: &[&Object]) -> Vec<Object> {
    let mut at: BTreeMap<Key, usize> = BTreeMap::new();
    let mut out: Vec<Object> = Vec::new();
    for object in own {
        match at.get(&object.key()) {
            Some(first) => out[*first].also.push(object.place()),
            None => {
                at.insert(object.key(), out.len());
                out.push((*object).clone());
            }
        }
    }
    out
}

/// A claim that several workloads mount is a thing that they share.
fn claims_shared<'c>(unit: &mut Unit, cluster: &'c Cluster<'c>, needs: &mut Needs<'c>, mine: &BTreeSet<Key>) {
    let mut users: BTreeMap<(String, String), Vec<(&Id, &yaml::Node)>> = BTreeMap::new();
    for workload in &cluster.workloads {
        for volume in workload.spec.get("volumes").map(yaml::Node::items).unwrap_or_default() {
            if let Some(name) = volume.at(&["persistentVolumeClaim", "claimName"]) {
                let key = (workload.object.space().to_owned(), name.str().unwrap_or("").to_owned());
                users.entry(key).or_default().push((&workload.id, name));
            }
        }
    }
    for ((space, name), users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
        let key = ("PersistentVolumeClaim".to_owned(), space.clone(), name.clone());
        let claims = cluster.of_kind("PersistentVolumeClaim");
        let Some(object) = claims.iter().find(|object| mine.contains(&key) && object.key() == key) else {
            continue;
        };
        let mut node = crate::model::Node::new(object.id(), Kind::Component, name);
        node.type_name = Some(object.kind.clone());
        node.category = Some(crate::model::Category::Storage);
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), None);
        node.add_evidence(needs::place(object, needs.tree));
        node.tolerance_because = Some("what its storage class stands on is not known".to_owned());
        let id = node.id.clone();
        unit.nodes.push(node);
        for (user, place) in users {
            needs.edge(user, &id, Phase::Runtime, Need::Required, vec![place.evidence(needs.tree)]);
        }
    }
}

/// The names that the unit's nodes answer to.
fn names(unit: &mut Unit, cluster: &Cluster<'_>, mine: &BTreeSet<Key>) {
    let present: BTreeSet<Id> = unit.nodes.iter().map(|node| node.id.clone()).collect();
    for ((space, name), front) in &cluster.fronts {
        let is_own = front.object.is_none_or(|object| mine.contains(&object.key()));
        for id in front.ids.iter().filter(|id| is_own && present.contains(id)) {
            unit.add_name(name, id, Reach::Unit);
            unit.add_name(&format!("{name}.{space}"), id, Reach::Everywhere);
            unit.add_name(&format!("{name}.{space}.svc"), id, Reach::Everywhere);
            unit.add_name(&format!("{name}.{space}.svc.cluster.local"), id, Reach::Everywhere);
        }
        if front.object.is_some_and(|object| is_own && workload::monitored(object, cluster)) {
            for node in unit.nodes.iter_mut().filter(|node| front.ids.contains(&node.id)) {
                let place = node.evidence.first().cloned();
                node.attributes.set(Attribute::Monitored, AttributeValue::Bool(true), place);
            }
        }
    }
}
