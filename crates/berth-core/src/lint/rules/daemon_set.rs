//! Node agents and device plugins that a pool's taint keeps off its nodes.
//!
//! The DaemonSet controller adds tolerations for the conditions of nodes, not for taints of pools. A plugin that misses a pool
//! leaves its GPUs unregistered, without a pod, an event or an error.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Pod;
use crate::lint::pools::{toleration_words, untolerated};
use crate::lint::world::World;
use crate::rules::gke::taints::words;
use crate::spec::tree::Node;

pub(super) const RULE: &str = "daemonset-taint";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods().filter(|pod| pod.object.kind == "DaemonSet") {
        let for_gpus = is_about_gpus(&pod);
        if !for_gpus && !is_agent(&pod) {
            continue;
        }
        let (reached, mut missed) = pools.selected_by_taints(&pod);
        missed.retain(|pool| !for_gpus || pool.gpu.is_some());
        // One that reaches no pool at all is found by the rule on tolerations.
        if missed.is_empty() || reached.is_empty() {
            continue;
        }
        let mut taints: Vec<_> = missed.iter().flat_map(|pool| untolerated(&pod, pool)).collect();
        taints.sort();
        taints.dedup();
        let names: Vec<&str> = missed.iter().map(|pool| pool.name.as_str()).collect();
        let keeping: Vec<String> = taints.iter().map(|taint| words(taint)).collect();
        let what = format!("{} does not run on {}: {}", pod.object.words(), names.join(", "), keeping.join(", "));
        let add: Vec<String> = taints.into_iter().map(toleration_words).collect();
        let fix = format!("add to `tolerations`: {}", add.join(", "));
        let place = pod.place_of("tolerations");
        if for_gpus {
            let why = "the GPUs of these nodes are not registered or not watched, and nothing says so";
            report.error(RULE, place, &Says::new(what, why, fix));
        } else {
            let why = "these nodes go without it, and nothing says so";
            report.warning(RULE, place, &Says::new(what, why, fix));
        }
    }
}

fn is_about_gpus(pod: &Pod<'_>) -> bool {
    let speaks = |text: &str| ["nvidia", "dcgm", "gpu-", "device-plugin"].iter().any(|word| text.contains(word));
    is_agent(pod) && (speaks(&pod.object.name) || pod.containers().any(|container| speaks(container.image())))
}

/// Whether it serves the node and not a workload.
fn is_agent(pod: &Pod<'_>) -> bool {
    let truth = |key: &str| pod.spec.get(key).and_then(Node::scalar).is_some_and(|value| value == "true");
    let volumes = pod.spec.get("volumes").map(Node::items).unwrap_or_default();
    pod.namespace() == "kube-system"
        || pod.text("priorityClassName").is_some_and(|class| class.starts_with("system-"))
        || truth("hostNetwork")
        || truth("hostPID")
        || volumes.iter().any(|volume| volume.get("hostPath").is_some())
}
