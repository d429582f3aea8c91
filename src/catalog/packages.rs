//! SDK packages: which provider a dependency of a package manifest talks to.

use std::collections::HashMap;

use super::table::{Confidence, DataFile, TableError, rows};

/// A client library and whom it talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkPackage {
    /// `npm`, `pypi`, `crates`, `go`, `maven`, `gem`, `composer` or `nuget`.
    pub ecosystem: Box<str>,
    /// The package's name; `*` at its end stands for any ending.
    pub name: Box<str>,
    /// The provider's id, or the kind of datastore when `datastore` is set.
    pub target: Box<str>,
    /// What the target is for.
    pub category: Box<str>,
    /// What it is used for.
    pub used: PackageUse,
    /// `Medium` when the package was seen in its registry's list, else `Assumed`.
    pub confidence: Confidence,
}

/// What a client library is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageUse {
    /// To speak to the provider while the program runs.
    Service,
    /// To put the program onto the provider.
    Deployment,
    /// To speak to a kind of datastore that anyone may run.
    Datastore,
    /// To speak to a product that the provider sells as a service and that anyone may run as well.
    OwnOrHosted,
}

impl PackageUse {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "saas-sdk" => Some(PackageUse::Service),
            "deploy-tool" => Some(PackageUse::Deployment),
            "datastore-client" => Some(PackageUse::Datastore),
            "own-or-hosted" => Some(PackageUse::OwnOrHosted),
            _ => None,
        }
    }
}

/// The table of packages.
#[derive(Debug, Default)]
pub(super) struct Packages {
    all: Vec<SdkPackage>,
    by_name: HashMap<(Box<str>, Box<str>), usize>,
    /// Rows whose name ends in `*`, the longest first: ecosystem, beginning, row.
    families: Vec<(Box<str>, Box<str>, usize)>,
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
                    used: PackageUse::parse(row.get("kind"))
                        .ok_or_else(|| row.error(format!("`{}` is no kind of package", row.get("kind"))))?,
                    confidence: row.confidence(Confidence::High)?,
                };
                let (ecosystem, name) = key(&package.ecosystem, &package.name);
                match name.strip_suffix('*') {
                    Some(beginning) => out.families.push((ecosystem, beginning.into(), out.all.len())),
                    None => drop(out.by_name.insert((ecosystem, name), out.all.len())),
                }
                out.all.push(package);
                Ok(())
            })?;
        }
        out.families.sort_by_key(|(_, beginning, row)| (usize::MAX - beginning.len(), *row));
        Ok(out)
    }

    pub(super) fn get(&self, ecosystem: &str, name: &str) -> Option<&SdkPackage> {
        if let Some(&at) = self.by_name.get(&key(ecosystem, name)) {
            return self.all.get(at);
        }
        let (wanted, lower) = key(ecosystem, name);
        let family =
            self.families.iter().find(|(of, beginning, _)| *of == wanted && lower.starts_with(&**beginning));
        if let Some((_, _, at)) = family {
            return self.all.get(*at);
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
