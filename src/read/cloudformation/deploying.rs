//! What is needed only while a stack is made or changed: values that CloudFormation looks up for it, and the
//! functions behind its custom resources.

use super::Resource;
use super::convert::Resources;
use super::value::Val;
use crate::model::{Attribute, Confidence, Edge, Evidence, Id, Kind, Need, Phase, Reference, Target, Unit};
use crate::read::draft::Describe;
use crate::read::yaml::evidence_at;
use crate::source::Tree;

/// How a text asks for a value of a secret store: `{{resolve:secretsmanager:prod/db:SecretString:password}}`.
const DYNAMIC: &str = "{{resolve:";

/// Longer texts are not searched for more.
const MOST_IN_ONE_TEXT: usize = 20;

/// Where a value is looked up.
#[derive(Debug, PartialEq)]
struct LookUp<'t> {
    service: &'static str,
    name: &'t str,
}

/// Adds what making the stacks needs. `ids` are those of the resources, in their order.
pub(super) fn read(resources: &Resources<'_>, ids: &[&Id], tree: &Tree, unit: &mut Unit) {
    for (index, resource) in resources.all.iter().enumerate() {
        if has_node(unit, ids[index]) {
            for (_, leaf) in resource.properties.leaves() {
                look_ups(resources, ids, index, leaf, tree, unit);
            }
        }
        for handler in handlers(resources, resource) {
            let node = unit.nodes.iter_mut().find(|node| node.id == *ids[handler]);
            if let Some(node) = node.filter(|node| node.kind == Kind::Service) {
                node.kind = Kind::Component;
                node.is_service = false;
                node.flag(Attribute::Auxiliary, true, None);
            }
        }
    }
}

fn has_node(unit: &Unit, id: &Id) -> bool {
    unit.nodes.iter().any(|node| node.id == *id)
}

/// Resources of types that are no provider's own are made by a function, which then has nothing more to do.
fn handlers(resources: &Resources<'_>, custom: &Resource) -> Vec<usize> {
    let token = custom.properties.find("ServiceToken");
    let refs = token.into_iter().flat_map(|token| &token.refs);
    refs.filter_map(|reference| resources.index(reference)).collect()
}

fn look_ups(resources: &Resources<'_>, ids: &[&Id], from: usize, leaf: &Val, tree: &Tree, unit: &mut Unit) {
    let text = leaf.pattern();
    for look_up in in_text(&text) {
        let referred = leaf.refs.iter().filter_map(|reference| resources.index(reference));
        let named = (0..resources.all.len()).filter(|at| is(&resources.all[*at], &look_up));
        let stores: Vec<usize> =
            referred.chain(named).filter(|at| *at != from && has_node(unit, ids[*at])).collect();
        let evidence = evidence_at(&leaf.at, tree);
        for to in &stores {
            need_store(unit, ids[from], ids[*to], &evidence);
        }
        if stores.is_empty() {
            need_service(unit, ids[from], look_up.service, &evidence);
        }
    }
}

fn need_store(unit: &mut Unit, from: &Id, to: &Id, evidence: &Evidence) {
    if !unit.edges.iter().any(|edge| edge.from == *from && edge.to == *to) {
        unit.edges.push(Edge {
            from: from.clone(),
            to: to.clone(),
            phase: Phase::Deploy,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence: vec![evidence.clone()],
        });
    }
}

fn need_service(unit: &mut Unit, from: &Id, service: &str, evidence: &Evidence) {
    let service = Some(service.to_owned());
    let target = Target::Provider { provider: "aws".to_owned(), service, region: None };
    if !unit.references.iter().any(|known| known.from == *from && known.target == target) {
        unit.references.push(Reference {
            from: from.clone(),
            target,
            phase: Phase::Deploy,
            need: Need::Required,
            group: None,
            confidence: Confidence::Inferred,
            evidence: vec![evidence.clone()],
        });
    }
}

/// Whether a resource is the secret or parameter of the name that is looked up.
fn is(resource: &Resource, look_up: &LookUp<'_>) -> bool {
    let service = match resource.type_name.as_str() {
        "AWS::SecretsManager::Secret" => "secretsmanager",
        "AWS::SSM::Parameter" => "ssm",
        _ => return false,
    };
    let name = resource.properties.find("Name").map(Val::pattern);
    service == look_up.service && name.is_some_and(|name| name == look_up.name)
}

fn in_text(text: &str) -> Vec<LookUp<'_>> {
    let asked = text.match_indices(DYNAMIC).take(MOST_IN_ONE_TEXT);
    asked.filter_map(|(at, _)| dynamic(&text[at + DYNAMIC.len()..])).collect()
}

fn dynamic(text: &str) -> Option<LookUp<'_>> {
    let (service, rest) = text.split("}}").next()?.split_once(':')?;
    let service = match service {
        "secretsmanager" => "secretsmanager",
        "ssm" | "ssm-secure" => "ssm",
        _ => return None,
    };
    Some(LookUp { service, name: rest.split(':').next().unwrap_or(rest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_references_are_found_in_texts() {
        let names = |text| in_text(text).into_iter().map(|one| (one.service, one.name)).collect::<Vec<_>>();
        assert_eq!(
            names(
                "jdbc:{{resolve:ssm:/db/host:1}}/x?{{resolve:secretsmanager:prod/db:SecretString:password}}"
            ),
            [("ssm", "/db/host"), ("secretsmanager", "prod/db")]
        );
        assert_eq!(names("{{resolve:secretsmanager:*::password}}"), [("secretsmanager", "*")]);
        assert_eq!(names("{{resolve:other:x}} {{resolve:ssm"), []);
    }
}
