//! Who answers to a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Id, Name, Reach};

/// The names of all units.
#[derive(Debug, Default)]
pub(super) struct Names {
    in_unit: BTreeMap<(usize, String), BTreeSet<Id>>,
    everywhere: BTreeMap<String, Vec<(usize, String, Id)>>,
}

impl Names {
    pub(super) fn add(&mut self, unit: usize, folder: &str, name: Name) {
        if name.reach == Reach::Everywhere {
            self.everywhere.entry(name.name.clone()).or_default().push((
                unit,
                folder.to_owned(),
                name.id.clone(),
            ));
        }
        self.in_unit.entry((unit, name.name)).or_default().insert(name.id);
    }

    /// Who answers to the name for a reference of this unit: the unit's own nodes; else those of the unit whose
    /// folder shares most with the asking one.
    pub(super) fn find(&self, unit: usize, folder: &str, name: &str) -> Vec<Id> {
        if let Some(ids) = self.in_unit.get(&(unit, name.to_owned())) {
            return ids.iter().cloned().collect();
        }
        let Some(candidates) = self.everywhere.get(name) else { return Vec::new() };
        let best = candidates
            .iter()
            .max_by_key(|(unit, other, _)| (shared_parts(folder, other), std::cmp::Reverse(*unit)));
        let Some((nearest, _, _)) = best else { return Vec::new() };
        let ids: BTreeSet<_> =
            candidates.iter().filter(|(unit, _, _)| unit == nearest).map(|(_, _, id)| id.clone()).collect();
        ids.into_iter().collect()
    }
}

fn shared_parts(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}
