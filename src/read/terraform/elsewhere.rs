//! Modules whose source is not in the tree: what their names tell of what they make.

use std::collections::BTreeSet;

use super::knowledge::{links, plain};
use super::syntax::{Block, ExprKind};
use crate::catalog::Catalog;
use crate::model::Category;

/// What the name of a module tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The first word of the types of its provider: `aws`, `google`.
    pub(super) prefix: Option<String>,
    /// The provider's id.
    pub(super) provider: Option<String>,
    pub(super) category: Option<Category>,
    /// The type of a resource that would be named like it: `aws_security_group`.
    pub(super) like: String,
    /// The argument of which each entry makes a member of the resource that the module stands for.
    pub(super) members: Option<&'static str>,
}

/// What a call of a module tells: by the one provider it is given, by the provider in a registry's address, by words;
/// else by the only provider that is configured where it is called.
pub(super) fn told(catalog: &Catalog, call: &Block, configured: &BTreeSet<&str>) -> Told {
    let address = call.body.attribute("source").and_then(|source| source.value.literal()).unwrap_or("");
    let source = plain(address);
    let words: Vec<&str> = name_of(source).split(['-', '_', '.']).collect();
    let steps: Vec<&str> = source.split("//").next().unwrap_or(source).split('/').collect();
    let named = (2 < steps.len() && !source.contains("::")).then(|| steps[steps.len() - 1].to_owned());
    let provider_of = |word: &str| {
        let id = catalog.resource(&format!("{word}_module")).provider()?;
        // What is run by others is no place.
        let runs = catalog.provider(id).is_none_or(|known| &*known.category != "software");
        (runs && id != "terraform").then(|| id.to_owned())
    };
    let places: Vec<&&str> = configured.iter().filter(|name| provider_of(name).is_some()).collect();
    let alone = match (places.as_slice(), makes_nothing(&words)) {
        ([only], false) => Some((***only).to_owned()),
        _ => None,
    };
    let candidates = given(call).into_iter().chain(named);
    let mut candidates = candidates.chain(words.iter().map(|word| (*word).to_owned())).chain(alone);
    let prefix = candidates.find(|word| provider_of(word).is_some());
    let by_word = words.iter().find_map(|word| Category::parse(links().module_word(word)?));
    // Who is given an image runs it.
    let runs = || call.body.attributes.iter().any(|given| given.name.ends_with("image"));
    let category = by_word.or_else(|| runs().then_some(Category::Compute));
    let said = words.iter().filter(|word| !matches!(**word, "terraform" | "module" | "git" | ""));
    let own = said.filter(|word| Some(**word) != prefix.as_deref());
    let first = prefix.as_deref().unwrap_or("module");
    let like = std::iter::once(first).chain(own.copied()).collect::<Vec<_>>().join("_");
    let members = links().module_members(address);
    Told { provider: prefix.as_deref().and_then(provider_of), prefix, category, like, members }
}

/// Whether a module by its name only thinks up names and tags.
fn makes_nothing(words: &[&str]) -> bool {
    const WORDS: &[&str] = &["null", "label", "labels", "context", "naming", "tags", "random", "utils"];
    words.iter().any(|word| WORDS.contains(word))
}

/// The only provider that a call hands on.
fn given(call: &Block) -> Option<String> {
    let ExprKind::Object(items) = &call.body.attribute("providers")?.value.kind else { return None };
    let [(key, _)] = items.as_slice() else { return None };
    match &key.kind {
        ExprKind::Variable(name) | ExprKind::String(name) => name.split('.').next().map(str::to_owned),
        ExprKind::Get(of, _) => match &of.kind {
            ExprKind::Variable(name) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The part of a source that names the module: the last folder of a repository, the second step of a registry's
/// address.
fn name_of(source: &str) -> &str {
    let below = source.rsplit_once("//").filter(|(before, _)| !before.ends_with(':')).map(|(_, below)| below);
    if let Some(below) = below {
        return below.rsplit('/').next().unwrap_or(below);
    }
    let steps: Vec<&str> = source.split('/').collect();
    let is_address =
        matches!(steps.len(), 3 | 4) && !source.contains("::") && !steps[0].contains("github.com");
    match steps.as_slice() {
        [.., name, _] if is_address => name,
        [.., name] => name,
        [] => source,
    }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_name_of_a_module_stands_where_its_source_keeps_it() {
        assert_eq!(name_of("github.com/org/terraform-rds-instance"), "terraform-rds-instance");
        assert_eq!(name_of("git::https://git.example.org/modules.git//services/ecs-service"), "ecs-service");
        assert_eq!(name_of("cloudposse/elasticache-redis/aws"), "elasticache-redis");
        assert_eq!(name_of("app.terraform.io/acme/vpc/aws"), "vpc");
        assert_eq!(name_of("git::ssh://git@example.org/terraform-aws-sqs.git"), "terraform-aws-sqs.git");
    }
}
