//! How available services can be at most, from what their providers promise.

use rayon::prelude::*;

use super::compile::FaultModel;
use super::fault_tree::{Options, Probability, solve};
use crate::model::{Estate, Id, Node, Phase};

/// Minutes in a year of 365.25 days.
pub const MINUTES_PER_YEAR: f64 = 525_960.0;

/// How available one service is at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// The service.
    pub service: Id,
    /// Probability that it is down; `None` when its fault tree is too large. Where an exact one cannot be had, a
    /// lower bound: it is down at least that often.
    pub unavailability: Option<f64>,
    /// Whether the number is exact for the given probabilities, events being independent.
    pub exact: bool,
    /// What takes it down most often, with the share of its downtime that would go away without it, 0 to 1.
    pub contributors: Vec<(Id, f64)>,
    /// Events with a probability.
    pub counted: usize,
    /// Events of which nobody promises anything; they count as if they never happened.
    pub uncounted: usize,
}

/// The largest availability of each service, worst first, when what fails by itself does so as `unavailability` says
/// and independently. What it says nothing about never fails: this is an upper bound.
pub fn availability(
    estate: &Estate,
    unavailability: &(dyn Fn(&Node) -> Option<f64> + Sync),
) -> Vec<Availability> {
    let model = FaultModel::new(estate, Phase::Runtime);
    let node_of = |id: &Id| {
        estate
            .node(id)
            .or_else(|| estate.node(&Id::new(id.as_str().rsplit_once('#').map_or("", |(owner, _)| owner))))
    };
    let of_event = |id: &Id| node_of(id).and_then(unavailability);
    let mut all: Vec<Availability> =
        model.services.par_iter().map(|service| of_service(&model, service.element, &of_event)).collect();
    all.sort_by(|a, b| {
        let key = |one: &Availability| one.unavailability.unwrap_or(f64::INFINITY);
        key(b).total_cmp(&key(a)).then_with(|| a.service.cmp(&b.service))
    });
    all
}

fn of_service(
    model: &FaultModel,
    service: u32,
    of_event: &(dyn Fn(&Id) -> Option<f64> + Sync),
) -> Availability {
    let mut found = Availability {
        service: model.id(service).clone(),
        unavailability: None,
        exact: false,
        contributors: Vec::new(),
        counted: 0,
        uncounted: 0,
    };
    let Ok(tree) = model.fault_tree_with(service, &|id| Some(of_event(id).unwrap_or(0.0))) else {
        return found;
    };
    let known = |event: &&super::fault_tree::EventId| of_event(&Id::new(tree.event_name(**event))).is_some();
    let events = tree.events_below_top();
    found.counted = events.iter().filter(known).count();
    found.uncounted = events.len() - found.counted;
    let options = Options { limit_order: Some(1), trials: 0, ..Options::default() };
    let solution = solve(&tree, &options);
    match solution.probability {
        Some(Probability::Exact(exact)) => (found.unavailability, found.exact) = (Some(exact), true),
        Some(Probability::Bounds { lower, .. }) => found.unavailability = Some(lower),
        None => {}
    }
    let weighty = solution.importance.iter().filter(|one| 0.0 < one.fussell_vesely);
    found.contributors =
        weighty.map(|one| (Id::new(tree.event_name(one.event)), one.fussell_vesely)).collect();
    found.contributors.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Edge, Group, Kind, Need};

    fn needs(estate: &mut Estate, from: &str, to: &str, group: Option<&str>) {
        let group = group.map(Id::new);
        if let Some(id) = &group {
            let group =
                Group { id: id.clone(), owner: Id::new(from), k: 1, level: None, evidence: Vec::new() };
            estate.groups.insert(id.clone(), group);
        }
        let (from, to) = (Id::new(from), Id::new(to));
        let (phase, need, confidence) = (Phase::Runtime, Need::Required, Confidence::Inferred);
        estate.edges.push(Edge { from, to, phase, need, group, confidence, evidence: Vec::new() });
    }

    #[test]
    fn series_add_up_and_alternatives_multiply() {
        let mut estate = Estate::default();
        for id in ["app:shop", "x:one", "x:two", "x:database", "x:unsaid"] {
            let kind = if id.starts_with("app:") { Kind::Service } else { Kind::Component };
            let mut node = Node::new(Id::new(id), kind, id);
            node.may_fail = kind == Kind::Component;
            estate.nodes.insert(node.id.clone(), node);
        }
        needs(&mut estate, "app:shop", "x:one", Some("app:shop#web"));
        needs(&mut estate, "app:shop", "x:two", Some("app:shop#web"));
        needs(&mut estate, "app:shop", "x:database", None);
        needs(&mut estate, "app:shop", "x:unsaid", None);
        estate.settle();
        let chance = |node: &Node| match node.id.rest() {
            "one" | "two" => Some(0.1),
            "database" => Some(0.001),
            _ => None,
        };
        let found = availability(&estate, &chance);
        let [shop] = found.as_slice() else { panic!("{found:?}") };
        let down = 1.0 - (1.0 - 0.001) * (1.0 - 0.01);
        assert!((shop.unavailability.unwrap() - down).abs() < 1e-12, "{shop:?}");
        assert_eq!((shop.exact, shop.counted, shop.uncounted), (true, 3, 1));
        assert_eq!(shop.contributors.len(), 3);
        assert!(shop.contributors[0].1 > 0.9 && shop.contributors[0].0.as_str() != "x:database", "{shop:?}");
    }
}
