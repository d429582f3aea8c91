//! Where a root keeps its state: needed to change anything, not to run.

use super::session::{Deployed, How, backend_of};
use super::world::World;
use crate::model::{Category, Confidence, Edge, Evidence, Id, Kind, Need, Node, Phase, Tolerance, Unit};

/// What backends call the place of a state.
pub(super) const PLACES: &[&str] = &["bucket", "storage_account_name", "organization"];

/// Adds the node of a state's place and what deploys through it.
pub(super) fn read(world: &World<'_>, deployed: &Deployed<'_>, unit: &mut Unit) {
    let by_terragrunt = match (&deployed.how, &world.session) {
        (How::Terragrunt(stack), Some((session, _))) => stack.state(session.tree, session.terragrunt),
        _ => None,
    };
    let own = || {
        let (backend, config) = backend_of(world.tree, deployed.module)?;
        Some((backend, config, evidence(deployed)?))
    };
    let Some((backend, config, evidence)) = by_terragrunt.or_else(own) else { return };
    let text =
        |name: &str| config.entries().and_then(|map| map.get(name)).and_then(super::value::Value::text);
    let (name, provider, service) = match &*backend {
        "s3" => (text("bucket"), "aws", "s3"),
        "gcs" => (text("bucket"), "gcp", "cloud-storage"),
        "azurerm" => (text("storage_account_name"), "azure", "storage"),
        "remote" => (text("organization"), "hashicorp", "terraform-cloud"),
        _ => return,
    };
    let Some(name) = name else { return };
    let id = Id::new(format!("tf-backend:{backend}/{name}"));
    let mut node = Node::new(id.clone(), Kind::Component, name.to_string());
    node.category = Some(Category::Ci);
    node.type_name = Some(format!("backend.{backend}"));
    node.placement.provider = Some(provider.to_owned());
    node.placement.service = Some(service.to_owned());
    node.placement.region = text("region").map(|region| region.to_string());
    node.placement.global = backend == "remote";
    node.tolerance = Tolerance::Zone;
    node.tolerance_because = Some(format!("a managed store behind the backend `{backend}`"));
    node.evidence.push(evidence.clone());
    let users = users(unit);
    for from in users {
        unit.edges.push(Edge {
            from,
            to: id.clone(),
            phase: Phase::Deploy,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence: vec![evidence.clone()],
        });
    }
    unit.nodes.push(node);
}

/// What cannot be changed without the state: the services; where there are none, whatever the root makes.
fn users(unit: &Unit) -> Vec<Id> {
    let of = |wanted: &dyn Fn(&Node) -> bool| -> Vec<Id> {
        unit.nodes.iter().filter(|node| wanted(node)).map(|node| node.id.clone()).collect()
    };
    let services = of(&|node| node.kind == Kind::Service);
    if services.is_empty() {
        of(&|node| matches!(node.kind, Kind::Component | Kind::DnsZone))
    } else {
        services
    }
}

fn evidence(deployed: &Deployed<'_>) -> Option<Evidence> {
    deployed.module.settings.iter().find_map(|settings| {
        let body = settings.body();
        let block = body.block("backend").or_else(|| body.block("cloud"))?;
        // The bucket's line says more than the block's.
        let at = PLACES
            .iter()
            .find_map(|name| block.body.attribute(name))
            .map_or(block.at, |attribute| attribute.at);
        Some(Evidence::at(settings.file, at as usize))
    })
}
