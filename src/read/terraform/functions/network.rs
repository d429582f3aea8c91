//! Addresses and prefixes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Function, Mode, number, string, text};
use crate::read::terraform::value::Value;

pub(super) fn lookup(name: &str) -> Option<(Mode, Function)> {
    let function: Function = match name {
        "cidrhost" => host,
        "cidrnetmask" => |args| {
            let prefix = Prefix::parse(&text(args, 0)?)?;
            (prefix.bits == 32).then_some(())?;
            let mask = u32::MAX.checked_shl(32 - prefix.length).unwrap_or(0);
            string(Ipv4Addr::from(mask).to_string())
        },
        "cidrsubnet" => |args| {
            let prefix = Prefix::parse(&text(args, 0)?)?;
            let (more, at) = (number(args, 1)?, number(args, 2)?);
            string(prefix.subnet(more as u32, at as u128)?.to_string())
        },
        "cidrsubnets" => subnets,
        "cidrcontains" => |args| {
            let prefix = Prefix::parse(&text(args, 0)?)?;
            let inner = text(args, 1)?;
            let inner = if inner.contains('/') {
                Prefix::parse(&inner)?
            } else {
                let address: IpAddr = inner.parse().ok()?;
                Prefix::of(address, if address.is_ipv4() { 32 } else { 128 })?
            };
            let inside = inner.bits == prefix.bits
                && prefix.length <= inner.length
                && inner.base & prefix.mask() == prefix.base;
            Some(Value::bool(inside))
        },
        _ => return None,
    };
    Some((Mode::Strict, function))
}

/// A network prefix; `base` has its host bits cleared.
#[derive(Clone, Copy)]
struct Prefix {
    base: u128,
    length: u32,
    bits: u32,
}

impl Prefix {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        Self::of(address.parse().ok()?, length.parse().ok()?)
    }

    fn of(address: IpAddr, length: u32) -> Option<Self> {
        let (base, bits) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        (length <= bits).then_some(())?;
        let prefix = Prefix { base, length, bits };
        Some(Prefix { base: base & prefix.mask(), ..prefix })
    }

    fn mask(self) -> u128 {
        let all = if self.bits == 32 { u128::from(u32::MAX) } else { u128::MAX };
        all & !(self.size() - 1)
    }

    /// Addresses in it; saturates at the largest.
    fn size(self) -> u128 {
        1u128.checked_shl(self.bits - self.length).unwrap_or(u128::MAX)
    }

    fn subnet(self, more: u32, at: u128) -> Option<Self> {
        let length = self.length.checked_add(more).filter(|length| *length <= self.bits)?;
        if more < 128 && 1u128 << more <= at {
            return None;
        }
        let step = 1u128.checked_shl(self.bits - length)?;
        Some(Prefix { base: self.base | at.checked_mul(step)?, length, bits: self.bits })
    }

    fn address(self, value: u128) -> String {
        if self.bits == 32 {
            Ipv4Addr::from(value as u32).to_string()
        } else {
            Ipv6Addr::from(value).to_string()
        }
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address(self.base), self.length)
    }
}

fn host(args: &[Value]) -> Option<Value> {
    let prefix = Prefix::parse(&text(args, 0)?)?;
    let at = number(args, 1)?;
    let offset = if at < 0.0 { prefix.size().checked_sub((-at) as u128)? } else { at as u128 };
    (offset < prefix.size()).then(|| Value::string(prefix.address(prefix.base | offset)))
}

/// Consecutive prefixes, each aligned to its own size.
fn subnets(args: &[Value]) -> Option<Value> {
    let prefix = Prefix::parse(&text(args, 0)?)?;
    let mut next = prefix.base;
    let mut out = Vec::new();
    for at in 1..args.len() {
        let length =
            prefix.length.checked_add(number(args, at)? as u32).filter(|length| *length <= prefix.bits)?;
        let size = 1u128.checked_shl(prefix.bits - length)?;
        let start = next.div_ceil(size).checked_mul(size)?;
        if prefix.base + (prefix.size() - 1) < start + (size - 1) {
            return None;
        }
        out.push(Value::string(Prefix { base: start, length, bits: prefix.bits }.to_string()));
        next = start + size;
    }
    Some(Value::list(out))
}
