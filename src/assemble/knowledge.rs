//! The questions that assembling asks of the catalog, in its own words.

use std::net::IpAddr;

use super::placement::Place;
use crate::catalog::Catalog;
use crate::model::Category;

/// What a provider runs on.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub provider: String,
    pub region: Option<String>,
    /// Whether its loss surely is the provider's loss.
    pub surely: bool,
    pub source: String,
    pub line: u32,
}

pub(super) fn canonical_provider<'a>(_catalog: &Catalog, provider: &'a str) -> &'a str {
    provider
}

pub(super) fn provider_name<'a>(_catalog: &'a Catalog, _provider: &str) -> Option<&'a str> {
    None
}

pub(super) fn scheme_category(_catalog: &Catalog, _scheme: &str) -> Option<Category> {
    None
}

pub(super) fn place_of_host(_catalog: &Catalog, _name: &str) -> Option<Place> {
    None
}

pub(super) fn place_of_address(_catalog: &Catalog, _address: IpAddr) -> Option<Place> {
    None
}

pub(super) fn place_of_registry(_catalog: &Catalog, _image: &str) -> Option<Place> {
    None
}

pub(super) fn runs_on(_catalog: &Catalog, _provider: &str) -> Vec<Host> {
    Vec::new()
}

pub(super) fn region_jurisdiction(_catalog: &Catalog, _provider: &str, _region: &str) -> Option<String> {
    None
}
