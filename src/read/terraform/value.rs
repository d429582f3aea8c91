//! Values of expressions: known, or unknown with the reason, and always with the references they rest on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::either::Either;

/// A value and what it was derived from.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) kind: Kind,
    /// Attributes of resources that the value rests on, whether it is known or not.
    pub(super) refs: Refs,
}

/// The references of a value; most have none.
pub(super) type Refs = Option<Arc<BTreeSet<Ref>>>;

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    String(Arc<str>),
    List(Arc<Vec<Value>>),
    Set(Arc<Vec<Value>>),
    Map(Arc<BTreeMap<Arc<str>, Value>>),
    /// A resource instance as a whole.
    Instance(InstanceKey),
    /// A module instance as a whole.
    Module(u32),
    Unknown(Arc<Unknown>),
}

/// Why a value is not known, and what is known of its shape.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) reason: Arc<str>,
    pub(super) shape: Shape,
}

/// What is known of a value that is not.
#[derive(Debug)]
pub(super) enum Shape {
    Nothing,
    /// It cannot be at all: a missing attribute, an index out of range. `try` steps over it.
    Failed,
    /// A text, some pieces of which are unknown.
    Text(Vec<Value>),
    /// JSON of a value, parts of which are unknown.
    Json(Value),
    /// A list or map of which these elements are known, and perhaps more are in it.
    Part(Value),
    /// It is one of several.
    Either(Either),
}

impl Shape {
    /// The elements that are known.
    pub(super) fn known(&self) -> Option<&Value> {
        match self {
            Shape::Part(inner) => Some(inner),
            Shape::Either(either) => either.shared.as_ref(),
            _ => None,
        }
    }
}

/// A resource instance: module instance, resource within its module, key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct InstanceKey {
    pub(super) module: u32,
    pub(super) resource: u32,
    pub(super) key: Key,
}

/// The key of an instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// Neither `count` nor `for_each`.
    None,
    Number(u32),
    Text(Arc<str>),
    /// `count` or `for_each` is not known.
    Unknown,
}

/// An attribute of a resource instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ref {
    pub(super) instance: InstanceKey,
    /// First attribute; empty for the resource as a whole.
    pub(super) attribute: Arc<str>,
}

impl Key {
    /// As written in addresses: empty, `[0]`, `["a"]`, `[?]`.
    pub(super) fn suffix(&self) -> String {
        match self {
            Key::None => String::new(),
            Key::Number(number) => format!("[{number}]"),
            Key::Text(text) => format!("[\"{text}\"]"),
            Key::Unknown => "[?]".to_owned(),
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Value { kind, refs: None }
    }
}

impl Value {
    pub(super) const NULL: Value = Value { kind: Kind::Null, refs: None };

    pub(super) fn string(text: impl Into<Arc<str>>) -> Self {
        Kind::String(text.into()).into()
    }

    pub(super) fn number(number: f64) -> Self {
        Kind::Number(number).into()
    }

    pub(super) fn bool(value: bool) -> Self {
        Kind::Bool(value).into()
    }

    pub(super) fn list(items: Vec<Value>) -> Self {
        Kind::List(Arc::new(items)).into()
    }

    pub(super) fn map(items: BTreeMap<Arc<str>, Value>) -> Self {
        Kind::Map(Arc::new(items)).into()
    }

    /// A set: sorted, each element once. Unknown elements stay as they are.
    pub(super) fn set(mut items: Vec<Value>) -> Self {
        items.sort_by(compare);
        items.dedup_by(|a, b| !a.is_unknown() && equal(a, b) == Some(true));
        Kind::Set(Arc::new(items)).into()
    }

    pub(super) fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::shaped(reason, Shape::Nothing)
    }

    pub(super) fn shaped(reason: impl Into<Arc<str>>, shape: Shape) -> Self {
        Kind::Unknown(Arc::new(Unknown { reason: reason.into(), shape })).into()
    }

    /// What can never be: a missing attribute, a wrong type.
    pub(super) fn failed(reason: impl Into<Arc<str>>) -> Self {
        Self::shaped(reason, Shape::Failed)
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(&self.kind, Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Failed))
    }

    pub(super) fn with_refs(mut self, refs: &Refs) -> Self {
        self.refs = join_refs(&self.refs, refs);
        self
    }

    pub(super) fn with_ref(self, reference: Ref) -> Self {
        let refs = Some(Arc::new(BTreeSet::from([reference])));
        self.with_refs(&refs)
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown(_))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(super) fn reason(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Unknown(unknown) => Some(&unknown.reason),
            _ => None,
        }
    }

    /// The text of a string, or of a number or boolean as Terraform converts them.
    pub(super) fn text(&self) -> Option<Arc<str>> {
        match &self.kind {
            Kind::String(text) => Some(Arc::clone(text)),
            Kind::Number(number) => Some(format_number(*number).into()),
            Kind::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
            _ => None,
        }
    }

    /// What a text begins with whose later pieces are unknown.
    pub(super) fn head(&self) -> Option<Arc<str>> {
        match &self.kind {
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Text(pieces) => pieces.first()?.text(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text, with something in the place of pieces that are not known.
    pub(super) fn with_gaps(&self, gap: &str) -> Option<String> {
        match &self.kind {
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Text(pieces) => {
                    let piece =
                        |piece: &Value| piece.text().map_or_else(|| gap.to_owned(), |text| text.to_string());
                    Some(pieces.iter().map(piece).collect())
                }
                _ => None,
            },
            _ => self.text().map(|text| text.to_string()),
        }
    }

    /// The number, also of a text that is one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number) => Some(*number),
            Kind::String(text) => parse_number(text),
            _ => None,
        }
    }

    /// The boolean, also of the texts `true` and `false`.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(value) => Some(*value),
            Kind::String(text) if &**text == "true" || &**text == "1" => Some(true),
            Kind::String(text) if &**text == "false" || &**text == "0" => Some(false),
            _ => None,
        }
    }

    /// The elements of a list or set.
    pub(super) fn items(&self) -> Option<&Arc<Vec<Value>>> {
        match &self.kind {
            Kind::List(items) | Kind::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> Option<&Arc<BTreeMap<Arc<str>, Value>>> {
        match &self.kind {
            Kind::Map(items) => Some(items),
            _ => None,
        }
    }

    /// The list or map itself, or as much of it as is known.
    pub(super) fn known_part(&self) -> &Value {
        match &self.kind {
            Kind::Unknown(unknown) => unknown.shape.known().unwrap_or(self),
            _ => self,
        }
    }

    /// What the value may be, where it is one of several.
    pub(super) fn alternatives(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Either(either) => Some(&either.of),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the value is a number that is not above one, whichever of several it is.
    pub(super) fn is_at_most_one(&self) -> bool {
        let is_small = |value: &Value| value.as_number().is_some_and(|number| number <= 1.0);
        self.alternatives().unwrap_or(std::slice::from_ref(self)).iter().all(is_small)
    }

    /// Calls `see` for all references of the value and what is in it, at most `budget` values deep and wide.
    pub(super) fn each_ref(&self, budget: &mut u32, see: &mut dyn FnMut(&Ref)) {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        if let Some(refs) = &self.refs {
            refs.iter().for_each(&mut *see);
        }
        match &self.kind {
            Kind::List(items) | Kind::Set(items) => items.iter().for_each(|item| item.each_ref(budget, see)),
            Kind::Map(items) => items.values().for_each(|item| item.each_ref(budget, see)),
            Kind::Instance(instance) => see(&Ref { instance: instance.clone(), attribute: "".into() }),
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Nothing | Shape::Failed => {}
                Shape::Text(pieces) => pieces.iter().for_each(|piece| piece.each_ref(budget, see)),
                Shape::Json(inner) | Shape::Part(inner) => inner.each_ref(budget, see),
                Shape::Either(either) => either.of.iter().for_each(|one| one.each_ref(budget, see)),
            },
            _ => {}
        }
    }

    /// All references of the value and what is in it.
    pub(super) fn deep_refs(&self) -> Refs {
        let mut out = BTreeSet::new();
        self.each_ref(&mut 2_000, &mut |reference| {
            out.insert(reference.clone());
        });
        if out.is_empty() { None } else { Some(Arc::new(out)) }
    }
}

/// The references of both.
pub(super) fn join_refs(a: &Refs, b: &Refs) -> Refs {
    match (a, b) {
        (None, other) | (other, None) => other.clone(),
        (Some(left), Some(right)) if Arc::ptr_eq(left, right) || right.is_subset(left) => {
            Some(Arc::clone(left))
        }
        (Some(left), Some(right)) => Some(Arc::new(left.union(right).take(500).cloned().collect())),
    }
}

/// A number as Terraform writes it.
pub(super) fn format_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e18 {
        format!("{}", number as i64)
    } else {
        format!("{number}")
    }
}

/// A text as a number, as Terraform converts it.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let looks_right =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    if !looks_right || text.is_empty() {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether two values are equal; `None` when that hangs on an unknown.
pub(super) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (&a.kind, &b.kind) {
        (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => {
            let (of, other) = match (a.alternatives(), b.alternatives()) {
                (Some(of), None) => (of, b),
                (None, Some(of)) => (of, a),
                _ => return None,
            };
            let first = equal(of.first()?, other);
            if of.iter().all(|one| equal(one, other) == first) { first } else { None }
        }
        (Kind::Null, Kind::Null) => Some(true),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => Some(a == b),
        (Kind::String(a), Kind::String(b)) => Some(a == b),
        (Kind::List(a) | Kind::Set(a), Kind::List(b) | Kind::Set(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_equal(a.iter().zip(b.iter()))
        }
        (Kind::Map(a), Kind::Map(b)) => {
            if a.len() != b.len() || a.keys().ne(b.keys()) {
                return Some(false);
            }
            all_equal(a.values().zip(b.values()))
        }
        (Kind::Instance(a), Kind::Instance(b)) => Some(a == b),
        (Kind::Module(a), Kind::Module(b)) => Some(a == b),
        _ => Some(false),
    }
}

fn all_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    let mut unknown = false;
    for (a, b) in pairs {
        match equal(a, b) {
            Some(false) => return Some(false),
            None => unknown = true,
            Some(true) => {}
        }
    }
    if unknown { None } else { Some(true) }
}

/// An order over all values: numbers by size, texts by bytes, the rest by kind.
pub(super) fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (&a.kind, &b.kind) {
        (Kind::Number(a), Kind::Number(b)) => a.total_cmp(b),
        (Kind::String(a), Kind::String(b)) => a.cmp(b),
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(b),
        (Kind::List(a) | Kind::Set(a), Kind::List(b) | Kind::Set(b)) => a
            .iter()
            .zip(b.iter())
            .map(|(a, b)| compare(a, b))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (Kind::Map(a), Kind::Map(b)) => a
            .iter()
            .zip(b.iter())
            .map(|((ka, va), (kb, vb))| ka.cmp(kb).then_with(|| compare(va, vb)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (Kind::Instance(a), Kind::Instance(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value.kind {
        Kind::Null => 0,
        Kind::Bool(_) => 1,
        Kind::Number(_) => 2,
        Kind::String(_) => 3,
        Kind::List(_) | Kind::Set(_) => 4,
        Kind::Map(_) => 5,
        Kind::Instance(_) => 6,
        Kind::Module(_) => 7,
        Kind::Unknown(_) => 8,
    }
}
