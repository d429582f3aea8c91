//! `datastore-without-backup`: a datastore of which no backup is taken.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Category, Level};

/// A datastore of which no backup is taken.
pub(super) struct DatastoreWithoutBackup;

impl Rule for DatastoreWithoutBackup {
    fn id(&self) -> &'static str {
        "datastore-without-backup"
    }

    fn summary(&self) -> &'static str {
        "A datastore of which no backup is taken."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/datastore-without-backup.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.datastores() {
            // Only what the manifest, or the documented default of the platform, says to be off.
            if node.attributes.bool(Attribute::Backup) != Some(false) {
                continue;
            }
            let said = node.attributes.get(Attribute::Backup).and_then(|fact| fact.evidence.as_ref());
            // What a cache holds can be had again, unless somebody thought of backing it up.
            if node.category == Some(Category::Cache) && said.is_none() {
                continue;
            }
            let by_default = if said.is_none() { " (off by default)" } else { "" };
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .message(format!("no backup is taken of `{}`{by_default}", cx.name(&node.id)))
                .services(cx.services_of(&node.id))
                .evidence(said)
                .fix("turn on automated backups, and restore one to see that it works", "small");
            out.push(cx, draft);
        }
    }
}
