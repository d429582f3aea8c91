//! What history and contracts say about providers: outages, edges inside a provider, service levels.

use serde::Deserialize;

use super::table::{Confidence, DataFile, TableError};

/// A documented outage, as a scenario to replay.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// `aws-2017-02-28-s3`.
    pub id: String,
    /// What happened, in one line of our own words.
    pub title: String,
    /// Day it began, `YYYY-MM-DD`, UTC.
    pub date: String,
    /// How long it lasted, in minutes; none when no source says so.
    #[serde(default)]
    pub duration_minutes: Option<u32>,
    /// The provider's id.
    pub provider: String,
    /// What lost its data plane: `aws/us-east-1/s3`, `aws/us-east-1`, `cloudflare`, `zone:aws/me-central-1` (any one
    /// zone, or as many as `zones_lost` says), `zone:aws/us-east-1/ebs` (a service in one zone).
    pub fails: Vec<String>,
    /// What lost its control plane, or a part.
    #[serde(default)]
    pub impairs: Vec<String>,
    /// How many zones of the region were lost, when it was zones.
    #[serde(default)]
    pub zones_lost: Option<u32>,
    /// Not all who used what failed were hit: whether one of them was is not known.
    #[serde(default)]
    pub partial: bool,
    /// Why: hardware, software, human, capacity, power, cooling, fire, network, dns, certificate, attack, dependency.
    pub cause: Vec<String>,
    /// `zone`, `region`, `multi-region`, `global`, `facility`, `tenant`, `control-plane`.
    pub scope: String,
    /// `data`, `control` or `both`.
    pub plane: String,
    /// Families of scenarios of Commission Delegated Regulation (EU) 2024/1774, Article 26(2), by letter.
    #[serde(default)]
    pub rts_families: Vec<String>,
    /// The provider's or reporter's page.
    pub source: String,
    /// `high`, `medium` or `low`.
    pub confidence: String,
}

impl Outage {
    /// How far the record may be trusted.
    pub fn confidence(&self) -> Confidence {
        Confidence::parse(&self.confidence).unwrap_or(Confidence::Low)
    }
}

/// One provider service that needs another inside the same provider or at another one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InternalEdge {
    /// What needs: `aws/*/ec2` (`*` is any region, and the same one in `to`), `aws/iam`.
    pub from: String,
    /// What is needed.
    pub to: String,
    /// The plane of `from` that is lost: `data`, `control` or `both`.
    pub plane: String,
    /// The phases in which it counts: `runtime`, `startup`, `deploy`, `observe`, `recover`.
    pub phases: Vec<String>,
    /// `required` when its loss is an outage at run time; otherwise it degrades.
    #[serde(default)]
    pub need: Option<String>,
    /// What it means in practice.
    pub effect: String,
    /// The outage or page that shows it.
    pub source: String,
    /// Id of the outage in this catalog that shows it.
    #[serde(default)]
    pub outage: Option<String>,
    /// Last day it held, when the provider has since removed it.
    #[serde(default)]
    pub until: Option<String>,
    /// `high`, `medium` or `low`.
    pub confidence: String,
}

/// A published service level: a promise of refunds, not a measured failure rate.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// The provider's id.
    pub provider: String,
    /// The provider's service.
    pub service: String,
    /// What must be true for the number to apply.
    pub scope: String,
    /// Promised monthly uptime, in percent.
    pub percent: f64,
    /// `time` or `request`.
    #[serde(default)]
    pub basis: Option<String>,
    /// `month` unless said otherwise.
    #[serde(default)]
    pub period: Option<String>,
    /// The page.
    pub source: String,
    /// When the page was read.
    #[serde(default)]
    pub as_of: Option<String>,
    /// `high`, `medium` or `low`.
    pub confidence: String,
}

#[derive(Deserialize)]
struct OutageFile {
    outage: Vec<Outage>,
}

#[derive(Deserialize)]
struct EdgeFile {
    edge: Vec<InternalEdge>,
}

#[derive(Deserialize)]
struct SlaFile {
    sla: Vec<Sla>,
}

fn all<'d, F: Deserialize<'d>, T>(
    files: &'d [DataFile],
    part: impl Fn(F) -> Vec<T>,
    id: impl Fn(&T) -> String,
) -> Result<Vec<T>, TableError> {
    let mut out: Vec<T> = Vec::new();
    for file in files {
        let read: F = toml::from_str(&file.text).map_err(|e| TableError {
            file: file.name.to_string(),
            line: 0,
            message: e.to_string(),
        })?;
        for item in part(read) {
            let name = id(&item);
            out.retain(|old| id(old) != name);
            out.push(item);
        }
    }
    Ok(out)
}

pub(super) fn outages(files: &[DataFile]) -> Result<Vec<Outage>, TableError> {
    all(files, |f: OutageFile| f.outage, |o| o.id.clone())
}

pub(super) fn internal_edges(files: &[DataFile]) -> Result<Vec<InternalEdge>, TableError> {
    all(files, |f: EdgeFile| f.edge, |e| format!("{} {} {}", e.from, e.to, e.plane))
}

pub(super) fn slas(files: &[DataFile]) -> Result<Vec<Sla>, TableError> {
    all(files, |f: SlaFile| f.sla, |s| format!("{} {} {}", s.provider, s.service, s.scope))
}
