//! JUnit XML, for CI systems that show tests: a case for each rule and finding.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::xml;
use super::{Options, Report, place};
use crate::judge::{Finding, FindingLevel, RULES, Status};
use crate::scan::Outcome;

/// JUnit XML.
pub(super) struct JUnit;

impl Report for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn summary(&self) -> &'static str {
        "JUnit XML: errors are failures, warnings and notes are passed with their text"
    }

    fn media(&self) -> &'static str {
        "application/xml"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn Write, _: &Options) -> io::Result<()> {
        let mut by_rule: BTreeMap<&str, Vec<&Finding>> =
            RULES.iter().map(|rule| (rule.id(), Vec::new())).collect();
        for finding in &outcome.findings {
            by_rule.entry(finding.rule).or_default().push(finding);
        }
        let cases: usize = by_rule.values().map(|findings| findings.len().max(1)).sum();
        let failures = outcome.findings.iter().filter(|finding| is_failure(finding)).count();
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<testsuites name=\"linchpin\" tests=\"{cases}\" failures=\"{failures}\">")?;
        for (rule, findings) in by_rule {
            suite(rule, &findings, out)?;
        }
        writeln!(out, "</testsuites>")
    }
}

fn suite(rule: &str, findings: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    let failures = findings.iter().filter(|finding| is_failure(finding)).count();
    let skipped = findings.iter().filter(|finding| finding.status != Status::Open).count();
    writeln!(
        out,
        "  <testsuite name=\"{rule}\" tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\">",
        findings.len().max(1)
    )?;
    if findings.is_empty() {
        writeln!(out, "    <testcase classname=\"{rule}\" name=\"nothing found\"/>")?;
    }
    for finding in findings {
        case(finding, out)?;
    }
    writeln!(out, "  </testsuite>")
}

fn case(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let place = place(&finding.evidence).unwrap_or_default();
    let text = xml(&format!("{}: {} ({place})", finding.level.word(), finding.message));
    writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\">",
        finding.rule,
        xml(finding.element.as_str())
    )?;
    if is_failure(finding) {
        writeln!(out, "      <failure type=\"{}\" message=\"{text}\"/>", finding.rule)?;
    } else if finding.status == Status::Open {
        writeln!(out, "      <system-out>{text}</system-out>")?;
    } else {
        writeln!(out, "      <skipped message=\"{}: {text}\"/>", finding.status.word())?;
    }
    writeln!(out, "    </testcase>")
}

fn is_failure(finding: &Finding) -> bool {
    finding.status == Status::Open && finding.level == FindingLevel::Error
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::report::sample;
    use crate::report::tests::written;

    fn count(text: &str, element: &[u8]) -> usize {
        let mut reader = Reader::from_str(text);
        let mut found = 0;
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(start) | Event::Empty(start) => {
                    found += usize::from(start.name().as_ref() == element);
                }
                Event::Eof => return found,
                _ => {}
            }
        }
    }

    #[test]
    fn errors_fail_and_answered_findings_are_skipped() {
        let mut outcome = sample::shop();
        outcome.findings[1].status = Status::Waived;
        let text = written("junit", &outcome, &Default::default());
        assert_eq!(
            (count(&text, b"failure"), count(&text, b"skipped"), count(&text, b"system-out")),
            (1, 1, 2)
        );
        assert!(text.contains("failures=\"1\""), "{text}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let text = written("junit", &sample::hostile(), &Default::default());
        assert_eq!(count(&text, b"script"), 0);
        assert_eq!(count(&text, b"failure"), 2);
    }
}
