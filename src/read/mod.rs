//! The read stage.
pub mod open_psa;
