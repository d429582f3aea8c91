//! Where output goes: standard output, its width and colours, and progress on standard error.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use crate::report::text::terminal as safe;
use crate::report::{Length, Options, Paint};

const WIDTH_OF_PIPES: usize = 80;

/// Standard output and what is known about it.
pub(super) struct Terminal {
    width: usize,
    paint: Paint,
    progress: Progress,
}

/// Whether progress is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Shown,
    Silent,
}

impl Terminal {
    /// Looks at the process's standard streams, `COLUMNS`, `NO_COLOR` and `CLICOLOR_FORCE`.
    pub(super) fn of_process() -> Self {
        let colour = anstream::AutoStream::choice(&io::stdout());
        Terminal {
            width: width(),
            paint: if colour == anstream::ColorChoice::Never { Paint::Plain } else { Paint::Colour },
            progress: if io::stderr().is_terminal() { Progress::Shown } else { Progress::Silent },
        }
    }

    /// How to write a report here.
    pub(super) fn options(&self, length: Length) -> Options {
        Options { width: self.width, paint: self.paint, length }
    }

    /// Writes to standard output.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        write(&mut out)?;
        out.flush()
    }

    /// Says one line on standard error; nobody is left to tell when that is closed.
    pub(super) fn say(&mut self, line: &str) {
        drop(writeln!(io::stderr().lock(), "{}", safe(line)));
    }

    /// Shows a line while the work goes on, on a terminal only.
    pub(super) fn during<T>(&mut self, what: &str, work: impl FnOnce() -> T) -> T {
        self.progress_line(what);
        let result = work();
        self.progress_line("");
        result
    }

    fn progress_line(&self, what: &str) {
        if self.progress == Progress::Shown {
            let mut err = io::stderr().lock();
            drop(write!(err, "\r\u{1b}[K{what}").and_then(|()| err.flush()));
        }
    }
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse::<usize>().ok());
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let is_terminal = io::stdout().is_terminal();
    let asked = if is_terminal { of_terminal().or(columns) } else { columns };
    asked.unwrap_or(WIDTH_OF_PIPES).clamp(20, 1_000)
}
