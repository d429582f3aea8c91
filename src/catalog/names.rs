//! Who is behind a host name: patterns on label boundaries, the most specific literal ending first.
//!
//! A pattern is a list of labels, matched from the right: `{region}.rds.amazonaws.com`. Any labels may stand in
//! front of it unless it begins with `=`. In a label, `*` is any run of characters, `{region}`, `{aws-region}` and
//! `{cloud}` are a run that must be a region or a cloud the catalog knows, `{service}` is a run that names the
//! service, `{server}` is what name servers are called (`ns1`, `dns-02`). A label `**` is any number of labels.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::labels::{self, Label};
use super::public_suffix::is_platform;
use super::regions::Regions;
use super::table::{Confidence, DataFile, Row, TableError, rows};

/// What a name stands for in DNS or in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A host somebody connects to.
    Host,
    /// The target of an alias (CNAME, ALIAS).
    Alias,
    /// A name server.
    Ns,
    /// A mail exchanger.
    Mx,
    /// The domain of an SPF include.
    Spf,
    /// The text of a TXT record: weak evidence, somebody once proved that they own the domain.
    Txt,
    /// The host of a DMARC report address.
    Dmarc,
}

impl NameKind {
    /// Parses `host`, `alias`, `ns`, `mx`, `spf`, `txt` or `dmarc`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "host" => Self::Host,
            "alias" | "cname" => Self::Alias,
            "ns" => Self::Ns,
            "mx" => Self::Mx,
            "spf" => Self::Spf,
            "txt" => Self::Txt,
            "dmarc" => Self::Dmarc,
            _ => return None,
        })
    }
}

/// What an operator's own domain is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DomainUse {
    Ns,
    Mx,
    Spf,
    Host,
}

impl DomainUse {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "ns" => Self::Ns,
            "mx" => Self::Mx,
            "spf" => Self::Spf,
            "host" => Self::Host,
            _ => return None,
        })
    }

    /// The use that a kind of name is of, where names of domains count for it.
    fn of(kind: NameKind) -> Option<Self> {
        Some(match kind {
            NameKind::Host | NameKind::Alias => Self::Host,
            NameKind::Ns => Self::Ns,
            NameKind::Mx => Self::Mx,
            NameKind::Spf => Self::Spf,
            NameKind::Txt | NameKind::Dmarc => return None,
        })
    }

    /// What a name of this use is for; none where the row says it.
    fn category(self) -> Option<&'static str> {
        match self {
            Self::Ns => Some("dns"),
            Self::Mx | Self::Spf => Some("mail"),
            Self::Host => None,
        }
    }
}

/// Who is behind a name or an address, and which rule says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identification<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The last owner of the provider, when it is another one.
    pub parent: Option<&'a str>,
    /// The region the name carries, as the provider (or the cloud in `on`) calls it.
    pub region: Option<&'a str>,
    /// The provider's service.
    pub service: Option<&'a str>,
    /// What the service is for: `dns`, `mail`, `database`.
    pub category: &'a str,
    /// The cloud below a provider who runs on several, when the name tells which.
    pub on: Option<&'a str>,
    /// The pattern or table that matched.
    pub rule: &'a str,
    /// Where the rule is from.
    pub source: &'a str,
    /// How far it may be trusted.
    pub confidence: Confidence,
}

/// One pattern of a table of names.
#[derive(Debug)]
pub(super) struct NameRule {
    pub(super) pattern: Box<str>,
    /// Where in the pattern the literal labels at its end begin.
    tail_at: usize,
    /// The labels, unless they all are literal.
    labels: Option<Vec<Label>>,
    exact: bool,
    pub(super) provider: Arc<str>,
    pub(super) service: Option<Arc<str>>,
    pub(super) category: Arc<str>,
    region: Option<Arc<str>>,
    on: Option<Arc<str>>,
    pub(super) source: Arc<str>,
    pub(super) confidence: Confidence,
    /// What names of a domain are used for; empty for other patterns, which stand in a table of one kind.
    uses: Vec<DomainUse>,
    /// The rule that is tried where this one does not fit, of those with the same tail.
    next: Option<u32>,
}

/// Rules of one kind of name, by the literal labels they end in.
#[derive(Debug, Default)]
pub(super) struct Names {
    rules: Vec<NameRule>,
    /// The first rule of each tail.
    by_tail: HashMap<Box<str>, u32>,
}

/// Words that stand in many rows, each kept once.
#[derive(Debug, Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    fn get(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return Arc::clone(known);
        }
        let word: Arc<str> = word.into();
        self.0.insert(Arc::clone(&word));
        word
    }

    /// The cell, or none when it is empty.
    fn text(&mut self, row: &Row<'_>, column: &str) -> Option<Arc<str>> {
        Some(row.get(column)).filter(|text| !text.is_empty()).map(|text| self.get(text))
    }
}

impl Names {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let (mut out, mut words) = (Self::default(), Words::default());
        for file in files {
            let psl = file.name.contains("psl");
            rows(&file.name, &file.text, |row| {
                let rule = NameRule::read(row, psl, &mut words)?;
                out.add(rule);
                Ok(())
            })?;
        }
        Ok(out)
    }

    /// The domains that operators have for themselves, each with what its names are used for.
    pub(super) fn read_domains(files: &[DataFile]) -> Result<Self, TableError> {
        let (mut out, mut words) = (Self::default(), Words::default());
        for file in files {
            rows(&file.name, &file.text, |row| {
                out.add(NameRule::of_domain(row, &mut words)?);
                Ok(())
            })?;
        }
        Ok(out)
    }

    fn add(&mut self, mut rule: NameRule) {
        let at = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let (mut last, mut same) = (None, None);
        for other in self.of_tail(rule.tail()) {
            if self.rules[other as usize].pattern == rule.pattern {
                same = Some((last, other));
            } else {
                last = Some(other);
            }
        }
        // A later file overrides the same pattern of an earlier one, and takes its place.
        let before = match same {
            Some((before, other)) => {
                rule.next = self.rules[other as usize].next;
                before
            }
            None => last,
        };
        match before {
            Some(before) => self.rules[before as usize].next = Some(at),
            None => drop(self.by_tail.insert(rule.tail().into(), at)),
        }
        self.rules.push(rule);
    }

    /// The rules with a tail, in the order in which they are tried.
    fn of_tail(&self, tail: &str) -> impl Iterator<Item = u32> {
        let first = self.by_tail.get(tail).copied();
        std::iter::successors(first, |at| self.rules[*at as usize].next)
    }

    pub(super) fn all(&self) -> &[NameRule] {
        &self.rules
    }

    fn first<'a>(
        &'a self,
        tail: &str,
        labels: &[&str],
        regions: &'a Regions,
        kind: NameKind,
    ) -> Option<(&'a NameRule, Found<'a>)> {
        let mut rules = self.of_tail(tail).map(|at| &self.rules[at as usize]);
        rules.find_map(|rule| Some((rule, rule.found(labels, regions, kind)?)))
    }

    /// The rule whose pattern begins a TXT text, the longest first.
    pub(super) fn find_prefix(&self, text: &str) -> Option<&NameRule> {
        let text = text.trim_start_matches('"').trim_start().to_ascii_lowercase();
        let begins =
            |r: &&NameRule| text.strip_prefix(&*r.pattern).is_some_and(|rest| token_ends(&r.pattern, rest));
        self.rules.iter().filter(begins).max_by_key(|r| r.pattern.len())
    }

    /// The rule whose pattern stands anywhere in the host, the longest first.
    pub(super) fn find_within(&self, host: &str) -> Option<&NameRule> {
        self.rules.iter().filter(|r| host.contains(&*r.pattern)).max_by_key(|r| r.pattern.len())
    }
}

/// The best rule for a name that is already in lower case and without a trailing dot: the one with the longest literal
/// ending, among those of its kind before the domains of operators.
pub(super) fn find<'a>(
    names: &'a Names,
    domains: &'a Names,
    kind: NameKind,
    name: &str,
    regions: &'a Regions,
) -> Option<(&'a NameRule, Found<'a>)> {
    let labels: Vec<&str> = name.split('.').collect();
    let starts =
        labels.iter().scan(0, |start, label| Some(std::mem::replace(start, *start + label.len() + 1)));
    let mut tails = starts.map(|start| &name[start..]).chain([""]);
    tails.find_map(|tail| {
        [names, domains].into_iter().find_map(|table| table.first(tail, &labels, regions, kind))
    })
}

/// A verification token ends where its value begins: `docusign=...` but not `docusigned`.
fn token_ends(pattern: &str, rest: &str) -> bool {
    pattern.ends_with(['=', '-', '_']) || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// What a matching rule says beside its own columns.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) on: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    /// What names of this kind are for, where the row does not say it.
    pub(super) category: Option<&'static str>,
}

impl NameRule {
    fn read(row: &Row<'_>, psl: bool, words: &mut Words) -> Result<Self, TableError> {
        let category = words.text(row, "category").unwrap_or_else(|| words.get("saas"));
        let source =
            words.text(row, "source").unwrap_or_else(|| words.get(if psl { "psl" } else { row.file }));
        let service = words.text(row, "service");
        Self::of(row, "pattern", service, category, source, words)
    }

    /// The rule of a domain for the uses it has.
    fn of_domain(row: &Row<'_>, words: &mut Words) -> Result<Self, TableError> {
        let uses: Vec<_> = row.need("kinds")?.split_whitespace().filter_map(DomainUse::parse).collect();
        let is_host = uses.contains(&DomainUse::Host);
        let category = words.get(if is_host { row.need("category")? } else { row.get("category") });
        let source = words.text(row, "source").unwrap_or_else(|| words.get(row.file));
        let rule = Self::of(row, "domain", Some(Arc::clone(&category)), category, source, words)?;
        Ok(NameRule { uses, ..rule })
    }

    fn of(
        row: &Row<'_>,
        column: &str,
        service: Option<Arc<str>>,
        category: Arc<str>,
        source: Arc<str>,
        words: &mut Words,
    ) -> Result<Self, TableError> {
        let pattern = row.need(column)?.to_ascii_lowercase();
        let exact = pattern.starts_with('=');
        let body = &pattern[usize::from(exact)..];
        let odd = || row.error(format!("odd pattern `{pattern}`"));
        if body.split('.').any(str::is_empty) {
            return Err(odd());
        }
        let labels = body.contains(['*', '{']).then(|| labels::parse(body).ok_or_else(odd)).transpose()?;
        let tail_at = match body.rfind(['*', '}']) {
            Some(wild) => body[wild..]
                .find('.')
                .map_or(pattern.len(), |dot| pattern.len() - body.len() + wild + dot + 1),
            None => usize::from(exact),
        };
        Ok(Self {
            tail_at,
            labels,
            exact,
            provider: words.get(row.need("provider")?),
            service,
            category,
            region: words.text(row, "region"),
            on: words.text(row, "on"),
            source,
            confidence: row.confidence(Confidence::High)?,
            pattern: pattern.into(),
            uses: Vec::new(),
            next: None,
        })
    }

    /// The literal labels at the end, joined.
    fn tail(&self) -> &str {
        &self.pattern[self.tail_at..]
    }

    /// Whether a name directly below a domain is what name servers are called. Whatever the domain is used for, that
    /// one is its operator's, unless customers have names there.
    fn has_server(&self, name: &[&str]) -> bool {
        let domain = self.tail();
        let is_below = domain.split('.').count() + 1 == name.len();
        is_below && labels::is_server(name[0]) && *self.category != *"ddns" && !is_platform(domain)
    }

    /// What the pattern says of a name that ends in its tail; none where it does not fit.
    fn found<'a>(&'a self, name: &[&str], regions: &'a Regions, kind: NameKind) -> Option<Found<'a>> {
        let category = if self.uses.is_empty() {
            None
        } else {
            let used = DomainUse::of(kind)?;
            let counts = self.uses.contains(&used) || (used == DomainUse::Ns && self.has_server(name));
            counts.then_some(used.category())?
        };
        let Some(labels) = &self.labels else {
            let fits = !self.exact || self.tail().split('.').count() == name.len();
            return fits.then(|| Found {
                region: self.region.as_deref(),
                on: self.on.as_deref().and_then(labels::known_cloud),
                service: None,
                category,
            });
        };
        let on = self.on.as_deref();
        let (region, captures) = labels::captures(
            labels,
            name,
            self.exact,
            &labels::Owner { provider: &self.provider, on, regions },
        )?;
        Some(Found {
            region: region.or(self.region.as_deref()),
            on: captures.cloud.or(on).and_then(labels::known_cloud),
            service: captures.service.and_then(known_service),
            category,
        })
    }
}

/// Services that the generic endpoints of a cloud name in their first label. Others are left unnamed.
const SERVICES: [&str; 60] = [
    "acm",
    "airflow",
    "apigateway",
    "appconfig",
    "appsync",
    "athena",
    "autoscaling",
    "backup",
    "batch",
    "bedrock",
    "bigquery",
    "bigtable",
    "cloudformation",
    "cloudkms",
    "cloudtasks",
    "cloudtrail",
    "codebuild",
    "codepipeline",
    "compute",
    "config",
    "container",
    "datastore",
    "dms",
    "dns",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "elasticache",
    "elasticloadbalancing",
    "elasticmapreduce",
    "events",
    "firestore",
    "glue",
    "identitytoolkit",
    "iot",
    "kinesis",
    "kms",
    "lambda",
    "logging",
    "logs",
    "monitoring",
    "objectstorage",
    "pubsub",
    "rds",
    "redshift",
    "run",
    "s3",
    "sagemaker",
    "secretmanager",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "spanner",
    "sqladmin",
    "sqs",
    "ssm",
    "states",
    "sts",
];

fn known_service(text: &str) -> Option<&'static str> {
    SERVICES.iter().find(|s| **s == text).copied()
}
