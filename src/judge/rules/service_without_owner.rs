//! `service-without-owner`: a service that nobody answers for, where others have an owner.

use crate::judge::{Context, Draft, FindingLevel, Findings, Rule};
use crate::model::{Attribute, Level};

/// A service that nobody answers for, where others have an owner.
pub(super) struct ServiceWithoutOwner;

impl Rule for ServiceWithoutOwner {
    fn id(&self) -> &'static str {
        "service-without-owner"
    }

    fn summary(&self) -> &'static str {
        "A service that nobody answers for, where others have an owner."
    }

    fn default_level(&self) -> FindingLevel {
        FindingLevel::Note
    }

    fn page(&self) -> &'static str {
        include_str!("../../../docs/rules/service-without-owner.md")
    }

    fn check(&self, cx: &Context<'_>, out: &mut Findings) {
        // Where few are named, owners are kept elsewhere: no word about anybody.
        let owned = cx.estate.services().filter(|node| node.owner.is_some()).count();
        if owned == 0 || owned * 2 < cx.estate.services().count() {
            return;
        }
        for node in cx.estate.services().filter(|node| node.owner.is_none()) {
            if node.attributes.bool(Attribute::Auxiliary) == Some(true) {
                continue;
            }
            let draft = Draft::new(cx, self, &node.id, Level::Instance)
                .level(if cx.tier(&node.id).is_some() { FindingLevel::Warning } else { FindingLevel::Note })
                .message(format!("nobody is named as owner of `{}`", cx.name(&node.id)))
                .services([node.id.clone()])
                .fix("add `owner` in `linchpin.toml`", "small");
            out.push(cx, draft);
        }
    }
}
