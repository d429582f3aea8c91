//! Texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::{Function, MAX_TEXT, Mode, join_pieces, number, size, string, text};
use crate::read::terraform::value::{Kind, Value, format_number};

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    let function: Function = match name {
        "join" => return Some((Mode::Lenient, join)),
        "format" => return Some((Mode::Lenient, format)),
        "formatlist" => return Some((Mode::Lenient, format_list)),
        "upper" => |args| string(text(args, 0)?.to_uppercase()),
        "lower" => |args| string(text(args, 0)?.to_lowercase()),
        "title" => |args| string(title(&text(args, 0)?)),
        "trimspace" => |args| string(text(args, 0)?.trim()),
        "chomp" => |args| string(text(args, 0)?.trim_end_matches(['\n', '\r'])),
        "strrev" => |args| string(text(args, 0)?.chars().rev().collect::<String>()),
        "startswith" => |args| Some(Value::bool(text(args, 0)?.starts_with(&*text(args, 1)?))),
        "endswith" => |args| Some(Value::bool(text(args, 0)?.ends_with(&*text(args, 1)?))),
        "strcontains" => |args| Some(Value::bool(text(args, 0)?.contains(&*text(args, 1)?))),
        "trim" => |args| {
            let cut = text(args, 1)?;
            string(text(args, 0)?.trim_matches(|c| cut.contains(c)))
        },
        "trimprefix" => |args| {
            let whole = text(args, 0)?;
            string(whole.strip_prefix(&*text(args, 1)?).unwrap_or(&whole))
        },
        "trimsuffix" => |args| {
            let whole = text(args, 0)?;
            string(whole.strip_suffix(&*text(args, 1)?).unwrap_or(&whole))
        },
        "split" => |args| {
            let (separator, whole) = (text(args, 0)?, text(args, 1)?);
            if whole.is_empty() && !separator.is_empty() {
                return Some(Value::list(vec![Value::string("")]));
            }
            if separator.is_empty() {
                return Some(Value::list(whole.chars().map(|c| Value::string(c.to_string())).collect()));
            }
            Some(Value::list(whole.split(&*separator).map(Value::string).collect()))
        },
        "replace" => replace,
        "substr" => substr,
        "indent" => |args| {
            let spaces = " ".repeat(size(args, 0)?.min(1_000));
            string(text(args, 1)?.replace('\n', &format!("\n{spaces}")))
        },
        "regex" => |args| {
            let pattern = Regex::new(&text(args, 0)?).ok()?;
            let whole = text(args, 1)?;
            captured(&pattern, &pattern.captures(&whole)?)
        },
        "regexall" => |args| {
            let pattern = Regex::new(&text(args, 0)?).ok()?;
            let whole = text(args, 1)?;
            let found: Option<Vec<Value>> =
                pattern.captures_iter(&whole).map(|captures| captured(&pattern, &captures)).collect();
            found.map(Value::list)
        },
        _ => return None,
    };
    Some((Mode::Strict, function))
}

fn join(args: &[Value]) -> Option<Value> {
    let (separator, lists) = args.split_first()?;
    let separator = separator.text()?;
    let mut pieces: Vec<Value> = Vec::new();
    for list in lists {
        for item in list.items()?.iter() {
            if !pieces.is_empty() {
                pieces.push(Value::string(Arc::clone(&separator)));
            }
            pieces.push(item.clone());
        }
    }
    Some(join_pieces(pieces))
}

/// The letter behind anything that is no letter, digit, underscore or apostrophe is made a capital.
fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let starts = !(before.is_alphanumeric() || before == '_' || before == '\'');
            before = c;
            if starts { c.to_uppercase().next().unwrap_or(c) } else { c }
        })
        .collect()
}

fn replace(args: &[Value]) -> Option<Value> {
    let (whole, what, with) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if whole.len().saturating_mul(with.len().max(1)) > 64 * MAX_TEXT {
        return None;
    }
    if what.len() > 1 && what.starts_with('/') && what.ends_with('/') {
        let pattern = Regex::new(&what[1..what.len() - 1]).ok()?;
        return string(pattern.replace_all(&whole, &*with).into_owned());
    }
    string(whole.replace(&*what, &with))
}

fn substr(args: &[Value]) -> Option<Value> {
    let whole: Vec<char> = text(args, 0)?.chars().collect();
    let (offset, length) = (number(args, 1)? as i64, number(args, 2)? as i64);
    let start = if offset < 0 { whole.len() as i64 + offset } else { offset };
    let start = start.clamp(0, whole.len() as i64) as usize;
    let end = if length < 0 { whole.len() } else { (start + length as usize).min(whole.len()) };
    string(whole[start..end].iter().collect::<String>())
}

fn captured(pattern: &Regex, captures: &regex::Captures<'_>) -> Option<Value> {
    let group = |at: usize| captures.get(at).map_or(Value::NULL, |found| Value::string(found.as_str()));
    if captures.len() == 1 {
        return Some(group(0));
    }
    if pattern.capture_names().flatten().next().is_some() {
        let names: BTreeMap<Arc<str>, Value> = pattern
            .capture_names()
            .enumerate()
            .filter_map(|(at, name)| Some((Arc::from(name?), group(at))))
            .collect();
        return Some(Value::map(names));
    }
    Some(Value::list((1..captures.len()).map(group).collect()))
}

fn format(args: &[Value]) -> Option<Value> {
    let pattern = args.first()?.text()?;
    Some(join_pieces(format_pieces(&pattern, &args[1..])?))
}

fn format_list(args: &[Value]) -> Option<Value> {
    let pattern = args.first()?.text()?;
    if args[1..].iter().any(Value::is_unknown) {
        return None;
    }
    let count = args[1..].iter().filter_map(Value::items).map(|list| list.len()).max();
    let count = match count {
        Some(count) => count,
        None => return Some(Value::list(vec![join_pieces(format_pieces(&pattern, &args[1..])?)])),
    };
    let mut out = Vec::new();
    for at in 0..count {
        let row: Option<Vec<Value>> = args[1..]
            .iter()
            .map(|arg| match arg.items() {
                Some(list) => list.get(at).cloned(),
                None => Some(arg.clone()),
            })
            .collect();
        out.push(join_pieces(format_pieces(&pattern, &row?)?));
    }
    Some(Value::list(out))
}

/// One verb of a format: flags, width, precision, kind.
struct Verb {
    minus: bool,
    plus: bool,
    zero: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

fn format_pieces(pattern: &str, args: &[Value]) -> Option<Vec<Value>> {
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut chars = pattern.chars().peekable();
    let mut next = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            literal.push('%');
            continue;
        }
        let (verb, explicit) = read_verb(&mut chars)?;
        let at = explicit.map_or(next, |index| index - 1);
        next = at + 1;
        let value = args.get(at)?;
        out.push(Value::string(std::mem::take(&mut literal)));
        out.push(if value.is_unknown() { value.clone() } else { Value::string(format_one(&verb, value)?) });
    }
    out.push(Value::string(literal));
    Some(out)
}

fn read_verb(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(Verb, Option<usize>)> {
    let mut verb = Verb {
        minus: false,
        plus: false,
        zero: false,
        space: false,
        sharp: false,
        width: 0,
        precision: None,
        kind: 'v',
    };
    let mut explicit = None;
    loop {
        match chars.next()? {
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            '0' if verb.width == 0 && verb.precision.is_none() => verb.zero = true,
            ' ' => verb.space = true,
            '#' => verb.sharp = true,
            '[' => {
                let index: String = chars.by_ref().take_while(|c| *c != ']').collect();
                explicit = Some(index.parse::<usize>().ok().filter(|index| 1 <= *index)?);
            }
            '.' => verb.precision = Some(0),
            c if c.is_ascii_digit() => {
                let digit = c as usize - '0' as usize;
                let slot = verb.precision.as_mut().unwrap_or(&mut verb.width);
                *slot = (*slot * 10 + digit).min(10_000);
            }
            kind => {
                verb.kind = kind;
                return Some((verb, explicit));
            }
        }
    }
}

fn format_one(verb: &Verb, value: &Value) -> Option<String> {
    let body = match verb.kind {
        's' => precise(verb, value.text()?.to_string()),
        'q' => serde_json::to_string(&*value.text()?).ok()?,
        'v' if verb.sharp => super::encoding::to_json(value)?,
        'v' => match &value.kind {
            Kind::Null => "null".to_owned(),
            Kind::List(_) | Kind::Set(_) | Kind::Map(_) => super::encoding::to_json(value)?,
            _ => value.text()?.to_string(),
        },
        't' => value.as_bool()?.to_string(),
        'd' => signed(verb, format_number(value.as_number()?.trunc())),
        'b' => format!("{:b}", value.as_number()? as i64),
        'o' => format!("{:o}", value.as_number()? as i64),
        'x' => hex(value, false)?,
        'X' => hex(value, true)?,
        'f' | 'F' => signed(verb, format!("{:.*}", verb.precision.unwrap_or(6), value.as_number()?)),
        'e' => exponent(value.as_number()?, verb.precision.unwrap_or(6)),
        'g' | 'G' => signed(verb, format_number(value.as_number()?)),
        _ => return None,
    };
    let length = body.chars().count();
    if length >= verb.width {
        return Some(body);
    }
    let pad = verb.width - length;
    Some(if verb.minus {
        body + &" ".repeat(pad)
    } else if verb.zero {
        match body.strip_prefix(['-', '+']) {
            Some(digits) => format!("{}{}{digits}", &body[..1], "0".repeat(pad)),
            None => "0".repeat(pad) + &body,
        }
    } else {
        " ".repeat(pad) + &body
    })
}

fn precise(verb: &Verb, text: String) -> String {
    match verb.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

fn signed(verb: &Verb, digits: String) -> String {
    match digits.starts_with('-') {
        false if verb.plus => format!("+{digits}"),
        false if verb.space => format!(" {digits}"),
        _ => digits,
    }
}

fn hex(value: &Value, upper: bool) -> Option<String> {
    let lower = match &value.kind {
        Kind::String(text) if value.as_number().is_none() => {
            text.bytes().map(|byte| format!("{byte:02x}")).collect()
        }
        _ => format!("{:x}", value.as_number()? as i64),
    };
    Some(if upper { lower.to_uppercase() } else { lower })
}

fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match power.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', power),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}
