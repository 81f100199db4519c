//! CreateAccessEntry and AssociateAccessPolicy.

use std::collections::BTreeMap;

use aws_sdk_eks::types::{AccessScope, AccessScopeType, AssociatedAccessPolicy};
use berth_core::actions::eks::EksClusterRef;
use berth_core::ports::Started;
use berth_core::run::{Fault, FaultKind, LeftBehind};

use super::making;
use crate::classify;
use crate::cloud::EksCloud;

/// Makes the principal an administrator of the whole cluster, from whatever an earlier try or somebody else has made of it.
pub(crate) async fn grant_admin(
    cloud: &EksCloud,
    at: &EksClusterRef,
    principal: &str,
    tags: &BTreeMap<String, String>,
) -> Result<Started, Fault> {
    let tried = format!("make {principal} an administrator of cluster {}", at.name);
    let policy =
        format!("arn:{}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", cloud.identity().partition());
    let mut left = LeftBehind::Nothing;
    match policies(cloud, at, principal, &tried).await? {
        Some(policies) if policies.iter().any(|have| is_for_all(have, &policy)) => return Ok(Started::Done),
        Some(_) => {}
        None => {
            if create_entry(cloud, at, principal, tags, &tried).await? {
                left = LeftBehind::These(vec![format!("access entry of {principal}")]);
            }
        }
    }
    let scope = AccessScope::builder().r#type(AccessScopeType::Cluster).build();
    let call = cloud.write.eks.associate_access_policy().cluster_name(&at.name).principal_arn(principal);
    match call.policy_arn(policy).access_scope(scope).send().await {
        Ok(_) => Ok(Started::Done),
        Err(error) => {
            let fault = classify::with_left(tried, &error, |_| left);
            // The entry was made or seen just now; EKS does not show it here yet.
            Err(if fault.kind == FaultKind::NotFound { making::again(fault) } else { fault })
        }
    }
}

/// The policies of the principal's entry; `None` if it has no entry (or if there is no such cluster, which the next call says).
async fn policies(
    cloud: &EksCloud,
    at: &EksClusterRef,
    principal: &str,
    tried: &str,
) -> Result<Option<Vec<AssociatedAccessPolicy>>, Fault> {
    let call = cloud.read.eks.list_associated_access_policies().cluster_name(&at.name).principal_arn(principal);
    let mut pages = call.into_paginator().send();
    let mut policies = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => policies.extend(page.associated_access_policies.unwrap_or_default()),
            Err(error) if classify::kind_of(&error) == FaultKind::NotFound => return Ok(None),
            Err(error) => return Err(classify::of_call(tried, &error)),
        }
    }
    Ok(Some(policies))
}

fn is_for_all(have: &AssociatedAccessPolicy, policy: &str) -> bool {
    let scope = have.access_scope.as_ref().and_then(|scope| scope.r#type.as_ref());
    have.policy_arn.as_deref() == Some(policy) && scope == Some(&AccessScopeType::Cluster)
}

/// Whether an entry was made; not if there is one by now.
async fn create_entry(
    cloud: &EksCloud,
    at: &EksClusterRef,
    principal: &str,
    tags: &BTreeMap<String, String>,
    tried: &str,
) -> Result<bool, Fault> {
    let call = cloud.write.eks.create_access_entry().cluster_name(&at.name).principal_arn(principal);
    let error = match call.set_tags(Some(tags.clone().into_iter().collect())).send().await {
        Ok(_) => return Ok(true),
        Err(error) => error,
    };
    // EKS says "in use" of an entry that is there, and of a cluster that is busy.
    if classify::code_of(&error) == Some("ResourceInUseException")
        && policies(cloud, at, principal, tried).await?.is_some()
    {
        return Ok(false);
    }
    Err(classify::with_left(tried, &error, classify::left_by_create))
}
