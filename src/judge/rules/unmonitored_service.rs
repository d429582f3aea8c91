//! `unmonitored-service`: a service that nobody is told about when it fails, where others are.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Level, Node, Phase};

/// A service that nobody is told about when it fails, where others are.
pub(super) struct UnmonitoredService;

impl Rule for UnmonitoredService {
    fn id(&self) -> &'static str {
        "unmonitored-service"
    }

    fn summary(&self) -> &'static str {
        "A service that nobody is told about when it fails, where others are."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/unmonitored-service.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let is_watched = |node: &Node| {
            node.attributes.bool(Attribute::Monitored) == Some(true)
                || cx.estate.needs(&node.id).any(|edge| edge.phase == Phase::Observe)
        };
        // Where few are watched, watching is not written where linchpin reads: no word about anybody.
        let watched = cx.estate.services().filter(|node| is_watched(node)).count();
        if watched == 0 || watched * 2 < cx.estate.services().count() {
            return;
        }
        for node in cx.estate.services() {
            let is_known = node.attributes.unknown(Attribute::Monitored).is_none();
            let is_missed = node.attributes.bool(Attribute::Auxiliary) != Some(true)
                && node.attributes.bool(Attribute::Batch) != Some(true);
            if is_watched(node) || !is_known || !is_missed {
                continue;
            }
            let is_tiered = cx.tier(&node.id).is_some();
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .level(if is_tiered { FindingLevel::Warning } else { FindingLevel::Note })
                .message(format!("nothing tells anybody when `{}` fails", cx.name(&node.id)))
                .services([node.id.clone()])
                .fix("add an alarm or probe from outside of what it watches", "small");
            out.push(cx, draft);
        }
    }
}
