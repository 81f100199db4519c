//! Pods: the defaults a bare pod gets, and the checks of its containers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::names;
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
    let tolerations = object["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    let mut all = tolerations.clone();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = |own: &Value| own["key"] == key && (own["effect"] == "NoExecute" || own["effect"].is_null());
        if !tolerations.iter().any(tolerated) {
            all.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    object["spec"]["tolerations"] = json!(all);
    for (field, value) in [("priority", json!(0)), ("preemptionPolicy", json!("PreemptLowerPriority"))] {
        if object["spec"][field].is_null() {
            object["spec"][field] = value;
        }
    }
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
    let spec = &mut object["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    for field in ["containers", "initContainers"] {
        spec[field].as_array_mut().into_iter().flatten().for_each(complete_container);
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
        ("enableServiceLinks", json!(true)),
    ];
    for (field, value) in defaults {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
}

fn complete_container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let moving = last.ends_with(":latest") || !last.contains([':', '@']);
    let defaults = [
        ("resources", json!({})),
        ("terminationMessagePath", json!("/dev/termination-log")),
        ("terminationMessagePolicy", json!("File")),
        ("imagePullPolicy", json!(if moving { "Always" } else { "IfNotPresent" })),
    ];
    for (field, value) in defaults {
        if container[field].is_null() {
            container[field] = value;
        }
    }
    // What is limited and not requested is requested to its limit.
    let limits = container["resources"]["limits"].as_object().cloned().unwrap_or_default();
    for (name, amount) in limits {
        if container["resources"]["requests"][&name].is_null() {
            container["resources"]["requests"][&name] = amount;
        }
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let containers = spec["containers"].as_array().map_or(&[][..], Vec::as_slice);
    if containers.is_empty() {
        causes.push(Cause::required("spec.containers", ""));
    }
    for (index, container) in containers.iter().enumerate() {
        let field = format!("spec.containers[{index}]");
        let name = container["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{field}.name"), ""));
        } else {
            for why in names::label(name) {
                causes.push(Cause::invalid(format!("{field}.name"), &container["name"], &why));
            }
        }
        if containers[..index].iter().any(|other| other["name"] == container["name"]) {
            causes.push(Cause::duplicate(format!("{field}.name"), &container["name"].to_string(), ""));
        }
        if container["image"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{field}.image"), ""));
        }
    }
    const RESTARTS: &[&str] = &["Always", "OnFailure", "Never"];
    let restart = spec["restartPolicy"].as_str().unwrap_or_default();
    if !RESTARTS.contains(&restart) {
        causes.push(Cause::unsupported("spec.restartPolicy", restart, RESTARTS));
    }
    const POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    let policy = spec["dnsPolicy"].as_str().unwrap_or_default();
    if !POLICIES.contains(&policy) {
        causes.push(Cause::unsupported("spec.dnsPolicy", policy, POLICIES));
    }
}
