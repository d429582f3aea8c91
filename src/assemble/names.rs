//! Who answers to a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Id, Name, Reach};

/// The names of all units.
#[derive(Debug, Default)]
pub(super) struct Names {
    in_unit: BTreeMap<(usize, String), BTreeSet<Id>>,
    everywhere: BTreeMap<String, Owners>,
}

/// The units that give a name to nodes of theirs, for everybody.
#[derive(Debug, Default)]
struct Owners {
    ids: BTreeMap<usize, BTreeSet<Id>>,
    /// The first unit in each folder that holds any of them, at any depth.
    first_in: BTreeMap<String, usize>,
}

impl Names {
    pub(super) fn add(&mut self, unit: usize, folder: &str, name: Name) {
        if name.reach == Reach::Everywhere {
            let owners = self.everywhere.entry(name.name.clone()).or_default();
            if !owners.ids.contains_key(&unit) {
                for holder in holders(folder) {
                    let first = owners.first_in.entry(holder.to_owned()).or_insert(unit);
                    *first = unit.min(*first);
                }
            }
            owners.ids.entry(unit).or_default().insert(name.id.clone());
        }
        self.in_unit.entry((unit, name.name)).or_default().insert(name.id);
    }

    /// Who answers to the name for a reference of this unit: the unit's own nodes; else those of the unit whose
    /// folder shares most with the asking one.
    pub(super) fn find(&self, unit: usize, folder: &str, name: &str) -> Vec<Id> {
        if let Some(ids) = self.in_unit.get(&(unit, name.to_owned())) {
            return ids.iter().cloned().collect();
        }
        let Some(owners) = self.everywhere.get(name) else { return Vec::new() };
        let near = holders(folder).find_map(|holder| owners.first_in.get(holder));
        let Some(nearest) = near.or_else(|| owners.ids.keys().next()) else { return Vec::new() };
        owners.ids[nearest].iter().cloned().collect()
    }
}

/// The folder and those around it, the nearest first.
fn holders(folder: &str) -> impl Iterator<Item = &str> {
    let around = folder.rmatch_indices('/').map(|(at, _)| &folder[..at]);
    std::iter::once(folder).chain(around)
}
