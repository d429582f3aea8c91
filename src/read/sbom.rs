//! Bills of materials (CycloneDX as JSON and XML, SPDX as JSON): services that they name, and clients of services among
//! the packages that the described program itself depends on.

use std::collections::{BTreeMap, BTreeSet};

use super::json::parse_json;
use super::packages::need_of_package;
use super::xml::{Element, parse_xml};
use super::yaml::Node as Value;
use super::{Format, ReadContext, hosts};
use crate::catalog::Catalog;
use crate::model::{
    Confidence, Declarations, Evidence, Id, Kind, Need, Node, Phase, Reference, Target, Unit,
};
use crate::source::{Problems, SourceFile, Tree};

/// Bills of materials.
pub struct Sbom;

/// A bill with more parts is read up to this many.
const MOST_PARTS: usize = 100_000;

/// Services within services.
const MAX_DEPTH: u32 = 16;

impl Format for Sbom {
    fn name(&self) -> &'static str {
        "sbom"
    }

    fn summary(&self) -> &'static str {
        "bills of materials (CycloneDX, SPDX): services, and clients of services among the direct dependencies"
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let words = ["bom", "cdx", "cyclonedx", "spdx", "sbom"];
        let is_named = name.split(['.', '-', '_']).any(|word| words.contains(&word));
        is_named && (name.ends_with(".json") || name.ends_with(".xml"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let head: String = file.text().chars().take(4_000).collect();
        let is_bill = ["\"bomFormat\"", "\"spdxVersion\"", "cyclonedx.org/schema/bom"];
        self.wants(file.path())
            && is_bill.iter().any(|sign| head.contains(sign) || file.text().contains(sign))
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let bill = match file.path().ends_with(".xml") {
                true => parse_xml(file, &mut out.problems).map(|root| of_xml(&root)),
                false => of_json_file(file, &mut out.problems),
            };
            let Some(bill) = bill else { continue };
            let unit = unit(file, &bill, cx.catalog);
            if !unit.nodes.is_empty() {
                out.units.push(unit);
            }
        }
        out
    }
}

/// What a bill says, in either notation.
#[derive(Default)]
struct Bill {
    /// The reference and name of what it describes.
    root: Option<(String, String, u32)>,
    services: Vec<Service>,
    /// Packages by reference: package URL and line.
    packages: BTreeMap<String, (String, u32)>,
    /// What depends on what, by reference.
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

struct Service {
    reference: String,
    name: String,
    provider: Option<String>,
    endpoints: Vec<String>,
    line: u32,
}

fn of_json_file(file: &SourceFile, problems: &mut Problems) -> Option<Bill> {
    let root = parse_json(file, problems)?;
    Some(if root.get("spdxVersion").is_some() { of_spdx(&root) } else { of_json(&root) })
}

fn of_json(root: &Value) -> Bill {
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

fn of_spdx(root: &Value) -> Bill {
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

fn of_xml(root: &Element) -> Bill {
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

fn unit(file: &SourceFile, bill: &Bill, catalog: &Catalog) -> Unit {
    let mut unit = Unit::new("sbom", &**file.path(), file.folder());
    let Some((root, name, line)) = &bill.root else { return unit };
    let id = Id::app(name);
    let mut ids: BTreeMap<&str, Id> = BTreeMap::from([(root.as_str(), id.clone())]);
    let services: Vec<(&Service, Option<Target>)> =
        bill.services.iter().map(|service| (service, somebody_else(service, catalog))).collect();
    for (service, _) in services.iter().filter(|(_, target)| target.is_none()) {
        ids.insert(&service.reference, Id::app(&format!("{name}/{}", service.name)));
        let own = Id::app(&format!("{name}/{}", service.name));
        unit.nodes.push(node(own, &service.name, "service of a bill of materials", file, service.line));
    }
    for (service, target) in &services {
        let evidence = Evidence::at_line(file, service.line);
        let users: Vec<(&Id, Need)> = users(bill, &service.reference, root, &ids);
        for (from, need) in users {
            let target =
                target.clone().unwrap_or_else(|| Target::Id(ids[service.reference.as_str()].clone()));
            unit.references.push(reference(from, target, Phase::Runtime, need, evidence.clone()));
        }
    }
    for package in bill.dependencies.get(root).into_iter().flatten() {
        let Some((url, line)) = bill.packages.get(package) else { continue };
        let Some((provider, phase)) = of_package_url(url, catalog) else { continue };
        let target = Target::Provider { provider, service: None, region: None };
        let known =
            unit.references.iter().any(|one| one.target == target && one.phase == phase && one.from == id);
        if !known {
            let evidence = Evidence::at_line(file, *line);
            unit.references.push(reference(&id, target, phase, Need::Optional, evidence));
        }
    }
    if !unit.references.is_empty() {
        unit.nodes.insert(0, node(id, name, "described by a bill of materials", file, *line));
    }
    unit
}

/// Who depends on a service: those that the bill says; else what it describes may use it.
fn users<'b>(bill: &Bill, service: &str, root: &str, ids: &'b BTreeMap<&str, Id>) -> Vec<(&'b Id, Need)> {
    let said = bill.dependencies.iter().filter(|(_, needs)| needs.contains(service));
    let said: Vec<(&Id, Need)> =
        said.filter_map(|(from, _)| Some((ids.get(from.as_str())?, Need::Required))).collect();
    if said.is_empty() { vec![(&ids[root], Need::Optional)] } else { said }
}

/// The provider or host of a service that somebody else runs.
fn somebody_else(service: &Service, catalog: &Catalog) -> Option<Target> {
    let provider = service.provider.as_deref().and_then(|name| {
        let lower = name.to_lowercase();
        catalog.canonical(name).or_else(|| catalog.canonical(&lower)).or_else(|| {
            catalog
                .all_providers()
                .find(|known| known.name.eq_ignore_ascii_case(name))
                .map(|known| &*known.id)
        })
    });
    let provider =
        provider.map(|id| Target::Provider { provider: id.to_owned(), service: None, region: None });
    let public = |target: &Target| matches!(target, Target::Host { name, .. } if name.contains('.'));
    provider.or_else(|| service.endpoints.iter().filter_map(|url| hosts::of_url(url)).find(public))
}

/// Whose service a package speaks to, by its package URL: `pkg:npm/%40scope/name@1`.
fn of_package_url(url: &str, catalog: &Catalog) -> Option<(String, Phase)> {
    let (kind, rest) = url.strip_prefix("pkg:")?.split_once('/')?;
    let rest = rest.split(['?', '#']).next()?;
    let rest = rest.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map_or(rest, |(name, _)| name);
    let name = rest.replace("%40", "@").replace("%2F", "/");
    let (ecosystem, name) = match kind {
        "golang" => ("go", name),
        "cargo" => ("crates", name),
        "maven" => ("maven", name.replacen('/', ":", 1)),
        "npm" | "pypi" | "gem" | "composer" | "nuget" => (kind, name),
        _ => return None,
    };
    need_of_package(catalog, ecosystem, &name)
}

fn node(id: Id, name: &str, type_name: &str, file: &SourceFile, line: u32) -> Node {
    let mut node = Node::new(id, Kind::Component, name);
    node.type_name = Some(type_name.to_owned());
    node.tolerance_because = Some("a bill of materials does not say where it runs".to_owned());
    node.add_evidence(Evidence::at_line(file, line));
    node
}

fn reference(from: &Id, target: Target, phase: Phase, need: Need, evidence: Evidence) -> Reference {
    let confidence = Confidence::Inferred;
    Reference { from: from.clone(), target, phase, need, group: None, confidence, evidence: vec![evidence] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of_texts([(path, text)]);
        let files: Vec<_> = tree.files().filter(|file| Sbom.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let out = Sbom.read(&files, &cx);
        let shown = |one: &Reference| {
            let target = match &one.target {
                Target::Provider { provider, .. } => provider.clone(),
                Target::Host { name, .. } => name.clone(),
                Target::Id(id) => id.to_string(),
                other => format!("{other:?}"),
            };
            format!("{} {target} {} {}", one.from, one.phase, one.need)
        };
        out.units.iter().flat_map(|unit| &unit.references).map(shown).collect()
    }

    const JSON: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6",
      "metadata": {"component": {"bom-ref": "shop", "name": "shop"}},
      "services": [
        {"bom-ref": "pay", "name": "payments", "provider": {"name": "Stripe"}},
        {"bom-ref": "geo", "name": "geo", "endpoints": ["https://geo.acme.net/v1"]},
        {"bom-ref": "orders", "name": "orders"}],
      "components": [
        {"bom-ref": "a", "purl": "pkg:npm/%40sentry/node@8.0.0"}, {"bom-ref": "b", "purl": "pkg:npm/twilio@5.0.0"},
        {"bom-ref": "c", "purl": "pkg:maven/com.amazonaws/aws-java-sdk@1.12"}],
      "dependencies": [{"ref": "shop", "dependsOn": ["pay", "a", "c", "orders"]}, {"ref": "a", "dependsOn": ["b"]}]}"#;

    #[test]
    fn services_and_direct_packages_are_needs() {
        assert_eq!(
            read("bom.json", JSON),
            [
                "app:shop stripe runtime required",
                "app:shop geo.acme.net runtime optional",
                "app:shop app:shop/orders runtime required",
                "app:shop sentry observe optional",
                "app:shop aws runtime optional"
            ]
        );
    }

    #[test]
    fn the_other_notations_say_the_same() {
        let xml = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"><metadata><component bom-ref=\"s\"><name>shop</name></component></metadata>\
                   <services><service bom-ref=\"p\"><provider><name>Stripe</name></provider><name>pay</name></service></services>\
                   <dependencies><dependency ref=\"s\"><dependency ref=\"p\"/></dependency></dependencies></bom>";
        assert_eq!(read("a.cdx.xml", xml), ["app:shop stripe runtime required"]);
        let spdx = r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"SPDXID": "r", "name": "shop"},
            {"SPDXID": "p", "name": "x", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/boto3@1"}]}],
          "relationships": [{"spdxElementId": "D", "relationshipType": "DESCRIBES", "relatedSpdxElement": "r"},
            {"spdxElementId": "r", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "p"}]}"#;
        assert_eq!(read("shop.spdx.json", spdx), ["app:shop aws runtime optional"]);
    }

    #[test]
    fn bills_without_services_and_odd_texts_are_nothing() {
        let odd = [
            "{\"bomFormat\": 1}",
            "{\"bomFormat\": \"CycloneDX\", \"services\": [{}]",
            "{\"spdxVersion\": 1, \"packages\": {}}",
            "<bom xmlns=\"cyclonedx.org/schema/bom\">",
        ];
        for text in odd {
            for path in ["bom.json", "bom.xml"] {
                assert!(read(path, text).is_empty(), "{text}");
            }
        }
    }
}
