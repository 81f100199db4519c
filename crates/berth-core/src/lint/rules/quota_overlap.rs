//! Several quotas that count the same pods: every one of them must have room, so the tightest binds them all.

use crate::lint::finding::{Report, Says};
use crate::lint::limits::Quota;
use crate::lint::world::World;

pub(super) const RULE: &str = "quota-overlap";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let quotas = &world.limits.quotas;
    for object in world.of_kind("ResourceQuota") {
        let namespace = object.namespace().unwrap_or("default");
        let own = quotas.iter().position(|quota| {
            !quota.is_berths && quota.name == object.name && quota.namespace == namespace && quota.is_plain()
        });
        let Some(own) = own else { continue };
        let quota = &quotas[own];
        let beside = || quotas.iter().filter(|other| other.namespace == namespace && shared(quota, other).is_some());
        // The first of several is the one to keep; berth's own stand before all in the files.
        if let Some(other) = quotas[..own]
            .iter()
            .find(|other| other.namespace == namespace && other.is_plain() && shared(quota, other).is_some())
        {
            let what = format!(
                "{} and {} both limit {} of all pods in namespace {namespace}",
                other.words(),
                quota.words(),
                shared(quota, other).unwrap_or_default()
            );
            let why = "both count every pod, so the smaller one binds all services and the larger one never does";
            let fix =
                "scope each to a priority class of its service, or give each service a namespace; berth renders both";
            report.error(RULE, object.place_of(&["metadata", "name"]), &Says::new(what, why, fix));
        } else if let Some(fence) = beside().find(|other| other.is_fence()) {
            let what = format!(
                "{} limits {} of all pods in namespace {namespace}, {} of some",
                quota.words(),
                shared(quota, fence).unwrap_or_default(),
                fence.words()
            );
            let why = "a pod has to fit into both, so this one bounds all services together";
            let fix = "keep only what scoped quotas may not hold in it, such as claims and services";
            report.warning(RULE, object.place_of(&["metadata", "name"]), &Says::new(what, why, fix));
        }
    }
}

/// A resource both limit.
fn shared<'a>(one: &'a Quota, other: &Quota) -> Option<&'a str> {
    one.hard.keys().find(|key| other.hard.contains_key(*key)).map(String::as_str)
}
