//! Odd input: reading goes on, the problem is shown with file and line.

use std::collections::BTreeSet;

use super::Location;

/// How bad odd input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something could not be read at all.
    Error,
    /// Something was read in part.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One piece of odd input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// Where.
    pub location: Location,
    /// How bad.
    pub severity: Severity,
    /// What, in a sentence without a full stop that names the thing in backticks.
    pub message: String,
}

/// Collects problems, each once.
///
/// Readers add one function per kind of problem in an extension of their own, so that a search for the
/// function finds every site.
#[derive(Clone, Debug, Default)]
pub struct Problems(BTreeSet<Problem>);

impl Problems {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem that kept something from being read at all.
    pub fn error(&mut self, location: Location, message: impl Into<String>) {
        self.add(Severity::Error, location, message);
    }

    /// Adds a problem that left something read in part.
    pub fn warning(&mut self, location: Location, message: impl Into<String>) {
        self.add(Severity::Warning, location, message);
    }

    /// Adds something worth knowing.
    pub fn note(&mut self, location: Location, message: impl Into<String>) {
        self.add(Severity::Note, location, message);
    }

    /// Takes over the problems of another collection.
    pub fn extend(&mut self, others: Problems) {
        self.0.extend(others.0);
    }

    /// The problems in order of place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, severity: Severity, location: Location, message: impl Into<String>) {
        self.0.insert(Problem { location, severity, message: message.into() });
    }
}
