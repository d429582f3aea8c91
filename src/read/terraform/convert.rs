//! Type constraints: `list(object({ a = string, b = optional(number, 3) }))` and what they make of a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::syntax::{Expr, ExprKind};
use super::value::{Kind, Value};

/// The value as a constraint wants it; what does not fit stays as it is.
pub(super) fn convert(value: &Value, constraint: &Expr) -> Value {
    if value.is_unknown() || value.is_null() {
        return value.clone();
    }
    let converted = match &constraint.kind {
        ExprKind::Variable(name) => primitive(value, name),
        ExprKind::Call(name, args, _) => match (&**name, args.as_slice()) {
            ("optional", [inner, ..]) => Some(convert(value, inner)),
            ("list" | "set", [inner]) => elements(value, &name[..], inner),
            ("map", [inner]) => map(value, inner),
            ("object", [fields]) => object(value, fields),
            ("tuple", [types]) => tuple(value, types),
            _ => None,
        },
        _ => None,
    };
    converted.map_or_else(|| value.clone(), |out| out.with_refs(&value.refs))
}

fn primitive(value: &Value, name: &str) -> Option<Value> {
    match name {
        "string" => value.text().map(Value::string),
        "number" => value.as_number().map(Value::number),
        "bool" => value.as_bool().map(Value::bool),
        _ => None,
    }
}

fn elements(value: &Value, kind: &str, inner: &Expr) -> Option<Value> {
    let items: Vec<Value> = value.items()?.iter().map(|item| convert(item, inner)).collect();
    Some(if kind == "set" { Value::set(items) } else { Value::list(items) })
}

fn map(value: &Value, inner: &Expr) -> Option<Value> {
    let entries = value.entries()?;
    Some(Value::map(entries.iter().map(|(key, item)| (Arc::clone(key), convert(item, inner))).collect()))
}

fn tuple(value: &Value, types: &Expr) -> Option<Value> {
    let ExprKind::List(types) = &types.kind else { return None };
    let items = value.items()?;
    Some(Value::list(
        items
            .iter()
            .enumerate()
            .map(|(at, item)| types.get(at).map_or_else(|| item.clone(), |kind| convert(item, kind)))
            .collect(),
    ))
}

/// Attributes that the constraint does not name are dropped; optional ones get their default, or null.
fn object(value: &Value, fields: &Expr) -> Option<Value> {
    let (Kind::Map(entries), ExprKind::Object(fields)) = (&value.kind, &fields.kind) else { return None };
    let mut out = BTreeMap::new();
    for (name, constraint) in fields {
        let Some(name) = name.literal() else { continue };
        let given = entries.get(name).filter(|value| !value.is_null());
        match (given, optional(constraint)) {
            (Some(given), _) => drop(out.insert(Arc::from(name), convert(given, constraint))),
            (None, Some(default)) => {
                let default =
                    default.map_or(Value::NULL, |(default, inner)| convert(&constant(default), inner));
                out.insert(Arc::from(name), default);
            }
            (None, None) => {
                if let Some(null) = entries.get(name) {
                    out.insert(Arc::from(name), null.clone());
                }
            }
        }
    }
    Some(Value::map(out))
}

/// `Some` for `optional(...)`, with its default and type.
fn optional(constraint: &Expr) -> Option<Option<(&Expr, &Expr)>> {
    match &constraint.kind {
        ExprKind::Call(name, args, _) if &**name == "optional" => Some(match args.as_slice() {
            [inner, default] => Some((default, inner)),
            _ => None,
        }),
        _ => None,
    }
}

/// A literal without any reference, as type defaults are.
fn constant(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Null => Value::NULL,
        ExprKind::Bool(value) => Value::bool(*value),
        ExprKind::Number(value) => Value::number(*value),
        ExprKind::String(text) => Value::string(Arc::clone(text)),
        ExprKind::List(items) => Value::list(items.iter().map(constant).collect()),
        ExprKind::Object(items) => Value::map(
            items.iter().filter_map(|(key, value)| Some((constant(key).text()?, constant(value)))).collect(),
        ),
        ExprKind::Negate(inner) => {
            constant(inner).as_number().map_or(Value::NULL, |number| Value::number(-number))
        }
        _ => Value::unknown("a default that is not a constant"),
    }
}
