//! The chart `app-template`, of which most of what small clusters run at home is a release. Its values list
//! controllers, services, routes and volumes; what it makes of them is documented at
//! <https://bjw-s-labs.github.io/helm-charts/docs/common-library/>, so that it needs not be among the files.

use std::sync::Arc;

use super::chart::Install;
use crate::read::kubernetes::Object;
use crate::read::yaml::{Data, Key, Node};
use crate::source::Location;

/// The chart's name.
pub(super) const NAME: &str = "app-template";

/// The label that tells the pods of a release's controllers apart.
const CONTROLLER: &str = "app.kubernetes.io/controller";

/// The objects of a release; none where its values list no controllers with containers.
pub(super) fn objects(values: &Node, install: &Install) -> Vec<Object> {
    let release = &install.name;
    let space = install.namespace.as_deref().unwrap_or("default");
    let values = values.with_texts(&|text| {
        text.replace("{{ .Release.Name }}", release)
            .replace("{{.Release.Name}}", release)
            .replace("{{ .Release.Namespace }}", space)
    });
    let base = values.str_at(&["global", "fullnameOverride"]).unwrap_or(release);
    let template = Template { values: &values, base };
    let controllers = template.enabled("controllers");
    if controllers.iter().all(|part| part.node.get("containers").is_none()) {
        return Vec::new();
    }
    let controllers = controllers.iter().map(|part| template.workload(part));
    let services = template.enabled("service").into_iter().filter_map(|part| template.service(&part));
    let ingresses = template.enabled("ingress").into_iter().map(|part| template.ingress(&part));
    let routes = template.enabled("route").into_iter().map(|part| template.route(&part));
    let roots = controllers.chain(services).chain(ingresses).chain(routes);
    roots.filter_map(|root| Object::of(&Arc::new(root))).collect()
}

struct Template<'v> {
    values: &'v Node,
    /// What all names begin with.
    base: &'v str,
}

/// One entry of a list of the values.
struct Part<'v> {
    id: &'v str,
    node: &'v Node,
    /// Where its id stands.
    at: &'v Location,
    name: String,
}

impl<'v> Template<'v> {
    /// The entries of a list that are not switched off.
    fn enabled(&self, list: &str) -> Vec<Part<'v>> {
        let entries = self.values.get(list).map(Node::entries).unwrap_or_default();
        let on = |node: &Node| node.is_mapping() && node.get("enabled").and_then(Node::bool) != Some(false);
        let entries: Vec<(&Key, &Node)> = entries.into_iter().filter(|(_, node)| on(node)).collect();
        let is_only = entries.len() == 1;
        let part = |(key, node): &(&'v Key, &'v Node)| Part {
            id: &key.text,
            node,
            at: &key.location,
            name: self.name(&key.text, node, is_only),
        };
        entries.iter().map(part).collect()
    }

    /// The name of an object: that of the release, with the id behind it where there are several.
    fn name(&self, id: &str, node: &Node, is_only: bool) -> String {
        if let Some(name) = node.str_at(&["forceRename"]) {
            return name.to_owned();
        }
        let suffix = node.str_at(&["suffix"]).unwrap_or(if is_only { "" } else { id });
        let ends_so = self.base == suffix || self.base.ends_with(&format!("-{suffix}"));
        if suffix.is_empty() || ends_so { self.base.to_owned() } else { format!("{}-{suffix}", self.base) }
    }

    fn workload(&self, part: &Part<'_>) -> Node {
        let at = part.at;
        let (api, kind) = match part.node.str_at(&["type"]) {
            Some("statefulset") => ("apps/v1", "StatefulSet"),
            Some("daemonset") => ("apps/v1", "DaemonSet"),
            Some("cronjob") => ("batch/v1", "CronJob"),
            Some("job") => ("batch/v1", "Job"),
            _ => ("apps/v1", "Deployment"),
        };
        let metadata = map(at, [("labels", self.labels(part.id, at))]);
        let template = map(at, [("metadata", metadata), ("spec", self.pod(part))]);
        let mut spec = match kind {
            "CronJob" => map(at, [("jobTemplate", map(at, [("spec", map(at, [("template", template)]))]))]),
            _ => map(at, [("template", template)]),
        };
        copy(part.node, "replicas", &mut spec);
        if let Some(own) = part.node.get("statefulset") {
            copy(own, "volumeClaimTemplates", &mut spec);
        }
        object(api, kind, part, spec)
    }

    /// The labels of a controller's pods, by which its services find them.
    fn labels(&self, controller: &str, at: &Location) -> Node {
        let name = text(self.base, at);
        map(at, [("app.kubernetes.io/name", name), (CONTROLLER, text(controller, at))])
    }

    fn pod(&self, controller: &Part<'_>) -> Node {
        let mut spec = map(controller.at, []);
        let own = controller.node.get("pod");
        for said in [self.values.get("defaultPodOptions"), own].into_iter().flatten() {
            for key in ["affinity", "topologySpreadConstraints", "nodeSelector", "hostNetwork"] {
                copy(said, key, &mut spec);
            }
        }
        for key in ["containers", "initContainers"] {
            let listed = controller.node.get(key).map(Node::entries).unwrap_or_default();
            let listed = listed.into_iter().map(|(key, node)| Arc::new(container(key, node)));
            spec.set(key, Arc::new(list(controller.at, listed.collect())));
        }
        let volumes = self.enabled("persistence");
        let mounted = volumes.iter().filter(|volume| {
            volume.node.get("advancedMounts").is_none_or(|mounts| mounts.get(controller.id).is_some())
        });
        spec.set(
            "volumes",
            Arc::new(list(controller.at, mounted.map(|part| Arc::new(volume(part))).collect())),
        );
        spec
    }

    fn service(&self, part: &Part<'_>) -> Option<Node> {
        let controllers = self.enabled("controllers");
        let controller = match (part.node.str_at(&["controller"]), controllers.as_slice()) {
            (Some(named), _) => named,
            (None, [only]) => only.id,
            (None, _) => return None,
        };
        let mut spec = map(part.at, [("selector", self.labels(controller, part.at))]);
        copy(part.node, "type", &mut spec);
        Some(object("v1", "Service", part, spec))
    }

    /// The Service that a backend of a route means: by its id or by its name, else the only or the primary one.
    fn backend(&self, said: Option<&Node>, at: &Location) -> Node {
        if let Some(name) = said.and_then(|said| said.get("name")) {
            return name.clone();
        }
        let services = self.enabled("service");
        let id = said.and_then(|said| said.get("identifier"));
        let is_primary = |part: &&Part<'_>| part.node.get("primary").and_then(Node::bool) == Some(true);
        let meant = match id.and_then(Node::str) {
            Some(id) => services.iter().find(|part| part.id == id),
            None => services.iter().find(is_primary).or(services.first()),
        };
        let name = meant.map_or(self.base, |part| part.name.as_str());
        text(name, id.map_or(at, |id| &id.location))
    }

    fn ingress(&self, part: &Part<'_>) -> Node {
        let mut rules = Vec::new();
        for host in part.node.get("hosts").map(Node::items).unwrap_or_default() {
            let paths = host.get("paths").map(Node::items).unwrap_or_default().iter().map(|path| {
                let name = self.backend(path.get("service"), part.at);
                let service = map(part.at, [("name", name)]);
                Arc::new(map(part.at, [("backend", map(part.at, [("service", service)]))]))
            });
            let http = map(part.at, [("paths", list(part.at, paths.collect()))]);
            let mut rule = map(part.at, [("http", http)]);
            copy(host, "host", &mut rule);
            rules.push(Arc::new(rule));
        }
        object("networking.k8s.io/v1", "Ingress", part, map(part.at, [("rules", list(part.at, rules))]))
    }

    fn route(&self, part: &Part<'_>) -> Node {
        let rules = part.node.get("rules").map(Node::items).unwrap_or_default();
        let said = rules.iter().flat_map(|rule| rule.get("backendRefs").map(Node::items).unwrap_or_default());
        let mut backends: Vec<Node> = said.map(|said| self.backend(Some(said), part.at)).collect();
        if backends.is_empty() {
            backends.push(self.backend(None, part.at));
        }
        let backends = backends.into_iter().map(|name| Arc::new(map(part.at, [("name", name)]))).collect();
        let rule = map(part.at, [("backendRefs", list(part.at, backends))]);
        let mut spec = map(part.at, [("rules", list(part.at, vec![Arc::new(rule)]))]);
        copy(part.node, "hostnames", &mut spec);
        copy(part.node, "parentRefs", &mut spec);
        object("gateway.networking.k8s.io/v1", part.node.str_at(&["kind"]).unwrap_or("HTTPRoute"), part, spec)
    }
}

fn container(key: &Key, said: &Node) -> Node {
    let at = &key.location;
    let mut out = map(at, [("name", text(&key.text, at))]);
    let image = said.get("image").and_then(|image| match image.get("repository") {
        Some(repository) => Some(text(&image_of(image, repository.str()?), &repository.location)),
        None => image.str().map(|_| image.clone()),
    });
    if let Some(image) = image {
        out.set("image", Arc::new(image));
    }
    copy(said, "command", &mut out);
    copy(said, "args", &mut out);
    if let Some(env) = said.get("env") {
        out.set("env", Arc::new(variables(env)));
    }
    let sources = said.get("envFrom").map(Node::items).unwrap_or_default();
    let sources = sources.iter().map(|source| match (source.get("secret"), source.get("config")) {
        (Some(name), _) => Arc::new(map(at, [("secretRef", map(at, [("name", name.clone())]))])),
        (None, Some(name)) => Arc::new(map(at, [("configMapRef", map(at, [("name", name.clone())]))])),
        (None, None) => Arc::clone(source),
    });
    out.set("envFrom", Arc::new(list(at, sources.collect())));
    for (said, key) in [("readiness", "readinessProbe"), ("liveness", "livenessProbe")]
        .iter()
        .filter_map(|(probe, key)| Some((said.at(&["probes", probe])?, key)))
        .filter(|(probe, _)| probe.get("enabled").and_then(Node::bool) == Some(true))
    {
        out.set(key, Arc::new(said.clone()));
    }
    out
}

fn image_of(image: &Node, repository: &str) -> String {
    let registry = image.str_at(&["registry"]).map_or_else(String::new, |registry| format!("{registry}/"));
    let tag = image.str_at(&["tag"]).map_or_else(String::new, |tag| format!(":{tag}"));
    format!("{registry}{repository}{tag}")
}

/// Variables as a list, whether they stand there as one or as a mapping.
fn variables(env: &Node) -> Node {
    if env.is_sequence() {
        return env.clone();
    }
    let one = |(key, said): (&Key, &Node)| {
        let name = text(&key.text, &key.location);
        let (how, what) = match said.is_mapping() {
            false => ("value", said.clone()),
            true => match (said.get("value"), said.get("valueFrom")) {
                (Some(value), _) => ("value", value.clone()),
                (None, Some(from)) => ("valueFrom", from.clone()),
                (None, None) => ("valueFrom", said.clone()),
            },
        };
        Arc::new(map(&key.location, [("name", name), (how, what)]))
    };
    list(&env.location, env.entries().into_iter().map(one).collect())
}

fn volume(part: &Part<'_>) -> Node {
    let (at, said) = (part.at, part.node);
    let name = ("name", text(part.id, at));
    let named = |key: &str| said.get(key).cloned().unwrap_or_else(|| text(&part.name, at));
    match said.str_at(&["type"]).unwrap_or("persistentVolumeClaim") {
        "persistentVolumeClaim" => {
            let claim = map(at, [("claimName", named("existingClaim"))]);
            map(at, [name, ("persistentVolumeClaim", claim)])
        }
        "secret" => map(at, [name, ("secret", map(at, [("secretName", named("name"))]))]),
        "configMap" => map(at, [name, ("configMap", map(at, [("name", named("name"))]))]),
        kind @ ("nfs" | "hostPath") => {
            let mut place = map(at, []);
            copy(said, "server", &mut place);
            copy(said, "path", &mut place);
            map(at, [name, (kind, place)])
        }
        other => map(at, [name, (other, map(at, []))]),
    }
}

fn object(api: &str, kind: &str, part: &Part<'_>, spec: Node) -> Node {
    let at = part.at;
    let metadata = map(at, [("name", text(&part.name, at))]);
    map(at, [("apiVersion", text(api, at)), ("kind", text(kind, at)), ("metadata", metadata), ("spec", spec)])
}

/// Takes a key over, if it is there.
fn copy(from: &Node, key: &str, to: &mut Node) {
    if let Some(value) = from.get_shared(key) {
        to.set(key, Arc::clone(value));
    }
}

fn text(text: &str, at: &Location) -> Node {
    Node::scalar(text, false, at)
}

fn list(at: &Location, items: Vec<Arc<Node>>) -> Node {
    Node::new(Data::Sequence(items), at.clone())
}

fn map<const N: usize>(at: &Location, entries: [(&str, Node); N]) -> Node {
    let entry = |(key, node): (&str, Node)| (Key { text: key.into(), location: at.clone() }, Arc::new(node));
    Node::new(Data::Mapping(entries.map(entry).into()), at.clone())
}
