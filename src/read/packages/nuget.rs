//! .NET projects (`*.csproj`, `*.fsproj`, `*.vbproj`) and `packages.config`.

use super::{Direct, Manifest};
use crate::read::xml::parse_xml;
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let project = [".csproj", ".fsproj", ".vbproj"].iter().find_map(|ending| name.strip_suffix(ending));
    let is_test = |name: &str| name.to_lowercase().split(['.', '-', '_']).any(|word| word.contains("test"));
    project.is_some_and(|name| !is_test(name)) || name == "packages.config"
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    let Some(root) = parse_xml(file, odd) else { return Manifest::default() };
    let (stem, ending) = file.name().rsplit_once('.').unwrap_or((file.name(), ""));
    let is_project = ending != "config";
    let (tag, key) = if is_project { ("PackageReference", "Include") } else { ("package", "id") };
    let for_work = |element: &crate::read::xml::Element| {
        element.attribute("PrivateAssets").is_some_and(|value| value.eq_ignore_ascii_case("all"))
            || element.attribute("developmentDependency") == Some("true")
    };
    let packages = root
        .descendants(tag)
        .into_iter()
        .filter(|element| !for_work(element))
        .filter_map(|element| Some(Direct { name: element.attribute(key)?.to_owned(), line: element.line }))
        .collect();
    Manifest { name: is_project.then(|| stem.to_owned()), packages }
}

#[cfg(test)]
mod tests {
    use super::is_manifest;
    use crate::read::packages::tests::names;

    #[test]
    fn projects_and_lists() {
        let text = "<Project Sdk=\"x\">\n<ItemGroup>\n<PackageReference Include=\"Stripe.net\" Version=\"1\" />\n<PackageReference Include=\"Sentry\" PrivateAssets=\"All\" />\n</ItemGroup></Project>";
        assert_eq!(names("Shop.Api.csproj", text), ["Stripe.net:3"]);
        let text = "<?xml version=\"1.0\"?>\n<packages>\n<package id=\"AWSSDK.S3\" version=\"3\"/>\n<package id=\"x\" developmentDependency=\"true\"/></packages>";
        assert_eq!(names("packages.config", text), ["AWSSDK.S3:3"]);
        assert!(!is_manifest("Shop.UnitTests.csproj"));
    }
}
