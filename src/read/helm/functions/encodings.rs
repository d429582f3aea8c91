//! Functions that write and read other notations: YAML, JSON, base 64, digests, addresses.

use base64::Engine as _;
use sha2::Digest as _;

use super::{MAX_TEXT, arg, last};
use crate::read::helm::value::{Value, to_json, to_yaml};
use crate::read::yaml;
use crate::source::Problems;

/// Other notations.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    let one = || last(args).print();
    let hex = |bytes: &[u8]| Value::str(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let standard = base64::engine::general_purpose::STANDARD;
    match name {
        "toYaml" | "toYamlPretty" => Some(Value::str(to_yaml(&last(args)))),
        "toJson" | "toRawJson" => Some(Value::str(to_json(&last(args)).to_string())),
        "toPrettyJson" => {
            Some(Value::str(serde_json::to_string_pretty(&to_json(&last(args))).unwrap_or_default()))
        }
        "fromYaml" | "fromYamlArray" | "fromJson" | "fromJsonArray" => Some(parse(&one())),
        // Read again as text alone, where the hosts in it are what counts.
        "toToml" => Some(Value::str(to_yaml(&last(args)))),
        "b64enc" => Some(Value::str(standard.encode(one()))),
        "b64dec" => Some(Value::str(
            standard
                .decode(one().trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .unwrap_or_default(),
        )),
        "sha256sum" => Some(hex(&sha2::Sha256::digest(one()))),
        "sha1sum" => Some(hex(&sha1::Sha1::digest(one()))),
        "sha512sum" => Some(hex(&sha2::Sha512::digest(one()))),
        "md5sum" => Some(hex(&md5::Md5::digest(one()))),
        "adler32sum" => Some(Value::Int(one().len() as i64)),
        "urlParse" => Some(url_parse(&one())),
        "urlJoin" => Some(url_join(&arg(args, 0))),
        _ => None,
    }
}

fn parse(text: &str) -> Value {
    if text.len() > MAX_TEXT {
        return Value::map([]);
    }
    let path: std::sync::Arc<str> = "".into();
    let stream = yaml::parse_text(text, &path, &|line| line, &mut Problems::new());
    stream.documents.first().map_or_else(|| Value::map([]), |document| Value::of(&document.root))
}

fn url_parse(text: &str) -> Value {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = before_query.find('/').map_or((before_query, ""), |at| before_query.split_at(at));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let entries = [
        ("scheme", scheme),
        ("userinfo", user),
        ("host", host),
        ("hostname", name),
        ("path", path),
        ("query", query),
        ("opaque", ""),
        ("fragment", ""),
    ];
    Value::map(entries.map(|(key, value)| (key.to_owned(), Value::str(value))))
}

fn url_join(parts: &Value) -> Value {
    let part = |key: &str| parts.get(key).print();
    let query = Some(part("query"))
        .filter(|query| !query.is_empty())
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let user = Some(part("userinfo"))
        .filter(|user| !user.is_empty())
        .map(|user| format!("{user}@"))
        .unwrap_or_default();
    Value::str(format!("{}://{user}{}{}{query}", part("scheme"), part("host"), part("path")))
}
