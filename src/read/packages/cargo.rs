//! `Cargo.toml`.

use super::{Direct, Manifest};
use crate::read::json::parse_toml;
use crate::read::yaml::Node;
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("Cargo.toml")
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    let Some(root) = parse_toml(file, odd) else { return Manifest::default() };
    let mut packages = of_table(&root);
    for (_, target) in root.get("target").map(Node::entries).unwrap_or_default() {
        packages.extend(of_table(target));
    }
    Manifest { name: root.str_at(&["package", "name"]).map(str::to_owned), packages }
}

fn of_table(table: &Node) -> Vec<Direct> {
    let entries = table.get("dependencies").map(Node::entries).unwrap_or_default();
    let is_on = |value: &Node| value.get("optional").and_then(Node::bool) != Some(true);
    entries
        .into_iter()
        .filter(|(_, value)| is_on(value))
        .map(|(key, value)| Direct {
            name: value.str_at(&["package"]).unwrap_or(&key.text).to_owned(),
            line: key.location.line,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::read::packages::tests::names;

    #[test]
    fn only_what_runs_counts() {
        let text = "[package]\nname = 'x'\n[dependencies]\naws-config = '1'\nredis = { version = '1', optional = true }\n\
                    s3 = { package = 'aws-sdk-s3' }\n[dev-dependencies]\nasync-stripe = '1'\n[target.'cfg(unix)'.dependencies]\nsentry = '0.3'\n";
        assert_eq!(names("Cargo.toml", text), ["aws-config:4", "aws-sdk-s3:6", "sentry:10"]);
    }
}
