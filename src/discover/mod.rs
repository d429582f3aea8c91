//! The discover stage.
