//! What was read once, for other versions of the same files.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Format, ReadContext};
use crate::model::Declarations;
use crate::source::{Looked, SourceFile, Tree};

/// What formats declared of files with one catalog. Who reads a second version of them, or the same once more, gets
/// what a format declared before if neither its own files nor any other that it looked at differ.
#[derive(Default)]
pub struct Readings(Mutex<HashMap<&'static str, Vec<Reading>>>);

struct Reading {
    environment: Option<String>,
    paths: Vec<String>,
    tree: Tree,
    looked: Looked,
    declared: Declarations,
}

impl Readings {
    /// What the format declares of the files at these paths.
    pub fn read(&self, format: &'static dyn Format, paths: &[String], cx: &ReadContext<'_>) -> Declarations {
        if let Some(declared) = self.known(format, paths, cx) {
            return declared;
        }
        let tree = cx.tree.watched();
        let declared = read(format, paths, &ReadContext { tree: &tree, ..*cx });
        let reading = Reading {
            environment: cx.environment.map(str::to_owned),
            paths: paths.to_vec(),
            looked: tree.looked(),
            tree: cx.tree.clone(),
            declared: declared.clone(),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(format.name()).or_default().push(reading);
        declared
    }

    fn known(&self, format: &dyn Format, paths: &[String], cx: &ReadContext<'_>) -> Option<Declarations> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = known.get(format.name())?;
        let same = readings.iter().find(|reading| reading.holds_for(paths, cx));
        same.map(|reading| reading.declared.clone())
    }
}

impl Reading {
    fn holds_for(&self, paths: &[String], cx: &ReadContext<'_>) -> bool {
        self.environment.as_deref() == cx.environment
            && self.paths == paths
            && paths.iter().all(|path| self.tree.get(path) == cx.tree.get(path))
            && self.looked.is_same_in(&self.tree, cx.tree)
    }
}

/// Reads the files at these paths.
pub fn read(format: &dyn Format, paths: &[String], cx: &ReadContext<'_>) -> Declarations {
    let files: Vec<&SourceFile> = paths.iter().filter_map(|path| cx.tree.get(path)).collect();
    format.read(&files, cx)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::catalog::Catalog;

    /// Reads `*.main`, looks at `shared` too, and counts how often it reads.
    struct Counting;

    static READ: AtomicUsize = AtomicUsize::new(0);

    impl Format for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn summary(&self) -> &'static str {
            ""
        }

        fn wants(&self, path: &str) -> bool {
            path.ends_with(".main")
        }

        fn claims(&self, _: &SourceFile, _: &Tree) -> bool {
            true
        }

        fn read(&self, _: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
            cx.tree.get("shared");
            READ.fetch_add(1, Ordering::Relaxed);
            Declarations::default()
        }
    }

    #[test]
    fn what_did_not_change_is_read_once() {
        let readings = Readings::default();
        let read = |files: &[(&str, &str)], environment: Option<&str>| {
            let tree = Tree::of_texts(files.to_vec());
            let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment };
            readings.read(&Counting, &["a.main".to_owned()], &cx);
            READ.load(Ordering::Relaxed)
        };
        assert_eq!(read(&[("a.main", "1"), ("shared", "1"), ("b", "1")], None), 1);
        assert_eq!(read(&[("a.main", "1"), ("shared", "1"), ("b", "2")], None), 1);
        assert_eq!(read(&[("a.main", "1"), ("shared", "2"), ("b", "2")], None), 2);
        assert_eq!(read(&[("a.main", "2"), ("shared", "2"), ("b", "2")], None), 3);
        assert_eq!(read(&[("a.main", "2"), ("shared", "2"), ("b", "2")], Some("staging")), 4);
        assert_eq!(read(&[("a.main", "1"), ("shared", "1"), ("c", "")], None), 4);
    }
}
