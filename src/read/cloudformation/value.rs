//! Values of properties: known, or unknown with the reason, and always with the resources they rest on.

use crate::source::Location;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Val {
    pub(crate) data: Data,
    /// Resources that the value rests on, known or not.
    pub(crate) refs: Vec<Ref>,
    pub(crate) at: Location,
}

/// What a value is. Scalars are texts, as in CloudFormation.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Left out: `AWS::NoValue`, null.
    Absent,
    Text(String),
    List(Vec<Val>),
    Map(Vec<(String, Val)>),
    /// The zones of the region, whichever they are.
    Zones,
    /// One of the zones of the region, by its index.
    Zone(u32),
    /// Why it is not known, and what is known of its text, with `*` for the rest.
    Unknown {
        reason: String,
        partial: Option<String>,
    },
}

/// A resource that a value rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ref {
    /// Index of the template.
    pub(crate) stack: usize,
    /// Logical id.
    pub(crate) logical: String,
    /// Where it is named.
    pub(crate) at: Location,
}

impl Val {
    pub(crate) fn new(data: Data, at: &Location) -> Self {
        Val { data, refs: Vec::new(), at: at.clone() }
    }

    pub(crate) fn text_of(text: impl Into<String>, at: &Location) -> Self {
        Self::new(Data::Text(text.into()), at)
    }

    pub(crate) fn unknown(reason: impl Into<String>, at: &Location) -> Self {
        Self::new(Data::Unknown { reason: reason.into(), partial: None }, at)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        self.text()?.trim().parse().ok()
    }

    /// The text with `*` for what is not known.
    pub(crate) fn pattern(&self) -> String {
        match &self.data {
            Data::Text(text) => text.clone(),
            Data::Unknown { partial: Some(partial), .. } => partial.clone(),
            _ => "*".to_owned(),
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.data, Data::Absent)
    }

    /// Elements of a list; anything else but nothing is its only element.
    pub(crate) fn items(&self) -> Vec<&Val> {
        match &self.data {
            Data::List(items) => items.iter().collect(),
            Data::Absent => Vec::new(),
            _ => vec![self],
        }
    }

    pub(crate) fn entries(&self) -> &[(String, Val)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value at a dotted path, names compared without case and underscores; lists of one count as their element.
    pub(crate) fn find(&self, path: &str) -> Option<&Val> {
        let mut current = self;
        for step in path.split('.') {
            while let Data::List(items) = &current.data
                && let [only] = items.as_slice()
            {
                current = only;
            }
            current = current
                .entries()
                .iter()
                .find(|(key, _)| letters(key).eq(letters(step)))
                .map(|(_, value)| value)?;
        }
        Some(current).filter(|value| !value.is_absent())
    }

    /// Every value that is neither a list nor a mapping, with the path of names that leads to it.
    pub(crate) fn leaves(&self) -> Vec<(String, &Val)> {
        let mut out = Vec::new();
        self.collect("", &mut out, 0);
        out
    }

    fn collect<'v>(&'v self, path: &str, out: &mut Vec<(String, &'v Val)>, depth: u32) {
        if depth > 64 {
            return;
        }
        match &self.data {
            Data::Map(entries) => {
                for (key, value) in entries {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    value.collect(&path, out, depth + 1);
                }
                if !self.refs.is_empty() {
                    out.push((path.to_owned(), self));
                }
            }
            Data::List(items) => {
                items.iter().for_each(|item| item.collect(path, out, depth + 1));
                if !self.refs.is_empty() {
                    out.push((path.to_owned(), self));
                }
            }
            Data::Absent => {}
            _ => out.push((path.to_owned(), self)),
        }
    }
}

/// A name without case, underscores and dashes, so that `MultiAZ` is `multi_az`.
pub(crate) fn plain(name: &str) -> String {
    letters(name).collect()
}

/// The letters by which names are compared, whatever their case and the lines between words.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase)
}
