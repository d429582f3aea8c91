//! What components need, and which of it are alternatives.

use super::*;

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
fn what_is_known_of_settings_counts_beside_what_is_not() {
    let unit = unit(
        r#"
        variable "tag" {}
        variable "more" {}
        locals {
          given = merge({ DB_HOST = "db.example.org" }, var.more, { for k, v in { STAGE = var.tag } : k => v if v != "" })
        }
        resource "aws_ecs_task_definition" "web" {
          container_definitions = jsonencode([{
            name        = "web"
            image       = "ghcr.io/acme/web:${var.tag}"
            environment = concat([for k, v in local.given : { name = k, value = v }], var.more)
          }])
        }
        resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
        resource "azurerm_app_service" "api" {
          app_settings = merge(var.more, { STRIPE_API_KEY = var.tag })
          site_config {
            linux_fx_version = "DOCKER|acme.azurecr.io/api:${var.tag}"
          }
        }
        data "aws_ssm_parameter" "account" { name = "/account" }
        resource "aws_lambda_function" "own" {
          image_uri = "${data.aws_ssm_parameter.account.value}.dkr.ecr.eu-west-1.amazonaws.com/own:1"
        }
        resource "azurerm_linux_web_app" "code" {
          site_config {
            linux_fx_version = "PYTHON|3.12"
          }
        }
        resource "aws_lambda_function" "unplaced" { image_uri = "${var.more}:1" }
        resource "aws_lambda_function" "somewhere" { image_uri = "x.dkr.ecr.${var.more}.amazonaws.com/own:1" }
        "#,
    );
    let web: Vec<_> = edges(&unit)
        .into_iter()
        .filter(|edge| edge.contains(" -> host ") || edge.contains(" -> image "))
        .collect();
    assert_eq!(
        web,
        [
            "tf:aws_ecs_service.web -> host db.example.org runtime required",
            "tf:aws_ecs_service.web -> image ghcr.io/acme/web:x startup required",
            "tf:aws_lambda_function.own -> image x.dkr.ecr.eu-west-1.amazonaws.com/own:1 startup required",
            "tf:azurerm_app_service.api -> image acme.azurecr.io/api:x startup required",
        ]
    );
    has_edge(&unit, "tf:azurerm_app_service.api -> provider stripe runtime optional");
}

#[test]
fn where_a_setting_stands_is_not_its_value() {
    let unit = unit(
        r#"
        resource "google_redis_instance" "cache" { name = "cache" }
        resource "google_secret_manager_secret" "host" { secret_id = "redishost" }
        resource "google_secret_manager_secret_version" "host" {
          secret      = google_secret_manager_secret.host.id
          secret_data = google_redis_instance.cache.host
        }
        resource "google_cloud_run_service" "api" {
          template {
            spec {
              containers {
                env {
                  name = "REDIS_HOST"
                  value_from {
                    secret_key_ref {
                      name = google_secret_manager_secret.host.secret_id
                      key  = "latest"
                    }
                  }
                }
                env {
                  name = "DB_HOST"
                  value_from {
                    secret_key_ref {
                      name = "db-host"
                      key  = "latest"
                    }
                  }
                }
              }
            }
          }
        }
        "#,
    );
    has_edge(&unit, "tf:google_cloud_run_service.api -> tf:google_redis_instance.cache runtime required");
    assert!(!edges(&unit).iter().any(|edge| edge.contains("host latest") || edge.contains("host db-host")));
}

#[test]
fn an_unknown_number_of_machines_is_not_one() {
    let unit = unit(
        r#"
        variable "n" {}
        variable "create" {}
        resource "aws_instance" "several" { count = var.n }
        resource "aws_instance" "perhaps" { count = var.create ? 1 : 0 }
        resource "aws_db_instance" "each" { count = var.n }
        "#,
    );
    let several = node(&unit, "tf:aws_instance.several");
    assert_eq!(several.tolerance, Tolerance::Unknown);
    let because = several.tolerance_because.as_deref();
    assert_eq!(because, Some("how many there are is not known: variable `n` has no value"));
    assert_eq!(node(&unit, "tf:aws_instance.perhaps").tolerance, Tolerance::Nothing);
    assert_eq!(node(&unit, "tf:aws_db_instance.each").tolerance, Tolerance::Nothing);
}

#[test]
fn a_gateway_needs_what_serves_and_not_the_slot_beside_it() {
    let unit = unit(
        r#"
        resource "azurerm_app_service" "api" { name = "api" }
        resource "azurerm_storage_account" "drafts" { name = "drafts" }
        resource "azurerm_app_service_slot" "staging" {
          app_service_name = azurerm_app_service.api.name
          app_settings     = { FILES = azurerm_storage_account.drafts.name }
        }
        resource "azurerm_application_gateway" "front" {
          backend_address_pool {
            fqdns = [azurerm_app_service.api.default_site_hostname]
          }
          backend_address_pool {
            fqdns = [azurerm_app_service_slot.staging.default_site_hostname]
          }
        }
        "#,
    );
    has_edge(&unit, "tf:azurerm_application_gateway.front -> tf:azurerm_app_service.api runtime required");
    assert!(!edges(&unit).iter().any(|edge| edge.contains("drafts")), "{:?}", edges(&unit));
}

#[test]
fn a_service_answers_to_the_name_that_service_connect_gives_it() {
    let unit = unit(
        r#"
        resource "aws_ecs_service" "orders" {
          service_connect_configuration {
            service {
              client_alias {
                dns_name = "orders"
                port     = 80
              }
            }
          }
        }
        "#,
    );
    let names: Vec<_> = unit.names.iter().map(|one| (&*one.name, one.id.as_str(), one.reach)).collect();
    assert_eq!(names, [("orders", "tf:aws_ecs_service.orders", crate::model::Reach::Unit)]);
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
    has_edge(&unit, "tf:aws_ecs_service.web -> host api.stripe.com runtime optional");
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
        env {
          name  = "SUPPORT_URL"
          value = "https://example.zendesk.com/api"
        }
        env {
          name  = "SEARCH_ENDPOINT"
          value = "https://vpc-example.eu-west-2.es.amazonaws.com"
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
    has_edge(&unit, "tf:google_cloud_run_service.api -> host example.zendesk.com runtime optional");
    has_edge(
        &unit,
        "tf:google_cloud_run_service.api -> host vpc-example.eu-west-2.es.amazonaws.com runtime required",
    );
    assert!(!edges(&unit).iter().any(|edge| edge.contains("stripe")), "{:?}", edges(&unit));
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
fn a_version_of_a_secret_that_is_looked_up_leads_to_the_secret() {
    let main = r#"
provider "aws" { region = "eu-west-1" }
data "aws_secretsmanager_secret" "db" { name = "prod/db" }
data "aws_secretsmanager_secret_version" "db" { secret_id = data.aws_secretsmanager_secret.db.id }
resource "aws_ecs_task_definition" "web" {
  container_definitions = <<EOF
[{"name": "web", "secrets": [
  {"name": "PASSWORD", "valueFrom": "${data.aws_secretsmanager_secret_version.db.arn}:password::"}
]}]
EOF
}
resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
"#;
    let found = read(&[("main.tf", main)]);
    let unit = &found.units[0];
    has_edge(unit, "tf:aws_ecs_service.web -> tf:data.aws_secretsmanager_secret.db startup required");
    // What begins with something that is not known is no name of a parameter.
    assert!(!edges(unit).iter().any(|edge| edge.contains("-> provider aws")), "{:?}", edges(unit));
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
fn a_front_that_is_switched_off_is_missed_by_nobody() {
    let text = |enabled: &str| {
        format!(
            "resource \"aws_cloudfront_distribution\" \"d\" {{\n  enabled = {enabled}\n  origin {{\n    domain_name = \"a.example.com\"\n    origin_id = \"a\"\n  }}\n}}\n"
        )
    };
    let is_off = |enabled: &str| {
        let unit = unit(&text(enabled));
        node(&unit, "tf:aws_cloudfront_distribution.d").attributes.bool(Attribute::Auxiliary)
    };
    assert_eq!((is_off("false"), is_off("true"), is_off("var.on")), (Some(true), None, None));
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
fn a_cluster_whose_instances_are_elsewhere_is_not_said_to_be_single() {
    let unit = unit(r#"resource "aws_rds_cluster" "c" { engine = "aurora-postgresql" }"#);
    let cluster = node(&unit, "tf:aws_rds_cluster.c");
    assert_eq!(cluster.tolerance, Tolerance::Unknown);
    assert_eq!(
        cluster.tolerance_because.as_deref(),
        Some(
            "no `aws_rds_cluster_instance` of it is declared; may survive a zone if values that are not known say so"
        )
    );
}

#[test]
fn what_is_looked_up_was_given_its_arguments_elsewhere() {
    let unit = unit(
        r#"
        data "aws_elasticache_replication_group" "sessions" { replication_group_id = "sessions" }
        resource "aws_elasticache_replication_group" "queue" { description = "jobs" }
        resource "aws_ecs_task_definition" "web" {
          container_definitions = jsonencode([{ name = "web", environment = [
            { name = "SESSIONS", value = data.aws_elasticache_replication_group.sessions.primary_endpoint_address },
            { name = "QUEUE", value = aws_elasticache_replication_group.queue.primary_endpoint_address },
          ] }])
        }
        resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
        "#,
    );
    assert_eq!(node(&unit, "tf:aws_elasticache_replication_group.queue").tolerance, Tolerance::Nothing);
    let looked_up = node(&unit, "tf:data.aws_elasticache_replication_group.sessions");
    assert_eq!((looked_up.replication.replicas, looked_up.tolerance), (None, Tolerance::Unknown));
    let because = looked_up.tolerance_because.as_deref().unwrap();
    assert!(because.starts_with("it is looked up"), "{because}");
}

#[test]
fn who_asks_for_a_discovered_service_needs_what_registers_with_it() {
    let unit = unit(
        r#"
        variable "environment" {}
        resource "aws_service_discovery_private_dns_namespace" "internal" { name = "${var.environment}.internal" }
        resource "aws_service_discovery_service" "api" {
          name = "api"
          dns_config { namespace_id = aws_service_discovery_private_dns_namespace.internal.id }
        }
        resource "aws_ecs_service" "api" {
          service_registries { registry_arn = aws_service_discovery_service.api.arn }
        }
        locals {
          api = "${aws_service_discovery_service.api.name}.${aws_service_discovery_private_dns_namespace.internal.name}"
        }
        resource "aws_ecs_task_definition" "web" {
          container_definitions = jsonencode([{ name = "web", environment = [
            { name = "API_URL", value = "http://${local.api}:8080" },
          ] }])
        }
        resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
        "#,
    );
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_ecs_service.api runtime required");
    assert!(
        !edges(&unit).iter().any(|edge| edge.starts_with("tf:aws_ecs_service.api -> tf:")),
        "{:?}",
        edges(&unit)
    );
}

#[test]
fn a_version_of_a_secret_that_is_made_here_leads_to_the_secret_and_to_what_it_speaks_of() {
    let unit = unit(
        r#"
        resource "aws_db_instance" "db" {}
        resource "aws_secretsmanager_secret" "url" { name = "database-url" }
        resource "aws_secretsmanager_secret_version" "url" {
          secret_id     = aws_secretsmanager_secret.url.id
          secret_string = "postgres://app@${aws_db_instance.db.endpoint}/app"
        }
        resource "aws_ecs_task_definition" "web" {
          container_definitions = jsonencode([{ name = "web", secrets = [
            { name = "DATABASE_URL", valueFrom = aws_secretsmanager_secret_version.url.arn },
          ] }])
        }
        resource "aws_ecs_service" "web" { task_definition = aws_ecs_task_definition.web.arn }
        "#,
    );
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_secretsmanager_secret.url startup required");
    has_edge(&unit, "tf:aws_ecs_service.web -> tf:aws_db_instance.db runtime required");
}
