//! docker compose: every generation of the format, files layered, one unit for each project.

mod graph;
mod interpolate;
mod profiles;
mod project;
mod service;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::profiles::Profiles;
use self::project::{Loader, Services, env_of_folder};
use super::{Format, ReadContext, images};
use crate::catalog::Catalog;
use crate::model::{Declarations, Environment};
use crate::source::{SourceFile, Tree};

/// docker compose files.
pub struct Compose;

impl Format for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn summary(&self) -> &'static str {
        "docker compose: services, what they need, what they publish and where their data lives"
    }

    fn wants(&self, path: &str) -> bool {
        // Compose files, and what they are read together with; the latter are not claimed.
        let name = path.rsplit('/').next().unwrap_or(path);
        path.ends_with(".yml") || path.ends_with(".yaml") || is_beside(name)
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let name = file.name().to_ascii_lowercase();
        if !name.ends_with(".yml") && !name.ends_with(".yaml") {
            return false;
        }
        let named = name.contains("compose") || name.contains("docker-stack");
        let has_services = has_line(file, "services:") || has_line(file, "include:");
        if named {
            return (has_services || looks_like_first_version(file)) && !has_line(file, "apiVersion:");
        }
        has_services
            && (has_line(file, "version:") || has_line(file, "volumes:") || has_line(file, "networks:"))
            && looks_like_services(file)
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut loader = Loader::new(cx.tree);
        let mut declarations = Declarations::default();
        let mut folders: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        let parts = parts(files, &mut loader);
        for file in files.iter().filter(|file| !parts.contains(file.path())) {
            folders.entry(file.folder()).or_default().push(file);
        }
        let mut projects: BTreeMap<Identity, String> = BTreeMap::new();
        for (folder, files) in folders {
            for stack in stacks(&files, &mut loader) {
                let mut plan = stack.choose(folder, cx);
                let mut variables = env_of_folder(cx.tree, folder);
                variables.entry("COMPOSE_PROJECT_NAME".into()).or_insert_with(|| plan.project.clone());
                let services = loader.load(&plan.files, &variables);
                let profiles = Profiles::of(&services, &variables);
                profiles.note_what_stays(&services, &mut loader.problems);
                if let Some(identity) = identity(&services, cx.catalog) {
                    plan.project = projects.entry(identity).or_insert(plan.project).clone();
                }
                let unit = graph::unit(&plan, folder, &services, &profiles, cx);
                if !unit.nodes.is_empty() {
                    declarations.units.push(unit);
                }
            }
        }
        declarations.problems = loader.problems;
        declarations
    }
}

/// Files that are no projects by themselves, as others include them or take services from them: what stands in another
/// folder and is included by a project, and what lies beside it and is neither called a project nor an environment.
fn parts(files: &[&SourceFile], loader: &mut Loader<'_>) -> BTreeSet<Arc<str>> {
    let mut parts = BTreeSet::new();
    for file in files {
        let [included, extended] = loader.taken_from(file);
        let is_beside = |part: &&&SourceFile| {
            part.folder() == file.folder()
                && part.path() != file.path()
                && variant_name(part.name()).is_some_and(|name| !is_environment(&name))
        };
        let is_within =
            |part: &&&SourceFile| part.folder() != file.folder() && variant_name(file.name()).is_none();
        let beside = included.iter().chain(&extended).filter(is_beside);
        let all = beside.chain(included.iter().filter(is_within));
        parts.extend(all.map(|part| Arc::clone(part.path())));
    }
    parts
}

/// What each service of a project runs, by its name.
type Identity = BTreeMap<String, String>;

/// What tells a project from others, so that the same one described in two folders is one: several services, of which
/// one at least runs what not everybody does. `None` where nothing tells.
fn identity(services: &Services, catalog: &Catalog) -> Option<Identity> {
    let mut is_own = false;
    let mut identity = Identity::new();
    for (name, service) in services {
        let runs = match (&service.build, &service.image) {
            (Some(build), _) => format!("build {}", Tree::resolve(&service.folder, &build.context)?),
            (None, Some(image)) => {
                is_own |= images::known(&image.text, catalog).is_none();
                let name = images::repository(&image.text);
                name.trim_start_matches("docker.io/").trim_start_matches("library/").to_owned()
            }
            (None, None) => return None,
        };
        is_own |= service.build.is_some();
        identity.insert(name.clone(), runs);
    }
    (is_own && 1 < services.len()).then_some(identity)
}

/// The files that make one project, as chosen.
struct Plan<'f> {
    project: String,
    files: Vec<&'f SourceFile>,
    environments: Vec<Environment>,
}

/// A base file and its alternatives, or alternatives alone.
#[derive(Default)]
struct Stack<'f> {
    /// Set apart from the folder's main stack by this name.
    name: Option<String>,
    base: Option<&'f SourceFile>,
    overlay: Option<&'f SourceFile>,
    variants: Vec<Variant<'f>>,
}

struct Variant<'f> {
    name: String,
    file: &'f SourceFile,
    /// Stands without the base.
    complete: bool,
    services: BTreeSet<String>,
}

impl<'f> Stack<'f> {
    fn choose(&self, folder: &str, cx: &ReadContext<'_>) -> Plan<'f> {
        let mut names: Vec<&str> = self.variants.iter().map(|variant| variant.name.as_str()).collect();
        if self.base.is_some() {
            names.insert(0, "default");
        }
        let chosen = cx.choose_environment(&names).or_else(|| names.first().copied()).unwrap_or("default");
        let variant = self.variants.iter().find(|variant| variant.name == chosen);
        let files = match variant {
            Some(variant) if variant.complete => vec![variant.file],
            Some(variant) => self.base.into_iter().chain([variant.file]).collect(),
            None => self.base.into_iter().chain(self.overlay).collect(),
        };
        let base = |file: &&SourceFile| file.path().to_string();
        let mut environments: Vec<Environment> = self
            .variants
            .iter()
            .map(|variant| Environment {
                name: variant.name.clone(),
                chosen: variant.name == chosen,
                evidence: vec![variant.file.path().to_string()],
            })
            .collect();
        if let Some(file) = self.base.filter(|_| !self.variants.is_empty()) {
            let evidence = std::iter::once(&file).chain(&self.overlay).map(base).collect();
            environments
                .insert(0, Environment { name: "default".into(), chosen: chosen == "default", evidence });
        }
        let parts =
            [Some(folder), self.name.as_deref()].into_iter().flatten().filter(|part| !part.is_empty());
        Plan { project: parts.collect::<Vec<_>>().join("/"), files, environments }
    }
}

/// The stacks of a folder: one for the base file with all that vary it, and one for each family of files
/// that share no service with it.
fn stacks<'f>(files: &[&'f SourceFile], loader: &mut Loader<'_>) -> Vec<Stack<'f>> {
    let mut main = Stack::default();
    let mut variants = Vec::new();
    let mut bases: Vec<&SourceFile> = Vec::new();
    for file in files {
        match variant_name(file.name()) {
            None => bases.push(file),
            Some(name) if name == "override" => main.overlay = Some(file),
            Some(name) => {
                let services = loader.names(file);
                let complete = !services.is_empty() && services.values().all(|complete| *complete);
                let services = services.into_keys().collect();
                variants.push(Variant { name, file, complete, services });
            }
        }
    }
    bases.sort_by_key(|file| base_rank(file.name()));
    main.base = bases.first().copied();
    for other in bases.iter().skip(1) {
        let message = "another compose file of this folder is read instead; this one is an alternative";
        loader.problems.note(other.location(0), message);
    }
    let mut own: BTreeSet<String> =
        main.base.map(|file| loader.names(file).into_keys().collect()).unwrap_or_default();
    let mut apart: Vec<Stack<'f>> = Vec::new();
    for variant in variants {
        let shares = |names: &BTreeSet<String>| variant.services.iter().any(|name| names.contains(name));
        let of_base = main.base.is_some()
            && (!variant.complete
                || shares(&own)
                || is_environment(&variant.name)
                || variant.services.is_empty());
        if of_base || (main.base.is_none() && (main.variants.is_empty() || shares(&own))) {
            own.extend(variant.services.iter().cloned());
            main.variants.push(variant);
        } else if let Some(stack) =
            apart.iter_mut().find(|stack| stack.variants.iter().any(|other| shares(&other.services)))
        {
            stack.variants.push(variant);
        } else {
            let name = Some(variant.name.clone());
            apart.push(Stack { name, variants: vec![variant], ..Stack::default() });
        }
    }
    if main.base.is_none() && main.variants.is_empty() {
        main.base = main.overlay.take();
    }
    if main.base.is_none() && !apart.is_empty() {
        // Several unrelated files and none that is the folder's own: each is named.
        main.name = main.variants.first().map(|variant| variant.name.clone());
    }
    std::iter::once(main).chain(apart).collect()
}

const BASES: &[&str] = &["compose", "docker-compose", "docker-stack", "podman-compose", "stack"];

/// `prod` of `docker-compose.prod.yml`; `None` for a folder's main file.
fn variant_name(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    if BASES.contains(&stem) {
        return None;
    }
    let separators = ['.', '-', '_'];
    let behind = BASES
        .iter()
        .find_map(|base| stem.strip_prefix(base)?.strip_prefix(separators).filter(|rest| !rest.is_empty()));
    let before = BASES
        .iter()
        .rev()
        .find_map(|base| stem.strip_suffix(base)?.strip_suffix(separators).filter(|rest| !rest.is_empty()));
    Some(behind.or(before).unwrap_or(stem).to_owned())
}

fn base_rank(name: &str) -> usize {
    let order = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
    order.iter().position(|known| *known == name).unwrap_or(order.len())
}

const ENVIRONMENTS: &[&str] = &[
    "dev",
    "develop",
    "development",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "ci",
    "qa",
    "uat",
    "stage",
    "staging",
    "preprod",
    "preview",
    "demo",
    "sandbox",
    "prod",
    "production",
    "prd",
    "live",
    "release",
    "debug",
];

fn is_environment(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| ENVIRONMENTS.contains(&part))
}

/// Whether a file of this name may hold settings that a compose file refers to.
fn is_beside(name: &str) -> bool {
    name.starts_with(".env")
        || [".env", ".conf", ".conf.template", ".properties", ".ini", ".vcl"]
            .iter()
            .any(|ending| name.ends_with(ending))
        || (name.starts_with("appsettings") && name.ends_with(".json"))
        || matches!(name, "Caddyfile" | "haproxy.cfg" | "env.example" | "env.sample")
}

fn has_line(file: &SourceFile, start: &str) -> bool {
    let text = file.text();
    text.starts_with(start)
        || text.match_indices(start).any(|(at, _)| at > 0 && text.as_bytes()[at - 1] == b'\n')
}

/// Whether an indented `image:` or `build:` stands under a mapping of services, not a list of them.
fn looks_like_services(file: &SourceFile) -> bool {
    let mut lines = file.text().lines().skip_while(|line| !line.starts_with("services:")).skip(1);
    let listed = lines.clone().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    !listed.is_some_and(|line| line.trim_start().starts_with('-'))
        && lines.any(|line| {
            let trimmed = line.trim_start();
            line.starts_with("    ") && (trimmed.starts_with("image:") || trimmed.starts_with("build:"))
                || line.starts_with("\t")
        })
}

fn looks_like_first_version(file: &SourceFile) -> bool {
    file.text().lines().take(50).any(|line| {
        let indented = line.starts_with(' ');
        indented && (line.trim_start().starts_with("image:") || line.trim_start().starts_with("build:"))
    })
}
