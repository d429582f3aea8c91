//! Projects as text: nodes, edges, groups and references.

use super::Compose;
use crate::catalog::Catalog;
use crate::model::{AttributeValue, Category, Target, Tolerance};
use crate::read::{Format, ReadContext};
use crate::source::Tree;

fn read(files: &[(&str, &str)]) -> crate::model::Declarations {
    let tree = Tree::of_texts(files.iter().copied());
    let catalog = Catalog::embedded();
    let cx = ReadContext { tree: &tree, catalog, environment: None };
    let claimed: Vec<_> =
        tree.files().filter(|file| Compose.wants(file.path()) && Compose.claims(file, &tree)).collect();
    Compose.read(&claimed, &cx)
}

/// The unit as text: one line for each edge, group and reference.
fn show(files: &[(&str, &str)]) -> String {
    let declarations = read(files);
    let mut out = String::new();
    for unit in &declarations.units {
        out += &format!("unit {}\n", unit.name);
        for node in &unit.nodes {
            out += &format!("  {} {}", node.id, node.replication.replicas.unwrap_or(0));
            for (attribute, fact) in node.attributes.iter() {
                if let AttributeValue::Bool(true) = fact.value {
                    out += &format!(" {attribute:?}");
                }
            }
            out.push('\n');
        }
        for edge in &unit.edges {
            let group = edge.group.as_ref().map(|group| format!(" in {group}")).unwrap_or_default();
            out += &format!("  {} -> {} {} {}{group}\n", edge.from, edge.to, edge.phase, edge.need);
        }
        for group in &unit.groups {
            out += &format!("  group {} k={}\n", group.id, group.k);
        }
        for one in unit.references.iter().filter(|one| !matches!(one.target, Target::Image(_))) {
            out += &format!("  {} ~> {:?} {}\n", one.from, one.target, one.need);
        }
    }
    out
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    let shown = show(files);
    assert_eq!(shown.trim(), expected.trim(), "\n{shown}");
}

#[test]
fn environment_and_depends_on_become_edges() {
    check(
        &[(
            "shop/compose.yaml",
            "services:\n  api:\n    build: .\n    ports: ['80:80']\n    environment:\n      - DATABASE_URL=postgres://u:p@db:5432/x\n      - REDIS_HOST=cache\n      - STRIPE=https://api.stripe.com\n    depends_on: {db: {condition: service_healthy}}\n  db: {image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}\n  cache: {image: redis}\n",
        )],
        r#"
unit shop
  compose:shop/api 1 Published
  compose:shop/cache 1 Stateful EphemeralData
  compose:shop/db 1 Stateful
  compose:shop/api -> compose:shop/cache runtime required
  compose:shop/api -> compose:shop/db runtime required
  compose:shop/api ~> Host { name: "api.stripe.com", port: None, scheme: Some("https") } optional
"#,
    );
}

#[test]
fn keys_of_providers_are_optional_needs_and_never_shown() {
    let compose = "services:\n  api:\n    image: me/api\n    env_file: .env.production\n    environment:\n      STRIPE_KEY: sk_live_1\n      OPENAI_API_KEY:\n      SENTRY_DSN: ${SENTRY_DSN:-}\n      SLACK_TOKEN: ''\n      SUPABASE_URL: http://kong:8000\n      SUPABASE_ANON_KEY: x\n  kong: {image: kong}\n";
    let sample = "API_HOST=files.example.com\nTWILIO_SID=\nS3=https://my-bucket.s3.eu-west-1.amazonaws.com\nDB_HOST=kong\n";
    let files = [("compose.yaml", compose), (".env.production.sample", sample)];
    check(
        &files,
        r#"
unit .
  compose:api 1
  compose:kong 1
  compose:api -> compose:kong runtime required
  compose:api ~> Provider { provider: "openai", service: None, region: None } optional
  compose:api ~> Provider { provider: "sentry", service: None, region: None } optional
  compose:api ~> Provider { provider: "stripe", service: None, region: None } optional
  compose:api ~> Provider { provider: "twilio", service: None, region: None } optional
  compose:api ~> Provider { provider: "aws", service: None, region: None } optional
"#,
    );
    let declarations = read(&files);
    let shown = format!("{:?}", declarations.units[0].references);
    assert!(!shown.contains("sk_live_1") && shown.contains("STRIPE_KEY=***"), "{shown}");
}

#[test]
fn settings_that_stand_alone_are_handed_on_from_the_file_of_variables() {
    let compose = "services:\n  web: {image: me/web, environment: [CACHE_ADDR, 'ALL=${DB_URL}']}\n  api: {image: me/api, environment: {CACHE_ADDR: }}\n  cache: {image: redis}\n  db: {image: postgres}\n";
    let env = "PORT=6379\nCACHE_ADDR=cache:${PORT}\nDB_HOST=db\nDB_URL=postgres://${DB_HOST}/x\n";
    check(
        &[("compose.yaml", compose), (".env", env)],
        r#"
unit .
  compose:api 1
  compose:cache 1 Stateful EphemeralData
  compose:db 1 Stateful EphemeralData
  compose:web 1
  compose:api -> compose:cache runtime required
  compose:web -> compose:cache runtime required
  compose:web -> compose:db runtime required
"#,
    );
}

#[test]
fn copies_of_a_store_do_not_stand_in_for_each_other() {
    let compose = "services:\n  web: {image: me/web, deploy: {replicas: 2}}\n  cache: {image: redis, deploy: {replicas: 2}}\n  graph: {image: dockersamples/visualizer}\n";
    let declarations = read(&[("compose.yml", compose)]);
    let nodes = &declarations.units[0].nodes;
    let shown: Vec<_> = nodes.iter().map(|node| (&*node.name, node.tolerance, node.is_service)).collect();
    assert_eq!(
        shown,
        [
            ("cache", Tolerance::Unknown, false),
            ("graph", Tolerance::Nothing, false),
            ("web", Tolerance::Instance, true)
        ]
    );
}

#[test]
fn containers_answer_to_the_names_that_compose_gave_them() {
    check(
        &[(
            "shop/compose.yml",
            "services:\n  web: {image: me/web, environment: [DB_HOST=shop_db_1, OTHER_HOST=other_db_1]}\n  db: {image: mariadb, volumes: ['d:/var/lib/mysql']}\n  sim: {image: acme/load-test, command: '-h web'}\n",
        )],
        r#"
unit shop
  compose:shop/db 1 Stateful
  compose:shop/sim 1 Auxiliary
  compose:shop/web 1
  compose:shop/sim -> compose:shop/web runtime required
  compose:shop/web -> compose:shop/db runtime required
  compose:shop/web ~> Host { name: "other_db_1", port: None, scheme: None } optional
"#,
    );
}

#[test]
fn an_image_built_from_a_datastore_is_one() {
    let compose = "services:\n  db: {build: {context: db}, volumes: ['d:/var/lib/mysql']}\n  seed: {build: seed}\n  tuned: {build: db, command: ['--max-connections=9']}\n  load: {build: db, command: load.sh}\n  kafka: {build: elsewhere}\n  graphs: {build: graphs}\n  web: {build: web}\n";
    let files = [
        ("compose.yaml", compose),
        ("db/Dockerfile", "FROM mysql:8\nCOPY init.sql /docker-entrypoint-initdb.d/\n"),
        ("seed/Dockerfile", "FROM mysql:8\nCMD [\"seed.sh\"]\n"),
        ("graphs/Dockerfile", "FROM grafana/grafana\nCOPY x /x\n"),
        ("web/Dockerfile", "FROM nginx\nCOPY dist /usr/share/nginx/html\n"),
    ];
    let declarations = read(&files);
    let nodes = &declarations.units[0].nodes;
    let kinds: Vec<_> = nodes.iter().map(|node| (&*node.name, node.category)).collect();
    let (store, code) = (Some(Category::Database), Some(Category::Compute));
    let (queue, graphs) = (Some(Category::Queue), Some(Category::Monitoring));
    let expected = [("db", store), ("graphs", graphs), ("kafka", queue), ("load", code), ("seed", code)];
    assert_eq!(kinds, [&expected[..], &[("tuned", store), ("web", code)]].concat());
}

#[test]
fn only_services_of_profiles_that_are_on_start() {
    let compose = "services:\n  web: {image: me/web, environment: {DB_HOST: pg, OTHER_HOST: my}, depends_on: {my: {condition: service_started, required: false}}}\n  pg: {image: 'postgres:16', volumes: ['d:/var/lib/postgresql/data'], profiles: [pg]}\n  my: {image: 'mysql:8', profiles: [my]}\n";
    let env = "DB_TYPE=pg\nCOMPOSE_PROFILES=${DB_TYPE:-my},extra\n";
    check(
        &[("compose.yaml", compose), (".env", env)],
        r#"
unit .
  compose:pg 1 Stateful
  compose:web 1
  compose:web -> compose:pg runtime required
"#,
    );
    let declarations = read(&[("compose.yaml", compose)]);
    assert_eq!(declarations.units[0].nodes.len(), 3);
}

#[test]
fn numbered_services_of_one_build_are_alternatives() {
    check(
        &[(
            "compose.yaml",
            "services:\n  lb: {image: nginx, depends_on: [web1, web2, db]}\n  web1: {build: ./web}\n  web2: {build: ./web}\n  db: {image: mysql}\n",
        )],
        r#"
unit .
  compose:db 1 Stateful EphemeralData
  compose:lb 1
  compose:web1 1
  compose:web2 1
  compose:lb -> compose:db runtime required
  compose:lb -> compose:web1 runtime required in compose:lb#web
  compose:lb -> compose:web2 runtime required in compose:lb#web
  group compose:lb#web k=1
"#,
    );
}

#[test]
fn brokers_need_their_majority() {
    check(
        &[(
            "compose.yaml",
            "x-k: &k {image: 'confluentinc/cp-kafka:7', volumes: ['/data']}\nservices:\n  app: {image: me/app, environment: {BROKERS: 'k1:9092,k2:9092,k3:9092'}}\n  k1: *k\n  k2: {<<: *k}\n  k3: {<<: [*k], mem_limit: 1g}\n",
        )],
        r#"
unit .
  compose:app 1
  compose:k1 1 Stateful
  compose:k2 1 Stateful
  compose:k3 1 Stateful
  compose:app -> compose:k1 runtime required in compose:app#k
  compose:app -> compose:k2 runtime required in compose:app#k
  compose:app -> compose:k3 runtime required in compose:app#k
  group compose:app#k k=2
"#,
    );
}

#[test]
fn files_that_others_are_made_from_are_no_projects() {
    check(
        &[
            (
                "docker-compose.base.yml",
                "services:\n  web: {image: me/web}\n  db: {image: postgres}\n  tracing: {image: me/tracing}\n",
            ),
            (
                "docker-compose.hobby.yml",
                "services:\n  web: {extends: {file: docker-compose.base.yml, service: web}, depends_on: [db]}\n  db: {extends: {file: docker-compose.base.yml, service: db}, volumes: ['d:/var/lib/postgresql/data']}\n",
            ),
        ],
        "
unit .
  compose:db 1 Stateful
  compose:web 1
  compose:web -> compose:db runtime required
",
    );
    check(
        &[
            (
                "docker-compose.yml",
                "include: [search/docker-compose.yml]\nservices:\n  web: {image: me/web}\n",
            ),
            ("search/docker-compose.yml", "services:\n  search: {image: me/search}\n"),
        ],
        "
unit .
  compose:search 1
  compose:web 1
",
    );
}

#[test]
fn files_are_layered_extended_included_and_interpolated() {
    check(
        &[
            (".env", "DB=pg\nTAG=1\n"),
            (
                "docker-compose.yml",
                "include: [infra/stack.yml]\nservices:\n  web:\n    extends: {file: common.yml, service: base}\n    environment: {DB_HOST: '${DB}', CACHE_HOST: '${CACHE:-redis}', OTHER_HOST: '${OTHER}'}\n",
            ),
            (
                "docker-compose.override.yml",
                "services:\n  web: {deploy: {replicas: 3}, environment: [CACHE_HOST=memcached]}\n",
            ),
            ("common.yml", "services:\n  base: {image: 'me/web:${TAG}', links: ['queue:q']}\n"),
            (
                "infra/stack.yml",
                "services:\n  pg: {image: postgres}\n  queue: {image: rabbitmq}\n  memcached: {image: memcached}\n  redis: {image: redis, profiles: [debug]}\n",
            ),
        ],
        r#"
unit .
  compose:memcached 1
  compose:pg 1 Stateful EphemeralData
  compose:queue 1 Stateful EphemeralData
  compose:redis 1 Stateful EphemeralData Auxiliary
  compose:web 3
  compose:web -> compose:memcached runtime required
  compose:web -> compose:pg runtime required
  compose:web -> compose:queue runtime required
  compose:web ~> Unresolved { text: "${OTHER}", because: "a variable in it has no value in the scanned files" } optional
"#,
    );
}

#[test]
fn production_is_chosen_and_other_stacks_stand_apart() {
    let declarations = read(&[
        ("docker-compose.yml", "services:\n  web: {image: me/web}\n"),
        ("docker-compose.dev.yml", "services:\n  web: {ports: ['1:1']}\n"),
        ("docker-compose.prod.yml", "services:\n  web: {deploy: {replicas: 2}}\n"),
        ("docker-compose.elk.yml", "services:\n  es: {image: elasticsearch}\n"),
    ]);
    let units: Vec<_> =
        declarations.units.iter().map(|unit| (unit.name.as_str(), unit.nodes.len())).collect();
    assert_eq!(units, [(".", 1), ("elk", 1)]);
    assert_eq!(declarations.units[0].nodes[0].replication.replicas, Some(2));
    let environments: Vec<_> =
        declarations.units[0].environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(environments, [("default", false), ("dev", false), ("prod", true)]);
}

#[test]
fn the_same_project_in_two_folders_is_one() {
    let main = "services:\n  app: {image: ghcr.io/me/app:1}\n  db: {image: postgres:15}\n";
    let again =
        "services:\n  app: {image: ghcr.io/me/app:postgres}\n  db: {image: docker.io/library/postgres}\n";
    let other = "services:\n  app: {image: ghcr.io/you/app}\n  db: {image: postgres}\n";
    let common = "services:\n  db: {image: postgres}\n  cache: {image: redis}\n";
    let declarations = read(&[
        ("compose.yml", main),
        ("podman/compose.yml", again),
        ("other/compose.yml", other),
        ("a/compose.yml", common),
        ("b/compose.yml", common),
    ]);
    let ids: Vec<&str> =
        declarations.units.iter().flat_map(|unit| &unit.nodes).map(|node| node.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "compose:app",
            "compose:db",
            "compose:a/cache",
            "compose:a/db",
            "compose:b/cache",
            "compose:b/db",
            "compose:other/app",
            "compose:other/db",
            "compose:app",
            "compose:db"
        ]
    );
}

#[test]
fn mounted_configuration_names_services() {
    check(
        &[
            (
                "a/compose.yml",
                "services:\n  proxy: {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf']}\n  app: {build: app}\n",
            ),
            ("a/nginx.conf", "# proxy_pass http://old:1;\nlocation / { proxy_pass http://app:3000; }\n"),
        ],
        r#"
unit a
  compose:a/app 1
  compose:a/proxy 1
  compose:a/proxy -> compose:a/app runtime required
"#,
    );
}

#[test]
fn what_watches_is_needed_to_observe_and_jobs_to_start() {
    check(
        &[(
            "compose.yml",
            "services:\n  app:\n    build: .\n    environment: {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4317'}\n    depends_on: {migrate: {condition: service_completed_successfully}}\n  migrate: {build: .}\n  jaeger: {image: jaegertracing/all-in-one}\n  gone: {image: me/x, depends_on: [nothing]}\n",
        )],
        r#"
unit .
  compose:app 1
  compose:gone 1
  compose:jaeger 1
  compose:migrate 1 Batch
  compose:app -> compose:jaeger observe optional
  compose:app -> compose:migrate startup required
  compose:gone ~> Unresolved { text: "nothing", because: "no service of this name is declared" } required
"#,
    );
}

#[test]
fn other_yaml_is_not_claimed() {
    let tree = Tree::of_texts([
        (".gitlab-ci.yml", "services:\n  - postgres\nvariables: {}\n"),
        ("render.yaml", "services:\n  - type: web\n    name: x\n"),
        ("kompose.yaml", "apiVersion: v1\nkind: Service\n"),
    ]);
    assert!(tree.files().all(|file| !Compose.claims(file, &tree)));
}

#[test]
fn a_datastore_reads_nothing_of_a_file_that_tells_programs_where_it_is() {
    let compose = "services:\n  web: {image: me/web, env_file: .env}\n  tests: {image: me/web, env_file: .env}\n  db: {image: postgres, env_file: .env}\n  cache: {image: redis}\n";
    let shown = show(&[("compose.yaml", compose), (".env", "PGHOST=db\nREDIS_HOST=cache\n")]);
    assert!(
        shown.contains("compose:web -> compose:db") && shown.contains("compose:web -> compose:cache"),
        "{shown}"
    );
    assert!(!shown.contains("compose:db ->"), "{shown}");
}
