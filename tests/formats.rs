//! Every folder of `fixtures/formats` that has an `expected.txt` reads as that file says.
//!
//! `UPDATE=1 cargo test --test formats` writes what was read; look at the difference before it is committed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use linchpin::catalog::Catalog;
use linchpin::model::{Declarations, Node, Reference, Target};
use linchpin::read::{FORMATS, ReadContext};
use linchpin::source::{SourceFile, Tree};

#[test]
fn fixtures_read_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&root).expect("fixtures").map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let mut checked = 0;
    for folder in folders.iter().filter(|folder| folder.join("expected.txt").exists()) {
        let expected = fs::read_to_string(folder.join("expected.txt")).expect("expected.txt");
        let actual = read(folder);
        if update {
            fs::write(folder.join("expected.txt"), &actual).expect("write expected.txt");
        } else {
            assert_eq!(actual, expected, "{}", folder.display());
        }
        checked += 1;
    }
    assert!(checked > 0, "no fixture has an expected.txt");
}

fn read(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    let tree = Tree::new(files);
    let catalog = Catalog::embedded();
    let mut out = String::new();
    for format in FORMATS {
        let is_first = |file: &&SourceFile| {
            let wanting = FORMATS.iter().find(|other| other.wants(file.path()) && other.claims(file, &tree));
            wanting.is_some_and(|first| first.name() == format.name())
        };
        let files: Vec<&SourceFile> = tree.files().filter(is_first).collect();
        if !files.is_empty() {
            let declarations = format.read(&files, &ReadContext { tree: &tree, catalog, environment: None });
            write_declarations(&mut out, &declarations);
        }
    }
    out
}

fn collect(folder: &Path, root: &Path, out: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            collect(&path, root, out);
        } else if !path.ends_with("expected.txt") {
            let name = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            out.push(SourceFile::new(name, &fs::read(&path).expect("file")));
        }
    }
}

fn write_declarations(out: &mut String, declarations: &Declarations) {
    for unit in &declarations.units {
        let environments: Vec<_> = unit
            .environments
            .iter()
            .map(|environment| format!("{}{}", environment.name, if environment.chosen { "*" } else { "" }))
            .collect();
        writeln!(out, "{} {} {}", unit.format, unit.name, environments.join(" ")).expect("text");
        for node in &unit.nodes {
            write_node(out, node);
        }
        for edge in &unit.edges {
            let group = edge.group.as_ref().map_or(String::new(), |group| format!(" in {group}"));
            writeln!(out, "  {} -> {} {} {}{group}", edge.from, edge.to, edge.phase, edge.need)
                .expect("text");
        }
        for reference in &unit.references {
            write_reference(out, reference);
        }
    }
    for problem in declarations.problems.iter() {
        let (place, severity) = (&problem.location, problem.severity.word());
        writeln!(out, "! {}:{} {severity}: {}", place.path, place.line, problem.message).expect("text");
    }
}

fn write_node(out: &mut String, node: &Node) {
    let place = &node.placement;
    let words = [
        node.type_name.clone(),
        node.category.map(|category| category.to_string()),
        place.provider.clone(),
        place.service.clone(),
        place.region.as_ref().map(|region| format!("region={region}")),
        place.region_unknown.as_ref().map(|why| format!("region?={why}")),
        (!place.zones.is_empty()).then(|| format!("zones={}", place.zones.join("+"))),
        node.replication.replicas.map(|replicas| format!("replicas={replicas}")),
        node.replication.unknown.as_ref().map(|why| format!("replicas?={why}")),
        Some(format!("tolerates={}", node.tolerance)),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let at = node.evidence.first().and_then(|evidence| evidence.location());
    let at = at.map_or(String::new(), |at| format!(" @{}:{}", at.path, at.line));
    writeln!(out, "  {} {} {}{at}", node.id, node.kind, words.join(" ")).expect("text");
    for (attribute, fact) in node.attributes.iter() {
        writeln!(out, "    {attribute:?} = {:?}", fact.value).expect("text");
    }
}

fn write_reference(out: &mut String, reference: &Reference) {
    let target = match &reference.target {
        Target::Id(id) => id.to_string(),
        Target::Host { name, port, scheme } => {
            let scheme = scheme.as_ref().map_or(String::new(), |scheme| format!("{scheme}://"));
            format!("host {scheme}{name}{}", port.map_or(String::new(), |port| format!(":{port}")))
        }
        Target::Address(address) => format!("address {address}"),
        Target::Image(image) => format!("image {image}"),
        Target::Provider { provider, service, region } => {
            format!(
                "provider {provider} {} {}",
                service.as_deref().unwrap_or("-"),
                region.as_deref().unwrap_or("-")
            )
        }
        Target::Unresolved { text, because } => format!("unresolved `{text}`: {because}"),
    };
    let group = reference.group.as_ref().map_or(String::new(), |group| format!(" in {group}"));
    writeln!(out, "  {} -> {target} {} {}{group}", reference.from, reference.phase, reference.need)
        .expect("text");
}
