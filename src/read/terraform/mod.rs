//! Terraform, OpenTofu and Terragrunt: configurations evaluated without cloud or registry.
//!
//! Files are parsed ([`parse`], [`json`]) into one syntax tree ([`syntax`]), collected into modules ([`config`]);
//! each root ([`roots`]) is evaluated lazily in a [`world`], its resources flattened ([`leaves`]) and joined into a
//! graph ([`graph`]), from which nodes ([`nodes`]) and edges ([`edges`]) come; names of the DNS are read in [`dns`].

mod apps;
mod arns;
mod backend;
mod config;
mod convert;
mod copies;
mod dns;
mod doors;
mod edges;
mod either;
mod elsewhere;
mod evaluate;
mod files;
mod functions;
pub(crate) mod given;
mod graph;
mod guards;
mod joined;
mod json;
mod knowledge;
mod leaves;
mod lookups;
mod nodes;
mod objects;
mod parse;
mod place;
mod provider_blocks;
mod redefined;
mod remote_state;
mod roots;
mod scaling;
mod selectors;
mod session;
mod settings;
mod syntax;
mod terragrunt;
#[cfg(test)]
mod tests;
mod trace;
mod value;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::config::Module;
use self::graph::Found;
use self::session::{Deployed, How, Session};
use self::syntax::ParsedFile;
use self::terragrunt::Stack;
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
        ENDINGS.iter().any(|ending| path.ends_with(ending)) || is_terragrunt(path) || is_template(path)
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path()) && file.name() != ".terraform.lock.hcl" && !is_template(file.path())
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let work = || read_all(files, cx);
        match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
            Ok(pool) => pool.install(work),
            Err(_) => work(),
        }
    }
}

/// Whether a file is one that configurations fill in with `templatefile`.
fn is_template(path: &str) -> bool {
    let stem = path.strip_suffix(".tmpl").unwrap_or_default();
    let is_known =
        [".json", ".yaml", ".yml", ".sh", ".cfg", ".conf"].iter().any(|ending| stem.ends_with(ending));
    is_known || path.ends_with(".tpl") || path.ends_with(".tftpl")
}

fn is_terragrunt(path: &str) -> bool {
    path.ends_with(".hcl") && !path.ends_with(".terraform.lock.hcl")
}

fn read_all(files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
    let mut problems = Problems::new();
    let parsed: Vec<(ParsedFile, Problems)> = files.par_iter().map(|file| parse_one(file)).collect();
    let mut configurations: BTreeMap<&str, Vec<&ParsedFile>> = BTreeMap::new();
    let mut values: BTreeMap<String, &ParsedFile> = BTreeMap::new();
    let mut grunts: BTreeMap<String, Module<'_>> = BTreeMap::new();
    for (file, found) in &parsed {
        problems.extend(found.clone());
        let path = file.source.path();
        if path.ends_with(".tfvars") || path.ends_with(".tfvars.json") {
            values.insert(path.to_string(), file);
        } else if is_terragrunt(path) {
            grunts.insert(path.to_string(), Module::new(file.source.folder(), [file]));
        } else {
            configurations.entry(file.source.folder()).or_default().push(file);
        }
    }
    let modules: BTreeMap<String, Module<'_>> = configurations
        .iter()
        .map(|(folder, files)| ((*folder).to_owned(), Module::new(folder, files.iter().copied())))
        .collect();
    let stacks = terragrunt::find(cx.tree, &grunts, &modules);
    let generated: Vec<Vec<ParsedFile>> =
        stacks.iter().map(|stack| generated(stack, cx.tree, &grunts)).collect();
    let calls: Vec<Option<ParsedFile>> = stacks.iter().map(|stack| stack.call(cx.tree, &grunts)).collect();
    let run: BTreeSet<String> = stacks.iter().filter_map(|stack| stack.module.clone()).collect();
    let plain = roots::find(&modules, &values, &run, cx);
    let added = generated.iter().zip(&calls);
    let dressed: Vec<Option<Module<'_>>> = stacks
        .iter()
        .zip(added)
        .map(|(stack, (generated, call))| dressed(stack, &configurations, generated, call.as_ref()))
        .collect();
    let mut session = Session {
        tree: cx.tree,
        modules: &modules,
        values: &values,
        terragrunt: &grunts,
        roots: Vec::new(),
        states: BTreeMap::new(),
        several: false,
    };
    for root in plain {
        let module = &modules[&root.folder];
        session.roots.push(Deployed { folder: root.folder.clone(), module, how: How::Plain(root) });
    }
    for (stack, module) in stacks.into_iter().zip(&dressed) {
        if let Some(module) = module {
            let folder = stack.folder().to_owned();
            session.roots.push(Deployed { folder, module, how: How::Terragrunt(stack) });
        }
    }
    session.roots.sort_by(|a, b| a.folder.cmp(&b.folder));
    session.several = session.roots.len() > 1;
    session.find_states();
    read_roots(&session, cx, problems)
}

/// The module that a stack of Terragrunt runs, with the files that Terragrunt puts beside it; the call of one from
/// elsewhere. `None` where there is nothing to run.
fn dressed<'a>(
    stack: &Stack,
    configurations: &BTreeMap<&str, Vec<&'a ParsedFile>>,
    generated: &'a [ParsedFile],
    call: Option<&'a ParsedFile>,
) -> Option<Module<'a>> {
    let Some(folder) = stack.module.as_deref() else {
        return Some(Module::new(stack.folder(), generated.iter().chain([call?])));
    };
    let own = configurations.get(folder)?;
    Some(Module::new(folder, own.iter().copied().chain(generated)))
}

/// Reads each root by itself, then what they are to each other.
fn read_roots(session: &Session<'_>, cx: &ReadContext<'_>, mut problems: Problems) -> Declarations {
    let read: Vec<(Unit, Found, Problems)> =
        (0..session.roots.len()).into_par_iter().map(|root| read_root(session, root, cx)).collect();
    let mut out = Declarations::default();
    let mut doors = BTreeSet::new();
    let mut lookups = Vec::new();
    for (unit, found, said) in read {
        out.units.push(unit);
        doors.extend(found.doors);
        lookups.push(found.lookups);
        problems.extend(said);
    }
    lookups::settle(&mut out.units, &lookups);
    doors::settle(&mut out.units, &doors);
    out.problems = problems;
    out
}

fn generated(stack: &Stack, tree: &Tree, grunts: &BTreeMap<String, Module<'_>>) -> Vec<ParsedFile> {
    let mut ignored = Problems::new();
    stack.generated(tree, grunts).iter().map(|file| parse::parse_hcl(file, &mut ignored)).collect()
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

fn read_root<'a>(session: &'a Session<'a>, root: usize, cx: &'a ReadContext<'_>) -> (Unit, Found, Problems) {
    let deployed = &session.roots[root];
    let world = session.world(root, &[]);
    let name = if deployed.folder.is_empty() { "." } else { deployed.folder.as_str() };
    let mut unit = Unit::new("terraform", name, deployed.folder.as_str());
    if let How::Plain(plain) = &deployed.how {
        unit.environments = plain.environments.clone();
    }
    let mut problems = Problems::new();
    let found = graph::read(&world, cx, session.prefix(root), &mut unit, &mut problems);
    backend::read(&world, deployed, &mut unit);
    if world.exhausted.get()
        && let Some(file) = deployed.module.files.first()
    {
        problems.warning(
            file.line_location(1),
            format!("`{name}` is too large to be evaluated in full: what was left is unknown"),
        );
    }
    (unit, found, problems)
}
