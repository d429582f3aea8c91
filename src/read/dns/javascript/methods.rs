//! What stands behind a dot: fields of objects, and methods that only put lists together.

use std::rc::Rc;

use super::tokens::Token;
use super::{Function, Scope, Script, Value};

impl Script {
    /// What a value's fields and methods lead to, as far as dots follow it; `variable` has the value.
    pub(super) fn members(
        &mut self,
        variable: Option<String>,
        value: Value,
        scope: &mut Scope,
        depth: u32,
    ) -> Value {
        let (mut variable, mut value, mut before) = (variable, value, String::new());
        while self.peek(0) == Some(&Token::Mark('.')) {
            let is_called = self.peek(2) == Some(&Token::Mark('('));
            value = match self.peek(1).cloned() {
                // `Array.prototype.slice.call(arguments, 1)`
                Some(Token::Word(method)) if is_called && method == "call" && before == "slice" => {
                    self.at += 3;
                    rest_of(self.list(')', scope, depth))
                }
                Some(Token::Word(method)) if is_called && method == "apply" && variable.is_some() => {
                    let at = self.tokens.get(self.at).map_or(0, |(_, at)| *at);
                    self.at += 3;
                    match (variable, self.list(')', scope, depth).pop()) {
                        (Some(name), Some(Value::List(args))) => self.called(&name, args, at, scope, depth),
                        _ => Value::Unknown,
                    }
                }
                Some(Token::Word(method)) if is_called => {
                    match self.method(variable.as_deref(), value, &method, scope, depth) {
                        Some(value) => value,
                        None => {
                            self.skip_expression();
                            return Value::Unknown;
                        }
                    }
                }
                Some(Token::Word(field)) => {
                    self.at += 2;
                    let inner = value.field(&field).cloned().unwrap_or(Value::Unknown);
                    before = field;
                    inner
                }
                _ => {
                    self.skip_expression();
                    return Value::Unknown;
                }
            };
            variable = None;
        }
        value
    }

    /// What a method of a list gives; none for those that are not followed.
    fn method(
        &mut self,
        variable: Option<&str>,
        value: Value,
        method: &str,
        scope: &mut Scope,
        depth: u32,
    ) -> Option<Value> {
        let Value::List(mut items) = value else { return None };
        let start = self.at;
        self.at += 3;
        match method {
            "push" | "unshift" => {
                items.extend(self.list(')', scope, depth));
                scope.set(variable?.to_owned(), Value::List(items));
                Some(Value::Unknown)
            }
            "concat" => {
                for added in self.list(')', scope, depth) {
                    match added {
                        Value::List(more) => items.extend(more),
                        one => items.push(one),
                    }
                }
                Some(Value::List(items))
            }
            "map" => {
                let site = self.tokens.get(start)?.1;
                let function = self.function_given(scope).filter(|_| self.takes(')'));
                if function.is_none() {
                    self.at = start;
                }
                let function = function?;
                let made =
                    items.into_iter().map(|item| self.result_of(&function, vec![item], scope, site, depth));
                Some(Value::List(made.collect()))
            }
            _ => {
                if let Some(name) = variable.filter(|_| matches!(method, "pop" | "shift" | "splice")) {
                    scope.set(name.to_owned(), Value::Unknown);
                }
                self.at = start;
                None
            }
        }
    }

    /// A function among the arguments of a call: written there, or by its name.
    fn function_given(&mut self, scope: &Scope) -> Option<Function> {
        match (self.peek(0), self.peek(1)) {
            (Some(Token::Word(word)), _) if word == "function" => {
                self.at += 1;
                self.takes_word();
                self.parameters_and_body()
            }
            (Some(Token::Word(name)), Some(Token::Mark(')'))) => {
                let function = scope.function(name);
                self.at += 1;
                function
            }
            _ => self.arrow(),
        }
    }

    /// `(a, b) => a + b`.
    pub(super) fn arrow(&mut self) -> Option<Function> {
        let mut parameters = Vec::new();
        if self.takes('(') {
            while !self.takes(')') {
                parameters.push(self.parameter()?);
                self.takes(',');
            }
        } else {
            parameters.push(self.takes_word()?);
        }
        if !(self.takes('=') && self.takes('>')) {
            return None;
        }
        if self.peek(0) == Some(&Token::Mark('{')) {
            return Some(Function { parameters, body: self.body()? });
        }
        let start = self.at;
        self.skip_expression();
        let own = self.tokens.get(start..self.at).filter(|own| !own.is_empty())?;
        let returned = (Token::Word("return".to_owned()), own.first()?.1);
        let body: Rc<[(Token, usize)]> = std::iter::once(returned).chain(own.iter().cloned()).collect();
        Some(Function { parameters, body })
    }
}

/// A list from one of its places on.
fn rest_of(mut args: Vec<Value>) -> Value {
    match (args.pop(), args.pop(), args.is_empty()) {
        (Some(Value::Number(first)), Some(Value::List(items)), true) => {
            Value::List(items.into_iter().skip(first as usize).collect())
        }
        (Some(Value::List(items)), None, _) => Value::List(items),
        _ => Value::Unknown,
    }
}
