//! The rules, one file each.

use super::{Context, FindingLevel, Findings};

mod alias_through_third_party;
mod backup_in_same_failure_domain;
mod backup_misses_rpo;
mod dangling_alias;
mod datastore_without_backup;
mod deletion_unprotected;
mod disruption_takes_all_replicas;
mod dns_shares_fate_with_target;
mod expired_mitigation;
mod expired_waiver;
mod external_service_without_fallback;
mod failover_needs_failed_domain;
mod failover_slower_than_rto;
mod hidden_provider;
mod jurisdiction_concentration;
mod lame_delegation;
mod monitoring_shares_fate;
mod nameservers_share_network;
mod one_provider_across_layers;
mod provider_concentration;
mod region_concentration;
mod replicas_may_share_a_host;
mod service_without_owner;
mod shared_fate_redundancy;
mod single_dns_operator;
mod single_instance;
mod single_mail_provider;
mod single_provider;
mod single_region;
mod single_shared_component;
mod single_zone;
mod stale_recovery_test;
mod startup_cycle;
mod status_page_shares_fate;
mod ttl_exceeds_rto;
mod unmonitored_service;
mod unresolved_reference;
mod untested_restore;
mod unused_waiver;

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

    /// Whether it is about the loss of its element, so that a larger domain around the element is lost as well.
    fn is_single_point(&self) -> bool {
        false
    }

    /// Whether a finding that was known is another risk once one more service depends on its element. It is not where
    /// the services are what else is concerned: a status page shares the fate of many services as of few.
    fn counts_services(&self) -> bool {
        true
    }

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
    &shared_fate_redundancy::SharedFateRedundancy,
    &external_service_without_fallback::ExternalServiceWithoutFallback,
    &startup_cycle::StartupCycle,
    &failover_needs_failed_domain::FailoverNeedsFailedDomain,
    &single_shared_component::SingleSharedComponent,
    &replicas_may_share_a_host::ReplicasMayShareAHost,
    &provider_concentration::ProviderConcentration,
    &region_concentration::RegionConcentration,
    &jurisdiction_concentration::JurisdictionConcentration,
    &hidden_provider::HiddenProvider,
    &one_provider_across_layers::OneProviderAcrossLayers,
    &single_dns_operator::SingleDnsOperator,
    &nameservers_share_network::NameserversShareNetwork,
    &ttl_exceeds_rto::TtlExceedsRto,
    &single_mail_provider::SingleMailProvider,
    &alias_through_third_party::AliasThroughThirdParty,
    &dns_shares_fate_with_target::DnsSharesFateWithTarget,
    &dangling_alias::DanglingAlias,
    &lame_delegation::LameDelegation,
    &datastore_without_backup::DatastoreWithoutBackup,
    &backup_in_same_failure_domain::BackupInSameFailureDomain,
    &backup_misses_rpo::BackupMissesRpo,
    &untested_restore::UntestedRestore,
    &deletion_unprotected::DeletionUnprotected,
    &unmonitored_service::UnmonitoredService,
    &monitoring_shares_fate::MonitoringSharesFate,
    &failover_slower_than_rto::FailoverSlowerThanRto,
    &stale_recovery_test::StaleRecoveryTest,
    &disruption_takes_all_replicas::DisruptionTakesAllReplicas,
    &status_page_shares_fate::StatusPageSharesFate,
    &unresolved_reference::UnresolvedReference,
    &expired_waiver::ExpiredWaiver,
    &unused_waiver::UnusedWaiver,
    &expired_mitigation::ExpiredMitigation,
    &service_without_owner::ServiceWithoutOwner,
];
