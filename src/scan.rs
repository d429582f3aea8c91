//! The order of the stages, written once.

use crate::analyze::Analysis;
use crate::judge::Finding;
use crate::model::Estate;
use crate::source::{Problems, Skipped};

/// Everything a report may show.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Name of the organization, from `linchpin.toml`, else the root folder's name.
    pub organization: String,
    /// The scanned roots as they were given.
    pub roots: Vec<String>,
    /// Files read, in order of path.
    pub files: Vec<FileRead>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// Odd input.
    pub problems: Problems,
    /// The graph.
    pub estate: Estate,
    /// What was computed.
    pub analysis: Analysis,
    /// What was judged: open ones first, by level, blast radius, rule, element.
    pub findings: Vec<Finding>,
    /// What is not known.
    pub completeness: Completeness,
    /// Date of the catalog's data.
    pub data_date: String,
}

/// A file that a format read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileRead {
    /// Path relative to the root.
    pub path: String,
    /// The format's name.
    pub format: &'static str,
    /// Size.
    pub bytes: u64,
}

/// What could not be read, resolved or known, and so might change a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// References to things that nothing in the input defines.
    pub unresolved_references: usize,
    /// Names that were not looked up, or had no answer.
    pub unresolved_names: usize,
    /// Components whose provider is not known.
    pub unknown_providers: usize,
    /// Components whose region should be said and could not be read.
    pub unknown_regions: usize,
    /// Components whose redundancy is not known.
    pub unknown_semantics: usize,
    /// Files left out.
    pub files_skipped: usize,
    /// Files read only in part.
    pub files_in_part: usize,
    /// Findings whose verdict is "not known".
    pub verdicts_not_known: usize,
}

/// What to scan, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folders or files.
    pub roots: Vec<std::path::PathBuf>,
    /// The environment that was asked for.
    pub environment: Option<String>,
    /// Whether test, example and archived folders are read.
    pub include_left_out: bool,
    /// Another `linchpin.toml` than the root's.
    pub config: Option<std::path::PathBuf>,
    /// The day on which mitigations and waivers are judged.
    pub today: jiff::civil::Date,
    /// Larger files are left out, in bytes.
    pub max_file_bytes: u64,
}

/// Why nothing was judged.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is nothing to read.
    #[error("failed to find anything to read")]
    Nothing,
}

/// Runs every stage.
pub fn scan(_: &Request) -> Result<Outcome, ScanError> {
    Err(ScanError::Nothing)
}
