//! Traces, metrics and logs as OpenTelemetry's collector writes them to files: what resources say of where services run,
//! and which spans have their parent in another service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Category, Confidence, Id, Kind, Node, Tolerance};
use crate::read::draft::{Describe, Draft, How};
use crate::read::hosts;
use crate::read::otel::{self, Attributes};
use crate::read::yaml::Node as Value;

/// Spans that one file may have.
const MAX_SPANS: usize = 500_000;

/// What is seen of one service.
#[derive(Default)]
struct Seen {
    instances: BTreeSet<String>,
    zones: BTreeSet<String>,
    regions: BTreeSet<String>,
    providers: BTreeSet<String>,
}

/// Writes what the exports of a file say.
pub(super) fn write(roots: &[Arc<Value>], draft: &mut Draft<'_>) {
    let mut seen: BTreeMap<String, (Seen, Value)> = BTreeMap::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut spans: Vec<(String, &Value)> = Vec::new();
    for root in roots {
        for part in ["resourceSpans", "resourceMetrics", "resourceLogs"] {
            for resource in root.get(part).map(Value::items).unwrap_or_default() {
                let attributes = attributes(resource.at(&["resource", "attributes"]));
                let Some(name) = attributes.get("service.name").cloned() else { continue };
                let at = Value::scalar("", false, &resource.location);
                seen.entry(name.clone()).or_insert_with(|| (Seen::default(), at)).0.add(&attributes);
                let scopes = resource.get("scopeSpans").map(Value::items).unwrap_or_default();
                let listed = scopes.iter().filter_map(|scope| scope.get("spans")).flat_map(Value::items);
                for span in listed.take(MAX_SPANS.saturating_sub(spans.len())) {
                    owners.extend(span_id(span, "spanId").map(|id| (id, name.clone())));
                    spans.push((name.clone(), span));
                }
            }
        }
    }
    for (name, (what, at)) in &seen {
        what.describe(draft.node(&Id::app(name), Kind::Service, name, at));
    }
    for (name, span) in spans {
        let called_by =
            span_id(span, "parentSpanId").and_then(|id| owners.get(&id)).filter(|caller| **caller != name);
        if let Some(caller) = called_by {
            draft.edge(&Id::app(caller), &Id::app(&name), How::RUNTIME, span);
        }
        datastore(&name, span, draft);
    }
}

/// The datastore that a client's span asks.
fn datastore(name: &str, span: &Value, draft: &mut Draft<'_>) {
    let attributes = attributes(span.get("attributes"));
    let get = |keys: [&str; 2]| keys.iter().find_map(|key| attributes.get(*key));
    let Some(system) = get(["db.system.name", "db.system"]).or_else(|| attributes.get("messaging.system"))
    else {
        return;
    };
    let Some(server) = get(["server.address", "net.peer.name"]) else { return };
    let scheme = system.rsplit('.').next().unwrap_or(system);
    let Some(target) = hosts::of_host(server, None, Some(scheme)) else { return };
    let need = hosts::need_of(&target);
    draft.reference(&Id::app(name), target, How { need, ..How::RUNTIME }, span);
    if let Some(reference) = draft.unit.references.last_mut() {
        reference.confidence = Confidence::Observed;
    }
}

fn span_id(span: &Value, key: &str) -> Option<String> {
    let (trace, own) = (span.str_at(&["traceId"])?, span.str_at(&[key])?);
    (!own.is_empty()).then(|| format!("{trace}/{own}"))
}

/// `[{key, value: {stringValue}}]` as a mapping.
fn attributes(list: Option<&Value>) -> Attributes {
    let items = list.map(Value::items).unwrap_or_default().iter().take(1_000);
    let pairs = items.filter_map(|item| {
        let value = item.get("value")?.entries();
        Some((item.str_at(&["key"])?.to_owned(), value.first()?.1.str()?.to_owned()))
    });
    pairs.collect()
}

impl Seen {
    fn add(&mut self, attributes: &Attributes) {
        let all = [
            ("service.instance.id", &mut self.instances),
            ("cloud.availability_zone", &mut self.zones),
            ("cloud.region", &mut self.regions),
            ("cloud.provider", &mut self.providers),
        ];
        for (key, values) in all {
            values.extend(attributes.get(key).filter(|value| !value.is_empty()).cloned());
        }
    }

    fn describe(&self, node: &mut Node) {
        node.is(Category::Compute, "traced service");
        node.confidence = Confidence::Observed;
        let only = |values: &BTreeSet<String>| values.first().filter(|_| values.len() == 1).cloned();
        node.placement.provider = only(&self.providers).map(|name| otel::provider_of(&name).to_owned());
        node.placement.region = only(&self.regions).filter(|_| node.placement.provider.is_some());
        // One zone that was seen does not say that there is no other.
        if node.placement.provider.is_some() && self.zones.len() > 1 {
            node.placement.zones = self.zones.iter().cloned().collect();
        }
        // Other instances may have been silent.
        let count = self.instances.len() as u32;
        if count > 1 {
            node.replication.replicas = Some(count);
            node.tolerance = if self.zones.len() > 1 { Tolerance::Zone } else { Tolerance::Instance };
            node.tolerance_because = Some(format!("{count} instances were seen at work"));
        }
    }
}
