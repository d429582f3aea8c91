//! The literal subset of JavaScript that dnscontrol configurations are mostly written in: variables, strings,
//! numbers, lists, objects, calls, `+`. Whatever else stands there is skipped up to its end and is unknown.

use std::collections::BTreeMap;

/// How deep expressions may nest.
const MAX_DEPTH: u32 = 64;

/// A value that is known without running anything.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// A call of a function that dnscontrol defines.
    Call(Box<Call>),
    /// A name that no variable has: a constant of dnscontrol.
    Name(String),
    Unknown,
}

/// A call with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) args: Vec<Value>,
    pub(super) offset: usize,
}

/// What a statement amounts to.
pub(super) enum Statement {
    Call(Call),
    Skipped { offset: usize, what: String },
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether it switches Cloudflare's proxy on.
    pub(super) fn is_proxied(&self) -> bool {
        match self {
            Value::Name(name) => matches!(name.as_str(), "CF_PROXY_ON" | "CF_PROXY_FULL"),
            _ => matches!(self.field("cloudflare_proxy").and_then(Value::text), Some("on" | "full")),
        }
    }

    /// Whether something in it could not be read; calls answer for their own arguments.
    pub(super) fn holds_unknown(&self) -> bool {
        match self {
            Value::Unknown => true,
            Value::List(items) => items.iter().any(Value::holds_unknown),
            Value::Call(call) => !call.name.starts_with(|c: char| c.is_ascii_uppercase()),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Mark(char),
    /// A template string with something to work out in it.
    Template,
}

/// A script, statement by statement.
pub(super) struct Script {
    tokens: Vec<(Token, usize)>,
    at: usize,
}

impl Script {
    pub(super) fn new(text: &str) -> Self {
        Script { tokens: tokens(text), at: 0 }
    }

    /// The next statement that says something; declarations go to `variables`.
    pub(super) fn next_statement(&mut self, variables: &mut BTreeMap<String, Value>) -> Option<Statement> {
        loop {
            let (token, offset) = self.tokens.get(self.at)?.clone();
            let Token::Word(word) = token else {
                self.at += 1;
                continue;
            };
            match word.as_str() {
                "var" | "let" | "const" => {
                    self.at += 1;
                    self.declarations(variables);
                }
                "function" | "for" | "if" | "while" | "do" | "switch" | "try" | "class" => {
                    self.skip_block();
                    return Some(Statement::Skipped { offset, what: word });
                }
                _ if self.peek(1) == Some(&Token::Mark('=')) && self.peek(2) != Some(&Token::Mark('=')) => {
                    self.at += 2;
                    let value = self.expression(variables, 0);
                    variables.insert(word, value);
                }
                _ => {
                    let start = self.at;
                    let value = self.expression(variables, 0);
                    self.at = self.at.max(start + 1);
                    if let Value::Call(call) = value {
                        return Some(Statement::Call(*call));
                    }
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn takes(&mut self, mark: char) -> bool {
        let found = self.peek(0) == Some(&Token::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn declarations(&mut self, variables: &mut BTreeMap<String, Value>) {
        while let Some(Token::Word(name)) = self.peek(0).cloned() {
            self.at += 1;
            if self.takes('=') {
                let value = self.expression(variables, 0);
                variables.insert(name, value);
            }
            if !self.takes(',') {
                return;
            }
        }
    }

    /// Skips to the end of the next block in braces.
    fn skip_block(&mut self) {
        self.at += 1;
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark('{') => return self.skip_balanced(),
                Token::Mark('(') => self.skip_balanced(),
                Token::Mark(';') => return self.at += 1,
                _ => self.at += 1,
            }
        }
    }

    /// Skips one bracketed part.
    fn skip_balanced(&mut self) {
        let mut depth = 0i64;
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth <= 0 {
                return;
            }
        }
    }

    /// Skips the rest of an expression, up to what ends it.
    fn skip_expression(&mut self) {
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark('(' | '[' | '{') => self.skip_balanced(),
                Token::Mark(',' | ')' | ']' | '}' | ';') => return,
                _ => self.at += 1,
            }
        }
    }

    fn expression(&mut self, variables: &BTreeMap<String, Value>, depth: u32) -> Value {
        if depth > MAX_DEPTH {
            self.skip_expression();
            return Value::Unknown;
        }
        let mut value = self.operand(variables, depth);
        while self.peek(0) == Some(&Token::Mark('+')) {
            self.at += 1;
            value = add(value, self.operand(variables, depth));
        }
        match self.peek(0) {
            None | Some(Token::Mark(',' | ')' | ']' | '}' | ';' | ':')) => value,
            // Another statement on the next line, without a semicolon between them.
            Some(Token::Word(_)) if depth == 0 => value,
            _ => {
                self.skip_expression();
                Value::Unknown
            }
        }
    }

    fn operand(&mut self, variables: &BTreeMap<String, Value>, depth: u32) -> Value {
        let Some((token, offset)) = self.tokens.get(self.at).cloned() else { return Value::Unknown };
        match token {
            Token::Text(text) => self.after(Value::Text(text)),
            Token::Number(number) => self.after(Value::Number(number)),
            Token::Template => self.after(Value::Unknown),
            Token::Word(word) => {
                self.at += 1;
                self.word(word, offset, variables, depth)
            }
            Token::Mark('-') => {
                self.at += 1;
                match self.operand(variables, depth) {
                    Value::Number(number) => Value::Number(-number),
                    _ => Value::Unknown,
                }
            }
            Token::Mark('[') => {
                self.at += 1;
                Value::List(self.list(']', variables, depth))
            }
            Token::Mark('{') => self.object(variables, depth),
            Token::Mark('(') => {
                self.at += 1;
                let mut inner = self.list(')', variables, depth);
                if inner.len() == 1 { inner.remove(0) } else { Value::Unknown }
            }
            Token::Mark(_) => {
                self.skip_expression();
                Value::Unknown
            }
        }
    }

    fn after(&mut self, value: Value) -> Value {
        self.at += 1;
        value
    }

    fn word(
        &mut self,
        word: String,
        offset: usize,
        variables: &BTreeMap<String, Value>,
        depth: u32,
    ) -> Value {
        match word.as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "function" | "new" => {
                self.at -= 1;
                self.skip_block();
                return Value::Unknown;
            }
            _ => {}
        }
        if self.takes('(') {
            let mut args = self.list(')', variables, depth);
            if self.peek(0) == Some(&Token::Mark('.')) {
                self.skip_expression();
                return Value::Unknown;
            }
            if word == "IP" && args.len() == 1 {
                return args.remove(0);
            }
            return Value::Call(Box::new(Call { name: word, args, offset }));
        }
        let mut value = variables.get(&word).cloned().unwrap_or_else(|| {
            // Constants of dnscontrol are in capitals; other names come from somewhere that is not read.
            let constant = word.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit());
            if constant { Value::Name(word) } else { Value::Unknown }
        });
        while self.peek(0) == Some(&Token::Mark('.')) {
            match self.peek(1).cloned() {
                Some(Token::Word(field)) if self.peek(2) != Some(&Token::Mark('(')) => {
                    self.at += 2;
                    value = value.field(&field).cloned().unwrap_or(Value::Unknown);
                }
                _ => {
                    self.skip_expression();
                    return Value::Unknown;
                }
            }
        }
        value
    }

    fn list(&mut self, close: char, variables: &BTreeMap<String, Value>, depth: u32) -> Vec<Value> {
        let mut out = Vec::new();
        while self.peek(0).is_some() {
            if self.takes(close) {
                return out;
            }
            let start = self.at;
            out.push(self.expression(variables, depth + 1));
            self.takes(',');
            if self.at == start {
                self.at += 1;
            }
        }
        out
    }

    fn object(&mut self, variables: &BTreeMap<String, Value>, depth: u32) -> Value {
        self.at += 1;
        let mut fields = Vec::new();
        while self.peek(0).is_some() && !self.takes('}') {
            let start = self.at;
            let key = match self.peek(0) {
                Some(Token::Word(key) | Token::Text(key)) => Some(key.clone()),
                _ => None,
            };
            self.at += 1;
            match key.filter(|_| self.peek(0) == Some(&Token::Mark(':'))) {
                Some(key) => {
                    self.at += 1;
                    fields.push((key, self.expression(variables, depth + 1)));
                }
                None => self.skip_expression(),
            }
            self.takes(',');
            self.at = self.at.max(start + 1);
        }
        Value::Object(fields)
    }
}

/// Longer texts are not put together: each of many lines may double what the one before made.
const LONGEST_SUM: usize = 1 << 16;

fn add(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) if LONGEST_SUM < left.len() + right.len() => Value::Unknown,
        (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
        (Value::Text(left), Value::Number(right)) => Value::Text(format!("{left}{right}")),
        (Value::Number(left), Value::Text(right)) => Value::Text(format!("{left}{right}")),
        (Value::Number(left), Value::Number(right)) => Value::Number(left + right),
        _ => Value::Unknown,
    }
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if matches!(c, '"' | '\'' | '`') {
            let (value, length) = quoted(rest, c);
            at += length;
            let is_template = c == '`' && value.contains("${");
            out.push((if is_template { Token::Template } else { Token::Text(value) }, start));
        } else if c.is_ascii_digit() {
            let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
            at += length;
            out.push((rest[..length].parse().map_or(Token::Template, Token::Number), start));
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let length =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            at += length;
            out.push((Token::Word(rest[..length].to_owned()), start));
        } else {
            at += c.len_utf8();
            if !c.is_whitespace() {
                out.push((Token::Mark(c), start));
            }
        }
    }
    out
}

/// The value of a quoted string and how many bytes it takes.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
            c if c == quote => return (out, at + c.len_utf8()),
            '\n' if quote != '`' => return (out, at),
            c => out.push(c),
        }
    }
    (out, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let mut variables = BTreeMap::new();
        Script::new(&format!("x = {text};")).next_statement(&mut variables);
        variables.remove("x").unwrap()
    }

    #[test]
    fn literals_are_values_and_the_rest_is_unknown() {
        assert_eq!(value("'a' + \"b\" + 1"), Value::Text("ab1".into()));
        assert_eq!(value("[1, -2,]"), Value::List(vec![Value::Number(1.0), Value::Number(-2.0)]));
        assert_eq!(value("{a: true, 'b': f(1)}").field("a"), Some(&Value::Bool(true)));
        assert_eq!(value("a ? 1 : 2"), Value::Unknown);
        assert_eq!(value("xs.map(function (x) { return x; })"), Value::Unknown);
        assert_eq!(value("`a ${b}`"), Value::Unknown);
    }

    #[test]
    fn deep_and_broken_scripts_end() {
        assert_eq!(value(&"(".repeat(100_000)), Value::Unknown);
        let mut variables = BTreeMap::new();
        let mut script = Script::new("D('a', [ {b: ) ] } \u{e9} 'open");
        while script.next_statement(&mut variables).is_some() {}
    }
}
