//! Modules, roots, environments and states.

use super::*;

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
fn a_variable_without_a_value_tells_environments_apart() {
    let main = r#"
        module "config" { source = "../config" }
        variable "environment" {}
        locals {
          prefix = terraform.workspace == "default" ? "" : "${terraform.workspace}-"
          chosen = module.config.environments[var.environment]
        }
        provider "aws" { region = local.chosen.region }
        resource "aws_ecs_service" "web" {
          name          = "${local.prefix}web-${var.environment}"
          desired_count = local.chosen.count
        }
    "#;
    let config = r#"
        locals {
          environments = {
            dev        = { region = "eu-west-1", count = 1 }
            production = { region = "eu-west-1", count = 3 }
          }
        }
        output "environments" { value = local.environments }
    "#;
    let web = |folder: &str, config_folder: &str, asked: Option<&str>| {
        let (path, beside) = (format!("{folder}/main.tf"), format!("{config_folder}/main.tf"));
        let declared = read_in(&[(path.as_str(), main), (beside.as_str(), config)], asked);
        let found: Vec<_> =
            declared.units[0].environments.iter().map(|one| (one.name.clone(), one.chosen)).collect();
        let web = node(&declared.units[0], "tf:aws_ecs_service.web");
        (web.name.clone(), web.replication.replicas, web.placement.region.clone(), found)
    };
    let region = Some("eu-west-1".to_owned());
    let both = |is_dev: bool| vec![("dev".to_owned(), is_dev), ("production".to_owned(), !is_dev)];
    let is = |name: &str, replicas, found| (name.to_owned(), replicas, region.clone(), found);
    assert_eq!(web("api", "config", None), is("web-production", Some(3), both(false)));
    assert_eq!(web("api", "config", Some("dev")), is("web-dev", Some(1), both(true)));
    // The folder of one environment is that one; of one that is not listed only what all share is known.
    assert_eq!(web("envs/dev", "envs/config", None), is("web-dev", Some(1), Vec::new()));
    assert_eq!(web("envs/staging", "envs/config", None), is("web", None, Vec::new()));
}

#[test]
fn one_name_that_a_variable_is_compared_with_does_not_tell_what_else_it_is() {
    let replicas = |name: &str| {
        let text = format!(
            "variable \"env\" {{}}\nresource \"aws_ecs_service\" \"web\" {{\n desired_count = var.env == \"{name}\" ? 1 : 3\n}}\n"
        );
        node(&unit(&text), "tf:aws_ecs_service.web").replication.replicas
    };
    assert_eq!(replicas("dev"), None);
    assert_eq!(replicas("prod"), Some(1));
}

#[test]
fn what_all_choices_share_is_known_where_none_is_chosen() {
    let text = r#"
        variable "size" {}
        locals {
          sizes = {
            small = { region = "eu-west-1", n = 1 }
            large = { region = "eu-west-1", n = 4, more = true }
          }
          chosen = local.sizes[var.size]
        }
        provider "aws" { region = local.chosen.region }
        resource "aws_autoscaling_group" "web" { min_size = local.chosen.n }
    "#;
    let unit = unit(text);
    let web = node(&unit, "tf:aws_autoscaling_group.web");
    assert_eq!(web.placement.region.as_deref(), Some("eu-west-1"));
    assert_eq!(web.replication.replicas, None);
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
        module "front" {
          source       = "git::https://git.example.org/application.git"
          docker_image = "registry.example.org/front:1"
          replicas     = 3
        }
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
    assert_eq!(shown("tf:module.front"), (Some(Category::Compute), some("aws"), some("eu-west-1")));
    assert_eq!(node(&unit, "tf:module.db").tolerance, Tolerance::Unknown);
    let front = node(&unit, "tf:module.front");
    assert_eq!((front.replication.replicas, &front.tolerance), (Some(3), &Tolerance::Unknown));
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
fn a_module_of_a_cluster_has_the_members_that_it_is_asked_for() {
    let unit = unit(
        r#"
variable "readers" {}
module "one" {
  source    = "terraform-aws-modules/rds-aurora/aws"
  instances = { writer = {} }
}
module "two" {
  source    = "terraform-aws-modules/rds-aurora/aws"
  instances = { writer = {}, reader = {} }
}
module "more" {
  source    = "terraform-aws-modules/rds-aurora/aws"
  instances = var.readers
}
"#,
    );
    let told = |id: &str| (node(&unit, id).tolerance, node(&unit, id).replication.replicas);
    assert_eq!(told("tf:module.one"), (Tolerance::Nothing, None));
    assert_eq!(told("tf:module.two"), (Tolerance::Host, Some(2)));
    assert_eq!(told("tf:module.more"), (Tolerance::Unknown, None));
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
fn terragrunt_runs_versions_of_its_own_repository_with_what_lies_beside_the_folder_that_is_run() {
    let shared = "locals { vars = read_terragrunt_config(\"../env.hcl\") }\ninputs = { env = local.vars.locals.env }\n";
    let data = "include { path = find_in_parent_folders() }\nterraform { source = \"git::https://github.com/acme/infra//aws/data?ref=${get_env(\"VERSION\")}\" }\n";
    let app = "include { path = find_in_parent_folders() }\nterraform { source = \"../../../aws//app\" }\ndependency \"data\" { config_path = \"../data\" }\ninputs = { url = dependency.data.outputs.url }\n";
    let data_module = r#"
variable "env" {}
resource "aws_db_instance" "main" {
  identifier = "main"
  multi_az   = var.env == "prod"
}
resource "aws_secretsmanager_secret" "url" { name = "url" }
resource "aws_secretsmanager_secret_version" "url" {
  secret_id     = aws_secretsmanager_secret.url.id
  secret_string = "postgres://${aws_db_instance.main.address}/app"
}
output "url" { value = aws_secretsmanager_secret_version.url.arn }
"#;
    let app_module = r#"
variable "url" {}
data "template_file" "task" {
  template = file("task.json")
  vars     = { url = var.url, cache = "cache.example.net" }
}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = data.template_file.task.rendered
}
resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
}
"#;
    let task = r#"[{"name": "app", "image": "acme/app", "environment": [{"name": "REDIS_URL", "value": "${cache}"}],
  "secrets": [{"name": "DATABASE_URL", "valueFrom": "${url}"}]}]"#;
    let found = read(&[
        ("env/terragrunt.hcl", shared),
        ("env/prod/env.hcl", "locals { env = \"prod\" }"),
        ("env/prod/data/terragrunt.hcl", data),
        ("env/prod/app/terragrunt.hcl", app),
        ("aws/data/main.tf", data_module),
        ("aws/app/main.tf", app_module),
        ("aws/app/task.json", task),
    ]);
    let [app, data] = found.units.as_slice() else { panic!("{:?}", found.units) };
    assert_eq!(node(data, "tf:env/prod/data/aws_db_instance.main").tolerance, Tolerance::Zone);
    has_edge(
        app,
        "tf:env/prod/app/aws_ecs_service.app -> tf:env/prod/data/aws_db_instance.main runtime required",
    );
    let hosts: Vec<_> = app
        .references
        .iter()
        .filter_map(|one| match &one.target {
            crate::model::Target::Host { name, .. } => Some(name.as_str()),
            crate::model::Target::Unresolved { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(hosts, ["cache.example.net"], "the template itself names nothing");
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

#[test]
fn workspaces_may_be_told_apart_by_a_map_among_the_values() {
    let files = [
        (
            "main.tf",
            r#"
variable "environments" { type = map(any) }
locals {
  name        = lower(replace(terraform.workspace, "_", "-"))
  environment = contains(keys(var.environments), local.name) ? var.environments[local.name] : var.environments["default"]
}
resource "aws_ecs_service" "web" {
  desired_count = local.environment.minimum
}
"#,
        ),
        (
            "terraform.tfvars.json",
            r#"{"environments": {"default": {"minimum": 1}, "preproduction": {"minimum": 2}, "production": {"minimum": 3}}}"#,
        ),
    ];
    for (asked, replicas) in [(None, 3), (Some("preproduction"), 2)] {
        let found = read_in(&files, asked);
        let unit = &found.units[0];
        let names: Vec<_> = unit.environments.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["preproduction", "production"]);
        assert_eq!(node(unit, "tf:aws_ecs_service.web").replication.replicas, Some(replicas));
    }
}

#[test]
fn a_region_that_is_looked_up_is_that_of_its_provider() {
    let unit = unit(
        r#"
        provider "aws" { region = "eu-west-2" }
        provider "aws" {
          alias  = "second"
          region = "eu-west-1"
        }
        data "aws_region" "current" {}
        data "aws_region" "second" { provider = aws.second }
        data "aws_region" "other" { endpoint = "ec2.us-east-1.amazonaws.com" }
        locals { tasks = { "eu-west-2" = 3, "eu-west-1" = 0 } }
        resource "aws_ecs_service" "web" { desired_count = local.tasks[data.aws_region.current.name] }
        resource "aws_ecs_service" "other" { desired_count = local.tasks[data.aws_region.other.name] }
        resource "aws_sqs_queue" "second" { count = local.tasks[data.aws_region.second.region] }
        "#,
    );
    assert_eq!(node(&unit, "tf:aws_ecs_service.web").replication.replicas, Some(3));
    assert_eq!(node(&unit, "tf:aws_ecs_service.other").replication.replicas, None);
    assert!(!ids(&unit).iter().any(|id| id.contains("aws_sqs_queue")), "{:?}", ids(&unit));
}
