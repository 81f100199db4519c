//! A quota limits only what its keys name as Kubernetes names it.
//!
//! Extended resources count under `requests.NAME` alone. Any other name with a slash passes validation, and nothing is ever
//! held against it.

use crate::lint::finding::{Report, Says};
use crate::lint::object::Object;
use crate::lint::pools::{Pools, is_gpu_resource};
use crate::lint::quantity;
use crate::lint::world::World;
use crate::spec::nearest;
use crate::spec::tree::{Entry, Node};

pub(super) const RULE: &str = "quota-key";

/// Names without a slash that a quota may hold, beside huge pages.
pub(super) const STANDARD: [&str; 18] = [
    "configmaps",
    "cpu",
    "ephemeral-storage",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
];
const NODE_PORTS: &str = "services.nodeports";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let pools = world.pools();
    for object in world.of_kind("ResourceQuota") {
        for entry in object.root.along(&["spec", "hard"]).map(Node::entries).unwrap_or_default() {
            if let Some(says) = wrong_key(&pools, &entry.key) {
                report.error(RULE, object.at(entry.key_at), &says);
            } else if let Some(says) = wrong_amount(entry) {
                report.error(RULE, object.at(entry.node.at), &says);
            } else if let Some(says) = not_offered(&pools, &entry.key) {
                report.error(RULE, object.at(entry.key_at), &says);
            }
        }
        no_limits(object, report);
    }
}

fn wrong_key(pools: &Pools<'_>, key: &str) -> Option<Says> {
    let why = "the quota is accepted and this line limits nothing";
    if !key.contains('/') {
        let is_standard = STANDARD.contains(&key)
            || key == NODE_PORTS
            || ["hugepages-", "requests.hugepages-"].iter().any(|prefix| key.starts_with(prefix));
        let near = nearest(key, STANDARD).map(|near| format!("`{near}`"));
        let gpu = key.contains("gpu").then(|| format!("`requests.{}`", crate::spec::GPU_RESOURCE));
        let all = || format!("one of {}, or requests.NAME of an extended resource", STANDARD.join(", "));
        let fix = gpu.or(near).unwrap_or_else(all);
        let says = || Says::new(format!("a quota knows no `{key}`"), "the API server refuses the quota", fix);
        return (!is_standard).then(says);
    }
    if key.starts_with("requests.") || key.starts_with("count/") || key.contains(".storageclass.storage.k8s.io/") {
        return None;
    }
    let name = key.strip_prefix("limits.").unwrap_or(key);
    let name = if is_gpu_resource(name) && !pools.offers(name) && pools.offers(crate::spec::GPU_RESOURCE) {
        crate::spec::GPU_RESOURCE
    } else {
        name
    };
    Some(Says::new(format!("`{key}` is no key by which a quota limits `{name}`"), why, format!("`requests.{name}`")))
}

/// Amounts that are none, and parts of GPUs.
fn wrong_amount(entry: &Entry) -> Option<Says> {
    let said = entry.node.scalar().unwrap_or_default();
    let Some(amount) = quantity::millis(&said) else {
        let fix = "a quantity such as `64`, `500m` or `256Gi`";
        return Some(Says::new(format!("`{said}` is no amount"), "the API server refuses the quota", fix));
    };
    let is_extended = entry.key.strip_prefix("requests.").is_some_and(|name| name.contains('/'));
    (is_extended && !amount.is_multiple_of(1000)).then(|| {
        let why = "pods ask for whole ones, so the rest is never used";
        Says::new(format!("`{said}` is no whole number of `{}`", entry.key), why, "a whole number")
    })
}

/// Sharing may rename what nodes offer; a quota of another name counts no pod that can run.
fn not_offered(pools: &Pools<'_>, key: &str) -> Option<Says> {
    let name = key.strip_prefix("requests.").filter(|name| is_gpu_resource(name))?;
    (!pools.offers(name)).then(|| {
        let why = format!("the pools offer {}, and this line limits nothing of it", pools.offered_words());
        Says::new(format!("no pool offers `{name}`"), why, format!("`requests.{}`", crate::spec::GPU_RESOURCE))
    })
}

fn no_limits(object: &Object<'_>, report: &mut Report) {
    if object.root.along(&["spec", "hard"]).is_none_or(|hard| hard.entries().is_empty()) {
        let says = Says::new("the quota has no `hard`", "it limits nothing", "give amounts under `spec.hard`");
        report.error(RULE, object.place_of(&["spec", "hard"]), &says);
    }
}
