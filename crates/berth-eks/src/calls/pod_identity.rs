//! CreatePodIdentityAssociation and DeletePodIdentityAssociation.

use berth_core::actions::eks::{EksClusterRef, EksPodIdentity};
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind};

use super::making;
use crate::cloud::EksCloud;
use crate::{classify, there};

/// Gives the service account its role, or finds that an earlier try has. An association with another role is replaced.
pub(crate) async fn create_pod_identity(cloud: &EksCloud, wanted: &EksPodIdentity) -> Result<Started, Fault> {
    let (at, identity) = (&wanted.cluster, &wanted.identity);
    let tried = format!("give service account {}/{} a role", wanted.namespace, identity.service_account);
    let role = there::role(cloud, &identity.role, &tried).await?;
    for have in there::pod_identities(cloud, at, &wanted.namespace, &identity.service_account).await? {
        if have.role_arn() == Some(role.arn.as_str()) {
            return Ok(Started::Done);
        }
        delete(cloud, at, have.association_id().unwrap_or_default(), &tried).await?;
    }
    let sent = cloud
        .write
        .eks
        .create_pod_identity_association()
        .cluster_name(&at.name)
        .namespace(&wanted.namespace)
        .service_account(&identity.service_account)
        .role_arn(role.arn)
        .set_tags(Some(wanted.tags.clone().into_iter().collect()))
        .send()
        .await;
    match sent {
        Ok(_) => Ok(Started::Done),
        Err(error) => {
            let fault = making::not_made(&tried, &error);
            // Made by an earlier try that the look did not show yet; the next one sees whose role it has.
            Err(if fault.kind == FaultKind::AlreadyExists { making::again(fault) } else { fault })
        }
    }
}

/// Takes the service account's role from it, or finds that it has none.
pub(crate) async fn delete_pod_identity(
    cloud: &EksCloud,
    at: &EksClusterRef,
    namespace: &str,
    service_account: &str,
) -> Result<Started, Fault> {
    let tried = format!("take the role of service account {namespace}/{service_account} from it");
    for have in there::pod_identities(cloud, at, namespace, service_account).await? {
        delete(cloud, at, have.association_id().unwrap_or_default(), &tried).await?;
    }
    Ok(Started::Done)
}

async fn delete(cloud: &EksCloud, at: &EksClusterRef, id: &str, tried: &str) -> Result<(), Fault> {
    let call = cloud.write.eks.delete_pod_identity_association().cluster_name(&at.name).association_id(id);
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(()),
        Err(error) => Err(classify::with_left(tried, &error, |kind| {
            classify::left_by_delete(kind, format!("pod identity association {id}"))
        })),
    }
}
