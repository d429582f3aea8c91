//! The report for a terminal: what was read, what single failures cost, what is concentrated, what is not
//! known, and what to run next, on one screen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid, Width, presets};

use super::page::{LABEL_WIDTH, Page};
use super::summary::{is_unmitigated, unmitigated};
use super::text::{fit, terminal};
use super::{Length, Options, Report, Summary, place};
use crate::analyze::{Concentration, Dimension};
use crate::judge::{Finding, FindingLevel, Status};
use crate::model::Id;
use crate::scan::Outcome;
use crate::source::Severity;

/// The report for a terminal.
pub(super) struct Table;

impl Report for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn summary(&self) -> &'static str {
        "one screen for people (the default); `--all` for complete lists"
    }

    fn media(&self) -> &'static str {
        "text/plain"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, options: &Options) -> io::Result<()> {
        let mut page = Page { text: String::new(), options: *options };
        page.read(outcome);
        if let Some(comparison) = &outcome.comparison {
            page.compared(outcome, comparison);
            return out.write_all(page.text.as_bytes());
        }
        page.single_points(outcome);
        page.other_findings(outcome);
        page.concentration(outcome);
        page.not_known(outcome);
        page.next(outcome);
        out.write_all(page.text.as_bytes())
    }
}

const SINGLE_POINTS_ON_SCREEN: usize = 7;
const PROVIDERS_ON_SCREEN: usize = 3;
const REGIONS_ON_SCREEN: usize = 2;

impl Page {
    fn read(&mut self, outcome: &Outcome) {
        let counts = Summary::of(outcome);
        let data = match outcome.data_date.as_str() {
            "" => String::new(),
            date => format!(" (provider data of {date})"),
        };
        self.heading(&format!("{}{data}", outcome.organization));
        self.entry("Read", &files_by_format(outcome));
        let more: Vec<String> = [environments(outcome), left_out(outcome)].into_iter().flatten().collect();
        if !more.is_empty() {
            self.entry("", &more.join("; "));
        }
        let found = format!(
            "{}, {}, {}, {}",
            count(counts.services, "service"),
            count(counts.components, "component"),
            count(counts.providers, "provider"),
            count(outcome.estate.edges.len(), "dependency")
        );
        self.entry("Found", &found);
    }

    fn single_points(&mut self, outcome: &Outcome) {
        let total = unmitigated(outcome).count();
        let errors = unmitigated(outcome).filter(|found| found.level == FindingLevel::Error).count();
        self.blank();
        if total == 0 {
            self.heading("No unmitigated single point of failure was shown");
            return;
        }
        let points = if total == 1 { "point" } else { "points" };
        let severities = match (errors, total - errors) {
            (0, _) => "all warnings".to_owned(),
            (_, 0) => "all errors".to_owned(),
            (errors, others) => format!("{}, {}", count(errors, "error"), count(others, "warning")),
        };
        self.heading(&format!(
            "{total} unmitigated single {points} of failure, the worst first ({severities})"
        ));
        let shown = self.limit(SINGLE_POINTS_ON_SCREEN);
        let services = outcome.estate.services().count();
        let mut rows = self.rows(outcome);
        let hidden: usize = rows.iter().skip(shown).map(|row| row.alike).sum();
        rows.truncate(shown);
        let mut grid = self.grid(&["Lost", "Level", "Element; rule and place"]);
        let room = self.width().saturating_sub(left_columns(&rows, services)).max(12);
        for row in &rows {
            let finding = row.finding;
            grid.add_row([
                lost(finding, services),
                format!("{}\n{}", finding.domain_level.word(), finding.level.word()),
                format!("{}\n{}", fit(&terminal(finding.element.as_str()), room), second_line(row, room)),
            ]);
        }
        self.put(&grid);
        self.more(total, total - hidden);
    }

    /// Findings of one rule on one element, for several groups say, share a row unless all are asked for.
    fn rows<'o>(&self, outcome: &'o Outcome) -> Vec<Row<'o>> {
        let mut rows: Vec<Row<'o>> = Vec::new();
        let mut known: BTreeMap<(&str, &Id), usize> = BTreeMap::new();
        for finding in unmitigated(outcome) {
            let at = known.entry((finding.rule, &finding.element)).or_insert(rows.len());
            match rows.get_mut(*at).filter(|_| self.options.length != Length::All) {
                Some(row) => row.alike += 1,
                None => rows.push(Row { finding, alike: 1 }),
            }
        }
        rows
    }

    fn other_findings(&mut self, outcome: &Outcome) {
        let others =
            || outcome.findings.iter().filter(|found| found.status == Status::Open && !is_unmitigated(found));
        let answered = outcome.findings.iter().filter(|found| found.status != Status::Open).count();
        let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in others() {
            *by_rule.entry(finding.rule).or_default() += 1;
        }
        if by_rule.is_empty() && answered == 0 {
            return;
        }
        let mut rules: Vec<_> = by_rule.into_iter().collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let mut words: Vec<String> = rules.iter().map(|(rule, number)| format!("{number} {rule}")).collect();
        if answered > 0 {
            words.push(format!("{answered} mitigated, waived or in the baseline"));
        }
        self.entry("Also", &words.join(", "));
        if self.options.length == Length::All {
            for finding in others() {
                self.finding_line(finding);
            }
        }
    }

    fn finding_line(&mut self, finding: &Finding) {
        let place = place(&finding.evidence).unwrap_or_default();
        let line = format!(
            "{:<7} {}: {} ({}) {}",
            finding.level.word(),
            finding.rule,
            terminal(&finding.message),
            terminal(finding.element.as_str()),
            terminal(&place)
        );
        self.entry("", &line);
    }

    fn concentration(&mut self, outcome: &Outcome) {
        self.blank();
        let of = |dimension| {
            let all = outcome.analysis.concentration.iter();
            all.filter(|one| one.category.is_none()).find(|one| one.dimension == dimension)
        };
        let shown = [(Dimension::Provider, PROVIDERS_ON_SCREEN), (Dimension::Region, REGIONS_ON_SCREEN)];
        let mut grid = self.grid(&["Concentration", "Placed", "Lost", "Hidden"]);
        for column in grid.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut any = false;
        for (one, limit) in shown.iter().filter_map(|(dimension, limit)| Some((of(*dimension)?, *limit))) {
            any = any || !one.shares.is_empty();
            let limit = self.limit(limit);
            add_shares(&mut grid, one, limit, self.width());
        }
        if any {
            self.put(&grid);
        } else {
            self.heading("No concentration: nothing has a known provider");
        }
    }

    fn not_known(&mut self, outcome: &Outcome) {
        let known = &outcome.completeness;
        let reasons = [
            (known.unresolved_references, "reference", "to what nothing here defines"),
            (known.unresolved_names, "name", "not looked up"),
            (known.unknown_providers, "component", "of unknown provider"),
            (known.unknown_regions, "component", "of unknown region"),
            (known.unknown_semantics, "component", "of unknown redundancy"),
            (known.files_in_part, "file", "read in part"),
            (known.files_skipped, "path", "left out"),
            (known.verdicts_not_known, "verdict", "not known"),
            (known.lists_in_part, "list", "in part"),
        ];
        let words: Vec<String> = reasons
            .iter()
            .filter(|(number, _, _)| *number > 0)
            .map(|(number, noun, what)| format!("{} {what}", count(*number, noun)))
            .chain(unplaced(outcome))
            .collect();
        self.blank();
        let words =
            if words.is_empty() { "nothing that was looked for".to_owned() } else { words.join(", ") };
        self.entry("Not known", &words);
        let odd: Vec<_> =
            outcome.problems.iter().filter(|problem| problem.severity != Severity::Note).collect();
        let shown = self.limit(1);
        for problem in odd.iter().take(shown) {
            let at = &problem.location;
            let line = format!("{}:{}: {}", at.path, at.line, problem.message);
            let line = terminal(&line).into_owned();
            let room = self.width().saturating_sub(LABEL_WIDTH);
            let line = if self.options.length == Length::All { line } else { fit(&line, room).into_owned() };
            self.entry("", &line);
        }
        if odd.len() > shown {
            self.entry("", &format!("… and {} (--all)", count(odd.len() - shown, "more problem")));
        }
    }

    fn next(&mut self, outcome: &Outcome) {
        self.blank();
        let mut commands = Vec::new();
        if let Some(finding) = unmitigated(outcome).next().or(outcome.findings.first()) {
            let element = shell_word(&terminal(finding.element.as_str()));
            commands.push(format!("linchpin explain {element}{}", roots(outcome)));
            commands.push(format!("linchpin explain {}", finding.rule));
        }
        commands.push("linchpin scan --all, --format json (or another; see --help)".to_owned());
        for (at, command) in commands.iter().enumerate() {
            // Commands are to be copied: they are not broken, however narrow the page.
            let label = if at == 0 { "Next" } else { "" };
            self.line(&format!("{label:<LABEL_WIDTH$}{command}"));
        }
    }

    fn grid(&self, header: &[&str]) -> Grid {
        let mut grid = Grid::new();
        let width = u16::try_from(self.width()).unwrap_or(u16::MAX);
        grid.load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width)
            .set_header(header.iter().copied());
        for column in grid.column_iter_mut() {
            column.set_padding((0, GAP as u16));
        }
        if let Some(last) = grid.column_mut(header.len() - 1) {
            last.set_padding((0, 0));
        }
        if let Some(column) = grid.column_mut(0).filter(|_| header[0] == "Lost") {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(LOST_WIDTH as u16)));
        }
        grid
    }

    fn put(&mut self, grid: &Grid) {
        for (at, line) in grid.lines().enumerate() {
            let line = line.trim_end().to_owned();
            if at == 0 { self.heading(&line) } else { self.line(&line) }
        }
    }
}

const GAP: usize = 2;
const LOST_WIDTH: usize = 9;
const LEVEL_WIDTH: usize = 9;

/// A row of single points of failure.
struct Row<'o> {
    finding: &'o Finding,
    /// How many findings it stands for.
    alike: usize,
}

/// Columns that the two left ones take.
fn left_columns(rows: &[Row<'_>], services: usize) -> usize {
    let first = rows.iter().map(|row| lost(row.finding, services).len()).max().unwrap_or(0);
    let second = rows.iter().map(|row| row.finding.domain_level.word().len()).max().unwrap_or(0);
    (first + GAP).max(LOST_WIDTH) + (second + GAP).max(LEVEL_WIDTH)
}

fn lost(finding: &Finding, services: usize) -> String {
    format!("{} of {services}", finding.blast_radius.services)
}

/// The roots as further arguments; nothing for the folder that is the default.
fn roots(outcome: &Outcome) -> String {
    if outcome.roots == ["."] {
        return String::new();
    }
    outcome.roots.iter().map(|root| format!(" {}", shell_word(&terminal(root)))).collect()
}

fn second_line(row: &Row<'_>, room: usize) -> String {
    let place = place(&row.finding.evidence).unwrap_or_default();
    let rule = match row.alike {
        1 => row.finding.rule.to_owned(),
        alike => format!("{alike} × {}", row.finding.rule),
    };
    let room = room.saturating_sub(rule.chars().count() + 2);
    if room < 8 {
        return rule;
    }
    format!("{rule}  {}", fit(&terminal(&place), room))
}

fn add_shares(grid: &mut Grid, one: &Concentration, limit: usize, width: usize) {
    let title = format!(
        "by {}: HHI {:.2} ({:.0}/10000), effective number {:.1}",
        one.dimension.word(),
        one.hhi,
        one.hhi * 10_000.0,
        one.effective_number
    );
    grid.add_row([title.as_str(), "", "", ""]);
    let room = width.saturating_sub(26).max(10);
    for share in one.shares.iter().take(limit) {
        let name = terminal(short_id(&share.id)).into_owned();
        grid.add_row([
            format!("  {}", fit(&name, room)),
            percent(share.placement_share),
            percent(share.loss_share),
            percent(share.hidden_loss_share),
        ]);
    }
    if one.shares.len() > limit {
        let rest: f64 = one.shares[limit..].iter().map(|share| share.placement_share).sum();
        let name = format!("  {} more", one.shares.len() - limit);
        grid.add_row([name, percent(rest), String::new(), String::new()]);
    }
}

/// How much of the weight has no known provider.
fn unplaced(outcome: &Outcome) -> Option<String> {
    let mut all = outcome.analysis.concentration.iter().filter(|one| one.category.is_none());
    let one = all.find(|one| one.dimension == Dimension::Provider)?;
    (0.005 <= one.unplaced_share)
        .then(|| format!("the provider of {} of all weight", percent(one.unplaced_share)))
}

fn short_id(id: &Id) -> &str {
    if id.scheme() == "provider" { id.rest() } else { id.as_str() }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn files_by_format(outcome: &Outcome) -> String {
    let mut by_format: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &outcome.files {
        *by_format.entry(file.format).or_default() += 1;
    }
    let mut formats: Vec<_> = by_format.into_iter().collect();
    formats.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut line = count(outcome.files.len(), "file");
    for (at, (format, number)) in formats.iter().enumerate() {
        let sign = if at == 0 { ": " } else { ", " };
        write!(line, "{sign}{format} {number}").expect("a string takes all text");
    }
    line
}

fn environments(outcome: &Outcome) -> Option<String> {
    let all = &outcome.estate.environments;
    let names = |chosen: bool| {
        let mut names: Vec<&str> =
            all.iter().filter(|one| one.chosen == chosen).map(|one| one.name.as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    let (chosen, others) = (names(true), names(false));
    match (chosen.is_empty(), others.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("environment {chosen}")),
        (true, false) => Some(format!("no environment chosen (--environment): {others}")),
        (false, false) => Some(format!("environment {chosen}, not {others}")),
    }
}

fn left_out(outcome: &Outcome) -> Option<String> {
    if outcome.skipped.is_empty() {
        return None;
    }
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &outcome.skipped {
        *by_reason.entry(&skipped.reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let words: Vec<String> =
        reasons.iter().take(3).map(|(reason, number)| format!("{number} × {reason}")).collect();
    let dots = if reasons.len() > 3 { ", …" } else { "" };
    Some(format!("left out: {}{dots}", words.join(", ")))
}

fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// A word that a shell takes as one, quoted where it has to be.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::report::Paint;
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn findings_of_one_rule_on_one_element_share_a_row() {
        let mut outcome = sample::shop();
        outcome.findings = (1..4)
            .map(|lost| {
                let level = crate::model::Level::Provider;
                sample::finding("shared-fate-redundancy", FindingLevel::Error, "provider:aws", level, lost)
            })
            .collect();
        let text = written("table", &outcome, &Options::default());
        assert_eq!(text.matches("provider:aws").count(), 2, "in its row and in what to run next:\n{text}");
        assert!(text.contains("3 × shared-fate-redundancy") && !text.contains("more (--all)"), "{text}");
    }

    #[test]
    fn one_screen_holds_everything() {
        let mut outcome = sample::shop();
        for number in 0..40 {
            let element = format!("tf:infra/module.network[\"eu-west-1\"]/aws_nat_gateway.number_{number}");
            let level = crate::model::Level::ProviderService;
            outcome.findings.push(sample::finding(
                "external-service-without-fallback",
                FindingLevel::Warning,
                &element,
                level,
                number,
            ));
        }
        for number in 1..9 {
            let place = outcome.problems.iter().next().unwrap().location.clone();
            outcome.problems.warning(place, format!("odd {number}"));
            let id = crate::model::Id::provider(&format!("number{number}"));
            let share = crate::analyze::Share { id, ..outcome.analysis.concentration[0].shares[1].clone() };
            outcome.analysis.concentration[0].shares.push(share);
            outcome.findings.push(sample::finding(
                "unused-waiver",
                FindingLevel::Note,
                "x",
                crate::model::Level::Dns,
                0,
            ));
        }
        let regions =
            Concentration { dimension: Dimension::Region, ..outcome.analysis.concentration[0].clone() };
        outcome.analysis.concentration.push(regions);
        outcome.completeness = crate::scan::Completeness {
            unresolved_references: 20,
            unresolved_names: 30,
            unknown_providers: 40,
            unknown_regions: 50,
            unknown_semantics: 60,
            files_skipped: 70,
            files_in_part: 80,
            verdicts_not_known: 90,
            lists_in_part: 0,
        };
        for width in [30, 40, 60, 80, 200] {
            let text = written("table", &outcome, &Options { width, ..Options::default() });
            for line in text.lines().filter(|line| !line.contains("linchpin ")) {
                assert!(line.width() <= width, "{width}: {line}");
            }
            if 80 <= width {
                assert!(text.lines().count() <= 45, "{} lines\n{text}", text.lines().count());
            }
        }
    }

    #[test]
    fn the_page_says_what_it_should_in_order() {
        let text = written("table", &sample::shop(), &Options::default());
        let order = [
            "2 files: kubernetes 1, terraform 1",
            "environment production",
            "3 unmitigated single points of failure",
            "2 of 2",
            "provider:aws/eu-west-1a",
            "single-zone  infra/main.tf:12",
            "1 datastore-without-backup",
            "HHI 0.62 (6250/10000)",
            "75 %",
            "2 references to what nothing here defines",
            "linchpin explain provider:aws/eu-west-1a fixtures/shop",
        ];
        let mut rest = text.as_str();
        for part in order {
            let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing or late in\n{text}"));
            rest = &rest[at..];
        }
    }

    #[test]
    fn colour_is_only_there_when_asked() {
        let plain = written("table", &sample::shop(), &Options::default());
        let painted =
            written("table", &sample::shop(), &Options { paint: Paint::Colour, ..Options::default() });
        assert!(!plain.contains('\u{1b}'));
        assert_eq!(painted.replace("\u{1b}[1m", "").replace("\u{1b}[0m", ""), plain);
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_needed() {
        assert_eq!(shell_word("tf:a/b.c"), "tf:a/b.c");
        assert_eq!(shell_word("tf:a[\"x\"]; rm"), "'tf:a[\"x\"]; rm'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
    }
}
