//! Pods: the defaults a bare pod gets, and the checks of its containers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::defaults::{fill, items};
use super::template;
use crate::kube::failure::Cause;
use crate::kube::time;

/// A new pod is pending; one that is gated says so.
pub(crate) fn admit(object: &mut Value, now: Timestamp) {
    let mut status = json!({"phase": "Pending", "qosClass": quality(&object["spec"])});
    let gated = object["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
    if gated {
        status["conditions"] = json!([{
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": null,
            "lastTransitionTime": time::seconds(now),
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
        }]);
    }
    object["status"] = status;
    tolerate(object);
    for (field, value) in [("priority", json!(0)), ("preemptionPolicy", json!("PreemptLowerPriority"))] {
        if object["spec"][field].is_null() {
            object["spec"][field] = value;
        }
    }
}

/// Every pod bears an unready or unreachable node for a while; admission sees to it on each write.
pub(crate) fn tolerate(object: &mut Value) {
    let tolerations = object["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    let mut all = tolerations.clone();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = |own: &Value| own["key"] == key && (own["effect"] == "NoExecute" || own["effect"].is_null());
        if !tolerations.iter().any(tolerated) {
            all.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    object["spec"]["tolerations"] = json!(all);
}

/// The quality of service by cpu and memory alone.
fn quality(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|field| spec[field].as_array().into_iter().flatten())
        .collect();
    let amount = |container: &Value, side: &str, name: &str| container["resources"][side][name].clone();
    let any = containers.iter().any(|container| {
        ["cpu", "memory"]
            .iter()
            .any(|name| ["limits", "requests"].iter().any(|side| !amount(container, side, name).is_null()))
    });
    let full = containers.iter().all(|container| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = amount(container, "limits", name);
            let request = amount(container, "requests", name);
            !limit.is_null() && (request.is_null() || request == limit)
        })
    });
    match (any, full) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

pub(crate) fn complete(object: &mut Value) {
    for condition in object.pointer_mut("/status/conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = condition.as_object_mut() {
            fields.entry("lastProbeTime").or_insert(Value::Null);
        }
    }
    for field in ["containerStatuses", "initContainerStatuses"] {
        if let Some(status) = object.get_mut("status") {
            items(status, field).for_each(|own| fill(own, [("state", json!({})), ("lastState", json!({}))]));
        }
    }
    let spec = &mut object["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
    template::complete_spec(spec);
    fill(spec, [("enableServiceLinks", json!(true))]);
    for field in ["containers", "initContainers"] {
        items(spec, field).for_each(request_limits);
    }
}

/// What is limited and not requested is requested to its limit.
fn request_limits(container: &mut Value) {
    let limits = container["resources"]["limits"].as_object().cloned().unwrap_or_default();
    for (name, amount) in limits {
        if container["resources"]["requests"][&name].is_null() {
            container["resources"]["requests"][&name] = amount;
        }
    }
}

pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    template::decode_check(&object["spec"])
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    template::validate("spec", &object["spec"], causes);
}

/// What may change in a pod that is there: images, a deadline, more tolerations, fewer gates.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let list = |pod: &Value, field: &str| pod["spec"][field].as_array().cloned().unwrap_or_default();
    let same = |one: &Value, other: &Value| {
        ["key", "operator", "value", "effect"].iter().all(|field| one[*field] == other[*field])
    };
    let tolerations = list(object, "tolerations");
    if list(current, "tolerations").iter().any(|old| !tolerations.iter().any(|new| same(old, new))) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        causes.push(Cause::forbidden("spec.tolerations", why));
        return;
    }
    if fixed_part(object) != fixed_part(current) {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n";
        causes.push(Cause::forbidden("spec", why));
    }
}

/// The specification without what may change.
fn fixed_part(object: &Value) -> Value {
    let mut spec = object["spec"].clone();
    for field in ["containers", "initContainers"] {
        for container in spec.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(fields) = container.as_object_mut() {
                fields.remove("image");
            }
        }
    }
    if let Some(fields) = spec.as_object_mut() {
        for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            fields.remove(field);
        }
        // Scheduling a gated pod may still be narrowed.
        if object["spec"]["schedulingGates"].is_array() {
            fields.remove("nodeSelector");
            fields.remove("affinity");
        }
    }
    spec
}
