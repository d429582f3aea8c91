//! `.tf.json` and `.tfvars.json` to the same syntax tree.

use std::sync::Arc;

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::parse::parse_template;
use super::syntax::{Attribute, Block, Body, Expr, ExprKind, ParsedFile, Part, Span};
use crate::source::{Problems, SourceFile};

/// How many labels a top-level block has in JSON.
fn label_count(kind: &str) -> Option<usize> {
    match kind {
        "resource" | "data" | "ephemeral" => Some(2),
        "module" | "variable" | "output" | "provider" => Some(1),
        "terraform" | "locals" | "moved" | "import" | "check" | "removed" => Some(0),
        _ => None,
    }
}

/// Attributes of resources that are maps or lists of maps rather than blocks; everything else that is an
/// object or a list of objects may be read as a block as well.
pub(super) fn parse_json(file: &SourceFile, problems: &mut Problems) -> ParsedFile {
    let mut body = Body::default();
    match parse_to_ast(file.text(), &CollectOptions::default(), &ParseOptions::default()) {
        Ok(result) => {
            if let Some(Value::Object(root)) = &result.value {
                for property in &root.properties {
                    top_level(property, &mut body);
                }
            }
        }
        Err(error) => problems.error(
            file.location(error.range().start),
            format!("failed to parse `{}` as JSON: {}", file.name(), error.kind()),
        ),
    }
    ParsedFile { source: file.clone(), body }
}

/// Parses a file of variable values: every property is an attribute.
pub(super) fn parse_json_values(file: &SourceFile, problems: &mut Problems) -> ParsedFile {
    let mut body = Body::default();
    match parse_to_ast(file.text(), &CollectOptions::default(), &ParseOptions::default()) {
        Ok(result) => {
            if let Some(Value::Object(root)) = &result.value {
                body.attributes = root.properties.iter().map(attribute).collect();
            }
        }
        Err(error) => problems.error(
            file.location(error.range().start),
            format!("failed to parse `{}` as JSON: {}", file.name(), error.kind()),
        ),
    }
    ParsedFile { source: file.clone(), body }
}

fn top_level(property: &ObjectProp<'_>, out: &mut Body) {
    let kind = property.name.as_str();
    match label_count(kind) {
        Some(count) => blocks(kind, &mut Vec::new(), count, &property.value, property.range().start, out),
        None => out.attributes.push(attribute(property)),
    }
}

fn blocks(kind: &str, labels: &mut Vec<Arc<str>>, more: usize, value: &Value<'_>, at: usize, out: &mut Body) {
    match value {
        Value::Array(items) => {
            items.elements.iter().for_each(|item| blocks(kind, labels, more, item, item.range().start, out));
        }
        Value::Object(object) if more > 0 => {
            for property in &object.properties {
                labels.push(property.name.as_str().into());
                blocks(kind, labels, more - 1, &property.value, property.range().start, out);
                labels.pop();
            }
        }
        Value::Object(object) => out.blocks.push(Block {
            kind: kind.into(),
            labels: labels.clone(),
            at: at as u32,
            body: nested(object),
        }),
        _ => {}
    }
}

fn nested(object: &jsonc_parser::ast::Object<'_>) -> Body {
    let mut body = Body::default();
    for property in &object.properties {
        let name = property.name.as_str();
        if name == "//" {
            continue;
        }
        if matches!(
            name,
            "lifecycle" | "backend" | "required_providers" | "cloud" | "provisioner" | "dynamic"
        ) {
            let labels = usize::from(matches!(name, "backend" | "provisioner" | "dynamic"));
            blocks(name, &mut Vec::new(), labels, &property.value, property.range().start, &mut body);
        } else {
            body.attributes.push(attribute(property));
        }
    }
    body
}

fn attribute(property: &ObjectProp<'_>) -> Attribute {
    Attribute {
        name: property.name.as_str().into(),
        at: property.range().start as u32,
        value: expr(&property.value),
    }
}

fn expr(value: &Value<'_>) -> Expr {
    let span: Span = (value.range().start as u32, value.range().end as u32);
    let kind = match value {
        Value::NullKeyword(_) => ExprKind::Null,
        Value::BooleanLit(value) => ExprKind::Bool(value.value),
        Value::NumberLit(value) => ExprKind::Number(value.value.parse().unwrap_or(0.0)),
        Value::StringLit(text) => return template_expr(&text.value, span),
        Value::Array(items) => ExprKind::List(items.elements.iter().map(expr).collect()),
        Value::Object(object) => ExprKind::Object(
            object
                .properties
                .iter()
                .map(|property| (template_expr(property.name.as_str(), span), expr(&property.value)))
                .collect(),
        ),
    };
    Expr::new(kind, span)
}

fn template_expr(text: &str, span: Span) -> Expr {
    if !text.contains("${") && !text.contains("%{") {
        return Expr::new(ExprKind::String(text.into()), span);
    }
    let kind = match parse_template(text) {
        Some(mut parts) => {
            if parts.len() == 1 && matches!(parts[0], Part::Value(_)) {
                if let Some(Part::Value(inner)) = parts.pop() {
                    return Expr::new(inner.kind, span);
                }
                return Expr::new(ExprKind::Null, span);
            }
            ExprKind::Template(parts)
        }
        None => ExprKind::Bad("a template that does not parse"),
    };
    Expr::new(kind, span)
}
