#![no_main]
//! The engine on monotone systems with cycles and k-of-n, against every set of events in turn.

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use linchpin::analyze::fault_tree::{Element, FaultTree, Options, Probability, Requirement, Solution, solve};

#[derive(Arbitrary, Debug)]
struct Bytes {
    elements: u8,
    fails_by_itself: u16,
    chances: [u8; 10],
    needs: Vec<(u8, u8, Vec<u8>)>,
    room: u8,
}

fn system(bytes: &Bytes) -> Vec<Element> {
    let count = 1 + usize::from(bytes.elements) % 10;
    let mut elements: Vec<Element> = (0..count)
        .map(|at| Element {
            name: at.to_string().into(),
            fails_by_itself: bytes.fails_by_itself >> at & 1 == 1,
            probability: Some(f64::from(bytes.chances[at]) / 255.0),
            requirements: Vec::new(),
        })
        .collect();
    for (owner, least, members) in bytes.needs.iter().take(24) {
        let members: Vec<usize> = members.iter().take(6).map(|at| usize::from(*at) % count).collect();
        let requirement = Requirement { least: usize::from(*least) % (members.len() + 2), members };
        elements[usize::from(*owner) % count].requirements.push(requirement);
    }
    elements
}

/// Whether the first element fails when exactly these events occur: failure spreads until nothing changes.
fn fails(elements: &[Element], events: usize) -> bool {
    let mut failed: Vec<bool> =
        elements.iter().enumerate().map(|(at, one)| one.fails_by_itself && events >> at & 1 == 1).collect();
    loop {
        let lives =
            |of: &Requirement| of.least <= of.members.iter().filter(|member| !failed[**member]).count();
        let next =
            (0..elements.len()).find(|at| !failed[*at] && !elements[*at].requirements.iter().all(lives));
        match next {
            Some(next) => failed[next] = true,
            None => return failed[0],
        }
    }
}

/// Sets of elements as bits.
fn cut_sets(elements: &[Element]) -> BTreeSet<usize> {
    let can_fail: usize =
        elements.iter().enumerate().filter(|(_, one)| one.fails_by_itself).map(|(at, _)| 1 << at).sum();
    let holds: Vec<bool> = (0..1 << elements.len()).map(|set| fails(elements, set)).collect();
    let is_minimal = |set: &usize| {
        let mut inside = (0..elements.len()).filter(|at| set >> at & 1 == 1);
        holds[*set] && inside.all(|at| !holds[set & !(1 << at)])
    };
    (0..holds.len()).filter(|set| set & !can_fail == 0).filter(is_minimal).collect()
}

fn probability(elements: &[Element]) -> f64 {
    let chance = |at: usize, occurs: bool| {
        let one = elements[at].probability.expect("every element has one");
        if occurs { one } else { 1.0 - one }
    };
    let weight = |set: usize| (0..elements.len()).map(|at| chance(at, set >> at & 1 == 1)).product::<f64>();
    (0..1 << elements.len()).filter(|set| fails(elements, *set)).map(weight).sum()
}

fn found(tree: &FaultTree, solution: &Solution) -> BTreeSet<usize> {
    let bit = |name: &str| 1 << name.parse::<usize>().expect("elements are numbered");
    let sets = solution.smallest(1 << 12);
    sets.iter().map(|set| set.iter().map(|event| bit(tree.event_name(*event))).sum()).collect()
}

fuzz_target!(|bytes: Bytes| {
    let elements = system(&bytes);
    let tree = FaultTree::from_monotone_system(&elements, 0).expect("members are elements");
    let (expected, exact) = (cut_sets(&elements), probability(&elements));
    let solution = solve(&tree, &Options::default());
    assert_eq!(found(&tree, &solution), expected);
    let Some(Probability::Exact(chance)) = solution.probability else { panic!("not exact") };
    assert!((chance - exact).abs() <= 1e-9 * exact + 1e-15, "{chance} is not {exact}");

    // With little room the answers are fewer, and still true.
    let limit_order = Some(1 + u32::from(bytes.room) % 4);
    let room =
        Options { limit_order, diagram_nodes: usize::from(bytes.room) / 4, trials: 0, ..Options::default() };
    let solution = solve(&tree, &room);
    let kept =
        |set: &&usize| set.count_ones() <= solution.complete_to_order.or(limit_order).unwrap_or(u32::MAX);
    let within: BTreeSet<usize> = expected.iter().filter(kept).copied().collect();
    assert!(within.is_subset(&found(&tree, &solution)), "sets of {limit_order:?} are missing");
    match solution.probability {
        Some(Probability::Exact(chance)) => assert!((chance - exact).abs() <= 1e-9 * exact + 1e-15),
        Some(Probability::Bounds { lower, upper, .. }) => {
            assert!(lower <= exact * (1.0 + 1e-9) + 1e-15 && exact <= upper * (1.0 + 1e-9) + 1e-15);
        }
        None => panic!("no probability"),
    }
});
