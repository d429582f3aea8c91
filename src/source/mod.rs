//! Files, places in them, and what went wrong while reading them.
//!
//! Nothing here knows what a file means.

mod file;
mod problem;
mod tree;

pub use file::{Location, SourceFile, is_text};
pub use problem::{Problem, Problems, Severity};
pub use tree::{Looked, Skipped, Tree};
