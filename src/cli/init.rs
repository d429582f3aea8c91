//! `linchpin init`: a first `linchpin.toml`, with guesses marked as guesses, and a baseline.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args as _, FromArgMatches as _};
use toml_edit::{Array, DocumentMut, Item, value};

use super::meaning::Scan;
use super::typed::Input;
use super::waive::{must_be_understood, policy_path};
use super::{Command, Exit, Terminal};
use crate::model::{Attribute, Node, Phase};
use crate::report::{self, text};
use crate::scan::Outcome;

/// `linchpin init`.
pub(super) struct Init;

#[derive(clap::Args)]
struct Typed {
    #[command(flatten)]
    input: Input,

    /// The baseline to write
    #[arg(long, value_name = "FILE", default_value = "linchpin-baseline.json")]
    baseline: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  linchpin init
  linchpin init infra/ --baseline infra/linchpin-baseline.json";

/// Others need it, or it is published: this many dependents make a service critical, as a guess.
const DEPENDENTS_OF_CRITICAL: usize = 3;

impl Command for Init {
    fn define(&self) -> clap::Command {
        Typed::augment_args(clap::Command::new("init"))
            .about("Write a first linchpin.toml, its guesses marked, and a baseline of what is known today")
            .after_help(EXAMPLES)
    }

    fn run(&self, typed: &ArgMatches, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let typed = Typed::from_arg_matches(typed)?;
        let path = policy_path(&typed.input.paths, &typed.input.how);
        for path in [&path, &typed.baseline] {
            if path.exists() {
                bail!("failed to write `{}`, which exists; remove it first", path.display());
            }
        }
        let outcome = Scan::of(&typed.input).run(terminal)?;
        let policy = policy(&outcome)?;
        std::fs::write(&path, policy).with_context(|| format!("failed to write `{}`", path.display()))?;
        // Once more, so that the baseline is judged by the policy that was just written.
        let outcome = Scan::of(&typed.input).run(terminal)?;
        let mut out = Vec::new();
        let json = report::report("json").expect("the JSON report is registered");
        json.write(&outcome, &mut out, &report::Options::default())?;
        std::fs::write(&typed.baseline, out)
            .with_context(|| format!("failed to write `{}`", typed.baseline.display()))?;
        let known = format!(
            "wrote {} and {}; from now on: linchpin check --baseline {}",
            path.display(),
            typed.baseline.display(),
            typed.baseline.display()
        );
        terminal.write(|out| writeln!(out, "{}", text::terminal(&known)))?;
        Ok(Exit::Acceptable)
    }
}

/// A first policy: the tiers that were guessed, and what they ask.
fn policy(outcome: &Outcome) -> anyhow::Result<String> {
    let mut groups: [(&str, &str, Vec<&Node>); 3] = [
        ("critical", "guessed: published, or needed by several others", Vec::new()),
        ("standard", "guessed: everything else that serves", Vec::new()),
        ("background", "guessed: runs to completion", Vec::new()),
    ];
    for service in outcome.estate.services() {
        groups[tier(outcome, service)].2.push(service);
    }
    let mut document: DocumentMut = HEAD.parse().context("failed to start a policy")?;
    document["organization"]["name"] = value(outcome.organization.as_str());
    let mut text = document.to_string();
    for (tier, guess, services) in groups.iter().filter(|(_, _, services)| !services.is_empty()) {
        let mut ids = Array::new();
        for service in services {
            ids.push(service.id.as_str());
        }
        ids.iter_mut().for_each(|id| id.decor_mut().set_prefix("\n  "));
        ids.set_trailing("\n");
        let mut one = DocumentMut::new();
        one["match"] = Item::Value(ids.into());
        one["tier"] = value(*tier);
        text.push_str(&format!(
            "\n# {guess}. Look through these, and give them owners.\n[[services]]\n{one}"
        ));
        text.push_str("# owner = \"team\"\n# rto = \"4h\"\n");
    }
    must_be_understood(&text).context("failed to write a policy")?;
    Ok(text)
}

const HEAD: &str = r#"# What the organization says about itself. Everything here was guessed by `linchpin init` and may be changed.

[organization]
name = ""

# What the services of a tier must survive the loss of: instance, host, zone, region, provider, external, dns.
# A larger domain stands for the smaller ones in it. What a tier does not name, its services live with.
[tiers.critical]
survives = ["zone", "dns"]

[tiers.standard]
survives = ["zone"]

[tiers.background]
survives = []

[policy]
fail-on = "error"
max-waiver-lifetime = "180d"
"#;

/// The place of a service's tier, as a guess.
fn tier(outcome: &Outcome, service: &Node) -> usize {
    let attributes = &service.attributes;
    if attributes.bool(Attribute::Batch) == Some(true) {
        return 2;
    }
    let needed_by = outcome
        .estate
        .edges
        .iter()
        .filter(|edge| edge.to == service.id && edge.phase == Phase::Runtime)
        .count();
    let is_critical =
        attributes.bool(Attribute::Published) == Some(true) || DEPENDENTS_OF_CRITICAL <= needed_by;
    usize::from(!is_critical)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Id, Kind};

    #[test]
    fn a_first_policy_is_one_that_linchpin_reads() {
        let mut outcome = Outcome { organization: "a \"quoted\" shop".into(), ..Outcome::default() };
        for name in ["web", "it's \"odd\""] {
            let node = Node::new(Id::app(name), Kind::Service, name);
            outcome.estate.nodes.insert(node.id.clone(), node);
        }
        let text = policy(&outcome).expect("a policy");
        assert!(text.contains("tier = \"standard\"") && !text.contains("tier = \"critical\""), "{text}");
        assert!(text.contains("\n  \"app:web\""), "{text}");
    }
}
