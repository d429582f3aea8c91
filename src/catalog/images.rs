//! Container images and connection strings: what runs there, does it keep data, where is it pulled from.

use std::collections::{BTreeMap, HashMap};

use super::table::{Confidence, DataFile, Row, TableError, rows};

/// What an image runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageKind {
    /// The product: `postgres`, `redis`, `kafka`.
    pub kind: Box<str>,
    /// What it is for: `database`, `cache`, `queue`.
    pub category: Box<str>,
    /// It keeps data that would be missed.
    pub stateful: bool,
    /// How many of its members must live, when the product itself demands it.
    pub quorum: Option<Quorum>,
    /// Whose service it is the near end of: it does nothing without that provider.
    pub provider: Option<Box<str>>,
}

/// How many members of a cluster must live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// More than half: Raft, ZAB and the like.
    Majority,
    /// As many in-sync replicas as the topic asks for (`min.insync.replicas`).
    InSync,
}

/// A reference to a container image, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// The registry's host; `docker.io` when the reference names none.
    pub registry: &'a str,
    /// The repository, with `library/` left out.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest, `sha256:...`.
    pub digest: Option<&'a str>,
}

impl<'a> ImageReference<'a> {
    /// Takes a reference apart; none when it is empty or still holds a placeholder (`$`, `{`, a blank).
    pub fn parse(reference: &'a str) -> Option<Self> {
        let text = reference.trim();
        let text = text.strip_prefix("docker://").unwrap_or(text);
        if text.is_empty() || text.contains(['$', '{', '}', '<', '>', ' ', '"', '\'']) {
            return None;
        }
        let (text, digest) = match text.split_once('@') {
            Some((head, digest)) => (head, Some(digest)),
            None => (text, None),
        };
        let slash = text.rfind('/').map_or(0, |i| i + 1);
        let (name, tag) = match text[slash..].find(':') {
            Some(colon) => (&text[..slash + colon], Some(&text[slash + colon + 1..])),
            None => (text, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("docker.io", name),
        };
        let hub = matches!(registry, "docker.io" | "index.docker.io" | "registry-1.docker.io");
        let repository =
            if hub { repository.strip_prefix("library/").unwrap_or(repository) } else { repository };
        let registry = if hub { "docker.io" } else { registry };
        (!repository.is_empty()).then_some(Self { registry, repository, tag, digest })
    }
}

/// Images by repository, and the kinds behind URL schemes.
#[derive(Debug, Default)]
pub(super) struct Images {
    by_repository: HashMap<Box<str>, ImageKind>,
    by_kind: BTreeMap<Box<str>, ImageKind>,
    schemes: HashMap<Box<str>, Scheme>,
    quorums: BTreeMap<Box<str>, QuorumRow>,
}

/// What answers to URLs of a scheme.
#[derive(Debug)]
pub(super) struct Scheme {
    /// The kind of datastore.
    pub(super) kind: Box<str>,
    /// The domain of the provider under which a name stands that is written alone: that of buckets, of accounts.
    pub(super) under: Option<Box<str>>,
}

/// How many members of a cluster of a product must live, with what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuorumRow {
    quorum: Quorum,
    /// How far it may be trusted.
    pub(super) confidence: Confidence,
    /// Where it is said.
    pub(super) source: Box<str>,
}

impl QuorumRow {
    fn read(row: &Row<'_>) -> Result<Self, TableError> {
        let quorum = match row.need("quorum")? {
            "majority" => Quorum::Majority,
            "in-sync" => Quorum::InSync,
            other => return Err(row.error(format!("`{other}` is no quorum; write majority or in-sync"))),
        };
        let source = row.text("source").unwrap_or_else(|| row.file.into());
        Ok(QuorumRow { quorum, confidence: row.confidence(Confidence::High)?, source })
    }
}

/// Publishers on Docker Hub and elsewhere who name their images after the product inside.
const REPUBLISHERS: [&str; 14] = [
    "bitnami",
    "bitnamilegacy",
    "bitnamisecure",
    "library",
    "amd64",
    "arm64v8",
    "arm32v7",
    "linuxserver",
    "chainguard",
    "cgr",
    "rapidfort",
    "ubuntu",
    "circleci",
    "cimg",
];

impl Images {
    pub(super) fn read(
        images: &[DataFile],
        quorums: &[DataFile],
        schemes: &[DataFile],
    ) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in quorums {
            rows(&file.name, &file.text, |row| {
                out.quorums.insert(row.need("kind")?.into(), QuorumRow::read(row)?);
                Ok(())
            })?;
        }
        for file in images {
            rows(&file.name, &file.text, |row| {
                let name = row.need("kind")?;
                let kind = ImageKind {
                    kind: name.into(),
                    category: row.need("category")?.into(),
                    stateful: row.get("stateful") == "yes",
                    quorum: out.quorums.get(name).map(|known| known.quorum),
                    provider: row.text("provider"),
                };
                out.by_kind.entry(kind.kind.clone()).or_insert_with(|| kind.clone());
                out.by_repository.insert(row.need("image")?.to_ascii_lowercase().into(), kind);
                Ok(())
            })?;
        }
        for file in schemes {
            rows(&file.name, &file.text, |row| {
                let scheme = Scheme { kind: row.need("kind")?.into(), under: row.text("under") };
                out.schemes.insert(row.need("scheme")?.into(), scheme);
                Ok(())
            })?;
        }
        Ok(out)
    }

    /// What an image runs: by its full name, then by its repository, then by the product name a republisher used.
    pub(super) fn kind(&self, reference: &str) -> Option<&ImageKind> {
        let parts = ImageReference::parse(reference)?;
        let repository = parts.repository.to_ascii_lowercase();
        let full = format!("{}/{repository}", parts.registry);
        if let Some(kind) = self.by_repository.get(full.as_str()) {
            return Some(kind);
        }
        if let Some(kind) = self.by_repository.get(repository.as_str()) {
            return Some(kind);
        }
        // Mirrors: ghcr.io/x/mirror/postgres says nothing sure, but public.ecr.aws/docker/library/postgres does.
        let hub = repository
            .strip_prefix("docker/library/")
            .or_else(|| repository.split_once("/library/").map(|x| x.1));
        if let Some(kind) = hub.and_then(|name| self.by_repository.get(name)) {
            return Some(kind);
        }
        let (publisher, name) = repository.rsplit_once('/')?;
        let publisher = publisher.rsplit('/').next().unwrap_or(publisher);
        REPUBLISHERS.contains(&publisher).then(|| self.by_kind.get(name)).flatten()
    }

    pub(super) fn of_kind(&self, kind: &str) -> Option<&ImageKind> {
        self.by_kind.get(kind)
    }

    pub(super) fn scheme(&self, scheme: &str) -> Option<&Scheme> {
        let scheme = scheme.trim().trim_end_matches("://").to_ascii_lowercase();
        self.schemes.get(scheme.as_str()).or_else(|| {
            let (head, _driver) = scheme.split_once('+')?;
            self.schemes.get(head)
        })
    }

    pub(super) fn quorums(&self) -> impl Iterator<Item = (&str, &QuorumRow)> {
        self.quorums.iter().map(|(kind, row)| (&**kind, row))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &ImageKind)> {
        let sorted: BTreeMap<&str, &ImageKind> = self.by_repository.iter().map(|(n, k)| (&**n, k)).collect();
        sorted.into_iter()
    }

    pub(super) fn schemes(&self) -> impl Iterator<Item = (&str, &Scheme)> {
        let sorted: BTreeMap<&str, &Scheme> = self.schemes.iter().map(|(n, k)| (&**n, k)).collect();
        sorted.into_iter()
    }
}
