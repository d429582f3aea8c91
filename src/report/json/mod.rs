//! The JSON report: the contract for programs.

mod format;
mod v1;

use std::io;

use serde::Serialize as _;

use super::{Options, Report};
use crate::scan::Outcome;

/// JSON Schema of the report.
pub const SCHEMA: &str = include_str!("../../../docs/report.schema.json");

/// The JSON report: one object, one line for each node, edge and finding.
pub(super) struct Json;

impl Report for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "everything, for programs; `linchpin schema` prints its JSON Schema"
    }

    fn media(&self) -> &'static str {
        "application/json"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut *out, format::Lines::default());
        v1::Document(outcome).serialize(&mut serializer)?;
        out.write_all(b"\n")
    }
}
