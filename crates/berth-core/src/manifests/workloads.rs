//! The workloads of the files as the objects that are applied: complete, labelled, and without what only a cluster may write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::waves::{is_custom, is_of_the_whole_cluster};
use crate::actions::kube::{KubeObjectRef, Manifest};
use crate::lint::{Finding, ManifestFile, applied};
use crate::plan::Note;
use crate::rules::eks::names;

/// Label of everything that comes from a spec's workloads; its value names the cluster of the spec.
pub const LABEL: &str = "berth.dev/workloads";

/// Longest value of a label.
const LONGEST_LABEL: usize = 63;
/// Fields of the metadata that the cluster writes; they stand in files that were read out of one.
const WRITTEN_BY_THE_CLUSTER: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
/// Where kubectl keeps a copy of what it applied.
const KUBECTLS_COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// What a spec's workloads come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prepared {
    /// The objects to apply, in the order of the files.
    pub objects: Vec<Manifest>,
    /// What is not applied as it stands in the files, and why.
    pub notes: Vec<Note>,
}

/// The objects of these files and these rendered Secrets, for the cluster of this name.
///
/// Objects of built-in kinds without a namespace go to `default`; of custom resources the files may hold the definition, else
/// their scope is left to the cluster.
///
/// # Errors
/// A file cannot be read, or an object has no name or is given twice: everything wrong, with file and line.
pub fn prepare(cluster: &str, files: &[ManifestFile], secrets: Vec<Value>) -> Result<Prepared, Vec<Finding>> {
    let (mut objects, places): (Vec<Value>, Vec<String>) = applied(files)?.into_iter().unzip();
    objects.extend(secrets);
    let definitions = definitions(&objects);
    let scalers = scalers(&objects);
    let mut notes = Vec::new();
    for object in &mut objects {
        settle_namespace(object, &definitions);
        strip(object);
        encode_strings(object);
        notes.extend(leave_replicas(object, &scalers));
        object["metadata"]["labels"][LABEL] = json!(label_value(cluster));
    }
    // The Secrets of the spec stand in no file of manifests.
    let mut places = places.into_iter();
    let manifest = |object| match places.next() {
        Some(place) => Manifest::of_file(object, place),
        None => Manifest::new(object),
    };
    Ok(Prepared { objects: objects.into_iter().map(manifest).collect(), notes })
}

/// The selector of all objects that come from the workloads of the cluster of this name.
pub fn selector(cluster: &str) -> String {
    format!("{LABEL}={}", label_value(cluster))
}

/// A cluster's name as the value of a label; names of EKS clusters may be longer than one.
fn label_value(cluster: &str) -> String {
    if cluster.len() <= LONGEST_LABEL {
        return cluster.to_owned();
    }
    let hash = names::hash(&[cluster]);
    // Names of clusters are ASCII.
    let head: String = cluster.chars().take(LONGEST_LABEL - hash.len() - 1).collect();
    format!("{head}-{hash}")
}

/// A custom resource's group and kind, and whether it stands in a namespace.
type Definition = (String, String, bool);

fn definitions(objects: &[Value]) -> Vec<Definition> {
    let definitions = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
    let read = |object: &Value| {
        let spec = &object["spec"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some((text(&spec["group"])?, text(&spec["names"]["kind"])?, spec["scope"] == "Namespaced"))
    };
    definitions.filter_map(read).collect()
}

/// Whether an object stands in a namespace; `None` where only the cluster knows.
fn is_namespaced(object: &KubeObjectRef, definitions: &[Definition]) -> Option<bool> {
    if !is_custom(object) {
        return Some(!is_of_the_whole_cluster(object.group(), &object.kind));
    }
    let own = |(group, kind, _): &&Definition| *group == object.group() && *kind == object.kind;
    definitions.iter().find(own).map(|(_, _, namespaced)| *namespaced)
}

fn settle_namespace(object: &mut Value, definitions: &[Definition]) {
    let reference = reference(object);
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    match is_namespaced(&reference, definitions) {
        Some(true) if reference.namespace.is_none() => {
            metadata.insert("namespace".to_owned(), json!("default"));
        }
        // kubectl takes a namespace where there is none, so files have it.
        Some(false) => drop(metadata.remove("namespace")),
        _ => {}
    }
}

/// Takes out what the cluster writes and would refuse or overwrite.
fn strip(object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    let Some(metadata) = object["metadata"].as_object_mut() else { return };
    for field in WRITTEN_BY_THE_CLUSTER {
        metadata.remove(field);
    }
    for field in ["labels", "annotations"] {
        if metadata.get(field).is_some_and(|value| !value.is_object()) {
            metadata.remove(field);
        }
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(KUBECTLS_COPY);
    }
    metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
}

/// A Secret's `stringData` as `data`, as the server keeps it: a key that left the file would else stay in the cluster.
fn encode_strings(object: &mut Value) {
    if object["kind"] != "Secret" || object["apiVersion"] != "v1" {
        return;
    }
    let Some(Value::Object(strings)) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) else {
        return;
    };
    if !object["data"].is_object() {
        object["data"] = json!({});
    }
    for (key, value) in strings {
        object["data"][key] = match value {
            Value::String(text) => json!(STANDARD.encode(text)),
            // The server says what is wrong with anything else.
            other => other,
        };
    }
}

/// What decides over the replicas of an object instead of the file: its words, and the target.
struct Scaler {
    words: String,
    namespace: String,
    kind: String,
    name: String,
}

fn scalers(objects: &[Value]) -> Vec<Scaler> {
    let read = |object: &Value| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let kind = text(&object["kind"])?;
        let target = &object["spec"]["scaleTargetRef"];
        let default_kind = match kind.as_str() {
            "HorizontalPodAutoscaler" => None,
            "ScaledObject" => Some("Deployment".to_owned()),
            _ => return None,
        };
        Some(Scaler {
            words: format!("{kind} {}", object["metadata"]["name"].as_str().unwrap_or_default()),
            namespace: text(&object["metadata"]["namespace"]).unwrap_or_else(|| "default".to_owned()),
            kind: text(&target["kind"]).or(default_kind)?,
            name: text(&target["name"])?,
        })
    };
    objects.iter().filter_map(read).collect()
}

/// Replicas that an autoscaler decides over would be set back by each apply.
fn leave_replicas(object: &mut Value, scalers: &[Scaler]) -> Option<Note> {
    let reference = reference(object);
    let is_its = |scaler: &&Scaler| {
        scaler.kind == reference.kind
            && scaler.name == reference.name
            && reference.namespace.as_deref() == Some(&scaler.namespace)
    };
    let scaler = scalers.iter().find(is_its)?;
    let left_out = object["spec"].as_object_mut()?.remove("replicas")?;
    let text = format!("replicas ({left_out} in the file) are left to {}", scaler.words);
    Some(Note { about: reference.to_string(), text })
}

fn reference(object: &Value) -> KubeObjectRef {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    KubeObjectRef {
        api_version: text(&object["apiVersion"]),
        kind: text(&object["kind"]),
        namespace: object["metadata"]["namespace"].as_str().map(str::to_owned),
        name: text(&object["metadata"]["name"]),
    }
}
