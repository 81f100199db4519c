//! EKS's calls as steps of a plan: ids, titles, durations and what they do to the bill.
//!
//! Usual seconds are general knowledge and for progress only. Limits are those of AWS's own waiters, rounded up.

use crate::actions::Action;
use crate::actions::eks::{EksAction, EksClusterRef, EksPart, EksPartKind};
use crate::actions::kube::{KubeAction, KubeClusterRef};
use crate::plan::{Billing, Lasts, Step, StepChange, StepId};
use crate::spec::Provider;

/// A call that answers at once.
const QUICK: Lasts = Lasts { usual: 5, limit: 900 };
/// IAM and EC2 are eventually consistent, and what holds a thing may go away late.
const DELETION: Lasts = Lasts { usual: 15, limit: 1200 };

impl Lasts {
    /// Making a control plane.
    pub const CLUSTER: Self = Self { usual: 600, limit: 1800 };
    /// Taking one away.
    pub const CLUSTER_DELETION: Self = Self { usual: 240, limit: 1800 };
    /// An update of a control plane.
    pub const CLUSTER_CHANGE: Self = Self { usual: 120, limit: 2400 };
    /// Making a node group; nodes that do not join fail it after 15 minutes.
    pub const GROUP: Self = Self { usual: 180, limit: 2400 };
    /// Taking one away.
    pub const GROUP_DELETION: Self = Self { usual: 420, limit: 2400 };
    /// An update of a node group's limits, labels or taints.
    pub const GROUP_CHANGE: Self = Self { usual: 30, limit: 1200 };
    /// An add-on that is waited for.
    pub const ADDON: Self = Self { usual: 45, limit: 900 };
    /// A NAT gateway.
    pub const NAT: Self = Self { usual: 120, limit: 900 };
    /// Load balancers, volumes and network interfaces that others have made.
    pub const SWEEP: Self = Self { usual: 45, limit: 1800 };
}

/// Step id of a thing: `eks/ROOM/NAME`.
pub fn id(name: &str) -> StepId {
    StepId(format!("eks/{name}"))
}

/// What makes something.
pub fn making(name: &str, title: String, after: Vec<StepId>, action: EksAction) -> Step {
    let step = Step::adding(id(name), title, after, Action::Eks(action), QUICK);
    Step { why: "the file needs it, and it is not there".to_owned(), ..step }
}

/// What changes something in place.
pub fn changing(name: &str, title: String, details: Vec<String>, after: Vec<StepId>, action: EksAction) -> Step {
    Step {
        why: "the file says otherwise".to_owned(),
        details,
        change: StepChange::Change,
        ..making(name, title, after, action)
    }
}

/// What takes something away.
pub fn removing(name: &str, title: String, after: Vec<StepId>, action: EksAction) -> Step {
    Step {
        why: "it is not wanted any more".to_owned(),
        change: StepChange::Remove,
        usual_seconds: DELETION.usual,
        limit_seconds: DELETION.limit,
        ..making(name, title, after, action)
    }
}

/// What only waits.
pub fn waiting(name: &str, title: String, why: &str, after: Vec<StepId>, action: EksAction) -> Step {
    Step { why: why.to_owned(), change: StepChange::Wait, ..making(name, title, after, action) }
}

/// The same step with another duration.
pub fn lasting(step: Step, lasts: Lasts) -> Step {
    Step { usual_seconds: lasts.usual, limit_seconds: lasts.limit, ..step }
}

/// The same step that starts or stops billing.
pub fn billed(step: Step, billing: Billing) -> Step {
    Step { billing, ..step }
}

/// A step through the cluster's Kubernetes API.
pub fn through_kubernetes(step: Step, action: KubeAction) -> Step {
    Step { action: Action::Kube(action), ..step }
}

/// Which cluster's Kubernetes API.
pub fn kube(cluster: &EksClusterRef) -> KubeClusterRef {
    KubeClusterRef { provider: Provider::Eks, location: cluster.region.clone(), name: cluster.name.clone() }
}

/// Takes one thing around the cluster away.
pub fn delete_part(cluster: &EksClusterRef, part: &EksPart, after: Vec<StepId>) -> Step {
    let kind = part.thing.kind;
    let name = part.part.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let room = kind.words().to_lowercase().replace(' ', "-");
    let step = removing(
        &format!("delete/{room}/{}", part.thing.id),
        format!("delete {} {}{name}", kind.words(), part.thing.id),
        after,
        EksAction::DeletePart { cluster: cluster.clone(), part: part.thing.clone() },
    );
    let costs = matches!(
        kind,
        EksPartKind::LoadBalancer
            | EksPartKind::Instance
            | EksPartKind::Volume
            | EksPartKind::NatGateway
            | EksPartKind::Address
    );
    let step = if kind == EksPartKind::NatGateway { lasting(step, Lasts::NAT) } else { step };
    if costs { billed(step, Billing::Stops) } else { step }
}
