//! Kinds of Kubernetes objects, as Google Cloud's permissions name them.

use std::collections::BTreeSet;

/// A kind that berth puts into a cluster, keeps and takes away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindUse {
    /// The noun of Google Cloud's permissions.
    pub noun: &'static str,
    /// Whether a rollout of it is followed.
    pub is_rolled_out: bool,
}

/// The noun of kinds that are not Kubernetes' own.
const CUSTOM: &str = "thirdPartyObjects";

/// API group, kind and noun. Kinds that grant rights or extend the API come last: they count only where a file has them.
const NOUNS: [(&str, &str, &str); 27] = [
    ("", "ConfigMap", "configMaps"),
    ("", "LimitRange", "limitRanges"),
    ("", "Namespace", "namespaces"),
    ("", "PersistentVolumeClaim", "persistentVolumeClaims"),
    ("", "Pod", "pods"),
    ("", "ResourceQuota", "resourceQuotas"),
    ("", "Secret", "secrets"),
    ("", "Service", "services"),
    ("", "ServiceAccount", "serviceAccounts"),
    ("apps", "DaemonSet", "daemonSets"),
    ("apps", "Deployment", "deployments"),
    ("apps", "StatefulSet", "statefulSets"),
    ("autoscaling", "HorizontalPodAutoscaler", "horizontalPodAutoscalers"),
    ("batch", "CronJob", "cronJobs"),
    ("batch", "Job", "jobs"),
    ("networking.k8s.io", "Ingress", "ingresses"),
    ("networking.k8s.io", "NetworkPolicy", "networkPolicies"),
    ("policy", "PodDisruptionBudget", "podDisruptionBudgets"),
    ("scheduling.k8s.io", "PriorityClass", "priorityClasses"),
    ("", "PersistentVolume", "persistentVolumes"),
    ("storage.k8s.io", "StorageClass", "storageClasses"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "customResourceDefinitions"),
    ("node.k8s.io", "RuntimeClass", "runtimeClasses"),
    ("rbac.authorization.k8s.io", "Role", "roles"),
    ("rbac.authorization.k8s.io", "RoleBinding", "roleBindings"),
    ("rbac.authorization.k8s.io", "ClusterRole", "clusterRoles"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterRoleBindings"),
];

/// How many of the nouns workloads have that name no file.
const COMMON: usize = 19;

/// Kinds that quotas become.
const OF_QUOTAS: [&str; 4] = ["limitRanges", "namespaces", "priorityClasses", "resourceQuotas"];

/// Where berth notes which kinds it applied.
const OF_RECORD: [&str; 2] = ["configMaps", "namespaces"];

/// Kinds that rollouts are followed of.
const ROLLED_OUT: [&str; 4] = ["daemonSets", "deployments", "jobs", "statefulSets"];

impl KindUse {
    /// The kind of objects of this API version and kind.
    pub fn of(api_version: &str, kind: &str) -> Self {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let known = NOUNS.iter().find(|(own, name, _)| (*own, *name) == (group, kind));
        Self::named(known.map_or(CUSTOM, |(.., noun)| noun))
    }

    /// What workloads usually consist of.
    pub fn usual() -> BTreeSet<Self> {
        NOUNS.iter().take(COMMON).map(|(.., noun)| Self::named(noun)).collect()
    }

    /// What quotas become.
    pub fn of_quotas() -> impl Iterator<Item = Self> {
        OF_QUOTAS.iter().map(|noun| Self::named(noun))
    }

    /// What berth keeps beside workloads, to know later what it applied.
    pub fn of_record() -> impl Iterator<Item = Self> {
        OF_RECORD.iter().map(|noun| Self::named(noun))
    }

    fn named(noun: &'static str) -> Self {
        Self { noun, is_rolled_out: ROLLED_OUT.contains(&noun) }
    }

    /// Rights beyond its own that making it takes: who binds or writes a role must have what it allows, or this.
    pub(super) fn raising(self) -> &'static [&'static str] {
        match self.noun {
            "roles" => &["container.roles.escalate"],
            "clusterRoles" => &["container.clusterRoles.escalate"],
            "roleBindings" => &["container.roles.bind", "container.clusterRoles.bind"],
            "clusterRoleBindings" => &["container.clusterRoles.bind"],
            _ => &[],
        }
    }
}
