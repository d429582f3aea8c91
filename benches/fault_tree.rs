//! Fault trees: topologies of the literature, chains, and the models of the folder that `LINCHPIN_MODELS` names.

use linchpin::analyze::fault_tree::{Builder, FaultTree, Node, Operator, Options, solve};
use linchpin::cli::fault_tree::tree_of;
use linchpin::read::open_psa::{self, Settings};
use linchpin::source::SourceFile;

fn main() {
    divan::main();
}

/// A service of `replicas` servers, each in its own pod of a fat tree with `ports`-port switches: it fails when none
/// reaches a core router. Cores are shared by all pods.
fn fat_tree(ports: usize, replicas: usize) -> FaultTree {
    let half = ports / 2;
    let mut builder = Builder::new();
    let spines: Vec<Node> = (0..half)
        .map(|_| {
            let cores = (0..half).map(|_| builder.event("core", Some(0.002))).collect();
            builder.gate("spine", Operator::And, cores)
        })
        .collect();
    let down = (0..replicas)
        .map(|_| {
            let paths = spines
                .iter()
                .map(|spine| {
                    let aggregation = builder.event("aggregation", Some(0.004));
                    builder.gate("path", Operator::Or, vec![aggregation, *spine])
                })
                .collect();
            let network = builder.gate("network", Operator::And, paths);
            let (server, rack) = (builder.event("server", Some(0.02)), builder.event("rack", Some(0.005)));
            builder.gate("replica", Operator::Or, vec![server, rack, network])
        })
        .collect();
    let top = builder.gate("top", Operator::And, down);
    builder.build(top).expect("no cycles")
}

#[divan::bench(args = [16, 48, 64])]
fn fat_tree_with_three_replicas(bencher: divan::Bencher<'_, '_>, ports: usize) {
    let tree = fat_tree(ports, 3);
    bencher.bench(|| solve(&tree, &Options::default()).count());
}

#[divan::bench(args = [1_000, 10_000, 100_000])]
fn chain(bencher: divan::Bencher<'_, '_>, gates: usize) {
    let mut builder = Builder::new();
    let mut top = builder.event("end", Some(0.5));
    for at in 0..gates {
        let event = builder.event("step", Some(1e-6));
        top = builder.gate("link", if at % 2 == 0 { Operator::Or } else { Operator::And }, vec![top, event]);
    }
    let tree = builder.build(top).expect("no cycles");
    bencher.bench(|| solve(&tree, &Options { limit_order: Some(4), ..Options::default() }).count());
}

/// Names of the models in the folder, when there is one.
fn models() -> Vec<String> {
    let folder = std::env::var("LINCHPIN_MODELS").unwrap_or_default();
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path().to_string_lossy().into_owned()))
        .filter(|path| path.ends_with(".xml"))
        .collect();
    names.sort();
    names
}

#[divan::bench(args = models(), sample_count = 3)]
fn open_psa_model(bencher: divan::Bencher<'_, '_>, path: &str) {
    let bytes = std::fs::read(path).expect("the folder was just listed");
    let (model, _) = open_psa::read(vec![SourceFile::new(path, &bytes)], Settings::default(), &mut |_, _| {
        Err("not looked for".to_owned())
    });
    let Some(tree) = model.and_then(|model| tree_of(&model, None).ok()) else { return };
    bencher
        .bench(|| solve(&tree, &Options { limit_order: Some(4), trials: 0, ..Options::default() }).count());
}
