//! `linchpin replay`: all of documented history against the organization.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _};
use serde_json::{Map, Value, json};

use super::simulate::mapping;
use super::typed::{Format, Input};
use super::{Command, Exit, Terminal, meaning};
use crate::analyze::ServiceState;
use crate::catalog::{Catalog, Outage};
use crate::model::{Id, Phase};
use crate::replay::{Effect, FAMILIES, Mapping, Replay, Replayed, replay};
use crate::report::text::{fit, terminal};
use crate::scan::Outcome;

/// `linchpin replay`.
pub(super) struct ReplayOutages;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    /// Replay this outage alone; may be repeated
    #[arg(long, value_name = "ID")]
    outage: Vec<String>,

    /// Let what happened elsewhere happen in a place of yours: OURS=THEIRS, `aws/eu-west-1=aws/us-east-1`
    #[arg(long = "as", value_name = "OURS=THEIRS", value_parser = mapping)]
    mappings: Vec<Mapping>,

    /// Format on standard output
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Complete lists, not only what fits one page
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  linchpin replay
  linchpin replay infra/ --as aws/eu-west-1=aws/us-east-1
  linchpin replay --outage aws-2025-10-20-dynamodb-dns --all
  linchpin replay --format json | jq '.outages[] | select(.effect == \"down\") | .id'";

const ROWS_ON_PAGE: usize = 24;

impl Command for ReplayOutages {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("replay"))
            .about("Replay documented outages: which would have hurt, for how long, and what would have worked on")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        let catalog: &Catalog = &outcome.catalog;
        let outages = chosen(catalog, &typed.outage)?;
        let done = replay(&outcome.estate, &outcome.settings, catalog, outages, &typed.mappings);
        let text = match typed.format {
            Format::Json => format!("{:#}\n", json_of(&done)),
            Format::Table => table(&done, &outcome, if typed.all { usize::MAX } else { ROWS_ON_PAGE }),
        };
        match terminal.write(|out| out.write_all(text.as_bytes())) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(error).context("failed to write to standard output")
            }
            _ => Ok(Exit::Acceptable),
        }
    }
}

fn chosen<'c>(catalog: &'c Catalog, ids: &[String]) -> anyhow::Result<Vec<&'c Outage>> {
    if let Some(unknown) = ids.iter().find(|id| !catalog.outages().iter().any(|outage| outage.id == **id)) {
        bail!("failed to find the outage `{unknown}`; see `linchpin catalog list outages`");
    }
    Ok(catalog.outages().iter().filter(|outage| ids.is_empty() || ids.contains(&outage.id)).collect())
}

fn json_of(done: &Replay) -> Value {
    let groups = |counts: std::collections::BTreeMap<&str, (usize, usize)>| -> Value {
        let one = |(name, (felt, all)): (&str, (usize, usize))| {
            (name.to_owned(), json!({ "felt": felt, "outages": all }))
        };
        Value::Object(counts.into_iter().map(one).collect::<Map<_, _>>())
    };
    json!({
        "outages": done.outages.iter().map(json_of_outage).collect::<Vec<_>>(),
        "by_cause": groups(done.by_cause()),
        "by_rts_family": groups(done.by_family()),
        "unresolved_references": done.unresolved,
    })
}

fn json_of_outage(one: &Replayed) -> Value {
    let ids = |ids: &[Id]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    let words = |phases: &[Phase]| phases.iter().map(|phase| phase.word()).collect::<Vec<_>>();
    let services = one.hurt().map(|service| {
        let objective =
            one.breaches.iter().find(|(id, _)| *id == service.id).map(|(_, seconds)| seconds / 60);
        json!({
            "id": service.id.as_str(),
            "state": service.state.word(),
            "path": ids(&service.path),
            "recoverable": service.recoverable,
            "cannot": words(&service.cannot),
            "perhaps_cannot": words(&service.perhaps_cannot),
            "exceeds_rto_minutes": objective,
        })
    });
    let outage = &one.outage;
    json!({
        "id": outage.id, "title": outage.title, "date": outage.date, "duration_minutes": outage.duration_minutes,
        "provider": outage.provider, "cause": outage.cause, "rts_families": outage.rts_families,
        "plane": outage.plane, "partial": outage.partial, "source": outage.source, "confidence": outage.confidence,
        "effect": one.effect.word(),
        "failed": ids(&one.simulation.failure.lost),
        "impaired": ids(&one.simulation.failure.impaired),
        "works_on": one.simulation.services.len() - one.hurt().count(),
        "services": services.collect::<Vec<_>>(),
    })
}

fn table(done: &Replay, outcome: &Outcome, limit: usize) -> String {
    let mut text = String::new();
    let count = |effect: Effect| done.outages.iter().filter(|one| one.effect == effect).count();
    let services = outcome.estate.services().count();
    line(
        &mut text,
        &format!(
            "{} documented outages against {} ({services} services)",
            done.outages.len(),
            terminal(&outcome.organization)
        ),
    );
    line(
        &mut text,
        &format!(
            "{} would have taken something down, {} degraded it, {} perhaps, {} only kept it from being changed; {} not felt",
            count(Effect::Down),
            count(Effect::Degraded),
            count(Effect::NotKnown),
            count(Effect::Hampered),
            count(Effect::Nothing)
        ),
    );
    rows(&mut text, done, limit);
    groups(&mut text, done);
    if 0 < done.unresolved {
        line(
            &mut text,
            &format!(
                "\nNot known: {} references lead to what nothing here defines, and may hide more.",
                done.unresolved
            ),
        );
    }
    text
}

fn rows(text: &mut String, done: &Replay, limit: usize) {
    let mut felt: Vec<&Replayed> = done.felt().collect();
    let down = |one: &Replayed| one.simulation.share(ServiceState::Down);
    felt.sort_by(|a, b| {
        a.effect
            .cmp(&b.effect)
            .then(down(b).total_cmp(&down(a)))
            .then_with(|| b.outage.date.cmp(&a.outage.date))
            .then_with(|| a.outage.id.cmp(&b.outage.id))
    });
    if felt.is_empty() {
        return;
    }
    line(text, "");
    line(
        text,
        &format!(
            "{:<38} {:>8} {:>5} {:>6} {:>5} {:>5}  why",
            "outage", "lasted", "down", "degr.", "n.k.", "hamp."
        ),
    );
    for one in felt.iter().take(limit) {
        let count = |state: ServiceState| one.simulation.in_state(state).count();
        line(
            text,
            &format!(
                "{:<38} {:>8} {:>5} {:>6} {:>5} {:>5}  {}",
                fit(&one.outage.id, 38),
                lasted(&one.outage),
                count(ServiceState::Down),
                count(ServiceState::Degraded),
                count(ServiceState::NotKnown),
                one.simulation.hampered().count(),
                why(one)
            ),
        );
        if let Some((service, seconds)) = one.breaches.first() {
            let more = if one.breaches.len() == 1 {
                String::new()
            } else {
                format!(" and {} more", one.breaches.len() - 1)
            };
            line(
                text,
                &format!(
                    "    longer than the {} in which {}{more} must be back",
                    minutes(*seconds / 60),
                    terminal(service.as_str())
                ),
            );
        }
    }
    if limit < felt.len() {
        line(text, &format!("... and {} more; --all shows them", felt.len() - limit));
    }
}

fn lasted(outage: &Outage) -> String {
    outage.duration_minutes.map_or_else(|| "?".to_owned(), |all| minutes(u64::from(all)))
}

fn minutes(all: u64) -> String {
    if all < 60 { format!("{all} min") } else { format!("{} h {:02}", all / 60, all % 60) }
}

/// The path of the first service that is hurt most.
fn why(one: &Replayed) -> String {
    let worst = one.hurt().min_by(|a, b| a.state.cmp(&b.state).then(b.weight.total_cmp(&a.weight)));
    let Some(service) = worst else { return String::new() };
    let steps: Vec<String> = service.path.iter().map(|id| terminal(id.as_str()).into_owned()).collect();
    match steps.as_slice() {
        [] => format!("{}: {}", terminal(service.id.as_str()), super::simulate::cannot_words(service)),
        [only] => only.clone(),
        [first, .., last] => format!("{first} <- {last}"),
    }
}

fn groups(text: &mut String, done: &Replay) {
    line(text, "\nFelt, by cause:");
    let causes: Vec<String> =
        done.by_cause().into_iter().map(|(name, (felt, all))| format!("{name} {felt}/{all}")).collect();
    for part in causes.chunks(6) {
        line(text, &format!("  {}", part.join(", ")));
    }
    line(text, "\nFelt, by family of scenarios (Regulation (EU) 2024/1774, Article 26(2)):");
    let by_family = done.by_family();
    for (letter, meaning) in FAMILIES {
        match by_family.get(letter) {
            Some((felt, all)) => line(text, &format!("  ({letter}) {felt}/{all}  {meaning}")),
            None => line(text, &format!("  ({letter}) -    {meaning}: no documented outage here")),
        }
    }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("a string takes all text");
}
