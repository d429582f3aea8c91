//! Functions over numbers, and ranges of them.

use super::{MAX_ITEMS, arg, last};
use crate::read::helm::value::Value;

/// Arithmetic.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    let (a, b) = (arg(args, 0), arg(args, 1));
    let fold = |start: i64, join: fn(i64, i64) -> i64| {
        Some(Value::Int(args.iter().fold(start, |sum, value| join(sum, value.int()))))
    };
    let float = |number: f64| Some(Value::Float(number));
    match name {
        "int" | "int64" | "atoi" | "toDecimal" => Some(Value::Int(last(args).int())),
        "float64" => float(last(args).float()),
        "add" => fold(0, i64::saturating_add),
        "add1" => Some(Value::Int(a.int().saturating_add(1))),
        "sub" => Some(Value::Int(a.int().saturating_sub(b.int()))),
        "mul" => fold(1, i64::saturating_mul),
        "div" => Some(Value::Int(a.int().checked_div(b.int()).unwrap_or(0))),
        "mod" => Some(Value::Int(a.int().checked_rem(b.int()).unwrap_or(0))),
        "max" => Some(Value::Int(args.iter().map(Value::int).max().unwrap_or(0))),
        "min" => Some(Value::Int(args.iter().map(Value::int).min().unwrap_or(0))),
        "addf" => float(args.iter().map(Value::float).sum()),
        "subf" => float(a.float() - b.float()),
        "mulf" => float(args.iter().map(Value::float).product()),
        "divf" => float(a.float() / b.float()),
        "floor" => float(a.float().floor()),
        "ceil" => float(a.float().ceil()),
        "round" => {
            let scale = 10f64.powi(b.int().clamp(0, 15) as i32);
            float((a.float() * scale).round() / scale)
        }
        "until" => Some(range(0, a.int(), 1)),
        "untilStep" => Some(range(a.int(), b.int(), arg(args, 2).int())),
        "seq" => {
            let ends: Vec<i64> = args.iter().map(Value::int).collect();
            let (from, step, to) = match ends.as_slice() {
                [to] => (1, 1, *to),
                [from, to] => (*from, 1, *to),
                [from, step, to, ..] => (*from, *step, *to),
                [] => return Some(Value::str("")),
            };
            let numbers = range(from, to + step.signum(), step).items();
            Some(Value::str(numbers.iter().map(Value::print).collect::<Vec<_>>().join(" ")))
        }
        _ => None,
    }
}

fn range(from: i64, to: i64, step: i64) -> Value {
    let mut out = Vec::new();
    let mut at = from;
    while step != 0 && out.len() < MAX_ITEMS && (if step > 0 { at < to } else { at > to }) {
        out.push(Value::Int(at));
        at = at.saturating_add(step);
    }
    Value::list(out)
}
