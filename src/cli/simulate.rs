//! `linchpin simulate`: what the failure of anything does to every service.

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _, ValueEnum};
use jiff::civil::Date;

mod show;

pub(super) use show::cannot_words;
use show::{Answer, Run};

use super::typed::Input;
use super::{Command, Exit, Terminal, meaning};
use crate::analyze::names::{Family, NameFailure, name_failures, silence, unannounced};
use crate::analyze::query::{QueryError, select};
use crate::analyze::{Failure, Plane, ServiceOutcome, ServiceState, Simulation, Simulator};
use crate::assemble::{add_control_planes, provider_part};
use crate::catalog::Catalog;
use crate::model::{Estate, Id, Kind};
use crate::outlook::{means, promises};
use crate::replay::{Hit, Mapping, failures};
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
    /// What one autonomous system announces, by a table that `linchpin.toml` names
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
        let each = typed.each.map(Each::failure);
        let today = typed.input.how.today.unwrap_or_else(meaning::today);
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        let estate = outcome.estate.clone();
        let world = World { outcome: &outcome, catalog: &outcome.catalog, today };
        let text = match &typed.scenario {
            Some(outage) => world.outage(estate, outage, &typed)?,
            None => world.asked(estate, each, &typed)?,
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
    fn failure(self) -> NameFailure {
        match self {
            Each::Name => NameFailure::Name,
            Each::Address => NameFailure::Address,
            Each::Prefix => NameFailure::Prefix,
            Each::Operator => NameFailure::Operator,
            Each::Cycle => NameFailure::Cycle,
            Each::Signature => NameFailure::Signature,
            Each::As => NameFailure::System,
        }
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

impl World<'_> {
    /// An outage of the catalog, in the worst way in which it may have happened.
    fn outage(&self, mut estate: Estate, id: &str, typed: &Typed) -> anyhow::Result<String> {
        let outage = self.catalog.outages().iter().find(|outage| outage.id == id);
        let outage = outage.with_context(|| {
            format!("failed to find the outage `{id}`; see `linchpin catalog list outages`")
        })?;
        add_control_planes(&mut estate, self.catalog, &outage.date);
        let alternatives = failures(&mut estate, self.catalog, outage, &typed.mappings, Hit::Surely);
        estate.settle();
        let lasts = outage.duration_minutes.map(|minutes| u64::from(minutes) * 60);
        Ok(self.one(&estate, Plane::Both, &alternatives, lasts, typed))
    }

    /// What was asked for: failures at one time, or each alone.
    fn asked(&self, mut estate: Estate, each: Option<NameFailure>, typed: &Typed) -> anyhow::Result<String> {
        add_control_planes(&mut estate, self.catalog, &self.today.to_string());
        let mut ids = selected(&mut estate, self.catalog, &typed.fail)?;
        let silent = typed.without.map(Without::family);
        let silent = silent.map(|family| silence(&mut estate, family)).unwrap_or_default();
        let limit = typed.worst.unwrap_or(usize::MAX);
        if let Some(each) = each {
            if each == NameFailure::System && !self.catalog.has_autonomous_systems() {
                bail!(
                    "failed to tell autonomous systems apart: the catalog says whose an address is, and not who announces it; name a table of them in `linchpin.toml` (`[data] autonomous-systems`), or use `--each prefix` or `--each operator`"
                );
            }
            return Ok(each_alone(&estate, each, &silent, limit, typed));
        }
        if typed.fail.is_empty() && typed.without.is_none() {
            return Ok(many(self.outcome, &estate, limit, typed));
        }
        ids.extend(silent);
        let failure = Failure::new(&estate, &ids, typed.plane());
        Ok(self.one(&estate, typed.plane(), &[failure], None, typed))
    }

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
        answer.shown(typed.format, limit)
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
    let runs: Vec<Run> = runs.into_iter().map(|simulation| Run { name: None, simulation }).collect();
    show::many(&runs, typed.format, None)
}

/// Every set of names or addresses that hurts somebody when it is lost, the worst first.
fn each_alone(estate: &Estate, each: NameFailure, silent: &[Id], limit: usize, typed: &Typed) -> String {
    let plane = typed.plane();
    let mut simulator = Simulator::new(estate, plane);
    let sets = name_failures(estate, each);
    let all = sets.len();
    let mut runs: Vec<Run> = sets
        .into_iter()
        .map(|(name, mut ids)| {
            ids.extend(silent.iter().cloned());
            ids.sort();
            ids.dedup();
            Run { name: Some(name), simulation: simulator.run(&Failure::new(estate, &ids, plane)) }
        })
        .filter(|run| run.simulation.services.iter().any(ServiceOutcome::is_hurt))
        .collect();
    let rank = |run: &Simulation| {
        let count = |state| run.in_state(state).count();
        [count(ServiceState::Down), count(ServiceState::NotKnown), count(ServiceState::Degraded)]
    };
    runs.sort_by_cached_key(|run| (std::cmp::Reverse(rank(&run.simulation)), run.name.clone()));
    let mut summary = format!("{} of {all} that were read hurt somebody.\n", runs.len());
    let unannounced = if each == NameFailure::System { unannounced(estate).len() } else { 0 };
    if 0 < unannounced {
        summary += &format!("Who announces {unannounced} of the addresses is not known.\n");
    }
    runs.truncate(limit);
    show::many(&runs, typed.format, Some(&summary))
}
