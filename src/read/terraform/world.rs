//! One root with all its module instances: variables, locals, outputs and resource instances, evaluated when
//! asked for and once.
//!
//! Everything is bounded: what would go round in a circle, too deep or too far is unknown, with that reason.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::config::{Declared, Mode, Module, Resource};
use super::convert::convert;
use super::knowledge::links;
use super::provider_blocks::said_by_provider;
use super::session::{Foreign, Session};
use super::syntax::{Block, Body, Expr};
use super::terragrunt::Grunt;
use super::value::{InstanceKey, Key, Kind, Ref, Value};
use crate::source::{SourceFile, Tree};

/// Stands for a module whose source is not in the tree, in place of a resource.
pub(super) const EXTERNAL: u32 = u32::MAX;

/// Stands for another root, in place of a module instance; the resource is then an index of `foreign`.
pub(super) const FOREIGN: u32 = u32::MAX;

/// Instances of one resource or module; more are one instance of unknown count.
const MAX_INSTANCES: usize = 10_000;
/// Module instances of one root.
const MAX_MODULES: usize = 5_000;
/// Modules within modules.
const MAX_MODULE_DEPTH: u32 = 16;
/// Evaluations within evaluations.
const MAX_DEPTH: u32 = 500;
/// Steps of evaluation of one root.
const MAX_STEPS: u64 = 3_000_000;

/// Values given to a root from outside, with the places that give them.
pub(super) type Inputs<'a> = BTreeMap<String, Input<'a>>;

/// A value from a `.tfvars` file, from Terragrunt or from the command's side.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    pub(super) value: Value,
    pub(super) place: Option<(&'a SourceFile, u32)>,
}

/// A module instance.
pub(super) struct ModuleInstance<'a> {
    pub(super) parent: Option<u32>,
    /// `module.a["k"].module.b`, empty for the root.
    pub(super) address: String,
    /// `None` when its source is not in the tree.
    pub(super) module: Option<&'a Module<'a>>,
    pub(super) call: Option<Declared<'a>>,
    pub(super) key: Key,
    each_value: Option<Value>,
    depth: u32,
}

/// What bound names mean where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) module: u32,
    pub(super) file: Option<&'s SourceFile>,
    pub(super) each: Option<&'s Each>,
    pub(super) bound: Option<&'s Bound<'s>>,
    pub(super) element: Option<&'s Value>,
}

/// `each.key`, `each.value` and `count.index`.
pub(super) struct Each {
    pub(super) key: Key,
    pub(super) value: Value,
}

/// A name bound by `for`, a template or `dynamic`.
pub(super) struct Bound<'s> {
    pub(super) name: &'s str,
    pub(super) value: Value,
    pub(super) next: Option<&'s Bound<'s>>,
}

/// How many instances a resource or module has.
#[derive(Clone, Debug)]
pub(super) enum Instances {
    Single,
    Count(u32),
    Each(Arc<BTreeMap<Arc<str>, Value>>),
    Unknown(Arc<str>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Slot {
    Variable(u32, Arc<str>),
    Local(u32, Arc<str>),
    Output(u32, Arc<str>),
    Attribute(InstanceKey, Arc<str>),
}

/// A module instance by its parent, its name and its key.
type Child = (u32, Arc<str>, Key);

/// One root, evaluated.
pub(super) struct World<'a> {
    pub(super) tree: &'a Tree,
    modules_by_folder: &'a BTreeMap<String, Module<'a>>,
    pub(super) inputs: Inputs<'a>,
    pub(super) workspace: Option<String>,
    pub(super) root_folder: String,
    /// All roots, and those that ask for this one.
    pub(super) session: Option<(&'a Session<'a>, Vec<usize>)>,
    /// What Terragrunt adds, in its files.
    pub(super) grunt: Option<Grunt<'a>>,
    /// Resources of other roots that values lead to.
    pub(super) foreign: RefCell<Vec<Foreign<'a>>>,
    pub(super) elsewhere: RefCell<HashMap<usize, Option<Value>>>,
    instances: RefCell<Vec<Rc<ModuleInstance<'a>>>>,
    module_ids: RefCell<HashMap<Child, u32>>,
    values: RefCell<HashMap<Slot, Option<Value>>>,
    expansions: RefCell<HashMap<(u32, u32), Instances>>,
    call_expansions: RefCell<HashMap<(u32, Arc<str>), Instances>>,
    depth: Cell<u32>,
    steps: Cell<u64>,
    /// Whether a bound was hit.
    pub(super) exhausted: Cell<bool>,
}

impl<'a> World<'a> {
    /// The world of a root.
    pub(super) fn new(
        tree: &'a Tree,
        modules_by_folder: &'a BTreeMap<String, Module<'a>>,
        root: &'a Module<'a>,
        inputs: Inputs<'a>,
    ) -> Self {
        let root_instance = ModuleInstance {
            parent: None,
            address: String::new(),
            module: Some(root),
            call: None,
            key: Key::None,
            each_value: None,
            depth: 0,
        };
        World {
            tree,
            modules_by_folder,
            inputs,
            workspace: None,
            root_folder: root.folder.clone(),
            session: None,
            grunt: None,
            foreign: RefCell::default(),
            elsewhere: RefCell::default(),
            instances: RefCell::new(vec![Rc::new(root_instance)]),
            module_ids: RefCell::default(),
            values: RefCell::default(),
            expansions: RefCell::default(),
            call_expansions: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            exhausted: Cell::new(false),
        }
    }

    /// A module instance.
    pub(super) fn instance(&self, id: u32) -> Rc<ModuleInstance<'a>> {
        Rc::clone(&self.instances.borrow()[id as usize])
    }

    /// The resource of an instance.
    pub(super) fn resource(&self, key: &InstanceKey) -> Resource<'a> {
        let module = self.instance(key.module).module.expect("a resource stands in a module that was read");
        module.resources[key.resource as usize]
    }

    /// The address of a resource instance, module path and key included.
    pub(super) fn address(&self, key: &InstanceKey) -> String {
        if key.resource == EXTERNAL {
            return self.instance(key.module).address.clone();
        }
        let resource = self.resource(key);
        let module = self.instance(key.module);
        let mut out = String::new();
        if !module.address.is_empty() {
            out.push_str(&module.address);
            out.push('.');
        }
        if resource.mode == Mode::Data {
            out.push_str("data.");
        }
        out.push_str(resource.type_name);
        out.push('.');
        out.push_str(resource.name);
        match &key.key {
            Key::Unknown => {}
            key => out.push_str(&key.suffix()),
        }
        out
    }

    /// Runs `work` one level deeper; `None` when the bounds are reached.
    pub(super) fn deeper<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        if self.depth.get() >= MAX_DEPTH || self.steps.get() >= MAX_STEPS {
            self.exhausted.set(true);
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        self.steps.set(self.steps.get() + 1);
        let out = work();
        self.depth.set(self.depth.get() - 1);
        Some(out)
    }

    /// All module instances, the root first, each before its children.
    pub(super) fn all_modules(&self) -> Vec<u32> {
        let mut out = vec![0];
        let mut at = 0;
        while at < out.len() && out.len() < MAX_MODULES {
            let id = out[at];
            at += 1;
            let Some(module) = self.instance(id).module else { continue };
            for name in module.calls.keys() {
                for key in self.keys(&self.call_instances(id, name)) {
                    out.extend(self.child(id, name, &key));
                }
            }
        }
        out
    }

    /// All resource instances of a module instance.
    pub(super) fn resource_instances(&self, module: u32) -> Vec<InstanceKey> {
        let Some(config) = self.instance(module).module else { return Vec::new() };
        let mut out = Vec::new();
        for resource in 0..config.resources.len() as u32 {
            for key in self.keys(&self.resource_expansion(module, resource)) {
                out.push(InstanceKey { module, resource, key });
            }
        }
        out
    }

    /// The keys of instances.
    pub(super) fn keys(&self, instances: &Instances) -> Vec<Key> {
        match instances {
            Instances::Single => vec![Key::None],
            Instances::Count(count) => (0..*count).map(Key::Number).collect(),
            Instances::Each(map) => map.keys().map(|key| Key::Text(Arc::clone(key))).collect(),
            Instances::Unknown(_) => vec![Key::Unknown],
        }
    }

    /// How many instances a resource has.
    pub(super) fn resource_expansion(&self, module: u32, resource: u32) -> Instances {
        if let Some(known) = self.expansions.borrow().get(&(module, resource)) {
            return known.clone();
        }
        // What hangs on its own number is unknown.
        let cycle = Instances::Unknown("its count depends on itself".into());
        self.expansions.borrow_mut().insert((module, resource), cycle);
        let config = self.instance(module).module.expect("a resource stands in a module that was read");
        let declared = config.resources[resource as usize].declared;
        let instances = self.expand(declared, module);
        self.expansions.borrow_mut().insert((module, resource), instances.clone());
        instances
    }

    /// How many instances a module call has.
    pub(super) fn call_instances(&self, module: u32, name: &str) -> Instances {
        let slot = (module, Arc::from(name));
        if let Some(known) = self.call_expansions.borrow().get(&slot) {
            return known.clone();
        }
        let cycle = Instances::Unknown("its count depends on itself".into());
        self.call_expansions.borrow_mut().insert(slot.clone(), cycle);
        let call = self.instance(module).module.and_then(|config| config.calls.get(name).copied());
        let instances = call.map_or(Instances::Single, |call| self.expand(call, module));
        self.call_expansions.borrow_mut().insert(slot, instances.clone());
        instances
    }

    fn expand(&self, declared: Declared<'a>, module: u32) -> Instances {
        let scope = Scope { module, file: Some(declared.file), each: None, bound: None, element: None };
        if let Some(count) = declared.body().attribute("count") {
            let value = self.eval(&count.value, scope);
            return match value.as_number() {
                Some(number) if number >= 0.0 && number <= MAX_INSTANCES as f64 => {
                    Instances::Count(number as u32)
                }
                Some(_) => Instances::Unknown("`count` is out of bounds".into()),
                None => Instances::Unknown(why(&value, "`count` is not known")),
            };
        }
        let Some(each) = declared.body().attribute("for_each") else { return Instances::Single };
        let value = self.eval(&each.value, scope);
        self.each_of(&value)
    }

    /// Whether the `count` of what is declared is one or none, though it is not known which.
    pub(super) fn is_at_most_one(&self, declared: Declared<'a>, module: u32) -> bool {
        let scope = Scope { module, file: Some(declared.file), each: None, bound: None, element: None };
        declared
            .body()
            .attribute("count")
            .is_some_and(|count| self.eval(&count.value, scope).is_at_most_one())
    }

    /// The instances of a `for_each` value.
    pub(super) fn each_of(&self, value: &Value) -> Instances {
        let too_many = || Instances::Unknown("`for_each` has too many elements".into());
        match &value.kind {
            Kind::Map(map) if map.len() <= MAX_INSTANCES => Instances::Each(Arc::clone(map)),
            Kind::Set(items) | Kind::List(items) if items.len() <= MAX_INSTANCES => {
                let mut map = BTreeMap::new();
                for item in items.iter() {
                    match item.text() {
                        Some(text) => drop(map.insert(text, item.clone())),
                        None => {
                            return Instances::Unknown(why(item, "an element of `for_each` is not known"));
                        }
                    }
                }
                Instances::Each(Arc::new(map))
            }
            Kind::Map(_) | Kind::Set(_) | Kind::List(_) => too_many(),
            Kind::Null => Instances::Each(Arc::default()),
            _ => Instances::Unknown(why(value, "`for_each` is not known")),
        }
    }

    /// `each` and `count` of a resource instance.
    pub(super) fn each(&self, key: &InstanceKey) -> Each {
        let value = match (&key.key, self.resource_expansion(key.module, key.resource)) {
            (Key::Text(text), Instances::Each(map)) => map.get(text).cloned(),
            (_, Instances::Unknown(reason)) => Some(self.unknown_element(key, &reason)),
            _ => None,
        };
        Each { key: key.key.clone(), value: value.unwrap_or(Value::NULL) }
    }

    /// What is known of the elements of a `for_each` that is not: what it refers to.
    fn unknown_element(&self, key: &InstanceKey, reason: &Arc<str>) -> Value {
        let declared = self.resource(key).declared;
        let scope =
            Scope { module: key.module, file: Some(declared.file), each: None, bound: None, element: None };
        let refs =
            declared.body().attribute("for_each").and_then(|each| self.eval(&each.value, scope).deep_refs());
        Value::unknown(Arc::clone(reason)).with_refs(&refs)
    }

    /// A child module instance; `None` beyond the bounds.
    pub(super) fn child(&self, parent: u32, name: &str, key: &Key) -> Option<u32> {
        let slot = (parent, Arc::from(name), key.clone());
        if let Some(id) = self.module_ids.borrow().get(&slot) {
            return Some(*id);
        }
        let above = self.instance(parent);
        let call = above.module.and_then(|config| config.calls.get(name).copied())?;
        if above.depth >= MAX_MODULE_DEPTH || self.instances.borrow().len() >= MAX_MODULES {
            self.exhausted.set(true);
            return None;
        }
        let module = self.called_module(parent, &call);
        let each_value = match (key, self.call_instances(parent, name)) {
            (Key::Text(text), Instances::Each(map)) => map.get(text).cloned(),
            (Key::Unknown, Instances::Unknown(reason)) => Some(Value::unknown(reason)),
            _ => None,
        };
        let suffix = if *key == Key::Unknown { String::new() } else { key.suffix() };
        let dot = if above.address.is_empty() { "" } else { "." };
        let instance = ModuleInstance {
            parent: Some(parent),
            address: format!("{}{dot}module.{name}{suffix}", above.address),
            module,
            call: Some(call),
            key: key.clone(),
            each_value,
            depth: above.depth + 1,
        };
        let mut instances = self.instances.borrow_mut();
        let id = instances.len() as u32;
        instances.push(Rc::new(instance));
        self.module_ids.borrow_mut().insert(slot, id);
        Some(id)
    }

    /// The module that a call names, if it is in the tree and not one of the callers.
    fn called_module(&self, parent: u32, call: &Declared<'a>) -> Option<&'a Module<'a>> {
        let folder = self.called_folder(parent, call)?;
        let module = self.modules_by_folder.get(&folder)?;
        (!self.stands_in(parent, &folder)).then_some(module)
    }

    /// Whether a module instance is of a folder, or is called by one that is.
    fn stands_in(&self, module: u32, folder: &str) -> bool {
        let mut above = Some(module);
        while let Some(id) = above {
            let instance = self.instance(id);
            if instance.module.is_some_and(|config| config.folder == folder) {
                return true;
            }
            above = instance.parent;
        }
        false
    }

    /// Whether a module instance that was not read would be one of its own callers.
    pub(super) fn goes_round(&self, module: u32) -> bool {
        let instance = self.instance(module);
        let (Some(parent), Some(call)) = (instance.parent, instance.call) else { return false };
        self.called_folder(parent, &call).is_some_and(|folder| self.stands_in(parent, &folder))
    }

    fn called_folder(&self, parent: u32, call: &Declared<'a>) -> Option<String> {
        let source = call.body().attribute("source")?;
        let scope = Scope { module: parent, file: Some(call.file), each: None, bound: None, element: None };
        let text = self.eval(&source.value, scope).text()?;
        local_folder(&self.instance(parent).module?.folder, &text)
    }

    /// The scope of a module call's arguments.
    pub(super) fn in_call<T>(
        &self,
        module: u32,
        work: impl FnOnce(Scope<'_>, Declared<'a>) -> T,
    ) -> Option<T> {
        let instance = self.instance(module);
        let (parent, call) = (instance.parent?, instance.call?);
        let each =
            Each { key: instance.key.clone(), value: instance.each_value.clone().unwrap_or(Value::NULL) };
        let scope =
            Scope { module: parent, file: Some(call.file), each: Some(&each), bound: None, element: None };
        Some(work(scope, call))
    }

    /// A variable of a module instance.
    pub(super) fn variable(&self, module: u32, name: &str) -> Value {
        self.once(Slot::Variable(module, name.into()), "a variable depends on itself", || {
            let instance = self.instance(module);
            let declared = instance.module.and_then(|config| config.variables.get(name).copied());
            let given = self.given(module, name);
            let Some(declared) = declared else {
                return given.unwrap_or_else(|| Value::failed(format!("there is no variable `{name}`")));
            };
            let value = match given {
                Some(value) if !value.is_null() || is_nullable(&declared) => value,
                _ => self.default(module, name, declared),
            };
            match declared.body().attribute("type") {
                Some(constraint) => convert(&value, &constraint.value),
                None => value,
            }
        })
    }

    fn given(&self, module: u32, name: &str) -> Option<Value> {
        if module == 0 {
            return self.inputs.get(name).map(|input| input.value.clone());
        }
        self.in_call(module, |scope, call| {
            call.body().attribute(name).map(|argument| self.eval(&argument.value, scope))
        })?
    }

    /// The place that gives a root variable its value.
    pub(super) fn input(&self, name: &str) -> Option<&Input<'a>> {
        self.inputs.get(name)
    }

    fn default(&self, module: u32, name: &str, declared: Declared<'a>) -> Value {
        match declared.body().attribute("default") {
            Some(default) => {
                let scope =
                    Scope { module, file: Some(declared.file), each: None, bound: None, element: None };
                self.eval(&default.value, scope)
            }
            None => Value::unknown(format!("variable `{name}` has no value")),
        }
    }

    /// A local of a module instance.
    pub(super) fn local(&self, module: u32, name: &str) -> Value {
        self.once(Slot::Local(module, name.into()), "a local depends on itself", || {
            let instance = self.instance(module);
            match instance.module.and_then(|config| config.locals.get(name)) {
                Some((file, attribute)) => {
                    let scope = Scope { module, file: Some(file), each: None, bound: None, element: None };
                    self.eval(&attribute.value, scope)
                }
                None => Value::failed(format!("there is no local `{name}`")),
            }
        })
    }

    /// An output of a module instance.
    pub(super) fn output(&self, module: u32, name: &str) -> Value {
        self.once(Slot::Output(module, name.into()), "an output depends on itself", || {
            let instance = self.instance(module);
            let Some(config) = instance.module else {
                let instance_key = InstanceKey { module, resource: EXTERNAL, key: Key::None };
                return Value::unknown(format!("`{}` is not in the tree", instance.address))
                    .with_ref(Ref { instance: instance_key, attribute: name.into() });
            };
            let value = config.outputs.get(name).and_then(|declared| {
                let attribute = declared.body().attribute("value")?;
                let scope =
                    Scope { module, file: Some(declared.file), each: None, bound: None, element: None };
                Some(self.eval(&attribute.value, scope))
            });
            value.unwrap_or_else(|| Value::failed(format!("`{}` has no output `{name}`", instance.address)))
        })
    }

    /// Whatever the module from elsewhere gives out that a root calls first.
    pub(super) fn called_from_elsewhere(&self) -> Option<Value> {
        let module = self.all_modules().into_iter().find(|id| self.instance(*id).call.is_some())?;
        let address = self.instance(module).address.clone();
        let instance = InstanceKey { module, resource: EXTERNAL, key: Key::None };
        let whole = Value::unknown(format!("`{address}` is not in the tree"));
        Some(whole.with_ref(Ref { instance, attribute: "".into() }))
    }

    /// An attribute of a resource instance, with the reference to it.
    pub(super) fn attribute(&self, key: &InstanceKey, name: &str) -> Value {
        let reference = Ref { instance: key.clone(), attribute: name.into() };
        self.once(Slot::Attribute(key.clone(), name.into()), "an attribute depends on itself", || {
            self.attribute_value(key, name)
        })
        .with_ref(reference)
    }

    fn attribute_value(&self, key: &InstanceKey, name: &str) -> Value {
        let resource = self.resource(key);
        let each = self.each(key);
        let file = resource.declared.file;
        let scope =
            Scope { module: key.module, file: Some(file), each: Some(&each), bound: None, element: None };
        let body = resource.declared.body();
        if resource.mode == Mode::Data
            && let Some(value) = self.looked_up(resource, name, scope)
        {
            return value;
        }
        if resource.type_name == "terraform_data" && name == "output" {
            return body.attribute("input").map_or(Value::NULL, |input| self.eval(&input.value, scope));
        }
        if let Some(attribute) = body.attribute(name) {
            let value = self.eval(&attribute.value, scope);
            // An argument that is left to the provider by `null` has a value after all.
            return if value.is_null() { after_apply(resource, name) } else { value };
        }
        let blocks = self.nested_blocks(body, name, scope);
        if !blocks.is_empty() {
            return Value::list(blocks);
        }
        after_apply(resource, name)
    }

    /// What an attribute of a look-up is, where that is known without looking.
    fn looked_up(&self, resource: Resource<'a>, name: &str, scope: Scope<'_>) -> Option<Value> {
        let body = resource.declared.body();
        let argument = |name: &str| body.attribute(name).map(|given| self.eval(&given.value, scope));
        match (resource.type_name, name) {
            ("terraform_remote_state" | "tfe_outputs", "outputs" | "values" | "nonsensitive_values") => {
                Some(self.remote_outputs(resource, scope))
            }
            ("template_file", "rendered") => {
                let template = argument("template").unwrap_or(Value::NULL);
                Some(self.filled(&template, argument("vars").as_ref(), scope))
            }
            // With an argument of its own it may look another one up: a region by its endpoint.
            (type_name, _) if body.attributes.iter().all(|given| is_meta(&given.name)) => {
                said_by_provider(self, scope.module, resource, links().configured(type_name, name)?)
            }
            _ => None,
        }
    }

    /// Nested blocks of a kind as maps, `dynamic` ones expanded.
    pub(super) fn nested_blocks(&self, body: &Body, kind: &str, scope: Scope<'_>) -> Vec<Value> {
        let mut out = Vec::new();
        for block in &body.blocks {
            self.each_block(block, scope, &mut |name, inner, inner_scope| {
                if name == kind {
                    out.push(self.body_value(inner, inner_scope));
                }
            });
        }
        out
    }

    /// Calls `see` for a block: once, or for each element of a `dynamic` one. A `dynamic` block whose
    /// elements are unknown is seen once.
    pub(super) fn each_block<'b>(
        &self,
        block: &'b Block,
        scope: Scope<'_>,
        see: &mut dyn FnMut(&str, &'b Body, Scope<'_>),
    ) {
        if &*block.kind != "dynamic" {
            see(&block.kind, &block.body, scope);
            return;
        }
        let (Some(name), Some(content)) = (block.labels.first(), block.body.block("content")) else { return };
        let iterator = block.body.attribute("iterator").and_then(|attribute| match &attribute.value.kind {
            super::syntax::ExprKind::Variable(name) => Some(&**name),
            _ => attribute.value.literal(),
        });
        let collection =
            block.body.attribute("for_each").map_or(Value::NULL, |each| self.eval(&each.value, scope));
        let mut visit = |key: Value, value: Value| {
            let map = BTreeMap::from([("key".into(), key), ("value".into(), value)]);
            let bound = Bound { name: iterator.unwrap_or(name), value: Value::map(map), next: scope.bound };
            see(name, &content.body, Scope { bound: Some(&bound), ..scope });
        };
        match &collection.kind {
            Kind::Map(map) => {
                map.iter().for_each(|(key, value)| visit(Value::string(Arc::clone(key)), value.clone()));
            }
            Kind::Set(items) => items.iter().for_each(|item| visit(item.clone(), item.clone())),
            Kind::List(items) => {
                items.iter().enumerate().for_each(|(at, item)| visit(Value::number(at as f64), item.clone()));
            }
            Kind::Null => {}
            _ => visit(collection.clone(), collection.clone()),
        }
    }

    /// A body as a map: attributes, and nested blocks as lists of maps.
    pub(super) fn body_value(&self, body: &Body, scope: Scope<'_>) -> Value {
        let mut map: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for attribute in &body.attributes {
            map.insert(Arc::clone(&attribute.name), self.eval(&attribute.value, scope));
        }
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for block in &body.blocks {
            self.each_block(block, scope, &mut |name, inner, inner_scope| {
                let value = self.deeper(|| self.body_value(inner, inner_scope));
                lists.entry(name.to_owned()).or_default().extend(value);
            });
        }
        for (name, items) in lists {
            map.entry(name.into()).or_insert_with(|| Value::list(items));
        }
        Value::map(map)
    }

    /// Evaluates an expression that stands in a declaration of a module, outside any instance.
    pub(super) fn eval_at(&self, module: u32, file: &SourceFile, expr: &Expr) -> Value {
        self.eval(expr, Scope { module, file: Some(file), each: None, bound: None, element: None })
    }

    fn once(&self, slot: Slot, cycle: &'static str, make: impl FnOnce() -> Value) -> Value {
        if let Some(known) = self.values.borrow().get(&slot) {
            return known.clone().unwrap_or_else(|| Value::unknown(cycle));
        }
        self.values.borrow_mut().insert(slot.clone(), None);
        let value = self.deeper(make).unwrap_or_else(|| Value::unknown("too much to evaluate"));
        self.values.borrow_mut().insert(slot, Some(value.clone()));
        value
    }
}

/// The folder that a local module source means; `//` separates a package from a folder in it.
pub(super) fn local_folder(folder: &str, source: &str) -> Option<String> {
    if !(source.starts_with("./") || source.starts_with("../") || source == "." || source == "..") {
        return None;
    }
    Tree::resolve(folder, &source.replace("//", "/"))
}

fn is_nullable(declared: &Declared<'_>) -> bool {
    let Some(nullable) = declared.body().attribute("nullable") else { return true };
    !matches!(nullable.value.kind, super::syntax::ExprKind::Bool(false))
}

/// Whether an argument says how a block is meant, and nothing of what it declares.
fn is_meta(name: &str) -> bool {
    matches!(name, "provider" | "count" | "for_each" | "depends_on")
}

fn after_apply(resource: Resource<'_>, name: &str) -> Value {
    Value::unknown(format!("`{}.{}.{name}` is known after apply", resource.type_name, resource.name))
}

fn why(value: &Value, otherwise: &str) -> Arc<str> {
    value.reason().cloned().unwrap_or_else(|| otherwise.into())
}
