//! What stands around a cluster: roles, network, and what workloads leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EksClusterRef;

/// An IAM role berth makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksRole {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Role name, at most 64 characters, without a path.
    pub name: String,
    /// Who may take it.
    pub trust: EksTrust,
    /// Names of AWS's own policies, with their path if they have one: `service-role/AmazonEBSCSIDriverPolicy`.
    pub policies: Vec<String>,
    /// A policy of its own by the name [`crate::rules::eks::roles::OWN_POLICY`], as JSON.
    pub own_policy: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Who may take a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksTrust {
    /// `eks.amazonaws.com`, `sts:AssumeRole` and `sts:TagSession`.
    ControlPlane,
    /// `ec2.amazonaws.com`, `sts:AssumeRole`.
    Machines,
    /// `pods.eks.amazonaws.com`, `sts:AssumeRole` and `sts:TagSession`.
    Pods,
}

/// The VPC berth makes; its part is `vpc`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksVpc {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Address range.
    pub cidr: String,
    /// Tags, its part included.
    pub tags: BTreeMap<String, String>,
}

/// A subnet of the VPC berth makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksSubnet {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Its part, for example `subnet-private-us-east-1a`.
    pub part: String,
    /// Zone name.
    pub zone: String,
    /// Address range.
    pub cidr: String,
    /// Machines in it get public addresses.
    pub public: bool,
    /// Tags, its part and its load-balancer role included.
    pub tags: BTreeMap<String, String>,
}

/// The internet gateway; its part is `internet-gateway`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksGateway {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Tags, its part included.
    pub tags: BTreeMap<String, String>,
}

/// A public address for a NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksAddress {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Its part, for example `address-us-east-1a`.
    pub part: String,
    /// Tags, its part included.
    pub tags: BTreeMap<String, String>,
}

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksNat {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Its part, for example `nat-us-east-1a`.
    pub part: String,
    /// Part of the public subnet it stands in.
    pub subnet: String,
    /// Part of its address.
    pub address: String,
    /// Tags, its part included.
    pub tags: BTreeMap<String, String>,
}

/// A route table with one default route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksRouteTable {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Its part, for example `routes-private-us-east-1a`.
    pub part: String,
    /// Where `0.0.0.0/0` goes.
    pub default_route: EksRoute,
    /// Parts of the subnets that use it.
    pub subnets: Vec<String>,
    /// Tags, its part included.
    pub tags: BTreeMap<String, String>,
}

/// Where traffic to the world goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksRoute {
    /// The internet gateway.
    InternetGateway,
    /// The NAT gateway with this part.
    Nat(String),
}

/// Kinds of things that stand around a cluster, in the order in which they are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksPartKind {
    /// A load balancer (any generation) of a Service or Ingress, by tag `kubernetes.io/cluster/NAME` or `elbv2.k8s.aws/cluster`. Id: ARN, or the name of a classic one.
    LoadBalancer,
    /// A machine whose node group is gone. Id: `i-...`. No look at a cluster's surroundings reads it; only what gc has found names it.
    Instance,
    /// An EBS volume of a claim. Id: `vol-...`.
    Volume,
    /// A network interface in state `available` that the network plugin or EKS left. Id: `eni-...`.
    NetworkInterface,
    /// A launch template. Id: `lt-...`.
    LaunchTemplate,
    /// The control plane's log group, `/aws/eks/NAME/cluster`. Id: its name.
    LogGroup,
    /// An OIDC provider of the cluster's issuer. Id: ARN.
    OidcProvider,
    /// An IAM role. Id: its name.
    Role,
    /// A NAT gateway not yet `deleted`. Id: `nat-...`.
    NatGateway,
    /// An elastic address. Id: `eipalloc-...`.
    Address,
    /// A route table other than the VPC's main one. Id: `rtb-...`.
    RouteTable,
    /// A security group other than the VPC's `default`. Id: `sg-...`.
    SecurityGroup,
    /// A subnet. Id: `subnet-...`.
    Subnet,
    /// An internet gateway. Id: `igw-...`.
    InternetGateway,
    /// A VPC. Id: `vpc-...`.
    Vpc,
}

impl EksPartKind {
    /// All kinds that a look at a cluster's surroundings reads, in the order in which they are taken away.
    pub const ALL: [Self; 14] = [
        Self::LoadBalancer,
        Self::Volume,
        Self::NetworkInterface,
        Self::LaunchTemplate,
        Self::LogGroup,
        Self::OidcProvider,
        Self::Role,
        Self::NatGateway,
        Self::Address,
        Self::RouteTable,
        Self::SecurityGroup,
        Self::Subnet,
        Self::InternetGateway,
        Self::Vpc,
    ];

    /// In words: `NAT gateway`.
    pub fn words(self) -> &'static str {
        match self {
            Self::LoadBalancer => "load balancer",
            Self::Instance => "machine",
            Self::Volume => "volume",
            Self::NetworkInterface => "network interface",
            Self::LaunchTemplate => "launch template",
            Self::LogGroup => "log group",
            Self::OidcProvider => "OIDC provider",
            Self::Role => "role",
            Self::NatGateway => "NAT gateway",
            Self::Address => "address",
            Self::RouteTable => "route table",
            Self::SecurityGroup => "security group",
            Self::Subnet => "subnet",
            Self::InternetGateway => "internet gateway",
            Self::Vpc => "VPC",
        }
    }
}

/// One thing around a cluster, by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EksPartRef {
    /// What it is.
    pub kind: EksPartKind,
    /// AWS's id for it; see [`EksPartKind`].
    pub id: String,
}

/// One thing around a cluster, as found by tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksPart {
    /// What it is and its id.
    pub thing: EksPartRef,
    /// Value of the tag [`crate::rules::eks::tags::PART_KEY`]: which part it is, if berth made it. For a role: its name.
    pub part: Option<String>,
    /// AWS's word for its state, empty if it has none: `available`, `pending`, `deleting`, `in-use`.
    pub state: String,
    /// It does not do its work yet, though it is there: a subnet that gives no addresses, a table without its route or
    /// associations, a gateway not attached, a role that lacks a policy, a NAT gateway that is pending. Making it again completes it.
    pub complete: bool,
    /// All its tags.
    pub tags: BTreeMap<String, String>,
}
