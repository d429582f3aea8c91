//! Hosts in settings: which other machines a value or a command line names.
//!
//! URLs of any scheme, JDBC and driver-specific connection strings, `host:port`, comma-separated lists, and a
//! bare host where the key says that one stands there (`DB_HOST`). File names, versions, image tags, class
//! names, times and the machine itself (`localhost`, `0.0.0.0`) are none.

use std::net::IpAddr;

use crate::catalog::without_mark;
use crate::model::{Need, Target};

/// One host that a setting names.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// What is named: a host, an address, or a text that could not be read.
    pub target: Target,
    /// How sure it is that a host is named at all.
    pub sure: Sureness,
}

/// How sure it is that a word is a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// The form or the key says so.
    Certain,
    /// Only if something of this name is known.
    IfKnown,
}

/// Hosts of one value. More than one: alternatives of which any will do (brokers, replicas).
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// The hosts, in order, each once.
    pub endpoints: Vec<Endpoint>,
    /// Whether the key speaks of a datastore.
    pub stores: bool,
}

impl Mention {
    /// As [`need_of`], where the key too may say that the host is that of a datastore. A name of two labels may be
    /// a service and its namespace that are not read: it is left open.
    pub fn need_of(stores: bool, target: &Target) -> Need {
        match target {
            Target::Host { name, .. } if stores && name.matches('.').count() != 1 => Need::Required,
            target => need_of(target),
        }
    }
}

/// Hosts that a setting names: an environment variable, a property.
pub fn in_setting(key: &str, value: &str) -> Vec<Mention> {
    let words = key_words(key);
    let value = value.trim().trim_matches(['"', '\'']).trim();
    let meaning = meaning(key, &words);
    if value.is_empty() || value.len() > 4096 || meaning == Meaning::SomethingElse {
        return Vec::new();
    }
    let mut found = Vec::new();
    for line in value.lines().take(200) {
        let line = line.trim();
        match whole_value(&words, line) {
            Some(endpoints) if !endpoints.is_empty() => found.extend(alternatives(&words, endpoints)),
            Some(_) => {}
            None => found.extend(in_text(line)),
        }
    }
    if meaning == Meaning::OnlyKnown {
        let endpoints = found.iter_mut().flat_map(|mention| &mut mention.endpoints);
        endpoints.for_each(|endpoint| endpoint.sure = Sureness::IfKnown);
    }
    let stores = speaks_of_a_datastore(&words);
    found.iter_mut().for_each(|mention| mention.stores = stores);
    dedup(found)
}

fn speaks_of_a_datastore(words: &[String]) -> bool {
    const DATASTORES: &[&str] = &[
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
    const BESIDE_IT: &[&str] =
        &["ui", "docs", "admin", "exporter", "backup", "metrics", "web", "registry", "api"];
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    any(DATASTORES) && !any(BESIDE_IT)
}

/// Hosts that a free text names: a command line, a script, a configuration file.
pub fn in_text(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for line in text.lines().take(5000) {
        if let Some(endpoint) = driver_string(line) {
            found.push(endpoint);
            continue;
        }
        for (kind, token) in tokens(line) {
            found.extend(token_endpoint(kind, token));
        }
    }
    dedup(found.into_iter().map(|endpoint| Mention { endpoints: vec![endpoint], stores: false }).collect())
}

/// Hosts that a line of a configuration file names, and whether the line sets a key: only then do its hosts
/// count where nothing of their name is known. Comments name none.
pub fn in_config_line(line: &str) -> (Vec<Mention>, bool) {
    match key_and_value(line) {
        Some((key, value)) => (in_setting(key, value), true),
        None if is_comment(line.trim()) => (Vec::new(), false),
        None => (in_text(line.trim()), false),
    }
}

/// The key that a line of a configuration file sets, and its value.
pub fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if is_comment(line) {
        return None;
    }
    let is_key = |key: &str| {
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ':' | ' '))
    };
    let (key, value) = line.split_once('=').filter(|(key, _)| is_key(key)).or_else(|| {
        line.split_once(':')
            .filter(|(key, value)| is_key(key) && !value.starts_with("//") && !key.contains(' '))
    })?;
    let key = key.trim().trim_matches('"').rsplit(':').next().unwrap_or(key);
    Some((key, value.trim().trim_end_matches([',', ';'])))
}

fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';', '*']) || line.starts_with("//") || line.len() > 2000
}

/// The host of a URL or a `host:port`; `None` for the machine itself, for files and for anything else.
pub fn of_url(text: &str) -> Option<Target> {
    url(text).into_iter().next().map(|endpoint| endpoint.target)
}

/// Public names in a router's rule (``Host(`a.example.com`) && PathPrefix(`/x`)``) or a list of them; names
/// without a dot, wildcards and patterns are left out.
pub fn published_names(text: &str) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    if text.contains("Host") && text.contains('(') {
        for (at, _) in text.match_indices("Host") {
            let call =
                text[at..].split_once('(').map_or("", |(_, rest)| rest.split(')').next().unwrap_or(""));
            let exact = ["Host(", "HostSNI("].iter().any(|word| text[at..].starts_with(word));
            found.extend(call.split(',').filter(|_| exact));
        }
    } else {
        found.extend(text.split([',', ' ', ';']));
    }
    let mut names: Vec<String> = found
        .into_iter()
        .map(|name| name.trim().trim_matches(['`', '"', '\'']).trim_end_matches('.').to_ascii_lowercase())
        .map(|name| split_port(&name).map_or(name.clone(), |(host, _)| host.to_owned()))
        .filter(|name| is_hostname(name) && name.contains('.'))
        .filter(|name| ![".local", ".localhost", ".svc"].iter().any(|ending| name.ends_with(ending)))
        .collect();
    names.dedup();
    names
}

/// The name behind a service that is looked up in the DNS: `dnssrv+_grpc._tcp.store.example.net`.
fn by_service(name: &str) -> &str {
    let mut rest =
        ["dnssrvnoa+", "dnssrv+", "dns+"].iter().find_map(|how| name.strip_prefix(how)).unwrap_or(name);
    while let Some((_, behind)) = rest.split_once('.').filter(|(label, _)| label.starts_with('_')) {
        rest = behind;
    }
    rest
}

/// A hostname or address as a target; `None` for the machine itself and for what cannot be a host.
pub fn of_host(name: &str, port: Option<u16>, scheme: Option<&str>) -> Option<Target> {
    if has_blank_label(name) {
        return None;
    }
    let name = name.trim().trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = name.parse::<IpAddr>() {
        let local = address.is_loopback() || address.is_unspecified() || address.is_multicast();
        return (!local).then_some(Target::Address(address));
    }
    let is_self =
        matches!(name.as_str(), "localhost" | "host.docker.internal" | "kubernetes.docker.internal")
            || name.ends_with(".localhost")
            || name.ends_with(".localdomain");
    (is_hostname(&name) && !is_self).then(|| Target::Host {
        name,
        port,
        scheme: scheme.map(str::to_ascii_lowercase),
    })
}

/// Whether a part of a name is still to be written: `HEROKU_APP_NAME.herokuapp.com`.
fn has_blank_label(name: &str) -> bool {
    let is_blank = |label: &str| {
        label.contains('_')
            && label.contains(|c: char| c.is_ascii_uppercase())
            && !label.contains(|c: char| c.is_ascii_lowercase())
    };
    name.contains('.') && name.contains(|c: char| c.is_ascii_lowercase()) && name.split('.').any(is_blank)
}

/// What the loss of a host that nothing in the input defines means: a datastore's is an outage; of another
/// the text shows that it is used, not that it is needed.
pub fn need_of(target: &Target) -> Need {
    match target {
        Target::Host { scheme: Some(scheme), .. } if is_datastore_scheme(scheme) => Need::Required,
        Target::Host { .. } | Target::Unresolved { .. } | Target::Provider { .. } => Need::Optional,
        _ => Need::Required,
    }
}

fn is_datastore_scheme(scheme: &str) -> bool {
    let base = scheme.split(['+', ':']).next().unwrap_or(scheme);
    matches!(
        base,
        "postgres"
            | "postgresql"
            | "mysql"
            | "mysql2"
            | "mariadb"
            | "sqlserver"
            | "mssql"
            | "oracle"
            | "mongodb"
            | "redis"
            | "rediss"
            | "valkey"
            | "amqp"
            | "amqps"
            | "nfs"
            | "kafka"
            | "nats"
            | "cassandra"
            | "clickhouse"
            | "memcached"
            | "cockroachdb"
    )
}

/// Whether a text has the form of a hostname: labels of letters, digits, `-` and `_`, with a letter in the
/// last one.
pub fn is_hostname(name: &str) -> bool {
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or("");
    name.len() <= 253
        && name.split('.').all(label_ok)
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !(name.contains('.') && last.len() < 2)
}

/// The words of a key, lower case: `spring.redisHost` is `spring`, `redis`, `host`.
fn key_words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_lower = false;
    for c in key.chars().take(200) {
        if !c.is_alphanumeric() {
            words.push(String::new());
            before_lower = false;
            continue;
        }
        if c.is_uppercase() && before_lower {
            words.push(String::new());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        words.last_mut().expect("a word is always open").extend(c.to_lowercase());
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().flat_map(apart).collect()
}

/// `pghost` as `pg` and `host`: systems whose usual variables run the two together.
fn apart(word: String) -> Vec<String> {
    const SYSTEMS: &[&str] = &[
        "pg", "db", "sql", "mysql", "postgres", "redis", "mongo", "rabbitmq", "kafka", "ldap", "smtp", "es",
    ];
    match word.strip_suffix("host") {
        Some(system) if SYSTEMS.contains(&system) => vec![system.to_owned(), "host".to_owned()],
        _ => vec![word],
    }
}

const HOST_KEYS: &[&str] =
    &["host", "hosts", "hostname", "hostnames", "addr", "addrs", "address", "addresses", "server", "servers"];
const ENDPOINT_KEYS: &[&str] = &[
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
/// Words anywhere in keys that name the thing itself or who may call it.
const OTHER_KEYS: &[&str] = &[
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
const OTHER_LAST: &[&str] =
    &["image", "tag", "version", "docs", "documentation", "license", "homepage", "xmlns", "schema", "vhost"];
/// Keys that usually hold the own public name: what they name counts only where it is known.
const OWN_NAMES: &[&str] = &[
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

/// How a key's value is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Hosts,
    OnlyKnown,
    SomethingElse,
}

fn meaning(key: &str, words: &[String]) -> Meaning {
    let whole = words.join("_").to_ascii_uppercase();
    let whole = without_mark(&whole).to_ascii_lowercase();
    let last = words.last().map_or("", String::as_str);
    let is_variable =
        key.chars().any(|c| c.is_ascii_uppercase()) && !key.chars().any(|c| c.is_ascii_lowercase());
    // What a page on the health of others lists is what it watches.
    let watches = words.windows(2).any(|pair| pair[0] == "health" && pair[1] == "checks");
    if whole == "no_proxy"
        || watches
        || words.iter().any(|word| OTHER_KEYS.contains(&word.as_str()))
        || OTHER_LAST.contains(&last)
    {
        Meaning::SomethingElse
    } else if (is_variable && OWN_NAMES.contains(&whole.as_str()))
        || whole.ends_with("public_url")
        || whole.ends_with("external_url")
    {
        Meaning::OnlyKnown
    } else {
        Meaning::Hosts
    }
}

/// The endpoints of a value that is nothing but hosts; `None` when it holds other text as well.
fn whole_value(words: &[String], value: &str) -> Option<Vec<Endpoint>> {
    if value.contains("://") || value.starts_with("jdbc:") {
        let lists = url(value);
        return (!lists.is_empty() && !value.contains(char::is_whitespace)).then_some(lists);
    }
    let kind = key_kind(words);
    let list = value.trim_start_matches('[').trim_end_matches(']');
    let parts: Vec<&str> = list
        .split([',', ';', ' '])
        .map(|part| part.trim().trim_matches(['"', '\'']))
        .filter(|part| !part.is_empty())
        .collect();
    let mut endpoints = Vec::new();
    for part in parts {
        match bare(part, kind) {
            Some(endpoint) => endpoints.push(endpoint),
            // `redis:6379,password=x,ssl=False`: options behind the hosts.
            None if !endpoints.is_empty() && part.contains('=') => {}
            None if is_local(part) => {}
            None => return None,
        }
    }
    Some(endpoints)
}

/// What the key says about its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    Host,
    Endpoint,
    Other,
}

fn key_kind(words: &[String]) -> KeyKind {
    let last = words.last().map_or("", String::as_str);
    // `DB_HOST_1`, `REDIS_HOST_NAME`.
    let before = match words.len() {
        0 | 1 => "",
        n => words[n - 2].as_str(),
    };
    let said_before = last == "name" || last.bytes().all(|byte| byte.is_ascii_digit());
    let decisive = if said_before { before } else { last };
    // `ConnectionStrings__Redis=cache`.
    let connects = words.windows(2).any(|pair| pair[0] == "connection" && pair[1].starts_with("string"));
    if HOST_KEYS.contains(&decisive) {
        KeyKind::Host
    } else if connects || (ENDPOINT_KEYS.contains(&decisive) && last != "name") {
        KeyKind::Endpoint
    } else {
        KeyKind::Other
    }
}

/// A `host:port` or, if the key allows it, a host alone.
fn bare(part: &str, kind: KeyKind) -> Option<Endpoint> {
    if let Some(unresolved) = placeholder(part, kind) {
        return Some(unresolved);
    }
    // `broker1:9092/chroot`, `host:80/path`.
    let authority = part.split('/').next().unwrap_or("");
    if authority.is_empty() || part.starts_with('/') || (kind == KeyKind::Other && authority != part) {
        return None;
    }
    let (host, port) = split_port(authority)?;
    let dotted = host.contains('.');
    let sure = match (port, kind) {
        (Some(port), KeyKind::Other) if port < 80 => return None,
        (Some(_), KeyKind::Other) if !dotted => Sureness::Certain,
        (Some(_), _) => Sureness::Certain,
        (None, KeyKind::Host) if !is_plain_word(host) => Sureness::Certain,
        (None, KeyKind::Endpoint) if dotted && !looks_like_file(host) => Sureness::Certain,
        (None, KeyKind::Host | KeyKind::Endpoint) => Sureness::IfKnown,
        (None, KeyKind::Other) => return None,
    };
    if kind == KeyKind::Other && port.is_some() && looks_like_file(host) {
        return None;
    }
    if authority != part && port.is_none() && !dotted {
        return None;
    }
    of_host(host, port, None).map(|target| Endpoint { target, sure })
}

/// Words that stand where a host might and are none.
fn is_plain_word(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "true"
            | "false"
            | "none"
            | "null"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "auto"
            | "local"
            | "default"
            | "enabled"
            | "disabled"
            | "memory"
            | "redis"
            | "file"
            | "any"
            | "all"
            | "changeme"
            | "example"
    ) || word.starts_with('$')
        || word.bytes().any(|byte| byte.is_ascii_uppercase()) && word.contains('_')
}

const FILE_ENDINGS: &[&str] = &[
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

fn looks_like_file(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

fn is_local(part: &str) -> bool {
    let host = split_port(part).map_or(part, |(host, _)| host);
    matches!(host, "localhost" | "host.docker.internal") || host.parse::<IpAddr>().is_ok()
}

/// A host in which a variable stands that has no value here.
fn placeholder(part: &str, kind: KeyKind) -> Option<Endpoint> {
    let at = part.find("${").or_else(|| part.find("$(")).or_else(|| part.find("{{"))?;
    if kind == KeyKind::Other || at > 0 && part[..at].contains('/') {
        return None;
    }
    let because = "a variable in it has no value in the scanned files".to_owned();
    let target = Target::Unresolved { text: part.chars().take(200).collect(), because };
    Some(Endpoint { target, sure: Sureness::Certain })
}

/// Splits `host:port`, `[v6]:port`, `host`; `None` when what follows the colon is no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if authority.parse::<IpAddr>().is_ok() {
        return Some((authority, None));
    }
    match authority.rsplit_once(':') {
        None => Some((authority, None)),
        Some((host, port)) if !host.contains(':') || host.starts_with('[') => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0)?;
            Some((host, Some(port)))
        }
        Some(_) => None,
    }
}

/// The hosts of a URL or connection string with a scheme.
fn url(text: &str) -> Vec<Endpoint> {
    let text = text.trim().trim_matches(['"', '\'', '`', '<', '>', '(', ')', ',', ';']);
    if let Some(list) = url_list(text) {
        return list;
    }
    let (scheme, rest) = match split_scheme(text) {
        Some(parts) => parts,
        None => return Vec::new(),
    };
    if scheme.starts_with("unix")
        || scheme == "file"
        || scheme.starts_with("sqlite")
        || scheme == "docker-image"
    {
        return Vec::new();
    }
    let authority = rest.split(['/', '?', '#', ';', ' ', '"', '\'']).next().unwrap_or("");
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // Go's MySQL driver: `tcp(db:3306)`.
    let authority = authority.strip_prefix("tcp(").map_or(authority, |inner| inner.trim_end_matches(')'));
    authority.split(',').filter_map(|host| url_host(&scheme, host)).collect()
}

/// `http://a:1,http://b:1`.
fn url_list(text: &str) -> Option<Vec<Endpoint>> {
    if text.matches("://").count() < 2 {
        return None;
    }
    let parts: Vec<&str> = text.split([',', ' ', ';']).filter(|part| !part.is_empty()).collect();
    let all_urls = parts.len() > 1 && parts.iter().all(|part| part.contains("://"));
    all_urls.then(|| parts.into_iter().take(64).flat_map(url).collect())
}

fn url_host(scheme: &str, host: &str) -> Option<Endpoint> {
    if host.contains(['$', '{', '%']) {
        return placeholder(host, KeyKind::Endpoint);
    }
    let (host, port) = split_port(host.trim_end_matches(':')).or_else(|| {
        // `oracle:thin:@host:1521:sid`.
        let mut parts = host.split(':');
        let name = parts.next()?;
        Some((name, parts.next()?.parse().ok()))
    })?;
    of_host(host, port, Some(scheme)).map(|target| Endpoint { target, sure: Sureness::Certain })
}

/// `jdbc:postgresql://h` is (`postgresql`, `h`).
fn split_scheme(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix("r2dbc:").or_else(|| text.strip_prefix("jdbc:")).unwrap_or(text);
    if let Some(rest) = text.strip_prefix("oracle:thin:@") {
        return Some(("oracle".into(), rest.trim_start_matches("//")));
    }
    let (head, rest) = text.split_once("://")?;
    let start = head
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')))
        .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    let scheme = &head[start..];
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// `Server=db;Database=x`, `host=db port=5432`, `user:pw@tcp(db:3306)/x`.
fn driver_string(line: &str) -> Option<Endpoint> {
    if let Some((_, rest)) = line.split_once("@tcp(") {
        let inner = rest.split(')').next()?;
        let (host, port) = split_port(inner)?;
        return of_host(host, port, Some("mysql")).map(|target| Endpoint { target, sure: Sureness::Certain });
    }
    if let Some(account) = storage_account(line) {
        return of_host(&account, None, Some("https"))
            .map(|target| Endpoint { target, sure: Sureness::Certain });
    }
    let mut host = None;
    let mut port = None;
    let mut others = 0;
    for pair in line.split([';', ' ']) {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let key = key.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        match key.as_str() {
            "server" | "host" | "data source" | "addr" | "source" if host.is_none() => {
                host = Some(value.trim())
            }
            "port" => port = value.trim().parse().ok(),
            "database" | "dbname" | "user" | "uid" | "user id" | "username" | "password" | "pwd" | "id" => {
                others += 1
            }
            _ => {}
        }
    }
    let value = host.filter(|_| others > 0)?;
    let value = value.strip_prefix("tcp:").unwrap_or(value);
    // SQL Server: `host,1433`.
    let value = value.split(',').next()?;
    let (name, own_port) = split_port(value)?;
    of_host(name, own_port.or(port), None).map(|target| Endpoint { target, sure: Sureness::Certain })
}

/// `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=y`: the host of an account of Azure Storage.
fn storage_account(line: &str) -> Option<String> {
    let field = |name: &str| {
        let mut parts = line.split(';').filter_map(|part| part.split_once('='));
        parts
            .find(|(key, _)| key.trim().trim_start_matches('"').eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let account = field("AccountName").filter(|_| field("AccountKey").is_some())?;
    Some(format!("{}.blob.{}", account.trim(), field("EndpointSuffix").unwrap_or("core.windows.net").trim()))
}

/// The words of a command line in which a host may stand, each with the option before it.
fn tokens(line: &str) -> Vec<(KeyKind, &str)> {
    let separators = |c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '`' | '|' | '<' | '>' | '{' | '}' | '(' | ')' | '[' | ']')
    };
    let mut out = Vec::new();
    let mut option = KeyKind::Other;
    for word in line.split(separators).filter(|word| !word.is_empty() && word.len() <= 1024).take(500) {
        // `--db-host=db`, but not the query of a URL.
        let cut = match (word.find('='), word.find("://")) {
            (Some(equals), Some(scheme)) if equals > scheme => None,
            (equals, _) => equals,
        };
        let (kind, value) = match cut {
            Some(at) => (key_kind(&key_words(&word[..at])), &word[at + 1..]),
            None => (option, word),
        };
        let is_option = cut.is_none() && word.starts_with('-');
        option = if is_option { option_kind(word) } else { KeyKind::Other };
        if value.contains("://") {
            out.push((kind, value));
        } else if !is_option {
            out.extend(value.split([',', ';']).filter(|part| !part.is_empty()).map(|part| (kind, part)));
        }
    }
    out
}

/// What an option says about the word behind it: `-h db`, `--redis-host db`.
fn option_kind(option: &str) -> KeyKind {
    if option == "-h" { KeyKind::Host } else { key_kind(&key_words(option)) }
}

fn token_endpoint(kind: KeyKind, token: &str) -> Vec<Endpoint> {
    if token.contains("://") {
        return url(token);
    }
    // `db:5432/name` and `@db:5432`.
    let authority = token.trim_start_matches('@').split('/').next().unwrap_or("");
    let name = by_service(authority);
    let kind = if name == authority { kind } else { KeyKind::Host };
    let Some((host, port)) = split_port(name) else { return Vec::new() };
    let no_host = host.is_empty() || host.starts_with('-') || looks_like_file(host);
    if no_host || (port.is_none() && kind == KeyKind::Other) {
        return Vec::new();
    }
    let known_form = host.contains('.') && public_suffix(host);
    let sure = if known_form { Sureness::Certain } else { Sureness::IfKnown };
    of_host(host, port, None).into_iter().map(|target| Endpoint { target, sure }).collect()
}

fn public_suffix(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known())
        || [".local", ".internal", ".svc"].iter().any(|ending| host.ends_with(ending))
}

const LIST_WORDS: &[&str] = &[
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
const LIST_SCHEMES: &[&str] = &[
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

/// Hosts of one list are alternatives when they are of one kind; else each is needed.
fn alternatives(words: &[String], endpoints: Vec<Endpoint>) -> Vec<Mention> {
    let scheme_and_port = |endpoint: &Endpoint| match &endpoint.target {
        Target::Host { port, scheme, .. } => (*port, scheme.clone()),
        _ => (None, None),
    };
    let first = scheme_and_port(&endpoints[0]);
    let same_scheme = endpoints.iter().all(|endpoint| scheme_and_port(endpoint).1 == first.1);
    let same_port = endpoints.iter().all(|endpoint| scheme_and_port(endpoint).0 == first.0);
    let listed = words.iter().any(|word| LIST_WORDS.contains(&word.as_str()))
        || first.1.as_deref().is_some_and(|scheme| LIST_SCHEMES.contains(&scheme));
    let alike = same_port && same_stem(&endpoints);
    if endpoints.len() > 1 && same_scheme && (listed || alike) {
        vec![Mention { endpoints, stores: false }]
    } else {
        let alone = |endpoint| Mention { endpoints: vec![endpoint], stores: false };
        endpoints.into_iter().map(alone).collect()
    }
}

/// Whether the first labels differ in their numbers alone.
fn same_stem(endpoints: &[Endpoint]) -> bool {
    let stem = |endpoint: &Endpoint| match &endpoint.target {
        Target::Host { name, .. } => Some(name.replace(|c: char| c.is_ascii_digit(), "")),
        _ => None,
    };
    let first = stem(&endpoints[0]);
    first.is_some() && endpoints.iter().all(|endpoint| stem(endpoint) == first)
}

fn dedup(mentions: Vec<Mention>) -> Vec<Mention> {
    let mut out: Vec<Mention> = Vec::new();
    for mut mention in mentions {
        let mut seen: Vec<Endpoint> = Vec::new();
        mention.endpoints.retain(|endpoint| {
            let new = !seen.contains(endpoint);
            seen.push(endpoint.clone());
            new
        });
        if !mention.endpoints.is_empty() && !out.contains(&mention) && out.len() < 500 {
            out.push(mention);
        }
    }
    out
}

#[cfg(test)]
mod tests {
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
            Mention::need_of(mention.stores, &mention.endpoints[0].target)
        };
        assert_eq!(need("DB_HOST", "x.eu-west-1.rds.amazonaws.com"), Need::Required);
        assert_eq!(need("SPRING_RABBITMQ_HOST", "rabbit.acme.internal"), Need::Required);
        assert_eq!(need("MONGO_HOST", "mongo.data"), Need::Optional);
        assert_eq!(need("KAFKA_UI_URL", "https://kafka.acme.net"), Need::Optional);
        assert_eq!(need("PAYMENTS_URL", "https://payments.acme.net"), Need::Optional);
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
}
