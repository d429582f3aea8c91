//! Lists, sets and maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Function, MAX_ITEMS, Mode, items, number, size, text};
use crate::read::terraform::evaluate::unknown_element;
use crate::read::terraform::value::{Kind, Shape, Value, compare, equal};

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    Some(match name {
        "alltrue" => (Mode::Lenient, |args| all(args, false)),
        "anytrue" => (Mode::Lenient, |args| all(args, true)),
        "chunklist" => (Mode::Strict, chunk_list),
        "coalesce" => (Mode::Lenient, coalesce),
        "coalescelist" => (Mode::Lenient, coalesce_list),
        "compact" => (Mode::Strict, compact),
        "concat" => (Mode::Lenient, concat),
        "contains" => (Mode::Strict, contains),
        "distinct" => (Mode::Strict, distinct),
        "element" => (Mode::Picks, element),
        "flatten" => (Mode::Strict, flatten),
        "index" => (Mode::Deep, index),
        "keys" => (Mode::Strict, |args| {
            Some(Value::list(
                args.first()?.entries()?.keys().map(|key| Value::string(Arc::clone(key))).collect(),
            ))
        }),
        "values" => {
            (Mode::Strict, |args| Some(Value::list(args.first()?.entries()?.values().cloned().collect())))
        }
        "length" => (Mode::Strict, length),
        "list" => (Mode::Lenient, |args| Some(Value::list(args.to_vec()))),
        "lookup" => (Mode::Picks, look_up),
        "map" => (Mode::Lenient, map),
        "matchkeys" => (Mode::Deep, match_keys),
        "merge" => (Mode::Lenient, merge),
        "one" => (Mode::Picks, one),
        "range" => (Mode::Strict, range),
        "reverse" => {
            (Mode::Strict, |args| Some(Value::list(items(args, 0)?.iter().rev().cloned().collect())))
        }
        "setintersection" => {
            (Mode::Deep, |args| set_operation(args, |in_left, in_right| in_left && in_right))
        }
        "setsubtract" => (Mode::Deep, |args| set_operation(args, |in_left, in_right| in_left && !in_right)),
        "setunion" => (Mode::Strict, |args| {
            let lists: Option<Vec<_>> = args.iter().map(Value::items).collect();
            Some(Value::set(lists?.into_iter().flat_map(|list| list.iter().cloned()).collect()))
        }),
        "setproduct" => (Mode::Strict, set_product),
        "slice" => (Mode::Lenient, slice),
        "sort" => (Mode::Deep, |args| {
            let texts: Option<Vec<Arc<str>>> = items(args, 0)?.iter().map(Value::text).collect();
            let mut texts = texts?;
            texts.sort();
            Some(Value::list(texts.into_iter().map(Value::string).collect()))
        }),
        "sum" => (Mode::Deep, |args| {
            let numbers: Option<Vec<f64>> = items(args, 0)?.iter().map(Value::as_number).collect();
            let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
            Some(Value::number(numbers.into_iter().sum()))
        }),
        "transpose" => (Mode::Deep, transpose),
        "zipmap" => (Mode::Strict, zip_map),
        _ => return None,
    })
}

/// Whether all are true, or any (`wanted`): decided as soon as one element decides.
fn all(args: &[Value], wanted: bool) -> Option<Value> {
    let list = items(args, 0)?;
    if list.iter().any(|item| item.as_bool() == Some(wanted)) {
        return Some(Value::bool(wanted));
    }
    if list.iter().any(|item| item.is_unknown()) {
        return None;
    }
    Some(Value::bool(!wanted))
}

fn chunk_list(args: &[Value]) -> Option<Value> {
    let (list, size) = (items(args, 0)?, size(args, 1)?);
    let size = if size == 0 { list.len().max(1) } else { size };
    Some(Value::list(list.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect()))
}

fn coalesce(args: &[Value]) -> Option<Value> {
    for arg in args {
        match &arg.kind {
            Kind::Null => {}
            Kind::String(text) if text.is_empty() => {}
            _ => return Some(arg.clone()),
        }
    }
    None
}

fn coalesce_list(args: &[Value]) -> Option<Value> {
    for arg in args {
        match arg.items() {
            Some(list) if list.is_empty() => {}
            None if arg.is_null() => {}
            _ => return Some(arg.clone()),
        }
    }
    None
}

fn compact(args: &[Value]) -> Option<Value> {
    let kept = items(args, 0)?
        .iter()
        .filter(|item| !item.is_null() && !matches!(&item.kind, Kind::String(text) if text.is_empty()));
    Some(Value::list(kept.cloned().collect()))
}

fn concat(args: &[Value]) -> Option<Value> {
    let lists: Vec<_> = args.iter().filter_map(|arg| arg.known_part().items()).collect();
    if lists.iter().map(|list| list.len()).sum::<usize>() > MAX_ITEMS {
        return Some(Value::unknown("`concat` makes too much"));
    }
    let all_are_known = lists.len() == args.len();
    let known = Value::list(lists.into_iter().flat_map(|list| list.iter().cloned()).collect());
    with_unknown(args, known, all_are_known)
}

fn contains(args: &[Value]) -> Option<Value> {
    let wanted = args.get(1)?;
    let mut unknown = None;
    for item in items(args, 0)?.iter() {
        match loosely_equal(item, wanted) {
            Some(true) => return Some(Value::bool(true)),
            Some(false) => {}
            None => unknown = item.reason().cloned(),
        }
    }
    Some(match unknown {
        Some(reason) => Value::unknown(reason),
        None => Value::bool(false),
    })
}

/// Equal as elements of one list are: a number and its text are the same.
fn loosely_equal(a: &Value, b: &Value) -> Option<bool> {
    let equal = equal(a, b);
    match (equal, a.text(), b.text()) {
        (Some(false), Some(a), Some(b)) => Some(a == b),
        _ => equal,
    }
}

fn distinct(args: &[Value]) -> Option<Value> {
    let list = items(args, 0)?;
    let mut seen: std::collections::BTreeSet<Ordered> = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for item in list.iter() {
        if item.is_unknown() || seen.insert(Ordered(item.clone())) {
            out.push(item.clone());
        }
    }
    Some(Value::list(out))
}

/// A value with the total order of values.
struct Ordered(Value);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        compare(&self.0, &other.0).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        compare(&self.0, &other.0)
    }
}

fn element(args: &[Value]) -> Option<Value> {
    let (source, index) = (args.first()?, number(args, 1)?);
    if index < 0.0 {
        return None;
    }
    if source.is_unknown() {
        return Some(unknown_element(source, index as usize));
    }
    let list = source.items()?;
    list.get((index as usize).checked_rem(list.len())?).cloned()
}

/// An unknown element is taken for one element.
fn flatten(args: &[Value]) -> Option<Value> {
    let mut out = Vec::new();
    if !flatten_into(items(args, 0)?, &mut out, 0) {
        return Some(Value::unknown("`flatten` makes too much"));
    }
    Some(Value::list(out))
}

fn flatten_into(list: &[Value], out: &mut Vec<Value>, depth: u32) -> bool {
    for item in list {
        if out.len() > MAX_ITEMS || depth > 32 {
            return false;
        }
        match item.items() {
            Some(inner) => {
                if !flatten_into(inner, out, depth + 1) {
                    return false;
                }
            }
            None => out.push(item.clone()),
        }
    }
    true
}

fn index(args: &[Value]) -> Option<Value> {
    let wanted = args.get(1)?;
    let at = items(args, 0)?.iter().position(|item| loosely_equal(item, wanted) == Some(true))?;
    Some(Value::number(at as f64))
}

fn length(args: &[Value]) -> Option<Value> {
    let length = match &args.first()?.kind {
        Kind::List(items) | Kind::Set(items) => items.len(),
        Kind::Map(items) => items.len(),
        Kind::String(text) => text.chars().count(),
        _ => return None,
    };
    Some(Value::number(length as f64))
}

fn look_up(args: &[Value]) -> Option<Value> {
    let key = text(args, 1)?;
    match args.first()?.entries()?.get(&key) {
        Some(value) => Some(value.clone()),
        None => args.get(2).cloned(),
    }
}

fn map(args: &[Value]) -> Option<Value> {
    let pairs: Option<BTreeMap<Arc<str>, Value>> =
        args.chunks(2).map(|pair| Some((pair.first()?.text()?, pair.get(1)?.clone()))).collect();
    pairs.map(Value::map)
}

fn match_keys(args: &[Value]) -> Option<Value> {
    let (values, keys, wanted) = (items(args, 0)?, items(args, 1)?, items(args, 2)?);
    if values.len() != keys.len() {
        return None;
    }
    let picked = values
        .iter()
        .zip(keys.iter())
        .filter(|(_, key)| wanted.iter().any(|one| loosely_equal(one, key) == Some(true)));
    Some(Value::list(picked.map(|(value, _)| value.clone()).collect()))
}

fn merge(args: &[Value]) -> Option<Value> {
    let mut out = BTreeMap::new();
    let mut all_are_known = true;
    for arg in args.iter().filter(|arg| !arg.is_null()) {
        // What only some of several maps have may or may not be theirs.
        let maps = arg.alternatives().unwrap_or_default().iter().filter_map(Value::entries);
        maps.flat_map(|map| map.keys()).for_each(|key| drop(out.remove(key)));
        match arg.known_part().entries() {
            Some(entries) => out.extend(entries.iter().map(|(key, value)| (Arc::clone(key), value.clone()))),
            None => all_are_known = false,
        }
    }
    with_unknown(args, Value::map(out), all_are_known)
}

/// What several arguments make together, a part of it where some are not known; nothing where one is of a wrong type.
fn with_unknown(args: &[Value], known: Value, all_are_known: bool) -> Option<Value> {
    match args.iter().find(|arg| arg.is_unknown()) {
        Some(unknown) => Some(Value::shaped(Arc::clone(unknown.reason()?), Shape::Part(known))),
        None => all_are_known.then_some(known),
    }
}

fn one(args: &[Value]) -> Option<Value> {
    match items(args, 0)?.as_slice() {
        [] => Some(Value::NULL),
        [only] => Some(only.clone()),
        _ => None,
    }
}

fn range(args: &[Value]) -> Option<Value> {
    let numbers: Option<Vec<f64>> = args.iter().map(Value::as_number).collect();
    let (start, end, step) = match numbers?.as_slice() {
        [end] => (0.0, *end, if *end < 0.0 { -1.0 } else { 1.0 }),
        [start, end] => (*start, *end, if end < start { -1.0 } else { 1.0 }),
        [start, end, step] => (*start, *end, *step),
        _ => return None,
    };
    if step == 0.0 || (step < 0.0) != (end < start) && start != end {
        return None;
    }
    // Terraform itself stops at 1024.
    if ((end - start) / step).ceil() > 1_024.0 {
        return None;
    }
    let mut out = Vec::new();
    let mut at = start;
    while if step < 0.0 { end < at } else { at < end } {
        out.push(Value::number(at));
        at += step;
    }
    Some(Value::list(out))
}

fn set_operation(args: &[Value], keep: fn(bool, bool) -> bool) -> Option<Value> {
    let mut current = items(args, 0)?.to_vec();
    for at in 1..args.len() {
        let right = items(args, at)?;
        current.retain(|item| keep(true, right.iter().any(|other| loosely_equal(other, item) == Some(true))));
    }
    Some(Value::set(current))
}

fn set_product(args: &[Value]) -> Option<Value> {
    let sets = args.iter().all(|arg| matches!(arg.kind, Kind::Set(_)));
    let lists: Option<Vec<_>> = args.iter().map(Value::items).collect();
    let lists = lists?;
    let total = lists.iter().try_fold(1usize, |total, list| total.checked_mul(list.len()))?;
    if total > MAX_ITEMS || lists.len() < 2 {
        return None;
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in lists {
        rows = rows
            .into_iter()
            .flat_map(|row| {
                list.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    let rows = rows.into_iter().map(Value::list).collect();
    Some(if sets { Value::set(rows) } else { Value::list(rows) })
}

fn slice(args: &[Value]) -> Option<Value> {
    let (source, start, end) = (args.first()?, size(args, 1)?, size(args, 2)?);
    if end < start {
        return None;
    }
    if source.is_unknown() {
        // Whatever the list is, its slice has this many elements.
        if end - start > 1_000 {
            return None;
        }
        return Some(Value::list((start..end).map(|at| unknown_element(source, at)).collect()));
    }
    source.items()?.get(start..end).map(|part| Value::list(part.to_vec()))
}

fn transpose(args: &[Value]) -> Option<Value> {
    let mut out: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, list) in args.first()?.entries()?.iter() {
        for item in list.items()?.iter() {
            out.entry(item.text()?).or_default().push(Value::string(Arc::clone(key)));
        }
    }
    Some(Value::map(out.into_iter().map(|(key, list)| (key, Value::list(list))).collect()))
}

fn zip_map(args: &[Value]) -> Option<Value> {
    let (keys, values) = (items(args, 0)?, items(args, 1)?);
    if keys.len() != values.len() {
        return None;
    }
    let pairs: Option<BTreeMap<Arc<str>, Value>> =
        keys.iter().zip(values.iter()).map(|(key, value)| Some((key.text()?, value.clone()))).collect();
    pairs.map(Value::map)
}
