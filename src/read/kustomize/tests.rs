use std::collections::BTreeMap;

use super::*;
use crate::catalog::Catalog;
use crate::read::yaml::Data;

/// Objects as sorted lines of compact JSON-like text.
fn built(files: &[(&str, &str)], folder: &str) -> String {
    let tree = Tree::of_texts(files.iter().copied());
    let (objects, problems) = build_folder(&tree, folder);
    assert!(problems.is_empty(), "{problems:?}");
    let mut lines: Vec<String> = objects.iter().map(|object| text(object)).collect();
    lines.sort();
    lines.join("\n")
}

fn text(node: &Node) -> String {
    match &node.data {
        Data::Scalar { text, .. } => text.to_string(),
        Data::Sequence(items) => {
            format!("[{}]", items.iter().map(|item| text(item)).collect::<Vec<_>>().join(","))
        }
        Data::Mapping(entries) => {
            let sorted: BTreeMap<String, String> =
                entries.iter().map(|(key, value)| (key.text.to_string(), text(value))).collect();
            let pairs: Vec<String> =
                sorted.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: a, image: 'web:1', env: [{name: X, value: '1'}, {name: Y, value: '2'}]}\n      - {name: b, image: side}\n";

#[test]
fn patches_merge_lists_by_name_and_delete() {
    let kustomization = "resources: [web.yaml, old.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 3, template: {spec: {containers: [{name: a, env: [{name: Y, value: z}]}, {name: b, $patch: delete}]}}}\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: old}\n    $patch: delete\n- target: {kind: Deploy.*}\n  patch: |-\n    - {op: add, path: /metadata/labels, value: {a: b}}\n    - {op: replace, path: /spec/template/spec/containers/0/image, value: 'web:2'}\n";
    let old = "apiVersion: v1\nkind: Service\nmetadata: {name: old}\n";
    let files = [("o/kustomization.yaml", kustomization), ("o/web.yaml", WEB), ("o/old.yaml", old)];
    assert_eq!(
        built(&files, "o"),
        "{apiVersion:apps/v1,kind:Deployment,metadata:{labels:{a:b},name:web},spec:{replicas:3,template:{spec:{containers:[{env:[{name:Y,value:z},{name:X,value:1}],image:web:2,name:a}]}}}}"
    );
}

#[test]
fn prefixes_images_replicas_and_hashes_reach_what_they_name() {
    let base = "resources: [web.yaml]\nconfigMapGenerator:\n- {name: cfg, literals: [A=b]}\n";
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: 'web:1', envFrom: [{configMapRef: {name: cfg}}]}]}}}\n";
    let overlay = "resources: [../base]\nnamePrefix: p-\nnamespace: ns\nimages: [{name: web, newName: r.io/web, newTag: '2'}]\nreplicas: [{name: web, count: 4}]\n";
    let files =
        [("base/kustomization.yaml", base), ("base/web.yaml", web), ("prod/kustomization.yaml", overlay)];
    // Name and hash as `kubectl kustomize` gives them.
    assert_eq!(
        built(&files, "prod"),
        "{apiVersion:apps/v1,kind:Deployment,metadata:{name:p-web,namespace:ns},spec:{replicas:4,template:{spec:{containers:[{envFrom:[{configMapRef:{name:p-cfg-b9t2424hkf}}],image:r.io/web:2,name:a}]}}}}\n{apiVersion:v1,data:{A:b},kind:ConfigMap,metadata:{name:p-cfg-b9t2424hkf,namespace:ns}}"
    );
}

#[test]
fn overlays_are_environments_and_production_is_chosen() {
    let overlay =
        |count: u32| format!("resources: [../../base]\nreplicas: [{{name: web, count: {count}}}]\n");
    let (dev, prod) = (overlay(1), overlay(3));
    let tree = Tree::of_texts([
        ("k/base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("k/base/web.yaml", WEB),
        ("k/overlays/dev/kustomization.yaml", &*dev),
        ("k/overlays/prod/kustomization.yaml", &*prod),
    ]);
    let catalog = Catalog::embedded();
    let cx = ReadContext { tree: &tree, catalog, environment: None };
    let files: Vec<_> = tree.files().filter(|file| Kustomize.wants(file.path())).collect();
    let declarations = Kustomize.read(&files, &cx);
    let [unit] = declarations.units.as_slice() else { panic!("{:?}", declarations.units) };
    assert_eq!(unit.nodes[0].replication.replicas, Some(3));
    let environments: Vec<_> = unit.environments.iter().map(|one| (one.name.as_str(), one.chosen)).collect();
    assert_eq!(environments, [("dev", false), ("prod", true)]);
    assert_eq!(covered(&tree).into_iter().collect::<Vec<_>>(), ["k/base/web.yaml"]);
}

#[test]
fn a_patch_that_is_named_alone_is_merged_and_not_read_again() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 4}\n";
    let tree = Tree::of_texts([
        ("kustomization.yaml", "resources: [web.yaml]\npatches:\n- more.yaml\n"),
        ("more.yaml", patch),
        ("web.yaml", WEB),
    ]);
    let (objects, _) = build_folder(&tree, "");
    assert_eq!(objects[0].at(&["spec", "replicas"]).and_then(Node::integer), Some(4));
    assert!(covered(&tree).contains("more.yaml"));
}

#[test]
fn what_cannot_be_taken_in_is_a_problem_and_the_rest_is_read() {
    let tree = Tree::of_texts([
        ("kustomization.yaml", "resources: [gone.yaml, 'https://example.com/x.yaml', web.yaml, ../self]\n"),
        ("web.yaml", WEB),
    ]);
    let (objects, problems) = build_folder(&tree, "");
    assert_eq!((objects.len(), problems.len()), (1, 3));
    let cyclic = Tree::of_texts([
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ]);
    assert_eq!(build_folder(&cyclic, "a").1.len(), 1);
}

#[test]
fn charts_beside_a_kustomization_are_rendered_with_its_values() {
    let kustomization = "helmGlobals: {chartHome: ../charts}\nnamespace: shop\nhelmCharts:\n- name: web\n  releaseName: front\n  valuesFile: values.yaml\n  valuesInline: {replicas: 3}\n- {name: gone, repo: https://charts.example.com}\n";
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec: {replicas: {{ .Values.replicas }}, image: {{ .Values.image }}}\n";
    let files = [
        ("app/kustomization.yaml", kustomization),
        ("app/values.yaml", "image: web:2\nreplicas: 2\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "image: web:1\nreplicas: 1\n"),
        ("charts/web/templates/web.yaml", template),
    ];
    let tree = Tree::of_texts(files);
    let (objects, problems) = build_folder(&tree, "app");
    let shown: Vec<String> = objects.iter().map(|object| text(object)).collect();
    assert_eq!(
        shown,
        [
            "{apiVersion:apps/v1,kind:Deployment,metadata:{name:front,namespace:shop},spec:{image:web:2,replicas:3}}"
        ]
    );
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["the chart `gone` is not among the scanned files; what it declares is left out"]);
}
