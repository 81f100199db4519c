//! UpdateAddon: other settings.

use aws_sdk_eks::types::{AddonStatus, ResolveConflicts};
use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::under_way;
use crate::cloud::EksCloud;
use crate::there;

/// Gives an add-on these settings, or finds that an earlier try has. Why there is no token: see `change_cluster`.
///
/// Fields that somebody changed in the cluster by hand are kept: they are not what this is about.
pub(crate) async fn change_addon(
    cloud: &EksCloud,
    at: &EksClusterRef,
    addon: &str,
    configuration: &str,
) -> Result<Started, Fault> {
    let tried = format!("change the settings of add-on {addon}");
    let target = EksTarget::Addon(addon.to_owned());
    let have = there::addon(cloud, at, addon).await?.ok_or_else(|| under_way::not_there(&tried))?;
    if have.configuration_values() == Some(configuration) {
        let is_updating = have.status == Some(AddonStatus::Updating);
        return Ok(under_way::changed_already(at, target, is_updating));
    }
    let call = cloud.write.eks.update_addon().cluster_name(&at.name).addon_name(addon);
    let call = call.configuration_values(configuration).resolve_conflicts(ResolveConflicts::Preserve);
    let sent = call.send().await.map(|answer| answer.update);
    under_way::updating(at, target, sent, &tried)
}
