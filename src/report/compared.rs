//! A check against a baseline, for a terminal: each new finding with the line that made it so, the path to it and the
//! way out; then what was known and grew, what is not known any more, and what is gone.

use super::news::{News, arrival, count, forgotten, growth, path_names};
use super::page::{LABEL_WIDTH, Page};
use super::text::{fit, terminal};
use crate::judge::{Comparison, Finding, Known};
use crate::model::{Evidence, Id};
use crate::scan::Outcome;

const NEW_ON_SCREEN: usize = 7;
const OTHERS_ON_SCREEN: usize = 5;
/// Digits of a fingerprint that are enough to tell it from others.
const DIGITS: usize = 8;

impl Page {
    /// Everything that a comparison found.
    pub(super) fn compared(&mut self, outcome: &Outcome, comparison: &Comparison) {
        let news = News::of(outcome, comparison);
        let rest = match comparison.carried.len() {
            0 => String::new(),
            many => format!(", {many} renamed or moved"),
        };
        self.entry(
            "Against",
            &format!(
                "{}: {} known before, {} gone{rest}",
                comparison.against,
                count(comparison.unchanged, "finding"),
                comparison.gone.len()
            ),
        );
        self.environments_compared(comparison);
        self.blank();
        self.heading(&capital(&news.headline()));
        let shown = self.limit(NEW_ON_SCREEN);
        for finding in news.new.iter().take(shown) {
            self.blank();
            self.new_finding(outcome, finding);
        }
        self.more(news.new.len(), shown);
        self.grown(&news.grown);
        let arrivals = comparison.arrivals.iter().map(|one| arrival(outcome, one));
        self.section("New providers", arrivals);
        self.not_judged(comparison);
        self.gone(&comparison.gone);
        self.accept(news.new.first().or(news.grown.first()).copied());
    }

    fn environments_compared(&mut self, comparison: &Comparison) {
        if !comparison.environments.is_empty() {
            self.entry("", &format!("environments compared too: {}", comparison.environments.join(", ")));
        }
    }

    fn new_finding(&mut self, outcome: &Outcome, finding: &Finding) {
        self.heading(&format!("{} {}: {}", finding.level.word(), finding.rule, finding.message));
        if let Some(Evidence::File { location, text }) = finding.evidence.first() {
            self.entry("At", &format!("{}:{}", location.path, location.line));
            self.excerpt(location.line, text);
        }
        if let Some(because) = &finding.because {
            self.entry("Why", because);
        }
        if let Some(path) = path_names(outcome, &finding.path) {
            self.entry("Path", &path);
        }
        if let Some(fix) = &finding.fix {
            self.entry("Fix", &fix.summary);
        }
    }

    /// A line of a file, cut where the page ends.
    fn excerpt(&mut self, line: u32, text: &str) {
        let room = self.width().saturating_sub(LABEL_WIDTH);
        let source = format!("{line:>5} | {}", terminal(text.trim_end()));
        let source = fit(&source, room).into_owned();
        self.line(&format!("{:LABEL_WIDTH$}{source}", ""));
    }

    fn grown(&mut self, grown: &[&Finding]) {
        let line = |finding: &&Finding| {
            format!("{} {} {}: {}", finding.level.word(), finding.rule, finding.element, growth(finding))
        };
        self.section("Known before, with more services under it now", grown.iter().map(line));
    }

    /// What could hide something.
    fn not_judged(&mut self, comparison: &Comparison) {
        let unread = comparison.unread.iter().map(|problem| {
            let at = &problem.location;
            format!("{}:{} can no longer be read: {}", at.path, at.line, problem.message)
        });
        let hidden = comparison.hidden.iter().map(|known| {
            format!("{} {} may be there still, in what can no longer be read", known.rule, known.element)
        });
        let names = |ids: &[Id]| ids.iter().map(Id::as_str).collect::<Vec<_>>().join(", ");
        let open = comparison.ambiguous.iter().map(|open| {
            let (before, now) = (names(&open.before), names(&open.now));
            format!("which of {before} became which of {now} is not known: what they hold counts as new")
        });
        let not_compared = comparison.not_compared.iter().map(|text| format!("not compared: {text}"));
        let forgotten = comparison.forgotten.iter().map(forgotten);
        self.section(
            "Not judged in what changed",
            unread.chain(hidden).chain(forgotten).chain(open).chain(not_compared),
        );
    }

    fn gone(&mut self, gone: &[Known]) {
        let line = |known: &Known| format!("{} {}", known.rule, known.element);
        self.section("Gone", gone.iter().map(line));
    }

    fn section(&mut self, title: &str, lines: impl Iterator<Item = String>) {
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            return;
        }
        self.blank();
        self.heading(title);
        let shown = self.limit(OTHERS_ON_SCREEN);
        for line in lines.iter().take(shown) {
            self.entry("  -", line);
        }
        self.more(lines.len(), shown);
    }

    /// How to read on, and how to live with it. Commands are to be copied: they are not broken.
    fn accept(&mut self, finding: Option<&Finding>) {
        let Some(finding) = finding else { return };
        let digits = finding.fingerprint.get(..DIGITS).unwrap_or(&finding.fingerprint);
        self.blank();
        self.line(&format!("{:<LABEL_WIDTH$}linchpin explain {}", "Read on", finding.rule));
        self.line(&format!(
            "{:<LABEL_WIDTH$}linchpin waive {digits} --reason WHY --owner WHO --until YYYY-MM-DD",
            "Accept"
        ));
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use crate::report::tests::written;
    use crate::report::{Options, sample};

    #[test]
    fn a_new_finding_is_shown_with_its_line_its_reason_and_a_way_out() {
        let text = written("table", &sample::compared(sample::shop()), &Options::default());
        let order = [
            "Against    main shop: 1 finding known before, 1 gone",
            "1 new error, 1 new warning, 1 known risk under more services",
            "error single-zone: ",
            "At         infra/main.tf:12",
            "12 | ",
            "Why        new, since `x` at a.tf:3",
            "Known before, with more services under it now",
            "New providers",
            "`web` depends on `postmark` (`provider:postmark`)",
            "Not judged in what changed",
            "can no longer be read",
            "the region of `app:web` was eu-west-1",
            "Gone",
            "linchpin waive ",
        ];
        let mut rest = text.as_str();
        for part in order {
            let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing or late in\n{text}"));
            rest = &rest[at..];
        }
    }

    #[test]
    fn every_line_but_a_command_fits() {
        for outcome in [sample::shop(), sample::hostile()] {
            for width in [30, 80] {
                let options = Options { width, ..Options::default() };
                let text = written("table", &sample::compared(outcome_of(&outcome)), &options);
                for line in text.lines().filter(|line| !line.contains("linchpin ")) {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
    }

    /// The same again, since an outcome is not cloned.
    fn outcome_of(outcome: &crate::scan::Outcome) -> crate::scan::Outcome {
        if outcome.organization == sample::shop().organization { sample::shop() } else { sample::hostile() }
    }
}
