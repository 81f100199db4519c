//! From what is wanted and what is there to what has to be done.

use super::{Goal, Plan, Refusal, StepId};
use crate::actions::Action;
use crate::actions::eks::{EksAction, EksClusterRef, EksTarget};
use crate::actions::gke::{GkeAction, GkeClusterRef};
use crate::observed::Observed;
use crate::rules::{eks, gke, kube};
use crate::spec::{CloudSpec, ClusterSpec, Provider};

/// Decides which steps lead from what is there to the goal; an empty plan means that nothing has to be done.
///
/// `observed` is one look at the goal's own cluster; the same look and the same goal always give the same plan.
///
/// # Errors
/// The goal cannot or must not be reached; nothing was touched.
pub fn plan(goal: &Goal<'_>, observed: &Observed) -> Result<Plan, Refusal> {
    match *goal {
        Goal::Present { spec, account, adopt, workloads: _ } => match &spec.cloud {
            CloudSpec::Gke(cloud) => {
                let wanted = gke::cluster::wanted(spec, cloud, account)?;
                Ok(with_kubernetes(gke::present::plan(&wanted, adopt, observed)?, spec, observed))
            }
            CloudSpec::Eks(cloud) => {
                let wanted = eks::cluster::wanted(spec, cloud, account, observed)?;
                Ok(with_kubernetes(eks::present::plan(&wanted, adopt, observed)?, spec, observed))
            }
        },
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
    }
}

/// Adds what is to be done inside the cluster; it waits for what makes or changes the control plane, not for nodes.
fn with_kubernetes(mut plan: Plan, spec: &ClusterSpec, observed: &Observed) -> Plan {
    let before = plan.steps.iter().filter(|step| concerns_control_plane(&step.action));
    let before: Vec<StepId> = before.map(|step| step.id.clone()).collect();
    let kube = kube::steps::steps(spec, observed, &before);
    plan.steps.extend(kube.steps);
    plan.notes.extend(kube.notes);
    plan
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
