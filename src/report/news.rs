//! What a comparison found, as reports tell it: what is new, and what was known and grew.

use crate::judge::{Arrival, Comparison, Finding, FindingLevel, Forgotten, Status};
use crate::model::Id;
use crate::scan::Outcome;

/// The open findings of a comparison.
pub(super) struct News<'o> {
    /// Those that were not there before, or were answered or less grave.
    pub(super) new: Vec<&'o Finding>,
    /// Those that were there, and on whose element more services depend now.
    pub(super) grown: Vec<&'o Finding>,
}

impl<'o> News<'o> {
    /// The open findings of an outcome.
    pub(super) fn of(outcome: &'o Outcome, comparison: &Comparison) -> Self {
        let open = outcome.findings.iter().filter(|one| one.status == Status::Open);
        let (grown, new) = open.partition(|one| comparison.grown.contains(&one.fingerprint));
        News { new, grown }
    }

    /// The verdict in a few words: `1 new error, 2 new warnings`.
    pub(super) fn headline(&self) -> String {
        let of_level = |level| self.new.iter().filter(|one| one.level == level).count();
        let parts = [
            (of_level(FindingLevel::Error), "new error"),
            (of_level(FindingLevel::Warning), "new warning"),
            (of_level(FindingLevel::Note), "new note"),
            (self.grown.len(), "known risk"),
        ];
        let mut words: Vec<String> = parts
            .iter()
            .filter(|(number, _)| 0 < *number)
            .map(|(number, what)| count(*number, what))
            .collect();
        if !self.grown.is_empty()
            && let Some(last) = words.last_mut()
        {
            last.push_str(" under more services");
        }
        if words.is_empty() { "nothing new".to_owned() } else { words.join(", ") }
    }
}

/// From a service to the element, by name.
pub(super) fn path_names(outcome: &Outcome, path: &[Id]) -> Option<String> {
    let name = |id: &Id| outcome.estate.node(id).map_or_else(|| id.to_string(), |node| node.name.clone());
    (1 < path.len()).then(|| path.iter().map(name).collect::<Vec<_>>().join(" → "))
}

/// Which services are new under a known risk, and since which change.
pub(super) fn growth(finding: &Finding) -> &str {
    let because = finding.because.as_deref().unwrap_or_default();
    because.strip_prefix("new: ").unwrap_or(because)
}

/// What was known and is not, in one sentence without a full stop.
pub(super) fn forgotten(one: &Forgotten) -> String {
    let because = one.because.as_ref().map_or_else(String::new, |because| format!(" ({because})"));
    let since = one.cause.as_ref().map_or_else(String::new, |cause| format!(", since {}", cause.words()));
    format!("the {} of `{}` was {}, and is not known any more{because}{since}", one.what, one.id, one.was)
}

/// A provider that is new and who depends on it, in one sentence without a full stop.
pub(super) fn arrival(outcome: &Outcome, one: &Arrival) -> String {
    let name = |id: &Id| outcome.estate.node(id).map_or_else(|| id.to_string(), |node| node.name.clone());
    let some: Vec<String> = one.services.iter().take(3).map(|id| format!("`{}`", name(id))).collect();
    let more = match one.services.len().saturating_sub(some.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let depend = if one.services.len() == 1 { "depends" } else { "depend" };
    let since = one.cause.as_ref().map_or_else(String::new, |cause| format!(", since {}", cause.words()));
    format!("{}{more} {depend} on `{}` (`{}`){since}", some.join(", "), name(&one.id), one.id)
}

/// A number and its noun.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
