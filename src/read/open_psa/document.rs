//! The elements of one file.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as XmlEvent};

use crate::source::{Location, Problems, SourceFile};

/// Elements may not be nested deeper than this.
const DEPTH: usize = 400;

/// An element of a document.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    children: Vec<usize>,
    pub(super) offset: usize,
}

impl Element<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    }
}

/// The elements of one file; the root is the first.
pub(super) struct Document<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) elements: Vec<Element<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a SourceFile, problems: &mut Problems) -> Option<Self> {
        match Self::try_parse(file) {
            Ok(document) => Some(document),
            Err((offset, message)) => {
                problems.error(file.location(offset), message);
                None
            }
        }
    }

    fn try_parse(file: &'a SourceFile) -> Result<Self, (usize, String)> {
        let mut reader = Reader::from_str(file.text());
        let mut elements: Vec<Element<'a>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let offset = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(|error| {
                (reader.error_position() as usize, format!("failed to read the XML: {error}"))
            })?;
            match event {
                XmlEvent::Start(tag) => {
                    let at = Self::add(&mut elements, &open, &tag, file, offset)?;
                    if open.len() >= DEPTH {
                        return Err((offset, format!("elements are nested deeper than {DEPTH} levels")));
                    }
                    open.push(at);
                }
                XmlEvent::Empty(tag) => {
                    Self::add(&mut elements, &open, &tag, file, offset)?;
                }
                XmlEvent::End(_) => drop(open.pop()),
                XmlEvent::Eof if !open.is_empty() => {
                    let last = &elements[open[open.len() - 1]];
                    return Err((last.offset, format!("the element `{}` is never closed", last.name)));
                }
                XmlEvent::Eof => break,
                _ => {}
            }
        }
        match elements.first() {
            None => Err((0, "the file holds no XML element".to_owned())),
            Some(root) if root.name != "opsa-mef" => Err((
                root.offset,
                format!("the root element is `{}`; an Open-PSA model starts with `opsa-mef`", root.name),
            )),
            Some(_) => Ok(Document { file, elements }),
        }
    }

    fn add(
        elements: &mut Vec<Element<'a>>,
        open: &[usize],
        tag: &BytesStart<'a>,
        file: &'a SourceFile,
        offset: usize,
    ) -> Result<usize, (usize, String)> {
        let failed = |what: String| (offset, what);
        // The tag borrows the file's text: names are sliced from there.
        let text = file.text();
        let start = offset + 1;
        let length = tag.name().as_ref().len();
        let name =
            text.get(start..start + length).ok_or_else(|| failed("failed to read a tag".to_owned()))?;
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute
                .map_err(|error| failed(format!("failed to read an attribute of `{name}`: {error}")))?;
            let key = attribute.key.as_ref();
            let value = attribute
                .unescape_value()
                .map_err(|error| failed(format!("failed to read an attribute of `{name}`: {error}")))?;
            attributes.push((known_key(key), Cow::Owned(value.into_owned())));
        }
        if open.is_empty() && !elements.is_empty() {
            return Err(failed(format!("a second root element `{name}`")));
        }
        let at = elements.len();
        if let Some(&parent) = open.last() {
            elements[parent].children.push(at);
        }
        elements.push(Element { name, attributes, children: Vec::new(), offset });
        Ok(at)
    }
}

/// The attributes that mean something here; others are all alike.
fn known_key(key: &[u8]) -> &'static str {
    match key {
        b"name" => "name",
        b"value" => "value",
        b"min" => "min",
        b"max" => "max",
        b"role" => "role",
        b"type" => "type",
        b"file" => "file",
        b"href" => "href",
        _ => "",
    }
}

/// Where an element stands.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) element: usize,
}

impl<'a> Spot<'a> {
    pub(super) fn get(self) -> &'a Element<'a> {
        &self.document.elements[self.element]
    }

    pub(super) fn location(self) -> Location {
        self.document.file.location(self.get().offset)
    }

    /// The elements inside, labels and attributes left out.
    pub(super) fn children(self) -> impl DoubleEndedIterator<Item = Spot<'a>> {
        let inside = move |at: &usize| Spot { document: self.document, element: *at };
        self.get()
            .children
            .iter()
            .map(inside)
            .filter(|spot| !matches!(spot.get().name, "label" | "attributes"))
    }
}
