//! Pods: the defaults a bare pod gets, and the checks of its containers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{names, quantity, resources};
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
    for side in ["limits", "requests"] {
        if let Some(amounts) = container["resources"].get_mut(side) {
            quantity::complete(amounts);
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

/// The amounts containers ask for must be quantities.
pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    for field in ["containers", "initContainers"] {
        for container in object["spec"][field].as_array().into_iter().flatten() {
            quantity::decode_check(&container["resources"]["limits"])?;
            quantity::decode_check(&container["resources"]["requests"])?;
        }
    }
    Ok(())
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
        resources::validate(&format!("{field}.resources"), &container["resources"], causes);
        validate_mounts(&field, container, &spec["volumes"], causes);
    }
    for (index, toleration) in spec["tolerations"].as_array().into_iter().flatten().enumerate() {
        validate_toleration(&format!("spec.tolerations[{index}]"), toleration, causes);
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

/// Each mount names a volume of the pod.
fn validate_mounts(field: &str, container: &Value, volumes: &Value, causes: &mut Vec<Cause>) {
    for (index, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let known = volumes.as_array().is_some_and(|volumes| volumes.iter().any(|own| own["name"] == mount["name"]));
        if !known {
            causes.push(Cause::not_found(format!("{field}.volumeMounts[{index}].name"), &mount["name"]));
        }
    }
}

fn validate_toleration(field: &str, toleration: &Value, causes: &mut Vec<Cause>) {
    const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
    let text = |name: &str| toleration[name].as_str().unwrap_or_default();
    let operator = format!("{field}.operator");
    if text("key").is_empty() && text("operator") != "Exists" {
        let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        causes.push(Cause::invalid(operator, &json!(text("operator")), why));
    } else if text("operator") == "Exists" && !text("value").is_empty() {
        causes.push(Cause::invalid(operator, &json!(text("value")), "value must be empty when `operator` is 'Exists'"));
    } else if !matches!(text("operator"), "" | "Equal" | "Exists") {
        causes.push(Cause::unsupported(operator, text("operator"), &["Equal", "Exists"]));
    }
    if !text("effect").is_empty() && !EFFECTS.contains(&text("effect")) {
        causes.push(Cause::unsupported(format!("{field}.effect"), text("effect"), EFFECTS));
    }
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
