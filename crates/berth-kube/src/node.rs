//! Nodes on the wire, reduced to what is checked, so that thousands of them fit into little memory.

use std::collections::BTreeMap;

use berth_core::observed::ObservedNode;
use berth_core::spec::Taint;
use jiff::Timestamp;
use serde::Deserialize;

use crate::quantity::{NotWhole, whole};

/// A node object; everything not named here is skipped while reading.
#[derive(Deserialize)]
pub(crate) struct NodeItem {
    metadata: Meta,
    #[serde(default)]
    spec: NodeSpec,
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
struct NodeSpec {
    #[serde(default)]
    taints: Vec<Taint>,
}

#[derive(Deserialize, Default)]
struct NodeStatus {
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    allocatable: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

/// A node counts its resources in a way that is no count.
#[derive(Debug, thiserror::Error)]
#[error("node {node}: allocatable {resource}")]
pub(crate) struct StrangeNode {
    node: String,
    resource: String,
    source: NotWhole,
}

impl StrangeNode {
    /// The whole of it in one line.
    pub(crate) fn line(&self) -> String {
        format!("{self} {}", self.source)
    }
}

impl NodeItem {
    /// What the checks need of the node.
    pub(crate) fn observed(self) -> Result<ObservedNode, StrangeNode> {
        let mut extended_resources = BTreeMap::new();
        for (resource, quantity) in self.status.allocatable {
            if !is_extended(&resource) {
                continue;
            }
            match whole(&quantity) {
                Ok(count) => extended_resources.insert(resource, count),
                Err(source) => return Err(StrangeNode { node: self.metadata.name, resource, source }),
            };
        }
        let ready = self.status.conditions.into_iter().find(|condition| condition.kind == "Ready");
        let (ready, ready_message) = match ready {
            Some(Condition { status, message, reason, .. }) => {
                (status == "True", if message.is_empty() { reason } else { message })
            }
            None => (false, "the node has no Ready condition yet".to_owned()),
        };
        Ok(ObservedNode {
            name: self.metadata.name,
            labels: self.metadata.labels,
            taints: self.spec.taints,
            ready,
            ready_message,
            extended_resources,
            created_at: self.metadata.creation_timestamp,
        })
    }
}

/// Extended resources have a domain, and not Kubernetes' own: `nvidia.com/gpu`, unlike `cpu` or `hugepages-2Mi`.
fn is_extended(resource: &str) -> bool {
    resource.split_once('/').is_some_and(|(domain, _)| domain != "kubernetes.io" && !domain.ends_with(".kubernetes.io"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(json: &str) -> Result<ObservedNode, StrangeNode> {
        serde_json::from_str::<NodeItem>(json).unwrap().observed()
    }

    #[test]
    fn a_node_is_reduced_to_what_is_checked() {
        let node = observed(
            r#"{"metadata": {"name": "gke-a-1", "uid": "u", "labels": {"cloud.google.com/gke-nodepool": "a"},
                  "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"f": {}}]},
                "spec": {"providerID": "gce://p/z/n", "taints": [
                  {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
                  {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}]},
                "status": {"allocatable": {"cpu": "3920m", "memory": "12Gi", "nvidia.com/gpu": "4",
                    "example.kubernetes.io/odd": "500m"},
                  "conditions": [{"type": "MemoryPressure", "status": "False"},
                    {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "cni not ready"}]}}"#,
        )
        .unwrap();
        assert_eq!(node.name, "gke-a-1");
        assert_eq!(node.extended_resources, BTreeMap::from([("nvidia.com/gpu".to_owned(), 4)]));
        assert_eq!((node.ready, node.ready_message.as_str()), (false, "cni not ready"));
        assert_eq!(node.taints.len(), 2);
        assert_eq!(node.taints[1].value, "");
        assert_eq!(node.created_at, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_node_that_has_just_registered_is_not_ready() {
        let node = observed(r#"{"metadata": {"name": "n"}}"#).unwrap();
        assert_eq!((node.ready, node.ready_message.as_str()), (false, "the node has no Ready condition yet"));
    }

    #[test]
    fn half_a_gpu_is_an_error_that_names_node_and_resource() {
        let strange = observed(r#"{"metadata": {"name": "n"}, "status": {"allocatable": {"nvidia.com/gpu": "500m"}}}"#);
        assert_eq!(strange.unwrap_err().line(), "node n: allocatable nvidia.com/gpu \"500m\" is not a whole number");
    }
}
