//! The report stage.
pub mod open_psa;
