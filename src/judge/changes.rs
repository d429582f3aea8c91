//! Which lines differ between two trees, to say which change made a finding.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Estate, Evidence, Id, Kind, mask_secrets};
use crate::source::{Location, SourceFile, Tree};

/// In place of a line, of a file that is gone.
const WHOLE_FILE: &str = "the whole file";

/// Larger products of line counts are not aligned line by line: everything in between counts as changed.
const MOST_CELLS: usize = 4_000_000;

/// What differs between the input before and the input now.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Lines by file, in order; none of a file that was only moved.
    lines: BTreeMap<String, Vec<ChangedLine>>,
    /// Where blocks and documents start in the files that differ, by line.
    blocks: BTreeMap<String, BTreeSet<u32>>,
    /// Where the files of before are not at hand: every piece of evidence that was kept, by path and text.
    kept: Option<BTreeSet<(String, String)>>,
}

/// A line that is new, or before which one was removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedLine {
    /// The line in the file as it is now, from 1.
    pub line: u32,
    /// Whether the text stands there now, or did before.
    pub removed: bool,
    /// The text, secrets masked.
    pub text: String,
}

/// The change that made a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Where.
    pub location: Location,
    /// The line.
    pub line: ChangedLine,
}

impl Changes {
    /// What differs between two trees, file by file. Lines with the same words count as the same, so that
    /// indentation changes nothing; a file that was moved is compared with what it was.
    pub fn between(before: &Tree, after: &Tree) -> Self {
        let mut lines = BTreeMap::new();
        let mut blocks = BTreeMap::new();
        let moved = moved_files(before, after);
        for file in after.files() {
            let old = before.get(file.path());
            if old.is_some_and(|old| old.text() == file.text()) {
                continue;
            }
            let was = moved.get(&**file.path()).copied();
            let changed = changed_lines(old.or(was).map_or("", SourceFile::text), file.text());
            if !changed.is_empty() || was.is_some() {
                blocks.insert(file.path().to_string(), blocks_of(file.text()));
                lines.insert(file.path().to_string(), changed);
            }
        }
        let left: BTreeSet<&str> = moved.values().map(|file| &**file.path()).collect();
        for file in before.files().filter(|file| after.get(file.path()).is_none()) {
            let line = ChangedLine { line: 1, removed: true, text: WHOLE_FILE.to_owned() };
            let is_left = left.contains(&**file.path());
            lines.insert(file.path().to_string(), if is_left { Vec::new() } else { vec![line] });
        }
        Changes { lines, blocks, kept: None }
    }

    /// What is new against evidence that was kept, as (path, text).
    pub fn against_evidence(kept: BTreeSet<(String, String)>) -> Self {
        Changes { kept: Some(kept), ..Changes::default() }
    }

    /// The files that differ; none where only evidence was kept.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.lines.keys().map(String::as_str)
    }

    /// Whether the text of a file differs, as far as is known.
    pub fn touches(&self, path: &str) -> bool {
        self.kept.is_some() || self.lines.get(path).is_some_and(|lines| !lines.is_empty())
    }

    /// The change that made a finding about these nodes: the first changed line in what declares them or says that
    /// they need each other, in the order of the ids, else in the same files, else in the policy.
    pub fn cause(&self, estate: &Estate, ids: &[&Id], evidence: &[Evidence]) -> Option<Cause> {
        let places = places_of(estate, ids, evidence);
        if let Some(kept) = &self.kept {
            return places.iter().find_map(|(location, text)| {
                let is_new = !kept.contains(&(location.path.to_string(), text.trim().to_owned()));
                is_new.then(|| cause(location, text))
            });
        }
        let starts = starts_of(estate);
        let in_file = |(location, _): &(Location, String)| {
            let lines = self.lines.get(&*location.path)?;
            lines.iter().find(|one| one.is_telling()).map(|one| at(location, one))
        };
        places
            .iter()
            .find_map(|(location, _)| self.on_line(location))
            .or_else(|| places.iter().find_map(|(location, _)| self.in_block(&starts, location)))
            .or_else(|| places.iter().find_map(in_file))
            .or_else(|| self.elsewhere())
    }

    /// The nodes in whose declarations, or in what says that they need something, a line differs.
    pub fn declarations(&self, estate: &Estate) -> BTreeSet<Id> {
        let starts = starts_of(estate);
        let differs = |id: &Id| {
            let node = estate.node(id).into_iter().flat_map(|node| &node.evidence);
            let own = node.filter_map(Evidence::location).any(|at| self.in_block(&starts, at).is_some());
            let needs = estate.needs(id).flat_map(|edge| &edge.evidence).filter_map(Evidence::location);
            own || needs.into_iter().any(|at| self.on_line(at).is_some())
        };
        let parts = |node: &&crate::model::Node| matches!(node.kind, Kind::Service | Kind::Component);
        estate.nodes.values().filter(parts).map(|node| &node.id).filter(|id| differs(id)).cloned().collect()
    }

    /// The change of that very line.
    fn on_line(&self, location: &Location) -> Option<Cause> {
        let lines = self.lines.get(&*location.path)?;
        lines.iter().find(|one| one.line == location.line && !one.removed).map(|one| at(location, one))
    }

    /// The first change between a line and the next declaration, block or document.
    fn in_block(&self, starts: &BTreeMap<&str, BTreeSet<u32>>, location: &Location) -> Option<Cause> {
        let lines = self.lines.get(&*location.path)?;
        let next = |starts: Option<&BTreeSet<u32>>| starts?.range(location.line + 1..).next().copied();
        let ends = [next(starts.get(&*location.path)), next(self.blocks.get(&*location.path))];
        let end = ends.into_iter().flatten().min().unwrap_or(u32::MAX);
        let mut within = lines.iter().filter(|one| location.line <= one.line && one.line < end);
        within.find(|one| one.is_telling()).map(|one| at(location, one))
    }

    /// A change of the policy, else a file that is gone, else the only file that differs.
    fn elsewhere(&self) -> Option<Cause> {
        let whole = |(path, lines): (&String, &Vec<ChangedLine>)| {
            let location = Location { path: path.as_str().into(), line: 1, column: 1 };
            lines.first().map(|line| at(&location, line))
        };
        let policy = self.lines.iter().find(|(path, _)| path.ends_with("linchpin.toml"));
        let gone = || self.lines.iter().find(|(_, lines)| lines.iter().any(|one| one.text == WHOLE_FILE));
        let only = || self.lines.iter().next().filter(|_| self.lines.len() == 1);
        policy.or_else(gone).or_else(only).and_then(whole)
    }
}

impl ChangedLine {
    /// Whether there is more in it than brackets.
    fn is_telling(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric)
    }
}

impl Cause {
    /// For people: `replicas: 1` at k8s/web.yaml:7.
    pub fn words(&self) -> String {
        let text = self.line.text.replace('`', "'");
        let place = format!("{}:{}", self.location.path, self.location.line);
        if self.line.removed {
            format!("`{text}` was removed at {place}")
        } else {
            format!("`{text}` at {place}")
        }
    }

    /// As evidence, where the line stands in the input as it is now.
    pub fn evidence(&self) -> Option<Evidence> {
        let text = self.line.text.as_str().into();
        (!self.line.removed).then(|| Evidence::File { location: self.location.clone(), text })
    }
}

/// What each file that is new was before, where a file that is gone has the same text, or alone has the same name and
/// is the only one that the new one can have been.
fn moved_files<'t>(before: &'t Tree, after: &'t Tree) -> BTreeMap<&'t str, &'t SourceFile> {
    let name = |file: &SourceFile| file.path().rsplit('/').next().unwrap_or_default().to_owned();
    let gone: Vec<&SourceFile> = before.files().filter(|file| after.get(file.path()).is_none()).collect();
    let new: Vec<&SourceFile> = after.files().filter(|file| before.get(file.path()).is_none()).collect();
    let (mut by_text, mut by_name) = (BTreeMap::new(), BTreeMap::new());
    for file in &gone {
        by_text.entry(file.text()).or_insert_with(Vec::new).push(*file);
        by_name.entry(name(file)).or_insert_with(Vec::new).push(*file);
    }
    let mut names_of_new: BTreeMap<String, usize> = BTreeMap::new();
    for file in &new {
        *names_of_new.entry(name(file)).or_default() += 1;
    }
    let was = |file: &&'t SourceFile| {
        let same_text = by_text.get(file.text()).and_then(|files| files.first());
        let same_name = || match by_name.get(&name(file)).map(Vec::as_slice) {
            Some([only]) if names_of_new[&name(file)] == 1 => Some(only),
            _ => None,
        };
        let old = same_text.or_else(same_name)?;
        Some((&**file.path(), *old))
    };
    new.iter().filter_map(was).collect()
}

/// The lines on which a block at the margin (`resource "x" "y" {`) or a YAML document starts.
fn blocks_of(text: &str) -> BTreeSet<u32> {
    let starts = |line: &str| {
        line.starts_with("---") || (line.starts_with(char::is_alphanumeric) && line.trim_end().ends_with('{'))
    };
    let numbered = text.lines().zip(1..);
    numbered.filter(|(line, _)| starts(line)).map(|(_, number)| number).collect()
}

fn at(location: &Location, line: &ChangedLine) -> Cause {
    let location = Location { path: location.path.clone(), line: line.line, column: 1 };
    Cause { location, line: line.clone() }
}

fn cause(location: &Location, text: &str) -> Cause {
    let line = ChangedLine { line: location.line, removed: false, text: text.trim().to_owned() };
    Cause { location: location.clone(), line }
}

/// Every place in files that says something of the nodes, in the order of the ids.
fn places_of(estate: &Estate, ids: &[&Id], evidence: &[Evidence]) -> Vec<(Location, String)> {
    let mut places: Vec<(Location, String)> = Vec::new();
    let mut add = |piece: &Evidence| {
        if let Evidence::File { location, text } = piece
            && !location.path.starts_with("catalog:")
        {
            places.push((location.clone(), text.to_string()));
        }
    };
    for id in ids {
        let Some(node) = estate.node(id) else { continue };
        node.evidence.iter().for_each(&mut add);
        let among = |other: &Id| ids.contains(&other);
        let edges = estate.needs(id).filter(|edge| among(&edge.to));
        edges.flat_map(|edge| &edge.evidence).for_each(&mut add);
        let groups = estate.groups.values().filter(|group| group.owner == **id);
        groups.flat_map(|group| &group.evidence).for_each(&mut add);
    }
    evidence.iter().for_each(&mut add);
    let nodes = ids.iter().filter_map(|id| estate.node(id));
    let facts = nodes.flat_map(|node| node.attributes.iter().filter_map(|(_, fact)| fact.evidence.as_ref()));
    facts.for_each(&mut add);
    places
}

/// Where the declarations of nodes start, by file.
fn starts_of(estate: &Estate) -> BTreeMap<&str, BTreeSet<u32>> {
    let mut starts: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for node in estate.nodes.values().filter(|node| matches!(node.kind, Kind::Service | Kind::Component)) {
        if let Some(location) = node.evidence.first().and_then(Evidence::location) {
            starts.entry(&location.path).or_default().insert(location.line);
        }
    }
    starts
}

fn changed_lines(before: &str, after: &str) -> Vec<ChangedLine> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let old: Vec<String> = before.lines().map(words).collect();
    let new: Vec<String> = after.lines().map(words).collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut changed = Vec::new();
    let (mut a, mut b) = (0, 0);
    let line = |b: usize| (head + b + 1).min(new.len().max(1)) as u32;
    let mut push = |line: u32, removed: bool, text: &str| {
        if !text.is_empty() {
            changed.push(ChangedLine { line, removed, text: mask_secrets(text) });
        }
    };
    for (i, j) in aligned(old, middle).into_iter().chain([(old.len(), middle.len())]) {
        // What is there now says more than what was there before.
        (b..j).for_each(|at| push(line(at), false, &middle[at]));
        (a..i).for_each(|at| push(line(b), true, &old[at]));
        (a, b) = (i + 1, j + 1);
    }
    changed
}

/// The longest common subsequence, as pairs of places.
fn aligned(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    if MOST_CELLS < (old.len() + 1).saturating_mul(width) {
        return Vec::new();
    }
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i * width + j + 1] <= longest[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, after: &str) -> Vec<(u32, bool, String)> {
        changed_lines(before, after).into_iter().map(|one| (one.line, one.removed, one.text)).collect()
    }

    #[test]
    fn a_changed_line_is_told_with_what_it_was() {
        assert_eq!(
            changed("a\nreplicas: 3\nb\n", "a\nreplicas: 1\nb\n"),
            [(2, false, "replicas: 1".to_owned()), (2, true, "replicas: 3".to_owned())]
        );
    }

    #[test]
    fn indentation_and_blank_lines_change_nothing() {
        assert_eq!(changed("a {\nb = 1\n}\n", "a   {\n\n  b = 1\n}\n"), []);
    }

    #[test]
    fn a_removed_line_stands_before_the_next() {
        assert_eq!(changed("a\nb\nc\n", "a\nc\n"), [(2, true, "b".to_owned())]);
        assert_eq!(changed("a\n", ""), [(1, true, "a".to_owned())]);
    }

    #[test]
    fn a_file_that_moved_is_compared_with_what_it_was() {
        let before = Tree::of_texts([("a/x", "1\n2\n"), ("a/y", "3\n"), ("b/y", "4\n"), ("c", "5\n")]);
        let after = Tree::of_texts([("n/x", "1\n3\n"), ("n/z", "3\n"), ("n/y", "6\n")]);
        let changes = Changes::between(&before, &after);
        let lines = |path: &str| changes.lines[path].iter().map(|one| one.text.as_str()).collect::<Vec<_>>();
        assert_eq!(lines("n/x"), ["3", "2"], "the only one of its name");
        assert_eq!(lines("n/y"), ["6"], "it may have been either");
        assert!(!changes.touches("n/z") && changes.files().any(|path| path == "n/z"), "the same text");
        assert_eq!((lines("a/x"), lines("c")), (vec![], vec![WHOLE_FILE]));
    }

    #[test]
    fn files_that_are_the_same_do_not_count() {
        let before = Tree::of_texts([("x", "1\n"), ("y", "1\n"), ("z", "1")]);
        let after = Tree::of_texts([("x", "1\n"), ("y", "2\n")]);
        let changes = Changes::between(&before, &after);
        assert_eq!(changes.files().collect::<Vec<_>>(), ["y", "z"]);
    }
}
