//! `linchpin explain`: a rule's page, why a node is needed, or what a finding stands on.

use std::path::PathBuf;

use anyhow::bail;
use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::meaning::Scan;
use super::typed::Reading;
use super::{Command, Exit, Terminal};
use crate::judge::{self, RULES, Rule};
use crate::report::{Length, explanation};

/// `linchpin explain`.
pub(super) struct Explain;

#[derive(clap::Args)]
struct Typed {
    /// A rule, a node's id (or a name that only one node has), or the start of a finding's fingerprint
    #[arg(value_name = "RULE|NODE-ID|FINGERPRINT")]
    what: String,

    /// Folders or files to read
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Every service and every path, not only the first ones
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    how: Reading,
}

const EXAMPLES: &str = "\
Examples:
  linchpin explain single-zone
  linchpin explain provider:aws/us-east-1
  linchpin explain tf:aws_db_instance.main infra/
  linchpin explain 3f9a1c";

impl Command for Explain {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("explain"))
            .about("Show a rule's page, why a node is needed, or what a finding stands on")
            .after_help(epilogue())
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        if let Some(rule) = judge::rule(&typed.what) {
            terminal.write(|out| out.write_all(rule.page().as_bytes()))?;
            return Ok(Exit::Acceptable);
        }
        let outcome = Scan::of_paths(&typed.paths, &typed.how).run(terminal)?;
        let options = terminal.options(if typed.all { Length::All } else { Length::Screen });
        match explanation::find(&outcome, &typed.what) {
            Ok(subject) => {
                terminal.write(|out| explanation::write(&outcome, &subject, out, &options))?;
                Ok(Exit::Acceptable)
            }
            Err(near) if near.is_empty() => {
                bail!(
                    "failed to find a rule, node or finding `{}`; `linchpin scan --all` lists them",
                    typed.what
                )
            }
            Err(near) => {
                bail!("failed to find exactly `{}`; there are {}", typed.what, near.join(", "))
            }
        }
    }
}

/// The examples, and the rules by name.
fn epilogue() -> String {
    let line = |rule: &&dyn Rule| format!("  {:<36} {}", rule.id(), rule.summary());
    let rules: Vec<String> = RULES.iter().map(line).collect();
    format!("{EXAMPLES}\n\nRules:\n{}", rules.join("\n"))
}
