//! Syntax trees to resources: parameters and variables put in, loops unrolled, modules of the repository followed.
//!
//! The result is what the template would be in JSON, with `[symbol('N')]` where one resource speaks of another.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::parse::{Declaration, Expr, Kind, PARENT, Piece, Statement, parse};
use crate::read::arm::module_type;
use crate::read::yaml::{Data, Key, Node};
use crate::source::{Problems, SourceFile, Tree};

/// Modules may lead to modules so many times, and expressions to expressions.
const MAX_DEPTH: u32 = 16;
const MAX_NESTING: u32 = 100;

/// No template makes more resources, nor has more to be worked out.
const MOST_RESOURCES: usize = 2_000;
/// What modules of Azure's registry take for a parameter of a resource where nothing is said:
/// <https://github.com/Azure/bicep-registry-modules/blob/main/avm/res/storage/storage-account/main.bicep>.
const DEFAULTS: &[(&str, &str, &str)] = &[("Microsoft.Storage/storageAccounts", "skuName", "Standard_GRS")];
const MOST_WORK: u32 = 300_000;

/// More copies than this are written as one.
const MOST_COPIES: usize = 50;

/// A value as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// A resource, by its number.
    Resource(usize),
    /// A resource that is looked up: its type, and its name as far as it is known.
    Known(String, String),
    /// A text of parts that are not all known, or anything that depends on them.
    Parts(Vec<Value>),
    Unknown,
}

/// The resources of a template and of its modules.
pub(super) struct World<'t> {
    tree: &'t Tree,
    /// The files they stand in.
    pub(super) files: Vec<&'t SourceFile>,
    parsed: BTreeMap<String, Rc<Vec<Statement>>>,
    /// Resources in the form of a template in JSON; none while one is worked out, and for those not made.
    pub(super) resources: Vec<Option<Node>>,
    work: u32,
}

/// The names of one instance of a file.
struct Scope {
    file: usize,
    statements: Rc<Vec<Statement>>,
    known: BTreeMap<String, Value>,
    busy: BTreeSet<String>,
    /// Variables of loops, the innermost last.
    locals: Vec<(String, Value)>,
    /// The modules that lead here.
    path: String,
    depth: u32,
}

impl<'t> World<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        World { tree, files: Vec::new(), parsed: BTreeMap::new(), resources: Vec::new(), work: 0 }
    }

    /// Works out a file with the values that it is given; its outputs are returned.
    pub(super) fn instance(
        &mut self,
        file: &'t SourceFile,
        given: BTreeMap<String, Value>,
        path: &str,
        depth: u32,
        problems: &mut Problems,
    ) -> BTreeMap<String, Value> {
        let statements = self.statements(file, problems);
        let number = self.files.iter().position(|known| known.path() == file.path()).unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        });
        let mut scope = Scope {
            file: number,
            statements: Rc::clone(&statements),
            known: given,
            busy: BTreeSet::new(),
            locals: Vec::new(),
            path: path.to_owned(),
            depth,
        };
        let mut outputs = BTreeMap::new();
        for statement in statements.iter() {
            match statement {
                Statement::Resource(one) | Statement::Module(one) => {
                    self.name(&mut scope, &one.symbol, problems);
                }
                Statement::Output { name, value } => {
                    let value = self.value(&mut scope, value, 0, problems);
                    outputs.insert(name.clone(), value);
                }
                Statement::Param { .. } | Statement::Var { .. } => {}
            }
        }
        outputs
    }

    fn statements(&mut self, file: &SourceFile, problems: &mut Problems) -> Rc<Vec<Statement>> {
        if let Some(known) = self.parsed.get(&**file.path()) {
            return Rc::clone(known);
        }
        let (statements, odd) = parse(file.text());
        for at in odd.into_iter().take(20) {
            problems.warning(file.location(at as usize), "failed to read this statement of Bicep");
        }
        let statements = Rc::new(statements);
        self.parsed.insert(file.path().to_string(), Rc::clone(&statements));
        statements
    }

    /// What a name stands for.
    fn name(&mut self, scope: &mut Scope, name: &str, problems: &mut Problems) -> Value {
        if let Some((_, value)) = scope.locals.iter().rev().find(|(local, _)| local == name) {
            return value.clone();
        }
        if let Some(known) = scope.known.get(name) {
            return known.clone();
        }
        if !scope.busy.insert(name.to_owned()) {
            return Value::Unknown;
        }
        let statements = Rc::clone(&scope.statements);
        let locals = std::mem::take(&mut scope.locals);
        // Children of two resources may have the same symbol, each in its own body.
        let is_exact = statements
            .iter()
            .any(|statement| matches!(statement, Statement::Resource(one) if one.symbol == name));
        let is_own = |one: &Declaration| match is_exact {
            true => one.symbol == name,
            false => own_symbol(&one.symbol) == own_symbol(name),
        };
        let value = statements.iter().find_map(|statement| match statement {
            Statement::Param { name: own, default } if own == name => Some(match default {
                Some(default) => self.value(scope, default, 0, problems),
                None => Value::Unknown,
            }),
            Statement::Var { name: own, value } if own == name => Some(self.value(scope, value, 0, problems)),
            Statement::Resource(one) if is_own(one) => {
                Some(self.declared(scope, one, Self::resource, problems))
            }
            Statement::Module(one) if one.symbol == name => {
                Some(self.declared(scope, one, Self::module, problems))
            }
            _ => None,
        });
        scope.locals = locals;
        scope.busy.remove(name);
        let value = value.unwrap_or(Value::Unknown);
        scope.known.insert(name.to_owned(), value.clone());
        value
    }

    /// One or, in a loop, several resources or modules.
    fn declared(
        &mut self,
        scope: &mut Scope,
        one: &Declaration,
        make: fn(&mut Self, &mut Scope, &Declaration, &Expr, Option<usize>, &mut Problems) -> Value,
        problems: &mut Problems,
    ) -> Value {
        if one.existing {
            return self.known(scope, one, problems);
        }
        let Kind::For { item, number, list, body } = &one.body.kind else {
            return make(self, scope, one, &one.body, None, problems);
        };
        let items = match self.value(scope, list, 0, problems) {
            Value::List(items) if items.len() <= MOST_COPIES => items,
            _ => vec![Value::Unknown],
        };
        let mut made = Vec::new();
        for (at, value) in items.into_iter().enumerate() {
            scope.locals.push((item.clone(), value));
            if let Some(number) = number {
                scope.locals.push((number.clone(), Value::Number(at.to_string())));
            }
            made.push(make(self, scope, one, body, Some(at), problems));
            scope.locals.clear();
        }
        Value::List(made)
    }

    fn resource(
        &mut self,
        scope: &mut Scope,
        one: &Declaration,
        body: &Expr,
        copy: Option<usize>,
        problems: &mut Problems,
    ) -> Value {
        let Some(body) = self.made_body(scope, body, problems) else { return Value::Null };
        if self.resources.len() >= MOST_RESOURCES {
            return Value::Unknown;
        }
        let number = self.resources.len();
        self.resources.push(None);
        if copy.is_none() {
            // Others may speak of it while it is worked out.
            scope.known.insert(one.symbol.clone(), Value::Resource(number));
        }
        let Value::Map(mut entries) = self.value(scope, body, 0, problems) else { return Value::Unknown };
        let mut type_name = one.target.split('@').next().unwrap_or("").to_owned();
        let within = one.symbol.split_once(PARENT).map(|(_, parent)| self.name(scope, parent, problems));
        let parent = within.clone().or_else(|| take(&mut entries, "parent"));
        if let Some(Value::Resource(parent)) = parent {
            let parent_node = self.resources.get(parent).and_then(Option::as_ref);
            if within.is_some() {
                let outer = parent_node.and_then(|node| node.str_at(&["type"])).unwrap_or("");
                type_name = format!("{outer}/{type_name}");
            }
            let outer = parent_node.and_then(|node| node.str_at(&["name"])).unwrap_or("*").to_owned();
            let inner = take(&mut entries, "name").unwrap_or(Value::Unknown);
            entries.push(("name".to_owned(), Value::Text(format!("{outer}/{}", inner.plain_text()))));
            entries.push(("dependsOn".to_owned(), Value::List(vec![Value::Resource(parent)])));
        }
        let name = take(&mut entries, "name").map_or_else(|| "*".to_owned(), |name| name.plain_text());
        self.finish(scope, one, number, entries, (type_name, name, copy));
        Value::Resource(number)
    }

    /// Writes a resource that was worked out in the form of a template in JSON.
    fn finish(
        &mut self,
        scope: &Scope,
        one: &Declaration,
        number: usize,
        mut entries: Vec<(String, Value)>,
        (type_name, name, copy): (String, String, Option<usize>),
    ) {
        let own = own_symbol(&one.symbol);
        let symbol = match copy {
            Some(copy) => format!("{}{own}[{copy}]", scope.path),
            None => format!("{}{own}", scope.path),
        };
        // A name that is given when the template is deployed says less than the symbol.
        let name = if name.contains('*') { symbol } else { name };
        entries.push(("type".to_owned(), Value::Text(type_name)));
        entries.push(("name".to_owned(), Value::Text(name)));
        entries.push(("@symbol".to_owned(), Value::Number(number.to_string())));
        entries.push(("@file".to_owned(), Value::Number(scope.file.to_string())));
        self.resources[number] = Some(self.node(&Value::Map(entries), scope.file, one.at));
    }

    /// A resource that something else makes, perhaps another module of the same template.
    fn known(&mut self, scope: &mut Scope, one: &Declaration, problems: &mut Problems) -> Value {
        let type_name = one.target.split('@').next().unwrap_or("").to_owned();
        let Some(body) = self.made_body(scope, &one.body, problems) else { return Value::Null };
        let name = match self.value(scope, body, 0, problems) {
            Value::Map(mut entries) => take(&mut entries, "name").map(|name| match name {
                // The name of a resource is that resource.
                Value::Resource(number) => Value::Resource(number),
                name => Value::Known(type_name, name.plain_text()),
            }),
            _ => None,
        };
        name.unwrap_or(Value::Unknown)
    }

    fn module(
        &mut self,
        scope: &mut Scope,
        one: &Declaration,
        body: &Expr,
        copy: Option<usize>,
        problems: &mut Problems,
    ) -> Value {
        let Some(body) = self.made_body(scope, body, problems) else { return Value::Null };
        let file = self.files[scope.file];
        let target = self.tree.join(file.folder(), &one.target).filter(|_| one.target.ends_with(".bicep"));
        let given: Vec<(String, Value)> = match self.value(scope, body, 0, problems) {
            Value::Map(mut entries) => match take(&mut entries, "params") {
                Some(Value::Map(params)) => params,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let Some(inner) = target.filter(|_| scope.depth < MAX_DEPTH) else {
            return self.registry_module(scope, one, given, copy, problems);
        };
        let path = match copy {
            Some(copy) => format!("{}{}[{copy}].", scope.path, one.symbol),
            None => format!("{}{}.", scope.path, one.symbol),
        };
        let given = given.into_iter().collect();
        let outputs = self.instance(inner, given, &path, scope.depth + 1, problems);
        Value::Map(vec![("outputs".to_owned(), Value::Map(outputs.into_iter().collect()))])
    }

    /// A module that is not in the repository: where its name says which one resource it makes, that resource with
    /// the parameters as its properties. Whatever it gives out is asked of the resource.
    fn registry_module(
        &mut self,
        scope: &mut Scope,
        one: &Declaration,
        given: Vec<(String, Value)>,
        copy: Option<usize>,
        problems: &mut Problems,
    ) -> Value {
        let at = self.files[scope.file].location(one.at as usize);
        let known = module_type(&one.target).filter(|_| self.resources.len() < MOST_RESOURCES);
        let Some(type_name) = known else {
            let message =
                format!("the module `{}` is not in the repository: what it makes is not known", one.target);
            problems.note(at, message);
            return Value::Unknown;
        };
        // A module that is given the name of a resource changes that resource.
        if let Some((_, Value::Resource(number))) = given.iter().find(|(key, _)| key == "name") {
            return Value::Resource(*number);
        }
        problems.note(
            at,
            format!("the module `{}` is not in the repository: it is taken as one `{type_name}`", one.target),
        );
        const OWN: &[&str] = &["name", "location", "tags", "sku", "zones", "kind"];
        let (mut entries, mut properties): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|(key, _)| OWN.contains(&key.as_str()));
        for (_, key, default) in DEFAULTS.iter().filter(|(of, ..)| *of == type_name) {
            if properties.iter().all(|(given, _)| given != key) {
                properties.push(((*key).to_owned(), Value::Text((*default).to_owned())));
            }
        }
        entries.push(("properties".to_owned(), Value::Map(properties)));
        let number = self.resources.len();
        self.resources.push(None);
        let name = take(&mut entries, "name").map_or_else(|| "*".to_owned(), |name| name.plain_text());
        self.finish(scope, one, number, entries, (type_name.to_owned(), name, copy));
        Value::Resource(number)
    }

    /// The body without its condition; `None` where the condition is known not to hold.
    fn made_body<'e>(
        &mut self,
        scope: &mut Scope,
        body: &'e Expr,
        problems: &mut Problems,
    ) -> Option<&'e Expr> {
        let Kind::If(parts) = &body.kind else { return Some(body) };
        (self.value(scope, &parts[0], 0, problems) != Value::Bool(false)).then_some(&parts[1])
    }

    fn value(&mut self, scope: &mut Scope, expr: &Expr, depth: u32, problems: &mut Problems) -> Value {
        self.work += 1;
        if depth > MAX_NESTING || self.work > MOST_WORK {
            return Value::Unknown;
        }
        let mut inner = |world: &mut Self, expr: &Expr| world.value(scope, expr, depth + 1, problems);
        match &expr.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(pieces) => {
                let piece = |piece: &Piece| match piece {
                    Piece::Literal(text) => Value::Text(text.clone()),
                    Piece::Value(expr) => inner(self, expr),
                };
                joined(pieces.iter().map(piece).collect())
            }
            Kind::List(items) => Value::List(items.iter().map(|item| inner(self, item)).collect()),
            Kind::Map(entries) => {
                Value::Map(entries.iter().map(|(key, value)| (key.clone(), inner(self, value))).collect())
            }
            Kind::Name(name) => self.name(scope, name, problems),
            Kind::Member(of, name) => member(inner(self, of), name),
            Kind::Index(of, index) => indexed(inner(self, of), inner(self, index)),
            Kind::Call(name, arguments) => {
                call(name, arguments.iter().map(|argument| inner(self, argument)).collect())
            }
            Kind::Not(of) => match inner(self, of) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Unknown,
            },
            Kind::Binary(operator, sides) => binary(operator, inner(self, &sides[0]), inner(self, &sides[1])),
            Kind::Choice(parts) => match inner(self, &parts[0]) {
                Value::Bool(true) => inner(self, &parts[1]),
                Value::Bool(false) => inner(self, &parts[2]),
                _ => either(inner(self, &parts[1]), inner(self, &parts[2])),
            },
            Kind::If(parts) => inner(self, &parts[1]),
            Kind::For { item, number, list, body } => {
                let list = inner(self, list);
                let Value::List(items) = list else { return Value::Unknown };
                let mut made = Vec::new();
                for (at, value) in items.into_iter().take(MOST_COPIES).enumerate() {
                    let before = scope.locals.len();
                    scope.locals.push((item.clone(), value));
                    let number = number.iter().map(|number| (number.clone(), Value::Number(at.to_string())));
                    scope.locals.extend(number);
                    made.push(self.value(scope, body, depth + 1, problems));
                    scope.locals.truncate(before);
                }
                Value::List(made)
            }
        }
    }

    fn node(&self, value: &Value, file: usize, at: u32) -> Node {
        let location = self.files[file].location(at as usize);
        let child = |value: &Value| Arc::new(self.node(value, file, at));
        let mut node = match value {
            Value::Null => Node::scalar("null", true, &location),
            Value::Bool(value) => Node::scalar(if *value { "true" } else { "false" }, true, &location),
            Value::Number(number) => Node::scalar(number, true, &location),
            Value::Text(text) => Node::scalar(text, false, &location),
            Value::List(items) => Node::new(Data::Sequence(items.iter().map(child).collect()), location),
            Value::Map(entries) => {
                let entry = |(key, value): &(String, Value)| {
                    (Key { text: key.as_str().into(), location: location.clone() }, child(value))
                };
                Node::new(Data::Mapping(entries.iter().map(entry).collect()), location.clone())
            }
            other => Node::scalar(&format!("[{}]", expression(other)), false, &location),
        };
        node.span = (at, at);
        node
    }
}

impl Value {
    /// The text of a value, `*` for what is not known.
    fn plain_text(&self) -> String {
        match self {
            Value::Text(text) | Value::Number(text) => text.clone(),
            Value::Bool(value) => value.to_string(),
            Value::Parts(parts) => parts.iter().map(Value::plain_text).collect(),
            _ => "*".to_owned(),
        }
    }
}

/// The symbol of a resource without that of the one in whose body it stands.
fn own_symbol(symbol: &str) -> &str {
    symbol.split(PARENT).next().unwrap_or(symbol)
}

fn take(entries: &mut Vec<(String, Value)>, key: &str) -> Option<Value> {
    let at = entries.iter().position(|(own, _)| own == key)?;
    Some(entries.remove(at).1)
}

/// A value in the language of templates in JSON.
fn expression(value: &Value) -> String {
    match value {
        Value::Resource(number) => format!("symbol('{number}')"),
        Value::Known(type_name, name) => {
            format!("resourceId('{}', '{}')", type_name.replace('\'', ""), name.replace('\'', "''"))
        }
        Value::Parts(parts) => {
            let parts: Vec<String> = parts.iter().map(expression).collect();
            format!("concat({})", parts.join(", "))
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Number(number) => number.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(expression).collect();
            format!("createArray({})", items.join(", "))
        }
        Value::Map(entries) => {
            let values: Vec<String> = entries.iter().map(|(_, value)| expression(value)).collect();
            format!("createObject({})", values.join(", "))
        }
        _ => "unknown()".to_owned(),
    }
}

/// A text out of values.
fn joined(parts: Vec<Value>) -> Value {
    if parts.iter().all(|part| matches!(part, Value::Text(_) | Value::Number(_) | Value::Bool(_))) {
        return Value::Text(parts.iter().map(Value::plain_text).collect());
    }
    Value::Parts(parts)
}

/// What depends on either of two values.
fn either(a: Value, b: Value) -> Value {
    match (a, b) {
        (a, b) if a == b => a,
        (a, b) => mixed(vec![a, b]),
    }
}

/// Something unknown that is made of values: what resources it speaks of is kept.
fn mixed(values: Vec<Value>) -> Value {
    let mut resources = Vec::new();
    let mut open = values;
    while let Some(value) = open.pop() {
        match value {
            Value::Resource(_) | Value::Known(..) => resources.push(value),
            Value::Parts(inner) | Value::List(inner) => open.extend(inner),
            Value::Map(entries) => open.extend(entries.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    if resources.is_empty() {
        return Value::Unknown;
    }
    resources.reverse();
    resources.push(Value::Unknown);
    Value::Parts(resources)
}

fn member(of: Value, name: &str) -> Value {
    match of {
        Value::Map(mut entries) => take(&mut entries, name).unwrap_or(Value::Unknown),
        // Whatever is asked of a resource depends on it.
        Value::Resource(_) | Value::Known(..) => of,
        other => mixed(vec![other]),
    }
}

fn indexed(of: Value, index: Value) -> Value {
    match (of, &index) {
        (Value::List(mut items), Value::Number(number)) => match number.parse::<usize>() {
            Ok(at) if at < items.len() => items.swap_remove(at),
            _ => Value::Unknown,
        },
        (Value::Map(mut entries), Value::Text(key)) => take(&mut entries, key).unwrap_or(Value::Unknown),
        (of, _) => mixed(vec![of]),
    }
}

fn binary(operator: &str, a: Value, b: Value) -> Value {
    match (operator, &a, &b) {
        ("&&", Value::Bool(false), _) | ("&&", _, Value::Bool(false)) => Value::Bool(false),
        ("&&", Value::Bool(true), Value::Bool(true)) => Value::Bool(true),
        ("||", Value::Bool(true), _) | ("||", _, Value::Bool(true)) => Value::Bool(true),
        ("||", Value::Bool(false), Value::Bool(false)) => Value::Bool(false),
        ("??", Value::Null, _) => b,
        ("??", Value::Unknown, _) => either(a, b),
        ("??", ..) => a,
        ("==" | "!=", ..) if is_known(&a) && is_known(&b) => Value::Bool((a == b) == (operator == "==")),
        _ => mixed(vec![a, b]),
    }
}

fn is_known(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_))
}

fn call(name: &str, mut arguments: Vec<Value>) -> Value {
    let text = |arguments: &[Value]| match arguments {
        [Value::Text(text), ..] => Some(text.clone()),
        _ => None,
    };
    let result = match name {
        "toLower" => text(&arguments).map(|text| Value::Text(text.to_lowercase())),
        "toUpper" => text(&arguments).map(|text| Value::Text(text.to_uppercase())),
        "string" => text(&arguments).map(Value::Text),
        "empty" => match arguments.first() {
            Some(Value::Text(text)) => Some(Value::Bool(text.is_empty())),
            Some(Value::List(items)) => Some(Value::Bool(items.is_empty())),
            Some(Value::Map(entries)) => Some(Value::Bool(entries.is_empty())),
            Some(Value::Null) => Some(Value::Bool(true)),
            Some(Value::Parts(parts)) => {
                let some = parts.iter().any(|part| matches!(part, Value::Text(text) if !text.is_empty()));
                some.then_some(Value::Bool(false))
            }
            _ => None,
        },
        "length" => match arguments.first() {
            Some(Value::List(items)) => Some(Value::Number(items.len().to_string())),
            _ => None,
        },
        "range" => match arguments.as_slice() {
            [Value::Number(first), Value::Number(count)] => range(first, count),
            _ => None,
        },
        "concat" if arguments.iter().all(|one| matches!(one, Value::List(_))) => {
            let items = arguments.drain(..).flat_map(|one| match one {
                Value::List(items) => items,
                _ => Vec::new(),
            });
            Some(Value::List(items.collect()))
        }
        "concat" => Some(joined(std::mem::take(&mut arguments))),
        "union" if arguments.iter().all(|one| matches!(one, Value::Map(_))) => {
            Some(union(std::mem::take(&mut arguments)))
        }
        _ => None,
    };
    result.unwrap_or_else(|| mixed(arguments))
}

fn range(first: &str, count: &str) -> Option<Value> {
    let (first, count): (i64, i64) = (first.parse().ok()?, count.parse().ok()?);
    let count = count.clamp(0, MOST_COPIES as i64 + 1);
    Some(Value::List((0..count).map(|at| Value::Number(first.saturating_add(at).to_string())).collect()))
}

/// Maps laid over each other.
fn union(maps: Vec<Value>) -> Value {
    let mut all: Vec<(String, Value)> = Vec::new();
    for map in maps {
        let Value::Map(entries) = map else { continue };
        for (key, value) in entries {
            take(&mut all, &key);
            all.push((key, value));
        }
    }
    Value::Map(all)
}
