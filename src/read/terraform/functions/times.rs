//! Times that are given; the clock is never read.

use super::{Function, Mode, string, text};
use crate::read::terraform::value::Value;

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    let function: Function = match name {
        "timestamp" | "plantimestamp" => |_| Some(Value::unknown("the time is not read")),
        "uuid" | "bcrypt" => |_| Some(Value::unknown("a random value")),
        "rsadecrypt" => |_| Some(Value::unknown("secrets are not decrypted")),
        "base64gzip" => |_| Some(Value::unknown("compressed text is not made")),
        "timeadd" => |args| {
            let time: jiff::Timestamp = text(args, 0)?.parse().ok()?;
            let moved = time.checked_add(duration(&text(args, 1)?)?).ok()?;
            string(moved.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        },
        "timecmp" => |args| {
            let a: jiff::Timestamp = text(args, 0)?.parse().ok()?;
            let b: jiff::Timestamp = text(args, 1)?.parse().ok()?;
            Some(Value::number(f64::from(a.cmp(&b) as i8)))
        },
        "formatdate" => |args| {
            let time: jiff::Timestamp = text(args, 1)?.parse().ok()?;
            string(format_date(&text(args, 0)?, time)?)
        },
        _ => return None,
    };
    Some((Mode::Strict, function))
}

/// Go's durations: `1h30m`, `-10s`, `1.5h`.
fn duration(text: &str) -> Option<jiff::SignedDuration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let amount: f64 = rest[..end].parse().ok()?;
        let (factor, used) = match &rest[end..] {
            unit if unit.starts_with("ms") => (0.001, 2),
            unit if unit.starts_with('h') => (3_600.0, 1),
            unit if unit.starts_with('m') => (60.0, 1),
            unit if unit.starts_with('s') => (1.0, 1),
            _ => return None,
        };
        seconds += amount * factor;
        rest = &rest[end + used..];
    }
    jiff::SignedDuration::try_from_secs_f64(sign * seconds).ok()
}

/// Letters of the same kind in a row are one field; text in apostrophes stands for itself.
fn format_date(pattern: &str, time: jiff::Timestamp) -> Option<String> {
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let end = rest[1..].find('\'')? + 1;
            out.push_str(if end == 1 { "'" } else { &rest[1..end] });
            rest = &rest[end + 1..];
            continue;
        }
        let length = rest.chars().take_while(|c| *c == first).count();
        let field = &rest[..length * first.len_utf8()];
        rest = &rest[field.len()..];
        if !first.is_ascii_alphabetic() {
            out.push_str(field);
            continue;
        }
        let code = match field {
            "YYYY" => "%Y",
            "YY" => "%y",
            "MMMM" => "%B",
            "MMM" => "%b",
            "MM" => "%m",
            "M" => "%-m",
            "DD" => "%d",
            "D" => "%-d",
            "EEEE" => "%A",
            "EEE" => "%a",
            "hh" => "%H",
            "h" => "%-H",
            "HH" => "%I",
            "H" => "%-I",
            "AA" => "%p",
            "aa" => "%P",
            "mm" => "%M",
            "m" => "%-M",
            "ss" => "%S",
            "s" => "%-S",
            "ZZZZZ" => "+00:00",
            "ZZZZ" => "+0000",
            "ZZZ" => "UTC",
            "Z" => "Z",
            _ => return None,
        };
        out.push_str(&time.strftime(code).to_string());
    }
    Some(out)
}
