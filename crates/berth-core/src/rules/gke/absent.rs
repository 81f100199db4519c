//! How a GKE cluster goes away: wait for what runs, give back what workloads hold, then one DeleteCluster.
//!
//! GKE deletes neither the forwarding rules of Services and Ingresses nor the disks of claims with their cluster; both go only while
//! its controllers live.

use super::pool_steps::settings;
use super::{operations, steps};
use crate::actions::gke::GkeClusterRef;
use crate::observed::{Observed, ObservedCluster, Phase};
use crate::plan::{Impact, Note, Plan, Refusal, Step, StepChange, StepId};
use crate::rules::ownership::{OWNER_KEY, is_ours};

/// Steps that take a cluster away.
///
/// # Errors
/// It is not ours and `adopt` is not given.
pub fn plan(cluster: &GkeClusterRef, adopt: bool, observed: &Observed) -> Result<Plan, Refusal> {
    let mut waits = operations::waits(cluster, &observed.operations);
    let Some(current) = &observed.cluster else {
        // A create that was just accepted may run before the cluster can be seen: it must not outlive this run.
        if waits.runs("CREATE_CLUSTER") {
            let why = "it is being made and is not wanted";
            let after = waits.before_cluster();
            let delete = steps::delete_cluster(cluster, why, Impact::Remove { nodes: 0, gpus: 0 }, after);
            return Ok(Plan { steps: waits.steps.into_iter().chain([delete]).collect(), notes: Vec::new() });
        }
        let about = format!("cluster {}", cluster.name);
        let text = format!("there is none of that name in {} of project {}", cluster.location, cluster.project);
        return Ok(Plan { steps: waits.steps, notes: vec![Note { about, text }] });
    };
    refuse_foreign(current, adopt)?;
    // GKE refuses to delete a cluster while anything runs on it, its own upgrades included.
    waits.take_own();
    if waits.runs("DELETE_CLUSTER") {
        return Ok(Plan { steps: waits.steps, notes: vec![under_way(current)] });
    }
    let mut after = waits.before_cluster();
    let mut steps = waits.steps;
    if can_release(current) {
        let release = steps::release(cluster, after);
        after = vec![release.id.clone()];
        steps.push(release);
    }
    steps.push(delete(cluster, current, "it is not wanted any more", after));
    Ok(Plan { steps, notes: foreign_pools(current) })
}

/// Whether the cluster's API may have something to give back, and controllers that do it.
fn can_release(current: &ObservedCluster) -> bool {
    let at_rest = !matches!(current.phase, Phase::Creating | Phase::Deleting | Phase::Failed);
    at_rest && current.access.is_some() && !current.pools.is_empty()
}

/// A cluster takes all its pools with it; whoever made the others should know before.
fn foreign_pools(current: &ObservedCluster) -> Vec<Note> {
    let foreign = current.pools.iter().filter(|pool| !is_ours(&settings(pool).resource_labels));
    foreign
        .map(|pool| Note {
            about: format!("pool {}", pool.name),
            text: "was not made by berth and goes with the cluster".to_owned(),
        })
        .collect()
}

/// Refuses a cluster that is not ours, unless it is to be adopted.
///
/// # Errors
/// It is not ours and `adopt` is not given.
pub fn refuse_foreign(current: &ObservedCluster, adopt: bool) -> Result<(), Refusal> {
    if adopt || current.is_ours() {
        return Ok(());
    }
    Err(Refusal::NotOurs {
        name: current.name.clone(),
        location: current.place.location().to_owned(),
        owner: current.labels.get(OWNER_KEY).cloned().unwrap_or_else(|| "(none)".to_owned()),
    })
}

/// The step that deletes a cluster, or waits for a deletion of which no operation shows.
pub fn delete(cluster: &GkeClusterRef, current: &ObservedCluster, why: &str, after: Vec<StepId>) -> Step {
    let (nodes, gpus) = steps::at_risk(current.pools.iter().map(settings));
    let mut step = steps::delete_cluster(cluster, why, Impact::Remove { nodes, gpus }, after);
    step.details = current.pools.iter().map(|pool| format!("pool {}", pool.name)).collect();
    if current.phase == Phase::Deleting {
        step.title = format!("wait until cluster {} is deleted", cluster.name);
        "its deletion was started before".clone_into(&mut step.why);
        step.change = StepChange::Wait;
    }
    step
}

fn under_way(current: &ObservedCluster) -> Note {
    Note {
        about: format!("cluster {}", current.name),
        text: "its deletion was started before and still runs; it is only waited for".to_owned(),
    }
}
