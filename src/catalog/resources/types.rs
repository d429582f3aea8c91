//! All types: those that files describe, and names of which no more is known than that they exist.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use super::{AttributeNames, NameMap, ResourceKnowledge, ResourceType, Value, file};
use crate::catalog::embedded;
use crate::catalog::pattern::Pattern;
use crate::catalog::table::{DataFile, TableError, rows};

/// All types, and the indexes of names that exist without meaning.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Resources {
    /// The embedded files, each read when a type of it is first asked for.
    embedded: BTreeMap<Box<str>, OnceLock<Types>>,
    /// What override files say, which goes before.
    overrides: Types,
    prefixes: HashMap<Box<str>, (Box<str>, Box<str>)>,
    cloudformation: HashMap<Box<str>, (Box<str>, NameMap)>,
    indexes: OnceLock<Indexes>,
}

/// Types by name, and patterns by what they begin with.
#[derive(Debug, Default)]
struct Types {
    types: BTreeMap<Box<str>, ResourceType>,
    patterns: Vec<(Pattern, ResourceType)>,
    by_head: HashMap<Box<str>, Vec<usize>>,
}

/// Names of types that are known to exist; those of CloudFormation with their service.
#[derive(Debug, Default)]
struct Indexes {
    terraform: BTreeSet<Box<str>>,
    cloudformation: HashMap<Box<str>, Box<str>>,
}

impl Resources {
    pub(in crate::catalog) fn read(
        overrides: &[DataFile],
        prefixes: &[DataFile],
        cloudformation: &[DataFile],
    ) -> Result<Self, TableError> {
        let mut out = Self::default();
        for file in overrides {
            out.overrides.read(file)?;
        }
        for file in prefixes {
            rows(&file.name, &file.text, |row| {
                let part = row.text("file").unwrap_or_else(|| "others".into());
                out.embedded.entry(part.clone()).or_default();
                out.prefixes.insert(row.need("prefix")?.into(), (row.need("provider")?.into(), part));
                Ok(())
            })?;
        }
        for file in cloudformation {
            rows(&file.name, &file.text, |row| {
                let map = row.get("attributes").split_whitespace().filter_map(|pair| pair.split_once('='));
                let named = |(tf, cfn): (&str, &str)| match cfn.split_once('!') {
                    Some((name, unset)) => (tf.into(), (name.into(), Some(Value::read(unset)))),
                    None => (tf.into(), (cfn.into(), None)),
                };
                let map = map.map(named).collect();
                out.cloudformation.insert(row.need("type")?.into(), (row.need("terraform")?.into(), map));
                Ok(())
            })?;
        }
        Ok(out)
    }

    pub(in crate::catalog) fn get(&self, name: &str) -> ResourceKnowledge<'_> {
        let (first, _) = heads(name);
        let described = match self.cloudformation.get(name) {
            Some((terraform, map)) => {
                self.described(terraform).map(|kind| (kind, AttributeNames { map: Some(map) }))
            }
            None => self.described(name).map(|kind| (kind, AttributeNames::TERRAFORM)),
        };
        if let Some((kind, attributes)) = described {
            return ResourceKnowledge::Known { kind, attributes };
        }
        match self.prefixes.get(first) {
            Some((provider, _)) => {
                let service = name.contains("::").then(|| self.indexes().cloudformation.get(name)).flatten();
                ResourceKnowledge::UnknownSemantics { provider, service: service.map(|s| &**s) }
            }
            None => ResourceKnowledge::Unrecognized,
        }
    }

    fn described(&self, name: &str) -> Option<&ResourceType> {
        let (first, _) = heads(name);
        let part = self.prefixes.get(first).map_or("others", |(_, part)| part);
        self.overrides.get(name).or_else(|| self.part(part)?.get(name))
    }

    fn part(&self, name: &str) -> Option<&Types> {
        let (name, cell) = self.embedded.get_key_value(name)?;
        Some(cell.get_or_init(|| {
            let mut types = Types::default();
            for file in embedded::files(&format!("resources/{name}.toml")) {
                types.read(&file).expect("a test reads every embedded table");
            }
            types
        }))
    }

    /// Reads every embedded file, so that a mistake shows.
    pub(in crate::catalog) fn load(&self) -> Result<(), TableError> {
        let mut types = Types::default();
        embedded::files("resources/").iter().try_for_each(|file| types.read(file))
    }

    pub(in crate::catalog) fn exists(&self, name: &str) -> bool {
        let exactly = |t: &Types| t.types.contains_key(name);
        let (first, _) = heads(name);
        let part = self.prefixes.get(first).and_then(|(_, part)| self.part(part));
        exactly(&self.overrides)
            || part.is_some_and(exactly)
            || self.indexes().terraform.contains(name)
            || self.indexes().cloudformation.contains_key(name)
    }

    fn indexes(&self) -> &Indexes {
        self.indexes.get_or_init(|| {
            let mut out = Indexes::default();
            let mut previous = String::new();
            for line in embedded::text("terraform-types.txt").lines() {
                // Front coding: one base-36 digit says how many characters the previous name shares.
                let Some(kept) = line.chars().next().and_then(|c| c.to_digit(36)) else { continue };
                previous.truncate(kept as usize);
                previous.push_str(&line[1..]);
                out.terraform.insert(previous.as_str().into());
            }
            for line in embedded::text("cloudformation-types.txt").lines() {
                let mut words = line.split(' ');
                let service = words.next().unwrap_or("");
                for word in words {
                    out.cloudformation
                        .insert(format!("AWS::{service}::{word}").into(), service.to_lowercase().into());
                }
            }
            out
        })
    }

    pub(in crate::catalog) fn all(&self) -> impl Iterator<Item = &ResourceType> {
        let parts = self.embedded.keys().filter_map(|name| self.part(name));
        std::iter::once(&self.overrides)
            .chain(parts)
            .flat_map(|t| t.types.values().chain(t.patterns.iter().map(|(_, kind)| kind)))
    }

    pub(in crate::catalog) fn cloudformation_types(&self) -> impl Iterator<Item = (&str, &str)> {
        let sorted: BTreeMap<&str, &str> =
            self.cloudformation.iter().map(|(c, (t, _))| (&**c, &**t)).collect();
        sorted.into_iter()
    }

    pub(in crate::catalog) fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        let sorted: BTreeMap<&str, &str> = self.prefixes.iter().map(|(p, (v, _))| (&**p, &**v)).collect();
        sorted.into_iter()
    }
}

impl Types {
    fn read(&mut self, file: &DataFile) -> Result<(), TableError> {
        for kind in file::types(file)? {
            self.insert(kind);
        }
        self.index_patterns();
        Ok(())
    }

    fn insert(&mut self, kind: ResourceType) {
        if kind.name.contains('*') {
            self.patterns.retain(|(_, other)| other.name != kind.name);
            self.patterns.push((Pattern::new(&kind.name), kind));
        } else {
            self.types.insert(kind.name.clone(), kind);
        }
    }

    /// Patterns by what they begin with, the longest first.
    fn index_patterns(&mut self) {
        self.patterns.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.name.len()));
        self.by_head.clear();
        for (i, (_, kind)) in self.patterns.iter().enumerate() {
            let literal = kind.name.split('*').next().unwrap_or("");
            let (one, two) = heads(literal);
            self.by_head.entry(two.unwrap_or(one).into()).or_default().push(i);
        }
    }

    /// The type of this name, else the longest pattern that fits.
    fn get(&self, name: &str) -> Option<&ResourceType> {
        if let Some(kind) = self.types.get(name) {
            return Some(kind);
        }
        let (one, two) = heads(name);
        let first =
            |head: &str| self.by_head.get(head)?.iter().copied().find(|&i| self.patterns[i].0.fits(name));
        let found = first(one).into_iter().chain(two.and_then(first)).min()?;
        self.patterns.get(found).map(|(_, kind)| kind)
    }
}

/// What patterns are found by: the first word, and the first two when the second is whole: `aws` and `aws_s3` of
/// `aws_s3_bucket_policy`, `AWS` and `AWS::IAM` of `AWS::IAM::Role`.
fn heads(name: &str) -> (&str, Option<&str>) {
    let is_gap = |c: char| c == '_' || c == ':';
    let one = name.find(is_gap).unwrap_or(name.len());
    let rest = name[one..].trim_start_matches(is_gap);
    let two = rest.find(is_gap).map(|n| &name[..name.len() - rest.len() + n]);
    (&name[..one], two)
}
