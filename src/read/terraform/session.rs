//! All roots of the tree together: what one of them may know of another.

use std::collections::BTreeMap;

use super::config::{Declared, Module};
use super::roots::Root;
use super::syntax::ParsedFile;
use super::terragrunt::Stack;
use super::value::{Kind, Value};
use super::world::{Input, Inputs, World};
use crate::source::Tree;

/// Roots whose outputs are asked for by roots whose outputs are asked for.
const MAX_CHAIN: usize = 6;

/// Everything that was parsed, and what is run of it.
pub(super) struct Session<'a> {
    pub(super) tree: &'a Tree,
    pub(super) modules: &'a BTreeMap<String, Module<'a>>,
    pub(super) values: &'a BTreeMap<String, &'a ParsedFile>,
    /// Terragrunt files by path.
    pub(super) terragrunt: &'a BTreeMap<String, Module<'a>>,
    pub(super) roots: Vec<Deployed<'a>>,
    /// Which root keeps its state where.
    pub(super) states: BTreeMap<String, usize>,
    /// Ids carry the folder of their root.
    pub(super) several: bool,
}

/// A root, however it is run.
pub(super) struct Deployed<'a> {
    /// The folder it is run in.
    pub(super) folder: String,
    pub(super) module: &'a Module<'a>,
    pub(super) how: How,
}

/// How a root gets its values.
pub(super) enum How {
    Plain(Root),
    Terragrunt(Stack),
}

/// A resource of another root that a value leads to.
#[derive(Clone)]
pub(super) struct Foreign<'a> {
    pub(super) address: String,
    pub(super) root: usize,
    pub(super) type_name: String,
    pub(super) name: String,
    pub(super) declared: Declared<'a>,
    pub(super) zone: Option<Value>,
}

impl<'a> Session<'a> {
    /// The world of a root; `chain` are the roots that ask.
    pub(super) fn world(&'a self, root: usize, chain: &[usize]) -> World<'a> {
        let deployed = &self.roots[root];
        let mut chain = chain.to_vec();
        chain.push(root);
        let mut world = World::new(self.tree, self.modules, deployed.module, Inputs::new());
        match &deployed.how {
            How::Plain(plain) => {
                world.inputs = self.given_values(plain);
                world.workspace = plain.workspace.clone();
            }
            How::Terragrunt(stack) => world.inputs = stack.inputs(self, &chain, &world),
        }
        world.session = Some((self, chain));
        world
    }

    /// Prefix of the ids of a root.
    pub(super) fn prefix(&self, root: usize) -> &str {
        if self.several { &self.roots[root].folder } else { "" }
    }

    /// The root whose state is kept at a place.
    pub(super) fn state(&self, backend: &str, config: &Value) -> Option<usize> {
        self.states.get(&state_key(backend, config)?).copied()
    }

    /// The root that Terragrunt runs in a folder.
    pub(super) fn in_folder(&self, folder: &str) -> Option<usize> {
        self.roots.iter().position(|root| root.folder == folder)
    }

    /// The outputs of a root; `None` when that goes round in a circle.
    pub(super) fn outputs(&'a self, asking: &World<'a>, root: usize) -> Option<Value> {
        let (_, chain) = asking.session.as_ref()?;
        if chain.contains(&root) || chain.len() >= MAX_CHAIN {
            return None;
        }
        let world = self.world(root, chain);
        if matches!(&self.roots[root].how, How::Terragrunt(stack) if stack.module.is_none()) {
            return Some(asking.adopt(&world, root, &world.called_from_elsewhere()?, 0));
        }
        let outputs = self.roots[root].module.outputs.keys();
        let map = outputs
            .map(|name| ((*name).into(), asking.adopt(&world, root, &world.output(0, name), 0)))
            .collect();
        Some(Value::map(map))
    }

    fn given_values(&'a self, root: &Root) -> Inputs<'a> {
        let mut out = Inputs::new();
        for path in &root.values {
            let Some(file) = self.values.get(path) else { continue };
            out.extend(values_of(self.tree, file));
        }
        if let Some((variable, name)) = &root.selected {
            out.insert(variable.clone(), Input { value: Value::string(name.as_str()), place: None });
        }
        out
    }

    /// Notes where each root keeps its state.
    pub(super) fn find_states(&mut self) {
        let mut states = BTreeMap::new();
        for (index, root) in self.roots.iter().enumerate() {
            let by_terragrunt = match &root.how {
                How::Terragrunt(stack) => stack.state(self.tree, self.terragrunt),
                How::Plain(_) => None,
            };
            let state = by_terragrunt.map(|(backend, config, _)| (backend, config));
            if let Some((backend, config)) = state.or_else(|| backend_of(self.tree, root.module))
                && let Some(key) = state_key(&backend, &config)
            {
                states.insert(key, index);
            }
        }
        self.states = states;
    }
}

/// The values of a `.tfvars` file. They are constants: a world without anything in it evaluates them.
fn values_of<'a>(tree: &'a Tree, file: &'a ParsedFile) -> Vec<(String, Input<'a>)> {
    let empty = Module::default();
    let nothing = BTreeMap::new();
    let world = World::new(tree, &nothing, &empty, Inputs::new());
    file.body
        .attributes
        .iter()
        .map(|attribute| {
            let value = world.eval_at(0, &file.source, &attribute.value);
            (attribute.name.to_string(), Input { value, place: Some((&file.source, attribute.at)) })
        })
        .collect()
}

/// The backend of a root and its configuration.
pub(super) fn backend_of(tree: &Tree, module: &Module<'_>) -> Option<(String, Value)> {
    let nothing = BTreeMap::new();
    let empty = Module::default();
    let world = World::new(tree, &nothing, &empty, Inputs::new());
    let scope = super::world::Scope { module: 0, file: None, each: None, bound: None, element: None };
    module.settings.iter().find_map(|settings| {
        if let Some(block) = settings.body().block("backend") {
            return Some((block.labels.first()?.to_string(), world.body_value(&block.body, scope)));
        }
        let cloud = settings.body().block("cloud")?;
        Some(("remote".to_owned(), world.body_value(&cloud.body, scope)))
    })
}

/// One text for a place of a state, the same for whoever writes and whoever reads it.
fn state_key(backend: &str, config: &Value) -> Option<String> {
    let text = |name: &str| config.entries().and_then(|map| map.get(name)).and_then(Value::text);
    let first = |value: &Value| match &value.kind {
        Kind::List(items) => items.first().cloned(),
        _ => Some(value.clone()),
    };
    let workspace = || {
        let inner = first(config.entries()?.get("workspaces")?)?;
        inner.entries()?.get("name")?.text()
    };
    let parts: Vec<std::sync::Arc<str>> = match backend {
        "s3" => vec![text("bucket")?, text("key")?],
        "gcs" => vec![text("bucket")?, text("prefix").unwrap_or_else(|| "".into())],
        "azurerm" => vec![text("storage_account_name")?, text("container_name")?, text("key")?],
        "remote" | "cloud" => vec![text("organization")?, workspace().or_else(|| text("workspace"))?],
        "consul" => vec![text("path")?],
        "http" => vec![text("address")?],
        _ => return None,
    };
    let backend = if backend == "cloud" { "remote" } else { backend };
    Some(format!("{backend}|{}", parts.join("|")))
}
