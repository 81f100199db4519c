//! What GKE and Kubernetes leave when a cluster goes, and the order in which one thing lets go of another.
//!
//! Compute Engine refuses to delete what something else uses (`resourceInUseByAnotherResource`): a forwarding rule uses its proxy, that
//! its URL map and certificate, that its backend services, those their health checks, groups and endpoint groups; a machine uses its
//! disks; a forwarding rule and a machine use their addresses.

use super::steps::action;
use crate::actions::gke::{GkeAction, GkeLeftover};
use crate::gc::LeftoverKind;
use crate::plan::{Billing, Impact, Step, StepChange, StepId};

/// Compute Engine's deletions take seconds, those of groups of machines minutes.
const USUAL_SECONDS: u32 = 15;
const LIMIT_SECONDS: u32 = 1800;

/// Steps that delete these things, after all steps in `before`; each kind waits for those that may use it.
pub fn steps(things: &[GkeLeftover], before: &[StepId]) -> Vec<Step> {
    let mut ordered: Vec<&GkeLeftover> = things.iter().collect();
    ordered.sort_by_key(|thing| (tier(thing.kind), thing.path.clone()));
    ordered.iter().map(|thing| delete(thing, after(thing, &ordered, before))).collect()
}

/// The steps of the nearest tier before this one that has any: what stands before that is waited for by those.
fn after(thing: &GkeLeftover, ordered: &[&GkeLeftover], before: &[StepId]) -> Vec<StepId> {
    let own = tier(thing.kind);
    let Some(last) = ordered.iter().map(|other| tier(other.kind)).filter(|other| *other < own).max() else {
        return before.to_vec();
    };
    ordered.iter().filter(|other| tier(other.kind) == last).map(|other| id(other)).collect()
}

/// How late a kind goes.
fn tier(kind: LeftoverKind) -> u8 {
    match kind {
        LeftoverKind::ForwardingRule | LeftoverKind::MachineGroup | LeftoverKind::Firewall | LeftoverKind::Route => 0,
        LeftoverKind::TargetProxy
        | LeftoverKind::TargetPool
        | LeftoverKind::Instance
        | LeftoverKind::InstanceTemplate => 1,
        LeftoverKind::UrlMap | LeftoverKind::SslCertificate | LeftoverKind::Address | LeftoverKind::Disk => 2,
        LeftoverKind::BackendService => 3,
        _ => 4,
    }
}

fn id(thing: &GkeLeftover) -> StepId {
    StepId(format!("gke/leftover/{}", thing.path))
}

fn delete(thing: &GkeLeftover, after: Vec<StepId>) -> Step {
    Step {
        id: id(thing),
        title: format!("delete {} {}", thing.kind, thing.name),
        why: "its cluster is gone or goes, and it would stay".to_owned(),
        details: vec![thing.path.clone()],
        change: StepChange::Remove,
        impact: Impact::InPlace,
        billing: if thing.kind.is_billed() { Billing::Stops } else { Billing::Unchanged },
        after,
        usual_seconds: USUAL_SECONDS,
        limit_seconds: LIMIT_SECONDS,
        action: action(GkeAction::DeleteLeftover(thing.clone())),
    }
}
