//! octoDNS: its configuration (providers, zones, targets) and its YAML zones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::records::{is_proof, qualify, real_ttl};
use super::{Data, Operator, Record, Zone, add_zones, operators};
use crate::model::{Declarations, Environment, Need, Unit};
use crate::read::yaml::{self, Node, evidence_at};
use crate::read::{Format, ReadContext};
use crate::source::{Problems, SourceFile, Tree};

/// octoDNS configurations and zones.
pub struct OctoDns;

/// What octoDNS gives a record without a lifetime.
const DEFAULT_TTL: u32 = 3600;

impl Format for OctoDns {
    fn name(&self) -> &'static str {
        "octodns"
    }

    fn summary(&self) -> &'static str {
        "octoDNS configurations (providers, targets) and YAML zones"
    }

    fn wants(&self, path: &str) -> bool {
        stem(path).is_some()
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        is_config(file.text()) || is_zone(file)
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let configs: Vec<Config<'_>> = files
            .iter()
            .filter(|file| is_config(file.text()))
            .filter_map(|file| Config::read(file, files, &mut out.problems))
            .collect();
        let mut taken = BTreeSet::new();
        for alternatives in by_folder(configs) {
            let unit = read_config(&alternatives, files, cx, &mut taken, &mut out.problems);
            out.units.push(unit);
        }
        out.units.extend(read_loose(files, cx, &taken, &mut out.problems));
        out
    }
}

fn stem(path: &str) -> Option<&str> {
    path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml"))
}

fn is_config(text: &str) -> bool {
    let top =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    text.contains("octodns")
        && text.contains("class:")
        && top("providers")
        && (top("zones") || top("manager"))
}

/// A file (or, for a zone in several files, a folder) that is named like a domain and speaks of records.
fn is_zone(file: &SourceFile) -> bool {
    zone_name(file).is_some()
        && file.text().lines().take(400).any(|line| {
            let Some((before, kind)) = line.split_once("type:") else { return false };
            let kind = kind.split([',', '}', '#']).next().unwrap_or("").trim().trim_matches(['"', '\'']);
            before.chars().last().is_none_or(|c| matches!(c, ' ' | '{' | ','))
                && (kind.contains("Provider/") || RECORD_TYPES.contains(&kind))
        })
}

const RECORD_TYPES: &[&str] = &[
    "A",
    "AAAA",
    "ALIAS",
    "CAA",
    "CNAME",
    "DNAME",
    "DS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "PTR",
    "SPF",
    "SRV",
    "SSHFP",
    "TLSA",
    "TXT",
    "URLFWD",
    "SVCB",
    "HTTPS",
    "OPENPGPKEY",
    "URI",
];

fn zone_name(file: &SourceFile) -> Option<String> {
    let of_file = stem(file.name())?.trim_end_matches('.');
    let folder = file.folder().rsplit('/').next().unwrap_or("");
    let name = match folder.strip_suffix('.').filter(|name| name.contains('.')) {
        Some(zone) => zone,
        None => of_file.strip_prefix('$').unwrap_or(of_file),
    };
    // A zone in pieces that are put together before they are read: `example.com._1_mail.yaml`.
    let name =
        name.rsplit_once("._").filter(|(_, piece)| !piece.contains('.')).map_or(name, |(zone, _)| zone);
    let last = name.rsplit_once('.').map(|(_, last)| last)?;
    let is_label = !last.is_empty() && last.chars().all(|c| c.is_alphanumeric() || c == '-');
    (is_label && !name.contains(' ')).then(|| name.to_lowercase())
}

struct Config<'a> {
    file: &'a SourceFile,
    root: Arc<Node>,
    /// Folders of zones by the name of the provider that reads them.
    folders: BTreeMap<String, String>,
    default_ttl: u32,
}

impl<'a> Config<'a> {
    fn read(file: &'a SourceFile, files: &[&SourceFile], problems: &mut Problems) -> Option<Self> {
        let root = Arc::clone(&yaml::parse(file, problems).documents.first()?.root);
        let mut folders = BTreeMap::new();
        let mut default_ttl = DEFAULT_TTL;
        for (name, provider) in root.get("providers")?.entries() {
            let class = provider.str_at(&["class"]).unwrap_or("");
            if !["YamlProvider", "SplitYamlProvider"].iter().any(|known| class.ends_with(known)) {
                continue;
            }
            if let Some(ttl) = provider.get("default_ttl").and_then(Node::integer) {
                default_ttl = u32::try_from(ttl).unwrap_or(DEFAULT_TTL);
            }
            let directory = provider.str_at(&["directory"]).unwrap_or(".");
            let found = find_folder(file.folder(), directory, files);
            match found.or_else(|| find_zones(file.folder(), &root, files)) {
                Some(folder) => drop(folders.insert(name.text.to_string(), folder)),
                None => {
                    let message = format!("no zones were found in `{directory}`");
                    problems.warning(provider.location.clone(), message);
                }
            }
        }
        Some(Config { file, root, folders, default_ttl })
    }

    /// The targets of a zone: its own entry, else the one for all.
    fn targets(&self, zone: &str) -> Option<(&Node, &Node)> {
        let zones = self.root.get("zones")?;
        let own = zones
            .entries()
            .into_iter()
            .find(|(key, _)| key.text.trim_end_matches('.').eq_ignore_ascii_case(zone));
        let entry = match own {
            Some((_, entry)) => entry,
            None => zones.get("*").or_else(|| {
                zones.entries().into_iter().map(|(_, entry)| entry).find(|entry| matches_pattern(entry, zone))
            })?,
        };
        Some((entry, entry.get("targets")?))
    }

    /// Zones that are said to be like others: with the same records, at the same operators.
    fn copies(&self, zones: &BTreeMap<String, Zone>, tree: &Tree) -> Vec<Zone> {
        let named = self.root.get("zones").map(Node::entries).unwrap_or_default();
        let copy = |(key, entry): (&yaml::Key, &Node)| {
            let name = key.text.trim_end_matches('.').to_lowercase();
            let of = entry.get("alias").filter(|_| !zones.contains_key(&name))?;
            let origin = zones.get(&of.str()?.trim_end_matches('.').to_lowercase())?;
            let mut records = origin.records.clone();
            for record in &mut records {
                let inner = record.name.strip_suffix(origin.name.as_str()).unwrap_or("");
                record.name = format!("{inner}{name}");
            }
            let evidence = vec![of.evidence(tree)];
            Some(Zone { name, operators: origin.operators.clone(), evidence, records })
        };
        named.into_iter().filter_map(copy).collect()
    }

    /// Zones that are named here and whose records no file holds: of them only their operators are known.
    fn without_records(
        &self,
        zones: &BTreeMap<String, Zone>,
        tree: &Tree,
        problems: &mut Problems,
    ) -> Vec<Zone> {
        let mut out = Vec::new();
        for (key, entry) in self.root.get("zones").map(Node::entries).unwrap_or_default() {
            let name = key.text.trim_end_matches('.').to_lowercase();
            if name.contains('*') || zones.contains_key(&name) || entry.get("glob").is_some() {
                continue;
            }
            problems.note(key.location.clone(), format!("no file holds the records of zone `{name}`"));
            let operators = self.operators(&name, tree);
            if !operators.is_empty() {
                let evidence = vec![evidence_at(&key.location, tree)];
                out.push(Zone { name, operators, evidence, records: Vec::new() });
            }
        }
        out
    }

    fn operators(&self, zone: &str, tree: &Tree) -> Vec<Operator> {
        let Some((_, targets)) = self.targets(zone) else { return Vec::new() };
        let mut out = Vec::new();
        for target in targets.items_or_self() {
            let Some(name) = target.str() else { continue };
            let provider = self.root.at(&["providers", name]);
            let class = provider.and_then(|node| node.get("class"));
            let text = class.and_then(Node::str).unwrap_or(name);
            // Written to a file for another program to read: no operator.
            if text.ends_with("YamlProvider") || text.contains("octodns_bind") {
                continue;
            }
            out.push(Operator {
                provider: operators::of_octodns_class(text).map(str::to_owned),
                text: text.to_owned(),
                evidence: class.unwrap_or(target).evidence(tree),
            });
        }
        out
    }
}

/// Newer configurations say which zones an entry means by a glob.
fn matches_pattern(entry: &Node, zone: &str) -> bool {
    entry.str_at(&["glob"]).is_some_and(|glob| {
        let glob = glob.trim_end_matches('.');
        match glob.strip_prefix('*') {
            Some(suffix) => zone.ends_with(&suffix.to_lowercase()),
            None => zone.eq_ignore_ascii_case(glob),
        }
    })
}

/// octoDNS reads folders from where it is started, which is usually some folder above its configuration.
fn find_folder(folder: &str, directory: &str, files: &[&SourceFile]) -> Option<String> {
    let mut base = Some(folder);
    while let Some(here) = base {
        if let Some(found) = Tree::resolve(here, directory) {
            let prefix = if found.is_empty() { String::new() } else { format!("{found}/") };
            if files.iter().any(|file| file.path().starts_with(&prefix) && is_zone(file)) {
                return Some(found);
            }
        }
        base = (!here.is_empty()).then(|| here.rsplit_once('/').map_or("", |(above, _)| above));
    }
    None
}

/// Where the folder is one of another machine (a container's), the only one below the configuration that holds a
/// zone that it names.
fn find_zones(folder: &str, root: &Node, files: &[&SourceFile]) -> Option<String> {
    let zones = root.get("zones").map(Node::entries).unwrap_or_default();
    let named: BTreeSet<String> =
        zones.iter().map(|(key, _)| key.text.trim_end_matches('.').to_lowercase()).collect();
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let folders: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.path().starts_with(&prefix) && !is_config(file.text()) && is_zone(file))
        .filter(|file| zone_name(file).is_some_and(|zone| named.contains(&zone)))
        .map(|file| file.folder())
        .collect();
    (folders.len() == 1).then(|| folders.first().map(|folder| (*folder).to_owned())).flatten()
}

/// Configurations that read the same zones are alternatives; so are those in one folder whose zones lie elsewhere.
fn by_folder(configs: Vec<Config<'_>>) -> Vec<Vec<Config<'_>>> {
    let mut groups: BTreeMap<(Vec<String>, &str), Vec<Config<'_>>> = BTreeMap::new();
    for config in configs {
        let folders: Vec<String> = config.folders.values().cloned().collect();
        let beside = if folders.is_empty() { config.file.folder() } else { "" };
        groups.entry((folders, beside)).or_default().push(config);
    }
    groups.into_values().collect()
}

fn read_config<'a>(
    alternatives: &[Config<'_>],
    files: &[&'a SourceFile],
    cx: &ReadContext<'_>,
    taken: &mut BTreeSet<&'a str>,
    problems: &mut Problems,
) -> Unit {
    let names: Vec<&str> = alternatives.iter().filter_map(|config| stem(config.file.name())).collect();
    let chosen = cx.choose_environment(&names).and_then(|name| names.iter().position(|found| *found == name));
    let config = &alternatives[chosen.unwrap_or(0)];
    let folder = config.file.folder();
    let mut unit = Unit::new("octodns", if folder.is_empty() { "octodns" } else { folder }, folder);
    if alternatives.len() > 1 {
        unit.environments = alternatives
            .iter()
            .enumerate()
            .filter_map(|(at, other)| {
                let name = stem(other.file.name())?.to_owned();
                let evidence = vec![other.file.path().to_string()];
                Some(Environment { name, chosen: at == chosen.unwrap_or(0), evidence })
            })
            .collect();
    }
    let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
    for file in files.iter().filter(|file| is_zone(file) && !is_config(file.text())) {
        let inside = config.folders.values().any(|folder| {
            folder.is_empty()
                || file.path().strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        if inside && taken.insert(file.path()) {
            read_zone(file, config.default_ttl, cx.tree, &mut zones, problems);
        }
    }
    for zone in zones.values_mut() {
        zone.operators = config.operators(&zone.name, cx.tree);
    }
    let copies = config.copies(&zones, cx.tree);
    zones.extend(copies.into_iter().map(|copy| (copy.name.clone(), copy)));
    let without_records = config.without_records(&zones, cx.tree, problems);
    zones.extend(without_records.into_iter().map(|zone| (zone.name.clone(), zone)));
    add_zones(&mut unit, &zones.into_values().collect::<Vec<_>>());
    unit
}

/// Zones that no configuration reads: their operator is not known.
fn read_loose(
    files: &[&SourceFile],
    cx: &ReadContext<'_>,
    taken: &BTreeSet<&str>,
    problems: &mut Problems,
) -> Vec<Unit> {
    let mut folders: BTreeMap<&str, BTreeMap<String, Zone>> = BTreeMap::new();
    for file in files.iter().filter(|file| !taken.contains(&**file.path()) && !is_config(file.text())) {
        read_zone(file, DEFAULT_TTL, cx.tree, folders.entry(file.folder()).or_default(), problems);
    }
    let unit = |(folder, zones): (&str, BTreeMap<String, Zone>)| {
        let mut unit = Unit::new("octodns", format!("{folder}/zones"), folder);
        add_zones(&mut unit, &zones.into_values().collect::<Vec<_>>());
        unit
    };
    folders.into_iter().map(unit).collect()
}

fn read_zone(
    file: &SourceFile,
    default_ttl: u32,
    tree: &Tree,
    zones: &mut BTreeMap<String, Zone>,
    problems: &mut Problems,
) {
    let Some(name) = zone_name(file) else { return };
    let stream = yaml::parse(file, problems);
    let Some(document) = stream.documents.first() else { return };
    let zone = zones.entry(name.clone()).or_insert_with(|| Zone { name: name.clone(), ..Zone::default() });
    zone.evidence.push(document.root.evidence(tree));
    for (key, value) in document.root.entries() {
        let owner = qualify(&key.text, &name);
        for record in value.items_or_self() {
            read_record(record, &owner, default_ttl, tree, zone, problems);
        }
    }
}

fn read_record(
    record: &Node,
    owner: &str,
    default_ttl: u32,
    tree: &Tree,
    zone: &mut Zone,
    problems: &mut Problems,
) {
    let Some(kind) = record.str_at(&["type"]) else { return };
    if record.at(&["octodns", "ignored"]).and_then(Node::bool) == Some(true) {
        return;
    }
    let ttl = match record.get("ttl").and_then(Node::integer) {
        Some(seconds) => u64::try_from(seconds).ok().and_then(real_ttl),
        None => Some(default_ttl),
    };
    // An alias inside a provider has the lifetime of what it stands for.
    let ttl = ttl.filter(|_| !kind.contains('/'));
    let proxied = record.at(&["octodns", "cloudflare", "proxied"]).and_then(Node::bool) == Some(true);
    for (value, need) in values(record) {
        match read_value(kind, value, &zone.name) {
            Ok(Some(data)) if is_proof(owner, &data) => {}
            Ok(Some(data)) => {
                let evidence = value.evidence(tree);
                zone.records.push(Record { name: owner.to_owned(), ttl, data, need, proxied, evidence });
            }
            Ok(None) => {}
            Err(because) => {
                problems.warning(value.location.clone(), format!("{kind} record of `{owner}`: {because}"))
            }
        }
    }
}

/// The values of a record; those that only some askers get are optional.
fn values(record: &Node) -> Vec<(&Node, Need)> {
    let mut out = Vec::new();
    let pools = record.at(&["dynamic", "pools"]);
    let usual = pools.map(|pools| usual_pools(record, pools)).unwrap_or_default();
    for (name, pool) in pools.map(Node::entries).unwrap_or_default() {
        let need = if usual.contains(&*name.text) { Need::Required } else { Need::Optional };
        for entry in pool.get("values").map(Node::items).unwrap_or_default() {
            out.extend(entry.get("value").map(|value| (value, need)));
        }
    }
    if out.is_empty() {
        let always = [record.get("values"), record.get("value")].into_iter().flatten();
        out.extend(always.flat_map(Node::items_or_self).map(|value| (value, Need::Required)));
    }
    for (_, value) in record.get("geo").map(Node::entries).unwrap_or_default() {
        out.extend(value.items_or_self().into_iter().map(|value| (value, Need::Optional)));
    }
    out
}

/// The pools that everyone gets: the one of the rule without a place, and what it falls back to.
fn usual_pools<'n>(record: &'n Node, pools: &'n Node) -> BTreeSet<&'n str> {
    let rules = record.at(&["dynamic", "rules"]).map(Node::items).unwrap_or_default();
    let general = rules.iter().find(|rule| rule.get("geos").is_none() && rule.get("subnets").is_none());
    let mut next = general.or(rules.last()).and_then(|rule| rule.str_at(&["pool"]));
    let mut out = BTreeSet::new();
    while let Some(pool) = next.filter(|pool| out.insert(*pool)) {
        next = pools.str_at(&[pool, "fallback"]);
    }
    out
}

fn read_value(kind: &str, value: &Node, zone: &str) -> Result<Option<Data>, String> {
    let text = value.str();
    let absolute = |name: Option<&str>| match name.map(|name| name.trim_end_matches('.').to_lowercase()) {
        Some(name) if name.is_empty() => Ok(None),
        Some(name) => Ok(Some(name)),
        None => Err("its target is missing".to_owned()),
    };
    match kind {
        "A" | "AAAA" => match text.and_then(|text| text.parse().ok()) {
            Some(address) => Ok(Some(Data::Address(address))),
            None => Err(format!("`{}` is no address", text.unwrap_or(""))),
        },
        "CNAME" | "ALIAS" | "DNAME" => Ok(absolute(text)?.map(Data::Alias)),
        "NS" => Ok(absolute(text)?.map(Data::NameServer)),
        "MX" => Ok(absolute(value.str_at(&["exchange"]).or(value.str_at(&["value"])))?.map(Data::Mail)),
        "SRV" => Ok(absolute(value.str_at(&["target"]))?.map(Data::Service)),
        _ if kind.ends_with("/ALIAS") => {
            let name = value.str_at(&["name"]).or(text).unwrap_or("");
            let outside = value.get("hosted-zone-id").is_some() || name.ends_with('.');
            let name = if outside { name.trim_end_matches('.').to_lowercase() } else { qualify(name, zone) };
            Ok((!name.is_empty()).then_some(Data::Alias(name)))
        }
        _ if RECORD_TYPES.contains(&kind) => Ok(None),
        _ if kind.contains('/') => Ok(None),
        _ => Err("this type is not known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::model::{Kind, Target};

    const CONFIG: &str = "providers:\n  config:\n    class: octodns.provider.yaml.YamlProvider\n    directory: ./zones\n  \
                          r53:\n    class: octodns_route53.Route53Provider\n  ns1:\n    class: octodns_ns1.Ns1Provider\n\
                          zones:\n  '*': {sources: [config], targets: [r53]}\n";

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| OctoDns.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        OctoDns.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
    }

    fn targets(unit: &Unit, from: &str) -> Vec<String> {
        let of = unit.references.iter().filter(|reference| reference.from.as_str() == from);
        of.map(|reference| match &reference.target {
            Target::Host { name, .. } => name.clone(),
            Target::Address(address) => address.to_string(),
            other => format!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn a_zone_like_another_has_its_records_and_operators() {
        let config = "providers:\n  config: {class: octodns.provider.yaml.YamlProvider, directory: ./config}\n  r53: {class: octodns_route53.Route53Provider}\nzones:\n  a.org.: {sources: [config], targets: [r53]}\n  b.org.: {alias: a.org.}\n";
        let tree = Tree::of_texts([
            ("production.yaml", config),
            ("config/a.org.yaml", "'': {type: A, value: 192.0.2.1}\nwww: {type: CNAME, value: x.net.}\n"),
        ]);
        let files: Vec<_> = tree.files().filter(|file| OctoDns.claims(file, &tree)).collect();
        let catalog = crate::catalog::Catalog::default();
        let out = OctoDns.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert!(unit.nodes.iter().any(|node| node.id.as_str() == "domain:www.b.org"));
        let zone = unit.nodes.iter().find(|node| node.id.as_str() == "zone:b.org").unwrap();
        assert_eq!(zone.placement.provider.as_deref(), Some("aws"));
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn zones_stand_on_their_targets() {
        let zone = "www:\n  type: A\n  value: 192.0.2.1\n";
        let config = format!("{CONFIG}  two.test.: {{sources: [config], targets: [r53, ns1]}}\n");
        let out =
            read(&[("config.yaml", &config), ("zones/one.test.yaml", zone), ("zones/two.test.yaml", zone)]);
        assert_eq!(out.units.len(), 1);
        let zones: Vec<_> = out.units[0].nodes.iter().filter(|node| node.kind == Kind::DnsZone).collect();
        let providers: Vec<_> = zones.iter().map(|zone| zone.placement.provider.as_deref()).collect();
        assert_eq!(providers, [Some("aws"), None]);
        assert_eq!(out.units[0].groups[0].id.as_str(), "zone:two.test#operators");
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }

    #[test]
    fn zones_whose_records_lie_elsewhere_have_operators() {
        let config = "providers:\n  netbox: {class: octodns_netbox.NetBoxSource}\n  \
                      r53: {class: octodns_route53.Route53Provider}\n  dump: {class: octodns.provider.yaml.YamlProvider, directory: ./x}\n\
                      zones:\n  one.test.: {sources: [netbox], targets: [r53]}\n  two.test.: {sources: [r53], targets: [dump]}\n";
        let out = read(&[("config.yaml", config)]);
        let zones: Vec<_> = out.units[0].nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(zones, ["zone:one.test"], "what is written to files has no operator");
        assert_eq!(out.units[0].nodes[0].placement.provider.as_deref(), Some("aws"));
    }

    #[test]
    fn single_and_several_values_and_providers_own_types_are_read() {
        let zone = "'':\n  - type: Route53Provider/ALIAS\n    ttl: 942942942\n    value: {hosted-zone-id: Z1, name: \
                    d1.cloudfront.net., type: A}\n  - type: MX\n    values:\n    - {exchange: ., preference: 0}\n  - type: \
                    NS\n    values: [ns-1.awsdns-1.org.]\nWWW:\n  type: CNAME\n  value: One.test.\n\
                    k._domainkey: {type: CNAME, value: k.dkim.example.}\nmail: {type: MX, values: [{exchange: a.mx.test., \
                    preference: 1}, {value: b.mx.test., priority: 2}]}\nsub:\n  type: NS\n  values: [ns1.other.test, \
                    ns2.other.test]\n'x#y': {type: TXT, value: hello}\n";
        let out = read(&[("config.yaml", CONFIG), ("zones/one.test.yaml", zone)]);
        let unit = &out.units[0];
        assert_eq!(targets(unit, "domain:one.test"), ["d1.cloudfront.net"]);
        assert_eq!(targets(unit, "domain:www.one.test"), ["one.test"]);
        assert_eq!(targets(unit, "domain:mail.one.test"), ["a.mx.test", "b.mx.test"]);
        assert_eq!(targets(unit, "domain:sub.one.test"), ["ns1.other.test", "ns2.other.test"]);
        let apex = unit.nodes.iter().find(|node| node.id.as_str() == "domain:one.test").unwrap();
        assert!(apex.attributes.iter().next().is_none(), "a placeholder is no lifetime");
        assert_eq!(unit.nodes.len(), 5, "{:?}", unit.nodes.iter().map(|node| &node.id).collect::<Vec<_>>());
    }

    #[test]
    fn a_delegated_zone_that_is_declared_too_stands_on_its_parent() {
        let out = read(&[
            ("config.yaml", CONFIG),
            ("zones/one.test.yaml", "sub: {type: NS, values: [ns-1.awsdns-1.org.]}\n"),
            ("zones/sub.one.test.yaml", "'': {type: A, value: 192.0.2.1}\n"),
        ]);
        let edges: Vec<_> =
            out.units[0].edges.iter().map(|edge| format!("{} {}", edge.from, edge.to)).collect();
        assert_eq!(edges, ["zone:sub.one.test zone:one.test", "domain:sub.one.test zone:sub.one.test"]);
    }

    #[test]
    fn only_the_answers_of_some_askers_are_optional() {
        let zone = "www:\n  type: A\n  value: 192.0.2.1\n  dynamic:\n    pools:\n      eu: {values: [{value: 192.0.2.1}]}\n      \
                    us: {fallback: eu, values: [{value: 192.0.2.2}]}\n      ap: {values: [{value: 192.0.2.3}]}\n    \
                    rules:\n    - {geos: [AS], pool: ap}\n    - {pool: us}\n";
        let out = read(&[("config.yaml", CONFIG), ("zones/one.test.yaml", zone)]);
        let needs: Vec<_> = out.units[0].references.iter().map(|r| (r.need, r.group.is_some())).collect();
        assert_eq!(needs, [(Need::Required, true), (Need::Required, true), (Need::Optional, false)]);
    }

    #[test]
    fn folders_are_found_from_above_the_configuration() {
        let config = CONFIG.replace("./zones", "./dns/zones");
        let out = read(&[
            ("dns/production.yaml", &config),
            ("dns/zones/one.test.yaml", "'': {type: A, value: 192.0.2.1}\n"),
        ]);
        assert_eq!(out.units.len(), 1);
        assert_eq!(out.units[0].nodes.len(), 2);
    }

    #[test]
    fn a_folder_of_another_machine_is_the_one_that_holds_the_zones() {
        let config = "providers:\n  config: {class: octodns.provider.yaml.YamlProvider, directory: /srv/config}\n  \
                      gcp: {class: octodns_googlecloud.GoogleCloudProvider}\n\
                      zones:\n  one.test.: {sources: [config], targets: [gcp]}\n";
        let out = read(&[
            ("dns/octodns.yaml", config),
            ("dns/zones/one.test._0_base.yaml", "www:\n  type: CNAME\n  value: a.example.com.\n"),
            ("dns/zones/one.test._1_mail.yaml", "mail:\n  type: CNAME\n  value: b.example.com.\n"),
        ]);
        assert!(out.problems.is_empty());
        let ids: Vec<&str> = out.units[0].nodes.iter().map(|node| node.id.as_str()).collect();
        for id in ["zone:one.test", "domain:www.one.test", "domain:mail.one.test"] {
            assert!(ids.contains(&id), "{id} of {ids:?}");
        }
        let zone = out.units[0].nodes.iter().find(|node| node.kind == Kind::DnsZone);
        assert_eq!(zone.and_then(|zone| zone.placement.provider.as_deref()), Some("gcp"));
    }
}
