//! Instructive outages of the past against small estates, with what they have to come to.
//!
//! `fixtures/outages/CASE/expected.txt` lists `OUTAGE SERVICE STATE [what it cannot do] recoverable|stuck`, one line for
//! every service of the estate. `LINCHPIN_UPDATE=1 cargo test --test replay` writes these files anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use linchpin::analyze::{Failure, Plane, ServiceState, Simulator};
use linchpin::catalog::Catalog;
use linchpin::model::Id;
use linchpin::replay::{Effect, Mapping, replay};
use linchpin::scan::{Outcome, Request, scan_with};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn scanned(folder: &Path, catalog: &Arc<Catalog>) -> Outcome {
    let request =
        Request { include_left_out: true, ..Request::new([folder], jiff::civil::date(2026, 11, 22)) };
    scan_with(&request, catalog).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

/// What the outages that the file names come to.
fn played(case: &Path, catalog: &Arc<Catalog>) -> String {
    let expected = fs::read_to_string(case.join("expected.txt")).expect("each case says what it expects");
    let named: BTreeSet<&str> = expected.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let outages: Vec<_> =
        catalog.outages().iter().filter(|outage| named.contains(outage.id.as_str())).collect();
    assert_eq!(outages.len(), named.len(), "{}: an outage is not in the catalog", case.display());
    let outcome = scanned(case, catalog);
    let done = replay(&outcome.estate, &outcome.settings, catalog, outages, &[]);
    let mut text = String::new();
    for one in &done.outages {
        for service in &one.simulation.services {
            let cannot: Vec<&str> = service.cannot.iter().map(|phase| phase.word()).collect();
            let back = if service.recoverable { "recoverable" } else { "stuck" };
            let (id, state) = (&service.id, service.state.word());
            text += &format!("{} {id} {state} [{}] {back}\n", one.outage.id, cannot.join(" "));
        }
    }
    text
}

fn cases() -> Vec<PathBuf> {
    let folder = root().join("fixtures/outages");
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder).expect("there are cases").map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    assert!(7 <= cases.len());
    cases
}

#[test]
fn history_comes_to_what_it_came_to() {
    let mut wrong = String::new();
    for case in cases() {
        let found = played(&case, Catalog::embedded());
        let file = case.join("expected.txt");
        if std::env::var_os("LINCHPIN_UPDATE").is_some() {
            fs::write(&file, &found).expect("the file can be written");
        }
        let expected = fs::read_to_string(&file).expect("it was there");
        if expected != found {
            wrong += &format!("{} says\n{expected}but it comes to\n{found}", case.display());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn comes_to_the_same(case: &str, catalog: &Arc<Catalog>) -> bool {
    let case = root().join("fixtures/outages").join(case);
    played(&case, catalog) == played(&case, Catalog::embedded())
}

#[test]
fn without_knowledge_of_sub_providers_a_fourth_party_stays_hidden() {
    let catalog = Arc::new(Catalog::without(&["subproviders.csv"]));
    assert!(!comes_to_the_same("hidden-fourth-party", &catalog));
    assert!(comes_to_the_same("two-zones-of-three", &catalog));
    let fires = |catalog: &Arc<Catalog>| {
        let outcome = scanned(&root().join("fixtures/rules/hidden-provider/fires/estate"), catalog);
        outcome.findings.iter().filter(|finding| finding.rule == "hidden-provider").count()
    };
    assert_eq!((fires(Catalog::embedded()), fires(&catalog)), (1, 0));
}

#[test]
fn with_two_regions_swapped_history_differs() {
    let table = fs::read_to_string(root().join("data/outages.toml")).expect("the table is there");
    let swapped = table
        .replace("us-east-1", "here\u{0}")
        .replace("us-west-2", "us-east-1")
        .replace("here\u{0}", "us-west-2");
    let catalog = Catalog::with_overrides([("outages.toml", swapped)]).map(Arc::new).expect("a sound table");
    assert!(!comes_to_the_same("registry-at-scale-out", &catalog));
    assert!(comes_to_the_same("dns-operator", &catalog));
}

#[test]
fn the_shop_hears_of_an_outage_elsewhere_only_as_if_it_were_at_home() {
    let outcome = scanned(&root().join("fixtures/estates/shop"), Catalog::embedded());
    let elb = |mappings: &[Mapping]| {
        let catalog = Catalog::embedded();
        let outages = catalog.outages().iter().filter(|outage| outage.id == "aws-2012-12-24-elb");
        let done = replay(&outcome.estate, &outcome.settings, catalog, outages, mappings);
        done.outages[0].effect
    };
    assert_eq!(elb(&[]), Effect::Nothing);
    assert_eq!(elb(&[Mapping::parse("aws/eu-west-1=aws/us-east-1").expect("a mapping")]), Effect::NotKnown);
}

#[test]
fn what_runs_on_a_lost_region_is_down_along_a_path_of_dependencies() {
    let outcome = scanned(&root().join("fixtures/estates/fragile"), Catalog::embedded());
    let region = Id::new("provider:aws/eu-central-1");
    let mut simulator = Simulator::new(&outcome.estate, Plane::Both);
    let simulation =
        simulator.run(&Failure::new(&outcome.estate, std::slice::from_ref(&region), Plane::Both));
    assert!(0 < simulation.in_state(ServiceState::Down).count());
    for service in simulation.in_state(ServiceState::Down) {
        assert_eq!((service.path.first(), service.path.last()), (Some(&service.id), Some(&region)));
    }
    let control = Simulator::new(&outcome.estate, Plane::Control).run(&Failure::new(
        &outcome.estate,
        std::slice::from_ref(&region),
        Plane::Control,
    ));
    assert_eq!(control.in_state(ServiceState::Up).count(), control.services.len());
    assert!((1..=simulation.in_state(ServiceState::Down).count()).contains(&control.hampered().count()));
}

#[test]
fn an_outage_longer_than_the_objective_is_said() {
    let outcome = scanned(&root().join("fixtures/outages/status-page"), Catalog::embedded());
    let catalog = Catalog::embedded();
    let outages = catalog.outages().iter().filter(|outage| outage.id == "heroku-2025-06-10");
    let done = replay(&outcome.estate, &outcome.settings, catalog, outages, &[]);
    assert_eq!(done.outages[0].breaches, [(Id::new("app:shop"), 4 * 3600)]);
}

fn linchpin(args: &[&str]) -> (Option<i32>, String, String) {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_linchpin"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (run.status.code(), text(run.stdout), text(run.stderr))
}

#[test]
fn the_json_of_a_simulation_has_exactly_its_fields() {
    let args = ["simulate", "fixtures/estates/shop", "--fail", "aws/eu-west-1", "--format", "json"];
    let (code, out, err) = linchpin(&args);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let keys =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&answer), ["failed", "services"]);
    assert_eq!(answer["failed"], serde_json::json!(["provider:aws/eu-west-1"]));
    let services = answer["services"].as_array().expect("a list");
    assert_eq!(services.len(), 11);
    for service in services {
        assert_eq!(keys(service), ["id", "state", "path", "recoverable", "cannot", "perhaps_cannot"]);
    }
    let down = services.iter().filter(|service| service["state"] == "down").count();
    assert_eq!(down, 5);
}

#[test]
fn what_hit_one_customer_is_perhaps_in_history_and_sure_in_a_simulation() {
    let folder = "fixtures/outages/deleted-account";
    let states = |out: &str, list: &str| -> Vec<(String, String, bool)> {
        let answer: serde_json::Value = serde_json::from_str(out).expect("JSON");
        let services = answer.pointer(list).and_then(serde_json::Value::as_array).expect("a list").clone();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let one = |it: &serde_json::Value| (text(&it["id"]), text(&it["state"]), it["recoverable"] == true);
        services.iter().map(one).filter(|it| ["app:archive", "app:ledger"].contains(&it.0.as_str())).collect()
    };
    let outage = "unisuper-2024-05-02-gcve";
    let (_, history, _) = linchpin(&["replay", folder, "--outage", outage, "--format", "json"]);
    let both = |state: &str, archive, ledger| {
        [
            ("app:archive".to_owned(), state.to_owned(), archive),
            ("app:ledger".to_owned(), state.to_owned(), ledger),
        ]
    };
    assert_eq!(states(&history, "/outages/0/services"), both("not-known", true, true));
    let (_, here, _) = linchpin(&["simulate", folder, "--scenario", outage, "--format", "json"]);
    assert_eq!(states(&here, "/services"), both("down", true, false));
}

#[test]
fn what_the_organization_knows_of_its_vendors_counts() {
    let folder = "fixtures/settings/own-catalog";
    let (code, out, err) = linchpin(&["simulate", folder, "--fail", "provider:aws", "--format", "json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let answer: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let path = serde_json::json!(["app:shop", "provider:parcel-desk", "provider:aws"]);
    assert_eq!((&answer["services"][0]["state"], &answer["services"][0]["path"]), (&"down".into(), &path));
    let broken = std::env::temp_dir().join(format!("linchpin-own-catalog-{}.toml", std::process::id()));
    fs::write(&broken, "[data]\nregions = \"nowhere.csv\"\n").expect("a file in the temporary folder");
    let (code, _, err) = linchpin(&["scan", folder, "--config", &broken.to_string_lossy()]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.starts_with("not judged:") && err.contains("nowhere.csv"), "{err}");
    fs::remove_file(&broken).expect("the file is there");
}

#[test]
fn a_query_that_matches_nothing_is_not_judged() {
    let (code, out, err) = linchpin(&["simulate", "fixtures/estates/shop", "--fail", "aws/eu-wets-1"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.starts_with("not judged:") && err.contains("`provider:aws/eu-west-1`"), "{err}");
    let (code, _, err) = linchpin(&["simulate", "fixtures/estates/shop"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn replays_are_the_same_bytes_each_time() {
    let args = ["replay", "fixtures/estates/shop", "--format", "json"];
    let first = linchpin(&args);
    assert_eq!(first, linchpin(&args));
    let answer: serde_json::Value = serde_json::from_str(&first.1).expect("JSON");
    assert!(40 <= answer["outages"].as_array().expect("a list").len());
    assert!(
        linchpin(&["availability", "fixtures/estates/shop"]).1.starts_with("upper bound under independence")
    );
}
