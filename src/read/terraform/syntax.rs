//! The syntax tree of a configuration, whether it was written in HCL or in JSON.
//!
//! Spans are byte offsets into the file's text.

use std::sync::Arc;

use crate::source::SourceFile;

/// Byte offsets of something in its file.
pub(super) type Span = (u32, u32);

/// An expression with its place.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
}

/// The forms of an expression.
#[derive(Debug)]
pub(super) enum ExprKind {
    Null,
    Bool(bool),
    Number(f64),
    String(Arc<str>),
    Template(Vec<Part>),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    Variable(Arc<str>),
    /// The element a splat is at.
    Element,
    Conditional(Box<[Expr; 3]>),
    Call(Arc<str>, Vec<Expr>, Expansion),
    Get(Box<Expr>, Arc<str>),
    Index(Box<Expr>, Box<Expr>),
    /// `source[*].each`; `each` speaks of [`ExprKind::Element`].
    Splat(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<[Expr; 2]>),
    For(Box<For>),
    /// Too deep or too odd to be kept.
    Bad(&'static str),
}

/// Whether the last argument of a call is spread (`...`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    None,
    Last,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    NotEq,
    Less,
    LessEq,
    Greater,
    GreaterEq,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
}

/// `[for k, v in c : x if y]` and `{for k, v in c : k => v... if y}`.
#[derive(Debug)]
pub(super) struct For {
    pub(super) key_name: Option<Arc<str>>,
    pub(super) value_name: Arc<str>,
    pub(super) collection: Expr,
    pub(super) key: Option<Expr>,
    pub(super) value: Expr,
    pub(super) condition: Option<Expr>,
    pub(super) grouping: bool,
}

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Part {
    Literal(Arc<str>),
    Value(Expr),
    If { condition: Expr, yes: Vec<Part>, no: Vec<Part> },
    For { key_name: Option<Arc<str>>, value_name: Arc<str>, collection: Expr, body: Vec<Part> },
}

/// An attribute of a block.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: Arc<str>,
    pub(super) at: u32,
    pub(super) value: Expr,
}

/// A block with its labels.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Arc<str>,
    pub(super) labels: Vec<Arc<str>>,
    pub(super) at: u32,
    pub(super) body: Body,
}

/// What stands between braces.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) attributes: Vec<Attribute>,
    pub(super) blocks: Vec<Block>,
}

impl Body {
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }

    pub(super) fn block(&self, kind: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| &*block.kind == kind)
    }
}

/// One parsed file.
#[derive(Debug)]
pub(super) struct ParsedFile {
    pub(super) source: SourceFile,
    pub(super) body: Body,
}

impl Expr {
    pub(super) fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind, span }
    }

    /// A string without templates.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `see` on the expression and everything in it, outside in.
    pub(super) fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        see(self);
        match &self.kind {
            ExprKind::Template(parts) => walk_parts(parts, see),
            ExprKind::List(items) | ExprKind::Call(_, items, _) => {
                items.iter().for_each(|item| item.walk(see))
            }
            ExprKind::Object(items) => items.iter().for_each(|(key, value)| {
                key.walk(see);
                value.walk(see);
            }),
            ExprKind::Conditional(parts) => parts.iter().for_each(|part| part.walk(see)),
            ExprKind::Get(inner, _) | ExprKind::Not(inner) | ExprKind::Negate(inner) => inner.walk(see),
            ExprKind::Index(left, right) | ExprKind::Splat(left, right) => {
                left.walk(see);
                right.walk(see);
            }
            ExprKind::Binary(_, sides) => sides.iter().for_each(|side| side.walk(see)),
            ExprKind::For(each) => {
                each.collection.walk(see);
                each.key.iter().chain(&each.condition).for_each(|part| part.walk(see));
                each.value.walk(see);
            }
            _ => {}
        }
    }
}

fn walk_parts<'a>(parts: &'a [Part], see: &mut dyn FnMut(&'a Expr)) {
    for part in parts {
        match part {
            Part::Literal(_) => {}
            Part::Value(value) => value.walk(see),
            Part::If { condition, yes, no } => {
                condition.walk(see);
                walk_parts(yes, see);
                walk_parts(no, see);
            }
            Part::For { collection, body, .. } => {
                collection.walk(see);
                walk_parts(body, see);
            }
        }
    }
}
