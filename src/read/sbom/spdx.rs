//! SPDX as JSON: documents of the second generation, graphs of the third.

use std::collections::BTreeMap;

use super::{Bill, MOST_PARTS};
use crate::read::yaml::Node as Value;

/// A document of the second generation.
pub(super) fn of_json(root: &Value) -> Bill {
    let mut bill = Bill::default();
    let described: Vec<&str> = root
        .get("relationships")
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .filter(|relation| relation.str_at(&["relationshipType"]) == Some("DESCRIBES"))
        .filter_map(|relation| relation.str_at(&["relatedSpdxElement"]))
        .chain(
            root.get("documentDescribes")
                .map(Value::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|one| one.str()),
        )
        .collect();
    for package in root.get("packages").map(Value::items).unwrap_or_default().iter().take(MOST_PARTS) {
        let Some(id) = package.str_at(&["SPDXID"]) else { continue };
        if described.contains(&id) && bill.root.is_none() {
            let name = package.str_at(&["name"]).unwrap_or(id).to_owned();
            bill.root = Some((id.to_owned(), name, package.location.line));
        }
        let references = package.get("externalRefs").map(Value::items).unwrap_or_default();
        let url = references.iter().find(|one| one.str_at(&["referenceType"]) == Some("purl"));
        if let Some(url) = url.and_then(|one| one.str_at(&["referenceLocator"])) {
            bill.packages.insert(id.to_owned(), (url.to_owned(), package.location.line));
        }
    }
    for relation in root.get("relationships").map(Value::items).unwrap_or_default().iter().take(MOST_PARTS) {
        let ends = (relation.str_at(&["spdxElementId"]), relation.str_at(&["relatedSpdxElement"]));
        let (Some(one), Some(other)) = ends else { continue };
        let (from, to) = match relation.str_at(&["relationshipType"]) {
            Some("DEPENDS_ON") => (one, other),
            Some("DEPENDENCY_OF") => (other, one),
            _ => continue,
        };
        bill.dependencies.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    bill
}

/// A graph of the third generation: elements of all kinds in one list, named by their ids.
pub(super) fn of_graph(root: &Value) -> Bill {
    let elements: Vec<&Value> = root
        .get("@graph")
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .take(MOST_PARTS)
        .map(|one| &**one)
        .collect();
    let type_of =
        |element: &Value| element.str_at(&["type"]).or(element.str_at(&["@type"])).unwrap_or("").to_owned();
    let id_of = |element: &Value| element.str_at(&["spdxId"]).or(element.str_at(&["@id"])).map(str::to_owned);
    let by_id: BTreeMap<String, &Value> =
        elements.iter().filter_map(|element| Some((id_of(element)?, *element))).collect();
    let mut bill = Bill::default();
    // A document names a bill, a bill what it is of.
    let document = elements.iter().find(|element| type_of(element) == "SpdxDocument");
    let mut at = document.copied();
    for _ in 0..4 {
        let Some(id) =
            at.and_then(|at| at.get("rootElement")?.items_or_self().first()?.str().map(str::to_owned))
        else {
            break;
        };
        at = by_id.get(&id).copied();
        if let Some(package) = at.filter(|package| type_of(package).ends_with("Package")) {
            let name = package.str_at(&["name"]).unwrap_or(&id).to_owned();
            bill.root = Some((id, name, package.location.line));
            break;
        }
    }
    for element in &elements {
        let kind = type_of(element);
        if let Some(id) = id_of(element).filter(|_| kind.ends_with("Package")) {
            bill.packages.extend(package_url(element).map(|url| (id, (url, element.location.line))));
        } else if kind.ends_with("Relationship") {
            relation(element, &mut bill);
        }
    }
    bill
}

fn package_url(package: &Value) -> Option<String> {
    let own = package.str_at(&["software_packageUrl"]).or(package.str_at(&["packageUrl"]));
    let others = package.get("externalIdentifier").map(Value::items).unwrap_or_default();
    let others = others.iter().find(|one| one.str_at(&["externalIdentifierType"]) == Some("packageUrl"));
    own.or_else(|| others?.str_at(&["identifier"])).map(str::to_owned)
}

/// What depends on what when it runs; what is for building and testing counts for nothing.
fn relation(element: &Value, bill: &mut Bill) {
    let is_run = element.str_at(&["scope"]).is_none_or(|scope| scope == "runtime");
    let Some(from) = element.str_at(&["from"]).filter(|_| is_run) else { return };
    if element.str_at(&["relationshipType"]) != Some("dependsOn") {
        return;
    }
    let needs = element.get("to").map(Value::items_or_self).unwrap_or_default();
    let needs = needs.into_iter().filter_map(|need| need.str().map(str::to_owned));
    bill.dependencies.entry(from.to_owned()).or_default().extend(needs);
}
