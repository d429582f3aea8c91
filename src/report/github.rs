//! Annotations of GitHub Actions: workflow commands on standard output.

use std::io::{self, Write};

use super::news::count;
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
            "linchpin: {}, {}, {}; {} of them unmitigated single points of failure",
            count(counts.errors, "error"),
            count(counts.warnings, "warning"),
            count(counts.notes, "note"),
            counts.unmitigated
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
    let mut text = data(&finding.message);
    for (label, said) in
        [("Why", &finding.because), ("Fix", &finding.fix.as_ref().map(|fix| fix.summary.clone()))]
    {
        if let Some(said) = said {
            // A line break of our own, which GitHub shows as one.
            text.push_str(&format!("%0A{label}: {}", data(said)));
        }
    }
    writeln!(out, "title=linchpin%3A {}::{text}", property(finding.rule))
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
                "::error file=infra/main.tf,line=12,col=1,title=linchpin%3A single-zone::`provider:aws/eu-west-1a` takes \
                 everything down%0AFix: set `multi_az = true`"
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
