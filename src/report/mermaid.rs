//! The graph in Mermaid, for Markdown renderers.

use std::io;

use super::graph::{Graph, Shape, note, shape};
use super::text::mermaid as quoted;
use super::{Options, Report};
use crate::judge::FindingLevel;
use crate::model::{Need, Node};
use crate::scan::Outcome;

/// The graph in Mermaid.
pub(super) struct Mermaid;

impl Report for Mermaid {
    fn name(&self) -> &'static str {
        "mermaid"
    }

    fn summary(&self) -> &'static str {
        "the graph for Markdown pages, single points of failure marked"
    }

    fn media(&self) -> &'static str {
        "text/vnd.mermaid"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let graph = Graph::of(outcome);
        writeln!(out, "flowchart LR")?;
        for (number, node) in graph.nodes() {
            writeln!(out, "  n{number}{}", boxed(node))?;
        }
        for (from, to, edge) in graph.edges() {
            let arrow = if edge.need == Need::Optional { "-.->" } else { "-->" };
            let label = match note(edge) {
                note if note.is_empty() => String::new(),
                note => format!("|{}|", quoted(&note)),
            };
            writeln!(out, "  n{from} {arrow}{label} n{to}")?;
        }
        for (level, class) in [(FindingLevel::Error, "error"), (FindingLevel::Warning, "warning")] {
            let marked: Vec<String> = graph
                .nodes()
                .filter(|(_, node)| graph.mark(node) == Some(level))
                .map(|(number, _)| format!("n{number}"))
                .collect();
            if !marked.is_empty() {
                writeln!(out, "  class {} {class}", marked.join(","))?;
            }
        }
        writeln!(out, "  classDef error stroke:#c00,stroke-width:3px")?;
        writeln!(out, "  classDef warning stroke:#e80,stroke-width:2px")
    }
}

fn boxed(node: &Node) -> String {
    let label = quoted(&node.name);
    match shape(node) {
        Shape::Service => format!("([{label}])"),
        Shape::Part => format!("[{label}]"),
        Shape::Provider => format!("({label})"),
        Shape::Name => format!("[/{label}/]"),
        Shape::Unknown => format!("{{{{{label}}}}}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn every_line_is_a_statement() {
        for outcome in [sample::shop(), sample::hostile()] {
            let text = written("mermaid", &outcome, &Default::default());
            let mut lines = text.lines();
            assert_eq!(lines.next(), Some("flowchart LR"));
            for line in lines {
                let is_statement = line.starts_with("  n") || line.starts_with("  class");
                assert!(is_statement && line.matches('"').count() % 2 == 0, "{line}");
            }
        }
    }

    #[test]
    fn alternatives_and_single_points_are_marked() {
        let text = written("mermaid", &sample::shop(), &Default::default());
        assert!(text.contains("n1 -->|\"one of several\"| "), "{text}");
        assert!(text.contains("([\"web\"])"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("  class n") && line.ends_with(" error")), "{text}");
    }
}
