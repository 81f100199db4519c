//! Node groups and their launch templates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EksClusterRef, EksRoleRef, EksSubnets};
use crate::spec::{Disk, NodeRange, Taint};

/// A launch template; never changed, its name holds a hash of what it says.
///
/// Always: IMDSv2 required with hop limit 2; the volume is encrypted and goes with the machine; no image, no security groups, no
/// instance type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksTemplate {
    /// The cluster it is for.
    pub cluster: EksClusterRef,
    /// Name, 3 to 128 characters.
    pub name: String,
    /// The volume for what runs on the machine.
    pub disk: Disk,
    /// Where the image has that volume, for example `/dev/xvda`.
    pub device: String,
    /// Settings the image reads when a machine starts, as plain text.
    pub user_data: Option<String>,
    /// Tags of the template itself.
    pub tags: BTreeMap<String, String>,
    /// Tags of machines, volumes and network interfaces made from it.
    pub machine_tags: BTreeMap<String, String>,
}

/// A managed node group, wanted or read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EksGroup {
    /// The cluster.
    pub cluster: EksClusterRef,
    /// The node group's name.
    pub name: String,
    /// The file's pool it belongs to, by tag [`crate::rules::eks::tags::POOL_KEY`]; its own name if it has none.
    pub pool: String,
    /// Node image.
    pub ami_type: EksAmiType,
    /// Spot or on-demand.
    pub capacity: EksCapacity,
    /// Machine types, best first.
    pub instance_types: Vec<String>,
    /// Least and most nodes; EKS takes no `max` of 0.
    pub nodes: NodeRange,
    /// Nodes wanted now. Of the wish: what it starts with; read back: as an autoscaler may have set it.
    pub desired: u32,
    /// Machines that run and are in service; only read back, `None` if that could not be read.
    pub running: Option<u32>,
    /// Its subnets. Read back: `Given` with the ids.
    pub subnets: EksSubnets,
    /// The role of its machines. Read back: `Given`.
    pub role: EksRoleRef,
    /// Name of its launch template; `None` only when read back from a group that berth did not make.
    pub template: Option<String>,
    /// Kubernetes labels.
    pub labels: BTreeMap<String, String>,
    /// Kubernetes taints, sorted.
    pub taints: Vec<Taint>,
    /// Tags, berth's ownership tags included.
    pub tags: BTreeMap<String, String>,
    /// Names of the groups of machines behind it; only read back.
    pub autoscaling_groups: Vec<String>,
    /// Tags on the groups of machines behind it that berth compares (`k8s.io/cluster-autoscaler/node-template/...`); only read back.
    pub autoscaling_tags: BTreeMap<String, String>,
}

/// Node images berth uses; the word is EKS's `amiType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EksAmiType {
    /// `AL2023_x86_64_STANDARD`
    Al2023X86,
    /// `AL2023_ARM_64_STANDARD`
    Al2023Arm,
    /// `AL2023_x86_64_NVIDIA`
    Al2023X86Nvidia,
    /// `AL2023_ARM_64_NVIDIA`
    Al2023ArmNvidia,
    /// `BOTTLEROCKET_x86_64`
    BottlerocketX86,
    /// `BOTTLEROCKET_ARM_64`
    BottlerocketArm,
    /// `BOTTLEROCKET_x86_64_NVIDIA`
    BottlerocketX86Nvidia,
    /// `BOTTLEROCKET_ARM_64_NVIDIA`
    BottlerocketArmNvidia,
    /// Any other, read back; EKS's word.
    Other(String),
}

impl EksAmiType {
    const KNOWN: [Self; 8] = [
        Self::Al2023X86,
        Self::Al2023Arm,
        Self::Al2023X86Nvidia,
        Self::Al2023ArmNvidia,
        Self::BottlerocketX86,
        Self::BottlerocketArm,
        Self::BottlerocketX86Nvidia,
        Self::BottlerocketArmNvidia,
    ];

    /// EKS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Al2023X86 => "AL2023_x86_64_STANDARD",
            Self::Al2023Arm => "AL2023_ARM_64_STANDARD",
            Self::Al2023X86Nvidia => "AL2023_x86_64_NVIDIA",
            Self::Al2023ArmNvidia => "AL2023_ARM_64_NVIDIA",
            Self::BottlerocketX86 => "BOTTLEROCKET_x86_64",
            Self::BottlerocketArm => "BOTTLEROCKET_ARM_64",
            Self::BottlerocketX86Nvidia => "BOTTLEROCKET_x86_64_NVIDIA",
            Self::BottlerocketArmNvidia => "BOTTLEROCKET_ARM_64_NVIDIA",
            Self::Other(word) => word,
        }
    }

    /// From EKS's word.
    pub fn from_word(word: &str) -> Self {
        Self::KNOWN.into_iter().find(|known| known.as_str() == word).unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

/// How the machines of a node group are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EksCapacity {
    /// `ON_DEMAND`
    OnDemand,
    /// `SPOT`
    Spot,
}
