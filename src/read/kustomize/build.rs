//! Builds one kustomization: what it takes in, what it makes, what it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::patch::{self, Outcome};
use super::resource::{Resource, flatten, set_path};
use super::transform::{self, LabelReach};
use crate::read::helm;
use crate::read::kubernetes::Object;
use crate::read::yaml::{self, Data, Key, Node};
use crate::source::{Location, Problems, SourceFile, Tree};

/// Kustomizations that use each other are followed this far.
const MAX_DEPTH: u32 = 24;

/// No build takes in more kustomizations than this, each as often as it is used.
const MAX_USES: usize = 2_000;

/// No build has more objects than this.
const MAX_RESOURCES: usize = 20_000;

/// Names of the file in a folder.
pub(super) const FILE_NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Builds kustomizations out of a tree of files.
pub(super) struct Builder<'b> {
    tree: &'b Tree,
    pub problems: Problems,
    files: BTreeMap<Arc<str>, Arc<Vec<Arc<Node>>>>,
    /// How many kustomizations the build at hand has taken in so far.
    used: usize,
    /// Folders of the charts that the build at hand has taken in.
    pub charts: BTreeSet<String>,
}

impl<'b> Builder<'b> {
    pub(super) fn new(tree: &'b Tree) -> Self {
        Builder { tree, problems: Problems::new(), files: BTreeMap::new(), used: 0, charts: BTreeSet::new() }
    }

    /// The kustomization of a folder.
    pub(super) fn file_of(&self, folder: &str) -> Option<&'b SourceFile> {
        FILE_NAMES.iter().find_map(|name| self.tree.join(folder, name))
    }

    /// The topmost mapping of a folder's kustomization.
    pub(super) fn kustomization(&mut self, folder: &str) -> Option<Arc<Node>> {
        let file = self.file_of(folder)?;
        self.documents(file).first().cloned()
    }

    /// The objects that come of a folder's kustomization.
    pub(super) fn build(&mut self, folder: &str) -> Vec<Object> {
        self.used = 0;
        self.charts.clear();
        let mut resources = self.accumulate(folder, &mut Vec::new());
        transform::hashes(&mut resources);
        transform::references(&mut resources);
        transform::subjects(&mut resources);
        resources.into_iter().filter_map(Resource::into_object).collect()
    }

    fn documents(&mut self, file: &SourceFile) -> Arc<Vec<Arc<Node>>> {
        if let Some(documents) = self.files.get(file.path()) {
            return Arc::clone(documents);
        }
        let stream = yaml::parse(file, &mut self.problems);
        let merges = file.text().contains("<<");
        let documents = stream
            .documents
            .into_iter()
            .map(|document| if merges { Arc::new(flatten(&document.root)) } else { document.root })
            .collect();
        let documents = Arc::new(documents);
        self.files.insert(Arc::clone(file.path()), Arc::clone(&documents));
        documents
    }

    fn accumulate(&mut self, folder: &str, stack: &mut Vec<String>) -> Vec<Resource> {
        let Some(root) = self.enter(folder, stack) else { return Vec::new() };
        let mut resources = Vec::new();
        for key in ["resources", "bases"] {
            for item in root.get(key).map(Node::items).unwrap_or_default() {
                self.take_in(folder, item, stack, &mut resources);
            }
        }
        self.finish(folder, &root, stack, resources)
    }

    fn enter(&mut self, folder: &str, stack: &[String]) -> Option<Arc<Node>> {
        let root = self.kustomization(folder)?;
        if stack.iter().any(|above| above == folder) || stack.len() as u32 >= MAX_DEPTH {
            self.problems.warning(root.location.clone(), "this kustomization uses itself");
            return None;
        }
        self.used += 1;
        if self.used > MAX_USES {
            let message = "kustomizations use each other more often than is followed";
            self.problems.warning(root.location.clone(), message);
            return None;
        }
        Some(root)
    }

    /// Components, generators and transformers, over what was taken in.
    fn finish(
        &mut self,
        folder: &str,
        root: &Arc<Node>,
        stack: &mut Vec<String>,
        mut resources: Vec<Resource>,
    ) -> Vec<Resource> {
        stack.push(folder.to_owned());
        for item in root.get("components").map(Node::items).unwrap_or_default() {
            let Some(inner) = item.str().and_then(|path| Tree::resolve(folder, path)) else { continue };
            match self.enter(&inner, stack) {
                Some(component) => {
                    for item in component.get("resources").map(Node::items).unwrap_or_default() {
                        self.take_in(&inner, item, stack, &mut resources);
                    }
                    resources = self.finish(&inner, &component, stack, resources);
                }
                None => self.missing(item),
            }
        }
        self.charts(folder, root, &mut resources);
        self.generate(folder, root, &mut resources);
        self.transform(folder, root, &mut resources);
        stack.pop();
        resources
    }

    fn take_in(&mut self, folder: &str, item: &Node, stack: &mut Vec<String>, resources: &mut Vec<Resource>) {
        let Some(path) = item.str() else { return };
        if resources.len() > MAX_RESOURCES {
            self.problems.warning(item.location.clone(), "more objects than are read from one kustomization");
            return;
        }
        let Some(inner) = Tree::resolve(folder, path).filter(|_| !is_remote(path)) else {
            let message = format!("`{path}` is not in the scanned files; what it declares is left out");
            self.problems.note(item.location.clone(), message);
            return;
        };
        if let Some(file) = self.tree.get(&inner) {
            for document in self.documents(file).iter() {
                self.objects(document, resources, 4);
            }
        } else if self.file_of(&inner).is_some() {
            stack.push(folder.to_owned());
            resources.extend(self.accumulate(&inner, stack));
            stack.pop();
        } else {
            self.missing(item);
        }
    }

    fn objects(&mut self, document: &Arc<Node>, resources: &mut Vec<Resource>, depth: u32) {
        let is_list = document.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        match document.get("items").filter(|items| is_list && items.is_sequence()) {
            Some(items) if depth > 0 => {
                items.items().iter().for_each(|item| self.objects(item, resources, depth - 1))
            }
            _ => resources.extend(Object::of(document).map(|object| Resource::new(&object))),
        }
    }

    fn missing(&mut self, item: &Node) {
        let path = item.str().unwrap_or("");
        let message = format!("`{path}` is not among the scanned files; what it declares is left out");
        self.problems.warning(item.location.clone(), message);
    }

    fn transform(&mut self, folder: &str, root: &Arc<Node>, resources: &mut Vec<Resource>) {
        self.patches(folder, root, resources);
        if let Some(name) = root.get("namespace") {
            transform::namespace(resources, name);
        }
        let affix = |key: &str| root.str_at(&[key]).unwrap_or("").to_owned();
        transform::names(resources, &affix("namePrefix"), &affix("nameSuffix"));
        for labels in root.get("labels").map(Node::items).unwrap_or_default() {
            let says = |key: &str| labels.get(key).and_then(Node::bool) == Some(true);
            let reach = match (says("includeSelectors"), says("includeTemplates")) {
                (true, _) => LabelReach::Selectors,
                (false, true) => LabelReach::Templates,
                (false, false) => LabelReach::Own,
            };
            if let Some(pairs) = labels.get("pairs") {
                transform::labels(resources, pairs, reach);
            }
        }
        if let Some(pairs) = root.get("commonLabels") {
            transform::labels(resources, pairs, LabelReach::Selectors);
        }
        if let Some(pairs) = root.get("commonAnnotations") {
            transform::annotations(resources, pairs);
        }
        self.operations(folder, root, resources);
        for rule in root.get("replicas").map(Node::items).unwrap_or_default() {
            transform::replicas(resources, rule);
        }
        for rule in root.get("images").map(Node::items).unwrap_or_default() {
            transform::image(resources, rule);
        }
        super::replace::replacements(self, folder, root, resources);
    }

    /// Charts that lie beside the kustomization, with the values that it gives them.
    fn charts(&mut self, folder: &str, root: &Arc<Node>, resources: &mut Vec<Resource>) {
        let home = root.str_at(&["helmGlobals", "chartHome"]).unwrap_or("charts");
        let wanted = root.get("helmCharts").or_else(|| root.get("helmChartInflationGenerator"));
        for chart in wanted.map(Node::items).unwrap_or_default() {
            let name = chart.str_at(&["name"]).or_else(|| chart.str_at(&["chartName"])).unwrap_or("");
            let home = chart.str_at(&["chartHome"]).unwrap_or(home);
            let place = Tree::resolve(folder, &format!("{home}/{name}"));
            let Some(place) = place.filter(|place| !name.is_empty() && helm::is_chart(place, self.tree))
            else {
                let message = format!(
                    "the chart `{name}` is not among the scanned files; what it declares is left out"
                );
                self.problems.note(chart.location.clone(), message);
                continue;
            };
            let files = chart.get("valuesFile").into_iter();
            let more = chart.get("additionalValuesFiles").map(Node::items).unwrap_or_default();
            let files = files.chain(more.iter().map(|file| &**file)).filter_map(|file| file.str());
            let mut values: Vec<Arc<Node>> = Vec::new();
            for file in files {
                let found = self.tree.join(folder, file).map(|file| self.documents(file));
                values.extend(found.and_then(|documents| documents.first().cloned()));
            }
            values.extend(chart.get_shared("valuesInline").cloned());
            let release = chart.str_at(&["releaseName"]).unwrap_or(name);
            let given =
                helm::Given { name: release, namespace: chart.str_at(&["namespace"]), values: &values };
            let objects = helm::rendered(&place, &given, self.tree, &mut self.problems);
            resources.extend(objects.iter().map(Resource::new));
            self.charts.insert(place);
        }
    }

    /// `patchesStrategicMerge`, then `patches`.
    fn patches(&mut self, folder: &str, root: &Arc<Node>, resources: &mut Vec<Resource>) {
        for item in root.get("patchesStrategicMerge").map(Node::items).unwrap_or_default() {
            let documents = self.text_or_file(folder, item);
            for document in documents.iter() {
                self.merge_into(None, document, resources);
            }
        }
        for item in root.get("patches").map(Node::items).unwrap_or_default() {
            let place = item.get("patch").or_else(|| item.get("path")).or(Some(item));
            let Some(place) = place else { continue };
            let documents = self.text_or_file(folder, place);
            for document in documents.iter() {
                if document.is_sequence() {
                    self.operate(item.get("target"), document, resources);
                } else {
                    self.merge_into(item.get("target"), document, resources);
                }
            }
        }
    }

    /// `patchesJson6902`.
    fn operations(&mut self, folder: &str, root: &Arc<Node>, resources: &mut [Resource]) {
        for item in root.get("patchesJson6902").map(Node::items).unwrap_or_default() {
            let Some(place) = item.get("patch").or_else(|| item.get("path")) else { continue };
            for document in self.text_or_file(folder, place).iter() {
                self.operate(item.get("target"), document, resources);
            }
        }
    }

    /// The documents of an inline text or of the file that it names.
    pub(super) fn text_or_file(&mut self, folder: &str, node: &Node) -> Arc<Vec<Arc<Node>>> {
        let Some(text) = node.str() else { return Arc::new(Vec::new()) };
        if !text.contains('\n') && !text.trim_start().starts_with(['[', '{', '-']) {
            return match self.tree.join(folder, text) {
                Some(file) => self.documents(file),
                None => {
                    self.missing(node);
                    Arc::new(Vec::new())
                }
            };
        }
        let first = node.location.line;
        let path = Arc::clone(&node.location.path);
        // A block scalar starts on the line behind its key.
        let stream = yaml::parse_text(text, &path, &|line| first + line, &mut self.problems);
        Arc::new(stream.documents.into_iter().map(|document| document.root).collect())
    }

    fn merge_into(&mut self, target: Option<&Node>, patch: &Node, resources: &mut Vec<Resource>) {
        let mut deleted = BTreeSet::new();
        let mut found = false;
        for (at, resource) in resources.iter_mut().enumerate() {
            let meant = match target {
                Some(target) => selected(target, resource),
                None => same_object(patch, resource),
            };
            if !meant {
                continue;
            }
            found = true;
            let identity = (resource.name().to_owned(), resource.namespace().map(str::to_owned));
            let builtin = resource.is_builtin();
            let location = resource.root.at(&["metadata", "name"]).map(|name| name.location.clone());
            if patch::merge(&mut resource.root, patch, builtin) == Outcome::Deleted {
                deleted.insert(at);
                continue;
            }
            // A patch changes neither the name nor where it was declared.
            let location = location.unwrap_or_else(|| resource.root.location.clone());
            set_path(
                &mut resource.root,
                &["metadata", "name"],
                Node::scalar(&identity.0, false, &location),
                true,
            );
            if let Some(space) = identity.1 {
                set_path(
                    &mut resource.root,
                    &["metadata", "namespace"],
                    Node::scalar(&space, false, &location),
                    true,
                );
            }
        }
        if !found && target.is_none() {
            let message = format!(
                "no object matches the patch of `{}`",
                patch.str_at(&["metadata", "name"]).unwrap_or("")
            );
            self.problems.warning(patch.location.clone(), message);
        }
        let mut at = 0;
        resources.retain(|_| {
            at += 1;
            !deleted.contains(&(at - 1))
        });
    }

    fn operate(&mut self, target: Option<&Node>, operations: &Node, resources: &mut [Resource]) {
        let Some(target) = target else { return };
        for resource in resources.iter_mut().filter(|resource| selected(target, resource)) {
            patch::apply_operations(&mut resource.root, operations, &mut self.problems);
        }
    }

    fn generate(&mut self, folder: &str, root: &Arc<Node>, resources: &mut Vec<Resource>) {
        let global = root.get("generatorOptions");
        for (list, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            for item in root.get(list).map(Node::items).unwrap_or_default() {
                self.generate_one(folder, kind, item, global, resources);
            }
        }
    }

    fn generate_one(
        &mut self,
        folder: &str,
        kind: &str,
        item: &Node,
        global: Option<&Node>,
        resources: &mut Vec<Resource>,
    ) {
        let Some(name) = item.get("name") else { return };
        let pairs = self.pairs(folder, item);
        let data = |pairs: Vec<(String, String, Location)>| {
            let entries = pairs.into_iter().map(|(key, value, at)| {
                let value = if kind == "Secret" { encode(&value) } else { value };
                (Key { text: key.into(), location: at.clone() }, Arc::new(Node::scalar(&value, false, &at)))
            });
            Node::new(Data::Mapping(entries.collect()), item.location.clone())
        };
        let behaviour = item.str_at(&["behavior"]).unwrap_or("create");
        let text = name.str().unwrap_or("");
        if matches!(behaviour, "merge" | "replace") {
            let own = resources.iter_mut().find(|one| one.kind() == kind && one.was_called(text));
            if let Some(own) = own {
                if behaviour == "replace" {
                    own.root.remove("data");
                }
                for (key, value) in data(pairs).entries() {
                    set_path(&mut own.root, &["data", &key.text], value.clone(), true);
                }
            }
            return;
        }
        let at = &name.location;
        let mut object = Node::new(Data::Mapping(Vec::new()), at.clone());
        object.set("apiVersion", Arc::new(Node::scalar("v1", false, at)));
        object.set("kind", Arc::new(Node::scalar(kind, false, at)));
        set_path(&mut object, &["metadata", "name"], name.clone(), true);
        if let Some(space) = item.get("namespace") {
            set_path(&mut object, &["metadata", "namespace"], space.clone(), true);
        }
        for options in [global, item.get("options")].into_iter().flatten() {
            for field in ["labels", "annotations"] {
                for (key, value) in options.get(field).map(Node::entries).unwrap_or_default() {
                    set_path(&mut object, &["metadata", field, &key.text], value.clone(), true);
                }
            }
        }
        let data = data(pairs);
        if !data.entries().is_empty() {
            object.set("data", Arc::new(data));
        }
        if kind == "Secret" {
            let type_name = item.str_at(&["type"]).unwrap_or("Opaque");
            object.set("type", Arc::new(Node::scalar(type_name, false, at)));
        }
        let option = |options: Option<&Node>| {
            options.and_then(|one| one.get("disableNameSuffixHash")).and_then(Node::bool)
        };
        let disabled = option(item.get("options")).or(option(global)) == Some(true);
        resources.push(Resource { root: object, before: Vec::new(), hashed: !disabled });
    }

    /// Keys and values of a generator: literals, env files, files.
    fn pairs(&mut self, folder: &str, item: &Node) -> Vec<(String, String, Location)> {
        let mut out = Vec::new();
        let list = |key: &str| item.get(key).map(Node::items_or_self).unwrap_or_default();
        for source in list("envs").into_iter().chain(list("env")) {
            let Some(file) = source.str().and_then(|path| self.tree.join(folder, path)) else {
                self.missing(source);
                continue;
            };
            for (at, line) in file.text().lines().enumerate() {
                let line = line.trim_start();
                if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                    out.push((key.trim().to_owned(), value.to_owned(), file.line_location(at as u32 + 1)));
                }
            }
        }
        for source in list("files") {
            let Some(text) = source.str() else { continue };
            let (key, path) = match text.split_once('=') {
                Some((key, path)) => (key, path),
                None => (text.rsplit('/').next().unwrap_or(text), text),
            };
            match self.tree.join(folder, path) {
                Some(file) => out.push((key.to_owned(), file.text().to_owned(), file.location(0))),
                None => self.missing(source),
            }
        }
        for source in list("literals") {
            let Some((key, value)) = source.str().and_then(|text| text.split_once('=')) else { continue };
            let bare = value.trim();
            let unquoted = ['"', '\'']
                .iter()
                .find_map(|quote| bare.strip_prefix(*quote)?.strip_suffix(*quote))
                .unwrap_or(value);
            out.push((key.to_owned(), unquoted.to_owned(), source.location.clone()));
        }
        out
    }
}

fn encode(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Whether a resource is fetched from elsewhere.
pub(super) fn is_remote(path: &str) -> bool {
    path.contains("://") || path.starts_with("git@") || path.starts_with("git::") || {
        let host = path.split('/').next().unwrap_or("");
        path.contains('/') && ["github.com", "gitlab.com", "bitbucket.org"].contains(&host)
    }
}

/// Whether a patch without a target means an object.
fn same_object(patch: &Node, resource: &Resource) -> bool {
    let api = patch.str_at(&["apiVersion"]).unwrap_or("");
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let space = patch.str_at(&["metadata", "namespace"]);
    let same_space = space.is_none()
        || space == resource.namespace()
        || resource.before.iter().any(|(_, old)| old.as_deref() == space);
    patch.str_at(&["kind"]) == Some(resource.kind())
        && group == resource.group()
        && resource.was_called(patch.str_at(&["metadata", "name"]).unwrap_or("\0"))
        && same_space
}

/// Whether a patch's target selects an object.
pub(super) fn selected(target: &Node, resource: &Resource) -> bool {
    let equal = |key: &str, own: &str| target.str_at(&[key]).is_none_or(|wanted| whole_match(wanted, own));
    let names =
        || std::iter::once(resource.name()).chain(resource.before.iter().map(|(name, _)| name.as_str()));
    let named = target.str_at(&["name"]).is_none_or(|wanted| names().any(|name| whole_match(wanted, name)));
    let spaces = || {
        resource
            .namespace()
            .into_iter()
            .chain(resource.before.iter().filter_map(|(_, space)| space.as_deref()))
    };
    let placed = target.str_at(&["namespace"]).is_none_or(|wanted| {
        spaces().any(|space| whole_match(wanted, space))
            || (wanted == "default" && resource.namespace().is_none())
    });
    let labelled = |key: &str, field: &str| {
        target
            .str_at(&[key])
            .is_none_or(|selector| selector_holds(selector, resource.root.at(&["metadata", field])))
    };
    equal("kind", resource.kind())
        && equal("group", resource.group())
        && equal("version", resource.version())
        && named
        && placed
        && labelled("labelSelector", "labels")
        && labelled("annotationSelector", "annotations")
}

fn whole_match(pattern: &str, text: &str) -> bool {
    if pattern.is_empty() || pattern == text {
        return true;
    }
    let special = pattern.contains(['*', '.', '[', '(', '|', '+', '?', '^', '$']);
    special && regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}

/// `a=b,c!=d,e in (x, y),!f,g`.
fn selector_holds(selector: &str, labels: Option<&Node>) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.get(key.trim())).and_then(Node::str);
    let mut depth = 0;
    let parts = selector.split(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.into_iter().all(|part| {
        let within = |list: &str, own: Option<&str>| {
            let list = list.trim().trim_matches(['(', ')']);
            list.split(',').any(|item| Some(item.trim()) == own)
        };
        if let Some((key, list)) = part.split_once(" notin ") {
            !within(list, value(key))
        } else if let Some((key, list)) = part.split_once(" in ") {
            within(list, value(key))
        } else if let Some((key, wanted)) = part.split_once("!=") {
            value(key) != Some(wanted.trim())
        } else if let Some((key, wanted)) = part.split_once('=') {
            value(key) == Some(wanted.trim_start_matches('=').trim())
        } else if let Some(key) = part.strip_prefix('!') {
            value(key).is_none()
        } else {
            value(part).is_some()
        }
    })
}
