//! `linchpin scan`: read, analyze, report.

use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::meaning::{self, Outputs};
use super::typed::{Input, Output, levels};
use super::{Command, Exit, Terminal};

/// `linchpin scan`.
pub(super) struct Scan;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    /// Exit with 1 when an open finding has this level or a worse one
    #[arg(long, value_name = "LEVEL", value_parser = levels())]
    fail_on: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  linchpin scan
  linchpin scan infra/ k8s/ --environment staging
  linchpin scan --format json | jq '.findings[].message'
  linchpin scan --output markdown=report.md --output dot=graph.dot";

impl Command for Scan {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("scan"))
            .about("Read manifests, find single points of failure and concentration, and report")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outputs = Outputs::of(&typed.output)?;
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        outputs.write(&outcome, terminal)?;
        Ok(meaning::verdict(&outcome, typed.fail_on.as_deref().map(meaning::level)))
    }
}
