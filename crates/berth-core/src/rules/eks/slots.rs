//! The node groups that stand behind one pool of the file.
//!
//! Mostly one. `spot-then-on-demand` has a second one while spot cannot give what the pool needs, bought on-demand; both together never
//! reach more than the pool's most nodes. With `eks: {nodeGroups: per-zone}` each of them is one per zone.
//!
//! One group over several zones is the better choice where it starts small: its group of machines takes them from whatever zone
//! has some. But EKS ends a group that cannot reach its fewest nodes as `CREATE_FAILED`, with the nodes it did get, and takes no
//! change to it any more; and machines it did get in one zone say nothing about the next one. With a group in each zone a zone
//! without stock fails alone, and its part of the nodes moves to the others. It costs more node groups (EKS allows 30 in a
//! cluster), and an autoscaler has to balance them; so it is for pools that need their nodes spread or their zones to fail alone.

use crate::actions::eks::EksCapacity;
use crate::spec::{Capacity, PoolSpec};

/// One node group of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Name of the node group.
    pub name: String,
    /// How its machines are bought.
    pub capacity: EksCapacity,
    /// Its only zone; `None` for all zones of the pool.
    pub zone: Option<String>,
    /// Takes only what the pool's other groups cannot give.
    pub is_fallback: bool,
}

/// The node groups of a pool, the fallback ones last.
pub fn slots(pool: &PoolSpec) -> Vec<Slot> {
    let tiers: &[(&str, EksCapacity, bool)] = match pool.capacity {
        Capacity::OnDemand => &[("", EksCapacity::OnDemand, false)],
        Capacity::Spot => &[("", EksCapacity::Spot, false)],
        Capacity::SpotThenOnDemand => &[("", EksCapacity::Spot, false), ("-on-demand", EksCapacity::OnDemand, true)],
    };
    let mut slots = Vec::new();
    for (suffix, capacity, is_fallback) in tiers {
        let name = format!("{}{suffix}", pool.name);
        let slot = |name, zone| Slot { name, capacity: *capacity, zone, is_fallback: *is_fallback };
        if pool.group_per_zone {
            let named = |zone: &String| slot(format!("{name}-{}", zone_word(zone, &pool.zones)), Some(zone.clone()));
            slots.extend(pool.zones.iter().map(named));
        } else {
            slots.push(slot(name, None));
        }
    }
    slots
}

/// The zone's letter, or its whole name where another of these zones has the same letter, as local zones may.
fn zone_word<'a>(zone: &'a str, zones: &[String]) -> &'a str {
    let letter = |zone: &'a str| zone.char_indices().last().map_or(zone, |(at, _)| &zone[at..]);
    let word = letter(zone);
    if zones.iter().filter(|other| other.ends_with(word)).count() > 1 { zone } else { word }
}
