//! `package.json`.

use super::{Direct, Manifest};
use crate::read::json::parse_json;
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("package.json")
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    let Some(root) = parse_json(file, odd) else { return Manifest::default() };
    // `@acme/shop` is the program `shop`.
    let name = root.str_at(&["name"]).and_then(|name| name.rsplit('/').next()).map(str::to_owned);
    let mut packages = Vec::new();
    for list in ["dependencies", "optionalDependencies"] {
        for (key, _) in root.get(list).map(|list| list.entries()).unwrap_or_default() {
            packages.push(Direct { name: key.text.to_string(), line: key.location.line });
        }
    }
    Manifest { name, packages }
}
