//! Nomad jobs (`*.nomad`, `*.nomad.hcl`, and other HCL with a job in it).

use super::draft::{Describe, Draft, How, Setting};
use super::hcl::{LABEL, parse_hcl};
use super::yaml::Node as Value;
use super::{Format, ReadContext, hosts, images};
use crate::model::{
    Attribute, AttributeValue, Category, Declarations, Id, Kind, Level, Node, Reach, Target, Tolerance,
};
use crate::source::{SourceFile, Tree};

/// Nomad jobs.
pub struct Nomad;

/// No job has more parts than this.
const MOST_PARTS: usize = 2_000;

impl Format for Nomad {
    fn name(&self) -> &'static str {
        "nomad"
    }

    fn summary(&self) -> &'static str {
        "Nomad jobs: groups, tasks, services, what they connect to and how they are spread"
    }

    fn wants(&self, path: &str) -> bool {
        [".nomad", ".job", ".hcl"].iter().any(|ending| path.ends_with(ending))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let mut lines = file.text().lines();
        self.wants(file.path())
            && lines
                .any(|line| line.strip_prefix("job").is_some_and(|rest| rest.trim_start().starts_with('"')))
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            let Some(root) = parse_hcl(file, &mut out.problems) else { continue };
            for job in root.get("job").map(Value::items).unwrap_or_default() {
                out.units.push(Job::new(job, &root, cx).read(file, cx));
            }
        }
        out
    }
}

struct Job<'j> {
    name: String,
    job: &'j Value,
    root: &'j Value,
    cx: &'j ReadContext<'j>,
}

impl<'j> Job<'j> {
    fn new(job: &'j Value, root: &'j Value, cx: &'j ReadContext<'j>) -> Self {
        let name = label(job).unwrap_or("job").to_owned();
        Job { name, job, root, cx }
    }

    fn read(&self, file: &SourceFile, cx: &ReadContext<'_>) -> crate::model::Unit {
        let mut draft = Draft::new("nomad", &self.name, file.folder(), cx);
        let groups = blocks(self.job, "group");
        for group in groups.iter().take(MOST_PARTS) {
            self.declare(&mut draft, group);
        }
        for group in groups.iter().take(MOST_PARTS) {
            self.needs(&mut draft, group);
        }
        // A task may stand in the job itself, as a group of its own.
        for task in blocks(self.job, "task").into_iter().take(MOST_PARTS) {
            self.declare(&mut draft, task);
            let id = self.id(task);
            self.task(&mut draft, &id, task);
        }
        draft.unit
    }

    /// `nomad:JOB/GROUP`, or `nomad:JOB` where the only group bears the job's name.
    fn id(&self, group: &Value) -> Id {
        match label(group) {
            Some(name) if name != self.name => Id::new(format!("nomad:{}/{name}", self.name)),
            _ => Id::new(format!("nomad:{}", self.name)),
        }
    }

    fn declare(&self, draft: &mut Draft<'_>, group: &Value) {
        let id = self.id(group);
        let own = label(group).unwrap_or(&self.name);
        let image = main_tasks(group).iter().find_map(|task| block(task, "config")?.get("image"));
        let image_text = image.and_then(|image| self.text(image));
        let known = image_text.as_deref().and_then(|image| images::known(image, self.cx.catalog));
        let kind =
            if known.as_ref().is_some_and(|known| known.is_part()) { Kind::Component } else { Kind::Service };
        let image_evidence = image.map(|image| draft.evidence(image));
        let node = draft.node(&id, kind, &self.name_of(own), group);
        node.is(known.as_ref().map_or(Category::Compute, |known| known.category), "group");
        if let (Some(text), Some(evidence)) = (image_text, image_evidence) {
            node.attributes.set(Attribute::Image, AttributeValue::Text(text), Some(evidence));
        }
        if let Some(known) = &known {
            node.attributes.set(Attribute::Engine, AttributeValue::Text(known.engine.clone()), None);
            if known.stateful {
                node.flag(Attribute::Stateful, true, None);
                node.flag(Attribute::EphemeralData, !keeps_data(group), None);
            }
        }
        if matches!(self.job.str_at(&["type"]), Some("batch" | "sysbatch")) {
            node.flag(Attribute::Batch, true, None);
            node.is_service = false;
        }
        let services = services(group);
        node.flag(Attribute::HealthChecked, services.iter().any(|one| one.get("check").is_some()), None);
        self.count(node, group);
        for service in services {
            let named = service.get("name").and_then(|name| self.text(name));
            let name = named.unwrap_or_else(|| format!("{}-{own}", self.name));
            draft.unit.add_name(&name, &id, Reach::Everywhere);
            for ending in ["service.consul", "virtual.consul", "connect.consul"] {
                draft.unit.add_name(&format!("{name}.{ending}"), &id, Reach::Everywhere);
            }
        }
    }

    /// What people call a group: its job, unless the job has several.
    fn name_of(&self, group: &str) -> String {
        if group == self.name || blocks(self.job, "group").len() == 1 {
            return self.name.clone();
        }
        format!("{}/{group}", self.name)
    }

    /// How many allocations run, and how far apart constraints keep them.
    fn count(&self, node: &mut Node, group: &Value) {
        if matches!(self.job.str_at(&["type"]), Some("system" | "sysbatch")) {
            let because = "one on each client, of which the number is not known";
            node.replication.unknown = Some(because.to_owned());
            node.tolerance_because = Some(because.to_owned());
            return;
        }
        let written = group.get("count").and_then(|count| self.text(count));
        let count = match &written {
            None => Some(1),
            Some(text) => text.parse::<u32>().ok(),
        };
        let Some(count) = count else {
            let because = "`count` is given when the job is run".to_owned();
            node.replication.unknown = Some(because.clone());
            node.tolerance_because = Some(because);
            return;
        };
        let because = match written {
            None => "`count` is not set: one allocation".to_owned(),
            Some(_) => format!("`count` asks for {count}"),
        };
        node.instances(count, &because);
        if count > 1 && self.is_on_distinct_hosts(group) {
            node.replication.spread = Some(Level::Host);
            node.tolerance = Tolerance::Host;
            node.tolerance_because = Some(format!("{because}, each on another client"));
        }
    }

    fn is_on_distinct_hosts(&self, group: &Value) -> bool {
        let constraints = [self.job, group].into_iter().flat_map(|part| blocks(part, "constraint"));
        constraints.into_iter().any(|constraint| {
            constraint.get("distinct_hosts").and_then(Value::bool) == Some(true)
                || (constraint.str_at(&["operator"]) == Some("distinct_hosts")
                    && constraint.get("value").and_then(Value::bool) != Some(false))
        })
    }

    fn needs(&self, draft: &mut Draft<'_>, group: &Value) {
        let id = self.id(group);
        if let Some(vault) = tasks(group).into_iter().find_map(|task| block(task, "vault")) {
            let node = draft.node(&Id::new("nomad:vault"), Kind::Component, "vault", vault);
            node.is(Category::Secrets, "vault");
            node.tolerance_because = Some("the job does not say where Vault runs".to_owned());
        }
        for task in tasks(group) {
            self.task(draft, &id, task);
        }
        let upstreams = services(group)
            .into_iter()
            .flat_map(|service| blocks(service, "connect"))
            .flat_map(|connect| blocks(connect, "sidecar_service"))
            .flat_map(|sidecar| blocks(sidecar, "proxy"))
            .flat_map(|proxy| blocks(proxy, "upstreams"));
        for upstream in upstreams.collect::<Vec<_>>() {
            if let Some(at) = upstream.get("destination_name")
                && let Some(name) = self.text(at)
                && let Some(target) = hosts::of_host(&name, None, None)
            {
                draft.reference(&id, target, How::RUNTIME, at);
            }
        }
    }

    fn task(&self, draft: &mut Draft<'_>, id: &Id, task: &Value) {
        let config = block(task, "config");
        if let Some(at) = config.and_then(|config| config.get("image"))
            && let Some(image) = self.text(at).filter(|image| !image.contains(['$', '{', '[']))
        {
            draft.reference(id, Target::Image(image), How::STARTUP, at);
        }
        for settings in blocks(task, "env").into_iter().chain(task.get("env").filter(|env| env.is_mapping()))
        {
            let entries = settings.entries();
            let entries = entries.iter().filter(|(key, _)| &*key.text != LABEL);
            let texts: Vec<Option<String>> = entries.clone().map(|(_, value)| self.text(value)).collect();
            let set = entries.zip(&texts).filter(|(_, text)| text.is_some());
            let settings: Vec<Setting<'_>> = set
                .map(|((key, value), text)| Setting {
                    key: &key.text,
                    value: text.as_deref(),
                    at: &value.location,
                })
                .collect();
            draft.settings_among(id, &settings);
        }
        for template in blocks(task, "template") {
            if let Some(data) = template.get("data") {
                self.template(draft, id, data);
            }
        }
        for vault in blocks(task, "vault") {
            draft.edge(id, &Id::new("nomad:vault"), How::STARTUP, vault);
        }
    }

    /// Services that a template asks the registry for, and hosts that its lines name.
    fn template(&self, draft: &mut Draft<'_>, id: &Id, data: &Value) {
        let text = self.text(data).unwrap_or_default();
        for name in asked_services(&text) {
            if let Some(target) = hosts::of_host(&name, None, None) {
                draft.reference(id, target, How::RUNTIME, data);
            }
        }
        let lines = text.lines().take(500).filter_map(hosts::key_and_value);
        let settings: Vec<Setting<'_>> = lines
            // What is put in when the task starts is kept elsewhere.
            .map(|(key, value)| (key, Some(value).filter(|value| !value.contains("{{"))))
            .map(|(key, value)| Setting { key, value, at: &data.location })
            .collect();
        draft.settings_among(id, &settings);
    }

    /// The text of a value, with the defaults of the variables of the file put in.
    fn text(&self, value: &Value) -> Option<String> {
        let mut text = value.str()?.to_owned();
        for variable in blocks(self.root, "variable") {
            let (Some(name), Some(default)) = (label(variable), variable.str_at(&["default"])) else {
                continue;
            };
            for form in [format!("${{var.{name}}}"), format!("[[.{name}]]")] {
                if text.contains(&form) && text.len() < 4096 {
                    text = text.replace(&form, default);
                }
            }
        }
        Some(text)
    }
}

/// Names in `{{ range service "db" }}`, `{{ range nomadService "db" }}`, `{{ service "tag.db" }}`.
fn asked_services(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split("{{").skip(1).take(200) {
        let inner = part.split("}}").next().unwrap_or("");
        let words: Vec<&str> = inner.split([' ', '(', ')', '-']).filter(|word| !word.is_empty()).collect();
        let asked = words.iter().position(|word| matches!(*word, "service" | "nomadService" | "connect"));
        let Some(name) = asked.and_then(|at| inner_text(inner, words[at])) else { continue };
        let name = name.split(['@', '|']).next().unwrap_or("").rsplit('.').next().unwrap_or("").to_owned();
        if !name.is_empty() && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The first quoted text behind a word.
fn inner_text<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(word)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '`'))?;
    rest[1..].split_once(quote).map(|(inner, _)| inner)
}

/// Whether a volume keeps the data of a group beyond its allocations.
fn keeps_data(group: &Value) -> bool {
    !blocks(group, "volume").is_empty()
        || tasks(group).iter().any(|task| {
            let config = block(task, "config");
            config.is_some_and(|config| {
                ["volumes", "mount", "mounts"].iter().any(|key| config.get(key).is_some())
            })
        })
}

/// The tasks that are what the group is for, not those that prepare or clean up.
fn main_tasks(group: &Value) -> Vec<&Value> {
    let is_main = |task: &&Value| block(task, "lifecycle").is_none();
    let all = tasks(group);
    let main: Vec<&Value> = all.iter().copied().filter(is_main).collect();
    if main.is_empty() { all } else { main }
}

fn tasks(group: &Value) -> Vec<&Value> {
    let inner = blocks(group, "task");
    if inner.is_empty() && group.get("driver").is_some() { vec![group] } else { inner }
}

/// The services of a group and of its tasks.
fn services(group: &Value) -> Vec<&Value> {
    let of_tasks = blocks(group, "task").into_iter().flat_map(|task| blocks(task, "service"));
    blocks(group, "service").into_iter().chain(of_tasks).collect()
}

fn blocks<'v>(part: &'v Value, kind: &str) -> Vec<&'v Value> {
    let items = part.get(kind).map(Value::items).unwrap_or_default();
    items.iter().map(|item| &**item).filter(|item| item.is_mapping()).collect()
}

fn block<'v>(part: &'v Value, kind: &str) -> Option<&'v Value> {
    blocks(part, kind).first().copied()
}

fn label(block: &Value) -> Option<&str> {
    block.get(LABEL)?.items().first()?.str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(text: &str) -> Declarations {
        let tree = Tree::of_texts([("jobs/shop.nomad.hcl", text)]);
        let files: Vec<_> = tree.files().filter(|file| Nomad.claims(file, &tree)).collect();
        Nomad.read(&files, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None })
    }

    #[test]
    fn groups_are_spread_as_constraints_say() {
        let text = "variable \"tag\" { default = \"1.2\" }\njob \"shop\" {\n  constraint { distinct_hosts = true }\n  group \"shop\" {\n    count = 3\n    network {\n      port \"http\" {}\n    }\n    service {\n      name = \"shop\"\n      check {\n        type = \"http\"\n      }\n    }\n    task \"web\" {\n      driver = \"docker\"\n      config { image = \"example/shop:${var.tag}\" }\n      template {\n        data = <<EOF\n{{ range service \"orders-db\" }}DB={{ .Address }}{{ end }}\nAPI_URL=https://api.example.com\nEOF\n      }\n    }\n  }\n  group \"db\" {\n    count = var.count\n    service { name = \"orders-db\" }\n    task \"pg\" {\n      driver = \"docker\"\n      config { image = \"postgres:17\" }\n    }\n  }\n}\n";
        let out = read(text);
        let unit = &out.units[0];
        let shown: Vec<_> = unit
            .nodes
            .iter()
            .map(|node| {
                format!("{} {} {} {:?}", node.id, node.kind, node.tolerance, node.replication.replicas)
            })
            .collect();
        assert_eq!(
            shown,
            ["nomad:shop service host Some(3)", "nomad:shop/db component unknown None"],
            "{:?}",
            out.problems
        );
        let targets: Vec<_> = unit
            .references
            .iter()
            .map(|reference| match &reference.target {
                Target::Image(image) => image.clone(),
                Target::Host { name, .. } => name.clone(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(targets, ["example/shop:1.2", "orders-db", "api.example.com", "postgres:17"]);
    }

    #[test]
    fn other_hcl_is_not_claimed() {
        let tree = Tree::of_texts([
            ("terragrunt.hcl", "terraform { source = \"x\" }\n"),
            ("a.hcl", "# job \"x\"\nlocals {}\n"),
        ]);
        assert!(tree.files().all(|file| !Nomad.claims(file, &tree)));
    }

    #[test]
    fn groups_are_called_by_their_jobs_and_told_by_their_main_tasks() {
        let text = "job \"graphs\" {\n  group \"monitoring\" {\n    task \"prepare\" {\n      lifecycle { hook = \"prestart\" }\n      \
                    config { image = \"busybox\" }\n    }\n    task \"main\" {\n      config { image = \"redis:8\" }\n      template {\n        \
                    data = <<EOF\ncache:\n  host: store.service.consul\n  api_key: {{ key \"x\" }}\nSTRIPE_KEY={{ key \"y\" }}\nEOF\n      }\n    }\n  }\n}\n";
        let out = read(text);
        let node = &out.units[0].nodes[0];
        assert_eq!((node.id.as_str(), node.name.as_str()), ("nomad:graphs/monitoring", "graphs"));
        assert_eq!(node.category, Some(Category::Cache));
        let needs: Vec<String> =
            out.units[0].references.iter().map(|one| format!("{:?}", one.target)).collect();
        assert!(needs.iter().any(|need| need.contains("store.service.consul")), "{needs:?}");
        assert!(needs.iter().any(|need| need.contains("stripe")), "{needs:?}");
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for text in
            ["job \"a\" {", "job \"a\" { group = 1 }", "job \"\" { group \"\" { task \"\" { config = 1 } } }"]
        {
            let out = read(text);
            assert!(out.units.len() + out.problems.len() == 1, "{text}");
        }
    }
}
