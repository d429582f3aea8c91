//! Platforms that run what they are given: each reads its own file, each app is a unit of its own. Several
//! platforms' files for one app are alternatives and never need each other.

mod app_engine;
mod app_runner;
mod cloud_run;
mod cloudflare;
mod digitalocean;
mod ecs;
mod fly;
mod heroku;
mod netlify;
mod railway;
mod render;
mod vercel;

pub use app_engine::AppEngine;
pub use app_runner::AppRunner;
pub use cloud_run::CloudRun;
pub use cloudflare::Workers;
pub use digitalocean::DigitalOcean;
pub use ecs::Ecs;
pub use fly::Fly;
pub use heroku::Heroku;
pub use netlify::Netlify;
pub use railway::Railway;
pub use render::Render;
pub use vercel::Vercel;

use super::draft::{Describe, Draft, How, Setting, folder_name};
use super::json::parse_any;
use super::yaml::Node as Value;
use super::{Format, ReadContext, hosts};
use crate::model::Declarations;
use crate::source::SourceFile;

/// What a file says of the one thing that it deploys.
struct Deployed<'v> {
    name: &'v str,
    /// The folder of the program that runs.
    folder: String,
}

/// A unit for each of the files that deploy one thing each.
fn one_each(
    format: &'static str,
    files: &[&SourceFile],
    cx: &ReadContext<'_>,
    of: for<'v> fn(&'v SourceFile, &'v Value) -> Deployed<'v>,
    write: fn(&mut Draft<'_>, &str, &Value),
) -> Declarations {
    let mut out = Declarations::default();
    for file in files {
        let Some(root) = parse_any(file, &mut out.problems) else { continue };
        let Deployed { name, folder } = of(file, &root);
        let mut draft = Draft::new(format, name, file.folder(), cx);
        write(&mut draft, name, &root);
        draft.unit.run_program_of(&folder);
        out.units.push(draft.unit);
    }
    out
}

/// The file's name without its folder.
fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
