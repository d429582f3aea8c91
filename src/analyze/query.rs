//! What is meant to fail: one line of text to nodes of an estate.
//!
//! A query is the id of a node (`provider:` may be left out), a glob on ids, or a conjunction of `key:value`
//! terms joined by `&`, whose values are globs.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::{Estate, Id, Kind, Node};

/// The keys of a term.
const KEYS: &[&str] =
    &["id", "type", "kind", "provider", "region", "zone", "category", "name", "owner", "tier"];

/// More near names than this are not offered.
const NEAR: usize = 5;

/// Why a query means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is none of the forms.
    #[error("failed to understand `{query}`: {because}")]
    Malformed {
        /// The query.
        query: String,
        /// What is odd about it.
        because: String,
    },
    /// Nothing in the estate is meant by it.
    #[error("failed to find `{query}`: nothing in the scan matches{}", near_names(near))]
    MatchesNothing {
        /// The query.
        query: String,
        /// Ids that are written alike.
        near: Vec<Id>,
    },
}

fn near_names(near: &[Id]) -> String {
    let names: Vec<String> = near.iter().map(|id| format!("`{id}`")).collect();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

/// The nodes that a query means, in order of id. A provider stands for all of its brands.
///
/// # Errors
///
/// [`QueryError::Malformed`] when it is not a query, [`QueryError::MatchesNothing`] when it means nothing here.
pub fn select(estate: &Estate, query: &str) -> Result<Vec<Id>, QueryError> {
    let text = query.trim();
    if text.is_empty() {
        return Err(malformed(query, "it is empty"));
    }
    if let Some(id) = exact(estate, text) {
        return Ok(with_brands(estate, &id));
    }
    let found = match terms(text)? {
        Some(terms) => of_terms(estate, &terms),
        None => of_glob(estate, &matcher(text, text)?, &matcher(text, &format!("provider:{text}"))?),
    };
    if found.is_empty() {
        return Err(QueryError::MatchesNothing { query: text.to_owned(), near: near(estate, text) });
    }
    Ok(found)
}

/// The node whose id it is, with or without `provider:`, or the only node of that name.
fn exact(estate: &Estate, text: &str) -> Option<Id> {
    let ids = [Id::new(text), Id::new(format!("provider:{text}"))];
    if let Some(id) = ids.into_iter().find(|id| estate.nodes.contains_key(id)) {
        return Some(id);
    }
    let mut named = estate.nodes.values().filter(|node| node.name == text);
    match (named.next(), named.next()) {
        (Some(only), None) => Some(only.id.clone()),
        _ => None,
    }
}

/// A provider with the providers that it owns: when the company is gone, so are its brands.
fn with_brands(estate: &Estate, id: &Id) -> Vec<Id> {
    let mut all = vec![id.clone()];
    let mut next = 0;
    while let Some(owner) = all.get(next).cloned() {
        next += 1;
        let brands = estate
            .nodes
            .values()
            .filter(|node| node.kind == Kind::Provider && node.parent.as_ref() == Some(&owner));
        all.extend(
            brands.map(|node| node.id.clone()).filter(|brand| !all.contains(brand)).collect::<Vec<_>>(),
        );
    }
    all.sort();
    all
}

struct Term {
    key: &'static str,
    value: GlobMatcher,
}

/// The terms of a conjunction; `None` when the text is no conjunction but an id or a glob.
fn terms(text: &str) -> Result<Option<Vec<Term>>, QueryError> {
    let pieces: Vec<&str> = text.split('&').map(str::trim).collect();
    let mut terms = Vec::new();
    for piece in &pieces {
        let known = piece.split_once(':').and_then(|(key, value)| {
            KEYS.iter().find(|known| **known == key.trim()).map(|known| (*known, value.trim()))
        });
        match known {
            Some((key, value)) if !value.is_empty() => terms.push(Term { key, value: matcher(text, value)? }),
            _ if pieces.len() == 1 => return Ok(None),
            _ => {
                return Err(malformed(
                    text,
                    &format!("`{piece}` is no KEY:VALUE; keys are {}", KEYS.join(", ")),
                ));
            }
        }
    }
    Ok(Some(terms))
}

fn of_terms(estate: &Estate, terms: &[Term]) -> Vec<Id> {
    let holds = |node: &&Node| terms.iter().all(|term| term_holds(node, term));
    let found: Vec<&Node> = estate.nodes.values().filter(holds).collect();
    // A place that is asked for is the place itself where it is a node: what stands there goes with it.
    let is_place = |node: &&&Node| is_provider_part(node.kind);
    let of_place = terms.iter().all(|term| matches!(term.key, "provider" | "region" | "zone"));
    if of_place && found.iter().any(|node| is_place(&node)) {
        return found.iter().filter(is_place).map(|node| node.id.clone()).collect();
    }
    found.into_iter().map(|node| node.id.clone()).collect()
}

fn term_holds(node: &Node, term: &Term) -> bool {
    let is = |text: Option<&str>| text.is_some_and(|text| term.value.is_match(text));
    let place = &node.placement;
    match term.key {
        "id" => is(Some(node.id.as_str())),
        "type" => is(node.type_name.as_deref()),
        "kind" => is(Some(node.kind.word())),
        "provider" => is(place.provider.as_deref()),
        "region" => is(place.region.as_deref()),
        // What is spread over several zones does not stand in one of them.
        "zone" => matches!(place.zones.as_slice(), [only] if term.value.is_match(only)),
        "category" => is(node.category.map(crate::model::Category::word)),
        "name" => is(Some(&node.name)),
        "owner" => is(node.owner.as_deref()),
        "tier" => is(node.tier.as_deref()),
        key => unreachable!("`{key}` is among the keys"),
    }
}

fn of_glob(estate: &Estate, glob: &GlobMatcher, provider: &GlobMatcher) -> Vec<Id> {
    let hit = |id: &&Id| glob.is_match(id.as_str()) || provider.is_match(id.as_str());
    estate.nodes.keys().filter(hit).cloned().collect()
}

fn matcher(query: &str, pattern: &str) -> Result<GlobMatcher, QueryError> {
    let built = GlobBuilder::new(pattern).literal_separator(false).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| malformed(query, &error.kind().to_string()))
}

fn malformed(query: &str, because: &str) -> QueryError {
    QueryError::Malformed { query: query.to_owned(), because: because.to_owned() }
}

pub(super) fn is_provider_part(kind: Kind) -> bool {
    matches!(kind, Kind::Provider | Kind::ProviderService | Kind::Region | Kind::Zone | Kind::ControlPlane)
}

/// Ids that hold the text or are a few letters away from it, the nearest first.
fn near(estate: &Estate, text: &str) -> Vec<Id> {
    let wanted = text.rsplit(':').next().unwrap_or(text).trim().to_lowercase();
    let mut found: Vec<(usize, &Id)> =
        estate.nodes.values().filter_map(|node| Some((likeness(node, &wanted)?, &node.id))).collect();
    found.sort();
    found.into_iter().take(NEAR).map(|(_, id)| id.clone()).collect()
}

fn likeness(node: &Node, wanted: &str) -> Option<usize> {
    let (rest, name) = (node.id.rest().to_lowercase(), node.name.to_lowercase());
    let away = distance(&rest, wanted).min(distance(&name, wanted));
    let holds = 2 < wanted.len() && (rest.contains(wanted) || (2 < name.len() && wanted.contains(&name)));
    if away <= 1 + wanted.len() / 4 { Some(away) } else { holds.then_some(away.max(1_000)) }
}

/// Insertions, deletions and replacements between two texts, of which no more than the first 64 letters count.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estate() -> Estate {
        let mut estate = Estate::default();
        let mut add = |id: &str, kind: Kind, provider: &str, region: Option<&str>, zones: &[&str]| {
            let mut node = Node::new(Id::new(id), kind, id.rsplit(['/', ':', '.']).next().unwrap());
            node.placement.provider = Some(provider.to_owned());
            node.placement.region = region.map(str::to_owned);
            node.placement.zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
            if kind == Kind::Component {
                node.type_name = Some("aws_db_instance".to_owned());
            }
            estate.nodes.insert(node.id.clone(), node);
        };
        add("provider:amazon", Kind::Provider, "amazon", None, &[]);
        add("provider:aws", Kind::Provider, "aws", None, &[]);
        add("provider:aws/us-east-1", Kind::Region, "aws", Some("us-east-1"), &[]);
        add("provider:aws/us-east-1a", Kind::Zone, "aws", Some("us-east-1"), &["us-east-1a"]);
        add("tf:aws_db_instance.one", Kind::Component, "aws", Some("us-east-1"), &["us-east-1a"]);
        add(
            "tf:aws_db_instance.two",
            Kind::Component,
            "aws",
            Some("us-east-1"),
            &["us-east-1a", "us-east-1b"],
        );
        let aws = estate.nodes.get_mut(&Id::new("provider:aws")).unwrap();
        aws.parent = Some(Id::new("provider:amazon"));
        estate
    }

    fn ids(query: &str) -> Vec<String> {
        select(&estate(), query).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_id_is_itself_with_or_without_its_scheme() {
        assert_eq!(ids("aws/us-east-1"), ["provider:aws/us-east-1"]);
        assert_eq!(ids("provider:aws"), ["provider:aws"]);
        assert_eq!(ids("us-east-1a"), ["provider:aws/us-east-1a"]);
        assert_eq!(ids("amazon"), ["provider:amazon", "provider:aws"]);
    }

    #[test]
    fn globs_and_terms_choose_by_what_nodes_are() {
        assert_eq!(ids("aws/*"), ["provider:aws/us-east-1", "provider:aws/us-east-1a"]);
        assert_eq!(ids("type:aws_db_instance & zone:us-east-1a"), ["tf:aws_db_instance.one"]);
        assert_eq!(ids("type:aws_db*"), ["tf:aws_db_instance.one", "tf:aws_db_instance.two"]);
        assert_eq!(ids("zone:us-east-1a"), ["provider:aws/us-east-1a"]);
        assert_eq!(ids("kind:region&provider:aws"), ["provider:aws/us-east-1"]);
    }

    #[test]
    fn what_matches_nothing_is_an_error_with_near_names() {
        let error = select(&estate(), "aws/us-esat-1").unwrap_err();
        assert!(error.to_string().contains("there are `provider:aws/us-east-1`"), "{error}");
        assert_eq!(
            select(&estate(), "mongodb").unwrap_err().to_string(),
            "failed to find `mongodb`: nothing in the scan matches"
        );
        for odd in ["", "  ", "type:x & nonsense", "[", "type:& id:x"] {
            assert!(matches!(select(&estate(), odd), Err(QueryError::Malformed { .. })), "{odd}");
        }
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!([distance("", "abc"), distance("abc", "abc"), distance("kitten", "sitting")], [3, 0, 3]);
    }
}
