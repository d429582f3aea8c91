//! Heroku apps (`app.json`, `heroku.yml`, and the `Procfile` beside them).

use std::collections::BTreeMap;

use super::{Describe, Draft, Format, How, ReadContext, Setting, Value, file_name, folder_name, parse_any};
use crate::model::{Attribute, Category, Declarations, Id, Kind, Need, Phase, Reach, Tolerance};
use crate::source::{Problems, SourceFile, Tree};

/// Heroku apps.
pub struct Heroku;

impl Format for Heroku {
    fn name(&self) -> &'static str {
        "heroku"
    }

    fn summary(&self) -> &'static str {
        "Heroku apps: app.json, heroku.yml and their Procfile, with add-ons"
    }

    fn wants(&self, path: &str) -> bool {
        matches!(file_name(path), "app.json" | "heroku.yml" | "Procfile")
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        match file.name() {
            "app.json" => is_manifest(file),
            "heroku.yml" => true,
            // Other platforms read a Procfile too.
            _ => {
                tree.join(file.folder(), "heroku.yml").is_some()
                    || tree.join(file.folder(), "app.json").is_some_and(is_manifest)
            }
        }
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut folders: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        for file in files {
            folders.entry(file.folder()).or_default().push(file);
        }
        for (folder, files) in folders {
            let mut draft = read_folder(folder, &files, cx, &mut out.problems);
            draft.unit.run_program_of(folder);
            out.units.push(draft.unit);
        }
        out
    }
}

/// An `app.json` of Heroku; other tools have a file of that name too.
fn is_manifest(file: &SourceFile) -> bool {
    let text = file.text();
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    !has("expo")
        && [
            "addons",
            "formation",
            "buildpacks",
            "stack",
            "success_url",
            "keywords",
            "repository",
            "env",
            "scripts",
        ]
        .iter()
        .any(|key| has(key))
}

fn read_folder<'a>(
    folder: &str,
    files: &[&SourceFile],
    cx: &ReadContext<'a>,
    problems: &mut Problems,
) -> Draft<'a> {
    let find = |name: &str| files.iter().find(|file| file.name() == name);
    let manifest = find("app.json").and_then(|file| parse_any(file, problems));
    let build = find("heroku.yml").and_then(|file| parse_any(file, problems));
    let name =
        manifest.as_ref().and_then(|node| node.str_at(&["name"])).unwrap_or(folder_name(folder, "app"));
    let mut draft = Draft::new("heroku", name, folder, cx);
    let root = manifest.as_ref().or(build.as_ref());
    let Some(root) = root else { return draft };
    let formation = manifest.as_ref().and_then(|node| node.get("formation"));
    let mut apps = processes(&mut draft, name, build.as_deref(), find("Procfile"), formation);
    if apps.is_empty() {
        let id = Id::new(format!("heroku:{name}"));
        let node = draft.node(&id, Kind::Service, name, root.get("name").unwrap_or(root));
        node.is(Category::Compute, "app").on("heroku", "dynos");
        node.tolerance = Tolerance::Unknown;
        node.replication.unknown = Some("no formation says how many dynos run".to_owned());
        apps.push(id);
    }
    let lists = [
        manifest.as_ref().and_then(|node| node.get("addons")),
        build.as_ref().and_then(|node| node.at(&["setup", "addons"])),
    ];
    for addon in lists.into_iter().flatten().flat_map(Value::items) {
        read_addon(&mut draft, name, &apps, addon);
    }
    let env = manifest.as_ref().and_then(|node| node.get("env")).map(Value::entries).unwrap_or_default();
    // What Heroku makes up opens nothing of others.
    let given = env.iter().filter(|(_, value)| value.get("generator").is_none());
    let settings: Vec<Setting<'_>> = given.map(|(key, value)| setting(&key.text, value)).collect();
    for id in &apps {
        draft.settings_among(id, &settings);
    }
    draft
}

/// A setting that stands as a text, or as an object that may hold its value.
fn setting<'v>(key: &'v str, value: &'v Value) -> Setting<'v> {
    let written = value.get("value").unwrap_or(value);
    Setting { key, value: written.str(), at: &written.location }
}

/// One service for each kind of process.
fn processes(
    draft: &mut Draft<'_>,
    name: &str,
    build: Option<&Value>,
    procfile: Option<&&SourceFile>,
    formation: Option<&Value>,
) -> Vec<Id> {
    let mut found: Vec<(String, Value)> = Vec::new();
    for (key, value) in build.and_then(|node| node.get("run")).map(Value::entries).unwrap_or_default() {
        found.push((key.text.to_string(), value.clone()));
    }
    for (at, line) in procfile.map(|file| file.text().lines().enumerate()).into_iter().flatten() {
        let Some((kind, command)) = line.split_once(':').filter(|(kind, _)| !kind.starts_with('#')) else {
            continue;
        };
        let location = procfile.expect("lines come from it").line_location(at as u32 + 1);
        found.push((kind.trim().to_owned(), Value::scalar(command.trim(), false, &location)));
    }
    for (key, value) in formation.map(Value::entries).unwrap_or_default() {
        if !found.iter().any(|(kind, _)| **kind == *key.text) {
            found.push((key.text.to_string(), value.clone()));
        }
    }
    let mut ids = Vec::new();
    for (kind, at) in found.into_iter().filter(|(kind, _)| kind != "release") {
        let id = Id::new(format!("heroku:{name}/{kind}"));
        let quantity = formation.and_then(|node| node.at(&[&kind, "quantity"])).and_then(Value::integer);
        let node = draft.node(&id, Kind::Service, &format!("{name} {kind}"), &at);
        node.is(Category::Compute, "process").on("heroku", "dynos");
        match quantity.and_then(|count| u32::try_from(count).ok()) {
            Some(count) => drop(node.instances(count, &format!("`quantity` of its formation is {count}"))),
            None => node.replication.unknown = Some("no formation says how many dynos run".to_owned()),
        }
        if kind == "web" {
            draft.unit.add_name(&format!("{name}.herokuapp.com"), &id, Reach::Everywhere);
        }
        ids.push(id);
    }
    ids
}

fn read_addon(draft: &mut Draft<'_>, app: &str, apps: &[Id], addon: &Value) {
    let plan = addon.get("plan").unwrap_or(addon);
    let Some(text) = plan.str() else { return };
    let product = text.split([':', '@']).next().unwrap_or(text);
    let known = addon_kind(product);
    let id = Id::new(format!("heroku:{app}/{}", addon.str_at(&["as"]).unwrap_or(product)));
    let (category, provider, service) = known.unwrap_or((Category::Saas, "heroku", product));
    let evidence = draft.evidence(plan);
    let node = draft.node(&id, Kind::Component, product, plan);
    node.is(category, product).on(provider, service);
    if matches!(category, Category::Database) {
        node.flag(Attribute::Stateful, true, Some(evidence));
    }
    if text.contains(":standard")
        || text.contains(":essential")
        || text.contains(":mini")
        || text.contains(":basic")
    {
        node.instances(1, "this plan has no standby");
    }
    let how = match category {
        Category::Monitoring => How { phase: Phase::Observe, need: Need::Required },
        Category::Mail | Category::Saas | Category::Other => How::OPTIONAL,
        _ => How::RUNTIME,
    };
    for from in apps {
        draft.edge(from, &id, how, plan);
    }
}

/// What an add-on is, by its name in the table of add-ons.
fn addon_kind(product: &str) -> Option<(Category, &'static str, &'static str)> {
    include_str!("../../../data/heroku_addons.csv").lines().skip(1).find_map(|line| {
        let mut fields = line.split(',');
        (fields.next()? == product).then_some(())?;
        Some((Category::parse(fields.next()?)?, fields.next()?, fields.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(texts: &[(&str, &str)]) -> Declarations {
        let tree = Tree::of_texts(texts.iter().copied());
        let files: Vec<_> = tree.files().filter(|file| Heroku.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        Heroku.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None })
    }

    #[test]
    fn processes_need_their_add_ons() {
        let out = read(&[
            (
                "app.json",
                "{\"name\": \"shop\", \"addons\": [\"heroku-postgresql:essential-0\", {\"plan\": \"papertrail\"}], \
                          \"formation\": {\"web\": {\"quantity\": 2}}}",
            ),
            ("Procfile", "web: bin/web\nworker: bin/work\nrelease: bin/migrate\n"),
        ]);
        let unit = &out.units[0];
        let ids: Vec<_> = unit.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "heroku:shop/web",
                "heroku:shop/worker",
                "heroku:shop/heroku-postgresql",
                "heroku:shop/papertrail"
            ]
        );
        assert_eq!(unit.nodes[0].replication.replicas, Some(2));
        assert_eq!(unit.nodes[2].category, Some(Category::Database));
        let phases: Vec<_> = unit.edges.iter().map(|edge| edge.phase).collect();
        assert_eq!(phases, [Phase::Runtime, Phase::Runtime, Phase::Observe, Phase::Observe]);
    }

    #[test]
    fn files_of_other_tools_are_left_alone() {
        assert!(
            read(&[("app.json", "{\"expo\": {\"name\": \"x\"}}"), ("Procfile", "web: x")]).units.is_empty()
        );
    }
}
