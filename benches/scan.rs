//! Whole scans of the folder that `LINCHPIN_FOLDER` names, beside what the parsers of the formats alone take for the
//! files that the scan reads. Both open the files.

use std::path::PathBuf;

use linchpin::discover::{Discovery, Options, discover};
use linchpin::scan::{Request, scan};
use linchpin::source::SourceFile;
use rayon::prelude::*;

fn main() {
    divan::main();
}

/// The folder that is measured, when there is one.
fn folders() -> Vec<String> {
    std::env::var("LINCHPIN_FOLDER").into_iter().collect()
}

fn open(folder: &str) -> Discovery {
    discover(&[PathBuf::from(folder)], &Options::default()).expect("the folder can be opened")
}

#[divan::bench(args = folders())]
fn open_files(folder: &str) -> Discovery {
    open(folder)
}

#[divan::bench(args = folders())]
fn open_and_parse_files(folder: &str) -> usize {
    let discovery = open(folder);
    let paths: Vec<&String> = discovery.claims.iter().flat_map(|claim| &claim.paths).collect();
    paths.par_iter().filter_map(|path| discovery.tree.get(path)).map(parse).sum()
}

#[divan::bench(args = folders())]
fn whole_scan(folder: &str) -> usize {
    let request = Request::new([folder], "2026-01-01".parse().expect("a day"));
    scan(&request).expect("the folder can be scanned").findings.len()
}

/// Lets the parser of a file's syntax read it; something of what it found, so that nothing is left out.
fn parse(file: &SourceFile) -> usize {
    let (text, name) = (file.text(), file.name());
    match name.rsplit('.').next() {
        Some("tf" | "tfvars" | "hcl" | "nomad") => usize::from(hcl_edit::parser::parse_body(text).is_ok()),
        Some("json" | "jsonc" | "template") if text.trim_start().starts_with(['{', '[']) => {
            let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default());
            usize::from(parsed.is_ok())
        }
        Some("yaml" | "yml" | "template") => {
            let mut parser = granit_parser::Parser::new_from_str(text);
            std::iter::from_fn(|| parser.next_event()).take_while(Result::is_ok).count()
        }
        Some("toml") => toml::de::DeTable::parse_recoverable(text).1.len(),
        _ => 0,
    }
}
