//! Azure Developer CLI projects (`azure.yaml`): which folder's program goes to which kind of host.

use super::draft::{Describe, Draft, How, folder_name};
use super::json::parse_any;
use super::yaml::Node as Value;
use super::{Format, ReadContext};
use crate::model::{
    Attribute, AttributeValue, Category, Declarations, Id, Kind, Node, Program, Reach, Target, Tolerance,
};
use crate::source::{Problems, SourceFile, Tree};

/// Azure Developer CLI projects.
pub struct Azd;

/// Kinds of hosts, the product of Azure behind each, and what is said of them.
const HOSTS: &[(&str, &str)] = &[
    ("appservice", "app-service"),
    ("containerapp", "container-apps"),
    ("function", "functions"),
    ("staticwebapp", "static-web-apps"),
    ("springapp", "spring-apps"),
    ("aks", "aks"),
];

/// Kinds of resources that azd makes by itself.
const RESOURCES: &[(&str, Category, &str, &str)] = &[
    ("db.postgres", Category::Database, "postgresql", "postgres"),
    ("db.mysql", Category::Database, "mysql", "mysql"),
    ("db.mongo", Category::Database, "cosmosdb", "mongodb"),
    ("db.cosmos", Category::Database, "cosmosdb", "cosmosdb"),
    ("db.redis", Category::Cache, "redis", "redis"),
    ("messaging.eventhubs", Category::Queue, "event-hubs", "event-hubs"),
    ("messaging.servicebus", Category::Queue, "service-bus", "service-bus"),
    ("storage", Category::Storage, "storage", "blob"),
    ("keyvault", Category::Secrets, "key-vault", "key-vault"),
    ("ai.openai.model", Category::Saas, "openai", "openai"),
    ("ai.search", Category::Search, "search", "search"),
];

impl Format for Azd {
    fn name(&self) -> &'static str {
        "azd"
    }

    fn summary(&self) -> &'static str {
        "Azure Developer CLI projects (azure.yaml): services, their hosts and resources"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(path.rsplit('/').next(), Some("azure.yaml" | "azure.yml"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path()) && file.text().lines().any(|line| line.starts_with("name:"))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let name = root.str_at(&["name"]).unwrap_or(folder_name(file.folder(), "app"));
            let mut draft = Draft::new("azd", name, file.folder(), cx);
            let is_described = has_infrastructure(file, &root, cx.tree);
            for (key, service) in root.get("services").map(Value::entries).unwrap_or_default() {
                let folder = Tree::resolve(file.folder(), service.str_at(&["project"]).unwrap_or("."));
                let id = Id::new(format!("azd:{name}/{}", key.text));
                if !is_described {
                    declare_service(&mut draft, &id, &key.text, service);
                }
                let run_by = (!is_described).then_some(id);
                draft.unit.programs.extend(folder.map(|folder| Program { folder, run_by }));
            }
            if !is_described {
                read_resources(&mut draft, name, &root);
            }
            out.units.push(draft.unit);
        }
        out
    }
}

/// The tag of a resource that runs a service of a project.
pub(super) const TAG: &str = "azd-service-name";

/// The folder of the program of a service, by the project whose infrastructure stands in or below its folder.
pub(super) fn program_of(tree: &Tree, folder: &str, service: &str) -> Option<String> {
    let around = folder.rmatch_indices('/').map(|(at, _)| &folder[..at]);
    let holders = std::iter::once(folder).chain(around).chain([""]);
    let file = holders.flat_map(|holder| tree.in_folder(holder)).find(|file| Azd.claims(file, tree))?;
    let root = parse_any(file, &mut Problems::new())?;
    let project = root.str_at(&["services", service, "project"])?;
    Tree::resolve(file.folder(), project)
}

/// Whether the repository says itself, in Bicep or Terraform, what the services run on.
fn has_infrastructure(file: &SourceFile, root: &Value, tree: &Tree) -> bool {
    let path = root.str_at(&["infra", "path"]).unwrap_or("infra");
    let folder = Tree::resolve(file.folder(), path).unwrap_or_default();
    tree.in_folder(&folder).any(|file| file.path().ends_with(".bicep") || file.path().ends_with(".tf"))
}

fn declare_service(draft: &mut Draft<'_>, id: &Id, name: &str, service: &Value) {
    let host = service.str_at(&["host"]).unwrap_or("");
    let product = HOSTS.iter().find(|(kind, _)| *kind == host).map(|(_, product)| *product);
    let node = draft.node(id, Kind::Service, name, service);
    node.is(Category::Compute, if host.is_empty() { "service" } else { host });
    node.placement.provider = Some("azure".to_owned());
    node.placement.service = product.map(str::to_owned);
    unsaid(node);
    draft.unit.add_name(name, id, Reach::Unit);
    if let Some(image) = service.get("image") {
        let text = image.str().unwrap_or("");
        if !text.is_empty() && !text.contains(['$', '{']) {
            draft.reference(id, Target::Image(text.to_owned()), How::STARTUP, image);
        }
    }
    if let Some(settings) = service.get("env") {
        draft.settings(id, settings);
    }
}

/// Resources that azd makes without any template: `resources:` with what uses what.
fn read_resources(draft: &mut Draft<'_>, app: &str, root: &Value) {
    let resources = root.get("resources").map(Value::entries).unwrap_or_default();
    for (key, resource) in &resources {
        let kind = resource.str_at(&["type"]).unwrap_or("");
        let id = Id::new(format!("azd:{app}/{}", key.text));
        if let Some((_, category, product, engine)) = RESOURCES.iter().find(|(own, ..)| *own == kind) {
            let node = draft.node(&id, Kind::Component, &key.text, resource);
            node.is(*category, kind).on("azure", product);
            node.attributes.set(Attribute::Engine, AttributeValue::Text((*engine).to_owned()), None);
            if *category == Category::Database {
                node.flag(Attribute::Stateful, true, None);
            }
            unsaid(node);
        } else if kind.starts_with("host.") && !draft.unit.nodes.iter().any(|node| node.id == id) {
            let node = draft.node(&id, Kind::Service, &key.text, resource);
            node.is(Category::Compute, kind).placement.provider = Some("azure".to_owned());
            unsaid(node);
        }
    }
    for (key, resource) in &resources {
        let from = Id::new(format!("azd:{app}/{}", key.text));
        for used in resource.get("uses").map(Value::items).unwrap_or_default() {
            let to = Id::new(format!("azd:{app}/{}", used.str().unwrap_or("")));
            if draft.unit.nodes.iter().any(|node| node.id == to) {
                draft.edge(&from, &to, How::RUNTIME, used);
            }
        }
    }
}

fn unsaid(node: &mut Node) {
    node.placement.region_unknown = Some("the location is given when it is deployed".to_owned());
    node.tolerance = Tolerance::Unknown;
    node.tolerance_because = Some("azure.yaml does not say how many instances run, nor where".to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    const TEXT: &str = "name: shop\nservices:\n  web:\n    project: ./src/web\n    host: appservice\n  api:\n    project: src/api\n    host: containerapp\n\
                        resources:\n  api:\n    type: host.containerapp\n    uses: [db, gone]\n  db:\n    type: db.postgres\n";

    fn read(files: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| Azd.claims(file, &tree)).collect();
        Azd.read(&claimed, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None })
    }

    #[test]
    fn services_and_what_azd_makes_for_them() {
        let unit = &read(&[("azure.yaml", TEXT)]).units[0];
        let ids: Vec<_> = unit.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["azd:shop/web", "azd:shop/api", "azd:shop/db"]);
        assert_eq!(unit.edges.len(), 1);
        assert_eq!(unit.programs[0].folder, "src/web");
    }

    #[test]
    fn infrastructure_in_the_repository_says_it_better() {
        let unit = &read(&[("azure.yaml", TEXT), ("infra/main.bicep", "")]).units[0];
        assert!(unit.nodes.is_empty() && unit.programs.iter().all(|program| program.run_by.is_none()));
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for text in [
            "name: [",
            "name: x\nservices: 1\nresources: []\n",
            "name: x\nservices: {a: 1, b: {project: /x}}\n",
        ] {
            read(&[("azure.yaml", text)]);
        }
    }
}
