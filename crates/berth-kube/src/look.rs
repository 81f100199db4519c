//! How the wanted objects stand in a cluster, and what of berth's is there that nobody wants any more.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::actions::kube::{KubeObjectRef, Manifest};
use berth_core::manifests::definitions::defines;
use berth_core::manifests::waves::is_rolled_out;
use berth_core::manifests::workloads::LABEL;
use berth_core::observed::{Contest, ObjectState, ObservedObject, Rollout};
use berth_core::run::Fault;
use futures::StreamExt;
use futures::future::try_join;
use futures::stream;
use kube::Client;
use serde_json::Value;

use crate::apply::{AT_ONCE, OWNER, apply_path};
use crate::classify::{self, NotApplied};
use crate::differs;
use crate::kinds::{Kinds, Resource};
use crate::pages::{self, Choice};
use crate::record;
use crate::rollout::{conditions, rollout};
use crate::unchanged::is_unchanged;
use crate::unwanted::unwanted;
use crate::wire::{self, Change};

/// Lists under way at once; each may hold thousands of objects.
const LISTS_AT_ONCE: usize = 8;

/// An object as the cluster has it; `None` if it is not there.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn object(client: &Client, object: &KubeObjectRef) -> Result<Option<Value>, Fault> {
    match Kinds::new(client).find(&object.api_version, &object.kind).await? {
        Some(resource) => wire::find(client, &resource.path(object), &format!("read {object}")).await,
        None => Ok(None),
    }
}

/// An annotation of an object; `None` if the object or the annotation is not there.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn annotation(client: &Client, of: &KubeObjectRef, key: &str) -> Result<Option<String>, Fault> {
    let found = object(client, of).await?;
    Ok(found.and_then(|found| found["metadata"]["annotations"][key].as_str().map(str::to_owned)))
}

/// All objects of these API versions and kinds, in all namespaces, with the labels of a selector; whole, with their kind.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn labelled(client: &Client, kinds: &[(&str, &str)], selector: &str) -> Result<Vec<Value>, Fault> {
    let served = Kinds::new(client);
    let mut found = Vec::new();
    for (api_version, kind) in kinds {
        if let Some(resource) = served.find(api_version, kind).await? {
            found.extend(list(client, &resource, selector, false).await?);
        }
    }
    Ok(found)
}

/// How each wanted object stands, and what bears the labels of the selector without being wanted.
///
/// Whether an object is as wanted says the server: where its notes on the object leave that open, it is asked what an apply would
/// make of it, and changes nothing.
/// The unwanted ones are sought among the kinds of the wanted ones and among all kinds that were ever applied.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn look_at(client: &Client, wanted: &[Manifest], selector: &str) -> Result<Vec<ObservedObject>, Fault> {
    look(client, wanted, &[], selector).await
}

/// What bears the labels of the selector, if nothing is wanted any more: of these API versions and kinds, and of all that were
/// ever applied as workloads.
///
/// # Errors
/// The API server refuses, or does not answer.
pub async fn unwanted_of(
    client: &Client,
    kinds: &[(&str, &str)],
    selector: &str,
) -> Result<Vec<ObservedObject>, Fault> {
    look(client, &[], kinds, selector).await
}

async fn look(
    client: &Client,
    wanted: &[Manifest],
    also: &[(&str, &str)],
    selector: &str,
) -> Result<Vec<ObservedObject>, Fault> {
    let kinds = Kinds::new(client);
    let mut places = Vec::new();
    for manifest in wanted {
        let reference = manifest.reference();
        let resource = kinds.find(&reference.api_version, &reference.kind).await?;
        let identity = resource.as_ref().map(|resource| Identity::of(resource, &reference));
        let is_defined = || wanted.iter().any(|other| defines(other.value(), &reference));
        let is_defined = resource.is_some() || is_defined();
        places.push(Place { manifest, reference, resource, identity, is_defined });
    }
    let (mut there, absent) =
        try_join(all_labelled(client, &kinds, &places, also, selector), absent_namespaces(client, &places)).await?;

    let calls: Vec<_> = places
        .iter()
        .map(|place| {
            let live = place.identity.as_ref().and_then(|identity| there.remove(identity));
            state(client, place, live, &absent)
        })
        .collect();
    let states: Vec<Result<ObjectState, Fault>> = stream::iter(calls).buffered(AT_ONCE).collect().await;
    let mut seen = Vec::new();
    for (place, state) in places.iter().zip(states) {
        seen.push(ObservedObject { object: place.reference.clone(), state: state? });
    }
    seen.extend(unwanted(client, &kinds, there.into_values().collect(), selector).await?);
    Ok(seen)
}

/// A wanted object and where it is, if the cluster has its kind.
struct Place<'a> {
    manifest: &'a Manifest,
    reference: KubeObjectRef,
    resource: Option<Resource>,
    identity: Option<Identity>,
    /// The cluster has its kind, or something that is wanted defines it.
    is_defined: bool,
}

/// What makes an object the same under every version of its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Identity {
    fn of(resource: &Resource, object: &KubeObjectRef) -> Self {
        Self {
            group: resource.group().to_owned(),
            kind: resource.kind.clone(),
            namespace: resource.namespace(object).map(str::to_owned),
            name: object.name.clone(),
        }
    }

    /// The namespace without which it is not there: its own, or that which it is.
    fn lies_in(&self) -> Option<&str> {
        let is_namespace = self.group.is_empty() && self.kind == "Namespace";
        if is_namespace { Some(&self.name) } else { self.namespace.as_deref() }
    }
}

/// Everything with the labels of the selector, also of kinds that no wanted object is of: of those only the metadata is read.
async fn all_labelled(
    client: &Client,
    kinds: &Kinds<'_>,
    places: &[Place<'_>],
    also: &[(&str, &str)],
    selector: &str,
) -> Result<BTreeMap<Identity, Value>, Fault> {
    let mut wanted: BTreeMap<(String, String), Resource> = BTreeMap::new();
    for resource in places.iter().filter_map(|place| place.resource.as_ref()) {
        wanted.entry(group_and_kind(resource)).or_insert_with(|| resource.clone());
    }
    let others = async {
        let mut others = BTreeMap::new();
        let also = also.iter().map(|(version, kind)| ((*version).to_owned(), (*kind).to_owned()));
        for (api_version, kind) in record::kinds(client).await?.into_iter().chain(also) {
            if let Some(resource) = kinds.find_any(&api_version, &kind).await? {
                let key = group_and_kind(&resource);
                if !wanted.contains_key(&key) {
                    others.entry(key).or_insert(resource);
                }
            }
        }
        lists(client, others.values(), selector, true).await
    };
    let (mut there, others) = try_join(lists(client, wanted.values(), selector, false), others).await?;
    there.extend(others);
    Ok(there)
}

fn group_and_kind(resource: &Resource) -> (String, String) {
    (resource.group().to_owned(), resource.kind.clone())
}

/// The objects of several kinds with these labels.
async fn lists(
    client: &Client,
    resources: impl Iterator<Item = &Resource>,
    selector: &str,
    only_metadata: bool,
) -> Result<BTreeMap<Identity, Value>, Fault> {
    let calls: Vec<_> =
        resources.map(async |resource| (resource, list(client, resource, selector, only_metadata).await)).collect();
    let mut there = BTreeMap::new();
    let mut lists = stream::iter(calls).buffer_unordered(LISTS_AT_ONCE);
    while let Some((resource, found)) = lists.next().await {
        for object in found? {
            let object = Manifest::new(object);
            there.insert(Identity::of(resource, &object.reference()), object.value().clone());
        }
    }
    Ok(there)
}

/// All objects of a kind with these labels, each with its kind: items of a list do not say what they are.
async fn list(client: &Client, resource: &Resource, selector: &str, only_metadata: bool) -> Result<Vec<Value>, Fault> {
    let choice = Choice { labels: Some(selector), only_metadata, ..Choice::default() };
    let tried = format!("list {} objects", resource.kind);
    let mut found: Vec<Value> = pages::list_whole(client, &resource.collection(None), choice, &tried).await?;
    for object in &mut found {
        object["apiVersion"] = resource.api_version.as_str().into();
        object["kind"] = resource.kind.as_str().into();
    }
    Ok(found)
}

/// Namespaces of wanted objects that are not there: nobody needs to be asked for what is in them.
async fn absent_namespaces<'a>(client: &Client, places: &'a [Place<'_>]) -> Result<BTreeSet<&'a str>, Fault> {
    let identities = places.iter().filter_map(|place| place.identity.as_ref());
    let namespaces: BTreeSet<&str> = identities.filter_map(|identity| identity.namespace.as_deref()).collect();
    let calls: Vec<_> = namespaces
        .into_iter()
        .map(async |namespace| {
            let tried = format!("read Namespace {namespace}");
            let found: Option<Value> = wire::find(client, &format!("/api/v1/namespaces/{namespace}"), &tried).await?;
            Ok(found.is_none().then_some(namespace))
        })
        .collect();
    let found: Vec<Result<Option<&str>, Fault>> = stream::iter(calls).buffer_unordered(LISTS_AT_ONCE).collect().await;
    found.into_iter().filter_map(Result::transpose).collect()
}

async fn state(
    client: &Client,
    place: &Place<'_>,
    live: Option<Value>,
    absent: &BTreeSet<&str>,
) -> Result<ObjectState, Fault> {
    let (Some(resource), Some(identity)) = (&place.resource, &place.identity) else {
        return Ok(if place.is_defined { ObjectState::Missing } else { ObjectState::Undefined });
    };
    if identity.lies_in().is_some_and(|namespace| absent.contains(namespace)) {
        return Ok(ObjectState::Missing);
    }
    let tried = format!("compare {}", place.reference);
    // What a list gave in another version of the group cannot be compared; and somebody else's object has no label of ours.
    let live = match live.filter(|live| live["apiVersion"] == resource.api_version.as_str()) {
        Some(live) => live,
        None => match wire::find(client, &resource.path(&place.reference), &tried).await? {
            Some(live) => live,
            None => return Ok(ObjectState::Missing),
        },
    };
    if let Some(file) = other_file(place.manifest.value(), &live) {
        let manager = format!("the file of {file}");
        return Ok(ObjectState::Contested(vec![Contest {
            manager,
            fields: vec![format!(".metadata.labels.{LABEL}")],
        }]));
    }
    let is_ready = !is_rolled_out(&place.reference) || rollout(&place.reference.kind, &live) == Rollout::Complete;
    let as_wanted = if is_ready { ObjectState::AsWanted } else { ObjectState::Unready };
    if is_unchanged(place.manifest.value(), &live, OWNER) {
        return Ok(as_wanted);
    }
    let path = apply_path(resource, &place.reference, "&dryRun=All");
    let body = place.manifest.value().to_string().into();
    let applied = match wire::change::<Value>(client, Change::Apply, &path, body).await {
        Ok(changed) => changed.object,
        Err(error) => {
            return match classify::not_applied(&tried, error) {
                NotApplied::Contested(contests) => Ok(ObjectState::Contested(contests)),
                NotApplied::BeingDeleted | NotApplied::NotFound(_) => Ok(ObjectState::Missing),
                // The apply itself will say what is wrong.
                NotApplied::Unfit(_) => Ok(ObjectState::Differs(Vec::new())),
                NotApplied::Immutable { fields, .. } => {
                    Ok(ObjectState::Immutable { fields, finished: is_finished(place.manifest.value(), &live) })
                }
                NotApplied::Fault(fault) => Err(fault),
            };
        }
    };
    let fields = differs::fields(&applied, &live);
    Ok(if fields.is_empty() { as_wanted } else { ObjectState::Differs(fields) })
}

/// The other file of berth's whose object this is. To the server both have the same owner, so that it would refuse neither of them.
fn other_file<'a>(want: &Value, live: &'a Value) -> Option<&'a str> {
    let own = file_of(want)?;
    file_of(live).filter(|file| *file != own)
}

/// The file of berth's whose object this is.
fn file_of(object: &Value) -> Option<&str> {
    object["metadata"]["labels"][LABEL].as_str()
}

/// Whether it is a Job of ours that will not go on, done or failed.
fn is_finished(want: &Value, live: &Value) -> bool {
    let has_ended = |condition: &Value| {
        condition["status"] == "True" && (condition["type"] == "Complete" || condition["type"] == "Failed")
    };
    live["kind"] == "Job" && file_of(want) == file_of(live) && conditions(&live["status"]).any(has_ended)
}
