//! What a status and its health issues mean for who waits: over, not over, or failed.

use berth_core::actions::eks::EksTarget;
use berth_core::observed::IssueCause;
use berth_core::ports::Progress;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::look::Look;
use crate::classify;

/// Issues about permissions that pass by themselves while a node group is being made: IAM and the cluster's access entries are slow
/// to spread.
const PERMISSIONS_THAT_SPREAD: [&str; 3] = ["AccessDenied", "IamInstanceProfileNotFound", "IamNodeRoleNotFound"];

/// Issues of a node group that never heal while it is being made, though they are neither a stockout, a quota nor a permission: what
/// it was made of is not there or is wrong. All other codes (`NodeCreationFailure`, `ClusterUnreachable`, `InternalFailure`,
/// `IamThrottling`, `AutoScalingGroupRateLimitExceeded`, `AutoScalingGroupInstanceRefreshActive`, `NodeTerminationFailure`,
/// `PodEvictionFailure`, unknown ones) are waited out: EKS itself ends the group as `CREATE_FAILED` if they stay.
const NEVER_HEALS: [&str; 15] = [
    "AmiIdNotFound",
    "AutoScalingGroupInvalidConfiguration",
    "AutoScalingGroupNotFound",
    "AutoScalingGroupOptInRequired",
    "Ec2InstanceTypeDoesNotExist",
    "Ec2LaunchTemplateInvalidConfiguration",
    "Ec2LaunchTemplateNotFound",
    "Ec2LaunchTemplateVersionMismatch",
    "Ec2SecurityGroupNotFound",
    "Ec2SubnetInvalidConfiguration",
    "Ec2SubnetListTooLong",
    "Ec2SubnetMissingIpv6Assignment",
    "Ec2SubnetNotFound",
    "KubernetesLabelInvalid",
    "SourceEc2LaunchTemplateNotFound",
];

/// Whether what is being made has come to be well. `words` is what it is called when it is not there.
///
/// # Errors
/// It failed, or has an issue that will make it fail, or is not there, or is going away (`Busy`).
pub(crate) fn made(words: &str, look: Option<&Look>) -> Result<Progress, Fault> {
    let tried = format!("create {words}");
    let Some(look) = look else {
        let said = "it is not there; somebody has deleted it".to_owned();
        return Err(fault(FaultKind::NotFound, tried, said, LeftBehind::Nothing));
    };
    let is_addon = matches!(look.target, EksTarget::Addon(_));
    match look.status.as_str() {
        "ACTIVE" => Ok(Progress::Done),
        "CREATING" => match fatal(look) {
            Some(cause) => Err(broken(tried, look, classify::kind_of_issue(cause))),
            None => pending(look),
        },
        "DELETING" => {
            let said = "it is being deleted".to_owned();
            Err(fault(FaultKind::Busy, tried, said, LeftBehind::These(vec![look.words.clone()])))
        }
        // DNS is that until its pods run; the step's limit ends what does not get well.
        "DEGRADED" if is_addon => pending(look),
        "FAILED" | "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" | "DEGRADED" => {
            Err(broken(tried, look, kind(look)))
        }
        // PENDING, UPDATING, and words that are not known yet.
        _ => pending(look),
    }
}

/// Whether what somebody else has begun is over.
///
/// How it ended for a cluster is not this run's affair: one that failed is deleted next. A node group or add-on is waited for so
/// that something can run on it, so its failure is one here too.
///
/// # Errors
/// A node group or add-on failed, or has an issue that will make it fail.
pub(crate) fn awaited(look: Option<&Look>) -> Result<Progress, Fault> {
    let Some(look) = look else { return Ok(Progress::Done) };
    let tried = format!("wait for {}", look.words);
    let status = look.status.as_str();
    match &look.target {
        EksTarget::Cluster => match status {
            "ACTIVE" | "FAILED" => Ok(Progress::Done),
            _ => pending(look),
        },
        EksTarget::Group(_) => match status {
            "ACTIVE" | "DEGRADED" => Ok(Progress::Done),
            "CREATE_FAILED" | "DELETE_FAILED" => Err(broken(tried, look, kind(look))),
            "CREATING" => match fatal(look) {
                Some(cause) => Err(broken(tried, look, classify::kind_of_issue(cause))),
                None => pending(look),
            },
            _ => pending(look),
        },
        EksTarget::Machines(_) => match (status, look.machines) {
            ("CREATE_FAILED" | "DELETE_FAILED", _) => Err(broken(tried, look, kind(look))),
            (_, Some((serving, wanted))) if serving >= wanted => Ok(Progress::Done),
            // They cannot be counted, or none are wanted any more.
            ("ACTIVE", None) if look.issues.is_empty() => Ok(Progress::Done),
            _ => match fatal(look) {
                Some(cause) => Err(broken(tried, look, classify::kind_of_issue(cause))),
                None => pending(look),
            },
        },
        EksTarget::Addon(_) => match status {
            "ACTIVE" => Ok(Progress::Done),
            "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" => Err(broken(tried, look, kind(look))),
            _ => pending(look),
        },
    }
}

/// Whether what is being deleted is gone.
///
/// # Errors
/// Its deletion failed; or it does not look like being deleted at all, which is to be asked again, for EKS may be behind.
pub(crate) fn gone(look: Option<&Look>) -> Result<Progress, Fault> {
    let Some(look) = look else { return Ok(Progress::Done) };
    let tried = format!("delete {}", look.words);
    match look.status.as_str() {
        "DELETING" => pending(look),
        "DELETE_FAILED" => Err(broken(tried, look, kind(look))),
        status => {
            let said = format!("EKS took the deletion, but says that it is {status}");
            let left = LeftBehind::These(vec![look.words.clone()]);
            Err(Fault { retry: Retry::Backoff, ..fault(FaultKind::Busy, tried, said, left) })
        }
    }
}

/// The worst of what ends the wait for a node group or its machines although EKS still tries: it gives up only after half an hour, or
/// never.
fn fatal(look: &Look) -> Option<IssueCause> {
    if !matches!(look.target, EksTarget::Group(_) | EksTarget::Machines(_)) {
        return None;
    }
    // What one zone or type could not give another one has given; EKS takes the issue back a little later.
    let is_served = look.machines.is_some_and(|(serving, wanted)| serving >= wanted);
    let causes = look.issues.iter().filter_map(|(code, text)| {
        let cause = classify::of_issue(code, text);
        let is_fatal = match cause {
            IssueCause::Stockout | IssueCause::Quota => !is_served,
            IssueCause::Permission => !PERMISSIONS_THAT_SPREAD.contains(&code.as_str()),
            IssueCause::Other => NEVER_HEALS.contains(&code.as_str()),
        };
        is_fatal.then_some(cause)
    });
    causes.min_by_key(|cause| rank(*cause))
}

/// What all issues together mean.
fn kind(look: &Look) -> FaultKind {
    let causes = look.issues.iter().map(|(code, text)| classify::of_issue(code, text));
    causes.min_by_key(|cause| rank(*cause)).map_or(FaultKind::Other, classify::kind_of_issue)
}

/// What tells most about the reason comes first: nodes that do not join follow from machines that are not there.
fn rank(cause: IssueCause) -> u8 {
    match cause {
        IssueCause::Stockout => 0,
        IssueCause::Quota => 1,
        IssueCause::Permission => 2,
        IssueCause::Other => 3,
    }
}

fn broken(tried: String, look: &Look, kind: FaultKind) -> Fault {
    let said = if look.issues.is_empty() {
        format!("EKS says {} and does not say why", look.status)
    } else {
        format!("EKS says {}: {}", look.status, issues(look))
    };
    fault(kind, tried, said, LeftBehind::These(vec![look.words.clone()]))
}

/// `CREATING, 1 of 3 machines in service; NodeCreationFailure: ...`
fn pending(look: &Look) -> Result<Progress, Fault> {
    let mut detail = look.status.clone();
    if let Some((serving, wanted)) = look.machines {
        detail = format!("{detail}, {serving} of {wanted} machines in service");
    }
    if !look.issues.is_empty() {
        detail = format!("{detail}; {}", issues(look));
    }
    Ok(Progress::Pending(Some(detail).filter(|detail| !detail.is_empty())))
}

/// All issues, in EKS's own words.
fn issues(look: &Look) -> String {
    let words = look.issues.iter().map(|(code, text)| format!("{code}: {}", text.trim().trim_end_matches('.')));
    words.collect::<Vec<_>>().join("; ")
}

fn fault(kind: FaultKind, tried: String, said: String, left_behind: LeftBehind) -> Fault {
    Fault { kind, tried, said, left_behind, retry: Retry::Never }
}

#[cfg(test)]
mod tests;
