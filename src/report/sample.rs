//! Outcomes for the tests of reports.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analyze::{
    Concentration, Dimension, GroupFate, LeastShared, Meeting, PhaseResult, Share, SingleFailure,
};
use crate::judge::{
    Ambiguous, Arrival, BlastRadius, Comparison, Edit, Finding, FindingLevel, Fix, Forgotten, Known, Shift,
    Status, Verdict,
};
use crate::model::{
    Category, Confidence, Edge, Environment, Evidence, Group, Id, Kind, Level, Node, Phase, Tolerance,
};
use crate::scan::{Completeness, FileRead, Outcome};
use crate::source::{Location, Skipped};

/// Two services on one database in one zone, with a mailer as one of two alternatives.
pub(super) fn shop() -> Outcome {
    let mut outcome = Outcome {
        organization: "shop".into(),
        roots: vec!["fixtures/shop".into()],
        files: vec![
            FileRead { path: "infra/main.tf".into(), format: "terraform", bytes: 1200 },
            FileRead { path: "k8s/web.yaml".into(), format: "kubernetes", bytes: 800 },
        ],
        skipped: vec![Skipped { path: "test".into(), reason: "test folder".into() }],
        data_date: "2026-11-01".into(),
        completeness: Completeness { unresolved_references: 2, files_skipped: 1, ..Completeness::default() },
        ..Outcome::default()
    };
    outcome.estate.environments =
        vec![Environment { name: "production".into(), chosen: true, evidence: vec!["prod.tfvars".into()] }];
    add_nodes(&mut outcome);
    add_edges(&mut outcome);
    add_analysis(&mut outcome);
    outcome.findings = vec![
        finding("single-zone", FindingLevel::Error, "provider:aws/eu-west-1a", Level::Zone, 2),
        finding("single-instance", FindingLevel::Error, "tf:infra/aws_db_instance.main", Level::Instance, 2),
        finding("single-region", FindingLevel::Warning, "provider:aws/eu-west-1", Level::Region, 2),
        finding(
            "datastore-without-backup",
            FindingLevel::Warning,
            "tf:infra/aws_db_instance.main",
            Level::Instance,
            2,
        ),
    ];
    outcome.problems.warning(at("k8s/web.yaml", 7), "unknown field `replica`");
    outcome
}

/// The shop with a name that tries everything, as everybody's name.
pub(super) fn hostile() -> Outcome {
    const NAME: &str =
        "\u{1b}]8;;x\u{7}\u{202e}\"><script>&amp;'`|\n[x](http://e)\\N]]>--%0A::x\u{0}\u{ffff}";
    let mut outcome = shop();
    outcome.organization = NAME.into();
    outcome.roots = vec![NAME.into()];
    for node in outcome.estate.nodes.values_mut() {
        node.name = NAME.into();
        node.evidence = vec![line(NAME, 3, NAME)];
    }
    let mut evil = Node::new(Id::app(NAME), Kind::Service, NAME);
    evil.evidence = vec![line(NAME, 1, NAME)];
    outcome.estate.nodes.insert(evil.id.clone(), evil);
    let mut edge = edge("app:web", "app:x");
    edge.to = Id::app(NAME);
    edge.evidence = vec![line(NAME, 1, NAME)];
    outcome.estate.edges.push(edge);
    outcome.problems.error(at(NAME, 1), NAME);
    for finding in &mut outcome.findings {
        finding.message = NAME.into();
        finding.because = Some(NAME.into());
        finding.element = Id::app(NAME);
        finding.evidence = vec![line(NAME, 1, NAME)];
        finding.services.push(Id::app(NAME));
        finding.path.push(Id::app(NAME));
    }
    for one in &mut outcome.analysis.concentration {
        one.shares[0].id = Id::provider(NAME);
    }
    outcome.skipped[0].reason = NAME.into();
    outcome.files[0].path = NAME.into();
    outcome.estate.environments[0].name = NAME.into();
    outcome
}

/// An outcome as the side of now of a comparison that found one of everything, called by the organization's name.
pub(super) fn compared(mut outcome: Outcome) -> Outcome {
    outcome.findings[1].status = Status::Baseline;
    let gone = Known::of(&outcome.findings[2]);
    let grown = BTreeSet::from([outcome.findings[2].fingerprint.clone()]);
    outcome.findings[0].because = Some("new, since `x` at a.tf:3".into());
    let name = outcome.organization.clone();
    outcome.comparison = Some(Comparison {
        against: format!("main {name}"),
        new: 3,
        grown,
        unchanged: 1,
        gone: vec![gone],
        carried: vec![(Id::new("a:x"), Id::new("a:y"))],
        ambiguous: vec![Ambiguous { before: vec![Id::app(&name)], now: vec![Id::app(&name)] }],
        shifts: vec![Shift { dimension: "provider".into(), id: Id::provider(&name), before: 0.5, now: 0.75 }],
        not_compared: vec![name.clone()],
        unread: outcome.problems.iter().cloned().collect(),
        forgotten: vec![Forgotten {
            id: Id::app("web"),
            what: "region",
            was: "eu-west-1".into(),
            because: Some(name.clone()),
            cause: None,
        }],
        environments: vec![name],
        arrivals: vec![Arrival { id: Id::provider("postmark"), services: vec![Id::app("web")], cause: None }],
        ..Comparison::default()
    });
    outcome
}

fn add_nodes(outcome: &mut Outcome) {
    let mut add = |id: &str, kind: Kind, category: Option<Category>, path: &str| {
        let name = id.rsplit(['/', '.', ':']).next().unwrap_or(id);
        let mut node = Node::new(Id::new(id), kind, name);
        node.category = category;
        node.evidence = vec![line(path, 12, "a line")];
        if kind == Kind::Component || kind == Kind::Service {
            node.placement.provider = Some("aws".into());
            node.placement.region = Some("eu-west-1".into());
            node.placement.zones = vec!["eu-west-1a".into()];
            node.replication.replicas = Some(1);
            node.tolerance = Tolerance::Nothing;
            node.tolerance_because = Some("`multi_az` is not set".into());
        }
        outcome.estate.nodes.insert(node.id.clone(), node);
    };
    add("app:web", Kind::Service, Some(Category::Compute), "k8s/web.yaml");
    add("app:orders", Kind::Service, Some(Category::Compute), "k8s/web.yaml");
    add("tf:infra/aws_db_instance.main", Kind::Component, Some(Category::Database), "infra/main.tf");
    add("provider:aws", Kind::Provider, None, "infra/main.tf");
    add("provider:aws/eu-west-1", Kind::Region, None, "infra/main.tf");
    add("provider:aws/eu-west-1a", Kind::Zone, None, "infra/main.tf");
    add("provider:postmark", Kind::Provider, None, "k8s/web.yaml");
    add("provider:mailgun", Kind::Provider, None, "k8s/web.yaml");
}

fn add_edges(outcome: &mut Outcome) {
    let mail = Id::new("app:web#mail");
    let mut grouped = [edge("app:web", "provider:mailgun"), edge("app:web", "provider:postmark")];
    for one in &mut grouped {
        one.group = Some(mail.clone());
    }
    outcome.estate.edges.push(edge("app:orders", "tf:infra/aws_db_instance.main"));
    outcome.estate.edges.push(edge("app:web", "app:orders"));
    outcome.estate.edges.extend(grouped);
    outcome.estate.edges.push(edge("tf:infra/aws_db_instance.main", "provider:aws/eu-west-1a"));
    outcome.estate.groups.insert(
        mail.clone(),
        Group {
            id: mail,
            owner: Id::app("web"),
            k: 1,
            level: None,
            evidence: vec![line("k8s/web.yaml", 9, "x")],
        },
    );
}

fn add_analysis(outcome: &mut Outcome) {
    let lost = vec![Id::app("orders"), Id::app("web")];
    let database = Id::new("tf:infra/aws_db_instance.main");
    let paths = vec![
        vec![Id::app("orders"), database.clone()],
        vec![Id::app("web"), Id::app("orders"), database.clone()],
    ];
    let failure = SingleFailure {
        element: database,
        level: Level::Instance,
        lost_count: lost.len(),
        lost,
        degraded: Vec::new(),
        degraded_count: 0,
        weight_lost: 2.0,
        share_lost: 1.0,
        paths,
    };
    outcome.analysis.phases.insert(Phase::Runtime, PhaseResult { failures: vec![failure] });
    let mailers = ["mailgun", "postmark", "sendgrid"].map(Id::provider);
    outcome.analysis.groups = vec![GroupFate {
        group: Id::new("app:web#mail"),
        owner: Id::app("web"),
        k: 1,
        members: mailers.to_vec(),
        common: vec![(Id::provider("google"), Level::Provider)],
        pairs: vec![(mailers[0].clone(), mailers[1].clone())],
        meetings: vec![
            Meeting { members: (0, 1), shared: 1, level: Some(Level::Provider) },
            Meeting { members: (0, 2), shared: 0, level: None },
        ],
        least_shared: Some(LeastShared {
            members: vec![mailers[0].clone(), mailers[2].clone()],
            shared: 0,
            at_least: 0,
        }),
        in_part: false,
    }];
    outcome.analysis.services = 2;
    outcome.analysis.weight = 2.0;
    let share = |id: &str, placement_share, loss_share| Share {
        id: Id::new(id),
        placement_share,
        loss_share,
        hidden_loss_share: loss_share,
        designated_critical: None,
    };
    outcome.analysis.concentration = vec![Concentration {
        dimension: Dimension::Provider,
        category: None,
        hhi: 0.625,
        effective_number: 1.6,
        cr1: 0.75,
        cr3: 1.0,
        unplaced_share: 0.2,
        shares: vec![share("provider:aws", 0.75, 1.0), share("provider:postmark", 0.25, 0.0)],
    }];
}

/// A finding about an element.
pub(super) fn finding(
    rule: &'static str,
    level: FindingLevel,
    element: &str,
    domain_level: Level,
    services: usize,
) -> Finding {
    Finding {
        rule,
        level,
        fingerprint: format!("{:064x}", rule.len() * 1000 + element.len()),
        message: format!("`{element}` takes everything down"),
        services: vec![Id::app("orders"), Id::app("web")],
        element: Id::new(element),
        domain_level,
        blast_radius: BlastRadius { services, weight: 2.0, share: 1.0 },
        status: Status::Open,
        verdict: Verdict::AtRisk,
        because: None,
        confidence: Confidence::Inferred,
        path: vec![Id::app("orders"), Id::new(element)],
        evidence: vec![line("infra/main.tf", 12, "multi_az = false")],
        fix: Some(Fix {
            summary: "set `multi_az = true`".into(),
            effort: "small",
            edits: vec![Edit { path: "infra/main.tf".into(), line: 12, text: "multi_az = true".into() }],
        }),
    }
}

fn edge(from: &str, to: &str) -> Edge {
    Edge::required(Id::new(from), Id::new(to), vec![line("k8s/web.yaml", 20, "value: main:5432")])
}

fn line(path: &str, line: u32, text: &str) -> Evidence {
    Evidence::File { location: at(path, line), text: Arc::from(text) }
}

fn at(path: &str, line: u32) -> Location {
    Location { path: Arc::from(path), line, column: 1 }
}
