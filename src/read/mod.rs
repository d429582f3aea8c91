//! Readers: bytes to declarations and problems, one file or folder for each format.
//!
//! A reader never fails as a whole, does no I/O, and keeps what it cannot resolve.

pub mod app_config;
pub mod arm;
mod arn;
pub mod azd;
pub mod backstage;
pub mod bicep;
pub mod cloudformation;
pub mod compose;
pub mod dns;
pub mod dockerfile;
mod draft;
pub mod env_files;
mod environment;
mod hcl;
pub mod helm;
pub mod hosts;
pub mod images;
pub mod inventory;
pub mod json;
mod keys;
pub mod kubernetes;
pub mod kustomize;
pub mod moved;
pub mod nomad;
pub mod open_psa;
mod otel;
pub mod packages;
pub mod pipelines;
pub mod platform;
mod program;
pub mod pulumi;
mod readings;
pub mod sbom;
pub mod serverless;
pub mod service_graph;
pub mod settings;
pub mod terraform;
pub mod terraform_json;
pub mod xml;
pub mod yaml;

pub use environment::{PRODUCTION, is_for_work, same_environment, split_environment};
pub use readings::{Readings, read};

use crate::catalog::Catalog;
use crate::model::Declarations;
use crate::source::{SourceFile, Tree};

/// A kind of file that linchpin understands.
pub trait Format: Sync {
    /// The name used in reports: `terraform`, `kubernetes`.
    fn name(&self) -> &'static str;

    /// What it reads, in one sentence, for help and docs.
    fn summary(&self) -> &'static str;

    /// Whether a file of this path may belong to the format; asked before the file is opened.
    fn wants(&self, path: &str) -> bool;

    /// Whether an opened file belongs to the format. The first format of [`FORMATS`] that claims a file has it.
    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool;

    /// Whether its files say what is deployed. Evidence of lesser weight (package manifests, build files) does
    /// not, and a folder with nothing else is still looked for in test and example folders.
    fn describes_deployment(&self) -> bool {
        true
    }

    /// Reads all files that the format claimed.
    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations;
}

/// What every reader may look at.
pub struct ReadContext<'a> {
    /// All files of the scan, claimed or not.
    pub tree: &'a Tree,
    /// What is known about providers, images, types.
    pub catalog: &'a Catalog,
    /// The environment that was asked for.
    pub environment: Option<&'a str>,
}

impl ReadContext<'_> {
    /// The environment to analyze among those found: the one asked for, else production by its usual names,
    /// else the only one. `None` when nothing decides; the unit is then read without any of them.
    pub fn choose_environment<'n>(&self, found: &[&'n str]) -> Option<&'n str> {
        if let Some(asked) = self.environment {
            return found.iter().copied().find(|name| same_environment(name, asked));
        }
        let by_name = PRODUCTION
            .iter()
            .find_map(|usual| found.iter().copied().find(|name| name.eq_ignore_ascii_case(usual)));
        let by_part = || {
            let mut parts = found.iter().copied().filter(|name| {
                name.split(['-', '_', '.', '/'])
                    .any(|part| PRODUCTION.iter().any(|usual| part.eq_ignore_ascii_case(usual)))
            });
            parts.next().filter(|_| parts.next().is_none())
        };
        by_name.or_else(by_part).or(match found {
            [only] => Some(only),
            _ => None,
        })
    }
}

/// All formats; the first that claims a file has it.
pub static FORMATS: &[&dyn Format] = &[
    // Infrastructure; jobs of Nomad before other HCL.
    &nomad::Nomad,
    &terraform::Terraform,
    &terraform_json::TerraformJson,
    &serverless::Serverless,
    &cloudformation::CloudFormation,
    &arm::Arm,
    &bicep::Bicep,
    &pulumi::Pulumi,
    &azd::Azd,
    // Names.
    &dns::OctoDns,
    &dns::DnsControl,
    &dns::ZoneFile,
    // Platforms.
    &platform::Render,
    &platform::Fly,
    &platform::Heroku,
    &platform::Netlify,
    &platform::Vercel,
    &platform::Workers,
    &platform::AppEngine,
    &platform::Railway,
    &platform::DigitalOcean,
    &platform::Ecs,
    &platform::CloudRun,
    &platform::AppRunner,
    // Catalogs and telemetry.
    &sbom::Sbom,
    &backstage::Backstage,
    &service_graph::ServiceGraph,
    &inventory::Inventory,
    // Workloads; Kubernetes after all others that have an apiVersion.
    &compose::Compose,
    &helm::Helm,
    &kustomize::Kustomize,
    &kubernetes::Kubernetes,
    // Builds and packages.
    &pipelines::GitHubActions,
    &pipelines::GitLabCi,
    &dockerfile::Dockerfile,
    &packages::Packages,
    &env_files::EnvFiles,
    &app_config::AppConfig,
];
