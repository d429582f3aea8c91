//! The catalog itself: one lookup per question, tables read on first use.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::addresses::Addresses;
use super::embedded;
use super::images::{ImageKind, ImageReference, Images};
use super::incidents::{self, InternalEdge, Outage, Sla};
use super::names::{self, Found, Identification, NameKind, NameRule, Names};
use super::packages::{Packages, SdkPackage};
use super::products::{self, AbilityRow, RunBy};
use super::providers::{Provider, Providers};
use super::regions::{Region, Regions};
use super::resources::{ResourceKnowledge, ResourceType, Resources};
use super::setting_keys::{SettingKey, SettingKeys};
use super::subproviders::{SubProvider, SubProviders};
use super::systems::Systems;
use super::table::{Confidence, DataFile, TableError, rows};

/// What is known about providers: the embedded tables, and the files that override them.
#[derive(Debug, Default)]
pub struct Catalog {
    overrides: Vec<DataFile>,
    left_out: &'static [&'static str],
    providers: OnceLock<Providers>,
    regions: OnceLock<Regions>,
    images: OnceLock<Images>,
    registries: OnceLock<HashMap<Box<str>, Box<str>>>,
    packages: OnceLock<Packages>,
    setting_keys: OnceLock<SettingKeys>,
    subproviders: OnceLock<SubProviders>,
    resources: OnceLock<Resources>,
    addresses: OnceLock<Addresses>,
    systems: OnceLock<Systems>,
    hosts: OnceLock<Names>,
    domains: OnceLock<Names>,
    ns: OnceLock<Names>,
    mx: OnceLock<Names>,
    spf: OnceLock<Names>,
    txt: OnceLock<Names>,
    dmarc: OnceLock<Names>,
    outages: OnceLock<Vec<Outage>>,
    internal_edges: OnceLock<Vec<InternalEdge>>,
    slas: OnceLock<Vec<Sla>>,
    abilities: OnceLock<Vec<AbilityRow>>,
    run_by: OnceLock<Vec<RunBy>>,
    sources: OnceLock<BTreeMap<Box<str>, Source>>,
}

/// Where an image is pulled from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry<'a> {
    /// The registry's host.
    pub host: &'a str,
    /// Who runs it; none when the host is nobody the catalog knows.
    pub provider: Option<&'a str>,
    /// The region it stands in, when the host says so.
    pub region: Option<&'a str>,
}

/// Where facts of the catalog are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The short name that rows use.
    pub id: Box<str>,
    /// What it is, with its version.
    pub what: Box<str>,
    /// Where it can be read.
    pub url: Option<Box<str>>,
    /// Its licence; `fact` for single facts that carry none.
    pub licence: Box<str>,
}

/// The domains that operators have for themselves.
const DOMAINS: &str = "names/domains.csv";

/// Which autonomous systems announce which addresses.
const SYSTEMS: &str = "autonomous-systems.csv";

/// The embedded tables are checked by a test, and override files when they are given.
const CHECKED: &str = "the tables of the catalog were checked before";

impl Catalog {
    /// The catalog that is part of the program.
    pub fn embedded() -> &'static Arc<Self> {
        static EMBEDDED: OnceLock<Arc<Catalog>> = OnceLock::new();
        EMBEDDED.get_or_init(Arc::default)
    }

    /// The embedded catalog with tables overridden row by row: pairs of a table's name (see
    /// [`TABLES`](super::TABLES); the ending may be left out) and the text of the file. Everything is read at once, so
    /// that a mistake shows here.
    ///
    /// # Errors
    /// A name that is no table, or a row that does not say what its table needs.
    pub fn with_overrides<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, TableError> {
        let mut catalog = Self::default();
        for (name, text) in files {
            let name: String = name.into();
            let Some(table) = embedded::table_of(&name) else {
                let tables = super::TABLES.join(", ");
                let message = format!("there is no table of this name; the tables are {tables}");
                return Err(TableError { file: name, line: 0, message });
            };
            catalog.overrides.push(DataFile { name: table.into(), text: text.into().into() });
        }
        catalog.load()?;
        Ok(catalog)
    }

    /// The embedded catalog without some tables, so that what rests on them can be told.
    pub fn without(tables: &'static [&'static str]) -> Self {
        Self { left_out: tables, ..Self::default() }
    }

    /// Reads every table.
    pub(super) fn load(&self) -> Result<(), TableError> {
        fn set<T>(cell: &OnceLock<T>, table: Result<T, TableError>) -> Result<(), TableError> {
            cell.set(table?).ok();
            Ok(())
        }
        set(&self.providers, self.read_providers())?;
        set(&self.regions, self.read_regions())?;
        set(&self.images, self.read_images())?;
        set(&self.registries, self.read_registries())?;
        set(&self.sources, self.read_sources())?;
        set(&self.packages, Packages::read(&self.files("sdk-packages.csv")))?;
        set(&self.setting_keys, SettingKeys::read(&self.files("setting-keys.csv")))?;
        set(&self.subproviders, SubProviders::read(&self.files("subproviders.csv")))?;
        set(&self.systems, Systems::read(&self.files(SYSTEMS)))?;
        set(&self.resources, self.read_resources())?;
        self.resources().load()?;
        set(&self.hosts, self.read_names(NameKind::Host))?;
        set(&self.domains, Names::read_domains(&self.files(DOMAINS)))?;
        for kind in [NameKind::Ns, NameKind::Mx, NameKind::Spf, NameKind::Txt, NameKind::Dmarc] {
            set(self.names_cell(kind), self.read_names(kind))?;
        }
        set(&self.outages, incidents::outages(&self.files("outages.toml")))?;
        set(&self.internal_edges, incidents::internal_edges(&self.files("internal-edges.toml")))?;
        set(&self.slas, incidents::slas(&self.files("slas.toml")))?;
        set(&self.abilities, products::abilities(&self.files("abilities.csv")))?;
        set(&self.run_by, products::run_by(&self.files("run-by.csv")))
    }

    /// Day of the youngest source that went into the tables, `YYYY-MM-DD`.
    pub fn data_date(&self) -> &'static str {
        embedded::DATA_DATE
    }

    /// A source, by the short name that a row gives; rows may also give an address.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources().get(id)
    }

    /// All sources.
    pub fn all_sources(&self) -> impl Iterator<Item = &Source> {
        self.sources().values()
    }

    pub(super) fn is_override(&self, file: &str) -> bool {
        self.overrides.iter().any(|f| &*f.name == file)
    }

    // Providers.

    /// The provider of an id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers().get(id)
    }

    /// The id of a provider, given an id, another name (`amazon`, `office365`) or the readable name.
    pub fn canonical(&self, name: &str) -> Option<&str> {
        self.providers().canonical(name)
    }

    /// The last owner of a provider: itself when nobody owns it.
    pub fn ultimate_parent(&self, id: &str) -> Option<&Provider> {
        self.providers().ultimate_parent(id)
    }

    /// What a provider itself hangs on.
    pub fn subproviders(&self, id: &str) -> &[SubProvider] {
        let read = || SubProviders::read(&self.files("subproviders.csv")).expect(CHECKED);
        self.subproviders.get_or_init(read).of(id)
    }

    // Regions.

    /// A region, by its code, its readable name or an alias; letters in any case.
    pub fn region(&self, provider: &str, name: &str) -> Option<&Region> {
        self.regions().get(provider, name)
    }

    /// The region a zone belongs to.
    pub fn region_of_zone(&self, provider: &str, zone: &str) -> Option<&Region> {
        self.regions().of_zone(provider, zone)
    }

    // Resources.

    /// What is known about a type of Terraform or CloudFormation.
    pub fn resource(&self, kind: &str) -> ResourceKnowledge<'_> {
        self.resources().get(kind)
    }

    /// The type of this name is known to exist, with or without a meaning.
    pub fn resource_exists(&self, kind: &str) -> bool {
        self.resources().exists(kind)
    }

    // Images and connection strings.

    /// What an image runs.
    pub fn image(&self, reference: &str) -> Option<&ImageKind> {
        self.images().kind(reference)
    }

    /// A product by its name: `postgres`, `kafka`.
    pub fn image_kind(&self, kind: &str) -> Option<&ImageKind> {
        self.images().of_kind(kind)
    }

    /// Where an image is pulled from; none when the reference cannot be read.
    pub fn registry<'a>(&'a self, reference: &'a str) -> Option<Registry<'a>> {
        let parts = ImageReference::parse(reference)?;
        let host = parts.registry.split(':').next().unwrap_or(parts.registry);
        if let Some(provider) = self.registries().get(host) {
            return Some(Registry { host: parts.registry, provider: Some(provider), region: None });
        }
        let found = self.identify(NameKind::Host, host);
        let provider = found.map(|f| f.provider);
        Some(Registry { host: parts.registry, provider, region: found.and_then(|f| f.region) })
    }

    /// The kind of datastore behind the scheme of a connection string.
    pub fn url_scheme(&self, scheme: &str) -> Option<&str> {
        self.images().scheme(scheme).map(|known| &*known.kind)
    }

    /// The address that a name alone stands for behind a scheme of buckets or accounts: `gs://files` is
    /// `files.storage.googleapis.com`.
    pub fn address_of(&self, scheme: &str, name: &str) -> Option<String> {
        let under = self.images().scheme(scheme)?.under.as_deref()?;
        (!name.ends_with(under)).then(|| format!("{name}.{under}"))
    }

    // Names and addresses.

    /// Who is behind a name. Letters in any case, a trailing dot is ignored.
    pub fn identify(&self, kind: NameKind, name: &str) -> Option<Identification<'_>> {
        match kind {
            NameKind::Txt => {
                return self.identification(self.names(kind).find_prefix(name)?, Found::default());
            }
            NameKind::Dmarc => {
                return self.identification(self.names(kind).find_within(&clean(name)?)?, Found::default());
            }
            _ => {}
        }
        let name = clean(name)?;
        let (rule, found) = names::find(self.names(kind), self.domains(), kind, &name, self.regions())?;
        self.identification(rule, found)
    }

    /// The number of the autonomous system that announces an address; none without a table of them, since none is embedded.
    pub fn autonomous_system(&self, address: IpAddr) -> Option<u32> {
        self.systems().get(address)
    }

    /// Whether there is a table of autonomous systems.
    pub fn has_autonomous_systems(&self) -> bool {
        self.is_override(SYSTEMS)
    }

    /// Whose address it is; private addresses and those for examples are nobody's.
    pub fn identify_ip(&self, address: IpAddr) -> Option<Identification<'_>> {
        if is_nobodys(address) {
            return None;
        }
        let tag = self.addresses().get(address)?;
        let region = tag.region.map(|r| self.region(tag.provider, r).map_or(r, |known| &known.code));
        Some(Identification {
            provider: tag.provider,
            parent: self.parent(tag.provider),
            region,
            service: tag.service,
            category: self.provider(tag.provider).map_or("network", |p| &p.category),
            on: None,
            rule: "ip-table",
            source: if tag.region.is_some() || tag.service.is_some() {
                "provider-ranges"
            } else {
                "ranges-or-asn"
            },
            confidence: if tag.region.is_some() || tag.service.is_some() {
                Confidence::High
            } else {
                Confidence::Medium
            },
        })
    }

    fn identification<'a>(&'a self, rule: &'a NameRule, found: Found<'a>) -> Option<Identification<'a>> {
        Some(Identification {
            provider: &rule.provider,
            parent: self.parent(&rule.provider),
            region: found.region,
            service: found.category.or(rule.service.as_deref()).or(found.service),
            category: found.category.unwrap_or(&rule.category),
            on: found.on,
            rule: &rule.pattern,
            source: &rule.source,
            confidence: rule.confidence,
        })
    }

    fn parent(&self, id: &str) -> Option<&str> {
        self.ultimate_parent(id).map(|p| &*p.id).filter(|p| *p != id)
    }

    // Packages, outages, promises.

    /// Whom a package of an ecosystem (`npm`, `pypi`, `crates`, `go`, `maven`, `gem`, `composer`, `nuget`) talks to.
    pub fn sdk_package(&self, ecosystem: &str, name: &str) -> Option<&SdkPackage> {
        self.packages().get(ecosystem, name)
    }

    /// Whose service the value of a setting opens, by its key: `STRIPE_SECRET_KEY`.
    pub fn setting_key(&self, key: &str) -> Option<&SettingKey> {
        self.setting_keys().get(key)
    }

    /// Documented outages, oldest first.
    pub fn outages(&self) -> &[Outage] {
        self.outages.get_or_init(|| incidents::outages(&self.files("outages.toml")).expect(CHECKED))
    }

    /// Which services of a provider need which others.
    pub fn internal_edges(&self) -> &[InternalEdge] {
        let read = || incidents::internal_edges(&self.files("internal-edges.toml")).expect(CHECKED);
        self.internal_edges.get_or_init(read)
    }

    /// The published service levels of a provider's service.
    pub fn sla(&self, provider: &str, service: &str) -> impl Iterator<Item = &Sla> {
        self.slas().iter().filter(move |s| s.provider == provider && s.service == service)
    }

    /// All published service levels.
    pub fn slas(&self) -> &[Sla] {
        self.slas.get_or_init(|| incidents::slas(&self.files("slas.toml")).expect(CHECKED))
    }

    /// Products that people work with during an outage.
    pub fn abilities(&self) -> &[AbilityRow] {
        self.abilities.get_or_init(|| products::abilities(&self.files("abilities.csv")).expect(CHECKED))
    }

    /// Products that other products run in their own places.
    pub fn run_by(&self) -> &[RunBy] {
        self.run_by.get_or_init(|| products::run_by(&self.files("run-by.csv")).expect(CHECKED))
    }

    // Everything there is, for lists.

    /// All providers, by id.
    pub fn all_providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers().all()
    }

    /// All regions, in the order of the table.
    pub fn all_regions(&self) -> impl Iterator<Item = &Region> {
        self.regions().all()
    }

    /// All types with a meaning; patterns last.
    pub fn all_resources(&self) -> impl Iterator<Item = &ResourceType> {
        self.resources().all()
    }

    /// All sub-providers, by provider.
    pub fn all_subproviders(&self) -> impl Iterator<Item = &SubProvider> {
        self.subproviders("");
        self.subproviders.get().into_iter().flat_map(SubProviders::all)
    }

    /// All images, by name.
    pub fn all_images(&self) -> impl Iterator<Item = (&str, &ImageKind)> {
        self.images().all()
    }

    /// All packages.
    pub fn all_packages(&self) -> &[SdkPackage] {
        self.packages().all()
    }

    /// All keys of settings, the longest first.
    pub fn all_setting_keys(&self) -> &[SettingKey] {
        self.setting_keys().all()
    }

    // The tables.

    pub(super) fn providers(&self) -> &Providers {
        self.providers.get_or_init(|| self.read_providers().expect(CHECKED))
    }

    pub(super) fn regions(&self) -> &Regions {
        self.regions.get_or_init(|| self.read_regions().expect(CHECKED))
    }

    pub(super) fn images(&self) -> &Images {
        self.images.get_or_init(|| self.read_images().expect(CHECKED))
    }

    pub(super) fn resources(&self) -> &Resources {
        self.resources.get_or_init(|| self.read_resources().expect(CHECKED))
    }

    pub(super) fn addresses(&self) -> &Addresses {
        self.addresses
            .get_or_init(|| Addresses::unpack(embedded::IP_TABLE).expect("a test decodes the embedded table"))
    }

    fn systems(&self) -> &Systems {
        self.systems.get_or_init(|| Systems::read(&self.files(SYSTEMS)).expect(CHECKED))
    }

    pub(super) fn registries(&self) -> &HashMap<Box<str>, Box<str>> {
        self.registries.get_or_init(|| self.read_registries().expect(CHECKED))
    }

    fn setting_keys(&self) -> &SettingKeys {
        self.setting_keys.get_or_init(|| SettingKeys::read(&self.files("setting-keys.csv")).expect(CHECKED))
    }

    fn packages(&self) -> &Packages {
        self.packages.get_or_init(|| Packages::read(&self.files("sdk-packages.csv")).expect(CHECKED))
    }

    pub(super) fn domains(&self) -> &Names {
        self.domains.get_or_init(|| Names::read_domains(&self.files(DOMAINS)).expect(CHECKED))
    }

    pub(super) fn names(&self, kind: NameKind) -> &Names {
        self.names_cell(kind).get_or_init(|| self.read_names(kind).expect(CHECKED))
    }

    fn names_cell(&self, kind: NameKind) -> &OnceLock<Names> {
        match kind {
            NameKind::Host | NameKind::Alias => &self.hosts,
            NameKind::Ns => &self.ns,
            NameKind::Mx => &self.mx,
            NameKind::Spf => &self.spf,
            NameKind::Txt => &self.txt,
            NameKind::Dmarc => &self.dmarc,
        }
    }

    fn sources(&self) -> &BTreeMap<Box<str>, Source> {
        self.sources.get_or_init(|| self.read_sources().expect(CHECKED))
    }

    fn files(&self, name: &str) -> Vec<DataFile> {
        let mut files = embedded::files(name);
        files.retain(|file| !self.left_out.contains(&&*file.name));
        files.extend(self.overrides.iter().filter(|f| f.name.starts_with(name)).cloned());
        files
    }

    fn read_providers(&self) -> Result<Providers, TableError> {
        Providers::read(
            &self.files("providers.csv"),
            &self.files("provider-aliases.csv"),
            &self.files("ctpp.csv"),
        )
    }

    fn read_regions(&self) -> Result<Regions, TableError> {
        Regions::read(&self.files("regions.csv"), &self.files("region-aliases.csv"))
    }

    fn read_images(&self) -> Result<Images, TableError> {
        Images::read(&self.files("images.csv"), &self.files("quorums.csv"), &self.files("url-schemes.csv"))
    }

    fn read_names(&self, kind: NameKind) -> Result<Names, TableError> {
        let file = match kind {
            NameKind::Host | NameKind::Alias => {
                let mut files = embedded::files("names/endpoints.csv");
                files.extend(embedded::files("names/hosts-psl.csv"));
                files.extend(self.files("names/hosts.csv"));
                return Names::read(&files);
            }
            NameKind::Ns => "names/ns.csv",
            NameKind::Mx => "names/mx.csv",
            NameKind::Spf => "names/spf.csv",
            NameKind::Txt => "names/txt.csv",
            NameKind::Dmarc => "names/dmarc.csv",
        };
        Names::read(&self.files(file))
    }

    fn read_registries(&self) -> Result<HashMap<Box<str>, Box<str>>, TableError> {
        let mut out = HashMap::new();
        for file in self.files("registries.csv") {
            rows(&file.name, &file.text, |row| {
                out.insert(row.need("host")?.into(), row.need("provider")?.into());
                Ok(())
            })?;
        }
        Ok(out)
    }

    fn read_sources(&self) -> Result<BTreeMap<Box<str>, Source>, TableError> {
        let mut out = BTreeMap::new();
        for file in self.files("sources.csv") {
            rows(&file.name, &file.text, |row| {
                let source = Source {
                    id: row.need("id")?.into(),
                    what: row.need("what")?.into(),
                    url: row.text("url"),
                    licence: row.need("licence")?.into(),
                };
                out.insert(source.id.clone(), source);
                Ok(())
            })?;
        }
        Ok(out)
    }

    fn read_resources(&self) -> Result<Resources, TableError> {
        let overrides: Vec<_> =
            self.overrides.iter().filter(|f| f.name.starts_with("resources/")).cloned().collect();
        Resources::read(&overrides, &self.files("terraform-prefixes.csv"), &self.files("cloudformation.csv"))
    }
}

/// Whether an address belongs to no organization: it is private, for examples, or no address of a host at all.
fn is_nobodys(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || address.is_multicast()
                || matches!((first, second), (0, _) | (240..=255, _) | (100, 64..=127) | (198, 18 | 19))
                || (first, second, third) == (192, 0, 0)
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || matches!(segments[0], 0xfc00..=0xfdff | 0xfe80..=0xfebf)
                || (segments[0], segments[1]) == (0x2001, 0x0db8)
        }
    }
}

/// A name as the tables write it: lower case, no trailing dot, no port, no scheme.
fn clean(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches('.');
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    let name = name.split(['/', ':', '?']).next().unwrap_or(name).trim_end_matches('.');
    (!name.is_empty() && name.len() <= 255).then(|| name.to_ascii_lowercase())
}
