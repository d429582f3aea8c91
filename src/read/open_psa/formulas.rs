//! From definitions to the model: gates and the formulas within them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Settings;
use super::definitions::{Definition, Definitions, Sort};
use super::document::Spot;
use super::expression;
use super::model::{Argument, BasicEvent, Connective, Gate, Model};
use crate::source::{Location, Problems};

pub(super) struct Resolver<'a, 'p> {
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
    pub(super) fn new(
        definitions: &'a Definitions<'a>,
        settings: Settings,
        problems: &'p mut Problems,
    ) -> Self {
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

    pub(super) fn model(mut self) -> Model {
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
