//! Helm: charts rendered by an interpreter of their template language, then read as Kubernetes objects.
//!
//! The interpreter is bounded in steps, depth and output. An action that it cannot run is a problem with its
//! line, and the rest of the chart is still read. Values files beside `values.yaml` are environments. A chart
//! that an object of the scanned files releases is read with what that object says of it.

mod app_template;
mod chart;
mod eval;
mod functions;
mod releases;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::chart::{Chart, Dependency, Install, join};
use self::eval::{Engine, World};
pub(crate) use self::releases::Releases;
use self::value::Value;
use super::kubernetes::{self, Object};
use super::yaml::{self, Data, Node};
use super::{Format, ReadContext};
use crate::model::{Declarations, Environment, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Problems that one chart may raise while it is rendered.
const MAX_PROBLEMS: usize = 20;

/// Helm charts.
pub struct Helm;

impl Format for Helm {
    fn name(&self) -> &'static str {
        "helm"
    }

    fn summary(&self) -> &'static str {
        "Helm charts: templates rendered with their values; further values files are environments"
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let in_templates = path.contains("/templates/") || path.starts_with("templates/");
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        name == "Chart.yaml"
            || (in_templates && (is_yaml || name.ends_with(".tpl")))
            || (is_yaml && path.contains("values"))
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        if file.name() == "Chart.yaml" {
            return file.text().contains("apiVersion:") && file.text().contains("name:");
        }
        chart_of(file.path(), tree).is_some()
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut declarations = Declarations::default();
        let charts: BTreeSet<&str> =
            files.iter().filter(|file| file.name() == "Chart.yaml").map(|file| file.folder()).collect();
        let mut rendered = Vec::new();
        for folder in charts.iter().filter(|folder| !is_inner(folder, &charts)) {
            let Some(chart) = Chart::load(cx.tree, folder, &mut declarations.problems) else { continue };
            let own: Vec<&SourceFile> =
                files.iter().copied().filter(|file| below(file.path(), folder)).collect();
            let (objects, environments, taken_in) = render(&chart, &own, cx, &mut declarations.problems);
            let mut unit = Unit::new("helm", if folder.is_empty() { &*chart.name } else { *folder }, *folder);
            unit.environments = environments;
            unit.deploys = taken_in;
            let objects = kubernetes::deployed(objects, &mut unit, cx, &mut declarations.problems);
            rendered.push((unit, objects));
        }
        let all: Vec<&Object> = rendered.iter().flat_map(|(_, objects)| objects).collect();
        let around = kubernetes::neighbours(&all, rendered.len());
        let mut units = Vec::new();
        for (unit, objects) in &rendered {
            let own: Vec<&Object> = objects.iter().collect();
            units.push((own.len(), kubernetes::build(unit.clone(), &own, around, cx)));
        }
        units.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        declarations.units =
            units.into_iter().map(|(_, unit)| unit).filter(|unit| !unit.nodes.is_empty()).collect();
        declarations
    }
}

/// The folder of the chart whose template or values file a path is.
fn chart_of<'p>(path: &'p str, tree: &Tree) -> Option<&'p str> {
    let holds = |folder: &str| is_chart(folder, tree);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let starts = path.match_indices("templates/").map(|(at, _)| at);
    let template = starts
        .filter(|at| *at == 0 || path.as_bytes()[at - 1] == b'/')
        .map(|at| path[..at].trim_end_matches('/'))
        .find(|folder| holds(folder));
    let values = || {
        let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        let in_folder = matches!(folder.rsplit('/').next(), Some("values" | "environments" | "envs" | "env"))
            && holds(parent);
        if in_folder {
            return Some(parent);
        }
        (name.contains("values") && holds(folder)).then_some(folder)
    };
    template.or_else(values)
}

/// Whether a chart lies in a folder.
pub(crate) fn is_chart(folder: &str, tree: &Tree) -> bool {
    tree.get(&join(folder, "Chart.yaml")).is_some()
}

/// What somebody gives a chart.
pub(crate) struct Given<'g> {
    /// Name of the release.
    pub(crate) name: &'g str,
    pub(crate) namespace: Option<&'g str>,
    /// Values, of which later ones count more.
    pub(crate) values: &'g [Arc<Node>],
}

/// The objects of the chart in a folder.
pub(crate) fn rendered(folder: &str, given: &Given<'_>, tree: &Tree, problems: &mut Problems) -> Vec<Object> {
    let Some(chart) = Chart::load(tree, folder, problems) else { return Vec::new() };
    let over: Vec<Value> = given.values.iter().map(|node| Value::of(node)).collect();
    let install = Install { name: given.name.to_owned(), namespace: given.namespace.map(str::to_owned) };
    let mut objects = objects_of(&chart, tree, &chart.values(&over), &install, problems);
    objects.retain(|object| !is_test(object));
    objects
}

/// A text in the template language with a mapping as its dot; `None` where an action in it cannot run or finds nothing.
pub(crate) fn filled(text: &str, dot: &BTreeMap<String, Arc<Node>>) -> Option<String> {
    let (defines, files) = (BTreeMap::new(), BTreeMap::new());
    let world = World { defines, files, missing: Vec::new(), release: String::new() };
    let dot = Value::map(dot.iter().map(|(key, node)| (key.clone(), Value::of(node))));
    let filled = Engine::new(&world).tpl(text, &dot).ok()?;
    (!filled.contains("<no value>")).then_some(filled)
}

/// Whether a template of a chart is at a path; such files are no manifests.
pub(crate) fn is_template(path: &str, tree: &Tree) -> bool {
    path.contains("templates/") && chart_of(path, tree).is_some()
}

fn below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a chart lies in the `charts` folder of another.
fn is_inner(folder: &str, charts: &BTreeSet<&str>) -> bool {
    folder.match_indices("charts/").any(|(at, _)| {
        let outer = folder[..at].trim_end_matches('/');
        outer != folder && charts.contains(outer) && (at == 0 || folder.as_bytes()[at - 1] == b'/')
    })
}

/// The objects of a chart, with the environments that its values files make and the charts beside it that it
/// takes in.
fn render(
    chart: &Chart,
    files: &[&SourceFile],
    cx: &ReadContext<'_>,
    problems: &mut Problems,
) -> (Vec<Object>, Vec<Environment>, BTreeSet<String>) {
    let found = value_files(chart, files);
    let mut names: Vec<&str> = vec!["default"];
    names.extend(found.keys().map(String::as_str));
    let chosen = cx.choose_environment(&names).unwrap_or("default");
    let over: Vec<Value> = found
        .get(chosen)
        .and_then(|file| yaml::parse(file, problems).documents.into_iter().next())
        .map(|document| Value::of(&document.root))
        .into_iter()
        .collect();
    let environments = environments(chart, &found, chosen);
    let values = chart.values(&over);
    let mut objects = objects_of(chart, cx.tree, &values, &Install::of(chart), problems);
    objects.retain(|object| !is_test(object));
    let mut taken_in = BTreeSet::new();
    chart.takes_in(&values, &mut taken_in);
    (objects, environments, taken_in)
}

/// What the templates of a chart come to, and stand-ins for the charts that it needs from elsewhere.
fn objects_of(
    chart: &Chart,
    tree: &Tree,
    values: &Value,
    install: &Install,
    problems: &mut Problems,
) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut told = 0;
    for output in chart.render(tree, values, install, problems) {
        for (line, failure) in &output.rendered.failures {
            told += 1;
            if told <= MAX_PROBLEMS {
                let message = format!("failed to render: {failure}; this part is left out");
                problems.warning(output.file.line_location(*line), message);
            }
        }
        let lines = &output.rendered.lines;
        let line_of =
            |line: u32| lines.get(line.saturating_sub(1) as usize).or(lines.last()).copied().unwrap_or(1);
        let stream = yaml::parse_text(&output.rendered.text, output.file.path(), &line_of, problems);
        objects.extend(Object::all_of(&stream));
    }
    for dependency in chart.absent(values) {
        objects.extend(stand_in(chart, dependency, &install.name));
    }
    objects
}

fn is_test(object: &Object) -> bool {
    object.annotation("helm.sh/hook").and_then(Node::str).is_some_and(|hook| hook.contains("test"))
}

/// Values files beside the chart's own, by the environment they are for.
fn value_files<'f>(chart: &Chart, files: &[&'f SourceFile]) -> BTreeMap<String, &'f SourceFile> {
    let mut out = BTreeMap::new();
    for file in files {
        let rest =
            file.path().strip_prefix(chart.folder.as_str()).unwrap_or(file.path()).trim_start_matches('/');
        let (folder, name) = rest.rsplit_once('/').unwrap_or(("", rest));
        let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
        let separators = ['-', '_', '.'];
        let variant = match folder {
            "" => stem
                .strip_prefix("values")
                .and_then(|rest| rest.strip_prefix(separators))
                .or_else(|| stem.strip_suffix("values").and_then(|rest| rest.strip_suffix(separators))),
            "values" | "environments" | "envs" | "env" => {
                Some(stem.trim_start_matches("values").trim_start_matches(separators))
            }
            _ => None,
        };
        let variant = variant
            .filter(|variant| !variant.is_empty() && !variant.contains("schema") && *variant != "values");
        if let Some(variant) = variant {
            out.insert(variant.to_owned(), *file);
        }
    }
    out
}

fn environments(chart: &Chart, found: &BTreeMap<String, &SourceFile>, chosen: &str) -> Vec<Environment> {
    if found.is_empty() {
        return Vec::new();
    }
    let own = chart.values_node.as_ref().map(|node| Environment {
        name: "default".to_owned(),
        chosen: chosen == "default",
        evidence: vec![node.location.path.to_string()],
    });
    let others = found.iter().map(|(name, file)| Environment {
        name: name.clone(),
        chosen: name == chosen,
        evidence: vec![file.path().to_string()],
    });
    own.into_iter().chain(others).collect()
}

/// An object in place of a chart that is needed and not among the files.
fn stand_in(chart: &Chart, dependency: &Dependency, release: &str) -> Option<Object> {
    if dependency.name == "common"
        || dependency.name.ends_with("-lib")
        || dependency.name.ends_with("library")
    {
        return None;
    }
    let name = dependency.node.get("name")?;
    let at = &name.location;
    let text = |text: &str| Arc::new(Node::scalar(text, false, at));
    let mut root = Node::new(Data::Mapping(Vec::new()), at.clone());
    root.set("apiVersion", text("helm.sh/dependency"));
    root.set("kind", text(kubernetes::CHART_DEPENDENCY));
    let mut metadata = Node::new(Data::Mapping(Vec::new()), at.clone());
    metadata.set("name", text(&format!("{release}-{}", dependency.key)));
    root.set("metadata", Arc::new(metadata));
    root.set("chart", Arc::new(name.clone()));
    if let Some(values) = chart.values_node.as_ref().and_then(|node| node.get_shared(&dependency.key)) {
        root.set("values", Arc::clone(values));
    }
    if let Some(repository) = dependency.node.get_shared("repository") {
        root.set("repository", Arc::clone(repository));
    }
    Object::of(&Arc::new(root))
}
