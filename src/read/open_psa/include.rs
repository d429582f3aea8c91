//! The files of a model: those that were given, and those that they include.

use super::document::Document;
use crate::source::{Problems, SourceFile};

/// Files that one model may include, directly or not.
const INCLUDES: usize = 1_000;

/// The given files, then those that they include, directly or not, each once.
pub(super) fn with_included(
    files: Vec<SourceFile>,
    include: &mut dyn FnMut(&SourceFile, &str) -> Result<SourceFile, String>,
    problems: &mut Problems,
) -> Vec<SourceFile> {
    let mut all: Vec<SourceFile> = files;
    let mut next = 0;
    let given = all.len();
    while next < all.len() {
        let mut found = Vec::new();
        // Most models include nothing: those are parsed once.
        let may_include = all[next].text().contains("<include");
        if let Some(document) =
            may_include.then(|| Document::parse(&all[next], &mut Problems::new())).flatten()
        {
            for element in document.elements.iter().filter(|element| element.name == "include") {
                let place = document.file.location(element.offset);
                let Some(name) = element.attribute("file").or_else(|| element.attribute("href")) else {
                    problems.error(place, "`include` names no file: give it a `file`");
                    continue;
                };
                match include(&all[next], name) {
                    Ok(file) => found.push((place, file)),
                    Err(reason) => problems.error(place, format!("failed to include `{name}`: {reason}")),
                }
            }
        }
        for (place, file) in found {
            if all.iter().any(|known| known.path() == file.path()) {
                continue;
            }
            if all.len() >= given + INCLUDES {
                problems.error(place, format!("more than {INCLUDES} files are included"));
                return all;
            }
            all.push(file);
        }
        next += 1;
    }
    all
}
