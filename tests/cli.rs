//! The program as a user runs it: exit codes, streams, formats, hostile input.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TODAY: &str = "2026-11-22";
const FORMATS: &[&str] =
    &["table", "markdown", "json", "sarif", "junit", "github", "gitlab", "dot", "mermaid", "graphml", "svg"];

fn linchpin(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
    command.args(args).env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    linchpin(args).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn estate(name: &str) -> String {
    format!("fixtures/estates/{name}")
}

fn json(path: &str) -> Value {
    let output = run(&["scan", path, "--format", "json", "--today", TODAY]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A folder of files that lives as long as the test.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path: PathBuf = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn scan_reports_and_check_gates() {
    for (args, expected) in [
        (vec!["scan", "fixtures/estates/fragile"], 0),
        (vec!["scan", "fixtures/estates/fragile", "--fail-on", "error"], 1),
        (vec!["check", "fixtures/estates/fragile"], 1),
        (vec!["check", "fixtures/estates/resilient"], 0),
        (vec!["check", "fixtures/estates/resilient", "--fail-on", "warning"], 1),
    ] {
        let output = run(&args);
        assert_eq!(code(&output), expected, "{args:?}: {}{}", stdout(&output), stderr(&output));
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn what_was_not_judged_says_so_first() {
    let empty = folder(&[("notes.txt", "nothing")]);
    let policy = folder(&[
        ("compose.yaml", "services:\n  web:\n    image: nginx\n"),
        ("linchpin.toml", "[tiers.gold]\nsurvive = [\"zone\"]\n"),
    ]);
    for args in [
        vec![],
        vec!["scan", "--no-such-option"],
        vec!["scan", "--format", "no-such-format"],
        vec!["scan", "fixtures/no-such-folder"],
        vec!["check", text(empty.path())],
        vec!["check", text(policy.path())],
        vec!["scan", "fixtures/estates/shop", "--output", "json"],
        vec!["scan", "fixtures/estates/shop", "--output", "json=fixtures/no-such-folder/x.json"],
        vec!["explain", "no-such-thing", "fixtures/estates/shop"],
    ] {
        let output = run(&args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("not judged: "), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}: {}", stdout(&output));
    }
}

#[test]
fn help_and_version_are_answers() {
    for args in [vec!["--help"], vec!["--version"], vec!["scan", "--help"], vec!["explain", "--help"]] {
        let output = run(&args);
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{args:?}");
    }
    assert!(stdout(&run(&["--help"])).contains("terraform"));
    assert!(stdout(&run(&["explain", "--help"])).contains("single-zone"));
}

#[test]
fn every_format_is_written_twice_the_same() {
    for format in FORMATS {
        let args = ["scan", "fixtures/estates/shop", "--today", TODAY, "--format", *format];
        let (first, second) = (run(&args), run(&args));
        assert_eq!(code(&first), 0, "{format}: {}", stderr(&first));
        assert!(!first.stdout.is_empty(), "{format}");
        assert!(first.stdout == second.stdout, "{format} differs from run to run");
    }
}

#[test]
fn reports_of_real_scans_fit_the_schema() {
    let schema: Value = serde_json::from_str(&stdout(&run(&["schema"]))).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for name in ["shop", "fragile", "resilient"] {
        let report = json(&estate(name));
        let errors: Vec<String> = schema
            .iter_errors(&report)
            .take(5)
            .map(|error| format!("{}: {error}", error.instance_path))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        assert_references_hold(&report);
    }
    let config: Value = serde_json::from_str(&stdout(&run(&["schema", "config"]))).expect("JSON");
    assert!(jsonschema::validator_for(&config).is_ok());
}

/// Every id that a report mentions is the id of a node, and shares sum to 1.
fn assert_references_hold(report: &Value) {
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    let ids: std::collections::BTreeSet<String> =
        list("nodes").iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), list("nodes").len(), "an id stands twice");
    let known = |id: &Value| ids.contains(id.as_str().unwrap());
    for edge in list("edges") {
        assert!(known(&edge["from"]) && known(&edge["to"]), "{edge}");
    }
    for finding in list("findings") {
        assert!(known(&finding["element"]), "{finding}");
        assert!(finding["services"].as_array().unwrap().iter().all(known), "{finding}");
        assert!(finding["path"].as_array().unwrap().iter().all(known), "{finding}");
    }
    for node in list("nodes").iter().filter(|node| node["kind"] == "service" || node["kind"] == "component") {
        assert!(!node["evidence"].as_array().unwrap().is_empty(), "{node}");
    }
    for one in list("concentration") {
        let shares = one["shares"].as_array().unwrap();
        let sum: f64 = shares.iter().map(|share| share["placement_share"].as_f64().unwrap()).sum();
        assert!(shares.is_empty() || (sum - 1.0).abs() < 1e-9, "{one}");
    }
}

#[test]
fn reports_go_to_several_files_at_once() {
    let out = folder(&[]);
    let sarif = out.path().join("out.sarif");
    let page = out.path().join("page.md");
    let output = run(&[
        "scan",
        "fixtures/estates/fragile",
        "--output",
        &format!("sarif={}", text(&sarif)),
        "--output",
        &format!("markdown={}", text(&page)),
    ]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("fragile"), "{}", stdout(&output));
    let log: Value = serde_json::from_str(&fs::read_to_string(sarif).unwrap()).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(fs::read_to_string(page).unwrap().starts_with("# linchpin: fragile"));
}

#[test]
fn a_closed_pipe_is_success() {
    for args in [vec!["scan", "fixtures/estates/shop", "--format", "json"], vec!["schema"], vec!["--help"]] {
        let mut child =
            linchpin(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let scan = |variables: &[(&str, &str)]| {
        let mut command = linchpin(&["scan", "fixtures/estates/fragile"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        stdout(&output).contains('\u{1b}')
    };
    assert!(!scan(&[]), "a pipe gets no colours");
    assert!(scan(&[("CLICOLOR_FORCE", "1")]));
    assert!(!scan(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn narrow_terminals_are_kept_to() {
    for width in ["40", "80", "160"] {
        let output = linchpin(&["scan", "fixtures/estates/shop", "--today", TODAY])
            .env("COLUMNS", width)
            .output()
            .unwrap();
        let page = stdout(&output);
        let lines = page.lines().filter(|line| !line.contains("linchpin "));
        let widest = lines.map(|line| line.chars().count()).max();
        assert!(widest <= width.parse().ok(), "{width}:\n{page}");
        assert!(width == "40" || page.lines().count() <= 45, "{width}: {} lines", page.lines().count());
    }
}

#[test]
fn names_from_manifests_command_nothing() {
    let hostile = folder(&[(
        "k8s/app.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: \"\\e]0;owned\\a\\e[31mred<script>|`x`\\u202e\"\n  \
         namespace: \"a\\nb\"\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n        - name: x\n          \
         image: \"x\\e[2J\"\n",
    )]);
    let mut silent = 0;
    for format in FORMATS {
        let output = run(&["scan", text(hostile.path()), "--format", format, "--all"]);
        assert_eq!(code(&output), 0, "{format}: {}", stderr(&output));
        let written = stdout(&output);
        let odd = written.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(odd, None, "{format}: {written}");
        silent += usize::from(!written.contains("red"));
    }
    assert!(silent <= 1, "the name was shown");
}

#[test]
fn broken_input_is_shown_and_the_rest_is_read() {
    let broken = folder(&[
        ("compose.yaml", "services:\n  web:\n    image: nginx\n"),
        ("k8s/bad.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: [\n---\n: : :\n"),
        ("infra/main.tf", "resource \"aws_instance\" \"a\" {\n  ami = \n}\n"),
    ]);
    let report = json(text(broken.path()));
    assert!(!report["diagnostics"].as_array().unwrap().is_empty());
    let strict = run(&["check", "--strict", "--fail-on", "error", text(broken.path())]);
    assert_eq!(code(&strict), 2, "{}", stdout(&strict));
    assert!(stderr(&strict).starts_with("not judged: input was read only in part"), "{}", stderr(&strict));
}

#[test]
fn explain_answers_for_rules_nodes_and_findings() {
    let page = stdout(&run(&["explain", "single-zone"]));
    assert!(page.contains("What it finds"), "{page}");
    let node = stdout(&run(&["explain", "aws_instance.web", "fixtures/estates/fragile"]));
    assert!(node.contains("tf:aws_instance.web") && node.contains("main.tf:103"), "{node}");
    let report = json(&estate("fragile"));
    let fingerprint = report["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let finding = stdout(&run(&["explain", &fingerprint[..8], "fixtures/estates/fragile"]));
    let rule = report["findings"][0]["rule"].as_str().unwrap();
    assert!(finding.contains(rule), "{finding}");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&run(&["completions", shell]));
        assert!(
            script.contains("explain") && script.contains("--fail-on") || script.contains("fail-on"),
            "{shell}"
        );
    }
}

#[test]
fn a_first_policy_and_baseline_let_pass_what_is_known() {
    let shop = folder(&[("main.tf", &fs::read_to_string(estate("fragile") + "/main.tf").unwrap())]);
    let (path, baseline) = (text(shop.path()).to_owned(), shop.path().join("linchpin-baseline.json"));
    let baseline = text(&baseline).to_owned();
    let check = |more: &[&str]| run(&[&["check", path.as_str(), "--today", TODAY], more].concat());
    assert_eq!(code(&check(&[])), 1);
    let started = run(&["init", &path, "--baseline", &baseline, "--today", TODAY]);
    assert_eq!(code(&started), 0, "{}", stderr(&started));
    assert_eq!(code(&run(&["init", &path, "--baseline", &baseline])), 2, "nothing is written over");
    let known = check(&["--baseline", &baseline]);
    assert_eq!(code(&known), 0, "{}{}", stdout(&known), stderr(&known));
    assert!(stdout(&known).contains("Against"), "{}", stdout(&known));
    assert_eq!(code(&check(&["--baseline", "no-such-revision"])), 2);
    // What is known already is accepted one by one.
    let findings = json(&path);
    let errors: Vec<&Value> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["level"] == "error" && one["status"] == "open")
        .collect();
    assert!(!errors.is_empty());
    for error in errors {
        let print = error["fingerprint"].as_str().unwrap();
        let waived = run(&[
            "waive",
            &print[..12],
            &path,
            "--reason",
            "replaced in spring",
            "--owner",
            "shop",
            "--until",
            "2026-12-24",
            "--today",
            TODAY,
        ]);
        assert_eq!(code(&waived), 0, "{}", stderr(&waived));
    }
    let accepted = check(&[]);
    assert_eq!(code(&accepted), 0, "{}", stdout(&accepted));
    let late = run(&["check", &path, "--today", "2026-12-25", "--baseline", &baseline]);
    assert_eq!(code(&late), 1, "what was accepted for a time is not known for ever: {}", stdout(&late));
}

#[test]
fn the_policy_says_from_which_level_a_check_fails() {
    let main = fs::read_to_string(estate("fragile") + "/main.tf").unwrap();
    let shop = folder(&[("main.tf", &main), ("linchpin.toml", "[policy]\nfail-on = \"off\"\n")]);
    assert_eq!(code(&run(&["check", text(shop.path())])), 0);
    assert_eq!(code(&run(&["check", text(shop.path()), "--fail-on", "error"])), 1);
}

#[test]
fn the_graph_is_narrowed_to_what_was_asked() {
    let fragile = estate("fragile");
    let graph = |more: &[&str]| run(&[&["graph", fragile.as_str()], more].concat());
    let whole = stdout(&graph(&["--format", "svg"]));
    let near = stdout(&graph(&["--format", "svg", "--focus", "tf:aws_db_instance.orders", "--depth", "1"]));
    let boxes = |text: &str| text.matches("<g><title>").count();
    assert!(0 < boxes(&near) && boxes(&near) < boxes(&whole), "{near}");
    assert!(stdout(&graph(&["--reaches", "provider:aws", "--format", "mermaid"])).starts_with("flowchart"));
    assert!(stdout(&graph(&["--collapse", "provider", "--level", "region"])).starts_with("digraph"));
    let unknown = graph(&["--focus", "nobody"]);
    assert_eq!((code(&unknown), stderr(&unknown).starts_with("not judged:")), (2, true));
}

#[test]
fn the_readme_shows_what_the_example_prints() {
    let readme = include_str!("../README.md");
    let (_, shown) = readme.split_once("```text\n").expect("an example");
    let (shown, _) = shown.split_once("```").expect("its end");
    let output = run(&["scan", &estate("shop"), "--today", TODAY]);
    assert_eq!(stdout(&output), shown);
}
