//! Waivers in comments of manifests: `# linchpin: allow single-zone -- reason, owner, until 2027-03-01`.

use super::fields::nearest;
use crate::model::Evidence;
use crate::model::settings::{Waiver, WaiverPlace};
use crate::source::{Problems, SourceFile};

const MARK: &str = "linchpin: allow ";
/// Most lines that one comment's block may span.
const MOST_LINES: u32 = 2_000;

/// The waivers in the comments of a file, each for what the same or the next line declares: the line and the
/// deeper lines below it. Above the first keys of a YAML document it is the document.
///
/// A comment that lacks its reason, owner or date still is a waiver, one that does not count: it is judged, not
/// overlooked.
pub fn inline_waivers(file: &SourceFile, rules: &[&str]) -> (Vec<Waiver>, Problems) {
    let mut problems = Problems::new();
    let mut waivers = Vec::new();
    // The search is over the text, since most files have none.
    for (at, _) in file.text().match_indices(MARK) {
        let line = file.location(at).line;
        let start = file.line_start(line);
        let Some((before, body)) = comment(file.slice(start..file.line_start(line + 1)), at - start) else {
            continue;
        };
        let (allowed, said) = body.split_once("--").unwrap_or((body, ""));
        for rule in allowed.split([',', ' ']).map(str::trim).filter(|rule| !rule.is_empty()) {
            if !rules.contains(&rule) {
                unknown_rule(&mut problems, file, at, rule, rules);
                continue;
            }
            let mut waiver = said_waiver(said);
            waiver.rule = Some(rule.to_owned());
            waiver.place = place(file, line, !before.trim().is_empty());
            waiver.evidence = Some(Evidence::at(file, at));
            if waiver.place.is_some() {
                waivers.push(waiver);
            } else {
                declares_nothing(&mut problems, file, at);
            }
        }
    }
    (waivers, problems)
}

/// What stands before the comment on its line, and the comment behind the mark.
fn comment(line: &str, mark: usize) -> Option<(&str, &str)> {
    let before = line[..mark].trim_end();
    let code = ["#", "//", "<!--", "/*", "--", ";"].iter().find_map(|sign| before.strip_suffix(sign))?;
    let body = line[mark + MARK.len()..].trim_end();
    let body = body.strip_suffix("-->").or_else(|| body.strip_suffix("*/")).unwrap_or(body);
    Some((code, body.trim()))
}

/// `reason, owner, until DATE`: the date stands last, the owner before it, all else is the reason.
fn said_waiver(said: &str) -> Waiver {
    let mut parts: Vec<&str> = said.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut waiver = Waiver::default();
    if let Some(date) = parts.last().and_then(|last| last.strip_prefix("until ")) {
        waiver.expires = date.trim().parse().ok();
        parts.pop();
    }
    if let Some(owner) = (1 < parts.len()).then(|| parts.pop()).flatten() {
        waiver.owner = Some(owner.strip_prefix("owner ").unwrap_or(owner).to_owned());
    }
    waiver.reason = (!parts.is_empty()).then(|| parts.join(", "));
    waiver
}

/// The lines to which a comment applies.
fn place(file: &SourceFile, line: u32, is_behind_code: bool) -> Option<WaiverPlace> {
    let first = if is_behind_code {
        line
    } else {
        (line + 1..=file.line_count().min(line + 20)).find(|line| declares(file, *line))?
    };
    let last = last_of_block(file, first);
    let around = if is_behind_code { around(file, first) } else { Vec::new() };
    Some(WaiverPlace { path: file.path().to_string(), line: first, last_line: last, around })
}

/// The lines that open the blocks around a line, the nearest first; of a Kubernetes object, whose parts lie beside each
/// other, all of its lines.
fn around(file: &SourceFile, line: u32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut depth = indent(file, line);
    let mut first = line;
    for above in (line.saturating_sub(MOST_LINES).max(1)..line).rev() {
        if file.line_text(above).starts_with("---") {
            break;
        }
        first = above;
        let is_opening = declares(file, above) && indent(file, above) < depth;
        if is_opening {
            depth = indent(file, above);
            found.push((above, above));
        }
    }
    let end = (line + 1..=file.line_count().min(line + MOST_LINES))
        .find(|below| file.line_text(below.to_owned()).starts_with("---"))
        .unwrap_or(file.line_count() + 1);
    let is_key =
        |key: &str| (first..end).any(|line| indent(file, line) == 0 && file.line_text(line).starts_with(key));
    if is_key("apiVersion:") && is_key("kind:") {
        found.push((first, end - 1));
    }
    found
}

fn declares(file: &SourceFile, line: u32) -> bool {
    let text = file.line_text(line).trim();
    !text.is_empty()
        && !text.starts_with("---")
        && !["#", "//", "<!--", "/*", "*"].iter().any(|sign| text.starts_with(sign))
}

fn last_of_block(file: &SourceFile, first: u32) -> u32 {
    let text = file.line_text(first);
    let is_document =
        indent(file, first) == 0 && (text.starts_with("apiVersion:") || text.starts_with("kind:"));
    let own = indent(file, first);
    let mut last = first;
    for line in first + 1..=file.line_count().min(first + MOST_LINES) {
        let text = file.line_text(line);
        let ends =
            if is_document { text.starts_with("---") } else { !text.is_empty() && indent(file, line) <= own };
        if ends {
            break;
        }
        if !text.is_empty() {
            last = line;
        }
    }
    last
}

fn indent(file: &SourceFile, line: u32) -> usize {
    let text = file.slice(file.line_start(line)..file.line_start(line + 1));
    text.len() - text.trim_start().len()
}

fn unknown_rule(problems: &mut Problems, file: &SourceFile, at: usize, rule: &str, rules: &[&str]) {
    let hint = nearest(rule, rules.iter().copied())
        .map_or_else(|| "docs/rules lists them".to_owned(), |near| format!("did you mean `{near}`?"));
    problems.error(file.location(at), format!("there is no rule `{rule}` to allow; {hint}"));
}

fn declares_nothing(problems: &mut Problems, file: &SourceFile, at: usize) {
    let message = "nothing is declared below this comment; put it on or above the line it is about";
    problems.warning(file.location(at), message);
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &[&str] = &["single-instance", "single-zone"];

    fn read(text: &str) -> (Vec<Waiver>, Vec<String>) {
        let (waivers, problems) = inline_waivers(&SourceFile::new("x", text.as_bytes()), RULES);
        (waivers, problems.iter().map(|problem| problem.message.clone()).collect())
    }

    #[test]
    fn a_comment_above_a_block_applies_to_the_block() {
        let text = "a = 1\n# linchpin: allow single-zone -- cheap, for now, team-a, until 2027-03-01\n\nresource \"x\" \"y\" {\n  b = 2\n}\nc = 3\n";
        let (waivers, problems) = read(text);
        assert!(problems.is_empty());
        let waiver = &waivers[0];
        assert_eq!(waiver.rule.as_deref(), Some("single-zone"));
        assert_eq!(waiver.reason.as_deref(), Some("cheap, for now"));
        assert_eq!(waiver.owner.as_deref(), Some("team-a"));
        assert_eq!(waiver.expires, Some(jiff::civil::date(2027, 3, 1)));
        assert_eq!(
            waiver.place,
            Some(WaiverPlace { path: "x".into(), line: 4, last_line: 5, around: Vec::new() })
        );
    }

    #[test]
    fn behind_a_line_it_applies_to_the_blocks_around_it_too() {
        let around = |text: &str| read(text).0[0].place.as_ref().map(|place| place.around.clone());
        let mark = "# linchpin: allow single-zone -- r, o, until 2027-03-01";
        let hcl = format!("a {{\n}}\nb {{\n  x = 1\n  c {{\n    d = 2 {mark}\n  }}\n}}\n");
        assert_eq!(around(&hcl), Some(vec![(5, 5), (3, 3)]));
        let object =
            format!("kind: B\n---\napiVersion: v1\nkind: A\nspec:\n  replicas: 1 {mark}\n---\nkind: C\n");
        assert_eq!(around(&object), Some(vec![(5, 5), (3, 6)]));
        assert_eq!(around(&format!("{mark}\nx: 1\n")), Some(vec![]));
    }

    #[test]
    fn it_may_stand_behind_code_in_other_signs_and_on_documents() {
        let lines = |text: &str| {
            let (waivers, _) = read(text);
            waivers
                .iter()
                .map(|w| w.place.as_ref().map(|p| (p.line, p.last_line)).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lines("x: 1 # linchpin: allow single-zone -- r, o, until 2027-03-01\n  y: 2\nz: 3"),
            [(1, 2)]
        );
        assert_eq!(lines("// linchpin: allow single-zone single-instance -- r\na {\n}"), [(2, 2), (2, 2)]);
        assert_eq!(
            lines("<!-- linchpin: allow single-zone -- r, o, until 2027-03-01 -->\n<a/>\n<b/>"),
            [(2, 2)]
        );
        assert_eq!(
            lines("# linchpin: allow single-zone -- r\napiVersion: v1\nkind: A\nb:\n  c: 1\n---\nkind: B"),
            [(2, 5)]
        );
        assert_eq!(lines("text: \"linchpin: allow single-zone\"\n"), []);
    }

    #[test]
    fn what_is_wrong_is_said_or_left_for_judging() {
        assert_eq!(
            read("# linchpin: allow single-zones -- r\nx: 1").1,
            ["there is no rule `single-zones` to allow; did you mean `single-zone`?"]
        );
        assert_eq!(read("# linchpin: allow single-zone -- r\n").1.len(), 1);
        let (waivers, _) = read("# linchpin: allow single-zone\nx: 1");
        assert_eq!((&waivers[0].reason, &waivers[0].owner, waivers[0].expires), (&None, &None, None));
    }
}
