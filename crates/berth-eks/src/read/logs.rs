//! The control plane's log group.

use berth_core::actions::eks::{EksClusterRef, EksPart, EksPartKind};
use berth_core::run::Fault;
use std::collections::BTreeMap;

use super::part;
use crate::classify;
use crate::cloud::EksCloud;

/// The group EKS makes when the control plane first logs; nobody deletes it with the cluster.
pub(super) async fn groups(cloud: &EksCloud, cluster: &EksClusterRef) -> Result<Vec<EksPart>, Fault> {
    let name = format!("/aws/eks/{}/cluster", cluster.name);
    let call = cloud.read.logs.describe_log_groups().log_group_name_prefix(&name);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = found.map_err(|error| classify::of_call("look for log groups", &error))?;
    // Another group's name may begin with this one.
    let is_it = found.into_iter().any(|group| group.log_group_name.as_deref() == Some(name.as_str()));
    Ok(is_it.then(|| part::part(EksPartKind::LogGroup, Some(name), "", BTreeMap::new())).into_iter().collect())
}
