//! Which node of before is which node of now, where its id changed: renamed and moved things carry over.
//!
//! A `moved` block says so. Else a node that is gone and one that is new are the same when nothing else looks
//! like either: of the same type with the same properties and the same neighbours (told apart by refining
//! colours, as in Weisfeiler and Leman's test), or of the same type and properties with the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::snapshot::{Seen, Snapshot};
use crate::model::Id;

/// How far neighbours are looked at.
const ROUNDS: usize = 4;

/// Among more pairs of one name than this, none is told from the others.
const MOST_PAIRS: usize = 250_000;

/// A statement that an address became another one, in the Terraform files of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// Folder of the file.
    pub folder: String,
    /// Address before.
    pub from: String,
    /// Address now.
    pub to: String,
}

/// Nodes that may be each other, and nothing tells which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ambiguous {
    /// Gone.
    pub before: Vec<Id>,
    /// New.
    pub now: Vec<Id>,
}

/// What became of the nodes whose ids changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// The id now, by the id before.
    pub(super) now: BTreeMap<Id, Id>,
    /// What could not be decided.
    pub(super) ambiguous: Vec<Ambiguous>,
}

/// Which ids exist anywhere, in every environment: only what is gone everywhere can have become something else.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// Every id of before.
    pub before: BTreeSet<Id>,
    /// Every id of now.
    pub now: BTreeSet<Id>,
}

impl Carried {
    /// The id now of an id before.
    pub(super) fn now<'a>(&'a self, id: &'a Id) -> &'a Id {
        self.now.get(id).unwrap_or(id)
    }

    /// Decides what became of what.
    pub(super) fn decide(before: &Snapshot, now: &Snapshot, moved: &[Moved], presence: &Presence) -> Self {
        let mut carried = Carried::default();
        carried.follow_blocks(before, now, moved);
        carried.follow_roots(before, now);
        let mut gone: BTreeSet<Id> = unmatched(before, &presence.now);
        let mut new: BTreeSet<Id> = unmatched(now, &presence.before);
        gone.retain(|id| !carried.now.contains_key(id));
        let taken: BTreeSet<Id> = carried.now.values().cloned().collect();
        new.retain(|id| !taken.contains(id));
        let crowded = crowded(before, now, &gone, &new);
        let is_plain = |old: &Id| before.nodes.get(old).is_some_and(|seen| !crowded.contains(&called(seen)));
        while !gone.is_empty() && !new.is_empty() {
            let found = carried.by_neighbours(before, now, &gone, &new, &is_plain);
            let found = if found.is_empty() { by_name(before, now, &gone, &new) } else { found };
            let found: Vec<(Id, Id)> = found.into_iter().filter(|(old, _)| is_plain(old)).collect();
            if found.is_empty() {
                break;
            }
            for (old, id) in found {
                gone.remove(&old);
                new.remove(&id);
                carried.now.insert(old, id);
            }
        }
        carried.ambiguous = carried.undecided(before, now, &gone, &new);
        carried
    }

    fn follow_blocks(&mut self, before: &Snapshot, now: &Snapshot, moved: &[Moved]) {
        for block in moved {
            let folder = if block.folder.is_empty() { String::new() } else { format!("{}/", block.folder) };
            let from = format!("tf:{folder}{}", block.from);
            for id in before.nodes.keys() {
                let Some(rest) = id.as_str().strip_prefix(&from) else { continue };
                if !rest.is_empty() && !rest.starts_with(['.', '[']) {
                    continue;
                }
                let to = Id::new(format!("tf:{folder}{}{rest}", block.to));
                if now.nodes.contains_key(&to) && !before.nodes.contains_key(&to) {
                    self.now.insert(id.clone(), to);
                }
            }
        }
    }

    /// An address stands under its root's folder only where there are several roots: one root more or less renames
    /// what has not changed at all.
    fn follow_roots(&mut self, before: &Snapshot, now: &Snapshot) {
        let taken: BTreeSet<Id> = self.now.values().cloned().collect();
        let is_new = |id: &Id| !before.nodes.contains_key(id) && !taken.contains(id);
        let mut by_address: BTreeMap<(&str, &str), Vec<&Id>> = BTreeMap::new();
        for (id, seen) in now.nodes.iter().filter(|(id, _)| id.scheme() == "tf" && is_new(id)) {
            by_address.entry((seen.folder(), address(id))).or_default().push(id);
        }
        let gone = |id: &Id| id.scheme() == "tf" && !now.nodes.contains_key(id) && !self.now.contains_key(id);
        let mut pairs = Vec::new();
        for (id, seen) in before.nodes.iter().filter(|(id, _)| gone(id)) {
            let found = by_address.get(&(seen.folder(), address(id))).map_or(&[][..], Vec::as_slice);
            if let [only] = found {
                pairs.push((id.clone(), (*only).clone()));
            }
        }
        self.now.extend(pairs);
    }

    /// Pairs of which both have neighbours like no other.
    fn by_neighbours(
        &self,
        before: &Snapshot,
        now: &Snapshot,
        gone: &BTreeSet<Id>,
        new: &BTreeSet<Id>,
        is_plain: &dyn Fn(&Id) -> bool,
    ) -> Vec<(Id, Id)> {
        let groups = self.groups(before, now, gone, new);
        let mut pairs = Vec::new();
        for (old, ids) in groups.into_values() {
            match (old.as_slice(), ids.as_slice()) {
                ([old], [id]) if is_plain(old) => pairs.push((old.clone(), id.clone())),
                ([_, ..], [_, ..]) => pairs.extend(same_names(before, now, &old, &ids)),
                _ => {}
            }
        }
        pairs
    }

    fn undecided(
        &self,
        before: &Snapshot,
        now: &Snapshot,
        gone: &BTreeSet<Id>,
        new: &BTreeSet<Id>,
    ) -> Vec<Ambiguous> {
        if gone.is_empty() || new.is_empty() {
            return Vec::new();
        }
        let groups = self.groups(before, now, gone, new).into_values();
        let open = groups.filter(|(old, ids)| !old.is_empty() && !ids.is_empty());
        let mut open: Vec<Ambiguous> = open.map(|(before, now)| Ambiguous { before, now }).collect();
        let said: BTreeSet<Id> = open.iter().flat_map(|one| one.before.clone()).collect();
        let by_name = names(now, new);
        for (name, old) in names(before, gone) {
            let before: Vec<Id> = old.into_iter().filter(|id| !said.contains(*id)).cloned().collect();
            if let Some(now) = by_name.get(&name).filter(|_| !before.is_empty()) {
                open.push(Ambiguous { before, now: now.iter().map(|id| (*id).clone()).collect() });
            }
        }
        open.sort();
        open
    }

    /// The ids that are gone and new, by colour.
    fn groups(
        &self,
        before: &Snapshot,
        now: &Snapshot,
        gone: &BTreeSet<Id>,
        new: &BTreeSet<Id>,
    ) -> BTreeMap<u64, (Vec<Id>, Vec<Id>)> {
        let back: BTreeMap<&Id, &Id> = self.now.iter().map(|(old, id)| (id, old)).collect();
        let old_colours = colours(before, gone, &|id| id);
        let new_colours = colours(now, new, &|id| back.get(id).copied().unwrap_or(id));
        let mut groups: BTreeMap<u64, (Vec<Id>, Vec<Id>)> = BTreeMap::new();
        for id in gone {
            groups.entry(old_colours[id]).or_default().0.push(id.clone());
        }
        for id in new {
            groups.entry(new_colours[id]).or_default().1.push(id.clone());
        }
        groups
    }
}

/// Types and names of which more are new than are gone: nothing tells which of them is the old one.
fn crowded(
    before: &Snapshot,
    now: &Snapshot,
    gone: &BTreeSet<Id>,
    new: &BTreeSet<Id>,
) -> BTreeSet<(String, String)> {
    let of_gone = names(before, gone);
    let is_more =
        |(name, ids): &(&(String, String), &Vec<&Id>)| of_gone.get(*name).map_or(0, Vec::len) < ids.len();
    names(now, new).iter().filter(is_more).map(|(name, _)| name.clone()).collect()
}

fn names<'i>(snapshot: &Snapshot, ids: &'i BTreeSet<Id>) -> BTreeMap<(String, String), Vec<&'i Id>> {
    let mut names: BTreeMap<_, Vec<&Id>> = BTreeMap::new();
    for id in ids {
        if let Some(seen) = snapshot.nodes.get(id) {
            names.entry(called(seen)).or_default().push(id);
        }
    }
    names
}

fn called(seen: &Seen) -> (String, String) {
    (seen.type_name().to_owned(), seen.name.clone())
}

/// The address of a Terraform id without the folder of its root; slashes in keys stay.
fn address(id: &Id) -> &str {
    let rest = id.rest();
    let end = rest.find('[').unwrap_or(rest.len());
    rest[..end].rfind('/').map_or(rest, |at| &rest[at + 1..])
}

/// The parts of a scan that are nowhere in the other one.
fn unmatched(snapshot: &Snapshot, elsewhere: &BTreeSet<Id>) -> BTreeSet<Id> {
    // Providers, regions and hosts are their names; the same name is the same thing and no other is.
    let parts =
        snapshot.nodes.iter().filter(|(_, seen)| matches!(seen.kind.as_str(), "service" | "component"));
    parts.map(|(id, _)| id).filter(|id| !elsewhere.contains(*id)).cloned().collect()
}

fn by_name(before: &Snapshot, now: &Snapshot, gone: &BTreeSet<Id>, new: &BTreeSet<Id>) -> Vec<(Id, Id)> {
    let gone: Vec<Id> = gone.iter().cloned().collect();
    let new: Vec<Id> = new.iter().cloned().collect();
    same_names(before, now, &gone, &new)
}

/// Pairs of the same name and traits that are the only ones on both sides, or nearer to each other than to others.
fn same_names(before: &Snapshot, now: &Snapshot, gone: &[Id], new: &[Id]) -> Vec<(Id, Id)> {
    let key = |snapshot: &Snapshot, id: &Id| {
        let seen = snapshot.nodes.get(id).cloned().unwrap_or_default();
        (seen.kind, seen.name, seen.traits)
    };
    let mut named: BTreeMap<_, (Vec<&Id>, Vec<&Id>)> = BTreeMap::new();
    for id in gone {
        named.entry(key(before, id)).or_default().0.push(id);
    }
    for id in new {
        named.entry(key(now, id)).or_default().1.push(id);
    }
    let pairs = named.into_values().flat_map(|(old, ids)| match (old.as_slice(), ids.as_slice()) {
        ([old], [id]) => vec![((*old).clone(), (*id).clone())],
        (old, ids) => nearest(before, now, old, ids),
    });
    pairs.collect()
}

/// Pairs of which each has the longest common end of id and folder with the other, and with no other as long a one:
/// a folder that moved takes everything in it along.
fn nearest(before: &Snapshot, now: &Snapshot, old: &[&Id], new: &[&Id]) -> Vec<(Id, Id)> {
    if MOST_PAIRS < old.len().saturating_mul(new.len()) {
        return Vec::new();
    }
    let folder = |snapshot: &Snapshot, id: &Id| {
        snapshot.nodes.get(id).map(|seen| seen.folder().to_owned()).unwrap_or_default()
    };
    let old_folders: Vec<String> = old.iter().map(|id| folder(before, id)).collect();
    let new_folders: Vec<String> = new.iter().map(|id| folder(now, id)).collect();
    let score = |a: usize, b: usize| {
        common_end(old[a].rest(), new[b].rest()) + common_end(&old_folders[a], &new_folders[b])
    };
    let mut pairs = Vec::new();
    for (a, id) in old.iter().enumerate() {
        let Some(b) = only_best(new.len(), |b| score(a, b)) else { continue };
        if only_best(old.len(), |a| score(a, b)) == Some(a) {
            pairs.push(((*id).clone(), new[b].clone()));
        }
    }
    pairs
}

/// The place of the highest score, where there is one alone.
fn only_best(count: usize, score: impl Fn(usize) -> usize) -> Option<usize> {
    let best = (0..count).map(&score).max()?;
    let mut places = (0..count).filter(|at| score(*at) == best);
    places.next().filter(|_| places.next().is_none())
}

fn common_end(a: &str, b: &str) -> usize {
    a.rsplit('/').zip(b.rsplit('/')).take_while(|(a, b)| a == b).count()
}

/// A colour for every node: nodes of one colour look the same with all that is around them.
fn colours<'a>(
    snapshot: &'a Snapshot,
    nameless: &BTreeSet<Id>,
    called: &dyn Fn(&'a Id) -> &'a Id,
) -> BTreeMap<&'a Id, u64> {
    let first = |(id, seen): (&'a Id, &Seen)| {
        let colour = if nameless.contains(id) {
            hash(&("?", &seen.kind, &seen.traits))
        } else {
            hash(&("=", called(id).as_str()))
        };
        (id, colour)
    };
    let mut colours: BTreeMap<&Id, u64> = snapshot.nodes.iter().map(first).collect();
    for _ in 0..ROUNDS {
        let mut around: BTreeMap<&Id, Vec<(bool, &str, u64)>> = BTreeMap::new();
        for (from, to, phase) in &snapshot.edges {
            let (Some(of_from), Some(of_to)) = (colours.get(from), colours.get(to)) else { continue };
            if nameless.contains(from) {
                around.entry(from).or_default().push((true, phase, *of_to));
            }
            if nameless.contains(to) {
                around.entry(to).or_default().push((false, phase, *of_from));
            }
        }
        let next = colours.iter().map(|(id, colour)| {
            if !nameless.contains(*id) {
                return (*id, *colour);
            }
            let mut near = around.remove(*id).unwrap_or_default();
            near.sort_unstable();
            (*id, hash(&(colour, near)))
        });
        colours = next.collect();
    }
    colours
}

/// Within one run only: nothing that is written holds one of these.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes `ID NAME TRAITS`, edges `FROM TO`.
    fn snapshot(nodes: &[&str], edges: &[(&str, &str)]) -> Snapshot {
        let node = |line: &&str| {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let id = Id::new(word());
            (
                id,
                Seen {
                    kind: "component".into(),
                    name: word(),
                    traits: word(),
                    path: String::new(),
                    ttl_seconds: None,
                },
            )
        };
        let edge = |(from, to): &(&str, &str)| (Id::new(*from), Id::new(*to), "runtime".to_owned());
        Snapshot {
            nodes: nodes.iter().map(node).collect(),
            edges: edges.iter().map(edge).collect(),
            ..Snapshot::default()
        }
    }

    fn decided(before: &Snapshot, now: &Snapshot, moved: &[Moved]) -> (Vec<String>, usize) {
        let ids = |snapshot: &Snapshot| snapshot.nodes.keys().cloned().collect();
        let presence = Presence { before: ids(before), now: ids(now) };
        let carried = Carried::decide(before, now, moved, &presence);
        let pairs = carried.now.iter().map(|(old, id)| format!("{old} {id}")).collect();
        (pairs, carried.ambiguous.len())
    }

    #[test]
    fn a_renamed_chain_carries_over_by_its_neighbours() {
        let before =
            snapshot(&["a:web web w", "a:x x db", "a:y y disk"], &[("a:web", "a:x"), ("a:x", "a:y")]);
        let now = snapshot(&["a:web web w", "a:p p db", "a:q q disk"], &[("a:web", "a:p"), ("a:p", "a:q")]);
        assert_eq!(decided(&before, &now, &[]), (vec!["a:x a:p".into(), "a:y a:q".into()], 0));
    }

    #[test]
    fn another_thing_is_not_the_old_one() {
        let before = snapshot(&["a:x x db"], &[]);
        let now = snapshot(&["a:x x db", "a:staging/x x db"], &[]);
        assert_eq!(decided(&before, &now, &[]), (vec![], 0), "the old one is still there");
        let now = snapshot(&["a:p p queue"], &[]);
        assert_eq!(decided(&before, &now, &[]), (vec![], 0), "of another type");
    }

    #[test]
    fn twins_are_told_apart_by_name_or_reported() {
        let before = snapshot(&["a:1/x x db", "a:1/y y db"], &[]);
        let now = snapshot(&["a:2/x x db", "a:2/y y db"], &[]);
        assert_eq!(decided(&before, &now, &[]), (vec!["a:1/x a:2/x".into(), "a:1/y a:2/y".into()], 0));
        let now = snapshot(&["a:2/p p db", "a:2/q q db"], &[]);
        assert_eq!(decided(&before, &now, &[]), (vec![], 1));
    }

    #[test]
    fn a_folder_that_moved_takes_its_twins_along() {
        let before = snapshot(&["a:one/db db db", "a:two/db db db"], &[]);
        let now = snapshot(&["a:apps/one/db db db", "a:apps/two/db db db"], &[]);
        assert_eq!(
            decided(&before, &now, &[]),
            (vec!["a:one/db a:apps/one/db".into(), "a:two/db a:apps/two/db".into()], 0)
        );
        let now = snapshot(&["a:x/db db db", "a:y/db db db"], &[]);
        assert_eq!(decided(&before, &now, &[]), (vec![], 1), "nothing tells which is which");
    }

    #[test]
    fn a_second_root_renames_nothing() {
        let mut before = snapshot(&["tf:db.x x db|one"], &[]);
        let mut now = snapshot(&["tf:infra/db.x x db|two", "tf:staging/db.x x db|one"], &[]);
        before.nodes.values_mut().for_each(|seen| seen.path = "infra/main.tf".into());
        for (id, seen) in &mut now.nodes {
            let folder = id.rest().split('/').next().unwrap_or_default();
            seen.path = format!("{folder}/main.tf");
        }
        assert_eq!(decided(&before, &now, &[]), (vec!["tf:db.x tf:infra/db.x".into()], 0));
        // Without a folder that stayed, two of that name are one too many.
        before.nodes.values_mut().for_each(|seen| seen.path = "gone/main.tf".into());
        assert_eq!(decided(&before, &now, &[]), (vec![], 1));
    }

    #[test]
    fn a_moved_block_decides() {
        let before = snapshot(&["tf:in/module.a.db.x x db", "tf:in/module.a.db.y y db"], &[]);
        let now = snapshot(&["tf:in/module.b.db.x p db", "tf:in/module.b.db.y q db"], &[]);
        let moved = Moved { folder: "in".into(), from: "module.a".into(), to: "module.b".into() };
        let (pairs, open) = decided(&before, &now, &[moved]);
        assert_eq!((pairs.len(), open), (2, 0));
        assert_eq!(pairs[0], "tf:in/module.a.db.x tf:in/module.b.db.x");
    }
}
