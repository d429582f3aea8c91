//! Functions that compare: truth, equality, kinds, versions.

use super::{arg, bool, last};
use crate::read::helm::value::Value;

/// Comparisons, kinds and versions.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    use std::cmp::Ordering;
    let (a, b) = (arg(args, 0), arg(args, 1));
    let compare = || match (&a, &b) {
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        _ => a.float().partial_cmp(&b.float()).unwrap_or(Ordering::Equal),
    };
    match name {
        "not" => bool(!a.truth()),
        "eq" => bool(args.iter().skip(1).any(|other| a.equals(other))),
        "ne" => bool(!a.equals(&b)),
        "lt" => bool(compare() == Ordering::Less),
        "le" => bool(compare() != Ordering::Greater),
        "gt" => bool(compare() == Ordering::Greater),
        "ge" => bool(compare() != Ordering::Less),
        "default" => Some(if args.len() > 1 && b.truth() { b } else { a }),
        "empty" => bool(!a.truth()),
        "coalesce" => Some(args.iter().find(|value| value.truth()).cloned().unwrap_or(Value::Nil)),
        "all" => bool(args.iter().all(Value::truth)),
        "any" => bool(args.iter().any(Value::truth)),
        "ternary" => Some(if last(args).truth() { a } else { b }),
        "kindOf" => Some(Value::str(a.kind())),
        "kindIs" => bool(b.kind() == a.print() || (a.print() == "int" && b.kind() == "int64")),
        "typeOf" => Some(Value::str(type_name(&a))),
        "typeIs" | "typeIsLike" => bool(type_name(&b) == a.print() || b.kind() == a.print()),
        "deepEqual" => bool(a.equals(&b)),
        "semverCompare" => bool(semver_holds(&a.print(), &b.print())),
        "semver" => Some(semver_value(&a.print())),
        _ => None,
    }
}

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        other => other.kind(),
    }
}

fn semver_value(text: &str) -> Value {
    let mut parts = text.trim_start_matches('v').split(['.', '-', '+']);
    let mut number = || Value::Int(parts.next().and_then(|part| part.parse().ok()).unwrap_or(0));
    let entries =
        [("Major", number()), ("Minor", number()), ("Patch", number()), ("Original", Value::str(text))];
    Value::map(entries.map(|(key, value)| (key.to_owned(), value)))
}

/// Whether a version fulfils a constraint of the form that Masterminds/semver reads.
fn semver_holds(constraint: &str, version: &str) -> bool {
    let Some(version) = loose_version(version) else { return false };
    let version = semver::Version::new(version.0, version.1, version.2);
    constraint.split("||").any(|alternative| {
        // `-0` lets pre-releases in; a version here has none. A bare version means exactly this one.
        let spaced = alternative.replace("-0", "").replace(" - ", " <= ");
        let joined = ["<", ">", "=", "!", "~", "^"]
            .iter()
            .fold(spaced, |text, sign| text.replace(&format!("{sign} "), sign));
        let parts: Vec<&str> = joined.split([',', ' ']).filter(|part| !part.is_empty()).collect();
        parts.iter().all(|part| {
            if let Some(not) = part.strip_prefix("!=") {
                return loose_version(not) != Some((version.major, version.minor, version.patch));
            }
            let exact =
                part.starts_with(|c: char| c.is_ascii_digit() || c == 'v') && !part.contains(['x', 'X', '*']);
            let plain = part.replace('v', "");
            let text = if exact { format!("={plain}") } else { plain };
            semver::VersionReq::parse(&text).is_ok_and(|wanted| wanted.matches(&version))
        })
    })
}

fn loose_version(text: &str) -> Option<(u64, u64, u64)> {
    let text = text.trim().trim_start_matches('v').split(['-', '+']).next()?;
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_charts_expect() {
        for (constraint, version, expected) in [
            (">=1.19-0", "v1.31.0", true),
            (">= 1.19.0-0", "1.18.3", false),
            ("<1.25-0 || >=1.30", "v1.31.0", true),
            ("^1.20.0-0", "1.31.0", true),
            ("~1.2", "1.3.0", false),
            (">1.10, <1.20", "1.15.0", true),
            ("!=1.15.0", "1.15.0", false),
        ] {
            assert_eq!(semver_holds(constraint, version), expected, "{constraint} {version}");
        }
    }
}
