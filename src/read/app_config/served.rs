//! Settings that a configuration server hands to programs by their names: Spring Cloud Config with files of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::entries;
use super::place::{Family, Place};
use crate::source::{Problems, SourceFile, Tree};

/// Files with the places that they are read as, by the folder of the program.
pub(super) type Programs<'f> = BTreeMap<&'f str, Vec<(Place<'f>, &'f SourceFile)>>;

/// A file that a server hands out: `shared/orders-prod.yml` among its resources.
#[derive(Clone, Copy)]
pub(super) struct Served<'p> {
    resources: &'p str,
    folder: &'p str,
    /// Whom it is for, and the profile: `orders-prod`.
    stem: &'p str,
}

/// What the path of a file that may be handed out says.
pub(super) fn served(path: &str) -> Option<Served<'_>> {
    let (folder, name) = path.rsplit_once('/')?;
    let (stem, ending) = name.rsplit_once('.')?;
    let (at, _) = folder.match_indices("src/main/resources/").next()?;
    let (resources, folder) = folder.split_at(at + "src/main/resources".len());
    let folder = folder.trim_start_matches('/');
    matches!(ending, "yml" | "yaml" | "properties").then_some(Served { resources, folder, stem })
}

impl<'p> Served<'p> {
    /// Whether the server says that it hands out what stands there.
    pub(super) fn is_shown_by(&self, tree: &Tree) -> bool {
        let place = format!("classpath:/{}", self.folder);
        let names = ["application.yml", "application.yaml", "application.properties", "bootstrap.yml"];
        names.iter().filter_map(|name| tree.join(self.resources, name)).any(|file| {
            // `search-locations` and `searchLocations`, as a key of its own, in a list or at the end of a longer one.
            let says = |line: &str| {
                let value = line
                    .split_once("ocations")
                    .map(|(_, value)| value.trim_start_matches(['[', ']', '0', ':', '=', ' ']));
                value.is_some_and(|value| {
                    value.split(',').any(|one| one.trim().trim_end_matches('/') == place)
                })
            };
            file.text().contains("native") && file.text().lines().any(says)
        })
    }

    /// The profile for which a program gets the file, none where it always does; nothing where it never does.
    fn profile(&self, program: &str, all: &BTreeSet<String>) -> Option<Option<&'p str>> {
        if all.contains(self.stem) {
            return (self.stem == program).then_some(None);
        }
        [program, "application"].iter().find_map(|own| match self.stem.strip_prefix(own)? {
            "" => Some(None),
            rest => rest.strip_prefix('-').map(Some),
        })
    }
}

/// Gives programs that ask a configuration server for their settings what is there for them.
pub(super) fn hand_out<'f>(programs: &mut Programs<'f>, files: &[(Served<'f>, &'f SourceFile)]) {
    if files.is_empty() {
        return;
    }
    let clients: BTreeMap<&str, String> =
        programs.iter().filter_map(|(folder, files)| Some((*folder, client(files)?))).collect();
    let names: BTreeSet<String> = clients.values().cloned().collect();
    for (folder, name) in &clients {
        let Some(known) = programs.get_mut(folder) else { continue };
        for (served, file) in files {
            if let Some(profile) = served.profile(name, &names) {
                let place = Place { family: Family::Spring, folder, profile, is_sample: false };
                known.push((place, file));
            }
        }
    }
}

/// The name by which a program asks a configuration server.
fn client(files: &[(Place<'_>, &SourceFile)]) -> Option<String> {
    let said: Vec<_> =
        files.iter().flat_map(|(place, file)| entries(place, file, &mut Problems::new())).collect();
    let asks = said.iter().any(|entry| {
        let inner = entry.key.strip_prefix("spring.cloud.config.");
        inner.is_some_and(|inner| !inner.starts_with("server")) || entry.value.contains("configserver:")
    });
    let name = said.iter().find(|entry| entry.key == "spring.application.name")?;
    asks.then(|| name.value.clone())
}
