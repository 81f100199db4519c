//! Pods that were told to end: the kubelet of their node lets them go when their time is over.

use jiff::Timestamp;
use serde_json::Value;

use crate::aws::state::Cluster;

/// Removes pods on nodes whose time to end is over; tells whether none is still ending.
pub(crate) fn let_pods_end(cluster: &mut Cluster, now: Timestamp) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ending = cluster
        .kube
        .list("pods")
        .filter(|pod| pod["metadata"]["deletionTimestamp"].is_string() && pod["spec"]["nodeName"].is_string());
    let ending: Vec<(String, String, Option<Timestamp>)> = ending
        .map(|pod| {
            let metadata = &pod["metadata"];
            let at = metadata["deletionTimestamp"].as_str().and_then(|at| at.parse().ok());
            (text(&metadata["namespace"]), text(&metadata["name"]), at)
        })
        .collect();
    let mut none = true;
    for (namespace, name, at) in ending {
        if at.is_some_and(|at| at <= now) {
            cluster.kube.remove(now, "pods", Some(&namespace), &name);
        } else {
            none = false;
        }
    }
    none
}
