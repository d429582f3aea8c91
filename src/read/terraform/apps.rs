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
                let Some(name) = entry(&database, "name").and_then(|name| name.text()) else { continue };
                let there = entry(&database, "cluster_name");
                // What is not known of the name of a cluster refers to it.
                let meant = there.as_ref().map_or(Some(name.clone()), Value::text);
                let evidence = evidence(app, &name);
                if let Some(cluster) = meant.as_ref().and_then(|meant| cluster(graph, meant)) {
                    unit.edges.push(Edge::required(app.id.clone(), cluster.id.clone(), vec![evidence]));
                } else if meant.is_some() {
                    let node = node(app, &spec, &database, &name, &evidence);
                    unit.edges.push(Edge::required(app.id.clone(), node.id.clone(), vec![evidence]));
                    unit.nodes.push(node);
                }
            }
        }
    }
}

fn blocks(value: &Value, name: &str) -> Vec<Value> {
    entry(value, name).as_ref().and_then(Value::items).map(|items| items.to_vec()).unwrap_or_default()
}

fn entry(value: &Value, name: &str) -> Option<Value> {
    value.entries()?.get(name).filter(|entry| !entry.is_null()).cloned()
}

/// The line that names a database.
fn evidence(app: &Item<'_>, name: &str) -> Evidence {
    let says = |text: Option<std::sync::Arc<str>>| text.is_some_and(|text| &*text == name);
    let leaf = app.leaves.at("spec.database.name").find(|leaf| says(leaf.value.text()));
    leaf.map_or_else(|| app.declared.evidence(), |leaf| Evidence::at(app.leaves.file, leaf.at as usize))
}

fn node(app: &Item<'_>, spec: &Value, database: &Value, name: &str, evidence: &Evidence) -> Node {
    let mut node = Node::new(Id::new(format!("{}/{name}", app.id)), Kind::Component, name);
    let engine = entry(database, "engine").and_then(|engine| engine.text());
    let is_cache = engine.is_some_and(|engine| matches!(&*engine, "REDIS" | "VALKEY"));
    node.category = Some(if is_cache { Category::Cache } else { Category::Database });
    node.type_name = Some("database".to_owned());
    node.placement.provider = Some("digitalocean".to_owned());
    node.placement.service = Some("databases".to_owned());
    node.placement.region =
        entry(spec, "region").and_then(|region| region.text()).map(|text| text.to_string());
    if !is_cache {
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), None);
    }
    count(&mut node, database);
    node.add_evidence(evidence.clone());
    node
}

/// How many machines a database has: where the spec says nothing it is one, unless it is there already.
fn count(node: &mut Node, database: &Value) {
    let said = entry(database, "num_nodes");
    let number = said.as_ref().and_then(Value::as_number);
    let (nodes, because) = match (number, said) {
        (Some(nodes), _) => (nodes as u32, format!("`num_nodes` is {nodes}")),
        (None, None) if entry(database, "cluster_name").is_none() => {
            (1, "`num_nodes` is not set: one node".to_owned())
        }
        (None, said) => {
            let why = said.as_ref().and_then(Value::reason).map(|why| why.to_string());
            let elsewhere = || "the spec of an app does not say what its cluster has".to_owned();
            node.tolerance = Tolerance::Unknown;
            node.replication.unknown = Some(why.unwrap_or_else(elsewhere));
            return;
        }
    };
    node.replication.replicas = Some(nodes);
    node.tolerance = if nodes < 2 { Tolerance::Nothing } else { Tolerance::Instance };
    node.tolerance_because = Some(because);
}

/// The cluster of a name that this configuration makes: a spec names what is there already.
fn cluster<'g, 'a>(graph: &'g Graph<'a>, name: &str) -> Option<&'g Item<'a>> {
    let is_meant =
        |item: &&Item<'_>| item.type_name == CLUSTER && item.leaves.text("name").as_deref() == Some(name);
    graph.items.iter().find(is_meant)
}
