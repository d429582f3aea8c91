//! GitLab pipelines (`.gitlab-ci.yml`).

use super::{Draft, Format, Id, Pipeline, ReadContext, SourceFile, Tree, Value, Variables, hosts};
use crate::model::{Confidence, Declarations, Target, Unit};
use crate::read::yaml;
use crate::source::Problems;

/// GitLab pipelines.
pub struct GitLabCi;

/// Keys at the top that are no jobs.
const NO_JOBS: &[&str] = &["include", "stages", "variables", "workflow", "spec", "pages_default"];

impl Format for GitLabCi {
    fn name(&self) -> &'static str {
        "gitlab-ci"
    }

    fn summary(&self) -> &'static str {
        "GitLab pipelines (.gitlab-ci.yml): what has to work for a change to ship"
    }

    fn wants(&self, path: &str) -> bool {
        path.ends_with(".gitlab-ci.yml") || path.ends_with(".gitlab-ci.yaml")
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        self.wants(file.path())
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            // A file may begin with a document that holds nothing but `spec`.
            let documents = yaml::parse(file, &mut out.problems).documents;
            if let Some(document) = documents.last() {
                out.units.push(read(file, &document.root, cx, &mut out.problems));
            }
        }
        out
    }
}

fn read(file: &SourceFile, root: &Value, cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let stem = file.name().trim_end_matches(".yaml").trim_end_matches(".yml").trim_end_matches(".gitlab-ci");
    let parts = [file.folder(), stem].into_iter().filter(|part| !part.is_empty());
    let own = parts.collect::<Vec<_>>().join("/");
    let own = if own.is_empty() { "." } else { &own };
    let mut draft = Draft::new("gitlab-ci", own, file.folder(), cx);
    let id = Id::new(format!("gitlab-ci:{own}"));
    let mut pipeline = Pipeline { id, draft: &mut draft, catalog: cx.catalog, problems };
    let name = if own == "." { "pipeline" } else { own };
    pipeline.declare(name, "pipeline", "gitlab", root);
    // Predefined by GitLab; an installation of one's own has other values.
    let mut variables = Variables::default();
    variables.texts.insert("CI_REGISTRY", "registry.gitlab.com");
    variables.texts.insert("CI_REGISTRY_IMAGE", "registry.gitlab.com/group/project");
    variables.texts.insert("CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX", "registry.gitlab.com/group/proxy");
    let variables = variables.with(root.get("variables"));
    read_includes(&mut pipeline, root);
    read_images(&mut pipeline, root, &variables);
    for (key, job) in root.entries() {
        if job.is_mapping() && !NO_JOBS.contains(&&*key.text) {
            read_job(&mut pipeline, job, &variables);
        }
    }
    let is_own = |target: &Target| match target {
        Target::Provider { provider, .. } => provider == "gitlab",
        Target::Image(image) => image.starts_with("registry.gitlab.com/group/"),
        _ => false,
    };
    // The file reads the same on an installation of one's own.
    for reference in draft.unit.references.iter_mut().filter(|reference| is_own(&reference.target)) {
        reference.confidence = Confidence::Assumed;
    }
    draft.unit
}

fn read_includes(pipeline: &mut Pipeline<'_, '_>, root: &Value) {
    for include in root.get("include").map(Value::items_or_self).unwrap_or_default() {
        let at = include
            .get("remote")
            .or(Some(include))
            .filter(|at| at.str().is_some_and(|url| url.contains("://")));
        if let Some(at) = at
            && let Some(target) = hosts::of_url(at.str().unwrap_or(""))
        {
            pipeline.draft.reference(&pipeline.id, target, super::REQUIRED, at);
        }
    }
}

/// `image` and `services` of a job, of `default`, or at the top.
fn read_images(pipeline: &mut Pipeline<'_, '_>, part: &Value, variables: &Variables<'_>) {
    let services = part.get("services").map(Value::items_or_self).unwrap_or_default();
    for image in part.get("image").into_iter().chain(services) {
        let at = image.get("name").unwrap_or(image);
        if let Some(text) = at.str() {
            pipeline.image(&variables.resolve(text), at);
        }
    }
}

fn read_job(pipeline: &mut Pipeline<'_, '_>, job: &Value, variables: &Variables<'_>) {
    let variables = variables.with(job.get("variables"));
    read_images(pipeline, job, &variables);
    for (_, token) in job.get("id_tokens").map(Value::entries).unwrap_or_default() {
        for at in token.get("aud").map(Value::items_or_self).unwrap_or_default() {
            let target = at.str().filter(|aud| aud.contains("://")).and_then(hosts::of_url);
            let is_itself = matches!(&target, Some(Target::Host { name, .. }) if name == "gitlab.com");
            if let Some(target) = target.filter(|_| !is_itself) {
                pipeline.draft.reference(&pipeline.id, target, super::REQUIRED, at);
            }
        }
    }
    for key in ["before_script", "script", "after_script"] {
        for line in job.get(key).map(Value::items_or_self).unwrap_or_default() {
            pipeline.script(line.str().unwrap_or(""), &variables, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::model::Phase;

    #[test]
    fn a_pipeline_needs_its_images_and_what_its_scripts_call() {
        let text = "image: node:22\nvariables: {TARGET: $CI_REGISTRY_IMAGE/web}\nship:\n  services: [docker:dind]\n  script:\n\
                    \x20   - docker push \"$TARGET:$CI_COMMIT_SHA\"\n    - gcloud run deploy web\n";
        let tree = Tree::of_texts([("shop/.gitlab-ci.yml", text)]);
        let files: Vec<_> = tree.files().filter(|file| GitLabCi.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        let unit = &GitLabCi.read(&files, &cx).units[0];
        assert_eq!(unit.nodes[0].id.as_str(), "gitlab-ci:shop");
        assert!(unit.references.iter().all(|reference| reference.phase == Phase::Deploy));
        let images: Vec<_> = unit
            .references
            .iter()
            .filter_map(|reference| match &reference.target {
                Target::Image(image) => Some(image.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(images, ["node:22", "docker:dind", "registry.gitlab.com/group/project/web:x"]);
        assert_eq!(unit.references.len(), 5);
        assert_eq!(unit.references[0].confidence, Confidence::Assumed);
    }
}
