//! JSON (with comments and trailing commas) and TOML as the same spanned tree as YAML, so that a format that
//! may be written in any of them is read by one code path.

use std::sync::Arc;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions};
use toml::de::{DeTable, DeValue};

use super::yaml::{self, Data, Key, MAX_DEPTH, Node};
use crate::source::{Location, Problems, SourceFile};

/// Larger TOML files are no settings that people write.
const TOML_LIMIT: usize = 2 << 20;

/// The tree of a file by its extension: `.toml`, `.json` and `.jsonc`, else the first document of YAML.
pub fn parse_any(file: &SourceFile, problems: &mut Problems) -> Option<Arc<Node>> {
    match file.name().rsplit('.').next() {
        Some("toml") => parse_toml(file, problems),
        Some("json" | "jsonc" | "template") if file.text().trim_start().starts_with(['{', '[', '/']) => {
            parse_json(file, problems)
        }
        _ => yaml::parse(file, problems).documents.first().map(|document| Arc::clone(&document.root)),
    }
}

/// The tree of a JSON file; comments, trailing commas and single quotes are let pass.
pub fn parse_json(file: &SourceFile, problems: &mut Problems) -> Option<Arc<Node>> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    match jsonc_parser::parse_to_ast(file.text(), &collect, &options) {
        Ok(parsed) => {
            let mut places = Places { file, offset: 0, location: file.location(0) };
            parsed.value.map(|value| Arc::new(json_node(&value, &mut places, 1)))
        }
        Err(error) => {
            let message = format!("this is no JSON: {}", error.kind());
            problems.error(file.location(error.range().start), message);
            None
        }
    }
}

/// The tree of a TOML file.
pub fn parse_toml(file: &SourceFile, problems: &mut Problems) -> Option<Arc<Node>> {
    if file.text().len() > TOML_LIMIT {
        problems.error(file.location(0), "this TOML file is too large to be settings");
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(file.text());
    for error in errors.iter().take(20) {
        let start = error.span().map_or(0, |span| span.start);
        problems.error(file.location(start), format!("this is no TOML: {}", error.message()));
    }
    Some(Arc::new(toml_table(file, table.get_ref(), table.span().start, 1)))
}

/// Places in a file, found in order without counting every line from its start again.
struct Places<'f> {
    file: &'f SourceFile,
    offset: usize,
    location: Location,
}

impl Places<'_> {
    fn at(&mut self, offset: usize) -> Location {
        if offset < self.offset {
            return self.file.location(offset);
        }
        for c in self.file.slice(self.offset..offset).chars() {
            if c == '\n' {
                self.location.line += 1;
                self.location.column = 1;
            } else {
                self.location.column += 1;
            }
        }
        self.offset = offset;
        self.location.clone()
    }
}

fn json_node(value: &ast::Value<'_>, places: &mut Places<'_>, depth: u32) -> Node {
    let mut node = json_data(value, places, depth);
    node.span = (value.start() as u32, value.end() as u32);
    node
}

fn json_data(value: &ast::Value<'_>, places: &mut Places<'_>, depth: u32) -> Node {
    let location = places.at(value.start());
    if depth >= MAX_DEPTH {
        return Node::scalar("", true, &location);
    }
    match value {
        ast::Value::StringLit(text) => Node::scalar(&text.value, false, &location),
        ast::Value::NumberLit(number) => Node::scalar(number.value, true, &location),
        ast::Value::BooleanLit(value) => {
            Node::scalar(if value.value { "true" } else { "false" }, true, &location)
        }
        ast::Value::NullKeyword(_) => Node::scalar("null", true, &location),
        ast::Value::Array(array) => {
            let items =
                array.elements.iter().map(|item| Arc::new(json_node(item, places, depth + 1))).collect();
            Node::new(Data::Sequence(items), location)
        }
        ast::Value::Object(object) => {
            let mut entries: Vec<(Key, Arc<Node>)> = Vec::new();
            for property in &object.properties {
                let key = Key { text: property.name.as_str().into(), location: places.at(property.start()) };
                entries.push((key, Arc::new(json_node(&property.value, places, depth + 1))));
            }
            Node::new(Data::Mapping(last_of_each(entries)), location)
        }
    }
}

/// Of several entries with one key the last holds, as JSON readers have it.
fn last_of_each(entries: Vec<(Key, Arc<Node>)>) -> Vec<(Key, Arc<Node>)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<_> =
        entries.into_iter().rev().filter(|(key, _)| seen.insert(key.text.clone())).collect();
    kept.reverse();
    kept
}

fn toml_table(file: &SourceFile, table: &DeTable<'_>, start: usize, depth: u32) -> Node {
    let mut entries = Vec::new();
    for (key, value) in table {
        let node = toml_node(file, value.get_ref(), value.span().start, depth + 1);
        entries
            .push((Key { text: (**key.get_ref()).into(), location: file.location(key.span().start) }, node));
    }
    // The table comes sorted; people want the order in which things were written.
    entries.sort_by(|(a, _), (b, _)| a.location.cmp(&b.location));
    let entries = entries.into_iter().map(|(key, node)| (key, Arc::new(node))).collect();
    Node::new(Data::Mapping(entries), file.location(start))
}

fn toml_node(file: &SourceFile, value: &DeValue<'_>, start: usize, depth: u32) -> Node {
    let location = file.location(start);
    if depth >= MAX_DEPTH {
        return Node::scalar("", true, &location);
    }
    match value {
        DeValue::String(text) => Node::scalar(text, false, &location),
        DeValue::Integer(number) => Node::scalar(&number.to_string(), true, &location),
        DeValue::Float(number) => Node::scalar(&number.to_string(), true, &location),
        DeValue::Boolean(value) => Node::scalar(if *value { "true" } else { "false" }, true, &location),
        DeValue::Datetime(time) => Node::scalar(&time.to_string(), false, &location),
        DeValue::Array(items) => {
            let node = |item: &toml::Spanned<DeValue<'_>>| {
                Arc::new(toml_node(file, item.get_ref(), item.span().start, depth + 1))
            };
            Node::new(Data::Sequence(items.iter().map(node).collect()), location)
        }
        DeValue::Table(table) => toml_table(file, table, start, depth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> (Option<Arc<Node>>, Problems) {
        let mut problems = Problems::new();
        let node = parse_any(&SourceFile::new(path, text.as_bytes()), &mut problems);
        (node, problems)
    }

    #[test]
    fn json_and_toml_keep_places() {
        let (json, _) = read("a.jsonc", "{ // note\n  \"a\": [1, {\"b\": \"x\"},],\n}");
        let json = json.unwrap();
        let item = &json.get("a").unwrap().items()[1];
        assert_eq!((item.str_at(&["b"]), item.location.line, item.location.column), (Some("x"), 2, 12));
        let (toml, _) = read("a.toml", "x = 1\n[[s]]\nb = true\n[[s]]\nb = false\n");
        let toml = toml.unwrap();
        let second = &toml.get("s").unwrap().items()[1];
        assert_eq!(second.get("b").and_then(Node::bool), Some(false));
        assert_eq!(second.get("b").unwrap().location.line, 5);
    }

    #[test]
    fn broken_and_deep_texts_are_problems() {
        let (node, problems) = read("a.json", "{\"a\": ");
        assert!(node.is_none() && problems.len() == 1);
        let (node, problems) = read("a.json", &"[".repeat(100_000));
        assert!(node.is_none() && problems.len() == 1);
        let deep = format!("{}1{}", "[".repeat(400), "]".repeat(400));
        assert!(read("a.json", &deep).0.is_some());
        let (node, problems) = read("a.toml", "a = \nb = 2\n");
        assert_eq!(node.unwrap().get("b").and_then(Node::integer), Some(2));
        assert!(!problems.is_empty());
    }

    #[test]
    fn of_two_entries_with_one_key_the_last_holds() {
        let (node, _) = read("a.json", "{\"a\": 1, \"a\": 2}");
        assert_eq!(node.unwrap().get("a").and_then(Node::integer), Some(2));
    }
}
