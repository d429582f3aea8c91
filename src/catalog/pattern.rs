//! Patterns of names: any number of `*`, each for any text, against a whole name.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem::Finder;

/// A pattern, taken apart once so that it is compared without looking for its `*` again.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What a name begins with; all of it where there is no `*`.
    head: Box<str>,
    /// What stands between two `*`, in order.
    between: Box<[Finder<'static>]>,
    /// What a name ends with; none where there is no `*`.
    tail: Option<Box<str>>,
}

impl Pattern {
    /// The pattern that a text says.
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = text.split('*');
        let head = parts.next().unwrap_or("").into();
        let tail = parts.next_back().map(Into::into);
        let between = parts.map(|part| Finder::new(part).into_owned()).collect();
        Pattern { head, between, tail }
    }

    /// Whether a whole name fits.
    pub(crate) fn fits(&self, name: &str) -> bool {
        let Some(tail) = &self.tail else { return *self.head == *name };
        let Some(rest) = name.strip_prefix(&*self.head) else { return false };
        let mut rest = rest.as_bytes();
        for part in &self.between {
            let Some(at) = part.find(rest) else { return false };
            rest = &rest[at + part.needle().len()..];
        }
        rest.ends_with(tail.as_bytes())
    }
}

/// Many patterns: those that fit a name are found in one pass over it.
#[derive(Clone, Debug)]
pub(crate) struct Patterns {
    patterns: Vec<Pattern>,
    /// Those without `*`, by the name that they stand for.
    whole: HashMap<Box<str>, Vec<usize>>,
    /// The longest text of each other one, in the order of `with_text`.
    texts: AhoCorasick,
    with_text: Vec<usize>,
    /// Those of nothing but `*`.
    of_anything: Vec<usize>,
}

impl Patterns {
    /// The patterns that texts say, in their order.
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let (mut patterns, mut whole) = (Vec::new(), HashMap::<Box<str>, Vec<usize>>::new());
        let (mut longest, mut with_text, mut of_anything) = (Vec::new(), Vec::new(), Vec::new());
        for (number, text) in texts.into_iter().enumerate() {
            patterns.push(Pattern::new(text));
            match text.split('*').max_by_key(|part| part.len()) {
                Some(part) if part.len() == text.len() => whole.entry(text.into()).or_default().push(number),
                Some(part) if !part.is_empty() => {
                    longest.push(part);
                    with_text.push(number);
                }
                _ => of_anything.push(number),
            }
        }
        // Few names are looked up in a small input: what is built fast wins over what searches fastest.
        let texts = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(longest)
            .expect("patterns are a table that fits into memory");
        Patterns { patterns, whole, texts, with_text, of_anything }
    }

    /// The numbers of the patterns that fit a whole name, in order. Time is linear in the name and in what is found.
    pub(crate) fn fitting(&self, name: &str) -> Vec<usize> {
        let mut found = self.whole.get(name).cloned().unwrap_or_default();
        let with_text = self.texts.find_overlapping_iter(name).map(|text| self.with_text[text.pattern()]);
        found.extend(with_text.filter(|number| self.fits(*number, name)));
        found.extend(&self.of_anything);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether one of the patterns fits a whole name.
    pub(crate) fn fits(&self, number: usize, name: &str) -> bool {
        self.patterns[number].fits(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let fits = |pattern: &str, name: &str| Pattern::new(pattern).fits(name);
        assert!(fits("aws_lb", "aws_lb") && !fits("aws_lb", "aws_lb_listener"));
        assert!(fits("aws_*", "aws_lb") && fits("*", "") && fits("**", "x"));
        assert!(fits("*_policy", "aws_s3_bucket_policy") && !fits("*_policy", "aws_policy_document"));
        assert!(fits("a*b*c", "abc") && fits("a*b*c", "a-bb-c") && !fits("a*b*c", "acb"));
        // No part of a name is used twice.
        assert!(!fits("ab*ba", "aba") && !fits("a*b*b", "ab"));
    }

    #[test]
    fn many_patterns_fit_as_each_of_them_does() {
        let texts = ["aws_lb", "*", "aws_*", "*_policy", "a*b*c", "*lb*", "**", "", "aws_lb", "*lb"];
        let all = Patterns::new(texts);
        for name in ["aws_lb", "aws_iam_policy", "lb", "abc", "", "lblb", "x"] {
            let each = (0..texts.len()).filter(|number| Pattern::new(texts[*number]).fits(name));
            assert_eq!(all.fitting(name), each.collect::<Vec<_>>(), "{name}");
        }
    }
}
