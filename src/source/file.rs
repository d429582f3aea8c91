//! One file's text, and places in it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// A place in a file: 1-based line and 1-based column, counted in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Path relative to the scanned root, with `/` between its parts.
    pub path: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The text of one file, with a table of where its lines start.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFile {
    path: Arc<str>,
    text: Arc<str>,
    line_starts: Vec<u32>,
    lossy: bool,
}

impl SourceFile {
    /// Takes a file's bytes: UTF-8, or UTF-16 with a byte order mark. What is invalid is replaced, the mark dropped.
    pub fn new(path: impl Into<Arc<str>>, bytes: &[u8]) -> Self {
        let (text, lossy) = decode(bytes);
        let line_starts = line_starts(text.as_bytes());
        SourceFile { path: path.into(), text: text.into(), line_starts, lossy }
    }

    /// Path relative to the scanned root.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The folder the file is in; empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file's name without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, name)| name)
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Whether bytes that are not UTF-8 were replaced.
    pub fn is_lossy(&self) -> bool {
        self.lossy
    }

    /// Number of lines.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// The place of a byte offset; an offset past the end is the end.
    pub fn location(&self, offset: usize) -> Location {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts[line - 1] as usize;
        // A hostile line may be 100 MB long: columns are counted up to a bound.
        let column =
            if offset - start > 100_000 { offset - start } else { self.text[start..offset].chars().count() };
        Location { path: Arc::clone(&self.path), line: line as u32, column: column as u32 + 1 }
    }

    /// The place at the start of a line (from 1).
    pub fn line_location(&self, line: u32) -> Location {
        Location { path: Arc::clone(&self.path), line, column: 1 }
    }

    /// The byte offset at which a line (from 1) starts.
    pub fn line_start(&self, line: u32) -> usize {
        self.line_starts.get(line.saturating_sub(1) as usize).map_or(self.text.len(), |start| *start as usize)
    }

    /// The text of a line (from 1), without its end and with no more than 200 characters.
    pub fn line_text(&self, line: u32) -> &str {
        let start = self.line_start(line);
        let end = self.line_start(line + 1);
        let text = self.text[start..end].trim();
        match text.char_indices().nth(200) {
            Some((cut, _)) => &text[..cut],
            None => text,
        }
    }

    /// The text between two byte offsets; empty when they do not stand on characters.
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or("")
    }
}

/// Where lines start. A carriage return alone ends a line, as it does in YAML.
fn line_starts(text: &[u8]) -> Vec<u32> {
    let ends = |at: &usize| text[*at] == b'\n' || text.get(at + 1) != Some(&b'\n');
    let starts = memchr::memchr2_iter(b'\n', b'\r', text).filter(ends).map(|at| at as u32 + 1);
    std::iter::once(0).chain(starts).collect()
}

/// Whether bytes look like a text: UTF-16 with its mark, else without a zero near the start.
pub fn is_text(bytes: &[u8]) -> bool {
    utf16_order(bytes).is_some() || !bytes.iter().take(8192).any(|byte| *byte == 0)
}

/// How two bytes make a unit, where the mark of UTF-16 stands at the start.
fn utf16_order(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// The text, and whether something in it had to be replaced.
fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Some(unit) = utf16_order(bytes) {
        let pairs = bytes[2..].chunks_exact(2);
        let cut = !pairs.remainder().is_empty();
        let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
        return match String::from_utf16(&units) {
            Ok(text) => (text.into(), cut),
            Err(_) => (String::from_utf16_lossy(&units).into(), true),
        };
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let lossy = matches!(text, Cow::Owned(_));
    (text, lossy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let file = SourceFile::new("x", b"a\nb\r\nc\rd\r\re");
        assert_eq!(
            (1..=6).map(|line| file.line_text(line)).collect::<Vec<_>>(),
            ["a", "b", "c", "d", "", "e"]
        );
    }

    #[test]
    fn utf16_is_read_by_its_mark() {
        for (mark, unit) in
            [(b"\xff\xfe", u16::to_le_bytes as fn(u16) -> [u8; 2]), (b"\xfe\xff", u16::to_be_bytes)]
        {
            let mut bytes = mark.to_vec();
            bytes.extend("ä: 日\n".encode_utf16().flat_map(unit));
            assert!(is_text(&bytes));
            let file = SourceFile::new("x", &bytes);
            assert_eq!((file.text(), file.is_lossy()), ("ä: 日\n", false));
            bytes.push(0);
            assert!(SourceFile::new("x", &bytes).is_lossy());
        }
        assert!(!is_text(b"a\0"));
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let file = SourceFile::new("a/b.yaml", "ä: 1\nb: ü2\n".as_bytes());
        assert_eq!((file.location(0).line, file.location(0).column), (1, 1));
        let two = file.text().find('2').unwrap();
        assert_eq!((file.location(two).line, file.location(two).column), (2, 5));
        assert_eq!(file.line_text(2), "b: ü2");
        assert_eq!((file.folder(), file.name()), ("a", "b.yaml"));
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_bad_bytes_replaced() {
        let file = SourceFile::new("x", b"\xef\xbb\xbfa\xffb");
        assert_eq!(file.text(), "a\u{fffd}b");
        assert!(file.is_lossy());
    }
}
