//! Concentration that exceeds what the organization wants, or that a fresh reader should see.

use super::{Context, Draft, FindingLevel, Rule};
use crate::analyze::{Concentration, Dimension, Share};
use crate::model::Level;
use crate::model::settings::{Measure, RuleLevel, Threshold};

/// From which placement share a concentration is worth a note where no threshold is declared.
const WORTH_A_NOTE: f64 = 0.5;

/// One share that is worth a finding.
pub(crate) struct Concentrated<'a> {
    concentration: &'a Concentration,
    share: &'a Share,
    limit: Option<&'a Threshold>,
}

/// The shares over the dimensions that exceed a declared threshold, or, where none is declared for all categories,
/// hold more than half of everything and are no single point of failure (which says more).
pub(crate) fn concentrated<'a>(cx: &Context<'a>, dimensions: &[Dimension]) -> Vec<Concentrated<'a>> {
    let mut found = Vec::new();
    for concentration in cx.analysis.concentration.iter().filter(|one| dimensions.contains(&one.dimension)) {
        let limits: Vec<&Threshold> = cx
            .settings
            .policy
            .thresholds
            .iter()
            .filter(|limit| {
                limit.dimension == concentration.dimension.word() && limit.category == concentration.category
            })
            .collect();
        for limit in &limits {
            let over = concentration.shares.iter().filter(|share| exceeds(concentration, share, limit));
            found.extend(over.map(|share| Concentrated { concentration, share, limit: Some(limit) }));
        }
        if limits.is_empty() && concentration.category.is_none() && 1 < cx.analysis.services {
            let notable = concentration.shares.iter().filter(|share| is_notable(cx, concentration, share));
            found.extend(notable.map(|share| Concentrated { concentration, share, limit: None }));
        }
    }
    found
}

impl Concentrated<'_> {
    /// The finding, but for its way out.
    pub(crate) fn draft(&self, cx: &Context<'_>, rule: &dyn Rule) -> Draft {
        let level = match self.concentration.dimension {
            Dimension::Provider | Dimension::UltimateProvider | Dimension::Jurisdiction => Level::Provider,
            Dimension::Region => Level::Region,
            Dimension::Zone => Level::Zone,
            Dimension::Asn => Level::ProviderService,
        };
        let severity = match self.limit.map(|limit| limit.level) {
            Some(RuleLevel::Error) => FindingLevel::Error,
            Some(RuleLevel::Warning) => FindingLevel::Warning,
            _ => FindingLevel::Note,
        };
        let services = cx.failure_of(&self.share.id).map_or_else(Vec::new, |failure| failure.lost.clone());
        let path = cx.failure_of(&self.share.id).and_then(|failure| failure.paths.first());
        let cut_set = [self.share.id.clone()].into_iter().chain(self.limit.map(|limit| {
            let category = limit.category.map_or("all", |category| category.word());
            crate::model::Id::new(format!(
                "threshold:{}/{category}/{}",
                limit.dimension,
                limit.measure.word()
            ))
        }));
        Draft::new(cx, rule, &self.share.id, level)
            .level(severity)
            .message(self.message(cx))
            .services(services)
            .cut_set(cut_set)
            .path(cx, path.map_or(&[], Vec::as_slice))
            .evidence(self.limit.and_then(|limit| limit.evidence.as_ref()))
    }

    fn message(&self, cx: &Context<'_>) -> String {
        let kind = self.concentration.category.map_or_else(String::new, |category| format!(" of {category}"));
        let name = cx.name(&self.share.id);
        let place = percent(self.share.placement_share);
        let Some(limit) = self.limit else {
            let placed =
                if self.concentration.unplaced_share < 0.005 { "" } else { " of what has a known place" };
            return format!("{place}{kind}{placed} is placed with `{name}`");
        };
        let max = limit.max.unwrap_or(1.0);
        match limit.measure {
            Measure::PlacementShare | Measure::Cr1 => {
                format!("{place}{kind} is placed with `{name}`; the policy's limit is {}", percent(max))
            }
            Measure::LossShare => {
                format!(
                    "{} goes down with `{name}`; the policy's limit is {}",
                    percent(self.share.loss_share),
                    percent(max)
                )
            }
            Measure::Cr3 => {
                format!(
                    "the three largest, led by `{name}`, hold {}; the policy's limit is {}",
                    percent(self.concentration.cr3),
                    percent(max)
                )
            }
            Measure::Hhi => format!(
                "concentration over {}s is {:.2} (HHI, 0 to 1), led by `{name}` with {place}; the policy's limit is {max:.2}",
                limit.dimension, self.concentration.hhi
            ),
        }
    }
}

fn exceeds(concentration: &Concentration, share: &Share, limit: &Threshold) -> bool {
    let Some(max) = limit.max.filter(|_| !is_unknown(share)) else { return false };
    let leads = || {
        concentration.shares.iter().find(|share| !is_unknown(share)).is_some_and(|first| first.id == share.id)
    };
    match limit.measure {
        Measure::PlacementShare => max < share.placement_share,
        Measure::LossShare => max < share.loss_share,
        Measure::Hhi => max < concentration.hhi && leads(),
        Measure::Cr1 => max < concentration.cr1 && leads(),
        Measure::Cr3 => max < concentration.cr3 && leads(),
    }
}

fn is_notable(cx: &Context<'_>, concentration: &Concentration, share: &Share) -> bool {
    // A company that owns one brand of those used holds no more than the brand.
    let holds_a_brand = || {
        cx.analysis.concentration.iter().any(|one| {
            one.dimension == Dimension::Provider
                && one.category.is_none()
                && one.shares.iter().any(|brand| share.placement_share <= brand.placement_share + 1e-9)
        })
    };
    WORTH_A_NOTE < concentration.share_of_all(share)
        && !is_unknown(share)
        && (concentration.dimension != Dimension::UltimateProvider || !holds_a_brand())
        && !cx.single_points().iter().any(|point| *point.element == share.id)
}

fn is_unknown(share: &Share) -> bool {
    share.id.as_str().ends_with("unknown")
}

/// A share for people.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
