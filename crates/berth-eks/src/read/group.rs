//! Node groups and the groups of machines behind them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState};
use aws_sdk_eks::types::{CapacityTypes, Nodegroup, TaintEffect as EksTaintEffect};
use berth_core::actions::eks::{EksAmiType, EksCapacity, EksClusterRef, EksGroup, EksRoleRef, EksSubnets};
use berth_core::observed::{Issue, ObservedPool, ObservedPoolSettings};
use berth_core::rules::eks::tags::POOL_KEY;
use berth_core::run::{Fault, FaultKind};
use berth_core::spec::{NodeRange, Taint, TaintEffect};
use futures::{StreamExt, TryStreamExt, stream};

use super::AT_A_TIME;
use super::words::{count, issue, phase, sorted, sorted_map};
use crate::cloud::EksCloud;
use crate::{classify, there, unread};

/// Groups of machines in one question.
const MOST_NAMED: usize = 50;
/// What the tags on groups of machines begin with that berth compares.
const COMPARED_PREFIX: &str = "k8s.io/cluster-autoscaler/node-template/";

/// Groups of machines by name.
pub(super) type Machines = BTreeMap<String, AutoScalingGroup>;

/// All node groups of a cluster; one that goes meanwhile is left out.
pub(super) async fn groups(cloud: &EksCloud, at: &EksClusterRef) -> Result<Vec<Nodegroup>, Fault> {
    let call = cloud.read.eks.list_nodegroups().cluster_name(&at.name);
    let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
    let names = match names {
        Ok(names) => names,
        Err(error) if classify::kind_of(&error) == FaultKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(classify::of_call(format!("list the node groups of cluster {}", at.name), &error));
        }
    };
    let looks = names.into_iter().map(|name| Box::pin(async move { there::group(cloud, at, &name).await }));
    let found: Vec<Option<Nodegroup>> = stream::iter(looks).buffer_unordered(AT_A_TIME).try_collect().await?;
    let mut groups: Vec<Nodegroup> = found.into_iter().flatten().collect();
    groups.sort_by(|a, b| a.nodegroup_name.cmp(&b.nodegroup_name));
    Ok(groups)
}

/// The groups of machines behind these node groups; `None` if they may not be read.
pub(super) async fn machines(
    cloud: &EksCloud,
    groups: &[Nodegroup],
    unread: &mut Vec<String>,
) -> Result<Option<Machines>, Fault> {
    let names: BTreeSet<String> = groups.iter().flat_map(behind).collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut machines = Machines::new();
    for some in names.chunks(MOST_NAMED) {
        let call = cloud.read.autoscaling.describe_auto_scaling_groups();
        let call = call.set_auto_scaling_group_names(Some(some.to_vec()));
        let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let found = found.map_err(|error| classify::of_call("look at the machines behind node groups", &error));
        let Some(found) = unread::allowed(found, "autoscaling:DescribeAutoScalingGroups", unread)? else {
            return Ok(None);
        };
        machines.extend(found.into_iter().filter_map(|one| Some((one.auto_scaling_group_name.clone()?, one))));
    }
    Ok(Some(machines))
}

fn behind(group: &Nodegroup) -> Vec<String> {
    let listed = group.resources().map(|resources| resources.auto_scaling_groups()).unwrap_or_default();
    listed.iter().filter_map(|one| one.name.clone()).collect()
}

/// A node group as berth's pool; `machines` is `None` where it was not read.
pub(super) fn pool(at: &EksClusterRef, group: Nodegroup, machines: Option<&Machines>) -> ObservedPool {
    let listed = group.health().map(|health| health.issues()).unwrap_or_default();
    let issues: Vec<Issue> =
        listed.iter().map(|one| issue(one.code().map(|code| code.as_str()), one.message())).collect();
    let phase = phase(group.status().map(|status| status.as_str()), &issues);
    let settings = settings(at, group, machines);
    ObservedPool { name: settings.name.clone(), phase, issues, settings: ObservedPoolSettings::Eks(Box::new(settings)) }
}

fn settings(at: &EksClusterRef, group: Nodegroup, machines: Option<&Machines>) -> EksGroup {
    let autoscaling_groups = behind(&group);
    let known = machines.map(|all| autoscaling_groups.iter().filter_map(|name| all.get(name)).collect::<Vec<_>>());
    let size = group.scaling_config.as_ref();
    let nodes = NodeRange { min: count(size.and_then(|s| s.min_size)), max: count(size.and_then(|s| s.max_size)) };
    let desired = count(size.and_then(|s| s.desired_size));
    let mut taints: Vec<Taint> = group.taints().iter().filter_map(taint).collect();
    taints.sort();
    let name = group.nodegroup_name.unwrap_or_default();
    let tags = sorted_map(group.tags);
    EksGroup {
        cluster: at.clone(),
        pool: tags.get(POOL_KEY).unwrap_or(&name).clone(),
        name,
        ami_type: EksAmiType::from_word(group.ami_type.as_ref().map_or("", |word| word.as_str())),
        capacity: match group.capacity_type {
            Some(CapacityTypes::Spot) => EksCapacity::Spot,
            _ => EksCapacity::OnDemand,
        },
        instance_types: group.instance_types.unwrap_or_default(),
        nodes,
        desired,
        running: known.as_ref().map(|all| all.iter().map(|one| in_service(one)).sum()),
        subnets: EksSubnets::Given { ids: sorted(group.subnets), zones: Vec::new() },
        role: EksRoleRef::Given(group.node_role.unwrap_or_default()),
        template: group.launch_template.and_then(|template| template.name),
        labels: sorted_map(group.labels),
        taints,
        tags,
        autoscaling_groups,
        autoscaling_tags: shared_tags(&known.unwrap_or_default()),
    }
}

fn taint(taint: &aws_sdk_eks::types::Taint) -> Option<Taint> {
    let effect = match taint.effect.as_ref()? {
        EksTaintEffect::NoSchedule => TaintEffect::NoSchedule,
        EksTaintEffect::PreferNoSchedule => TaintEffect::PreferNoSchedule,
        EksTaintEffect::NoExecute => TaintEffect::NoExecute,
        _ => return None,
    };
    Some(Taint { key: taint.key.clone()?, value: taint.value.clone().unwrap_or_default(), effect })
}

fn in_service(machines: &AutoScalingGroup) -> u32 {
    let serving = machines.instances().iter().filter(|one| one.lifecycle_state() == Some(&LifecycleState::InService));
    u32::try_from(serving.count()).unwrap_or(u32::MAX)
}

/// The compared tags that all of them have.
fn shared_tags(machines: &[&AutoScalingGroup]) -> BTreeMap<String, String> {
    let of = |one: &AutoScalingGroup| -> BTreeMap<String, String> {
        let compared = one.tags().iter().filter(|tag| tag.key().is_some_and(|key| key.starts_with(COMPARED_PREFIX)));
        compared.filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
    };
    let mut all = machines.iter().map(|one| of(one));
    let mut shared = all.next().unwrap_or_default();
    for tags in all {
        shared.retain(|key, value| tags.get(key) == Some(value));
    }
    shared
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::{Instance, TagDescription};
    use aws_sdk_eks::types::{
        AutoScalingGroup as Behind, Issue as EksIssue, NodegroupHealth, NodegroupIssueCode, NodegroupResources,
        NodegroupStatus,
    };
    use berth_core::observed::{IssueCause, Phase};

    use super::*;

    fn at() -> EksClusterRef {
        EksClusterRef { account: "1".to_owned(), region: "us-east-1".to_owned(), name: "c".to_owned() }
    }

    fn settings_of(pool: ObservedPool) -> EksGroup {
        let ObservedPoolSettings::Eks(group) = pool.settings else { panic!("a node group") };
        *group
    }

    fn a_group(behind: &[&str]) -> Nodegroup {
        let behind = behind.iter().map(|name| Behind::builder().name(*name).build()).collect();
        let resources = NodegroupResources::builder().set_auto_scaling_groups(Some(behind)).build();
        Nodegroup::builder().nodegroup_name("gpu-on-demand").tags(POOL_KEY, "gpu").resources(resources).build()
    }

    fn some_machines(name: &str, states: &[LifecycleState], tags: &[(&str, &str)]) -> (String, AutoScalingGroup) {
        let instance = |state: &LifecycleState| {
            let made = Instance::builder().instance_id("i-1").availability_zone("us-east-1a");
            let made = made.health_status("Healthy").protected_from_scale_in(false);
            made.lifecycle_state(state.clone()).build()
        };
        let tags = tags.iter().map(|(key, value)| TagDescription::builder().key(*key).value(*value).build()).collect();
        let made = AutoScalingGroup::builder().auto_scaling_group_name(name).set_tags(Some(tags));
        (name.to_owned(), made.set_instances(Some(states.iter().map(instance).collect())).build())
    }

    #[test]
    fn machines_in_service_are_counted_and_only_tags_of_all_compared() {
        let label = format!("{COMPARED_PREFIX}label/tier");
        let machines = Machines::from([
            some_machines(
                "a",
                &[LifecycleState::InService, LifecycleState::Pending],
                &[(&label, "premium"), ("eks:cluster-name", "c")],
            ),
            some_machines("b", &[LifecycleState::InService], &[(&label, "premium")]),
            some_machines("bare", &[], &[]),
        ]);
        let read = |behind: &[&str]| settings_of(pool(&at(), a_group(behind), Some(&machines)));
        let group = read(&["a", "b"]);
        assert_eq!((group.pool.as_str(), group.running), ("gpu", Some(2)));
        assert_eq!(group.autoscaling_tags, BTreeMap::from([(label, "premium".to_owned())]));
        assert!(read(&["a", "bare"]).autoscaling_tags.is_empty());
        assert_eq!(read(&[]).running, Some(0));
        assert_eq!(settings_of(pool(&at(), a_group(&["a"]), None)).running, None);
    }

    #[test]
    fn a_group_without_stock_says_so_while_it_is_being_made() {
        let short = EksIssue::builder()
            .code(NodegroupIssueCode::AsgInstanceLaunchFailures)
            .message("Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity")
            .build();
        let health = NodegroupHealth::builder().issues(short).build();
        let read = |status: NodegroupStatus| {
            let group = Nodegroup::builder().nodegroup_name("g").status(status).health(health.clone()).build();
            pool(&at(), group, None)
        };
        let creating = read(NodegroupStatus::Creating);
        assert_eq!((creating.phase, creating.issues[0].cause), (Phase::Creating, IssueCause::Stockout));
        assert_eq!(creating.issues[0].code, "AsgInstanceLaunchFailures");
        assert_eq!(read(NodegroupStatus::Active).phase, Phase::Degraded);
        assert_eq!(read(NodegroupStatus::CreateFailed).phase, Phase::Failed);
    }

    #[test]
    fn taints_are_sorted_and_a_pool_without_a_tag_is_the_group() {
        let taint =
            |key: &str, effect: EksTaintEffect| aws_sdk_eks::types::Taint::builder().key(key).effect(effect).build();
        let group = Nodegroup::builder()
            .nodegroup_name("g")
            .taints(taint("z", EksTaintEffect::NoSchedule))
            .taints(taint("a", EksTaintEffect::NoExecute))
            .subnets("subnet-2")
            .subnets("subnet-1")
            .build();
        let group = settings_of(pool(&at(), group, None));
        let taints: Vec<(&str, &str)> = group.taints.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
        assert_eq!((group.pool.as_str(), taints), ("g", vec![("a", ""), ("z", "")]));
        let ids = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
        assert_eq!(group.subnets, EksSubnets::Given { ids, zones: Vec::new() });
    }
}
