//! The resources of a root and what refers to what, before it is said which of it is a dependency.

use std::collections::{BTreeSet, HashMap};

use super::arns::Names;
use super::config::{Declared, Mode};
use super::elsewhere::{self, Told};
use super::knowledge::{Meaning, links};
use super::leaves::{Leaf, Leaves};
use super::lookups::Lookups;
use super::value::{InstanceKey, Key};
use super::world::{EXTERNAL, Instances, Scope, World};
use super::{apps, copies, dns, doors, edges, guards, joined, nodes, objects};
use crate::catalog::{Catalog, ResourceKnowledge, ResourceType, Role};
use crate::model::{Id, Phase, Unit};
use crate::read::ReadContext;
use crate::source::Problems;

/// A number of instances that is not known.
#[derive(Clone)]
pub(super) struct Uncounted {
    /// Why.
    pub(super) reason: String,
    /// Whether there is one or none.
    pub(super) is_at_most_one: bool,
}

/// A resource instance, or a module whose source is not in the tree.
pub(super) struct Item<'a> {
    pub(super) key: InstanceKey,
    pub(super) id: Id,
    /// Address without the root's folder.
    pub(super) address: String,
    pub(super) type_name: String,
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) kind: Option<&'a ResourceType>,
    pub(super) role: Role,
    provider: Option<String>,
    service: Option<String>,
    pub(super) leaves: Leaves<'a>,
    pub(super) declared: Declared<'a>,
    /// Set where the number of instances is not known.
    pub(super) uncounted: Option<Uncounted>,
    /// Whether it is made by another root.
    pub(super) foreign: bool,
    /// What the name of a module from elsewhere tells.
    pub(super) told: Told,
}

/// `from` (the index of the list a link stands in) refers to `to`.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) to: usize,
    pub(super) phase: Phase,
    /// The item in which the reference is written, and its leaf there.
    pub(super) written_in: usize,
    pub(super) leaf: usize,
    /// The attribute that is referred to.
    pub(super) attribute: std::sync::Arc<str>,
    pub(super) reverse: bool,
}

/// The items and their links.
pub(super) struct Graph<'a> {
    pub(super) items: Vec<Item<'a>>,
    by_key: HashMap<InstanceKey, usize>,
    /// For each item, what it needs or leads to.
    pub(super) links: Vec<Vec<Link>>,
    /// For each item, the items that refer to it in any way.
    pub(super) referrers: Vec<BTreeSet<usize>>,
    /// Secrets and parameters by their names.
    pub(super) named: Names,
    /// Modules from elsewhere and what they make besides.
    parts: Vec<(usize, usize)>,
}

/// What roots have to know of each other.
pub(super) struct Found {
    pub(super) doors: BTreeSet<Id>,
    pub(super) lookups: Lookups,
}

/// Reads a root into a unit.
pub(super) fn read<'a>(
    world: &World<'a>,
    cx: &'a ReadContext<'_>,
    prefix: &str,
    unit: &mut Unit,
    problems: &mut Problems,
) -> Found {
    let catalog = cx.catalog;
    let graph = Graph::new(world, catalog, prefix);
    let names = dns::read(world, &graph, unit);
    nodes::read(world, catalog, &graph, unit);
    edges::read(world, cx.catalog, &graph, &names, unit);
    copies::read(world, &graph, unit);
    apps::read(&graph, unit);
    objects::read(world, &graph, cx, unit, problems);
    note_modules_from_elsewhere(&graph, problems);
    note_circles(world, problems);
    Found { doors: doors::of(&graph), lookups: Lookups::of(&graph) }
}

/// A module within itself has no end: Terraform refuses it, and nothing of it is read.
fn note_circles(world: &World<'_>, problems: &mut Problems) {
    for module in world.all_modules() {
        let instance = world.instance(module);
        if let Some(call) = instance.call.filter(|_| instance.module.is_none() && world.goes_round(module)) {
            problems.warning(
                call.file.location(call.block.at as usize),
                format!("`{}` calls a module that it stands in: it is not followed", instance.address),
            );
        }
    }
}

/// What stands in a module that is not in the tree is seen as one component.
fn note_modules_from_elsewhere(graph: &Graph<'_>, problems: &mut Problems) {
    let is_whole =
        |item: &&Item<'_>| item.key.resource == EXTERNAL && item.key.key == Key::None && !item.foreign;
    for item in graph.items.iter().filter(is_whole) {
        let (file, block) = (item.declared.file, item.declared.block);
        problems.note(
            file.location(block.at as usize),
            format!("the source of `{}` is not in the tree: it is taken as one component", item.address),
        );
    }
}

impl Item<'_> {
    /// The provider's id.
    pub(super) fn provider(&self) -> Option<&str> {
        self.kind.map(|kind| &*kind.provider).or(self.provider.as_deref())
    }

    /// The provider's product.
    pub(super) fn service(&self) -> Option<&str> {
        self.kind.map(|kind| &*kind.service).filter(|service| !service.is_empty()).or(self.service.as_deref())
    }

    /// Whether it can fail and be needed.
    pub(super) fn is_component(&self) -> bool {
        self.role.is_component() && self.role != Role::DnsZone
    }

    /// Whether it is a store that programs ask all the time, not one that they fetch from once.
    fn answers_while_it_runs(&self) -> bool {
        let words = ["database", "cache", "queue", "search"];
        self.kind.is_some_and(|kind| kind.role == Role::Datastore && words.contains(&&*kind.category))
    }

    /// Whether it runs programs.
    pub(super) fn is_compute(&self) -> bool {
        // A module that stands for a cluster makes its nodes as well.
        let runs = matches!(self.role, Role::Workload | Role::Member)
            || self.key.resource == EXTERNAL && self.kind.is_some();
        runs && self.kind.is_none_or(|kind| &*kind.category == "compute")
    }
}

impl<'a> Graph<'a> {
    fn new(world: &World<'a>, catalog: &'a Catalog, prefix: &str) -> Self {
        let mut graph = Graph {
            items: Vec::new(),
            by_key: HashMap::new(),
            links: Vec::new(),
            referrers: Vec::new(),
            named: Names::default(),
            parts: Vec::new(),
        };
        for module in world.all_modules() {
            if world.instance(module).module.is_none() {
                if !world.goes_round(module) {
                    graph.add_external(world, catalog, prefix, module);
                }
                continue;
            }
            for key in world.resource_instances(module) {
                graph.add(world, catalog, prefix, key);
            }
        }
        graph.add_foreign(world, catalog);
        graph.links = vec![Vec::new(); graph.items.len()];
        graph.referrers = vec![BTreeSet::new(); graph.items.len()];
        graph.named = Names::new(&graph.items);
        for index in 0..graph.items.len() {
            graph.link(index);
        }
        graph.link_module_parts();
        joined::turn(&mut graph);
        guards::turn(&mut graph);
        graph
    }

    /// The item of an instance.
    pub(super) fn item(&self, key: &InstanceKey) -> Option<&Item<'a>> {
        self.by_key.get(key).map(|index| &self.items[*index])
    }

    /// The index of an instance.
    pub(super) fn index(&self, key: &InstanceKey) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    fn add(&mut self, world: &World<'a>, catalog: &'a Catalog, prefix: &str, key: InstanceKey) {
        let resource = world.resource(&key);
        let each = world.each(&key);
        let file = resource.declared.file;
        let scope =
            Scope { module: key.module, file: Some(file), each: Some(&each), bound: None, element: None };
        let leaves = Leaves::new(world, file, resource.declared.body(), scope);
        let uncounted = match (&key.key, world.resource_expansion(key.module, key.resource)) {
            (Key::Unknown, Instances::Unknown(reason)) => Some(Uncounted {
                reason: reason.to_string(),
                is_at_most_one: world.is_at_most_one(resource.declared, key.module),
            }),
            _ => None,
        };
        let uncounted = uncounted.or_else(|| module_uncounted(world, key.module));
        let name = match &key.key {
            Key::Text(text) => format!("{}[{text}]", resource.name),
            Key::Number(number) => format!("{}[{number}]", resource.name),
            Key::None | Key::Unknown => resource.name.to_owned(),
        };
        let address = world.address(&key);
        self.push(
            catalog,
            prefix,
            Draft {
                key,
                address,
                type_name: resource.type_name.to_owned(),
                name,
                mode: resource.mode,
                leaves,
                declared: resource.declared,
                uncounted,
                told: Told::default(),
            },
        );
    }

    fn add_external(&mut self, world: &World<'a>, catalog: &'a Catalog, prefix: &str, module: u32) {
        let instance = world.instance(module);
        let Some(call) = instance.call else { return };
        let Some(leaves) =
            world.in_call(module, |scope, call| Leaves::new(world, call.file, call.body(), scope))
        else {
            return;
        };
        let source = call.body().attribute("source").and_then(|source| source.value.literal()).unwrap_or("");
        let type_name = links().module(source).unwrap_or("module").to_owned();
        self.push(
            catalog,
            prefix,
            Draft {
                key: InstanceKey { module, resource: EXTERNAL, key: Key::None },
                address: instance.address.clone(),
                type_name,
                name: call.block.labels.first().map_or_else(String::new, |name| name.to_string()),
                mode: Mode::Managed,
                leaves,
                declared: call,
                uncounted: module_uncounted(world, module),
                told: elsewhere::told(catalog, call.block, &configured(world, module)),
            },
        );
        self.add_module_part(catalog, prefix, source, self.items.len() - 1);
    }

    /// What a registry module makes besides the resource that it stands for.
    fn add_module_part(&mut self, catalog: &'a Catalog, prefix: &str, source: &str, whole: usize) {
        let Some((type_name, arguments)) = links().module_part(source) else { return };
        let item = &self.items[whole];
        let is_true = |name: &&str| item.leaves.get(name).and_then(|value| value.as_bool()) == Some(true);
        if !arguments.iter().all(is_true) {
            return;
        }
        let (file, declared, module) = (item.leaves.file, item.declared, item.key.module);
        let short = type_name.split_once('_').map_or(type_name, |(_, short)| short);
        let draft = Draft {
            key: InstanceKey { module, resource: EXTERNAL, key: Key::Text(type_name.into()) },
            address: format!("{}.{short}", item.address),
            type_name: type_name.to_owned(),
            name: format!("{}.{short}", item.name),
            mode: Mode::Managed,
            leaves: Leaves { file, leaves: Vec::new(), value: super::value::Value::NULL },
            declared,
            uncounted: item.uncounted.clone(),
            told: Told::default(),
        };
        self.push(catalog, prefix, draft);
        self.parts.push((whole, self.items.len() - 1));
    }

    /// Leads what stands in the private subnets of a module to the way out that the module makes.
    fn link_module_parts(&mut self) {
        for (whole, part) in std::mem::take(&mut self.parts) {
            let module = &self.items[whole].key;
            let mut found = Vec::new();
            for &index in &self.referrers[whole] {
                for (leaf, one) in self.items[index].leaves.leaves.iter().enumerate() {
                    one.value.each_ref(&mut 200, &mut |reference| {
                        if reference.instance == *module && reference.attribute.starts_with("private_subnet")
                        {
                            found.push((index, leaf, std::sync::Arc::clone(&reference.attribute)));
                        }
                    });
                }
            }
            for (index, leaf, attribute) in found {
                let link = Link {
                    to: part,
                    phase: Phase::Runtime,
                    written_in: index,
                    leaf,
                    attribute,
                    reverse: false,
                };
                self.referrers[part].insert(index);
                self.links[index].push(link);
            }
        }
    }

    /// What other roots make and values of this one lead to.
    fn add_foreign(&mut self, world: &World<'a>, catalog: &'a Catalog) {
        let Some((session, _)) = &world.session else { return };
        for (index, foreign) in world.foreign.borrow().iter().enumerate() {
            let zone = foreign.zone.iter().map(|zone| ("availability_zone".into(), zone.clone())).collect();
            let leaves = Leaves {
                file: foreign.declared.file,
                leaves: Vec::new(),
                value: super::value::Value::map(zone),
            };
            self.push(
                catalog,
                session.prefix(foreign.root),
                Draft {
                    key: InstanceKey {
                        module: super::world::FOREIGN,
                        resource: index as u32,
                        key: Key::None,
                    },
                    address: foreign.address.clone(),
                    type_name: foreign.type_name.clone(),
                    name: foreign.name.clone(),
                    mode: Mode::Managed,
                    leaves,
                    declared: foreign.declared,
                    uncounted: None,
                    told: match &*foreign.type_name {
                        "module" => elsewhere::told(catalog, foreign.declared.block, &BTreeSet::new()),
                        _ => Told::default(),
                    },
                },
            );
            if let Some(item) = self.items.last_mut() {
                item.foreign = true;
            }
        }
    }

    fn push(&mut self, catalog: &'a Catalog, prefix: &str, draft: Draft<'a>) {
        let known = catalog.resource(&draft.type_name);
        let kind = known.kind();
        let (provider, service) = match known {
            ResourceKnowledge::UnknownSemantics { provider, service } => {
                (Some(provider.to_owned()), service.map(str::to_owned))
            }
            _ => (draft.told.provider.clone(), None),
        };
        let role = match kind {
            Some(kind) => kind.role,
            None => role_of_unknown(&draft.type_name, draft.mode, provider.is_some()),
        };
        self.by_key.insert(draft.key.clone(), self.items.len());
        self.items.push(Item {
            id: Id::terraform(prefix, &draft.address),
            key: draft.key,
            address: draft.address,
            type_name: draft.type_name,
            name: draft.name,
            mode: draft.mode,
            kind,
            role,
            provider,
            service,
            leaves: draft.leaves,
            declared: draft.declared,
            uncounted: draft.uncounted,
            foreign: false,
            told: draft.told,
        });
    }

    /// Finds what an item refers to.
    fn link(&mut self, index: usize) {
        let item = &self.items[index];
        let mut found: Vec<(usize, Link)> = Vec::new();
        let mut referred = BTreeSet::new();
        for (number, leaf) in item.leaves.leaves.iter().enumerate() {
            leaf.value.each_ref(&mut 500, &mut |reference| {
                let Some(to) = self.index(&reference.instance).filter(|to| *to != index) else { return };
                referred.insert(to);
                // What is looked up stands behind what it is looked up by.
                let is_part = item.mode == Mode::Managed && links().is_reverse(&item.type_name, &leaf.path);
                let attribute = &reference.attribute;
                let mut add = |from: usize, to: usize, phase: Phase, reverse: bool| {
                    let attribute = std::sync::Arc::clone(attribute);
                    found.push((
                        from,
                        Link { to, phase, written_in: index, leaf: number, attribute, reverse },
                    ));
                };
                if is_part {
                    add(to, index, Phase::Runtime, true);
                }
                // Who refers to a version of a secret needs the secret as well.
                if !is_part || links().is_carrier(&item.type_name) {
                    let phase = self.phase(item, leaf, to);
                    phase.into_iter().for_each(|phase| add(index, to, phase, false));
                }
            });
        }
        for (number, leaf) in item.leaves.leaves.iter().enumerate() {
            let Some(to) = self.named.find(leaf).filter(|to| *to != index && !referred.contains(to)) else {
                continue;
            };
            let Some(phase) = self.phase(item, leaf, to) else { continue };
            referred.insert(to);
            let attribute = "arn".into();
            found.push((
                index,
                Link { to, phase, written_in: index, leaf: number, attribute, reverse: false },
            ));
        }
        // A part copies settings of the whole that needs it: an instance the engine of its cluster.
        let wholes: BTreeSet<usize> =
            found.iter().filter(|(_, link)| link.reverse).map(|(whole, _)| *whole).collect();
        found.retain(|(_, link)| link.reverse || link.phase != Phase::Runtime || !wholes.contains(&link.to));
        for to in referred {
            self.referrers[to].insert(index);
        }
        for (from, link) in found {
            self.links[from].push(link);
        }
    }

    /// The phase of a reference; `None` when it is no dependency.
    fn phase(&self, item: &Item<'_>, leaf: &Leaf<'_>, to: usize) -> Option<Phase> {
        if leaf.path == "depends_on" {
            return Some(Phase::Deploy);
        }
        let by_attribute = links().attribute(&item.type_name, &leaf.path);
        let target = &self.items[to];
        let by_target = links().target(&target.type_name).or_else(|| links().target(&target.told.like));
        for meaning in [by_attribute, by_target].into_iter().flatten() {
            match meaning {
                Meaning::None => return None,
                Meaning::Phase(Phase::Startup)
                    if links().is_told(&leaf.path) && target.answers_while_it_runs() =>
                {
                    return Some(Phase::Runtime);
                }
                Meaning::Phase(phase) => return Some(phase),
                Meaning::Through => {}
            }
        }
        Some(Phase::Runtime)
    }

    /// The subnets that an item stands in; `None` for one that could not be resolved.
    pub(super) fn subnets(&self, item: &Item<'_>) -> Vec<Option<usize>> {
        let mut out = Vec::new();
        self.subnets_into(item, &mut out, 0);
        out.sort_unstable();
        out.dedup();
        out
    }

    fn subnets_into(&self, item: &Item<'_>, out: &mut Vec<Option<usize>>, depth: u32) {
        if depth > 3 {
            return;
        }
        let named = item.kind.map(|kind| kind.subnets.as_slice()).unwrap_or_default();
        let usual = [
            "subnet_id",
            "subnet_ids",
            "subnets",
            "vpc_zone_identifier",
            "db_subnet_group_name",
            "subnet_group_name",
        ];
        let is_subnet_path = |path: &str| {
            let last = path.rsplit('.').next().unwrap_or(path);
            named.iter().any(|name| **name == *path) || usual.contains(&last)
        };
        for leaf in
            item.leaves.leaves.iter().filter(|leaf| is_subnet_path(&leaf.path) && !leaf.value.is_null())
        {
            let mut found = false;
            leaf.value.each_ref(&mut 200, &mut |reference| {
                let Some(index) = self.index(&reference.instance) else { return };
                let target = &self.items[index];
                let is_network_module =
                    target.key.resource == EXTERNAL && reference.attribute.contains("subnet");
                if target.type_name.ends_with("subnet")
                    || target.type_name.ends_with("subnetwork")
                    || is_network_module
                {
                    found = true;
                    out.push(Some(index));
                } else if target.type_name.ends_with("subnet_group") && !std::ptr::eq(target, item) {
                    found = true;
                    self.subnets_into(target, out, depth + 1);
                }
            });
            if !found {
                out.push(None);
            }
        }
    }
}

/// The providers that are configured where a module is called.
fn configured<'a>(world: &World<'a>, module: u32) -> BTreeSet<&'a str> {
    let caller = world.instance(module).parent.and_then(|parent| world.instance(parent).module);
    let providers = caller.into_iter().flat_map(|caller| &caller.providers);
    providers.filter_map(|provider| provider.block.labels.first()).map(|name| &**name).collect()
}

struct Draft<'a> {
    key: InstanceKey,
    address: String,
    type_name: String,
    name: String,
    mode: Mode,
    leaves: Leaves<'a>,
    declared: Declared<'a>,
    uncounted: Option<Uncounted>,
    told: Told,
}

/// Whether the number of instances of a module, or of one above it, is not known.
fn module_uncounted(world: &World<'_>, module: u32) -> Option<Uncounted> {
    let mut current = Some(module);
    while let Some(id) = current {
        let instance = world.instance(id);
        if instance.key == Key::Unknown {
            let above = instance.parent.unwrap_or(0);
            return Some(Uncounted {
                reason: format!("the number of instances of `{}` is not known", instance.address),
                is_at_most_one: instance.call.is_some_and(|call| world.is_at_most_one(call, above)),
            });
        }
        current = instance.parent;
    }
    None
}

/// The role of a type of which the catalog has no semantics: glue by its name, else a component about whose
/// survival nothing is known. What is only looked up and not known is glue.
fn role_of_unknown(type_name: &str, mode: Mode, provider_known: bool) -> Role {
    match links().part(type_name) {
        Some("dns-zone") => return Role::DnsZone,
        Some("placement") => return Role::Placement,
        Some("monitor") => return Role::Monitor,
        Some(_) => return Role::Glue,
        None => {}
    }
    if links().record(type_name).is_some() {
        return Role::DnsRecord;
    }
    match mode {
        Mode::Data => Role::Glue,
        Mode::Managed if provider_known || type_name == "module" => Role::Shared,
        Mode::Managed => Role::Glue,
    }
}
