//! The example organizations and what is known about them (`EXPECTED.md` in each).

use std::collections::BTreeSet;
use std::path::Path;

use linchpin::judge::{Finding, FindingLevel, Status};
use linchpin::scan::{Outcome, Request, scan};

fn outcome(name: &str) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let request = Request::new([root.join("fixtures/estates").join(name)], jiff::civil::date(2026, 11, 22));
    scan(&request).expect("the estate is there")
}

/// `ELEMENT RULE` of the findings that hold.
fn found(outcome: &Outcome, holds: impl Fn(&Finding) -> bool) -> BTreeSet<String> {
    let findings = outcome.findings.iter().filter(|finding| holds(finding));
    findings.map(|finding| format!("{} {}", finding.element, finding.rule)).collect()
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn open_error(finding: &Finding) -> bool {
    finding.status == Status::Open && finding.level == FindingLevel::Error
}

#[test]
fn the_fragile_shop_has_exactly_its_single_points() {
    let outcome = outcome("fragile");
    let errors: BTreeSet<String> = outcome
        .findings
        .iter()
        .filter(|finding| open_error(finding))
        .map(|it| it.element.to_string())
        .collect();
    let expected = set(&[
        "provider:aws/eu-central-1a",
        "tf:aws_db_instance.orders",
        "tf:aws_instance.web",
        "tf:aws_nat_gateway.shop",
    ]);
    assert_eq!(errors, expected);
    let warnings = found(&outcome, |finding| finding.level == FindingLevel::Warning);
    assert!(warnings.contains("provider:aws/eu-central-1 single-region"), "{warnings:?}");
}

#[test]
fn the_resilient_shop_keeps_only_its_region() {
    let outcome = outcome("resilient");
    assert_eq!(found(&outcome, open_error), BTreeSet::new());
    let warnings = found(&outcome, |finding| finding.level == FindingLevel::Warning);
    assert!(warnings.contains("provider:aws/eu-central-1 single-region"), "{warnings:?}");
    let about_the_database: Vec<&String> =
        warnings.iter().filter(|finding| finding.starts_with("tf:aws_db_instance.orders ")).collect();
    assert_eq!(about_the_database, Vec::<&String>::new());
}

#[test]
fn the_shop_is_judged_by_what_its_people_said() {
    let outcome = outcome("shop");
    let errors = found(&outcome, open_error);
    let expected = set(&[
        "k8s:shop/Deployment/invoices single-instance",
        "provider:stripe external-service-without-fallback",
    ]);
    assert_eq!(errors, expected);
    let of_status = |status| found(&outcome, |finding| finding.status == status);
    let mitigated =
        set(&["provider:aws/eu-west-1a single-zone", "tf:aws_elasticache_cluster.carts single-instance"]);
    assert_eq!(of_status(Status::Mitigated), mitigated);
    let waived = set(&[
        "compose:warehouse/db single-instance",
        "compose:warehouse/labels single-instance",
        "compose:warehouse/picking single-instance",
    ]);
    assert_eq!(of_status(Status::Waived), waived);
    let chosen: Vec<&str> = outcome
        .estate
        .environments
        .iter()
        .filter(|environment| environment.chosen)
        .map(|environment| environment.name.as_str())
        .collect();
    assert_eq!(chosen, ["prod"]);
}
