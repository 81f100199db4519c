//! What has a price.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::spec::Provider;

/// How a machine is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bought {
    /// At the ordinary price.
    OnDemand,
    /// As spare capacity that may be taken back.
    Spot,
}

impl Bought {
    /// The word used in files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "spot",
        }
    }
}

/// A thing that a cloud sells; with its provider and region it has one price, as spot one for each zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// A machine for an hour, with the GPUs that are built in.
    Machine {
        /// The cloud's machine type, for example `a2-highgpu-1g`.
        name: String,
        /// How it is bought.
        bought: Bought,
    },
    /// A GPU attached to a machine for an hour; only Google sells them so.
    Gpu {
        /// Google's name for it, for example `nvidia-tesla-t4`.
        name: String,
        /// How the machine it is attached to is bought.
        bought: Bought,
    },
    /// A gigabyte of disk for a month, by the cloud's disk type, for example `pd-ssd` or `gp3`.
    Disk(String),
    /// A control plane for an hour, of a version in standard support.
    ControlPlane,
    /// A control plane for an hour, of a version in extended support: all of its fee, not only what is added.
    ControlPlaneExtended,
    /// What GKE takes for an hour beside its fee once the version of a cluster of the extended channel has left standard support.
    ExtendedChannel,
    /// A NAT gateway for an hour.
    NatGateway,
    /// A gigabyte through a NAT gateway.
    NatTraffic,
    /// Cloud NAT for one machine for an hour.
    NatMachine,
    /// A public IPv4 address for an hour.
    Address,
    /// A load balancer for an hour, without what passes through it.
    LoadBalancer,
}

impl Item {
    /// A machine type bought in one way.
    pub fn machine(name: &str, bought: Bought) -> Self {
        Self::Machine { name: name.to_owned(), bought }
    }

    /// Whether it is a control plane, whatever its version makes of its fee.
    pub fn is_control_plane(&self) -> bool {
        matches!(self, Self::ControlPlane | Self::ControlPlaneExtended)
    }

    /// Whether it is paid for a cluster itself: its control plane, and what is added to its fee.
    pub fn is_fee(&self) -> bool {
        self.is_control_plane() || *self == Self::ExtendedChannel
    }

    /// Whether it is spare capacity, whose price differs by zone and moves.
    pub fn is_spot(&self) -> bool {
        matches!(self, Self::Machine { bought: Bought::Spot, .. } | Self::Gpu { bought: Bought::Spot, .. })
    }

    /// Whether berth reads its price from this cloud. Of some machines, GPUs and disks it finds none there all the same, which only
    /// the cloud's own crate can tell.
    pub fn is_read_live(&self, provider: Provider) -> bool {
        match self {
            Self::Machine { .. } | Self::Disk(_) | Self::ControlPlane | Self::Address => provider != Provider::Existing,
            Self::Gpu { .. } => provider == Provider::Gke,
            Self::ControlPlaneExtended | Self::NatGateway | Self::NatTraffic | Self::LoadBalancer => {
                provider == Provider::Eks
            }
            Self::ExtendedChannel | Self::NatMachine => false,
        }
    }

    /// Its name on a line, in the cloud's words.
    pub fn words(&self, provider: Provider) -> String {
        match (self, provider) {
            (Self::Disk(kind), Provider::Eks) => format!("EBS {kind}"),
            (Self::ControlPlane, Provider::Eks) => "EKS cluster, standard support".to_owned(),
            (Self::ControlPlaneExtended, Provider::Eks) => "EKS cluster, extended support".to_owned(),
            (Self::ControlPlane, _) => "GKE cluster management fee".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine { name, .. } | Self::Gpu { name, .. } | Self::Disk(name) => name,
            Self::ControlPlane => "control plane",
            Self::ControlPlaneExtended => "control plane in extended support",
            Self::ExtendedChannel => "extended support",
            Self::NatGateway => "NAT gateway",
            Self::NatTraffic => "traffic through a NAT gateway",
            Self::NatMachine => "Cloud NAT for a machine",
            Self::Address => "public IPv4 address",
            Self::LoadBalancer => "load balancer",
        })
    }
}
