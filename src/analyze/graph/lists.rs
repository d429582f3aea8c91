//! Which services each failure takes, as lists.

use std::sync::OnceLock;

use super::sweep::{Bits, worlds};

/// The services that each solved failure takes.
#[derive(Debug)]
pub(super) struct Lists {
    /// Whether the lists hold all services, and not only the first ones.
    pub(super) complete: bool,
    pub(super) failed: Relation,
    pub(super) degraded: Relation,
}

/// Per world of one pass the services lost.
#[derive(Debug)]
pub(super) struct RowSets {
    ends: Vec<usize>,
    services: Vec<u32>,
}

impl RowSets {
    /// The first so many services of each world, in the order of `entries`.
    pub(super) fn collect<T>(
        lens: Vec<usize>,
        entries: Vec<T>,
        service: impl Fn(&T) -> u32,
        lost_in: impl Fn(&T) -> Bits,
        is_left_out: impl Fn(&T, usize) -> bool,
    ) -> Self {
        let mut open = Bits::default();
        let mut total = 0;
        let mut ends = Vec::with_capacity(lens.len());
        for (world, &len) in lens.iter().enumerate() {
            ends.push(total);
            total += len;
            if 0 < len {
                open.insert(world);
            }
        }
        let mut left = lens;
        let mut services = vec![0; total];
        for entry in &entries {
            if open.is_empty() {
                break;
            }
            for world in worlds(&lost_in(entry).and(&open)) {
                if is_left_out(entry, world) {
                    continue;
                }
                services[ends[world]] = service(entry);
                ends[world] += 1;
                left[world] -= 1;
                if left[world] == 0 {
                    open.remove(world);
                }
            }
        }
        Self { ends, services }
    }

    pub(super) fn row(&self, world: usize) -> &[u32] {
        let start = if world == 0 { 0 } else { self.ends[world - 1] };
        &self.services[start..self.ends[world]]
    }
}

/// Which services each solved failure takes, by index, and the reverse.
#[derive(Debug)]
pub(super) struct Relation {
    starts: Vec<usize>,
    services: Vec<u32>,
    /// How many services there are, in all.
    count: usize,
    /// Starts and rows, found when first asked for.
    reverse: OnceLock<(Vec<usize>, Vec<u32>)>,
}

impl Relation {
    /// Room for rows of so many services, of `count` in all.
    pub(super) fn with_rows(lens: &[usize], count: usize) -> Self {
        let mut starts = Vec::with_capacity(lens.len() + 1);
        let mut total = 0;
        starts.push(total);
        starts.extend(lens.iter().map(|len| {
            total += len;
            total
        }));
        Self { starts, services: vec![0; total], count, reverse: OnceLock::new() }
    }

    /// Fills a row with what was gathered for it, or with the first of that when the row is shorter.
    pub(super) fn fill(&mut self, row: usize, gathered: &mut [u32]) {
        let place = &mut self.services[self.starts[row]..self.starts[row + 1]];
        gathered.sort_unstable();
        place.copy_from_slice(&gathered[..place.len()]);
    }

    /// Ascending.
    pub(super) fn row(&self, row: usize) -> &[u32] {
        &self.services[self.starts[row]..self.starts[row + 1]]
    }

    pub(super) fn column(&self, service: usize) -> &[u32] {
        let (starts, rows) = self.reverse.get_or_init(|| self.turned());
        &rows[starts[service]..starts[service + 1]]
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
        let mut rows = vec![0; self.services.len()];
        for row in 0..self.starts.len() - 1 {
            for &service in self.row(row) {
                rows[next[service as usize]] = row as u32;
                next[service as usize] += 1;
            }
        }
        (starts, rows)
    }
}
