//! `linchpin simulate`: what the failure of anything does to every service.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _, ValueEnum};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::typed::Input;
use super::{Command, Exit, Terminal, meaning};
use crate::analyze::names::{Family, NameFailure, name_failures, silence};
use crate::analyze::query::{QueryError, select};
use crate::analyze::{Failure, Plane, ServiceOutcome, ServiceState, Simulation, Simulator};
use crate::assemble::{add_control_planes, provider_part};
use crate::catalog::Catalog;
use crate::judge::span;
use crate::model::{Estate, Id, Kind, Phase};
use crate::outlook::{Ability, Away, Means, MeansState, Promise, by_ability, means, promises};
use crate::replay::{Hit, Mapping, failures};
use crate::report::text::{markdown_code, terminal};
use crate::scan::Outcome;

/// `linchpin simulate`.
pub(super) struct Simulate;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    /// What fails: an id (`aws/us-east-1`), a glob on ids, or `type:aws_db_instance & zone:eu-west-1a`; may be repeated
    #[arg(long, value_name = "QUERY")]
    fail: Vec<String>,

    /// Which plane of it fails
    #[arg(long, value_enum, default_value_t = TypedPlane::Both)]
    plane: TypedPlane,

    /// Let happen what happened in this outage of the catalog (`linchpin catalog list outages`)
    #[arg(long, value_name = "OUTAGE", conflicts_with_all = ["fail", "plane"])]
    scenario: Option<String>,

    /// With --scenario, let it happen in a place of yours: OURS=THEIRS, `aws/eu-west-1=aws/us-east-1`
    #[arg(long = "as", value_name = "OURS=THEIRS", requires = "scenario", value_parser = mapping)]
    mappings: Vec<Mapping>,

    /// Let every single element fail alone
    #[arg(long, conflicts_with_all = ["fail", "scenario"])]
    all_single: bool,

    /// Let each of these fail alone, of what the DNS says
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with_all = ["fail", "scenario", "all_single"])]
    each: Option<Each>,

    /// Only the so many failures that hurt most; by itself, of every single element
    #[arg(long, value_name = "N", conflicts_with_all = ["fail", "scenario", "all_single"])]
    worst: Option<usize>,

    /// See it from a network that does not speak this kind of address
    #[arg(long, value_enum, value_name = "KIND", conflicts_with_all = ["scenario", "all_single"])]
    without: Option<Without>,

    /// Format on standard output
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Complete lists, not only what fits one screen
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TypedPlane {
    /// Everything of it
    Both,
    /// What changes things; what serves goes on
    Control,
    /// What serves; control planes go on
    Data,
}

/// What fails at a time with `--each`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Each {
    /// A host, domain or zone
    Name,
    /// An address
    Address,
    /// The addresses of a /24 or a /48
    Prefix,
    /// What one operator serves zones with
    Operator,
    /// Names of several zones that need each other to be found
    Cycle,
    /// The signatures of a zone (DNSSEC), for resolvers that check them
    Signature,
    /// What one autonomous system announces: not known, since the catalog has no AS numbers
    As,
}

/// The kind of address that cannot be reached.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Without {
    Ipv4,
    Ipv6,
}

/// How to print the answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    Table,
    /// For pull requests, wikis and step summaries
    Markdown,
    /// For programs
    Json,
}

const EXAMPLES: &str = "\
Examples:
  linchpin simulate --fail aws/us-east-1
  linchpin simulate infra/ --fail 'type:aws_db_instance & zone:eu-west-1a'
  linchpin simulate --fail provider:cloudflare --plane control
  linchpin simulate --scenario aws-2025-10-20-dynamodb-dns --as aws/eu-west-1=aws/us-east-1
  linchpin simulate --each prefix --dns replay=shop.dns
  linchpin simulate --worst 20";

const ROWS_ON_SCREEN: usize = 20;

pub(super) fn mapping(text: &str) -> Result<Mapping, String> {
    Mapping::parse(text).ok_or_else(|| "write OURS=THEIRS, as in `aws/eu-west-1=aws/us-east-1`".to_owned())
}

impl Command for Simulate {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("simulate"))
            .about("Let something fail, and see what goes down, what goes on and what cannot be recovered")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        if typed.is_idle() {
            bail!(
                "nothing is to fail; give --fail QUERY, --scenario OUTAGE, --each WHAT, --all-single or --worst N"
            );
        }
        let each = typed.each.map(Each::failure).transpose()?;
        let today = typed.input.how.today.unwrap_or_else(meaning::today);
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        let catalog: &Catalog = &outcome.catalog;
        let mut estate = outcome.estate.clone();
        let world = World { outcome: &outcome, catalog, today };
        let text = match (&typed.scenario, typed.worst) {
            (Some(id), _) => {
                let outage = catalog.outages().iter().find(|outage| outage.id == *id);
                let outage = outage.with_context(|| {
                    format!("failed to find the outage `{id}`; see `linchpin catalog list outages`")
                })?;
                add_control_planes(&mut estate, catalog, &outage.date);
                let alternatives = failures(&mut estate, catalog, outage, &typed.mappings, Hit::Surely);
                estate.settle();
                let lasts = outage.duration_minutes.map(|minutes| u64::from(minutes) * 60);
                world.one(&estate, Plane::Both, &alternatives, lasts, &typed)
            }
            (None, worst) => {
                add_control_planes(&mut estate, catalog, &today.to_string());
                let mut ids = selected(&mut estate, catalog, &typed.fail)?;
                let silent = typed.without.map(Without::family);
                let silent = silent.map(|family| silence(&mut estate, family)).unwrap_or_default();
                let limit = worst.unwrap_or(usize::MAX);
                match each {
                    Some(each) => each_alone(&estate, each, &silent, limit, &typed),
                    None if typed.fail.is_empty() && typed.without.is_none() => {
                        many(&outcome, &estate, limit, &typed)
                    }
                    None => {
                        ids.extend(silent);
                        let failure = Failure::new(&estate, &ids, typed.plane());
                        world.one(&estate, typed.plane(), &[failure], None, &typed)
                    }
                }
            }
        };
        match terminal.write(|out| out.write_all(text.as_bytes())) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(error).context("failed to write to standard output")
            }
            _ => Ok(Exit::Acceptable),
        }
    }
}

impl Each {
    fn failure(self) -> anyhow::Result<NameFailure> {
        Ok(match self {
            Each::Name => NameFailure::Name,
            Each::Address => NameFailure::Address,
            Each::Prefix => NameFailure::Prefix,
            Each::Operator => NameFailure::Operator,
            Each::Cycle => NameFailure::Cycle,
            Each::Signature => NameFailure::Signature,
            Each::As => bail!(
                "failed to tell autonomous systems apart: the catalog knows whose an address is, and not who announces it; use `--each prefix` or `--each operator`"
            ),
        })
    }
}

impl Without {
    fn family(self) -> Family {
        match self {
            Without::Ipv4 => Family::V4,
            Without::Ipv6 => Family::V6,
        }
    }
}

impl Typed {
    fn is_idle(&self) -> bool {
        let is_chosen = self.scenario.is_some() || self.worst.is_some() || self.each.is_some();
        self.fail.is_empty() && !is_chosen && !self.all_single && self.without.is_none()
    }

    fn plane(&self) -> Plane {
        match self.plane {
            TypedPlane::Both => Plane::Both,
            TypedPlane::Control => Plane::Control,
            TypedPlane::Data => Plane::Data,
        }
    }
}

/// What the queries mean. A place of the catalog in which nothing is known to stand may still hold what does not
/// say where it stands, and so is a place to fail.
fn selected(estate: &mut Estate, catalog: &Catalog, queries: &[String]) -> anyhow::Result<Vec<Id>> {
    let mut ids = Vec::new();
    for query in queries {
        let found = match select(estate, query) {
            Err(QueryError::MatchesNothing { .. }) if may_hold_something(estate, catalog, query) => {
                let id = provider_part(estate, catalog, query.trim_start_matches("provider:"), &[]);
                estate.settle();
                vec![id]
            }
            found => found?,
        };
        ids.extend(found);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

fn may_hold_something(estate: &Estate, catalog: &Catalog, query: &str) -> bool {
    let Some((provider, region)) = query.trim_start_matches("provider:").split_once('/') else {
        return false;
    };
    let provider = catalog.canonical(provider).unwrap_or(provider);
    catalog.region(provider, region).is_some()
        && estate.nodes.values().any(|node| {
            let place = &node.placement;
            let is_own = matches!(node.kind, Kind::Component | Kind::Service);
            is_own && place.provider.as_deref() == Some(provider) && place.region.is_none() && !place.global
        })
}

/// What was scanned, and by what it is judged.
struct World<'a> {
    outcome: &'a Outcome,
    catalog: &'a Catalog,
    today: Date,
}

/// One failure, and what it means.
struct Answer {
    simulation: Simulation,
    means: Vec<Means>,
    promises: Vec<Promise>,
    /// How long the failure lasts, in seconds, where that is known.
    lasts: Option<u64>,
}

impl World<'_> {
    /// The worst of the alternatives.
    fn one(
        &self,
        estate: &Estate,
        plane: Plane,
        alternatives: &[Failure],
        lasts: Option<u64>,
        typed: &Typed,
    ) -> String {
        let mut simulator = Simulator::new(estate, plane);
        let badness = |failure: &Failure| {
            let run = simulator.run(failure);
            (run.share(ServiceState::Down), run.share(ServiceState::NotKnown))
        };
        let ranked: Vec<(f64, f64)> = alternatives.iter().map(badness).collect();
        let worst = alternatives
            .iter()
            .zip(ranked)
            .max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let nothing = Failure::default();
        let failure = worst.map_or(&nothing, |(failure, _)| failure);
        let simulation = simulator.run(failure);
        let answer = Answer {
            means: means(estate, self.catalog, failure, &simulator),
            promises: promises(estate, &self.outcome.settings, self.today, &simulation, &simulator),
            simulation,
            lasts,
        };
        let limit = if typed.all { usize::MAX } else { ROWS_ON_SCREEN };
        match typed.format {
            Format::Json => format!("{:#}\n", json_of(&answer.simulation, |_| true)),
            Format::Table => table(&answer, limit),
            Format::Markdown => markdown(&answer, limit),
        }
    }
}

/// Every element that hurts anybody when it fails alone, the worst first.
fn many(outcome: &Outcome, estate: &Estate, limit: usize, typed: &Typed) -> String {
    let plane = typed.plane();
    let mut simulator = Simulator::new(estate, plane);
    let elements: Vec<Id> = if plane == Plane::Control {
        let changes =
            |kind| matches!(kind, Kind::Provider | Kind::Region | Kind::ProviderService | Kind::ControlPlane);
        estate.nodes.values().filter(|node| changes(node.kind)).map(|node| node.id.clone()).collect()
    } else {
        outcome.analysis.runtime().failures.iter().map(|failure| failure.element.clone()).collect()
    };
    // The analysis ranked them by what they take down.
    let wanted = if plane == Plane::Control { usize::MAX } else { limit };
    let mut runs: Vec<Simulation> = elements
        .iter()
        .take(wanted)
        .map(|id| simulator.run(&Failure::new(estate, std::slice::from_ref(id), plane)))
        .filter(|run| run.services.iter().any(ServiceOutcome::is_hurt))
        .collect();
    if plane == Plane::Control {
        runs.sort_by_key(|run| std::cmp::Reverse(run.hampered().count()));
        runs.truncate(limit);
    }
    match typed.format {
        Format::Json => format!(
            "{:#}\n",
            Value::Array(runs.iter().map(|run| json_of(run, ServiceOutcome::is_hurt)).collect())
        ),
        Format::Table => table_of_many(runs.iter().map(|run| (failed_line(&failed(run), 3), run))),
        Format::Markdown => {
            let codes = |run| failed(run).iter().map(|id| markdown_code(id.as_str())).collect::<Vec<_>>();
            markdown_of_many(runs.iter().map(|run| (codes(run).join(", "), run)))
        }
    }
}

/// Every set of names or addresses that hurts somebody when it is lost, the worst first.
fn each_alone(estate: &Estate, each: NameFailure, silent: &[Id], limit: usize, typed: &Typed) -> String {
    let plane = typed.plane();
    let mut simulator = Simulator::new(estate, plane);
    let sets = name_failures(estate, each);
    let all = sets.len();
    let mut runs: Vec<(String, Simulation)> = sets
        .into_iter()
        .map(|(name, mut ids)| {
            ids.extend(silent.iter().cloned());
            ids.sort();
            ids.dedup();
            (name, simulator.run(&Failure::new(estate, &ids, plane)))
        })
        .filter(|(_, run)| run.services.iter().any(ServiceOutcome::is_hurt))
        .collect();
    let rank = |run: &Simulation| {
        let count = |state| run.in_state(state).count();
        [count(ServiceState::Down), count(ServiceState::NotKnown), count(ServiceState::Degraded)]
    };
    runs.sort_by_cached_key(|(name, run)| (std::cmp::Reverse(rank(run)), name.clone()));
    let summary = format!("{} of {all} that were read hurt somebody.\n", runs.len());
    runs.truncate(limit);
    match typed.format {
        Format::Json => {
            let named = |(name, run): &(String, Simulation)| {
                let mut json = json_of(run, ServiceOutcome::is_hurt);
                json["name"] = json!(name);
                json
            };
            format!("{:#}\n", Value::Array(runs.iter().map(named).collect()))
        }
        Format::Table => {
            table_of_many(runs.iter().map(|(name, run)| (terminal(name).into_owned(), run))) + &summary
        }
        Format::Markdown => {
            markdown_of_many(runs.iter().map(|(name, run)| (markdown_code(name), run))) + "\n" + &summary
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
pub(super) fn cannot_words(service: &ServiceOutcome) -> String {
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

fn failed(run: &Simulation) -> Vec<Id> {
    run.failure.lost.iter().chain(&run.failure.impaired).cloned().collect()
}

/// One line a failure, each with what is said to have failed.
fn table_of_many<'a>(runs: impl Iterator<Item = (String, &'a Simulation)>) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!(
            "{:>6} {:>9} {:>9} {:>9} {:>7}  fails",
            "down", "not known", "degraded", "hampered", "weight"
        ),
    );
    for (fails, run) in runs {
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

fn markdown_of_many<'a>(runs: impl Iterator<Item = (String, &'a Simulation)>) -> String {
    let mut text =
        String::from("| fails | down | not known | degraded | hampered |\n|---|---:|---:|---:|---:|\n");
    for (fails, run) in runs {
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
