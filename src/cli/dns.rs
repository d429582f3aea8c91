//! `linchpin dns`: what the DNS alone says of names, as the same report.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _};

use super::meaning::{self, Outputs};
use super::typed::{Output, Reading, levels};
use super::{Command, Exit, Terminal};

/// `linchpin dns`.
pub(super) struct Dns;

#[derive(clap::Args)]
struct Typed {
    /// Names to look up
    #[arg(value_name = "NAME", required_unless_present = "file")]
    names: Vec<String>,

    /// Also look up the names in this file, one a line; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    how: Reading,

    #[command(flatten)]
    output: Output,

    /// Exit with 1 when an open finding has this level or a worse one
    #[arg(long, value_name = "LEVEL", value_parser = levels())]
    fail_on: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  linchpin dns example.com www.example.com
  linchpin dns --file names.txt --resolver 192.0.2.53 --format json
  linchpin dns example.com --dns record example.dns
  linchpin dns example.com --dns replay example.dns";

impl Command for Dns {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("dns"))
            .about("Look names up, and report what they hang on as the DNS tells it, without any manifest")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let outputs = Outputs::of(&typed.output)?;
        let mut names = typed.names.clone();
        if let Some(file) = &typed.file {
            let text = read(file).with_context(|| format!("failed to read `{}`", file.display()))?;
            names.extend(listed(&text));
        }
        let names = names.iter().map(|name| checked(name)).collect::<anyhow::Result<Vec<_>>>()?;
        if names.is_empty() {
            bail!("found no name to look up; write one a line");
        }
        let outcome = meaning::Scan::of_names(names, &typed.how).run(terminal)?;
        outputs.write(&outcome, terminal)?;
        Ok(meaning::verdict(&outcome, typed.fail_on.as_deref().map(meaning::level)))
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        return std::io::stdin().lock().read_to_string(&mut text).map(|_| text);
    }
    std::fs::read_to_string(path)
}

/// One name a line; what follows a `#` is a comment.
fn listed(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned)
}

/// A name that can be asked for, in the form in which it is asked.
fn checked(typed: &str) -> anyhow::Result<String> {
    let name = crate::resolve::answers::clean_name(typed);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*'))
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        bail!("failed to understand the name `{typed}`; write one such as `www.example.com`");
    }
    Ok(name)
}
