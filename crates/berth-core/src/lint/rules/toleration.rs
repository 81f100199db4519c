//! Pods that tolerate the taints of no pool they could otherwise run on.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Pod;
use crate::lint::pools::{asks_for_gpu, toleration_words, untolerated};
use crate::lint::world::World;
use crate::rules::gke::taints::words;
use crate::spec::PoolSpec;

pub(super) const RULE: &str = "no-toleration";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods().filter(|pod| pod.text("nodeName").is_none()) {
        let wants_gpu = pod.containers().any(|container| asks_for_gpu(&container));
        let is_meant = |pool: &&PoolSpec| !wants_gpu || pool.gpu.is_some();
        let (fitting, mut barring) = pools.selected_by_taints(&pod);
        barring.retain(is_meant);
        if barring.is_empty() || fitting.iter().any(is_meant) {
            continue;
        }
        report.error(RULE, pod.place_of("tolerations"), &says(&pod, &barring));
    }
}

fn says(pod: &Pod<'_>, candidates: &[&PoolSpec]) -> Says {
    let barred: Vec<String> = candidates
        .iter()
        .map(|pool| {
            let taints: Vec<String> = untolerated(pod, pool).into_iter().map(words).collect();
            format!("{} ({})", pool.name, taints.join(", "))
        })
        .collect();
    let what = format!("{} tolerates none of the pools it could run on: {}", pod.object.words(), barred.join(", "));
    let why = if pod.object.kind == "DaemonSet" {
        "the DaemonSet makes no pod at all, and nothing says so"
    } else {
        "its pods stay Pending"
    };
    let first = candidates.first().map(|pool| untolerated(pod, pool)).unwrap_or_default();
    let add: Vec<String> = first.into_iter().map(toleration_words).collect();
    Says::new(what, why, format!("add to `tolerations`: {}", add.join(", ")))
}
