//! Whether the tables are fit to ship: read, sourced, free of dangling ids, within their budget.

use super::embedded;
use super::lookup::Catalog;

/// One table, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// The file under `data/`.
    pub file: &'static str,
    /// The bytes it takes in the program.
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
        let tables: Vec<_> = embedded::sizes().map(|(file, bytes)| TableSummary { file, bytes }).collect();
        let bytes = tables.iter().map(|t| t.bytes).sum();
        let mut problems = Vec::new();
        if let Err(e) = Self::default().load() {
            problems.push(e.to_string());
        }
        if BUDGET_BYTES < bytes {
            problems.push(format!("{bytes} bytes of data, {BUDGET_BYTES} allowed"));
        }
        CheckReport { tables, bytes, problems }
    }
}
