//! `linchpin availability`: how available services can be at most, by their providers' promises.

use std::fmt::Write as _;

use anyhow::Context as _;
use clap::{ArgMatches, Args as _, FromArgMatches as _};
use serde_json::{Value, json};

use super::typed::{Format, Input};
use super::{Command, Exit, Terminal, meaning};
use crate::analyze::{Availability, MINUTES_PER_YEAR, availability};
use crate::catalog::{Catalog, Sla};
use crate::model::{Kind, Node, Tolerance};
use crate::report::text::terminal;

/// `linchpin availability`.
pub(super) struct Bound;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    /// Format on standard output
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Complete lists, not only what fits one screen
    #[arg(long)]
    all: bool,
}

const ROWS_ON_SCREEN: usize = 20;
const CONTRIBUTORS: usize = 3;
const NOTE: &str = "upper bound under independence: from published service levels alone; what nobody promises counts as if it never failed";

const EXAMPLES: &str = "\
Examples:
  linchpin availability
  linchpin availability infra/ --format json";

impl Command for Bound {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("availability"))
            .about("Bound the availability of services from what their providers promise")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        let catalog: &Catalog = &outcome.catalog;
        let found = availability(&outcome.estate, &|node: &Node| unavailability(catalog, node));
        let text = match typed.format {
            Format::Json => format!("{:#}\n", json_of(&found)),
            Format::Table => table(&found, if typed.all { usize::MAX } else { ROWS_ON_SCREEN }),
        };
        match terminal.write(|out| out.write_all(text.as_bytes())) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(error).context("failed to write to standard output")
            }
            _ => Ok(Exit::Acceptable),
        }
    }
}

/// What the published service level of a node leaves for outages, 0 to 1. A single instance has what its own service
/// level leaves beyond that of its product, which counts apart.
fn unavailability(catalog: &Catalog, node: &Node) -> Option<f64> {
    let provider = node.placement.provider.as_deref()?;
    let service = node.placement.service.as_deref()?;
    let left = |sla: &Sla| (1.0 - sla.percent / 100.0).max(0.0);
    let single = |sla: &&Sla| {
        ["single", "in one zone", "zonal"].iter().any(|word| sla.scope.contains(word))
            && !sla.scope.contains("not covered")
    };
    let product = catalog.sla(provider, service).filter(|sla| !single(sla)).map(left).min_by(f64::total_cmp);
    match node.kind {
        Kind::ProviderService => product,
        Kind::Component | Kind::Service if node.tolerance == Tolerance::Nothing => {
            let alone = catalog.sla(provider, service).filter(single).map(left).min_by(f64::total_cmp)?;
            Some((alone - product.unwrap_or(0.0)).max(0.0))
        }
        _ => None,
    }
}

fn downtime(found: &Availability) -> Option<f64> {
    found.unavailability.map(|share| share * MINUTES_PER_YEAR)
}

fn json_of(found: &[Availability]) -> Value {
    let one = |of: &Availability| {
        let contributors =
            of.contributors.iter().map(|(id, share)| json!({ "id": id.as_str(), "share": share }));
        json!({
            "id": of.service.as_str(),
            "availability_at_most": of.unavailability.map(|share| 1.0 - share),
            "downtime_minutes_per_year_at_least": downtime(of),
            "exact": of.exact,
            "events_counted": of.counted,
            "events_without_service_level": of.uncounted,
            "contributors": contributors.collect::<Vec<_>>(),
        })
    };
    json!({ "meaning": NOTE, "services": found.iter().map(one).collect::<Vec<_>>() })
}

fn table(found: &[Availability], limit: usize) -> String {
    let mut text = format!("{NOTE}\n\n");
    let mut line = |content: String| writeln!(text, "{content}").expect("a string takes all text");
    line(format!(
        "{:>12} {:>12} {:>9}  service, and what its downtime is from",
        "at most", "min a year", "unsaid"
    ));
    for of in found.iter().take(limit) {
        let at_most =
            of.unavailability.map_or("?".to_owned(), |share| format!("{:.4} %", (1.0 - share) * 100.0));
        let down = downtime(of).map_or("?".to_owned(), |minutes| format!("{minutes:.0}"));
        line(format!(
            "{at_most:>12} {down:>12} {:>4}/{:<4}  {}",
            of.uncounted,
            of.counted + of.uncounted,
            terminal(of.service.as_str())
        ));
        for (id, share) in of.contributors.iter().take(CONTRIBUTORS) {
            line(format!("{:>38} {:>3.0} %  {}", "", share * 100.0, terminal(id.as_str())));
        }
    }
    if limit < found.len() {
        line(format!("... and {} more; --all shows them", found.len() - limit));
    }
    text
}
