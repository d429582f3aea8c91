//! `requirements.txt` and its kin, `pyproject.toml` (PEP 621 and Poetry), `Pipfile`.

use super::{Direct, Manifest};
use crate::read::json::parse_toml;
use crate::read::yaml::Node;
use crate::source::{Problems, SourceFile, Tree};

/// Words in the names of lists of requirements that nothing which runs is installed from.
const FOR_WORK: &[&str] = &[
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "lint",
    "docs",
    "doc",
    "ci",
    "local",
    "typing",
    "build",
    "bench",
    "release",
    "tools",
    "constraints",
];

pub(super) fn is_manifest(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if matches!(name, "pyproject.toml" | "Pipfile") {
        return true;
    }
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let listed = stem.contains("requirements") || folder.rsplit('/').next() == Some("requirements");
    let mut words = stem.split(['-', '_', '.']);
    matches!(ending, "txt" | "in") && listed && !words.any(|word| FOR_WORK.contains(&word))
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    match file.name() {
        "pyproject.toml" => parse_toml(file, odd).map(|root| of_project(&root)).unwrap_or_default(),
        "Pipfile" => {
            let root = parse_toml(file, odd);
            let packages =
                root.as_deref().and_then(|root| root.get("packages")).map(keys).unwrap_or_default();
            Manifest { name: None, packages }
        }
        _ => Manifest { name: None, packages: of_list(file) },
    }
}

fn of_project(root: &Node) -> Manifest {
    let poetry = root.at(&["tool", "poetry"]);
    let name = root.str_at(&["project", "name"]).or(poetry.and_then(|poetry| poetry.str_at(&["name"])));
    let listed = root.at(&["project", "dependencies"]).map(Node::items).unwrap_or_default();
    let mut packages: Vec<Direct> = listed
        .iter()
        .filter_map(|item| Some(Direct { name: package(item.str()?)?, line: item.location.line }))
        .collect();
    packages.extend(poetry.and_then(|poetry| poetry.get("dependencies")).map(keys).unwrap_or_default());
    Manifest { name: name.map(str::to_owned), packages }
}

fn keys(table: &Node) -> Vec<Direct> {
    let entries = table.entries().into_iter();
    entries.map(|(key, _)| Direct { name: key.text.to_string(), line: key.location.line }).collect()
}

/// The lines of a list; of one that pip-compile or uv wrote, those that a person asked for.
fn of_list(file: &SourceFile) -> Vec<Direct> {
    // Each package with what the comments beside and below it say.
    let mut found: Vec<(Direct, String)> = Vec::new();
    let mut is_package = false;
    for (at, line) in file.text().lines().enumerate() {
        let (text, comment) = match line.trim().strip_prefix('#') {
            Some(comment) => ("", comment),
            None => line.split_once(" #").unwrap_or((line, "")),
        };
        let text = text.trim();
        if !text.is_empty() && !text.starts_with("--hash") {
            let name = package(text).filter(|_| !text.starts_with('-'));
            is_package = name.is_some();
            found.extend(name.map(|name| (Direct { name, line: at as u32 + 1 }, String::new())));
        }
        if let Some((_, comments)) =
            found.last_mut().filter(|(_, comments)| is_package && comments.len() < 4096)
        {
            comments.push_str(comment);
            comments.push('\n');
        }
    }
    found
        .into_iter()
        .filter(|(_, comments)| !is_brought_along(comments))
        .map(|(package, _)| package)
        .collect()
}

/// Whether the tool that wrote the list says that only other packages ask for this one.
fn is_brought_along(comments: &str) -> bool {
    let Some((_, asked_by)) = comments.split_once("via") else { return false };
    !["-r ", "(pyproject.toml)", "(setup.py)", "(setup.cfg)", ".in", ".txt"]
        .iter()
        .any(|person| asked_by.contains(person))
}

/// The name of a requirement: `boto3` of `boto3[crt] >= 1.2 ; python_version > "3"`.
fn package(requirement: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let text = requirement.trim();
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let follows = text[end..].trim_start();
    let is_name =
        follows.is_empty() || follows.starts_with(['[', '<', '>', '=', '!', '~', ';', '@', '(', '\\']);
    (end > 0 && is_name).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_manifest;
    use crate::read::packages::tests::names;

    #[test]
    fn lists_for_work_are_no_manifests() {
        for path in ["requirements.txt", "a/requirements-prod.txt", "requirements/base.txt", "x/Pipfile"] {
            assert!(is_manifest(path), "{path}");
        }
        for path in ["requirements-dev.txt", "requirements/test.txt", "dev-requirements.in", "robots.txt"] {
            assert!(!is_manifest(path), "{path}");
        }
    }

    #[test]
    fn names_end_where_versions_begin() {
        let text = "-r base.txt\n--index-url https://x\nboto3[crt]>=1 ; python_version > '3'\nStripe==5 # pay\n./local\nhttps://x/y.whl\nresend @ git+https://x\n";
        assert_eq!(names("requirements.txt", text), ["boto3:3", "Stripe:4", "resend:7"]);
    }

    #[test]
    fn what_other_packages_bring_does_not_count() {
        let text = "boto3==1.2 \\\n    --hash=sha256:aa\n    # via -r requirements.in\nbotocore==1.2\n    # via\n    #   boto3\n    #   s3transfer\nstripe==5  # via shop (pyproject.toml)\ntwilio==1  # via thing\n";
        assert_eq!(names("requirements.txt", text), ["boto3:1", "stripe:8"]);
    }

    #[test]
    fn projects_and_pipfiles() {
        let text = "[project]\nname = 'x'\ndependencies = [\n  'boto3>=1',\n]\n[project.optional-dependencies]\ndev = ['twilio']\n[tool.poetry.dependencies]\npython = '3'\nstripe = '*'\n";
        assert_eq!(names("pyproject.toml", text), ["boto3:4", "python:9", "stripe:10"]);
        let text = "[packages]\nboto3 = '*'\n[dev-packages]\nstripe = '*'\n";
        assert_eq!(names("Pipfile", text), ["boto3:2"]);
    }
}
