//! What differs between a pool that is there and the one that is wanted, and what it takes to change it.
//!
//! GKE changes labels, taints, zones, autoscaling, size and the metadata server of a pool in place, one kind per call.
//! Machine type, GPUs and their sharing, disk, spot and secure boot belong to the machines: the pool is made again.

use super::{accelerator, autoscaling, labels, pool, taints};
use crate::actions::gke::{GkePool, GkePoolChange};
use crate::plan::{Impact, Note};

/// One kind of change to make in place.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolChange {
    /// Last part of the step's id.
    pub field: &'static str,
    /// `field: old -> new`.
    pub details: Vec<String>,
    /// What it does to running nodes.
    pub impact: Impact,
    /// The change.
    pub change: GkePoolChange,
}

/// What differs about one pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PoolDiff {
    /// Changes GKE makes in place, in the order they are to be made.
    pub in_place: Vec<PoolChange>,
    /// `field: old -> new` of what only a new pool can have; if any, `in_place` does not matter.
    pub recreate: Vec<String>,
    /// What differs but is left as it is, and why.
    pub notes: Vec<Note>,
}

/// Compares a pool that is there with the one that is wanted.
///
/// `initialNodeCount` of an autoscaled pool is no difference: it was only its start.
pub fn diff(have: &GkePool, want: &GkePool) -> PoolDiff {
    PoolDiff { in_place: in_place(have, want), recreate: recreate(have, want), notes: notes(have, want) }
}

fn recreate(have: &GkePool, want: &GkePool) -> Vec<String> {
    let mut details = Vec::new();
    let mut field = |name: &str, have: String, want: String| {
        if have != want {
            details.push(format!("{name}: {have} -> {want}"));
        }
    };
    field("machine type", have.machine_type.clone(), want.machine_type.clone());
    field("GPU", accelerator::words(have.accelerator.as_ref()), accelerator::words(want.accelerator.as_ref()));
    field("capacity", pool::capacity_words(have.spot).to_owned(), pool::capacity_words(want.spot).to_owned());
    field("disk", pool::disk_words(have), pool::disk_words(want));
    field("secure boot", on_off(have.secure_boot), on_off(want.secure_boot));
    field("integrity monitoring", on_off(have.integrity_monitoring), on_off(want.integrity_monitoring));
    details
}

fn in_place(have: &GkePool, want: &GkePool) -> Vec<PoolChange> {
    // Zones first, because nodes the later changes add shall be in the right ones.
    // A fixed pool with fewer nodes in each zone is the exception: in more zones with the old number it would for a while have
    // more nodes than the file or a quota allows.
    let mut changes = size(have, want);
    let rest = [zones(have, want), node_labels(have, want), node_taints(have, want)].into_iter().flatten();
    if is_fixed_and_shrinks(have, want) {
        changes.extend(rest);
    } else {
        changes = rest.chain(changes).collect();
    }
    if have.workload_metadata != want.workload_metadata {
        changes.push(PoolChange {
            field: "workload-metadata",
            details: vec![format!(
                "metadata server: {} -> {}",
                metadata_words(have.workload_metadata),
                metadata_words(want.workload_metadata)
            )],
            impact: Impact::Rolling,
            change: GkePoolChange::WorkloadMetadata(want.workload_metadata),
        });
    }
    changes
}

fn zones(have: &GkePool, want: &GkePool) -> Option<PoolChange> {
    let mut have_zones = have.zones.clone();
    have_zones.sort();
    (have_zones != want.zones).then(|| PoolChange {
        field: "zones",
        details: vec![format!("zones: {} -> {}", have_zones.join(", "), want.zones.join(", "))],
        impact: zones_impact(have, want),
        change: GkePoolChange::Zones(want.zones.clone()),
    })
}

/// Nodes in zones that are given up go down; how many of an autoscaled pool's nodes stand there is not known.
fn zones_impact(have: &GkePool, want: &GkePool) -> Impact {
    let given_up = have.zones.iter().filter(|zone| !want.zones.contains(zone)).count();
    let nodes = match (given_up, &have.autoscaling) {
        (0, _) => return Impact::InPlace,
        (_, Some(autoscaling)) if !autoscaling.per_zone => autoscaling.nodes.max,
        _ => pool::most_nodes(have) / zone_count(have) * u32::try_from(given_up).unwrap_or(u32::MAX),
    };
    removal(have, nodes)
}

fn is_fixed_and_shrinks(have: &GkePool, want: &GkePool) -> bool {
    have.autoscaling.is_none()
        && want.autoscaling.is_none()
        && want.initial_nodes_per_zone < have.initial_nodes_per_zone
}

fn zone_count(pool: &GkePool) -> u32 {
    u32::try_from(pool.zones.len()).unwrap_or(u32::MAX).max(1)
}

/// So many nodes go down for good.
fn removal(have: &GkePool, nodes: u32) -> Impact {
    match nodes {
        0 => Impact::InPlace,
        nodes => Impact::Remove { nodes, gpus: nodes.saturating_mul(pool::gpus_per_node(have)) },
    }
}

fn node_labels(have: &GkePool, want: &GkePool) -> Option<PoolChange> {
    let have = labels::node_labels_of_people(&have.labels, &want.labels);
    (have != want.labels).then(|| PoolChange {
        field: "labels",
        details: labels::difference_words(&have, &want.labels),
        impact: Impact::InPlace,
        change: GkePoolChange::Labels(want.labels.clone()),
    })
}

fn node_taints(have: &GkePool, want: &GkePool) -> Option<PoolChange> {
    let taints = taints::replacement(&have.taints, &want.taints, want.accelerator.is_some())?;
    let gone = have.taints.iter().filter(|taint| !taints.contains(taint));
    let new = taints.iter().filter(|taint| !have.taints.contains(taint));
    let details = gone
        .map(|taint| format!("taint {} -> (none)", taints::words(taint)))
        .chain(new.map(|taint| format!("taint (none) -> {}", taints::words(taint))))
        .collect();
    Some(PoolChange { field: "taints", details, impact: Impact::InPlace, change: GkePoolChange::Taints(taints) })
}

/// Autoscaling limits, or the size of a fixed pool; a pool that stops scaling gets both, in this order.
fn size(have: &GkePool, want: &GkePool) -> Vec<PoolChange> {
    let mut changes = Vec::new();
    if have.autoscaling != want.autoscaling {
        changes.push(PoolChange {
            field: "autoscaling",
            details: vec![format!(
                "autoscaling: {} -> {}",
                autoscaling::words(have.autoscaling.as_ref()),
                autoscaling::words(want.autoscaling.as_ref())
            )],
            impact: Impact::InPlace,
            change: GkePoolChange::Autoscaling(want.autoscaling.clone()),
        });
    }
    // GKE's `initialNodeCount` follows a resize, so for a fixed pool it is the size now (Terraform's documentation warns of it).
    // How many nodes an autoscaled pool has is not known from its settings, so once it stops scaling its size is set anyway.
    let stops_scaling = have.autoscaling.is_some();
    if want.autoscaling.is_none() && (stops_scaling || have.initial_nodes_per_zone != want.initial_nodes_per_zone) {
        let old = if stops_scaling { "(autoscaled)".to_owned() } else { have.initial_nodes_per_zone.to_string() };
        let fewer = if stops_scaling {
            pool::most_nodes(have).saturating_sub(pool::most_nodes(want))
        } else {
            have.initial_nodes_per_zone.saturating_sub(want.initial_nodes_per_zone).saturating_mul(zone_count(have))
        };
        changes.push(PoolChange {
            field: "size",
            details: vec![format!("nodes in each zone: {old} -> {}", want.initial_nodes_per_zone)],
            impact: removal(have, fewer),
            change: GkePoolChange::NodesPerZone(want.initial_nodes_per_zone),
        });
    }
    changes
}

fn notes(have: &GkePool, want: &GkePool) -> Vec<Note> {
    let mut notes = Vec::new();
    if let (Some(have), Some(want_range)) = (&have.autoscaling, &want.autoscaling)
        && have != want_range
    {
        notes.push(Note {
            about: format!("pool {}", want.name),
            text: "how many nodes it has now is left to the autoscaler, which keeps to the new limits".to_owned(),
        });
    }
    notes
}

fn on_off(on: bool) -> String {
    if on { "on".to_owned() } else { "off".to_owned() }
}

fn metadata_words(workload: bool) -> &'static str {
    if workload { "GKE's (workload identity)" } else { "the machine's" }
}
