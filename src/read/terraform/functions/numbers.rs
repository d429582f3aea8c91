//! Numbers.

use super::{Function, Mode, number, text};
use crate::read::terraform::value::Value;

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    let function: Function = match name {
        "abs" => |args| one(args, f64::abs),
        "ceil" => |args| one(args, f64::ceil),
        "floor" => |args| one(args, f64::floor),
        "signum" => |args| one(args, |x| if x == 0.0 { 0.0 } else { x.signum() }),
        "log" => |args| {
            let (x, base) = (number(args, 0)?, number(args, 1)?);
            Some(Value::number(x.ln() / base.ln()))
                .filter(|value| value.as_number().is_some_and(f64::is_finite))
        },
        "pow" => |args| {
            let out = number(args, 0)?.powf(number(args, 1)?);
            out.is_finite().then(|| Value::number(out))
        },
        "max" => |args| extreme(args, f64::max),
        "min" => |args| extreme(args, f64::min),
        "parseint" => |args| {
            let base = number(args, 1)? as u32;
            if !(2..=62).contains(&base) {
                return None;
            }
            parse(&text(args, 0)?, base).map(Value::number)
        },
        _ => return None,
    };
    Some((Mode::Strict, function))
}

fn one(args: &[Value], apply: fn(f64) -> f64) -> Option<Value> {
    (args.len() == 1).then_some(())?;
    Some(Value::number(apply(number(args, 0)?)))
}

fn extreme(args: &[Value], pick: fn(f64, f64) -> f64) -> Option<Value> {
    let numbers: Option<Vec<f64>> = args.iter().map(Value::as_number).collect();
    numbers?.into_iter().reduce(pick).map(Value::number)
}

fn parse(text: &str, base: u32) -> Option<f64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut out = 0f64;
    for digit in digits.bytes() {
        let value = match digit {
            b'0'..=b'9' => u32::from(digit - b'0'),
            b'a'..=b'z' => u32::from(digit - b'a') + 10,
            b'A'..=b'Z' if base <= 36 => u32::from(digit - b'A') + 10,
            b'A'..=b'Z' => u32::from(digit - b'A') + 36,
            _ => return None,
        };
        if value >= base {
            return None;
        }
        out = out * f64::from(base) + f64::from(value);
    }
    Some(if negative { -out } else { out })
}
