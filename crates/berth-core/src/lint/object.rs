//! Objects of manifests, and the pods that some of them make.

use super::finding::Place;
use super::manifest::is_map;
use super::quantity;
use crate::actions::kube::KubeObjectRef;
use crate::manifests::waves::is_of_the_whole_cluster;
use crate::spec::Position;
use crate::spec::tree::{Entry, Node};

/// Custom resources of GPU clusters that stand in no namespace, though no file has their definition.
const CLUSTER_RESOURCES: [&str; 3] = ["ClusterPolicy", "NVIDIADriver", "VolumeSnapshotClass"];
/// Kinds that make pods, with the way to the pod's spec.
const POD_KINDS: [(&str, &[&str]); 8] = [
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("Pod", &["spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
];

/// One object.
pub(super) struct Object<'a> {
    pub(super) file: &'a str,
    pub(super) root: Node,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

impl<'a> Object<'a> {
    /// An object, or the field it lacks.
    pub(super) fn new(file: &'a str, root: Node) -> Result<Self, &'static str> {
        if !is_map(&root) {
            return Err("kind");
        }
        let text = |keys: &[&str]| root.along(keys).and_then(Node::text).map(str::to_owned);
        let api_version = text(&["apiVersion"]).ok_or("apiVersion")?;
        let kind = text(&["kind"]).ok_or("kind")?;
        // Kustomizations have no name and are never applied.
        let name = text(&["metadata", "name"]).or_else(|| (kind == "Kustomization").then(String::new));
        let name = name.or_else(|| text(&["metadata", "generateName"])).ok_or("metadata.name")?;
        Ok(Self { file, root, api_version, kind, name })
    }

    /// Its namespace, `default` if it names none; `None` for kinds that have none.
    pub(super) fn namespace(&self) -> Option<&str> {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        if is_of_the_whole_cluster(group, &self.kind) || CLUSTER_RESOURCES.contains(&self.kind.as_str()) {
            return None;
        }
        Some(self.root.along(&["metadata", "namespace"]).and_then(Node::text).unwrap_or("default"))
    }

    /// Whether it has this annotation, with the value `true`.
    pub(super) fn is_marked(&self, annotation: &str) -> bool {
        let said = self.root.along(&["metadata", "annotations", annotation]).and_then(Node::scalar);
        said.is_some_and(|value| value == "true")
    }

    /// `Deployment stt`
    pub(super) fn words(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// Its reference.
    pub(super) fn reference(&self) -> KubeObjectRef {
        KubeObjectRef {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name.clone(),
        }
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place<'_> {
        self.at(self.root.at)
    }

    /// A place in its file.
    pub(super) fn at(&self, at: Position) -> Place<'_> {
        Place { file: self.file, at }
    }

    /// The place of what is at the end of these keys, or of the last of them that is there; of blocks it is the key.
    pub(super) fn place_of(&self, keys: &[&str]) -> Place<'_> {
        let mut node = &self.root;
        let mut at = node.at;
        for key in keys {
            let Some(entry) = node.entry(key) else { break };
            node = &entry.node;
            at = shown(entry);
        }
        self.at(at)
    }

    /// The pods it makes, if it makes any.
    pub(super) fn pod(&self) -> Option<Pod<'_>> {
        let (_, way) = POD_KINDS.iter().find(|(kind, _)| *kind == self.kind)?;
        let spec = self.root.along(way)?;
        let at = self.place_of(way).at;
        Some(Pod { object: self, spec, at })
    }
}

/// Where people look for an entry: at the key of a block, at the value of anything else.
pub(super) fn shown(entry: &Entry) -> Position {
    let is_block = is_map(&entry.node) || !entry.node.items().is_empty() || entry.node.scalar().is_none();
    if is_block { entry.key_at } else { entry.node.at }
}

/// The pods an object makes.
#[derive(Clone, Copy)]
pub(super) struct Pod<'a> {
    pub(super) object: &'a Object<'a>,
    pub(super) spec: &'a Node,
    /// Where its spec is said to begin.
    at: Position,
}

impl<'a> Pod<'a> {
    /// Where its spec begins.
    pub(super) fn place(&self) -> Place<'a> {
        self.object.at(self.at)
    }

    /// Where a field of its spec stands, or its spec if it has none.
    pub(super) fn place_of(&self, key: &str) -> Place<'a> {
        self.object.at(self.spec.entry(key).map_or(self.at, shown))
    }

    /// A text of its spec.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.spec.get(key).and_then(Node::text)
    }

    /// Its namespace.
    pub(super) fn namespace(&self) -> &'a str {
        self.object.namespace().unwrap_or("default")
    }

    /// All containers, those that initialise first.
    pub(super) fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let pod = *self;
        ["initContainers", "containers"].into_iter().flat_map(move |key| {
            let nodes = pod.spec.get(key).map(Node::items).unwrap_or_default();
            nodes.iter().map(move |node| Container { pod, node, is_init: key == "initContainers" })
        })
    }

    /// How many of it run at once, if the manifest says: not of a DaemonSet, and 1 where the field is left out.
    pub(super) fn replicas(&self) -> Option<u32> {
        let field = match self.object.kind.as_str() {
            "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => "replicas",
            "Job" => "parallelism",
            "Pod" => return Some(1),
            _ => return None,
        };
        match self.object.root.along(&["spec", field]) {
            Some(node) => node.scalar()?.parse().ok(),
            None => Some(1),
        }
    }

    /// The sum of what its containers ask for at once, in thousandths: all ordinary ones together, or one that initialises.
    pub(super) fn total(&self, of: impl Fn(&Container<'a>) -> u128) -> u128 {
        let (init, main): (Vec<_>, Vec<_>) = self.containers().partition(|container| container.is_init);
        let main: u128 = main.iter().map(&of).sum();
        // Containers that initialise and then stay count beside the others.
        let (stay, pass): (Vec<_>, Vec<_>) = init.into_iter().partition(Container::stays);
        let stay: u128 = stay.iter().map(&of).sum();
        pass.iter().map(&of).max().unwrap_or(0).max(main + stay)
    }
}

/// One container of a pod.
#[derive(Clone, Copy)]
pub(super) struct Container<'a> {
    pub(super) pod: Pod<'a>,
    pub(super) node: &'a Node,
    is_init: bool,
}

impl<'a> Container<'a> {
    /// Its name, or a word for one without.
    pub(super) fn name(&self) -> &'a str {
        self.node.get("name").and_then(Node::text).unwrap_or("(unnamed)")
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Place<'a> {
        self.pod.object.at(self.node.at)
    }

    /// Its image.
    pub(super) fn image(&self) -> &'a str {
        self.node.get("image").and_then(Node::text).unwrap_or_default()
    }

    /// Where its image stands.
    pub(super) fn image_place(&self) -> Place<'a> {
        self.pod.object.at(self.node.entry("image").map_or(self.node.at, shown))
    }

    /// What it says under `limits` or `requests`.
    pub(super) fn said(&self, under: &str) -> &'a [Entry] {
        self.node.along(&["resources", under]).map(Node::entries).unwrap_or_default()
    }

    /// The amount it says of a resource under `limits` or `requests`, in thousandths.
    pub(super) fn amount(&self, under: &str, resource: &str) -> Option<u128> {
        let entry = self.said(under).iter().find(|entry| entry.key == resource)?;
        quantity::millis(&entry.node.scalar()?)
    }

    /// What it asks for as the API server sees it: a request that is left out is the limit.
    pub(super) fn request(&self, resource: &str) -> Option<u128> {
        self.amount("requests", resource).or_else(|| self.amount("limits", resource))
    }

    /// Whether it runs as long as the pod does.
    pub(super) fn lasts(&self) -> bool {
        !self.is_init || self.stays()
    }

    fn stays(&self) -> bool {
        self.node.get("restartPolicy").and_then(Node::text).is_some_and(|policy| policy == "Always")
    }
}
