//! EKS's verbs, and the settings berth keeps the same in clusters and node groups.
//!
//! The same types carry the wish (made by `rules::eks`) and what was read back (made by the `berth-eks` crate).
//! What berth makes around a cluster has no id when a plan is made, so actions that make things name each other by *part*:
//! the value of the tag [`crate::rules::eks::tags::PART_KEY`], unique within a cluster; the hands find the id by the tags.
//! Actions that take things away name what was seen, by id.

mod change;
mod group;
mod identity;
mod part;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use change::{EksClusterChange, EksGroupChange};
pub use group::{EksAmiType, EksCapacity, EksGroup, EksTemplate};
pub use identity::{EksPodIdentity, EksPodIdentityState};
pub use part::{
    EksAddress, EksGateway, EksNat, EksPart, EksPartKind, EksPartRef, EksRole, EksRoute, EksRouteTable, EksSubnet,
    EksTrust, EksVpc,
};

/// Which EKS cluster: account, region and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EksClusterRef {
    /// Account id, twelve digits.
    pub account: String,
    /// Region.
    pub region: String,
    /// Cluster name.
    pub name: String,
}

/// One thing to do on AWS; every one may be repeated after it took effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksAction {
    /// CreateRole with its trust and tags, then AttachRolePolicy for each policy it lacks, and PutRolePolicy for its own.
    CreateRole(Box<EksRole>),
    /// CreateVpc with its tags, then both DNS attributes on.
    CreateVpc(EksVpc),
    /// CreateSubnet in the VPC with its tags; a public one then gives addresses at launch.
    CreateSubnet(EksSubnet),
    /// CreateInternetGateway with its tags, attached to the VPC.
    CreateInternetGateway(EksGateway),
    /// AllocateAddress with its tags.
    AllocateAddress(EksAddress),
    /// CreateNatGateway with its tags; complete when it is `available`.
    CreateNatGateway(EksNat),
    /// CreateRouteTable with its tags, its default route, and its subnets associated.
    CreateRouteTable(EksRouteTable),
    /// CreateCluster; complete when it is `ACTIVE`. "Role cannot be assumed" is tried again, because IAM is slow to spread.
    CreateCluster(Box<EksCluster>),
    /// One kind of change to the cluster; complete when its update is.
    ChangeCluster {
        /// The cluster.
        cluster: EksClusterRef,
        /// What to change.
        change: EksClusterChange,
    },
    /// CreateAccessEntry and AssociateAccessPolicy (cluster administrator, whole cluster).
    GrantAdmin {
        /// The cluster.
        cluster: EksClusterRef,
        /// ARN of the IAM user or role.
        principal: String,
        /// Tags of the entry.
        tags: BTreeMap<String, String>,
    },
    /// CreateAddon; complete when `ACTIVE`, or at once if `wait` is off.
    CreateAddon(EksAddon),
    /// UpdateAddon with other settings of its own; complete when its update is. What somebody changed in the cluster by hand stays.
    ChangeAddon {
        /// The cluster.
        cluster: EksClusterRef,
        /// Add-on name.
        addon: String,
        /// All its settings, JSON.
        configuration: String,
    },
    /// CreatePodIdentityAssociation; one of the same service account with another role is replaced.
    CreatePodIdentity(EksPodIdentity),
    /// DeletePodIdentityAssociation of a service account. What is gone already is done.
    DeletePodIdentity {
        /// The cluster.
        cluster: EksClusterRef,
        /// Namespace of the service account.
        namespace: String,
        /// The service account.
        service_account: String,
    },
    /// CreateLaunchTemplate with its tags.
    CreateTemplate(Box<EksTemplate>),
    /// CreateNodegroup; complete when `ACTIVE`. Health issues are read on each poll, so that a stockout fails early.
    CreateGroup(Box<EksGroup>),
    /// One kind of UpdateNodegroupConfig; complete when its update is.
    ChangeGroup {
        /// The cluster.
        cluster: EksClusterRef,
        /// The node group's name.
        group: String,
        /// What to change.
        change: EksGroupChange,
    },
    /// Autoscaling CreateOrUpdateTags on the group of machines behind a node group, at most 25 in a call, not propagated.
    TagAutoscaling {
        /// The cluster.
        cluster: EksClusterRef,
        /// The node group's name.
        group: String,
        /// Tags that tell an autoscaler what a node will be like.
        tags: BTreeMap<String, String>,
    },
    /// DeleteAddon; complete when it is not found. `preserve` is never set.
    DeleteAddon {
        /// The cluster.
        cluster: EksClusterRef,
        /// Add-on name.
        addon: String,
    },
    /// DeleteNodegroup; complete when it is not found.
    DeleteGroup {
        /// The cluster.
        cluster: EksClusterRef,
        /// The node group's name.
        group: String,
    },
    /// DeleteCluster, with deletion protection off; complete when it is not found.
    DeleteCluster {
        /// The cluster.
        cluster: EksClusterRef,
    },
    /// Takes one thing around the cluster away by its id; complete when it is gone. What is gone already is done.
    ///
    /// A role loses its policies and instance profiles first; a gateway is detached; an address waits for its NAT gateway.
    /// `DependencyViolation` is tried again: what holds it goes away a little later.
    DeletePart {
        /// The cluster it was made for.
        cluster: EksClusterRef,
        /// What to take away.
        part: EksPartRef,
    },
    /// Finds by tags (and in the VPC) all things of these kinds that appeared since the plan was made, and takes them away.
    ///
    /// For what workloads and the network plugin make: load balancers, volumes, network interfaces, security groups.
    Sweep {
        /// The cluster they were made for.
        cluster: EksClusterRef,
        /// Id of the VPC berth made, if it made one: everything in it counts.
        vpc: Option<String>,
        /// Id of the VPC the cluster stands in, if berth did not make it and the cluster still tells: of what stands in a VPC only
        /// what stands in this one counts, because another program may run a cluster of the same name in another one.
        #[serde(default)]
        near: Option<String>,
        /// What to look for.
        kinds: Vec<EksPartKind>,
    },
    /// Wait for a cluster, node group or add-on that is in a state of transition.
    Await {
        /// The cluster.
        cluster: EksClusterRef,
        /// What to wait for.
        target: EksTarget,
    },
}

/// What may be in a state of transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksTarget {
    /// The cluster: until `ACTIVE`, or gone if it is being deleted.
    Cluster,
    /// A node group, by name: until `ACTIVE` or `DEGRADED`, or gone if it is being deleted.
    Group(String),
    /// The machines of a node group, by its name: until as many are in service as it wants. That the cloud has none for it ends the wait.
    Machines(String),
    /// An add-on, by name: until `ACTIVE`, or gone if it is being deleted. `DEGRADED` is waited out up to the step's limit, because
    /// DNS is that until its pods run on a node; then its issues are the fault. `CREATE_FAILED` and `UPDATE_FAILED` end the wait.
    Addon(String),
}

/// A whole cluster as CreateCluster takes it, without what belongs to objects of their own.
///
/// Always: access mode `API`, `bootstrapClusterCreatorAdminPermissions` on, `bootstrapSelfManagedAddons` off, support
/// `STANDARD`, public endpoint on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EksCluster {
    /// Where and under which name.
    pub cluster: EksClusterRef,
    /// The role the control plane takes.
    pub role: EksRoleRef,
    /// Its subnets, in two zones or more.
    pub subnets: EksSubnets,
    /// Kubernetes minor version; `None` leaves it to EKS.
    pub version: Option<String>,
    /// Settings that can be changed later.
    pub settings: EksSettings,
    /// Tags, berth's ownership tags included.
    pub tags: BTreeMap<String, String>,
}

/// Settings of the cluster object that berth compares and keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksSettings {
    /// Control-plane log types by the API's names, sorted.
    pub logging: Vec<String>,
    /// Address ranges that may reach the public endpoint, sorted; never empty, `0.0.0.0/0` is everyone.
    pub public_access_cidrs: Vec<String>,
    /// Whether the endpoint is also reachable inside the VPC.
    pub private_access: bool,
    /// `STANDARD` support: EKS upgrades at its end instead of billing six times as much.
    pub standard_support: bool,
}

/// A role berth makes, or one that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksRoleRef {
    /// Name of a role berth makes; the ARN is `arn:PARTITION:iam::ACCOUNT:role/NAME`.
    Made(String),
    /// ARN of a role that was given.
    Given(String),
}

/// Subnets berth makes, or given ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksSubnets {
    /// Parts of subnets berth makes.
    Made(Vec<String>),
    /// Ids of given subnets; `zones` empty means all of them, else only those in these zones.
    Given {
        /// Subnet ids.
        ids: Vec<String>,
        /// Zones the subnets may be in.
        zones: Vec<String>,
    },
}

/// A managed add-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksAddon {
    /// The cluster.
    pub cluster: EksClusterRef,
    /// EKS's name, for example `vpc-cni`.
    pub name: String,
    /// Service account and role of its pod identity association, if it needs one.
    pub identity: Option<EksIdentity>,
    /// Wait until it is `ACTIVE`; off for what cannot be before there are nodes.
    pub wait: bool,
    /// It is told to enforce NetworkPolicies; only the network plugin is.
    #[serde(default)]
    pub enforces_policies: bool,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A role for a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksIdentity {
    /// For example `ebs-csi-controller-sa`.
    pub service_account: String,
    /// The role.
    pub role: EksRoleRef,
}

/// What only EKS tells about a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EksDescription {
    /// Settings as read back.
    pub settings: EksSettings,
    /// Id of its VPC.
    pub vpc: Option<String>,
    /// Ids of its subnets.
    pub subnets: Vec<String>,
    /// ARN of its role.
    pub role_arn: String,
    /// URL of its OIDC issuer.
    pub issuer: Option<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub access_mode: String,
    /// DeleteCluster is refused until this is off.
    pub deletion_protection: bool,
    /// Its add-ons.
    pub addons: Vec<EksAddonState>,
    /// ARNs of principals that are cluster administrators by an access entry.
    pub admins: Vec<String>,
    /// Pod identity associations of service accounts berth knows, but not those of add-ons.
    pub identities: Vec<EksPodIdentityState>,
}

/// An add-on that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksAddonState {
    /// EKS's name.
    pub name: String,
    /// EKS's word: `CREATING ACTIVE CREATE_FAILED UPDATING DELETING DELETE_FAILED DEGRADED UPDATE_FAILED`.
    pub status: String,
    /// Its health issues, `code: message`.
    pub issues: Vec<String>,
    /// Its own settings, JSON or YAML, as somebody gave them.
    #[serde(default)]
    pub configuration: Option<String>,
    /// Tags; ownership is read from these.
    pub tags: BTreeMap<String, String>,
}
