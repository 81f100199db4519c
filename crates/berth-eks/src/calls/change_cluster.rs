//! UpdateClusterConfig, TagResource and UntagResource: one kind of change per call.

use aws_sdk_eks::types::{
    AuthenticationMode, Cluster, ClusterStatus, LogSetup, LogType, Logging, SupportType, UpdateAccessConfigRequest,
    UpgradePolicyRequest, VpcConfigRequest,
};
use berth_core::actions::eks::{EksClusterChange, EksClusterRef, EksTarget};
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind};

use super::{tag, under_way};
use crate::cloud::EksCloud;
use crate::there;

/// Makes one change, or finds that an earlier try has.
///
/// Its call carries no token of ours: the same change may be wanted again later, when it is not the same request. An update that
/// is still running makes the call `Busy`, and once it is over everything reads as wanted.
pub(crate) async fn change_cluster(
    cloud: &EksCloud,
    at: &EksClusterRef,
    change: &EksClusterChange,
) -> Result<Started, Fault> {
    let tried = format!("change {} of cluster {}", what(change), at.name);
    let have = there::cluster(cloud, at).await?.ok_or_else(|| under_way::not_there(&tried))?;
    if let EksClusterChange::Tags { set, remove } = change {
        return tag::tag(cloud, have.arn.as_deref(), (set, remove), &tried).await;
    }
    if is_so(&have, change) {
        let is_updating = have.status == Some(ClusterStatus::Updating);
        return Ok(under_way::changed_already(at, EksTarget::Cluster, is_updating));
    }
    let call = cloud.write.eks.update_cluster_config().name(&at.name);
    let call = match change {
        EksClusterChange::Tags { .. } => return Ok(Started::Done),
        EksClusterChange::Logging(types) => call.logging(logging(types)),
        EksClusterChange::Endpoint { public_access_cidrs, private_access } => {
            let network = VpcConfigRequest::builder().endpoint_public_access(true);
            let network = network.endpoint_private_access(*private_access);
            call.resources_vpc_config(network.set_public_access_cidrs(Some(public_access_cidrs.clone())).build())
        }
        EksClusterChange::Support { standard } => {
            call.upgrade_policy(UpgradePolicyRequest::builder().support_type(support(*standard)).build())
        }
        EksClusterChange::AllowAccessEntries => {
            let mode = AuthenticationMode::ApiAndConfigMap;
            call.access_config(UpdateAccessConfigRequest::builder().authentication_mode(mode).build())
        }
    };
    let sent = call.send().await.map(|answer| answer.update);
    under_way::updating(at, EksTarget::Cluster, sent, &tried).map_err(|fault| explained(fault, &have, change))
}

/// With the way out where EKS takes no cluster back: one in extended support stays there until it is upgraded.
fn explained(fault: Fault, have: &Cluster, change: &EksClusterChange) -> Fault {
    if fault.kind != FaultKind::Refused || !matches!(change, EksClusterChange::Support { standard: true }) {
        return fault;
    }
    let version = have.version.as_deref().unwrap_or("its version");
    let way_out = format!(
        "if {version} has left standard support, upgrade the cluster first, or keep it there with `eks: {{support: extended}}`"
    );
    Fault { said: format!("{}; {way_out}", fault.said), ..fault }
}

fn what(change: &EksClusterChange) -> &'static str {
    match change {
        EksClusterChange::Tags { .. } => "the tags",
        EksClusterChange::Logging(_) => "logging",
        EksClusterChange::Endpoint { .. } => "the endpoint",
        EksClusterChange::Support { .. } => "support",
        EksClusterChange::AllowAccessEntries => "the access mode",
    }
}

/// Whether the cluster is as the change would make it.
fn is_so(have: &Cluster, change: &EksClusterChange) -> bool {
    match change {
        EksClusterChange::Tags { .. } => false,
        EksClusterChange::Logging(types) => enabled(have) == sorted(types.clone()),
        EksClusterChange::Endpoint { public_access_cidrs, private_access } => {
            have.resources_vpc_config.as_ref().is_some_and(|network| {
                network.endpoint_public_access
                    && network.endpoint_private_access == *private_access
                    && sorted(network.public_access_cidrs().to_vec()) == sorted(public_access_cidrs.clone())
            })
        }
        EksClusterChange::Support { standard } => {
            let has = have.upgrade_policy.as_ref().and_then(|policy| policy.support_type.as_ref());
            has == Some(&support(*standard))
        }
        EksClusterChange::AllowAccessEntries => {
            let mode = have.access_config.as_ref().and_then(|access| access.authentication_mode.as_ref());
            mode.is_some_and(|mode| *mode != AuthenticationMode::ConfigMap)
        }
    }
}

/// EKS's word for what becomes of a cluster whose version leaves standard support.
pub(super) fn support(standard: bool) -> SupportType {
    if standard { SupportType::Standard } else { SupportType::Extended }
}

fn enabled(have: &Cluster) -> Vec<String> {
    let setups = have.logging.as_ref().map(|logging| logging.cluster_logging()).unwrap_or_default();
    let on = setups.iter().filter(|setup| setup.enabled == Some(true)).flat_map(|setup| setup.types());
    sorted(on.map(|kind| kind.as_str().to_owned()).collect())
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// These types on, all others off; a list of none is left out.
fn logging(types: &[String]) -> Logging {
    let (on, off): (Vec<&str>, Vec<&str>) =
        LogType::values().iter().copied().partition(|known| types.iter().any(|wanted| wanted == known));
    // A type that this version does not know is EKS's to judge.
    let new = types.iter().map(String::as_str).filter(|wanted| !LogType::values().contains(wanted));
    let on: Vec<&str> = on.into_iter().chain(new).collect();
    let setup = |enabled: bool, types: Vec<&str>| {
        let types: Vec<LogType> = types.into_iter().map(LogType::from).collect();
        (!types.is_empty()).then(|| LogSetup::builder().enabled(enabled).set_types(Some(types)).build())
    };
    Logging::builder()
        .set_cluster_logging(Some([setup(true, on), setup(false, off)].into_iter().flatten().collect()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_log_types_that_are_not_wanted_are_switched_off() {
        let sent = |types: &[&str]| {
            let types: Vec<String> = types.iter().map(|word| (*word).to_owned()).collect();
            let setups = logging(&types).cluster_logging.unwrap();
            let words = |setup: &LogSetup| setup.types().iter().map(LogType::as_str).collect::<Vec<_>>().join(",");
            setups.iter().map(|setup| format!("{} {}", setup.enabled.unwrap(), words(setup))).collect::<Vec<_>>()
        };
        assert_eq!(sent(&["audit", "api"]), ["true api,audit", "false authenticator,controllerManager,scheduler"]);
        assert_eq!(sent(&[]), ["false api,audit,authenticator,controllerManager,scheduler"]);
        assert_eq!(sent(LogType::values()), ["true api,audit,authenticator,controllerManager,scheduler"]);
    }
}
