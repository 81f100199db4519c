//! What the clouds want to know of a cluster's writes: each write is looked at once.

use std::sync::Arc;

use serde_json::Value;

use super::{pods, scheduler};
use crate::kube::kinds;
use crate::kube::log::Change;
use crate::kube::store::Store;

/// An object as it was and as it is.
pub(crate) type Written = (Option<Arc<Value>>, Option<Arc<Value>>);

/// What was written since a revision.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Volumes as they were and as they are.
    pub(crate) volumes: Vec<Written>,
    /// Whether Services or Ingresses changed.
    pub(crate) services: bool,
    /// Whether the cluster may have become too small or too large.
    pub(crate) room: bool,
}

impl Store {
    /// What was written after a revision that a cloud has to do something about; everything that is there where older
    /// writes are forgotten.
    pub(crate) fn news(&self, since: u64) -> News {
        let mut news = News::default();
        if since < self.log.compacted() {
            let volumes = kinds::by_plural("persistentvolumes").into_iter().flat_map(|kind| self.range(kind, ""));
            news.volumes = volumes.map(|(_, volume)| (None, Some(Arc::clone(volume)))).collect();
            news.services = true;
            news.room = true;
        }
        for change in self.log.after(since) {
            if change.storage == "/persistentvolumes" {
                news.volumes.push((change.before.clone(), change.after.clone()));
            }
            news.services |= matches!(change.storage, "/services" | "networking.k8s.io/ingresses");
            news.room = news.room || concerns_room(change);
        }
        news
    }
}

/// Whether a write may make a cluster too small or too large.
fn concerns_room(change: &Change) -> bool {
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    match change.storage {
        "/pods" => {
            let facts =
                |pod: &Value| (pod["spec"]["nodeName"].clone(), pods::ended(pod), scheduler::is_unschedulable(pod));
            // A pod that the scheduler has not looked at is not too many yet.
            let nothing = (Value::Null, false, false);
            before.map_or(nothing.clone(), facts) != after.map_or(nothing, facts)
        }
        "/nodes" => {
            let facts = |node: &Value| {
                let ready = super::conditions::holds(&node["status"], "Ready");
                (ready, node["spec"]["unschedulable"].clone(), node["status"]["allocatable"].clone())
            };
            before.map(facts) != after.map(facts)
        }
        // The autoscaler on EKS is a workload itself, and the order of the groups is in a ConfigMap.
        "apps/deployments" => {
            let ready = |set: &Value| set["status"]["readyReplicas"].clone();
            change.key.starts_with("kube-system/") && before.map(ready) != after.map(ready)
        }
        "/configmaps" => change.key == "kube-system/cluster-autoscaler-priority-expander",
        _ => false,
    }
}
