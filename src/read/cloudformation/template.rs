//! Templates and the evaluation of their intrinsic functions.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::value::{Data, Ref, Val};
use crate::read::yaml::{self, Node};
use crate::source::{Location, Problems, SourceFile, Tree};

/// How deep functions, nested stacks and imports may lead into each other.
const MAX_DEPTH: u32 = 64;

/// How many resources one loop may make.
const MAX_LOOP: usize = 1_000;

/// No template makes more resources than this.
const MAX_RESOURCES: usize = 5_000;

/// How many values one scan may make out of its templates.
const MAX_WORK: u64 = 20_000_000;

/// Longer texts are not put together: each function may multiply what the one inside made.
const MAX_TEXT: usize = 1 << 16;

/// One template.
pub(crate) struct Template {
    pub(crate) path: Arc<str>,
    pub(crate) folder: String,
    /// Path without its extension.
    pub(crate) name: String,
    pub(crate) root: Arc<Node>,
    /// Values given by people, environments or a parent stack, before defaults.
    pub(crate) given: BTreeMap<String, Val>,
    /// Other names by which a tool that makes the template knows resources.
    pub(crate) aliases: BTreeMap<String, String>,
}

impl Template {
    pub(crate) fn new(file: &SourceFile, root: Arc<Node>) -> Self {
        Template {
            path: Arc::clone(file.path()),
            folder: file.folder().to_owned(),
            name: stack_name(file.path()).to_owned(),
            root,
            given: BTreeMap::new(),
            aliases: BTreeMap::new(),
        }
    }
}

/// The path without the endings that templates have.
pub(crate) fn stack_name(path: &str) -> &str {
    let path =
        [".yaml", ".yml", ".json", ".template"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    path.strip_suffix(".template").unwrap_or(path)
}

/// One resource that a template makes.
pub(crate) struct Resource {
    pub(crate) stack: usize,
    pub(crate) logical: String,
    pub(crate) type_name: String,
    pub(crate) at: Location,
    pub(crate) properties: Val,
    /// Set when it depends on a condition that is not known.
    pub(crate) perhaps: Option<String>,
}

/// All templates of a scan.
pub(crate) struct World<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) templates: Vec<Template>,
    exports: BTreeMap<String, (usize, String)>,
    work: Cell<u64>,
}

/// Steps of a URL that may be the path of a template.
const MOST_STEPS: usize = 6;

/// Variables of loops, innermost last.
type Bindings<'b> = &'b [(String, String)];

impl<'a> World<'a> {
    pub(crate) fn new(tree: &'a Tree, templates: Vec<Template>) -> Self {
        let mut world = World { tree, templates, exports: BTreeMap::new(), work: Cell::new(0) };
        world.give_to_children();
        world.collect_exports();
        world
    }

    /// Nested stacks get the parameters that their parent gives, when there is one parent.
    fn give_to_children(&mut self) {
        let mut given: BTreeMap<usize, Vec<BTreeMap<String, Val>>> = BTreeMap::new();
        for stack in 0..self.templates.len() {
            for (_, node) in self.resource_nodes(stack) {
                let Some(child) = self.child(stack, &node) else { continue };
                let parameters =
                    node.at(&["Properties", "Parameters"]).map(Node::entries).unwrap_or_default();
                let values = parameters
                    .into_iter()
                    .map(|(key, value)| (key.text.to_string(), self.eval(stack, value)));
                given.entry(child).or_default().push(values.collect());
            }
        }
        for (child, mut parents) in given {
            if let (Some(values), true) = (parents.pop(), parents.is_empty()) {
                self.templates[child].given = values;
            }
        }
    }

    fn collect_exports(&mut self) {
        let mut exports = BTreeMap::new();
        for stack in 0..self.templates.len() {
            for (key, output) in self.section(stack, "Outputs") {
                let Some(name) = output.at(&["Export", "Name"]) else { continue };
                let name = self.eval(stack, name).pattern();
                if name != "*" {
                    exports.insert(name, (stack, key));
                }
            }
        }
        self.exports = exports;
    }

    /// The output that is exported under a name; where parts of names are given when stacks are made, the only
    /// one that may be it.
    fn export(&self, name: &str) -> Option<&(usize, String)> {
        if name.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST_KNOWN {
            return None;
        }
        self.exports.get(name).or_else(|| {
            let mut found = self.exports.iter().filter(|(other, _)| may_be_same(name, other));
            let first = found.next()?;
            found.next().is_none().then_some(first.1)
        })
    }

    /// The template of a nested stack, when its URL is a path among the scanned files.
    pub(crate) fn child(&self, stack: usize, resource: &Node) -> Option<usize> {
        let kind = resource.str_at(&["Type"])?;
        if !matches!(kind, "AWS::CloudFormation::Stack" | "AWS::Serverless::Application") {
            return None;
        }
        let url = resource.at(&["Properties", "TemplateURL"]).or(resource.at(&["Properties", "Location"]))?;
        let url = self.eval(stack, url).pattern();
        let folder = &self.templates[stack].folder;
        let local = self.tree.join(folder, &url).map(|file| Arc::clone(file.path()));
        let path = local.or_else(|| self.by_end_of(folder, &url))?;
        self.templates.iter().position(|template| template.path == path || template.name == stack_name(&path))
    }

    /// A template in a bucket has the path that it has here, seen from the folder of the stack or one above, below
    /// some prefix.
    fn by_end_of(&self, folder: &str, url: &str) -> Option<Arc<str>> {
        let path = url.split(['?', '#']).next()?.rsplit('*').next()?;
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        steps.last().filter(|name| name.contains('.'))?;
        let first = steps.len().saturating_sub(MOST_STEPS);
        let around = folder.rmatch_indices('/').map(|(at, _)| &folder[..at]);
        let holders: Vec<&str> = std::iter::once(folder).chain(around).chain([""]).collect();
        (first..steps.len()).find_map(|start| {
            let end = steps[start..].join("/");
            holders.iter().find_map(|holder| Some(Arc::clone(self.tree.join(holder, &end)?.path())))
        })
    }

    fn section(&self, stack: usize, name: &str) -> Vec<(String, Arc<Node>)> {
        let Some(section) = self.templates[stack].root.get(name) else { return Vec::new() };
        let entries = section.entries().into_iter();
        entries
            .filter_map(|(key, _)| Some((key.text.to_string(), Arc::clone(section.get_shared(&key.text)?))))
            .collect()
    }

    fn resource_nodes(&self, stack: usize) -> Vec<(String, Arc<Node>)> {
        self.section(stack, "Resources")
    }

    /// The resources that a template makes as it is deployed; those whose condition is false are left out.
    pub(crate) fn resources(&self, stack: usize, problems: &mut Problems) -> Vec<Resource> {
        let mut out = Vec::new();
        for (key, node) in self.resource_nodes(stack) {
            self.expand(stack, &key, &node, &mut Vec::new(), &mut out, problems);
        }
        out
    }

    fn expand(
        &self,
        stack: usize,
        key: &str,
        node: &Arc<Node>,
        bindings: &mut Vec<(String, String)>,
        out: &mut Vec<Resource>,
        problems: &mut Problems,
    ) {
        if let Some(loop_name) = key.strip_prefix("Fn::ForEach::") {
            return self.expand_loop(stack, loop_name, node, bindings, out, problems);
        }
        let Some(type_name) = node.str_at(&["Type"]) else { return };
        let condition = node.str_at(&["Condition"]);
        let holds = condition.map(|name| self.condition(stack, name, 0));
        if holds == Some(Some(false)) || out.len() >= MAX_RESOURCES {
            return;
        }
        let properties = match node.get("Properties") {
            Some(properties) => self.eval_with(stack, properties, bindings, 0),
            None => Val::new(Data::Map(Vec::new()), &node.location),
        };
        let properties = self.with_globals(stack, type_name, properties);
        out.push(Resource {
            stack,
            logical: substitute(key, bindings),
            type_name: substitute(type_name, bindings),
            at: self.place_of(stack, key, node),
            properties,
            perhaps: holds
                .filter(Option::is_none)
                .and(condition)
                .map(|name| format!("condition `{name}` is not known")),
        });
    }

    /// What SAM's `Globals` say for all resources of a type holds where the resource itself says nothing.
    fn with_globals(&self, stack: usize, type_name: &str, own: Val) -> Val {
        let globals = type_name
            .strip_prefix("AWS::Serverless::")
            .and_then(|kind| self.templates[stack].root.at(&["Globals", kind]));
        match globals {
            Some(globals) => merged(self.eval(stack, globals), own, 0),
            None => own,
        }
    }

    /// The place of the resource's name.
    fn place_of(&self, stack: usize, key: &str, node: &Node) -> Location {
        let resources = self.templates[stack].root.get("Resources");
        let place = resources.and_then(|resources| resources.key(key)).map(|key| key.location.clone());
        place.unwrap_or_else(|| node.location.clone())
    }

    fn expand_loop(
        &self,
        stack: usize,
        name: &str,
        node: &Arc<Node>,
        bindings: &mut Vec<(String, String)>,
        out: &mut Vec<Resource>,
        problems: &mut Problems,
    ) {
        let [variable, collection, body] = node.items() else {
            return problems.warning(
                node.location.clone(),
                format!("loop `{name}` is not read: it has not three parts"),
            );
        };
        let collection = self.eval_with(stack, collection, bindings, 0);
        if matches!(collection.data, Data::Unknown { .. }) || bindings.len() > 4 {
            return problems
                .warning(node.location.clone(), format!("loop `{name}` is not read: its list is not known"));
        }
        for item in collection.items().into_iter().take(MAX_LOOP) {
            if out.len() >= MAX_RESOURCES {
                let message = format!("loop `{name}` makes more resources than are read");
                return problems.warning(node.location.clone(), message);
            }
            let Some(text) = item.text() else { continue };
            bindings.push((variable.str().unwrap_or("").to_owned(), text.to_owned()));
            for (key, _) in body.entries() {
                if let Some(inner) = body.get_shared(&key.text) {
                    self.expand(stack, &key.text, inner, bindings, out, problems);
                }
            }
            bindings.pop();
        }
    }

    pub(crate) fn eval(&self, stack: usize, node: &Node) -> Val {
        self.eval_with(stack, node, &[], 0)
    }

    fn eval_with(&self, stack: usize, node: &Node, bindings: Bindings<'_>, depth: u32) -> Val {
        self.work.set(self.work.get() + 1);
        if depth > MAX_DEPTH || self.work.get() > MAX_WORK {
            return Val::unknown("it is nested too deeply to be worked out", &node.location);
        }
        let cx = Eval { world: self, stack, bindings, depth };
        if let Some(tag) = node.tag_name().filter(|tag| !tag.is_empty()) {
            return cx.function(tag, node, node);
        }
        match &node.data {
            yaml::Data::Scalar { .. } if node.is_null() => Val::new(Data::Absent, &node.location),
            yaml::Data::Scalar { text, .. } => Val::text_of(substitute(text, bindings), &node.location),
            yaml::Data::Sequence(items) => {
                let items = items.iter().map(|item| cx.eval(item)).filter(|item| !item.is_absent()).collect();
                Val::new(Data::List(items), &node.location)
            }
            yaml::Data::Mapping(entries) => {
                if let [(key, argument)] = entries.as_slice()
                    && let Some(name) = function_name(&key.text)
                {
                    return cx.function(name, argument, node);
                }
                let entries = node
                    .entries()
                    .into_iter()
                    .map(|(key, value)| (substitute(&key.text, bindings), cx.eval(value)));
                Val::new(Data::Map(entries.filter(|(_, value)| !value.is_absent()).collect()), &node.location)
            }
        }
    }

    /// Whether a condition holds; `None` when that is not known.
    fn condition(&self, stack: usize, name: &str, depth: u32) -> Option<bool> {
        let node = self.templates[stack].root.at(&["Conditions", name])?;
        Eval { world: self, stack, bindings: &[], depth: depth + 1 }.truth(node)
    }

    fn parameter(&self, stack: usize, name: &str, at: &Location) -> Option<Val> {
        let template = &self.templates[stack];
        let declared = template.root.at(&["Parameters", name])?;
        if let Some(given) = template.given.get(name) {
            return Some(given.clone());
        }
        let kind = declared.str_at(&["Type"]).unwrap_or("String");
        let Some(default) = declared.get("Default") else {
            return Some(Val::unknown(format!("parameter `{name}` has no default"), at));
        };
        if kind.starts_with("AWS::SSM::") {
            return Some(Val::unknown(format!("parameter `{name}` is read from the parameter store"), at));
        }
        let text = default.str().unwrap_or("");
        if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let items = items.map(|item| Val::text_of(item, &default.location)).collect();
            return Some(Val::new(Data::List(items), &default.location));
        }
        Some(Val::text_of(text, &default.location))
    }
}

/// What a value says that imports what no template exports; the name follows.
const UNANSWERED: &str = "no scanned template exports ";

/// What an output says of a nested stack whose template is not there; its name follows.
const ELSEWHERE: &str = "nothing scanned is the template of nested stack ";

/// So many letters of a name must be known to compare it with another.
const SHORTEST_KNOWN: usize = 3;

/// What another stack, which was not scanned, says: its name and why it is not known.
pub(crate) fn said_elsewhere(reason: &str) -> Option<(&str, &'static str)> {
    let (name, because) = match (reason.strip_prefix(UNANSWERED), reason.strip_prefix(ELSEWHERE)) {
        (Some(name), _) => (name, "no template that was read exports it"),
        (_, Some(name)) => (name, "the template of the nested stack was not read"),
        _ => return None,
    };
    Some((name.trim_matches('`'), because))
}

/// Whether two names of which parts (`*`) are not known can be one.
fn may_be_same(one: &str, other: &str) -> bool {
    let ends = |name: &str| {
        let (first, last) = (name.find('*')?, name.rfind('*')?);
        Some((name[..first].to_owned(), name[last + 1..].to_owned()))
    };
    let whole = |name: &str| (name.to_owned(), name.to_owned());
    if !one.contains('*') && !other.contains('*') {
        return one == other;
    }
    let (a, b) = (ends(one).unwrap_or_else(|| whole(one)), ends(other).unwrap_or_else(|| whole(other)));
    let known = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST_KNOWN;
    // Each part that is known of both must agree, and the end, which says what it is, must be known.
    let agree = |a: &str, b: &str, fits: fn(&str, &str) -> bool| fits(a, b) || fits(b, a);
    known(&a.1)
        && known(&b.1)
        && agree(&a.1, &b.1, |long, short| long.ends_with(short))
        && agree(&a.0, &b.0, |long, short| long.starts_with(short))
}

/// What holds for all with what holds for one: mappings are merged, lists follow each other, else the one decides.
fn merged(all: Val, one: Val, depth: u32) -> Val {
    if depth > MAX_DEPTH {
        return one;
    }
    match (all.data, one.data) {
        (Data::Map(all_entries), Data::Map(own)) => {
            let mut out = own;
            for (key, value) in all_entries {
                match out.iter().position(|(other, _)| *other == key) {
                    Some(at) => {
                        let (key, own) = out.remove(at);
                        out.insert(at, (key, merged(value, own, depth + 1)));
                    }
                    None => out.push((key, value)),
                }
            }
            Val { data: Data::Map(out), refs: [all.refs, one.refs].concat(), at: one.at }
        }
        (Data::List(all_items), Data::List(own)) => Val {
            data: Data::List([all_items, own].concat()),
            refs: [all.refs, one.refs].concat(),
            at: one.at,
        },
        (_, data) => Val { data, refs: one.refs, at: one.at },
    }
}

/// `Ref`, `Condition` and what follows `Fn::`.
fn function_name(key: &str) -> Option<&str> {
    match key {
        "Ref" | "Condition" => Some(key),
        _ => key.strip_prefix("Fn::").filter(|name| !name.starts_with("ForEach")),
    }
}

fn substitute(text: &str, bindings: Bindings<'_>) -> String {
    let mut out = text.to_owned();
    for (name, value) in bindings.iter().rev() {
        if out.contains('{') {
            out = out.replace(&format!("${{{name}}}"), value).replace(&format!("&{{{name}}}"), value);
        }
    }
    out
}

struct Eval<'w, 'a> {
    world: &'w World<'a>,
    stack: usize,
    bindings: Bindings<'w>,
    depth: u32,
}

impl Eval<'_, '_> {
    fn eval(&self, node: &Node) -> Val {
        self.world.eval_with(self.stack, node, self.bindings, self.depth + 1)
    }

    /// The arguments without the tag that made them some.
    fn arguments(&self, node: &Node) -> Vec<Val> {
        node.items().iter().map(|item| self.eval(item)).collect()
    }

    fn function(&self, name: &str, argument: &Node, whole: &Node) -> Val {
        let at = &whole.location;
        match name {
            "Ref" => self.reference(argument.str().unwrap_or(""), at),
            "GetAtt" => self.attribute(argument, at),
            "Sub" => self.sub(argument, at),
            "Join" => self.join(argument, at),
            "Select" => self.select(argument, at),
            "Split" => self.split(argument, at),
            "If" => self.choose(argument, at),
            "FindInMap" => self.find_in_map(argument, at),
            "GetAZs" => Val::new(Data::Zones, at),
            "ImportValue" => self.import(argument, at),
            "Base64" => self.argument("Base64", argument),
            // A text in which another tool's variables were not known.
            "Unsaid" => {
                let partial = argument.str().map(str::to_owned);
                let reason = "a variable is not known".to_owned();
                Val::new(Data::Unknown { reason, partial }, at)
            }
            "And" | "Or" | "Not" | "Equals" | "Condition" => match self.truth_of(name, argument) {
                Some(value) => Val::text_of(value.to_string(), at),
                None => Val::unknown("a condition is not known", at),
            },
            _ => {
                let mut out = Val::unknown(format!("`{name}` is not worked out"), at);
                out.refs = self
                    .untagged(argument)
                    .leaves()
                    .into_iter()
                    .flat_map(|(_, leaf)| leaf.refs.clone())
                    .collect();
                out
            }
        }
    }

    /// The value of the argument of a function: as a short form it carries that function's tag, else perhaps
    /// the one of another.
    fn argument(&self, function: &str, argument: &Node) -> Val {
        match argument.tag_name() {
            Some(tag) if !tag.is_empty() && tag != function => self.eval(argument),
            _ => self.untagged(argument),
        }
    }

    /// The value of an argument, which may itself carry the tag of the function it belongs to.
    fn untagged(&self, node: &Node) -> Val {
        match &node.data {
            yaml::Data::Scalar { text, .. } => Val::text_of(substitute(text, self.bindings), &node.location),
            yaml::Data::Sequence(items) => {
                Val::new(Data::List(items.iter().map(|item| self.eval(item)).collect()), &node.location)
            }
            yaml::Data::Mapping(entries) => match entries.as_slice() {
                [(key, argument)] if function_name(&key.text).is_some() => {
                    self.function(function_name(&key.text).unwrap_or(""), argument, argument)
                }
                _ => {
                    let entries = node.entries().into_iter();
                    let entries =
                        entries.map(|(key, value)| (key.text.to_string(), self.eval(value))).collect();
                    Val::new(Data::Map(entries), &node.location)
                }
            },
        }
    }

    fn reference(&self, name: &str, at: &Location) -> Val {
        if let Some((_, value)) = self.bindings.iter().rev().find(|(variable, _)| variable == name) {
            return Val::text_of(value, at);
        }
        match name {
            "AWS::NoValue" => return Val::new(Data::Absent, at),
            "AWS::Region" => return Val::unknown("the region is given when the stack is made", at),
            "AWS::URLSuffix" => return Val::text_of("amazonaws.com", at),
            _ if name.starts_with("AWS::") => {
                return Val::unknown(format!("`{name}` is given when the stack is made"), at);
            }
            _ => {}
        }
        if let Some(value) = self.world.parameter(self.stack, name, at) {
            return value;
        }
        // The transform of AWS SAM makes versions and aliases of functions and state machines.
        let made = [".Version", ".Alias"].iter().find_map(|made| name.strip_suffix(made));
        self.resource(made.unwrap_or(name), at)
    }

    /// A value of a resource: not known before it is made, but known to rest on it.
    fn resource(&self, name: &str, at: &Location) -> Val {
        let name = self.world.templates[self.stack].aliases.get(name).map_or(name, String::as_str);
        let mut out = Val::unknown(format!("`{name}` says it once it is made"), at);
        out.refs.push(Ref { stack: self.stack, logical: name.to_owned(), at: at.clone() });
        out
    }

    fn attribute(&self, argument: &Node, at: &Location) -> Val {
        let (logical, attribute) = match argument.items() {
            [logical, rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(|part| self.eval(part).pattern()).collect();
                (substitute(logical.str().unwrap_or(""), self.bindings), rest.join("."))
            }
            [] => {
                let text = substitute(argument.str().unwrap_or(""), self.bindings);
                let (logical, attribute) = text.split_once('.').unwrap_or((&text, ""));
                (logical.to_owned(), attribute.to_owned())
            }
        };
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            let resource = self.world.templates[self.stack].root.at(&["Resources", &logical]);
            let child = resource.and_then(|resource| self.world.child(self.stack, resource));
            if let Some(child) = child
                && let Some(value) = self.world.templates[child].root.at(&["Outputs", output, "Value"])
            {
                return self.world.eval_with(child, value, &[], self.depth + 1);
            }
            if resource.is_some() && child.is_none() {
                return Val::unknown(format!("{ELSEWHERE}`{logical}`"), at);
            }
        }
        self.resource(&logical, at)
    }

    fn sub(&self, argument: &Node, at: &Location) -> Val {
        let (text, variables) = match argument.items() {
            [text, variables] => (text.str().unwrap_or("").to_owned(), Some(self.eval(variables))),
            _ => (argument.str().unwrap_or("").to_owned(), None),
        };
        let text = substitute(&text, self.bindings);
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, tail)) = rest.split_once("${") {
            parts.push(Val::text_of(before, at));
            let Some((name, after)) = tail.split_once('}') else {
                parts.push(Val::text_of(tail, at));
                rest = "";
                break;
            };
            parts.push(self.sub_name(name.trim(), variables.as_ref(), at));
            rest = after;
        }
        parts.push(Val::text_of(rest, at));
        concat(parts, "", at)
    }

    fn sub_name(&self, name: &str, variables: Option<&Val>, at: &Location) -> Val {
        if let Some(literal) = name.strip_prefix('!') {
            return Val::text_of(format!("${{{literal}}}"), at);
        }
        let own = variables.and_then(|variables| variables.entries().iter().find(|(key, _)| key == name));
        if let Some((_, value)) = own {
            return value.clone();
        }
        match name.split_once('.') {
            Some(_) => self.attribute(&Node::scalar(name, false, at), at),
            None => self.reference(name, at),
        }
    }

    fn join(&self, argument: &Node, at: &Location) -> Val {
        let [separator, list] = argument.items() else { return Val::unknown("`Join` has not two parts", at) };
        let list = self.eval(list);
        match &list.data {
            Data::List(items) => concat(items.clone(), separator.str().unwrap_or(""), at),
            Data::Text(_) => list,
            _ => Val { at: at.clone(), ..list },
        }
    }

    fn select(&self, argument: &Node, at: &Location) -> Val {
        let arguments = self.arguments(argument);
        let [index, list] = arguments.as_slice() else {
            return Val::unknown("`Select` has not two parts", at);
        };
        let index = index.number().map(|number| number as usize);
        match (&list.data, index) {
            (Data::List(items), Some(index)) => match items.get(index) {
                Some(item) => item.clone(),
                None => Val::unknown("`Select` looks past the end of its list", at),
            },
            (Data::Zones, Some(index)) => Val::new(Data::Zone(index as u32), at),
            _ => Val {
                data: Val::unknown("a list is not known", at).data,
                refs: list.refs.clone(),
                at: at.clone(),
            },
        }
    }

    fn split(&self, argument: &Node, at: &Location) -> Val {
        let arguments = self.arguments(argument);
        match arguments.as_slice() {
            [separator, text] => match (separator.text(), text.text()) {
                (Some(separator), Some(text)) if !separator.is_empty() => Val::new(
                    Data::List(text.split(separator).map(|part| Val::text_of(part, at)).collect()),
                    at,
                ),
                _ => Val {
                    data: Val::unknown("a text is not known", at).data,
                    refs: text.refs.clone(),
                    at: at.clone(),
                },
            },
            _ => Val::unknown("`Split` has not two parts", at),
        }
    }

    fn choose(&self, argument: &Node, at: &Location) -> Val {
        let [condition, yes, no] = argument.items() else {
            return Val::unknown("`If` has not three parts", at);
        };
        let name = condition.str().unwrap_or("");
        match self.world.condition(self.stack, name, self.depth) {
            Some(true) => self.eval(yes),
            Some(false) => self.eval(no),
            None => {
                let (yes, no) = (self.eval(yes), self.eval(no));
                let mut out = Val::unknown(format!("condition `{name}` is not known"), at);
                let both = yes.leaves().into_iter().chain(no.leaves());
                out.refs = both.flat_map(|(_, leaf)| leaf.refs.clone()).collect();
                out
            }
        }
    }

    fn find_in_map(&self, argument: &Node, at: &Location) -> Val {
        let arguments = self.arguments(argument);
        let [map, first, second, ..] = arguments.as_slice() else {
            return Val::unknown("`FindInMap` has not three parts", at);
        };
        let (Some(map), Some(second)) = (map.text(), second.text()) else {
            return Val::unknown("a key of a mapping is not known", at);
        };
        let mappings = &self.world.templates[self.stack].root;
        match first.text() {
            Some(first) => match mappings.at(&["Mappings", map, first, second]) {
                Some(value) => self.eval(value),
                None => Val::unknown(format!("mapping `{map}` has no `{first}`, `{second}`"), at),
            },
            // Whatever the first key is: the value is known when all say the same.
            None => {
                let table = mappings.at(&["Mappings", map]).map(Node::entries).unwrap_or_default();
                let mut values = table.iter().map(|(_, row)| row.get(second).and_then(Node::str));
                let same = values.next().flatten().filter(|value| values.all(|other| other == Some(*value)));
                match same {
                    Some(value) => Val::text_of(value, at),
                    None => Val::unknown("a key of a mapping is not known", at),
                }
            }
        }
    }

    fn import(&self, argument: &Node, at: &Location) -> Val {
        let name = self.argument("ImportValue", argument).pattern();
        let found = self.world.export(&name);
        let value = found.and_then(|(stack, output)| {
            let node = self.world.templates[*stack].root.at(&["Outputs", output, "Value"])?;
            Some(self.world.eval_with(*stack, node, &[], self.depth + 1))
        });
        value.unwrap_or_else(|| Val::unknown(format!("{UNANSWERED}`{name}`"), at))
    }

    fn truth(&self, node: &Node) -> Option<bool> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        if let Some(tag) = node.tag_name().filter(|tag| !tag.is_empty()) {
            return self.truth_of(tag, node);
        }
        match &node.data {
            yaml::Data::Mapping(entries) => match entries.as_slice() {
                [(key, argument)] => self.truth_of(function_name(&key.text)?, argument),
                _ => None,
            },
            _ => node.bool(),
        }
    }

    fn truth_of(&self, name: &str, argument: &Node) -> Option<bool> {
        let deeper =
            Eval { world: self.world, stack: self.stack, bindings: self.bindings, depth: self.depth + 1 };
        let parts = argument.items();
        match name {
            "Equals" => {
                let [left, right] = parts else { return None };
                let (left, right) = (deeper.eval(left), deeper.eval(right));
                Some(left.text()? == right.text()?)
            }
            "Not" => deeper.truth(parts.first()?).map(|value| !value),
            "And" => {
                let values: Vec<_> = parts.iter().map(|part| deeper.truth(part)).collect();
                if values.contains(&Some(false)) {
                    Some(false)
                } else {
                    (!values.contains(&None)).then_some(true)
                }
            }
            "Or" => {
                let values: Vec<_> = parts.iter().map(|part| deeper.truth(part)).collect();
                if values.contains(&Some(true)) {
                    Some(true)
                } else {
                    (!values.contains(&None)).then_some(false)
                }
            }
            "Condition" => self.world.condition(self.stack, argument.str()?, self.depth + 1),
            _ => None,
        }
    }
}

/// Texts in a row; what is not known leaves a `*`.
fn concat(parts: Vec<Val>, separator: &str, at: &Location) -> Val {
    let refs: Vec<Ref> =
        parts.iter().flat_map(|part| part.leaves()).flat_map(|(_, leaf)| leaf.refs.clone()).collect();
    let texts: Vec<String> = parts.iter().map(Val::pattern).collect();
    if texts.iter().map(|text| text.len() + separator.len()).sum::<usize>() > MAX_TEXT {
        return Val::unknown("the text is too long to be put together", at);
    }
    let text = texts.join(separator);
    let unknown = parts.iter().find_map(|part| match &part.data {
        Data::Text(_) => None,
        Data::Unknown { reason, .. } => Some(reason.clone()),
        _ => Some("a part of the text is not known".to_owned()),
    });
    let data = match unknown {
        Some(reason) => Data::Unknown { reason, partial: Some(text) },
        None => Data::Text(text),
    };
    Val { data, refs, at: at.clone() }
}
