//! Simulated failures for people and programs: one with what it means, or many with a line each.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Format;
use crate::analyze::{ServiceOutcome, ServiceState, Simulation};
use crate::judge::spans::span;
use crate::model::{Id, Phase};
use crate::outlook::{Ability, Away, Means, MeansState, Promise, by_ability};
use crate::report::text::{markdown_code, terminal};

/// One failure, and what it means.
pub(super) struct Answer {
    pub(super) simulation: Simulation,
    pub(super) means: Vec<Means>,
    pub(super) promises: Vec<Promise>,
    /// How long the failure lasts, in seconds, where that is known.
    pub(super) lasts: Option<u64>,
}

/// A failure among several.
pub(super) struct Run {
    /// What it is called; the ids of what failed say it otherwise.
    pub(super) name: Option<String>,
    pub(super) simulation: Simulation,
}

impl Answer {
    /// With so many rows of each list.
    pub(super) fn shown(&self, format: Format, limit: usize) -> String {
        match format {
            Format::Json => format!("{:#}\n", json_of(&self.simulation, |_| true)),
            Format::Table => table(self, limit),
            Format::Markdown => markdown(self, limit),
        }
    }
}

fn json_of(simulation: &Simulation, shown: impl Fn(&ServiceOutcome) -> bool) -> Value {
    let failed = simulation.failure.lost.iter().chain(&simulation.failure.impaired);
    let words = |phases: &[Phase]| phases.iter().map(|phase| phase.word()).collect::<Vec<_>>();
    let services = simulation.services.iter().filter(|service| shown(service)).map(|service| {
        json!({
            "id": service.id.as_str(),
            "state": service.state.word(),
            "path": service.path.iter().map(Id::as_str).collect::<Vec<_>>(),
            "recoverable": service.recoverable,
            "cannot": words(&service.cannot),
            "perhaps_cannot": words(&service.perhaps_cannot),
        })
    });
    json!({ "failed": failed.map(Id::as_str).collect::<Vec<_>>(), "services": services.collect::<Vec<_>>() })
}

fn counts(simulation: &Simulation) -> String {
    let count = |state: ServiceState| simulation.in_state(state).count();
    format!(
        "{} down, {} not known, {} degraded, {} up of {} services; {:.0} % of the weight is down",
        count(ServiceState::Down),
        count(ServiceState::NotKnown),
        count(ServiceState::Degraded),
        count(ServiceState::Up),
        simulation.services.len(),
        simulation.share(ServiceState::Down) * 100.0
    )
}

fn failed_line(ids: &[Id], limit: usize) -> String {
    let shown: Vec<String> = ids.iter().take(limit).map(|id| terminal(id.as_str()).into_owned()).collect();
    let more = ids.len().saturating_sub(limit);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// What a service cannot do, in words; empty when it can do everything.
pub(in crate::cli) fn cannot_words(service: &ServiceOutcome) -> String {
    let word = |phase: &Phase| match phase {
        Phase::Startup => "start",
        Phase::Deploy => "deploy",
        Phase::Observe => "be seen",
        Phase::Recover => "be recovered",
        Phase::Runtime => "run",
    };
    let list = |phases: &[Phase]| phases.iter().map(word).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if service.state == ServiceState::Down {
        let comes_back = service.recoverable && service.cannot.is_empty();
        parts.push(
            if comes_back { "can be brought back meanwhile" } else { "cannot be brought back meanwhile" }
                .to_owned(),
        );
    }
    if !service.cannot.is_empty() {
        parts.push(format!("cannot {}", list(&service.cannot)));
    }
    if !service.perhaps_cannot.is_empty() {
        parts.push(format!("perhaps cannot {}", list(&service.perhaps_cannot)));
    }
    parts.join("; ")
}

fn rows(simulation: &Simulation) -> Vec<&ServiceOutcome> {
    let mut rows: Vec<&ServiceOutcome> =
        simulation.services.iter().filter(|service| service.is_hurt()).collect();
    rows.sort_by(|a, b| {
        a.state.cmp(&b.state).then(b.weight.total_cmp(&a.weight)).then_with(|| a.id.cmp(&b.id))
    });
    rows
}

fn table(answer: &Answer, limit: usize) -> String {
    let simulation = &answer.simulation;
    let mut text = String::new();
    let failure = &simulation.failure;
    for (label, ids) in [("Failed", &failure.lost), ("Not to be changed", &failure.impaired)] {
        if !ids.is_empty() {
            line(&mut text, &format!("{label}: {}", failed_line(ids, 8)));
        }
    }
    line(&mut text, &counts(simulation));
    let rows = rows(simulation);
    if !rows.is_empty() {
        line(&mut text, "");
    }
    for service in rows.iter().take(limit) {
        line(&mut text, &format!("{:<10} {}", service.state.word(), terminal(service.id.as_str())));
        if 1 < service.path.len() {
            let steps: Vec<String> =
                service.path.iter().skip(1).map(|id| terminal(id.as_str()).into_owned()).collect();
            line(&mut text, &format!("           <- {}", steps.join(" <- ")));
        }
        let words = cannot_words(service);
        if !words.is_empty() {
            line(&mut text, &format!("           {words}"));
        }
    }
    if limit < rows.len() {
        line(&mut text, &format!("... and {} more; --all shows them", rows.len() - limit));
    }
    let up: Vec<&ServiceOutcome> = simulation.services.iter().filter(|service| !service.is_hurt()).collect();
    if !up.is_empty() {
        let names: Vec<String> = up
            .iter()
            .take(if limit == usize::MAX { limit } else { 8 })
            .map(|one| terminal(one.id.as_str()).into_owned())
            .collect();
        let more = up.len() - names.len();
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        line(&mut text, "");
        line(&mut text, &format!("Works on: {}{rest}", names.join(", ")));
    }
    let promised = promise_lines(answer, |id| terminal(id.as_str()).into_owned());
    section(&mut text, "Promised", &promised, limit);
    section(&mut text, "Meanwhile", &ability_lines(answer, |id| terminal(id.as_str()).into_owned()), limit);
    text
}

fn section(text: &mut String, title: &str, lines: &[String], limit: usize) {
    if lines.is_empty() {
        return;
    }
    line(text, &format!("\n{title}:"));
    for one in lines.iter().take(limit) {
        line(text, &format!("  {one}"));
    }
    if limit < lines.len() {
        line(text, &format!("  ... and {} more; --all shows them", lines.len() - limit));
    }
}

/// What becomes of recovery objectives, the broken ones first.
fn promise_lines(answer: &Answer, show: impl Fn(&Id) -> String) -> Vec<String> {
    let mut promises: Vec<&Promise> = answer.promises.iter().collect();
    promises.sort_by_key(|one| (one.breaks_rto(answer.lasts) != Some(true), &one.service));
    promises.into_iter().map(|one| promise_line(one, answer.lasts, &show)).collect()
}

fn promise_line(promise: &Promise, lasts: Option<u64>, show: &impl Fn(&Id) -> String) -> String {
    let mut parts = Vec::new();
    if let Some(rto) = promise.rto_seconds {
        let away = match (promise.away, lasts) {
            (Away::UntilFailover(seconds), _) => format!("its failover takes {}", span(seconds)),
            (Away::UntilSetUpElsewhere, _) => {
                "it is away until it is set up elsewhere, and nobody said how long that takes".to_owned()
            }
            (Away::WhileItLasts, Some(seconds)) => format!("it was away for {}", span(seconds)),
            (Away::WhileItLasts, None) => "it is away as long as this lasts".to_owned(),
        };
        let verdict = match promise.breaks_rto(lasts) {
            Some(true) => "too long",
            Some(false) => "in time",
            None => "not known whether in time",
        };
        parts.push(format!("has to be back in {}: {away} ({verdict})", span(rto)));
    }
    if let (Some(rpo), Some(loses)) = (promise.rpo_seconds, promise.loses_seconds) {
        let verdict = if promise.breaks_rpo() == Some(true) { "too much" } else { "as promised" };
        parts.push(format!("may lose {}: its backups lose up to {} ({verdict})", span(rpo), span(loses)));
    }
    format!("{} {}", show(&promise.service), parts.join("; "))
}

/// Who can log in, deploy, page, see and tell.
fn ability_lines(answer: &Answer, show: impl Fn(&Id) -> String) -> Vec<String> {
    const SHOWN: usize = 4;
    if answer.means.is_empty() {
        return vec![
            "nothing that was read says with what people log in, deploy, page, see and tell".to_owned(),
        ];
    }
    let one = |(ability, means): (Ability, Vec<&Means>)| {
        let shown = means.iter().take(SHOWN).map(|one| format!("{} {}", show(&one.id), one.state.word()));
        let mut parts: Vec<String> = shown.collect();
        if SHOWN < means.len() {
            let works = means.iter().skip(SHOWN).filter(|one| one.state == MeansState::Works).count();
            parts.push(format!("{} more, {works} of which work", means.len() - SHOWN));
        }
        let all = if parts.is_empty() {
            "nothing that was read says with what".to_owned()
        } else {
            parts.join(", ")
        };
        format!("{:<7} {all}", ability.word())
    };
    by_ability(&answer.means).into_iter().map(one).collect()
}

impl Run {
    /// What failed, in words of a table.
    fn in_table(&self) -> String {
        match &self.name {
            Some(name) => terminal(name).into_owned(),
            None => failed_line(&failed(&self.simulation), 3),
        }
    }

    fn in_markdown(&self) -> String {
        match &self.name {
            Some(name) => markdown_code(name),
            None => {
                let ids = failed(&self.simulation);
                ids.iter().map(|id| markdown_code(id.as_str())).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn in_json(&self) -> Value {
        let mut json = json_of(&self.simulation, ServiceOutcome::is_hurt);
        if let Some(name) = &self.name {
            json["name"] = json!(name);
        }
        json
    }
}

/// Several failures, each alone; what is said of all of them stands below.
pub(super) fn many(runs: &[Run], format: Format, summary: Option<&str>) -> String {
    let summary = summary.unwrap_or_default();
    match format {
        Format::Json => format!("{:#}\n", Value::Array(runs.iter().map(Run::in_json).collect())),
        Format::Table => table_of_many(runs) + summary,
        Format::Markdown if summary.is_empty() => markdown_of_many(runs),
        Format::Markdown => markdown_of_many(runs) + "\n" + summary,
    }
}

fn failed(run: &Simulation) -> Vec<Id> {
    run.failure.lost.iter().chain(&run.failure.impaired).cloned().collect()
}

/// One line a failure, each with what is said to have failed.
fn table_of_many(runs: &[Run]) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "{:>6} {:>9} {:>9} {:>9} {:>7}  fails",
            "down", "not known", "degraded", "hampered", "weight"
        ),
    );
    for one in runs {
        let (fails, run) = (one.in_table(), &one.simulation);
        let count = |state: ServiceState| run.in_state(state).count();
        line(
            &mut text,
            &format!(
                "{:>6} {:>9} {:>9} {:>9} {:>5.0} %  {fails}",
                count(ServiceState::Down),
                count(ServiceState::NotKnown),
                count(ServiceState::Degraded),
                run.hampered().count(),
                run.share(ServiceState::Down) * 100.0
            ),
        );
    }
    text
}

fn markdown(answer: &Answer, limit: usize) -> String {
    let simulation = &answer.simulation;
    let mut text = String::from("# Simulated failure\n\n");
    let failure = &simulation.failure;
    for (label, ids) in [("Failed", &failure.lost), ("Not to be changed", &failure.impaired)] {
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().map(|id| markdown_code(id.as_str())).collect();
            line(&mut text, &format!("{label}: {}\n", ids.join(", ")));
        }
    }
    line(&mut text, &format!("{}.\n", counts(simulation)));
    let rows = rows(simulation);
    if !rows.is_empty() {
        line(&mut text, "| state | service | because | meanwhile |\n|---|---|---|---|");
    }
    for service in rows.iter().take(limit) {
        let steps: Vec<String> = service.path.iter().skip(1).map(|id| markdown_code(id.as_str())).collect();
        let (id, words) = (markdown_code(service.id.as_str()), cannot_words(service));
        line(&mut text, &format!("| {} | {id} | {} | {words} |", service.state.word(), steps.join(" ← ")));
    }
    if limit < rows.len() {
        line(&mut text, &format!("\nand {} more", rows.len() - limit));
    }
    let show = |id: &Id| markdown_code(id.as_str());
    let sections = [("Promised", promise_lines(answer, show)), ("Meanwhile", ability_lines(answer, show))];
    for (title, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        line(&mut text, &format!("\n## {title}\n"));
        for one in lines.iter().take(limit) {
            line(&mut text, &format!("- {one}"));
        }
    }
    text
}

fn markdown_of_many(runs: &[Run]) -> String {
    let mut text =
        String::from("| fails | down | not known | degraded | hampered |\n|---|---:|---:|---:|---:|\n");
    for one in runs {
        let (fails, run) = (one.in_markdown(), &one.simulation);
        let count = |state: ServiceState| run.in_state(state).count();
        let (down, unknown, degraded) =
            (count(ServiceState::Down), count(ServiceState::NotKnown), count(ServiceState::Degraded));
        line(
            &mut text,
            &format!("| {fails} | {down} | {unknown} | {degraded} | {} |", run.hampered().count()),
        );
    }
    text
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("a string takes all text");
}
