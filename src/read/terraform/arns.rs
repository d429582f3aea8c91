//! What is named by text: secrets and parameters by their ARN or their plain name, databases by their connection name.

use std::collections::HashMap;

use super::config::Mode;
use super::graph::Item;
use super::knowledge::links;
use super::leaves::Leaf;
use super::value::Value;
use crate::model::{Phase, Target};

/// Stands for a piece of a text that is not known.
const UNKNOWN: &str = "*";

/// The ARN of a secret ends in so many letters that are given to it.
const GIVEN_LETTERS: usize = 6;

/// What a text names.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    provider: &'static str,
    service: &'static str,
    name: String,
    region: Option<String>,
}

/// What a configuration makes that texts may name, by service and name.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<(&'static str, String), usize>,
}

impl Names {
    pub(super) fn new(items: &[Item<'_>]) -> Self {
        let managed = items.iter().enumerate().filter(|(_, item)| item.mode == Mode::Managed);
        let by_name = managed.filter_map(|(index, item)| {
            let (service, attribute) = links().named_in(&item.type_name)?;
            Some(((service, bare(&item.leaves.text(attribute)?).to_owned()), index))
        });
        Names { by_name: by_name.collect() }
    }

    /// The item that a leaf names by text.
    pub(super) fn find(&self, leaf: &Leaf<'_>) -> Option<usize> {
        if self.by_name.is_empty() {
            return None;
        }
        let named = named(leaf)?;
        let exact = self.by_name.get(&(named.service, named.name.clone()));
        exact
            .or_else(|| self.by_name.get(&(named.service, named.without_given_letters()?.to_owned())))
            .copied()
    }
}

/// What a leaf names by text, if it does.
pub(super) fn named(leaf: &Leaf<'_>) -> Option<Named> {
    let text = written(&leaf.value)?;
    match text.strip_prefix("arn:") {
        Some(rest) => by_arn(rest),
        None => by_name(&leaf.path, &text),
    }
}

/// Attributes in which programs of Google are told of secrets, by the ends of their paths.
const GOOGLE_SECRETS: &[&str] = &[
    "containers.env.value_source.secret_key_ref.secret",
    "containers.env.value_from.secret_key_ref.name",
    "volumes.secret.secret",
    "volumes.secret.secret_name",
];

/// Attributes in which they are told of databases.
const GOOGLE_DATABASES: &[&str] = &["/cloudsql-instances", "cloud_sql_instance.instances"];

fn by_name(path: &str, text: &str) -> Option<Named> {
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    if ends(GOOGLE_DATABASES) {
        let mut parts = text.split(',').next()?.rsplitn(3, ':');
        let (name, region, _) = (parts.next()?, parts.next()?, parts.next()?);
        let is_known = !name.contains(UNKNOWN) && !region.contains(UNKNOWN);
        let (name, region) = (name.to_owned(), Some(region.to_owned()));
        return is_known.then_some(Named { provider: "gcp", service: "cloud-sql", name, region });
    }
    let (provider, service) = match path {
        _ if ends(GOOGLE_SECRETS) => ("gcp", "secret-manager"),
        _ if path.contains("container_definitions") && path.contains("secrets.") => ("aws", "ssm"),
        _ => return None,
    };
    // `projects/acme/secrets/key/versions/latest`.
    let name = text.split_once("/secrets/").map_or(text, |(_, name)| name.split('/').next().unwrap_or(name));
    let is_plain = !name.is_empty() && !name.starts_with(UNKNOWN) && !name.contains(char::is_whitespace);
    is_plain.then(|| Named { provider, service, name: bare(name).to_owned(), region: None })
}

fn by_arn(rest: &str) -> Option<Named> {
    let mut parts = rest.split(':').skip(1);
    let (service, region, _, kind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (service, name) = match service {
        "ssm" => ("ssm", kind.strip_prefix("parameter/")?),
        "secretsmanager" if kind == "secret" => ("secretsmanager", parts.next()?),
        _ => return None,
    };
    let is_known = !region.is_empty() && !region.contains(UNKNOWN);
    let region = is_known.then(|| region.to_owned());
    Some(Named { provider: "aws", service, name: bare(name).to_owned(), region })
}

impl Named {
    fn without_given_letters(&self) -> Option<&str> {
        let (name, letters) = self.name.rsplit_once('-')?;
        (letters.len() == GIVEN_LETTERS || letters == UNKNOWN).then_some(name)
    }

    /// When it is needed: what is fetched once to start, or asked all the time.
    pub(super) fn phase(&self) -> Phase {
        if self.service == "cloud-sql" { Phase::Runtime } else { Phase::Startup }
    }

    /// The service that hands it out.
    pub(super) fn target(self) -> Target {
        Target::Provider {
            provider: self.provider.to_owned(),
            service: Some(self.service.to_owned()),
            region: self.region,
        }
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches('/')
}

/// A text, its unknown pieces as [`UNKNOWN`].
fn written(value: &Value) -> Option<String> {
    value.with_gaps(UNKNOWN).filter(|text| text.len() < 2_000)
}
