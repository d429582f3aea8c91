//! Components to nodes: where they live, how many there are, what they survive, what backs them up.

use std::collections::BTreeSet;

use super::config::Mode;
use super::graph::{Graph, Item};
use super::knowledge::links;
use super::place;
use super::scaling::{self, Floor};
use super::trace;
use super::value::{Kind as ValueKind, Value};
use super::world::{EXTERNAL, World};
use crate::catalog::{
    AttributeNames, Catalog, Declared, Holds, Kept, ResourceType, Role, Stated, Survives, Value as Plain,
};
use crate::model::{
    Attribute, AttributeValue, Category, Evidence, Kind, Node, Reach, Replication, Tolerance, Unit,
};

/// Adds a node for every component.
pub(super) fn read<'a>(world: &World<'a>, catalog: &Catalog, graph: &Graph<'a>, unit: &mut Unit) {
    for (index, item) in graph.items.iter().enumerate() {
        if !item.foreign && item.mode == Mode::Managed && links().is_network(&item.type_name) {
            unit.nodes.push(network(world, catalog, graph, item));
        }
        if is_node(graph, index) && !item.foreign {
            unit.nodes.push(node(world, catalog, graph, index, item));
            add_host_name(item, unit);
        }
        if !item.foreign && item.mode == Mode::Managed {
            add_served(graph, item, unit);
        }
    }
}

/// A network: it tells where things are, and fails with its region only.
fn network<'a>(world: &World<'a>, catalog: &Catalog, graph: &Graph<'a>, item: &Item<'a>) -> Node {
    let mut node = Node::new(item.id.clone(), Kind::Component, display_name(item));
    node.category = Some(Category::Network);
    node.type_name = Some(item.type_name.clone());
    node.placement = place::placement(world, catalog, graph, item);
    node.may_fail = false;
    node.tolerance = Tolerance::Zone;
    node.tolerance_because = Some("a network spans the zones of its region".to_owned());
    node.add_evidence(item.declared.evidence());
    node
}

/// The host under which the resource answers, where its name is known.
fn add_host_name(item: &Item<'_>, unit: &mut Unit) {
    let Some((attribute, pattern)) = links().host_name(&item.type_name) else { return };
    if let Some(name) = item.leaves.text(attribute).filter(|name| !name.is_empty()) {
        let name = pattern.replace("{}", &name);
        // A word alone is a name in a network of its own.
        let reach = if name.contains('.') { Reach::Everywhere } else { Reach::Unit };
        unit.add_name(&name, &item.id, reach);
    }
}

/// The hosts for which the resource answers, or for which one that stands beside it says that it does.
fn add_served(graph: &Graph<'_>, item: &Item<'_>, unit: &mut Unit) {
    let Some((attribute, by)) = links().serves(&item.type_name) else { return };
    let mut answering = Vec::new();
    match by {
        "" => answering.push(item.id.clone()),
        by => by.split('|').flat_map(|by| item.leaves.at(by)).for_each(|leaf| {
            leaf.value.each_ref(&mut 20, &mut |reference| {
                answering.extend(
                    graph
                        .index(&reference.instance)
                        .filter(|one| is_node(graph, *one))
                        .map(|one| graph.items[one].id.clone()),
                );
            });
        }),
    }
    for leaf in item.leaves.at(attribute) {
        let hosts = leaf.value.items().map_or_else(|| vec![leaf.value.clone()], |items| items.to_vec());
        for host in hosts.iter().filter_map(Value::text).filter(|host| host.contains('.')) {
            let at = trace::locate_text(leaf.expr, leaf.at, &host);
            for id in &answering {
                unit.add_served(&host, id, Evidence::at(item.leaves.file, at as usize));
            }
        }
    }
}

/// Whether an item is a node of its own: a component that is made here, or one that is looked up and referred to.
pub(super) fn is_node(graph: &Graph<'_>, index: usize) -> bool {
    let item = &graph.items[index];
    let stands =
        item.is_component() || (item.role == Role::Backup && item.mode == Mode::Managed && is_vault(item));
    stands && (item.mode == Mode::Managed || !graph.referrers[index].is_empty())
}

fn is_vault(item: &Item<'_>) -> bool {
    item.type_name.ends_with("vault")
}

fn node<'a>(world: &World<'a>, catalog: &Catalog, graph: &Graph<'a>, index: usize, item: &Item<'a>) -> Node {
    let is_service = item.role == Role::Workload && item.mode == Mode::Managed;
    let kind = if is_service { Kind::Service } else { Kind::Component };
    let mut node = Node::new(item.id.clone(), kind, display_name(item));
    node.is_service = is_service;
    node.category = category(item);
    node.type_name = Some(item.type_name.clone());
    node.placement = place::placement(world, catalog, graph, item);
    node.add_evidence(item.declared.evidence());
    let zones = place::zones(graph, item, node.placement.region.as_deref()).known;
    let facts = Facts { graph, index, zones, floor: scaling::floor(graph, index) };
    let may_survive = survival(&mut node, item, &facts);
    let outlives_zones = matches!(node.tolerance, Tolerance::Zone | Tolerance::Region);
    if outlives_zones == (node.placement.zones.len() == 1) {
        // Somewhere in several zones, or in more than the one that is named: a place that is not known.
        node.placement.zones.clear();
    }
    node.replication = replication(&mut node, world, item, &facts);
    doubt(&mut node, item, may_survive);
    attributes(&mut node, item, &facts, graph, index);
    node
}

/// `shared`, or with the module's name for names that say nothing.
fn display_name(item: &Item<'_>) -> String {
    own_name(item).map_or_else(|| item.name.clone(), |name| name.to_string())
}

/// The name that an item was given, by which it can be looked up.
pub(super) fn own_name(item: &Item<'_>) -> Option<std::sync::Arc<str>> {
    const NAMES: &[&str] = &[
        "name",
        "bucket",
        "identifier",
        "db_instance_identifier",
        "cluster_identifier",
        "function_name",
        "cluster_id",
        "cluster_name",
        "service_name",
    ];
    NAMES
        .iter()
        .find_map(|attribute| item.leaves.text(attribute))
        .filter(|name| !name.is_empty() && name.len() <= 100)
}

/// What an item is for.
pub(super) fn category(item: &Item<'_>) -> Option<Category> {
    let Some(kind) = item.kind else { return item.told.category.or(Some(Category::Other)) };
    Some(match &*kind.category {
        "hosting" => Category::Compute,
        "analytics" => Category::Database,
        "loadbalancer" => Category::LoadBalancer,
        word => Category::parse(word).unwrap_or(Category::Other),
    })
}

/// A resource as the catalog's rules look at it.
struct Facts<'g, 'a> {
    graph: &'g Graph<'a>,
    index: usize,
    zones: Option<Vec<String>>,
    /// What an autoscaler makes of the number of instances.
    floor: Option<Floor<'g, 'a>>,
}

impl Facts<'_, '_> {
    fn item(&self) -> &Item<'_> {
        &self.graph.items[self.index]
    }

    /// The autoscaler's word on an attribute that says how many instances there are.
    fn scaled(&self, attribute: &str) -> Option<&Floor<'_, '_>> {
        let counts =
            self.item().kind.is_some_and(|kind| kind.replicas.iter().any(|name| **name == *attribute));
        self.floor.as_ref().filter(|_| counts)
    }

    /// The items that are members of this one, by the types that the catalog names.
    fn member_items(&self) -> Vec<usize> {
        let Some(kind) = self.item().kind else { return Vec::new() };
        self.graph.referrers[self.index]
            .iter()
            .copied()
            .filter(|member| kind.members.iter().any(|name| **name == *self.graph.items[*member].type_name))
            .collect()
    }

    /// The argument that asks a module from elsewhere for members, and for how many.
    fn asked_members(&self) -> Option<(&'static str, usize)> {
        let argument = self.item().told.members?;
        let asked = self.item().leaves.value.entries()?.get(argument)?.entries()?.len();
        (asked > 0).then_some((argument, asked))
    }
}

impl Declared for Facts<'_, '_> {
    fn stated(&self, path: &str) -> Stated {
        if let Some(floor) = self.scaled(path) {
            return stated(&floor.fewest);
        }
        match self.item().leaves.get(path) {
            None => match self.item().leaves.at(path).count() {
                // What is looked up was given its arguments elsewhere.
                0 if self.item().mode == Mode::Data => Stated::Unknown,
                0 => Stated::Absent,
                several => Stated::Several(several),
            },
            Some(value) => stated(&value),
        }
    }

    fn distinct_zones(&self) -> Option<usize> {
        if let Some(zones) = &self.zones {
            return Some(zones.len());
        }
        let members = self.member_items();
        if members.is_empty() {
            return None;
        }
        let mut zones = BTreeSet::new();
        for member in members {
            zones.extend(place::zones(self.graph, &self.graph.items[member], None).known?);
        }
        Some(zones.len())
    }

    fn members(&self) -> Option<usize> {
        if let Some((_, asked)) = self.asked_members() {
            return Some(asked);
        }
        let members = self.member_items();
        let unknown = members.iter().any(|member| self.graph.items[*member].uncounted.is_some());
        // What has none here gets them elsewhere: without any it would serve nobody.
        (!unknown && !members.is_empty()).then_some(members.len())
    }
}

fn stated(value: &Value) -> Stated {
    match &value.kind {
        ValueKind::Null => Stated::Absent,
        ValueKind::Bool(value) => Stated::Value(Plain::Bool(*value)),
        ValueKind::Number(value) => Stated::Value(Plain::Number(*value)),
        ValueKind::String(text) => Stated::Value(Plain::Text((&**text).into())),
        ValueKind::List(items) | ValueKind::Set(items) => match items.len() {
            0 => Stated::Absent,
            length => Stated::Several(length),
        },
        ValueKind::Map(map) if map.is_empty() => Stated::Several(1),
        ValueKind::Map(map) => Stated::Several(map.len().min(1)),
        ValueKind::Instance(_) | ValueKind::Module(_) => Stated::Value(Plain::Text("set".into())),
        // A reference to something that exists is a value, even if it is not known which.
        ValueKind::Unknown(_) => Stated::Unknown,
    }
}

/// Sets what a node survives; what it may survive beyond that, if values that are not known say so, is returned.
fn survival(node: &mut Node, item: &Item<'_>, facts: &Facts<'_, '_>) -> Option<Survives> {
    let Some(kind) = item.kind else {
        node.tolerance = Tolerance::Unknown;
        node.tolerance_because = Some(format!("nothing is known of what `{}` survives", item.type_name));
        return None;
    };
    let judged = kind.judge(facts, &AttributeNames::TERRAFORM);
    node.tolerance = match judged.survives {
        None => Tolerance::Unknown,
        Some(Survives::Nothing) => Tolerance::Nothing,
        Some(Survives::Instance) => Tolerance::Instance,
        Some(Survives::Host) => Tolerance::Host,
        Some(Survives::Zone) => Tolerance::Zone,
        Some(Survives::Region) => Tolerance::Region,
    };
    let shown = match judged.rule {
        Some(rule) => {
            let conditions: Vec<String> =
                rule.when.iter().map(|condition| explain(&condition.attribute, item, facts)).collect();
            conditions.join(", ")
        }
        None => because_of_defaults(kind, item, facts),
    };
    node.tolerance_because = Some(match judged.perhaps {
        Some(more) => format!("{shown}; may survive a {} if values that are not known say so", more.as_str()),
        None => shown,
    });
    judged.perhaps
}

/// What hangs on values that are not known is not claimed, and what does not run cannot be lost.
fn doubt(node: &mut Node, item: &Item<'_>, may_survive: Option<Survives>) {
    let several = item.uncounted.as_ref().filter(|uncounted| !uncounted.is_at_most_one);
    // One more database stands in for no other.
    let several = several.filter(|_| item.role != Role::Datastore && node.tolerance == Tolerance::Nothing);
    if let Some(uncounted) = several {
        node.tolerance = Tolerance::Unknown;
        node.tolerance_because = Some(format!("how many there are is not known: {}", uncounted.reason));
    }
    let perhaps = match node.tolerance {
        Tolerance::Nothing => may_survive.is_some(),
        // Several instances on different machines: the zones are what is in doubt, and that is said.
        Tolerance::Host => {
            matches!(may_survive, Some(Survives::Zone | Survives::Region))
                && node.replication.replicas.is_none_or(|replicas| replicas < 2)
        }
        _ => false,
    };
    if perhaps {
        node.tolerance = Tolerance::Unknown;
    }
    if node.replication.replicas == Some(0) {
        node.tolerance = Tolerance::Unknown;
        node.tolerance_because = Some("nothing is kept running".to_owned());
    }
}

fn explain(attribute: &str, item: &Item<'_>, facts: &Facts<'_, '_>) -> String {
    if let Some(floor) = facts.scaled(attribute) {
        return floor.because();
    }
    match item.leaves.text(attribute) {
        Some(text) => format!("`{attribute}` is {text}"),
        None => format!("`{attribute}`"),
    }
}

/// What was said, or left unsaid, of the attributes that would make it survive more.
fn because_of_defaults(kind: &ResourceType, item: &Item<'_>, facts: &Facts<'_, '_>) -> String {
    if let Some(floor) = &facts.floor {
        return floor.because();
    }
    if item.mode == Mode::Data && !kind.defaults.is_empty() {
        return "it is looked up, and what it was given is written elsewhere".to_owned();
    }
    if let Some((argument, asked)) = facts.asked_members() {
        let entries = if asked == 1 { "entry" } else { "entries" };
        return format!("`{argument}` has {asked} {entries}");
    }
    if let Some(member) = kind.members.first().filter(|_| facts.member_items().is_empty()) {
        return format!("no `{member}` of it is declared");
    }
    let mut out = Vec::new();
    for (name, value) in kind.defaults.iter().take(3) {
        out.push(match item.leaves.get(name) {
            Some(_) => explain(name, item, facts),
            None => format!("`{name}` is {value} unless said"),
        });
    }
    let counted = kind.replicas.iter().find(|name| item.leaves.text(name).is_some());
    if let Some(name) = counted.filter(|_| out.is_empty()) {
        return explain(name, item, facts);
    }
    let is_stated = kind.defaults.iter().take(3).all(|(name, _)| item.leaves.get(name).is_some());
    match (out.is_empty(), is_stated) {
        (false, true) => out.join(", "),
        (false, false) => format!("default of `{}`: {}", item.type_name, out.join(", ")),
        (true, _) => format!("like every `{}` by itself", item.type_name),
    }
}

/// How many instances a module from elsewhere is asked for; what keeps them apart is in the module.
fn asked_of_module(node: &mut Node, world: &World<'_>, item: &Item<'_>) -> Replication {
    const NUMBERS: &[&str] =
        &["replicas", "replica_count", "desired_count", "instance_count", "container_count", "tasks_count"];
    let mut out = Replication::default();
    let said = NUMBERS.iter().filter(|_| item.key.resource == EXTERNAL);
    let mut numbers = said.filter_map(|name| Some((name, item.leaves.get(name)?.as_number()?)));
    if let Some((name, number)) = numbers.find(|(_, number)| (0.0..1e6).contains(number)) {
        out.replicas = Some(number as u32);
        evidence_of(world, item, name).into_iter().for_each(|evidence| node.add_evidence(evidence));
    }
    out
}

fn replication(node: &mut Node, world: &World<'_>, item: &Item<'_>, facts: &Facts<'_, '_>) -> Replication {
    let mut out = Replication::default();
    if let Some(uncounted) = &item.uncounted {
        out.unknown = Some(uncounted.reason.clone());
        return out;
    }
    let Some(kind) = item.kind else { return asked_of_module(node, world, item) };
    let scaled = facts.floor.iter().map(|floor| (floor.scaler, floor.attribute));
    let declared =
        kind.replicas.iter().map(|attribute| (item, &**attribute)).filter(|_| facts.floor.is_none());
    for (said_by, attribute) in scaled.chain(declared) {
        let Some(value) = said_by.leaves.get(attribute) else { continue };
        match value.as_number() {
            Some(number) if (0.0..1e6).contains(&number) => {
                out.replicas = Some(number as u32);
                for evidence in evidence_of(world, said_by, attribute) {
                    node.add_evidence(evidence);
                }
                return out;
            }
            _ if value.is_unknown() => out.unknown = value.reason().map(|reason| reason.to_string()),
            _ => {}
        }
    }
    if out.unknown.is_none() {
        let defaults = kind.replicas.iter().find_map(|attribute| kind.defaults.get(attribute));
        out.replicas = match defaults {
            Some(Plain::Number(number)) if *number >= 0.0 && item.mode == Mode::Managed => {
                Some(*number as u32)
            }
            _ => None,
        };
        let members = facts.asked_members().map_or_else(|| facts.member_items().len(), |(_, asked)| asked);
        if out.replicas.is_none() && members > 1 {
            out.replicas = u32::try_from(members).ok();
        }
    }
    out
}

/// The line of an attribute, and of the variables behind it.
fn evidence_of(world: &World<'_>, item: &Item<'_>, attribute: &str) -> Vec<Evidence> {
    let Some(leaf) = item.leaves.at(attribute).next() else { return Vec::new() };
    trace::evidence(world, scope_module(world, item), item.leaves.file, leaf.at, leaf.expr)
}

/// The module in which an item's expressions are evaluated.
pub(super) fn scope_module(world: &World<'_>, item: &Item<'_>) -> u32 {
    if item.key.resource == EXTERNAL {
        world.instance(item.key.module).parent.unwrap_or(0)
    } else {
        item.key.module
    }
}

/// Whether an item is a table that guards states of Terraform: it keeps nothing that would be missed.
fn is_lock(item: &Item<'_>) -> bool {
    links()
        .lock(&item.type_name)
        .is_some_and(|(attribute, value)| item.leaves.text(attribute).as_deref() == Some(value))
}

fn attributes(node: &mut Node, item: &Item<'_>, facts: &Facts<'_, '_>, graph: &Graph<'_>, index: usize) {
    if is_lock(item) {
        node.category = Some(Category::Ci);
        node.attributes.set(Attribute::Auxiliary, AttributeValue::Bool(true), line(item, "hash_key"));
    } else if is_switched_off(item, node) {
        node.attributes.set(Attribute::Auxiliary, AttributeValue::Bool(true), line(item, "enabled"));
    } else if item.role == Role::Datastore {
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), None);
    }
    if let Some(kind) = item.kind {
        backups(node, kind, facts, item);
        protection(node, kind, facts, item);
    }
    text_attribute(node, item, "engine", Attribute::Engine);
    number_attribute(node, item, "backup_retention_period", Attribute::BackupRetentionDays);
    for name in
        ["replicate_source_db", "replication_source_identifier", "master_instance_name", "create_mode"]
    {
        let value = item.leaves.get(name).filter(|value| !value.is_null());
        let is_replica =
            value.is_some_and(|value| name != "create_mode" || value.text().as_deref() == Some("Replica"));
        if is_replica {
            node.attributes.set(Attribute::Replica, AttributeValue::Bool(true), line(item, name));
        }
    }
    if let Some((evidence, region)) = copied(graph, index) {
        node.attributes.set(Attribute::Backup, AttributeValue::Bool(true), Some(evidence.clone()));
        if let Some(region) = region {
            node.attributes.set(Attribute::BackupRegion, AttributeValue::Text(region), Some(evidence));
        }
    }
    for referrer in &graph.referrers[index] {
        let other = &graph.items[*referrer];
        if other.role == Role::Monitor {
            let evidence = Some(other.declared.evidence());
            node.attributes.set(Attribute::Monitored, AttributeValue::Bool(true), evidence);
        }
    }
}

/// Whether a front is kept but answers nobody.
fn is_switched_off(item: &Item<'_>, node: &Node) -> bool {
    let is_front = matches!(node.category, Some(Category::Cdn | Category::LoadBalancer));
    is_front && item.leaves.get("enabled").and_then(|value| value.text()).as_deref() == Some("false")
}

/// What copies an item elsewhere, and the region of the copies where that is known.
fn copied(graph: &Graph<'_>, index: usize) -> Option<(Evidence, Option<String>)> {
    graph.referrers[index].iter().find_map(|referrer| {
        let other = &graph.items[*referrer];
        let (sources, _, _) = links().copies(&other.type_name)?;
        let is_source = other.leaves.leaves.iter().any(|leaf| {
            let mut found = false;
            if sources.contains(&leaf.path.as_str()) {
                leaf.value.each_ref(&mut 100, &mut |reference| {
                    found |= graph.index(&reference.instance) == Some(index)
                });
            }
            found
        });
        is_source.then(|| (other.declared.evidence(), None))
    })
}

fn backups(node: &mut Node, kind: &ResourceType, facts: &Facts<'_, '_>, item: &Item<'_>) {
    if kind.backups.is_empty() {
        return;
    }
    let (holds, kept) = kind.backed_up(facts, &AttributeNames::TERRAFORM);
    let evidence = kind.backups.iter().find_map(|backup| line(item, &backup.condition.attribute));
    match holds {
        Holds::Yes if kept != Some(Kept::Inside) => {
            node.attributes.set(Attribute::Backup, AttributeValue::Bool(true), evidence);
        }
        Holds::Yes => {}
        Holds::No => node.attributes.set(Attribute::Backup, AttributeValue::Bool(false), evidence),
        Holds::Unknown => node.attributes.set(
            Attribute::Backup,
            AttributeValue::Unknown("a value that decides about backups is not known".to_owned()),
            evidence,
        ),
    }
}

fn protection(node: &mut Node, kind: &ResourceType, facts: &Facts<'_, '_>, item: &Item<'_>) {
    if kind.protections.is_empty() {
        return;
    }
    let evidence = kind.protections.iter().find_map(|protection| line(item, &protection.attribute));
    let prevent = item.declared.body().block("lifecycle").is_some_and(|lifecycle| {
        let attribute = lifecycle.body.attribute("prevent_destroy");
        attribute.is_some_and(|attribute| matches!(attribute.value.kind, super::syntax::ExprKind::Bool(true)))
    });
    let value = match kind.protected(facts, &AttributeNames::TERRAFORM) {
        _ if prevent => AttributeValue::Bool(true),
        Holds::Yes => AttributeValue::Bool(true),
        Holds::No => AttributeValue::Bool(false),
        Holds::Unknown => {
            AttributeValue::Unknown("a value that decides about deletion is not known".to_owned())
        }
    };
    node.attributes.set(Attribute::DeletionProtection, value, evidence);
}

fn line(item: &Item<'_>, path: &str) -> Option<Evidence> {
    item.leaves.at(path).next().map(|leaf| Evidence::at(item.leaves.file, leaf.at as usize))
}

fn text_attribute(node: &mut Node, item: &Item<'_>, path: &str, attribute: Attribute) {
    if let Some(text) = item.leaves.text(path) {
        node.attributes.set(attribute, AttributeValue::Text(text.to_string()), line(item, path));
    }
}

fn number_attribute(node: &mut Node, item: &Item<'_>, path: &str, attribute: Attribute) {
    if let Some(number) = item.leaves.get(path).and_then(|value| value.as_number()) {
        node.attributes.set(attribute, AttributeValue::Number(number), line(item, path));
    }
}
