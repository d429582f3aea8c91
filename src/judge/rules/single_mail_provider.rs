//! `single-mail-provider`: domains whose mail one provider alone takes.

use std::collections::BTreeMap;

use crate::judge::dns::mail_providers;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Kind, Level, Node};

/// Domains whose mail one provider alone takes.
pub(super) struct SingleMailProvider;

impl Rule for SingleMailProvider {
    fn id(&self) -> &'static str {
        "single-mail-provider"
    }

    fn summary(&self) -> &'static str {
        "Domains whose mail one provider alone takes."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-mail-provider.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let mut by_provider: BTreeMap<Id, Vec<&Node>> = BTreeMap::new();
        let names = cx.estate.nodes.values().filter(|node| matches!(node.kind, Kind::Domain | Kind::DnsZone));
        for name in names {
            if let [only] = mail_providers(cx.estate, name).as_slice() {
                by_provider.entry(only.clone()).or_default().push(name);
            }
        }
        for (provider, domains) in by_provider {
            let ids: Vec<Id> = domains.iter().map(|domain| domain.id.clone()).collect();
            let draft = Draft::new(cx, self, &provider, Level::External)
                .message(format!("`{}` alone takes the mail of {}", cx.name(&provider), cx.names(&ids)))
                .blast(cx.weigh(&ids))
                .services(ids.iter().cloned())
                .evidence(domains.iter().filter_map(|domain| domain.evidence.first()))
                .path(cx, &[ids[0].clone(), provider.clone()])
                .fix(
                    "have another way to reach customers and colleagues ready for when mail is down",
                    "medium",
                );
            out.push(cx, draft);
        }
    }
}
