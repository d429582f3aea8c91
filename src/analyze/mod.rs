//! The analyze stage: what the estate's graph says about failure.

pub mod graph;
