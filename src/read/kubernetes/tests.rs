use super::*;
use crate::catalog::Catalog;
use crate::model::{AttributeValue, Phase, Target};

fn read(files: &[(&str, &str)]) -> Declarations {
    let tree = Tree::of_texts(files.iter().copied());
    let catalog = Catalog::embedded();
    let cx = ReadContext { tree: &tree, catalog, environment: None };
    let claimed: Vec<_> = tree.files().filter(|file| Kubernetes.claims(file, &tree)).collect();
    Kubernetes.read(&claimed, &cx)
}

/// Units as text: one line for each node, edge, group and reference.
fn show(files: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for unit in &read(files).units {
        out += &format!("unit {}\n", unit.name);
        for node in &unit.nodes {
            let replicas = node.replication.replicas.map_or("?".to_owned(), |count| count.to_string());
            out += &format!("  {} {} {replicas} {}", node.kind, node.id, node.tolerance);
            if let Some(required) = node.replication.required {
                out += &format!(" k={required}");
            }
            for (attribute, fact) in node.attributes.iter() {
                match &fact.value {
                    AttributeValue::Bool(true) => out += &format!(" {attribute:?}"),
                    AttributeValue::Number(number) => out += &format!(" {attribute:?}={number}"),
                    _ => {}
                }
            }
            out.push('\n');
        }
        for edge in &unit.edges {
            let group = edge.group.as_ref().map(|group| format!(" in {group}")).unwrap_or_default();
            out += &format!("  {} -> {} {} {}{group}\n", edge.from, edge.to, edge.phase, edge.need);
        }
        for one in unit.references.iter().filter(|one| !matches!(one.target, Target::Image(_))) {
            let target = match &one.target {
                Target::Host { name, .. } => name.clone(),
                Target::Unresolved { text, because } => format!("{text} ({because})"),
                other => format!("{other:?}"),
            };
            out += &format!("  {} ~> {target} {} {}\n", one.from, one.phase, one.need);
        }
    }
    out
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    let shown = show(files);
    assert_eq!(shown.trim(), expected.trim(), "\n{shown}");
}

fn deployment(name: &str, more: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  {more}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - {{name: c, {container}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}}}\n---\n"
    )
}

#[test]
fn settings_lead_through_services_to_workloads() {
    let web = deployment(
        "web",
        "replicas: 2",
        "image: 'me/web', env: [{name: REDIS_ADDR, value: 'cache:6379'}, {name: GONE_ADDR, value: 'gone:80'}, {name: DB_URL, valueFrom: {configMapKeyRef: {name: cfg, key: url}}}]",
    );
    let cache = deployment("cache", "", "image: 'redis:7'");
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {url: 'postgres://pg.data.svc.cluster.local/x'}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: data}\nspec: {externalName: db.example.com, type: ExternalName}\n";
    check(
        &[("k8s/a/web.yaml", &web), ("k8s/b/cache.yaml", &cache), ("k8s/config.yaml", config)],
        "
unit k8s
  service k8s:default/Deployment/web 2 instance
  component k8s:default/Deployment/cache 1 nothing Stateful EphemeralData
  k8s:default/Deployment/web -> k8s:default/Deployment/cache runtime required
  k8s:default/Deployment/web ~> gone runtime optional
  k8s:default/Deployment/web ~> db.example.com runtime required
",
    );
}

#[test]
fn keys_of_providers_are_optional_needs_and_never_shown() {
    let secret = "{name: STRIPE_KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}";
    let unsure = "{name: TWILIO_SID, valueFrom: {secretKeyRef: {name: s, key: t, optional: true}}}";
    let env = format!(
        "image: me/web, env: [{secret}, {unsure}, {{name: DD_API_KEY, value: abcdef}}, {{name: SLACK_TOKEN, value: ''}}]"
    );
    let text = deployment("web", "replicas: 2", &env);
    check(
        &[("a.yaml", &text)],
        r#"
unit .
  service k8s:default/Deployment/web 2 instance
  k8s:default/Deployment/web ~> Provider { provider: "datadog", service: None, region: None } observe optional
  k8s:default/Deployment/web ~> Provider { provider: "stripe", service: None, region: None } runtime optional
"#,
    );
    let shown = format!("{:?}", read(&[("a.yaml", &text)]).units[0].references);
    assert!(!shown.contains("abcdef") && shown.contains("DD_API_KEY=***"), "{shown}");
}

#[test]
fn affinity_and_spread_tell_host_from_zone() {
    let spread = |name: &str, rule: &str| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}}}\nspec:\n  replicas: 3\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      {rule}\n      containers: [{{name: c, image: me/x}}]\n---\n"
        )
    };
    let selector = |name: &str| format!("labelSelector: {{matchLabels: {{app: {name}}}}}");
    let hard = spread(
        "hard",
        &format!(
            "topologySpreadConstraints: [{{topologyKey: topology.kubernetes.io/zone, maxSkew: 1, whenUnsatisfiable: DoNotSchedule, {}}}]",
            selector("hard")
        ),
    );
    let soft = spread(
        "soft",
        &format!(
            "topologySpreadConstraints: [{{topologyKey: topology.kubernetes.io/zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, {}}}]",
            selector("soft")
        ),
    );
    let host = spread(
        "host",
        &format!(
            "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, {}}}]}}}}",
            selector("host")
        ),
    );
    let other = spread(
        "other",
        &format!(
            "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, {}}}]}}}}",
            selector("x")
        ),
    );
    let text = [hard, soft, host, other].concat();
    check(
        &[("a.yaml", &text)],
        "
unit .
  service k8s:default/StatefulSet/hard 3 zone
  service k8s:default/StatefulSet/soft 3 instance
  service k8s:default/StatefulSet/host 3 host
  service k8s:default/StatefulSet/other 3 instance
",
    );
}

#[test]
fn a_majority_over_two_zones_is_not_safe() {
    let etcd = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: etcd}\nspec:\n  replicas: 3\n  volumeClaimTemplates: [{metadata: {name: d}}]\n  template:\n    metadata: {labels: {app: etcd}}\n    spec:\n      topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone, maxSkew: 1, labelSelector: {matchLabels: {app: etcd}}}]\n      containers: [{name: c, image: 'quay.io/coreos/etcd:v3'}]\n";
    check(&[("a.yaml", etcd)], "unit .\n  component k8s:default/StatefulSet/etcd 3 instance k=2 Stateful");
    let three = etcd.replace("maxSkew: 1,", "maxSkew: 1, minDomains: 3,");
    check(&[("a.yaml", &three)], "unit .\n  component k8s:default/StatefulSet/etcd 3 zone k=2 Stateful");
}

#[test]
fn autoscalers_and_budgets_count_only_for_their_target() {
    let text = deployment("web", "replicas: 5", "image: me/web")
        + &deployment("api", "", "image: me/api")
        + "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {minReplicas: 2, scaleTargetRef: {kind: Deployment, name: web}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: i}\nspec: {minReplicas: 9, scaleTargetRef: {kind: Deployment, name: nothing}}\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: p}\nspec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}\n";
    check(
        &[("a.yaml", &text)],
        "
unit .
  service k8s:default/Deployment/web 2 instance MinAvailable=1
  service k8s:default/Deployment/api 1 nothing
",
    );
}

#[test]
fn several_workloads_behind_a_service_are_alternatives() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: blue}\nspec: {template: {metadata: {labels: {app: x, c: b}}, spec: {containers: [{image: me/x}]}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: green}\nspec: {template: {metadata: {labels: {app: x, c: g}}, spec: {containers: [{image: me/x}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {app: x}}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: a.example.com, http: {paths: [{path: /, backend: {service: {name: x}}}]}}]}\n";
    check(
        &[("a.yaml", text)],
        "
unit .
  service k8s:default/Deployment/blue 1 nothing Published
  service k8s:default/Deployment/green 1 nothing Published
  domain domain:a.example.com ? unknown Published
  domain:a.example.com -> k8s:default/Deployment/blue runtime required in domain:a.example.com#x
  domain:a.example.com -> k8s:default/Deployment/green runtime required in domain:a.example.com#x
",
    );
}

#[test]
fn operators_datastores_and_their_secrets_are_found() {
    let text = deployment(
        "api",
        "",
        "image: me/api, env: [{name: P, valueFrom: {secretKeyRef: {name: db-app, key: p}}}, {name: KAFKA_BROKERS, value: 'k-kafka-bootstrap:9092'}]",
    ) + "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {instances: 3, affinity: {podAntiAffinityType: required}, backup: {retentionPolicy: 30d, barmanObjectStore: {destinationPath: 's3://x'}}}\n---\napiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: k}\nspec: {kafka: {replicas: 3, config: {min.insync.replicas: 2}}}\n";
    check(
        &[("a.yaml", &text)],
        r#"
unit .
  service k8s:default/Deployment/api 1 nothing
  component k8s:default/Cluster/db 3 host Stateful Backup BackupRetentionDays=30 PointInTimeRecovery
  component k8s:default/Kafka/k 3 instance k=2 Stateful
  k8s:default/Deployment/api -> k8s:default/Cluster/db runtime required
  k8s:default/Deployment/api -> k8s:default/Kafka/k runtime required
  k8s:default/Cluster/db ~> Provider { provider: "aws", service: Some("s3"), region: None } recover required
"#,
    );
}

#[test]
fn folders_that_declare_the_same_are_alternatives() {
    let one = deployment("web", "", "image: me/web");
    let files = [("deploy/dev/a.yaml", &*one), ("deploy/prod/a.yaml", &*one), ("release/all.yaml", &*one)];
    let names: Vec<_> = read(&files).units.iter().map(|unit| unit.name.clone()).collect();
    assert_eq!(names, ["deploy/dev", "deploy/prod", "release"]);
    let (web, api) = (
        deployment("web", "", "image: me/web, env: [{name: API_HOST, value: api}]"),
        deployment("api", "", "image: me/api"),
    );
    let apart = [("web/k8s/a.yaml", &*web), ("api/k8s/a.yaml", &*api), ("old/web.yaml", &*web)];
    let declarations = read(&apart);
    let edges: Vec<_> =
        declarations.units.iter().flat_map(|unit| &unit.edges).map(|edge| edge.to.as_str()).collect();
    assert_eq!(edges, ["k8s:default/Deployment/api", "k8s:default/Deployment/api"]);
}

#[test]
fn a_patch_that_lies_about_is_no_workload() {
    let web = deployment("web", "replicas: 3", "image: me/web");
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1, template: {spec: {containers: [{name: app, imagePullPolicy: Always}]}}}\n";
    check(
        &[("base/web.yaml", &*web), ("test/web.patch.yaml", patch)],
        "
unit .
  service k8s:default/Deployment/web 3 instance
",
    );
}

#[test]
fn services_in_folders_of_their_own_meet() {
    let (web, api) = (
        deployment("web", "", "image: me/web, env: [{name: API_HOST, value: api}]"),
        deployment("api", "", "image: me/api"),
    );
    check(
        &[("services/web/k8s/a.yaml", &*web), ("services/api/k8s/a.yaml", &*api)],
        "
unit services
  service k8s:default/Deployment/api 1 nothing
  service k8s:default/Deployment/web 1 nothing
  k8s:default/Deployment/web -> k8s:default/Deployment/api runtime required
",
    );
}

#[test]
fn secret_stores_issuers_and_sources_hang_on_their_providers() {
    let text = deployment("api", "", "image: me/api, envFrom: [{secretRef: {name: s}}]")
        + "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: s}\nspec: {secretStoreRef: {name: st, kind: ClusterSecretStore}}\n---\napiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: {name: st}\nspec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}\n---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: le}\nspec: {acme: {server: 'https://acme-v02.api.letsencrypt.org/directory', solvers: [{dns01: {route53: {region: eu-west-1}}}]}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: g}\nspec: {url: 'ssh://git@github.com/a/b'}\n";
    check(
        &[("a.yaml", &text)],
        r#"
unit .
  service k8s:default/Deployment/api 1 nothing
  component k8s:default/ExternalSecret/s ? unknown
  component k8s:default/ClusterSecretStore/st ? unknown
  component k8s:default/ClusterIssuer/le ? unknown
  component k8s:default/GitRepository/g ? unknown
  k8s:default/Deployment/api -> k8s:default/ExternalSecret/s startup required
  k8s:default/ExternalSecret/s -> k8s:default/ClusterSecretStore/st runtime required
  k8s:default/ClusterSecretStore/st ~> Provider { provider: "aws", service: Some("secretsmanager"), region: Some("eu-west-1") } runtime required
  k8s:default/ClusterIssuer/le ~> acme-v02.api.letsencrypt.org recover required
  k8s:default/ClusterIssuer/le ~> Provider { provider: "aws", service: Some("dns"), region: None } recover required
  k8s:default/GitRepository/g ~> github.com deploy required
"#,
    );
}

#[test]
fn a_service_selects_the_pods_that_an_operator_makes() {
    let text = deployment(
        "web",
        "",
        "image: me/web, env: [{name: DB_HOST, value: pg-lb}, {name: MQ_HOST, value: mq-lb}]",
    ) + "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {instances: 3}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg-lb}\nspec: {selector: {cnpg.io/cluster: pg, role: primary}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: mq-lb}\nspec: {selector: {app.kubernetes.io/name: pg}}\n";
    check(
        &[("a.yaml", &text)],
        "
unit .
  service k8s:default/Deployment/web 1 nothing
  component k8s:default/Cluster/pg 3 instance Stateful
  k8s:default/Deployment/web -> k8s:default/Cluster/pg runtime required
  k8s:default/Deployment/web ~> mq-lb (no workload in the scanned files carries the labels that the service selects) runtime required
",
    );
}

#[test]
fn jobs_are_batch_and_a_service_without_pods_is_unresolved() {
    let text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: clean}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: me/x, args: ['--db-host', 'db']}]}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {selector: {app: db}}\n";
    check(
        &[("a.yaml", text)],
        "
unit .
  service k8s:default/CronJob/clean 1 nothing Batch
  k8s:default/CronJob/clean ~> db (no workload in the scanned files carries the labels that the service selects) runtime required
",
    );
}

#[test]
fn a_service_that_selects_nothing_leads_to_the_one_address_that_stands_behind_it() {
    let web = deployment(
        "web",
        "",
        "image: me/web, env: [{name: CRM_URL, value: 'http://crm'}, {name: ERP_URL, value: 'http://erp'}]",
    );
    let services = "apiVersion: v1\nkind: Service\nmetadata: {name: crm}\nspec: {ports: [{port: 80}]}\n---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: crm}\nsubsets: [{addresses: [{ip: 203.0.113.7}]}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: erp}\nspec: {ports: [{port: 80}]}\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: erp-1, labels: {kubernetes.io/service-name: erp}}\nendpoints: [{addresses: [203.0.113.8]}]\n";
    let shown = show(&[("a.yaml", &web), ("b.yaml", services)]);
    assert!(shown.contains("Deployment/web ~> Address(203.0.113.7) runtime required"), "{shown}");
    assert!(shown.contains("Deployment/web ~> Address(203.0.113.8) runtime required"), "{shown}");
}

#[test]
fn a_release_by_reference_is_of_the_chart_in_the_artifact() {
    let objects = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: app}\nspec: {url: 'oci://ghcr.io/charts/web-template'}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: reader}\nspec:\n  chartRef: {kind: OCIRepository, name: app}\n  values: {controllers: {reader: {replicas: 2}}}\n";
    let declared = read(&[("a.yaml", objects)]);
    let reader = declared.units[0].nodes.iter().find(|node| node.name == "reader").unwrap();
    assert!(reader.is_service);
    assert_eq!(reader.replication.replicas, Some(2));
}

#[test]
fn values_of_a_chart_from_elsewhere_name_images_hosts_and_keys() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: notes, namespace: apps}\nspec:\n  chartRef: {kind: OCIRepository, name: web-template}\n  values:\n    controllers:\n      notes:\n        containers:\n          app:\n            image: {repository: ghcr.io/acme/notes, tag: v1}\n            env: {DB_URL: 'postgres://db.acme.net/x', OPENAI_API_KEY: abcdef, SLACK_TOKEN: ''}\n            envFrom: [{secretRef: {name: notes-secret}}]\n---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: notes, namespace: apps}\nspec: {target: {name: notes-secret}}\n";
    let tree = Tree::of_texts([("a.yaml", release)]);
    let claimed: Vec<_> = tree.files().collect();
    let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
    let out = Kubernetes.read(&claimed, &cx);
    let shown =
        out.units[0].references.iter().map(|one| format!("{:?} {} {}", one.target, one.phase, one.need));
    let shown: Vec<String> = shown.filter(|one| !one.starts_with("Id(")).collect();
    assert_eq!(
        shown,
        [
            "Host { name: \"db.acme.net\", port: None, scheme: Some(\"postgres\") } runtime required",
            "Image(\"ghcr.io/acme/notes\") startup required",
            "Provider { provider: \"openai\", service: None, region: None } runtime optional",
        ]
    );
    assert!(!format!("{out:?}").contains("abcdef"), "a secret is shown");
    let made =
        out.units[0].edges.iter().find(|edge| edge.to.as_str() == "k8s:apps/ExternalSecret/notes").unwrap();
    assert_eq!((made.from.as_str(), made.phase), ("k8s:apps/HelmRelease/notes", Phase::Startup));
}

#[test]
fn a_route_within_the_mesh_publishes_nothing() {
    let route = |gateways: &str| {
        let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\n";
        format!(
            "{head}spec: {{hosts: [web], {gateways} http: [{{route: [{{destination: {{host: web}}}}]}}]}}\n"
        )
    };
    let shown = |gateways: &str| {
        let text = deployment("web", "replicas: 2", "image: me/web") + &route(gateways);
        show(&[("a.yaml", &text)]).contains("Published")
    };
    assert!(shown("gateways: [edge],") && !shown("") && !shown("gateways: [mesh],"));
}

#[test]
fn backups_lead_to_where_they_are_kept() {
    let cluster = |name: &str, backup: &str| {
        let head = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\n";
        format!("{head}metadata: {{name: {name}}}\nspec: {{instances: 3, {backup}}}\n---\n")
    };
    let text = [
        cluster("a", "backup: {barmanObjectStore: {destinationPath: 's3://x/y', endpointURL: 'https://s3.eu-central-2.wasabisys.com'}}"),
        cluster("b", "backup: {barmanObjectStore: {destinationPath: 's3://x/y'}}"),
        cluster("c", "plugins: [{name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: store}}]"),
        "apiVersion: barmancloud.cnpg.io/v1\nkind: ObjectStore\nmetadata: {name: store}\nspec: {configuration: {destinationPath: 's3://z/', endpointURL: 'http://minio:9000'}}\n---\n".to_owned(),
        deployment("minio", "replicas: 1", "image: minio/minio"),
        "apiVersion: velero.io/v1\nkind: BackupStorageLocation\nmetadata: {name: default}\nspec: {provider: velero.io/aws, config: {region: eu-west-1}}\n---\napiVersion: velero.io/v1\nkind: Schedule\nmetadata: {name: daily}\nspec: {schedule: '@daily'}\n".to_owned(),
    ]
    .concat();
    let shown = show(&[("a.yaml", &text)]);
    for line in [
        "Cluster/a ~> s3.eu-central-2.wasabisys.com recover required",
        "Cluster/b ~> Provider { provider: \"aws\", service: Some(\"s3\"), region: None } recover required",
        "Cluster/c -> k8s:default/Deployment/minio recover required",
        "BackupStorageLocation/default ~> Provider { provider: \"aws\", service: Some(\"s3\"), region: Some(\"eu-west-1\") } recover required",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
}

#[test]
fn resource_attributes_place_a_workload() {
    let env = "image: me/web, env: [{name: OTEL_RESOURCE_ATTRIBUTES, value: 'cloud.provider=aws,cloud.region=eu-west-1'}]";
    let text = deployment("web", "replicas: 2", env);
    let out = read(&[("a.yaml", &text)]);
    let placement = &out.units[0].nodes[0].placement;
    assert_eq!(
        (placement.provider.as_deref(), placement.region.as_deref()),
        (Some("aws"), Some("eu-west-1"))
    );
}

#[test]
fn a_share_of_another_machine_is_needed_where_it_is_mounted() {
    let web = deployment("web", "replicas: 1", "image: me/web");
    let web = web.replace(
        "      containers:",
        "      volumes: [{name: d, nfs: {server: nas.home.arpa, path: /d}}]\n      containers:",
    );
    let shown = show(&[("a.yaml", &web)]);
    assert!(shown.contains("Deployment/web ~> nas.home.arpa runtime required"), "{shown}");
}

#[test]
fn values_of_one_section_say_how_many_there_are() {
    let release = |more: &str| {
        let text = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: letters}}\nspec:\n  chart: {{spec: {{chart: letters}}}}\n  values:\n    java: {{replicas: 2, image: acme.azurecr.io/letters:1}}\n{more}"
        );
        read(&[("a.yaml", &*text)]).units.remove(0)
    };
    let one = release("");
    assert_eq!(one.nodes[0].replication.replicas, Some(2));
    let images = one
        .references
        .iter()
        .filter(|one| matches!(&one.target, Target::Image(image) if image == "acme.azurecr.io/letters:1"));
    assert_eq!(images.count(), 1);
    let several = release("    node: {replicas: 3, image: acme.azurecr.io/pages:1}\n");
    assert_eq!(several.nodes[0].replication.replicas, None);
}
