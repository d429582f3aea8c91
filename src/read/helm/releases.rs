//! Charts of the scanned files that an object releases: a HelmRelease of Flux, an Application of Argo CD. What
//! comes of the chart with the release's values stands beside the release.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chart::{Chart, Install};
use super::value::Value;
use super::{app_template, below, is_chart, is_test, objects_of};
use crate::model::Environment;
use crate::read::kubernetes::{Key, Object, Released, Rendered};
use crate::read::yaml::{self, Node};
use crate::read::{ReadContext, split_environment};
use crate::source::{Problems, Tree};

/// Releases in the charts of releases are followed this far.
const MAX_DEPTH: u32 = 4;

/// No list of objects is made longer than this by releases.
const MAX_OBJECTS: usize = 20_000;

/// What releases make of a list of objects.
pub(crate) struct Releases {
    /// Releases of environments that were not chosen.
    left_out: BTreeSet<Key>,
    /// The environments that releases of one chart are for.
    environments: Vec<Environment>,
    /// Texts of ConfigMaps and Secrets by namespace, name and key.
    texts: BTreeMap<(String, String, String), Arc<Node>>,
    /// The charts in artifacts of registries, by the name of the object that fetches one.
    artifacts: BTreeMap<String, String>,
}

/// One chart with the name and the values that an object gives it.
struct Release {
    /// The chart's folder.
    chart: String,
    install: Install,
    /// The later ones count more.
    values: Vec<Value>,
    /// Names of the values files.
    files: Vec<String>,
}

impl Releases {
    /// Looks at all objects that are deployed together.
    pub(crate) fn among(all: &[&Object], cx: &ReadContext<'_>) -> Self {
        let mut releases = Releases {
            left_out: BTreeSet::new(),
            environments: Vec::new(),
            texts: BTreeMap::new(),
            artifacts: BTreeMap::new(),
        };
        if !all.iter().any(|object| is_release(object)) {
            return releases;
        }
        for object in all.iter().filter(|object| matches!(object.kind.as_str(), "ConfigMap" | "Secret")) {
            for data in ["data", "stringData"].iter().filter_map(|part| object.root.get_shared(part)) {
                for (key, _) in data.entries() {
                    let at = (object.space().to_owned(), object.name.clone(), key.text.to_string());
                    releases.texts.extend(data.get_shared(&key.text).map(|text| (at, Arc::clone(text))));
                }
            }
        }
        let artifacts = all.iter().filter(|object| object.kind == "OCIRepository");
        releases.artifacts = artifacts
            .filter_map(|object| {
                Some((object.name.clone(), object.root.str_at(&["spec", "url"])?.to_owned()))
            })
            .collect();
        releases.choose(all, cx);
        releases
    }

    /// Releases of one chart that differ in the word of an environment are alternatives.
    fn choose(&mut self, all: &[&Object], cx: &ReadContext<'_>) {
        let mut sets: BTreeMap<(String, String), BTreeMap<String, Vec<&Object>>> = BTreeMap::new();
        for object in all {
            let Some(release) = self.release(object, cx.tree) else { continue };
            let Some((stem, word)) = release.environment() else { continue };
            sets.entry((release.chart, stem)).or_default().entry(word).or_default().push(object);
        }
        for set in sets.into_values().filter(|set| set.len() > 1) {
            let words: Vec<&str> = set.keys().map(String::as_str).collect();
            let Some(chosen) = cx.choose_environment(&words).map(str::to_owned) else { continue };
            for (word, objects) in set {
                let is_chosen = word == chosen;
                let evidence = objects.iter().map(|object| object.place().path.to_string()).collect();
                if !is_chosen {
                    self.left_out.extend(objects.iter().map(|object| object.key()));
                }
                self.environments.push(Environment { name: word, chosen: is_chosen, evidence });
            }
        }
    }

    /// The environments of releases that stand below a folder.
    pub(crate) fn environments_below(&self, folder: &str) -> Vec<Environment> {
        let inside = |found: &&Environment| found.evidence.iter().any(|path| below(path, folder));
        self.environments.iter().filter(inside).cloned().collect()
    }

    /// The objects with those that come of their releases, without the releases of other environments.
    pub(crate) fn deploy(
        &self,
        objects: Vec<Object>,
        cx: &ReadContext<'_>,
        problems: &mut Problems,
    ) -> Vec<Object> {
        self.deploy_at(objects, cx, problems, MAX_DEPTH)
    }

    fn deploy_at(
        &self,
        objects: Vec<Object>,
        cx: &ReadContext<'_>,
        problems: &mut Problems,
        depth: u32,
    ) -> Vec<Object> {
        let mut out = Vec::new();
        for mut object in objects {
            if self.left_out.contains(&object.key()) {
                continue;
            }
            let made =
                if depth > 0 && out.len() < MAX_OBJECTS { self.made_by(&object, cx, problems) } else { None };
            let Some((rendered, made)) = made else {
                out.push(object);
                continue;
            };
            object.rendered = Some(rendered);
            out.push(object);
            let all: Vec<&Object> = made.iter().collect();
            let inner = Self::among(&all, cx);
            out.extend(inner.deploy_at(made, cx, problems, depth - 1));
        }
        out
    }

    /// The objects of the chart that an object releases, each with the release behind it.
    fn made_by(
        &self,
        object: &Object,
        cx: &ReadContext<'_>,
        problems: &mut Problems,
    ) -> Option<(Rendered, Vec<Object>)> {
        let (rendered, install, mut made) = match self.release(object, cx.tree) {
            Some(release) => {
                let made = release.render(cx.tree, problems)?;
                (Rendered::Folder(release.chart), release.install, made)
            }
            None => {
                let (values, install) = self.known(object)?;
                let made = app_template::objects(values, &install);
                (Rendered::Known, install, made)
            }
        };
        for one in &mut made {
            if one.namespace.is_none() {
                one.namespace.clone_from(&install.namespace);
            }
            one.released.get_or_insert_with(|| Released { by: object.id(), at: object.place() });
        }
        let is_made = !made.is_empty() || matches!(rendered, Rendered::Folder(_));
        is_made.then_some((rendered, made))
    }

    /// The values of a release of a chart that is known without being among the files.
    fn known<'o>(&self, object: &'o Object) -> Option<(&'o Node, Install)> {
        let spec = object.root.get("spec")?;
        let (chart, values, install) = match object.kind.as_str() {
            "HelmRelease" => {
                let by_reference = || {
                    let name = spec.str_at(&["chartRef", "name"])?;
                    Some(self.artifacts.get(name).map_or(name, String::as_str))
                };
                let chart = spec.str_at(&["chart", "spec", "chart"]).or_else(by_reference)?;
                (chart, spec.get("values")?, install_of_flux(object, spec))
            }
            "Application" => {
                let source = spec.get("source")?;
                let helm = source.get("helm")?;
                (
                    source.str_at(&["chart"])?,
                    helm.get("valuesObject")?,
                    install_of_argo(object, spec, Some(helm)),
                )
            }
            _ => return None,
        };
        (chart.rsplit('/').next() == Some(app_template::NAME)).then_some((values, install))
    }

    fn release(&self, object: &Object, tree: &Tree) -> Option<Release> {
        match object.kind.as_str() {
            "HelmRelease" => self.of_flux(object, tree),
            "Application" if object.group() == "argoproj.io" => of_argo(object, tree),
            _ => None,
        }
    }

    fn of_flux(&self, object: &Object, tree: &Tree) -> Option<Release> {
        let spec = object.root.get("spec")?;
        let from_git = |kind: &str| matches!(kind, "GitRepository" | "Bucket");
        let chart = spec.at(&["chart", "spec"]);
        let path = match chart {
            Some(chart) => {
                chart.get("chart").filter(|_| chart.str_at(&["sourceRef", "kind"]).is_some_and(from_git))
            }
            None => spec.at(&["chart", "path"]),
        };
        let source = Source::find(object, path?.str()?, None, tree)?;
        let listed = chart.and_then(|chart| chart.get("valuesFiles")).map(Node::items).unwrap_or_default();
        let files: Vec<&str> = listed.iter().filter_map(|file| file.str()).collect();
        let mut values: Vec<Value> = files
            .iter()
            .filter_map(|file| source.values_file(file, &[&source.root, &source.chart], tree))
            .collect();
        for from in spec.get("valuesFrom").map(Node::items).unwrap_or_default() {
            let name = from.str_at(&["name"]).unwrap_or("").to_owned();
            let key = from.str_at(&["valuesKey"]).unwrap_or("values.yaml").to_owned();
            let Some(node) = self.texts.get(&(object.space().to_owned(), name, key)) else { continue };
            let text = node.str().unwrap_or("");
            values.extend(match from.str_at(&["targetPath"]) {
                Some(path) => Some(nested(path, Value::str(text))),
                None => parsed(text, node),
            });
        }
        values.extend(spec.get("values").map(Value::of));
        Some(Release {
            chart: source.chart,
            install: install_of_flux(object, spec),
            values,
            files: files.iter().map(|file| (*file).to_owned()).collect(),
        })
    }
}

fn install_of_flux(object: &Object, spec: &Node) -> Install {
    let target = spec.str_at(&["targetNamespace"]);
    let name = match (spec.str_at(&["releaseName"]), target) {
        (Some(name), _) => name.to_owned(),
        (None, Some(target)) => format!("{target}-{}", object.name),
        (None, None) => object.name.clone(),
    };
    Install { name, namespace: target.map(str::to_owned).or_else(|| object.namespace.clone()) }
}

fn install_of_argo(object: &Object, spec: &Node, helm: Option<&Node>) -> Install {
    let name = helm.and_then(|helm| helm.str_at(&["releaseName"])).unwrap_or(&object.name);
    Install {
        name: name.to_owned(),
        namespace: spec.str_at(&["destination", "namespace"]).map(str::to_owned),
    }
}

/// The part of an Application that is a chart of the scanned files.
fn of_argo(object: &Object, tree: &Tree) -> Option<Release> {
    let spec = object.root.get("spec")?;
    let sources = spec
        .get("source")
        .into_iter()
        .chain(spec.get("sources").map(Node::items).unwrap_or_default().iter().map(|source| &**source));
    let (source, found) = sources.filter(|source| source.get("chart").is_none()).find_map(|source| {
        let found = Source::find(object, source.str_at(&["path"])?, source.str_at(&["repoURL"]), tree)?;
        Some((source, found))
    })?;
    let helm = source.get("helm");
    let at = |key: &str| helm.and_then(|helm| helm.get(key));
    let files: Vec<&str> =
        at("valueFiles").map(Node::items).unwrap_or_default().iter().filter_map(|file| file.str()).collect();
    let mut values: Vec<Value> = files
        .iter()
        .filter_map(|file| {
            // `$name/path` and `/path` start at the top of a repository.
            let from_top = file.strip_prefix('$').and_then(|file| file.split_once('/')).map(|(_, path)| path);
            match from_top.or_else(|| file.strip_prefix('/')) {
                Some(path) => found.values_file(path, &[&found.root], tree),
                None => found.values_file(file, &[&found.chart], tree),
            }
        })
        .collect();
    values.extend(at("values").and_then(|node| parsed(node.str()?, node)));
    values.extend(at("valuesObject").map(Value::of));
    for parameter in at("parameters").map(Node::items).unwrap_or_default() {
        if let (Some(name), Some(value)) = (parameter.str_at(&["name"]), parameter.get("value")) {
            values.push(nested(name, Value::of(value)));
        }
    }
    Some(Release {
        chart: found.chart,
        install: install_of_argo(object, spec, helm),
        values,
        files: files.iter().map(|file| (*file).to_owned()).collect(),
    })
}

/// Where a chart lies.
struct Source {
    /// The top of its repository.
    root: String,
    chart: String,
}

impl Source {
    /// Finds the chart at a path of a repository, of which the scanned files are one or hold one.
    fn find(object: &Object, path: &str, repository: Option<&str>, tree: &Tree) -> Option<Source> {
        if path.contains("://") || path.contains("{{") {
            return None;
        }
        let place = object.place();
        let folder = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let above = std::iter::once("")
            .chain(folder.match_indices('/').map(|(at, _)| &folder[..at]))
            .chain(std::iter::once(folder));
        let repository = repository
            .map(|url| url.trim_end_matches('/').trim_end_matches(".git"))
            .and_then(|url| url.rsplit(['/', ':']).next());
        let beside = repository.map(str::to_owned).filter(|name| !name.is_empty());
        let tops = above.map(str::to_owned).chain(beside);
        let path = path.trim_start_matches('/');
        tops.into_iter().find_map(|root| {
            let chart = Tree::resolve(&root, if path.is_empty() { "." } else { path })?;
            is_chart(&chart, tree).then_some(Source { root, chart })
        })
    }

    /// The values of a file, looked for in several folders.
    fn values_file(&self, file: &str, folders: &[&String], tree: &Tree) -> Option<Value> {
        let found = folders.iter().find_map(|folder| tree.join(folder, file))?;
        // What is odd about the file is said where it is read as a values file.
        let stream = yaml::parse(found, &mut Problems::new());
        stream.documents.first().map(|document| Value::of(&document.root))
    }
}

impl Release {
    /// The stem and the word of the environment that its name, its namespace or a values file holds.
    fn environment(&self) -> Option<(String, String)> {
        let Install { name, namespace } = &self.install;
        let own = split_environment(name);
        let by_space = || {
            let (stem, word) = split_environment(namespace.as_deref()?)?;
            Some((format!("{name} {stem}"), word))
        };
        let by_file = || {
            let words = self.files.iter().rev().find_map(|file| {
                let mut parts = file.rsplit('/');
                let stem = parts.next()?.split(".yaml").next()?;
                split_environment(stem).or_else(|| split_environment(parts.next()?))
            });
            words.map(|(_, word)| (name.clone(), word))
        };
        own.or_else(by_space).or_else(by_file)
    }

    /// The objects of the chart; `None` when it cannot be read.
    fn render(&self, tree: &Tree, problems: &mut Problems) -> Option<Vec<Object>> {
        let chart = Chart::load(tree, &self.chart, problems)?;
        let mut objects = objects_of(&chart, tree, &chart.values(&self.values), &self.install, problems);
        objects.retain(|object| !is_test(object));
        Some(objects)
    }
}

fn is_release(object: &Object) -> bool {
    object.kind == "HelmRelease" || object.is("argoproj.io", "Application")
}

/// A value at the end of a dotted path; a step into a list has no meaning here and is left out.
fn nested(path: &str, value: Value) -> Value {
    if path.contains('[') {
        return Value::map([]);
    }
    path.rsplit('.').fold(value, |value, key| Value::map([(key.to_owned(), value)]))
}

fn parsed(text: &str, node: &Node) -> Option<Value> {
    let first = node.location.line;
    let path = Arc::clone(&node.location.path);
    let stream = yaml::parse_text(text, &path, &|line| first + line, &mut Problems::new());
    stream.documents.first().map(|document| Value::of(&document.root)).filter(|value| value.kind() == "map")
}
