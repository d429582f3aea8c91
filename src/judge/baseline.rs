//! What is new, gone and unchanged against a scan of before, told apart by structure: rule, element (or what it
//! was renamed from), elements that have to fail together, and services. Never by line or message.
//!
//! Each finding of before answers for one finding of now, so that one fixed and one added never net to zero.

use std::collections::{BTreeMap, BTreeSet};

use super::arrivals::{Arrival, arrivals};
use super::carried::{Ambiguous, Carried, Moved, Presence};
use super::changes::{Cause, Changes};
use super::concentrated::percent;
use super::finding::{BlastRadius, Finding, FindingLevel, Status, Verdict};
use super::findings::{fingerprint, rank};
use super::forgotten::{Forgotten, forgotten};
use super::rules;
use super::snapshot::{Known, Measured, Snapshot};
use super::waivers::has_expired;
use crate::analyze::Analysis;
use crate::model::settings::{Measure, RuleLevel, Threshold};
use crate::model::{Confidence, Estate, Evidence, Id, Level};
use crate::source::Problem;

/// Smaller differences of shares are not worth a line.
const WORTH_A_LINE: f64 = 0.005;

/// What is compared, and what is known about the change.
pub struct Comparing<'a> {
    /// The scan of before.
    pub before: &'a Snapshot,
    /// The estate now.
    pub estate: &'a Estate,
    /// Its analysis.
    pub analysis: &'a Analysis,
    /// `moved` blocks now.
    pub moved: &'a [Moved],
    /// Which ids exist in any environment.
    pub presence: &'a Presence,
    /// What differs in the files.
    pub changes: &'a Changes,
    /// The policy's limits of concentration.
    pub thresholds: &'a [Threshold],
    /// Elements whose mitigation holds no more.
    pub lapsed: &'a BTreeSet<Id>,
}

/// What a comparison found beside the status of each finding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// What was compared with, for people.
    pub against: String,
    /// Findings that are new, or worse than before.
    pub new: usize,
    /// Those among them, by fingerprint, that were there before, and on whose element more services depend now.
    pub grown: BTreeSet<String>,
    /// Findings that were there before.
    pub unchanged: usize,
    /// Findings that are there no more.
    pub gone: Vec<Known>,
    /// Findings that may be there still: the file that declared their element can no longer be read.
    pub hidden: Vec<Known>,
    /// Nodes whose ids changed: before, now.
    pub carried: Vec<(Id, Id)>,
    /// Nodes that may have become each other.
    pub ambiguous: Vec<Ambiguous>,
    /// Shares of placement that changed.
    pub shifts: Vec<Shift>,
    /// Other environments that were compared too.
    pub environments: Vec<String>,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// Files that differ.
    pub files: Vec<String>,
    /// What can no longer be read among them.
    pub unread: Vec<Problem>,
    /// What was known before and is not known now.
    pub forgotten: Vec<Forgotten>,
    /// Providers that are new.
    pub arrivals: Vec<Arrival>,
}

/// A share of placement before and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// The dimension's word.
    pub dimension: String,
    /// Of what.
    pub id: Id,
    /// Share before, 0 to 1.
    pub before: f64,
    /// Share now, 0 to 1.
    pub now: f64,
}

/// Gives each finding its status against what was there before, adds those about growth, and ranks.
pub fn compare(findings: Vec<Finding>, cx: &Comparing<'_>) -> (Vec<Finding>, Comparison) {
    let now = Snapshot::of(cx.estate, cx.analysis, &findings);
    let carried = Carried::decide(cx.before, &now, cx.moved, cx.presence);
    let mut findings = findings;
    let matched = Matching::of(cx, &carried, &findings);
    let mut comparison = Comparison {
        carried: carried.now.iter().map(|(old, id)| (old.clone(), id.clone())).collect(),
        shifts: shifts(cx),
        arrivals: arrivals(cx.before, cx.estate, cx.changes),
        files: cx.changes.files().map(str::to_owned).collect(),
        ..Comparison::default()
    };
    for (at, finding) in findings.iter_mut().enumerate() {
        if finding.status != Status::Open {
            continue;
        }
        let known = matched.known[at].map(|number| &cx.before.findings[number]);
        let why = known.map(|known| worse(cx, &carried, &now, known, finding));
        let rest = || matched.rest[at].map(|number| &cx.before.findings[number]);
        match (why, rest()) {
            (Some(None), _) => {
                finding.status = Status::Baseline;
                comparison.unchanged += 1;
            }
            (None, Some(old)) => {
                finding.status = Status::Baseline;
                finding.because.get_or_insert_with(|| format!("what is left of a known `{}`", old.rule));
                comparison.unchanged += 1;
            }
            (why, _) => {
                let worse = why.flatten();
                comparison.new += 1;
                if worse.as_ref().is_some_and(|worse| !worse.services.is_empty()) {
                    comparison.grown.insert(finding.fingerprint.clone());
                }
                explain(cx, &carried, finding, worse);
            }
        }
    }
    comparison.forgotten = forgotten(cx.before, cx.estate, &carried, cx.changes);
    comparison.forgotten.retain(|one| !findings.iter().any(|finding| says_not_known(finding, &one.id)));
    for mut finding in growth(cx) {
        comparison.new += 1;
        explain(cx, &carried, &mut finding, None);
        findings.push(finding);
    }
    let is_gone = |(number, known): &(usize, &Known)| known.was_open() && !matched.used.contains(number);
    comparison.gone =
        cx.before.findings.iter().enumerate().filter(is_gone).map(|(_, one)| one.clone()).collect();
    comparison.ambiguous = carried.ambiguous;
    rank(&mut findings);
    (findings, comparison)
}

/// Whether a finding already says that an element is not known.
fn says_not_known(finding: &Finding, element: &Id) -> bool {
    finding.status == Status::Open && finding.verdict == Verdict::NotKnown && finding.element == *element
}

/// Why a finding that was there before counts as new, with the services that are.
struct Worse {
    why: String,
    services: Vec<Id>,
}

/// Which finding of before each finding of now is.
struct Matching {
    known: Vec<Option<usize>>,
    used: BTreeSet<usize>,
    /// Where it is none of them: the graver finding that is gone and held this one too.
    rest: Vec<Option<usize>>,
}

impl Comparison {
    /// What can no longer be read is not gone.
    pub fn hide(&mut self, unread: Vec<Problem>, before: &Snapshot) {
        let is_unread = |known: &Known| {
            let declared = before.nodes.get(&known.element).map(|seen| seen.path.as_str());
            unread.iter().any(|problem| declared == Some(&*problem.location.path))
        };
        let (hidden, gone) = std::mem::take(&mut self.gone).into_iter().partition(is_unread);
        (self.gone, self.hidden) = (gone, hidden);
        self.unread.extend(unread);
    }
}

impl Matching {
    fn of(cx: &Comparing<'_>, carried: &Carried, findings: &[Finding]) -> Self {
        let none = vec![None; findings.len()];
        let mut matching = Matching { known: none.clone(), used: BTreeSet::new(), rest: none };
        let mut by_element: BTreeMap<(&str, &Id), Vec<usize>> = BTreeMap::new();
        for (number, known) in cx.before.findings.iter().enumerate() {
            by_element.entry((&known.rule, carried.now(&known.element))).or_default().push(number);
        }
        // The same ids have to fail together.
        matching.pair(findings, &by_element, |number, finding| {
            let known = &cx.before.findings[number];
            known.fingerprint == finding.fingerprint && !carried.now.contains_key(&known.element)
        });
        // The same ones under other names.
        matching.pair(findings, &by_element, |number, finding| {
            let known = &cx.before.findings[number];
            let renamed = |ids: &[Id]| ids.iter().map(|id| carried.now(id).clone()).collect::<Vec<_>>();
            let touched = known.path.iter().chain(&known.services).any(|id| carried.now.contains_key(id));
            carried.now.contains_key(&known.element)
                || (touched
                    && (renamed(&known.path) == finding.path
                        || same(&renamed(&known.services), &finding.services)))
        });
        matching.find_rests(cx, carried, findings);
        matching
    }

    /// An element that was lost with one instance was lost with its host and zone as well: a second instance beside it
    /// ends the first risk, and does not make the others.
    fn find_rests(&mut self, cx: &Comparing<'_>, carried: &Carried, findings: &[Finding]) {
        let mut gone: BTreeMap<&Id, Vec<usize>> = BTreeMap::new();
        for (number, known) in cx.before.findings.iter().enumerate() {
            if known.was_open() && !self.used.contains(&number) {
                gone.entry(carried.now(&known.element)).or_default().push(number);
            }
        }
        for (at, finding) in findings.iter().enumerate() {
            let is_new = self.known[at].is_none() && finding.verdict == Verdict::AtRisk;
            let mut of_element = gone.get(&finding.element).into_iter().flatten().filter(|_| is_new);
            let is_held = |number: &&usize| holds(carried, &cx.before.findings[**number], finding);
            self.rest[at] = of_element.find(is_held).copied();
        }
    }

    fn pair(
        &mut self,
        findings: &[Finding],
        by_element: &BTreeMap<(&str, &Id), Vec<usize>>,
        is_same: impl Fn(usize, &Finding) -> bool,
    ) {
        for (at, finding) in findings.iter().enumerate() {
            if self.known[at].is_some() {
                continue;
            }
            let candidates = by_element.get(&(finding.rule, &finding.element)).map_or(&[][..], Vec::as_slice);
            let mut open = candidates.iter().copied().filter(|number| !self.used.contains(number));
            if let Some(number) = open.find(|number| is_same(*number, finding)) {
                self.known[at] = Some(number);
                self.used.insert(number);
            }
        }
    }
}

/// Whether the loss of a larger domain, which a finding is about, followed from what was known of a smaller one.
fn holds(carried: &Carried, known: &Known, finding: &Finding) -> bool {
    let services: BTreeSet<&Id> = known.services.iter().map(|id| carried.now(id)).collect();
    let is_on_ladder = |level: Level| level <= Level::Provider;
    let is_smaller = Level::parse(&known.domain_level)
        .is_some_and(|level| level <= finding.domain_level && is_on_ladder(finding.domain_level));
    is_smaller
        && is_single_point(&known.rule)
        && is_single_point(finding.rule)
        && FindingLevel::parse(&known.level).is_some_and(|level| finding.level <= level)
        && finding.services.iter().all(|id| services.contains(id))
}

/// Rules about the loss of the element itself.
fn is_single_point(rule: &str) -> bool {
    rules::rule(rule).is_some_and(|rule| rule.is_single_point())
}

fn same(a: &[Id], b: &[Id]) -> bool {
    a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
}

/// Why a finding counts as new although there was one like it.
fn worse(
    cx: &Comparing<'_>,
    carried: &Carried,
    now: &Snapshot,
    known: &Known,
    finding: &Finding,
) -> Option<Worse> {
    let worse = |why: String| Some(Worse { why, services: Vec::new() });
    if has_expired(finding) {
        return worse("its waiver holds no more".to_owned());
    }
    if cx.lapsed.contains(&finding.element) {
        return worse("its mitigation holds no more".to_owned());
    }
    if !known.was_open() {
        return worse(format!("it was {} before", known.status));
    }
    if FindingLevel::parse(&known.level).is_some_and(|level| level < finding.level) {
        return worse(format!("it was a {} before", known.level));
    }
    let ttl = |snapshot: &Snapshot, id: &Id| snapshot.nodes.get(id).and_then(|seen| seen.ttl_seconds);
    if finding.rule == "ttl-exceeds-rto"
        && let (Some(old), Some(new)) = (ttl(cx.before, &known.element), ttl(now, &finding.element))
        && old < new
    {
        return worse(format!("the TTL was {old} s before"));
    }
    if !rules::rule(finding.rule).is_none_or(|rule| rule.counts_services()) {
        return None;
    }
    let before: BTreeSet<&Id> = known.services.iter().map(|id| carried.now(id)).collect();
    let services: Vec<Id> = finding.services.iter().filter(|id| !before.contains(id)).cloned().collect();
    if services.is_empty() {
        return None;
    }
    let name = |id: &Id| cx.estate.node(id).map_or_else(|| id.to_string(), |node| node.name.clone());
    let names: Vec<String> = services.iter().take(3).map(|id| format!("`{}`", name(id))).collect();
    let more = if services.len() > 3 { format!(" and {} more", services.len() - 3) } else { String::new() };
    let depend = if services.len() == 1 { "depends" } else { "depend" };
    Some(Worse { why: format!("now {}{more} {depend} on it too", names.join(", ")), services })
}

/// Says why a finding is new, and which change made it so.
fn explain(cx: &Comparing<'_>, carried: &Carried, finding: &mut Finding, worse: Option<Worse>) {
    let (mut why, services) = match worse {
        Some(worse) => (format!("new: {}", worse.why), worse.services),
        None => ("new".to_owned(), Vec::new()),
    };
    let mut ids: Vec<&Id> = services.iter().collect();
    ids.push(&finding.element);
    ids.extend(finding.path.iter().rev());
    ids.extend(finding.services.iter().take(8));
    let cause = cx.changes.cause(cx.estate, &ids, &finding.evidence);
    if let Some(cause) = &cause {
        why = format!("{why}, since {}", cause.words());
    }
    if let Some(path) = unread_before(cx, finding, cause.as_ref()) {
        why = format!("{why}; `{path}` could not be read before, so it may be old");
    }
    if let Some(twins) = carried.ambiguous.iter().find(|one| one.now.contains(&finding.element)) {
        let old: Vec<String> = twins.before.iter().map(|id| format!("`{id}`")).collect();
        why = format!("{why}; it may be one of {} renamed, which nothing tells", old.join(", "));
    }
    finding.because = Some(match finding.because.take() {
        Some(because) => format!("{because}; {why}"),
        None => why,
    });
    if let Some(evidence) = cause.as_ref().and_then(Cause::evidence) {
        finding.evidence.retain(|piece| piece.location() != evidence.location());
        finding.evidence.insert(0, evidence);
    }
}

/// A file that says so now and could not be read then.
fn unread_before(cx: &Comparing<'_>, finding: &Finding, cause: Option<&Cause>) -> Option<String> {
    let of_evidence = finding.evidence.iter().filter_map(Evidence::location);
    let mut paths = cause.map(|cause| &cause.location).into_iter().chain(of_evidence).map(|at| &*at.path);
    let is_unread = |path: &&str| cx.before.unread.iter().any(|(unread, _)| unread == path);
    paths.find(is_unread).map(str::to_owned)
}

/// Findings about concentration that grew by more than the policy allows.
fn growth(cx: &Comparing<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for limit in cx.thresholds {
        let category = limit.category.map_or("all", |category| category.word());
        let concentration = cx.analysis.concentration.iter();
        let mut of_limit = concentration
            .filter(|one| one.dimension.word() == limit.dimension && one.category == limit.category);
        let (Some(max), Some(now)) = (limit.max_increase, of_limit.next().map(Measured::of)) else {
            continue;
        };
        let none = Measured {
            dimension: limit.dimension.clone(),
            category: category.to_owned(),
            hhi: 0.0,
            cr1: 0.0,
            cr3: 0.0,
            shares: BTreeMap::new(),
        };
        // Against nothing at all, everything would have grown.
        let Some(before) = cx.before.measured(&limit.dimension, category) else { continue };
        let before = if before.shares.is_empty() { &none } else { before };
        for (id, was, is) in measured(limit.measure, before, &now) {
            if max + 1e-9 < is - was {
                found.push(grown(cx, limit, &id, was, is));
            }
        }
    }
    found
}

/// What a limit is about, before and now: the one index, led by its largest share, or every share.
fn measured(measure: Measure, before: &Measured, now: &Measured) -> Vec<(Id, f64, f64)> {
    let largest = now.shares.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(id, _)| id.clone());
    let one = |was: f64, is: f64| largest.clone().map(|id| (id, was, is)).into_iter().collect();
    let each = |of: fn(&(f64, f64)) -> f64| {
        let was = |id: &Id| before.shares.get(id).map_or(0.0, of);
        let known = now.shares.iter().filter(|(id, _)| !id.as_str().ends_with("unknown"));
        known.map(|(id, share)| (id.clone(), was(id), of(share))).collect()
    };
    match measure {
        Measure::Hhi => one(before.hhi, now.hhi),
        Measure::Cr1 => one(before.cr1, now.cr1),
        Measure::Cr3 => one(before.cr3, now.cr3),
        Measure::PlacementShare => each(|share| share.0),
        Measure::LossShare => each(|share| share.1),
    }
}

fn grown(cx: &Comparing<'_>, limit: &Threshold, id: &Id, was: f64, is: f64) -> Finding {
    let rule = match limit.dimension.as_str() {
        "region" | "zone" => "region-concentration",
        "jurisdiction" => "jurisdiction-concentration",
        _ => "provider-concentration",
    };
    let failure = cx.analysis.failure_of(id);
    let name = cx.estate.node(id).map_or_else(|| id.rest().to_owned(), |node| node.name.clone());
    let category = limit.category.map_or("all", |category| category.word());
    let what = Id::new(format!("growth:{}/{category}/{}", limit.dimension, limit.measure.word()));
    let allowed = limit.max_increase.unwrap_or_default();
    let mut evidence: Vec<Evidence> = limit.evidence.iter().cloned().collect();
    evidence.extend(cx.estate.node(id).into_iter().flat_map(|node| node.evidence.iter().take(1).cloned()));
    Finding {
        rule,
        level: match limit.level {
            RuleLevel::Error => FindingLevel::Error,
            RuleLevel::Warning => FindingLevel::Warning,
            RuleLevel::Note | RuleLevel::Off => FindingLevel::Note,
        },
        fingerprint: fingerprint(rule, id, &[id.clone(), what]),
        message: format!(
            "{} of `{name}` grew from {} to {}; the policy allows {} more",
            limit.measure.word(),
            percent(was),
            percent(is),
            percent(allowed)
        ),
        services: failure.map_or_else(Vec::new, |failure| failure.lost.clone()),
        element: id.clone(),
        domain_level: if limit.dimension == "region" { Level::Region } else { Level::Provider },
        blast_radius: failure.map_or_else(BlastRadius::default, |failure| BlastRadius {
            services: failure.lost_count,
            weight: failure.weight_lost,
            share: failure.share_lost,
        }),
        status: Status::Open,
        verdict: Verdict::AtRisk,
        because: None,
        confidence: Confidence::Inferred,
        path: failure.and_then(|failure| failure.paths.first()).cloned().unwrap_or_default(),
        evidence,
        fix: None,
    }
}

/// How placement shifted, over all categories.
fn shifts(cx: &Comparing<'_>) -> Vec<Shift> {
    let mut found = Vec::new();
    for now in cx.analysis.concentration.iter().filter(|one| one.category.is_none()).map(Measured::of) {
        let Some(before) = cx.before.measured(&now.dimension, "all") else { continue };
        let ids: BTreeSet<&Id> = before.shares.keys().chain(now.shares.keys()).collect();
        for id in ids {
            let share = |of: &Measured| of.shares.get(id).map_or(0.0, |share| share.0);
            let (was, is) = (share(before), share(&now));
            if WORTH_A_LINE < (is - was).abs() {
                found.push(Shift { dimension: now.dimension.clone(), id: id.clone(), before: was, now: is });
            }
        }
    }
    found
}
