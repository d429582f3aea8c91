//! `backup-in-same-failure-domain`: backups that are lost together with what they are backups of.

use crate::judge::context::Demand;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Level};

/// Backups that are lost together with what they are backups of.
pub(super) struct BackupInSameFailureDomain;

impl Rule for BackupInSameFailureDomain {
    fn id(&self) -> &'static str {
        "backup-in-same-failure-domain"
    }

    fn summary(&self) -> &'static str {
        "Backups that are lost together with what they are backups of."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/backup-in-same-failure-domain.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.datastores().filter(|node| node.attributes.bool(Attribute::Backup) != Some(false)) {
            let kept = node.attributes.text(Attribute::BackupRegion);
            let Some(region) = kept.filter(|region| node.placement.region.as_deref() == Some(region)) else {
                continue;
            };
            let services = cx.services_of(&node.id);
            let is_demanded =
                services.iter().any(|service| cx.demand(service, Level::Region) == Demand::ByTier);
            let said = node.attributes.get(Attribute::BackupRegion).and_then(|fact| fact.evidence.as_ref());
            let draft = Draft::new(cx, self, &node.id, Level::Region)
                .level(if is_demanded { FindingLevel::Error } else { FindingLevel::Note })
                .message(format!(
                    "the backups of `{}` are kept in `{region}`, where it stands itself",
                    cx.name(&node.id)
                ))
                .services(services)
                .evidence(said)
                .fix("copy backups to another region, or better another account there", "small");
            out.push(cx, draft);
        }
    }
}
