//! Charts as they lie in a tree, their values, and the texts that come of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::eval::{Engine, Failure, Rendered, World};
use super::functions::KUBE_VERSION;
use super::template::{self, Part};
use super::value::Value;
use crate::read::yaml::{self, Node};
use crate::source::{Problems, SourceFile, Tree};

/// Charts inside charts are followed this far.
const MAX_DEPTH: u32 = 6;

/// A chart with the charts in its `charts` folder.
pub(super) struct Chart {
    pub folder: String,
    pub name: String,
    /// `Chart.yaml`.
    pub root: Arc<Node>,
    /// The document of `values.yaml`.
    pub values_node: Option<Arc<Node>>,
    values: Value,
    pub dependencies: Vec<Dependency>,
    inner: Vec<Chart>,
}

/// A chart that another needs.
pub(super) struct Dependency {
    pub name: String,
    /// The key of its values.
    pub key: String,
    condition: Option<String>,
    tags: Vec<String>,
    pub node: Arc<Node>,
}

impl Dependency {
    /// Where it lies, if it is named by a path.
    fn folder(&self, of: &str) -> Option<String> {
        Tree::resolve(of, self.node.str_at(&["repository"])?.strip_prefix("file://")?)
    }
}

/// What a chart is installed as.
pub(super) struct Install {
    /// The release's name.
    pub name: String,
    /// The namespace, where one is said.
    pub namespace: Option<String>,
}

impl Install {
    /// As nobody says otherwise: under the chart's own name.
    pub(super) fn of(chart: &Chart) -> Self {
        Install { name: chart.name.clone(), namespace: None }
    }
}

/// A file's rendered text.
pub(super) struct Output<'t> {
    pub file: &'t SourceFile,
    pub rendered: Rendered,
}

impl Chart {
    /// Reads the chart in a folder.
    pub(super) fn load(tree: &Tree, folder: &str, problems: &mut Problems) -> Option<Chart> {
        Self::load_at(tree, folder, problems, MAX_DEPTH)
    }

    fn load_at(tree: &Tree, folder: &str, problems: &mut Problems, depth: u32) -> Option<Chart> {
        let root = document(tree.join(folder, "Chart.yaml")?, problems)?;
        let name =
            root.str_at(&["name"]).unwrap_or_else(|| folder.rsplit('/').next().unwrap_or(folder)).to_owned();
        let values_file = tree.join(folder, "values.yaml").or_else(|| tree.join(folder, "values.yml"));
        let values_node = values_file.and_then(|file| document(file, problems));
        let values = values_node.as_ref().map_or_else(|| Value::map([]), |node| Value::of(node));
        let mut listed = dependencies(&root);
        if let Some(old) = tree.join(folder, "requirements.yaml").and_then(|file| document(file, problems)) {
            listed.extend(dependencies(&old));
        }
        let mut inner = Vec::new();
        if depth > 0 {
            for below in chart_folders(tree, &join(folder, "charts")) {
                inner.extend(Self::load_at(tree, &below, problems, depth - 1));
            }
            let beside = listed.iter().filter_map(|one| one.folder(folder));
            for other in beside.filter(|other| other != folder) {
                if !inner.iter().any(|chart: &Chart| chart.folder == other) {
                    inner.extend(Self::load_at(tree, &other, problems, depth - 1));
                }
            }
        }
        Some(Chart {
            folder: folder.to_owned(),
            name,
            root,
            values_node,
            values,
            dependencies: listed,
            inner,
        })
    }

    /// The folders of charts elsewhere in the tree that this one takes in.
    pub(super) fn takes_in(&self, values: &Value, out: &mut BTreeSet<String>) {
        for inner in &self.inner {
            let listed = self.dependencies.iter().find(|one| one.name == inner.name);
            if listed.is_some_and(|one| self.wants(one, values)) && !super::below(&inner.folder, &self.folder)
            {
                out.insert(inner.folder.clone());
            }
            inner.takes_in(&values.get(&inner.name), out);
        }
    }

    fn is_library(&self) -> bool {
        self.root.str_at(&["type"]) == Some("library")
    }

    /// The chart's own values with others laid over them.
    pub(super) fn values(&self, over: &[Value]) -> Value {
        over.iter().fold(self.values.clone(), |values, over| values.lay_over(over))
    }

    /// Whether a dependency is switched on.
    pub(super) fn wants(&self, dependency: &Dependency, values: &Value) -> bool {
        let conditions = dependency.condition.as_deref().unwrap_or("").split(',').map(str::trim);
        let said = conditions.filter(|path| !path.is_empty()).find_map(|path| match values.at(path) {
            Value::Bool(on) => Some(on),
            _ => None,
        });
        let tagged = || {
            let tags: Vec<bool> = dependency
                .tags
                .iter()
                .filter_map(|tag| match values.at("tags").get(tag) {
                    Value::Bool(on) => Some(on),
                    _ => None,
                })
                .collect();
            tags.is_empty() || tags.contains(&true)
        };
        said.unwrap_or_else(tagged)
    }

    /// Dependencies that are switched on and not among the files.
    pub(super) fn absent(&self, values: &Value) -> Vec<&Dependency> {
        let here = |dependency: &&Dependency| !self.inner.iter().any(|chart| chart.name == dependency.name);
        self.dependencies.iter().filter(here).filter(|one| self.wants(one, values)).collect()
    }

    /// Renders the chart and what it holds.
    pub(super) fn render<'t>(
        &self,
        tree: &'t Tree,
        values: &Value,
        install: &Install,
        problems: &mut Problems,
    ) -> Vec<Output<'t>> {
        let mut defines = BTreeMap::new();
        let mut files = Vec::new();
        self.collect(tree, &mut defines, &mut files, problems);
        let mut out = Vec::new();
        let plan = Plan { tree, defines, files, install };
        self.render_with(&plan, values, &mut out);
        out
    }

    /// Reads all templates, the inner charts' first, so that the outer one's count.
    fn collect<'t>(
        &self,
        tree: &'t Tree,
        defines: &mut BTreeMap<String, Rc<Vec<Part>>>,
        files: &mut Vec<(String, &'t SourceFile, Vec<Part>)>,
        problems: &mut Problems,
    ) {
        for inner in &self.inner {
            inner.collect(tree, defines, files, problems);
        }
        let below = join(&self.folder, "templates");
        let paths: Vec<Arc<str>> = tree.under(&below).map(|file| Arc::clone(file.path())).collect();
        for file in paths.iter().filter_map(|path| tree.get(path)) {
            let name = file.name();
            if ![".yaml", ".yml", ".tpl", ".json", ".txt"].iter().any(|ending| name.ends_with(ending))
                || name == "NOTES.txt"
            {
                continue;
            }
            let parsed = template::parse(file.text());
            for (line, because) in parsed.errors.into_iter().take(5) {
                problems.warning(file.line_location(line), format!("failed to read the template: {because}"));
            }
            defines.extend(parsed.defines.into_iter().map(|(name, parts)| (name, Rc::new(parts))));
            let is_test = file.path().contains("/templates/tests/");
            if !name.starts_with('_') && !name.ends_with(".tpl") && !name.ends_with(".txt") && !is_test {
                files.push((self.folder.clone(), file, parsed.parts));
            }
        }
    }

    fn render_with<'t>(&self, plan: &Plan<'t, '_>, values: &Value, out: &mut Vec<Output<'t>>) {
        let values = self.coalesce(values);
        for inner in &self.inner {
            let listed: Vec<&Dependency> =
                self.dependencies.iter().filter(|one| one.name == inner.name).collect();
            if listed.is_empty() {
                inner.render_with(plan, &values.get(&inner.name), out);
            }
            for one in listed.into_iter().filter(|one| self.wants(one, &values)) {
                inner.render_with(plan, &values.get(&one.key), out);
            }
        }
        if self.is_library() {
            return;
        }
        let world = World {
            defines: plan.defines.clone(),
            files: self.files(plan.tree),
            missing: self.absent(&values).into_iter().map(|one| one.key.clone()).collect(),
            release: plan.install.name.clone(),
        };
        let mut engine = Engine::new(&world);
        for (folder, file, parts) in &plan.files {
            if *folder == self.folder {
                let root = self.scope(&values, plan.install, file);
                let rendered = engine.render(parts, &root);
                out.push(Output { file, rendered });
            }
        }
    }

    /// Values with those of inner charts filled up, and the global ones handed down.
    fn coalesce(&self, values: &Value) -> Value {
        let mut out = values.deep_copy();
        for inner in &self.inner {
            let aliases =
                self.dependencies.iter().filter(|one| one.name == inner.name).map(|one| one.key.as_str());
            let mut keys: Vec<&str> = aliases.collect();
            if keys.is_empty() {
                keys.push(&inner.name);
            }
            for key in keys {
                let given = out.get(key);
                let own = inner.values.lay_over(&if given.truth() { given } else { Value::map([]) });
                let global = own.get("global");
                let global = if global.truth() {
                    global.lay_over(&mapping(out.get("global")))
                } else {
                    mapping(out.get("global"))
                };
                let own = own.lay_over(&Value::map([("global".to_owned(), global)]));
                let filled = inner.coalesce(&own);
                out = out.lay_over(&Value::map([(key.to_owned(), filled)]));
            }
        }
        if !out.get("global").truth() {
            out = out.lay_over(&Value::map([("global".to_owned(), Value::map([]))]));
        }
        out
    }

    /// The dot of a template.
    fn scope(&self, values: &Value, install: &Install, file: &SourceFile) -> Value {
        let text = |key: &str| Value::str(self.root.str_at(&[key]).unwrap_or(""));
        let entry = |key: &str, value: Value| (key.to_owned(), value);
        let chart = Value::map([
            entry("Name", Value::str(self.name.as_str())),
            entry("Version", text("version")),
            entry("AppVersion", text("appVersion")),
            entry("Description", text("description")),
            entry("Type", text("type")),
            entry("IsRoot", Value::Bool(true)),
            entry("Annotations", self.root.get("annotations").map_or_else(|| Value::map([]), Value::of)),
        ]);
        let mut version = KUBE_VERSION.trim_start_matches('v').split('.');
        let mut part = || Value::str(version.next().unwrap_or(""));
        let kube = Value::map([
            entry("Version", Value::str(KUBE_VERSION)),
            entry("GitVersion", Value::str(KUBE_VERSION)),
            entry("Major", part()),
            entry("Minor", part()),
        ]);
        let capabilities = Value::map([
            entry("KubeVersion", kube),
            entry("APIVersions", Value::ApiVersions),
            entry("HelmVersion", Value::map([entry("Version", Value::str("v3.16.0"))])),
        ]);
        let release = Value::map([
            entry("Name", Value::str(install.name.as_str())),
            entry("Namespace", Value::str(install.namespace.as_deref().unwrap_or("default"))),
            entry("Service", Value::str("Helm")),
            entry("IsInstall", Value::Bool(true)),
            entry("IsUpgrade", Value::Bool(false)),
            entry("Revision", Value::Int(1)),
        ]);
        let path =
            file.path().strip_prefix(self.folder.as_str()).unwrap_or(file.path()).trim_start_matches('/');
        let template = Value::map([
            entry("Name", Value::str(format!("{}/{path}", self.name))),
            entry("BasePath", Value::str(format!("{}/templates", self.name))),
        ]);
        let subcharts = self.inner.iter().map(|inner| {
            let inner_chart = Value::map([entry("Name", Value::str(inner.name.as_str()))]);
            let scope = Value::map([
                entry("Values", values.get(&inner.name)),
                entry("Chart", inner_chart),
                entry("Release", release.clone()),
                entry("Capabilities", capabilities.clone()),
            ]);
            (inner.name.clone(), scope)
        });
        let subcharts = Value::map(subcharts.collect::<Vec<_>>());
        Value::map([
            entry("Values", values.clone()),
            entry("Chart", chart),
            entry("Release", release),
            entry("Capabilities", capabilities),
            entry("Template", template),
            entry("Files", Value::Files),
            entry("Subcharts", subcharts),
        ])
    }

    fn files<'t>(&self, tree: &'t Tree) -> BTreeMap<String, &'t str> {
        let prefix = if self.folder.is_empty() { String::new() } else { format!("{}/", self.folder) };
        let paths: Vec<Arc<str>> =
            tree.under(&self.folder).take(2000).map(|file| Arc::clone(file.path())).collect();
        let inside = paths.iter().filter_map(|path| {
            let short = path.strip_prefix(&prefix)?;
            let hidden = short.starts_with("templates/") || short.starts_with("charts/");
            (!hidden).then(|| tree.get(path).map(|file| (short.to_owned(), file.text())))?
        });
        inside.collect()
    }
}

/// What all charts of one rendering share.
struct Plan<'t, 'i> {
    tree: &'t Tree,
    defines: BTreeMap<String, Rc<Vec<Part>>>,
    files: Vec<(String, &'t SourceFile, Vec<Part>)>,
    install: &'i Install,
}

fn mapping(value: Value) -> Value {
    if matches!(value, Value::Map(_)) { value } else { Value::map([]) }
}

fn document(file: &SourceFile, problems: &mut Problems) -> Option<Arc<Node>> {
    yaml::parse(file, problems)
        .documents
        .into_iter()
        .map(|document| document.root)
        .find(|root| root.is_mapping())
}

fn dependencies(root: &Node) -> Vec<Dependency> {
    let listed = root.get("dependencies").map(Node::items).unwrap_or_default();
    let read = |node: &Arc<Node>| {
        let name = node.str_at(&["name"])?.to_owned();
        let key = node.str_at(&["alias"]).unwrap_or(&name).to_owned();
        let tags = node.get("tags").map(Node::items).unwrap_or_default();
        Some(Dependency {
            name,
            key,
            condition: node.str_at(&["condition"]).map(str::to_owned),
            tags: tags.iter().filter_map(|tag| tag.str().map(str::to_owned)).collect(),
            node: Arc::clone(node),
        })
    };
    listed.iter().filter_map(read).collect()
}

/// Folders directly below one that hold a chart.
fn chart_folders(tree: &Tree, folder: &str) -> Vec<String> {
    let mut out: Vec<String> = tree
        .under(folder)
        .filter(|file| file.name() == "Chart.yaml")
        .map(|file| file.folder().to_owned())
        .filter(|inner| inner.rsplit_once('/').is_some_and(|(parent, _)| parent == folder))
        .collect();
    out.dedup();
    out
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What stands in for a template of a chart that is not among the files: the usual helpers by their names.
pub(super) fn stand_in(engine: &mut Engine<'_>, name: &str, dot: &Value) -> Result<String, Failure> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let context = match dot.get("context") {
        Value::Nil => dot.clone(),
        context => context,
    };
    let chart = context.get("Chart").get("Name").print();
    let release = engine.world.release.clone();
    if let Some(missing) =
        engine.world.missing.iter().find(|missing| name.starts_with(&format!("{missing}.")))
    {
        let is_name = matches!(last, "fullname" | "name") || name.contains("fullname");
        return if is_name { Ok(format!("{release}-{missing}")) } else { Ok(String::new()) };
    }
    let full = || match context.get("Values").get("fullnameOverride") {
        Value::Str(text) if !text.is_empty() => text.to_string(),
        _ => {
            if chart.contains(&release) || release.contains(&chart) {
                release.clone()
            } else {
                format!("{release}-{chart}")
            }
        }
    };
    match last {
        "fullname" => Ok(full()),
        "name" => Ok(chart),
        "namespace" => Ok("default".to_owned()),
        "chart" => Ok(format!("{chart}-{}", context.get("Chart").get("Version").print())),
        "standard" | "matchLabels" | "labels" | "selectorLabels" => {
            Ok(format!("app.kubernetes.io/name: {chart}\napp.kubernetes.io/instance: {release}"))
        }
        "image" => Ok(image(&dot.get("imageRoot"), &dot.get("global"))),
        "render" => match dot.get("value") {
            Value::Str(text) => engine.tpl(&text, &context),
            value => {
                let text = super::value::to_yaml(&value);
                engine.tpl(&text, &context)
            }
        },
        "apiVersion" => Ok(api_version(name).to_owned()),
        "serviceAccountName" => Ok("default".to_owned()),
        _ => Err(format!("template `{name}` is not among the scanned files")),
    }
}

fn image(root: &Value, global: &Value) -> String {
    let part = |key: &str| root.get(key).print();
    let registry = match global.get("imageRegistry") {
        Value::Str(text) if !text.is_empty() => text.to_string(),
        _ => part("registry"),
    };
    let prefix = if registry.is_empty() { String::new() } else { format!("{registry}/") };
    let tag =
        Some(part("tag")).filter(|tag| !tag.is_empty()).map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = Some(part("digest")).filter(|digest| !digest.is_empty()).map(|digest| format!("@{digest}"));
    format!("{prefix}{}{}", part("repository"), digest.unwrap_or(tag))
}

fn api_version(name: &str) -> &'static str {
    let is = |word: &str| name.contains(word);
    if is("ingress") || is("networkPolicy") {
        "networking.k8s.io/v1"
    } else if is("cronjob") || is("job") {
        "batch/v1"
    } else if is("hpa") {
        "autoscaling/v2"
    } else if is("policy") {
        "policy/v1"
    } else if is("rbac") {
        "rbac.authorization.k8s.io/v1"
    } else {
        "apps/v1"
    }
}
