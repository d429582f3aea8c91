//! Readers of workloads never panic, whatever is broken in their files.

use std::fs;
use std::path::Path;

use linchpin::catalog::Catalog;
use linchpin::read::{FORMATS, ReadContext};
use linchpin::source::{SourceFile, Tree};

const FORMATS_HELD: &[&str] = &["compose", "kubernetes", "kustomize", "helm"];

/// A small generator of numbers, the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

#[test]
fn broken_files_are_read_to_their_end() {
    let mut numbers = Numbers(7);
    let mut read = 0;
    for name in FORMATS_HELD {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(name);
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        assert!(!files.is_empty(), "{name} has no fixture");
        for _ in 0..60 {
            let mut broken = files.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(broken.len());
                mutate(&mut broken[at].1, &mut numbers);
            }
            let tree = Tree::new(broken.iter().map(|(path, bytes)| SourceFile::new(path.as_str(), bytes)));
            read += read_all(&tree);
        }
    }
    assert!(read > 0, "nothing was read");
}

fn collect(folder: &Path, root: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, root, out);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            out.push((name, fs::read(&path).expect("file")));
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    const WORDS: &[&str] = &[
        "{{",
        "}}",
        "{{ end }}",
        "- ",
        "[",
        "{",
        "&a ",
        "*a",
        "<<: *a\n",
        "\u{fffd}",
        "|",
        "'",
        "\"",
        "\t",
        "null",
        "-1",
        "$patch: delete\n",
        "${",
        "99999999999999999999",
        "ä日",
        "\n---\n",
        ": ",
    ];
    let at = numbers.below(bytes.len() + 1).min(bytes.len());
    match numbers.below(4) {
        0 => bytes.truncate(at),
        1 => {
            let end = (at + numbers.below(40)).min(bytes.len());
            bytes.drain(at..end);
        }
        2 => {
            let word = WORDS[numbers.below(WORDS.len())];
            bytes.splice(at..at, word.bytes());
        }
        _ => {
            let end = (at + numbers.below(200)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
    }
}

fn read_all(tree: &Tree) -> usize {
    let cx = ReadContext { tree, catalog: Catalog::embedded(), environment: None };
    let mut units = 0;
    for format in FORMATS {
        let claimed = |file: &&SourceFile| format.wants(file.path()) && format.claims(file, tree);
        let files: Vec<&SourceFile> = tree.files().filter(claimed).collect();
        if !files.is_empty() {
            units += format.read(&files, &cx).units.len();
        }
    }
    units
}
