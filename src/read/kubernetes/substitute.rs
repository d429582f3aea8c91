//! What Flux puts into the manifests of a path before it applies them: `postBuild` and `targetNamespace` of its
//! Kustomizations.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::object::Object;
use super::objects;
use crate::read::yaml::Node;
use crate::read::{ReadContext, split_environment};
use crate::source::{Problems, SourceFile, Tree};

/// Values that are made of each other are followed this far.
const MAX_DEPTH: u32 = 3;

/// What is put into the manifests of a folder, by the folder.
#[derive(Default)]
pub(crate) struct Substitutions(BTreeMap<String, Put>);

/// What one folder's manifests are given.
#[derive(Default)]
struct Put {
    values: BTreeMap<String, String>,
    /// The namespace that all of them are put into.
    namespace: Option<String>,
}

impl Substitutions {
    /// Looks through the scanned files. Where Kustomizations of several environments name one folder, the chosen one counts.
    pub(crate) fn among(cx: &ReadContext<'_>) -> Self {
        let wanting: Vec<&SourceFile> = cx.tree.files().filter(|file| has_values(file)).collect();
        let words: Vec<String> = wanting.iter().filter_map(|file| environment_of(file.path())).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let chosen = cx.choose_environment(&words);
        let counts = |file: &SourceFile| match (chosen, environment_of(file.path())) {
            (Some(chosen), Some(own)) => own == chosen,
            _ => true,
        };
        let mut all = Substitutions::default();
        for file in wanting.into_iter().filter(|file| counts(file)) {
            for object in objects(file, &mut Problems::new()) {
                all.add(&object, cx.tree);
            }
        }
        all
    }

    fn add(&mut self, object: &Object, tree: &Tree) {
        let (build, space) =
            (object.at(&["spec", "postBuild"]), object.root.str_at(&["spec", "targetNamespace"]));
        if build.is_none() && space.is_none() {
            return;
        }
        let Some(folder) =
            object.root.str_at(&["spec", "path"]).and_then(|path| folder_of(object, path, tree))
        else {
            return;
        };
        let put = self.0.entry(folder).or_default();
        put.namespace = space.map(str::to_owned).or(put.namespace.take());
        let values = &mut put.values;
        let Some(build) = build else { return };
        for from in build.get("substituteFrom").map(Node::items).unwrap_or_default() {
            let (kind, name) = (from.str_at(&["kind"]).unwrap_or(""), from.str_at(&["name"]).unwrap_or(""));
            values.extend(data_of(kind, name, tree));
        }
        for (key, value) in build.get("substitute").map(Node::entries).unwrap_or_default() {
            values.extend(value.str().map(|value| (key.text.to_string(), value.to_owned())));
        }
    }

    /// The objects with their values in them.
    pub(crate) fn fill(&self, mut objects: Vec<Object>) -> Vec<Object> {
        if self.0.is_empty() {
            return objects;
        }
        for object in &mut objects {
            let path = object.root.location.path.clone();
            let is_inside = |folder: &str| {
                folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            };
            // Of folders in each other the inner one stands behind.
            let Some((_, put)) = self.0.iter().rev().find(|(folder, _)| is_inside(folder)) else {
                continue;
            };
            let filled = object.root.with_texts(&|text| filled(text, &put.values, MAX_DEPTH));
            if let Some(changed) = Object::of(&Arc::new(filled)) {
                *object = changed;
            }
            object.namespace = put.namespace.clone().or(object.namespace.take());
        }
        objects
    }
}

fn has_values(file: &SourceFile) -> bool {
    let name = file.name();
    (name.ends_with(".yaml") || name.ends_with(".yml"))
        && ["postBuild:", "targetNamespace:"].iter().any(|key| file.text().contains(key))
        && file.text().contains("kustomize.toolkit.fluxcd.io")
}

/// The word of an environment in the folders of a path: `clusters/production/apps.yaml`.
fn environment_of(path: &str) -> Option<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').rev().find_map(split_environment).map(|(_, word)| word)
}

/// The folder that a path of the repository means, of which the scanned files are one or hold one.
fn folder_of(object: &Object, path: &str, tree: &Tree) -> Option<String> {
    let place = object.place();
    let own = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let above = own.match_indices('/').map(|(at, _)| &own[..at]);
    std::iter::once("").chain(above).find_map(|top| {
        let folder = Tree::resolve(top, path.trim_start_matches('/'))?;
        let holds_files = tree.under(&folder).next().is_some();
        holds_files.then_some(folder)
    })
}

/// The values of a ConfigMap or an unencrypted Secret of the scanned files.
fn data_of(kind: &str, name: &str, tree: &Tree) -> Vec<(String, String)> {
    let line = format!("name: {name}");
    let may_hold = |file: &&SourceFile| {
        let text = file.text();
        (file.name().ends_with(".yaml") || file.name().ends_with(".yml"))
            && text.contains(&line)
            && text.contains(kind)
    };
    for file in tree.files().filter(may_hold) {
        let found =
            objects(file, &mut Problems::new()).into_iter().find(|one| one.kind == kind && one.name == name);
        let Some(object) = found else { continue };
        let parts = ["data", "stringData"].iter().filter(|part| kind != "Secret" || **part == "stringData");
        let entries = parts.filter_map(|part| object.root.get(part)).flat_map(Node::entries);
        let readable =
            entries.filter_map(|(key, value)| Some((key.text.to_string(), value.str()?.to_owned())));
        return readable.filter(|(_, value)| !value.starts_with("ENC[")).collect();
    }
    Vec::new()
}

/// A text with `${NAME}`, `${NAME:=default}` and `${NAME:-default}` filled in; what has no value stays.
fn filled(text: &str, values: &BTreeMap<String, String>, depth: u32) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((inner, after)) = behind.split_once('}') else { break };
        out.push_str(before.strip_suffix('$').unwrap_or(before));
        let (name, default) = match inner.split_once([':', '=', '-']) {
            Some((name, default)) => (name, Some(default.trim_start_matches(['=', '-']))),
            None => (inner, None),
        };
        let value = values.get(name).map(String::as_str).or(default).filter(|_| !before.ends_with('$'));
        match value {
            Some(value) if depth > 0 && value.contains("${") => {
                out.push_str(&filled(value, values, depth - 1))
            }
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("${{{inner}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn hosts(files: &[(&str, &str)], environment: Option<&str>) -> Vec<String> {
        let tree = Tree::of_texts(files.iter().copied());
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment };
        let read = objects(tree.get("apps/web/a.yaml").unwrap(), &mut Problems::new());
        let filled = Substitutions::among(&cx).fill(read);
        let scalars = filled.iter().flat_map(|object| object.root.scalars());
        scalars
            .filter(|(path, _)| path.last() == Some(&"host"))
            .map(|(_, node)| node.str().unwrap().to_owned())
            .collect()
    }

    fn kustomization(values: &str) -> String {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps}}\nspec:\n  path: ./apps\n  postBuild: {values}\n"
        )
    }

    #[test]
    fn values_of_the_chosen_environment_are_put_in() {
        let production = kustomization(
            "{substitute: {domain: acme.net}, substituteFrom: [{kind: ConfigMap, name: settings}]}",
        );
        let staging = kustomization("{substitute: {domain: staging.acme.net}}");
        let manifest = "apiVersion: v1\nkind: Thing\nmetadata: {name: a}\nspec: [{host: '${app:=web}.${domain}'}, {host: '${zone}'}, {host: '${gone}'}, {host: '$${domain}'}]\n";
        let settings =
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {zone: 'z.${domain}'}\n";
        let files = [
            ("apps/web/a.yaml", manifest),
            ("clusters/production/apps.yaml", production.as_str()),
            ("clusters/staging/apps.yaml", staging.as_str()),
            ("clusters/settings.yaml", settings),
        ];
        assert_eq!(hosts(&files, None), ["web.acme.net", "z.acme.net", "${gone}", "${domain}"]);
        assert_eq!(hosts(&files, Some("staging"))[0], "web.staging.acme.net");
        assert_eq!(hosts(&files[..1], None)[0], "${app:=web}.${domain}", "nothing asks for it");
    }
}
