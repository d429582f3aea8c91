//! The gate: what is judged now, against what was there before.
//!
//! Each environment is compared with itself. The chosen one always is; another one when the change touches files
//! that are its own, unless one was asked for by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::join;

use crate::discover::{RevisionError, discover_revision};
use crate::judge::{
    self, Arrival, Changes, Comparing, Comparison, Finding, Forgotten, Moved, Presence, Snapshot, Status,
};
use crate::model::{Environment, Id, Settings};
use crate::read::Readings;
use crate::read::moved::moved_blocks;
use crate::scan::{self, Input, Outcome, Request, ScanError};
use crate::source::{Problem, Severity};

/// What a check compares with.
#[derive(Clone, Debug)]
pub enum Against {
    /// A scan that was saved.
    Saved {
        /// Where it was saved, for people.
        name: String,
        /// What it says.
        snapshot: Box<Snapshot>,
    },
    /// A git revision of the same folders.
    Revision(String),
}

/// What keeps a check from being judged.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The input as it is now cannot be judged.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The revision cannot be read.
    #[error(transparent)]
    Revision(#[from] RevisionError),
}

/// Rules that judge the policy as a whole: in another environment than the chosen one they say nothing new.
const OF_THE_POLICY: &[&str] =
    &["unused-waiver", "expired-waiver", "expired-mitigation", "service-without-owner"];

/// Scans, and tells what is new against what was there before.
///
/// # Errors
///
/// [`GateError`] when either side cannot be judged.
pub fn check(request: &Request, against: &Against) -> Result<Outcome, GateError> {
    let input = Input::open(request)?;
    match against {
        Against::Saved { name, snapshot } => against_saved(request, &input, name, snapshot),
        Against::Revision(revision) => against_revision(request, &input, revision),
    }
}

/// Scans, and tells which nodes the change since a revision touches: those that are new, those of which anything
/// differs that is known of them, and those in whose declaration a line differs.
///
/// # Errors
///
/// [`GateError`] when either side cannot be judged.
pub fn affected(request: &Request, revision: &str) -> Result<(Outcome, BTreeSet<Id>), GateError> {
    let input = Input::open(request)?;
    let base = Base::open(request, &input, revision)?;
    let changes = Changes::between(&base.input.discovery.tree, &input.discovery.tree);
    let asked = request.environment.as_deref();
    let (before, now) = judge_both(request, asked, &base.input, &input, &Readings::default());
    let (before, now) = (snapshot_of(&before?), now?);
    let mut touched = changes.declarations(&now.estate);
    touched.extend(judge::differing(&before, &now.estate));
    Ok((now, touched))
}

/// The files of a revision, with the policy they are judged by.
struct Base {
    input: Input,
    /// The revision's short id.
    id: String,
}

impl Base {
    fn open(request: &Request, now: &Input, revision: &str) -> Result<Self, GateError> {
        let (discovery, id) = discover_revision(&request.roots, revision, &scan::options(request))?;
        let has_policy = discovery.policy.is_some() && request.config.is_none();
        let mut input = match Input::of(discovery) {
            Ok(input) => input,
            // A policy that could not be read then is none; the files are judged by the one of now.
            Err(_) => {
                let (mut discovery, _) =
                    discover_revision(&request.roots, revision, &scan::options(request))?;
                discovery.policy = None;
                Input::of(discovery)?
            }
        };
        input.settings = settings_before(input.settings, &now.settings, has_policy);
        input.catalog = Arc::clone(&now.catalog);
        Ok(Base { input, id })
    }
}

/// One environment, before and now.
struct View {
    name: Option<String>,
    before: Snapshot,
    now: Outcome,
}

fn against_revision(request: &Request, input: &Input, revision: &str) -> Result<Outcome, GateError> {
    let Base { input: base, id } = Base::open(request, input, revision)?;
    let changes = Changes::between(&base.discovery.tree, &input.discovery.tree);
    // A change that touches nothing that is read has nothing to be compared: documentation, code.
    let is_same = base.discovery.tree == input.discovery.tree && base.settings == input.settings;
    let readings = Readings::default();
    let view = |name: Option<String>| -> Result<View, GateError> {
        let asked = name.as_deref().or(request.environment.as_deref());
        if is_same {
            let now = input.judge(request, asked)?;
            return Ok(View { name, before: snapshot_of(&now), now });
        }
        let (before, now) = judge_both(request, asked, &base, input, &readings);
        Ok(View { name, before: snapshot_of(&before?), now: now? })
    };
    let chosen = view(None)?;
    let others = if request.environment.is_some() { Vec::new() } else { touched(&chosen.now, &changes) };
    let mut views = vec![chosen];
    for name in others {
        views.push(view(Some(name))?);
    }
    let name = if revision.starts_with(&id) { revision.to_owned() } else { format!("{revision} ({id})") };
    Ok(compared(input, views, &changes, name, Vec::new()))
}

/// Judges the files of before and those of now; what did not change is read once.
fn judge_both(
    request: &Request,
    environment: Option<&str>,
    before: &Input,
    now: &Input,
    readings: &Readings,
) -> (Result<Outcome, ScanError>, Result<Outcome, ScanError>) {
    let declared_before = before.read_again(environment, readings);
    let declared_now = now.read_again(environment, readings);
    join(
        || before.judge_declared(request, environment, declared_before),
        || now.judge_declared(request, environment, declared_now),
    )
}

fn against_saved(
    request: &Request,
    input: &Input,
    name: &str,
    snapshot: &Snapshot,
) -> Result<Outcome, GateError> {
    let changes = Changes::against_evidence(snapshot.evidence.clone());
    let chosen = input.judge(request, request.environment.as_deref())?;
    let (mut new, mut known) = (BTreeSet::new(), BTreeSet::new());
    if request.environment.is_none() {
        for one in others(&chosen) {
            let group = if snapshot.environments.contains(&one.name) { &mut known } else { &mut new };
            group.insert(one.name.clone());
        }
    }
    let view = |name: Option<String>, now: Outcome| View { name, before: snapshot.clone(), now };
    let mut views = vec![view(None, chosen)];
    for name in new {
        let now = input.judge(request, Some(&name))?;
        views.push(view(Some(name), now));
    }
    let not_compared = known.into_iter().map(|name| {
        format!("environment `{name}`: a saved scan holds one environment; compare with a revision, or with a scan of `--environment {name}`")
    });
    Ok(compared(input, views, &changes, name.to_owned(), not_compared.collect()))
}

/// The policy by which the files of before are judged: what was declared of services, mitigations and waivers then,
/// with the levels, tiers and limits of now, so that a stricter policy alone is not a change of architecture.
fn settings_before(before: Settings, now: &Settings, has_policy: bool) -> Settings {
    if !has_policy {
        let mut settings = now.clone();
        // What stood in comments stays with the files.
        settings.waivers.retain(|waiver| waiver.place.is_none());
        settings.waivers.extend(before.waivers.into_iter().filter(|waiver| waiver.place.is_some()));
        return settings;
    }
    Settings { policy: now.policy.clone(), tiers: now.tiers.clone(), ..before }
}

fn snapshot_of(outcome: &Outcome) -> Snapshot {
    let mut snapshot = Snapshot::of(&outcome.estate, &outcome.analysis, &outcome.findings);
    let errors = outcome.problems.iter().filter(|problem| problem.severity == Severity::Error);
    snapshot.unread = errors.map(|one| (one.location.path.to_string(), one.message.clone())).collect();
    snapshot.files = outcome.files.iter().map(|one| (one.path.clone(), one.format.to_owned())).collect();
    snapshot
}

/// The environments that were found and not chosen.
fn others(outcome: &Outcome) -> impl Iterator<Item = &Environment> {
    let chosen: BTreeSet<&str> =
        outcome.estate.environments.iter().filter(|one| one.chosen).map(|one| one.name.as_str()).collect();
    outcome.estate.environments.iter().filter(move |one| !chosen.contains(one.name.as_str()))
}

/// The names of environments that were not chosen and whose own files differ.
fn touched(outcome: &Outcome, changes: &Changes) -> Vec<String> {
    let is_within = |path: &str, part: &str| {
        path == part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
    };
    let differs = |one: &&Environment| {
        one.evidence.iter().any(|part| changes.files().any(|path| is_within(path, part)))
    };
    let names: BTreeSet<String> = others(outcome).filter(differs).map(|one| one.name.clone()).collect();
    names.into_iter().collect()
}

/// The chosen environment's outcome, with what is new in the others.
fn compared(
    input: &Input,
    views: Vec<View>,
    changes: &Changes,
    against: String,
    not_compared: Vec<String>,
) -> Outcome {
    let moved = moved(input);
    let presence = presence(&views);
    let mut views = views.into_iter().map(|view| {
        let (name, before) = (view.name.clone(), view.before.clone());
        let (outcome, comparison) = compare_view(input, view, &moved, &presence, changes);
        (name, before, outcome, comparison)
    });
    let (_, before, mut outcome, mut comparison) = views.next().expect("the chosen environment is compared");
    comparison.hide(unread(input, &outcome, &before, changes), &before);
    for (name, before, other, of_other) in views {
        let name = name.unwrap_or_default();
        comparison.unread.extend(unread(input, &other, &before, changes));
        add_view(&mut outcome, &mut comparison, &name, other, of_other);
        comparison.environments.push(name);
    }
    comparison.unread.sort();
    comparison.unread.dedup();
    comparison.against = against;
    comparison.not_compared.extend(not_compared);
    judge::rank(&mut outcome.findings);
    outcome.comparison = Some(comparison);
    outcome
}

fn compare_view(
    input: &Input,
    view: View,
    moved: &[Moved],
    presence: &Presence,
    changes: &Changes,
) -> (Outcome, Comparison) {
    let View { before, now: mut outcome, .. } = view;
    let findings = std::mem::take(&mut outcome.findings);
    let (findings, comparison) = judge::compare(
        findings,
        &Comparing {
            before: &before,
            estate: &outcome.estate,
            analysis: &outcome.analysis,
            moved,
            presence,
            changes,
            thresholds: &input.settings.policy.thresholds,
            lapsed: &outcome.lapsed,
        },
    );
    outcome.findings = findings;
    (outcome, comparison)
}

/// Adds what is new in another environment to the chosen one's outcome.
fn add_view(
    outcome: &mut Outcome,
    comparison: &mut Comparison,
    name: &str,
    other: Outcome,
    of_other: Comparison,
) {
    let is_said = |finding: &Finding| {
        outcome
            .findings
            .iter()
            .any(|known| known.fingerprint == finding.fingerprint && known.status == Status::Open)
    };
    let new = other.findings.into_iter().filter(|finding| {
        finding.status == Status::Open && !OF_THE_POLICY.contains(&finding.rule) && !is_said(finding)
    });
    let new: Vec<Finding> = new
        .map(|mut finding| {
            finding.message = format!("in environment `{}`: {}", name.replace('`', "'"), finding.message);
            finding
        })
        .collect();
    comparison.new += new.len();
    comparison.grown.extend(of_other.grown);
    comparison.ambiguous.extend(of_other.ambiguous);
    comparison.ambiguous.sort();
    comparison.ambiguous.dedup();
    let is_said = |one: &Forgotten| comparison.forgotten.iter().any(|other| other.id == one.id);
    let forgotten: Vec<Forgotten> = of_other.forgotten.into_iter().filter(|one| !is_said(one)).collect();
    comparison.forgotten.extend(forgotten);
    let is_known = |one: &Arrival| comparison.arrivals.iter().any(|other| other.id == one.id);
    let arrivals: Vec<Arrival> = of_other.arrivals.into_iter().filter(|one| !is_known(one)).collect();
    comparison.arrivals.extend(arrivals);
    outcome.findings.extend(new);
    outcome.problems.extend(other.problems);
}

fn presence(views: &[View]) -> Presence {
    let mut presence = Presence::default();
    for view in views {
        presence.before.extend(view.before.nodes.keys().cloned());
        presence.now.extend(view.now.estate.nodes.keys().cloned());
    }
    presence
}

fn moved(input: &Input) -> Vec<Moved> {
    let files = input.discovery.tree.files();
    let mut moved: Vec<Moved> = files
        .flat_map(|file| {
            let folder = file.folder().to_owned();
            moved_blocks(file).into_iter().map(move |(from, to)| Moved { folder: folder.clone(), from, to })
        })
        .collect();
    moved.sort();
    moved
}

/// What cannot be read now in files that differ, and could before: a file that does not parse, or one that was
/// read before and is not recognized any more.
fn unread(input: &Input, outcome: &Outcome, before: &Snapshot, changes: &Changes) -> Vec<Problem> {
    let is_new = |problem: &&Problem| {
        let key = (problem.location.path.to_string(), problem.message.clone());
        problem.severity == Severity::Error
            && changes.touches(&problem.location.path)
            && !before.unread.contains(&key)
    };
    let mut found: Vec<Problem> = outcome.problems.iter().filter(is_new).cloned().collect();
    let known: BTreeSet<&str> = outcome
        .files
        .iter()
        .map(|file| file.path.as_str())
        .chain(outcome.skipped.iter().map(|skipped| &*skipped.path))
        .collect();
    for (path, format) in before.files.iter().filter(|(path, _)| !known.contains(path.as_str())) {
        let Some(file) = input.discovery.tree.get(path).filter(|_| changes.touches(path)) else { continue };
        found.push(Problem {
            location: file.line_location(1),
            severity: Severity::Error,
            message: format!("was read as {format} before, and nothing recognizes it now"),
        });
    }
    found
}
