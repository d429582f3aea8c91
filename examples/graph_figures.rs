//! Times the graph engine on an edge list, one JSON line for each piece of work, for `scripts/compare-peers`.
//!
//! `graph_figures FILE [WORK...]` reads lines of `u v` (u depends on v; node 0 is the root); work is any of `load`, `scc`,
//! `idom`, `articulation`, `blast_one`, `blast_all`, `blast_gated`, `spofs`, `scenario`; and `blast_sample`, a twentieth of
//! `blast_all` with weights, which is only done when asked for. `graph_figures --generate NODES FILE`
//! writes the layered graph that the benches use.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use linchpin::analyze::graph::{Components, Csr, Cuts, Dominators, Scenario, Service, SingleFailures};

#[path = "../benches/support/layered.rs"]
mod layered;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--generate", nodes, file] => generate(nodes.parse()?, file),
        [file, ref work @ ..] => run(file, work),
        [] => Err("usage: graph_figures FILE [WORK...]".into()),
    }
}

fn generate(nodes: u32, file: &str) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    for (from, to) in layered::layered(nodes, 42) {
        writeln!(out, "{from} {to}")?;
    }
    Ok(out.flush()?)
}

fn run(file: &str, work: &[&str]) -> Result<(), Box<dyn Error>> {
    let start = Clock::start();
    let edges = read(&std::fs::read(file)?)?;
    let nodes = edges.iter().map(|&(from, to)| from.max(to) as usize + 1).max().unwrap_or(0);
    let graph = Csr::from_edges(nodes, &edges);
    let mut report = Report { out: std::io::stdout().lock() };
    report.line("load", start.stop(), graph.edges() as u64)?;
    let wanted = |name: &str| work.is_empty() || work.contains(&name);
    if wanted("scc") {
        report.mean("scc", || Components::of(&graph).count() as u64)?;
    }
    if wanted("idom") {
        report.mean("idom", || distinct_dominators(&graph))?;
    }
    if wanted("spofs") {
        report.mean("spofs", || spofs(&graph))?;
    }
    if wanted("articulation") {
        let simple: Vec<(u32, u32)> = edges.iter().map(|&(from, to)| (from.min(to), from.max(to))).collect();
        report.mean("articulation", || Cuts::of(nodes, &simple).articulation_points.len() as u64)?;
    }
    drop(graph);
    failures(&mut report, work, nodes, &edges)
}

fn failures(
    report: &mut Report<'_>,
    work: &[&str],
    nodes: usize,
    edges: &[(u32, u32)],
) -> Result<(), Box<dyn Error>> {
    let wanted = |name: &str| work.is_empty() || work.contains(&name);
    let plain = layered::required(nodes as u32, edges);
    if wanted("blast_one") {
        let leaf = (nodes - 1 - nodes / 200) as u32;
        let mut scenario = Scenario::new(&plain);
        report.mean("blast_one", || {
            scenario.fail(&[leaf]);
            scenario.failed().count() as u64 - 1
        })?;
    }
    if wanted("scenario") {
        let mut scenario = Scenario::new(&plain);
        report.mean("scenario", || {
            let elements = (0..1_000).map(|step| (step * nodes / 1_000) as u32);
            elements.map(|element| fail_one(&mut scenario, element)).sum()
        })?;
    }
    let services: Vec<Service> = (0..nodes as u32)
        .map(|element| Service { element, tier: (element % 4) as u8, weight: 1 + u64::from(element % 100) })
        .collect();
    if wanted("blast_all") {
        let even: Vec<Service> =
            services.iter().map(|service| Service { tier: 0, weight: 1, ..*service }).collect();
        report.once("blast_all", || total(&SingleFailures::new(&plain, &even)) - nodes as u64)?;
    }
    if work.contains(&"blast_sample") {
        let sample: Vec<u32> = (0..nodes as u32).filter(|element| element / 1024 % 20 == 0).collect();
        report.once("blast_sample", || total(&SingleFailures::of(&plain, &services, &sample)))?;
    }
    drop(plain);
    if wanted("blast_gated") {
        let gated = layered::gated(nodes as u32, edges);
        report.once("blast_gated", || total(&SingleFailures::new(&gated, &services)))?;
    }
    Ok(())
}

fn fail_one(scenario: &mut Scenario, element: u32) -> u64 {
    scenario.fail(&[element]);
    scenario.failed().count() as u64
}

fn total(single: &SingleFailures) -> u64 {
    let losses = single.elements().iter().map(|&element| single.loss(element));
    losses.flat_map(|loss| loss.failed).map(|tier| u64::from(tier.services)).sum()
}

fn distinct_dominators(graph: &Csr) -> u64 {
    let dominators = Dominators::of(graph, 0);
    let mut seen = vec![false; graph.nodes()];
    dominators
        .order()
        .iter()
        .filter_map(|&node| dominators.immediate(node))
        .for_each(|node| seen[node as usize] = true);
    seen.into_iter().filter(|&seen| seen).count() as u64
}

/// Components, dominators, and every node that others hang on with how many.
fn spofs(graph: &Csr) -> u64 {
    let components = Components::of(graph);
    let dominators = Dominators::of(graph, 0);
    let points = dominators.dominated().into_iter().filter(|&dominated| 1 < dominated);
    points.count() as u64 + components.count() as u64
}

fn read(text: &[u8]) -> Result<Vec<(u32, u32)>, Box<dyn Error>> {
    let mut edges = Vec::with_capacity(text.len() / 13);
    let mut numbers = [0_u32; 2];
    let mut at = 0;
    for &byte in text {
        match byte {
            b'0'..=b'9' => {
                let number =
                    numbers[at].checked_mul(10).and_then(|number| number.checked_add(u32::from(byte - b'0')));
                numbers[at] = number.ok_or("a node number is too large")?;
            }
            b' ' => at = 1,
            b'\n' => {
                edges.push((numbers[0], numbers[1]));
                (numbers, at) = ([0, 0], 0);
            }
            _ => return Err("a line is not of the form `u v`".into()),
        }
    }
    Ok(edges)
}

struct Report<'o> {
    out: std::io::StdoutLock<'o>,
}

impl Report<'_> {
    /// The mean of as many runs as fit half a second, at least three.
    fn mean(&mut self, name: &str, mut work: impl FnMut() -> u64) -> std::io::Result<()> {
        let clock = Clock::start();
        let mut runs = 0;
        let mut result = 0;
        while runs < 3 || clock.wall.elapsed() < Duration::from_millis(500) {
            result = work();
            runs += 1;
        }
        let spent = clock.stop();
        self.line(name, Spent { wall: spent.wall / runs, cpu: spent.cpu / runs }, result)
    }

    fn once(&mut self, name: &str, work: impl FnOnce() -> u64) -> std::io::Result<()> {
        let clock = Clock::start();
        let result = work();
        self.line(name, clock.stop(), result)
    }

    fn line(&mut self, name: &str, spent: Spent, result: u64) -> std::io::Result<()> {
        let (wall, cpu, memory) = (spent.wall.as_secs_f64(), spent.cpu.as_secs_f64(), peak_memory_kib());
        writeln!(
            self.out,
            r#"{{"peer":"linchpin","op":"{name}","wall_s":{wall:.6},"cpu_s":{cpu:.6},"rss_kb":{memory},"result":{result}}}"#
        )
    }
}

#[derive(Clone, Copy)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    fn start() -> Self {
        Self { cpu: cpu_time(), wall: Instant::now() }
    }

    fn stop(self) -> Spent {
        Spent { wall: self.wall.elapsed(), cpu: cpu_time().saturating_sub(self.cpu) }
    }
}

/// The time that all threads spent on a processor, where the system tells it; else none.
fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = |path: std::path::PathBuf| -> Option<u64> {
        std::fs::read_to_string(path.join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(tasks.filter_map(|task| spent(task.path())).sum())
}

/// The peak resident set in KiB, where the system tells it; else 0.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
