//! What is said of a node beyond its structure: backups, protection, lifetimes.

use super::Evidence;

/// The closed set of attributes that rules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Boolean: keeps data that its loss would lose.
    Stateful,
    /// Boolean: its data dies with the instance (emptyDir, no volume).
    EphemeralData,
    /// Boolean: a running, repeated backup exists as declared.
    Backup,
    /// Number, in days.
    BackupRetentionDays,
    /// Text: region id in which backups are kept.
    BackupRegion,
    /// Number, in seconds: time between backups.
    BackupIntervalSeconds,
    /// Boolean: may be restored to any point in time.
    PointInTimeRecovery,
    /// Boolean: cannot be deleted by one call.
    DeletionProtection,
    /// Boolean: somebody is told when it fails (alarm, probe, monitor).
    Monitored,
    /// Boolean: health is checked before requests are sent.
    HealthChecked,
    /// Number, in seconds: time to live of a DNS record.
    TtlSeconds,
    /// Number: voluntary disruptions that may take instances at once (PodDisruptionBudget).
    MaxUnavailable,
    /// Number: instances that a voluntary disruption must leave.
    MinAvailable,
    /// Boolean: exists only for tests, examples or jobs and is not missed when it is gone.
    Auxiliary,
    /// Number: weight of a weighted alternative; 0 receives nothing.
    Weight,
    /// Text: engine or product (postgres, redis, kafka).
    Engine,
    /// Text: image reference.
    Image,
    /// Boolean: runs to completion (Job, CronJob) rather than serves.
    Batch,
    /// Boolean: published to the outside.
    Published,
    /// Text: jurisdiction named by a person.
    Jurisdiction,
    /// Text: the account, project or subscription it lives in.
    Account,
    /// Boolean: a standby or read replica of something else.
    Replica,
    /// Number: recovery time objective, in seconds.
    RtoSeconds,
    /// Number: recovery point objective, in seconds.
    RpoSeconds,
    /// Text: how a look-up in the DNS ended that found nothing: `NXDOMAIN`, `NODATA`, `SERVFAIL`, `REFUSED`, `TIMEOUT`.
    DnsAnswer,
    /// Boolean: a name or zone of somebody else, met on the way.
    ThirdParty,
    /// Boolean: the zone above says by what keys this one is signed, so that whoever checks takes no other answer.
    Signed,
    /// Text: the day on which the EU's supervisors designated the provider as critical to its financial sector.
    DesignatedCritical,
}

/// The value of an attribute. Unknown is a value of its own, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A number, in the attribute's unit.
    Number(f64),
    /// A word.
    Text(String),
    /// Said, but not to be read off the input; the reason names what is missing.
    Unknown(String),
}

/// One attribute with what says so; no evidence where a default of the platform says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The value.
    pub value: AttributeValue,
    /// What says so.
    pub evidence: Option<Evidence>,
}

/// The attributes of a node: in order, and few, so that a list takes less than a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(Attribute, Fact)>);

impl Attributes {
    /// Sets an attribute; a later value replaces an earlier one.
    pub fn set(&mut self, attribute: Attribute, value: AttributeValue, evidence: Option<Evidence>) {
        let fact = Fact { value, evidence };
        match self.place(attribute) {
            Ok(place) => self.0[place].1 = fact,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (attribute, fact));
            }
        }
    }

    /// The fact, if anything was said.
    pub fn get(&self, attribute: Attribute) -> Option<&Fact> {
        let place = self.place(attribute).ok()?;
        self.0.get(place).map(|(_, fact)| fact)
    }

    fn place(&self, attribute: Attribute) -> Result<usize, usize> {
        self.0.binary_search_by_key(&attribute, |(attribute, _)| *attribute)
    }

    /// The boolean value; `None` when unsaid or unknown.
    pub fn bool(&self, attribute: Attribute) -> Option<bool> {
        match self.get(attribute)?.value {
            AttributeValue::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The numeric value; `None` when unsaid or unknown.
    pub fn number(&self, attribute: Attribute) -> Option<f64> {
        match self.get(attribute)?.value {
            AttributeValue::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The text value; `None` when unsaid or unknown.
    pub fn text(&self, attribute: Attribute) -> Option<&str> {
        match &self.get(attribute)?.value {
            AttributeValue::Text(value) => Some(value),
            _ => None,
        }
    }

    /// Why the value is unknown, when it was said but could not be read.
    pub fn unknown(&self, attribute: Attribute) -> Option<&str> {
        match &self.get(attribute)?.value {
            AttributeValue::Unknown(reason) => Some(reason),
            _ => None,
        }
    }

    /// All facts in order of attribute.
    pub fn iter(&self) -> impl Iterator<Item = (Attribute, &Fact)> {
        self.0.iter().map(|(attribute, fact)| (*attribute, fact))
    }
}
