//! The walk: `.gitignore` honoured, symlinks followed inside the root only, sizes bounded.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use super::left_out::left_out_folder;
use super::{DiscoverError, Options, join};
use crate::read::FORMATS;
use crate::source::{Skipped, SourceFile, is_text};

const MAX_DEPTH: usize = 64;

pub(super) fn walk(
    root: &Path,
    prefix: &str,
    options: &Options,
    files: &mut Vec<SourceFile>,
    skipped: &mut Vec<Skipped>,
) -> Result<(), DiscoverError> {
    let unreadable = |source| DiscoverError::Unreadable { path: root.display().to_string(), source };
    let home = root.canonicalize().map_err(unreadable)?;
    let metadata = fs::metadata(&home).map_err(unreadable)?;
    if metadata.is_file() {
        let name = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        open(&home, &join(prefix, &name), options, files, skipped);
        return Ok(());
    }
    fs::read_dir(&home).map_err(unreadable)?;
    let mut walk = Walk { home: &home, prefix, options, files, skipped, seen: BTreeSet::new(), bytes: 0 };
    for entry in builder(&home).build() {
        walk.entry(entry);
    }
    Ok(())
}

/// Opens a file that was named: the policy, or what it names.
///
/// # Errors
///
/// [`DiscoverError::Unreadable`] when it cannot be read.
pub fn open_named(path: &Path) -> Result<SourceFile, DiscoverError> {
    let bytes = fs::read(path)
        .map_err(|source| DiscoverError::Unreadable { path: path.display().to_string(), source })?;
    Ok(SourceFile::new(path.display().to_string(), &bytes))
}

fn builder(home: &Path) -> WalkBuilder {
    let mut builder = WalkBuilder::new(home);
    builder
        .hidden(false)
        .require_git(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .follow_links(false)
        .max_depth(Some(MAX_DEPTH))
        .add_custom_ignore_filename(".linchpinignore")
        .sort_by_file_name(|a, b| a.cmp(b))
        .filter_entry(|entry| !is_version_control(entry));
    builder
}

fn is_version_control(entry: &DirEntry) -> bool {
    matches!(entry.file_name().to_str(), Some(".git" | ".hg" | ".svn" | "node_modules" | ".terraform"))
}

struct Walk<'a> {
    home: &'a Path,
    prefix: &'a str,
    options: &'a Options,
    files: &'a mut Vec<SourceFile>,
    skipped: &'a mut Vec<Skipped>,
    /// Targets of symlinks, so that each is followed once.
    seen: BTreeSet<PathBuf>,
    bytes: u64,
}

impl Walk<'_> {
    fn entry(&mut self, entry: Result<DirEntry, ignore::Error>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return self.skip_error(&error),
        };
        let Some(kind) = entry.file_type() else { return };
        let path = self.relative(entry.path());
        if kind.is_symlink() {
            self.link(entry.path(), &path);
        } else if kind.is_file() {
            self.file(entry.path(), &path);
        }
    }

    /// A symlink to a file inside the root is opened under its own name; anything else is left out, since a
    /// folder inside the root is walked where it is.
    fn link(&mut self, link: &Path, path: &str) {
        match link.canonicalize() {
            Err(_) => self.skip(path, "symlink that leads nowhere"),
            Ok(target) if !target.starts_with(self.home) => self.skip(path, "symlink out of the root"),
            Ok(target) if target.is_dir() => {}
            Ok(target) => {
                if self.seen.insert(target.clone()) {
                    self.file(&target, path);
                } else {
                    self.skip(path, "symlink to a file that was followed already");
                }
            }
        }
    }

    fn file(&mut self, file: &Path, path: &str) {
        let is_policy = path.rsplit('/').next() == Some(super::POLICY);
        if !is_policy && !FORMATS.iter().any(|format| format.wants(path)) {
            return;
        }
        if self.bytes > self.options.max_total_bytes {
            return self.skip(path, "more input than the limit of all files together");
        }
        let before = self.files.len();
        open(file, path, self.options, self.files, self.skipped);
        if let Some(opened) = self.files.get(before) {
            self.bytes += opened.text().len() as u64;
        }
    }

    fn skip(&mut self, path: &str, reason: &str) {
        // What stands in a folder that is left out anyway is not worth a line of its own.
        if left_out_folder(path).is_none() {
            self.skipped.push(Skipped { path: path.into(), reason: reason.to_owned() });
        }
    }

    fn skip_error(&mut self, error: &ignore::Error) {
        let text = error.to_string().replace(&self.home.display().to_string(), ".");
        self.skipped.push(Skipped { path: ".".into(), reason: text });
    }

    fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.home).unwrap_or(path);
        let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        join(self.prefix, &parts.join("/"))
    }
}

fn open(file: &Path, path: &str, options: &Options, files: &mut Vec<SourceFile>, skipped: &mut Vec<Skipped>) {
    let mut skip = |reason: String| skipped.push(Skipped { path: path.into(), reason });
    let handle = match fs::File::open(file) {
        Ok(handle) => handle,
        Err(error) => return skip(format!("cannot be opened: {}", error.kind())),
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that grew while it was read.
    match handle.take(options.max_file_bytes + 1).read_to_end(&mut bytes) {
        Err(error) => skip(format!("cannot be read: {}", error.kind())),
        Ok(size) if size as u64 > options.max_file_bytes => {
            skip(format!("larger than {} MiB", options.max_file_bytes >> 20));
        }
        Ok(_) if !is_text(&bytes) => skip("not text".to_owned()),
        Ok(_) => files.push(SourceFile::new(path, &bytes)),
    }
}
