//! What happens when spot cannot give a pool its nodes: on-demand does, and says so.

use super::shares::{Share, Standing};
use super::slots::{Slot, slots};
use crate::observed::{IssueCause, ObservedPool};
use crate::plan::Note;
use crate::run::{FaultKind, Outcome};
use crate::spec::{ClusterSpec, PoolSpec, Provider};

/// EC2's words for having no machines, or none for us.
const REASONS: [&str; 8] = [
    "InsufficientInstanceCapacity",
    "MaxSpotInstanceCountExceeded",
    "SpotMaxPriceTooLow",
    "VcpuLimitExceeded",
    "UnfulfillableCapacity",
    "InstanceLimitExceeded",
    "MaxFleetCountExceeded",
    "InsufficientFreeAddressesInSubnet",
];

/// Whether a failed run is worth another look and another plan at once: a node group got no machines, and others of its pool can
/// take over its nodes.
///
/// True for a stockout or a quota of a group that has others beside or behind it in its pool. The next plan then needs no wish of
/// its own: it sees the group's issues. Once is enough; what the next run cannot get either, stays a failure.
pub fn worth_another_plan(spec: &ClusterSpec, outcome: &Outcome) -> bool {
    if spec.cloud.provider() != Provider::Eks {
        return false;
    }
    let starved =
        outcome.failed.iter().filter(|(_, fault)| matches!(fault.kind, FaultKind::Stockout | FaultKind::Quota));
    let groups: Vec<&str> =
        starved.filter_map(|(id, _)| id.0.strip_prefix("eks/nodegroup/")?.split('/').next()).collect();
    spec.pools.iter().any(|pool| {
        let slots = slots(pool);
        let has_failed = |slot: &Slot| groups.contains(&slot.name.as_str());
        slots.iter().any(has_failed) && slots.iter().any(|slot| !has_failed(slot))
    })
}

/// What was moved between the groups of a pool, and why.
pub fn notes(
    pool: &PoolSpec,
    slots: &[(Slot, Standing)],
    shares: &[Option<Share>],
    have: &[ObservedPool],
) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |text: String| notes.push(Note { about: format!("pool {}", pool.name), text });
    let reason = |name: &str| {
        let there = have.iter().find(|have| have.name == name);
        there.map_or_else(String::new, |have| reason(pool, have))
    };
    let with = || slots.iter().zip(shares).filter_map(|(slot, share)| Some((slot, share.as_ref()?)));
    let relieved: Vec<(&Slot, u32)> = with().filter_map(|((slot, _), share)| Some((slot, share.relieved?))).collect();
    let of_fallback = |of: fn(&Share) -> u32| -> u32 {
        with().filter(|((slot, _), _)| slot.is_fallback).map(|(_, share)| of(share)).sum()
    };
    let (fallback, on_demand) = (of_fallback(|share| share.nodes.min), of_fallback(|share| share.nodes.max));
    let (min, most) = (pool.nodes.min, pool.nodes.max);
    let spot = most.saturating_sub(on_demand);
    let parts = format!("meanwhile {spot} of its at most {most} nodes may be spot and {on_demand} on-demand");
    if fallback > 0 {
        let is_starved = |standing: &Standing| matches!(standing, Standing::Starved { .. });
        let starved = slots.iter().filter(|(slot, standing)| !slot.is_fallback && is_starved(standing));
        let reasons: Vec<String> = starved.map(|(slot, _)| reason(&slot.name)).collect();
        let why = match (reasons.is_empty(), spot) {
            (true, 0) => "; spot has no room until the file allows more nodes".to_owned(),
            (true, _) => "; spot takes nodes back when its group holds some again".to_owned(),
            (false, _) => format!(", because {}", reasons.join("; ")),
        };
        say(format!("falls back to on-demand for {fallback} of {min} nodes{why}; {parts}"));
        return notes;
    }
    if on_demand > 0 {
        say(format!("keeps the on-demand nodes that it was raised to; {parts}"));
    }
    for (slot, held) in relieved {
        let others = "the pool's other node groups take over what it lacks";
        say(format!("node group {} holds {held} nodes ({}); {others}", slot.name, reason(&slot.name)));
    }
    notes
}

/// `us-east-1a: InsufficientInstanceCapacity`, or EKS's own words where they name neither.
fn reason(pool: &PoolSpec, have: &ObservedPool) -> String {
    let starved = |cause| matches!(cause, IssueCause::Stockout | IssueCause::Quota);
    let mut reasons: Vec<String> = Vec::new();
    for issue in have.issues.iter().filter(|issue| starved(issue.cause)) {
        let word = REASONS.into_iter().find(|word| issue.message.contains(word) || issue.code == *word);
        let zones: Vec<&str> =
            pool.zones.iter().map(String::as_str).filter(|zone| issue.message.contains(zone)).collect();
        let text = match (word, zones.as_slice()) {
            (Some(word), []) => word.to_owned(),
            (Some(word), zones) => format!("{}: {word}", zones.join(", ")),
            (None, _) => format!("{}: {}", issue.code, issue.message),
        };
        if !reasons.contains(&text) {
            reasons.push(text);
        }
    }
    reasons.join("; ")
}
