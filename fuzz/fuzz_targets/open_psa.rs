#![no_main]
//! The reader of Open-PSA models, and the engine on what it reads.

use libfuzzer_sys::fuzz_target;
use linchpin::analyze::fault_tree::{Options, solve};
use linchpin::cli::fault_tree::tree_of;
use linchpin::read::open_psa::{Settings, read};

fuzz_target!(|data: &[u8]| {
    let files = linchpin_fuzz::files(data);
    let Some(first) = files.first().cloned() else { return };
    let mut include = |_: &_, name: &str| {
        files.iter().find(|file| &**file.path() == name).cloned().ok_or_else(|| "it is not there".to_owned())
    };
    let (Some(model), _) = read(vec![first], Settings::default(), &mut include) else { return };
    let Ok(tree) = tree_of(&model, None) else { return };
    let options = Options {
        limit_order: Some(3),
        diagram_nodes: 10_000,
        set_nodes: 10_000,
        trials: 64,
        ..Options::default()
    };
    drop(solve(&tree, &options));
});
