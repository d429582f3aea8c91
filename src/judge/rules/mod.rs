//! The rules, one file each.

use super::{Context, FindingLevel, Findings};

mod single_instance;
mod single_zone;
mod single_region;
mod single_provider;
mod single_shared_component;
mod replicas_may_share_a_host;
mod external_service_without_fallback;

/// The headings of a rule's page, in order.
pub const HEADINGS: &[&str] = &[
    "What it finds",
    "Why it matters",
    "How it is decided",
    "Example",
    "Mitigations",
    "When to waive",
    "Limits",
    "References",
];

/// A kind of risk that linchpin finds.
pub trait Rule: Sync {
    /// Its id: the bad state in kebab-case, to be read after "allow".
    fn id(&self) -> &'static str;

    /// What it finds, in one sentence, for help and indexes.
    fn summary(&self) -> &'static str;

    /// How bad its findings usually are; tiers and policy may say otherwise.
    fn default_level(&self) -> FindingLevel;

    /// Its page: `docs/rules/ID.md`.
    fn page(&self) -> &'static str;

    /// Looks for the risk.
    fn check(&self, cx: &Context<'_>, out: &mut Findings);

    /// Whether it is about waivers, and so has to wait until they were applied.
    fn judges_waivers(&self) -> bool {
        false
    }
}

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.id() == id)
}

/// All rules.
pub static RULES: &[&dyn Rule] = &[
    &single_instance::SingleInstance,
    &single_zone::SingleZone,
    &single_region::SingleRegion,
    &single_provider::SingleProvider,
    &single_shared_component::SingleSharedComponent,
    &replicas_may_share_a_host::ReplicasMayShareAHost,
    &external_service_without_fallback::ExternalServiceWithoutFallback,
];
