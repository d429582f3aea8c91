//! Workloads and operators' datastores as nodes: how many, how far apart, what of their data stays.

use super::cluster::{Cluster, Workload, runs_once};
use super::object::{Object, labels, selects};
use super::operators::Operator;
use super::pod::{self, Keeping};
use crate::model::{Attribute, AttributeValue, Category, Evidence, Kind, Level, Node, Tolerance};
use crate::read::images::{self, Known};
use crate::read::otel;
use crate::read::yaml::{self, Node as Yaml};
use crate::source::Tree;

/// How many pods run, and what says so.
struct Count<'n> {
    replicas: Result<u32, String>,
    says: Option<&'n Yaml>,
    /// Whether the smallest number counts since something scales it.
    scaled: bool,
}

/// What is said of the pods' places.
#[derive(Default)]
struct Apart<'n> {
    level: Option<Level>,
    /// Each in a domain of its own rather than spread evenly.
    exclusive: bool,
    /// At least so many domains.
    domains: u32,
    says: Option<&'n Yaml>,
    /// Asked for, but given up when it does not fit.
    wished: Option<Level>,
}

/// The node of a workload.
pub(super) fn node(workload: &Workload<'_>, cluster: &Cluster<'_>, tree: &Tree) -> Node {
    let object = workload.object;
    let known = workload.known.as_ref();
    let kind = if known.is_some_and(Known::is_part) { Kind::Component } else { Kind::Service };
    let mut node = begin(object, kind, tree);
    node.category = Some(known.map_or(Category::Compute, |known| known.category));
    if runs_once(object) {
        node.attributes.set(Attribute::Batch, AttributeValue::Bool(true), None);
        node.is_service = false;
    }
    if known.is_some_and(|known| known.tool) || images::tries_out(&object.name) {
        node.attributes.set(Attribute::Auxiliary, AttributeValue::Bool(true), None);
        node.is_service = false;
    }
    let count = count(workload, cluster);
    let apart = apart(workload);
    if let Ok(0) = count.replicas
        && !count.scaled
    {
        node.is_service = false;
    }
    let quorum = known.is_some_and(Known::has_quorum);
    replicate(&mut node, &count, &apart, quorum, object, tree);
    if let Some(known) = known {
        known.doubt_takeover(&mut node);
    }
    budgets(&mut node, workload, cluster, tree);
    describe(&mut node, workload, tree);
    for container in pod::containers(workload.spec, "containers") {
        let settings = pod::settings(container, object.space(), cluster);
        let said = settings.iter().filter(|setting| setting.key == otel::VARIABLE);
        said.for_each(|setting| otel::place(&mut node, &otel::parse(&setting.value)));
    }
    node
}

/// The node of a datastore that an operator makes.
pub(super) fn operated(object: &Object, operator: &Operator, cluster: &Cluster<'_>, tree: &Tree) -> Node {
    let mut node = begin(object, Kind::Component, tree);
    node.category = Some(operator.category);
    let (mut replicas, mut says) = operator.members(object);
    if operator.engine == "kafka"
        && let Some(pools) = kafka_pools(object, cluster)
    {
        (replicas, says) = pools;
    }
    let count = Count { replicas, says, scaled: false };
    let spread =
        object.root.at(&["spec", "affinity", "podAntiAffinityType"]).and_then(Yaml::str) == Some("required");
    let mut apart = Apart::default();
    if spread {
        let key =
            object.root.str_at(&["spec", "affinity", "topologyKey"]).unwrap_or("kubernetes.io/hostname");
        apart = Apart { level: level_of(key), exclusive: true, ..Apart::default() };
    }
    replicate(&mut node, &count, &apart, operator.quorum, object, tree);
    if operator.engine == "kafka"
        && let Some(in_sync) =
            object.at(&["spec", "kafka", "config", "min.insync.replicas"]).and_then(Yaml::integer)
        && node.replication.replicas.is_some_and(|replicas| i64::from(replicas) >= in_sync)
    {
        node.replication.required = u32::try_from(in_sync).ok();
    }
    let place = Some(yaml::evidence_at(&object.place(), tree));
    node.attributes.set(Attribute::Engine, AttributeValue::Text(operator.engine.into()), place.clone());
    if !matches!(operator.category, Category::Monitoring | Category::Identity | Category::Other) {
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), place);
    }
    operator_backup(&mut node, object, cluster, tree);
    node
}

fn begin(object: &Object, kind: Kind, tree: &Tree) -> Node {
    let mut node = Node::new(object.id(), kind, &*object.name);
    node.type_name = Some(object.kind.clone());
    node.add_evidence(yaml::evidence_at(&object.place(), tree));
    for place in &object.also {
        node.add_evidence(yaml::evidence_at(place, tree));
    }
    node
}

fn count<'c>(workload: &Workload<'c>, cluster: &Cluster<'c>) -> Count<'c> {
    let root = &workload.object.root;
    if let Some((says, smallest)) = scaler(workload.object, cluster) {
        return Count { replicas: Ok(smallest), says: Some(says), scaled: true };
    }
    if workload.object.kind == "DaemonSet" {
        let because = "one on each machine, of which the number is not known".to_owned();
        return Count { replicas: Err(because), says: root.get("kind"), scaled: false };
    }
    if workload.object.group() == "serving.knative.dev" {
        return knative(root);
    }
    let says = root.at(&["spec", "replicas"]);
    let replicas = match says {
        None => Ok(1),
        Some(says) if says.is_null() => Ok(1),
        Some(says) => {
            let number = says.integer().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| format!("`{}` is no number", says.str().unwrap_or("")))
        }
    };
    Count { replicas, says, scaled: false }
}

fn knative(root: &Yaml) -> Count<'_> {
    let annotations = root.at(&["spec", "template", "metadata", "annotations"]);
    let keys = ["autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/minScale"];
    let says = annotations.and_then(|annotations| keys.iter().find_map(|key| annotations.get(key)));
    let smallest = says.and_then(Yaml::integer).and_then(|number| u32::try_from(number).ok());
    let replicas = smallest.filter(|number| *number > 0);
    Count {
        replicas: replicas.ok_or_else(|| "it scales with its load, down to nothing".to_owned()),
        says,
        scaled: true,
    }
}

/// The smallest number that an autoscaler aiming at the workload keeps.
fn scaler<'c>(object: &Object, cluster: &Cluster<'c>) -> Option<(&'c Yaml, u32)> {
    let kinds = [("HorizontalPodAutoscaler", "minReplicas", 1), ("ScaledObject", "minReplicaCount", 0)];
    kinds.into_iter().find_map(|(kind, smallest, default)| {
        cluster.of_kind(kind).iter().find_map(|other| {
            let target = other.root.at(&["spec", "scaleTargetRef"])?;
            let same_kind = target.str_at(&["kind"]).unwrap_or("Deployment") == object.kind;
            if !same_kind || target.str_at(&["name"]) != Some(&object.name) || other.space() != object.space()
            {
                return None;
            }
            let says = other.root.at(&["spec", smallest]);
            let number = says.and_then(Yaml::integer).and_then(|number| u32::try_from(number).ok());
            Some((says.or(other.root.at(&["metadata", "name"]))?, number.unwrap_or(default)))
        })
    })
}

/// Kafka's members where they are declared in node pools.
fn kafka_pools<'c>(
    object: &Object,
    cluster: &Cluster<'c>,
) -> Option<(Result<u32, String>, Option<&'c Yaml>)> {
    let mut sum = 0u32;
    let mut says = None;
    for pool in cluster.of_kind("KafkaNodePool") {
        let owner = pool.root.at(&["metadata", "labels"])?.get("strimzi.io/cluster").and_then(Yaml::str);
        let roles = pool.root.at(&["spec", "roles"]).map(Yaml::items).unwrap_or_default();
        if owner == Some(&object.name) && roles.iter().any(|role| role.str() == Some("broker")) {
            let replicas = pool.root.at(&["spec", "replicas"]);
            let count = replicas.and_then(Yaml::integer).and_then(|number| u32::try_from(number).ok());
            sum = sum.saturating_add(count.unwrap_or(0));
            says = says.or(replicas);
        }
    }
    (sum > 0).then_some((Ok(sum), says))
}

/// What affinity and topology constraints guarantee.
fn apart<'c>(workload: &Workload<'c>) -> Apart<'c> {
    let mut apart = Apart::default();
    let terms = workload.spec.at(&["affinity", "podAntiAffinity"]);
    let required = terms.and_then(|terms| terms.get("requiredDuringSchedulingIgnoredDuringExecution"));
    for term in required.map(Yaml::items).unwrap_or_default() {
        let level = term.str_at(&["topologyKey"]).and_then(level_of);
        if level > apart.level && selects(term.get("labelSelector"), &workload.labels) {
            apart = Apart { level, exclusive: true, says: Some(term), ..apart };
        }
    }
    let preferred = terms.and_then(|terms| terms.get("preferredDuringSchedulingIgnoredDuringExecution"));
    for term in preferred.map(Yaml::items).unwrap_or_default() {
        let key = term.str_at(&["podAffinityTerm", "topologyKey"]).or_else(|| term.str_at(&["topologyKey"]));
        apart.wished = apart.wished.max(key.and_then(level_of));
    }
    for rule in workload.spec.get("topologySpreadConstraints").map(Yaml::items).unwrap_or_default() {
        let level = rule.str_at(&["topologyKey"]).and_then(level_of);
        let hard = rule.str_at(&["whenUnsatisfiable"]).unwrap_or("DoNotSchedule") == "DoNotSchedule";
        if !hard {
            apart.wished = apart.wished.max(level);
        } else if level > apart.level && selects(rule.get("labelSelector"), &workload.labels) {
            let domains = rule.get("minDomains").and_then(Yaml::integer).unwrap_or(1).clamp(1, 1000) as u32;
            apart = Apart { level, exclusive: false, domains, says: Some(rule), ..apart };
        }
    }
    apart
}

fn level_of(topology_key: &str) -> Option<Level> {
    match topology_key {
        "kubernetes.io/hostname" | "hostname" => Some(Level::Host),
        "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" => Some(Level::Zone),
        "topology.kubernetes.io/region" | "failure-domain.beta.kubernetes.io/region" => Some(Level::Region),
        _ => None,
    }
}

fn replicate(
    node: &mut Node,
    count: &Count<'_>,
    apart: &Apart<'_>,
    quorum: bool,
    object: &Object,
    tree: &Tree,
) {
    if let Some(says) = count.says {
        node.add_evidence(says.evidence(tree));
    }
    match &count.replicas {
        Err(because) => {
            node.replication.unknown = Some(because.clone());
            node.tolerance = Tolerance::Unknown;
            node.tolerance_because = Some(because.clone());
            if object.kind == "DaemonSet" {
                node.replication.spread = Some(Level::Host);
            }
        }
        Ok(replicas) => {
            node.replication.replicas = Some(*replicas);
            if quorum && *replicas > 2 {
                node.replication.required = Some(replicas / 2 + 1);
            }
            if *replicas < 2 || (quorum && *replicas == 2) {
                alone(node, *replicas, count);
            } else {
                spread(node, *replicas, count, apart, tree);
            }
        }
    }
}

/// Replicas in words.
fn in_words(replicas: u32, count: &Count<'_>) -> String {
    let how = if count.scaled { "at least" } else { "" };
    format!("{how} {replicas} replicas").trim().to_owned()
}

/// So few replicas that the loss of one takes all.
fn alone(node: &mut Node, replicas: u32, count: &Count<'_>) {
    node.tolerance = if replicas == 0 { Tolerance::Unknown } else { Tolerance::Nothing };
    node.tolerance_because = Some(match replicas {
        0 => "no replica is kept running".to_owned(),
        1 if count.says.is_none() => "`replicas` is not set, so there is one".to_owned(),
        1 => "one replica".to_owned(),
        _ => format!("{}, of which a majority must live", in_words(replicas, count)),
    });
}

/// How far apart several replicas are kept, and whether enough of them survive the loss of one domain.
fn spread(node: &mut Node, replicas: u32, count: &Count<'_>, apart: &Apart<'_>, tree: &Tree) {
    let needed = node.replication.required.unwrap_or(1);
    // Without a number of domains there may be two, and the fuller one holds the majority.
    let even = apart.domains.max(2);
    let survives = apart.exclusive || replicas - replicas.div_ceil(even) >= needed;
    let (tolerance, level) = match apart.level {
        Some(Level::Host) if survives => (Tolerance::Host, Some(Level::Host)),
        Some(Level::Zone) if survives => (Tolerance::Zone, Some(Level::Zone)),
        Some(Level::Region) if survives => (Tolerance::Region, Some(Level::Region)),
        level => (Tolerance::Instance, level),
    };
    node.tolerance = tolerance;
    node.replication.spread = level;
    if let Some(says) = apart.says {
        node.add_evidence(says.evidence(tree));
    }
    let many = in_words(replicas, count);
    node.tolerance_because = Some(match (level, apart.wished) {
        (Some(level), _) if survives => format!("{many}, kept apart by {level}"),
        (Some(level), _) => format!("{many} over {level}s of which one may hold too many"),
        (None, Some(level)) => {
            format!("{many}; that they stand on different {level}s is wished for, not required")
        }
        (None, None) => format!("{many}; nothing says that they stand on different machines"),
    });
}

/// PodDisruptionBudgets that select the workload.
fn budgets(node: &mut Node, workload: &Workload<'_>, cluster: &Cluster<'_>, tree: &Tree) {
    let replicas = node.replication.replicas.unwrap_or(0);
    for budget in cluster.of_kind("PodDisruptionBudget") {
        let applies = budget.space() == workload.object.space()
            && selects(budget.at(&["spec", "selector"]), &workload.labels);
        if !applies {
            continue;
        }
        for (key, attribute) in
            [("minAvailable", Attribute::MinAvailable), ("maxUnavailable", Attribute::MaxUnavailable)]
        {
            let Some(says) = budget.at(&["spec", key]) else { continue };
            let share =
                says.str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<f64>().ok());
            // Kubernetes rounds both up.
            let number = match share {
                Some(share) => Some((share / 100.0 * f64::from(replicas)).ceil()),
                None => says.number(),
            };
            let value = number.map(AttributeValue::Number);
            let value =
                value.unwrap_or_else(|| AttributeValue::Unknown(format!("`{key}` could not be read")));
            node.attributes.set(attribute, value, Some(says.evidence(tree)));
        }
    }
}

fn describe(node: &mut Node, workload: &Workload<'_>, tree: &Tree) {
    let containers = pod::containers(workload.spec, "containers");
    if let Some(image) = containers.iter().find_map(|container| container.get("image")) {
        let text = AttributeValue::Text(image.str().unwrap_or("").to_owned());
        node.attributes.set(Attribute::Image, text, Some(image.evidence(tree)));
    }
    let probes = ["readinessProbe", "livenessProbe", "startupProbe"];
    let probe = containers.iter().find_map(|container| probes.iter().find_map(|probe| container.key(probe)));
    if let Some(probe) = probe {
        let evidence = yaml::evidence_at(&probe.location, tree);
        node.attributes.set(Attribute::HealthChecked, AttributeValue::Bool(true), Some(evidence));
    }
    keep(node, workload, tree);
}

/// Whether the workload keeps data and whether it outlives the pod.
fn keep(node: &mut Node, workload: &Workload<'_>, tree: &Tree) {
    let templates =
        workload.object.at(&["spec", "volumeClaimTemplates"]).map(Yaml::items).unwrap_or_default();
    let volumes = workload.spec.get("volumes").map(Yaml::items).unwrap_or_default();
    let claim =
        volumes.iter().find(|volume| pod::keeping(volume) == Keeping::Claim).or_else(|| templates.first());
    let stays = claim.or_else(|| volumes.iter().find(|volume| pod::keeping(volume) == Keeping::Machine));
    let goes = volumes.iter().find(|volume| pod::keeping(volume) == Keeping::Pod);
    let says = |volume: &Yaml| Some(volume.evidence(tree));
    if let Some(known) = &workload.known {
        let place = node.evidence.first().cloned();
        node.attributes.set(Attribute::Engine, AttributeValue::Text(known.engine.clone()), place);
    }
    let holds_data = workload.known.as_ref().is_some_and(|known| known.stateful);
    if holds_data || claim.is_some() {
        let place = claim.and_then(|volume| says(volume)).or_else(|| node.evidence.first().cloned());
        node.attributes.set(Attribute::Stateful, AttributeValue::Bool(true), place);
    }
    if holds_data && stays.is_none() {
        let place: Option<Evidence> =
            goes.and_then(|volume| says(volume)).or_else(|| node.evidence.first().cloned());
        node.attributes.set(Attribute::EphemeralData, AttributeValue::Bool(true), place);
    } else if let Some(volume) = stays.filter(|_| holds_data) {
        node.attributes.set(Attribute::EphemeralData, AttributeValue::Bool(false), says(volume));
    }
}

/// Backups that the object itself or a schedule beside it declares.
fn operator_backup(node: &mut Node, object: &Object, cluster: &Cluster<'_>, tree: &Tree) {
    let own = ["backup", "backups"].iter().find_map(|key| object.root.at(&["spec", key]));
    let own =
        own.filter(|backup| backup.is_mapping() && backup.get("enabled").and_then(Yaml::bool) != Some(false));
    let schedule = cluster.of_kind("ScheduledBackup").iter().find(|other| {
        other.space() == object.space()
            && other.root.str_at(&["spec", "cluster", "name"]) == Some(&object.name)
    });
    let scheduled = schedule.and_then(|schedule| schedule.at(&["spec", "schedule"]));
    // A place to back up to alone archives the log; only a schedule or a retention makes backups of it.
    let repeated = scheduled.or_else(|| {
        own.filter(|backup| {
            backup.get("schedule").is_some()
                || backup.get("retentionPolicy").is_some()
                || backup.get("pgbackrest").is_some()
        })
    });
    if let Some(says) = repeated {
        node.attributes.set(Attribute::Backup, AttributeValue::Bool(true), Some(says.evidence(tree)));
    }
    let store = own.and_then(|backup| backup.get("barmanObjectStore"));
    if let Some(says) = store {
        node.attributes.set(
            Attribute::PointInTimeRecovery,
            AttributeValue::Bool(true),
            Some(says.evidence(tree)),
        );
    }
    if let Some(days) = own.and_then(|backup| backup.str_at(&["retentionPolicy"])).and_then(days) {
        node.attributes.set(Attribute::BackupRetentionDays, AttributeValue::Number(days), None);
    }
}

/// `30d`, `4w`, `2m` in days.
fn days(text: &str) -> Option<f64> {
    let days_of = [("d", 1.0), ("w", 7.0), ("m", 30.0)];
    let (number, days) = days_of.iter().find_map(|(unit, days)| Some((text.strip_suffix(unit)?, days)))?;
    number.parse::<f64>().ok().map(|number| number * days)
}

/// Whether a Service's own labels are among those that a monitor selects.
pub(super) fn monitored(front: &Object, cluster: &Cluster<'_>) -> bool {
    let own = labels(front.at(&["metadata", "labels"]));
    cluster.of_kind("ServiceMonitor").iter().any(|other| selects(other.at(&["spec", "selector"]), &own))
}
