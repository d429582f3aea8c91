//! Azure Bicep: worked out to what it would be as a template in JSON, and read like one.

mod evaluate;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::evaluate::{Value, World};
use self::parse::{Kind, Statement, parse};
use super::arm::{Source, read_resources};
use super::json::parse_json;
use super::yaml::{Data, Key, Node};
use super::{Format, ReadContext};
use crate::model::{Declarations, Environment, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Azure Bicep.
pub struct Bicep;

/// Larger files are not written by people.
const MOST_BYTES: usize = 2 << 20;

impl Format for Bicep {
    fn name(&self) -> &'static str {
        "bicep"
    }

    fn summary(&self) -> &'static str {
        "Azure Bicep: resources, modules of the repository, parameter files as environments"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".bicep") || path.ends_with(".bicepparam") || path.ends_with(".parameters.json")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        file.path().ends_with(".bicep") && file.text().len() <= MOST_BYTES
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let modules = modules(files);
        for file in files.iter().filter(|file| !modules.contains(&**file.path())) {
            let mut unit = Unit::new("bicep", name(file), file.folder());
            let given = parameters(file, cx, &mut unit, &mut out.problems);
            let mut world = World::new(cx.tree);
            let Some(file) = cx.tree.get(file.path()) else { continue };
            world.instance(file, given, "", 0, &mut out.problems);
            let root = template(&world, file);
            let source = Source { scheme: "bicep", stack: &unit.name.clone(), files: &world.files };
            read_resources(&root, &source, cx, &mut unit, &mut out.problems);
            out.units.push(unit);
        }
        out
    }
}

/// `infra/main` of `infra/main.bicep`.
fn name(file: &SourceFile) -> String {
    file.path().trim_end_matches(".bicep").to_owned()
}

/// Files that others of the scan use as a module.
fn modules(files: &[&SourceFile]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| file.text().contains("module")) {
        for statement in parse(file.text()).0 {
            if let Statement::Module(module) = statement {
                used.extend(
                    Tree::resolve(file.folder(), &module.target).filter(|path| path != &**file.path()),
                );
            }
        }
    }
    used
}

/// The resources as a template in JSON has them.
fn template(world: &World<'_>, file: &SourceFile) -> Node {
    let location = file.location(0);
    let resources = world.resources.iter().flatten().cloned().map(Arc::new).collect();
    let key = Key { text: "resources".into(), location: location.clone() };
    let list = Arc::new(Node::new(Data::Sequence(resources), location.clone()));
    Node::new(Data::Mapping(vec![(key, list)]), location)
}

/// The values of the parameter file that is chosen, if there is one: `main.parameters.json`,
/// `main.production.bicepparam`.
fn parameters(
    file: &SourceFile,
    cx: &ReadContext<'_>,
    unit: &mut Unit,
    problems: &mut Problems,
) -> BTreeMap<String, Value> {
    let stem = file.name().trim_end_matches(".bicep");
    let mut found: Vec<(String, &SourceFile)> = Vec::new();
    for other in cx.tree.under(file.folder()).take(20_000) {
        if let Some(environment) = environment(other, file, stem) {
            found.push((environment, other));
        }
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let chosen = cx.choose_environment(&names).map(str::to_owned);
    for (name, other) in found.iter().filter(|(name, _)| !name.is_empty()) {
        let evidence = vec![other.path().to_string()];
        let chosen = Some(name) == chosen.as_ref();
        unit.environments.push(Environment { name: name.clone(), chosen, evidence });
    }
    let wanted = chosen.unwrap_or_default();
    let file =
        found.iter().find(|(name, _)| *name == wanted).or(found.iter().find(|(name, _)| name.is_empty()));
    file.map(|(_, file)| values(file, problems)).unwrap_or_default()
}

/// The environment whose parameters for a template stand in a file; empty when it is for all of them.
fn environment(file: &SourceFile, template: &SourceFile, stem: &str) -> Option<String> {
    let rest = match file.name().strip_suffix(".bicepparam") {
        Some(rest) => {
            let using = file.text().lines().find_map(|line| line.trim().strip_prefix("using"))?;
            let path = using.trim().trim_matches('\'');
            (Tree::resolve(file.folder(), path).as_deref() == Some(&**template.path())).then_some(rest)?
        }
        None => {
            let rest = file.name().strip_suffix(".json")?;
            let mut words = rest.split('.');
            let is_own = words.next() == Some(stem) && words.any(|word| word == "parameters");
            is_own.then_some(rest)?
        }
    };
    let words = rest.split(['.', '-', '_']).filter(|word| *word != stem && *word != "parameters");
    Some(words.collect::<Vec<_>>().join("."))
}

fn values(file: &SourceFile, problems: &mut Problems) -> BTreeMap<String, Value> {
    if file.path().ends_with(".bicepparam") {
        let literal = |statement| match statement {
            Statement::Param { name, default: Some(default) } => Some((name, literal(&default.kind)?)),
            _ => None,
        };
        return parse(file.text()).0.into_iter().filter_map(literal).collect();
    }
    let Some(root) = parse_json(file, problems) else { return BTreeMap::new() };
    let entries = root.get("parameters").map(Node::entries).unwrap_or_default();
    let value = |(key, given): (&Key, &Node)| Some((key.text.to_string(), of_node(given.get("value")?)));
    entries.into_iter().filter_map(value).collect()
}

/// The value of a literal; `None` for what has to be worked out, which the default then stands in for.
fn literal(kind: &Kind) -> Option<Value> {
    Some(match kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(number) => Value::Number(number.clone()),
        Kind::Text(pieces) => match pieces.as_slice() {
            [parse::Piece::Literal(text)] => Value::Text(text.clone()),
            _ => Value::Unknown,
        },
        Kind::List(items) => {
            Value::List(items.iter().map(|item| literal(&item.kind).unwrap_or(Value::Unknown)).collect())
        }
        Kind::Map(entries) => {
            let entry = |(key, value): &(String, parse::Expr)| {
                (key.clone(), literal(&value.kind).unwrap_or(Value::Unknown))
            };
            Value::Map(entries.iter().map(entry).collect())
        }
        _ => Value::Unknown,
    })
}

fn of_node(node: &Node) -> Value {
    match &node.data {
        Data::Scalar { .. } if node.is_null() => Value::Null,
        Data::Scalar { text, plain: true } => match &**text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => Value::Number(number.to_owned()),
        },
        // `${AZURE_LOCATION}` is put in when it is deployed.
        Data::Scalar { text, .. } if text.contains("${") => Value::Unknown,
        Data::Scalar { text, .. } => Value::Text(text.to_string()),
        Data::Sequence(items) => Value::List(items.iter().map(|item| of_node(item)).collect()),
        Data::Mapping(_) => {
            let entries = node.entries().into_iter();
            Value::Map(entries.map(|(key, value)| (key.text.to_string(), of_node(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::model::Tolerance;

    fn read(files: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| Bicep.claims(file, &tree)).collect();
        Bicep.read(&claimed, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None })
    }

    fn ids(out: &Declarations) -> Vec<String> {
        let nodes = out.units.iter().flat_map(|unit| &unit.nodes);
        let shown =
            nodes.map(|node| format!("{} {}", node.id, node.placement.region.as_deref().unwrap_or("-")));
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown
    }

    #[test]
    fn modules_are_followed_and_symbols_are_edges() {
        let main = "targetScope = 'resourceGroup'\n@description('x')\nparam name string\nparam location string = 'westeurope'\nvar plan = '${name}-plan'\n\
                    module data './modules/data.bicep' = {\n  name: 'data'\n  params: { prefix: name, location: location }\n}\n\
                    resource plan_ 'Microsoft.Web/serverfarms@2022-09-01' = {\n  name: plan\n  location: location\n  sku: { name: 'P1v3', capacity: 1 }\n}\n\
                    resource site 'Microsoft.Web/sites@2022-09-01' = {\n  name: name\n  location: location\n  properties: {\n    serverFarmId: plan_.id\n    siteConfig: { appSettings: [ { name: 'DB', value: data.outputs.account } ] }\n  }\n}\n";
        let data = "param prefix string\nparam location string\nresource account 'Microsoft.DocumentDB/databaseAccounts@2023-04-15' = {\n  name: toLower('${prefix}-DB')\n  location: location\n}\noutput account string = account.properties.documentEndpoint\n";
        let parameters = "{\"parameters\": {\"name\": {\"value\": \"shop\"}}}";
        let out = read(&[
            ("infra/main.bicep", main),
            ("infra/modules/data.bicep", data),
            ("infra/main.parameters.json", parameters),
        ]);
        assert_eq!(
            ids(&out),
            [
                "bicep:infra/main/databaseAccounts/shop-db westeurope",
                "bicep:infra/main/serverfarms/shop-plan westeurope",
                "bicep:infra/main/sites/shop westeurope"
            ],
            "{:?}",
            out.problems
        );
        let edges: Vec<_> = out.units[0]
            .edges
            .iter()
            .map(|edge| format!("{} {}", edge.from.rest(), edge.to.rest()))
            .collect();
        assert!(
            edges.contains(&"infra/main/sites/shop infra/main/serverfarms/shop-plan".to_owned()),
            "{edges:?}"
        );
        assert!(
            edges.contains(&"infra/main/sites/shop infra/main/databaseAccounts/shop-db".to_owned()),
            "{edges:?}"
        );
        let account = out.units[0].nodes.iter().find(|node| node.id.as_str().ends_with("shop-db")).unwrap();
        let at = account.evidence[0].location().unwrap();
        assert_eq!((&*at.path, at.line), ("infra/modules/data.bicep", 3));
    }

    fn edges(out: &Declarations) -> Vec<String> {
        let edges = out.units.iter().flat_map(|unit| &unit.edges);
        let mut shown: Vec<String> =
            edges.map(|edge| format!("{} {} {}", edge.from.rest(), edge.to.rest(), edge.phase)).collect();
        shown.sort();
        shown
    }

    #[test]
    fn who_may_administer_a_server_is_not_needed_by_it() {
        let text = "resource api 'Microsoft.Web/sites@2021-01-15' = {\n  name: 'api'\n  location: 'westeurope'\n}\n\
                    resource sql 'Microsoft.Sql/servers@2021-05-01' = {\n  name: 'sql'\n  location: 'westeurope'\n  \
                    properties: { administrators: { sid: api.identity.principalId } }\n}\n";
        assert_eq!(edges(&read(&[("main.bicep", text)])), Vec::<String>::new());
    }

    #[test]
    fn settings_of_sites_are_resources_of_their_own_and_name_secrets() {
        let text = "param token string\n\
                    resource web 'Microsoft.Web/sites@2022-03-01' = {\n  name: 'web-${token}'\n  resource appSettings 'config' = { name: 'appsettings', properties: { MODE: 'x' } }\n}\n\
                    resource api 'Microsoft.Web/sites@2022-03-01' = {\n  name: 'api-${token}'\n  tags: { 'azd-service-name': 'api' }\n\
                    \x20 resource appSettings 'config' = { name: 'appsettings', properties: { DB: 'DB-SECRET', VAULT: vault.properties.vaultUri, ALLOWED_ORIGINS: web.properties.defaultHostName } }\n}\n\
                    resource vault 'Microsoft.KeyVault/vaults@2022-07-01' = {\n  name: 'kv-${token}'\n  resource secret 'secrets' = { name: 'DB-SECRET', properties: { value: cosmos.listConnectionStrings().connectionStrings[0].connectionString } }\n}\n\
                    resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2022-05-15' = {\n  name: 'cosmos-${token}'\n}\n";
        let azd = "name: shop\nservices:\n  api:\n    project: ./src/api\n    host: appservice\n";
        let out = read(&[("infra/main.bicep", text), ("azure.yaml", azd)]);
        let edges = edges(&out);
        let has = |edge: &str| assert!(edges.iter().any(|one| one == edge), "no {edge} in {edges:#?}");
        has("infra/main/sites/api infra/main/databaseAccounts/cosmos runtime");
        has("infra/main/sites/api infra/main/vaults/vault startup");
        assert!(!edges.iter().any(|edge| edge.starts_with("infra/main/sites/api infra/main/sites/web")));
        let program = &out.units[0].programs[0];
        assert_eq!(program.folder, "src/api");
        assert_eq!(program.run_by.as_ref().unwrap().as_str(), "bicep:infra/main/sites/api");
    }

    #[test]
    fn modules_of_the_registry_are_the_resource_that_they_make() {
        let text = "param location string = 'westeurope'\n\
                    module plan 'br/public:avm/res/web/serverfarm:0.1.0' = {\n  name: 'plan'\n  params: { name: 'plan', location: location, sku: { name: 'P1v3', capacity: 3 }, zoneRedundant: true }\n}\n\
                    module vault 'br/public:avm/res/key-vault/vault:0.3.5' = {\n  name: 'vault'\n  params: { name: 'kv' }\n}\n\
                    module access 'br/public:avm/res/key-vault/vault:0.3.5' = {\n  name: 'access'\n  params: { name: vault.outputs.name }\n}\n\
                    module site 'br/public:avm/res/web/site:0.15.1' = {\n  name: 'site'\n\
                    \x20 params: { name: 'shop', location: location, serverFarmResourceId: plan.outputs.resourceId, appSettingsKeyValuePairs: { VAULT: vault.outputs.uri, API: 'https://api.stripe.com' } }\n}\n\
                    module other 'br/public:avm/ptn/azd/apim-api:0.1.0' = {\n  name: 'other'\n}\n";
        let out = read(&[("main.bicep", text)]);
        assert_eq!(
            ids(&out),
            [
                "bicep:main/serverfarms/plan westeurope",
                "bicep:main/sites/shop westeurope",
                "bicep:main/vaults/kv -"
            ]
        );
        assert_eq!(
            edges(&out),
            ["main/sites/shop main/serverfarms/plan runtime", "main/sites/shop main/vaults/kv startup"]
        );
        let plan = out.units[0].nodes.iter().find(|node| node.id.as_str().ends_with("plan")).unwrap();
        assert_eq!(plan.tolerance, Tolerance::Zone);
        let said: Vec<&str> = out.problems.iter().map(|problem| &*problem.message).collect();
        assert!(
            said.iter().any(|text| text.ends_with("it is taken as one `Microsoft.Web/sites`")),
            "{said:?}"
        );
        assert!(
            said.iter().any(|text| text.contains("apim-api") && text.ends_with("what it makes is not known"))
        );
    }

    #[test]
    fn modules_of_the_registry_are_judged_by_their_parameters() {
        let text = "module plan 'br/public:avm/res/web/serverfarm:0.1.0' = {\n  params: { name: 'plan', sku: { name: 'Y1', tier: 'Dynamic' } }\n}\n\
                    module site 'br/public:avm/res/web/site:0.15.1' = {\n\
                    \x20 params: { name: 'shop', serverFarmResourceId: plan.outputs.resourceId, siteConfig: { linuxFxVersion: 'python|3.10' } }\n}\n\
                    module vault 'br/public:avm/res/key-vault/vault:0.3.5' = {\n  params: { name: 'kv' }\n}\n\
                    module orders 'br/public:avm/res/document-db/database-account:0.4.0' = {\n\
                    \x20 params: { name: 'orders', secretsKeyVault: { keyVaultName: vault.outputs.name }, locations: [ { locationName: 'westeurope', isZoneRedundant: true } ] }\n}\n\
                    module files 'br/public:avm/res/storage/storage-account:0.8.3' = {\n  params: { name: 'files', skuName: 'Standard_ZRS' }\n}\n\
                    module usual 'br/public:avm/res/storage/storage-account:0.8.3' = {\n  params: { name: 'usual' }\n}\n";
        let out = read(&[("main.bicep", text)]);
        let unit = &out.units[0];
        let node = |end: &str| unit.nodes.iter().find(|node| node.id.as_str().ends_with(end)).unwrap();
        assert_eq!(node("plan").tolerance, Tolerance::Host);
        assert_eq!(node("orders").tolerance, Tolerance::Zone);
        assert_eq!(node("files").tolerance, Tolerance::Zone);
        assert_eq!(node("usual").tolerance, Tolerance::Host);
        assert_eq!(
            edges(&out),
            [
                "main/databaseAccounts/orders main/vaults/kv deploy",
                "main/sites/shop main/serverfarms/plan runtime"
            ]
        );
        assert!(
            unit.references
                .iter()
                .all(|reference| !matches!(reference.target, crate::model::Target::Image(_)))
        );
    }

    #[test]
    fn loops_conditions_and_children() {
        let text = "param zones bool = true\nparam extra bool = false\nvar regions = ['westeurope', 'northeurope']\n\
                    resource store 'Microsoft.Storage/storageAccounts@2023-01-01' = [for (region, i) in regions: {\n  name: 'store${i}'\n  location: region\n  sku: {\n    name: zones ? 'Standard_ZRS' : 'Standard_LRS'\n  }\n}]\n\
                    resource cache 'Microsoft.Cache/redis@2023-08-01' = if (extra) {\n  name: 'cache'\n}\n\
                    resource sql 'Microsoft.Sql/servers@2022-05-01' = {\n  name: uniqueString('x')\n  location: regions[0]\n  resource db 'databases@2022-05-01' = {\n    name: 'orders'\n    location: regions[0]\n  }\n}\n\
                    resource known 'Microsoft.KeyVault/vaults@2023-07-01' existing = {\n  name: 'vault'\n}\n\
                    resource same 'Microsoft.Storage/storageAccounts@2023-01-01' existing = {\n  name: 'store1'\n}\n\
                    resource app 'Microsoft.App/containerApps@2024-03-01' = {\n  name: 'app'\n  location: regions[0]\n  properties: { settings: same.listKeys().keys[0].value }\n}\n";
        let out = read(&[("main.bicep", text)]);
        assert_eq!(
            ids(&out),
            [
                "bicep:main/containerApps/app westeurope",
                "bicep:main/databases/orders westeurope",
                "bicep:main/servers/sql westeurope",
                "bicep:main/storageAccounts/store0 westeurope",
                "bicep:main/storageAccounts/store1 northeurope"
            ],
            "{:?}",
            out.problems
        );
        let store = out.units[0].nodes.iter().find(|node| node.id.as_str().ends_with("store0")).unwrap();
        assert_eq!(store.tolerance, Tolerance::Zone);
        let uses = |to: &str| {
            out.units[0]
                .edges
                .iter()
                .any(|edge| edge.from.rest() == "main/containerApps/app" && edge.to.rest() == to)
        };
        assert!(uses("main/storageAccounts/store1"), "what is looked up is what another part makes");
    }

    #[test]
    fn parameter_files_are_environments() {
        let text = "param location string\nresource a 'Microsoft.Cache/redis@2023-08-01' = { name: 'a', location: location }\n";
        let out = read(&[
            ("main.bicep", text),
            ("env/dev.bicepparam", "using '../main.bicep'\nparam location = 'northeurope'\n"),
            ("env/prod.bicepparam", "using '../main.bicep'\nparam location = 'westeurope'\n"),
        ]);
        assert_eq!(ids(&out), ["bicep:main/redis/a westeurope"]);
        let environments: Vec<_> =
            out.units[0].environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
        assert_eq!(environments, [("dev", false), ("prod", true)]);
    }

    #[test]
    fn odd_texts_end() {
        let deep = format!("var a = {}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let circle = "var a = b\nvar b = a\nresource x 'Microsoft.Cache/redis@1' = { name: a }\nmodule m 'main.bicep' = { name: 'm' }\n";
        let many = format!(
            "var a = range(0, 40)\nvar b = [for x in a: [for y in a: [for z in a: {}]]]\nresource x 'Microsoft.Cache/redis@1' = {{ name: b[0] }}\n",
            "'x'"
        );
        let texts = [
            "resource",
            "resource a 'x' = {",
            "param",
            "var a = '",
            "é",
            "@",
            "var x = 'a${'",
            "output o string =",
            &deep,
            circle,
            &many,
        ];
        for text in texts {
            let out = read(&[("main.bicep", text)]);
            assert!(out.units.len() <= 1, "{text:.20}");
        }
    }
}
