//! Cloud Run services (`serving.knative.dev` as Google Cloud runs it).

use super::app_engine::read_instance;
use super::{Describe, Draft, Format, How, ReadContext, Value};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Target, Tolerance};
use crate::read::yaml;
use crate::source::{SourceFile, Tree};

/// Cloud Run services and jobs.
pub struct CloudRun;

impl Format for CloudRun {
    fn name(&self) -> &'static str {
        "cloud-run"
    }

    fn summary(&self) -> &'static str {
        "Google Cloud Run services and jobs (YAML): images, settings, secrets, Cloud SQL"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".yaml") || path.ends_with(".yml")
    }

    /// Only files with nothing else in them; the same kinds without Google's annotations are Knative's own.
    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        if !text.contains("run.googleapis.com") && !text.contains("cloud.googleapis.com/location") {
            return false;
        }
        let mut versions = text.lines().filter_map(|line| line.strip_prefix("apiVersion:")).peekable();
        versions.peek().is_some()
            && versions.all(|version| {
                let version = version.trim().trim_matches(['"', '\'']);
                version.starts_with("serving.knative.dev/") || version.starts_with("run.googleapis.com/")
            })
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            for document in yaml::parse(file, &mut out.problems).documents {
                let Some(name) = document.root.str_at(&["metadata", "name"]) else { continue };
                let mut draft = Draft::new("cloud-run", name, file.folder(), cx);
                read_service(&mut draft, name, &document.root);
                out.units.push(draft.unit);
            }
        }
        out
    }
}

fn read_service(draft: &mut Draft<'_>, name: &str, root: &Value) {
    let id = Id::new(format!("cloud-run:{name}"));
    let is_job = root.str_at(&["kind"]) == Some("Job");
    let node = draft.node(&id, Kind::Service, name, root.at(&["metadata", "name"]).unwrap_or(root));
    node.is(Category::Compute, if is_job { "job" } else { "service" }).on("gcp", "cloud-run");
    match root.str_at(&["metadata", "labels", "cloud.googleapis.com/location"]) {
        Some(region) => node.placement.region = Some(region.to_owned()),
        None => {
            node.placement.region_unknown =
                Some("the region is given when the service is deployed".to_owned());
        }
    }
    node.tolerance = Tolerance::Zone;
    node.tolerance_because = Some("Cloud Run starts instances in several zones of its region".to_owned());
    if is_job {
        node.flag(Attribute::Batch, true, None);
    } else if ingress(root) != Some("internal") {
        node.flag(Attribute::Published, true, None);
    }
    let template = root.at(&["spec", "template"]).unwrap_or(root);
    for annotations in
        [root, template].map(|part| part.at(&["metadata", "annotations"])).into_iter().flatten()
    {
        read_annotations(draft, &id, annotations);
    }
    // A job's containers stand one template deeper.
    let spec = template.at(&["spec", "template", "spec"]).or(template.get("spec")).unwrap_or(template);
    for container in spec.get("containers").map(Value::items).unwrap_or_default() {
        read_container(draft, &id, container);
    }
}

fn ingress(root: &Value) -> Option<&str> {
    root.str_at(&["metadata", "annotations", "run.googleapis.com/ingress"])
}

fn read_annotations(draft: &mut Draft<'_>, id: &Id, annotations: &Value) {
    if let Some(at) = annotations.get("run.googleapis.com/cloudsql-instances") {
        for instance in at.str().unwrap_or("").split(',') {
            read_instance(draft, id, instance.trim(), at);
        }
    }
    if let Some(at) = annotations.get("run.googleapis.com/vpc-access-connector") {
        draft.provider(id, "gcp", Some("vpc-access"), How::RUNTIME, at);
    }
}

fn read_container(draft: &mut Draft<'_>, id: &Id, container: &Value) {
    if let Some(image) = container.get("image").filter(|image| image.str().is_some_and(is_plain)) {
        draft.reference(id, Target::Image(image.str().unwrap_or("").to_owned()), How::STARTUP, image);
    }
    let Some(settings) = container.get("env") else { return };
    draft.settings(id, settings);
    for at in settings.items().iter().filter_map(|item| item.at(&["valueFrom", "secretKeyRef"])) {
        draft.provider(id, "gcp", Some("secret-manager"), How::STARTUP, at);
    }
}

fn is_plain(image: &str) -> bool {
    !image.contains(['$', '{', '<', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(text: &str) -> Option<Declarations> {
        let tree = Tree::of_texts([("service.yaml", text)]);
        let files: Vec<_> = tree.files().filter(|file| CloudRun.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let cx = ReadContext { tree: &tree, catalog: &catalog, environment: None };
        (!files.is_empty()).then(|| CloudRun.read(&files, &cx))
    }

    #[test]
    fn a_service_has_a_region_and_a_database() {
        let text = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: web\n  labels: {cloud.googleapis.com/location: europe-west4}\n\
                    spec:\n  template:\n    metadata:\n      annotations: {run.googleapis.com/cloudsql-instances: 'p:europe-west4:main'}\n\
                    \x20   spec:\n      containers:\n      - image: gcr.io/p/web:1\n        env:\n        - {name: API_URL, value: 'https://api.example.com'}\n\
                    \x20       - {name: KEY, valueFrom: {secretKeyRef: {name: key, key: latest}}}\n";
        let out = read(text).unwrap();
        let unit = &out.units[0];
        assert_eq!(unit.nodes[0].placement.region.as_deref(), Some("europe-west4"));
        assert_eq!((unit.nodes.len(), unit.edges.len(), unit.references.len()), (2, 1, 3));
    }

    #[test]
    fn knative_elsewhere_and_mixed_files_are_left_to_kubernetes() {
        assert!(read("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n").is_none());
        let mixed = "apiVersion: serving.knative.dev/v1\nmetadata: {name: run.googleapis.com}\n---\napiVersion: v1\nkind: Secret\n";
        assert!(read(mixed).is_none());
    }
}
