//! Inert domain types: what is declared, what it stands on, and what says so.
//!
//! No I/O, no serialization, no knowledge of formats or providers. The words are those of `docs/glossary.md`.

mod attribute;
mod declarations;
mod dependency;
mod estate;
mod evidence;
mod id;
mod node;
pub mod settings;
mod vocabulary;

pub use attribute::{Attribute, AttributeValue, Attributes, Fact};
pub use declarations::{
    About, Declarations, Environment, Name, Program, Reach, Reference, Serves, Target, Unit,
};
pub use dependency::{Edge, Group};
pub use estate::Estate;
pub use evidence::{Evidence, mask_secrets};
pub use id::Id;
pub use node::{Node, Placement, Replication};
pub use settings::Settings;
pub use vocabulary::{Category, Confidence, Kind, Level, Need, Phase, Tolerance};
