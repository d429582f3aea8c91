//! A fault tree as an Open-PSA model (MEF, XML), for other programs to check.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::analyze::fault_tree::{FaultTree, Node, Operator};

/// Writes what `tree`'s top rests on as one fault tree with its events.
///
/// Names are made to fit the format (letters, digits, `_` and `-`) and unique; labels keep them as they were. An event
/// of unknown probability is written without one.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(tree: &FaultTree, out: &mut dyn Write) -> io::Result<()> {
    let mut names = Names::default();
    let events: Vec<String> = tree.events().iter().map(|event| names.fit(&event.name, "event")).collect();
    let gates: Vec<String> = tree.gates().iter().map(|gate| names.fit(&gate.name, "gate")).collect();
    let top = names.fit("top", "gate");
    writeln!(out, "<?xml version=\"1.0\"?>\n<opsa-mef>\n<define-fault-tree name=\"linchpin\">")?;
    let reference = |node: &Node| match *node {
        Node::Constant(value) => format!("<constant value=\"{value}\"/>"),
        Node::Event(event) => format!("<basic-event name=\"{}\"/>", events[event.0 as usize]),
        Node::Gate(gate) => format!("<gate name=\"{}\"/>", gates[gate as usize]),
    };
    if !matches!(tree.top(), Node::Gate(_)) {
        writeln!(out, "<define-gate name=\"{top}\"><or>{0}{0}</or></define-gate>", reference(&tree.top()))?;
    }
    for &at in tree.gates_below_top().iter().rev() {
        let gate = &tree.gates()[at as usize];
        let arguments: Vec<String> = gate.arguments.iter().map(reference).collect();
        writeln!(
            out,
            "<define-gate name=\"{}\">{}{}</define-gate>",
            gates[at as usize],
            label(&gate.name, &gates[at as usize]),
            formula(gate.operator, &arguments)
        )?;
    }
    writeln!(out, "</define-fault-tree>\n<model-data>")?;
    for event in tree.events_below_top() {
        let (name, event) = (&events[event.0 as usize], &tree.events()[event.0 as usize]);
        let value = event
            .probability
            .map(|probability| format!("<float value=\"{probability:e}\"/>"))
            .unwrap_or_default();
        writeln!(
            out,
            "<define-basic-event name=\"{name}\">{}{value}</define-basic-event>",
            label(&event.name, name)
        )?;
    }
    writeln!(out, "</model-data>\n</opsa-mef>")
}

/// The formula; gates of fewer arguments than the format allows are said in other words.
fn formula(operator: Operator, arguments: &[String]) -> String {
    let all = arguments.concat();
    match (operator, arguments) {
        (Operator::Or | Operator::Xor, []) => "<constant value=\"false\"/>".to_owned(),
        (Operator::Nor, []) => "<constant value=\"true\"/>".to_owned(),
        (Operator::And, []) => "<constant value=\"true\"/>".to_owned(),
        (Operator::Nand, []) => "<constant value=\"false\"/>".to_owned(),
        (Operator::Or | Operator::And | Operator::Xor, [only]) => only.clone(),
        (Operator::Nor | Operator::Nand, [only]) => format!("<not>{only}</not>"),
        (Operator::Not, _) => format!("<not>{all}</not>"),
        (Operator::Or, _) => format!("<or>{all}</or>"),
        (Operator::And, _) => format!("<and>{all}</and>"),
        (Operator::Nor, _) => format!("<nor>{all}</nor>"),
        (Operator::Nand, _) => format!("<nand>{all}</nand>"),
        (Operator::Xor, [first, rest @ ..]) => {
            rest.iter().fold(first.clone(), |left, right| format!("<xor>{left}{right}</xor>"))
        }
        (Operator::AtLeast(0), _) => "<constant value=\"true\"/>".to_owned(),
        (Operator::AtLeast(least), _) if least as usize > arguments.len() => {
            "<constant value=\"false\"/>".to_owned()
        }
        (Operator::AtLeast(1), _) => formula(Operator::Or, arguments),
        (Operator::AtLeast(least), _) if least as usize == arguments.len() => {
            formula(Operator::And, arguments)
        }
        (Operator::AtLeast(least), _) => format!("<atleast min=\"{least}\">{all}</atleast>"),
    }
}

fn label(name: &str, written: &str) -> String {
    if name.is_empty() || name == written {
        String::new()
    } else {
        format!("<label>{}</label>", escaped(name))
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no place for these.
            _ if character.is_control() && !matches!(character, '\t' | '\n') => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Names in use.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn fit(&mut self, name: &str, otherwise: &str) -> String {
        let mut fitting: String = name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
            .collect();
        if !fitting.starts_with(|first: char| first.is_ascii_alphabetic()) {
            fitting = format!("{otherwise}_{fitting}");
        }
        // The format wants no underscores at an end and none in a row.
        let parts: Vec<&str> = fitting.split('_').filter(|part| !part.is_empty()).collect();
        let fitting = parts.join("_");
        let mut unique = fitting.clone();
        let mut number = self.0.len();
        while !self.0.insert(unique.to_lowercase()) {
            number += 1;
            unique = format!("{fitting}_{number}");
        }
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::fault_tree::Builder;

    #[test]
    fn odd_names_are_made_to_fit_and_kept_as_labels() {
        let mut builder = Builder::new();
        let events = vec![
            builder.event("aws/us-east-1 <a>", Some(0.25)),
            builder.event("aws/us-east-1 (a)", None),
            builder.event("c", Some(1e-9)),
        ];
        let top = builder.gate("service \"x\"", Operator::AtLeast(2), events);
        let mut out = Vec::new();
        write(&builder.build(top).unwrap(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let expected = r#"<?xml version="1.0"?>
<opsa-mef>
<define-fault-tree name="linchpin">
<define-gate name="service_x"><label>service &quot;x&quot;</label><atleast min="2"><basic-event name="aws_us_east_1_a"/><basic-event name="aws_us_east_1_a_2"/><basic-event name="c"/></atleast></define-gate>
</define-fault-tree>
<model-data>
<define-basic-event name="aws_us_east_1_a"><label>aws/us-east-1 &lt;a&gt;</label><float value="2.5e-1"/></define-basic-event>
<define-basic-event name="aws_us_east_1_a_2"><label>aws/us-east-1 (a)</label></define-basic-event>
<define-basic-event name="c"><float value="1e-9"/></define-basic-event>
</model-data>
</opsa-mef>
"#;
        assert_eq!(text, expected);
    }
}
