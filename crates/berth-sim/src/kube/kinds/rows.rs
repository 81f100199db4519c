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
    fields: &["spec", "status"],
    storage: "",
    manners: PLAIN,
    field_keys: METADATA,
    field_text: FieldText::NamesKnownKeys,
};

/// The fields of an event in its core form.
const EVENT_FIELDS: &[&str] = &[
    "action",
    "count",
    "eventTime",
    "firstTimestamp",
    "involvedObject",
    "lastTimestamp",
    "message",
    "reason",
    "related",
    "reportingComponent",
    "reportingInstance",
    "series",
    "source",
    "type",
];

/// Every kind this server serves, and nothing it does not.
pub(crate) static KINDS: &[Kind] = &[
    Kind {
        plural: "configmaps",
        singular: "configmap",
        kind: "ConfigMap",
        short_names: &["cm"],
        fields: &["binaryData", "data", "immutable"],
        storage: "/configmaps",
        ..ROW
    },
    Kind {
        plural: "events",
        singular: "event",
        kind: "Event",
        short_names: &["ev"],
        fields: EVENT_FIELDS,
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
        fields: &["spec"],
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
        subresources: &[Subresource::Status],
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
        fields: &["data", "immutable", "stringData", "type"],
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
        fields: &["automountServiceAccountToken", "imagePullSecrets", "secrets"],
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
        fields: EVENT_FIELDS,
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
        fields: &["spec"],
        storage: "coordination.k8s.io/leases",
        manners: Manners { put_creates: true, put_needs_version: true, ..PLAIN },
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
        subresources: &[Subresource::Status],
        storage: "apps/deployments",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "clusterrolebindings",
        singular: "clusterrolebinding",
        kind: "ClusterRoleBinding",
        namespaced: false,
        fields: &["roleRef", "subjects"],
        storage: "rbac.authorization.k8s.io/clusterrolebindings",
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "clusterroles",
        singular: "clusterrole",
        kind: "ClusterRole",
        namespaced: false,
        fields: &["aggregationRule", "rules"],
        storage: "rbac.authorization.k8s.io/clusterroles",
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "rolebindings",
        singular: "rolebinding",
        kind: "RoleBinding",
        fields: &["roleRef", "subjects"],
        storage: "rbac.authorization.k8s.io/rolebindings",
        ..ROW
    },
    Kind {
        group: "rbac.authorization.k8s.io",
        plural: "roles",
        singular: "role",
        kind: "Role",
        fields: &["rules"],
        storage: "rbac.authorization.k8s.io/roles",
        ..ROW
    },
    Kind {
        group: "scheduling.k8s.io",
        plural: "priorityclasses",
        singular: "priorityclass",
        kind: "PriorityClass",
        short_names: &["pc"],
        namespaced: false,
        fields: &["description", "globalDefault", "preemptionPolicy", "value"],
        storage: "scheduling.k8s.io/priorityclasses",
        manners: Manners { generation: true, ..PLAIN },
        ..ROW
    },
    Kind {
        group: "storage.k8s.io",
        plural: "storageclasses",
        singular: "storageclass",
        kind: "StorageClass",
        short_names: &["sc"],
        namespaced: false,
        fields: &[
            "allowVolumeExpansion",
            "allowedTopologies",
            "mountOptions",
            "parameters",
            "provisioner",
            "reclaimPolicy",
            "volumeBindingMode",
        ],
        storage: "storage.k8s.io/storageclasses",
        manners: Manners { delete_shows_object: true, ..PLAIN },
        ..ROW
    },
];
