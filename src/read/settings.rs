//! `linchpin.toml` and inline waivers: what the organization says about itself.
//!
//! Unlike manifests, this file is written for linchpin: a key or word it does not know is an error that names the
//! nearest one, since a misspelt waiver or tier would be believed to hold.

mod fields;
mod inline;
mod sections;

pub use inline::inline_waivers;

use crate::model::Settings;
use crate::source::{Problems, SourceFile};

/// The file's name.
pub const FILE_NAME: &str = "linchpin.toml";

/// Reads a `linchpin.toml`. `rules` are the ids that a policy or waiver may name.
///
/// What could be understood is returned even where there are problems; an error among them means that the
/// policy does not say what its author believes, and so must not be judged by.
pub fn read_settings(file: &SourceFile, rules: &[&str]) -> (Settings, Problems) {
    fields::read(file, |root| sections::settings(root, rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::{MitigationKind, RuleLevel};
    use crate::model::{Level, Need, Phase};

    const RULES: &[&str] = &["single-instance", "single-zone"];

    fn read(text: &str) -> (Settings, Vec<String>) {
        let (settings, problems) = read_settings(&SourceFile::new(FILE_NAME, text.as_bytes()), RULES);
        let line =
            |p: &crate::source::Problem| format!("{}:{} {}", p.location.path, p.location.line, p.message);
        (settings, problems.iter().map(line).collect())
    }

    #[test]
    fn everything_that_may_be_said_is_read() {
        let (settings, problems) = read(include_str!("../../fixtures/settings/full.toml"));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(settings.organization.name.as_deref(), Some("Example shop"));
        assert_eq!(settings.scan.environment.as_deref(), Some("production"));
        assert_eq!(settings.services.len(), 3);
        let checkout = &settings.services[0];
        assert_eq!((checkout.rto_seconds, checkout.weight), (Some(1_800), Some(10.0)));
        assert_eq!((checkout.needs[0].need, checkout.needs[0].phase), (Need::Optional, Phase::Runtime));
        assert_eq!((checkout.needs[1].on.len(), checkout.needs[1].k), (3, 2));
        let gold = &settings.tiers["critical"];
        assert!(gold.survives.contains(&Level::Host) && gold.survives.contains(&Level::Dns));
        assert!(!gold.survives.contains(&Level::Provider));
        assert_eq!(settings.policy.rules["single-zone"], RuleLevel::Warning);
        assert_eq!(settings.policy.max_waiver_days, Some(180));
        assert_eq!(settings.policy.thresholds[0].max, Some(0.6));
        assert_eq!(settings.mitigations[0].kind, MitigationKind::Failover);
        assert_eq!(settings.mitigations[0].tested, Some(jiff::civil::date(2026, 5, 1)));
        let place = settings.waivers[0].evidence.as_ref().unwrap().location().unwrap();
        let text = include_str!("../../fixtures/settings/full.toml");
        assert_eq!(text.lines().nth(place.line as usize - 1), Some("[[waivers]]"));
    }

    #[test]
    fn what_is_not_known_is_an_error_with_its_line_and_a_way_out() {
        let (_, problems) = read(
            "[policy]\nfail_on = \"error\"\n[policy.rules]\nsingle-zon = \"off\"\nsingle-zone = \"of\"\n[[tier]]\nx = 1\n",
        );
        assert_eq!(
            problems,
            [
                "linchpin.toml:2 `fail_on` is not known in `policy`; did you mean `fail-on`?",
                "linchpin.toml:4 there is no rule `single-zon`; did you mean `single-zone`?",
                "linchpin.toml:5 `of` is no value of `policy.rules.single-zone`; did you mean `off`?",
                "linchpin.toml:6 `tier` is not known here; did you mean `tiers`?",
            ]
        );
    }

    #[test]
    fn wrong_values_are_errors_and_the_rest_is_kept() {
        let (settings, problems) = read(
            "[organization]\nname = 3\n[[services]]\nmatch = \"a\"\nrto = \"soon\"\nweight = 2\n[[services]]\n[[waivers]]\nexpires = \"2027-13-01\"\n",
        );
        assert_eq!(settings.services[0].weight, Some(2.0));
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[1].contains("`services.rto` has to be a span of time such as"));
        assert!(problems[2].contains("a service needs `match`"));
    }

    #[test]
    fn broken_toml_is_a_problem_and_no_panic() {
        for text in [
            "[",
            "a = ",
            "[[services]\nname = \"x\"",
            "\u{0}",
            "a.b.c = 1\na.b = 2",
            "x = 99999999999999999999",
        ] {
            assert!(!read(text).1.is_empty(), "{text}");
        }
        assert!(read("").1.is_empty());
    }
}
