//! Fault trees against `scram`, an independent program for them: the same counts by order, the same probability and
//! importance to every digit it prints.
//!
//! Without `scram` these tests say so and check nothing, unless `LINCHPIN_REQUIRE_PEERS=1`. `LINCHPIN_MODELS` names a
//! folder of further Open-PSA models.

#![expect(clippy::print_stderr, reason = "what was not checked is said")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use linchpin::analyze::fault_tree::{Builder, FaultTree, Node, Operator, Options, Probability, solve};
use linchpin::cli::fault_tree::tree_of;
use linchpin::read::open_psa::{self, Settings};
use linchpin::report;
use linchpin::source::SourceFile;

/// What scram says of one top.
struct Told {
    by_order: Vec<String>,
    probability: f64,
    /// Birnbaum's measure of each event.
    birnbaum: BTreeMap<String, f64>,
}

fn scram_is_missing() -> bool {
    let missing =
        Command::new("scram").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err();
    if missing {
        assert!(
            std::env::var_os("LINCHPIN_REQUIRE_PEERS").is_none(),
            "LINCHPIN_REQUIRE_PEERS is set and `scram` is not installed"
        );
        eprintln!("NOT CHECKED: `scram` is not installed, nothing was compared with it");
    }
    missing
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

/// Runs scram; `None` when it fails or takes too long.
fn ask_scram(files: &[PathBuf], limit: u32, seconds: u64) -> Option<Told> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let mut command = Command::new("scram");
    command.args([
        "--bdd",
        "--probability",
        "true",
        "--importance",
        "true",
        "--no-indent",
        "-l",
        &limit.to_string(),
        "-o",
    ]);
    let mut child =
        command.arg(&report).args(files).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(seconds) {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    if !status.success() {
        return None;
    }
    let text = std::fs::read_to_string(&report).unwrap();
    let tags: Vec<&str> = text.split('<').filter(|tag| tag.starts_with("sum-of-products ")).collect();
    let [tag] = tags[..] else { return None };
    let by_order =
        attribute(tag, "distribution").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let importance = text.split("<importance ").nth(1).unwrap_or_default();
    let birnbaum = importance
        .split('<')
        .filter(|tag| tag.starts_with("basic-event "))
        .filter_map(|tag| Some((attribute(tag, "name")?.to_owned(), attribute(tag, "MIF")?.parse().ok()?)))
        .collect();
    Some(Told { by_order, probability: attribute(tag, "probability")?.parse().ok()?, birnbaum })
}

fn read(files: &[PathBuf]) -> Option<FaultTree> {
    let files = files
        .iter()
        .map(|path| SourceFile::new(path.to_string_lossy().into_owned(), &std::fs::read(path).unwrap()))
        .collect();
    let (model, _) =
        open_psa::read(files, Settings::default(), &mut |_, name| Err(format!("`{name}` is not looked for")));
    tree_of(&model?, None).ok()
}

/// Whether two numbers agree to the six digits that scram prints.
fn agree(ours: f64, told: f64) -> bool {
    (ours - told).abs() <= 6e-6 * told.abs() + 1e-300
}

/// Compares one model; whether there was something to compare.
fn compare(name: &str, files: &[PathBuf], limit: u32, seconds: u64) -> bool {
    let Some(tree) = read(files) else { return false };
    let Some(told) = ask_scram(files, limit, seconds) else {
        eprintln!("{name}: scram has no answer");
        return false;
    };
    let solution = solve(&tree, &Options { limit_order: Some(limit), trials: 0, ..Options::default() });
    let mut ours: Vec<String> = solution.by_order.iter().skip(1).map(ToString::to_string).collect();
    while ours.last().is_some_and(|count| count == "0") {
        ours.pop();
    }
    let mut theirs = told.by_order;
    while theirs.last().is_some_and(|count| count == "0") {
        theirs.pop();
    }
    assert_eq!(ours, theirs, "{name}: minimal cut sets by order");
    let Some(Probability::Exact(probability)) = solution.probability else {
        panic!("{name}: no exact probability")
    };
    assert!(
        agree(probability, told.probability),
        "{name}: probability {probability}, scram says {}",
        told.probability
    );
    // Of trees that are not coherent scram gets signs wrong: in das9601 of an event that makes the top likelier.
    let measure = |birnbaum: f64| if solution.coherent { birnbaum } else { birnbaum.abs() };
    let mut compared = 0;
    for of in &solution.importance {
        if let Some(birnbaum) = told.birnbaum.get(tree.event_name(of.event)) {
            assert!(
                (measure(of.birnbaum) - measure(*birnbaum)).abs() <= 6e-6 * birnbaum.abs() + 1e-12,
                "{name}: Birnbaum's measure of `{}` is {}, scram says {birnbaum}",
                tree.event_name(of.event),
                of.birnbaum
            );
            compared += 1;
        }
    }
    assert!(compared > 0 || told.birnbaum.is_empty(), "{name}: no event was compared");
    true
}

/// Models in a folder and below it, each with the file of its events when that is apart.
fn models(folder: &Path) -> Vec<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml")
                && !stem.ends_with("-basic-events")
            {
                let events = path.with_file_name(format!("{stem}-basic-events.xml"));
                found.push(if events.exists() { vec![path, events] } else { vec![path] });
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_models_that_scram_ships_come_out_the_same() {
    if scram_is_missing() {
        return;
    }
    let folder = Path::new("/usr/share/scram/input");
    let compared: Vec<String> = models(folder)
        .into_iter()
        // An hour of computing for it; the others take none.
        .filter(|files| !files[0].to_string_lossy().contains("CEA9601"))
        .filter(|files| compare(&files[0].to_string_lossy(), files, 1_000, 20))
        .map(|files| files[0].file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    for name in [
        "BSCU",
        "HIPPS",
        "SmallTree",
        "baobab1",
        "baobab2",
        "chinese",
        "lift",
        "ne574",
        "theatre",
        "three_motor",
        "two_train",
    ] {
        assert!(compared.iter().any(|compared| compared == name), "`{name}` was not compared: {compared:?}");
    }
}

#[test]
fn further_models_come_out_the_same() {
    let Some(folder) = std::env::var_os("LINCHPIN_MODELS") else {
        eprintln!("NOT CHECKED: `LINCHPIN_MODELS` names no folder of further models");
        return;
    };
    if scram_is_missing() {
        return;
    }
    let large = ["nus9601", "das9701", "cea9601", "CEA9601", "edf9203", "edf9204"];
    let models = models(Path::new(&folder));
    let compared = models
        .iter()
        .filter(|files| !large.iter().any(|name| files[0].to_string_lossy().contains(name)))
        .filter(|files| compare(&files[0].to_string_lossy(), files, 4, 10))
        .count();
    assert!(compared > 0, "none of {} models was compared", models.len());
}

#[test]
fn trees_made_at_random_come_out_the_same() {
    if scram_is_missing() {
        return;
    }
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for round in 0..30 {
        let mut builder = Builder::new();
        let mut nodes: Vec<Node> =
            (0..12).map(|at| builder.event(format!("e{at}"), Some(0.01 + 0.03 * at as f64))).collect();
        for at in 0..20 {
            let count = 2 + random(3);
            let mut chosen: Vec<Node> = Vec::new();
            while chosen.len() < count {
                let node = nodes[nodes.len() - 1 - random(nodes.len().min(12))];
                if !chosen.contains(&node) {
                    chosen.push(node);
                }
            }
            let operator = match random(3) {
                0 => Operator::Or,
                1 => Operator::And,
                _ => Operator::AtLeast(2),
            };
            nodes.push(builder.gate(format!("g{at}"), operator, chosen));
        }
        let tree = builder.build(nodes[nodes.len() - 1]).unwrap();
        let path = folder.path().join(format!("model{round}.xml"));
        report::open_psa::write(&tree, &mut std::fs::File::create(&path).unwrap()).unwrap();
        compared += usize::from(compare(&format!("random {round}"), &[path], 1_000, 10));
    }
    assert!(compared >= 25, "only {compared} of 30 were compared");
}

/// Minimal cut sets up to order three as scram finds them in our model of a service.
fn scram_cut_sets(model: &Path) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let arguments = ["--zbdd", "--no-indent", "-l", "3", "-o"];
    let status =
        Command::new("scram").args(arguments).arg(&report).arg(model).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "scram refuses {}", model.display());
    let text = std::fs::read_to_string(&report).unwrap();
    let mut sets: Vec<Vec<String>> = text
        .split("<product ")
        .skip(1)
        .map(|product| {
            let inside = product.split("</product>").next().unwrap();
            let mut names: Vec<String> = inside
                .split("<basic-event ")
                .skip(1)
                .filter_map(|tag| attribute(&format!(" {tag}"), "name").map(str::to_owned))
                .collect();
            names.sort();
            names
        })
        .collect();
    sets.sort();
    sets
}

/// The same sets as linchpin lists them from the same model.
fn own_cut_sets(model: &Path) -> Vec<Vec<String>> {
    let tree = read(&[model.to_owned()]).expect("our own model can be read");
    let solution = solve(&tree, &Options { limit_order: Some(3), probability: false, ..Options::default() });
    let mut sets: Vec<Vec<String>> = solution
        .smallest(100_000)
        .into_iter()
        .map(|set| {
            let mut names: Vec<String> =
                set.into_iter().map(|event| tree.event_name(event).to_owned()).collect();
            names.sort();
            names
        })
        .collect();
    sets.sort();
    sets
}

/// Compares up to `most` services of a folder, those with most cut sets of more than one element first.
fn compare_services(folder: &Path, most: usize) {
    let request = linchpin::scan::Request::new([folder], jiff::civil::date(2026, 1, 1));
    let outcome = linchpin::scan::scan(&request).unwrap();
    let faults = linchpin::analyze::FaultModel::new(&outcome.estate, linchpin::model::Phase::Runtime);
    let cut_sets = linchpin::analyze::cut_sets(&outcome.estate, linchpin::model::Phase::Runtime);
    let mut services: Vec<_> = cut_sets.iter().collect();
    services.sort_by_key(|(id, sets)| (std::cmp::Reverse(sets.sets.len()), *id));
    assert!(!services.is_empty(), "{} has no service", folder.display());
    let scratch = tempfile::tempdir().unwrap();
    for (service, sets) in services.into_iter().take(most) {
        let element = faults.element(service).unwrap();
        let tree = faults.fault_tree(element).unwrap();
        let model = scratch.path().join("model.xml");
        report::open_psa::write(&tree, &mut std::fs::File::create(&model).unwrap()).unwrap();
        let theirs = scram_cut_sets(&model);
        assert_eq!(own_cut_sets(&model), theirs, "cut sets of {service}");
        assert_eq!(sets.sets.len(), theirs.len(), "the scan lists as many for {service}");
    }
}

#[test]
fn services_of_the_fixtures_have_the_cut_sets_that_scram_finds() {
    if scram_is_missing() {
        return;
    }
    for estate in ["fragile", "resilient", "shop"] {
        compare_services(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/estates").join(estate), 5);
    }
}

#[test]
fn services_of_real_repositories_have_the_cut_sets_that_scram_finds() {
    let Some(corpus) = std::env::var_os("LINCHPIN_CORPUS").map(PathBuf::from) else {
        eprintln!("NOT CHECKED: LINCHPIN_CORPUS names no folder of repositories");
        return;
    };
    if scram_is_missing() {
        return;
    }
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    for folder in folders {
        compare_services(&folder, 1);
    }
}
