//! Where rules put what they find.

use sha2::{Digest, Sha256};

use super::finding::{BlastRadius, Edit, Finding, FindingLevel, Fix, Status, Verdict};
use super::patterns::Patterns;
use super::waivers::WaiverUse;
use super::{Context, Rule};
use crate::model::settings::RuleLevel;
use crate::model::{Confidence, Edge, Evidence, Id, Kind, Level};

/// Most pieces of evidence that one finding carries.
const MOST_EVIDENCE: usize = 8;

/// Collects findings, with the policy's levels applied.
#[derive(Default)]
pub struct Findings {
    found: Vec<Finding>,
    /// What became of each waiver; empty until the waivers were applied.
    pub(crate) waivers: Vec<WaiverUse>,
}

/// A finding in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    finding: Finding,
    cut_set: Vec<Id>,
    /// Who names the element, where nothing declares it; it comes after all other evidence.
    named: Vec<Evidence>,
}

/// The fingerprint of a finding: the first 16 hexadecimal digits of the SHA-256 of rule, element and cut set.
///
/// The services it takes down are left out, so that one more of them does not make it another risk; see
/// [`service_fingerprint`] for those who count per service.
pub fn fingerprint(rule: &str, element: &Id, cut_set: &[Id]) -> String {
    let mut ids: Vec<&str> = cut_set.iter().map(Id::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    hash([rule, element.as_str()].into_iter().chain(ids))
}

/// The fingerprint of what a finding means for one service.
pub fn service_fingerprint(finding: &Finding, service: &Id) -> String {
    hash([finding.fingerprint.as_str(), service.as_str()].into_iter())
}

fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Draft {
    /// A finding of a rule about an element, at the rule's own level, with the element's evidence and blast radius.
    pub fn new(cx: &Context<'_>, rule: &dyn Rule, element: &Id, domain_level: Level) -> Self {
        let node = cx.estate.node(element);
        let blast_radius = cx.failure_of(element).map(|failure| BlastRadius {
            services: failure.lost_count,
            weight: failure.weight_lost,
            share: failure.share_lost,
        });
        let finding = Finding {
            rule: rule.id(),
            level: rule.default_level(),
            fingerprint: String::new(),
            message: String::new(),
            services: Vec::new(),
            element: element.clone(),
            domain_level,
            blast_radius: blast_radius.unwrap_or_default(),
            status: Status::Open,
            verdict: Verdict::AtRisk,
            because: None,
            confidence: node.map_or(Confidence::Inferred, |node| node.confidence),
            path: Vec::new(),
            evidence: Vec::new(),
            fix: None,
        };
        let own: Vec<Evidence> =
            node.into_iter().flat_map(|node| node.evidence.iter().take(3)).cloned().collect();
        let mut draft = Draft { finding, cut_set: vec![element.clone()], named: Vec::new() };
        if is_place(cx, element) {
            draft.named = own;
        } else {
            draft.finding.evidence = own;
        }
        draft
    }

    /// One sentence without a full stop.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.finding.message = message.into();
        self
    }

    /// The level, where it is not the rule's own.
    pub fn level(mut self, level: FindingLevel) -> Self {
        self.finding.level = level;
        self
    }

    /// What is lost, where it is not what the element's own failure takes.
    pub fn blast(mut self, radius: BlastRadius) -> Self {
        self.finding.blast_radius = radius;
        self
    }

    /// The services concerned.
    pub fn services(mut self, services: impl IntoIterator<Item = Id>) -> Self {
        self.finding.services = services.into_iter().collect();
        self.finding.services.sort();
        self.finding.services.dedup();
        self
    }

    /// The elements that have to fail together, where it is not the element alone.
    pub fn cut_set(mut self, cut_set: impl IntoIterator<Item = Id>) -> Self {
        self.cut_set = cut_set.into_iter().collect();
        self
    }

    /// From a service to the element; the evidence of its edges is added, the last edge first, and nothing is
    /// surer than the least sure of them. What leads into a provider, region or zone comes before what lies within it.
    pub fn path(mut self, cx: &Context<'_>, path: &[Id]) -> Self {
        self.finding.path = path.to_vec();
        let ends_in_place = path.last().is_some_and(|id| is_place(cx, id));
        let edges = path.windows(2).rev();
        let edges = edges.filter_map(|pair| cx.estate.needs(&pair[0]).find(|edge| edge.to == pair[1]));
        let (within, into): (Vec<&Edge>, Vec<&Edge>) =
            edges.partition(|edge| ends_in_place && is_place(cx, &edge.from));
        into.into_iter().chain(within).fold(self, Draft::edge)
    }

    /// An edge that makes it so.
    pub fn edge(mut self, edge: &Edge) -> Self {
        self.finding.confidence = self.finding.confidence.min(edge.confidence);
        self.evidence(edge.evidence.iter().take(1))
    }

    /// More evidence, each piece once.
    pub fn evidence<'e>(mut self, evidence: impl IntoIterator<Item = &'e Evidence>) -> Self {
        for piece in evidence {
            if self.finding.evidence.len() < MOST_EVIDENCE && !self.finding.evidence.contains(piece) {
                self.finding.evidence.push(piece.clone());
            }
        }
        self
    }

    /// Evidence that stands before all other.
    pub fn first_evidence(mut self, evidence: Option<&Evidence>) -> Self {
        if let Some(piece) = evidence {
            self.finding.evidence.retain(|other| other != piece);
            self.finding.evidence.insert(0, piece.clone());
            self.finding.evidence.truncate(MOST_EVIDENCE);
        }
        self
    }

    /// How sure.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.finding.confidence = confidence;
        self
    }

    /// What stands against it, or why it is not known.
    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.finding.because = Some(because.into());
        self
    }

    /// It could not be shown either way.
    pub fn not_known(mut self, because: impl Into<String>) -> Self {
        self.finding.verdict = Verdict::NotKnown;
        self.because(because)
    }

    /// A way out, with its effort (`small`, `medium`, `large`).
    pub fn fix(mut self, summary: impl Into<String>, effort: &'static str) -> Self {
        self.finding.fix = Some(Fix { summary: summary.into(), effort, edits: Vec::new() });
        self
    }

    /// An edit that belongs to the way out.
    pub fn edit(mut self, edit: Edit) -> Self {
        if let Some(fix) = &mut self.finding.fix {
            fix.edits.push(edit);
        }
        self
    }
}

/// Whether a node is a provider, region or zone: what is named where others stand, and declared nowhere.
fn is_place(cx: &Context<'_>, id: &Id) -> bool {
    let kind = cx.estate.node(id).map(|node| node.kind);
    matches!(kind, Some(Kind::Provider | Kind::ProviderService | Kind::Region | Kind::Zone))
}

impl Findings {
    /// Adds a finding, unless the policy turns the rule off there.
    pub fn push(&mut self, cx: &Context<'_>, draft: Draft) {
        let named = draft.named.clone();
        let Draft { mut finding, cut_set, .. } = draft.evidence(&named);
        match policy_level(cx, &finding) {
            Some(RuleLevel::Off) => return,
            Some(RuleLevel::Note) => finding.level = FindingLevel::Note,
            Some(RuleLevel::Warning) => finding.level = FindingLevel::Warning,
            Some(RuleLevel::Error) if finding.verdict == Verdict::AtRisk => {
                finding.level = FindingLevel::Error
            }
            Some(RuleLevel::Error) | None => {}
        }
        finding.fingerprint = fingerprint(finding.rule, &finding.element, &cut_set);
        if finding.blast_radius == BlastRadius::default() && cx.failure_of(&finding.element).is_none() {
            finding.blast_radius = cx.weigh(&finding.services);
        }
        cx.keep_short(&mut finding.services);
        self.found.push(finding);
    }

    /// What was found so far.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter()
    }

    pub(crate) fn all_mut(&mut self) -> &mut Vec<Finding> {
        &mut self.found
    }

    pub(crate) fn into_ranked(self) -> Vec<Finding> {
        let mut found = self.found;
        rank(&mut found);
        found.dedup_by(|b, a| a.fingerprint == b.fingerprint);
        found
    }
}

/// Open ones first, then the worst, the widest, and by rule and element.
pub(crate) fn rank(found: &mut [Finding]) {
    found.sort_by(|a, b| {
        a.status
            .cmp(&b.status)
            .then_with(|| b.level.cmp(&a.level))
            .then_with(|| a.verdict.cmp(&b.verdict))
            .then_with(|| b.blast_radius.weight.total_cmp(&a.blast_radius.weight))
            .then_with(|| b.services.len().cmp(&a.services.len()))
            .then_with(|| a.rule.cmp(b.rule))
            .then_with(|| a.element.cmp(&b.element))
            .then_with(|| a.fingerprint.cmp(&b.fingerprint))
    });
}

fn policy_level(cx: &Context<'_>, finding: &Finding) -> Option<RuleLevel> {
    let policy = &cx.settings.policy;
    let path = finding.evidence.first().and_then(Evidence::location).map(|location| &*location.path);
    let overridden = policy.overrides.iter().rev().find_map(|one| {
        let level = one.rules.get(finding.rule).or_else(|| one.rules.get("*"))?;
        Patterns::new(&one.paths).any(path?).then_some(*level)
    });
    overridden.or_else(|| policy.rules.get(finding.rule).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_hold_rule_element_and_cut_set_in_any_order() {
        let (a, b) = (Id::app("a"), Id::app("b"));
        let one = fingerprint("single-instance", &a, &[a.clone(), b.clone()]);
        assert_eq!(one, fingerprint("single-instance", &a, &[b.clone(), a.clone()]));
        assert_ne!(one, fingerprint("single-zone", &a, &[a.clone(), b.clone()]));
        assert_ne!(one, fingerprint("single-instance", &b, &[a, b.clone()]));
        assert_eq!(one.len(), 16);
    }
}
