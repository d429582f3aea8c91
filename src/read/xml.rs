//! XML as a tree of elements, for formats that need no more than names, attributes and texts of it.
//!
//! Prefixes of names are taken off; entities of the document's own are not expanded.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::source::{Problems, SourceFile};

/// Elements may not be nested deeper than this.
const MAX_DEPTH: usize = 200;

/// Documents with more elements than this are not read.
const MAX_ELEMENTS: usize = 500_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without prefix.
    pub name: String,
    /// Its attributes by name without prefix, in order.
    pub attributes: Vec<(String, String)>,
    /// The elements directly in it.
    pub children: Vec<Element>,
    /// The text directly in it, without space around it.
    pub text: String,
    /// The line that it begins on, from 1.
    pub line: u32,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first element of a name directly in this one.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The elements of a name directly in this one.
    pub fn children<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The elements of a name at any depth, in order.
    pub fn descendants(&self, name: &str) -> Vec<&Element> {
        let mut found = Vec::new();
        let mut open: Vec<&Element> = self.children.iter().rev().collect();
        while let Some(element) = open.pop() {
            if element.name == name {
                found.push(element);
            }
            open.extend(element.children.iter().rev());
        }
        found
    }
}

/// The root element of a file; `None` with a problem when the file is no XML.
pub fn parse_xml(file: &SourceFile, problems: &mut Problems) -> Option<Element> {
    match parse(file) {
        Ok(root) => Some(root),
        Err((offset, message)) => {
            problems.error(file.location(offset), format!("this is no XML: {message}"));
            None
        }
    }
}

fn parse(file: &SourceFile) -> Result<Element, (usize, String)> {
    let mut reader = Reader::from_str(file.text());
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    loop {
        let offset = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|error| (offset, error.to_string()))?;
        let closed = match event {
            Event::Start(tag) => {
                count += 1;
                open.push(element(&tag, file, offset)?);
                None
            }
            Event::Empty(tag) => {
                count += 1;
                Some(element(&tag, file, offset)?)
            }
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                if let (Some(element), Ok(text)) = (open.last_mut(), text.decode()) {
                    element.text.push_str(text.trim());
                }
                None
            }
            Event::Eof => return Err((offset, "the root element is missing or not closed".to_owned())),
            _ => None,
        };
        if open.len() > MAX_DEPTH || count > MAX_ELEMENTS {
            return Err((offset, "it is nested too deeply or too large".to_owned()));
        }
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Ok(element),
            }
        }
    }
}

fn element(tag: &BytesStart<'_>, file: &SourceFile, offset: usize) -> Result<Element, (usize, String)> {
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| (offset, error.to_string()))?;
        let value = attribute.unescape_value().map_err(|error| (offset, error.to_string()))?;
        attributes.push((name(attribute.key.local_name().as_ref()), value.into_owned()));
    }
    let line = file.location(offset).line;
    let name = name(tag.local_name().as_ref());
    Ok(Element { name, attributes, line, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Element> {
        let mut problems = Problems::new();
        let root = parse_xml(&SourceFile::new("a.xml", text.as_bytes()), &mut problems);
        assert_eq!(root.is_none(), problems.len() == 1);
        root
    }

    #[test]
    fn elements_have_names_texts_and_lines() {
        let root =
            read("<?xml version='1.0'?>\n<p:a xmlns:p='x'>\n<b k='1 &amp; 2'> t </b>\n<c><b/></c></p:a>")
                .unwrap();
        let b = root.child("b").unwrap();
        assert_eq!(
            (root.name.as_str(), b.text.as_str(), b.attribute("k"), b.line),
            ("a", "t", Some("1 & 2"), 3)
        );
        assert_eq!(root.descendants("b").iter().map(|b| b.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn odd_texts_are_problems() {
        let deep = "<a>".repeat(10_000);
        for text in ["", "x", "<a", "<a><b></a>", "<a b='&x;'/>", "<a b/>", deep.as_str()] {
            assert_eq!(read(text), None, "{text:.20}");
        }
        let bomb = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxx'><!ENTITY y '&x;&x;'>]><a>&y;</a>";
        assert_eq!(read(bomb).map(|root| root.text), Some(String::new()));
    }
}
