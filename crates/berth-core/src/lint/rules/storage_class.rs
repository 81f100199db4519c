//! Claims for storage that nobody will fulfil.
//!
//! EKS has no default class since Kubernetes 1.30, and its class `gp2` needs the EBS driver as an add-on.

use std::collections::BTreeSet;

use crate::lint::finding::{Report, Says};
use crate::lint::object::{Object, shown};
use crate::lint::world::World;
use crate::rules::eks::addons::EBS_CSI;
use crate::spec::tree::Node;
use crate::spec::{CloudSpec, Provider};

pub(super) const RULE: &str = "missing-storage-class";

const GKE_CLASSES: [&str; 3] = ["premium-rwo", "standard", "standard-rwo"];
const EKS_CLASSES: [&str; 1] = ["gp2"];
const DEFAULT_KEY: &str = "storageclass.kubernetes.io/is-default-class";
const PENDING: &str = "the claim stays Pending, and so do the pods that use it";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for object in &world.objects {
        match object.kind.as_str() {
            "PersistentVolumeClaim" => claim(world, object, &object.root, report),
            "StatefulSet" => {
                let way = ["spec", "volumeClaimTemplates"];
                for template in object.root.along(&way).map(Node::items).unwrap_or_default() {
                    claim(world, object, template, report);
                }
            }
            _ => {}
        }
    }
}

fn claim(world: &World<'_>, object: &Object<'_>, claim: &Node, report: &mut Report) {
    let spec = claim.get("spec");
    let name = claim.along(&["metadata", "name"]).and_then(Node::text).unwrap_or(&object.name);
    let entry = spec.and_then(|spec| spec.entry("storageClassName"));
    let built_in: &[&str] = match world.provider() {
        Provider::Gke => &GKE_CLASSES,
        Provider::Eks => &EKS_CLASSES,
        // Which classes stand there is only known to the cluster.
        Provider::Existing => return,
    };
    let has_driver = match &world.spec.cloud {
        CloudSpec::Gke(_) => true,
        CloudSpec::Eks(eks) => eks.addons.iter().any(|addon| addon == EBS_CSI),
        CloudSpec::Existing(_) => true,
    };
    let Some((place, class)) = entry.and_then(|entry| Some((object.at(shown(entry)), entry.node.text()?))) else {
        // A claim that names its volume needs no class.
        if spec.is_some_and(|spec| spec.get("volumeName").is_some()) || has_default(world) {
            return;
        }
        let what = format!("claim {name} names no storage class, and EKS has no default one");
        let fix = "`storageClassName: gp2`, or a StorageClass in the files with the default annotation";
        let place = claim.entry("spec").map_or(object.place(), |entry| object.at(entry.key_at));
        report.error(RULE, place, &Says::new(what, PENDING, fix));
        return;
    };
    // The empty class stands for volumes that are there already.
    if class.is_empty() || of_files(world).contains(class) {
        return;
    }
    if !built_in.contains(&class) {
        let what = format!("there is no storage class `{class}` in the files or in the cluster");
        let fix = format!("{}, or add a StorageClass of that name", built_in.join(", "));
        report.error(RULE, place, &Says::new(what, PENDING, fix));
    } else if !has_driver {
        let what = format!("storage class `{class}` needs the add-on {EBS_CSI}, which the cluster does not have");
        report.error(RULE, place, &Says::new(what, PENDING, format!("add {EBS_CSI} to `spec.eks.addons`")));
    }
}

/// Classes of the files, and those that volumes of the files name, for which no class has to be there.
fn of_files<'a>(world: &'a World<'_>) -> BTreeSet<&'a str> {
    let classes =
        world.objects.iter().filter(|object| object.kind == "StorageClass").map(|object| object.name.as_str());
    let volumes = world.objects.iter().filter(|object| object.kind == "PersistentVolume");
    let named = volumes.filter_map(|volume| volume.root.along(&["spec", "storageClassName"]).and_then(Node::text));
    classes.chain(named).collect()
}

fn has_default(world: &World<'_>) -> bool {
    let is_default = |object: &Object<'_>| {
        let way = ["metadata", "annotations", DEFAULT_KEY];
        object.root.along(&way).and_then(Node::scalar).is_some_and(|value| value == "true")
    };
    world.provider() == Provider::Gke || world.of_kind("StorageClass").any(is_default)
}
