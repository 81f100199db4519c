//! How far an update of a cluster, node group or add-on is.

use aws_sdk_eks::types::{ErrorDetail, UpdateStatus};
use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::ports::Progress;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::look;
use crate::classify;
use crate::cloud::EksCloud;
use crate::ticket::target_words;

/// Looks once at the update of this id.
///
/// # Errors
/// It failed or was cancelled. A change leaves nothing behind that was not there.
pub(crate) async fn update(
    cloud: &EksCloud,
    at: &EksClusterRef,
    target: &EksTarget,
    id: &str,
) -> Result<Progress, Fault> {
    let tried = format!("change {}", target_words(at, target));
    let call = cloud.read.eks.describe_update().name(&at.name).update_id(id);
    let call = match target {
        EksTarget::Cluster => call,
        EksTarget::Group(name) | EksTarget::Machines(name) => call.nodegroup_name(name),
        EksTarget::Addon(name) => call.addon_name(name),
    };
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return forgotten(cloud, at, target).await,
        Err(error) => return Err(classify::of_call(tried, &error)),
    };
    let update = answer.update;
    let status = update.as_ref().and_then(|update| update.status.clone());
    let errors = update.as_ref().map(|update| update.errors()).unwrap_or_default();
    ended(tried, status.as_ref(), errors)
}

/// What the status of an update and its errors mean.
pub(crate) fn ended(tried: String, status: Option<&UpdateStatus>, errors: &[ErrorDetail]) -> Result<Progress, Fault> {
    let word = match status {
        Some(UpdateStatus::Successful) => return Ok(Progress::Done),
        Some(status @ (UpdateStatus::Failed | UpdateStatus::Cancelled)) => status.as_str().to_lowercase(),
        Some(UpdateStatus::InProgress) => return Ok(Progress::Pending(Some("update in progress".to_owned()))),
        _ => return Ok(Progress::Pending(None)),
    };
    let (mut kind, mut said) = (FaultKind::Other, Vec::new());
    for error in errors {
        let code = error.error_code.as_ref().map_or("no code", |code| code.as_str());
        let text = error.error_message().unwrap_or("no text");
        if kind == FaultKind::Other {
            kind = classify::kind_of_issue(classify::of_issue(code, text));
        }
        let about = error.resource_ids();
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        said.push(format!("{code}: {}{about}", text.trim().trim_end_matches('.')));
    }
    let why = if said.is_empty() { "EKS does not say why".to_owned() } else { said.join("; ") };
    let said = format!("the update {}: {why}", if word == "failed" { "failed" } else { "was cancelled" });
    Err(Fault { kind, tried, said, left_behind: LeftBehind::Nothing, retry: Retry::Never })
}

/// EKS forgets old updates. Whether the change took effect, the next plan shows: it reads every setting back.
async fn forgotten(cloud: &EksCloud, at: &EksClusterRef, target: &EksTarget) -> Result<Progress, Fault> {
    let Some(look) = look::look(cloud, at, target).await? else {
        let words = target_words(at, target);
        return Err(Fault {
            kind: FaultKind::NotFound,
            tried: format!("change {words}"),
            said: "it is not there any more".to_owned(),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        });
    };
    let goes_on = look.status == "UPDATING";
    Ok(if goes_on { Progress::Pending(Some("update in progress".to_owned())) } else { Progress::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, text: &str) -> ErrorDetail {
        ErrorDetail::builder().error_code(code.into()).error_message(text).resource_ids("subnet-1").build()
    }

    #[test]
    fn an_update_that_failed_says_all_its_errors() {
        let errors =
            [error("ConfigurationConflict", "It conflicts."), error("InsufficientFreeAddresses", "No free addresses.")];
        let fault = ended("change cluster a".to_owned(), Some(&UpdateStatus::Failed), &errors).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Quota);
        assert_eq!(
            fault.said,
            "the update failed: ConfigurationConflict: It conflicts (subnet-1); InsufficientFreeAddresses: No free addresses (subnet-1)"
        );
        assert_eq!(fault.left_behind, LeftBehind::Nothing);
    }

    #[test]
    fn an_update_ends_once() {
        let of = |status: UpdateStatus| ended("change cluster a".to_owned(), Some(&status), &[]);
        assert_eq!(of(UpdateStatus::Successful), Ok(Progress::Done));
        assert_eq!(of(UpdateStatus::InProgress), Ok(Progress::Pending(Some("update in progress".to_owned()))));
        let said = of(UpdateStatus::Cancelled).unwrap_err().said;
        assert_eq!(said, "the update was cancelled: EKS does not say why");
    }
}
