//! `pom.xml`.

use super::{Direct, Manifest};
use crate::read::xml::{Element, parse_xml};
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some("pom.xml")
}

pub(super) fn read(file: &SourceFile, _tree: &Tree, odd: &mut Problems) -> Manifest {
    let Some(root) = parse_xml(file, odd) else { return Manifest::default() };
    let dependencies = root.child("dependencies").map(|list| list.children("dependency").collect());
    let packages = dependencies.unwrap_or_else(Vec::new).into_iter().filter_map(direct).collect();
    Manifest { name: root.child("artifactId").map(|name| name.text.clone()), packages }
}

fn direct(dependency: &Element) -> Option<Direct> {
    let word = |name: &str| dependency.child(name).map_or("", |element| element.text.as_str());
    let runs = !matches!(word("scope"), "test" | "provided" | "import") && word("optional") != "true";
    let name = format!("{}:{}", word("groupId"), word("artifactId"));
    runs.then_some(Direct { name, line: dependency.child("artifactId")?.line })
}

#[cfg(test)]
mod tests {
    use crate::read::packages::tests::names;

    #[test]
    fn tests_and_managed_versions_do_not_count() {
        let dependency = |group: &str, name: &str, more: &str| {
            format!(
                "<dependency>\n<groupId>{group}</groupId>\n<artifactId>{name}</artifactId>{more}</dependency>\n"
            )
        };
        let text = format!(
            "<project xmlns='x'>\n<dependencyManagement><dependencies>{}</dependencies></dependencyManagement>\n<dependencies>\n{}{}</dependencies></project>",
            dependency("software.amazon.awssdk", "bom", ""),
            dependency("com.stripe", "stripe-java", "<version>1</version>"),
            dependency("com.twilio.sdk", "twilio", "<scope>test</scope>"),
        );
        assert_eq!(names("pom.xml", &text), ["com.stripe:stripe-java:9"]);
    }
}
