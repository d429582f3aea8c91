//! A unit in the making: what small readers share.

use std::collections::BTreeSet;

use super::ReadContext;
use super::hosts::{self, Sureness};
use super::keys::{self, Keys};
use super::yaml::{self, Node as Value};
use crate::catalog::{Catalog, has_public_suffix};
use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Edge, Evidence, Group, Id, Kind, Need, Node, Phase,
    Reference, Target, Tolerance, Unit,
};
use crate::source::{Location, Tree};

/// A unit in the making, with the files that evidence is taken from.
pub(super) struct Draft<'a> {
    pub(super) unit: Unit,
    tree: &'a Tree,
    catalog: &'a Catalog,
}

/// A setting of a program.
pub(super) struct Setting<'v> {
    pub(super) key: &'v str,
    /// None where the value is kept or given elsewhere.
    pub(super) value: Option<&'v str>,
    pub(super) at: &'v Location,
}

/// How one thing needs another.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) phase: Phase,
    pub(super) need: Need,
}

impl How {
    /// Down now without it.
    pub(super) const RUNTIME: How = How { phase: Phase::Runtime, need: Need::Required };
    /// Worse now without it.
    pub(super) const OPTIONAL: How = How { phase: Phase::Runtime, need: Need::Optional };
    /// Cannot start without it.
    pub(super) const STARTUP: How = How { phase: Phase::Startup, need: Need::Required };
    /// Blind without it.
    pub(super) const OBSERVE: How = How { phase: Phase::Observe, need: Need::Required };
}

impl<'a> Draft<'a> {
    pub(super) fn new(format: &'static str, name: &str, folder: &str, cx: &ReadContext<'a>) -> Self {
        Draft { unit: Unit::new(format, name, folder), tree: cx.tree, catalog: cx.catalog }
    }

    /// The line a value stands on.
    pub(super) fn evidence(&self, at: &Value) -> Evidence {
        yaml::evidence_at(&at.location, self.tree)
    }

    /// The node of an id; a new one unless there is one already, in which case the place is more evidence.
    pub(super) fn node(&mut self, id: &Id, kind: Kind, name: &str, at: &Value) -> &mut Node {
        let evidence = self.evidence(at);
        let index = match self.unit.nodes.iter().position(|node| node.id == *id) {
            Some(index) => index,
            None => {
                self.unit.nodes.push(Node::new(id.clone(), kind, name));
                self.unit.nodes.len() - 1
            }
        };
        let node = &mut self.unit.nodes[index];
        node.add_evidence(evidence);
        node
    }

    pub(super) fn edge(&mut self, from: &Id, to: &Id, how: How, at: &Value) {
        let evidence = self.evidence(at);
        let known = self
            .unit
            .edges
            .iter_mut()
            .find(|edge| edge.from == *from && edge.to == *to && edge.phase == how.phase);
        match known {
            Some(edge) => {
                edge.need = edge.need.min(how.need);
                if !edge.evidence.contains(&evidence) {
                    edge.evidence.push(evidence);
                }
            }
            None if from == to => {}
            None => self.unit.edges.push(Edge {
                from: from.clone(),
                to: to.clone(),
                phase: how.phase,
                need: how.need,
                group: None,
                confidence: Confidence::Inferred,
                evidence: vec![evidence],
            }),
        }
    }

    pub(super) fn reference(&mut self, from: &Id, target: Target, how: How, at: &Value) {
        self.reference_in(from, target, how, None, at);
    }

    pub(super) fn reference_in(
        &mut self,
        from: &Id,
        target: Target,
        how: How,
        group: Option<Id>,
        at: &Value,
    ) {
        self.add_reference(from, target, how, group, self.evidence(at));
    }

    fn add_reference(&mut self, from: &Id, target: Target, how: How, group: Option<Id>, evidence: Evidence) {
        let reference = Reference {
            from: from.clone(),
            target,
            phase: how.phase,
            need: how.need,
            group,
            confidence: Confidence::Inferred,
            evidence: vec![evidence],
        };
        if !self.unit.references.contains(&reference) {
            self.unit.references.push(reference);
        }
    }

    /// A dependency on a provider's product.
    pub(super) fn provider(
        &mut self,
        from: &Id,
        provider: &str,
        service: Option<&str>,
        how: How,
        at: &Value,
    ) {
        let target = Target::Provider {
            provider: provider.to_owned(),
            service: service.map(str::to_owned),
            region: None,
        };
        self.reference(from, target, how, at);
    }

    /// What the settings of a mapping (`KEY: value`) or a list (`- key: KEY, value: ...`, `- KEY=value`) need.
    pub(super) fn settings(&mut self, from: &Id, settings: &Value) {
        self.settings_among(from, &settings_of(settings));
    }

    /// The hosts that the settings of a program name, and the providers whose services their keys open.
    pub(super) fn settings_among(&mut self, from: &Id, settings: &[Setting<'_>]) {
        let pairs = settings.iter().map(|setting| (setting.key, setting.value.unwrap_or("")));
        let keys = Keys::among(pairs, self.catalog);
        for setting in settings {
            let mentions = hosts::in_setting(setting.key, setting.value.unwrap_or(""));
            let is_placed = !mentions.is_empty();
            for mention in mentions {
                self.mention(from, setting.key, mention, setting.at);
            }
            let is_set = setting.value.is_none_or(keys::is_set);
            let opened = keys.opened_by(setting.key).filter(|_| !is_placed && is_set);
            if let Some((target, phase)) = opened {
                let evidence = keys::masked(setting.at.clone(), setting.key);
                self.add_reference(from, target, How { phase, need: Need::Optional }, None, evidence);
            }
        }
    }

    fn mention(&mut self, from: &Id, key: &str, mention: hosts::Mention, at: &Location) {
        let known: BTreeSet<&str> = self.unit.names.iter().map(|name| name.name.as_str()).collect();
        let is_known =
            |target: &Target| matches!(target, Target::Host { name, .. } if known.contains(name.as_str()));
        let sure =
            |endpoint: &hosts::Endpoint| endpoint.sure == Sureness::Certain || is_known(&endpoint.target);
        let need_of = |endpoint: &hosts::Endpoint| match &endpoint.target {
            target @ Target::Host { name, .. }
                if !endpoint.only_watches() && (is_known(target) || !has_public_suffix(name)) =>
            {
                Need::Required
            }
            _ => endpoint.need(),
        };
        let how = |endpoint: &hosts::Endpoint| How {
            phase: endpoint.phase(Phase::Runtime),
            need: need_of(endpoint),
        };
        let evidence = yaml::evidence_at(at, self.tree);
        let endpoints = mention.endpoints.into_iter().filter(sure);
        let targets: Vec<(How, Target)> =
            endpoints.map(|endpoint| (how(&endpoint), endpoint.target)).collect();
        let group = (targets.len() > 1).then(|| Id::new(format!("{from}#{}", key.to_lowercase())));
        if let Some(id) = &group
            && !self.unit.groups.iter().any(|group| group.id == *id)
        {
            let evidence = vec![evidence.clone()];
            self.unit.groups.push(Group { id: id.clone(), owner: from.clone(), k: 1, level: None, evidence });
        }
        for (how, target) in targets {
            self.add_reference(from, target, how, group.clone(), evidence.clone());
        }
    }
}

/// The settings of a mapping or a list; of those without a value, the ones that say where it is kept.
fn settings_of(settings: &Value) -> Vec<Setting<'_>> {
    let mut out = Vec::new();
    for (key, value) in settings.entries() {
        out.extend(value.str().map(|text| Setting {
            key: &key.text,
            value: Some(text),
            at: &value.location,
        }));
    }
    for item in settings.items() {
        let name = ["name", "key", "Name"].iter().find_map(|field| item.str_at(&[field]));
        let value = item.get("value").or(item.get("Value"));
        let is_elsewhere =
            || ["valueFrom", "value-from", "sync", "type"].iter().any(|field| item.get(field).is_some());
        let plain = || item.str().and_then(|text| text.split_once('='));
        let pair = match name {
            Some(name) if value.is_some() || is_elsewhere() => Some((name, value.and_then(Value::str))),
            Some(_) => None,
            None => plain().map(|(name, value)| (name, Some(value))),
        };
        let at = &value.unwrap_or(item).location;
        out.extend(pair.map(|(key, value)| Setting { key, value, at }));
    }
    out
}

/// What small readers say of nodes.
pub(super) trait Describe {
    /// Where it runs.
    fn on(&mut self, provider: &str, service: &str) -> &mut Self;
    /// What it is for, and the manifest's own word for it.
    fn is(&mut self, category: Category, type_name: &str) -> &mut Self;
    /// How many instances are said to run; how far apart they are is not said.
    fn instances(&mut self, count: u32, because: &str) -> &mut Self;
    /// An attribute that is a fact of yes or no.
    fn flag(&mut self, attribute: Attribute, value: bool, evidence: Option<Evidence>) -> &mut Self;
}

impl Describe for Node {
    fn on(&mut self, provider: &str, service: &str) -> &mut Self {
        self.placement.provider = Some(provider.to_owned());
        self.placement.service = Some(service.to_owned());
        self
    }

    fn is(&mut self, category: Category, type_name: &str) -> &mut Self {
        self.category = Some(category);
        self.type_name = Some(type_name.to_owned());
        self
    }

    fn instances(&mut self, count: u32, because: &str) -> &mut Self {
        self.replication.replicas = Some(count);
        self.tolerance = if count < 2 { Tolerance::Nothing } else { Tolerance::Instance };
        self.tolerance_because = Some(because.to_owned());
        self
    }

    fn flag(&mut self, attribute: Attribute, value: bool, evidence: Option<Evidence>) -> &mut Self {
        self.attributes.set(attribute, AttributeValue::Bool(value), evidence);
        self
    }
}

/// A name for something that its file leaves unnamed: the folder's, else a word for the root.
pub(super) fn folder_name<'f>(folder: &'f str, root: &'f str) -> &'f str {
    match folder.rsplit('/').next() {
        Some("") | None => root,
        Some(name) => name,
    }
}
