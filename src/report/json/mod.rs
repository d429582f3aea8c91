//! The JSON report: the contract for programs.

mod fate;
mod format;
mod saved;
mod v1;

use std::io;

use super::{Options, Report};
use crate::scan::Outcome;

pub use saved::{SavedError, snapshot};

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
        write(&v1::Document(outcome), out)
    }
}

/// Writes a value in the layout of the JSON report.
pub(super) fn write(value: &impl serde::Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, format::Lines::default());
    value.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::sample;
    use crate::report::tests::written;
    use crate::scan::Outcome;

    /// The published schema, with every object closed: a field that it does not describe fails the test.
    fn closed_schema() -> jsonschema::Validator {
        fn close(schema: &mut Value) {
            if let Value::Object(map) = schema {
                if map.contains_key("properties") {
                    map.insert("additionalProperties".into(), Value::Bool(false));
                }
                map.values_mut().for_each(close);
            } else if let Value::Array(items) = schema {
                items.iter_mut().for_each(close);
            }
        }
        let mut schema: Value = serde_json::from_str(super::SCHEMA).expect("the schema is JSON");
        close(&mut schema);
        jsonschema::validator_for(&schema).expect("the schema is a schema")
    }

    fn parsed(outcome: &Outcome) -> Value {
        serde_json::from_str(&written("json", outcome, &Default::default())).expect("JSON")
    }

    #[test]
    fn reports_fit_the_published_schema() {
        let schema = closed_schema();
        for outcome in [sample::shop(), sample::hostile(), Outcome::default()] {
            let report = parsed(&outcome);
            let errors: Vec<_> = schema
                .iter_errors(&report)
                .map(|error| format!("{}: {error}", error.instance_path))
                .collect();
            assert_eq!(errors, Vec::<String>::new());
        }
        assert!(!schema.is_valid(&serde_json::json!({ "schema_version": "2" })));
    }

    #[test]
    fn text_survives_the_escapes() {
        let outcome = sample::hostile();
        assert_eq!(parsed(&outcome)["organization"]["name"], Value::String(outcome.organization));
    }

    #[test]
    fn each_node_has_a_line_of_its_own() {
        let text = written("json", &sample::shop(), &Default::default());
        let nodes: Vec<_> = text
            .lines()
            .filter(|line| line.contains("{\"id\": \"app:") && line.contains("\"kind\""))
            .collect();
        assert_eq!(nodes.len(), 2, "{text}");
        assert!(nodes[0].contains("\"kind\": \"service\""));
    }

    #[test]
    fn a_group_lists_its_members() {
        let report = parsed(&sample::shop());
        assert_eq!(
            report["groups"][0]["members"],
            serde_json::json!(["provider:mailgun", "provider:postmark"])
        );
        assert_eq!(report["edges"][2]["group"], "app:web#mail");
        assert_eq!(report["summary"]["unmitigated"], 3);
    }
}
