//! Services.

use serde_json::{Value, json};

/// The service through which pods reach the API server.
pub(crate) fn api_server() -> Value {
    let mut object = json!({
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": 16443}],
            "clusterIP": "10.96.0.1",
        },
    });
    complete(&mut object);
    object
}

/// Fills in the defaults; the cluster IP itself is assigned by [`assign`].
pub(crate) fn complete(object: &mut Value) {
    let spec = &mut object["spec"];
    if !spec.is_object() {
        *spec = json!({});
    }
    for (field, value) in [("type", "ClusterIP"), ("sessionAffinity", "None")] {
        if spec[field].is_null() {
            spec[field] = json!(value);
        }
    }
    if matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) && spec["externalTrafficPolicy"].is_null() {
        spec["externalTrafficPolicy"] = json!("Cluster");
    }
    if spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"].is_null() {
        spec["allocateLoadBalancerNodePorts"] = json!(true);
    }
    if spec["type"] != "ExternalName" {
        if spec["internalTrafficPolicy"].is_null() {
            spec["internalTrafficPolicy"] = json!("Cluster");
        }
        if spec["ipFamilies"].is_null() {
            spec["ipFamilies"] = json!(["IPv4"]);
        }
        if spec["ipFamilyPolicy"].is_null() {
            spec["ipFamilyPolicy"] = json!("SingleStack");
        }
    }
    if let Some(ports) = spec.get_mut("ports").and_then(Value::as_array_mut) {
        for port in ports {
            if port["protocol"].is_null() {
                port["protocol"] = json!("TCP");
            }
            if port["targetPort"].is_null() || port["targetPort"] == 0 {
                port["targetPort"] = port["port"].clone();
            }
        }
    }
    if let Some(address) = spec["clusterIP"].as_str() {
        spec["clusterIPs"] = json!([address]);
    }
    if !object["status"].is_object() {
        object["status"] = json!({"loadBalancer": {}});
    }
    for point in object.pointer_mut("/status/loadBalancer/ingress").and_then(Value::as_array_mut).into_iter().flatten()
    {
        if point["ip"].is_string() && point["ipMode"].is_null() {
            point["ipMode"] = json!("VIP");
        }
    }
}

/// Gives a new service an address and its ports node ports of their own.
pub(crate) fn assign(object: &mut Value, number: u64) {
    let spec = &mut object["spec"];
    if matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer")) {
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
        for (port, free) in ports.zip(number..).filter(|(port, _)| port["nodePort"].is_null()) {
            port["nodePort"] = json!(30_000 + free % 2768);
        }
    }
    if spec["type"] == "ExternalName" || spec["clusterIP"].is_string() {
        return;
    }
    let address = format!("10.96.{}.{}", (number / 250) % 256, number % 250 + 2);
    spec["clusterIPs"] = json!([address]);
    spec["clusterIP"] = json!(address);
}
