//! Functions over regular expressions.

use super::arg;
use crate::read::helm::value::Value;

/// Searches and replacements.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    if !name.starts_with("regex") {
        return None;
    }
    if name == "regexQuoteMeta" {
        return Some(Value::str(regex::escape(&arg(args, 0).print())));
    }
    let built = regex::RegexBuilder::new(&arg(args, 0).print()).size_limit(1 << 20).build();
    let Ok(regex) = built else { return Some(Value::Nil) };
    let text = arg(args, 1).print();
    Some(match name {
        "regexMatch" => Value::Bool(regex.is_match(&text)),
        "regexFind" => Value::str(regex.find(&text).map_or("", |found| found.as_str())),
        "regexFindAll" => {
            Value::list(regex.find_iter(&text).take(1000).map(|found| Value::str(found.as_str())).collect())
        }
        "regexReplaceAll" => Value::str(&*regex.replace_all(&text, arg(args, 2).print().as_str())),
        "regexReplaceAllLiteral" => {
            Value::str(&*regex.replace_all(&text, regex::NoExpand(&arg(args, 2).print())))
        }
        "regexSplit" => Value::list(regex.split(&text).map(Value::str).collect()),
        _ => return None,
    })
}
