//! UpdateNodegroupConfig and TagResource: one kind of change per call.

use aws_sdk_eks::types::{Nodegroup, NodegroupStatus, UpdateLabelsPayload, UpdateTaintsPayload};
use berth_core::actions::eks::{EksClusterRef, EksGroupChange, EksTarget};
use berth_core::ports::Started;
use berth_core::run::Fault;

use super::create_group::{scaling, taint};
use super::{tag, under_way};
use crate::cloud::EksCloud;
use crate::there;

/// Makes one change, or finds that an earlier try has. Why there is no token: see `change_cluster`.
pub(crate) async fn change_group(
    cloud: &EksCloud,
    at: &EksClusterRef,
    group: &str,
    change: &EksGroupChange,
) -> Result<Started, Fault> {
    let tried = format!("change {} of node group {group}", what(change));
    let have = there::group(cloud, at, group).await?.ok_or_else(|| under_way::not_there(&tried))?;
    if let EksGroupChange::Tags(set) = change {
        return tag::tag(cloud, have.nodegroup_arn.as_deref(), (set, &[]), &tried).await;
    }
    if is_so(&have, change) {
        let is_updating = have.status == Some(NodegroupStatus::Updating);
        return Ok(under_way::changed_already(at, EksTarget::Group(group.to_owned()), is_updating));
    }
    let call = cloud.write.eks.update_nodegroup_config().cluster_name(&at.name).nodegroup_name(group);
    let call = match change {
        EksGroupChange::Tags(_) => return Ok(Started::Done),
        EksGroupChange::Labels { set, remove } => {
            let set = Some(set.clone().into_iter().collect()).filter(|_| !set.is_empty());
            let remove = Some(remove.clone()).filter(|keys| !keys.is_empty());
            let labels = UpdateLabelsPayload::builder().set_add_or_update_labels(set).set_remove_labels(remove);
            call.labels(labels.build())
        }
        EksGroupChange::Taints { set, remove } => {
            let of = |taints: &[berth_core::spec::Taint]| {
                Some(taints.iter().map(taint).collect::<Vec<_>>()).filter(|taints| !taints.is_empty())
            };
            let taints = UpdateTaintsPayload::builder().set_add_or_update_taints(of(set)).set_remove_taints(of(remove));
            call.taints(taints.build())
        }
        EksGroupChange::Scaling { nodes, desired } => call.scaling_config(scaling(*nodes, *desired)),
    };
    let sent = call.send().await.map(|answer| answer.update);
    under_way::updating(at, EksTarget::Group(group.to_owned()), sent, &tried)
}

fn what(change: &EksGroupChange) -> &'static str {
    match change {
        EksGroupChange::Labels { .. } => "the labels",
        EksGroupChange::Taints { .. } => "the taints",
        EksGroupChange::Scaling { .. } => "the limits",
        EksGroupChange::Tags(_) => "the tags",
    }
}

/// Whether the node group is as the change would make it.
fn is_so(have: &Nodegroup, change: &EksGroupChange) -> bool {
    match change {
        EksGroupChange::Tags(_) => false,
        EksGroupChange::Labels { set, remove } => {
            let labels = have.labels.clone().unwrap_or_default();
            set.iter().all(|(key, value)| labels.get(key) == Some(value))
                && !remove.iter().any(|key| labels.contains_key(key))
        }
        EksGroupChange::Taints { set, remove } => {
            let taints: Vec<_> = have.taints().iter().map(words).collect();
            let has = |wanted: &berth_core::spec::Taint| taints.contains(&words(&taint(wanted)));
            set.iter().all(has) && !remove.iter().any(has)
        }
        EksGroupChange::Scaling { nodes, desired } => have.scaling_config.as_ref() == Some(&scaling(*nodes, *desired)),
    }
}

/// A taint that says nothing has no value or an empty one.
fn words(taint: &aws_sdk_eks::types::Taint) -> (String, String, String) {
    let effect = taint.effect.as_ref().map_or("", |effect| effect.as_str());
    (taint.key().unwrap_or_default().to_owned(), taint.value().unwrap_or_default().to_owned(), effect.to_owned())
}
