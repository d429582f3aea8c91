//! `composer.json`.

use super::{Direct, Manifest};
use crate::read::json::parse_json;
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("composer.json")
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    let Some(root) = parse_json(file, odd) else { return Manifest::default() };
    let name = root.str_at(&["name"]).and_then(|name| name.rsplit('/').next()).map(str::to_owned);
    let required = root.get("require").map(|list| list.entries()).unwrap_or_default();
    let packages = required
        .into_iter()
        .map(|(key, _)| Direct { name: key.text.to_string(), line: key.location.line })
        .collect();
    Manifest { name, packages }
}
