//! GKE's verbs, and the settings berth keeps the same in clusters and pools.
//!
//! The same types carry the wish (made by `rules::gke`) and what was read back (made by the `berth-gke` crate), so that a
//! difference is a comparison of two values of one type. Node counts here are GKE's: per zone where the name says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gc::LeftoverKind;
use crate::spec::{Disk, NodeRange, Place, Sharing, Taint};

/// Which GKE cluster: project, location and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeClusterRef {
    /// Google Cloud project id.
    pub project: String,
    /// Region or zone.
    pub location: String,
    /// Cluster name.
    pub name: String,
}

impl GkeClusterRef {
    /// `projects/P/locations/L`
    pub fn parent(&self) -> String {
        format!("projects/{}/locations/{}", self.project, self.location)
    }

    /// `projects/P/locations/L/clusters/C`
    pub fn path(&self) -> String {
        format!("{}/clusters/{}", self.parent(), self.name)
    }

    /// `projects/P/locations/L/clusters/C/nodePools/N`
    pub fn pool_path(&self, pool: &str) -> String {
        format!("{}/nodePools/{pool}", self.path())
    }

    /// Where the cluster stands.
    pub fn place(&self) -> Place {
        Place::from_gke_location(&self.location)
    }
}

/// One call to GKE that changes something, or a wait for one that already runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GkeAction {
    /// CreateCluster with its pools inline; ownership labels are part of the call.
    CreateCluster(Box<GkeCluster>),
    /// One kind of change to the cluster object.
    ChangeCluster {
        /// The cluster.
        cluster: GkeClusterRef,
        /// What to change.
        change: GkeClusterChange,
    },
    /// DeleteCluster.
    DeleteCluster {
        /// The cluster.
        cluster: GkeClusterRef,
    },
    /// CreateNodePool.
    CreatePool {
        /// The cluster.
        cluster: GkeClusterRef,
        /// The pool to make.
        pool: Box<GkePool>,
    },
    /// One kind of change to a pool, in place.
    ChangePool {
        /// The cluster.
        cluster: GkeClusterRef,
        /// The pool's name.
        pool: String,
        /// What to change.
        change: GkePoolChange,
    },
    /// DeleteNodePool.
    DeletePool {
        /// The cluster.
        cluster: GkeClusterRef,
        /// The pool's name.
        pool: String,
    },
    /// Wait for an operation that somebody (an earlier run, GKE itself) has started.
    AwaitOperation {
        /// The cluster it works on.
        cluster: GkeClusterRef,
        /// The operation's short name, `operation-...`.
        operation: String,
    },
    /// Deletes one thing of Compute Engine that a cluster left; complete when it is gone. What is gone already is done.
    ///
    /// `resourceInUseByAnotherResource` is tried again: what uses it goes away a little later.
    DeleteLeftover(GkeLeftover),
    /// Writes down in Compute Engine whose the things are that bear no mark and outlive the cluster, before it goes: the mark and lease of
    /// the cluster with the network tag of its nodes, by which those things are known. One that is there already is done, and so is that of
    /// a cluster that is gone or is not ours.
    LeaveReminder {
        /// The cluster.
        cluster: GkeClusterRef,
        /// Name of the reminder.
        name: String,
    },
}

/// A thing of Compute Engine that a cluster left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeLeftover {
    /// Project it is in.
    pub project: String,
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name.
    pub name: String,
    /// Path of its URL: `projects/P/zones/Z/disks/D`, `projects/P/regions/R/addresses/A`, `projects/P/global/firewalls/F`.
    pub path: String,
}

/// A whole cluster as CreateCluster takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeCluster {
    /// Where and under which name.
    pub cluster: GkeClusterRef,
    /// GCP labels, berth's ownership labels included.
    pub resource_labels: BTreeMap<String, String>,
    /// Everything else.
    pub settings: GkeSettings,
    /// Pools, scarce ones first; never empty.
    pub pools: Vec<GkePool>,
}

/// Settings of the cluster object that berth compares and keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeSettings {
    /// Release channel; decides versions and upgrades.
    pub release_channel: ReleaseChannel,
    /// Wanted control-plane version (`1.34`, `1.34.1-gke.100`, `latest`); `None` leaves it to the channel. Only for creation.
    pub version: Option<String>,
    /// VPC network; `None` means the one named `default`. Only for creation.
    pub network: Option<String>,
    /// Subnetwork of the network. Only for creation.
    pub subnetwork: Option<String>,
    /// Nodes without public addresses. Only for creation.
    pub private_nodes: bool,
    /// NetworkPolicies are enforced: made with Dataplane V2, and read back also where the Calico add-on does it. Only for creation.
    #[serde(default)]
    pub network_policy: bool,
    /// Workload identity federation, pool `PROJECT.svc.id.goog`.
    pub workload_identity: bool,
    /// Shielded nodes on the cluster.
    pub shielded_nodes: bool,
    /// When GKE may do maintenance; `None` leaves it to GKE.
    pub maintenance: Option<MaintenanceWindow>,
    /// Logging components by the API's names, for example `SYSTEM_COMPONENTS`; sorted.
    pub logging: Vec<String>,
    /// Monitoring components by the API's names; sorted.
    pub monitoring: Vec<String>,
    /// How eagerly the autoscaler removes nodes.
    pub autoscaling_profile: AutoscalingProfile,
}

/// GKE release channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseChannel {
    /// No channel: versions are chosen by hand.
    None,
    /// Newest versions.
    Rapid,
    /// GKE's default.
    Regular,
    /// Most mature versions.
    Stable,
    /// Long support of one minor version.
    Extended,
}

/// A window in which GKE may do maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaintenanceWindow {
    /// Every day from this time, `HH:MM` in GMT; GKE decides the length.
    Daily(String),
    /// A recurring window: RFC 3339 start and end of the first one, and an RFC 5545 RRULE.
    Recurring {
        /// Start of the first window.
        start: String,
        /// End of the first window.
        end: String,
        /// For example `FREQ=WEEKLY;BYDAY=SA,SU`.
        recurrence: String,
    },
}

/// GKE's autoscaling profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoscalingProfile {
    /// GKE's default: keeps some room.
    Balanced,
    /// Removes idle nodes sooner.
    OptimizeUtilization,
}

/// One kind of change to a cluster; GKE takes one kind per call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GkeClusterChange {
    /// Replace the GCP labels; the hands read the current fingerprint.
    ResourceLabels(BTreeMap<String, String>),
    /// Move to another channel.
    ReleaseChannel(ReleaseChannel),
    /// Set or clear the maintenance window; the hands read the current resource version.
    Maintenance(Option<MaintenanceWindow>),
    /// Logging components.
    Logging(Vec<String>),
    /// Monitoring components.
    Monitoring(Vec<String>),
    /// Autoscaling profile.
    AutoscalingProfile(AutoscalingProfile),
    /// Turn workload identity on or off.
    WorkloadIdentity(bool),
    /// Turn shielded nodes on or off.
    ShieldedNodes(bool),
}

/// A node pool as GKE sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkePool {
    /// Pool name.
    pub name: String,
    /// Machine type.
    pub machine_type: String,
    /// Attached or built-in GPUs of each node.
    pub accelerator: Option<GkeAccelerator>,
    /// Spot machines.
    pub spot: bool,
    /// Zones of the pool, sorted; never empty.
    pub zones: Vec<String>,
    /// GKE's `initialNodeCount`: nodes in each zone at creation.
    pub initial_nodes_per_zone: u32,
    /// `None`: a fixed size.
    pub autoscaling: Option<GkeAutoscaling>,
    /// Kubernetes node labels the user wrote.
    pub labels: BTreeMap<String, String>,
    /// Kubernetes taints, sorted; compared as a set.
    pub taints: Vec<Taint>,
    /// Boot disk.
    pub disk: Disk,
    /// Secure boot of shielded nodes.
    pub secure_boot: bool,
    /// Integrity monitoring of shielded nodes.
    pub integrity_monitoring: bool,
    /// Workloads reach GKE's metadata server instead of the machine's.
    pub workload_metadata: bool,
    /// GCP labels on the machines, berth's ownership labels included.
    pub resource_labels: BTreeMap<String, String>,
}

/// GPUs of each node of a GKE pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeAccelerator {
    /// GKE's name, for example `nvidia-tesla-a100`.
    pub kind: String,
    /// GPUs per node.
    pub count: u32,
    /// How each GPU is shared.
    pub sharing: Sharing,
    /// Who installs which driver.
    pub driver: GkeDriver,
}

/// GKE's `gpuDriverVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GkeDriver {
    /// GKE installs its default driver.
    Default,
    /// GKE installs the newest driver.
    Latest,
    /// Nobody does, until the user does.
    Disabled,
}

/// Autoscaling limits of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GkeAutoscaling {
    /// Totals for the pool (`totalMinNodeCount`, `totalMaxNodeCount`), or per zone if `per_zone`.
    pub nodes: NodeRange,
    /// Read back from a pool that somebody else made with per-zone limits; berth itself always writes totals.
    pub per_zone: bool,
    /// `locationPolicy: ANY` instead of `BALANCED`.
    pub any_zone: bool,
}

/// One kind of change to a pool, in place; GKE takes one kind per call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GkePoolChange {
    /// Replace the node labels.
    Labels(BTreeMap<String, String>),
    /// Replace the taints.
    Taints(Vec<Taint>),
    /// Replace the zones; in a call of its own, else other fields reach only new nodes.
    Zones(Vec<String>),
    /// Autoscaling limits, or `None` to switch it off.
    Autoscaling(Option<GkeAutoscaling>),
    /// Fixed size: nodes in each zone.
    NodesPerZone(u32),
    /// Workload metadata mode; rolls the nodes.
    WorkloadMetadata(bool),
}
