//! Expressions to values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::Mode;
use super::either::{Either, either};
use super::functions;
use super::syntax::{Expansion, Expr, ExprKind, For, Operator, Part};
use super::value::{InstanceKey, Key, Kind, Ref, Refs, Shape, Value, equal};
use super::world::{Bound, Instances, Scope, World};

/// Longest text that an expression may make, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// Most elements that an expression may make.
pub(super) const MAX_ITEMS: usize = 100_000;

impl World<'_> {
    /// Evaluates an expression.
    pub(super) fn eval(&self, expr: &Expr, scope: Scope<'_>) -> Value {
        self.deeper(|| self.eval_kind(expr, scope)).unwrap_or_else(|| Value::unknown("too much to evaluate"))
    }

    fn eval_kind(&self, expr: &Expr, scope: Scope<'_>) -> Value {
        match &expr.kind {
            ExprKind::Null => Value::NULL,
            ExprKind::Bool(value) => Value::bool(*value),
            ExprKind::Number(value) => Value::number(*value),
            ExprKind::String(text) => Value::string(Arc::clone(text)),
            ExprKind::Template(parts) => self.template(parts, scope),
            ExprKind::List(items) => Value::list(items.iter().map(|item| self.eval(item, scope)).collect()),
            ExprKind::Object(items) => self.object(items, scope),
            ExprKind::Variable(name) => self.name(name, scope),
            ExprKind::Element => scope.element.cloned().unwrap_or_else(|| Value::failed("no element")),
            ExprKind::Conditional(parts) => self.conditional(parts, scope),
            ExprKind::Call(name, args, expansion) => self.call(name, args, *expansion, scope),
            ExprKind::Get(source, name) => self.get(source, name, scope),
            ExprKind::Index(source, key) => {
                let key = self.eval(key, scope);
                let source = self.eval(source, scope);
                self.index(&source, &key)
            }
            ExprKind::Splat(source, each) => self.splat(source, each, scope),
            ExprKind::Not(inner) => {
                unary(&self.eval(inner, scope), |value| Some(Value::bool(!value.as_bool()?)))
            }
            ExprKind::Negate(inner) => {
                unary(&self.eval(inner, scope), |value| Some(Value::number(-value.as_number()?)))
            }
            ExprKind::Binary(operator, sides) => self.binary(*operator, sides, scope),
            ExprKind::For(each) => self.for_each(each, scope),
            ExprKind::Bad(reason) => Value::unknown(*reason),
        }
    }

    fn object(&self, items: &[(Expr, Expr)], scope: Scope<'_>) -> Value {
        let mut map = BTreeMap::new();
        let mut lost = Value::NULL.refs;
        for (key, value) in items {
            let key = self.eval(key, scope);
            let value = self.eval(value, scope);
            match key.text() {
                Some(name) => drop(map.insert(name, value)),
                // The entry cannot be named: what it refers to is still referred to.
                None => lost = super::value::join_refs(&lost, &value.with_refs(&key.refs).deep_refs()),
            }
        }
        Value::map(map).with_refs(&lost)
    }

    /// A bare name: a bound one; anything else makes sense only with what follows it.
    fn name(&self, name: &str, scope: Scope<'_>) -> Value {
        let mut bound = scope.bound;
        while let Some(binding) = bound {
            if binding.name == name {
                return binding.value.clone();
            }
            bound = binding.next;
        }
        Value::failed(format!("`{name}` is not a value"))
    }

    fn is_bound(name: &str, scope: Scope<'_>) -> bool {
        let mut bound = scope.bound;
        while let Some(binding) = bound {
            if binding.name == name {
                return true;
            }
            bound = binding.next;
        }
        false
    }

    fn get(&self, source: &Expr, name: &Arc<str>, scope: Scope<'_>) -> Value {
        if let ExprKind::Variable(root) = &source.kind
            && !Self::is_bound(root, scope)
            && let Some(value) = self.rooted(root, name, scope)
        {
            return value;
        }
        if let ExprKind::Get(inner, type_name) = &source.kind
            && let ExprKind::Variable(root) = &inner.kind
            && &**root == "data"
            && !Self::is_bound(root, scope)
        {
            return self.resource_value(scope.module, Mode::Data, type_name, name);
        }
        let source = self.eval(source, scope);
        self.member(&source, name)
    }

    /// `root.name` for the roots that the language knows; `None` for a member of `data`.
    fn rooted(&self, root: &str, name: &str, scope: Scope<'_>) -> Option<Value> {
        Some(match root {
            "var" => self.variable(scope.module, name),
            "local" => self.local(scope.module, name),
            "module" => self.module_value(scope.module, name),
            "data" => return None,
            "each" => self.each_value(name, scope),
            "count" => match scope.each.map(|each| &each.key) {
                Some(Key::Number(index)) => Value::number(f64::from(*index)),
                _ => Value::unknown("the number of instances is not known"),
            },
            "path" => self.path(name, scope),
            "terraform" => match (name, &self.workspace) {
                ("workspace", Some(workspace)) => Value::string(workspace.as_str()),
                _ => Value::unknown("the workspace is not known"),
            },
            "self" => Value::unknown("`self` is known only while applying"),
            "include" | "dependency" | "values" | "unit" | "stack" | "feature" if self.grunt.is_some() => {
                self.grunt_root(root, name)?
            }
            "ephemeral" => Value::unknown("ephemeral values are not read"),
            type_name => self.resource_value(scope.module, Mode::Managed, type_name, name),
        })
    }

    fn each_value(&self, name: &str, scope: Scope<'_>) -> Value {
        let Some(each) = scope.each else { return Value::failed("`each` has no meaning here") };
        match (name, &each.key) {
            ("key", Key::Text(key)) => Value::string(Arc::clone(key)),
            ("value", Key::Text(_)) => each.value.clone(),
            ("key", Key::Unknown) => {
                Value::unknown(each.value.reason().cloned().unwrap_or_else(|| "".into()))
            }
            ("value", Key::Unknown) => each.value.clone(),
            _ => Value::failed("`each` has no meaning here"),
        }
    }

    fn path(&self, name: &str, scope: Scope<'_>) -> Value {
        let module = self.instance(scope.module);
        let folder = module.module.map_or("", |config| config.folder.as_str());
        match name {
            "module" => Value::string(relative(&self.root_folder, folder)),
            "root" | "cwd" => Value::string("."),
            _ => Value::failed("an unknown path"),
        }
    }

    /// A module by its name: one instance, a list, or a map of them.
    fn module_value(&self, module: u32, name: &str) -> Value {
        let one = |key: &Key| match self.child(module, name, key) {
            Some(id) => Value::from(Kind::Module(id)),
            None => Value::failed(format!("there is no module `{name}`")),
        };
        match self.call_instances(module, name) {
            Instances::Single => one(&Key::None),
            Instances::Count(count) => {
                Value::list((0..count).map(|index| one(&Key::Number(index))).collect())
            }
            Instances::Each(map) => Value::map(
                map.keys().map(|key| (Arc::clone(key), one(&Key::Text(Arc::clone(key))))).collect(),
            ),
            Instances::Unknown(_) => one(&Key::Unknown),
        }
    }

    fn resource_value(&self, module: u32, mode: Mode, type_name: &str, name: &str) -> Value {
        let Some(resource) =
            self.instance(module).module.and_then(|config| config.resource(mode, type_name, name))
        else {
            return Value::failed(format!("there is no `{type_name}.{name}`"));
        };
        let one = |key: Key| Value::from(Kind::Instance(InstanceKey { module, resource, key }));
        match self.resource_expansion(module, resource) {
            Instances::Single => one(Key::None),
            Instances::Count(count) => Value::list((0..count).map(|index| one(Key::Number(index))).collect()),
            Instances::Each(map) => {
                Value::map(map.keys().map(|key| (Arc::clone(key), one(Key::Text(Arc::clone(key))))).collect())
            }
            Instances::Unknown(_) => one(Key::Unknown),
        }
    }

    /// An attribute of a value.
    pub(super) fn member(&self, source: &Value, name: &str) -> Value {
        match &source.kind {
            Kind::Map(map) => match map.get(name) {
                Some(value) => value.clone().with_refs(&source.refs),
                None => Value::failed(format!("there is no attribute `{name}`")).with_refs(&source.refs),
            },
            Kind::Instance(key) => self.attribute(key, name),
            Kind::Module(id) => self.output(*id, name),
            Kind::Unknown(unknown) => match &unknown.shape {
                Shape::Either(either) => each_of(either, &unknown.reason, |one| self.member(one, name)),
                _ => step(source, &format!(".{name}")),
            },
            // Blocks that occur once may be written as if they were not lists.
            Kind::List(items) if items.len() == 1 => self.member(&items[0], name),
            _ => Value::failed(format!("there is no attribute `{name}`")),
        }
    }

    fn index(&self, source: &Value, key: &Value) -> Value {
        match &source.kind {
            Kind::List(items) | Kind::Set(items) => match key.as_number() {
                Some(number) if number >= 0.0 && (number as usize) < items.len() => {
                    items[number as usize].clone().with_refs(&source.refs)
                }
                Some(_) => Value::failed("an index out of range"),
                None => {
                    let reason = key.reason().cloned().unwrap_or_else(|| "an index is not known".into());
                    either(items, &reason).with_refs(&source.refs)
                }
            },
            Kind::Map(map) => match key.text() {
                Some(name) => match map.get(&name) {
                    Some(value) => value.clone().with_refs(&source.refs),
                    None => Value::failed(format!("there is no element `{name}`")),
                },
                None => {
                    let reason = key.reason().cloned().unwrap_or_else(|| "a key is not known".into());
                    let values: Vec<Value> = map.values().cloned().collect();
                    either(&values, &reason).with_refs(&source.refs)
                }
            },
            Kind::Instance(InstanceKey { key: Key::Unknown, .. }) | Kind::Module(_) => source.clone(),
            Kind::Instance(_) => match key.text() {
                Some(name) if key.as_number().is_none() => self.member(source, &name),
                _ => source.clone(),
            },
            Kind::Unknown(unknown) => match (&unknown.shape, key.text()) {
                (Shape::Either(either), _) => each_of(either, &unknown.reason, |one| self.index(one, key)),
                (_, Some(text)) => step(source, &format!("[{text}]")),
                (_, None) => step(source, "[?]"),
            },
            _ => Value::failed("an index into something that has none"),
        }
    }

    fn splat(&self, source: &Expr, each: &Expr, scope: Scope<'_>) -> Value {
        let source = self.eval(source, scope);
        let apply = |item: &Value| self.eval(each, Scope { element: Some(item), ..scope });
        match &source.kind {
            Kind::List(items) | Kind::Set(items) => Value::list(items.iter().map(apply).collect()),
            Kind::Null => Value::list(Vec::new()),
            Kind::Unknown(_) => {
                let inner = apply(&source);
                Value::unknown(inner.reason().cloned().unwrap_or_else(|| "a list is not known".into()))
                    .with_refs(&inner.refs)
            }
            // One of an unknown number of instances stands for all of them.
            Kind::Instance(InstanceKey { key: Key::Unknown, .. }) => Value::list(vec![apply(&source)]),
            _ => Value::list(vec![apply(&source)]),
        }
        .with_refs(&source.refs)
    }

    fn conditional(&self, parts: &[Expr; 3], scope: Scope<'_>) -> Value {
        let condition = self.eval(&parts[0], scope);
        if condition.is_failed() {
            return condition;
        }
        match condition.as_bool() {
            Some(true) => self.eval(&parts[1], scope),
            Some(false) => self.eval(&parts[2], scope),
            None => {
                let reason = condition.reason().cloned().unwrap_or_else(|| "a condition is not known".into());
                either(&[self.eval(&parts[1], scope), self.eval(&parts[2], scope)], &reason)
            }
        }
    }

    fn binary(&self, operator: Operator, sides: &[Expr; 2], scope: Scope<'_>) -> Value {
        let left = self.eval(&sides[0], scope);
        let decided = match operator {
            Operator::And => left.as_bool() == Some(false),
            Operator::Or => left.as_bool() == Some(true),
            _ => false,
        };
        if decided {
            return left;
        }
        let right = self.eval(&sides[1], scope);
        let refs = super::value::join_refs(&left.refs, &right.refs);
        operate(operator, &left, &right).with_refs(&refs)
    }

    fn for_each(&self, each: &For, scope: Scope<'_>) -> Value {
        let collection = self.eval(&each.collection, scope);
        let known = collection.known_part();
        let pairs: Vec<(Value, Value)> = match &known.kind {
            Kind::Map(map) => {
                map.iter().map(|(key, value)| (Value::string(Arc::clone(key)), value.clone())).collect()
            }
            Kind::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| (Value::number(index as f64), value.clone()))
                .collect(),
            Kind::Set(items) => items.iter().map(|value| (value.clone(), value.clone())).collect(),
            Kind::Null => return Value::failed("`for` over null"),
            Kind::Instance(InstanceKey { key: Key::Unknown, .. }) => {
                return Value::unknown("the number of instances is not known")
                    .with_refs(&collection.deep_refs());
            }
            Kind::Unknown(unknown) => {
                return Value::shaped(
                    Arc::clone(&unknown.reason),
                    if collection.is_failed() { Shape::Failed } else { Shape::Nothing },
                )
                .with_refs(&collection.refs);
            }
            _ => return Value::failed("`for` over something that has no elements"),
        };
        let mut out = ForResult { unknown: collection.reason().cloned(), ..ForResult::default() };
        for (key, value) in pairs {
            let value_bound = Bound { name: &each.value_name, value, next: scope.bound };
            let key_bound;
            let bound = match &each.key_name {
                Some(name) => {
                    key_bound = Bound { name, value: key, next: Some(&value_bound) };
                    &key_bound
                }
                None => &value_bound,
            };
            self.for_step(each, Scope { bound: Some(bound), ..scope }, &mut out);
            if out.list.len() > MAX_ITEMS {
                return Value::unknown("too many elements");
            }
        }
        out.finish(each).with_refs(&collection.refs)
    }

    fn for_step(&self, each: &For, scope: Scope<'_>, out: &mut ForResult) {
        if let Some(condition) = &each.condition {
            let condition = self.eval(condition, scope);
            match condition.as_bool() {
                Some(true) => {}
                Some(false) => return,
                None => {
                    out.unknown =
                        condition.reason().cloned().or_else(|| Some("a condition is not known".into()));
                }
            }
        }
        let value = self.eval(&each.value, scope);
        if let Some(key) = &each.key {
            let key = self.eval(key, scope);
            match key.text() {
                Some(name) if each.grouping => out.groups.entry(name).or_default().push(value),
                Some(name) => drop(out.map.insert(name, value)),
                None => {
                    out.unknown = key.reason().cloned().or_else(|| Some("a key is not known".into()));
                    out.lost = super::value::join_refs(&out.lost, &value.deep_refs());
                }
            }
        } else {
            out.list.push(value);
        }
    }

    fn call(&self, name: &str, args: &[Expr], expansion: Expansion, scope: Scope<'_>) -> Value {
        match name {
            "try" => {
                let mut last = Value::failed("`try` has no arguments");
                for arg in args {
                    last = self.eval(arg, scope);
                    if !last.is_failed() {
                        return last;
                    }
                }
                return last;
            }
            "can" => {
                let Some(arg) = args.first() else { return Value::failed("`can` needs an argument") };
                let value = self.eval(arg, scope);
                return match (value.is_failed(), value.is_unknown()) {
                    (true, _) => Value::bool(false),
                    (_, true) => Value::unknown(value.reason().cloned().unwrap_or_else(|| "".into())),
                    _ => Value::bool(true),
                };
            }
            _ => {}
        }
        let mut values: Vec<Value> = args.iter().map(|arg| self.eval(arg, scope)).collect();
        if expansion == Expansion::Last
            && let Some(last) = values.pop()
        {
            match last.items() {
                Some(items) => values.extend(items.iter().cloned()),
                None => {
                    let refs = values.iter().fold(last.deep_refs(), |refs, value| {
                        super::value::join_refs(&refs, &value.deep_refs())
                    });
                    return Value::unknown(
                        last.reason().cloned().unwrap_or_else(|| "a list is not known".into()),
                    )
                    .with_refs(&refs);
                }
            }
        }
        if let Some(failed) = values.iter().find(|value| value.is_failed()) {
            return values.iter().fold(failed.clone(), |failed, value| failed.with_refs(&value.deep_refs()));
        }
        let values: Vec<Value> = values.into_iter().map(|value| self.settled(value)).collect();
        self.grunt_function(name, &values)
            .or_else(|| self.file_function(name, &values, scope))
            .unwrap_or_else(|| functions::call(name, &values))
    }

    /// Whole resources as functions see them: maps of what is configured.
    fn settled(&self, value: Value) -> Value {
        match &value.kind {
            Kind::Module(id) => {
                let instance = self.instance(*id);
                let Some(module) = instance.module else { return value };
                let outputs = module.outputs.keys();
                Value::map(outputs.map(|name| (Arc::from(*name), self.output(*id, name))).collect())
            }
            _ => value,
        }
    }

    /// A template.
    pub(super) fn template(&self, parts: &[Part], scope: Scope<'_>) -> Value {
        // `"${x}"` is x itself.
        if let [Part::Value(inner)] = parts {
            return self.eval(inner, scope);
        }
        let mut pieces = Vec::new();
        self.template_pieces(parts, scope, &mut pieces);
        functions::join_pieces(pieces)
    }

    fn template_pieces(&self, parts: &[Part], scope: Scope<'_>, out: &mut Vec<Value>) {
        for part in parts {
            if out.len() > MAX_ITEMS {
                return;
            }
            match part {
                Part::Literal(text) => out.push(Value::string(Arc::clone(text))),
                Part::Value(inner) => out.push(self.eval(inner, scope)),
                Part::If { condition, yes, no } => {
                    let condition = self.eval(condition, scope);
                    match condition.as_bool() {
                        Some(true) => self.template_pieces(yes, scope, out),
                        Some(false) => self.template_pieces(no, scope, out),
                        None => out.push(condition),
                    }
                }
                Part::For { key_name, value_name, collection, body } => {
                    let collection = self.eval(collection, scope);
                    let pairs: Vec<(Value, Value)> = match &collection.kind {
                        Kind::Map(map) => map
                            .iter()
                            .map(|(key, value)| (Value::string(Arc::clone(key)), value.clone()))
                            .collect(),
                        Kind::List(items) | Kind::Set(items) => items
                            .iter()
                            .enumerate()
                            .map(|(at, value)| (Value::number(at as f64), value.clone()))
                            .collect(),
                        _ => {
                            out.push(collection.clone());
                            continue;
                        }
                    };
                    for (key, value) in pairs {
                        let value_bound = Bound { name: value_name, value, next: scope.bound };
                        let key_bound = Bound {
                            name: key_name.as_deref().unwrap_or(""),
                            value: key,
                            next: Some(&value_bound),
                        };
                        self.template_pieces(body, Scope { bound: Some(&key_bound), ..scope }, out);
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct ForResult {
    list: Vec<Value>,
    map: BTreeMap<Arc<str>, Value>,
    groups: BTreeMap<Arc<str>, Vec<Value>>,
    /// Why it is not known whether this is all, and no more than that.
    unknown: Option<Arc<str>>,
    /// What entries without a name refer to.
    lost: Refs,
}

impl ForResult {
    fn finish(self, each: &For) -> Value {
        let groups = self.groups.into_iter().map(|(key, items)| (key, Value::list(items)));
        let known = match (&each.key, each.grouping) {
            (None, _) => Value::list(self.list),
            (Some(_), true) => Value::map(groups.collect()),
            (Some(_), false) => Value::map(self.map),
        };
        let Some(reason) = self.unknown else { return known };
        let refs = super::value::join_refs(&known.deep_refs(), &self.lost);
        Value::shaped(reason, Shape::Part(known)).with_refs(&refs)
    }
}

/// What a step makes of each of the values that the source may be.
fn each_of(source: &Either, reason: &Arc<str>, step: impl Fn(&Value) -> Value) -> Value {
    let values: Vec<Value> = source.of.iter().map(step).collect();
    either(&values, reason)
}

/// A step into an unknown: the path of the one attribute it rests on grows by the step.
fn step(source: &Value, step: &str) -> Value {
    let mut out = source.clone();
    if let Some(refs) = &source.refs
        && refs.len() == 1
        && let Some(only) = refs.first()
        && only.attribute.len() < 200
    {
        let longer = Ref {
            instance: only.instance.clone(),
            attribute: format!("{}{step}", only.attribute).trim_start_matches('.').into(),
        };
        out.refs = Some(Arc::new(std::collections::BTreeSet::from([longer])));
    }
    if let Kind::Unknown(unknown) = &out.kind
        && !matches!(unknown.shape, Shape::Nothing | Shape::Failed)
    {
        out.kind = Value::unknown(Arc::clone(&unknown.reason)).kind;
    }
    out
}

/// The element of an unknown list at an index.
pub(super) fn unknown_element(source: &Value, index: usize) -> Value {
    step(source, &format!("[{index}]"))
}

fn unary(value: &Value, apply: impl Fn(&Value) -> Option<Value>) -> Value {
    if value.is_unknown() {
        return value.clone();
    }
    apply(value).unwrap_or_else(|| Value::failed("a value of the wrong type")).with_refs(&value.refs)
}

fn operate(operator: Operator, left: &Value, right: &Value) -> Value {
    if let Some(failed) = [left, right].into_iter().find(|side| side.is_failed()) {
        return failed.clone();
    }
    match operator {
        Operator::Eq | Operator::NotEq => {
            let same = equal(left, right);
            return match same {
                Some(same) => Value::bool(same == (operator == Operator::Eq)),
                None => blame(left, right),
            };
        }
        Operator::And if right.as_bool() == Some(false) => return Value::bool(false),
        Operator::Or if right.as_bool() == Some(true) => return Value::bool(true),
        _ => {}
    }
    if left.is_unknown() || right.is_unknown() {
        return blame(left, right);
    }
    let wrong = || Value::failed("a value of the wrong type");
    if matches!(operator, Operator::And | Operator::Or) {
        let (Some(left), Some(right)) = (left.as_bool(), right.as_bool()) else { return wrong() };
        return Value::bool(if operator == Operator::And { left && right } else { left || right });
    }
    let (Some(a), Some(b)) = (left.as_number(), right.as_number()) else { return wrong() };
    match operator {
        Operator::Less => Value::bool(a < b),
        Operator::LessEq => Value::bool(a <= b),
        Operator::Greater => Value::bool(b < a),
        Operator::GreaterEq => Value::bool(b <= a),
        Operator::Add => Value::number(a + b),
        Operator::Sub => Value::number(a - b),
        Operator::Mul => Value::number(a * b),
        Operator::Div if b != 0.0 => Value::number(a / b),
        Operator::Mod if b != 0.0 => Value::number(a % b),
        _ => Value::failed("a division by zero"),
    }
}

fn blame(left: &Value, right: &Value) -> Value {
    let reason = left.reason().or_else(|| right.reason()).cloned();
    Value::unknown(reason.unwrap_or_else(|| "a part is not known".into()))
        .with_refs(&left.deep_refs())
        .with_refs(&right.deep_refs())
}

/// How `folder` is reached from `root`: both relative to the tree.
pub(super) fn relative(root: &str, folder: &str) -> String {
    let from: Vec<&str> = root.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<&str> = vec![".."; from.len() - shared];
    parts.extend(&to[shared..]);
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
