//! The record of kinds: which kinds of objects berth has ever applied for workloads, so that what the files have no more is found.
//!
//! It is one ConfigMap of the cluster, with a key for each kind, and only grows: two runs that write at once cannot lose a kind.

use std::collections::BTreeMap;

use berth_core::actions::kube::Manifest;
use berth_core::manifests::workloads::LABEL;
use berth_core::run::Fault;
use kube::Client;
use serde::Deserialize;
use serde_json::json;

use crate::apply::OWNER;
use crate::classify;
use crate::wire::{self, Change};

const COLLECTION: &str = "/api/v1/namespaces/kube-system/configmaps";
/// Its name in `kube-system`.
pub const NAME: &str = "berth-workloads";
const READ: &str = "read the record of kinds kube-system/berth-workloads";
const WRITE: &str = "write the record of kinds kube-system/berth-workloads";

/// The kinds on record, as API version and kind.
pub(crate) async fn kinds(client: &Client) -> Result<Vec<(String, String)>, Fault> {
    let found: Option<Rows> = wire::find(client, &format!("{COLLECTION}/{NAME}"), READ).await?;
    let rows = found.into_iter().flat_map(|found| found.data.into_values());
    Ok(rows
        .filter_map(|row| row.split_once(' ').map(|(version, kind)| (version.to_owned(), kind.to_owned())))
        .collect())
}

/// Puts the kinds of these objects on record, before the first of them is applied; objects that are no workloads do not count.
pub(crate) async fn keep(client: &Client, objects: &[Manifest]) -> Result<(), Fault> {
    let mut wanted = BTreeMap::new();
    for object in objects.iter().filter(|object| object.value()["metadata"]["labels"][LABEL].is_string()) {
        let reference = object.reference();
        let key = match reference.group() {
            "" => reference.kind.clone(),
            group => format!("{}.{group}", reference.kind),
        };
        wanted.insert(key, format!("{} {}", reference.api_version, reference.kind));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": wanted});
    let path = format!("{COLLECTION}?fieldManager={OWNER}");
    let refused = match wire::change::<Rows>(client, Change::Create, &path, body.to_string().into()).await {
        Ok(_) => return Ok(()),
        // It stands, and is added to; what it has already is no change. Who may not make it may still add to it.
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 409) => status,
        Err(error) => return Err(classify::fault(WRITE, error)),
    };
    let path = format!("{COLLECTION}/{NAME}?fieldManager={OWNER}");
    let body = json!({"data": wanted}).to_string().into();
    match wire::change::<Rows>(client, Change::Merge, &path, body).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Err(classify::fault(WRITE, kube::Error::Api(refused))),
        Err(error) => Err(classify::fault(WRITE, error)),
    }
}

#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    data: BTreeMap<String, String>,
}
