//! What a model says: events, gates and tops.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::Location;

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
    pub named: HashMap<Arc<str>, usize>,
}
