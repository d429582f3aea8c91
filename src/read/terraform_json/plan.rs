//! `terraform show -json`: plans and states with resolved values, and a plan's configuration with its references.

use std::collections::BTreeMap;

use super::state::{attributes, key_of};
use super::{Found, is_meta, without_keys};
use crate::read::yaml::Node;

/// How deep modules may nest, and references may lead through them.
const MAX_DEPTH: u32 = 30;

/// The resources of a plan or shown state.
pub(super) fn read(root: &Node) -> Vec<Found> {
    let mut out = Vec::new();
    let values = root.get("planned_values").or(root.get("values")).or(root.at(&["prior_state", "values"]));
    if let Some(module) = values.and_then(|values| values.get("root_module")) {
        module_resources(module, &mut out, 0);
    }
    // Data sources are read before the plan is made, and stand only in what was there before.
    let before =
        root.at(&["prior_state", "values", "root_module"]).filter(|_| root.get("planned_values").is_some());
    if let Some(module) = before {
        let mut earlier = Vec::new();
        module_resources(module, &mut earlier, 0);
        let known: std::collections::BTreeSet<String> =
            out.iter().map(|found| found.address.clone()).collect();
        out.extend(earlier.into_iter().filter(|found| found.is_data && !known.contains(&found.address)));
    }
    if let Some(configuration) = root.get("configuration") {
        let configured = Configuration { root, configuration };
        out.iter_mut().for_each(|found| configured.complete(found));
    }
    out
}

fn module_resources(module: &Node, out: &mut Vec<Found>, depth: u32) {
    for resource in module.get("resources").map(Node::items).unwrap_or_default() {
        let (Some(type_name), Some(name)) = (resource.str_at(&["type"]), resource.str_at(&["name"])) else {
            continue;
        };
        let suffix = resource.get("index").filter(|key| !key.is_null()).map_or(String::new(), key_of);
        let is_data = resource.str_at(&["mode"]) == Some("data");
        let own = format!("{}{type_name}.{name}{suffix}", if is_data { "data." } else { "" });
        let written = resource.str_at(&["address"]).unwrap_or(&own);
        // Early formats leave keys out of addresses.
        let address = match suffix.is_empty() || written.ends_with(']') {
            true => written.to_owned(),
            false => format!("{written}{suffix}"),
        };
        let before = resource.get("depends_on").map(Node::items).unwrap_or_default();
        out.push(Found {
            address,
            type_name: type_name.to_owned(),
            name: format!("{name}{}", suffix.replace('"', "")),
            is_data,
            at: resource.get("address").map_or(resource.span.0, |node| node.span.0),
            attributes: attributes(resource.get("values")),
            depends_on: before
                .iter()
                .filter_map(|item| Some((item.str()?.to_owned(), item.span.0)))
                .collect(),
            ..Found::default()
        });
    }
    if depth < MAX_DEPTH {
        for child in module.get("child_modules").map(Node::items).unwrap_or_default() {
            module_resources(child, out, depth + 1);
        }
    }
}

/// What a plan says of the configuration that it was made of.
struct Configuration<'p> {
    root: &'p Node,
    configuration: &'p Node,
}

impl<'p> Configuration<'p> {
    /// Adds what the configuration says of a resource: its references and its provider's region.
    fn complete(&self, found: &mut Found) {
        let base = without_keys(&found.address);
        let (modules, own) = split_modules(&base);
        let Some(module) = self.module(&modules) else { return };
        let resources = module.get("resources").map(Node::items).unwrap_or_default();
        let Some(resource) = resources.iter().find(|resource| resource.str_at(&["address"]) == Some(own))
        else {
            return;
        };
        found.region = resource.str_at(&["provider_config_key"]).and_then(|key| self.region(key));
        let mut references: BTreeMap<String, (u32, Vec<String>)> = BTreeMap::new();
        for (name, expression) in resource.get("expressions").map(Node::entries).unwrap_or_default() {
            if is_meta(&name.text) {
                continue;
            }
            let mut names = Vec::new();
            collect_references(expression, &mut names, 0);
            for (text, at) in names {
                let entry = references.entry(name.text.to_string()).or_insert((at, Vec::new()));
                self.resolve(&modules, text, &mut entry.1, 0);
            }
        }
        for item in resource.get("depends_on").map(Node::items).unwrap_or_default() {
            let mut targets = Vec::new();
            self.resolve(&modules, item.str().unwrap_or(""), &mut targets, 0);
            found.depends_on.extend(targets.into_iter().map(|target| (target, item.span.0)));
        }
        let named = references.into_iter().filter(|(_, (_, targets))| !targets.is_empty());
        found.references = named.map(|(name, (at, targets))| (name, at, targets)).collect();
    }

    /// The configuration of a module by the names of the calls that lead to it.
    fn module(&self, modules: &[&str]) -> Option<&'p Node> {
        let root = self.configuration.get("root_module")?;
        modules.iter().try_fold(root, |module, name| module.at(&["module_calls", name, "module"]))
    }

    /// The addresses, without keys, that a reference leads to.
    fn resolve(&self, modules: &[&str], reference: &str, out: &mut Vec<String>, depth: u32) {
        if depth > MAX_DEPTH || out.len() > 200 {
            return;
        }
        let base = without_keys(reference);
        let mut parts = base.split('.');
        match parts.next().unwrap_or("") {
            "each" | "count" | "local" | "path" | "self" | "terraform" | "" => {}
            "var" => self.resolve_variable(modules, parts.next().unwrap_or(""), out, depth),
            "module" => {
                let (call, output) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                let mut inner = modules.to_vec();
                inner.push(call);
                let value =
                    self.module(&inner).and_then(|module| module.at(&["outputs", output, "expression"]));
                let mut names = Vec::new();
                if let Some(value) = value {
                    collect_references(value, &mut names, 0);
                }
                for (text, _) in names {
                    self.resolve(&inner, text, out, depth + 1);
                }
            }
            "data" => {
                if let (Some(type_name), Some(name)) = (parts.next(), parts.next()) {
                    out.push(format!("{}data.{type_name}.{name}", prefix(modules)));
                }
            }
            type_name => {
                if let Some(name) = parts.next() {
                    let address = format!("{}{type_name}.{name}", prefix(modules));
                    if !out.contains(&address) {
                        out.push(address);
                    }
                }
            }
        }
    }

    fn resolve_variable(&self, modules: &[&str], name: &str, out: &mut Vec<String>, depth: u32) {
        let Some((call, above)) = modules.split_last() else { return };
        let given =
            self.module(above).and_then(|module| module.at(&["module_calls", call, "expressions", name]));
        let mut names = Vec::new();
        if let Some(given) = given {
            collect_references(given, &mut names, 0);
        }
        for (text, _) in names {
            self.resolve(above, text, out, depth + 1);
        }
    }

    /// The region of a provider configuration, when it is a constant or the value of a variable of the root.
    fn region(&self, key: &str) -> Option<String> {
        let configs = self.configuration.get("provider_config")?;
        // A module without its own configuration has that of the root.
        let config = configs.get(key).or_else(|| configs.get(key.rsplit(':').next().unwrap_or(key)))?;
        let region = config.at(&["expressions", "region"])?;
        if let Some(constant) = region.str_at(&["constant_value"]) {
            return Some(constant.to_owned());
        }
        let reference = region.get("references")?.items().first()?.str()?;
        let variable = reference.strip_prefix("var.")?;
        let given = self.root.str_at(&["variables", variable, "value"]);
        given
            .or(self.configuration.str_at(&["root_module", "variables", variable, "default"]))
            .map(str::to_owned)
    }
}

fn prefix(modules: &[&str]) -> String {
    modules.iter().map(|module| format!("module.{module}.")).collect()
}

/// `module.a.module.b.aws_x.y` as the names of its modules and the address within.
fn split_modules(address: &str) -> (Vec<&str>, &str) {
    let mut modules = Vec::new();
    let mut rest = address;
    while let Some(tail) = rest.strip_prefix("module.") {
        match tail.split_once('.') {
            Some((name, after)) => {
                modules.push(name);
                rest = after;
            }
            None => break,
        }
    }
    (modules, rest)
}

/// All `references` in an expression and the blocks in it; of `a.b.c` and `a.b` both are listed.
fn collect_references<'n>(node: &'n Node, out: &mut Vec<(&'n str, u32)>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for item in node.items() {
        collect_references(item, out, depth + 1);
    }
    for (key, value) in node.entries() {
        if &*key.text == "references" && value.is_sequence() {
            out.extend(value.items().iter().filter_map(|item| Some((item.str()?, item.span.0))));
        } else if &*key.text != "constant_value" {
            collect_references(value, out, depth + 1);
        }
    }
}
