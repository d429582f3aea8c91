//! Terragrunt: what it runs, with which inputs, and what it generates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::Module;
use super::evaluate::relative;
use super::session::Session;
use super::syntax::{Attribute, Block, Body, Expr, ExprKind, ParsedFile};
use super::value::{Kind, Value};
use super::world::{Input, Inputs, World};
use crate::model::Evidence;
use crate::source::{SourceFile, Tree};

/// Includes of includes, configurations read by configurations.
const MAX_READS: u32 = 8;

/// A folder that Terragrunt runs.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    /// Path of its `terragrunt.hcl`.
    pub(super) path: String,
    /// Folder of the module it runs; `None` when that is not in the tree.
    pub(super) module: Option<String>,
    /// The source as written, where it is not in the tree.
    pub(super) source: String,
}

/// What is added to the language in a Terragrunt file.
#[derive(Clone)]
pub(super) struct Grunt<'a> {
    /// The folder that is run, from which includes are looked for.
    pub(super) child: String,
    pub(super) files: &'a BTreeMap<String, Module<'a>>,
    pub(super) depth: u32,
    pub(super) includes: BTreeMap<String, Value>,
}

/// The folders that Terragrunt runs: those whose `terragrunt.hcl`, or what it includes, names a source.
pub(super) fn find(
    tree: &Tree,
    files: &BTreeMap<String, Module<'_>>,
    modules: &BTreeMap<String, Module<'_>>,
) -> Vec<Stack> {
    let mut out = Vec::new();
    let included: BTreeSet<String> =
        files.keys().flat_map(|path| includes(tree, files, path)).map(|(_, path)| path).collect();
    for path in files.keys().filter(|path| path.rsplit('/').next() == Some("terragrunt.hcl")) {
        if included.contains(path) {
            continue;
        }
        let folder = folder_of(path);
        let mut candidates = vec![path.clone()];
        candidates.extend(includes(tree, files, path).into_iter().map(|(_, path)| path));
        let source = candidates.iter().find_map(|candidate| source(tree, files, candidate, folder));
        match source {
            Some(source) => {
                let places = [local_source(folder, &source), own_source(&source)];
                let local = places.into_iter().flatten().find(|folder| modules.contains_key(folder));
                out.push(Stack { path: path.clone(), module: local, source });
            }
            // Without a source the folder's own `.tf` files are run.
            None if modules.contains_key(folder) => {
                out.push(Stack {
                    path: path.clone(),
                    module: Some(folder.to_owned()),
                    source: ".".to_owned(),
                });
            }
            None => {}
        }
    }
    out
}

/// The folder of a local source; `//` separates the package from the folder in it.
fn local_source(folder: &str, source: &str) -> Option<String> {
    if source.contains("::") || source.contains("://") || source.starts_with('/') {
        return None;
    }
    Tree::resolve(folder, &source.replace("//", "/"))
}

/// The folder in a repository that a source names, of which the scanned files may be another version.
fn own_source(source: &str) -> Option<String> {
    let source = source.split('?').next().unwrap_or(source);
    let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
    let (_, folder) = rest.split_once("//").filter(|_| source.contains("git"))?;
    Tree::resolve("", folder.trim_matches('/')).filter(|folder| !folder.is_empty())
}

fn source(tree: &Tree, files: &BTreeMap<String, Module<'_>>, path: &str, child: &str) -> Option<String> {
    let module = files.get(path)?;
    let settings = module.settings.iter().find(|settings| settings.body().attribute("source").is_some())?;
    let world = world(tree, files, module, path, child, 0);
    let value = world.eval_at(0, settings.file, &settings.body().attribute("source")?.value);
    // Of a source whose version is not known, the place is. An included file's relative one is meant from where it is
    // included.
    let text = value.text().or_else(|| value.head().filter(|head| head.contains('?')))?;
    Some(text.to_string())
}

/// The files that a file includes, by name.
fn includes(tree: &Tree, files: &BTreeMap<String, Module<'_>>, path: &str) -> Vec<(String, String)> {
    let Some(module) = files.get(path) else { return Vec::new() };
    let folder = folder_of(path);
    let world = world(tree, files, module, path, folder, 0);
    module
        .others
        .iter()
        .filter(|block| &*block.block.kind == "include")
        .filter_map(|block| {
            let value = world.eval_at(0, block.file, &block.body().attribute("path")?.value).text()?;
            let name = block.block.labels.first().map_or_else(String::new, |name| name.to_string());
            Some((name, Tree::resolve(folder, &value)?)).filter(|(_, path)| files.contains_key(path))
        })
        .collect()
}

/// The world of a Terragrunt file, as seen from the folder that is run.
fn world<'a>(
    tree: &'a Tree,
    files: &'a BTreeMap<String, Module<'a>>,
    module: &'a Module<'a>,
    path: &str,
    child: &str,
    depth: u32,
) -> World<'a> {
    static NOTHING: BTreeMap<String, Module<'static>> = BTreeMap::new();
    let mut world = World::new(tree, &NOTHING, module, Inputs::new());
    world.root_folder = folder_of(path).to_owned();
    world.grunt = Some(Grunt { child: child.to_owned(), files, depth, includes: BTreeMap::new() });
    world
}

impl Stack {
    /// The folder it is run in.
    pub(super) fn folder(&self) -> &str {
        folder_of(&self.path)
    }

    /// The inputs, those of includes first. What they refer to is adopted by the world that asks.
    pub(super) fn inputs<'a>(
        &self,
        session: &'a Session<'a>,
        chain: &[usize],
        asking: &World<'a>,
    ) -> Inputs<'a> {
        let mut out = Inputs::new();
        let mut exposed = BTreeMap::new();
        for (name, path) in includes(session.tree, session.terragrunt, &self.path) {
            let Some(module) = session.terragrunt.get(&path) else { continue };
            let mut world = world(session.tree, session.terragrunt, module, &path, self.folder(), 0);
            world.session = Some((session, chain.to_vec()));
            add_inputs(asking, &world, module, &mut out);
            exposed.insert(name, config_value(&world, module));
        }
        let Some(module) = session.terragrunt.get(&self.path) else { return out };
        let mut world = world(session.tree, session.terragrunt, module, &self.path, self.folder(), 0);
        world.session = Some((session, chain.to_vec()));
        if let Some(grunt) = &mut world.grunt {
            grunt.includes = exposed;
        }
        add_inputs(asking, &world, module, &mut out);
        out
    }

    /// What stands for a module that is not in the tree: a configuration that calls it with the inputs.
    pub(super) fn call(&self, tree: &Tree, files: &BTreeMap<String, Module<'_>>) -> Option<ParsedFile> {
        if self.module.is_some() {
            return None;
        }
        let own = files.get(&self.path)?;
        let at = own.settings.first().map_or(0, |settings| settings.block.at);
        let text = |text: &str| Expr::new(ExprKind::String(text.into()), (at, at));
        let mut call = Body::default();
        call.attributes.push(Attribute { name: "source".into(), at, value: text(&self.source) });
        let mut body = Body::default();
        for name in self.input_names(tree, files) {
            if matches!(&*name, "source" | "version" | "providers" | "count" | "for_each" | "depends_on") {
                continue;
            }
            let variable = Expr::new(ExprKind::Variable("var".into()), (at, at));
            let value = Expr::new(ExprKind::Get(Box::new(variable), Arc::clone(&name)), (at, at));
            call.attributes.push(Attribute { name: Arc::clone(&name), at, value });
            let declared = Body::default();
            body.blocks.push(Block { kind: "variable".into(), labels: vec![name], at, body: declared });
        }
        let name = self.folder().rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("this");
        body.blocks.push(Block { kind: "module".into(), labels: vec![name.into()], at, body: call });
        Some(ParsedFile { source: tree.get(&self.path)?.clone(), body })
    }

    /// The names of the inputs, its own and those of includes.
    fn input_names(&self, tree: &Tree, files: &BTreeMap<String, Module<'_>>) -> BTreeSet<Arc<str>> {
        let mut out = BTreeSet::new();
        let included = includes(tree, files, &self.path).into_iter().map(|(_, path)| path);
        for path in included.chain([self.path.clone()]) {
            let Some(module) = files.get(&path) else { continue };
            let world = world(tree, files, module, &path, self.folder(), 0);
            for (file, inputs) in module.top_level.iter().filter(|(_, given)| &*given.name == "inputs") {
                if let Kind::Map(map) = &world.eval_at(0, file, &inputs.value).kind {
                    out.extend(map.keys().map(Arc::clone));
                }
            }
        }
        out
    }

    /// Where the state is kept: the backend, its configuration, and what says so. Its own words count before those
    /// of includes.
    pub(super) fn state(
        &self,
        tree: &Tree,
        files: &BTreeMap<String, Module<'_>>,
    ) -> Option<(String, Value, Evidence)> {
        let included = includes(tree, files, &self.path).into_iter().map(|(_, path)| path);
        std::iter::once(self.path.clone()).chain(included).find_map(|path| {
            let module = files.get(&path)?;
            let declared = module.others.iter().find(|block| &*block.block.kind == "remote_state")?;
            let world = world(tree, files, module, &path, self.folder(), 0);
            let config = declared.body().attribute("config")?;
            let backend = declared.body().attribute("backend")?;
            let backend = world.eval_at(0, declared.file, &backend.value).text()?.to_string();
            let named = match &config.value.kind {
                super::syntax::ExprKind::Object(items) => items.iter().find(|(key, _)| {
                    key.literal().is_some_and(|name| super::backend::PLACES.contains(&name))
                }),
                _ => None,
            };
            let at = named.map_or(config.at, |(key, _)| key.span.0);
            let value = world.eval_at(0, declared.file, &config.value);
            Some((backend, value, Evidence::at(declared.file, at as usize)))
        })
    }

    /// The texts of the files that it generates, as far as they are known.
    pub(super) fn generated(&self, tree: &Tree, files: &BTreeMap<String, Module<'_>>) -> Vec<SourceFile> {
        let mut paths: Vec<String> =
            includes(tree, files, &self.path).into_iter().map(|(_, path)| path).collect();
        paths.push(self.path.clone());
        let mut out = Vec::new();
        for path in paths {
            let Some(module) = files.get(&path) else { continue };
            let world = world(tree, files, module, &path, self.folder(), 0);
            for block in module.others.iter().filter(|block| &*block.block.kind == "generate") {
                let Some(contents) = block.body().attribute("contents") else { continue };
                if let Some(text) = world.eval_at(0, block.file, &contents.value).text() {
                    out.push(SourceFile::new(path.as_str(), text.as_bytes()));
                }
            }
        }
        out
    }
}

fn add_inputs<'a>(asking: &World<'a>, world: &World<'a>, module: &'a Module<'a>, out: &mut Inputs<'a>) {
    for (file, attribute) in module.top_level.iter().filter(|(_, attribute)| &*attribute.name == "inputs") {
        let value = world.eval_at(0, file, &attribute.value);
        let Kind::Map(map) = &value.kind else { continue };
        for (name, value) in map.iter() {
            let mut at = attribute.at;
            if let super::syntax::ExprKind::Object(items) = &attribute.value.kind {
                at = items
                    .iter()
                    .find(|(key, _)| key.literal() == Some(name))
                    .map_or(at, |(key, _)| key.span.0);
            }
            out.insert(
                name.to_string(),
                Input { value: asking.adopt(world, 0, value, 0), place: Some((file, at)) },
            );
        }
    }
}

/// `locals` and `inputs` of a file, as `read_terragrunt_config` and exposed includes give them.
fn config_value(world: &World<'_>, module: &Module<'_>) -> Value {
    let locals: BTreeMap<Arc<str>, Value> =
        module.locals.keys().map(|name| (Arc::from(*name), world.local(0, name))).collect();
    let mut map = BTreeMap::from([(Arc::from("locals"), Value::map(locals))]);
    for (file, attribute) in &module.top_level {
        map.insert(Arc::clone(&attribute.name), world.eval_at(0, file, &attribute.value));
    }
    Value::map(map)
}

impl<'a> World<'a> {
    /// `dependency.NAME` and `include.NAME` in a Terragrunt file.
    pub(super) fn grunt_root(&self, root: &str, name: &str) -> Option<Value> {
        let grunt = self.grunt.as_ref()?;
        match root {
            "include" => Some(match grunt.includes.get(name) {
                Some(value) => value.clone(),
                // An include without a name: the name is already an attribute of it.
                None => grunt.includes.get("").map_or_else(
                    || Value::unknown("an include that was not read"),
                    |value| self.member(value, name),
                ),
            }),
            "dependency" => Some(self.dependency(name)),
            "values" | "unit" | "stack" | "feature" => Some(Value::unknown("values of a stack are not read")),
            _ => None,
        }
    }

    fn dependency(&self, name: &str) -> Value {
        let outputs = self.dependency_outputs(name);
        let outputs = outputs
            .unwrap_or_else(|| Value::unknown(format!("the outputs of dependency `{name}` are not known")));
        Value::map(BTreeMap::from([("outputs".into(), outputs)]))
    }

    fn dependency_outputs(&self, name: &str) -> Option<Value> {
        let root = self.instance(0);
        let block = root.module?.others.iter().find(|block| {
            &*block.block.kind == "dependency"
                && block.block.labels.first().is_some_and(|label| &**label == name)
        })?;
        let path = self.eval_at(0, block.file, &block.body().attribute("config_path")?.value).text()?;
        let folder = Tree::resolve(&self.root_folder, &path)?;
        let (session, _) = self.session.as_ref()?;
        self.outputs_elsewhere(session.in_folder(&folder)?)
    }

    /// Terragrunt's own functions.
    pub(super) fn grunt_function(&self, name: &str, args: &[Value]) -> Option<Value> {
        let grunt = self.grunt.as_ref()?;
        let here = &self.root_folder;
        Some(match name {
            "find_in_parent_folders" => self.find_in_parents(grunt, args),
            "get_terragrunt_dir" | "get_original_terragrunt_dir" | "get_working_dir" => {
                Value::string(relative(here, &grunt.child))
            }
            "get_parent_terragrunt_dir" => Value::string("."),
            "path_relative_to_include" => Value::string(relative(here, &grunt.child)),
            "path_relative_from_include" => Value::string(relative(&grunt.child, here)),
            "get_repo_root" | "get_path_from_repo_root" | "get_path_to_repo_root" => {
                let path = match name {
                    "get_path_from_repo_root" => grunt.child.clone(),
                    _ => relative(here, ""),
                };
                Value::string(path)
            }
            "get_env" => match args.get(1) {
                Some(default) => default.clone(),
                None => Value::unknown("the environment of the process is not read"),
            },
            "read_terragrunt_config" => self.read_config(grunt, args),
            "run_cmd" => Value::unknown("commands are not run"),
            "sops_decrypt_file" => Value::unknown("secrets are not decrypted"),
            "get_aws_account_id"
            | "get_aws_account_alias"
            | "get_aws_caller_identity_arn"
            | "get_aws_caller_identity_user_id" => Value::unknown("known only to whoever runs it"),
            "get_terraform_commands_that_need_vars"
            | "get_terraform_command"
            | "get_platform"
            | "get_terraform_cli_args"
            | "get_terragrunt_source_cli_flag"
            | "get_default_retryable_errors"
            | "mark_as_read" => Value::unknown("known only while it is run"),
            _ => return None,
        })
    }

    fn find_in_parents(&self, grunt: &Grunt<'_>, args: &[Value]) -> Value {
        let wanted: Vec<String> = match args.first() {
            Some(name) => name.text().into_iter().map(|name| name.to_string()).collect(),
            None => vec!["terragrunt.hcl".to_owned(), "root.hcl".to_owned()],
        };
        let mut folder = grunt.child.as_str();
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            for name in &wanted {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if self.tree.get(&path).is_some() {
                    let up = relative(&self.root_folder, folder);
                    return Value::string(if up == "." { name.clone() } else { format!("{up}/{name}") });
                }
            }
        }
        match args.get(1) {
            Some(fallback) => fallback.clone(),
            None => Value::unknown(format!(
                "`{}` is in no folder above",
                wanted.first().map_or("", String::as_str)
            )),
        }
    }

    fn read_config(&self, grunt: &Grunt<'a>, args: &[Value]) -> Value {
        let named = args.first().and_then(Value::text);
        // What an included file names by a path of its own is meant from the folder that is run.
        let found = named.and_then(|name| {
            let path_in =
                |folder: &str| Tree::resolve(folder, &name).filter(|path| grunt.files.contains_key(path));
            path_in(&self.root_folder).or_else(|| path_in(&grunt.child))
        });
        let module = found.as_ref().and_then(|path| grunt.files.get(path));
        let (Some(path), Some(module)) = (found, module) else {
            return args
                .get(1)
                .cloned()
                .unwrap_or_else(|| Value::unknown("a configuration that was not read"));
        };
        if grunt.depth >= MAX_READS {
            return Value::unknown("configurations read each other");
        }
        // A file read by path is seen from its own folder.
        let mut other = world(self.tree, grunt.files, module, &path, folder_of(&path), grunt.depth + 1);
        other.session = self.session.clone();
        config_value(&other, module)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
