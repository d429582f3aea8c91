//! What programs are told: environments, images, hosts of origins.

use super::graph::{Graph, Item};
use super::knowledge::links;
use super::nodes::scope_module;
use super::trace;
use super::world::World;
use crate::model::{Confidence, Group, Id, Need, Phase, Reference, Target, Unit};
use crate::read::hosts;

/// Adds the references that the settings in `item` give to `from`: its own, or those of a definition it runs.
pub(super) fn read(world: &World<'_>, graph: &Graph<'_>, from: &Id, item: &Item<'_>, unit: &mut Unit) {
    for leaf in &item.leaves.leaves {
        let Some(text) = leaf.value.text().filter(|text| !text.is_empty() && text.len() < 5_000) else {
            continue;
        };
        if refers_to_component(graph, leaf) {
            continue;
        }
        let evidence = || {
            let at = trace::locate_text(leaf.expr, leaf.at, &text);
            trace::evidence(world, scope_module(world, item), item.leaves.file, at, leaf.expr)
        };
        if links().is_image(&item.type_name, &leaf.path) {
            unit.references.push(Reference {
                from: from.clone(),
                target: Target::Image(text.to_string()),
                phase: Phase::Startup,
                need: Need::Required,
                group: None,
                confidence: Confidence::Inferred,
                evidence: evidence(),
            });
        } else if let Some(name) = links().setting(&item.type_name, &leaf.path) {
            for (number, mention) in hosts::in_setting(name, &text).into_iter().enumerate() {
                add_mention(unit, from, &format!("{name}-{number}"), mention, &evidence());
            }
        }
    }
}

/// Whether a value is made of something that is a component here: the edge to it says it all.
fn refers_to_component(graph: &Graph<'_>, leaf: &super::leaves::Leaf<'_>) -> bool {
    let mut found = false;
    leaf.value.each_ref(&mut 100, &mut |reference| {
        found |= graph.item(&reference.instance).is_some_and(Item::is_component);
    });
    found
}

/// Several hosts of one value are alternatives.
fn add_mention(
    unit: &mut Unit,
    from: &Id,
    label: &str,
    mention: hosts::Mention,
    evidence: &[crate::model::Evidence],
) {
    let sure: Vec<Target> = mention
        .endpoints
        .into_iter()
        .filter(|endpoint| endpoint.sure == hosts::Sureness::Certain)
        .map(|endpoint| endpoint.target)
        .collect();
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
    for target in sure {
        unit.references.push(Reference {
            from: from.clone(),
            target,
            phase: Phase::Runtime,
            need: Need::Required,
            group: group.clone(),
            confidence: Confidence::Inferred,
            evidence: evidence.to_vec(),
        });
    }
}
