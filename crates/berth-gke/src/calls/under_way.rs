//! Finding that an action's effect is already under way, because an earlier try took effect.

use berth_core::actions::gke::GkeClusterRef;
use berth_core::ports::{Progress, Started};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_container_v1::model;
use google_cloud_gax::error::Error;

use crate::cloud::GkeCloud;
use crate::ticket::{self, Target, waiting};
use crate::{classify, poll};

/// The running operation of this kind on this very target.
pub(super) async fn find(gke: &GkeCloud, kind: &str, target: &Target) -> Result<Option<model::Operation>, Fault> {
    let running = gke.running(&target.cluster).await?;
    Ok(running.into_iter().find(|operation| {
        ticket::kind(operation) == kind && ticket::linked(operation).is_some_and(|link| link.pool == target.pool)
    }))
}

/// The ticket of the running operation that makes the target, or what the target at rest says.
pub(super) async fn creation(gke: &GkeCloud, kind: &str, target: &Target) -> Result<Started, Fault> {
    if let Some(operation) = find(gke, kind, target).await.map_err(classify::unseen)? {
        return Ok(waiting(&operation, target));
    }
    match poll::created(gke, target, "its name was taken a moment ago").await {
        Ok(Progress::Done) => Ok(Started::Done),
        Ok(Progress::Pending(_)) => {
            let left = LeftBehind::These(vec![target.words()]);
            Err(busy(target, "it is there, but no operation is making it yet".to_owned(), left))
        }
        // It is being removed, and its name is free after that.
        Err(fault) if fault.kind == FaultKind::Busy => Err(Fault { retry: Retry::Backoff, ..fault }),
        Err(fault) => Err(fault),
    }
}

/// The ticket of the running operation of this kind on the target; else the fault that brought us here.
pub(super) async fn or_running(gke: &GkeCloud, kind: &str, target: &Target, fault: Fault) -> Result<Started, Fault> {
    // When the operations cannot be read, the first fault says more than that one.
    match find(gke, kind, target).await {
        Ok(Some(operation)) => Ok(waiting(&operation, target)),
        Ok(None) | Err(_) => Err(fault),
    }
}

/// The fault of a call that changes something on a cluster.
///
/// GKE words a refusal because of a running operation in more ways than are known. So a precondition that is not met counts
/// as busy while any operation runs there; once none does, the same refusal stands for itself.
pub(super) async fn fault_of(
    gke: &GkeCloud,
    at: &GkeClusterRef,
    tried: String,
    error: &Error,
    left: impl FnOnce(FaultKind) -> LeftBehind,
) -> Fault {
    let fault = classify::with_left(tried, error, left);
    if !classify::is_unmet_precondition(error) {
        return fault;
    }
    // When the operations cannot be read, the refusal says more than that fault.
    let running = gke.running(at).await.unwrap_or_default();
    let Some(operation) = running.first() else { return fault };
    let said = format!("{}; operation {} runs on the cluster", fault.said, operation.name);
    Fault { kind: FaultKind::Busy, said, retry: Retry::Backoff, ..fault }
}

/// Somebody else's thing has the name.
pub(super) fn foreign(target: &Target) -> Fault {
    refused(target, format!("a {} is there already, and its labels do not say that it is berth's", target.words()))
}

/// Another environment has the name.
pub(super) fn another_lease(target: &Target, why: &str) -> Fault {
    refused(target, format!("a {} is there already, {why}; use another id", target.words()))
}

fn refused(target: &Target, said: String) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: format!("create {}", target.words()),
        said,
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

/// The name is free again after somebody had it a moment ago; a later try can succeed.
pub(super) fn free_again(target: &Target) -> Fault {
    busy(target, "the name was taken a moment ago and is free now".to_owned(), LeftBehind::Nothing)
}

fn busy(target: &Target, said: String, left_behind: LeftBehind) -> Fault {
    Fault {
        kind: FaultKind::Busy,
        tried: format!("create {}", target.words()),
        said,
        left_behind,
        retry: Retry::Backoff,
    }
}
