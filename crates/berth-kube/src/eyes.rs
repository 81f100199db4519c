//! Reading a cluster through its Kubernetes API.

use berth_core::observed::ObservedNode;
use berth_core::run::Fault;
use kube::Client;
use serde::Deserialize;

use crate::classify;
use crate::node::NodeItem;
use crate::pages::{self, Choice};
use crate::wire;

const LIST_NODES: &str = "list nodes";

/// All nodes of the cluster, page by page; only what the checks need is kept, so memory stays small.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn nodes(client: &Client) -> Result<Vec<ObservedNode>, Fault> {
    let keep = |item: NodeItem| item.observed().map_err(|strange| classify::strange_answer(LIST_NODES, strange.line()));
    pages::list(client, "/api/v1/nodes", Choice::default(), LIST_NODES, keep).await
}

/// The version the API server says it has, such as `v1.33.5-gke.1080000`; also the cheapest question to ask a cluster.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn version(client: &Client) -> Result<String, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let version: Version = wire::get(client, "/version", "read the cluster's version").await?;
    Ok(version.git_version)
}
