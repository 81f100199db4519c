//! Services.

use serde_json::{Value, json};

use crate::kube::failure::Cause;

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
    if spec["sessionAffinity"] == "ClientIP" && spec["sessionAffinityConfig"].is_null() {
        spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": 10_800}});
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
        let balanced = spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] == false;
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten().filter(|_| !balanced);
        for (port, free) in ports.zip(number..).filter(|(port, _)| port["nodePort"].is_null()) {
            port["nodePort"] = json!(30_000 + free % 2768);
        }
    }
    if spec["type"] == "LoadBalancer"
        && spec["externalTrafficPolicy"] == "Local"
        && spec["healthCheckNodePort"].is_null()
    {
        spec["healthCheckNodePort"] = json!(30_000 + (number + 1_384) % 2768);
    }
    if spec["type"] == "ExternalName" || spec["clusterIP"].is_string() {
        return;
    }
    let address = format!("10.96.{}.{}", (number / 250) % 256, number % 250 + 2);
    spec["clusterIPs"] = json!([address]);
    spec["clusterIP"] = json!(address);
}

/// Brings a changed service's addresses and ports in line with its type.
pub(crate) fn readmit(object: &mut Value, current: &Value) {
    let external = |service: &Value| service["spec"]["type"] == "ExternalName";
    let open = |service: &Value| matches!(service["spec"]["type"].as_str(), Some("NodePort" | "LoadBalancer"));
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if !external(current) && spec.get("type").is_none_or(|own| own != "ExternalName") {
        for field in ["clusterIP", "clusterIPs"] {
            if let (None, Some(old)) = (spec.get(field), current["spec"].get(field)) {
                spec.insert(field.to_owned(), old.clone());
            }
        }
    }
    let old = current["spec"]["ports"].as_array().map_or(&[][..], Vec::as_slice);
    let had = |port: &Value| old.iter().find(|own| own["port"] == port["port"] && own["protocol"] == port["protocol"]);
    if open(current) && !open(object) {
        for port in object.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
            let same = had(port).is_some_and(|own| own["nodePort"] == port["nodePort"]);
            if let (true, Some(fields)) = (same, port.as_object_mut()) {
                fields.remove("nodePort");
            }
        }
        if let Some(spec) = object["spec"].as_object_mut() {
            for field in ["externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"] {
                spec.remove(field);
            }
        }
    } else if open(object) {
        for port in object.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if let (true, Some(own)) = (port["nodePort"].is_null(), had(port)) {
                port["nodePort"] = own["nodePort"].clone();
            }
        }
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let number = uid.bytes().fold(7, |sum, byte| sum * 31 % 99_991 + u64::from(byte));
        assign(object, number);
    }
}

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

pub(crate) fn validate(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let ports = spec["ports"].as_array().map_or(&[][..], Vec::as_slice);
    if ports.is_empty() && spec["type"] != "ExternalName" && spec["clusterIP"] != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        if ports.len() > 1 && port["name"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{at}.name"), ""));
        }
        if !port["port"].as_i64().is_some_and(|number| (1..=65_535).contains(&number)) {
            let number = json!(port["port"].as_i64().unwrap_or_default());
            causes.push(Cause::invalid(format!("{at}.port"), &number, "must be between 1 and 65535, inclusive"));
        }
    }
    for (index, port) in ports.iter().enumerate() {
        let same = |other: &&Value| other["port"] == port["port"] && other["protocol"] == port["protocol"];
        if ports[..index].iter().any(|other| same(&other)) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                port["protocol"], port["port"]
            );
            causes.push(Cause::duplicate(format!("spec.ports[{index}]"), &shown, ""));
        }
    }
    if !causes.is_empty() {
        return;
    }
    for (index, port) in ports.iter().enumerate() {
        if port["nodePort"].as_i64().is_some_and(|number| number != 0 && !NODE_PORTS.contains(&number)) {
            let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
            causes.push(Cause::invalid(format!("spec.ports[{index}].nodePort"), &port["nodePort"], why));
        }
    }
    if let Some(address) = spec["clusterIP"].as_str().filter(|address| *address != "None")
        && !address.is_empty()
        && !address.starts_with("10.96.")
    {
        let why = format!("failed to allocate IP {address}: the provided network does not match the current range");
        causes.push(Cause::invalid("spec.clusterIPs", &json!([address]), &why));
    }
}

/// Node ports that other services have already.
pub(crate) fn validate_node_ports<'a>(object: &Value, others: impl Iterator<Item = &'a Value>) -> Vec<Cause> {
    let numbers = |service: &Value| -> Vec<Value> {
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        ports.map(|port| port["nodePort"].clone()).collect()
    };
    let uid = &object["metadata"]["uid"];
    let taken: Vec<Value> = others.filter(|other| other["metadata"]["uid"] != *uid).flat_map(numbers).collect();
    numbers(object)
        .iter()
        .enumerate()
        .filter(|(_, number)| number.is_u64() && taken.contains(number))
        .map(|(index, number)| {
            Cause::invalid(format!("spec.ports[{index}].nodePort"), number, "provided port is already allocated")
        })
        .collect()
}

/// An address stays with its service.
pub(crate) fn validate_update(object: &Value, current: &Value, causes: &mut Vec<Cause>) {
    let (new, old) = (&object["spec"], &current["spec"]);
    let given = old["clusterIP"].as_str().is_some_and(|address| !address.is_empty());
    if given && new["type"] != "ExternalName" && new["clusterIP"] != old["clusterIP"] {
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!([new["clusterIP"]]), "may not change once set"));
    }
}
