//! Attributes of OpenTelemetry's resources: where a service says that it runs.

use std::collections::BTreeMap;

use crate::model::Node;

/// The variable that programs take them from.
pub(super) const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// Attributes by key.
pub(super) type Attributes = BTreeMap<String, String>;

/// `cloud.provider=aws,cloud.region=eu-west-1` as a mapping; what a variable leaves open is left out.
pub(super) fn parse(text: &str) -> Attributes {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let known = pairs.filter(|(_, value)| !value.contains('$') && !value.trim().is_empty());
    known.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
}

/// Places a node that nothing else places.
pub(super) fn place(node: &mut Node, attributes: &Attributes) {
    let Some(provider) = attributes.get("cloud.provider").filter(|_| node.placement.provider.is_none())
    else {
        return;
    };
    node.placement.provider = Some(provider_of(provider).to_owned());
    node.placement.region = attributes.get("cloud.region").cloned();
    node.placement.zones = attributes.get("cloud.availability_zone").cloned().into_iter().collect();
}

/// Providers by the words of the semantic conventions.
pub(super) fn provider_of(name: &str) -> &str {
    match name {
        "alibaba_cloud" => "alibaba",
        "ibm_cloud" => "ibm",
        "oracle_cloud" => "oci",
        "tencent_cloud" => "tencent",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Id, Kind};

    #[test]
    fn attributes_place_what_nothing_else_places() {
        let mut node = Node::new(Id::app("web"), Kind::Service, "web");
        place(&mut node, &parse("service.name=web"));
        assert_eq!(node.placement.provider, None);
        let text =
            "cloud.provider=oracle_cloud, cloud.region=eu-frankfurt-1,cloud.availability_zone=${ZONE},x";
        place(&mut node, &parse(text));
        assert_eq!(node.placement.provider.as_deref(), Some("oci"));
        assert_eq!(node.placement.region.as_deref(), Some("eu-frankfurt-1"));
        assert!(node.placement.zones.is_empty());
        place(&mut node, &parse("cloud.provider=aws"));
        assert_eq!(node.placement.provider.as_deref(), Some("oci"), "what is known stays");
    }
}
