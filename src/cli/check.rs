//! `linchpin check`: the gate.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::meaning::{self, Outputs};
use super::typed::{Input, Output, levels};
use super::{Command, Exit, Terminal};
use crate::gate::Against;
use crate::judge::{Finding, FindingLevel, Status};
use crate::report;
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

    /// Judge only what is new against a saved scan (`--format json`) or a git revision
    #[arg(long, value_name = "FILE|REV")]
    baseline: Option<String>,

    /// Exit with 1 when an open finding has this level or a worse one [default: fail-on of linchpin.toml, else
    /// error]
    #[arg(long, value_name = "LEVEL", value_parser = levels())]
    fail_on: Option<String>,

    /// Exit with 2 when input could be read only in part
    #[arg(long)]
    strict: bool,
}

const EXAMPLES: &str = "\
Examples:
  linchpin check
  linchpin check --baseline origin/main
  linchpin check --baseline origin/main --format github --output markdown=comment.md
  linchpin check --baseline linchpin-baseline.json --fail-on warning
  linchpin check --fail-on warning --strict

Exit codes:
  0  judged and acceptable
  1  judged: a finding stands at or above --fail-on; with --baseline, a new one
  2  not judged: wrong usage, unreadable policy, nothing to read, no such revision, a changed file that can no
     longer be read, or (--strict) input read only in part";

impl Command for Check {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("check"))
            .about("Like scan, as a gate: fails when a finding is over policy")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outputs = Outputs::of(&typed.output)?;
        let scan = meaning::Scan::of(&typed.input);
        let outcome = match &typed.baseline {
            Some(baseline) => scan.check(&against(baseline)?, terminal)?,
            None => scan.run(terminal)?,
        };
        outputs.write(&outcome, terminal)?;
        if typed.strict {
            all_read(&outcome)?;
        }
        let fail_on = typed.fail_on.as_deref().map(meaning::level);
        let fail_on = meaning::fail_on(&outcome, fail_on);
        let verdict = meaning::verdict(&outcome, fail_on);
        if let Some(level) = fail_on.filter(|_| verdict == Exit::OverPolicy) {
            terminal.say(&over_policy(&outcome, level));
        }
        // What was judged and is over policy stays so, whatever else could not be read.
        if verdict == Exit::Acceptable {
            changes_read(&outcome)?;
        }
        Ok(verdict)
    }
}

/// Why the build fails, in one line: with the report in a file, it is all that a log shows.
fn over_policy(outcome: &Outcome, level: FindingLevel) -> String {
    let is_over = |one: &&Finding| one.status == Status::Open && level <= one.level;
    let findings: Vec<&Finding> = outcome.findings.iter().filter(is_over).collect();
    let new = if outcome.comparison.is_some() { "new " } else { "" };
    let noun = if findings.len() == 1 { "finding" } else { "findings" };
    let first = findings.first().map_or("", |one| one.message.as_str());
    format!(
        "over policy: {} {new}{noun} at or above `{}`, the gravest: {first}",
        findings.len(),
        level.word()
    )
}

/// A file of that name, else a revision.
fn against(baseline: &str) -> anyhow::Result<Against> {
    if !Path::new(baseline).is_file() {
        return Ok(Against::Revision(baseline.to_owned()));
    }
    let text = std::fs::read_to_string(baseline)
        .with_context(|| format!("failed to read the baseline `{baseline}`"))?;
    let snapshot =
        report::snapshot(&text).with_context(|| format!("failed to read the baseline `{baseline}`"))?;
    Ok(Against::Saved { name: baseline.to_owned(), snapshot: Box::new(snapshot) })
}

/// What a change made unreadable may hide anything.
fn changes_read(outcome: &Outcome) -> anyhow::Result<()> {
    let unread = outcome.comparison.as_ref().map_or(&[][..], |comparison| comparison.unread.as_slice());
    if let [first, more @ ..] = unread {
        let at = &first.location;
        let more = if more.is_empty() { String::new() } else { format!(" ({} more)", more.len()) };
        bail!("a changed file could not be read: {}:{}: {}{more}", at.path, at.line, first.message);
    }
    Ok(())
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
