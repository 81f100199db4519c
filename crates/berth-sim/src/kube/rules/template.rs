//! What is the same in a pod and in the template of one: its containers and volumes.

use serde_json::{Value, json};

use super::defaults::{drop_empty, fill, items};
use super::{names, quantity, resources};
use crate::kube::failure::Cause;

const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// Fills in a template of pods.
pub(crate) fn complete(template: &mut Value) {
    fill(template, [("metadata", json!({})), ("spec", json!({}))]);
    drop_empty(&mut template["metadata"], &["labels", "annotations", "finalizers"]);
    complete_spec(&mut template["spec"]);
}

/// Fills in the specification of a pod.
pub(crate) fn complete_spec(spec: &mut Value) {
    fill(
        spec,
        [
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("securityContext", json!({})),
            ("schedulerName", json!("default-scheduler")),
        ],
    );
    if let Some(account) = spec["serviceAccountName"].as_str().filter(|account| !account.is_empty()) {
        spec["serviceAccount"] = json!(account);
    } else if let Some(account) = spec["serviceAccount"].as_str() {
        spec["serviceAccountName"] = json!(account);
    }
    let host_network = spec["hostNetwork"] == true;
    for field in CONTAINERS {
        for container in items(spec, field) {
            complete_container(container);
            for port in items(container, "ports").filter(|_| host_network) {
                if port["hostPort"].is_null() {
                    port["hostPort"] = port["containerPort"].clone();
                }
            }
        }
    }
    items(spec, "volumes").for_each(complete_volume);
}

fn complete_container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let moving = last.ends_with(":latest") || !last.contains([':', '@']);
    fill(
        container,
        [
            ("resources", json!({})),
            ("terminationMessagePath", json!("/dev/termination-log")),
            ("terminationMessagePolicy", json!("File")),
            ("imagePullPolicy", json!(if moving { "Always" } else { "IfNotPresent" })),
        ],
    );
    for side in ["limits", "requests"] {
        if let Some(amounts) = container["resources"].get_mut(side) {
            quantity::complete(amounts);
        }
    }
    items(container, "ports").for_each(|port| fill(port, [("protocol", json!("TCP"))]));
    for variable in items(container, "env") {
        if let Some(source) = variable.pointer_mut("/valueFrom/fieldRef") {
            fill(source, [("apiVersion", json!("v1"))]);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            complete_probe(probe);
        }
    }
    for hook in ["/lifecycle/postStart/httpGet", "/lifecycle/preStop/httpGet"] {
        if let Some(request) = container.pointer_mut(hook) {
            fill(request, [("path", json!("/")), ("scheme", json!("HTTP"))]);
        }
    }
}

fn complete_probe(probe: &mut Value) {
    fill(
        probe,
        [
            ("timeoutSeconds", json!(1)),
            ("periodSeconds", json!(10)),
            ("successThreshold", json!(1)),
            ("failureThreshold", json!(3)),
        ],
    );
    if let Some(request) = probe.get_mut("httpGet") {
        fill(request, [("path", json!("/")), ("scheme", json!("HTTP"))]);
    }
    if let Some(request) = probe.get_mut("grpc") {
        fill(request, [("service", json!(""))]);
    }
}

fn complete_volume(volume: &mut Value) {
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = volume.get_mut(source) {
            fill(source, [("defaultMode", json!(420))]);
        }
    }
    if let Some(source) = volume.get_mut("hostPath") {
        fill(source, [("type", json!(""))]);
    }
    for source in volume.pointer_mut("/projected/sources").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(token) = source.get_mut("serviceAccountToken") {
            fill(token, [("expirationSeconds", json!(3600))]);
        }
    }
    let told = ["downwardAPI", "projected"].iter().any(|source| volume.get(*source).is_some());
    if told && let Some(list) = volume.pointer_mut("/downwardAPI/items").and_then(Value::as_array_mut) {
        for item in list {
            if let Some(source) = item.get_mut("fieldRef") {
                fill(source, [("apiVersion", json!("v1"))]);
            }
        }
    }
}

/// The amounts containers ask for must be quantities.
pub(crate) fn decode_check(spec: &Value) -> Result<(), String> {
    for field in CONTAINERS {
        for container in spec[*field].as_array().into_iter().flatten() {
            quantity::decode_check(&container["resources"]["limits"])?;
            quantity::decode_check(&container["resources"]["requests"])?;
        }
    }
    Ok(())
}

/// Checks the specification of a pod that stands at the path `at`.
pub(crate) fn validate(at: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let list = |field: &str| spec[field].as_array().map_or(&[][..], Vec::as_slice);
    if list("containers").is_empty() {
        causes.push(Cause::required(format!("{at}.containers"), ""));
    }
    for field in ["containers", "initContainers"] {
        for (index, container) in list(field).iter().enumerate() {
            let place = format!("{at}.{field}[{index}]");
            let earlier = &list(field)[..index];
            if earlier.iter().any(|other| other["name"] == container["name"]) {
                causes.push(Cause::duplicate(format!("{place}.name"), &container["name"].to_string(), ""));
            }
            validate_container(&place, container, &spec["volumes"], causes);
        }
    }
    for (index, toleration) in list("tolerations").iter().enumerate() {
        validate_toleration(&format!("{at}.tolerations[{index}]"), toleration, causes);
    }
    const RESTARTS: &[&str] = &["Always", "OnFailure", "Never"];
    let restart = spec["restartPolicy"].as_str().unwrap_or_default();
    if !RESTARTS.contains(&restart) {
        causes.push(Cause::unsupported(format!("{at}.restartPolicy"), restart, RESTARTS));
    }
    const POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    let policy = spec["dnsPolicy"].as_str().unwrap_or_default();
    if !POLICIES.contains(&policy) {
        causes.push(Cause::unsupported(format!("{at}.dnsPolicy"), policy, POLICIES));
    }
}

fn validate_container(at: &str, container: &Value, volumes: &Value, causes: &mut Vec<Cause>) {
    let name = container["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    } else {
        for why in names::label(name) {
            causes.push(Cause::invalid(format!("{at}.name"), &container["name"], &why));
        }
    }
    if container["image"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required(format!("{at}.image"), ""));
    }
    for (index, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
        let number = &port["containerPort"];
        if !number.as_i64().is_some_and(|number| (1..=65_535).contains(&number)) {
            let why = "must be between 1 and 65535, inclusive";
            causes.push(Cause::invalid(format!("{at}.ports[{index}].containerPort"), number, why));
        }
    }
    resources::validate(&format!("{at}.resources"), &container["resources"], causes);
    for (index, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let known = volumes.as_array().is_some_and(|volumes| volumes.iter().any(|own| own["name"] == mount["name"]));
        if !known {
            causes.push(Cause::not_found(format!("{at}.volumeMounts[{index}].name"), &mount["name"]));
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
