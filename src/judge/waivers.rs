//! Accepted risks: which findings a waiver accepts, and which waivers count.

use jiff::civil::Date;

use super::patterns::Pattern;
use super::{Context, Finding, Status};
use crate::model::settings::{Waiver, WaiverPlace};
use crate::model::{Evidence, Id};

/// What became of one waiver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WaiverUse {
    /// Its place in the settings.
    pub(crate) index: usize,
    /// Why it does not count, if it does not.
    pub(crate) invalid: Option<String>,
    /// How many findings it is about, whether it counts or not.
    pub(crate) matched: usize,
    /// The services of the findings it is about.
    pub(crate) services: Vec<Id>,
}

/// Marks the findings that valid waivers accept.
pub(crate) fn apply(cx: &Context<'_>, findings: &mut [Finding]) -> Vec<WaiverUse> {
    let scopes: Vec<Scope<'_>> = cx.settings.waivers.iter().map(Scope::new).collect();
    let mut uses: Vec<WaiverUse> = cx
        .settings
        .waivers
        .iter()
        .enumerate()
        .map(|(index, waiver)| WaiverUse {
            index,
            invalid: invalid(waiver, cx.today, cx.settings.policy.max_waiver_days),
            matched: 0,
            services: Vec::new(),
        })
        .collect();
    for finding in findings {
        accept(cx, &scopes, &mut uses, finding);
    }
    for one in &mut uses {
        one.services.sort();
        one.services.dedup();
    }
    uses
}

fn accept(cx: &Context<'_>, scopes: &[Scope<'_>], uses: &mut [WaiverUse], finding: &mut Finding) {
    let mut accepted = vec![false; finding.services.len()];
    let mut whole = false;
    let (mut refused, mut accepted_by) = (None, None);
    for (scope, used) in scopes.iter().zip(uses) {
        let Some(covered) = scope.covers(cx, finding) else { continue };
        used.matched += 1;
        used.services.extend(finding.services.iter().cloned());
        if let Some(why) = &used.invalid {
            refused = Some(format!("the waiver{} does not count: {why}", place_of(scope.waiver)));
            continue;
        }
        accepted_by.get_or_insert_with(|| acceptance(scope.waiver));
        whole |= covered.is_empty();
        covered.into_iter().for_each(|at| accepted[at] = true);
    }
    if whole || (!accepted.is_empty() && accepted.iter().all(|one| *one)) {
        finding.status = Status::Waived;
        finding.because = finding.because.take().or(accepted_by);
    } else if accepted.contains(&true) {
        let left: Vec<Id> = finding
            .services
            .iter()
            .zip(&accepted)
            .filter(|(_, accepted)| !**accepted)
            .map(|(id, _)| id.clone())
            .collect();
        finding.because = Some(format!("waived for some services, not for {}", cx.names(&left)));
    } else if refused.is_some() {
        finding.because = refused;
    }
}

/// Who accepts it, until when, and why.
fn acceptance(waiver: &Waiver) -> String {
    let said = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let until = waiver.expires.map(|day| format!(" until {day}")).unwrap_or_default();
    let ticket = waiver.ticket.as_ref().map(|ticket| format!(" ({ticket})")).unwrap_or_default();
    format!("accepted by {}{until}: {}{ticket}", said(&waiver.owner), said(&waiver.reason))
}

/// Whether a finding is open because its waiver is past its date.
pub(crate) fn has_expired(finding: &Finding) -> bool {
    finding.because.as_deref().is_some_and(|because| {
        because.starts_with("the waiver") && because.contains("does not count: it expired on")
    })
}

/// ` at FILE:LINE`, where that is known.
pub(crate) fn place_of(waiver: &Waiver) -> String {
    waiver
        .evidence
        .as_ref()
        .and_then(Evidence::location)
        .map_or_else(String::new, |location| format!(" at {}:{}", location.path, location.line))
}

/// The id under which a waiver is judged itself: what it says, not where it stands.
pub(crate) fn waiver_id(waiver: &Waiver) -> Id {
    let place = waiver.place.as_ref().map(|place| place.path.as_str());
    let parts = [
        waiver.fingerprint.as_deref(),
        waiver.rule.as_deref(),
        waiver.service.as_deref(),
        waiver.element.as_deref(),
        place,
    ];
    let said: Vec<&str> = parts.into_iter().flatten().collect();
    Id::new(format!("waiver:{}", said.join("/")))
}

/// Why a waiver does not count.
pub(crate) fn invalid(waiver: &Waiver, today: Date, max_days: Option<u32>) -> Option<String> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let Some(expires) = waiver.expires else { return Some("it has no expiry date".to_owned()) };
    if expires < today {
        return Some(format!("it expired on {expires}"));
    }
    if blank(&waiver.reason) {
        return Some("it gives no reason".to_owned());
    }
    if blank(&waiver.owner) {
        return Some("it has no owner".to_owned());
    }
    if is_over_broad(waiver) {
        return Some("it is over-broad: name a rule and an element, or a fingerprint".to_owned());
    }
    let max = max_days?;
    let days = days_between(waiver.created.unwrap_or(today), expires);
    (days > i64::from(max)).then(|| format!("it runs for {days} days, and the policy allows {max}"))
}

/// Days from one date to another.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

fn is_over_broad(waiver: &Waiver) -> bool {
    let names =
        |pattern: &Option<String>| pattern.as_deref().is_some_and(|text| !Pattern::new(text).is_everything());
    let has_place = names(&waiver.element) || names(&waiver.service) || waiver.place.is_some();
    waiver.fingerprint.is_none() && !(waiver.rule.as_deref().is_some_and(|rule| rule != "*") && has_place)
}

struct Scope<'a> {
    waiver: &'a Waiver,
    element: Option<Pattern>,
    service: Option<Pattern>,
}

impl<'a> Scope<'a> {
    fn new(waiver: &'a Waiver) -> Self {
        Scope {
            waiver,
            element: waiver.element.as_deref().map(Pattern::new),
            service: waiver.service.as_deref().map(Pattern::new),
        }
    }

    /// The places of the services it is about; `None` if it is not about the finding, none at all if it is about
    /// the finding as a whole.
    fn covers(&self, cx: &Context<'_>, finding: &Finding) -> Option<Vec<usize>> {
        let waiver = self.waiver;
        let agrees = waiver.fingerprint.as_deref().is_none_or(|print| finding.fingerprint == print)
            && waiver.rule.as_deref().is_none_or(|rule| rule == "*" || rule == finding.rule)
            && self.element.as_ref().is_none_or(|pattern| pattern.matches(finding.element.as_str()))
            && waiver.place.as_ref().is_none_or(|place| is_declared_at(cx, place, finding));
        if !agrees {
            return None;
        }
        let Some(service) = &self.service else { return Some(Vec::new()) };
        let covered: Vec<usize> = (0..finding.services.len())
            .filter(|at| service.matches(finding.services[*at].as_str()))
            .collect();
        (!covered.is_empty()).then_some(covered)
    }
}

/// Whether the finding's element is declared in the block under a comment, or around the line that it stands behind, or
/// one of its edges on that very line.
fn is_declared_at(cx: &Context<'_>, place: &WaiverPlace, finding: &Finding) -> bool {
    let in_block = |evidence: &Evidence| {
        let blocks = || place.around.iter().copied().chain([(place.line, place.last_line)]);
        evidence.location().is_some_and(|location| {
            *location.path == *place.path
                && blocks().any(|(first, last)| first <= location.line && location.line <= last)
        })
    };
    let on_line = |evidence: &Evidence| {
        evidence
            .location()
            .is_some_and(|location| *location.path == *place.path && location.line == place.line)
    };
    let of_element = cx.estate.node(&finding.element).map_or(&[][..], |node| node.evidence.as_slice());
    of_element.iter().any(in_block) || finding.evidence.iter().any(on_line)
}
