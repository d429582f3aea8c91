//! What CloudFormation calls things, as Terraform calls them: the rules on resource types are written once.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::value::plain;
use crate::catalog::{Catalog, ResourceKnowledge};

struct Tables {
    types: HashMap<&'static str, &'static str>,
    properties: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
    keys: HashMap<(&'static str, &'static str), &'static str>,
    defaults: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut out = Tables {
        types: HashMap::new(),
        properties: HashMap::new(),
        keys: HashMap::new(),
        defaults: HashMap::new(),
    };
    let text: &'static str = include_str!("../../../data/cloudformation-links.csv");
    for line in text.lines().skip(1).filter(|line| !line.starts_with('#')) {
        let cells: Vec<&'static str> = line.split(',').collect();
        let [kind, type_name, from, to] = cells[..] else { continue };
        match kind {
            "type" => drop(out.types.insert(type_name, to)),
            "property" => out.properties.entry(type_name).or_default().push((from, to)),
            "key" => drop(out.keys.insert((type_name, from), to)),
            "default" => out.defaults.entry(type_name).or_default().extend(to.split_once('=')),
            _ => {}
        }
    }
    out
});

/// Types that CloudFormation has for itself are glue.
const OWN: &str = "cloudformation_part";

/// The Terraform type by whose rules a type is understood; the type itself when there is none.
pub(super) fn terraform_type(catalog: &Catalog, type_name: &str) -> String {
    let is_own = ["AWS::CloudFormation::", "AWS::CDK::"].iter().any(|own| type_name.starts_with(own));
    if is_own || !type_name.starts_with("AWS::") {
        return OWN.to_owned();
    }
    if let Some(known) = TABLES.types.get(type_name) {
        return (*known).to_owned();
    }
    if let ResourceKnowledge::Known { kind, .. } = catalog.resource(type_name)
        && !kind.name.contains('*')
    {
        return kind.name.to_string();
    }
    let mut parts = type_name.split("::").skip(1);
    let (service, thing) = (parts.next().unwrap_or(""), snake(parts.next().unwrap_or("")));
    let candidates = [
        format!("aws_{}_{thing}", service.to_lowercase()),
        format!("aws_{}_{thing}", snake(service)),
        format!("aws_{thing}"),
    ];
    let known = candidates
        .iter()
        .find(|name| catalog.resource(name).kind().is_some() && catalog.resource_exists(name));
    let fitting = || candidates.iter().take(2).find(|name| catalog.resource(name).kind().is_some());
    known.or_else(fitting).cloned().unwrap_or_else(|| type_name.to_owned())
}

/// Where properties of a type stand as Terraform writes them: dotted path and name.
pub(super) fn moved(type_name: &str) -> &'static [(&'static str, &'static str)] {
    TABLES.properties.get(type_name).map_or(&[], Vec::as_slice)
}

/// Values that hold when nothing is written.
pub(super) fn defaults(type_name: &str) -> &'static [(&'static str, &'static str)] {
    TABLES.defaults.get(type_name).map_or(&[], Vec::as_slice)
}

/// The name of a key within a property, by its dotted path.
pub(super) fn key(type_name: &str, path: &str) -> String {
    match TABLES.keys.get(&(type_name, path)) {
        Some(name) => (*name).to_owned(),
        None => snake(path.rsplit('.').next().unwrap_or(path)),
    }
}

/// The name of a property: as the catalog maps it, else in small letters with underscores.
pub(super) fn property(catalog: &Catalog, type_name: &str, name: &str) -> String {
    let ResourceKnowledge::Known { kind, attributes } = catalog.resource(type_name) else {
        return snake(name);
    };
    let named = kind.zones.iter().chain(&kind.subnets).chain(&kind.replicas).chain(&kind.locations);
    let conditions = kind
        .rules
        .iter()
        .flat_map(|rule| &rule.when)
        .chain(kind.backups.iter().map(|backup| &backup.condition));
    let named = named.chain(conditions.map(|condition| &condition.attribute));
    let own = plain(name);
    for attribute in named {
        if attributes.of(attribute).is_some_and(|mapped| plain(mapped) == own) && !attribute.contains('.') {
            return attribute.to_string();
        }
    }
    snake(name)
}

/// `MultiAZ` as `multi_az`, `TargetGroupARNs` as `target_group_arns`.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 8);
    for (at, c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            let before = chars[at - 1];
            let next = chars.get(at + 1);
            let after_next = chars.get(at + 2);
            // A plural `s` does not begin a word: `ARNs`.
            let starts_word = next.is_some_and(|next| next.is_ascii_lowercase())
                && !(next == Some(&'s') && after_next.is_none_or(|c| c.is_ascii_uppercase()));
            if !before.is_ascii_uppercase() || starts_word {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_turned_into_small_letters() {
        for (name, expected) in [
            ("MultiAZ", "multi_az"),
            ("TargetGroupARNs", "target_group_arns"),
            ("DBSubnetGroupName", "db_subnet_group_name"),
            ("VPCZoneIdentifier", "vpc_zone_identifier"),
            ("SubnetIds", "subnet_ids"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn types_are_understood_as_those_that_rules_exist_for() {
        let catalog = Catalog::embedded();
        for (name, expected) in [
            ("AWS::RDS::DBInstance", "aws_db_instance"),
            ("AWS::EC2::SecurityGroup", "aws_security_group*"),
            ("AWS::EC2::RouteTable", "aws_route_table"),
            ("AWS::IAM::Role", "aws_iam_role"),
            ("AWS::CloudFormation::WaitCondition", "cloudformation_part"),
            ("Custom::Thing", "cloudformation_part"),
            ("AWS::Nothing::Known", "AWS::Nothing::Known"),
        ] {
            let found = terraform_type(catalog, name);
            assert!(
                found == expected || expected.strip_suffix('*').is_some_and(|head| found.starts_with(head)),
                "{name}: {found}"
            );
        }
    }
}
