//! The graph as a picture of its own: layers from services to what they run on, in SVG.
//!
//! The layering is that of Sugiyama, Tagawa and Toda: cycles are opened, each node stands below all that need it,
//! and a few sweeps by the mean place of neighbours take most crossings out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::graph::{Graph, Shape, note, shape};
use super::text::{fit, xml};
use super::{Options, Report};
use crate::judge::FindingLevel;
use crate::model::{Need, Node};
use crate::scan::Outcome;

/// The graph in SVG.
pub(super) struct Svg;

/// More nodes than this make no picture that anybody reads.
const MOST_NODES: usize = 2_000;
const SWEEPS: usize = 6;
const WIDTH: usize = 190;
const HEIGHT: usize = 34;
const GAP_ACROSS: usize = 16;
const GAP_DOWN: usize = 90;
const MARGIN: usize = 20;
const LETTERS: usize = 26;

impl Report for Svg {
    fn name(&self) -> &'static str {
        "svg"
    }

    fn summary(&self) -> &'static str {
        "the graph as a picture, services to the left"
    }

    fn media(&self) -> &'static str {
        "image/svg+xml"
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write, _: &Options) -> io::Result<()> {
        let graph = Graph::of(outcome);
        let text = if graph.nodes().count() <= MOST_NODES {
            drawn(&graph)
        } else {
            let text =
                "too many nodes for a picture; narrow it with linchpin graph --focus, --level or --collapse";
            format!("{}<text x=\"20\" y=\"30\">{}</text>\n</svg>\n", opened(900, 60), xml(text))
        };
        out.write_all(text.as_bytes())
    }
}

fn opened(width: usize, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<defs><marker id=\"end\" viewBox=\"0 0 8 8\" \
         refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" \
         fill=\"#777\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    )
}

fn drawn(graph: &Graph<'_>) -> String {
    let edges: Vec<(usize, usize)> =
        graph.edges().map(|(from, to, _)| (from, to)).filter(|(from, to)| from != to).collect();
    let count = graph.nodes().count();
    let layers = layers(count, &edges);
    let tallest = layers.iter().map(Vec::len).max().unwrap_or(0);
    let mut places = vec![(0, 0); count];
    for (column, layer) in layers.iter().enumerate() {
        let free = (tallest - layer.len()) * (HEIGHT + GAP_ACROSS) / 2;
        for (row, node) in layer.iter().enumerate() {
            places[*node] =
                (MARGIN + column * (WIDTH + GAP_DOWN), MARGIN + free + row * (HEIGHT + GAP_ACROSS));
        }
    }
    let width = 2 * MARGIN + layers.len() * (WIDTH + GAP_DOWN);
    let mut text = opened(width.max(200), (2 * MARGIN + tallest * (HEIGHT + GAP_ACROSS)).max(60));
    for (from, to, edge) in graph.edges().filter(|(from, to, _)| from != to) {
        let dash = if edge.need == Need::Optional { " stroke-dasharray=\"5 4\"" } else { "" };
        let path = curve(places[from], places[to]);
        let title = note(edge);
        writeln!(
            text,
            "<path d=\"{path}\" fill=\"none\" stroke=\"#777\"{dash} marker-end=\"url(#end)\"><title>{}</title></path>",
            xml(&title)
        )
        .expect("a string takes all text");
    }
    for (number, node) in graph.nodes() {
        boxed(&mut text, places[number], node, graph.mark(node));
    }
    text.push_str("</svg>\n");
    text
}

fn curve((x, y): (usize, usize), (to_x, to_y): (usize, usize)) -> String {
    let middle = HEIGHT / 2;
    let (from, end) = (x + WIDTH, to_x);
    let bend = GAP_DOWN / 2;
    format!(
        "M{from} {}C{} {} {} {} {end} {}",
        y + middle,
        from + bend,
        y + middle,
        end.saturating_sub(bend),
        to_y + middle,
        to_y + middle
    )
}

fn boxed(text: &mut String, (x, y): (usize, usize), node: &Node, mark: Option<FindingLevel>) {
    let (fill, round) = match shape(node) {
        Shape::Service => ("#dceafa", 16),
        Shape::Part => ("#f2f2f2", 3),
        Shape::Provider => ("#e6f4e6", 16),
        Shape::Name => ("#fdf5dc", 3),
        Shape::Unknown => ("#fff", 3),
    };
    let (stroke, thick) = match mark {
        Some(FindingLevel::Error) => ("#c00", 3),
        Some(FindingLevel::Warning) => ("#e80", 2),
        _ => ("#888", 1),
    };
    let dash = if shape(node) == Shape::Unknown { " stroke-dasharray=\"4 3\"" } else { "" };
    writeln!(
        text,
        "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\" \
         fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{thick}\"{dash}/><text x=\"{}\" y=\"{}\" \
         text-anchor=\"middle\">{}</text></g>",
        xml(node.id.as_str()),
        x + WIDTH / 2,
        y + HEIGHT / 2 + 4,
        xml(&fit(&node.name, LETTERS))
    )
    .expect("a string takes all text");
}

/// The nodes by layer, each layer in order: all edges but those that close a cycle lead to a later layer.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let forth = without_cycles(count, edges);
    let mut waiting = vec![0usize; count];
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in &forth {
        waiting[*to] += 1;
        next[*from].push(*to);
    }
    let mut layer = vec![0usize; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for to in &next[node] {
            layer[*to] = layer[*to].max(layer[node] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); layer.iter().max().map_or(0, |last| last + 1)];
    for (node, at) in layer.iter().enumerate() {
        layers[*at].push(node);
    }
    sweep(&mut layers, &forth, count);
    layers
}

/// The edges but for those that lead back to a node whose search is not over.
fn without_cycles(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        next[*from].push(*to);
    }
    // 0 is unseen, 1 is open, 2 is done.
    let mut state = vec![0u8; count];
    let mut kept = Vec::new();
    for start in 0..count {
        let mut stack = vec![(start, 0)];
        while let Some((node, at)) = stack.pop() {
            if at == 0 {
                if state[node] != 0 {
                    continue;
                }
                state[node] = 1;
            }
            let Some(to) = next[node].get(at) else {
                state[node] = 2;
                continue;
            };
            stack.push((node, at + 1));
            if state[*to] != 1 {
                kept.push((node, *to));
                stack.push((*to, 0));
            }
        }
    }
    kept
}

/// Orders each layer by the mean place of its nodes' neighbours, there and back.
fn sweep(layers: &mut [Vec<usize>], edges: &[(usize, usize)], count: usize) {
    let mut near: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        near[*from].push(*to);
        near[*to].push(*from);
    }
    let mut place: BTreeMap<usize, f64> = BTreeMap::new();
    let settle = |layer: &[usize], place: &mut BTreeMap<usize, f64>| {
        let half = layer.len() as f64 / 2.0;
        place.extend(layer.iter().enumerate().map(|(at, node)| (*node, at as f64 - half)));
    };
    layers.iter().for_each(|layer| settle(layer, &mut place));
    for round in 0..SWEEPS {
        let order: Vec<usize> =
            if round % 2 == 0 { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for at in order {
            let mean = |node: &usize| {
                let all = &near[*node];
                let sum: f64 = all.iter().map(|other| place[other]).sum();
                if all.is_empty() { place[node] } else { sum / all.len() as f64 }
            };
            let mut keyed: Vec<(f64, usize)> = layers[at].iter().map(|node| (mean(node), *node)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            layers[at] = keyed.into_iter().map(|(_, node)| node).collect();
            settle(&layers[at], &mut place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn the_picture_is_well_formed_and_holds_every_node() {
        for outcome in [sample::shop(), sample::hostile(), Outcome::default()] {
            let text = written("svg", &outcome, &Default::default());
            let mut reader = quick_xml::Reader::from_str(&text);
            while !matches!(reader.read_event().expect("well-formed"), quick_xml::events::Event::Eof) {}
            assert_eq!(text.matches("<g><title>").count(), outcome.estate.nodes.len());
        }
    }

    #[test]
    fn dependencies_lead_to_later_layers_and_cycles_end() {
        let edges = [(0, 1), (1, 2), (2, 0), (2, 3), (0, 3), (4, 4)];
        let edges: Vec<_> = edges.into_iter().filter(|(from, to)| from != to).collect();
        assert_eq!(
            layers(5, &edges)
                .iter()
                .map(|layer| layer.iter().filter(|node| **node != 4).count())
                .collect::<Vec<_>>(),
            [1, 1, 1, 1]
        );
    }

    #[test]
    fn crossings_are_taken_out() {
        // 0 and 1 above, 2 and 3 below, crossed.
        let layers = layers(4, &[(0, 3), (1, 2)]);
        let at = |node: usize| layers.iter().find_map(|layer| layer.iter().position(|other| *other == node));
        assert_eq!((at(0) < at(1)), (at(3) < at(2)), "{layers:?}");
    }
}
