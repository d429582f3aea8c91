//! Who called whom, as tracing systems export it: Jaeger's dependencies, service graph metrics of
//! OpenTelemetry and Tempo, and exports of the collector with what its resources say.

mod otlp;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draft::{Describe, Draft, How};
use super::json::parse_json;
use super::yaml::{self, Node as Value};
use super::{Format, ReadContext};
use crate::model::{Category, Confidence, Declarations, Id, Kind, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Exports of tracing systems.
pub struct ServiceGraph;

const METRIC: &str = "traces_service_graph_request_total{";

/// Documents that one file may have.
const MAX_LINES: usize = 100_000;

/// The same in the answer of a query.
const ANSWERED: &str = "\"traces_service_graph_request_total\"";

impl Format for ServiceGraph {
    fn name(&self) -> &'static str {
        "service-graph"
    }

    fn summary(&self) -> &'static str {
        "Calls seen by tracing: Jaeger dependencies (JSON), service graph metrics of OpenTelemetry and Tempo, OTLP exports"
    }

    fn wants(&self, path: &str) -> bool {
        [".json", ".jsonl", ".prom", ".metrics", ".txt"].iter().any(|end| path.ends_with(end))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        let is_json = text.trim_start().starts_with(['{', '[']);
        text.contains(METRIC)
            || (is_json && is_otlp(text))
            || (is_json && text.contains(ANSWERED) && text.contains("\"metric\""))
            || (is_json && ["\"parent\"", "\"child\"", "\"callCount\""].iter().all(|key| text.contains(key)))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            if is_otlp(file.text()) {
                let mut draft = Draft::new("service-graph", file.path(), file.folder(), cx);
                otlp::write(&documents(file, &mut out.problems), &mut draft);
                finish(&mut draft.unit);
                out.units.push(draft.unit);
                continue;
            }
            let calls = match file.text() {
                text if text.contains(ANSWERED) => answered(file, &mut out.problems),
                text if text.contains(METRIC) => metrics(file),
                _ => jaeger(file, &mut out.problems),
            };
            let mut draft = Draft::new("service-graph", file.path(), file.folder(), cx);
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
            finish(&mut draft.unit);
            out.units.push(draft.unit);
        }
        out
    }
}

/// What was seen was seen.
fn finish(unit: &mut Unit) {
    unit.edges.iter_mut().for_each(|edge| edge.confidence = Confidence::Observed);
}

/// Whether a text is what OpenTelemetry's collector writes.
fn is_otlp(text: &str) -> bool {
    let signals = ["\"resourceSpans\"", "\"resourceMetrics\"", "\"resourceLogs\""];
    signals.iter().any(|signal| text.contains(signal)) && text.contains("\"service.name\"")
}

/// One document, or one on each line.
fn documents(file: &SourceFile, problems: &mut Problems) -> Vec<Arc<Value>> {
    let lines: Vec<(u32, &str)> =
        (1..).zip(file.text().lines()).filter(|(_, line)| line.starts_with('{')).take(MAX_LINES).collect();
    if lines.len() < 2 {
        return parse_json(file, problems).into_iter().collect();
    }
    let mut out = Vec::new();
    for (number, line) in lines {
        // JSON is YAML, of which texts can be read that stand somewhere in a file.
        let stream = yaml::parse_text(line, file.path(), &|_| number, problems);
        out.extend(stream.documents.into_iter().map(|document| document.root));
    }
    out
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

    #[test]
    fn exports_of_the_collector_say_where_services_run_and_whom_they_call() {
        let resource = |name: &str, instance: &str, zone: &str, spans: &str| {
            let attribute = |key: &str, value: &str| {
                format!("{{\"key\": \"{key}\", \"value\": {{\"stringValue\": \"{value}\"}}}}")
            };
            let attributes = [
                attribute("service.name", name),
                attribute("service.instance.id", instance),
                attribute("cloud.provider", "aws"),
                attribute("cloud.region", "eu-west-1"),
                attribute("cloud.availability_zone", zone),
            ];
            format!(
                "{{\"resource\": {{\"attributes\": [{}]}}, \"scopeSpans\": [{{\"spans\": [{spans}]}}]}}",
                attributes.join(",")
            )
        };
        let web = resource("web", "w1", "eu-west-1a", "{\"traceId\": \"t\", \"spanId\": \"1\"}");
        let api = resource(
            "api",
            "a1",
            "eu-west-1a",
            "{\"traceId\": \"t\", \"spanId\": \"2\", \"parentSpanId\": \"1\"}",
        );
        let query = "{\"traceId\": \"t\", \"spanId\": \"3\", \"parentSpanId\": \"2\", \"attributes\": [{\"key\": \"db.system\", \"value\": {\"stringValue\": \"postgresql\"}}, {\"key\": \"server.address\", \"value\": {\"stringValue\": \"db.acme.net\"}}]}";
        let other = resource("api", "a2", "eu-west-1b", query);
        let text = format!("{{\"resourceSpans\": [{web}]}}\n{{\"resourceSpans\": [{api}, {other}]}}\n");
        let tree = Tree::of_texts([("traces.jsonl", text.as_str())]);
        let files: Vec<_> = tree.files().filter(|file| ServiceGraph.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out =
            ServiceGraph.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        let calls: Vec<_> =
            unit.edges.iter().map(|edge| format!("{} {} {}", edge.from, edge.to, edge.confidence)).collect();
        assert_eq!(calls, ["app:web app:api observed"]);
        let api = unit.nodes.iter().find(|node| &*node.name == "api").unwrap();
        assert_eq!((api.replication.replicas, api.placement.region.as_deref()), (Some(2), Some("eu-west-1")));
        assert_eq!(api.placement.zones, ["eu-west-1a", "eu-west-1b"]);
        let web = unit.nodes.iter().find(|node| &*node.name == "web").unwrap();
        assert!(web.placement.zones.is_empty(), "one zone that was seen is not all there are");
        assert_eq!(
            format!("{:?}", unit.references[0].target),
            "Host { name: \"db.acme.net\", port: None, scheme: Some(\"postgresql\") }"
        );
        assert_eq!(unit.nodes[0].evidence[0].location().map(|at| at.line), Some(2));
    }
}
