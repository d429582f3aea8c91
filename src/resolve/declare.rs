//! What answers mean: names, zones, name servers, mail hosts and addresses as nodes and dependencies.
//!
//! A host whose provider the catalog knows by its name stands on that provider, and what is behind it is the
//! provider's own affair; of any other host the zones and addresses are followed, since they say where it lives.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::answers::{Answer, Outcome, Record};
use super::walk::{Cut, Known, Said, Verdict, Walk, exchanger};
use crate::catalog::{Catalog, NameKind, registered_with_a_registry};
use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Declarations, Evidence, Group, Id, Kind, Need, Node,
    Phase, Reach, Reference, Target, Unit,
};
use crate::source::{Location, Problems};

/// The format's name in reports.
pub const FORMAT: &str = "dns";

/// How many names a message lists.
const LISTED: usize = 4;

pub(super) fn declare(walk: &Walk<'_>, catalog: &Catalog) -> Declarations {
    let mut writer = Writer {
        unit: Unit::new(FORMAT, FORMAT, ""),
        problems: Problems::new(),
        nodes: BTreeMap::new(),
        own_domains: walk
            .names
            .iter()
            .filter(|(_, known)| known.own)
            .map(|(name, _)| registered_with_a_registry(name))
            .collect(),
        telling: BTreeSet::new(),
        walk,
        catalog,
    };
    writer.telling = writer.telling_zones();
    for (name, known) in &walk.names {
        writer.name(name, known);
    }
    for (name, cut) in &walk.zones {
        if writer.telling.contains(name.as_str()) {
            writer.zone(name, cut);
        }
    }
    writer.problems();
    writer.unit.nodes = writer.nodes.into_values().collect();
    Declarations { units: vec![writer.unit], problems: writer.problems }
}

struct Writer<'a, 'w> {
    unit: Unit,
    problems: Problems,
    nodes: BTreeMap<Id, Node>,
    /// The registered names below which the organization publishes.
    own_domains: BTreeSet<&'w str>,
    /// The zones that say more than who their provider is.
    telling: BTreeSet<&'w str>,
    walk: &'w Walk<'a>,
    catalog: &'w Catalog,
}

impl<'w> Writer<'_, 'w> {
    /// A published name is a domain, and so is any name below one that the organization registered; others are hosts.
    fn id(&self, name: &str) -> Id {
        match self.is_own(name) {
            true => Id::domain(name),
            false => Id::host(name),
        }
    }

    fn is_own(&self, name: &str) -> bool {
        self.own_domains.contains(registered_with_a_registry(name)) && !self.is_known(name)
    }

    /// Whether the catalog tells by the name alone whose host it is.
    fn is_known(&self, name: &str) -> bool {
        const KINDS: &[NameKind] = &[NameKind::Host, NameKind::Alias, NameKind::Ns, NameKind::Mx];
        KINDS.iter().any(|kind| self.catalog.identify(*kind, name).is_some())
    }

    /// The zones of the organization's names, and those of hosts that the catalog does not know.
    fn telling_zones(&self) -> BTreeSet<&'w str> {
        let walk = self.walk;
        let names = walk.names.iter().filter(|(name, known)| known.own || !self.is_known(name));
        names.flat_map(|(_, known)| known.zones.iter().map(String::as_str)).collect()
    }

    fn name(&mut self, name: &str, known: &Known<'_>) {
        let id = self.id(name);
        let follows = known.own || !self.is_known(name);
        if known.own || id.scheme() == "domain" {
            self.domain(name, &id, known);
        }
        if let Some(answer) = known.negative {
            self.negative(name, &id, answer);
        }
        if let Some(alias) = known.alias {
            self.refer(&id, host(&alias.record.data, None), Need::Required, None, vec![evidence(alias)]);
        }
        if follows || known.server {
            self.addresses(&id, known);
        }
        if follows && let Some(zone) = known.zones.last() {
            self.needs_zone(&id, zone);
        }
        self.mail(&id, known);
        for (domain, said) in &known.spf {
            let Some(sender) = self.catalog.identify(NameKind::Spf, domain) else { continue };
            let target =
                Target::Provider { provider: sender.provider.to_owned(), service: None, region: None };
            self.refer(&id, target, Need::Optional, None, vec![evidence(*said)]);
            // That it may send is said, that it does is not.
            if let Some(reference) = self.unit.references.last_mut() {
                reference.confidence = Confidence::Assumed;
            }
        }
    }

    /// The node of a published name. One that only serves others (a name server) is not missed for itself.
    fn domain(&mut self, name: &str, id: &Id, known: &Known<'_>) {
        let records = || known.alias.iter().chain(&known.v4).chain(&known.v6).chain(&known.mail);
        if records().next().is_none() && known.negative.is_none() {
            return;
        }
        let node = self.node(id, Kind::Domain, name);
        for said in records() {
            node.add_evidence(evidence(*said));
        }
        let slowest = known.alias.iter().chain(&known.v4).chain(&known.v6).max_by_key(|said| said.record.ttl);
        if let Some(said) = slowest {
            let ttl = AttributeValue::Number(f64::from(said.record.ttl));
            node.attributes.set(Attribute::TtlSeconds, ttl, Some(evidence(*said)));
        }
        self.unit.add_name(name, id, Reach::Everywhere);
    }

    /// A name without an answer says why.
    fn negative(&mut self, name: &str, id: &Id, answer: &Answer) {
        let kind = if id.scheme() == "domain" { Kind::Domain } else { Kind::Host };
        let evidence = nothing(name, "A", answer);
        let node = self.node(id, kind, name);
        let word = AttributeValue::Text(answer.outcome.word().to_owned());
        node.attributes.set(Attribute::DnsAnswer, word, Some(evidence.clone()));
        node.add_evidence(evidence);
        if kind == Kind::Host {
            node.tolerance_because = Some(format!("the DNS said {}", answer.outcome.word()));
        }
    }

    fn addresses(&mut self, id: &Id, known: &Known<'_>) {
        self.alternatives(id, "a", &known.v4, Need::Required, address);
        // With both kinds of address, the newer is no second home that is shown to stand apart.
        let newer = if known.v4.is_empty() { Need::Required } else { Need::Optional };
        self.alternatives(id, "aaaa", &known.v6, newer, address);
    }

    /// Mail exchangers are a group even when there is one, so that mail can be told from the rest.
    fn mail(&mut self, id: &Id, known: &Known<'_>) {
        let hosts: Vec<(Target, Evidence)> = known
            .mail
            .iter()
            .filter_map(|said| Some((host(exchanger(said.record)?, Some("smtp")), evidence(*said))))
            .collect();
        if hosts.is_empty() {
            return;
        }
        let group = self.group(id, "mx", hosts.iter().map(|(_, evidence)| evidence.clone()).collect());
        for (target, evidence) in hosts {
            self.refer(id, target, Need::Optional, Some(group.clone()), vec![evidence]);
        }
    }

    fn zone(&mut self, name: &str, cut: &Cut<'_>) {
        let id = Id::dns_zone(name);
        let node = self.node(&id, Kind::DnsZone, name);
        node.category = Some(Category::Dns);
        for said in &cut.servers {
            node.add_evidence(evidence(*said));
        }
        if !cut.own {
            node.attributes.set(Attribute::ThirdParty, AttributeValue::Bool(true), None);
        }
        if let Some(said) = cut.signed {
            node.attributes.set(Attribute::Signed, AttributeValue::Bool(true), Some(evidence(said)));
        }
        if let Some(answer) = cut.failed {
            let evidence = nothing(name, "NS", answer);
            let word = AttributeValue::Text(answer.outcome.word().to_owned());
            node.attributes.set(Attribute::DnsAnswer, word, Some(evidence.clone()));
            node.add_evidence(evidence);
        }
        self.servers(&id, cut);
        let above = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
        let parent = above.into_iter().find(|suffix| self.telling.contains(suffix));
        if let Some(parent) = parent {
            self.needs_zone(&id, parent);
        }
    }

    /// The name servers of a zone. One that does not answer for it is no alternative to those that do, unless none of them
    /// does as far as could be seen: the resolver had its answer from somewhere.
    fn servers(&mut self, id: &Id, cut: &Cut<'_>) {
        let (mut serving, mut lame): (Vec<Said<'_>>, Vec<Said<'_>>) =
            cut.servers.iter().partition(|said| self.may_answer(&said.record.data, cut));
        if serving.is_empty() {
            std::mem::swap(&mut serving, &mut lame);
        }
        let found = |said: &Said<'_>| {
            let server = said.record.data.as_str();
            let refusals = cut.checks_of(server).filter(|check| check.verdict == Verdict::Lame);
            let refusals = refusals.map(|check| nothing(id.rest(), "SOA", check.answer));
            (host(server, Some("dns")), std::iter::once(evidence(*said)).chain(refusals).collect())
        };
        self.one_of(id, "ns", Need::Required, serving.iter().map(found).collect());
        for (target, evidence) in lame.iter().map(found) {
            self.refer(id, target, Need::Optional, None, evidence);
        }
    }

    /// Whether a name server may answer for the zone: it has an address, and does not say no at each of them.
    fn may_answer(&self, server: &str, cut: &Cut<'_>) -> bool {
        let negative = self.walk.names.get(server).and_then(|known| known.negative);
        let is_nowhere = negative.is_some_and(|answer| answer.outcome.is_conclusive());
        let mut checks = cut.checks_of(server).peekable();
        let is_lame = checks.peek().is_some() && checks.all(|check| check.verdict == Verdict::Lame);
        !is_nowhere && !is_lame
    }

    /// The targets of several records of one kind are alternatives.
    fn alternatives(
        &mut self,
        id: &Id,
        kind: &str,
        records: &[Said<'_>],
        need: Need,
        target: impl Fn(&Record) -> Option<Target>,
    ) {
        let found = records.iter().filter_map(|said| Some((target(said.record)?, vec![evidence(*said)])));
        self.one_of(id, kind, need, found.collect());
    }

    /// One of several targets has to live; a single one is needed itself.
    fn one_of(&mut self, id: &Id, kind: &str, need: Need, found: Vec<(Target, Vec<Evidence>)>) {
        let first = || found.iter().filter_map(|(_, evidence)| evidence.first().cloned()).collect();
        let group = (found.len() > 1).then(|| self.group(id, kind, first()));
        for (target, evidence) in found {
            self.refer(id, target, need, group.clone(), evidence);
        }
    }

    fn node(&mut self, id: &Id, kind: Kind, name: &str) -> &mut Node {
        let node = self.nodes.entry(id.clone()).or_insert_with(|| Node::new(id.clone(), kind, name));
        node.confidence = Confidence::Observed;
        node
    }

    fn group(&mut self, owner: &Id, kind: &str, evidence: Vec<Evidence>) -> Id {
        let id = Id::new(format!("{owner}#{kind}"));
        self.unit.groups.push(Group { id: id.clone(), owner: owner.clone(), k: 1, level: None, evidence });
        id
    }

    fn refer(&mut self, from: &Id, target: Target, need: Need, group: Option<Id>, evidence: Vec<Evidence>) {
        self.unit.references.push(Reference {
            from: from.clone(),
            target,
            phase: Phase::Runtime,
            need,
            group,
            confidence: Confidence::Observed,
            evidence,
        });
    }

    /// A reference even where both ends are known: the node of a host is made when somebody refers to it.
    fn needs_zone(&mut self, from: &Id, zone: &str) {
        let said = self.walk.zones.get(zone).and_then(|cut| cut.servers.first()).map(|said| evidence(*said));
        self.unit.references.push(Reference {
            from: from.clone(),
            target: Target::Id(Id::dns_zone(zone)),
            phase: Phase::Runtime,
            need: Need::Required,
            group: None,
            confidence: Confidence::Observed,
            evidence: said.into_iter().collect(),
        });
    }

    /// Says of which names there was no answer, which do not exist, and which loop.
    fn problems(&mut self) {
        let mut by_outcome: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        for (name, known) in &self.walk.names {
            if let Some(answer) = known.negative
                && (known.own || !matches!(answer.outcome, Outcome::NoData))
            {
                by_outcome.entry(answer.outcome.word()).or_default().push(name);
            }
        }
        for (word, names) in by_outcome {
            let text = match word {
                "NXDOMAIN" => {
                    format!("{} in the DNS (NXDOMAIN)", counted(&names, "does not exist", "do not exist"))
                }
                "NODATA" => format!("{} no address (NODATA)", counted(&names, "has", "have")),
                _ => format!("{} no answer ({word})", counted(&names, "had", "had")),
            };
            self.problems.note(at(names[0]), text);
        }
        self.unknown_servers();
        let loops: Vec<&str> =
            self.walk.names.keys().filter(|name| is_loop(self.walk, name)).map(String::as_str).collect();
        if let Some(first) = loops.first() {
            let text = format!("{} back to itself over aliases", counted(&loops, "leads", "lead"));
            self.problems.warning(at(first), text);
        }
        let any: Vec<&str> = self
            .walk
            .names
            .iter()
            .filter(|(_, known)| known.wildcard)
            .map(|(name, _)| name.as_str())
            .collect();
        if let Some(first) = any.first() {
            let text = format!(
                "{} the answer that any name beside it has (a wildcard): that it exists is not shown",
                counted(&any, "has", "have")
            );
            self.problems.note(at(first), text);
        }
    }

    /// Says of which name servers it is not known whether they answer for their zones.
    fn unknown_servers(&mut self) {
        let checks = self.walk.zones.values().flat_map(|cut| &cut.checks);
        let unknown = checks.filter(|check| check.verdict == Verdict::Unknown).map(|check| check.server);
        let unknown: BTreeSet<&str> = unknown.collect();
        if let Some(first) = unknown.first() {
            let unknown: Vec<&str> = unknown.iter().copied().collect();
            let text = format!(
                "{} when asked without the resolver: whether the zones delegated there are answered for is not known",
                counted(&unknown, "gave no answer of its own", "gave no answers of their own")
            );
            self.problems.note(at(first), text);
        }
    }
}

fn is_loop(walk: &Walk<'_>, start: &str) -> bool {
    const LONGEST: usize = 64;
    let mut at = start;
    for _ in 0..LONGEST {
        let Some(alias) = walk.names.get(at).and_then(|known| known.alias) else { return false };
        at = &alias.record.data;
        if at == start {
            return true;
        }
    }
    false
}

fn counted(names: &[&str], one: &str, many: &str) -> String {
    let listed: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more} {}", listed.join(", "), if names.len() == 1 { one } else { many })
}

fn at(name: &str) -> Location {
    Location { path: format!("{FORMAT}:{name}").into(), line: 1, column: 1 }
}

fn host(name: &str, scheme: Option<&str>) -> Target {
    Target::Host { name: name.to_owned(), port: None, scheme: scheme.map(str::to_owned) }
}

fn address(record: &Record) -> Option<Target> {
    record.data.parse::<IpAddr>().ok().map(Target::Address)
}

fn evidence(said: Said<'_>) -> Evidence {
    Evidence::Record {
        record: said.record.kind.word().to_owned(),
        name: said.record.name.clone(),
        value: said.record.data.clone(),
        ttl: said.record.ttl,
        resolver: said.answer.resolver.to_string(),
    }
}

fn nothing(name: &str, kind: &str, answer: &Answer) -> Evidence {
    Evidence::Record {
        record: kind.to_owned(),
        name: name.to_owned(),
        value: answer.outcome.word().to_owned(),
        ttl: 0,
        resolver: answer.resolver.to_string(),
    }
}
