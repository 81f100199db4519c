//! What bears berth's label and stands in no file any more; and what would go with it that berth did not put there.

use std::collections::BTreeSet;

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::observed::{ObjectState, ObservedObject};
use berth_core::run::{Fault, FaultKind};
use futures::StreamExt;
use futures::stream;
use kube::Client;
use serde_json::Value;

use crate::kinds::{Kinds, Resource};
use crate::pages::{self, Choice};
use crate::wire;

/// Lists under way at once.
const AT_ONCE: usize = 16;
/// Most objects that are named as living in a namespace.
const MOST_NAMED: usize = 10;
/// Kinds whose objects Kubernetes writes by itself, and nobody misses.
const WRITTEN_BY_ITSELF: [(&str, &str); 5] = [
    ("", "Endpoints"),
    ("", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("events.k8s.io", "Event"),
];
/// Objects that Kubernetes, or a cloud's Kubernetes, puts into every namespace.
const IN_EVERY_NAMESPACE: [(&str, &str); 4] = [
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("ResourceQuota", "gke-resource-quotas"),
    ("ServiceAccount", "default"),
];

/// The unwanted objects among those that bear the label and are not wanted.
pub(crate) async fn unwanted(
    client: &Client,
    kinds: &Kinds<'_>,
    found: Vec<Value>,
    selector: &str,
) -> Result<Vec<ObservedObject>, Fault> {
    // A controller copies labels of what it works for; its objects go with their owner.
    let ours: Vec<Value> = found.into_iter().filter(|object| !is_controlled(object)).collect();
    let unwanted: BTreeSet<KubeObjectRef> =
        ours.iter().map(|object| Manifest::new(object.clone()).reference()).collect();
    let mut seen = Vec::new();
    for object in &ours {
        let reference = Manifest::new(object.clone()).reference();
        let inside = match reference.kind.as_str() {
            "Namespace" => in_namespace(client, kinds, &reference.name).await?,
            "CustomResourceDefinition" => of_definition(client, &reference.name).await?,
            _ => Vec::new(),
        };
        let theirs =
            inside.into_iter().filter(|(own, labels)| !(has_labels(labels, selector) && is_among(own, &unwanted)));
        let mut names: Vec<String> = theirs.map(|(own, _)| own.to_string()).collect();
        names.sort();
        names.truncate(MOST_NAMED);
        let state = if names.is_empty() { ObjectState::Unwanted } else { ObjectState::Holding(names) };
        seen.push(ObservedObject { object: reference, state });
    }
    Ok(seen)
}

/// An object and its labels.
type Inside = (KubeObjectRef, Value);

/// What lives in a namespace, apart from what Kubernetes put there.
async fn in_namespace(client: &Client, kinds: &Kinds<'_>, namespace: &str) -> Result<Vec<Inside>, Fault> {
    let mut seen = BTreeSet::new();
    let mut resources = kinds.all(|resource| resource.is_namespaced && resource.is_kept).await?;
    // The same objects are served under several versions of their group.
    resources.retain(|resource| {
        let group = resource.group().to_owned();
        let is_ours_to_see = !WRITTEN_BY_ITSELF.contains(&(group.as_str(), resource.kind.as_str()));
        is_ours_to_see && seen.insert((group, resource.plural.clone()))
    });
    let calls: Vec<_> = resources.iter().map(|resource| list(client, resource, Some(namespace))).collect();
    let lists: Vec<Result<Vec<Inside>, Fault>> = stream::iter(calls).buffer_unordered(AT_ONCE).collect().await;
    let mut inside = Vec::new();
    for list in lists {
        inside.extend(list?);
    }
    inside.retain(|(object, _)| !IN_EVERY_NAMESPACE.contains(&(object.kind.as_str(), object.name.as_str())));
    Ok(inside)
}

/// The custom resources of a definition.
async fn of_definition(client: &Client, name: &str) -> Result<Vec<Inside>, Fault> {
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    let tried = format!("read CustomResourceDefinition {name}");
    let Some(definition) = wire::find::<Value>(client, &path, &tried).await? else { return Ok(Vec::new()) };
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let Some(version) = versions.into_iter().find(|version| version["served"] == true) else { return Ok(Vec::new()) };
    let resource = Resource {
        api_version: format!("{}/{}", text(&spec["group"]), text(&version["name"])),
        kind: text(&spec["names"]["kind"]),
        plural: text(&spec["names"]["plural"]),
        is_namespaced: spec["scope"] == "Namespaced",
        is_kept: true,
    };
    list(client, &resource, None).await
}

async fn list(client: &Client, resource: &Resource, namespace: Option<&str>) -> Result<Vec<Inside>, Fault> {
    let choice = Choice { only_metadata: true, ..Choice::default() };
    let tried = format!("list {} objects", resource.kind);
    let objects: Vec<Value> = match pages::list_whole(client, &resource.collection(namespace), choice, &tried).await {
        // Some kinds, such as those of an API that is away or that only reviews, cannot be listed.
        Err(fault) if fault.kind == FaultKind::Refused => Vec::new(),
        other => other?,
    };
    let inside = objects.into_iter().filter(|object| !is_controlled(object)).map(|mut object| {
        object["apiVersion"] = resource.api_version.as_str().into();
        object["kind"] = resource.kind.as_str().into();
        let labels = object["metadata"]["labels"].take();
        (Manifest::new(object).reference(), labels)
    });
    Ok(inside.collect())
}

fn is_controlled(object: &Value) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten().any(|owner| owner["controller"] == true)
}

/// Whether labels match a selector of equalities: `a=b,c=d`.
fn has_labels(labels: &Value, selector: &str) -> bool {
    selector.split(',').all(|term| term.split_once('=').is_some_and(|(key, value)| labels[key] == value))
}

/// An object is the same under every version of its group.
fn is_among(object: &KubeObjectRef, unwanted: &BTreeSet<KubeObjectRef>) -> bool {
    unwanted.iter().any(|own| {
        (own.group(), &own.kind, &own.namespace, &own.name)
            == (object.group(), &object.kind, &object.namespace, &object.name)
    })
}
