//! Giving back what a cluster's objects hold in the cloud, before the cluster goes.

use std::collections::BTreeSet;

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::run::{Fault, FaultKind};
use futures::StreamExt;
use futures::stream;
use kube::Client;
use serde_json::Value;

use crate::apply::AT_ONCE;
use crate::classify;
use crate::hands::Going;
use crate::kinds::Kinds;
use crate::pages::{self, Choice};
use crate::wire;

/// Owners of owners that are looked through at most: a pod's is a replica set's is a deployment's is a custom resource's.
const MOST_OWNERS: usize = 6;

/// Deletes what holds load balancers, and claims; done once no load balancer is held any more, and with `disks` no disk either.
///
/// Claims go when their pods do, so with `disks` what makes those pods is deleted too; without, nobody waits for them. A server that
/// cannot be reached or does not know us any more releases nothing: what is left is then taken away through the cloud, or named.
pub(crate) async fn release(client: &Client, disks: bool) -> Result<Going, Fault> {
    match release_all(client, disks).await {
        Err(fault) if cannot_be_reached(fault.kind) => Ok(Going::Done),
        other => other,
    }
}

fn cannot_be_reached(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Lost | FaultKind::Unavailable | FaultKind::Denied | FaultKind::Credentials)
}

async fn release_all(client: &Client, disks: bool) -> Result<Going, Fault> {
    let kinds = Kinds::new(client);
    let mut holding = listed(client, &kinds, "v1", "Service").await?;
    holding.retain(|service| service["spec"]["type"] == "LoadBalancer");
    holding.extend(listed(client, &kinds, "networking.k8s.io/v1", "Ingress").await?);
    let mut left: Vec<String> = holding.iter().map(words).collect();
    let claims = listed(client, &kinds, "v1", "PersistentVolumeClaim").await?;
    let users = if disks { users(client, &kinds, &claims).await? } else { BTreeSet::new() };
    if disks {
        left.extend(claims.iter().map(words));
        left.extend(listed(client, &kinds, "v1", "PersistentVolume").await?.iter().filter_map(disk));
    }
    holding.extend(claims);
    holding.retain(|object| !object["metadata"]["deletionTimestamp"].is_string());
    // What makes the pods goes first, or it would make the claims again.
    let objects = holding.into_iter().map(|object| Manifest::new(object).reference());
    let objects: Vec<KubeObjectRef> = users.into_iter().chain(objects).collect();
    let calls: Vec<_> = objects.iter().map(|object| ask_to_go(client, &kinds, object)).collect();
    let outcomes: Vec<Result<(), Fault>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
    outcomes.into_iter().collect::<Result<(), Fault>>()?;
    Ok(match left.as_slice() {
        [] => Going::Done,
        [only] => Going::Waiting(Some(format!("{only} is still there"))),
        [first, rest @ ..] => Going::Waiting(Some(format!("{first} is still there, and {} more", rest.len()))),
    })
}

fn words(object: &Value) -> String {
    Manifest::new(object.clone()).reference().to_string()
}

/// A volume whose disk goes with its claim and is still there; with what keeps it, if that is said.
fn disk(volume: &Value) -> Option<String> {
    let goes = volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete" && volume["spec"]["claimRef"].is_object();
    let why = volume["status"]["message"].as_str().map(|message| format!(" ({message})")).unwrap_or_default();
    goes.then(|| format!("{}{why}", words(volume)))
}

/// What has to go for these claims to be free: what makes the pods that use them, or the pods themselves.
async fn users(client: &Client, kinds: &Kinds<'_>, claims: &[Value]) -> Result<BTreeSet<KubeObjectRef>, Fault> {
    if claims.is_empty() {
        return Ok(BTreeSet::new());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let claims: BTreeSet<(String, String)> =
        claims.iter().map(|claim| (text(&claim["metadata"]["namespace"]), text(&claim["metadata"]["name"]))).collect();
    let mut users = BTreeSet::new();
    for pod in listed(client, kinds, "v1", "Pod").await? {
        let namespace = text(&pod["metadata"]["namespace"]);
        let used = claim_names(&pod).into_iter().any(|name| claims.contains(&(namespace.clone(), name)));
        if used {
            users.extend(maker(client, kinds, pod).await?);
        }
    }
    Ok(users)
}

/// Claims a pod uses, by name; those of its own are named after it and their volume.
fn claim_names(pod: &Value) -> Vec<String> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let name = |volume: &Value| match volume["persistentVolumeClaim"]["claimName"].as_str() {
        Some(name) => Some(name.to_owned()),
        None if volume["ephemeral"].is_object() => {
            Some(format!("{}-{}", pod["metadata"]["name"].as_str()?, volume["name"].as_str()?))
        }
        None => None,
    };
    volumes.filter_map(name).collect()
}

/// The object at the end of a pod's line of controllers, or the pod; nothing if that is on its way out.
async fn maker(client: &Client, kinds: &Kinds<'_>, pod: Value) -> Result<Option<KubeObjectRef>, Fault> {
    let mut last = pod;
    for _ in 0..MOST_OWNERS {
        let Some(owner) = controller(&last) else { break };
        let Some(resource) = kinds.find_any(&owner.api_version, &owner.kind).await? else { break };
        let Some(found) = wire::find::<Value>(client, &resource.path(&owner), &format!("read {owner}")).await? else {
            break;
        };
        last = found;
        last["apiVersion"] = resource.api_version.into();
        last["kind"] = resource.kind.into();
    }
    let goes = last["metadata"]["deletionTimestamp"].is_string();
    Ok((!goes).then(|| Manifest::new(last).reference()))
}

/// The object that controls this one, in the same namespace.
fn controller(object: &Value) -> Option<KubeObjectRef> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let namespace = text(&object["metadata"]["namespace"]);
    // Pods that a node brings along by itself are the node's.
    let kind = text(&owner["kind"]).filter(|kind| kind != "Node")?;
    Some(KubeObjectRef { api_version: text(&owner["apiVersion"])?, kind, namespace, name: text(&owner["name"])? })
}

async fn listed(client: &Client, kinds: &Kinds<'_>, api_version: &str, kind: &str) -> Result<Vec<Value>, Fault> {
    let Some(resource) = kinds.find(api_version, kind).await? else { return Ok(Vec::new()) };
    let tried = format!("list {kind} objects");
    let mut found: Vec<Value> =
        pages::list_whole(client, &resource.collection(None), Choice::default(), &tried).await?;
    for object in &mut found {
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
    }
    Ok(found)
}

async fn ask_to_go(client: &Client, kinds: &Kinds<'_>, object: &KubeObjectRef) -> Result<(), Fault> {
    let Some(resource) = kinds.find(&object.api_version, &object.kind).await? else { return Ok(()) };
    match wire::delete::<Value>(client, &resource.path(object)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(classify::fault(&format!("delete {object}"), error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_of_a_pod_are_found_by_name_and_by_its_own_volumes() {
        let volumes = json!([{"name": "a", "persistentVolumeClaim": {"claimName": "models"}}, {"name": "scratch", "ephemeral": {}},
                             {"name": "e", "emptyDir": {}}]);
        let pod = json!({"metadata": {"name": "db-0"}, "spec": {"volumes": volumes}});
        assert_eq!(claim_names(&pod), ["models", "db-0-scratch"]);
    }

    #[test]
    fn only_disks_that_go_with_their_claim_are_waited_for() {
        let volume = |policy: &str, claim: Value| {
            disk(&json!({"kind": "PersistentVolume", "metadata": {"name": "pvc-1"}, "status": {"message": "in use"},
                         "spec": {"persistentVolumeReclaimPolicy": policy, "claimRef": claim}}))
        };
        assert_eq!(volume("Delete", json!({"name": "data"})).as_deref(), Some("PersistentVolume pvc-1 (in use)"));
        assert_eq!(volume("Retain", json!({"name": "data"})), None);
        assert_eq!(volume("Delete", Value::Null), None);
    }
}
