//! Nodes.

use serde_json::{Value, json};

use super::metadata::twice;
use super::names;
use super::quantity::{self, Quantity};
use crate::kube::failure::Cause;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// A new node is not ready until its kubelet says so.
pub(crate) fn admit(object: &mut Value) {
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    let taint = json!({"key": NOT_READY, "effect": "NoSchedule"});
    match object["spec"]["taints"].as_array_mut() {
        Some(taints) if !taints.iter().any(|own| own["key"] == NOT_READY && own["effect"] == "NoSchedule") => {
            taints.push(taint);
        }
        Some(_) => {}
        None => object["spec"]["taints"] = json!([taint]),
    }
}

/// What a node has must be told in quantities.
pub(crate) fn decode_check(object: &Value) -> Result<(), String> {
    quantity::decode_check(&object["status"]["capacity"])?;
    quantity::decode_check(&object["status"]["allocatable"])
}

pub(crate) fn complete(object: &mut Value) {
    if !object["spec"].is_object() {
        object["spec"] = json!({});
    }
    if let Some(spec) = object["spec"].as_object_mut() {
        if spec.get("unschedulable") == Some(&json!(false)) {
            spec.remove("unschedulable");
        }
        if spec.get("taints").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            spec.remove("taints");
        }
    }
    addresses_of_pods(&mut object["spec"]);
    let status = &mut object["status"];
    if !status.is_object() {
        *status = json!({});
    }
    if status["daemonEndpoints"].is_null() {
        status["daemonEndpoints"] = json!({"kubeletEndpoint": {"Port": 0}});
    }
    const ABOUT: &[&str] = &[
        "machineID",
        "systemUUID",
        "bootID",
        "kernelVersion",
        "osImage",
        "containerRuntimeVersion",
        "kubeletVersion",
        "kubeProxyVersion",
        "operatingSystem",
        "architecture",
    ];
    for field in ABOUT {
        if status["nodeInfo"][*field].is_null() {
            status["nodeInfo"][*field] = json!("");
        }
    }
    for field in ["capacity", "allocatable"] {
        if let Some(amounts) = status.get_mut(field) {
            quantity::complete(amounts);
        }
    }
    if let Some(status) = status.as_object_mut() {
        status.retain(|_, value| !value.is_null());
    }
}

/// The one range and the list of ranges say the same.
fn addresses_of_pods(spec: &mut Value) {
    match (
        spec["podCIDR"].as_str().map(str::to_owned),
        spec["podCIDRs"].as_array().and_then(|list| list.first().cloned()),
    ) {
        (Some(range), None) => spec["podCIDRs"] = json!([range]),
        (None, Some(range)) => spec["podCIDR"] = range,
        _ => {}
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
}

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let taints = object["spec"]["taints"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, taint) in taints.iter().enumerate() {
        validate_taint(&format!("metadata.taints[{index}]"), taint, causes);
        let same = |other: &&Value| other["key"] == taint["key"] && other["effect"] == taint["effect"];
        if taints[..index].iter().any(|other| same(&other)) {
            let text = |field: &str| taint[field].as_str().unwrap_or_default();
            let shown = format!(
                "{{\"Key\":{},\"Value\":{},\"Effect\":{},\"TimeAdded\":{}}}",
                json!(text("key")),
                json!(text("value")),
                json!(text("effect")),
                taint["timeAdded"],
            );
            let field = format!("metadata.taints[{index}]");
            twice(causes, Cause::duplicate(field, &shown, "taints must be unique by key and effect pair"));
        }
    }
    for field in ["capacity", "allocatable"] {
        for (name, quantity) in object["status"][field].as_object().into_iter().flatten() {
            validate_extended(&format!("status.{field}.{name}"), name, quantity, causes);
        }
    }
}

fn validate_taint(field: &str, taint: &Value, causes: &mut Vec<Cause>) {
    let text = |name: &str| taint[name].as_str().unwrap_or_default();
    for why in names::qualified_name(text("key")) {
        twice(causes, Cause::invalid(format!("{field}.key"), &json!(text("key")), &why));
    }
    for why in names::label_value(text("value")) {
        twice(causes, Cause::invalid(format!("{field}.value"), &taint["value"], &why));
    }
    match text("effect") {
        "" => twice(causes, Cause::required(format!("{field}.effect"), "")),
        effect if !EFFECTS.contains(&effect) => {
            twice(causes, Cause::unsupported(format!("{field}.effect"), effect, EFFECTS));
        }
        _ => {}
    }
}

/// Extended resources, such as GPUs, are counted in whole numbers.
fn validate_extended(field: &str, name: &str, quantity: &Value, causes: &mut Vec<Cause>) {
    if !name.contains('/') {
        return;
    }
    let Some(amount) = Quantity::of(quantity) else { return };
    if amount.is_negative() {
        causes.push(Cause::invalid(field, quantity, "must be greater than or equal to 0"));
    } else if !amount.is_whole() {
        causes.push(Cause::invalid(field, quantity, "must be an integer"));
    }
}

/// Two fields may be set once and never changed.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let changed = |name: &str| !current["spec"][name].is_null() && object["spec"][name] != current["spec"][name];
    if changed("podCIDRs") {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        causes.push(Cause::forbidden("spec.podCIDRs", why));
    }
    if changed("providerID") {
        let why = "node updates may not change providerID except from \"\" to valid";
        causes.push(Cause::forbidden("spec.providerID", why));
    }
}
