//! What a container image runs.

use crate::catalog::{Catalog, ImageKind};
use crate::model::{Category, Node, Tolerance};

/// What is known of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Product: `postgres`, `redis`.
    pub engine: String,
    /// What it is for.
    pub category: Category,
    /// Whether it keeps data.
    pub stateful: bool,
    /// Whether it is there for people at work on the system, or for tests, and not missed when it is gone.
    pub tool: bool,
    /// Whether several of its instances live by majority.
    pub quorum: bool,
    /// Whether several of its servers are no more than that: another takes over only by means of something else
    /// (Patroni, Sentinel, an operator).
    pub alone: bool,
}

impl Known {
    /// Whether the image keeps or moves the data of others: a datastore, a cache, a queue.
    pub fn is_datastore(&self) -> bool {
        matches!(
            self.category,
            Category::Database | Category::Cache | Category::Queue | Category::Search | Category::Storage
        )
    }

    /// Whether it is a part of the platform rather than something that people use: it becomes a component.
    pub fn is_part(&self) -> bool {
        self.is_datastore()
            || self.tool
            || matches!(self.category, Category::Monitoring | Category::Secrets | Category::Registry)
            || matches!(&*self.engine, "zookeeper" | "etcd" | "consul" | "pgbouncer" | "schema-registry")
    }

    /// Whether several of its instances live by majority.
    pub fn has_quorum(&self) -> bool {
        self.quorum
    }

    /// Several servers of a database that does not fail over by itself: whether one of them stands in for another
    /// is said by what they run, not by their number.
    pub fn doubt_takeover(&self, node: &mut Node) {
        let Some(replicas) = node.replication.replicas.filter(|replicas| self.alone && *replicas > 1) else {
            return;
        };
        node.tolerance = Tolerance::Unknown;
        node.tolerance_because = Some(format!(
            "{replicas} replicas; nothing says that one takes over from another, nor that they hold the same"
        ));
    }
}

/// What an image reference runs; `None` for images nobody knows, which are taken for the organization's code.
pub fn known(image: &str, catalog: &Catalog) -> Option<Known> {
    let repository = repository(image);
    let last = repository.rsplit('/').next().unwrap_or(&repository);
    let row = TABLE.iter().find(|(words, ..)| words.contains(&last));
    if let Some((_, engine, category, tool)) = row {
        let (engine, category, tool) = ((*engine).to_owned(), *category, *tool);
        return Some(Known { engine, category, stateful: false, tool, quorum: false, alone: false });
    }
    let Some(kind) = catalog.image(image).or_else(|| by_product(last, catalog)) else {
        return is_some_database(last).then(|| Known {
            engine: "database".to_owned(),
            category: Category::Database,
            stateful: true,
            tool: false,
            quorum: false,
            alone: true,
        });
    };
    Some(Known {
        engine: kind.kind.to_string(),
        category: category(&kind.category),
        stateful: kind.stateful,
        tool: &*kind.category == "devtools-ui",
        quorum: kind.quorum.is_some(),
        alone: kind.quorum.is_none()
            && matches!(&*kind.kind, "postgres" | "mysql" | "mariadb" | "redis" | "valkey" | "keydb")
            && !HIGHLY_AVAILABLE.iter().any(|word| repository.contains(word)),
    })
}

/// Whether the name is that of something that tries the others out: by its requests, or as their tests.
pub fn tries_out(name: &str) -> bool {
    let tests = ["tests", "e2e", "cypress", "playwright"];
    let is_test = name.split(['-', '_', '/']).any(|word| tests.contains(&word));
    let name = name.replace(['-', '_'], "");
    is_test
        || ["loadgenerator", "loadtest", "locust", "trafficgenerator"].iter().any(|word| name.contains(word))
}

/// Words in names of images whose servers take over from each other by themselves.
const HIGHLY_AVAILABLE: &[&str] = &[
    "repmgr",
    "patroni",
    "spilo",
    "galera",
    "xtradb",
    "cluster",
    "sentinel",
    "cloudnative",
    "crunchy",
    "-ha",
];

/// Images of one's own that are called a database: `shop/orders-db`.
fn is_some_database(last: &str) -> bool {
    let of = ["-db", "_db", "-database", "_database"].iter().find_map(|end| last.strip_suffix(end));
    let is_job = |name: &str| {
        ["migrat", "init", "seed", "setup", "backup", "restore", "wait", "test", "create", "populate"]
            .iter()
            .any(|word| name.contains(word))
    };
    matches!(last, "db" | "database") || of.is_some_and(|name| !is_job(name))
}

/// Images of other publishers that carry the product's own name.
fn by_product<'a>(last: &str, catalog: &'a Catalog) -> Option<&'a ImageKind> {
    const PRODUCTS: &[(&str, &str)] = &[
        ("postgres", "postgres"),
        ("postgresql", "postgres"),
        ("postgresql-ha", "postgres"),
        ("postgresql-repmgr", "postgres"),
        ("spilo", "postgres"),
        ("pgvector", "postgres"),
        ("postgis", "postgres"),
        ("mysql", "mysql"),
        ("mysql-server", "mysql"),
        ("mariadb", "mariadb"),
        ("mariadb-galera", "mariadb"),
        ("mongo", "mongodb"),
        ("mongodb", "mongodb"),
        ("redis", "redis"),
        ("redis-cluster", "redis"),
        ("redismod", "redis"),
        ("redis-stack", "redis"),
        ("redis-stack-server", "redis"),
        ("valkey", "valkey"),
        ("memcached", "memcached"),
        ("rabbitmq", "rabbitmq"),
        ("kafka", "kafka"),
        ("cp-kafka", "kafka"),
        ("cp-server", "kafka"),
        ("redpanda", "redpanda"),
        ("zookeeper", "zookeeper"),
        ("cp-zookeeper", "zookeeper"),
        ("etcd", "etcd"),
        ("consul", "consul"),
        ("nats", "nats"),
        ("elasticsearch", "elasticsearch"),
        ("opensearch", "opensearch"),
        ("cassandra", "cassandra"),
        ("clickhouse", "clickhouse"),
        ("clickhouse-server", "clickhouse"),
        ("cockroach", "cockroachdb"),
        ("minio", "minio"),
        ("nginx", "nginx"),
        ("haproxy", "haproxy"),
        ("traefik", "traefik"),
        ("prometheus", "prometheus"),
        ("grafana", "grafana"),
        ("keycloak", "keycloak"),
        ("influxdb", "influxdb"),
        ("solr", "solr"),
    ];
    // `postgres-11.4`, `redis6`: a version in the name.
    let stem = last.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    let (_, product) = PRODUCTS.iter().find(|(name, _)| [last, stem].contains(name))?;
    catalog.image_kind(product)
}

fn category(word: &str) -> Category {
    Category::parse(word).unwrap_or(match word {
        "streaming" | "streaming-aux" => Category::Queue,
        "coordination" | "timeseries" | "vector" | "database-proxy" => Category::Database,
        "object-storage" => Category::Storage,
        "observability" => Category::Monitoring,
        "proxy" | "api-gateway" | "cache-proxy" | "tunnel" => Category::LoadBalancer,
        _ => Category::Compute,
    })
}

/// An image reference without its tag and digest.
pub fn repository(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name.to_ascii_lowercase(),
        _ => image.to_ascii_lowercase(),
    }
}

/// An image reference with something in the place of `$NAME`, `${NAME}` and `${{ name }}`: its registry is still
/// to be told. `None` when the registry itself is a variable.
pub(super) fn without_variables(image: &str) -> Option<String> {
    let registry = match image.split_once('/') {
        Some((first, _)) => first,
        None => image.split([':', '@']).next().unwrap_or(image),
    };
    if registry.contains('$') {
        return None;
    }
    let mut out = String::new();
    let mut rest = image;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        out.push('x');
        let after = &rest[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        rest = match (after.strip_prefix("{{"), after.strip_prefix('{')) {
            (Some(inner), _) => inner.split_once("}}").map_or("", |(_, rest)| rest),
            (None, Some(inner)) => inner.split_once('}').map_or("", |(_, rest)| rest),
            (None, None) => after.trim_start_matches(is_name),
        };
    }
    out.push_str(rest);
    Some(out)
}

type Row = (&'static [&'static str], &'static str, Category, bool);

/// Images beside the catalog's: what watches others, and what people use while they work on a system.
static TABLE: &[Row] = &[
    (
        &[
            "postgres-exporter",
            "postgres_exporter",
            "redis_exporter",
            "redis-exporter",
            "mysqld-exporter",
            "node-exporter",
            "cadvisor",
            "statsd-exporter",
            "kube-state-metrics",
            "mongodb-exporter",
            "promtail",
            "alertmanager",
            "zipkin",
            "kibana",
            "logstash",
            "filebeat",
            "metricbeat",
            "fluentd",
            "fluent-bit",
            "alloy",
            "netdata",
            "jaeger-collector",
            "jaeger-query",
            "opentelemetry-collector-contrib",
            "opentelemetry-collector",
            "otelcol",
            "opensearch-dashboards",
        ],
        "monitoring",
        Category::Monitoring,
        false,
    ),
    (
        &[
            "phpmyadmin",
            "adminer",
            "pgadmin4",
            "mongo-express",
            "redis-commander",
            "redisinsight",
            "kafka-ui",
            "kafdrop",
            "akhq",
            "portainer",
            "portainer-ce",
            "mailhog",
            "mailpit",
            "maildev",
            "mailcatcher",
            "watchtower",
            "dozzle",
            "kafka-manager",
            "cmak",
            "redpanda-console",
            "busybox",
            "curl",
            "visualizer",
        ],
        "tool",
        Category::Other,
        true,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_do_not_take_over_by_themselves_are_told_apart() {
        let catalog = Catalog::embedded();
        let alone = |image: &str| known(image, catalog).is_some_and(|known| known.alone);
        assert!(alone("postgres:16") && alone("redis:7-alpine") && alone("shop/orders-db"));
        assert!(
            !alone("bitnami/postgresql-repmgr:16") && !alone("bitnami/redis-cluster:7") && !alone("etcd:3")
        );
        assert!(known("shop/orders-db:1", catalog).is_some_and(|known| known.category == Category::Database));
        assert_eq!(known("shop/migrate-db:1", catalog), None);
    }

    #[test]
    fn images_are_known_by_catalog_and_by_product() {
        let catalog = Catalog::embedded();
        let engine = |image: &str| known(image, catalog).map(|known| known.engine);
        assert_eq!(engine("postgres:16-alpine").as_deref(), Some("postgres"));
        assert_eq!(engine("ghcr.io/me/postgres@sha256:00").as_deref(), Some("postgres"));
        assert_eq!(engine("quay.io/coreos/etcd:v3").as_deref(), Some("etcd"));
        assert_eq!(engine("index.docker.io/me/postgres-11.4:2").as_deref(), Some("postgres"));
        assert_eq!(engine("me/postgres-backup"), None);
        assert_eq!(engine("me/shop:1"), None);
        assert!(known("confluentinc/cp-kafka:7", catalog).is_some_and(|kafka| kafka.has_quorum()));
        assert!(known("dpage/pgadmin4", catalog).is_some_and(|tool| tool.tool && tool.is_part()));
    }

    #[test]
    fn variables_do_not_hide_a_registry() {
        let image = |text: &str| without_variables(text);
        assert_eq!(image("node:$TAG").as_deref(), Some("node:x"));
        assert_eq!(
            image("ghcr.io/${{ github.repository }}:${{ github.sha }}").as_deref(),
            Some("ghcr.io/x:x")
        );
        assert_eq!(image("quay.io/a/b${X}-1").as_deref(), Some("quay.io/a/bx-1"));
        assert_eq!((image("$HOST/a"), image("${IMAGE}:1")), (None, None));
        assert_eq!(image("a:${").as_deref(), Some("a:x"));
    }
}
