//! Volumes that all pods are to share, of classes and kinds that give none.
//!
//! Disks of both clouds are for one node at a time when they hold a file system. A folder of a node is not the folder of another one.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::storage::Claim;
use crate::lint::world::World;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "volume-access";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for claim in world.claims().iter().filter(|claim| claim.has_mode("ReadWriteMany")) {
        of_disk(world, claim, report);
    }
    for object in world.of_kind("PersistentVolume") {
        of_node(world, object, report);
    }
}

fn of_disk(world: &World<'_>, claim: &Claim<'_>, report: &mut Report) {
    let Some(class) = world.class_of(claim).filter(|class| class.is_of_disks()) else { return };
    let what = format!(
        "claim {} is ReadWriteMany, and class `{}` gives disks ({})",
        claim.name, class.name, class.provisioner
    );
    let fix = match world.provider() {
        Provider::Gke => {
            "a class of Filestore, such as `standard-rwx` with its driver on, or ReadWriteOnce and one pod"
        }
        Provider::Eks => "a class of efs.csi.aws.com with the add-on aws-efs-csi-driver, or ReadWriteOnce and one pod",
        Provider::Existing => "a class of network storage, or ReadWriteOnce and one pod",
    };
    if claim.node.along(&["spec", "volumeMode"]).and_then(Node::text) == Some("Block") {
        let why = "only some kinds of disks can be written by several nodes, and none keeps a file system whole then";
        report.warning(RULE, claim.modes_place(), &Says::new(what, why, fix));
    } else {
        let why = "a disk with a file system is for one node at a time: the claim stays Pending, and so do the pods that use it";
        report.error(RULE, claim.modes_place(), &Says::new(what, why, fix));
    }
}

fn of_node(world: &World<'_>, object: &Object<'_>, report: &mut Report) {
    if object.root.along(&["spec", "hostPath"]).is_none() || world.provider() == Provider::Existing {
        return;
    }
    let what = format!("{} is a folder of whatever node its pod is on", object.words());
    let why = "a pod on another node finds an empty folder there, and with the node the data goes";
    let fix = "a claim for a volume of the cloud";
    report.warning(RULE, object.place_of(&["spec", "hostPath"]), &Says::new(what, why, fix));
}
