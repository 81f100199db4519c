//! What a pod's containers have printed.

use serde_json::Value;

use crate::kube::controllers;
use crate::kube::failure::{Failure, Outcome};
use crate::kube::kinds;
use crate::kube::request::Reply;
use crate::kube::serving::Asked;
use crate::kube::store::Store;

/// GET of a pod's log; following ends at what there is now.
pub(crate) fn read(store: &Store, asked: &Asked<'_>) -> Outcome<Reply> {
    let name = asked.name.unwrap_or_default();
    let pod = store.object(asked.kind, &asked.key()).ok_or_else(|| Failure::not_found(asked.kind, name))?;
    let container = container(asked, name, pod)?;
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if node.is_empty() {
        return Ok(Reply::of(204, "text/plain", ""));
    }
    if let Some(reason) = waiting(pod, &container) {
        let why = format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}");
        return Err(Failure::bad_request(why));
    }
    let node = kinds::find("", "v1", "nodes").and_then(|kind| store.object(kind, node));
    let text = controllers::log(pod, node.map(|node| &**node), &container).unwrap_or_default();
    Ok(Reply::of(200, "text/plain", part(asked, &text)))
}

/// The container that is named, or the only one.
fn container(asked: &Asked<'_>, name: &str, pod: &Value) -> Outcome<String> {
    let names = |field: &str| -> Vec<&str> {
        pod["spec"][field].as_array().into_iter().flatten().filter_map(|own| own["name"].as_str()).collect()
    };
    let (own, first) = (names("containers"), names("initContainers"));
    match (asked.request.filled("container"), own.as_slice()) {
        (Some(wanted), _) if own.contains(&wanted) || first.contains(&wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => Err(Failure::bad_request(format!("container {wanted} is not valid for pod {name}"))),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => {
            let default = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str();
            if let Some(default) = default.filter(|default| own.contains(default)) {
                return Ok(default.to_owned());
            }
            let setup = if first.is_empty() {
                String::new()
            } else {
                format!(" or one of the init containers: [{}]", first.join(" "))
            };
            Err(Failure::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]{setup}",
                own.join(" ")
            )))
        }
    }
}

/// Why a container that never ran does not run.
fn waiting(pod: &Value, container: &str) -> Option<String> {
    let statuses = ["containerStatuses", "initContainerStatuses"];
    let status = statuses
        .iter()
        .flat_map(|field| pod["status"][*field].as_array().into_iter().flatten())
        .find(|status| status["name"] == container)?;
    if status["lastState"]["terminated"].is_object() {
        return None;
    }
    let state = status["state"]["waiting"].as_object()?;
    Some(match state.get("reason").and_then(Value::as_str) {
        Some(reason @ ("ErrImagePull" | "ImagePullBackOff")) => {
            format!("trying and failing to pull image ({reason})")
        }
        Some(reason) => reason.to_owned(),
        None => "ContainerCreating".to_owned(),
    })
}

/// The lines that are asked for.
fn part(asked: &Asked<'_>, text: &str) -> String {
    let Some(wanted) = asked.request.filled("tailLines").and_then(|count| count.parse::<usize>().ok()) else {
        return text.to_owned();
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines[lines.len().saturating_sub(wanted)..].concat()
}
