//! From arguments to an exit code.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{ArgMatches, Command as Definition};

use super::{COMMANDS, Exit, Terminal};
use crate::read::{FORMATS, Format};
use crate::report::text::terminal as safe;

const ABOUT: &str = "Finds what a single failure would take down: reads manifests and DNS, builds one graph of \
                     services and the providers beneath them, and says what hangs on what";

const EXAMPLES: &str = "\
Examples:
  linchpin scan                           what is in this folder
  linchpin scan infra/ --format json      the same for programs
  linchpin dns example.com                what the DNS says, without any manifest
  linchpin explain provider:aws           why a provider is needed, with evidence
  linchpin explain single-zone            what a rule means
  linchpin check --fail-on error          a gate for CI

Exit codes:
  0  judged and acceptable
  1  judged and over policy (--fail-on)
  2  not judged: wrong usage, or nothing that could be read";

const NOT_JUDGED: u8 = 2;

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    match definition().try_get_matches_from(joined(std::env::args_os())) {
        Ok(typed) => finish(run(&typed)),
        Err(usage) => wrong_usage(&usage),
    }
}

/// `--dns record FILE` as `--dns=record=FILE`: of the words behind `--dns`, only these take a file.
fn joined(typed: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut typed = typed.peekable();
    while let Some(word) = typed.next() {
        let how = typed.next_if(|next| word == "--dns" && (next == "record" || next == "replay"));
        let file = how.as_ref().and_then(|_| typed.next());
        let mut word = word;
        for part in [how, file].into_iter().flatten() {
            word.push("=");
            word.push(part);
        }
        words.push(word);
    }
    words
}

/// The whole command line, from the table of commands.
pub(super) fn definition() -> Definition {
    Definition::new("linchpin")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(format!("{EXAMPLES}\n\nReads:\n{}", formats()))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(COMMANDS.iter().map(|command| command.define()))
}

/// One line for each format that is read.
fn formats() -> String {
    let line = |format: &&dyn Format| format!("  {:<16} {}", format.name(), format.summary());
    FORMATS.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn run(typed: &ArgMatches) -> anyhow::Result<Exit> {
    let (name, typed) = typed.subcommand().expect("a subcommand is required");
    let command = COMMANDS
        .iter()
        .find(|command| command.define().get_name() == name)
        .expect("every subcommand stands in the table");
    command.run(typed, &mut Terminal::of_process())
}

fn finish(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(Exit::Acceptable) => ExitCode::SUCCESS,
        Ok(Exit::OverPolicy) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => not_judged(&safe(&causes(&error))),
    }
}

/// The messages of an error and its causes, each said once.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn wrong_usage(usage: &clap::Error) -> ExitCode {
    if usage.use_stderr() {
        let text = usage.render().to_string();
        if usage.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return not_judged(&format!("no command was given\n\n{}", text.trim_end()));
        }
        return not_judged(text.trim_start_matches("error: ").trim_end());
    }
    // Help and version; a pipe that closes on them is no failure.
    drop(usage.print());
    ExitCode::SUCCESS
}

fn not_judged(text: &str) -> ExitCode {
    // Nobody is left to tell when stderr is closed too.
    drop(writeln!(io::stderr(), "not judged: {text}"));
    ExitCode::from(NOT_JUDGED)
}

/// Whether an error is the reader of a pipe who had enough.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::definition().debug_assert();
    }

    #[test]
    fn a_recording_may_stand_behind_its_word() {
        let joined = |line: &str| {
            let words = super::joined(line.split(' ').map(Into::into));
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(joined("scan --dns record a.dns infra"), ["scan", "--dns=record=a.dns", "infra"]);
        assert_eq!(joined("scan --dns replay=a.dns infra"), ["scan", "--dns", "replay=a.dns", "infra"]);
        assert_eq!(joined("scan --dns live infra"), ["scan", "--dns", "live", "infra"]);
        assert_eq!(joined("scan --dns record"), ["scan", "--dns=record"]);
    }

    #[test]
    fn every_command_has_examples() {
        for command in super::COMMANDS {
            let definition = command.define();
            let help = definition.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("linchpin"), "{} shows no example", definition.get_name());
        }
    }
}
