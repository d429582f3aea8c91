//! The analyze stage.
pub mod fault_tree;
