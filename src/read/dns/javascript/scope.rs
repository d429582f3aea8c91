//! What the names of a script stand for.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::tokens::Token;
use super::{MAX_DEPTH, REST, Value};

/// Most parts of values that are put together for one configuration: each line may double what the one before made.
const MOST_PARTS: usize = 500_000;

/// A function, as it is written.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) parameters: Vec<String>,
    pub(super) body: Rc<[(Token, usize)]>,
}

/// Variables and functions, and how much may still be made of them.
#[derive(Debug)]
pub(in crate::read::dns) struct Scope {
    values: BTreeMap<String, Value>,
    functions: BTreeMap<String, Function>,
    left: usize,
    is_spent: bool,
    /// What the variables of a function that is being followed stood for before, in order.
    hidden: Option<Vec<(String, Option<Value>)>>,
}

impl Default for Scope {
    fn default() -> Self {
        Scope {
            values: BTreeMap::new(),
            functions: BTreeMap::new(),
            left: MOST_PARTS,
            is_spent: false,
            hidden: None,
        }
    }
}

impl Scope {
    /// A copy of what a variable stands for.
    pub(super) fn get(&mut self, name: &str) -> Option<Value> {
        let parts = parts(self.values.get(name)?, 0);
        let is_small = parts.is_some_and(|parts| self.afford(parts));
        Some(if is_small { self.values.get(name)?.clone() } else { Value::Unknown })
    }

    pub(super) fn set(&mut self, name: String, value: Value) {
        let before = self.values.insert(name.clone(), value);
        if let Some(hidden) = &mut self.hidden {
            hidden.push((name, before));
        }
    }

    pub(super) fn function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).cloned()
    }

    pub(super) fn define(&mut self, name: String, function: Function) {
        self.functions.insert(name, function);
    }

    /// Whether more was asked for than is made.
    pub(in crate::read::dns) fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whether so many more parts may be made.
    pub(super) fn afford(&mut self, parts: usize) -> bool {
        self.is_spent |= self.left < parts;
        self.left = self.left.saturating_sub(parts);
        !self.is_spent
    }

    /// Gives the parameters of a function their values, until [`Scope::leave`].
    pub(super) fn enter(
        &mut self,
        function: &Function,
        args: Vec<Value>,
    ) -> Option<Vec<(String, Option<Value>)>> {
        let outer = self.hidden.replace(Vec::new());
        self.set("arguments".to_owned(), Value::List(args.clone()));
        let mut args = args.into_iter();
        for parameter in &function.parameters {
            match parameter.strip_prefix(REST) {
                Some(rest) => self.set(rest.to_owned(), Value::List(args.by_ref().collect())),
                None => self.set(parameter.clone(), args.next().unwrap_or(Value::Unknown)),
            }
        }
        outer
    }

    /// Forgets what a function has set.
    pub(super) fn leave(&mut self, outer: Option<Vec<(String, Option<Value>)>>) {
        for (name, before) in self.hidden.take().into_iter().flatten().rev() {
            match before {
                Some(value) => self.values.insert(name, value),
                None => self.values.remove(&name),
            };
        }
        self.hidden = outer;
    }
}

/// How many parts a value has; none where it nests too deep, since each line may put a list around the one before.
fn parts(value: &Value, depth: u32) -> Option<usize> {
    if depth > MAX_DEPTH {
        return None;
    }
    let below = |value: &Value| parts(value, depth + 1);
    let inner: usize = match value {
        Value::List(items) => items.iter().map(below).sum::<Option<_>>()?,
        Value::Object(fields) => fields.iter().map(|(_, value)| below(value)).sum::<Option<_>>()?,
        Value::Call(call) => call.args.iter().map(below).sum::<Option<_>>()?,
        Value::Text(text) => text.len() / 64,
        Value::Number(_) | Value::Bool(_) | Value::Name(_) | Value::Unknown => 0,
    };
    Some(1 + inner)
}
