//! Azure Resource Manager templates (JSON), understood by the rules on Terraform's types.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::cloudformation::{snake, stack_name};
use super::json::parse_json;
use super::terraform::given::{self, Given, GivenAttribute, GivenValue};
use super::yaml::{Data, Node};
use super::{Format, ReadContext};
use crate::model::{Declarations, Id, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Azure Resource Manager templates.
pub struct Arm;

/// How deep expressions, and templates within templates, may nest.
const MAX_DEPTH: u32 = 24;

static TYPES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let rows = include_str!("../../data/arm-types.csv").lines().skip(1);
    rows.filter_map(|row| row.split_once(','))
        .map(|(arm, terraform)| (arm.to_lowercase(), terraform))
        .collect()
});

/// The Terraform type that means the same as one of Azure, in any spelling of its letters.
pub(super) fn terraform_type(arm: &str) -> Option<&'static str> {
    TYPES.get(&arm.to_lowercase()).copied()
}

impl Format for Arm {
    fn name(&self) -> &'static str {
        "arm"
    }

    fn summary(&self) -> &'static str {
        "Azure Resource Manager templates (JSON, also as Bicep compiles to)"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".json")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let head: String = file.text().chars().take(2_000).collect();
        head.contains("\"$schema\"") && head.to_lowercase().contains("deploymenttemplate.json")
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_json(file, &mut out.problems) else { continue };
            let stack = stack_name(file.path());
            let mut unit = Unit::new("arm", stack, file.folder());
            let source = Source { scheme: "arm", stack, files: &[file] };
            read_resources(&root, &source, cx, &mut unit, &mut out.problems);
            out.units.push(unit);
        }
        out
    }
}

/// Where a template comes from.
pub(super) struct Source<'s> {
    /// What ids begin with.
    pub(super) scheme: &'s str,
    /// The name of the stack in ids.
    pub(super) stack: &'s str,
    /// The files that resources stand in; `@file` of a resource says which, else it is the first.
    pub(super) files: &'s [&'s SourceFile],
}

/// Reads the resources of a template into a unit.
pub(super) fn read_resources(
    root: &Node,
    source: &Source<'_>,
    cx: &ReadContext<'_>,
    unit: &mut Unit,
    problems: &mut Problems,
) {
    let mut template = Template { root, found: Vec::new() };
    template.collect(root, "", 0);
    let given: Vec<Given> = (0..template.found.len()).map(|index| template.given(index, source)).collect();
    given::read(&given, source.files, cx.catalog, cx.tree, unit, problems);
}

struct Template<'t> {
    root: &'t Node,
    found: Vec<Found<'t>>,
}

/// A resource of the template.
struct Found<'t> {
    type_name: String,
    /// Its name, `*` for what is not known.
    name: String,
    node: &'t Node,
}

impl<'t> Template<'t> {
    /// Resources, children of resources, and those of templates within.
    fn collect(&mut self, part: &'t Node, parent: &str, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        let resources = part.get("resources");
        let list = resources.map(Node::items).unwrap_or_default().iter().map(|node| &**node);
        let named = resources.map(Node::entries).unwrap_or_default().into_iter().map(|(_, node)| node);
        for node in list.chain(named).collect::<Vec<_>>() {
            let Some(own) = node.str_at(&["type"]) else { continue };
            if node.get("condition").and_then(Node::bool) == Some(false) {
                continue;
            }
            let type_name = if parent.is_empty() || own.contains("Microsoft.") {
                own.to_owned()
            } else {
                format!("{parent}/{own}")
            };
            if type_name.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
                if let Some(inner) = node.at(&["properties", "template"]) {
                    self.collect(inner, "", depth + 1);
                }
                continue;
            }
            let name = node.str_at(&["name"]).map(|name| self.text(name, 0)).unwrap_or_default();
            self.collect(node, &type_name, depth + 1);
            self.found.push(Found { type_name, name, node });
        }
    }

    fn given(&self, index: usize, source: &Source<'_>) -> Given {
        let one = &self.found[index];
        let terraform = terraform_type(&one.type_name);
        let glue = format!("arm_{}", snake(&one.type_name.replace(['/', '.'], "")));
        let twins = self.found[..index]
            .iter()
            .filter(|other| other.type_name == one.type_name && other.name == one.name);
        let short = match (one.name.rsplit('/').next().unwrap_or(""), twins.count()) {
            (name, 0) => name.to_owned(),
            // Names that are not known may be the same as far as they are.
            (name, earlier) => format!("{name}:{}", earlier + 1),
        };
        let mut attributes = Vec::new();
        let mut add = |name: String, node: &Node, value: GivenValue| {
            attributes.push(GivenAttribute { name, at: node.span.0, value });
        };
        for key in ["location", "zones", "sku", "kind", "identity"] {
            if let Some(node) = one.node.get(key) {
                add(key.to_owned(), node, self.value(index, node, 0));
            }
        }
        if let Some(zone) = one
            .node
            .get("zones")
            .and_then(|zones| zones.items().first())
            .filter(|_| terraform == Some("azurerm_linux_virtual_machine"))
        {
            add("zone".to_owned(), zone, self.value(index, zone, 0));
        }
        if let Some(sku) = one.node.at(&["sku", "name"]) {
            let name = sku.str().map(|text| self.text(text, 0)).unwrap_or_default();
            if let Some((_, replication)) =
                name.split_once('_').filter(|(tier, _)| matches!(*tier, "Standard" | "Premium"))
            {
                add("account_replication_type".to_owned(), sku, text(replication));
            }
            add("sku_name".to_owned(), sku, text(&name));
        }
        if let Some(count) = one.node.at(&["sku", "capacity"]) {
            add("worker_count".to_owned(), count, self.value(index, count, 0));
            add("instances".to_owned(), count, self.value(index, count, 0));
        }
        for (key, value) in one.node.get("properties").map(Node::entries).unwrap_or_default() {
            let name = match &*key.text {
                "zoneRedundant" => "zone_balancing_enabled".to_owned(),
                "agentPoolProfiles" => "default_node_pool".to_owned(),
                key => snake(key),
            };
            add(name, value, self.value(index, value, 0));
        }
        for before in one.node.get("dependsOn").map(Node::items).unwrap_or_default() {
            let value = before.str().map_or(GivenValue::Null, |text| self.depends_on(index, text));
            add("depends_on".to_owned(), before, GivenValue::List(vec![value]));
        }
        Given {
            id: Id::new(format!(
                "{}:{}/{}/{short}",
                source.scheme,
                source.stack,
                one.type_name.rsplit('/').next().unwrap_or("")
            )),
            address: short.clone(),
            name: short,
            type_name: terraform.map_or(glue, str::to_owned),
            shown_type: one.type_name.clone(),
            is_data: false,
            file: one
                .node
                .get("@file")
                .and_then(Node::integer)
                .map_or(0, |file| file.unsigned_abs() as usize),
            at: one.node.get("type").map_or(one.node.span.0, |node| node.span.0),
            attributes,
        }
    }

    fn value(&self, own: usize, node: &Node, depth: u32) -> GivenValue {
        if depth > MAX_DEPTH {
            return GivenValue::Unknown("a value that is nested too deeply");
        }
        match &node.data {
            Data::Scalar { .. } if node.is_null() => GivenValue::Null,
            Data::Scalar { text: word, plain: true } => match &**word {
                "true" => GivenValue::Bool(true),
                "false" => GivenValue::Bool(false),
                word => word.parse().map_or_else(|_| text(word), GivenValue::Number),
            },
            Data::Scalar { text: word, .. } => self.expression_value(own, word),
            Data::Sequence(items) => {
                GivenValue::List(items.iter().map(|item| self.value(own, item, depth + 1)).collect())
            }
            Data::Mapping(_) => {
                let entry = |(key, value): (&super::yaml::Key, &Node)| {
                    let name = match &*key.text {
                        "availabilityZones" => "zones".to_owned(),
                        "count" => "node_count".to_owned(),
                        key => snake(key),
                    };
                    (name, self.value(own, value, depth + 1))
                };
                GivenValue::Map(node.entries().into_iter().map(entry).collect())
            }
        }
    }

    /// A text, or an expression in brackets with the resources that it names.
    fn expression_value(&self, own: usize, word: &str) -> GivenValue {
        let Some(expression) = expression(word) else { return text(word) };
        let mut refs = Vec::new();
        let value = self.evaluate(expression, &mut refs, 0);
        refs.retain(|index| *index != own);
        let refer = |index: usize| GivenValue::Resource { index, attribute: "id".to_owned() };
        match (refs.as_slice(), value) {
            ([], Some(value)) => text(&value),
            ([], None) => GivenValue::Unknown("a value that is given when the template is deployed"),
            ([only], _) => refer(*only),
            (several, _) => GivenValue::Template(several.iter().copied().map(refer).collect()),
        }
    }

    fn depends_on(&self, own: usize, word: &str) -> GivenValue {
        match self.expression_value(own, word) {
            GivenValue::Text(name) => {
                let found = self
                    .found
                    .iter()
                    .position(|one| one.name == name || format!("{}/{}", one.type_name, one.name) == name);
                found.filter(|index| *index != own).map_or(GivenValue::Null, |index| GivenValue::Resource {
                    index,
                    attribute: "id".to_owned(),
                })
            }
            value => value,
        }
    }

    /// The text of a value, with `*` for what is not known.
    fn text(&self, word: &str, depth: u32) -> String {
        match expression(word) {
            Some(expression) => {
                self.evaluate(expression, &mut Vec::new(), depth).unwrap_or_else(|| "*".to_owned())
            }
            None => word.to_owned(),
        }
    }

    /// The value of an expression as a text; `None` when it is not known. Resources that it names go to `refs`.
    fn evaluate(&self, expression: &str, refs: &mut Vec<usize>, depth: u32) -> Option<String> {
        let expression = expression.trim();
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(literal) = expression.strip_prefix('\'') {
            return Some(literal.strip_suffix('\'')?.replace("''", "'"));
        }
        if expression.parse::<f64>().is_ok() {
            return Some(expression.to_owned());
        }
        let (name, arguments, rest) = call(expression)?;
        let arguments = split(arguments);
        let first = || self.evaluate(arguments.first()?, &mut Vec::new(), depth + 1);
        match name.to_lowercase().as_str() {
            "parameters" => {
                let default = self.root.at(&["parameters", &first()?, "defaultValue"])?;
                self.declared(default, rest, refs, depth)
            }
            "variables" => {
                let value = self.root.at(&["variables", &first()?])?;
                self.declared(value, rest, refs, depth)
            }
            "concat" | "format" => {
                let parts: Vec<Option<String>> =
                    arguments.iter().map(|argument| self.evaluate(argument, refs, depth + 1)).collect();
                let part = |at: usize| parts.get(at).cloned().flatten().unwrap_or_else(|| "*".to_owned());
                if name.eq_ignore_ascii_case("concat") {
                    return Some((0..parts.len()).map(part).collect());
                }
                let mut out = part(0);
                for at in 1..parts.len().min(20) {
                    out = out.replace(&format!("{{{}}}", at - 1), &part(at));
                }
                Some(out)
            }
            "tolower" | "string" | "trim" => {
                self.evaluate(arguments.first()?, refs, depth + 1).map(|text| text.to_lowercase())
            }
            "symbol" => {
                let symbol = first()?;
                let own = |one: &Found<'_>| one.node.str_at(&["@symbol"]) == Some(&*symbol);
                refs.extend(self.found.iter().position(own));
                None
            }
            "resourceid" => {
                let parts: Vec<String> = arguments
                    .iter()
                    .map(|argument| {
                        self.evaluate(argument, refs, depth + 1).unwrap_or_else(|| "*".to_owned())
                    })
                    .collect();
                refs.extend(self.resource(&parts));
                None
            }
            _ => {
                for argument in &arguments {
                    self.evaluate(argument, refs, depth + 1);
                }
                None
            }
        }
    }

    /// A declared value, or the part of it that `.a.b` behind the call names.
    fn declared(&self, value: &Node, rest: &str, refs: &mut Vec<usize>, depth: u32) -> Option<String> {
        let path: Vec<&str> =
            rest.trim_start_matches('.').split('.').filter(|step| !step.is_empty()).collect();
        let text = value.at(&path)?.str()?;
        match expression(text) {
            Some(expression) => self.evaluate(expression, refs, depth + 1),
            None => Some(text.to_owned()),
        }
    }

    /// The resource of a type and names: `Microsoft.Sql/servers/databases`, `a`, `b`.
    fn resource(&self, parts: &[String]) -> Option<usize> {
        let at = parts.iter().position(|part| part.contains('/') && part.contains('.'))?;
        let name = parts[at + 1..].join("/");
        let wanted = &parts[at];
        let of_type: Vec<usize> = (0..self.found.len())
            .filter(|index| self.found[*index].type_name.eq_ignore_ascii_case(wanted))
            .collect();
        let named = of_type.iter().copied().find(|index| {
            let own = &self.found[*index].name;
            *own == name || own.rsplit('/').next() == name.rsplit('/').next()
        });
        // The only one of its type is meant where the name is not known.
        named.or(match of_type.as_slice() {
            [only] if name.contains('*') => Some(*only),
            _ => None,
        })
    }
}

fn text(text: &str) -> GivenValue {
    GivenValue::Text(text.to_owned())
}

/// What stands between the brackets of an expression; `[[` begins a plain text.
fn expression(text: &str) -> Option<&str> {
    text.strip_prefix('[').filter(|rest| !rest.starts_with('['))?.strip_suffix(']')
}

/// Name, arguments and what follows of `name(arguments).rest`.
fn call(expression: &str) -> Option<(&str, &str, &str)> {
    let open = expression.find('(')?;
    let mut depth = 0;
    let mut quoted = false;
    for (at, c) in expression.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((expression[..open].trim(), &expression[open + 1..at], &expression[at + 1..]));
        }
    }
    None
}

/// Arguments between commas outside of quotes and brackets.
fn split(arguments: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0i32, false);
    for (at, c) in arguments.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                out.push(&arguments[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !arguments[start..].trim().is_empty() {
        out.push(&arguments[start..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tolerance;

    #[test]
    fn resources_are_joined_and_understood() {
        let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "parameters": {"location": {"type": "string", "defaultValue": "[resourceGroup().location]"}, "name": {"type": "string", "defaultValue": "shop"}},
          "variables": {"plan": "[concat(parameters('name'), '-plan')]"},
          "resources": [
            {"type": "Microsoft.Web/serverfarms", "name": "[variables('plan')]", "location": "westeurope", "sku": {"name": "P1v3", "capacity": 1}},
            {"type": "Microsoft.Web/sites", "name": "[parameters('name')]", "location": "[parameters('location')]",
             "properties": {"serverFarmId": "[resourceId('Microsoft.Web/serverfarms', variables('plan'))]"}},
            {"type": "Microsoft.Storage/storageAccounts", "name": "[uniqueString('x')]", "location": "westeurope", "sku": {"name": "Standard_ZRS"}},
            {"type": "Microsoft.Nothing/known", "name": "x"}]}"#;
        let tree = Tree::of_texts([("azuredeploy.json", template)]);
        let files: Vec<_> = tree.files().filter(|file| Arm.claims(file, &tree)).collect();
        let catalog = crate::catalog::Catalog::embedded();
        let out = Arm.read(&files, &ReadContext { tree: &tree, catalog, environment: None });
        let unit = &out.units[0];
        let ids: Vec<_> = unit.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "arm:azuredeploy/serverfarms/shop-plan",
                "arm:azuredeploy/sites/shop",
                "arm:azuredeploy/storageAccounts/*"
            ]
        );
        assert_eq!(unit.nodes[0].placement.region.as_deref(), Some("westeurope"));
        assert_eq!(unit.nodes[0].tolerance, Tolerance::Nothing);
        assert_eq!(unit.nodes[2].tolerance, Tolerance::Zone);
        assert!(
            unit.edges
                .iter()
                .any(|edge| edge.from.rest() == "azuredeploy/sites/shop" && edge.to == unit.nodes[0].id)
        );
    }

    #[test]
    fn expressions_that_lead_to_themselves_end() {
        let template = "{\"$schema\": \"deploymentTemplate.json#\", \"variables\": {\"a\": \"[variables('b')]\", \"b\": \"[variables('a')]\"}, \
                        \"resources\": [{\"type\": \"Microsoft.Cache/redis\", \"name\": \"[variables('a')]\"}]}";
        let tree = Tree::of_texts([("t.json", template)]);
        let files: Vec<_> = tree.files().collect();
        let catalog = crate::catalog::Catalog::embedded();
        let out = Arm.read(&files, &ReadContext { tree: &tree, catalog, environment: None });
        assert_eq!(out.units[0].nodes.len(), 1);
    }
}
