//! The status a new object has, whatever the client says.

use serde_json::{Value, json};

use crate::kube::kinds::{Kind, Subresource};

/// The status of a new object; nothing when the kind has none, or one that a client may set.
pub(crate) fn initial(kind: &Kind) -> Option<Value> {
    if !kind.has(Subresource::Status) {
        return None;
    }
    match kind.storage {
        "/nodes" | "/namespaces" => None,
        "/services" | "networking.k8s.io/ingresses" => Some(json!({"loadBalancer": {}})),
        "/persistentvolumes" | "/persistentvolumeclaims" => Some(json!({"phase": "Pending"})),
        "apps/daemonsets" => Some(json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        })),
        "apps/statefulsets" => Some(json!({"replicas": 0, "availableReplicas": 0})),
        "apps/replicasets" => Some(json!({"replicas": 0})),
        "autoscaling/horizontalpodautoscalers" => Some(json!({"desiredReplicas": 0, "currentMetrics": null})),
        "policy/poddisruptionbudgets" => {
            Some(json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}))
        }
        _ => Some(json!({})),
    }
}
