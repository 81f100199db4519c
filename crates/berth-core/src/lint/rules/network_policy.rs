//! NetworkPolicies that nothing in the cluster holds to: they are stored, and every pod still reaches every other one.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::world::World;
use crate::spec::Provider;

pub(super) const RULE: &str = "unenforced-policy";

/// Parts of the names of images that hold to policies by themselves.
const ENFORCERS: [&str; 4] = ["calico/node", "cilium/cilium", "antrea", "kube-router"];

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let policies: Vec<&Object<'_>> = world.of_kind("NetworkPolicy").collect();
    let Some(first) = policies.first() else { return };
    let fix = match world.provider() {
        Provider::Gke => "`networkPolicy: true`; GKE takes it only when a cluster is made",
        Provider::Eks => "`networkPolicy: true`",
        // What the network of a cluster that stands does is known to that cluster only.
        Provider::Existing => return,
    };
    if world.spec.network_policy.at_creation() {
        return;
    }
    if world.runs(&ENFORCERS) {
        return;
    }
    let count = match policies.len() {
        1 => format!("{} is", first.words()),
        count => format!("{count} NetworkPolicies are"),
    };
    let what = format!("{count} stored, and nothing in the cluster enforces any");
    let why = "what they forbid stays open to every pod, and nothing says so";
    report.warning(RULE, first.place_of(&["kind"]), &Says::new(what, why, fix));
}
