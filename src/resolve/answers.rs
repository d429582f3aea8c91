//! Questions and answers of the DNS, as plain values.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

/// The types of records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name for it.
    Cname,
    /// A name server of a zone.
    Ns,
    /// The start of a zone.
    Soa,
    /// A mail exchanger.
    Mx,
    /// Text.
    Txt,
    /// Who may issue certificates.
    Caa,
    /// The key of a signed zone, at its parent.
    Ds,
}

impl RecordType {
    /// Every type, in order.
    pub const ALL: &'static [RecordType] = &[
        RecordType::A,
        RecordType::Aaaa,
        RecordType::Cname,
        RecordType::Ns,
        RecordType::Soa,
        RecordType::Mx,
        RecordType::Txt,
        RecordType::Caa,
        RecordType::Ds,
    ];

    /// The word used in recordings and evidence.
    pub fn word(self) -> &'static str {
        match self {
            RecordType::A => "A",
            RecordType::Aaaa => "AAAA",
            RecordType::Cname => "CNAME",
            RecordType::Ns => "NS",
            RecordType::Soa => "SOA",
            RecordType::Mx => "MX",
            RecordType::Txt => "TXT",
            RecordType::Caa => "CAA",
            RecordType::Ds => "DS",
        }
    }

    /// The type of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// Lower case, no final dot; `.` is the root.
    pub name: String,
    /// The type of record.
    pub kind: RecordType,
    /// The name server that is asked itself, and not to ask anybody else; none where a resolver is asked.
    pub server: Option<IpAddr>,
}

impl Question {
    /// A question to a resolver; the name is lower-cased and stripped of its final dot.
    pub fn new(name: &str, kind: RecordType) -> Self {
        Question { name: clean_name(name), kind, server: None }
    }

    /// The same by reference.
    pub fn asked(&self) -> Asked<'_> {
        Asked { name: &self.name, kind: self.kind, server: self.server }
    }

    /// The same question to a name server itself.
    pub fn to(self, server: IpAddr) -> Self {
        Question { server: Some(server), ..self }
    }
}

/// One record of an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Owner: lower case, no final dot.
    pub name: String,
    /// Type.
    pub kind: RecordType,
    /// Data in presentation form, names without their final dot, on one line.
    pub data: String,
    /// Time to live, in seconds, as the resolver gave it.
    pub ttl: u32,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer section, sorted; aliases on the way included.
    Records(Vec<Record>),
    /// There is no such name, at the end of its aliases.
    NxDomain,
    /// The name exists and has no record of the type.
    NoData,
    /// The resolver could not get an answer.
    ServFail,
    /// The resolver, or the name server, would not answer.
    Refused,
    /// A name server said nothing by itself: it sent the asker elsewhere, or repeated what it had heard.
    NotAuth,
    /// Nothing came back.
    Timeout,
    /// Something else went wrong.
    Failed,
    /// The question was not sent: the name server had been silent before.
    Unasked,
}

impl Outcome {
    const NEGATIVE: &'static [(&'static str, Outcome)] = &[
        ("NXDOMAIN", Outcome::NxDomain),
        ("NODATA", Outcome::NoData),
        ("SERVFAIL", Outcome::ServFail),
        ("REFUSED", Outcome::Refused),
        ("NOTAUTH", Outcome::NotAuth),
        ("TIMEOUT", Outcome::Timeout),
        ("FAILED", Outcome::Failed),
        ("UNASKED", Outcome::Unasked),
    ];

    /// The word used in recordings and evidence; `NOERROR` for records.
    pub fn word(&self) -> &'static str {
        Self::NEGATIVE.iter().find(|(_, one)| one == self).map_or("NOERROR", |(word, _)| word)
    }

    /// The outcome without records of a word.
    pub fn parse_negative(word: &str) -> Option<Self> {
        Self::NEGATIVE.iter().find(|(known, _)| *known == word).map(|(_, outcome)| outcome.clone())
    }

    /// The records, if there are any.
    pub fn records(&self) -> &[Record] {
        match self {
            Outcome::Records(records) => records,
            _ => &[],
        }
    }

    /// Whether the DNS said something, be it that there is nothing.
    pub fn is_conclusive(&self) -> bool {
        matches!(self, Outcome::Records(_) | Outcome::NxDomain | Outcome::NoData)
    }

    /// Whether a name server that was asked for what it should know said that it does not answer for it.
    pub fn is_lame(&self) -> bool {
        matches!(self, Outcome::NxDomain | Outcome::ServFail | Outcome::Refused | Outcome::NotAuth)
    }

    /// Whether nothing came of a question, so that nothing follows from it.
    pub fn is_silence(&self) -> bool {
        matches!(self, Outcome::Timeout | Outcome::Failed | Outcome::Unasked)
    }
}

/// An answer, with when and from whom it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// When, to the second.
    pub at: Timestamp,
    /// Who answered: an address, or `system`.
    pub resolver: Arc<str>,
}

/// A question whose name stands elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// As in [`Question`].
    pub name: &'a str,
    /// The type of record.
    pub kind: RecordType,
    /// As in [`Question`].
    pub server: Option<IpAddr>,
}

/// The answers of a run, each question once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<Box<str>, Vec<OfName>>);

/// An answer for some name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OfName {
    kind: RecordType,
    server: Option<IpAddr>,
    answer: Answer,
}

impl Answers {
    /// No answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an answer; a later one replaces an earlier one. Records are sorted, each kept once.
    pub fn insert(&mut self, question: Question, mut answer: Answer) {
        if let Outcome::Records(records) = &mut answer.outcome {
            records.sort();
            records.dedup();
            records.shrink_to_fit();
        }
        let Question { name, kind, server } = question;
        let of_name = self.0.entry(name.into()).or_default();
        match place(of_name, kind, server) {
            Ok(place) => of_name[place].answer = answer,
            Err(place) => {
                of_name.reserve_exact(1);
                of_name.insert(place, OfName { kind, server, answer });
            }
        }
    }

    /// The answer to a question.
    pub fn get(&self, question: &Question) -> Option<&Answer> {
        let of_name = self.0.get(question.name.as_str())?;
        let place = place(of_name, question.kind, question.server).ok()?;
        of_name.get(place).map(|one| &one.answer)
    }

    /// All of them, in order of name, type and server.
    pub fn iter(&self) -> impl Iterator<Item = (Asked<'_>, &Answer)> {
        self.0.iter().flat_map(|(name, of_name)| of_name.iter().map(|one| (one.asked(name), &one.answer)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the answers of which `wanted` holds.
    pub fn retain(&mut self, mut wanted: impl FnMut(Asked<'_>, &Answer) -> bool) {
        self.0.retain(|name, of_name| {
            of_name.retain(|one| wanted(one.asked(name), &one.answer));
            !of_name.is_empty()
        });
    }
}

impl OfName {
    fn asked<'a>(&self, name: &'a str) -> Asked<'a> {
        Asked { name, kind: self.kind, server: self.server }
    }
}

fn place(of_name: &[OfName], kind: RecordType, server: Option<IpAddr>) -> Result<usize, usize> {
    of_name.binary_search_by_key(&(kind, server), |one| (one.kind, one.server))
}

/// Lower case, without final dots, internationalized labels in their ASCII form; the root stays `.`.
pub fn clean_name(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    let clean = match name.is_ascii() {
        true => name.to_ascii_lowercase(),
        // Other scripts have full stops of their own.
        false => idna::domain_to_ascii(name)
            .map_or_else(|_| name.to_lowercase(), |ascii| ascii.trim_end_matches('.').to_owned()),
    };
    if clean.is_empty() { ".".to_owned() } else { clean }
}

/// Data on one line: control characters become `\DDD`, as in zone files.
pub fn clean_data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\{:03}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_name_stays_as_it_is() {
        for (name, clean) in [
            ("Www.Example.COM.", "www.example.com"),
            ("example.com..", "example.com"),
            ("b\u{fc}cher.de\u{3002}", "xn--bcher-kva.de"),
            (".", "."),
            ("", "."),
            ("\u{3002}", "."),
        ] {
            assert_eq!(clean_name(name), clean, "{name}");
            assert_eq!(clean_name(clean), clean, "{name}");
        }
    }
}
