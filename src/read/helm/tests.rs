use super::*;
use crate::catalog::Catalog;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: '4.5'\n";

fn rendered(template: &str, values: &str) -> (String, Vec<u32>, Vec<String>) {
    let tree = Tree::of_texts([
        ("c/Chart.yaml", CHART),
        ("c/values.yaml", values),
        ("c/templates/a.yaml", template),
    ]);
    let mut problems = Problems::new();
    let chart = Chart::load(&tree, "c", &mut problems).unwrap();
    let outputs = chart.render(&tree, &chart.values(&[]), "shop", &mut problems);
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
