//! Reading the small tables under `data/`: rows of CSV with a header, and the words they share.

use std::fmt;

/// How far a fact of the catalog may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// General knowledge with no source beside it; never decides a verdict.
    Assumed,
    /// One weak source, such as a press list.
    Low,
    /// A third party says so, or a list compiled from the provider's own words.
    Medium,
    /// The provider itself documents it.
    High,
}

impl Confidence {
    /// Parses `high`, `medium`, `low` or `assumed`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            "assumed" => Self::Assumed,
            _ => return None,
        })
    }

    /// The word used in data files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of a data file that does not say what its table needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to read `{file}`, line {line}: {message}")]
pub struct TableError {
    /// The data file, as named by whoever gave it.
    pub file: String,
    /// The line of the row, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// One row of a CSV table, read by column name.
pub(super) struct Row<'a> {
    pub(super) file: &'a str,
    pub(super) line: u64,
    /// The names of the columns, few enough to be compared one after the other.
    columns: &'a [Box<str>],
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    /// The cell, empty when the column is absent.
    pub(super) fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|name| **name == *column);
        at.and_then(|at| self.record.get(at)).unwrap_or("").trim()
    }

    /// The cell, which must not be empty.
    pub(super) fn need(&self, column: &str) -> Result<&str, TableError> {
        match self.get(column) {
            "" => Err(self.error(format!("column `{column}` is empty"))),
            text => Ok(text),
        }
    }

    /// The cell, or none when it is empty.
    pub(super) fn text(&self, column: &str) -> Option<Box<str>> {
        Some(self.get(column)).filter(|t| !t.is_empty()).map(Into::into)
    }

    /// The column `confidence`, `missing` when it is empty.
    pub(super) fn confidence(&self, missing: Confidence) -> Result<Confidence, TableError> {
        match self.get("confidence") {
            "" => Ok(missing),
            word => Confidence::parse(word).ok_or_else(|| {
                self.error(format!("`{word}` is no confidence; write high, medium, low or assumed"))
            }),
        }
    }

    pub(super) fn error(&self, message: String) -> TableError {
        TableError { file: self.file.to_owned(), line: self.line, message }
    }
}

/// Calls `each` for every row of `text`; lines that begin with `#` are comments.
pub(super) fn rows(
    file: &str,
    text: &str,
    mut each: impl FnMut(&Row<'_>) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(text.as_bytes());
    let bad = |e: csv::Error| TableError {
        file: file.to_owned(),
        line: e.position().map_or(0, csv::Position::line),
        message: e.to_string(),
    };
    let columns: Vec<Box<str>> =
        reader.headers().map_err(bad)?.iter().map(|name| name.trim().into()).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(bad)? {
        let line = record.position().map_or(0, csv::Position::line);
        each(&Row { file, line, columns: &columns, record: &record })?;
    }
    Ok(())
}

/// A data file: its name and its text.
#[derive(Debug, Clone)]
pub(super) struct DataFile {
    pub(super) name: Box<str>,
    pub(super) text: Box<str>,
}
