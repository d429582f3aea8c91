//! The graph in GraphML, for yEd, Gephi, NetworkX and the like.

use std::io;

use super::graph::Graph;
use super::text::xml;
use super::{Options, Report};
use crate::model::{Category, Node};
use crate::scan::Outcome;

/// The graph in GraphML.
pub(super) struct GraphMl;

const NODE_KEYS: &[&str] =
    &["id", "name", "kind", "category", "type", "provider", "region", "tolerance", "single_point", "place"];
const EDGE_KEYS: &[&str] = &["phase", "need", "group", "confidence"];

impl Report for GraphMl {
    fn name(&self) -> &'static str {
        "graphml"
    }

    fn summary(&self) -> &'static str {
        "the graph for yEd, Gephi and NetworkX"
    }

    fn media(&self) -> &'static str {
        "application/graphml+xml"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let graph = Graph::of(outcome);
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">")?;
        for (keys, of) in [(NODE_KEYS, "node"), (EDGE_KEYS, "edge")] {
            for key in keys {
                writeln!(
                    out,
                    "  <key id=\"{of}_{key}\" for=\"{of}\" attr.name=\"{key}\" attr.type=\"string\"/>"
                )?;
            }
        }
        writeln!(out, "  <graph id=\"linchpin\" edgedefault=\"directed\">")?;
        for (number, node) in graph.nodes() {
            writeln!(out, "    <node id=\"n{number}\">")?;
            let values = node_values(&graph, node);
            data(out, "node", NODE_KEYS.iter().zip(values))?;
            writeln!(out, "    </node>")?;
        }
        for (number, (from, to, edge)) in graph.edges().enumerate() {
            writeln!(out, "    <edge id=\"e{number}\" source=\"n{from}\" target=\"n{to}\">")?;
            let values = [
                edge.phase.word().to_owned(),
                edge.need.word().to_owned(),
                edge.group.as_ref().map_or(String::new(), ToString::to_string),
                edge.confidence.word().to_owned(),
            ];
            data(out, "edge", EDGE_KEYS.iter().zip(values))?;
            writeln!(out, "    </edge>")?;
        }
        writeln!(out, "  </graph>\n</graphml>")
    }
}

fn node_values(graph: &Graph<'_>, node: &Node) -> [String; 10] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        node.id.to_string(),
        node.name.clone(),
        node.kind.word().to_owned(),
        node.category.map_or(String::new(), |category: Category| category.word().to_owned()),
        text(&node.type_name),
        text(&node.placement.provider),
        text(&node.placement.region),
        node.tolerance.word().to_owned(),
        graph.mark(node).map_or(String::new(), |level| level.word().to_owned()),
        super::place(&node.evidence).unwrap_or_default(),
    ]
}

fn data<'a>(
    out: &mut dyn io::Write,
    of: &str,
    values: impl Iterator<Item = (&'a &'a str, String)>,
) -> io::Result<()> {
    for (key, value) in values.filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "      <data key=\"{of}_{key}\">{}</data>", xml(&value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn it_is_well_formed_and_complete() {
        for outcome in [sample::shop(), sample::hostile()] {
            let text = written("graphml", &outcome, &Default::default());
            let mut reader = Reader::from_str(&text);
            let (mut nodes, mut edges, mut depth) = (0, 0, 0);
            loop {
                match reader.read_event().expect("well-formed") {
                    Event::Start(start) => {
                        depth += 1;
                        nodes += usize::from(start.name().as_ref() == b"node");
                        edges += usize::from(start.name().as_ref() == b"edge");
                    }
                    Event::End(_) => depth -= 1,
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!((nodes, depth), (outcome.estate.nodes.len(), 0));
            assert_eq!(edges, outcome.estate.edges.len());
        }
    }
}
