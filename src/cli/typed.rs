//! Arguments as they were typed, shared by the commands that scan.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::discover;
use crate::resolve::{Lookups, ResolverAddress, Servers};

/// Whom an answer on standard output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// What to scan.
#[derive(Args, Clone, Debug)]
pub(super) struct Input {
    /// Folders or files to read
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) how: Reading,
}

/// How to read it.
#[derive(Args, Clone, Debug)]
pub(super) struct Reading {
    /// Analyze this environment where there are several [default: production, where it exists]
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,

    /// Read test, example and archived folders too
    #[arg(long)]
    pub(super) include_left_out: bool,

    /// Policy to use [default: linchpin.toml in the scanned folder]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Judge mitigations and waivers as of this day [default: today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) today: Option<jiff::civil::Date>,

    /// Leave out files larger than this
    #[arg(long, value_name = "BYTES", default_value_t = discover::Options::default().max_file_bytes, hide_short_help = true)]
    pub(super) max_file_bytes: u64,

    #[command(flatten)]
    pub(super) dns: Dns,
}

/// Whether names are looked up.
#[derive(Args, Clone, Debug)]
pub(super) struct Dns {
    /// Look names up: off, live, record FILE, replay FILE [default: off, or what linchpin.toml says]
    #[arg(long, value_name = "HOW", value_parser = lookups)]
    pub(super) dns: Option<Lookups>,

    /// Ask this resolver, or tls://ADDRESS[:PORT][#NAME] over TLS where the build can [default: the system's]
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver)]
    pub(super) resolver: Option<ResolverAddress>,

    /// Ask the name servers of zones themselves, at this port, whether they answer for them, or not at all: off [default: 53]
    #[arg(long, value_name = "PORT", value_parser = servers, hide_short_help = true)]
    pub(super) dns_servers: Option<Servers>,

    /// Ask this many questions in a second at most
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..), hide_short_help = true)]
    pub(super) dns_rate: Option<u32>,
}

/// `off`, `live`, `record=FILE`, `replay=FILE`; the program joins `record FILE` before.
fn lookups(typed: &str) -> Result<Lookups, String> {
    match typed.split_once('=') {
        None if typed == "off" => Ok(Lookups::Off),
        None if typed == "live" => Ok(Lookups::Live),
        Some(("record", file)) if !file.is_empty() => Ok(Lookups::Record(file.into())),
        Some(("replay", file)) if !file.is_empty() => Ok(Lookups::Replay(file.into())),
        _ => Err("write off, live, record FILE or replay FILE".to_owned()),
    }
}

fn servers(typed: &str) -> Result<Servers, String> {
    match typed.parse() {
        Ok(port) if 0 < port => Ok(Servers::AtPort(port)),
        _ if typed == "off" => Ok(Servers::Unasked),
        _ => Err("write a port, or off".to_owned()),
    }
}

fn resolver(typed: &str) -> Result<ResolverAddress, String> {
    ResolverAddress::parse(typed).ok_or_else(|| {
        "write an address, or an address and a port: 192.0.2.53, [2001:db8::53]:53, tls://192.0.2.53#dns.example.com"
            .to_owned()
    })
}

/// What to write.
#[derive(Args, Clone, Debug)]
pub(super) struct Output {
    /// Format on standard output
    #[arg(long, short, value_name = "FORMAT", default_value = "table", value_parser = formats())]
    pub(super) format: String,

    /// Also write a report to a file; may be given several times
    #[arg(long, short, value_name = "FORMAT=FILE")]
    pub(super) output: Vec<String>,

    /// Complete lists, not only what fits one screen
    #[arg(long)]
    pub(super) all: bool,
}

/// The names of all reports.
fn formats() -> clap::builder::PossibleValuesParser {
    let value = |report: &&dyn crate::report::Report| {
        clap::builder::PossibleValue::new(report.name()).help(report.summary())
    };
    crate::report::REPORTS.iter().map(value).collect::<Vec<_>>().into()
}

/// The names of levels.
pub(super) fn levels() -> clap::builder::PossibleValuesParser {
    ["note", "warning", "error"].into()
}
