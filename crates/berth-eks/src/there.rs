//! One look at what EKS has under a name; what is not there is no error.

use aws_sdk_eks::types::{Addon, Cluster, Nodegroup};
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
