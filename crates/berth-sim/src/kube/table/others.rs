//! The rows of storage, networks, roles and revisions.

use serde_json::{Value, json};

use super::cells::{NONE, number, text, text_or};
use super::workloads::selector;

const UNSET: &str = "<unset>";

pub(crate) fn claim(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let bound = spec["volumeName"].as_str().is_some_and(|volume| !volume.is_empty());
    let ending = object["metadata"]["deletionTimestamp"].is_string();
    vec![
        name,
        json!(if ending { "Terminating" } else { text(&status["phase"]) }),
        json!(text(&spec["volumeName"])),
        json!(if bound { text(&status["capacity"]["storage"]) } else { "" }),
        json!(if bound { modes(&status["accessModes"]) } else { String::new() }),
        json!(text(&spec["storageClassName"])),
        text_or(&spec["volumeAttributesClassName"], UNSET),
        since,
        text_or(&spec["volumeMode"], UNSET),
    ]
}

pub(crate) fn volume(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let claim = &spec["claimRef"];
    let claim = if claim.is_object() {
        format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]))
    } else {
        String::new()
    };
    let ending = object["metadata"]["deletionTimestamp"].is_string();
    vec![
        name,
        json!(text(&spec["capacity"]["storage"])),
        json!(modes(&spec["accessModes"])),
        json!(text(&spec["persistentVolumeReclaimPolicy"])),
        json!(if ending { "Terminating" } else { text(&status["phase"]) }),
        json!(claim),
        json!(text(&spec["storageClassName"])),
        text_or(&spec["volumeAttributesClassName"], UNSET),
        json!(text(&status["reason"])),
        since,
        text_or(&spec["volumeMode"], UNSET),
    ]
}

/// `RWO,ROX`.
fn modes(list: &Value) -> String {
    const SHORT: &[(&str, &str)] =
        &[("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let given = list.as_array().map_or(&[][..], Vec::as_slice);
    let all: Vec<&str> =
        SHORT.iter().filter(|(mode, _)| given.iter().any(|own| own == mode)).map(|(_, short)| *short).collect();
    all.join(",")
}

pub(crate) fn storage_class(object: &Value, name: Value, since: Value) -> Vec<Value> {
    const MARK: &str = "storageclass.kubernetes.io/is-default-class";
    let default = object["metadata"]["annotations"][MARK] == "true";
    vec![
        if default { json!(format!("{} (default)", text(&name))) } else { name },
        object["provisioner"].clone(),
        object["reclaimPolicy"].clone(),
        object["volumeBindingMode"].clone(),
        json!(object["allowVolumeExpansion"] == true),
        since,
    ]
}

pub(crate) fn csi_driver(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let spec = &object["spec"];
    let flag = |field: &str, usual: bool| json!(spec[field].as_bool().unwrap_or(usual));
    let list = |field: &str, item: fn(&Value) -> &str, none: &str| {
        let all: Vec<&str> = spec[field].as_array().into_iter().flatten().map(item).collect();
        json!(if all.is_empty() { none.to_owned() } else { all.join(",") })
    };
    vec![
        name,
        flag("attachRequired", true),
        flag("podInfoOnMount", false),
        flag("storageCapacity", false),
        list("tokenRequests", |request| text(&request["audience"]), UNSET),
        flag("requiresRepublish", false),
        list("volumeLifecycleModes", text, NONE),
        since,
    ]
}

pub(crate) fn attachment(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let spec = &object["spec"];
    vec![
        name,
        spec["attacher"].clone(),
        json!(text(&spec["source"]["persistentVolumeName"])),
        spec["nodeName"].clone(),
        json!(object["status"]["attached"] == true),
        since,
    ]
}

pub(crate) fn ingress(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let spec = &object["spec"];
    let rules = spec["rules"].as_array().map_or(&[][..], Vec::as_slice);
    let hosts: Vec<&str> = rules.iter().filter_map(|rule| rule["host"].as_str()).collect();
    let points = object["status"]["loadBalancer"]["ingress"].as_array().into_iter().flatten();
    let addresses: Vec<&str> = points.filter_map(|point| point["ip"].as_str().or(point["hostname"].as_str())).collect();
    let secure = spec["tls"].as_array().is_some_and(|tls| !tls.is_empty());
    vec![
        name,
        text_or(&spec["ingressClassName"], NONE),
        json!(if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") }),
        json!(addresses.join(",")),
        json!(if secure { "80, 443" } else { "80" }),
        since,
    ]
}

pub(crate) fn ingress_class(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let parameters = &object["spec"]["parameters"];
    let shown = if parameters.is_object() {
        let group = text(&parameters["apiGroup"]);
        let dot = if group.is_empty() { "" } else { "." };
        format!("{}{dot}{group}/{}", text(&parameters["kind"]), text(&parameters["name"]))
    } else {
        NONE.to_owned()
    };
    vec![name, object["spec"]["controller"].clone(), json!(shown), since]
}

pub(crate) fn network_policy(object: &Value, name: Value, since: Value) -> Vec<Value> {
    vec![name, selector(&object["spec"]["podSelector"]), since]
}

/// At most so many addresses are shown.
const MOST: usize = 3;

pub(crate) fn endpoints(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in object["subsets"].as_array().into_iter().flatten() {
        for address in subset["addresses"].as_array().into_iter().flatten() {
            let ports = subset["ports"].as_array().map_or(&[][..], Vec::as_slice);
            if ports.is_empty() {
                all.push(text(&address["ip"]).to_owned());
            }
            all.extend(ports.iter().map(|port| format!("{}:{}", text(&address["ip"]), port["port"])));
        }
    }
    vec![name, json!(shortened(&all, NONE)), since]
}

pub(crate) fn endpoint_slice(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let list = |field: &str| object[field].as_array().map_or(&[][..], Vec::as_slice);
    let ports: Vec<String> = list("ports")
        .iter()
        .map(|port| port["port"].as_i64().map_or("*".to_owned(), |port| port.to_string()))
        .collect();
    let addresses: Vec<String> = list("endpoints")
        .iter()
        .flat_map(|endpoint| endpoint["addresses"].as_array().into_iter().flatten())
        .map(|address| text(address).to_owned())
        .collect();
    vec![
        name,
        object["addressType"].clone(),
        json!(shortened(&ports, UNSET)),
        json!(shortened(&addresses, UNSET)),
        since,
    ]
}

fn shortened(all: &[String], none: &str) -> String {
    match all {
        [] => none.to_owned(),
        _ if all.len() > MOST => format!("{} + {} more...", all[..MOST].join(","), all.len() - MOST),
        _ => all.join(","),
    }
}

pub(crate) fn binding(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let role = &object["roleRef"];
    let subjects = |kind: &str| {
        let all = object["subjects"].as_array().into_iter().flatten().filter(|subject| subject["kind"] == kind);
        let names = all.map(|subject| match subject["namespace"].as_str() {
            Some(namespace) if kind == "ServiceAccount" => format!("{namespace}/{}", text(&subject["name"])),
            _ => text(&subject["name"]).to_owned(),
        });
        json!(names.collect::<Vec<_>>().join(", "))
    };
    let role = json!(format!("{}/{}", text(&role["kind"]), text(&role["name"])));
    vec![name, role, since, subjects("User"), subjects("Group"), subjects("ServiceAccount")]
}

pub(crate) fn revision(object: &Value, name: Value, since: Value) -> Vec<Value> {
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let owner = owners.into_iter().find(|owner| owner["controller"] == true).map_or_else(
        || NONE.to_owned(),
        |owner| {
            let group = text(&owner["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
            let dot = if group.is_empty() { "" } else { "." };
            format!("{}{dot}{group}/{}", text(&owner["kind"]).to_lowercase(), text(&owner["name"]))
        },
    );
    vec![name, json!(owner), number(&object["revision"]), since]
}
