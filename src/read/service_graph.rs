//! Who called whom, as tracing systems export it: Jaeger's dependencies, service graph metrics of
//! OpenTelemetry and Tempo.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Describe, Draft, How};
use super::json::parse_json;
use super::yaml::Node as Value;
use super::{Format, ReadContext};
use crate::model::{Category, Confidence, Declarations, Id, Kind};
use crate::source::{Problems, SourceFile, Tree};

/// Exports of tracing systems.
pub struct ServiceGraph;

const METRIC: &str = "traces_service_graph_request_total{";

/// The same in the answer of a query.
const ANSWERED: &str = "\"traces_service_graph_request_total\"";

impl Format for ServiceGraph {
    fn name(&self) -> &'static str {
        "service-graph"
    }

    fn summary(&self) -> &'static str {
        "Calls seen by tracing: Jaeger dependencies (JSON), OpenTelemetry and Tempo service graph metrics"
    }

    fn wants(&self, path: &str) -> bool {
        [".json", ".prom", ".metrics", ".txt"].iter().any(|end| path.ends_with(end))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        let is_json = text.trim_start().starts_with(['{', '[']);
        text.contains(METRIC)
            || (is_json && text.contains(ANSWERED) && text.contains("\"metric\""))
            || (is_json && ["\"parent\"", "\"child\"", "\"callCount\""].iter().all(|key| text.contains(key)))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let calls = match file.text() {
                text if text.contains(ANSWERED) => answered(file, &mut out.problems),
                text if text.contains(METRIC) => metrics(file),
                _ => jaeger(file, &mut out.problems),
            };
            let mut draft = Draft::new("service-graph", file.path(), file.folder(), cx.tree);
            let mut places = BTreeMap::new();
            let mut seen = BTreeSet::new();
            for (from, to, at) in calls.into_iter().filter(|(from, to, _)| from != to) {
                for name in [&from, &to] {
                    places.entry(name.clone()).or_insert_with(|| at.clone());
                }
                if seen.insert((from.clone(), to.clone())) {
                    draft.edge(&Id::app(&from), &Id::app(&to), How::RUNTIME, &at);
                }
            }
            for (name, at) in places {
                let node = draft.node(&Id::app(&name), Kind::Service, &name, &at);
                node.is(Category::Compute, "traced service");
                node.confidence = Confidence::Observed;
            }
            draft.unit.edges.iter_mut().for_each(|edge| edge.confidence = Confidence::Observed);
            out.units.push(draft.unit);
        }
        out
    }
}

fn jaeger(file: &SourceFile, problems: &mut Problems) -> Vec<(String, String, Value)> {
    let Some(root) = parse_json(file, problems) else { return Vec::new() };
    let list = root.get("data").unwrap_or(&root);
    let call = |call: &Value| {
        let end = |key: &str| call.str_at(&[key]).filter(|name| !name.is_empty()).map(str::to_owned);
        Some((end("parent")?, end("child")?, Value::scalar("", false, &call.location)))
    };
    list.items().iter().filter_map(|item| call(item)).collect()
}

/// The answer of a query for the metric, as Prometheus and Mimir give it.
fn answered(file: &SourceFile, problems: &mut Problems) -> Vec<(String, String, Value)> {
    let Some(root) = parse_json(file, problems) else { return Vec::new() };
    let result = root.at(&["data", "result"]).or(root.get("result")).unwrap_or(&root);
    let call = |one: &Value| {
        let metric = one.get("metric")?;
        let is_graph = metric.str_at(&["__name__"]).is_none_or(|name| ANSWERED.trim_matches('"') == name);
        let end = |key: &str| {
            metric.str_at(&[key]).filter(|name| !name.is_empty() && *name != "unknown").map(str::to_owned)
        };
        let count = one.get("value").and_then(|value| value.items().last()?.number());
        let call = (end("client")?, end("server")?, Value::scalar("", false, &one.location));
        (is_graph && count != Some(0.0)).then_some(call)
    };
    result.items().iter().filter_map(|item| call(item)).collect()
}

fn metrics(file: &SourceFile) -> Vec<(String, String, Value)> {
    let mut out = Vec::new();
    for (at, line) in file.text().lines().enumerate() {
        let Some((_, rest)) = line.split_once(METRIC) else { continue };
        let Some((labels, value)) = rest.split_once('}') else { continue };
        let label = |name: &str| {
            let (_, rest) = labels.split_once(&format!("{name}=\""))?;
            rest.split('"').next().map(str::to_owned).filter(|name| !name.is_empty() && name != "unknown")
        };
        let never = value.split_whitespace().next().and_then(|count| count.parse::<f64>().ok()) == Some(0.0);
        if let (Some(client), Some(server), false) = (label("client"), label("server"), never) {
            out.push((client, server, Value::scalar("", false, &file.line_location(at as u32 + 1))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn edges(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of_texts([(path, text)]);
        let files: Vec<_> = tree.files().filter(|file| ServiceGraph.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out =
            ServiceGraph.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let units = out.units.iter().flat_map(|unit| &unit.edges);
        units.map(|edge| format!("{} {}", edge.from, edge.to)).collect()
    }

    #[test]
    fn calls_are_dependencies() {
        let jaeger = "{\"data\": [{\"parent\": \"web\", \"child\": \"api\", \"callCount\": 3}, {\"parent\": \"api\", \
                      \"child\": \"api\", \"callCount\": 1}]}";
        assert_eq!(edges("deps.json", jaeger), ["app:web app:api"]);
        let metrics = "traces_service_graph_request_total{client=\"a\",server=\"b\"} 12\n\
                       traces_service_graph_request_total{client=\"a\",server=\"c\"} 0\n";
        assert_eq!(edges("graph.prom", metrics), ["app:a app:b"]);
        let answer = "{\"status\": \"success\", \"data\": {\"resultType\": \"vector\", \"result\": [\
                      {\"metric\": {\"__name__\": \"traces_service_graph_request_total\", \"client\": \"a\", \"server\": \"b\"}, \"value\": [1, \"12\"]}, \
                      {\"metric\": {\"client\": \"a\", \"server\": \"c\"}, \"value\": [1, \"0\"]}, {\"metric\": 1}]}}";
        assert_eq!(edges("graph.json", answer), ["app:a app:b"]);
        assert!(edges("other.json", "{\"parent\": 1}").is_empty());
    }
}
