//! Horizontal autoscalers: without load to measure they keep their targets within the bounds.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{conditions, owners, requests};
use crate::kube::kinds;
use crate::kube::store::Store;
use crate::kube::time;

/// Brings an autoscaler's target within its bounds and its status up to date.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let Some(kind) = kinds::by_plural("horizontalpodautoscalers") else { return };
    let Some(scaler) = store.object(kind, key).cloned() else { return };
    let reference = &scaler["spec"]["scaleTargetRef"];
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let target_kind =
        kinds::KINDS.iter().find(|one| one.kind == text("kind") && one.api_version() == text("apiVersion"));
    let target = target_kind.and_then(|one| {
        let key = one.key(scaler["metadata"]["namespace"].as_str(), text("name"));
        Some((one, key.clone(), store.object(one, &key)?.clone()))
    });
    let mut status =
        json!({"desiredReplicas": 0, "currentMetrics": null, "conditions": scaler["status"]["conditions"]});
    if scaler["status"]["lastScaleTime"].is_string() {
        status["lastScaleTime"] = scaler["status"]["lastScaleTime"].clone();
    }
    let Some((target_kind, target_key, target)) = target else {
        let plural = target_kind.map_or_else(|| text("kind").to_lowercase(), |one| one.qualified_plural());
        let message = format!(
            "the HPA controller was unable to get the target's current scale: {plural} \"{}\" not found",
            text("name")
        );
        set(&mut status, "AbleToScale", ("False", "FailedGetScale"), &message, now);
        requests::write_status(store, kind, key, status);
        return;
    };
    let current = target["spec"]["replicas"].as_i64().unwrap_or(1);
    let least = scaler["spec"]["minReplicas"].as_i64().unwrap_or(1);
    let most = scaler["spec"]["maxReplicas"].as_i64().unwrap_or(i64::MAX);
    let able = "the HPA controller was able to get the target's current scale";
    set(&mut status, "AbleToScale", ("True", "SucceededGetScale"), able, now);
    let mut desired = current;
    if current == 0 {
        let message = "scaling is disabled since the replica count of the target is zero";
        set(&mut status, "ScalingActive", ("False", "ScalingDisabled"), message, now);
    } else if current < least || current > most {
        desired = current.clamp(least, most);
        let message = format!("the HPA controller was able to update the target scale to {desired}");
        set(&mut status, "AbleToScale", ("True", "SucceededRescale"), &message, now);
        status["lastScaleTime"] = json!(time::seconds(now));
        requests::write_replicas(store, target_kind, &target_key, desired, now);
    } else {
        let (reason, message) = unmeasured(&scaler);
        set(&mut status, "ScalingActive", ("False", reason), &message, now);
    }
    status["currentReplicas"] = json!(target["status"]["replicas"].as_i64().unwrap_or_default());
    status["desiredReplicas"] = json!(desired);
    if let Some(generation) = scaler["metadata"]["generation"].as_i64() {
        status["observedGeneration"] = json!(generation);
    }
    requests::write_status(store, kind, key, status);
}

fn set(status: &mut Value, kind: &str, (word, reason): (&str, &str), message: &str, now: Timestamp) {
    let condition = json!({"type": kind, "status": word, "reason": reason, "message": message});
    conditions::set(status, condition, now);
}

/// Why nothing is known of the load: no metrics server answers here.
fn unmeasured(scaler: &Value) -> (&'static str, String) {
    let first = &scaler["spec"]["metrics"][0];
    let failed = "the HPA was unable to compute the replica count";
    match first["type"].as_str() {
        Some("Pods") => {
            let name = first["pods"]["metric"]["name"].as_str().unwrap_or_default();
            let why = format!(
                "{failed}: unable to get metric {name}: unable to fetch metrics from custom metrics API: no custom metrics \
                 API (custom.metrics.k8s.io) registered"
            );
            ("FailedGetPodsMetric", why)
        }
        Some("External") => {
            let name = first["external"]["metric"]["name"].as_str().unwrap_or_default();
            let why = format!(
                "{failed}: unable to get external metric {}/{name}: unable to fetch metrics from external metrics API: no \
                 external metrics API (external.metrics.k8s.io) registered",
                scaler["metadata"]["namespace"].as_str().unwrap_or_default()
            );
            ("FailedGetExternalMetric", why)
        }
        _ => {
            let name = first["resource"]["name"].as_str().unwrap_or("cpu");
            let why = format!(
                "{failed}: failed to get {name} utilization: unable to get metrics for resource {name}: unable to fetch \
                 metrics from resource metrics API: the server could not find the requested resource (get \
                 pods.metrics.k8s.io)"
            );
            ("FailedGetResourceMetric", why)
        }
    }
}

/// The autoscalers that look after an object.
pub(crate) fn of(store: &Store, object: &Value, kind: &str) -> Vec<String> {
    let Some(scalers) = kinds::by_plural("horizontalpodautoscalers") else { return Vec::new() };
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let all = store.in_namespace(scalers, namespace).into_iter().filter(|scaler| {
        let target = &scaler["spec"]["scaleTargetRef"];
        target["kind"] == kind && target["name"] == object["metadata"]["name"]
    });
    all.map(owners::key_of).collect()
}
