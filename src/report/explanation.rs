//! Why a node is needed, and what a finding stands on: paths from services, with the evidence of each step.

use std::io::{self, Write};

use super::text::terminal;
use super::{Length, Options};
use crate::analyze::SingleFailure;
use crate::judge::{Finding, Status};
use crate::model::{Evidence, Id, Kind, Node, Tolerance};
use crate::scan::Outcome;

/// What is explained.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Why a node is needed.
    Node(&'a Node),
    /// What a finding stands on.
    Finding(&'a Finding),
}

const NEAR: usize = 5;
const SHOWN: usize = 5;

/// Finds what is meant by an id, a name that only one node has, or the start of a fingerprint (6 characters
/// or more).
///
/// # Errors
///
/// When nothing or more than one thing is meant: some ids that come near.
pub fn find<'a>(outcome: &'a Outcome, what: &str) -> Result<Subject<'a>, Vec<String>> {
    if let Some(node) = outcome.estate.node(&Id::new(what)) {
        return Ok(Subject::Node(node));
    }
    if 6 <= what.len() {
        let mut found = outcome.findings.iter().filter(|one| one.fingerprint.starts_with(what));
        if let (Some(finding), None) = (found.next(), found.next()) {
            return Ok(Subject::Finding(finding));
        }
    }
    let nodes = || outcome.estate.nodes.values();
    let mut named = nodes().filter(|node| is_called(node, what));
    if let (Some(node), None) = (named.next(), named.next()) {
        return Ok(Subject::Node(node));
    }
    let lower = what.to_lowercase();
    let near = nodes().filter(|node| node.id.as_str().to_lowercase().contains(&lower));
    Err(near.take(NEAR).map(|node| format!("`{}`", node.id)).collect())
}

/// Writes the explanation.
pub fn write(
    outcome: &Outcome,
    subject: &Subject<'_>,
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    match subject {
        Subject::Node(node) => node_page(outcome, node, out, options),
        Subject::Finding(finding) => finding_page(outcome, finding, out),
    }
}

fn is_called(node: &Node, what: &str) -> bool {
    let id = node.id.as_str();
    node.name == what
        || node.id.rest() == what
        || id.strip_suffix(what).is_some_and(|head| head.ends_with(['/', ':', '.']))
}

fn node_page(outcome: &Outcome, node: &Node, out: &mut dyn Write, options: &Options) -> io::Result<()> {
    writeln!(out, "{}", terminal(node.id.as_str()))?;
    writeln!(out, "  {}", terminal(&describe(node)))?;
    for evidence in &node.evidence {
        writeln!(out, "  {}", quote(evidence))?;
    }
    writeln!(out)?;
    match outcome.analysis.failure_of(&node.id) {
        Some(failure) => failure_part(outcome, failure, out, options)?,
        None => writeln!(out, "Its failure alone takes no service down.")?,
    }
    neighbours(outcome, node, out, options)?;
    let findings: Vec<_> = outcome.findings.iter().filter(|one| one.element == node.id).collect();
    if !findings.is_empty() {
        writeln!(out, "\nFindings")?;
    }
    for finding in findings {
        writeln!(out, "  {}", headline(finding))?;
    }
    Ok(())
}

fn describe(node: &Node) -> String {
    let mut words = vec![node.kind.word().to_owned()];
    words.extend(node.type_name.clone());
    words.extend(node.category.map(|category| category.word().to_owned()));
    let placement = &node.placement;
    if let Some(provider) = &placement.provider {
        let service = placement.service.as_ref().map_or(String::new(), |service| format!(" {service}"));
        words.push(format!("at {provider}{service}"));
    }
    match (&placement.region, &placement.region_unknown) {
        (Some(region), _) => words.push(format!("in {region}")),
        (None, Some(reason)) => words.push(format!("region not known: {reason}")),
        (None, None) => {}
    }
    if !placement.zones.is_empty() {
        words.push(format!("zones {}", placement.zones.join(" ")));
    }
    match (node.replication.replicas, &node.replication.unknown) {
        (Some(1), _) => words.push("1 instance".to_owned()),
        (Some(replicas), _) => words.push(format!("{replicas} instances")),
        (None, Some(reason)) => words.push(format!("instances not known: {reason}")),
        (None, None) => {}
    }
    let because = node.tolerance_because.as_ref().map_or(String::new(), |why| format!(" ({why})"));
    match node.tolerance {
        _ if !matches!(node.kind, Kind::Service | Kind::Component) => {}
        Tolerance::Unknown if because.is_empty() => {}
        Tolerance::Unknown => words.push(format!("what it survives is not known{because}")),
        Tolerance::Nothing => words.push(format!("does not survive the loss of its instance{because}")),
        tolerance => words.push(format!("survives the loss of any one {}{because}", tolerance.word())),
    }
    words.join(", ")
}

fn failure_part(
    outcome: &Outcome,
    failure: &SingleFailure,
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    let services = outcome.estate.services().count();
    writeln!(
        out,
        "Its failure ({}) takes down {} of {services} services and degrades {}.",
        failure.level.word(),
        failure.lost_count,
        failure.degraded_count
    )?;
    let shown = limit(options, SHOWN);
    for path in failure.paths.iter().take(shown) {
        path_part(outcome, path, out)?;
    }
    let listed = failure.paths.len().min(shown);
    if failure.lost_count > listed {
        let all = if failure.paths.len() > shown { " (--all)" } else { "" };
        writeln!(out, "\n  … and {} more{all}", failure.lost_count - listed)?;
    }
    if !failure.degraded.is_empty() {
        let names: Vec<_> = failure.degraded.iter().take(shown).map(Id::as_str).collect();
        let dots = if failure.degraded_count > names.len() { ", …" } else { "" };
        writeln!(out, "\n  degraded: {}{dots}", terminal(&names.join(", ")))?;
    }
    Ok(())
}

/// A path from a service to an element, one step a line, each with what says so.
fn path_part(outcome: &Outcome, path: &[Id], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = path.first() else { return Ok(()) };
    writeln!(out, "\n  {}", terminal(first.as_str()))?;
    for step in path.windows(2) {
        let (word, evidence) = step_between(outcome, &step[0], &step[1]);
        writeln!(out, "    {word} {}", terminal(step[1].as_str()))?;
        if let Some(evidence) = evidence {
            writeln!(out, "        {}", quote(evidence))?;
        }
    }
    Ok(())
}

fn step_between<'a>(outcome: &'a Outcome, from: &'a Id, to: &Id) -> (&'static str, Option<&'a Evidence>) {
    let edge = outcome.estate.needs(from).filter(|edge| edge.to == *to).min_by_key(|edge| edge.phase);
    if let Some(edge) = edge {
        let word = if edge.group.is_some() { "needs, as one of several," } else { "needs" };
        return (word, edge.evidence.first());
    }
    let node = outcome.estate.node(from);
    ("stands on", node.and_then(|node| node.evidence.first()))
}

fn neighbours(outcome: &Outcome, node: &Node, out: &mut dyn Write, options: &Options) -> io::Result<()> {
    let needs: Vec<_> = outcome.estate.needs(&node.id).collect();
    let needed: Vec<_> = outcome.estate.edges.iter().filter(|edge| edge.to == node.id).collect();
    let shown = limit(options, 2 * SHOWN);
    for (title, edges) in [("Needs", &needs), ("Needed by", &needed)] {
        if edges.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}")?;
        for edge in edges.iter().take(shown) {
            let other = if title == "Needs" { &edge.to } else { &edge.from };
            let group = if edge.group.is_some() { ", one of several" } else { "" };
            writeln!(
                out,
                "  {} ({}, {}{group}, {})",
                terminal(other.as_str()),
                edge.phase.word(),
                edge.need.word(),
                edge.confidence.word()
            )?;
            if let Some(evidence) = edge.evidence.first() {
                writeln!(out, "      {}", quote(evidence))?;
            }
        }
        if edges.len() > shown {
            writeln!(out, "  … and {} more (--all)", edges.len() - shown)?;
        }
    }
    Ok(())
}

fn finding_page(outcome: &Outcome, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", headline(finding))?;
    writeln!(out, "  about {}", terminal(finding.element.as_str()))?;
    if let Some(because) = &finding.because {
        writeln!(out, "  because {}", terminal(because))?;
    }
    writeln!(
        out,
        "  {} ({}), {} confidence",
        finding.verdict.word(),
        finding.domain_level.word(),
        finding.confidence.word()
    )?;
    for evidence in &finding.evidence {
        writeln!(out, "  {}", quote(evidence))?;
    }
    if !finding.services.is_empty() {
        let names: Vec<_> = finding.services.iter().map(Id::as_str).collect();
        writeln!(out, "\nServices: {}", terminal(&names.join(", ")))?;
    }
    path_part(outcome, &finding.path, out)?;
    if let Some(fix) = &finding.fix {
        writeln!(out, "\nA way out ({} effort): {}", fix.effort, terminal(&fix.summary))?;
        for edit in &fix.edits {
            writeln!(out, "  {}:{}: {}", terminal(&edit.path), edit.line, terminal(&edit.text))?;
        }
    }
    writeln!(out, "\nAbout the rule: linchpin explain {}", finding.rule)
}

fn headline(finding: &Finding) -> String {
    let status =
        if finding.status == Status::Open { String::new() } else { format!(", {}", finding.status.word()) };
    let short: String = finding.fingerprint.chars().take(12).collect();
    format!(
        "{} {}: {} [{}{status}]",
        finding.level.word(),
        finding.rule,
        terminal(&finding.message),
        terminal(&short)
    )
}

/// A piece of evidence on one line.
fn quote(evidence: &Evidence) -> String {
    let text = match evidence {
        Evidence::File { location, text } => {
            format!("{}:{}: {}", location.path, location.line, text.trim())
        }
        Evidence::Record { record, name, value, ttl, resolver } => {
            format!("{name} {ttl} {record} {value} (from {resolver})")
        }
    };
    terminal(&text).into_owned()
}

fn limit(options: &Options, on_screen: usize) -> usize {
    match options.length {
        Length::Screen => on_screen,
        Length::All => usize::MAX,
    }
}
