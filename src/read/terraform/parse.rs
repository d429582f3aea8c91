//! HCL text to the syntax tree. One syntax error costs the block it stands in, not the file.

use hcl_edit::Span as _;
use hcl_edit::expr as h;
use hcl_edit::structure as s;
use hcl_edit::template as t;

use super::redefined::{self, Renamed};
use super::syntax::{Attribute, Block, Body, Expansion, Expr, ExprKind, For, Operator, ParsedFile, Part};
use crate::source::{Problems, SourceFile};

/// More operators than this in one traversal are not followed.
const MAX_OPERATORS: usize = 128;

/// Parses a `.tf`, `.tfvars` or `.hcl` file.
pub(super) fn parse_hcl(file: &SourceFile, problems: &mut Problems) -> ParsedFile {
    let text = file.text();
    let body = match hcl_edit::parser::parse_body(text) {
        Ok(body) => Converter::new(0).body(&body),
        Err(_) => parse_blockwise(file, problems),
    };
    ParsedFile { source: file.clone(), body }
}

/// Parses the text of a template; spans are those of the text.
pub(super) fn parse_template(text: &str) -> Option<Vec<Part>> {
    let template = hcl_edit::parser::parse_template(text).ok()?;
    Some(Converter::new(0).template(&template))
}

/// Parses one expression.
#[cfg(test)]
pub(super) fn parse_expression(text: &str) -> Option<Expr> {
    Some(Converter::new(0).expr(&hcl_edit::parser::parse_expr(text).ok()?))
}

/// Splits a file into its top-level items by counting braces, and parses each by itself.
fn parse_blockwise(file: &SourceFile, problems: &mut Problems) -> Body {
    let mut out = Body::default();
    for range in top_level_items(file.text()) {
        let start = range.start;
        let piece = file.slice(range);
        match redefined::parse(piece) {
            Ok((body, renamed)) => {
                for (at, name) in &renamed {
                    problems.note(
                        file.location(start + at),
                        format!("`{name}` stands twice in an object: the last value counts"),
                    );
                }
                let mut body = Converter { shift: start, renamed }.body(&body);
                out.attributes.append(&mut body.attributes);
                out.blocks.append(&mut body.blocks);
            }
            Err(error) => {
                let at = start + error.location().offset();
                problems.error(
                    file.location(at),
                    format!("failed to parse a block of `{}`: {}", file.name(), one_line(error.message())),
                );
                // What is the block about? Its header still tells that the resource exists.
                if let Some(mut body) = header_only(piece, start) {
                    out.blocks.append(&mut body.blocks);
                }
            }
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The block of a header whose body does not parse: the header with an empty body.
fn header_only(piece: &str, start: usize) -> Option<Body> {
    let header = piece.get(..=piece.find('{')?)?;
    let body = hcl_edit::parser::parse_body(&format!("{header}}}\n")).ok()?;
    Some(Converter::new(start).body(&body))
}

/// Byte ranges of the items at depth zero; strings, comments and heredocs are stepped over.
fn top_level_items(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut items = Vec::new();
    let (mut start, mut depth, mut offset) = (0, 0i32, 0);
    let mut heredoc: Option<String> = None;
    let mut comment = false;
    for line in text.split_inclusive('\n') {
        let end = offset + line.len();
        if let Some(delimiter) = &heredoc {
            if line.trim() == delimiter {
                heredoc = None;
            }
        } else {
            let (change, opens) = scan_line(line, &mut comment);
            depth = (depth + change).max(0);
            heredoc = opens;
        }
        // A line that starts a block in the first column while depth is not zero: a brace was lost.
        if depth == 0 && heredoc.is_none() && !comment {
            items.push(start..end);
            start = end;
        }
        offset = end;
    }
    if start < text.len() {
        items.push(start..text.len());
    }
    items
}

/// How the depth changes on a line, and the delimiter of a heredoc that it opens.
fn scan_line(line: &str, comment: &mut bool) -> (i32, Option<String>) {
    let bytes = line.as_bytes();
    let (mut change, mut at, mut quoted) = (0, 0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if *comment {
            if rest.starts_with(b"*/") {
                *comment = false;
                at += 1;
            }
        } else if quoted {
            match bytes[at] {
                b'\\' => at += 1,
                b'"' => quoted = false,
                _ => {}
            }
        } else {
            match bytes[at] {
                b'"' => quoted = true,
                b'#' => break,
                b'/' if rest.starts_with(b"//") => break,
                b'/' if rest.starts_with(b"/*") => *comment = true,
                b'{' | b'[' | b'(' => change += 1,
                b'}' | b']' | b')' => change -= 1,
                b'<' if rest.starts_with(b"<<") => {
                    let word = line[at + 2..].trim_start_matches('-').trim();
                    if !word.is_empty()
                        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    {
                        return (change, Some(word.to_owned()));
                    }
                }
                _ => {}
            }
        }
        at += 1;
    }
    (change, None)
}

/// Copies hcl-edit's tree; `shift` is added to its spans.
struct Converter {
    shift: usize,
    renamed: Renamed,
}

impl Converter {
    fn new(shift: usize) -> Self {
        Converter { shift, renamed: Renamed::new() }
    }

    fn span(&self, span: Option<std::ops::Range<usize>>) -> (u32, u32) {
        let span = span.unwrap_or(0..0);
        ((span.start + self.shift) as u32, (span.end + self.shift) as u32)
    }

    fn body(&self, body: &s::Body) -> Body {
        let mut out = Body::default();
        for structure in body.iter() {
            match structure {
                s::Structure::Attribute(attribute) => out.attributes.push(Attribute {
                    name: attribute.key.as_str().into(),
                    at: self.span(attribute.key.span()).0,
                    value: self.expr(&attribute.value),
                }),
                s::Structure::Block(block) => out.blocks.push(Block {
                    kind: block.ident.as_str().into(),
                    labels: block.labels.iter().map(|label| label.as_str().into()).collect(),
                    at: self.span(block.ident.span()).0,
                    body: self.body(&block.body),
                }),
            }
        }
        out
    }

    fn expr(&self, expr: &h::Expression) -> Expr {
        use h::Expression as E;
        let kind = match expr {
            E::Null(_) => ExprKind::Null,
            E::Bool(value) => ExprKind::Bool(*value.value()),
            E::Number(value) => ExprKind::Number(value.value().as_f64().unwrap_or(0.0)),
            E::String(value) => ExprKind::String(value.as_str().into()),
            E::Array(items) => ExprKind::List(items.iter().map(|item| self.expr(item)).collect()),
            E::Object(items) => ExprKind::Object(
                items.iter().map(|(key, value)| (self.key(key), self.expr(value.expr()))).collect(),
            ),
            E::StringTemplate(template) => ExprKind::Template(self.elements(template.iter())),
            E::HeredocTemplate(template) => ExprKind::Template(self.template(&template.template)),
            E::Parenthesis(inner) => return self.expr(inner.inner()),
            E::Variable(name) => ExprKind::Variable(name.as_str().into()),
            E::Conditional(parts) => ExprKind::Conditional(Box::new([
                self.expr(&parts.cond_expr),
                self.expr(&parts.true_expr),
                self.expr(&parts.false_expr),
            ])),
            E::FuncCall(call) => self.call(call),
            E::Traversal(traversal) => return self.traversal(traversal),
            E::UnaryOp(op) => {
                let inner = Box::new(self.expr(&op.expr));
                match op.operator.value() {
                    h::UnaryOperator::Neg => ExprKind::Negate(inner),
                    h::UnaryOperator::Not => ExprKind::Not(inner),
                }
            }
            E::BinaryOp(op) => ExprKind::Binary(
                operator(*op.operator.value()),
                Box::new([self.expr(&op.lhs_expr), self.expr(&op.rhs_expr)]),
            ),
            E::ForExpr(each) => self.for_expr(each),
        };
        Expr::new(kind, self.span(expr.span()))
    }

    fn key(&self, key: &h::ObjectKey) -> Expr {
        if let Some(name) = key.span().and_then(|span| self.renamed.get(&span.start)) {
            return Expr::new(ExprKind::String(name.as_str().into()), self.span(key.span()));
        }
        match key {
            h::ObjectKey::Ident(name) => {
                Expr::new(ExprKind::String(name.as_str().into()), self.span(name.span()))
            }
            // A bare name is a string; in parentheses it is a variable.
            h::ObjectKey::Expression(h::Expression::Variable(name)) => {
                Expr::new(ExprKind::String(name.as_str().into()), self.span(name.span()))
            }
            h::ObjectKey::Expression(expr) => self.expr(expr),
        }
    }

    fn call(&self, call: &h::FuncCall) -> ExprKind {
        let mut name = String::new();
        for part in &call.name.namespace {
            name.push_str(part.as_str());
            name.push_str("::");
        }
        name.push_str(call.name.name.as_str());
        let expansion = if call.args.expand_final() { Expansion::Last } else { Expansion::None };
        ExprKind::Call(name.into(), call.args.iter().map(|arg| self.expr(arg)).collect(), expansion)
    }

    fn traversal(&self, traversal: &h::Traversal) -> Expr {
        let span = self.span(traversal.span());
        if traversal.operators.len() > MAX_OPERATORS {
            return Expr::new(ExprKind::Bad("a traversal with too many steps"), span);
        }
        let operators: Vec<_> = traversal.operators.iter().map(|op| op.value()).collect();
        self.steps(self.expr(&traversal.expr), &operators, span)
    }

    fn steps(&self, base: Expr, operators: &[&h::TraversalOperator], span: (u32, u32)) -> Expr {
        use h::TraversalOperator as Op;
        let mut current = base;
        for (index, operator) in operators.iter().enumerate() {
            let source = Box::new(current);
            let kind = match operator {
                Op::GetAttr(name) => ExprKind::Get(source, name.as_str().into()),
                Op::Index(key) => ExprKind::Index(source, Box::new(self.expr(key))),
                Op::LegacyIndex(key) => {
                    let number = ExprKind::Number(*key.value() as f64);
                    ExprKind::Index(source, Box::new(Expr::new(number, span)))
                }
                Op::AttrSplat(_) => {
                    // Attributes apply to each element, the first index to the list of them.
                    let rest = &operators[index + 1..];
                    let taken = rest.iter().take_while(|op| matches!(op, Op::GetAttr(_))).count();
                    let each = self.steps(Expr::new(ExprKind::Element, span), &rest[..taken], span);
                    let splat = Expr::new(ExprKind::Splat(source, Box::new(each)), span);
                    return self.steps(splat, &rest[taken..], span);
                }
                Op::FullSplat(_) => {
                    let each = self.steps(Expr::new(ExprKind::Element, span), &operators[index + 1..], span);
                    return Expr::new(ExprKind::Splat(source, Box::new(each)), span);
                }
            };
            current = Expr::new(kind, span);
        }
        current
    }

    fn for_expr(&self, each: &h::ForExpr) -> ExprKind {
        ExprKind::For(Box::new(For {
            key_name: each.intro.key_var.as_ref().map(|name| name.as_str().into()),
            value_name: each.intro.value_var.as_str().into(),
            collection: self.expr(&each.intro.collection_expr),
            key: each.key_expr.as_ref().map(|key| self.expr(key)),
            value: self.expr(&each.value_expr),
            condition: each.cond.as_ref().map(|condition| self.expr(&condition.expr)),
            grouping: each.grouping,
        }))
    }

    fn template(&self, template: &t::Template) -> Vec<Part> {
        self.elements(template.iter())
    }

    fn elements<'a>(&self, elements: impl Iterator<Item = &'a t::Element>) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut trim_next = false;
        for element in elements {
            let (strip_before, strip_after) = strips(element);
            if strip_before && let Some(Part::Literal(text)) = parts.last_mut() {
                *text = text.trim_end().into();
            }
            match element {
                t::Element::Literal(text) => {
                    let text = if trim_next { text.trim_start() } else { text.as_str() };
                    parts.push(Part::Literal(text.into()));
                }
                t::Element::Interpolation(inner) => parts.push(Part::Value(self.expr(&inner.expr))),
                t::Element::Directive(directive) => parts.push(self.directive(directive)),
            }
            trim_next = strip_after;
        }
        parts
    }

    fn directive(&self, directive: &t::Directive) -> Part {
        match directive {
            t::Directive::If(each) => {
                let mut yes = self.template(&each.if_expr.template);
                let mut no =
                    each.else_expr.as_ref().map(|other| self.template(&other.template)).unwrap_or_default();
                let between = each.else_expr.as_ref().map(|other| other.strip);
                trim_start(&mut yes, strips_end(each.if_expr.strip));
                trim_end(&mut yes, strips_start(between.unwrap_or(each.endif_expr.strip)));
                if let Some(strip) = between {
                    trim_start(&mut no, strips_end(strip));
                    trim_end(&mut no, strips_start(each.endif_expr.strip));
                }
                Part::If { condition: self.expr(&each.if_expr.cond_expr), yes, no }
            }
            t::Directive::For(each) => {
                let mut body = self.template(&each.for_expr.template);
                trim_start(&mut body, strips_end(each.for_expr.strip));
                trim_end(&mut body, strips_start(each.endfor_expr.strip));
                Part::For {
                    key_name: each.for_expr.key_var.as_ref().map(|name| name.as_str().into()),
                    value_name: each.for_expr.value_var.as_str().into(),
                    collection: self.expr(&each.for_expr.collection_expr),
                    body,
                }
            }
        }
    }
}

fn strips(element: &t::Element) -> (bool, bool) {
    match element {
        t::Element::Literal(_) => (false, false),
        t::Element::Interpolation(inner) => (strips_start(inner.strip), strips_end(inner.strip)),
        t::Element::Directive(directive) => match &**directive {
            t::Directive::If(each) => (strips_start(each.if_expr.strip), strips_end(each.endif_expr.strip)),
            t::Directive::For(each) => {
                (strips_start(each.for_expr.strip), strips_end(each.endfor_expr.strip))
            }
        },
    }
}

fn strips_start(strip: t::Strip) -> bool {
    matches!(strip, t::Strip::Start | t::Strip::Both)
}

fn strips_end(strip: t::Strip) -> bool {
    matches!(strip, t::Strip::End | t::Strip::Both)
}

fn trim_start(parts: &mut [Part], really: bool) {
    if really && let Some(Part::Literal(text)) = parts.first_mut() {
        *text = text.trim_start().into();
    }
}

fn trim_end(parts: &mut [Part], really: bool) {
    if really && let Some(Part::Literal(text)) = parts.last_mut() {
        *text = text.trim_end().into();
    }
}

fn operator(op: h::BinaryOperator) -> Operator {
    use h::BinaryOperator as B;
    match op {
        B::Eq => Operator::Eq,
        B::NotEq => Operator::NotEq,
        B::Less => Operator::Less,
        B::LessEq => Operator::LessEq,
        B::Greater => Operator::Greater,
        B::GreaterEq => Operator::GreaterEq,
        B::Plus => Operator::Add,
        B::Minus => Operator::Sub,
        B::Mul => Operator::Mul,
        B::Div => Operator::Div,
        B::Mod => Operator::Mod,
        B::And => Operator::And,
        B::Or => Operator::Or,
    }
}
