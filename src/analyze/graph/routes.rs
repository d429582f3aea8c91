//! Which failures need a pass of their own, and which follow from another's.

use super::plan::{NONE, Plan};

/// For each position whose failure is asked for, how its losses are found.
///
/// What a position loses is itself, plus what the one position that it takes with it loses (`next`), or plus the losses
/// of a *row*: what falls with any position that has the same dependents, those positions left out.
#[derive(Debug)]
pub(super) struct Routes {
    /// Per position: the only one that depends on it, when it has no other influence; or `NONE`.
    pub(super) next: Vec<u32>,
    /// Per position: its row, or `NONE` when nothing depends on it.
    pub(super) row: Vec<u32>,
    /// Per row the position that stands for all of its positions, ascending.
    pub(super) sources: Vec<u32>,
    /// The positions asked for and those that they lead to, ascending.
    pub(super) solved: Vec<u32>,
}

impl Routes {
    /// Routes for these positions; `served` says which elements are services.
    pub(super) fn of(plan: &Plan, wanted: impl Iterator<Item = u32>, served: impl Fn(u32) -> bool) -> Self {
        let nodes = plan.nodes();
        let mut needed = vec![false; nodes];
        wanted.for_each(|position| needed[position as usize] = true);
        let mut routes =
            Self { next: vec![NONE; nodes], row: vec![NONE; nodes], sources: Vec::new(), solved: Vec::new() };
        let mut cyclic = vec![false; nodes];
        plan.cycles.iter().cloned().flatten().for_each(|position| cyclic[position as usize] = true);
        let mut alike: Vec<(u64, u32)> = Vec::new();
        for position in 0..nodes as u32 {
            if !needed[position as usize] {
                continue;
            }
            routes.solved.push(position);
            let view = View::of(plan, position, &served);
            match (view.parents, view.soft_parents) {
                ([], false) => {}
                (&[only], false)
                    if !view.may_degrade
                        && !cyclic[position as usize]
                        && plan.thresholds[only as usize] == 1 =>
                {
                    routes.next[position as usize] = only;
                    needed[only as usize] = true;
                }
                _ if view.may_degrade || cyclic[position as usize] || view.soft_parents => {
                    routes.row[position as usize] = position;
                }
                (parents, _) => alike.push((fingerprint(parents), position)),
            }
        }
        routes.merge(plan, alike);
        routes.number_rows();
        routes
    }

    /// Rows of these elements, under their own numbers, and where the source of each row stands in the plan of before.
    ///
    /// For losses that are not those of a position, since they are compared with another graph's: elements share a row
    /// where both graphs lose the same with them.
    pub(super) fn compared(
        plan: &Plan,
        before: &Plan,
        elements: &[u32],
        served: impl Fn(u32) -> bool,
    ) -> (Self, Vec<u32>) {
        let (now, then) = (StandIns::of(plan, &served), StandIns::of(before, &served));
        let stand_ins =
            elements.iter().map(|&element| ((now.of_element(element), then.of_element(element)), element));
        let mut stand_ins: Vec<((u32, u32), u32)> = stand_ins.collect();
        stand_ins.sort_unstable();
        let mut row = vec![NONE; plan.position.len()];
        let (mut sources, mut sources_before) = (Vec::new(), Vec::new());
        for alike in stand_ins.chunk_by(|a, b| a.0 == b.0) {
            alike.iter().for_each(|&(_, element)| row[element as usize] = sources.len() as u32);
            sources.push(alike[0].0.0);
            sources_before.push(alike[0].0.1);
        }
        let next = vec![NONE; plan.position.len()];
        (Self { next, row, sources, solved: elements.to_vec() }, sources_before)
    }

    /// Gives positions with the same dependents one row; a clash of fingerprints costs a pass and nothing else.
    fn merge(&mut self, plan: &Plan, mut alike: Vec<(u64, u32)>) {
        alike.sort_unstable();
        for run in alike.chunk_by(|a, b| a.0 == b.0) {
            let first = run[0].1;
            for &(_, position) in run {
                let same = plan.parents.targets(first) == plan.parents.targets(position);
                self.row[position as usize] = if same { first } else { position };
            }
        }
    }

    fn number_rows(&mut self) {
        let leads = |position: &u32| self.row[*position as usize] == *position;
        self.sources = self.solved.iter().copied().filter(leads).collect();
        let mut number = vec![NONE; self.row.len()];
        self.sources.iter().zip(0..).for_each(|(&source, row)| number[source as usize] = row);
        for row in self.row.iter_mut().filter(|row| **row != NONE) {
            *row = number[*row as usize];
        }
    }
}

/// For each position another one whose failure takes the same services: the only one that needs it, as long as no
/// service stands between.
struct StandIns<'p> {
    plan: &'p Plan,
    /// Per position.
    found: Vec<u32>,
}

impl<'p> StandIns<'p> {
    fn of(plan: &'p Plan, served: &impl Fn(u32) -> bool) -> Self {
        let mut cyclic = vec![false; plan.nodes()];
        plan.cycles.iter().cloned().flatten().for_each(|position| cyclic[position as usize] = true);
        let mut found: Vec<u32> = (0..plan.nodes() as u32).collect();
        // What is needed stands before what needs it: what the only one leads to is known when this is asked.
        for position in (0..plan.nodes() as u32).rev() {
            let view = View::of(plan, position, served);
            let is_served = plan.elements.targets(position).iter().any(|&element| served(element));
            if let (&[only], false) = (view.parents, view.soft_parents)
                && !is_served
                && !cyclic[position as usize]
                && plan.thresholds[only as usize] == 1
            {
                found[position as usize] = found[only as usize];
            }
        }
        Self { plan, found }
    }

    fn of_element(&self, element: u32) -> u32 {
        self.found[self.plan.position[element as usize] as usize]
    }
}

struct View<'p> {
    parents: &'p [u32],
    /// Whether something has one of the position's elements for an optional member.
    soft_parents: bool,
    /// Whether one of its elements is a service that can be degraded.
    may_degrade: bool,
}

impl<'p> View<'p> {
    fn of(plan: &'p Plan, position: u32, served: &impl Fn(u32) -> bool) -> Self {
        let elements = plan.elements.targets(position);
        Self {
            parents: plan.parents.targets(position),
            soft_parents: elements.iter().any(|&element| !plan.graph.optional_parents(element).is_empty()),
            may_degrade: elements
                .iter()
                .any(|&element| plan.soft.rank[element as usize] != NONE && served(element)),
        }
    }
}

/// FNV-1a over whole numbers, finished as splitmix64 does.
fn fingerprint(numbers: &[u32]) -> u64 {
    let mixed = numbers.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &number| {
        (hash ^ u64::from(number)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}
