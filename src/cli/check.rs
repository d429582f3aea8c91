//! `linchpin check`: the gate.

use anyhow::bail;
use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::meaning::{self, Outputs};
use super::typed::{Input, Output, levels};
use super::{Command, Exit, Terminal};
use crate::scan::Outcome;
use crate::source::Severity;

/// `linchpin check`.
pub(super) struct Check;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    /// Exit with 1 when an open finding has this level or a worse one
    #[arg(long, value_name = "LEVEL", default_value = "error", value_parser = levels())]
    fail_on: String,

    /// Exit with 2 when input could be read only in part
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  linchpin check
  linchpin check --fail-on warning --strict
  linchpin check --output json=linchpin.json

Exit codes:
  0  judged and acceptable
  1  judged: a finding stands at or above --fail-on
  2  not judged: wrong usage, unreadable policy, nothing to read, or (--strict) input read only in part";

impl Command for Check {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("check"))
            .about("Like scan, as a gate: fails when a finding is over policy")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outputs = Outputs::of(&typed.output)?;
        let outcome = meaning::Scan::of(&typed.input).run(terminal)?;
        outputs.write(&outcome, terminal)?;
        if typed.strict {
            all_read(&outcome)?;
        }
        Ok(meaning::verdict(&outcome, Some(meaning::level(&typed.fail_on))))
    }
}

fn all_read(outcome: &Outcome) -> anyhow::Result<()> {
    let mut odd = outcome.problems.iter().filter(|problem| problem.severity != Severity::Note);
    if let Some(first) = odd.next() {
        let at = &first.location;
        bail!(
            "input was read only in part: {}:{}: {} ({} more)",
            at.path,
            at.line,
            first.message,
            odd.count()
        );
    }
    Ok(())
}
