//! Configuration files of applications: the hosts and keys of services that a program is given where its framework looks
//! for them (Spring, Quarkus, ASP.NET, Rails, node-config).
//!
//! Values are never shown. Profiles are environments: those for development and tests say nothing of what is deployed.

mod entries;
mod place;
mod served;

use std::collections::BTreeMap;

use self::entries::{Entry, entries};
use self::place::{Place, place};
use self::served::{Programs, hand_out, served};
use super::keys::Keys;
use super::program::{self, Setting};
use super::{Format, PRODUCTION, ReadContext, is_for_work, same_environment};
use crate::catalog::Catalog;
use crate::model::{Declarations, Environment, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Configuration files of applications.
pub struct AppConfig;

/// Larger files are no settings that people write.
const MOST_BYTES: usize = 512 << 10;

/// No program has more settings than this.
const MOST_SETTINGS: usize = 20_000;

impl Format for AppConfig {
    fn name(&self) -> &'static str {
        "app-config"
    }

    fn summary(&self) -> &'static str {
        "configuration files of applications (Spring, Quarkus, ASP.NET, Rails, node-config): hosts and keys of services"
    }

    fn wants(&self, path: &str) -> bool {
        place(path).is_some() || served(path).is_some()
    }

    fn claims(&self, file: &SourceFile, tree: &Tree) -> bool {
        let is_own = place(file.path()).is_some_and(|place| place.is_shown_by(tree));
        let is_served = || served(file.path()).is_some_and(|served| served.is_shown_by(tree));
        (is_own || is_served()) && file.text().len() <= MOST_BYTES
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        let mut programs = Programs::new();
        let mut handed = Vec::new();
        for file in files.iter().copied() {
            match (place(file.path()), served(file.path())) {
                (Some(place), _) => programs.entry(place.folder).or_default().push((place, file)),
                (None, Some(served)) => handed.push((served, file)),
                (None, None) => {}
            }
        }
        hand_out(&mut programs, &handed);
        for (folder, files) in programs {
            let unit = read_program(folder, &files, cx, &mut out.problems);
            if !unit.references.is_empty() {
                out.units.push(unit);
            }
        }
        out
    }
}

fn read_program(
    folder: &str,
    files: &[(Place<'_>, &SourceFile)],
    cx: &ReadContext<'_>,
    problems: &mut Problems,
) -> Unit {
    let mut unit = program::unit(folder, "app-config", Vec::new());
    let mut said: Vec<Entry> =
        files.iter().flat_map(|(place, file)| entries(place, file, problems)).collect();
    said.truncate(MOST_SETTINGS);
    let chosen = choose(&said, cx);
    let mut profiles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in &said {
        if let Some(profile) = &entry.profile {
            let files = profiles.entry(profile).or_default();
            let path = entry.at.path.to_string();
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    unit.environments = profiles
        .into_iter()
        .map(|(name, evidence)| Environment {
            name: name.to_owned(),
            chosen: Some(name) == chosen.as_deref(),
            evidence,
        })
        .collect();
    let settings = laid_over(&said, chosen.as_deref());
    let named: Vec<(String, &Entry)> =
        settings.into_iter().map(|entry| (provider_key(&entry.key, cx.catalog), entry)).collect();
    let keys = Keys::among(named.iter().map(|(key, entry)| (key.as_str(), entry.value.as_str())), cx.catalog);
    for (known_as, entry) in &named {
        let at = entry.at.clone();
        let setting =
            Setting { key: &entry.key, known_as, value: &entry.value, at, is_sample: entry.is_sample };
        setting.declare(&mut unit, &keys, cx.catalog);
    }
    unit
}

/// The profile that is laid over what always counts: production, the one asked for, or the one the files switch on.
fn choose(said: &[Entry], cx: &ReadContext<'_>) -> Option<String> {
    let mut names: Vec<&str> = said.iter().filter_map(|entry| entry.profile.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let is_asked = |name: &str| cx.environment.is_some_and(|asked| same_environment(asked, name));
    let serves = |name: &&str| is_asked(name) || !is_for_work(name);
    let several = names.len() > 1;
    let chosen = cx.choose_environment(&names).filter(serves);
    // One profile alone is not on because it is there.
    let chosen = chosen.filter(|name| {
        several || is_asked(name) || PRODUCTION.iter().any(|usual| usual.eq_ignore_ascii_case(name))
    });
    let switched_on = || {
        let always = said.iter().filter(|entry| entry.profile.is_none());
        let active =
            always.filter(|entry| entry.key.ends_with("profiles.active")).map(|entry| &entry.value).next()?;
        let is_active = |name: &&str| active.split(',').any(|one| one.trim() == *name);
        names.iter().copied().filter(serves).find(is_active)
    };
    chosen.or_else(switched_on).map(str::to_owned)
}

/// What counts, each setting once: the chosen profile over what is always read; samples where nothing else is.
fn laid_over<'e>(said: &'e [Entry], chosen: Option<&str>) -> Vec<&'e Entry> {
    let is_sample_alone = said.iter().all(|entry| entry.is_sample);
    let mut settings: BTreeMap<String, &Entry> = BTreeMap::new();
    for wanted in [None, chosen] {
        let counts =
            |entry: &&Entry| entry.profile.as_deref() == wanted && entry.is_sample == is_sample_alone;
        settings.extend(said.iter().filter(counts).map(|entry| (loosely(&entry.key), entry)));
    }
    settings.into_values().collect()
}

/// Frameworks take `dataSource`, `data-source` and `data_source` for the same.
fn loosely(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Last words of keys that hold what a provider hands out.
const HANDED_OUT: &[&str] =
    &["KEY", "TOKEN", "SECRET", "DSN", "SID", "ID", "PASSWORD", "WEBHOOK", "URL", "CREDENTIALS"];

/// `app.stripe.secretKey` as Stripe writes it, `STRIPE_SECRET_KEY`; empty where no provider hands out such a key.
fn provider_key(key: &str, catalog: &Catalog) -> String {
    let parts: Vec<&str> =
        key.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let Some((last, before)) = parts.split_last() else { return String::new() };
    let last = words_of(last);
    if !last.last().is_some_and(|word| HANDED_OUT.contains(&word.as_str())) {
        return String::new();
    }
    // `SendGrid:ApiKey` is `SENDGRID_API_KEY`, `aws.s3AccessKey` is told by its words.
    let names: Vec<String> =
        before.iter().map(|part| part.to_uppercase()).chain(last.iter().cloned()).collect();
    let words: Vec<String> = before.iter().flat_map(|part| words_of(part)).chain(last).collect();
    let endings = [names, words]
        .into_iter()
        .flat_map(|words| (0..words.len()).map(|from| words[from..].join("_")).collect::<Vec<_>>());
    endings.into_iter().find(|key| catalog.setting_key(key).is_some()).unwrap_or_default()
}

/// The words of `secretKey` in capitals.
fn words_of(part: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut after_lower = false;
    for c in part.chars().take(200) {
        if c.is_uppercase() && after_lower {
            words.push(String::new());
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
        words.last_mut().expect("a word is always open").extend(c.to_uppercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reference, Target};

    #[track_caller]
    fn read(files: &[(&str, &str)], environment: Option<&str>) -> Vec<String> {
        let tree = Tree::of_texts(files.iter().copied());
        let claimed: Vec<_> = tree.files().filter(|file| AppConfig.claims(file, &tree)).collect();
        let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment };
        let out = AppConfig.read(&claimed, &cx);
        let shown = |one: &Reference| {
            let target = match &one.target {
                Target::Provider { provider, .. } => provider.clone(),
                Target::Host { name, .. } => name.clone(),
                other => format!("{other:?}"),
            };
            let line = one.evidence[0].location().map_or(0, |at| at.line);
            format!("{} {target} {} {} :{line}", one.from, one.phase, one.need)
        };
        assert!(!format!("{out:?}").contains("hunter2"), "a secret is shown: {out:?}");
        out.units.iter().flat_map(|unit| &unit.references).map(shown).collect()
    }

    #[test]
    fn a_configuration_server_hands_out_settings_by_name() {
        let server = "spring:\n  profiles.active: native\n  cloud.config.server.native.search-locations: classpath:/shared\n";
        let client = |name: &str| {
            format!("spring:\n  application.name: {name}\n  cloud.config.uri: http://config:8888\n")
        };
        let (orders, payments) = (client("orders"), client("orders-api"));
        let files = [
            ("config/src/main/resources/application.yml", server),
            ("config/src/main/resources/shared/application.yml", "spring.rabbitmq.host: queue\n"),
            ("config/src/main/resources/shared/orders.yml", "spring.data.mongodb.host: orders-db\n"),
            ("config/src/main/resources/shared/orders-api.yml", "rates.url: https://rates.acme.net/api\n"),
            ("config/src/main/resources/shared/orders-dev.yml", "spring.data.mongodb.host: dev-db\n"),
            ("config/src/main/resources/static/orders.yml", "a.url: https://other.acme.net\n"),
            ("orders/src/main/resources/bootstrap.yml", orders.as_str()),
            ("api/src/main/resources/bootstrap.yml", payments.as_str()),
            ("alone/src/main/resources/application.yml", "spring.application.name: alone\n"),
        ];
        assert_eq!(
            read(&files, None),
            [
                "app:api rates.acme.net runtime optional :1",
                "app:api config runtime optional :3",
                "app:api queue runtime required :1",
                "app:orders config runtime optional :3",
                "app:orders orders-db runtime required :1",
                "app:orders queue runtime required :1",
            ]
        );
    }

    #[test]
    fn spring_profiles_are_laid_over_what_is_always_read() {
        let base = "spring:\n  datasource:\n    url: jdbc:postgresql://${DB_HOST:orders-db}:5432/orders\n    password: hunter2\n  redis:\n    host: localhost\nstripe:\n  secret-key: ${STRIPE_KEY:}\nsentry:\n  dsn: hunter2\n---\nspring:\n  config.activate.on-profile: prod\n  data:\n    mongodb:\n      uri: mongodb://u:hunter2@docs.acme.net/x\n";
        let dev = "spring.datasource.url=jdbc:h2:mem:x\nspring.rabbitmq.host=dev-queue.acme.net\n";
        let files = [
            ("orders/src/main/resources/application.yml", base),
            ("orders/src/main/resources/application-dev.properties", dev),
            ("orders/src/test/resources/application.yml", "a:\n  host: other.acme.net\n"),
        ];
        assert_eq!(
            read(&files, None),
            [
                "app:orders sentry observe optional :10",
                "app:orders docs.acme.net runtime required :16",
                "app:orders orders-db runtime required :3",
                "app:orders stripe runtime optional :8",
            ]
        );
        assert_eq!(
            read(&files, Some("dev"))[1..],
            ["app:orders dev-queue.acme.net runtime required :2", "app:orders stripe runtime optional :8"]
        );
    }

    #[test]
    fn quarkus_marks_profiles_in_keys() {
        let text = "quarkus.datasource.jdbc.url=jdbc:mysql://db.acme.net/x\n%dev.quarkus.datasource.jdbc.url=jdbc:mysql://dev.acme.net/x\n%prod.kafka.bootstrap.servers=k1:9092,k2:9092\n";
        assert_eq!(
            read(&[("src/main/resources/application.properties", text)], None),
            [
                "app:. k1 runtime required :3",
                "app:. k2 runtime required :3",
                "app:. db.acme.net runtime required :1"
            ]
        );
    }

    #[test]
    fn connection_strings_of_dotnet_are_read_and_production_counts() {
        let base = "{ // comment\n \"ConnectionStrings\": {\n  \"Db\": \"Server=sql.acme.net;Database=x;User Id=sa;Password=hunter2\",\n  \"Blob\": \"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=hunter2\"\n },\n \"SendGrid\": {\"ApiKey\": \"hunter2\"},\n \"AllowedHosts\": \"*\"\n}";
        let production = "{\"ConnectionStrings\": {\"Db\": \"Server=tcp:prod.database.windows.net,1433;Database=x;Password=hunter2\"}}";
        let files = [
            ("src/Shop/appsettings.json", base),
            ("src/Shop/appsettings.Production.json", production),
            ("src/Shop/appsettings.Development.json", "{\"Db\": \"Server=dev;Database=x\"}"),
        ];
        assert_eq!(
            read(&files, None),
            [
                "app:src/Shop acme.blob.core.windows.net runtime optional :4",
                "app:src/Shop prod.database.windows.net runtime required :1",
                "app:src/Shop sendgrid runtime optional :6",
            ]
        );
    }

    #[test]
    fn rails_keeps_its_environments_in_one_file() {
        let text = "default: &default\n  adapter: postgresql\n  password: hunter2\ndevelopment:\n  <<: *default\n  host: dev.acme.net\nproduction:\n  primary:\n    <<: *default\n    host: <%= ENV.fetch(\"DB_HOST\", \"db.acme.net\") %>\n  queue:\n    url: <%= ENV['QUEUE_DATABASE_URL'] %>\n";
        let files = [("shop/config/database.yml", text), ("shop/Gemfile", "gem 'rails'\n")];
        assert_eq!(read(&files, None), ["app:shop db.acme.net runtime optional :10"]);
        assert_eq!(read(&files, Some("development")), ["app:shop dev.acme.net runtime optional :6"]);
        let sample = [("shop/config/database.yml.example", text), ("shop/Gemfile", "gem 'rails'\n")];
        assert_eq!(read(&sample, None), Vec::<String>::new(), "hosts of samples are made up");
    }

    #[test]
    fn files_of_others_are_left_alone() {
        for path in [
            "config/other.yml",
            "application.rb",
            "settings.json",
            "appsettings.txt",
            "deploy/application.yaml",
        ] {
            assert_eq!(read(&[(path, "db:\n  host: db.acme.net\n")], None), Vec::<String>::new(), "{path}");
        }
        let node = [("config/default.json", "{\"db\": {\"host\": \"db.acme.net\"}}"), ("package.json", "{}")];
        assert_eq!(read(&node, None), ["app:. db.acme.net runtime required :1"]);
        assert_eq!(read(&node[..1], None), Vec::<String>::new(), "nothing shows whose file it is");
    }

    #[test]
    fn odd_texts_do_no_harm() {
        let deep = "[".repeat(50_000);
        for text in
            ["", "{", "\u{0}", "a: *b", "%", "%a", "<%", "<%=", "= = =", "a: ${", "a: ${b:${c}", &deep]
        {
            for path in
                ["application.yml", "application.properties", "appsettings.json", "config/database.yml"]
            {
                assert_eq!(
                    read(&[(path, text), ("Gemfile", ""), ("pom.xml", "")], None),
                    Vec::<String>::new()
                );
            }
        }
    }
}
