//! How all that berth put into a cluster it did not make goes away, and nothing else.

use super::present::{change_nodes, delete_plugin, nothing, standing};
use crate::actions::kube::KubeClusterRef;
use crate::manifests::device_plugin;
use crate::observed::Observed;
use crate::plan::{Note, Plan, Refusal, Step, StepId, Workloads};
use crate::rules::kube::steps::{self, Inside};
use crate::spec::{Autoscaler, CloudSpec, ClusterSpec, ExistingSpec, NetworkPolicy, Place};

/// Steps that take away what berth put there: workloads and quotas, then the device plugin, then labels and taints.
///
/// # Errors
/// The cluster was not seen.
pub fn plan(name: &str, place: &Place, observed: &Observed) -> Result<Plan, Refusal> {
    let standing = standing(observed)?;
    // A file that wants nothing of the cluster: all that is berth's is then too much.
    let empty = ClusterSpec {
        name: name.to_owned(),
        labels: std::collections::BTreeMap::new(),
        place: place.clone(),
        cloud: CloudSpec::Existing(ExistingSpec { context: place.region.clone(), ..ExistingSpec::default() }),
        pools: Vec::new(),
        quotas: None,
        secrets: Vec::new(),
        autoscaler: Autoscaler::default(),
        network_policy: NetworkPolicy::default(),
    };
    let inside = Inside { spec: &empty, workloads: Workloads::default(), observed, api: &[], nodes: &[] };
    let kube = steps::steps(&inside)?;
    let mut plan = Plan { steps: kube.steps, notes: kube.notes };
    // Of the namespaces of quotas that can go, or say themselves why not, nothing else is said.
    let is_told = |note: &Note| {
        observed
            .workloads
            .iter()
            .any(|seen| seen.object.kind == "Namespace" && note.about == format!("namespace {}", seen.object.name))
    };
    plan.notes.retain(|note| !is_told(note));
    let cluster = KubeClusterRef::of(&empty);
    if observed.applied.contains_key(device_plugin::GROUP) {
        let step = after_all(delete_plugin(cluster.clone()), &plan);
        plan.steps.push(step);
    }
    let wishes = standing.nodes.iter().filter(|node| node.record.is_some()).map(nothing).collect();
    if let Some(step) = change_nodes(&cluster, standing, wishes, false)? {
        let step = after_all(step, &plan);
        plan.steps.push(step);
    }
    let text = "stays, with its nodes and all that berth did not put there".to_owned();
    plan.notes.push(Note { about: format!("cluster {name}"), text });
    Ok(plan)
}

/// The same step, after all others: pods leave their nodes before what holds them there goes.
fn after_all(step: Step, plan: &Plan) -> Step {
    let after: Vec<StepId> = plan.steps.iter().map(|step| step.id.clone()).collect();
    Step { after, ..step }
}
