//! Regions and zones: where they stand, how many zones they have, which other region they are paired with.

use std::collections::{BTreeMap, HashMap};

use super::table::{Confidence, DataFile, TableError, rows};

/// A region of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The provider's id.
    pub provider: Box<str>,
    /// The region's code: `eu-west-1`, `eastus2`.
    pub code: Box<str>,
    /// The name people read: `East US 2`.
    pub name: Option<Box<str>>,
    /// ISO code of the country it stands in.
    pub country: Option<Box<str>>,
    /// `EU`, `EEA` or the country: the law that holds where it stands.
    pub jurisdiction: Option<Box<str>>,
    /// Number of zones; none when it is not known, 0 when the region has no zones at all.
    pub zones: Option<u32>,
    /// The zone count is the provider's usual number, not one read for this region.
    pub zones_assumed: bool,
    /// The region the provider pairs it with.
    pub pair: Option<Box<str>>,
    /// The region of another provider this one is made of: `("aws", "us-east-1")` for Heroku's `us`.
    pub on: Option<(Box<str>, Box<str>)>,
    /// Where the row is from.
    pub source: Box<str>,
    /// How far it may be trusted.
    pub confidence: Confidence,
}

/// The table of regions.
#[derive(Debug, Default)]
pub(super) struct Regions {
    all: Vec<Region>,
    by_name: HashMap<(Box<str>, Box<str>), usize>,
    providers: BTreeMap<Box<str>, usize>,
}

impl Regions {
    pub(super) fn read(files: &[DataFile], aliases: &[DataFile]) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let zones = match row.get("zones") {
                    "" => None,
                    n => Some(n.parse().map_err(|_| row.error(format!("`{n}` is no number of zones")))?),
                };
                let region = Region {
                    provider: row.need("provider")?.into(),
                    code: row.need("region")?.into(),
                    name: row.text("name"),
                    country: row.text("country"),
                    jurisdiction: row.text("jurisdiction"),
                    zones,
                    zones_assumed: row.get("zones_basis") == "assumed",
                    pair: row.text("pair"),
                    on: row.get("on").split_once(':').map(|(p, r)| (p.into(), r.into())),
                    source: row.text("source").unwrap_or_else(|| row.file.into()),
                    confidence: row.confidence(Confidence::High)?,
                };
                out.add(region);
                Ok(())
            })?;
        }
        for file in aliases {
            rows(&file.name, &file.text, |row| {
                let provider = row.need("provider")?;
                let target = (Box::from(provider), Box::from(row.need("region")?));
                match out.by_name.get(&target) {
                    Some(&i) => out.by_name.insert((provider.into(), fold(row.need("alias")?)), i),
                    None => return Err(row.error(format!("no region `{}` of `{provider}`", target.1))),
                };
                Ok(())
            })?;
        }
        Ok(out)
    }

    fn add(&mut self, region: Region) {
        let at = match self.by_name.get(&(region.provider.clone(), region.code.clone())) {
            Some(&at) => at,
            None => self.all.len(),
        };
        self.by_name.insert((region.provider.clone(), fold(&region.code)), at);
        if let Some(name) = &region.name {
            self.by_name.entry((region.provider.clone(), fold(name))).or_insert(at);
        }
        if at == self.all.len() {
            *self.providers.entry(region.provider.clone()).or_default() += 1;
            self.all.push(region);
        } else {
            self.all[at] = region;
        }
    }

    pub(super) fn get(&self, provider: &str, name: &str) -> Option<&Region> {
        let at = self.by_name.get(&(Box::from(provider), fold(name)))?;
        self.all.get(*at)
    }

    pub(super) fn knows(&self, provider: &str) -> bool {
        self.providers.contains_key(provider)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Region> {
        self.all.iter()
    }

    /// The region a zone belongs to: `us-east-1a` (AWS names), `use1-az1` (AWS ids), `us-central1-b` (Google),
    /// `fr-par-2` (Scaleway), `fsn1-dc14` (Hetzner), `us-west-1a` (Alibaba), `eastus2-1` (Azure, as others write it).
    pub(super) fn of_zone(&self, provider: &str, zone: &str) -> Option<&Region> {
        let zone = zone.trim();
        let (head, tail) = zone.rsplit_once('-').unwrap_or((zone, ""));
        let short = |text: &str| !text.is_empty() && text.len() <= 5;
        if short(tail)
            && (tail.len() == 1 || tail.starts_with("az") || tail.starts_with("dc"))
            && let Some(region) = self.get(provider, head)
        {
            return Some(region);
        }
        // `us-west-1a` of Alibaba and others.
        let cut = zone.strip_suffix(|last: char| last.is_ascii_lowercase());
        if let Some(head) = cut.filter(|head| head.ends_with(|last: char| last.is_ascii_digit()))
            && let Some(region) = self.get(provider, head)
        {
            return Some(region);
        }
        // Local and wavelength zones: us-east-1-bos-1a belongs to us-east-1.
        let mut parts = zone.split('-');
        if provider == "aws" {
            let three: Vec<&str> = parts.by_ref().take(3).collect();
            if three.len() == 3 {
                let code = three.join("-");
                let cut = code.trim_end_matches(|c: char| c.is_ascii_lowercase());
                if cut.len() < code.len() || parts.next().is_some() {
                    return self.get(provider, cut);
                }
            }
        }
        None
    }
}

/// Region names as they are compared: lower case, spaces and underscores left out of readable names.
fn fold(name: &str) -> Box<str> {
    name.chars().filter(|c| !c.is_whitespace() && *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}
