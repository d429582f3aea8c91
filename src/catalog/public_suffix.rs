//! The public suffix list: which names a public server can answer for, and who registered them.

/// Whether a name ends in a suffix of the public list. What ends in another is a name of some own network:
/// `db`, `mongo.databases`, `api.internal`, `cache.svc.cluster.local`.
pub fn has_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// The part of a name that somebody has registered, with a registry or with a platform whose customers have names
/// below its own (`someone.github.io`); the name itself where there is none.
pub fn registrable(name: &str) -> &str {
    psl::domain_str(name).unwrap_or(name)
}

/// The part of a name that somebody has registered with a registry: of a customer's name below a platform's own,
/// the platform's (`github.io` of `someone.github.io`); the name itself where there is none.
pub fn registered_with_a_registry(name: &str) -> &str {
    let mut suffix = name;
    loop {
        match psl::suffix(suffix.as_bytes()) {
            Some(found) if found.typ() == Some(psl::Type::Private) => {
                let text = std::str::from_utf8(found.as_bytes()).unwrap_or(suffix);
                match text.split_once('.') {
                    Some((_, rest)) => suffix = rest,
                    None => return name,
                }
            }
            Some(found) => {
                let labels = found.as_bytes().split(|byte| *byte == b'.').count() + 1;
                return last_labels(name, labels);
            }
            None => return name,
        }
    }
}

/// Whether customers of a platform have names directly below this one (`github.io`).
pub(super) fn is_platform(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| {
        suffix.typ() == Some(psl::Type::Private) && suffix.as_bytes().len() == name.len()
    })
}

fn last_labels(name: &str, count: usize) -> &str {
    let start = name.rmatch_indices('.').nth(count.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
    &name[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_own_networks_have_no_public_suffix() {
        for name in [
            "db",
            "mongo.databases",
            "api.internal",
            "x.flycast",
            "web.service.consul",
            "a.example",
            "b.test",
        ] {
            assert!(!has_public_suffix(name), "{name}");
        }
        for name in ["example.com", "x.github.io", "a.co.uk"] {
            assert!(has_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn what_a_registry_knows_is_not_below_a_platform() {
        for (name, expected) in [
            ("www.example.co.uk", "example.co.uk"),
            ("example.com", "example.com"),
            ("d111.cloudfront.net", "cloudfront.net"),
            ("bucket.s3.us-east-1.amazonaws.com", "amazonaws.com"),
            ("someone.github.io", "github.io"),
            ("com", "com"),
            ("host", "host"),
        ] {
            assert_eq!(registered_with_a_registry(name), expected, "{name}");
        }
        assert_eq!(registrable("www.someone.github.io"), "someone.github.io");
        assert_eq!(registrable("host"), "host");
        assert!(is_platform("github.io") && !is_platform("someone.github.io") && !is_platform("example.com"));
    }
}
