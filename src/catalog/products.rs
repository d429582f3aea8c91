//! Facts about single products of providers: what people do with them during an outage, and which of them another
//! product runs in its own places.

use super::table::{Confidence, DataFile, Row, TableError, rows};

/// A product that people work with during an outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbilityRow {
    /// What for: `log-in`, `page`, `tell`.
    pub ability: Box<str>,
    /// The provider's id.
    pub provider: Box<str>,
    /// The provider's service; none when the whole provider is for that.
    pub service: Option<Box<str>>,
    /// How far it may be trusted.
    pub confidence: Confidence,
    /// Where it is said.
    pub source: Box<str>,
}

/// A product that is run by another one wherever that one stands, whatever region it is declared in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunBy {
    /// The provider's id.
    pub provider: Box<str>,
    /// The service that runs it: `cloudfront`.
    pub by: Box<str>,
    /// The service that it is declared as: `lambda`.
    pub service: Box<str>,
    /// The service that it is then: `lambda-edge`.
    pub becomes: Box<str>,
    /// How far it may be trusted.
    pub confidence: Confidence,
    /// Where it is said.
    pub source: Box<str>,
}

pub(super) fn abilities(files: &[DataFile]) -> Result<Vec<AbilityRow>, TableError> {
    let read = |row: &Row<'_>| {
        Ok(AbilityRow {
            ability: row.need("ability")?.into(),
            provider: row.need("provider")?.into(),
            service: row.text("service"),
            confidence: row.confidence(Confidence::High)?,
            source: row.text("source").unwrap_or_else(|| row.file.into()),
        })
    };
    all(files, read, |row| (row.ability.clone(), row.provider.clone(), row.service.clone()))
}

pub(super) fn run_by(files: &[DataFile]) -> Result<Vec<RunBy>, TableError> {
    let read = |row: &Row<'_>| {
        Ok(RunBy {
            provider: row.need("provider")?.into(),
            by: row.need("by")?.into(),
            service: row.need("service")?.into(),
            becomes: row.need("becomes")?.into(),
            confidence: row.confidence(Confidence::High)?,
            source: row.text("source").unwrap_or_else(|| row.file.into()),
        })
    };
    all(files, read, |row| (row.provider.clone(), row.by.clone(), row.service.clone()))
}

/// All rows; a later one of the same key replaces an earlier one.
fn all<T, K: PartialEq>(
    files: &[DataFile],
    read: impl Fn(&Row<'_>) -> Result<T, TableError>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, TableError> {
    let mut out: Vec<T> = Vec::new();
    for file in files {
        rows(&file.name, &file.text, |row| {
            let item = read(row)?;
            out.retain(|old| key(old) != key(&item));
            out.push(item);
            Ok(())
        })?;
    }
    Ok(out)
}
