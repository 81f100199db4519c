//! IPv4 blocks.

/// A block of IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cidr {
    first: u32,
    bits: u32,
}

impl Cidr {
    /// Reads `10.0.0.0/16`; nothing when it is none or has bits below its mask.
    pub(crate) fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = text.split_once('/')?;
        let first = u32::from(address.parse::<std::net::Ipv4Addr>().ok()?);
        let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
        let cidr = Cidr { first, bits };
        (first.checked_rem(1_u32.checked_shl(32 - bits).unwrap_or(0)).unwrap_or(0) == 0).then_some(cidr)
    }

    /// The length of the mask.
    pub(crate) fn bits(self) -> u32 {
        self.bits
    }

    /// How many addresses it has.
    pub(crate) fn size(self) -> u64 {
        1 << (32 - self.bits)
    }

    fn last(self) -> u64 {
        u64::from(self.first) + self.size() - 1
    }

    /// Whether another lies in it.
    pub(crate) fn holds(self, other: Cidr) -> bool {
        self.first <= other.first && other.last() <= self.last()
    }

    /// Whether the two share an address.
    pub(crate) fn overlaps(self, other: Cidr) -> bool {
        u64::from(self.first) <= other.last() && u64::from(other.first) <= self.last()
    }

    /// The address at a place in it.
    pub(crate) fn address(self, place: u64) -> std::net::Ipv4Addr {
        let offset = u32::try_from(place % self.size()).unwrap_or(0);
        std::net::Ipv4Addr::from(self.first.wrapping_add(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn blocks_hold_and_overlap() {
        let parse = |text| Cidr::parse(text).unwrap();
        let whole = parse("10.0.0.0/16");
        assert!(whole.holds(parse("10.0.255.0/24")) && !whole.holds(parse("10.1.0.0/24")));
        assert!(parse("10.0.0.0/20").overlaps(parse("10.0.8.0/24")));
        assert!(!parse("10.0.0.0/24").overlaps(parse("10.0.1.0/24")));
        assert_eq!((Cidr::parse("10.0.0.1/16"), Cidr::parse("10.0.0.0/33")), (None, None));
        assert_eq!(parse("0.0.0.0/0").size(), 1 << 32);
    }
}
