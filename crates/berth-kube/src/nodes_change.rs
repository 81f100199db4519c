//! Nodes that berth did not make: how they stand, and their labels and taints changed without losing anybody else's.

use std::collections::BTreeMap;

use berth_core::actions::kube::NodeWish;
use berth_core::manifests::device_plugin::{self, HASH_KEY, NAME};
use berth_core::observed::{ForeignPlugin, Standing, StandingNode};
use berth_core::rules::existing::nodes::{NodeChange, RECORD, settle};
use berth_core::rules::existing::plugin::FILE_KEY;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::{GPU_RESOURCE, Taint};
use futures::StreamExt;
use futures::stream;
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::apply::{AT_ONCE, OWNER};
use crate::classify;
use crate::hands::Going;
use crate::look;
use crate::pages::{self, Choice};
use crate::wire::{self, Change};

/// How often a node is read again because somebody else changed it in between.
const TRIES: u32 = 5;
/// What the images of NVIDIA's plugin, of Google's, and of NVIDIA's operator are called.
const PLUGIN_IMAGES: [&str; 3] = ["k8s-device-plugin", "nvidia-gpu-device-plugin", "gpu-operator"];

/// What a cluster has that berth did not make, and the hash of the device plugin that was applied for this file, if anything of it
/// is there; empty if not all of it is.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn standing(client: &Client, file: &str) -> Result<(Standing, Option<String>), Fault> {
    let mut standing = Standing::default();
    let nodes =
        pages::list(client, "/api/v1/nodes", Choice::default(), "list nodes", |node: NodeObject| Ok(node.seen()));
    standing.nodes = nodes.await?;
    let mut own = own_plugin(client, file, &mut standing).await?;
    for kind in ["DaemonSet", "Deployment"] {
        let path = format!("/apis/apps/v1/{}s", kind.to_lowercase());
        let tried = format!("list {kind} objects");
        for object in pages::list_whole::<Owner>(client, &path, Choice::default(), &tried).await? {
            let metadata = &object.metadata;
            if metadata.name == NAME && metadata.annotations.get(FILE_KEY).is_some_and(|name| name == file) {
                // It is applied last, with the hash of all.
                own = Some(metadata.annotations.get(HASH_KEY).cloned().unwrap_or_default());
            } else if object.is_plugin() {
                let words = format!("{kind} {}/{}", metadata.namespace, metadata.name);
                standing.plugins.push(ForeignPlugin { words });
            }
        }
    }
    Ok((standing, own))
}

/// Whether anything of the device plugin is there for this file: a run may have been cut short anywhere, so each object counts.
/// What is there for another file is claimed.
async fn own_plugin(client: &Client, file: &str, standing: &mut Standing) -> Result<Option<String>, Fault> {
    let refs = device_plugin::refs();
    let calls: Vec<_> = refs.iter().map(|object| look::annotation(client, object, FILE_KEY)).collect();
    let files: Vec<Result<Option<String>, Fault>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
    let mut own = None;
    for (object, of) in refs.into_iter().zip(files) {
        match of {
            Ok(Some(of)) if of == file => own = Some(String::new()),
            Ok(Some(of)) => drop(standing.claimed.insert(object, of)),
            // Who may not even look at it has not put it there, and no file without GPUs needs to know.
            Err(fault) if fault.kind != FaultKind::Denied => return Err(fault),
            Ok(None) | Err(_) => {}
        }
    }
    Ok(own)
}

/// Makes nodes have what is wished; done at once, node by node.
pub(crate) async fn change(client: &Client, file: &str, wishes: &[NodeWish], force: bool) -> Result<Going, Fault> {
    let calls: Vec<_> = wishes.iter().map(|wish| change_one(client, file, wish, force)).collect();
    let outcomes: Vec<Result<(), Fault>> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().collect::<Result<(), Fault>>()?;
    Ok(Going::Done)
}

async fn change_one(client: &Client, file: &str, wish: &NodeWish, force: bool) -> Result<(), Fault> {
    let path = format!("/api/v1/nodes/{}", wish.node);
    let tried = format!("label and taint node {}", wish.node);
    let mut last = None;
    for _ in 0..TRIES {
        // A node that has gone bears nothing any more.
        let Some(live) = wire::find::<Value>(client, &path, &tried).await? else { return Ok(()) };
        let node: NodeObject = serde_json::from_value(live.clone())
            .map_err(|error| classify::strange_answer(&tried, format!("the answer cannot be read: {error}")))?;
        let change = settle(&node.seen(), file, wish, force).map_err(|lines| refused(&tried, &lines))?;
        if change.is_empty() {
            return Ok(());
        }
        let body = patch(&live, &change).to_string().into_bytes();
        match wire::change::<Value>(client, Change::Merge, &format!("{path}?fieldManager={OWNER}"), body).await {
            Ok(_) => return Ok(()),
            // Its resource version has moved on: the kubelet and others write too.
            Err(kube::Error::Api(status)) if status.code == 409 => last = Some(kube::Error::Api(status)),
            Err(error) => return Err(classify::fault(&tried, error)),
        }
    }
    Err(last.map_or_else(|| refused(&tried, &[]), |error| classify::fault(&tried, error)))
}

fn refused(tried: &str, lines: &[String]) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        tried: tried.to_owned(),
        said: lines.join("; "),
        left_behind: LeftBehind::Nothing,
        retry: Retry::Never,
    }
}

/// A merge patch. Taints are one list that is replaced whole, so it only holds for the version of the node that was read.
fn patch(live: &Value, change: &NodeChange) -> Value {
    let mut patch = json!({"metadata": {"resourceVersion": live["metadata"]["resourceVersion"]}});
    if !change.labels.is_empty() {
        patch["metadata"]["labels"] = json!(change.labels);
    }
    if let Some(record) = &change.record {
        patch["metadata"]["annotations"] = json!({RECORD: record});
    }
    if !change.taints_off.is_empty() || !change.taints_on.is_empty() {
        // Fields that are not ours stay, such as when a taint was added.
        let mut taints = live["spec"]["taints"].as_array().cloned().unwrap_or_default();
        taints.retain(|taint| !change.taints_off.iter().any(|off| is_same(taint, off)));
        taints.extend(change.taints_on.iter().map(|on| json!(on)));
        patch["spec"] = json!({"taints": taints});
    }
    patch
}

fn is_same(taint: &Value, other: &Taint) -> bool {
    serde_json::from_value::<Taint>(taint.clone()).is_ok_and(|taint| taint == *other)
}

/// A node as far as it matters here.
#[derive(Deserialize)]
struct NodeObject {
    metadata: Metadata,
    #[serde(default)]
    spec: NodeSpec,
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NodeSpec {
    taints: Vec<Taint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NodeStatus {
    allocatable: BTreeMap<String, String>,
}

impl NodeObject {
    fn seen(mut self) -> StandingNode {
        StandingNode {
            name: self.metadata.name,
            labels: self.metadata.labels,
            taints: self.spec.taints,
            record: self.metadata.annotations.remove(RECORD),
            gpus: self.status.allocatable.get(GPU_RESOURCE).and_then(|count| count.parse().ok()),
        }
    }
}

/// What owns pods, as far as it matters here.
#[derive(Deserialize)]
struct Owner {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
}

impl Owner {
    fn is_plugin(&self) -> bool {
        let containers = self.spec["template"]["spec"]["containers"].as_array();
        let mut images = containers.into_iter().flatten().filter_map(|container| container["image"].as_str());
        images.any(|image| PLUGIN_IMAGES.iter().any(|word| image.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use berth_core::spec::TaintEffect;

    use super::*;

    #[test]
    fn a_patch_keeps_the_taints_of_others_whole() {
        let theirs = json!({"key": "gone", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"});
        let live = json!({"metadata": {"name": "n", "resourceVersion": "7"},
                          "spec": {"taints": [theirs, {"key": "t", "value": "1", "effect": "NoSchedule"}]}});
        let taint = |value: &str| Taint { key: "t".into(), value: value.into(), effect: TaintEffect::NoSchedule };
        let change = NodeChange {
            labels: BTreeMap::from([("a".to_owned(), Some("1".to_owned())), ("b".to_owned(), None)]),
            taints_off: vec![taint("1")],
            taints_on: vec![taint("2")],
            record: Some(None),
        };
        assert_eq!(
            patch(&live, &change),
            json!({"metadata": {"resourceVersion": "7", "labels": {"a": "1", "b": null}, "annotations": {RECORD: null}},
                   "spec": {"taints": [theirs, {"key": "t", "value": "2", "effect": "NoSchedule"}]}})
        );
    }
}
