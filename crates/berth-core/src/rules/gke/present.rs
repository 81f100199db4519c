//! How a GKE cluster comes to be as the file says.

use super::absent::{delete, refuse_foreign};
use super::cluster::Wanted;
use super::operations::{Waits, waits};
use super::pool_steps::{Pools, decide, settings as settings_of};
use super::{diff_cluster, labels, steps};
use crate::actions::gke::{GkeCluster, GkeClusterChange, GkeSettings};
use crate::lease;
use crate::observed::{Observed, ObservedCloud, ObservedCluster, ObservedPool, Phase};
use crate::plan::{Impact, Note, Plan, Refusal, Step, StepId};
use crate::spec::NetworkPolicy;

/// Steps that make the cluster and its pools as the file says.
///
/// # Errors
/// The cluster or a pool is not ours and `adopt` is not given, it stands somewhere else than the file says, or it is not the lease's.
pub fn plan(wanted: &Wanted, adopt: bool, observed: &Observed) -> Result<Plan, Refusal> {
    let want = &wanted.cluster;
    let mut waits = waits(&want.cluster, &observed.operations);
    let Some(current) = &observed.cluster else {
        waits.take_own();
        let before = waits.before_cluster();
        let create = if waits.runs("CREATE_CLUSTER") {
            steps::finish_creating(want, before)
        } else {
            steps::create_cluster(want, "there is no cluster of that name", before)
        };
        return Ok(whole(wanted, waits, vec![create]));
    };
    refuse_foreign(current, adopt)?;
    refuse_moved(want, current)?;
    lease::refuse_others(current, &want.resource_labels)?;
    match current.phase {
        Phase::Deleting => Ok(after_deletion(wanted, waits, current)),
        Phase::Failed => Ok(make_again(wanted, waits, current)),
        Phase::Creating | Phase::Running | Phase::Updating | Phase::Degraded | Phase::Unknown => {
            change(wanted, waits, adopt, current)
        }
    }
}

/// A cluster is found by project, location and name; a look that shows another place was not a look at this one.
fn refuse_moved(want: &GkeCluster, current: &ObservedCluster) -> Result<(), Refusal> {
    let fields = [
        ("project", current.account.as_str(), want.cluster.project.as_str()),
        ("location", current.place.location(), want.cluster.location.as_str()),
    ];
    for (field, have, want_value) in fields {
        if have != want_value {
            return Err(Refusal::Immovable {
                name: want.cluster.name.clone(),
                field: field.to_owned(),
                have: have.to_owned(),
                want: want_value.to_owned(),
            });
        }
    }
    Ok(())
}

/// GKE decides at creation who enforces NetworkPolicies; a file that asks for it is not served by a cluster that cannot.
fn refuse_unenforced(wanted: &Wanted, have: &GkeSettings) -> Result<(), Refusal> {
    if wanted.network_policy != NetworkPolicy::Enforced || have.network_policy {
        return Ok(());
    }
    Err(Refusal::Immovable {
        name: wanted.cluster.cluster.name.clone(),
        field: "the enforcement of NetworkPolicies".to_owned(),
        have: "off".to_owned(),
        want: "on".to_owned(),
    })
}

fn after_deletion(wanted: &Wanted, mut waits: Waits, current: &ObservedCluster) -> Plan {
    let want = &wanted.cluster;
    waits.take_own();
    let mut own = Vec::new();
    let mut after = waits.before_cluster();
    if !waits.runs("DELETE_CLUSTER") {
        let gone = delete(&want.cluster, current, "the old one has to be gone before a new one is made", after);
        after = vec![gone.id.clone()];
        own.push(gone);
    }
    own.push(steps::create_cluster(want, "the one of that name is being deleted", after));
    whole(wanted, waits, own)
}

fn make_again(wanted: &Wanted, mut waits: Waits, current: &ObservedCluster) -> Plan {
    let want = &wanted.cluster;
    waits.take_own();
    let mut gone = delete(&want.cluster, current, "it failed and GKE will not repair it", waits.before_cluster());
    // A cluster whose creation failed has never had a pool that works, so nobody's pods are on it and nobody is asked.
    let works = |pool: &ObservedPool| !matches!(pool.phase, Phase::Failed | Phase::Creating);
    if let Impact::Remove { nodes, gpus } = gone.impact
        && current.pools.iter().any(works)
    {
        gone.impact = Impact::Recreate { nodes, gpus };
    }
    gone.details.extend(current.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)));
    let create = steps::create_cluster(want, "the one of that name failed", vec![gone.id.clone()]);
    whole(wanted, waits, vec![gone, create])
}

/// A plan that makes the whole cluster, with the mapping of every pool's nodes to zones.
fn whole(wanted: &Wanted, waits: Waits, steps: Vec<Step>) -> Plan {
    let notes = wanted
        .zone_words
        .iter()
        .map(|(pool, words)| Note { about: format!("pool {pool}"), text: words.clone() })
        .collect();
    Plan { steps: waits.steps.into_iter().chain(steps).collect(), notes }
}

fn change(wanted: &Wanted, mut waits: Waits, adopt: bool, current: &ObservedCluster) -> Result<Plan, Refusal> {
    let want = &wanted.cluster;
    let settings = match &current.cloud {
        ObservedCloud::Gke(settings) => settings,
        ObservedCloud::Eks(_) | ObservedCloud::Existing(_) => unreachable!("a look at GKE shows clusters of GKE"),
    };
    refuse_unenforced(wanted, settings)?;
    let changes = diff_cluster::changes(&current.labels, settings, &want.resource_labels, &want.settings);
    // A first look tells whether anything is to be done at all, and so whether GKE's own operations are in the way.
    if !changes.is_empty() || !decide(pools(want, current, &waits, adopt), &[])?.steps.is_empty() {
        waits.take_own();
    }
    let mut own: Vec<Step> = Vec::new();
    let mut before = waits.before_cluster();
    if current.phase == Phase::Creating && !waits.runs("CREATE_CLUSTER") {
        let finish = steps::finish_creating(want, before);
        before = vec![finish.id.clone()];
        own.push(finish);
    }
    // Operations on the cluster exclude each other, so they form one chain.
    // Workload identity is turned off last: GKE refuses while a pool still uses it.
    let is_last = |change: &GkeClusterChange| *change == GkeClusterChange::WorkloadIdentity(false);
    let (last, first): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| is_last(&change.change));
    for change in first {
        before = chain(&mut own, steps::change_cluster(&want.cluster, change, before));
    }
    // Operations on the cluster also exclude those on its pools; without any, a pool only waits for what concerns it.
    let pool_before = if own.is_empty() { Vec::new() } else { before.clone() };
    let pool_steps = decide(pools(want, current, &waits, adopt), &pool_before)?;
    let pool_ids: Vec<StepId> = pool_steps.steps.iter().map(|step| step.id.clone()).collect();
    own.extend(pool_steps.steps);
    let user = pool_steps.kept.iter().find(|pool| settings_of(pool).workload_metadata);
    if user.is_none() {
        for change in last {
            let after = before.iter().chain(&pool_ids).cloned().collect();
            own.push(steps::change_cluster(&want.cluster, change, after));
        }
    }
    let mut notes: Vec<Note> = state_notes(current).into_iter().chain(waits.own_notes()).collect();
    notes.extend(lease::left_alone(current, &want.resource_labels));
    notes.extend(
        labels::left_alone(&current.labels, &want.resource_labels)
            .map(|key| Note { about: format!("label {key}"), text: "is not in the file and is left alone".to_owned() }),
    );
    notes.extend(diff_cluster::notes(&current.version, settings, &want.settings));
    notes.extend(pool_steps.notes);
    notes.extend(user.filter(|_| settings.workload_identity && !want.settings.workload_identity).map(|pool| Note {
        about: "cluster workload identity".to_owned(),
        text: format!("stays on, because pool {} uses it and was not made by berth", pool.name),
    }));
    let made = wanted.zone_words.iter().filter(|(pool, _)| pool_steps.made.contains(pool));
    notes.extend(made.map(|(pool, words)| Note { about: format!("pool {pool}"), text: words.clone() }));
    Ok(Plan { steps: waits.steps.into_iter().chain(own).collect(), notes })
}

fn chain(steps: &mut Vec<Step>, step: Step) -> Vec<StepId> {
    let next = vec![step.id.clone()];
    steps.push(step);
    next
}

fn pools<'a>(want: &'a GkeCluster, current: &'a ObservedCluster, waits: &'a Waits, adopt: bool) -> Pools<'a> {
    Pools { cluster: &want.cluster, want: &want.pools, have: &current.pools, waits, adopt }
}

fn state_notes(current: &ObservedCluster) -> Vec<Note> {
    let about = format!("cluster {}", current.name);
    let issues = current.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect::<Vec<_>>();
    match current.phase {
        Phase::Degraded => vec![Note { about, text: format!("GKE calls it degraded: {}", issues.join("; ")) }],
        Phase::Unknown => {
            vec![Note { about, text: "is in a state this version does not know; treated as running".to_owned() }]
        }
        _ => Vec::new(),
    }
}
