//! Whole pods, and what they have printed.

use berth_core::run::{Fault, FaultKind};
use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use kube::{Api, Client};
use serde_json::Value;

use crate::apply::AT_ONCE;
use crate::classify;
use crate::pages::{self, Choice};

/// All pods of a namespace, or of all namespaces.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn pods(client: &Client, namespace: Option<&str>) -> Result<Vec<Value>, Fault> {
    let path = namespace.map_or_else(|| "/api/v1/pods".to_owned(), |name| format!("/api/v1/namespaces/{name}/pods"));
    pages::list_whole(client, &path, Choice::default(), "list pods").await
}

/// What these pods of a namespace have printed so far, by name; nothing of one that has not begun or is gone.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn printed(client: &Client, namespace: &str, names: &[String]) -> Result<Vec<(String, String)>, Fault> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let asked = stream::iter(names).map(|name| {
        let api = api.clone();
        async move {
            let read = api.logs(name, &LogParams::default()).await;
            let text = read.or_else(|error| {
                let fault = classify::fault(&format!("read what pod {namespace}/{name} has printed"), error);
                // A container that has not begun has no log, which the kubelet says in ways of its own.
                if matches!(fault.kind, FaultKind::NotFound | FaultKind::Refused) {
                    Ok(String::new())
                } else {
                    Err(fault)
                }
            });
            text.map(|text| (name.clone(), text))
        }
    });
    asked.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
}
