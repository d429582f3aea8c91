//! Which names are looked up: those that manifests publish, and those of others that they need.

use std::collections::BTreeSet;

use super::answers::clean_name;
use super::walk::Names;
use crate::catalog::has_public_suffix;
use crate::model::{Declarations, Kind, Reach, Target};

/// The names in declarations, and those given beside them, which count as the organization's own.
pub fn names_of(declarations: &[Declarations], given: &[String]) -> Names {
    let units = || declarations.iter().flat_map(|declared| &declared.units);
    let mut names =
        Names { own: given.iter().map(|name| clean_name(name)).collect(), others: BTreeSet::new() };
    for node in units().flat_map(|unit| &unit.nodes) {
        if matches!(node.kind, Kind::Domain | Kind::DnsZone) {
            names.own.extend(reachable_name(node.id.rest()));
        }
    }
    let defined: BTreeSet<&str> = units()
        .flat_map(|unit| &unit.names)
        .filter(|name| name.reach == Reach::Everywhere)
        .map(|name| name.name.as_str())
        .collect();
    for reference in units().flat_map(|unit| &unit.references) {
        let Target::Host { name, .. } = &reference.target else { continue };
        let name = reachable_name(name).filter(|name| !defined.contains(name.as_str()));
        names.others.extend(name.filter(|name| !names.own.contains(name)));
    }
    names
}

/// The name as it is asked for, if public servers may know it: of several labels, below a registry, no address.
pub fn reachable_name(name: &str) -> Option<String> {
    let name = clean_name(name);
    // Names that stand in the public list and are asked of nobody in the public DNS.
    let is_special = [".onion", ".arpa"].iter().any(|ending| name.ends_with(ending));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let public = name.contains('.')
        && name.len() <= 253
        && name.split('.').all(is_label)
        && name.parse::<std::net::IpAddr>().is_err()
        && !is_special
        && has_public_suffix(&name);
    public.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Id, Need, Node, Phase, Reference, Unit};

    #[test]
    fn only_names_that_public_servers_may_know_are_asked_for() {
        for (name, asked) in [
            ("API.Stripe.com.", Some("api.stripe.com")),
            ("b\u{fc}cher.example.de", Some("xn--bcher-kva.example.de")),
            ("db", None),
            ("db.shop.svc", None),
            ("db.shop.svc.cluster.local", None),
            ("192.0.2.1", None),
            ("a..com", None),
            ("*.example.com", None),
            ("node.internal", None),
            ("a.nosuchregistry", None),
        ] {
            assert_eq!(reachable_name(name).as_deref(), asked, "{name}");
        }
    }

    #[test]
    fn published_names_are_own_and_needed_names_are_others() {
        let mut unit = Unit::new("test", "test", "");
        let shop = Id::domain("www.shop-example.com");
        unit.nodes.push(Node::new(shop.clone(), Kind::Domain, "www.shop-example.com"));
        unit.add_name("db.rds.amazonaws.com", &Id::app("db"), Reach::Everywhere);
        for name in ["api.stripe.com", "db.rds.amazonaws.com", "www.shop-example.com", "redis"] {
            unit.references.push(Reference {
                from: shop.clone(),
                target: Target::Host { name: name.to_owned(), port: None, scheme: None },
                phase: Phase::Runtime,
                need: Need::Required,
                group: None,
                confidence: Confidence::Inferred,
                evidence: vec![],
            });
        }
        let declared = Declarations { units: vec![unit], ..Declarations::default() };
        let names = names_of(&[declared], &["Given.Example.ORG".to_owned()]);
        let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>();
        assert_eq!(list(&names.own), ["given.example.org", "www.shop-example.com"]);
        assert_eq!(list(&names.others), ["api.stripe.com"]);
    }
}
