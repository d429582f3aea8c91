//! Small configurations in, nodes and edges out; every function against what `terraform console` answers.

mod modules;
mod names;
mod needs;
mod objects;

use std::collections::BTreeMap;

use super::config::Module;
use super::parse::parse_expression;
use super::world::{Inputs, World};
use super::{Format, Terraform, functions};
use crate::catalog::Catalog;
use crate::model::{Attribute, Category, Declarations, Need, Phase, Target, Tolerance, Unit};
use crate::read::ReadContext;
use crate::source::{SourceFile, Tree};

fn read_in(files: &[(&str, &str)], environment: Option<&str>) -> Declarations {
    let tree = Tree::of_texts(files.iter().copied());
    let claimed: Vec<&SourceFile> = tree.files().filter(|file| Terraform.claims(file, &tree)).collect();
    let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment };
    Terraform.read(&claimed, &cx)
}

fn read(files: &[(&str, &str)]) -> Declarations {
    read_in(files, None)
}

fn unit(text: &str) -> Unit {
    read(&[("main.tf", text)]).units.into_iter().next().expect("one root")
}

fn ids(unit: &Unit) -> Vec<&str> {
    unit.nodes.iter().map(|node| node.id.as_str()).collect()
}

fn edges(unit: &Unit) -> Vec<String> {
    let known = unit.edges.iter().map(|edge| {
        let group = edge.group.as_ref().map(|group| format!(" in {group}")).unwrap_or_default();
        format!("{} -> {} {} {}{group}", edge.from, edge.to, edge.phase, edge.need)
    });
    let looked_up = unit.references.iter().map(|reference| {
        let target = match &reference.target {
            Target::Id(id) => id.to_string(),
            Target::Host { name, .. } => format!("host {name}"),
            Target::Address(address) => address.to_string(),
            Target::Image(image) => format!("image {image}"),
            Target::Provider { provider, .. } => format!("provider {provider}"),
            Target::Unresolved { text, .. } => format!("? {text}"),
        };
        let group = reference.group.as_ref().map(|group| format!(" in {group}")).unwrap_or_default();
        format!("{} -> {target} {} {}{group}", reference.from, reference.phase, reference.need)
    });
    let mut all: Vec<String> = known.chain(looked_up).collect();
    all.sort();
    all.dedup();
    all
}

#[track_caller]
fn has_edge(unit: &Unit, wanted: &str) {
    let all = edges(unit);
    assert!(all.iter().any(|edge| edge == wanted), "no `{wanted}` in:\n{}", all.join("\n"));
}

#[track_caller]
fn node<'u>(unit: &'u Unit, id: &str) -> &'u crate::model::Node {
    unit.nodes
        .iter()
        .find(|node| node.id.as_str() == id)
        .unwrap_or_else(|| panic!("no `{id}` in {:?}", ids(unit)))
}

/// The value of an expression as JSON.
fn evaluate(text: &str) -> Result<String, String> {
    let expression = parse_expression(text).ok_or("does not parse")?;
    let tree = Tree::default();
    let (module, nothing) = (Module::default(), BTreeMap::new());
    let world = World::new(&tree, &nothing, &module, Inputs::new());
    let file = SourceFile::new("main.tf", b"");
    let value = world.eval_at(0, &file, &expression);
    let json = functions::call("jsonencode", std::slice::from_ref(&value));
    json.text().map(|json| json.to_string()).ok_or_else(|| format!("{:?}", value.reason()))
}

#[test]
fn functions_answer_as_the_console_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/formats/terraform/functions.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (expression, expected) = line.split_once('\t').unwrap();
        match evaluate(expression) {
            Ok(json) if same_json(&json, expected) => {}
            other => wrong.push(format!("{expression}\n  wanted {expected}\n  got    {other:?}")),
        }
    }
    assert!(table.lines().count() > 200);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Numbers beyond the precision of a double may differ in their last digits.
fn same_json(ours: &str, theirs: &str) -> bool {
    if ours == theirs {
        return true;
    }
    let number = |json: &str| json.parse::<f64>().ok();
    matches!((number(ours), number(theirs)), (Some(a), Some(b)) if (a - b).abs() <= 1e-12 * b.abs())
}

#[test]
fn an_unknown_does_not_spread_further_than_it_must() {
    let text = r#"
        variable "u" {}
        output "short" { value = false && var.u }
        output "long" { value = length([var.u, var.u]) }
        output "pick" { value = { a = 1, b = var.u }.a }
    "#;
    let tree = Tree::of_texts([("main.tf", text)]);
    let file = super::parse::parse_hcl(tree.get("main.tf").unwrap(), &mut Default::default());
    let nothing = BTreeMap::new();
    let module = Module::new("", [&file]);
    let world = World::new(&tree, &nothing, &module, Inputs::new());
    assert_eq!(world.output(0, "short").as_bool(), Some(false));
    assert_eq!(world.output(0, "long").as_number(), Some(2.0));
    assert_eq!(world.output(0, "pick").as_number(), Some(1.0));
    assert!(world.variable(0, "u").reason().unwrap().contains("has no value"));
}

#[test]
fn circles_and_blow_ups_end() {
    let mut text = String::from("locals {\n a = local.b\n b = local.a\n x0 = \"0123456789\"\n");
    for n in 1..60 {
        text.push_str(&format!(" x{n} = \"${{local.x{}}}${{local.x{}}}\"\n", n - 1, n - 1));
    }
    text.push_str(" big = [for i in range(1000) : [for j in range(1000) : [for k in range(1000) : i]]]\n}\n");
    text.push_str(
        "resource \"aws_instance\" \"a\" {\n ami = local.x59\n tags = { a = local.a, n = local.big }\n}\n",
    );
    let unit = unit(&text);
    assert!(ids(&unit).contains(&"tf:aws_instance.a"));
}

#[test]
fn a_block_that_does_not_parse_costs_itself_alone() {
    let declared = read(&[(
        "main.tf",
        "resource \"aws_instance\" \"a\" {\n}\nresource \"aws_db_instance\" \"broken\" {\n  engine = = \"x\"\n}\nresource \"aws_instance\" \"c\" {\n}\n",
    )]);
    let ids = ids(&declared.units[0]);
    assert!(ids.contains(&"tf:aws_instance.a") && ids.contains(&"tf:aws_instance.c"));
    assert!(ids.contains(&"tf:aws_db_instance.broken"), "its header still says that it exists");
    assert_eq!(declared.problems.iter().next().unwrap().location.line, 4);
}

#[test]
fn a_key_that_stands_twice_costs_nothing() {
    let declared = read(&[(
        "main.tf",
        "resource \"aws_db_instance\" \"a\" {\n  tags = {\n    a = 1\n    \"b-c\" = 1\n    a = 2\n    a = 3\n    \"b-c\" = 2\n  }\n  multi_az = { x = false, x = true }.x\n}\n",
    )]);
    let unit = &declared.units[0];
    assert_eq!(node(unit, "tf:aws_db_instance.a").tolerance, Tolerance::Zone, "the last value counts");
    let said: Vec<_> =
        declared.problems.iter().map(|problem| (problem.location.line, &*problem.message)).collect();
    assert_eq!(said[0], (5, "`a` stands twice in an object: the last value counts"));
    assert_eq!(said[2], (7, "`b-c` stands twice in an object: the last value counts"));
    assert_eq!(said.len(), 4);
}

#[test]
fn count_and_for_each_make_instances() {
    let unit = unit(
        r#"
        variable "on" { default = false }
        resource "aws_instance" "none" { count = var.on ? 1 : 0 }
        resource "aws_instance" "two" { count = 2 }
        resource "aws_sqs_queue" "each" {
          for_each = toset(["a", "b"])
          name     = "jobs-${each.key}"
        }
        variable "set" {}
        resource "aws_instance" "unknown" { count = var.set }
        "#,
    );
    assert_eq!(
        ids(&unit),
        [
            "tf:aws_instance.two[0]",
            "tf:aws_instance.two[1]",
            "tf:aws_sqs_queue.each[\"a\"]",
            "tf:aws_sqs_queue.each[\"b\"]",
            "tf:aws_instance.unknown",
        ]
    );
    assert_eq!(node(&unit, "tf:aws_sqs_queue.each[\"a\"]").name, "jobs-a");
    let unknown = node(&unit, "tf:aws_instance.unknown");
    assert!(unknown.replication.unknown.as_deref().unwrap().contains("`set` has no value"));
}

#[test]
fn regions_come_from_provider_blocks_and_aliases() {
    let declared = read(&[
        (
            "main.tf",
            r#"
            variable "r" {}
            provider "aws" { region = "us-east-1" }
            provider "aws" {
              alias  = "west"
              region = "eu-west-1"
            }
            provider "google" { region = var.r }
            resource "aws_sqs_queue" "here" {}
            resource "aws_sqs_queue" "there" { provider = aws.west }
            module "m" {
              source    = "./m"
              providers = { aws = aws.west }
            }
            resource "google_pubsub_topic" "t" {}
            "#,
        ),
        ("m/main.tf", "resource \"aws_sqs_queue\" \"q\" {}\n"),
    ]);
    let unit = &declared.units[0];
    let region = |id: &str| node(unit, id).placement.region.clone();
    assert_eq!(region("tf:aws_sqs_queue.here").as_deref(), Some("us-east-1"));
    assert_eq!(region("tf:aws_sqs_queue.there").as_deref(), Some("eu-west-1"));
    assert_eq!(region("tf:module.m.aws_sqs_queue.q").as_deref(), Some("eu-west-1"));
    let topic = node(unit, "tf:google_pubsub_topic.t");
    assert!(topic.placement.global || topic.placement.region.is_none());
}

#[test]
fn json_configurations_are_read_as_well() {
    let declared = read(&[(
        "main.tf.json",
        r#"{"resource": {"aws_sqs_queue": {"q": {"name": "jobs-${var.e}"}}}, "variable": {"e": {"default": "x"}}}"#,
    )]);
    assert_eq!(node(&declared.units[0], "tf:aws_sqs_queue.q").name, "jobs-x");
}

#[test]
fn hostile_texts_end_without_a_panic() {
    for text in [
        "resource \"a\" \"b\" {",
        "}}}}",
        "locals { a = \"${",
        &format!("locals {{ a = {}1{} }}", "(".repeat(200), ")".repeat(200)),
        &format!("locals {{ a = {} }}", "x.y".repeat(500)),
        "resource \"aws_instance\" \"x\" { count = 1e308 }",
        "resource \"aws_instance\" \"x\" { count = range(100000000) }",
        "module \"m\" { source = \"../../..\" }",
        "module \"m\" { source = \".\" }\nresource \"aws_instance\" \"x\" {}",
        "\u{feff}resource \"aws_instance\" \"x\" {}",
    ] {
        let declared = read(&[("main.tf", text)]);
        assert!(declared.units.len() <= 1, "{text}");
    }
}

#[test]
fn google_locations_are_regions_only_where_they_are() {
    let unit = unit(
        r#"
provider "google" {
  region = "europe-west4"
  zone   = "europe-west4-a"
}
resource "google_spanner_instance" "one" { config = "regional-europe-west1" }
resource "google_spanner_instance" "several" { config = "nam3" }
resource "google_storage_bucket" "two" { location = "EUR4" }
resource "google_compute_instance" "vm" { machine_type = "e2-micro" }
"#,
    );
    let region = |id: &str| node(&unit, id).placement.region.clone();
    assert_eq!(region("tf:google_spanner_instance.one").as_deref(), Some("europe-west1"));
    assert_eq!(region("tf:google_spanner_instance.several"), None);
    assert_eq!(region("tf:google_storage_bucket.two"), None);
    assert_eq!(node(&unit, "tf:google_compute_instance.vm").placement.zones, ["europe-west4-a"]);
}

#[test]
fn what_stands_behind_a_guarded_part_of_a_gateway_needs_who_lets_requests_in() {
    let method = |name: &str, guard: &str| {
        format!(
            "resource \"aws_api_gateway_method\" \"{name}\" {{\n rest_api_id = aws_api_gateway_rest_api.api.id\n {guard}\n}}\n\
             resource \"aws_api_gateway_integration\" \"{name}\" {{\n rest_api_id = aws_api_gateway_rest_api.api.id\n \
             http_method = aws_api_gateway_method.{name}.http_method\n uri = aws_lambda_function.{name}.invoke_arn\n}}\n\
             resource \"aws_lambda_function\" \"{name}\" {{}}\n"
        )
    };
    let text = format!(
        "resource \"aws_api_gateway_rest_api\" \"api\" {{}}\nresource \"aws_lambda_function\" \"guard\" {{}}\n\
         resource \"aws_api_gateway_authorizer\" \"a\" {{\n rest_api_id = aws_api_gateway_rest_api.api.id\n \
         authorizer_uri = aws_lambda_function.guard.invoke_arn\n}}\n{}{}",
        method("orders", "authorizer_id = aws_api_gateway_authorizer.a.id"),
        method("health", "")
    );
    let unit = unit(&text);
    let guarded: Vec<String> =
        edges(&unit).into_iter().filter(|edge| edge.contains("aws_lambda_function.guard")).collect();
    assert_eq!(guarded, ["tf:aws_lambda_function.orders -> tf:aws_lambda_function.guard runtime required"]);
}

#[test]
fn a_zone_that_records_name_stands_where_they_do() {
    let unit = unit(
        r#"
resource "digitalocean_record" "www" {
  domain = "acme.test"
  type   = "A"
  name   = "www"
  value  = "192.0.2.1"
}
"#,
    );
    assert_eq!(node(&unit, "zone:acme.test").placement.provider.as_deref(), Some("digitalocean"));
}

#[test]
fn programs_of_google_are_told_of_secrets_and_databases_by_name() {
    let unit = unit(
        r#"
resource "google_secret_manager_secret" "key" { secret_id = "shop-key" }
resource "google_sql_database_instance" "main" { name = "main" }
resource "google_cloud_run_v2_service" "api" {
  template {
    containers {
      env {
        name = "KEY"
        value_source {
          secret_key_ref { secret = "projects/p/secrets/shop-key" }
        }
      }
      env {
        name = "OTHER"
        value_source {
          secret_key_ref { secret = "elsewhere" }
        }
      }
    }
  }
}
resource "google_cloud_run_service" "old" {
  template {
    spec {
      containers {
        env {
          name = "KEY"
          value_from {
            secret_key_ref { name = "shop-key" }
          }
        }
      }
    }
    metadata {
      annotations = { "run.googleapis.com/cloudsql-instances" = "p:europe-west1:main" }
    }
  }
}
"#,
    );
    let mut found = edges(&unit);
    found.retain(|edge| edge.starts_with("tf:google_cloud_run"));
    for expected in [
        "tf:google_cloud_run_v2_service.api -> tf:google_secret_manager_secret.key startup required",
        "tf:google_cloud_run_v2_service.api -> provider gcp startup required",
        "tf:google_cloud_run_service.old -> tf:google_secret_manager_secret.key startup required",
        "tf:google_cloud_run_service.old -> tf:google_sql_database_instance.main runtime required",
    ] {
        assert!(found.iter().any(|edge| edge == expected), "{expected} of {found:#?}");
    }
}

#[test]
fn apps_of_digitalocean_need_their_databases() {
    let unit = unit(
        r#"
resource "digitalocean_app" "shop" {
  spec {
    name   = "shop"
    region = "fra"
    service { name = "web" }
    database {
      name   = "own"
      engine = "PG"
    }
    database {
      name         = "there"
      cluster_name = "main"
    }
    database {
      name         = "elsewhere"
      cluster_name = "other"
    }
    database {
      name      = "grown"
      num_nodes = var.nodes
    }
  }
}
variable "nodes" {}
resource "digitalocean_database_cluster" "main" { name = "main" }
resource "digitalocean_database_cluster" "trusting" { name = "trusting" }
resource "digitalocean_database_firewall" "f" {
  cluster_id = digitalocean_database_cluster.trusting.id
  rule {
    type  = "app"
    value = digitalocean_app.shop.id
  }
}
"#,
    );
    let own = node(&unit, "tf:digitalocean_app.shop/own");
    assert_eq!((own.category, own.tolerance), (Some(Category::Database), Tolerance::Nothing));
    for unknown in ["elsewhere", "grown"] {
        let database = node(&unit, &format!("tf:digitalocean_app.shop/{unknown}"));
        assert_eq!((database.tolerance, database.replication.replicas), (Tolerance::Unknown, None));
    }
    let found = edges(&unit);
    for expected in [
        "digitalocean_app.shop/own",
        "digitalocean_app.shop/elsewhere",
        "digitalocean_database_cluster.main",
        "digitalocean_database_cluster.trusting",
    ] {
        let edge = format!("tf:digitalocean_app.shop -> tf:{expected} runtime required");
        assert!(found.contains(&edge), "{edge} of {found:#?}");
    }
}
