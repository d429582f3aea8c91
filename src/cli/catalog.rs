//! `linchpin catalog`: what is known about providers, listed, looked up, checked.

mod lists;

use std::io::{self, BufRead, Write};
use std::net::IpAddr;

use clap::{ArgMatches, Args, FromArgMatches as _, Subcommand, ValueEnum};
use serde::Serialize;

use super::{Command, Exit, Terminal};
use crate::catalog::{Catalog, Identification, NameKind, ResourceKnowledge, ResourceType};
use lists::{ListKind, Row, columns, entries};

/// `linchpin catalog`.
pub(super) struct Lookup;

const EXAMPLES: &str = "\
Examples:
  linchpin catalog show aws_db_instance
  linchpin catalog list outages
  dig +short NS example.com | linchpin catalog identify --as ns --format json";

impl Command for Lookup {
    fn define(&self) -> clap::Command {
        CatalogArgs::augment_args(clap::Command::new("catalog"))
            .about("Look up what is known about providers, regions, resource types and names")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let args = CatalogArgs::from_arg_matches(typed)?;
        let mut well = true;
        terminal.write(|out| {
            well = run(&args, Catalog::embedded(), &mut io::stdin().lock(), out)?;
            Ok(())
        })?;
        Ok(if well { Exit::Acceptable } else { Exit::OverPolicy })
    }
}

#[derive(Debug, Args)]
struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// List one kind of entry.
    List {
        /// What to list.
        kind: ListKind,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show everything known about one id: a provider, a resource type, an image, an outage, a region (`aws/us-east-1`).
    Show {
        /// The id, or another name of a provider.
        id: String,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say who is behind names or addresses, one a line on standard input.
    Identify {
        /// What the lines are.
        #[arg(long = "as", value_enum)]
        kind: IdentifyKind,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Check every table: sources, licences, references, samples, sizes.
    Check,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// One entry a line, cells apart by tabs.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What the lines of `linchpin catalog identify` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IdentifyKind {
    Host,
    Alias,
    Ns,
    Mx,
    Spf,
    Txt,
    Dmarc,
    Ip,
}

/// Runs `linchpin catalog`; false when `check` found something wrong or `show` found nothing.
///
/// # Errors
/// What reading `input` and writing `out` return.
fn run(
    args: &CatalogArgs,
    catalog: &Catalog,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<bool> {
    match &args.command {
        CatalogCommand::List { kind, format } => list(*kind, *format, catalog, out),
        CatalogCommand::Show { id, format } => show(id, *format, catalog, out),
        CatalogCommand::Identify { kind, format } => identify(*kind, *format, catalog, input, out),
        CatalogCommand::Check => check(catalog, out),
    }
}

/// One line of `linchpin catalog identify --format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    input: &'a str,
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<&'a str>,
    rule: Option<&'a str>,
    source: Option<&'a str>,
    confidence: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn new(input: &'a str, found: Option<&Identification<'a>>) -> Self {
        Self {
            input,
            provider: found.map(|f| f.provider),
            parent: found.and_then(|f| f.parent),
            region: found.and_then(|f| f.region),
            service: found.and_then(|f| f.service),
            category: found.map(|f| f.category),
            on: found.and_then(|f| f.on),
            rule: found.map(|f| f.rule),
            source: found.map(|f| f.source),
            confidence: found.map(|f| f.confidence.as_str()),
        }
    }

    fn cells(&self) -> [&str; 7] {
        let or = |cell: Option<&'a str>| cell.unwrap_or("-");
        [
            self.input,
            self.provider.unwrap_or("unknown"),
            or(self.parent),
            or(self.region),
            or(self.service),
            or(self.rule),
            or(self.confidence),
        ]
    }
}

fn identify(
    kind: IdentifyKind,
    format: Format,
    catalog: &Catalog,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if input.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(true);
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let found = match kind {
            IdentifyKind::Ip => line.parse::<IpAddr>().ok().and_then(|a| catalog.identify_ip(a)),
            IdentifyKind::Host => catalog.identify(NameKind::Host, line),
            IdentifyKind::Alias => catalog.identify(NameKind::Alias, line),
            IdentifyKind::Ns => catalog.identify(NameKind::Ns, line),
            IdentifyKind::Mx => catalog.identify(NameKind::Mx, line),
            IdentifyKind::Spf => catalog.identify(NameKind::Spf, line),
            IdentifyKind::Txt => catalog.identify(NameKind::Txt, line),
            IdentifyKind::Dmarc => catalog.identify(NameKind::Dmarc, line),
        };
        let answer = Answer::new(line, found.as_ref());
        match format {
            Format::Json => json_line(out, &answer)?,
            Format::Text => text_line(out, &answer.cells())?,
        }
    }
}

fn list(kind: ListKind, format: Format, catalog: &Catalog, out: &mut dyn Write) -> io::Result<bool> {
    let columns = columns(kind);
    for row in entries(kind, catalog) {
        match format {
            Format::Text => text_line(out, &row.iter().map(String::as_str).collect::<Vec<_>>())?,
            Format::Json => {
                let object: serde_json::Map<_, _> =
                    columns.iter().zip(row).map(|(c, v)| ((*c).to_owned(), v.into())).collect();
                json_line(out, &object)?;
            }
        }
    }
    Ok(true)
}

/// Facts of one entry, as name and value.
type Facts = Vec<(String, String)>;

fn show(id: &str, format: Format, catalog: &Catalog, out: &mut dyn Write) -> io::Result<bool> {
    let found = facts(id, catalog);
    for facts in &found {
        match format {
            Format::Json => {
                let object: serde_json::Map<_, _> =
                    facts.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
                json_line(out, &object)?;
            }
            Format::Text => {
                for (name, value) in facts.iter().filter(|(_, v)| !v.is_empty()) {
                    writeln!(out, "{name:<16} {}", clean(value))?;
                }
                writeln!(out)?;
            }
        }
    }
    if found.is_empty() {
        writeln!(out, "nothing is known about `{}`", clean(id))?;
    }
    Ok(!found.is_empty())
}

fn facts(id: &str, catalog: &Catalog) -> Vec<Facts> {
    let mut found: Vec<Facts> = Vec::new();
    let mut add = |kind: ListKind, what: &str, row: Row| {
        let cells = columns(kind).iter().map(|c| (*c).to_owned()).zip(row);
        found.push(std::iter::once(("is".to_owned(), what.to_owned())).chain(cells).collect());
    };
    if let Some(provider) = catalog.canonical(id).and_then(|p| catalog.provider(p)) {
        add(ListKind::Providers, "provider", lists::provider(provider));
        for row in entries(ListKind::Subproviders, catalog).into_iter().filter(|r| r[0] == *provider.id) {
            add(ListKind::Subproviders, "sub-provider", row);
        }
    }
    if let Some(region) = id.split_once('/').and_then(|(p, r)| catalog.region(catalog.canonical(p)?, r)) {
        add(ListKind::Regions, "region", lists::region(region));
    }
    if let Some(row) = entries(ListKind::Outages, catalog).into_iter().find(|r| r[0] == id) {
        add(ListKind::Outages, "outage", row);
    }
    if id.contains("::") || id.contains('_') {
        match catalog.resource(id) {
            ResourceKnowledge::Known { kind, .. } => found.push(resource_facts(kind)),
            ResourceKnowledge::UnknownSemantics { provider, service } => found.push(vec![
                ("is".to_owned(), "resource type of unknown semantics".to_owned()),
                ("provider".to_owned(), provider.to_owned()),
                ("service".to_owned(), service.unwrap_or("").to_owned()),
            ]),
            ResourceKnowledge::Unrecognized => {}
        }
    } else if let Some(kind) = catalog.image(id) {
        add(ListKind::Images, "image", lists::image(id, kind));
    }
    found
}

fn resource_facts(kind: &ResourceType) -> Facts {
    let mut facts: Facts = vec![("is".to_owned(), "resource type".to_owned())];
    facts.extend(columns(ListKind::Resources).iter().map(|c| (*c).to_owned()).zip(lists::resource(kind)));
    for rule in &kind.rules {
        let when: Vec<String> = rule.when.iter().map(ToString::to_string).collect();
        facts.push((
            format!("survives {}", rule.survives.as_str()),
            format!("when {} ({})", when.join(" and "), rule.doc),
        ));
    }
    for (name, list) in [("replicas", &kind.replicas), ("zones", &kind.zones), ("subnets", &kind.subnets)] {
        facts.push((name.to_owned(), list.join(", ")));
    }
    let backups: Vec<String> = kind.backups.iter().map(|b| b.condition.to_string()).collect();
    facts.push(("backed up when".to_owned(), backups.join(" or ")));
    facts.push(("checked".to_owned(), kind.checked.as_deref().unwrap_or("").to_owned()));
    facts.push(("note".to_owned(), kind.note.as_deref().unwrap_or("").to_owned()));
    facts
}

fn check(catalog: &Catalog, out: &mut dyn Write) -> io::Result<bool> {
    let report = catalog.check();
    for table in &report.tables {
        writeln!(out, "{:>8} bytes  {}", table.bytes, table.file)?;
    }
    writeln!(
        out,
        "{:>8} bytes in all, {} facts, data of {}",
        report.bytes,
        report.facts,
        catalog.data_date()
    )?;
    for problem in &report.problems {
        writeln!(out, "problem: {}", clean(problem))?;
    }
    writeln!(
        out,
        "{}",
        if report.problems.is_empty() { "the catalog is well" } else { "the catalog is not fit to ship" }
    )?;
    Ok(report.problems.is_empty())
}

fn json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn text_line(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|c| clean(c)).collect();
    writeln!(out, "{}", cells.join("\t"))
}

/// Text without control characters: what is read from standard input may hold terminal sequences.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CatalogArgs,
    }

    fn say(words: &[&str], input: &str) -> (bool, String) {
        let line = Line::parse_from(std::iter::once(&"catalog").chain(words));
        let mut out = Vec::new();
        let well = run(&line.args, Catalog::embedded(), &mut input.as_bytes(), &mut out).unwrap();
        (well, String::from_utf8(out).unwrap())
    }

    #[test]
    fn identify_writes_one_json_line_for_each_name() {
        let (well, text) =
            say(&["identify", "--as", "ns", "--format", "json"], "ns-1.awsdns-01.org.\n\nns.nobody.test\n");
        let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert!(well);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["provider"], "aws");
        assert_eq!(lines[0]["parent"], "amazon");
        assert_eq!(lines[0]["input"], "ns-1.awsdns-01.org.");
        assert!(lines[1]["provider"].is_null() && lines[1]["rule"].is_null());
    }

    #[test]
    fn identify_takes_addresses_and_odd_bytes() {
        let (_, text) = say(&["identify", "--as", "ip", "--format", "json"], "3.5.140.1\nnot an address\n");
        let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!((&lines[0]["provider"], &lines[0]["region"]), (&"aws".into(), &"ap-northeast-2".into()));
        assert!(lines[1]["provider"].is_null());
        let (_, text) = say(&["identify", "--as", "host"], "a\u{1b}[31mb.example\n");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn show_finds_every_kind() {
        for id in [
            "aws",
            "Amazon Web Services",
            "aws/us-east-1",
            "aws_db_instance",
            "AWS::RDS::DBInstance",
            "postgres:16",
            "aws-2017-02-28-s3",
        ] {
            assert!(say(&["show", id], "").0, "{id}");
        }
        assert!(say(&["show", "aws_db_instance"], "").1.contains("when multi_az == true"));
        assert!(say(&["show", "aws_gamelift_build"], "").1.contains("unknown semantics"));
        assert!(!say(&["show", "nobody-at-all"], "").0);
    }

    #[test]
    fn lists_have_as_many_cells_as_columns() {
        for kind in ListKind::value_variants() {
            let rows = entries(*kind, Catalog::embedded());
            assert!(!rows.is_empty(), "{kind:?}");
            assert!(rows.iter().all(|r| r.len() == columns(*kind).len()), "{kind:?}");
        }
    }

    #[test]
    fn check_is_well() {
        let (well, text) = say(&["check"], "");
        assert!(well, "{text}");
    }
}
