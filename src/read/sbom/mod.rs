//! Bills of materials (CycloneDX as JSON and XML, SPDX of both generations as JSON): services that they name, and clients of services among
//! the packages that the described program itself depends on.

mod cyclonedx;
mod spdx;

use std::collections::{BTreeMap, BTreeSet};

use super::json::parse_json;
use super::packages::need_of_package;
use super::xml::parse_xml;
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
        let is_bill = ["\"bomFormat\"", "\"spdxVersion\"", "cyclonedx.org/schema/bom", "spdx.org/rdf/3"];
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
                true => parse_xml(file, &mut out.problems).map(|root| cyclonedx::of_xml(&root)),
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
    Some(match () {
        () if root.get("spdxVersion").is_some() => spdx::of_json(&root),
        () if root.get("@graph").is_some() => spdx::of_graph(&root),
        () => cyclonedx::of_json(&root),
    })
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
        let graph = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
            {"type": "SpdxDocument", "spdxId": "d", "rootElement": ["b"]},
            {"type": "software_Sbom", "spdxId": "b", "rootElement": ["r"]},
            {"type": "software_Package", "spdxId": "r", "name": "shop"},
            {"type": "software_Package", "spdxId": "p", "name": "boto3", "software_packageUrl": "pkg:pypi/boto3@1"},
            {"type": "software_Package", "spdxId": "t", "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/twilio@5"}]},
            {"type": "software_Package", "spdxId": "x", "name": "dev", "software_packageUrl": "pkg:npm/stripe@1"},
            {"type": "Relationship", "from": "r", "to": ["p"], "relationshipType": "dependsOn"},
            {"type": "LifecycleScopedRelationship", "from": "r", "to": ["t"], "relationshipType": "dependsOn", "scope": "runtime"},
            {"type": "LifecycleScopedRelationship", "from": "r", "to": ["x"], "relationshipType": "dependsOn", "scope": "test"}]}"#;
        assert_eq!(
            read("shop.spdx.json", graph),
            ["app:shop aws runtime optional", "app:shop twilio runtime optional"]
        );
    }

    #[test]
    fn bills_without_services_and_odd_texts_are_nothing() {
        let odd = [
            "{\"bomFormat\": 1}",
            "{\"bomFormat\": \"CycloneDX\", \"services\": [{}]",
            "{\"spdxVersion\": 1, \"packages\": {}}",
            "{\"@context\": \"spdx.org/rdf/3\", \"@graph\": [1, {\"rootElement\": [\"a\"], \"type\": \"SpdxDocument\"}]}",
            "<bom xmlns=\"cyclonedx.org/schema/bom\">",
        ];
        for text in odd {
            for path in ["bom.json", "bom.xml"] {
                assert!(read(path, text).is_empty(), "{text}");
            }
        }
    }
}
