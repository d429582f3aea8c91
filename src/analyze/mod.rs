//! Exact answers about an estate: what each single failure takes down, what is concentrated where,
//! which redundancy is an illusion.
//!
//! Knows the model alone. A rule does no arithmetic: a number it needs is computed here.

mod availability;
mod compile;
mod concentration;
mod cut_sets;
mod cycles;
mod fate;
pub mod fault_tree;
pub mod graph;
pub mod names;
pub mod query;
mod results;
mod run;
mod simulate;
mod stuck;
#[cfg(test)]
mod tests;

pub use availability::{Availability, MINUTES_PER_YEAR, availability};
pub use compile::FaultModel;
pub use concentration::{Concentration, Dimension, Share};
pub use cut_sets::cut_sets;
pub use results::{
    Analysis, CutSets, CyclicStart, GroupFate, LeastShared, Meeting, PhaseResult, SingleFailure,
};
pub use run::analyze;
pub use simulate::{Doubt, Failure, Plane, ServiceOutcome, ServiceState, Simulation, Simulator, perhaps_in};
pub use stuck::{Stuck, has_ways_out, stuck};
