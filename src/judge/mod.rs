//! The judge stage.
