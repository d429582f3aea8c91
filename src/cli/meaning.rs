//! What the typed arguments mean.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::typed::{Dns, Input, Output, Reading};
use super::{Exit, Terminal};
use crate::gate::{self, Against};
use crate::judge::{FindingLevel, Status};
use crate::model::Id;
use crate::model::settings::RuleLevel;
use crate::report::{self, Length, REPORTS, Report};
use crate::resolve::{Lookups, Options};
use crate::scan::{self, Outcome, Request};

/// A scan to run.
pub(super) struct Scan {
    request: Request,
}

impl Scan {
    /// What the arguments ask to be scanned.
    pub(super) fn of(typed: &Input) -> Self {
        Self::of_paths(&typed.paths, &typed.how)
    }

    /// The same with the paths apart.
    pub(super) fn of_paths(paths: &[PathBuf], how: &Reading) -> Self {
        Scan {
            request: Request {
                roots: paths.to_vec(),
                environment: how.environment.clone(),
                today: how.today.unwrap_or_else(today),
                include_left_out: how.include_left_out,
                config: how.config.clone(),
                max_file_bytes: how.max_file_bytes,
                dns: lookups(&how.dns),
            },
        }
    }

    /// The same of names alone, which are looked up unless the arguments say from where.
    pub(super) fn of_names(names: Vec<String>, how: &Reading) -> Self {
        let mut scan = Self::of_paths(&[], how);
        scan.request.dns.names = names;
        if scan.request.dns.lookups == Lookups::AsSet {
            scan.request.dns.lookups = Lookups::Live;
        }
        scan
    }

    /// Runs it.
    pub(super) fn run(&self, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
        Ok(terminal.during("reading and analyzing", || scan::scan(&self.request))?)
    }

    /// Runs it against what was there before.
    pub(super) fn check(&self, against: &Against, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
        Ok(terminal.during("reading and comparing", || gate::check(&self.request, against))?)
    }

    /// Runs it, and tells what the change since a git revision touches.
    pub(super) fn affected(
        &self,
        revision: &str,
        terminal: &mut Terminal,
    ) -> anyhow::Result<(Outcome, BTreeSet<Id>)> {
        Ok(terminal.during("reading and comparing", || gate::affected(&self.request, revision))?)
    }
}

fn lookups(typed: &Dns) -> Options {
    Options {
        lookups: typed.dns.clone().unwrap_or_default(),
        resolver: typed.resolver.clone(),
        servers: typed.dns_servers.unwrap_or_default(),
        names: Vec::new(),
        rate: typed.dns_rate,
    }
}

/// The reports to write, and where.
pub(super) struct Outputs {
    standard: &'static dyn Report,
    files: Vec<(&'static dyn Report, PathBuf)>,
    length: Length,
}

impl Outputs {
    /// What the arguments ask to be written.
    pub(super) fn of(typed: &Output) -> anyhow::Result<Self> {
        Ok(Outputs {
            standard: named(&typed.format)?,
            files: typed.output.iter().map(|one| file_output(one)).collect::<anyhow::Result<_>>()?,
            length: if typed.all { Length::All } else { Length::Screen },
        })
    }

    /// Writes the files, then standard output; a pipe that closes there ends the writing and nothing else.
    pub(super) fn write(&self, outcome: &Outcome, terminal: &mut Terminal) -> anyhow::Result<()> {
        for (report, path) in &self.files {
            let options = report::Options { length: self.length, ..report::Options::default() };
            write_file(*report, path, outcome, &options)
                .with_context(|| format!("failed to write `{}`", path.display()))?;
        }
        let options = terminal.options(self.length);
        match terminal.write(|out| self.standard.write(outcome, out, &options)) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(error).context("failed to write to standard output")
            }
            _ => Ok(()),
        }
    }
}

/// The exit code for findings at or above a level; without a level everything is acceptable.
pub(super) fn verdict(outcome: &Outcome, fail_on: Option<FindingLevel>) -> Exit {
    let over = |limit: FindingLevel| {
        outcome.findings.iter().any(|found| found.status == Status::Open && limit <= found.level)
    };
    if fail_on.is_some_and(over) { Exit::OverPolicy } else { Exit::Acceptable }
}

/// The level from which findings fail: what was typed, else the policy's, else error.
pub(super) fn fail_on(outcome: &Outcome, typed: Option<FindingLevel>) -> Option<FindingLevel> {
    if typed.is_some() {
        return typed;
    }
    match outcome.settings.policy.fail_on {
        Some(RuleLevel::Off) => None,
        Some(level) => FindingLevel::parse(level.word()),
        None => Some(FindingLevel::Error),
    }
}

/// The level that was typed; the parser let no other word through.
pub(super) fn level(word: &str) -> FindingLevel {
    FindingLevel::parse(word).expect("the parser knows the levels")
}

fn file_output(typed: &str) -> anyhow::Result<(&'static dyn Report, PathBuf)> {
    let (format, path) = typed
        .split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .with_context(|| format!("failed to understand --output `{typed}`; write FORMAT=FILE"))?;
    Ok((named(format)?, PathBuf::from(path)))
}

fn named(format: &str) -> anyhow::Result<&'static dyn Report> {
    report::report(format).with_context(|| {
        let names: Vec<&str> = REPORTS.iter().map(|report| report.name()).collect();
        format!("failed to find a format `{format}`; known ones are {}", names.join(", "))
    })
}

fn write_file(
    report: &dyn Report,
    path: &Path,
    outcome: &Outcome,
    options: &report::Options,
) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
    report.write(outcome, &mut out, options)?;
    out.flush()
}

/// The only clock of the program.
#[expect(clippy::disallowed_methods, reason = "the command line is where the day comes from")]
pub(super) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
