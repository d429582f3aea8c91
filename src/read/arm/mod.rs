//! Azure Resource Manager templates (JSON), understood by the rules on Terraform's types.

mod convert;
mod expressions;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::azd;
use super::cloudformation::stack_name;
use super::json::parse_json;
use super::terraform::given::{self, Given, GivenValue};
use super::yaml::Node;
use super::{Format, ReadContext};
use crate::model::{Declarations, Program, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Azure Resource Manager templates.
pub struct Arm;

/// How deep expressions, and templates within templates, may nest.
const MAX_DEPTH: u32 = 24;

/// Types of Azure, by their names in small letters: as they are written, and the Terraform type that means the same.
static TYPES: LazyLock<HashMap<String, (&'static str, &'static str)>> = LazyLock::new(|| {
    let rows = include_str!("../../../data/arm-types.csv").lines().skip(1);
    rows.filter_map(|row| row.split_once(','))
        .map(|(arm, terraform)| (arm.to_lowercase(), (arm, terraform)))
        .collect()
});

/// The Terraform type that means the same as one of Azure, in any spelling of its letters.
pub(super) fn terraform_type(arm: &str) -> Option<&'static str> {
    TYPES.get(&arm.to_lowercase()).map(|(_, terraform)| *terraform)
}

/// The type of the one resource that a module of Azure's registry makes:
/// `br/public:avm/res/key-vault/vault:0.3.5` is `Microsoft.KeyVault/vaults`.
pub(super) fn module_type(source: &str) -> Option<&'static str> {
    let (_, path) = source.split_once("avm/res/")?;
    let path = path.split(':').next().unwrap_or(path).replace('-', "");
    let many = path.strip_suffix('y').map(|stem| format!("{stem}ies"));
    let names = [Some(format!("{path}s")), Some(path.clone()), Some(format!("{path}es")), many];
    names.iter().flatten().find_map(|name| Some(TYPES.get(&format!("microsoft.{name}"))?.0))
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
    for (one, given) in template.found.iter().zip(&given) {
        // The Azure Developer CLI puts the program of a service where the tag says.
        let service = one.node.at(&["tags", azd::TAG]).and_then(Node::str);
        let folder = service.and_then(|service| azd::program_of(cx.tree, &unit.folder, service));
        unit.programs.extend(folder.map(|folder| Program { folder, run_by: Some(given.id.clone()) }));
    }
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
}

fn text(text: &str) -> GivenValue {
    GivenValue::Text(text.to_owned())
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
