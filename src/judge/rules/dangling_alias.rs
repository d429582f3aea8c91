//! `dangling-alias`: a published name that leads to a name which does not exist.

use std::collections::BTreeSet;

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Evidence, Id, Kind, Level};

/// A published name that leads to a name which does not exist.
pub(super) struct DanglingAlias;

impl Rule for DanglingAlias {
    fn id(&self) -> &'static str {
        "dangling-alias"
    }

    fn summary(&self) -> &'static str {
        "A published name that leads to a name which does not exist."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/dangling-alias.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let gone = cx.estate.nodes.values().filter(|node| {
            matches!(node.kind, Kind::Host | Kind::Domain)
                && node.attributes.text(Attribute::DnsAnswer) == Some("NXDOMAIN")
        });
        for target in gone {
            let Some((published, last)) = published(cx, &target.id) else { continue };
            // Where anybody may open an account, anybody may have the name next.
            let provider = target.placement.provider.as_ref().map(|provider| Id::provider(provider));
            let (level, more) = match &provider {
                Some(provider) => (
                    FindingLevel::Error,
                    format!(": whoever asks `{}` for it next has the name", cx.name(provider)),
                ),
                None => (FindingLevel::Warning, String::new()),
            };
            let said = target.attributes.get(Attribute::DnsAnswer).and_then(|fact| fact.evidence.as_ref());
            let verb = if published.len() == 1 { "leads" } else { "lead" };
            let draft = Draft::new(cx, self, &target.id, Level::External)
                .level(level)
                .message(format!(
                    "{} {verb} to `{}`, which does not exist{more}",
                    cx.names(&published),
                    target.name
                ))
                .services(cx.dependents(&target.id))
                .first_evidence(said)
                .path(cx, &last)
                .fix("take the alias out of the zone, or bring its target back", "small");
            out.push(cx, draft);
        }
    }
}

/// The published names that lead to a target over aliases, sorted, and the way from one of them.
fn published(cx: &Context<'_>, target: &Id) -> Option<(Vec<Id>, Vec<Id>)> {
    let mut ways: Vec<Vec<Id>> = vec![vec![target.clone()]];
    let mut seen = BTreeSet::from([target.clone()]);
    let mut found: Vec<Vec<Id>> = Vec::new();
    while let Some(way) = ways.pop() {
        for edge in cx.needed_by(&way[0]).filter(|edge| edge.evidence.iter().any(is_alias)) {
            if !seen.insert(edge.from.clone()) {
                continue;
            }
            let longer: Vec<Id> = std::iter::once(edge.from.clone()).chain(way.iter().cloned()).collect();
            if edge.from.scheme() == "domain" {
                found.push(longer.clone());
            }
            ways.push(longer);
        }
    }
    found.sort();
    let way = found.first()?.clone();
    Some((found.into_iter().filter_map(|way| way.into_iter().next()).collect(), way))
}

fn is_alias(evidence: &Evidence) -> bool {
    matches!(evidence, Evidence::Record { record, .. } if record == "CNAME")
}
