//! Who operates a zone, by the word that a tool has for it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TABLE: LazyLock<BTreeMap<(&str, String), &str>> = LazyLock::new(|| {
    include_str!("../../../data/dns_operators.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split(',');
            Some(((fields.next()?, fields.next()?.to_lowercase()), fields.next()?))
        })
        .collect()
});

/// The provider that stands behind an octoDNS provider class: `octodns_route53.Route53Provider`.
///
/// The class is known by its last part, since its module moved between versions.
pub(super) fn of_octodns_class(class: &str) -> Option<&'static str> {
    let name = class.rsplit('.').next().unwrap_or(class);
    TABLE.get(&("octodns", name.to_lowercase())).copied()
}

/// The provider that stands behind a dnscontrol provider type: `ROUTE53`.
pub(super) fn of_dnscontrol_type(name: &str) -> Option<&'static str> {
    TABLE.get(&("dnscontrol", name.to_lowercase())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_known_by_their_last_part_and_types_in_any_case() {
        assert_eq!(of_octodns_class("octodns_route53.Route53Provider"), Some("aws"));
        assert_eq!(of_octodns_class("octodns.provider.route53.Route53Provider"), Some("aws"));
        assert_eq!(of_dnscontrol_type("cloudflareapi"), Some("cloudflare"));
        assert_eq!(of_dnscontrol_type("BIND"), None);
    }
}
