//! How far rollouts are, and why not further: read once for all of them, not once for each.

use std::collections::BTreeMap;

use berth_core::actions::kube::KubeObjectRef;
use berth_core::observed::Rollout;
use berth_core::run::Fault;
use futures::StreamExt;
use futures::future::try_join3;
use futures::stream;
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::apply::AT_ONCE;
use crate::classify;
use crate::hands::Going;
use crate::kinds::{DEFAULT_NAMESPACE, Kinds, Resource};
use crate::pages::{self, Choice};
use crate::pods::{Pod, Trouble};
use crate::rollout::{conditions, rollout};
use crate::wire;

/// So many objects of one kind are read one by one; from there on all of their kind are listed.
const ONE_BY_ONE: usize = 4;

/// Goes on waiting for rollouts. What cannot come right by itself ends the wait.
pub(crate) async fn wait(client: &Client, objects: &[KubeObjectRef]) -> Result<Going, Fault> {
    let rollouts = rollouts(client, objects).await?;
    let mut going = Vec::new();
    for (object, rollout) in &rollouts {
        match rollout {
            Rollout::Complete => {}
            Rollout::Going(how) => going.push((object, how)),
            Rollout::Failed(why) => return Err(classify::strange_answer(&format!("bring up {object}"), why.clone())),
        }
    }
    // What has a reason is worth more than what only counts.
    let told = going.iter().find(|(_, how)| how.contains(": ")).or(going.first());
    Ok(told.map_or(Going::Done, |(object, how)| {
        let ready = rollouts.len() - going.len();
        Going::Waiting(Some(format!("{ready} of {} ready; {}: {how}", rollouts.len(), object.name)))
    }))
}

/// How far these are, in the order given: Deployments, StatefulSets, DaemonSets, Jobs, ReplicaSets and Pods.
///
/// What is under way carries the reason of its pods, if they have one: `1 of 3 ready: 0/5 nodes are available: ...`.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn rollouts(client: &Client, objects: &[KubeObjectRef]) -> Result<Vec<(KubeObjectRef, Rollout)>, Fault> {
    let there = read_all(client, objects).await?;
    let mut judged: Vec<(KubeObjectRef, Rollout)> = objects
        .iter()
        .map(|object| {
            let found = there.get(object);
            let gone = || Rollout::Failed("it is not there".to_owned());
            (object.clone(), found.map_or_else(gone, |found| rollout(&object.kind, found)))
        })
        .collect();
    let mut namespaces: BTreeMap<String, Namespace> = BTreeMap::new();
    for (object, _) in judged.iter().filter(|(_, rollout)| *rollout != Rollout::Complete) {
        let namespace = object.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        if there.contains_key(object) && !namespaces.contains_key(namespace) {
            namespaces.insert(namespace.to_owned(), Namespace::read(client, namespace).await?);
        }
    }
    for (object, rollout) in judged.iter_mut().filter(|(_, rollout)| *rollout != Rollout::Complete) {
        let namespace = namespaces.get(object.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE));
        if let (Some(namespace), Some(found)) = (namespace, there.get(object)) {
            *rollout = with_reason(rollout.clone(), namespace.why(object, found));
        }
    }
    Ok(judged)
}

fn with_reason(rollout: Rollout, why: Option<Trouble>) -> Rollout {
    match (rollout, why) {
        (Rollout::Going(_), Some(Trouble::Never(why))) => Rollout::Failed(why),
        (Rollout::Going(how), Some(why)) if !why.words().is_empty() => {
            Rollout::Going(format!("{how}: {}", why.words()))
        }
        (Rollout::Failed(how), Some(why)) if !why.words().is_empty() => {
            Rollout::Failed(format!("{how}: {}", why.words()))
        }
        (rollout, _) => rollout,
    }
}

/// The objects as they are; those that are not there are left out.
async fn read_all(client: &Client, objects: &[KubeObjectRef]) -> Result<BTreeMap<KubeObjectRef, Value>, Fault> {
    let kinds = Kinds::new(client);
    let mut groups: BTreeMap<(&str, &str, Option<&str>), Vec<&KubeObjectRef>> = BTreeMap::new();
    for object in objects {
        let key = (object.api_version.as_str(), object.kind.as_str(), object.namespace.as_deref());
        groups.entry(key).or_default().push(object);
    }
    let mut there = BTreeMap::new();
    for ((api_version, kind, _), group) in groups {
        let Some(resource) = kinds.find(api_version, kind).await? else { continue };
        there.extend(read_group(client, &resource, &group).await?);
    }
    Ok(there)
}

/// Objects of one kind in one namespace.
async fn read_group(
    client: &Client,
    resource: &Resource,
    group: &[&KubeObjectRef],
) -> Result<Vec<(KubeObjectRef, Value)>, Fault> {
    if group.len() <= ONE_BY_ONE {
        let calls: Vec<_> = group
            .iter()
            .map(async |object| {
                let tried = format!("read {object}");
                let found = wire::find::<Value>(client, &resource.path(object), &tried).await?;
                Ok(found.map(|found| ((*object).clone(), found)))
            })
            .collect();
        let found: Vec<Result<Option<_>, Fault>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
        return found.into_iter().filter_map(Result::transpose).collect();
    }
    let collection = resource.collection(group.first().and_then(|first| resource.namespace(first)));
    let tried = format!("list {} objects", resource.kind);
    let found: Vec<Value> = pages::list_whole(client, &collection, Choice::default(), &tried).await?;
    let mut by_name: BTreeMap<String, Value> = found
        .into_iter()
        .filter_map(|found| found["metadata"]["name"].as_str().map(str::to_owned).map(|name| (name, found)))
        .collect();
    Ok(group.iter().filter_map(|object| Some(((*object).clone(), by_name.remove(&object.name)?))).collect())
}

/// What a namespace tells of the pods in it.
struct Namespace {
    pods: Vec<Pod>,
    replica_sets: Vec<ReplicaSet>,
    warnings: Vec<Warning>,
}

impl Namespace {
    async fn read(client: &Client, name: &str) -> Result<Self, Fault> {
        let warnings = Choice { fields: Some("type=Warning"), ..Choice::default() };
        let (pods, replica_sets, warnings) = try_join3(
            pages::list_whole(client, &format!("/api/v1/namespaces/{name}/pods"), Choice::default(), "list pods"),
            pages::list_whole(
                client,
                &format!("/apis/apps/v1/namespaces/{name}/replicasets"),
                Choice::default(),
                "list ReplicaSets",
            ),
            pages::list_whole(client, &format!("/api/v1/namespaces/{name}/events"), warnings, "list events"),
        )
        .await?;
        Ok(Self { pods, replica_sets, warnings })
    }

    /// Why an object is not further; the gravest reason of its pods, else what was said of pods that could not be made.
    fn why(&self, object: &KubeObjectRef, found: &Value) -> Option<Trouble> {
        let uid = found["metadata"]["uid"].as_str().unwrap_or_default();
        let newest = self.newest_replica_set(uid);
        let owner = newest.map_or(uid, |newest| newest.metadata.uid.as_str());
        let pods: Vec<(&Pod, Trouble)> = self
            .pods
            .iter()
            .filter(|pod| pod.metadata.is_of(owner))
            .filter_map(|pod| Some((pod, pod.trouble()?)))
            .collect();
        if let Some((_, trouble)) = pods.iter().min_by_key(|(_, trouble)| trouble)
            && !matches!(trouble, Trouble::Slow(_))
        {
            return Some(trouble.clone());
        }
        let refused = conditions(&found["status"])
            .chain(newest.into_iter().flat_map(ReplicaSet::conditions))
            .find(|condition| condition["type"] == "ReplicaFailure" && condition["status"] == "True");
        if let Some(message) = refused.and_then(|condition| condition["message"].as_str()) {
            return Some(Trouble::Place(message.to_owned()));
        }
        let of_pods =
            pods.iter().filter_map(|(pod, _)| self.warning("Pod", &pod.metadata.name)).max_by_key(|said| said.at());
        let of_maker = || {
            let of_set = newest.and_then(|newest| self.warning("ReplicaSet", &newest.metadata.name));
            self.warning(&object.kind, &object.name).into_iter().chain(of_set).max_by_key(|said| said.at())
        };
        let said = if pods.is_empty() { of_maker() } else { of_pods };
        match said {
            Some(said) => Some(Trouble::Slow(format!("{}: {}", said.reason, said.message.trim()))),
            None => pods.into_iter().map(|(_, trouble)| trouble).min(),
        }
    }

    /// The newest of a Deployment's ReplicaSets.
    fn newest_replica_set(&self, uid: &str) -> Option<&ReplicaSet> {
        self.replica_sets.iter().filter(|set| set.metadata.is_of(uid)).max_by_key(|set| set.metadata.revision())
    }

    /// The latest warning about an object.
    fn warning(&self, kind: &str, name: &str) -> Option<&Warning> {
        let own =
            self.warnings.iter().filter(|said| said.involved_object.kind == kind && said.involved_object.name == name);
        own.max_by_key(|said| said.at())
    }
}

#[derive(Deserialize)]
struct ReplicaSet {
    metadata: ReplicaSetMeta,
    #[serde(default)]
    status: Value,
}

impl ReplicaSet {
    fn conditions(&self) -> impl Iterator<Item = &Value> {
        conditions(&self.status)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReplicaSetMeta {
    name: String,
    uid: String,
    #[serde(default)]
    owner_references: Vec<crate::pods::Owner>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl ReplicaSetMeta {
    fn is_of(&self, uid: &str) -> bool {
        self.owner_references.iter().any(|owner| owner.uid == uid)
    }

    fn revision(&self) -> u64 {
        let revision = self.annotations.get("deployment.kubernetes.io/revision");
        revision.and_then(|revision| revision.parse().ok()).unwrap_or(0)
    }
}

/// An event of type Warning.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Warning {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
    involved_object: Involved,
    #[serde(default)]
    last_timestamp: Option<String>,
    #[serde(default)]
    event_time: Option<String>,
}

#[derive(Deserialize, Default)]
struct Involved {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

impl Warning {
    /// When it was said last; RFC 3339 texts of one server are in the order of time.
    fn at(&self) -> &str {
        self.last_timestamp.as_deref().or(self.event_time.as_deref()).unwrap_or_default()
    }
}
