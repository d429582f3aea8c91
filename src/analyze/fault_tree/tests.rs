//! Everything against brute force, and against closed forms.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A recipe for a gate: operator, arguments (each a number taken modulo what there is), a number for at-least.
type Recipe = (u8, Vec<u16>, u8);

fn tree_of(events: usize, recipes: &[Recipe], operators: &[Operator], probabilities: &[f64]) -> FaultTree {
    let mut builder = Builder::new();
    let mut nodes: Vec<Node> = (0..events)
        .map(|at| builder.event(format!("e{at}"), Some(probabilities[at % probabilities.len()])))
        .collect();
    for (operator, arguments, least) in recipes {
        let chosen: Vec<Node> =
            arguments.iter().map(|at| nodes[nodes.len() - 1 - (*at as usize) % nodes.len()]).collect();
        let operator = match operators[*operator as usize % operators.len()] {
            Operator::AtLeast(_) => Operator::AtLeast(u32::from(*least) % (chosen.len() as u32 + 2)),
            operator => operator,
        };
        let chosen = if operator == Operator::Not { vec![chosen[0]] } else { chosen };
        nodes.push(builder.gate("g", operator, chosen));
    }
    builder.build(nodes[nodes.len() - 1]).expect("no cycles")
}

fn values(tree: &FaultTree) -> Vec<bool> {
    let events = tree.events().len();
    (0..1usize << events)
        .map(|set| tree.evaluate(&(0..events).map(|at| set >> at & 1 == 1).collect::<Vec<_>>()))
        .collect()
}

fn brute_probability(tree: &FaultTree, values: &[bool], given: Option<(usize, f64)>) -> f64 {
    let chance = |at: usize| match given {
        Some((event, chance)) if event == at => chance,
        _ => tree.events()[at].probability.unwrap(),
    };
    let weight = |set: usize| {
        (0..tree.events().len())
            .map(|at| if set >> at & 1 == 1 { chance(at) } else { 1.0 - chance(at) })
            .product::<f64>()
    };
    (0..values.len()).filter(|set| values[*set]).map(weight).sum()
}

/// The sets that make the top true and contain no smaller one that does.
fn brute_cut_sets(values: &[bool]) -> BTreeSet<usize> {
    let mut holds = vec![false; values.len()];
    let mut minimal = BTreeSet::new();
    for set in 0..values.len() {
        let below = (0..usize::BITS).filter(|at| set >> at & 1 == 1).any(|at| holds[set & !(1 << at)]);
        holds[set] = below || values[set];
        if values[set] && !below {
            minimal.insert(set);
        }
    }
    minimal
}

fn as_bits(set: &[EventId]) -> usize {
    set.iter().map(|event| 1 << event.0).sum()
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs()) + 1e-300
}

fn check(tree: &FaultTree) {
    let values = values(tree);
    let expected = brute_cut_sets(&values);
    let solution = solve(tree, &Options::default());
    let found: Vec<Vec<EventId>> = solution.smallest(expected.len() + 1);
    assert_eq!(found.iter().map(|set| as_bits(set)).collect::<BTreeSet<_>>(), expected);
    assert_eq!(found.len(), expected.len());
    assert!(found.windows(2).all(|pair| pair[0].len() <= pair[1].len()));
    assert_eq!(solution.complete_to_order, None);
    for order in 0..=tree.events().len() {
        let count = expected.iter().filter(|set| set.count_ones() as usize == order).count() as u64;
        assert_eq!(solution.by_order.get(order).and_then(Count::to_u64).unwrap_or(0), count, "order {order}");
    }
    let exact = brute_probability(tree, &values, None);
    let Some(Probability::Exact(probability)) = solution.probability else { panic!("not exact") };
    assert!(near(probability, exact), "{probability} {exact}");
    for of in &solution.importance {
        let event = of.event.0 as usize;
        let (with, never) = (
            brute_probability(tree, &values, Some((event, 1.0))),
            brute_probability(tree, &values, Some((event, 0.0))),
        );
        assert!((of.birnbaum - (with - never)).abs() < 1e-9);
        if exact > 0.0 {
            assert!((of.raw - with / exact).abs() < 1e-6 * (1.0 + of.raw.abs()));
            assert!((of.fussell_vesely - (exact - never) / exact).abs() < 1e-6);
            assert!((of.diagnostic - tree.events()[event].probability.unwrap() * with / exact).abs() < 1e-6);
        }
    }
    check_limits(tree, &expected);
}

fn check_limits(tree: &FaultTree, expected: &BTreeSet<usize>) {
    for limit in 1..=3u32 {
        let kept: BTreeSet<usize> =
            expected.iter().copied().filter(|set| set.count_ones() <= limit).collect();
        let solution =
            solve(tree, &Options { limit_order: Some(limit), probability: false, ..Options::default() });
        assert_eq!(solution.smallest(1 << 16).iter().map(|set| as_bits(set)).collect::<BTreeSet<_>>(), kept);
        assert_eq!(solution.count().to_u64(), Some(kept.len() as u64));
        // Without room for decision diagrams the sets of a coherent tree come out the same.
        if solution.coherent {
            let solution = solve(
                tree,
                &Options { limit_order: Some(limit), diagram_nodes: 0, trials: 0, ..Options::default() },
            );
            assert_eq!(
                solution.smallest(1 << 16).iter().map(|set| as_bits(set)).collect::<BTreeSet<_>>(),
                kept
            );
        }
    }
    let likeliest = solve(tree, &Options::default()).likeliest(5);
    let chance = |set: usize| {
        (0..tree.events().len())
            .filter(|at| set >> at & 1 == 1)
            .map(|at| tree.events()[at].probability.unwrap())
            .product::<f64>()
    };
    let mut chances: Vec<f64> = expected.iter().map(|set| chance(*set)).collect();
    chances.sort_by(|left, right| right.total_cmp(left));
    assert_eq!(likeliest.len(), chances.len().min(5));
    assert!(likeliest.iter().zip(&chances).all(|((found, _), expected)| near(*found, *expected)));
}

/// The search without diagrams finds the best sets, in order, whatever number is asked for.
fn check_listing(tree: &FaultTree) {
    let expected = brute_cut_sets(&values(tree));
    let chance = |set: usize| {
        (0..tree.events().len())
            .filter(|at| set >> at & 1 == 1)
            .map(|at| tree.events()[at].probability.unwrap())
            .product::<f64>()
    };
    let mut sizes: Vec<u32> = expected.iter().map(|set| set.count_ones()).collect();
    sizes.sort_unstable();
    let mut chances: Vec<f64> = expected.iter().map(|set| chance(*set)).collect();
    chances.sort_by(|left, right| right.total_cmp(left));
    for n in [1, 3, expected.len(), expected.len() + 5] {
        let Some(listing) = list(tree, Ranking::Size, n, u64::MAX) else { return };
        let found: Vec<usize> = listing.sets.iter().map(|set| as_bits(set)).collect();
        assert!(!listing.given_up);
        assert_eq!(
            found.iter().copied().collect::<BTreeSet<_>>().len(),
            found.len().min(n),
            "no set comes twice"
        );
        assert!(found.iter().all(|set| expected.contains(set)));
        assert_eq!(found.iter().map(|set| set.count_ones()).collect::<Vec<_>>(), sizes[..n.min(sizes.len())]);
        assert!(n <= expected.len() || listing.all);
        assert!(!listing.all || n >= expected.len());
        let likeliest = list(tree, Ranking::Probability, n, u64::MAX).unwrap();
        let found: Vec<usize> = likeliest.sets.iter().map(|set| as_bits(set)).collect();
        assert_eq!(found.len(), n.min(expected.len()));
        assert!(found.iter().all(|set| expected.contains(set)));
        assert!(found.iter().zip(&chances).all(|(set, expected)| near(chance(*set), *expected)));
    }
}

fn bounds_hold(tree: &FaultTree) {
    for diagram_nodes in [0, 6, 20] {
        bounds_hold_within(tree, diagram_nodes);
    }
}

fn bounds_hold_within(tree: &FaultTree, diagram_nodes: usize) {
    let values = values(tree);
    let exact = brute_probability(tree, &values, None);
    let solution =
        solve(tree, &Options { limit_order: Some(2), diagram_nodes, trials: 1 << 14, ..Options::default() });
    let complete = solution.complete_to_order.unwrap_or(2).min(2);
    let found: BTreeSet<usize> = solution
        .smallest(1 << 16)
        .iter()
        .map(|set| as_bits(set))
        .filter(|set| set.count_ones() <= complete)
        .collect();
    let expected: BTreeSet<usize> = brute_cut_sets(&values)
        .into_iter()
        .filter(|set| set.count_ones() <= complete && (complete > 0 || *set != 0))
        .collect();
    if complete > 0 {
        assert_eq!(found, expected, "within {diagram_nodes} nodes");
    }
    match solution.probability {
        Some(Probability::Bounds { lower, upper, estimate: Some(estimate) }) => {
            assert!(
                lower <= exact * (1.0 + 1e-9) && exact * (1.0 - 1e-9) <= upper,
                "{lower} {exact} {upper}"
            );
            // Six standard deviations: one seed never trips it, a bias would.
            // The sum that is exact may come out a rounding above one.
            let deviation = ((exact * (1.0 - exact)).max(0.0) / estimate.trials as f64).sqrt();
            assert!((estimate.mean - exact).abs() <= 6.0 * deviation + 1e-9, "{estimate:?} {exact}");
        }
        Some(Probability::Exact(probability)) => assert!(near(probability, exact)),
        other => panic!("{other:?}"),
    }
}

const MONOTONE: [Operator; 3] = [Operator::Or, Operator::And, Operator::AtLeast(0)];
const ANY: [Operator; 7] = [
    Operator::Or,
    Operator::And,
    Operator::AtLeast(0),
    Operator::Not,
    Operator::Xor,
    Operator::Nand,
    Operator::Nor,
];
const CHANCES: [f64; 6] = [0.1, 0.5, 1e-4, 0.9, 0.03, 0.25];

fn recipes(most: usize) -> impl Strategy<Value = Vec<Recipe>> {
    proptest::collection::vec((any::<u8>(), proptest::collection::vec(0u16..14, 1..5), any::<u8>()), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn monotone_trees_are_solved_as_by_brute_force(events in 1usize..10, recipes in recipes(16)) {
        let tree = tree_of(events, &recipes, &MONOTONE, &CHANCES);
        check(&tree);
        check_listing(&tree);
        bounds_hold(&tree);
    }

    #[test]
    fn other_trees_too(events in 1usize..8, recipes in recipes(14)) {
        let tree = tree_of(events, &recipes, &ANY, &CHANCES);
        check(&tree);
        bounds_hold(&tree);
    }

    #[test]
    fn wide_trees_too(recipes in proptest::collection::vec((any::<u8>(), proptest::collection::vec(0u16..30, 2..7), any::<u8>()), 8..24)) {
        let tree = tree_of(11, &recipes, &MONOTONE, &CHANCES);
        check(&tree);
        check_listing(&tree);
    }

    #[test]
    fn cyclic_systems_reach_the_least_fixed_point(
        own in proptest::collection::vec(any::<bool>(), 9),
        needs in proptest::collection::vec((0usize..9, 0usize..4, proptest::collection::vec(0usize..9, 1..4)), 1..14),
    ) {
        check_system(&own, &needs);
    }
}

fn check_system(own: &[bool], needs: &[(usize, usize, Vec<usize>)]) {
    let mut elements: Vec<Element> = own
        .iter()
        .enumerate()
        .map(|(at, own)| Element {
            name: at.to_string().into(),
            fails_by_itself: *own,
            probability: None,
            requirements: Vec::new(),
        })
        .collect();
    for (at, least, members) in needs {
        elements[*at].requirements.push(Requirement { least: *least, members: members.clone() });
    }
    let tree = FaultTree::from_monotone_system(&elements, 0).unwrap();
    for set in 0..1usize << elements.len() {
        let mut failed: Vec<bool> = (0..elements.len()).map(|at| own[at] && set >> at & 1 == 1).collect();
        // Failure spreads until nothing changes.
        loop {
            let lives =
                |of: &Requirement| of.members.iter().filter(|member| !failed[**member]).count() >= of.least;
            let now: Vec<bool> = elements
                .iter()
                .enumerate()
                .map(|(at, element)| failed[at] || !element.requirements.iter().all(lives))
                .collect();
            if now == failed {
                break;
            }
            failed = now;
        }
        let events: Vec<bool> =
            tree.events().iter().map(|event| set >> event.name.parse::<usize>().unwrap() & 1 == 1).collect();
        assert_eq!(tree.evaluate(&events), failed[0], "{set:b}");
    }
    let solution = solve(&tree, &Options::default());
    assert_eq!(solution.count().to_u64(), Some(brute_cut_sets(&values(&tree)).len() as u64));
}

/// `replicas` servers in as many pods of a `ports`-port topology, each behind one rack switch and `ports / 2`
/// aggregation switches that reach `ports / 4` cores.
fn pods(ports: usize, replicas: usize) -> FaultTree {
    let mut builder = Builder::new();
    let mut down = Vec::new();
    for _ in 0..replicas {
        let cores: Vec<Node> = (0..ports / 4).map(|_| builder.event("core", Some(0.01))).collect();
        let paths: Vec<Node> = (0..ports / 2)
            .map(|at| {
                let aggregation = builder.event("aggregation", Some(0.01));
                builder.gate("path", Operator::Or, vec![aggregation, cores[at * (ports / 4) / (ports / 2)]])
            })
            .collect();
        let network = builder.gate("network", Operator::And, paths);
        let (server, rack) = (builder.event("server", Some(0.01)), builder.event("rack", Some(0.01)));
        down.push(builder.gate("replica", Operator::Or, vec![server, rack, network]));
    }
    let top = builder.gate("top", Operator::And, down);
    builder.build(top).unwrap()
}

#[test]
fn pods_have_as_many_cut_sets_as_the_closed_form_says() {
    for ports in [16u32, 24, 48, 64] {
        for replicas in 1..=4 {
            let solution = solve(&pods(ports as usize, replicas), &Options::default());
            let expected = (2 + (1u128 << (ports / 4))).checked_pow(replicas as u32);
            // (2 + 2^16)^4 is the one that does not fit: 2^64 + 2^52 + ... + 16 does.
            assert_eq!(solution.count().to_string(), expected.unwrap().to_string(), "{ports} {replicas}");
        }
    }
}

#[test]
fn a_replica_in_a_pod_is_down_as_often_as_the_closed_form_says() {
    let solution = solve(&pods(64, 3), &Options::default());
    let path = 1.0 - 0.99 * (1.0 - 0.0001);
    let one = 1.0 - 0.99f64 * 0.99 * (1.0 - f64::powi(path, 16));
    let Some(Probability::Exact(probability)) = solution.probability else { panic!("not exact") };
    assert!(near(probability, one.powi(3)), "{probability}");
}

#[test]
fn the_availability_vectors_come_out_as_published() {
    // Microsoft's composite SLA calculations: 1 minus the chance that any part is down, in percent.
    let any = |parts: &[f64]| {
        let mut builder = Builder::new();
        let events = parts.iter().map(|part| builder.event("part", Some(1.0 - part / 100.0))).collect();
        let top = builder.gate("top", Operator::Or, events);
        match solve(&builder.build(top).unwrap(), &Options::default()).probability {
            Some(Probability::Exact(down)) => 100.0 * (1.0 - down),
            other => panic!("{other:?}"),
        }
    };
    let series = [99.99, 99.99, 99.95, 99.95, 99.9, 99.9, 99.99, 99.9, 99.99, 99.9, 99.9];
    assert!((any(&series) - 99.36177).abs() < 1e-5);
    assert!((any(&[99.99, 99.99, 99.99, 100.0, 99.99, 99.99, 99.9999]) - 99.94991).abs() < 1e-5);
    let regional =
        [99.95, 99.99, 99.95, 99.99, 99.9, 99.99, 99.99, 99.99, 99.9, 99.99, 99.9, 99.99, 99.9, 99.99];
    assert!((any(&regional) - 99.4215).abs() < 1e-4);
    let mut builder = Builder::new();
    let regions = (0..2).map(|_| builder.event("region", Some(0.001))).collect();
    let top = builder.gate("top", Operator::And, regions);
    let Some(Probability::Exact(down)) = solve(&builder.build(top).unwrap(), &Options::default()).probability
    else {
        panic!("not exact")
    };
    assert!((100.0 * (1.0 - down) - 99.9999).abs() < 1e-9);
}

#[test]
fn deep_and_wide_trees_are_solved() {
    // A chain of 100,000 gates, alternately needing and offering; then a flat gate of 100,000 events.
    let mut builder = Builder::new();
    let mut chain = builder.event("end", Some(0.5));
    for at in 0..100_000 {
        let operator = if at % 2 == 0 { Operator::Or } else { Operator::And };
        chain = builder.gate("link", operator, vec![chain]);
    }
    assert_eq!(solve(&builder.clone().build(chain).unwrap(), &Options::default()).count().to_u64(), Some(1));
    let mut chain = builder.event("end", Some(0.5));
    for at in 0..50_000 {
        let event = builder.event("step", Some(1e-6));
        let operator = if at % 2 == 0 { Operator::Or } else { Operator::And };
        chain = builder.gate("link", operator, vec![chain, event]);
    }
    let solution =
        solve(&builder.build(chain).unwrap(), &Options { limit_order: Some(3), ..Options::default() });
    assert!(matches!(solution.probability, Some(Probability::Exact(_))));
    let mut builder = Builder::new();
    let events = (0..100_000).map(|_| builder.event("part", Some(1e-6))).collect();
    let top = builder.gate("top", Operator::Or, events);
    assert_eq!(solve(&builder.build(top).unwrap(), &Options::default()).count().to_u64(), Some(100_000));
}

#[test]
fn too_little_room_ends_in_part_not_in_an_abort() {
    let mut builder = Builder::new();
    let events: Vec<Node> = (0..14).map(|_| builder.event("part", Some(0.1))).collect();
    let top = builder.gate("top", Operator::AtLeast(7), events);
    let tree = builder.build(top).unwrap();
    let solution =
        solve(&tree, &Options { diagram_nodes: 20, set_nodes: 20, trials: 0, ..Options::default() });
    assert!(solution.complete_to_order.is_some());
    assert!(matches!(solution.probability, Some(Probability::Bounds { estimate: None, .. })));
}

#[test]
fn elements_that_need_each_other_fail_only_for_a_cause() {
    let element = |name: &str, own, requirements| Element {
        name: name.into(),
        fails_by_itself: own,
        probability: Some(0.1),
        requirements,
    };
    let elements = [
        element("service", false, vec![Requirement::one(1)]),
        element("a", true, vec![Requirement::one(2)]),
        element("b", true, vec![Requirement { least: 1, members: vec![1, 3] }]),
        element("c", true, vec![]),
    ];
    let tree = FaultTree::from_monotone_system(&elements, 0).unwrap();
    let solution = solve(&tree, &Options::default());
    let names: Vec<Vec<&str>> = solution
        .smallest(9)
        .iter()
        .map(|set| set.iter().map(|event| tree.event_name(*event)).collect())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|set| set.len() == 1 && (set[0] == "a" || set[0] == "b")));
    assert_eq!(
        FaultTree::from_monotone_system(&elements[..2], 0).unwrap_err().to_string(),
        "element `a` requires an element that does not exist"
    );
}

/// A service with a replica on every server of a fat tree of `ports`-port switches: cores are shared by all pods.
fn every_server(ports: usize) -> FaultTree {
    let half = ports / 2;
    let mut builder = Builder::new();
    let spines: Vec<Node> = (0..half)
        .map(|_| {
            let cores = (0..half).map(|_| builder.event("core", Some(0.002))).collect();
            builder.gate("spine", Operator::And, cores)
        })
        .collect();
    let mut down = Vec::new();
    for _ in 0..ports {
        let paths = spines
            .iter()
            .map(|spine| {
                let aggregation = builder.event("aggregation", Some(0.004));
                builder.gate("path", Operator::Or, vec![aggregation, *spine])
            })
            .collect();
        let network = builder.gate("network", Operator::And, paths);
        for _ in 0..half {
            let rack = builder.event("rack", Some(0.005));
            for _ in 0..half {
                let server = builder.event("server", Some(0.02));
                down.push(builder.gate("replica", Operator::Or, vec![server, rack, network]));
            }
        }
    }
    let top = builder.gate("top", Operator::And, down);
    builder.build(top).unwrap()
}

#[test]
fn the_smallest_sets_are_found_where_there_are_too_many_to_count() {
    // All cores; or the aggregation switches of one spine in every pod instead of its cores.
    for ports in [4usize, 8, 16, 32] {
        let half = ports / 2;
        let listing = list(&every_server(ports), Ranking::Size, half + 1, u64::MAX).unwrap();
        let sizes: Vec<usize> = listing.sets.iter().map(Vec::len).collect();
        let mut expected = vec![half * half];
        expected.extend(vec![half * half - half + ports; half]);
        assert_eq!(sizes, expected, "{ports} ports");
    }
}

#[test]
fn a_search_without_steps_says_that_it_was_given_up() {
    let listing = list(&every_server(8), Ranking::Size, 5, 10).unwrap();
    assert!(listing.given_up && !listing.all && listing.sets.is_empty());
}

#[test]
fn what_was_not_counted_is_searched_for() {
    let tree = every_server(8);
    let options = Options { diagram_nodes: 0, set_nodes: 50, trials: 0, ..Options::default() };
    let solution = solve(&tree, &options);
    assert!(solution.cut_short());
    assert_eq!(solution.smallest(3).iter().map(Vec::len).collect::<Vec<_>>(), [16, 20, 20]);
    assert_eq!(solution.likeliest(4).len(), 4);
}

#[test]
fn trees_that_are_not_coherent_are_not_searched() {
    let mut builder = Builder::new();
    let (a, b) = (builder.event("a", None), builder.event("b", None));
    let top = builder.gate("top", Operator::Xor, vec![a, b]);
    assert_eq!(list(&builder.build(top).unwrap(), Ranking::Size, 5, u64::MAX), None);
}
