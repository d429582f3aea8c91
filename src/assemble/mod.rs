//! One estate out of all declarations: alternatives settled, references resolved, providers put beneath.

mod clusters;
mod knowledge;
mod merge;
mod names;
mod placement;
mod references;
mod services;
#[cfg(test)]
mod tests;

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

/// Assembles one estate. `asked` is the environment that was asked for; production is chosen otherwise.
pub fn assemble(declarations: Vec<Declarations>, catalog: &Catalog, asked: Option<&str>) -> Assembly {
    let mut assembly = Assembly::default();
    let mut units = Vec::new();
    for declared in declarations {
        assembly.problems.extend(declared.problems);
        units.extend(declared.units);
    }
    let units = choose_folders(units, asked, &mut assembly);
    let mut merged = merge::merge(units);
    references::resolve(&mut merged, catalog);
    clusters::run_on_cluster(&mut merged.estate);
    placement::place(&mut merged.estate, catalog);
    services::promote(&mut merged.estate);
    merged.estate.settle();
    merged.estate.environments.append(&mut assembly.estate.environments);
    merged.estate.environments.sort();
    merged.estate.environments.dedup();
    assembly.estate = merged.estate;
    assembly
}

/// Leaves out the units in folders of environments that were not chosen.
fn choose_folders(units: Vec<Unit>, asked: Option<&str>, assembly: &mut Assembly) -> Vec<Unit> {
    let found = FolderEnvironments::find(units.iter().map(|unit| unit.folder.as_str()), asked);
    for (name, folder, chosen) in found.iter() {
        let evidence = vec![folder.to_owned()];
        assembly.estate.environments.push(Environment { name: name.to_owned(), chosen, evidence });
    }
    let (kept, left): (Vec<_>, Vec<_>) = units.into_iter().partition(|unit| found.not_chosen(&unit.folder).is_none());
    for unit in left {
        let name = found.not_chosen(&unit.folder).unwrap_or("other");
        let reason = format!("{} of environment `{name}`, which was not chosen", unit.format);
        assembly.skipped.push(Skipped { path: unit.folder.as_str().into(), reason });
    }
    assembly.skipped.sort();
    assembly.skipped.dedup();
    kept
}
