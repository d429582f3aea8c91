//! All files of a scan, by path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::SourceFile;

/// A file or folder that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Path relative to the scanned root.
    pub path: Arc<str>,
    /// Why, in a few words.
    pub reason: String,
}

/// The files of a scan in order of path, held in memory: readers do no I/O. Clones share the files.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: Arc<BTreeMap<Arc<str>, SourceFile>>,
    watch: Option<Arc<Mutex<Looked>>>,
}

/// What somebody asked a tree for.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    paths: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Looked {
    /// Whether two trees would have given the same answers.
    pub fn is_same_in(&self, a: &Tree, b: &Tree) -> bool {
        self.paths.iter().all(|path| a.get(path) == b.get(path))
            && self.folders.iter().all(|folder| a.under(folder).eq(b.under(folder)))
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Tree {
    /// A tree of the given files.
    pub fn new(files: impl IntoIterator<Item = SourceFile>) -> Self {
        let files = files.into_iter().map(|file| (Arc::clone(file.path()), file)).collect();
        Tree { files: Arc::new(files), watch: None }
    }

    /// The same files, watched: [`Tree::looked`] says what it was asked for.
    pub fn watched(&self) -> Tree {
        Tree { files: Arc::clone(&self.files), watch: Some(Arc::default()) }
    }

    /// What this tree was asked for since it is watched; nothing where it is not.
    pub fn looked(&self) -> Looked {
        let watch = self.watch.as_ref();
        watch.map(|watch| watch.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    fn note(&self, note: impl FnOnce(&mut Looked)) {
        if let Some(watch) = &self.watch {
            note(&mut watch.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A tree of texts, for tests and standard input.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(texts.into_iter().map(|(path, text)| SourceFile::new(path, text.as_bytes())))
    }

    /// The file of exactly this path.
    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.note(|looked| {
            looked.paths.insert(path.to_owned());
        });
        self.files.get(path)
    }

    /// The file that `relative` means in `folder`: `.` and `..` are followed, but never out of the root.
    pub fn join(&self, folder: &str, relative: &str) -> Option<&SourceFile> {
        self.get(&Self::resolve(folder, relative)?)
    }

    /// The path that `relative` means in `folder`; `None` when it leaves the root or is absolute.
    pub fn resolve(folder: &str, relative: &str) -> Option<String> {
        if relative.starts_with('/') {
            return None;
        }
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    /// All files, in order of path.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.under("")
    }

    /// The files directly in a folder.
    pub fn in_folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.under(folder).filter(move |file| file.folder() == folder)
    }

    /// The files in a folder and below it.
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.note(|looked| {
            looked.folders.insert(folder.to_owned());
        });
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let start: Arc<str> = prefix.as_str().into();
        self.files.range(start..).take_while(move |(path, _)| path.starts_with(&prefix)).map(|(_, file)| file)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_tree_tells_what_its_answers_hang_on() {
        let before = Tree::of_texts([("a/x", "1"), ("b/y", "2")]);
        let watched = before.watched();
        assert!(watched.get("a/x").is_some() && watched.get("c/z").is_none());
        assert_eq!(watched.under("b").count(), 1);
        let looked = watched.looked();
        let is_same = |files: &[(&str, &str)]| looked.is_same_in(&before, &Tree::of_texts(files.to_vec()));
        assert!(is_same(&[("a/other", "new"), ("a/x", "1"), ("b/y", "2")]));
        assert!(!is_same(&[("a/x", "changed"), ("b/y", "2")]));
        assert!(!is_same(&[("a/x", "1"), ("b/y", "2"), ("b/new", "")]), "a folder that was listed");
        assert!(!is_same(&[("a/x", "1"), ("b/y", "2"), ("c/z", "")]), "a file that was looked for");
    }

    #[test]
    fn paths_are_followed_but_never_out_of_the_root() {
        assert_eq!(Tree::resolve("a/b", "../c.tf").as_deref(), Some("a/c.tf"));
        assert_eq!(Tree::resolve("a", "./b/./c").as_deref(), Some("a/b/c"));
        assert_eq!(Tree::resolve("a", "../../etc/passwd"), None);
        assert_eq!(Tree::resolve("a", "/etc/passwd"), None);
    }

    #[test]
    fn folders_are_listed_apart_from_what_is_below_them() {
        let tree = Tree::of_texts([("a/x", ""), ("a/b/y", ""), ("ab/z", "")]);
        let direct: Vec<_> = tree.in_folder("a").map(|file| file.path().to_string()).collect();
        let below: Vec<_> = tree.under("a").map(|file| file.path().to_string()).collect();
        assert_eq!(direct, ["a/x"]);
        assert_eq!(below, ["a/b/y", "a/x"]);
    }
}
