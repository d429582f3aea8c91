//! `Gemfile`: a program in Ruby of which the usual forms are read, line by line.

use super::{Direct, Manifest};
use crate::source::{Problems, SourceFile, Tree};

pub(super) fn is_manifest(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("Gemfile" | "gems.rb"))
}

/// What opens a block that `end` closes.
const OPENERS: &[&str] = &["if", "unless", "case", "begin", "def", "while", "until"];

pub(super) fn read(file: &SourceFile, _tree: &Tree, _odd: &mut Problems) -> Manifest {
    let mut packages = Vec::new();
    // For each open block, whether what stands in it is for people at work alone.
    let mut blocks: Vec<bool> = Vec::new();
    for (at, line) in file.text().lines().enumerate() {
        let line = without_comment(line).trim();
        let first = line.split([' ', '(']).next().unwrap_or("");
        if first == "end" {
            blocks.pop();
            continue;
        }
        let opens = line.ends_with(" do") || line.contains(" do |") || OPENERS.contains(&first);
        if opens {
            blocks.push(first == "group" && is_for_work(line));
        }
        let is_aside = blocks.contains(&true)
            || line
                .split_once("group:")
                .or(line.split_once("groups:"))
                .is_some_and(|(_, rest)| is_for_work(rest))
            || line.split_once(":group =>").is_some_and(|(_, rest)| is_for_work(rest));
        if let Some(name) = gem(line).filter(|_| !is_aside) {
            packages.push(Direct { name: name.to_owned(), line: at as u32 + 1 });
        }
    }
    Manifest { name: None, packages }
}

/// The gem of `gem "name", ...`.
fn gem(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("gem")?.trim_start_matches([' ', '(']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(name, _)| name)
}

/// Whether the groups named are all for development and tests.
fn is_for_work(groups: &str) -> bool {
    let names: Vec<&str> = groups
        .split(':')
        .skip(1)
        .map(|name| name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or(""))
        .collect();
    let names: Vec<&&str> = names.iter().filter(|name| !name.is_empty()).collect();
    !names.is_empty()
        && names.iter().all(|name| {
            ["development", "dev", "test", "tests", "ci", "doc", "docs", "lint", "tools"].contains(*name)
        })
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') { "" } else { line.split(" #").next().unwrap_or(line) }
}

#[cfg(test)]
mod tests {
    use crate::read::packages::tests::names;

    #[test]
    fn groups_for_work_do_not_count() {
        let text = "source 'https://rubygems.org' do\n  gem 'stripe', '~> 1' # pay\nend\n\
                    group :development, :test do\n  gem 'twilio-ruby'\n  if x\n    gem 'okta'\n  end\nend\n\
                    gem \"sentry-ruby\", require: false\ngem 'slack-ruby-client', group: :test\n# gem 'auth0'\n\
                    group :production do\n  gem('newrelic_rpm')\nend\n";
        assert_eq!(names("Gemfile", text), ["stripe:2", "sentry-ruby:10", "newrelic_rpm:14"]);
    }
}
