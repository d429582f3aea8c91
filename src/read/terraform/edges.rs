//! References to dependencies: through glue to what is really needed, with phase, need and alternatives.

use std::collections::{BTreeMap, BTreeSet};

use super::dns::Names;
use super::graph::{Graph, Item, Link};
use super::knowledge::links;
use super::nodes::{is_node, scope_module};
use super::settings;
use super::trace;
use super::value::Ref;
use super::world::{EXTERNAL, World};
use crate::catalog::{Catalog, Role};
use crate::model::{Confidence, Edge, Evidence, Group, Id, Need, Phase, Reference, Target, Unit};
use crate::read::hosts;

/// Glue behind glue is followed so far.
const MAX_STEPS: u32 = 8;

/// Adds the dependencies of all components.
pub(super) fn read<'a>(
    world: &World<'a>,
    catalog: &Catalog,
    graph: &Graph<'a>,
    names: &Names,
    unit: &mut Unit,
) {
    for (index, item) in graph.items.iter().enumerate() {
        // A component of another root is walked from only for what this root puts behind it.
        if is_node(graph, index) && !links().is_carrier(&item.type_name) {
            Walk {
                world,
                catalog,
                graph,
                names,
                from: index,
                needs: BTreeMap::new(),
                seen: BTreeSet::new(),
                settings: Vec::new(),
            }
            .run(unit);
        }
    }
}

/// What one component needs.
struct Walk<'w, 'a> {
    world: &'w World<'a>,
    catalog: &'w Catalog,
    graph: &'w Graph<'a>,
    names: &'w Names,
    from: usize,
    /// By target and phase.
    needs: BTreeMap<(End, Phase), Found>,
    seen: BTreeSet<(usize, Phase, Option<String>)>,
    settings: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Item(usize),
    Id(Id),
}

struct Found {
    group: Option<String>,
    evidence: Vec<Evidence>,
    need: Need,
}

/// Where a walk stands.
#[derive(Clone)]
struct Step {
    item: usize,
    phase: Phase,
    group: Option<String>,
    evidence: Vec<Evidence>,
    depth: u32,
    in_placement: bool,
}

impl Walk<'_, '_> {
    fn run(mut self, unit: &mut Unit) {
        let start = Step {
            item: self.from,
            phase: Phase::Runtime,
            group: None,
            evidence: Vec::new(),
            depth: 0,
            in_placement: false,
        };
        let mut open = vec![start];
        self.settings.push(self.from);
        while let Some(step) = open.pop() {
            for link in &self.graph.links[step.item] {
                open.extend(self.follow(&step, link));
            }
        }
        self.origins();
        self.members();
        self.egress();
        self.write(unit);
        if self.graph.items[self.from].foreign {
            return;
        }
        let from = self.graph.items[self.from].id.clone();
        for item in &self.settings {
            settings::read(self.world, self.graph, self.catalog, &from, &self.graph.items[*item], unit);
        }
        self.hosts(&from, unit);
    }

    /// Follows a link: to a component, which is needed; into glue, which leads on; or not at all.
    fn follow(&mut self, step: &Step, link: &Link) -> Option<Step> {
        if link.to == self.from {
            return None;
        }
        let carried = links().is_carrier(&self.graph.items[step.item].type_name) && step.item != self.from;
        let phase = match step.phase {
            Phase::Runtime => link.phase,
            // A version of a secret leads to what the secret speaks of.
            _ if carried => link.phase,
            phase => phase,
        };
        let target = &self.graph.items[link.to];
        let evidence = self.evidence(step, link);
        let group = self.group(step, link);
        // The name of a zone says nothing about needing it; a record of it does.
        if target.role == Role::DnsZone {
            return None;
        }
        if target.role == Role::DnsRecord {
            if let Some(id) = self.names.of(link.to) {
                self.found(End::Id(id.clone()), phase, group, evidence);
            }
            return None;
        }
        if is_node(self.graph, link.to) {
            if links().is_egress(&target.type_name)
                && !(self.graph.items[self.from].is_compute()
                    && (step.in_placement || target.key.resource == EXTERNAL))
            {
                return None;
            }
            self.found(End::Item(link.to), phase, group.clone(), evidence.clone());
            if links().is_carrier(&target.type_name)
                && step.depth < MAX_STEPS
                && self.seen.insert((link.to, phase, None))
            {
                // Who reads the value needs what it speaks of, while it runs.
                return Some(Step {
                    item: link.to,
                    phase: Phase::Runtime,
                    group: None,
                    evidence,
                    depth: step.depth + 1,
                    in_placement: false,
                });
            }
            return None;
        }
        self.enter(step, link.to, phase, group, evidence)
    }

    /// The lines that lead to a step and over a link.
    fn evidence(&self, step: &Step, link: &Link) -> Vec<Evidence> {
        let mut evidence = step.evidence.clone();
        if 4 <= evidence.len() {
            return evidence;
        }
        let written = &self.graph.items[link.written_in];
        let leaf = &written.leaves.leaves[link.leaf];
        let instance = self.graph.items[link.to].key.clone();
        let reference = Ref { instance, attribute: std::sync::Arc::clone(&link.attribute) };
        let at = trace::locate(self.world, leaf.expr, leaf.at, &reference);
        let module = scope_module(self.world, written);
        for piece in trace::evidence(self.world, module, written.leaves.file, at, leaf.expr) {
            if evidence.len() < 6 && !evidence.contains(&piece) {
                evidence.push(piece);
            }
        }
        evidence
    }

    /// The alternatives that what a link leads to is one of.
    fn group(&self, step: &Step, link: &Link) -> Option<String> {
        let from = &self.graph.items[step.item];
        let written = &self.graph.items[link.written_in];
        let path = &written.leaves.leaves[link.leaf].path;
        let holds = links().holds_alternatives(&from.type_name);
        let group = step.group.clone().or_else(|| {
            (holds || links().are_alternatives(&written.type_name, path)).then(|| from.address.clone())
        });
        let target = &self.graph.items[link.to];
        let runs_it = target.role == Role::Member || &*link.attribute == "user_data";
        let is_member = link.reverse && runs_it && step.item == self.from;
        group.or_else(|| is_member.then(|| "members".to_owned()))
    }

    fn enter(
        &mut self,
        step: &Step,
        to: usize,
        phase: Phase,
        group: Option<String>,
        evidence: Vec<Evidence>,
    ) -> Option<Step> {
        let target = &self.graph.items[to];
        let leads_on = matches!(target.role, Role::Glue | Role::Placement | Role::Scaling);
        let in_placement = step.in_placement || target.role == Role::Placement;
        if step.in_placement && target.role == Role::Placement && target.type_name.ends_with("vpc") {
            return None;
        }
        if !leads_on || step.depth >= MAX_STEPS || !self.seen.insert((to, phase, group.clone())) {
            return None;
        }
        if target.role == Role::Glue && !step.in_placement && matches!(phase, Phase::Runtime | Phase::Startup)
        {
            self.settings.push(to);
        }
        Some(Step { item: to, phase, group, evidence, depth: step.depth + 1, in_placement })
    }

    fn found(&mut self, end: End, phase: Phase, group: Option<String>, evidence: Vec<Evidence>) {
        let need = if matches!(phase, Phase::Observe) { Need::Optional } else { Need::Required };
        let entry = self.needs.entry((end, phase)).or_insert(Found {
            group: group.clone(),
            evidence: Vec::new(),
            need,
        });
        if entry.group.is_some() && group.is_none() {
            entry.group = None;
        }
        for piece in evidence {
            if entry.evidence.len() < 8 && !entry.evidence.contains(&piece) {
                entry.evidence.push(piece);
            }
        }
    }

    /// Origins that are not the default serve a part only; those of one group are alternatives.
    fn origins(&mut self) {
        let item = &self.graph.items[self.from];
        let Some(shape) = Origins::of(item) else { return };
        for ((end, phase), found) in &mut self.needs {
            let End::Item(to) = end else { continue };
            if *phase != Phase::Runtime {
                continue;
            }
            let blocks = shape.blocks_that_name(self.graph, item, *to);
            if let Some(first) = blocks.first() {
                let (group, need) = shape.standing(first);
                found.group = group;
                found.need = need;
            }
        }
    }

    /// What has instances of its own runs on without those that were added beside them: a cluster with a pool of
    /// nodes in its own block serves what is not meant for another pool.
    fn members(&mut self) {
        let item = &self.graph.items[self.from];
        let Some(kind) = item.kind else { return };
        if !kind.replicas.iter().any(|attribute| item.leaves.at(attribute).next().is_some()) {
            return;
        }
        for ((end, _), found) in &mut self.needs {
            if matches!(end, End::Item(to) if self.graph.items[*to].role == Role::Member) {
                found.need = Need::Optional;
                found.group = None;
            }
        }
    }

    /// Several ways out, one for each subnet, are alternatives.
    fn egress(&mut self) {
        let ways: Vec<(End, Phase)> = self
            .needs
            .keys()
            .filter(|(end, _)| matches!(end, End::Item(to) if links().is_egress(&self.graph.items[*to].type_name)))
            .cloned()
            .collect();
        if ways.len() < 2 {
            return;
        }
        for way in ways {
            if let Some(found) = self.needs.get_mut(&way) {
                found.group = Some("egress".to_owned());
            }
        }
    }

    fn write(&mut self, unit: &mut Unit) {
        let from = self.graph.items[self.from].id.clone();
        let mut groups: BTreeMap<String, (usize, Vec<Evidence>)> = BTreeMap::new();
        for ((_, phase), found) in &self.needs {
            if let (Some(group), Phase::Runtime) = (&found.group, phase) {
                let entry = groups.entry(group.clone()).or_insert((0, found.evidence.clone()));
                entry.0 += 1;
            }
        }
        groups.retain(|_, (members, _)| *members > 1);
        for ((end, phase), found) in &self.needs {
            // Who needs a thing to run needs it to start as well.
            let is_lesser = matches!(phase, Phase::Startup | Phase::Deploy);
            if is_lesser && self.needs.contains_key(&(end.clone(), Phase::Runtime)) {
                continue;
            }
            let to = match end {
                End::Item(to) => self.graph.items[*to].id.clone(),
                End::Id(id) => id.clone(),
            };
            let group = found.group.as_ref().filter(|group| groups.contains_key(*group));
            unit.edges.push(Edge {
                from: from.clone(),
                to,
                phase: *phase,
                need: found.need,
                group: group.filter(|_| *phase == Phase::Runtime).map(|group| group_id(&from, group)),
                confidence: Confidence::Inferred,
                evidence: found.evidence.clone(),
            });
        }
        for (group, (_, evidence)) in groups {
            unit.groups.push(Group {
                id: group_id(&from, &group),
                owner: from.clone(),
                k: 1,
                level: None,
                evidence,
            });
        }
    }

    /// Hosts that attributes of the component, or of the glue behind it, name outright.
    fn hosts(&self, from: &Id, unit: &mut Unit) {
        for number in &self.settings {
            let item = &self.graph.items[*number];
            let shape = Origins::of(item);
            let mut first = true;
            for leaf in &item.leaves.leaves {
                if !links().is_host(&item.type_name, &leaf.path) || leaf.value.refs.is_some() {
                    continue;
                }
                let Some(text) = leaf.value.text() else { continue };
                let target = if text.contains("://") {
                    hosts::of_url(&text)
                } else {
                    hosts::of_host(&text, None, None)
                };
                let Some(target) = target else { continue };
                let (group, need) = match (&shape, leaf.block) {
                    (Some(shape), Some(block)) => shape.standing(&block),
                    _ if first => (None, Need::Required),
                    _ => (None, Need::Optional),
                };
                first = false;
                let at = trace::locate_text(leaf.expr, leaf.at, &text);
                unit.references.push(Reference {
                    from: from.clone(),
                    target,
                    phase: Phase::Runtime,
                    need,
                    group: group.map(|group| group_id(from, &group)),
                    confidence: Confidence::Inferred,
                    evidence: trace::evidence(
                        self.world,
                        scope_module(self.world, item),
                        item.leaves.file,
                        at,
                        leaf.expr,
                    ),
                });
            }
        }
    }
}

/// How origins of a distribution stand to each other.
struct Origins {
    block: &'static str,
    /// Names of origins by number of block.
    names: BTreeMap<u32, String>,
    defaults: BTreeSet<String>,
    /// Members by name of group.
    groups: BTreeMap<String, BTreeSet<String>>,
}

impl Origins {
    fn of(item: &Item<'_>) -> Option<Self> {
        let (block, name, default) = links().origins(&item.type_name)?;
        let mut out =
            Origins { block, names: BTreeMap::new(), defaults: BTreeSet::new(), groups: BTreeMap::new() };
        let named = format!("{block}.{name}");
        let (group, member) = (format!("{block}_group.{name}"), format!("{block}_group.member.{name}"));
        let mut members: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        let mut group_names: BTreeMap<u32, String> = BTreeMap::new();
        for leaf in &item.leaves.leaves {
            let Some(text) = leaf.value.text() else { continue };
            let Some(number) = leaf.block else { continue };
            if leaf.path == named {
                out.names.insert(number, text.to_string());
            } else if leaf.path == default {
                out.defaults.insert(text.to_string());
            } else if leaf.path == group {
                group_names.insert(number, text.to_string());
            } else if leaf.path == member {
                members.entry(number).or_default().insert(text.to_string());
            }
        }
        if default.is_empty() {
            // Without a word on it the first one serves what no condition sends elsewhere.
            out.defaults.extend(out.names.values().next().cloned());
        }
        for (number, name) in group_names {
            out.groups.insert(name, members.remove(&number).unwrap_or_default());
        }
        Some(out)
    }

    /// The numbers of the origin blocks in which an item is named.
    fn blocks_that_name(&self, graph: &Graph<'_>, item: &Item<'_>, to: usize) -> Vec<u32> {
        let prefix = format!("{}.", self.block);
        let mut out = BTreeSet::new();
        for leaf in item.leaves.leaves.iter().filter(|leaf| leaf.path.starts_with(&prefix)) {
            leaf.value.each_ref(&mut 100, &mut |reference| {
                if graph.index(&reference.instance) == Some(to) {
                    out.extend(leaf.block);
                }
            });
        }
        out.into_iter().collect()
    }

    /// The group and the need of the origin of a block.
    fn standing(&self, block: &u32) -> (Option<String>, Need) {
        let Some(name) = self.names.get(block) else { return (None, Need::Required) };
        for (group, members) in &self.groups {
            if members.contains(name) {
                let need = if self.defaults.contains(group) { Need::Required } else { Need::Optional };
                return (Some(group.clone()), need);
            }
        }
        let is_default = self.defaults.contains(name) || self.defaults.is_empty() || self.names.len() == 1;
        (None, if is_default { Need::Required } else { Need::Optional })
    }
}

fn group_id(from: &Id, group: &str) -> Id {
    Id::new(format!("{from}#{group}"))
}

/// An edge to the product of a provider.
pub(super) fn provider_reference(from: &Id, provider: &str, evidence: Vec<Evidence>) -> Reference {
    Reference {
        from: from.clone(),
        target: Target::Provider { provider: provider.to_owned(), service: None, region: None },
        phase: Phase::Runtime,
        need: Need::Required,
        group: None,
        confidence: Confidence::Inferred,
        evidence,
    }
}
