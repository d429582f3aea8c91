//! Fault trees: exact minimal cut sets, probability and importance of boolean graphs of events.

mod analysis;
mod bdd;
mod best;
mod bounds;
mod count;
mod modules;
mod monte_carlo;
mod net;
mod order;
mod probability;
mod simplify;
mod solve;
mod system;
mod tree;
mod zbdd;

#[cfg(test)]
mod tests;

pub use analysis::{Importance, Options, Probability, Solution, solve};
pub use count::Count;
pub use monte_carlo::Estimate;
pub use system::{Element, Requirement, SystemError};
pub use tree::{Builder, Event, EventId, FaultTree, Gate, Node, Operator, TreeError};
