//! Steps through a cluster's Kubernetes API: ids, durations and what they wait for.

use super::quotas;
use crate::actions::Action;
use crate::actions::kube::{KubeAction, KubeClusterRef};
use crate::observed::{Observed, Phase};
use crate::plan::{Billing, Impact, Note, Step, StepChange, StepId};
use crate::spec::ClusterSpec;

/// An API server answers at once; a quota is waited for until its controller has seen it.
const USUAL_SECONDS: u32 = 5;
/// As for other calls that answer at once.
const LIMIT_SECONDS: u32 = 900;

/// What is to be done inside a cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kube {
    /// Steps; each stands after all steps it waits for.
    pub steps: Vec<Step>,
    /// What was decided and is worth knowing.
    pub notes: Vec<Note>,
}

/// All that is to be done inside the cluster of a file, once `after` is complete: the steps after which its API can be reached.
pub fn steps(spec: &ClusterSpec, observed: &Observed, after: &[StepId]) -> Kube {
    quotas::decide(spec, observed, after)
}

/// Whether what was applied to the cluster will still be there when the plan has run.
pub(super) fn is_staying(observed: &Observed) -> bool {
    observed.cluster.as_ref().is_some_and(|cluster| !matches!(cluster.phase, Phase::Failed | Phase::Deleting))
}

/// Which cluster's API.
pub(super) fn cluster(spec: &ClusterSpec) -> KubeClusterRef {
    let location = spec.place.location().to_owned();
    KubeClusterRef { provider: spec.cloud.provider(), location, name: spec.name.clone() }
}

/// A step that adds something.
pub(super) fn step(name: &str, title: String, after: Vec<StepId>, action: KubeAction) -> Step {
    Step {
        id: StepId(format!("kube/{name}")),
        title,
        why: String::new(),
        details: Vec::new(),
        change: StepChange::Add,
        impact: Impact::InPlace,
        billing: Billing::Unchanged,
        after,
        usual_seconds: USUAL_SECONDS,
        limit_seconds: LIMIT_SECONDS,
        action: Action::Kube(action),
    }
}
