//! Small configurations in, nodes and edges out; every function against what `terraform console` answers.

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
fn modules_that_call_each_other_end() {
    let declared = read(&[
        ("a/main.tf", "module \"b\" {\n source = \"../b\"\n}\nresource \"aws_instance\" \"a\" {}\n"),
        ("b/main.tf", "module \"a\" {\n source = \"../a\"\n}\nresource \"aws_instance\" \"b\" {}\n"),
    ]);
    let all: Vec<_> = declared.units.iter().flat_map(ids).collect();
    assert!(all.iter().any(|id| id.ends_with("module.b.aws_instance.b")), "{all:?}");
}

#[test]
fn a_module_that_calls_itself_is_said_to() {
    let declared =
        read(&[("main.tf", "module \"self\" {\n source = \"./\"\n}\nresource \"aws_instance\" \"a\" {}\n")]);
    assert_eq!(ids(&declared.units[0]), ["tf:aws_instance.a"]);
    let said: Vec<&str> = declared.problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(said, ["`module.self` calls a module that it stands in: it is not followed"]);
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
fn values_come_from_the_environment_that_is_chosen() {
    let files = [
        (
            "main.tf",
            "variable \"size\" {\n}\nresource \"aws_ecs_service\" \"web\" {\n  desired_count = var.size\n}\n",
        ),
        ("env/production.tfvars", "size = 3\n"),
        ("env/staging.tfvars", "size = 1\n"),
    ];
    let by_default = read(&files);
    let web = node(&by_default.units[0], "tf:aws_ecs_service.web");
    assert_eq!(web.replication.replicas, Some(3));
    let places: Vec<_> =
        web.evidence.iter().filter_map(|e| e.location()).map(|l| format!("{}:{}", l.path, l.line)).collect();
    assert_eq!(places, ["main.tf:3", "main.tf:4", "env/production.tfvars:1"]);
    let chosen: Vec<_> =
        by_default.units[0].environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(chosen, [("production", true), ("staging", false)]);
    let asked = read_in(&files, Some("staging"));
    assert_eq!(node(&asked.units[0], "tf:aws_ecs_service.web").replication.replicas, Some(1));
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
fn a_load_balancer_needs_one_of_the_instances_behind_it() {
    let unit = unit(
        r#"
        resource "aws_subnet" "s" {
          count             = 2
          availability_zone = ["us-east-1a", "us-east-1b"][count.index]
        }
        resource "aws_instance" "web" {
          count                  = 2
          subnet_id              = aws_subnet.s[count.index].id
          vpc_security_group_ids = [aws_security_group.web.id]
        }
        resource "aws_security_group" "web" {}
        resource "aws_lb" "front" { subnets = aws_subnet.s[*].id }
        resource "aws_lb_target_group" "web" {}
        resource "aws_lb_listener" "l" {
          load_balancer_arn = aws_lb.front.arn
          default_action {
            type             = "forward"
            target_group_arn = aws_lb_target_group.web.arn
          }
        }
        resource "aws_lb_target_group_attachment" "a" {
          count            = 2
          target_group_arn = aws_lb_target_group.web.arn
          target_id        = aws_instance.web[count.index].id
        }
        provider "aws" { region = "us-east-1" }
        "#,
    );
    for n in 0..2 {
        has_edge(
            &unit,
            &format!(
                "tf:aws_lb.front -> tf:aws_instance.web[{n}] runtime required in tf:aws_lb.front#aws_lb_target_group.web"
            ),
        );
    }
    assert_eq!(unit.groups[0].k, 1);
    assert_eq!(node(&unit, "tf:aws_instance.web[0]").placement.zones, ["us-east-1a"]);
    assert_eq!(node(&unit, "tf:aws_lb.front").placement.zones, ["us-east-1a", "us-east-1b"]);
    assert!(!edges(&unit).iter().any(|edge| edge.contains("security_group")));
}

#[test]
fn a_task_needs_what_its_definition_speaks_of() {
    let unit = unit(
        r#"
        resource "aws_ecs_cluster" "c" { name = "c" }
        resource "aws_db_instance" "db" { engine = "postgres" }
        resource "aws_ssm_parameter" "url" { value = "postgres://app@${aws_db_instance.db.address}/app" }
        resource "aws_sqs_queue" "jobs" {}
        resource "aws_ecs_task_definition" "web" {
          container_definitions = jsonencode([{
            name        = "web"
            image       = "ghcr.io/acme/web:1"
            environment = [
              { name = "JOBS_URL", value = aws_sqs_queue.jobs.url },
              { name = "PAY_URL", value = "https://api.stripe.com/v1" },
            ]
            secrets = [{ name = "DATABASE_URL", valueFrom = aws_ssm_parameter.url.arn }]
          }])
        }
        resource "aws_ecs_service" "web" {
          cluster         = aws_ecs_cluster.c.id
          task_definition = aws_ecs_task_definition.web.arn
          desired_count   = 1
        }
        "#,
    );
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_ecs_cluster.c runtime required");
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_sqs_queue.jobs runtime required");
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_ssm_parameter.url startup required");
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_db_instance.db runtime required");
    has_edge(&unit, "tf:aws_ecs_service.web -> host api.stripe.com runtime required");
    has_edge(&unit, "tf:aws_ecs_service.web -> image ghcr.io/acme/web:1 startup required");
    assert!(!edges(&unit).iter().any(|edge| edge.starts_with("tf:aws_ssm_parameter.url ->")));
    assert_eq!(node(&unit, "tf:aws_db_instance.db").tolerance, Tolerance::Nothing);
}

#[test]
fn keys_of_services_that_others_run_are_optional_needs() {
    let unit = unit(
        r#"
resource "google_secret_manager_secret" "mail" { secret_id = "mail" }
variable "sentry" {}
resource "google_cloud_run_service" "api" {
  template {
    spec {
      containers {
        env {
          name  = "SENTRY_DSN"
          value = var.sentry
        }
        env {
          name = "SENDGRID_API_KEY"
          value_from {
            secret_key_ref {
              name = google_secret_manager_secret.mail.secret_id
              key  = "latest"
            }
          }
        }
        env {
          name  = "STRIPE_SECRET_KEY"
          value = ""
        }
        env {
          name  = "DATABASE_HOST"
          value = "db.example.com"
        }
      }
    }
  }
}
"#,
    );
    has_edge(&unit, "tf:google_cloud_run_service.api -> provider sentry observe optional");
    has_edge(&unit, "tf:google_cloud_run_service.api -> provider sendgrid runtime optional");
    has_edge(&unit, "tf:google_cloud_run_service.api -> host db.example.com runtime required");
    assert!(!edges(&unit).iter().any(|edge| edge.contains("stripe")), "{:?}", edges(&unit));
}

#[test]
fn a_name_leads_to_what_is_mapped_to_it() {
    let unit = unit(
        r#"
resource "google_cloud_run_service" "api" { name = "api" }
resource "google_cloud_run_domain_mapping" "api" {
  name = "api.acme.example"
  spec { route_name = google_cloud_run_service.api.name }
}
"#,
    );
    let serves: Vec<_> = unit.serves.iter().map(|one| (one.host.as_str(), one.id.as_str())).collect();
    assert_eq!(serves, [("api.acme.example", "tf:google_cloud_run_service.api")]);
}

#[test]
fn a_cluster_runs_on_the_machines_that_join_it() {
    let text = |launch: &str| {
        format!(
            r#"
resource "aws_ecs_cluster" "main" {{ name = "main" }}
resource "aws_launch_template" "node" {{
  user_data = base64encode("echo ECS_CLUSTER=${{aws_ecs_cluster.main.arn}} >> /etc/ecs/ecs.config")
}}
resource "aws_autoscaling_group" "node" {{
  min_size = 1
  launch_template {{ id = aws_launch_template.node.id }}
}}
resource "aws_ecs_service" "web" {{
  cluster     = aws_ecs_cluster.main.id
  launch_type = "{launch}"
}}
"#
        )
    };
    let machines = unit(&text("EC2"));
    has_edge(&machines, "tf:aws_ecs_cluster.main -> tf:aws_autoscaling_group.node runtime required");
    assert!(!edges(&machines).iter().any(|edge| edge.starts_with("tf:aws_autoscaling_group.node -> tf:")));
    let without = edges(&unit(&text("FARGATE")));
    assert!(!without.iter().any(|edge| edge.starts_with("tf:aws_ecs_cluster.main -> tf:")), "{without:?}");
}

#[test]
fn secrets_may_be_named_by_text() {
    let definition = r#"[{"name": "web", "image": "nginx:1", "secrets": [
        {"name": "DB_HOST", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/prod/db-host"},
        {"name": "KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:${account}:secret:prod/key-a1B2c3"},
        {"name": "PLAIN", "valueFrom": "/prod/plain"}
    ]}]"#;
    let main = r#"
provider "aws" { region = "eu-west-1" }
data "aws_caller_identity" "me" {}
resource "aws_db_instance" "db" {}
resource "aws_ssm_parameter" "host" {
  name  = "/prod/db-host"
  value = aws_db_instance.db.address
}
resource "aws_secretsmanager_secret" "key" { name = "prod/key" }
resource "aws_ecs_task_definition" "web" {
  container_definitions = templatefile("web.json.tpl", { account = data.aws_caller_identity.me.account_id })
}
resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
"#;
    let found = read(&[("main.tf", main), ("web.json.tpl", definition)]);
    let unit = &found.units[0];
    for wanted in [
        "tf:aws_ecs_service.web -> tf:aws_ssm_parameter.host startup required",
        "tf:aws_ecs_service.web -> tf:aws_db_instance.db runtime required",
        "tf:aws_ecs_service.web -> tf:aws_secretsmanager_secret.key startup required",
        "tf:aws_ecs_service.web -> provider aws startup required",
        "tf:aws_ecs_service.web -> image nginx:1 startup required",
    ] {
        has_edge(unit, wanted);
    }
}

#[test]
fn an_autoscaler_says_how_few_instances_there_are() {
    let unit = unit(
        r#"
        resource "aws_ecs_cluster" "c" { name = "main" }
        resource "aws_ecs_service" "web" {
          name          = "web"
          cluster       = aws_ecs_cluster.c.id
          desired_count = 1
        }
        resource "aws_appautoscaling_target" "web" {
          resource_id  = "service/${aws_ecs_cluster.c.name}/${aws_ecs_service.web.name}"
          min_capacity = 2
          max_capacity = 8
        }
        resource "google_compute_region_instance_group_manager" "agents" { region = "us-east1" }
        resource "google_compute_region_autoscaler" "agents" {
          target = google_compute_region_instance_group_manager.agents.id
          autoscaling_policy {
            min_replicas = 1
            max_replicas = 9
          }
        }
        "#,
    );
    let web = node(&unit, "tf:aws_ecs_service.web");
    assert_eq!((web.replication.replicas, web.tolerance), (Some(2), Tolerance::Instance));
    let because = web.tolerance_because.as_deref().unwrap();
    assert!(because.starts_with("`min_capacity` of `aws_appautoscaling_target.web` is 2"), "{because}");
    let agents = node(&unit, "tf:google_compute_region_instance_group_manager.agents");
    assert_eq!((agents.replication.replicas, agents.tolerance), (Some(1), Tolerance::Nothing));
    assert_eq!(
        agents.tolerance_because.as_deref(),
        Some("`min_replicas` of `google_compute_region_autoscaler.agents` is 1")
    );
}

#[test]
fn what_stands_in_a_private_subnet_leaves_through_its_gateway() {
    let unit = unit(
        r#"
        resource "aws_subnet" "private" {}
        resource "aws_nat_gateway" "n" { subnet_id = aws_subnet.private.id }
        resource "aws_route_table" "t" {
          route {
            cidr_block     = "0.0.0.0/0"
            nat_gateway_id = aws_nat_gateway.n.id
          }
        }
        resource "aws_route_table_association" "a" {
          subnet_id      = aws_subnet.private.id
          route_table_id = aws_route_table.t.id
        }
        resource "aws_instance" "app" { subnet_id = aws_subnet.private.id }
        resource "aws_db_subnet_group" "g" { subnet_ids = [aws_subnet.private.id] }
        resource "aws_db_instance" "db" { db_subnet_group_name = aws_db_subnet_group.g.name }
        "#,
    );
    has_edge(&unit, "tf:aws_instance.app -> tf:aws_nat_gateway.n runtime required");
    assert!(
        !edges(&unit).iter().any(|edge| edge.starts_with("tf:aws_db_instance.db ->")),
        "a database calls nobody"
    );
}

#[test]
fn origins_of_a_group_are_alternatives() {
    let unit = unit(
        r#"
        resource "aws_s3_bucket" "a" {}
        resource "aws_s3_bucket" "b" {}
        resource "aws_cloudfront_distribution" "d" {
          origin {
            origin_id   = "main"
            domain_name = aws_s3_bucket.a.bucket_regional_domain_name
          }
          origin {
            origin_id   = "spare"
            domain_name = aws_s3_bucket.b.bucket_regional_domain_name
          }
          origin {
            origin_id   = "api"
            domain_name = "api.example.com"
          }
          origin_group {
            origin_id = "both"
            member { origin_id = "main" }
            member { origin_id = "spare" }
          }
          default_cache_behavior { target_origin_id = "both" }
        }
        "#,
    );
    let group = "in tf:aws_cloudfront_distribution.d#both";
    has_edge(
        &unit,
        &format!("tf:aws_cloudfront_distribution.d -> tf:aws_s3_bucket.a runtime required {group}"),
    );
    has_edge(
        &unit,
        &format!("tf:aws_cloudfront_distribution.d -> tf:aws_s3_bucket.b runtime required {group}"),
    );
    has_edge(&unit, "tf:aws_cloudfront_distribution.d -> host api.example.com runtime optional");
}

#[test]
fn records_lead_from_names_to_what_answers() {
    let unit = unit(
        r#"
        resource "aws_route53_zone" "z" { name = "example.org" }
        resource "aws_lb" "l" {}
        resource "aws_route53_record" "www" {
          zone_id = aws_route53_zone.z.zone_id
          name    = "www"
          type    = "A"
          alias {
            name                   = aws_lb.l.dns_name
            evaluate_target_health = true
          }
        }
        resource "aws_route53_record" "live" {
          zone_id        = aws_route53_zone.z.zone_id
          name           = "cdn.example.org"
          type           = "CNAME"
          ttl            = 60
          records        = ["one.fastly.example.net"]
          set_identifier = "one"
          weighted_routing_policy { weight = 10 }
        }
        resource "aws_route53_record" "dead" {
          zone_id        = aws_route53_zone.z.zone_id
          name           = "cdn.example.org"
          type           = "CNAME"
          ttl            = 60
          records        = ["two.cloudfront.example.net"]
          set_identifier = "two"
          weighted_routing_policy { weight = 0 }
        }
        resource "aws_route53_record" "mx" {
          zone_id = aws_route53_zone.z.zone_id
          name    = ""
          type    = "MX"
          records = ["10 mx1.example.net", "20 mx2.example.net"]
        }
        resource "aws_route53_record" "txt" {
          zone_id = aws_route53_zone.z.zone_id
          name    = "proof"
          type    = "TXT"
          records = ["x"]
        }
        "#,
    );
    has_edge(&unit, "domain:www.example.org -> tf:aws_lb.l runtime required");
    has_edge(&unit, "domain:www.example.org -> zone:example.org runtime required");
    has_edge(&unit, "domain:cdn.example.org -> host one.fastly.example.net runtime required");
    has_edge(&unit, "domain:cdn.example.org -> host two.cloudfront.example.net recover optional");
    has_edge(&unit, "domain:example.org -> host mx1.example.net runtime optional in domain:example.org#mx");
    assert!(!ids(&unit).contains(&"domain:proof.example.org"));
    assert_eq!(node(&unit, "domain:cdn.example.org").attributes.number(Attribute::TtlSeconds), Some(60.0));
    assert_eq!(node(&unit, "zone:example.org").placement.provider.as_deref(), Some("aws"));
}

#[test]
fn records_of_one_name_are_alternatives_and_single_labels_are_names_of_the_zone() {
    let unit = unit(
        r#"
        resource "hetznerdns_zone" "one" { name = "example.org" }
        resource "hetznerdns_zone" "two" { name = "example.net" }
        locals {
          machines = { a = { domain = "a" }, b = { domain = "b", zone = hetznerdns_zone.two.id } }
        }
        resource "hcloud_server" "m" {
          for_each = local.machines
        }
        resource "hetznerdns_record" "machine" {
          for_each = local.machines
          zone_id  = lookup(local.machines[each.key], "zone", hetznerdns_zone.one.id)
          name     = each.value.domain
          type     = "A"
          value    = hcloud_server.m[each.key].ipv4_address
        }
        resource "hetznerdns_record" "www" {
          zone_id = hetznerdns_zone.one.id
          name    = "www"
          type    = "CNAME"
          value   = "a"
        }
        resource "hetznerdns_record" "mail" {
          zone_id = hetznerdns_zone.one.id
          name    = "@"
          type    = "MX"
          value   = "10 b"
        }
        resource "hetznerdns_record" "ns1" {
          zone_id = hetznerdns_zone.one.id
          name    = "geo"
          type    = "NS"
          value   = "ns1.example.com."
        }
        resource "hetznerdns_record" "ns2" {
          zone_id = hetznerdns_zone.one.id
          name    = "geo"
          type    = "NS"
          value   = "ns2.example.com."
        }
        "#,
    );
    has_edge(&unit, "domain:a.example.org -> tf:hcloud_server.m[\"a\"] runtime required");
    has_edge(&unit, "domain:b.example.net -> tf:hcloud_server.m[\"b\"] runtime required");
    has_edge(&unit, "domain:www.example.org -> host a.example.org runtime required");
    has_edge(&unit, "domain:example.org -> host b.example.org runtime optional");
    for server in ["ns1", "ns2"] {
        let group = "in domain:geo.example.org#ns";
        has_edge(
            &unit,
            &format!("domain:geo.example.org -> host {server}.example.com runtime required {group}"),
        );
    }
}

#[test]
fn an_address_leads_to_what_it_is_attached_to() {
    let unit = unit(
        r#"
resource "azurerm_dns_zone" "z" { name = "acme.example" }
resource "azurerm_public_ip" "ci" { name = "ci" }
resource "azurerm_network_interface" "ci" {
  ip_configuration { public_ip_address_id = azurerm_public_ip.ci.id }
}
resource "azurerm_linux_virtual_machine" "ci" {
  network_interface_ids = [azurerm_network_interface.ci.id]
}
resource "azurerm_linux_virtual_machine" "told" {
  custom_data = azurerm_public_ip.ci.ip_address
}
resource "azurerm_dns_a_record" "ci" {
  name      = "ci"
  zone_name = azurerm_dns_zone.z.name
  records   = [azurerm_public_ip.ci.ip_address]
}
resource "aws_route53_zone" "z" { name = "other.example" }
resource "aws_instance" "web" { ami = "a" }
resource "aws_eip" "web" { instance = aws_instance.web.id }
resource "aws_route53_record" "web" {
  zone_id = aws_route53_zone.z.id
  name    = "www"
  type    = "A"
  records = [aws_eip.web.public_ip]
}
"#,
    );
    let needed = |from: &str| -> Vec<String> {
        let own = unit.edges.iter().filter(|edge| edge.from.as_str() == from);
        own.map(|edge| edge.to.to_string()).filter(|to| to.starts_with("tf:")).collect()
    };
    assert_eq!(needed("domain:ci.acme.example"), ["tf:azurerm_linux_virtual_machine.ci"]);
    assert_eq!(needed("domain:www.other.example"), ["tf:aws_instance.web"]);
}

#[test]
fn a_zone_of_a_network_answers_inside_only() {
    let unit = unit(
        r#"
resource "azurerm_private_dns_zone" "a" { name = "a.example" }
resource "google_dns_managed_zone" "b" {
  dns_name   = "b.example."
  visibility = "private"
}
resource "aws_route53_zone" "c" {
  name = "c.example"
  vpc { vpc_id = "vpc-1" }
}
resource "aws_route53_zone" "d" { name = "d.example" }
"#,
    );
    let published = |name: &str| node(&unit, &format!("zone:{name}")).attributes.bool(Attribute::Published);
    let found = ["a.example", "b.example", "c.example", "d.example"].map(published);
    assert_eq!(found, [Some(false), Some(false), Some(false), None]);
}

#[test]
fn netlify_keeps_names_whole_and_cloudflare_may_stand_before_what_is_named() {
    let unit = unit(
        r#"
        resource "netlify_dns_zone" "z" { name = "example.org" }
        resource "netlify_dns_record" "r" {
          zone_id  = netlify_dns_zone.z.id
          hostname = "status.example.org"
          type     = "CNAME"
          value    = "status.example.net"
        }
        resource "cloudflare_zone" "c" { zone = "example.com" }
        resource "cloudflare_record" "www" {
          zone_id = cloudflare_zone.c.id
          name    = "www"
          type    = "A"
          value   = "192.0.2.1"
          proxied = true
        }
        "#,
    );
    has_edge(&unit, "domain:status.example.org -> host status.example.net runtime required");
    has_edge(&unit, "domain:status.example.org -> zone:example.org runtime required");
    has_edge(&unit, "domain:www.example.com -> 192.0.2.1 runtime required");
    has_edge(&unit, "domain:www.example.com -> provider cloudflare runtime required");
}

#[test]
fn what_is_looked_up_by_name_is_what_another_root_makes() {
    let declared = read(&[
        (
            "a/main.tf",
            "provider \"aws\" { region = \"eu-west-1\" }\nresource \"aws_ecs_cluster\" \"c\" {\n name = \"main\"\n}\n",
        ),
        (
            "b/main.tf",
            "provider \"aws\" { region = \"eu-west-1\" }\ndata \"aws_ecs_cluster\" \"c\" {\n cluster_name = \"main\"\n}\nresource \"aws_ecs_service\" \"s\" {\n cluster = data.aws_ecs_cluster.c.arn\n}\n",
        ),
        (
            "c/main.tf",
            "provider \"aws\" { region = \"eu-west-2\" }\ndata \"aws_ecs_cluster\" \"c\" {\n cluster_name = \"main\"\n}\nresource \"aws_ecs_service\" \"s\" {\n cluster = data.aws_ecs_cluster.c.arn\n}\n",
        ),
    ]);
    has_edge(&declared.units[1], "tf:b/aws_ecs_service.s -> tf:a/aws_ecs_cluster.c runtime required");
    has_edge(&declared.units[2], "tf:c/aws_ecs_service.s -> tf:c/data.aws_ecs_cluster.c runtime required");
}

#[test]
fn a_pool_beside_that_of_the_cluster_is_not_needed_by_all_of_it() {
    let unit = unit(
        r#"
        resource "digitalocean_kubernetes_cluster" "c" {
          node_pool { node_count = 2 }
        }
        resource "digitalocean_kubernetes_node_pool" "batch" {
          cluster_id = digitalocean_kubernetes_cluster.c.id
          min_nodes  = 1
        }
        resource "digitalocean_droplet" "d" {}
        resource "digitalocean_volume" "v" {}
        resource "digitalocean_volume_attachment" "a" {
          droplet_id = digitalocean_droplet.d.id
          volume_id  = digitalocean_volume.v.id
        }
        "#,
    );
    let (cluster, pool) =
        ("tf:digitalocean_kubernetes_cluster.c", "tf:digitalocean_kubernetes_node_pool.batch");
    has_edge(&unit, &format!("{cluster} -> {pool} runtime optional"));
    has_edge(&unit, "tf:digitalocean_droplet.d -> tf:digitalocean_volume.v runtime required");
}

#[test]
fn a_module_from_elsewhere_tells_by_its_name_what_it_is_for() {
    let unit = unit(
        r#"
        provider "aws" { region = "eu-west-1" }
        provider "aws" {
          alias  = "london"
          region = "eu-west-2"
        }
        module "db" {
          source    = "github.com/example/terraform-rds-instance?ref=5.17.1"
          providers = { aws = aws.london }
        }
        module "jobs" { source = "example/sqs-queue/aws" }
        module "odd" { source = "git::https://git.example.org/odd.git" }
        module "label" { source = "git::https://git.example.org/terraform-null-label.git" }
        "#,
    );
    let shown = |id: &str| {
        let node = node(&unit, id);
        let place = &node.placement;
        (
            node.category,
            place.provider.as_deref().map(str::to_owned),
            place.region.as_deref().map(str::to_owned),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(shown("tf:module.db"), (Some(Category::Database), some("aws"), some("eu-west-2")));
    assert_eq!(shown("tf:module.jobs"), (Some(Category::Queue), some("aws"), some("eu-west-1")));
    assert_eq!(shown("tf:module.odd"), (Some(Category::Other), some("aws"), some("eu-west-1")));
    assert_eq!(shown("tf:module.label"), (Some(Category::Other), None, None));
    assert_eq!(node(&unit, "tf:module.db").tolerance, Tolerance::Unknown);
}

#[test]
fn a_network_module_stands_where_its_zones_are() {
    let unit = unit(
        "module \"vpc\" {\n source = \"terraform-aws-modules/vpc/aws\"\n azs = [\"us-east-1c\", \"us-east-1d\"]\n}\n",
    );
    assert_eq!(node(&unit, "tf:module.vpc").placement.region.as_deref(), Some("us-east-1"));
}

#[test]
fn a_network_module_makes_the_gateways_that_it_is_asked_for() {
    let text = |single: &str| {
        format!(
            r#"
module "vpc" {{
  source             = "terraform-aws-modules/vpc/aws"
  enable_nat_gateway = true
  single_nat_gateway = {single}
}}
module "eks" {{
  source     = "terraform-aws-modules/eks/aws"
  subnet_ids = module.vpc.private_subnets
}}
"#
        )
    };
    let single = unit(&text("true"));
    assert!(
        single.edges.iter().any(|edge| {
            (edge.from.as_str(), edge.to.as_str()) == ("tf:module.eks", "tf:module.vpc.nat_gateway")
        }),
        "{:?}",
        single.edges
    );
    assert!(!ids(&unit(&text("false"))).contains(&"tf:module.vpc.nat_gateway"));
}

#[test]
fn terragrunt_gives_inputs_and_joins_by_dependencies() {
    let declared = read(&[
        (
            "modules/db/main.tf",
            "resource \"aws_db_instance\" \"db\" {}\noutput \"host\" {\n  value = aws_db_instance.db.address\n}\n",
        ),
        (
            "modules/app/main.tf",
            "variable \"n\" {}\nvariable \"host\" {}\nresource \"aws_ecs_service\" \"s\" {\n  desired_count = var.n\n  task_definition = aws_ecs_task_definition.t.arn\n}\nresource \"aws_ecs_task_definition\" \"t\" {\n  container_definitions = jsonencode([{ name = \"a\", image = \"a\", environment = [{ name = \"DB_HOST\", value = var.host }] }])\n}\n",
        ),
        (
            "live/root.hcl",
            "locals {\n  n = 2\n}\ninputs = {\n  n = local.n\n}\ngenerate \"p\" {\n  path = \"p.tf\"\n  contents = \"provider \\\"aws\\\" {\\n region = \\\"eu-west-1\\\"\\n}\"\n}\n",
        ),
        (
            "live/db/terragrunt.hcl",
            "terraform {\n  source = \"../../modules//db\"\n}\ninclude \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n",
        ),
        (
            "live/app/terragrunt.hcl",
            "terraform {\n  source = \"../../modules//app\"\n}\ninclude \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\ndependency \"db\" {\n  config_path = \"../db\"\n}\ninputs = {\n  host = dependency.db.outputs.host\n}\n",
        ),
    ]);
    let names: Vec<_> = declared.units.iter().map(|unit| unit.folder.as_str()).collect();
    assert_eq!(names, ["live/app", "live/db"]);
    let app = &declared.units[0];
    let service = node(app, "tf:live/app/aws_ecs_service.s");
    assert_eq!(service.replication.replicas, Some(2));
    assert_eq!(service.placement.region.as_deref(), Some("eu-west-1"));
    has_edge(app, "tf:live/app/aws_ecs_service.s -> tf:live/db/aws_db_instance.db runtime required");
}

#[test]
fn terragrunt_runs_modules_from_elsewhere_with_their_inputs() {
    let root = r#"
locals {
  vars = read_terragrunt_config(find_in_parent_folders("env.hcl")).locals
}
remote_state {
  backend = "s3"
  config  = { bucket = "acme-state", key = "${path_relative_to_include()}/state" }
}
generate "provider" {
  path      = "provider.tf"
  contents  = "provider \"aws\" { region = \"${local.vars.region}\" }"
}
"#;
    let stack = |source: &str, rest: &str| {
        format!(
            "include {{ path = find_in_parent_folders() }}\nterraform {{ source = \"{source}\" }}\n{rest}\n"
        )
    };
    let vpc =
        stack("tfr:///terraform-aws-modules/vpc/aws?version=5.0.0", "inputs = { azs = [\"eu-west-1a\"] }");
    let db = stack(
        "git::https://git.example.org/modules.git//postgres?ref=v1",
        r#"
dependency "vpc" { config_path = "../vpc" }
inputs = { subnet_ids = dependency.vpc.outputs.private_subnets }
"#,
    );
    let rds = stack(
        "git::https://github.com/terraform-aws-modules/terraform-aws-rds.git?ref=v6",
        "inputs = { multi_az = true, backup_retention_period = 7 }",
    );
    let app = stack(
        "git::https://git.example.org/modules.git//app?ref=v1",
        r#"
dependency "db" { config_path = "../db" }
dependency "rds" { config_path = "../rds" }
dependency "vpc" { config_path = "../vpc" }
inputs = {
  vpc_id  = dependency.vpc.outputs.vpc_id
  db_url  = "postgres://${dependency.db.outputs.address}/app"
  db_host = dependency.rds.outputs.db_instance_endpoint
}
"#,
    );
    let found = read(&[
        ("live/terragrunt.hcl", root),
        ("live/env.hcl", "locals { region = \"eu-west-1\" }"),
        ("live/app/terragrunt.hcl", &app),
        ("live/db/terragrunt.hcl", &db),
        ("live/rds/terragrunt.hcl", &rds),
        ("live/vpc/terragrunt.hcl", &vpc),
    ]);
    let [app, db, rds, vpc] = found.units.as_slice() else { panic!("{:?}", found.units) };
    has_edge(app, "tf:live/app/module.app -> tf:live/db/module.db runtime required");
    has_edge(app, "tf:live/app/module.app -> tf:live/rds/module.rds runtime required");
    assert!(!edges(app).iter().any(|edge| edge.contains("vpc")), "{:?}", edges(app));
    let db = node(db, "tf:live/db/module.db");
    assert_eq!((db.placement.provider.as_deref(), db.category), (Some("aws"), Some(Category::Database)));
    assert_eq!(db.placement.region.as_deref(), Some("eu-west-1"));
    let rds = node(rds, "tf:live/rds/module.rds");
    assert_eq!((rds.type_name.as_deref(), rds.tolerance), (Some("aws_db_instance"), Tolerance::Zone));
    assert_eq!(node(vpc, "tf:live/vpc/module.vpc").type_name.as_deref(), Some("aws_vpc"));
}

#[test]
fn a_remote_state_joins_roots() {
    let declared = read(&[
        (
            "net/main.tf",
            "terraform {\n  backend \"s3\" {\n    bucket = \"state\"\n    key = \"net\"\n    region = \"us-west-1\"\n  }\n}\nresource \"aws_ecs_cluster\" \"c\" {}\noutput \"cluster\" {\n  value = aws_ecs_cluster.c.id\n}\n",
        ),
        (
            "app/main.tf",
            "data \"terraform_remote_state\" \"net\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"state\"\n    key = \"net\"\n  }\n}\nresource \"aws_ecs_service\" \"s\" {\n  cluster = data.terraform_remote_state.net.outputs.cluster\n}\n",
        ),
    ]);
    has_edge(&declared.units[0], "tf:app/aws_ecs_service.s -> tf:net/aws_ecs_cluster.c runtime required");
    let net = &declared.units[1];
    has_edge(net, "tf:net/aws_ecs_cluster.c -> tf-backend:s3/state deploy required");
    assert_eq!(node(net, "tf-backend:s3/state").placement.region.as_deref(), Some("us-west-1"));
}

#[test]
fn a_front_door_of_several_services_needs_none_of_them() {
    let service = |name: &str| {
        format!(
            r#"
            resource "aws_ecs_service" "{name}" {{
              load_balancer {{ target_group_arn = aws_lb_target_group.{name}.arn }}
            }}
            resource "aws_lb_target_group" "{name}" {{}}
            resource "aws_lb_listener_rule" "{name}" {{
              listener_arn = aws_lb_listener.l.arn
              action {{ target_group_arn = aws_lb_target_group.{name}.arn }}
            }}
            "#
        )
    };
    let unit = unit(&format!(
        "resource \"aws_lb\" \"l\" {{}}\nresource \"aws_lb_listener\" \"l\" {{ load_balancer_arn = aws_lb.l.arn }}\n{}{}",
        service("a"),
        service("b")
    ));
    for name in ["a", "b"] {
        has_edge(&unit, &format!("tf:aws_lb.l -> tf:aws_ecs_service.{name} runtime optional"));
        has_edge(&unit, &format!("tf:aws_ecs_service.{name} -> tf:aws_lb.l runtime required"));
    }
}

#[test]
fn a_module_from_elsewhere_is_kept() {
    let declared = read(&[(
        "main.tf",
        r#"
        provider "aws" { region = "eu-central-1" }
        module "db" {
          source   = "terraform-aws-modules/rds/aws"
          multi_az = true
        }
        module "odd" {
          source = "git::https://example.com/x.git"
          host   = module.db.db_instance_address
        }
        "#,
    )]);
    let unit = &declared.units[0];
    let db = node(unit, "tf:module.db");
    assert_eq!(db.type_name.as_deref(), Some("aws_db_instance"));
    assert_eq!(db.tolerance, Tolerance::Zone);
    assert_eq!(node(unit, "tf:module.odd").tolerance, Tolerance::Unknown);
    has_edge(unit, "tf:module.odd -> tf:module.db runtime required");
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
fn copies_are_for_recovery() {
    let unit = unit(
        r#"
        resource "aws_s3_bucket" "a" {}
        resource "aws_s3_bucket" "b" {}
        resource "aws_s3_bucket_replication_configuration" "r" {
          bucket = aws_s3_bucket.a.id
          rule {
            destination { bucket = aws_s3_bucket.b.arn }
          }
        }
        "#,
    );
    let copy = unit.edges.iter().find(|edge| edge.phase == Phase::Recover).unwrap();
    assert_eq!((copy.from.as_str(), copy.to.as_str()), ("tf:aws_s3_bucket.a", "tf:aws_s3_bucket.b"));
    assert_eq!(copy.need, Need::Optional);
    assert_eq!(node(&unit, "tf:aws_s3_bucket.a").attributes.bool(Attribute::Backup), Some(true));
    assert_ne!(node(&unit, "tf:aws_s3_bucket.b").attributes.bool(Attribute::Backup), Some(true));
}

#[test]
fn a_table_that_guards_states_is_no_datastore() {
    let unit = unit(
        r#"
        resource "aws_dynamodb_table" "lock" {
          name     = "locks"
          hash_key = "LockID"
        }
        resource "aws_dynamodb_table" "orders" {
          name     = "orders"
          hash_key = "id"
        }
        "#,
    );
    let lock = node(&unit, "tf:aws_dynamodb_table.lock");
    assert_eq!(lock.attributes.bool(Attribute::Auxiliary), Some(true));
    assert_eq!(lock.category, Some(Category::Ci));
    assert_eq!(node(&unit, "tf:aws_dynamodb_table.orders").attributes.bool(Attribute::Stateful), Some(true));
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
fn kubernetes_resources_are_read_as_the_manifests_that_they_are() {
    let unit = unit(
        r#"
resource "aws_db_instance" "db" { engine = "postgres" }
resource "kubernetes_namespace" "shop" {
  metadata { name = "shop" }
}
resource "kubernetes_config_map" "web" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }
  data = {
    CACHE_HOST = "cache"
    SEARCH_URL = "https://search.example.com"
  }
}
resource "kubernetes_deployment" "web" {
  metadata {
    name      = "web"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }
  spec {
    replicas = 3
    selector { match_labels = { app = "web" } }
    template {
      metadata { labels = { app = "web" } }
      spec {
        affinity {
          pod_anti_affinity {
            required_during_scheduling_ignored_during_execution {
              topology_key = "topology.kubernetes.io/zone"
              label_selector { match_labels = { app = "web" } }
            }
          }
        }
        container {
          name  = "web"
          image = "ghcr.io/shop/web:1"
          env {
            name  = "DATABASE_URL"
            value = "postgres://shop@${aws_db_instance.db.address}/shop"
          }
          env {
            name  = "QUEUE_HOST"
            value = "${kubernetes_service.queue.metadata[0].name}.shop.svc"
          }
          env_from {
            config_map_ref { name = "web" }
          }
        }
      }
    }
  }
}
resource "kubernetes_stateful_set_v1" "cache" {
  metadata {
    name      = "cache"
    namespace = "shop"
  }
  spec {
    service_name = "cache"
    selector { match_labels = { app = "cache" } }
    template {
      metadata { labels = { app = "cache" } }
      spec {
        container {
          name  = "redis"
          image = "redis:7"
        }
      }
    }
  }
}
resource "kubernetes_service" "cache" {
  metadata {
    name      = "cache"
    namespace = "shop"
  }
  spec {
    selector = { app = "cache" }
    port { port = 6379 }
  }
}
resource "kubernetes_service_v1" "queue" {
  metadata {
    name      = "other"
    namespace = "shop"
  }
  spec { selector = { app = "other" } }
}
resource "kubernetes_service" "queue" {
  metadata {
    name      = "queue"
    namespace = "shop"
  }
  spec { selector = { app = "queue" } }
}
resource "kubernetes_deployment" "queue" {
  metadata {
    name      = "queue"
    namespace = "shop"
  }
  spec {
    replicas = var.queues
    template {
      metadata { labels = { app = "queue" } }
      spec {
        container {
          name  = "queue"
          image = "rabbitmq:3"
        }
      }
    }
  }
}
variable "queues" {}
"#
        .replace("{ name = \"shop\" }", "{\n name = \"shop\"\n}")
        .as_str(),
    );
    let web = "tf:kubernetes_deployment.web";
    has_edge(&unit, &format!("{web} -> tf:aws_db_instance.db runtime required"));
    has_edge(&unit, &format!("{web} -> tf:kubernetes_stateful_set_v1.cache runtime required"));
    has_edge(&unit, &format!("{web} -> tf:kubernetes_deployment.queue runtime required"));
    has_edge(&unit, &format!("{web} -> image ghcr.io/shop/web:1 startup required"));
    has_edge(&unit, &format!("{web} -> host search.example.com runtime optional"));
    let node_of = |id: &str| node(&unit, id);
    assert_eq!(node_of(web).replication.replicas, Some(3));
    assert_eq!(node_of(web).tolerance, Tolerance::Zone);
    assert_eq!(node_of(web).placement.provider, None, "a cluster is no provider");
    let cache = node_of("tf:kubernetes_stateful_set_v1.cache");
    assert_eq!(
        (cache.tolerance, cache.attributes.text(Attribute::Engine)),
        (Tolerance::Nothing, Some("redis"))
    );
    let queue = node_of("tf:kubernetes_deployment.queue");
    assert_eq!((queue.replication.replicas, queue.tolerance), (None, Tolerance::Unknown));
    let place = unit.edges.iter().find(|edge| edge.to == cache.id).unwrap().evidence[0].location().unwrap();
    assert!((13..=14).contains(&place.line), "where the config map says it, not {}", place.line);
}

#[test]
fn a_helm_release_is_the_chart_beside_it_or_one_from_elsewhere() {
    let declared = read(&[
        (
            "live/main.tf",
            r#"
resource "helm_release" "shop" {
  name      = "shop"
  namespace = "apps"
  chart     = "${path.module}/../charts/shop"
  values    = [yamlencode({ replicas = 2, cache = { host = "redis-master" } })]
  set {
    name  = "replicas"
    value = "4"
  }
}
resource "helm_release" "redis" {
  name       = "redis"
  namespace  = "apps"
  repository = "https://charts.bitnami.com/bitnami"
  chart      = "redis"
}
"#,
        ),
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\n"),
        ("charts/shop/values.yaml", "replicas: 1\ncache: {host: none}\n"),
        (
            "charts/shop/templates/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '{{ .Release.Name }}-web'}\nspec: {replicas: {{ .Values.replicas }}, template: {spec: {containers: [{image: me/web, env: [{name: CACHE_HOST, value: '{{ .Values.cache.host }}'}]}]}}}\n",
        ),
    ]);
    let unit = &declared.units[0];
    let web = node(unit, "k8s:apps/Deployment/shop-web");
    assert_eq!(web.replication.replicas, Some(4));
    has_edge(unit, "k8s:apps/Deployment/shop-web -> tf:helm_release.redis runtime required");
    has_edge(unit, "k8s:apps/Deployment/shop-web -> tf:helm_release.shop deploy required");
    assert!(unit.deploys.contains("charts/shop"));
    assert!(!node(unit, "tf:helm_release.shop").is_service, "what runs is the chart's");
}

#[test]
fn a_text_that_fails_in_one_place_still_rests_on_the_others() {
    let unit = unit(
        r#"
resource "aws_db_instance" "db" {}
locals { share = { name = "x" } }
resource "aws_instance" "web" {
  user_data = "db=${aws_db_instance.db.address} share=${local.share.gone}"
}
"#,
    );
    has_edge(&unit, "tf:aws_instance.web -> tf:aws_db_instance.db runtime required");
}

#[test]
fn a_queue_feeds_the_function_that_is_mapped_to_it() {
    let unit = unit(
        r#"
resource "aws_sqs_queue" "in" {}
resource "aws_lambda_function" "f" {}
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.in.arn
  function_name    = aws_lambda_function.f.arn
}
"#,
    );
    has_edge(&unit, "tf:aws_lambda_function.f -> tf:aws_sqs_queue.in runtime required");
}

#[test]
fn a_part_that_copies_a_setting_of_the_whole_does_not_need_it() {
    let unit = unit(
        r#"
resource "aws_rds_cluster" "c" { engine = "aurora-postgresql" }
resource "aws_rds_cluster_instance" "i" {
  cluster_identifier = aws_rds_cluster.c.id
  engine             = aws_rds_cluster.c.engine
}
"#,
    );
    has_edge(&unit, "tf:aws_rds_cluster.c -> tf:aws_rds_cluster_instance.i runtime required");
    let back = "tf:aws_rds_cluster_instance.i -> tf:aws_rds_cluster.c runtime required".to_owned();
    assert!(!edges(&unit).contains(&back));
}

#[test]
fn a_standby_in_another_zone_is_not_lost_with_the_first_and_what_is_not_known_is_not_claimed() {
    let unit = unit(
        r#"
resource "azurerm_postgresql_flexible_server" "pg" {
  location = "westeurope"
  zone     = "1"
  high_availability {
    mode                      = "ZoneRedundant"
    standby_availability_zone = "2"
  }
}
resource "aws_db_instance" "db" {
  multi_az          = true
  availability_zone = "eu-west-1a"
}
resource "azurerm_cosmosdb_account" "docs" {
  location = "westeurope"
  geo_location {
    location       = "westeurope"
    zone_redundant = true
  }
  geo_location {
    location       = "northeurope"
    zone_redundant = false
  }
}
resource "aws_ecs_service" "idle" { desired_count = 0 }
"#,
    );
    let zones = |id: &str| node(&unit, id).placement.zones.clone();
    assert_eq!(zones("tf:azurerm_postgresql_flexible_server.pg"), ["westeurope-1", "westeurope-2"]);
    assert_eq!(zones("tf:aws_db_instance.db"), [""; 0]);
    assert_eq!(node(&unit, "tf:azurerm_cosmosdb_account.docs").tolerance, Tolerance::Unknown);
    assert_eq!(node(&unit, "tf:aws_ecs_service.idle").tolerance, Tolerance::Unknown);
}

#[test]
fn the_state_that_terragrunt_configures_deploys_what_it_runs() {
    let declared = read(&[
        (
            "live/root.hcl",
            "remote_state {\n  backend = \"s3\"\n  config = {\n    bucket = \"acme-state\"\n    key    = \"${path_relative_to_include()}/terraform.tfstate\"\n    region = \"us-east-1\"\n  }\n}\n",
        ),
        (
            "live/app/terragrunt.hcl",
            "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\nterraform {\n  source = \"../../modules/app\"\n}\n",
        ),
        ("modules/app/main.tf", "resource \"aws_ecs_service\" \"app\" {\n  desired_count = 2\n}\n"),
    ]);
    let [unit] = declared.units.as_slice() else { panic!("one root") };
    has_edge(unit, "tf:aws_ecs_service.app -> tf-backend:s3/acme-state deploy required");
    let state = node(unit, "tf-backend:s3/acme-state");
    assert_eq!(state.placement.region.as_deref(), Some("us-east-1"));
    let place = state.evidence[0].location().unwrap();
    assert_eq!((&*place.path, place.line), ("live/root.hcl", 4));
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
fn workspaces_that_are_told_apart_by_name_are_environments() {
    let files = [(
        "main.tf",
        r#"
locals {
  env   = terraform.workspace
  sizes = { default = 1, staging = 1, prod = 3 }
}
provider "aws" {
  region = terraform.workspace == "prod" ? "eu-central-1" : "eu-west-1"
}
resource "aws_ecs_service" "web" {
  desired_count = lookup(local.sizes, local.env, 1)
}
resource "aws_db_instance" "replica" {
  count = local.env == "prod" ? 1 : 0
}
"#,
    )];
    let found = read_in(&files, None);
    let unit = &found.units[0];
    let environments: Vec<_> = unit.environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(environments, [("prod", true), ("staging", false)]);
    let web = node(unit, "tf:aws_ecs_service.web");
    assert_eq!((web.replication.replicas, web.placement.region.as_deref()), (Some(3), Some("eu-central-1")));
    let staging = read_in(&files, Some("staging"));
    assert_eq!(ids(&staging.units[0]), ["tf:aws_ecs_service.web"]);
    assert_eq!(
        node(&staging.units[0], "tf:aws_ecs_service.web").placement.region.as_deref(),
        Some("eu-west-1")
    );
}
