//! Finding the files of an organization and deciding which of them describe what it runs.
//!
//! This stage does the reading from disk; everything below works on the [`Tree`] it returns.

mod environments;
mod left_out;
mod revision;
mod walk;

use std::path::{Path, PathBuf};

use crate::read::{FORMATS, Format};
use crate::source::{Skipped, SourceFile, Tree};

pub use environments::FolderEnvironments;
pub use left_out::left_out_folder;
pub use revision::{RevisionError, discover_revision};
pub use walk::open_named;

/// What to look at, and how much of it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether test, example, development and archived folders are read too.
    pub include_left_out: bool,
    /// Files larger than this are left out, in bytes.
    pub max_file_bytes: u64,
    /// Reading stops after this many bytes in all.
    pub max_total_bytes: u64,
    /// Another policy than the `linchpin.toml` of the first root.
    pub policy: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options { include_left_out: false, max_file_bytes: 32 << 20, max_total_bytes: 1 << 30, policy: None }
    }
}

/// The files of a scan, and which format has which.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Every file that was opened.
    pub tree: Tree,
    /// For each format that claimed any: its place in [`FORMATS`] and the paths, in order.
    pub claims: Vec<Claim>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// The organization's policy, if there is one.
    pub policy: Option<SourceFile>,
}

/// The files that one format claimed.
pub struct Claim {
    /// The format.
    pub format: &'static dyn Format,
    /// Paths relative to the root, in order.
    pub paths: Vec<String>,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim").field("format", &self.format.name()).field("paths", &self.paths).finish()
    }
}

/// A root that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The path does not exist or may not be read.
    #[error("failed to open `{path}`: {source}; give the path of a folder or file that exists")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Walks the roots and opens what a format may want.
///
/// With several roots, the name of each root's folder stands before the paths in it.
///
/// # Errors
///
/// [`DiscoverError::Unreadable`] when a root cannot be looked at; anything below a root is skipped instead.
pub fn discover(roots: &[PathBuf], options: &Options) -> Result<Discovery, DiscoverError> {
    let mut files = Vec::new();
    let mut skipped = Vec::new();
    let prefixes = root_prefixes(roots);
    for (root, prefix) in roots.iter().zip(&prefixes) {
        walk::walk(root, prefix, options, &mut files, &mut skipped)?;
    }
    files.sort_by(|a: &SourceFile, b| a.path().cmp(b.path()));
    let mut discovery = sort_out(files, skipped, options);
    discovery.policy = match &options.policy {
        Some(path) => Some(walk::open_named(path)?),
        None => discovery.tree.files().find(|file| is_policy(file.path(), &prefixes)).cloned(),
    };
    Ok(discovery)
}

/// The policy's name in a root.
pub const POLICY: &str = "linchpin.toml";

fn is_policy(path: &str, prefixes: &[String]) -> bool {
    path.strip_suffix(POLICY)
        .is_some_and(|folder| prefixes.iter().any(|prefix| folder.trim_end_matches('/') == prefix))
}

/// Sorts opened files into formats; what stands in a left-out folder is kept only on request, or when there
/// is nothing else to read.
pub fn sort_out(files: Vec<SourceFile>, mut skipped: Vec<Skipped>, options: &Options) -> Discovery {
    let tree = Tree::new(files);
    let mut claimed: Vec<(usize, &SourceFile)> = Vec::new();
    for file in tree.files() {
        let format =
            FORMATS.iter().position(|format| format.wants(file.path()) && format.claims(file, &tree));
        claimed.extend(format.map(|format| (format, file)));
    }
    let left_out = |file: &SourceFile| left_out_folder(file.folder());
    let describes = |&(format, file): &(usize, &SourceFile)| {
        FORMATS[format].describes_deployment() && left_out(file).is_none()
    };
    let keep_all = options.include_left_out || !claimed.iter().any(describes);
    let mut claims: Vec<Claim> =
        FORMATS.iter().map(|format| Claim { format: *format, paths: Vec::new() }).collect();
    for (format, file) in claimed {
        match left_out(file) {
            Some(reason) if !keep_all => {
                skipped.push(Skipped { path: file.path().clone(), reason: reason.to_owned() });
            }
            _ => claims[format].paths.push(file.path().to_string()),
        }
    }
    claims.retain(|claim| !claim.paths.is_empty());
    skipped.sort();
    Discovery { tree, claims, skipped, policy: None }
}

fn join(prefix: &str, path: &str) -> String {
    if prefix.is_empty() { path.to_owned() } else { format!("{prefix}/{path}") }
}

fn root_prefixes(roots: &[PathBuf]) -> Vec<String> {
    if roots.len() == 1 {
        return vec![String::new()];
    }
    let mut prefixes: Vec<String> = Vec::new();
    for root in roots {
        let name = folder_name(root);
        let mut prefix = name.clone();
        let mut number = 2;
        while prefixes.contains(&prefix) {
            prefix = format!("{name}-{number}");
            number += 1;
        }
        prefixes.push(prefix);
    }
    prefixes
}

/// The name of a folder, also of `.` and `..`.
pub fn folder_name(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    absolute.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
}
