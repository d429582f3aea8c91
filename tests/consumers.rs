//! Reports for programs, read back by those programs' own libraries: SARIF by the official schema and by serde-sarif,
//! JUnit by quick-junit.

use std::path::{Path, PathBuf};
use std::process::Command;

use linchpin::gate::{Against, check};
use linchpin::judge::{FindingLevel, Status};
use linchpin::report;
use linchpin::scan::{Outcome, Request, scan};
use quick_junit::{Report as JUnit, TestCaseStatus};
use serde_json::Value;
use serde_sarif::sarif::Sarif;

/// Estates with open, mitigated and waived findings, odd input, and names of all kinds.
const ESTATES: &[&str] = &[
    "estates/fragile",
    "estates/resilient",
    "estates/shop",
    "rules/single-instance/fires",
    "rules/expired-waiver/quiet",
    "rules/expired-mitigation/quiet",
    "rules/unresolved-reference/fires",
];

fn request(estate: &str) -> Request {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(estate);
    Request::new([folder], jiff::civil::date(2026, 11, 22))
}

/// Every estate as a scan, and as a check against a scan of another one.
fn outcomes() -> Vec<(String, Outcome)> {
    let before = scan(&request("estates/resilient")).expect("judged");
    let saved = written("json", &before);
    let snapshot = report::snapshot(&saved).expect("it was saved a moment ago");
    let against = Against::Saved { name: "before.json".into(), snapshot: Box::new(snapshot) };
    let mut outcomes = Vec::new();
    for estate in ESTATES {
        let request = request(estate);
        outcomes.push(((*estate).to_owned(), scan(&request).expect("judged")));
        outcomes.push((format!("{estate} against another"), check(&request, &against).expect("judged")));
    }
    outcomes
}

fn written(name: &str, outcome: &Outcome) -> String {
    let mut out = Vec::new();
    let report = report::report(name).expect("a report");
    report.write(outcome, &mut out, &report::Options::default()).expect("memory takes all");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// The schema of OASIS, as the sources of serde-sarif carry it.
fn sarif_schema() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let carrier = packages.iter().find(|one| one["name"] == "serde-sarif").expect("a dependency of tests");
    let manifest = PathBuf::from(carrier["manifest_path"].as_str().expect("a path"));
    let schema = manifest.parent().expect("a folder").join("src/schema.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(schema).expect("a file")).expect("JSON");
    assert!(schema["$id"].as_str().expect("an id").ends_with("/sarif-schema-2.1.0.json"));
    schema
}

#[test]
fn sarif_passes_the_official_schema() {
    let validator = jsonschema::validator_for(&sarif_schema()).expect("a schema");
    for (name, outcome) in outcomes() {
        let log: Value = serde_json::from_str(&written("sarif", &outcome)).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path)).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn another_library_reads_the_same_from_sarif() {
    let mut states = Vec::new();
    for (name, outcome) in outcomes() {
        let log: Sarif = serde_json::from_str(&written("sarif", &outcome)).expect("SARIF");
        let results = log.runs[0].results.as_ref().expect("results");
        assert_eq!(results.len(), outcome.findings.len(), "{name}");
        let suppressed =
            results.iter().filter(|one| one.suppressions.as_ref().is_some_and(|all| !all.is_empty()));
        let answered = outcome
            .findings
            .iter()
            .filter(|one| matches!(one.status, Status::Mitigated | Status::Waived))
            .count();
        assert_eq!(suppressed.count(), answered, "{name}");
        for (result, finding) in results.iter().zip(&outcome.findings) {
            assert_eq!(result.rule_id.as_deref(), Some(finding.rule), "{name}");
            let steps = result.code_flows.as_ref().map(|flows| flows[0].thread_flows[0].locations.len());
            let path = finding.path.len();
            assert_eq!(steps, (1 < path).then_some(path), "{name}: {}", finding.message);
            states.extend(result.baseline_state.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    for state in ["new", "unchanged"] {
        assert!(states.iter().any(|other| other == state), "{state} in {states:?}");
    }
}

#[test]
fn another_library_reads_the_same_from_junit() {
    for (name, outcome) in outcomes() {
        let text = written("junit", &outcome);
        let read =
            JUnit::deserialize_from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let cases: Vec<_> = read.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
        let failed = cases.iter().filter(|case| matches!(case.status, TestCaseStatus::NonSuccess { .. }));
        let skipped = cases.iter().filter(|case| matches!(case.status, TestCaseStatus::Skipped { .. }));
        let errors = outcome
            .findings
            .iter()
            .filter(|one| one.status == Status::Open && one.level == FindingLevel::Error)
            .count();
        let answered = outcome.findings.iter().filter(|one| one.status != Status::Open).count();
        assert_eq!((failed.count(), skipped.count()), (errors, answered), "{name}");
        assert_eq!((read.tests, read.failures), (cases.len(), errors), "{name}");
    }
}
