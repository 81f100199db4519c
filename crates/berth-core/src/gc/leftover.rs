//! One thing of ours that was found on a cloud, and why it is believed to be ours.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observed::Phase;
use crate::rules::ownership::{self, CLUSTER_KEY, OWNER_KEY};
use crate::spec::Provider;

/// Something that a cluster consists of, or that was made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// What deletes it. GCP: the path of its URL from `projects/` on. AWS: id, name or ARN, as
    /// [`EksPartKind`](crate::actions::eks::EksPartKind) says. Of a cluster its name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub at: Whereabouts,
    /// Name of the cluster it belongs to; of a cluster its own.
    pub cluster: String,
    /// Location of that cluster, as far as known: region, or zone of a zonal one. On AWS always the region, by tag if the thing is
    /// global.
    pub cluster_location: Option<String>,
    /// Its labels or tags; empty where the kind bears none.
    pub labels: BTreeMap<String, String>,
    /// When it was made, if the cloud says.
    pub made: Option<Timestamp>,
    /// Why it is believed to be ours.
    pub claim: Claim,
    /// Of a cluster: where it is in its life.
    pub phase: Option<Phase>,
    /// How much of it there is, for its price.
    pub size: Option<LeftoverSize>,
}

impl Leftover {
    /// Whether its own labels say that it is ours and of this cluster.
    pub fn is_marked(&self) -> bool {
        ownership::is_ours(&self.labels) && self.labels.get(CLUSTER_KEY) == Some(&self.cluster)
    }

    /// Whether its labels say that it is somebody else's, whatever made it.
    pub fn is_anothers(&self) -> bool {
        self.labels.get(OWNER_KEY).is_some_and(|owner| owner != ownership::OWNER_VALUE)
    }

    /// Why it is believed to be ours, in words.
    pub fn why(&self) -> String {
        match &self.claim {
            Claim::Mark => format!("it bears {OWNER_KEY}={} for {}", ownership::OWNER_VALUE, self.cluster),
            Claim::MadeFor { words, .. } => words.clone(),
        }
    }

    /// What it is called in a list: `disk pvc-1 in us-central1-a`.
    pub fn words(&self) -> String {
        format!("{} {} in {}", self.kind.words(), self.name, self.at.place)
    }
}

/// Where a thing is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Whereabouts {
    /// Its cloud.
    pub provider: Provider,
    /// Project (GKE) or account (EKS).
    pub account: String,
    /// Zone, region or `global`; on AWS region or `global`.
    pub place: String,
}

/// Why a thing is believed to be ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Claim {
    /// Its own labels or tags say so.
    Mark,
    /// It bears no mark, but something that does says whose it is.
    MadeFor {
        /// Id of a thing of the same cluster in the same inventory that bears our mark: the cluster, the network it stands in, a
        /// machine it is fastened to. Nothing is taken away without such a thing.
        anchor: String,
        /// How it hangs together: `its description names the cluster dubbing-pr-1, which is berth's`.
        words: String,
    },
}

/// How much of a thing there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LeftoverSize {
    /// A disk or volume.
    Disk {
        /// Its kind in the cloud's word, for example `pd-ssd` or `gp3`.
        kind: String,
        /// Gigabytes.
        gigabytes: u64,
    },
    /// Machines, of a cluster, group or by itself.
    Machines(Vec<Machines>),
    /// It costs nothing, unlike others of its kind: an address inside a network.
    Free,
}

/// Machines of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machines {
    /// Machine type.
    pub machine_type: String,
    /// Spot machines.
    pub spot: bool,
    /// How many run.
    pub count: u32,
    /// GPUs attached to each that its type does not include, for example `nvidia-tesla-v100`.
    pub accelerator: Option<(String, u32)>,
}

/// What a leftover is, over both clouds; the order is that in which they are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftoverKind {
    /// A cluster.
    Cluster,
    /// A node pool or node group.
    NodeGroup,
    /// A load balancer of AWS, any generation.
    LoadBalancer,
    /// A listening end of a load balancer of GCP.
    ForwardingRule,
    /// What it hands on to: HTTP, HTTPS, TCP or SSL proxy.
    TargetProxy,
    /// A certificate of an Ingress.
    SslCertificate,
    /// Which path goes where.
    UrlMap,
    /// Machines of a passthrough load balancer of the older kind.
    TargetPool,
    /// Targets of a load balancer of AWS.
    TargetGroup,
    /// What a load balancer of GCP sends to.
    BackendService,
    /// A check that backends are well.
    HealthCheck,
    /// Endpoints a backend consists of.
    NetworkEndpointGroup,
    /// What keeps a number of machines alike: managed instance group, autoscaling group.
    MachineGroup,
    /// Machines listed by hand, or by the Ingress controller.
    InstanceGroup,
    /// A template of machines of GCP.
    InstanceTemplate,
    /// A machine.
    Instance,
    /// A launch template.
    LaunchTemplate,
    /// A persistent disk.
    Disk,
    /// An EBS volume.
    Volume,
    /// A network interface.
    NetworkInterface,
    /// A NAT gateway.
    NatGateway,
    /// A reserved or elastic address.
    Address,
    /// A firewall rule.
    Firewall,
    /// A route of a network.
    Route,
    /// A security group.
    SecurityGroup,
    /// A route table.
    RouteTable,
    /// A subnet.
    Subnet,
    /// An internet gateway.
    InternetGateway,
    /// A VPC.
    Vpc,
    /// A group of logs.
    LogGroup,
    /// An OIDC provider.
    OidcProvider,
    /// An instance profile.
    InstanceProfile,
    /// An IAM role.
    Role,
    /// What says whose the unmarked things of a GKE cluster are when it is gone.
    Reminder,
}

impl LeftoverKind {
    /// In words: `NAT gateway`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::NodeGroup => "node group",
            Self::LoadBalancer => "load balancer",
            Self::ForwardingRule => "forwarding rule",
            Self::TargetProxy => "target proxy",
            Self::SslCertificate => "certificate",
            Self::UrlMap => "URL map",
            Self::TargetPool => "target pool",
            Self::TargetGroup => "target group",
            Self::BackendService => "backend service",
            Self::HealthCheck => "health check",
            Self::NetworkEndpointGroup => "network endpoint group",
            Self::MachineGroup => "group of machines",
            Self::InstanceGroup => "instance group",
            Self::InstanceTemplate => "instance template",
            Self::Instance => "machine",
            Self::LaunchTemplate => "launch template",
            Self::Disk => "disk",
            Self::Volume => "volume",
            Self::NetworkInterface => "network interface",
            Self::NatGateway => "NAT gateway",
            Self::Address => "address",
            Self::Firewall => "firewall rule",
            Self::Route => "route",
            Self::SecurityGroup => "security group",
            Self::RouteTable => "route table",
            Self::Subnet => "subnet",
            Self::InternetGateway => "internet gateway",
            Self::Vpc => "VPC",
            Self::LogGroup => "log group",
            Self::OidcProvider => "OIDC provider",
            Self::InstanceProfile => "instance profile",
            Self::Role => "role",
            Self::Reminder => "reminder",
        }
    }

    /// Whether it is billed as long as it is there, used or not.
    pub fn is_billed(self) -> bool {
        matches!(
            self,
            Self::Cluster
                | Self::NodeGroup
                | Self::LoadBalancer
                | Self::ForwardingRule
                | Self::MachineGroup
                | Self::Instance
                | Self::Disk
                | Self::Volume
                | Self::NatGateway
                | Self::Address
                | Self::LogGroup
        )
    }
}

impl fmt::Display for LeftoverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
