//! Folders that are environments of one thing: `environments/{staging,production}`, `app-prod` beside
//! `app-staging`.

use std::collections::{BTreeMap, BTreeSet};

use crate::read::{same_environment, split_environment};

/// Which folders are environments, found from the folders in which units stand.
#[derive(Clone, Debug, Default)]
pub struct FolderEnvironments {
    /// Folder to environment name, only for sets that hold a production, or all asked-for ones.
    folders: BTreeMap<String, String>,
    chosen: BTreeSet<String>,
}

impl FolderEnvironments {
    /// Looks for sets of sibling folders that differ only in the word of an environment. A set counts when it
    /// holds the environment that is asked for, or production when none is.
    pub fn find<'a>(folders: impl IntoIterator<Item = &'a str>, asked: Option<&str>) -> Self {
        let wanted = asked.unwrap_or("production");
        let mut sets: BTreeMap<(String, String), BTreeMap<String, String>> = BTreeMap::new();
        for folder in all_ancestors(folders) {
            let (parent, name) = folder.rsplit_once('/').unwrap_or(("", &folder));
            if let Some((stem, word)) = split_environment(name) {
                sets.entry((parent.to_owned(), stem)).or_default().insert(folder.clone(), word);
            }
        }
        let mut found = FolderEnvironments::default();
        for set in sets.into_values() {
            if set.len() > 1 && set.values().any(|word| same_environment(word, wanted)) {
                found.chosen.extend(
                    set.iter().filter(|(_, word)| same_environment(word, wanted)).map(|(f, _)| f.clone()),
                );
                found.folders.extend(set);
            }
        }
        found
    }

    /// The environment whose folder holds this one and that is not the chosen one.
    pub fn not_chosen(&self, folder: &str) -> Option<&str> {
        ancestors(folder).find_map(|part| {
            let word = self.folders.get(part)?;
            (!self.chosen.contains(part)).then_some(word.as_str())
        })
    }

    /// Every environment with its folders and whether it is the chosen one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.folders
            .iter()
            .map(|(folder, word)| (word.as_str(), folder.as_str(), self.chosen.contains(folder)))
    }
}

fn all_ancestors<'a>(folders: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    folders.into_iter().flat_map(ancestors).map(str::to_owned).collect()
}

fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    let ends =
        folder.match_indices('/').map(|(at, _)| at).chain((!folder.is_empty()).then_some(folder.len()));
    ends.map(|end| &folder[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_that_differ_in_the_word_are_one_set() {
        let folders =
            ["accounts/bors-prod/app", "accounts/bors-staging/app", "env/dev", "env/production", "x/dev"];
        let found = FolderEnvironments::find(folders, None);
        assert_eq!(found.not_chosen("accounts/bors-staging/app"), Some("staging"));
        assert_eq!(found.not_chosen("accounts/bors-prod/app"), None);
        assert_eq!(found.not_chosen("env/dev/db"), Some("dev"));
        assert_eq!(found.not_chosen("x/dev"), None, "a lone folder is no set");
    }

    #[test]
    fn another_environment_may_be_asked_for() {
        let found = FolderEnvironments::find(["env/dev", "env/prod"], Some("dev"));
        assert_eq!(found.not_chosen("env/prod"), Some("prod"));
        assert_eq!(found.not_chosen("env/dev"), None);
    }
}
