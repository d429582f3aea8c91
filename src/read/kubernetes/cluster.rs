//! An index of all objects that see each other: who answers to which name.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;

use super::object::{DEFAULT_NAMESPACE, Object, labels};
use super::{operators, pod};
use crate::catalog::Catalog;
use crate::model::Id;
use crate::read::images::{self, Known};
use crate::read::yaml::Node;

/// A workload: something that runs pods.
pub(super) struct Workload<'c> {
    pub object: &'c Object,
    pub id: Id,
    pub spec: &'c Node,
    pub labels: BTreeMap<String, String>,
    /// What its first container runs.
    pub known: Option<Known>,
}

/// A Service, or what an operator makes of its own.
pub(super) struct Front<'c> {
    pub object: Option<&'c Object>,
    /// What it leads to.
    pub ids: Vec<Id>,
    /// A name outside that it stands for.
    pub external: Option<&'c Node>,
}

/// All objects that see each other.
pub(super) struct Cluster<'c> {
    pub objects: Vec<&'c Object>,
    pub workloads: Vec<Workload<'c>>,
    /// Services by namespace and name.
    pub fronts: BTreeMap<(String, String), Front<'c>>,
    /// Namespaces that have a Service of a name.
    spaces: BTreeMap<String, Vec<String>>,
    by_kind: BTreeMap<&'c str, Vec<&'c Object>>,
    by_id: BTreeMap<Id, usize>,
    /// Workloads by namespace and one label of their pods.
    by_label: BTreeMap<(&'c str, String, String), Vec<usize>>,
    /// ConfigMaps and Secrets by kind, namespace and name.
    configs: BTreeMap<(&'static str, String, String), &'c Object>,
    /// Secrets that operators and External Secrets make, and what makes them.
    pub made_secrets: BTreeMap<(String, String), Id>,
}

impl<'c> Cluster<'c> {
    /// Indexes objects; of several with one key the first counts.
    pub(super) fn new(objects: Vec<&'c Object>, catalog: &Catalog) -> Self {
        let mut cluster = Cluster {
            objects,
            workloads: Vec::new(),
            fronts: BTreeMap::new(),
            spaces: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            by_id: BTreeMap::new(),
            by_label: BTreeMap::new(),
            configs: BTreeMap::new(),
            made_secrets: BTreeMap::new(),
        };
        cluster.index(catalog);
        cluster
    }

    fn index(&mut self, catalog: &Catalog) {
        for object in self.objects.clone() {
            self.by_kind.entry(&object.kind).or_default().push(object);
            if let Some(workload) = workload(object, catalog) {
                self.by_id.entry(workload.id.clone()).or_insert(self.workloads.len());
                for (key, value) in &workload.labels {
                    let label = (object.space(), key.clone(), value.clone());
                    self.by_label.entry(label).or_default().push(self.workloads.len());
                }
                self.workloads.push(workload);
            }
            let config = match object.kind.as_str() {
                "ConfigMap" => Some("ConfigMap"),
                "Secret" | "SealedSecret" => Some("Secret"),
                _ => None,
            };
            if let Some(kind) = config {
                self.configs.entry((kind, object.space().to_owned(), object.name.clone())).or_insert(object);
            }
        }
        for object in self.objects.clone() {
            if object.is("", "Service") {
                self.add_service(object);
            } else if object.is("serving.knative.dev", "Service") {
                self.add_front(object, &object.name, vec![object.id()]);
            } else if object.kind == "ExternalSecret" {
                let name = object.root.str_at(&["spec", "target", "name"]).unwrap_or(&object.name);
                self.made_secrets.insert((object.space().to_owned(), name.to_owned()), object.id());
            } else if object.kind == super::CHART_DEPENDENCY
                || (object.kind == "HelmRelease" && object.rendered.is_none())
            {
                self.add_chart(object);
            } else if let Some(made) = operators::made_by(object) {
                for name in made.hosts {
                    self.add_front(object, &name, vec![object.id()]);
                }
                for name in made.secrets {
                    self.made_secrets.insert((object.space().to_owned(), name), object.id());
                }
            }
        }
        for (space, name) in self.fronts.keys() {
            self.spaces.entry(name.clone()).or_default().push(space.clone());
        }
    }

    /// The objects of a kind.
    pub(super) fn of_kind(&self, kind: &str) -> &[&'c Object] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    fn add_service(&mut self, object: &'c Object) {
        let selector = labels(object.at(&["spec", "selector"]));
        let mut ids = if selector.is_empty() { Vec::new() } else { self.selected(object.space(), &selector) };
        if ids.is_empty() {
            let made = self.objects.iter().filter(|other| other.space() == object.space());
            ids.extend(made.filter(|other| operators::carries(other, &selector)).map(|other| other.id()));
        }
        let external = object
            .at(&["spec", "externalName"])
            .or_else(|| self.only_endpoint(object).filter(|_| selector.is_empty()));
        let key = (object.space().to_owned(), object.name.clone());
        self.fronts.entry(key).or_insert(Front { object: Some(object), ids, external });
    }

    /// The one address that an Endpoints or EndpointSlice object gives a Service that selects nothing.
    fn only_endpoint(&self, service: &Object) -> Option<&'c Node> {
        let here = |other: &&&'c Object| other.space() == service.space();
        let listed = self.of_kind("Endpoints").iter().filter(here).filter(|one| one.name == service.name);
        let subsets = listed.filter_map(|one| one.at(&["subsets"])).flat_map(Node::items);
        let by_list = subsets.filter_map(|subset| subset.get("addresses")).flat_map(Node::items);
        let by_list = by_list.filter_map(|address| address.get("ip"));
        let sliced = self.of_kind("EndpointSlice").iter().filter(here).filter(|one| {
            let label = one.at(&["metadata", "labels"]).and_then(|all| all.get("kubernetes.io/service-name"));
            label.and_then(Node::str) == Some(service.name.as_str())
        });
        let endpoints = sliced.filter_map(|one| one.at(&["endpoints"])).flat_map(Node::items);
        let by_slice = endpoints.filter_map(|endpoint| endpoint.get("addresses")).flat_map(Node::items);
        let mut all = by_list.chain(by_slice.map(|address| &**address));
        all.next().filter(|_| all.next().is_none())
    }

    /// The names that Services and Secrets of charts usually get.
    fn add_chart(&mut self, object: &'c Object) {
        let name = object.root.str_at(&["spec", "releaseName"]).unwrap_or(&object.name).to_owned();
        let chart = object.root.str_at(&["spec", "chart", "spec", "chart"]).map(str::to_owned);
        let mut stems = vec![name.clone()];
        stems.extend(
            chart.filter(|chart| !name.contains(chart.as_str())).map(|chart| format!("{name}-{chart}")),
        );
        // A chart inside the chart: `redis: {enabled: true}` starts what answers to `NAME-redis`.
        let values = object.root.at(&["spec", "values"]).map(Node::entries).unwrap_or_default();
        let switched_on =
            values.iter().filter(|(_, value)| value.get("enabled").and_then(Node::bool) == Some(true));
        stems.extend(switched_on.map(|(key, _)| format!("{name}-{}", key.text)));
        for stem in stems {
            for ending in
                ["", "-headless", "-primary", "-master", "-read", "-replicas", "-hl", "-ha", "-http"]
            {
                self.add_front(object, &format!("{stem}{ending}"), vec![object.id()]);
            }
            self.made_secrets.insert((object.space().to_owned(), stem), object.id());
        }
    }

    fn add_front(&mut self, object: &'c Object, name: &str, ids: Vec<Id>) {
        let key = (object.space().to_owned(), name.to_owned());
        self.fronts.entry(key).or_insert(Front { object: None, ids, external: None });
    }

    /// The workloads whose pods carry labels; those that run to their end do not count beside others.
    fn selected(&self, namespace: &str, selector: &BTreeMap<String, String>) -> Vec<Id> {
        let carries = |workload: &&Workload<'_>| {
            selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
        };
        let with = |(key, value): (&String, &String)| {
            self.by_label.get(&(namespace, key.clone(), value.clone())).map_or(&[][..], Vec::as_slice)
        };
        let near = selector.iter().map(with).min_by_key(|found| found.len()).unwrap_or_default();
        let all: Vec<&Workload<'_>> = near.iter().map(|at| &self.workloads[*at]).filter(carries).collect();
        let serving: Vec<Id> = all
            .iter()
            .filter(|workload| !runs_once(workload.object))
            .map(|workload| workload.id.clone())
            .collect();
        if serving.is_empty() { all.iter().map(|workload| workload.id.clone()).collect() } else { serving }
    }

    /// The workload of an id.
    pub(super) fn workload(&self, id: &Id) -> Option<&Workload<'c>> {
        self.by_id.get(id).map(|at| &self.workloads[*at])
    }

    /// The Service that a hostname means to a pod of a namespace.
    pub(super) fn find(&self, namespace: &str, host: &str) -> Option<&Front<'c>> {
        let labels: Vec<&str> = host.split('.').collect();
        let in_space = |space: &str, name: &str| self.fronts.get(&(space.to_owned(), name.to_owned()));
        match labels.as_slice() {
            [name] => in_space(namespace, name).or_else(|| self.find_anywhere(namespace, name)),
            [name, space] => in_space(space, name).or_else(|| in_space(namespace, space)),
            [name, space, "svc", ..] => in_space(space, name),
            [_pod, name, space, "svc", ..] => in_space(space, name),
            _ => None,
        }
    }

    /// The Service of a name where one of the sides names no namespace, if it is the only one.
    fn find_anywhere(&self, namespace: &str, name: &str) -> Option<&Front<'c>> {
        let spaces = self.spaces.get(name)?;
        let mut open =
            spaces.iter().filter(|space| namespace == DEFAULT_NAMESPACE || *space == DEFAULT_NAMESPACE);
        let first = open.next()?;
        open.next().is_none().then(|| self.fronts.get(&(first.clone(), name.to_owned())))?
    }

    /// Keys and values of a ConfigMap or Secret that a reference of some form names.
    pub(super) fn data(&self, form: &str, namespace: &str, name: &str) -> Vec<(String, String, &'c Node)> {
        let kind = if form.starts_with("secret") { "Secret" } else { "ConfigMap" };
        let own = self.configs.get(&(kind, namespace.to_owned(), name.to_owned()));
        let by_default = || self.configs.get(&(kind, DEFAULT_NAMESPACE.to_owned(), name.to_owned()));
        let Some(object) = own.or_else(by_default) else { return Vec::new() };
        let plain =
            ["data", "stringData"].iter().filter_map(|key| object.root.get(key).map(|node| (*key, node)));
        let mut out = Vec::new();
        for (part, node) in plain {
            for (key, value) in node.entries() {
                let Some(text) = value.str() else { continue };
                let text =
                    if kind == "Secret" && part == "data" { decode(text) } else { Some(text.to_owned()) };
                out.extend(text.map(|text| (key.text.to_string(), text, value)));
            }
        }
        out
    }
}

fn decode(text: &str) -> Option<String> {
    let joined: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(joined).ok()?;
    String::from_utf8(bytes).ok()
}

fn workload<'c>(object: &'c Object, catalog: &Catalog) -> Option<Workload<'c>> {
    const NOT: &[&str] = &["PodTemplate", "PodPreset", "KustomizationPatch", "EnvoyProxy"];
    if NOT.contains(&object.kind.as_str()) {
        return None;
    }
    let root: &Arc<Node> = &object.root;
    let spec = pod::spec_of(root)?;
    let first =
        pod::containers(spec, "containers").into_iter().find_map(|container| container.str_at(&["image"]));
    let known = first.and_then(|image| images::known(image, catalog));
    Some(Workload { object, id: object.id(), spec, labels: pod::labels_of(root), known })
}

/// Whether pods run to their end.
pub(super) fn runs_once(object: &Object) -> bool {
    matches!(object.kind.as_str(), "Job" | "CronJob" | "ScaledJob" | "Workflow" | "CronWorkflow")
        || (object.kind == "Pod" && object.root.str_at(&["spec", "restartPolicy"]) == Some("Never"))
}
