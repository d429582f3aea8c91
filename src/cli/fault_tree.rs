//! `linchpin fault-tree`: minimal cut sets, probability and importance of an Open-PSA model.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, FromArgMatches as _, ValueEnum};

use crate::analyze::FaultModel;
use crate::analyze::fault_tree::{
    self, Builder, EventId, FaultTree, Node, Operator, Options, Ranking, Solution, solve,
};
use crate::model::{Id, Phase};
use crate::read::open_psa::{self, Argument, Connective, Model, Settings};
use crate::scan;
use crate::source::{Problems, Severity, SourceFile};

mod answer;

use answer::Answer;

/// A file larger than this is not read.
const LARGEST_FILE: u64 = 1 << 30;

/// `linchpin fault-tree`.
pub(super) struct Command;

const EXAMPLES: &str = "\
Examples:
  linchpin fault-tree model.xml --list 20
  linchpin fault-tree model.xml --limit-order 3 --format json
  linchpin fault-tree large.xml --list 20 --no-count
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
    /// Only list cut sets: neither count the others nor compute the probability. For trees too large for that; one that
    /// is not coherent is counted all the same.
    #[arg(long, conflicts_with = "limit_order")]
    pub no_count: bool,
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
    /// Most steps of the search for cut sets to list that were not counted.
    #[arg(long, value_name = "N", default_value_t = Options::default().search_steps)]
    pub search_steps: u64,
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
    match args.format {
        Format::Json => answer_to(&tree, args, &mut |answer| answer.write_json(out)),
        Format::Table => answer_to(&tree, args, &mut |answer| answer.write_table(out)),
        Format::OpenPsa => Ok(crate::report::open_psa::write(&tree, out)?),
    }
}

/// Solves the tree as far as asked, and hands the answer on.
fn answer_to(
    tree: &FaultTree,
    args: &FaultTreeArgs,
    write: &mut dyn FnMut(&Answer<'_>) -> Result<()>,
) -> Result<()> {
    let ranking = if args.likeliest { Ranking::Probability } else { Ranking::Size };
    if args.no_count
        && let Some(listing) = fault_tree::list(tree, ranking, args.list, args.search_steps)
    {
        return write(&Answer::listed(tree, listing, ranking));
    }
    let options = Options {
        limit_order: args.limit_order,
        probability: !args.no_probability && !args.no_count,
        trials: args.trials,
        seed: args.seed,
        diagram_nodes: args.diagram_nodes,
        set_nodes: args.set_nodes,
        search_steps: args.search_steps,
    };
    let solution = solve(tree, &options);
    let sets = best_sets(&solution, ranking, args.list);
    write(&Answer::counted(tree, &solution, sets))
}

fn best_sets(solution: &Solution, ranking: Ranking, n: usize) -> Vec<Vec<EventId>> {
    match ranking {
        Ranking::Size => solution.smallest(n),
        Ranking::Probability => solution.likeliest(n).into_iter().map(|(_, set)| set).collect(),
    }
}

/// What takes a service of a scan down at run time.
fn tree_of_service(paths: &[PathBuf], service: &str) -> Result<FaultTree> {
    let request = scan::Request::new(paths, super::meaning::today());
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
