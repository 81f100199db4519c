//! What berth does through a cluster's own Kubernetes API.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::spec::ClusterSpec;
use crate::spec::{Provider, Taint};

/// What stands in the place of a Secret's values wherever a manifest is shown.
const HIDDEN: &str = "(hidden)";

/// Which cluster's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KubeClusterRef {
    /// Its cloud.
    pub provider: Provider,
    /// Its location.
    pub location: String,
    /// Its name.
    pub name: String,
}

impl KubeClusterRef {
    /// The cluster that a spec describes.
    pub fn of(spec: &ClusterSpec) -> Self {
        let location = spec.place.location().to_owned();
        Self { provider: spec.cloud.provider(), location, name: spec.name.clone() }
    }
}

/// One thing to do through a cluster's Kubernetes API.
///
/// It holds whole objects, and so is never read back from anywhere: values of Secrets are hidden where it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KubeAction {
    /// Server-side apply of whole objects by field owner `berth`: wave after wave, as
    /// [`waves`](crate::manifests::waves::waves) orders them, and many at once within a wave. Complete when they are in
    /// force, such as a definition of custom resources that is established, or a quota that counts.
    ApplyObjects {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What they are, for messages: `NVIDIA device plugin`.
        about: String,
        /// Whole manifests.
        objects: Vec<Manifest>,
        /// Take fields that somebody else owns; else they are a fault that names the owner.
        force: bool,
    },
    /// Waits until all of these are rolled out; a rollout that cannot go on fails with the reason of its pods.
    AwaitRollouts {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What they are, for messages.
        about: String,
        /// Deployments, StatefulSets, DaemonSets and Jobs.
        objects: Vec<KubeObjectRef>,
    },
    /// Deletes objects; complete when they are gone. What is gone already is done.
    DeleteObjects {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What they are, for messages.
        about: String,
        /// Which.
        objects: Vec<KubeObjectRef>,
    },
    /// Puts labels and taints on nodes that berth did not make, and takes off what it put there before and is wanted no more;
    /// each node keeps a record of what is berth's, so that nothing else is ever taken off.
    ChangeNodes {
        /// The cluster.
        cluster: KubeClusterRef,
        /// What each node is to have of berth's.
        nodes: Vec<NodeWish>,
        /// Take labels and taints that somebody else has set to another value; they come back when berth's go.
        force: bool,
    },
    /// Deletes what holds cloud objects: Services of type LoadBalancer and Ingresses, complete when those are gone, and claims,
    /// which go when their pods do. Done at once if the API cannot be reached any more.
    ReleaseCloudObjects {
        /// The cluster.
        cluster: KubeClusterRef,
        /// Also delete what makes the pods that use claims, and wait until the disks are gone.
        disks: bool,
    },
}

/// What a node is to have of berth's; nothing at all takes off what berth has put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeWish {
    /// Its name.
    pub node: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Taints.
    pub taints: Vec<Taint>,
}

/// An object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KubeObjectRef {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `DaemonSet`.
    pub kind: String,
    /// `None` for an object of the whole cluster.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl KubeObjectRef {
    /// Group of its API, empty for the core group: an object is the same under every version of its group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for KubeObjectRef {
    /// `Deployment ai-models/tts`, or `Namespace ai-models`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A whole object as it is applied. Shown or written, the values of a Secret are hidden and only its keys are told.
#[derive(Clone)]
pub struct Manifest {
    object: Value,
    /// `workloads/film.yaml:12`, of an object that stands in a file.
    place: Option<String>,
}

impl Manifest {
    /// Takes an object with `apiVersion`, `kind` and `metadata.name`.
    pub fn new(object: Value) -> Self {
        Self { object, place: None }
    }

    /// The same of an object that stands in a file, with its place there: `workloads/film.yaml:12`.
    pub fn of_file(object: Value, place: String) -> Self {
        Self { object, place: Some(place) }
    }

    /// The object itself, with all values.
    pub fn value(&self) -> &Value {
        &self.object
    }

    /// What it is called, after its place if it stands in a file: `workloads/film.yaml:12: Deployment film/comfyui`.
    pub fn words(&self) -> String {
        let reference = self.reference();
        self.place.as_ref().map_or_else(|| reference.to_string(), |place| format!("{place}: {reference}"))
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap_or_default()
    }

    /// What it is called; what it lacks is empty.
    pub fn reference(&self) -> KubeObjectRef {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &self.object["metadata"];
        KubeObjectRef {
            api_version: text(&self.object["apiVersion"]),
            kind: text(&self.object["kind"]),
            namespace: metadata["namespace"].as_str().map(str::to_owned),
            name: text(&metadata["name"]),
        }
    }

    /// The object as it may be shown.
    fn shown(&self) -> Value {
        let mut shown = self.object.clone();
        if self.kind() != "Secret" {
            return shown;
        }
        for field in ["data", "stringData"] {
            let values = shown.get_mut(field).and_then(Value::as_object_mut);
            values.into_iter().flatten().for_each(|(_, value)| *value = HIDDEN.into());
        }
        // kubectl keeps a copy of the whole object here.
        let annotations = shown.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
        let copy =
            annotations.and_then(|annotations| annotations.get_mut("kubectl.kubernetes.io/last-applied-configuration"));
        copy.into_iter().for_each(|value| *value = HIDDEN.into());
        shown
    }
}

/// Where an object stands makes it no other one.
impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown().serialize(serializer)
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Manifest;

    #[test]
    fn values_of_secrets_are_never_shown() {
        let copy = json!({"kubectl.kubernetes.io/last-applied-configuration": "hunter2", "a": "b"});
        let secret = Manifest::new(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "film", "annotations": copy},
            "data": {"password": "aHVudGVyMg=="}, "stringData": {"user": "hunter2"},
        }));
        for shown in [format!("{secret:?}"), serde_json::to_string(&secret).unwrap_or_default()] {
            assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyMg"), "{shown}");
            assert!(shown.contains("password") && shown.contains("user"), "{shown}");
        }
        assert_eq!(secret.value()["stringData"]["user"], "hunter2");
        assert_eq!(secret.reference().to_string(), "Secret film/db");
    }
}
