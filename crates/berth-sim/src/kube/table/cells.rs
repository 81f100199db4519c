//! The cells of each kind's row.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{others, pods, quotas, workloads};
use crate::kube::kinds::Kind;
use crate::kube::{duration, time};

pub(super) const NONE: &str = "<none>";
pub(super) const UNKNOWN: &str = "<unknown>";

/// The cells in the order of the kind's columns.
pub(crate) fn of(kind: &Kind, object: &Value, now: Timestamp) -> Vec<Value> {
    let name = object["metadata"]["name"].clone();
    let age = json!(age(&object["metadata"]["creationTimestamp"], now));
    if let Some(custom) = kind.custom {
        return std::iter::once(name)
            .chain(custom.columns.iter().map(|column| custom_cell(column, object, now)))
            .collect();
    }
    match kind.storage {
        "/configmaps" => {
            let count = entries(&object["data"]) + entries(&object["binaryData"]);
            vec![name, json!(count), age]
        }
        "/secrets" => vec![name, object["type"].clone(), json!(entries(&object["data"])), age],
        "/namespaces" => vec![name, object["status"]["phase"].clone(), age],
        "coordination.k8s.io/leases" => vec![name, json!(text(&object["spec"]["holderIdentity"])), age],
        "/nodes" => node(object, name, age),
        "/services" => service(object, name, age),
        "/pods" => pods::cells(object, name, age),
        "/events" => event(object, now),
        "/resourcequotas" => quotas::cells(object, name, age),
        "/limitranges"
        | "apiextensions.k8s.io/customresourcedefinitions"
        | "rbac.authorization.k8s.io/clusterroles"
        | "rbac.authorization.k8s.io/roles" => vec![name, object["metadata"]["creationTimestamp"].clone()],
        "/endpoints" => others::endpoints(object, name, age),
        "/persistentvolumeclaims" => others::claim(object, name, age),
        "/persistentvolumes" => others::volume(object, name, age),
        "apps/controllerrevisions" => others::revision(object, name, age),
        "apps/daemonsets" => workloads::daemon_set(object, name, age),
        "apps/deployments" => workloads::deployment(object, name, age),
        "apps/replicasets" => workloads::replica_set(object, name, age),
        "apps/statefulsets" => workloads::stateful_set(object, name, age),
        "autoscaling/horizontalpodautoscalers" => workloads::autoscaler(object, name, age),
        "batch/cronjobs" => workloads::cron_job(object, name, age, now),
        "batch/jobs" => workloads::job(object, name, age, now),
        "discovery.k8s.io/endpointslices" => others::endpoint_slice(object, name, age),
        "networking.k8s.io/ingressclasses" => others::ingress_class(object, name, age),
        "networking.k8s.io/ingresses" => others::ingress(object, name, age),
        "networking.k8s.io/networkpolicies" => others::network_policy(object, name, age),
        "policy/poddisruptionbudgets" => workloads::budget(object, name, age),
        "rbac.authorization.k8s.io/clusterrolebindings" | "rbac.authorization.k8s.io/rolebindings" => {
            others::binding(object, name, age)
        }
        "storage.k8s.io/csidrivers" => others::csi_driver(object, name, age),
        "storage.k8s.io/csinodes" => vec![name, json!(object["spec"]["drivers"].as_array().map_or(0, Vec::len)), age],
        "storage.k8s.io/storageclasses" => others::storage_class(object, name, age),
        "storage.k8s.io/volumeattachments" => others::attachment(object, name, age),
        "scheduling.k8s.io/priorityclasses" => {
            let default = json!(object["globalDefault"] == true);
            vec![name, object["value"].clone(), default, age, object["preemptionPolicy"].clone()]
        }
        _ => vec![name, age],
    }
}

/// What a path finds in a custom resource; a time is shown as an age.
fn custom_cell(column: &Value, object: &Value, now: Timestamp) -> Value {
    let pointer = column["jsonPath"].as_str().unwrap_or_default().replace('.', "/");
    match object.pointer(&pointer) {
        None | Some(Value::Null) if column["type"] == "date" => json!(UNKNOWN),
        None | Some(Value::Null) => Value::Null,
        Some(value) if column["type"] == "date" => json!(age(value, now)),
        Some(value @ (Value::Number(_) | Value::Bool(_))) if column["type"] != "string" => value.clone(),
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    }
}

/// The time since a written time in the short form.
pub(crate) fn age(written: &Value, now: Timestamp) -> String {
    match written.as_str().and_then(|written| time::seconds_since(written, now)) {
        Some(seconds) => duration::human(seconds),
        None => UNKNOWN.to_owned(),
    }
}

fn entries(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number; a missing one is none.
pub(super) fn number(value: &Value) -> Value {
    json!(value.as_i64().unwrap_or_default())
}

/// A text, or what a table shows for a missing one.
pub(super) fn text_or(value: &Value, missing: &str) -> Value {
    match text(value) {
        "" => json!(missing),
        text => json!(text),
    }
}

fn node(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let ready = object["status"]["conditions"]
        .as_array()
        .and_then(|conditions| conditions.iter().find(|condition| condition["type"] == "Ready"))
        .map(|condition| text(&condition["status"]));
    let mut status = match ready {
        Some("True") => "Ready",
        Some("False" | "Unknown") => "NotReady",
        _ => "Unknown",
    }
    .to_owned();
    if object["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    let address = |wanted: &str| {
        object["status"]["addresses"]
            .as_array()
            .and_then(|addresses| addresses.iter().find(|address| address["type"] == wanted))
            .map_or(json!(NONE), |address| text_or(&address["address"], NONE))
    };
    let about = &object["status"]["nodeInfo"];
    vec![
        name,
        json!(status),
        json!(roles(&object["metadata"]["labels"])),
        age,
        json!(text(&about["kubeletVersion"])),
        address("InternalIP"),
        address("ExternalIP"),
        text_or(&about["osImage"], UNKNOWN),
        text_or(&about["kernelVersion"], UNKNOWN),
        text_or(&about["containerRuntimeVersion"], UNKNOWN),
    ]
}

/// The roles a node's labels name, sorted.
fn roles(labels: &Value) -> String {
    let mut roles: Vec<&str> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(label, value)| match label.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if label == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }
}

fn service(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let spec = &object["spec"];
    let ports: Vec<String> = spec["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|port| match port["nodePort"].as_u64().unwrap_or_default() {
            0 => format!("{}/{}", port["port"], text(&port["protocol"])),
            node_port => format!("{}:{node_port}/{}", port["port"], text(&port["protocol"])),
        })
        .collect();
    let selector: Vec<String> = spec["selector"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(label, value)| format!("{label}={}", text(value)))
        .collect();
    let or_none = |parts: Vec<String>| if parts.is_empty() { NONE.to_owned() } else { parts.join(",") };
    vec![
        name,
        spec["type"].clone(),
        text_or(&spec["clusterIP"], NONE),
        json!(external_address(object)),
        json!(or_none(ports)),
        age,
        json!(or_none(selector)),
    ]
}

fn external_address(object: &Value) -> String {
    let spec = &object["spec"];
    let given = spec["externalIPs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match text(&spec["type"]) {
        "ExternalName" => text(&spec["externalName"]).to_owned(),
        "LoadBalancer" => {
            let points = object["status"]["loadBalancer"]["ingress"].as_array().into_iter().flatten();
            let balancer = points.filter_map(|point| point["ip"].as_str().or(point["hostname"].as_str()));
            let all: Vec<&str> = balancer.chain(given).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ => {
            let all: Vec<&str> = given.collect();
            if all.is_empty() { NONE.to_owned() } else { all.join(",") }
        }
    }
}

fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first = if object["firstTimestamp"].is_string() { &object["firstTimestamp"] } else { &object["eventTime"] };
    let series = &object["series"];
    let last = [&series["lastObservedTime"], &object["lastTimestamp"]].into_iter().find(|time| time.is_string());
    let count = series["count"].as_u64().or(object["count"].as_u64()).unwrap_or(1).max(1);
    let involved = &object["involvedObject"];
    let component = match text(&object["source"]["component"]) {
        "" => text(&object["reportingComponent"]),
        component => component,
    };
    let source = match text(&object["source"]["host"]) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    };
    vec![
        json!(age(last.unwrap_or(first), now)),
        json!(text(&object["type"])),
        json!(text(&object["reason"])),
        json!(format!("{}/{}", text(&involved["kind"]).to_lowercase(), text(&involved["name"]))),
        json!(text(&involved["fieldPath"])),
        json!(source),
        json!(text(&object["message"]).trim()),
        json!(age(first, now)),
        json!(count),
        object["metadata"]["name"].clone(),
    ]
}
