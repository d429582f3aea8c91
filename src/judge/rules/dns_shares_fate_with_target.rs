//! `dns-shares-fate-with-target`: dNS that goes down with one of the alternatives between which it is to choose.

use std::collections::BTreeSet;

use crate::judge::dns::operators;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Kind, Level};

/// DNS that goes down with one of the alternatives between which it is to choose.
pub(super) struct DnsSharesFateWithTarget;

impl Rule for DnsSharesFateWithTarget {
    fn id(&self) -> &'static str {
        "dns-shares-fate-with-target"
    }

    fn summary(&self) -> &'static str {
        "DNS that goes down with one of the alternatives between which it is to choose."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/dns-shares-fate-with-target.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for group in cx.estate.groups.values() {
            let members: Vec<&Id> = cx
                .estate
                .needs(&group.owner)
                .filter(|edge| edge.group.as_ref() == Some(&group.id))
                .map(|edge| &edge.to)
                .collect();
            let providers: BTreeSet<&str> =
                members.iter().filter_map(|id| cx.estate.node(id)?.placement.provider.as_deref()).collect();
            if providers.len() < 2 {
                continue;
            }
            let zones = cx
                .estate
                .needs(&group.owner)
                .filter(|edge| edge.group.is_none())
                .filter_map(|edge| cx.estate.node(&edge.to).filter(|node| node.kind == Kind::DnsZone));
            for zone in zones {
                let operators = operators(cx.estate, zone);
                let Some([only]) = operators.as_deref() else { continue };
                if !providers.contains(only.as_str()) {
                    continue;
                }
                let operator = Id::provider(only);
                let (owner, name) = (cx.name(&group.owner), cx.name(&operator));
                let draft = Draft::new(cx, self, &zone.id, Level::Dns)
                    .message(format!(
                        "`{owner}` can be moved away from `{name}` only by DNS that `{name}` serves"
                    ))
                    .services(cx.dependents(&group.owner))
                    .cut_set([zone.id.clone(), operator.clone()])
                    .path(cx, &[group.owner.clone(), zone.id.clone()])
                    .fix("serve the zone from an operator that is none of the alternatives", "medium");
                out.push(cx, draft);
            }
        }
    }
}
