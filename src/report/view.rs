//! A part of the graph, or the graph in larger pieces: what a reviewer wants to look at.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::judge::folder;
use crate::model::{Edge, Estate, Evidence, Id, Kind, Level, Node, Phase};
use crate::scan::Outcome;

/// What of the graph is shown. Everything narrows; nothing set shows the whole.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Only what is around this node.
    pub focus: Option<Id>,
    /// How many dependencies away from the focus, in both directions.
    pub depth: usize,
    /// Only what leads to this node, and it.
    pub reaches: Option<Id>,
    /// Only these nodes and what leads to them.
    pub affected: Option<BTreeSet<Id>>,
    /// Only dependencies of this phase.
    pub phase: Option<Phase>,
    /// Only services, with the elements of this level whose failure alone takes them.
    pub level: Option<Level>,
    /// Several nodes as one.
    pub collapse: Option<Collapse>,
}

/// Which nodes become one.
#[derive(Clone, Debug)]
pub enum Collapse {
    /// Those with one provider.
    Provider,
    /// Those in one region.
    Region,
    /// Those that one folder declares.
    Folder,
    /// Those in whose ids this finds the same text: its first group, or all that it matches.
    Matching(Regex),
}

impl View {
    /// The outcome with its graph narrowed. Findings stay, since their marks belong to the nodes that are left.
    pub fn of(&self, mut outcome: Outcome) -> Outcome {
        if let Some(level) = self.level {
            outcome.estate.edges = losses(&outcome, self.phase.unwrap_or(Phase::Runtime), level);
            keep_connected(&mut outcome.estate);
        } else if let Some(phase) = self.phase {
            outcome.estate.edges.retain(|edge| edge.phase == phase);
            keep_connected(&mut outcome.estate);
        }
        if let Some(ids) = &self.affected {
            let kept = around(&outcome.estate, ids, usize::MAX, &[Direction::Back]);
            keep(&mut outcome.estate, &kept);
        }
        if let Some(id) = &self.reaches {
            let kept = around(&outcome.estate, &one(id), usize::MAX, &[Direction::Back]);
            keep(&mut outcome.estate, &kept);
        }
        if let Some(id) = &self.focus {
            let kept = around(&outcome.estate, &one(id), self.depth, &[Direction::Forth, Direction::Back]);
            keep(&mut outcome.estate, &kept);
        }
        if let Some(collapse) = &self.collapse {
            outcome.estate = collapsed(outcome.estate, collapse);
        }
        outcome.estate.settle();
        outcome
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forth,
    Back,
}

/// An edge from each service to each element of a level whose failure alone takes it.
fn losses(outcome: &Outcome, phase: Phase, level: Level) -> Vec<Edge> {
    let failures = outcome.analysis.phases.get(&phase).map_or(&[][..], |phase| phase.failures.as_slice());
    let mut edges = Vec::new();
    for failure in failures.iter().filter(|failure| failure.level == level) {
        edges.extend(failure.lost.iter().filter(|service| **service != failure.element).map(|service| {
            Edge {
                from: service.clone(),
                to: failure.element.clone(),
                phase,
                need: crate::model::Need::Required,
                group: None,
                confidence: outcome
                    .estate
                    .node(service)
                    .map_or(crate::model::Confidence::Inferred, |node| node.confidence),
                evidence: Vec::new(),
            }
        }));
    }
    edges.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    edges
}

fn keep_connected(estate: &mut Estate) {
    let ends: BTreeSet<Id> =
        estate.edges.iter().flat_map(|edge| [edge.from.clone(), edge.to.clone()]).collect();
    estate.nodes.retain(|id, node| ends.contains(id) || node.is_service);
}

fn one(id: &Id) -> BTreeSet<Id> {
    BTreeSet::from([id.clone()])
}

/// What can be reached from some nodes in so many steps, each direction on its own.
fn around(estate: &Estate, starts: &BTreeSet<Id>, depth: usize, directions: &[Direction]) -> BTreeSet<Id> {
    let mut next: BTreeMap<(bool, &Id), Vec<&Id>> = BTreeMap::new();
    for edge in &estate.edges {
        next.entry((true, &edge.from)).or_default().push(&edge.to);
        next.entry((false, &edge.to)).or_default().push(&edge.from);
    }
    let mut kept = starts.clone();
    for direction in directions {
        let forth = *direction == Direction::Forth;
        let mut seen: BTreeSet<&Id> = starts.iter().collect();
        let mut front: Vec<&Id> = starts.iter().collect();
        for _ in 0..depth {
            let ends = front.iter().flat_map(|id| next.get(&(forth, *id)).into_iter().flatten().copied());
            let ends: Vec<&Id> = ends.collect();
            front = ends.into_iter().filter(|id| seen.insert(*id)).collect();
            if front.is_empty() {
                break;
            }
        }
        kept.extend(seen.into_iter().cloned());
    }
    kept
}

fn keep(estate: &mut Estate, kept: &BTreeSet<Id>) {
    estate.nodes.retain(|id, _| kept.contains(id));
    estate.edges.retain(|edge| kept.contains(&edge.from) && kept.contains(&edge.to));
}

fn collapsed(estate: Estate, collapse: &Collapse) -> Estate {
    let piece: BTreeMap<Id, Id> =
        estate.nodes.values().map(|node| (node.id.clone(), piece_of(&estate, node, collapse))).collect();
    let mut nodes: BTreeMap<Id, Node> = BTreeMap::new();
    let mut sizes: BTreeMap<Id, usize> = BTreeMap::new();
    for node in estate.nodes.values() {
        let id = &piece[&node.id];
        *sizes.entry(id.clone()).or_default() += 1;
        if !nodes.contains_key(id) {
            let kind = if *id == node.id { node.kind } else { Kind::Component };
            let mut one =
                estate.nodes.get(id).cloned().unwrap_or_else(|| Node::new(id.clone(), kind, id.as_str()));
            one.is_service = false;
            nodes.insert(id.clone(), one);
        }
        if node.is_service
            && let Some(one) = nodes.get_mut(id)
        {
            one.is_service = true;
        }
    }
    for (id, node) in &mut nodes {
        let size = sizes.get(id).copied().unwrap_or(1);
        if 1 < size {
            node.name = format!("{} ({size})", node.name);
        }
    }
    let edges = estate.edges.into_iter().map(|mut edge| {
        edge.from = piece[&edge.from].clone();
        edge.to = piece[&edge.to].clone();
        // Alternatives of one piece are no longer told apart.
        edge.group = None;
        edge
    });
    Estate { nodes, edges: edges.collect(), groups: BTreeMap::new(), environments: estate.environments }
}

/// What a node becomes a part of.
fn piece_of(estate: &Estate, node: &Node, collapse: &Collapse) -> Id {
    let placement = &node.placement;
    let in_provider = || match node.id.scheme() {
        "provider" => node.id.rest().split('/').next().map(Id::provider),
        _ => placement.provider.as_deref().map(Id::provider),
    };
    let found = match collapse {
        Collapse::Provider => in_provider(),
        Collapse::Region if node.kind == Kind::Zone => node.parent.clone(),
        Collapse::Region => placement
            .provider
            .as_deref()
            .and_then(|provider| placement.region.as_deref().map(|region| Id::in_provider(provider, region))),
        Collapse::Folder => node
            .evidence
            .iter()
            .filter_map(Evidence::location)
            .find_map(|location| folder(&location.path))
            .filter(|_| {
                !matches!(node.kind, Kind::Provider | Kind::Region | Kind::Zone | Kind::ProviderService)
            })
            .map(|folder| Id::new(format!("folder:{}", if folder.is_empty() { "." } else { folder }))),
        Collapse::Matching(pattern) => pattern.captures(node.id.as_str()).map(|found| {
            let text = found.get(1).or(found.get(0)).map_or("", |text| text.as_str());
            Id::new(format!("group:{text}"))
        }),
    };
    let may_be_new = matches!(collapse, Collapse::Folder | Collapse::Matching(_));
    found.filter(|id| may_be_new || estate.nodes.contains_key(id)).unwrap_or_else(|| node.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn ids(view: &View) -> Vec<String> {
        view.of(sample::shop()).estate.nodes.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_focus_shows_so_many_steps() {
        let focus = Some(Id::app("orders"));
        let one = View { focus: focus.clone(), depth: 1, ..View::default() };
        assert_eq!(ids(&one), ["app:orders", "app:web", "tf:infra/aws_db_instance.main"]);
        assert_eq!(ids(&View { focus, depth: 0, ..View::default() }), ["app:orders"]);
    }

    #[test]
    fn what_reaches_a_node_is_shown_with_it() {
        let view = View { reaches: Some(Id::new("provider:aws/eu-west-1a")), ..View::default() };
        assert_eq!(
            ids(&view),
            ["app:orders", "app:web", "provider:aws/eu-west-1a", "tf:infra/aws_db_instance.main"]
        );
    }

    #[test]
    fn a_level_shows_services_and_what_takes_them() {
        let view = View { level: Some(Level::Instance), ..View::default() };
        assert_eq!(ids(&view), ["app:orders", "app:web", "tf:infra/aws_db_instance.main"]);
    }

    #[test]
    fn pieces_are_joined_and_keep_their_dependencies() {
        let view = View { collapse: Some(Collapse::Provider), ..View::default() };
        let estate = view.of(sample::shop()).estate;
        let aws = estate.node(&Id::provider("aws")).expect("the provider");
        assert!(aws.name.ends_with("(6)") && aws.is_service, "{}", aws.name);
        assert!(estate.needs(&Id::provider("aws")).any(|edge| edge.to == Id::provider("mailgun")));
        let view = View { collapse: Some(Collapse::Folder), ..View::default() };
        assert!(ids(&view).contains(&"folder:k8s".to_owned()), "{:?}", ids(&view));
    }

    #[test]
    fn ids_that_match_alike_are_one_piece() {
        let pattern = Regex::new("^provider:([a-z]+)").expect("a pattern");
        let view = View { collapse: Some(Collapse::Matching(pattern)), ..View::default() };
        assert_eq!(
            ids(&view),
            [
                "app:orders",
                "app:web",
                "group:aws",
                "group:mailgun",
                "group:postmark",
                "tf:infra/aws_db_instance.main"
            ]
        );
    }

    #[test]
    fn what_a_change_affects_is_shown_with_what_depends_on_it() {
        let changed = BTreeSet::from([Id::app("orders"), Id::new("app:gone")]);
        assert_eq!(ids(&View { affected: Some(changed), ..View::default() }), ["app:orders", "app:web"]);
    }
}
