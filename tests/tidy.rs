//! Rules of the repository itself: who imports whom, who does I/O, and that every registry is complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use linchpin::read::FORMATS;
use linchpin::report::REPORTS;

/// Which parts of the library each part may name. A part may always name itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("model", &["source"]),
    ("catalog", &["source", "model"]),
    ("read", &["source", "model", "catalog"]),
    ("resolve", &["source", "model", "catalog"]),
    ("discover", &["source", "read"]),
    ("assemble", &["source", "model", "catalog", "read"]),
    ("analyze", &["model"]),
    ("judge", &["source", "model", "analyze", "catalog"]),
    ("report", &["source", "model", "analyze", "judge", "scan"]),
];

/// Readers that end in another reader's types: what they read is a way to write those.
const BUILDS_ON: &[(&str, &str)] = &[
    ("kustomize", "kubernetes"),
    ("helm", "kubernetes"),
    ("terraform", "kubernetes"),
    ("terraform_json", "terraform"),
    ("cloudformation", "terraform"),
    ("arm", "terraform"),
    ("arm", "cloudformation"),
    ("bicep", "arm"),
];

/// The parts that may open files, sockets or programs, or print.
const MAY_DO_IO: &[&str] = &["discover", "resolve", "cli"];

#[test]
fn stages_import_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for (stage, allowed) in MAY_IMPORT {
        for file in rust_files(&root().join("src").join(stage)).into_iter().filter(|file| !is_for_tests(file))
        {
            for part in named_parts(&without_tests(&read(&file))) {
                if part != *stage && !allowed.contains(&part.as_str()) {
                    wrong.push(format!("{} names crate::{part}", relative(&file)));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_stage_is_held_to_its_imports() {
    let held: BTreeSet<String> = MAY_IMPORT.iter().map(|(stage, _)| (*stage).to_owned()).collect();
    let folders = entries(&root().join("src")).into_iter().filter(|path| path.is_dir());
    let stages: BTreeSet<String> = folders.map(|path| name(&path)).filter(|stage| stage != "cli").collect();
    assert_eq!(stages, held);
}

#[test]
fn siblings_do_not_import_each_other() {
    let mut wrong = Vec::new();
    for (folder, part) in [("read", "read"), ("judge/rules", "rules")] {
        let siblings = registered_modules(&root().join("src").join(folder));
        for sibling in &siblings {
            for file in rust_files(&root().join("src").join(folder)) {
                let is_own = relative(&file).split(['/', '.']).any(|piece| piece == sibling);
                let path = format!("{part}::{sibling}::");
                let builds_on = BUILDS_ON.iter().any(|(file_part, base)| {
                    base == sibling && relative(&file).split(['/', '.']).any(|piece| piece == *file_part)
                });
                if !is_own
                    && !builds_on
                    && name(&file) != "mod.rs"
                    && without_tests(&read(&file)).contains(&path)
                {
                    wrong.push(format!("{} names its sibling {sibling}", relative(&file)));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_edges_do_io() {
    let signs = ["std::fs", "std::process", "TcpStream", "UdpSocket", "println!", "std::env::", "stdout()"];
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let path = relative(&file);
        let stage = path.split('/').nth(1).unwrap_or("");
        if MAY_DO_IO.contains(&stage) || path == "src/main.rs" || path.ends_with("tests.rs") {
            continue;
        }
        let text = without_tests(&read(&file));
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code.filter(|line| signs.iter().any(|sign| line.contains(sign))) {
            wrong.push(format!("{path}: {}", line.trim()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_format_is_registered_and_documented() {
    let registry = read(&root().join("src/read/mod.rs"));
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name()).collect();
    assert_eq!(names.len(), FORMATS.len(), "two formats of one name");
    let unregistered: Vec<String> = implementers("src/read", "impl Format for ")
        .into_iter()
        .filter(|name| !registry.contains(&format!("::{name},")) && !registry.contains(&format!("::{name}]")))
        .collect();
    assert_eq!(unregistered, Vec::<String>::new());
    let mut missing = Vec::new();
    for format in FORMATS {
        let page = format!("docs/formats/{}.md", format.name());
        let fixtures = format!("fixtures/formats/{}", format.name());
        missing.extend([page, fixtures].into_iter().filter(|path| !root().join(path).exists()));
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_format_is_fuzzed() {
    let targets = read(&root().join("fuzz/src/lib.rs"));
    let left: Vec<&str> = FORMATS
        .iter()
        .map(|format| format.name())
        .filter(|name| !targets.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(left, Vec::<&str>::new(), "formats that no target of `fuzz/src/lib.rs` reads");
}

#[test]
fn every_report_is_registered_and_documented() {
    let written = implementers("src/report", "impl Report for ").len();
    assert_eq!(written, REPORTS.len(), "reports written and reports registered");
    let page = read(&root().join("docs/reports.md"));
    let missing: Vec<_> = REPORTS
        .iter()
        .map(|report| format!("## {}\n", report.name()))
        .filter(|it| !page.contains(it))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let signs = [
        ["/wo", "rk/main"].concat(),
        ["/wo", "rk/shared"].concat(),
        ["/wo", "rk/wt"].concat(),
        ["/ro", "ot/."].concat(),
        ["/home/", "user"].concat(),
    ];
    let mut wrong = Vec::new();
    for file in text_files(&root()) {
        let text = read(&file);
        if let Some(sign) = signs.iter().find(|sign| text.contains(*sign)) {
            wrong.push(format!("{} holds {sign}", relative(&file)));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_function_is_endless() {
    const LIMIT: usize = 100;
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        for (line, length) in long_functions(&read(&file), LIMIT) {
            wrong.push(format!("{}:{line}: {length} lines", relative(&file)));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_helpers_see_what_they_look_for() {
    assert_eq!(named_parts("use crate::model::Id;\ncrate::scan::scan(x)\nmycrate::no"), ["model", "scan"]);
    assert_eq!(named_parts("use crate::{model::Id, source::Tree};"), ["model", "source"]);
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n b\n}\n"), "a\n");
    assert_eq!(long_functions("fn a() {\n 1\n 2\n}\nfn b() {}\n", 3), [(1, 4)]);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).map(|all| all.map(|one| one.unwrap().path()).collect()).unwrap_or_default();
    paths.sort();
    paths
}

fn is_for_tests(file: &Path) -> bool {
    ["tests.rs", "sample.rs"].contains(&name(file).as_str())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files_below(folder).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in entries(folder) {
        let is_left_out = path.is_dir() && ["target", ".git", "node_modules"].contains(&name(&path).as_str());
        match (is_left_out, path.is_dir()) {
            (true, _) => {}
            (false, true) => files.extend(files_below(&path)),
            (false, false) => files.push(path),
        }
    }
    files
}

fn text_files(folder: &Path) -> Vec<PathBuf> {
    let kinds =
        ["rs", "md", "toml", "json", "yml", "yaml", "tf", "sh", "tsv", "csv", "py", "snap", "html", "js"];
    let is_text = |path: &PathBuf| {
        path.extension().is_none_or(|kind| kinds.iter().any(|it| kind == *it)) && name(path) != ".git"
    };
    files_below(folder).into_iter().filter(is_text).collect()
}

/// The parts of the library that a text names: `crate::part` and `crate::{part::…, …}`.
fn named_parts(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut parts = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split("};").next().unwrap_or("");
                parts.extend(list.split(',').map(|one| word(one.trim())));
            }
            None => drop(parts.insert(word(rest))),
        }
    }
    parts.into_iter().filter(|part| part.chars().next().is_some_and(|c| c.is_ascii_lowercase())).collect()
}

/// The text before the tests at a file's end.
fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or("").to_owned()
}

/// The types that implement a trait.
fn implementers(folder: &str, sign: &str) -> Vec<String> {
    let files = rust_files(&root().join(folder));
    let texts = files.iter().map(|file| without_tests(&read(file)));
    let word = |rest: &str| -> String { rest.chars().take_while(char::is_ascii_alphanumeric).collect() };
    let names = texts.flat_map(|text| text.split(sign).skip(1).map(word).collect::<Vec<_>>());
    names.filter(|name| !name.is_empty()).collect()
}

/// The modules whose items a registry lists: `&name::Type` in `mod.rs`.
fn registered_modules(folder: &Path) -> Vec<String> {
    let text = read(&folder.join("mod.rs"));
    let in_registry = text.split("&[").skip(1).flat_map(|list| list.split('&'));
    let names =
        in_registry.filter_map(|entry| entry.split_once("::")).map(|(name, _)| name.trim().to_owned());
    let mut names: Vec<String> = names
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Functions of more than `limit` lines: where they start and how long they are.
fn long_functions(text: &str, limit: usize) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function =
            ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "async fn ", "pub async fn "]
                .iter()
                .any(|sign| code.starts_with(sign));
        if !is_function || line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        let indent = line.len() - code.len();
        let is_end = |line: &&str| line.len() == indent + 1 && line.ends_with('}');
        let length = lines[start..].iter().position(is_end).map(|end| end + 1);
        found.extend(length.filter(|length| limit < *length).map(|length| (start + 1, length)));
    }
    found
}
