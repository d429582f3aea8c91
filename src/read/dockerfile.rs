//! Dockerfiles: the images that a build starts from.

use std::collections::BTreeMap;

use super::draft::{Describe, Draft, How};
use super::yaml::Node as Value;
use super::{Format, ReadContext, images};
use crate::model::{Category, Declarations, Id, Kind, Need, Phase, Program, Target, Unit};
use crate::source::{Problems, SourceFile, Tree};

/// Dockerfiles.
pub struct Dockerfile;

/// Without it nothing is built.
const BUILD: How = How { phase: Phase::Deploy, need: Need::Required };

/// What stands behind so many instructions is no longer written by people.
const MAX_INSTRUCTIONS: usize = 10_000;

impl Format for Dockerfile {
    fn name(&self) -> &'static str {
        "dockerfile"
    }

    fn summary(&self) -> &'static str {
        "Dockerfiles: the images that builds start from"
    }

    fn wants(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let is_text = ["md", "txt", "dockerignore", "j2", "tmpl", "tpl", "erb"]
            .iter()
            .any(|end| name.rsplit_once('.').is_some_and(|(_, extension)| extension == *end));
        !is_text
            && (["dockerfile", "containerfile"].contains(&name.as_str())
                || name.starts_with("dockerfile.")
                || name.ends_with(".dockerfile"))
    }

    fn claims(&self, file: &SourceFile, _tree: &Tree) -> bool {
        let starts =
            |line: &str| line.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "));
        self.wants(file.path()) && file.text().lines().any(starts)
    }

    fn describes_deployment(&self) -> bool {
        false
    }

    fn read(&self, files: &[&SourceFile], cx: &ReadContext<'_>) -> Declarations {
        let mut out = Declarations::default();
        for file in files {
            out.units.push(read(file, cx, &mut out.problems));
        }
        out
    }
}

fn read(file: &SourceFile, cx: &ReadContext<'_>, problems: &mut Problems) -> Unit {
    let is_usual = ["dockerfile", "containerfile"].iter().any(|name| file.name().eq_ignore_ascii_case(name));
    let own = match (is_usual, file.folder()) {
        (true, "") => ".",
        (true, folder) => folder,
        (false, _) => file.path(),
    };
    let mut draft = Draft::new("dockerfile", own, file.folder(), cx);
    let id = Id::new(format!("dockerfile:{own}"));
    let mut stages: Vec<String> = Vec::new();
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    let mut is_declared = false;
    for (line, text) in instructions(file).into_iter().take(MAX_INSTRUCTIONS) {
        let at = Value::scalar("", true, &file.line_location(line));
        let words: Vec<&str> = text.split_whitespace().collect();
        let keyword = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        let named: Vec<&str> = words.iter().skip(1).copied().filter(|word| !word.starts_with("--")).collect();
        let image = match keyword.as_str() {
            // Only what stands before the first stage may be used in `FROM`.
            "ARG" if stages.is_empty() => {
                for (name, value) in named.iter().filter_map(|word| word.split_once('=')) {
                    arguments.insert(name.to_owned(), value.trim_matches(['"', '\'']).to_owned());
                }
                None
            }
            "FROM" => named.first().map(|image| (*image).to_owned()),
            "COPY" | "ADD" => words.iter().find_map(|word| word.strip_prefix("--from=")).map(str::to_owned),
            "RUN" => words.iter().find_map(|word| mounted_from(word)),
            _ => None,
        };
        let image = image.filter(|image| !image.is_empty()).map(|image| substitute(&image, &arguments));
        let is_stage = |image: &str| {
            image.eq_ignore_ascii_case("scratch")
                || stages.iter().any(|stage| stage.eq_ignore_ascii_case(image))
                || image.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some(image) = image.filter(|image| !is_stage(image)) {
            if !is_declared {
                let name = own.rsplit('/').next().filter(|name| *name != ".").unwrap_or("Dockerfile");
                draft.node(&id, Kind::Component, name, &at).is(Category::Ci, "Dockerfile");
                draft.unit.programs.push(Program { folder: file.folder().to_owned(), run_by: None });
                is_declared = true;
            }
            match images::without_variables(&image) {
                None => unknown_base(problems, &image, &at),
                Some(image) => draft.reference(&id, Target::Image(image), BUILD, &at),
            }
        }
        if keyword == "FROM" {
            let is_named = named.get(1).is_some_and(|word| word.eq_ignore_ascii_case("as"));
            stages.push(named.get(2).filter(|_| is_named).map(|name| (*name).to_owned()).unwrap_or_default());
        }
    }
    draft.unit
}

/// The image that a build adds to without saying what to start: that of the last stage, or of the one that is asked for.
/// `None` where a stage on the way brings a program of its own.
pub(super) fn extended(file: &SourceFile, given: &BTreeMap<String, String>, target: &str) -> Option<String> {
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    // Name, image, and whether the stage starts something of its own.
    let mut stages: Vec<(String, String, bool)> = Vec::new();
    for (_, text) in instructions(file).into_iter().take(MAX_INSTRUCTIONS) {
        let words: Vec<&str> = text.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        match words.first().map(|word| word.to_ascii_uppercase()).as_deref() {
            Some("ARG") if stages.is_empty() => {
                for word in &words[1..] {
                    let (name, default) = word.split_once('=').unwrap_or((word, ""));
                    let value = given.get(name).map_or(default.trim_matches(['"', '\'']), String::as_str);
                    arguments.insert(name.to_owned(), value.to_owned());
                }
            }
            Some("FROM") => {
                let name = words.get(3).filter(|_| words[2].eq_ignore_ascii_case("as")).unwrap_or(&"");
                stages.push(((*name).to_owned(), substitute(words.get(1)?, &arguments), false));
            }
            Some("CMD" | "ENTRYPOINT") => stages.last_mut()?.2 = true,
            _ => {}
        }
    }
    let named =
        |name: &str| stages.iter().rposition(|(own, ..)| !own.is_empty() && own.eq_ignore_ascii_case(name));
    let mut at = if target.is_empty() { stages.len().checked_sub(1)? } else { named(target)? };
    loop {
        let (_, image, starts_own) = &stages[at];
        match named(image).filter(|earlier| *earlier < at) {
            _ if *starts_own => return None,
            Some(earlier) => at = earlier,
            None => return Some(image.clone()),
        }
    }
}

/// The image of a mount's `from=`.
fn mounted_from(word: &str) -> Option<String> {
    word.strip_prefix("--mount=")?.split(',').find_map(|part| part.strip_prefix("from=")).map(str::to_owned)
}

/// Instructions with the line they start on: continued lines joined, comments and texts in place left out.
fn instructions(file: &SourceFile) -> Vec<(u32, String)> {
    let mut out: Vec<(u32, String)> = Vec::new();
    let mut open: Option<(u32, String)> = None;
    let mut ends: Vec<String> = Vec::new();
    for (index, line) in file.text().lines().enumerate() {
        if let Some(end) = ends.first() {
            if line.trim() == end {
                ends.remove(0);
            }
            continue;
        }
        let text = line.trim();
        if text.starts_with('#') || (text.is_empty() && open.is_some()) {
            continue;
        }
        let (start, mut whole) = open.take().unwrap_or((index as u32 + 1, String::new()));
        let continued = text.strip_suffix('\\').or_else(|| text.strip_suffix('`'));
        whole.push_str(continued.unwrap_or(text));
        whole.push(' ');
        if continued.is_some() && whole.len() < 1 << 16 {
            open = Some((start, whole));
        } else {
            ends = texts_in_place(&whole);
            out.push((start, whole));
        }
    }
    out.extend(open);
    out
}

/// The words that end the texts which an instruction opens with `<<WORD`.
fn texts_in_place(instruction: &str) -> Vec<String> {
    let keyword = instruction.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
    if !matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let words = instruction.split_whitespace().filter_map(|word| word.strip_prefix("<<"));
    let words = words.map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']));
    words
        .filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .map(str::to_owned)
        .collect()
}

/// `$NAME`, `${NAME}` and `${NAME:-default}` by the arguments' defaults.
fn substitute(image: &str, arguments: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = image;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, default, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, _)) => {
                let (name, default) =
                    inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
                (name, default, inner.len() + 2)
            }
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], None, end)
            }
        };
        match arguments.get(name).map(String::as_str).or(default) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

fn unknown_base(problems: &mut Problems, image: &str, at: &Value) {
    problems.note(at.location.clone(), format!("the image `{image}` is given when it is built"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn images(text: &str) -> (Vec<String>, usize) {
        let tree = Tree::of_texts([("web/Dockerfile", text)]);
        let files: Vec<_> = tree.files().filter(|file| Dockerfile.claims(file, &tree)).collect();
        let catalog = Catalog::default();
        let out = Dockerfile.read(&files, &ReadContext { tree: &tree, catalog: &catalog, environment: None });
        let unit = &out.units[0];
        let name = |target: &Target| match target {
            Target::Image(image) => image.clone(),
            other => panic!("{other:?}"),
        };
        (unit.references.iter().map(|reference| name(&reference.target)).collect(), out.problems.len())
    }

    #[test]
    fn stages_and_scratch_are_no_images() {
        let text = "ARG TAG=22\nARG BASE\nFROM --platform=$BUILDPLATFORM node:${TAG} AS build\nRUN <<EOF\nFROM nothing\nEOF\n\
                    FROM build as test\nFROM scratch\nCOPY --from=build /a /b\nCOPY --from=0 /a /b\n\
                    COPY \\\n  --from=ghcr.io/x/y:1 /c /d\nFROM ${BASE}\n";
        assert_eq!(images(text), (vec!["node:22".to_owned(), "ghcr.io/x/y:1".to_owned()], 1));
    }

    #[test]
    fn what_a_build_extends_is_found_through_its_stages() {
        let extended = |text: &str, target: &str| {
            let tree = Tree::of_texts([("Dockerfile", text)]);
            let given = BTreeMap::from([("BASE".to_owned(), "redis:7".to_owned())]);
            extended(tree.get("Dockerfile").unwrap(), &given, target)
        };
        assert_eq!(extended("ARG BASE\nFROM ${BASE}\nCOPY a /a\n", "").as_deref(), Some("redis:7"));
        let stages = "FROM postgres:16 AS base\nFROM base AS seed\nCMD [\"seed\"]\nFROM base\nRUN x\n";
        assert_eq!(extended(stages, "").as_deref(), Some("postgres:16"));
        assert_eq!(extended(stages, "seed"), None, "it starts something of its own");
        assert_eq!(extended(stages, "none"), None);
        for text in ["", "FROM", "FROM a b c\n", "FROM a AS a\nFROM a AS a\n"] {
            extended(text, "");
        }
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for text in
            ["FROM ", "FROM $", "FROM ${", "FROM a AS", "FROM x\nRUN <<A <<B\n", "FROM é$é{", "from \\\n"]
        {
            images(text);
        }
    }
}
