//! The services of a project: files layered, `extends` and `include` followed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::interpolate::{Variables, interpolate};
use super::service::{Placed, Service};
use crate::read::env_files;
use crate::read::yaml::{self, Node};
use crate::source::{Problems, SourceFile, Tree};

/// Files that include or extend each other are followed this far.
const MAX_DEPTH: u32 = 8;

/// No project has more services than this.
const MAX_SERVICES: usize = 2000;

/// No project includes more files than this, each as often as it is named.
const MAX_INCLUDES: usize = 500;

/// Services by name.
pub(super) type Services = BTreeMap<String, Service>;

/// Reads compose files, each once.
pub(super) struct Loader<'l> {
    pub tree: &'l Tree,
    pub problems: Problems,
    roots: BTreeMap<Arc<str>, Option<Arc<Node>>>,
    /// How many files the project at hand has included so far.
    included: usize,
}

impl<'l> Loader<'l> {
    pub(super) fn new(tree: &'l Tree) -> Self {
        Loader { tree, problems: Problems::new(), roots: BTreeMap::new(), included: 0 }
    }

    /// The topmost mapping of a file.
    pub(super) fn root(&mut self, file: &SourceFile) -> Option<Arc<Node>> {
        if let Some(root) = self.roots.get(file.path()) {
            return root.clone();
        }
        let stream = yaml::parse(file, &mut self.problems);
        let root = stream.documents.into_iter().map(|document| document.root).find(|root| root.is_mapping());
        self.roots.insert(Arc::clone(file.path()), root.clone());
        root
    }

    /// Names of the services of one file, and whether each stands on its own (image, build or extends).
    pub(super) fn names(&mut self, file: &SourceFile) -> BTreeMap<String, bool> {
        let Some(root) = self.root(file) else { return BTreeMap::new() };
        let services = services_of(&root).map(Node::entries).unwrap_or_default();
        let complete = |node: &Node| ["image", "build", "extends"].iter().any(|key| node.get(key).is_some());
        services.into_iter().map(|(key, node)| (key.text.to_string(), complete(node))).collect()
    }

    /// The files that one includes as a whole, and those that it takes services from by `extends`.
    pub(super) fn taken_from(&mut self, file: &SourceFile) -> [Vec<&'l SourceFile>; 2] {
        let Some(root) = self.root(file) else { return [Vec::new(), Vec::new()] };
        let includes = root.get("include").map(Node::items_or_self).unwrap_or_default();
        let included = includes.into_iter().flat_map(|one| one.get("path").unwrap_or(one).items_or_self());
        let services = services_of(&root).map(Node::entries).unwrap_or_default();
        let extended = services.into_iter().filter_map(|(_, service)| service.at(&["extends", "file"]));
        let found = |named: Vec<&str>| {
            let named: BTreeSet<&str> = named.into_iter().take(MAX_INCLUDES).collect();
            named.into_iter().filter_map(|written| self.tree.join(file.folder(), written)).collect()
        };
        [found(included.filter_map(Node::str).collect()), found(extended.filter_map(Node::str).collect())]
    }

    /// The services of files laid over each other.
    pub(super) fn load(&mut self, files: &[&SourceFile], variables: &Variables) -> Services {
        let mut services = Services::new();
        self.included = 0;
        for file in files {
            lay_all_over(&mut services, self.load_file(file, variables, MAX_DEPTH));
        }
        services
    }

    fn load_file(&mut self, file: &SourceFile, variables: &Variables, depth: u32) -> Services {
        let mut services = Services::new();
        let Some(root) = self.root(file) else { return services };
        if depth == 0 {
            self.problems.warning(file.location(0), "compose files include each other too deep to follow");
            return services;
        }
        for include in root.get("include").map(Node::items_or_self).unwrap_or_default() {
            self.include(&mut services, file, include, variables, depth);
        }
        for (key, node) in services_of(&root).map(Node::entries).unwrap_or_default() {
            if services.len() >= MAX_SERVICES {
                self.problems.warning(key.location.clone(), "more services than are read from one project");
                break;
            }
            if !node.is_mapping() {
                continue;
            }
            let name = Placed { text: key.text.to_string(), at: key.location.clone() };
            let service = self.extended(&name, node, file, &root, variables, depth);
            lay_all_over(&mut services, [(name.text, service)].into());
        }
        services
    }

    fn include(
        &mut self,
        services: &mut Services,
        file: &SourceFile,
        include: &Node,
        variables: &Variables,
        depth: u32,
    ) {
        let paths = include.get("path").unwrap_or(include).items_or_self();
        for path in paths {
            let Some(written) = path.str() else { continue };
            self.included += 1;
            if self.included > MAX_INCLUDES {
                self.problems.warning(path.location.clone(), "more files are included than are followed");
                return;
            }
            match self.tree.join(file.folder(), written) {
                Some(included) => {
                    let mut variables = variables.clone();
                    variables.extend(env_of_folder(self.tree, included.folder()));
                    let more = self.load_file(included, &variables, depth - 1);
                    lay_all_over(services, more);
                }
                None => self.missing(path, written),
            }
        }
    }

    /// A service with what it extends beneath it.
    fn extended(
        &mut self,
        name: &Placed,
        node: &Node,
        file: &SourceFile,
        root: &Arc<Node>,
        variables: &Variables,
        depth: u32,
    ) -> Service {
        let mut service = Service::read(name, node, file.folder(), variables);
        let Some((base_name, base_file)) = service.extends.take().filter(|_| depth > 0) else {
            return service;
        };
        let (base_file, base_root) = match base_file {
            None => (file, Some(Arc::clone(root))),
            Some(written) => match self.tree.join(file.folder(), &written) {
                Some(base_file) => (base_file, self.root(base_file)),
                None => {
                    self.missing(node.get("extends").unwrap_or(node), &written);
                    return service;
                }
            },
        };
        let Some(base_root) = base_root else { return service };
        let Some((key, base)) =
            services_of(&base_root).and_then(|all| Some((all.key(&base_name)?, all.get(&base_name)?)))
        else {
            let at = node.get("extends").unwrap_or(node).location.clone();
            self.problems.warning(at, format!("service `{base_name}` to extend is not declared"));
            return service;
        };
        let base_placed = Placed { text: base_name, at: key.location.clone() };
        let mut under = self.extended(&base_placed, base, base_file, &base_root, variables, depth - 1);
        let places = std::mem::take(&mut under.places);
        under.lay_over(service);
        under.places.extend(places);
        under
    }

    fn missing(&mut self, node: &Node, written: &str) {
        let message = format!("file `{written}` is not among the scanned files");
        self.problems.warning(node.location.clone(), message);
    }
}

fn lay_all_over(services: &mut Services, over: Services) {
    for (name, service) in over {
        match services.get_mut(&name) {
            Some(present) => present.lay_over(service),
            None => drop(services.insert(name, service)),
        }
    }
}

/// The mapping of services; in the first version of the format the file itself.
fn services_of(root: &Node) -> Option<&Node> {
    if let Some(services) = root.get("services") {
        return services.is_mapping().then_some(services);
    }
    let entries = root.entries();
    let is_first_version = !entries.is_empty()
        && entries.iter().all(|(_, node)| node.is_mapping())
        && entries.iter().any(|(_, node)| node.get("image").is_some() || node.get("build").is_some());
    is_first_version.then_some(root)
}

/// Variables of the `.env` file of a folder; of a sample, where only that is in the repository.
pub(super) fn env_of_folder(tree: &Tree, folder: &str) -> Variables {
    let names = [
        ".env",
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        "env.example",
        "env.sample",
        "example.env",
    ];
    let file = names.iter().find_map(|name| tree.join(folder, name));
    let mut variables = Variables::new();
    for (key, value, _) in file.map(|file| env_files::lines(file.text())).unwrap_or_default() {
        // A value may be made of those above it.
        let value = interpolate(&value, &variables);
        variables.insert(key, value);
    }
    variables
}
