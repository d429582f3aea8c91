//! Who is behind a host name: patterns on label boundaries, the most specific literal ending first.
//!
//! A pattern is a list of labels, matched from the right: `{region}.rds.amazonaws.com`. Any labels may stand in
//! front of it unless it begins with `=`. In a label, `*` is any run of characters, `{region}`, `{aws-region}` and
//! `{cloud}` are a run that must be a region or a cloud the catalog knows, `{service}` is a run that names the
//! service, `{server}` is what name servers are called (`ns1`, `dns-02`). A label `**` is any number of labels.

use std::collections::HashMap;

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
pub(super) enum DomainUse {
    Ns,
    Mx,
    Spf,
    Host,
}

impl DomainUse {
    /// The word in column `kinds`.
    fn word(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Mx => "mx",
            Self::Spf => "spf",
            Self::Host => "host",
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
    labels: Vec<Label>,
    exact: bool,
    pub(super) provider: Box<str>,
    pub(super) service: Option<Box<str>>,
    pub(super) category: Box<str>,
    region: Option<Box<str>>,
    on: Option<Box<str>>,
    pub(super) source: Box<str>,
    pub(super) confidence: Confidence,
}

#[derive(Debug)]
enum Label {
    Literal(Box<str>),
    Glob(Vec<Token>),
    Several,
}

#[derive(Debug)]
enum Token {
    Text(Box<str>),
    Any,
    Region,
    RegionOf(Box<str>),
    Cloud,
    Service,
    Server,
}

/// Rules of one kind of name, by the literal labels they end in.
#[derive(Debug, Default)]
pub(super) struct Names {
    rules: Vec<NameRule>,
    by_tail: HashMap<Box<str>, Vec<u32>>,
}

/// What a pattern captured on the way.
#[derive(Debug, Default, Clone, Copy)]
struct Captures<'n> {
    region: Option<&'n str>,
    cloud: Option<&'n str>,
    service: Option<&'n str>,
}

impl Names {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in files {
            let psl = file.name.contains("psl");
            rows(&file.name, &file.text, |row| {
                let rule = NameRule::read(row, psl)?;
                out.add(rule);
                Ok(())
            })?;
        }
        Ok(out)
    }

    /// Adds the domains that operators have for themselves, for names of this kind that no other rule fits. Whatever a
    /// domain is used for, what is called a name server directly below it is the operator's, unless customers have names there.
    pub(super) fn with_domains(mut self, files: &[DataFile], kind: DomainUse) -> Result<Self, TableError> {
        let before = self.rules.len();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let domain = row.need("domain")?;
                if row.need("kinds")?.split_whitespace().any(|word| word == kind.word()) {
                    self.add_if_new(NameRule::of_domain(row, domain, kind)?, before);
                } else if kind == DomainUse::Ns && !has_names_of_customers(row, domain) {
                    self.add_if_new(
                        NameRule::of_domain(row, &format!("={{server}}.{domain}"), kind)?,
                        before,
                    );
                }
                Ok(())
            })?;
        }
        Ok(self)
    }

    fn add_if_new(&mut self, rule: NameRule, before: usize) {
        let same = |i: &u32| (*i as usize) < before && self.rules[*i as usize].pattern == rule.pattern;
        if !self.by_tail.get(rule.tail().as_str()).is_some_and(|list| list.iter().any(same)) {
            self.add(rule);
        }
    }

    fn add(&mut self, rule: NameRule) {
        let at = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let same = |r: &NameRule| r.pattern == rule.pattern;
        let list = self.by_tail.entry(rule.tail().into()).or_default();
        // A later file overrides the same pattern of an earlier one.
        match list.iter().position(|&i| self.rules.get(i as usize).is_some_and(same)) {
            Some(place) => list[place] = at,
            None => list.push(at),
        }
        self.rules.push(rule);
    }

    pub(super) fn all(&self) -> &[NameRule] {
        &self.rules
    }

    /// The best rule for a name that is already in lower case and without a trailing dot.
    pub(super) fn find<'a>(&'a self, name: &str, regions: &'a Regions) -> Option<(&'a NameRule, Found<'a>)> {
        let labels: Vec<&str> = name.split('.').collect();
        let mut start = 0;
        for label in &labels {
            let tail = &name[start..];
            if let Some(hit) = self.by_tail.get(tail).and_then(|list| self.first(list, &labels, regions)) {
                return Some(hit);
            }
            start += label.len() + 1;
        }
        self.by_tail.get("").and_then(|list| self.first(list, &labels, regions))
    }

    fn first<'a>(
        &'a self,
        list: &[u32],
        labels: &[&str],
        regions: &'a Regions,
    ) -> Option<(&'a NameRule, Found<'a>)> {
        list.iter()
            .filter_map(|&i| self.rules.get(i as usize))
            .find_map(|rule| Some((rule, rule.found(labels, regions)?)))
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
}

impl NameRule {
    fn read(row: &Row<'_>, psl: bool) -> Result<Self, TableError> {
        let category = row.text("category").unwrap_or_else(|| "saas".into());
        let source = row.text("source").unwrap_or_else(|| if psl { "psl".into() } else { row.file.into() });
        Self::of(row, row.need("pattern")?, row.text("service"), category, source)
    }

    /// The rule of a domain, or of names below it, for one of the uses it has.
    fn of_domain(row: &Row<'_>, pattern: &str, kind: DomainUse) -> Result<Self, TableError> {
        let category: Box<str> = match kind {
            DomainUse::Ns => "dns".into(),
            DomainUse::Mx | DomainUse::Spf => "mail".into(),
            DomainUse::Host => row.need("category")?.into(),
        };
        let source = row.text("source").unwrap_or_else(|| row.file.into());
        Self::of(row, pattern, Some(category.clone()), category, source)
    }

    fn of(
        row: &Row<'_>,
        pattern: &str,
        service: Option<Box<str>>,
        category: Box<str>,
        source: Box<str>,
    ) -> Result<Self, TableError> {
        let pattern = pattern.to_ascii_lowercase();
        let (body, exact) = match pattern.strip_prefix('=') {
            Some(body) => (body, true),
            None => (pattern.as_str(), false),
        };
        let labels =
            body.split('.').map(|l| label(l).ok_or_else(|| row.error(format!("odd pattern `{pattern}`"))));
        Ok(Self {
            labels: labels.collect::<Result<_, _>>()?,
            exact,
            provider: row.need("provider")?.into(),
            service,
            category,
            region: row.text("region"),
            on: row.text("on"),
            source,
            confidence: row.confidence(Confidence::High)?,
            pattern: pattern.into(),
        })
    }

    /// The literal labels at the end, joined.
    fn tail(&self) -> String {
        let literal: Vec<&str> = self
            .labels
            .iter()
            .rev()
            .map_while(|l| match l {
                Label::Literal(text) => Some(&**text),
                _ => None,
            })
            .collect();
        literal.into_iter().rev().collect::<Vec<_>>().join(".")
    }

    fn found<'a>(&'a self, name: &[&str], regions: &'a Regions) -> Option<Found<'a>> {
        let check = Check { provider: &self.provider, on: self.on.as_deref(), regions };
        let captures = match_labels(&self.labels, name, self.exact, Captures::default(), &check)?;
        let cloud = captures.cloud.or(self.on.as_deref());
        let region = match captures.region {
            Some(text) => Some(check.region_name(&self.labels, cloud, text)?),
            None => self.region.as_deref(),
        };
        let service = captures.service.map(|s| s.rsplit('.').next().unwrap_or(s));
        Some(Found {
            region,
            on: cloud.and_then(|c| CLOUDS.iter().find(|k| **k == c)).copied(),
            service: service.and_then(known_service),
        })
    }
}

/// The clouds other providers say they run on.
const CLOUDS: [&str; 3] = ["aws", "azure", "gcp"];

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

/// Decides whether a run of characters is a region or a cloud.
struct Check<'a> {
    provider: &'a str,
    on: Option<&'a str>,
    regions: &'a Regions,
}

impl<'a> Check<'a> {
    fn owner(&self, labels: &'a [Label], cloud: Option<&'a str>) -> &'a str {
        let stated = labels.iter().find_map(|l| match l {
            Label::Glob(tokens) => tokens.iter().find_map(|t| match t {
                Token::RegionOf(provider) => Some(&**provider),
                _ => None,
            }),
            _ => None,
        });
        stated.or(cloud).unwrap_or(self.provider)
    }

    /// The region's own code; none when the text is no region of its owner.
    fn region_name(&self, labels: &'a [Label], cloud: Option<&str>, text: &str) -> Option<&'a str> {
        let cloud = cloud.and_then(|c| CLOUDS.iter().find(|k| **k == c)).copied();
        let owner = self.owner(labels, cloud);
        let region =
            self.regions.get(owner, text).or_else(|| self.regions.get(owner, &text.replace('-', "")));
        region.map(|r| &*r.code)
    }

    /// A region written in a label is only a candidate here; `region_name` decides once the cloud is known.
    fn may_be_region(&self, text: &str) -> bool {
        let known = |p: &str| self.regions.get(p, text).is_some();
        match self.on {
            Some(cloud) => known(cloud),
            None if self.regions.knows(self.provider) => known(self.provider),
            None => text.len() > 1,
        }
    }
}

fn label(text: &str) -> Option<Label> {
    if text.is_empty() {
        return None;
    }
    if text == "**" {
        return Some(Label::Several);
    }
    if !text.contains(['*', '{']) {
        return Some(Label::Literal(text.into()));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '*' => {
                tokens.push(Token::Any);
                rest = &rest[1..];
            }
            '{' => {
                let close = rest.find('}')?;
                tokens.push(match &rest[1..close] {
                    "region" => Token::Region,
                    "cloud" => Token::Cloud,
                    "service" => Token::Service,
                    "server" => Token::Server,
                    other => Token::RegionOf(other.strip_suffix("-region")?.into()),
                });
                rest = &rest[close + 1..];
            }
            _ => {
                let end = rest.find(['*', '{']).unwrap_or(rest.len());
                tokens.push(Token::Text(rest[..end].into()));
                rest = &rest[end..];
            }
        }
    }
    Some(Label::Glob(tokens))
}

/// Matches labels from the right. The recursion is as deep as the pattern has labels, at most a dozen.
fn match_labels<'n>(
    pattern: &[Label],
    name: &[&'n str],
    exact: bool,
    captures: Captures<'n>,
    check: &Check<'_>,
) -> Option<Captures<'n>> {
    let Some((last, before)) = pattern.split_last() else {
        return (name.is_empty() || !exact).then_some(captures);
    };
    if let Label::Several = last {
        return (0..=name.len()).rev().find_map(|n| match_labels(before, &name[..n], exact, captures, check));
    }
    let (here, front) = name.split_last()?;
    let captures = match last {
        Label::Literal(text) => (**text == **here).then_some(captures)?,
        Label::Glob(tokens) => match_tokens(tokens, here, captures, check)?,
        Label::Several => return None,
    };
    match_labels(before, front, exact, captures, check)
}

/// Matches one label; the longest run that fits is taken for each token.
fn match_tokens<'n>(
    tokens: &[Token],
    text: &'n str,
    captures: Captures<'n>,
    check: &Check<'_>,
) -> Option<Captures<'n>> {
    let Some((token, rest)) = tokens.split_first() else {
        return text.is_empty().then_some(captures);
    };
    let runs = |least: usize| (least..=text.len()).rev().filter(|&n| text.is_char_boundary(n));
    match token {
        Token::Text(literal) => match_tokens(rest, text.strip_prefix(&**literal)?, captures, check),
        Token::Any => runs(0).find_map(|n| match_tokens(rest, &text[n..], captures, check)),
        Token::Service => runs(1).find_map(|n| {
            match_tokens(rest, &text[n..], Captures { service: Some(&text[..n]), ..captures }, check)
        }),
        Token::Server => runs(2)
            .filter(|&n| is_server_label(&text[..n]))
            .find_map(|n| match_tokens(rest, &text[n..], captures, check)),
        Token::Cloud => CLOUDS.iter().filter(|c| text.starts_with(**c)).find_map(|c| {
            match_tokens(
                rest,
                &text[c.len()..],
                Captures { cloud: Some(&text[..c.len()]), ..captures },
                check,
            )
        }),
        Token::Region => runs(1).filter(|&n| check.may_be_region(&text[..n])).find_map(|n| {
            match_tokens(rest, &text[n..], Captures { region: Some(&text[..n]), ..captures }, check)
        }),
        Token::RegionOf(provider) => {
            runs(1).filter(|&n| check.regions.get(provider, &text[..n]).is_some()).find_map(|n| {
                match_tokens(rest, &text[n..], Captures { region: Some(&text[..n]), ..captures }, check)
            })
        }
    }
}

/// Whether names directly below an operator's domain are its customers': a platform's, or those of a dynamic DNS.
fn has_names_of_customers(row: &Row<'_>, domain: &str) -> bool {
    row.get("category") == "ddns" || is_platform(domain)
}

/// Whether a label is what name servers are called. With a longer number it may be that of a customer's machine.
fn is_server_label(label: &str) -> bool {
    let number = label.strip_prefix("dns").or_else(|| label.strip_prefix("ns"));
    let number = number.map(|number| number.strip_prefix('-').unwrap_or(number));
    number.is_some_and(|number| number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()))
}
