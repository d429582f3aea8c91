//! The analyze stage.
