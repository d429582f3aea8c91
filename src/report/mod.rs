//! Reports: one outcome, written for people or for programs.
//!
//! A report is one file and one line in [`REPORTS`]; help, `--format` and the tests walk the table. Nothing
//! from a manifest is written without passing [`text`].

pub mod explanation;
mod json;
mod summary;
mod table;
pub mod text;

use std::io;

use crate::scan::Outcome;

pub use json::SCHEMA as JSON_SCHEMA;
pub use summary::Summary;

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
pub static REPORTS: &[&dyn Report] = &[&table::Table, &json::Json];

/// The report of a name.
pub fn report(name: &str) -> Option<&'static dyn Report> {
    REPORTS.iter().copied().find(|report| report.name() == name)
}
