//! A node selector or affinity that nodes of no pool fit.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Pod;
use crate::lint::pools::{Pools, required_terms};
use crate::lint::world::World;
use crate::spec::tree::{Entry, Node};
use crate::spec::{PoolSpec, Provider};

pub(super) const RULE: &str = "selector-no-pool";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for pod in world.pods().filter(|pod| pod.text("nodeName").is_none()) {
        preferred(&pools, &pod, report);
        if !pools.selected(&pod).is_empty() {
            continue;
        }
        let why = if pod.object.kind == "DaemonSet" {
            "the DaemonSet makes no pod at all, and nothing says so"
        } else {
            "its pods stay Pending, and no autoscaler adds a node for them"
        };
        let entries = pod.spec.get("nodeSelector").map(Node::entries).unwrap_or_default();
        let unfit: Vec<&Entry> = entries.iter().filter(|entry| !has_any(&pools, entry)).collect();
        for entry in &unfit {
            let value = entry.node.scalar().unwrap_or_default();
            let what = format!("no pool has nodes with label {}={value}", entry.key);
            report.error(RULE, pod.object.at(entry.key_at), &Says::new(what, why, way_out(world, &pools, &entry.key)));
        }
        let terms = required_terms(&pod);
        let hopeless = terms.iter().filter(|term| !pools.all().any(|pool| pools.fits(pool, term)));
        let hopeless: Vec<&Node> = hopeless.collect();
        if !terms.is_empty() && hopeless.len() == terms.len() {
            let keys = keys(&hopeless);
            let what = format!("the required node affinity fits no pool: {}", keys.join(", "));
            let fix = keys.first().map_or_else(|| "give conditions".to_owned(), |key| way_out(world, &pools, key));
            report.error(RULE, pod.object.at(terms[0].at), &Says::new(what, why, fix));
        } else if unfit.is_empty() {
            let what = format!("no pool has all labels that {} asks for together", pod.object.words());
            let fix = "ask only for labels that one pool has";
            report.error(
                RULE,
                pod.place_of(if entries.is_empty() { "affinity" } else { "nodeSelector" }),
                &Says::new(what, why, fix),
            );
        }
    }
}

/// A wish that no pool can fulfil is no failure, but it does nothing.
fn preferred(pools: &Pools<'_>, pod: &Pod<'_>, report: &mut Report) {
    let way = ["affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"];
    for wish in pod.spec.along(&way).map(Node::items).unwrap_or_default() {
        let Some(term) = wish.get("preference") else { continue };
        if !pools.all().any(|pool| pools.fits(pool, term)) {
            let what = format!("a preferred node affinity fits no pool: {}", keys(&[term]).join(", "));
            let says = Says::new(what, "it has no effect", "name labels that a pool has, or leave it out");
            report.warning(RULE, pod.object.at(wish.at), &says);
        }
    }
}

fn has_any(pools: &Pools<'_>, entry: &Entry) -> bool {
    let value = entry.node.scalar().unwrap_or_default();
    pools.all().any(|pool| pools.may_have(pool, &entry.key, &value))
}

fn keys(terms: &[&Node]) -> Vec<String> {
    let expressions = terms.iter().filter_map(|term| term.get("matchExpressions")).flat_map(Node::items);
    let keys = expressions.filter_map(|expression| expression.get("key").and_then(Node::text));
    keys.map(str::to_owned).collect()
}

fn way_out(world: &World<'_>, pools: &Pools<'_>, key: &str) -> String {
    if world.provider() == Provider::Gke && key.starts_with("nvidia.com/") {
        return "on GKE select by cloud.google.com/gke-accelerator, or by a label of the pool".to_owned();
    }
    let has = |pool: &PoolSpec| pool.labels.get(key).map(|value| format!("{value} ({})", pool.name));
    let values: Vec<String> = pools.all().filter_map(has).collect();
    if !values.is_empty() {
        return format!("the pools have {key}: {}", values.join(", "));
    }
    if pools.is_known(key) {
        return format!("another value of {key}");
    }
    format!("give a pool the label {key} under `labels`, or select by a label it has")
}
