//! `disruption-takes-all-replicas`: a disruption budget that lets maintenance take every instance at once.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Level, Node};

/// A disruption budget that lets maintenance take every instance at once.
pub(super) struct DisruptionTakesAllReplicas;

impl Rule for DisruptionTakesAllReplicas {
    fn id(&self) -> &'static str {
        "disruption-takes-all-replicas"
    }

    fn summary(&self) -> &'static str {
        "A disruption budget that lets maintenance take every instance at once."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/disruption-takes-all-replicas.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for node in cx.estate.nodes.values() {
            let Some((why, attribute)) = allows_all(node) else { continue };
            let said = node.attributes.get(attribute).and_then(|fact| fact.evidence.as_ref());
            let draft = Draft::new(cx, self, &node.id, Level::Host)
                .message(format!(
                    "maintenance may take every instance of `{}` at once: {why}",
                    cx.name(&node.id)
                ))
                .services(cx.services_of(&node.id))
                .evidence(said)
                .fix("let the budget keep at least one instance", "small");
            out.push(cx, draft);
        }
    }
}

/// Why all of several instances may be taken at once. A budget that nobody wrote says nothing.
fn allows_all(node: &Node) -> Option<(String, Attribute)> {
    let replicas = node.replication.replicas.filter(|replicas| 1 < *replicas)?;
    let unavailable = node.attributes.number(Attribute::MaxUnavailable);
    if unavailable.is_some_and(|count| f64::from(replicas) <= count) {
        return Some((format!("all {replicas} may be unavailable"), Attribute::MaxUnavailable));
    }
    let available = node.attributes.number(Attribute::MinAvailable);
    let none_must_stay = available.is_some_and(|count| count <= 0.0);
    none_must_stay.then(|| ("none has to stay available".to_owned(), Attribute::MinAvailable))
}
