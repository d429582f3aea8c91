//! The gate on a history: pull requests, each with the verdict that a reviewer would give.
//!
//! The histories are made with the `git` program; without it the tests say that they were skipped.

#![expect(clippy::print_stderr, reason = "what was not checked is said")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use linchpin::gate::{Against, GateError, affected, check};
use linchpin::judge::{Finding, FindingLevel, Known, Status};
use linchpin::report;
use linchpin::scan::{Outcome, Request, scan};
use tempfile::TempDir;

/// Files by path; an empty text is no file.
type Files = BTreeMap<String, String>;

const MAIN: &str = r#"provider "aws" {
  region = "eu-west-1"
}

variable "orders_multi_az" {
  type    = bool
  default = true
}

resource "aws_db_instance" "orders" {
  identifier              = "orders"
  engine                  = "postgres"
  instance_class          = "db.m6g.large"
  multi_az                = var.orders_multi_az
  backup_retention_period = 7
  deletion_protection     = true
}

resource "aws_db_instance" "legacy" {
  identifier              = "legacy"
  engine                  = "postgres"
  instance_class          = "db.t4g.small"
  multi_az                = false
  backup_retention_period = 7
  deletion_protection     = true
}
"#;

const ONE_ZONE: &str = r#"provider "aws" {
  region = "eu-west-1"
}

resource "aws_db_instance" "legacy" {
  identifier              = "legacy"
  engine                  = "postgres"
  instance_class          = "db.t4g.small"
  multi_az                = false
  backup_retention_period = 7
  deletion_protection     = true
}
"#;

fn workload(name: &str, replicas: u32, needs: &[&str]) -> String {
    let env: String = needs
        .iter()
        .map(|url| format!("            - {{name: {}_URL, value: \"{url}\"}}\n", url.len()))
        .collect();
    let env = if env.is_empty() { env } else { format!("          env:\n{env}") };
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {{app: {name}}}
      containers:
        - name: {name}
          image: registry.internal/{name}:1.0
{env}---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: shop
spec:
  selector: {{app: {name}}}
  ports: [{{port: 80}}]
"
    )
}

fn waiver(element: &str, expires: &str) -> String {
    format!(
        "[organization]\nname = \"shop\"\n\n[[waivers]]\nrule = \"single-instance\"\nelement = \"{element}\"\n\
         reason = \"moves next year\"\nowner = \"shop-team\"\nexpires = \"{expires}\"\n"
    )
}

/// What the main branch holds: one database and one workload alone, known for long.
fn base() -> Files {
    files(&[
        ("infra/main.tf", MAIN),
        ("k8s/web.yaml", &workload("web", 3, &["http://orders"])),
        ("k8s/orders.yaml", &workload("orders", 2, &[])),
        ("k8s/reports.yaml", &workload("reports", 1, &[])),
        ("linchpin.toml", "[organization]\nname = \"shop\"\n"),
        ("README.md", "The shop.\n"),
    ])
}

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The verdict that a pull request should get.
enum Verdict {
    /// Nothing is new at all.
    Quiet,
    /// Something may be new, and it is no error.
    Pass,
    /// Exactly these errors are new: `RULE ELEMENT`, with a part of the reason.
    Fail(&'static [(&'static str, &'static str)]),
    /// No error is new, and exactly these warnings are.
    Warn(&'static [(&'static str, &'static str)]),
    /// Nothing is new but a provider, told so.
    Arrives(&'static str),
    /// A changed file cannot be read.
    Unread,
}

struct Change {
    name: &'static str,
    before: Files,
    now: Files,
    verdict: Verdict,
}

fn change(name: &'static str, edits: &[(&str, &str)], verdict: Verdict) -> Change {
    change_of(name, &[], edits, verdict)
}

fn change_of(
    name: &'static str,
    before: &[(&str, &str)],
    edits: &[(&str, &str)],
    verdict: Verdict,
) -> Change {
    let mut start = base();
    start.extend(files(before));
    Change { name, before: start, now: files(edits), verdict }
}

const REPORTS_ALONE: &str = "single-instance k8s:shop/Deployment/reports";
const ORDERS_ALONE: &str = "single-instance k8s:shop/Deployment/orders";

fn history() -> Vec<Change> {
    let (orders, reports) = (workload("orders", 2, &[]), workload("reports", 1, &[]));
    let fixed = MAIN.replace("multi_az                = false", "multi_az                = true");
    let renamed = MAIN.replace("\"legacy\" {", "\"archive\" {");
    let moved =
        format!("{renamed}moved {{\n  from = aws_db_instance.legacy\n  to   = aws_db_instance.archive\n}}\n");
    let mut all = vec![
        change("nothing", &[], Verdict::Quiet),
        change("documentation", &[("README.md", "The shop, explained.\n")], Verdict::Quiet),
        change("formatting", &[("infra/main.tf", &MAIN.replace("  ", "      "))], Verdict::Quiet),
        change("comments", &[("k8s/orders.yaml", &format!("# Orders.\n{orders}"))], Verdict::Quiet),
        change("add a replica", &[("k8s/reports.yaml", &workload("reports", 2, &[]))], Verdict::Quiet),
        change(
            "remove a spare replica",
            &[("k8s/web.yaml", &workload("web", 2, &["http://orders"]))],
            Verdict::Quiet,
        ),
        change(
            "remove the last replica",
            &[("k8s/orders.yaml", &workload("orders", 1, &[]))],
            Verdict::Fail(&[(ORDERS_ALONE, "`replicas: 1` at k8s/orders.yaml:7")]),
        ),
        change(
            "fix one and break another",
            &[
                ("k8s/reports.yaml", &workload("reports", 2, &[])),
                ("k8s/orders.yaml", &workload("orders", 1, &[])),
            ],
            Verdict::Fail(&[(ORDERS_ALONE, "`replicas: 1`")]),
        ),
        change(
            "move a file",
            &[("k8s/reports.yaml", ""), ("apps/reports/all.yaml", &reports)],
            Verdict::Quiet,
        ),
        change(
            "move a Terraform root",
            &[("infra/main.tf", ""), ("platform/aws/main.tf", MAIN)],
            Verdict::Quiet,
        ),
        change("rename a resource", &[("infra/main.tf", &renamed)], Verdict::Quiet),
        change("rename a resource with a moved block", &[("infra/main.tf", &moved)], Verdict::Quiet),
        change("remove what is alone", &[("k8s/reports.yaml", "")], Verdict::Quiet),
        change(
            "another version of an image",
            &[("k8s/web.yaml", &workload("web", 3, &["http://orders"]).replace(":1.0", ":1.1"))],
            Verdict::Quiet,
        ),
        change(
            "launder through the baseline",
            &[("infra/main.tf", &fixed), ("environments/staging/main.tf", ONE_ZONE)],
            Verdict::Fail(&[("single-instance tf:environments/staging/aws_db_instance.legacy", "new")]),
        ),
    ];
    all.extend(harder(&fixed));
    all.extend(of_names());
    all.extend(of_shape());
    all
}

/// A zone with one address, and what is promised of it.
fn zone(servers: &[&str], ttl: u32) -> String {
    let servers: String = servers.iter().map(|server| format!("@ IN NS {server}.\n")).collect();
    format!(
        "$ORIGIN shop-example.com.\n$TTL 300\n@ IN SOA ns1.shop-example.com. hostmaster.shop-example.com. 1 7200 900 \
         1209600 300\n{servers}www {ttl} IN A 198.18.0.10\n"
    )
}

const AWS: &str = "ns-1.awsdns-01.com";
const NS1: &str = "dns1.p01.nsone.net";
const PROMISE: &str = "[organization]\nname = \"shop\"\n\n[[services]]\nmatch = \"domain:www.shop-example.com\"\nrto = \"15m\"\n";

fn of_names() -> Vec<Change> {
    let file = "dns/shop-example.com.zone";
    let (one, two) = (zone(&[AWS], 300), zone(&[AWS, NS1], 300));
    let (slow, slower) = (zone(&[AWS, NS1], 3_600), zone(&[AWS, NS1], 86_400));
    vec![
        change_of("add a second operator of DNS", &[(file, &one)], &[(file, &two)], Verdict::Quiet),
        change_of(
            "drop the second operator of DNS",
            &[(file, &two)],
            &[(file, &one)],
            Verdict::Warn(&[
                ("single-provider provider:aws", "now `www.shop-example.com` depends on it too"),
                ("single-dns-operator provider:aws", "was removed at dns/shop-example.com.zone:5"),
            ]),
        ),
        change_of(
            "raise a TTL above what is promised",
            &[(file, &two), ("linchpin.toml", PROMISE)],
            &[(file, &slow)],
            Verdict::Warn(&[("ttl-exceeds-rto domain:www.shop-example.com", "new, since `www 3600")]),
        ),
        change_of(
            "raise a TTL further",
            &[(file, &slow), ("linchpin.toml", PROMISE)],
            &[(file, &slower)],
            Verdict::Warn(&[("ttl-exceeds-rto domain:www.shop-example.com", "the TTL was 3600 s before")]),
        ),
        change_of(
            "lower a TTL that is too high",
            &[(file, &slower), ("linchpin.toml", PROMISE)],
            &[(file, &slow)],
            Verdict::Quiet,
        ),
        // Whether a call is optional is not written in an address: listed, and no finding.
        change(
            "add a payment provider",
            &[("k8s/web.yaml", &workload("web", 3, &["http://orders", "https://api.stripe.com/v1"]))],
            Verdict::Arrives("(`provider:stripe`), since `- {name: 25_URL, value:"),
        ),
    ]
}

const TABLE: &str = "provider \"aws\" {\n  region = \"eu-west-1\"\n}\n\nresource \"aws_dynamodb_table\" \"carts\" {\n  name         = \
    \"carts\"\n  hash_key     = \"id\"\n  billing_mode = \"PAY_PER_REQUEST\"\n  point_in_time_recovery {\n    enabled = true\n  \
    }\n  replica {\n    region_name = \"eu-central-1\"\n  }\n  attribute {\n    name = \"id\"\n    type = \"S\"\n  }\n}\n";

fn of_shape() -> Vec<Change> {
    let alone = TABLE.replace("  replica {\n    region_name = \"eu-central-1\"\n  }\n", "");
    assert_ne!(alone, TABLE);
    let call = |name: &str| format!("module \"{name}\" {{\n  source = \"./database\"\n}}\n");
    let module = [("infra/main.tf", call("data")), ("infra/database/main.tf", ONE_ZONE.to_owned())];
    let module: Vec<(&str, &str)> = module.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let spread = "      topologySpreadConstraints:";
    let somewhere = workload("reports", 2, &[]).replace(spread, "      ignoredHere:");
    let broken = workload("reports", 1, &[]).replace("  template:\n", "  template: [\n");
    let bucket = "provider \"aws\" {\n  region = \"eu-west-1\"\n}\n\nresource \"aws_s3_bucket\" \"index\" {\n  bucket = \"index\"\n}\n";
    let tagged = bucket.replace("\"index\"\n}", "\"index\"\n  tags   = { team = \"search\" }\n}");
    vec![
        change_of(
            "drop the replica in a second region",
            &[("infra/main.tf", TABLE)],
            &[("infra/main.tf", &alone)],
            Verdict::Warn(&[("single-region provider:aws/eu-west-1", "infra/main.tf:")]),
        ),
        change_of("rename a module", &module, &[("infra/main.tf", &call("store"))], Verdict::Quiet),
        change_of(
            "change the folder of another team",
            &[("teams/search/main.tf", bucket)],
            &[("teams/search/main.tf", &tagged)],
            Verdict::Quiet,
        ),
        change("add a replica that may share a host", &[("k8s/reports.yaml", &somewhere)], Verdict::Quiet),
        change_of(
            "move a file that could not be read before",
            &[("k8s/odd.yaml", &broken)],
            &[("k8s/odd.yaml", ""), ("apps/odd.yaml", &broken)],
            Verdict::Quiet,
        ),
        change_of(
            "mend a file that could not be read before",
            &[("k8s/reports.yaml", &broken)],
            &[("k8s/reports.yaml", &workload("reports", 1, &[]))],
            Verdict::Fail(&[(REPORTS_ALONE, "could not be read before, so it may be old")]),
        ),
    ]
}

fn harder(fixed: &str) -> Vec<Change> {
    let alone = "k8s:shop/Deployment/reports";
    let production = [("infra/main.tf", ""), ("environments/production/main.tf", MAIN)];
    let accepted = waiver(alone, "2027-01-01");
    vec![
        change_of(
            "launder into an environment that is not chosen",
            &[production[0], production[1], ("environments/staging/main.tf", fixed)],
            &[("environments/production/main.tf", fixed), ("environments/staging/main.tf", MAIN)],
            Verdict::Fail(&[(
                "single-instance tf:environments/staging/aws_db_instance.legacy",
                "`multi_az = false`",
            )]),
        ),
        change(
            "a new service on what is alone",
            &[("k8s/web.yaml", &workload("web", 3, &["http://orders", "http://reports"]))],
            Verdict::Fail(&[(REPORTS_ALONE, "now `web` depends on it too")]),
        ),
        change(
            "a new workload of one instance",
            &[("k8s/mail.yaml", &workload("mail", 1, &[]))],
            Verdict::Fail(&[("single-instance k8s:shop/Deployment/mail", "k8s/mail.yaml:")]),
        ),
        change("a new workload of two", &[("k8s/mail.yaml", &workload("mail", 2, &[]))], Verdict::Quiet),
        change(
            "switch the region",
            &[("infra/main.tf", &MAIN.replace("eu-west-1", "eu-central-1"))],
            Verdict::Pass,
        ),
        change(
            "a variable made unknown",
            &[("infra/main.tf", &MAIN.replace("  default = true\n", ""))],
            Verdict::Pass,
        ),
        change(
            "a variable turned off",
            &[("infra/main.tf", &MAIN.replace("default = true", "default = false"))],
            Verdict::Fail(&[("single-instance tf:aws_db_instance.orders", "infra/main.tf:")]),
        ),
        change("broken YAML", &[("k8s/orders.yaml", "kind: [\n a: }\n")], Verdict::Unread),
        change(
            "accept a new risk",
            &[
                ("linchpin.toml", &waiver("k8s:shop/Deployment/orders", "2027-01-01")),
                ("k8s/orders.yaml", &workload("orders", 1, &[])),
            ],
            Verdict::Pass,
        ),
        change_of(
            "withdraw a waiver",
            &[("linchpin.toml", &accepted)],
            &[("linchpin.toml", "[organization]\nname = \"shop\"\n")],
            Verdict::Fail(&[(REPORTS_ALONE, "it was waived before")]),
        ),
        change_of(
            "a waiver that has expired",
            &[("linchpin.toml", &waiver(alone, "2026-11-01"))],
            &[("README.md", "Later.\n")],
            Verdict::Fail(&[(REPORTS_ALONE, "its waiver holds no more")]),
        ),
        change_of(
            "a waiver that holds",
            &[("linchpin.toml", &accepted)],
            &[("README.md", "Later.\n")],
            Verdict::Quiet,
        ),
        change(
            "a stricter policy",
            &[(
                "linchpin.toml",
                "[organization]\nname = \"shop\"\n\n[policy.rules]\nsingle-region = \"error\"\n",
            )],
            Verdict::Quiet,
        ),
    ]
}

#[test]
fn every_pull_request_gets_the_verdict_of_a_reviewer() {
    if !has_git() {
        return;
    }
    let history = history();
    assert!(25 <= history.len());
    let mut wrong = Vec::new();
    for change in &history {
        let repository = Repository::of(&change.before);
        repository.write(&change.now);
        let outcome = check(&repository.request(), &Against::Revision("HEAD".into()))
            .unwrap_or_else(|error| panic!("{}: {error}", change.name));
        wrong.extend(judged(change, &outcome));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with the verdict on a change.
fn judged(change: &Change, outcome: &Outcome) -> Option<String> {
    let comparison = outcome.comparison.as_ref().expect("it was compared");
    let new: Vec<&Finding> = outcome.findings.iter().filter(|one| one.status == Status::Open).collect();
    let errors: Vec<&&Finding> = new.iter().filter(|one| one.level == FindingLevel::Error).collect();
    let warnings: Vec<&&Finding> = new.iter().filter(|one| one.level == FindingLevel::Warning).collect();
    let is_right = match change.verdict {
        Verdict::Quiet => new.is_empty() && comparison.new == 0 && comparison.unread.is_empty(),
        Verdict::Pass => errors.is_empty() && comparison.unread.is_empty(),
        Verdict::Unread => !comparison.unread.is_empty(),
        Verdict::Fail(expected) => are(&errors, expected),
        Verdict::Arrives(told) => new.is_empty() && table(outcome).contains(told),
        Verdict::Warn(expected) => errors.is_empty() && are(&warnings, expected),
    };
    let line =
        |one: &&Finding| format!("  {} {} {} {:?}", one.level.word(), one.rule, one.element, one.because);
    (!is_right).then(|| format!("{}\n{}", change.name, new.iter().map(line).collect::<Vec<_>>().join("\n")))
}

/// What a terminal shows, on one line.
fn table(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    let report = report::report("table").expect("a report");
    report.write(outcome, &mut out, &report::Options::default()).expect("memory takes all");
    String::from_utf8(out).expect("reports are UTF-8").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether findings are those that are expected, in order, each with its reason.
fn are(findings: &[&&Finding], expected: &[(&str, &str)]) -> bool {
    findings.len() == expected.len()
        && findings.iter().zip(expected).all(|(finding, (what, why))| {
            format!("{} {}", finding.rule, finding.element) == *what
                && finding.because.as_deref().is_some_and(|because| because.contains(why))
        })
}

#[test]
fn what_a_change_hides_is_told_with_what_it_was() {
    if !has_git() {
        return;
    }
    let repository = Repository::of(&files(&[("main.tf", MAIN)]));
    let region = "variable \"region\" {\n  type = string\n}\n";
    let hidden = MAIN.replace("region = \"eu-west-1\"", "region = var.region") + region;
    repository.write(&files(&[("main.tf", &hidden)]));
    let outcome = check(&repository.request(), &Against::Revision("HEAD".into())).expect("judged");
    let comparison = outcome.comparison.expect("it was compared");
    let told: Vec<String> = comparison
        .forgotten
        .iter()
        .map(|one| {
            let since = one.cause.as_ref().map(linchpin::judge::Cause::words).unwrap_or_default();
            format!("{} {} {} {since}", one.id, one.what, one.was)
        })
        .collect();
    assert_eq!(
        told,
        ["legacy", "orders"].map(|name| format!(
            "tf:aws_db_instance.{name} region eu-west-1 `region = var.region` at main.tf:2"
        ))
    );
}

#[test]
fn what_can_no_longer_be_read_is_not_gone() {
    if !has_git() {
        return;
    }
    let repository = Repository::of(&base());
    repository.write(&files(&[("k8s/reports.yaml", "kind: [\n a: }\n")]));
    let outcome = check(&repository.request(), &Against::Revision("HEAD".into())).expect("it is compared");
    let comparison = outcome.comparison.as_ref().expect("it was compared");
    let is_it = |known: &Known| REPORTS_ALONE == format!("{} {}", known.rule, known.element);
    assert!(comparison.hidden.iter().any(is_it), "{:?}", comparison.hidden);
    assert!(!comparison.gone.iter().any(is_it));
    let told = table(&outcome);
    assert!(told.contains(&format!("{REPORTS_ALONE} may be there still")), "{told}");
}

#[test]
fn what_a_change_touches_is_told_apart_from_the_rest() {
    if !has_git() {
        return;
    }
    let repository = Repository::of(&base());
    repository.write(&files(&[
        ("k8s/orders.yaml", &workload("orders", 1, &[])),
        ("infra/main.tf", &MAIN.replace("  ", "      ")),
    ]));
    let (_, touched) = affected(&repository.request(), "HEAD").expect("judged");
    let touched: Vec<String> = touched.iter().map(ToString::to_string).collect();
    assert_eq!(touched, ["k8s:shop/Deployment/orders"]);
}

#[test]
fn a_saved_scan_serves_as_well() {
    let before = Repository::without_git(&base());
    let saved = saved(&before.request());
    let against = Against::Saved {
        name: "baseline.json".into(),
        snapshot: Box::new(report::snapshot(&saved).expect("it was saved a moment ago")),
    };
    let same = check(&before.request(), &against).expect("judged");
    assert_eq!(same.comparison.as_ref().map(|it| (it.new, it.gone.len())), Some((0, 0)));
    before.write(&files(&[("k8s/orders.yaml", &workload("orders", 1, &[]))]));
    let worse = check(&before.request(), &against).expect("judged");
    let open: Vec<&Finding> = worse.findings.iter().filter(|one| one.status == Status::Open).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0].element.as_str(), "k8s:shop/Deployment/orders");
    assert_eq!(open[0].fingerprint, worse.findings[0].fingerprint, "what is new comes first");
    before.write(&files(&[("k8s/orders.yaml", &workload("orders", 2, &[])), ("k8s/reports.yaml", "")]));
    let better = check(&before.request(), &against).expect("judged");
    let gone = better.comparison.expect("it was compared").gone;
    assert_eq!(gone.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["single-instance"]);
}

#[test]
fn shares_that_grow_by_more_than_the_policy_allows_are_new() {
    let policy = "[[policy.thresholds]]\ndimension = \"provider\"\nmeasure = \"placement-share\"\n\
                  max-increase = 0.1\nlevel = \"error\"\n";
    let zone = |region: &str| {
        ONE_ZONE
            .replace("multi_az                = false", "multi_az                = true")
            .replace("eu-west-1", region)
    };
    let google = "provider \"google\" {\n  region = \"europe-west1\"\n}\n\nresource \"google_sql_database_instance\" \"main\" \
                  {\n  name             = \"main\"\n  database_version = \"POSTGRES_15\"\n  settings {\n    tier              = \
                  \"db-custom-2-7680\"\n    availability_type = \"REGIONAL\"\n  }\n}\n";
    let start = files(&[("a/main.tf", &zone("eu-west-1")), ("b/main.tf", google), ("linchpin.toml", policy)]);
    let repository = Repository::without_git(&start);
    let saved = saved(&repository.request());
    let against = Against::Saved {
        name: "baseline.json".into(),
        snapshot: Box::new(report::snapshot(&saved).expect("it was saved a moment ago")),
    };
    repository.write(&files(&[("c/main.tf", &zone("eu-central-1"))]));
    let outcome = check(&repository.request(), &against).expect("judged");
    let grown: Vec<&str> = outcome
        .findings
        .iter()
        .filter(|one| one.status == Status::Open && one.rule == "provider-concentration")
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(grown.len(), 1, "{:?}", outcome.findings);
    assert!(grown[0].contains("grew from 50 % to 67 %"), "{grown:?}");
}

#[test]
fn what_cannot_be_compared_is_explained() {
    if !has_git() {
        return;
    }
    let repository = Repository::of(&base());
    let refused = |revision: &str| {
        let error = check(&repository.request(), &Against::Revision(revision.into())).expect_err("refused");
        assert!(matches!(error, GateError::Revision(_)), "{error}");
        error.to_string()
    };
    assert!(refused("nowhere").contains("neither a file nor a branch"), "{}", refused("nowhere"));
    // What a shallow clone leaves behind.
    fs::write(repository.folder.path().join(".git/shallow"), format!("{}\n", repository.head()))
        .expect("written");
    assert!(refused("main~5").contains("shallow clone"), "{}", refused("main~5"));
    let plain = Repository::without_git(&base());
    let error = check(&plain.request(), &Against::Revision("HEAD".into())).expect_err("refused");
    assert!(error.to_string().contains("no git working copy"), "{error}");
}

#[test]
fn a_folder_of_a_repository_is_compared_alone() {
    if !has_git() {
        return;
    }
    let mut start = base();
    start.insert(".gitignore".into(), "generated/\n".into());
    let repository = Repository::of(&start);
    repository.write(&files(&[
        ("k8s/orders.yaml", &workload("orders", 1, &[])),
        ("generated/x.yaml", &workload("x", 1, &[])),
    ]));
    let mut request = repository.request();
    request.roots = vec![repository.folder.path().join("infra")];
    let quiet = check(&request, &Against::Revision("HEAD".into())).expect("judged");
    assert_eq!(quiet.comparison.map(|it| it.new), Some(0));
    request.roots = vec![repository.folder.path().join("k8s"), repository.folder.path().join("infra")];
    let loud = check(&request, &Against::Revision("HEAD".into())).expect("judged");
    assert_eq!(loud.comparison.map(|it| it.new), Some(1));
}

struct Repository {
    folder: TempDir,
}

impl Repository {
    fn without_git(files: &Files) -> Self {
        let repository = Repository { folder: tempfile::tempdir().expect("a folder") };
        repository.write(files);
        repository
    }

    fn of(files: &Files) -> Self {
        let repository = Self::without_git(files);
        repository.git(&["init", "-q", "-b", "main"]);
        repository.git(&["add", "-A"]);
        repository.git(&["commit", "-q", "-m", "Start"]);
        repository
    }

    fn write(&self, files: &Files) {
        for (path, text) in files {
            let path = self.folder.path().join(path);
            if text.is_empty() {
                // Fails for what was never there, as with a base that leaves a file out.
                drop(fs::remove_file(&path));
                continue;
            }
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }

    fn request(&self) -> Request {
        Request::new([self.folder.path()], jiff::civil::date(2026, 11, 22))
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = git(self.folder.path()).args(arguments).output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// The git program in a folder, without the settings of whoever runs the tests.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A").env(format!("GIT_{role}_EMAIL"), "a@example.org");
    }
    command
}

fn has_git() -> bool {
    let found = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var_os("LINCHPIN_REQUIRE_PEERS").is_some();
    assert!(found || !required, "the git program is missing");
    if !found {
        eprintln!("skipped: the git program is missing");
    }
    found
}

fn saved(request: &Request) -> String {
    let outcome = scan(request).expect("judged");
    let mut out = Vec::new();
    let json = report::report("json").expect("a report");
    json.write(&outcome, &mut out, &report::Options::default()).expect("memory takes all");
    String::from_utf8(out).expect("reports are UTF-8")
}
