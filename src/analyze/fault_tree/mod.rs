//! Fault trees: exact minimal cut sets, probability and importance of boolean graphs of events.

mod bdd;
mod count;
mod modules;
mod net;
mod order;
mod simplify;
mod solve;
mod tree;
mod zbdd;

pub use count::Count;
pub use tree::{Builder, Event, EventId, FaultTree, Gate, Node, Operator, TreeError};
