//! The claims of a pod: whether they are bound, to where, and which are bound only after the pod has a node.

use serde_json::{Value, json};

use super::filters;
use crate::kube::kinds;
use crate::kube::store::Store;

/// The annotation that tells a provisioner on which node the first user of a claim will be.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// What a pod's claims mean for its node.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// The terms of each bound volume's node affinity.
    bound: Vec<Value>,
    /// Claims whose volumes are made where the pod goes.
    pub(super) unbound: Vec<String>,
    /// The node chosen for them already.
    pub(super) selected: Option<String>,
}

/// The names of the claims a pod uses.
pub(crate) fn claims(pod: &Value) -> impl Iterator<Item = String> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|volume| {
        if volume["ephemeral"].is_object() {
            let own = pod["metadata"]["name"].as_str().unwrap_or_default();
            return Some(format!("{own}-{}", volume["name"].as_str().unwrap_or_default()));
        }
        volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned)
    })
}

impl Volumes {
    /// Reads the claims of a pod, or tells why it cannot go anywhere yet.
    pub(super) fn of(store: &Store, pod: &Value) -> Result<Volumes, String> {
        let namespace = pod["metadata"]["namespace"].as_str();
        let mut volumes = Volumes::default();
        for name in claims(pod) {
            let Some(claim) = store.get("persistentvolumeclaims", namespace, &name) else {
                return Err(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            if claim["metadata"]["deletionTimestamp"].is_string() {
                return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            if claim["status"]["phase"] == "Bound" {
                let volume = claim["spec"]["volumeName"].as_str().unwrap_or_default();
                let terms = store
                    .get("persistentvolumes", None, volume)
                    .map(|volume| volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"].clone());
                volumes.bound.extend(terms.filter(Value::is_array));
                continue;
            }
            if !waits_for_consumer(store, claim) {
                return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
            }
            if let Some(node) = claim["metadata"]["annotations"][SELECTED_NODE].as_str() {
                volumes.selected = Some(node.to_owned());
            }
            volumes.unbound.push(name);
        }
        Ok(volumes)
    }

    /// Whether all bound volumes can be reached from a node.
    pub(super) fn reach(&self, node: &Value) -> bool {
        let reached = |terms: &Value| terms.as_array().into_iter().flatten().any(|term| filters::fits(term, node));
        self.bound.iter().all(reached)
    }
}

fn waits_for_consumer(store: &Store, claim: &Value) -> bool {
    let class = match claim["spec"]["storageClassName"].as_str() {
        Some(name) => store.get("storageclasses", None, name),
        None => None,
    };
    class.is_some_and(|class| class["volumeBindingMode"] == "WaitForFirstConsumer")
}

/// Tells the provisioner of each claim where its first user goes.
pub(super) fn select_node(store: &mut Store, pod: &Value, names: &[String], node: &str) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let namespace = pod["metadata"]["namespace"].as_str();
    for name in names {
        let key = kind.key(namespace, name);
        let Some(claim) = store.object(kind, &key) else { continue };
        if claim["metadata"]["annotations"][SELECTED_NODE] == node {
            continue;
        }
        let mut claim = Value::clone(claim);
        claim["metadata"]["annotations"][SELECTED_NODE] = json!(node);
        store.write(kind, key, Some(claim));
    }
}
