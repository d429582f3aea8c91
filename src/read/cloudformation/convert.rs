//! Resources of templates as the rules on Terraform types look at them.

use std::collections::BTreeMap;

use super::names;
use super::template::{Resource, Template};
use super::value::{Data, Ref, Val};
use crate::catalog::Catalog;
use crate::model::Id;
use crate::read::terraform::given::{Given, GivenAttribute, GivenValue};
use crate::source::{Location, SourceFile};

/// How deep properties are taken over.
const MAX_DEPTH: u32 = 30;

/// Names that resources have as physical names, by which others may mean them.
const PHYSICAL: &[&str] = &[
    "TableName",
    "BucketName",
    "QueueName",
    "TopicName",
    "StreamName",
    "FunctionName",
    "DBInstanceIdentifier",
    "StateMachineName",
    "SecretName",
    "DomainName",
];

/// Names shorter than this may mean anything.
const SHORTEST_NAME: usize = 4;

/// All resources that are read together.
pub(super) struct Resources<'r> {
    pub(super) all: &'r [Resource],
    by_name: BTreeMap<(usize, &'r str), usize>,
    by_physical: BTreeMap<String, Option<usize>>,
    files: &'r Files<'r>,
}

/// The files of all templates, in an order that indices count in, with their places in it.
pub(super) struct Files<'f> {
    pub(super) all: &'f [&'f SourceFile],
    by_path: BTreeMap<&'f str, usize>,
}

impl<'f> Files<'f> {
    pub(super) fn new(all: &'f [&'f SourceFile]) -> Self {
        Files { all, by_path: all.iter().enumerate().map(|(at, file)| (&**file.path(), at)).collect() }
    }
}

impl<'r> Resources<'r> {
    pub(super) fn new(all: &'r [Resource], files: &'r Files<'r>) -> Self {
        let by_name =
            all.iter().enumerate().map(|(at, one)| ((one.stack, one.logical.as_str()), at)).collect();
        let mut by_physical: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for (index, one) in all.iter().enumerate() {
            for name in PHYSICAL {
                let Some(text) = one.properties.find(name).map(Val::pattern) else { continue };
                if text.len() >= SHORTEST_NAME && text.chars().any(char::is_alphabetic) {
                    by_physical.entry(text).and_modify(|owner| *owner = None).or_insert(Some(index));
                }
            }
        }
        Resources { all, by_name, by_physical, files }
    }

    pub(super) fn index(&self, reference: &Ref) -> Option<usize> {
        self.by_name.get(&(reference.stack, reference.logical.as_str())).copied()
    }

    /// The resource that has this physical name.
    pub(super) fn named(&self, text: &str) -> Option<usize> {
        self.by_physical.get(text).copied().flatten()
    }

    /// The resource at an index as it is given on.
    pub(super) fn given(&self, catalog: &Catalog, templates: &[Template], index: usize) -> Given {
        let one = &self.all[index];
        let template = &templates[one.stack];
        let file = self.files.by_path.get(&*one.at.path).copied().unwrap_or(0);
        Given {
            id: Id::cloudformation(&template.name, &one.logical),
            address: one.logical.clone(),
            name: one.logical.clone(),
            type_name: type_of(catalog, one),
            shown_type: one.type_name.clone(),
            is_data: false,
            file,
            at: offset(self.files.all[file], &one.at, &one.at),
            attributes: self.attributes(catalog, index, file),
        }
    }

    fn attributes(&self, catalog: &Catalog, index: usize, file: usize) -> Vec<GivenAttribute> {
        let one = &self.all[index];
        let mut out: Vec<GivenAttribute> = Vec::new();
        let moved = names::moved(&one.type_name);
        let place = |value: &Val| offset(self.files.all[file], &value.at, &one.at);
        for (path, name) in moved {
            if let Some(value) = one.properties.find(path) {
                let converted = self.value(index, &one.type_name, path, value, 0);
                out.push(GivenAttribute { name: (*name).to_owned(), at: place(value), value: converted });
            }
        }
        for (key, value) in one.properties.entries() {
            if moved.iter().any(|(path, _)| path == key) {
                continue;
            }
            let name = names::property(catalog, &one.type_name, key);
            out.push(GivenAttribute {
                name,
                at: place(value),
                value: self.value(index, &one.type_name, key, value, 0),
            });
        }
        for (name, value) in names::defaults(&one.type_name) {
            if !out.iter().any(|attribute| attribute.name == *name) {
                let at = offset(self.files.all[file], &one.at, &one.at);
                out.push(GivenAttribute { name: (*name).to_owned(), at, value: scalar(value) });
            }
        }
        out
    }

    fn value(&self, own: usize, type_name: &str, path: &str, value: &Val, depth: u32) -> GivenValue {
        if depth > MAX_DEPTH {
            return GivenValue::Unknown("a value that is nested too deeply");
        }
        match &value.data {
            Data::Absent => GivenValue::Null,
            Data::Text(text) if value.refs.is_empty() => {
                match self.named(text).filter(|index| *index != own && is_naming(path)) {
                    Some(index) => GivenValue::Resource { index, attribute: "id".to_owned() },
                    None => scalar(text),
                }
            }
            Data::Text(_) | Data::Unknown { .. } => self.unknown(own, value, path),
            Data::Zones => GivenValue::Unknown("the zones of the region"),
            Data::Zone(number) => GivenValue::Text(format!("az-{number}")),
            Data::List(items) => GivenValue::List(
                items.iter().map(|item| self.value(own, type_name, path, item, depth + 1)).collect(),
            ),
            Data::Map(entries) => {
                // What programs are told keeps its names.
                let verbatim =
                    path.ends_with("Variables") || path.ends_with("Tags") || path.ends_with("Labels");
                let entry = |(key, value): &(String, Val)| {
                    let below = format!("{path}.{key}");
                    let name = if verbatim { key.clone() } else { names::key(type_name, &below) };
                    (name, self.value(own, type_name, &below, value, depth + 1))
                };
                GivenValue::Map(entries.iter().map(entry).collect())
            }
        }
    }

    /// What is not known, with the resources that it rests on.
    fn unknown(&self, own: usize, value: &Val, path: &str) -> GivenValue {
        let targets: Vec<usize> = value.refs.iter().filter_map(|reference| self.index(reference)).collect();
        let refer = |index: usize| GivenValue::Resource { index, attribute: "id".to_owned() };
        let partial = match &value.data {
            Data::Unknown { partial: Some(partial), .. } => Some(partial.as_str()),
            _ => None,
        };
        if let Some(zone) = partial.filter(|_| path.ends_with("AvailabilityZone")).and_then(zone_of_region) {
            return GivenValue::Text(zone);
        }
        // A name with the same unknown parts as that of a resource means that resource.
        if let Some(index) =
            partial.and_then(|text| self.named(text)).filter(|index| *index != own && is_naming(path))
        {
            return refer(index);
        }
        match (targets.as_slice(), partial) {
            ([], _) => GivenValue::Unknown("a value that is given when the stack is made"),
            ([only], None) => refer(*only),
            (several, partial) => {
                let mut parts: Vec<GivenValue> = several.iter().copied().map(refer).collect();
                parts.extend(partial.map(|text| GivenValue::Text(text.to_owned())));
                GivenValue::Template(parts)
            }
        }
    }
}

/// Whether a property may name another resource by its physical name.
fn is_naming(path: &str) -> bool {
    path.contains("Variables.") || path.contains("Environment")
}

/// The zone of `${AWS::Region}b`, whichever region that is.
fn zone_of_region(text: &str) -> Option<String> {
    let letter = text.strip_prefix('*').filter(|letter| letter.len() == 1)?;
    letter.chars().all(|letter| letter.is_ascii_lowercase()).then(|| format!("az-{letter}"))
}

fn type_of(catalog: &Catalog, one: &Resource) -> String {
    let is_member =
        one.type_name == "AWS::RDS::DBInstance" && one.properties.find("DBClusterIdentifier").is_some();
    if is_member {
        "aws_rds_cluster_instance".to_owned()
    } else {
        names::terraform_type(catalog, &one.type_name)
    }
}

fn scalar(text: &str) -> GivenValue {
    match text {
        "true" => GivenValue::Bool(true),
        "false" => GivenValue::Bool(false),
        _ => match text.parse::<f64>() {
            Ok(number) if text.len() < 12 && number.is_finite() => GivenValue::Number(number),
            _ => GivenValue::Text(text.to_owned()),
        },
    }
}

/// The offset of a place in a file; that of the resource for a place in another file.
fn offset(file: &SourceFile, at: &Location, otherwise: &Location) -> u32 {
    let at = if at.path == *file.path() { at } else { otherwise };
    let start = file.line_start(at.line);
    let line = &file.text()[start.min(file.text().len())..];
    let within =
        line.char_indices().nth(at.column.saturating_sub(1).min(1_000) as usize).map_or(0, |(byte, _)| byte);
    (start + within) as u32
}
