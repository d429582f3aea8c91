//! Datastores that operators make from one object.

use std::collections::BTreeMap;

use super::object::Object;
use crate::model::Category;
use crate::read::yaml::Node;

/// A kind of object from which an operator makes a datastore.
pub(super) struct Operator {
    /// How the API group ends.
    group: &'static str,
    kind: &'static str,
    pub engine: &'static str,
    pub category: Category,
    /// Where the number of members stands; `[]` steps into lists and adds up.
    members: &'static [&'static str],
    /// Members when nothing is said.
    default: u32,
    /// Whether a majority must live.
    pub quorum: bool,
    /// Services that come of it; `{}` is the object's name.
    hosts: &'static [&'static str],
    /// Secrets that come of it.
    secrets: &'static [&'static str],
    /// The label by which its pods carry the object's name; empty where they carry none.
    label: &'static str,
}

/// Names that come of an object.
pub(super) struct Made {
    pub hosts: Vec<String>,
    pub secrets: Vec<String>,
}

/// The operator of an object.
pub(super) fn operator(object: &Object) -> Option<&'static Operator> {
    OPERATORS.iter().find(|row| row.kind == object.kind && object.group().ends_with(row.group))
}

/// The Services and Secrets that come of an object.
pub(super) fn made_by(object: &Object) -> Option<Made> {
    let row = operator(object)?;
    let fill =
        |patterns: &[&str]| patterns.iter().map(|pattern| pattern.replace("{}", &object.name)).collect();
    Some(Made { hosts: fill(row.hosts), secrets: fill(row.secrets) })
}

/// Whether pods that come of an object carry what a Service selects by.
pub(super) fn carries(object: &Object, selector: &BTreeMap<String, String>) -> bool {
    operator(object).is_some_and(|row| selector.get(row.label).is_some_and(|name| *name == object.name))
}

impl Operator {
    /// The number of members with the place that says so, or why it is not known.
    pub(super) fn members<'n>(&self, object: &'n Object) -> (Result<u32, String>, Option<&'n Node>) {
        for path in self.members {
            let mut numbers = Vec::new();
            collect(&object.root, &path.split('.').collect::<Vec<_>>(), &mut numbers);
            let Some(first) = numbers.first().copied() else { continue };
            let sum = numbers.iter().try_fold(0u32, |sum, node| {
                node.integer()
                    .and_then(|number| u32::try_from(number).ok())
                    .map(|number| sum.saturating_add(number))
            });
            let unread = || format!("`{}` is no number", first.str().unwrap_or(""));
            return (sum.ok_or_else(unread), Some(first));
        }
        (Ok(self.default), None)
    }
}

fn collect<'n>(node: &'n Node, path: &[&str], out: &mut Vec<&'n Node>) {
    match path.split_first() {
        None => out.push(node),
        Some((&"[]", rest)) => node.items().iter().for_each(|item| collect(item, rest, out)),
        Some((key, rest)) => {
            if let Some(inner) = node.get(key) {
                collect(inner, rest, out);
            }
        }
    }
}

macro_rules! operators {
    ($($group:literal $kind:literal $engine:literal $category:ident $members:expr, $default:literal, $quorum:literal, $hosts:expr, $secrets:expr, $label:literal;)+) => {
        &[$(Operator {
            group: $group, kind: $kind, engine: $engine, category: Category::$category,
            members: &$members, default: $default, quorum: $quorum, hosts: &$hosts, secrets: &$secrets,
            label: $label,
        },)+]
    };
}

static OPERATORS: &[Operator] = operators! {
    "cnpg.io" "Cluster" "postgres" Database ["spec.instances"], 1, false, ["{}-rw", "{}-ro", "{}-r"], ["{}-app", "{}-superuser"], "cnpg.io/cluster";
    "zalan.do" "postgresql" "postgres" Database ["spec.numberOfInstances"], 1, false, ["{}", "{}-repl", "{}-pooler"], [], "cluster-name";
    "crunchydata.com" "PostgresCluster" "postgres" Database ["spec.instances.[].replicas"], 1, false, ["{}-primary", "{}-ha", "{}-pgbouncer", "{}-replicas"], ["{}-pguser-{}"], "postgres-operator.crunchydata.com/cluster";
    "percona.com" "PerconaPGCluster" "postgres" Database ["spec.instances.[].replicas"], 1, false, ["{}-pgbouncer", "{}-primary", "{}-ha"], [], "postgres-operator.crunchydata.com/cluster";
    "stackgres.io" "SGCluster" "postgres" Database ["spec.instances"], 1, false, ["{}", "{}-replicas", "{}-primary"], ["{}"], "";
    "strimzi.io" "Kafka" "kafka" Queue ["spec.kafka.replicas"], 0, true, ["{}-kafka-bootstrap", "{}-kafka-brokers"], ["{}-cluster-ca-cert"], "strimzi.io/cluster";
    "spotahome.com" "RedisFailover" "redis" Cache ["spec.redis.replicas"], 3, false, ["rfs-{}", "rfr-{}", "rfrm-{}"], [], "redisfailovers.databases.spotahome.com/name";
    "opstreelabs.in" "Redis" "redis" Cache [], 1, false, ["{}", "{}-headless"], [], "app";
    "opstreelabs.in" "RedisReplication" "redis" Cache ["spec.clusterSize"], 1, false, ["{}", "{}-master", "{}-replica", "{}-headless"], [], "app";
    "opstreelabs.in" "RedisCluster" "redis" Cache ["spec.clusterSize"], 3, false, ["{}-leader", "{}-follower", "{}-master"], [], "";
    "redislabs.com" "RedisEnterpriseCluster" "redis" Cache ["spec.nodes"], 3, true, ["{}"], [], "";
    "dragonflydb.io" "Dragonfly" "dragonfly" Cache ["spec.replicas"], 1, false, ["{}"], [], "app";
    "k8s.elastic.co" "Elasticsearch" "elasticsearch" Search ["spec.nodeSets.[].count"], 1, true, ["{}-es-http", "{}-es-default", "{}-es-internal-http"], ["{}-es-elastic-user", "{}-es-http-certs-public"], "elasticsearch.k8s.elastic.co/cluster-name";
    "k8s.elastic.co" "Kibana" "kibana" Monitoring ["spec.count"], 1, false, ["{}-kb-http"], [], "kibana.k8s.elastic.co/name";
    "opensearch.opster.io" "OpenSearchCluster" "opensearch" Search ["spec.nodePools.[].replicas"], 1, true, ["{}"], [], "opster.io/opensearch-cluster";
    "rabbitmq.com" "RabbitmqCluster" "rabbitmq" Queue ["spec.replicas"], 1, true, ["{}", "{}-nodes"], ["{}-default-user"], "app.kubernetes.io/name";
    "mongodb.com" "MongoDBCommunity" "mongodb" Database ["spec.members"], 1, true, ["{}-svc"], [], "";
    "mongodb.com" "MongoDB" "mongodb" Database ["spec.members"], 1, true, ["{}-svc"], [], "";
    "psmdb.percona.com" "PerconaServerMongoDB" "mongodb" Database ["spec.replsets.[].size"], 3, true, ["{}-rs0", "{}-mongos"], [], "app.kubernetes.io/instance";
    "pxc.percona.com" "PerconaXtraDBCluster" "mysql" Database ["spec.pxc.size"], 3, true, ["{}-pxc", "{}-haproxy", "{}-proxysql"], ["{}-secrets"], "app.kubernetes.io/instance";
    "mysql.oracle.com" "InnoDBCluster" "mysql" Database ["spec.instances"], 1, true, ["{}", "{}-instances"], [], "mysql.oracle.com/cluster";
    "mysql.presslabs.org" "MysqlCluster" "mysql" Database ["spec.replicas"], 1, false, ["{}-mysql-master", "{}-mysql"], [], "";
    "mariadb.com" "MariaDB" "mariadb" Database ["spec.replicas"], 1, false, ["{}", "{}-primary", "{}-secondary"], [], "app.kubernetes.io/instance";
    "cockroachlabs.com" "CrdbCluster" "cockroachdb" Database ["spec.nodes"], 3, true, ["{}-public", "{}"], [], "app.kubernetes.io/instance";
    "datastax.com" "CassandraDatacenter" "cassandra" Database ["spec.size"], 1, false, ["{}-service"], [], "cassandra.datastax.com/datacenter";
    "k8ssandra.io" "K8ssandraCluster" "cassandra" Database ["spec.cassandra.datacenters.[].size"], 1, false, ["{}-service"], [], "";
    "scylladb.com" "ScyllaCluster" "scylladb" Database ["spec.datacenter.racks.[].members"], 1, false, ["{}-client"], [], "scylla/cluster";
    "pingcap.com" "TidbCluster" "tidb" Database ["spec.tikv.replicas"], 3, true, ["{}-tidb", "{}-pd"], [], "app.kubernetes.io/instance";
    "altinity.com" "ClickHouseInstallation" "clickhouse" Database ["spec.configuration.clusters.[].layout.replicasCount"], 1, false, ["clickhouse-{}"], [], "clickhouse.altinity.com/chi";
    "coreos.com" "EtcdCluster" "etcd" Database ["spec.size"], 3, true, ["{}-client", "{}"], [], "";
    "pravega.io" "ZookeeperCluster" "zookeeper" Database ["spec.replicas"], 3, true, ["{}-client", "{}-headless"], [], "";
    "nats.io" "NatsCluster" "nats" Queue ["spec.size"], 3, true, ["{}"], [], "";
    "banzaicloud.com" "Vault" "vault" Secrets ["spec.size"], 1, true, ["{}"], [], "";
    "min.io" "Tenant" "minio" Storage ["spec.pools.[].servers"], 1, false, ["minio", "{}-hl", "{}-console"], [], "v1.min.io/tenant";
    "monitoring.coreos.com" "Prometheus" "prometheus" Monitoring ["spec.replicas"], 1, false, ["prometheus-operated", "prometheus-{}"], [], "prometheus";
    "monitoring.coreos.com" "Alertmanager" "alertmanager" Monitoring ["spec.replicas"], 1, false, ["alertmanager-operated"], [], "alertmanager";
    "k8s.keycloak.org" "Keycloak" "keycloak" Identity ["spec.instances"], 1, false, ["{}-service"], ["{}-initial-admin"], "app.kubernetes.io/instance";
    "opentelemetry.io" "OpenTelemetryCollector" "otel-collector" Monitoring ["spec.replicas"], 1, false, ["{}-collector", "{}-collector-headless"], [], "";
    "jaegertracing.io" "Jaeger" "jaeger" Monitoring [], 1, false, ["{}-collector", "{}-query", "{}-agent"], [], "";
    "temporal.io" "TemporalCluster" "temporal" Other ["spec.services.frontend.replicas"], 1, false, ["{}-frontend"], [], "";
};
