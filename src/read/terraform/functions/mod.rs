//! Terraform's functions, those that need neither files nor a clock.

mod collections;
mod encoding;
mod network;
mod numbers;
mod texts;
mod times;
mod types;

use std::sync::Arc;

use super::evaluate::{MAX_ITEMS, MAX_TEXT};
use super::value::{Kind, Refs, Shape, Value, join_refs};

/// A function over values; `None` when its arguments are of the wrong number or type.
type Function = fn(&[Value]) -> Option<Value>;

/// How a function meets unknown arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Any unknown argument makes the result unknown.
    Strict,
    /// Unknown elements make it unknown too.
    Deep,
    /// The function looks for itself.
    Lenient,
    /// The result is an element of the first argument, or another argument: what else there was to choose from is
    /// not in it.
    Picks,
}

/// Calls a function by its name.
pub(super) fn call(name: &str, args: &[Value]) -> Value {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let refs = args.iter().fold(None, |refs, arg| join_refs(&refs, &arg.refs));
    let Some((mode, function)) = lookup(name) else {
        return Value::unknown(format!("the function `{name}` is not evaluated")).with_refs(&deep(args));
    };
    let unknown = match mode {
        Mode::Strict => args.iter().find(|arg| arg.is_unknown()),
        Mode::Deep => args.iter().find_map(|arg| find_unknown(arg, &mut 5_000)),
        Mode::Lenient | Mode::Picks => None,
    };
    if let Some(unknown) = unknown {
        let reason = unknown.reason().cloned().unwrap_or_else(|| "an argument is not known".into());
        return Value::unknown(reason).with_refs(&deep(args));
    }
    match function(args) {
        Some(value) => {
            if too_large(&value) {
                return Value::unknown(format!("`{name}` makes too much"));
            }
            if mode == Mode::Picks {
                let source = args.first().and_then(|source| source.refs.clone());
                return value.with_refs(&source);
            }
            // Elements carry their own references; a scalar made of them carries all.
            let scalar = !matches!(value.kind, Kind::List(_) | Kind::Set(_) | Kind::Map(_));
            let refs = if scalar { deep(args) } else { refs };
            value.with_refs(&refs)
        }
        None => match args.iter().find_map(|arg| find_unknown(arg, &mut 5_000)) {
            Some(unknown) => {
                Value::unknown(unknown.reason().cloned().unwrap_or_else(|| "".into())).with_refs(&deep(args))
            }
            None => Value::failed(format!("`{name}` does not accept these arguments")).with_refs(&refs),
        },
    }
}

fn lookup(name: &str) -> Option<(Mode, Function)> {
    numbers::lookup(name)
        .or_else(|| texts::lookup(name))
        .or_else(|| collections::lookup(name))
        .or_else(|| encoding::lookup(name))
        .or_else(|| network::lookup(name))
        .or_else(|| types::lookup(name))
        .or_else(|| times::lookup(name))
}

fn deep(args: &[Value]) -> Refs {
    args.iter().fold(None, |refs, arg| join_refs(&refs, &arg.deep_refs()))
}

fn too_large(value: &Value) -> bool {
    match &value.kind {
        Kind::String(text) => text.len() > MAX_TEXT,
        Kind::List(items) | Kind::Set(items) => items.len() > MAX_ITEMS,
        Kind::Map(items) => items.len() > MAX_ITEMS,
        _ => false,
    }
}

/// The first unknown in a value; a value too large to look through counts as known.
fn find_unknown<'v>(value: &'v Value, budget: &mut u32) -> Option<&'v Value> {
    *budget = budget.checked_sub(1)?;
    match &value.kind {
        Kind::Unknown(_) => Some(value),
        Kind::List(items) | Kind::Set(items) => items.iter().find_map(|item| find_unknown(item, budget)),
        Kind::Map(items) => items.values().find_map(|item| find_unknown(item, budget)),
        _ => None,
    }
}

/// Pieces of text as one text; unknown, with its shape, when a piece is.
pub(super) fn join_pieces(pieces: Vec<Value>) -> Value {
    let refs = deep(&pieces);
    if let Some(failed) = pieces.iter().find(|piece| piece.is_failed()) {
        // What the rest of the text rests on is written there all the same.
        return failed.clone().with_refs(&refs);
    }
    let size: usize = pieces.iter().filter_map(|piece| piece.text()).map(|text| text.len()).sum();
    if size > MAX_TEXT {
        return Value::unknown("a text that is too long");
    }
    let mut out = String::with_capacity(size);
    for piece in &pieces {
        match piece.text() {
            Some(text) => out.push_str(&text),
            None => {
                let reason: Arc<str> =
                    piece.reason().cloned().unwrap_or_else(|| "a part of a text is not a text".into());
                let mut flat = Vec::new();
                pieces.iter().for_each(|piece| flatten_text(piece, &mut flat));
                return Value::shaped(reason, Shape::Text(flat)).with_refs(&refs);
            }
        }
    }
    Value::string(out).with_refs(&refs)
}

fn flatten_text(piece: &Value, out: &mut Vec<Value>) {
    match &piece.kind {
        Kind::Unknown(unknown) => match &unknown.shape {
            Shape::Text(pieces) if out.len() + pieces.len() < 10_000 => out.extend(pieces.iter().cloned()),
            _ => out.push(piece.clone()),
        },
        _ => out.push(piece.clone()),
    }
}

fn text(args: &[Value], at: usize) -> Option<Arc<str>> {
    args.get(at)?.text()
}

fn number(args: &[Value], at: usize) -> Option<f64> {
    args.get(at)?.as_number()
}

/// A whole number that is not negative.
fn size(args: &[Value], at: usize) -> Option<usize> {
    let number = number(args, at)?;
    (number >= 0.0 && number.fract() == 0.0 && number < 1e9).then_some(number as usize)
}

fn items(args: &[Value], at: usize) -> Option<&Arc<Vec<Value>>> {
    args.get(at)?.items()
}

fn string(text: impl Into<Arc<str>>) -> Option<Value> {
    Some(Value::string(text))
}
