//! What references between types mean: the table `data/terraform-links.csv`, and the catalog's own words on types.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::catalog::Patterns;
use crate::model::Phase;

/// What a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// No dependency.
    None,
    /// A dependency of this phase.
    Phase(Phase),
    /// Whoever refers needs what this refers to.
    Through,
}

/// Where a DNS record keeps what it says.
#[derive(Clone, Debug)]
pub(super) struct RecordShape {
    pub(super) zone: &'static str,
    pub(super) values: Vec<&'static str>,
    /// A fixed type, or the attribute that says it.
    pub(super) fixed_type: Option<&'static str>,
    pub(super) type_attribute: Option<&'static str>,
}

/// The table.
pub(super) struct Links {
    kinds: HashMap<&'static str, Kind>,
}

/// The rows of one kind.
struct Kind {
    rows: Vec<Row>,
    /// The names that the rows are about, as patterns.
    names: Patterns,
    /// Their first cells as patterns of paths.
    paths: Patterns,
    /// Rows by the last step of their first cell as a path.
    by_last_step: HashMap<&'static str, Vec<usize>>,
}

struct Row {
    /// What the row is about.
    name: &'static str,
    /// The cells after it.
    a: &'static str,
    b: &'static str,
    c: &'static str,
}

/// The table that is part of the program.
pub(super) fn links() -> &'static Links {
    static LINKS: OnceLock<Links> = OnceLock::new();
    LINKS.get_or_init(|| {
        let mut rows: HashMap<&'static str, Vec<Row>> = HashMap::new();
        let text: &'static str = include_str!("../../../data/terraform-links.csv");
        for line in text.lines().skip(1).filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let mut cells = line.split(',');
            let mut next = || cells.next().unwrap_or("");
            rows.entry(next()).or_default().push(Row { name: next(), a: next(), b: next(), c: next() });
        }
        Links { kinds: rows.into_iter().map(|(kind, rows)| (kind, Kind::new(rows))).collect() }
    })
}

impl Kind {
    fn new(rows: Vec<Row>) -> Self {
        let mut by_last_step: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (number, row) in rows.iter().enumerate() {
            by_last_step.entry(last_step(row.a)).or_default().push(number);
        }
        let names = Patterns::new(rows.iter().map(|row| row.name));
        let paths = Patterns::new(rows.iter().map(|row| row.a));
        Kind { rows, names, paths, by_last_step }
    }

    fn first(&self, name: &str) -> Option<&Row> {
        self.names.fitting(name).first().map(|number| &self.rows[*number])
    }

    /// The first row about a type and a path in it.
    fn of_path(&self, type_name: &str, path: &str) -> Option<&Row> {
        let mut fitting = self.paths.fitting(path).into_iter();
        fitting.find(|number| self.names.fits(*number, type_name)).map(|number| &self.rows[number])
    }

    /// Whether a row is about a type and the end of a path in it.
    fn ends(&self, type_name: &str, path: &str) -> bool {
        let rows = self.by_last_step.get(last_step(path)).into_iter().flatten();
        rows.into_iter()
            .any(|number| is_end(path, self.rows[*number].a) && self.names.fits(*number, type_name))
    }
}

impl Links {
    fn all(&self, kind: &str) -> &[Row] {
        self.kinds.get(kind).map_or(&[], |kind| &kind.rows)
    }

    fn first(&self, kind: &str, name: &str) -> Option<&Row> {
        self.kinds.get(kind)?.first(name)
    }

    fn of_path(&self, kind: &str, type_name: &str, path: &str) -> Option<&Row> {
        self.kinds.get(kind)?.of_path(type_name, path)
    }

    fn ends(&self, kind: &str, type_name: &str, path: &str) -> bool {
        self.kinds.get(kind).is_some_and(|kind| kind.ends(type_name, path))
    }

    /// What a reference to a type means, if the table says.
    pub(super) fn target(&self, type_name: &str) -> Option<Meaning> {
        self.first("target", type_name).map(|row| meaning(row.a))
    }

    /// What a reference in an attribute means, if the table says.
    pub(super) fn attribute(&self, type_name: &str, path: &str) -> Option<Meaning> {
        self.of_path("attribute", type_name, path).map(|row| meaning(row.b))
    }

    /// Whether what an attribute refers to needs the resource in which it stands.
    pub(super) fn is_reverse(&self, type_name: &str, path: &str) -> bool {
        self.of_path("reverse", type_name, path).is_some()
    }

    /// Whether an attribute is a text that counts only where it is filled in.
    pub(super) fn is_unfilled(&self, type_name: &str, path: &str) -> bool {
        self.of_path("unfilled", type_name, path).is_some()
    }

    /// Whether an attribute tells a program at its start what it needs while it runs.
    pub(super) fn is_told(&self, path: &str) -> bool {
        self.first("told", path).is_some()
    }

    /// Whether what is reached through a type are alternatives.
    pub(super) fn holds_alternatives(&self, type_name: &str) -> bool {
        self.first("alternatives", type_name).is_some()
    }

    /// Whether what stands in an attribute are alternatives.
    pub(super) fn are_alternatives(&self, type_name: &str, path: &str) -> bool {
        self.of_path("alternatives-in", type_name, path).is_some()
    }

    /// Whether a type carries what leaves a network.
    pub(super) fn is_egress(&self, type_name: &str) -> bool {
        self.first("egress", type_name).is_some()
    }

    /// Block, name and default of origins.
    pub(super) fn origins(&self, type_name: &str) -> Option<(&'static str, &'static str, &'static str)> {
        self.first("origins", type_name).map(|row| (row.a, row.b, row.c))
    }

    /// The attributes in which an autoscaler says what it scales, and how few it leaves.
    pub(super) fn scaling(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.first("scaling", type_name).map(|row| (row.a, row.b))
    }

    /// Whether a type is a whole network.
    pub(super) fn is_network(&self, type_name: &str) -> bool {
        self.first("network", type_name).is_some()
    }

    /// The attribute, and its value, of a table that only guards states while they are changed.
    pub(super) fn lock(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.first("lock", type_name).map(|row| (row.a, row.b))
    }

    /// Whether a type keeps values for others.
    pub(super) fn is_carrier(&self, type_name: &str) -> bool {
        self.first("carrier", type_name).is_some()
    }

    /// The API version and kind of the Kubernetes object that a type declares.
    pub(super) fn object(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.all("object").iter().find(|row| row.name == type_name).map(|row| (row.a, row.b))
    }

    /// What the list is called in manifests whose elements are the blocks at a path.
    pub(super) fn object_list(&self, path: &str) -> Option<&'static str> {
        self.all("object-list").iter().find(|row| is_end(path, row.name)).map(|row| row.a)
    }

    /// The attributes of the sources and of the destination of copies.
    pub(super) fn copies(&self, type_name: &str) -> Option<(Vec<&'static str>, &'static str, &'static str)> {
        let row = self.first("copies", type_name)?;
        Some((row.a.split('|').filter(|name| !name.is_empty()).collect(), row.b, row.c))
    }

    /// The attribute that makes the host under which a type answers, and how.
    pub(super) fn host_name(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.first("name", type_name).map(|row| (row.a, row.b))
    }

    /// The attribute with the hosts for which a type answers behind a front that many share.
    pub(super) fn serves(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.first("serves", type_name).map(|row| (row.a, row.b))
    }

    /// Whether an attribute holds a host.
    pub(super) fn is_host(&self, type_name: &str, path: &str) -> bool {
        self.of_path("host", type_name, path).is_some()
    }

    /// The name of the setting, if the path is an entry of an environment.
    pub(super) fn setting<'p>(&self, type_name: &str, path: &'p str) -> Option<&'p str> {
        let (parent, name) = path.rsplit_once('.')?;
        self.ends("environment", type_name, parent).then_some(name)
    }

    /// Whether an attribute holds an image.
    pub(super) fn is_image(&self, type_name: &str, path: &str) -> bool {
        self.ends("image", type_name, path)
    }

    /// The part that a type plays, in the words of the catalog.
    pub(super) fn part(&self, type_name: &str) -> Option<&'static str> {
        self.first("part", type_name).map(|row| row.a)
    }

    /// How a record of this type is written.
    pub(super) fn record(&self, type_name: &str) -> Option<RecordShape> {
        let row = self.first("record", type_name)?;
        Some(RecordShape {
            zone: row.a,
            values: row.b.split('|').collect(),
            fixed_type: row.c.strip_prefix('='),
            type_attribute: (!row.c.starts_with('=')).then_some(row.c),
        })
    }

    /// Whether a type carries the address of something else.
    pub(super) fn is_address(&self, type_name: &str) -> bool {
        self.first("address", type_name).is_some()
    }

    /// The service in which what a type makes is named by texts, and the attribute that holds the name.
    pub(super) fn named_in(&self, type_name: &str) -> Option<(&'static str, &'static str)> {
        self.first("named", type_name).map(|row| (row.a, row.b))
    }

    /// The argument of its provider that an attribute of a look-up repeats.
    pub(super) fn configured(&self, type_name: &str, attribute: &str) -> Option<&'static str> {
        let repeats = |row: &&Row| row.name == type_name && row.a.split('|').any(|name| name == attribute);
        self.all("configured").iter().find(repeats).map(|row| row.b)
    }

    /// The attribute in which a part of a gateway says who lets its requests in.
    pub(super) fn guard(&self, type_name: &str) -> Option<&'static str> {
        self.first("guard", type_name).map(|row| row.a)
    }

    /// Whether machines join a type of cluster by what they are told when they start.
    pub(super) fn is_joined(&self, type_name: &str) -> bool {
        self.first("joined", type_name).is_some()
    }

    /// What a registry module makes besides the resource that it stands for: the type, and the arguments that must be
    /// true for it.
    pub(super) fn module_part(&self, source: &str) -> Option<(&'static str, Vec<&'static str>)> {
        self.first("module-part", &in_registry(source)).map(|row| (row.a, row.b.split('|').collect()))
    }

    /// What a module is for in whose name a word stands.
    pub(super) fn module_word(&self, word: &str) -> Option<&'static str> {
        self.all("module-word").iter().find(|row| row.name == word).map(|row| row.a)
    }

    /// The resource type that a registry module stands for.
    pub(super) fn module(&self, source: &str) -> Option<&'static str> {
        self.first("module", &in_registry(source)).map(|row| row.a)
    }

    /// The argument of a registry module of which each entry makes a member of what the module stands for.
    pub(super) fn module_members(&self, source: &str) -> Option<&'static str> {
        self.first("module", &in_registry(source)).map(|row| row.b).filter(|argument| !argument.is_empty())
    }
}

/// A source without its query, and without the host of the public registry: `tfr:///NAMESPACE/NAME/PROVIDER?version=1`.
pub(super) fn plain(source: &str) -> &str {
    let source = source.split('?').next().unwrap_or(source);
    let prefixes = ["tfr:///", "tfr://registry.terraform.io/", "registry.terraform.io/"];
    prefixes.iter().find_map(|prefix| source.strip_prefix(prefix)).unwrap_or(source)
}

/// A source as the public registry names it, which takes its modules from repositories on GitHub.
fn in_registry(source: &str) -> String {
    let plain = plain(source);
    let plain = plain.strip_prefix("git::").unwrap_or(plain);
    let hosts = ["https://github.com/", "ssh://git@github.com/", "git@github.com:", "github.com/"];
    let Some(rest) = hosts.iter().find_map(|host| plain.strip_prefix(host)) else { return plain.to_owned() };
    let (repository, below) =
        rest.split_once("//").map_or((rest, None), |(first, below)| (first, Some(below)));
    let repository = repository.strip_suffix(".git").unwrap_or(repository);
    let named = repository.split_once('/').and_then(|(owner, name)| {
        let (provider, name) = name.strip_prefix("terraform-")?.split_once('-')?;
        Some(format!("{owner}/{name}/{provider}"))
    });
    match (named, below) {
        (Some(named), Some(below)) => format!("{named}//{below}"),
        (Some(named), None) => named,
        (None, _) => plain.to_owned(),
    }
}

/// Whether `path` is `end`, or ends with it at a step.
fn is_end(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

fn last_step(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn meaning(word: &str) -> Meaning {
    match word {
        "through" => Meaning::Through,
        word => Phase::parse(word).map_or(Meaning::None, Meaning::Phase),
    }
}
