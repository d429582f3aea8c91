//! `linchpin fault-tree`: minimal cut sets, probability and importance of an Open-PSA model.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, FromArgMatches as _, ValueEnum};
use serde_json::{Map, Value, json};

use crate::analyze::FaultModel;
use crate::analyze::fault_tree::{
    Builder, EventId, FaultTree, Node, Operator, Options, Probability, Solution, solve,
};
use crate::model::{Id, Phase};
use crate::read::open_psa::{self, Argument, Connective, Model, Settings};
use crate::scan;
use crate::source::{Problems, Severity, SourceFile};

/// A file larger than this is not read.
const LARGEST_FILE: u64 = 1 << 30;

/// `linchpin fault-tree`.
pub(super) struct Command;

const EXAMPLES: &str = "\
Examples:
  linchpin fault-tree model.xml --list 20
  linchpin fault-tree model.xml --limit-order 3 --format json
  linchpin fault-tree --service k8s:default/Deployment/checkout ./deploy --list 20
  linchpin fault-tree --service k8s:default/Deployment/checkout ./deploy --format open-psa > checkout.xml";

impl super::Command for Command {
    fn define(&self) -> clap::Command {
        FaultTreeArgs::augment_args(clap::Command::new("fault-tree")).after_help(EXAMPLES)
    }

    fn run(&self, typed: &clap::ArgMatches, terminal: &mut super::Terminal) -> Result<super::Exit> {
        let typed = FaultTreeArgs::from_arg_matches(typed)?;
        let mut answer = Vec::new();
        run(&typed, &mut answer, &mut std::io::stderr().lock())?;
        terminal.write(|out| out.write_all(&answer))?;
        Ok(super::Exit::Acceptable)
    }
}

/// Minimal cut sets, probability and importance of a fault tree in Open-PSA format.
#[derive(Args, Debug)]
pub struct FaultTreeArgs {
    /// Model files (one model may be split over several); with --service, the folders to scan.
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    /// Analyze this service of a scan rather than a model.
    #[arg(long, value_name = "ID", conflicts_with_all = ["top", "mission_time"])]
    pub service: Option<String>,
    /// Leave out cut sets of a higher order.
    #[arg(long, value_name = "K")]
    pub limit_order: Option<u32>,
    /// List this many cut sets, the smallest first.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub list: usize,
    /// List the likeliest cut sets rather than the smallest.
    #[arg(long)]
    pub likeliest: bool,
    /// Leave out probability and importance.
    #[arg(long)]
    pub no_probability: bool,
    /// The gate to analyze; needed when the model has several tops.
    #[arg(long, value_name = "NAME")]
    pub top: Option<String>,
    /// What the mission time of the model's expressions is, in hours.
    #[arg(long, value_name = "HOURS", default_value_t = 8_760.0)]
    pub mission_time: f64,
    /// Trials to draw when the probability can only be bounded; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 1 << 18)]
    pub trials: u64,
    /// What trials are drawn from.
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub seed: u64,
    /// Most nodes of one decision diagram; past it the probability is bounded, not exact.
    #[arg(long, value_name = "N", default_value_t = Options::default().diagram_nodes)]
    pub diagram_nodes: usize,
    /// Most nodes of one diagram of cut sets; past it they are complete up to some order only.
    #[arg(long, value_name = "N", default_value_t = Options::default().set_nodes)]
    pub set_nodes: usize,
    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// How to print the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// The tree itself, as an Open-PSA model, for other programs to check.
    OpenPsa,
}

/// Reads the model, solves it, writes the answer to `out` and what was odd in the model to `err`.
///
/// # Errors
/// When a file cannot be read, the model has an error, or its top is not clear.
pub fn run(args: &FaultTreeArgs, out: &mut dyn Write, err: &mut dyn Write) -> Result<()> {
    let tree = match &args.service {
        Some(service) => tree_of_service(&args.models, service)?,
        None => tree_of_files(args, err)?,
    };
    let options = Options {
        limit_order: args.limit_order,
        probability: !args.no_probability,
        trials: args.trials,
        seed: args.seed,
        diagram_nodes: args.diagram_nodes,
        set_nodes: args.set_nodes,
    };
    match args.format {
        Format::Json => write_json(&tree, &solve(&tree, &options), args, out),
        Format::Table => write_table(&tree, &solve(&tree, &options), args, out),
        Format::OpenPsa => Ok(crate::report::open_psa::write(&tree, out)?),
    }
}

/// What takes a service of a scan down at run time.
fn tree_of_service(paths: &[PathBuf], service: &str) -> Result<FaultTree> {
    let request = scan::Request {
        roots: paths.to_vec(),
        environment: None,
        include_left_out: false,
        config: None,
        today: super::meaning::today(),
        max_file_bytes: LARGEST_FILE,
        dns: crate::resolve::Options::default(),
    };
    let outcome = scan::scan(&request)?;
    let faults = FaultModel::new(&outcome.estate, Phase::Runtime);
    let Some(element) = faults.element(&Id::new(service)) else {
        let known: Vec<String> =
            outcome.estate.services().take(10).map(|node| format!("`{}`", node.id)).collect();
        bail!("there is no `{service}` in the scan; services are {}", known.join(", "));
    };
    Ok(faults.fault_tree(element)?)
}

fn tree_of_files(args: &FaultTreeArgs, err: &mut dyn Write) -> Result<FaultTree> {
    let files = args.models.iter().map(|path| load(path)).collect::<Result<Vec<_>>>()?;
    let settings = Settings { mission_hours: args.mission_time };
    let (model, problems) = open_psa::read(files, settings, &mut |from, name| {
        let folder = Path::new(&**from.path()).parent().unwrap_or(Path::new(""));
        load(&folder.join(name)).map_err(|error| format!("{error:#}"))
    });
    show_problems(&problems, err)?;
    let Some(model) = model else { bail!("the model has errors") };
    tree_of(&model, args.top.as_deref())
}

fn load(path: &Path) -> Result<SourceFile> {
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("failed to read `{shown}`"))?.len();
    if size > LARGEST_FILE {
        bail!("`{shown}` is larger than {LARGEST_FILE} bytes");
    }
    let bytes = std::fs::read(path).with_context(|| format!("failed to read `{shown}`"))?;
    Ok(SourceFile::new(path.to_string_lossy().into_owned(), &bytes))
}

fn show_problems(problems: &Problems, err: &mut dyn Write) -> Result<()> {
    const SHOWN: usize = 20;
    let ordered = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .flat_map(|severity| problems.iter().filter(move |problem| problem.severity == severity));
    for problem in ordered.take(SHOWN) {
        let place = &problem.location;
        writeln!(
            err,
            "{}:{}:{}: {}: {}",
            place.path,
            place.line,
            place.column,
            problem.severity.word(),
            problem.message
        )?;
    }
    if problems.len() > SHOWN {
        writeln!(err, "... and {} more like these", problems.len() - SHOWN)?;
    }
    Ok(())
}

/// The tree below the gate of this name, or below the model's only top.
///
/// # Errors
/// When there is no such gate, no top or several, or gates need each other in a cycle.
pub fn tree_of(model: &Model, top: Option<&str>) -> Result<FaultTree> {
    let top = match (top, &model.tops[..]) {
        (Some(name), _) => {
            *model.named.get(name).with_context(|| format!("the model has no gate `{name}`"))?
        }
        (None, &[only]) => only,
        (None, []) => bail!("the model has no top: every gate is used by another, or there is none"),
        (None, several) => {
            let names: Vec<String> =
                several.iter().take(10).map(|gate| format!("`{}`", model.gates[*gate].name)).collect();
            bail!("the model has {} tops: choose one with `--top`: {}", several.len(), names.join(", "))
        }
    };
    let mut builder = Builder::new();
    let events: Vec<Node> =
        model.events.iter().map(|event| builder.event(event.name.clone(), event.probability)).collect();
    let gates: Vec<Node> = model.gates.iter().map(|gate| builder.declare(gate.name.clone())).collect();
    for (gate, node) in model.gates.iter().zip(&gates) {
        let operator = match gate.connective {
            Connective::Or => Operator::Or,
            Connective::And => Operator::And,
            Connective::AtLeast(least) => Operator::AtLeast(least),
            Connective::Not => Operator::Not,
            Connective::Xor => Operator::Xor,
            Connective::Nand => Operator::Nand,
            Connective::Nor => Operator::Nor,
        };
        let arguments = gate.arguments.iter().map(|argument| match *argument {
            Argument::Constant(value) => Node::Constant(value),
            Argument::Event(event) => events[event],
            Argument::Gate(gate) => gates[gate],
        });
        builder.define(*node, operator, arguments.collect());
    }
    let start = &model.gates[top].location;
    builder.build(gates[top]).with_context(|| {
        format!("{}:{}: failed to build the tree of `{}`", start.path, start.line, model.gates[top].name)
    })
}

fn listed(tree: &FaultTree, solution: &Solution, args: &FaultTreeArgs) -> Vec<Vec<String>> {
    let name = |event: &EventId| tree.event_name(*event).to_owned();
    let sets = if args.likeliest {
        solution.likeliest(args.list).into_iter().map(|(_, set)| set).collect()
    } else {
        solution.smallest(args.list)
    };
    sets.iter().map(|set| set.iter().map(name).collect()).collect()
}

fn write_json(
    tree: &FaultTree,
    solution: &Solution,
    args: &FaultTreeArgs,
    out: &mut dyn Write,
) -> Result<()> {
    let by_order: Map<String, Value> = solution
        .by_order
        .iter()
        .enumerate()
        .filter(|(_, count)| !count.is_zero())
        .map(|(order, count)| (order.to_string(), json!(count.to_string())))
        .collect();
    let probability = solution.probability.map(|probability| match probability {
        Probability::Exact(exact) => json!({ "exact": exact }),
        Probability::Bounds { lower, upper, estimate } => {
            let mut bounds = json!({ "lower": lower, "upper": upper });
            if let Some(estimate) = estimate {
                bounds["estimate"] = json!({
                    "mean": estimate.mean, "lower_95": estimate.lower, "upper_95": estimate.upper, "trials": estimate.trials, "seed": estimate.seed,
                });
            }
            bounds
        }
    });
    let importance: Vec<Value> = solution
        .importance
        .iter()
        .map(|of| {
            json!({
                "event": tree.event_name(of.event), "birnbaum": of.birnbaum, "criticality": of.criticality,
                "fussell_vesely": of.fussell_vesely, "diagnostic": of.diagnostic, "raw": of.raw,
                // An infinite worth has no number in JSON.
                "rrw": of.rrw.is_finite().then_some(of.rrw),
            })
        })
        .collect();
    let answer = json!({
        "top": tree.top_name(),
        "gates": tree.gates_below_top().iter().filter(|gate| !tree.gates()[**gate as usize].name.is_empty()).count(),
        "basic_events": tree.events_below_top().len(),
        "coherent": solution.coherent,
        "minimal_cut_sets": {
            "meaning": meaning(solution),
            "count": solution.count().to_string(),
            "complete_to_order": solution.complete_to_order,
            "by_order": by_order,
            "sets": listed(tree, solution, args),
        },
        "probability": probability,
        "importance": importance,
    });
    serde_json::to_writer(&mut *out, &answer)?;
    writeln!(out)?;
    Ok(())
}

/// What a cut set is in this tree.
fn meaning(solution: &Solution) -> &'static str {
    if solution.coherent {
        "a smallest set of events that makes the top true"
    } else {
        "a smallest set of events that makes the top true when no other event has happened (minimal p-cut; the tree is not coherent)"
    }
}

fn write_table(
    tree: &FaultTree,
    solution: &Solution,
    args: &FaultTreeArgs,
    out: &mut dyn Write,
) -> Result<()> {
    writeln!(out, "top           {}", printable(tree.top_name()))?;
    writeln!(out, "basic events  {}", tree.events_below_top().len())?;
    match solution.probability {
        Some(Probability::Exact(exact)) => {
            writeln!(out, "probability   {exact:.6e} (exact, events independent)")?
        }
        Some(Probability::Bounds { lower, upper, estimate }) => {
            writeln!(
                out,
                "probability   between {lower:.6e} and {upper:.6e} (too large for an exact answer)"
            )?;
            if let Some(estimate) = estimate {
                writeln!(
                    out,
                    "              {:.6e} by {} trials, 95 % between {:.6e} and {:.6e}",
                    estimate.mean, estimate.trials, estimate.lower, estimate.upper
                )?;
            }
        }
        None if !solution.without_probability.is_empty() => {
            let first = tree.event_name(solution.without_probability[0]);
            writeln!(
                out,
                "probability   not known: {} events have none, `{}` among them",
                solution.without_probability.len(),
                printable(first)
            )?;
        }
        None => {}
    }
    let complete = match solution.complete_to_order {
        None => "all of them".to_owned(),
        Some(order) if args.limit_order == Some(order) => format!("complete up to order {order}"),
        Some(order) => {
            format!("more than these: complete up to order {order}, the rest does not fit in memory")
        }
    };
    writeln!(out, "cut sets      {} ({complete})", solution.count())?;
    if !solution.coherent {
        writeln!(out, "              each is {}", meaning(solution))?;
    }
    for (order, count) in solution.by_order.iter().enumerate().filter(|(_, count)| !count.is_zero()) {
        writeln!(out, "  order {order:>4}  {count}")?;
    }
    for set in listed(tree, solution, args) {
        let names: Vec<String> = set.iter().map(|name| printable(name)).collect();
        writeln!(out, "  {{{}}}", names.join(", "))?;
    }
    if !solution.importance.is_empty() {
        writeln!(
            out,
            "{:<32} {:>12} {:>12} {:>12} {:>12} {:>12}",
            "event", "Birnbaum", "criticality", "diagnostic", "RAW", "RRW"
        )?;
    }
    for of in solution.importance.iter().take(20) {
        let name = printable(tree.event_name(of.event));
        writeln!(
            out,
            "{name:<32} {:>12.5e} {:>12.5e} {:>12.5e} {:>12.5e} {:>12.5e}",
            of.birnbaum, of.criticality, of.diagnostic, of.raw, of.rrw
        )?;
    }
    Ok(())
}

/// Names come from files: control characters do not reach a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
