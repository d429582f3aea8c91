//! Terraform plans and states as JSON: what was worked out, with addresses and values that need no evaluation.
//!
//! Resources are collected by [`state`] (raw states) and [`plan`] (`terraform show -json`), joined by the values
//! that name them ([`identity`]), and understood by the rules of the `terraform` reader.

mod identity;
mod plan;
mod state;

use std::collections::BTreeMap;

use crate::model::{Confidence, Declarations, Id, Unit};
use crate::read::json::parse_json;
use crate::read::terraform::given::{self, Given, GivenAttribute, GivenValue};
use crate::read::yaml::{Data, Node};
use crate::read::{Format, ReadContext};
use crate::source::{Problems, SourceFile, Tree};

/// Terraform plans and states.
pub struct TerraformJson;

impl Format for TerraformJson {
    fn name(&self) -> &'static str {
        "terraform-json"
    }

    fn summary(&self) -> &'static str {
        "Terraform plans and states: `terraform show -json`, raw state versions 3 and 4"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".json") || path.ends_with(".tfstate")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        let has = |key: &str| text.contains(&format!("\"{key}\""));
        text.trim_start().starts_with('{')
            && ((has("format_version") && has("terraform_version"))
                || (has("version")
                    && has("serial")
                    && (has("lineage") || has("modules") || has("resources")))
                || file.name().ends_with(".tfstate"))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let mut unit = Unit::new("terraform-json", &**file.path(), file.folder());
            if let Some(found) = collect(file, &mut out.problems) {
                let prefix = prefix(file, files);
                read_found(found, file, &prefix, cx, &mut unit, &mut out.problems);
            }
            out.units.push(unit);
        }
        out
    }
}

/// What the ids of a file's resources begin with: nothing for the only file, the folder for the only one of its
/// folder, else the path.
fn prefix(file: &SourceFile, files: &[&SourceFile]) -> String {
    let beside = files.iter().filter(|other| other.folder() == file.folder()).count();
    match (files.len(), beside) {
        (1, _) => file.folder().to_owned(),
        (_, 1) if !file.folder().is_empty() => file.folder().to_owned(),
        _ => file.path().trim_end_matches(".json").trim_end_matches(".tfstate").to_owned(),
    }
}

/// A resource as a plan or state has it.
#[derive(Debug, Default)]
struct Found {
    address: String,
    type_name: String,
    name: String,
    is_data: bool,
    at: u32,
    attributes: Vec<(String, u32, GivenValue)>,
    /// Addresses of what it refers to by attribute, where a plan's configuration says so.
    references: Vec<(String, u32, Vec<String>)>,
    /// Addresses that are said to come before it.
    depends_on: Vec<(String, u32)>,
    region: Option<String>,
}

fn collect(file: &SourceFile, problems: &mut Problems) -> Option<Vec<Found>> {
    let root = parse_json(file, problems)?;
    if root.get("format_version").is_some() {
        return Some(plan::read(&root));
    }
    match root.get("version").and_then(Node::integer) {
        Some(4) => Some(state::read_current(&root)),
        Some(3) => Some(state::read_old(&root)),
        Some(version) => {
            let message =
                format!("state version {version} is not read: Terraform 0.11 and later write version 3 or 4");
            problems.note(root.location.clone(), message);
            None
        }
        None => {
            problems.note(root.location.clone(), "the state is empty");
            None
        }
    }
}

fn read_found(
    found: Vec<Found>,
    file: &SourceFile,
    prefix: &str,
    cx: &ReadContext<'_>,
    unit: &mut Unit,
    problems: &mut Problems,
) {
    if found.is_empty() {
        problems.note(file.line_location(1), "it holds no resources");
        return;
    }
    let addresses = Addresses::new(&found);
    let identities = identity::Identities::new(&found);
    let resources: Vec<Given> = (0..found.len())
        .map(|index| {
            let one = &found[index];
            Given {
                id: Id::terraform(prefix, &one.address),
                address: one.address.clone(),
                name: one.name.clone(),
                type_name: one.type_name.clone(),
                shown_type: one.type_name.clone(),
                is_data: one.is_data,
                file: 0,
                at: one.at,
                attributes: attributes(&found, index, &addresses, &identities),
            }
        })
        .collect();
    given::read(&resources, &[file], cx.catalog, cx.tree, unit, problems);
    unit.nodes.iter_mut().for_each(|node| node.confidence = Confidence::Observed);
    unit.edges.iter_mut().for_each(|edge| edge.confidence = Confidence::Observed);
    unit.references.iter_mut().for_each(|reference| reference.confidence = Confidence::Observed);
}

/// What one resource says, with references to the others.
fn attributes(
    found: &[Found],
    index: usize,
    addresses: &Addresses<'_>,
    identities: &identity::Identities<'_>,
) -> Vec<GivenAttribute> {
    let one = &found[index];
    let mut out = Vec::new();
    let mut give = |name: &str, at: u32, value: GivenValue| {
        out.push(GivenAttribute { name: name.to_owned(), at, value });
    };
    for (name, at, told) in &one.references {
        let targets = told.iter().flat_map(|address| same_key(&addresses.find(address), one, found));
        let values: Vec<GivenValue> = targets.filter(|to| *to != index).map(refer).collect();
        if !values.is_empty() {
            give(name, *at, GivenValue::List(values));
        }
    }
    for (name, at, value) in &one.attributes {
        give(name, *at, identities.replace(index, name, value));
    }
    for (address, at) in &one.depends_on {
        for to in addresses.find(address).into_iter().filter(|to| *to != index) {
            give("depends_on", *at, GivenValue::List(vec![refer(to)]));
        }
    }
    if let Some(region) = region_of(one) {
        give("region", one.at, GivenValue::Text(region));
    }
    out
}

/// Resources by their addresses, with keys and without.
struct Addresses<'f> {
    whole: BTreeMap<&'f str, usize>,
    base: BTreeMap<String, Vec<usize>>,
}

impl<'f> Addresses<'f> {
    fn new(found: &'f [Found]) -> Self {
        let whole = found.iter().enumerate().map(|(index, found)| (found.address.as_str(), index)).collect();
        Addresses { whole, base: by_base(found) }
    }

    fn find(&self, address: &str) -> Vec<usize> {
        match self.whole.get(address) {
            Some(index) => vec![*index],
            None => self.base.get(address).cloned().unwrap_or_default(),
        }
    }
}

fn refer(index: usize) -> GivenValue {
    GivenValue::Resource { index, attribute: "id".to_owned() }
}

/// Resources by their address without keys: what a configuration refers to.
fn by_base(found: &[Found]) -> BTreeMap<String, Vec<usize>> {
    let mut out: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, one) in found.iter().enumerate() {
        out.entry(without_keys(&one.address)).or_default().push(index);
    }
    out
}

/// `module.a["x"].aws_instance.b[0]` without its keys.
fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut depth = 0;
    let mut quoted = false;
    for c in address.chars() {
        match c {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Of several instances those of the same module instance, and of these the one with the same key.
fn same_key(targets: &[usize], one: &Found, found: &[Found]) -> Vec<usize> {
    if targets.len() < 2 {
        return targets.to_vec();
    }
    let module = |address: &str| match address.rfind("module.") {
        Some(_) => address
            .rsplit_once('.')
            .and_then(|(rest, _)| rest.rsplit_once('.'))
            .map_or("", |(path, _)| path)
            .to_owned(),
        None => String::new(),
    };
    let key = |address: &str| {
        address.ends_with(']').then(|| address.rsplit_once('[').map(|(_, key)| key.to_owned())).flatten()
    };
    let own = module(&one.address);
    let here: Vec<usize> = targets.iter().copied().filter(|to| module(&found[*to].address) == own).collect();
    let here = if here.is_empty() { targets.to_vec() } else { here };
    let wanted = key(&one.address);
    let exact: Vec<usize> =
        here.iter().copied().filter(|to| wanted.is_some() && key(&found[*to].address) == wanted).collect();
    if exact.is_empty() { here } else { exact }
}

/// The region a resource says itself, in its ARN, or by its provider; none when it says `region` outright.
fn region_of(one: &Found) -> Option<String> {
    let text = |name: &str| {
        one.attributes.iter().find(|(key, ..)| key == name).and_then(|(_, _, value)| match value {
            GivenValue::Text(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        })
    };
    if text("region").is_some() {
        return None;
    }
    let arn = text("arn").or(text("id")).filter(|arn| arn.starts_with("arn:"));
    let by_arn = arn.and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty());
    by_arn.map(str::to_owned).or_else(|| one.region.clone())
}

/// A JSON value as it is given on.
fn value_of(node: &Node) -> GivenValue {
    match &node.data {
        Data::Scalar { .. } if node.is_null() => GivenValue::Null,
        Data::Scalar { text, plain: true } => match &**text {
            "true" => GivenValue::Bool(true),
            "false" => GivenValue::Bool(false),
            text => text.parse().map_or_else(|_| GivenValue::Text(text.to_owned()), GivenValue::Number),
        },
        Data::Scalar { text, .. } => GivenValue::Text(text.to_string()),
        Data::Sequence(items) => GivenValue::List(items.iter().map(|item| value_of(item)).collect()),
        Data::Mapping(entries) => GivenValue::Map(
            entries.iter().map(|(key, value)| (key.text.to_string(), value_of(value))).collect(),
        ),
    }
}

/// Attributes that would mean something else in a configuration.
fn is_meta(name: &str) -> bool {
    matches!(
        name,
        "count"
            | "for_each"
            | "depends_on"
            | "provider"
            | "lifecycle"
            | "provisioner"
            | "connection"
            | "timeouts"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(path: &str, text: &str) -> Declarations {
        let tree = Tree::of_texts([(path, text)]);
        let files: Vec<_> = tree.files().filter(|file| TerraformJson.claims(file, &tree)).collect();
        let catalog = crate::catalog::Catalog::embedded();
        TerraformJson.read(&files, &ReadContext { tree: &tree, catalog, environment: None })
    }

    #[test]
    fn states_of_other_versions_and_empty_ones_are_notes() {
        for text in [
            "{\"version\": 2, \"serial\": 1, \"modules\": []}",
            "{\"version\": 4, \"serial\": 1, \"lineage\": \"x\", \"resources\": []}",
        ] {
            let out = read("a.json", text);
            assert_eq!(out.problems.len(), 1, "{text}");
            assert!(out.units[0].nodes.is_empty());
        }
    }

    #[test]
    fn keys_are_left_out_of_addresses() {
        assert_eq!(without_keys("module.a[\"x]y\"].aws_instance.b[0]"), "module.a.aws_instance.b");
    }

    #[test]
    fn a_state_joins_resources_by_the_values_that_name_them() {
        let text = r#"{"version": 4, "serial": 1, "lineage": "x", "resources": [
            {"mode": "managed", "type": "aws_db_instance", "name": "main", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
             "instances": [{"attributes": {"id": "main-db", "arn": "arn:aws:rds:eu-west-1:1:db:main-db", "multi_az": false,
                            "availability_zone": "eu-west-1a", "endpoint": "main-db.x.eu-west-1.rds.amazonaws.com:3306",
                            "address": "main-db.x.eu-west-1.rds.amazonaws.com", "backup_retention_period": 0}}]},
            {"mode": "managed", "type": "aws_lambda_function", "name": "api", "module": "module.app",
             "instances": [{"index_key": "a", "attributes": {"id": "api-a", "function_name": "api-a",
                            "environment": [{"variables": {"DB": "main-db.x.eu-west-1.rds.amazonaws.com"}}]},
                            "dependencies": ["aws_db_instance.main"]}]}]}"#;
        let out = read("terraform.tfstate", text);
        let unit = &out.units[0];
        let db = unit.nodes.iter().find(|node| node.id.as_str() == "tf:aws_db_instance.main").unwrap();
        assert_eq!(db.placement.region.as_deref(), Some("eu-west-1"));
        assert_eq!(db.placement.zones, ["eu-west-1a"]);
        assert_eq!(db.tolerance, crate::model::Tolerance::Nothing);
        let edge = unit.edges.iter().find(|edge| edge.phase == crate::model::Phase::Runtime).unwrap();
        assert_eq!(edge.from.as_str(), "tf:module.app.aws_lambda_function.api[\"a\"]");
        assert_eq!(edge.to, db.id);
    }

    #[test]
    fn a_state_joins_machines_by_their_addresses() {
        let machine = |name: &str, address: &str| {
            format!(
                r#"{{"mode": "managed", "type": "yandex_compute_instance", "name": "{name}", "instances": [{{"attributes":
                   {{"id": "{name}00", "zone": "ru-central1-a", "network_interface": [{{"ip_address": "{address}"}}]}}}}]}},"#
            )
        };
        let text = format!(
            r#"{{"version": 4, "serial": 1, "lineage": "x", "resources": [{}{}{}
            {{"mode": "managed", "type": "yandex_lb_target_group", "name": "web", "instances": [{{"attributes": {{"id": "group1",
              "target": [{{"address": "10.0.0.1"}}, {{"address": "10.0.0.9"}}]}}}}]}},
            {{"mode": "managed", "type": "yandex_lb_network_load_balancer", "name": "web", "instances": [{{"attributes":
              {{"id": "balancer1", "attached_target_group": [{{"target_group_id": "group1"}}]}}}}]}}]}}"#,
            machine("one", "10.0.0.1"),
            // Two machines of networks of their own: which of them is meant is not known.
            machine("two", "10.0.0.9"),
            machine("three", "10.0.0.9"),
        );
        let out = read("terraform.tfstate", &text);
        let from_balancer =
            out.units[0].edges.iter().filter(|edge| edge.from.as_str().ends_with("balancer.web"));
        let to: Vec<&str> = from_balancer.map(|edge| edge.to.as_str()).collect();
        assert_eq!(to, ["tf:yandex_compute_instance.one"]);
        assert_eq!(out.units[0].nodes[1].placement.region.as_deref(), Some("ru-central1"));
    }
}
