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
    /// The build cannot ask over TLS.
    #[error(
        "failed to look names up: this build cannot ask a resolver over TLS; build it with the feature `dns-tls`, or name a resolver without `tls://`"
    )]
    NoTls,
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
    let live = super::live::Live::new(options)?;
    let asks_servers = options.servers != super::Servers::Unasked;
    // Answers that say nothing are worth another try when a recording is gone on with.
    answers.retain(|_, answer| answer.outcome.is_conclusive());
    let mut keeper = Keeper::new(record);
    loop {
        let open = super::questions(names, &answers).into_iter();
        let open: Vec<_> = open.filter(|question| question.server.is_none() || asks_servers).collect();
        if open.is_empty() {
            break;
        }
        for part in open.chunks(BETWEEN_SAVES) {
            let answered = live.ask(part);
            keeper.add(&answers, &answered)?;
            for (question, answer) in answered {
                answers.insert(question, answer);
            }
        }
    }
    keeper.finish(&answers)?;
    Ok(answers)
}

/// How many questions may have to be asked again after an interruption.
#[cfg(feature = "dns")]
const BETWEEN_SAVES: usize = 20_000;

/// Keeps answers in a file, if they are to be kept: as they come, and in order when all have come.
#[cfg(feature = "dns")]
struct Keeper<'a> {
    path: Option<&'a PathBuf>,
    file: Option<std::fs::File>,
}

#[cfg(feature = "dns")]
impl<'a> Keeper<'a> {
    fn new(path: Option<&'a PathBuf>) -> Self {
        Keeper { path, file: None }
    }

    /// Adds answers to what is kept; before the first of them stand those that were there before.
    fn add(
        &mut self,
        before: &Answers,
        answered: &[(super::Question, super::Answer)],
    ) -> Result<(), ResolveError> {
        use std::io::Write as _;
        let Some(path) = self.path else { return Ok(()) };
        let failed = |source| ResolveError::Write { path: shown(path), source };
        let text = recording::batch(answered.iter().map(|(question, answer)| (question.asked(), answer)));
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                replace(path, &recording::write(before, recording::Extent::InPart)).map_err(failed)?;
                let file = std::fs::OpenOptions::new().append(true).open(path).map_err(failed)?;
                self.file.insert(file)
            }
        };
        file.write_all(text.as_bytes()).map_err(failed)
    }

    fn finish(self, answers: &Answers) -> Result<(), ResolveError> {
        let Some(path) = self.path else { return Ok(()) };
        let failed = |source| ResolveError::Write { path: shown(path), source };
        replace(path, &recording::write(answers, recording::Extent::Complete)).map_err(failed)
    }
}

/// A file that is half written would be no recording: the whole replaces the old one at once.
#[cfg(feature = "dns")]
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

#[cfg(not(feature = "dns"))]
fn ask(_: &Options, _: &Names, _: Answers, _: Option<&PathBuf>) -> Result<Answers, ResolveError> {
    Err(ResolveError::NoLive)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
