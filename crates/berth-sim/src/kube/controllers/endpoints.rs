//! The addresses behind services: the pods their selectors choose.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{owners, pods};
use crate::kube::kinds;
use crate::kube::store::Store;

/// Writes the endpoints of a service, and removes those of one that is gone.
pub(crate) fn reconcile(store: &mut Store, key: &str, now: Timestamp) {
    let (Some(services), Some((namespace, name))) = (kinds::by_plural("services"), key.split_once('/')) else { return };
    let slice = format!("{name}-sim");
    let Some(service) = store.object(services, key).cloned() else {
        store.remove(now, "endpoints", Some(namespace), name);
        store.remove(now, "endpointslices", Some(namespace), &slice);
        return;
    };
    let selector = &service["spec"]["selector"];
    let Some(all) = kinds::by_plural("pods").filter(|_| selector.as_object().is_some_and(|all| !all.is_empty())) else {
        return;
    };
    let selector = json!({"matchLabels": selector});
    let own: Vec<Value> = store
        .in_namespace(all, namespace)
        .into_iter()
        .filter(|pod| {
            !pods::ended(pod)
                && pod["status"]["podIP"].is_string()
                && owners::selects(&selector, &pod["metadata"]["labels"])
        })
        .cloned()
        .collect();
    if kinds::by_plural("endpoints").is_some() {
        put_endpoints(store, &service, &own, now);
    }
    if kinds::by_plural("endpointslices").is_some() {
        put_slice(store, &service, &slice, &own, now);
    }
}

fn reference(pod: &Value) -> Value {
    json!({
        "kind": "Pod", "namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"],
        "uid": pod["metadata"]["uid"],
    })
}

/// The ports of a service as its pods have them; a named one is looked up in the first pod.
fn ports(service: &Value, own: &[Value]) -> Vec<Value> {
    let number = |target: &Value, port: &Value| -> Value {
        let Some(name) = target.as_str() else { return if target.is_null() { port.clone() } else { target.clone() } };
        let containers =
            own.first().map(|pod| &pod["spec"]["containers"]).and_then(Value::as_array).into_iter().flatten();
        let mut all = containers.flat_map(|one| one["ports"].as_array().into_iter().flatten());
        all.find(|one| one["name"] == name).map_or_else(|| port.clone(), |one| one["containerPort"].clone())
    };
    let all = service["spec"]["ports"].as_array().into_iter().flatten();
    all.map(|one| {
        let mut port = json!({"port": number(&one["targetPort"], &one["port"]), "protocol": one["protocol"].as_str().unwrap_or("TCP")});
        if one["name"].is_string() {
            port["name"] = one["name"].clone();
        }
        port
    })
    .collect()
}

fn put_endpoints(store: &mut Store, service: &Value, own: &[Value], now: Timestamp) {
    let address = |pod: &&Value| json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": reference(pod)});
    let mut subset = json!({"ports": ports(service, own)});
    for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
        let all: Vec<Value> = own.iter().filter(|pod| pods::ready(pod) == ready).map(|pod| address(&pod)).collect();
        if !all.is_empty() {
            subset[field] = json!(all);
        }
    }
    let mut object =
        json!({"metadata": {"name": service["metadata"]["name"], "labels": service["metadata"]["labels"]}});
    if !own.is_empty() {
        object["subsets"] = json!([subset]);
    }
    if object["metadata"]["labels"].is_null()
        && let Some(metadata) = object["metadata"].as_object_mut()
    {
        metadata.remove("labels");
    }
    store.put(now, "endpoints", service["metadata"]["namespace"].as_str(), object);
}

fn put_slice(store: &mut Store, service: &Value, name: &str, own: &[Value], now: Timestamp) {
    let Some(services) = kinds::by_plural("services") else { return };
    let endpoint = |pod: &Value| {
        let (ready, leaving) = (pods::ready(pod), owners::leaving(pod));
        json!({
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": ready, "serving": ready || leaving, "terminating": leaving},
            "nodeName": pod["spec"]["nodeName"], "targetRef": reference(pod),
        })
    };
    let object = json!({
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/service-name": service["metadata"]["name"],
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [owners::reference(services, service)],
        },
        "addressType": "IPv4",
        "endpoints": own.iter().map(endpoint).collect::<Vec<_>>(),
        "ports": ports(service, own),
    });
    store.put(now, "endpointslices", service["metadata"]["namespace"].as_str(), object);
}
