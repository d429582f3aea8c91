//! One estate out of all declarations: alternatives settled, references resolved, providers put beneath.

mod clusters;
mod control_planes;
mod fronts;
mod knowledge;
mod merge;
mod names;
mod placement;
mod programs;
mod references;
mod run_by;
mod services;
#[cfg(test)]
mod tests;

use merge::Merged;

pub use control_planes::{add_control_planes, holds_on, provider_part};

use crate::catalog::Catalog;
use crate::discover::FolderEnvironments;
use crate::model::{Declarations, Environment, Estate, Unit};
use crate::source::{Problems, Skipped};

/// The assembled estate, with what was odd on the way.
#[derive(Debug, Default)]
pub struct Assembly {
    /// The graph.
    pub estate: Estate,
    /// What could not be read or settled.
    pub problems: Problems,
    /// Units that were left out because another environment was chosen.
    pub skipped: Vec<Skipped>,
}

/// All declarations in one graph whose references are still to be resolved, so that what a person declares can be
/// added first.
#[derive(Debug, Default)]
pub struct Draft {
    /// The graph so far.
    pub estate: Estate,
    merged: Merged,
    problems: Problems,
    skipped: Vec<Skipped>,
}

/// Gathers declarations. `asked` is the environment that was asked for; production is chosen otherwise.
pub fn gather(declarations: Vec<Declarations>, asked: Option<&str>) -> Draft {
    let mut draft = Draft::default();
    let mut units = Vec::new();
    for declared in declarations {
        draft.problems.extend(declared.problems);
        units.extend(declared.units);
    }
    let units = leave_out_deployed(choose_folders(units, asked, &mut draft));
    let environments = std::mem::take(&mut draft.estate.environments);
    draft.merged = merge::merge(programs::attach(units));
    draft.estate = std::mem::take(&mut draft.merged.estate);
    draft.estate.environments.extend(environments);
    draft.estate.environments.sort();
    draft.estate.environments.dedup();
    draft
}

/// Makes the estate of a draft: references resolved, providers put beneath, services told from components.
pub fn complete(draft: Draft, catalog: &Catalog) -> Assembly {
    let mut merged = Merged { estate: draft.estate, ..draft.merged };
    placement::place_declared_parts(&mut merged.estate, catalog);
    fronts::name_what_has_no_record(&mut merged);
    references::resolve(&mut merged, catalog);
    fronts::lead_behind(&mut merged, catalog);
    let mut estate = merged.estate;
    clusters::run_on_cluster(&mut estate);
    run_by::place_with_runners(&mut estate, catalog);
    placement::place(&mut estate, catalog);
    services::count_instances_once(&mut estate);
    services::promote(&mut estate);
    estate.settle();
    Assembly { estate, problems: draft.problems, skipped: draft.skipped }
}

/// A chart that another unit deploys is not there once more with its defaults.
fn leave_out_deployed(mut units: Vec<Unit>) -> Vec<Unit> {
    let mut at = 0;
    while at < units.len() {
        let folder = &units[at].folder;
        let mut others = units.iter().enumerate().filter(|(other, _)| *other != at);
        if units[at].format == "helm" && others.any(|(_, other)| other.deploys.contains(folder)) {
            units.remove(at);
        } else {
            at += 1;
        }
    }
    units
}

/// Leaves out the units in folders of environments that were not chosen.
fn choose_folders(units: Vec<Unit>, asked: Option<&str>, draft: &mut Draft) -> Vec<Unit> {
    let found = FolderEnvironments::find(units.iter().map(|unit| unit.folder.as_str()), asked);
    for (name, folder, chosen) in found.iter() {
        let evidence = vec![folder.to_owned()];
        draft.estate.environments.push(Environment { name: name.to_owned(), chosen, evidence });
    }
    let (kept, left): (Vec<_>, Vec<_>) =
        units.into_iter().partition(|unit| found.not_chosen(&unit.folder).is_none());
    for unit in left {
        let name = found.not_chosen(&unit.folder).unwrap_or("other");
        let reason = format!("{} of environment `{name}`, which was not chosen", unit.format);
        draft.skipped.push(Skipped { path: unit.folder.as_str().into(), reason });
    }
    draft.skipped.sort();
    draft.skipped.dedup();
    kept
}
