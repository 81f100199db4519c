//! In which order objects go into a cluster: what others need comes first.

use crate::actions::kube::{KubeObjectRef, Manifest};

/// Groups of the APIs that every cluster has; objects of any other group are custom resources.
const BUILT_IN_GROUPS: [&str; 21] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];
/// Built-in kinds that stand in no namespace.
const CLUSTER_KINDS: [&str; 27] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "CustomResourceDefinition",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];
/// Kinds that a rollout is followed of, with the groups they are of.
const ROLLED_OUT: [(&str, &str); 4] =
    [("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "StatefulSet"), ("batch", "Job")];

/// Objects that go into a cluster together, since none of them needs another.
#[derive(Debug, Clone, PartialEq)]
pub struct Wave<'a> {
    /// Which one it is.
    pub kind: WaveKind,
    /// Its objects, in the order given.
    pub objects: Vec<&'a Manifest>,
}

/// The waves, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaveKind {
    /// Namespaces, definitions of custom resources, priority classes.
    Foundations,
    /// Quotas and limit ranges, which hold only for pods made after them.
    Limits,
    /// What pods name: configuration, accounts and their rights, storage.
    Config,
    /// Services, whose addresses pods are given when they start.
    Services,
    /// What makes pods.
    Workloads,
    /// What acts on pods that are there: autoscalers, budgets, policies, ingresses, and custom resources.
    Rest,
}

impl WaveKind {
    /// All, in their order.
    pub const ALL: [Self; 6] =
        [Self::Foundations, Self::Limits, Self::Config, Self::Services, Self::Workloads, Self::Rest];

    /// The wave an object belongs to.
    pub fn of(object: &KubeObjectRef) -> Self {
        if is_custom(object) {
            return Self::Rest;
        }
        match object.kind.as_str() {
            "Namespace" | "CustomResourceDefinition" | "PriorityClass" => Self::Foundations,
            "ResourceQuota" | "LimitRange" => Self::Limits,
            "ClusterRole"
            | "ClusterRoleBinding"
            | "ConfigMap"
            | "CSIDriver"
            | "IngressClass"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "Role"
            | "RoleBinding"
            | "RuntimeClass"
            | "Secret"
            | "ServiceAccount"
            | "StorageClass" => Self::Config,
            "Service" | "Endpoints" | "EndpointSlice" => Self::Services,
            "CronJob"
            | "DaemonSet"
            | "Deployment"
            | "Job"
            | "Pod"
            | "ReplicaSet"
            | "ReplicationController"
            | "StatefulSet" => Self::Workloads,
            _ => Self::Rest,
        }
    }

    /// One word for ids of steps.
    pub fn id(self) -> &'static str {
        match self {
            Self::Foundations => "namespaces",
            Self::Limits => "limits",
            Self::Config => "config",
            Self::Services => "services",
            Self::Workloads => "workloads",
            Self::Rest => "rest",
        }
    }

    /// What its objects are, in words, for several.
    pub fn words(self) -> &'static str {
        match self {
            Self::Foundations => "namespaces and definitions",
            Self::Limits => "quotas and limit ranges",
            Self::Config => "objects of configuration, rights and storage",
            Self::Services => "services",
            Self::Workloads => "workloads",
            Self::Rest => "policies and other objects",
        }
    }
}

/// Objects in the order in which they can be applied; waves without objects are left out.
pub fn waves(objects: &[Manifest]) -> Vec<Wave<'_>> {
    let kinds: Vec<WaveKind> = objects.iter().map(|object| WaveKind::of(&object.reference())).collect();
    let wave = |kind| {
        let own = objects.iter().zip(&kinds).filter(|(_, of)| **of == kind).map(|(object, _)| object);
        Wave { kind, objects: own.collect() }
    };
    WaveKind::ALL.into_iter().map(wave).filter(|wave| !wave.objects.is_empty()).collect()
}

/// Whether an object is of a kind that Kubernetes does not have by itself.
pub fn is_custom(object: &KubeObjectRef) -> bool {
    !BUILT_IN_GROUPS.contains(&object.group())
}

/// Whether objects of this kind stand in no namespace; `false` for custom resources, whose definition decides.
pub fn is_of_the_whole_cluster(group: &str, kind: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group) && CLUSTER_KINDS.contains(&kind)
}

/// Whether an object brings up pods that can be waited for.
pub fn is_rolled_out(object: &KubeObjectRef) -> bool {
    ROLLED_OUT.contains(&(object.group(), object.kind.as_str()))
}
