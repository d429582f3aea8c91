//! Words for environments: which mean production, and how a name holds one.

/// Words for an environment that may stand alone as a name or at either end of it.
const WORDS: &[&str] = &[
    "production",
    "prod",
    "prd",
    "live",
    "staging",
    "stage",
    "stg",
    "development",
    "dev",
    "develop",
    "test",
    "testing",
    "tst",
    "qa",
    "uat",
    "preprod",
    "pre-prod",
    "preproduction",
    "preview",
    "sandbox",
    "nonprod",
    "non-prod",
    "integration",
    "local",
];

/// The usual names of the environment that matters.
pub const PRODUCTION: &[&str] = &["production", "prod", "prd", "live"];

/// Words for environments of people at work and of tests, which say nothing of what is deployed.
const FOR_WORK: &[&str] =
    &["test", "tests", "testing", "ci", "e2e", "local", "dev", "development", "develop", "debug"];

/// Whether an environment is one of people at work or of tests.
pub fn is_for_work(name: &str) -> bool {
    FOR_WORK.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether two environment names mean the same: equal but for case, or both a name of production.
pub fn same_environment(a: &str, b: &str) -> bool {
    let production = |name: &str| PRODUCTION.iter().any(|usual| name.eq_ignore_ascii_case(usual));
    a.eq_ignore_ascii_case(b) || (production(a) && production(b))
}

/// The stem and the environment's word: `bors-prod` is (`bors`, `prod`), `staging` is (``, `staging`).
pub fn split_environment(name: &str) -> Option<(String, String)> {
    let lower = name.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) {
        return Some((String::new(), lower));
    }
    WORDS.iter().find_map(|word| {
        let stem = lower.strip_suffix(word).and_then(|rest| rest.strip_suffix(['-', '_', '.']));
        let stem = stem.map(str::to_owned).or_else(|| {
            lower
                .strip_prefix(word)
                .and_then(|rest| rest.strip_prefix(['-', '_', '.']))
                .map(|rest| format!("^{rest}"))
        });
        Some((stem?, (*word).to_owned()))
    })
}
