//! Reading a saved JSON report back, as far as a comparison needs it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::v1::SCHEMA_VERSION;
use crate::judge::{self, Known, Measured, Seen, Snapshot, Traits};
use crate::model::Id;

/// Why a saved report cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// No JSON.
    #[error("it is no JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Another kind of JSON.
    #[error("it is no report of linchpin; write one with `linchpin scan --output json=FILE`")]
    Stranger,
    /// A report whose fields mean something else.
    #[error(
        "it has schema version {0}, and this linchpin reads {SCHEMA_VERSION}; write it anew with `linchpin scan --output json=FILE`"
    )]
    Version(String),
}

/// What a report that was saved with `--format json` says of its scan.
///
/// # Errors
///
/// [`SavedError`] when the text is no such report.
pub fn snapshot(text: &str) -> Result<Snapshot, SavedError> {
    let report: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    let version = report.get("schema_version").ok_or(SavedError::Stranger)?;
    if version.as_str() != Some(SCHEMA_VERSION) {
        return Err(SavedError::Version(version.to_string()));
    }
    if !report["findings"].is_array() || !report["nodes"].is_array() {
        return Err(SavedError::Stranger);
    }
    let mut snapshot = Snapshot::default();
    for node in items(&report["nodes"]) {
        snapshot.nodes.insert(Id::new(text_of(node, "id")), seen(node));
        keep_evidence(&mut snapshot, node);
    }
    for edge in items(&report["edges"]) {
        let (from, to) = (Id::new(text_of(edge, "from")), Id::new(text_of(edge, "to")));
        snapshot.edges.insert((from, to, text_of(edge, "phase").to_owned()));
        keep_evidence(&mut snapshot, edge);
    }
    for finding in items(&report["findings"]) {
        snapshot.findings.push(known(finding));
        keep_evidence(&mut snapshot, finding);
    }
    snapshot.measures = items(&report["concentration"]).map(measured).collect();
    let environments = items(&report["environments"]).map(|one| text_of(one, "name").to_owned());
    snapshot.environments = environments.collect();
    let errors = items(&report["diagnostics"]).filter(|one| text_of(one, "severity") == "error");
    snapshot.unread =
        errors.map(|one| (text_of(one, "path").to_owned(), text_of(one, "message").to_owned())).collect();
    let files = items(&report["inputs"]["files"]);
    snapshot.files =
        files.map(|one| (text_of(one, "path").to_owned(), text_of(one, "format").to_owned())).collect();
    Ok(snapshot)
}

fn seen(node: &Value) -> Seen {
    let zones: Vec<String> = items(&node["zones"]).filter_map(Value::as_str).map(str::to_owned).collect();
    let traits = Traits {
        type_name: text_of(node, "type"),
        category: text_of(node, "category"),
        provider: text_of(node, "provider"),
        region: text_of(node, "region"),
        zones: &zones,
        replicas: node["replicas"].as_u64(),
        tolerance: text_of(node, "tolerance"),
        is_service: node["service"].as_bool() == Some(true),
    };
    Seen {
        kind: text_of(node, "kind").to_owned(),
        name: text_of(node, "name").to_owned(),
        traits: traits.text(),
        path: items(&node["evidence"])
            .filter_map(|piece| piece["path"].as_str())
            .find(|path| judge::is_in_input(path))
            .unwrap_or_default()
            .to_owned(),
        ttl_seconds: None,
    }
}

fn known(finding: &Value) -> Known {
    Known {
        rule: text_of(finding, "rule").to_owned(),
        level: text_of(finding, "level").to_owned(),
        fingerprint: text_of(finding, "fingerprint").to_owned(),
        element: Id::new(text_of(finding, "element")),
        domain_level: text_of(finding, "domain_level").to_owned(),
        services: ids(&finding["services"]),
        path: ids(&finding["path"]),
        status: text_of(finding, "status").to_owned(),
        message: text_of(finding, "message").to_owned(),
    }
}

fn measured(one: &Value) -> Measured {
    let number = |key: &str| one[key].as_f64().unwrap_or_default();
    let share = |share: &Value| {
        let number = |key: &str| share[key].as_f64().unwrap_or_default();
        (Id::new(text_of(share, "id")), (number("placement_share"), number("loss_share")))
    };
    Measured {
        dimension: text_of(one, "dimension").to_owned(),
        category: text_of(one, "category").to_owned(),
        hhi: number("hhi"),
        cr1: number("cr1"),
        cr3: number("cr3"),
        shares: items(&one["shares"]).map(share).collect::<BTreeMap<_, _>>(),
    }
}

fn keep_evidence(snapshot: &mut Snapshot, of: &Value) {
    let pieces = items(&of["evidence"]).filter(|piece| piece["path"].is_string());
    let kept =
        pieces.map(|piece| (text_of(piece, "path").to_owned(), text_of(piece, "text").trim().to_owned()));
    snapshot.evidence.extend(kept);
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn text_of<'v>(of: &'v Value, key: &str) -> &'v str {
    of[key].as_str().unwrap_or_default()
}

fn ids(list: &Value) -> Vec<Id> {
    items(list).filter_map(Value::as_str).map(Id::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::tests::written;

    #[test]
    fn a_saved_report_says_what_the_scan_said() {
        for outcome in [sample::shop(), sample::hostile()] {
            let saved = snapshot(&written("json", &outcome, &Default::default())).expect("a report");
            let mut kept = Snapshot::of(&outcome.estate, &outcome.analysis, &outcome.findings);
            kept.unread.clone_from(&saved.unread);
            kept.files.clone_from(&saved.files);
            assert_eq!(saved.files.len(), outcome.files.len());
            assert_eq!(saved, kept);
        }
    }

    #[test]
    fn other_texts_are_refused_with_a_way_out() {
        let refused = |text: &str| snapshot(text).expect_err("refused").to_string();
        assert!(refused("{").contains("no JSON"));
        assert!(refused("{\"version\": \"2.1.0\"}").contains("no report of linchpin"));
        assert!(refused("{\"schema_version\": \"9\"}").contains("write it anew"));
    }
}
