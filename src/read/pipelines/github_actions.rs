//! GitHub Actions workflows (`.github/workflows/*.yml`).

use super::{
    Draft, Format, Id, Pipeline, ReadContext, SourceFile, Tree, Value, Variables, image_of_registry,
    is_variable, tool,
};
use crate::model::{Declarations, Unit};
use crate::read::hosts;
use crate::read::yaml;
use crate::source::Problems;

/// GitHub Actions workflows.
pub struct GitHubActions;

impl Format for GitHubActions {
    fn name(&self) -> &'static str {
        "github-actions"
    }

    fn summary(&self) -> &'static str {
        "GitHub Actions workflows: what has to work for a change to ship"
    }

    fn wants(&self, path: &str) -> bool {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        (folder == ".github/workflows" || folder.ends_with("/.github/workflows"))
            && (path.ends_with(".yml") || path.ends_with(".yaml"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path()) && file.text().lines().any(|line| line.starts_with("jobs:"))
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            for document in yaml::parse(file, &mut out.problems).documents.iter().take(1) {
                out.units.push(read(file, &document.root, cx, &mut out.problems));
            }
        }
        out
    }
}

fn read(file: &SourceFile, root: &Value, cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let repository = file.folder().trim_end_matches(".github/workflows").trim_end_matches('/');
    let stem = file.name().rsplit_once('.').map_or(file.name(), |(stem, _)| stem);
    let own = if repository.is_empty() { stem.to_owned() } else { format!("{repository}/{stem}") };
    let mut draft = Draft::new("github-actions", &own, repository, cx);
    let id = Id::new(format!("github-actions:{own}"));
    let mut pipeline = Pipeline { id, draft: &mut draft, catalog: cx.catalog, problems };
    let name = root.str_at(&["name"]).filter(|name| !is_variable(name)).unwrap_or(stem);
    pipeline.declare(name, "workflow", "github", root.get("name").or(root.get("jobs")).unwrap_or(root));
    let variables = Variables::default().with(root.get("env"));
    pipeline.keys(root.get("env"));
    for (_, job) in root.get("jobs").map(Value::entries).unwrap_or_default() {
        read_job(&mut pipeline, job, &variables);
    }
    draft.unit
}

fn read_job(pipeline: &mut Pipeline<'_, '_>, job: &Value, variables: &Variables<'_>) {
    let variables = variables.with(job.get("env"));
    pipeline.keys(job.get("env"));
    let containers = job.get("container").into_iter().chain(
        job.get("services").map(Value::entries).unwrap_or_default().into_iter().map(|(_, service)| service),
    );
    for container in containers {
        if let Some(image) = container.get("image").or(Some(container)).filter(|at| at.str().is_some()) {
            pipeline.image(&variables.resolve(image.str().unwrap_or("")), image);
        }
    }
    for step in job.get("steps").map(Value::items).unwrap_or_default() {
        let variables = variables.with(step.get("env"));
        pipeline.keys(step.get("env"));
        if let Some(uses) = step.get("uses") {
            read_action(pipeline, uses, step.get("with"), &variables);
        }
        if let Some(run) = step.get("run") {
            pipeline.script(run.str().unwrap_or(""), &variables, run);
        }
    }
}

fn read_action(
    pipeline: &mut Pipeline<'_, '_>,
    uses: &Value,
    with: Option<&Value>,
    variables: &Variables<'_>,
) {
    let text = uses.str().unwrap_or("");
    if let Some(image) = text.strip_prefix("docker://") {
        return pipeline.image(image, uses);
    }
    let name = text.split('@').next().unwrap_or(text);
    let input = |key: &str| with.and_then(|with| with.get(key)).filter(|at| at.str().is_some());
    let resolved = |at: &Value| variables.resolve(at.str().unwrap_or(""));
    match name.to_ascii_lowercase().as_str() {
        "docker/login-action" => match input("registry") {
            Some(at) => pipeline.image(&image_of_registry(&resolved(at)), at),
            None => pipeline.image("docker.io/library/image", uses),
        },
        "docker/build-push-action" if input("push").and_then(Value::bool) != Some(false) => {
            let Some(at) = input("tags") else { return };
            let tags = at.str().unwrap_or("");
            for tag in tags.split(['\n', ',']).filter(|tag| !tag.trim().starts_with("${{")) {
                pipeline.image(&variables.resolve(tag), at);
            }
        }
        "hashicorp/vault-action" => {
            if let Some(at) = input("url")
                && let Some(target) = hosts::of_url(&resolved(at))
            {
                pipeline.draft.reference(&pipeline.id, target, super::REQUIRED, at);
            }
        }
        _ => {
            let Some(tool) = tool("action", name) else { return };
            let region = tool.region.and_then(input).map(resolved).filter(|region| !is_variable(region));
            pipeline.provider(&tool, region, uses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, Target};

    #[test]
    fn a_workflow_needs_what_it_pushes_to_and_signs_in_at() {
        let text = "name: Ship\non: push\nenv: {REGISTRY: ghcr.io}\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n\
                    \x20     - uses: aws-actions/configure-aws-credentials@v4\n        with: {aws-region: eu-west-1}\n\
                    \x20     - uses: docker/login-action@v3\n        with: {registry: '${{ env.REGISTRY }}'}\n\
                    \x20     - run: |\n          docker push quay.io/x/y:1 && flyctl deploy\n          docker push $UNSET/a\n        \
                    env: {ACME_SENDGRID_API_KEY: '${{ secrets.MAIL }}', STRIPE_KEY: none}\n";
        let tree = Tree::of_texts([(".github/workflows/ship.yml", text)]);
        let files: Vec<_> = tree.files().filter(|file| GitHubActions.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: crate::catalog::Catalog::embedded(), environment: None };
        let out = GitHubActions.read(&files, &cx);
        let unit = &out.units[0];
        assert_eq!((unit.nodes.len(), unit.nodes[0].is_service), (1, false));
        assert_eq!(unit.nodes[0].id.as_str(), "github-actions:ship");
        assert!(unit.references.iter().all(|reference| reference.phase == Phase::Deploy));
        let targets: Vec<_> = unit.references.iter().map(|reference| &reference.target).collect();
        let provider = |provider: &str, service: Option<&str>, region: Option<&str>| Target::Provider {
            provider: provider.to_owned(),
            service: service.map(str::to_owned),
            region: region.map(str::to_owned),
        };
        let wanted = [
            provider("github", Some("ci"), None),
            provider("aws", Some("sts"), Some("eu-west-1")),
            Target::Image("ghcr.io/image".to_owned()),
            provider("sendgrid", None, None),
            Target::Image("quay.io/x/y:1".to_owned()),
            provider("flyio", None, None),
        ];
        assert_eq!(targets, wanted.iter().collect::<Vec<_>>());
        assert_eq!(out.problems.len(), 1);
    }
}
