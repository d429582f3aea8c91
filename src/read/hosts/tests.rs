//! Hosts in settings, texts and rules.

use super::*;

fn show(mentions: Vec<Mention>) -> String {
    let one = |endpoint: &Endpoint| {
        let mark = if endpoint.sure == Sureness::IfKnown { "?" } else { "" };
        match &endpoint.target {
            Target::Host { name, port, scheme } => {
                let scheme = scheme.as_ref().map(|scheme| format!("{scheme}://")).unwrap_or_default();
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                format!("{scheme}{name}{port}{mark}")
            }
            Target::Address(address) => address.to_string(),
            Target::Unresolved { text, .. } => format!("<{text}>"),
            other => format!("{other:?}"),
        }
    };
    let many = |mention: &Mention| mention.endpoints.iter().map(one).collect::<Vec<_>>().join("|");
    mentions.iter().map(many).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn setting(key: &str, value: &str, expected: &str) {
    assert_eq!(show(in_setting(key, value)), expected, "{key}={value}");
}

#[test]
fn systems_run_into_the_word_are_told_apart() {
    setting("PGHOST", "pgsql", "pgsql");
    setting("PAPERLESS_DBHOST", "db", "db");
    setting("GHOST", "spook", "");
}

#[test]
fn keys_of_datastores_make_their_hosts_needed() {
    let need = |key: &str, value: &str| {
        let mention = in_setting(key, value).remove(0);
        mention.endpoints[0].need()
    };
    assert_eq!(need("DB_HOST", "x.eu-west-1.rds.amazonaws.com"), Need::Required);
    assert_eq!(need("SPRING_RABBITMQ_HOST", "rabbit.acme.internal"), Need::Required);
    assert_eq!(need("MONGO_HOST", "mongo.data"), Need::Optional);
    assert_eq!(need("KAFKA_UI_URL", "https://kafka.acme.net"), Need::Optional);
    assert_eq!(need("PAYMENTS_URL", "https://payments.acme.net"), Need::Optional);
}

#[test]
fn names_that_never_exist_are_no_hosts() {
    setting("CLICKHOUSE_URL", "http://placeholder.invalid:8123", "");
}

#[test]
fn where_telemetry_goes_is_no_need_of_the_program() {
    let how = |key: &str, value: &str| {
        let endpoint = in_setting(key, value).remove(0).endpoints.remove(0);
        (endpoint.phase(Phase::Runtime), endpoint.need())
    };
    let watched = (Phase::Observe, Need::Optional);
    assert_eq!(how("OTLP_ENDPOINT", "http://ewr.traces-app.internal:4318"), watched);
    assert_eq!(how("OTEL_EXPORTER_OTLP_ENDPOINT", "https://api.acme.net"), watched);
    assert_eq!(how("TRACES_URL", "http://jaeger-collector:14268"), watched);
    assert_eq!(how("REDIS_URL", "redis://cache:6379"), (Phase::Runtime, Need::Required));
    assert_eq!(how("WORKFLOWS_ADDR", "temporal-frontend:7233"), (Phase::Runtime, Need::Optional));
}

#[test]
fn names_of_services_in_the_dns_lead_to_their_host() {
    setting("STORE", "dnssrv+_grpc._tcp.store.thanos.svc", "store.thanos.svc");
    setting("STORE", "dns+store.example.net:10901", "store.example.net:10901");
}

#[test]
fn settings_name_hosts() {
    setting("REDIS_ADDR", "redis-cart:6379", "redis-cart:6379");
    setting("DATABASE_URL", "postgresql://u:p@db:5432/umami?a=b", "postgresql://db:5432");
    setting("WORDPRESS_DB_HOST", "db", "db");
    setting("SPRING_DATASOURCE_URL", "jdbc:mysql://db/x?useSSL=false", "mysql://db");
    setting("url", "jdbc:sqlserver://db.x.com:1433;databaseName=y", "sqlserver://db.x.com:1433");
    setting("url", "jdbc:oracle:thin:@db:1521:sid", "oracle://db:1521");
    setting("KAFKA_BROKERS", "k1:9092,k2:9092,k3:9092", "k1:9092|k2:9092|k3:9092");
    setting(
        "MONGO_URL",
        "mongodb://u:p@m1:27017,m2:27017/db?replicaSet=r",
        "mongodb://m1:27017|mongodb://m2:27017",
    );
    setting("ES_HOSTS", "[\"http://es1:9200\",\"http://es2:9200\"]", "http://es1:9200|http://es2:9200");
    setting("PAYMENT_SERVICE", "payments", "payments?");
    setting("API_ENDPOINT", "api.example.com", "api.example.com");
    setting("spring.redis.host", "cache.internal", "cache.internal");
    setting("DSN", "app:pw@tcp(db:3306)/app", "mysql://db:3306");
    setting("ConnectionStrings__Db", "Server=sql;Database=x;User Id=sa;Password=y", "sql");
    setting("CONN", "host=pg port=5432 user=x dbname=y", "pg:5432");
    let account =
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=x==;EndpointSuffix=core.windows.net";
    setting("AzureWebJobsStorage", account, "https://acme.blob.core.windows.net");
    setting("REDIS", "redis:6379,password=x,ssl=False", "redis:6379");
    setting("ConnectionStrings__Redis", "basketdata", "basketdata?");
    setting("DB_HOST", "10.0.0.5", "10.0.0.5");
    setting("COLLECTOR", "tcp://otel:4317", "tcp://otel:4317");
    setting("DB_HOST", "${DB_HOST}", "<${DB_HOST}>");
    setting(
        "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS",
        "PLAINTEXT://broker:29092",
        "plaintext://broker:29092",
    );
    setting("IMAGE_SERVICE_URL", "http://images:80", "http://images:80");
    setting("AUTH_URL", "http://auth:8080", "http://auth:8080?");
    setting("BROKER_URL", "redis://:@redis:6379/0", "redis://redis:6379");
    setting("POSTGRES_DB", "web", "");
    setting("POSTGRES_USER", "web", "");
    setting("OTEL_SERVICE_NAME", "web", "");
    setting("ZOOKEEPER_CONNECT", "zk-0.zk:2181/kafka", "zk-0.zk:2181");
}

#[test]
fn settings_that_name_no_host() {
    for (key, value) in [
        ("IMAGE", "redis:7000"),
        ("HOST", "0.0.0.0"),
        ("HOST", "0.0.0.0:${PORT}"),
        ("DB_HOST", "localhost:{{ port }}"),
        ("LISTEN_ADDR", "web:8080"),
        ("CONFIG", "app.properties"),
        ("DB_HOST", "localhost"),
        ("START", "10:30"),
        ("ASPNETCORE_URLS", "http://+:80"),
        ("CLASS", "com.example.Main"),
        ("VERSION", "1.2.3"),
        ("SOCK", "unix:///var/run/docker.sock"),
        ("CORS_ORIGINS", "https://app.example.com"),
        ("API_URL", "https://HEROKU_APP_NAME.herokuapp.com"),
        ("NO_PROXY", "a.com,b.com"),
        ("ES_JAVA_OPTS", "-Xms512m -Xmx512m"),
        ("DATABASE_URL", "sqlite:///data/x.db"),
        ("discovery.type", "single-node"),
        ("PORT", "8080"),
        ("BASE", "node:18"),
        ("CACHE_SERVERS", "true"),
        ("TZ", "Europe/Berlin"),
        ("POSTGRES_DB", "umami"),
        ("HealthChecksUI__HealthChecks__0__Uri", "http://web/hc"),
        ("MM_SERVICESETTINGS_SITEURL", "https://chat.example.org"),
    ] {
        let certain: Vec<_> = in_setting(key, value)
            .into_iter()
            .filter(|mention| mention.endpoints.iter().any(|endpoint| endpoint.sure == Sureness::Certain))
            .collect();
        assert_eq!(show(certain), "", "{key}={value}");
    }
}

#[test]
fn command_lines_name_hosts() {
    let found = |text: &str| show(in_text(text));
    assert_eq!(found("./wait-for-it.sh db:5432 -- npm start"), "db:5432?");
    assert_eq!(found("--addr=http://api.example.com:80/x"), "http://api.example.com:80");
    assert_eq!(found("celery worker --redis-host cache -h db"), "cache? db?");
    assert_eq!(found("--config.file=/etc/prometheus/prometheus.yml"), "");
    assert!(!found("java -jar app.jar --spring.redis.host=cache").contains("app.jar"));
}

#[test]
fn configuration_lines_name_hosts() {
    let found = |line: &str| show(in_config_line(line).0);
    assert_eq!(found("spring.datasource.url=jdbc:postgresql://db:5432/x"), "postgresql://db:5432");
    assert_eq!(found("  url: redis://cache"), "redis://cache");
    assert_eq!(found("\"Default\": \"Server=sql;Database=x;Uid=y\","), "sql");
    assert_eq!(found("proxy_pass http://app:3000;"), "http://app:3000");
    assert_eq!(found("server web:5000;"), "web:5000?");
    assert_eq!(found("# see https://example.com"), "");
}

#[test]
fn rules_publish_names() {
    let rule = "Host(`a.example.com`) && PathPrefix(`/x`) || Host(`b.example.com`, `c.example.com`)";
    assert_eq!(published_names(rule), ["a.example.com", "b.example.com", "c.example.com"]);
    assert_eq!(published_names("HostRegexp(`.+`)"), Vec::<String>::new());
    assert_eq!(published_names("d.example.com, localhost,*.example.com"), ["d.example.com"]);
}

#[test]
fn lists_of_different_things_are_not_alternatives() {
    setting("UPSTREAM", "web:80,api:81", "web:80 api:81");
    setting("UPSTREAM", "web1:80,web2:80", "web1:80|web2:80");
}
