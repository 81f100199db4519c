//! Making a namespace that must not be there yet.

use berth_core::run::Fault;
use kube::Client;
use serde_json::Value;

use crate::classify;
use crate::wire::{self, Change};

/// Makes a namespace; `false` if one of its name is there already: of two who want it at once, one gets `true`.
///
/// # Errors
/// The caller may not create namespaces, the server refuses the object, or does not answer.
pub async fn create_namespace(client: &Client, namespace: &Value) -> Result<bool, Fault> {
    let tried = format!("create namespace {}", namespace["metadata"]["name"].as_str().unwrap_or_default());
    let path = "/api/v1/namespaces?fieldManager=berth";
    match wire::change::<Value>(client, Change::Create, path, namespace.to_string().into_bytes()).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(classify::fault(&tried, error)),
    }
}
