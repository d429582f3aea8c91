//! The order of the stages, written once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::analyze::{self, Analysis};
use crate::assemble;
use crate::catalog::{Catalog, TableError};
use crate::discover::{self, Discovery};
use crate::judge::{self, Comparison, Finding};
use crate::model::{Category, Declarations, Estate, Id, Kind, Settings, Tolerance};
use crate::read::{self, Format, ReadContext, Readings, settings};
use crate::resolve::{self, Lookups, ResolveError};
use crate::source::{Location, Problems, Severity, Skipped, SourceFile};

/// What to scan, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// The environment to analyze; production is chosen where it exists.
    pub environment: Option<String>,
    /// Whether test, example, development and archived folders are read too.
    pub include_left_out: bool,
    /// Another `linchpin.toml` than the root's.
    pub config: Option<PathBuf>,
    /// The day on which mitigations and waivers are judged.
    pub today: Date,
    /// Larger files are left out, in bytes.
    pub max_file_bytes: u64,
    /// Whether and how names are looked up.
    pub dns: resolve::Options,
}

impl Request {
    /// Scans what is deployed in `roots`, on a day, without looking names up.
    pub fn new<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>, today: Date) -> Self {
        Request {
            roots: roots.into_iter().map(Into::into).collect(),
            environment: None,
            include_left_out: false,
            config: None,
            today,
            max_file_bytes: discover::Options::default().max_file_bytes,
            dns: resolve::Options::default(),
        }
    }
}

/// What keeps a scan from being judged at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A root cannot be looked at.
    #[error(transparent)]
    Discover(#[from] discover::DiscoverError),
    /// No file says what is deployed.
    #[error("found nothing to read in `{roots}`{left_out}; `linchpin --help` lists the formats")]
    NothingToRead {
        /// The roots as given.
        roots: String,
        /// What was left out, and why; empty when nothing was.
        left_out: String,
    },
    /// Names cannot be looked up as was asked.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A file of `[data]` does not say what the table of the catalog that it overrides needs.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The policy does not say what its author believes.
    #[error("failed to read the policy: {path}:{line}: {message}")]
    Policy {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u32,
        /// What is wrong, and the way out.
        message: String,
    },
}

/// Runs all stages.
///
/// # Errors
///
/// [`ScanError::Discover`] when a root cannot be opened, [`ScanError::NothingToRead`] when nothing in it says
/// what is deployed and no names are given, [`ScanError::Policy`] when the policy cannot be understood,
/// [`ScanError::Table`] when a table of its `[data]` cannot be, [`ScanError::Resolve`] when names cannot be looked up
/// as was asked.
pub fn scan(request: &Request) -> Result<Outcome, ScanError> {
    Input::open(request)?.judge(request, request.environment.as_deref())
}

/// Runs all stages with another catalog than the embedded one or that of the policy.
///
/// # Errors
///
/// Those of [`scan`].
pub fn scan_with(request: &Request, catalog: &Arc<Catalog>) -> Result<Outcome, ScanError> {
    let input = Input { catalog: Arc::clone(catalog), ..Input::open(request)? };
    input.judge(request, request.environment.as_deref())
}

/// Runs all stages on files that are in memory; the request's roots only name them.
///
/// # Errors
///
/// Those of [`scan`].
pub fn scan_files(files: Vec<SourceFile>, request: &Request) -> Result<Outcome, ScanError> {
    let mut discovery = discover::sort_out(files, Vec::new(), &options(request));
    discovery.policy = discovery.tree.get(discover::POLICY).cloned();
    Input::given(discovery, request)?.judge(request, request.environment.as_deref())
}

/// Files in memory with the policy that they are judged by.
pub(crate) struct Input {
    pub(crate) discovery: Discovery,
    pub(crate) settings: Settings,
    /// What is known about providers, with the tables that the policy overrides.
    pub(crate) catalog: Arc<Catalog>,
    /// What is odd about the policy.
    odd: Problems,
}

impl Input {
    /// The files of the request's roots.
    pub(crate) fn open(request: &Request) -> Result<Self, ScanError> {
        Self::given(discover::discover(&request.roots, &options(request))?, request)
    }

    /// Files that were found or given, of which some have to say what is deployed.
    fn given(discovery: Discovery, request: &Request) -> Result<Self, ScanError> {
        let describes = |claim: &discover::Claim| claim.format.describes_deployment();
        if !discovery.claims.iter().any(describes) && request.dns.names.is_empty() {
            let roots = roots(request).join("`, `");
            return Err(ScanError::NothingToRead { roots, left_out: left_out(&discovery.skipped) });
        }
        let input = Self::of(discovery)?;
        let catalog = catalog(&input.settings, request)?;
        Ok(Input { catalog, ..input })
    }

    /// Files that were found, with their policy and the embedded catalog.
    pub(crate) fn of(discovery: Discovery) -> Result<Self, ScanError> {
        let (settings, odd) = read_settings(&discovery)?;
        Ok(Input { discovery, settings, catalog: Arc::clone(Catalog::embedded()), odd })
    }

    /// All stages after the files are in memory.
    ///
    /// # Errors
    ///
    /// [`ScanError::Resolve`] when names cannot be looked up as was asked.
    pub(crate) fn judge(&self, request: &Request, environment: Option<&str>) -> Result<Outcome, ScanError> {
        self.judge_declared(request, environment, self.read(environment))
    }

    /// What the formats declare of the files.
    fn read(&self, environment: Option<&str>) -> Vec<Declarations> {
        self.read_by(environment, read::read)
    }

    /// What the formats declare of the files; what did not change since it was read before is not read again. All
    /// who share readings have the same catalog.
    pub(crate) fn read_again(&self, environment: Option<&str>, readings: &Readings) -> Vec<Declarations> {
        self.read_by(environment, |format, paths, cx| readings.read(format, paths, cx))
    }

    fn read_by(
        &self,
        environment: Option<&str>,
        read: impl Fn(&'static dyn Format, &[String], &ReadContext<'_>) -> Declarations + Sync,
    ) -> Vec<Declarations> {
        let cx = ReadContext { tree: &self.discovery.tree, catalog: &self.catalog, environment };
        let claims = self.discovery.claims.par_iter();
        claims.map(|claim| read(claim.format, &claim.paths, &cx)).collect()
    }

    /// All stages after the files are read.
    ///
    /// # Errors
    ///
    /// [`ScanError::Resolve`] when names cannot be looked up as was asked.
    pub(crate) fn judge_declared(
        &self,
        request: &Request,
        environment: Option<&str>,
        declarations: Vec<Declarations>,
    ) -> Result<Outcome, ScanError> {
        let mut outcome = judge_declarations(self, declarations, environment, request)?;
        let folder = request.roots.first().map(|root| discover::folder_name(root));
        let organization = folder.or_else(|| request.dns.names.first().cloned()).unwrap_or_default();
        outcome.organization = self.settings.organization.name.clone().unwrap_or(organization);
        outcome.roots = roots(request);
        outcome.settings = self.settings.clone();
        outcome.data_date = self.catalog.data_date().to_owned();
        outcome.catalog = Arc::clone(&self.catalog);
        Ok(outcome)
    }
}

/// The catalog with the tables that the policy overrides.
fn catalog(settings: &Settings, request: &Request) -> Result<Arc<Catalog>, ScanError> {
    if settings.data.is_empty() {
        return Ok(Arc::clone(Catalog::embedded()));
    }
    let folder = beside_policy(request);
    let mut tables = Vec::new();
    for (table, path) in &settings.data {
        let file = discover::open_named(&folder.join(path))?;
        tables.push((table.as_str(), file.text().to_owned()));
    }
    Ok(Arc::new(Catalog::with_overrides(tables)?))
}

/// The first of what was left out, in words.
fn left_out(skipped: &[Skipped]) -> String {
    let first = skipped.first().map(|first| format!(": `{}` is left out ({})", first.path, first.reason));
    first.unwrap_or_default()
}

/// How the request wants files to be found.
pub(crate) fn options(request: &Request) -> discover::Options {
    discover::Options {
        include_left_out: request.include_left_out,
        max_file_bytes: request.max_file_bytes,
        policy: request.config.clone(),
        ..discover::Options::default()
    }
}

fn roots(request: &Request) -> Vec<String> {
    request.roots.iter().map(|root| root.display().to_string()).collect()
}

/// The stages after the files are read.
fn judge_declarations(
    input: &Input,
    mut declarations: Vec<Declarations>,
    environment: Option<&str>,
    request: &Request,
) -> Result<Outcome, ScanError> {
    let Input { discovery, settings, catalog, odd } = input;
    declarations.extend(look_up(&declarations, settings, catalog, request)?);
    let mut draft = assemble::gather(declarations, environment);
    let (estate, undeclared) = judge::apply_services(std::mem::take(&mut draft.estate), settings);
    draft.estate = estate;
    let assembly = assemble::complete(draft, catalog);
    let mut problems = assembly.problems;
    problems.extend(odd.clone());
    problems.extend(undeclared);
    problems.extend(note_replaced(discovery));
    let mut skipped = discovery.skipped.clone();
    skipped.extend(assembly.skipped);
    let Judged { estate, analysis, findings, lists_in_part } =
        judge_estate(assembly.estate, settings, catalog, request.today);
    if 0 < lists_in_part {
        problems.note(whole_input(), listed_in_part(lists_in_part));
    }
    let lapsed = judge::lapsed(&estate, settings, request.today);
    let mut outcome = Outcome {
        lapsed,
        files: files_read(discovery),
        skipped,
        problems,
        estate,
        analysis,
        findings,
        ..Outcome::default()
    };
    outcome.completeness = Completeness { lists_in_part, ..completeness(&outcome) };
    Ok(outcome)
}

/// Files with bytes that are no text: what stands there cannot be told.
fn note_replaced(discovery: &Discovery) -> Problems {
    let mut problems = Problems::new();
    let paths = discovery.claims.iter().flat_map(|claim| &claim.paths);
    for file in paths.filter_map(|path| discovery.tree.get(path)).filter(|file| file.is_lossy()) {
        problems.note(file.location(0), "bytes that are not UTF-8 were replaced");
    }
    problems
}

/// What the DNS says of the names that were read or given; nothing when it is not asked.
fn look_up(
    declarations: &[Declarations],
    settings: &Settings,
    catalog: &Catalog,
    request: &Request,
) -> Result<Option<Declarations>, ScanError> {
    let mut options = request.dns.clone();
    if options.lookups == Lookups::AsSet
        && let Some(recording) = &settings.dns.replay
    {
        options.lookups = Lookups::Replay(beside_policy(request).join(recording));
    }
    let names = resolve::names_of(declarations, &options.names);
    let Some(mut answers) = resolve::answers(&options, &names)? else { return Ok(None) };
    let oldest = settings
        .policy
        .max_dns_age_days
        .and_then(|days| request.today.checked_sub(jiff::Span::new().days(i64::from(days))).ok());
    let odd = resolve::leave_out_older(&mut answers, oldest);
    let mut declared = resolve::declare(&names, &answers, catalog);
    declared.problems.extend(odd);
    Ok(Some(declared))
}

/// The folder that paths in the policy are relative to.
fn beside_policy(request: &Request) -> PathBuf {
    match (&request.config, request.roots.first()) {
        (Some(file), _) => file.parent().map(PathBuf::from).unwrap_or_default(),
        (None, Some(root)) => root.clone(),
        (None, None) => PathBuf::new(),
    }
}

/// The organization's policy, with the waivers that stand in comments.
fn read_settings(discovery: &Discovery) -> Result<(Settings, Problems), ScanError> {
    let rules: Vec<&str> = judge::RULES.iter().map(|rule| rule.id()).collect();
    let (mut settings, mut problems) = match &discovery.policy {
        Some(file) => settings::read_settings(file, &rules),
        None => (Settings::default(), Problems::new()),
    };
    if let Some(error) = problems.iter().find(|problem| problem.severity == Severity::Error) {
        let at = &error.location;
        return Err(ScanError::Policy {
            path: at.path.to_string(),
            line: at.line,
            message: error.message.clone(),
        });
    }
    for path in discovery.claims.iter().flat_map(|claim| &claim.paths) {
        let Some(file) = discovery.tree.get(path).filter(|file| file.text().contains("linchpin:")) else {
            continue;
        };
        let (waivers, odd) = settings::inline_waivers(file, &rules);
        settings.waivers.extend(waivers);
        problems.extend(odd);
    }
    Ok((settings, problems))
}

/// The place of what is said about all input together.
fn whole_input() -> Location {
    Location { path: ".".into(), line: 1, column: 1 }
}

fn listed_in_part(lists: usize) -> String {
    format!(
        "{lists} lists name some and not all of their members (services that an element takes, causes that a group's \
         members share), since all together would be too long; numbers of services and weights are of all"
    )
}

/// An estate with what was found about it.
struct Judged {
    estate: Estate,
    analysis: Analysis,
    findings: Vec<Finding>,
    /// How many lists are not complete.
    lists_in_part: usize,
}

/// Judges the estate with its mitigations; what they answer stays among the findings.
fn judge_estate(estate: Estate, settings: &Settings, catalog: &Catalog, today: Date) -> Judged {
    let judged = |estate: Estate| {
        let stuck = stuck(&estate, catalog, today);
        let analysis = Analysis { stuck, ..analyze::analyze(&estate) };
        let (findings, lists_in_part) = {
            let cx = judge::Context::new(&estate, &analysis, settings, catalog, today);
            (judge::judge(&cx), cx.lists_in_part() + analysis.lists_in_part())
        };
        Judged { estate, analysis, findings, lists_in_part }
    };
    if settings.mitigations.is_empty() {
        return judged(estate);
    }
    let Judged { estate, findings: unmitigated, .. } = judged(estate);
    let mitigated = judged(judge::apply_mitigations(estate, settings, today));
    let findings = judge::mark_mitigated(unmitigated, mitigated.findings);
    Judged { findings, ..mitigated }
}

/// The ways out that need what has just failed; what providers need inside themselves counts here alone.
fn stuck(estate: &Estate, catalog: &Catalog, today: Date) -> Vec<analyze::Stuck> {
    if !analyze::has_ways_out(estate) {
        return Vec::new();
    }
    let mut estate = estate.clone();
    assemble::add_control_planes(&mut estate, catalog, &today.to_string());
    analyze::stuck(&estate)
}

fn files_read(discovery: &Discovery) -> Vec<FileRead> {
    let mut files: Vec<FileRead> = discovery
        .claims
        .iter()
        .flat_map(|claim| claim.paths.iter().map(|path| (claim.format.name(), path)))
        .map(|(format, path)| FileRead {
            path: path.clone(),
            format,
            bytes: discovery.tree.get(path).map_or(0, |file| file.text().len() as u64),
        })
        .collect();
    files.sort();
    files
}

/// Counts what is not known.
fn completeness(outcome: &Outcome) -> Completeness {
    let count = |wanted: &dyn Fn(&crate::model::Node) -> bool| {
        outcome.estate.nodes.values().filter(|node| wanted(node)).count()
    };
    // Where a build runs is nobody's outage.
    let is_build = |node: &crate::model::Node| node.category == Some(Category::Ci) && !node.is_service;
    let is_part =
        |node: &crate::model::Node| matches!(node.kind, Kind::Component | Kind::Service) && !is_build(node);
    let in_part = outcome.problems.iter().filter(|problem| problem.severity != Severity::Note);
    let in_part: std::collections::BTreeSet<_> = in_part.map(|problem| &problem.location.path).collect();
    Completeness {
        unresolved_references: count(&|node| node.kind == Kind::Unresolved),
        unresolved_names: count(&|node| {
            node.kind == Kind::Host
                && node.id.rest().parse::<std::net::IpAddr>().is_err()
                && node.placement.provider.is_none()
                && outcome.estate.needs(&node.id).next().is_none()
        }),
        unknown_providers: count(&|node| is_part(node) && node.placement.provider.is_none()),
        unknown_regions: count(&|node| {
            is_part(node)
                && node.placement.provider.is_some()
                && node.placement.region.is_none()
                && !node.placement.global
        }),
        unknown_semantics: count(&|node| is_part(node) && node.tolerance == Tolerance::Unknown),
        files_skipped: outcome.skipped.len(),
        files_in_part: in_part.len(),
        verdicts_not_known: outcome
            .findings
            .iter()
            .filter(|finding| finding.verdict == crate::judge::Verdict::NotKnown)
            .count(),
        lists_in_part: 0,
    }
}

/// Everything a report may show.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Name of the organization, from `linchpin.toml`, else the root folder's name.
    pub organization: String,
    /// The scanned roots as they were given.
    pub roots: Vec<String>,
    /// Files read, in order of path.
    pub files: Vec<FileRead>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// Odd input.
    pub problems: Problems,
    /// The graph.
    pub estate: Estate,
    /// What was computed.
    pub analysis: Analysis,
    /// What was judged: open ones first, by level, blast radius, rule, element.
    pub findings: Vec<Finding>,
    /// What is not known.
    pub completeness: Completeness,
    /// What the organization says about itself.
    pub settings: Settings,
    /// Date of the catalog's data.
    pub data_date: String,
    /// What is known about providers, with the tables that the organization overrides.
    pub catalog: Arc<Catalog>,
    /// Elements whose mitigation held until it expired or its test became too old.
    pub lapsed: BTreeSet<Id>,
    /// What changed against a scan of before, where it was compared with one.
    pub comparison: Option<Comparison>,
}

/// A file that a format read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileRead {
    /// Path relative to the root.
    pub path: String,
    /// The format's name.
    pub format: &'static str,
    /// Size.
    pub bytes: u64,
}

/// What could not be read, resolved or known, and so might change a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// References to things that nothing in the input defines.
    pub unresolved_references: usize,
    /// Names that were not looked up, or had no answer.
    pub unresolved_names: usize,
    /// Components whose provider is not known.
    pub unknown_providers: usize,
    /// Components whose region should be said and could not be read.
    pub unknown_regions: usize,
    /// Components whose redundancy is not known.
    pub unknown_semantics: usize,
    /// Files left out.
    pub files_skipped: usize,
    /// Files read only in part.
    pub files_in_part: usize,
    /// Findings whose verdict is "not known".
    pub verdicts_not_known: usize,
    /// Lists that name some of their members, since all would be too many. Counts and weights are of all.
    pub lists_in_part: usize,
}
