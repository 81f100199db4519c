//! Claims for storage that nobody will fulfil.
//!
//! EKS has no default class since Kubernetes 1.30, but berth makes one where the EBS driver is an add-on, which its class `gp2` needs too.
//! GKE's classes of Filestore stand only where that driver is on.

use std::collections::BTreeSet;

use crate::lint::finding::{Report, Says};
use crate::lint::storage::{Claim, built_in_names, driver_of};
use crate::lint::world::World;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "missing-storage-class";

const PENDING: &str = "the claim stays Pending, and so do the pods that use it";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    // Which classes stand in a cluster that was there before is only known to that cluster.
    if world.provider() == Provider::Existing {
        return;
    }
    for claim in world.claims() {
        one(world, &claim, report);
    }
}

fn one(world: &World<'_>, claim: &Claim<'_>, report: &mut Report) {
    let Some((class, place)) = claim.class_name() else {
        // A claim that names its volume needs no class.
        if claim.names_volume() || world.default_class_of_storage().is_some() {
            return;
        }
        let what = format!("claim {} names no storage class, and EKS has no default one", claim.name);
        let fix = "add aws-ebs-csi-driver to `spec.eks.addons`, with which berth makes one, or a StorageClass with the default annotation";
        report.error(RULE, claim.class_place(), &Says::new(what, PENDING, fix));
        return;
    };
    // The empty class stands for volumes that are there already.
    if class.is_empty() || of_files(world).contains(class) {
        return;
    }
    let Some(built_in) = world.built_in_class(class) else {
        let what = format!("there is no storage class `{class}` in the files or in the cluster");
        let fix = format!("{}, or add a StorageClass of that name", built_in_names(world.provider()).join(", "));
        report.error(RULE, place, &Says::new(what, PENDING, fix));
        return;
    };
    let Some(addon) = driver_of(built_in.provisioner).and_then(|driver| driver.addon) else { return };
    if world.provider() == Provider::Gke {
        let what = format!(
            "storage class `{class}` is there only where the driver {addon} is on, which it is not in a new cluster"
        );
        let fix = format!("gcloud container clusters update {} --update-addons={addon}=ENABLED", world.spec.name);
        report.warning(RULE, place, &Says::new(what, format!("until then {PENDING}"), fix));
    } else if !world.has_addon(addon) {
        let what = format!("storage class `{class}` needs the add-on {addon}, which the cluster does not have");
        report.error(RULE, place, &Says::new(what, PENDING, format!("add {addon} to `spec.eks.addons`")));
    }
}

/// Classes of the files, and those that volumes of the files name, for which no class has to be there.
fn of_files<'a>(world: &'a World<'_>) -> BTreeSet<&'a str> {
    let volumes = world.objects.iter().filter(|object| object.kind == "PersistentVolume");
    let named = volumes.filter_map(|volume| volume.root.along(&["spec", "storageClassName"]).and_then(Node::text));
    world.classes().map(|class| class.name).chain(named).collect()
}
