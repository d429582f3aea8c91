//! What files in a program's folder say of it: units that speak of the program, and what its settings mean.

use super::draft::folder_name;
use super::hosts::{self, Sureness};
use super::keys::{self, Keys};
use crate::catalog::Catalog;
use crate::model::{
    About, Confidence, Evidence, Group, Id, Kind, Need, Node, Phase, Reference, Target, Unit,
};
use crate::source::Location;

/// More lines than this do not make a need clearer.
const MOST_EVIDENCE: usize = 4;

/// A unit that speaks of the program in a folder; `own` are the names that it gives itself.
pub(super) fn unit(folder: &str, format: &'static str, own: Vec<String>) -> Unit {
    let root = own.first().cloned().unwrap_or_else(|| ".".to_owned());
    let id = Id::app(if folder.is_empty() { &root } else { folder });
    let mut unit = Unit::new(format, if folder.is_empty() { "." } else { folder }, folder);
    let mut names = own;
    // `payments/src` is the program `payments`.
    let named = folder.strip_suffix("/src").unwrap_or(folder);
    names.insert(0, folder_name(named, &root).to_owned());
    unit.about = Some(About { node: id, names });
    unit
}

/// The node of the program that a unit speaks of.
fn declare(unit: &mut Unit, evidence: Evidence) -> Id {
    let id = unit.about.as_ref().map(|about| about.node.clone()).expect("the unit speaks of a program");
    if unit.nodes.is_empty() {
        let mut node = Node::new(id.clone(), Kind::Component, id.rest());
        node.type_name = Some("program".to_owned());
        node.tolerance_because = Some("nothing that was read says where it runs".to_owned());
        node.add_evidence(evidence);
        unit.nodes.push(node);
    }
    id
}

/// What a program needs, and when.
pub(super) struct Wanted {
    pub(super) target: Target,
    pub(super) phase: Phase,
    pub(super) need: Need,
    pub(super) group: Option<Id>,
}

impl Wanted {
    /// What the program can use and may do without.
    pub(super) fn optional(target: Target, phase: Phase) -> Self {
        Wanted { target, phase, need: Need::Optional, group: None }
    }
}

/// Adds a need of the program; one that is known gets another piece of evidence.
pub(super) fn refer(unit: &mut Unit, wanted: Wanted, evidence: Evidence) {
    let from = declare(unit, evidence.clone());
    let Wanted { target, phase, need, group } = wanted;
    let same = |known: &&mut Reference| known.target == target && known.phase == phase;
    match unit.references.iter_mut().find(same) {
        Some(known) => {
            known.need = known.need.min(need);
            if known.evidence.len() < MOST_EVIDENCE {
                known.evidence.push(evidence);
            }
        }
        None => {
            let (confidence, evidence) = (Confidence::Inferred, vec![evidence]);
            unit.references.push(Reference { from, target, phase, need, group, confidence, evidence });
        }
    }
}

/// A setting of a program with its place. Its value is never shown.
pub(super) struct Setting<'s> {
    /// The key as it is written.
    pub(super) key: &'s str,
    /// The key in the form in which providers name theirs: `STRIPE_SECRET_KEY`.
    pub(super) known_as: &'s str,
    pub(super) value: &'s str,
    pub(super) at: Location,
    /// Whether it stands in a sample, which says what there is and not where.
    pub(super) is_sample: bool,
}

impl Setting<'_> {
    /// Writes what the setting needs.
    pub(super) fn declare(&self, unit: &mut Unit, keys: &Keys<'_>, catalog: &Catalog) {
        let mut is_placed = false;
        for mention in hosts::in_setting(self.key, self.value) {
            let mut targets: Vec<(Phase, Need, Target)> = mention
                .endpoints
                .into_iter()
                .filter(|endpoint| endpoint.sure == Sureness::Certain)
                .filter_map(|endpoint| {
                    let need = if self.is_sample { Need::Optional } else { endpoint.need() };
                    Some((endpoint.phase(Phase::Runtime), need, self.target(endpoint.target, catalog)?))
                })
                .collect();
            targets.dedup();
            is_placed |= !targets.is_empty();
            self.refer_to_any(unit, targets);
        }
        let counts = !is_placed && (self.is_sample || keys::is_set(self.value));
        if let Some((target, phase)) = keys.opened_by(self.known_as).filter(|_| counts) {
            refer(unit, Wanted::optional(target, phase), self.evidence());
        }
    }

    /// What the host stands for.
    fn target(&self, target: Target, catalog: &Catalog) -> Option<Target> {
        match &target {
            Target::Host { name, .. } if self.is_sample && name.contains('.') => {
                keys::in_sample(target, catalog)
            }
            Target::Host { name, .. } => (!keys::is_blank(name)).then_some(target),
            Target::Address(_) => (!self.is_sample).then_some(target),
            _ => None,
        }
    }

    fn refer_to_any(&self, unit: &mut Unit, targets: Vec<(Phase, Need, Target)>) {
        let mut group = None;
        if targets.len() > 1 {
            let owner = declare(unit, self.evidence());
            let id = Id::new(format!("{owner}#{}", self.key.to_lowercase()));
            let evidence = vec![self.evidence()];
            unit.groups.push(Group { id: id.clone(), owner, k: 1, level: None, evidence });
            group = Some(id);
        }
        for (phase, need, target) in targets {
            let wanted = Wanted { target, phase, need, group: group.clone() };
            refer(unit, wanted, self.evidence());
        }
    }

    fn evidence(&self) -> Evidence {
        keys::masked(self.at.clone(), self.key)
    }
}
