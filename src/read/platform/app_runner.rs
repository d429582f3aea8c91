//! AWS App Runner services (`apprunner.yaml`).

use super::{Describe, Draft, Format, How, ReadContext, Value, file_name, folder_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Target, Tolerance};
use crate::read::arn;
use crate::source::{SourceFile, Tree};

/// AWS App Runner services.
pub struct AppRunner;

impl Format for AppRunner {
    fn name(&self) -> &'static str {
        "app-runner"
    }

    fn summary(&self) -> &'static str {
        "AWS App Runner services (apprunner.yaml): settings and secrets"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "apprunner.yaml" | "apprunner.yml")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path()) && file.text().lines().any(|line| line.starts_with("runtime:"))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            let own = if file.folder().is_empty() { "app" } else { file.folder() };
            let mut draft = Draft::new("app-runner", own, file.folder(), cx);
            read_service(&mut draft, own, folder_name(file.folder(), "app"), &root);
            draft.unit.run_program_of(file.folder());
            out.units.push(draft.unit);
        }
        out
    }
}

fn read_service(draft: &mut Draft<'_>, own: &str, name: &str, root: &Value) {
    let id = Id::new(format!("apprunner:{own}"));
    let node = draft.node(&id, Kind::Service, name, root.get("runtime").unwrap_or(root));
    node.is(Category::Compute, "service").on("aws", "apprunner");
    node.placement.region_unknown = Some("the region is given when the service is made".to_owned());
    node.tolerance = Tolerance::Unknown;
    node.tolerance_because = Some("apprunner.yaml does not say how many instances run".to_owned());
    node.flag(Attribute::Published, true, None);
    let run = root.get("run").unwrap_or(root);
    if let Some(settings) = run.get("env") {
        draft.settings(&id, settings);
    }
    if let Some(secrets) = run.get("secrets") {
        draft.settings(&id, secrets);
    }
    for secret in run.get("secrets").map(Value::items).unwrap_or_default() {
        let Some(at) = secret.get("value-from") else { continue };
        let arn = at.str().unwrap_or("");
        let service = if arn.contains(":secretsmanager:") { "secretsmanager" } else { "ssm" };
        let (provider, service) = ("aws".to_owned(), Some(service.to_owned()));
        draft.reference(
            &id,
            Target::Provider { provider, service, region: arn::region(arn) },
            How::STARTUP,
            at,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_service_needs_what_its_settings_name() {
        let text = "version: 1.0\nruntime: python3\nrun:\n  command: python app.py\n  env:\n    - name: REDIS_URL\n      value: redis://cache.example.com:6379\n\
                    \x20 secrets:\n    - name: KEY\n      value-from: arn:aws:ssm:eu-west-1:111122223333:parameter/key\n";
        let tree = Tree::of_texts([("web/apprunner.yaml", text)]);
        let files: Vec<_> = tree.files().filter(|file| AppRunner.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out = AppRunner.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert_eq!((unit.nodes[0].id.as_str(), unit.references.len()), ("apprunner:web", 2));
        let Target::Provider { region, .. } = &unit.references[1].target else { panic!("a provider") };
        assert_eq!(region.as_deref(), Some("eu-west-1"));
    }
}
