//! Whose address is that: a table of disjoint ranges, decoded on first use.

use std::net::IpAddr;

/// Whom an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressTag<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The region, when the provider publishes it.
    pub region: Option<&'a str>,
    /// The service, when the provider publishes it.
    pub service: Option<&'a str>,
}

/// The table of address ranges: starts, ends and tags in parallel, sorted by start.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    tags: Vec<[Box<str>; 3]>,
    v4: Vec<(u32, u32, u16)>,
    v6: Vec<(u64, u64, u16)>,
}

/// The packed table does not have the form that `scripts/rebuild-ip-table` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("failed to decode the table of address ranges; rebuild it with `scripts/rebuild-ip-table`")]
pub struct BadAddressTable;

impl Addresses {
    /// Unpacks the table: at most 64 MB, so that a damaged file cannot fill the memory.
    pub(super) fn unpack(packed: &[u8]) -> Result<Self, BadAddressTable> {
        let raw = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, 64 << 20)
            .map_err(|_| BadAddressTable)?;
        Self::decode(&raw).ok_or(BadAddressTable)
    }

    fn decode(raw: &[u8]) -> Option<Self> {
        let length = u32::from_le_bytes(raw.get(..4)?.try_into().ok()?) as usize;
        let text = std::str::from_utf8(raw.get(4..4 + length)?).ok()?;
        let mut out = Self::default();
        for line in text.lines() {
            let mut cells = line.split('\t').map(Box::from);
            out.tags.push([cells.next()?, cells.next()?, cells.next()?]);
        }
        let mut rest = raw.get(4 + length..)?;
        let tags = u64::try_from(out.tags.len()).ok()?;
        out.v4 = segments(&mut rest, tags)?;
        out.v6 = segments(&mut rest, tags)?;
        rest.is_empty().then_some(out)
    }

    /// The owner of an address; an IPv4 address mapped into IPv6 counts as the IPv4 one.
    pub(super) fn get(&self, address: IpAddr) -> Option<AddressTag<'_>> {
        let tag = match address.to_canonical() {
            IpAddr::V4(a) => find(&self.v4, u32::from(a))?,
            IpAddr::V6(a) => find(&self.v6, (u128::from(a) >> 64) as u64)?,
        };
        let [provider, region, service] = self.tags.get(usize::from(tag))?;
        let stated = |text: &'_ str| !text.is_empty();
        Some(AddressTag {
            provider,
            region: Some(&**region).filter(|r| stated(r)),
            service: Some(&**service).filter(|s| stated(s)),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    pub(super) fn providers(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|t| &*t[0])
    }
}

fn find<T: Ord + Copy>(table: &[(T, T, u16)], address: T) -> Option<u16> {
    let after = table.partition_point(|&(start, _, _)| start <= address);
    let &(_, last, tag) = table.get(after.checked_sub(1)?)?;
    (address <= last).then_some(tag)
}

/// One family's columns: first and last address and tag of each segment, in order.
fn segments<T: TryFrom<u64>>(rest: &mut &[u8], tags: u64) -> Option<Vec<(T, T, u16)>> {
    let count = usize::try_from(number(rest)?).ok()?;
    let (mut gaps, mut lengths, mut owners) =
        (column(rest, count)?, column(rest, count)?, column(rest, count)?);
    let mut next = Some(0u64);
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let first = next?.checked_add(number(&mut gaps)?)?;
        let last = first.checked_add(number(&mut lengths)?.checked_sub(1)?)?;
        let tag = number(&mut owners)?;
        if tags <= tag {
            return None;
        }
        // The last segment may end with the last address there is.
        next = last.checked_add(1);
        out.push((T::try_from(first).ok()?, T::try_from(last).ok()?, u16::try_from(tag).ok()?));
    }
    Some(out)
}

/// Takes the bytes of the next `count` numbers.
fn column<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let mut seen = 0;
    let mut end = 0;
    while seen < count {
        seen += usize::from(*rest.get(end)? < 0x80);
        end += 1;
    }
    let (column, tail) = rest.split_at(end);
    *rest = tail;
    Some(column)
}

/// One LEB128 number.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
