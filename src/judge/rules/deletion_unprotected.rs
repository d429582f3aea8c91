//! `deletion-unprotected`: a datastore that one call deletes.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Level};

/// A datastore that one call deletes.
pub(super) struct DeletionUnprotected;

impl Rule for DeletionUnprotected {
    fn id(&self) -> &'static str {
        "deletion-unprotected"
    }

    fn summary(&self) -> &'static str {
        "A datastore that one call deletes."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/deletion-unprotected.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.datastores() {
            let Some(fact) = node.attributes.get(Attribute::DeletionProtection) else { continue };
            let services = cx.services_of(&node.id);
            // Off is the default nearly everywhere: it is said where somebody wrote it, or where a tier is declared.
            let matters =
                fact.evidence.is_some() || services.iter().any(|service| cx.tier(service).is_some());
            if node.attributes.bool(Attribute::DeletionProtection) != Some(false) || !matters {
                continue;
            }
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .message(format!("one call deletes `{}`", cx.name(&node.id)))
                .services(services)
                .evidence(fact.evidence.as_ref())
                .fix("turn on deletion protection", "small");
            out.push(cx, draft);
        }
    }
}
