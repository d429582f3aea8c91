//! How much each event matters to the top.

use super::diagrams::Diagrams;
use super::probability::{Chance, Chances};
use super::structure::Structure;
use super::tree::EventId;

/// How much an event matters to the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    /// The event.
    pub event: EventId,
    /// Birnbaum: the top's probability with the event failed, less that with it never failed (scram's MIF).
    pub birnbaum: f64,
    /// Criticality: the share of the top's probability in which the event is decisive (scram's CIF).
    pub criticality: f64,
    /// Fussell-Vesely: the share by which the top's probability falls when the event never fails.
    ///
    /// The same as criticality where the event only ever harms.
    pub fussell_vesely: f64,
    /// Diagnostic: the probability that the event has failed when the top has (scram's DIF).
    pub diagnostic: f64,
    /// Risk achievement worth: how many times likelier the top is with the event failed.
    pub raw: f64,
    /// Risk reduction worth: how many times less likely the top is with the event never failed; infinite when it
    /// never fails then.
    pub rrw: f64,
}

/// Of each event, by criticality, the largest first; `top` is the probability of the top.
pub(super) fn importance(
    chances: &Chances<'_>,
    events: &[Chance],
    structure: &Structure,
    diagrams: &Diagrams,
    top: f64,
) -> Vec<Importance> {
    let birnbaum = chances.birnbaum();
    let mut recomputed = 0;
    let mut list: Vec<Importance> = structure
        .events()
        .into_iter()
        .map(|event| {
            let slope = birnbaum[event as usize];
            let chance = events[event as usize];
            let with = (top + chance.no * slope).clamp(0.0, 1.0);
            let mut never = (top - chance.yes * slope).clamp(0.0, 1.0);
            // Most digits were lost in the difference: compute it anew, for a few.
            if never < top * 1e-4 && recomputed < 64 {
                recomputed += 1;
                let mut events = events.to_vec();
                events[event as usize] = Chance::of(0.0);
                never = Chances::of(diagrams, &events).top().yes;
            }
            let share = |part: f64| if top > 0.0 { part / top } else { 0.0 };
            Importance {
                event: EventId(event),
                birnbaum: slope,
                criticality: share(slope * chance.yes),
                fussell_vesely: share(top - never),
                diagnostic: share(chance.yes * with),
                raw: share(with),
                rrw: if never > 0.0 { top / never } else { f64::INFINITY },
            }
        })
        .collect();
    list.sort_by(|left, right| {
        right.criticality.total_cmp(&left.criticality).then(left.event.cmp(&right.event))
    });
    list
}
