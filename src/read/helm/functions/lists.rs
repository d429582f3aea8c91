//! Functions over lists.

use super::{arg, bool, last};
use crate::read::helm::value::Value;

/// Lists made of others.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    let own = || arg(args, 0).items();
    let list = |items: Vec<Value>| Some(Value::list(items));
    match name {
        "list" | "tuple" => list(args.to_vec()),
        "append" | "push" => list(own().into_iter().chain([arg(args, 1)]).collect()),
        "prepend" => list([arg(args, 1)].into_iter().chain(own()).collect()),
        "concat" => list(args.iter().flat_map(Value::items).take(100_000).collect()),
        "reverse" => list(own().into_iter().rev().collect()),
        "uniq" => {
            let mut out: Vec<Value> = Vec::new();
            for item in own().into_iter().take(5000) {
                if !out.iter().any(|present| present.equals(&item)) {
                    out.push(item);
                }
            }
            list(out)
        }
        "compact" => list(own().into_iter().filter(Value::truth).collect()),
        "without" => {
            list(own().into_iter().filter(|item| !args[1..].iter().any(|other| other.equals(item))).collect())
        }
        "sortAlpha" => {
            let mut texts: Vec<String> = own().iter().map(Value::print).collect();
            texts.sort();
            list(texts.into_iter().map(Value::str).collect())
        }
        "toStrings" => list(own().iter().map(|item| Value::str(item.print())).collect()),
        "join" => {
            let separator = arg(args, 0).print();
            let items = match last(args) {
                Value::List(items) => items.iter().map(Value::print).collect(),
                other => vec![other.print()],
            };
            Some(Value::str(items.join(&separator)))
        }
        "splitList" => {
            let (separator, text) = (arg(args, 0).print(), last(args).print());
            list(text.split(separator.as_str()).take(10_000).map(Value::str).collect())
        }
        "split" | "splitn" => {
            let (separator, text) = (arg(args, 0).print(), last(args).print());
            let limit = if name == "splitn" { arg(args, 1).int().clamp(1, 1000) as usize } else { 1000 };
            let parts = text.splitn(limit, separator.as_str()).enumerate();
            Some(Value::map(parts.map(|(at, part)| (format!("_{at}"), Value::str(part)))))
        }
        "chunk" => {
            let size = arg(args, 0).int().clamp(1, 10_000) as usize;
            list(arg(args, 1).items().chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect())
        }
        _ => part(name, args),
    }
}

/// Parts of a list, and what is asked of it.
fn part(name: &str, args: &[Value]) -> Option<Value> {
    let own = || arg(args, 0).items();
    let list = |items: Vec<Value>| Some(Value::list(items));
    match name {
        "first" => Some(match arg(args, 0) {
            Value::Str(text) => Value::str(text.chars().take(1).collect::<String>()),
            value => value.items().first().cloned().unwrap_or(Value::Nil),
        }),
        "last" => Some(own().last().cloned().unwrap_or(Value::Nil)),
        "rest" => list(own().into_iter().skip(1).collect()),
        "initial" => {
            let mut items = own();
            items.pop();
            list(items)
        }
        "has" => bool(arg(args, 1).items().iter().any(|item| item.equals(&arg(args, 0)))),
        "slice" => {
            let items = own();
            let from = (arg(args, 1).int().max(0) as usize).min(items.len());
            let to =
                args.get(2).map_or(items.len(), |to| (to.int().max(0) as usize).clamp(from, items.len()));
            list(items[from..to].to_vec())
        }
        "len" => Some(Value::Int(match arg(args, 0) {
            Value::List(items) => items.len() as i64,
            Value::Map(map) => map.borrow().len() as i64,
            other => other.print().len() as i64,
        })),
        "index" => Some(args.iter().skip(1).fold(arg(args, 0), |value, key| match &value {
            Value::List(items) => {
                usize::try_from(key.int()).ok().and_then(|at| items.get(at).cloned()).unwrap_or(Value::Nil)
            }
            _ => value.get(&key.print()),
        })),
        _ => None,
    }
}
