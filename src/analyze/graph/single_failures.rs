//! What falls with each single element, and what single elements take each service down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;

use super::plan::{NONE, Plan};
use super::routes::Routes;
use super::sweep::{Sweep, WIDTH, Worlds, worlds};
use super::tally::Tally;
use super::{Csr, FailureGraph, Scenario};

/// How many pairs of failure and service are kept by default: beyond it sets are found again when asked for.
const KEPT_PAIRS: usize = 16 << 20;

/// An element that somebody would miss, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// The element.
    pub element: u32,
    /// Index of its tier; tiers in use should be few and small.
    pub tier: u8,
    /// What it counts for, in any unit; whole numbers, so that sums are exact.
    pub weight: u64,
}

/// The services that one failure takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blast {
    /// Elements of the services that fail, ascending.
    pub failed: Vec<u32>,
    /// Elements of the services that are degraded, ascending.
    pub degraded: Vec<u32>,
}

/// How much one failure takes, by tier: index 0 is tier 0, up to the highest tier of any service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loss {
    /// What fails.
    pub failed: Vec<TierLoss>,
    /// What is degraded.
    pub degraded: Vec<TierLoss>,
}

/// Services of one tier, counted and weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TierLoss {
    /// How many.
    pub services: u32,
    /// The sum of their weights.
    pub weight: u64,
}

/// Every single failure and what it takes.
///
/// All failures go through the graph together, hundreds at a time, on all threads; a failure that follows from another's
/// (the only thing that needs it, or the same things need both) costs nothing of its own. Counts and weights are always
/// kept. The sets themselves are kept while they are few (16 million pairs) and found again on request beyond that.
#[derive(Debug)]
pub struct SingleFailures {
    graph: FailureGraph,
    /// Per element its position in the plan.
    position: Vec<u32>,
    elements: Vec<u32>,
    services: Vec<Service>,
    tiers: usize,
    /// Positions with known losses, ascending; losses are by index into this list.
    solved: Vec<u32>,
    failed: Vec<TierLoss>,
    degraded: Vec<TierLoss>,
    sets: Option<Sets>,
    scenario: Mutex<Option<Scenario>>,
}

#[derive(Debug)]
struct Sets {
    failed: Relation,
    degraded: Relation,
}

/// Which services each solved position takes, by index, and the reverse.
#[derive(Debug, Default)]
struct Relation {
    starts: Vec<usize>,
    /// In no order within a row.
    services: Vec<u32>,
    /// How many services there are, in all.
    count: usize,
    /// Starts and rows, found when first asked for.
    reverse: OnceLock<(Vec<usize>, Vec<u32>)>,
}

impl SingleFailures {
    /// Lets every element that has a basic event fail alone.
    ///
    /// # Panics
    ///
    /// If a service is not an element of the graph.
    pub fn new(graph: &FailureGraph, services: &[Service]) -> Self {
        let elements: Vec<u32> = (0..graph.len() as u32).filter(|&element| graph.may_fail(element)).collect();
        Self::of(graph, services, &elements)
    }

    /// Lets each of `elements` fail alone, whether it has a basic event or not.
    ///
    /// Of services that name the same element the first in order of tier and weight counts.
    ///
    /// # Panics
    ///
    /// If an element or a service is not an element of the graph.
    pub fn of(graph: &FailureGraph, services: &[Service], elements: &[u32]) -> Self {
        Self::keeping(graph, services, elements, KEPT_PAIRS)
    }

    pub(super) fn keeping(
        graph: &FailureGraph,
        services: &[Service],
        elements: &[u32],
        pairs: usize,
    ) -> Self {
        let mut elements = elements.to_vec();
        elements.sort_unstable();
        elements.dedup();
        let mut services = services.to_vec();
        services.sort_unstable();
        services.dedup_by_key(|service| service.element);
        let run = Run::new(Plan::of(graph), &services, &elements, pairs);
        let rows = run.all_rows();
        let (failed, degraded) = run.losses(&rows);
        let sets = run.sets(&rows, &failed, &degraded);
        let Run { plan, routes, tiers, .. } = run;
        Self {
            graph: graph.clone(),
            position: plan.position,
            tiers,
            solved: routes.solved,
            failed,
            degraded,
            sets,
            scenario: Mutex::new(None),
            elements,
            services,
        }
    }

    /// The elements that were let fail, ascending.
    pub fn elements(&self) -> &[u32] {
        &self.elements
    }

    /// The services, ascending by element.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The services that fail and that degrade when `element` fails alone; nothing for an element that was not let fail.
    pub fn blast(&self, element: u32) -> Blast {
        let Some(row) = self.row(element) else {
            return Blast::default();
        };
        if let Some(sets) = &self.sets {
            let named = |list: &[u32]| {
                let mut named: Vec<u32> = list.iter().map(|&at| self.services[at as usize].element).collect();
                named.sort_unstable();
                named
            };
            return Blast { failed: named(sets.failed.row(row)), degraded: named(sets.degraded.row(row)) };
        }
        self.with_scenario(element, |scenario| {
            let served = |list: &mut dyn Iterator<Item = u32>| {
                let mut served: Vec<u32> = list.filter(|&element| self.service(element).is_some()).collect();
                served.sort_unstable();
                served
            };
            Blast { failed: served(&mut scenario.failed()), degraded: served(&mut scenario.degraded()) }
        })
    }

    /// How much is lost when `element` fails alone; nothing for an element that was not let fail.
    pub fn loss(&self, element: u32) -> Loss {
        let Some(row) = self.row(element) else {
            let none = vec![TierLoss::default(); self.tiers];
            return Loss { failed: none.clone(), degraded: none };
        };
        let range = row * self.tiers..(row + 1) * self.tiers;
        Loss { failed: self.failed[range.clone()].to_vec(), degraded: self.degraded[range].to_vec() }
    }

    /// The single points of failure of a service: the elements whose failure alone makes it fail, ascending.
    ///
    /// The service itself is among them when it was let fail.
    pub fn spofs(&self, service: u32) -> Vec<u32> {
        self.takers(service).0
    }

    /// The elements whose failure alone degrades a service, ascending.
    pub fn degraders(&self, service: u32) -> Vec<u32> {
        self.takers(service).1
    }

    /// The elements along which the failure of `element` comes to `service`: the service first, the element last.
    ///
    /// See [`Scenario::why`]. Empty when the service stays up.
    ///
    /// # Panics
    ///
    /// If either is not an element of the graph.
    pub fn path(&self, service: u32, element: u32) -> Vec<u32> {
        self.with_scenario(element, |scenario| scenario.why(service))
    }

    fn with_scenario<T>(&self, element: u32, ask: impl FnOnce(&Scenario) -> T) -> T {
        let mut slot = match self.scenario.lock() {
            Ok(slot) => slot,
            Err(poisoned) => poisoned.into_inner(),
        };
        let scenario = slot.get_or_insert_with(|| Scenario::new(&self.graph));
        scenario.fail(&[element]);
        ask(scenario)
    }

    fn row(&self, element: u32) -> Option<usize> {
        self.elements.binary_search(&element).ok()?;
        self.solved.binary_search(&self.position[element as usize]).ok()
    }

    fn service(&self, element: u32) -> Option<usize> {
        self.services.binary_search_by_key(&element, |service| service.element).ok()
    }

    /// The elements that fail a service, and those that degrade it.
    fn takers(&self, service: u32) -> (Vec<u32>, Vec<u32>) {
        let Some(at) = self.service(service) else {
            return Default::default();
        };
        let Some(sets) = &self.sets else {
            return self.takers_in_cone(service);
        };
        let named = |relation: &Relation| {
            let positions: Vec<u32> =
                relation.column(at).iter().map(|&row| self.solved[row as usize]).collect();
            let takes = |element: &u32| positions.binary_search(&self.position[*element as usize]).is_ok();
            self.elements.iter().copied().filter(takes).collect()
        };
        (named(&sets.failed), named(&sets.degraded))
    }

    fn takers_in_cone(&self, service: u32) -> (Vec<u32>, Vec<u32>) {
        let (cone, kept) = self.graph.cone(&[service]);
        let new = |old: &u32| kept.binary_search(old).ok().map(|new| new as u32);
        let elements: Vec<u32> = self.elements.iter().filter_map(new).collect();
        let service = Service { element: new(&service).unwrap_or_default(), tier: 0, weight: 1 };
        let single = Self::keeping(&cone, &[service], &elements, usize::MAX);
        let old = |list: Vec<u32>| list.into_iter().map(|element| kept[element as usize]).collect();
        let (failed, degraded) = single.takers(service.element);
        (old(failed), old(degraded))
    }
}

/// A service beside where it is evaluated.
#[derive(Debug, Clone, Copy)]
struct Served {
    weight: u64,
    service: u32,
    position: u32,
    tier: u8,
}

/// Services in rows: by position, or by rank.
#[derive(Debug)]
struct ServedBy {
    starts: Vec<u32>,
    services: Vec<Served>,
}

impl ServedBy {
    fn new(rows: usize, plan: &Plan, services: &[Service], row: impl Fn(u32) -> u32) -> Self {
        let keyed = services.iter().zip(0..).map(|(service, at)| (row(service.element), at));
        let pairs: Vec<(u32, u32)> = keyed.filter(|&(row, _)| row != NONE).collect();
        let order = Csr::grouped(rows, &pairs);
        let mut starts = vec![0];
        let mut served = Vec::with_capacity(pairs.len());
        for row in 0..rows as u32 {
            served.extend(order.targets(row).iter().map(|&at| {
                let Service { element, tier, weight } = services[at as usize];
                Served { weight, service: at, position: plan.position[element as usize], tier }
            }));
            starts.push(served.len() as u32);
        }
        Self { starts, services: served }
    }

    fn row(&self, row: u32) -> &[Served] {
        &self.services[self.starts[row as usize] as usize..self.starts[row as usize + 1] as usize]
    }
}

/// Everything that finding the single failures reads.
struct Run<'a> {
    plan: Plan,
    services: &'a [Service],
    tiers: usize,
    by_position: ServedBy,
    by_rank: ServedBy,
    routes: Routes,
    /// How many pairs may be kept, and how many are.
    room: usize,
    kept: AtomicUsize,
}

/// What the failures of one pass take, their own positions left out.
struct Rows {
    failed: Vec<TierLoss>,
    degraded: Vec<TierLoss>,
    /// The services themselves, failed and degraded, while there is room.
    sets: Option<(RowSets, RowSets)>,
}

/// Per world the services lost, in order of evaluation.
struct RowSets {
    ends: Vec<usize>,
    services: Vec<u32>,
}

impl RowSets {
    fn new(losses: &[TierLoss], tiers: usize) -> Self {
        let mut total = 0;
        let mut starts = Vec::new();
        for losses in losses.chunks(tiers.max(1)) {
            starts.push(total);
            total += losses.iter().map(|loss| loss.services as usize).sum::<usize>();
        }
        Self { ends: starts, services: vec![0; total] }
    }

    fn push(&mut self, service: u32, worlds: impl Iterator<Item = usize>) {
        for world in worlds {
            self.services[self.ends[world]] = service;
            self.ends[world] += 1;
        }
    }

    fn row(&self, world: usize) -> &[u32] {
        let start = if world == 0 { 0 } else { self.ends[world - 1] };
        &self.services[start..self.ends[world]]
    }
}

impl<'a> Run<'a> {
    fn new(plan: Plan, services: &'a [Service], elements: &[u32], room: usize) -> Self {
        let by_position =
            ServedBy::new(plan.nodes(), &plan, services, |element| plan.position[element as usize]);
        let by_rank =
            ServedBy::new(plan.soft.count, &plan, services, |element| plan.soft.rank[element as usize]);
        let wanted = elements.iter().map(|&element| plan.position[element as usize]);
        let served =
            |element: u32| services.binary_search_by_key(&element, |service| service.element).is_ok();
        let routes = Routes::of(&plan, wanted, served);
        let tiers = services.iter().map(|service| usize::from(service.tier) + 1).max().unwrap_or(0);
        Self { plan, services, tiers, by_position, by_rank, routes, room, kept: AtomicUsize::new(0) }
    }

    /// One pass after the other on all threads, in the order of sources.
    fn all_rows(&self) -> Vec<Rows> {
        let blocks: Vec<&[u32]> = self.routes.sources.chunks(WIDTH).collect();
        let next = AtomicUsize::new(0);
        let threads = rayon::current_num_threads().min(blocks.len());
        let work = |_| {
            let mut sweep = Sweep::new(&self.plan);
            let mut tallies = (Tally::new(self.services), Tally::new(self.services));
            let mut done = Vec::new();
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                let Some(sources) = blocks.get(block) else {
                    return done;
                };
                sweep.run(sources);
                done.push((block, self.rows(sources, &sweep, &mut tallies)));
            }
        };
        let mut rows: Vec<(usize, Rows)> = (0..threads).into_par_iter().flat_map_iter(work).collect();
        rows.sort_unstable_by_key(|&(block, _)| block);
        rows.into_iter().map(|(_, rows)| rows).collect()
    }

    fn rows(&self, sources: &[u32], sweep: &Sweep<'_>, (failed, degraded): &mut (Tally, Tally)) -> Rows {
        failed.clear();
        degraded.clear();
        for (position, worlds) in sweep.failed() {
            for served in self.by_position.row(position) {
                failed.add(served.tier, served.weight, worlds);
            }
        }
        for &rank in sweep.softened() {
            for served in self.by_rank.row(rank) {
                let bits = sweep.degraded(rank, served.position);
                degraded.add(served.tier, served.weight, Worlds::Some(&bits));
            }
        }
        failed.finish();
        degraded.finish();
        let mut rows = Rows {
            failed: (0..sources.len()).flat_map(|world| failed.get(world)).collect(),
            degraded: (0..sources.len()).flat_map(|world| degraded.get(world)).collect(),
            sets: None,
        };
        for (world, &source) in sources.iter().enumerate() {
            let losses = &mut rows.failed[world * self.tiers..][..self.tiers];
            for served in self.by_position.row(source) {
                let tier = &mut losses[usize::from(served.tier)];
                tier.services -= 1;
                tier.weight = tier.weight.saturating_sub(served.weight);
            }
        }
        let pairs =
            rows.failed.iter().chain(&rows.degraded).map(|loss| loss.services as usize).sum::<usize>();
        if self.kept.fetch_add(pairs, Ordering::Relaxed) + pairs <= self.room {
            rows.sets = Some(self.row_sets(sources, sweep, &rows));
        }
        rows
    }

    fn row_sets(&self, sources: &[u32], sweep: &Sweep<'_>, rows: &Rows) -> (RowSets, RowSets) {
        let mut failed = RowSets::new(&rows.failed, self.tiers);
        for (position, lost_in) in sweep.failed() {
            for served in self.by_position.row(position) {
                let lost = |world: usize| sources[world] != position;
                match lost_in {
                    Worlds::All => {
                        failed.push(served.service, (0..sources.len()).filter(|&world| lost(world)))
                    }
                    Worlds::Some(bits) => {
                        failed.push(served.service, worlds(bits).filter(|&world| lost(world)))
                    }
                }
            }
        }
        let mut degraded = RowSets::new(&rows.degraded, self.tiers);
        for &rank in sweep.softened() {
            for served in self.by_rank.row(rank) {
                degraded.push(served.service, worlds(&sweep.degraded(rank, served.position)));
            }
        }
        (failed, degraded)
    }

    /// The losses of every solved position: its own services, and those of where its route leads.
    fn losses(&self, rows: &[Rows]) -> (Vec<TierLoss>, Vec<TierLoss>) {
        let (tiers, solved) = (self.tiers, &self.routes.solved);
        let mut failed = vec![TierLoss::default(); tiers * solved.len()];
        let mut degraded = failed.clone();
        for (index, &position) in solved.iter().enumerate().rev() {
            let to = index * tiers;
            match self.route(position) {
                Route::Nowhere => {}
                Route::Solved(next) => {
                    failed.copy_within(next * tiers..(next + 1) * tiers, to);
                    degraded.copy_within(next * tiers..(next + 1) * tiers, to);
                }
                Route::Row(row) => {
                    let (rows, at) = (&rows[row / WIDTH], row % WIDTH * tiers);
                    failed[to..to + tiers].copy_from_slice(&rows.failed[at..at + tiers]);
                    degraded[to..to + tiers].copy_from_slice(&rows.degraded[at..at + tiers]);
                }
            }
            for served in self.by_position.row(position) {
                let tier = &mut failed[to + usize::from(served.tier)];
                tier.services += 1;
                tier.weight = tier.weight.saturating_add(served.weight);
            }
        }
        (failed, degraded)
    }

    fn route(&self, position: u32) -> Route {
        let (next, row) = (self.routes.next[position as usize], self.routes.row[position as usize]);
        match (next, row) {
            (NONE, NONE) => Route::Nowhere,
            (NONE, row) => Route::Row(row as usize),
            (next, _) => {
                let solved = self.routes.solved.binary_search(&next);
                Route::Solved(solved.expect("where a route leads is solved"))
            }
        }
    }

    /// The sets of every solved position, when all of them are few enough.
    fn sets(&self, rows: &[Rows], failed: &[TierLoss], degraded: &[TierLoss]) -> Option<Sets> {
        let pairs: usize = failed.iter().chain(degraded).map(|loss| loss.services as usize).sum();
        if self.room < pairs.max(self.kept.load(Ordering::Relaxed)) {
            return None;
        }
        let own =
            |position: u32| self.by_position.row(position).iter().map(|served| served.service).collect();
        let failed = self.relation(rows, failed, |sets| &sets.0, own);
        let degraded = self.relation(rows, degraded, |sets| &sets.1, |_| Vec::new());
        Some(Sets { failed, degraded })
    }

    fn relation(
        &self,
        rows: &[Rows],
        losses: &[TierLoss],
        side: impl Fn(&(RowSets, RowSets)) -> &RowSets,
        own: impl Fn(u32) -> Vec<u32>,
    ) -> Relation {
        let solved = &self.routes.solved;
        let mut starts = vec![0; solved.len() + 1];
        for index in 0..solved.len() {
            let services =
                losses[index * self.tiers..][..self.tiers].iter().map(|loss| loss.services as usize);
            starts[index + 1] = starts[index] + services.sum::<usize>();
        }
        let mut services = vec![0; starts[solved.len()]];
        for (index, &position) in solved.iter().enumerate().rev() {
            let mut at = starts[index];
            let mut put = |list: &[u32], services: &mut [u32]| {
                services[at..at + list.len()].copy_from_slice(list);
                at += list.len();
            };
            put(&own(position), &mut services);
            match self.route(position) {
                Route::Nowhere => {}
                Route::Solved(next) => {
                    let (before, after) = services.split_at_mut(starts[next]);
                    put(&after[..starts[next + 1] - starts[next]], before);
                }
                Route::Row(row) => {
                    let sets = rows[row / WIDTH].sets.as_ref();
                    put(
                        side(sets.expect("with room for all, each pass kept its sets")).row(row % WIDTH),
                        &mut services,
                    );
                }
            }
        }
        Relation { starts, services, count: self.services.len(), reverse: OnceLock::new() }
    }
}

enum Route {
    Nowhere,
    Solved(usize),
    Row(usize),
}

impl Relation {
    fn row(&self, row: usize) -> &[u32] {
        &self.services[self.starts[row]..self.starts[row + 1]]
    }

    fn column(&self, service: usize) -> &[u32] {
        let (starts, positions) = self.reverse.get_or_init(|| self.turned());
        &positions[starts[service]..starts[service + 1]]
    }

    fn turned(&self) -> (Vec<usize>, Vec<u32>) {
        let mut starts = vec![0; self.count + 1];
        for &service in &self.services {
            starts[service as usize + 1] += 1;
        }
        for service in 0..self.count {
            starts[service + 1] += starts[service];
        }
        let mut next = starts.clone();
        let mut positions = vec![0; self.services.len()];
        for row in 0..self.starts.len() - 1 {
            for &service in self.row(row) {
                positions[next[service as usize]] = row as u32;
                next[service as usize] += 1;
            }
        }
        (starts, positions)
    }
}
