//! What linchpin builds of a kustomization is what `kubectl kustomize` builds, as a set of objects.
//!
//! Needs `kubectl`; without it the test says so and passes, unless `LINCHPIN_REQUIRE_PEERS=1` forbids that.
//! `LINCHPIN_KUSTOMIZATIONS=FOLDER` compares another tree instead of the fixtures. Charts, which need another program
//! there, are compared with golden files.

#![expect(clippy::print_stderr, reason = "what was not checked is said")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use linchpin::read::kustomize::build_folder;
use linchpin::read::yaml::{self, Data, Node};
use linchpin::source::{Problems, SourceFile, Tree};

#[test]
fn kustomizations_build_as_kubectl_builds_them() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        assert!(std::env::var_os("LINCHPIN_REQUIRE_PEERS").is_none(), "kubectl is not installed");
        eprintln!("SKIPPED: kubectl is not installed, so nothing was compared");
        return;
    }
    let other = std::env::var_os("LINCHPIN_KUSTOMIZATIONS").map(PathBuf::from);
    let is_fixture = other.is_none();
    let root =
        other.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats/kustomize"));
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    let tree = Tree::new(files);
    let mut compared = 0;
    let mut failures = Vec::new();
    for folder in kustomizations(&tree) {
        let output =
            Command::new("kubectl").arg("kustomize").arg(root.join(&folder)).output().expect("kubectl runs");
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("").to_owned();
            eprintln!("not compared: {folder}: {why}");
            assert!(!is_fixture, "kubectl refuses the fixture {folder}: {why}");
            continue;
        }
        compared += 1;
        let theirs = objects_of(&output.stdout);
        let (ours, _) = build_folder(&tree, &folder);
        let ours: BTreeMap<String, String> = ours.iter().map(|object| (name(object), text(object))).collect();
        failures.extend(differences(&folder, &theirs, &ours));
    }
    eprintln!("compared {compared} kustomizations");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 0, "no kustomization was compared");
}

/// Charts of our own beside what they come to, written by hand after Helm's documentation: `expected.yaml`.
#[test]
fn charts_render_as_their_golden_files_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/helm-golden");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    let tree = Tree::new(files);
    let folders = kustomizations(&tree);
    assert!(!folders.is_empty(), "no chart was compared");
    let mut failures = Vec::new();
    for folder in folders {
        let golden = fs::read(root.join(&folder).join("expected.yaml")).expect("expected.yaml");
        let (ours, problems) = build_folder(&tree, &folder);
        let ours: BTreeMap<String, String> = ours.iter().map(|object| (name(object), text(object))).collect();
        failures.extend(differences(&folder, &objects_of(&golden), &ours));
        failures.extend(problems.iter().map(|problem| format!("{folder}: {}", problem.message)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn collect(folder: &Path, root: &Path, out: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            collect(&path, root, out);
        } else if let Ok(bytes) = fs::read(&path) {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            out.push(SourceFile::new(name, &bytes));
        }
    }
}

fn kustomizations(tree: &Tree) -> Vec<String> {
    let is_one = |file: &&SourceFile| {
        matches!(file.name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
            && !file.text().contains("kind: Component")
    };
    tree.files().filter(is_one).map(|file| file.folder().to_owned()).collect()
}

fn objects_of(bytes: &[u8]) -> BTreeMap<String, String> {
    let file = SourceFile::new("kubectl", bytes);
    let stream = yaml::parse(&file, &mut Problems::new());
    stream.documents.iter().map(|document| (name(&document.root), text(&document.root))).collect()
}

fn name(node: &Node) -> String {
    let at = |path: &[&str]| node.str_at(path).unwrap_or("").to_owned();
    format!("{} {}/{}", at(&["kind"]), at(&["metadata", "namespace"]), at(&["metadata", "name"]))
}

/// A value without the ways in which the same thing can be written: order of keys, quotes, empty places.
fn text(node: &Node) -> String {
    match &node.data {
        Data::Scalar { .. } if node.is_null() => "null".to_owned(),
        Data::Scalar { text, .. } => format!("{:?}", text.trim_end()),
        Data::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| text(item)).collect();
            format!("[\n{}]", items.join(",\n"))
        }
        Data::Mapping(_) => {
            let sorted: BTreeMap<String, String> =
                node.entries().into_iter().map(|(key, value)| (key.text.to_string(), text(value))).collect();
            let pairs: Vec<String> =
                sorted.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{\n{}}}", pairs.join(",\n"))
        }
    }
}

fn differences(
    folder: &str,
    theirs: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut out = Vec::new();
    for (name, wanted) in theirs {
        match ours.get(name) {
            None => out.push(format!("{folder}: {name} is missing")),
            Some(own) if own != wanted => {
                let pair = wanted.lines().zip(own.lines()).find(|(a, b)| a != b);
                out.push(format!("{folder}: {name} differs: kubectl, linchpin: {pair:?}"));
            }
            Some(_) => {}
        }
    }
    out.extend(
        ours.keys()
            .filter(|name| !theirs.contains_key(*name))
            .map(|name| format!("{folder}: {name} is not kubectl's")),
    );
    out
}
