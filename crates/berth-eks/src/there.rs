//! One look at what EKS has under a name; what is not there is no error.

use aws_sdk_eks::types::{Addon, Cluster, Nodegroup, PodIdentityAssociation};
use berth_core::actions::eks::{EksClusterRef, EksRoleRef};
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};

use crate::cloud::EksCloud;
use crate::{classify, find};

/// The cluster of that name.
///
/// # Errors
/// It cannot be read, or it is in an account or region these calls do not go to: the one of that name here is another.
pub(crate) async fn cluster(cloud: &EksCloud, at: &EksClusterRef) -> Result<Option<Cluster>, Fault> {
    let tried = format!("look at cluster {}", at.name);
    here(cloud, at, &tried)?;
    match cloud.read.eks.describe_cluster().name(&at.name).send().await {
        Ok(answer) => Ok(answer.cluster),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
        Err(error) => Err(classify::of_call(tried, &error)),
    }
}

/// The node group of that name; none either if there is no such cluster.
pub(crate) async fn group(cloud: &EksCloud, at: &EksClusterRef, name: &str) -> Result<Option<Nodegroup>, Fault> {
    let tried = format!("look at node group {name}");
    here(cloud, at, &tried)?;
    match cloud.read.eks.describe_nodegroup().cluster_name(&at.name).nodegroup_name(name).send().await {
        Ok(answer) => Ok(answer.nodegroup),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
        Err(error) => Err(classify::of_call(tried, &error)),
    }
}

/// The add-on of that name; none either if there is no such cluster.
pub(crate) async fn addon(cloud: &EksCloud, at: &EksClusterRef, name: &str) -> Result<Option<Addon>, Fault> {
    let tried = format!("look at add-on {name}");
    here(cloud, at, &tried)?;
    match cloud.read.eks.describe_addon().cluster_name(&at.name).addon_name(name).send().await {
        Ok(answer) => Ok(answer.addon),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Ok(None),
        Err(error) => Err(classify::of_call(tried, &error)),
    }
}

/// The associations of a service account with roles, at most one; none either if there is no such cluster.
pub(crate) async fn pod_identities(
    cloud: &EksCloud,
    at: &EksClusterRef,
    namespace: &str,
    service_account: &str,
) -> Result<Vec<PodIdentityAssociation>, Fault> {
    let tried = format!("look for the role of service account {namespace}/{service_account}");
    here(cloud, at, &tried)?;
    let call = cloud.read.eks.list_pod_identity_associations().cluster_name(&at.name);
    let call = call.namespace(namespace).service_account(service_account);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let ids = match found {
        Ok(found) => found.into_iter().filter_map(|one| one.association_id),
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(classify::of_call(tried, &error)),
    };
    // The list does not tell the role.
    let mut associations = Vec::new();
    for id in ids {
        let call = cloud.read.eks.describe_pod_identity_association().cluster_name(&at.name).association_id(id);
        match call.send().await {
            Ok(answer) => associations.extend(answer.association),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {}
            Err(error) => return Err(classify::of_call(tried, &error)),
        }
    }
    Ok(associations)
}

/// A role, with what is new in each life of it.
pub(crate) struct Role {
    pub(crate) arn: String,
    /// IAM's own id of a role berth makes, the ARN of a given one.
    pub(crate) identity: String,
}

/// The role of that name, which the plan has made before, or the given one, which is not asked for.
pub(crate) async fn role(cloud: &EksCloud, role: &EksRoleRef, tried: &str) -> Result<Role, Fault> {
    let name = match role {
        EksRoleRef::Given(arn) => return Ok(Role { arn: arn.clone(), identity: arn.clone() }),
        EksRoleRef::Made(name) => name,
    };
    match cloud.read.iam.get_role().role_name(name).send().await {
        Ok(answer) => {
            let found = answer.role.ok_or_else(|| find::unseen(tried, &format!("role {name}")))?;
            Ok(Role { arn: found.arn, identity: found.role_id })
        }
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => {
            Err(find::unseen(tried, &format!("role {name}")))
        }
        Err(error) => Err(classify::of_call(tried, &error)),
    }
}

fn here(cloud: &EksCloud, at: &EksClusterRef, tried: &str) -> Result<(), Fault> {
    let (account, region) = (cloud.account(), cloud.region());
    if (account, region) == (at.account.as_str(), at.region.as_str()) {
        return Ok(());
    }
    Err(Fault {
        kind: FaultKind::Refused,
        tried: tried.to_owned(),
        said: format!(
            "it is in {} of account {}, but calls go to {region} of account {account}",
            at.region, at.account
        ),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    })
}
