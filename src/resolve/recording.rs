//! Recordings: answers as text, one record a line, sorted, so that two of them can be compared with `diff`.
//!
//! ```text
//! # linchpin dns recording 1
//! www.example.com A NOERROR 2026-11-22T10:00:00Z 192.0.2.53:53
//!   www.example.com 300 CNAME d1.cloudfront.net
//! gone.example.com A NXDOMAIN 2026-11-22T10:00:00Z 192.0.2.53:53
//! ```
//!
//! A name server that was asked itself stands behind an `@`:
//!
//! ```text
//! example.com SOA REFUSED 2026-11-22T10:00:00Z @198.51.100.1
//! ```
//!
//! A recording that was interrupted says so in its first line and is gone on with when it is recorded again. Until it is whole
//! it holds answers in the order in which they came, in batches that each end in a line of their own.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::answers::{Answer, Answers, Asked, Outcome, Question, Record, RecordType, clean_name};

const COMPLETE: &str = "# linchpin dns recording 1";
const IN_PART: &str = "# linchpin dns recording 1 (in part)";
const BATCH: &str = "# so far";

/// Whether a recording holds all that was to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every question was answered.
    Complete,
    /// It was interrupted.
    InPart,
}

/// A recording that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct RecordingError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and the way out.
    pub message: String,
}

/// Writes answers; the same answers give the same bytes.
pub fn write(answers: &Answers, extent: Extent) -> String {
    let mut text = String::new();
    text.push_str(if extent == Extent::Complete { COMPLETE } else { IN_PART });
    text.push('\n');
    add(&mut text, answers.iter());
    if extent == Extent::InPart {
        text.push_str(BATCH);
        text.push('\n');
    }
    text
}

/// Answers to append to a recording that was made in part, as one batch: of one that is written by half nothing is read.
pub fn batch<'a>(answers: impl Iterator<Item = (Asked<'a>, &'a Answer)>) -> String {
    let mut text = String::new();
    add(&mut text, answers);
    text.push_str(BATCH);
    text.push('\n');
    text
}

fn add<'a>(text: &mut String, answers: impl Iterator<Item = (Asked<'a>, &'a Answer)>) {
    // Answers come by the thousand in a second, of which writing out a time would be the most work.
    let mut time = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH.to_string());
    for (asked, answer) in answers {
        if time.0 != answer.at {
            time = (answer.at, answer.at.to_string());
        }
        for word in [asked.name, asked.kind.word(), answer.outcome.word(), &time.1] {
            text.push_str(word);
            text.push(' ');
        }
        match asked.server {
            // Writing to a string does not fail.
            Some(server) => _ = write!(text, "@{server}"),
            None => text.push_str(&answer.resolver),
        }
        text.push('\n');
        for record in answer.outcome.records() {
            let _ = writeln!(text, "  {} {} {} {}", record.name, record.ttl, record.kind, record.data);
        }
    }
}

/// Reads a recording.
///
/// # Errors
///
/// [`RecordingError`] at the first line that no recording has.
pub fn parse(text: &str) -> Result<(Answers, Extent), RecordingError> {
    let extent = match text.lines().next().map(str::trim_end) {
        Some(COMPLETE) => Extent::Complete,
        Some(IN_PART) => Extent::InPart,
        _ => return Err(wrong(0, format!("the first line has to be `{COMPLETE}`"))),
    };
    let text = if extent == Extent::InPart { whole_batches(text) } else { text };
    let mut answers = Answers::new();
    let mut open: Option<(Question, Answer)> = None;
    let mut resolver: Arc<str> = "".into();
    for (number, line) in text.lines().enumerate().skip(1) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix("  ") {
            let record = record(rest).ok_or_else(|| wrong(number, "a record is `NAME TTL TYPE DATA`"))?;
            match open.as_mut().map(|(_, answer)| &mut answer.outcome) {
                Some(Outcome::Records(records)) => records.push(record),
                _ => return Err(wrong(number, "a record has to stand below a question with NOERROR")),
            }
        } else {
            if let Some((question, answer)) = open.take() {
                answers.insert(question, answer);
            }
            let head = head(line, &mut resolver)
                .ok_or_else(|| wrong(number, "a question is `NAME TYPE OUTCOME TIME RESOLVER`"))?;
            open = Some(head);
        }
    }
    if let Some((question, answer)) = open {
        answers.insert(question, answer);
    }
    Ok((answers, extent))
}

/// The part up to the last batch that is whole; all of it where there are no batches.
fn whole_batches(text: &str) -> &str {
    let line = format!("\n{BATCH}\n");
    text.rfind(&line).map_or(text, |end| &text[..end + 1])
}

/// A question with its answer, by the same resolver as the one before where they are the same.
fn head(line: &str, before: &mut Arc<str>) -> Option<(Question, Answer)> {
    let mut words = line.split_whitespace();
    let mut question = Question::new(words.next()?, RecordType::parse(words.next()?)?);
    let outcome = match words.next()? {
        "NOERROR" => Outcome::Records(Vec::new()),
        word => Outcome::parse_negative(word)?,
    };
    let at = words.next()?.parse().ok()?;
    let mut resolver = words.next()?;
    if let Some(server) = resolver.strip_prefix('@') {
        question = question.to(server.parse().ok()?);
        resolver = server;
    }
    if **before != *resolver {
        *before = resolver.into();
    }
    let resolver = Arc::clone(before);
    (words.next().is_none() && is_written_so(&question.name))
        .then_some((question, Answer { outcome, at, resolver }))
}

/// Whether a name stays what it is when it is written and read again: `＃` becomes the sign of a comment, and of letters
/// that have no ASCII form some are another name's in lower case.
fn is_written_so(name: &str) -> bool {
    !name.starts_with('#') && (name.is_ascii() || clean_name(name) == name)
}

fn record(line: &str) -> Option<Record> {
    let mut words = line.splitn(4, ' ');
    let name = words.next()?.to_owned();
    let ttl = words.next()?.parse().ok()?;
    let kind = RecordType::parse(words.next()?)?;
    // A line may end like those of other systems, and more than once.
    let data = words.next().unwrap_or("").trim_end_matches('\r').to_owned();
    (!name.is_empty()).then_some(Record { name, kind, data, ttl })
}

fn wrong(number: usize, message: impl Into<String>) -> RecordingError {
    RecordingError { line: number + 1, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# linchpin dns recording 1
example.com SOA NOERROR 2026-11-22T10:00:01Z 192.0.2.53:53
  example.com 300 SOA ns1.example.com hostmaster.example.com 1
example.com SOA REFUSED 2026-11-22T10:00:01Z @198.51.100.1
example.com SOA UNASKED 2026-11-22T10:00:01Z @2001:db8::1
gone.example.com A NXDOMAIN 2026-11-22T10:00:00Z 192.0.2.53:53
www.example.com A NOERROR 2026-11-22T10:00:01Z 192.0.2.53:53
  d1.cloudfront.net 60 A 198.18.0.1
  www.example.com 300 CNAME d1.cloudfront.net
www.example.com TXT NOERROR 2026-11-22T10:00:01Z 192.0.2.53:53
  www.example.com 300 TXT v=spf1  -all
";

    #[test]
    fn a_recording_is_read_and_written_byte_for_byte() {
        let (answers, extent) = parse(TEXT).unwrap();
        assert_eq!((answers.len(), extent), (6, Extent::Complete));
        assert_eq!(write(&answers, extent), TEXT);
    }

    #[test]
    fn a_batch_that_was_written_by_half_is_not_read() {
        let (answers, _) = parse(TEXT).unwrap();
        let begun = write(&Answers::new(), Extent::InPart);
        let whole = begun.clone() + &batch(answers.iter());
        assert_eq!(parse(&whole).unwrap(), (answers, Extent::InPart));
        for end in begun.len()..whole.len() {
            assert_eq!(parse(&whole[..end]).unwrap().0.len(), 0, "{}", &whole[..end]);
        }
    }

    #[test]
    fn the_order_of_records_and_the_ends_of_lines_do_not_matter() {
        let mut lines: Vec<&str> = TEXT.lines().collect();
        lines.swap(7, 8);
        for ending in ["\n", "\r\n", "\r\r\n"] {
            let (answers, _) = parse(&lines.join(ending)).unwrap();
            assert_eq!(write(&answers, Extent::Complete), TEXT);
        }
    }

    #[test]
    fn what_is_no_recording_is_said_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("$ORIGIN x.", 1),
            ("# linchpin dns recording 1\n  a 1 A 192.0.2.1", 2),
            ("# linchpin dns recording 1\na A NOERROR yesterday 192.0.2.1", 2),
            ("# linchpin dns recording 1\na A NXDOMAIN 2026-11-22T10:00:00Z x\n  a 1 A 192.0.2.1", 3),
            ("# linchpin dns recording 1\na A NOERROR 2026-11-22T10:00:00Z x\n  a b A 192.0.2.1", 3),
            ("# linchpin dns recording 1\na SOA REFUSED 2026-11-22T10:00:00Z @ns1.example.com", 2),
            ("# linchpin dns recording 1\n\u{ff03}a A NXDOMAIN 2026-11-22T10:00:00Z x", 2),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
