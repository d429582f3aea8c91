//! The words from which hosts in settings are told: of keys, of schemes, and of values that only look like hosts.

/// Last words of keys whose value is a host.
pub(super) const HOST: &[&str] =
    &["host", "hosts", "hostname", "hostnames", "addr", "addrs", "address", "addresses", "server", "servers"];

/// Last words of keys whose value is a host, perhaps with a port and a path.
pub(super) const ENDPOINT: &[&str] = &[
    "url",
    "urls",
    "uri",
    "uris",
    "endpoint",
    "endpoints",
    "service",
    "svc",
    "broker",
    "brokers",
    "bootstrap",
    "dsn",
    "upstream",
    "upstreams",
    "backend",
    "backends",
    "proxy",
    "nodes",
    "peers",
    "seeds",
    "connect",
    "zookeeper",
    "sentinels",
    "sentinel",
    "targets",
    "remote",
];

/// Systems whose usual variables run their name and `host` together.
pub(super) const RUN_INTO_HOST: &[&str] =
    &["pg", "db", "sql", "mysql", "postgres", "redis", "mongo", "rabbitmq", "kafka", "ldap", "smtp", "es"];

/// Words anywhere in keys that name the thing itself or who may call it.
pub(super) const OF_ITSELF: &[&str] = &[
    "listen",
    "listener",
    "listeners",
    "listening",
    "bind",
    "advertise",
    "advertised",
    "allowed",
    "cors",
    "origin",
    "origins",
    "whitelist",
    "allowlist",
    "csrf",
    "callback",
    "redirect",
    "cookie",
    "letsencrypt",
    "virtual",
];

/// Last words of keys whose values only look like hosts.
pub(super) const NO_HOST: &[&str] =
    &["image", "tag", "version", "docs", "documentation", "license", "homepage", "xmlns", "schema", "vhost"];

/// How keys of the own public name end, whatever stands before.
pub(super) const OWN_ENDINGS: &[&str] = &["public_url", "external_url", "site_url", "siteurl", "root_url"];

/// Keys that usually hold the own public name: what they name counts only where it is known.
pub(super) const OWN_NAMES: &[&str] = &[
    "host",
    "hostname",
    "server_name",
    "servername",
    "base_url",
    "public_url",
    "root_url",
    "site_url",
    "app_url",
    "webapp_url",
    "self_url",
    "external_url",
    "frontend_url",
    "nextauth_url",
    "auth_url",
    "domain",
    "domains",
    "gf_server_root_url",
    "gf_server_domain",
    "node_name",
    "server_host",
    "app_host",
    "web_host",
    "http_host",
    "node_options",
    "pod_ip",
    "host_ip",
    "user_agent",
    "overwritehost",
    "trusted_domains",
    "nextcloud_trusted_domains",
    "ghost_url",
    "website_url",
    "my_url",
    "canonical_url",
    "kc_hostname",
    "keycloak_hostname",
    "sitename",
    "java_opts_append",
    "realm",
    "url",
    "local_domain",
    "web_domain",
];

/// Words of keys that speak of where a program tells how it fares.
pub(super) const TELEMETRY: &[&str] =
    &["otel", "otlp", "opentelemetry", "telemetry", "jaeger", "zipkin", "statsd"];

/// Words in the names of hosts that are told how programs fare.
pub(super) const WATCHERS: &[&str] = &[
    "otel",
    "otelcol",
    "opentelemetry",
    "jaeger",
    "zipkin",
    "collector",
    "datadog",
    "statsd",
    "tempo",
    "loki",
];

/// Words of keys that speak of a datastore.
pub(super) const DATASTORES: &[&str] = &[
    "db",
    "database",
    "datasource",
    "sql",
    "pg",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "valkey",
    "memcache",
    "memcached",
    "rabbitmq",
    "amqp",
    "kafka",
    "elasticsearch",
    "opensearch",
];

/// Words of keys that speak of something beside a datastore: its console, its documentation.
pub(super) const BESIDE_A_DATASTORE: &[&str] =
    &["ui", "docs", "admin", "exporter", "backup", "metrics", "web", "registry", "api"];

/// Words of keys whose hosts are members of one thing.
pub(super) const LISTS: &[&str] = &[
    "broker",
    "brokers",
    "bootstrap",
    "zookeeper",
    "zk",
    "hosts",
    "nodes",
    "seeds",
    "sentinels",
    "sentinel",
    "cluster",
    "peers",
    "kafka",
    "etcd",
    "endpoints",
    "contact",
    "elasticsearch",
    "servers",
    "members",
];

/// Schemes whose URLs list the members of one thing.
pub(super) const LIST_SCHEMES: &[&str] = &[
    "kafka",
    "mongodb",
    "mongodb+srv",
    "postgres",
    "postgresql",
    "mysql",
    "zk",
    "nats",
    "amqp",
    "amqps",
    "redis",
];

/// Schemes of datastores.
pub(super) const DATASTORE_SCHEMES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mysql2",
    "mariadb",
    "sqlserver",
    "mssql",
    "oracle",
    "mongodb",
    "redis",
    "rediss",
    "valkey",
    "amqp",
    "amqps",
    "nfs",
    "kafka",
    "nats",
    "cassandra",
    "clickhouse",
    "memcached",
    "cockroachdb",
];

/// Words that stand where a host might and are none.
pub(super) const NO_NAMES: &[&str] = &[
    "true", "false", "none", "null", "yes", "no", "on", "off", "auto", "local", "default", "enabled",
    "disabled", "memory", "redis", "file", "any", "all", "changeme", "example",
];

/// Endings of file names, some of which are top-level domains too.
pub(super) const FILE_ENDINGS: &[&str] = &[
    "yaml",
    "yml",
    "json",
    "toml",
    "conf",
    "cfg",
    "ini",
    "xml",
    "properties",
    "txt",
    "log",
    "sh",
    "py",
    "js",
    "ts",
    "jar",
    "war",
    "pem",
    "crt",
    "key",
    "cert",
    "sock",
    "html",
    "css",
    "sql",
    "db",
    "env",
    "lock",
    "gz",
    "zip",
    "tar",
    "so",
    "exe",
    "dll",
    "rb",
    "go",
    "java",
    "class",
    "md",
    "csv",
    "tpl",
    "tmpl",
    "pid",
    "php",
    "jks",
    "p12",
    "lua",
    "cnf",
    "rs",
    "mjs",
    "cjs",
    "tsx",
    "jsx",
    "lst",
    "bin",
    "dat",
    "sqlite",
    "sqlite3",
];
