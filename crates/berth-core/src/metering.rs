//! From what a cloud lists to what is to be billed.
//!
//! Times are the cloud's own: a thing counts from when its cloud says that it was made. What is gone counts where its cloud still
//! tells of it.
//!
//! A [`Record`] keeps what looks saw, so that a bill outlives its cluster, and says by whom each end is known.

mod ended;
mod meter;
mod record;
mod requests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cost::{Bought, Usage};
use crate::gc::{Inventory, Unread};
use crate::observed::ObservedCluster;
use crate::spec::Provider;

pub use ended::untold;
pub use meter::{cluster_id, metered};
pub use record::{Life, Record, Sight, Told, begun};
pub use requests::requests;

/// A virtual machine of a cluster, with what lives and ends with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its cloud.
    pub provider: Provider,
    /// Name of the cluster it is a node of.
    pub cluster: String,
    /// Location of that cluster, if its labels tell: region, or zone of a zonal one.
    pub cluster_location: Option<String>,
    /// The pool it is of, if its labels tell.
    pub pool: Option<String>,
    /// Its name or id in its cloud.
    pub id: String,
    /// The name of its Kubernetes node.
    pub node: String,
    /// Where it stands.
    pub region: String,
    /// Which zone it stands in.
    pub zone: String,
    /// The cloud's machine type.
    pub machine_type: String,
    /// How it was bought.
    pub bought: Bought,
    /// GPUs attached to it that its type does not include, for example `nvidia-tesla-t4`, and how many.
    pub accelerator: Option<(String, u32)>,
    /// Disks that go with it, as the cloud's kind and gigabytes.
    pub disks: Vec<(String, u64)>,
    /// Public IPv4 addresses that go with it.
    pub addresses: u64,
    /// When it was made.
    pub from: Timestamp,
    /// When it ended, as far as the cloud still tells; `None` while it is there.
    pub to: Option<Timestamp>,
}

/// The machines of our clusters that a look found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machines {
    /// Those that are there, and those that are gone and still told of.
    pub found: Vec<Machine>,
    /// What could not be told, as lower-case sentences without their full stops.
    pub unread: Vec<String>,
    /// Lists that are not whole: what is missing there is not known to be gone.
    pub partly: Vec<Unread>,
    /// Machines that came and went, of which the cloud tells only their names.
    pub lives: Vec<Life>,
    /// When other things ended, as far as the cloud tells.
    pub ends: Vec<Told>,
}

/// All that was found of our clusters at one look.
#[derive(Debug)]
pub struct Found<'a> {
    /// Clusters and what stands around their machines.
    pub inventory: &'a Inventory,
    /// Their machines.
    pub machines: &'a Machines,
    /// The clusters as their cloud describes them, for their versions.
    pub clusters: &'a [ObservedCluster],
    /// When things began of which no list tells it, by their ids, as far as that was kept.
    pub begun: &'a BTreeMap<String, Timestamp>,
    /// When standard support of their versions ends, by [`cluster_id`], of clusters that then cost more and of which their cloud says so.
    pub supported_until: &'a BTreeMap<String, Timestamp>,
    /// Shares of GPUs by cluster and node, of nodes that say; what they cost is divided among services.
    pub shares: &'a BTreeMap<(String, String), u64>,
    /// When the look was.
    pub now: Timestamp,
}

/// What is to be billed, and what has to be known to read it.
#[derive(Debug, Clone, Default)]
pub struct Metered {
    /// What was used.
    pub usage: Usage,
    /// What is not seen, or was counted otherwise than by its own times, as lower-case sentences without their full stops.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests;
