//! The literal subset of JavaScript that dnscontrol configurations are mostly written in: variables, strings,
//! numbers, lists, objects, calls, `+`, and functions that only put such values together. Whatever else stands there is
//! skipped up to its end and is unknown.

mod methods;
mod scope;
mod tokens;

use std::rc::Rc;

use scope::Function;
pub(super) use scope::Scope;
use tokens::{Token, tokens};

/// What stands before the parameter that takes the rest of the arguments.
const REST: &str = "...";

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
    /// The number of the script in which it stands.
    pub(super) script: usize,
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
            Value::Call(call) => !is_dnscontrols(&call.name),
            _ => false,
        }
    }
}

/// Whether a name has the form of dnscontrol's own functions.
fn is_dnscontrols(name: &str) -> bool {
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    matches!(name, "DnsProvider" | "DefaultTTL") || name.chars().all(is_capital)
}

/// A script, statement by statement.
pub(super) struct Script {
    tokens: Rc<[(Token, usize)]>,
    at: usize,
    /// The number of the script.
    number: usize,
    /// Where a function is called, if this is what it does.
    site: Option<usize>,
    /// How deep its statements stand.
    level: u32,
}

impl Script {
    pub(super) fn new(text: &str, number: usize) -> Self {
        Script { tokens: tokens(text).into(), at: 0, number, site: None, level: 0 }
    }

    /// The next statement that says something; declarations go to the scope.
    pub(super) fn next_statement(&mut self, scope: &mut Scope) -> Option<Statement> {
        loop {
            let (token, offset) = self.tokens.get(self.at)?.clone();
            let Token::Word(word) = token else {
                self.at += 1;
                continue;
            };
            match word.as_str() {
                "var" | "let" | "const" => {
                    self.at += 1;
                    self.declarations(scope);
                }
                "function" if self.function(scope) => {}
                "function" | "for" | "if" | "while" | "do" | "switch" | "try" | "class" => {
                    self.skip_block();
                    return Some(Statement::Skipped { offset, what: word });
                }
                _ if self.peek(1) == Some(&Token::Mark('=')) && self.peek(2) != Some(&Token::Mark('=')) => {
                    self.at += 2;
                    if !self.function_called(Some(&word), scope) {
                        let value = self.expression(scope, self.level);
                        scope.set(word, value);
                    }
                }
                _ => {
                    let start = self.at;
                    let value = self.expression(scope, self.level);
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

    fn declarations(&mut self, scope: &mut Scope) {
        while let Some(Token::Word(name)) = self.peek(0).cloned() {
            self.at += 1;
            if self.takes('=') && !self.function_called(Some(&name), scope) {
                let value = self.expression(scope, self.level);
                scope.set(name, value);
            }
            if !self.takes(',') {
                return;
            }
        }
    }

    /// Takes a function that has a name.
    fn function(&mut self, scope: &mut Scope) -> bool {
        self.function_called(None, scope)
    }

    /// Takes a function, which goes by the name of its variable or by its own.
    fn function_called(&mut self, variable: Option<&str>, scope: &mut Scope) -> bool {
        let start = self.at;
        if self.peek(0) == Some(&Token::Word("function".to_owned())) {
            self.at += 1;
            let own = self.takes_word();
            let name = variable.map(str::to_owned).or(own);
            if let (Some(name), Some(function)) = (name, self.parameters_and_body()) {
                scope.define(name, function);
                return true;
            }
        } else if let Some(name) = variable
            && let Some(function) = self.arrow()
        {
            scope.define(name.to_owned(), function);
            return true;
        }
        self.at = start;
        false
    }

    fn takes_word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.peek(0).cloned() else { return None };
        self.at += 1;
        Some(word)
    }

    fn parameters_and_body(&mut self) -> Option<Function> {
        let mut parameters = Vec::new();
        if !self.takes('(') {
            return None;
        }
        while !self.takes(')') {
            parameters.push(self.parameter()?);
            self.takes(',');
        }
        Some(Function { parameters, body: self.body()? })
    }

    /// A parameter, or `...` and the one that takes the rest.
    fn parameter(&mut self) -> Option<String> {
        let rest = if self.takes_dots() { REST } else { "" };
        Some(format!("{rest}{}", self.takes_word()?))
    }

    fn takes_dots(&mut self) -> bool {
        let found = (0..3).all(|ahead| self.peek(ahead) == Some(&Token::Mark('.')));
        self.at += if found { 3 } else { 0 };
        found
    }

    /// What stands in braces.
    fn body(&mut self) -> Option<Rc<[(Token, usize)]>> {
        let start = self.at + 1;
        (self.peek(0) == Some(&Token::Mark('{'))).then(|| self.skip_balanced())?;
        Some(self.tokens.get(start..self.at.saturating_sub(1))?.into())
    }

    /// What a function gives for some arguments, if it does nothing but put values together.
    fn result_of(
        &mut self,
        function: &Function,
        args: Vec<Value>,
        scope: &mut Scope,
        site: usize,
        depth: u32,
    ) -> Value {
        if !scope.afford(function.body.len()) {
            return Value::Unknown;
        }
        let mut body = Script {
            tokens: Rc::clone(&function.body),
            at: 0,
            number: self.number,
            site: Some(self.site.unwrap_or(site)),
            level: depth + 1,
        };
        let outer = scope.enter(function, args);
        let value = body.returned(scope);
        scope.leave(outer);
        value
    }

    /// What the body of a function returns.
    fn returned(&mut self, scope: &mut Scope) -> Value {
        while let Some(Token::Word(word)) = self.peek(0).cloned() {
            self.at += 1;
            match word.as_str() {
                "return" => return self.expression(scope, self.level),
                "var" | "let" | "const" => self.declarations(scope),
                _ if self.takes('=') && self.peek(0) != Some(&Token::Mark('=')) => {
                    let value = self.expression(scope, self.level);
                    scope.set(word, value);
                }
                _ => return Value::Unknown,
            }
            while self.takes(';') {}
        }
        Value::Unknown
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

    /// Skips the rest of an expression, up to what ends it: a mark, or the statement that comes next where no
    /// semicolon stands between them.
    fn skip_expression(&mut self) {
        let mut is_complete = false;
        while let Some(token) = self.peek(0) {
            match token {
                Token::Mark(',' | ')' | ']' | '}' | ';') => return,
                Token::Mark('(' | '[' | '{') => {
                    is_complete = true;
                    self.skip_balanced();
                    continue;
                }
                Token::Word(word) if is_complete && !is_between(word) => return,
                Token::Word(word) => is_complete = !is_between(word) && !is_before(word),
                Token::Mark(_) => is_complete = false,
                Token::Text(_) | Token::Number(_) | Token::Template => is_complete = true,
            }
            self.at += 1;
        }
    }

    fn expression(&mut self, scope: &mut Scope, depth: u32) -> Value {
        if depth > MAX_DEPTH {
            self.skip_expression();
            return Value::Unknown;
        }
        let mut value = self.operand(scope, depth);
        while self.peek(0) == Some(&Token::Mark('+')) {
            self.at += 1;
            value = add(value, self.operand(scope, depth));
        }
        match self.peek(0) {
            None | Some(Token::Mark(',' | ')' | ']' | '}' | ';' | ':')) => value,
            // Another statement on the next line, without a semicolon between them.
            Some(Token::Word(_)) if depth == self.level => value,
            _ => {
                self.skip_expression();
                Value::Unknown
            }
        }
    }

    fn operand(&mut self, scope: &mut Scope, depth: u32) -> Value {
        let Some((token, offset)) = self.tokens.get(self.at).cloned() else { return Value::Unknown };
        match token {
            Token::Text(text) => self.after(Value::Text(text)),
            Token::Number(number) => self.after(Value::Number(number)),
            Token::Template => self.after(Value::Unknown),
            Token::Word(word) => {
                self.at += 1;
                self.word(word, offset, scope, depth)
            }
            Token::Mark('-') => {
                self.at += 1;
                match self.operand(scope, depth) {
                    Value::Number(number) => Value::Number(-number),
                    _ => Value::Unknown,
                }
            }
            Token::Mark('[') => {
                self.at += 1;
                let list = Value::List(self.list(']', scope, depth));
                self.members(None, list, scope, depth)
            }
            Token::Mark('{') => self.object(scope, depth),
            Token::Mark('(') => {
                self.at += 1;
                let mut inner = self.list(')', scope, depth);
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

    fn word(&mut self, word: String, offset: usize, scope: &mut Scope, depth: u32) -> Value {
        match word.as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "function" => {
                self.at -= 1;
                self.skip_block();
                return Value::Unknown;
            }
            "new" => {
                self.skip_expression();
                return Value::Unknown;
            }
            _ => {}
        }
        if self.takes('(') {
            let mut args = self.list(')', scope, depth);
            if word == "IP" && args.len() == 1 {
                return args.remove(0);
            }
            let value = self.called(&word, args, offset, scope, depth);
            return self.members(None, value, scope, depth);
        }
        let value = scope.get(&word).unwrap_or_else(|| {
            // Constants of dnscontrol are in capitals; other names come from somewhere that is not read.
            if is_dnscontrols(&word) { Value::Name(word.clone()) } else { Value::Unknown }
        });
        self.members(Some(word), value, scope, depth)
    }

    /// What a call gives: what the function makes, or the call itself where dnscontrol defines it.
    fn called(&mut self, name: &str, args: Vec<Value>, at: usize, scope: &mut Scope, depth: u32) -> Value {
        match scope.function(name) {
            Some(function) => self.result_of(&function, args, scope, at, depth),
            None => {
                let (name, offset) = (name.to_owned(), self.site.unwrap_or(at));
                Value::Call(Box::new(Call { name, args, offset, script: self.number }))
            }
        }
    }

    fn list(&mut self, close: char, scope: &mut Scope, depth: u32) -> Vec<Value> {
        let mut out = Vec::new();
        while self.peek(0).is_some() {
            if self.takes(close) {
                return out;
            }
            let start = self.at;
            let is_spread = self.takes_dots();
            match self.expression(scope, depth + 1) {
                Value::List(items) if is_spread => out.extend(items),
                value => out.push(if is_spread { Value::Unknown } else { value }),
            }
            self.takes(',');
            if self.at == start {
                self.at += 1;
            }
        }
        out
    }

    fn object(&mut self, scope: &mut Scope, depth: u32) -> Value {
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
                    fields.push((key, self.expression(scope, depth + 1)));
                }
                None => self.skip_expression(),
            }
            self.takes(',');
            self.at = self.at.max(start + 1);
        }
        Value::Object(fields)
    }
}

/// Whether a word stands between two parts of an expression.
fn is_between(word: &str) -> bool {
    matches!(word, "in" | "of" | "instanceof")
}

/// Whether a word stands before a part of an expression.
fn is_before(word: &str) -> bool {
    matches!(word, "new" | "function" | "typeof" | "void" | "delete" | "await" | "async" | "yield")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        value_after("", text)
    }

    fn value_after(before: &str, text: &str) -> Value {
        let mut scope = Scope::default();
        let mut script = Script::new(&format!("{before} x = {text};"), 0);
        while script.next_statement(&mut scope).is_some() {}
        scope.get("x").unwrap()
    }

    #[test]
    fn functions_that_put_values_together_are_followed() {
        let mail =
            "function mail(name, host) { var full = host + '.example.net.'; return [MX(name, 1, full)]; }";
        let made = value_after(mail, "mail('@', 'a')");
        let Value::List(items) = made else { panic!("{made:?}") };
        let Value::Call(call) = &items[0] else { panic!("{items:?}") };
        assert_eq!((call.name.as_str(), call.args[2].text()), ("MX", Some("a.example.net.")));
        // What they make stands where they are called.
        assert_eq!(call.offset, mail.len() + " x = ".len());
        assert_eq!(
            value_after("var two = function (a) { return a + a; };", "two('b')"),
            Value::Text("bb".into())
        );
        let bare = "function f(a) {\n  b = a + 'x'\n  var c = b + 'y'\n  return c\n}\n";
        assert_eq!(value_after(bare, "f('w')"), Value::Text("wxy".into()));
        assert_eq!(value_after("a = 1; function f(a) { return a; } y = f(2);", "a"), Value::Number(1.0));
        for unknown in ["for (;;) {} return 1;", "return a.map(g);", "if (a) { return 1; } return 2;", ""] {
            assert_eq!(
                value_after(&format!("function f(a) {{ {unknown} }}"), "f(1)"),
                Value::Unknown,
                "{unknown}"
            );
        }
    }

    #[test]
    fn what_doubles_line_by_line_or_calls_itself_ends() {
        let lines: String =
            (1..60).map(|line| format!("a{line} = [a{}, a{}];\n", line - 1, line - 1)).collect();
        assert!(value_after("a0 = ['b'];", "a0") != Value::Unknown);
        assert_eq!(value_after(&format!("a0 = ['b'];\n{lines}"), "a59"), Value::Unknown);
        assert_eq!(value_after("function f(a) { return f(a); }", "f(1)"), Value::Unknown);
        value_after(&"x = [x];".repeat(50_000), "x");
        let twice: String = (1..60)
            .map(|at| format!("function f{at}(a) {{ return [f{}(a), f{}(a)]; }}\n", at - 1, at - 1))
            .collect();
        value_after(&format!("function f0(a) {{ return a; }}\n{twice}"), "f59(1)");
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
    fn lists_are_followed_through_their_methods() {
        let texts =
            |texts: &[&str]| Value::List(texts.iter().map(|text| Value::Text((*text).to_owned())).collect());
        assert_eq!(value_after("a = ['b']; a.push('c')\n", "a"), texts(&["b", "c"]));
        assert_eq!(value_after("a = ['b'];", "a.concat(['c'], 'd')"), texts(&["b", "c", "d"]));
        for function in ["function (b) { return b + '!'; }", "b => b + '!'", "(b) => { return b + '!' }", "f"]
        {
            let before = "var f = (b) => b + '!'\n";
            assert_eq!(value_after(before, &format!("['c', 'd'].map({function})")), texts(&["c!", "d!"]));
        }
        for made in ["[...a, 'd']", "f('c', 'd')", "g('c', 'd')", "h.apply(null, [['c'], 'd'])"] {
            let before = "a = ['c']; function f(b) { return [b].concat(Array.prototype.slice.call(arguments, 1)); }\n\
                          g = (b, ...rest) => [b, ...rest]; function h(b, d) { return b.concat(d); }\n";
            assert_eq!(value_after(before, made), texts(&["c", "d"]), "{made}");
        }
        assert_eq!(value_after("a = ['b']; a.pop();", "a"), Value::Unknown);
        assert_eq!(value_after("a = ['b'];", "a.map(function ([b]) { return b; })"), Value::Unknown);
        assert_eq!(value_after("a = ['b'];", "a.map(b => b).length"), Value::Unknown);
    }

    #[test]
    fn a_statement_ends_where_the_next_begins() {
        for before in
            ["a.sort()", "a.b = new Date()", "var a = new Date(1)", "a = b ? 1 : 2", "var a = b.c(d)[0]"]
        {
            let mut scope = Scope::default();
            let mut script = Script::new(&format!("{before}\nD('shop.example', A('@', '192.0.2.1'))\n"), 0);
            let found = script.next_statement(&mut scope);
            assert!(matches!(found, Some(Statement::Call(call)) if call.name == "D"), "{before}");
        }
    }

    #[test]
    fn deep_and_broken_scripts_end() {
        assert_eq!(value(&"(".repeat(100_000)), Value::Unknown);
        let mut scope = Scope::default();
        let mut script = Script::new("D('a', [ {b: ) ] } \u{e9} 'open", 0);
        while script.next_statement(&mut scope).is_some() {}
    }
}
