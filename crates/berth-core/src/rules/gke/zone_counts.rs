//! A file counts a pool's nodes as totals; GKE takes `initialNodeCount` per zone.
//!
//! The rule: spread `min` evenly, rounded up, over as many of the pool's zones as keep the start within `max`.
//! Zones that do not fit are left out from the end of the file's list, because the file's order is the user's preference.
//! One zone always fits, so every range has an answer; a fixed pool (`min == max`) comes out exact.

use crate::spec::NodeRange;

/// How a pool's nodes start over its zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneCounts {
    /// Zones the pool uses, sorted as GKE compares them.
    pub zones: Vec<String>,
    /// Nodes in each of them at creation.
    pub per_zone: u32,
    /// Zones of the file that are not used because one node in each would exceed `max`.
    pub left_out: Vec<String>,
}

impl ZoneCounts {
    /// Nodes the pool starts with, over all zones.
    pub fn start(&self) -> u32 {
        self.per_zone.saturating_mul(u32::try_from(self.zones.len()).unwrap_or(u32::MAX))
    }
}

/// Maps totals to per-zone counts; `zones` in the order of the file, `nodes.min <= nodes.max`.
pub fn zone_counts(nodes: NodeRange, zones: &[String]) -> ZoneCounts {
    let used = (1..=zones.len()).rev().find(|&count| fits(nodes, count)).unwrap_or(zones.len());
    let (kept, left_out) = zones.split_at(used);
    let mut kept = kept.to_vec();
    kept.sort();
    kept.dedup();
    ZoneCounts { per_zone: per_zone(nodes, kept.len()), zones: kept, left_out: left_out.to_vec() }
}

/// The mapping in words: `1 to 8 nodes in total over us-central1-a, us-central1-c; starts with 1 in each zone = 2`.
pub fn words(nodes: NodeRange, counts: &ZoneCounts) -> String {
    let range = if nodes.min == nodes.max {
        format!("{} {} in total, fixed,", nodes.min, if nodes.min == 1 { "node" } else { "nodes" })
    } else {
        format!("{} to {} nodes in total", nodes.min, nodes.max)
    };
    let mut text = format!("{range} over {}", counts.zones.join(", "));
    match (counts.per_zone, counts.zones.len()) {
        (0, _) => text.push_str("; starts with none"),
        (start, 1) => text.push_str(&format!("; starts with {start}")),
        (each, _) => text.push_str(&format!("; starts with {each} in each zone = {}", counts.start())),
    }
    if !counts.left_out.is_empty() {
        text.push_str(&format!(
            "; {} not used, because the same number of nodes in every zone would not fit",
            counts.left_out.join(", ")
        ));
    }
    text
}

fn fits(nodes: NodeRange, zones: usize) -> bool {
    u64::from(per_zone(nodes, zones)) * zones as u64 <= u64::from(nodes.max)
}

fn per_zone(nodes: NodeRange, zones: usize) -> u32 {
    let zones = u32::try_from(zones).unwrap_or(u32::MAX).max(1);
    nodes.min.div_ceil(zones)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zones(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("us-central1-{}", char::from(b'a' + u8::try_from(i).unwrap()))).collect()
    }

    #[test]
    fn the_mapping_as_a_table() {
        let mut table = String::new();
        for (min, max, count) in [
            (0, 4, 3),
            (1, 8, 2),
            (2, 10, 3),
            (1, 2, 3),
            (1, 1, 3),
            (4, 4, 3),
            (6, 6, 3),
            (5, 5, 2),
            (5, 7, 3),
            (0, 0, 2),
        ] {
            let nodes = NodeRange { min, max };
            table
                .push_str(&format!("{min}-{max} over {count}: {}\n", words(nodes, &zone_counts(nodes, &zones(count)))));
        }
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn the_start_is_within_the_range(min in 0u32..2000, extra in 0u32..50, count in 1usize..6) {
            let nodes = NodeRange { min, max: min + extra };
            let counts = zone_counts(nodes, &zones(count));
            prop_assert!(counts.start() >= nodes.min, "{counts:?}");
            prop_assert!(counts.start() <= nodes.max, "{counts:?}");
            prop_assert_eq!(counts.zones.len() + counts.left_out.len(), count);
        }

        #[test]
        fn no_more_zones_are_left_out_than_needed(min in 1u32..50, extra in 0u32..20, count in 2usize..6) {
            let nodes = NodeRange { min, max: min + extra };
            let counts = zone_counts(nodes, &zones(count));
            if !counts.left_out.is_empty() {
                let one_more = u32::try_from(counts.zones.len() + 1).unwrap();
                prop_assert!(min.div_ceil(one_more) * one_more > nodes.max);
            }
        }
    }
}
