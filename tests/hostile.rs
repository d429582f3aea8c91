//! Input that is made to hang or to fill the memory is read to its end, within limits, and says where it was cut.
//!
//! Each case runs as a process of its own whose memory and processor time the system bounds: one that needs more ends
//! by a signal, and the test fails.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Most memory of a scan, in KiB of address space, and most processor time, in seconds. Both are far above what the
/// largest case needs in a build for debugging.
const MEMORY_KIB: u64 = 3_000_000;
const CPU_SECONDS: u64 = 300;

/// Folders of `fixtures/hostile`, and words that the diagnostics of each have to say.
const FOLDERS: &[(&str, &[&str])] = &[
    ("yaml-laughs", &["makes the document too large"]),
    ("yaml-merges", &["makes the document too large"]),
    (
        "compose-circles",
        &["include each other too deep", "`../../../../etc/passwd` is not among the scanned files"],
    ),
    ("compose-numbers", &[]),
    ("kustomize-circle", &["use each other in a circle"]),
    (
        "kustomize-escape",
        &["`../../../../etc/passwd` is not in the scanned files", "`/etc/passwd` is not among"],
    ),
    ("helm-circle", &["templates call each other too deep"]),
    (
        "helm-growth",
        &[
            "`until` would make more than is rendered",
            "`repeat` would make more than is rendered",
            "`replace` would make more than is rendered",
            "`indent` would make more than is rendered",
            "`join` would make more than is rendered",
        ],
    ),
    ("terraform-circle", &["`module.a.module.b` calls a module that it stands in"]),
    ("terraform-escape", &["the source of `module.a` is not in the tree"]),
    ("terraform-numbers", &[]),
    ("terraform-ranges", &["is too large to be evaluated in full"]),
    ("terraform-modules", &["is too large to be evaluated in full"]),
    ("terragrunt-circle", &[]),
    ("cloudformation-circle", &[]),
    ("cloudformation-loops", &["makes more resources than are read"]),
    ("serverless-circle", &["`../../../../../etc/passwd` is not among the scanned files"]),
    (
        "zone-circle",
        &["no more than 20000 generated records are read", "includes nest deeper than 8", "etc/passwd"],
    ),
    (
        "dnscontrol-growth",
        &[
            "`while` is not followed",
            "the values of this configuration multiply",
            "`../../../etc/passwd` is not among the scanned files",
        ],
    ),
    ("backstage-circle", &["`../../../../etc/passwd` is not among the scanned files"]),
    ("pipelines-circle", &[]),
    ("names", &[]),
    ("encodings", &["bytes that are not UTF-8 were replaced", "not text"]),
];

#[test]
fn folders_of_hostile_files_are_read_within_limits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile");
    for (folder, words) in FOLDERS {
        assert_says(folder, &root.join(folder), words);
    }
    let listed: Vec<&str> = FOLDERS.iter().map(|(folder, _)| *folder).collect();
    for entry in fs::read_dir(&root).expect("fixtures") {
        let name = entry.expect("entry").file_name().to_string_lossy().into_owned();
        assert!(listed.contains(&name.as_str()), "`{name}` is in no list");
    }
}

#[test]
fn every_syntax_is_read_to_a_depth() {
    let nested = |open: &str, inside: &str, close: &str| {
        format!("{}{inside}{}", open.repeat(100_000), close.repeat(100_000))
    };
    let compose = |text: String| format!("services:\n  a:\n    image: redis\n    x: {text}\n");
    let locals =
        |text: String| format!("locals {{\n  a = {text}\n}}\nresource \"aws_instance\" \"a\" {{}}\n");
    let blocks: String = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(6 + depth))).collect();
    let chart = "apiVersion: v2\nname: a\nversion: 1.0.0\n";
    let yaml = "recursion limit exceeded";
    let (json, hcl, toml) = ("Maximum nesting depth exceeded", "nested levels", "recurs");
    for (name, files, word) in [
        ("flow lists", vec![("compose.yaml", compose(nested("[", "", "]")))], yaml),
        ("flow mappings", vec![("compose.yaml", compose(nested("{a: ", "", "}")))], yaml),
        ("block lists", vec![("compose.yaml", compose(format!("\n      {}a", "- ".repeat(100_000))))], yaml),
        ("block mappings", vec![("compose.yaml", compose(format!("\n{blocks}")))], yaml),
        (
            "JSON",
            vec![("terraform.tfstate", format!("{{\"version\": 4, \"x\": {}}}", nested("[", "", "]")))],
            json,
        ),
        (
            "JSON with comments",
            vec![("wrangler.jsonc", format!("{{\"x\": {}}}", nested("[", "", "]")))],
            json,
        ),
        ("HCL lists", vec![("main.tf", locals(nested("[", "", "]")))], hcl),
        ("HCL parentheses", vec![("main.tf", locals(nested("(", "1", ")")))], hcl),
        ("HCL templates", vec![("main.tf", locals(format!("\"{}\"", nested("${\"", "", "\"}"))))], hcl),
        ("HCL operators", vec![("main.tf", locals(nested("!", "true", "")))], hcl),
        ("HCL blocks", vec![("main.tf", nested("a {\n", "", "}\n"))], hcl),
        ("TOML lists", vec![("fly.toml", format!("app = \"a\"\nx = {}\n", nested("[", "", "]")))], toml),
        ("TOML tables", vec![("fly.toml", format!("app = \"a\"\n[{}a]\n", "a.".repeat(100_000)))], toml),
        (
            "templates",
            vec![
                ("Chart.yaml", chart.into()),
                ("templates/a.yaml", nested("{{ if true }}", "", "{{ end }}")),
            ],
            "nest too deep",
        ),
        (
            "actions",
            vec![
                ("Chart.yaml", chart.into()),
                ("templates/a.yaml", format!("{{{{ {} }}}}", nested("(", "1", ")"))),
            ],
            "nests too deep",
        ),
        (
            "JavaScript",
            vec![("dnsconfig.js", format!("var a = {};\nD(\"a.example\");\n", nested("[", "", "]")))],
            "",
        ),
        (
            "variables of compose",
            vec![("compose.yaml", compose(format!("\"{}\"", nested("${A:-", "", "}"))))],
            "",
        ),
    ] {
        let files = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        assert_files_say(name, files, &[word]);
    }
}

#[test]
fn what_multiplies_itself_is_cut() {
    let kustomizations = (0..30).flat_map(|level| {
        ["l", "m"].map(|side| {
            let text = format!("namePrefix: {side}-\nresources: [../l{0}, ../m{0}]\n", level + 1);
            (format!("{side}{level}/kustomization.yaml"), text)
        })
    });
    let composes = (0..12).map(|level| {
        let includes = vec![format!("c{}.yaml", level + 1); 12].join(", ");
        (
            format!("c{level}.yaml"),
            format!("include: [{includes}]\nservices: {{s{level}: {{image: redis}}}}\n"),
        )
    });
    let composes =
        composes.chain([("compose.yaml".to_owned(), "include: [c0.yaml]\nservices: {}\n".to_owned())]);
    let mut text = "\"xxxxxxxx\"".to_owned();
    for _ in 0..25 {
        text = format!("{{\"Fn::Sub\": [\"${{A}}${{A}}${{A}}${{A}}\", {{\"A\": {text}}}]}}");
    }
    let bucket = format!("{{\"Type\": \"AWS::S3::Bucket\", \"Properties\": {{\"BucketName\": {text}}}}}");
    let stack =
        format!("{{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Resources\": {{\"A\": {bucket}}}}}");
    let mut locals = "locals {\n  a0 = \"abcdefgh\"\n  b0 = [\"x\"]\n".to_owned();
    for at in 1..60 {
        let last = at - 1;
        locals += &format!("  a{at} = \"${{local.a{last}}}${{local.a{last}}}\"\n");
        locals += &format!("  b{at} = concat(local.b{last}, local.b{last})\n");
    }
    locals += "}\nresource \"aws_instance\" \"a\" {\n  ami = local.a59\n  tags = { a = jsonencode(local.b59) }\n}\n";
    for (name, files, word) in [
        ("kustomizations", kustomizations.collect::<Vec<_>>(), "use each other more often than is followed"),
        ("includes of compose", composes.collect(), "more files are included than are followed"),
        ("texts of CloudFormation", vec![("stack.json".to_owned(), stack)], ""),
        ("locals of Terraform", vec![("main.tf".to_owned(), locals)], ""),
    ] {
        let files = files.iter().map(|(path, text)| (path.as_str(), text.clone().into_bytes())).collect();
        assert_files_say(name, files, &[word]);
    }
}

#[test]
fn long_lines_are_read() {
    let long = |start: &str, part: &str, megabytes: usize, end: &str| {
        format!("{start}{}{end}", part.repeat((megabytes << 20) / part.len())).into_bytes()
    };
    for (name, files, word) in [
        (
            "larger than is read",
            vec![("compose.yaml", long("services: {a: {image: ", "x", 100, "}}\n"))],
            "larger than",
        ),
        (
            "a scalar",
            vec![("compose.yaml", long("services:\n  a: {image: redis, command: \"", "a", 8, "\"}\n"))],
            "",
        ),
        (
            "open braces",
            vec![("compose.yaml", long("services:\n  a: {image: redis, command: '", "${", 1, "'}\n"))],
            "",
        ),
        (
            "hosts",
            vec![
                ("compose.yaml", b"services:\n  a: {image: redis, env_file: .env}\n".to_vec()),
                (".env", long("A=", "http://a.example.com:80 ", 8, "\n")),
            ],
            "",
        ),
        ("words of a zone", vec![("db.example.com", long("$ORIGIN example.com.\n@ NS ", "a ", 2, "\n"))], ""),
        ("JSON", vec![("terraform.tfstate", long("{\"version\": 4, \"x\": [", "0,", 8, "0]}"))], ""),
    ] {
        assert_files_say(name, files, &[word]);
    }
}

#[test]
fn links_are_followed_inside_the_folder_alone() {
    let outside = tempfile::tempdir().expect("folder");
    fs::write(outside.path().join("compose.yaml"), "services: {secret: {image: redis}}\n").expect("file");
    let folder = tempfile::tempdir().expect("folder");
    let link =
        |from: &str, to: &Path| std::os::unix::fs::symlink(to, folder.path().join(from)).expect("link");
    fs::write(folder.path().join("compose.yaml"), "services: {own: {image: redis}}\n").expect("file");
    link("loop", Path::new("."));
    link("up", Path::new(".."));
    link("one", Path::new("two"));
    link("two", Path::new("one"));
    link("self.yaml", Path::new("self.yaml"));
    link("away", outside.path());
    link("away-compose.yaml", &outside.path().join("compose.yaml"));
    let output = scan(folder.path(), "json");
    let report = report(&output).expect("a report");
    let names: Vec<&str> = array(&report["nodes"])
        .iter()
        .filter_map(|node| node["id"].as_str())
        .filter(|id| id.contains("compose:"))
        .collect();
    assert_eq!(names, ["compose:own"]);
}

#[test]
fn names_write_no_codes_and_no_markup() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile/names");
    for format in ["table", "markdown", "svg", "junit", "sarif", "json", "dot", "graphml"] {
        let text = String::from_utf8(scan(&folder, format).stdout).expect("UTF-8");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{format} holds control characters");
        if matches!(format, "svg" | "junit" | "graphml") {
            assert!(!text.contains("<script>"), "{format} holds markup");
        }
    }
}

fn assert_files_say(name: &str, files: Vec<(&str, Vec<u8>)>, words: &[&str]) {
    let folder = tempfile::tempdir().expect("folder");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folder");
        fs::write(path, bytes).expect("file");
    }
    assert_says(name, folder.path(), words);
}

/// The scan ends by itself with a report, or says why it judged nothing; each of the words is said somewhere.
fn assert_says(name: &str, folder: &Path, words: &[&str]) {
    let output = scan(folder, "json");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = match (output.status.code(), report(&output)) {
        (Some(0), Some(report)) => said(&report),
        (Some(2), None) => vec![stderr],
        (code, _) => panic!("{name} ended with {code:?} ({:?}): {stderr}", output.status),
    };
    for word in words.iter().filter(|word| !word.is_empty()) {
        assert!(said.iter().any(|one| one.contains(word)), "{name} does not say `{word}` but {said:#?}");
    }
}

fn scan(folder: &Path, format: &str) -> Output {
    let limits = format!("ulimit -v {MEMORY_KIB} 2>/dev/null; ulimit -t {CPU_SECONDS}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_linchpin"), "scan", "--format", format])
        .arg(folder)
        .output()
        .expect("linchpin runs")
}

fn report(output: &Output) -> Option<Value> {
    serde_json::from_slice(&output.stdout).ok()
}

/// Every diagnostic, and every reason for which a file was left out.
fn said(report: &Value) -> Vec<String> {
    let texts = |list: &Value, field: &str| -> Vec<String> {
        array(list).iter().filter_map(|one| one[field].as_str()).map(str::to_owned).collect()
    };
    let mut said = texts(&report["diagnostics"], "message");
    said.extend(texts(&report["inputs"]["skipped"], "reason"));
    said
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
