//! The files of a git revision, read from the repository's objects: the working copy is not touched and no git
//! program is needed.

use std::path::PathBuf;

use super::{Discovery, Options};

/// What keeps a revision from being read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// A root is in no repository.
    #[error(
        "failed to read revision `{revision}`: `{path}` is in no git working copy; give a saved scan instead (`--baseline FILE`, written by `linchpin scan --output json=FILE`)"
    )]
    NoRepository {
        /// The root.
        path: String,
        /// The revision.
        revision: String,
    },
    /// The revision is not there.
    #[error("failed to find revision `{revision}`{hint}")]
    Unknown {
        /// The revision as given.
        revision: String,
        /// What to do.
        hint: String,
    },
    /// Objects cannot be read.
    #[error("failed to read revision `{revision}`: {message}")]
    Unreadable {
        /// The revision as given.
        revision: String,
        /// What went wrong.
        message: String,
    },
    /// This program cannot read git.
    #[error(
        "failed to read revision `{revision}`: this linchpin was built without the feature `git`; give a saved scan"
    )]
    NotBuilt {
        /// The revision as given.
        revision: String,
    },
}

/// The files that the roots had in a revision, and the revision's short id.
///
/// # Errors
///
/// [`RevisionError`] when there is no repository, no such revision (a shallow clone is explained), or its objects
/// cannot be read.
#[cfg(not(feature = "git"))]
pub fn discover_revision(
    _roots: &[PathBuf],
    revision: &str,
    _options: &Options,
) -> Result<(Discovery, String), RevisionError> {
    Err(RevisionError::NotBuilt { revision: revision.to_owned() })
}

#[cfg(feature = "git")]
pub use git::discover_revision;

#[cfg(feature = "git")]
mod git {
    use std::collections::BTreeMap;
    use std::path::Path;

    use ignore::gitignore::{Gitignore, GitignoreBuilder};

    use super::{Discovery, Options, PathBuf, RevisionError};
    use crate::discover::{is_policy, join, left_out_folder, root_prefixes, sort_out};
    use crate::read::FORMATS;
    use crate::source::{Skipped, SourceFile, is_text};

    const MAX_DEPTH: usize = 64;
    const MOST_LINKS: usize = 8;

    /// The files that the roots had in a revision, and the revision's short id.
    ///
    /// # Errors
    ///
    /// [`RevisionError`] when there is no repository, no such revision (a shallow clone is explained), or its
    /// objects cannot be read.
    pub fn discover_revision(
        roots: &[PathBuf],
        revision: &str,
        options: &Options,
    ) -> Result<(Discovery, String), RevisionError> {
        let prefixes = root_prefixes(roots);
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        let mut name = String::new();
        for (root, prefix) in roots.iter().zip(&prefixes) {
            let opened = Opened::of(root, revision)?;
            name.clone_from(&opened.name);
            opened.read(prefix, options, &mut files, &mut skipped)?;
        }
        files.sort_by(|a: &SourceFile, b| a.path().cmp(b.path()));
        let mut discovery = sort_out(files, skipped, options);
        discovery.policy = discovery.tree.files().find(|file| is_policy(file.path(), &prefixes)).cloned();
        Ok((discovery, name))
    }

    /// A root's repository at a revision.
    struct Opened {
        repository: gix::Repository,
        tree: gix::ObjectId,
        /// The root relative to the repository, with `/` between its parts.
        inside: String,
        revision: String,
        name: String,
    }

    #[derive(Clone, Copy)]
    struct Blob {
        id: gix::ObjectId,
        is_link: bool,
    }

    impl Opened {
        fn of(root: &Path, revision: &str) -> Result<Self, RevisionError> {
            let none = || RevisionError::NoRepository {
                path: root.display().to_string(),
                revision: revision.to_owned(),
            };
            let home = root.canonicalize().map_err(|_| none())?;
            let folder = if home.is_dir() { home.as_path() } else { home.parent().ok_or_else(none)? };
            let repository = gix::discover(folder).map_err(|_| none())?;
            let workdir = repository.workdir().and_then(|path| path.canonicalize().ok()).ok_or_else(none)?;
            let inside = home.strip_prefix(&workdir).map_err(|_| none())?;
            let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            let inside = parts.join("/");
            let (name, tree) = {
                let unknown = || RevisionError::Unknown {
                    revision: revision.to_owned(),
                    hint: hint(&repository, revision),
                };
                let id = repository.rev_parse_single(revision).map_err(|_| unknown())?;
                let tree = id.object().map_err(|_| unknown())?.peel_to_tree().map_err(|_| unknown())?;
                (id.to_hex_with_len(8).to_string(), tree.id().detach())
            };
            Ok(Opened { repository, tree, inside, revision: revision.to_owned(), name })
        }

        fn unreadable(&self, message: impl std::fmt::Display) -> RevisionError {
            RevisionError::Unreadable { revision: self.revision.clone(), message: message.to_string() }
        }

        fn read(
            &self,
            prefix: &str,
            options: &Options,
            files: &mut Vec<SourceFile>,
            skipped: &mut Vec<Skipped>,
        ) -> Result<(), RevisionError> {
            let blobs = self.blobs()?;
            let ignored = self.ignored(&blobs)?;
            let mut bytes = 0;
            for (path, blob) in &blobs {
                let shown = join(prefix, path);
                let wanted =
                    is_policy(&shown, &[prefix.to_owned()]) || FORMATS.iter().any(|one| one.wants(&shown));
                if !wanted || is_ignored(&ignored, path) {
                    continue;
                }
                let mut skip = |reason: String| {
                    if left_out_folder(&shown).is_none() {
                        skipped.push(Skipped { path: shown.as_str().into(), reason });
                    }
                };
                let Some(blob) = self.followed(path, *blob, &blobs)? else {
                    skip("symlink that leads nowhere".to_owned());
                    continue;
                };
                let size = self.repository.find_header(blob).map_err(|error| self.unreadable(error))?.size();
                if options.max_file_bytes < size {
                    skip(format!("larger than {} MiB", options.max_file_bytes >> 20));
                    continue;
                }
                if options.max_total_bytes < bytes {
                    skip("more input than the limit of all files together".to_owned());
                    continue;
                }
                let data = self.data(blob)?;
                bytes += data.len() as u64;
                if !is_text(&data) {
                    skip("not text".to_owned());
                } else {
                    files.push(SourceFile::new(shown, &data));
                }
            }
            Ok(())
        }

        /// The blobs under the root, by path relative to it; a root that is a file is its only one.
        fn blobs(&self) -> Result<BTreeMap<String, Blob>, RevisionError> {
            let mut blobs = BTreeMap::new();
            let mut open = vec![(self.tree, String::new(), 0)];
            while let Some((id, folder, depth)) = open.pop() {
                let tree = self.repository.find_tree(id).map_err(|error| self.unreadable(error))?;
                for entry in tree.iter() {
                    let entry = entry.map_err(|error| self.unreadable(error))?;
                    let name = entry.filename().to_string();
                    let path = join(&folder, &name);
                    let mode = entry.mode();
                    if mode.is_tree() {
                        let is_on_the_way =
                            under(&self.inside, &path).is_some() || under(&path, &self.inside).is_some();
                        let is_ours =
                            !matches!(name.as_str(), ".git" | ".hg" | ".svn" | "node_modules" | ".terraform");
                        if is_on_the_way && is_ours && depth < MAX_DEPTH {
                            open.push((entry.object_id(), path, depth + 1));
                        }
                    } else if mode.is_blob_or_symlink()
                        && let Some(path) = under(&path, &self.inside)
                    {
                        let path = if path.is_empty() { name } else { path.to_owned() };
                        blobs.insert(path, Blob { id: entry.object_id(), is_link: mode.is_link() });
                    }
                }
            }
            Ok(blobs)
        }

        /// What a symlink leads to within the root.
        fn followed(
            &self,
            path: &str,
            blob: Blob,
            blobs: &BTreeMap<String, Blob>,
        ) -> Result<Option<gix::ObjectId>, RevisionError> {
            let (mut at, mut blob) = (path.to_owned(), blob);
            for _ in 0..MOST_LINKS {
                if !blob.is_link {
                    return Ok(Some(blob.id));
                }
                let target = String::from_utf8_lossy(&self.data(blob.id)?).into_owned();
                let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
                let Some(next) = crate::source::Tree::resolve(folder, &target) else { return Ok(None) };
                let Some(found) = blobs.get(&next) else { return Ok(None) };
                (at, blob) = (next, *found);
            }
            Ok(None)
        }

        fn data(&self, id: gix::ObjectId) -> Result<Vec<u8>, RevisionError> {
            let mut object = self.repository.find_object(id).map_err(|error| self.unreadable(error))?;
            Ok(std::mem::take(&mut object.data))
        }

        /// The ignore files by folder, the stronger ones first.
        fn ignored(
            &self,
            blobs: &BTreeMap<String, Blob>,
        ) -> Result<BTreeMap<String, Vec<Gitignore>>, RevisionError> {
            let mut found: BTreeMap<String, Vec<Gitignore>> = BTreeMap::new();
            for name in [".linchpinignore", ".gitignore"] {
                let is_named = |path: &&String| path.rsplit('/').next() == Some(name);
                for path in blobs.keys().filter(is_named) {
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let mut builder = GitignoreBuilder::new("");
                    for line in String::from_utf8_lossy(&self.data(blobs[path].id)?).lines() {
                        // A line that is no pattern ignores nothing, as in the working copy.
                        drop(builder.add_line(None, line));
                    }
                    if let Ok(matcher) = builder.build() {
                        found.entry(folder.to_owned()).or_default().push(matcher);
                    }
                }
            }
            Ok(found)
        }
    }

    /// Whether the nearest ignore file that speaks of a path says that it is left out.
    fn is_ignored(ignored: &BTreeMap<String, Vec<Gitignore>>, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).rev();
        let folders = ends.map(|end| &path[..end]).chain([""]);
        for folder in folders {
            let Some(inside) = under(path, folder) else { continue };
            for matcher in ignored.get(folder).into_iter().flatten() {
                let verdict = matcher.matched_path_or_any_parents(inside, false);
                if !verdict.is_none() {
                    return verdict.is_ignore();
                }
            }
        }
        false
    }

    /// The rest of a path in a folder; the folder itself is empty.
    fn under<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
        if folder.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix(folder)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    fn hint(repository: &gix::Repository, revision: &str) -> String {
        let remote = format!("origin/{revision}");
        if repository.rev_parse_single(remote.as_str()).is_ok() {
            return format!("; there is `{remote}`");
        }
        if repository.is_shallow().unwrap_or(false) {
            return ": this is a shallow clone, which holds only the newest commits; fetch it with \
                    `git fetch --no-tags --depth=1 origin REVISION:refs/remotes/origin/REVISION`, or check out \
                    with the whole history (`fetch-depth: 0`)"
                .to_owned();
        }
        "; it is neither a file nor a branch, tag or commit here".to_owned()
    }
}
