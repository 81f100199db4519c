//! Volumes behind claims: made, attached where a pod uses them, deleted with the claim.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::claims::{driver_works, users};
use crate::aws::state::{Cluster, stamp};
use crate::aws::{ec2, finalizers};
use crate::ledger::{Span, SpanKind};
use crate::world::World;

/// The driver, as storage classes and volumes name it.
pub(crate) const DRIVER: &str = "ebs.csi.aws.com";
/// The finalizer that keeps a volume's object until the driver has deleted the volume.
const PROVISIONED: &str = "external-provisioner.volume.kubernetes.io/finalizer";
/// The finalizer that keeps a volume's object while a claim is bound to it.
const BOUND: &str = "kubernetes.io/pv-protection";

/// A volume that is to be made.
pub(crate) struct Wanted {
    /// The volume type, as `gp3`.
    pub(crate) volume_type: String,
    /// What becomes of it after its claim: `Delete` or `Retain`.
    pub(crate) reclaim: String,
    /// The zone.
    pub(crate) zone: String,
}

/// Makes the volume of a claim in EC2 and its object in the cluster, and gives the object's name.
pub(crate) fn provision(world: &mut World, uid: &str, claim: &Value, wanted: &Wanted, now: Timestamp) -> String {
    let part = |member: &str| claim["metadata"][member].as_str().unwrap_or_default().to_owned();
    let name = format!("pvc-{}", part("uid"));
    let Some(cluster) = world.aws.by_uid(uid) else { return name };
    let (region, owner) = (cluster.region.clone(), cluster.name().to_owned());
    let size = gib(claim["spec"]["resources"]["requests"]["storage"].as_str().unwrap_or_default());
    let mut tags = BTreeMap::from([
        ("Name".to_owned(), format!("{owner}-dynamic-{name}")),
        ("kubernetes.io/created-for/pvc/name".to_owned(), part("name")),
        ("kubernetes.io/created-for/pvc/namespace".to_owned(), part("namespace")),
        ("kubernetes.io/created-for/pv/name".to_owned(), name.clone()),
        ("ebs.csi.aws.com/cluster".to_owned(), "true".to_owned()),
        ("KubernetesCluster".to_owned(), owner.clone()),
        (format!("kubernetes.io/cluster/{owner}"), "owned".to_owned()),
        ("CSIVolumeName".to_owned(), name.clone()),
    ]);
    tags.extend(extra_tags(cluster));
    let volume = ec2::make(world, &region, "vol-", tags, |id| {
        json!({
            "volumeId": id, "size": size, "volumeType": wanted.volume_type, "status": "available",
            "availabilityZone": wanted.zone, "createTime": stamp(now), "encrypted": false, "attachmentSet": [],
        })
    });
    world.ledger.spans.push(Span {
        kind: SpanKind::Disk,
        cluster: String::new(),
        pool: String::new(),
        name: volume.clone(),
        machine_type: wanted.volume_type.clone(),
        gpu: String::new(),
        size_gb: Some(size),
        spot: false,
        zone: wanted.zone.clone(),
        from: now,
        to: None,
    });
    let object = json!({
        "metadata": {
            "name": name, "finalizers": [BOUND, PROVISIONED],
            "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
        },
        "spec": {
            "capacity": {"storage": format!("{size}Gi")}, "accessModes": claim["spec"]["accessModes"],
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": part("namespace"),
                "name": part("name"), "uid": part("uid"),
            },
            "csi": {"driver": DRIVER, "volumeHandle": volume, "fsType": "ext4"},
            "persistentVolumeReclaimPolicy": wanted.reclaim, "volumeMode": "Filesystem",
            "storageClassName": claim["spec"]["storageClassName"],
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [wanted.zone]},
            ]}]}},
        },
        "status": {"phase": "Bound"},
    });
    if let Some(cluster) = world.aws.by_uid(uid) {
        cluster.kube.put(now, "persistentvolumes", None, object);
    }
    name
}

/// Tags the driver was told to put on every volume.
fn extra_tags(cluster: &Cluster) -> BTreeMap<String, String> {
    let values =
        cluster.addons.get("aws-ebs-csi-driver").and_then(|addon| addon.fields.get("configurationValues")?.as_str());
    let told: Value = values.and_then(|values| serde_saphyr::from_str(values).ok()).unwrap_or_default();
    let extra = told["controller"]["extraVolumeTags"].as_object().into_iter().flatten();
    extra.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Whole GiB that hold a quantity; at least one.
fn gib(quantity: &str) -> i64 {
    const UNITS: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let unit = UNITS.iter().find(|(unit, _)| quantity.ends_with(unit));
    let (suffix, factor) = unit.copied().unwrap_or(("", 1.0));
    let number: f64 = quantity.trim_end_matches(suffix).parse().unwrap_or(0.0);
    ((number * factor / 1_073_741_824.0).ceil() as i64).max(1)
}

impl World {
    /// Attaches volumes to where pods use them and deletes those whose claims are gone.
    pub(crate) fn volumes_settle(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let all: Vec<Value> = cluster
            .kube
            .list("persistentvolumes")
            .filter(|one| one["spec"]["csi"]["driver"] == DRIVER)
            .cloned()
            .collect();
        for object in all {
            let id = object["spec"]["csi"]["volumeHandle"].as_str().unwrap_or_default().to_owned();
            self.attach(uid, &object, &id);
            self.volume_settles(uid, object, &id, now);
        }
    }

    fn attach(&mut self, uid: &str, object: &Value, id: &str) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        let claim = &object["spec"]["claimRef"];
        let nodes = users(cluster, &claim["namespace"], &claim["name"]);
        let mut machines = cluster.groups.values().flat_map(|group| &group.machines);
        let machine = machines.find(|machine| nodes.contains(&machine.node)).map(|machine| machine.id.clone());
        let Some(volume) = self.aws.things.get_mut(id) else { return };
        let (status, attachments) = match machine {
            Some(machine) => {
                let attachment = json!({
                    "volumeId": id, "instanceId": machine, "device": "/dev/xvdaa", "status": "attached",
                    "deleteOnTermination": false,
                });
                ("in-use", json!([attachment]))
            }
            None => ("available", json!([])),
        };
        volume.fields.insert("status".to_owned(), Value::from(status));
        volume.fields.insert("attachmentSet".to_owned(), attachments);
    }

    /// Deletes a volume whose claim is gone, when its policy says so and the driver can.
    fn volume_settles(&mut self, uid: &str, mut object: Value, id: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid) else { return };
        if claim_of(cluster, &object).is_some() {
            return;
        }
        object["status"] = json!({"phase": "Released"});
        let ends = object["spec"]["persistentVolumeReclaimPolicy"] != "Retain";
        if ends && !driver_works(cluster) {
            cluster.kube.put(now, "persistentvolumes", None, object);
            return;
        }
        if ends {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            cluster.kube.remove(now, "persistentvolumes", None, name);
            self.aws.things.remove(id);
            self.ledger.close("", id, now);
            return;
        }
        if object["metadata"]["deletionTimestamp"].is_string()
            && let Some(all) = object["metadata"]["finalizers"].as_array_mut()
        {
            // A retained volume outlives its object.
            all.retain(|one| one != PROVISIONED);
        }
        finalizers::take(&mut cluster.kube, now, "persistentvolumes", object, BOUND);
    }
}

/// The claim a volume is bound to, when it is still there.
fn claim_of<'a>(cluster: &'a Cluster, object: &Value) -> Option<&'a Value> {
    let claim = &object["spec"]["claimRef"];
    let found = cluster.kube.get("persistentvolumeclaims", claim["namespace"].as_str(), claim["name"].as_str()?)?;
    (found["metadata"]["uid"] == claim["uid"]).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::gib;

    #[test]
    fn sizes_are_whole_gib() {
        let cases = [("100Gi", 100), ("1Ti", 1024), ("1500Mi", 2), ("10G", 10), ("1", 1), ("", 1)];
        for (quantity, expected) in cases {
            assert_eq!(gib(quantity), expected, "{quantity}");
        }
    }
}
