//! What has to be asked next, and what the answers say: one walk for both, over answers alone.
//!
//! A name leads to its aliases, addresses and the zones above it, a zone to its name servers, and a name server is
//! a name again. The walk goes as far as there are answers and notes the questions that have none.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use super::answers::{Answer, Answers, Outcome, Question, Record, RecordType, clean_name};
use crate::catalog::{registered_with_a_registry, registrable};

/// How far a name may be from one that was given, in steps over aliases, mail hosts and name servers.
pub const DEPTH: u8 = 12;

/// How many look-ups the evaluation of one SPF policy may take (RFC 7208, 4.6.4).
pub const SPF_LOOKUPS: usize = 10;

/// How many addresses of a zone's name servers are asked themselves whether they answer for it.
pub const SERVERS: usize = 26;

/// The label that is asked for to see whether a zone answers to any name.
pub const PROBE: &str = "linchpin-wildcard-probe";

/// The names to look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Names that the organization publishes: their mail and policies are looked up too.
    pub own: BTreeSet<String>,
    /// Names of others that it needs.
    pub others: BTreeSet<String>,
}

/// A record, with the answer that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) record: &'a Record,
    pub(super) answer: &'a Answer,
}

/// What is known of a name.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// Whether the organization publishes it.
    pub(super) own: bool,
    /// Whether a zone has it as name server.
    pub(super) server: bool,
    pub(super) alias: Option<Said<'a>>,
    pub(super) v4: Vec<Said<'a>>,
    pub(super) v6: Vec<Said<'a>>,
    pub(super) mail: Vec<Said<'a>>,
    /// The domains whose senders its SPF policy includes.
    pub(super) spf: BTreeMap<String, Said<'a>>,
    /// Why it has neither address nor alias.
    pub(super) negative: Option<&'a Answer>,
    /// Whether its zone gives the same answer to any name.
    pub(super) wildcard: bool,
    /// The zones it is in, the outermost first.
    pub(super) zones: Vec<String>,
}

/// What is known of a zone.
#[derive(Debug, Default)]
pub(super) struct Cut<'a> {
    pub(super) servers: Vec<Said<'a>>,
    /// Whether the organization registered it, or the name above it.
    pub(super) own: bool,
    /// What the name servers of an own zone said when they were asked themselves.
    pub(super) checks: Vec<Check<'a>>,
    /// What the zone above says of its keys, when it is signed.
    pub(super) signed: Option<Said<'a>>,
    /// The answer that kept its name servers from being known.
    pub(super) failed: Option<&'a Answer>,
}

impl<'a> Cut<'a> {
    /// What one name server said, at each of its addresses.
    pub(super) fn checks_of(&self, server: &str) -> impl Iterator<Item = &Check<'a>> {
        self.checks.iter().filter(move |check| check.server == server)
    }
}

/// What a name server said of a zone that is delegated to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check<'a> {
    pub(super) server: &'a str,
    pub(super) answer: &'a Answer,
    pub(super) verdict: Verdict,
}

/// Whether a name server answers for a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Serves,
    Lame,
    /// It was silent, or nothing that was heard is sure to be of name servers themselves.
    Unknown,
}

/// Everything that can be reached from some names.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    answers: &'a Answers,
    pub(super) missing: BTreeSet<Question>,
    pub(super) names: BTreeMap<String, Known<'a>>,
    pub(super) zones: BTreeMap<String, Cut<'a>>,
    /// The answers to other questions in which a name is answered too, at the end of an alias.
    seen_in: BTreeMap<Question, Question>,
    queue: VecDeque<(String, u8)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(names: &Names, answers: &'a Answers) -> Self {
        let mut walk = Walk {
            answers,
            missing: BTreeSet::new(),
            names: BTreeMap::new(),
            zones: BTreeMap::new(),
            seen_in: BTreeMap::new(),
            queue: VecDeque::new(),
        };
        for name in &names.own {
            walk.reach(name, 0).own = true;
        }
        for name in &names.others {
            walk.reach(name, 0);
        }
        while let Some((name, depth)) = walk.queue.pop_front() {
            walk.name(&name, depth);
        }
        walk.check_zones(names);
        walk
    }

    /// Has the organization's own zones checked. Those of a name below a platform's (`someone.github.io`) are the
    /// platform's.
    fn check_zones(&mut self, names: &Names) {
        let own = names.own.iter().filter(|name| registrable(name) == registered_with_a_registry(name));
        let domains: BTreeSet<&str> = own.map(|name| registered_with_a_registry(name)).collect();
        for (zone, mut cut) in std::mem::take(&mut self.zones) {
            if domains.contains(registered_with_a_registry(&zone)) {
                cut.own = true;
                cut.checks = self.checks(&zone, &cut.servers);
            }
            self.zones.insert(zone, cut);
        }
        // Some networks answer in the place of any server, and none by its authority.
        let checks = || self.zones.values().flat_map(|cut| &cut.checks);
        if !checks().any(|check| check.verdict == Verdict::Serves) {
            let all = self.zones.values_mut().flat_map(|cut| &mut cut.checks);
            all.for_each(|check| check.verdict = Verdict::Unknown);
        }
    }

    /// Asks the name servers of a zone themselves. Some balance load, answer for addresses and for nothing else: who says
    /// no to the start of the zone is asked for those too.
    fn checks(&mut self, zone: &str, servers: &[Said<'a>]) -> Vec<Check<'a>> {
        let places = servers.iter().flat_map(|said| self.addresses_of(&said.record.data));
        let places: Vec<_> = places.take(SERVERS).collect();
        let check = |(server, address)| {
            let first = self.ask(Question::new(zone, RecordType::Soa).to(address))?;
            if !first.outcome.is_lame() {
                let verdict = if first.outcome.is_silence() { Verdict::Unknown } else { Verdict::Serves };
                return Some(Check { server, answer: first, verdict });
            }
            let second = self.ask(Question::new(zone, RecordType::A).to(address))?;
            let verdict = match &second.outcome {
                outcome if outcome.is_lame() => Verdict::Lame,
                outcome if outcome.is_silence() => Verdict::Unknown,
                _ => Verdict::Serves,
            };
            Some(Check { server, answer: first, verdict })
        };
        places.into_iter().filter_map(check).collect()
    }

    /// The older addresses of a name server, the newer ones where it has no others.
    fn addresses_of(&self, server: &'a str) -> Vec<(&'a str, IpAddr)> {
        let Some(known) = self.names.get(server) else { return Vec::new() };
        let said = if known.v4.is_empty() { &known.v6 } else { &known.v4 };
        let addresses = said.iter().filter_map(|said| said.record.data.parse().ok());
        addresses.map(|address| (server, address)).collect()
    }

    /// The entry of a name, which is looked at later when it is new.
    fn reach(&mut self, name: &str, depth: u8) -> &mut Known<'a> {
        let name = clean_name(name);
        if !self.names.contains_key(&name) && depth <= DEPTH {
            self.queue.push_back((name.clone(), depth));
        }
        self.names.entry(name).or_default()
    }

    fn name(&mut self, name: &str, depth: u8) {
        let own = self.names.get(name).is_some_and(|known| known.own);
        let zones = self.cuts(name, own, depth);
        let mut found = Known { zones, ..Known::default() };
        if let Some((at, answer)) = self.fetch_at(name, RecordType::A) {
            self.addresses(name, &at, answer, depth, &mut found);
            if own && found.alias.is_none() {
                self.mail(name, depth, &mut found);
                self.fetch(name, RecordType::Caa);
            }
            if own {
                found.wildcard = self.is_wildcard(name, answer);
            }
        }
        let known = self.names.entry(name.to_owned()).or_default();
        *known = Known { own: known.own, server: known.server, ..found };
    }

    /// The alias of a name, or its addresses, or why there are none.
    fn addresses(&mut self, name: &str, at: &Question, answer: &'a Answer, depth: u8, found: &mut Known<'a>) {
        found.alias = of_kind(answer, name, RecordType::Cname).into_iter().next();
        let mut negative = Some(answer).filter(|answer| !matches!(answer.outcome, Outcome::Records(_)));
        if negative.is_some() {
            // An answer without records leaves out the aliases that led to it.
            let alias = self.fetch(name, RecordType::Cname);
            found.alias = alias.and_then(|alias| of_kind(alias, name, RecordType::Cname).into_iter().next());
        }
        if let Some(alias) = found.alias {
            self.lead(&alias.record.data, at, answer);
            self.reach(&alias.record.data, depth + 1);
            return;
        }
        found.v4 = of_kind(answer, name, RecordType::A);
        if let Some(newer) = self.fetch(name, RecordType::Aaaa) {
            found.v6 = of_kind(newer, name, RecordType::Aaaa);
            if found.v6.is_empty() && negative.is_some() && !newer.outcome.is_conclusive() {
                negative = Some(newer);
            }
        } else {
            negative = None;
        }
        found.negative = negative.filter(|_| found.v4.is_empty() && found.v6.is_empty());
    }

    /// Remembers that an answer which led through an alias answers for its target too.
    fn lead(&mut self, target: &str, at: &Question, answer: &Answer) {
        let holds = answer.outcome.records().iter().any(|record| record.name == target);
        let question = Question::new(target, at.kind);
        if holds && self.answers.get(&question).is_none() {
            self.seen_in.entry(question).or_insert_with(|| at.clone());
        }
    }

    fn mail(&mut self, name: &str, depth: u8, found: &mut Known<'a>) {
        if let Some(answer) = self.fetch(name, RecordType::Mx) {
            found.mail = of_kind(answer, name, RecordType::Mx);
            for said in found.mail.clone() {
                if let Some(host) = exchanger(said.record) {
                    self.reach(host, depth + 1);
                }
            }
        }
        let mut open = VecDeque::from([name.to_owned()]);
        let mut seen = BTreeSet::new();
        while let Some(domain) = open.pop_front().filter(|_| seen.len() <= SPF_LOOKUPS) {
            if !seen.insert(domain.clone()) {
                continue;
            }
            let Some(answer) = self.fetch(&domain, RecordType::Txt) else { continue };
            for said in texts(answer).filter(|said| is_spf(&said.record.data)) {
                for include in includes(&said.record.data) {
                    found.spf.entry(include.clone()).or_insert(said);
                    open.push_back(include);
                }
            }
        }
    }

    /// Whether any name beside this one gets the same answer.
    fn is_wildcard(&mut self, name: &str, answer: &Answer) -> bool {
        let Some((_, parent)) = name.split_once('.').filter(|_| name != registered_with_a_registry(name))
        else {
            return false;
        };
        let probe = format!("{PROBE}.{parent}");
        let Some(other) = self.fetch(&probe, RecordType::A) else { return false };
        let data = |answer: &Answer| -> BTreeSet<(RecordType, String)> {
            answer.outcome.records().iter().map(|record| (record.kind, record.data.clone())).collect()
        };
        let same = data(other);
        !same.is_empty() && same == data(answer)
    }

    /// The zones that a name is in, the outermost first. Another's name is taken to be no zone of its own.
    fn cuts(&mut self, name: &str, own: bool, depth: u8) -> Vec<String> {
        let outermost = registered_with_a_registry(name).to_owned();
        let mut zones = Vec::new();
        for candidate in
            suffixes(name, &outermost).filter(|candidate| own || *candidate != name || name == outermost)
        {
            let Some(answer) = self.fetch(candidate, RecordType::Ns) else { continue };
            let servers = of_kind(answer, candidate, RecordType::Ns);
            let failed = (servers.is_empty() && candidate == outermost && !answer.outcome.is_conclusive())
                .then_some(answer);
            if servers.is_empty() && failed.is_none() {
                continue;
            }
            zones.push(candidate.to_owned());
            if self.zones.contains_key(candidate) {
                continue;
            }
            for said in &servers {
                self.reach(&said.record.data, depth + 1).server = true;
            }
            self.fetch(candidate, RecordType::Soa);
            let keys = self.fetch(candidate, RecordType::Ds);
            let signed = keys.and_then(|keys| of_kind(keys, candidate, RecordType::Ds).into_iter().next());
            self.zones.insert(candidate.to_owned(), Cut { servers, signed, failed, ..Cut::default() });
        }
        zones
    }

    /// The answer to a question; one that has none is noted.
    fn fetch(&mut self, name: &str, kind: RecordType) -> Option<&'a Answer> {
        self.fetch_at(name, kind).map(|(_, answer)| answer)
    }

    /// The same, with the question that it was the answer to.
    fn fetch_at(&mut self, name: &str, kind: RecordType) -> Option<(Question, &'a Answer)> {
        let question = Question::new(name, kind);
        let question = match self.seen_in.get(&question) {
            Some(other) => other.clone(),
            None => question,
        };
        let answer = self.ask(question.clone())?;
        Some((question, answer))
    }

    /// The answer to exactly this question; one that has none is noted.
    fn ask(&mut self, question: Question) -> Option<&'a Answer> {
        let answer = self.answers.get(&question);
        if answer.is_none() {
            self.missing.insert(question);
        }
        answer
    }
}

/// The records of one owner and type in an answer.
fn of_kind<'a>(answer: &'a Answer, owner: &str, kind: RecordType) -> Vec<Said<'a>> {
    let records =
        answer.outcome.records().iter().filter(|record| record.kind == kind && record.name == owner);
    records.map(|record| Said { record, answer }).collect()
}

fn texts(answer: &Answer) -> impl Iterator<Item = Said<'_>> {
    let records = answer.outcome.records().iter().filter(|record| record.kind == RecordType::Txt);
    records.map(move |record| Said { record, answer })
}

/// The host of an MX record; none for the null exchange (RFC 7505).
pub(super) fn exchanger(record: &Record) -> Option<&str> {
    record.data.split_whitespace().nth(1).filter(|host| *host != ".")
}

fn is_spf(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("v=spf1"))
}

/// The domains whose policies an SPF policy takes in; those with macros name none.
fn includes(text: &str) -> Vec<String> {
    let domain = |word: &str| {
        let word = word.trim_start_matches(['+', '-', '~', '?']);
        let domain = word.strip_prefix("include:").or_else(|| word.strip_prefix("redirect="))?;
        (!domain.contains('%') && domain.contains('.')).then(|| clean_name(domain))
    };
    text.split_whitespace().filter_map(domain).collect()
}

/// The endings of a name on label boundaries, from `outermost` to the name itself; at most sixteen.
fn suffixes<'n>(name: &'n str, outermost: &str) -> impl Iterator<Item = &'n str> {
    let from = name.len().saturating_sub(outermost.len());
    let starts = name.match_indices('.').map(|(at, _)| at + 1).filter(move |at| *at < from);
    let mut all: Vec<&str> = std::iter::once(0).chain(starts).chain([from]).map(|at| &name[at..]).collect();
    all.reverse();
    all.dedup();
    all.truncate(16);
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_start_at_the_registered_name() {
        let found: Vec<_> = suffixes("a.b.example.com", "example.com").collect();
        assert_eq!(found, ["example.com", "b.example.com", "a.b.example.com"]);
        assert_eq!(suffixes("example.com", "example.com").collect::<Vec<_>>(), ["example.com"]);
    }

    #[test]
    fn an_spf_policy_names_those_it_takes_in() {
        let policy = "v=spf1 ip4:192.0.2.0/24 include:_spf.Google.com ?include:mail.example.net a:x.org redirect=y.example -all";
        assert_eq!(includes(policy), ["_spf.google.com", "mail.example.net", "y.example"]);
        assert!(is_spf(policy) && !is_spf("v=spf10"));
        assert_eq!(includes("v=spf1 include:%{i}._spf.example.com"), Vec::<String>::new());
    }
}
