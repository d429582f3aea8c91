//! `backup-misses-rpo`: backups that are taken less often than the recovery point objective asks.

use crate::judge::spans::span;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Id, Level};

/// Backups that are taken less often than the recovery point objective asks.
pub(super) struct BackupMissesRpo;

impl Rule for BackupMissesRpo {
    fn id(&self) -> &'static str {
        "backup-misses-rpo"
    }

    fn summary(&self) -> &'static str {
        "Backups that are taken less often than the recovery point objective asks."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/backup-misses-rpo.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.datastores() {
            let attributes = &node.attributes;
            if attributes.bool(Attribute::PointInTimeRecovery) == Some(true) {
                continue;
            }
            let Some(interval) = attributes.number(Attribute::BackupIntervalSeconds) else { continue };
            let all = cx.services_of(&node.id);
            let missed = |service: &&Id| cx.rpo_seconds(service).is_some_and(|rpo| (rpo as f64) < interval);
            let services: Vec<Id> = all.iter().filter(missed).cloned().collect();
            let Some(rpo) = services.iter().filter_map(|service| cx.rpo_seconds(service)).min() else {
                continue;
            };
            let (every, at_most) = (span(interval as u64), span(rpo));
            let said =
                attributes.get(Attribute::BackupIntervalSeconds).and_then(|fact| fact.evidence.as_ref());
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .message(format!(
                    "`{}` is backed up every {every}, and may lose {at_most} at most",
                    cx.name(&node.id)
                ))
                .services(services)
                .evidence(said)
                .fix("back up more often, or turn on point-in-time recovery", "small");
            out.push(cx, draft);
        }
    }
}
