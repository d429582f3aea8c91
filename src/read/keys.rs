//! Keys of settings that a provider hands out: whose service a program's settings open, and when that is needed.
//!
//! `STRIPE_SECRET_KEY` shows that a program can speak to Stripe, not that it cannot do without: such a need is optional.

use std::collections::BTreeSet;

use super::hosts::{self, Endpoint, Sureness};
use crate::catalog::{Catalog, NameKind};
use crate::model::{Evidence, Phase, Target};
use crate::source::Location;

/// The settings of one program, as far as they bear on what one of its keys means.
pub(super) struct Keys<'c> {
    catalog: &'c Catalog,
    /// Providers in whose stead the settings name other hosts: a product that is run, not bought.
    elsewhere: BTreeSet<String>,
}

impl<'c> Keys<'c> {
    /// Looks over all settings of a program, as pairs of key and value.
    pub(super) fn among<'s>(
        settings: impl Iterator<Item = (&'s str, &'s str)>,
        catalog: &'c Catalog,
    ) -> Self {
        let mut elsewhere = BTreeSet::new();
        for (key, value) in settings {
            // Stores that speak the protocol of S3 are given keys of the same name.
            let speaks_like_aws = key.contains("MINIO")
                || (key.contains("ENDPOINT") && (key.contains("S3") || key.contains("AWS")));
            let product = match catalog.setting_key(key) {
                Some(known) => Some((&*known.provider, names_another(key, value, &known.provider, catalog))),
                None => speaks_like_aws.then(|| ("aws", !names(key, value, "aws", catalog))),
            };
            elsewhere.extend(product.filter(|(_, is_own)| *is_own).map(|(provider, _)| provider.to_owned()));
        }
        Keys { catalog, elsewhere }
    }

    /// Whose service a key opens, and when it is needed.
    pub(super) fn opened_by(&self, key: &str) -> Option<(Target, Phase)> {
        let known =
            self.catalog.setting_key(key).filter(|known| !self.elsewhere.contains(&*known.provider))?;
        let phase = if &*known.category == "monitoring" { Phase::Observe } else { Phase::Runtime };
        Some((provider(&known.provider), phase))
    }
}

/// A provider as the far end of a need.
pub(super) fn provider(id: &str) -> Target {
    Target::Provider { provider: id.to_owned(), service: None, region: None }
}

/// Whether a value is one: neither nothing, nor a blank to be filled, nor a word for "not used".
pub(super) fn is_set(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let is_off = ["", "false", "0", "off", "no", "none", "null", "nil", "disabled"].contains(&&*value);
    !is_off && !is_blank(&value)
}

/// Whether a value stands for one that is still to be written.
pub(super) fn is_blank(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ["your", "example", "change", "replace", "xxx", "placeholder", "todo", "dummy", "fake", "<", "..."]
        .iter()
        .any(|word| value.contains(word))
}

/// What a host stands for that a sample names. Samples are made up: of a public name no more is taken than whose
/// it would be, and of an address nothing.
pub(super) fn in_sample(target: Target, catalog: &Catalog) -> Option<Target> {
    match &target {
        Target::Host { name, .. } if name.contains('.') => {
            catalog.identify(NameKind::Host, name).map(|found| provider(found.provider))
        }
        Target::Host { .. } => Some(target),
        _ => None,
    }
}

/// A setting without its value, which may be a secret.
pub(super) fn masked(location: Location, key: &str) -> Evidence {
    let text = format!("{}=***", key.chars().take(100).collect::<String>());
    Evidence::File { location, text: text.into() }
}

/// Whether a setting names hosts, and the provider's is not among them.
fn names_another(key: &str, value: &str, provider: &str, catalog: &Catalog) -> bool {
    let is_named = |endpoint: &Endpoint| {
        endpoint.sure == Sureness::Certain
            && matches!(endpoint.target, Target::Host { .. } | Target::Address(_))
    };
    let named = hosts::in_setting(key, value);
    !is_blank(value)
        && named.iter().flat_map(|mention| &mention.endpoints).any(is_named)
        && !names(key, value, provider, catalog)
}

/// Whether a setting names a host of the provider.
fn names(key: &str, value: &str, provider: &str, catalog: &Catalog) -> bool {
    let named = hosts::in_setting(key, value);
    let mut endpoints = named.iter().flat_map(|mention| &mention.endpoints);
    endpoints.any(|endpoint| match &endpoint.target {
        Target::Host { name, .. } => {
            let found = catalog.identify(NameKind::Host, name);
            found.is_some_and(|found| found.provider == provider || found.parent == Some(provider))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(settings: &[(&str, &str)], key: &str) -> Option<String> {
        let keys = Keys::among(settings.iter().copied(), Catalog::embedded());
        keys.opened_by(key).map(|(target, phase)| match target {
            Target::Provider { provider, .. } => format!("{provider} {phase}"),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_key_opens_its_providers_service() {
        assert_eq!(opened(&[], "STRIPE_SECRET_KEY").as_deref(), Some("stripe runtime"));
        assert_eq!(opened(&[], "SENTRY_DSN").as_deref(), Some("sentry observe"));
        assert_eq!(opened(&[], "SECRET_KEY"), None);
        // Own words stand in front of what holds a credential.
        assert_eq!(opened(&[], "ACME_SENDGRID_API_KEY").as_deref(), Some("sendgrid runtime"));
        assert_eq!(opened(&[], "NEXT_PRIVATE_STRIPE_WEBHOOK_SECRET").as_deref(), Some("stripe runtime"));
        for other in ["USE_SLACK_THEME", "ALLOW_STRIPE", "BLACKSTRIPE_KEY"] {
            assert_eq!(opened(&[], other), None, "{other}");
        }
    }

    #[test]
    fn a_product_that_is_run_by_oneself_is_not_bought() {
        let own = [("SUPABASE_URL", "http://kong:8000"), ("SUPABASE_ANON_KEY", "x")];
        assert_eq!(opened(&own, "SUPABASE_ANON_KEY"), None);
        assert_eq!(opened(&[("PUSHER_HOST", "soketi")], "PUSHER_APP_KEY"), None);
        let bought = [("SUPABASE_URL", "https://abc.supabase.co"), ("POSTHOG_HOST", "${POSTHOG_HOST}")];
        assert!(
            opened(&bought, "SUPABASE_ANON_KEY").is_some() && opened(&bought, "POSTHOG_API_KEY").is_some()
        );
        assert_eq!(opened(&[("S3_ENDPOINT", "http://minio:9000")], "AWS_ACCESS_KEY_ID"), None);
        let aws = [("S3_ENDPOINT", "https://s3.eu-west-1.amazonaws.com")];
        assert!(opened(&aws, "AWS_ACCESS_KEY_ID").is_some());
    }

    #[test]
    fn words_for_nothing_are_no_values() {
        assert!(is_set("sk_live_1") && is_set("${STRIPE_KEY}"));
        for value in ["", " ", "false", "None", "your-key", "<token>", "0"] {
            assert!(!is_set(value), "{value}");
        }
    }
}
