//! HCL as the same spanned tree as YAML, for formats that are read without evaluating anything.
//!
//! Blocks of one kind are a sequence under that kind, each a mapping that has its labels under [`LABEL`]. A text with
//! `${...}` in it stays as written; any other expression is a text as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};

use super::yaml::{Data, Key, Node};
use crate::source::{Problems, SourceFile};

/// The key under which a block's labels stand, in order.
pub(super) const LABEL: &str = "@label";

/// Deeper values are left out.
const MAX_DEPTH: u32 = 64;

/// The tree of a file; `None` with a problem when it is no HCL.
pub(super) fn parse_hcl(file: &SourceFile, problems: &mut Problems) -> Option<Arc<Node>> {
    match hcl_edit::parser::parse_body(file.text()) {
        Ok(parsed) => Some(Arc::new(body(file, &parsed, &[], 0, 0))),
        Err(error) => {
            let message: Vec<&str> = error.message().split_whitespace().collect();
            let at = file.location(error.location().offset());
            problems.error(at, format!("this is no HCL: {}", message.join(" ")));
            None
        }
    }
}

fn body(file: &SourceFile, body_: &Body, labels: &[&str], at: usize, depth: u32) -> Node {
    let location = file.location(at);
    let mut entries: Vec<(Key, Arc<Node>)> = Vec::new();
    if !labels.is_empty() {
        let labels = labels.iter().map(|label| Arc::new(Node::scalar(label, false, &location))).collect();
        let key = Key { text: LABEL.into(), location: location.clone() };
        entries.push((key, Arc::new(Node::new(Data::Sequence(labels), location.clone()))));
    }
    let mut blocks: BTreeMap<&str, Vec<Arc<Node>>> = BTreeMap::new();
    for structure in body_.iter().filter(|_| depth < MAX_DEPTH) {
        match structure {
            Structure::Attribute(attribute) => {
                let start = start(attribute.key.span(), at);
                let key = Key { text: attribute.key.as_str().into(), location: file.location(start) };
                entries.push((key, Arc::new(value(file, &attribute.value, start, depth + 1))));
            }
            Structure::Block(block) => {
                let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
                let node = body(file, &block.body, &labels, start(block.ident.span(), at), depth + 1);
                blocks.entry(block.ident.as_str()).or_default().push(Arc::new(node));
            }
        }
    }
    for (kind, blocks) in blocks {
        let at = blocks[0].location.clone();
        let key = Key { text: kind.into(), location: at.clone() };
        entries.push((key, Arc::new(Node::new(Data::Sequence(blocks), at))));
    }
    Node::new(Data::Mapping(entries), location)
}

fn value(file: &SourceFile, expression: &Expression, around: usize, depth: u32) -> Node {
    let at = start(expression.span(), around);
    let location = file.location(at);
    match expression {
        Expression::Bool(value) => {
            Node::scalar(if *value.value() { "true" } else { "false" }, true, &location)
        }
        Expression::Number(number) => Node::scalar(&number.value().to_string(), true, &location),
        Expression::String(text) => Node::scalar(text.as_str(), false, &location),
        Expression::Null(_) => Node::scalar("null", true, &location),
        Expression::Array(items) if depth < MAX_DEPTH => {
            let items = items.iter().map(|item| Arc::new(value(file, item, at, depth + 1))).collect();
            Node::new(Data::Sequence(items), location)
        }
        Expression::Object(items) if depth < MAX_DEPTH => {
            let entry = |(key, item): (&ObjectKey, &hcl_edit::expr::ObjectValue)| {
                let place = start(key.span(), at);
                let text = match key {
                    ObjectKey::Ident(name) => name.as_str().into(),
                    ObjectKey::Expression(Expression::String(text)) => text.as_str().into(),
                    ObjectKey::Expression(other) => written(file, other).into(),
                };
                let key = Key { text, location: file.location(place) };
                (key, Arc::new(value(file, item.expr(), place, depth + 1)))
            };
            Node::new(Data::Mapping(items.iter().map(entry).collect()), location)
        }
        Expression::Parenthesis(inner) if depth < MAX_DEPTH => value(file, inner.inner(), at, depth + 1),
        Expression::StringTemplate(_) => {
            Node::scalar(written(file, expression).trim_matches('"'), false, &location)
        }
        Expression::HeredocTemplate(_) => {
            let text = written(file, expression);
            let inner = text.split_once('\n').map_or("", |(_, inner)| inner);
            Node::scalar(inner.rsplit_once('\n').map_or(inner, |(inner, _)| inner), false, &location)
        }
        other => Node::scalar(&format!("${{{}}}", written(file, other)), false, &location),
    }
}

/// The text of an expression as it stands in the file.
fn written<'f>(file: &'f SourceFile, expression: &Expression) -> &'f str {
    expression.span().map_or("", |span| file.slice(span)).trim()
}

fn start(span: Option<std::ops::Range<usize>>, around: usize) -> usize {
    span.map_or(around, |span| span.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_sequences_with_their_labels() {
        let text = "job \"a\" {\n  x = [1, \"b\", {k = true}]\n  t {\n    d = <<EOF\none\n${two}\nEOF\n  }\n  t { v = \"h-${var.x}\" }\n  c = max(1, 2)\n}\n";
        let file = SourceFile::new("a.hcl", text.as_bytes());
        let root = parse_hcl(&file, &mut Problems::new()).unwrap();
        let job = &root.get("job").unwrap().items()[0];
        assert_eq!(job.get(LABEL).unwrap().items()[0].str(), Some("a"));
        assert_eq!(job.get("x").unwrap().items()[2].get("k").and_then(Node::bool), Some(true));
        let blocks = job.get("t").unwrap().items();
        assert_eq!(
            (blocks[0].str_at(&["d"]), blocks[1].str_at(&["v"])),
            (Some("one\n${two}"), Some("h-${var.x}"))
        );
        assert_eq!((job.str_at(&["c"]), blocks[1].location.line), (Some("${max(1, 2)}"), 9));
    }

    #[test]
    fn odd_texts_are_problems() {
        for text in ["job {", "a = ", "{{.Name}}", &"a {\n".repeat(3_000)] {
            let mut problems = Problems::new();
            let file = SourceFile::new("a.hcl", text.as_bytes());
            assert!(parse_hcl(&file, &mut problems).is_none(), "{text:.20}");
            assert_eq!(problems.len(), 1);
        }
    }
}
