//! linchpin reads what an organization already has (manifests and DNS), builds one graph of its services
//! and the providers beneath them, and says which single failure takes what down.
//!
//! The stages are folders, and [`scan`] alone knows their order:
//!
//! ```text
//! discover -> read -> resolve (DNS) -> assemble -> analyze -> judge -> report
//! ```
//!
//! [`source`] (files, places, problems) and [`model`] (inert domain types) stand below all of them,
//! [`catalog`] holds what is known about providers.

pub mod analyze;
pub mod assemble;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod discover;
pub mod gate;
pub mod judge;
pub mod model;
pub mod outlook;
pub mod read;
pub mod replay;
pub mod report;
pub mod resolve;
pub mod scan;
pub mod source;
