//! What GKE and Kubernetes leave when a cluster goes, and the order in which one thing lets go of another.
//!
//! Compute Engine refuses to delete what something else uses (`resourceInUseByAnotherResource`): a forwarding rule uses its proxy, that
//! its URL map and certificate, that its backend services, those their health checks, groups and endpoint groups; a machine uses its
//! disks; a forwarding rule and a machine use their addresses.
//!
//! Parts of load balancers bear no label. What says whose they are is the firewall rule that names them and the tag of the cluster's
//! nodes; so firewall rules go after them, and last of all the reminder that says whose tag it was.

use crate::actions::Action;
use crate::actions::gke::{GkeAction, GkeClusterRef, GkeLeftover};
use crate::gc::{Claim, Leftover, LeftoverKind};
use crate::observed::ObservedCluster;
use crate::plan::{Billing, Lasts, Plan, Step, StepChange, StepId};
use crate::rules::eks::names;

/// Compute Engine's deletions take seconds, those of groups of machines minutes.
const LASTS: Lasts = Lasts { usual: 15, limit: 1800 };

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
        LeftoverKind::ForwardingRule | LeftoverKind::MachineGroup | LeftoverKind::Route => 0,
        LeftoverKind::TargetProxy
        | LeftoverKind::TargetPool
        | LeftoverKind::Instance
        | LeftoverKind::InstanceTemplate => 1,
        LeftoverKind::UrlMap | LeftoverKind::SslCertificate | LeftoverKind::Address | LeftoverKind::Disk => 2,
        LeftoverKind::BackendService => 3,
        LeftoverKind::Firewall => 5,
        LeftoverKind::Reminder => 6,
        _ => 4,
    }
}

/// Whether any of these things hangs on something that bears our mark, and does not say by itself that it is ours.
pub fn hang(things: &[Leftover]) -> bool {
    things.iter().any(|thing| matches!(&thing.claim, Claim::MadeFor { anchor, .. } if !anchor.is_empty()))
}

/// Has a plan that deletes a cluster leave a reminder before, which is for one with things that [`hang`] on it, or may: without it,
/// nobody could prove whose they are after a run that was killed. Gives what is then to be deleted after everything else.
pub fn remind(plan: &mut Plan, seen: Option<&ObservedCluster>) -> Option<GkeLeftover> {
    let made = seen?.created_at?;
    let is_left = |step: &Step| matches!(step.action, Action::Gke(GkeAction::LeaveReminder { .. }));
    if plan.steps.iter().any(is_left) {
        return None;
    }
    let (at, cluster) = plan.steps.iter().enumerate().find_map(|(at, step)| match &step.action {
        Action::Gke(GkeAction::DeleteCluster { cluster }) => Some((at, cluster.clone())),
        _ => None,
    })?;
    // A cluster that bore the name before may have left one, too.
    let name = format!("berth-reminder-{}", names::hash(&[&cluster.name, &cluster.location, &made.to_string()]));
    let path = format!("projects/{}/global/healthChecks/{name}", cluster.project);
    let leftover = GkeLeftover { project: cluster.project.clone(), kind: LeftoverKind::Reminder, name, path };
    let reminder = reminder(cluster, leftover.name.clone(), plan.steps[at].after.clone());
    plan.steps[at].after = vec![reminder.id.clone()];
    plan.steps.insert(at, reminder);
    Some(leftover)
}

fn reminder(cluster: GkeClusterRef, name: String, after: Vec<StepId>) -> Step {
    let why = "they do not say that they are berth's, and without their cluster nothing else would";
    let title = format!("note whose the things are that cluster {} leaves", cluster.name);
    let details = vec![format!("health check {name}, which checks nothing")];
    let id = StepId("gke/reminder".to_owned());
    Step { why: why.to_owned(), details, ..step(id, title, after, GkeAction::LeaveReminder { cluster, name }) }
}

fn id(thing: &GkeLeftover) -> StepId {
    StepId(format!("gke/leftover/{}", thing.path))
}

fn delete(thing: &GkeLeftover, after: Vec<StepId>) -> Step {
    let title = format!("delete {} {}", thing.kind, thing.name);
    Step {
        why: "its cluster is gone or goes, and it would stay".to_owned(),
        details: vec![thing.path.clone()],
        change: StepChange::Remove,
        billing: if thing.kind.is_billed() { Billing::Stops } else { Billing::Unchanged },
        ..step(id(thing), title, after, GkeAction::DeleteLeftover(thing.clone()))
    }
}

/// A step that adds something.
fn step(id: StepId, title: String, after: Vec<StepId>, action: GkeAction) -> Step {
    Step::adding(id, title, after, Action::Gke(action), LASTS)
}
