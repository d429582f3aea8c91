//! A project's services as nodes, and what they name as edges and references.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::profiles::Profiles;
use super::project::Services;
use super::service::{Build, Count, Placed, Service};
use crate::model::{
    Attribute, AttributeValue, Category, Confidence, Edge, Evidence, Group, Id, Kind, Level, Need, Node,
    Phase, Program, Reach, Reference, Target, Tolerance, Unit,
};
use crate::read::hosts::{self, Endpoint, Mention, Sureness};
use crate::read::images::{self, Known};
use crate::read::keys::{self, Keys};
use crate::read::{ReadContext, dockerfile, env_files, otel, packages, yaml};
use crate::source::{Location, SourceFile, Tree};

/// The unit of a project.
pub(super) fn unit(
    plan: &Plan<'_>,
    folder: &str,
    services: &Services,
    profiles: &Profiles,
    cx: &ReadContext<'_>,
) -> Unit {
    let name = if plan.project.is_empty() { ".".to_owned() } else { plan.project.clone() };
    let mut unit = Unit::new("compose", name, folder);
    unit.environments = plan.environments.clone();
    let mut graph = Graph {
        project: &plan.project,
        services,
        profiles,
        cx,
        known: BTreeMap::new(),
        names: BTreeMap::new(),
        given: BTreeMap::new(),
    };
    graph.recognize();
    graph.given = services.iter().map(|(name, service)| (name.as_str(), graph.given(service))).collect();
    // What one service of the project is told of a product holds for the others.
    let all = graph.given.values().flatten().map(|one| (one.key.as_str(), one.value.as_str()));
    let keys = Keys::among(all, cx.catalog);
    let started = || services.iter().filter(|(_, service)| !profiles.leave_out(service));
    for (name, service) in started() {
        let node = graph.node(name, service);
        unit.nodes.push(node);
        for alias in graph.names.iter().filter(|(_, target)| *target == name).map(|(alias, _)| alias) {
            unit.add_name(alias, &graph.id(name), Reach::Unit);
        }
    }
    for (name, service) in started() {
        graph.needs_of(name, service, &keys).write(&graph, &mut unit);
        graph.publish(name, service, &mut unit);
        let folder = service.build.as_ref().and_then(|build| graph.built_folder(&service.folder, build));
        unit.programs.extend(folder.map(|folder| Program { folder, run_by: Some(graph.id(name)) }));
    }
    unit
}

struct Graph<'g> {
    project: &'g str,
    services: &'g Services,
    profiles: &'g Profiles,
    cx: &'g ReadContext<'g>,
    /// What the images run.
    known: BTreeMap<&'g str, Known>,
    /// Every name a service answers to.
    names: BTreeMap<String, String>,
    /// The settings of each service.
    given: BTreeMap<&'g str, Vec<Given>>,
}

/// A setting of a service.
struct Given {
    key: String,
    value: String,
    at: Location,
    /// Whether its value is given when the service starts.
    is_open: bool,
    /// Whether it stands in a sample.
    is_sample: bool,
}

impl Given {
    /// Whether the key is there to be used.
    fn counts(&self) -> bool {
        self.is_open || keys::is_set(&self.value)
    }
}

/// What one service needs.
struct Needs<'g> {
    name: &'g str,
    /// By service, phase and need.
    edges: BTreeMap<(String, Phase, Need), Vec<Evidence>>,
    /// Lists of which any one will do.
    lists: Vec<BTreeSet<String>>,
    references: Vec<Reference>,
}

impl<'g> Graph<'g> {
    fn recognize(&mut self) {
        for (name, service) in self.services {
            let known = service.image.as_ref().and_then(|image| images::known(&image.text, self.cx.catalog));
            let known = known.filter(|known| service.build.is_none() || known.is_datastore());
            if let Some(known) = known.or_else(|| self.built(name, service)) {
                self.known.insert(name, known);
            }
            for alias in &service.aliases {
                self.names.insert(alias.to_ascii_lowercase(), name.clone());
            }
        }
        self.names.extend(self.services.keys().map(|name| (name.to_ascii_lowercase(), name.clone())));
    }

    /// What a built image runs: what the one it starts from runs, if it starts nothing of its own; else the datastore
    /// that the service is called.
    fn built(&self, name: &str, service: &Service) -> Option<Known> {
        let build = service.build.as_ref()?;
        let by_name = || images::known(name, self.cx.catalog).filter(Known::is_datastore);
        let is_own = |line: &Placed| !line.text.starts_with('-');
        if !service.entrypoint.is_empty() || service.command.iter().any(is_own) {
            return by_name();
        }
        let context = Tree::resolve(&service.folder, &build.context)?;
        let file = if build.dockerfile.is_empty() { "Dockerfile" } else { &build.dockerfile };
        let file = self.cx.tree.join(&context, file);
        let base = file.and_then(|file| dockerfile::extended(file, &build.args, &build.target));
        let by_base = base.and_then(|base| images::known(&base, self.cx.catalog)).filter(Known::is_part);
        by_base.or_else(by_name)
    }

    fn id(&self, name: &str) -> Id {
        Id::compose(self.project, name)
    }

    /// The folder of the program that is built: that of a Dockerfile unless the program's files lie elsewhere in the
    /// context.
    fn built_folder(&self, folder: &str, build: &Build) -> Option<String> {
        let context = Tree::resolve(folder, &build.context)?;
        let inner = build.dockerfile.rsplit_once('/').and_then(|(inner, _)| Tree::resolve(&context, inner));
        let holds_program = |folder: &str| self.cx.tree.in_folder(folder).any(packages::is_manifest);
        let inner = inner.filter(|inner| holds_program(inner) || !holds_program(&context));
        Some(inner.unwrap_or(context))
    }

    fn evidence(&self, at: &Location) -> Evidence {
        yaml::evidence_at(at, self.cx.tree)
    }

    fn node(&self, name: &str, service: &Service) -> Node {
        let known = self.known.get(name);
        let kind = if known.is_some_and(Known::is_part) { Kind::Component } else { Kind::Service };
        let mut node = Node::new(self.id(name), kind, name);
        node.type_name = Some("compose service".into());
        node.category = Some(known.map_or(Category::Compute, |known| known.category));
        for place in &service.places {
            node.add_evidence(self.evidence(place));
        }
        if self.runs_once(name, service) {
            node.attributes.set(Attribute::Batch, AttributeValue::Bool(true), None);
            node.is_service = false;
        }
        if self.is_tool(name) || is_for_development(service) {
            node.attributes.set(Attribute::Auxiliary, AttributeValue::Bool(true), None);
            node.is_service = false;
        }
        if self.profiles.on_request(service) {
            node.is_service = false;
        }
        self.count(&mut node, service);
        if let Some(known) = known {
            known.doubt_takeover(&mut node);
        }
        self.describe(&mut node, service);
        let said = service.environment.get(otel::VARIABLE).map(|said| otel::parse(&said.text));
        otel::place(&mut node, &said.unwrap_or_default());
        node
    }

    /// Whether it is there for people at work, and not missed.
    fn is_tool(&self, name: &str) -> bool {
        let image = self.services.get(name).and_then(|service| service.image.as_ref());
        let image = image.map_or("", |image| image.text.rsplit('/').next().unwrap_or(""));
        self.known.get(name).is_some_and(|known| known.tool)
            || [name, image].into_iter().any(images::tries_out)
    }

    fn starts(&self, name: &str) -> bool {
        !self.services.get(name).is_some_and(|service| self.profiles.leave_out(service))
    }

    /// Names that a proxy of the project publishes for the service, as its labels or variables ask.
    fn publish(&self, name: &str, service: &Service, unit: &mut Unit) {
        let rules =
            service.labels.iter().filter(|(key, _)| key.starts_with("traefik.") && key.ends_with(".rule"));
        let asked = service.environment.iter().filter(|(key, _)| *key == "VIRTUAL_HOST").chain(rules);
        for (_, Placed { text, at }) in asked {
            for domain in hosts::published_names(text) {
                let id = Id::domain(&domain);
                let evidence = self.evidence(at);
                if !unit.nodes.iter().any(|node| node.id == id) {
                    let mut node = Node::new(id.clone(), Kind::Domain, domain);
                    node.attributes.set(
                        Attribute::Published,
                        AttributeValue::Bool(true),
                        Some(evidence.clone()),
                    );
                    node.add_evidence(evidence.clone());
                    unit.nodes.push(node);
                }
                for to in std::iter::once(name).chain(self.proxy().filter(|proxy| *proxy != name)) {
                    unit.edges.push(Edge::required(id.clone(), self.id(to), vec![evidence.clone()]));
                }
            }
        }
    }

    /// The only service that runs a proxy which finds the others by itself.
    fn proxy(&self) -> Option<&str> {
        let finds = |service: &Service| {
            let image = service.image.as_ref().map_or("", |image| image.text.as_str());
            image.contains("traefik") || image.contains("nginx-proxy")
        };
        let mut found =
            self.services.iter().filter(|(_, service)| finds(service)).map(|(name, _)| name.as_str());
        found.next().filter(|_| found.next().is_none())
    }

    fn count(&self, node: &mut Node, service: &Service) {
        let (replicas, unknown) = match &service.count {
            None => (Some(1), None),
            Some((Count::Known(count), _)) => (Some(*count), None),
            Some((Count::Global, _)) => {
                (None, Some("one for each machine, of which the number is not known".to_owned()))
            }
            Some((Count::Unknown(because), _)) => (None, Some(because.clone())),
        };
        if let Some((_, at)) = &service.count {
            node.add_evidence(self.evidence(at));
        }
        node.replication.replicas = replicas;
        node.replication.unknown = unknown;
        let (tolerance, because) = match (replicas, service.one_per_node) {
            (Some(0), _) => (Tolerance::Unknown, "no container runs".to_owned()),
            (Some(1), _) => (Tolerance::Nothing, "one container".to_owned()),
            (Some(count), true) => {
                node.replication.spread = Some(Level::Host);
                (Tolerance::Host, format!("{count} containers, at most one on each machine"))
            }
            (Some(count), false) => (
                Tolerance::Instance,
                format!("{count} containers; nothing says that they stand on several machines"),
            ),
            (None, _) => (Tolerance::Unknown, "how many containers run is not known".to_owned()),
        };
        node.tolerance = tolerance;
        node.tolerance_because = Some(because);
    }

    fn describe(&self, node: &mut Node, service: &Service) {
        let yes = || AttributeValue::Bool(true);
        if let Some(at) = &service.published {
            node.attributes.set(Attribute::Published, yes(), Some(self.evidence(at)));
        }
        if let Some(at) = &service.health {
            node.attributes.set(Attribute::HealthChecked, yes(), Some(self.evidence(at)));
        }
        if let Some(image) = &service.image {
            let evidence = Some(self.evidence(&image.at));
            node.attributes.set(Attribute::Image, AttributeValue::Text(image.text.clone()), evidence);
        }
        let Some(known) = self.known.get(&*node.name) else { return };
        let image = service.image.as_ref().map(|image| self.evidence(&image.at));
        node.attributes.set(Attribute::Engine, AttributeValue::Text(known.engine.clone()), image.clone());
        if known.stateful {
            node.attributes.set(Attribute::Stateful, yes(), image.clone());
            let data =
                service.mounts.iter().find(|mount| !mount.tmpfs && keeps_data(&mount.source, &mount.target));
            let lost = AttributeValue::Bool(data.is_none());
            let evidence = data.map(|mount| self.evidence(&mount.at)).or(image);
            node.attributes.set(Attribute::EphemeralData, lost, evidence);
        }
    }

    /// Whether others wait for its end, or its name says that it prepares something.
    fn runs_once(&self, name: &str, service: &Service) -> bool {
        let awaited =
            self.services.values().any(|other| other.after.get(name).is_some_and(|after| after.completed));
        let words =
            ["init", "setup", "migrate", "migration", "migrations", "seed", "createbuckets", "seeder"];
        let prepares = name.split(['-', '_', '.']).any(|part| words.contains(&part));
        awaited || (prepares && service.published.is_none())
    }

    fn needs_of(&self, name: &'g str, service: &Service, keys: &Keys<'_>) -> Needs<'g> {
        let mut needs = Needs { name, edges: BTreeMap::new(), lists: Vec::new(), references: Vec::new() };
        for (other, after) in &service.after {
            let phase = if after.completed { Phase::Startup } else { Phase::Runtime };
            let need = if after.required { Need::Required } else { Need::Optional };
            let at = &after.at;
            if self.services.contains_key(other) {
                self.add(&mut needs, other, phase, need, at);
            } else {
                let because = "no service of this name is declared".to_owned();
                let target = Target::Unresolved { text: other.clone(), because };
                self.refer(&mut needs, target, phase, need, self.evidence(at));
            }
        }
        for link in &service.links {
            if self.services.contains_key(&link.text) {
                self.add(&mut needs, &link.text, Phase::Runtime, Need::Required, &link.at);
            }
        }
        self.settings(&mut needs, keys);
        for line in service.command.iter().chain(&service.entrypoint) {
            let evidence = self.evidence(&line.at);
            self.mentions(&mut needs, hosts::in_text(&line.text), &evidence);
        }
        if self.known.get(name).is_none_or(|known| known.category != Category::Monitoring) {
            self.configuration(&mut needs, service);
        }
        if let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) {
            let target = Target::Image(image.text.clone());
            self.refer(&mut needs, target, Phase::Startup, Need::Required, self.evidence(&image.at));
        }
        needs
    }

    fn settings(&self, needs: &mut Needs<'_>, keys: &Keys<'_>) {
        for one in self.given.get(needs.name).into_iter().flatten() {
            let is_known = self.cx.catalog.setting_key(&one.key).is_some();
            let evidence =
                if is_known { keys::masked(one.at.clone(), &one.key) } else { self.evidence(&one.at) };
            let mut mentions = hosts::in_setting(&one.key, &one.value);
            if one.is_sample {
                self.doubt(&mut mentions);
            }
            let opened = keys.opened_by(&one.key).filter(|_| mentions.is_empty() && one.counts());
            self.mentions(needs, mentions, &evidence);
            if let Some((target, phase)) = opened {
                self.refer(needs, target, phase, Need::Optional, evidence);
            }
        }
    }

    /// All settings of a service: its own, and those of the files that it names.
    fn given(&self, service: &Service) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for (key, Placed { text, at }) in &service.environment {
            let is_open = service.open_settings.contains(key);
            let (key, value, at) = (key.clone(), text.clone(), at.clone());
            given.push(Given { key, value, at, is_open, is_sample: false });
        }
        let own_files = service.env_files.iter().filter(|file| !self.tells_others(service, file));
        for file in own_files {
            // What is not in the repository is often described by a sample of it.
            let samples =
                [".sample", ".example", ".template", ".dist"].map(|end| format!("{}{end}", file.text));
            let before = match file.text.rsplit_once('/') {
                Some((folder, name)) => format!("{folder}/example{name}"),
                None => format!("example{}", file.text),
            };
            let names = std::iter::once(&file.text).chain(&samples).chain([&before]);
            let found = names
                .enumerate()
                .find_map(|(at, name)| Some((at > 0, self.cx.tree.join(&service.folder, name)?)));
            let Some((is_sample, file)) = found else { continue };
            for (key, value, line) in env_files::lines(file.text()) {
                if !service.environment.contains_key(&key) {
                    let at = file.line_location(line);
                    given.push(Given { key, value, at, is_open: is_sample, is_sample });
                }
            }
        }
        given
    }

    /// Whether a file of settings that a datastore is given is one that tells the programs of the project where that is.
    fn tells_others(&self, service: &Service, file: &Placed) -> bool {
        let is_store = |image: &Placed| {
            images::known(&image.text, self.cx.catalog).is_some_and(|known| known.is_datastore())
        };
        let reads = |other: &&Service| other.env_files.iter().any(|own| own.text == file.text);
        service.image.as_ref().is_some_and(is_store)
            && self.services.values().filter(reads).any(|other| !other.image.as_ref().is_some_and(is_store))
    }

    /// Keeps of a sample's hosts what it can know of: services of the project, and whose the others would be.
    fn doubt(&self, mentions: &mut Vec<Mention>) {
        for mention in &mut *mentions {
            let endpoints = std::mem::take(&mut mention.endpoints).into_iter();
            mention.endpoints = endpoints
                .filter_map(|endpoint| {
                    if self.service_of(&endpoint.target).is_some() {
                        return Some(endpoint);
                    }
                    let target = keys::in_sample(endpoint.target, self.cx.catalog)?;
                    Some(Endpoint { target, ..endpoint })
                })
                .collect();
        }
        mentions.retain(|mention| !mention.endpoints.is_empty());
    }

    fn mentions(&self, needs: &mut Needs<'_>, mentions: Vec<Mention>, evidence: &Evidence) {
        for mention in mentions {
            let mut listed = BTreeSet::new();
            for endpoint in mention.endpoints {
                match self.service_of(&endpoint.target) {
                    Some(other) => {
                        if self.starts(other) {
                            listed.insert(other.to_owned());
                        }
                        self.add_evidence(needs, other, Phase::Runtime, Need::Required, evidence.clone());
                    }
                    None if endpoint.sure == Sureness::Certain => {
                        let (phase, need) = (endpoint.phase(Phase::Runtime), endpoint.need());
                        self.refer(needs, endpoint.target, phase, need, evidence.clone());
                    }
                    None => {}
                }
            }
            if listed.len() > 1 {
                needs.lists.push(listed);
            }
        }
    }

    fn service_of(&self, target: &Target) -> Option<&str> {
        let Target::Host { name, .. } = target else { return None };
        let found = self.names.get(name).or_else(|| {
            // `tasks.web` of swarm, `db.project_default`.
            let short = name.strip_prefix("tasks.").or_else(|| name.split_once('.').map(|(head, _)| head))?;
            let local = name.starts_with("tasks.") || name.ends_with("_default") || name.ends_with(".local");
            self.names.get(short).filter(|_| local)
        });
        found.or_else(|| self.names.get(self.in_container_name(name)?)).map(String::as_str)
    }

    /// `db` of `shop_db_1` and `shop-db-1`, as containers of the project `shop` are called.
    fn in_container_name<'n>(&self, name: &'n str) -> Option<&'n str> {
        let project = self.project.rsplit('/').next()?;
        let inner = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let inner = inner.strip_suffix(['_', '-']).filter(|_| inner.len() < name.len())?;
        inner.strip_prefix(project)?.strip_prefix(['_', '-'])
    }

    /// Configuration files of the scan that are mounted into the service or built into it.
    fn configuration(&self, needs: &mut Needs<'_>, service: &Service) {
        let mut files: Vec<&SourceFile> = Vec::new();
        for mount in &service.mounts {
            if !mount.source.starts_with('.') {
                continue;
            }
            match self.cx.tree.join(&service.folder, &mount.source) {
                Some(file) => files.push(file),
                None => files.extend(self.folder_files(&service.folder, &mount.source)),
            }
        }
        if let Some(build) = &service.build {
            files.extend(self.folder_files(&service.folder, &build.context));
            files.extend(self.application_files(&service.folder, &build.context));
        }
        for file in files.into_iter().filter(|file| is_configuration(file)).take(40) {
            for line in 1..=file.line_count() {
                for mention in hosts::in_config_line(file.line_text(line)).0 {
                    for other in
                        mention.endpoints.iter().filter_map(|endpoint| self.service_of(&endpoint.target))
                    {
                        let evidence = Evidence::at_line(file, line);
                        self.add_evidence(needs, other, Phase::Runtime, Need::Required, evidence);
                    }
                }
            }
        }
    }

    /// Settings of the application that is built, by the usual names of such files.
    fn application_files(&self, folder: &str, context: &str) -> Vec<&'g SourceFile> {
        let path = Tree::resolve(folder, context).filter(|path| path != folder);
        let Some(path) = path else { return Vec::new() };
        let named = |file: &&SourceFile| {
            let name = file.name();
            let deep = file.folder() != path && !file.path().contains("/test");
            deep && (name.starts_with("application")
                || name.starts_with("appsettings")
                || name.starts_with("config."))
        };
        let paths: Vec<String> = self
            .cx
            .tree
            .under(&path)
            .take(5000)
            .filter(named)
            .take(20)
            .map(|file| file.path().to_string())
            .collect();
        paths.iter().filter_map(|path| self.cx.tree.get(path)).collect()
    }

    fn folder_files(&self, folder: &str, relative: &str) -> Vec<&'g SourceFile> {
        let path = Tree::resolve(folder, relative).filter(|path| path != folder);
        let Some(path) = path else { return Vec::new() };
        let paths: Vec<String> =
            self.cx.tree.in_folder(&path).take(50).map(|file| file.path().to_string()).collect();
        paths.iter().filter_map(|path| self.cx.tree.get(path)).collect()
    }

    fn add(&self, needs: &mut Needs<'_>, other: &str, phase: Phase, need: Need, at: &Location) {
        self.add_evidence(needs, other, phase, need, self.evidence(at));
    }

    fn add_evidence(&self, needs: &mut Needs<'_>, other: &str, phase: Phase, need: Need, evidence: Evidence) {
        if other == needs.name || !self.starts(other) {
            return;
        }
        let watches =
            |name: &str| self.known.get(name).is_some_and(|known| known.category == Category::Monitoring);
        let (phase, need) = match self.services.get(other) {
            Some(_) if watches(other) && !watches(needs.name) => (Phase::Observe, Need::Optional),
            Some(_) if self.is_tool(other) => (phase, Need::Optional),
            Some(service) if phase == Phase::Runtime && self.runs_once(other, service) => {
                (Phase::Startup, need)
            }
            _ => (phase, need),
        };
        let all = needs.edges.entry((other.to_owned(), phase, need)).or_default();
        if !all.contains(&evidence) && all.len() < 8 {
            all.push(evidence);
        }
    }

    fn refer(&self, needs: &mut Needs<'_>, target: Target, phase: Phase, need: Need, evidence: Evidence) {
        let from = self.id(needs.name);
        if let Some(present) =
            needs.references.iter_mut().find(|one| one.target == target && one.phase == phase)
        {
            present.evidence.push(evidence);
            return;
        }
        let evidence = vec![evidence];
        let confidence = Confidence::Inferred;
        needs.references.push(Reference { from, target, phase, need, group: None, confidence, evidence });
    }

    /// Sets of the services that are the same thing several times.
    fn twins(&self, needed: &[String]) -> Vec<BTreeSet<String>> {
        let mut by_shape: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in needed {
            if let Some(shape) = self.services.get(name).and_then(|service| self.shape(name, service)) {
                by_shape.entry(shape).or_default().insert(name.clone());
            }
        }
        by_shape.into_values().filter(|twins| twins.len() > 1).collect()
    }

    /// What makes two services the same: the image or build, the command, and the name but for its number.
    fn shape(&self, name: &str, service: &Service) -> Option<String> {
        let stem = stem(name)?;
        let build = service.build.as_ref().map(|build| format!("{build:?}"));
        let image = service.image.as_ref().filter(|_| build.is_none()).map(|image| image.text.clone());
        let is_store = self.known.get(name).is_some_and(|known| known.is_datastore() && !known.has_quorum());
        if is_store || (build.is_none() && image.is_none()) {
            return None;
        }
        let words = |lines: &[Placed]| {
            let unnamed = |line: &Placed| line.text.replace(|c: char| c.is_ascii_digit(), "");
            lines.iter().map(unnamed).collect::<Vec<_>>().join(" ")
        };
        let command = if self.known.contains_key(name) { String::new() } else { words(&service.command) };
        Some(format!("{stem}|{build:?}|{image:?}|{command}|{}", words(&service.entrypoint)))
    }
}

impl Needs<'_> {
    fn write(self, graph: &Graph<'_>, unit: &mut Unit) {
        let from = graph.id(self.name);
        let needed: Vec<String> = self.edges.keys().map(|(name, ..)| name.clone()).collect();
        let mut sets = graph.twins(&needed);
        for list in self.lists {
            if sets.iter().all(|set| set.is_disjoint(&list)) {
                sets.push(list);
            }
        }
        let mut group_of: BTreeMap<String, Id> = BTreeMap::new();
        for set in sets {
            let first = set.first().expect("a set of twins has two members");
            let id = Id::new(format!("{from}#{}", stem(first).unwrap_or_else(|| first.clone())));
            let quorum = graph.known.get(first.as_str()).is_some_and(Known::has_quorum);
            let k = if quorum { set.len() as u32 / 2 + 1 } else { 1 };
            let in_set = self.edges.iter().filter(|((name, ..), _)| set.contains(name));
            let evidence: Vec<Evidence> =
                in_set.flat_map(|(_, evidence)| evidence.first().cloned()).collect();
            unit.groups.push(Group {
                id: id.clone(),
                owner: from.clone(),
                k,
                level: Some(Level::Instance),
                evidence,
            });
            group_of.extend(set.into_iter().map(|name| (name, id.clone())));
        }
        for ((name, phase, need), evidence) in self.edges {
            unit.edges.push(Edge {
                from: from.clone(),
                to: graph.id(&name),
                phase,
                need,
                group: group_of
                    .get(&name)
                    .filter(|_| need == Need::Required && phase == Phase::Runtime)
                    .cloned(),
                confidence: Confidence::Inferred,
                evidence,
            });
        }
        unit.references.extend(self.references);
    }
}

/// A name without its number: `web` of `web1`, `web-2`, `web_blue`.
fn stem(name: &str) -> Option<String> {
    let without = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let colours = ["-blue", "-green", "-a", "-b", "-c", "_blue", "_green", "_a", "_b", "_c"];
    let coloured = || colours.iter().find_map(|colour| name.strip_suffix(colour));
    let stem = if without.len() < name.len() { without } else { coloured()? };
    let stem = stem.trim_end_matches(['-', '_', '.']);
    (!stem.is_empty()).then(|| stem.to_owned())
}

/// Whether a mount keeps data, rather than bringing configuration or scripts.
fn keeps_data(source: &str, target: &str) -> bool {
    let named = !source.starts_with(['.', '/', '~']);
    let configures = target.starts_with("/etc/")
        || target.contains("initdb")
        || target.starts_with("/run/")
        || target.rsplit('/').next().is_some_and(|last| last.contains('.'));
    named || !configures
}

/// Whether only profiles for work on the system start it.
fn is_for_development(service: &Service) -> bool {
    let words =
        ["dev", "debug", "test", "tests", "tools", "tool", "development", "local", "ci", "e2e", "docs"];
    !service.profiles.is_empty()
        && service
            .profiles
            .iter()
            .all(|profile| profile.to_ascii_lowercase().split(['-', '_']).any(|part| words.contains(&part)))
}

fn is_configuration(file: &SourceFile) -> bool {
    let name = file.name().to_ascii_lowercase();
    let endings = [".conf", ".cfg", ".conf.template", ".vcl", ".toml", ".ini", ".properties", ".template"];
    let named = name == "caddyfile" || endings.iter().any(|ending| name.ends_with(ending));
    let structured = [".yml", ".yaml", ".json"].iter().any(|ending| name.ends_with(ending))
        && !name.contains("compose")
        && !name.contains("package");
    (named || structured) && file.text().len() < 64 * 1024
}
