//! The cluster autoscaler on EKS: its rights in AWS, and when it comes, changes and goes.
//!
//! Its role is handed to its pod by the pod identity agent, as the volume driver's is. The agent's webhook looks at a pod when it is
//! made, so the association stands before the Deployment does.

use serde_json::json;

use super::{names, roles, steps, tags};
use crate::actions::eks::{
    EksAction, EksClusterRef, EksDescription, EksIdentity, EksPart, EksPartKind, EksPodIdentity, EksRoleRef, EksTarget,
};
use crate::actions::kube::{KubeAction, Manifest};
use crate::manifests::cluster_autoscaler::{self, ClusterAutoscaler, GROUP, NAME, NAMESPACE};
use crate::observed::Observed;
use crate::plan::{Note, Step, StepChange, StepId};
use crate::spec::{ClusterSpec, PoolSpec, TaintEffect};

/// What it is, in messages.
const ABOUT: &str = "cluster autoscaler";

/// The cluster autoscaler with its role's association.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedAutoscaler {
    /// Its service account's role.
    pub identity: EksPodIdentity,
    /// Its objects.
    pub objects: ClusterAutoscaler,
}

/// The autoscaler of a file, for a cluster of this version; `None` if no pool can grow, or the file wants none.
pub fn wanted(cluster: &EksClusterRef, spec: &ClusterSpec, version: Option<&str>) -> Option<WantedAutoscaler> {
    let objects = cluster_autoscaler::cluster_autoscaler(spec, version)?;
    let role = EksRoleRef::Made(names::role(cluster, roles::AUTOSCALER));
    let identity = EksPodIdentity {
        cluster: cluster.clone(),
        namespace: NAMESPACE.to_owned(),
        identity: EksIdentity { service_account: NAME.to_owned(), role },
        tags: tags::part_tags(&cluster.name, "identity-autoscaler"),
    };
    Some(WantedAutoscaler { identity, objects })
}

/// The least its role has to allow: to read what machines are like, and to grow and shrink this cluster's groups only.
///
/// EKS puts both tags on the groups of machines of its node groups. Reading calls of EC2 and its autoscaling know no resources.
pub fn policy(cluster: &EksClusterRef) -> String {
    let EksClusterRef { account, region, name } = cluster;
    let reads = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ];
    let is_ours = json!({
        "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
        format!("aws:ResourceTag/k8s.io/cluster-autoscaler/{name}"): "owned",
    });
    let groups = format!("arn:{}:eks:{region}:{account}:nodegroup/{name}/*", names::partition(region));
    let statements = json!([
        {"Effect": "Allow", "Action": reads, "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            "Resource": "*",
            "Condition": {"StringEquals": is_ours},
        },
        {"Effect": "Allow", "Action": "eks:DescribeNodegroup", "Resource": groups},
    ]);
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// What is there of a cluster that stays.
#[derive(Debug, Clone, Copy)]
pub struct There<'a> {
    /// What EKS tells about it; `None` if it is not there or does not stay.
    pub description: Option<&'a EksDescription>,
    /// All that was seen.
    pub observed: &'a Observed,
}

/// Steps after which the autoscaler is as it is wanted; none if it is. `ready` are the steps after which the cluster takes calls.
pub fn decide(
    cluster: &EksClusterRef,
    wanted: Option<&WantedAutoscaler>,
    there: There<'_>,
    ready: &[StepId],
) -> Vec<Step> {
    match wanted {
        Some(wanted) => come(cluster, wanted, there, ready),
        None => go(cluster, there, ready),
    }
}

fn come(cluster: &EksClusterRef, wanted: &WantedAutoscaler, there: There<'_>, ready: &[StepId]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut after = ready.to_vec();
    let identity = &wanted.identity.identity;
    let EksRoleRef::Made(role) = &identity.role else { return steps };
    let is_of_role = |arn: &str| arn.rsplit('/').next() == Some(role);
    if !identities(there).any(is_of_role) {
        let mut before = ready.to_vec();
        before.push(steps::id(&format!("role/{}", roles::AUTOSCALER)));
        let title = format!("let {} take role {role}", identity.service_account);
        let action = EksAction::CreatePodIdentity(wanted.identity.clone());
        let step = steps::making("identity/autoscaler", title, before, action);
        after.push(step.id.clone());
        steps.push(step);
    }
    let have = there.description.and_then(|_| there.observed.applied.get(GROUP));
    if have == Some(&wanted.objects.hash) {
        return steps;
    }
    let objects = [
        ("autoscaler/settings", format!("settings of the {ABOUT}"), wanted.objects.settings.clone()),
        ("autoscaler", ABOUT.to_owned(), vec![wanted.objects.deployment.clone()]),
    ];
    for (name, about, objects) in objects {
        let objects = objects.into_iter().map(Manifest::new).collect();
        let title = format!("apply {about}");
        let action = KubeAction::ApplyObjects { cluster: steps::kube(cluster), about, objects, force: true };
        let mut step = through_kubernetes(cluster, name, title, after.clone(), action);
        "pools can grow, and nothing else on EKS grows them".clone_into(&mut step.why);
        if have.is_some() {
            step.change = StepChange::Change;
            "the file, the cluster's version or berth's own settings say otherwise".clone_into(&mut step.why);
        }
        after = vec![step.id.clone()];
        steps.push(step);
    }
    steps
}

/// First its pod, so that nothing it does is refused; then its rights.
fn go(cluster: &EksClusterRef, there: There<'_>, ready: &[StepId]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut after = ready.to_vec();
    let why = "the file wants none, or no pool can grow any more";
    if there.description.is_some() && there.observed.applied.contains_key(GROUP) {
        let objects = cluster_autoscaler::refs();
        let action = KubeAction::DeleteObjects { cluster: steps::kube(cluster), about: ABOUT.to_owned(), objects };
        let title = format!("delete {ABOUT}");
        let step = through_kubernetes(cluster, "autoscaler/delete", title, after.clone(), action);
        after.push(step.id.clone());
        steps.push(Step { change: StepChange::Remove, why: why.to_owned(), ..step });
    }
    if identities(there).next().is_some() {
        let (namespace, service_account) = (NAMESPACE.to_owned(), NAME.to_owned());
        let action = EksAction::DeletePodIdentity { cluster: cluster.clone(), namespace, service_account };
        let title = format!("take {NAME}'s role from it");
        let step = steps::removing("identity/autoscaler/delete", title, after.clone(), action);
        after.push(step.id.clone());
        steps.push(Step { why: why.to_owned(), ..step });
    }
    let name = names::role(cluster, roles::AUTOSCALER);
    let is_its = |part: &&EksPart| part.thing.kind == EksPartKind::Role && part.part.as_ref() == Some(&name);
    let roles = there.observed.around.parts.iter().filter(is_its);
    steps.extend(roles.map(|part| Step { why: why.to_owned(), ..steps::delete_part(cluster, part, after.clone()) }));
    steps
}

/// ARNs of the roles its service account takes.
fn identities<'a>(there: There<'a>) -> impl Iterator<Item = &'a str> {
    let identities = there.description.into_iter().flat_map(|description| &description.identities);
    let its = identities.filter(|have| have.namespace == NAMESPACE && have.service_account == NAME);
    its.map(|have| have.role_arn.as_str())
}

fn through_kubernetes(
    cluster: &EksClusterRef,
    name: &str,
    title: String,
    after: Vec<StepId>,
    action: KubeAction,
) -> Step {
    // The wrapped action is replaced; only the frame of the step is used.
    let frame = EksAction::Await { cluster: cluster.clone(), target: EksTarget::Cluster };
    steps::through_kubernetes(steps::making(name, title, after, frame), action)
}

/// What is to be known about growth: that nothing of berth's grows pools, that the autoscaler is not of the cluster's version, and
/// which dear nodes pods without GPUs make grow.
pub fn notes(spec: &ClusterSpec, version: Option<&str>) -> Vec<Note> {
    if spec.can_grow() && spec.autoscaler.is_off {
        let range = |pool: &PoolSpec| format!("{} ({} to {})", pool.name, pool.nodes.min, pool.nodes.max);
        let growing: Vec<String> = spec.pools.iter().filter(|pool| pool.can_grow()).map(range).collect();
        let text = format!(
            "off in the file: nothing of berth's adds or removes nodes; pools stay at their fewest unless something else scales them: {}",
            growing.join(", ")
        );
        return vec![Note { about: "autoscaler".to_owned(), text }];
    }
    let unknown = cluster_autoscaler::unknown_version(version).filter(|_| spec.autoscales());
    let unknown = unknown.map(|text| Note { about: "autoscaler".to_owned(), text });
    unknown.into_iter().chain(dear_first(spec)).collect()
}

/// Pods without GPUs that make dear nodes grow: what stands first in the order and keeps nobody off takes them.
fn dear_first(spec: &ClusterSpec) -> Vec<Note> {
    let order = cluster_autoscaler::preferred(spec);
    let is_open = |pool: &PoolSpec| pool.taints.iter().all(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    let last_for_all = order.iter().rposition(|pool| pool.gpu.is_none() && is_open(pool) && pool.can_grow());
    let dear = order.iter().take(last_for_all.unwrap_or(0));
    let dear = dear.filter(|pool| pool.gpu.is_some() && is_open(pool) && pool.can_grow());
    dear.map(|pool| Note {
        about: format!("pool {}", pool.name),
        text: "stands before pools without GPUs in the order of growth and has no taint, so pods that ask for no GPU grow it first"
            .to_owned(),
    })
    .collect()
}
