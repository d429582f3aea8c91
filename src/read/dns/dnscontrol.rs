//! dnscontrol: `dnsconfig.js`, read as a literal subset of JavaScript. Nothing is executed.

use std::collections::{BTreeMap, BTreeSet};

use super::javascript::{self, Call, Scope, Value};
use super::records::{is_proof, qualify, real_ttl};
use super::{Data, Operator, Record, Zone, add_zones, operators};
use crate::catalog::{Catalog, NameKind};
use crate::model::{Declarations, Evidence, Need, Unit};
use crate::read::{Format, ReadContext, yaml};
use crate::source::{Problems, SourceFile, Tree};

/// dnscontrol configurations.
pub struct DnsControl;

/// How deep `require` is followed.
const REQUIRE_DEPTH: u32 = 16;

impl Format for DnsControl {
    fn name(&self) -> &'static str {
        "dnscontrol"
    }

    fn summary(&self) -> &'static str {
        "dnscontrol's `dnsconfig.js`: literal declarations, nothing is executed"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".js")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        is_main(file)
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let mut reader = Reader::new(cx, &mut out.problems);
            reader.types = types_of_credentials(cx.tree, file.folder());
            reader.file(file, 0);
            reader.told_of_limits(file);
            let zones: Vec<Zone> = reader.zones.into_values().collect();
            let folder = file.folder();
            let mut unit =
                Unit::new("dnscontrol", if folder.is_empty() { "dnscontrol" } else { folder }, folder);
            add_zones(&mut unit, &zones);
            out.units.push(unit);
        }
        out
    }
}

/// The file that declares providers; those that it requires are read with it.
fn is_main(file: &SourceFile) -> bool {
    let text = file.text();
    (file.name() == "dnsconfig.js" || text.contains("NewRegistrar(") || text.contains("NewDnsProvider("))
        && text.contains("D(")
        || file.name() == "dnsconfig.js"
}

/// Types by the names of `creds.json`, which newer versions name them in.
fn types_of_credentials(tree: &Tree, folder: &str) -> BTreeMap<String, String> {
    let Some(file) = tree.join(folder, "creds.json") else { return BTreeMap::new() };
    let stream = yaml::parse(file, &mut Problems::new());
    let entries = stream.documents.iter().flat_map(|document| document.root.entries());
    entries
        .filter_map(|(key, entry)| Some((key.text.to_string(), entry.str_at(&["TYPE"])?.to_owned())))
        .collect()
}

struct Reader<'a> {
    tree: &'a Tree,
    catalog: &'a Catalog,
    problems: &'a mut Problems,
    scope: Scope,
    types: BTreeMap<String, String>,
    defaults: Vec<Value>,
    zones: BTreeMap<String, Zone>,
    read: BTreeSet<String>,
    /// The files that were read, by the numbers of their scripts.
    sources: Vec<&'a SourceFile>,
}

/// What holds for all records of one `D()`.
struct Domain {
    /// Names are relative to this.
    origin: String,
    zone: String,
    ttl: Option<u32>,
}

impl<'a> Reader<'a> {
    fn new(cx: &'a ReadContext<'_>, problems: &'a mut Problems) -> Self {
        Reader {
            tree: cx.tree,
            catalog: cx.catalog,
            problems,
            scope: Scope::default(),
            types: BTreeMap::new(),
            defaults: Vec::new(),
            zones: BTreeMap::new(),
            read: BTreeSet::new(),
            sources: Vec::new(),
        }
    }

    fn file(&mut self, file: &SourceFile, depth: u32) {
        if depth > REQUIRE_DEPTH || !self.read.insert(file.path().to_string()) {
            return;
        }
        let Some(file) = self.tree.get(file.path()) else { return };
        self.sources.push(file);
        let mut script = javascript::Script::new(file.text(), self.sources.len() - 1);
        while let Some(statement) = script.next_statement(&mut self.scope) {
            match statement {
                javascript::Statement::Call(call) => self.call(file, &call, depth),
                javascript::Statement::Skipped { offset, what } => self.problems.note(
                    file.location(offset),
                    format!("`{what}` is not followed: only literal declarations are read"),
                ),
            }
        }
    }

    fn told_of_limits(&mut self, file: &SourceFile) {
        if self.scope.is_spent() {
            let message = "the values of this configuration multiply; not all of them were read";
            self.problems.warning(file.location(0), message);
        }
    }

    fn call(&mut self, file: &SourceFile, call: &Call, depth: u32) {
        match call.name.as_str() {
            "D" | "D_EXTEND" => self.domain(file, call),
            "DEFAULTS" => self.defaults = call.args.clone(),
            "require" => self.require(file, call, depth),
            "require_glob" => self.require_all(file, call, depth),
            _ => {}
        }
    }

    fn require(&mut self, file: &SourceFile, call: &Call, depth: u32) {
        let Some(path) = call.args.first().and_then(Value::text) else { return };
        match self.tree.join(file.folder(), path) {
            Some(required) if required.name().ends_with(".js") => self.file(required, depth + 1),
            Some(_) => {}
            None => {
                let message = format!("required file `{path}` is not among the scanned files");
                self.problems.warning(file.location(call.offset), message);
            }
        }
    }

    fn require_all(&mut self, file: &SourceFile, call: &Call, depth: u32) {
        let path = call.args.first().and_then(Value::text).unwrap_or("");
        let Some(folder) = Tree::resolve(file.folder(), path) else { return };
        let tree = self.tree;
        for required in tree.under(&folder).filter(|file| file.name().ends_with(".js")) {
            self.file(required, depth + 1);
        }
    }

    fn domain(&mut self, file: &SourceFile, call: &Call) {
        let Some(name) = call.args.first().and_then(Value::text) else {
            let message = "the name of this domain is not a literal".to_owned();
            return self.problems.warning(file.location(call.offset), message);
        };
        let name = name.split('!').next().unwrap_or(name).trim_end_matches('.').to_lowercase();
        let extends = call.name == "D_EXTEND";
        let zone = if extends { self.zone_above(&name) } else { name.clone() };
        let mut settings = self.defaults.clone();
        settings.extend(call.args.iter().skip(if extends { 1 } else { 2 }).cloned());
        let modifiers = flatten(&settings);
        let ttl = modifiers
            .iter()
            .find(|call| call.name == "DefaultTTL")
            .and_then(|call| lifetime(call.args.first()?));
        let context = Domain { origin: name, zone: zone.clone(), ttl };
        let entry = self.zones.entry(zone.clone()).or_insert_with(|| Zone { name: zone, ..Zone::default() });
        entry.evidence.push(Evidence::at(file, call.offset));
        for modifier in modifiers {
            self.modifier(&context, modifier);
        }
        if settings.iter().any(Value::holds_unknown) {
            let message = format!("some records of `{}` are not literals and were not read", context.origin);
            self.problems.warning(file.location(call.offset), message);
        }
    }

    /// The declared zone that a name lies in.
    fn zone_above(&self, name: &str) -> String {
        let mut rest = name;
        while !self.zones.contains_key(rest) {
            match rest.split_once('.') {
                Some((_, above)) => rest = above,
                None => return name.to_owned(),
            }
        }
        rest.to_owned()
    }

    /// The file in which a call stands: a record may stand in a variable of another than its zone.
    fn file_of(&self, call: &Call) -> &'a SourceFile {
        self.sources[call.script]
    }

    fn modifier(&mut self, domain: &Domain, call: &Call) {
        let evidence = Evidence::at(self.file_of(call), call.offset);
        if call.name == "DnsProvider" {
            let operator = self.operator(call, evidence);
            let zone = self.zones.get_mut(&domain.zone).expect("the zone was entered before its modifiers");
            zone.operators.extend(operator);
            return;
        }
        let text = |at: usize| call.args.get(at).and_then(Value::text);
        let here =
            |at: usize| text(at).map(|name| qualify(name, &domain.origin)).filter(|name| !name.is_empty());
        let (name, data) = match call.name.as_str() {
            "A" | "AAAA" => (here(0), text(1).and_then(|text| text.parse().ok()).map(Data::Address)),
            "CNAME" | "ALIAS" | "ANAME" | "DNAME" => (here(0), here(1).map(Data::Alias)),
            "R53_ALIAS" | "PORKBUN_ALIAS" => (here(0), here(2).map(Data::Alias)),
            "AZURE_ALIAS" => (here(0), text(2).map(|id| Data::Resource(id.to_owned()))),
            "NS" => (here(0), here(1).map(Data::NameServer)),
            "NAMESERVER" => (Some(domain.zone.clone()), here(0).map(Data::NameServer)),
            "MX" if text(2) == Some(".") => return,
            "MX" => (here(0), here(2).map(Data::Mail)),
            "SRV" => (here(0), here(4).map(Data::Service)),
            "M365_BUILDER" => (here(0), microsoft_mail(call, domain)),
            _ => return,
        };
        let (Some(name), Some(data)) = (name, data) else {
            let message = format!("{} record: its values are not literals", call.name);
            return self.problems.warning(self.file_of(call).location(call.offset), message);
        };
        if is_proof(&name, &data) {
            return;
        }
        let own = flatten(&call.args).into_iter().find(|call| call.name == "TTL");
        let ttl = own.and_then(|call| lifetime(call.args.first()?)).or(domain.ttl);
        let proxied = call.args.iter().any(Value::is_proxied);
        let zone = self.zones.get_mut(&domain.zone).expect("the zone was entered before its modifiers");
        zone.records.push(Record { name, ttl, data, need: Need::Required, proxied, evidence });
    }

    fn operator(&self, call: &Call, evidence: Evidence) -> Option<Operator> {
        // Zero name servers: the provider holds a copy and is not asked.
        if matches!(call.args.get(1), Some(Value::Number(count)) if *count <= 0.0) {
            return None;
        }
        let (name, kind) = match call.args.first()? {
            Value::Call(made) => (made.args.first()?.text()?, made.args.get(1).and_then(Value::text)),
            value => (value.text()?, None),
        };
        let kind =
            kind.filter(|kind| *kind != "-").or(self.types.get(name).map(String::as_str)).unwrap_or(name);
        // Zone files on disk are served by whoever picks them up.
        if kind.eq_ignore_ascii_case("BIND") {
            return None;
        }
        // Where the types stand in a file of credentials that is not shared, the name is all there is.
        let by_domain = || Some(self.catalog.identify(NameKind::Ns, name)?.provider);
        let by_name = || self.catalog.canonical(name).or_else(by_domain);
        let provider = operators::of_dnscontrol_type(kind).or_else(by_name).map(str::to_owned);
        Some(Operator { provider, text: kind.to_owned(), evidence })
    }
}

/// The exchange that Microsoft 365 has for a domain, unless mail is switched off.
fn microsoft_mail(call: &Call, domain: &Domain) -> Option<Data> {
    let label = domain.origin.replace('.', "-");
    let is_off = call.args.iter().any(|argument| matches!(argument.field("mx"), Some(Value::Bool(false))));
    (!is_off).then(|| Data::Mail(format!("{label}.mail.protection.outlook.com")))
}

/// The calls among values, those in lists too.
fn flatten(values: &[Value]) -> Vec<&Call> {
    let mut out = Vec::new();
    let mut open: Vec<&Value> = values.iter().rev().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Call(call) => out.push(&**call),
            Value::List(items) => open.extend(items.iter().rev()),
            _ => {}
        }
    }
    out
}

fn lifetime(value: &Value) -> Option<u32> {
    match value {
        Value::Number(seconds) => real_ttl(*seconds as u64),
        Value::Text(text) => super::zone_file::parse_ttl(text).and_then(real_ttl),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::model::Target;

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| DnsControl.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        DnsControl.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
    }

    fn references(out: &Declarations) -> Vec<String> {
        let targets = out.units[0].references.iter().map(|reference| {
            let target = match &reference.target {
                Target::Host { name, .. } => name.clone(),
                Target::Address(address) => address.to_string(),
                Target::Provider { provider, service, .. } => {
                    format!("{provider}/{}", service.as_deref().unwrap_or(""))
                }
                other => format!("{other:?}"),
            };
            format!("{} {target}", reference.from.rest())
        });
        let mut targets: Vec<String> = targets.collect();
        targets.sort();
        targets
    }

    #[test]
    fn an_operator_may_be_known_by_its_name_or_domain_alone() {
        let operator = |name: &str| {
            let text = format!("var P = NewDnsProvider('{name}'); D('example.org', REG, DnsProvider(P));");
            read(&[("dnsconfig.js", &text)]).units[0].nodes[0].placement.provider.clone()
        };
        assert_eq!(operator("Gandi").as_deref(), Some("gandi"));
        assert_eq!(operator("name.com").as_deref(), Some("namecom"));
        assert_eq!(operator("mine"), None);
    }

    #[test]
    fn records_made_by_functions_are_read_and_those_of_unknown_ones_are_told() {
        let text = "function Mail(name) { return [MX(name, 1, 'mx.' + name + '.example.net.')]; }\n\
                    D('example.org', REG,\n  Mail('a'),\n  Elsewhere('b'));\n";
        let out = read(&[("dnsconfig.js", text)]);
        assert_eq!(references(&out), ["a.example.org mx.a.example.net"]);
        let reference = &out.units[0].references[0];
        assert_eq!(reference.evidence[0].location().map(|at| at.line), Some(3));
        let problems: Vec<&str> = out.problems.iter().map(|problem| &*problem.message).collect();
        assert_eq!(problems, ["some records of `example.org` are not literals and were not read"]);
    }

    #[test]
    fn records_stand_where_they_are_written() {
        let out = read(&[
            (
                "dnsconfig.js",
                "require('shared.js');\nD('example.org', REG,\n  A('@', '192.0.2.1'),\n  MAIL);\n",
            ),
            ("shared.js", "var MAIL = [MX('@', 1, 'mx.example.net.')];\n"),
        ]);
        let places =
            out.units[0].references.iter().map(|reference| reference.evidence[0].location().unwrap());
        let places: Vec<String> = places.map(|place| format!("{}:{}", place.path, place.line)).collect();
        assert!(places.contains(&"shared.js:1".to_owned()), "{places:?}");
        assert!(places.contains(&"dnsconfig.js:3".to_owned()), "{places:?}");
    }

    #[test]
    fn variables_lists_and_modifiers_are_read() {
        let out = read(&[(
            "dnsconfig.js",
            "// comment\nvar REG = NewRegistrar('none');\nvar R53 = NewDnsProvider(\"r53\", \"ROUTE53\");\nvar CF = \
             NewDnsProvider('cf');\nconst IP1 = IP('192.0.2.1');\nvar MAIL = [ MX('@', 1, 'aspmx.l.google.com.'), \
             MX('@', 5, 'alt1.aspmx.l.google.com.') ];\nD('Example.org', REG, DnsProvider(R53), DnsProvider(CF, 0), \
             DefaultTTL('5m'),\n  A('@', IP1), A('www', '192.0.2.2', TTL(60), CF_PROXY_ON),\n  CNAME('app', 'lb'), \
             CNAME('x', 'y.' + 'net.'), MAIL, TXT('@', 'v=spf1'),);\n",
        )]);
        assert_eq!(
            references(&out),
            [
                "app.example.org lb.example.org",
                "example.org 192.0.2.1",
                "example.org alt1.aspmx.l.google.com",
                "example.org aspmx.l.google.com",
                "www.example.org 192.0.2.2",
                "www.example.org cloudflare/cdn",
                "x.example.org y.net",
            ]
        );
        let zone = out.units[0].nodes.iter().find(|node| node.id.as_str() == "zone:example.org").unwrap();
        assert_eq!(zone.placement.provider.as_deref(), Some("aws"));
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn required_files_and_extensions_belong_to_the_zone() {
        let out = read(&[
            (
                "dns/dnsconfig.js",
                "var R = NewRegistrar('x'); var P = NewDnsProvider('p');\nrequire('zones/a.js');\nrequire('gone.js');\n",
            ),
            ("dns/creds.json", "{\"p\": {\"TYPE\": \"HETZNER\"}}"),
            (
                "dns/zones/a.js",
                "D('a.test', R, DnsProvider(P), A('@', '192.0.2.1'));\nD_EXTEND('b.a.test', CNAME('c', 'd.test.'));\n",
            ),
        ]);
        assert_eq!(references(&out), ["a.test 192.0.2.1", "c.b.a.test d.test"]);
        let zone = out.units[0].nodes.iter().find(|node| node.id.scheme() == "zone").unwrap();
        assert_eq!(zone.placement.provider.as_deref(), Some("hetzner"));
        assert_eq!(out.problems.len(), 1);
    }

    #[test]
    fn what_is_not_literal_is_said_and_the_rest_read() {
        let out = read(&[(
            "dnsconfig.js",
            "function rec(n) { return A(n, '192.0.2.1'); }\nfor (var i in xs) { D(i); }\nD('a.test', R, \
             rec('w'), A('x', addr), A('y', '192.0.2.9'), xs.map(function (x) { return A(x, '1.1.1.1') }));\n",
        )]);
        assert_eq!(references(&out), ["w.a.test 192.0.2.1", "y.a.test 192.0.2.9"]);
        let messages: Vec<_> = out.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
    }
}
