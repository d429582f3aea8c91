//! `linchpin.toml`: its schema for editors, its example, and its page agree with what is read.

use std::collections::BTreeSet;

use serde_json::Value;

const SCHEMA: &str = include_str!("../docs/linchpin.schema.json");
const FULL: &str = include_str!("../fixtures/settings/full.toml");
const PAGE: &str = include_str!("../docs/configuration.md");

#[test]
fn the_example_that_says_everything_is_valid() {
    assert_eq!(errors(FULL), Vec::<String>::new());
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    for wrong in [
        "[policy]\nfail_on = \"error\"",
        "[[services]]\ntier = \"gold\"",
        "[[services]]\nname = \"a\"\nrto = \"soon\"",
        "[[mitigations]]\nkind = \"prayer\"\nof = \"a\"",
        "[[policy.thresholds]]\ndimension = \"provider\"\nmeasure = \"hhi\"",
        "[[policy.thresholds]]\ndimension = \"provider\"\nmeasure = \"hhi\"\nmax = 2500",
        "[[tier]]\nsurvives = \"zone\"",
    ] {
        assert!(!errors(wrong).is_empty(), "{wrong}");
        let file = linchpin::source::SourceFile::new("linchpin.toml", wrong.as_bytes());
        assert!(!linchpin::read::settings::read_settings(&file, &[]).1.is_empty(), "{wrong}");
    }
}

#[test]
fn every_key_of_the_schema_is_in_the_example_and_on_the_page() {
    let mut keys = BTreeSet::new();
    collect_keys(&serde_json::from_str(SCHEMA).expect("the schema is JSON"), &mut keys);
    assert!(40 < keys.len(), "{keys:?}");
    let unsaid =
        |text: &str| keys.iter().filter(|key| !text.contains(key.as_str())).cloned().collect::<Vec<_>>();
    // A fingerprint cannot be shown in an example that has nothing to accept.
    assert_eq!(unsaid(FULL), ["fingerprint"]);
    assert_eq!(unsaid(PAGE), Vec::<String>::new());
}

#[test]
fn every_toml_example_of_the_page_is_read_without_a_problem() {
    let rules: Vec<&str> = linchpin::judge::RULES.iter().map(|rule| rule.id()).collect();
    let examples: Vec<&str> = PAGE
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(text, _)| text))
        .collect();
    assert!(3 < examples.len());
    for example in examples {
        let file = linchpin::source::SourceFile::new("linchpin.toml", example.as_bytes());
        let (_, problems) = linchpin::read::settings::read_settings(&file, &rules);
        let problems: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(problems, Vec::<&str>::new(), "{example}");
        assert_eq!(errors(example), Vec::<String>::new(), "{example}");
    }
}

fn errors(toml: &str) -> Vec<String> {
    let value: toml::Table = toml::from_str(toml).expect("the example is TOML");
    let value = plain(toml::Value::Table(value));
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect()
}

/// TOML as editors see it: dates are texts.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Datetime(date) => Value::from(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, plain(value))).collect(),
    }
}

fn collect_keys(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            map.values().for_each(|value| collect_keys(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        _ => {}
    }
}
