//! Fault trees: exact minimal cut sets, probability and importance of boolean graphs of events.

mod analysis;
mod attempt;
mod bdd;
mod best;
mod bounds;
mod cheapest;
mod circuit;
mod count;
mod cut_sets;
mod diagrams;
mod importance;
mod lift;
mod listing;
mod modules;
mod monte_carlo;
mod net;
mod order;
mod probability;
mod search;
mod simplify;
mod structure;
mod system;
mod tables;
mod tree;
mod zbdd;

#[cfg(test)]
mod tests;

pub use analysis::{Options, Probability, Solution, solve};
pub use count::Count;
pub use importance::Importance;
pub use listing::{Listing, Ranking, list};
pub use monte_carlo::Estimate;
pub use system::{Element, Requirement, SystemError};
pub use tree::{Builder, Event, EventId, FaultTree, Gate, Node, Operator, TreeError};
