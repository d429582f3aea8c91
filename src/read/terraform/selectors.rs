//! Environments that a configuration itself tells apart, by its workspace (`terraform.workspace == "prod"`,
//! `local.sizes[terraform.workspace]`) or by a variable for them that nothing gives a value
//! (`contains(["dev", "prod"], var.environment)`).

use std::collections::{BTreeMap, BTreeSet};

use super::config::Module;
use super::syntax::{Attribute, Body, Expr, ExprKind, Operator, ParsedFile};
use super::world::local_folder;
use crate::source::SourceFile;

/// Names of environments, and the files in which they are told apart.
pub(super) type Names = BTreeMap<String, BTreeSet<String>>;

/// What a root's environments are told apart by.
pub(super) struct Told {
    /// The variable; none where it is the workspace.
    pub(super) variable: Option<String>,
    pub(super) names: Names,
    /// The workspace that a root is in whose environments are told apart by a variable, if it says so.
    pub(super) workspace: Option<String>,
}

/// What tells the environments of a module apart. Maps may stand in the files of values that it is always `given`.
pub(super) fn told(
    modules: &BTreeMap<String, Module<'_>>,
    module: &Module<'_>,
    given: &[&ParsedFile],
) -> Told {
    let by_workspace = named(modules, module, given, None);
    // Who asks whether the workspace is the usual one does without others.
    let is_usual = by_workspace.keys().all(|name| name == "default");
    let workspace = by_workspace.keys().next().filter(|_| is_usual).cloned();
    let by_variable = open_variables(module, given).find_map(|variable| {
        let names = named(modules, module, given, Some(variable));
        let told = Told { variable: Some(variable.to_owned()), names, workspace: workspace.clone() };
        Some(told).filter(|told| is_usual && !told.names.is_empty())
    });
    by_variable.unwrap_or(Told { variable: None, names: by_workspace, workspace: None })
}

/// The variables for the name of an environment that have no value.
fn open_variables<'m>(module: &'m Module<'_>, given: &'m [&ParsedFile]) -> impl Iterator<Item = &'m str> {
    let is_open = |name: &&str| {
        let default = module.variables[*name].body().attribute("default");
        default.is_none() && !given.iter().any(|file| file.body.attribute(name).is_some())
    };
    module.variables.keys().copied().filter(|name| is_for_environments(name)).filter(is_open)
}

/// `environment`, `env_name`, `deploy_stage`.
fn is_for_environments(variable: &str) -> bool {
    let name = variable.strip_suffix("_name").unwrap_or(variable);
    matches!(name.rsplit('_').next(), Some("env" | "environment" | "stage"))
}

/// The names that a module compares its workspace, or that variable, with, or looks it up by.
fn named(
    modules: &BTreeMap<String, Module<'_>>,
    module: &Module<'_>,
    given: &[&ParsedFile],
    variable: Option<&str>,
) -> Names {
    let mut found =
        Found { modules, module, given, variable, aliases: BTreeSet::new(), names: BTreeMap::new() };
    for (name, (_, attribute)) in &module.locals {
        if found.is_selector(&attribute.value) {
            found.aliases.insert(name);
        }
    }
    for (file, attribute) in module.locals.values() {
        found.attribute(file, attribute);
    }
    let blocks = [&module.providers, &module.settings, &module.others];
    let declared = module.resources.iter().map(|resource| &resource.declared);
    let declared = declared.chain(module.calls.values()).chain(module.variables.values());
    for declared in declared.chain(blocks.into_iter().flatten()) {
        found.body(declared.file, declared.body());
    }
    found.names
}

struct Found<'m, 'a> {
    modules: &'m BTreeMap<String, Module<'a>>,
    module: &'m Module<'a>,
    given: &'m [&'m ParsedFile],
    /// The variable that tells environments apart; none where the workspace does.
    variable: Option<&'m str>,
    /// Locals that are the selector's value.
    aliases: BTreeSet<&'a str>,
    names: Names,
}

/// Most locals and outputs on the way to a map.
const MAX_STEPS: usize = 8;

impl<'m, 'a> Found<'m, 'a> {
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

    /// The names that one expression sets beside the selector.
    fn names_in(&self, part: &Expr, out: &mut Vec<String>) {
        match &part.kind {
            ExprKind::Binary(Operator::Eq | Operator::NotEq, sides) => {
                let [left, right] = &**sides;
                for (one, other) in [(left, right), (right, left)] {
                    let name = other.literal().filter(|name| !name.is_empty() && self.is_selector(one));
                    out.extend(name.map(str::to_owned));
                }
            }
            ExprKind::Index(map, key) if self.is_selector(key) => self.names_of(map, out),
            ExprKind::Call(name, args, _) if matches!(&**name, "lookup" | "contains") => {
                if let [collection, key, ..] = args.as_slice()
                    && self.is_selector(key)
                {
                    self.names_of(collection, out);
                }
            }
            _ => {}
        }
    }

    /// The keys of a map, or the elements of a list, that is written out.
    fn names_of(&self, collection: &Expr, out: &mut Vec<String>) {
        let names: Vec<&str> = match self.written(self.module, collection, MAX_STEPS).map(|expr| &expr.kind) {
            Some(ExprKind::Object(items)) => items.iter().filter_map(|(key, _)| key.literal()).collect(),
            Some(ExprKind::List(items)) => items.iter().filter_map(Expr::literal).collect(),
            _ => return,
        };
        out.extend(names.into_iter().filter(|name| *name != "default").map(str::to_owned));
    }

    /// The map or list that an expression of a module leads to.
    fn written<'e>(&'e self, module: &'e Module<'a>, expr: &'e Expr, steps: usize) -> Option<&'e Expr> {
        if matches!(expr.kind, ExprKind::Object(_) | ExprKind::List(_)) {
            return Some(expr);
        }
        let ExprKind::Get(source, name) = &expr.kind else { return None };
        let (of, next) = match &source.kind {
            ExprKind::Variable(root) if &**root == "local" => (module, &module.locals.get(&**name)?.1.value),
            ExprKind::Variable(root) if &**root == "var" => (module, self.variable(module, name)?),
            ExprKind::Get(root, call) if matches!(&root.kind, ExprKind::Variable(root) if &**root == "module") =>
            {
                let call = module.calls.get(&**call)?;
                let source = call.body().attribute("source")?.value.literal()?;
                let called = self.modules.get(&local_folder(&module.folder, source)?)?;
                (called, &called.outputs.get(&**name)?.body().attribute("value")?.value)
            }
            _ => return None,
        };
        self.written(of, next, steps.checked_sub(1)?)
    }

    /// What a variable of the root is given last, or else its default.
    fn variable<'e>(&'e self, module: &'e Module<'a>, name: &str) -> Option<&'e Expr> {
        if module.folder != self.module.folder {
            return None;
        }
        let given = self.given.iter().rev().find_map(|file| file.body.attribute(name));
        let default = || module.variables.get(name)?.body().attribute("default");
        given.or_else(default).map(|attribute| &attribute.value)
    }

    /// Whether an expression is the workspace's name or the variable, also with its letters made alike.
    fn is_selector(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call(name, args, _) if matches!(&**name, "lower" | "replace" | "trimspace") => {
                args.first().is_some_and(|text| self.is_selector(text))
            }
            ExprKind::Get(source, name) => match (&source.kind, self.variable) {
                (ExprKind::Variable(root), _) if &**root == "local" => self.aliases.contains(&**name),
                (ExprKind::Variable(root), Some(variable)) => &**root == "var" && &**name == variable,
                (ExprKind::Variable(root), None) => &**root == "terraform" && &**name == "workspace",
                _ => false,
            },
            _ => false,
        }
    }
}
