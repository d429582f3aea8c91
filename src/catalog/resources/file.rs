//! How a file of `data/resources/` says what a type is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    BackupAttribute, Condition, Holds, Kept, Protection, ResourceType, Role, Rule, Survives, Test, Value,
};
use crate::catalog::table::{Confidence, DataFile, TableError};

#[derive(Deserialize)]
struct RawFile {
    provider: String,
    /// Types of which only the role (and a category after a blank) is worth saying.
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    types: BTreeMap<String, RawType>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawType {
    provider: Option<String>,
    service: String,
    category: String,
    role: String,
    survives: Option<String>,
    rules: Vec<RawRule>,
    replicas: Vec<String>,
    members: Vec<String>,
    zones: Vec<String>,
    subnets: Vec<String>,
    locations: Vec<String>,
    backup: Vec<String>,
    protection: Vec<String>,
    defaults: BTreeMap<String, toml::Value>,
    global: bool,
    doc: String,
    note: Option<String>,
    checked: Option<String>,
    confidence: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    survives: String,
    when: Vec<String>,
    doc: Option<String>,
}

/// The types that a file describes.
pub(super) fn types(file: &DataFile) -> Result<Vec<ResourceType>, TableError> {
    let fail = |message: String| TableError { file: file.name.to_string(), line: 0, message };
    let raw: RawFile = toml::from_str(&file.text).map_err(|error| fail(error.to_string()))?;
    let mut types = Vec::new();
    for (role, names) in &raw.only {
        for name in names {
            let (name, category) = name.split_once(' ').unwrap_or((name, "other"));
            let plain = RawType { role: role.clone(), category: category.to_owned(), ..RawType::default() };
            types.push(plain.build(name, &raw.provider).map_err(fail)?);
        }
    }
    for (name, described) in raw.types {
        types.push(described.build(&name, &raw.provider).map_err(fail)?);
    }
    Ok(types)
}

impl RawType {
    /// The type of this name; what is odd about it otherwise.
    fn build(self, name: &str, provider: &str) -> Result<ResourceType, String> {
        let odd = |(what, text): Odd<'_>| format!("{name}: odd {what} `{text}`");
        let survives = match self.survives.as_deref() {
            None | Some("unknown") => None,
            Some(text) => Some(level(text).map_err(odd)?),
        };
        let rules: Result<_, Odd<'_>> = self.rules.iter().map(|rule| rule.build(&self.doc)).collect();
        let confidence = match self.confidence.as_deref() {
            None => Confidence::Medium,
            Some(text) => known("confidence", text, Confidence::parse).map_err(odd)?,
        };
        Ok(ResourceType {
            role: known("role", &self.role, Role::parse).map_err(odd)?,
            survives,
            rules: rules.map_err(odd)?,
            backups: each("backup", &self.backup, backup).map_err(odd)?,
            protections: each("protection", &self.protection, protection).map_err(odd)?,
            confidence,
            name: name.into(),
            provider: self.provider.as_deref().unwrap_or(provider).into(),
            service: self.service.into(),
            category: self.category.into(),
            replicas: boxed(self.replicas),
            members: boxed(self.members),
            zones: boxed(self.zones),
            subnets: boxed(self.subnets),
            locations: boxed(self.locations),
            defaults: self.defaults.into_iter().map(|(name, said)| (name.into(), value(said))).collect(),
            global: self.global,
            doc: self.doc.into(),
            note: self.note.map(Into::into),
            checked: self.checked.map(Into::into),
        })
    }
}

impl RawRule {
    fn build(&self, doc_of_type: &str) -> Result<Rule, Odd<'_>> {
        Ok(Rule {
            survives: level(&self.survives)?,
            when: each("condition", &self.when, Condition::parse)?,
            doc: self.doc.as_deref().unwrap_or(doc_of_type).into(),
        })
    }
}

/// What is odd: which cell, and what stands there.
type Odd<'t> = (&'static str, &'t str);

fn known<'t, T>(what: &'static str, text: &'t str, parse: fn(&str) -> Option<T>) -> Result<T, Odd<'t>> {
    parse(text).ok_or((what, text))
}

fn each<'t, T>(
    what: &'static str,
    texts: &'t [String],
    parse: fn(&str) -> Option<T>,
) -> Result<Vec<T>, Odd<'t>> {
    texts.iter().map(|text| known(what, text, parse)).collect()
}

fn level(text: &str) -> Result<Survives, Odd<'_>> {
    known("survives", text, Survives::parse)
}

fn boxed(list: Vec<String>) -> Vec<Box<str>> {
    list.into_iter().map(Into::into).collect()
}

fn value(said: toml::Value) -> Value {
    match said {
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Integer(n) => Value::Number(n as f64),
        toml::Value::Float(n) => Value::Number(n),
        other => Value::Text(other.as_str().unwrap_or_default().into()),
    }
}

/// Reads `[unset: yes|no|unknown;] [kept: region|other-region|inside;] CONDITION`.
fn backup(text: &str) -> Option<BackupAttribute> {
    let (mut by_default, mut kept, mut condition) = (Holds::No, Kept::Region, None);
    for part in text.split(';') {
        match part.trim().split_once(": ") {
            Some(("unset", "yes")) => by_default = Holds::Yes,
            Some(("unset", "no")) => by_default = Holds::No,
            Some(("unset", "unknown")) => by_default = Holds::Unknown,
            Some(("kept", "region")) => kept = Kept::Region,
            Some(("kept", "other-region")) => kept = Kept::OtherRegion,
            Some(("kept", "inside")) => kept = Kept::Inside,
            Some(_) => return None,
            None => condition = Some(Condition::parse(part)?),
        }
    }
    Some(BackupAttribute { condition: condition?, by_default, kept })
}

/// Reads `ATTRIBUTE == VALUE [; unset: yes]`.
fn protection(text: &str) -> Option<Protection> {
    let (condition, by_default) = match text.split_once(';') {
        Some((condition, rest)) => (condition, rest.trim() == "unset: yes"),
        None => (text, false),
    };
    let condition = Condition::parse(condition)?;
    match condition.test {
        Test::Is(protects) => Some(Protection { attribute: condition.attribute, protects, by_default }),
        _ => None,
    }
}
