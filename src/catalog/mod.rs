//! What is known about providers: lookups over `data/`.

/// All tables.
#[derive(Debug, Default)]
pub struct Catalog {}
