//! The inventory: a register of services and what they need, as a table (CSV).

use std::collections::{BTreeMap, HashMap};

use super::{Format, ReadContext};
use crate::catalog::Catalog;
use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Declarations, Edge, Evidence, Group, Id, Kind, Need,
    Node, Phase, Reference, Target, Unit,
};
use crate::source::{Problems, SourceFile, Tree};

/// Inventories.
pub struct Inventory;

/// Columns that mean something; all others are notes.
const COLUMNS: &[&str] = &[
    "from",
    "to",
    "phase",
    "need",
    "group",
    "k",
    "category",
    "provider",
    "region",
    "zone",
    "tier",
    "owner",
    "weight",
    "jurisdiction",
    "source",
];

/// How many oddities of one file are reported.
const MAX_PROBLEMS: usize = 100;

impl Format for Inventory {
    fn name(&self) -> &'static str {
        "inventory"
    }

    fn summary(&self) -> &'static str {
        "a register of services and what they need, as CSV (`*.inventory.csv`, `linchpin-inventory.csv`)"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".csv")
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        let by_name = file.name().ends_with(".inventory.csv")
            || matches!(file.name(), "linchpin-inventory.csv" | "inventory.csv");
        // Tables of mails and of flights have such columns too: among other files only the name tells.
        let is_given = tree.len() == 1;
        let header: Vec<String> = file.line_text(1).split(',').map(column_name).collect();
        let has = |column: &str| header.iter().any(|name| name == column);
        has("from") && (by_name || (is_given && has("to")))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let mut table = Table::new(file, cx.catalog, &mut out.problems);
            table.read();
            out.units.push(table.unit);
        }
        out
    }
}

fn column_name(text: &str) -> String {
    text.trim().trim_matches('"').trim().to_lowercase()
}

struct Table<'t> {
    file: &'t SourceFile,
    catalog: &'t Catalog,
    problems: &'t mut Problems,
    reported: usize,
    unit: Unit,
    /// Where in the unit each node stands.
    nodes: HashMap<Id, usize>,
    groups: BTreeMap<Id, usize>,
    /// Rows with a far end, to be joined when all names are known.
    needs: Vec<Row>,
}

/// A row that says that something is needed.
struct Row {
    from: Id,
    to: String,
    phase: Phase,
    need: Need,
    group: Option<Id>,
    category: String,
    line: u32,
}

/// The cells of a row by column.
struct Cells<'r> {
    columns: &'r HashMap<String, usize>,
    record: &'r csv::StringRecord,
}

impl<'r> Cells<'r> {
    fn get(&self, column: &str) -> &'r str {
        self.columns.get(column).and_then(|at| self.record.get(*at)).unwrap_or("").trim()
    }
}

impl<'t> Table<'t> {
    fn new(file: &'t SourceFile, catalog: &'t Catalog, problems: &'t mut Problems) -> Self {
        Table {
            file,
            catalog,
            problems,
            reported: 0,
            unit: Unit::new("inventory", &**file.path(), file.folder()),
            nodes: HashMap::new(),
            groups: BTreeMap::new(),
            needs: Vec::new(),
        }
    }

    fn read(&mut self) {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(self.file.text().as_bytes());
        let columns: HashMap<String, usize> = match reader.headers() {
            Ok(headers) => headers.iter().enumerate().map(|(at, name)| (column_name(name), at)).collect(),
            Err(error) => return self.odd(1, format!("the header cannot be read: {error}")),
        };
        let mut unknown: Vec<&str> = columns
            .keys()
            .map(String::as_str)
            .filter(|name| !COLUMNS.contains(name) && !name.is_empty())
            .collect();
        unknown.sort_unstable();
        if !unknown.is_empty() {
            let message = format!("columns without a meaning are kept as notes: {}", unknown.join(", "));
            self.problems.note(self.file.line_location(1), message);
        }
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {
                    let line = record.position().map_or(1, |position| position.line() as u32);
                    self.row(&Cells { columns: &columns, record: &record }, line);
                }
                Ok(false) => break,
                Err(error) => {
                    let line = error.position().map_or(1, |position| position.line() as u32);
                    self.odd(line, format!("a row cannot be read: {error}"));
                }
            }
        }
        self.join();
    }

    fn odd(&mut self, line: u32, message: String) {
        self.reported += 1;
        if self.reported <= MAX_PROBLEMS {
            self.problems.warning(self.file.line_location(line), message);
        }
    }

    fn row(&mut self, cells: &Cells<'_>, line: u32) {
        let name = cells.get("from");
        if name.is_empty() {
            return self.odd(line, "a row without `from` says nothing".to_owned());
        }
        let from = self.declare(name, line);
        self.attributes(&from, cells, line);
        let to = cells.get("to");
        if to.is_empty() {
            let category = category(cells.get("category"));
            let node = self.node(&from);
            node.category = node.category.or(category);
            return;
        }
        let phase = self.word(cells, "phase", line, Phase::parse, Phase::Runtime);
        let need = self.word(cells, "need", line, Need::parse, Need::Required);
        let group = cells.get("group");
        let group = (!group.is_empty()).then(|| self.group(&from, group, cells.get("k"), line));
        let category = cells.get("category").to_lowercase();
        self.needs.push(Row { from, to: to.to_owned(), phase, need, group, category, line });
    }

    fn word<T>(
        &mut self,
        cells: &Cells<'_>,
        column: &str,
        line: u32,
        parse: impl Fn(&str) -> Option<T>,
        usual: T,
    ) -> T {
        let text = cells.get(column).to_lowercase();
        match parse(&text) {
            Some(value) => value,
            None => {
                if !text.is_empty() {
                    self.odd(line, format!("`{text}` is no {column}"));
                }
                usual
            }
        }
    }

    /// The node of a name in `from`; new ones are services unless their prefix says otherwise.
    fn declare(&mut self, name: &str, line: u32) -> Id {
        let (id, kind) = identity(name);
        if !self.nodes.contains_key(&id) {
            let short = if id.scheme() == "app" { name } else { id.rest() };
            let mut node = Node::new(id.clone(), kind, short);
            node.confidence = Confidence::Declared;
            node.evidence.push(Evidence::at_line(self.file, line));
            if matches!(kind, Kind::Provider | Kind::ProviderService) {
                node.placement.provider = id.rest().split('/').next().map(str::to_owned);
            }
            self.nodes.insert(id.clone(), self.unit.nodes.len());
            self.unit.nodes.push(node);
        }
        id
    }

    fn node(&mut self, id: &Id) -> &mut Node {
        let at = self.nodes[id];
        &mut self.unit.nodes[at]
    }

    fn attributes(&mut self, id: &Id, cells: &Cells<'_>, line: u32) {
        let said = |column: &str| Some(cells.get(column)).filter(|text| !text.is_empty()).map(str::to_owned);
        let provider =
            said("provider").map(|name| self.catalog.canonical(&name).map_or(name.clone(), str::to_owned));
        let jurisdiction = said("jurisdiction").map(|text| (text, Evidence::at_line(self.file, line)));
        let weight = said("weight");
        let node = self.node(id);
        set_once(&mut node.placement.provider, provider);
        set_once(&mut node.placement.region, said("region"));
        set_once(&mut node.tier, said("tier"));
        set_once(&mut node.owner, said("owner"));
        for zone in
            said("zone").iter().flat_map(|zones| zones.split([';', ' '])).filter(|zone| !zone.is_empty())
        {
            if !node.placement.zones.iter().any(|known| known == zone) {
                node.placement.zones.push(zone.to_owned());
                node.placement.zones.sort();
            }
        }
        if let Some((text, evidence)) = jurisdiction {
            node.attributes.set(Attribute::Jurisdiction, AttributeValue::Text(text), Some(evidence));
        }
        match weight.map(|text| {
            (text.parse::<f64>().ok().filter(|weight| *weight >= 0.0 && weight.is_finite()), text)
        }) {
            Some((Some(weight), _)) => self.node(id).weight = weight,
            Some((None, text)) => self.odd(line, format!("`{text}` is no weight")),
            None => {}
        }
    }

    fn group(&mut self, owner: &Id, name: &str, k: &str, line: u32) -> Id {
        let id = Id::new(format!("{owner}#{name}"));
        let k = match k.parse::<u32>() {
            Ok(k) if k > 0 => Some(k),
            _ => {
                if !k.is_empty() {
                    self.odd(line, format!("`{k}` is no number of members that must live"));
                }
                None
            }
        };
        match self.groups.get(&id) {
            Some(at) => {
                let group = &mut self.unit.groups[*at];
                // Of several numbers the strictest holds.
                group.k = group.k.max(k.unwrap_or(1));
            }
            None => {
                let evidence = vec![Evidence::at_line(self.file, line)];
                self.groups.insert(id.clone(), self.unit.groups.len());
                let (owner, k) = (owner.clone(), k.unwrap_or(1));
                self.unit.groups.push(Group { id: id.clone(), owner, k, level: None, evidence });
            }
        }
        id
    }

    /// Far ends: rows of the table first, then what other files may define.
    fn join(&mut self) {
        for row in std::mem::take(&mut self.needs) {
            let evidence = vec![Evidence::at_line(self.file, row.line)];
            let (id, _) = identity(&row.to);
            let provider = self.provider_part(&id, &row);
            let known = provider.or_else(|| self.nodes.contains_key(&id).then_some(id));
            let confidence = Confidence::Declared;
            match known {
                Some(to) => {
                    if let (Some(category), "app") = (category(&row.category), to.scheme()) {
                        let node = self.node(&to);
                        node.category = node.category.or(Some(category));
                    }
                    let Row { from, phase, need, group, .. } = row;
                    self.unit.edges.push(Edge { from, to, phase, need, group, confidence, evidence });
                }
                None => {
                    let target = self.target(&row.to);
                    let Row { from, phase, need, group, .. } = row;
                    self.unit.references.push(Reference {
                        from,
                        target,
                        phase,
                        need,
                        group,
                        confidence,
                        evidence,
                    });
                }
            }
        }
    }

    /// A provider that is needed for something is needed as that product of it.
    fn provider_part(&mut self, id: &Id, row: &Row) -> Option<Id> {
        if id.scheme() != "provider" || id.rest().contains('/') || row.category.is_empty() {
            return None;
        }
        let provider = self.catalog.canonical(id.rest()).unwrap_or(id.rest()).to_owned();
        let part = Id::in_provider(&provider, &row.category);
        if !self.nodes.contains_key(&part) {
            let mut node = Node::new(part.clone(), Kind::ProviderService, row.category.as_str());
            node.category = category(&row.category);
            node.parent = Some(Id::provider(&provider));
            node.placement.provider = Some(provider.clone());
            node.placement.service = Some(row.category.clone());
            node.placement.global = true;
            node.confidence = Confidence::Declared;
            let evidence = Evidence::at_line(self.file, row.line);
            node.evidence.push(evidence.clone());
            self.nodes.insert(part.clone(), self.unit.nodes.len());
            self.unit.nodes.push(node);
            self.unit.references.push(Reference {
                from: part.clone(),
                target: Target::Provider { provider, service: None, region: None },
                phase: Phase::Runtime,
                need: Need::Required,
                group: None,
                confidence: Confidence::Declared,
                evidence: vec![evidence],
            });
        }
        Some(part)
    }

    fn target(&self, name: &str) -> Target {
        let (id, _) = identity(name);
        match id.scheme() {
            "provider" => {
                let mut parts = id.rest().split('/');
                let provider = parts.next().unwrap_or("");
                let provider = self.catalog.canonical(provider).unwrap_or(provider).to_owned();
                let first = parts.next().map(str::to_owned);
                let second = parts.next().map(str::to_owned);
                let is_region =
                    first.as_deref().is_some_and(|name| self.catalog.region(&provider, name).is_some());
                let (region, service) = if is_region { (first, second) } else { (None, first) };
                Target::Provider { provider, service, region }
            }
            "host" => match id.rest().parse() {
                Ok(address) => Target::Address(address),
                Err(_) => Target::Host { name: id.rest().to_owned(), port: None, scheme: None },
            },
            _ => Target::Id(id),
        }
    }
}

fn set_once(place: &mut Option<String>, value: Option<String>) {
    if place.is_none() {
        *place = value;
    }
}

/// The id and kind of a name: a prefixed id is what it says, a bare name is a service.
fn identity(name: &str) -> (Id, Kind) {
    const PREFIXES: &[&str] =
        &["provider", "host", "domain", "zone", "app", "k8s", "tf", "compose", "cfn", "backstage"];
    match name.split_once(':').filter(|(prefix, _)| PREFIXES.contains(prefix)) {
        Some(("provider", rest)) if rest.contains('/') => (Id::new(name), Kind::ProviderService),
        Some(("provider", _)) => (Id::new(name), Kind::Provider),
        Some(("host", rest)) => (Id::host(rest), Kind::Host),
        Some(("domain", rest)) => (Id::domain(rest), Kind::Domain),
        Some(("zone", rest)) => (Id::dns_zone(rest), Kind::DnsZone),
        Some(("app", _)) => (Id::new(name), Kind::Service),
        Some(_) => (Id::new(name), Kind::Component),
        None => (Id::app(name), Kind::Service),
    }
}

/// The category of a word, with the short forms that registers use.
fn category(word: &str) -> Option<Category> {
    match word.to_lowercase().as_str() {
        "" => None,
        "ca" | "tls" | "certificate" => Some(Category::Certificates),
        "email" | "mx" => Some(Category::Mail),
        "hosting" | "cloud" => Some(Category::Compute),
        "ns" => Some(Category::Dns),
        "lb" => Some(Category::LoadBalancer),
        word => Some(Category::parse(word).unwrap_or(Category::Other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Declarations {
        let tree = Tree::of_texts([("shops.inventory.csv", text)]);
        let files: Vec<_> = tree.files().filter(|file| Inventory.claims(file, &tree)).collect();
        Inventory.read(&files, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None })
    }

    #[test]
    fn rows_are_dependencies_and_attributes() {
        let out = read(
            "to,from,group,k,need,category,weight,owner,note\nprovider:cloudflare,shop,,,,dns,,,x\ndb,shop,,,,database,,,\n\
             ,db,,,,,,data team,\na,shop,fronts,1,,,,,\nhost:b.example,shop,fronts,,,,,,\nprovider:aws,provider:cloudflare,,,optional,,,,\n,shop,,,,,7.5,,\n",
        );
        let unit = &out.units[0];
        let shop = &unit.nodes[0];
        assert_eq!((shop.id.as_str(), shop.kind, shop.weight), ("app:shop", Kind::Service, 7.5));
        let edges: Vec<_> = unit.edges.iter().map(|edge| format!("{} {}", edge.from, edge.to)).collect();
        assert_eq!(edges, ["app:shop provider:cloudflare/dns", "app:shop app:db"]);
        assert_eq!(unit.groups.len(), 1);
        assert_eq!(unit.references.len(), 4);
        assert_eq!(unit.references.iter().filter(|reference| reference.group.is_some()).count(), 2);
        assert_eq!(
            unit.nodes.iter().find(|node| node.id.as_str() == "app:db").unwrap().category,
            Some(Category::Database)
        );
        assert_eq!(out.problems.len(), 1, "the column `note` has no meaning");
    }

    #[test]
    fn odd_rows_are_problems_and_the_rest_is_read() {
        let out = read("from,to,phase,weight\n,x,,\na,b,sometimes,many\n\"a\",\"c, d\",deploy,1\n");
        assert_eq!(out.problems.len(), 3);
        let phases: Vec<_> = out.units[0].references.iter().map(|reference| reference.phase).collect();
        assert_eq!(phases, [Phase::Runtime, Phase::Deploy]);
    }
}
