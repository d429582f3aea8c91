//! The tables that are part of the program.

use super::table::DataFile;

/// The tables of the catalog, by the name an override file must have (`providers.csv`, `names/ns.csv`,
/// `resources/aws.toml`; any name under `names/` or `resources/` goes). Of autonomous systems nothing is embedded: their table is
/// as large as the rest, and its licence asks for more than those of the others.
pub const TABLES: [&str; 28] = [
    "providers.csv",
    "provider-aliases.csv",
    "ctpp.csv",
    "regions.csv",
    "region-aliases.csv",
    "images.csv",
    "quorums.csv",
    "url-schemes.csv",
    "registries.csv",
    "sdk-packages.csv",
    "setting-keys.csv",
    "subproviders.csv",
    "outages.toml",
    "internal-edges.toml",
    "slas.toml",
    "abilities.csv",
    "run-by.csv",
    "terraform-prefixes.csv",
    "cloudformation.csv",
    "resources/",
    "names/hosts.csv",
    "names/ns.csv",
    "names/mx.csv",
    "names/spf.csv",
    "names/txt.csv",
    "names/dmarc.csv",
    "names/domains.csv",
    "autonomous-systems.csv",
];

/// The table that a name means; its ending may be left out.
pub(super) fn table_of(name: &str) -> Option<String> {
    let is_table = |name: &String| {
        let names = |table: &&str| *table == name || (table.ends_with('/') && name.starts_with(*table));
        name.ends_with(".csv") != name.ends_with(".toml") && TABLES.iter().any(names)
    };
    let endings = if name.starts_with("resources/") { ["", ".toml", ".toml"] } else { ["", ".csv", ".toml"] };
    endings.iter().map(|ending| format!("{name}{ending}")).find(is_table)
}

/// Day of the youngest source that went into the tables, `YYYY-MM-DD`.
pub(super) const DATA_DATE: &str = "2026-10-26";

/// Packed by `scripts/rebuild-ip-table`.
pub(super) static IP_TABLE: &[u8] = include_bytes!("../../data/ip-table.bin");

/// Names and packed texts of all tables, sorted; made by the build script.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The embedded files whose name begins so, in the order of their names.
pub(super) fn files(prefix: &str) -> Vec<DataFile> {
    let unpacked = FILES.iter().filter(|(name, _)| name.starts_with(prefix));
    unpacked.map(|(name, packed)| DataFile { name: (*name).into(), text: unpack(packed).into() }).collect()
}

/// The text of one embedded file; empty when there is none of this name.
pub(super) fn text(name: &str) -> String {
    FILES.iter().find(|(n, _)| *n == name).map(|(_, packed)| unpack(packed)).unwrap_or_default()
}

/// Names of all embedded text files.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Names of all embedded files, and the bytes they take in the program.
pub(super) fn sizes() -> impl Iterator<Item = (&'static str, usize)> {
    FILES.iter().map(|(name, packed)| (*name, packed.len())).chain([("ip-table.bin", IP_TABLE.len())])
}

fn unpack(packed: &[u8]) -> String {
    let raw = miniz_oxide::inflate::decompress_to_vec(packed).expect("the build script packed it");
    String::from_utf8(raw).expect("tables are written in UTF-8")
}
