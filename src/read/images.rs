//! What a container image runs.

use crate::catalog::Catalog;
use crate::model::Category;

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
        QUORUM.contains(&&*self.engine)
    }
}

/// Products whose members elect a leader by majority.
pub const QUORUM: &[&str] = &[
    "etcd",
    "zookeeper",
    "consul",
    "kafka",
    "redpanda",
    "mongodb",
    "elasticsearch",
    "opensearch",
    "cockroachdb",
    "rabbitmq",
    "vault",
    "nats",
    "tidb",
    "yugabytedb",
];

/// What an image reference runs; `None` for images nobody knows, which are taken for the organization's code.
pub fn known(image: &str, _catalog: &Catalog) -> Option<Known> {
    let repository = repository(image);
    let last = repository.rsplit('/').next().unwrap_or(&repository);
    TABLE.iter().find(|(words, ..)| words.iter().any(|word| matches(last, word))).map(
        |(_, engine, category, stateful, tool)| Known {
            engine: (*engine).to_owned(),
            category: *category,
            stateful: *stateful,
            tool: *tool,
        },
    )
}

/// An image reference without its tag and digest.
pub fn repository(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name.to_ascii_lowercase(),
        _ => image.to_ascii_lowercase(),
    }
}

fn matches(last: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(prefix) => last.starts_with(prefix),
        None => last == word,
    }
}

type Row = (&'static [&'static str], &'static str, Category, bool, bool);

static TABLE: &[Row] = &[
    (
        &[
            "postgres-exporter",
            "redis_exporter",
            "mysqld-exporter",
            "node-exporter",
            "cadvisor",
            "statsd-exporter",
        ],
        "exporter",
        Category::Monitoring,
        false,
        false,
    ),
    (
        &["postgres*", "postgis", "timescaledb*", "pgvector", "spilo*", "cloudnative-pg"],
        "postgres",
        Category::Database,
        true,
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
            "portainer*",
            "mailhog",
            "mailpit",
            "maildev",
            "mailcatcher",
            "watchtower",
            "dozzle",
        ],
        "tool",
        Category::Other,
        false,
        true,
    ),
    (&["mysql*", "percona*"], "mysql", Category::Database, true, false),
    (&["mariadb*"], "mariadb", Category::Database, true, false),
    (&["mongo", "mongodb*"], "mongodb", Category::Database, true, false),
    (
        &["redis", "redis-stack*", "redismod", "redis-cluster", "redis-sentinel", "rejson"],
        "redis",
        Category::Cache,
        true,
        false,
    ),
    (&["valkey*"], "valkey", Category::Cache, true, false),
    (&["keydb", "dragonfly"], "redis", Category::Cache, true, false),
    (&["memcached*"], "memcached", Category::Cache, false, false),
    (&["rabbitmq*"], "rabbitmq", Category::Queue, true, false),
    (
        &["cp-schema-registry", "cp-kafka-connect*", "cp-kafka-rest", "cp-ksqldb*"],
        "schema-registry",
        Category::Queue,
        false,
        false,
    ),
    (&["kafka*", "cp-kafka", "cp-server", "cp-enterprise-kafka"], "kafka", Category::Queue, true, false),
    (&["redpanda*"], "redpanda", Category::Queue, true, false),
    (&["nats*"], "nats", Category::Queue, true, false),
    (
        &["activemq*", "eclipse-mosquitto", "emqx", "pulsar*", "beanstalkd"],
        "queue",
        Category::Queue,
        true,
        false,
    ),
    (&["zookeeper*", "cp-zookeeper"], "zookeeper", Category::Database, true, false),
    (&["etcd*"], "etcd", Category::Database, true, false),
    (&["consul"], "consul", Category::Database, true, false),
    (&["elasticsearch*"], "elasticsearch", Category::Search, true, false),
    (&["opensearch"], "opensearch", Category::Search, true, false),
    (&["meilisearch", "typesense", "solr*"], "search", Category::Search, true, false),
    (
        &[
            "cassandra*",
            "scylla*",
            "clickhouse*",
            "clickhouse-server",
            "couchdb",
            "couchbase",
            "neo4j",
            "influxdb*",
            "cockroach*",
            "arangodb",
            "questdb",
            "mssql*",
            "azure-sql-edge",
            "oracle*",
            "qdrant",
            "weaviate",
            "chroma*",
            "surrealdb",
            "rethinkdb",
            "victoria-metrics",
        ],
        "database",
        Category::Database,
        true,
        false,
    ),
    (&["minio", "seaweedfs", "ceph*"], "minio", Category::Storage, true, false),
    (
        &[
            "jaeger*",
            "all-in-one",
            "prometheus*",
            "grafana*",
            "loki*",
            "promtail*",
            "tempo*",
            "alertmanager",
            "opentelemetry-collector*",
            "otelcol*",
            "zipkin*",
            "kibana*",
            "logstash*",
            "filebeat*",
            "metricbeat*",
            "fluentd*",
            "fluent-bit*",
            "agent",
            "datadog*",
            "alloy",
            "vector",
            "graphite*",
            "netdata",
        ],
        "monitoring",
        Category::Monitoring,
        false,
        false,
    ),
    (
        &["nginx*", "openresty", "haproxy*", "traefik*", "caddy*", "envoy*", "httpd", "kong*", "nginx-proxy"],
        "proxy",
        Category::LoadBalancer,
        false,
        false,
    ),
    (&["keycloak*", "dex", "hydra", "kratos", "authentik"], "identity", Category::Identity, false, false),
    (&["vault"], "vault", Category::Secrets, true, false),
    (&["pgbouncer*"], "pgbouncer", Category::Database, false, false),
];
