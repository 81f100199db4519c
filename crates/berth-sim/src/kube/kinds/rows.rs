//! The rows, in the order of discovery: core first.

use super::fields::{EVENT, FieldText, METADATA, NAMESPACE, NEW_EVENT, NODE, POD, SECRET, SERVICE};
use super::shape::{Kind, Manners, PLAIN, Subresource, Verbs};

/// A row with the common habits, for struct update.
const ROW: Kind = Kind {
    group: "",
    version: "v1",
    plural: "",
    singular: "",
    kind: "",
    short_names: &[],
    categories: &[],
    namespaced: true,
    verbs: Verbs::All,
    subresources: &[],
    storage: "",
    manners: PLAIN,
    field_keys: METADATA,
    field_text: FieldText::NamesKnownKeys,
    custom: None,
};

/// A question that is answered and never stored.
const REVIEW: Kind = Kind { namespaced: false, verbs: Verbs::Create, ..ROW };

/// Every kind this server serves, and nothing it does not.
pub(crate) static KINDS: &[Kind] = &[
    Kind { plural: "bindings", singular: "binding", kind: "Binding", namespaced: true, storage: "/bindings", ..REVIEW },
    Kind {
        plural: "configmaps",
        singular: "configmap",
        kind: "ConfigMap",
        short_names: &["cm"],
        storage: "/configmaps",
        ..ROW
    },
    Kind {
        plural: "endpoints",
        singular: "endpoints",
        kind: "Endpoints",
        short_names: &["ep"],
        storage: "/endpoints",
        ..ROW
    },
    Kind {
        plural: "events",
        singular: "event",
        kind: "Event",
        short_names: &["ev"],
        storage: "/events",
        field_keys: EVENT,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        plural: "limitranges",
        singular: "limitrange",
        kind: "LimitRange",
        short_names: &["limits"],
        storage: "/limitranges",
        ..ROW
    },
    Kind {
        plural: "namespaces",
        singular: "namespace",
        kind: "Namespace",
        short_names: &["ns"],
        namespaced: false,
        verbs: Verbs::NoCollectionDelete,
        subresources: &[Subresource::Finalize, Subresource::Status],
        storage: "/namespaces",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        field_keys: NAMESPACE,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        plural: "nodes",
        singular: "node",
        kind: "Node",
        short_names: &["no"],
        namespaced: false,
        subresources: &[Subresource::Status],
        storage: "/nodes",
        manners: Manners { status_writes_metadata: true, ..PLAIN },
        field_keys: NODE,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        plural: "persistentvolumeclaims",
        singular: "persistentvolumeclaim",
        kind: "PersistentVolumeClaim",
        short_names: &["pvc"],
        subresources: &[Subresource::Status],
        storage: "/persistentvolumeclaims",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        plural: "persistentvolumes",
        singular: "persistentvolume",
        kind: "PersistentVolume",
        short_names: &["pv"],
        namespaced: false,
        subresources: &[Subresource::Status],
        storage: "/persistentvolumes",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        plural: "pods",
        singular: "pod",
        kind: "Pod",
        short_names: &["po"],
        categories: &["all"],
        subresources: &[Subresource::Binding, Subresource::Eviction, Subresource::Log, Subresource::Status],
        storage: "/pods",
        manners: Manners { delete_shows_object: true, generation: true, ..PLAIN },
        field_keys: POD,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        plural: "resourcequotas",
        singular: "resourcequota",
        kind: "ResourceQuota",
        short_names: &["quota"],
        subresources: &[Subresource::Status],
        storage: "/resourcequotas",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        plural: "secrets",
        singular: "secret",
        kind: "Secret",
        storage: "/secrets",
        field_keys: SECRET,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        plural: "serviceaccounts",
        singular: "serviceaccount",
        kind: "ServiceAccount",
        short_names: &["sa"],
        subresources: &[Subresource::Token],
        storage: "/serviceaccounts",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        plural: "services",
        singular: "service",
        kind: "Service",
        short_names: &["svc"],
        categories: &["all"],
        subresources: &[Subresource::Status],
        storage: "/services",
        manners: Manners { delete_shows_object: true, status_writes_metadata: true, ..PLAIN },
        field_keys: SERVICE,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        group: "events.k8s.io",
        plural: "events",
        singular: "event",
        kind: "Event",
        short_names: &["ev"],
        storage: "/events",
        field_keys: NEW_EVENT,
        field_text: FieldText::NotSupported,
        ..ROW
    },
    Kind {
        group: "coordination.k8s.io",
        plural: "leases",
        singular: "lease",
        kind: "Lease",
        storage: "coordination.k8s.io/leases",
        manners: Manners { put_creates: true, put_needs_version: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "apps",
        plural: "controllerrevisions",
        singular: "controllerrevision",
        kind: "ControllerRevision",
        storage: "apps/controllerrevisions",
        ..ROW
    },
    Kind {
        group: "apps",
        plural: "daemonsets",
        singular: "daemonset",
        kind: "DaemonSet",
        short_names: &["ds"],
        categories: &["all"],
        subresources: &[Subresource::Status],
        storage: "apps/daemonsets",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "apps",
        plural: "deployments",
        singular: "deployment",
        kind: "Deployment",
        short_names: &["deploy"],
        categories: &["all"],
        subresources: &[Subresource::Scale, Subresource::Status],
        storage: "apps/deployments",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "apps",
        plural: "replicasets",
        singular: "replicaset",
        kind: "ReplicaSet",
        short_names: &["rs"],
        categories: &["all"],
        subresources: &[Subresource::Scale, Subresource::Status],
        storage: "apps/replicasets",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "apps",
        plural: "statefulsets",
        singular: "statefulset",
        kind: "StatefulSet",
        short_names: &["sts"],
        categories: &["all"],
        subresources: &[Subresource::Scale, Subresource::Status],
        storage: "apps/statefulsets",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "authentication.k8s.io",
        plural: "selfsubjectreviews",
        singular: "selfsubjectreview",
        kind: "SelfSubjectReview",
        ..REVIEW
    },
    Kind {
        group: "authorization.k8s.io",
        plural: "localsubjectaccessreviews",
        singular: "localsubjectaccessreview",
        kind: "LocalSubjectAccessReview",
        namespaced: true,
        ..REVIEW
    },
    Kind {
        group: "authorization.k8s.io",
        plural: "selfsubjectaccessreviews",
        singular: "selfsubjectaccessreview",
        kind: "SelfSubjectAccessReview",
        ..REVIEW
    },
    Kind {
        group: "authorization.k8s.io",
        plural: "selfsubjectrulesreviews",
        singular: "selfsubjectrulesreview",
        kind: "SelfSubjectRulesReview",
        ..REVIEW
    },
    Kind {
        group: "authorization.k8s.io",
        plural: "subjectaccessreviews",
        singular: "subjectaccessreview",
        kind: "SubjectAccessReview",
        ..REVIEW
    },
    Kind {
        group: "autoscaling",
        version: "v2",
        plural: "horizontalpodautoscalers",
        singular: "horizontalpodautoscaler",
        kind: "HorizontalPodAutoscaler",
        short_names: &["hpa"],
        categories: &["all"],
        subresources: &[Subresource::Status],
        storage: "autoscaling/horizontalpodautoscalers",
        manners: PLAIN,
        ..ROW
    },
    Kind {
        group: "batch",
        plural: "cronjobs",
        singular: "cronjob",
        kind: "CronJob",
        short_names: &["cj"],
        categories: &["all"],
        subresources: &[Subresource::Status],
        storage: "batch/cronjobs",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "batch",
        plural: "jobs",
        singular: "job",
        kind: "Job",
        categories: &["all"],
        subresources: &[Subresource::Status],
        storage: "batch/jobs",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "networking.k8s.io",
        plural: "ingressclasses",
        singular: "ingressclass",
        kind: "IngressClass",
        namespaced: false,
        storage: "networking.k8s.io/ingressclasses",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "networking.k8s.io",
        plural: "ingresses",
        singular: "ingress",
        kind: "Ingress",
        short_names: &["ing"],
        subresources: &[Subresource::Status],
        storage: "networking.k8s.io/ingresses",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "networking.k8s.io",
        plural: "networkpolicies",
        singular: "networkpolicy",
        kind: "NetworkPolicy",
        short_names: &["netpol"],
        storage: "networking.k8s.io/networkpolicies",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "policy",
        plural: "poddisruptionbudgets",
        singular: "poddisruptionbudget",
        kind: "PodDisruptionBudget",
        short_names: &["pdb"],
        subresources: &[Subresource::Status],
        storage: "policy/poddisruptionbudgets",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "clusterrolebindings",
        singular: "clusterrolebinding",
        kind: "ClusterRoleBinding",
        namespaced: false,
        storage: "rbac.authorization.k8s.io/clusterrolebindings",
        manners: Manners { put_creates: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "clusterroles",
        singular: "clusterrole",
        kind: "ClusterRole",
        namespaced: false,
        storage: "rbac.authorization.k8s.io/clusterroles",
        manners: Manners { put_creates: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "rolebindings",
        singular: "rolebinding",
        kind: "RoleBinding",
        storage: "rbac.authorization.k8s.io/rolebindings",
        manners: Manners { put_creates: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "roles",
        singular: "role",
        kind: "Role",
        storage: "rbac.authorization.k8s.io/roles",
        manners: Manners { put_creates: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "scheduling.k8s.io",
        plural: "priorityclasses",
        singular: "priorityclass",
        kind: "PriorityClass",
        short_names: &["pc"],
        namespaced: false,
        storage: "scheduling.k8s.io/priorityclasses",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "storage.k8s.io",
        plural: "csidrivers",
        singular: "csidriver",
        kind: "CSIDriver",
        namespaced: false,
        storage: "storage.k8s.io/csidrivers",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "storage.k8s.io",
        plural: "csinodes",
        singular: "csinode",
        kind: "CSINode",
        namespaced: false,
        storage: "storage.k8s.io/csinodes",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "storage.k8s.io",
        plural: "storageclasses",
        singular: "storageclass",
        kind: "StorageClass",
        short_names: &["sc"],
        namespaced: false,
        storage: "storage.k8s.io/storageclasses",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "storage.k8s.io",
        plural: "volumeattachments",
        singular: "volumeattachment",
        kind: "VolumeAttachment",
        namespaced: false,
        subresources: &[Subresource::Status],
        storage: "storage.k8s.io/volumeattachments",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "apiextensions.k8s.io",
        plural: "customresourcedefinitions",
        singular: "customresourcedefinition",
        kind: "CustomResourceDefinition",
        short_names: &["crd", "crds"],
        categories: &["api-extensions"],
        namespaced: false,
        subresources: &[Subresource::Status],
        storage: "apiextensions.k8s.io/customresourcedefinitions",
        manners: Manners { delete_shows_object: true, generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "discovery.k8s.io",
        plural: "endpointslices",
        singular: "endpointslice",
        kind: "EndpointSlice",
        storage: "discovery.k8s.io/endpointslices",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
];
