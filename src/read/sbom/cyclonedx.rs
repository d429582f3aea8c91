//! CycloneDX, as JSON and XML.

use super::{Bill, MOST_PARTS, Service};
use crate::read::xml::Element;
use crate::read::yaml::Node as Value;

/// Services within services.
const MAX_DEPTH: u32 = 16;

/// A bill as JSON.
pub(super) fn of_json(root: &Value) -> Bill {
    let reference = |part: &Value| part.str_at(&["bom-ref"]).map(str::to_owned);
    let described = root.at(&["metadata", "component"]).and_then(|component| {
        let name = component.str_at(&["name"])?.to_owned();
        Some((reference(component).unwrap_or_else(|| name.clone()), name, component.location.line))
    });
    let mut bill = Bill { root: described, ..Bill::default() };
    json_services(root, &mut bill, 0);
    for component in root.get("components").map(Value::items).unwrap_or_default().iter().take(MOST_PARTS) {
        if let (Some(reference), Some(url)) = (reference(component), component.str_at(&["purl"])) {
            bill.packages.insert(reference, (url.to_owned(), component.location.line));
        }
    }
    for dependency in root.get("dependencies").map(Value::items).unwrap_or_default().iter().take(MOST_PARTS) {
        let needs = dependency.get("dependsOn").map(Value::items).unwrap_or_default();
        let needs = needs.iter().filter_map(|need| need.str().map(str::to_owned));
        if let Some(from) = dependency.str_at(&["ref"]) {
            bill.dependencies.entry(from.to_owned()).or_default().extend(needs);
        }
    }
    bill
}

fn json_services(part: &Value, bill: &mut Bill, depth: u32) {
    for service in part.get("services").map(Value::items).unwrap_or_default().iter().take(MOST_PARTS) {
        let Some(name) = service.str_at(&["name"]).filter(|_| depth < MAX_DEPTH) else { continue };
        let endpoints = service.get("endpoints").map(Value::items).unwrap_or_default();
        bill.services.push(Service {
            reference: service.str_at(&["bom-ref"]).unwrap_or(name).to_owned(),
            name: name.to_owned(),
            provider: service.str_at(&["provider", "name"]).map(str::to_owned),
            endpoints: endpoints.iter().filter_map(|one| one.str().map(str::to_owned)).collect(),
            line: service.location.line,
        });
        json_services(service, bill, depth + 1);
    }
}

/// A bill as XML.
pub(super) fn of_xml(root: &Element) -> Bill {
    let text = |element: &Element, name: &str| element.child(name).map(|child| child.text.clone());
    let component = root.child("metadata").and_then(|metadata| metadata.child("component"));
    let described = component.and_then(|component| {
        let name = text(component, "name")?;
        let reference = component.attribute("bom-ref").unwrap_or(&name).to_owned();
        Some((reference, name, component.line))
    });
    let mut bill = Bill { root: described, ..Bill::default() };
    for service in root.descendants("service").into_iter().take(MOST_PARTS) {
        let Some(name) = text(service, "name") else { continue };
        let endpoints = service.child("endpoints").map(|list| list.children("endpoint").collect());
        let endpoints: Vec<&Element> = endpoints.unwrap_or_default();
        bill.services.push(Service {
            reference: service.attribute("bom-ref").unwrap_or(&name).to_owned(),
            provider: service.child("provider").and_then(|provider| text(provider, "name")),
            endpoints: endpoints.into_iter().map(|endpoint| endpoint.text.clone()).collect(),
            line: service.line,
            name,
        });
    }
    for component in root.child("components").into_iter().flat_map(|list| list.children("component")) {
        if let (Some(reference), Some(url)) = (component.attribute("bom-ref"), text(component, "purl")) {
            bill.packages.insert(reference.to_owned(), (url, component.line));
        }
    }
    for dependency in root.child("dependencies").into_iter().flat_map(|list| list.children("dependency")) {
        let needs = dependency.children("dependency").filter_map(|need| need.attribute("ref"));
        if let Some(from) = dependency.attribute("ref") {
            bill.dependencies.entry(from.to_owned()).or_default().extend(needs.map(str::to_owned));
        }
    }
    bill
}
