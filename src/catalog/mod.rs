//! What is known about providers: lookups over `data/`.

/// All tables.
#[derive(Debug, Default)]
pub struct Catalog {}

impl Catalog {
    /// The tables that are built in.
    pub fn embedded() -> &'static Catalog {
        static CATALOG: Catalog = Catalog {};
        &CATALOG
    }
}
