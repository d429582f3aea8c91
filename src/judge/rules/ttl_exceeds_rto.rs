//! `ttl-exceeds-rto`: a DNS record that caches keep for longer than the recovery time objective.

use crate::judge::dns::served_by;
use crate::judge::spans::span;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Id, Level};

/// A DNS record that caches keep for longer than the recovery time objective.
pub(super) struct TtlExceedsRto;

impl Rule for TtlExceedsRto {
    fn id(&self) -> &'static str {
        "ttl-exceeds-rto"
    }

    fn summary(&self) -> &'static str {
        "A DNS record that caches keep for longer than the recovery time objective."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/ttl-exceeds-rto.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.estate.nodes.values() {
            let Some(ttl) = node.attributes.number(Attribute::TtlSeconds) else { continue };
            let mut services: Vec<Id> = served_by(cx, node);
            services.retain(|service| cx.rto_seconds(service).is_some_and(|rto| (rto as f64) < ttl));
            let Some(rto) = services.iter().filter_map(|service| cx.rto_seconds(service)).min() else {
                continue;
            };
            let (ttl, rto) = (span(ttl as u64), span(rto));
            let said = node.attributes.get(Attribute::TtlSeconds).and_then(|fact| fact.evidence.as_ref());
            let draft = Draft::new(cx, self, &node.id, Level::Dns)
                .message(format!("caches keep `{}` for {ttl}, and {rto} is promised", cx.name(&node.id)))
                .services(services)
                .first_evidence(said)
                .fix("lower the TTL to a fraction of the objective", "small");
            out.push(cx, draft);
        }
    }
}
