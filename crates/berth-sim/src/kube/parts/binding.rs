//! Binding a pod to a node by hand; neither the node nor its room is looked at.

use serde_json::{Value, json};

use super::done;
use crate::kube::failure::{Cause, Failure, Outcome};
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;
use crate::kube::{decode, kinds, time};

/// POST of a binding, to the pod or to the collection of bindings.
pub(crate) fn bind(store: &mut Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let binding = decode::plain(asked.request)?;
    let given = binding["metadata"]["name"].as_str().unwrap_or_default();
    let name = asked.name.unwrap_or(given);
    if name != given {
        return Err(Failure::bad_request("name in URL does not match name in Binding object"));
    }
    let node = binding["target"]["name"].as_str().unwrap_or_default();
    if node.is_empty() {
        return Err(Failure::invalid_as("", "Binding", name, &[Cause::required("target.name", "")]));
    }
    let kind = kinds::find("", "v1", "pods").ok_or_else(Failure::no_resource)?;
    let key = kind.key(asked.namespace, name);
    let pod = store.object(kind, &key).ok_or_else(|| Failure::not_found(kind, name))?;
    let mut pod = Value::clone(pod);
    let refuse = |why: String| {
        let message = format!("Operation cannot be fulfilled on pods/binding \"{name}\": {why}");
        let mut failure = Failure::new(409, Some("Conflict"), message);
        failure.details = Some(json!({"name": name, "kind": "pods/binding"}));
        Err(failure)
    };
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return refuse(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if let Some(own) = pod["spec"]["nodeName"].as_str().filter(|own| !own.is_empty()) {
        return refuse(format!("pod {name} is already assigned to node \"{own}\""));
    }
    if pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
        return refuse(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    pod["spec"]["nodeName"] = json!(node);
    for (label, value) in binding["metadata"]["annotations"].as_object().into_iter().flatten() {
        pod["metadata"]["annotations"][label] = value.clone();
    }
    scheduled(&mut pod, &time::seconds(asked.now));
    if !asked.request.dry_run() {
        store.write(kind, key, Some(pod));
    }
    Ok(done())
}

/// A bound pod counts as scheduled.
fn scheduled(pod: &mut Value, now: &str) {
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now});
    let conditions = &mut pod["status"]["conditions"];
    match conditions.as_array_mut() {
        Some(list) => {
            list.retain(|own| own["type"] != "PodScheduled");
            list.push(condition);
        }
        None => *conditions = json!([condition]),
    }
}
