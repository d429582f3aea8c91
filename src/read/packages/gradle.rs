//! `build.gradle` and `build.gradle.kts`: programs of which the usual forms are read, line by line.

use super::{Direct, Manifest};
use crate::read::json::parse_toml;
use crate::read::yaml::Node;
use crate::source::{Problems, SourceFile, Tree};

/// Configurations whose packages a program runs with.
const RUNS_WITH: &[&str] = &["implementation", "api", "runtimeOnly", "compile", "runtime"];

pub(super) fn is_manifest(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("build.gradle" | "build.gradle.kts"))
}

pub(super) fn read(file: &SourceFile, tree: &Tree, _odd: &mut Problems) -> Manifest {
    let catalog = version_catalog(file.folder(), tree);
    let mut packages = Vec::new();
    for (at, line) in file.text().lines().enumerate() {
        let line = line.trim();
        let end = line.find([' ', '(', '\t']).unwrap_or(line.len());
        let rest = line[end..].trim_start_matches([' ', '(', '\t']);
        if RUNS_WITH.contains(&&line[..end])
            && let Some(name) = coordinates(rest).or_else(|| of_catalog(rest, &catalog))
        {
            packages.push(Direct { name, line: at as u32 + 1 });
        }
    }
    Manifest { name: None, packages }
}

/// `group:name` of `"group:name:version"` or `group: "g", name: "n"`.
fn coordinates(text: &str) -> Option<String> {
    let quoted = |text: &str| {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        text[1..].split_once(quote).map(|(inner, _)| inner.to_owned())
    };
    if let Some(inner) = quoted(text) {
        let mut parts = inner.split(':');
        return Some(format!("{}:{}", parts.next()?, parts.next()?));
    }
    let named = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        quoted(rest.trim_start_matches([':', '=', ' ']))
    };
    Some(format!("{}:{}", named("group")?, named("name")?))
}

/// Aliases of the nearest `gradle/libs.versions.toml` with what they stand for.
fn version_catalog(folder: &str, tree: &Tree) -> Vec<(String, String)> {
    let folders = std::iter::successors(Some(folder), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(above, _)| above))
    });
    let mut found = folders.filter_map(|folder| tree.join(folder, "gradle/libs.versions.toml"));
    let root = found.next().and_then(|file| parse_toml(file, &mut Problems::new()));
    let libraries =
        root.as_deref().and_then(|root| root.get("libraries")).map(Node::entries).unwrap_or_default();
    libraries
        .into_iter()
        .filter_map(|(key, library)| {
            let module = match (library.str(), library.str_at(&["module"])) {
                (Some(whole), _) => whole.rsplit_once(':')?.0.to_owned(),
                (None, Some(module)) => module.to_owned(),
                (None, None) => {
                    format!("{}:{}", library.str_at(&["group"])?, library.str_at(&["name"])?)
                }
            };
            Some((key.text.replace(['-', '_'], "."), module))
        })
        .collect()
}

/// What `libs.stripe.java` stands for.
fn of_catalog(text: &str, catalog: &[(String, String)]) -> Option<String> {
    let rest = text.strip_prefix("libs.")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
    catalog.iter().find(|(alias, _)| *alias == rest[..end]).map(|(_, module)| module.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::packages::tests::names;

    #[test]
    fn the_usual_forms() {
        let text = "dependencies {\n  implementation 'com.stripe:stripe-java:24.0'\n  implementation(\"io.sentry:sentry\")\n  testImplementation 'com.twilio.sdk:twilio:1'\n  runtimeOnly group: 'org.postgresql', name: 'postgresql', version: '42'\n  // api 'a:b:1'\n  api project(':lib')\n}\n";
        assert_eq!(
            names("build.gradle", text),
            ["com.stripe:stripe-java:2", "io.sentry:sentry:3", "org.postgresql:postgresql:5"]
        );
    }

    #[test]
    fn aliases_stand_for_what_the_version_catalog_says() {
        let tree = Tree::of_texts([
            (
                "gradle/libs.versions.toml",
                "[libraries]\nstripe-java = { module = 'com.stripe:stripe-java', version = '1' }\ns3 = 'software.amazon.awssdk:s3:2'\n",
            ),
            (
                "app/build.gradle.kts",
                "implementation(libs.stripe.java)\nimplementation(libs.s3)\nimplementation(libs.other)\n",
            ),
        ]);
        let manifest = read(tree.get("app/build.gradle.kts").unwrap(), &tree, &mut Problems::new());
        let names: Vec<_> = manifest.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["com.stripe:stripe-java", "software.amazon.awssdk:s3"]);
    }
}
