//! Pulumi programs in YAML, understood by the rules on Terraform's types: most of Pulumi's providers are made from
//! Terraform's, and their types and properties differ in spelling only.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::arm::terraform_type;
use super::cloudformation::snake;
use super::json::parse_any;
use super::terraform::given::{self, Given, GivenAttribute, GivenValue};
use super::yaml::{Data, Node};
use super::{Format, ReadContext};
use crate::catalog::Catalog;
use crate::model::{Declarations, Environment, Id, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Pulumi programs in YAML.
pub struct Pulumi;

/// How deep values may nest, and variables lead to variables.
const MAX_DEPTH: u32 = 24;

/// No program makes more.
const MOST_RESOURCES: usize = 5_000;

/// Types whose names are not those of Terraform.
static TYPES: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let rows = include_str!("../../data/pulumi-types.csv").lines().skip(1);
    rows.filter_map(|row| row.split_once(',')).collect()
});

/// Providers whose types begin with another word in Terraform.
const PREFIXES: &[(&str, &str)] = &[("gcp", "google"), ("azure", "azurerm"), ("do", "digitalocean")];

/// Settings of providers that say where resources without a place of their own are.
const PLACES: &[(&str, &str, &str)] = &[
    ("aws", "aws:region", "region"),
    ("awsx", "aws:region", "region"),
    ("eks", "aws:region", "region"),
    ("gcp", "gcp:region", "region"),
    ("azure", "azure:location", "location"),
    ("azure-native", "azure-native:location", "location"),
    ("digitalocean", "digitalocean:region", "region"),
];

impl Format for Pulumi {
    fn name(&self) -> &'static str {
        "pulumi"
    }

    fn summary(&self) -> &'static str {
        "Pulumi programs in YAML: resources, settings of stacks as environments"
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        (name.starts_with("Pulumi.") || name == "Main.yaml")
            && (name.ends_with(".yaml") || name.ends_with(".yml"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        is_project(file) && runtime_lines(file.text()).any(|line| line.contains("yaml"))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files.iter().filter(|file| is_project(file)) {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let runtime = root.str_at(&["runtime"]).or(root.str_at(&["runtime", "name"]));
            if runtime != Some("yaml") {
                continue;
            }
            let name = root.str_at(&["name"]).unwrap_or("project");
            let mut unit = Unit::new("pulumi", name, file.folder());
            let settings = settings(file, &root, cx, &mut unit, &mut out.problems);
            // The program may stand in a file of its own.
            let main = cx.tree.join(file.folder(), "Main.yaml").filter(|_| root.get("resources").is_none());
            let program = match main {
                Some(main) => parse_any(main, &mut out.problems).map(|root| (main, root)),
                None => Some((*file, Arc::clone(&root))),
            };
            let Some((file, root)) = program else { continue };
            let program = Program::new(name, &root, settings, cx.catalog);
            given::read(&program.given(), &[file], cx.catalog, cx.tree, &mut unit, &mut out.problems);
            out.units.push(unit);
        }
        out
    }
}

fn is_project(file: &SourceFile) -> bool {
    matches!(file.name(), "Pulumi.yaml" | "Pulumi.yml")
}

/// The lines that say which language a program is in: `runtime: yaml`, or `runtime:` with `name: yaml` below it.
fn runtime_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(|line| !line.starts_with("runtime:"));
    lines
        .enumerate()
        .take_while(|(at, line)| *at == 0 || line.starts_with(' '))
        .map(|(_, line)| line.split(" #").next().unwrap_or(line))
}

/// The settings of the project with those of the chosen stack over them.
fn settings(
    file: &SourceFile,
    root: &Node,
    cx: &ReadContext<'_>,
    unit: &mut Unit,
    problems: &mut Problems,
) -> BTreeMap<String, GivenValue> {
    let mut out = BTreeMap::new();
    for (key, setting) in root.get("config").map(Node::entries).unwrap_or_default() {
        let value = setting.get("value").or(setting.get("default")).unwrap_or(setting);
        if !value.is_mapping() {
            out.insert(key.text.to_string(), literal(value, 0));
        }
    }
    let stack_of = |other: &SourceFile| {
        let rest = other.name().strip_prefix("Pulumi.")?;
        rest.strip_suffix(".yaml").or(rest.strip_suffix(".yml")).map(str::to_owned)
    };
    let stacks: Vec<(String, &SourceFile)> =
        cx.tree.in_folder(file.folder()).filter_map(|other| Some((stack_of(other)?, other))).collect();
    let names: Vec<&str> = stacks.iter().map(|(name, _)| name.as_str()).collect();
    let chosen = cx.choose_environment(&names);
    for (name, other) in &stacks {
        let is_chosen = Some(name.as_str()) == chosen;
        let evidence = vec![other.path().to_string()];
        unit.environments.push(Environment { name: name.clone(), chosen: is_chosen, evidence });
        let stack = is_chosen.then(|| parse_any(other, problems)).flatten();
        for (key, value) in stack.iter().filter_map(|stack| stack.get("config")).flat_map(Node::entries) {
            let value =
                if value.get("secure").is_some() { GivenValue::Unknown(GIVEN) } else { literal(value, 0) };
            out.insert(key.text.to_string(), value);
        }
    }
    out
}

const GIVEN: &str = "a value that is given when the stack is deployed";

struct Program<'p> {
    project: &'p str,
    root: &'p Node,
    settings: BTreeMap<String, GivenValue>,
    resources: Vec<(&'p str, u32, &'p Node)>,
    catalog: &'p Catalog,
}

impl<'p> Program<'p> {
    fn new(
        project: &'p str,
        root: &'p Node,
        settings: BTreeMap<String, GivenValue>,
        catalog: &'p Catalog,
    ) -> Self {
        let entries = root.get("resources").map(Node::entries).unwrap_or_default();
        let made = entries.into_iter().filter(|(_, node)| {
            node.str_at(&["type"]).is_some_and(|token| !token.starts_with("pulumi:"))
                && node.get("get").is_none()
        });
        let resources =
            made.take(MOST_RESOURCES).map(|(key, node)| (&*key.text, node.span.0, node)).collect();
        Program { project, root, settings, resources, catalog }
    }

    fn given(&self) -> Vec<Given> {
        self.resources
            .iter()
            .enumerate()
            .map(|(index, (name, at, node))| self.one(index, name, *at, node))
            .collect()
    }

    fn one(&self, index: usize, name: &str, at: u32, node: &Node) -> Given {
        let token = node.str_at(&["type"]).unwrap_or("");
        let provider = token.split(':').next().unwrap_or("");
        let mut attributes = Vec::new();
        for (key, value) in node.get("properties").map(Node::entries).unwrap_or_default() {
            let value = self.value(index, value, 0);
            attributes.push(GivenAttribute { name: snake(&key.text), at, value });
        }
        if provider == "azure-native" {
            self.add_sku(&mut attributes, node, at);
        }
        for before in node.at(&["options", "dependsOn"]).map(Node::items_or_self).unwrap_or_default() {
            let value = GivenValue::List(vec![self.value(index, before, 0)]);
            attributes.push(GivenAttribute { name: "depends_on".to_owned(), at, value });
        }
        let place = PLACES.iter().find(|(own, ..)| *own == provider);
        if let Some((_, setting, attribute)) = place
            && let Some(value) = self.settings.get(*setting)
            && !attributes.iter().any(|known| known.name == *attribute)
        {
            attributes.push(GivenAttribute { name: (*attribute).to_owned(), at, value: value.clone() });
        }
        Given {
            id: Id::new(format!("pulumi:{}/{name}", self.project)),
            address: name.to_owned(),
            name: name.to_owned(),
            type_name: type_of(token, self.catalog),
            shown_type: token.to_owned(),
            is_data: false,
            file: 0,
            at,
            attributes,
        }
    }

    /// What Azure calls a SKU is several attributes in Terraform.
    fn add_sku(&self, attributes: &mut Vec<GivenAttribute>, node: &Node, at: u32) {
        let Some(sku) = node.at(&["properties", "sku"]) else { return };
        let mut add = |name: &str, value: GivenValue| {
            attributes.push(GivenAttribute { name: name.to_owned(), at, value });
        };
        if let Some(name) = sku.str_at(&["name"]) {
            add("sku_name", GivenValue::Text(name.to_owned()));
            if let Some((_, replication)) = name.split_once('_') {
                add("account_replication_type", GivenValue::Text(replication.to_owned()));
            }
        }
        let count = match sku.get("capacity").and_then(Node::number) {
            Some(count) => GivenValue::Number(count),
            None => GivenValue::Unknown("`sku.capacity` is not written"),
        };
        add("worker_count", count);
    }

    fn value(&self, own: usize, node: &Node, depth: u32) -> GivenValue {
        if depth > MAX_DEPTH {
            return GivenValue::Unknown("a value that is nested too deeply");
        }
        match &node.data {
            Data::Scalar { text, .. } if text.contains("${") => self.text(own, text, depth),
            Data::Scalar { .. } => literal(node, depth),
            Data::Sequence(items) => {
                GivenValue::List(items.iter().map(|item| self.value(own, item, depth + 1)).collect())
            }
            Data::Mapping(_) => {
                let entries = node.entries();
                let values = |entries: &[(&super::yaml::Key, &Node)]| -> Vec<(String, GivenValue)> {
                    let entry = |(key, value): &(&super::yaml::Key, &Node)| {
                        (snake(&key.text), self.value(own, value, depth + 1))
                    };
                    entries.iter().map(entry).collect()
                };
                // What a function gives is not known; what it is given is.
                match entries.iter().any(|(key, _)| key.text.to_lowercase().starts_with("fn::")) {
                    true => spoken_of(values(&entries).into_iter().map(|(_, value)| value).collect()),
                    false => GivenValue::Map(values(&entries)),
                }
            }
        }
    }

    /// A text with `${...}` in it.
    fn text(&self, own: usize, text: &str, depth: u32) -> GivenValue {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once("${") {
            if !before.is_empty() {
                parts.push(GivenValue::Text(before.to_owned()));
            }
            let (inner, after) = tail.split_once('}').unwrap_or((tail, ""));
            parts.push(self.named(own, inner.trim(), depth));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(GivenValue::Text(rest.to_owned()));
        }
        match parts.len() {
            1 => parts.remove(0),
            _ => GivenValue::Template(parts),
        }
    }

    /// What stands between the braces: `resource.property[0]`, a setting, a variable.
    fn named(&self, own: usize, path: &str, depth: u32) -> GivenValue {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        if let Some(index) = self.resources.iter().position(|(resource, ..)| *resource == name) {
            let property = rest.trim_start_matches('.').split(['.', '[']).next().unwrap_or("");
            let attribute = if property.is_empty() { "id".to_owned() } else { snake(property) };
            return if index == own { GivenValue::Null } else { GivenValue::Resource { index, attribute } };
        }
        if !rest.is_empty() && name != "pulumi" {
            let variable = self.root.at(&["variables", name]).filter(|_| depth < MAX_DEPTH);
            return variable.map_or(GivenValue::Unknown(GIVEN), |value| {
                spoken_of(vec![self.value(own, value, depth + 1)])
            });
        }
        let scoped = format!("{}:{name}", self.project);
        if let Some(value) = self.settings.get(name).or_else(|| self.settings.get(&scoped)) {
            return value.clone();
        }
        match self.root.at(&["variables", name]).filter(|_| depth < MAX_DEPTH) {
            Some(value) => self.value(own, value, depth + 1),
            None => GivenValue::Unknown(GIVEN),
        }
    }
}

/// The resources that values speak of, with something unknown.
fn spoken_of(values: Vec<GivenValue>) -> GivenValue {
    let mut found = Vec::new();
    let mut open = values;
    while let Some(value) = open.pop() {
        match value {
            GivenValue::Resource { .. } => found.push(value),
            GivenValue::List(inner) | GivenValue::Template(inner) => open.extend(inner),
            GivenValue::Map(entries) => open.extend(entries.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    if found.is_empty() {
        return GivenValue::Unknown(GIVEN);
    }
    found.push(GivenValue::Unknown(GIVEN));
    GivenValue::Template(found)
}

fn literal(node: &Node, depth: u32) -> GivenValue {
    match &node.data {
        _ if depth > MAX_DEPTH => GivenValue::Unknown("a value that is nested too deeply"),
        Data::Scalar { .. } if node.is_null() => GivenValue::Null,
        Data::Scalar { text, plain: true } => match &**text {
            "true" => GivenValue::Bool(true),
            "false" => GivenValue::Bool(false),
            word => word.parse().map_or_else(|_| GivenValue::Text(word.to_owned()), GivenValue::Number),
        },
        Data::Scalar { text, .. } => GivenValue::Text(text.to_string()),
        Data::Sequence(items) => {
            GivenValue::List(items.iter().map(|item| literal(item, depth + 1)).collect())
        }
        Data::Mapping(_) => {
            let entries = node.entries().into_iter();
            GivenValue::Map(
                entries.map(|(key, value)| (snake(&key.text), literal(value, depth + 1))).collect(),
            )
        }
    }
}

/// The Terraform type of `aws:s3/bucket:Bucket`, `aws:s3:BucketV2`, `azure-native:web:WebApp`.
fn type_of(token: &str, catalog: &Catalog) -> String {
    let mut parts = token.split(':');
    let provider = parts.next().unwrap_or("");
    let rest: Vec<&str> = parts.collect();
    let (module, name) = match rest.as_slice() {
        [name] => ("index", *name),
        [module, name] => (module.split('/').next().unwrap_or(module), *name),
        _ => return token.replace(':', "_"),
    };
    let full = format!("{provider}:{module}:{name}");
    if let Some(known) = TYPES.get(token).or_else(|| TYPES.get(full.as_str())) {
        return (*known).to_owned();
    }
    if provider == "azure-native" {
        let endings = ["", "s", "es"];
        let arm = endings.iter().map(|ending| format!("microsoft.{module}/{name}{ending}"));
        let found = arm.into_iter().find_map(|arm| terraform_type(&arm));
        return found.map_or_else(|| format!("arm_{}", snake(name)), str::to_owned);
    }
    let prefix = PREFIXES.iter().find(|(own, _)| *own == provider).map_or(provider, |(_, prefix)| prefix);
    let name = snake(name);
    let name = name.strip_suffix("_v2").unwrap_or(&name);
    let candidates = [format!("{prefix}_{}_{name}", snake(module)), format!("{prefix}_{name}")];
    let exists = candidates.iter().find(|candidate| catalog.resource_exists(candidate));
    exists.unwrap_or(&candidates[1]).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| Pulumi.claims(file, &tree)).collect();
        Pulumi.read(&claimed, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None })
    }

    #[test]
    fn components_of_packages_are_what_they_make() {
        let text = "name: shop\nruntime: yaml\nconfig: {aws:region: {default: eu-west-1}}\nresources:\n  cluster: {type: eks:Cluster, properties: {minSize: 1}}\n";
        let out = read(&[("Pulumi.yaml", text)]);
        let node = &out.units[0].nodes[0];
        assert_eq!(
            (node.id.as_str(), node.placement.region.as_deref()),
            ("pulumi:shop/cluster", Some("eu-west-1"))
        );
    }

    #[test]
    fn types_are_those_of_terraform_in_another_spelling() {
        for (token, expected) in [
            ("aws:s3/bucket:Bucket", "aws_s3_bucket"),
            ("aws:s3:BucketV2", "aws_s3_bucket"),
            ("aws:ec2:Instance", "aws_instance"),
            ("aws:rds:Instance", "aws_db_instance"),
            ("gcp:compute/instance:Instance", "google_compute_instance"),
            ("azure-native:storage:StorageAccount", "azurerm_storage_account"),
            ("azure-native:web/v20220901:WebApp", "azurerm_linux_web_app"),
            ("digitalocean:Droplet", "digitalocean_droplet"),
        ] {
            assert_eq!(type_of(token, Catalog::embedded()), expected, "{token}");
        }
    }

    #[test]
    fn resources_of_the_chosen_stack_are_joined() {
        let text = "name: shop\nruntime: yaml\nconfig:\n  size:\n    default: db.t3.micro\nvariables:\n  name: shop-db\nresources:\n  db:\n    type: aws:rds:Instance\n    properties:\n      identifier: ${name}\n      engine: postgres\n      multiAz: ${multi}\n  web:\n    type: aws:ec2:Instance\n    properties:\n      userData: |\n        DB=${db.address}\n";
        let out = read(&[
            ("Pulumi.yaml", text),
            ("Pulumi.dev.yaml", "config:\n  aws:region: us-east-1\n"),
            ("Pulumi.prod.yaml", "config:\n  aws:region: eu-west-1\n  shop:multi: true\n"),
        ]);
        let unit = &out.units[0];
        let shown: Vec<_> = unit
            .nodes
            .iter()
            .map(|node| {
                format!("{} {} {}", node.id, node.placement.region.as_deref().unwrap_or("-"), node.tolerance)
            })
            .collect();
        assert!(shown.contains(&"pulumi:shop/db eu-west-1 zone".to_owned()), "{shown:?} {:?}", out.problems);
        assert!(unit.edges.iter().any(|edge| edge.from.rest() == "shop/web" && edge.to.rest() == "shop/db"));
        let environments: Vec<_> =
            unit.environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
        assert_eq!(environments, [("dev", false), ("prod", true)]);
    }

    #[test]
    fn other_runtimes_and_odd_texts_do_no_harm() {
        let other = Tree::of_texts([("Pulumi.yaml", "name: x\nruntime: nodejs # not yaml\nmain: a.yaml\n")]);
        assert!(!Pulumi.claims(other.get("Pulumi.yaml").unwrap(), &other));
        for text in [
            "name: x\nruntime: yaml\nresources: []\n",
            "name: x\nruntime: {name: yaml}\nresources: {a: {type: '::::'}, b: {type: aws}, c: 1}\n",
            "runtime: yaml\nvariables: {a: '${b}', b: '${a}'}\nresources: {a: {type: aws:s3:Bucket, properties: {x: '${a.b}${b}${'}}}\n",
        ] {
            assert_eq!(read(&[("Pulumi.yaml", text)]).units.len(), 1, "{text}");
        }
    }
}
