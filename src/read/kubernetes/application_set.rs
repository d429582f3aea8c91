//! ApplicationSets of Argo CD: the Applications that they make of what stands in the scanned files.
//!
//! Generators over lists, folders and files of the repository are followed, and their products. What a set makes of
//! clusters, pull requests or repositories elsewhere is not known; one Application then stands for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::object::Object;
use crate::read::helm;
use crate::read::json::parse_any;
use crate::read::yaml::{Data, Node};
use crate::source::{Location, Problems, SourceFile, Tree};

/// No set makes more Applications than this.
const MOST_APPLICATIONS: usize = 500;

/// Generators within generators are followed this far.
const MAX_DEPTH: u32 = 4;

/// What a generator hands to the template.
#[derive(Clone, Debug, Default)]
struct Parameters {
    /// For templates of the simple kind: `path.basename`.
    plain: BTreeMap<String, String>,
    /// For templates of Go: top-level keys.
    tree: BTreeMap<String, Arc<Node>>,
}

/// The objects with the Applications of their ApplicationSets in place of those.
pub(crate) fn expand(objects: Vec<Object>, tree: &Tree, problems: &mut Problems) -> Vec<Object> {
    let mut out = Vec::new();
    for object in objects {
        if object.is("argoproj.io", "ApplicationSet") {
            out.extend(applications(&object, tree, problems));
        } else {
            out.push(object);
        }
    }
    out
}

fn applications(set: &Object, tree: &Tree, problems: &mut Problems) -> Vec<Object> {
    let Some(template) = set.at(&["spec", "template"]) else { return Vec::new() };
    let place = set.place();
    let folder = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_go = set.at(&["spec", "goTemplate"]).and_then(Node::bool) == Some(true);
    let finder = Finder { tree, folder };
    let mut made: Vec<Parameters> = Vec::new();
    let mut is_whole = true;
    for generator in set.at(&["spec", "generators"]).map(Node::items).unwrap_or_default() {
        match finder.parameters(generator, &Parameters::default(), MAX_DEPTH) {
            Some(more) => made.extend(more),
            None => is_whole = false,
        }
    }
    if !is_whole {
        let message =
            "of clusters or sources elsewhere this set makes Applications that are not known one by one";
        problems.note(place.clone(), message);
        made.push(Parameters::default());
    }
    if made.len() > MOST_APPLICATIONS {
        problems.warning(place, "more Applications than are read from one set");
        made.truncate(MOST_APPLICATIONS);
    }
    let mut seen = BTreeSet::new();
    let all = made.iter().filter_map(|parameters| application(set, template, parameters, is_go));
    all.filter(|application| seen.insert(application.key())).collect()
}

/// The Application that a template makes of parameters.
fn application(set: &Object, template: &Node, parameters: &Parameters, is_go: bool) -> Option<Object> {
    let filled = fill(template, parameters, is_go);
    let at = &template.location;
    let mut root = Node::new(Data::Mapping(Vec::new()), at.clone());
    root.set("apiVersion", Arc::new(Node::scalar(&set.api, false, at)));
    root.set("kind", Arc::new(Node::scalar("Application", false, at)));
    let mut metadata =
        filled.get("metadata").cloned().unwrap_or_else(|| Node::new(Data::Mapping(Vec::new()), at.clone()));
    // Of sets that are not known one by one, one stands for all.
    if metadata.str_at(&["name"]).is_none_or(|name| name.contains("{{")) {
        let own = set.root.at(&["metadata", "name"])?;
        metadata.set("name", Arc::new(own.clone()));
    }
    if metadata.get("namespace").is_none()
        && let Some(space) = set.root.at(&["metadata", "namespace"])
    {
        metadata.set("namespace", Arc::new(space.clone()));
    }
    root.set("metadata", Arc::new(metadata));
    root.set("spec", Arc::clone(filled.get_shared("spec")?));
    Object::of(&Arc::new(root))
}

/// A tree with its texts filled in.
fn fill(node: &Node, parameters: &Parameters, is_go: bool) -> Node {
    node.with_texts(&|text| fill_text(text, parameters, is_go))
}

fn fill_text(text: &str, parameters: &Parameters, is_go: bool) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    if is_go {
        let filled = helm::filled(text, &parameters.tree);
        return filled.unwrap_or_else(|| text.to_owned());
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        match parameters.plain.get(name.trim()) {
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Looks for what generators name in the scanned files.
struct Finder<'t> {
    tree: &'t Tree,
    /// The folder of the set.
    folder: &'t str,
}

impl Finder<'_> {
    /// What a generator makes; `None` when it is not to be known.
    fn parameters(&self, generator: &Node, given: &Parameters, depth: u32) -> Option<Vec<Parameters>> {
        if let Some(elements) = generator.at(&["list", "elements"]) {
            let elements = elements.items().iter().take(MOST_APPLICATIONS + 1);
            return Some(elements.map(|element| of_element(element)).collect());
        }
        if let Some(git) = generator.get("git") {
            let git = fill(git, given, false);
            return match git.get("directories") {
                Some(folders) => Some(self.folders(folders)),
                None => Some(self.files(git.get("files")?)),
            };
        }
        let inner = |key: &str| generator.at(&[key, "generators"]).filter(|_| depth > 0);
        if let Some([first, second]) = inner("matrix").map(Node::items) {
            let mut out = Vec::new();
            for one in self.parameters(first, given, depth - 1)? {
                let mut known = given.clone();
                known.extend(&one);
                for other in self.parameters(second, &known, depth - 1)? {
                    let mut both = one.clone();
                    both.extend(&other);
                    out.push(both);
                    if out.len() > MOST_APPLICATIONS {
                        return Some(out);
                    }
                }
            }
            return Some(out);
        }
        let keys: Vec<&str> =
            generator.at(&["merge", "mergeKeys"])?.items().iter().filter_map(|key| key.str()).collect();
        let (first, others) = inner("merge")?.items().split_first()?;
        let mut out = self.parameters(first, given, depth - 1)?;
        for other in others {
            for over in self.parameters(other, given, depth - 1)? {
                let same = |one: &&mut Parameters| {
                    keys.iter().all(|key| one.plain.get(*key) == over.plain.get(*key))
                };
                out.iter_mut().filter(same).for_each(|one| one.extend(&over));
            }
        }
        Some(out)
    }

    /// The tops that paths may start from: the folders above the set, the outermost first.
    fn tops(&self) -> impl Iterator<Item = &str> {
        let above = self.folder.match_indices('/').map(|(at, _)| &self.folder[..at]);
        std::iter::once("").chain(above).chain(std::iter::once(self.folder))
    }

    fn folders(&self, wanted: &Node) -> Vec<Parameters> {
        let at = wanted.location.clone();
        let patterns = |excluded: bool| {
            let items = wanted.items().iter();
            let items = items
                .filter(move |item| (item.get("exclude").and_then(Node::bool) == Some(true)) == excluded);
            items.filter_map(|item| item.str_at(&["path"])).collect::<Vec<_>>()
        };
        let (taken, left) = (patterns(false), patterns(true));
        for top in self.tops() {
            let mut found: BTreeSet<&str> = BTreeSet::new();
            for file in self.tree.under(top) {
                let path = file.folder().strip_prefix(top).unwrap_or("").trim_start_matches('/');
                let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
                found.extend(ends.map(|end| &path[..end]).filter(|path| !path.is_empty()));
            }
            found.retain(|path| taken.iter().any(|pattern| matches(pattern, path)));
            found.retain(|path| !left.iter().any(|pattern| matches(pattern, path)));
            if !found.is_empty() {
                return found.into_iter().map(|path| of_folder(path, &at)).collect();
            }
        }
        Vec::new()
    }

    fn files(&self, wanted: &Node) -> Vec<Parameters> {
        let patterns: Vec<&str> = wanted.items().iter().filter_map(|item| item.str_at(&["path"])).collect();
        for top in self.tops() {
            let inner = |file: &SourceFile| {
                file.path().strip_prefix(top).unwrap_or("").trim_start_matches('/').to_owned()
            };
            let found = self.tree.under(top).filter(|file| {
                let path = inner(file);
                patterns.iter().any(|pattern| matches(pattern, &path))
            });
            let made: Vec<Parameters> = found
                .take(MOST_APPLICATIONS)
                .filter_map(|file| {
                    let root = parse_any(file, &mut Problems::new())?;
                    let path = inner(file);
                    let mut parameters = of_element(&root);
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    parameters.extend(&of_folder(folder, &wanted.location));
                    Some(parameters)
                })
                .collect();
            if !made.is_empty() {
                return made;
            }
        }
        Vec::new()
    }
}

impl Parameters {
    fn extend(&mut self, other: &Parameters) {
        self.plain.extend(other.plain.iter().map(|(key, value)| (key.clone(), value.clone())));
        self.tree.extend(other.tree.iter().map(|(key, value)| (key.clone(), Arc::clone(value))));
    }
}

fn of_element(element: &Node) -> Parameters {
    let scalars = element.scalars().into_iter();
    let plain = scalars.filter_map(|(path, node)| Some((path.join("."), node.str()?.to_owned()))).collect();
    let shared = |key: &str| element.get_shared(key).cloned();
    let tree = element.entries().into_iter();
    let tree = tree.filter_map(|(key, _)| Some((key.text.to_string(), shared(&key.text)?))).collect();
    Parameters { plain, tree }
}

/// What Argo CD tells of a folder.
fn of_folder(path: &str, at: &Location) -> Parameters {
    let name = path.rsplit('/').next().unwrap_or(path);
    let normal = name.to_lowercase().replace(['_', '.'], "-");
    let mut plain = BTreeMap::from([
        ("path".to_owned(), path.to_owned()),
        ("path.basename".to_owned(), name.to_owned()),
        ("path.basenameNormalized".to_owned(), normal.clone()),
    ]);
    let parts = path.split('/').enumerate();
    plain.extend(parts.map(|(at, part)| (format!("path[{at}]"), part.to_owned())));
    let text = |text: &str| Arc::new(Node::scalar(text, false, at));
    let mut own = Node::new(Data::Mapping(Vec::new()), at.clone());
    own.set("path", text(path));
    own.set("basename", text(name));
    own.set("basenameNormalized", text(&normal));
    let segments = Data::Sequence(path.split('/').map(text).collect());
    own.set("segments", Arc::new(Node::new(segments, at.clone())));
    Parameters { plain, tree: BTreeMap::from([("path".to_owned(), Arc::new(own))]) }
}

/// Whether a path is one that a pattern means: `*` within a part, `**` for any number of parts.
fn matches(pattern: &str, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    // Whether the pattern so far may mean the first so many parts.
    let mut reached = vec![false; parts.len() + 1];
    reached[0] = true;
    for wanted in pattern.trim_matches('/').split('/') {
        let mut next = vec![false; parts.len() + 1];
        for at in 0..=parts.len() {
            next[at] = match wanted {
                "**" => reached[at] || (at > 0 && next[at - 1]),
                _ => at > 0 && reached[at - 1] && matches_part(wanted, parts[at - 1]),
            };
        }
        reached = next;
    }
    reached[parts.len()]
}

fn matches_part(pattern: &str, part: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == part };
    let Some(mut part) = part.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or("");
    for piece in pieces {
        match part.find(piece) {
            Some(at) => part = &part[at + piece.len()..],
            None => return false,
        }
    }
    part.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::kubernetes::objects;

    fn names(set: &str, others: &[&str]) -> (Vec<String>, usize) {
        let head = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set, namespace: argocd}\n";
        let text = format!("{head}{set}");
        let files = others.iter().map(|path| (*path, "env: prod\nteam: {name: red}\n"));
        let tree = Tree::of_texts(files.chain([("argo/set.yaml", text.as_str())]));
        let mut problems = Problems::new();
        let read = objects(tree.get("argo/set.yaml").unwrap(), &mut problems);
        let made = expand(read, &tree, &mut problems);
        let shown = made.iter().map(|object| {
            format!("{} {}", object.name, object.root.str_at(&["spec", "source", "path"]).unwrap_or("-"))
        });
        (shown.collect(), problems.len())
    }

    const TEMPLATE: &str = "  template:\n    metadata: {name: 'NAME'}\n    spec: {source: {path: 'PATH'}}\n";

    fn template(name: &str, path: &str) -> String {
        TEMPLATE.replace("NAME", name).replace("PATH", path)
    }

    #[test]
    fn lists_and_their_products() {
        let set = "spec:\n  generators:\n  - matrix:\n      generators:\n      - list: {elements: [{env: dev}, {env: prod}]}\n      - list: {elements: [{region: us, v: {x: 1}}]}\n";
        let (made, problems) =
            names(&format!("{set}{}", template("{{env}}-{{ region }}", "apps/{{v.x}}")), &[]);
        assert_eq!((made, problems), (vec!["dev-us apps/1".to_owned(), "prod-us apps/1".to_owned()], 0));
    }

    #[test]
    fn folders_and_files_of_the_repository() {
        let others = ["argo/apps/web/a.yaml", "argo/apps/api/deep/a.yaml", "argo/apps/old/a.yaml"];
        let set = "spec:\n  goTemplate: true\n  generators:\n  - git:\n      directories: [{path: apps/*}, {path: apps/old, exclude: true}]\n";
        let go = template("{{.path.basename}}-{{index .path.segments 0}}", "{{.path.path}}");
        assert_eq!(names(&format!("{set}{go}"), &others).0, ["api-apps apps/api", "web-apps apps/web"]);
        let set = "spec:\n  generators:\n  - git: {files: [{path: 'argo/**/a.yaml'}]}\n";
        let plain = template("{{team.name}}-{{path.basename}}", "{{path}}");
        assert_eq!(
            names(&format!("{set}{plain}"), &others[..2]).0,
            ["red-deep argo/apps/api/deep", "red-web argo/apps/web"]
        );
    }

    #[test]
    fn sets_are_laid_over_each_other_by_keys() {
        let set = "spec:\n  generators:\n  - merge:\n      mergeKeys: [env]\n      generators:\n      - list: {elements: [{env: dev, path: a}, {env: prod, path: b}]}\n      - list: {elements: [{env: prod, path: c}]}\n";
        assert_eq!(names(&format!("{set}{}", template("{{env}}", "{{path}}")), &[]).0, ["dev a", "prod c"]);
    }

    #[test]
    fn what_is_made_of_clusters_is_one_and_said() {
        let set = "spec:\n  generators: [{clusters: {}}]\n";
        let made = names(&format!("{set}{}", template("{{name}}-web", "apps/web")), &[]);
        assert_eq!(made, (vec!["set apps/web".to_owned()], 1));
    }

    #[test]
    fn patterns_of_paths() {
        assert!(
            matches("apps/*", "apps/web") && !matches("apps/*", "apps/web/x") && !matches("apps/*", "apps")
        );
        assert!(matches("**/config.json", "a/b/config.json") && matches("a/**", "a/b/c"));
        assert!(matches("a/x-*.y*", "a/x-1.yaml") && !matches("a/x-*.json", "a/x-1.yaml"));
    }
}
