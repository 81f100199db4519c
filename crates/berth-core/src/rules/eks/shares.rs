//! How a pool's fewest nodes are shared out over the node groups behind it, when some of them cannot get machines.
//!
//! What is there is moved as little as possible, so that a second look right after a first plan has nothing to do:
//! a group without stock keeps the nodes it holds, and others take over the rest: on-demand where the pool has it, else the pool's
//! groups in other zones. Once spot holds nodes again, on-demand gives up as many.
//!
//! EKS takes no node group of at most 0 nodes, and an autoscaler may grow each group to its most. So that all groups of a pool
//! together never reach more than the pool's most nodes, on-demand groups are there only while they are needed, and what they may
//! reach is taken off what the spot groups may.

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
        /// Nodes wanted now; more than the fewest if an autoscaler has raised it.
        desired: u32,
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
        _ => Standing::Open { min, held: group.running.unwrap_or(group.desired), desired: group.desired },
    }
}

/// The groups of one tier, by their places among the pool's.
struct Tiers {
    /// The ones that are asked first.
    first: Vec<usize>,
    /// Those that take what the first ones cannot give.
    fallback: Vec<usize>,
}

impl Tiers {
    fn of(slots: &[(Slot, Standing)]) -> Self {
        let (fallback, first) = (0..slots.len()).partition(|index| slots[*index].0.is_fallback);
        Self { first, fallback }
    }

    /// Whether others of the pool take over what this group lacks.
    fn relieves(&self, index: usize, slots: &[(Slot, Standing)]) -> bool {
        let is_fallback = slots[index].0.is_fallback;
        let tier = if is_fallback { &self.fallback } else { &self.first };
        tier.iter().any(|other| is_open(slots[*other].1)) || (!is_fallback && !self.fallback.is_empty())
    }
}

fn is_open(standing: Standing) -> bool {
    !matches!(standing, Standing::Starved { .. })
}

fn held(standing: Standing) -> u32 {
    match standing {
        Standing::Absent => 0,
        Standing::Open { held, .. } | Standing::Starved { held, .. } => held,
    }
}

fn min(standing: Standing) -> u32 {
    match standing {
        Standing::Absent => 0,
        Standing::Open { min, .. } | Standing::Starved { min, .. } => min,
    }
}

/// The limits of each group of a pool that has these limits, in the order of the groups; `None` for a group that the pool does
/// without for now.
pub fn shares(nodes: NodeRange, slots: &[(Slot, Standing)]) -> Vec<Option<Share>> {
    let tiers = Tiers::of(slots);
    let mins = mins(nodes.min, slots, &tiers);
    let relieved = |index: usize| match slots[index].1 {
        Standing::Starved { held, .. } if tiers.relieves(index, slots) => Some(held.min(nodes.min)),
        _ => None,
    };
    if !tiers.fallback.is_empty() {
        let mosts = mosts(nodes.max, &mins, slots, &tiers);
        let share = |index: usize| {
            let nodes = NodeRange { min: mins[index], max: mosts[index] };
            (nodes.max > 0).then(|| Share { nodes, relieved: relieved(index) })
        };
        return (0..slots.len()).map(share).collect();
    }
    let parts_of_max = split(nodes.max, slots.len());
    let share = |index: usize| {
        let relieved = relieved(index);
        // The limits of a relieved one stay, so that it fills up by itself when there is stock again.
        let least = if relieved.is_some() { min(slots[index].1).min(nodes.min) } else { mins[index] };
        Some(Share { nodes: range(least, parts_of_max[index]), relieved })
    };
    (0..slots.len()).map(share).collect()
}

/// The fewest nodes of each group; they add up to what the pool wants, unless nobody can take over what starved ones lack.
fn mins(wanted: u32, slots: &[(Slot, Standing)], tiers: &Tiers) -> Vec<u32> {
    let Tiers { first, fallback } = tiers;
    let is_open = |index: &usize| is_open(slots[*index].1);
    let held = |index: &usize| held(slots[*index].1).min(wanted);
    let min = |index: &usize| min(slots[*index].1);
    let first_is_open = first.iter().any(is_open);
    let lacking = wanted.saturating_sub(first.iter().map(held).sum());
    let on_fallback = match (fallback.is_empty(), first_is_open) {
        (true, _) => 0,
        // What the file newly asks for is first asked of spot; what on-demand took over it keeps until spot holds it. That is also how
        // a later run knows that spot had none.
        (false, true) => {
            let short =
                first.iter().filter(|index| !is_open(index)).map(|index| min(index).saturating_sub(held(index)));
            lacking.min(fallback.iter().map(min).sum::<u32>() + short.sum::<u32>())
        }
        (false, false) => lacking,
    };
    let mut mins = vec![0; slots.len()];
    for (tier, total) in [(first, wanted - on_fallback), (fallback, on_fallback)] {
        let can_relieve = tier.iter().any(is_open);
        let (fixed, moving): (Vec<usize>, Vec<usize>) = if can_relieve || (!fallback.is_empty() && tier == first) {
            tier.iter().partition(|index| !is_open(index))
        } else {
            (Vec::new(), tier.clone())
        };
        for index in &fixed {
            mins[*index] = held(index);
        }
        let rest = total.saturating_sub(fixed.iter().map(held).sum());
        let mut parts: Vec<u32> = moving.iter().map(min).collect();
        if !fallback.is_empty() {
            grow_to_held(&mut parts, &moving.iter().map(held).collect::<Vec<u32>>(), rest);
        }
        level(&mut parts, rest);
        for (index, part) in moving.iter().zip(parts) {
            mins[*index] = part;
        }
    }
    mins
}

/// The most nodes of each group of a pool with a fallback; together they are the pool's most. A group with 0 is not wanted.
///
/// While on-demand holds nodes of the fewest, spot may hold what it holds and one node more in each of its groups, so that an
/// autoscaler can find out whether there is stock again; on-demand may take all the rest. Otherwise on-demand may keep only what an
/// autoscaler has raised it to.
fn mosts(most: u32, mins: &[u32], slots: &[(Slot, Standing)], tiers: &Tiers) -> Vec<u32> {
    let Tiers { first, fallback } = tiers;
    let sum = |tier: &[usize], of: &dyn Fn(usize) -> u32| tier.iter().map(|index| of(*index)).sum::<u32>();
    let least = |index: usize| mins[index];
    let needed = |index: usize| mins[index].max(held(slots[index].1));
    let kept = |index: usize| match slots[index].1 {
        Standing::Open { min, desired, .. } if desired > min => mins[index].max(desired),
        _ => mins[index],
    };
    let (fallen, keeps) = (sum(fallback, &least), sum(fallback, &kept));
    let (at_least, holds) = (sum(first, &least), sum(first, &needed));
    let tries = u32::try_from(first.len()).unwrap_or(u32::MAX);
    let room = if fallen > 0 { holds.saturating_add(tries) } else { most };
    let on_first = room.min(most.saturating_sub(keeps)).max(holds.min(most.saturating_sub(fallen))).max(at_least);
    let mut mosts = vec![0; slots.len()];
    let mut give = |tier: &[usize], total: u32, wish: &dyn Fn(usize) -> u32| {
        let wish: &dyn Fn(usize) -> u32 = if sum(tier, wish) <= total { wish } else { &least };
        let mut parts: Vec<u32> = tier.iter().map(|index| wish(*index)).collect();
        level(&mut parts, total);
        tier.iter().zip(parts).for_each(|(index, part)| mosts[*index] = part);
    };
    give(first, on_first, &needed);
    let used: Vec<usize> = fallback.iter().copied().filter(|index| kept(*index) > 0).collect();
    give(&used, most.saturating_sub(on_first), &kept);
    mosts
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

/// Lets these parts grow as far as there are nodes already, up to a total: nobody has to wait for those.
fn grow_to_held(parts: &mut [u32], held: &[u32], total: u32) {
    let mut room = total.saturating_sub(parts.iter().sum());
    for (part, held) in parts.iter_mut().zip(held) {
        let more = held.saturating_sub(*part).min(room);
        *part += more;
        room -= more;
    }
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
