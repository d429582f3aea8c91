//! Zone files (RFC 1035 master files), read tolerantly: template lines and unknown records are set aside.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{is_proof, qualify, real_ttl};
use super::{Data, Record, Zone, add_zones};
use crate::model::{Declarations, Evidence, Need, Unit};
use crate::read::{Format, ReadContext};
use crate::source::{Problems, SourceFile, Tree};

/// Zone files.
pub struct ZoneFile;

/// Extensions that zone files have.
const EXTENSIONS: &[&str] = &["zone", "bind", "dns", "db", "fwd", "rev", "zonefile"];

/// How many lines are looked at to tell a zone file from another text.
const SNIFFED_LINES: u32 = 200;

/// How deep `$INCLUDE` is followed.
const INCLUDE_DEPTH: u32 = 8;

/// How many files one zone file may include, each as often as it is named.
const INCLUDES: u32 = 1_000;

/// How many records `$GENERATE` lines may make in one file.
const GENERATED_LIMIT: u32 = 20_000;

impl Format for ZoneFile {
    fn name(&self) -> &'static str {
        "zone-file"
    }

    fn summary(&self) -> &'static str {
        "DNS zone files (BIND and the like), with $ORIGIN, $TTL, $INCLUDE and $GENERATE"
    }

    fn wants(&self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let in_zone_folder = folder.split('/').any(|part| {
            let part = part.to_ascii_lowercase();
            ["zone", "bind", "named", "dns"].iter().any(|word| part.contains(word)) || part == "templates"
        });
        EXTENSIONS.contains(&extension)
            || name.starts_with("db.")
            || (in_zone_folder && (looks_like_a_domain(name) || extension == "txt"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        (1..=file.line_count().min(SNIFFED_LINES)).any(|line| starts_a_zone(file.line_text(line)))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut folders: BTreeMap<&str, Vec<Zone>> = BTreeMap::new();
        let included: BTreeSet<String> = files.iter().flat_map(|file| includes(file)).collect();
        let (tops, others): (Vec<&SourceFile>, Vec<_>) =
            files.iter().copied().partition(|file| !included.contains(&**file.path()));
        let mut opened = BTreeSet::new();
        // Those that no top includes include each other in a circle: the first of them is as good a start as any.
        for file in tops.into_iter().chain(others) {
            if opened.contains(&**file.path()) {
                continue;
            }
            let mut reader = Reader::new(file, cx.tree, &mut out.problems, &mut opened);
            reader.file(file, 0);
            folders.entry(file.folder()).or_default().extend(reader.zones.into_values());
        }
        for (folder, zones) in folders {
            let mut unit = Unit::new("zone-file", if folder.is_empty() { "zones" } else { folder }, folder);
            add_zones(&mut unit, &zones);
            out.units.push(unit);
        }
        out
    }
}

/// A file name such as `example.org`, which is how many name their zones.
fn looks_like_a_domain(name: &str) -> bool {
    const NOT_TOP_LEVEL: &[&str] = &[
        "py", "rs", "sh", "md", "pl", "so", "conf", "yaml", "yml", "json", "toml", "tf", "j2", "erb", "js",
        "ts", "go", "rb", "html", "css", "xml", "lock", "csv", "cfg", "ini", "sql", "php",
    ];
    let Some((rest, last)) = name.rsplit_once('.') else { return false };
    !rest.is_empty()
        && (2..=24).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !NOT_TOP_LEVEL.contains(&last)
}

/// A line that other formats do not have: a start of authority or an origin.
fn starts_a_zone(line: &str) -> bool {
    let line = line.split(';').next().unwrap_or("");
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next() else { return false };
    if first.eq_ignore_ascii_case("$ORIGIN") {
        return words.next().is_some();
    }
    let rest: Vec<&str> = line.split_ascii_whitespace().collect();
    rest.iter().position(|word| word.eq_ignore_ascii_case("SOA")).is_some_and(|at| {
        at <= 3
            && rest.len() >= at + 3
            && rest[at.min(1)..at].iter().all(|word| is_class(word) || parse_ttl(word).is_some())
    })
}

fn includes(file: &SourceFile) -> Vec<String> {
    file.text()
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let first = words.next()?;
            first.eq_ignore_ascii_case("$INCLUDE").then_some(())?;
            Tree::resolve(file.folder(), words.next()?.trim_matches('"'))
        })
        .collect()
}

struct Reader<'a> {
    tree: &'a Tree,
    problems: &'a mut Problems,
    /// Paths of the files that were read.
    opened: &'a mut BTreeSet<String>,
    included: u32,
    zones: BTreeMap<String, Zone>,
    /// The zone that records belong to: set by the start of authority, else the first origin.
    zone: String,
    origin: String,
    owner: String,
    ttl: Option<u32>,
    generated: u32,
}

/// One logical line: its words, and whether it began with white space (the owner is the one before).
struct Entry {
    words: Vec<String>,
    same_owner: bool,
    line: u32,
}

impl<'a> Reader<'a> {
    fn new(
        file: &SourceFile,
        tree: &'a Tree,
        problems: &'a mut Problems,
        opened: &'a mut BTreeSet<String>,
    ) -> Self {
        let zone = zone_of_name(file.name());
        Reader {
            tree,
            problems,
            opened,
            included: 0,
            zones: BTreeMap::new(),
            origin: zone.clone(),
            owner: zone.clone(),
            zone,
            ttl: None,
            generated: 0,
        }
    }

    fn file(&mut self, file: &SourceFile, depth: u32) {
        self.opened.insert(file.path().to_string());
        let mut set_aside = 0;
        for entry in entries(file) {
            if entry.words.iter().any(|word| is_template(word)) {
                set_aside += 1;
                self.problems.note(
                    file.line_location(entry.line),
                    "a template line is set aside: its values are not known",
                );
                continue;
            }
            if !self.directive(file, &entry, depth) && !self.record(file, &entry) {
                set_aside += 1;
                if set_aside <= 20 {
                    let shown = file.line_text(entry.line).chars().take(60).collect::<String>();
                    self.problems
                        .note(file.line_location(entry.line), format!("`{shown}` is not a known record"));
                }
            }
        }
    }

    /// Whether the entry is a directive.
    fn directive(&mut self, file: &SourceFile, entry: &Entry, depth: u32) -> bool {
        let Some(word) = entry.words.first().filter(|word| word.starts_with('$')) else { return false };
        let argument = entry.words.get(1).map_or("", String::as_str);
        match word.to_ascii_uppercase().as_str() {
            "$ORIGIN" => self.origin = qualify(argument, &self.origin),
            "$TTL" => self.ttl = parse_ttl(argument).and_then(real_ttl),
            "$INCLUDE" => self.include(file, entry, argument, depth),
            "$GENERATE" => self.generate(file, entry),
            _ => {
                self.problems.note(file.line_location(entry.line), format!("directive `{word}` is not known"))
            }
        }
        true
    }

    fn include(&mut self, file: &SourceFile, entry: &Entry, path: &str, depth: u32) {
        let Some(included) = self.tree.join(file.folder(), path) else {
            let message = format!("included file `{path}` is not among the scanned files");
            return self.problems.warning(file.line_location(entry.line), message);
        };
        if depth >= INCLUDE_DEPTH {
            let message = format!("`{path}` is not read: includes nest deeper than {INCLUDE_DEPTH}");
            return self.problems.warning(file.line_location(entry.line), message);
        }
        self.included += 1;
        if self.included > INCLUDES {
            let message = format!("`{path}` is not read: more than {INCLUDES} files are included");
            return self.problems.warning(file.line_location(entry.line), message);
        }
        let before = (self.origin.clone(), self.owner.clone());
        if let Some(origin) = entry.words.get(2) {
            self.origin = qualify(origin, &self.origin);
        }
        self.file(included, depth + 1);
        (self.origin, self.owner) = before;
    }

    fn generate(&mut self, file: &SourceFile, entry: &Entry) {
        let range = entry.words.get(1).map_or("", String::as_str);
        let (bounds, step) = range.split_once('/').unwrap_or((range, "1"));
        let parsed = bounds.split_once('-').and_then(|(from, to)| {
            Some((
                from.parse::<u32>().ok()?,
                to.parse::<u32>().ok()?,
                step.parse::<u32>().ok().filter(|s| *s > 0)?,
            ))
        });
        let Some((from, to, step)) = parsed else {
            return self
                .problems
                .warning(file.line_location(entry.line), format!("range `{range}` cannot be read"));
        };
        for number in (from..=to).step_by(step as usize) {
            self.generated += 1;
            if self.generated > GENERATED_LIMIT {
                let message = format!("no more than {GENERATED_LIMIT} generated records are read");
                return self.problems.warning(file.line_location(entry.line), message);
            }
            let words = entry.words[2..].iter().map(|word| generated(word, number)).collect();
            self.record(file, &Entry { words, same_owner: false, line: entry.line });
        }
    }

    /// Whether the entry is a record of a known type.
    fn record(&mut self, file: &SourceFile, entry: &Entry) -> bool {
        let mut words = entry.words.iter().map(String::as_str);
        if !entry.same_owner {
            let Some(owner) = words.next() else { return true };
            self.owner = qualify(owner, &self.origin);
        }
        let mut ttl = self.ttl;
        let mut kind = None;
        for word in words.by_ref() {
            if is_class(word) {
                continue;
            }
            match parse_ttl(word) {
                Some(seconds) => ttl = real_ttl(seconds),
                None => {
                    kind = Some(word.to_ascii_uppercase());
                    break;
                }
            }
        }
        let Some(kind) = kind else { return entry.same_owner && entry.words.is_empty() };
        let rest: Vec<&str> = words.collect();
        if kind == "SOA" {
            self.start_zone(file, entry.line);
            return true;
        }
        match read_data(&kind, &rest, &self.origin) {
            Parsed::Data(data) => self.push(file, entry.line, data, ttl),
            Parsed::Nothing => {}
            Parsed::Unknown => return false,
        }
        true
    }

    fn start_zone(&mut self, file: &SourceFile, line: u32) {
        self.zone = self.owner.clone();
        self.zone().evidence.push(Evidence::at_line(file, line));
    }

    fn zone(&mut self) -> &mut Zone {
        let name = self.zone.clone();
        self.zones.entry(name.clone()).or_insert_with(|| Zone { name, ..Zone::default() })
    }

    fn push(&mut self, file: &SourceFile, line: u32, data: Data, ttl: Option<u32>) {
        let name = self.owner.clone();
        if is_proof(&name, &data) {
            return;
        }
        let evidence = Evidence::at_line(file, line);
        let zone = self.zone();
        if zone.evidence.is_empty() {
            zone.evidence.push(evidence.clone());
        }
        zone.records.push(Record { name, ttl, data, need: Need::Required, proxied: false, evidence });
    }
}

enum Parsed {
    Data(Data),
    /// A known record that says nothing of what a name needs.
    Nothing,
    Unknown,
}

fn read_data(kind: &str, rest: &[&str], origin: &str) -> Parsed {
    let named = |at: usize, wrap: fn(String) -> Data| match rest.get(at) {
        Some(&".") => Parsed::Nothing,
        Some(name) => Parsed::Data(wrap(qualify(name, origin))),
        None => Parsed::Unknown,
    };
    match kind {
        "A" | "AAAA" => match rest.first().and_then(|text| text.parse().ok()) {
            Some(address) => Parsed::Data(Data::Address(address)),
            None => Parsed::Unknown,
        },
        "CNAME" | "ALIAS" | "ANAME" | "DNAME" => named(0, Data::Alias),
        "NS" => named(0, Data::NameServer),
        "MX" => named(1, Data::Mail),
        "SRV" => named(3, Data::Service),
        // gdnsd and PowerDNS work the answer out themselves.
        "DYNA" | "DYNC" | "LUA" if !rest.is_empty() => Parsed::Data(Data::Resource(rest.join(" "))),
        "TXT" | "SPF" | "CAA" | "PTR" | "DS" | "DNSKEY" | "RRSIG" | "NSEC" | "NSEC3" | "NSEC3PARAM"
        | "TLSA" | "SSHFP" | "HINFO" | "LOC" | "RP" | "NAPTR" | "CERT" | "SMIMEA" | "OPENPGPKEY" | "URI"
        | "CDS" | "CDNSKEY" | "CSYNC" | "HTTPS" | "SVCB" | "ZONEMD" | "AFSDB" | "HIP" | "APL" | "DHCID"
        | "IPSECKEY" | "KEY" | "EUI48" | "EUI64" => Parsed::Nothing,
        _ => Parsed::Unknown,
    }
}

/// The zone a file is named after: `db.example.org`, `example.org.zone`.
fn zone_of_name(name: &str) -> String {
    let name = name.strip_prefix("db.").unwrap_or(name);
    let name = EXTENSIONS
        .iter()
        .chain(&["txt"])
        .find_map(|extension| name.strip_suffix(extension)?.strip_suffix('.'))
        .unwrap_or(name);
    name.to_lowercase()
}

fn is_class(word: &str) -> bool {
    ["IN", "CH", "HS"].iter().any(|class| word.eq_ignore_ascii_case(class))
}

/// Seconds of `3600`, `1h`, `2W3d`.
pub(super) fn parse_ttl(word: &str) -> Option<u64> {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (mut total, mut number, mut bare) = (0u64, 0u64, true);
    for c in word.chars() {
        let unit = match c.to_ascii_lowercase() {
            digit @ '0'..='9' => {
                number = number.checked_mul(10)?.checked_add(u64::from(digit as u8 - b'0'))?;
                bare = true;
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        (number, bare) = (0, false);
    }
    total.checked_add(if bare { number } else { 0 })
}

fn is_template(word: &str) -> bool {
    ["{{", "{%", "<%", "${", "%%"].iter().any(|mark| word.contains(mark))
}

/// The word with each `$` replaced by the number; `${offset,width,base}` in decimal.
fn generated(word: &str, number: u32) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let braces = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        match braces {
            Some((inside, tail)) => {
                let mut parts = inside.split(',');
                let offset = parts.next().and_then(|part| part.parse::<i64>().ok()).unwrap_or(0);
                let width = parts.next().and_then(|part| part.parse::<usize>().ok()).unwrap_or(0).min(63);
                out.push_str(&format!("{:0width$}", i64::from(number) + offset));
                rest = tail;
            }
            None => out.push_str(&number.to_string()),
        }
    }
    out.push_str(rest);
    out
}

/// The logical lines of a file: comments dropped, parentheses joined, quotes kept together.
fn entries(file: &SourceFile) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut open: Option<Entry> = None;
    let mut depth = 0u32;
    for (at, text) in file.text().lines().enumerate() {
        let line = at as u32 + 1;
        let entry = open.get_or_insert_with(|| Entry {
            words: Vec::new(),
            same_owner: text.starts_with([' ', '\t']),
            line,
        });
        split_words(text, &mut entry.words, &mut depth);
        // A parenthesis that is never closed would swallow the rest of the file.
        if depth == 0 || line - entry.line > 1_000 {
            depth = 0;
            if let Some(entry) = open.take().filter(|entry| !entry.words.is_empty()) {
                out.push(entry);
            }
        }
    }
    out.extend(open.filter(|entry| !entry.words.is_empty()));
    out
}

fn split_words(text: &str, words: &mut Vec<String>, depth: &mut u32) {
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let mut braces = 0u32;
    while let Some(c) = chars.next() {
        match c {
            ';' if braces == 0 => break,
            '"' => {
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    word.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
                }
                word.push(' ');
            }
            '\\' => word.extend(chars.next()),
            // Template expressions stay one word, blanks and all.
            '{' | '}' => {
                braces = if c == '{' { braces + 1 } else { braces.saturating_sub(1) };
                word.push(c);
            }
            '(' if braces == 0 => *depth += 1,
            ')' if braces == 0 => *depth = depth.saturating_sub(1),
            c if c.is_whitespace() && braces == 0 => flush(&mut word, words),
            c => word.push(c),
        }
    }
    flush(&mut word, words);
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| ZoneFile.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        ZoneFile.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
    }

    fn edges(out: &Declarations) -> Vec<String> {
        let unit = &out.units[0];
        unit.references
            .iter()
            .map(|reference| format!("{} -> {:?}", reference.from, reference.target))
            .collect()
    }

    #[test]
    fn owners_origins_and_lifetimes_are_followed() {
        let out = read(&[(
            "zones/example.org",
            "$TTL 1h\n@ IN SOA ns1 admin (\n 1 ; serial\n 2 3 4 5 )\n  NS ns1.example.net.\n  NS ns2.example.net.\n\
             www 300 IN A 192.0.2.1\n    300 IN A 192.0.2.2\n$ORIGIN eu.example.org.\nApp CNAME lb.example.net.\n@ MX 10 mx\n",
        )]);
        let unit = &out.units[0];
        let ids: Vec<_> = unit.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "domain:app.eu.example.org",
                "domain:eu.example.org",
                "domain:www.example.org",
                "zone:example.org"
            ]
        );
        assert_eq!(unit.nodes[0].attributes.number(Attribute::TtlSeconds), Some(3600.0));
        assert_eq!(unit.nodes[2].attributes.number(Attribute::TtlSeconds), Some(300.0));
        let groups: Vec<_> = unit.groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(groups, ["domain:eu.example.org#mx", "zone:example.org#ns", "domain:www.example.org#a"]);
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn template_lines_and_unknown_records_are_set_aside_with_their_line() {
        let out = read(&[(
            "db.example.org",
            "@ 1D IN SOA a. b. 1 2 3 4 5\nwww {{ ttl }} IN A 192.0.2.1\nx IN FROB y\nok A 192.0.2.9\n",
        )]);
        let lines: Vec<_> = out.problems.iter().map(|problem| problem.location.line).collect();
        assert_eq!(lines, [2, 3]);
        assert_eq!(edges(&out), ["domain:ok.example.org -> Address(192.0.2.9)"]);
    }

    #[test]
    fn answers_that_servers_work_out_are_names_that_exist() {
        let out = read(&[("example.org", "@ SOA a. b. 1 2 3 4 5\ngeo 600 DYNA geoip!text\nwww CNAME geo\n")]);
        let text = "Unresolved { text: \"geoip!text\", because: \"it is named by an id that only its provider can follow\" }";
        assert_eq!(
            edges(&out),
            [
                format!("domain:geo.example.org -> {text}"),
                "domain:www.example.org -> Host { name: \"geo.example.org\", port: None, scheme: None }"
                    .to_owned()
            ]
        );
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn includes_and_generated_records_are_read_once() {
        let out = read(&[
            (
                "zones/example.org.zone",
                "@ IN SOA a. b. 1 2 3 4 5\n$INCLUDE more.zone sub\n$GENERATE 1-2 n$ A 192.0.2.$\n",
            ),
            ("zones/more.zone", "$ORIGIN sub.example.org.\n@ A 192.0.2.7\n"),
        ]);
        assert_eq!(
            edges(&out),
            [
                "domain:n1.example.org -> Address(192.0.2.1)",
                "domain:n2.example.org -> Address(192.0.2.2)",
                "domain:sub.example.org -> Address(192.0.2.7)"
            ]
        );
    }

    #[test]
    fn an_include_that_includes_itself_ends() {
        let out = read(&[
            ("z/a.zone", "@ IN SOA a. b. 1 2 3 4 5\n$INCLUDE b.zone\n"),
            ("z/b.zone", "$INCLUDE b.zone\n"),
        ]);
        assert!(out.problems.iter().any(|problem| problem.message.contains("nest deeper")));
    }

    #[test]
    fn the_null_exchange_is_no_mail_and_validation_names_are_no_services() {
        let out = read(&[(
            "z/example.org.zone",
            "@ IN SOA a. b. 1 2 3 4 5\n@ MX 0 .\n_abc CNAME _x.acm-validations.aws.\nk._domainkey CNAME k.dkim.net.\n",
        )]);
        assert!(out.units[0].references.is_empty());
        assert_eq!(out.units[0].nodes.len(), 1);
    }

    #[test]
    fn lifetimes_have_units() {
        assert_eq!(parse_ttl("1h30m"), Some(5400));
        assert_eq!(parse_ttl("300"), Some(300));
        assert_eq!(parse_ttl("A"), None);
        assert_eq!(parse_ttl("99999999999999999999w"), None);
    }

    use crate::model::Attribute;
}
