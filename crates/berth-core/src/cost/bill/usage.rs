//! What was used: which things stood from when to when, and which services asked for shares of GPUs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cost::item::{Bought, Item};
use crate::cost::pool::attached;
use crate::spec::{Disk, GpuSpec, Provider};

/// What is to be billed.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// Things that stood for some time, in any order.
    pub stretches: Vec<Stretch>,
    /// Shares of GPUs that pods asked for, in any order.
    pub requests: Vec<Request>,
}

/// One thing from its making to its end.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// What its cloud knows it by; all parts of a machine have the machine's.
    pub id: Arc<str>,
    /// What it was; alike things share one, which is then priced once.
    pub what: Arc<What>,
    /// Its name in its cloud; the node's, for whatever is part of a node.
    pub name: Arc<str>,
    /// When it began to be billed.
    pub from: Timestamp,
    /// When that ended; `None` while it goes on.
    pub to: Option<Timestamp>,
    /// Who told when it ended.
    pub told: Teller,
}

/// Who told when something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Teller {
    /// Its cloud, in what it lists, or by the date of its answer to the call that ended the thing.
    #[default]
    Cloud,
    /// A step of ours: the moment at which we saw that it was carried out.
    Step,
    /// A look that did not find it any more.
    Look {
        /// When it was last there; it ended between then and the end that is counted.
        after: Timestamp,
    },
}

impl Teller {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Step => "step",
            Self::Look { .. } => "look",
        }
    }
}

/// What alike things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct What {
    /// Whose they are.
    #[serde(serialize_with = "whole", deserialize_with = "shared")]
    pub whose: Arc<Whose>,
    /// Who sells them.
    pub provider: Provider,
    /// Where they stand.
    pub region: String,
    /// Which zone they stand in, if they stand in one.
    pub zone: Option<String>,
    /// The pool they are of; `None` for what stands around the pools.
    pub pool: Option<String>,
    /// What is paid for.
    pub item: Item,
    /// How many of it one thing has: gigabytes of a disk, GPUs of a node, else 1.
    pub quantity: u64,
    /// Shares of GPUs of the node it is part of; 0 if it is not divided among services.
    pub shares: u64,
}

/// Whose things are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Whose {
    /// The cluster.
    pub cluster: String,
    /// Who is said to own it.
    pub owner: Option<String>,
    /// The lease it was made for.
    pub lease: Option<String>,
    /// The pipeline run it was made for, for example its URL.
    pub run: Option<String>,
    /// The cluster's labels or tags.
    pub labels: BTreeMap<String, String>,
}

fn whole<S: Serializer>(whose: &Arc<Whose>, serializer: S) -> Result<S::Ok, S::Error> {
    whose.as_ref().serialize(serializer)
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Whose>, D::Error> {
    Whose::deserialize(deserializer).map(Arc::new)
}

/// Shares of GPUs that a pod asked for on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The cluster the node is of.
    pub cluster: Arc<str>,
    /// The node.
    pub node: Arc<str>,
    /// The service the pod belongs to.
    pub service: Arc<str>,
    /// The pod, as `namespace/name`.
    pub pod: Arc<str>,
    /// How many shares.
    pub shares: u32,
    /// When it was put on the node.
    pub from: Timestamp,
    /// When it was gone; `None` while it is there.
    pub to: Option<Timestamp>,
}

/// How the nodes of a pool in a zone are made up.
#[derive(Debug, Clone)]
pub struct NodeShape {
    /// Whose they are.
    pub whose: Arc<Whose>,
    /// Who sells them.
    pub provider: Provider,
    /// Where they stand.
    pub region: String,
    /// Which zone they stand in.
    pub zone: Option<String>,
    /// The pool they are of.
    pub pool: String,
    /// The cloud's machine type.
    pub machine_type: String,
    /// How the machine was bought.
    pub bought: Bought,
    /// Its GPUs.
    pub gpu: Option<GpuSpec>,
    /// Its boot disk.
    pub disk: Option<Disk>,
}

impl NodeShape {
    /// What one node is paid for: its machine, GPUs attached to it, its disk.
    pub fn parts(&self) -> Vec<Arc<What>> {
        let shares = self.gpu.as_ref().map_or(0, |gpu| u64::from(gpu.count) * u64::from(gpu.sharing.shares()));
        let part = |item: Item, quantity: u64| {
            Arc::new(What {
                whose: Arc::clone(&self.whose),
                provider: self.provider,
                region: self.region.clone(),
                zone: self.zone.clone(),
                pool: Some(self.pool.clone()),
                item,
                quantity,
                shares,
            })
        };
        let mut parts = vec![part(Item::machine(&self.machine_type, self.bought), 1)];
        if let Some(gpu) = &self.gpu
            && let Some(name) = attached(self.provider, &self.machine_type, &gpu.model)
        {
            parts.push(part(Item::Gpu { name: name.to_owned(), bought: self.bought }, gpu.count.into()));
        }
        parts.extend(self.disk.as_ref().map(|disk| part(Item::Disk(disk.kind.clone()), disk.size_gb.into())));
        parts
    }
}

impl Usage {
    /// Adds a node made up of `parts`, which nodes alike share ([`NodeShape::parts`]).
    pub fn node(&mut self, parts: &[Arc<What>], name: &str, from: Timestamp, to: Option<Timestamp>) {
        let name: Arc<str> = name.into();
        let stretch = |what: &Arc<What>| Stretch {
            id: Arc::clone(&name),
            what: Arc::clone(what),
            name: Arc::clone(&name),
            from,
            to,
            told: Teller::Cloud,
        };
        self.stretches.extend(parts.iter().map(stretch));
    }
}
