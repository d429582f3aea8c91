//! Version 1 of the JSON report: wire types that borrow from the outcome.
//!
//! Lists are serialized as they are walked; nothing is collected that the outcome already holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::analyze;
use crate::judge;
use crate::model::{self, Attribute, Attributes, Id};
use crate::report::Summary;
use crate::scan::{Completeness, FileRead, Outcome};
use crate::source;

use super::fate::Fate;

/// Raised when the meaning of a field changes.
pub(super) const SCHEMA_VERSION: &str = "1";

/// The whole report.
pub(super) struct Document<'a>(pub(super) &'a Outcome);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcome = self.0;
        let estate = &outcome.estate;
        let members = members_of(estate);
        let fates: BTreeMap<&Id, Fate<'_>> =
            outcome.analysis.groups.iter().map(|fate| (&fate.group, Fate::of(fate))).collect();
        let mut document = serializer.serialize_struct("Document", 14)?;
        document.serialize_field("schema_version", SCHEMA_VERSION)?;
        document.serialize_field("tool", &Tool::this(outcome))?;
        document.serialize_field(
            "organization",
            &Organization { name: &outcome.organization, roots: &outcome.roots },
        )?;
        document
            .serialize_field("environments", &Each(|| estate.environments.iter().map(Environment::of)))?;
        document.serialize_field("inputs", &Inputs::of(outcome))?;
        document.serialize_field("diagnostics", &Each(|| outcome.problems.iter().map(Diagnostic::of)))?;
        document.serialize_field("nodes", &Each(|| estate.nodes.values().map(Node::of)))?;
        document.serialize_field("edges", &Each(|| estate.edges.iter().map(Edge::of)))?;
        document.serialize_field(
            "groups",
            &Each(|| estate.groups.values().map(|group| Group::of(group, &members, fates.get(&group.id)))),
        )?;
        document.serialize_field("findings", &Each(|| outcome.findings.iter().map(Finding::of)))?;
        document.serialize_field(
            "concentration",
            &Each(|| outcome.analysis.concentration.iter().map(Concentration::of)),
        )?;
        document.serialize_field("completeness", &completeness(&outcome.completeness))?;
        document.serialize_field("summary", &summary(outcome))?;
        if let Some(comparison) = &outcome.comparison {
            document.serialize_field("comparison", &Comparison::of(comparison))?;
        }
        document.end()
    }
}

/// A list that is serialized while it is walked.
struct Each<F>(F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'static str,
    data_date: &'a str,
}

impl<'a> Tool<'a> {
    fn this(outcome: &'a Outcome) -> Self {
        Tool { name: "linchpin", version: env!("CARGO_PKG_VERSION"), data_date: &outcome.data_date }
    }
}

#[derive(Serialize)]
struct Organization<'a> {
    name: &'a str,
    roots: &'a [String],
}

#[derive(Serialize)]
struct Environment<'a> {
    name: &'a str,
    chosen: bool,
    evidence: &'a [String],
}

impl<'a> Environment<'a> {
    fn of(environment: &'a model::Environment) -> Self {
        Environment { name: &environment.name, chosen: environment.chosen, evidence: &environment.evidence }
    }
}

#[derive(Serialize)]
struct Inputs<'a> {
    #[serde(serialize_with = "files")]
    files: &'a [FileRead],
    #[serde(serialize_with = "skipped")]
    skipped: &'a [source::Skipped],
}

impl<'a> Inputs<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        Inputs { files: &outcome.files, skipped: &outcome.skipped }
    }
}

#[derive(Serialize)]
struct InputFile<'a> {
    path: &'a str,
    format: &'a str,
    bytes: u64,
}

fn files<S: Serializer>(files: &[FileRead], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files.iter().map(|file| InputFile {
        path: &file.path,
        format: file.format,
        bytes: file.bytes,
    }))
}

#[derive(Serialize)]
struct SkippedPath<'a> {
    path: &'a str,
    reason: &'a str,
}

fn skipped<S: Serializer>(skipped: &[source::Skipped], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(skipped.iter().map(|one| SkippedPath { path: &one.path, reason: &one.reason }))
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    severity: &'static str,
    path: &'a str,
    line: u32,
    column: u32,
    message: &'a str,
}

impl<'a> Diagnostic<'a> {
    fn of(problem: &'a source::Problem) -> Self {
        Diagnostic {
            severity: problem.severity.word(),
            path: &problem.location.path,
            line: problem.location.line,
            column: problem.location.column,
            message: &problem.message,
        }
    }
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_unknown: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    zones: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas_unknown: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<&'static str>,
    tolerance: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance_because: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    service: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<bool>,
    confidence: &'static str,
    #[serde(serialize_with = "evidence")]
    evidence: &'a [model::Evidence],
}

impl<'a> Node<'a> {
    fn of(node: &'a model::Node) -> Self {
        let placement = &node.placement;
        let text = |attribute| Attributes::text(&node.attributes, attribute);
        Node {
            id: node.id.as_str(),
            kind: node.kind.word(),
            name: &node.name,
            category: node.category.map(model::Category::word),
            type_name: node.type_name.as_deref(),
            provider: placement.provider.as_deref(),
            provider_service: placement.service.as_deref(),
            parent: node.parent.as_ref().map(Id::as_str),
            region: placement.region.as_deref(),
            region_unknown: placement.region_unknown.as_deref(),
            zones: &placement.zones,
            jurisdiction: text(Attribute::Jurisdiction),
            asn: placement.asn,
            replicas: node.replication.replicas,
            replicas_unknown: node.replication.unknown.as_deref(),
            required: node.replication.required,
            spread: node.replication.spread.map(model::Level::word),
            tolerance: node.tolerance.word(),
            tolerance_because: node.tolerance_because.as_deref(),
            service: node.is_service,
            tier: node.tier.as_deref(),
            owner: node.owner.as_deref(),
            weight: node.is_service.then_some(node.weight),
            published: node.attributes.bool(Attribute::Published),
            confidence: node.confidence.word(),
            evidence: &node.evidence,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize)]
#[serde(untagged)]
enum Evidence<'a> {
    File { path: &'a str, line: u32, column: u32, text: &'a str },
    Record { record: &'a str, name: &'a str, value: &'a str, ttl: u32, resolver: &'a str },
}

impl<'a> Evidence<'a> {
    fn of(evidence: &'a model::Evidence) -> Self {
        match evidence {
            model::Evidence::File { location, text } => {
                Evidence::File { path: &location.path, line: location.line, column: location.column, text }
            }
            model::Evidence::Record { record, name, value, ttl, resolver } => {
                Evidence::Record { record, name, value, ttl: *ttl, resolver }
            }
        }
    }
}

fn evidence<S: Serializer>(evidence: &[model::Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(Evidence::of))
}

fn ids<S: Serializer>(ids: &[Id], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(Id::as_str))
}

#[derive(Serialize)]
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    phase: &'static str,
    need: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    confidence: &'static str,
    #[serde(serialize_with = "evidence")]
    evidence: &'a [model::Evidence],
}

impl<'a> Edge<'a> {
    fn of(edge: &'a model::Edge) -> Self {
        Edge {
            from: edge.from.as_str(),
            to: edge.to.as_str(),
            phase: edge.phase.word(),
            need: edge.need.word(),
            group: edge.group.as_ref().map(Id::as_str),
            confidence: edge.confidence.word(),
            evidence: &edge.evidence,
        }
    }
}

#[derive(Serialize)]
struct Group<'a> {
    id: &'a str,
    owner: &'a str,
    k: u32,
    members: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<&'a Fate<'a>>,
    #[serde(serialize_with = "evidence")]
    evidence: &'a [model::Evidence],
}

type Members<'a> = BTreeMap<&'a Id, Vec<&'a str>>;

impl<'a> Group<'a> {
    fn of(group: &'a model::Group, members: &'a Members<'a>, fate: Option<&'a Fate<'a>>) -> Self {
        Group {
            id: group.id.as_str(),
            owner: group.owner.as_str(),
            k: group.k,
            members: members.get(&group.id).map_or(&[], Vec::as_slice),
            level: group.level.map(model::Level::word),
            fate,
            evidence: &group.evidence,
        }
    }
}

fn members_of(estate: &model::Estate) -> Members<'_> {
    let mut members = Members::new();
    for edge in &estate.edges {
        if let Some(group) = &edge.group {
            members.entry(group).or_default().push(edge.to.as_str());
        }
    }
    for ends in members.values_mut() {
        ends.sort_unstable();
        ends.dedup();
    }
    members
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    level: &'static str,
    fingerprint: &'a str,
    message: &'a str,
    #[serde(serialize_with = "ids")]
    services: &'a [Id],
    element: &'a str,
    domain_level: &'static str,
    blast_radius: BlastRadius,
    status: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    confidence: &'static str,
    #[serde(serialize_with = "ids")]
    path: &'a [Id],
    #[serde(serialize_with = "evidence")]
    evidence: &'a [model::Evidence],
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct BlastRadius {
    services: usize,
    weight: f64,
    share: f64,
}

#[derive(Serialize)]
struct Fix<'a> {
    summary: &'a str,
    effort: &'static str,
    #[serde(serialize_with = "edits", skip_serializing_if = "<[judge::Edit]>::is_empty")]
    edits: &'a [judge::Edit],
}

#[derive(Serialize)]
struct Edit<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
}

fn edits<S: Serializer>(edits: &[judge::Edit], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(edits.iter().map(|edit| Edit {
        path: &edit.path,
        line: edit.line,
        text: &edit.text,
    }))
}

impl<'a> Finding<'a> {
    fn of(finding: &'a judge::Finding) -> Self {
        let radius = finding.blast_radius;
        Finding {
            rule: finding.rule,
            level: finding.level.word(),
            fingerprint: &finding.fingerprint,
            message: &finding.message,
            services: &finding.services,
            element: finding.element.as_str(),
            domain_level: finding.domain_level.word(),
            blast_radius: BlastRadius {
                services: radius.services,
                weight: radius.weight,
                share: radius.share,
            },
            status: finding.status.word(),
            verdict: finding.verdict.word(),
            because: finding.because.as_deref(),
            confidence: finding.confidence.word(),
            path: &finding.path,
            evidence: &finding.evidence,
            fix: finding.fix.as_ref().map(|fix| Fix {
                summary: &fix.summary,
                effort: fix.effort,
                edits: &fix.edits,
            }),
        }
    }
}

#[derive(Serialize)]
struct Concentration<'a> {
    dimension: &'static str,
    category: &'static str,
    hhi: f64,
    effective_number: f64,
    cr1: f64,
    cr3: f64,
    unplaced_share: f64,
    #[serde(serialize_with = "shares")]
    shares: &'a [analyze::Share],
}

impl<'a> Concentration<'a> {
    fn of(concentration: &'a analyze::Concentration) -> Self {
        Concentration {
            dimension: concentration.dimension.word(),
            category: concentration.category.map_or("all", model::Category::word),
            hhi: concentration.hhi,
            effective_number: concentration.effective_number,
            cr1: concentration.cr1,
            cr3: concentration.cr3,
            unplaced_share: concentration.unplaced_share,
            shares: &concentration.shares,
        }
    }
}

#[derive(Serialize)]
struct Share<'a> {
    id: &'a str,
    placement_share: f64,
    loss_share: f64,
    hidden_loss_share: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctpp: Option<&'a str>,
}

fn shares<S: Serializer>(shares: &[analyze::Share], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(shares.iter().map(|share| Share {
        id: share.id.as_str(),
        placement_share: share.placement_share,
        loss_share: share.loss_share,
        hidden_loss_share: share.hidden_loss_share,
        ctpp: share.designated_critical.as_deref(),
    }))
}

#[derive(Serialize)]
struct CompletenessCounts {
    unresolved_references: usize,
    unresolved_names: usize,
    unknown_providers: usize,
    unknown_regions: usize,
    unknown_semantics: usize,
    files_skipped: usize,
    files_in_part: usize,
    verdicts_not_known: usize,
    #[serde(skip_serializing_if = "is_zero")]
    lists_in_part: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn completeness(counts: &Completeness) -> CompletenessCounts {
    CompletenessCounts {
        unresolved_references: counts.unresolved_references,
        unresolved_names: counts.unresolved_names,
        unknown_providers: counts.unknown_providers,
        unknown_regions: counts.unknown_regions,
        unknown_semantics: counts.unknown_semantics,
        files_skipped: counts.files_skipped,
        files_in_part: counts.files_in_part,
        verdicts_not_known: counts.verdicts_not_known,
        lists_in_part: counts.lists_in_part,
    }
}

#[derive(Serialize)]
struct SummaryCounts {
    services: usize,
    components: usize,
    providers: usize,
    spofs: usize,
    unmitigated: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    mitigated: usize,
    waived: usize,
    baseline: usize,
    not_known: usize,
}

fn summary(outcome: &Outcome) -> SummaryCounts {
    let counts = Summary::of(outcome);
    SummaryCounts {
        services: counts.services,
        components: counts.components,
        providers: counts.providers,
        spofs: counts.spofs,
        unmitigated: counts.unmitigated,
        errors: counts.errors,
        warnings: counts.warnings,
        notes: counts.notes,
        mitigated: counts.mitigated,
        waived: counts.waived,
        baseline: counts.baseline,
        not_known: counts.not_known,
    }
}

#[derive(Serialize)]
struct Comparison<'a> {
    against: &'a str,
    new: usize,
    grown: &'a BTreeSet<String>,
    unchanged: usize,
    gone: Vec<Gone<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<Gone<'a>>,
    carried: Vec<Renamed<'a>>,
    ambiguous: Vec<Ambiguous<'a>>,
    shifts: Vec<Shift<'a>>,
    environments: &'a [String],
    not_compared: &'a [String],
    files: &'a [String],
    unread: Vec<Unread<'a>>,
    forgotten: Vec<Forgotten<'a>>,
    arrivals: Vec<Arrival<'a>>,
}

#[derive(Serialize)]
struct Arrival<'a> {
    id: &'a str,
    #[serde(serialize_with = "ids")]
    services: &'a [Id],
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

#[derive(Serialize)]
struct Unread<'a> {
    path: &'a str,
    line: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct Forgotten<'a> {
    id: &'a str,
    what: &'static str,
    was: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

#[derive(Serialize)]
struct Gone<'a> {
    rule: &'a str,
    level: &'a str,
    fingerprint: &'a str,
    element: &'a str,
    #[serde(serialize_with = "ids")]
    services: &'a [Id],
    message: &'a str,
}

#[derive(Serialize)]
struct Renamed<'a> {
    before: &'a str,
    now: &'a str,
}

#[derive(Serialize)]
struct Ambiguous<'a> {
    #[serde(serialize_with = "ids")]
    before: &'a [Id],
    #[serde(serialize_with = "ids")]
    now: &'a [Id],
}

#[derive(Serialize)]
struct Shift<'a> {
    dimension: &'a str,
    id: &'a str,
    before: f64,
    now: f64,
}

impl<'a> Unread<'a> {
    fn of(problem: &'a crate::source::Problem) -> Self {
        let at = &problem.location;
        Unread { path: &at.path, line: at.line, message: &problem.message }
    }
}

impl<'a> Forgotten<'a> {
    fn of(one: &'a judge::Forgotten) -> Self {
        Forgotten {
            id: one.id.as_str(),
            what: one.what,
            was: &one.was,
            because: one.because.as_deref(),
            since: one.cause.as_ref().map(judge::Cause::words),
        }
    }
}

impl<'a> Arrival<'a> {
    fn of(one: &'a judge::Arrival) -> Self {
        let since = one.cause.as_ref().map(judge::Cause::words);
        Arrival { id: one.id.as_str(), services: &one.services, since }
    }
}

impl<'a> Comparison<'a> {
    fn of(comparison: &'a judge::Comparison) -> Self {
        let gone = |known: &'a judge::Known| Gone {
            rule: &known.rule,
            level: &known.level,
            fingerprint: &known.fingerprint,
            element: known.element.as_str(),
            services: &known.services,
            message: &known.message,
        };
        let renamed = |(before, now): &'a (Id, Id)| Renamed { before: before.as_str(), now: now.as_str() };
        let shift = |shift: &'a judge::Shift| Shift {
            dimension: &shift.dimension,
            id: shift.id.as_str(),
            before: shift.before,
            now: shift.now,
        };
        Comparison {
            against: &comparison.against,
            new: comparison.new,
            grown: &comparison.grown,
            unchanged: comparison.unchanged,
            gone: comparison.gone.iter().map(gone).collect(),
            hidden: comparison.hidden.iter().map(gone).collect(),
            carried: comparison.carried.iter().map(renamed).collect(),
            ambiguous: comparison
                .ambiguous
                .iter()
                .map(|one| Ambiguous { before: &one.before, now: &one.now })
                .collect(),
            shifts: comparison.shifts.iter().map(shift).collect(),
            environments: &comparison.environments,
            not_compared: &comparison.not_compared,
            files: &comparison.files,
            unread: comparison.unread.iter().map(Unread::of).collect(),
            forgotten: comparison.forgotten.iter().map(Forgotten::of).collect(),
            arrivals: comparison.arrivals.iter().map(Arrival::of).collect(),
        }
    }
}
