//! Disks of volume claims on GKE: they exist and are billed while a volume stands for them, and outlive their cluster.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::{Cluster, World};
use crate::kube::{Written, gibibytes};
use crate::ledger::{Span, SpanKind};

/// The driver, as volumes name it.
const DRIVER: &str = "pd.csi.storage.gke.io";

/// A persistent disk that a claim caused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disk {
    /// The uid of the cluster that made it.
    pub(crate) cluster: String,
    /// Its name.
    pub(crate) name: String,
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// Whether it stays when its volume goes.
    retained: bool,
}

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
            match (after.is_some(), self.disks.get_mut(id)) {
                (true, Some(disk)) => disk.retained = retained,
                (true, None) => self.make_disk(uid, id, volume, retained, now),
                (false, Some(disk)) if !disk.retained => {
                    let name = disk.name.clone();
                    self.disks.remove(id);
                    self.ledger.close("", &name, now);
                }
                (false, _) => {}
            }
        }
    }

    fn make_disk(&mut self, uid: &str, id: &str, volume: &Value, retained: bool, now: Timestamp) {
        let Some(cluster) = self.by_uid(uid) else { return };
        let class = volume["spec"]["storageClassName"].as_str().unwrap_or_default();
        let class = cluster.kube.get("storageclasses", None, class);
        let kind = class.and_then(|class| class["parameters"]["type"].as_str()).unwrap_or("pd-standard").to_owned();
        let labels = BTreeMap::from([
            ("goog-k8s-cluster-location".to_owned(), cluster.location().to_owned()),
            ("goog-k8s-cluster-name".to_owned(), cluster.name().to_owned()),
            ("goog-gke-volume".to_owned(), String::new()),
        ]);
        let name = id.rsplit('/').next().unwrap_or(id).to_owned();
        let zone = id.split('/').nth(3).unwrap_or_default().to_owned();
        self.ledger.spans.push(Span {
            kind: SpanKind::Disk,
            cluster: String::new(),
            pool: String::new(),
            name: name.clone(),
            machine_type: kind,
            gpu: String::new(),
            size_gb: Some(gibibytes(&volume["spec"]["capacity"]["storage"])),
            spot: false,
            zone,
            from: now,
            to: None,
        });
        self.disks.insert(id.to_owned(), Disk { cluster: uid.to_owned(), name, labels, retained });
    }
}
