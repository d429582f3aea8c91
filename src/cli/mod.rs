//! The program: what was typed, what it means, and what is done about it.
//!
//! A command is one file and one line in [`COMMANDS`]; help and shell completion walk the table.

mod availability;
mod catalog;
mod check;
mod completions;
mod dns;
mod explain;
pub mod fault_tree;
mod graph;
mod init;
mod meaning;
mod program;
mod replay;
mod scan;
mod schema;
mod simulate;
mod terminal;
mod typed;
mod waive;

use clap::ArgMatches;

pub use program::main;
use terminal::Terminal;

/// A subcommand.
trait Command: Sync {
    /// Name, help and arguments.
    fn define(&self) -> clap::Command;

    /// Does it. An error means that nothing was judged.
    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit>;
}

/// How the program ends when it did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Judged and acceptable, or nothing had to be judged.
    Acceptable,
    /// Judged and over policy.
    OverPolicy,
}

/// All subcommands, in order of help.
static COMMANDS: &[&dyn Command] = &[
    // What most people come for.
    &scan::Scan,
    &check::Check,
    &explain::Explain,
    // A policy of one's own.
    &init::Init,
    &waive::Waive,
    &dns::Dns,
    &simulate::Simulate,
    &replay::ReplayOutages,
    // The rest.
    &graph::Graph,
    &fault_tree::Command,
    &availability::Bound,
    &catalog::Lookup,
    &schema::Schema,
    &completions::Completions,
];
