//! The tables that are part of the program.

use super::table::DataFile;

/// The tables of the catalog, by the name an override file must have (`providers.csv`, `names/ns.csv`,
/// `resources/aws.toml`; any name under `names/` or `resources/` goes).
pub const TABLES: [&str; 22] = [
    "providers.csv",
    "provider-aliases.csv",
    "ctpp.csv",
    "regions.csv",
    "region-aliases.csv",
    "images.csv",
    "url-schemes.csv",
    "registries.csv",
    "sdk-packages.csv",
    "subproviders.csv",
    "outages.toml",
    "internal-edges.toml",
    "slas.toml",
    "terraform-prefixes.csv",
    "cloudformation.csv",
    "resources/",
    "names/hosts.csv",
    "names/ns.csv",
    "names/mx.csv",
    "names/spf.csv",
    "names/txt.csv",
    "names/dmarc.csv",
];

/// Day of the youngest source that went into the tables, `YYYY-MM-DD`.
pub(super) const DATA_DATE: &str = "2026-10-26";

pub(super) static IP_TABLE: &[u8] = include_bytes!("../../data/ip-table.bin");
pub(super) static TERRAFORM_TYPES: &str = include_str!("../../data/terraform-types.txt");
pub(super) static CLOUDFORMATION_TYPES: &str = include_str!("../../data/cloudformation-types.txt");

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../data/", $name)))),*] };
}

static FILES: &[(&str, &str)] = files![
    "providers.csv",
    "provider-aliases.csv",
    "ctpp.csv",
    "regions.csv",
    "region-aliases.csv",
    "images.csv",
    "url-schemes.csv",
    "registries.csv",
    "sdk-packages.csv",
    "subproviders.csv",
    "outages.toml",
    "internal-edges.toml",
    "slas.toml",
    "sources.csv",
    "terraform-prefixes.csv",
    "cloudformation.csv",
    "resources/aws.toml",
    "resources/azure.toml",
    "resources/gcp.toml",
    "resources/kubernetes.toml",
    "resources/others.toml",
    "names/endpoints.csv",
    "names/hosts.csv",
    "names/hosts-psl.csv",
    "names/ns.csv",
    "names/mx.csv",
    "names/spf.csv",
    "names/txt.csv",
    "names/dmarc.csv",
];

/// The embedded files whose name begins so, in the order in which they are read.
pub(super) fn files(prefix: &str) -> Vec<DataFile> {
    FILES.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(n, t)| DataFile::embedded(n, t)).collect()
}

/// Bytes of all embedded data.
pub(super) fn bytes() -> usize {
    FILES.iter().map(|(_, text)| text.len()).sum::<usize>()
        + IP_TABLE.len()
        + TERRAFORM_TYPES.len()
        + CLOUDFORMATION_TYPES.len()
}

/// Names and texts of all embedded files.
pub(super) fn all() -> &'static [(&'static str, &'static str)] {
    FILES
}
