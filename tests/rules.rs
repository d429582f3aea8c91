//! Every rule on every rule's fixtures, and every rule with all that belongs to it.
//!
//! Beside each fixture, `expected.txt` lists all of its findings, so that cross-talk between rules is seen.
//! `LINCHPIN_UPDATE=1 cargo test --test rules` writes these files anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use linchpin::judge::{Finding, HEADINGS, RULES, Status};
use linchpin::scan::{Request, scan};

#[test]
fn every_rule_has_its_file_page_and_fixtures() {
    let ids: BTreeSet<String> = RULES.iter().map(|rule| rule.id().to_owned()).collect();
    assert_eq!(ids.len(), RULES.len(), "an id is registered twice");
    let files = stems(&root().join("src/judge/rules"), "rs");
    let files: BTreeSet<String> =
        files.iter().filter(|name| *name != "mod").map(|name| name.replace('_', "-")).collect();
    assert_eq!(files, ids, "files in src/judge/rules and RULES");
    assert_eq!(stems(&root().join("docs/rules"), "md"), ids, "pages in docs/rules and RULES");
    let folders: BTreeSet<String> =
        entries(&root().join("fixtures/rules")).iter().map(|path| name(path)).collect();
    assert_eq!(folders, ids, "folders in fixtures/rules and RULES");
}

#[test]
fn every_page_has_all_headings_in_order_with_text_below() {
    for rule in RULES {
        let page = rule.page();
        assert!(page.starts_with(&format!("# {}\n", rule.id())), "{}", rule.id());
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", rule.id());
        for part in page.split("\n## ").skip(1) {
            let text = part.split_once('\n').map_or("", |(_, text)| text).trim();
            assert!(10 < text.len(), "{}: {part}", rule.id());
        }
        assert!(page.contains("https://") || page.contains("ISO "), "{} names no reference", rule.id());
    }
}

#[test]
fn every_rule_fires_where_it_should_and_is_quiet_where_it_should() {
    let mut wrong = String::new();
    for rule in RULES {
        let folder = root().join("fixtures/rules").join(rule.id());
        for (case, should_fire) in [("fires", true), ("quiet", false)] {
            let case = folder.join(case);
            let findings = judged(&case.join("estate"));
            let fires = findings.iter().any(|one| one.rule == rule.id() && one.status == Status::Open);
            if fires != should_fire {
                let _ = writeln!(wrong, "{} fires: {fires}\n{}", relative(&case), listed(&findings));
            }
            compare(&case.join("expected.txt"), &listed(&findings), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn fixtures_are_judged_the_same_from_anywhere() {
    for rule in RULES.iter().take(3) {
        let estate = root().join("fixtures/rules").join(rule.id()).join("fires/estate");
        let prints =
            |findings: &[Finding]| findings.iter().map(|one| one.fingerprint.clone()).collect::<Vec<_>>();
        assert_eq!(prints(&judged(&estate)), prints(&judged(&estate)));
    }
}

fn judged(folder: &Path) -> Vec<Finding> {
    let request =
        Request { include_left_out: true, ..Request::new([folder], jiff::civil::date(2026, 11, 22)) };
    scan(&request).unwrap_or_else(|error| panic!("{}: {error}", relative(folder))).findings
}

/// One finding a line: status, level, rule, element, services, place, message.
fn listed(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.evidence.first().and_then(|evidence| evidence.location());
        let place = place.map_or("-".to_owned(), |place| format!("{}:{}", place.path, place.line));
        let (status, level, rule) = (finding.status.word(), finding.level.word(), finding.rule);
        let _ = writeln!(text, "{status} {level} {rule} {} at {place}", finding.element);
        let _ = writeln!(text, "    {}", finding.message);
    }
    text
}

fn compare(path: &Path, text: &str, wrong: &mut String) {
    if std::env::var_os("LINCHPIN_UPDATE").is_some() {
        fs::write(path, text).expect("the snapshot can be written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected != text {
        let _ = writeln!(wrong, "{} says\n{expected}but found was\n{text}", relative(path));
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let files =
        entries(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == extension));
    files.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect()
}
