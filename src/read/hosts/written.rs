//! The ways in which a host is written: `host:port`, URLs, connection strings of drivers, words of a command line.

use std::net::IpAddr;

use super::key::{Form, Key};
use super::name::{by_service, ends_as_a_name, is_plain_word, looks_like_file, of_host};
use super::{Endpoint, Sureness};
use crate::model::Target;

/// A `host:port` or, if the key allows it, a host alone.
pub(super) fn bare(part: &str, form: Form) -> Option<Endpoint> {
    if let Some(unresolved) = placeholder(part, form) {
        return Some(unresolved);
    }
    // `broker1:9092/chroot`, `host:80/path`.
    let authority = part.split('/').next().unwrap_or("");
    if authority.is_empty() || part.starts_with('/') || (form == Form::Other && authority != part) {
        return None;
    }
    let (host, port) = split_port(authority)?;
    let dotted = host.contains('.');
    let sure = match (port, form) {
        (Some(port), Form::Other) if port < 80 => return None,
        (Some(_), Form::Other) if !dotted => Sureness::Certain,
        (Some(_), _) => Sureness::Certain,
        (None, Form::Host) if !is_plain_word(host) => Sureness::Certain,
        (None, Form::Endpoint) if dotted && !looks_like_file(host) => Sureness::Certain,
        (None, Form::Host | Form::Endpoint) => Sureness::IfKnown,
        (None, Form::Other) => return None,
    };
    if form == Form::Other && port.is_some() && looks_like_file(host) {
        return None;
    }
    if authority != part && port.is_none() && !dotted {
        return None;
    }
    of_host(host, port, None).map(|target| Endpoint { sure, ..Endpoint::certain(target) })
}

/// Whether the machine itself, or an address, is named.
pub(super) fn is_local(part: &str) -> bool {
    let host = split_port(part).map_or(part, |(host, _)| host);
    matches!(host, "localhost" | "host.docker.internal") || host.parse::<IpAddr>().is_ok()
}

/// A host in which a variable stands that has no value here.
fn placeholder(part: &str, form: Form) -> Option<Endpoint> {
    let at = part.find("${").or_else(|| part.find("$(")).or_else(|| part.find("{{"))?;
    if form == Form::Other || at > 0 && part[..at].contains('/') {
        return None;
    }
    // `0.0.0.0:${PORT}`: only the port is left open.
    if part[..at].strip_suffix(':').is_some_and(is_local) {
        return None;
    }
    let because = "a variable in it has no value in the scanned files".to_owned();
    let target = Target::Unresolved { text: part.chars().take(200).collect(), because };
    Some(Endpoint::certain(target))
}

/// Splits `host:port`, `[v6]:port`, `host`; `None` when what follows the colon is no port.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
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
pub(super) fn url(text: &str) -> Vec<Endpoint> {
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
        return placeholder(host, Form::Endpoint);
    }
    let (host, port) = split_port(host.trim_end_matches(':')).or_else(|| {
        // `oracle:thin:@host:1521:sid`.
        let mut parts = host.split(':');
        let name = parts.next()?;
        Some((name, parts.next()?.parse().ok()))
    })?;
    of_host(host, port, Some(scheme)).map(Endpoint::certain)
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
pub(super) fn driver_string(line: &str) -> Option<Endpoint> {
    if let Some((_, rest)) = line.split_once("@tcp(") {
        let inner = rest.split(')').next()?;
        let (host, port) = split_port(inner)?;
        return of_host(host, port, Some("mysql")).map(Endpoint::certain);
    }
    if let Some(account) = storage_account(line) {
        return of_host(&account, None, Some("https")).map(Endpoint::certain);
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
    of_host(name, own_port.or(port), None).map(Endpoint::certain)
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
pub(super) fn tokens(line: &str) -> Vec<(Form, &str)> {
    let separators = |c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '`' | '|' | '<' | '>' | '{' | '}' | '(' | ')' | '[' | ']')
    };
    let mut out = Vec::new();
    let mut option = Form::Other;
    for word in line.split(separators).filter(|word| !word.is_empty() && word.len() <= 1024).take(500) {
        // `--db-host=db`, but not the query of a URL.
        let cut = match (word.find('='), word.find("://")) {
            (Some(equals), Some(scheme)) if equals > scheme => None,
            (equals, _) => equals,
        };
        let (form, value) = match cut {
            Some(at) => (Key::new(&word[..at]).form(), &word[at + 1..]),
            None => (option, word),
        };
        let is_option = cut.is_none() && word.starts_with('-');
        option = if is_option { option_form(word) } else { Form::Other };
        if value.contains("://") {
            out.push((form, value));
        } else if !is_option {
            out.extend(value.split([',', ';']).filter(|part| !part.is_empty()).map(|part| (form, part)));
        }
    }
    out
}

/// What an option says about the word behind it: `-h db`, `--redis-host db`.
fn option_form(option: &str) -> Form {
    if option == "-h" { Form::Host } else { Key::new(option).form() }
}

pub(super) fn token_endpoint(form: Form, token: &str) -> Vec<Endpoint> {
    if token.contains("://") {
        return url(token);
    }
    // `db:5432/name` and `@db:5432`.
    let authority = token.trim_start_matches('@').split('/').next().unwrap_or("");
    let name = by_service(authority);
    let form = if name == authority { form } else { Form::Host };
    let Some((host, port)) = split_port(name) else { return Vec::new() };
    let no_host = host.is_empty() || host.starts_with('-') || looks_like_file(host);
    if no_host || (port.is_none() && form == Form::Other) {
        return Vec::new();
    }
    let sure = if ends_as_a_name(host) { Sureness::Certain } else { Sureness::IfKnown };
    of_host(host, port, None)
        .into_iter()
        .map(|target| Endpoint { sure, ..Endpoint::certain(target) })
        .collect()
}
