//! `single-dns-operator`: zones that one operator alone serves.

use std::collections::BTreeMap;

use crate::judge::context::Demand;
use crate::judge::dns::{operators, own_zones};
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Id, Level, Node};

/// Zones that one operator alone serves.
pub(super) struct SingleDnsOperator;

impl Rule for SingleDnsOperator {
    fn id(&self) -> &'static str {
        "single-dns-operator"
    }

    fn summary(&self) -> &'static str {
        "Zones that one operator alone serves."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-dns-operator.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let mut by_operator: BTreeMap<String, Vec<&Node>> = BTreeMap::new();
        for zone in own_zones(cx.estate) {
            if let Some([only]) = operators(cx.estate, zone).as_deref() {
                by_operator.entry(only.clone()).or_default().push(zone);
            }
        }
        for (operator, zones) in by_operator {
            let mut services: Vec<Id> = zones.iter().flat_map(|zone| cx.dependents(&zone.id)).collect();
            if services.is_empty() {
                services = zones.iter().map(|zone| zone.id.clone()).collect();
            }
            services.sort();
            services.dedup();
            services.retain(|service| cx.demand(service, Level::Dns) != Demand::NeedNot);
            let Some(demand) = services.iter().map(|service| cx.demand(service, Level::Dns)).max() else {
                continue;
            };
            let element = Id::provider(&operator);
            let names: Vec<Id> = zones.iter().map(|zone| zone.id.clone()).collect();
            let draft = Draft::new(cx, self, &element, Level::Dns)
                .level(if demand == Demand::ByTier { FindingLevel::Error } else { FindingLevel::Warning })
                .message(format!("`{}` alone serves {}", cx.name(&element), cx.names(&names)))
                .blast(cx.weigh(&services))
                .services(services)
                .evidence(zones.iter().filter_map(|zone| zone.evidence.first()))
                .path(cx, &[names[0].clone(), element.clone()])
                .fix(
                    "serve the zones from a second operator too, with name servers of both in the delegation",
                    "medium",
                );
            out.push(cx, draft);
        }
    }
}
