//! Storage classes whose volumes nobody in the cluster makes.

use crate::lint::finding::{Report, Says};
use crate::lint::storage::{Class, PD, driver_of};
use crate::lint::world::World;
use crate::manifests::default_class;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "missing-storage-driver";

const PENDING: &str = "claims of this class stay Pending, and so do the pods that use them";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    // What runs in a cluster that stands is known to that cluster only.
    if world.provider() == Provider::Existing {
        return;
    }
    for class in world.classes() {
        let Some(object) = class.object else { continue };
        let Some(says) = says(world, &class) else { continue };
        let is_used = world.claims().iter().any(|claim| world.class_of(claim).is_some_and(|of| of.name == class.name));
        let place = object.place_of(&["provisioner"]);
        if (is_used || class.is_default()) && driver_of(class.provisioner).is_some() {
            report.error(RULE, place, &says);
        } else {
            report.warning(RULE, place, &says);
        }
    }
}

fn says(world: &World<'_>, class: &Class<'_>) -> Option<Says> {
    let provisioner = class.provisioner;
    if provisioner.is_empty() || provisioner == "kubernetes.io/no-provisioner" || is_brought(world, provisioner) {
        return None;
    }
    let Some(driver) = driver_of(provisioner) else {
        let what = format!("nothing in the files or of the cluster makes volumes of {provisioner}");
        let fix = "add its driver to the workloads, with its CSIDriver, or name a class of the cloud";
        return Some(Says::new(what, PENDING, fix));
    };
    if driver.provider != world.provider() {
        let what =
            format!("{provisioner} makes volumes of {}, not of {}", cloud(driver.provider), cloud(world.provider()));
        let fix = format!("`provisioner: {}`, or leave the class out", disks(world.provider()));
        return Some(Says::new(what, PENDING, fix));
    }
    let addon = driver.addon?;
    let (what, fix) = match driver.provider {
        Provider::Eks if world.has_addon(addon) => return None,
        Provider::Eks => {
            let brought = "or bring its CSIDriver among the workloads";
            (
                format!("the add-on {addon}, which the cluster does not have"),
                format!("add {addon} to `spec.eks.addons`, {brought}"),
            )
        }
        _ => (
            format!("the driver {addon}, which is off in a new cluster"),
            format!("gcloud container clusters update {} --update-addons={addon}=ENABLED", world.spec.name),
        ),
    };
    Some(Says::new(format!("volumes of {provisioner} need {what}"), PENDING, fix))
}

/// Whether the files bring a driver of this name, or something that is told to be it.
fn is_brought(world: &World<'_>, provisioner: &str) -> bool {
    let names = |node: &Node| node.scalar().is_some_and(|text| text.contains(provisioner));
    world.of_kind("CSIDriver").any(|object| object.name == provisioner)
        || world.pods().flat_map(|pod| pod.containers()).any(|container| {
            let items = |key: &str| container.node.get(key).map(Node::items).unwrap_or_default();
            items("args").iter().chain(items("command")).any(names)
                || items("env").iter().filter_map(|env| env.get("value")).any(names)
        })
}

fn cloud(provider: Provider) -> &'static str {
    match provider {
        Provider::Gke => "Google Cloud",
        Provider::Eks => "AWS",
        Provider::Existing => "another cloud",
    }
}

fn disks(provider: Provider) -> &'static str {
    match provider {
        Provider::Eks => default_class::PROVISIONER,
        Provider::Gke | Provider::Existing => PD,
    }
}
