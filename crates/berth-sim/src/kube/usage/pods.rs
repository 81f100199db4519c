//! What pods count into quotas.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Amounts, add, read};

/// The resources that each container has to state where a quota limits them.
const STATED: &[&str] = &["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

pub(crate) fn measures(resource: &str) -> bool {
    const STORAGE: &[&str] = &["ephemeral-storage", "limits.ephemeral-storage", "requests.ephemeral-storage"];
    let extended = resource.strip_prefix("requests.").is_some_and(is_extended);
    let huge = resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
    resource == "pods" || STATED.contains(&resource) || STORAGE.contains(&resource) || extended || huge
}

/// Devices and the like, which are named with the domain of their maker.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}

/// Whether a pod has ended, or should have: it holds nothing any more.
pub(crate) fn over(pod: &Value, now: Timestamp) -> bool {
    let deleted: Option<Timestamp> = pod["metadata"]["deletionTimestamp"].as_str().and_then(|time| time.parse().ok());
    let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or_default();
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
        || deleted
            .and_then(|deleted| deleted.checked_add(SignedDuration::from_secs(grace)).ok())
            .is_some_and(|gone| now > gone)
}

/// Whether no container asks for cpu or memory; devices do not matter.
pub(crate) fn best_effort(spec: &Value) -> bool {
    let stated = |container: &Value| {
        ["limits", "requests"].iter().any(|side| {
            let amounts = read(&container["resources"][*side]);
            ["cpu", "memory"].iter().any(|name| amounts.get(*name).is_some_and(|amount| !amount.is_zero()))
        })
    };
    !containers(spec, "containers").iter().chain(containers(spec, "initContainers")).any(stated)
}

fn containers<'a>(spec: &'a Value, field: &str) -> &'a [Value] {
    spec[field].as_array().map_or(&[], Vec::as_slice)
}

/// What a pod has at most at one time of its `requests` or `limits`, which `of` names.
pub(crate) fn side(spec: &Value, of: &str) -> Amounts {
    let mut sum = Amounts::new();
    for container in containers(spec, "containers") {
        add(&mut sum, read(&container["resources"][of]));
    }
    // One that goes on runs beside the containers; the others run before, one at a time, beside those already going on.
    let mut beside = Amounts::new();
    let mut most = Amounts::new();
    for container in containers(spec, "initContainers") {
        let mut amounts = read(&container["resources"][of]);
        if container["restartPolicy"] == "Always" {
            add(&mut sum, amounts.clone());
            add(&mut beside, amounts);
            amounts = beside.clone();
        } else {
            add(&mut amounts, beside.clone());
        }
        larger(&mut most, amounts);
    }
    larger(&mut sum, most);
    let overhead = read(&spec["overhead"]).into_iter().filter(|(name, _)| of == "requests" || sum.contains_key(name));
    let overhead: Amounts = overhead.collect();
    add(&mut sum, overhead);
    sum
}

fn larger(most: &mut Amounts, others: Amounts) {
    for (name, amount) in others {
        let entry = most.entry(name).or_insert(amount);
        if amount.exceeds(*entry) {
            *entry = amount;
        }
    }
}

/// The requests and limits of a pod under the names quotas know them by.
pub(crate) fn amounts(spec: &Value) -> Amounts {
    named(&side(spec, "requests"), &side(spec, "limits"))
}

fn named(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut amounts = Amounts::new();
    for (name, amount) in requests {
        let standard = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        if standard || name.starts_with("hugepages-") {
            amounts.insert(name.clone(), *amount);
            amounts.insert(format!("requests.{name}"), *amount);
        } else if is_extended(name) {
            amounts.insert(format!("requests.{name}"), *amount);
        }
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        amounts.extend(limits.get(name).map(|amount| (format!("limits.{name}"), *amount)));
    }
    amounts
}

/// The text that refuses a pod whose containers do not state what a quota on these resources needs to know.
pub(crate) fn required<'a>(spec: &Value, resources: impl Iterator<Item = &'a String>) -> Option<String> {
    let stated: Vec<&String> = resources.filter(|resource| STATED.contains(&resource.as_str())).collect();
    let mut missing: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
    for container in containers(spec, "containers").iter().chain(containers(spec, "initContainers")) {
        let own = named(&read(&container["resources"]["requests"]), &read(&container["resources"]["limits"]));
        for resource in stated.iter().filter(|resource| !own.contains_key(**resource)) {
            missing.entry(resource).or_default().insert(container["name"].as_str().unwrap_or_default());
        }
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(resource, names)| format!("{resource} for: {}", names.into_iter().collect::<Vec<_>>().join(",")))
        .collect();
    (!parts.is_empty()).then(|| format!("must specify {}", parts.join("; ")))
}
