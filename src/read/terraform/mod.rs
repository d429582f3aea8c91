//! Terraform, OpenTofu and Terragrunt: configurations evaluated without cloud or registry.
//!
//! Files are parsed ([`parse`], [`json`]) into one syntax tree ([`syntax`]), collected into modules ([`config`]);
//! each root ([`roots`]) is evaluated lazily in a [`world`], its resources flattened ([`leaves`]) and joined into a
//! graph ([`graph`]), from which nodes ([`nodes`]) and edges ([`edges`]) come; names of the DNS are read in [`dns`].

mod backend;
mod config;
mod convert;
mod dns;
mod edges;
mod evaluate;
mod files;
mod functions;
pub(crate) mod given;
mod graph;
mod json;
mod knowledge;
mod leaves;
mod nodes;
mod parse;
mod place;
mod roots;
mod settings;
mod syntax;
#[cfg(test)]
mod tests;
mod trace;
mod value;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::config::Module;
use self::roots::Root;
use self::syntax::ParsedFile;
use self::world::{Input, Inputs, World};
use super::{Format, ReadContext};
use crate::model::{Declarations, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Stack of a thread that evaluates: expressions nest as deep as the bounds of [`world`] allow.
const STACK: usize = 64 << 20;

/// Terraform, OpenTofu and Terragrunt configurations.
pub struct Terraform;

impl Format for Terraform {
    fn name(&self) -> &'static str {
        "terraform"
    }

    fn summary(&self) -> &'static str {
        "Terraform, OpenTofu and Terragrunt configurations, evaluated without cloud or registry"
    }

    fn wants(&self, path: &str) -> bool {
        const ENDINGS: &[&str] = &[".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json"];
        ENDINGS.iter().any(|ending| path.ends_with(ending)) || is_terragrunt(path)
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path()) && file.name() != ".terraform.lock.hcl"
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let work = || read_all(files, cx);
        match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
            Ok(pool) => pool.install(work),
            Err(_) => work(),
        }
    }
}

fn is_terragrunt(path: &str) -> bool {
    path.ends_with(".hcl") && !path.ends_with(".terraform.lock.hcl")
}

fn read_all(files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
    let mut problems = Problems::new();
    let parsed: Vec<(ParsedFile, Problems)> = files.par_iter().map(|file| parse_one(file)).collect();
    let mut configurations: Vec<&ParsedFile> = Vec::new();
    let mut values: BTreeMap<String, &ParsedFile> = BTreeMap::new();
    for (file, found) in &parsed {
        problems.extend(found.clone());
        let path = file.source.path();
        if path.ends_with(".tfvars") || path.ends_with(".tfvars.json") {
            values.insert(path.to_string(), file);
        } else if !is_terragrunt(path) {
            configurations.push(file);
        }
    }
    let modules = modules(&configurations);
    let roots = roots::find(&modules, &values, &BTreeSet::new(), cx);
    let several = roots.len() > 1;
    let read: Vec<(Unit, Problems)> =
        roots.par_iter().map(|root| read_root(root, &modules, &values, several, cx)).collect();
    let mut out = Declarations::default();
    for (unit, found) in read {
        out.units.push(unit);
        problems.extend(found);
    }
    out.problems = problems;
    out
}

fn parse_one(file: &SourceFile) -> (ParsedFile, Problems) {
    let mut problems = Problems::new();
    let parsed = if file.path().ends_with(".tfvars.json") {
        json::parse_json_values(file, &mut problems)
    } else if file.path().ends_with(".json") {
        json::parse_json(file, &mut problems)
    } else {
        parse::parse_hcl(file, &mut problems)
    };
    (parsed, problems)
}

fn modules<'a>(files: &[&'a ParsedFile]) -> BTreeMap<String, Module<'a>> {
    let mut folders: BTreeMap<&str, Vec<&'a ParsedFile>> = BTreeMap::new();
    for file in files {
        folders.entry(file.source.folder()).or_default().push(file);
    }
    folders.into_iter().map(|(folder, files)| (folder.to_owned(), Module::new(folder, files))).collect()
}

fn read_root(
    root: &Root,
    modules: &BTreeMap<String, Module<'_>>,
    values: &BTreeMap<String, &ParsedFile>,
    several: bool,
    cx: &ReadContext<'_>,
) -> (Unit, Problems) {
    let module = &modules[&root.folder];
    let inputs = given_values(root, modules, values, cx.tree);
    let mut world = World::new(cx.tree, modules, module, &inputs, None);
    world.workspace = root.environments.iter().find(|one| one.chosen).map(|one| one.name.clone());
    let mut unit = Unit::new("terraform", unit_name(&root.folder), root.folder.as_str());
    unit.environments = root.environments.clone();
    let mut problems = Problems::new();
    let prefix = if several { root.folder.as_str() } else { "" };
    graph::read(&world, cx.catalog, prefix, &mut unit, &mut problems);
    if world.exhausted.get()
        && let Some(file) = module.files.first()
    {
        problems.warning(
            file.line_location(1),
            format!("`{}` is too large to be evaluated in full: what was left is unknown", root.folder),
        );
    }
    (unit, problems)
}

fn unit_name(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

fn given_values<'a>(
    root: &Root,
    modules: &'a BTreeMap<String, Module<'a>>,
    values: &BTreeMap<String, &'a ParsedFile>,
    tree: &'a Tree,
) -> Inputs<'a> {
    let mut out = Inputs::new();
    let none = Inputs::new();
    for path in &root.values {
        let Some(file) = values.get(path) else { continue };
        // Values are constants: a world without anything in it evaluates them.
        let empty = Module::default();
        let evaluated: Vec<(String, Input<'a>)> = {
            let world = World::new(tree, modules_of_nothing(), &empty, &none, None);
            let _ = modules;
            file.body
                .attributes
                .iter()
                .map(|attribute| {
                    let value = world.eval_at(0, &file.source, &attribute.value);
                    (attribute.name.to_string(), Input { value, place: Some((&file.source, attribute.at)) })
                })
                .collect()
        };
        out.extend(evaluated);
    }
    out
}

fn modules_of_nothing() -> &'static BTreeMap<String, Module<'static>> {
    static NOTHING: BTreeMap<String, Module<'static>> = BTreeMap::new();
    &NOTHING
}
