//! `replicas-may-share-a-host`: instances that nothing keeps on different hosts.

use crate::judge::Class;
use crate::judge::{Context, FindingLevel, Findings, Rule};

/// Instances that nothing keeps on different hosts.
pub(super) struct ReplicasMayShareAHost;

impl Rule for ReplicasMayShareAHost {
    fn id(&self) -> &'static str {
        "replicas-may-share-a-host"
    }

    fn summary(&self) -> &'static str {
        "Instances that nothing keeps on different hosts."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/replicas-may-share-a-host.md")
    }

    fn is_single_point(&self) -> bool {
        true
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        for point in cx.single_points().iter().filter(|point| point.class == Class::Host) {
            let name = cx.name(point.element);
            let draft = point
                .draft(cx, self)
                .message(format!(
                    "nothing keeps the instances of `{name}` on different hosts: {}",
                    point.loses(cx)
                ))
                .fix(
                    "ask for it: topology spread constraints or anti-affinity over hosts and zones",
                    "small",
                );
            out.push(cx, draft.confidence(crate::model::Confidence::Assumed));
        }
    }
}
