//! Whether the tables are fit to ship: read, sourced, free of dangling ids, right on their samples, within budget.

use std::collections::{BTreeMap, BTreeSet};

use super::embedded;
use super::lookup::Catalog;
use super::names::NameKind;
use super::packages::PackageUse;
use super::resources::Role;
use super::table::{Confidence, DataFile, rows};

/// One table, measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// The file under `data/`.
    pub file: &'static str,
    /// The bytes it takes in the program.
    pub bytes: usize,
}

/// What `linchpin catalog check` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// The tables, in the order of their names.
    pub tables: Vec<TableSummary>,
    /// Bytes of all embedded data.
    pub bytes: usize,
    /// Number of facts looked at.
    pub facts: usize,
    /// What is wrong, empty when everything is well.
    pub problems: Vec<String>,
}

/// The most bytes that all embedded data may take.
const BUDGET_BYTES: usize = 600 * 1024;

/// Licences whose lists must not ship.
const EXCLUDED_LICENCES: [&str; 4] = ["GPL", "PolyForm", "SSPL", "BUSL"];

const PHASES: [&str; 5] = ["runtime", "startup", "deploy", "observe", "recover"];
const PLANES: [&str; 3] = ["data", "control", "both"];
/// What says where facts are from needs no source itself.
const SOURCES: [&str; 2] = ["sources.csv", "tables.csv"];
const ABILITIES: [&str; 3] = ["log-in", "page", "tell"];
const CAUSES: [&str; 12] = [
    "hardware",
    "software",
    "human",
    "capacity",
    "power",
    "cooling",
    "fire",
    "network",
    "dns",
    "certificate",
    "attack",
    "dependency",
];

impl Catalog {
    /// Checks every table, overrides included.
    pub fn check(&self) -> CheckReport {
        let tables: Vec<_> = embedded::sizes().map(|(file, bytes)| TableSummary { file, bytes }).collect();
        let bytes = tables.iter().map(|t| t.bytes).sum();
        let mut check = Check { catalog: self, facts: 0, problems: Vec::new() };
        if BUDGET_BYTES < bytes {
            check.problem(format!("{bytes} bytes of data, {BUDGET_BYTES} allowed"));
        }
        match Self::default().load() {
            Err(e) => check.problem(e.to_string()),
            Ok(()) => check.everything(),
        }
        CheckReport { tables, bytes, facts: check.facts, problems: check.problems }
    }
}

struct Check<'a> {
    catalog: &'a Catalog,
    facts: usize,
    problems: Vec<String>,
}

impl Check<'_> {
    fn everything(&mut self) {
        self.sources();
        self.tables();
        self.providers();
        self.regions();
        self.resources();
        self.names();
        self.samples();
        self.subproviders();
        self.incidents();
        self.products();
        self.others();
    }

    fn problem(&mut self, text: String) {
        self.problems.push(text);
    }

    fn provider(&mut self, id: &str, place: &str) {
        if self.catalog.provider(id).is_none() {
            self.problem(format!("{place}: no provider `{id}`"));
        }
    }

    /// Every fact names its source, and what rests on memory says so.
    fn source(&mut self, source: &str, confidence: Confidence, place: &str) {
        self.facts += 1;
        let url = source.starts_with("https://") || source.starts_with("http://");
        if !url && self.catalog.source(source).is_none() && !self.catalog.is_override(source) {
            self.problem(format!("{place}: `{source}` is no address and no row of sources.csv"));
        }
        if (source == "memory") != (confidence == Confidence::Assumed) {
            self.problem(format!("{place}: source `{source}` with confidence {confidence}"));
        }
    }

    fn sources(&mut self) {
        let bad: Vec<String> = self
            .catalog
            .all_sources()
            .filter(|s| EXCLUDED_LICENCES.iter().any(|l| s.licence.contains(l)))
            .map(|s| format!("sources.csv: `{}` is under {}, which must not ship", s.id, s.licence))
            .collect();
        self.problems.extend(bad);
    }

    /// Every embedded table has a source in each row, or one in `tables.csv` for the whole.
    fn tables(&mut self) {
        let mut whole: BTreeMap<String, (String, String)> = BTreeMap::new();
        let read = rows("tables.csv", &embedded::text("tables.csv"), |row| {
            let known = (row.need("source")?.to_owned(), row.need("confidence")?.to_owned());
            whole.insert(row.need("table")?.to_owned(), known);
            Ok(())
        });
        if let Err(error) = read {
            self.problem(error.to_string());
        }
        for (table, (source, confidence)) in &whole {
            let place = format!("tables.csv: {table}");
            self.source(source, Confidence::parse(confidence).unwrap_or(Confidence::High), &place);
        }
        for name in embedded::names().filter(|name| !SOURCES.contains(name) && !whole.contains_key(*name)) {
            // Those in TOML are looked at fact by fact.
            let without = (!name.ends_with(".toml")).then(|| rows_without_source(name)).flatten();
            self.problems.extend(
                without.map(|line| format!("{name}, line {line}: no source, and none in tables.csv")),
            );
        }
    }

    fn providers(&mut self) {
        for p in self.catalog.all_providers() {
            let place = format!("providers.csv: {}", p.id);
            self.source(&p.source, p.confidence, &place);
            if let Some(parent) = &p.parent {
                self.provider(parent, &place);
            }
            let last = self.catalog.ultimate_parent(&p.id);
            if last.is_some_and(|l| l.parent.is_some()) {
                self.problem(format!("{place}: its parents go in a circle"));
            }
            if p.ctpp.as_ref().is_some_and(|c| !is_date(&c.date)) {
                self.problem(format!("{place}: odd date of designation"));
            }
        }
        for (alias, id) in self.catalog.providers().aliases() {
            self.provider(id, &format!("provider-aliases.csv: {alias}"));
        }
    }

    fn regions(&mut self) {
        for r in self.catalog.all_regions() {
            let place = format!("regions.csv: {} {}", r.provider, r.code);
            self.provider(&r.provider, &place);
            self.source(&r.source, r.confidence, &place);
            if r.pair.as_ref().is_some_and(|pair| self.catalog.region(&r.provider, pair).is_none()) {
                self.problem(format!("{place}: its pair is no region"));
            }
            if r.on.as_ref().is_some_and(|(p, code)| self.catalog.region(p, code).is_none()) {
                self.problem(format!("{place}: what it stands on is no region"));
            }
        }
    }

    fn resources(&mut self) {
        for t in self.catalog.all_resources() {
            self.facts += 1;
            let place = format!("resources: {}", t.name);
            self.provider(&t.provider, &place);
            if t.role.is_component() && (t.service.is_empty() || !t.doc.starts_with("https://")) {
                self.problem(format!("{place}: a component needs a service and a doc"));
            }
            if t.rules.iter().any(|r| !r.doc.starts_with("https://") || r.when.is_empty()) {
                self.problem(format!("{place}: a rule needs a doc and a condition"));
            }
            if t.rules.iter().any(|r| Some(r.survives) <= t.survives) {
                self.problem(format!("{place}: a rule says no more than holds without it"));
            }
            if t.checked.as_ref().is_some_and(|day| !is_date(day)) {
                self.problem(format!("{place}: odd day of checking"));
            }
            if t.survives.is_some() && !t.doc.starts_with("https://") {
                self.problem(format!("{place}: what it survives needs a doc"));
            }
            if t.role == Role::Datastore && &*t.category == "other" {
                self.problem(format!("{place}: a datastore needs a category"));
            }
        }
        for (cfn, terraform) in self.catalog.resources().cloudformation_types() {
            if self.catalog.resource(terraform).kind().is_none() {
                self.problem(format!("cloudformation.csv: {cfn}: `{terraform}` is not described"));
            }
        }
        for (prefix, provider) in self.catalog.resources().prefixes() {
            self.provider(provider, &format!("terraform-prefixes.csv: {prefix}"));
        }
    }

    fn names(&mut self) {
        use NameKind::{Dmarc, Host, Mx, Ns, Spf, Txt};
        let tables = [Host, Ns, Mx, Spf, Txt, Dmarc].map(|kind| self.catalog.names(kind));
        for table in tables.into_iter().chain([self.catalog.domains()]) {
            for rule in table.all() {
                let place = format!("names: {}", rule.pattern);
                self.provider(&rule.provider, &place);
                self.source(&rule.source, rule.confidence, &place);
            }
        }
    }

    fn samples(&mut self) {
        let name = "names/samples.csv";
        let file = DataFile { name: name.into(), text: embedded::text(name).into() };
        let result = rows(name, &file.text, |row| {
            let kind = NameKind::parse(row.need("kind")?).ok_or_else(|| row.error("odd kind".to_owned()))?;
            let found = self.catalog.identify(kind, row.need("name")?);
            let told =
                found.map_or(("", "", ""), |f| (f.provider, f.region.unwrap_or(""), f.service.unwrap_or("")));
            self.facts += 1;
            if told != (row.get("provider"), row.get("region"), row.get("service")) {
                self.problems.push(format!("{name}, line {}: {} gives {told:?}", row.line, row.get("name")));
            }
            Ok(())
        });
        if let Err(e) = result {
            self.problem(e.to_string());
        }
    }

    fn subproviders(&mut self) {
        for s in self.catalog.all_subproviders() {
            let place = format!("subproviders.csv: {} on {}", s.provider, s.on);
            self.provider(&s.provider, &place);
            self.provider(&s.on, &place);
            self.source(&s.source, s.confidence, &place);
            for region in &s.regions {
                if self.catalog.region(&s.on, region).is_none() {
                    self.problem(format!("{place}: no region `{region}`"));
                }
            }
        }
    }

    fn incidents(&mut self) {
        let mut ids = BTreeSet::new();
        for o in self.catalog.outages() {
            let place = format!("outages.toml: {}", o.id);
            self.provider(&o.provider, &place);
            self.source(&o.source, o.confidence(), &place);
            let known = |word: &String| CAUSES.contains(&word.as_str());
            if !is_date(&o.date) || !o.cause.iter().all(known) || !PLANES.contains(&o.plane.as_str()) {
                self.problem(format!("{place}: odd date, cause or plane"));
            }
            if !ids.insert(&o.id) || (o.fails.is_empty() && o.impairs.is_empty()) {
                self.problem(format!("{place}: told twice, or nothing fails"));
            }
            for target in o.fails.iter().chain(&o.impairs) {
                self.target(target, &place);
            }
        }
        for e in self.catalog.internal_edges() {
            let place = format!("internal-edges.toml: {} -> {}", e.from, e.to);
            self.source(&e.source, Confidence::parse(&e.confidence).unwrap_or(Confidence::Assumed), &place);
            self.target(&e.from, &place);
            self.target(&e.to, &place);
            if !PLANES.contains(&e.plane.as_str()) || !e.phases.iter().all(|p| PHASES.contains(&p.as_str())) {
                self.problem(format!("{place}: odd plane or phase"));
            }
            if e.outage.as_ref().is_some_and(|o| !ids.contains(o)) {
                self.problem(format!("{place}: no such outage"));
            }
            if e.until.as_ref().is_some_and(|d| !is_date(d)) {
                self.problem(format!("{place}: odd date"));
            }
        }
        for s in self.catalog.slas() {
            let place = format!("slas.toml: {} {}", s.provider, s.service);
            self.provider(&s.provider, &place);
            self.source(&s.source, Confidence::parse(&s.confidence).unwrap_or(Confidence::Assumed), &place);
            if !(90.0..=100.0).contains(&s.percent) {
                self.problem(format!("{place}: odd percentage"));
            }
        }
    }

    fn products(&mut self) {
        for row in self.catalog.abilities() {
            let place = format!("abilities.csv: {} {}", row.ability, row.provider);
            self.provider(&row.provider, &place);
            self.source(&row.source, row.confidence, &place);
            if !ABILITIES.contains(&&*row.ability) {
                self.problem(format!("{place}: no such ability"));
            }
        }
        for (kind, row) in self.catalog.images().quorums() {
            let place = format!("quorums.csv: {kind}");
            self.source(&row.source, row.confidence, &place);
            if self.catalog.image_kind(kind).is_none() {
                self.problem(format!("{place}: no image runs it"));
            }
        }
        for row in self.catalog.run_by() {
            let place = format!("run-by.csv: {} {} by {}", row.provider, row.service, row.by);
            self.provider(&row.provider, &place);
            self.source(&row.source, row.confidence, &place);
        }
    }

    /// `PROVIDER`, `PROVIDER/SERVICE`, `PROVIDER/REGION`, `PROVIDER/REGION/SERVICE`, with `zone:` in front or not.
    fn target(&mut self, target: &str, place: &str) {
        let path = target.strip_prefix("zone:").unwrap_or(target);
        let mut parts = path.split('/');
        let provider = parts.next().unwrap_or("");
        self.provider(provider, place);
        let region = parts.next().filter(|_| parts.next().is_some() || target.starts_with("zone:"));
        if let Some(region) = region.filter(|r| *r != "*")
            && self.catalog.region(provider, region).is_none()
        {
            self.problem(format!("{place}: no region `{region}` of {provider}"));
        }
    }

    fn others(&mut self) {
        for p in self.catalog.all_packages() {
            self.facts += 1;
            let known =
                self.catalog.image_kind(&p.target).is_some() || self.catalog.provider(&p.target).is_some();
            if !known && p.used != PackageUse::Datastore {
                self.problem(format!(
                    "sdk-packages.csv: {} {}: no provider `{}`",
                    p.ecosystem, p.name, p.target
                ));
            }
        }
        for key in self.catalog.all_setting_keys() {
            self.facts += 1;
            self.provider(&key.provider, &format!("setting-keys.csv: {}", key.pattern));
            if !key.source.starts_with("https://") {
                self.problem(format!("setting-keys.csv: {}: the source is no address", key.pattern));
            }
        }
        let registries: BTreeSet<_> = self.catalog.registries().iter().collect();
        for (host, provider) in registries {
            self.provider(provider, &format!("registries.csv: {host}"));
        }
        let tags: BTreeSet<String> = self.catalog.addresses().providers().map(str::to_owned).collect();
        for id in tags {
            self.provider(&id, "ip-table.bin");
        }
        for (image, kind) in self.catalog.all_images() {
            self.facts += 1;
            if let Some(provider) = &kind.provider {
                self.provider(provider, &format!("images.csv: {image}"));
            }
        }
        self.facts += self.catalog.addresses().len();
        self.facts += self.catalog.images().schemes().count();
    }
}

/// The first row of an embedded table that names no source.
fn rows_without_source(name: &str) -> Option<u64> {
    let mut first = None;
    let read = rows(name, &embedded::text(name), |row| {
        if row.get("source").is_empty() && first.is_none() {
            first = Some(row.line);
        }
        Ok(())
    });
    read.err().map(|error| error.line).or(first)
}

/// `YYYY-MM-DD`, or `YYYY-MM` where the day is not known.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-');
    parts.next().is_some_and(|y| digits(y, 4))
        && parts.next().is_some_and(|m| digits(m, 2))
        && parts.next().is_none_or(|d| digits(d, 2))
        && parts.next().is_none()
}
