//! The ReplicaSet controller: as many pods of a template as are wanted.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pods::{self, Maker};
use super::work::Part;
use super::{conditions, owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;

/// A refused creation is tried again after so many seconds.
const RETRY_SECONDS: i64 = 15;

/// Brings the pods of a replica set to their number and its status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("replicasets") else { return };
    let Some(set) = store.object(kind, key).cloned() else { return };
    let maker = Maker { kind, object: &set, name: "replicaset-controller" };
    let mut active: Vec<Value> = owners::owned(store, "pods", &set).into_iter().filter(pods::active).collect();
    let wanted = set["spec"]["replicas"].as_i64().unwrap_or(1).max(0);
    let mut trouble = None;
    if !owners::leaving(&set) {
        let present = i64::try_from(active.len()).unwrap_or(i64::MAX);
        for _ in present..wanted {
            if let Err(why) = maker.create(store, now, &maker.pod(&set["spec"]["template"])) {
                trouble = Some(why);
                break;
            }
        }
        if present > wanted {
            pods::dispensable_first(&mut active);
            for pod in active.drain(..usize::try_from(present - wanted).unwrap_or_default()) {
                maker.delete(store, now, &pod);
            }
        }
    }
    if trouble.is_some() {
        store.work.add_after(now, RETRY_SECONDS, Part::ReplicaSet, key);
    }
    let status = status(store, &set, trouble.as_deref(), now);
    requests::write_status(store, kind, key, status);
}

fn status(store: &mut Store, set: &Value, trouble: Option<&str>, now: Timestamp) -> Value {
    let all = owners::owned(store, "pods", set);
    let present: Vec<&Value> = all.iter().filter(|pod| pods::active(pod)).collect();
    let min_ready = set["spec"]["minReadySeconds"].as_i64().unwrap_or_default();
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let labelled = |pod: &&&Value| {
        labels.as_object().is_none_or(|all| all.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value))
    };
    for pod in &present {
        if let Some(from) = pods::available_from(pod, min_ready).filter(|from| *from > now) {
            store.work.add_at(from, Part::ReplicaSet, owners::key_of(set));
        }
    }
    let mut status = json!({
        "replicas": present.len(),
        "terminatingReplicas": all.iter().filter(|pod| owners::leaving(pod) && !pods::ended(pod)).count(),
        "observedGeneration": set["metadata"]["generation"].as_i64().unwrap_or(1),
    });
    for (field, count) in [
        ("fullyLabeledReplicas", present.iter().filter(labelled).count()),
        ("readyReplicas", present.iter().filter(|pod| pods::ready(pod)).count()),
        ("availableReplicas", present.iter().filter(|pod| pods::available(pod, min_ready, now)).count()),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    if let Some(why) = trouble {
        status["conditions"] = set["status"]["conditions"].clone();
        let condition = json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": why});
        // The name of the pod that was refused is another each time: the first one stays.
        if !conditions::holds(&status, "ReplicaFailure") {
            conditions::set(&mut status, condition, now);
        }
    }
    status
}
