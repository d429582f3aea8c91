//! The analyses against brute force on small random graphs.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    Alternatives, FailureGraph, FailureGraphBuilder, ListLimits, Listing, Loss, Need, Pairs, Scenario,
    Service, SingleFailures, State,
};

/// A requirement as it is given to the builder: element, need, k, members.
type Given = (u32, Need, u32, Vec<u32>);

#[derive(Debug, Clone)]
struct Case {
    elements: usize,
    may_fail: Vec<bool>,
    requirements: Vec<Given>,
}

impl Case {
    fn build(&self) -> FailureGraph {
        let mut builder = FailureGraphBuilder::new(self.elements);
        for (element, &may_fail) in self.may_fail.iter().enumerate() {
            builder.set_may_fail(element as u32, may_fail);
        }
        for (element, need, k, members) in &self.requirements {
            builder.require(*element, *need, *k, members);
        }
        builder.build()
    }

    /// The definition, word by word, as a least fixed point over whole rounds.
    fn states(&self, events: &[u32]) -> Vec<State> {
        let mut failed = vec![false; self.elements];
        events.iter().for_each(|&event| failed[event as usize] = true);
        loop {
            let before = failed.clone();
            for (element, need, k, members) in &self.requirements {
                let members: BTreeSet<u32> = members.iter().copied().collect();
                let live = members.iter().filter(|&&member| !before[member as usize]).count();
                let k = (*k as usize).min(members.len());
                if *need == Need::Required && live < k {
                    failed[*element as usize] = true;
                }
            }
            if failed == before {
                break;
            }
        }
        self.degraded(failed)
    }

    fn degraded(&self, failed: Vec<bool>) -> Vec<State> {
        let start = |&failed: &bool| if failed { State::Failed } else { State::Up };
        let mut states: Vec<State> = failed.iter().map(start).collect();
        loop {
            let before = states.clone();
            for (element, need, _, members) in &self.requirements {
                let hit = members.iter().any(|&member| match need {
                    Need::Required => before[member as usize] == State::Failed,
                    Need::Optional => member != *element && before[member as usize] != State::Up,
                });
                if hit && states[*element as usize] == State::Up {
                    states[*element as usize] = State::Degraded;
                }
            }
            if states == before {
                return states;
            }
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    (1_usize..=16).prop_flat_map(|elements| {
        let index = 0..elements as u32;
        let need = prop_oneof![3 => Just(Need::Required), 1 => Just(Need::Optional)];
        let members = prop_oneof![
            3 => proptest::collection::vec(index.clone(), 1..=1),
            3 => proptest::collection::vec(index.clone(), 0..=5),
        ];
        let requirement = (index, need, 0_u32..=4, members);
        let requirements = proptest::collection::vec(requirement, 0..=2 * elements);
        (proptest::collection::vec(any::<bool>(), elements), requirements)
            .prop_map(move |(may_fail, requirements)| Case { elements, may_fail, requirements })
    })
}

fn services(elements: usize) -> Vec<Service> {
    let service = |element: usize| Service {
        element: element as u32,
        tier: (element % 3) as u8,
        weight: (element * element % 7) as u64,
    };
    (0..elements).filter(|element| element % 4 != 1).map(service).collect()
}

/// Every hop of a path is a requirement through which failure went, and the path ends at an element that was told to fail.
fn assert_path(case: &Case, states: &[State], events: &[u32], path: &[u32]) {
    let last = path.last().expect("an element that is not up has a path");
    assert!(events.contains(last), "the path {path:?} ends at one of {events:?}");
    for hop in path.windows(2) {
        let (element, member) = (hop[0], hop[1]);
        let carried = case.requirements.iter().any(|(owner, need, k, members)| {
            let set: BTreeSet<u32> = members.iter().copied().collect();
            let live = set.iter().filter(|&&member| states[member as usize] != State::Failed).count();
            let unmet = live < (*k as usize).min(set.len());
            let fits = match states[element as usize] {
                State::Failed => *need == Need::Required && unmet && states[member as usize] == State::Failed,
                _ => states[member as usize] == State::Failed || *need == Need::Optional,
            };
            *owner == element && set.contains(&member) && fits
        });
        assert!(carried, "{element} was hit through {member}");
    }
}

fn brute_force_loss(services: &[Service], states: &[State]) -> Loss {
    let tiers = services.iter().map(|service| service.tier as usize + 1).max().unwrap_or(0);
    let mut loss =
        Loss { failed: vec![Default::default(); tiers], degraded: vec![Default::default(); tiers] };
    for service in services {
        let side = match states[service.element as usize] {
            State::Up => continue,
            State::Degraded => &mut loss.degraded,
            State::Failed => &mut loss.failed,
        };
        side[service.tier as usize].services += 1;
        side[service.tier as usize].weight += service.weight;
    }
    loss
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn scenario_equals_brute_force_on_all_pairs(case in cases()) {
        let mut scenario = Scenario::new(&case.build());
        let all = 0..case.elements as u32;
        for first in all.clone() {
            for second in all.clone() {
                let events = [first, second];
                let states = case.states(&events);
                scenario.fail(&events);
                let seen: Vec<State> = all.clone().map(|element| scenario.state(element)).collect();
                prop_assert_eq!(&seen, &states);
                prop_assert_eq!(scenario.failed().count(), states.iter().filter(|&&s| s == State::Failed).count());
                prop_assert_eq!(scenario.degraded().count(), states.iter().filter(|&&s| s == State::Degraded).count());
                for element in all.clone().filter(|&element| states[element as usize] != State::Up) {
                    assert_path(&case, &states, &events, &scenario.why(element));
                }
            }
        }
    }

    #[test]
    fn single_failures_equal_brute_force(case in cases()) {
        let services = services(case.elements);
        let graph = case.build();
        let all: Vec<u32> = (0..case.elements as u32).filter(|&e| case.may_fail[e as usize]).collect();
        for single in [SingleFailures::new(&graph, &services), SingleFailures::keeping(&graph, &services, &all, 0)] {
        for element in 0..case.elements as u32 {
            let states = if case.may_fail[element as usize] {
                case.states(&[element])
            } else {
                vec![State::Up; case.elements]
            };
            let in_state = |state: State| -> Vec<u32> {
                services.iter().map(|s| s.element).filter(|&s| states[s as usize] == state).collect()
            };
            let blast = single.blast(element);
            prop_assert_eq!(&blast.failed, &in_state(State::Failed));
            prop_assert_eq!(&blast.degraded, &in_state(State::Degraded));
            prop_assert_eq!(single.loss(element), brute_force_loss(&services, &states));
            for service in &services {
                let (spofs, degraders) = (single.spofs(service.element), single.degraders(service.element));
                prop_assert_eq!(spofs.contains(&element), states[service.element as usize] == State::Failed);
                prop_assert_eq!(degraders.contains(&element), states[service.element as usize] == State::Degraded);
                if spofs.contains(&element) {
                    assert_path(&case, &states, &[element], &single.path(service.element, element));
                }
            }
        }
        }
    }

    #[test]
    fn listings_count_all_and_list_the_first(
        case in cases(),
        drop in proptest::collection::vec(any::<bool>(), 32),
        whole in any::<bool>(),
        compared in any::<bool>(),
    ) {
        let services = services(case.elements);
        let mut earlier = case.clone();
        let mut dropped = drop.iter().cycle();
        earlier.requirements.retain(|_| dropped.next() == Some(&false));
        let all: Vec<u32> = (0..case.elements as u32).filter(|&e| case.may_fail[e as usize]).collect();
        let limits = ListLimits { pairs: if whole { usize::MAX } else { 0 }, first: 2 };
        let before = compared.then(|| earlier.build());
        let listing = Listing::new(&case.build(), before.as_ref(), &services, &all, limits);
        prop_assert!(listing.is_complete() || !whole);
        for &element in &all {
            let states = case.states(&[element]);
            let known = compared.then(|| earlier.states(&[element]));
            let lost = |service: &&Service| {
                let at = service.element as usize;
                states[at] == State::Failed && known.as_ref().is_none_or(|known| known[at] != State::Failed)
            };
            let lost: Vec<&Service> = services.iter().filter(lost).collect();
            let soft = services.iter().filter(|service| states[service.element as usize] == State::Degraded);
            let soft: Vec<u32> = soft.map(|service| service.element).collect();
            let (failed, degraded) = listing.loss(element);
            prop_assert_eq!(failed.services as usize, lost.len());
            prop_assert_eq!(failed.weight, lost.iter().map(|service| service.weight).sum::<u64>());
            prop_assert_eq!(degraded.services as usize, soft.len());
            let shown = if listing.is_complete() { usize::MAX } else { 2 };
            let first: Vec<u32> = lost.iter().take(shown).map(|service| service.element).collect();
            prop_assert_eq!(listing.failed(element).collect::<Vec<u32>>(), first);
            let first: Vec<u32> = soft.iter().take(shown).copied().collect();
            prop_assert_eq!(listing.degraded(element).collect::<Vec<u32>>(), first);
        }
    }

    #[test]
    fn the_nearest_are_those_that_failure_comes_to_first(case in cases(), count in 0_usize..4) {
        let mut scenario = Scenario::new(&case.build());
        for element in 0..case.elements as u32 {
            scenario.fail(&[element]);
            let expected: Vec<u32> = scenario.failed().filter(|failed| failed % 2 == 0).take(count).collect();
            let near = scenario.nearest(element, count, usize::MAX, |failed| failed % 2 == 0);
            prop_assert_eq!(&near, &expected);
            let states = case.states(&[element]);
            near.iter().for_each(|&at| assert_path(&case, &states, &[element], &scenario.why(at)));
        }
    }

    #[test]
    fn shared_fate_equals_brute_force(case in cases(), k in 0_u32..4, group in proptest::collection::vec(0_u32..16, 1..5)) {
        let group: BTreeSet<u32> = group.into_iter().map(|member| member % case.elements as u32).collect();
        let members: Vec<u32> = group.iter().copied().collect();
        let down = |events: &[u32]| {
            let states = case.states(events);
            let live = members.iter().filter(|&&member| states[member as usize] != State::Failed).count();
            live < (k as usize).min(members.len())
        };
        let events: Vec<u32> = (0..case.elements as u32).filter(|&event| case.may_fail[event as usize]).collect();
        let singles: Vec<u32> = events.iter().copied().filter(|&event| down(&[event])).collect();
        let open: Vec<u32> = events.iter().copied().filter(|event| !singles.contains(event)).collect();
        let pairs = open.iter().flat_map(|&a| open.iter().map(move |&b| (a, b))).filter(|(a, b)| a < b);
        let pairs: Vec<(u32, u32)> = pairs.filter(|&(a, b)| down(&[a, b])).collect();
        let graph = case.build();
        let alternatives = Alternatives::new(&graph, k, &members);
        prop_assert_eq!(alternatives.singles(), singles);
        prop_assert_eq!(alternatives.pairs(usize::MAX), Pairs { pairs: pairs.clone(), complete: true });
        let some = alternatives.pairs(0);
        prop_assert!(some.pairs.iter().all(|pair| pairs.contains(pair)));
        for two in alternatives.meetings() {
            let both = |&event: &u32| {
                let states = case.states(&[event]);
                [two.first, two.second].iter().all(|&at| states[members[at] as usize] == State::Failed)
            };
            prop_assert_eq!(two.shared, events.iter().copied().filter(both).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn the_most_independent_choice_equals_brute_force(case in cases(), group in proptest::collection::vec(0_u32..16, 1..7), count in 0_usize..5) {
        let group: BTreeSet<u32> = group.into_iter().map(|member| member % case.elements as u32).collect();
        let members: Vec<u32> = group.iter().copied().collect();
        let graph = case.build();
        let alternatives = Alternatives::new(&graph, 1, &members);
        let chosen = alternatives.most_independent(count);
        let count = count.min(members.len());
        prop_assert_eq!(chosen.members.len(), count);
        let shared = |choice: &[usize]| -> usize {
            let meetings = alternatives.meetings();
            let within = meetings.iter().filter(|two| [two.first, two.second].iter().all(|at| choice.contains(at)));
            within.map(|two| two.shared.len()).sum()
        };
        let all = (0_u32..1 << members.len()).filter(|set| set.count_ones() as usize == count);
        let costs = all.map(|set| shared(&(0..members.len()).filter(|at| set >> at & 1 == 1).collect::<Vec<_>>()));
        prop_assert_eq!(Some(chosen.shared), costs.min());
        prop_assert_eq!((chosen.shared, chosen.at_least), (shared(&chosen.members), chosen.shared));
    }

    #[test]
    fn order_of_requirements_leaves_no_trace(case in cases(), seed in any::<u64>()) {
        let mut shuffled = case.clone();
        let mut state = seed | 1;
        for last in (1..shuffled.requirements.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.requirements.swap(last, (state >> 33) as usize % (last + 1));
        }
        shuffled.requirements.iter_mut().for_each(|(.., members)| members.reverse());
        prop_assert_eq!(case.build(), shuffled.build());
    }
}

#[test]
fn a_long_chain_fails_to_its_end() {
    let elements = 1_000_000_u32;
    let mut builder = FailureGraphBuilder::new(elements as usize);
    (0..elements - 1).for_each(|element| builder.require(element, Need::Required, 1, &[element + 1]));
    let mut scenario = Scenario::new(&builder.build());
    scenario.fail(&[elements - 1]);
    assert_eq!(scenario.failed().count(), elements as usize);
    assert_eq!(scenario.why(0).len(), elements as usize);
}

#[test]
fn a_long_cycle_lives_until_it_is_hit() {
    let elements = 1_000_000_u32;
    let mut builder = FailureGraphBuilder::new(elements as usize + 1);
    (0..elements)
        .for_each(|element| builder.require(element, Need::Required, 1, &[(element + 1) % elements]));
    let mut scenario = Scenario::new(&builder.build());
    scenario.fail(&[elements]);
    assert_eq!(scenario.failed().collect::<Vec<_>>(), [elements]);
    scenario.fail(&[7]);
    assert_eq!(scenario.failed().count(), elements as usize);
}

#[test]
fn the_most_independent_choice_shares_least() {
    // Candidates 0, 1 and 2; 0 and 1 need the same provider, 2 needs another.
    let mut builder = FailureGraphBuilder::new(5);
    builder.require(0, Need::Required, 1, &[3]);
    builder.require(1, Need::Required, 1, &[3]);
    builder.require(2, Need::Required, 1, &[4]);
    let graph = builder.build();
    let choice = |members: &[u32], count: usize| {
        let alternatives = Alternatives::new(&graph, 1, members);
        let places = alternatives.most_independent(count).members;
        places.into_iter().map(|at| alternatives.members()[at]).collect::<Vec<u32>>()
    };
    assert_eq!(choice(&[0, 1, 2], 2), [0, 2]);
    assert_eq!(choice(&[2, 1, 0, 0], 9), [2, 1, 0]);
    assert_eq!(choice(&[0, 1], 0), [0_u32; 0]);
}

#[test]
fn of_many_choices_a_good_one_comes_with_what_is_certain() {
    // Forty candidates, each with one of eight providers.
    let mut builder = FailureGraphBuilder::new(48);
    (0..40).for_each(|member| builder.require(member, Need::Required, 1, &[40 + member % 8]));
    let graph = builder.build();
    let members: Vec<u32> = (0..40).collect();
    let alternatives = Alternatives::new(&graph, 1, &members);
    let apart = alternatives.most_independent(8);
    assert_eq!((apart.shared, apart.at_least), (0, 0));
    let providers: BTreeSet<usize> = apart.members.iter().map(|member| member % 8).collect();
    assert_eq!(providers.len(), 8);
    let together = alternatives.most_independent(10);
    assert_eq!((together.shared, together.at_least), (2, 0));
}

/// A random graph too large for one pass, with groups, optional members, chains, twins and a few cycles.
fn large(elements: u32) -> FailureGraph {
    let mut state = 7_u64;
    let mut random = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % u64::from(below)) as u32
    };
    let mut builder = FailureGraphBuilder::new(elements as usize);
    for element in 0..elements - 10 {
        let back = random(200) == 0;
        let mut pick =
            || if back { random(elements) } else { element + 1 + random((elements - element - 1).min(400)) };
        let members: Vec<u32> = (0..6).map(|_| pick()).collect();
        match element % 10 {
            0..2 => builder.require(element, Need::Required, 1, &members[..1]),
            2..4 => builder.require(element, Need::Required, 3, &members[..3]),
            4 => builder.require(element, Need::Required, 2, &members[..2]),
            5 => builder.require(element, Need::Required, 1, &members[..2]),
            6 => builder.require(element, Need::Required, 2, &members[..3]),
            7 => builder.require(element, Need::Required, 3, &members),
            8 => builder.require(element, Need::Optional, 1, &members[..3]),
            _ => {}
        }
    }
    builder.build()
}

#[test]
fn many_passes_equal_scenarios() {
    let graph = large(4_000);
    let services = services(graph.len());
    let single = SingleFailures::new(&graph, &services);
    let mut scenario = Scenario::new(&graph);
    let (mut failed, mut degraded) = (0, 0);
    for element in 0..graph.len() as u32 {
        scenario.fail(&[element]);
        let in_state = |state: State| -> Vec<u32> {
            services.iter().map(|s| s.element).filter(|&s| scenario.state(s) == state).collect()
        };
        let blast = single.blast(element);
        assert_eq!(blast.failed, in_state(State::Failed), "{element}");
        assert_eq!(blast.degraded, in_state(State::Degraded), "{element}");
        let states: Vec<State> = (0..graph.len() as u32).map(|element| scenario.state(element)).collect();
        assert_eq!(single.loss(element), brute_force_loss(&services, &states), "{element}");
        failed += blast.failed.len();
        degraded += blast.degraded.len();
    }
    assert!(3 * graph.len() < failed && graph.len() < degraded, "{failed} failed, {degraded} degraded");
}
