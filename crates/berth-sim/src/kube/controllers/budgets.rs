//! Disruption budgets: how many of their pods may be evicted now.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{conditions, owners, pods, requests};
use crate::kube::kinds;
use crate::kube::store::Store;

/// Brings a budget's status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("poddisruptionbudgets") else { return };
    let Some(budget) = store.object(kind, key).cloned() else { return };
    let Some(pods_kind) = kinds::by_plural("pods") else { return };
    let namespace = budget["metadata"]["namespace"].as_str().unwrap_or_default();
    let own: Vec<&Value> = store
        .in_namespace(pods_kind, namespace)
        .into_iter()
        .filter(|pod| !pods::ended(pod) && owners::selects(&budget["spec"]["selector"], &pod["metadata"]["labels"]))
        .collect();
    let (minimum, most) = (&budget["spec"]["minAvailable"], &budget["spec"]["maxUnavailable"]);
    let present = i64::try_from(own.len()).unwrap_or(i64::MAX);
    // Percentages, and a number that may be missing, are of what the pods' controllers want.
    let expected = if minimum.is_i64() { present } else { wanted(store, &own, namespace) };
    let desired = match (minimum, most) {
        (Value::Null, Value::Null) => (expected - 1).max(0),
        (Value::Null, most) => (expected - owners::share(most, expected, true).unwrap_or_default()).max(0),
        (minimum, _) => owners::share(minimum, expected, true).unwrap_or_default(),
    };
    let healthy = i64::try_from(own.iter().filter(|pod| pods::ready(pod)).count()).unwrap_or(i64::MAX);
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let generation = budget["metadata"]["generation"].as_i64().unwrap_or(1);
    let mut status = json!({
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": budget["status"]["conditions"],
    });
    let (word, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let condition = json!({
        "type": "DisruptionAllowed", "status": word, "reason": reason, "message": "", "observedGeneration": generation,
    });
    conditions::set(&mut status, condition, now);
    requests::write_status(store, kind, key, status);
}

/// How many pods the controllers of these want together; one without a controller counts itself.
fn wanted(store: &Store, pods: &[&Value], namespace: &str) -> i64 {
    let mut seen = BTreeSet::new();
    let mut sum = 0;
    for pod in pods {
        let Some(owner) = owners::controller(pod) else {
            sum += 1;
            continue;
        };
        if !seen.insert(owner["uid"].to_string()) {
            continue;
        }
        let plural = match owner["kind"].as_str() {
            Some("ReplicaSet") => "replicasets",
            Some("StatefulSet") => "statefulsets",
            _ => "",
        };
        let object = store.get(plural, Some(namespace), owner["name"].as_str().unwrap_or_default());
        let same = |one: &&Value| {
            pods.iter().filter(|pod| owners::controller(pod).is_some_and(|own| own["uid"] == one["uid"])).count()
        };
        sum += object.map_or_else(
            || i64::try_from(same(&owner)).unwrap_or(i64::MAX),
            |object| object["spec"]["replicas"].as_i64().unwrap_or(1),
        );
    }
    sum
}
