//! The language of conditions, and what a manifest says about the attributes that they look at.

use std::fmt;

use super::{AttributeNames, ResourceType};

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
    pub(super) fn read(word: &str) -> Self {
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

    pub(super) fn holds(
        &self,
        kind: &ResourceType,
        declared: &dyn Declared,
        names: &AttributeNames<'_>,
    ) -> Holds {
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
    pub(super) fn holds(&self, stated: &Stated) -> Holds {
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
