//! `monitoring-shares-fate`: monitoring that fails together with what it watches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::judge::Class;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Edge, Id, Level, Phase};

/// Monitoring that fails together with what it watches.
pub(super) struct MonitoringSharesFate;

impl Rule for MonitoringSharesFate {
    fn id(&self) -> &'static str {
        "monitoring-shares-fate"
    }

    fn summary(&self) -> &'static str {
        "Monitoring that fails together with what it watches."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/monitoring-shares-fate.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let mut points: Vec<_> = cx
            .single_points()
            .iter()
            .filter(|point| matches!(point.class, Class::Zone | Class::Region | Class::Provider | Class::Dns))
            .collect();
        // The smallest domain that takes both says it; a larger one around it would say it again.
        points.sort_by_key(|point| (point.level, point.element));
        let mut watching: HashMap<&Id, Vec<&Edge>> = HashMap::new();
        for edge in cx.estate.edges.iter().filter(|edge| edge.phase == Phase::Observe) {
            watching.entry(&edge.from).or_default().push(edge);
        }
        let mut seen: BTreeSet<(&Id, &Id)> = BTreeSet::new();
        let mut said: BTreeMap<&Id, Vec<&Edge>> = BTreeMap::new();
        for point in points {
            let domain = point.element;
            let mut rests: BTreeMap<&Id, bool> = BTreeMap::new();
            for &edge in point.lost.iter().filter_map(|service| watching.get(service)).flatten() {
                if seen.contains(&(&edge.from, &edge.to)) {
                    continue;
                }
                if *rests.entry(&edge.to).or_insert_with(|| cx.rests_on(&edge.to, domain)) {
                    seen.insert((&edge.from, &edge.to));
                    said.entry(domain).or_default().push(edge);
                }
            }
        }
        for (domain, edges) in said {
            let Some(first) = edges.first() else { continue };
            let level = cx.failure_of(domain).map_or(Level::Region, |failure| failure.level);
            let (domain_name, monitor) = (cx.name(domain), cx.name(&first.to));
            let watched: Vec<Id> =
                edges.iter().map(|edge| edge.from.clone()).collect::<BTreeSet<Id>>().into_iter().collect();
            let draft = Draft::new(cx, self, domain, level)
                .blast(cx.weigh(&watched))
                .message(format!("`{monitor}` goes down with `{domain_name}`, and so with what it watches"))
                .services(watched.iter().cloned())
                .path(cx, &[first.from.clone(), first.to.clone(), domain.clone()])
                .fix("watch it from another provider or region too", "small");
            out.push(cx, draft);
        }
    }
}
