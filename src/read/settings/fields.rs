//! Keys of a TOML table, taken one by one; what nobody took is an error.

use std::cell::RefCell;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::Evidence;
use crate::source::{Problems, SourceFile};

/// A table whose keys are taken one by one.
pub(super) struct Fields<'a> {
    table: &'a DeTable<'a>,
    name: String,
    start: usize,
    taken: Vec<&'static str>,
    sink: &'a Sink<'a>,
}

struct Sink<'a> {
    file: &'a SourceFile,
    problems: RefCell<Problems>,
}

/// Parses a file and hands its root table over; what is not TOML is a problem.
pub(super) fn read<T>(file: &SourceFile, take: impl FnOnce(&mut Fields<'_>) -> T) -> (T, Problems) {
    let (root, errors) = DeTable::parse_recoverable(file.text());
    let sink = Sink { file, problems: RefCell::new(Problems::new()) };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or("invalid").to_owned();
        sink.problems.borrow_mut().error(file.location(at), format!("not valid TOML: {message}"));
    }
    let mut fields =
        Fields { table: root.get_ref(), name: String::new(), start: 0, taken: Vec::new(), sink: &sink };
    let taken = take(&mut fields);
    fields.finish();
    (taken, sink.problems.into_inner())
}

impl<'a> Fields<'a> {
    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.take(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        self.expected(key, value, text, "a text in quotes")
    }

    /// One text, or a list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::String(text) => vec![text.to_string()],
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| {
                    let text = item.get_ref().as_str().map(str::to_owned);
                    self.expected(key, item, text, "a list of texts in quotes")
                })
                .collect(),
            _ => self.expected(key, value, None, "a text in quotes, or a list of them").unwrap_or_default(),
        }
    }

    /// One word of a closed set.
    pub(super) fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.take(key)?;
        let word = value.get_ref().as_str().unwrap_or_default();
        self.one_of(key, value, word, words)
    }

    /// One word of a closed set, or a list of them.
    pub(super) fn words<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let value = self.take(key)?;
        let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let word = |item: &&Spanned<DeValue<'_>>| {
            self.one_of(key, item, item.get_ref().as_str().unwrap_or_default(), words)
        };
        Some(items.iter().filter_map(word).collect())
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        self.expected(key, value, value.get_ref().as_bool(), "`true` or `false`")
    }

    /// A number of at least `least`.
    pub(super) fn number(&mut self, key: &'static str, least: f64) -> Option<f64> {
        let value = self.take(key)?;
        let number = number(value.get_ref()).filter(|number| number.is_finite() && least <= *number);
        self.expected(key, value, number, &format!("a number of at least {least}"))
    }

    /// A share, 0 to 1.
    pub(super) fn share(&mut self, key: &'static str) -> Option<f64> {
        let value = self.take(key)?;
        let share = number(value.get_ref()).filter(|share| (0.0..=1.0).contains(share));
        self.expected(key, value, share, "a share from 0 to 1, such as `0.4`")
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, key: &'static str) -> Option<u32> {
        let value = self.take(key)?;
        let count =
            value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        self.expected(key, value, count.filter(|count| 1 <= *count), "a whole number of at least 1")
    }

    /// A span of time, in seconds: `"90s"`, `"30m"`, `"4h"`, `"1h30m"`, `"7d"`.
    pub(super) fn seconds(&mut self, key: &'static str) -> Option<u64> {
        let value = self.take(key)?;
        let seconds = value.get_ref().as_str().and_then(duration);
        self.expected(key, value, seconds, "a span of time such as `\"30m\"`, `\"4h\"` or `\"7d\"`")
    }

    /// A span of time, in whole days.
    pub(super) fn days(&mut self, key: &'static str) -> Option<u32> {
        let value = self.take(key)?;
        let days = value.get_ref().as_str().and_then(duration).map(|seconds| (seconds / 86_400) as u32);
        self.expected(
            key,
            value,
            days.filter(|days| 1 <= *days),
            "a span of at least a day, such as `\"180d\"`",
        )
    }

    /// A date.
    pub(super) fn date(&mut self, key: &'static str) -> Option<Date> {
        let value = self.take(key)?;
        let date = match value.get_ref() {
            DeValue::Datetime(time) => time.date.and_then(|date| {
                Date::new(i16::try_from(date.year).ok()?, date.month as i8, date.day as i8).ok()
            }),
            DeValue::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        self.expected(key, value, date, "a date such as `2027-03-01`")
    }

    /// A table.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Fields<'a>> {
        let value = self.take(key)?;
        let table = value.get_ref().as_table().map(|table| self.below(key, value, table));
        self.expected(key, value, table, &format!("a table: `[{}]`", self.path(key)))
    }

    /// An array of tables.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Fields<'a>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let wanted = format!("an array of tables: `[[{}]]`", self.path(key));
        let Some(items) = value.get_ref().as_array() else {
            return self.expected(key, value, None, &wanted).unwrap_or_default();
        };
        let table = |item: &'a Spanned<DeValue<'a>>| {
            let table = item.get_ref().as_table().map(|table| self.below(key, item, table));
            self.expected(key, item, table, &wanted)
        };
        items.iter().filter_map(table).collect()
    }

    /// The entries of a table whose keys are names, each with what `take` makes of it.
    pub(super) fn entries<T>(
        &mut self,
        key: &'static str,
        mut take: impl FnMut(&Entry<'a, '_>) -> Option<T>,
    ) -> Vec<(String, T)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            return self
                .expected(key, value, None, &format!("a table: `[{}]`", self.path(key)))
                .unwrap_or_default();
        };
        let entry = |(name, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &std::borrow::Cow<'a, str> = name.get_ref();
            let taken = take(&Entry { owner: self, key, name, value })?;
            Some((name.to_string(), taken))
        };
        table.iter().filter_map(entry).collect()
    }

    /// The line on which the table starts.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence::at(self.sink.file, self.start)
    }

    /// Reports something about the table as a whole.
    pub(super) fn error(&self, message: impl Into<String>) {
        self.error_at(self.start, message);
    }

    /// Reports every key that nobody took.
    pub(super) fn finish(self) {
        for key in self.table.keys().filter(|key| !self.taken.contains(&&**key.get_ref())) {
            let name = key.get_ref();
            let at = if self.name.is_empty() { "here".to_owned() } else { format!("in `{}`", self.name) };
            let hint = match nearest(name, self.taken.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let mut known = self.taken.clone();
                    known.sort_unstable();
                    format!("known keys are `{}`", known.join("`, `"))
                }
            };
            self.error_at(key.span().start, format!("`{name}` is not known {at}; {hint}"));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.taken.push(key);
        self.table.get(key)
    }

    fn below(&self, key: &str, value: &Spanned<DeValue<'_>>, table: &'a DeTable<'a>) -> Fields<'a> {
        Fields { table, name: self.path(key), start: value.span().start, taken: Vec::new(), sink: self.sink }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn one_of<T: Copy>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        word: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let found = words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let hint = match nearest(word, words.iter().map(|(known, _)| *known)) {
                Some(near) if !word.is_empty() => format!("did you mean `{near}`?"),
                _ => {
                    let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
                    format!("write one of `{}`", known.join("`, `"))
                }
            };
            let word = if word.is_empty() { value.get_ref().type_str() } else { word };
            self.error_at(
                value.span().start,
                format!("`{word}` is no value of `{}`; {hint}", self.path(key)),
            );
        }
        found
    }

    fn expected<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        got: Option<T>,
        wanted: &str,
    ) -> Option<T> {
        if got.is_none() {
            self.error_at(value.span().start, format!("`{}` has to be {wanted}", self.path(key)));
        }
        got
    }

    fn error_at(&self, offset: usize, message: impl Into<String>) {
        let location = self.sink.file.location(offset);
        self.sink.problems.borrow_mut().error(location, message);
    }
}

/// One entry of a table whose keys are names.
pub(super) struct Entry<'a, 'f> {
    owner: &'f Fields<'a>,
    key: &'static str,
    name: &'a str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Entry<'a, '_> {
    /// The entry's name.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// Its value as a table.
    pub(super) fn table(&self) -> Option<Fields<'a>> {
        let path = format!("{}.{}", self.key, self.name);
        let table = self.value.get_ref().as_table().map(|table| self.owner.below(&path, self.value, table));
        self.owner.expected(&path, self.value, table, &format!("a table: `[{}]`", self.owner.path(&path)))
    }

    /// Its value as a word of a closed set.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let path = format!("{}.{}", self.key, self.name);
        self.owner.one_of(&path, self.value, self.value.get_ref().as_str().unwrap_or_default(), words)
    }

    /// Its value as a text.
    pub(super) fn text(&self) -> Option<String> {
        let path = format!("{}.{}", self.key, self.name);
        let text = self.value.get_ref().as_str().map(str::to_owned);
        self.owner.expected(&path, self.value, text, "a text in quotes")
    }

    /// Reports that its name is not one of the known ones.
    pub(super) fn unknown_name(&self, what: &str, known: &[&str]) {
        let hint = nearest(self.name, known.iter().copied())
            .map_or_else(|| "see `linchpin rules`".to_owned(), |near| format!("did you mean `{near}`?"));
        self.owner.error_at(self.value.span().start, format!("there is no {what} `{}`; {hint}", self.name));
    }
}

/// The known word that is nearest to a misspelt one, if any is near.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let word = plain(word);
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .map(|known| (distance(&word, &plain(known)), known))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance of two short words; long ones are far.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if 64 < a.len() || 64 < b.len() {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(whole) => {
            i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|whole| whole as f64)
        }
        _ => None,
    }
}

/// Seconds of a text such as `1h30m`.
pub(super) fn duration(text: &str) -> Option<u64> {
    let mut seconds: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let each = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            'y' => 365 * 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(each)?)?;
        rest = rest[digits + unit.len_utf8()..].trim_start();
    }
    Some(seconds)
}
