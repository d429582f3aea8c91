//! The cli stage.
pub mod fault_tree;
