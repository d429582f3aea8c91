//! Small estates and analyses, written by hand, for tests of rules.

use jiff::civil::{Date, date};

use super::{Context, Finding, judge};
use crate::analyze::{Analysis, SingleFailure};
use crate::catalog::Catalog;
use crate::model::{
    Category, Edge, Estate, Evidence, Id, Kind, Level, Need, Node, Phase, Settings, Tolerance,
};
use crate::source::SourceFile;

/// The day on which tests judge.
pub(crate) const TODAY: Date = date(2026, 11, 22);

/// An estate, its analysis and settings in the making.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) estate: Estate,
    pub(crate) analysis: Analysis,
    pub(crate) settings: Settings,
    line: u32,
}

impl World {
    /// A node; services by their scheme `app:`.
    pub(crate) fn node(&mut self, id: &str, kind: Kind) -> &mut Node {
        self.line += 1;
        let name = id.rsplit([':', '/']).next().unwrap();
        let mut node = Node::new(Id::new(id), kind, name);
        if matches!(kind, Kind::Service | Kind::Component) {
            let text = "x\n".repeat(self.line as usize);
            node.evidence.push(Evidence::at_line(&SourceFile::new("main.tf", text.as_bytes()), self.line));
        }
        self.estate.nodes.entry(Id::new(id)).or_insert(node)
    }

    /// A component of a category and tolerance.
    pub(crate) fn component(&mut self, id: &str, category: Category, tolerance: Tolerance) -> &mut Node {
        let node = self.node(id, Kind::Component);
        node.category = Some(category);
        node.tolerance = tolerance;
        node
    }

    /// A required dependency at run time.
    pub(crate) fn needs(&mut self, from: &str, to: &str) -> &mut Edge {
        let edge = Edge::required(Id::new(from), Id::new(to), Vec::new());
        self.estate.edges.push(edge);
        self.estate.edges.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        let at =
            self.estate.edges.iter().position(|e| e.from.as_str() == from && e.to.as_str() == to).unwrap();
        &mut self.estate.edges[at]
    }

    /// What the loss of an element takes, in a phase, along paths of two ends.
    pub(crate) fn fails_in(
        &mut self,
        phase: Phase,
        element: &str,
        level: Level,
        lost: &[&str],
        degraded: &[&str],
    ) {
        let mut lost: Vec<Id> = lost.iter().map(|id| Id::new(*id)).collect();
        lost.sort();
        let paths =
            lost.iter()
                .map(|id| {
                    if id.as_str() == element { vec![id.clone()] } else { vec![id.clone(), Id::new(element)] }
                })
                .collect();
        let result = self.analysis.phases.entry(phase).or_default();
        result.failures.push(SingleFailure {
            element: Id::new(element),
            level,
            weight_lost: lost.len() as f64,
            lost_count: lost.len(),
            share_lost: 0.5,
            degraded_count: degraded.len(),
            degraded: degraded.iter().map(|id| Id::new(*id)).collect(),
            lost,
            paths,
        });
    }

    /// What the loss of an element takes at run time.
    pub(crate) fn fails(&mut self, element: &str, level: Level, lost: &[&str]) {
        self.fails_in(Phase::Runtime, element, level, lost, &[]);
    }

    /// Judges.
    pub(crate) fn judged(&self) -> Vec<Finding> {
        let catalog = Catalog::default();
        judge(&Context::new(&self.estate, &self.analysis, &self.settings, &catalog, TODAY))
    }

    /// Judges: `LEVEL RULE ELEMENT`, one each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.judged().iter().map(|f| format!("{} {} {}", f.level.word(), f.rule, f.element)).collect()
    }

    /// The findings of one rule.
    pub(crate) fn of(&self, rule: &str) -> Vec<Finding> {
        self.judged().into_iter().filter(|finding| finding.rule == rule).collect()
    }
}

/// Two services on a single-zone database behind one NAT gateway, on one cloud.
pub(crate) fn fragile() -> World {
    let mut world = World::default();
    world.node("app:shop", Kind::Service);
    world.node("app:api", Kind::Service);
    world.component("tf:db", Category::Database, Tolerance::Nothing).placement.provider = Some("aws".into());
    world.component("tf:nat", Category::Network, Tolerance::Nothing).placement.provider = Some("aws".into());
    world.component("tf:lonely", Category::Database, Tolerance::Nothing);
    for (id, kind) in [
        ("provider:aws", Kind::Provider),
        ("provider:aws/us-east-1", Kind::Region),
        ("provider:aws/us-east-1a", Kind::Zone),
    ] {
        world.node(id, kind);
    }
    world.needs("app:shop", "tf:db");
    world.needs("app:api", "tf:db");
    world.needs("app:shop", "tf:nat");
    world.fails("tf:db", Level::Instance, &["app:api", "app:shop"]);
    world.fails("tf:nat", Level::Instance, &["app:shop"]);
    world.fails("provider:aws/us-east-1a", Level::Zone, &["app:api", "app:shop"]);
    world.fails("provider:aws/us-east-1", Level::Region, &["app:api", "app:shop"]);
    world.fails("provider:aws", Level::Provider, &["app:api", "app:shop"]);
    world.analysis.services = 2;
    world.analysis.weight = 2.0;
    world
}

mod tests {
    use super::*;
    use crate::judge::{Status, Verdict, apply_mitigations, mark_mitigated};
    use crate::model::settings::{Mitigation, MitigationKind, RuleLevel, Tier, Waiver};

    #[test]
    fn with_nothing_said_instances_and_zones_are_errors_and_wider_domains_warnings() {
        assert_eq!(
            fragile().lines(),
            [
                "error single-instance tf:db",
                "error single-zone provider:aws/us-east-1a",
                "error single-shared-component tf:nat",
                "warning single-provider provider:aws",
                "warning single-region provider:aws/us-east-1",
            ]
        );
    }

    #[test]
    fn a_tier_decides_what_must_be_survived() {
        let mut world = fragile();
        let survives = [Level::Instance, Level::Host, Level::Zone, Level::Region].into();
        world.settings.tiers.insert("gold".into(), Tier { survives, ..Tier::default() });
        world.settings.tiers.insert("none".into(), Tier::default());
        world.estate.nodes.get_mut(&Id::app("shop")).unwrap().tier = Some("gold".into());
        world.estate.nodes.get_mut(&Id::app("api")).unwrap().tier = Some("none".into());
        assert_eq!(
            world.lines(),
            [
                "error single-instance tf:db",
                "error single-region provider:aws/us-east-1",
                "error single-zone provider:aws/us-east-1a",
                "error single-shared-component tf:nat",
            ]
        );
        assert_eq!(world.of("single-instance")[0].services, [Id::app("shop")]);
        assert_eq!(world.of("single-instance")[0].blast_radius.services, 2);
    }

    #[test]
    fn unknown_tolerance_is_one_note_and_no_risk() {
        let mut world = fragile();
        for id in ["tf:db", "tf:nat"] {
            world.estate.nodes.get_mut(&Id::new(id)).unwrap().tolerance = Tolerance::Unknown;
        }
        let found = world.of("single-instance");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].verdict, found[0].level.word()), (Verdict::NotKnown, "note"));
        assert_eq!(found[0].message, "whether `db` and `nat` are single instances is not known");
        assert!(world.of("single-shared-component").is_empty());
    }

    #[test]
    fn policy_turns_rules_off_and_paths_override_it() {
        let mut world = fragile();
        world.settings.policy.rules.insert("single-instance".into(), RuleLevel::Off);
        assert!(world.of("single-instance").is_empty());
        let rules = [("single-instance".to_owned(), RuleLevel::Note)].into();
        world
            .settings
            .policy
            .overrides
            .push(crate::model::settings::PathOverride { paths: vec!["*.tf".into()], rules });
        assert_eq!(world.of("single-instance")[0].level.word(), "note");
    }

    #[test]
    fn waivers_accept_only_what_they_name_and_only_while_they_last() {
        let mut world = fragile();
        let waiver = Waiver {
            rule: Some("single-instance".into()),
            element: Some("tf:db".into()),
            reason: Some("moves away in spring".into()),
            owner: Some("shop".into()),
            expires: Some(TODAY),
            ..Waiver::default()
        };
        world.settings.waivers = vec![waiver.clone()];
        assert_eq!(world.of("single-instance")[0].status, Status::Waived);
        assert_eq!(world.of("single-zone")[0].status, Status::Open);
        world.settings.waivers = vec![Waiver { service: Some("shop".into()), ..waiver.clone() }];
        let found = &world.of("single-instance")[0];
        assert_eq!(
            (found.status, found.because.as_deref()),
            (Status::Open, Some("waived for some services, not for `api`"))
        );
        world.settings.waivers = vec![Waiver { expires: Some(TODAY.yesterday().unwrap()), ..waiver.clone() }];
        let found = &world.of("single-instance")[0];
        assert_eq!(found.status, Status::Open);
        assert_eq!(found.because.as_deref(), Some("the waiver does not count: it expired on 2026-11-21"));
        world.settings.waivers = vec![Waiver { owner: None, ..waiver.clone() }];
        assert_eq!(world.of("single-instance")[0].status, Status::Open);
        world.settings.waivers = vec![Waiver { element: Some("**".into()), ..waiver }];
        assert_eq!(world.of("single-instance")[0].status, Status::Open);
    }

    #[test]
    fn mitigations_change_the_graph_and_what_they_answer_stays_in_sight() {
        let world = fragile();
        let mut settings = Settings::default();
        let fallback = Mitigation {
            kind: MitigationKind::Fallback,
            of: vec!["tf:nat".into()],
            owner: Some("net".into()),
            ..Mitigation::default()
        };
        settings.mitigations = vec![
            fallback.clone(),
            Mitigation {
                kind: MitigationKind::Failover,
                of: vec!["tf:db".into()],
                services: vec!["shop".into()],
                with: vec!["tf:standby".into()],
                ..fallback.clone()
            },
        ];
        let estate = apply_mitigations(world.estate.clone(), &settings, TODAY);
        let edge = |from: &str, to: &str| {
            estate
                .needs(&Id::new(from))
                .find(|edge| edge.to.as_str() == to)
                .map(|edge| (edge.need, edge.group.clone()))
        };
        let group = Some(Id::new("app:shop#mitigation-2"));
        assert_eq!(edge("app:shop", "tf:nat"), Some((Need::Optional, None)));
        assert_eq!(edge("app:shop", "tf:db"), Some((Need::Required, group.clone())));
        assert_eq!(edge("app:shop", "tf:standby"), Some((Need::Required, group)));
        assert_eq!(edge("app:api", "tf:db"), Some((Need::Required, None)));
        settings.mitigations[0].expires = Some(TODAY.yesterday().unwrap());
        settings.mitigations.truncate(1);
        assert_eq!(apply_mitigations(world.estate.clone(), &settings, TODAY).edges, world.estate.edges);

        let before = world.judged();
        let after: Vec<Finding> = before.iter().filter(|f| f.element.as_str() != "tf:nat").cloned().collect();
        let both = mark_mitigated(before.clone(), after);
        assert_eq!(both.len(), before.len());
        assert_eq!(both.last().map(|f| (f.element.as_str(), f.status)), Some(("tf:nat", Status::Mitigated)));
    }
}
