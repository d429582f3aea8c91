//! What providers themselves hang on: fourth parties, with the fact that says so.

use std::collections::BTreeMap;

use super::table::{Confidence, DataFile, TableError, rows};

/// A provider that another one hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubProvider {
    /// The provider that hangs on it.
    pub provider: Box<str>,
    /// The provider it hangs on.
    pub on: Box<str>,
    /// What for: `hosting`, `cdn`, `dns`, `database`, `hosting-choice` (the customer picks), `hosting-part` (one of
    /// several clouds, which part is not known), `analytics`...
    pub role: Box<str>,
    /// The regions it is known to use; empty when they are not known.
    pub regions: Vec<Box<str>>,
    /// How far it may be trusted.
    pub confidence: Confidence,
    /// Where it is said.
    pub source: Box<str>,
    /// The fact, in short.
    pub fact: Box<str>,
}

impl SubProvider {
    /// The loss of `on` takes this provider down, as far as this row can tell.
    pub fn carries_outages(&self) -> bool {
        carries_outages(&self.role, self.confidence)
    }
}

/// Whether a sub-provider in this role takes its customer down with it. Only hosting, delivery, name service and
/// data stores do, and a medium or low confidence never decides a verdict alone.
pub fn carries_outages(role: &str, confidence: Confidence) -> bool {
    confidence == Confidence::High
        && matches!(role, "hosting" | "cdn" | "dns" | "database" | "storage" | "queue")
}

/// The table of sub-providers.
#[derive(Debug, Default)]
pub(super) struct SubProviders {
    by_provider: BTreeMap<Box<str>, Vec<SubProvider>>,
}

impl SubProviders {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let sub = SubProvider {
                    provider: row.need("provider")?.into(),
                    on: row.need("on")?.into(),
                    role: row.need("role")?.into(),
                    regions: row.get("regions").split_whitespace().map(Into::into).collect(),
                    confidence: row.confidence(Confidence::High)?,
                    source: row.text("source").unwrap_or_else(|| row.file.into()),
                    fact: row.get("fact").into(),
                };
                let list = out.by_provider.entry(sub.provider.clone()).or_default();
                list.retain(|s| (&s.on, &s.role) != (&sub.on, &sub.role));
                list.push(sub);
                Ok(())
            })?;
        }
        Ok(out)
    }

    pub(super) fn of(&self, id: &str) -> &[SubProvider] {
        self.by_provider.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &SubProvider> {
        self.by_provider.values().flatten()
    }
}
