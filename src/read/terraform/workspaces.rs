//! Workspaces that a configuration itself tells apart: `terraform.workspace == "prod"`, `local.sizes[terraform.workspace]`.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Module;
use super::syntax::{Attribute, Body, Expr, ExprKind, Operator, ParsedFile};
use crate::source::SourceFile;

/// The names that a module compares its workspace with, or looks it up by, and the files in which it does.
/// Maps may stand in the files of values that it is always `given`.
pub(super) fn named(module: &Module<'_>, given: &[&ParsedFile]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = Found { module, given, aliases: BTreeSet::new(), names: BTreeMap::new() };
    for (name, (_, attribute)) in &module.locals {
        if found.is_workspace(&attribute.value) {
            found.aliases.insert(name);
        }
    }
    for (file, attribute) in module.locals.values() {
        found.attribute(file, attribute);
    }
    let blocks = [&module.providers, &module.settings, &module.others];
    let declared = module.resources.iter().map(|resource| &resource.declared);
    for declared in declared.chain(module.calls.values()).chain(blocks.into_iter().flatten()) {
        found.body(declared.file, declared.body());
    }
    found.names
}

struct Found<'m, 'a> {
    module: &'m Module<'a>,
    given: &'m [&'m ParsedFile],
    /// Locals that are the workspace's name.
    aliases: BTreeSet<&'a str>,
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Found<'_, '_> {
    fn body(&mut self, file: &SourceFile, body: &Body) {
        body.attributes.iter().for_each(|attribute| self.attribute(file, attribute));
        body.blocks.iter().for_each(|block| self.body(file, &block.body));
    }

    fn attribute(&mut self, file: &SourceFile, attribute: &Attribute) {
        let mut names = Vec::new();
        attribute.value.walk(&mut |part| self.names_in(part, &mut names));
        for name in names {
            self.names.entry(name).or_default().insert(file.path().to_string());
        }
    }

    /// The names that one expression sets beside the workspace.
    fn names_in(&self, part: &Expr, out: &mut Vec<String>) {
        match &part.kind {
            ExprKind::Binary(Operator::Eq | Operator::NotEq, sides) => {
                let [left, right] = &**sides;
                for (one, other) in [(left, right), (right, left)] {
                    out.extend(other.literal().filter(|_| self.is_workspace(one)).map(str::to_owned));
                }
            }
            ExprKind::Index(map, key) if self.is_workspace(key) => self.keys(map, out),
            ExprKind::Call(name, args, _) if &**name == "lookup" => {
                if let [map, key, ..] = args.as_slice()
                    && self.is_workspace(key)
                {
                    self.keys(map, out);
                }
            }
            _ => {}
        }
    }

    /// The keys of a map that is written out.
    fn keys(&self, map: &Expr, out: &mut Vec<String>) {
        match &map.kind {
            ExprKind::Object(items) => {
                let keys = items.iter().filter_map(|(key, _)| key.literal());
                out.extend(keys.filter(|key| *key != "default").map(str::to_owned));
            }
            ExprKind::Get(source, name) => {
                let value = match &source.kind {
                    ExprKind::Variable(root) if &**root == "local" => {
                        self.module.locals.get(&**name).map(|(_, attribute)| &attribute.value)
                    }
                    ExprKind::Variable(root) if &**root == "var" => self.variable(name),
                    _ => None,
                };
                if let Some(value) = value.filter(|value| matches!(value.kind, ExprKind::Object(_))) {
                    self.keys(value, out);
                }
            }
            _ => {}
        }
    }

    /// What a variable is given last, or else its default.
    fn variable(&self, name: &str) -> Option<&Expr> {
        let given = self.given.iter().rev().find_map(|file| file.body.attribute(name));
        let default = || self.module.variables.get(name)?.body().attribute("default");
        given.or_else(default).map(|attribute| &attribute.value)
    }

    /// Whether an expression is the workspace's name, also with its letters made alike.
    fn is_workspace(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call(name, args, _) if matches!(&**name, "lower" | "replace" | "trimspace") => {
                args.first().is_some_and(|text| self.is_workspace(text))
            }
            ExprKind::Get(source, name) => match &source.kind {
                ExprKind::Variable(root) if &**root == "terraform" => &**name == "workspace",
                ExprKind::Variable(root) if &**root == "local" => self.aliases.contains(&**name),
                _ => false,
            },
            _ => false,
        }
    }
}
