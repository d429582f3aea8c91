//! `shared-fate-redundancy`: alternatives that fail together, so that their redundancy is an illusion.

use std::collections::BTreeSet;

use crate::judge::context::Demand;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Estate, Id, Level, Node};

/// Alternatives that fail together, so that their redundancy is an illusion.
pub(super) struct SharedFateRedundancy;

impl Rule for SharedFateRedundancy {
    fn id(&self) -> &'static str {
        "shared-fate-redundancy"
    }

    fn summary(&self) -> &'static str {
        "Alternatives that fail together, so that their redundancy is an illusion."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/shared-fate-redundancy.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for fate in &cx.analysis.groups {
            let group = cx.estate.groups.get(&fate.group);
            let claimed = claimed_level(cx.estate, group.and_then(|group| group.level), &fate.members);
            for (common, level) in
                fate.common.iter().filter(|(_, level)| is_illusion(cx, &fate.owner, *level, claimed))
            {
                let owner = cx.name(&fate.owner);
                let many = fate.members.len();
                let mut path = vec![fate.owner.clone()];
                path.extend(fate.members.first().filter(|member| **member != fate.owner).cloned());
                path.push(common.clone());
                let is_wide = Level::Zone < *level && cx.demand(&fate.owner, *level) != Demand::ByTier;
                let draft = Draft::new(cx, self, common, *level)
                    .level(if is_wide { FindingLevel::Warning } else { FindingLevel::Error })
                    .message(format!(
                        "the {many} alternatives of `{owner}` fail together with `{}`",
                        cx.name(common)
                    ))
                    .services(cx.dependents(&fate.owner))
                    .cut_set([fate.group.clone(), common.clone()])
                    .evidence(group.into_iter().flat_map(|group| group.evidence.iter().take(1)))
                    .evidence(fate.members.iter().filter_map(|id| cx.estate.node(id)?.evidence.first()))
                    .path(cx, &path)
                    .fix(
                        format!("place the alternatives so that they do not share `{}`", cx.name(common)),
                        "medium",
                    );
                out.push(cx, draft);
            }
        }
    }
}

/// Whether the alternatives promise to survive, or have to survive, what takes all of them.
fn is_illusion(cx: &Context<'_>, owner: &Id, level: Level, claimed: Option<Level>) -> bool {
    // One component that all of them need is a single point of failure of its own, and said there.
    let is_domain = matches!(level, Level::Host | Level::Zone | Level::Region | Level::Provider | Level::Dns);
    let promises = claimed.is_some_and(|claimed| level <= claimed);
    // Wider domains that a tier demands are single points of their own.
    let is_small = matches!(level, Level::Host | Level::Zone);
    is_domain && (promises || (is_small && Demand::ByDefault <= cx.demand(owner, level)))
}

/// The largest level at which the alternatives are meant to be, or are seen to be, apart.
fn claimed_level(estate: &Estate, said: Option<Level>, members: &[Id]) -> Option<Level> {
    let differ = |part: fn(&Node) -> Option<&str>| {
        let parts: Option<BTreeSet<&str>> = members.iter().map(|id| part(estate.node(id)?)).collect();
        1 < members.len() && parts.is_some_and(|parts| parts.len() == members.len())
    };
    let shown = if differ(|node| node.placement.provider.as_deref()) {
        Some(Level::Provider)
    } else if differ(|node| node.placement.region.as_deref()) {
        Some(Level::Region)
    } else if differ(|node| node.placement.zones.first().map(String::as_str)) {
        Some(Level::Zone)
    } else {
        None
    };
    said.max(shown)
}
