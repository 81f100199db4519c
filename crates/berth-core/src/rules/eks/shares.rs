//! How a pool's fewest nodes are shared out over the node groups behind it, when some of them cannot get machines.
//!
//! What is there is moved as little as possible, so that a second look right after a first plan has nothing to do:
//! a group without stock keeps the nodes it holds, the others take over the rest, and on-demand only what no other group takes.
//! Once spot holds nodes again, on-demand gives up as many.

use crate::observed::{IssueCause, ObservedPool, Phase};
use crate::spec::NodeRange;

use super::group_steps::settings;
use super::slots::Slot;

/// How one group of a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not there, is going away, or will be made again for another reason.
    Absent,
    /// It takes as many nodes as it is told.
    Open {
        /// Its fewest nodes now.
        min: u32,
        /// Nodes it holds.
        held: u32,
    },
    /// The cloud has no machines for it, or our quota does not allow them.
    Starved {
        /// Its fewest nodes now.
        min: u32,
        /// Nodes it holds all the same.
        held: u32,
    },
}

/// What one group of a pool is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Its limits.
    pub nodes: NodeRange,
    /// It is starved and the others take over what it lacks, so that nobody waits for it; this many nodes it holds.
    pub relieved: Option<u32>,
}

/// How a group stands; `pool` is the one of its name that is there.
pub fn standing(pool: Option<&ObservedPool>) -> Standing {
    let Some((pool, group)) = pool.and_then(|pool| Some((pool, settings(pool)?))) else { return Standing::Absent };
    let min = group.nodes.min;
    let is_starved = !matches!(pool.phase, Phase::Running | Phase::Deleting)
        && pool.issues.iter().any(|issue| matches!(issue.cause, IssueCause::Stockout | IssueCause::Quota));
    match pool.phase {
        Phase::Deleting => Standing::Absent,
        _ if is_starved => Standing::Starved { min, held: group.running.unwrap_or(0) },
        Phase::Failed => Standing::Absent,
        _ => Standing::Open { min, held: group.running.unwrap_or(group.desired) },
    }
}

/// The limits of each group of a pool that has these limits, in the order of the groups.
pub fn shares(nodes: NodeRange, slots: &[(Slot, Standing)]) -> Vec<Share> {
    let wanted = nodes.min;
    let of_tier = |is_fallback: bool| -> Vec<usize> {
        (0..slots.len()).filter(|index| slots[*index].0.is_fallback == is_fallback).collect()
    };
    let (first, fallback) = (of_tier(false), of_tier(true));
    let is_open = |index: &usize| !matches!(slots[*index].1, Standing::Starved { .. });
    let held = |index: &usize| match slots[*index].1 {
        Standing::Absent => 0,
        Standing::Open { held, .. } | Standing::Starved { held, .. } => held.min(wanted),
    };
    let min = |index: &usize| match slots[*index].1 {
        Standing::Absent => 0,
        Standing::Open { min, .. } | Standing::Starved { min, .. } => min,
    };
    let first_is_open = first.iter().any(is_open);
    let lacking = wanted.saturating_sub(first.iter().map(held).sum());
    let on_fallback = match (fallback.is_empty(), first_is_open) {
        (true, _) => 0,
        // What the file newly asks for is first asked of spot; what on-demand took over it keeps until spot holds it.
        (false, true) => lacking.min(fallback.iter().map(min).sum()),
        (false, false) => lacking,
    };
    let mut mins = vec![0; slots.len()];
    for (tier, total) in [(&first, wanted - on_fallback), (&fallback, on_fallback)] {
        let can_relieve = tier.iter().any(is_open);
        let (fixed, moving): (Vec<usize>, Vec<usize>) = if can_relieve || (!fallback.is_empty() && tier == &first) {
            tier.iter().partition(|index| !is_open(index))
        } else {
            (Vec::new(), tier.clone())
        };
        for index in &fixed {
            mins[*index] = held(index);
        }
        let rest = total.saturating_sub(fixed.iter().map(held).sum());
        let mut parts: Vec<u32> = moving.iter().map(min).collect();
        level(&mut parts, rest);
        for (index, part) in moving.iter().zip(parts) {
            mins[*index] = part;
        }
    }
    let relievers = |index: usize| {
        let tier = if slots[index].0.is_fallback { &fallback } else { &first };
        tier.iter().any(is_open) || (!slots[index].0.is_fallback && !fallback.is_empty())
    };
    let parts_of_max = [split(nodes.max, first.len()), split(nodes.max, fallback.len())];
    let share = |index: usize| {
        let tier = usize::from(slots[index].0.is_fallback);
        let place = of_tier(slots[index].0.is_fallback).iter().position(|other| *other == index).unwrap_or(0);
        let Standing::Starved { min, held } = slots[index].1 else {
            return Share { nodes: range(mins[index], parts_of_max[tier][place]), relieved: None };
        };
        if !relievers(index) {
            return Share { nodes: range(mins[index], parts_of_max[tier][place]), relieved: None };
        }
        // Its limits stay, so that it fills up by itself when there is stock again.
        Share { nodes: range(min.min(wanted), parts_of_max[tier][place]), relieved: Some(held.min(wanted)) }
    };
    (0..slots.len()).map(share).collect()
}

/// EKS takes no most nodes of 0, and none below the fewest.
fn range(min: u32, max: u32) -> NodeRange {
    NodeRange { min, max: max.max(min).max(1) }
}

/// A number in parts that differ by one at most, the larger ones first.
fn split(total: u32, parts: usize) -> Vec<u32> {
    let count = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
    (0..count).map(|part| total / count + u32::from(part < total % count)).collect()
}

/// Makes these parts add up to the total: the smallest ones grow, the largest ones shrink, the others stay.
fn level(parts: &mut [u32], total: u32) {
    loop {
        let sum: u32 = parts.iter().sum();
        let part = if sum < total {
            parts.iter_mut().reduce(|least, part| if *part < *least { part } else { least })
        } else {
            // The last of the largest, as the first ones have the odd nodes.
            parts.iter_mut().reduce(|most, part| if *part >= *most { part } else { most })
        };
        let Some(part) = part else { return };
        match sum.cmp(&total) {
            std::cmp::Ordering::Less => *part += 1,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => *part -= 1,
        }
    }
}
