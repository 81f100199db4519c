//! Claims: which the driver serves, and how they are bound.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::volumes::{self, DRIVER, Wanted};
use crate::aws::nodes::let_pods_end;
use crate::aws::state::{Cluster, Happening};
use crate::aws::{eks, finalizers};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// The finalizer that keeps a claim while a pod uses it.
const IN_USE: &str = "kubernetes.io/pvc-protection";
/// The provisioner in Kubernetes itself that the driver took over from.
const OLD: &str = "kubernetes.io/aws-ebs";
/// The annotation by which the scheduler tells on which node a claim's first user will be.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation of the class that claims without one get.
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// What a storage class says.
struct Class {
    volume_type: String,
    reclaim: String,
    /// Whether a volume is made only when a pod that uses the claim is on a node.
    waits: bool,
}

/// The class of a claim when the driver serves it. `gp2` and `gp3` are taken for its own without an object.
fn class_of(cluster: &Cluster, claim: &Value) -> Option<Class> {
    let named = claim["spec"]["storageClassName"].as_str();
    let is_default = |class: &&Value| class["metadata"]["annotations"][DEFAULT] == "true";
    let object = match named {
        Some(name) => cluster.kube.get("storageclasses", None, name),
        None => cluster.kube.list("storageclasses").find(is_default),
    };
    let Some(object) = object else {
        let name = named.filter(|name| matches!(*name, "gp2" | "gp3"))?;
        return Some(Class { volume_type: name.to_owned(), reclaim: "Delete".to_owned(), waits: false });
    };
    if object["provisioner"] != DRIVER && object["provisioner"] != OLD {
        return None;
    }
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    Some(Class {
        volume_type: text(&object["parameters"]["type"], "gp3"),
        reclaim: text(&object["reclaimPolicy"], "Delete"),
        waits: object["volumeBindingMode"] == "WaitForFirstConsumer",
    })
}

/// The names of the nodes on which pods use a claim; an empty one for a pod that is on no node yet.
pub(crate) fn users(cluster: &Cluster, namespace: &Value, claim: &Value) -> Vec<String> {
    let ended = |pod: &Value| matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let uses = |pod: &&Value| {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        pod["metadata"]["namespace"] == *namespace
            && !ended(pod)
            && volumes.into_iter().any(|one| one["persistentVolumeClaim"]["claimName"] == *claim)
    };
    let node = |pod: &Value| pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned();
    cluster.kube.list("pods").filter(uses).map(node).collect()
}

/// Whether the driver is there and has a node to run on.
pub(crate) fn driver_works(cluster: &Cluster) -> bool {
    let addon = cluster.addons.get("aws-ebs-csi-driver");
    addon.is_some_and(|addon| addon.fields["status"] == "ACTIVE") && eks::schedulable(cluster) > 0
}

impl World {
    /// Lets the claims of a cluster be looked at a little later.
    pub(crate) fn claims_soon(&mut self, uid: &str, now: Timestamp) {
        let at = now + after("claim", "changed", "provisioned", "");
        self.plan_once(at, Step::Aws(Happening::Claims(uid.to_owned())));
    }

    /// Brings the volumes of a cluster in step with its claims, while its control plane runs.
    pub(crate) fn claims_looked_at(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid).filter(|cluster| cluster.is_running()) else { return };
        let claims: Vec<Value> = cluster.kube.list("persistentvolumeclaims").cloned().collect();
        let ended = let_pods_end(cluster, now);
        for claim in claims {
            self.claim_settles(uid, claim, now);
        }
        self.volumes_settle(uid, now);
        // What waits for the driver, a node or a pod is looked at again when one of them changes.
        if !ended {
            let at = now + after("claim", "looked-at", "looked-at-again", "");
            self.plan_once(at, Step::Aws(Happening::Claims(uid.to_owned())));
        }
    }

    /// Binds a claim or lets it go, as far as it can be done now.
    fn claim_settles(&mut self, uid: &str, mut claim: Value, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let users = users(cluster, &claim["metadata"]["namespace"], &claim["metadata"]["name"]);
        if claim["metadata"]["deletionTimestamp"].is_string() {
            if users.is_empty() {
                finalizers::take(&mut cluster.kube, now, "persistentvolumeclaims", claim, IN_USE);
            }
            return;
        }
        if claim["spec"]["volumeName"].is_string() {
            return;
        }
        finalizers::add(&mut claim, IN_USE);
        claim["status"] = json!({"phase": "Pending"});
        let namespace = claim["metadata"]["namespace"].as_str().map(str::to_owned);
        cluster.kube.put(now, "persistentvolumeclaims", namespace.as_deref(), claim.clone());
        let Some(class) = class_of(cluster, &claim) else { return };
        let mut machines = cluster.groups.values().flat_map(|group| &group.machines);
        // The scheduler says where the first user will be; a pod may also be there already.
        let selected = claim["metadata"]["annotations"][SELECTED_NODE].as_str().map(str::to_owned);
        let node = users.iter().find(|node| !node.is_empty()).or(selected.as_ref());
        let machine = match node {
            Some(node) => machines.find(|machine| machine.node == *node),
            None => machines.find(|machine| machine.ready.is_some()),
        };
        let Some(zone) = machine.map(|machine| machine.zone.clone()) else { return };
        if !driver_works(cluster) || (class.waits && node.is_none()) {
            return;
        }
        let wanted = Wanted { volume_type: class.volume_type, reclaim: class.reclaim, zone };
        let volume = volumes::provision(self, uid, &claim, &wanted, now);
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        claim["spec"]["volumeName"] = Value::from(volume);
        claim["status"] = json!({
            "phase": "Bound",
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        });
        claim["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = Value::from("yes");
        cluster.kube.put(now, "persistentvolumeclaims", namespace.as_deref(), claim);
    }
}
