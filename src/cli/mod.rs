//! The cli stage.
pub mod catalog;
