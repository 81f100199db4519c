//! Everything the rules look at.

use std::collections::BTreeSet;

use super::limits::NamespaceLimits;
use super::object::{Object, Pod};
use super::pools::Pools;
use crate::manifests::quotas;
use crate::spec::tree::Node;
use crate::spec::{CloudSpec, ClusterSpec, Provider};

/// The cluster and the objects meant for it.
pub(super) struct World<'a> {
    pub(super) spec: &'a ClusterSpec,
    pub(super) objects: Vec<Object<'a>>,
    pub(super) limits: NamespaceLimits,
}

impl<'a> World<'a> {
    pub(super) fn new(spec: &'a ClusterSpec, objects: Vec<Object<'a>>) -> Self {
        let limits = NamespaceLimits::new(spec, &objects);
        Self { spec, objects, limits }
    }

    /// All pods the objects make.
    pub(super) fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        self.objects.iter().filter_map(Object::pod)
    }

    /// All objects of a kind.
    pub(super) fn of_kind<'k>(&'k self, kind: &'k str) -> impl Iterator<Item = &'k Object<'a>> {
        self.objects.iter().filter(move |object| object.kind == kind)
    }

    /// The pools as pods meet them.
    pub(super) fn pools(&self) -> Pools<'a> {
        let finds = |image: &str| image.contains("feature-discovery") || image.contains("gpu-operator");
        let discovery = self.pods().flat_map(|pod| pod.containers()).any(|container| finds(container.image()));
        Pools { spec: self.spec, discovery }
    }

    /// Which cloud it is.
    pub(super) fn provider(&self) -> Provider {
        self.spec.cloud.provider()
    }

    /// Whether an EKS cluster has this add-on.
    pub(super) fn has_addon(&self, name: &str) -> bool {
        matches!(&self.spec.cloud, CloudSpec::Eks(eks) if eks.has_addon(name))
    }

    /// Whether pods of the files run an image with one of these words in its name.
    pub(super) fn runs(&self, words: &[&str]) -> bool {
        let has = |image: &str| words.iter().any(|word| image.contains(word));
        self.pods().flat_map(|pod| pod.containers()).any(|container| has(container.image()))
    }

    /// Whether the files tell the API server who serves this group.
    pub(super) fn serves_api(&self, group: &str) -> bool {
        let served = |object: &Object<'_>| object.root.along(&["spec", "group"]).and_then(Node::text) == Some(group);
        self.of_kind("APIService").any(served)
    }

    /// The minor version of Kubernetes the cluster will have at least, if the spec says.
    pub(super) fn minor(&self) -> Option<u32> {
        let version = match &self.spec.cloud {
            CloudSpec::Gke(gke) => gke.settings.version.as_deref(),
            CloudSpec::Eks(eks) => eks.version.as_deref(),
            CloudSpec::Existing(_) => None,
        };
        version?.split('.').nth(1)?.parse().ok()
    }

    /// Priority classes the cluster will have.
    pub(super) fn priority_classes(&self) -> BTreeSet<String> {
        let built_in = ["system-cluster-critical", "system-node-critical"].map(str::to_owned);
        let in_files = self.of_kind("PriorityClass").map(|object| object.name.clone());
        built_in.into_iter().chain(in_files).chain(self.service_classes()).collect()
    }

    /// Priority classes of the spec's services.
    pub(super) fn service_classes(&self) -> BTreeSet<String> {
        let quotas = self.spec.quotas.iter();
        quotas.flat_map(|quotas| quotas.services.keys().filter_map(|service| quotas.priority_class(service))).collect()
    }

    /// The class of pods that name none.
    pub(super) fn default_class(&self) -> Option<&str> {
        let is_default = |object: &&Object<'_>| {
            object.root.get("globalDefault").and_then(Node::scalar).is_some_and(|value| value == "true")
        };
        self.of_kind("PriorityClass").find(is_default).map(|object| object.name.as_str())
    }

    /// Namespaces the cluster will have.
    pub(super) fn namespaces(&self) -> BTreeSet<&str> {
        let built_in = ["default", "kube-node-lease", "kube-public", "kube-system"];
        let in_files = self.of_kind("Namespace").map(|object| object.name.as_str());
        let of_services = self.spec.quotas.iter().flat_map(quotas::namespaces);
        built_in.into_iter().chain(in_files).chain(of_services).collect()
    }
}
