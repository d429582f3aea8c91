//! What has a name, and what a name means where it is used.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::document::{Document, Element, Spot};
use crate::source::Problems;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Gate,
    Basic,
    House,
    Parameter,
}

pub(super) struct Definition<'a> {
    pub(super) sort: Sort,
    pub(super) name: String,
    /// The path of what holds it, with a dot at its end unless empty.
    pub(super) base: String,
    pub(super) spot: Spot<'a>,
    /// Defined by a common-cause group: the group's distribution.
    pub(super) distribution: Option<Spot<'a>>,
}

/// Everything that has a name. Events of one name share a space; parameters have their own.
#[derive(Default)]
pub(super) struct Definitions<'a> {
    pub(super) all: Vec<Definition<'a>>,
    events_by_path: HashMap<String, usize>,
    events_by_name: HashMap<String, usize>,
    parameters_by_path: HashMap<String, usize>,
    parameters_by_name: HashMap<String, usize>,
}

impl<'a> Definitions<'a> {
    pub(super) fn collect(&mut self, document: &'a Document<'a>, problems: &mut Problems) {
        let mut holders = VecDeque::from([(Spot { document, element: 0 }, String::new(), true)]);
        while let Some((holder, base, public)) = holders.pop_front() {
            for spot in holder.children() {
                let element = spot.get();
                let sort = match element.name {
                    "define-fault-tree" | "define-component" => {
                        let name = element.attribute("name").unwrap_or_default();
                        let public = public_role(element, public);
                        holders.push_back((spot, format!("{base}{name}."), public));
                        continue;
                    }
                    "model-data" => {
                        holders.push_back((spot, String::new(), true));
                        continue;
                    }
                    "define-CCF-group" => {
                        self.common_cause(spot, problems);
                        continue;
                    }
                    "define-gate" => Sort::Gate,
                    "define-basic-event" => Sort::Basic,
                    "define-house-event" => Sort::House,
                    "define-parameter" => Sort::Parameter,
                    "include" => continue,
                    // A note would not do: without it the cut sets are those of another model.
                    "define-substitution" => {
                        problems.error(
                            spot.location(),
                            "substitutions are not supported: they change the cut sets",
                        );
                        continue;
                    }
                    other => {
                        problems.note(
                            spot.location(),
                            format!("`{other}` is not read: only fault trees and their data are"),
                        );
                        continue;
                    }
                };
                let public = public_role(element, public);
                self.define(sort, spot, base.clone(), public, None, problems);
            }
        }
    }

    fn define(
        &mut self,
        sort: Sort,
        spot: Spot<'a>,
        base: String,
        public: bool,
        distribution: Option<Spot<'a>>,
        problems: &mut Problems,
    ) {
        let Some(name) = spot.get().attribute("name").filter(|name| !name.is_empty()) else {
            problems.error(spot.location(), format!("`{}` has no name", spot.get().name));
            return;
        };
        let at = self.all.len();
        let (by_path, by_name) = match sort {
            Sort::Parameter => (&mut self.parameters_by_path, &mut self.parameters_by_name),
            _ => (&mut self.events_by_path, &mut self.events_by_name),
        };
        let path = format!("{base}{name}");
        let known = by_path.get(&path).or_else(|| if public { by_name.get(name) } else { None });
        if let Some(&known) = known {
            let first = self.all[known].spot.location();
            problems.error(
                spot.location(),
                format!("`{name}` is defined twice: first in {}:{}", first.path, first.line),
            );
            return;
        }
        by_path.insert(path, at);
        if public {
            by_name.insert(name.to_owned(), at);
        }
        self.all.push(Definition { sort, name: name.to_owned(), base, spot, distribution });
    }

    /// A group's members are basic events of the group's distribution; that they fail together is left out.
    fn common_cause(&mut self, group: Spot<'a>, problems: &mut Problems) {
        problems.warning(
            group.location(),
            "a common-cause group is read as independent events: its factors are left out",
        );
        let distribution = group
            .children()
            .find(|spot| spot.get().name == "distribution")
            .and_then(|spot| spot.children().next());
        for members in group.children().filter(|spot| spot.get().name == "members") {
            for member in members.children().filter(|spot| spot.get().name == "basic-event") {
                self.define(Sort::Basic, member, String::new(), true, distribution, problems);
            }
        }
    }

    pub(super) fn event(&self, base: &str, name: &str) -> Option<usize> {
        find(&self.events_by_path, &self.events_by_name, base, name)
    }

    pub(super) fn parameter(&self, base: &str, name: &str) -> Option<usize> {
        find(&self.parameters_by_path, &self.parameters_by_name, base, name)
    }

    /// The name alone where that is unique, else the path.
    pub(super) fn shown(&self, at: usize) -> Arc<str> {
        let definition = &self.all[at];
        if self.events_by_name.get(&definition.name) == Some(&at) || definition.base.is_empty() {
            definition.name.as_str().into()
        } else {
            format!("{}{}", definition.base, definition.name).into()
        }
    }
}

fn public_role(element: &Element<'_>, inherited: bool) -> bool {
    match element.attribute("role") {
        Some("private") => false,
        Some("public") => true,
        _ => inherited,
    }
}

/// From the innermost container outwards, then by path, then by public name.
fn find(
    by_path: &HashMap<String, usize>,
    by_name: &HashMap<String, usize>,
    base: &str,
    name: &str,
) -> Option<usize> {
    let mut base = base;
    loop {
        if let Some(&at) = by_path.get(&format!("{base}{name}")) {
            return Some(at);
        }
        if base.is_empty() {
            break;
        }
        let trimmed = base.trim_end_matches('.');
        base = trimmed.rfind('.').map_or("", |dot| &trimmed[..=dot]);
    }
    by_name.get(name).copied()
}
