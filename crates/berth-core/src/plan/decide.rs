//! From what is wanted and what is there to what has to be done.

use super::{Goal, Plan, Refusal, Step, StepChange, StepId, Workloads};
use crate::actions::Action;
use crate::actions::eks::{EksAction, EksClusterRef, EksTarget};
use crate::actions::gke::{GkeAction, GkeClusterRef};
use crate::observed::Observed;
use crate::rules::kube::steps::Inside;
use crate::rules::{eks, existing, gke, kube};
use crate::spec::{CloudSpec, ClusterSpec, Provider};

/// Decides which steps lead from what is there to the goal; an empty plan means that nothing has to be done.
///
/// `observed` is one look at the goal's own cluster; the same look and the same goal always give the same plan.
///
/// # Errors
/// The goal cannot or must not be reached; nothing was touched.
pub fn plan(goal: &Goal<'_>, observed: &Observed) -> Result<Plan, Refusal> {
    match *goal {
        Goal::Present { spec, account, adopt, workloads } => {
            let plan = match &spec.cloud {
                CloudSpec::Gke(cloud) => {
                    let wanted = gke::cluster::wanted(spec, cloud, account)?;
                    gke::present::plan(&wanted, adopt, observed)?
                }
                CloudSpec::Eks(cloud) => {
                    let wanted = eks::cluster::wanted(spec, cloud, account, observed)?;
                    eks::present::plan(&wanted, adopt, observed)?
                }
                CloudSpec::Existing(own) => existing::present::plan(spec, own, workloads.force_conflicts, observed)?,
            };
            with_kubernetes(plan, spec, workloads, observed)
        }
        Goal::Absent { provider: Provider::Gke, account, place, name, adopt } => {
            let cluster = GkeClusterRef {
                project: account.to_owned(),
                location: place.location().to_owned(),
                name: name.to_owned(),
            };
            gke::absent::plan(&cluster, adopt, observed)
        }
        Goal::Absent { provider: Provider::Eks, account, place, name, adopt } => {
            let cluster =
                EksClusterRef { account: account.to_owned(), region: place.region.clone(), name: name.to_owned() };
            eks::absent::plan(&cluster, adopt, observed)
        }
        Goal::Absent { provider: Provider::Existing, place, name, .. } => existing::absent::plan(name, place, observed),
    }
}

/// Adds what is to be done inside the cluster; it waits for what makes or changes the control plane, and only rollouts wait for
/// nodes and for what makes them offer GPUs.
fn with_kubernetes(
    mut plan: Plan,
    spec: &ClusterSpec,
    workloads: Workloads<'_>,
    observed: &Observed,
) -> Result<Plan, Refusal> {
    let ids = |wanted: &dyn Fn(&Step) -> bool| -> Vec<StepId> {
        plan.steps.iter().filter(|step| wanted(step)).map(|step| step.id.clone()).collect()
    };
    let api = ids(&|step| concerns_control_plane(&step.action));
    let nodes = ids(&|step| step.change != StepChange::Remove);
    let kube = kube::steps::steps(&Inside { spec, workloads, observed, api: &api, nodes: &nodes })?;
    plan.steps.extend(kube.steps);
    plan.notes.extend(kube.notes);
    Ok(plan)
}

/// Whether the API server is missing or may be away while this runs.
fn concerns_control_plane(action: &Action) -> bool {
    match action {
        Action::Gke(action) => matches!(
            action,
            GkeAction::AwaitOperation { .. }
                | GkeAction::CreateCluster(_)
                | GkeAction::ChangeCluster { .. }
                | GkeAction::DeleteCluster { .. }
        ),
        Action::Eks(action) => matches!(
            action,
            EksAction::CreateCluster(_)
                | EksAction::ChangeCluster { .. }
                | EksAction::DeleteCluster { .. }
                | EksAction::Await { target: EksTarget::Cluster, .. }
        ),
        Action::Kube(_) => false,
    }
}
