//! What has to be done about each pool of a cluster that stays.

use super::operations::Waits;
use super::{diff_pool, steps};
use crate::actions::gke::{GkeClusterRef, GkePool};
use crate::observed::{Issue, IssueCause, ObservedPool, ObservedPoolSettings, Phase};
use crate::plan::{Impact, Note, Refusal, Step, StepId};
use crate::rules::ownership;

/// The pools of one cluster, wanted and there.
#[derive(Debug, Clone, Copy)]
pub struct Pools<'a> {
    /// The cluster.
    pub cluster: &'a GkeClusterRef,
    /// Wanted, scarce ones first.
    pub want: &'a [GkePool],
    /// There.
    pub have: &'a [ObservedPool],
    /// What runs now.
    pub waits: &'a Waits,
    /// Pools that berth did not make may be taken over.
    pub adopt: bool,
}

/// Steps about pools, and what was left undone.
#[derive(Debug, Clone, Default)]
pub struct PoolSteps<'a> {
    /// Steps; those of one pool wait for each other, those of different pools do not unless they need the same GPUs.
    pub steps: Vec<Step>,
    /// Names of pools that will be made.
    pub made: Vec<String>,
    /// Pools that the file does not have and that stay, because they are not ours.
    pub kept: Vec<&'a ObservedPool>,
    /// Notes.
    pub notes: Vec<Note>,
}

/// Decides about every pool; all steps come after those in `before`.
///
/// # Errors
/// A pool that berth did not make would have to be deleted, and `adopt` is not given.
pub fn decide<'a>(pools: Pools<'a>, before: &[StepId]) -> Result<PoolSteps<'a>, Refusal> {
    let mut out = PoolSteps::default();
    let extra: Vec<&ObservedPool> =
        pools.have.iter().filter(|have| !pools.want.iter().any(|want| want.name == have.name)).collect();
    // A GPU pool that the file no longer has goes first: its quota may be what a new pool of the same GPU waits for.
    let mut freed: Vec<(String, StepId)> = Vec::new();
    for pool in extra.iter().copied().filter(|pool| settings(pool).accelerator.is_some()) {
        let kind = settings(pool).accelerator.as_ref().map(|gpu| gpu.kind.clone()).unwrap_or_default();
        if let Some(id) = remove(pools, pool, after(pools, &pool.name, before), &mut out) {
            freed.push((kind, id));
        }
    }
    for want in pools.want {
        let mut before = after(pools, &want.name, before);
        if let Some(gpu) = &want.accelerator {
            let same = freed.iter().filter(|(kind, id)| *kind == gpu.kind && !before.contains(id));
            let same: Vec<StepId> = same.map(|(_, id)| id.clone()).collect();
            before.extend(same);
        }
        match pools.have.iter().find(|have| have.name == want.name) {
            None => missing(pools, want, before, &mut out),
            Some(have) => present(pools, have, want, before, &mut out)?,
        }
    }
    // Pools without GPUs go last, when their pods have somewhere else to go.
    let makes: Vec<StepId> = out.made.iter().map(|pool| steps::pool_id(pool)).collect();
    for pool in extra.into_iter().filter(|pool| settings(pool).accelerator.is_none()) {
        let mut before = after(pools, &pool.name, before);
        before.extend(makes.iter().cloned());
        remove(pools, pool, before, &mut out);
    }
    Ok(out)
}

fn missing(pools: Pools<'_>, want: &GkePool, before: Vec<StepId>, out: &mut PoolSteps<'_>) {
    if pools.waits.runs_on(&want.name, "CREATE_NODE_POOL") {
        out.notes
            .push(note(&want.name, "is being made since before; what it will be like can only be compared after that"));
        return;
    }
    out.made.push(want.name.clone());
    out.steps.push(steps::create_pool(pools.cluster, want, "the file has it, the cluster does not", before));
}

fn present(
    pools: Pools<'_>,
    have: &ObservedPool,
    want: &GkePool,
    before: Vec<StepId>,
    out: &mut PoolSteps<'_>,
) -> Result<(), Refusal> {
    let settings = settings(have);
    match have.phase {
        Phase::Deleting => {
            let gone = deleted(pools, have, before, out);
            make(pools, want, "the file has it, and the one of that name is going away", gone, out);
            return Ok(());
        }
        Phase::Failed => {
            let why = format!("it failed: {}", issues_words(&have.issues));
            refuse_foreign(pools, have, &why)?;
            // It never came up or is beyond use, so making it again takes nothing from anybody.
            let (nodes, gpus) = steps::at_risk([settings]);
            let delete = steps::delete_pool(pools.cluster, &have.name, &why, Impact::Remove { nodes, gpus }, before);
            let gone = vec![delete.id.clone()];
            out.steps.push(delete);
            make(pools, want, "the one of that name failed", gone, out);
            return Ok(());
        }
        Phase::Degraded => out.notes.push(degraded(have)),
        Phase::Unknown => {
            out.notes.push(note(&have.name, "is in a state this version does not know; treated as running"))
        }
        // With its operation awaited before, a pool that is being made is compared like one that is there.
        Phase::Creating | Phase::Running | Phase::Updating => {}
    }
    let diff = diff_pool::diff(settings, want);
    if !diff.recreate.is_empty() {
        let difference = diff.recreate.join("; ");
        refuse_foreign(pools, have, &difference)?;
        recreate(pools, have, want, diff.recreate, before, out);
        return Ok(());
    }
    out.notes.extend(diff.notes);
    let mut before = before;
    for change in diff.in_place {
        let step = steps::change_pool(pools.cluster, &want.name, change, before);
        before = vec![step.id.clone()];
        out.steps.push(step);
    }
    Ok(())
}

fn recreate(
    pools: Pools<'_>,
    have: &ObservedPool,
    want: &GkePool,
    details: Vec<String>,
    before: Vec<StepId>,
    out: &mut PoolSteps<'_>,
) {
    let (nodes, gpus) = steps::at_risk([settings(have)]);
    let why = "GKE cannot change this in a pool that exists";
    let mut delete = steps::delete_pool(pools.cluster, &have.name, why, Impact::Recreate { nodes, gpus }, before);
    delete.details = details;
    let gone = vec![delete.id.clone()];
    out.steps.push(delete);
    make(pools, want, "it is made again with what the file says", gone, out);
}

fn make(pools: Pools<'_>, want: &GkePool, why: &str, after: Vec<StepId>, out: &mut PoolSteps<'_>) {
    out.made.push(want.name.clone());
    out.steps.push(steps::create_pool(pools.cluster, want, why, after));
}

/// The steps after which a pool that is being deleted is gone.
fn deleted(pools: Pools<'_>, have: &ObservedPool, before: Vec<StepId>, out: &mut PoolSteps<'_>) -> Vec<StepId> {
    if pools.waits.runs_on(&have.name, "DELETE_NODE_POOL") {
        return before;
    }
    let (nodes, gpus) = steps::at_risk([settings(have)]);
    let why = "its deletion was started before";
    let mut step = steps::delete_pool(pools.cluster, &have.name, why, Impact::Remove { nodes, gpus }, before);
    step.title = format!("wait until pool {} is deleted", have.name);
    step.change = crate::plan::StepChange::Wait;
    let gone = vec![step.id.clone()];
    out.steps.push(step);
    gone
}

/// Removes a pool that the file does not have, if it is ours; gives the step's id.
fn remove<'a>(
    pools: Pools<'_>,
    pool: &'a ObservedPool,
    before: Vec<StepId>,
    out: &mut PoolSteps<'a>,
) -> Option<StepId> {
    if pool.phase == Phase::Deleting {
        return deleted(pools, pool, before, out).pop();
    }
    let settings = settings(pool);
    if !ownership::is_ours(&settings.resource_labels) {
        out.notes.push(note(&pool.name, "is not in the file and was not made by berth, so it is kept"));
        out.kept.push(pool);
        return None;
    }
    let (nodes, gpus) = steps::at_risk([settings]);
    let why = "berth made it and the file does not have it any more";
    let step = steps::delete_pool(pools.cluster, &pool.name, why, Impact::Remove { nodes, gpus }, before);
    let id = step.id.clone();
    out.steps.push(step);
    Some(id)
}

fn refuse_foreign(pools: Pools<'_>, have: &ObservedPool, difference: &str) -> Result<(), Refusal> {
    if pools.adopt || ownership::is_ours(&settings(have).resource_labels) {
        return Ok(());
    }
    Err(Refusal::PoolNotOurs { pool: have.name.clone(), difference: difference.to_owned() })
}

/// A pool that works in part is kept: GKE itself goes on trying, and deleting it would give up machines that are hard to get.
fn degraded(have: &ObservedPool) -> Note {
    let stuck = have.issues.iter().any(|issue| matches!(issue.cause, IssueCause::Stockout | IssueCause::Quota));
    let text = if stuck {
        format!("has not all its nodes ({}); it is kept, because GKE goes on trying", issues_words(&have.issues))
    } else {
        format!("works in part ({}); it is kept as it is", issues_words(&have.issues))
    };
    Note { about: format!("pool {}", have.name), text }
}

fn issues_words(issues: &[Issue]) -> String {
    if issues.is_empty() {
        return "GKE gives no reason".to_owned();
    }
    issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect::<Vec<_>>().join("; ")
}

fn after(pools: Pools<'_>, pool: &str, before: &[StepId]) -> Vec<StepId> {
    let mut after = before.to_vec();
    after.extend(pools.waits.before_pool(pool).into_iter().filter(|id| !before.contains(id)));
    after
}

/// The GKE settings of a pool that is there.
pub fn settings(pool: &ObservedPool) -> &GkePool {
    match &pool.settings {
        ObservedPoolSettings::Gke(settings) => settings,
        ObservedPoolSettings::Eks(_) => unreachable!("a cluster of GKE has pools of GKE"),
    }
}

fn note(pool: &str, text: &str) -> Note {
    Note { about: format!("pool {pool}"), text: text.to_owned() }
}
