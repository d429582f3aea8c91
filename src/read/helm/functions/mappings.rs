//! Functions over mappings.

use std::rc::Rc;

use super::{arg, bool};
use crate::read::helm::eval::map_of;
use crate::read::helm::value::Value;

/// Mappings, their keys and values.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    let key = |at: usize| arg(args, at).print();
    match name {
        "dict" => {
            let pairs =
                args.chunks(2).map(|pair| (pair[0].print(), pair.get(1).cloned().unwrap_or(Value::str(""))));
            Some(Value::map(pairs.collect::<Vec<_>>()))
        }
        "get" => Some(match arg(args, 0).get(&key(1)) {
            Value::Nil => Value::str(""),
            value => value,
        }),
        "set" => {
            map_of(&args[0]).borrow_mut().insert(key(1), arg(args, 2));
            Some(arg(args, 0))
        }
        "unset" => {
            map_of(&arg(args, 0)).borrow_mut().remove(&key(1));
            Some(arg(args, 0))
        }
        "hasKey" => bool(map_of(&arg(args, 0)).borrow().contains_key(&key(1))),
        "pluck" => Some(Value::list(
            args.iter().skip(1).filter_map(|map| map_of(map).borrow().get(&key(0)).cloned()).collect(),
        )),
        "keys" => {
            let all = args.iter().flat_map(|map| map_of(map).borrow().keys().cloned().collect::<Vec<_>>());
            Some(Value::list(all.map(Value::str).collect()))
        }
        "values" => {
            let all = args.iter().flat_map(|map| map_of(map).borrow().values().cloned().collect::<Vec<_>>());
            Some(Value::list(all.collect()))
        }
        "deepCopy" => Some(arg(args, 0).deep_copy()),
        "pick" | "omit" => Some(chosen(name, args)),
        "merge" | "mergeOverwrite" => Some(merged(name, args)),
        "dig" => dug(args),
        _ => None,
    }
}

/// The entries that are named, or those that are not.
fn chosen(name: &str, args: &[Value]) -> Value {
    let named: Vec<String> = args
        .iter()
        .skip(1)
        .flat_map(|one| match one {
            Value::List(items) => items.iter().map(Value::print).collect(),
            other => vec![other.print()],
        })
        .collect();
    let map = map_of(&arg(args, 0));
    let kept = map
        .borrow()
        .iter()
        .filter(|(key, _)| named.contains(key) == (name == "pick"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect::<Vec<_>>();
    Value::map(kept)
}

/// The first mapping with the others laid under or over it, in place.
fn merged(name: &str, args: &[Value]) -> Value {
    let Value::Map(own) = arg(args, 0) else { return arg(args, 0) };
    for other in &args[1..] {
        let now = Value::Map(Rc::clone(&own));
        let merged = if name == "merge" { other.lay_over(&now) } else { now.lay_over(other) };
        let entries = map_of(&merged).borrow().clone();
        *own.borrow_mut() = entries;
    }
    Value::Map(own)
}

/// What stands at the end of a path of keys, or the default.
fn dug(args: &[Value]) -> Option<Value> {
    let (map, rest) = args.split_last()?;
    let (default, path) = rest.split_last()?;
    let mut value = map.clone();
    for key in path {
        let next = match &value {
            Value::Map(map) => map.borrow().get(&key.print()).cloned(),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return Some(default.clone()),
        }
    }
    Some(value)
}
