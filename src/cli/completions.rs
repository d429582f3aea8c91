//! `linchpin completions`: completion scripts for shells.

use clap::{ArgMatches, Args as _, FromArgMatches as _};
use clap_complete::Shell;

use super::{Command, Exit, Terminal, program};

/// `linchpin completions`.
pub(super) struct Completions;

#[derive(clap::Args)]
struct Typed {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  linchpin completions bash > /etc/bash_completion.d/linchpin
  linchpin completions fish > ~/.config/fish/completions/linchpin.fish";

impl Command for Completions {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("completions"))
            .about("Print a completion script for a shell")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let mut script = Vec::new();
        clap_complete::generate(typed.shell, &mut program::definition(), "linchpin", &mut script);
        terminal.write(|out| out.write_all(&script))?;
        Ok(Exit::Acceptable)
    }
}
