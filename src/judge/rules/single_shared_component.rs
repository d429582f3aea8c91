//! `single-shared-component`: one gateway, load balancer, cluster or secret store on which services rest.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// One gateway, load balancer, cluster or secret store on which services rest.
pub(super) struct SingleSharedComponent;

impl Rule for SingleSharedComponent {
    fn id(&self) -> &'static str {
        "single-shared-component"
    }

    fn summary(&self) -> &'static str {
        "One gateway, load balancer, cluster or secret store on which services rest."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Error
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/single-shared-component.md")
    }

    fn is_single_point(&self) -> bool {
        true
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Shared) {
            let name = cx.name(point.element);
            let draft = point
                .draft(cx, self)
                .message(format!("`{name}` is the only one of its kind on the way: {}", point.loses(cx)))
                .fix("add one for each zone, or a product that spans zones", "medium");
            out.push(cx, draft);
        }
    }
}
