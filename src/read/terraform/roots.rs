//! Which folders are deployments of their own, and which values each is given.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Module;
use super::selectors::{self, Told};
use super::syntax::ParsedFile;
use super::world::local_folder;
use crate::model::Environment;
use crate::read::{ReadContext, same_environment};

/// A folder that Terraform is run in.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) folder: String,
    pub(super) environments: Vec<Environment>,
    /// The files that give variables their values, in the order in which they apply.
    pub(super) values: Vec<String>,
    /// The variable that tells environments apart, and the name of the chosen one.
    pub(super) selected: Option<(String, String)>,
    /// The workspace, if it is known.
    pub(super) workspace: Option<String>,
}

/// Finds the roots among the folders that hold `.tf` files.
///
/// A folder that another one calls as a module is none; nor is a folder below `modules` that is called by
/// nobody and cannot be run without being given values.
pub(super) fn find(
    modules: &BTreeMap<String, Module<'_>>,
    values: &BTreeMap<String, &ParsedFile>,
    called_elsewhere: &BTreeSet<String>,
    cx: &ReadContext<'_>,
) -> Vec<Root> {
    let mut called: BTreeSet<String> = called_elsewhere.clone();
    for module in modules.values() {
        called.extend(calls(module).filter(|folder| *folder != module.folder));
    }
    let mut folders: Vec<&str> = modules
        .values()
        .filter(|module| !called.contains(&module.folder) && is_worth(module))
        .map(|module| module.folder.as_str())
        .collect();
    let is_library = |folder: &&str| {
        let module = &modules[*folder];
        folder.split('/').any(|part| matches!(part, "modules" | "module")) && !is_configured(module)
    };
    if !folders.iter().all(is_library) || !called_elsewhere.is_empty() {
        folders.retain(|folder| !is_library(folder));
    }
    rescue_circles(modules, &mut folders, called_elsewhere);
    let owners: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    owners.iter().map(|folder| root(modules, &modules[folder], &owners, values, cx)).collect()
}

/// The folders that a module calls.
pub(super) fn calls<'m>(module: &'m Module<'_>) -> impl Iterator<Item = String> + 'm {
    module
        .calls
        .values()
        .filter_map(|call| local_folder(&module.folder, call.body().attribute("source")?.value.literal()?))
}

fn is_worth(module: &Module<'_>) -> bool {
    !module.resources.is_empty() || !module.calls.is_empty()
}

/// Whether a folder says itself how it is run: a backend, a configured provider, or no value that is missing.
fn is_configured(module: &Module<'_>) -> bool {
    let has_backend = module.settings.iter().any(|settings| {
        settings.body().block("backend").is_some() || settings.body().block("cloud").is_some()
    });
    let has_provider = module.providers.iter().any(|provider| !provider.body().attributes.is_empty());
    has_backend || has_provider
}

/// Modules that call each other in a circle have no root: the first of each circle stands for it.
fn rescue_circles<'m>(
    modules: &'m BTreeMap<String, Module<'_>>,
    folders: &mut Vec<&'m str>,
    called_elsewhere: &BTreeSet<String>,
) {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    open.extend(called_elsewhere.iter().cloned());
    loop {
        while let Some(folder) = open.pop() {
            if let Some(module) = modules.get(&folder).filter(|_| reached.insert(folder.clone())) {
                open.extend(calls(module));
            }
        }
        let in_circle =
            |folder: &str| modules.values().any(|module| calls(module).any(|called| called == folder));
        let Some(module) = modules.values().find(|module| {
            is_worth(module) && !reached.contains(&module.folder) && in_circle(&module.folder)
        }) else {
            break;
        };
        // Library modules called by library modules only are not run either.
        if !calls(module).any(|called| reaches(modules, &called, &module.folder)) {
            reached.insert(module.folder.clone());
            continue;
        }
        folders.push(&module.folder);
        open.push(module.folder.clone());
    }
    folders.sort_unstable();
}

fn reaches(modules: &BTreeMap<String, Module<'_>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(folder) = open.pop() {
        if folder == to {
            return true;
        }
        if let Some(module) = modules.get(&folder).filter(|_| seen.insert(folder.clone())) {
            open.extend(calls(module));
        }
    }
    false
}

fn root(
    modules: &BTreeMap<String, Module<'_>>,
    module: &Module<'_>,
    owners: &[String],
    values: &BTreeMap<String, &ParsedFile>,
    cx: &ReadContext<'_>,
) -> Root {
    let folder = module.folder.as_str();
    let mut always: Vec<String> = Vec::new();
    let mut common: Vec<String> = Vec::new();
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in values.keys() {
        let (inside, name) = path.rsplit_once('/').unwrap_or(("", path));
        if owner(inside, owners) != Some(folder) {
            continue;
        }
        if inside == folder && applies_always(name) {
            always.push(path.clone());
            continue;
        }
        match environment_of(inside.strip_prefix(folder).unwrap_or(inside).trim_matches('/'), name) {
            Named::Environment(environment) => sets.entry(environment).or_default().push(path.clone()),
            Named::Common => common.push(path.clone()),
            Named::Nothing => {}
        }
    }
    // `terraform.tfvars` first, then `*.auto.tfvars` in the order of their names.
    always.sort_by_key(|path| (path.contains(".auto.tfvars"), path.clone()));
    if sets.is_empty() {
        let given: Vec<&ParsedFile> = always.iter().map(|path| values[path]).collect();
        return by_selector(module, selectors::told(modules, module, &given), always, cx);
    }
    let names: Vec<&str> = sets.keys().map(String::as_str).collect();
    let chosen = cx.choose_environment(&names).map(str::to_owned);
    let environments = sets
        .iter()
        .map(|(name, files)| Environment {
            name: name.clone(),
            chosen: Some(name) == chosen.as_ref(),
            evidence: files.clone(),
        })
        .collect();
    let mut files = always;
    if let Some(set) = chosen.as_ref().and_then(|name| sets.remove(name)) {
        files.append(&mut common);
        files.extend(set);
    }
    Root { folder: folder.to_owned(), environments, values: files, selected: None, workspace: chosen }
}

/// A root whose environments, if any, are those that it tells apart by name.
fn by_selector(module: &Module<'_>, told: Told, always: Vec<String>, cx: &ReadContext<'_>) -> Root {
    let mut names: Vec<&str> = told.names.keys().map(String::as_str).collect();
    if told.variable.is_some() {
        // What a variable is compared with does not tell what else it may be.
        names.push("");
    }
    let folder = module.folder.clone();
    let place = folder.rsplit('/').find(|part| is_environment_word(part)).filter(|_| told.variable.is_some());
    let chosen = match place {
        Some(place) => names.iter().copied().find(|name| same_environment(name, place)),
        None => cx.choose_environment(&names),
    };
    let chosen = chosen.map(str::to_owned);
    // The folder of one environment has no others.
    let found = if place.is_some() { BTreeMap::new() } else { told.names };
    let environments = found.into_iter().map(|(name, files)| Environment {
        chosen: Some(&name) == chosen.as_ref(),
        name,
        evidence: files.into_iter().collect(),
    });
    let environments = environments.collect();
    let (selected, workspace) = match told.variable {
        Some(variable) => (chosen.map(|name| (variable, name)), told.workspace),
        None => (None, chosen),
    };
    Root { folder, environments, values: always, selected, workspace }
}

/// The root that a file of values belongs to: the nearest one above it; the only one when none is above.
fn owner<'o>(inside: &str, owners: &'o [String]) -> Option<&'o str> {
    let above = |owner: &&String| {
        owner.is_empty() || inside == owner.as_str() || inside.starts_with(&format!("{owner}/"))
    };
    let nearest = owners.iter().filter(above).max_by_key(|owner| owner.len());
    match (nearest, owners) {
        (Some(nearest), _) => Some(nearest),
        (None, [only]) => Some(only),
        _ => None,
    }
}

fn applies_always(name: &str) -> bool {
    matches!(name, "terraform.tfvars" | "terraform.tfvars.json")
        || name.ends_with(".auto.tfvars")
        || name.ends_with(".auto.tfvars.json")
}

enum Named {
    Environment(String),
    Common,
    Nothing,
}

/// What a file of values is for, by its folder below the root and its name.
fn environment_of(folder: &str, name: &str) -> Named {
    let stem = name.trim_end_matches(".json").trim_end_matches(".tfvars").trim_end_matches(".auto");
    let lower = stem.to_ascii_lowercase();
    if ["example", "sample", "template", "dist"]
        .iter()
        .any(|word| lower.split(['.', '-', '_']).any(|part| part == *word))
    {
        return Named::Nothing;
    }
    if matches!(lower.as_str(), "common" | "global" | "shared" | "base" | "default" | "defaults" | "all") {
        return Named::Common;
    }
    let generic = matches!(
        lower.as_str(),
        "terraform" | "variables" | "vars" | "values" | "main" | "config" | "inputs"
    );
    let containers = [
        "env",
        "envs",
        "environments",
        "environment",
        "tfvars",
        "vars",
        "variables",
        "config",
        "configs",
        "terraform",
    ];
    let parts: Vec<&str> = folder
        .split('/')
        .filter(|part| !part.is_empty() && !containers.contains(&part.to_ascii_lowercase().as_str()))
        .collect();
    match parts.last() {
        Some(part) if generic || is_environment_word(part) => Named::Environment((*part).to_owned()),
        _ if generic => Named::Common,
        _ => Named::Environment(stem.to_owned()),
    }
}

fn is_environment_word(part: &str) -> bool {
    const WORDS: &[&str] = &[
        "dev",
        "develop",
        "development",
        "stage",
        "staging",
        "stg",
        "prod",
        "production",
        "prd",
        "live",
        "test",
        "qa",
        "uat",
        "sandbox",
        "preview",
        "preprod",
        "nonprod",
        "int",
        "integration",
    ];
    part.to_ascii_lowercase().split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}
