//! What `linchpin catalog list` lists: for each kind of entry the columns, and the cells of one.

use clap::ValueEnum;

use crate::catalog::{
    Catalog, ImageKind, InternalEdge, Outage, Provider, Region, ResourceType, SdkPackage, Sla, Source,
    SubProvider,
};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListKind {
    Providers,
    Regions,
    Resources,
    Images,
    Packages,
    Subproviders,
    Outages,
    Edges,
    Slas,
    Sources,
}

/// One cell for each column.
pub(super) type Row = Vec<String>;

/// The names of the columns.
pub(super) fn columns(kind: ListKind) -> &'static [&'static str] {
    match kind {
        ListKind::Providers => PROVIDER,
        ListKind::Regions => REGION,
        ListKind::Resources => RESOURCE,
        ListKind::Images => IMAGE,
        ListKind::Packages => PACKAGE,
        ListKind::Subproviders => SUB_PROVIDER,
        ListKind::Outages => OUTAGE,
        ListKind::Edges => EDGE,
        ListKind::Slas => SLA,
        ListKind::Sources => SOURCE,
    }
}

/// All entries of a kind.
pub(super) fn entries(kind: ListKind, catalog: &Catalog) -> Vec<Row> {
    match kind {
        ListKind::Providers => catalog.all_providers().map(provider).collect(),
        ListKind::Regions => catalog.all_regions().map(region).collect(),
        ListKind::Resources => catalog.all_resources().map(resource).collect(),
        ListKind::Images => catalog.all_images().map(|(name, kind)| image(name, kind)).collect(),
        ListKind::Packages => catalog.all_packages().iter().map(package).collect(),
        ListKind::Subproviders => catalog.all_subproviders().map(sub_provider).collect(),
        ListKind::Outages => catalog.outages().iter().map(outage).collect(),
        ListKind::Edges => catalog.internal_edges().iter().map(edge).collect(),
        ListKind::Slas => catalog.slas().iter().map(sla).collect(),
        ListKind::Sources => catalog.all_sources().map(source).collect(),
    }
}

const PROVIDER: &[&str] =
    &["id", "name", "category", "parent", "hq_jurisdiction", "ctpp", "confidence", "source"];

pub(super) fn provider(p: &Provider) -> Row {
    let ctpp = p.ctpp.as_ref().map(|c| c.date.to_string()).unwrap_or_default();
    vec![
        p.id.to_string(),
        p.name.to_string(),
        p.category.to_string(),
        or_empty(&p.parent),
        or_empty(&p.hq_jurisdiction),
        ctpp,
        p.confidence.to_string(),
        p.source.to_string(),
    ]
}

const REGION: &[&str] =
    &["provider", "region", "name", "jurisdiction", "zones", "pair", "confidence", "source"];

pub(super) fn region(r: &Region) -> Row {
    let zones = r.zones.map(|n| format!("{n}{}", if r.zones_assumed { " (assumed)" } else { "" }));
    vec![
        r.provider.to_string(),
        r.code.to_string(),
        or_empty(&r.name),
        or_empty(&r.jurisdiction),
        zones.unwrap_or_default(),
        or_empty(&r.pair),
        r.confidence.to_string(),
        r.source.to_string(),
    ]
}

const RESOURCE: &[&str] = &["type", "provider", "service", "category", "role", "survives", "doc"];

pub(super) fn resource(t: &ResourceType) -> Row {
    vec![
        t.name.to_string(),
        t.provider.to_string(),
        t.service.to_string(),
        t.category.to_string(),
        t.role.as_str().to_owned(),
        t.survives.map_or("unknown", |s| s.as_str()).to_owned(),
        t.doc.to_string(),
    ]
}

const IMAGE: &[&str] = &["image", "kind", "category", "stateful"];

pub(super) fn image(name: &str, kind: &ImageKind) -> Row {
    vec![name.to_owned(), kind.kind.to_string(), kind.category.to_string(), yes(kind.stateful)]
}

const PACKAGE: &[&str] = &["ecosystem", "package", "target", "category", "confidence"];

fn package(p: &SdkPackage) -> Row {
    vec![
        p.ecosystem.to_string(),
        p.name.to_string(),
        p.target.to_string(),
        p.category.to_string(),
        p.confidence.to_string(),
    ]
}

const SUB_PROVIDER: &[&str] =
    &["provider", "on", "role", "regions", "carries_outages", "confidence", "source", "fact"];

fn sub_provider(s: &SubProvider) -> Row {
    vec![
        s.provider.to_string(),
        s.on.to_string(),
        s.role.to_string(),
        s.regions.join(" "),
        yes(s.carries_outages()),
        s.confidence.to_string(),
        s.source.to_string(),
        s.fact.to_string(),
    ]
}

const OUTAGE: &[&str] = &["id", "date", "provider", "title", "cause", "confidence", "source"];

fn outage(o: &Outage) -> Row {
    vec![
        o.id.clone(),
        o.date.clone(),
        o.provider.clone(),
        o.title.clone(),
        o.cause.join(" "),
        o.confidence.clone(),
        o.source.clone(),
    ]
}

const EDGE: &[&str] = &["from", "to", "plane", "phases", "effect", "confidence", "source"];

fn edge(e: &InternalEdge) -> Row {
    vec![
        e.from.clone(),
        e.to.clone(),
        e.plane.clone(),
        e.phases.join(" "),
        e.effect.clone(),
        e.confidence.clone(),
        e.source.clone(),
    ]
}

const SLA: &[&str] = &["provider", "service", "scope", "percent", "confidence", "source"];

fn sla(s: &Sla) -> Row {
    vec![
        s.provider.clone(),
        s.service.clone(),
        s.scope.clone(),
        s.percent.to_string(),
        s.confidence.clone(),
        s.source.clone(),
    ]
}

const SOURCE: &[&str] = &["id", "what", "licence", "url"];

fn source(s: &Source) -> Row {
    vec![s.id.to_string(), s.what.to_string(), s.licence.to_string(), or_empty(&s.url)]
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn or_empty(text: &Option<Box<str>>) -> String {
    text.as_deref().unwrap_or_default().to_owned()
}
