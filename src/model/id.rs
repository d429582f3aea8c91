//! Identity: what a thing is, never where it was read.

use std::fmt;
use std::sync::Arc;

/// The id of a node: `k8s:NAMESPACE/KIND/NAME`, `tf:ADDRESS`, `compose:PROJECT/SERVICE`, `provider:aws/us-east-1`.
///
/// Ids come from what a thing is, so that a diff of two scans is about architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

impl Id {
    /// An id of exactly this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Id(text.into())
    }

    /// `k8s:NAMESPACE/KIND/NAME`.
    pub fn kubernetes(namespace: &str, kind: &str, name: &str) -> Self {
        Self::new(format!("k8s:{namespace}/{kind}/{name}"))
    }

    /// `tf:ROOT/ADDRESS`, or `tf:ADDRESS` where the root's folder is empty.
    pub fn terraform(root: &str, address: &str) -> Self {
        Self::in_folder("tf", root, address)
    }

    /// `compose:PROJECT/SERVICE`.
    pub fn compose(project: &str, service: &str) -> Self {
        Self::in_folder("compose", project, service)
    }

    /// `cfn:STACK/LOGICAL_ID`.
    pub fn cloudformation(stack: &str, logical_id: &str) -> Self {
        Self::in_folder("cfn", stack, logical_id)
    }

    /// `app:NAME`: a service by its own name (`linchpin.toml`, the inventory, platforms).
    pub fn app(name: &str) -> Self {
        Self::new(format!("app:{name}"))
    }

    /// `domain:NAME`: a published name; lower case, no final dot.
    pub fn domain(name: &str) -> Self {
        Self::new(format!("domain:{}", canonical_name(name)))
    }

    /// `zone:NAME`: a DNS zone; lower case, no final dot.
    pub fn dns_zone(name: &str) -> Self {
        Self::new(format!("zone:{}", canonical_name(name)))
    }

    /// `host:NAME`: an unresolved or external hostname or address.
    pub fn host(name: &str) -> Self {
        Self::new(format!("host:{}", canonical_name(name)))
    }

    /// `provider:aws`.
    pub fn provider(provider: &str) -> Self {
        Self::new(format!("provider:{provider}"))
    }

    /// `provider:aws/us-east-1`: a region, a zone (`provider:aws/us-east-1a`) or a global service
    /// (`provider:cloudflare/dns`).
    pub fn in_provider(provider: &str, part: &str) -> Self {
        Self::new(format!("provider:{provider}/{part}"))
    }

    /// `provider:aws/us-east-1/rds`.
    pub fn provider_service(provider: &str, region: Option<&str>, service: &str) -> Self {
        match region {
            Some(region) => Self::new(format!("provider:{provider}/{region}/{service}")),
            None => Self::in_provider(provider, service),
        }
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon: `k8s`, `tf`, `provider`...
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// What stands behind the first colon.
    pub fn rest(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, rest)| rest)
    }

    fn in_folder(scheme: &str, folder: &str, name: &str) -> Self {
        if folder.is_empty() {
            Self::new(format!("{scheme}:{name}"))
        } else {
            Self::new(format!("{scheme}:{folder}/{name}"))
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn canonical_name(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}
