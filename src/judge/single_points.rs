//! Which single failure is what kind of single point of failure.
//!
//! Every element is one kind at most, so that no two rules say the same of one thing.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::context::Demand;
use super::dns::{operators, zones};
use super::{BlastRadius, Context, Draft, FindingLevel, Rule};
use crate::analyze::SingleFailure;
use crate::catalog::{has_public_suffix, registrable};
use crate::model::{Attribute, Category, Id, Kind, Level, Node, Tolerance};

/// What kind of single point of failure an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A component that is one instance.
    Instance,
    /// One part that others share by nature: a cluster, a gateway, a load balancer, a secret store.
    Shared,
    /// Instances that nothing keeps on different hosts.
    Host,
    /// A zone, or a component that stands in one.
    Zone,
    /// Instances on different hosts that nothing keeps in different zones.
    ZoneUnsaid,
    /// A region.
    Region,
    /// A provider that runs the organization's components.
    Provider,
    /// A service of somebody else.
    External,
    /// The operator of DNS zones.
    Dns,
}

/// An element whose failure alone takes services that ought to survive it.
#[derive(Clone, Debug, PartialEq)]
pub struct SinglePoint<'a> {
    /// What it is.
    pub class: Class,
    /// The element.
    pub element: &'a Id,
    /// The level of the failure domain.
    pub level: Level,
    /// Everything that goes down with it, sorted.
    pub lost: Cow<'a, [Id]>,
    /// The services that ought to survive it and do not, sorted.
    pub services: Vec<Id>,
    /// How bad that is.
    pub severity: FindingLevel,
    /// From one of the services to the element.
    pub path: Vec<Id>,
    /// What is lost.
    pub radius: BlastRadius,
}

impl SinglePoint<'_> {
    /// A finding about it: level, services, path and evidence are set, the words are the rule's.
    pub fn draft(&self, cx: &Context<'_>, rule: &dyn Rule) -> Draft {
        Draft::new(cx, rule, self.element, self.level)
            .level(self.severity)
            .blast(self.radius)
            .services(self.services.iter().cloned())
            .path(cx, &self.path)
    }

    /// "its loss takes down ...".
    pub fn loses(&self, cx: &Context<'_>) -> String {
        match self.services.as_slice() {
            [only] if only == self.element => "its loss is the service's loss".to_owned(),
            services if self.lost.len() < self.radius.services => {
                let some = services.get(..3).unwrap_or(services);
                format!(
                    "its loss takes down {} services, {} among them",
                    self.radius.services,
                    cx.names(some)
                )
            }
            services => format!("its loss takes down {}", cx.names(services)),
        }
    }
}

/// The single points of failure, by blast radius.
pub(crate) fn single_points<'a>(cx: &Context<'a>) -> Vec<SinglePoint<'a>> {
    let hosting = Hosting::of(cx);
    let by_failure = cx.failures().filter_map(|failure| {
        let class = class(cx, &hosting, failure, cx.estate.node(&failure.element))?;
        let radius = BlastRadius {
            services: failure.lost_count,
            weight: failure.weight_lost,
            share: failure.share_lost,
        };
        point(cx, class, level(class), &failure.element, Cow::Borrowed(&failure.lost), radius)
    });
    // What has several instances fails in no single event: whether they stand apart is read off the node.
    let by_spread = cx.estate.nodes.values().filter_map(|node| {
        let (class, level) = spread_class(node)
            .filter(|_| cx.failure_of(&node.id).is_none_or(|failure| failure.lost.is_empty()))?;
        let lost = cx.required_by(&node.id);
        let radius = cx.weigh(&lost);
        point(cx, class, level, &node.id, Cow::Owned(lost), radius)
    });
    let mut points: Vec<SinglePoint<'a>> = by_failure.chain(by_spread).collect();
    points.sort_by(|a, b| {
        b.radius
            .weight
            .total_cmp(&a.radius.weight)
            .then_with(|| b.services.len().cmp(&a.services.len()))
            .then_with(|| a.element.cmp(b.element))
    });
    points
}

fn level(class: Class) -> Level {
    match class {
        Class::Instance | Class::Shared => Level::Instance,
        Class::Host => Level::Host,
        Class::Zone | Class::ZoneUnsaid => Level::Zone,
        Class::Region => Level::Region,
        Class::Provider => Level::Provider,
        Class::External => Level::External,
        Class::Dns => Level::Dns,
    }
}

fn point<'a>(
    cx: &Context<'a>,
    class: Class,
    level: Level,
    element: &'a Id,
    lost: Cow<'a, [Id]>,
    radius: BlastRadius,
) -> Option<SinglePoint<'a>> {
    let demands: Vec<Demand> = lost.iter().map(|service| cx.demand(service, level)).collect();
    let demanded = lost.iter().zip(&demands).filter(|(_, demand)| **demand != Demand::NeedNot);
    let services: Vec<Id> = demanded.map(|(service, _)| service.clone()).collect();
    let worst = demands.into_iter().filter(|demand| *demand != Demand::NeedNot).max()?;
    let path = path(cx, element, &services);
    Some(SinglePoint {
        class,
        element,
        level,
        lost,
        services,
        severity: severity(class, worst),
        path,
        radius,
    })
}

fn path(cx: &Context<'_>, element: &Id, services: &[Id]) -> Vec<Id> {
    let kept = cx
        .failure_of(element)
        .and_then(|failure| services.iter().find_map(|service| failure.path_of(service)));
    match (kept, services) {
        (Some(path), _) => path.to_vec(),
        (None, [first, ..]) if first != element => vec![first.clone(), element.clone()],
        (None, _) => vec![element.clone()],
    }
}

fn severity(class: Class, demand: Demand) -> FindingLevel {
    match (class, demand) {
        // Nothing is shown to share a host; a scheduler usually spreads them.
        (Class::Host | Class::ZoneUnsaid, Demand::ByTier) => FindingLevel::Warning,
        (Class::Host | Class::ZoneUnsaid, _) => FindingLevel::Note,
        (_, Demand::ByTier | Demand::ByDefault) => FindingLevel::Error,
        (_, Demand::Unsaid | Demand::NeedNot) => FindingLevel::Warning,
    }
}

fn class(cx: &Context<'_>, hosting: &Hosting, failure: &SingleFailure, node: Option<&Node>) -> Option<Class> {
    let Some(node) = node else { return class_of_level(failure.level) };
    match node.kind {
        // What is reached through other providers alone is said by `hidden-provider`.
        Kind::Zone | Kind::Region | Kind::Provider if is_hidden(cx, failure) => None,
        Kind::Zone => Some(Class::Zone),
        Kind::Region => Some(Class::Region),
        Kind::Provider if only_by_dns(cx, hosting, failure, node.id.rest()) => Some(Class::Dns),
        Kind::Provider => Some(hosting.class(node.id.rest())),
        Kind::ProviderService => {
            let provider = node.id.rest().split('/').next().unwrap_or_default();
            let said = says_the_same(cx, failure, provider);
            (!said && !hosting.runs(provider)).then(|| hosting.class(provider))
        }
        Kind::Host => external_host(cx, failure, node),
        Kind::Service | Kind::Component => component_class(cx, failure, node),
        Kind::Domain | Kind::DnsZone | Kind::Unresolved | Kind::ControlPlane => None,
    }
}

fn class_of_level(level: Level) -> Option<Class> {
    match level {
        Level::Zone => Some(Class::Zone),
        Level::Region => Some(Class::Region),
        Level::Provider => Some(Class::Provider),
        Level::External => Some(Class::External),
        Level::Instance | Level::Host | Level::ProviderService | Level::Dns | Level::ControlPlane => None,
    }
}

/// Whether all that a provider takes hangs on zones that it alone serves: `single-dns-operator` says so.
fn only_by_dns(cx: &Context<'_>, hosting: &Hosting, failure: &SingleFailure, provider: &str) -> bool {
    if hosting.runs(provider) || !hosting.dns.contains(provider) {
        return false;
    }
    let is_sole = |zone: &&Node| operators(cx.estate, zone).is_some_and(|operators| operators == [provider]);
    let by_dns: BTreeSet<Id> =
        zones(cx.estate).filter(is_sole).flat_map(|zone| cx.dependents(&zone.id)).collect();
    failure.lost.iter().all(|service| by_dns.contains(service))
}

fn is_hidden(cx: &Context<'_>, failure: &SingleFailure) -> bool {
    !failure.paths.is_empty() && failure.paths.iter().all(|path| through_provider(cx, path, &failure.element))
}

/// Whether a path to a provider or a part of it leads through another provider.
pub(crate) fn through_provider(cx: &Context<'_>, path: &[Id], part: &Id) -> bool {
    let company = |id: &Id| id.rest().split('/').next().map(str::to_owned);
    let own = company(part);
    path.iter().rev().skip(1).any(|id| {
        id.scheme() == "provider"
            && company(id) != own
            && cx.estate.node(id).is_some_and(|n| matches!(n.kind, Kind::Provider | Kind::ProviderService))
    })
}

fn external_host(cx: &Context<'_>, failure: &SingleFailure, node: &Node) -> Option<Class> {
    let said =
        node.placement.provider.as_deref().is_some_and(|provider| says_the_same(cx, failure, provider));
    let name = node.id.rest();
    // Behind a bare address of nobody known may stand anything, the organization's own machine first of all.
    let is_nobodys = node.placement.provider.is_none() && name.parse::<std::net::IpAddr>().is_ok();
    // Names that lead to somebody unknown are said by `alias-through-third-party`.
    let is_alias = node.placement.provider.is_none()
        && cx.needed_by(&node.id).all(|edge| edge.from.scheme() == "domain");
    (!said && !is_nobodys && !is_alias && !is_internal_name(cx, name)).then_some(Class::External)
}

/// Whether the provider's own failure is listed and takes at least as much.
fn says_the_same(cx: &Context<'_>, failure: &SingleFailure, provider: &str) -> bool {
    cx.failure_of(&Id::provider(provider)).is_some_and(|whole| {
        failure.lost_count <= whole.lost_count
            && failure.lost.iter().all(|service| whole.lost.binary_search(service).is_ok())
    })
}

/// Whether a host name is one that only the organization's own network knows, or is in a zone of its own.
pub(crate) fn is_internal_name(cx: &Context<'_>, name: &str) -> bool {
    const RESERVED: &[&str] = &["example.com", "example.net", "example.org"];
    let numeric = name.parse::<std::net::IpAddr>();
    let private = match numeric {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_loopback() || (address.segments()[0] & 0xfe00) == 0xfc00
        }
        Err(_) => !has_public_suffix(name) || RESERVED.contains(&registrable(name)),
    };
    let own_zone = || {
        name.match_indices('.')
            .map(|(at, _)| &name[at + 1..])
            .chain([name])
            .any(|suffix| suffix.contains('.') && cx.estate.node(&Id::dns_zone(suffix)).is_some())
    };
    private || own_zone()
}

fn component_class(cx: &Context<'_>, failure: &SingleFailure, node: &Node) -> Option<Class> {
    let attributes = &node.attributes;
    let only_itself = failure.lost.iter().all(|service| *service == node.id);
    let is_not_missed = attributes.bool(Attribute::Auxiliary) == Some(true)
        || (attributes.bool(Attribute::Batch) == Some(true) && only_itself);
    if is_not_missed {
        return None;
    }
    if failure.level == Level::External {
        let provider = node.placement.provider.as_deref();
        return (!provider.is_some_and(|provider| says_the_same(cx, failure, provider)))
            .then_some(Class::External);
    }
    match node.tolerance {
        Tolerance::Nothing if is_shared_by_nature(node) => Some(Class::Shared),
        Tolerance::Nothing => Some(Class::Instance),
        _ => None,
    }
}

/// What is not kept apart of a part that survives the loss of an instance, and at which level.
fn spread_class(node: &Node) -> Option<(Class, Level)> {
    let attributes = &node.attributes;
    let is_part = matches!(node.kind, Kind::Service | Kind::Component);
    let is_missed = attributes.bool(Attribute::Auxiliary) != Some(true)
        && attributes.bool(Attribute::Batch) != Some(true);
    if !is_part || !is_missed {
        return None;
    }
    let is_several = node.replication.replicas.is_some_and(|replicas| 1 < replicas);
    let zone_is_known = !node.placement.zones.is_empty();
    match node.tolerance {
        // A gateway is missed by name, whether or not its zone is known too.
        Tolerance::Host if !is_several && is_shared_by_nature(node) => Some((Class::Shared, Level::Zone)),
        // A known zone is an element of its own.
        _ if zone_is_known => None,
        Tolerance::Instance => Some((Class::Host, Level::Host)),
        Tolerance::Host if is_several => Some((Class::ZoneUnsaid, Level::Zone)),
        Tolerance::Host if node.placement.provider.is_some() => Some((Class::Zone, Level::Zone)),
        _ => None,
    }
}

fn is_shared_by_nature(node: &Node) -> bool {
    matches!(
        node.category,
        Some(
            Category::Network
                | Category::LoadBalancer
                | Category::Cluster
                | Category::Secrets
                | Category::Certificates
        )
    )
}

/// What each provider does for the organization.
struct Hosting {
    runs: BTreeSet<String>,
    dns: BTreeSet<String>,
    other: BTreeSet<String>,
}

impl Hosting {
    fn of(cx: &Context<'_>) -> Self {
        let mut hosting = Hosting { runs: BTreeSet::new(), dns: BTreeSet::new(), other: BTreeSet::new() };
        for node in cx.estate.nodes.values() {
            let Some(provider) = node.placement.provider.clone() else { continue };
            match node.kind {
                Kind::Service | Kind::Component if runs_things(node.category) => {
                    hosting.runs.insert(provider)
                }
                Kind::DnsZone => hosting.dns.insert(provider),
                Kind::Component | Kind::Host if node.category == Some(Category::Dns) => {
                    hosting.dns.insert(provider)
                }
                Kind::Component | Kind::Host => hosting.other.insert(provider),
                _ => false,
            };
        }
        hosting
    }

    fn runs(&self, provider: &str) -> bool {
        self.runs.contains(provider)
    }

    fn class(&self, provider: &str) -> Class {
        if self.runs.contains(provider) {
            Class::Provider
        } else if self.dns.contains(provider) && !self.other.contains(provider) {
            Class::Dns
        } else {
            Class::External
        }
    }
}

fn runs_things(category: Option<Category>) -> bool {
    matches!(
        category,
        None | Some(
            Category::Compute
                | Category::Database
                | Category::Cache
                | Category::Queue
                | Category::Storage
                | Category::Network
                | Category::LoadBalancer
                | Category::Cluster
                | Category::Search
        )
    )
}
