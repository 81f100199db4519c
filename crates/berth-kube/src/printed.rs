//! Whole pods, and what they have printed.

use berth_core::run::{Fault, FaultKind};
use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, Client};
use serde_json::Value;

use crate::apply::AT_ONCE;
use crate::classify;

/// Pods per page of a list.
const PAGE: u32 = 500;

/// All pods of a namespace, or of all namespaces.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn pods(client: &Client, namespace: Option<&str>) -> Result<Vec<Value>, Fault> {
    const TRIED: &str = "list pods";
    let api: Api<Pod> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let mut pods = Vec::new();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let found = api.list(&page).await.map_err(|error| classify::fault(TRIED, error))?;
        for pod in found.items {
            pods.push(serde_json::to_value(pod).map_err(|error| classify::strange_answer(TRIED, error.to_string()))?);
        }
        match found.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) if page.continue_token.as_ref() != Some(&token) => page.continue_token = Some(token),
            _ => return Ok(pods),
        }
    }
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
