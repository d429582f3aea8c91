//! Package manifests: whose services a program can speak to, by the client libraries that it names itself.
//!
//! That a library is named shows that the program can use the service, not that it needs it: every need is optional.
//! What libraries bring with them, and what is for development and tests, counts for nothing.

mod bundler;
mod cargo;
mod composer;
mod go;
mod gradle;
mod maven;
mod npm;
mod nuget;
mod pypi;

use std::collections::BTreeMap;

use super::program::{self, Wanted};
use super::{Format, ReadContext, keys};
use crate::catalog::{Catalog, PackageUse};
use crate::model::{Declarations, Evidence, Phase, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Package manifests.
pub struct Packages;

/// No person writes more into one manifest.
const MOST_PACKAGES: usize = 5_000;

/// Larger manifests are made by machines.
const MOST_BYTES: usize = 1 << 20;

/// A package that the manifest itself names for what runs.
#[derive(Debug, PartialEq, Eq)]
struct Direct {
    name: String,
    line: u32,
}

/// What a manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Manifest {
    /// The program's own name.
    name: Option<String>,
    packages: Vec<Direct>,
}

/// A kind of manifest.
struct Ecosystem {
    /// As the catalog calls it.
    name: &'static str,
    is_manifest: fn(path: &str) -> bool,
    read: fn(&SourceFile, &Tree, &mut Problems) -> Manifest,
}

static ECOSYSTEMS: &[Ecosystem] = &[
    Ecosystem { name: "npm", is_manifest: npm::is_manifest, read: npm::read },
    Ecosystem { name: "pypi", is_manifest: pypi::is_manifest, read: pypi::read },
    Ecosystem { name: "go", is_manifest: go::is_manifest, read: go::read },
    Ecosystem { name: "crates", is_manifest: cargo::is_manifest, read: cargo::read },
    Ecosystem { name: "maven", is_manifest: maven::is_manifest, read: maven::read },
    Ecosystem { name: "maven", is_manifest: gradle::is_manifest, read: gradle::read },
    Ecosystem { name: "gem", is_manifest: bundler::is_manifest, read: bundler::read },
    Ecosystem { name: "composer", is_manifest: composer::is_manifest, read: composer::read },
    Ecosystem { name: "nuget", is_manifest: nuget::is_manifest, read: nuget::read },
];

impl Format for Packages {
    fn name(&self) -> &'static str {
        "packages"
    }

    fn summary(&self) -> &'static str {
        "package manifests: npm, PyPI, Go, Cargo, Maven, Gradle, Bundler, Composer, NuGet"
    }

    fn wants(&self, path: &str) -> bool {
        // Version catalogs are read together with the build files that name them.
        (ecosystem(path).is_some() || path.ends_with("/libs.versions.toml")) && !is_installed(path)
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        is_manifest(file) && file.text().len() <= MOST_BYTES
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut folders: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        for file in files {
            folders.entry(program_folder(file)).or_default().push(file);
        }
        for (folder, files) in folders {
            let unit = read_folder(folder, &files, cx, &mut out.problems);
            if !unit.references.is_empty() {
                out.units.push(unit);
            }
        }
        out
    }
}

/// Whether a file names the packages of the program in its folder.
pub(super) fn is_manifest(file: &SourceFile) -> bool {
    ecosystem(file.path()).is_some() && !is_installed(file.path())
}

fn ecosystem(path: &str) -> Option<&'static Ecosystem> {
    ECOSYSTEMS.iter().find(|ecosystem| (ecosystem.is_manifest)(path))
}

/// Whether the file belongs to a package that was installed or copied into the repository.
fn is_installed(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').any(|part| {
        matches!(
            part,
            "node_modules"
                | "vendor"
                | "third_party"
                | "site-packages"
                | ".venv"
                | "venv"
                | "Pods"
                | "bower_components"
                | ".yarn"
        )
    })
}

/// The folder of the program that a manifest belongs to: `requirements/production.txt` is of the folder above.
fn program_folder(file: &SourceFile) -> &str {
    let folder = file.folder();
    match folder.rsplit_once('/').unwrap_or(("", folder)) {
        (above, "requirements") => above,
        _ => folder,
    }
}

fn read_folder(folder: &str, files: &[&SourceFile], cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let mut said: Vec<(&SourceFile, Manifest, &Ecosystem)> = Vec::new();
    for file in files {
        let Some(ecosystem) = ecosystem(file.path()) else { continue };
        let mut odd = Problems::new();
        let manifest = (ecosystem.read)(file, cx.tree, &mut odd);
        if !odd.is_empty() {
            unreadable(problems, file);
        }
        said.push((file, manifest, ecosystem));
    }
    let own: Vec<String> = said.iter().filter_map(|(_, manifest, _)| manifest.name.clone()).collect();
    let mut unit = program::unit(folder, "packages", own);
    for (file, manifest, ecosystem) in &said {
        for package in manifest.packages.iter().take(MOST_PACKAGES) {
            declare(&mut unit, file, package, ecosystem, cx.catalog);
        }
    }
    unit
}

/// The provider whose service a package speaks to, and when that is needed.
pub(super) fn need_of_package(catalog: &Catalog, ecosystem: &str, name: &str) -> Option<(String, Phase)> {
    let known = catalog.sdk_package(ecosystem, name)?;
    let phase = match known.used {
        PackageUse::Service if &*known.category == "monitoring" => Phase::Observe,
        PackageUse::Service => Phase::Runtime,
        PackageUse::Deployment => Phase::Deploy,
        // Such a client does not say whose server it speaks to.
        PackageUse::Datastore | PackageUse::OwnOrHosted => return None,
    };
    Some((known.target.to_string(), phase))
}

fn declare(unit: &mut Unit, file: &SourceFile, package: &Direct, ecosystem: &Ecosystem, catalog: &Catalog) {
    let Some((provider, phase)) = need_of_package(catalog, ecosystem.name, &package.name) else { return };
    let wanted = Wanted::optional(keys::provider(&provider), phase);
    program::refer(unit, wanted, Evidence::at_line(file, package.line));
}

fn unreadable(problems: &mut Problems, file: &SourceFile) {
    problems.note(file.location(0), "this package manifest could not be read whole");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;

    /// The packages of one file by name and line.
    #[track_caller]
    pub(super) fn names(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of_texts([(path, text)]);
        let file = tree.get(path).unwrap();
        let manifest = (ecosystem(path).expect("a manifest").read)(file, &tree, &mut Problems::new());
        manifest.packages.iter().map(|package| format!("{}:{}", package.name, package.line)).collect()
    }

    fn read(files: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| Packages.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
        Packages.read(&claimed, &cx)
    }

    #[test]
    fn clients_of_services_are_optional_needs() {
        let text = "{\"name\": \"@acme/shop\", \"dependencies\": {\n\"stripe\": \"1\",\n\"pg\": \"8\",\n\"@sentry/node\": \"8\",\n\"@aws-sdk/client-kms\": \"3\",\n\"@aws-sdk/client-s3\": \"3\"},\n\"devDependencies\": {\"twilio\": \"4\"}}";
        let out = read(&[("web/package.json", text), ("web/node_modules/x/package.json", text)]);
        assert_eq!(out.units.len(), 1);
        let unit = &out.units[0];
        let about = unit.about.as_ref().unwrap();
        assert_eq!((about.node.as_str(), about.names.join(" ")), ("app:web", "web shop".to_owned()));
        let needs: Vec<_> = unit
            .references
            .iter()
            .map(|one| match &one.target {
                Target::Provider { provider, .. } => {
                    format!("{provider} {} {} {}", one.phase, one.need, one.evidence.len())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            needs,
            ["stripe runtime optional 1", "sentry observe optional 1", "aws runtime optional 2"]
        );
    }

    #[test]
    fn a_program_without_known_clients_is_nothing() {
        assert!(read(&[("package.json", "{\"dependencies\": {\"react\": \"1\"}}")]).units.is_empty());
    }

    #[test]
    fn odd_texts_do_no_harm() {
        let deep = "[".repeat(50_000);
        let texts = ["", "{", "\u{0}", "é", "= = =", "<a", "<project><dependencies><dependency>", &deep];
        let paths = [
            "package.json",
            "requirements.txt",
            "pyproject.toml",
            "Pipfile",
            "go.mod",
            "Cargo.toml",
            "pom.xml",
            "build.gradle",
            "Gemfile",
            "composer.json",
            "a.csproj",
            "packages.config",
        ];
        for (path, text) in paths.iter().flat_map(|path| texts.iter().map(move |text| (path, text))) {
            let out = read(&[(path, text)]);
            assert!(out.units.is_empty(), "{path} {text:.20}");
            assert!(out.problems.len() <= 1, "{path} {text:.20}");
        }
    }
}
