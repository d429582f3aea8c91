//! The answers of one run: none, those of a recording, or those of a resolver.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::answers::Answers;
use super::recording::{self, RecordingError};
use super::walk::Names;
use super::{Lookups, Options};
use crate::source::{Location, Problems};

/// What keeps names from being looked up as was asked.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A recording cannot be read.
    #[error("failed to read the DNS recording `{path}`: {source}; make one with `--dns record={path}`")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no recording.
    #[error("failed to read the DNS recording `{path}`: {source}")]
    Recording {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: RecordingError,
    },
    /// A recording cannot be written.
    #[error("failed to write the DNS recording `{path}`: {source}")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The build has no live look-ups.
    #[error(
        "failed to look names up: this build has no live DNS; build it with the feature `dns`, or use `--dns replay=FILE`"
    )]
    NoLive,
    /// No resolver is known, or none can be asked.
    #[error("failed to look names up: {message}; name a resolver with `--resolver ADDRESS`")]
    Resolver {
        /// Why.
        message: String,
    },
}

/// The answers of a run; none when look-ups are off.
///
/// # Errors
///
/// Every variant of [`ResolveError`]; that single names have no answer is none.
pub fn answers(options: &Options, names: &Names) -> Result<Option<Answers>, ResolveError> {
    match &options.lookups {
        Lookups::AsSet | Lookups::Off => Ok(None),
        Lookups::Replay(path) => read(path).map(|(answers, _)| Some(answers)),
        Lookups::Live => ask(options, names, Answers::new(), None).map(Some),
        Lookups::Record(path) => {
            let begun = match path.exists() {
                true => read(path).ok().filter(|(_, extent)| *extent == recording::Extent::InPart),
                false => None,
            };
            let begun = begun.map(|(answers, _)| answers).unwrap_or_default();
            ask(options, names, begun, Some(path)).map(Some)
        }
    }
}

fn read(path: &Path) -> Result<(Answers, recording::Extent), ResolveError> {
    let text = std::fs::read(path).map_err(|source| ResolveError::Read { path: shown(path), source })?;
    let text = String::from_utf8_lossy(&text);
    recording::parse(&text).map_err(|source| ResolveError::Recording { path: shown(path), source })
}

/// Leaves out the answers from before a day, and says so: what they told may have changed since.
pub fn leave_out_older(answers: &mut Answers, oldest: Option<Date>) -> Problems {
    let mut problems = Problems::new();
    let Some(oldest) = oldest else { return problems };
    let day = |answer: &super::Answer| answer.at.to_zoned(TimeZone::UTC).date();
    let all = answers.len();
    answers.retain(|_, answer| oldest <= day(answer));
    let left = all - answers.len();
    if 0 < left {
        let location = Location { path: super::FORMAT.into(), line: 1, column: 1 };
        problems.warning(
            location,
            format!("{left} of {all} DNS answers are from before {oldest} and were left out (`max-dns-age`)"),
        );
    }
    problems
}

#[cfg(feature = "dns")]
fn ask(
    options: &Options,
    names: &Names,
    mut answers: Answers,
    record: Option<&PathBuf>,
) -> Result<Answers, ResolveError> {
    use super::recording::Extent;
    let live = super::live::Live::new(options)?;
    let asks_servers = options.servers != super::Servers::Unasked;
    // Answers that say nothing are worth another try when a recording is gone on with.
    answers.retain(|_, answer| answer.outcome.is_conclusive());
    loop {
        let open = super::questions(names, &answers).into_iter();
        let open: Vec<_> = open.filter(|question| question.server.is_none() || asks_servers).collect();
        if open.is_empty() {
            break;
        }
        // The whole is written each time, so the more there is, the more has to be new.
        for part in open.chunks(BETWEEN_SAVES.max(answers.len() / 4)) {
            for (question, answer) in live.ask(part) {
                answers.insert(question, answer);
            }
            save(record, &answers, Extent::InPart)?;
        }
    }
    save(record, &answers, Extent::Complete)?;
    Ok(answers)
}

/// How many questions may have to be asked again after an interruption.
#[cfg(feature = "dns")]
const BETWEEN_SAVES: usize = 20_000;

#[cfg(feature = "dns")]
fn save(path: Option<&PathBuf>, answers: &Answers, extent: recording::Extent) -> Result<(), ResolveError> {
    let Some(path) = path else { return Ok(()) };
    let failed = |source| ResolveError::Write { path: shown(path), source };
    // A file that is half written would be no recording: the whole replaces the old one at once.
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    std::fs::write(&beside, recording::write(answers, extent)).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

#[cfg(not(feature = "dns"))]
fn ask(_: &Options, _: &Names, _: Answers, _: Option<&PathBuf>) -> Result<Answers, ResolveError> {
    Err(ResolveError::NoLive)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
