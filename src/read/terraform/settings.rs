//! What programs are told: environments, images, hosts of origins.

use super::arns;
use super::graph::{Graph, Item};
use super::knowledge::{Meaning, links};
use super::leaves::Leaf;
use super::nodes::{category, scope_module};
use super::trace;
use super::value::Kind;
use super::world::World;
use crate::catalog::{Catalog, NameKind};
use crate::model::{Category, Confidence, Evidence, Group, Id, Need, Phase, Reference, Target, Unit};
use crate::read::hosts;
use crate::read::keys::{self, Keys};

/// Adds the references that the settings in `item` give to `from`: its own, or those of a definition it runs.
pub(super) fn read(
    world: &World<'_>,
    graph: &Graph<'_>,
    catalog: &Catalog,
    from: &Id,
    item: &Item<'_>,
    unit: &mut Unit,
) {
    let need_of = |target: &Target| match target {
        Target::Host { name, .. } if is_of_a_service(catalog, name) => Need::Optional,
        _ => Need::Required,
    };
    for (index, leaf) in item.leaves.leaves.iter().enumerate() {
        let evidence =
            |at: u32| trace::evidence(world, scope_module(world, item), item.leaves.file, at, leaf.expr);
        let need = |target: Target, evidence: Vec<Evidence>| Reference {
            from: from.clone(),
            target,
            phase: Phase::Startup,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence,
        };
        if links().is_unfilled(&item.type_name, &leaf.path) {
            continue;
        }
        let says_something =
            || !matches!(links().attribute(&item.type_name, &leaf.path), Some(Meaning::None));
        let named = arns::named(leaf).filter(|_| says_something());
        if let Some(named) = named.filter(|_| graph.named.find(leaf).is_none()) {
            let phase = named.phase();
            unit.references.push(Reference { phase, ..need(named.target(), evidence(leaf.at)) });
            continue;
        }
        let is_image = links().is_image(&item.type_name, &leaf.path);
        // What looks up whose registry it is, such as the number of an account, is not where the image comes from.
        let is_here = |item: &Item<'_>| {
            item.is_component() && (!is_image || category(item) == Some(Category::Registry))
        };
        if refers_to(graph, leaf, is_here) {
            continue;
        }
        if is_image {
            let image = image(leaf);
            unit.references.extend(image.map(|image| need(Target::Image(image), evidence(leaf.at))));
            continue;
        }
        let Some(text) = leaf.value.text().filter(|text| !text.is_empty() && text.len() < 5_000) else {
            continue;
        };
        let written = || evidence(trace::locate_text(leaf.expr, leaf.at, &text));
        if let Some(name) = key_of(item, index).filter(|_| !stands_elsewhere(leaf)) {
            for (number, mention) in hosts::in_setting(name, &text).into_iter().enumerate() {
                add_mention(unit, from, &format!("{name}-{number}"), mention, need_of, &written());
            }
        }
    }
    if !item.type_name.starts_with("kubernetes_") {
        opened(graph, catalog, from, item, unit);
    }
}

/// The image that an attribute names, with something in the place of what is not known: its tag, what stands behind
/// its registry, and whose registry of a provider it is.
fn image(leaf: &Leaf<'_>) -> Option<String> {
    const GAP: &str = "\0";
    let written = leaf.value.with_gaps(GAP).filter(|text| !text.is_empty() && text.len() < 5_000)?;
    // App Service says first what kind it is: `DOCKER|shop/api:1`, `PYTHON|3.12`.
    let written = match written.split_once('|') {
        Some((kind, image)) if kind.eq_ignore_ascii_case("DOCKER") => image,
        Some(_) => return None,
        None => &written,
    };
    let first = written.split(['/', ':']).next().filter(|first| first.len() < written.len());
    let host = first.map(|first| first.strip_prefix("\0.").unwrap_or(first));
    let is_placed = !written.contains(GAP) || host.is_some_and(|host| !host.contains(GAP));
    is_placed.then(|| written.replace(GAP, "x"))
}

/// Adds the providers whose services the keys among the settings open.
fn opened(graph: &Graph<'_>, catalog: &Catalog, from: &Id, item: &Item<'_>, unit: &mut Unit) {
    let leaves = &item.leaves.leaves;
    let settings: Vec<(&str, Option<String>, usize)> = (0..leaves.len())
        .filter_map(|index| Some((key_of(item, index)?, value_of(&leaves[index])?, index)))
        .collect();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let shown: Vec<(&str, String)> = settings.iter().map(|(key, value, _)| (*key, text(value))).collect();
    let keys = Keys::among(shown.iter().map(|(key, value)| (*key, value.as_str())), catalog);
    let mut seen: Vec<Target> = Vec::new();
    for (key, value, index) in &settings {
        // What leads to a component here is that component, unless it only keeps the key.
        let is_own = |item: &Item<'_>| {
            item.is_component() && item.kind.is_none_or(|kind| &*kind.category != "secrets")
        };
        let names_one = value.as_ref().is_some_and(|value| !hosts::in_setting(key, value).is_empty());
        let is_placed = names_one || refers_to(graph, &leaves[*index], is_own);
        let is_set = value.as_ref().is_none_or(|value| keys::is_set(value));
        let Some((target, phase)) = keys.opened_by(key).filter(|_| !is_placed && is_set) else {
            continue;
        };
        if !seen.contains(&target) {
            seen.push(target.clone());
            unit.references.push(Reference {
                from: from.clone(),
                target,
                phase,
                need: Need::Optional,
                group: None,
                confidence: Confidence::Inferred,
                evidence: vec![keys::masked(item.leaves.file.location(leaves[*index].at as usize), key)],
            });
        }
    }
}

/// Whether a leaf only says where a setting's value stands: the name, key or version of a secret.
fn stands_elsewhere(leaf: &Leaf<'_>) -> bool {
    ["value_from.", "value_source.", "container_definitions.secrets."]
        .iter()
        .any(|part| leaf.path.contains(part))
}

/// A setting's value, none where it is given but not known; nothing where it is not given.
fn value_of(leaf: &Leaf<'_>) -> Option<Option<String>> {
    match leaf.value.text() {
        Some(_) if stands_elsewhere(leaf) => Some(None),
        Some(text) => Some(Some(text.to_string())),
        None => (!leaf.value.is_null() && leaf.value.is_unknown()).then_some(None),
    }
}

/// The name of the setting that a leaf is the value of: that of its map entry, or what stands beside it in a block
/// `env { name = .. }`.
fn key_of<'i>(item: &'i Item<'_>, index: usize) -> Option<&'i str> {
    let leaves = &item.leaves.leaves;
    let path = leaves[index].path.as_str();
    if let Some((_, name)) = path.split_once("container_definitions.secrets.") {
        return Some(name);
    }
    let name = links().setting(&item.type_name, path);
    let start = match path.rfind(".env.") {
        Some(at) => at + ".env.".len(),
        None if path.starts_with("env.") => "env.".len(),
        None => return name,
    };
    let (head, tail) = path.split_at(start);
    if tail != "value" && !tail.starts_with("value_from.") && !tail.starts_with("value_source.") {
        return name;
    }
    let beside = (index.saturating_sub(4)..index).rev().chain(index + 1..(index + 3).min(leaves.len()));
    let is_name = |leaf: &&Leaf<'_>| leaf.path.strip_prefix(head) == Some("name");
    beside.map(|near| &leaves[near]).find(is_name).and_then(|leaf| match &leaf.value.kind {
        Kind::String(text) => Some(&**text),
        _ => None,
    })
}

/// Whether a value is made of some item: where that is a component here, the edge to it says it all.
fn refers_to(graph: &Graph<'_>, leaf: &Leaf<'_>, which: impl Fn(&Item<'_>) -> bool) -> bool {
    let mut found = false;
    leaf.value.each_ref(&mut 100, &mut |reference| {
        found |= graph.item(&reference.instance).is_some_and(&which);
    });
    found
}

/// Whether the host is that of a service which others run beside what the program runs on: like a key of it, it
/// shows that the service is used, not that it is needed.
fn is_of_a_service(catalog: &Catalog, host: &str) -> bool {
    const RUNS_ON: &[&str] = &[
        "", "cache", "cdn", "cloud", "compute", "database", "ddns", "dns", "hosting", "identity", "network",
        "queue", "registry", "search", "storage",
    ];
    let found = catalog.identify(NameKind::Host, host);
    found.is_some_and(|found| !RUNS_ON.contains(&found.category))
}

/// Several hosts of one value are alternatives.
fn add_mention(
    unit: &mut Unit,
    from: &Id,
    label: &str,
    mention: hosts::Mention,
    need_of: impl Fn(&Target) -> Need,
    evidence: &[Evidence],
) {
    let is_sure = |endpoint: &hosts::Endpoint| endpoint.sure == hosts::Sureness::Certain;
    let sure: Vec<hosts::Endpoint> = mention.endpoints.into_iter().filter(is_sure).collect();
    let group = (sure.len() > 1).then(|| Id::new(format!("{from}#{label}")));
    if let Some(id) = &group {
        unit.groups.push(Group {
            id: id.clone(),
            owner: from.clone(),
            k: 1,
            level: None,
            evidence: evidence.to_vec(),
        });
    }
    for endpoint in sure {
        unit.references.push(Reference {
            need: if endpoint.only_watches() { Need::Optional } else { need_of(&endpoint.target) },
            phase: endpoint.phase(Phase::Runtime),
            from: from.clone(),
            target: endpoint.target,
            group: group.clone(),
            confidence: Confidence::Inferred,
            evidence: evidence.to_vec(),
        });
    }
}
