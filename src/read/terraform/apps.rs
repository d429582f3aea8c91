//! Databases that an app of DigitalOcean brings with it.

use super::graph::{Graph, Item};
use super::value::Value;
use crate::model::{Attribute, AttributeValue, Category, Edge, Evidence, Id, Kind, Node, Tolerance, Unit};

/// The type of apps, and that of clusters, which apps may be given instead.
const APP: &str = "digitalocean_app";
const CLUSTER: &str = "digitalocean_database_cluster";

/// Adds the databases in the specs of apps, each needed by its app.
pub(super) fn read(graph: &Graph<'_>, unit: &mut Unit) {
    for app in graph.items.iter().filter(|item| item.type_name == APP && !item.foreign) {
        for spec in blocks(&app.leaves.value, "spec") {
            for database in blocks(&spec, "database") {
                let text = |name: &str| database.entries()?.get(name)?.text();
                let Some(name) = text("name") else { continue };
                let (evidence, given) = (evidence(app, &name), text("cluster_name"));
                if let Some(cluster) = cluster(graph, given.as_ref().unwrap_or(&name)) {
                    unit.edges.push(Edge::required(app.id.clone(), cluster.id.clone(), vec![evidence]));
                } else if given.is_none() {
                    let node = node(app, &spec, &database, &name, &evidence);
                    unit.edges.push(Edge::required(app.id.clone(), node.id.clone(), vec![evidence]));
                    unit.nodes.push(node);
                }
            }
        }
    }
}

fn blocks(value: &Value, name: &str) -> Vec<Value> {
    let entry = value.entries().and_then(|entries| entries.get(name));
    entry.and_then(Value::items).map(|items| items.to_vec()).unwrap_or_default()
}

/// The line that names a database.
fn evidence(app: &Item<'_>, name: &str) -> Evidence {
    let says = |text: Option<std::sync::Arc<str>>| text.is_some_and(|text| &*text == name);
    let leaf = app.leaves.at("spec.database.name").find(|leaf| says(leaf.value.text()));
    leaf.map_or_else(|| app.declared.evidence(), |leaf| Evidence::at(app.leaves.file, leaf.at as usize))
}

fn node(app: &Item<'_>, spec: &Value, database: &Value, name: &str, evidence: &Evidence) -> Node {
    let of = |value: &Value, name: &str| value.entries().and_then(|entries| entries.get(name).cloned());
    let mut node = Node::new(Id::new(format!("{}/{name}", app.id)), Kind::Component, name);
    let engine = of(database, "engine").and_then(|engine| engine.text());
    let is_cache = engine.is_some_and(|engine| matches!(&*engine, "REDIS" | "VALKEY"));
    node.category = Some(if is_cache { Category::Cache } else { Category::Database });
    node.type_name = Some("database".to_owned());
    node.placement.provider = Some("digitalocean".to_owned());
    node.placement.service = Some("databases".to_owned());
    node.placement.region = of(spec, "region").and_then(|region| region.text()).map(|text| text.to_string());
    if !is_cache {
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), None);
    }
    let nodes = of(database, "num_nodes").and_then(|count| count.as_number()).map_or(1, |count| count as u32);
    node.replication.replicas = Some(nodes);
    node.tolerance = if nodes < 2 { Tolerance::Nothing } else { Tolerance::Instance };
    node.tolerance_because = Some(format!("its spec asks for {nodes} node(s)"));
    node.add_evidence(evidence.clone());
    node
}

/// The cluster of a name that this configuration makes: a spec names what is there already.
fn cluster<'g, 'a>(graph: &'g Graph<'a>, name: &str) -> Option<&'g Item<'a>> {
    let is_meant =
        |item: &&Item<'_>| item.type_name == CLUSTER && item.leaves.text("name").as_deref() == Some(name);
    graph.items.iter().find(is_meant)
}
