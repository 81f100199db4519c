//! Steps through a cluster's Kubernetes API: ids, durations and what they wait for.

use std::collections::BTreeSet;

use super::{policies, quotas, storage, workloads};
use crate::actions::Action;
use crate::actions::kube::KubeAction;
use crate::observed::{Observed, Phase};
use crate::plan::{Lasts, Note, Refusal, Step, StepId, Workloads};
use crate::spec::ClusterSpec;

/// An API server answers at once; a quota is waited for until its controller has seen it.
const LASTS: Lasts = Lasts { usual: 5, limit: 900 };

/// What is to be done inside a cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kube {
    /// Steps; each stands after all steps it waits for.
    pub steps: Vec<Step>,
    /// What was decided and is worth knowing.
    pub notes: Vec<Note>,
}

/// What is wanted inside a cluster, what was seen of it, and what of the plan has to come before.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    /// The file.
    pub spec: &'a ClusterSpec,
    /// What is to run in it.
    pub workloads: Workloads<'a>,
    /// One look at the cluster.
    pub observed: &'a Observed,
    /// The steps after which its API can be reached.
    pub api: &'a [StepId],
    /// The steps after which pods find nodes that offer what the file says.
    pub nodes: &'a [StepId],
}

/// All that is to be done inside a cluster.
///
/// Namespaces of the workloads come before the service quotas that stand in them, and the quotas and the class of claims that name none
/// before all pods.
///
/// # Errors
/// Somebody else owns fields of the workloads.
pub fn steps(inside: &Inside<'_>) -> Result<Kube, Refusal> {
    let mut wanted = workloads::decide(inside)?;
    let mut kube = Kube::default();
    let mut before = inside.api.to_vec();
    if let Some(foundations) = wanted.foundations.take() {
        before.push(foundations.id.clone());
        kube.steps.push(foundations);
    }
    let quotas = quotas::decide(inside, &before);
    before.extend(quotas.steps.iter().map(|step| step.id.clone()));
    kube.steps.extend(quotas.steps);
    kube.notes.extend(quotas.notes);
    if let Some(class) = storage::decide(inside, &before) {
        before.push(class.id.clone());
        kube.steps.push(class);
    }
    for mut step in wanted.rest {
        let known: BTreeSet<StepId> = before.iter().chain(&step.after).cloned().collect();
        step.after = known.into_iter().collect();
        kube.steps.push(step);
    }
    kube.notes.extend(wanted.notes);
    kube.notes.extend(policies::note(inside));
    Ok(kube)
}

/// Whether what was applied to the cluster will still be there when the plan has run.
pub(super) fn is_staying(observed: &Observed) -> bool {
    observed.cluster.as_ref().is_some_and(|cluster| !matches!(cluster.phase, Phase::Failed | Phase::Deleting))
}

/// A step that adds something.
pub(in crate::rules) fn step(name: &str, title: String, after: Vec<StepId>, action: KubeAction) -> Step {
    Step::adding(StepId(format!("kube/{name}")), title, after, Action::Kube(action), LASTS)
}
