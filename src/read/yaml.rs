//! YAML (and JSON) as a tree in which every node knows its place.
//!
//! A file is a [`Stream`] of documents, a document a tree of [`Node`]s. Aliases share the node they name and
//! are never copied; an alias that would make the tree deeper than [`MAX_DEPTH`] or larger, when walked, than
//! [`MAX_SIZE`] nodes reads as null and is reported, so every walk is bounded. Merge keys (`<<`, also with a
//! list of mappings) are followed at look-up. A syntax error costs the rest of its document, not of the file.
//!
//! ```
//! use linchpin::read::yaml;
//! use linchpin::source::{Problems, SourceFile};
//!
//! let file = SourceFile::new("a.yaml", b"base: &b {image: redis}\ndb: {<<: *b, ports: [6379]}\n");
//! let mut problems = Problems::new();
//! let stream = yaml::parse(&file, &mut problems);
//! let db = stream.documents[0].root.get("db").unwrap();
//! assert_eq!(db.get("image").unwrap().str(), Some("redis"));
//! assert_eq!(db.get("ports").unwrap().items()[0].integer(), Some(6379));
//! assert_eq!(db.get("ports").unwrap().location.line, 2);
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser as gp;

use crate::model::Evidence;
use crate::source::{Location, Problems, SourceFile, Tree};

/// No node is deeper than this, aliases included.
pub const MAX_DEPTH: u32 = 256;

/// No document has more nodes than this when its aliases are walked; what is written out may be larger.
pub const MAX_SIZE: u64 = 500_000;

/// Merge keys that lead to merge keys are followed this far.
const MAX_MERGES: u32 = 16;

/// All documents of a file.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Documents in order; empty ones are left out.
    pub documents: Vec<Document>,
    /// Comments in order.
    pub comments: Vec<Comment>,
}

/// One document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The topmost node.
    pub root: Arc<Node>,
    /// Whether a syntax error cost part of it.
    pub partial: bool,
}

/// A comment, without its `#` and outer blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Line, from 1.
    pub line: u32,
    /// Text.
    pub text: String,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it holds.
    pub data: Data,
    /// Its tag as written: `!Ref`.
    pub tag: Option<Box<str>>,
    /// Where it starts.
    pub location: Location,
    /// Byte offsets in the text that was parsed.
    pub span: (u32, u32),
    height: u32,
    size: u64,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// A scalar: its text after escapes, and whether it stood there without quotes.
    Scalar {
        /// Text.
        text: Box<str>,
        /// Without quotes, not a block scalar: may be a number, a boolean or null.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Arc<Node>>),
    /// A mapping, in order, each key once (of duplicates the last; they are reported).
    Mapping(Vec<(Key, Arc<Node>)>),
}

/// The key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// Text.
    pub text: Box<str>,
    /// Where it stands.
    pub location: Location,
}

impl Node {
    /// A scalar made up by a reader, at a given place; plain scalars may be numbers, booleans or null.
    pub fn scalar(text: &str, plain: bool, location: &Location) -> Self {
        Self::new(Data::Scalar { text: text.into(), plain }, location.clone())
    }

    /// A node made up by a reader, at a given place.
    pub fn new(data: Data, location: Location) -> Self {
        let mut node = Node { data, tag: None, location, span: (0, 0), height: 1, size: 1 };
        node.measure();
        node
    }

    /// The value of a key: an explicit one first, then what merge keys bring.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.get_shared(key).map(|node| &**node)
    }

    /// Like [`Node::get`], to be kept or put elsewhere.
    pub fn get_shared(&self, key: &str) -> Option<&Arc<Node>> {
        self.look_up(key, MAX_MERGES).map(|(_, node)| node)
    }

    /// The key as written where [`Node::get`] finds its value.
    pub fn key(&self, key: &str) -> Option<&Key> {
        self.look_up(key, MAX_MERGES).map(|(key, _)| key)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a path of keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.str()
    }

    /// Keys and values with what merge keys bring behind the explicit ones; empty unless a mapping.
    pub fn entries(&self) -> Vec<(&Key, &Node)> {
        let mut out = Vec::new();
        self.collect(&mut out, MAX_MERGES);
        out
    }

    /// Values of a sequence; empty for anything else.
    pub fn items(&self) -> &[Arc<Node>] {
        match &self.data {
            Data::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Values of a sequence; a node that is neither a sequence nor null is the only item.
    pub fn items_or_self(&self) -> Vec<&Node> {
        match &self.data {
            Data::Sequence(items) => items.iter().map(|item| &**item).collect(),
            _ if self.is_null() => Vec::new(),
            _ => vec![self],
        }
    }

    /// The text of a scalar that is not null; numbers and booleans as written.
    pub fn str(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The whole number of a scalar, quoted or not.
    pub fn integer(&self) -> Option<i64> {
        let text = self.str()?.replace('_', "");
        match text.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// The number of a scalar, quoted or not.
    pub fn number(&self) -> Option<f64> {
        self.str()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The truth of a scalar, quoted or not; the words of YAML 1.1 count.
    pub fn bool(&self) -> Option<bool> {
        match self.str()? {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => Some(false),
            _ => None,
        }
    }

    /// Whether it is nothing: `null`, `~` or an empty place.
    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, plain: true }
            if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.data, Data::Mapping(_))
    }

    /// Whether it is a sequence.
    pub fn is_sequence(&self) -> bool {
        matches!(self.data, Data::Sequence(_))
    }

    /// The tag as written, without its `!`: `Ref` of `!Ref`.
    pub fn tag_name(&self) -> Option<&str> {
        self.tag.as_deref().map(|tag| tag.trim_start_matches('!'))
    }

    /// The line it starts on, as evidence.
    pub fn evidence(&self, tree: &Tree) -> Evidence {
        evidence_at(&self.location, tree)
    }

    /// All scalars below, with the keys that lead to them, in order; merge keys are followed as written.
    pub fn scalars(&self) -> Vec<(Vec<&str>, &Node)> {
        let mut out = Vec::new();
        self.collect_scalars(&mut Vec::new(), &mut out);
        out
    }

    /// A copy in which every text is what `change` makes of it; places stay.
    pub fn with_texts(&self, change: &dyn Fn(&str) -> String) -> Node {
        let changed = |node: &Arc<Node>| Arc::new(node.with_texts(change));
        let data = match &self.data {
            Data::Scalar { text, plain } => Data::Scalar { text: change(text).into(), plain: *plain },
            Data::Sequence(items) => Data::Sequence(items.iter().map(changed).collect()),
            Data::Mapping(entries) => {
                Data::Mapping(entries.iter().map(|(key, node)| (key.clone(), changed(node))).collect())
            }
        };
        Node { tag: self.tag.clone(), ..Node::new(data, self.location.clone()) }
    }

    /// Sets a key, or adds it.
    pub fn set(&mut self, key: &str, value: Arc<Node>) {
        let location = value.location.clone();
        if !self.is_mapping() {
            self.data = Data::Mapping(Vec::new());
        }
        if let Data::Mapping(entries) = &mut self.data {
            match entries.iter_mut().find(|(present, _)| &*present.text == key) {
                Some((_, present)) => *present = value,
                None => entries.push((Key { text: key.into(), location }, value)),
            }
        }
        self.measure();
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<Arc<Node>> {
        let Data::Mapping(entries) = &mut self.data else { return None };
        let at = entries.iter().position(|(present, _)| &*present.text == key)?;
        let (_, node) = entries.remove(at);
        self.measure();
        Some(node)
    }

    fn measure(&mut self) {
        (self.height, self.size) = match &self.data {
            Data::Scalar { .. } => (1, 1),
            Data::Sequence(items) => measure(items.iter()),
            Data::Mapping(entries) => measure(entries.iter().map(|(_, node)| node)),
        };
    }

    fn look_up(&self, key: &str, merges: u32) -> Option<(&Key, &Arc<Node>)> {
        let Data::Mapping(entries) = &self.data else { return None };
        if let Some((key, node)) = entries.iter().find(|(present, _)| &*present.text == key) {
            return Some((key, node));
        }
        if merges == 0 {
            return None;
        }
        self.merged().into_iter().find_map(|node| node.look_up(key, merges - 1))
    }

    fn collect<'n>(&'n self, out: &mut Vec<(&'n Key, &'n Node)>, merges: u32) {
        let Data::Mapping(entries) = &self.data else { return };
        let merged = self.merged();
        for (key, node) in entries {
            let is_merge = !merged.is_empty() && &*key.text == "<<";
            let is_new = merges == MAX_MERGES || !out.iter().any(|(present, _)| present.text == key.text);
            if !is_merge && is_new {
                out.push((key, node));
            }
        }
        if merges > 0 {
            for node in merged {
                node.collect(out, merges - 1);
            }
        }
    }

    /// The mappings that this one merges.
    fn merged(&self) -> Vec<&Node> {
        let Data::Mapping(entries) = &self.data else { return Vec::new() };
        let Some((_, value)) = entries.iter().find(|(key, _)| &*key.text == "<<") else { return Vec::new() };
        match &value.data {
            Data::Mapping(_) => vec![value],
            Data::Sequence(items) => {
                items.iter().map(|item| &**item).filter(|item| item.is_mapping()).collect()
            }
            Data::Scalar { .. } => Vec::new(),
        }
    }

    fn collect_scalars<'n>(&'n self, path: &mut Vec<&'n str>, out: &mut Vec<(Vec<&'n str>, &'n Node)>) {
        match &self.data {
            Data::Scalar { .. } => out.push((path.clone(), self)),
            Data::Sequence(items) => items.iter().for_each(|item| item.collect_scalars(path, out)),
            Data::Mapping(entries) => {
                for (key, node) in entries {
                    path.push(&key.text);
                    node.collect_scalars(path, out);
                    path.pop();
                }
            }
        }
    }
}

/// The line of a place, as evidence; without text when the file is not at hand.
pub fn evidence_at(location: &Location, tree: &Tree) -> Evidence {
    match tree.get(&location.path) {
        Some(file) => match Evidence::at_line(file, location.line) {
            Evidence::File { text, .. } => Evidence::File { location: location.clone(), text },
            other => other,
        },
        None => Evidence::File { location: location.clone(), text: "".into() },
    }
}

/// Reads a file.
pub fn parse(file: &SourceFile, problems: &mut Problems) -> Stream {
    parse_text(file.text(), file.path(), &|line| line, problems)
}

/// Reads a text that stands in a file: a block scalar, a rendered template. `line` turns lines of the text
/// into lines of the file.
pub fn parse_text(text: &str, path: &Arc<str>, line: &dyn Fn(u32) -> u32, problems: &mut Problems) -> Stream {
    let options = gp::options! { emit_unresolved_aliases: true };
    let mut parser = gp::Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(text, path, line, problems);
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                builder.syntax_error(&error);
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    builder.finish()
}

struct Builder<'b> {
    text: &'b str,
    path: &'b Arc<str>,
    line: &'b dyn Fn(u32) -> u32,
    problems: &'b mut Problems,
    stream: Stream,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Option<Arc<Node>>>,
    root: Option<Arc<Node>>,
    /// How many more oddities of this text are reported.
    reports: u32,
}

/// A collection whose end was not read yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Key>,
}

impl<'b> Builder<'b> {
    fn new(
        text: &'b str,
        path: &'b Arc<str>,
        line: &'b dyn Fn(u32) -> u32,
        problems: &'b mut Problems,
    ) -> Self {
        Builder {
            text,
            path,
            line,
            problems,
            stream: Stream::default(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            root: None,
            reports: 50,
        }
    }

    fn event(&mut self, event: gp::Event<'_>, span: gp::Span) {
        match event {
            gp::Event::Scalar(text, style, anchor, tag) => {
                let plain = matches!(style, gp::ScalarStyle::Plain);
                let data = Data::Scalar { text: text.into_owned().into_boxed_str(), plain };
                let node = self.node(data, tag.as_deref(), &span);
                self.close(node, anchor);
            }
            gp::Event::SequenceStart(_, anchor, tag) => {
                let node = self.node(Data::Sequence(Vec::new()), tag.as_deref(), &span);
                self.open(node, anchor);
            }
            gp::Event::MappingStart(_, anchor, tag) => {
                let node = self.node(Data::Mapping(Vec::new()), tag.as_deref(), &span);
                self.open(node, anchor);
            }
            gp::Event::SequenceEnd | gp::Event::MappingEnd => self.end(span.end.byte_offset()),
            gp::Event::Alias(anchor) => self.alias(anchor, &span),
            gp::Event::UnresolvedAlias(name) => {
                self.report(&span.start, format!("alias `*{name}` names no anchor above it"));
                self.null(&span);
            }
            gp::Event::Comment(text, _) => {
                let line = (self.line)(span.start.line() as u32);
                self.stream.comments.push(Comment { line, text: text.trim().to_owned() });
            }
            gp::Event::DocumentEnd => self.document(false),
            _ => {}
        }
    }

    fn report(&mut self, mark: &gp::Marker, message: String) {
        if self.reports > 0 {
            self.reports -= 1;
            self.problems.warning(self.location(mark), message);
        }
    }

    fn location(&self, mark: &gp::Marker) -> Location {
        let line = (self.line)(mark.line().max(1) as u32);
        Location { path: Arc::clone(self.path), line, column: mark.col() as u32 + 1 }
    }

    fn node(&self, data: Data, tag: Option<&gp::Tag>, span: &gp::Span) -> Node {
        let offset = |mark: &gp::Marker| mark.byte_offset().unwrap_or(0) as u32;
        Node {
            data,
            tag: tag.map(|tag| tag.original().into_boxed_str()),
            location: self.location(&span.start),
            span: (offset(&span.start), offset(&span.end)),
            height: 1,
            size: 1,
        }
    }

    fn open(&mut self, node: Node, anchor: usize) {
        // An alias to a collection that is still open would make a cycle.
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.open.push(Open { node, anchor, key: None });
    }

    fn end(&mut self, end: Option<usize>) {
        let Some(Open { mut node, anchor, key }) = self.open.pop() else { return };
        if let Some(key) = key {
            let null = Node::scalar("", true, &key.location);
            self.insert(&mut node, key, Arc::new(null));
        }
        if let Some(end) = end {
            let written = self.text.get(node.span.0 as usize..end).unwrap_or("");
            node.span.1 = node.span.0 + written.trim_end().len() as u32;
        }
        self.report_duplicates(&mut node);
        node.measure();
        self.close(node, anchor);
    }

    fn alias(&mut self, anchor: usize, span: &gp::Span) {
        let refused = match self.anchors.get(&anchor) {
            Some(Some(node)) => {
                let written: u64 = self.open.iter().map(|open| open.node.size).sum();
                if node.height + self.open.len() as u32 > MAX_DEPTH {
                    "leads too deep"
                } else if node.size > 1 && written + node.size > MAX_SIZE {
                    "makes the document too large"
                } else {
                    let node = Arc::clone(node);
                    return self.attach(node, span);
                }
            }
            Some(None) => "stands inside what it names",
            None => "names no anchor above it",
        };
        self.report(&span.start, format!("alias `{}` {refused}", self.written(span)));
        self.null(span);
    }

    fn written(&self, span: &gp::Span) -> &'b str {
        span.byte_range().and_then(|range| self.text.get(range)).unwrap_or("*")
    }

    fn null(&mut self, span: &gp::Span) {
        let node = self.node(Data::Scalar { text: "".into(), plain: true }, None, span);
        self.attach(Arc::new(node), span);
    }

    fn close(&mut self, node: Node, anchor: usize) {
        let node = Arc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Arc::clone(&node)));
        }
        self.attach_at(node, None);
    }

    fn attach(&mut self, node: Arc<Node>, span: &gp::Span) {
        let location = self.location(&span.start);
        self.attach_at(node, Some(location));
    }

    fn attach_at(&mut self, node: Arc<Node>, location: Option<Location>) {
        let Some(mut open) = self.open.pop() else {
            self.root = Some(node);
            return;
        };
        match (&mut open.node.data, open.key.take()) {
            (Data::Sequence(items), _) => {
                open.node.size += node.size;
                items.push(node);
            }
            (_, Some(key)) => self.insert(&mut open.node, key, node),
            (_, None) => open.key = Some(self.key_of(&node, location)),
        }
        self.open.push(open);
    }

    fn key_of(&mut self, node: &Node, location: Option<Location>) -> Key {
        let location = location.unwrap_or_else(|| node.location.clone());
        let Data::Scalar { text, .. } = &node.data else {
            self.problems.warning(location.clone(), "a key that is not a scalar is read as its place");
            return Key { text: format!("?{}", location.line).into(), location };
        };
        Key { text: text.clone(), location }
    }

    fn insert(&mut self, mapping: &mut Node, key: Key, value: Arc<Node>) {
        if let Data::Mapping(entries) = &mut mapping.data {
            mapping.size += value.size;
            entries.push((key, value));
        }
    }

    /// Keeps the last of several entries with one key.
    fn report_duplicates(&mut self, node: &mut Node) {
        let Data::Mapping(entries) = &mut node.data else { return };
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        let mut doubled: Vec<usize> = Vec::new();
        for (at, (key, _)) in entries.iter().enumerate() {
            if let Some(earlier) = last.insert(&key.text, at) {
                doubled.push(earlier);
                if self.reports > 0 {
                    self.reports -= 1;
                    let message = format!("key `{}` is given twice, the last one counts", key.text);
                    self.problems.warning(key.location.clone(), message);
                }
            }
        }
        doubled.sort_unstable();
        let mut at = 0;
        entries.retain(|_| {
            at += 1;
            doubled.binary_search(&(at - 1)).is_err()
        });
    }

    fn syntax_error(&mut self, error: &gp::ScanError) {
        let location = self.location(error.marker());
        let message = format!("failed to read YAML: {}; the rest of the document is left out", error.info());
        self.problems.error(location, message);
        while !self.open.is_empty() {
            self.end(None);
        }
        self.document(true);
    }

    fn document(&mut self, partial: bool) {
        while !self.open.is_empty() {
            self.end(None);
        }
        self.anchors.clear();
        if let Some(root) = self.root.take().filter(|root| !root.is_null()) {
            self.stream.documents.push(Document { root, partial });
        }
    }

    fn finish(mut self) -> Stream {
        self.document(false);
        self.stream
    }
}

fn measure<'n>(children: impl Iterator<Item = &'n Arc<Node>>) -> (u32, u64) {
    let (height, size) = children
        .fold((0, 0u64), |(height, size), child| (height.max(child.height), size.saturating_add(child.size)));
    (height + 1, size.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Stream, Problems) {
        let mut problems = Problems::new();
        let stream = parse(&SourceFile::new("t.yaml", text.as_bytes()), &mut problems);
        (stream, problems)
    }

    #[test]
    fn values_know_their_place_and_type() {
        let (stream, problems) = read("a:\n  b: [1, two, 'true', ~]\n  c: yes\n---\n\"x\": 1.5\n# note\n");
        let root = &stream.documents[0].root;
        let b = root.at(&["a", "b"]).unwrap();
        assert_eq!((b.location.line, b.location.column), (2, 6));
        assert_eq!(b.items()[0].integer(), Some(1));
        assert_eq!(b.items()[1].str(), Some("two"));
        assert_eq!(b.items()[2].bool(), Some(true));
        assert!(b.items()[3].is_null());
        assert_eq!(root.at(&["a", "c"]).unwrap().bool(), Some(true));
        assert_eq!(stream.documents[1].root.get("x").unwrap().number(), Some(1.5));
        assert_eq!(stream.comments, [Comment { line: 6, text: "note".into() }]);
        assert!(problems.is_empty());
    }

    #[test]
    fn merge_keys_bring_what_is_not_written_out() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {b: 3, <<: [*x, *y]}\nw: {<<: *y, c: 9}\n";
        let (stream, problems) = read(text);
        let root = &stream.documents[0].root;
        let keys = |name: &str| -> Vec<(String, i64)> {
            let entries = root.get(name).unwrap().entries();
            entries.iter().map(|(key, node)| (key.text.to_string(), node.integer().unwrap())).collect()
        };
        assert_eq!(keys("z"), [("b".into(), 3), ("a".into(), 1), ("c".into(), 2)]);
        assert_eq!(keys("w"), [("c".into(), 9), ("b".into(), 2)]);
        assert_eq!(root.at(&["z", "c"]).unwrap().integer(), Some(2));
        assert!(problems.is_empty());
    }

    #[test]
    fn tags_are_kept() {
        let (stream, _) = read("a: !Ref B\nb: !Sub [x, {y: !GetAtt C.D}]\n");
        let root = &stream.documents[0].root;
        assert_eq!(root.get("a").unwrap().tag_name(), Some("Ref"));
        assert_eq!(root.get("b").unwrap().items()[1].get("y").unwrap().tag_name(), Some("GetAtt"));
    }

    #[test]
    fn an_error_costs_the_rest_of_its_document_only() {
        let (stream, problems) = read("a: 1\nb: [1, 2\nc: }\n---\nd: 4\n");
        assert!(stream.documents[0].partial);
        assert_eq!(stream.documents[0].root.get("a").unwrap().integer(), Some(1));
        assert_eq!(stream.documents[1].root.get("d").unwrap().integer(), Some(4));
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn duplicate_keys_are_reported_and_the_last_counts() {
        let (stream, problems) = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(stream.documents[0].root.get("a").unwrap().integer(), Some(3));
        assert_eq!(stream.documents[0].root.entries().len(), 2);
        assert_eq!(problems.iter().next().unwrap().location.line, 3);
    }

    #[test]
    fn laughs_cycles_and_deep_chains_are_bounded() {
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let below = format!("*a{}", level - 1);
            laughs += &format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", "));
        }
        let (stream, problems) = read(&laughs);
        assert!(stream.documents[0].root.scalars().len() < 1_000_000);
        assert!(problems.iter().any(|problem| problem.message.contains("too large")));

        let (_, problems) = read("a: &a [*a, *nothing]\n");
        assert_eq!(problems.len(), 2);

        let mut chain = String::from("- &c0 [x]\n");
        for level in 1..100_000 {
            chain += &format!("- &c{level} [*c{}]\n", level - 1);
        }
        let (stream, problems) = read(&chain);
        assert_eq!(stream.documents[0].root.items().len(), 100_000);
        assert!(problems.iter().any(|problem| problem.message.contains("too deep")));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let (_, problems) = read(&"[".repeat(100_000));
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn json_is_read_too() {
        let (stream, problems) =
            read("{\n\t\"a\": {\"b\": [1, \"x\\/y\\u00e9\", null, true]},\n\t\"c\":\"d\"\n}\n");
        let root = &stream.documents[0].root;
        let list = root.at(&["a", "b"]).unwrap().items();
        assert_eq!(list[1].str(), Some("x/yé"));
        assert!(list[2].is_null());
        assert_eq!(root.get("c").unwrap().location.line, 3);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn empty_values_and_documents_are_null_or_nothing() {
        let (stream, _) = read("---\n---\na:\nb: {}\n---\n# only this\n");
        assert_eq!(stream.documents.len(), 1);
        assert!(stream.documents[0].root.get("a").unwrap().is_null());
    }

    #[test]
    fn keys_can_be_set_and_removed() {
        let (stream, _) = read("a: 1\nb: {c: 2}\n");
        let mut root = (*stream.documents[0].root).clone();
        let location = root.location.clone();
        root.set("a", Arc::new(Node::scalar("5", true, &location)));
        root.set("z", Arc::new(Node::scalar("6", true, &location)));
        assert!(root.remove("b").is_some());
        let values: Vec<_> = root.entries().iter().map(|(_, node)| node.integer().unwrap()).collect();
        assert_eq!(values, [5, 6]);
    }
}
