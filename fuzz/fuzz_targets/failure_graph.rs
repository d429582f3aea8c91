#![no_main]
//! The sweep of single failures, and scenarios of two, against the definition taken word by word.

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use linchpin::analyze::graph::{
    FailureGraph, FailureGraphBuilder, Need, Scenario, Service, SingleFailures, State,
};

#[derive(Arbitrary, Debug)]
struct Bytes {
    elements: u8,
    may_fail: u32,
    requirements: Vec<(u8, bool, u8, Vec<u8>)>,
}

struct Requirement {
    element: u32,
    need: Need,
    k: u32,
    members: BTreeSet<u32>,
}

struct Case {
    elements: u32,
    may_fail: u32,
    requirements: Vec<Requirement>,
}

impl Case {
    fn of(bytes: Bytes) -> Self {
        let elements = 1 + u32::from(bytes.elements) % 16;
        let element = |byte: u8| u32::from(byte) % elements;
        let requirement = |(owner, optional, k, members): (u8, bool, u8, Vec<u8>)| Requirement {
            element: element(owner),
            need: if optional { Need::Optional } else { Need::Required },
            k: u32::from(k) % 6,
            members: members.into_iter().take(8).map(element).collect(),
        };
        let requirements = bytes.requirements.into_iter().take(48).map(requirement).collect();
        Case { elements, may_fail: bytes.may_fail, requirements }
    }

    fn graph(&self) -> FailureGraph {
        let mut builder = FailureGraphBuilder::new(self.elements as usize);
        (0..self.elements).for_each(|element| builder.set_may_fail(element, self.may_fail(element)));
        for Requirement { element, need, k, members } in &self.requirements {
            builder.require(*element, *need, *k, &members.iter().copied().collect::<Vec<_>>());
        }
        builder.build()
    }

    fn may_fail(&self, element: u32) -> bool {
        self.may_fail >> element & 1 == 1
    }

    /// Failure spreads until nothing changes, then degradation does.
    fn states(&self, events: &[u32]) -> Vec<State> {
        let mut states = vec![State::Up; self.elements as usize];
        events.iter().for_each(|event| states[*event as usize] = State::Failed);
        self.spread(&mut states, State::Failed, |of, states| {
            of.need == Need::Required && of.live(states) < of.least()
        });
        self.spread(&mut states, State::Degraded, |of, states| {
            states[of.element as usize] == State::Up
                && of.members.iter().any(|member| match (of.need, states[*member as usize]) {
                    (_, State::Failed) => true,
                    (Need::Optional, State::Degraded) => *member != of.element,
                    _ => false,
                })
        });
        states
    }

    fn spread(&self, states: &mut [State], to: State, holds: impl Fn(&Requirement, &[State]) -> bool) {
        loop {
            let now = |of: &&Requirement| states[of.element as usize] != to && holds(of, states);
            let Some(hit) = self.requirements.iter().find(now) else { return };
            states[hit.element as usize] = to;
        }
    }
}

impl Requirement {
    fn live(&self, states: &[State]) -> usize {
        self.members.iter().filter(|member| states[**member as usize] != State::Failed).count()
    }

    fn least(&self) -> usize {
        (self.k as usize).min(self.members.len())
    }
}

fuzz_target!(|bytes: Bytes| {
    let case = Case::of(bytes);
    let graph = case.graph();
    let services: Vec<Service> =
        (0..case.elements).map(|element| Service { element, tier: (element % 3) as u8, weight: 1 }).collect();
    let single = SingleFailures::new(&graph, &services);
    let mut scenario = Scenario::new(&graph);
    for first in 0..case.elements {
        let states = if case.may_fail(first) { case.states(&[first]) } else { case.states(&[]) };
        let inside = |state: State| -> Vec<u32> {
            (0..case.elements).filter(|element| states[*element as usize] == state).collect()
        };
        let blast = single.blast(first);
        assert_eq!(blast.failed, inside(State::Failed), "failed with {first}");
        assert_eq!(blast.degraded, inside(State::Degraded), "degraded with {first}");
        for second in first..case.elements {
            let states = case.states(&[first, second]);
            scenario.fail(&[first, second]);
            let seen: Vec<State> = (0..case.elements).map(|element| scenario.state(element)).collect();
            assert_eq!(seen, states, "with {first} and {second}");
        }
    }
});
