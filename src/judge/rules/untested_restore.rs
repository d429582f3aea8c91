//! `untested-restore`: backups of which nobody has shown that they can be restored.

use crate::judge::mitigation::{Standing, standing};
use crate::judge::patterns::Patterns;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::Level;
use crate::model::settings::MitigationKind;

/// Backups of which nobody has shown that they can be restored.
pub(super) struct UntestedRestore;

impl Rule for UntestedRestore {
    fn id(&self) -> &'static str {
        "untested-restore"
    }

    fn summary(&self) -> &'static str {
        "Backups of which nobody has shown that they can be restored."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/untested-restore.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let backups = cx.settings.mitigations.iter().filter(|one| one.kind == MitigationKind::Backup);
        for backup in backups {
            // A date that is too old is said by `stale-recovery-test`.
            let why = match standing(backup, cx.settings, cx.today) {
                Standing::Untested(why) => why,
                _ if backup.tested.is_none() => "no date of a test is given".to_owned(),
                _ => continue,
            };
            let patterns = Patterns::new(&backup.of);
            for node in cx.estate.nodes.values().filter(|node| patterns.any(node.id.as_str())) {
                let draft = Draft::new(cx, self, &node.id, Level::Instance)
                    .message(format!("nobody has restored the declared backup of `{}`", cx.name(&node.id)))
                    .services(cx.services_of(&node.id))
                    .because(why.as_str())
                    .first_evidence(backup.evidence.as_ref())
                    .fix("restore it somewhere, and write the date into `tested`", "medium");
                out.push(cx, draft);
            }
        }
    }
}
