//! Solves an Open-PSA model: `cargo run --release --example fault_tree -- MODEL.xml --format json`.

use clap::Parser;
use linchpin::cli::fault_tree::{FaultTreeArgs, run};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: FaultTreeArgs,
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    run(&Cli::parse().args, &mut out, &mut std::io::stderr())
}
