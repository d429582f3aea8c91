//! `one-provider-across-layers`: one provider that runs, names, delivers and signs in: nothing is left to act with when it fails.

use std::collections::BTreeMap;

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Category, Evidence, Id, Kind, Level};

/// One provider that runs, names, delivers and signs in: nothing is left to act with when it fails.
pub(super) struct OneProviderAcrossLayers;

impl Rule for OneProviderAcrossLayers {
    fn id(&self) -> &'static str {
        "one-provider-across-layers"
    }

    fn summary(&self) -> &'static str {
        "One provider that runs, names, delivers and signs in: nothing is left to act with when it fails."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/one-provider-across-layers.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for (provider, layers) in layers_by_provider(cx) {
            if layers.len() < FEWEST_LAYERS {
                continue;
            }
            let id = Id::provider(provider);
            let names: Vec<&str> = layers.keys().copied().collect();
            let services = cx.failure_of(&id).map_or_else(Vec::new, |failure| failure.lost.clone());
            let draft = Draft::new(cx, self, &id, Level::Provider)
                .message(format!("`{}` alone does {}", cx.name(&id), names.join(", ")))
                .services(services)
                .evidence(layers.values().copied().flatten())
                .fix("keep at least DNS and sign-in where they can be reached without it", "large");
            out.push(cx, draft);
        }
    }
}

const FEWEST_LAYERS: usize = 3;

type Layers<'a> = BTreeMap<&'static str, Option<&'a Evidence>>;

/// The layers of which each provider is the only one, with a piece of evidence for each.
fn layers_by_provider<'a>(cx: &Context<'a>) -> BTreeMap<&'a str, Layers<'a>> {
    let mut layers: BTreeMap<&'static str, BTreeMap<&str, Option<&Evidence>>> = BTreeMap::new();
    for node in cx.estate.nodes.values() {
        let Some(provider) = node.placement.provider.as_deref() else { continue };
        let Some(layer) = layer(node.kind, node.category) else { continue };
        let evidence = layers.entry(layer).or_default().entry(provider).or_default();
        *evidence = evidence.or(node.evidence.first());
    }
    let mut by_provider: BTreeMap<&str, Layers<'a>> = BTreeMap::new();
    for (layer, providers) in layers {
        if let [(provider, evidence)] = providers.into_iter().collect::<Vec<_>>()[..] {
            by_provider.entry(provider).or_default().insert(layer, evidence);
        }
    }
    by_provider
}

fn layer(kind: Kind, category: Option<Category>) -> Option<&'static str> {
    match category {
        _ if kind == Kind::DnsZone => Some("DNS"),
        Some(Category::Compute | Category::Cluster | Category::Database | Category::LoadBalancer) => {
            Some("compute")
        }
        Some(Category::Dns) => Some("DNS"),
        Some(Category::Cdn) => Some("delivery"),
        Some(Category::Mail) => Some("mail"),
        Some(Category::Identity) => Some("sign-in"),
        Some(Category::Certificates) => Some("certificates"),
        _ => None,
    }
}
