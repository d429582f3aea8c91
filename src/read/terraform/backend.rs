//! Where a root keeps its state.

use super::world::World;
use crate::model::Unit;
use crate::source::Problems;

pub(super) fn read(_world: &World<'_>, _unit: &mut Unit, _problems: &mut Problems) {}
