//! Secrets and parameters that are named by text: by their ARN, or by their plain name in a container's `secrets`.

use std::collections::HashMap;

use super::config::Mode;
use super::graph::Item;
use super::knowledge::links;
use super::leaves::Leaf;
use super::value::Value;
use crate::model::Target;

/// Stands for a piece of a text that is not known.
const UNKNOWN: &str = "*";

/// The ARN of a secret ends in so many letters that are given to it.
const GIVEN_LETTERS: usize = 6;

/// What a text names.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    service: &'static str,
    name: String,
    region: Option<String>,
}

/// The secrets and parameters of a configuration by their names.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<(&'static str, String), usize>,
}

impl Names {
    pub(super) fn new(items: &[Item<'_>]) -> Self {
        let managed = items.iter().enumerate().filter(|(_, item)| item.mode == Mode::Managed);
        let by_name = managed.filter_map(|(index, item)| {
            let service = links().named_in(&item.type_name)?;
            Some(((service, bare(&item.leaves.text("name")?).to_owned()), index))
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
    let Some(rest) = text.strip_prefix("arn:") else {
        let is_secret = leaf.path.contains("container_definitions") && leaf.path.contains("secrets.");
        let is_plain = !text.is_empty() && !text.starts_with(UNKNOWN) && !text.contains(char::is_whitespace);
        let is_name = is_secret && is_plain;
        return is_name.then(|| Named { service: "ssm", name: bare(&text).to_owned(), region: None });
    };
    let mut parts = rest.split(':').skip(1);
    let (service, region, _, kind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (service, name) = match service {
        "ssm" => ("ssm", kind.strip_prefix("parameter/")?),
        "secretsmanager" if kind == "secret" => ("secretsmanager", parts.next()?),
        _ => return None,
    };
    let is_known = !region.is_empty() && !region.contains(UNKNOWN);
    Some(Named { service, name: bare(name).to_owned(), region: is_known.then(|| region.to_owned()) })
}

impl Named {
    fn without_given_letters(&self) -> Option<&str> {
        let (name, letters) = self.name.rsplit_once('-')?;
        (letters.len() == GIVEN_LETTERS || letters == UNKNOWN).then_some(name)
    }

    /// The service that hands it out.
    pub(super) fn target(self) -> Target {
        Target::Provider {
            provider: "aws".to_owned(),
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
