//! Kinds that a cluster knows beside those of Kubernetes: who defines them, and what may be left out where nobody does.

use serde_json::Value;

use super::waves::is_custom;
use crate::actions::kube::KubeObjectRef;
use crate::spec::{CloudSpec, ClusterSpec};

/// Annotation of objects that are left out, instead of being a failure, while the cluster does not know their kind.
pub const OPTIONAL: &str = "berth.dev/optional";

/// A group that Kubernetes had once; nobody defines its kinds anew.
const GONE: &str = "extensions";
/// Groups that GKE defines in every cluster, beside all that end in `.gke.io`.
const GKES: [&str; 4] =
    ["autoscaling.k8s.io", "cloud.google.com", "monitoring.googleapis.com", "snapshot.storage.k8s.io"];
/// Groups that EKS and its network plugin define in every cluster.
const EKSS: [&str; 3] = ["crd.k8s.amazonaws.com", "networking.k8s.aws", "vpcresources.k8s.aws"];
/// Groups that add-ons of EKS bring.
const OF_ADDONS: [(&str, &str); 7] = [
    ("adot", "opentelemetry.io"),
    ("amazon-cloudwatch-observability", "cloudwatch.aws.amazon.com"),
    ("cert-manager", "acme.cert-manager.io"),
    ("cert-manager", "cert-manager.io"),
    ("external-dns", "externaldns.k8s.io"),
    ("metrics-server", "metrics.k8s.io"),
    ("snapshot-controller", "snapshot.storage.k8s.io"),
];

/// Whether an object is left out while the cluster does not know its kind.
pub fn is_optional(object: &Value) -> bool {
    object["metadata"]["annotations"][OPTIONAL] == "true"
}

/// Whether one object defines the kind of another one.
pub fn defines(definition: &Value, object: &KubeObjectRef) -> bool {
    let spec = &definition["spec"];
    spec["group"] == object.group()
        && match definition["kind"].as_str() {
            Some("CustomResourceDefinition") => spec["names"]["kind"] == object.kind.as_str(),
            Some("APIService") => true,
            _ => false,
        }
}

/// The kinds that a cluster of a spec will know, with what these objects define.
#[derive(Debug)]
pub struct Definitions<'a> {
    cloud: &'a CloudSpec,
    own: Vec<&'a Value>,
}

impl<'a> Definitions<'a> {
    /// The definitions among these objects, and what the spec's cloud brings.
    pub fn new(spec: &'a ClusterSpec, objects: impl Iterator<Item = &'a Value>) -> Self {
        let defines = |object: &&Value| object["kind"] == "CustomResourceDefinition" || object["kind"] == "APIService";
        Self { cloud: &spec.cloud, own: objects.filter(defines).collect() }
    }

    /// Whether nothing defines the kind of an object. Of a cluster that stood before, only itself can say.
    pub fn lack(&self, object: &KubeObjectRef) -> bool {
        let is_own = || self.own.iter().any(|definition| defines(definition, object));
        is_custom(object) && object.group() != GONE && !self.is_clouds(object.group()) && !is_own()
    }

    fn is_clouds(&self, group: &str) -> bool {
        match self.cloud {
            CloudSpec::Gke(_) => group.ends_with(".gke.io") || GKES.contains(&group),
            CloudSpec::Eks(eks) => {
                let brings = |(addon, of): &(&str, &str)| *of == group && eks.has_addon(addon);
                EKSS.contains(&group) || OF_ADDONS.iter().any(brings)
            }
            CloudSpec::Existing(_) => true,
        }
    }
}
