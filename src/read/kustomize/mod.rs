//! Kustomize: bases, overlays and components, built the way `kubectl kustomize` does.
//!
//! Overlays of one base in sibling folders are environments, of which one is read.

mod build;
mod patch;
mod replace;
mod resource;
#[cfg(test)]
mod tests;
mod transform;

use std::collections::{BTreeMap, BTreeSet};

use self::build::{Builder, FILE_NAMES, is_remote};
use super::kubernetes::{self, Object, Substitutions};
use super::yaml::Node;
use super::{Format, ReadContext};
use crate::model::{Declarations, Environment, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Kustomizations.
pub struct Kustomize;

impl Format for Kustomize {
    fn name(&self) -> &'static str {
        "kustomize"
    }

    fn summary(&self) -> &'static str {
        "Kustomize: bases, overlays, components, patches, generators; overlays are environments"
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        FILE_NAMES.contains(&name)
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        !file.text().contains("kustomize.toolkit.fluxcd.io")
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut builder = Builder::new(cx.tree);
        let folders: BTreeSet<String> = files.iter().map(|file| file.folder().to_owned()).collect();
        let uses = uses(&folders, &mut builder);
        let substitutions = Substitutions::among(cx);
        let mut declarations = Declarations::default();
        let built: Vec<(Unit, Vec<Object>)> = families(&folders, &uses, &mut builder)
            .into_iter()
            .map(|family| {
                let (chosen, environments) = family.choose(&uses, cx);
                let name = if family.folder.is_empty() { "." } else { &family.folder };
                let mut unit = Unit::new("kustomize", name, &*family.folder);
                unit.environments = environments;
                let objects = substitutions.fill(builder.build(&chosen));
                unit.deploys.extend(std::mem::take(&mut builder.charts));
                let objects = kubernetes::deployed(objects, &mut unit, cx, &mut builder.problems);
                (unit, objects)
            })
            .collect();
        let all: Vec<&Object> = built.iter().flat_map(|(_, objects)| objects).collect();
        let around = kubernetes::neighbours(&all, built.len());
        let mut units = Vec::new();
        for (unit, objects) in &built {
            let own: Vec<&Object> = objects.iter().collect();
            units.push((own.len(), kubernetes::build(unit.clone(), &own, around, cx)));
        }
        units.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        declarations.units =
            units.into_iter().map(|(_, unit)| unit).filter(|unit| !unit.nodes.is_empty()).collect();
        declarations.problems = builder.problems;
        declarations
    }
}

/// The objects that come of the kustomization in a folder, and what went wrong.
pub fn build_folder(tree: &Tree, folder: &str) -> (Vec<std::sync::Arc<Node>>, Problems) {
    let mut builder = Builder::new(tree);
    let objects = builder.build(folder);
    (objects.into_iter().map(|object| object.root).collect(), builder.problems)
}

/// Paths of files that some kustomization takes in; they are not read again as raw manifests.
pub(crate) fn covered(tree: &Tree) -> BTreeSet<String> {
    let mut builder = Builder::new(tree);
    let mut out = BTreeSet::new();
    for file in tree.files().filter(|file| FILE_NAMES.contains(&file.name())) {
        let folder = file.folder();
        let Some(root) = builder.kustomization(folder) else { continue };
        let lists = [
            "resources",
            "bases",
            "patchesStrategicMerge",
            "crds",
            "configurations",
            "transformers",
            "generators",
        ];
        let plain = lists.iter().flat_map(|list| root.get(list).map(Node::items).unwrap_or_default());
        let placed = ["patches", "patchesJson6902", "replacements"]
            .iter()
            .flat_map(|list| root.get(list).map(Node::items).unwrap_or_default())
            .map(|item| item.get_shared("path").unwrap_or(item));
        for item in plain.chain(placed) {
            let path =
                item.str().filter(|text| !text.contains('\n')).and_then(|text| Tree::resolve(folder, text));
            out.extend(path.filter(|path| tree.get(path).is_some()));
        }
    }
    out
}

/// Which folders each kustomization uses, components included.
type Uses = BTreeMap<String, BTreeSet<String>>;

fn uses(folders: &BTreeSet<String>, builder: &mut Builder<'_>) -> Uses {
    let mut out = Uses::new();
    for folder in folders {
        let Some(root) = builder.kustomization(folder) else { continue };
        let items = ["resources", "bases", "components"]
            .iter()
            .flat_map(|list| root.get(list).map(Node::items).unwrap_or_default());
        let used = items
            .filter_map(|item| item.str().filter(|path| !is_remote(path)))
            .filter_map(|path| Tree::resolve(folder, path))
            .filter(|inner| folders.contains(inner) && inner != folder);
        out.insert(folder.clone(), used.collect());
    }
    out
}

/// Kustomizations of which one is analyzed.
struct Family {
    /// Name and folder of the unit.
    folder: String,
    /// Folders of the alternatives.
    members: Vec<String>,
}

impl Family {
    /// The folder to build, and the environments that were found.
    fn choose(&self, uses: &Uses, cx: &ReadContext<'_>) -> (String, Vec<Environment>) {
        if let [only] = self.members.as_slice() {
            return (only.clone(), Vec::new());
        }
        let name = |member: &String| {
            member.strip_prefix(self.folder.as_str()).unwrap_or(member).trim_start_matches('/').to_owned()
        };
        let names: Vec<String> = self.members.iter().map(name).collect();
        let found: Vec<&str> = names.iter().map(String::as_str).collect();
        let chosen = cx.choose_environment(&found);
        let environments = self.members.iter().zip(&names).map(|(member, name)| Environment {
            name: name.clone(),
            chosen: Some(name.as_str()) == chosen,
            evidence: FILE_NAMES
                .iter()
                .map(|file| format!("{member}/{file}"))
                .filter(|path| cx.tree.get(path).is_some())
                .collect(),
        });
        let environments = environments.collect();
        let member =
            chosen.and_then(|chosen| self.members.iter().zip(&names).find(|(_, name)| *name == chosen));
        let folder = member.map(|(member, _)| member.clone()).or_else(|| common_base(&self.members, uses));
        (folder.unwrap_or_else(|| self.members[0].clone()), environments)
    }
}

/// The kustomization that most members use; of several the one with the shortest path.
fn common_base(members: &[String], uses: &Uses) -> Option<String> {
    let mut votes: BTreeMap<&String, usize> = BTreeMap::new();
    for used in members.iter().filter_map(|member| uses.get(member)).flatten() {
        *votes.entry(used).or_default() += 1;
    }
    let best = votes.into_iter().max_by_key(|(folder, count)| (*count, std::cmp::Reverse(folder.len())));
    best.filter(|(_, count)| *count > 1).map(|(folder, _)| folder.clone())
}

/// Says of kustomizations that only use each other that none of them is built.
fn note_circles(folders: &BTreeSet<String>, uses: &Uses, builder: &mut Builder<'_>) {
    let used: BTreeSet<&String> = uses.values().flatten().collect();
    let mut reached: BTreeSet<&String> = folders.iter().filter(|folder| !used.contains(folder)).collect();
    let mut open: Vec<&String> = reached.iter().copied().collect();
    while let Some(folder) = open.pop() {
        open.extend(uses.get(folder).into_iter().flatten().filter(|inner| reached.insert(inner)));
    }
    for folder in folders.iter().filter(|folder| !reached.contains(folder)) {
        if let Some(root) = builder.kustomization(folder) {
            let message = "kustomizations use each other in a circle: nothing of them is read";
            builder.problems.warning(root.location.clone(), message);
        }
    }
}

/// What nothing else uses, with alternatives of one another joined.
fn families(folders: &BTreeSet<String>, uses: &Uses, builder: &mut Builder<'_>) -> Vec<Family> {
    let used: BTreeSet<&String> = uses.values().flatten().collect();
    let mut tops = Vec::new();
    for folder in folders.iter().filter(|folder| !used.contains(folder)) {
        let is_component =
            builder.kustomization(folder).is_some_and(|root| root.str_at(&["kind"]) == Some("Component"));
        if !is_component {
            tops.push(folder.clone());
        }
    }
    note_circles(folders, uses, builder);
    let mut families: Vec<Family> = Vec::new();
    for top in tops {
        let bases = reachable(&top, uses);
        let sibling = families.iter_mut().find(|family| {
            family
                .members
                .iter()
                .any(|other| are_siblings(other, &top) && !bases.is_disjoint(&reachable(other, uses)))
        });
        match sibling {
            Some(family) => family.members.push(top),
            None => families.push(Family { folder: top.clone(), members: vec![top] }),
        }
    }
    for family in families.iter_mut().filter(|family| family.members.len() > 1) {
        family.folder = common_folder(&family.members);
    }
    families
}

fn reachable<'u>(folder: &str, uses: &'u Uses) -> BTreeSet<&'u str> {
    let mut out = BTreeSet::new();
    let mut open: Vec<&str> = uses.get(folder).into_iter().flatten().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if out.insert(next) {
            open.extend(uses.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    out
}

/// Whether two folders stand side by side, or differ in one part of their paths alone.
fn are_siblings(a: &str, b: &str) -> bool {
    let a: Vec<&str> = a.split('/').collect();
    let b: Vec<&str> = b.split('/').collect();
    a.len() == b.len() && a.iter().zip(&b).filter(|(a, b)| a != b).count() == 1
}

fn common_folder(members: &[String]) -> String {
    let first: Vec<&str> = members[0].split('/').collect();
    let shared = members.iter().skip(1).fold(first.len(), |shared, member| {
        first.iter().zip(member.split('/')).take_while(|(a, b)| **a == *b).count().min(shared)
    });
    first[..shared].join("/")
}
