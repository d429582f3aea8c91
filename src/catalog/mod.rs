//! What is known about providers: lookups over the tables under `data/`.
//!
//! The tables are part of the program, read on first use, and every one of them can be overridden by a file.
//! Lookups say what a row says, with its source and confidence; a row of confidence [`Confidence::Assumed`] never
//! decides a verdict alone. Nothing here touches a file or a network.

mod addresses;
mod check;
mod embedded;
mod images;
mod incidents;
mod labels;
mod lookup;
mod names;
#[cfg(test)]
mod oracle_tests;
mod packages;
mod pattern;
mod products;
mod providers;
mod public_suffix;
mod regions;
#[cfg(test)]
mod resource_tests;
mod resources;
mod setting_keys;
mod subproviders;
mod systems;
mod table;
#[cfg(test)]
mod tests;

pub use addresses::{AddressTag, BadAddressTable};
pub use check::{CheckReport, TableSummary};
pub use embedded::TABLES;
pub use images::{ImageKind, ImageReference, Quorum};
pub use incidents::{InternalEdge, Outage, Sla};
pub use lookup::{Catalog, Registry, Source};
pub use names::{Identification, NameKind};
pub use packages::{PackageUse, SdkPackage};
pub(crate) use pattern::Patterns;
pub use products::{AbilityRow, RunBy};
pub use providers::{Ctpp, Provider};
pub use public_suffix::{has_public_suffix, registered_with_a_registry, registrable};
pub use regions::Region;
pub use resources::{
    AttributeNames, BackupAttribute, Condition, Declared, Holds, Judged, Kept, Protection, ResourceKnowledge,
    ResourceType, Role, Rule, Stated, Survives, Test, Value,
};
pub use setting_keys::{SettingKey, without_mark};
pub use subproviders::{SubProvider, carries_outages};
pub use table::{Confidence, TableError};
