//! The catalog stage.
