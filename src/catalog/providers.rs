//! Who runs things for others: providers, their parents, their home jurisdiction, their other names.

use std::collections::{BTreeMap, HashMap};

use super::table::{Confidence, DataFile, TableError, rows};

/// An organization that runs things for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The id used everywhere: `aws`, `cloudflare`.
    pub id: Box<str>,
    /// The name people read: `Amazon Web Services`.
    pub name: Box<str>,
    /// What it mostly sells: `cloud`, `cdn`, `mail`.
    pub category: Box<str>,
    /// The company that owns it.
    pub parent: Option<Box<str>>,
    /// ISO code of the country of its head office: who can compel it.
    pub hq_jurisdiction: Option<Box<str>>,
    /// Its entry in the European Union's list of designated critical ICT third-party providers.
    pub ctpp: Option<Ctpp>,
    /// Where parent and head office are from.
    pub source: Box<str>,
    /// How far parent and head office may be trusted.
    pub confidence: Confidence,
}

/// A designation as critical ICT third-party provider under Regulation (EU) 2022/2554.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ctpp {
    /// The legal entity on the list.
    pub entity: Box<str>,
    /// Day of the designation, `YYYY-MM-DD`.
    pub date: Box<str>,
    /// Where the list was published.
    pub source: Box<str>,
}

/// The table of providers.
#[derive(Debug, Default)]
pub(super) struct Providers {
    by_id: BTreeMap<Box<str>, Provider>,
    aliases: HashMap<Box<str>, Box<str>>,
    /// Ids by readable name in lower case.
    by_name: HashMap<Box<str>, Box<str>>,
}

impl Providers {
    pub(super) fn read(
        files: &[DataFile],
        aliases: &[DataFile],
        ctpp: &[DataFile],
    ) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let id = row.need("id")?;
                let provider = Provider {
                    id: id.into(),
                    name: row.text("name").unwrap_or_else(|| id.into()),
                    category: row.text("category").unwrap_or_else(|| "saas".into()),
                    parent: row.text("parent").filter(|p| &**p != id),
                    hq_jurisdiction: row.text("country"),
                    ctpp: None,
                    source: row.text("source").unwrap_or_else(|| row.file.into()),
                    confidence: row.confidence(Confidence::High)?,
                };
                out.by_id.insert(id.into(), provider);
                Ok(())
            })?;
        }
        for file in aliases {
            rows(&file.name, &file.text, |row| {
                out.aliases
                    .insert(row.need("alias")?.to_ascii_lowercase().into(), row.need("provider")?.into());
                Ok(())
            })?;
        }
        for file in ctpp {
            rows(&file.name, &file.text, |row| {
                let entry = Ctpp {
                    entity: row.need("entity")?.into(),
                    date: row.need("date")?.into(),
                    source: row.need("source")?.into(),
                };
                match out.by_id.get_mut(row.need("provider")?) {
                    Some(provider) => provider.ctpp = Some(entry),
                    None => return Err(row.error(format!("no provider `{}`", row.get("provider")))),
                }
                Ok(())
            })?;
        }
        for (id, provider) in &out.by_id {
            out.by_name.entry(provider.name.to_ascii_lowercase().into()).or_insert_with(|| id.clone());
        }
        Ok(out)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Provider> {
        self.by_id.get(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Provider> {
        self.by_id.values()
    }

    pub(super) fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        let sorted: BTreeMap<&str, &str> = self.aliases.iter().map(|(a, b)| (&**a, &**b)).collect();
        sorted.into_iter()
    }

    /// The id behind a name: an id, an alias, or the readable name in any case.
    pub(super) fn canonical(&self, name: &str) -> Option<&str> {
        let key: String = name.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        if let Some(id) = self.aliases.get(key.as_str()) {
            return self.by_id.get(id).map(|p| &*p.id);
        }
        if let Some(provider) = self.by_id.get(key.as_str()) {
            return Some(&provider.id);
        }
        self.by_name.get(name.trim().to_ascii_lowercase().as_str()).map(|id| &**id)
    }

    /// The last owner on the way up; the provider itself when nobody owns it. Bounded, so that a cycle in an
    /// override file ends.
    pub(super) fn ultimate_parent(&self, id: &str) -> Option<&Provider> {
        let mut at = self.by_id.get(id)?;
        for _ in 0..16 {
            match at.parent.as_deref().and_then(|p| self.by_id.get(p)) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        Some(at)
    }
}
