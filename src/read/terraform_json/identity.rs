//! Values that name resources: an attribute that holds another resource's id, ARN or host refers to it.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Found;
use crate::read::terraform::given::GivenValue;

/// Attributes whose values name their resource.
const NAMING: &[&str] = &[
    "id",
    "arn",
    "self_link",
    "dns_name",
    "endpoint",
    "address",
    "fqdn",
    "hostname",
    "domain_name",
    "bucket_domain_name",
    "bucket_regional_domain_name",
    "website_endpoint",
    "primary_endpoint_address",
    "configuration_endpoint_address",
    "configuration_endpoint",
    "reader_endpoint",
    "invoke_arn",
    "qualified_arn",
    "zone_id",
    "default_hostname",
    "connection_name",
    "url",
];

/// Where machines have their addresses, by themselves or in a block of their networks.
const ADDRESSES: &[&str] = &[
    "private_ip",
    "public_ip",
    "ip_address",
    "nat_ip_address",
    "network_ip",
    "ipv4_address",
    "ipv4_address_private",
    "private_ip_address",
    "access_ip_v4",
    "fixed_ip_v4",
];

/// How the types of machines end.
const MACHINES: &[&str] =
    &["_instance", "_server", "_machine", "_droplet", "_instance_v2", "_linode_instance"];

/// Shorter values name nothing by themselves.
const SHORTEST: usize = 5;

/// Who has which value.
pub(super) struct Identities<'f> {
    /// `None` for values that several have.
    owners: HashMap<&'f str, Option<(usize, &'static str)>>,
    /// Machines by their addresses; `None` for those that several have, as in networks of their own.
    machines: HashMap<&'f str, Option<usize>>,
}

impl<'f> Identities<'f> {
    pub(super) fn new(found: &'f [Found]) -> Self {
        let mut owners: HashMap<&'f str, Option<(usize, &'static str)>> = HashMap::new();
        for (index, one) in found.iter().enumerate() {
            for (name, _, value) in &one.attributes {
                let Some(naming) = NAMING.iter().find(|naming| *naming == name) else { continue };
                let GivenValue::Text(text) = value else { continue };
                if text.len() < SHORTEST || text.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                let owner = match owners.get(text.as_str()) {
                    None => Some((index, *naming)),
                    Some(Some((other, _))) if *other == index => continue,
                    Some(Some((other, other_naming))) => {
                        better(found, (*other, *other_naming), (index, *naming))
                    }
                    Some(None) => None,
                };
                owners.insert(text, owner);
            }
        }
        let mut machines = HashMap::new();
        for (index, one) in found.iter().enumerate() {
            if !MACHINES.iter().any(|end| one.type_name.ends_with(end)) {
                continue;
            }
            for (name, _, value) in &one.attributes {
                addresses(name, value, 0, &mut |address| {
                    let owner = machines.entry(address).or_insert(Some(index));
                    *owner = owner.filter(|owner| *owner == index);
                });
            }
        }
        Identities { owners, machines }
    }

    /// The value with references where it names other resources.
    pub(super) fn replace(&self, index: usize, name: &str, value: &GivenValue) -> GivenValue {
        if NAMING.contains(&name) || matches!(name, "name" | "tags" | "tags_all") {
            return value.clone();
        }
        self.replaced(index, value, 0)
    }

    fn replaced(&self, index: usize, value: &GivenValue, depth: u32) -> GivenValue {
        match value {
            GivenValue::Text(text) => match self.owners.get(text.as_str()) {
                Some(Some((owner, attribute))) if *owner != index => {
                    GivenValue::Resource { index: *owner, attribute: (*attribute).to_owned() }
                }
                Some(_) => value.clone(),
                None => match self.machines.get(text.as_str()) {
                    Some(Some(owner)) if *owner != index => {
                        GivenValue::Resource { index: *owner, attribute: "id".to_owned() }
                    }
                    _ => value.clone(),
                },
            },
            GivenValue::List(items) if depth < 20 => {
                GivenValue::List(items.iter().map(|item| self.replaced(index, item, depth + 1)).collect())
            }
            GivenValue::Map(entries) if depth < 20 => GivenValue::Map(
                entries
                    .iter()
                    .map(|(key, item)| (key.clone(), self.replaced(index, item, depth + 1)))
                    .collect(),
            ),
            value => value.clone(),
        }
    }
}

/// The addresses in an attribute of a machine.
fn addresses<'f>(name: &str, value: &'f GivenValue, depth: u32, found: &mut impl FnMut(&'f str)) {
    match value {
        GivenValue::Text(text) if ADDRESSES.contains(&name) && text.parse::<IpAddr>().is_ok() => found(text),
        GivenValue::List(items) if depth < 6 => {
            items.iter().for_each(|item| addresses(name, item, depth + 1, found));
        }
        GivenValue::Map(entries) if depth < 6 => {
            entries.iter().for_each(|(key, item)| addresses(key, item, depth + 1, found));
        }
        _ => {}
    }
}

/// Of two resources with one value the one that the other is a part of: a bucket before its policy.
fn better(
    found: &[Found],
    first: (usize, &'static str),
    second: (usize, &'static str),
) -> Option<(usize, &'static str)> {
    let (a, b) = (&found[first.0].type_name, &found[second.0].type_name);
    if a != b && b.starts_with(a.as_str()) {
        Some(first)
    } else if a != b && a.starts_with(b.as_str()) {
        Some(second)
    } else {
        None
    }
}
