//! Files of environment variables (`.env` and its kin): hosts that programs are given, and keys of services.
//!
//! A sample says what is needed and not where; files for tests and for people at work say nothing of what is deployed.
//! Values are never shown.

use std::collections::BTreeMap;

use super::keys::Keys;
use super::program::{self, Setting};
use super::{Format, ReadContext, is_for_work, packages, same_environment};
use crate::model::{Declarations, Environment, Unit};
use crate::source::{SourceFile, Tree};

/// Files of environment variables.
pub struct EnvFiles;

/// Larger files are no settings that people write.
const MOST_BYTES: usize = 256 << 10;

const SAMPLE_WORDS: &[&str] =
    &["example", "sample", "template", "dist", "default", "defaults", "tmpl", "tpl", "schema"];

const ENVIRONMENT_WORDS: &[&str] =
    &["production", "prod", "prd", "live", "staging", "stage", "stg", "uat", "qa", "preview"];

/// What a file of variables is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role<'p> {
    /// What is always read.
    Base,
    /// One of several alternatives.
    Environment(&'p str),
    /// Which variables there are.
    Sample,
}

impl Format for EnvFiles {
    fn name(&self) -> &'static str {
        "env"
    }

    fn summary(&self) -> &'static str {
        "files of environment variables (.env, .env.production, .env.example): hosts and keys of services"
    }

    fn wants(&self, path: &str) -> bool {
        role(path).is_some()
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        role(file.path()).is_some() && file.text().len() <= MOST_BYTES && !lines(file.text()).is_empty()
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut folders: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
        for file in files {
            folders.entry(file.folder()).or_default().push(file);
        }
        folders.retain(|folder, _| !is_for_compose(folder, cx.tree));
        for (folder, files) in folders {
            let unit = read_folder(folder, &files, cx);
            if !unit.references.is_empty() {
                out.units.push(unit);
            }
        }
        out
    }
}

/// Whether nothing lies in a folder that may be given variables but a compose file, which reads them by itself.
fn is_for_compose(folder: &str, tree: &Tree) -> bool {
    let is_compose =
        |name: &str| (name.ends_with(".yml") || name.ends_with(".yaml")) && name.contains("compose");
    tree.in_folder(folder).any(|file| is_compose(file.name()))
        && !tree
            .in_folder(folder)
            .any(|file| packages::is_manifest(file) || file.name().starts_with("Dockerfile"))
}

/// What the file is for; `None` for other files.
fn role(path: &str) -> Option<Role<'_>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let rest = name.strip_prefix(".env").or_else(|| name.strip_prefix("env.").map(|_| &name[3..]))?;
    if rest.is_empty() {
        return Some(Role::Base);
    }
    let words: Vec<&str> = rest.strip_prefix(['.', '-', '_'])?.split(['.', '-', '_']).collect();
    let is_one_of =
        |list: &[&str]| words.iter().any(|word| list.contains(&word.to_ascii_lowercase().as_str()));
    if is_one_of(SAMPLE_WORDS) {
        return Some(Role::Sample);
    }
    match words.as_slice() {
        [word] if is_one_of(ENVIRONMENT_WORDS) || is_work(word) => Some(Role::Environment(word)),
        _ => None,
    }
}

fn read_folder(folder: &str, files: &[&SourceFile], cx: &ReadContext<'_>) -> Unit {
    let mut unit = program::unit(folder, "env", Vec::new());
    let (given, is_sample) = choose(files, cx, &mut unit);
    // Later files lay their values over those before.
    let mut settings: BTreeMap<String, (String, &SourceFile, u32)> = BTreeMap::new();
    for file in given {
        for (key, value, line) in lines(file.text()) {
            settings.insert(key, (value, file, line));
        }
    }
    let is_skeleton =
        ["BROADCAST_DRIVER", "BROADCAST_CONNECTION"].iter().any(|key| settings.contains_key(*key));
    let keys =
        Keys::among(settings.iter().map(|(key, (value, ..))| (key.as_str(), value.as_str())), cx.catalog);
    for (key, (value, file, line)) in &settings {
        // Every program made with Laravel has these, used or not.
        let is_unused = is_skeleton
            && value.is_empty()
            && ["AWS_", "PUSHER_", "ABLY_"].iter().any(|own| key.starts_with(own));
        if !is_unused {
            let at = file.line_location(*line);
            Setting { key, known_as: key, value, at, is_sample }.declare(&mut unit, &keys, cx.catalog);
        }
    }
    unit
}

/// Whether a file of this word is for people at work, who often run containers by themselves.
fn is_work(word: &str) -> bool {
    is_for_work(word) || word.eq_ignore_ascii_case("docker")
}

/// The files that count, and whether they are no more than samples.
fn choose<'f>(
    files: &[&'f SourceFile],
    cx: &ReadContext<'_>,
    unit: &mut Unit,
) -> (Vec<&'f SourceFile>, bool) {
    let of = |wanted: Role<'_>| {
        files.iter().copied().filter(|file| role(file.path()) == Some(wanted)).collect::<Vec<_>>()
    };
    let alternatives: Vec<(&str, &SourceFile)> = files
        .iter()
        .filter_map(|file| match role(file.path()) {
            Some(Role::Environment(name)) => Some((name, *file)),
            _ => None,
        })
        .collect();
    let names: Vec<&str> = alternatives.iter().map(|(name, _)| *name).collect();
    let is_asked = |name: &str| cx.environment.is_some_and(|asked| same_environment(asked, name));
    let chosen = cx.choose_environment(&names).filter(|name| is_asked(name) || !is_work(name));
    let mut given = of(Role::Base);
    for (name, file) in &alternatives {
        let is_chosen = Some(*name) == chosen;
        let evidence = vec![file.path().to_string()];
        unit.environments.push(Environment { name: (*name).to_owned(), chosen: is_chosen, evidence });
        given.extend(is_chosen.then_some(*file));
    }
    if given.is_empty() { (of(Role::Sample), true) } else { (given, false) }
}

/// `KEY=VALUE` lines with the number of their line; comments, `export` and quotes are taken off.
pub(super) fn lines(text: &str) -> Vec<(String, String, u32)> {
    let mut out = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        out.push((key.trim().to_owned(), unquote(value.trim()), at as u32 + 1));
    }
    out
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    value.split(" #").next().unwrap_or(value).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::model::{Evidence, Reference, Target};

    fn read(files: &[(&str, &str)], environment: Option<&str>) -> Vec<String> {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| EnvFiles.claims(file, &tree)).collect();
        let out =
            EnvFiles.read(&claimed, &ReadContext { tree: &tree, catalog: Catalog::embedded(), environment });
        let shown = |one: &Reference| {
            let target = match &one.target {
                Target::Provider { provider, .. } => provider.clone(),
                Target::Host { name, .. } => name.clone(),
                other => format!("{other:?}"),
            };
            let Evidence::File { text, location } = &one.evidence[0] else { panic!("a line") };
            assert!(text.ends_with("=***"), "{text}");
            format!("{target} {} {} {}:{}", one.phase, one.need, location.path, location.line)
        };
        out.units.iter().flat_map(|unit| &unit.references).map(shown).collect()
    }

    #[test]
    fn lines_of_a_file() {
        let lines = lines("# c\nexport A=\"x y\" # z\nB=1 # one\n\nC='q'\nbad\n");
        let pairs: Vec<_> =
            lines.iter().map(|(key, value, line)| (key.as_str(), value.as_str(), *line)).collect();
        assert_eq!(pairs, [("A", "x y", 2), ("B", "1", 3), ("C", "q", 5)]);
    }

    #[test]
    fn production_lies_over_what_is_always_read() {
        let base = ".env";
        let files = [
            (
                base,
                "DATABASE_URL=postgres://u:p@db.internal:5432/x\nSTRIPE_SECRET_KEY=sk_live_1\nSENTRY_DSN=\n",
            ),
            (".env.production", "DATABASE_URL=postgres://u:p@db.prod.acme.net/x\n"),
            (".env.test", "REDIS_URL=redis://cache.test.acme.net\n"),
            (".env.example", "OPENAI_API_KEY=\n"),
        ];
        assert_eq!(
            read(&files, None),
            ["db.prod.acme.net runtime required .env.production:1", "stripe runtime optional .env:2"]
        );
        assert_eq!(
            read(&files, Some("test")),
            [
                "db.internal runtime required .env:1",
                "cache.test.acme.net runtime required .env.test:1",
                "stripe runtime optional .env:2"
            ]
        );
    }

    #[test]
    fn samples_say_what_is_needed_and_not_where() {
        let text = "DATABASE_URL=postgres://user:pass@db.example.com/x\nNEXT_PUBLIC_SUPABASE_URL=https://your-project.supabase.co\n\
                    SENTRY_DSN=\n# TWILIO_SID=\nREDIS_HOST=localhost\nAPI_URL=https://api.acme.com\nDB_HOST=db\n";
        assert_eq!(
            read(&[("web/.env.sample", text)], None),
            [
                "db runtime optional web/.env.sample:7",
                "supabase runtime optional web/.env.sample:2",
                "sentry observe optional web/.env.sample:3"
            ]
        );
    }

    #[test]
    fn what_a_framework_brings_is_no_need() {
        let text = "BROADCAST_DRIVER=log\nAWS_ACCESS_KEY_ID=\nPUSHER_APP_ID=\nSTRIPE_KEY=\n";
        assert_eq!(read(&[(".env.example", text)], None), ["stripe runtime optional .env.example:4"]);
        let own = "AWS_ACCESS_KEY_ID=minio\nS3_ENDPOINT=http://minio:9000\n";
        assert_eq!(read(&[(".env", own)], None), ["minio runtime optional .env:2"]);
    }

    #[test]
    fn variables_of_a_compose_file_alone_are_those_of_its_services() {
        let env = (".env", "STRIPE_KEY=sk_live_1\n");
        let compose = ("docker-compose.yml", "services: {web: {image: x}}\n");
        assert_eq!(read(&[env, compose], None), Vec::<String>::new());
        assert_eq!(read(&[env, compose, ("package.json", "{}")], None).len(), 1);
    }

    #[test]
    fn other_files_are_not_wanted() {
        for path in [".env", "a/.env.production", ".env.example", "env.sample", ".env.production.example"] {
            assert!(EnvFiles.wants(path), "{path}");
        }
        for path in [".envrc", "environment.ts", "prod.env", ".env.vault", "env.py", ".environment"] {
            assert!(!EnvFiles.wants(path), "{path}");
        }
    }
}
