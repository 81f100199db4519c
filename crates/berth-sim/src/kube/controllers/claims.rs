//! Volume claims on GKE: bound to a volume of their class, there where the pod goes that uses them first.
//!
//! On EKS the simulated driver does this, with volumes that exist in EC2. What waits says so in events on both.

mod words;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::work::Part;
use super::{owners, pods, requests, scheduler};
use crate::kube::kinds;
use crate::kube::rules::quantity::Quantity;
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
    let here = on_gke(store);
    if owners::leaving(&claim) {
        if here && !in_use(store, &claim) {
            let volume = claim["spec"]["volumeName"].as_str().map(str::to_owned);
            requests::take_finalizer(store, kind, key, IN_USE);
            drop_volume(store, volume.as_deref(), now);
        }
        return;
    }
    if claim["spec"]["volumeName"].is_string() {
        return;
    }
    protect(store, key, claim);
    let Some(claim) = store.object(kind, key).map(|claim| Value::clone(claim)) else { return };
    let class = class_of(store, &claim);
    words::tell(store, &claim, class.as_ref(), now);
    let Some(class) = class.filter(|_| here) else { return };
    if !PROVISIONERS.contains(&class["provisioner"].as_str().unwrap_or_default()) {
        return;
    }
    let selected = claim["metadata"]["annotations"][scheduler::SELECTED_NODE].as_str();
    let place = match (selected, class["volumeBindingMode"] == "WaitForFirstConsumer") {
        (None, true) => return,
        (Some(node), _) => store.get("nodes", None, node),
        (None, false) => store.list("nodes").next(),
    };
    let Some(place) = place.cloned() else {
        // The node went before its volume was made: the scheduler chooses anew.
        forget_node(store, key, claim);
        return;
    };
    if !store.kubelet.waited(key, "volume", now, PROVISION_SECONDS) {
        store.work.add_after(now, PROVISION_SECONDS, Part::Claim, key);
        return;
    }
    bind(store, key, claim, &class, &place, now);
}

/// Whether this is a cluster of GKE: its version says so, or its machines.
fn on_gke(store: &Store) -> bool {
    let machine = |node: &Value| node["spec"]["providerID"].as_str().is_some_and(|id| id.starts_with("gce://"));
    store.git_version.contains("-gke.") || store.list("nodes").any(machine)
}

/// Takes back which node the first user of a claim was to be on.
fn forget_node(store: &mut Store, key: &str, mut claim: Value) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let annotations = claim["metadata"]["annotations"].as_object_mut();
    if annotations.and_then(|all| all.remove(scheduler::SELECTED_NODE)).is_some() {
        store.write(kind, key.to_owned(), Some(claim));
    }
}

/// Marks a claim as one that is not to go while it is used, and as not bound yet; one without a class gets the default
/// one as soon as there is one.
fn protect(store: &mut Store, key: &str, mut claim: Value) {
    let Some(kind) = kinds::by_plural("persistentvolumeclaims") else { return };
    let before = claim.clone();
    if claim["metadata"]["finalizers"].is_null() {
        claim["metadata"]["finalizers"] = json!([IN_USE]);
    }
    if claim["status"]["phase"].is_null() {
        claim["status"]["phase"] = json!("Pending");
    }
    if claim["spec"]["storageClassName"].is_null()
        && let Some(class) = class_of(store, &claim)
    {
        claim["spec"]["storageClassName"] = class["metadata"]["name"].clone();
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

fn bind(store: &mut Store, key: &str, mut claim: Value, class: &Value, place: &Value, now: Timestamp) {
    let (Some(claims), Some(volumes)) =
        (kinds::by_plural("persistentvolumeclaims"), kinds::by_plural("persistentvolumes"))
    else {
        return;
    };
    let metadata = &claim["metadata"];
    let name = format!("pvc-{}", metadata["uid"].as_str().unwrap_or_default());
    let zone = &place["metadata"]["labels"]["topology.kubernetes.io/zone"];
    let size = &claim["spec"]["resources"]["requests"]["storage"];
    let mut spec = json!({
        "capacity": {"storage": size}, "accessModes": claim["spec"]["accessModes"], "volumeMode": "Filesystem",
        "claimRef": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": metadata["namespace"],
            "name": metadata["name"], "uid": metadata["uid"],
        },
        "csi": {"driver": "pd.csi.storage.gke.io", "volumeHandle": disk_of(place, &name), "fsType": "ext4"},
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
    words::succeeded(store, &claim, now);
    store.write(claims, key.to_owned(), Some(claim));
}

/// The disk of a volume as Compute Engine names it: in the project and zone of a node.
fn disk_of(node: &Value, name: &str) -> String {
    let provider = node["spec"]["providerID"].as_str().unwrap_or_default();
    let mut parts = provider.trim_start_matches("gce://").split('/');
    match (parts.next(), parts.next()) {
        (Some(project), Some(zone)) => format!("projects/{project}/zones/{zone}/disks/{name}"),
        _ => name.to_owned(),
    }
}

/// Whole GiB that hold a quantity of storage; at least one.
pub(crate) fn gibibytes(storage: &Value) -> i64 {
    let one = Quantity::of(&json!("1Gi"));
    let size = Quantity::of(storage).zip(one).map_or(1.0, |(size, one)| size.ratio(one).ceil());
    #[expect(clippy::cast_possible_truncation, reason = "no disk has more GiB than fit")]
    let whole = size as i64;
    whole.max(1)
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
