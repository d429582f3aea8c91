//! What the members of a redundancy group share, in version 1 of the JSON report.

use serde::Serialize;

use crate::analyze::{GroupFate, LeastShared, Meeting};
use crate::model::Level;

/// Lists of pairs name no more of them than this.
const PAIRS: usize = 40;

#[derive(Serialize)]
pub(super) struct Fate<'a> {
    common: Vec<Common<'a>>,
    pair_count: usize,
    pairs: Vec<[&'a str; 2]>,
    complete: bool,
    meetings: Vec<Met<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least_shared: Option<Least<'a>>,
}

impl<'a> Fate<'a> {
    pub(super) fn of(fate: &'a GroupFate) -> Self {
        let meetings = fate.meetings.iter().take(PAIRS);
        Fate {
            common: fate
                .common
                .iter()
                .map(|(id, level)| Common { id: id.as_str(), level: level.word() })
                .collect(),
            pair_count: fate.pairs.len(),
            pairs: fate.pairs.iter().take(PAIRS).map(|(a, b)| [a.as_str(), b.as_str()]).collect(),
            complete: !fate.in_part,
            meetings: meetings.map(|meeting| Met::of(meeting, fate)).collect(),
            least_shared: fate.least_shared.as_ref().map(Least::of),
        }
    }
}

#[derive(Serialize)]
struct Common<'a> {
    id: &'a str,
    level: &'static str,
}

#[derive(Serialize)]
struct Met<'a> {
    members: [&'a str; 2],
    shared: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
}

impl<'a> Met<'a> {
    fn of(meeting: &Meeting, fate: &'a GroupFate) -> Self {
        let (first, second) = meeting.members;
        Met {
            members: [first, second].map(|at| fate.members[at].as_str()),
            shared: meeting.shared,
            level: meeting.level.map(Level::word),
        }
    }
}

#[derive(Serialize)]
struct Least<'a> {
    members: Vec<&'a str>,
    shared: usize,
    at_least: usize,
}

impl<'a> Least<'a> {
    fn of(least: &'a LeastShared) -> Self {
        let members = least.members.iter().map(|id| id.as_str()).collect();
        Least { members, shared: least.shared, at_least: least.at_least }
    }
}
