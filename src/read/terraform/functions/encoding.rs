//! JSON, YAML, CSV, base64, URLs and hashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser as yaml;
use sha2::Digest as _;

use super::{Function, Mode, find_unknown, string, text};
use crate::read::terraform::value::{Kind, Shape, Value, format_number, parse_number};

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    let function: Function = match name {
        "jsonencode" => return Some((Mode::Lenient, json_encode)),
        "jsondecode" => return Some((Mode::Lenient, json_decode)),
        "yamldecode" => |args| decode_yaml(&text(args, 0)?),
        "yamlencode" => return Some((Mode::Lenient, yaml_encode)),
        "csvdecode" => |args| csv_decode(&text(args, 0)?),
        "base64encode" => return Some((Mode::Lenient, base64_encode)),
        "base64decode" => {
            |args| string(String::from_utf8(STANDARD.decode(text(args, 0)?.as_bytes()).ok()?).ok()?)
        }
        "textencodebase64" => |args| match &*text(args, 1)?.to_ascii_uppercase() {
            "UTF-8" => string(STANDARD.encode(text(args, 0)?.as_bytes())),
            "UTF-16LE" => {
                let bytes: Vec<u8> = text(args, 0)?.encode_utf16().flat_map(u16::to_le_bytes).collect();
                string(STANDARD.encode(bytes))
            }
            _ => Some(Value::unknown("an encoding that is not known")),
        },
        "textdecodebase64" => |args| {
            let bytes = STANDARD.decode(text(args, 0)?.as_bytes()).ok()?;
            match &*text(args, 1)?.to_ascii_uppercase() {
                "UTF-8" => string(String::from_utf8(bytes).ok()?),
                "UTF-16LE" => {
                    let units: Vec<u16> =
                        bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                    string(String::from_utf16(&units).ok()?)
                }
                _ => Some(Value::unknown("an encoding that is not known")),
            }
        },
        "urlencode" => |args| string(url_encode(&text(args, 0)?)),
        "urldecode" => |args| string(url_decode(&text(args, 0)?)?),
        "md5" => |args| string(hex(&md5::Md5::digest(text(args, 0)?.as_bytes()))),
        "sha1" => |args| string(hex(&sha1::Sha1::digest(text(args, 0)?.as_bytes()))),
        "sha256" => |args| string(hex(&sha2::Sha256::digest(text(args, 0)?.as_bytes()))),
        "sha512" => |args| string(hex(&sha2::Sha512::digest(text(args, 0)?.as_bytes()))),
        "base64sha256" => |args| string(STANDARD.encode(sha2::Sha256::digest(text(args, 0)?.as_bytes()))),
        "base64sha512" => |args| string(STANDARD.encode(sha2::Sha512::digest(text(args, 0)?.as_bytes()))),
        "uuidv5" => |args| string(uuid_v5(&text(args, 0)?, &text(args, 1)?)?),
        _ => return None,
    };
    Some((Mode::Strict, function))
}

fn json_encode(args: &[Value]) -> Option<Value> {
    let value = args.first()?;
    match to_json(value) {
        Some(json) => string(json),
        None => {
            let reason = find_unknown(value, &mut 5_000).and_then(|unknown| unknown.reason().cloned());
            Some(Value::shaped(
                reason.unwrap_or_else(|| "a whole resource as JSON".into()),
                Shape::Json(value.clone()),
            ))
        }
    }
}

fn yaml_encode(args: &[Value]) -> Option<Value> {
    // Any reader of YAML reads JSON; the text itself is of no interest here.
    let value = args.first()?;
    let reason = find_unknown(value, &mut 5_000).and_then(|unknown| unknown.reason().cloned());
    Some(Value::shaped(
        reason.unwrap_or_else(|| "text of YAML is not made".into()),
        Shape::Json(value.clone()),
    ))
}

fn base64_encode(args: &[Value]) -> Option<Value> {
    let value = args.first()?;
    match value.text() {
        Some(text) => string(STANDARD.encode(text.as_bytes())),
        // What stands in it stays to be seen.
        None if value.is_unknown() => Some(value.clone()),
        None => None,
    }
}

/// JSON as Terraform writes it; `None` when a part is unknown.
pub(super) fn to_json(value: &Value) -> Option<String> {
    let mut out = String::new();
    write_json(value, &mut out, 0)?;
    Some(out)
}

fn write_json(value: &Value, out: &mut String, depth: u32) -> Option<()> {
    if depth > 64 || out.len() > super::MAX_TEXT {
        return None;
    }
    match &value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&format_number(*number)),
        Kind::String(text) => {
            let quoted = serde_json::to_string(&**text).ok()?;
            out.push_str(&quoted.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"));
        }
        Kind::List(items) | Kind::Set(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Kind::Map(items) => {
            out.push('{');
            for (at, (key, item)) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::to_string(&**key).ok()?);
                out.push(':');
                write_json(item, out, depth + 1)?;
            }
            out.push('}');
        }
        Kind::Instance(_) | Kind::Module(_) | Kind::Unknown(_) => return None,
    }
    Some(())
}

fn json_decode(args: &[Value]) -> Option<Value> {
    let value = args.first()?;
    match &value.kind {
        Kind::Unknown(unknown) => match &unknown.shape {
            Shape::Json(inner) => Some(inner.clone()),
            Shape::Text(pieces) => decode_json_pieces(pieces),
            _ => Some(value.clone()),
        },
        _ => decode_json(&value.text()?),
    }
}

/// JSON some pieces of which are unknown: each is replaced by a mark, and put back behind decoding.
fn decode_json_pieces(pieces: &[Value]) -> Option<Value> {
    let mark = |at: usize| format!("\u{e000}{at}\u{e001}");
    let mut json = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece.text() {
            Some(text) => json.push_str(&text),
            None => {
                // Outside of quotes a mark has to be quoted.
                let open = in_string(&json);
                json.push_str(&if open { mark(at) } else { format!("\"{}\"", mark(at)) });
            }
        }
    }
    Some(put_back(&decode_json(&json)?, pieces))
}

fn in_string(json: &str) -> bool {
    let (mut open, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => open = !open,
            _ => {}
        }
    }
    open
}

fn put_back(value: &Value, pieces: &[Value]) -> Value {
    match &value.kind {
        Kind::String(text) if text.contains('\u{e000}') => {
            let mut out = Vec::new();
            let mut rest: &str = text;
            while let Some(start) = rest.find('\u{e000}') {
                let (head, tail) = rest.split_at(start);
                let tail = &tail['\u{e000}'.len_utf8()..];
                let Some((number, after)) = tail.split_once('\u{e001}') else { break };
                out.push(Value::string(head));
                out.extend(number.parse().ok().and_then(|at: usize| pieces.get(at)).cloned());
                rest = after;
            }
            out.push(Value::string(rest));
            out.retain(|piece| !matches!(&piece.kind, Kind::String(text) if text.is_empty()));
            match out.as_slice() {
                [only] => only.clone(),
                _ => super::join_pieces(out),
            }
        }
        Kind::List(items) => Value::list(items.iter().map(|item| put_back(item, pieces)).collect()),
        Kind::Map(items) => {
            Value::map(items.iter().map(|(key, item)| (Arc::clone(key), put_back(item, pieces))).collect())
        }
        _ => value.clone(),
    }
}

/// JSON to a value.
fn decode_json(text: &str) -> Option<Value> {
    Some(from_json(&serde_json::from_str(text).ok()?))
}

fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::NULL,
        serde_json::Value::Bool(value) => Value::bool(*value),
        serde_json::Value::Number(number) => Value::number(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => Value::string(text.as_str()),
        serde_json::Value::Array(items) => Value::list(items.iter().map(from_json).collect()),
        serde_json::Value::Object(items) => {
            Value::map(items.iter().map(|(key, item)| (Arc::from(key.as_str()), from_json(item))).collect())
        }
    }
}

/// The first document of a YAML text to a value.
fn decode_yaml(text: &str) -> Option<Value> {
    let mut parser = yaml::Parser::new_from_str(text);
    let mut stack: Vec<(Vec<Value>, bool, usize)> = Vec::new();
    let mut anchors: BTreeMap<usize, Value> = BTreeMap::new();
    let mut nodes = 0u32;
    loop {
        let (event, _) = parser.next_event()?.ok()?;
        let (value, anchor) = match event {
            yaml::Event::Scalar(text, style, anchor, _) => {
                let plain = matches!(style, yaml::ScalarStyle::Plain);
                (if plain { plain_scalar(&text) } else { Value::string(&*text) }, anchor)
            }
            yaml::Event::SequenceStart(_, anchor, _) => {
                stack.push((Vec::new(), false, anchor));
                continue;
            }
            yaml::Event::MappingStart(_, anchor, _) => {
                stack.push((Vec::new(), true, anchor));
                continue;
            }
            yaml::Event::SequenceEnd | yaml::Event::MappingEnd => {
                let (items, is_map, anchor) = stack.pop()?;
                (if is_map { yaml_map(&items) } else { Value::list(items) }, anchor)
            }
            yaml::Event::Alias(anchor) => (anchors.get(&anchor)?.clone(), 0),
            yaml::Event::DocumentEnd | yaml::Event::StreamEnd => return Some(Value::NULL),
            _ => continue,
        };
        nodes += 1;
        if nodes > 200_000 {
            return None;
        }
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        match stack.last_mut() {
            Some((items, _, _)) => items.push(value),
            None => return Some(value),
        }
    }
}

fn yaml_map(items: &[Value]) -> Value {
    let mut out = BTreeMap::new();
    for pair in items.chunks(2) {
        let [key, value] = pair else { continue };
        let Some(key) = key.text() else { continue };
        if &*key == "<<" {
            for (key, value) in value.entries().map(|entries| &**entries).unwrap_or(&BTreeMap::new()) {
                out.entry(Arc::clone(key)).or_insert_with(|| value.clone());
            }
        } else {
            out.insert(key, value.clone());
        }
    }
    Value::map(out)
}

fn plain_scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::NULL,
        "true" | "True" | "TRUE" => Value::bool(true),
        "false" | "False" | "FALSE" => Value::bool(false),
        _ => match parse_number(text) {
            Some(number) => Value::number(number),
            None => Value::string(text),
        },
    }
}

/// CSV with a header row to a list of maps.
fn csv_decode(text: &str) -> Option<Value> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().ok()?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.ok()?;
        rows.push(Value::map(
            header
                .iter()
                .zip(record.iter())
                .map(|(key, cell)| (Arc::from(key), Value::string(cell)))
                .collect(),
        ));
    }
    Some(Value::list(rows))
}

fn url_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn url_decode(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4122, section 4.3.
fn uuid_v5(namespace: &str, name: &str) -> Option<String> {
    let namespace = match namespace {
        "dns" => "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "url" => "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "oid" => "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
        "x500" => "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
        other => other,
    };
    let digits: String = namespace.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    let mut hasher = sha1::Sha1::new();
    for at in (0..32).step_by(2) {
        hasher.update([u8::from_str_radix(&digits[at..at + 2], 16).ok()?]);
    }
    hasher.update(name.as_bytes());
    let mut bytes = hasher.finalize()[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    Some(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}
