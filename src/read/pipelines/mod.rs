//! Pipelines of builds and deployments: what has to work for a change to ship. Nothing of it is needed at run
//! time, and no pipeline is a service.

mod github_actions;
mod gitlab_ci;

pub use github_actions::GitHubActions;
pub use gitlab_ci::GitLabCi;

use std::collections::BTreeMap;

use super::draft::{Describe, Draft, How};
use super::yaml::Node as Value;
use super::{Format, ReadContext, hosts, images, keys};
use crate::catalog::Catalog;
use crate::model::{Category, Id, Kind, Need, Phase, Target};
use crate::source::{Problems, SourceFile, Tree};

/// Nothing ships without it.
const REQUIRED: How = How { phase: Phase::Deploy, need: Need::Required };

/// Limits of what people write: variables of a file, bytes of a text with variables, things that a pipeline needs.
const MAX_VARIABLES: usize = 200;
const MAX_TEXT: usize = 4 << 10;
const MAX_REFERENCES: usize = 2_000;

/// A tool of the table: an action or a command, and whom it talks to.
struct Tool {
    provider: &'static str,
    service: Option<&'static str>,
    need: Need,
    /// The input of an action that holds the region.
    region: Option<&'static str>,
}

/// The tool of a name; an action's name may go on with a path.
fn tool(kind: &str, name: &str) -> Option<Tool> {
    let rows = include_str!("../../../data/ci-tools.csv").lines().skip(1);
    rows.filter_map(|row| {
        let mut fields = row.split(',');
        let (own_kind, own_name) = (fields.next()?, fields.next()?);
        let rest = name.get(own_name.len()..)?;
        let same = name.get(..own_name.len())?.eq_ignore_ascii_case(own_name);
        if own_kind != kind || !same || !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let said = |field: &'static str| (!field.is_empty()).then_some(field);
        let (provider, service) = (fields.next()?, said(fields.next()?));
        let need = Need::parse(fields.next()?)?;
        Some(Tool { provider, service, need, region: fields.next().and_then(said) })
    })
    .next()
}

/// One pipeline in the making.
struct Pipeline<'d, 'a> {
    id: Id,
    draft: &'d mut Draft<'a>,
    catalog: &'d Catalog,
    problems: &'d mut Problems,
}

impl Pipeline<'_, '_> {
    /// Declares the pipeline itself, which its platform runs.
    fn declare(&mut self, name: &str, type_name: &str, provider: &str, at: &Value) {
        let node = self.draft.node(&self.id, Kind::Component, name, at);
        node.is(Category::Ci, type_name);
        node.is_service = false;
        node.tolerance_because = Some("the file does not say where its jobs run".to_owned());
        self.draft.provider(&self.id, provider, Some("ci"), REQUIRED, at);
    }

    fn provider(&mut self, tool: &Tool, region: Option<String>, at: &Value) {
        if self.draft.unit.references.len() > MAX_REFERENCES {
            return;
        }
        let how = How { phase: Phase::Deploy, need: tool.need };
        let target = Target::Provider {
            provider: tool.provider.to_owned(),
            service: tool.service.map(str::to_owned),
            region,
        };
        self.draft.reference(&self.id, target, how, at);
    }

    /// Whose services the secrets open that the variables of a job hold.
    fn keys(&mut self, settings: Option<&Value>) {
        for (key, value) in settings.map(Value::entries).unwrap_or_default() {
            let is_secret = value.str().is_some_and(|text| text.contains("secrets."))
                && self.draft.unit.references.len() <= MAX_REFERENCES;
            if let Some(known) = self.catalog.setting_key(&key.text).filter(|_| is_secret) {
                let how = How { phase: Phase::Deploy, need: Need::Optional };
                self.draft.reference(&self.id, keys::provider(&known.provider), how, value);
            }
        }
    }

    /// An image, of which only the registry has to be known.
    fn image(&mut self, image: &str, at: &Value) {
        let image = image.trim().trim_matches(['"', '\'']);
        if image.is_empty() || self.draft.unit.references.len() > MAX_REFERENCES {
            return;
        }
        let Some(plain) = images::without_variables(image) else {
            return unknown_registry(self.problems, image, at);
        };
        let host = plain.split('/').next().unwrap_or(&plain);
        let is_known = self.catalog.registry(&plain).is_some_and(|registry| registry.provider.is_some());
        let name = host.split(':').next().unwrap_or(host).to_owned();
        if is_known {
            self.draft.reference(&self.id, Target::Image(plain), REQUIRED, at);
        } else if name.contains('.')
            && let Some(target) = hosts::of_host(&name, None, None)
        {
            self.draft.reference(&self.id, target, REQUIRED, at);
        }
    }

    /// What the commands of a script talk to; `resolve` puts in the variables that the file sets.
    fn script(&mut self, text: &str, variables: &Variables<'_>, at: &Value) {
        for command in commands(text).take(2_000) {
            let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_prefix(word)).collect();
            let Some(first) = words.first() else { continue };
            if matches!(*first, "docker" | "podman" | "buildah" | "crane" | "skopeo") {
                for image in pushed(&words) {
                    self.image(&variables.resolve(image), at);
                }
            } else if let Some(tool) = tool("command", first).filter(|_| words.len() > 1) {
                self.provider(&tool, None, at);
            }
        }
    }
}

/// What the file sets variables to, nearest last.
#[derive(Clone, Default)]
struct Variables<'v> {
    texts: BTreeMap<&'v str, &'v str>,
}

impl<'v> Variables<'v> {
    fn with(&self, settings: Option<&'v Value>) -> Self {
        let mut out = self.clone();
        for (key, value) in settings.map(Value::entries).unwrap_or_default() {
            let text = value.str().or_else(|| value.str_at(&["value"]));
            if let Some(text) = text.filter(|text| text.len() <= 512 && out.texts.len() < MAX_VARIABLES) {
                out.texts.insert(&key.text, text);
            }
        }
        out
    }

    /// A text with `$NAME`, `${NAME}` and `${{ env.NAME }}` replaced where they are known.
    fn resolve(&self, text: &str) -> String {
        let mut out = text.trim().to_owned();
        if !out.contains('$') || out.len() > MAX_TEXT {
            return out;
        }
        // Variables may lead to variables; a few rounds settle what people write.
        for _ in 0..4 {
            let mut next = out.clone();
            for (name, value) in &self.texts {
                for form in
                    [format!("${{{{ env.{name} }}}}"), format!("${{{{env.{name}}}}}"), format!("${{{name}}}")]
                {
                    next = next.replace(&form, value);
                }
                next = replace_word(&next, &format!("${name}"), value);
                if next.len() > MAX_TEXT {
                    return out;
                }
            }
            if next == out || next.len() > MAX_TEXT {
                break;
            }
            out = next;
        }
        out
    }
}

/// Replaces a word that no letter, digit or underscore goes on from.
fn replace_word(text: &str, word: &str, value: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let after = &rest[at + word.len()..];
        out.push_str(&rest[..at]);
        let goes_on = after.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        out.push_str(if goes_on { word } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_variable(host: &str) -> bool {
    host.contains('$') || host.contains('%')
}

/// The commands of a script, one a line or between `&&`, `;` and `|`.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split("&&").flat_map(|part| part.split([';', '|']))).map(str::trim)
}

/// Words that may stand before the command itself.
fn is_prefix(word: &str) -> bool {
    matches!(word, "sudo" | "npx" | "exec" | "time" | "-" | "if" | "!" | "then")
        || word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
}

/// The images that a command of a container tool pulls or pushes, and the registry it signs in to.
fn pushed<'w>(words: &[&'w str]) -> Vec<&'w str> {
    const VALUED: &[&str] = &["-u", "-p", "--username", "--password", "--platform", "-a"];
    let Some(verb) = words.get(1) else { return Vec::new() };
    if !matches!(*verb, "push" | "pull" | "login") {
        return Vec::new();
    }
    let mut before = "";
    let mut found = Vec::new();
    for word in &words[2..] {
        let is_value = VALUED.contains(&before);
        if !is_value && !word.starts_with('-') && !word.starts_with(['<', '>', '&']) {
            found.push(*word);
        }
        before = word;
    }
    found.truncate(1);
    found
}

/// A registry as an image of it, so that it is looked up as one.
fn image_of_registry(registry: &str) -> String {
    let host = registry.trim().trim_start_matches("https://").trim_end_matches('/');
    if host.contains('/') { host.to_owned() } else { format!("{host}/image") }
}

fn unknown_registry(problems: &mut Problems, image: &str, at: &Value) {
    problems.note(at.location.clone(), format!("the registry of `{image}` is not said in this file"));
}
