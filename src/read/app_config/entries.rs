//! Configuration files as flat settings, each with its place and the profile that it counts for.

use super::place::{Family, Place};
use crate::read::json::parse_any;
use crate::read::split_environment;
use crate::read::yaml::{self, Node};
use crate::source::{Location, Problems, SourceFile};

/// One setting.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path with dots: `spring.datasource.url`.
    pub(super) key: String,
    /// Its value, with the defaults of variables that stand in it.
    pub(super) value: String,
    pub(super) at: Location,
    /// The profile that it counts for; `None` when it always does.
    pub(super) profile: Option<String>,
    pub(super) is_sample: bool,
}

/// All settings of a file.
pub(super) fn entries(place: &Place<'_>, file: &SourceFile, problems: &mut Problems) -> Vec<Entry> {
    // What is odd about a file that may not be for us is not worth more than a note.
    let mut odd = Problems::new();
    let mut out = match place.family {
        Family::Spring if file.name().ends_with(".properties") => properties(file),
        Family::Spring => spring(file, &mut odd),
        Family::Rails => rails(file, &mut odd),
        Family::DotNet | Family::NodeConfig => {
            parse_any(file, &mut odd).map(|root| flat(&root)).unwrap_or_default()
        }
    };
    if !odd.is_empty() {
        problems.note(file.location(0), "this configuration file could not be read whole");
    }
    for entry in &mut out {
        entry.is_sample = place.is_sample;
        if let Some(profile) = place.profile {
            entry.profile = Some(profile.to_owned());
        }
    }
    out
}

/// The scalars of a tree as settings; the scalars of one list are one setting.
fn flat(root: &Node) -> Vec<Entry> {
    let mut out = Vec::new();
    flatten(root, "", &mut out);
    out
}

fn flatten(node: &Node, key: &str, out: &mut Vec<Entry>) {
    let within = |inner: &str| if key.is_empty() { inner.to_owned() } else { format!("{key}.{inner}") };
    let listed: Vec<&str> = node.items().iter().filter_map(|item| item.str()).collect();
    if let Some(value) = node.str() {
        out.push(entry(key.to_owned(), value, node.location.clone()));
    } else if !listed.is_empty() {
        out.push(entry(key.to_owned(), &listed.join(","), node.items()[0].location.clone()));
    }
    for (at, item) in node.items().iter().enumerate().filter(|(_, item)| item.str().is_none()) {
        flatten(item, &within(&at.to_string()), out);
    }
    for (inner, value) in node.entries() {
        flatten(value, &within(&inner.text), out);
    }
}

fn entry(key: String, value: &str, at: Location) -> Entry {
    Entry { key, value: with_defaults(value), at, profile: None, is_sample: false }
}

/// A file of several documents, each of which may be for profiles.
fn spring(file: &SourceFile, problems: &mut Problems) -> Vec<Entry> {
    let mut out = Vec::new();
    for document in yaml::parse(file, problems).documents {
        let mut own = flat(&document.root);
        let keys = ["spring.config.activate.on-profile", "spring.profiles"];
        let profile = own.iter().find(|entry| keys.contains(&entry.key.as_str()));
        let profile = profile.map(|entry| entry.value.clone());
        own.iter_mut().for_each(|entry| entry.profile.clone_from(&profile));
        out.extend(own);
    }
    out
}

/// `key=value` and `key: value`; `%prod.key` is for a profile.
fn properties(file: &SourceFile) -> Vec<Entry> {
    let mut out = Vec::new();
    for (at, line) in file.text().lines().enumerate() {
        let line = line.trim();
        let end = line.find(['=', ':']).filter(|_| !line.starts_with(['#', '!']));
        let Some((key, value)) = end.map(|end| (line[..end].trim(), line[end + 1..].trim())) else {
            continue;
        };
        let (profile, key) = match key.strip_prefix('%').and_then(|key| key.split_once('.')) {
            Some((profile, key)) => (Some(profile.to_owned()), key),
            None => (None, key),
        };
        let at = file.line_location(at as u32 + 1);
        out.push(Entry { profile, ..entry(key.to_owned(), value, at) });
    }
    out
}

/// A file whose topmost keys are environments. What is made by Ruby has the default that stands in it.
fn rails(file: &SourceFile, problems: &mut Problems) -> Vec<Entry> {
    let text: String = file.text().lines().map(|line| without_ruby(line) + "\n").collect();
    let stream = yaml::parse_text(&text, file.path(), &|line| line, problems);
    let mut out = Vec::new();
    for (key, node) in stream.documents.iter().flat_map(|document| document.root.entries()) {
        let is_environment = split_environment(&key.text).is_some_and(|(rest, _)| rest.is_empty());
        if !is_environment && &*key.text != "shared" {
            continue;
        }
        let profile = is_environment.then(|| key.text.to_string());
        out.extend(flat(node).into_iter().map(|entry| Entry { profile: profile.clone(), ..entry }));
    }
    out
}

/// A line with what Ruby puts into it: the default of a variable, or the variable.
fn without_ruby(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("<%") {
        let (code, after) = behind.split_once("%>").unwrap_or((behind, ""));
        out.push_str(before);
        if let Some(code) = code.strip_prefix('=') {
            let quoted: Vec<&str> = code.split(['"', '\'']).skip(1).step_by(2).collect();
            match (code.contains("ENV"), quoted.as_slice()) {
                (true, [_, default, ..]) => out.push_str(default),
                (true, [name]) => out.push_str(&format!("\"${{{name}}}\"")),
                _ => {}
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A value with the defaults of its variables: `${DB_HOST:db}` is `db`. Others stay, and so do those in defaults.
fn with_defaults(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((inner, after)) = behind.split_once('}') else { break };
        out.push_str(before);
        match inner.split_once(':') {
            Some((_, default)) if !default.is_empty() => out.push_str(default.trim_start_matches('-')),
            _ => out.push_str(&format!("${{{}}}", inner.trim_end_matches(':'))),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_their_defaults() {
        assert_eq!(with_defaults("jdbc:mysql://${H:db}:${P:3306}/${D}"), "jdbc:mysql://db:3306/${D}");
        assert_eq!(with_defaults("${URL:http://a:1/x}/y"), "http://a:1/x/y");
        assert_eq!(with_defaults("${KEY:}"), "${KEY}");
        assert_eq!(with_defaults("${a"), "${a");
    }

    #[test]
    fn lists_of_texts_are_one_setting_and_lists_of_more_are_several() {
        let text = "a: {b: [x, y]}\nr: [{u: 1}, {u: 2}]\nm: {<<: {n: 3}, n: 4}\n";
        let stream = yaml::parse(&SourceFile::new("a.yml", text.as_bytes()), &mut Problems::new());
        let all = flat(&stream.documents[0].root);
        let shown: Vec<_> = all.iter().map(|entry| format!("{}={}", entry.key, entry.value)).collect();
        assert_eq!(shown, ["a.b=x,y", "r.0.u=1", "r.1.u=2", "m.n=4"]);
    }

    #[test]
    fn ruby_leaves_its_defaults() {
        assert_eq!(without_ruby("url: <%= ENV['X'] %>"), "url: \"${X}\"");
        assert_eq!(without_ruby("host: <%= ENV.fetch(\"H\") { 'db' } %>"), "host: db");
        assert_eq!(without_ruby("host: <%= ENV['H'] || 'db' %>"), "host: db");
        assert_eq!(without_ruby("<% if x %>a: 1<% end %>"), "a: 1");
        assert_eq!(without_ruby("pool: <%= 5 + 1 %>"), "pool: ");
    }
}
