//! Which autonomous system announces an address: a table that whoever runs linchpin gives, as none is part of it.

use std::net::IpAddr;

use ipnet::IpNet;

use super::table::{DataFile, Row, TableError, rows};

/// Ranges of addresses and the systems that announce them, by first address; of one first address, the widest first.
#[derive(Debug, Default)]
pub(super) struct Systems(Vec<Range>);

#[derive(Debug)]
struct Range {
    first: Address,
    last: Address,
    number: u32,
    /// The place of the narrowest range before it that reaches over its first address.
    around: Option<usize>,
}

/// Addresses of both kinds in one order, the older ones first.
type Address = (bool, u128);

impl Systems {
    pub(super) fn read(files: &[DataFile]) -> Result<Self, TableError> {
        let mut ranges = Vec::new();
        for file in files {
            rows(&file.name, &file.text, |row| {
                let (first, last) = ends(row)?;
                let text = row.need("asn")?;
                let digits = text.trim_start_matches(['A', 'S', 'a', 's']);
                let number = digits.parse().map_err(|_| {
                    row.error(format!("`{text}` is no number of an autonomous system; write 64500"))
                })?;
                ranges.push(Range { first, last, number, around: None });
                Ok(())
            })?;
        }
        ranges.sort_by(|a, b| a.first.cmp(&b.first).then(b.last.cmp(&a.last)));
        let mut open: Vec<usize> = Vec::new();
        for at in 0..ranges.len() {
            while open.last().is_some_and(|around| ranges[*around].last < ranges[at].first) {
                open.pop();
            }
            ranges[at].around = open.last().copied();
            open.push(at);
        }
        Ok(Systems(ranges))
    }

    /// The system that announces an address by the narrowest range; an IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(super) fn get(&self, address: IpAddr) -> Option<u32> {
        let address = in_order(address);
        let mut at = self.0.partition_point(|range| range.first <= address).checked_sub(1)?;
        loop {
            let range = self.0.get(at)?;
            if address <= range.last {
                return Some(range.number);
            }
            at = range.around?;
        }
    }
}

/// The first and the last address of a row, which has them or a prefix.
fn ends(row: &Row<'_>) -> Result<(Address, Address), TableError> {
    let address = |text: &str| {
        text.parse().map(in_order).map_err(|_| row.error(format!("`{text}` is no address; write 192.0.2.0")))
    };
    match row.get("prefix") {
        "" => Ok((address(row.need("first")?)?, address(row.need("last")?)?)),
        text => {
            let prefix: IpNet =
                text.parse().map_err(|_| row.error(format!("`{text}` is no prefix; write 192.0.2.0/24")))?;
            Ok((in_order(prefix.network()), in_order(prefix.broadcast())))
        }
    }
}

fn in_order(address: IpAddr) -> Address {
    match address.to_canonical() {
        IpAddr::V4(v4) => (false, u32::from(v4).into()),
        IpAddr::V6(v6) => (true, u128::from(v6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Systems, TableError> {
        Systems::read(&[DataFile { name: "as.csv".into(), text: text.into() }])
    }

    #[test]
    fn the_narrowest_range_announces_an_address() {
        let table = "prefix,first,last,asn,name\n198.18.0.0/15,,,64500,\n198.18.4.0/24,,,AS64501,Example\n\
                     ,198.18.4.8,198.18.4.9,64502,\n,198.18.4.200,198.18.5.3,64503,\n2001:db8::/32,,,64504,\n";
        let systems = read(table).unwrap();
        for (address, expected) in [
            ("198.18.0.1", Some(64500)),
            ("198.18.4.7", Some(64501)),
            ("198.18.4.9", Some(64502)),
            ("198.18.4.10", Some(64501)),
            ("198.18.5.3", Some(64503)),
            ("198.18.5.4", Some(64500)),
            ("::ffff:198.18.0.1", Some(64500)),
            ("2001:db8::1", Some(64504)),
            ("198.17.255.255", None),
            ("198.20.0.0", None),
            ("2001:db9::", None),
        ] {
            assert_eq!(systems.get(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_row_that_says_nothing_is_an_error_with_its_line() {
        for text in
            ["prefix,asn\nx,1\n", "first,last,asn\n192.0.2.0,,1\n", "prefix,asn\n192.0.2.0/24,Example\n"]
        {
            assert_eq!(read(text).unwrap_err().line, 2, "{text}");
        }
        assert_eq!(read("").unwrap().get("192.0.2.1".parse().unwrap()), None);
    }
}
