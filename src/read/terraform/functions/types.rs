//! Conversions between types.

use std::sync::Arc;

use super::{Function, Mode, string};
use crate::read::terraform::value::{Kind, Value};

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    Some(match name {
        "tostring" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            _ => args[0].text().map(Value::string),
        }),
        "tonumber" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            Kind::Bool(_) => None,
            _ => args[0].as_number().map(Value::number),
        }),
        "tobool" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            Kind::String(text) if &**text != "true" && &**text != "false" => None,
            _ => args[0].as_bool().map(Value::bool),
        }),
        "tolist" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            _ => Some(Value::list(unify(args[0].items()?))),
        }),
        "toset" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            _ => Some(Value::set(unify(args[0].items()?))),
        }),
        "tomap" => (Mode::Strict, |args| match &args.first()?.kind {
            Kind::Null => Some(Value::NULL),
            Kind::Map(map) => {
                let values = unify(&map.values().cloned().collect::<Vec<_>>());
                Some(Value::map(map.keys().cloned().zip(values).collect()))
            }
            _ => None,
        }),
        "sensitive" | "nonsensitive" | "ephemeralasnull" => (Mode::Lenient, |args| args.first().cloned()),
        "issensitive" => (Mode::Strict, |args| args.first().map(|_| Value::bool(false))),
        "type" => (Mode::Strict, |args| string(type_name(args.first()?)?)),
        "defaults" => (Mode::Strict, |args| {
            let (given, defaults) = (args.first()?.entries()?, args.get(1)?.entries()?);
            let mut out = (**given).clone();
            for (key, default) in defaults.iter() {
                if out.get(key).is_none_or(Value::is_null) {
                    out.insert(Arc::clone(key), default.clone());
                }
            }
            Some(Value::map(out))
        }),
        _ => return None,
    })
}

/// Elements of one type: texts if one of them is a text.
fn unify(items: &[Value]) -> Vec<Value> {
    let has_text = items.iter().any(|item| matches!(item.kind, Kind::String(_)));
    items
        .iter()
        .map(|item| match (&item.kind, item.text()) {
            (Kind::Number(_) | Kind::Bool(_), Some(text)) if has_text => {
                Value::string(text).with_refs(&item.refs)
            }
            _ => item.clone(),
        })
        .collect()
}

fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value.kind {
        Kind::Bool(_) => "bool",
        Kind::Number(_) => "number",
        Kind::String(_) => "string",
        Kind::List(_) => "list",
        Kind::Set(_) => "set",
        Kind::Map(_) => "map",
        _ => return None,
    })
}
