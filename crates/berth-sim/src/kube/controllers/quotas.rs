//! The quota controller: what each quota allows and what is used of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::kube::kinds::{self, KINDS};
use crate::kube::rules::quantity::Quantity;
use crate::kube::store::Store;
use crate::kube::usage::Amounts;
use crate::kube::{time, usage};

/// A new quota is looked at so many seconds after its creation: until then it limits nothing.
const PATIENCE_SECONDS: i64 = 1;

pub(crate) fn settle(store: &mut Store, since: u64, now: Timestamp) {
    let Some(kind) = kinds::by_plural("resourcequotas") else { return };
    // What is written to a quota's status is left until something else happens.
    let touched: BTreeSet<String> = store
        .log
        .after(since)
        .filter(|change| change.storage != kind.storage || change.before.is_none() || change.after.is_none())
        .filter_map(|change| change.key.split_once('/').map(|(namespace, _)| namespace.to_owned()))
        .collect();
    let due: Vec<(String, Value)> = store
        .range(kind, "")
        .filter(|(key, quota)| {
            let namespace = key.split_once('/').map_or("", |(namespace, _)| namespace);
            is_seen(quota, now) && (touched.contains(namespace) || !is_filled(quota))
        })
        .map(|(key, quota)| (key.clone(), Value::clone(quota)))
        .collect();
    for (key, mut quota) in due {
        let namespace = quota["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let used = used(store, &namespace, &quota, now);
        let mut status = json!({});
        for (part, amounts) in [("hard", quota["spec"]["hard"].clone()), ("used", usage::write(&used))] {
            if amounts.as_object().is_some_and(|amounts| !amounts.is_empty()) {
                status[part] = amounts;
            }
        }
        if quota["status"] != status {
            quota["status"] = status;
            store.write(kind, key, Some(quota));
        }
    }
}

fn is_seen(quota: &Value, now: Timestamp) -> bool {
    let born = quota["metadata"]["creationTimestamp"].as_str();
    born.and_then(|born| time::seconds_since(born, now)).is_none_or(|seconds| seconds >= PATIENCE_SECONDS)
}

/// Whether the status speaks of what the quota allows now.
fn is_filled(quota: &Value) -> bool {
    let nothing = json!({});
    let or_nothing = |value: &Value| if value.is_null() { nothing.clone() } else { value.clone() };
    or_nothing(&quota["spec"]["hard"]) == or_nothing(&quota["status"]["hard"])
}

/// What the objects of a namespace use of a quota; names nothing measures are left out.
fn used(store: &Store, namespace: &str, quota: &Value, now: Timestamp) -> Amounts {
    let mut used = Amounts::new();
    let hard = quota["spec"]["hard"].as_object().cloned().unwrap_or_default();
    for resource in hard.keys().filter(|resource| usage::always_zero(resource)) {
        used.insert(resource.clone(), Quantity::ZERO);
    }
    let prefix = format!("{namespace}/");
    for kind in KINDS.iter().filter(|kind| kind.namespaced && kind.group != "events.k8s.io") {
        let measured: Vec<&String> = hard.keys().filter(|resource| usage::measures(kind, resource)).collect();
        if measured.is_empty() {
            continue;
        }
        for resource in &measured {
            used.entry((*resource).clone()).or_insert(Quantity::ZERO);
        }
        for (_, object) in store.range(kind, &prefix).filter(|(_, object)| usage::in_scope(kind, quota, object)) {
            let mut amounts = usage::of(kind, object, now);
            amounts.retain(|resource, _| measured.contains(&resource));
            usage::add(&mut used, amounts);
        }
    }
    used
}
