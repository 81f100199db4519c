//! How a doomed environment goes away.

use super::environment::Environment;
use super::leftover::{Leftover, LeftoverKind};
use crate::actions::Action;
use crate::actions::eks::{EksAction, EksClusterRef, EksPart, EksPartKind, EksPartRef};
use crate::actions::gke::GkeLeftover;
use crate::observed::Observed;
use crate::plan::{Goal, Lasts, Plan, Refusal, Step, StepId, plan as decide};
use crate::rules::eks;
use crate::rules::gke::leftovers;
use crate::spec::{Place, Provider};

/// Steps that take a doomed environment away, given one look at its cluster's place that [`confirm`](super::confirm) has passed.
///
/// Where a cluster stands, or may, it is the way of `destroy`; on AWS that takes everything by tags but machines without a cluster,
/// which go first. On GCP what the cluster does not take with it goes after it, in the order in which one thing holds another; a
/// reminder of whose it is stands as long as there is any.
///
/// # Errors
/// The cluster is not ours.
pub fn plan(environment: &Environment, observed: &Observed) -> Result<Plan, Refusal> {
    let nowhere = Place { region: String::new(), zone: None };
    let place = environment.place();
    let goal = Goal::Absent {
        provider: environment.provider,
        account: &environment.account,
        place: place.as_ref().unwrap_or(&nowhere),
        name: &environment.cluster,
        adopt: false,
    };
    let mut all = match (&place, environment.provider) {
        (Some(_), Provider::Gke) if observed.cluster.is_none() && observed.operations.is_empty() => Plan::default(),
        (Some(_), _) => decide(&goal, observed)?,
        // Nothing tells where the cluster stood, and none stands where it could have.
        (None, _) => Plan::default(),
    };
    if environment.provider == Provider::Eks && observed.cluster.is_none() {
        all.steps = after_machines(environment, all.steps);
    }
    if environment.provider == Provider::Eks {
        all.steps.extend(target_groups(environment, &all.steps));
    }
    if environment.provider == Provider::Gke {
        let stands = !all.steps.is_empty();
        let mut things: Vec<GkeLeftover> =
            environment.things.iter().filter(|thing| outlives(thing, stands)).map(leftover).collect();
        if leftovers::hang(&environment.things) {
            let reminder = leftovers::remind(&mut all, observed.cluster.as_ref());
            things.extend(reminder.filter(|reminder| !things.contains(reminder)));
        }
        let before: Vec<StepId> = all.steps.iter().map(|step| step.id.clone()).collect();
        all.steps.extend(leftovers::steps(&things, &before));
    }
    Ok(all)
}

/// Machines whose node group is gone hold the network, so they go before everything else.
fn after_machines(environment: &Environment, steps: Vec<Step>) -> Vec<Step> {
    let Some(place) = environment.place() else { return steps };
    let cluster =
        EksClusterRef { account: environment.account.clone(), region: place.region, name: environment.cluster.clone() };
    let machines = environment.things.iter().filter(|thing| thing.kind == LeftoverKind::Instance);
    let part = |thing: &Leftover| EksPart {
        thing: EksPartRef { kind: EksPartKind::Instance, id: thing.id.clone() },
        part: None,
        state: String::new(),
        complete: true,
        tags: thing.labels.clone(),
    };
    let mut all: Vec<Step> =
        machines.map(|thing| eks::steps::delete_part(&cluster, &part(thing), Vec::new())).collect();
    let ids: Vec<StepId> = all.iter().map(|step| step.id.clone()).collect();
    let wait = |step: Step| if step.after.is_empty() { Step { after: ids.clone(), ..step } } else { step };
    all.extend(steps.into_iter().map(wait));
    all
}

/// Target groups go with a sweep for load balancers; where they are all that is left of one, nothing else would ask for it.
fn target_groups(environment: &Environment, steps: &[Step]) -> Option<Step> {
    let kinds = vec![EksPartKind::LoadBalancer];
    let has_groups = environment.things.iter().any(|thing| thing.kind == LeftoverKind::TargetGroup);
    let sweeps = |step: &Step| match &step.action {
        Action::Eks(EksAction::Sweep { kinds, .. }) => kinds.contains(&EksPartKind::LoadBalancer),
        _ => false,
    };
    if !has_groups || steps.iter().any(sweeps) {
        return None;
    }
    let region = environment.place()?.region;
    let cluster = EksClusterRef { account: environment.account.clone(), region, name: environment.cluster.clone() };
    let action = EksAction::Sweep { cluster, vpc: None, near: None, kinds };
    let title = "delete load balancers and target groups that are left".to_owned();
    let step = eks::steps::removing("sweep/target-groups", title, Vec::new(), action);
    let why = "their cluster is gone, and they would stay".to_owned();
    Some(eks::steps::lasting(Step { why, ..step }, Lasts::SWEEP))
}

/// Whether a thing of GCP has to be deleted by itself; machines of a cluster that stands go with it.
fn outlives(thing: &Leftover, stands: bool) -> bool {
    match thing.kind {
        LeftoverKind::Cluster | LeftoverKind::NodeGroup => false,
        LeftoverKind::Instance | LeftoverKind::MachineGroup | LeftoverKind::InstanceTemplate => !stands,
        _ => true,
    }
}

fn leftover(thing: &Leftover) -> GkeLeftover {
    GkeLeftover {
        project: thing.at.account.clone(),
        kind: thing.kind,
        name: thing.name.clone(),
        path: thing.id.clone(),
    }
}
