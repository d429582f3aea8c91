//! What is said of a program, carried over to the nodes that run it.
//!
//! Package manifests and files of settings stand in the folder of a program and know nothing of where it runs. Their
//! needs become those of each node whose build or platform names the folder; else of the workloads whose image bears the
//! program's name, where the folder is built into an image; else of a node of their own.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{About, Attribute, Group, Id, Node, Reference, Target, Unit};

/// A node of a unit: the unit's number and the node's id.
type Place = (usize, Id);

/// Moves the needs of programs to what runs them.
pub(super) fn attach(units: Vec<Unit>) -> Vec<Unit> {
    let (said, mut units): (Vec<Unit>, Vec<Unit>) = units.into_iter().partition(|unit| unit.about.is_some());
    let runners = Runners::of(&units);
    for mut unit in said {
        let Some(about) = &unit.about else { continue };
        let places = runners.find(&unit.folder, about);
        for (number, id) in &places {
            carry_over(&unit, about, &mut units[*number], id);
        }
        if places.is_empty() {
            unit.references.retain(|reference| !is_short_name(&reference.target));
            units.extend((!unit.references.is_empty()).then_some(unit));
        }
    }
    units
}

/// Who runs what.
#[derive(Default)]
struct Runners {
    by_folder: BTreeMap<String, Vec<Place>>,
    by_image: BTreeMap<String, Vec<Place>>,
    /// Folders that are built into an image.
    built: BTreeSet<String>,
}

impl Runners {
    fn of(units: &[Unit]) -> Self {
        let mut runners = Runners::default();
        for (number, unit) in units.iter().enumerate() {
            for program in &unit.programs {
                match &program.run_by {
                    Some(id) => {
                        let known = runners.by_folder.entry(program.folder.clone()).or_default();
                        known.push((number, id.clone()));
                    }
                    None => drop(runners.built.insert(program.folder.clone())),
                }
            }
            for node in unit.nodes.iter().filter(|node| node.is_service) {
                let image = node.attributes.text(Attribute::Image).map(image_name);
                for name in image.iter().flat_map(|image| [Some(image.as_str()), own_part(image, &node.name)])
                {
                    let known = name.map(|name| runners.by_image.entry(name.to_owned()).or_default());
                    known.into_iter().for_each(|known| known.push((number, node.id.clone())));
                }
            }
        }
        for places in runners.by_folder.values_mut().chain(runners.by_image.values_mut()) {
            keep_servers(places, units);
        }
        runners
    }

    fn find(&self, folder: &str, about: &About) -> Vec<Place> {
        if let Some(places) = self.by_folder.get(folder) {
            return places.clone();
        }
        let names = about.names.iter().filter(|_| self.built.contains(folder));
        names.filter_map(|name| self.by_image.get(&name.to_lowercase())).next().cloned().unwrap_or_default()
    }
}

/// Jobs and tools do not stand for a program that something else serves.
fn keep_servers(places: &mut Vec<Place>, units: &[Unit]) {
    let serves = |(number, id): &Place| {
        let is_side = |node: &Node| {
            [Attribute::Batch, Attribute::Auxiliary]
                .iter()
                .any(|attribute| node.attributes.bool(*attribute) == Some(true))
        };
        !units[*number].nodes.iter().any(|node| node.id == *id && is_side(node))
    };
    if places.iter().any(serves) {
        places.retain(serves);
    }
    places.sort();
    places.dedup();
}

/// `shop` of `ghcr.io/example/shop:1.2@sha256:...`.
fn image_name(image: &str) -> String {
    let path = image.split('@').next().unwrap_or(image);
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split(':').next().unwrap_or(last).to_lowercase()
}

/// `orders` of the image `shop-orders` that a node called `orders` runs: the rest is the project's name.
fn own_part<'i>(image: &'i str, node: &str) -> Option<&'i str> {
    let at = image.len().checked_sub(node.len()).filter(|at| image.is_char_boundary(*at))?;
    let (project, own) = image.split_at(at);
    (project.ends_with(['-', '_']) && own.eq_ignore_ascii_case(node)).then_some(own)
}

/// Makes the needs of a program those of a node, but for what the unit of the node says better.
fn carry_over(said: &Unit, about: &About, runner: &mut Unit, id: &Id) {
    let host =
        runner.nodes.iter().find(|node| node.id == *id).and_then(|node| node.placement.provider.clone());
    let own_name = |group: &Id| {
        let suffix = group.as_str().rsplit_once('#').map_or(group.as_str(), |(_, suffix)| suffix);
        Id::new(format!("{id}#{suffix}"))
    };
    for reference in said.references.iter().filter(|reference| reference.from == about.node) {
        let known = match &reference.target {
            Target::Provider { provider, .. } => host.as_ref() == Some(provider),
            target if is_short_name(target) => !runner.names.iter().any(|known| {
                known.id != *id && matches!(target, Target::Host { name, .. } if *name == known.name)
            }),
            _ => false,
        };
        if known || runner.references.iter().any(|other| same_need(other, reference, id)) {
            continue;
        }
        let group = reference.group.as_ref().map(own_name);
        runner.references.push(Reference { from: id.clone(), group, ..reference.clone() });
    }
    let groups = said.groups.iter().filter(|group| group.owner == about.node);
    let groups = groups.map(|group| Group { id: own_name(&group.id), owner: id.clone(), ..group.clone() });
    runner.groups.extend(groups.filter(|group| {
        runner.references.iter().any(|reference| reference.group.as_ref() == Some(&group.id))
    }));
}

/// Whether a name means something among the parts of one deployment alone.
fn is_short_name(target: &Target) -> bool {
    matches!(target, Target::Host { name, .. } if !name.contains('.'))
}

/// Whether a node is known to need the same thing.
fn same_need(known: &Reference, said: &Reference, id: &Id) -> bool {
    let same_target = match (&known.target, &said.target) {
        (Target::Provider { provider: a, .. }, Target::Provider { provider: b, .. }) => a == b,
        (Target::Host { name: a, .. }, Target::Host { name: b, .. }) => a == b,
        (a, b) => a == b,
    };
    known.from == *id && known.phase == said.phase && same_target
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeValue, Confidence, Kind, Need, Phase, Program, Reach};

    fn deployed(folder: &str, names: &[&str]) -> Unit {
        let mut unit = Unit::new("compose", folder, folder);
        for name in names {
            let id = Id::compose("", name);
            unit.add_name(name, &id, Reach::Unit);
            unit.nodes.push(Node::new(id, Kind::Service, *name));
        }
        unit
    }

    fn said(folder: &str, targets: &[Target]) -> Unit {
        let node = Id::app(folder);
        let mut unit = Unit::new("packages", folder, folder);
        unit.nodes.push(Node::new(node.clone(), Kind::Component, folder));
        unit.about = Some(About { node: node.clone(), names: vec![folder.to_owned()] });
        let reference = |target: &Target| Reference {
            from: node.clone(),
            target: target.clone(),
            phase: Phase::Runtime,
            need: Need::Optional,
            group: None,
            confidence: Confidence::Inferred,
            evidence: Vec::new(),
        };
        unit.references = targets.iter().map(reference).collect();
        unit
    }

    fn provider(name: &str) -> Target {
        Target::Provider { provider: name.to_owned(), service: None, region: None }
    }

    fn host(name: &str) -> Target {
        Target::Host { name: name.to_owned(), port: None, scheme: None }
    }

    fn needs(units: &[Unit]) -> Vec<String> {
        let target = |target: &Target| match target {
            Target::Provider { provider, .. } => provider.clone(),
            Target::Host { name, .. } => name.clone(),
            other => panic!("{other:?}"),
        };
        let all = units.iter().flat_map(|unit| &unit.references);
        all.map(|one| format!("{} {}", one.from, target(&one.target))).collect()
    }

    #[test]
    fn images_that_bear_the_project_too_are_told_by_the_node() {
        let mut shop = deployed("", &["orders", "web"]);
        for (node, image) in shop.nodes.iter_mut().zip(["acme/shop-orders:1", "acme/reorders"]) {
            node.is_service = true;
            node.attributes.set(Attribute::Image, AttributeValue::Text(image.into()), None);
        }
        shop.programs.push(Program { folder: "orders".to_owned(), run_by: None });
        let units = attach(vec![shop, said("orders", &[provider("stripe")])]);
        assert_eq!(needs(&units), ["compose:orders stripe"]);
        assert_eq!(own_part("shop-orders", "Orders"), Some("orders"));
        assert_eq!(own_part("reorders", "orders"), None);
        assert_eq!(own_part("orders", "orders"), None);
    }

    #[test]
    fn what_runs_the_folder_needs_what_its_program_needs() {
        let mut shop = deployed("", &["web", "worker", "migrate", "db"]);
        for name in ["web", "worker", "migrate"] {
            shop.programs.push(Program { folder: "app".to_owned(), run_by: Some(Id::compose("", name)) });
        }
        shop.nodes[1].placement.provider = Some("aws".to_owned());
        shop.nodes[2].attributes.set(Attribute::Batch, AttributeValue::Bool(true), None);
        let said = said("app", &[provider("stripe"), provider("aws"), host("db"), host("elsewhere")]);
        assert_eq!(
            needs(&attach(vec![said, shop])),
            [
                "compose:web stripe",
                "compose:web aws",
                "compose:web db",
                "compose:worker stripe",
                "compose:worker db"
            ]
        );
    }

    #[test]
    fn an_image_of_the_name_counts_where_the_folder_is_built() {
        let mut cluster = deployed("k8s", &["api"]);
        let image = AttributeValue::Text("ghcr.io/example/Payments:1".to_owned());
        cluster.nodes[0].attributes.set(Attribute::Image, image, None);
        let about = || said("payments", &[provider("stripe"), host("db")]);
        let units = attach(vec![cluster.clone(), about()]);
        assert_eq!(needs(&units), ["app:payments stripe"], "a name alone is chance");
        let mut build = Unit::new("dockerfile", "payments", "payments");
        build.programs.push(Program { folder: "payments".to_owned(), run_by: None });
        assert_eq!(needs(&attach(vec![cluster, build, about()])), ["compose:api stripe"]);
    }
}
