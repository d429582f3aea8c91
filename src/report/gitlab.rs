//! GitLab's code quality report.

use std::io;

use serde::Serialize;

use super::{Options, Report};
use crate::judge::{Finding, FindingLevel, Status};
use crate::model::Evidence;
use crate::scan::Outcome;

/// GitLab's code quality report.
pub(super) struct GitLab;

impl Report for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn summary(&self) -> &'static str {
        "GitLab's code quality report, open findings with a place in a file"
    }

    fn media(&self) -> &'static str {
        "application/json"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let open = outcome.findings.iter().filter(|found| found.status == Status::Open);
        let issues: Vec<Issue<'_>> = open.filter_map(Issue::of).collect();
        super::json::write(&issues, out)
    }
}

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

impl<'a> Issue<'a> {
    fn of(finding: &'a Finding) -> Option<Self> {
        let places = finding.evidence.iter().filter_map(Evidence::location);
        let at = places.into_iter().find(|at| !at.path.starts_with("catalog:"))?;
        Some(Issue {
            description: &finding.message,
            check_name: finding.rule,
            fingerprint: &finding.fingerprint,
            severity: match finding.level {
                FindingLevel::Error => "critical",
                FindingLevel::Warning => "minor",
                FindingLevel::Note => "info",
            },
            location: Place { path: &at.path, lines: Lines { begin: at.line } },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn open_findings_are_issues() {
        let text = written("gitlab", &sample::shop(), &Default::default());
        let issues: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(issues.as_array().map(Vec::len), Some(4));
        assert_eq!(issues[0]["location"]["path"], "infra/main.tf");
        assert_eq!(issues[0]["location"]["lines"]["begin"], 12);
        assert_eq!(issues[0]["severity"], "critical");
    }
}
