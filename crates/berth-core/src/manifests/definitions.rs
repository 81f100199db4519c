//! Kinds that a cluster knows beside those of Kubernetes: who defines them, and what may be left out where nobody does.

use std::collections::BTreeSet;

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

/// The kinds that a cluster of a spec will know, with what these objects define.
#[derive(Debug)]
pub struct Definitions<'a> {
    cloud: &'a CloudSpec,
    /// Group and kind; no kind where all of the group are served by a program of the files.
    own: BTreeSet<(String, Option<String>)>,
}

impl<'a> Definitions<'a> {
    /// The definitions among these objects, and what the spec's cloud brings.
    pub fn new<'o>(spec: &'a ClusterSpec, objects: impl Iterator<Item = &'o Value>) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let own = objects.filter_map(|object| {
            let spec = &object["spec"];
            match object["kind"].as_str()? {
                "CustomResourceDefinition" => Some((text(&spec["group"])?, Some(text(&spec["names"]["kind"])?))),
                "APIService" => Some((text(&spec["group"])?, None)),
                _ => None,
            }
        });
        Self { cloud: &spec.cloud, own: own.collect() }
    }

    /// Whether nothing defines the kind of an object. Of a cluster that stood before, only itself can say.
    pub fn lack(&self, object: &KubeObjectRef) -> bool {
        is_custom(object)
            && object.group() != GONE
            && !self.is_clouds(object.group())
            && !self.is_own(object.group(), &object.kind)
    }

    fn is_own(&self, group: &str, kind: &str) -> bool {
        self.own.iter().any(|(of, own)| of == group && own.as_ref().is_none_or(|own| own == kind))
    }

    fn is_clouds(&self, group: &str) -> bool {
        match self.cloud {
            CloudSpec::Gke(_) => group.ends_with(".gke.io") || GKES.contains(&group),
            CloudSpec::Eks(eks) => {
                let brings = |(addon, of): &(&str, &str)| *of == group && eks.addons.iter().any(|own| own == addon);
                EKSS.contains(&group) || OF_ADDONS.iter().any(brings)
            }
            CloudSpec::Existing(_) => true,
        }
    }
}
