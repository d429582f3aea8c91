//! All single failures, hundreds in one pass, and what each of them takes.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::lists::{Lists, Relation, RowSets};
use super::plan::{NONE, Plan};
use super::routes::Routes;
use super::sweep::{Bits, Sweep, WIDTH, Worlds};
use super::tally::Tally;
use super::{Csr, FailureGraph, Service, TierLoss};

/// What is asked: which elements fail, one at a time, and who would miss what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) graph: &'a FailureGraph,
    /// Services that fail in this graph as well are not counted as failed; it has the same elements.
    pub(super) before: Option<&'a FailureGraph>,
    /// Ascending by element, each element once.
    pub(super) services: &'a [Service],
    /// Ascending, each once.
    pub(super) elements: &'a [u32],
    /// Sets are kept in full while they have no more pairs of failure and service than this.
    pub(super) room: usize,
    /// Beyond that so many services of each failure are kept, the first ones.
    pub(super) first: usize,
}

/// What every single failure takes.
#[derive(Debug)]
pub(super) struct Found {
    /// Per element the number under which its losses are found, in `solved`.
    pub(super) key: Vec<u32>,
    pub(super) tiers: usize,
    /// Keys with known losses, ascending; losses are by index into this list.
    pub(super) solved: Vec<u32>,
    pub(super) failed: Vec<TierLoss>,
    pub(super) degraded: Vec<TierLoss>,
    /// The services themselves; none when there are too many and none were to be kept then.
    pub(super) lists: Option<Lists>,
}

impl Found {
    pub(super) fn of(asked: Asked<'_>) -> Self {
        let run = Run::new(asked);
        let rows = run.all_rows();
        let (failed, degraded) = run.losses(&rows);
        let lists = run.lists(&rows, &failed, &degraded);
        let Run { plan, routes, tiers, before, .. } = run;
        let key = match before {
            None => plan.position,
            Some(_) => (0..plan.position.len() as u32).collect(),
        };
        Self { key, tiers, solved: routes.solved, failed, degraded, lists }
    }

    /// Where the losses of an element stand.
    pub(super) fn row(&self, element: u32) -> Option<usize> {
        self.solved.binary_search(&self.key[element as usize]).ok()
    }

    /// The losses in a row: what fails, what is degraded.
    pub(super) fn losses(&self, row: usize) -> (&[TierLoss], &[TierLoss]) {
        let range = row * self.tiers..(row + 1) * self.tiers;
        (&self.failed[range.clone()], &self.degraded[range])
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
    before: Option<Before>,
    first: usize,
    /// How many pairs may be kept in full, and how many are.
    room: usize,
    kept: AtomicUsize,
}

/// The graph whose losses do not count, with the position of each source in it.
struct Before {
    plan: Plan,
    sources: Vec<u32>,
}

/// What the failures of one pass take, their own positions left out.
struct Rows {
    failed: Vec<TierLoss>,
    degraded: Vec<TierLoss>,
    /// The services themselves, failed and degraded: all while there is room, else the first ones.
    sets: Option<(RowSets, RowSets)>,
}

/// What one thread works with, again and again.
struct Desk<'r> {
    sweep: Sweep<'r>,
    before: Option<Sweep<'r>>,
    failed: Tally,
    degraded: Tally,
}

impl<'a> Run<'a> {
    fn new(asked: Asked<'a>) -> Self {
        let Asked { services, elements, .. } = asked;
        let plan = Plan::of(asked.graph);
        let by_position =
            ServedBy::new(plan.nodes(), &plan, services, |element| plan.position[element as usize]);
        let by_rank =
            ServedBy::new(plan.soft.count, &plan, services, |element| plan.soft.rank[element as usize]);
        let served =
            |element: u32| services.binary_search_by_key(&element, |service| service.element).is_ok();
        let (routes, before) = match asked.before {
            None => {
                let wanted = elements.iter().map(|&element| plan.position[element as usize]);
                (Routes::of(&plan, wanted, served), None)
            }
            Some(graph) => {
                let before = Plan::of(graph);
                let (routes, sources) = Routes::compared(&plan, &before, elements, served);
                (routes, Some(Before { plan: before, sources }))
            }
        };
        let tiers = services.iter().map(|service| usize::from(service.tier) + 1).max().unwrap_or(0);
        let (room, first, kept) = (asked.room, asked.first, AtomicUsize::new(0));
        Self { plan, services, tiers, by_position, by_rank, routes, before, first, room, kept }
    }

    /// One pass after the other on all threads, in the order of sources.
    fn all_rows(&self) -> Vec<Rows> {
        let blocks = self.routes.sources.len().div_ceil(WIDTH);
        let next = AtomicUsize::new(0);
        let threads = rayon::current_num_threads().min(blocks);
        let work = |_| {
            let mut desk = Desk {
                sweep: Sweep::new(&self.plan),
                before: self.before.as_ref().map(|before| Sweep::new(&before.plan)),
                failed: Tally::new(self.services),
                degraded: Tally::new(self.services),
            };
            let mut done = Vec::new();
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if blocks <= block {
                    return done;
                }
                done.push((block, self.pass(block, &mut desk)));
            }
        };
        let mut rows: Vec<(usize, Rows)> = (0..threads).into_par_iter().flat_map_iter(work).collect();
        rows.sort_unstable_by_key(|&(block, _)| block);
        rows.into_iter().map(|(_, rows)| rows).collect()
    }

    fn pass(&self, block: usize, desk: &mut Desk<'_>) -> Rows {
        let range = block * WIDTH..self.routes.sources.len().min((block + 1) * WIDTH);
        let sources = &self.routes.sources[range.clone()];
        desk.sweep.run(sources);
        if let (Some(sweep), Some(before)) = (&mut desk.before, &self.before) {
            sweep.run(&before.sources[range]);
        }
        self.rows(sources, desk)
    }

    fn rows(&self, sources: &[u32], desk: &mut Desk<'_>) -> Rows {
        let Desk { sweep, before, failed, degraded } = desk;
        failed.clear();
        degraded.clear();
        for (position, worlds) in sweep.failed() {
            for served in self.by_position.row(position) {
                match before {
                    None => failed.add(served.tier, served.weight, worlds),
                    Some(before) => {
                        let more = self.beyond(sweep, before, served);
                        failed.add(served.tier, served.weight, Worlds::Some(&more));
                    }
                }
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
        if before.is_none() {
            self.leave_out_own(sources, &mut rows.failed);
        }
        let pairs =
            rows.failed.iter().chain(&rows.degraded).map(|loss| loss.services as usize).sum::<usize>();
        let is_room = self.kept.fetch_add(pairs, Ordering::Relaxed) + pairs <= self.room;
        let most = if is_room { usize::MAX } else { self.first };
        rows.sets = (0 < most).then(|| self.row_sets(sources, desk, &rows, most));
        rows
    }

    fn leave_out_own(&self, sources: &[u32], failed: &mut [TierLoss]) {
        for (world, &source) in sources.iter().enumerate() {
            let losses = &mut failed[world * self.tiers..][..self.tiers];
            for served in self.by_position.row(source) {
                let tier = &mut losses[usize::from(served.tier)];
                tier.services -= 1;
                tier.weight = tier.weight.saturating_sub(served.weight);
            }
        }
    }

    /// The worlds in which a service fails, and would not have before.
    fn beyond(&self, sweep: &Sweep<'_>, before: &Sweep<'_>, served: &Served) -> Bits {
        let plan = &self.before.as_ref().expect("a sweep of before has a plan of before").plan;
        let element = self.services[served.service as usize].element;
        sweep.bits(served.position).without(before.bits(plan.position[element as usize]))
    }

    fn row_sets(&self, sources: &[u32], desk: &Desk<'_>, rows: &Rows, most: usize) -> (RowSets, RowSets) {
        let (sweep, before) = (&desk.sweep, desk.before.as_ref());
        let lens = |losses: &[TierLoss]| self.lens(sources.len(), losses, most);
        let mut failed: Vec<&Served> =
            sweep.failed().flat_map(|(position, _)| self.by_position.row(position)).collect();
        let mut degraded: Vec<(u32, &Served)> = sweep
            .softened()
            .iter()
            .flat_map(|&rank| self.by_rank.row(rank).iter().map(move |served| (rank, served)))
            .collect();
        if most != usize::MAX {
            failed.sort_unstable_by_key(|served| served.service);
            degraded.sort_unstable_by_key(|(_, served)| served.service);
        }
        let lost_in = |served: &&Served| match before {
            None => *sweep.bits(served.position),
            Some(before) => self.beyond(sweep, before, served),
        };
        let is_own = |served: &&Served, world: usize| before.is_none() && sources[world] == served.position;
        let failed = RowSets::collect(lens(&rows.failed), failed, |served| served.service, lost_in, is_own);
        let degraded = RowSets::collect(
            lens(&rows.degraded),
            degraded,
            |(_, served)| served.service,
            |(rank, served)| sweep.degraded(*rank, served.position),
            |_, _| false,
        );
        (failed, degraded)
    }

    /// How many services are kept for each of so many failures.
    fn lens(&self, failures: usize, losses: &[TierLoss], most: usize) -> Vec<usize> {
        let services = |losses: &[TierLoss]| losses.iter().map(|loss| loss.services as usize).sum::<usize>();
        let of = |failure: usize| &losses[failure * self.tiers..(failure + 1) * self.tiers];
        (0..failures).map(|failure| services(of(failure)).min(most)).collect()
    }

    /// The losses of every solved position: its own services, and those of where its route leads.
    fn losses(&self, rows: &[Rows]) -> (Vec<TierLoss>, Vec<TierLoss>) {
        let (tiers, solved) = (self.tiers, &self.routes.solved);
        let mut failed = vec![TierLoss::default(); tiers * solved.len()];
        let mut degraded = failed.clone();
        for (index, &key) in solved.iter().enumerate().rev() {
            let to = index * tiers;
            match self.route(key) {
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
            for served in self.own(key) {
                let tier = &mut failed[to + usize::from(served.tier)];
                tier.services += 1;
                tier.weight = tier.weight.saturating_add(served.weight);
            }
        }
        (failed, degraded)
    }

    /// The services that are at a solved position themselves, where rows leave them out.
    fn own(&self, key: u32) -> &[Served] {
        if self.before.is_none() { self.by_position.row(key) } else { &[] }
    }

    fn route(&self, key: u32) -> Route {
        let (next, row) = (self.routes.next[key as usize], self.routes.row[key as usize]);
        match (next, row) {
            (NONE, NONE) => Route::Nowhere,
            (NONE, row) => Route::Row(row as usize),
            (next, _) => {
                let solved = self.routes.solved.binary_search(&next);
                Route::Solved(solved.expect("where a route leads is solved"))
            }
        }
    }

    /// The sets of every solved position: all of them when they are few enough, else the first services of each.
    fn lists(&self, rows: &[Rows], failed: &[TierLoss], degraded: &[TierLoss]) -> Option<Lists> {
        let pairs: usize = failed.iter().chain(degraded).map(|loss| loss.services as usize).sum();
        let complete = pairs.max(self.kept.load(Ordering::Relaxed)) <= self.room;
        let most = if complete { usize::MAX } else { self.first };
        let lens = |losses: &[TierLoss]| self.lens(self.routes.solved.len(), losses, most);
        (0 < most).then(|| Lists {
            complete,
            failed: self.relation(rows, &lens(failed), |sets| &sets.0, |key| self.own(key)),
            degraded: self.relation(rows, &lens(degraded), |sets| &sets.1, |_| &[]),
        })
    }

    fn relation(
        &self,
        rows: &[Rows],
        lens: &[usize],
        side: impl Fn(&(RowSets, RowSets)) -> &RowSets,
        own: impl Fn(u32) -> &'a [Served],
    ) -> Relation {
        let mut relation = Relation::with_rows(lens, self.services.len());
        let mut gathered: Vec<u32> = Vec::new();
        for (index, &key) in self.routes.solved.iter().enumerate().rev() {
            gathered.clear();
            gathered.extend(own(key).iter().map(|served| served.service));
            match self.route(key) {
                Route::Nowhere => {}
                Route::Solved(next) => gathered.extend(relation.row(next)),
                Route::Row(row) => {
                    let sets = rows[row / WIDTH].sets.as_ref();
                    let sets = side(sets.expect("each pass kept all or the first of its services"));
                    gathered.extend(sets.row(row % WIDTH));
                }
            }
            relation.fill(index, &mut gathered);
        }
        relation
    }
}

enum Route {
    Nowhere,
    Solved(usize),
    Row(usize),
}
