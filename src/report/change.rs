//! What changed against a baseline, in Markdown: the comment of a pull request, found again by its marker.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::news::{News, arrival, count, forgotten, growth, path_names};
use super::place;
use super::text::{markdown, markdown_code, mermaid};
use crate::judge::{Comparison, Finding, FindingLevel, Status, Verdict};
use crate::model::{Evidence, Id};
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
    let news = News::of(outcome, comparison);
    writeln!(out, "{MARKER}")?;
    head(outcome, comparison, &news, out)?;
    graver(outcome, &news.new, limit, out)?;
    lesser(&news.new, limit, out)?;
    picture(outcome, &news.new, out)?;
    grown(&news.grown, limit, out)?;
    arrivals(outcome, comparison, limit, out)?;
    not_judged(outcome, comparison, limit, out)?;
    gone(comparison, limit, out)?;
    shifts(comparison, limit, out)?;
    carried(comparison, limit, out)?;
    accept(news.new.first().or(news.grown.first()).copied(), out)
}

fn head(outcome: &Outcome, comparison: &Comparison, news: &News<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# linchpin: {}\n", news.headline())?;
    writeln!(
        out,
        "{} compared with {}: {} known before, {} gone.\n",
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

/// The new errors, each with all that is needed to believe it and to end it.
fn graver(outcome: &Outcome, new: &[&Finding], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let errors: Vec<&&Finding> = new.iter().filter(|one| one.level == FindingLevel::Error).collect();
    for finding in errors.iter().take(limit) {
        writeln!(out, "### {}\n", markdown(&finding.message))?;
        if let Some(Evidence::File { location, text }) = finding.evidence.first() {
            let at = format!("{}:{}", location.path, location.line);
            writeln!(out, "- **At** {}: {}", markdown_code(&at), markdown_code(text.trim()))?;
        }
        if let Some(because) = &finding.because {
            writeln!(out, "- **Why** {}", markdown(because))?;
        }
        if let Some(path) = path_names(outcome, &finding.path) {
            writeln!(out, "- **Path** {}", markdown_code(&path))?;
        }
        if let Some(fix) = &finding.fix {
            writeln!(out, "- **Fix** {}", markdown(&fix.summary))?;
        }
        writeln!(out, "- **Rule** `{}`, fingerprint `{}`\n", finding.rule, finding.fingerprint)?;
    }
    if errors.len() <= limit { Ok(()) } else { more(errors.len(), limit, out) }
}

/// The new warnings and notes, a line each.
fn lesser(new: &[&Finding], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let is_lesser = |one: &&&Finding| one.level != FindingLevel::Error && one.verdict == Verdict::AtRisk;
    let lesser: Vec<&&Finding> = new.iter().filter(is_lesser).collect();
    if lesser.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Warnings and notes\n\n| level | what | why | where |\n|---|---|---|---|")?;
    for finding in lesser.iter().take(limit) {
        writeln!(
            out,
            "| {} | `{}`: {} | {} | {} |",
            finding.level.word(),
            finding.rule,
            markdown(&finding.message),
            markdown(finding.because.as_deref().unwrap_or_default()),
            place(&finding.evidence).map_or(String::new(), |place| markdown_code(&place))
        )?;
    }
    more(lesser.len(), limit, out)
}

/// What was known, and on which more services depend now.
fn grown(grown: &[&Finding], limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if grown.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Known before, with more services under it now\n")?;
    for finding in grown.iter().take(limit) {
        writeln!(
            out,
            "- {} `{}` {}: {}",
            finding.level.word(),
            finding.rule,
            markdown_code(finding.element.as_str()),
            markdown(growth(finding))
        )?;
    }
    more(grown.len(), limit, out)
}

fn arrivals(outcome: &Outcome, comparison: &Comparison, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if comparison.arrivals.is_empty() {
        return Ok(());
    }
    writeln!(out, "## New providers\n")?;
    for one in comparison.arrivals.iter().take(limit) {
        writeln!(out, "- {}", markdown(&arrival(outcome, one)))?;
    }
    more(comparison.arrivals.len(), limit, out)
}

fn accept(finding: Option<&Finding>, out: &mut dyn Write) -> io::Result<()> {
    let Some(finding) = finding else { return Ok(()) };
    writeln!(
        out,
        "<sub>`linchpin explain {}` says what a rule means. To accept a risk for a time: `linchpin waive {} --reason \
         WHY --owner WHO --until YYYY-MM-DD`</sub>",
        finding.rule, finding.fingerprint
    )
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
    let unread = comparison.unread.iter().map(|problem| {
        let at = format!("{}:{}", problem.location.path, problem.location.line);
        format!("{} can no longer be read: {}", markdown_code(&at), markdown(&problem.message))
    });
    let hidden = comparison.hidden.iter().map(|known| {
        let element = markdown_code(known.element.as_str());
        format!("{} {element} may be there still, in what can no longer be read", markdown_code(&known.rule))
    });
    let lost = comparison.forgotten.iter().map(|one| markdown(&forgotten(one)));
    let is_unknown = |one: &&Finding| one.status == Status::Open && one.verdict == Verdict::NotKnown;
    let unknown = outcome.findings.iter().filter(is_unknown).map(|finding| {
        let why = finding.because.as_deref().unwrap_or_default();
        format!("`{}`: {} ({})", finding.rule, markdown(&finding.message), markdown(why))
    });
    let not_compared = comparison.not_compared.iter().map(|why| markdown(why));
    let lines: Vec<String> = unread.chain(hidden).chain(lost).chain(unknown).chain(not_compared).collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Not judged in what changed\n")?;
    for line in lines.iter().take(limit) {
        writeln!(out, "- {line}")?;
    }
    more(lines.len(), limit, out)
}

fn more(total: usize, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if limit < total {
        writeln!(out, "\nand {} more", total - limit)?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{self, compared};
    use crate::report::tests::written;

    #[test]
    fn the_comment_says_what_changed() {
        let text = written("markdown", &compared(sample::shop()), &Default::default());
        let json = written("json", &compared(sample::shop()), &Default::default());
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["comparison"]["carried"][0]["now"], "a:y");
        let schema: serde_json::Value = serde_json::from_str(crate::report::JSON_SCHEMA).expect("JSON");
        assert!(jsonschema::is_valid(&schema, &json));
        for part in [
            "<!-- linchpin:check -->\n# linchpin: 1 new error, 1 new warning, 1 known risk under more services\n",
            "shop compared with `main shop`: 1 finding known before, 1 gone.",
            "- **At** `infra/main.tf:12`: `multi_az = false`",
            "- **Why** new, since `x` at a.tf&#58;3",
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
            assert!([0, 5].contains(&cells), "{line}");
            assert!(!line.trim_start().starts_with("<script"), "{line}");
        }
    }
}
