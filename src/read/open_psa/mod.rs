//! Open-PSA models (MEF, XML): fault trees with their events' probabilities.
//!
//! Read: fault trees with components and scoping, gates with nested formulas, basic and house events, parameters,
//! expressions as far as they have a point value (a distribution counts with its mean), several files, `include`.
//! Event trees and alignments are left out with a note; a model with substitutions, which change its cut sets, is refused;
//! entities are never expanded.

mod definitions;
mod document;
mod expression;
mod formulas;
mod include;
mod model;

#[cfg(test)]
mod tests;

use crate::source::{Problems, Severity, SourceFile};

use definitions::Definitions;
use document::Document;
use formulas::Resolver;

pub use model::{Argument, BasicEvent, Connective, Gate, Model};

/// What reading depends on beside the files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What `system-mission-time` stands for, in hours; a year unless the caller says otherwise.
    pub mission_hours: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { mission_hours: 8_760.0 }
    }
}

/// Reads a model from files. `include` finds a file that another includes; it says in words why it cannot.
///
/// The model is `None` when a problem of severity error was raised: a model in part would be another model.
pub fn read(
    files: Vec<SourceFile>,
    settings: Settings,
    include: &mut dyn FnMut(&SourceFile, &str) -> Result<SourceFile, String>,
) -> (Option<Model>, Problems) {
    let mut problems = Problems::new();
    let files = include::with_included(files, include, &mut problems);
    let documents: Vec<Document<'_>> =
        files.iter().filter_map(|file| Document::parse(file, &mut problems)).collect();
    let mut definitions = Definitions::default();
    for document in &documents {
        definitions.collect(document, &mut problems);
    }
    let model = Resolver::new(&definitions, settings, &mut problems).model();
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    ((!failed).then_some(model), problems)
}
