//! How the VPC's address range is split into subnets.
//!
//! Sixteen equal parts: a zone's letter decides which two are its private and its public subnet, so that zones can join later
//! without moving any that are there. A /16 gives subnets of 4091 addresses, a /24 of 11, where EKS needs 6 and advises 16.

use std::net::Ipv4Addr;

/// Zones a VPC has room for.
const MOST_ZONES: u32 = 8;
/// How much longer a subnet's prefix is than the VPC's.
const SPLIT_BITS: u32 = 4;

/// Ranges of one zone's subnets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRanges {
    /// For nodes and pods.
    pub private: String,
    /// For NAT gateways and load balancers.
    pub public: String,
}

/// The ranges of a zone such as `us-east-1b` in this VPC range; `None` for a zone whose letter is beyond `h`, for local zones
/// such as `us-west-2-lax-1a`, and for what is no range.
pub fn of_zone(vpc: &str, region: &str, zone: &str) -> Option<ZoneRanges> {
    let letter = zone.strip_prefix(region).filter(|rest| rest.len() == 1)?.bytes().next()?;
    let index = u32::from(letter.checked_sub(b'a')?);
    (index < MOST_ZONES)
        .then(|| Some(ZoneRanges { private: part(vpc, index)?, public: part(vpc, MOST_ZONES + index)? }))?
}

fn part(vpc: &str, index: u32) -> Option<String> {
    let (address, bits) = vpc.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 28 - SPLIT_BITS)?;
    let start = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let length = bits + SPLIT_BITS;
    let offset = index.checked_shl(32 - length)?;
    Some(format!("{}/{length}", Ipv4Addr::from(start.checked_add(offset)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_as_a_table() {
        let mut table = String::new();
        for (vpc, zone) in [
            ("10.0.0.0/16", "us-east-1a"),
            ("10.0.0.0/16", "us-east-1f"),
            ("10.0.0.0/16", "us-east-1h"),
            ("10.8.4.0/24", "us-east-1a"),
            ("10.8.4.0/24", "us-east-1h"),
            ("10.0.0.0/16", "us-east-1i"),
            ("10.0.0.0/16", "us-east-1-bos-1a"),
        ] {
            let ranges = of_zone(vpc, "us-east-1", zone);
            let words =
                ranges.map_or_else(|| "none".to_owned(), |ranges| format!("{} {}", ranges.private, ranges.public));
            table.push_str(&format!("{vpc} {zone}: {words}\n"));
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn no_two_subnets_overlap_and_all_are_inside() {
        for bits in 16..=24u32 {
            let vpc = format!("10.0.0.0/{bits}");
            let mut starts: Vec<u32> = Vec::new();
            for letter in 'a'..='h' {
                let ranges = of_zone(&vpc, "x-1", &format!("x-1{letter}")).expect("a zone with room");
                for range in [ranges.private, ranges.public] {
                    let (address, length) = range.split_once('/').expect("a range");
                    assert_eq!(length.parse::<u32>().expect("a length"), bits + 4);
                    starts.push(u32::from(address.parse::<Ipv4Addr>().expect("an address")));
                }
            }
            starts.sort_unstable();
            let size = 1u32 << (32 - bits - 4);
            assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == size), "{vpc}");
            assert!(starts.last().expect("some") + size <= u32::from(Ipv4Addr::new(10, 0, 0, 0)) + (1 << (32 - bits)));
        }
    }
}
