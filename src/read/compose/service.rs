//! One service of a compose file: read from one file, then laid over with the next.

use std::collections::{BTreeMap, BTreeSet};

use super::interpolate::{Variables, interpolate};
use crate::read::yaml::Node;
use crate::source::Location;

/// A text with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub text: String,
    pub at: Location,
}

/// Another service that is started first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct After {
    pub completed: bool,
    pub required: bool,
    pub at: Location,
}

/// Where an image is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Build {
    pub context: String,
    pub dockerfile: String,
    pub target: String,
    pub args: BTreeMap<String, String>,
}

/// A mount.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mount {
    /// Empty for an anonymous volume.
    pub source: String,
    pub target: String,
    pub tmpfs: bool,
    pub at: Location,
}

/// How many run.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Count {
    Known(u32),
    /// One for each machine.
    Global,
    /// Said, but not to be read.
    Unknown(String),
}

/// What one or several layered files say of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// Where it is declared; the first file counts.
    pub places: Vec<Location>,
    /// Folder that relative paths start from.
    pub folder: String,
    pub image: Option<Placed>,
    pub build: Option<Build>,
    pub environment: BTreeMap<String, Placed>,
    /// Settings whose value is given when it starts: `KEY`, `KEY: ${KEY:-}`.
    pub open_settings: BTreeSet<String>,
    pub env_files: Vec<Placed>,
    pub after: BTreeMap<String, After>,
    /// Other service names it needs: links, `network_mode: service:x`.
    pub links: Vec<Placed>,
    pub aliases: Vec<String>,
    pub command: Vec<Placed>,
    pub entrypoint: Vec<Placed>,
    pub labels: BTreeMap<String, Placed>,
    pub published: Option<Location>,
    pub mounts: Vec<Mount>,
    pub count: Option<(Count, Location)>,
    pub one_per_node: bool,
    pub profiles: Vec<String>,
    pub health: Option<Location>,
    /// `extends`: service and file.
    pub extends: Option<(String, Option<String>)>,
}

impl Service {
    /// Reads a service of one file.
    pub(super) fn read(name: &Placed, node: &Node, folder: &str, variables: &Variables) -> Service {
        let text = |node: &Node| node.str().map(|text| interpolate(text, variables));
        let placed = |node: &Node| text(node).map(|text| Placed { text, at: node.location.clone() });
        let mut service =
            Service { places: vec![name.at.clone()], folder: folder.to_owned(), ..Service::default() };
        service.image = node.get("image").and_then(placed);
        service.build = node.get("build").map(|build| read_build(build, &text, variables));
        // `KEY` alone hands on what the variable of this name holds.
        let handed_on = |key: &str| variables.get(key).cloned().unwrap_or_default();
        service.environment = pairs(node.get("environment"), &text, &handed_on);
        service.open_settings = open_settings(node.get("environment"), &service.environment);
        service.labels = pairs(node.get("labels"), &text, &|_| String::new());
        service.env_files = list(node.get("env_file"))
            .into_iter()
            .filter_map(|item| placed(item.get("path").unwrap_or(item)))
            .collect();
        service.after = read_after(node);
        service.read_links(node, &placed);
        service.command = words(node.get("command"), &placed);
        service.entrypoint = words(node.get("entrypoint"), &placed);
        service.published = list(node.get("ports"))
            .into_iter()
            .find(|port| is_published(port, &text))
            .map(|port| port.location.clone());
        service.read_mounts(node, &text);
        service.read_count(node, &text);
        service.profiles = list(node.get("profiles")).into_iter().filter_map(text).collect();
        let health = node.get("healthcheck");
        service.health = health
            .filter(|check| check.get("disable").and_then(Node::bool) != Some(true))
            .map(|check| check.location.clone());
        service.extends = node.get("extends").and_then(|extends| match extends.str() {
            Some(name) => Some((name.to_owned(), None)),
            None => Some((extends.str_at(&["service"])?.to_owned(), extends.get("file").and_then(text))),
        });
        service
    }

    /// Lays another file's word over this one.
    pub(super) fn lay_over(&mut self, over: Service) {
        let Service { places, folder, environment, env_files, after, links, aliases, labels, mounts, .. } =
            over;
        self.open_settings.retain(|key| !environment.contains_key(key));
        self.open_settings.extend(over.open_settings);
        self.places.extend(places);
        if !folder.is_empty() {
            self.folder = folder;
        }
        replace(&mut self.image, over.image);
        replace(&mut self.build, over.build);
        replace(&mut self.published, over.published);
        replace(&mut self.count, over.count);
        replace(&mut self.health, over.health);
        self.environment.extend(environment);
        self.labels.extend(labels);
        self.env_files.extend(env_files);
        self.after.extend(after);
        self.links.extend(links);
        self.aliases.extend(aliases);
        self.one_per_node |= over.one_per_node;
        for (own, other) in [(&mut self.command, over.command), (&mut self.entrypoint, over.entrypoint)] {
            if !other.is_empty() {
                *own = other;
            }
        }
        for mount in mounts {
            self.mounts.retain(|present| present.target != mount.target);
            self.mounts.push(mount);
        }
        self.profiles.extend(over.profiles);
    }

    fn read_links(&mut self, node: &Node, placed: &dyn Fn(&Node) -> Option<Placed>) {
        for link in list(node.get("links")).into_iter().chain(list(node.get("volumes_from"))) {
            if let Some(Placed { text, at }) = placed(link) {
                let name = text.split(':').next().unwrap_or("").to_owned();
                self.links.push(Placed { text: name, at });
            }
        }
        for key in ["network_mode", "pid", "ipc"] {
            if let Some(Placed { text, at }) = node.get(key).and_then(placed)
                && let Some(name) = text.strip_prefix("service:")
            {
                self.links.push(Placed { text: name.to_owned(), at });
            }
        }
        let named = ["container_name", "hostname"].iter().filter_map(|key| node.get(key).and_then(placed));
        self.aliases.extend(named.map(|name| name.text));
        for (_, network) in node.get("networks").map(Node::entries).unwrap_or_default() {
            self.aliases
                .extend(list(network.get("aliases")).into_iter().filter_map(placed).map(|name| name.text));
        }
    }

    fn read_mounts(&mut self, node: &Node, text: &dyn Fn(&Node) -> Option<String>) {
        for mount in list(node.get("volumes")) {
            let at = mount.location.clone();
            if mount.is_mapping() {
                let field = |key: &str| mount.get(key).and_then(text).unwrap_or_default();
                let tmpfs = field("type") == "tmpfs";
                self.mounts.push(Mount { source: field("source"), target: field("target"), tmpfs, at });
            } else if let Some(written) = text(mount) {
                let mut parts = written.split(':');
                let first = parts.next().unwrap_or("").to_owned();
                let mount = match parts.next() {
                    Some(target) if !matches!(target, "ro" | "rw") => {
                        Mount { source: first, target: target.to_owned(), tmpfs: false, at }
                    }
                    _ => Mount { source: String::new(), target: first, tmpfs: false, at },
                };
                self.mounts.push(mount);
            }
        }
    }

    fn read_count(&mut self, node: &Node, text: &dyn Fn(&Node) -> Option<String>) {
        let deploy = node.get("deploy");
        if let Some(mode) =
            deploy.and_then(|deploy| deploy.get("mode")).filter(|mode| mode.str() == Some("global"))
        {
            self.count = Some((Count::Global, mode.location.clone()));
        }
        let number = deploy.and_then(|deploy| deploy.get("replicas")).or_else(|| node.get("scale"));
        if let Some(number) = number {
            let written = text(number).unwrap_or_default();
            let count = match written.parse() {
                Ok(count) => Count::Known(count),
                Err(_) => Count::Unknown(format!("`{written}` is no number")),
            };
            self.count = Some((count, number.location.clone()));
        }
        let per_node = deploy.and_then(|deploy| deploy.at(&["placement", "max_replicas_per_node"]));
        self.one_per_node = per_node.and_then(Node::integer) == Some(1);
    }
}

fn replace<T>(own: &mut Option<T>, other: Option<T>) {
    if other.is_some() {
        *own = other;
    }
}

fn list(node: Option<&Node>) -> Vec<&Node> {
    node.map(Node::items_or_self).unwrap_or_default()
}

fn read_build(node: &Node, text: &dyn Fn(&Node) -> Option<String>, variables: &Variables) -> Build {
    if let Some(context) = text(node) {
        return Build { context, ..Build::default() };
    }
    let field = |key: &str| node.get(key).and_then(text).unwrap_or_default();
    let handed_on = |key: &str| variables.get(key).cloned().unwrap_or_default();
    let args = pairs(node.get("args"), text, &handed_on);
    let args = args.into_iter().map(|(key, value)| (key, value.text)).collect();
    let context =
        Some(field("context")).filter(|context| !context.is_empty()).unwrap_or_else(|| ".".to_owned());
    Build { context, dockerfile: field("dockerfile"), target: field("target"), args }
}

/// A mapping, or a list of `KEY=VALUE`. A key that stands alone has the value that `alone` finds for it.
fn pairs(
    node: Option<&Node>,
    text: &dyn Fn(&Node) -> Option<String>,
    alone: &dyn Fn(&str) -> String,
) -> BTreeMap<String, Placed> {
    let Some(node) = node else { return BTreeMap::new() };
    let from_list = node.items().iter().filter_map(|item| {
        let written = text(item)?;
        let (key, value) = match written.split_once('=') {
            Some((key, value)) => (key.trim(), value.to_owned()),
            None => (written.trim(), alone(written.trim())),
        };
        Some((key.to_owned(), Placed { text: value, at: item.location.clone() }))
    });
    let from_mapping = node.entries().into_iter().map(|(key, value)| {
        let value = if value.is_null() { alone(&key.text) } else { text(value).unwrap_or_default() };
        (key.text.to_string(), Placed { text: value, at: key.location.clone() })
    });
    from_list.chain(from_mapping).collect()
}

/// Keys that stand alone or end in nothing but a variable that is not set here.
fn open_settings(node: Option<&Node>, read: &BTreeMap<String, Placed>) -> BTreeSet<String> {
    let Some(node) = node else { return BTreeSet::new() };
    let listed = node.items().iter().filter_map(|item| {
        let written = item.str()?;
        let (key, value) = written.split_once('=').map_or((written, None), |(key, value)| (key, Some(value)));
        Some((key.trim(), value))
    });
    let entries = node.entries();
    let mapped =
        entries.iter().map(|(key, value)| (&*key.text, (!value.is_null()).then(|| value.str()).flatten()));
    let is_open = |(key, value): &(&str, Option<&str>)| {
        let is_empty = read.get(*key).is_some_and(|placed| placed.text.is_empty());
        is_empty && value.is_none_or(|value| value.contains('$'))
    };
    listed.chain(mapped).filter(is_open).map(|(key, _)| key.to_owned()).collect()
}

fn read_after(node: &Node) -> BTreeMap<String, After> {
    let Some(after) = node.get("depends_on") else { return BTreeMap::new() };
    let listed = after.items().iter().filter_map(|item| {
        let after = After { completed: false, required: true, at: item.location.clone() };
        Some((item.str()?.to_owned(), after))
    });
    let mapped = after.entries().into_iter().map(|(key, value)| {
        let completed = value.str_at(&["condition"]) == Some("service_completed_successfully");
        let required = value.get("required").and_then(Node::bool) != Some(false);
        (key.text.to_string(), After { completed, required, at: key.location.clone() })
    });
    listed.chain(mapped).collect()
}

fn words(node: Option<&Node>, placed: &dyn Fn(&Node) -> Option<Placed>) -> Vec<Placed> {
    let Some(node) = node else { return Vec::new() };
    let items = list(Some(node));
    // `["--host", "db"]` is one line: options and their values stand in separate items.
    let short =
        items.len() > 1 && items.iter().all(|item| item.str().is_none_or(|text| !text.contains('\n')));
    if !short {
        return items.into_iter().filter_map(placed).collect();
    }
    items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let own = placed(item)?;
            let before =
                at.checked_sub(1).and_then(|at| items[at].str()).filter(|text| text.starts_with('-'));
            let text = match before {
                Some(option) if !option.contains('=') && !own.text.starts_with('-') => {
                    format!("{option} {}", own.text)
                }
                _ => own.text,
            };
            Some(Placed { text, at: own.at })
        })
        .collect()
}

/// Whether a port is open to others than the machine itself.
fn is_published(port: &Node, text: &dyn Fn(&Node) -> Option<String>) -> bool {
    if port.is_mapping() {
        let host = port.get("host_ip").and_then(text).unwrap_or_default();
        return port.get("published").is_some() && !host.starts_with("127.");
    }
    text(port).is_some_and(|port| !port.starts_with("127.") && !port.starts_with("localhost"))
}
