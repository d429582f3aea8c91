use super::*;
use crate::catalog::Catalog;
use crate::read::FORMATS;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: '4.5'\n";

fn rendered(template: &str, values: &str) -> (String, Vec<u32>, Vec<String>) {
    let tree = Tree::of_texts([
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", values),
        ("c/templates/a.yaml", template),
    ]);
    let mut problems = Problems::new();
    let chart = Chart::load(&tree, "c", &mut problems).unwrap();
    let outputs = chart.render(&tree, &chart.values(&[]), &Install::of(&chart), &mut problems);
    let [output] = outputs.as_slice() else { panic!("one file") };
    let failures = output.rendered.failures.iter().map(|(line, why)| format!("{line}: {why}")).collect();
    (output.rendered.text.clone(), output.rendered.lines.clone(), failures)
}

#[track_caller]
fn check(template: &str, values: &str, expected: &str) {
    let (text, _, failures) = rendered(template, values);
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(text, expected);
}

#[test]
fn actions_variables_and_scopes() {
    check("{{ .Values.a }}-{{ .Values.b.c }}|{{ .Values.none.deep }}|", "a: 1\nb: {c: x}\n", "1-x||");
    check("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "", "2");
    check(
        "{{ range $k, $v := .Values.m }}{{ $k }}={{ $v }};{{ else }}none{{ end }}",
        "m: {b: 2, a: 1}\n",
        "a=1;b=2;",
    );
    check(
        "{{ range .Values.l }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ if eq . 3 }}{{ break }}{{ end }}{{ end }}",
        "l: [1, 2, 3, 4]\n",
        "13",
    );
    check(
        "{{ with .Values.m }}{{ .a }}{{ $.Chart.Name }}{{ else }}no{{ end }}{{ with .Values.x }}y{{ else }}n{{ end }}",
        "m: {a: 1}\n",
        "1shopn",
    );
    check(
        "{{ if and .Values.a (or .Values.b .Values.c) }}yes{{ else if .Values.a }}half{{ else }}no{{ end }}",
        "a: 1\nc: 0\n",
        "half",
    );
    check("a\n{{- /* gone */ -}}\n  b {{- `c` }} {{ \"q\" | quote }}", "", "abc \"q\"");
}

#[test]
fn templates_call_each_other() {
    check(
        "{{ define \"n\" }}{{ .Release.Name }}-{{ .Values.x | default \"d\" }}{{ end }}{{ include \"n\" . | upper | trunc 6 }}|{{ template \"n\" . }}|{{ tpl .Values.t . }}",
        "t: '{{ include \"n\" . }}!'\n",
        "SHOP-D|shop-d|shop-d!",
    );
    let (_, _, failures) =
        rendered("{{ define \"loop\" }}{{ include \"loop\" . }}{{ end }}{{ include \"loop\" . }}", "");
    assert_eq!(failures, ["1: templates call each other too deep"]);
}

#[test]
fn yaml_is_written_and_indented() {
    check(
        "x:\n  {{- toYaml .Values.r | nindent 2 }}\ny: {{ .Values.r.b | toJson }}\n",
        "r: {b: [1, {c: d}], a: 'yes'}\n",
        "x:\n  a: \"yes\"\n  b:\n  - 1\n  - c: d\ny: [1,{\"c\":\"d\"}]\n",
    );
}

#[test]
fn sprig_does_what_charts_ask_of_it() {
    for (action, expected) in [
        ("printf \"%s-%d\" \"a\" 3 | trunc 63 | trimSuffix \"-\"", "a-3"),
        ("list 1 2 3 | join \",\"", "1,2,3"),
        ("dict \"a\" 1 | toJson", "{\"a\":1}"),
        ("hasKey (dict \"a\" 1) \"a\"", "true"),
        ("ternary \"x\" \"y\" (empty nil)", "x"),
        ("coalesce nil \"\" \"z\"", "z"),
        ("(splitList \":\" \"a:b\") | last", "b"),
        ("(split \":\" \"a:b\")._1", "b"),
        ("regexReplaceAll \"[^a-z]+\" \"a1b2\" \"-\"", "a-b-"),
        ("semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version", "true"),
        (".Capabilities.APIVersions.Has \"policy/v1/PodDisruptionBudget\"", "true"),
        ("dig \"a\" \"b\" \"none\" (dict \"a\" (dict \"b\" 5))", "5"),
        ("merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3) | toJson", "{\"a\":1,\"b\":3}"),
        ("mergeOverwrite (dict \"a\" 1) (dict \"a\" 2) | toJson", "{\"a\":2}"),
        ("\"a b\" | b64enc", "YSBi"),
        ("lookup \"v1\" \"Secret\" \"a\" \"b\" | empty", "true"),
        ("until 3 | toJson", "[0,1,2]"),
        ("add 1 2 | int | eq 3", "true"),
        ("kebabcase \"someName\"", "some-name"),
        ("(index .Values.l 1).n", "2"),
    ] {
        check(&format!("{{{{ {action} }}}}"), "l: [{n: 1}, {n: 2}]\n", expected);
    }
}

#[test]
fn lines_lead_back_to_the_template() {
    let (text, lines, _) = rendered(
        "a: 1\n{{- if .Values.on }}\nb:\n{{ toYaml .Values.m | indent 2 }}\nc: 3\n{{- end }}\n",
        "on: true\nm: {x: 1, y: 2}\n",
    );
    assert_eq!(text, "a: 1\nb:\n  x: 1\n  y: 2\nc: 3\n");
    assert_eq!(lines[..5], [1, 3, 4, 4, 5]);
}

#[test]
fn what_cannot_run_is_told_and_the_rest_is_rendered() {
    let (text, _, failures) =
        rendered("a: {{ nothing 1 }}\nb: 2\n{{ fail \"no\" }}c: {{ required \"x\" .Values.y }}\n", "");
    assert_eq!(text, "a: \nb: 2\nc: ${required}\n");
    assert_eq!(failures, ["1: function `nothing` is not known", "3: the chart refuses these values: no"]);
}

#[test]
fn endless_templates_come_to_an_end() {
    let (_, _, failures) =
        rendered("{{ range until 10000 }}{{ range until 10000 }}{{ . }}{{ end }}{{ end }}", "");
    assert_eq!(failures.len(), 1);
    let (text, _, _) = rendered("{{ range until 5000 }}{{ repeat 10000 \"x\" }}{{ end }}", "");
    assert!(text.len() <= 9 << 20);
}

#[test]
fn a_chart_becomes_a_unit() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"shop.fullname\" . }}\nspec:\n  replicas: {{ .Values.replicas }}\n  template:\n    spec:\n      containers:\n      - image: me/shop\n        env:\n        - name: DB_HOST\n          value: {{ .Release.Name }}-postgresql\n        - name: CACHE_HOST\n          value: {{ .Release.Name }}-cache\n";
    let inner = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}-cache}\nspec: {template: {metadata: {labels: {app: cache}}, spec: {containers: [{image: '{{ .Values.image }}'}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}-cache}\nspec: {selector: {app: cache}}\n";
    let chart = format!(
        "{CHART}dependencies:\n- {{name: postgresql, repository: 'https://charts.example.com', condition: postgresql.enabled}}\n- {{name: redis, condition: redis.enabled}}\n- {{name: cache}}\n"
    );
    let tree = Tree::of_texts([
        ("c/Chart.yaml", &*chart),
        (
            "c/values.yaml",
            "replicas: 1\nredis: {enabled: false}\npostgresql: {enabled: true}\ncache: {image: 'redis:7'}\n",
        ),
        ("c/values-prod.yaml", "replicas: 3\n"),
        ("c/values-dev.yaml", "replicas: 0\n"),
        ("c/templates/_helpers.tpl", "{{ define \"shop.fullname\" }}{{ .Release.Name }}{{ end }}"),
        ("c/templates/web.yaml", deployment),
        (
            "c/templates/tests/t.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec: {containers: [{image: x}]}\n",
        ),
        ("c/charts/cache/Chart.yaml", "apiVersion: v2\nname: cache\n"),
        ("c/charts/cache/values.yaml", "image: none\n"),
        ("c/charts/cache/templates/c.yaml", inner),
    ]);
    let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
    let files: Vec<_> =
        tree.files().filter(|file| Helm.wants(file.path()) && Helm.claims(file, &tree)).collect();
    let declarations = Helm.read(&files, &cx);
    assert!(declarations.problems.is_empty(), "{:?}", declarations.problems);
    let [unit] = declarations.units.as_slice() else { panic!("one unit") };
    let nodes: Vec<_> = unit.nodes.iter().map(|node| (node.id.as_str(), node.replication.replicas)).collect();
    assert_eq!(
        nodes,
        [
            ("k8s:default/Deployment/shop-cache", Some(1)),
            ("k8s:default/Deployment/shop", Some(3)),
            ("k8s:default/ChartDependency/shop-postgresql", None),
        ]
    );
    let edges: Vec<_> = unit.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(
        edges,
        [
            ("k8s:default/Deployment/shop", "k8s:default/ChartDependency/shop-postgresql"),
            ("k8s:default/Deployment/shop", "k8s:default/Deployment/shop-cache"),
        ]
    );
    let environments: Vec<_> = unit.environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(environments, [("default", false), ("dev", false), ("prod", true)]);
    let web = unit.nodes.iter().find(|node| node.name == "shop").unwrap();
    assert_eq!(web.evidence[0].location().unwrap().path.as_ref(), "c/templates/web.yaml");
    assert_eq!(web.evidence[0].location().unwrap().line, 4);
}

/// A chart of one Deployment whose replicas and name are values, with a Service.
const API: &[(&str, &str)] = &[
    ("charts/api/Chart.yaml", "apiVersion: v2\nname: api\nversion: 1.0.0\n"),
    ("charts/api/values.yaml", "replicas: 1\ndb: {host: none}\n"),
    ("charts/api/values-prod.yaml", "replicas: 4\n"),
    (
        "charts/api/templates/api.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  replicas: {{ .Values.replicas }}\n  selector: {matchLabels: {app: {{ .Release.Name }}}}\n  template:\n    metadata: {labels: {app: {{ .Release.Name }}}}\n    spec:\n      containers:\n      - {name: api, image: me/api, env: [{name: DB_HOST, value: '{{ .Values.db.host }}'}, {name: SPACE, value: '{{ .Release.Namespace }}'}]}\n",
    ),
];

/// The units of all readers of Kubernetes objects for a chart and what deploys it.
fn units(more: &[(&str, &str)], environment: Option<&str>) -> Vec<Unit> {
    let tree = Tree::of_texts(API.iter().chain(more).copied());
    let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment };
    let formats =
        FORMATS.iter().filter(|format| ["helm", "kustomize", "kubernetes"].contains(&format.name()));
    let mut claimed = BTreeSet::new();
    let mut units = Vec::new();
    for format in formats {
        let files: Vec<_> = tree
            .files()
            .filter(|file| format.wants(file.path()) && format.claims(file, &tree))
            .filter(|file| claimed.insert(file.path().clone()))
            .collect();
        let declarations = format.read(&files, &cx);
        assert!(declarations.problems.is_empty(), "{:?}", declarations.problems);
        units.extend(declarations.units);
    }
    units
}

fn workloads(unit: &Unit) -> Vec<(&str, Option<u32>)> {
    let runs = |node: &&crate::model::Node| node.id.as_str().contains("/Deployment/");
    unit.nodes.iter().filter(runs).map(|node| (node.id.as_str(), node.replication.replicas)).collect()
}

fn edges(unit: &Unit) -> Vec<String> {
    let write = |edge: &crate::model::Edge| format!("{} -> {} {}", edge.from, edge.to, edge.phase.word());
    unit.edges.iter().map(write).collect()
}

#[test]
fn a_flux_release_renders_the_chart_beside_it_with_its_values() {
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet, namespace: flux-system}\nspec: {url: 'https://github.com/me/fleet'}\n";
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: orders, namespace: flux-system}\nspec:\n  releaseName: orders\n  targetNamespace: shop\n  chart: {spec: {chart: ./charts/api, sourceRef: {kind: GitRepository, name: fleet}}}\n  valuesFrom: [{kind: ConfigMap, name: common}]\n  values: {replicas: 3}\n";
    let common = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common, namespace: flux-system}\ndata:\n  values.yaml: |\n    replicas: 2\n    db: {host: pg.shop.svc}\n";
    let database = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pg, namespace: shop}\nspec: {selector: {matchLabels: {app: pg}}, template: {metadata: {labels: {app: pg}}, spec: {containers: [{image: postgres}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: shop}\nspec: {selector: {app: pg}}\n";
    let units = units(
        &[
            ("cluster/source.yaml", source),
            ("cluster/orders.yaml", release),
            ("cluster/common.yaml", common),
            ("cluster/pg.yaml", database),
        ],
        None,
    );
    let [alone, cluster] = units.as_slice() else { panic!("a chart and a cluster: {units:?}") };
    assert_eq!(workloads(alone), [("k8s:default/Deployment/api", Some(4))]);
    assert_eq!(
        workloads(cluster),
        [("k8s:shop/Deployment/orders", Some(3)), ("k8s:shop/Deployment/pg", Some(1))]
    );
    assert_eq!(
        edges(cluster),
        [
            "k8s:flux-system/HelmRelease/orders -> k8s:flux-system/GitRepository/fleet deploy",
            "k8s:shop/Deployment/orders -> k8s:flux-system/HelmRelease/orders deploy",
            "k8s:shop/Deployment/orders -> k8s:shop/Deployment/pg runtime",
        ]
    );
    assert!(cluster.deploys.contains(&alone.folder), "the chart by itself is an alternative");
    let release = cluster.nodes.iter().find(|node| node.id.as_str().contains("HelmRelease")).unwrap();
    assert!(!release.may_fail && !release.is_service, "what runs is the chart's");
}

#[test]
fn a_flux_release_of_a_chart_from_a_registry_stays_a_node_of_its_own() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: other, namespace: shop}\nspec: {chart: {spec: {chart: charts/api, sourceRef: {kind: HelmRepository, name: elsewhere}}}}\n";
    let units = units(&[("cluster/other.yaml", release)], None);
    assert!(units.iter().all(|unit| unit.deploys.is_empty()));
    let node = units[1].nodes.iter().find(|node| node.id.as_str().contains("HelmRelease")).unwrap();
    assert!(node.may_fail);
}

#[test]
fn applications_of_one_chart_for_several_environments_are_alternatives() {
    let application = |environment: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: api-{environment}, namespace: argocd}}\nspec:\n  source:\n    repoURL: https://github.com/me/fleet.git\n    path: charts/api\n    helm:\n      valueFiles: [values.yaml, values-{environment}.yaml]\n      parameters: [{{name: db.host, value: pg.{environment}.example.com}}]\n  destination: {{namespace: {environment}}}\n"
        )
    };
    let (prod, staging) = (application("prod"), application("staging"));
    let files = [("argocd/prod.yaml", &*prod), ("argocd/staging.yaml", &*staging)];
    let found = units(&files, None);
    assert_eq!(workloads(&found[1]), [("k8s:prod/Deployment/api-prod", Some(4))]);
    let environments: Vec<_> =
        found[1].environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(environments, [("prod", true), ("staging", false)]);
    let found = units(&files, Some("staging"));
    assert_eq!(workloads(&found[1]), [("k8s:staging/Deployment/api-staging", Some(1))]);
}

#[test]
fn an_application_that_comes_of_a_chart_is_followed() {
    let files = [
        ("apps/Chart.yaml", "apiVersion: v2\nname: apps\n"),
        ("apps/values.yaml", "apps: [orders, bills]\n"),
        (
            "apps/templates/apps.yaml",
            "{{ range .Values.apps }}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: {{ . }}, namespace: argocd}\nspec:\n  source: {repoURL: 'git@github.com:me/fleet.git', path: charts/api}\n  destination: {namespace: {{ . }}}\n{{ end }}\n",
        ),
    ];
    let units = units(&files, None);
    let apps = units.iter().find(|unit| unit.folder == "apps").unwrap();
    assert_eq!(
        workloads(apps),
        [("k8s:orders/Deployment/orders", Some(1)), ("k8s:bills/Deployment/bills", Some(1))]
    );
    assert!(apps.deploys.contains("charts/api"));
}

#[test]
fn a_chart_that_is_named_by_its_path_is_a_part_of_the_one_that_needs_it() {
    let files = [
        (
            "charts/shop/Chart.yaml",
            "apiVersion: v2\nname: shop\ndependencies:\n- {name: api, repository: 'file://../api', version: 1.x}\n",
        ),
        ("charts/shop/values.yaml", "api: {replicas: 2}\n"),
    ];
    let units = units(&files, None);
    let shop = units.iter().find(|unit| unit.folder == "charts/shop").unwrap();
    assert_eq!(workloads(shop), [("k8s:default/Deployment/shop", Some(2))]);
    assert!(shop.deploys.contains("charts/api"));
}

#[test]
fn what_a_release_switches_on_inside_its_chart_answers_to_its_usual_name() {
    let files = [
        (
            "cluster/web.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec:\n  chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: elsewhere}}}\n  values: {redis: {enabled: true}, mysql: {enabled: false}}\n",
        ),
        (
            "cluster/jobs.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: jobs, namespace: shop}\nspec: {template: {spec: {containers: [{image: me/jobs, env: [{name: CACHE, value: 'web-redis:6379'}, {name: DB, value: 'web-mysql:3306'}]}]}}}\n",
        ),
    ];
    let found = units(&files, None);
    let needs = edges(&found[1]);
    assert!(
        needs.contains(&"k8s:shop/Deployment/jobs -> k8s:shop/HelmRelease/web runtime".to_owned()),
        "{needs:?}"
    );
    let is_reference = |host: &str| {
        found[1].references.iter().any(
            |one| matches!(&one.target, crate::model::Target::Host { name, .. } if name.as_str() == host),
        )
    };
    assert!(is_reference("web-mysql") && !is_reference("web-redis"));
}

#[test]
fn a_release_of_the_template_for_apps_is_what_its_values_list() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: papers, namespace: home}\nspec:\n  chartRef: {kind: OCIRepository, name: papers}\n  values:\n    controllers:\n      papers:\n        replicas: 2\n        containers:\n          app:\n            image: {repository: ghcr.io/acme/papers, tag: v1}\n            env: {CACHE_URL: 'redis://{{ .Release.Name }}-cache:6379'}\n      cache:\n        type: statefulset\n        containers: {app: {image: {repository: docker.io/valkey/valkey, tag: '8'}}}\n      off: {enabled: false, containers: {app: {image: {repository: me/off}}}}\n    service:\n      app: {controller: papers, ports: {http: {port: 80}}}\n      cache: {controller: cache, ports: {redis: {port: 6379}}}\n    route:\n      app: {hostnames: [papers.example.com], parentRefs: [{name: internal}]}\n    persistence:\n      scans: {type: nfs, server: nas.home.arpa, path: /scans, advancedMounts: {papers: {app: [{path: /scans}]}}}\n";
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: papers, namespace: home}\nspec: {url: 'oci://ghcr.io/bjw-s-labs/helm/app-template'}\n";
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: papers}\nspec: {path: ./apps/papers/app, targetNamespace: docs}\n";
    let units = units(
        &[
            ("apps/papers/app/release.yaml", release),
            ("apps/papers/app/source.yaml", source),
            ("apps/papers/ks.yaml", flux),
        ],
        None,
    );
    let [_, unit] = units.as_slice() else { panic!("a chart and a cluster: {units:?}") };
    let counts: Vec<_> = unit
        .nodes
        .iter()
        .filter(|node| node.may_fail)
        .map(|node| (node.id.as_str(), node.replication.replicas))
        .collect();
    assert_eq!(
        counts,
        [("k8s:docs/Deployment/papers", Some(2)), ("k8s:docs/StatefulSet/papers-cache", Some(1)),]
    );
    let edges = edges(unit);
    for wanted in [
        "k8s:docs/Deployment/papers -> k8s:docs/StatefulSet/papers-cache runtime",
        "domain:papers.example.com -> k8s:docs/Deployment/papers runtime",
    ] {
        assert!(edges.iter().any(|edge| edge == wanted), "{edges:?}");
    }
    let place = unit.nodes[0].evidence[0].location().expect("a place");
    assert_eq!((&*place.path, place.line), ("apps/papers/app/release.yaml", 8));
}
