//! Open-PSA models (MEF, XML): fault trees with their events' probabilities.
//!
//! Read: fault trees with components and scoping, gates with nested formulas, basic and house events, parameters,
//! expressions as far as they have a point value (a distribution counts with its mean), several files, `include`.
//! Event trees and alignments are left out with a note; a model with substitutions, which change its cut sets, is refused;
//! entities are never expanded.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as XmlEvent};

use crate::source::{Location, Problems, SourceFile};

mod expression;

/// Elements may not be nested deeper than this.
const DEPTH: usize = 400;
/// Files that one model may include, directly or not.
const INCLUDES: usize = 1_000;

/// How a gate combines its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connective {
    /// Any argument.
    Or,
    /// Every argument.
    And,
    /// At least this many arguments.
    AtLeast(u32),
    /// The opposite of one argument.
    Not,
    /// Exactly one of two arguments.
    Xor,
    /// Not every argument.
    Nand,
    /// No argument.
    Nor,
}

/// What a gate combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A house event or constant.
    Constant(bool),
    /// A position in [`Model::events`].
    Event(usize),
    /// A position in [`Model::gates`].
    Gate(usize),
}

/// A gate, or a formula within one.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its name, with its path where the name alone is not unique; empty for a formula within a formula.
    pub name: Arc<str>,
    /// Where it is defined.
    pub location: Location,
    /// How it combines its arguments.
    pub connective: Connective,
    /// What it combines.
    pub arguments: Vec<Argument>,
}

/// A basic event.
#[derive(Clone, Debug)]
pub struct BasicEvent {
    /// Its name, with its path where the name alone is not unique.
    pub name: Arc<str>,
    /// Where it is defined, or first used when it is not.
    pub location: Location,
    /// Its probability, 0 to 1; `None` when the model does not say.
    pub probability: Option<f64>,
}

/// What a set of files says.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// All basic events.
    pub events: Vec<BasicEvent>,
    /// All gates, formulas within formulas included.
    pub gates: Vec<Gate>,
    /// Named gates that no other gate uses, in order of appearance.
    pub tops: Vec<usize>,
    /// Positions of named gates, by name.
    pub named: BTreeMap<Arc<str>, usize>,
}

/// What reading depends on beside the files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What `system-mission-time` stands for, in hours; a year unless the caller says otherwise.
    pub mission_hours: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { mission_hours: 8_760.0 }
    }
}

/// Reads a model from files. `include` finds a file that another includes; it says in words why it cannot.
///
/// The model is `None` when a problem of severity error was raised: a model in part would be another model.
pub fn read(
    files: Vec<SourceFile>,
    settings: Settings,
    include: &mut dyn FnMut(&SourceFile, &str) -> Result<SourceFile, String>,
) -> (Option<Model>, Problems) {
    let mut problems = Problems::new();
    let files = with_included(files, include, &mut problems);
    let documents: Vec<Document<'_>> =
        files.iter().filter_map(|file| Document::parse(file, &mut problems)).collect();
    let mut definitions = Definitions::default();
    for document in &documents {
        definitions.collect(document, &mut problems);
    }
    let model = Resolver::new(&definitions, settings, &mut problems).model();
    let failed = problems.iter().any(|problem| problem.severity == crate::source::Severity::Error);
    ((!failed).then_some(model), problems)
}

fn with_included(
    files: Vec<SourceFile>,
    include: &mut dyn FnMut(&SourceFile, &str) -> Result<SourceFile, String>,
    problems: &mut Problems,
) -> Vec<SourceFile> {
    let mut all: Vec<SourceFile> = files;
    let mut next = 0;
    let given = all.len();
    while next < all.len() {
        let mut found = Vec::new();
        // Most models include nothing: those are parsed once.
        let may_include = all[next].text().contains("<include");
        if let Some(document) =
            may_include.then(|| Document::parse(&all[next], &mut Problems::new())).flatten()
        {
            for element in document.elements.iter().filter(|element| element.name == "include") {
                let place = document.file.location(element.offset);
                let Some(name) = element.attribute("file").or_else(|| element.attribute("href")) else {
                    problems.error(place, "`include` names no file: give it a `file`");
                    continue;
                };
                match include(&all[next], name) {
                    Ok(file) => found.push((place, file)),
                    Err(reason) => problems.error(place, format!("failed to include `{name}`: {reason}")),
                }
            }
        }
        for (place, file) in found {
            if all.iter().any(|known| known.path() == file.path()) {
                continue;
            }
            if all.len() >= given + INCLUDES {
                problems.error(place, format!("more than {INCLUDES} files are included"));
                return all;
            }
            all.push(file);
        }
        next += 1;
    }
    all
}

/// An element of a document.
#[derive(Debug)]
struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    children: Vec<usize>,
    offset: usize,
}

impl Element<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    }
}

/// The elements of one file; the root is the first.
struct Document<'a> {
    file: &'a SourceFile,
    elements: Vec<Element<'a>>,
}

impl<'a> Document<'a> {
    fn parse(file: &'a SourceFile, problems: &mut Problems) -> Option<Self> {
        match Self::try_parse(file) {
            Ok(document) => Some(document),
            Err((offset, message)) => {
                problems.error(file.location(offset), message);
                None
            }
        }
    }

    fn try_parse(file: &'a SourceFile) -> Result<Self, (usize, String)> {
        let mut reader = Reader::from_str(file.text());
        let mut elements: Vec<Element<'a>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let offset = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(|error| {
                (reader.error_position() as usize, format!("failed to read the XML: {error}"))
            })?;
            match event {
                XmlEvent::Start(tag) => {
                    let at = Self::add(&mut elements, &open, &tag, file, offset)?;
                    if open.len() >= DEPTH {
                        return Err((offset, format!("elements are nested deeper than {DEPTH} levels")));
                    }
                    open.push(at);
                }
                XmlEvent::Empty(tag) => {
                    Self::add(&mut elements, &open, &tag, file, offset)?;
                }
                XmlEvent::End(_) => drop(open.pop()),
                XmlEvent::Eof if !open.is_empty() => {
                    let last = &elements[open[open.len() - 1]];
                    return Err((last.offset, format!("the element `{}` is never closed", last.name)));
                }
                XmlEvent::Eof => break,
                _ => {}
            }
        }
        match elements.first() {
            None => Err((0, "the file holds no XML element".to_owned())),
            Some(root) if root.name != "opsa-mef" => Err((
                root.offset,
                format!("the root element is `{}`; an Open-PSA model starts with `opsa-mef`", root.name),
            )),
            Some(_) => Ok(Document { file, elements }),
        }
    }

    fn add(
        elements: &mut Vec<Element<'a>>,
        open: &[usize],
        tag: &BytesStart<'a>,
        file: &'a SourceFile,
        offset: usize,
    ) -> Result<usize, (usize, String)> {
        let failed = |what: String| (offset, what);
        // The tag borrows the file's text: names are sliced from there.
        let text = file.text();
        let start = offset + 1;
        let length = tag.name().as_ref().len();
        let name =
            text.get(start..start + length).ok_or_else(|| failed("failed to read a tag".to_owned()))?;
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute
                .map_err(|error| failed(format!("failed to read an attribute of `{name}`: {error}")))?;
            let key = attribute.key.as_ref();
            let value = attribute
                .unescape_value()
                .map_err(|error| failed(format!("failed to read an attribute of `{name}`: {error}")))?;
            attributes.push((known_key(key), Cow::Owned(value.into_owned())));
        }
        if open.is_empty() && !elements.is_empty() {
            return Err(failed(format!("a second root element `{name}`")));
        }
        let at = elements.len();
        if let Some(&parent) = open.last() {
            elements[parent].children.push(at);
        }
        elements.push(Element { name, attributes, children: Vec::new(), offset });
        Ok(at)
    }
}

/// The attributes that mean something here; others are all alike.
fn known_key(key: &[u8]) -> &'static str {
    match key {
        b"name" => "name",
        b"value" => "value",
        b"min" => "min",
        b"max" => "max",
        b"role" => "role",
        b"type" => "type",
        b"file" => "file",
        b"href" => "href",
        _ => "",
    }
}

/// Where an element stands.
#[derive(Clone, Copy)]
struct Spot<'a> {
    document: &'a Document<'a>,
    element: usize,
}

impl<'a> Spot<'a> {
    fn get(self) -> &'a Element<'a> {
        &self.document.elements[self.element]
    }

    fn location(self) -> Location {
        self.document.file.location(self.get().offset)
    }

    /// The elements inside, labels and attributes left out.
    fn children(self) -> impl DoubleEndedIterator<Item = Spot<'a>> {
        let inside = move |at: &usize| Spot { document: self.document, element: *at };
        self.get()
            .children
            .iter()
            .map(inside)
            .filter(|spot| !matches!(spot.get().name, "label" | "attributes"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Gate,
    Basic,
    House,
    Parameter,
}

struct Definition<'a> {
    sort: Sort,
    name: String,
    /// The path of what holds it, with a dot at its end unless empty.
    base: String,
    spot: Spot<'a>,
    /// Defined by a common-cause group: the group's distribution.
    distribution: Option<Spot<'a>>,
}

/// Everything that has a name. Events of one name share a space; parameters have their own.
#[derive(Default)]
struct Definitions<'a> {
    all: Vec<Definition<'a>>,
    events_by_path: BTreeMap<String, usize>,
    events_by_name: BTreeMap<String, usize>,
    parameters_by_path: BTreeMap<String, usize>,
    parameters_by_name: BTreeMap<String, usize>,
}

impl<'a> Definitions<'a> {
    fn collect(&mut self, document: &'a Document<'a>, problems: &mut Problems) {
        let mut holders = VecDeque::from([(Spot { document, element: 0 }, String::new(), true)]);
        while let Some((holder, base, public)) = holders.pop_front() {
            for spot in holder.children() {
                let element = spot.get();
                let sort = match element.name {
                    "define-fault-tree" | "define-component" => {
                        let name = element.attribute("name").unwrap_or_default();
                        let public = public_role(element, public);
                        holders.push_back((spot, format!("{base}{name}."), public));
                        continue;
                    }
                    "model-data" => {
                        holders.push_back((spot, String::new(), true));
                        continue;
                    }
                    "define-CCF-group" => {
                        self.common_cause(spot, problems);
                        continue;
                    }
                    "define-gate" => Sort::Gate,
                    "define-basic-event" => Sort::Basic,
                    "define-house-event" => Sort::House,
                    "define-parameter" => Sort::Parameter,
                    "include" => continue,
                    // A note would not do: without it the cut sets are those of another model.
                    "define-substitution" => {
                        problems.error(
                            spot.location(),
                            "substitutions are not supported: they change the cut sets",
                        );
                        continue;
                    }
                    other => {
                        problems.note(
                            spot.location(),
                            format!("`{other}` is not read: only fault trees and their data are"),
                        );
                        continue;
                    }
                };
                let public = public_role(element, public);
                self.define(sort, spot, base.clone(), public, None, problems);
            }
        }
    }

    fn define(
        &mut self,
        sort: Sort,
        spot: Spot<'a>,
        base: String,
        public: bool,
        distribution: Option<Spot<'a>>,
        problems: &mut Problems,
    ) {
        let Some(name) = spot.get().attribute("name").filter(|name| !name.is_empty()) else {
            problems.error(spot.location(), format!("`{}` has no name", spot.get().name));
            return;
        };
        let at = self.all.len();
        let (by_path, by_name) = match sort {
            Sort::Parameter => (&mut self.parameters_by_path, &mut self.parameters_by_name),
            _ => (&mut self.events_by_path, &mut self.events_by_name),
        };
        let path = format!("{base}{name}");
        let known = by_path.get(&path).or_else(|| if public { by_name.get(name) } else { None });
        if let Some(&known) = known {
            let first = self.all[known].spot.location();
            problems.error(
                spot.location(),
                format!("`{name}` is defined twice: first in {}:{}", first.path, first.line),
            );
            return;
        }
        by_path.insert(path, at);
        if public {
            by_name.insert(name.to_owned(), at);
        }
        self.all.push(Definition { sort, name: name.to_owned(), base, spot, distribution });
    }

    /// A group's members are basic events of the group's distribution; that they fail together is left out.
    fn common_cause(&mut self, group: Spot<'a>, problems: &mut Problems) {
        problems.warning(
            group.location(),
            "a common-cause group is read as independent events: its factors are left out",
        );
        let distribution = group
            .children()
            .find(|spot| spot.get().name == "distribution")
            .and_then(|spot| spot.children().next());
        for members in group.children().filter(|spot| spot.get().name == "members") {
            for member in members.children().filter(|spot| spot.get().name == "basic-event") {
                self.define(Sort::Basic, member, String::new(), true, distribution, problems);
            }
        }
    }

    fn event(&self, base: &str, name: &str) -> Option<usize> {
        find(&self.events_by_path, &self.events_by_name, base, name)
    }

    fn parameter(&self, base: &str, name: &str) -> Option<usize> {
        find(&self.parameters_by_path, &self.parameters_by_name, base, name)
    }

    /// The name alone where that is unique, else the path.
    fn shown(&self, at: usize) -> Arc<str> {
        let definition = &self.all[at];
        if self.events_by_name.get(&definition.name) == Some(&at) || definition.base.is_empty() {
            definition.name.as_str().into()
        } else {
            format!("{}{}", definition.base, definition.name).into()
        }
    }
}

fn public_role(element: &Element<'_>, inherited: bool) -> bool {
    match element.attribute("role") {
        Some("private") => false,
        Some("public") => true,
        _ => inherited,
    }
}

/// From the innermost container outwards, then by path, then by public name.
fn find(
    by_path: &BTreeMap<String, usize>,
    by_name: &BTreeMap<String, usize>,
    base: &str,
    name: &str,
) -> Option<usize> {
    let mut base = base;
    loop {
        if let Some(&at) = by_path.get(&format!("{base}{name}")) {
            return Some(at);
        }
        if base.is_empty() {
            break;
        }
        let trimmed = base.trim_end_matches('.');
        base = trimmed.rfind('.').map_or("", |dot| &trimmed[..=dot]);
    }
    by_name.get(name).copied()
}

struct Resolver<'a, 'p> {
    definitions: &'a Definitions<'a>,
    settings: Settings,
    problems: &'p mut Problems,
    model: Model,
    /// What each definition became.
    became: Vec<Argument>,
    /// Events that are used and never defined.
    undefined: BTreeMap<String, usize>,
    used: Vec<bool>,
}

impl<'a, 'p> Resolver<'a, 'p> {
    fn new(definitions: &'a Definitions<'a>, settings: Settings, problems: &'p mut Problems) -> Self {
        Resolver {
            definitions,
            settings,
            problems,
            model: Model::default(),
            became: Vec::new(),
            undefined: BTreeMap::new(),
            used: Vec::new(),
        }
    }

    fn model(mut self) -> Model {
        let values = expression::values(self.definitions, self.settings, self.problems);
        for (at, definition) in self.definitions.all.iter().enumerate() {
            let (name, location) = (self.definitions.shown(at), definition.spot.location());
            let became = match definition.sort {
                Sort::Gate => {
                    let gate = self.model.gates.len();
                    self.model.named.insert(Arc::clone(&name), gate);
                    self.model.gates.push(Gate {
                        name,
                        location,
                        connective: Connective::Or,
                        arguments: Vec::new(),
                    });
                    Argument::Gate(gate)
                }
                Sort::Basic => {
                    self.model.events.push(BasicEvent {
                        name,
                        location,
                        probability: values.get(&at).copied().flatten(),
                    });
                    Argument::Event(self.model.events.len() - 1)
                }
                Sort::House => Argument::Constant(self.house_event(definition.spot)),
                Sort::Parameter => Argument::Constant(false),
            };
            self.became.push(became);
        }
        self.used = vec![false; self.model.gates.len()];
        for (at, definition) in self.definitions.all.iter().enumerate() {
            if let Argument::Gate(gate) = self.became[at] {
                self.gate(gate, definition);
            }
        }
        let named = self.used.len();
        self.model.tops = (0..named).filter(|gate| !self.used[*gate]).collect();
        self.model
    }

    fn house_event(&mut self, spot: Spot<'_>) -> bool {
        let constant = spot.children().find(|inside| inside.get().name == "constant");
        match constant.map(|inside| inside.get().attribute("value")) {
            None | Some(Some("false" | "0")) => false,
            Some(Some("true" | "1")) => true,
            Some(_) => {
                self.problems.error(spot.location(), "a house event is `true` or `false`");
                false
            }
        }
    }

    fn gate(&mut self, gate: usize, definition: &Definition<'a>) {
        let mut formulas = definition.spot.children();
        let Some(formula) = formulas.next() else {
            self.problems
                .error(definition.spot.location(), format!("gate `{}` has no formula", definition.name));
            return;
        };
        if formulas.next().is_some() {
            self.problems.error(
                definition.spot.location(),
                format!("gate `{}` has several formulas", definition.name),
            );
        }
        let (connective, arguments) = self.formula(formula, &definition.base, 0);
        (self.model.gates[gate].connective, self.model.gates[gate].arguments) = (connective, arguments);
    }

    /// A formula as one gate's connective and arguments; the document's depth bounds the recursion.
    fn formula(&mut self, spot: Spot<'a>, base: &str, depth: usize) -> (Connective, Vec<Argument>) {
        let connective = match spot.get().name {
            "or" => Connective::Or,
            "and" => Connective::And,
            "not" => Connective::Not,
            "xor" => Connective::Xor,
            "nand" => Connective::Nand,
            "nor" => Connective::Nor,
            "atleast" => Connective::AtLeast(self.number(spot, "min")),
            "imply" | "iff" | "cardinality" => return self.derived(spot, base, depth),
            _ => return (Connective::Or, vec![self.argument(spot, base, depth)]),
        };
        let arguments: Vec<Argument> =
            spot.children().map(|inside| self.argument(inside, base, depth + 1)).collect();
        let count = arguments.len();
        let wrong = match connective {
            Connective::Not if count != 1 => Some("exactly one argument"),
            Connective::Xor if count != 2 => Some("exactly two arguments"),
            Connective::AtLeast(least) if (least as usize) > count => {
                Some("at least as many arguments as its `min`")
            }
            _ if count == 0 => Some("arguments"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.problems.error(spot.location(), format!("`{}` takes {wrong}, not {count}", spot.get().name));
        }
        (connective, arguments)
    }

    /// `imply`, `iff` and `cardinality` in terms of the others.
    fn derived(&mut self, spot: Spot<'a>, base: &str, depth: usize) -> (Connective, Vec<Argument>) {
        let arguments: Vec<Argument> =
            spot.children().map(|inside| self.argument(inside, base, depth + 1)).collect();
        let place = spot.location();
        match (spot.get().name, &arguments[..]) {
            ("imply", &[left, right]) => {
                let not = self.inner(&place, Connective::Not, vec![left]);
                (Connective::Or, vec![not, right])
            }
            ("iff", &[_, _]) => {
                let differ = self.inner(&place, Connective::Xor, arguments);
                (Connective::Not, vec![differ])
            }
            ("cardinality", [_, ..]) => {
                let (min, max) = (self.number(spot, "min"), self.number(spot, "max"));
                let enough = self.inner(&place, Connective::AtLeast(min), arguments.clone());
                let above = self.inner(&place, Connective::AtLeast(max.saturating_add(1)), arguments);
                let few = self.inner(&place, Connective::Not, vec![above]);
                (Connective::And, vec![enough, few])
            }
            (name, _) => {
                self.problems.error(place, format!("`{name}` has a wrong number of arguments"));
                (Connective::Or, arguments)
            }
        }
    }

    fn inner(&mut self, location: &Location, connective: Connective, arguments: Vec<Argument>) -> Argument {
        self.model.gates.push(Gate { name: "".into(), location: location.clone(), connective, arguments });
        Argument::Gate(self.model.gates.len() - 1)
    }

    fn number(&mut self, spot: Spot<'_>, key: &str) -> u32 {
        match spot.get().attribute(key).and_then(|value| value.parse().ok()) {
            Some(number) => number,
            None => {
                self.problems
                    .error(spot.location(), format!("`{}` needs a whole number `{key}`", spot.get().name));
                0
            }
        }
    }

    fn argument(&mut self, spot: Spot<'a>, base: &str, depth: usize) -> Argument {
        let element = spot.get();
        match element.name {
            "gate" | "basic-event" | "house-event" | "event" => self.reference(spot, base),
            "constant" => match element.attribute("value") {
                Some("true" | "1") => Argument::Constant(true),
                Some("false" | "0") => Argument::Constant(false),
                _ => {
                    self.problems.error(spot.location(), "a constant is `true` or `false`");
                    Argument::Constant(false)
                }
            },
            "or" | "and" | "not" | "xor" | "nand" | "nor" | "atleast" | "imply" | "iff" | "cardinality" => {
                let (connective, arguments) = self.formula(spot, base, depth + 1);
                self.inner(&spot.location(), connective, arguments)
            }
            other => {
                self.problems.error(spot.location(), format!("`{other}` is not a formula"));
                Argument::Constant(false)
            }
        }
    }

    fn reference(&mut self, spot: Spot<'a>, base: &str) -> Argument {
        let element = spot.get();
        let Some(name) = element.attribute("name").filter(|name| !name.is_empty()) else {
            self.problems.error(spot.location(), format!("`{}` has no name", element.name));
            return Argument::Constant(false);
        };
        let sort =
            if element.name == "event" { element.attribute("type").unwrap_or("event") } else { element.name };
        if let Some(at) = self.definitions.event(base, name) {
            let is = self.definitions.all[at].sort;
            let fits = matches!(
                (sort, is),
                ("event", _)
                    | ("gate", Sort::Gate)
                    | ("basic-event", Sort::Basic)
                    | ("house-event", Sort::House)
            );
            if !fits {
                self.problems.error(
                    spot.location(),
                    format!("`{name}` is used as a {sort} but defined as something else"),
                );
            }
            if let Argument::Gate(gate) = self.became[at] {
                self.used[gate] = true;
            }
            return self.became[at];
        }
        if matches!(sort, "gate" | "house-event") {
            self.problems.error(spot.location(), format!("the {sort} `{name}` is used but not defined"));
            return Argument::Constant(false);
        }
        if let Some(&event) = self.undefined.get(name) {
            return Argument::Event(event);
        }
        self.problems.warning(
            spot.location(),
            format!("the event `{name}` is used but not defined: its probability is not known"),
        );
        self.model.events.push(BasicEvent {
            name: name.into(),
            location: spot.location(),
            probability: None,
        });
        self.undefined.insert(name.to_owned(), self.model.events.len() - 1);
        Argument::Event(self.model.events.len() - 1)
    }
}

#[cfg(test)]
mod tests;
