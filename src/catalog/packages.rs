//! SDK packages: which provider a dependency of a package manifest talks to.

use std::collections::HashMap;

use super::table::{Confidence, DataFile, TableError, rows};

/// A client library and whom it talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkPackage {
    /// `npm`, `pypi`, `crates`, `go`, `maven`, `gem` or `nuget`.
    pub ecosystem: Box<str>,
    /// The package's name.
    pub name: Box<str>,
    /// The provider's id, or the kind of datastore when `datastore` is set.
    pub target: Box<str>,
    /// What the target is for.
    pub category: Box<str>,
    /// The package is a client of a kind of datastore anyone may run, not of one provider.
    pub datastore: bool,
    /// `Medium` when the package was seen in its registry's list, else `Assumed`.
    pub confidence: Confidence,
}

/// The table of packages.
#[derive(Debug, Default)]
pub(super) struct Packages {
    all: Vec<SdkPackage>,
    by_name: HashMap<(Box<str>, Box<str>), usize>,
}

impl Packages {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let package = SdkPackage {
                    ecosystem: row.need("ecosystem")?.into(),
                    name: row.need("package")?.into(),
                    target: row.need("provider")?.into(),
                    category: row.text("category").unwrap_or_else(|| "saas".into()),
                    datastore: row.get("kind") == "datastore-client",
                    confidence: row.confidence(Confidence::High)?,
                };
                out.by_name.insert(key(&package.ecosystem, &package.name), out.all.len());
                out.all.push(package);
                Ok(())
            })?;
        }
        Ok(out)
    }

    pub(super) fn get(&self, ecosystem: &str, name: &str) -> Option<&SdkPackage> {
        if let Some(&at) = self.by_name.get(&key(ecosystem, name)) {
            return self.all.get(at);
        }
        // Go modules carry a major version and a path below the module: try the parents.
        if ecosystem == "go" {
            let mut path = name;
            while let Some((parent, _)) = path.rsplit_once('/') {
                path = parent;
                if let Some(&at) = self.by_name.get(&key(ecosystem, path)) {
                    return self.all.get(at);
                }
            }
        }
        None
    }

    pub(super) fn all(&self) -> &[SdkPackage] {
        &self.all
    }
}

fn key(ecosystem: &str, name: &str) -> (Box<str>, Box<str>) {
    let name = name.trim().to_ascii_lowercase();
    // PyPI treats `-`, `_` and `.` as one character.
    let name = if ecosystem == "pypi" { name.replace(['_', '.'], "-") } else { name };
    (ecosystem.into(), name.into())
}
