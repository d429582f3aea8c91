//! DNS as code: octoDNS, dnscontrol and zone files, over one notion of zones and records.
//!
//! A record with an address or an alias is a published name that needs its zone and what it points to. Text
//! records, certificate policy and names that only prove ownership say nothing of what a name needs: they are
//! left out.

mod dnscontrol;
mod javascript;
mod octodns;
mod operators;
mod records;
mod zone_file;

pub use dnscontrol::DnsControl;
pub use octodns::OctoDns;
pub use zone_file::ZoneFile;

use records::{Data, Operator, Record, Zone, add_zones};
