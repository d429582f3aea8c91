//! Inert domain types.
