//! Whether the tables are fit to ship: read, sourced, free of dangling ids, within their budget.

use super::embedded;
use super::lookup::Catalog;

/// One table, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// The file under `data/`.
    pub file: &'static str,
    /// Its size in bytes.
    pub bytes: usize,
}

/// What `linchpin catalog check` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// The tables, in the order of reading.
    pub tables: Vec<TableSummary>,
    /// Bytes of all embedded data.
    pub bytes: usize,
    /// What is wrong, empty when everything is well.
    pub problems: Vec<String>,
}

/// The most bytes that all embedded data may take.
const BUDGET_BYTES: usize = 600 * 1024;

impl Catalog {
    /// Checks every table.
    pub fn check(&self) -> CheckReport {
        let tables =
            embedded::all().iter().map(|(file, text)| TableSummary { file, bytes: text.len() }).collect();
        let mut problems = Vec::new();
        if let Err(e) = Self::default().load() {
            problems.push(e.to_string());
        }
        if BUDGET_BYTES < embedded::bytes() {
            problems.push(format!("{} bytes of data, {BUDGET_BYTES} allowed", embedded::bytes()));
        }
        CheckReport { tables, bytes: embedded::bytes(), problems }
    }
}
