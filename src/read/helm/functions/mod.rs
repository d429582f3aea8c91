//! The functions of Go templates, sprig and Helm that charts use.

mod encodings;
mod lists;
mod logic;
mod mappings;
mod numbers;
mod objects;
mod patterns;
mod texts;

pub(super) use self::objects::method;
use super::eval::{Engine, Failure};
use super::value::Value;

/// The version of Kubernetes that charts are rendered for.
pub(super) const KUBE_VERSION: &str = "v1.31.0";

/// The longest text that a function makes.
const MAX_TEXT: usize = 4 << 20;

/// No list that a function counts out is longer.
const MAX_ITEMS: usize = 10_000;

/// Texts are indented no further.
const MAX_INDENT: usize = 200;

/// Calls a function.
pub(super) fn call(engine: &mut Engine<'_>, name: &str, args: &[Value]) -> Result<Value, Failure> {
    let name = name
        .strip_prefix("must")
        .filter(|rest| rest.starts_with(char::is_uppercase))
        .map_or_else(|| name.to_owned(), |rest| rest[..1].to_lowercase() + &rest[1..]);
    engine.work(args.iter().map(Value::text_len).sum())?;
    if makes_too_much(&name, args) {
        return Err(format!("`{name}` would make more than is rendered"));
    }
    if let Some(result) = logic::call(&name, args)
        .or_else(|| texts::call(&name, args))
        .or_else(|| patterns::call(&name, args))
        .or_else(|| numbers::call(&name, args))
        .or_else(|| lists::call(&name, args))
        .or_else(|| mappings::call(&name, args))
        .or_else(|| encodings::call(&name, args))
        .or_else(|| made_up(&name, args))
    {
        return Ok(result);
    }
    match name.as_str() {
        "include" => {
            let text = engine.include(&arg(args, 0).print(), &arg(args, 1))?;
            Ok(Value::str(text))
        }
        "tpl" => Ok(Value::str(engine.tpl(&arg(args, 0).print(), &arg(args, 1))?)),
        "fail" => Err(format!("the chart refuses these values: {}", first_line(&arg(args, 0).print()))),
        // What must be given at deployment is kept as an open place.
        "required" => Ok(match arg(args, 1) {
            Value::Nil => Value::str("${required}"),
            Value::Str(text) if text.is_empty() => Value::str("${required}"),
            value => value,
        }),
        _ => Err(format!("function `{name}` is not known")),
    }
}

/// Whether a function would multiply its arguments past what is rendered.
fn makes_too_much(name: &str, args: &[Value]) -> bool {
    let number = |at: usize| usize::try_from(arg(args, at).int()).unwrap_or(0);
    let (length, last_text) = (|at: usize| arg(args, at).print().len(), || last(args).print());
    let made = match name {
        "until" => return number(0) > MAX_ITEMS,
        "untilStep" => {
            let (from, to, step) = (arg(args, 0).int(), arg(args, 1).int(), arg(args, 2).int());
            return to.abs_diff(from) / step.unsigned_abs().max(1) > MAX_ITEMS as u64;
        }
        "repeat" => number(0).saturating_mul(last_text().len()),
        "indent" | "nindent" => {
            let text = last_text();
            number(0).min(MAX_INDENT).saturating_mul(text.lines().count()).saturating_add(text.len())
        }
        "replace" => {
            let (old, text) = (arg(args, 0).print(), last_text());
            let found = if old.is_empty() { 0 } else { text.matches(old.as_str()).count() };
            found.saturating_mul(length(1)).saturating_add(text.len())
        }
        "regexReplaceAll" | "regexReplaceAllLiteral" => (length(1) + 1).saturating_mul(length(2)),
        "join" => {
            let (separator, mut made) = (length(0), 0);
            last(args).items().iter().any(|item| {
                made += separator + item.print().len();
                made > MAX_TEXT
            });
            made
        }
        _ => 0,
    };
    made > MAX_TEXT
}

/// Functions whose result changes from run to run, or needs a cluster: something fixed of the same form.
fn made_up(name: &str, args: &[Value]) -> Option<Value> {
    let certificate = || {
        Value::map([
            ("Cert".to_owned(), Value::str("generated")),
            ("Key".to_owned(), Value::str("generated")),
        ])
    };
    match name {
        "lookup" => Some(Value::map([])),
        "randAlphaNum" | "randAlpha" | "randNumeric" | "randAscii" => {
            Some(Value::str("x".repeat(arg(args, 0).int().clamp(0, 1000) as usize)))
        }
        "randBytes" | "genPrivateKey" | "derivePassword" | "htpasswd" | "bcrypt" | "encryptAES"
        | "decryptAES" => Some(Value::str("generated")),
        "randInt" => Some(arg(args, 0)),
        "uuidv4" => Some(Value::str("00000000-0000-4000-8000-000000000000")),
        "genCA"
        | "genSelfSignedCert"
        | "genSignedCert"
        | "genCAWithKey"
        | "genSignedCertWithKey"
        | "genSelfSignedCertWithKey"
        | "buildCustomCert" => Some(certificate()),
        "now" | "date" | "dateInZone" | "htmlDate" | "dateModify" | "toDate" | "ago" | "unixEpoch"
        | "duration" => Some(Value::str("2000-01-01")),
        "env" | "expandenv" | "getHostByName" => Some(Value::str("")),
        "shuffle" => Some(arg(args, 0)),
        _ => None,
    }
}

fn arg(args: &[Value], at: usize) -> Value {
    args.get(at).cloned().unwrap_or(Value::Nil)
}

fn last(args: &[Value]) -> Value {
    args.last().cloned().unwrap_or(Value::Nil)
}

fn first_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or("").chars().take(200).collect()
}

fn bool(value: bool) -> Option<Value> {
    Some(Value::Bool(value))
}
