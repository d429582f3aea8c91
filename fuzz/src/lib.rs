//! What the fuzz targets share: files in memory, and how each reader is run on them.
//!
//! An input of a reader is a small tree of files in one text. A line `-- PATH --` starts a file, so that mutations and
//! splices move whole files, and the fixtures are seeds as they are.

use linchpin::catalog::Catalog;
use linchpin::model::{Declarations, Evidence};
use linchpin::read::{FORMATS, Format, ReadContext};
use linchpin::scan::Request;
use linchpin::source::{Location, SourceFile, Tree};

/// The targets that run readers, with the formats of each; `tests/tidy.rs` holds that no format is left out.
pub static READERS: &[(&str, &[&str])] = &[
    ("terraform", &["terraform"]),
    ("terraform_json", &["terraform-json"]),
    ("cloudformation", &["cloudformation"]),
    ("serverless", &["serverless"]),
    ("arm", &["arm", "bicep"]),
    ("nomad", &["nomad"]),
    ("helm", &["helm"]),
    ("kustomize", &["kustomize"]),
    ("kubernetes", &["kubernetes"]),
    ("compose", &["compose"]),
    ("dns", &["octodns", "dnscontrol", "zone-file"]),
    (
        "platforms",
        &[
            "render",
            "fly",
            "heroku",
            "netlify",
            "vercel",
            "cloudflare-workers",
            "app-engine",
            "railway",
            "digitalocean-app",
            "ecs",
            "cloud-run",
            "app-runner",
        ],
    ),
    ("catalogs", &["backstage", "service-graph", "inventory"]),
    ("pipelines", &["github-actions", "gitlab-ci", "dockerfile"]),
    ("evidence", &["packages", "env", "app-config", "sbom", "azd", "pulumi"]),
];

/// The files of an input.
pub fn files(data: &[u8]) -> Vec<SourceFile> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        match (path_of(line), files.last_mut()) {
            (Some(path), _) => files.push((path, Vec::new())),
            (None, Some((_, text))) => text.extend_from_slice(line),
            // What stands before the first path is a comment.
            (None, None) => {}
        }
    }
    files.into_iter().map(|(path, text)| SourceFile::new(path, &text)).collect()
}

fn path_of(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let path = line.strip_prefix("-- ")?.strip_suffix(" --")?;
    let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    is_plain.then(|| path.to_owned())
}

/// Runs the readers of a target on the files of an input that they claim.
///
/// # Panics
///
/// When what they declare stands where no file is; fuzzing looks for that and for every other panic.
pub fn read(target: &str, data: &[u8]) {
    let (_, names) = READERS.iter().find(|(name, _)| *name == target).expect("a target of the table");
    let tree = Tree::new(files(data));
    let cx = ReadContext { tree: &tree, catalog: Catalog::embedded(), environment: None };
    for format in FORMATS.iter().filter(|format| names.contains(&format.name())) {
        let claims = |file: &&SourceFile| format.wants(file.path()) && format.claims(file, &tree);
        let claimed: Vec<&SourceFile> = tree.files().filter(claims).collect();
        if !claimed.is_empty() {
            assert_places(*format, &format.read(&claimed, &cx), &tree);
        }
    }
}

/// Whatever a reader says stands in a file that it was given, on a line which that file has.
fn assert_places(format: &dyn Format, declarations: &Declarations, tree: &Tree) {
    let assert_place = |at: &Location| {
        let lines = tree.get(&at.path).map(SourceFile::line_count);
        let stands =
            at.path.starts_with("catalog:") || lines.is_some_and(|lines| (1..=lines).contains(&at.line));
        assert!(stands, "{}: nothing stands at {}:{}", format.name(), at.path, at.line);
    };
    declarations.problems.iter().for_each(|problem| assert_place(&problem.location));
    for unit in &declarations.units {
        let nodes = unit.nodes.iter().flat_map(|node| &node.evidence);
        let edges = unit.edges.iter().flat_map(|edge| &edge.evidence);
        nodes.chain(edges).filter_map(Evidence::location).for_each(assert_place);
    }
}

/// What a scan of an input asks for.
pub fn request() -> Request {
    Request { max_file_bytes: 1 << 20, ..Request::new([] as [&str; 0], jiff::civil::date(2026, 11, 1)) }
}
