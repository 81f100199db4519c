//! Pods that a quota of their namespace refuses, whatever else runs.
//!
//! The refusal does not come when a Deployment or Job is applied: it stands in the events of its ReplicaSet or Job.

use crate::lint::finding::{Report, Says};
use crate::lint::limits::{Counts, Quota};
use crate::lint::object::{Container, Pod};
use crate::lint::quantity;
use crate::lint::world::World;

pub(super) const RULE: &str = "quota-refuses-pod";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let class = world.default_class();
    for pod in world.pods() {
        let counting = || world.limits.quotas.iter().filter(|quota| quota.counts(&pod, class) == Counts::Yes);
        if let Some(quota) = counting().find(|quota| quota.hard.get("pods") == Some(&0)) {
            no_pods(world, &pod, quota, report);
            continue;
        }
        for container in pod.containers() {
            let quotas: Vec<&Quota> = counting().collect();
            missing(world, &container, &quotas, report);
            above_default(world, &container, report);
        }
        for quota in counting() {
            too_much(world, &pod, quota, report);
        }
    }
}

fn no_pods(world: &World<'_>, pod: &Pod<'_>, quota: &Quota, report: &mut Report) {
    let class = pod.text("priorityClassName").map_or_else(|| "no class".to_owned(), |class| format!("class {class}"));
    let what = format!("{} has pods of {class}, and {} lets none of these run", pod.object.words(), quota.words());
    let why = format!("no pod is ever made: exceeded quota: {}, requested: pods=1, limited: pods=0", quota.name);
    let services: Vec<String> = world.service_classes().into_iter().collect();
    let fix = if services.is_empty() {
        "name a priority class that a quota of this namespace counts".to_owned()
    } else {
        format!("`priorityClassName` {}", services.join(", or "))
    };
    report.error(RULE, pod.place_of("priorityClassName"), &Says::new(what, why, fix));
}

/// What a quota counts every container has to state, unless a LimitRange fills it in.
fn missing(world: &World<'_>, container: &Container<'_>, quotas: &[&Quota], report: &mut Report) {
    // Resources of the pod as a whole stand for those of its containers.
    if container.pod.spec.get("resources").is_some() {
        return;
    }
    let mut named = Vec::new();
    let mut refusing = None;
    for resource in ["cpu", "memory"] {
        for (under, keys) in [
            ("requests", vec![resource.to_owned(), format!("requests.{resource}")]),
            ("limits", vec![format!("limits.{resource}")]),
        ] {
            let states = if under == "requests" {
                world.limits.request(container, resource)
            } else {
                world.limits.limit(container, resource)
            };
            let quota = quotas.iter().find(|quota| keys.iter().any(|key| quota.hard.contains_key(key)));
            if let (None, Some(quota)) = (states, quota) {
                named.push(format!("{under}.{resource}"));
                refusing.get_or_insert(*quota);
            }
        }
    }
    let Some(quota) = refusing else { return };
    let named = named.join(", ");
    let what = format!("container {} does not state {named}, which {} counts", container.name(), quota.words());
    let why = format!("no pod is ever made: failed quota: {}: must specify {named}", quota.name);
    let fix =
        "state them under `resources`, or add a LimitRange with `default` and `defaultRequest` for cpu and memory";
    report.error(RULE, container.place(), &Says::new(what, why, fix));
}

/// A request above the limit that a LimitRange fills in.
fn above_default(world: &World<'_>, container: &Container<'_>, report: &mut Report) {
    for resource in ["cpu", "memory"] {
        let (Some(request), None) = (container.amount("requests", resource), container.amount("limits", resource))
        else {
            continue;
        };
        let Some(limit) = world.limits.limit(container, resource).filter(|limit| *limit < request) else { continue };
        let (request, limit) = (quantity::words_of(resource, request), quantity::words_of(resource, limit));
        let what = format!(
            "container {} asks for {request} {resource} without a limit, and the namespace's default limit is {limit}",
            container.name()
        );
        let why = format!("no pod is ever made: {resource} request must be less than or equal to its limit");
        let fix = format!("give `limits.{resource}` too");
        report.error(RULE, container.place(), &Says::new(what, why, fix));
    }
}

fn too_much(world: &World<'_>, pod: &Pod<'_>, quota: &Quota, report: &mut Report) {
    for (key, most) in &quota.hard {
        let Some(asked) = amount(world, pod, key).filter(|asked| asked > most) else { continue };
        let (asked, most) = (quantity::words_of(key, asked), quantity::words_of(key, *most));
        let what = format!("one pod of {} takes {asked} of {key}, {} allows {most}", pod.object.words(), quota.words());
        let why = format!("no pod is ever made: exceeded quota: {}", quota.name);
        report.error(RULE, pod.place(), &Says::new(what, why, "ask for less, or raise the quota"));
    }
}

/// What one pod counts under a quota's key, in thousandths; `None` for keys that are not about containers.
pub(super) fn amount(world: &World<'_>, pod: &Pod<'_>, key: &str) -> Option<u128> {
    let request = |resource: &str| pod.total(|container| world.limits.request(container, resource).unwrap_or(0));
    let limit = |resource: &str| pod.total(|container| world.limits.limit(container, resource).unwrap_or(0));
    match key {
        "cpu" | "memory" => Some(request(key)),
        "limits.cpu" => Some(limit("cpu")),
        "limits.memory" => Some(limit("memory")),
        "requests.storage" => None,
        _ => key.strip_prefix("requests.").map(request),
    }
}
