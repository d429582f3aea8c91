//! `linchpin graph`: the graph, or the part of it that a review is about.

use std::path::PathBuf;

use anyhow::bail;
use clap::{ArgMatches, Args as _, FromArgMatches as _};
use regex::Regex;

use super::meaning::{Outputs, Scan};
use super::typed::{Output, Reading};
use super::{Command, Exit, Terminal};
use crate::model::{Estate, Id, Level, Phase};
use crate::report::{Collapse, View};

/// `linchpin graph`.
pub(super) struct Graph;

#[derive(clap::Args)]
struct Typed {
    /// Folders or files to read
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Only what is around this node: an id, or a name that only one node has
    #[arg(long, value_name = "ID")]
    focus: Option<String>,

    /// How many dependencies away from the focus
    #[arg(long, value_name = "N", default_value_t = 2)]
    depth: usize,

    /// Only what leads to this node
    #[arg(long, value_name = "ID")]
    reaches: Option<String>,

    /// Only what the change since a git revision touches, and what depends on it
    #[arg(long, value_name = "REV")]
    affected: Option<String>,

    /// Show several nodes as one: provider, region, folder, or a regular expression; ids in which its first group
    /// (or all of it) finds the same text become one
    #[arg(long, value_name = "BY", value_parser = collapse)]
    collapse: Option<Collapse>,

    /// Only dependencies of this phase
    #[arg(long, value_name = "PHASE", value_parser = words(Phase::ALL, Phase::word))]
    phase: Option<String>,

    /// Only services, with what takes them down alone at this level
    #[arg(long, value_name = "LEVEL", value_parser = words(Level::ALL, Level::word))]
    level: Option<String>,

    /// Format on standard output
    #[arg(long, short, value_name = "FORMAT", default_value = "dot", value_parser = FORMATS)]
    format: String,

    /// Also write it to a file; may be given several times
    #[arg(long, short, value_name = "FORMAT=FILE")]
    output: Vec<String>,

    #[command(flatten)]
    how: Reading,
}

const FORMATS: [&str; 5] = ["dot", "mermaid", "graphml", "json", "svg"];

const EXAMPLES: &str = "\
Examples:
  linchpin graph --format svg > graph.svg
  linchpin graph --focus tf:aws_db_instance.orders --depth 1 --format mermaid
  linchpin graph --reaches provider:aws/eu-west-1 --format dot | dot -Tpng > region.png
  linchpin graph --affected origin/main --format mermaid
  linchpin graph --collapse provider --level region --format svg
  linchpin graph --collapse '^k8s:([^/]+)/' --format svg";

fn collapse(typed: &str) -> Result<Collapse, String> {
    match typed {
        "provider" => Ok(Collapse::Provider),
        "region" => Ok(Collapse::Region),
        "folder" => Ok(Collapse::Folder),
        pattern => Regex::new(pattern).map(Collapse::Matching).map_err(|error| error.to_string()),
    }
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> clap::builder::PossibleValuesParser {
    all.iter().map(|one| word(*one)).collect::<Vec<_>>().into()
}

impl Command for Graph {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("graph"))
            .about("Write the graph, or the part of it that matters, as DOT, Mermaid, GraphML, JSON or SVG")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outputs =
            Outputs::of(&Output { format: typed.format.clone(), output: typed.output.clone(), all: true })?;
        let scan = Scan::of_paths(&typed.paths, &typed.how);
        let (outcome, affected) = match &typed.affected {
            None => (scan.run(terminal)?, None),
            Some(revision) => {
                let (outcome, affected) = scan.affected(revision, terminal)?;
                (outcome, Some(affected))
            }
        };
        let node =
            |text: &Option<String>| text.as_deref().map(|text| meant(&outcome.estate, text)).transpose();
        let view = View {
            focus: node(&typed.focus)?,
            depth: typed.depth,
            reaches: node(&typed.reaches)?,
            phase: typed.phase.as_deref().and_then(Phase::parse),
            level: typed.level.as_deref().and_then(Level::parse),
            affected,
            collapse: typed.collapse.clone(),
        };
        outputs.write(&view.of(outcome), terminal)?;
        Ok(Exit::Acceptable)
    }
}

/// The node of an id, or of a name that only one has.
fn meant(estate: &Estate, text: &str) -> anyhow::Result<Id> {
    let exact = Id::new(text);
    if estate.nodes.contains_key(&exact) {
        return Ok(exact);
    }
    let called: Vec<&Id> =
        estate.nodes.values().filter(|node| node.name == text).map(|node| &node.id).collect();
    match called.as_slice() {
        [only] => Ok((*only).clone()),
        [] => bail!("failed to find a node `{text}`; `linchpin graph --format json` lists them"),
        many => {
            let ids: Vec<&str> = many.iter().take(5).map(|id| id.as_str()).collect();
            bail!("failed to find exactly `{text}`; there are {}", ids.join(", "))
        }
    }
}
