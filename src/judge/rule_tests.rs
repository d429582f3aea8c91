//! Each rule on a small world that it fires on, and on the nearest one that it does not.

use super::testing::{TODAY, World, fragile};
use super::{Finding, RULES, Verdict};
use crate::analyze::{Concentration, CyclicStart, Dimension, GroupFate, Share};
use crate::model::settings::{Measure, Mitigation, MitigationKind, RuleLevel, Threshold, Tier, Waiver};
use crate::model::{Attribute, AttributeValue, Category, Group, Id, Kind, Level, Phase, Tolerance};

fn one(world: &World, rule: &str) -> Finding {
    let mut found = world.of(rule);
    assert_eq!(found.len(), 1, "{rule}: {:?}", world.lines());
    found.remove(0)
}

fn none(world: &World, rule: &str) {
    assert_eq!(world.of(rule), Vec::new(), "{rule}");
}

fn group(world: &mut World, owner: &str, members: &[&str]) {
    let id = Id::new(format!("{owner}#alternatives"));
    for member in members {
        world.needs(owner, member).group = Some(id.clone());
    }
    let group = Group { id: id.clone(), owner: Id::new(owner), k: 1, level: None, evidence: Vec::new() };
    world.estate.groups.insert(id, group);
}

fn external() -> World {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    world.node("host:api.pay.example.com", Kind::Host).placement.provider = Some("pay".into());
    world.node("provider:pay", Kind::Provider);
    world.needs("app:shop", "host:api.pay.example.com");
    world.needs("host:api.pay.example.com", "provider:pay");
    world.fails("host:api.pay.example.com", Level::External, &["app:shop"]);
    world.fails("provider:pay", Level::Provider, &["app:shop"]);
    world
}

#[test]
fn an_external_service_is_said_once_and_an_own_name_never() {
    let found = one(&external(), "external-service-without-fallback");
    assert_eq!((found.element.as_str(), found.level.word()), ("provider:pay", "warning"));
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    for host in ["host:db", "host:cache.internal", "host:10.0.0.7", "host:api.own.org"] {
        world.node(host, Kind::Host);
        world.needs("app:shop", host);
        world.fails(host, Level::External, &["app:shop"]);
    }
    world.node("zone:own.org", Kind::DnsZone);
    none(&world, "external-service-without-fallback");
    let found = world.of("unresolved-reference");
    assert_eq!(found.len(), 4);
    assert!(
        found.iter().all(|finding| finding.verdict == Verdict::NotKnown && finding.level.word() == "note")
    );
}

#[test]
fn replicas_without_spread_are_a_note_and_with_it_nothing() {
    let mut world = World::default();
    let node = world.component("k8s:a/Deployment/web", Category::Compute, Tolerance::Instance);
    node.is_service = true;
    node.replication.replicas = Some(2);
    assert_eq!(world.lines(), ["note replicas-may-share-a-host k8s:a/Deployment/web"]);
    world.estate.nodes.values_mut().next().unwrap().tolerance = Tolerance::Host;
    assert_eq!(world.lines(), ["note single-zone k8s:a/Deployment/web"]);
    world.estate.nodes.values_mut().next().unwrap().tolerance = Tolerance::Zone;
    assert_eq!(world.lines(), Vec::<String>::new());
}

#[test]
fn a_zonal_product_in_an_unsaid_zone_is_its_own_single_zone() {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    world.component("tf:disk", Category::Storage, Tolerance::Host).placement.provider = Some("aws".into());
    world.needs("app:shop", "tf:disk");
    assert_eq!(world.lines(), ["error single-zone tf:disk"]);
}

#[test]
fn jobs_and_helpers_are_not_missed() {
    let mut world = World::default();
    let node = world.component("k8s:a/Job/seed", Category::Compute, Tolerance::Nothing);
    node.is_service = true;
    node.attributes.set(Attribute::Batch, AttributeValue::Bool(true), None);
    world.fails("k8s:a/Job/seed", Level::Instance, &["k8s:a/Job/seed"]);
    assert_eq!(world.lines(), Vec::<String>::new());
}

#[test]
fn alternatives_that_share_what_they_differ_in_are_an_illusion() {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    for (id, provider) in [("host:a.example.com", "one"), ("host:b.example.com", "two")] {
        world.node(id, Kind::Host).placement.provider = Some(provider.into());
    }
    world.node("provider:parent", Kind::Provider);
    group(&mut world, "app:shop", &["host:a.example.com", "host:b.example.com"]);
    world.analysis.groups.push(GroupFate {
        group: Id::new("app:shop#alternatives"),
        owner: Id::app("shop"),
        k: 1,
        members: vec![Id::new("host:a.example.com"), Id::new("host:b.example.com")],
        common: vec![(Id::provider("parent"), Level::Provider)],
        pairs: Vec::new(),
        meetings: Vec::new(),
        least_shared: None,
        in_part: false,
    });
    let found = one(&world, "shared-fate-redundancy");
    assert_eq!(found.message, "the 2 alternatives of `shop` fail together with `parent`");
    // Two zones of one region promise nothing about the region.
    for (id, zone) in [("host:a.example.com", "z1"), ("host:b.example.com", "z2")] {
        let placement = &mut world.estate.nodes.get_mut(&Id::new(id)).unwrap().placement;
        placement.provider = Some("one".into());
        placement.region = Some("r".into());
        placement.zones = vec![zone.into()];
    }
    none(&world, "shared-fate-redundancy");
    world.analysis.groups[0].common = vec![(Id::new("provider:one/z1"), Level::Zone)];
    one(&world, "shared-fate-redundancy");
}

#[test]
fn a_cold_start_that_deadlocks_names_the_cycle() {
    let mut world = World::default();
    world.node("app:a", Kind::Service);
    world.node("app:b", Kind::Service);
    world.analysis.cyclic_starts.push(CyclicStart { cycle: vec![Id::app("a"), Id::app("b")] });
    let found = one(&world, "startup-cycle");
    assert_eq!(found.message, "each needs the other to start: `a` -> `b` -> `a`");
    assert_eq!(found.services, [Id::app("a"), Id::app("b")]);
}

#[test]
fn a_failover_that_needs_what_failed_is_found_and_one_that_does_not_is_not() {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    world.node("provider:aws/us-east-1", Kind::Region);
    world.fails_in(Phase::Runtime, "provider:aws/us-east-1", Level::Region, &[], &["app:shop"]);
    none(&world, "failover-needs-failed-domain");
    world.fails_in(Phase::Recover, "provider:aws/us-east-1", Level::Region, &["app:shop"], &[]);
    assert_eq!(one(&world, "failover-needs-failed-domain").level.word(), "error");
    world.analysis.phases.get_mut(&Phase::Runtime).unwrap().failures[0].degraded.clear();
    none(&world, "failover-needs-failed-domain");
}

fn concentrated(dimension: Dimension, ids: &[(&str, f64)]) -> World {
    let mut world = World::default();
    for id in ["app:a", "app:b"] {
        world.node(id, Kind::Service);
    }
    let share = |(id, share): &(&str, f64)| Share {
        id: Id::new(*id),
        placement_share: *share,
        loss_share: *share,
        hidden_loss_share: *share,
        designated_critical: None,
    };
    world.analysis.services = 2;
    world.analysis.concentration.push(Concentration {
        dimension,
        category: None,
        unplaced_share: 0.0,
        hhi: ids.iter().map(|(_, share)| share * share).sum(),
        effective_number: 1.0,
        cr1: ids[0].1,
        cr3: ids.iter().take(3).map(|(_, share)| share).sum(),
        shares: ids.iter().map(share).collect(),
    });
    world
}

#[test]
fn a_share_of_what_has_a_known_place_is_none_of_all() {
    let mut world = concentrated(Dimension::Region, &[("provider:a/eu-1", 1.0)]);
    world.analysis.concentration[0].unplaced_share = 0.2;
    let message = one(&world, "region-concentration").message;
    assert!(message.starts_with("100 % of what has a known place is placed with"), "{message}");
    world.analysis.concentration[0].unplaced_share = 0.6;
    none(&world, "region-concentration");
}

#[test]
fn concentration_is_a_note_above_half_and_what_the_policy_says_above_its_limit() {
    let mut world = concentrated(Dimension::Provider, &[("provider:a", 0.6), ("provider:b", 0.4)]);
    assert_eq!(one(&world, "provider-concentration").level.word(), "note");
    world.settings.policy.thresholds.push(Threshold {
        dimension: "provider".into(),
        category: None,
        measure: Measure::PlacementShare,
        max: Some(0.3),
        max_increase: None,
        level: RuleLevel::Error,
        evidence: None,
    });
    let found = world.of("provider-concentration");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].message, "60 % is placed with `a`; the policy's limit is 30 %");
    world.settings.policy.thresholds[0].max = Some(0.7);
    none(&world, "provider-concentration");
    let even = concentrated(Dimension::Region, &[("provider:a/r", 0.5), ("provider:a/s", 0.5)]);
    none(&even, "region-concentration");
    let unknown = concentrated(Dimension::Region, &[("unknown", 1.0)]);
    none(&unknown, "region-concentration");
}

#[test]
fn jurisdictions_count_only_against_what_is_declared() {
    let mut world =
        concentrated(Dimension::Jurisdiction, &[("jurisdiction:US", 0.9), ("jurisdiction:EU", 0.1)]);
    none(&world, "jurisdiction-concentration");
    world.settings.organization.jurisdictions = vec!["EU".into()];
    assert_eq!(one(&world, "jurisdiction-concentration").message, "90 % is placed in `US`, outside of EU");
}

#[test]
fn a_provider_behind_a_provider_is_a_note_of_its_own() {
    let mut world = external();
    world.node("provider:aws", Kind::Provider);
    world.needs("provider:pay", "provider:aws");
    world.fails("provider:aws", Level::Provider, &["app:shop"]);
    let failure = world.analysis.phases.get_mut(&Phase::Runtime).unwrap().failures.last_mut().unwrap();
    failure.paths =
        vec![["app:shop", "host:api.pay.example.com", "provider:pay", "provider:aws"].map(Id::new).to_vec()];
    assert_eq!(one(&world, "hidden-provider").element.as_str(), "provider:aws");
    assert_eq!(one(&world, "external-service-without-fallback").element.as_str(), "provider:pay");
    none(&world, "single-provider");
}

#[test]
fn one_provider_in_three_layers_is_a_note() {
    let mut world = fragile();
    let zone = world.node("zone:example.com", Kind::DnsZone);
    zone.placement.provider = Some("aws".into());
    none(&world, "one-provider-across-layers");
    world.component("tf:cdn", Category::Cdn, Tolerance::Region).placement.provider = Some("aws".into());
    assert_eq!(one(&world, "one-provider-across-layers").message, "`aws` alone does DNS, compute, delivery");
}

#[test]
fn zones_of_one_operator_are_one_finding_of_that_operator() {
    let mut world = World::default();
    for zone in ["zone:a.example", "zone:b.example"] {
        world.node(zone, Kind::DnsZone).placement.provider = Some("aws".into());
    }
    let found = one(&world, "single-dns-operator");
    assert_eq!(found.services, [Id::new("zone:a.example"), Id::new("zone:b.example")]);
    world.node("provider:ns1", Kind::Provider);
    world.needs("zone:a.example", "provider:ns1");
    world.needs("zone:b.example", "provider:ns1");
    none(&world, "single-dns-operator");
}

#[test]
fn mail_counts_who_takes_it() {
    let mut world = World::default();
    world.node("zone:a.example", Kind::DnsZone);
    none(&world, "single-mail-provider");
    world.node("provider:mailgun", Kind::Provider).category = Some(Category::Mail);
    world.needs("zone:a.example", "provider:mailgun");
    one(&world, "single-mail-provider");
    world.node("provider:ses", Kind::Provider).category = Some(Category::Mail);
    world.needs("zone:a.example", "provider:ses");
    none(&world, "single-mail-provider");
}

#[test]
fn an_alias_into_the_unknown_is_a_note() {
    let mut world = World::default();
    world.node("domain:www.shop.com", Kind::Domain);
    world.node("host:x.somebody.net", Kind::Host);
    world.needs("domain:www.shop.com", "host:x.somebody.net");
    one(&world, "alias-through-third-party");
    world.estate.nodes.get_mut(&Id::host("x.somebody.net")).unwrap().placement.provider =
        Some("known".into());
    none(&world, "alias-through-third-party");
}

#[test]
fn dns_with_one_of_the_alternatives_cannot_choose_the_other() {
    let mut world = World::default();
    world.node("domain:www.shop.com", Kind::Domain);
    world.node("zone:shop.com", Kind::DnsZone).placement.provider = Some("aws".into());
    for (id, provider) in [("host:a.example.com", "aws"), ("host:b.example.com", "gcp")] {
        world.node(id, Kind::Host).placement.provider = Some(provider.into());
    }
    world.needs("domain:www.shop.com", "zone:shop.com");
    group(&mut world, "domain:www.shop.com", &["host:a.example.com", "host:b.example.com"]);
    one(&world, "dns-shares-fate-with-target");
    world.estate.nodes.get_mut(&Id::dns_zone("shop.com")).unwrap().placement.provider = Some("ns1".into());
    none(&world, "dns-shares-fate-with-target");
}

#[test]
fn name_servers_in_one_network_are_found_where_all_addresses_are_known() {
    let mut world = World::default();
    world.node("zone:shop.com", Kind::DnsZone);
    for (name, address) in [("host:ns1.shop.com", "host:192.0.2.1"), ("host:ns2.shop.com", "host:192.0.2.2")]
    {
        world.node(name, Kind::Host);
        world.node(address, Kind::Host);
        world.needs("zone:shop.com", name);
        world.needs(name, address);
    }
    assert_eq!(
        one(&world, "nameservers-share-network").message,
        "all name servers of `shop.com` stand in 192.0.2.0/24"
    );
    world.node("host:ns3.shop.com", Kind::Host);
    world.needs("zone:shop.com", "host:ns3.shop.com");
    none(&world, "nameservers-share-network");
}

#[test]
fn a_ttl_counts_against_a_declared_objective_alone() {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    let domain = world.node("domain:www.shop.com", Kind::Domain);
    domain.attributes.set(Attribute::TtlSeconds, AttributeValue::Number(3_600.0), None);
    world.needs("domain:www.shop.com", "app:shop");
    none(&world, "ttl-exceeds-rto");
    let shop = world.estate.nodes.get_mut(&Id::app("shop")).unwrap();
    shop.attributes.set(Attribute::RtoSeconds, AttributeValue::Number(900.0), None);
    assert_eq!(
        one(&world, "ttl-exceeds-rto").message,
        "caches keep `www.shop.com` for 1 h, and 15 min is promised"
    );
}

#[test]
fn backups_are_missed_where_they_are_shown_off_and_nowhere_else() {
    let mut world = fragile();
    none(&world, "datastore-without-backup");
    set(&mut world, "tf:db", Attribute::Backup, AttributeValue::Bool(false));
    assert_eq!(
        one(&world, "datastore-without-backup").message,
        "no backup is taken of `db` (off by default)"
    );
    set(&mut world, "tf:db", Attribute::Backup, AttributeValue::Unknown("var.backup is not set".into()));
    none(&world, "datastore-without-backup");
    set(&mut world, "tf:db", Attribute::Backup, AttributeValue::Bool(false));
    set(&mut world, "tf:db", Attribute::Replica, AttributeValue::Bool(true));
    none(&world, "datastore-without-backup");
}

#[test]
fn backups_kept_in_place_too_rare_or_never_restored_are_found() {
    let mut world = fragile();
    set(&mut world, "tf:db", Attribute::BackupRegion, AttributeValue::Text("eu-west-1".into()));
    none(&world, "backup-in-same-failure-domain");
    world.estate.nodes.get_mut(&Id::new("tf:db")).unwrap().placement.region = Some("eu-west-1".into());
    assert_eq!(one(&world, "backup-in-same-failure-domain").level.word(), "note");

    set(&mut world, "tf:db", Attribute::BackupIntervalSeconds, AttributeValue::Number(86_400.0));
    none(&world, "backup-misses-rpo");
    set(&mut world, "app:shop", Attribute::RpoSeconds, AttributeValue::Number(300.0));
    let found = one(&world, "backup-misses-rpo");
    assert_eq!(
        (found.message.as_str(), found.services.len()),
        ("`db` is backed up every 1 d, and may lose 5 min at most", 1)
    );
    set(&mut world, "tf:db", Attribute::PointInTimeRecovery, AttributeValue::Bool(true));
    none(&world, "backup-misses-rpo");

    none(&world, "untested-restore");
    let backup = Mitigation {
        kind: MitigationKind::Backup,
        of: vec!["tf:db".into()],
        owner: Some("dba".into()),
        ..Mitigation::default()
    };
    world.settings.mitigations = vec![backup.clone()];
    one(&world, "untested-restore");
    world.settings.mitigations[0].tested = Some(TODAY);
    none(&world, "untested-restore");
}

#[test]
fn deletion_is_said_where_somebody_wrote_it_or_a_tier_is_declared() {
    let mut world = fragile();
    set(&mut world, "tf:db", Attribute::DeletionProtection, AttributeValue::Bool(false));
    none(&world, "deletion-unprotected");
    world.settings.tiers.insert("gold".into(), Tier::default());
    world.estate.nodes.get_mut(&Id::app("shop")).unwrap().tier = Some("gold".into());
    one(&world, "deletion-unprotected");
}

#[test]
fn owners_and_monitors_are_asked_for_only_where_others_have_them() {
    let mut world = fragile();
    none(&world, "service-without-owner");
    none(&world, "unmonitored-service");
    world.estate.nodes.get_mut(&Id::app("shop")).unwrap().owner = Some("shop".into());
    set(&mut world, "app:shop", Attribute::Monitored, AttributeValue::Bool(true));
    assert_eq!(one(&world, "service-without-owner").element, Id::app("api"));
    assert_eq!(one(&world, "unmonitored-service").element, Id::app("api"));
    set(&mut world, "app:api", Attribute::Monitored, AttributeValue::Unknown("a module is missing".into()));
    none(&world, "unmonitored-service");
}

#[test]
fn monitors_and_status_pages_in_the_same_domain_are_found_once() {
    let mut world = fragile();
    world.component("tf:alarms", Category::Monitoring, Tolerance::Zone).placement.provider =
        Some("aws".into());
    world.needs("app:shop", "tf:alarms").phase = Phase::Observe;
    assert_eq!(one(&world, "monitoring-shares-fate").element, Id::provider("aws"));
    let page = world.node("domain:status.example.com", Kind::Domain);
    page.placement.provider = Some("aws".into());
    assert_eq!(one(&world, "status-page-shares-fate").element.as_str(), "domain:status.example.com");
    world.estate.nodes.get_mut(&Id::domain("status.example.com")).unwrap().placement.provider =
        Some("other".into());
    none(&world, "status-page-shares-fate");
}

#[test]
fn slow_stale_and_expired_mitigations_are_said_with_their_reason() {
    let mut world = fragile();
    let failover = Mitigation {
        kind: MitigationKind::Failover,
        of: vec!["tf:db".into()],
        with: vec!["tf:standby".into()],
        owner: Some("dba".into()),
        takes_seconds: Some(3_600),
        tested: Some(jiff::civil::date(2025, 1, 1)),
        ..Mitigation::default()
    };
    world.settings.mitigations = vec![failover];
    set(&mut world, "app:shop", Attribute::RtoSeconds, AttributeValue::Number(900.0));
    let slow = one(&world, "failover-slower-than-rto");
    assert_eq!(slow.message, "the failover of `db` takes 1 h, and 15 min is promised");
    none(&world, "stale-recovery-test");
    world.settings.policy.max_test_age_days = Some(365);
    let stale = one(&world, "stale-recovery-test");
    assert_eq!(
        stale.because.as_deref(),
        Some("it was last tested on 2025-01-01, 690 days ago; the policy allows 365")
    );
    none(&world, "expired-mitigation");
    world.settings.mitigations[0].expires = Some(TODAY.yesterday().unwrap());
    assert_eq!(one(&world, "expired-mitigation").because.as_deref(), Some("it expired on 2026-11-21"));
    none(&world, "stale-recovery-test");
    world.settings.mitigations[0].expires = None;
    world.settings.mitigations[0].tested = None;
    one(&world, "expired-mitigation");
}

#[test]
fn a_disruption_budget_that_keeps_nothing_is_found() {
    let mut world = World::default();
    let node = world.component("k8s:a/Deployment/web", Category::Compute, Tolerance::Zone);
    node.replication.replicas = Some(3);
    node.attributes.set(Attribute::MaxUnavailable, AttributeValue::Number(3.0), None);
    one(&world, "disruption-takes-all-replicas");
    set(&mut world, "k8s:a/Deployment/web", Attribute::MaxUnavailable, AttributeValue::Number(1.0));
    none(&world, "disruption-takes-all-replicas");
}

#[test]
fn waivers_are_judged_themselves() {
    let mut world = fragile();
    let waiver = Waiver {
        rule: Some("single-instance".into()),
        element: Some("tf:gone".into()),
        reason: Some("r".into()),
        owner: Some("o".into()),
        expires: Some(TODAY),
        ..Waiver::default()
    };
    world.settings.waivers = vec![waiver.clone()];
    assert_eq!(one(&world, "unused-waiver").element.as_str(), "waiver:single-instance/tf:gone");
    none(&world, "expired-waiver");
    world.settings.waivers = vec![Waiver { expires: None, ..waiver.clone() }];
    assert_eq!(
        one(&world, "expired-waiver").message,
        "the waiver of `single-instance` does not count: it has no expiry date"
    );
    none(&world, "unused-waiver");
    world.settings.waivers = vec![Waiver { expires: Some(jiff::civil::date(2029, 1, 1)), ..waiver }];
    none(&world, "expired-waiver");
    world.settings.policy.max_waiver_days = Some(180);
    one(&world, "expired-waiver");
}

#[test]
fn rules_stand_in_the_registry_once_and_read_after_allow() {
    let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    for rule in RULES {
        assert!(rule.id().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id());
        assert!(rule.summary().ends_with('.'), "{}", rule.id());
    }
}

#[test]
fn judging_is_the_same_twice() {
    let world = fragile();
    assert_eq!(world.judged(), world.judged());
}

fn set(world: &mut World, id: &str, attribute: Attribute, value: AttributeValue) {
    world.estate.nodes.get_mut(&Id::new(id)).unwrap().attributes.set(attribute, value, None);
}
