//! Who has something to do after a write.

use jiff::Timestamp;
use serde_json::Value;

use super::work::{Part, Work};
use super::{autoscalers, owners, scheduler};
use crate::kube::kinds;
use crate::kube::log::Change;
use crate::kube::store::Store;

/// The parts that look after objects of their own, by the storage of the kind.
const PARTS: &[(&str, Part)] = &[
    ("apps/deployments", Part::Deployment),
    ("apps/replicasets", Part::ReplicaSet),
    ("apps/statefulsets", Part::StatefulSet),
    ("apps/daemonsets", Part::DaemonSet),
    ("batch/jobs", Part::Job),
    ("batch/cronjobs", Part::CronJob),
    ("autoscaling/horizontalpodautoscalers", Part::Autoscaler),
    ("policy/poddisruptionbudgets", Part::Budget),
    ("/persistentvolumeclaims", Part::Claim),
    ("/services", Part::Endpoints),
];
/// Kinds as owner references name them.
const OWNERS: &[(&str, Part)] = &[
    ("Deployment", Part::Deployment),
    ("ReplicaSet", Part::ReplicaSet),
    ("StatefulSet", Part::StatefulSet),
    ("DaemonSet", Part::DaemonSet),
    ("Job", Part::Job),
    ("CronJob", Part::CronJob),
];

/// Hands out the work that the changes after a revision make.
pub(super) fn hand_out(store: &mut Store, since: u64) {
    if !store.work.awake || since < store.log.compacted() {
        store.work.awake = true;
        all(store);
    }
    if since == store.resource_version() {
        return;
    }
    let mut work = std::mem::take(&mut store.work);
    for change in store.log.after(since) {
        note(store, &mut work, change);
    }
    store.work = work;
}

/// Everything that anybody looks after.
fn all(store: &mut Store) {
    let mut work = std::mem::take(&mut store.work);
    for (storage, part) in PARTS.iter().chain(&[("/pods", Part::Pod)]) {
        let kind = kinds::KINDS.iter().find(|kind| kind.storage == *storage);
        for (key, _) in kind.into_iter().flat_map(|kind| store.range(kind, "")) {
            work.add(*part, key.clone());
        }
    }
    work.add(Part::Scheduler, "");
    work.want_rest();
    store.work = work;
}

fn note(store: &Store, work: &mut Work, change: &Change) {
    if let Some((_, part)) = PARTS.iter().find(|(storage, _)| *storage == change.storage) {
        work.add(*part, change.key.clone());
    }
    for object in [&change.before, &change.after].into_iter().flatten() {
        let owner = owners::controller(object);
        let part = owner.and_then(|owner| OWNERS.iter().find(|(kind, _)| owner["kind"] == *kind));
        if let (Some((_, part)), Some(name)) = (part, owner.and_then(|owner| owner["name"].as_str())) {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            work.add(*part, format!("{namespace}/{name}"));
        }
    }
    match change.storage {
        "/pods" => pod_changed(store, work, change),
        "/nodes" => node_changed(store, work, change),
        "apps/deployments" | "apps/statefulsets" => {
            let kind = if change.storage == "apps/deployments" { "Deployment" } else { "StatefulSet" };
            let object = change.after.as_deref().or(change.before.as_deref());
            for key in object.map(|object| autoscalers::of(store, object, kind)).unwrap_or_default() {
                work.add(Part::Autoscaler, key);
            }
        }
        "/persistentvolumeclaims" | "/persistentvolumes" => work.add(Part::Scheduler, ""),
        "storage.k8s.io/storageclasses" => {
            work.add(Part::Scheduler, "");
            // What waited for a class may have one now.
            let claims = kinds::by_plural("persistentvolumeclaims");
            let claims = claims.into_iter().flat_map(|kind| store.range(kind, ""));
            for (key, _) in claims.filter(|(_, claim)| claim["spec"]["volumeName"].is_null()) {
                work.add(Part::Claim, key.clone());
            }
        }
        _ => {}
    }
}

fn pod_changed(store: &Store, work: &mut Work, change: &Change) {
    work.add(Part::Pod, change.key.clone());
    // One that is new or has another wish, and one that leaves room, are the scheduler's.
    let place =
        |pod: &Value| (pod["spec"]["nodeName"].clone(), super::pods::ended(pod), pod["metadata"]["generation"].clone());
    let moved = change.before.as_deref().map(place) != change.after.as_deref().map(place);
    let waits = change.after.as_deref().is_some_and(scheduler::waits);
    let gates = change.before.as_deref().is_some_and(|pod| !scheduler::waits(pod));
    if moved || (waits && gates) {
        work.add(Part::Scheduler, "");
    }
    // A claim that is on its way out goes with its last user.
    if change.after.as_deref().is_none_or(super::pods::ended)
        && let Some(pod) = change.before.as_deref()
    {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        scheduler::claims(pod).for_each(|name| work.add(Part::Claim, format!("{namespace}/{name}")));
    }
    let Some((namespace, _)) = change.key.split_once('/') else { return };
    for (plural, part) in [("poddisruptionbudgets", Part::Budget), ("services", Part::Endpoints)] {
        let Some(kind) = kinds::by_plural(plural) else { continue };
        for (key, _) in store.range(kind, &format!("{namespace}/")) {
            work.add(part, key.clone());
        }
    }
}

fn node_changed(store: &Store, work: &mut Work, change: &Change) {
    // What a kubelet reports of itself changes nothing for anybody else.
    let facts = |node: &Value| {
        let ready = super::conditions::holds(&node["status"], "Ready");
        (node["spec"].clone(), node["metadata"]["labels"].clone(), node["status"]["allocatable"].clone(), ready)
    };
    if change.before.as_deref().map(facts) == change.after.as_deref().map(facts) {
        return;
    }
    work.add(Part::Scheduler, "");
    for (plural, part) in [("daemonsets", Part::DaemonSet)] {
        let Some(kind) = kinds::by_plural(plural) else { continue };
        for (key, _) in store.range(kind, "") {
            work.add(part, key.clone());
        }
    }
    let Some(pods) = kinds::by_plural("pods") else { return };
    for (key, _) in store.range(pods, "").filter(|(_, pod)| pod["spec"]["nodeName"] == change.key.as_str()) {
        work.add(Part::Pod, key.clone());
    }
}

/// Controllers that let a moment pass before they look at something new are given that moment.
pub(super) fn await_patience(store: &mut Store, since: u64, now: Timestamp) {
    let slow = ["/namespaces", "/nodes", "/resourcequotas"];
    if store.log.after(since).any(|change| slow.contains(&change.storage)) {
        store.work.add_after(now, 1, Part::Rest, "");
    }
}
