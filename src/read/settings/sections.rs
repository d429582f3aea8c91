//! The sections of `linchpin.toml`, in the order in which people write them.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Entry, Fields};
use crate::model::settings::{
    DnsSettings, Measure, Mitigation, MitigationKind, NeedSettings, Organization, PathOverride, Policy,
    RuleLevel, ScanSettings, ServiceSettings, Threshold, Tier, Waiver,
};
use crate::model::{Category, Level, Need, Phase, Settings};

const RULE_LEVELS: &[(&str, RuleLevel)] = &[
    ("off", RuleLevel::Off),
    ("note", RuleLevel::Note),
    ("warning", RuleLevel::Warning),
    ("error", RuleLevel::Error),
];

const DIMENSIONS: &[(&str, &str)] = &[
    ("provider", "provider"),
    ("ultimate-provider", "ultimate-provider"),
    ("region", "region"),
    ("zone", "zone"),
    ("jurisdiction", "jurisdiction"),
    ("asn", "asn"),
];

/// Levels of which the larger ones include the smaller ones.
const LADDER: &[Level] =
    &[Level::Instance, Level::Host, Level::Zone, Level::Region, Level::ProviderService, Level::Provider];

/// Reads the whole file.
pub(super) fn settings(root: &mut Fields<'_>, rules: &[&str]) -> Settings {
    Settings {
        organization: root.table("organization").map(organization).unwrap_or_default(),
        scan: root.table("scan").map(scan).unwrap_or_default(),
        services: root.tables("services").into_iter().map(service).collect(),
        tiers: root.entries("tiers", |entry| entry.table().map(tier)).into_iter().collect(),
        policy: root.table("policy").map(|fields| policy(fields, rules)).unwrap_or_default(),
        mitigations: root.tables("mitigations").into_iter().filter_map(mitigation).collect(),
        waivers: root.tables("waivers").into_iter().map(|fields| waiver(fields, rules)).collect(),
        data: root.entries("data", |entry| entry.text()).into_iter().collect(),
        dns: root.table("dns").map(dns).unwrap_or_default(),
    }
}

fn dns(mut fields: Fields<'_>) -> DnsSettings {
    let dns = DnsSettings { replay: fields.text("replay") };
    fields.finish();
    dns
}

fn organization(mut fields: Fields<'_>) -> Organization {
    let organization =
        Organization { name: fields.text("name"), jurisdictions: fields.texts("jurisdictions") };
    fields.finish();
    organization
}

fn scan(mut fields: Fields<'_>) -> ScanSettings {
    let scan = ScanSettings {
        roots: fields.texts("roots"),
        environment: fields.text("environment"),
        exclude: fields.texts("exclude"),
        include_tests: fields.flag("include-tests").unwrap_or_default(),
    };
    fields.finish();
    scan
}

fn service(mut fields: Fields<'_>) -> ServiceSettings {
    let service = ServiceSettings {
        matches: fields.texts("match"),
        name: fields.text("name"),
        tier: fields.text("tier"),
        owner: fields.text("owner"),
        rto_seconds: fields.seconds("rto"),
        rpo_seconds: fields.seconds("rpo"),
        weight: fields.number("weight", 0.0),
        is_service: fields.flag("service"),
        needs: fields.tables("needs").into_iter().filter_map(need).collect(),
        evidence: Some(fields.evidence()),
    };
    if service.matches.is_empty() && service.name.is_none() {
        fields.error("a service needs `match` (patterns of ids) or `name`");
    }
    fields.finish();
    service
}

fn need(mut fields: Fields<'_>) -> Option<NeedSettings> {
    let one = fields.text("on");
    let any_of = fields.texts("any-of");
    let need = NeedSettings {
        on: one.iter().cloned().chain(any_of.iter().cloned()).collect(),
        k: fields.count("k").unwrap_or(1),
        need: fields.word("need", &words(Need::ALL, Need::word)).unwrap_or(Need::Required),
        phase: fields.word("phase", &words(Phase::ALL, Phase::word)).unwrap_or(Phase::Runtime),
        evidence: Some(fields.evidence()),
    };
    let is_one_way = one.is_some() == any_of.is_empty();
    if !is_one_way {
        fields.error("a need has either `on = \"ID\"` or `any-of = [\"ID\", \"ID\"]`");
    } else if need.on.len() < need.k as usize {
        fields.error(format!("`k` is {}, but only {} are named", need.k, need.on.len()));
    }
    fields.finish();
    is_one_way.then_some(need)
}

fn tier(mut fields: Fields<'_>) -> Tier {
    let survives = fields.words("survives", &words(Level::ALL, Level::word)).unwrap_or_default();
    let tier = Tier {
        survives: survives.into_iter().flat_map(with_smaller).collect(),
        phases: fields
            .words("phases", &words(Phase::ALL, Phase::word))
            .unwrap_or_default()
            .into_iter()
            .collect(),
        rto_seconds: fields.seconds("rto"),
        rpo_seconds: fields.seconds("rpo"),
        max_test_age_days: fields.days("max-test-age"),
    };
    fields.finish();
    tier
}

/// Who survives the loss of a zone survives that of a host in it.
fn with_smaller(level: Level) -> BTreeSet<Level> {
    match LADDER.iter().position(|step| *step == level) {
        Some(at) => LADDER[..=at].iter().copied().collect(),
        None => BTreeSet::from([level]),
    }
}

fn policy(mut fields: Fields<'_>, rules: &[&str]) -> Policy {
    let policy = Policy {
        fail_on: fields.word("fail-on", RULE_LEVELS),
        rules: rule_levels(&mut fields, rules),
        thresholds: fields.tables("thresholds").into_iter().filter_map(threshold).collect(),
        overrides: fields
            .tables("overrides")
            .into_iter()
            .map(|fields| path_override(fields, rules))
            .collect(),
        max_waiver_days: fields.days("max-waiver-lifetime"),
        max_test_age_days: fields.days("max-test-age"),
        max_dns_age_days: fields.days("max-dns-age"),
    };
    fields.finish();
    policy
}

fn rule_levels(fields: &mut Fields<'_>, rules: &[&str]) -> BTreeMap<String, RuleLevel> {
    let level = |entry: &Entry<'_, '_>| {
        if entry.name() != "*" && !rules.contains(&entry.name()) {
            entry.unknown_name("rule", rules);
            return None;
        }
        entry.word(RULE_LEVELS)
    };
    fields.entries("rules", level).into_iter().collect()
}

fn threshold(mut fields: Fields<'_>) -> Option<Threshold> {
    let dimension = fields.word("dimension", DIMENSIONS);
    let measure = fields.word("measure", Measure::WORDS);
    let threshold = Threshold {
        dimension: dimension.unwrap_or_default().to_owned(),
        category: fields.word("category", &words(Category::ALL, Category::word)),
        measure: measure.unwrap_or(Measure::LossShare),
        max: fields.share("max"),
        max_increase: fields.share("max-increase"),
        level: fields.word("level", RULE_LEVELS).unwrap_or(RuleLevel::Warning),
        evidence: Some(fields.evidence()),
    };
    let is_limit = threshold.max.is_some() || threshold.max_increase.is_some();
    if dimension.is_none() || measure.is_none() || !is_limit {
        fields.error("a threshold needs `dimension`, `measure`, and `max` or `max-increase`");
    }
    fields.finish();
    (dimension.is_some() && measure.is_some() && is_limit).then_some(threshold)
}

fn path_override(mut fields: Fields<'_>, rules: &[&str]) -> PathOverride {
    let one = PathOverride { paths: fields.texts("paths"), rules: rule_levels(&mut fields, rules) };
    if one.paths.is_empty() {
        fields.error("an override needs `paths = [\"folder/**\"]`");
    }
    fields.finish();
    one
}

fn mitigation(mut fields: Fields<'_>) -> Option<Mitigation> {
    let kind = fields.word("kind", MitigationKind::WORDS);
    let mitigation = Mitigation {
        kind: kind.unwrap_or(MitigationKind::Runbook),
        of: fields.texts("of"),
        services: fields.texts("services"),
        with: fields.texts("with"),
        k: fields.count("k").unwrap_or(1),
        survives: fields.word("survives", &words(Level::ALL, Level::word)),
        takes_seconds: fields.seconds("takes"),
        retention_days: fields.days("retention").map(f64::from),
        interval_seconds: fields.seconds("interval"),
        region: fields.text("region"),
        owner: fields.text("owner"),
        reference: fields.text("reference"),
        reason: fields.text("reason"),
        tested: fields.date("tested"),
        expires: fields.date("expires"),
        evidence: Some(fields.evidence()),
    };
    if kind.is_none() || mitigation.of.is_empty() {
        fields.error("a mitigation needs `kind` and `of = [\"ELEMENT-ID\"]`");
    }
    let adds = matches!(kind, Some(MitigationKind::Redundancy | MitigationKind::Failover));
    if adds && mitigation.with.is_empty() && mitigation.survives.is_none() {
        fields.error("redundancy and failover need `with = [\"ID\"]`, or `survives = \"zone\"`");
    }
    fields.finish();
    (kind.is_some() && !mitigation.of.is_empty()).then_some(mitigation)
}

fn waiver(mut fields: Fields<'_>, rules: &[&str]) -> Waiver {
    let known: Vec<(&str, ())> = rules.iter().map(|rule| (*rule, ())).chain([("*", ())]).collect();
    let mut again = fields.text("rule");
    if again.is_some() && fields.word("rule", &known).is_none() {
        again = None;
    }
    let waiver = Waiver {
        fingerprint: fields.text("fingerprint"),
        rule: again,
        service: fields.text("service"),
        element: fields.text("element"),
        place: None,
        reason: fields.text("reason"),
        owner: fields.text("owner"),
        ticket: fields.text("ticket"),
        created: fields.date("created"),
        expires: fields.date("expires"),
        evidence: Some(fields.evidence()),
    };
    fields.finish();
    waiver
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|value| (word(*value), *value)).collect()
}
