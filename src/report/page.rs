//! A page for a terminal as it grows: headings, labelled entries, lines that fit.

use super::text::terminal;
use super::{Length, Options, Paint};

/// Columns that labels take.
pub(super) const LABEL_WIDTH: usize = 11;
const NARROWEST: usize = 30;

/// The page as it grows. Every text that is not linchpin's own passes [`terminal`] on its way in.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) options: Options,
}

impl Page {
    pub(super) fn width(&self) -> usize {
        self.options.width.max(NARROWEST)
    }

    pub(super) fn limit(&self, on_screen: usize) -> usize {
        match self.options.length {
            Length::Screen => on_screen,
            Length::All => usize::MAX,
        }
    }

    pub(super) fn more(&mut self, total: usize, shown: usize) {
        if total > shown {
            self.line(&format!("… and {} more (--all)", total - shown));
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        let text = terminal(text);
        for line in wrap(&text, self.width()) {
            match self.options.paint {
                Paint::Plain => self.line(&line),
                Paint::Colour => self.line(&format!("\u{1b}[1m{line}\u{1b}[0m")),
            }
        }
    }

    /// A label, and text beside it that is wrapped to the width.
    pub(super) fn entry(&mut self, label: &str, text: &str) {
        let text = terminal(text);
        let lines = wrap(&text, self.width().saturating_sub(LABEL_WIDTH));
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.line(&format!("{label:<LABEL_WIDTH$}{line}"));
        }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Breaks at spaces so that each line fits, and within words that are too long.
fn wrap(text: &str, width: usize) -> Vec<String> {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let wide = word.width();
        if used > 0 && used + 1 + wide > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if wide <= width {
            line.push_str(word);
            used += wide;
            continue;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("there is always a line").push(c);
            used += wide;
        }
    }
    lines
}
