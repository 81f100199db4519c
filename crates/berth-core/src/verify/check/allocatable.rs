//! Whether every node offers GPUs x shares to pods, and if not, what the number that is there says about the cause.

use crate::actions::gke::GkeDriver;
use crate::observed::ObservedNode;
use crate::rules::eks::node_labels::GROUP;
use crate::spec::GpuSpec;
use crate::verify::evidence::PoolEvidence;
use crate::verify::report::{Shortfall, Verdict};

pub(super) fn check(evidence: &PoolEvidence<'_>) -> Vec<Shortfall> {
    let Some(gpu) = &evidence.spec.gpu else { return Vec::new() };
    // Of a node that is not Ready, that is the cause; its numbers mean nothing yet.
    let ready = evidence.nodes.iter().filter(|node| node.ready);
    ready.filter_map(|node| check_node(evidence, gpu, node)).collect()
}

fn check_node(evidence: &PoolEvidence<'_>, gpu: &GpuSpec, node: &ObservedNode) -> Option<Shortfall> {
    let resource = evidence.promise.resource;
    let physical = u64::from(gpu.count);
    let expected = physical * u64::from(gpu.sharing.shares());
    let (verdict, cause) = match node.extended_resources.get(resource).copied() {
        Some(have) if have == expected => return None,
        None => (Verdict::Waiting, absent(gpu, is_on_eks(node)).to_owned()),
        Some(0) => (Verdict::Waiting, "the driver is missing or every GPU is unhealthy".to_owned()),
        Some(have) if have == physical => {
            (Verdict::Failed, format!("these are the {physical} physical GPUs: sharing is not applied on this node"))
        }
        Some(have) if have < expected => {
            (Verdict::Waiting, format!("{} are missing: some GPUs of the node are unhealthy", expected - have))
        }
        Some(_) => (Verdict::Failed, "the node shares its GPUs in another way than the file says".to_owned()),
    };
    let have = node
        .extended_resources
        .get(resource)
        .map_or_else(|| format!("none of the {expected}"), |have| format!("{have} of {expected}"));
    let cause = format!("{have} {resource} allocatable: {cause}");
    Some(evidence.node_shortfall("allocatable", node, verdict, cause))
}

/// On EKS the image has the driver, so what is missing is the plugin.
fn is_on_eks(node: &ObservedNode) -> bool {
    node.labels.contains_key(GROUP)
}

fn absent(gpu: &GpuSpec, on_eks: bool) -> &'static str {
    match gpu.driver {
        _ if on_eks => {
            "the NVIDIA device plugin does not run on the node yet; if it stays so, a taint keeps it off or its label is missing"
        }
        GkeDriver::Disabled => "the file turns the driver off, so GPUs only show when somebody installs one",
        GkeDriver::Default | GkeDriver::Latest => {
            "the driver or the device plugin is not there yet; this can take 15 minutes after the node is Ready"
        }
    }
}
