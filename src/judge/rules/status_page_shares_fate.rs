//! `status-page-shares-fate`: a status page that goes down with what it reports on.

use crate::judge::Class;
use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Category, Id, Kind, Node};

/// A status page that goes down with what it reports on.
pub(super) struct StatusPageSharesFate;

impl Rule for StatusPageSharesFate {
    fn id(&self) -> &'static str {
        "status-page-shares-fate"
    }

    fn summary(&self) -> &'static str {
        "A status page that goes down with what it reports on."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Warning
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/status-page-shares-fate.md")
    }

    fn counts_services(&self) -> bool {
        false
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        let pages: Vec<&Node> = cx.estate.nodes.values().filter(|node| is_status_page(node)).collect();
        let mut points: Vec<_> = cx
            .single_points()
            .iter()
            .filter(|point| matches!(point.class, Class::Region | Class::Provider | Class::Zone))
            .collect();
        points.sort_by_key(|point| (std::cmp::Reverse(point.level), point.element));
        for page in pages {
            let shared = points.iter().find(|point| {
                let others: Vec<&Id> = point.lost.iter().filter(|id| **id != page.id).collect();
                !others.is_empty() && cx.rests_on(&page.id, point.element)
            });
            let Some(point) = shared else { continue };
            let domain = point.element;
            let draft = Draft::new(cx, self, &page.id, point.level)
                .message(format!("status page `{}` goes down with `{}`", cx.name(&page.id), cx.name(domain)))
                .blast(cx.weigh(std::slice::from_ref(&page.id)))
                .services(point.services.iter().filter(|id| **id != page.id).cloned())
                .cut_set([page.id.clone(), domain.clone()])
                .path(cx, &[page.id.clone(), domain.clone()])
                .fix("host the status page with a provider that runs nothing else", "small");
            out.push(cx, draft);
        }
    }
}

/// A published name that starts with `status`, or a monitoring part that is called so.
fn is_status_page(node: &Node) -> bool {
    let name = node.name.to_lowercase();
    let says_status =
        name == "status" || ["status.", "status-", "statuspage"].iter().any(|start| name.starts_with(start));
    let may_be = node.kind == Kind::Domain || node.is_service || node.category == Some(Category::Monitoring);
    let is_providers = matches!(node.kind, Kind::Provider | Kind::ProviderService);
    says_status && may_be && !is_providers
}
