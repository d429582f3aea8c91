//! What is known about resource types: what they are for, what they survive as declared, what backs them up.
//!
//! The data is one file per provider under `data/resources/`. A type is a table; a name with a `*` stands for all
//! types that fit and have no table of their own. Rules are conditions in a small language, read by [`Condition`].

mod condition;
mod file;
mod types;

use std::collections::BTreeMap;

use super::table::Confidence;

pub use condition::{Condition, Declared, Holds, Stated, Test, Value};
pub(super) use types::Resources;

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
