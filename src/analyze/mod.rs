//! Exact answers about an estate: what each single failure takes down, what is concentrated where,
//! which redundancy is an illusion.
//!
//! Knows the model alone. A rule does no arithmetic: a number it needs is computed here.

mod concentration;
pub mod graph;
mod results;

pub use concentration::{Concentration, Dimension, Share};
pub use results::{Analysis, CutSets, CyclicStart, GroupFate, PhaseResult, SingleFailure};
