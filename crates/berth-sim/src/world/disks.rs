//! Disks of volume claims on GKE: they exist and are billed while a volume stands for them, and outlive their cluster.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Cluster, World};
use super::node_things;
use super::things::parts;
use crate::kube::{Written, gibibytes};

/// The driver, as volumes name it.
const DRIVER: &str = "pd.csi.storage.gke.io";

/// The storage classes that GKE gives a cluster; the first is the default one.
pub(crate) fn install_classes(cluster: &mut Cluster, now: Timestamp) {
    let rows = [
        ("standard-rwo", DRIVER, "pd-balanced", "WaitForFirstConsumer"),
        ("premium-rwo", DRIVER, "pd-ssd", "WaitForFirstConsumer"),
        ("standard", "kubernetes.io/gce-pd", "pd-standard", "Immediate"),
    ];
    for (index, (name, provisioner, kind, binding)) in rows.into_iter().enumerate() {
        let mut class = json!({
            "metadata": {"name": name, "labels": {"addonmanager.kubernetes.io/mode": "EnsureExists"}, "annotations": {
                "components.gke.io/component-name": "pdcsi", "components.gke.io/layer": "addon",
            }},
            "provisioner": provisioner, "parameters": {"type": kind}, "reclaimPolicy": "Delete",
            "volumeBindingMode": binding, "allowVolumeExpansion": true,
        });
        if index == 0 {
            class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] = json!("true");
        }
        cluster.kube.put(now, "storageclasses", None, class);
    }
}

impl World {
    /// Makes the disks of new volumes and deletes those of volumes that went. A volume is given as it was and as it is.
    pub(crate) fn disks_follow(&mut self, uid: &str, changes: &[Written], now: Timestamp) {
        for (before, after) in changes {
            let Some(volume) = after.as_deref().or(before.as_deref()) else { continue };
            let Some(id) = volume["spec"]["csi"]["volumeHandle"].as_str() else { continue };
            if volume["spec"]["csi"]["driver"] != DRIVER {
                continue;
            }
            let retained = volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain";
            match (after.is_some(), self.things.get_mut(id)) {
                (true, Some(disk)) => disk.retained = retained,
                (true, None) => self.make_disk(uid, id, volume, retained, now),
                (false, Some(disk)) if !disk.retained => self.delete_thing(id, now),
                (false, _) => {}
            }
        }
    }

    /// The labels are the cluster's own and those that GKE adds.
    ///
    /// That a cluster's labels come to the disks of its claims was seen by others: elastic/cloud-on-k8s#5937.
    fn make_disk(&mut self, uid: &str, id: &str, volume: &Value, retained: bool, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let class = volume["spec"]["storageClassName"].as_str().unwrap_or_default();
        let class = cluster.kube.get("storageclasses", None, class);
        let kind = class.and_then(|class| class["parameters"]["type"].as_str()).unwrap_or("pd-standard").to_owned();
        let labels = node_things::labels(cluster, &[("goog-gke-volume", "")]);
        let (_, zone, name) = parts(id);
        let claim = &volume["spec"]["claimRef"];
        let description = json!({
            "kubernetes.io/created-for/pv/name": name, "kubernetes.io/created-for/pvc/name": claim["name"],
            "kubernetes.io/created-for/pvc/namespace": claim["namespace"], "storage.gke.io/created-by": DRIVER,
        });
        let size = gibibytes(&volume["spec"]["capacity"]["storage"]);
        let fields = json!({
            "sizeGb": size.to_string(), "status": "READY", "labels": labels, "description": description.to_string(),
            "type": format!("projects/{}/zones/{zone}/diskTypes/{kind}", cluster.project()),
            "physicalBlockSizeBytes": "4096",
        });
        self.make_thing(id.to_owned(), uid, fields, now);
        if let Some(disk) = self.things.get_mut(id) {
            disk.retained = retained;
        }
    }
}
