//! What was known of a node before and is not known now: a change that hides a risk has to be seen as one.

use super::carried::Carried;
use super::changes::{Cause, Changes};
use super::snapshot::{Seen, Snapshot};
use crate::model::{Estate, Id, Kind, Node, Tolerance};

/// A property of a node that was known before and is not known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Whose.
    pub id: Id,
    /// Which, for people: `region`.
    pub what: &'static str,
    /// What it was.
    pub was: String,
    /// Why it is not known, where the text says so.
    pub because: Option<String>,
    /// The change that hid it.
    pub cause: Option<Cause>,
}

/// What was known before and is not known now, in order of id.
pub(super) fn forgotten(
    before: &Snapshot,
    estate: &Estate,
    carried: &Carried,
    changes: &Changes,
) -> Vec<Forgotten> {
    let mut found = Vec::new();
    for (old, seen) in &before.nodes {
        let parts = estate.node(carried.now(old)).filter(|node| is_part(node));
        let Some(node) = parts else { continue };
        for mut one in of_node(seen, node) {
            one.cause = changes.cause(estate, &[&node.id], &[]);
            found.push(one);
        }
    }
    found.sort_by(|a, b| (&a.id, a.what).cmp(&(&b.id, b.what)));
    found
}

fn is_part(node: &Node) -> bool {
    matches!(node.kind, Kind::Service | Kind::Component)
}

fn of_node(before: &Seen, node: &Node) -> Vec<Forgotten> {
    let placement = &node.placement;
    let one = |what, was: &str, because: &Option<String>| Forgotten {
        id: node.id.clone(),
        what,
        was: was.to_owned(),
        because: because.clone(),
        cause: None,
    };
    let mut found = Vec::new();
    if placement.provider.is_none() && !before.provider().is_empty() {
        found.push(one("provider", before.provider(), &None));
    } else if placement.region.is_none() && !placement.global && !before.region().is_empty() {
        found.push(one("region", before.region(), &placement.region_unknown));
    }
    let was = Tolerance::parse(before.tolerance()).filter(|was| *was != Tolerance::Unknown);
    if node.tolerance == Tolerance::Unknown
        && let Some(was) = was
    {
        found.push(one("redundancy", survived(was), &node.tolerance_because));
    }
    found
}

/// What a part survived, for people.
fn survived(tolerance: Tolerance) -> &'static str {
    match tolerance {
        Tolerance::Unknown => "not known",
        Tolerance::Nothing => "a single instance",
        Tolerance::Instance => "several instances",
        Tolerance::Host => "several hosts",
        Tolerance::Zone => "several zones",
        Tolerance::Region => "several regions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(change: impl FnOnce(&mut Node)) -> Node {
        let mut node = Node::new(Id::new("tf:db.x"), Kind::Component, "x");
        node.placement.provider = Some("aws".into());
        node.placement.region = Some("eu-west-1".into());
        node.tolerance = Tolerance::Zone;
        change(&mut node);
        node
    }

    fn forgotten_of(now: &Node) -> Vec<(&'static str, String)> {
        of_node(&Seen::of(&seen(|_| {})), now).into_iter().map(|one| (one.what, one.was)).collect()
    }

    #[test]
    fn what_is_still_known_or_cannot_be_known_is_not_forgotten() {
        assert_eq!(forgotten_of(&seen(|_| {})), []);
        assert_eq!(forgotten_of(&seen(|node| node.tolerance = Tolerance::Nothing)), []);
        let global = seen(|node| {
            node.placement.region = None;
            node.placement.global = true;
        });
        assert_eq!(forgotten_of(&global), []);
    }

    #[test]
    fn what_a_change_hides_is_told_with_what_it_was() {
        let hidden = seen(|node| {
            node.placement.region = None;
            node.tolerance = Tolerance::Unknown;
        });
        assert_eq!(
            forgotten_of(&hidden),
            [("region", "eu-west-1".to_owned()), ("redundancy", "several zones".to_owned())]
        );
        let nowhere = seen(|node| node.placement = Default::default());
        assert_eq!(forgotten_of(&nowhere), [("provider", "aws".to_owned())]);
    }
}
