//! What is known about resource types: what they are for, what they survive as declared, what backs them up.
//!
//! The data is one file per provider under `data/resources/`. A type is a table; a name with a `*` stands for all
//! types that fit and have no table of their own. Rules are conditions in a small language, read by [`Condition`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::OnceLock;

use serde::Deserialize;

use super::embedded;
use super::pattern::Pattern;
use super::table::{Confidence, DataFile, TableError, rows};

/// What part a type plays in an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the organization's code, or serves its users by itself (a distribution, an endpoint).
    Workload,
    /// Keeps data.
    Datastore,
    /// Carries several workloads: a cluster, a NAT gateway, a load balancer, a gateway.
    Shared,
    /// Part of another component: an instance of a database cluster, a node pool of a cluster.
    Member,
    /// No runtime component by itself: a policy, an attachment, a setting.
    Glue,
    /// Says where things are placed: a subnet, a network, a resource group.
    Placement,
    /// A DNS zone.
    DnsZone,
    /// A DNS record or record set.
    DnsRecord,
    /// A backup plan or vault.
    Backup,
    /// An alarm, a check, a dashboard.
    Monitor,
    /// An adjustment of how many replicas another component has.
    Scaling,
}

impl Role {
    /// The word used in data files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Datastore => "datastore",
            Self::Shared => "shared",
            Self::Member => "member",
            Self::Glue => "glue",
            Self::Placement => "placement",
            Self::DnsZone => "dns-zone",
            Self::DnsRecord => "dns-record",
            Self::Backup => "backup",
            Self::Monitor => "monitor",
            Self::Scaling => "scaling",
        }
    }

    /// It can fail, and something can need it.
    pub fn is_component(self) -> bool {
        matches!(self, Self::Workload | Self::Datastore | Self::Shared | Self::Member | Self::DnsZone)
    }

    fn parse(word: &str) -> Option<Self> {
        use Role::*;
        let all = [
            Workload, Datastore, Shared, Member, Glue, Placement, DnsZone, DnsRecord, Backup, Monitor,
            Scaling,
        ];
        all.into_iter().find(|r| r.as_str() == word)
    }
}

/// The largest failure domain of which a component survives the loss of any single member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Survives {
    /// Not even the loss of the one instance it is.
    Nothing,
    /// The loss of one of its instances, wherever they stand.
    Instance,
    /// The loss of one host.
    Host,
    /// The loss of one zone.
    Zone,
    /// The loss of one region.
    Region,
}

impl Survives {
    /// The word used in data files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Instance => "instance",
            Self::Host => "host",
            Self::Zone => "zone",
            Self::Region => "region",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        use Survives::*;
        [Nothing, Instance, Host, Zone, Region].into_iter().find(|s| s.as_str() == word)
    }
}

/// A plain value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Box<str>),
}

impl Value {
    fn read(word: &str) -> Self {
        match word {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ => word.parse().map_or_else(|_| Self::Text(word.into()), Self::Number),
        }
    }

    /// Equality as people write values: `"3"` is 3, `"true"` is true, letters in any case.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.eq_ignore_ascii_case(b),
            (Self::Text(a), b) | (b, Self::Text(a)) => Self::read(&a.to_ascii_lowercase()) == *b,
            (a, b) => a == b,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

/// What a manifest says about an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Stated {
    /// Not written: the provider's default holds.
    Absent,
    /// Written, with a plain value.
    Value(Value),
    /// Written, as a block or list with this many elements.
    Several(usize),
    /// Written, but its value could not be worked out.
    Unknown,
}

/// A declared resource, as the rules look at it.
pub trait Declared {
    /// The attribute at a dotted path (`scaling_config.min_size`); blocks that occur once count as objects.
    fn stated(&self, path: &str) -> Stated;
    /// Number of different zones its zone and subnet attributes resolve to, or its members stand in; none when not
    /// every one of them could be resolved.
    fn distinct_zones(&self) -> Option<usize>;
    /// Number of member resources that point at it; none when that could not be worked out.
    fn members(&self) -> Option<usize>;
    /// Number of zones of the region it is declared in; none when the region or its zones are not known.
    fn region_zones(&self) -> Option<usize> {
        None
    }
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Shown.
    Yes,
    /// Shown not to.
    No,
    /// Not known.
    Unknown,
}

/// One condition of a rule, written `multi_az == true`, `min_size >= 2`, `replica present`,
/// `sku_name in ZRS|GZRS`, `regions.count >= 2`, `location is-region`, `distinct_zones >= 2`, `members >= 2`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The attribute's dotted path, or `distinct_zones`, `members` or `region_zones`.
    pub attribute: Box<str>,
    /// What must be true of it.
    pub test: Test,
}

/// What a condition demands of its attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Equal to a value.
    Is(Value),
    /// Not equal to a value.
    IsNot(Value),
    /// One of several values.
    In(Vec<Value>),
    /// A text that begins so.
    Begins(Box<str>),
    /// At least a number.
    AtLeast(f64),
    /// At least so many elements.
    Counts(usize),
    /// Written at all.
    Present,
    /// Not written.
    Absent,
    /// A location that is a region, not a zone of it (Google writes both into one attribute).
    IsRegion,
}

impl Condition {
    /// Reads one condition.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (attribute, verb) = (words.next()?, words.next()?);
        let value = words.collect::<Vec<_>>().join(" ");
        let number = || value.parse::<f64>().ok();
        let test = match verb {
            "==" if !value.is_empty() => Test::Is(Value::read(&value)),
            "!=" if !value.is_empty() => Test::IsNot(Value::read(&value)),
            "in" if !value.is_empty() => Test::In(value.split('|').map(Value::read).collect()),
            "begins" if !value.is_empty() => Test::Begins(value.as_str().into()),
            ">=" => match attribute.strip_suffix(".count") {
                Some(path) => {
                    return Some(Self { attribute: path.into(), test: Test::Counts(value.parse().ok()?) });
                }
                None => Test::AtLeast(number()?),
            },
            ">" => Test::AtLeast(number()? + 1.0),
            "present" if value.is_empty() => Test::Present,
            "absent" if value.is_empty() => Test::Absent,
            "is-region" if value.is_empty() => Test::IsRegion,
            _ => return None,
        };
        Some(Self { attribute: attribute.into(), test })
    }

    fn holds(&self, kind: &ResourceType, declared: &dyn Declared, names: &AttributeNames<'_>) -> Holds {
        let counted = |n: Option<usize>| match n {
            Some(n) => Stated::Value(Value::Number(n as f64)),
            None => Stated::Unknown,
        };
        let stated = match &*self.attribute {
            "distinct_zones" => counted(declared.distinct_zones()),
            "members" => counted(declared.members()),
            "region_zones" => counted(declared.region_zones()),
            path => match names.of(path) {
                Some(name) => declared.stated(name),
                None => Stated::Unknown,
            },
        };
        let stated =
            match (stated, names.unset(&self.attribute).or_else(|| kind.defaults.get(&self.attribute))) {
                (Stated::Absent, Some(value)) if !matches!(self.test, Test::Present | Test::Absent) => {
                    Stated::Value(value.clone())
                }
                (stated, _) => stated,
            };
        self.test.holds(&stated)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.attribute;
        match &self.test {
            Test::Is(v) => write!(f, "{name} == {v}"),
            Test::IsNot(v) => write!(f, "{name} != {v}"),
            Test::In(list) => {
                let words: Vec<String> = list.iter().map(ToString::to_string).collect();
                write!(f, "{name} in {}", words.join("|"))
            }
            Test::Begins(text) => write!(f, "{name} begins {text}"),
            Test::AtLeast(n) => write!(f, "{name} >= {n}"),
            Test::Counts(n) => write!(f, "{name}.count >= {n}"),
            Test::Present => write!(f, "{name} present"),
            Test::Absent => write!(f, "{name} absent"),
            Test::IsRegion => write!(f, "{name} is-region"),
        }
    }
}

impl Test {
    fn holds(&self, stated: &Stated) -> Holds {
        let yes = |b: bool| if b { Holds::Yes } else { Holds::No };
        match (self, stated) {
            (Self::Present, Stated::Several(n)) => yes(0 < *n),
            (Self::Present, Stated::Value(v)) => yes(*v != Value::Text("".into())),
            (Self::Present, Stated::Unknown) => Holds::Unknown,
            (Self::Present, Stated::Absent) => Holds::No,
            (Self::Absent, stated) => match Self::Present.holds(stated) {
                Holds::Yes => Holds::No,
                Holds::No => Holds::Yes,
                Holds::Unknown => Holds::Unknown,
            },
            (_, Stated::Unknown) => Holds::Unknown,
            (Self::IsNot(_), Stated::Absent) => Holds::Unknown,
            (_, Stated::Absent) => Holds::No,
            (Self::Counts(least), Stated::Several(n)) => yes(*least <= *n),
            (Self::Counts(least), Stated::Value(_)) => yes(*least <= 1),
            (_, Stated::Several(_)) => Holds::Unknown,
            (Self::Is(want), Stated::Value(v)) => yes(want.same(v)),
            (Self::IsNot(want), Stated::Value(v)) => yes(!want.same(v)),
            (Self::In(want), Stated::Value(v)) => yes(want.iter().any(|w| w.same(v))),
            (Self::Begins(want), Stated::Value(v)) => {
                yes(v.to_string().to_ascii_lowercase().starts_with(&want.to_ascii_lowercase()))
            }
            (Self::AtLeast(least), Stated::Value(v)) => {
                v.number().map_or(Holds::Unknown, |n| yes(*least <= n))
            }
            (Self::IsRegion, Stated::Value(v)) => yes(is_region(&v.to_string())),
        }
    }
}

/// A Google location that is a region: `europe-west1` is, `europe-west1-b` is not.
fn is_region(location: &str) -> bool {
    location.split('-').count() == 2 && location.ends_with(|c: char| c.is_ascii_digit())
}

/// A set of conditions, and what a resource that meets them all survives.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it survives then.
    pub survives: Survives,
    /// All of them must hold.
    pub when: Vec<Condition>,
    /// The provider's own page that says so.
    pub doc: Box<str>,
}

/// An attribute that keeps copies of data.
#[derive(Debug, Clone, PartialEq)]
pub struct BackupAttribute {
    /// It holds when data is kept.
    pub condition: Condition,
    /// What holds when nothing is written.
    pub by_default: Holds,
    /// Where the copies lie: in the failure domain of their source or beyond it.
    pub kept: Kept,
}

/// Where copies lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the same region and account: they survive what hits the instance, not what hits the region or account.
    Region,
    /// In another region.
    OtherRegion,
    /// In the store itself (versions, soft deletion): they help against a mistake, not against a loss.
    Inside,
}

/// An attribute that keeps somebody from deleting the resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Protection {
    /// The attribute's path.
    pub attribute: Box<str>,
    /// The value that protects.
    pub protects: Value,
    /// The resource is protected when nothing is written.
    pub by_default: bool,
}

/// What is known about one type of resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceType {
    /// The Terraform type, or a pattern with `*`.
    pub name: Box<str>,
    /// The provider's id.
    pub provider: Box<str>,
    /// The provider's service: `rds`.
    pub service: Box<str>,
    /// `compute`, `database`, `cache`, `queue`, `storage`, `network`, `dns`, `cdn`, `mail`, `identity`, ...
    pub category: Box<str>,
    /// The part it plays.
    pub role: Role,
    /// What it survives when no rule holds; none when that is not known.
    pub survives: Option<Survives>,
    /// What makes it survive more.
    pub rules: Vec<Rule>,
    /// Attributes that say how many replicas there are, the surest first.
    pub replicas: Vec<Box<str>>,
    /// Types whose resources are members of this one.
    pub members: Vec<Box<str>>,
    /// Attributes that name zones.
    pub zones: Vec<Box<str>>,
    /// Attributes that name subnets, to be resolved to zones.
    pub subnets: Vec<Box<str>>,
    /// Attributes that name the region or the location.
    pub locations: Vec<Box<str>>,
    /// What keeps copies of its data.
    pub backups: Vec<BackupAttribute>,
    /// What keeps it from being deleted.
    pub protections: Vec<Protection>,
    /// Values that hold when nothing is written.
    pub defaults: BTreeMap<Box<str>, Value>,
    /// The provider serves it from everywhere: it belongs to no region.
    pub global: bool,
    /// The provider's page the row rests on.
    pub doc: Box<str>,
    /// What a reader of a report should know.
    pub note: Option<Box<str>>,
    /// The day on which its page was read against the row, `YYYY-MM-DD`; none for a page that was not opened.
    pub checked: Option<Box<str>>,
    /// How far the row may be trusted.
    pub confidence: Confidence,
}

/// What the rules say about one declared resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged<'a> {
    /// What it is shown to survive; none when not even its default is known.
    pub survives: Option<Survives>,
    /// The rule that shows it; none when it is the default.
    pub rule: Option<&'a Rule>,
    /// What it may survive beyond that, if a value that is not known turns out well.
    pub perhaps: Option<Survives>,
}

impl ResourceType {
    /// Applies the rules: the strongest that is shown to hold, and the strongest that may.
    pub fn judge(&self, declared: &dyn Declared, names: &AttributeNames<'_>) -> Judged<'_> {
        let mut out = Judged { survives: self.survives, rule: None, perhaps: None };
        for rule in &self.rules {
            match all(rule.when.iter().map(|c| c.holds(self, declared, names))) {
                Holds::Yes if out.survives < Some(rule.survives) => {
                    out.survives = Some(rule.survives);
                    out.rule = Some(rule);
                }
                Holds::Unknown if out.perhaps < Some(rule.survives) => out.perhaps = Some(rule.survives),
                _ => {}
            }
        }
        if out.perhaps <= out.survives {
            out.perhaps = None;
        }
        out
    }

    /// Whether copies of its data are kept, and where the farthest copy lies.
    pub fn backed_up(&self, declared: &dyn Declared, names: &AttributeNames<'_>) -> (Holds, Option<Kept>) {
        let mut out = (if self.backups.is_empty() { Holds::Unknown } else { Holds::No }, None);
        for backup in &self.backups {
            let stated =
                names.of(&backup.condition.attribute).map_or(Stated::Unknown, |n| declared.stated(n));
            let holds = match (stated, names.unset(&backup.condition.attribute)) {
                (Stated::Absent, Some(value)) => backup.condition.test.holds(&Stated::Value(value.clone())),
                (Stated::Absent, None) => backup.by_default,
                (stated, _) => backup.condition.test.holds(&stated),
            };
            match holds {
                Holds::Yes if out.0 != Holds::Yes || matches!(backup.kept, Kept::OtherRegion) => {
                    out = (Holds::Yes, Some(backup.kept));
                }
                Holds::Unknown if out.0 == Holds::No => out = (Holds::Unknown, None),
                _ => {}
            }
        }
        out
    }

    /// Whether it is kept from being deleted; unknown when the type has no such attribute.
    pub fn protected(&self, declared: &dyn Declared, names: &AttributeNames<'_>) -> Holds {
        let mut out = if self.protections.is_empty() { Holds::Unknown } else { Holds::No };
        for p in &self.protections {
            let holds = match names.of(&p.attribute).map_or(Stated::Unknown, |n| declared.stated(n)) {
                Stated::Absent if p.by_default => Holds::Yes,
                Stated::Absent => Holds::No,
                stated => Test::Is(p.protects.clone()).holds(&stated),
            };
            match holds {
                Holds::Yes => return Holds::Yes,
                Holds::Unknown => out = Holds::Unknown,
                Holds::No => {}
            }
        }
        out
    }
}

/// Three-valued and.
fn all(parts: impl Iterator<Item = Holds>) -> Holds {
    let mut out = Holds::Yes;
    for part in parts {
        match part {
            Holds::No => return Holds::No,
            Holds::Unknown => out = Holds::Unknown,
            Holds::Yes => {}
        }
    }
    out
}

/// How the attributes of the rules are called in the format at hand.
#[derive(Debug, Clone, Copy)]
pub struct AttributeNames<'a> {
    map: Option<&'a NameMap>,
}

/// Terraform's names, what the other format calls them, and what holds there when nothing is written.
type NameMap = BTreeMap<Box<str>, (Box<str>, Option<Value>)>;

impl<'a> AttributeNames<'a> {
    /// The names of Terraform.
    pub const TERRAFORM: Self = Self { map: None };

    /// The name of an attribute, given as Terraform calls it; none when this format has no such property.
    pub fn of(&self, attribute: &'a str) -> Option<&'a str> {
        match self.map {
            None => Some(attribute),
            Some(map) => map.get(attribute).map(|(name, _)| &**name),
        }
    }

    /// What holds in this format when the attribute is not written, where it differs from Terraform.
    fn unset(&self, attribute: &str) -> Option<&'a Value> {
        self.map?.get(attribute)?.1.as_ref()
    }
}

/// What the catalog can say about a type.
#[derive(Debug, Clone, Copy)]
pub enum ResourceKnowledge<'a> {
    /// Known, with its meaning.
    Known {
        /// The type.
        kind: &'a ResourceType,
        /// How its attributes are called in the format the type was asked for.
        attributes: AttributeNames<'a>,
    },
    /// The type exists, or its provider is known, but what it survives is not.
    UnknownSemantics {
        /// The provider's id.
        provider: &'a str,
        /// The provider's service, when the type's name tells.
        service: Option<&'a str>,
    },
    /// Nothing is known.
    Unrecognized,
}

impl<'a> ResourceKnowledge<'a> {
    /// The type, when it is known.
    pub fn kind(&self) -> Option<&'a ResourceType> {
        match self {
            Self::Known { kind, .. } => Some(kind),
            _ => None,
        }
    }

    /// The provider, when it is known.
    pub fn provider(&self) -> Option<&'a str> {
        match self {
            Self::Known { kind, .. } => Some(&kind.provider),
            Self::UnknownSemantics { provider, .. } => Some(provider),
            Self::Unrecognized => None,
        }
    }
}

/// All types, and the indexes of names that exist without meaning.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// The embedded files, each read when a type of it is first asked for.
    embedded: BTreeMap<Box<str>, OnceLock<Types>>,
    /// What override files say, which goes before.
    overrides: Types,
    prefixes: HashMap<Box<str>, (Box<str>, Box<str>)>,
    cloudformation: HashMap<Box<str>, (Box<str>, NameMap)>,
    indexes: OnceLock<Indexes>,
}

/// Types by name, and patterns by what they begin with.
#[derive(Debug, Default)]
struct Types {
    types: BTreeMap<Box<str>, ResourceType>,
    patterns: Vec<(Pattern, ResourceType)>,
    by_head: HashMap<Box<str>, Vec<usize>>,
}

/// Names of types that are known to exist; those of CloudFormation with their service.
#[derive(Debug, Default)]
struct Indexes {
    terraform: BTreeSet<Box<str>>,
    cloudformation: HashMap<Box<str>, Box<str>>,
}

impl Resources {
    pub(super) fn read(
        overrides: &[DataFile],
        prefixes: &[DataFile],
        cloudformation: &[DataFile],
    ) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in overrides {
            out.overrides.read(file)?;
        }
        for file in prefixes {
            rows(&file.name, &file.text, |row| {
                let part = row.text("file").unwrap_or_else(|| "others".into());
                out.embedded.entry(part.clone()).or_default();
                out.prefixes.insert(row.need("prefix")?.into(), (row.need("provider")?.into(), part));
                Ok(())
            })?;
        }
        for file in cloudformation {
            rows(&file.name, &file.text, |row| {
                let map = row.get("attributes").split_whitespace().filter_map(|pair| pair.split_once('='));
                let named = |(tf, cfn): (&str, &str)| match cfn.split_once('!') {
                    Some((name, unset)) => (tf.into(), (name.into(), Some(Value::read(unset)))),
                    None => (tf.into(), (cfn.into(), None)),
                };
                let map = map.map(named).collect();
                out.cloudformation.insert(row.need("type")?.into(), (row.need("terraform")?.into(), map));
                Ok(())
            })?;
        }
        Ok(out)
    }

    pub(super) fn get(&self, name: &str) -> ResourceKnowledge<'_> {
        let (first, _) = heads(name);
        let described = match self.cloudformation.get(name) {
            Some((terraform, map)) => {
                self.described(terraform).map(|kind| (kind, AttributeNames { map: Some(map) }))
            }
            None => self.described(name).map(|kind| (kind, AttributeNames::TERRAFORM)),
        };
        if let Some((kind, attributes)) = described {
            return ResourceKnowledge::Known { kind, attributes };
        }
        match self.prefixes.get(first) {
            Some((provider, _)) => {
                let service = name.contains("::").then(|| self.indexes().cloudformation.get(name)).flatten();
                ResourceKnowledge::UnknownSemantics { provider, service: service.map(|s| &**s) }
            }
            None => ResourceKnowledge::Unrecognized,
        }
    }

    fn described(&self, name: &str) -> Option<&ResourceType> {
        let (first, _) = heads(name);
        let part = self.prefixes.get(first).map_or("others", |(_, part)| part);
        self.overrides.get(name).or_else(|| self.part(part)?.get(name))
    }

    fn part(&self, name: &str) -> Option<&Types> {
        let (name, cell) = self.embedded.get_key_value(name)?;
        Some(cell.get_or_init(|| {
            let mut types = Types::default();
            for file in embedded::files(&format!("resources/{name}.toml")) {
                types.read(&file).expect("a test reads every embedded table");
            }
            types
        }))
    }

    /// Reads every embedded file, so that a mistake shows.
    pub(super) fn load(&self) -> Result<(), TableError> {
        let mut types = Types::default();
        embedded::files("resources/").iter().try_for_each(|file| types.read(file))
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        let exactly = |t: &Types| t.types.contains_key(name);
        let (first, _) = heads(name);
        let part = self.prefixes.get(first).and_then(|(_, part)| self.part(part));
        exactly(&self.overrides)
            || part.is_some_and(exactly)
            || self.indexes().terraform.contains(name)
            || self.indexes().cloudformation.contains_key(name)
    }

    fn indexes(&self) -> &Indexes {
        self.indexes.get_or_init(|| {
            let mut out = Indexes::default();
            let mut previous = String::new();
            for line in embedded::text("terraform-types.txt").lines() {
                // Front coding: one base-36 digit says how many characters the previous name shares.
                let Some(kept) = line.chars().next().and_then(|c| c.to_digit(36)) else { continue };
                previous.truncate(kept as usize);
                previous.push_str(&line[1..]);
                out.terraform.insert(previous.as_str().into());
            }
            for line in embedded::text("cloudformation-types.txt").lines() {
                let mut words = line.split(' ');
                let service = words.next().unwrap_or("");
                for word in words {
                    out.cloudformation
                        .insert(format!("AWS::{service}::{word}").into(), service.to_lowercase().into());
                }
            }
            out
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &ResourceType> {
        let parts = self.embedded.keys().filter_map(|name| self.part(name));
        std::iter::once(&self.overrides)
            .chain(parts)
            .flat_map(|t| t.types.values().chain(t.patterns.iter().map(|(_, kind)| kind)))
    }

    pub(super) fn cloudformation_types(&self) -> impl Iterator<Item = (&str, &str)> {
        let sorted: BTreeMap<&str, &str> =
            self.cloudformation.iter().map(|(c, (t, _))| (&**c, &**t)).collect();
        sorted.into_iter()
    }

    pub(super) fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        let sorted: BTreeMap<&str, &str> = self.prefixes.iter().map(|(p, (v, _))| (&**p, &**v)).collect();
        sorted.into_iter()
    }
}

impl Types {
    fn read(&mut self, file: &DataFile) -> Result<(), TableError> {
        let fail = |message: String| TableError { file: file.name.to_string(), line: 0, message };
        let raw: RawFile = toml::from_str(&file.text).map_err(|e| fail(e.to_string()))?;
        let word = |role: &str| Role::parse(role).ok_or_else(|| fail(format!("`{role}` is no role")));
        for (role, names) in &raw.only {
            for name in names {
                let (name, category) = name.split_once(' ').unwrap_or((name, "other"));
                let raw_type =
                    RawType { role: role.clone(), category: category.to_owned(), ..RawType::default() };
                self.insert(raw_type.build(name, &raw.provider, word(role)?, fail)?);
            }
        }
        for (name, raw_type) in raw.types {
            let role = word(&raw_type.role).map_err(|e| fail(format!("{name}: {}", e.message)))?;
            self.insert(raw_type.build(&name, &raw.provider, role, fail)?);
        }
        self.index_patterns();
        Ok(())
    }

    fn insert(&mut self, kind: ResourceType) {
        if kind.name.contains('*') {
            self.patterns.retain(|(_, other)| other.name != kind.name);
            self.patterns.push((Pattern::new(&kind.name), kind));
        } else {
            self.types.insert(kind.name.clone(), kind);
        }
    }

    /// Patterns by what they begin with, the longest first.
    fn index_patterns(&mut self) {
        self.patterns.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.name.len()));
        self.by_head.clear();
        for (i, (_, kind)) in self.patterns.iter().enumerate() {
            let literal = kind.name.split('*').next().unwrap_or("");
            let (one, two) = heads(literal);
            self.by_head.entry(two.unwrap_or(one).into()).or_default().push(i);
        }
    }

    /// The type of this name, else the longest pattern that fits.
    fn get(&self, name: &str) -> Option<&ResourceType> {
        if let Some(kind) = self.types.get(name) {
            return Some(kind);
        }
        let (one, two) = heads(name);
        let first =
            |head: &str| self.by_head.get(head)?.iter().copied().find(|&i| self.patterns[i].0.fits(name));
        let found = first(one).into_iter().chain(two.and_then(first)).min()?;
        self.patterns.get(found).map(|(_, kind)| kind)
    }
}

/// What patterns are found by: the first word, and the first two when the second is whole: `aws` and `aws_s3` of
/// `aws_s3_bucket_policy`, `AWS` and `AWS::IAM` of `AWS::IAM::Role`.
fn heads(name: &str) -> (&str, Option<&str>) {
    let is_gap = |c: char| c == '_' || c == ':';
    let one = name.find(is_gap).unwrap_or(name.len());
    let rest = name[one..].trim_start_matches(is_gap);
    let two = rest.find(is_gap).map(|n| &name[..name.len() - rest.len() + n]);
    (&name[..one], two)
}

#[derive(Deserialize)]
struct RawFile {
    provider: String,
    /// Types of which only the role (and a category after a blank) is worth saying.
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    types: BTreeMap<String, RawType>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawType {
    provider: Option<String>,
    service: String,
    category: String,
    role: String,
    survives: Option<String>,
    rules: Vec<RawRule>,
    replicas: Vec<String>,
    members: Vec<String>,
    zones: Vec<String>,
    subnets: Vec<String>,
    locations: Vec<String>,
    backup: Vec<String>,
    protection: Vec<String>,
    defaults: BTreeMap<String, toml::Value>,
    global: bool,
    doc: String,
    note: Option<String>,
    checked: Option<String>,
    confidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    survives: String,
    when: Vec<String>,
    doc: Option<String>,
}

impl RawType {
    fn build(
        self,
        name: &str,
        provider: &str,
        role: Role,
        fail: impl Fn(String) -> TableError,
    ) -> Result<ResourceType, TableError> {
        let odd = |what: &str, text: &str| fail(format!("{name}: odd {what} `{text}`"));
        let level = |text: &str| Survives::parse(text).ok_or_else(|| odd("survives", text));
        let condition = |text: &str| Condition::parse(text).ok_or_else(|| odd("condition", text));
        let boxed = |list: Vec<String>| list.into_iter().map(Into::into).collect();
        let survives = match self.survives.as_deref() {
            None | Some("unknown") => None,
            Some(text) => Some(level(text)?),
        };
        let mut rules = Vec::new();
        for rule in self.rules {
            rules.push(Rule {
                survives: level(&rule.survives)?,
                when: rule.when.iter().map(|c| condition(c)).collect::<Result<_, _>>()?,
                doc: rule.doc.unwrap_or_else(|| self.doc.clone()).into(),
            });
        }
        let backups = self
            .backup
            .iter()
            .map(|t| backup(t).ok_or_else(|| odd("backup", t)))
            .collect::<Result<_, _>>()?;
        let protections = self
            .protection
            .iter()
            .map(|t| protection(t).ok_or_else(|| odd("protection", t)))
            .collect::<Result<_, _>>()?;
        let confidence = match self.confidence.as_deref() {
            None => Confidence::Medium,
            Some(text) => Confidence::parse(text).ok_or_else(|| odd("confidence", text))?,
        };
        let value = |v: toml::Value| match v {
            toml::Value::Boolean(b) => Value::Bool(b),
            toml::Value::Integer(n) => Value::Number(n as f64),
            toml::Value::Float(n) => Value::Number(n),
            other => Value::Text(other.as_str().unwrap_or_default().into()),
        };
        Ok(ResourceType {
            name: name.into(),
            provider: self.provider.as_deref().unwrap_or(provider).into(),
            service: self.service.into(),
            category: self.category.into(),
            role,
            survives,
            rules,
            replicas: boxed(self.replicas),
            members: boxed(self.members),
            zones: boxed(self.zones),
            subnets: boxed(self.subnets),
            locations: boxed(self.locations),
            backups,
            protections,
            defaults: self.defaults.into_iter().map(|(k, v)| (k.into(), value(v))).collect(),
            global: self.global,
            doc: self.doc.into(),
            note: self.note.map(Into::into),
            checked: self.checked.map(Into::into),
            confidence,
        })
    }
}

/// Reads `[unset: yes|no|unknown;] [kept: region|other-region|inside;] CONDITION`.
fn backup(text: &str) -> Option<BackupAttribute> {
    let (mut by_default, mut kept, mut condition) = (Holds::No, Kept::Region, None);
    for part in text.split(';') {
        match part.trim().split_once(": ") {
            Some(("unset", "yes")) => by_default = Holds::Yes,
            Some(("unset", "no")) => by_default = Holds::No,
            Some(("unset", "unknown")) => by_default = Holds::Unknown,
            Some(("kept", "region")) => kept = Kept::Region,
            Some(("kept", "other-region")) => kept = Kept::OtherRegion,
            Some(("kept", "inside")) => kept = Kept::Inside,
            Some(_) => return None,
            None => condition = Some(Condition::parse(part)?),
        }
    }
    Some(BackupAttribute { condition: condition?, by_default, kept })
}

/// Reads `ATTRIBUTE == VALUE [; unset: yes]`.
fn protection(text: &str) -> Option<Protection> {
    let (condition, by_default) = match text.split_once(';') {
        Some((condition, rest)) => (condition, rest.trim() == "unset: yes"),
        None => (text, false),
    };
    let condition = Condition::parse(condition)?;
    match condition.test {
        Test::Is(protects) => Some(Protection { attribute: condition.attribute, protects, by_default }),
        _ => None,
    }
}
