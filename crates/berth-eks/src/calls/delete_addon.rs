//! DeleteAddon.

use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind};

use super::under_way;
use crate::classify;
use crate::cloud::EksCloud;
use crate::poll::{look, unseen};
use crate::ticket::target_words;

/// Removes the add-on with all that it runs in the cluster, or finds that it is gone or going.
pub(crate) async fn delete_addon(cloud: &EksCloud, at: &EksClusterRef, addon: &str) -> Result<Started, Fault> {
    let target = EksTarget::Addon(addon.to_owned());
    let words = target_words(at, &target);
    match look::look(cloud, at, &target).await.map_err(unseen)? {
        None => return Ok(Started::Done),
        Some(look) if look.status == "DELETING" => return Ok(under_way::going(at, target)),
        Some(_) => {}
    }
    match cloud.write.eks.delete_addon().cluster_name(&at.name).addon_name(addon).send().await {
        Ok(_) => Ok(under_way::going(at, target)),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(Started::Done),
        Err(error) => {
            Err(classify::with_left(format!("delete {words}"), &error, |kind| classify::left_by_delete(kind, words)))
        }
    }
}
