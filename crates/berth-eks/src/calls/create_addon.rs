//! CreateAddon.

use aws_sdk_eks::types::{AddonPodIdentityAssociations, ResolveConflicts};
use berth_core::actions::eks::{EksAddon, EksTarget};
use berth_core::ports::Started;
use berth_core::rules::eks::addons;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use super::under_way::{self, Wish};
use crate::cloud::EksCloud;
use crate::poll::{look, unseen};
use crate::there;
use crate::ticket::target_words;

/// Makes the add-on, or finds that an earlier try has.
pub(crate) async fn create_addon(cloud: &EksCloud, wanted: &EksAddon) -> Result<Started, Fault> {
    let (at, target) = (&wanted.cluster, EksTarget::Addon(wanted.name.clone()));
    let wish = Wish { cluster: at, target: &target, tags: &wanted.tags };
    if let Some(look) = look::look(cloud, at, &target).await.map_err(unseen)? {
        return under_way::creation(wish, &look).map(|started| waited_for(wanted, started));
    }
    let tried = format!("create {}", target_words(at, &target));
    let identity = match &wanted.identity {
        None => None,
        Some(identity) => {
            let role = there::role(cloud, &identity.role, &tried).await?;
            let identity =
                AddonPodIdentityAssociations::builder().service_account(&identity.service_account).role_arn(role.arn);
            Some(vec![identity.build().map_err(|error| Fault {
                kind: FaultKind::Refused,
                tried: tried.clone(),
                said: error.to_string(),
                left_behind: LeftBehind::Nothing,
                retry: Retry::Never,
            })?])
        }
    };
    let sent = cloud
        .write
        .eks
        .create_addon()
        .cluster_name(&at.name)
        .addon_name(&wanted.name)
        .resolve_conflicts(ResolveConflicts::Overwrite)
        .set_pod_identity_associations(identity)
        .set_configuration_values(addons::configuration(wanted))
        .set_tags(Some(wanted.tags.clone().into_iter().collect()))
        .send()
        .await;
    let started = match sent {
        Ok(_) => under_way::made(at, &target),
        Err(error) => under_way::not_made(cloud, wish, &error).await?,
    };
    Ok(waited_for(wanted, started))
}

/// What cannot be well before there are nodes is not waited for here.
fn waited_for(wanted: &EksAddon, started: Started) -> Started {
    if wanted.wait { started } else { Started::Done }
}
