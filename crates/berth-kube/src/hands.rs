//! Changing a cluster through its Kubernetes API: applying whole objects, deleting them, and giving back what they hold in the cloud.

use berth_core::actions::kube::{KubeAction, KubeObjectRef};
use berth_core::run::{Fault, FaultKind};
use http::Request;
use kube::Client;
use serde_json::Value;

use crate::classify;

/// Field owner of everything berth applies.
const OWNER: &str = "berth";
/// Objects per page of a list.
const PAGE: u32 = 500;

/// How far an action is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Going {
    /// It is complete.
    Done,
    /// It has to be asked again; with what it waits for, if that can be said.
    Waiting(Option<String>),
}

impl From<bool> for Going {
    fn from(complete: bool) -> Self {
        if complete { Self::Done } else { Self::Waiting(None) }
    }
}

/// Carries an action out, or goes on with it.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn carry_out(client: &Client, action: &KubeAction) -> Result<Going, Fault> {
    match action {
        KubeAction::ApplyObjects { objects, about, .. } => {
            let mut in_force = true;
            for object in objects {
                in_force &= is_in_force(&apply(client, object.value(), about).await?);
            }
            Ok(in_force.into())
        }
        KubeAction::AwaitRollouts { about, .. } => {
            Err(classify::strange_answer(&format!("wait for {about}"), "rollouts cannot be followed".to_owned()))
        }
        KubeAction::DeleteObjects { objects, about, .. } => {
            let mut gone = true;
            for object in objects {
                gone &= delete(client, &path(object), &format!("delete {about}")).await?;
            }
            Ok(gone.into())
        }
        KubeAction::ReleaseCloudObjects { .. } => release(client).await.map(Going::from),
    }
}

/// An annotation of an object; `None` if the object or the annotation is not there.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn annotation(client: &Client, object: &KubeObjectRef, key: &str) -> Result<Option<String>, Fault> {
    let tried = format!("read {} {}", object.kind, object.name);
    match send(client, "GET", &path(object), None, &tried).await {
        Ok(found) => Ok(found["metadata"]["annotations"][key].as_str().map(str::to_owned)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// All objects of these API versions and kinds, in all namespaces, with the labels of a selector; whole, with their kind.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn labelled(client: &Client, kinds: &[(&str, &str)], selector: &str) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    for (api_version, kind) in kinds {
        let path = collection(api_version, None, kind);
        for mut object in list(client, &path, Some(selector), &format!("list {kind} objects")).await? {
            // Items of a list do not say what they are.
            object["apiVersion"] = (*api_version).into();
            object["kind"] = (*kind).into();
            found.push(object);
        }
    }
    Ok(found)
}

/// Whether an applied object does its work: a quota limits nothing before its controller has seen it.
fn is_in_force(object: &Value) -> bool {
    object["kind"] != "ResourceQuota" || object["spec"]["hard"] == object["status"]["hard"]
}

async fn apply(client: &Client, object: &Value, about: &str) -> Result<Value, Fault> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    let reference = KubeObjectRef {
        api_version: text(&object["apiVersion"]),
        kind: text(&object["kind"]),
        namespace: metadata["namespace"].as_str().map(str::to_owned),
        name: text(&metadata["name"]),
    };
    // Forced, because a field somebody else took over is one the file speaks about.
    let path = format!("{}?fieldManager={OWNER}&force=true", path(&reference));
    let tried = format!("apply {} of {about}", reference.kind);
    send(client, "PATCH", &path, Some(object), &tried).await
}

/// Deletes an object; true once it is gone.
async fn delete(client: &Client, path: &str, tried: &str) -> Result<bool, Fault> {
    match send(client, "DELETE", &format!("{path}?propagationPolicy=Background"), None, tried).await {
        // What finalizers hold is still there and says so; a second look tells when it is gone.
        Ok(_) => Ok(false),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// Deletes what holds load balancers, and claims; true once no load balancer is held any more.
///
/// Claims in use go when their pods do, so nobody waits for them here. A server that cannot be reached or does not know us any
/// more releases nothing: what is left is then taken away through the cloud.
async fn release(client: &Client) -> Result<bool, Fault> {
    match release_all(client).await {
        Err(fault) if cannot_be_reached(fault.kind) => Ok(true),
        other => other,
    }
}

fn cannot_be_reached(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Lost | FaultKind::Unavailable | FaultKind::Denied | FaultKind::Credentials)
}

async fn release_all(client: &Client) -> Result<bool, Fault> {
    let mut released = true;
    for service in list(client, "/api/v1/services", None, "list services").await? {
        if service["spec"]["type"] == "LoadBalancer" {
            delete_listed(client, "/api/v1", "services", &service).await?;
            released = false;
        }
    }
    for ingress in list(client, "/apis/networking.k8s.io/v1/ingresses", None, "list ingresses").await? {
        delete_listed(client, "/apis/networking.k8s.io/v1", "ingresses", &ingress).await?;
        released = false;
    }
    for claim in list(client, "/api/v1/persistentvolumeclaims", None, "list claims").await? {
        delete_listed(client, "/api/v1", "persistentvolumeclaims", &claim).await?;
    }
    Ok(released)
}

async fn delete_listed(client: &Client, api: &str, plural: &str, object: &Value) -> Result<(), Fault> {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("{api}/namespaces/{namespace}/{plural}/{name}");
    delete(client, &path, &format!("delete {plural} {namespace}/{name}")).await.map(drop)
}

/// All objects of a kind, page by page; a kind the server does not have has none.
async fn list(client: &Client, path: &str, selector: Option<&str>, tried: &str) -> Result<Vec<Value>, Fault> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let mut page = match send(client, "GET", &page_of(path, selector, &next), None, tried).await {
            Ok(page) => page,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(items),
            Err(fault) => return Err(fault),
        };
        if let Some(more) = page["items"].as_array_mut() {
            items.append(more);
        }
        match page["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() && token != next => token.clone_into(&mut next),
            _ => return Ok(items),
        }
    }
}

fn page_of(path: &str, selector: Option<&str>, next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    if let Some(selector) = selector {
        query.append_pair("labelSelector", selector);
    }
    if !next.is_empty() {
        query.append_pair("continue", next);
    }
    format!("{path}?{}", query.finish())
}

/// Path of an object.
fn path(object: &KubeObjectRef) -> String {
    format!("{}/{}", collection(&object.api_version, object.namespace.as_deref(), &object.kind), object.name)
}

/// Path of all objects of a kind; its plural follows English for all kinds berth applies.
fn collection(api_version: &str, namespace: Option<&str>, kind: &str) -> String {
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    let kind = kind.to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    };
    format!("{root}/{api_version}{namespace}/{plural}")
}

async fn send(client: &Client, method: &str, path: &str, body: Option<&Value>, tried: &str) -> Result<Value, Fault> {
    let strange = |said: String| classify::strange_answer(tried, said);
    let bytes = match body {
        Some(body) => serde_json::to_vec(body).map_err(|error| strange(error.to_string()))?,
        None => Vec::new(),
    };
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header(http::header::CONTENT_TYPE, "application/apply-patch+yaml");
    }
    let request = request.body(bytes).map_err(|error| strange(error.to_string()))?;
    client.request::<Value>(request).await.map_err(|error| classify::fault(tried, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_a_table() {
        let refs = berth_core::manifests::device_plugin::refs();
        let mut paths: Vec<String> = refs.iter().map(path).collect();
        paths.push(collection("scheduling.k8s.io/v1", None, "PriorityClass"));
        paths.push(collection("networking.k8s.io/v1", Some("ai"), "NetworkPolicy"));
        insta::assert_snapshot!(paths.join("\n"));
    }
}
