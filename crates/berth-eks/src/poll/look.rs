//! A cluster, node group or add-on as it is now, in the same words for all three.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_eks::types::{Addon, Cluster, Nodegroup, NodegroupStatus};
use berth_core::actions::eks::{EksClusterRef, EksTarget};
use berth_core::run::Fault;

use crate::cloud::EksCloud;
use crate::there;
use crate::ticket::target_words;

/// What one look has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// What was looked at.
    pub(crate) target: EksTarget,
    /// `node group gpu`
    pub(crate) words: String,
    /// EKS's word.
    pub(crate) status: String,
    /// What EKS says is wrong with it: code and text.
    pub(crate) issues: Vec<(String, String)>,
    /// Machines in service, and machines wanted, while a node group is being made or its machines are what is looked at; `None` if that
    /// is not known.
    pub(crate) machines: Option<(usize, usize)>,
    /// Its tags.
    pub(crate) tags: BTreeMap<String, String>,
}

/// Looks; `None` if it is not there.
pub(crate) async fn look(cloud: &EksCloud, at: &EksClusterRef, target: &EksTarget) -> Result<Option<Look>, Fault> {
    match target {
        EksTarget::Cluster => Ok(there::cluster(cloud, at).await?.map(|cluster| of_cluster(at, cluster))),
        EksTarget::Group(name) => {
            let Some(group) = there::group(cloud, at, name).await? else { return Ok(None) };
            let is_creating = group.status == Some(NodegroupStatus::Creating);
            let machines = if is_creating { machines(cloud, &group).await } else { None };
            Ok(Some(Look { machines, ..of_group(at, name, group) }))
        }
        EksTarget::Machines(name) => {
            let Some(group) = there::group(cloud, at, name).await? else { return Ok(None) };
            let machines = machines(cloud, &group).await;
            Ok(Some(Look {
                target: target.clone(),
                words: target_words(at, target),
                machines,
                ..of_group(at, name, group)
            }))
        }
        EksTarget::Addon(name) => Ok(there::addon(cloud, at, name).await?.map(|addon| of_addon(at, name, addon))),
    }
}

fn of_cluster(at: &EksClusterRef, cluster: Cluster) -> Look {
    let issues = cluster.health.and_then(|health| health.issues).unwrap_or_default();
    let issues = issues.into_iter().map(|one| (one.code.map(|code| code.as_str().to_owned()), one.message));
    let status = cluster.status.map(|status| status.as_str().to_owned());
    seen(at, EksTarget::Cluster, status, issues, cluster.tags)
}

/// A node group, without a look at its machines.
fn of_group(at: &EksClusterRef, name: &str, group: Nodegroup) -> Look {
    let issues = group.health.and_then(|health| health.issues).unwrap_or_default();
    let issues = issues.into_iter().map(|one| (one.code.map(|code| code.as_str().to_owned()), one.message));
    let status = group.status.map(|status| status.as_str().to_owned());
    seen(at, EksTarget::Group(name.to_owned()), status, issues, group.tags)
}

fn of_addon(at: &EksClusterRef, name: &str, addon: Addon) -> Look {
    let issues = addon.health.and_then(|health| health.issues).unwrap_or_default();
    let issues = issues.into_iter().map(|one| (one.code.map(|code| code.as_str().to_owned()), one.message));
    let status = addon.status.map(|status| status.as_str().to_owned());
    seen(at, EksTarget::Addon(name.to_owned()), status, issues, addon.tags)
}

fn seen(
    at: &EksClusterRef,
    target: EksTarget,
    status: Option<String>,
    issues: impl Iterator<Item = (Option<String>, Option<String>)>,
    tags: Option<HashMap<String, String>>,
) -> Look {
    Look {
        words: target_words(at, &target),
        target,
        status: status.unwrap_or_default(),
        issues: issues.map(|(code, text)| (code.unwrap_or_default(), text.unwrap_or_default())).collect(),
        machines: None,
        tags: tags.unwrap_or_default().into_iter().collect(),
    }
}

/// How many machines of a group are in service, of how many it wants; a look that failed is no fault, since EKS's issues tell the rest.
async fn machines(cloud: &EksCloud, group: &Nodegroup) -> Option<(usize, usize)> {
    let wanted = usize::try_from(group.scaling_config.as_ref()?.desired_size?).ok().filter(|wanted| *wanted > 0)?;
    let names = scaling_groups(group);
    if names.is_empty() {
        return None;
    }
    let call = cloud.read.autoscaling.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names));
    let found = call.send().await.ok()?.auto_scaling_groups.unwrap_or_default();
    let machines = found.into_iter().flat_map(|group| group.instances.unwrap_or_default());
    let serving =
        machines.filter(|machine| machine.lifecycle_state.as_ref().is_some_and(|state| state.as_str() == "InService"));
    Some((serving.count(), wanted))
}

/// Names of the groups of machines behind a node group; none as long as EKS has made none.
pub(crate) fn scaling_groups(group: &Nodegroup) -> Vec<String> {
    let resources = group.resources.as_ref().map(|resources| resources.auto_scaling_groups());
    resources.unwrap_or_default().iter().filter_map(|group| group.name.clone()).collect()
}
