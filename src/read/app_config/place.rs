//! Where frameworks look for their configuration, and whose program and profile a file there is of.

use crate::read::split_environment;
use crate::source::Tree;

/// A framework with its own places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// `application.yml`, `application-prod.properties`; Quarkus and Micronaut too.
    Spring,
    /// `appsettings.json`, `appsettings.Production.json`.
    DotNet,
    /// `config/database.yml`, with environments as its topmost keys.
    Rails,
    /// `config/default.json`, `config/production.json`.
    NodeConfig,
}

/// What the path of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'p> {
    pub(super) family: Family,
    /// The folder of the program.
    pub(super) folder: &'p str,
    /// The profile that the name holds.
    pub(super) profile: Option<&'p str>,
    /// Whether the name says that it is a sample.
    pub(super) is_sample: bool,
}

impl Place<'_> {
    /// Whether the files beside it show that the program is of the family.
    pub(super) fn is_shown_by(&self, tree: &Tree) -> bool {
        let has = |names: &[&str]| names.iter().any(|name| tree.join(self.folder, name).is_some());
        match self.family {
            Family::Spring | Family::DotNet => true,
            Family::Rails => has(&["Gemfile", "config/application.rb", "config/environment.rb", "config.ru"]),
            Family::NodeConfig => has(&["package.json"]),
        }
    }
}

/// Files of Rails under `config` that name servers.
const RAILS: &[&str] = &[
    "database",
    "cable",
    "redis",
    "mongoid",
    "sidekiq",
    "elasticsearch",
    "memcached",
    "resque",
    "mail",
    "queue",
];

/// What the path says; `None` for other files.
pub(super) fn place(path: &str) -> Option<Place<'_>> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_for_tests =
        folder.split('/').any(|part| matches!(part, "test" | "tests" | "target" | "build" | "bin"));
    if is_for_tests {
        return None;
    }
    spring(folder, name).or_else(|| dotnet(folder, name)).or_else(|| in_config(folder, name))
}

fn spring<'p>(folder: &'p str, name: &'p str) -> Option<Place<'p>> {
    let (stem, ending) = name.rsplit_once('.')?;
    let rest = stem.strip_prefix("application").or_else(|| stem.strip_prefix("bootstrap"))?;
    let profile = if rest.is_empty() { None } else { Some(rest.strip_prefix('-')?) };
    let resources = ["src/main/resources/config", "src/main/resources"];
    let inner = resources.iter().find_map(|inner| folder.strip_suffix(inner));
    // Elsewhere a file of this name may be anybody's.
    let is_known = ending == "properties" || inner.is_some() || folder.rsplit('/').next() == Some("config");
    let folder = inner.map_or(folder, |folder| folder.trim_end_matches('/'));
    let is_settings = matches!(ending, "yml" | "yaml" | "properties") && is_known;
    is_settings.then_some(Place { family: Family::Spring, folder, profile, is_sample: false })
}

fn dotnet<'p>(folder: &'p str, name: &'p str) -> Option<Place<'p>> {
    let rest = name.strip_prefix("appsettings.")?;
    let profile = if rest == "json" { None } else { Some(rest.strip_suffix(".json")?) };
    Some(Place { family: Family::DotNet, folder, profile, is_sample: false })
}

/// Files of a folder `config` at the top of a program.
fn in_config<'p>(folder: &'p str, name: &'p str) -> Option<Place<'p>> {
    let folder = if folder == "config" { "" } else { folder.strip_suffix("/config")? };
    let parts: Vec<&str> = name.split('.').collect();
    let is_sample = parts.iter().any(|part| matches!(*part, "example" | "sample" | "template" | "dist"));
    let is_yaml = parts.iter().any(|part| matches!(*part, "yml" | "yaml"));
    if RAILS.contains(&parts[0]) && is_yaml {
        return Some(Place { family: Family::Rails, folder, profile: None, is_sample });
    }
    let [stem, ending] = parts.as_slice() else { return None };
    let is_environment = split_environment(stem).is_some_and(|(rest, _)| rest.is_empty());
    let is_settings = matches!(*ending, "json" | "yml" | "yaml") && (*stem == "default" || is_environment);
    let profile = (*stem != "default").then_some(*stem);
    is_settings.then_some(Place { family: Family::NodeConfig, folder, profile, is_sample: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_whose_file_it_is() {
        let shown = |path: &str| {
            place(path).map(|place| format!("{:?} {} {:?}", place.family, place.folder, place.profile))
        };
        let spring = "a/src/main/resources/application-prod.yml";
        assert_eq!(shown(spring).as_deref(), Some("Spring a Some(\"prod\")"));
        assert_eq!(shown("appsettings.Production.json").as_deref(), Some("DotNet  Some(\"Production\")"));
        assert_eq!(shown("web/config/database.yml").as_deref(), Some("Rails web None"));
        assert_eq!(shown("config/production.json").as_deref(), Some("NodeConfig  Some(\"production\")"));
        for other in [
            "k8s/application.yml",
            "src/test/resources/application.yml",
            "config/routes.yml",
            "config/a.json",
        ] {
            assert_eq!(shown(other), None, "{other}");
        }
    }
}
