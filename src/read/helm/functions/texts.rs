//! Functions over texts.

use super::logic::type_name;
use super::{MAX_INDENT, MAX_TEXT, arg, bool, last};
use crate::read::helm::value::Value;

/// Texts made of others.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    let one = || last(args).print();
    let words = |pieces: Vec<String>| Some(Value::str(pieces.concat()));
    let indented = |first: &str| {
        let pad = " ".repeat(arg(args, 0).int().clamp(0, MAX_INDENT as i64) as usize);
        Some(Value::str(format!("{first}{pad}{}", one().replace('\n', &format!("\n{pad}")))))
    };
    match name {
        "quote" => {
            Some(Value::str(join_with(args, |text| serde_json::Value::String(text.to_owned()).to_string())))
        }
        "squote" => Some(Value::str(join_with(args, |text| format!("'{text}'")))),
        "print" => words(args.iter().map(Value::print).collect()),
        "println" => words(args.iter().map(Value::print).chain(["\n".to_owned()]).collect()),
        "printf" => Some(Value::str(printf(&arg(args, 0).print(), args.get(1..).unwrap_or_default()))),
        "cat" => Some(Value::str(args.iter().map(Value::print).collect::<Vec<_>>().join(" "))),
        "indent" => indented(""),
        "nindent" => indented("\n"),
        "upper" => Some(Value::str(one().to_uppercase())),
        "lower" => Some(Value::str(one().to_lowercase())),
        "title" => Some(Value::str(title(&one()))),
        "untitle" => Some(Value::str(one().to_lowercase())),
        "nospace" => Some(Value::str(one().replace(char::is_whitespace, ""))),
        "repeat" => {
            let times = arg(args, 0).int().clamp(0, 10_000) as usize;
            let text = one();
            Some(Value::str(text.repeat(times.min(MAX_TEXT / text.len().max(1)))))
        }
        "contains" => bool(one().contains(&arg(args, 0).print())),
        "hasPrefix" => bool(one().starts_with(&arg(args, 0).print())),
        "hasSuffix" => bool(one().ends_with(&arg(args, 0).print())),
        "replace" => {
            let (old, new) = (arg(args, 0).print(), arg(args, 1).print());
            Some(Value::str(if old.is_empty() { one() } else { one().replace(&old, &new) }))
        }
        "plural" => Some(if last(args).int() == 1 { arg(args, 0) } else { arg(args, 1) }),
        "snakecase" | "kebabcase" | "camelcase" | "swapcase" => Some(Value::str(recased(name, &one()))),
        "toString" => Some(Value::str(one())),
        "initials" => Some(Value::str(
            one().split_whitespace().filter_map(|word| word.chars().next()).collect::<String>(),
        )),
        "wrap" | "wrapWith" | "html" | "js" => Some(Value::str(one())),
        "urlquery" => Some(Value::str(one())),
        _ => part(name, args),
    }
}

/// Parts of a text.
fn part(name: &str, args: &[Value]) -> Option<Value> {
    let one = || last(args).print();
    match name {
        "trim" => Some(Value::str(one().trim())),
        "trimAll" => Some(Value::str(one().trim_matches(|c| arg(args, 0).print().contains(c)))),
        "trimSuffix" => {
            let (affix, text) = (arg(args, 0).print(), one());
            Some(Value::str(text.strip_suffix(&affix).unwrap_or(&text)))
        }
        "trimPrefix" => {
            let (affix, text) = (arg(args, 0).print(), one());
            Some(Value::str(text.strip_prefix(&affix).unwrap_or(&text)))
        }
        "trunc" => {
            let (length, text) = (arg(args, 0).int(), one());
            let count = text.chars().count();
            Some(Value::str(match usize::try_from(length) {
                Ok(length) => text.chars().take(length).collect::<String>(),
                Err(_) => text.chars().skip(count.saturating_sub(length.unsigned_abs() as usize)).collect(),
            }))
        }
        "abbrev" => {
            Some(Value::str(one().chars().take(arg(args, 0).int().max(0) as usize).collect::<String>()))
        }
        "substr" => {
            let (from, to, text) = (arg(args, 0).int().max(0) as usize, arg(args, 1).int(), one());
            let length = usize::try_from(to).map_or(usize::MAX, |to| to.saturating_sub(from));
            Some(Value::str(text.chars().skip(from).take(length).collect::<String>()))
        }
        "base" => Some(Value::str(one().rsplit('/').next().unwrap_or(""))),
        "dir" => Some(Value::str(one().rsplit_once('/').map_or(".", |(dir, _)| dir))),
        "ext" => Some(Value::str(one().rsplit_once('.').map_or(String::new(), |(_, ext)| format!(".{ext}")))),
        "clean" => Some(Value::str(one().trim_end_matches('/'))),
        _ => None,
    }
}

fn join_with(args: &[Value], shape: impl Fn(&str) -> String) -> String {
    let shown = args.iter().filter(|value| !matches!(value, Value::Nil)).map(|value| shape(&value.print()));
    shown.collect::<Vec<_>>().join(" ")
}

fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let shown = if start { c.to_uppercase().collect::<String>() } else { c.to_string() };
            start = !c.is_alphanumeric();
            shown
        })
        .collect()
}

fn recased(name: &str, text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        if matches!(c, '-' | '_' | ' ' | '.') {
            words.push(String::new());
        } else {
            if c.is_uppercase() && words.last().is_some_and(|word| word.ends_with(char::is_lowercase)) {
                words.push(String::new());
            }
            words.last_mut().expect("a word is always open").push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    match name {
        "snakecase" => words.join("_").to_lowercase(),
        "kebabcase" => words.join("-").to_lowercase(),
        "camelcase" => words.iter().map(|word| title(&word.to_lowercase())).collect(),
        _ => text
            .chars()
            .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
            .collect(),
    }
}

/// Go's verbs that charts use.
fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) =
            chars.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '#' | ' '))
        {
            flags.push(flag);
        }
        let verb = chars.next().unwrap_or('%');
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = args.next().cloned().unwrap_or(Value::Nil);
        let shown = match verb {
            'd' => value.int().to_string(),
            'q' => serde_json::Value::String(value.print()).to_string(),
            'f' | 'g' => {
                let digits = flags.split_once('.').and_then(|(_, digits)| digits.parse::<usize>().ok());
                digits.map_or_else(
                    || value.float().to_string(),
                    |digits| format!("{:.*}", digits.min(20), value.float()),
                )
            }
            't' => value.truth().to_string(),
            'x' => format!("{:x}", value.int()),
            'T' => type_name(&value).to_owned(),
            _ => value.print(),
        };
        out.push_str(&padded(&shown, &flags));
        if out.len() > MAX_TEXT {
            break;
        }
    }
    out
}

fn padded(text: &str, flags: &str) -> String {
    let width: usize = flags
        .trim_start_matches(['-', '+', '#', ' '])
        .split('.')
        .next()
        .and_then(|width| width.parse().ok())
        .unwrap_or(0);
    let missing = width.min(1000).saturating_sub(text.chars().count());
    let zero = flags.starts_with('0');
    match (flags.starts_with('-'), zero) {
        (true, _) => format!("{text}{}", " ".repeat(missing)),
        (false, true) => format!("{}{text}", "0".repeat(missing)),
        (false, false) => format!("{}{text}", " ".repeat(missing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printf_knows_the_usual_verbs() {
        let args = [Value::str("a"), Value::Int(7), Value::Float(1.5), Value::str("q\"")];
        assert_eq!(printf("%s-%d-%.2f-%q-%%-%5s|%-3d|", &args), "a-7-1.50-\"q\\\"\"-%-     |0  |");
    }
}
