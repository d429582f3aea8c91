//! SARIF 2.1.0, for code scanning pages and editors.
//!
//! Accepted findings stay in with their suppression; what could not be read is a notification of the tool.

use std::io;

use serde::Serialize;

use super::{Options, Report};
use crate::judge::{Finding, RULES, Rule, Status};
use crate::model::{Evidence, Id};
use crate::scan::Outcome;
use crate::source::Problem;

/// SARIF 2.1.0.
pub(super) struct Sarif;

impl Report for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn summary(&self) -> &'static str {
        "SARIF 2.1.0 for code scanning"
    }

    fn media(&self) -> &'static str {
        "application/sarif+json"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        super::json::write(&Log::of(outcome), out)
    }
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation<'a>; 1],
    results: Vec<Reported<'a>>,
    column_kind: &'static str,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message<'static>,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Message<'a>,
    locations: [Location<'a>; 1],
}

/// What SARIF calls a result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reported<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message<'a>,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow<'a>>,
    partial_fingerprints: Fingerprints<'a>,
    suppressions: Vec<Suppression<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: Artifact,
    region: Region<'a>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region<'a> {
    start_line: u32,
    start_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow<'a> {
    thread_flows: [ThreadFlow<'a>; 1],
}

#[derive(Serialize)]
struct ThreadFlow<'a> {
    locations: Vec<FlowStep<'a>>,
}

#[derive(Serialize)]
struct FlowStep<'a> {
    location: Location<'a>,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "linchpin/v1")]
    linchpin: &'a str,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    element: &'a str,
    services_lost: usize,
    share_lost: f64,
    confidence: &'static str,
    verdict: &'static str,
    status: &'static str,
}

impl<'a> Log<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let odd = outcome.problems.iter().map(Notification::of).collect();
        let driver = Driver {
            name: "linchpin",
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: RULES.iter().map(|rule| Descriptor::of(*rule)).collect(),
        };
        let run = Run {
            tool: Tool { driver },
            invocations: [Invocation { execution_successful: true, tool_execution_notifications: odd }],
            results: outcome.findings.iter().map(|finding| Reported::of(finding, outcome)).collect(),
            column_kind: "unicodeCodePoints",
        };
        Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

impl Descriptor {
    fn of(rule: &'static dyn Rule) -> Self {
        Descriptor {
            id: rule.id(),
            short_description: Message { text: rule.summary().into() },
            help: Help { text: rule.page(), markdown: rule.page() },
            default_configuration: Configuration { level: rule.default_level().word() },
        }
    }
}

impl<'a> Notification<'a> {
    fn of(problem: &'a Problem) -> Self {
        let at = &problem.location;
        let location = Location {
            physical_location: Some(PhysicalLocation {
                artifact_location: Artifact { uri: uri(&at.path) },
                region: Region { start_line: at.line.max(1), start_column: at.column.max(1), snippet: None },
            }),
            logical_locations: Vec::new(),
            message: None,
        };
        Notification {
            level: problem.severity.word(),
            message: Message { text: (&*problem.message).into() },
            locations: [location],
        }
    }
}

impl<'a> Reported<'a> {
    fn of(finding: &'a Finding, outcome: &'a Outcome) -> Self {
        let mut places = finding.evidence.iter().filter_map(Location::at);
        let mut first = places.next().unwrap_or_else(Location::nowhere);
        first.logical_locations.push(LogicalLocation { fully_qualified_name: finding.element.as_str() });
        Reported {
            rule_id: finding.rule,
            rule_index: RULES.iter().position(|rule| rule.id() == finding.rule),
            level: finding.level.word(),
            message: Message { text: message(finding) },
            locations: vec![first],
            related_locations: places.collect(),
            code_flows: CodeFlow::of(&finding.path, outcome).into_iter().collect(),
            partial_fingerprints: Fingerprints { linchpin: &finding.fingerprint },
            suppressions: Suppression::of(finding).into_iter().collect(),
            baseline_state: baseline_state(finding, outcome),
            properties: Properties {
                element: finding.element.as_str(),
                services_lost: finding.blast_radius.services,
                share_lost: finding.blast_radius.share,
                confidence: finding.confidence.word(),
                verdict: finding.verdict.word(),
                status: finding.status.word(),
            },
        }
    }
}

impl<'a> Location<'a> {
    fn at(evidence: &'a Evidence) -> Option<Self> {
        let Evidence::File { location, text } = evidence else { return None };
        if location.path.starts_with("catalog:") {
            return None;
        }
        Some(Location {
            physical_location: Some(PhysicalLocation {
                artifact_location: Artifact { uri: uri(&location.path) },
                region: Region {
                    start_line: location.line.max(1),
                    start_column: location.column.max(1),
                    snippet: Some(Message { text: (&**text).into() }),
                },
            }),
            logical_locations: Vec::new(),
            message: None,
        })
    }

    fn nowhere() -> Self {
        Location { physical_location: None, logical_locations: Vec::new(), message: None }
    }
}

impl<'a> CodeFlow<'a> {
    /// The path from a service to the element, each step with the first place that says so.
    fn of(path: &'a [Id], outcome: &'a Outcome) -> Option<Self> {
        if path.len() < 2 {
            return None;
        }
        let step = |at: usize| {
            let id = &path[at];
            let edge = at
                .checked_sub(1)
                .and_then(|before| outcome.estate.needs(&path[before]).find(|edge| edge.to == *id));
            let of_edge = edge.and_then(|edge| edge.evidence.iter().find_map(Location::at));
            let of_node =
                || outcome.estate.node(id).and_then(|node| node.evidence.iter().find_map(Location::at));
            let mut location = of_edge.or_else(of_node).unwrap_or_else(Location::nowhere);
            location.logical_locations.push(LogicalLocation { fully_qualified_name: id.as_str() });
            location.message = Some(Message { text: id.as_str().into() });
            FlowStep { location }
        };
        Some(CodeFlow { thread_flows: [ThreadFlow { locations: (0..path.len()).map(step).collect() }] })
    }
}

impl<'a> Suppression<'a> {
    fn of(finding: &'a Finding) -> Option<Self> {
        match finding.status {
            Status::Open | Status::Baseline => None,
            Status::Mitigated | Status::Waived => Some(Suppression {
                kind: "external",
                status: "accepted",
                justification: finding.because.as_deref(),
            }),
        }
    }
}

/// Where a finding stands against the baseline; nothing where there was none.
fn baseline_state(finding: &Finding, outcome: &Outcome) -> Option<&'static str> {
    match finding.status {
        Status::Baseline => Some("unchanged"),
        _ if outcome.comparison.is_none() => None,
        Status::Open => Some("new"),
        // What a mitigation or waiver answers is accepted, whenever it came.
        Status::Mitigated | Status::Waived => Some("unchanged"),
    }
}

fn message(finding: &Finding) -> std::borrow::Cow<'_, str> {
    // Brackets would be links in SARIF's messages.
    let text = finding.message.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    text.into()
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::sample;
    use crate::report::tests::written;

    fn parsed(outcome: &Outcome) -> Value {
        serde_json::from_str(&written("sarif", outcome, &Default::default())).expect("JSON")
    }

    #[test]
    fn a_finding_has_its_rule_place_and_path() {
        let report = parsed(&sample::shop());
        let result = &report["runs"][0]["results"][1];
        assert_eq!(result["ruleId"], "single-instance");
        let index = result["ruleIndex"].as_u64().expect("an index");
        assert_eq!(report["runs"][0]["tool"]["driver"]["rules"][index as usize]["id"], "single-instance");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "infra/main.tf");
        assert_eq!(place["region"]["startLine"], 12);
        let flow = &result["codeFlows"][0]["threadFlows"][0]["locations"];
        assert_eq!(flow[1]["location"]["physicalLocation"]["artifactLocation"]["uri"], "k8s/web.yaml");
        assert_eq!(flow[1]["location"]["physicalLocation"]["region"]["startLine"], 20);
        assert_eq!(result["suppressions"], json!([]));
    }

    #[test]
    fn accepted_findings_stay_with_their_suppression() {
        let mut outcome = sample::shop();
        outcome.findings[0].status = Status::Waived;
        outcome.findings[0].because = Some("accepted until 2027".into());
        let report = parsed(&outcome);
        let suppression = &report["runs"][0]["results"][0]["suppressions"][0];
        assert_eq!(suppression["justification"], "accepted until 2027");
        assert_eq!(report["runs"][0]["results"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ä#?.tf"), "a%20b/%C3%A4%23%3F.tf");
    }
}
