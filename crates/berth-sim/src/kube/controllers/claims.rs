//! Volume claims on GKE: bound to a volume of their class, there where the pod goes that uses them first.
//!
//! On EKS the simulated driver does this, with volumes that exist in EC2.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::work::Part;
use super::{owners, pods, requests, scheduler};
use crate::kube::kinds;
use crate::kube::store::Store;

const IN_USE: &str = "kubernetes.io/pvc-protection";
const PROVISIONERS: &[&str] = &["pd.csi.storage.gke.io", "kubernetes.io/gce-pd", "filestore.csi.storage.gke.io"];
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
/// Making a volume takes so long.
const PROVISION_SECONDS: i64 = 4;

/// Binds a claim, or lets one go that nobody uses any more.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let Some(claim) = store.object(kind, key).map(|claim| Value::clone(claim)) else { return };
    // Which cloud this is the nodes tell.
    if !store.list("nodes").any(|node| node["spec"]["providerID"].as_str().is_some_and(|id| id.starts_with("gce://"))) {
        return;
    }
    if owners::leaving(&claim) {
        if !in_use(store, &claim) {
            let volume = claim["spec"]["volumeName"].as_str().map(str::to_owned);
            requests::take_finalizer(store, kind, key, IN_USE);
            drop_volume(store, volume.as_deref(), now);
        }
        return;
    }
    if claim["spec"]["volumeName"].is_string() {
        return;
    }
    let Some(class) = class_of(store, &claim) else {
        protect(store, key, claim);
        return;
    };
    if !PROVISIONERS.contains(&class["provisioner"].as_str().unwrap_or_default()) {
        protect(store, key, claim);
        return;
    }
    let node = claim["metadata"]["annotations"][scheduler::SELECTED_NODE].as_str();
    let place = match (class["volumeBindingMode"] == "WaitForFirstConsumer", node) {
        (true, None) => {
            protect(store, key, claim);
            return;
        }
        (_, Some(node)) => store.get("nodes", None, node),
        (false, None) => store.list("nodes").next(),
    };
    let zone = place.map(|node| node["metadata"]["labels"]["topology.kubernetes.io/zone"].clone());
    if !store.kubelet.waited(key, "volume", now, PROVISION_SECONDS) {
        store.work.add_after(now, PROVISION_SECONDS, Part::Claim, key);
        protect(store, key, claim);
        return;
    }
    bind(store, key, claim, &class, &zone.unwrap_or_default(), now);
}

/// Marks a claim as one that is not to go while it is used, and as not bound yet.
fn protect(store: &mut Store, key: &str, mut claim: Value) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let before = claim.clone();
    if claim["metadata"]["finalizers"].is_null() {
        claim["metadata"]["finalizers"] = json!([IN_USE]);
    }
    if claim["status"]["phase"].is_null() {
        claim["status"]["phase"] = json!("Pending");
    }
    if claim != before {
        store.write(kind, key.to_owned(), Some(claim));
    }
}

/// The class a claim names, or the default one.
fn class_of(store: &Store, claim: &Value) -> Option<Value> {
    let default = |class: &&Value| class["metadata"]["annotations"][DEFAULT] == "true";
    match claim["spec"]["storageClassName"].as_str() {
        Some(name) => store.get("storageclasses", None, name).cloned(),
        None => store.list("storageclasses").find(default).cloned(),
    }
}

fn in_use(store: &Store, claim: &Value) -> bool {
    let name = owners::name_of(claim);
    store.list("pods").any(|pod| {
        pod["metadata"]["namespace"] == claim["metadata"]["namespace"]
            && !pods::ended(pod)
            && scheduler::claims(pod).any(|own| own == name)
    })
}

fn bind(store: &mut Store, key: &str, mut claim: Value, class: &Value, zone: &Value, now: Timestamp) {
    let (Some(claims), Some(volumes)) =
        (kinds::by_plural("persistentvolumeclaims"), kinds::by_plural("persistentvolumes"))
    else {
        return;
    };
    let metadata = &claim["metadata"];
    let name = format!("pvc-{}", metadata["uid"].as_str().unwrap_or_default());
    let size = &claim["spec"]["resources"]["requests"]["storage"];
    let mut spec = json!({
        "capacity": {"storage": size}, "accessModes": claim["spec"]["accessModes"], "volumeMode": "Filesystem",
        "claimRef": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": metadata["namespace"],
            "name": metadata["name"], "uid": metadata["uid"],
        },
        "csi": {"driver": "pd.csi.storage.gke.io", "volumeHandle": name, "fsType": "ext4"},
        "persistentVolumeReclaimPolicy": class["reclaimPolicy"].as_str().unwrap_or("Delete"),
        "storageClassName": class["metadata"]["name"],
    });
    if zone.is_string() {
        let expression = json!({"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]});
        spec["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}});
    }
    let volume = json!({
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": "pd.csi.storage.gke.io"}},
        "spec": spec, "status": {"phase": "Bound"},
    });
    store.put(now, volumes.plural, None, volume);
    claim["status"] = json!({
        "phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": {"storage": size},
    });
    claim["spec"]["volumeName"] = json!(name);
    claim["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = json!("yes");
    if claim["metadata"]["finalizers"].is_null() {
        claim["metadata"]["finalizers"] = json!([IN_USE]);
    }
    store.write(claims, key.to_owned(), Some(claim));
}

/// Lets the volume of a claim that is gone go too, or keeps it released.
fn drop_volume(store: &mut Store, name: Option<&str>, now: Timestamp) {
    let Some(volume) = name.and_then(|name| store.get("persistentvolumes", None, name)).cloned() else { return };
    if volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain" {
        let mut kept = volume;
        kept["status"]["phase"] = json!("Released");
        store.put(now, "persistentvolumes", None, kept);
        return;
    }
    store.remove(now, "persistentvolumes", None, owners::name_of(&volume));
}
