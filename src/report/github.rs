//! Annotations of GitHub Actions: workflow commands on standard output.

use std::io::{self, Write};

use super::text::terminal;
use super::{Length, Options, Report, Summary};
use crate::judge::{Finding, FindingLevel, Status};
use crate::model::Evidence;
use crate::scan::Outcome;

/// Annotations of GitHub Actions.
pub(super) struct GitHub;

/// GitHub shows this many annotations of each level for a step.
const SHOWN_BY_LEVEL: usize = 10;

impl Report for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn summary(&self) -> &'static str {
        "annotations of GitHub Actions, the ten gravest of each level"
    }

    fn media(&self) -> &'static str {
        "text/plain"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn Write, options: &Options) -> io::Result<()> {
        let limit = if options.length == Length::All { usize::MAX } else { SHOWN_BY_LEVEL };
        for level in [FindingLevel::Error, FindingLevel::Warning, FindingLevel::Note] {
            let open = outcome.findings.iter().filter(|found| found.status == Status::Open);
            for finding in open.filter(|found| found.level == level).take(limit) {
                annotation(finding, out)?;
            }
        }
        let counts = Summary::of(outcome);
        writeln!(
            out,
            "linchpin: {} errors, {} warnings, {} notes; {} unmitigated single points of failure",
            counts.errors, counts.warnings, counts.notes, counts.unmitigated
        )
    }
}

fn annotation(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let command = match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning => "warning",
        FindingLevel::Note => "notice",
    };
    write!(out, "::{command} ")?;
    let place =
        finding.evidence.iter().filter_map(Evidence::location).find(|at| !at.path.starts_with("catalog:"));
    if let Some(at) = place {
        write!(out, "file={},line={},col={},", property(&at.path), at.line, at.column)?;
    }
    let because = finding.because.as_ref().map_or_else(String::new, |because| format!("; {because}"));
    let text = format!("{} ({} services lost){because}", finding.message, finding.blast_radius.services);
    writeln!(out, "title={}::{}", property(finding.rule), data(&text))
}

fn data(text: &str) -> String {
    terminal(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn an_annotation_has_its_place() {
        let text = written("github", &sample::shop(), &Default::default());
        let first = text.lines().next();
        assert_eq!(
            first,
            Some(
                "::error file=infra/main.tf,line=12,col=1,title=single-zone::`provider:aws/eu-west-1a` takes \
                 everything down (2 services lost)"
            )
        );
        assert_eq!(text.lines().count(), 5);
    }

    #[test]
    fn a_name_starts_no_command_of_its_own() {
        let text = written("github", &sample::hostile(), &Default::default());
        for line in text.lines() {
            let is_ours =
                ["::error file=", "::warning file=", "linchpin: "].iter().any(|it| line.starts_with(it));
            assert!(is_ours, "{line}");
        }
    }
}
