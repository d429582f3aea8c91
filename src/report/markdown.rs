//! The report in Markdown, for pull requests, wikis and step summaries.

use std::io::{self, Write};

use super::summary::{is_unmitigated, unmitigated};
use super::text::{markdown, markdown_code};
use super::{Length, Options, Report, Summary, change, place};
use crate::analyze::{Concentration, Dimension};
use crate::judge::{Finding, Status};
use crate::scan::Outcome;
use crate::source::Severity;

/// The report in Markdown.
pub(super) struct Markdown;

const ROWS_ON_SCREEN: usize = 20;

impl Report for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn summary(&self) -> &'static str {
        "for pull requests, wikis and step summaries"
    }

    fn media(&self) -> &'static str {
        "text/markdown"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn Write, options: &Options) -> io::Result<()> {
        let limit = if options.length == Length::All { usize::MAX } else { ROWS_ON_SCREEN };
        if let Some(comparison) = &outcome.comparison {
            return change::write(outcome, comparison, limit, out);
        }
        head(outcome, out)?;
        let single: Vec<_> = unmitigated(outcome).collect();
        findings("Unmitigated single points of failure", &single, limit, out)?;
        let open = |found: &&Finding| found.status == Status::Open && !is_unmitigated(found);
        let others: Vec<_> = outcome.findings.iter().filter(open).collect();
        findings("Other findings", &others, limit, out)?;
        let answered: Vec<_> = outcome.findings.iter().filter(|found| found.status != Status::Open).collect();
        findings("Mitigated, waived or in the baseline", &answered, limit, out)?;
        for dimension in [Dimension::Provider, Dimension::UltimateProvider, Dimension::Region] {
            let all = outcome.analysis.concentration.iter();
            let one = all.filter(|one| one.category.is_none()).find(|one| one.dimension == dimension);
            one.map_or(Ok(()), |one| concentration(one, limit, out))?;
        }
        not_known(outcome, limit, out)
    }
}

fn head(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let counts = Summary::of(outcome);
    writeln!(out, "# linchpin: {}\n", markdown(&outcome.organization))?;
    writeln!(
        out,
        "{} services, {} components, {} providers from {} files. **{} unmitigated single points of failure.**\n",
        counts.services,
        counts.components,
        counts.providers,
        outcome.files.len(),
        counts.unmitigated
    )?;
    let chosen = outcome.estate.environments.iter().filter(|environment| environment.chosen);
    let names: Vec<String> = chosen.map(|environment| markdown_code(&environment.name)).collect();
    if names.is_empty() { Ok(()) } else { writeln!(out, "Environment: {}\n", names.join(", ")) }
}

fn findings(title: &str, findings: &[&Finding], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    writeln!(out, "| level | lost | element | what | where |\n|---|---:|---|---|---|")?;
    for finding in findings.iter().take(limit) {
        let status = if finding.status == Status::Open { "" } else { finding.status.word() };
        writeln!(
            out,
            "| {} {} | {} | {} | `{}`: {} | {} |",
            finding.level.word(),
            status,
            finding.blast_radius.services,
            markdown_code(finding.element.as_str()),
            finding.rule,
            markdown(&finding.message),
            place(&finding.evidence).map_or(String::new(), |place| markdown_code(&place))
        )?;
    }
    more(findings.len(), limit, out)
}

fn concentration(one: &Concentration, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Concentration by {}\n", one.dimension.word())?;
    writeln!(
        out,
        "HHI {:.3} on 0 to 1 ({:.0} on 0 to 10000), as concentrated as {:.1} equal ones.\n",
        one.hhi,
        one.hhi * 10_000.0,
        one.effective_number
    )?;
    writeln!(out, "| | placed | lost with it | with hidden ones |\n|---|---:|---:|---:|")?;
    for share in one.shares.iter().take(limit) {
        let critical = if share.designated_critical.is_some() { " (CTPP)" } else { "" };
        writeln!(
            out,
            "| {}{critical} | {:.1} % | {:.1} % | {:.1} % |",
            markdown_code(share.id.as_str()),
            share.placement_share * 100.0,
            share.loss_share * 100.0,
            share.hidden_loss_share * 100.0
        )?;
    }
    more(one.shares.len(), limit, out)
}

fn not_known(outcome: &Outcome, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let known = &outcome.completeness;
    writeln!(out, "## What is not known\n")?;
    let counts = [
        (known.unresolved_references, "references to what nothing in the input defines"),
        (known.unresolved_names, "names not looked up"),
        (known.unknown_providers, "components of unknown provider"),
        (known.unknown_regions, "components of unknown region"),
        (known.unknown_semantics, "components of unknown redundancy"),
        (known.files_in_part, "files read in part"),
        (known.files_skipped, "files or folders left out"),
        (known.verdicts_not_known, "verdicts not known"),
        (known.lists_in_part, "lists that name some of their members"),
    ];
    for (number, what) in counts.iter().filter(|(number, _)| *number > 0) {
        writeln!(out, "- {number} {what}")?;
    }
    let odd: Vec<_> = outcome.problems.iter().filter(|problem| problem.severity != Severity::Note).collect();
    for problem in odd.iter().take(limit) {
        let at = format!("{}:{}", problem.location.path, problem.location.line);
        writeln!(out, "- {}: {}", markdown_code(&at), markdown(&problem.message))?;
    }
    if odd.len() > limit {
        writeln!(out, "- and {} more problems", odd.len() - limit)?;
    }
    Ok(())
}

fn more(total: usize, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if total > limit {
        writeln!(out, "\nand {} more", total - limit)?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn every_row_of_a_table_has_the_columns_of_its_head() {
        for outcome in [sample::shop(), sample::hostile()] {
            let text = written("markdown", &outcome, &Default::default());
            let mut columns = None;
            for line in text.lines() {
                let cells = line.replace("\\|", "").matches('|').count();
                let expected = if cells == 0 { None } else { Some(*columns.get_or_insert(cells)) };
                assert!(expected.is_none_or(|expected| expected == cells), "{line}\nin\n{text}");
                columns = expected;
            }
        }
    }

    #[test]
    fn it_says_what_matters() {
        let text = written("markdown", &sample::shop(), &Default::default());
        for part in [
            "# linchpin: shop",
            "**3 unmitigated single points of failure.**",
            "| error  | 2 | `provider:aws/eu-west-1a` | `single-zone`: `provider:aws/eu-west-1a` takes",
            "HHI 0.625 on 0 to 1 (6250 on 0 to 10000)",
            "| `provider:aws` | 75.0 % | 100.0 % |",
            "- 2 references to what nothing in the input defines",
            "- `k8s/web.yaml:7`: unknown field `replica`",
        ] {
            assert!(text.contains(part), "`{part}` is missing in\n{text}");
        }
    }
}
