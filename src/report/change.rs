//! What changed against a baseline, in Markdown: the comment of a pull request, found again by its marker.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::place;
use super::text::{markdown, markdown_code, mermaid};
use crate::judge::{Comparison, Finding, FindingLevel, Status, Verdict};
use crate::model::Id;
use crate::scan::Outcome;

/// The first line of the comment: whoever updates it in place looks for this.
const MARKER: &str = "<!-- linchpin:check -->";

/// More nodes than this are no small picture.
const MOST_DRAWN: usize = 24;

/// Writes what changed, the gravest first.
pub(super) fn write(
    outcome: &Outcome,
    comparison: &Comparison,
    limit: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let new: Vec<&Finding> = outcome.findings.iter().filter(|one| one.status == Status::Open).collect();
    writeln!(out, "{MARKER}")?;
    head(outcome, comparison, &new, out)?;
    new_findings(&new, limit, out)?;
    picture(outcome, &new, out)?;
    gone(comparison, limit, out)?;
    shifts(comparison, limit, out)?;
    carried(comparison, limit, out)?;
    not_judged(outcome, comparison, limit, out)
}

fn head(outcome: &Outcome, comparison: &Comparison, new: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    let of_level = |level| new.iter().filter(|one| one.level == level).count();
    let (errors, warnings) = (of_level(FindingLevel::Error), of_level(FindingLevel::Warning));
    let verdict = match (errors, warnings, new.len()) {
        (0, 0, 0) => "nothing new".to_owned(),
        (0, 0, notes) => count(notes, "new note"),
        (errors, warnings, _) => {
            format!("{}, {}", count(errors, "new error"), count(warnings, "new warning"))
        }
    };
    writeln!(out, "# linchpin: {verdict}\n")?;
    writeln!(
        out,
        "{} against {}: {} known before, {} gone.\n",
        markdown(&outcome.organization),
        markdown_code(&comparison.against),
        count(comparison.unchanged, "finding"),
        comparison.gone.len()
    )?;
    let chosen = outcome.estate.environments.iter().filter(|one| one.chosen).map(|one| one.name.as_str());
    let all: Vec<String> =
        chosen.chain(comparison.environments.iter().map(String::as_str)).map(markdown_code).collect();
    if all.is_empty() { Ok(()) } else { writeln!(out, "Environments compared: {}\n", all.join(", ")) }
}

fn new_findings(new: &[&Finding], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## New\n\n| level | lost | element | what | why new | where |\n|---|---:|---|---|---|---|"
    )?;
    for finding in new.iter().take(limit) {
        writeln!(
            out,
            "| {} | {} | {} | `{}`: {} | {} | {} |",
            finding.level.word(),
            finding.blast_radius.services,
            markdown_code(finding.element.as_str()),
            finding.rule,
            markdown(&finding.message),
            markdown(finding.because.as_deref().unwrap_or_default()),
            place(&finding.evidence).map_or(String::new(), |place| markdown_code(&place))
        )?;
    }
    more(new.len(), limit, out)?;
    let fixes: BTreeMap<&str, &str> = new
        .iter()
        .take(limit)
        .filter_map(|one| Some((one.element.as_str(), one.fix.as_ref()?.summary.as_str())))
        .collect();
    for (element, fix) in fixes {
        writeln!(out, "- {}: {}", markdown_code(element), markdown(fix))?;
    }
    if let Some(first) = new.first() {
        writeln!(
            out,
            "\nTo accept one for a time: `linchpin waive {} --reason WHY --owner WHO --until YYYY-MM-DD`\n",
            first.fingerprint
        )?;
    }
    Ok(())
}

/// The paths from services to what takes them down.
fn picture(outcome: &Outcome, new: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    let mut numbers: BTreeMap<&Id, usize> = BTreeMap::new();
    let mut order: Vec<&Id> = Vec::new();
    let mut arrows: BTreeSet<(usize, usize)> = BTreeSet::new();
    for finding in new.iter().filter(|one| one.verdict == Verdict::AtRisk && 1 < one.path.len()) {
        let unseen = finding.path.iter().filter(|id| !numbers.contains_key(id)).count();
        if MOST_DRAWN < order.len() + unseen {
            break;
        }
        for id in &finding.path {
            numbers.entry(id).or_insert_with(|| {
                order.push(id);
                order.len() - 1
            });
        }
        arrows.extend(finding.path.windows(2).map(|pair| (numbers[&pair[0]], numbers[&pair[1]])));
    }
    if arrows.is_empty() {
        return Ok(());
    }
    writeln!(out, "```mermaid\nflowchart LR")?;
    for (number, id) in order.iter().enumerate() {
        let name = outcome.estate.node(id).map_or_else(|| id.as_str(), |node| node.name.as_str());
        writeln!(out, "  n{number}[{}]", mermaid(name))?;
    }
    for (from, to) in arrows {
        writeln!(out, "  n{from} --> n{to}")?;
    }
    let elements: BTreeSet<&Id> = new.iter().map(|one| &one.element).collect();
    let marked: Vec<String> = order
        .iter()
        .enumerate()
        .filter(|(_, id)| elements.contains(*id))
        .map(|(number, _)| format!("n{number}"))
        .collect();
    if !marked.is_empty() {
        writeln!(out, "  class {} new", marked.join(","))?;
    }
    writeln!(out, "  classDef new stroke:#c00,stroke-width:3px\n```\n")
}

fn gone(comparison: &Comparison, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if comparison.gone.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Gone\n")?;
    for known in comparison.gone.iter().take(limit) {
        let element = markdown_code(known.element.as_str());
        writeln!(out, "- {element} {}: {}", markdown_code(&known.rule), markdown(&known.message))?;
    }
    more(comparison.gone.len(), limit, out)
}

fn shifts(comparison: &Comparison, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if comparison.shifts.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Concentration\n\n| by | | placed before | placed now |\n|---|---|---:|---:|")?;
    for shift in comparison.shifts.iter().take(limit) {
        writeln!(
            out,
            "| {} | {} | {:.1} % | {:.1} % |",
            markdown(&shift.dimension),
            markdown_code(shift.id.as_str()),
            shift.before * 100.0,
            shift.now * 100.0
        )?;
    }
    more(comparison.shifts.len(), limit, out)
}

fn carried(comparison: &Comparison, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if comparison.carried.is_empty() && comparison.ambiguous.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Renamed or moved\n")?;
    for (before, now) in comparison.carried.iter().take(limit) {
        writeln!(out, "- {} is {} now", markdown_code(before.as_str()), markdown_code(now.as_str()))?;
    }
    let list = |ids: &[Id]| ids.iter().map(|id| markdown_code(id.as_str())).collect::<Vec<_>>().join(", ");
    for open in comparison.ambiguous.iter().take(limit) {
        writeln!(
            out,
            "- which of {} became which of {} is not known: what they hold counts as new",
            list(&open.before),
            list(&open.now)
        )?;
    }
    more(comparison.carried.len().max(comparison.ambiguous.len()), limit, out)
}

/// What could change the verdict.
fn not_judged(
    outcome: &Outcome,
    comparison: &Comparison,
    limit: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_unknown = |one: &&Finding| one.status == Status::Open && one.verdict == Verdict::NotKnown;
    let unknown: Vec<&Finding> = outcome.findings.iter().filter(is_unknown).collect();
    if comparison.unread.is_empty() && comparison.not_compared.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Not judged in what changed\n")?;
    for problem in comparison.unread.iter().take(limit) {
        let at = format!("{}:{}", problem.location.path, problem.location.line);
        writeln!(out, "- {} could not be read: {}", markdown_code(&at), markdown(&problem.message))?;
    }
    for why in comparison.not_compared.iter().take(limit) {
        writeln!(out, "- {}", markdown(why))?;
    }
    for finding in unknown.iter().take(limit) {
        writeln!(out, "- {}: {}", markdown_code(finding.element.as_str()), markdown(&finding.message))?;
    }
    more(comparison.unread.len().max(unknown.len()), limit, out)
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn more(total: usize, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if limit < total {
        writeln!(out, "\nand {} more", total - limit)?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use crate::judge::{Ambiguous, Comparison, Known, Shift, Status};
    use crate::model::Id;
    use crate::report::sample;
    use crate::report::tests::written;
    use crate::scan::Outcome;

    fn compared(mut outcome: Outcome) -> Outcome {
        outcome.findings[1].status = Status::Baseline;
        let gone = Known::of(&outcome.findings[2]);
        outcome.findings[0].because = Some("new, since `x` at a.tf:3".into());
        let name = outcome.organization.clone();
        outcome.comparison = Some(Comparison {
            against: format!("main {name}"),
            new: 3,
            unchanged: 1,
            gone: vec![gone],
            carried: vec![(Id::new("a:x"), Id::new("a:y"))],
            ambiguous: vec![Ambiguous { before: vec![Id::app(&name)], now: vec![Id::app(&name)] }],
            shifts: vec![Shift {
                dimension: "provider".into(),
                id: Id::provider(&name),
                before: 0.5,
                now: 0.75,
            }],
            not_compared: vec![name.clone()],
            environments: vec![name],
            unread: outcome.problems.iter().cloned().collect(),
            ..Comparison::default()
        });
        outcome
    }

    #[test]
    fn the_comment_says_what_changed() {
        let text = written("markdown", &compared(sample::shop()), &Default::default());
        let json = written("json", &compared(sample::shop()), &Default::default());
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["comparison"]["carried"][0]["now"], "a:y");
        let schema: serde_json::Value = serde_json::from_str(crate::report::JSON_SCHEMA).expect("JSON");
        assert!(jsonschema::is_valid(&schema, &json));
        for part in [
            "<!-- linchpin:check -->\n# linchpin: 1 new error, 2 new warnings\n",
            "shop against `main shop`: 1 finding known before, 1 gone.",
            "| new, since `x` at a.tf&#58;3 |",
            "| provider | `provider:shop` | 50.0 % | 75.0 % |",
            "- `a:x` is `a:y` now",
            "flowchart LR",
            "linchpin waive ",
        ] {
            assert!(text.contains(part), "`{part}` is missing in\n{text}");
        }
    }

    #[test]
    fn a_hostile_name_stays_text() {
        let text = written("markdown", &compared(sample::hostile()), &Default::default());
        let fences = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences, 2, "{text}");
        for line in text.lines() {
            let cells = line.replace("\\|", "").matches('|').count();
            assert!([0, 5, 7].contains(&cells), "{line}");
            assert!(!line.trim_start().starts_with("<script"), "{line}");
        }
    }
}
