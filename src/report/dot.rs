//! The graph in DOT, for Graphviz.

use std::io;

use super::graph::{Graph, Shape, note, shape};
use super::text::dot as quoted;
use super::{Options, Report};
use crate::judge::FindingLevel;
use crate::model::{Need, Node};
use crate::scan::Outcome;

/// The graph in DOT.
pub(super) struct Dot;

impl Report for Dot {
    fn name(&self) -> &'static str {
        "dot"
    }

    fn summary(&self) -> &'static str {
        "the graph for Graphviz, single points of failure marked"
    }

    fn media(&self) -> &'static str {
        "text/vnd.graphviz"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let graph = Graph::of(outcome);
        writeln!(out, "digraph linchpin {{")?;
        writeln!(out, "  label={};", quoted(&outcome.organization))?;
        writeln!(out, "  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];")?;
        for (number, node) in graph.nodes() {
            let label = quoted(&node.name);
            let id = quoted(node.id.as_str());
            writeln!(out, "  n{number} [label={label}, tooltip={id}, {}];", look(&graph, node))?;
        }
        for (from, to, edge) in graph.edges() {
            let style = if edge.need == Need::Optional { "dashed" } else { "solid" };
            let label = match note(edge) {
                note if note.is_empty() => String::new(),
                note => format!(", label={}", quoted(&note)),
            };
            writeln!(out, "  n{from} -> n{to} [style={style}{label}];")?;
        }
        writeln!(out, "}}")
    }
}

fn look(graph: &Graph<'_>, node: &Node) -> String {
    let shape = match shape(node) {
        Shape::Service => "shape=box, style=\"rounded,bold\"",
        Shape::Part => "shape=box",
        Shape::Provider => "shape=ellipse",
        Shape::Name => "shape=note",
        Shape::Unknown => "shape=box, style=dashed",
    };
    match graph.mark(node) {
        Some(FindingLevel::Error) => format!("{shape}, color=red, fontcolor=red"),
        Some(_) => format!("{shape}, color=orange"),
        None => shape.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn every_line_is_a_statement() {
        for outcome in [sample::shop(), sample::hostile()] {
            let text = written("dot", &outcome, &Default::default());
            let inner = text.strip_prefix("digraph linchpin {\n").and_then(|rest| rest.strip_suffix("}\n"));
            for line in inner.expect("one graph").lines() {
                assert!(line.starts_with("  ") && line.ends_with(';'), "{line}");
            }
        }
    }

    #[test]
    fn single_points_are_marked() {
        let text = written("dot", &sample::shop(), &Default::default());
        let marked = text.lines().find(|line| line.contains("aws_db_instance.main\"")).expect("the database");
        assert!(marked.contains("color=red"), "{marked}");
        assert!(text.contains("n1 -> n"), "{text}");
    }
}
