//! The storage class of claims that name none, for EKS, which has had no default one since Kubernetes 1.30; GKE brings its own.

use serde_json::{Value, json};

use super::device_plugin::HASH_KEY;
use super::own;
use crate::actions::kube::KubeObjectRef;
use crate::rules::eks::names;

/// Its name among the groups of objects berth applies.
pub const GROUP: &str = "default-storage-class";
/// Its name in the cluster. What of a class is decided at its creation cannot change, so another one would have another name.
pub const NAME: &str = "berth-gp3";
/// Who makes its volumes.
pub const PROVISIONER: &str = "ebs.csi.aws.com";
/// API version and kind of classes.
pub const KIND: (&str, &str) = ("storage.k8s.io/v1", "StorageClass");

/// Annotation of the class of claims that name none.
pub const DEFAULT_KEY: &str = "storageclass.kubernetes.io/is-default-class";

/// The class.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultClass {
    /// Its whole manifest.
    pub object: Value,
    /// Its hash; a difference has it applied again.
    pub hash: String,
}

/// Encrypted gp3 volumes, made in the zone where the pod runs that uses them.
pub fn default_class() -> DefaultClass {
    let rest = json!({
        "provisioner": PROVISIONER,
        "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": true,
    });
    let mut object = own::object(NAME, KIND, None, NAME, rest);
    object["metadata"]["annotations"] = json!({DEFAULT_KEY: "true"});
    let hash = names::hash(&[&object.to_string()]);
    object["metadata"]["annotations"][HASH_KEY] = json!(hash);
    DefaultClass { object, hash }
}

/// The class, by name.
pub fn refs() -> Vec<KubeObjectRef> {
    let (api_version, kind) = KIND;
    vec![KubeObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: NAME.to_owned(),
    }]
}

/// The hash that our class carries among these classes of a cluster, and the names of the other default ones.
pub fn among(classes: &[Value]) -> (Option<String>, Vec<String>) {
    let name = |class: &Value| class["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let (ours, others): (Vec<&Value>, Vec<&Value>) = classes.iter().partition(|class| name(class) == NAME);
    let hash = ours.iter().find_map(|class| class["metadata"]["annotations"][HASH_KEY].as_str());
    (hash.map(str::to_owned), others.into_iter().filter(|class| is_default(class)).map(name).collect())
}

/// Whether claims that name no class get this one.
pub fn is_default(class: &Value) -> bool {
    class["metadata"]["annotations"][DEFAULT_KEY] == "true"
}
