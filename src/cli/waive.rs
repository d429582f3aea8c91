//! `linchpin waive`: accepts a finding for a time, in `linchpin.toml`, whose formatting stays.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _};
use jiff::civil::Date;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::meaning::{self, Scan};
use super::typed::Reading;
use super::{Command, Exit, Terminal};
use crate::judge::{Finding, RULES};
use crate::read::settings::{FILE_NAME, read_settings};
use crate::report::text;
use crate::source::{Severity, SourceFile};

/// `linchpin waive`.
pub(super) struct Waive;

#[derive(clap::Args)]
struct Typed {
    /// The finding's fingerprint, or the start of it that only one finding has
    #[arg(value_name = "FINGERPRINT")]
    fingerprint: String,

    /// Folders or files in which the finding is
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Why the risk is accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who accepts it
    #[arg(long, value_name = "WHO")]
    owner: String,

    /// The last day on which it is accepted
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Date,

    /// Where it is followed up
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,

    #[command(flatten)]
    how: Reading,
}

const EXAMPLES: &str = "\
Examples:
  linchpin waive 3f9a1c --reason 'replaced in spring' --owner shop-team --until 2027-03-01
  linchpin waive 3f9a1c infra/ --reason 'by contract' --owner cto --until 2027-03-01 --ticket OPS-12";

impl Command for Waive {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("waive"))
            .about("Accept a finding until a day: writes a waiver into linchpin.toml")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let today = typed.how.today.unwrap_or_else(meaning::today);
        let outcome = Scan::of_paths(&typed.paths, &typed.how).run(terminal)?;
        let finding = only(&outcome.findings, &typed.fingerprint)?;
        let entry = Entry { finding, typed: &typed, today };
        entry.check(outcome.settings.policy.max_waiver_days)?;
        let path = policy_path(&typed.paths, &typed.how);
        let before = read(&path)?;
        let after =
            entry.written_into(&before).with_context(|| format!("failed to edit `{}`", path.display()))?;
        std::fs::write(&path, after).with_context(|| format!("failed to write `{}`", path.display()))?;
        let line = format!("{} is accepted until {} in {}", finding.fingerprint, typed.until, path.display());
        terminal.write(|out| writeln!(out, "{}", text::terminal(&line)))?;
        Ok(Exit::Acceptable)
    }
}

/// Where the policy of a scan is, or belongs.
pub(super) fn policy_path(paths: &[PathBuf], how: &Reading) -> PathBuf {
    let in_root = || {
        let root = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let folder = if root.is_file() { root.parent().unwrap_or(Path::new("")) } else { root };
        folder.join(FILE_NAME)
    };
    how.config.clone().unwrap_or_else(in_root)
}

fn read(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("failed to read `{}`", path.display())),
    }
}

fn only<'f>(findings: &'f [Finding], start: &str) -> anyhow::Result<&'f Finding> {
    let mut found: Vec<&Finding> =
        findings.iter().filter(|one| !start.is_empty() && one.fingerprint.starts_with(start)).collect();
    found.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    match found.as_slice() {
        [only] => Ok(only),
        [] => bail!("failed to find a finding `{start}`; `linchpin scan --format json` shows fingerprints"),
        many => {
            let prints: Vec<&str> = many.iter().take(5).map(|one| one.fingerprint.as_str()).collect();
            bail!("failed to find exactly `{start}`; there are {}", prints.join(", "))
        }
    }
}

/// The waiver to be written.
struct Entry<'a> {
    finding: &'a Finding,
    typed: &'a Typed,
    today: Date,
}

impl Entry<'_> {
    /// A waiver that would not count is not written.
    fn check(&self, max_days: Option<u32>) -> anyhow::Result<()> {
        let days = self.typed.until.since(self.today).map_or(0, |span| i64::from(span.get_days()));
        if self.typed.until < self.today {
            bail!("failed to accept it until {}, which is past", self.typed.until);
        }
        if let Some(max) = max_days.filter(|max| i64::from(*max) < days) {
            bail!("failed to accept it for {days} days; the policy allows {max}");
        }
        for (what, text) in [("reason", &self.typed.reason), ("owner", &self.typed.owner)] {
            if text.trim().is_empty() {
                bail!("failed to accept it without {what}");
            }
        }
        Ok(())
    }

    /// The policy's text with the waiver: renewed where it stands, else added at the end.
    fn written_into(&self, before: &str) -> anyhow::Result<String> {
        let mut document: DocumentMut = before.parse()?;
        let waivers = document.entry("waivers").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(waivers) = waivers.as_array_of_tables_mut() else {
            bail!("`waivers` is written as one value; write `[[waivers]]` tables instead")
        };
        let print = self.finding.fingerprint.as_str();
        let is_it = |table: &&mut Table| table.get("fingerprint").and_then(Item::as_str) == Some(print);
        if let Some(known) = waivers.iter_mut().find(is_it) {
            self.fill(known);
        } else {
            let mut table = Table::new();
            let message = text::terminal(&self.finding.message).into_owned();
            let gap = if before.is_empty() { "" } else { "\n" };
            table.decor_mut().set_prefix(format!("{gap}# {}: {message}\n", self.finding.rule));
            table["fingerprint"] = value(print);
            self.fill(&mut table);
            waivers.push(table);
        }
        let after = document.to_string();
        must_be_understood(&after)?;
        Ok(after)
    }

    fn fill(&self, table: &mut Table) {
        table["reason"] = value(self.typed.reason.as_str());
        table["owner"] = value(self.typed.owner.as_str());
        if let Some(ticket) = &self.typed.ticket {
            table["ticket"] = value(ticket.as_str());
        }
        table["created"] = value(self.today.to_string());
        table["expires"] = value(self.typed.until.to_string());
    }
}

/// What linchpin itself writes must be a policy that it reads.
pub(super) fn must_be_understood(policy: &str) -> anyhow::Result<()> {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id()).collect();
    let (_, problems) = read_settings(&SourceFile::new(FILE_NAME, policy.as_bytes()), &rules);
    match problems.iter().find(|problem| problem.severity == Severity::Error) {
        Some(problem) => bail!("line {}: {}", problem.location.line, problem.message),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{BlastRadius, FindingLevel, Status, Verdict};
    use crate::model::{Confidence, Id, Level};

    fn finding() -> Finding {
        Finding {
            rule: "single-instance",
            level: FindingLevel::Error,
            fingerprint: "0123456789abcdef".into(),
            message: "`db`\nruns alone".into(),
            services: vec![Id::app("web")],
            element: Id::app("db"),
            domain_level: Level::Instance,
            blast_radius: BlastRadius::default(),
            status: Status::Open,
            verdict: Verdict::AtRisk,
            because: None,
            confidence: Confidence::Inferred,
            path: Vec::new(),
            evidence: Vec::new(),
            fix: None,
        }
    }

    fn typed(until: &str) -> Typed {
        let words = ["waive", "0123", "--reason", "later", "--owner", "ops", "--until", until];
        let matches = Typed::augment_args(clap::Command::new("waive")).try_get_matches_from(words).unwrap();
        Typed::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn formatting_stays_and_a_second_time_renews() {
        let finding = finding();
        let before = "# Ours.\n[organization]\nname   = \"shop\"   # so it is\n";
        let typed = typed("2027-03-01");
        let entry = Entry { finding: &finding, typed: &typed, today: jiff::civil::date(2026, 11, 22) };
        let once = entry.written_into(before).unwrap();
        assert!(once.starts_with(before), "{once}");
        assert!(once.contains("\n# single-instance: `db`\\u{a}runs alone\n[[waivers]]\n"), "{once}");
        assert!(once.contains("expires = \"2027-03-01\""), "{once}");
        assert_eq!(entry.written_into(&once).unwrap(), once);
        assert!(entry.written_into("waivers = 3\n").is_err());
    }

    #[test]
    fn a_waiver_that_would_not_count_is_refused() {
        let finding = finding();
        let check = |until: &str, max: Option<u32>| {
            let typed = typed(until);
            Entry { finding: &finding, typed: &typed, today: jiff::civil::date(2026, 11, 22) }.check(max)
        };
        assert!(check("2026-11-21", None).is_err());
        assert!(check("2027-11-21", Some(180)).unwrap_err().to_string().contains("364 days"));
        assert!(check("2027-01-01", Some(180)).is_ok());
    }

    #[test]
    fn a_fingerprint_may_be_shortened_while_it_is_clear() {
        let mut other = finding();
        other.fingerprint = "01ff".into();
        let findings = [finding(), other];
        assert!(only(&findings, "012").is_ok());
        assert!(only(&findings, "01").is_err() && only(&findings, "").is_err());
    }
}
