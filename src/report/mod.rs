//! Reports: one outcome, written for people or for programs.
//!
//! A report is one file and one line in [`REPORTS`]; help, `--format` and the tests walk the table. Nothing
//! from a manifest is written without passing [`text`].

mod change;
mod compared;
mod dot;
pub mod explanation;
mod github;
mod gitlab;
mod graph;
mod graphml;
mod json;
mod junit;
mod markdown;
mod mermaid;
mod news;
pub mod open_psa;
mod page;
mod sarif;
mod summary;
mod svg;
mod table;
pub mod text;
mod view;

use std::io;

use crate::model::Evidence;
use crate::scan::Outcome;

pub use json::{SCHEMA as JSON_SCHEMA, SavedError, snapshot};
pub use summary::Summary;
pub use view::{Collapse, View};

/// A way to write an outcome.
pub trait Report: Sync {
    /// The name used with `--format`.
    fn name(&self) -> &'static str;

    /// What it is for, in one sentence.
    fn summary(&self) -> &'static str;

    /// The media type of what is written.
    fn media(&self) -> &'static str;

    /// Writes the whole outcome.
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, options: &Options) -> io::Result<()>;
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Columns to fit, for reports that people read.
    pub width: usize,
    /// Whether escape sequences for colour may be written.
    pub paint: Paint,
    /// How much of long lists is written, in reports that shorten them.
    pub length: Length,
}

/// Whether escape sequences for colour may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text only.
    Plain,
    /// Escape sequences for bold and colour.
    Colour,
}

/// How much of long lists is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// What fits one screen.
    Screen,
    /// Everything.
    All,
}

impl Default for Options {
    fn default() -> Self {
        Options { width: 80, paint: Paint::Plain, length: Length::Screen }
    }
}

/// All reports; the first is the default.
pub static REPORTS: &[&dyn Report] = &[
    // For people.
    &table::Table,
    &markdown::Markdown,
    // For programs.
    &json::Json,
    &sarif::Sarif,
    &junit::JUnit,
    &github::GitHub,
    &gitlab::GitLab,
    // Graphs.
    &dot::Dot,
    &mermaid::Mermaid,
    &graphml::GraphMl,
    &svg::Svg,
];

/// Where a reader should look: `path:line` in the input, else the record, else the row of the built-in data.
fn place(evidence: &[Evidence]) -> Option<String> {
    let in_catalog = |one: &&Evidence| one.location().is_some_and(|at| at.path.starts_with("catalog:"));
    let first = evidence.iter().find(|one| !in_catalog(one)).or(evidence.first())?;
    match first {
        Evidence::File { location, .. } => Some(format!("{}:{}", location.path, location.line)),
        Evidence::Record { record, name, .. } => Some(format!("{name} {record}")),
    }
}

/// The report of a name.
pub fn report(name: &str) -> Option<&'static dyn Report> {
    REPORTS.iter().copied().find(|report| report.name() == name)
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a report writes.
    pub(super) fn written(name: &str, outcome: &Outcome, options: &Options) -> String {
        let mut out = Vec::new();
        report(name).expect("a report").write(outcome, &mut out, options).expect("memory takes all");
        String::from_utf8(out).expect("reports are UTF-8")
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = REPORTS.iter().map(|report| report.name()).collect();
        assert_eq!(names.len(), REPORTS.len());
    }

    #[test]
    fn no_report_writes_an_unsafe_character() {
        let outcome = sample::hostile();
        for report in REPORTS {
            for length in [Length::Screen, Length::All] {
                let options = Options { length, ..Options::default() };
                let text = written(report.name(), &outcome, &options);
                let unsafe_one = text.chars().find(|c| *c != '\n' && text::is_unsafe(*c));
                assert_eq!(unsafe_one, None, "{}: {text}", report.name());
            }
        }
    }

    #[test]
    fn every_report_takes_an_empty_outcome_and_is_deterministic() {
        for report in REPORTS {
            written(report.name(), &Outcome::default(), &Options::default());
            let twice = [0, 1].map(|_| written(report.name(), &sample::shop(), &Options::default()));
            assert_eq!(twice[0], twice[1], "{}", report.name());
            assert!(!twice[0].is_empty(), "{}", report.name());
        }
    }
}
