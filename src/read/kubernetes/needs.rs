//! What workloads name: edges to what the manifests define, references for the rest.

use std::collections::BTreeMap;

use super::cluster::{Cluster, Front, Workload, runs_once};
use super::object::Object;
use super::pod::{self, Setting};
use crate::catalog::Catalog;
use crate::model::{Category, Confidence, Edge, Evidence, Group, Id, Need, Phase, Reference, Target, Unit};
use crate::read::hosts::{self, Endpoint, Mention, Sureness};
use crate::read::images;
use crate::read::keys::{self, Keys};
use crate::read::yaml::Node;
use crate::source::Tree;

/// What is said of one edge: how much, in which group, and what says so.
type Said = (Need, Option<Id>, Vec<Evidence>);

/// Collects what nodes need, each edge once.
pub(super) struct Needs<'c> {
    pub cluster: &'c Cluster<'c>,
    pub tree: &'c Tree,
    edges: BTreeMap<(Id, Id, Phase), Said>,
    groups: BTreeMap<Id, Group>,
    references: Vec<Reference>,
}

impl<'c> Needs<'c> {
    pub(super) fn new(cluster: &'c Cluster<'c>, tree: &'c Tree) -> Self {
        Needs { cluster, tree, edges: BTreeMap::new(), groups: BTreeMap::new(), references: Vec::new() }
    }

    /// Everything that a workload's pod template names.
    pub(super) fn workload(&mut self, workload: &Workload<'c>, catalog: &Catalog) {
        let spec = workload.spec;
        for container in pod::containers(spec, "containers") {
            // The first container is the workload; a failing exporter beside it does not take it down.
            let image = container.str_at(&["image"]).unwrap_or("");
            let watches =
                images::known(image, catalog).is_some_and(|known| known.category == Category::Monitoring);
            let phase = if watches
                && workload.known.as_ref().is_none_or(|own| own.category != Category::Monitoring)
            {
                Phase::Observe
            } else {
                Phase::Runtime
            };
            self.container(workload, container, phase, catalog);
        }
        for container in pod::containers(spec, "initContainers") {
            let stays = container.str_at(&["restartPolicy"]) == Some("Always");
            let phase = if stays { Phase::Runtime } else { Phase::Startup };
            self.container(workload, container, phase, catalog);
        }
        self.volumes(workload);
    }

    fn container(&mut self, workload: &Workload<'c>, container: &'c Node, phase: Phase, catalog: &Catalog) {
        let (cluster, tree, space) = (self.cluster, self.tree, workload.object.space());
        let settings = pod::settings(container, space, cluster);
        let values: BTreeMap<String, String> =
            settings.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect();
        for setting in &settings {
            let evidence: Vec<Evidence> =
                setting.places.iter().map(|place| evidence(setting, place, catalog, tree)).collect();
            let mentions = hosts::in_setting(&setting.key, &setting.value);
            self.mentions(workload, mentions, phase, &evidence);
        }
        self.keys(workload, container, &settings, phase, catalog);
        for (line, place) in pod::command_lines(container, &values) {
            self.mentions(workload, hosts::in_text(&line), phase, &[place.evidence(tree)]);
        }
        if let Some(image) =
            container.get("image").filter(|image| image.str().is_some_and(|text| !text.is_empty()))
        {
            let target = Target::Image(image.str().unwrap_or("").to_owned());
            self.refer(&workload.id, target, Phase::Startup, Need::Required, vec![image.evidence(tree)]);
        }
        self.secrets(workload, container);
    }

    /// Keys of services that providers hand out.
    fn keys(
        &mut self,
        workload: &Workload<'c>,
        container: &'c Node,
        settings: &[Setting<'_>],
        phase: Phase,
        catalog: &Catalog,
    ) {
        let keys = Keys::among(settings.iter().map(|one| (one.key.as_str(), one.value.as_str())), catalog);
        let places_none = |one: &&Setting<'_>| hosts::in_setting(&one.key, &one.value).is_empty();
        let set = settings.iter().filter(|one| keys::is_set(&one.value)).filter(places_none);
        let set = set.filter_map(|one| Some((one.key.as_str(), &one.places.first()?.location)));
        let elsewhere = pod::given_elsewhere(container, settings);
        for (key, location) in set.chain(elsewhere.iter().map(|(key, place)| (*key, &place.location))) {
            let Some((target, own)) = keys.opened_by(key) else { continue };
            let phase = if own == Phase::Observe { own } else { phase };
            let evidence = vec![keys::masked(location.clone(), key)];
            self.refer(&workload.id, target, phase, Need::Optional, evidence);
        }
    }

    /// Secrets that an operator or a secret store makes.
    fn secrets(&mut self, workload: &Workload<'c>, container: &'c Node) {
        let space = workload.object.space().to_owned();
        let from_env = container.get("env").map(Node::items).unwrap_or_default();
        let whole = container.get("envFrom").map(Node::items).unwrap_or_default();
        let names = from_env
            .iter()
            .filter_map(|variable| variable.at(&["valueFrom", "secretKeyRef", "name"]))
            .chain(whole.iter().filter_map(|source| source.at(&["secretRef", "name"])));
        for name in names {
            self.secret(&workload.id, &space, name);
        }
    }

    /// A Secret that is named, if it is known who makes it.
    pub(super) fn secret(&mut self, from: &Id, space: &str, name: &Node) {
        let Some(text) = name.str() else { return };
        let key = (space.to_owned(), text.to_owned());
        if let Some(maker) = self.cluster.made_secrets.get(&key) {
            let is_store = maker.as_str().contains("/ExternalSecret/");
            let phase = if is_store { Phase::Startup } else { Phase::Runtime };
            self.edge(from, maker, phase, Need::Required, vec![name.evidence(self.tree)]);
        }
    }

    /// Configuration files and secrets that are mounted.
    fn volumes(&mut self, workload: &Workload<'c>) {
        let space = workload.object.space().to_owned();
        let watches = workload.known.as_ref().is_some_and(|known| known.category == Category::Monitoring);
        for volume in workload.spec.get("volumes").map(Node::items).unwrap_or_default() {
            if let Some(name) = volume.at(&["secret", "secretName"]) {
                self.secret(&workload.id, &space, name);
            }
            if let Some(server) = volume.at(&["nfs", "server"]) {
                let target = hosts::of_host(server.str().unwrap_or(""), None, Some("nfs"));
                let mentions =
                    target.map(|target| Mention::of(Endpoint::certain(target))).into_iter().collect();
                self.mentions(workload, mentions, Phase::Runtime, &[server.evidence(self.tree)]);
            }
            // What a monitoring system lists in its files is what it watches, not what it needs.
            let Some(name) = volume.at(&["configMap", "name"]).filter(|_| !watches) else { continue };
            let files = self.cluster.data("configMapRef", &space, name.str().unwrap_or(""));
            for (_, text, place) in files {
                self.file(workload, &text, place);
            }
        }
    }

    /// A configuration file: lines that set a host, and lines that name what is known.
    fn file(&mut self, workload: &Workload<'c>, text: &str, place: &Node) {
        for (at, line) in text.lines().take(2000).enumerate() {
            let mut location = place.location.clone();
            // A block scalar starts on the line of its key.
            location.line += if text.contains('\n') { at as u32 + 1 } else { 0 };
            let evidence = crate::read::yaml::evidence_at(&location, self.tree);
            let (mentions, sets_key) = hosts::in_config_line(line);
            let known_only = !sets_key;
            let kept = mentions.into_iter().filter(|mention| {
                !known_only
                    || mention
                        .endpoints
                        .iter()
                        .any(|endpoint| self.front(workload, &endpoint.target).is_some())
            });
            let kept = kept.collect();
            self.mentions(workload, kept, Phase::Runtime, &[evidence]);
        }
    }

    fn front(&self, workload: &Workload<'_>, target: &Target) -> Option<&'c Front<'c>> {
        let Target::Host { name, .. } = target else { return None };
        self.cluster.find(workload.object.space(), name)
    }

    fn mentions(
        &mut self,
        workload: &Workload<'c>,
        mentions: Vec<Mention>,
        phase: Phase,
        evidence: &[Evidence],
    ) {
        for mention in mentions {
            let list = mention.endpoints.len() > 1;
            let mut ends: Vec<Id> = Vec::new();
            for endpoint in mention.endpoints {
                match self.front(workload, &endpoint.target) {
                    Some(front) => {
                        let found =
                            self.through(&workload.id, front, &endpoint.target, phase, evidence, list);
                        ends.extend(
                            found
                                .into_iter()
                                .filter(|id| *id != workload.id && !ends.contains(id))
                                .collect::<Vec<_>>(),
                        );
                    }
                    None if endpoint.sure == Sureness::Certain => {
                        let (phase, need) = (endpoint.phase(phase), endpoint.need());
                        self.refer(&workload.id, endpoint.target, phase, need, evidence.to_vec());
                    }
                    None => {}
                }
            }
            if list && ends.len() > 1 {
                self.group(&workload.id, "alternatives", &ends, phase, Need::Required, evidence);
            } else if list {
                for end in ends {
                    self.lead(&workload.id, &end, phase, None, evidence.to_vec());
                }
            }
        }
    }

    /// From a node through a Service to what it leads to; with `list` the ends are returned and not joined.
    pub(super) fn through(
        &mut self,
        from: &Id,
        front: &'c Front<'c>,
        named: &Target,
        phase: Phase,
        evidence: &[Evidence],
        list: bool,
    ) -> Vec<Id> {
        let mut evidence = evidence.to_vec();
        if let Some(external) = front.external {
            evidence.push(external.evidence(self.tree));
            let target = hosts::of_host(external.str().unwrap_or(""), None, None);
            if let Some(target) = target {
                self.refer(from, target, phase, Need::Required, evidence);
            }
            return Vec::new();
        }
        match front.ids.as_slice() {
            [] => {
                self.dangling(from, front, named, phase, evidence);
                Vec::new()
            }
            ids if list => ids.to_vec(),
            [only] => {
                self.lead(from, only, phase, None, evidence);
                Vec::new()
            }
            several => {
                let name = front.object.map_or("service", |object| object.name.as_str()).to_owned();
                self.group(from, &name, several, phase, Need::Required, &evidence);
                Vec::new()
            }
        }
    }

    /// A Service that selects nothing.
    fn dangling(
        &mut self,
        from: &Id,
        front: &Front<'_>,
        named: &Target,
        phase: Phase,
        mut evidence: Vec<Evidence>,
    ) {
        let Some(object) = front.object else { return };
        evidence.push(crate::read::yaml::evidence_at(&object.place(), self.tree));
        let because = if object.at(&["spec", "selector"]).is_some() {
            "no workload in the scanned files carries the labels that the service selects"
        } else {
            "the service selects nothing; its endpoints are set by other means"
        };
        let text = match named {
            Target::Host { name, .. } => name.clone(),
            _ => object.name.clone(),
        };
        let target = Target::Unresolved { text, because: because.to_owned() };
        self.refer(from, target, phase, Need::Required, evidence);
    }

    /// An edge to a workload or component, in the phase that fits what it is.
    pub(super) fn lead(
        &mut self,
        from: &Id,
        to: &Id,
        phase: Phase,
        group: Option<Id>,
        evidence: Vec<Evidence>,
    ) {
        let watches = |id: &Id| {
            let known = self.cluster.workload(id).and_then(|workload| workload.known.as_ref());
            known.is_some_and(|known| known.category == Category::Monitoring)
                || ["/Prometheus/", "/OpenTelemetryCollector/", "/Jaeger/", "/Alertmanager/"]
                    .iter()
                    .any(|kind| id.as_str().contains(kind))
        };
        let once = self.cluster.workload(to).is_some_and(|workload| runs_once(workload.object));
        let (phase, need) = if watches(to) && !watches(from) {
            (Phase::Observe, Need::Optional)
        } else if once && phase == Phase::Runtime {
            (Phase::Startup, Need::Required)
        } else {
            (phase, Need::Required)
        };
        self.edge_in(from, to, phase, need, group, evidence);
    }

    fn group(
        &mut self,
        from: &Id,
        name: &str,
        ends: &[Id],
        phase: Phase,
        _need: Need,
        evidence: &[Evidence],
    ) {
        let id = Id::new(format!("{from}#{name}"));
        self.groups.entry(id.clone()).or_insert_with(|| Group {
            id: id.clone(),
            owner: from.clone(),
            k: 1,
            level: None,
            evidence: evidence.to_vec(),
        });
        for end in ends {
            self.lead(from, end, phase, Some(id.clone()), evidence.to_vec());
        }
    }

    pub(super) fn edge(&mut self, from: &Id, to: &Id, phase: Phase, need: Need, evidence: Vec<Evidence>) {
        self.edge_in(from, to, phase, need, None, evidence);
    }

    fn edge_in(
        &mut self,
        from: &Id,
        to: &Id,
        phase: Phase,
        need: Need,
        group: Option<Id>,
        evidence: Vec<Evidence>,
    ) {
        if from == to {
            return;
        }
        let key = (from.clone(), to.clone(), phase);
        let entry = self.edges.entry(key).or_insert_with(|| (need, group.clone(), Vec::new()));
        entry.0 = entry.0.min(need);
        if group.is_none() {
            // Named on its own as well: then it is needed itself.
            entry.1 = None;
        }
        for piece in evidence {
            if !entry.2.contains(&piece) && entry.2.len() < 8 {
                entry.2.push(piece);
            }
        }
    }

    pub(super) fn refer(
        &mut self,
        from: &Id,
        target: Target,
        phase: Phase,
        need: Need,
        evidence: Vec<Evidence>,
    ) {
        let same = |one: &&mut Reference| one.from == *from && one.target == target && one.phase == phase;
        // References of one node are added together, so the last ones are all that can be the same.
        let start = self.references.len().saturating_sub(200);
        if let Some(present) = self.references[start..].iter_mut().find(same) {
            present.evidence.extend(evidence);
            return;
        }
        let (from, confidence) = (from.clone(), Confidence::Inferred);
        self.references.push(Reference { from, target, phase, need, group: None, confidence, evidence });
    }

    /// Writes everything into a unit.
    pub(super) fn write(self, unit: &mut Unit) {
        for ((from, to, phase), (need, group, evidence)) in self.edges {
            unit.edges.push(Edge {
                from,
                to,
                phase,
                need,
                group,
                confidence: Confidence::Inferred,
                evidence,
            });
        }
        unit.groups.extend(self.groups.into_values());
        unit.references.extend(self.references);
    }
}

/// What says so; a key of a provider is shown without its value.
fn evidence(setting: &Setting<'_>, place: &Node, catalog: &Catalog, tree: &Tree) -> Evidence {
    match catalog.setting_key(&setting.key) {
        Some(_) => keys::masked(place.location.clone(), &setting.key),
        None => place.evidence(tree),
    }
}

/// The text of a node as a host of a URL or a name.
pub(super) fn host_of(node: Option<&Node>) -> Option<Target> {
    let text = node?.str()?;
    if text.contains("://") { hosts::of_url(text) } else { hosts::of_host(text, None, None) }
}

/// The host of a git address in any of its forms.
pub(super) fn git_host(text: &str) -> Option<Target> {
    if let Some(target) = hosts::of_url(text) {
        return Some(target);
    }
    let (_, rest) = text.split_once('@')?;
    hosts::of_host(rest.split([':', '/']).next()?, None, Some("ssh"))
}

/// Where an object's name stands, as evidence.
pub(super) fn place(object: &Object, tree: &Tree) -> Evidence {
    crate::read::yaml::evidence_at(&object.place(), tree)
}
