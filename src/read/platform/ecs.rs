//! Amazon ECS task definitions (JSON).

use super::{Describe, Draft, Format, How, ReadContext, Value, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Need, Phase, Target};
use crate::read::arn;
use crate::source::{SourceFile, Tree};

/// Amazon ECS task definitions.
pub struct Ecs;

impl Format for Ecs {
    fn name(&self) -> &'static str {
        "ecs"
    }

    fn summary(&self) -> &'static str {
        "Amazon ECS task definitions (JSON): containers, secrets, logs, file systems"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".json")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let text = file.text();
        text.contains("\"containerDefinitions\"")
            && text.contains("\"family\"")
            && text.trim_start().starts_with('{')
            && !["AWS::", "\"$schema\"", "\"terraform_version\"", "\"apiVersion\""]
                .iter()
                .any(|word| text.contains(word))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_any(file, &mut out.problems) else { continue };
            // As `describe-task-definition` prints it.
            let task = root.get("taskDefinition").unwrap_or(&root);
            let Some(family) = task.str_at(&["family"]) else { continue };
            let mut draft = Draft::new("ecs", family, file.folder(), cx);
            read_task(&mut draft, family, task);
            out.units.push(draft.unit);
        }
        out
    }
}

fn read_task(draft: &mut Draft<'_>, family: &str, task: &Value) {
    let id = Id::new(format!("ecs:{family}"));
    let containers = task.get("containerDefinitions").map(Value::items).unwrap_or_default();
    let node = draft.node(&id, Kind::Service, family, task.get("family").unwrap_or(task));
    node.is(Category::Compute, "task-definition").on("aws", "ecs");
    node.placement.region_unknown = Some("a task definition does not say in which region it runs".to_owned());
    let because = "the service that runs the task says how many run, and where";
    node.replication.unknown = Some(because.to_owned());
    node.tolerance_because = Some(because.to_owned());
    node.flag(Attribute::HealthChecked, containers.iter().any(|one| one.get("healthCheck").is_some()), None);
    let published =
        |container: &Value| container.get("portMappings").is_some_and(|ports| !ports.items().is_empty());
    if containers.iter().any(|container| published(container)) {
        node.flag(Attribute::Published, true, None);
    }
    for container in containers {
        read_container(draft, &id, container);
    }
    for volume in task.get("volumes").map(Value::items).unwrap_or_default() {
        if let Some(at) = volume.get("efsVolumeConfiguration") {
            draft.provider(&id, "aws", Some("efs"), How::RUNTIME, at);
        }
    }
}

fn read_container(draft: &mut Draft<'_>, id: &Id, container: &Value) {
    // A task stops with its essential containers; the others may be gone.
    let is_essential = container.get("essential").and_then(Value::bool) != Some(false);
    let need = if is_essential { Need::Required } else { Need::Optional };
    let startup = How { phase: Phase::Startup, need };
    if let Some(image) = container.get("image") {
        match image.str() {
            // `<IMAGE1_NAME>` and `${IMAGE}` are put in when it is deployed.
            Some(text) if text.contains(['<', '$', '{']) => {}
            Some(text) => draft.reference(id, Target::Image(text.to_owned()), startup, image),
            None => {}
        }
    }
    if let Some(settings) = container.get("environment") {
        draft.settings(id, settings);
    }
    if let Some(secrets) = container.get("secrets") {
        draft.settings(id, secrets);
    }
    for secret in container.get("secrets").map(Value::items).unwrap_or_default() {
        let Some(at) = secret.get("valueFrom") else { continue };
        let arn = at.str().unwrap_or("");
        let service = if arn.contains(":secretsmanager:") { "secretsmanager" } else { "ssm" };
        draft.reference(id, aws(service, arn::region(arn)), startup, at);
    }
    let logs = container.get("logConfiguration");
    if let Some(at) = logs.filter(|logs| logs.str_at(&["logDriver"]) == Some("awslogs")) {
        let region = at.at(&["options", "awslogs-region"]);
        let text = region.and_then(Value::str).filter(|text| arn::is_region(text));
        draft.reference(id, aws("logs", text.map(str::to_owned)), How::OBSERVE, region.unwrap_or(at));
    }
}

fn aws(service: &str, region: Option<String>) -> Target {
    Target::Provider { provider: "aws".to_owned(), service: Some(service.to_owned()), region }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_task_needs_its_images_to_start_and_its_database_to_run() {
        let text = r#"{"family": "web", "containerDefinitions": [{"name": "app", "image": "ghcr.io/example/web:1",
            "environment": [{"name": "DATABASE_URL", "value": "postgres://db.example.com:5432/web"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": "eu-west-1"}}}]}"#;
        let tree = Tree::of_texts([("task-definition.json", text)]);
        let files: Vec<_> = tree.files().filter(|file| Ecs.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out = Ecs.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        assert_eq!(unit.nodes[0].id.as_str(), "ecs:web");
        let phases: Vec<_> = unit.references.iter().map(|reference| reference.phase).collect();
        assert_eq!(phases, [Phase::Startup, Phase::Runtime, Phase::Startup, Phase::Observe]);
        assert_eq!(unit.references[2].target, aws("secretsmanager", Some("eu-west-1".to_owned())));
    }
}
