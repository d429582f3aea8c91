//! The values that templates compute with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::read::yaml::{Data, Node};

/// Walks over values go no deeper than this; `set` can make a mapping hold itself.
const MAX_DEPTH: u32 = 64;

/// A mapping that several variables may hold, as in Go.
pub(super) type Map = Rc<RefCell<BTreeMap<String, Value>>>;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    List(Rc<Vec<Value>>),
    Map(Map),
    /// `.Files`: the chart's files.
    Files,
    /// `.Capabilities.APIVersions`.
    ApiVersions,
}

impl Value {
    pub(super) fn str(text: impl Into<Rc<str>>) -> Value {
        Value::Str(text.into())
    }

    pub(super) fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
        Value::Map(Rc::new(RefCell::new(entries.into_iter().collect())))
    }

    pub(super) fn list(items: Vec<Value>) -> Value {
        Value::List(Rc::new(items))
    }

    /// A document of a values file.
    pub(super) fn of(node: &Node) -> Value {
        match &node.data {
            Data::Scalar { text, plain: true } => Self::plain(text),
            Data::Scalar { text, .. } => Value::str(&**text),
            Data::Sequence(items) => Value::list(items.iter().map(|item| Self::of(item)).collect()),
            Data::Mapping(_) => Value::map(
                node.entries().into_iter().map(|(key, value)| (key.text.to_string(), Self::of(value))),
            ),
        }
    }

    fn plain(text: &str) -> Value {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Value::Nil,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => return Value::Bool(true),
            "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => return Value::Bool(false),
            _ => {}
        }
        let starts = text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit());
        if let Some(number) =
            text.parse::<i64>().ok().filter(|_| starts && !text.starts_with("0") || text == "0")
        {
            return Value::Int(number);
        }
        let float =
            text.parse::<f64>().ok().filter(|float| starts && float.is_finite() && text.contains(['.', 'e']));
        float.map_or_else(|| Value::str(text), Value::Float)
    }

    /// Whether it counts as true in a condition.
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(map) => !map.borrow().is_empty(),
            Value::Files | Value::ApiVersions => true,
        }
    }

    /// As `{{ . }}` prints it.
    pub(super) fn print(&self) -> String {
        let mut out = String::new();
        self.print_into(&mut out, MAX_DEPTH);
        out
    }

    /// The length of a text; other values have none.
    pub(super) fn text_len(&self) -> usize {
        if let Value::Str(text) = self { text.len() } else { 0 }
    }

    fn print_into(&self, out: &mut String, depth: u32) {
        if depth == 0 || out.len() > 1_000_000 {
            return;
        }
        match self {
            // `<no value>` is cut out of Helm's output.
            Value::Nil => {}
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) => write!(out, "{number}").expect("a string takes all"),
            Value::Float(number) => write!(out, "{number}").expect("a string takes all"),
            Value::Str(text) => out.push_str(text),
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    item.print_into(out, depth - 1);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push_str("map[");
                for (at, (key, value)) in map.borrow().iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    value.print_into(out, depth - 1);
                }
                out.push(']');
            }
            Value::Files | Value::ApiVersions => {}
        }
    }

    /// The whole number it stands for; 0 when none.
    pub(super) fn int(&self) -> i64 {
        match self {
            Value::Int(number) => *number,
            Value::Float(number) => *number as i64,
            Value::Bool(value) => i64::from(*value),
            Value::Str(text) => text
                .trim()
                .parse()
                .or_else(|_| text.trim().parse::<f64>().map(|number| number as i64))
                .unwrap_or(0),
            _ => 0,
        }
    }

    /// The number it stands for; 0 when none.
    pub(super) fn float(&self) -> f64 {
        match self {
            Value::Float(number) => *number,
            Value::Str(text) => text.trim().parse().unwrap_or(0.0),
            other => other.int() as f64,
        }
    }

    /// The items of a list; empty for anything else.
    pub(super) fn items(&self) -> Vec<Value> {
        match self {
            Value::List(items) => items.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Value {
        match self {
            Value::Map(map) => map.borrow().get(key).cloned().unwrap_or(Value::Nil),
            _ => Value::Nil,
        }
    }

    /// The value at the end of a dotted path.
    pub(super) fn at(&self, path: &str) -> Value {
        path.split('.').fold(self.clone(), |value, key| value.get(key))
    }

    /// The kind as Go's reflection names it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Nil => "invalid",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            Value::Files | Value::ApiVersions => "struct",
        }
    }

    /// Whether two values are equal; numbers by their value.
    pub(super) fn equals(&self, other: &Value) -> bool {
        self.equal_to(other, MAX_DEPTH)
    }

    fn equal_to(&self, other: &Value, depth: u32) -> bool {
        match (self, other) {
            _ if depth == 0 => false,
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                self.float() == other.float()
            }
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equal_to(b, depth - 1))
            }
            (Value::Map(a), Value::Map(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| b.get(key).is_some_and(|other| value.equal_to(other, depth - 1)))
            }
            _ => false,
        }
    }

    /// A copy that shares no mapping.
    pub(super) fn deep_copy(&self) -> Value {
        self.copy(MAX_DEPTH)
    }

    fn copy(&self, depth: u32) -> Value {
        match self {
            _ if depth == 0 => Value::Nil,
            Value::List(items) => Value::list(items.iter().map(|item| item.copy(depth - 1)).collect()),
            Value::Map(map) => {
                Value::map(map.borrow().iter().map(|(key, value)| (key.clone(), value.copy(depth - 1))))
            }
            other => other.clone(),
        }
    }

    /// Lays another value's mappings over this one; null takes a key away.
    pub(super) fn lay_over(&self, over: &Value) -> Value {
        self.merged(over, MAX_DEPTH)
    }

    fn merged(&self, over: &Value, depth: u32) -> Value {
        let (Value::Map(own), Value::Map(other)) = (self, over) else { return over.deep_copy() };
        if depth == 0 {
            return Value::Nil;
        }
        let mut out: BTreeMap<String, Value> =
            own.borrow().iter().map(|(key, value)| (key.clone(), value.copy(depth - 1))).collect();
        for (key, value) in other.borrow().iter() {
            match (out.get(key), value) {
                (_, Value::Nil) => drop(out.remove(key)),
                (Some(present @ Value::Map(_)), Value::Map(_)) => {
                    let both = present.merged(value, depth - 1);
                    out.insert(key.clone(), both);
                }
                _ => drop(out.insert(key.clone(), value.copy(depth - 1))),
            }
        }
        Value::map(out)
    }
}

/// YAML text of a value, keys sorted, lists not indented: as Go writes it.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    write_yaml(value, 0, &mut out, MAX_DEPTH);
    out.trim_end_matches('\n').to_owned()
}

fn write_yaml(value: &Value, indent: usize, out: &mut String, depth: u32) {
    if depth == 0 || out.len() > 4_000_000 {
        return;
    }
    let pad = " ".repeat(indent);
    match value {
        Value::Map(map) if !map.borrow().is_empty() => {
            for (key, value) in map.borrow().iter() {
                out.push_str(&pad);
                out.push_str(&scalar_text(key, indent));
                out.push(':');
                write_inside(value, indent, out, depth);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items.iter() {
                let mut inner = String::new();
                write_yaml(item, indent + 2, &mut inner, depth - 1);
                out.push_str(&pad);
                out.push_str("- ");
                out.push_str(inner.trim_start_matches(' '));
            }
        }
        other => {
            out.push_str(&pad);
            out.push_str(&scalar(other, indent));
            out.push('\n');
        }
    }
}

fn write_inside(value: &Value, indent: usize, out: &mut String, depth: u32) {
    match value {
        Value::Map(map) if !map.borrow().is_empty() => {
            out.push('\n');
            write_yaml(value, indent + 2, out, depth - 1);
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            write_yaml(value, indent, out, depth - 1);
        }
        other => {
            out.push(' ');
            out.push_str(&scalar(other, indent));
            out.push('\n');
        }
    }
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::Nil => "null".to_owned(),
        Value::Map(_) => "{}".to_owned(),
        Value::List(_) => "[]".to_owned(),
        Value::Str(text) => scalar_text(text, indent),
        other => other.print(),
    }
}

/// A text with the quotes it needs to stay a text.
fn scalar_text(text: &str, indent: usize) -> String {
    if text.contains('\n') && !text.starts_with([' ', '\n', '\t']) && !text.contains('\r') {
        let pad = " ".repeat(indent + 2);
        let chomp = match text.len() - text.trim_end_matches('\n').len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let lines: Vec<String> = text
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
            .collect();
        return format!("|{chomp}\n{}", lines.join("\n"));
    }
    let typed = !matches!(Value::plain(text), Value::Str(_)) || text.parse::<f64>().is_ok();
    let starts =
        text.starts_with(|c: char| " !&*-?:,[]{}#|>@`\"'%=~$".contains(c)) && !text.starts_with("--");
    let inside = text.contains(": ")
        || text.contains(" #")
        || text.ends_with([':', ' '])
        || text.contains(['\n', '\t', '\r']);
    if typed || starts || inside {
        serde_json::Value::String(text.to_owned()).to_string()
    } else {
        text.to_owned()
    }
}

/// JSON of a value.
pub(super) fn to_json(value: &Value) -> serde_json::Value {
    json(value, MAX_DEPTH)
}

fn json(value: &Value, depth: u32) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        _ if depth == 0 => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Str(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(|item| json(item, depth - 1)).collect()),
        Value::Map(map) => Json::Object(
            map.borrow().iter().map(|(key, value)| (key.clone(), json(value, depth - 1))).collect(),
        ),
        Value::Nil | Value::Files | Value::ApiVersions => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::yaml;
    use crate::source::{Problems, SourceFile};

    fn read(text: &str) -> Value {
        let stream = yaml::parse(&SourceFile::new("v.yaml", text.as_bytes()), &mut Problems::new());
        stream.documents.first().map_or(Value::Nil, |document| Value::of(&document.root))
    }

    #[test]
    fn yaml_that_is_written_reads_as_the_same_value() {
        let text = "a: 1\nb: [x, 'true', {c: d, e: [1, 2]}]\nf: {}\ng: []\nh: |\n  two\n\n  lines\ni: '- x'\nj: ''\nk: 1.5\nl: null\n'm: n': '${x}'\no: \"1e3\"\n";
        let value = read(text);
        assert!(value.equals(&read(&to_yaml(&value))), "{}", to_yaml(&value));
        assert_eq!(to_yaml(&read("b:\n  - c: 1\n    d: [2]\n  - x\n")), "b:\n- c: 1\n  d:\n  - 2\n- x");
    }

    #[test]
    fn values_are_laid_over_each_other_and_null_takes_away() {
        let value = read("a: {b: 1, c: 2}\nd: [1]\n").lay_over(&read("a: {b: 3, c: null}\nd: [2]\n"));
        assert_eq!(to_yaml(&value), "a:\n  b: 3\nd:\n- 2");
    }

    #[test]
    fn a_mapping_that_holds_itself_is_walked_to_an_end() {
        let value = Value::map([]);
        if let Value::Map(map) = &value {
            map.borrow_mut().insert("self".into(), value.clone());
        }
        assert!(!value.print().is_empty() && !to_yaml(&value).is_empty());
        if let Value::Map(map) = &value {
            map.borrow_mut().clear();
        }
    }
}
