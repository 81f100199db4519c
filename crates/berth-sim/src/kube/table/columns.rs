//! The columns of the kinds whose tables were not recorded: name, type and priority, in order.

use serde_json::{Value, json};

type Column = (&'static str, &'static str, u8);

const CONTAINERS: Column = ("Containers", "string", 1);
const IMAGES: Column = ("Images", "string", 1);
const SELECTOR: Column = ("Selector", "string", 1);
const AGE: Column = ("Age", "string", 0);
const CREATED: Column = ("Created At", "date", 0);
const BINDING: &[Column] =
    &[("Role", "string", 0), AGE, ("Users", "string", 1), ("Groups", "string", 1), ("ServiceAccounts", "string", 1)];

/// By storage, without the name.
const COLUMNS: &[(&str, &[Column])] = &[
    ("/endpoints", &[("Endpoints", "string", 0), AGE]),
    (
        "/persistentvolumeclaims",
        &[
            ("Status", "string", 0),
            ("Volume", "string", 0),
            ("Capacity", "string", 0),
            ("Access Modes", "string", 0),
            ("StorageClass", "string", 0),
            ("VolumeAttributesClass", "string", 0),
            AGE,
            ("VolumeMode", "string", 1),
        ],
    ),
    (
        "/persistentvolumes",
        &[
            ("Capacity", "string", 0),
            ("Access Modes", "string", 0),
            ("Reclaim Policy", "string", 0),
            ("Status", "string", 0),
            ("Claim", "string", 0),
            ("StorageClass", "string", 0),
            ("VolumeAttributesClass", "string", 0),
            ("Reason", "string", 0),
            AGE,
            ("VolumeMode", "string", 1),
        ],
    ),
    ("apiextensions.k8s.io/customresourcedefinitions", &[CREATED]),
    ("apps/controllerrevisions", &[("Controller", "string", 0), ("Revision", "integer", 0), AGE]),
    (
        "apps/daemonsets",
        &[
            ("Desired", "integer", 0),
            ("Current", "integer", 0),
            ("Ready", "integer", 0),
            ("Up-to-date", "integer", 0),
            ("Available", "integer", 0),
            ("Node Selector", "string", 0),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "apps/deployments",
        &[
            ("Ready", "string", 0),
            ("Up-to-date", "integer", 0),
            ("Available", "integer", 0),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "apps/replicasets",
        &[
            ("Desired", "integer", 0),
            ("Current", "integer", 0),
            ("Ready", "integer", 0),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    ("apps/statefulsets", &[("Ready", "string", 0), AGE, CONTAINERS, IMAGES]),
    (
        "autoscaling/horizontalpodautoscalers",
        &[
            ("Reference", "string", 0),
            ("Targets", "string", 0),
            ("MinPods", "string", 0),
            ("MaxPods", "string", 0),
            ("Replicas", "integer", 0),
            AGE,
        ],
    ),
    (
        "batch/cronjobs",
        &[
            ("Schedule", "string", 0),
            ("Timezone", "string", 0),
            ("Suspend", "boolean", 0),
            ("Active", "integer", 0),
            ("Last Schedule", "string", 0),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "batch/jobs",
        &[
            ("Status", "string", 0),
            ("Completions", "string", 0),
            ("Duration", "string", 0),
            AGE,
            CONTAINERS,
            IMAGES,
            SELECTOR,
        ],
    ),
    (
        "discovery.k8s.io/endpointslices",
        &[("AddressType", "string", 0), ("Ports", "string", 0), ("Endpoints", "string", 0), AGE],
    ),
    ("networking.k8s.io/ingressclasses", &[("Controller", "string", 0), ("Parameters", "string", 0), AGE]),
    (
        "networking.k8s.io/ingresses",
        &[("Class", "string", 0), ("Hosts", "string", 0), ("Address", "string", 0), ("Ports", "string", 0), AGE],
    ),
    ("networking.k8s.io/networkpolicies", &[("Pod-Selector", "string", 0), AGE]),
    (
        "policy/poddisruptionbudgets",
        &[("Min Available", "string", 0), ("Max Unavailable", "string", 0), ("Allowed Disruptions", "integer", 0), AGE],
    ),
    ("rbac.authorization.k8s.io/clusterrolebindings", BINDING),
    ("rbac.authorization.k8s.io/clusterroles", &[CREATED]),
    ("rbac.authorization.k8s.io/rolebindings", BINDING),
    ("rbac.authorization.k8s.io/roles", &[CREATED]),
    (
        "storage.k8s.io/csidrivers",
        &[
            ("AttachRequired", "boolean", 0),
            ("PodInfoOnMount", "boolean", 0),
            ("StorageCapacity", "boolean", 0),
            ("TokenRequests", "string", 0),
            ("RequiresRepublish", "boolean", 0),
            ("Modes", "string", 0),
            AGE,
        ],
    ),
    ("storage.k8s.io/csinodes", &[("Drivers", "integer", 0), AGE]),
    (
        "storage.k8s.io/storageclasses",
        &[
            ("Provisioner", "string", 0),
            ("ReclaimPolicy", "string", 0),
            ("VolumeBindingMode", "string", 0),
            ("AllowVolumeExpansion", "string", 0),
            AGE,
        ],
    ),
    (
        "storage.k8s.io/volumeattachments",
        &[("Attacher", "string", 0), ("PV", "string", 0), ("Node", "string", 0), ("Attached", "boolean", 0), AGE],
    ),
];

/// The columns beside the name as a table defines them.
pub(crate) fn of(storage: &str) -> Option<Vec<Value>> {
    let (_, columns) = COLUMNS.iter().find(|(own, _)| *own == storage)?;
    Some(
        columns
            .iter()
            .map(|(name, kind, priority)| {
                json!({"name": name, "type": kind, "format": "", "description": "", "priority": priority})
            })
            .collect(),
    )
}
