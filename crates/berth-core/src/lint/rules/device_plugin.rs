//! Device plugins and drivers beside those the cloud or berth puts on the nodes.
//!
//! GKE has a device plugin of its own, with the sharing in its node pools. On EKS berth applies NVIDIA's. A second one registers
//! the same resource and takes the kubelet's socket from the first, and its sharing is not what the spec promises.

use crate::actions::gke::GkeDriver;
use crate::lint::finding::{Report, Says};
use crate::lint::object::{Container, Object};
use crate::lint::world::World;
use crate::manifests::device_plugin;
use crate::spec::Provider;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "device-plugin";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    if world.spec.pools.iter().all(|pool| pool.gpu.is_none()) {
        return;
    }
    for pod in world.pods().filter(|pod| pod.object.name != device_plugin::NAME) {
        for container in pod.containers() {
            if let Some(says) = says(world, &container) {
                report.error(RULE, container.image_place(), &says);
                break;
            }
        }
    }
    for object in &world.objects {
        operator(world, object, report);
    }
}

fn says(world: &World<'_>, container: &Container<'_>) -> Option<Says> {
    let image = container.image();
    let is_plugin = ["k8s-device-plugin", "nvidia-gpu-device-plugin"].iter().any(|word| image.contains(word));
    let is_installer = ["nvidia-driver-installer", "gke-nvidia-installer", "cos-nvidia-installer"]
        .iter()
        .any(|word| image.contains(word));
    match world.provider() {
        Provider::Gke if is_plugin => Some(Says::new(
            format!("{} runs a device plugin beside GKE's own", container.pod.object.words()),
            "both register nvidia.com/gpu, and GKE's drivers and labels are not where NVIDIA's plugin looks",
            "leave it out; share GPUs by the pool's `sharing`",
        )),
        Provider::Eks | Provider::Existing if is_plugin => Some(Says::new(
            format!("{} runs a second device plugin beside the one berth applies", container.pod.object.words()),
            "both register nvidia.com/gpu, and the one that comes last decides how many shares nodes offer",
            "leave it out; share GPUs by the pool's `sharing`",
        )),
        Provider::Gke if is_installer => {
            let mut installs = world.spec.pools.iter().filter_map(|pool| pool.gpu.as_ref());
            installs.any(|gpu| gpu.driver != GkeDriver::Disabled).then(|| {
                Says::new(
                    format!("{} installs GPU drivers that GKE installs already", container.pod.object.words()),
                    "two installers work on the same files of a node",
                    "leave it out, or set `gpu.driver: disabled` on the pools",
                )
            })
        }
        _ => None,
    }
}

/// The GPU operator, and sharing written for NVIDIA's plugin.
fn operator(world: &World<'_>, object: &Object<'_>, report: &mut Report) {
    let is_policy = object.kind == "ClusterPolicy" && object.api_version.starts_with("nvidia.com/");
    if is_policy {
        let what =
            format!("{} has NVIDIA's GPU operator put its own drivers and device plugin on the nodes", object.words());
        let why = "the nodes have both already, and the GPUs they then offer are not those the file promises";
        let fix = "leave the operator out; drivers, device plugin and sharing follow from the cluster's file";
        report.error(RULE, object.place_of(&["metadata", "name"]), &Says::new(what, why, fix));
    }
    if object.kind != "ConfigMap" {
        return;
    }
    for entry in object.root.get("data").map(Node::entries).unwrap_or_default() {
        let text = entry.node.text().unwrap_or_default();
        if text.contains("timeSlicing:") && text.contains("replicas:") {
            let what = format!("{} shares GPUs by a configuration of NVIDIA's device plugin", object.words());
            let why = match world.provider() {
                Provider::Gke => "GKE's device plugin does not read it, and no GPU is shared",
                Provider::Eks | Provider::Existing => {
                    "the device plugin berth applies does not read it, and no GPU is shared by it"
                }
            };
            report.warning(RULE, object.at(entry.key_at), &Says::new(what, why, "`gpuSharing` in the cluster's file"));
        }
    }
}
