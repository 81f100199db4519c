//! How many pods of a workload run at once: what the files say, and what autoscalers in the files may make of it.

use super::object::{Object, Pod};
use super::world::World;
use crate::spec::tree::Node;

/// KEDA's own number where an object names no most.
const KEDAS_MOST: u32 = 100;

/// An autoscaler of pods.
pub(super) struct Scaler<'a> {
    pub(super) object: &'a Object<'a>,
    /// Kind and name of what it scales.
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    /// Fewest pods.
    pub(super) least: u32,
    /// Most pods, if it says a number.
    pub(super) most: Option<u32>,
    /// Field of the most.
    pub(super) most_field: &'static str,
}

impl<'a> Scaler<'a> {
    /// An autoscaler that is one, with a target.
    fn of(object: &'a Object<'a>) -> Option<Self> {
        let is_kedas = match object.kind.as_str() {
            "HorizontalPodAutoscaler" => false,
            "ScaledObject" => true,
            _ => return None,
        };
        let spec = object.root.get("spec")?;
        let text = |field: &str| spec.along(&["scaleTargetRef", field]).and_then(Node::text);
        let number = |field: &str| spec.get(field).and_then(Node::scalar).and_then(|value| value.parse().ok());
        let (least_field, most_field) =
            if is_kedas { ("minReplicaCount", "maxReplicaCount") } else { ("minReplicas", "maxReplicas") };
        Some(Self {
            object,
            kind: text("kind").or(is_kedas.then_some("Deployment"))?,
            name: text("name")?,
            least: number(least_field).unwrap_or(if is_kedas { 0 } else { 1 }),
            most: number(most_field).or(is_kedas.then_some(KEDAS_MOST)),
            most_field,
        })
    }

    /// Whether it decides how many of these pods there are.
    pub(super) fn scales(&self, pod: &Pod<'_>) -> bool {
        let own = pod.object;
        own.kind == self.kind && own.name == self.name && own.namespace() == self.object.namespace()
    }
}

/// How many pods run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replicas {
    pub(super) least: u32,
    pub(super) most: u32,
}

impl World<'_> {
    /// All autoscalers of pods.
    pub(super) fn scalers(&self) -> impl Iterator<Item = Scaler<'_>> {
        self.objects.iter().filter_map(Scaler::of)
    }

    /// The autoscaler that decides over these pods.
    pub(super) fn scaler_of<'w>(&'w self, pod: &Pod<'_>) -> Option<Scaler<'w>> {
        self.scalers().find(|scaler| scaler.scales(pod))
    }

    /// How many of these pods run at once, if that can be known: of a DaemonSet the nodes decide, of a CronJob the time.
    pub(super) fn replicas(&self, pod: &Pod<'_>) -> Option<Replicas> {
        match self.scaler_of(pod) {
            Some(scaler) => {
                let most = scaler.most.unwrap_or(scaler.least).max(scaler.least);
                Some(Replicas { least: scaler.least, most })
            }
            None => pod.replicas().map(|replicas| Replicas { least: replicas, most: replicas }),
        }
    }
}
