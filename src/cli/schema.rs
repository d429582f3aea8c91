//! `linchpin schema`: the JSON Schemas of what linchpin writes and reads.

use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::{Command, Exit, Terminal};
use crate::report::JSON_SCHEMA;

/// `linchpin schema`.
pub(super) struct Schema;

/// The schemas by name: what is written, what is read.
static SCHEMAS: &[(&str, &str)] =
    &[("report", JSON_SCHEMA), ("config", include_str!("../../docs/linchpin.schema.json"))];

#[derive(clap::Args)]
struct Typed {
    /// Which schema
    #[arg(default_value = "report", value_parser = names())]
    name: String,
}

const EXAMPLES: &str = "\
Examples:
  linchpin schema > report.schema.json
  linchpin schema config > linchpin.schema.json";

impl Command for Schema {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("schema"))
            .about("Print the JSON Schema of the JSON report or of linchpin.toml")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let (_, schema) =
            SCHEMAS.iter().find(|(name, _)| *name == typed.name).expect("the parser knows the names");
        terminal.write(|out| out.write_all(schema.as_bytes()))?;
        Ok(Exit::Acceptable)
    }
}

fn names() -> clap::builder::PossibleValuesParser {
    SCHEMAS.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()
}
