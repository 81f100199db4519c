//! GPU models under one name for both clouds.

use crate::spec::Provider;

/// A GPU model.
#[derive(Debug, PartialEq)]
pub struct Gpu {
    /// berth's name, for example `a100-40gb`.
    pub name: &'static str,
    /// Other spellings people use; the clouds' own names included.
    pub aliases: &'static [&'static str],
    /// GKE's accelerator type; `None` if GKE does not sell it.
    pub gke_type: Option<&'static str>,
    /// Memory of one GPU in MiB, as the driver reports it where that is known.
    pub memory_mib: u32,
    /// NVIDIA's architecture.
    pub architecture: Architecture,
    /// Can be cut into MIG instances.
    pub mig: bool,
    /// EC2 instance families that carry it; empty if EKS cannot have it.
    pub aws_families: &'static [&'static str],
}

/// NVIDIA architectures, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Architecture {
    /// P100, P4.
    Pascal,
    /// V100.
    Volta,
    /// T4.
    Turing,
    /// A100, A10G.
    Ampere,
    /// L4.
    Ada,
    /// H100, H200.
    Hopper,
}

impl Gpu {
    /// Whether NVIDIA driver branches after R580 no longer drive it.
    ///
    /// Source: NVIDIA's branch table, R580 is the last branch for Maxwell, Pascal and Volta.
    pub fn needs_old_driver(&self) -> bool {
        self.architecture <= Architecture::Volta
    }

    /// Most clients one GPU serves under MPS: 48 from Volta on, 16 before.
    pub fn most_mps_shares(&self) -> u32 {
        if self.architecture < Architecture::Volta { 16 } else { 48 }
    }

    /// Whether this cloud sells machines with it at all.
    pub fn is_sold_by(&self, provider: Provider) -> bool {
        match provider {
            Provider::Gke => self.gke_type.is_some(),
            Provider::Eks => !self.aws_families.is_empty(),
            Provider::Existing => false,
        }
    }
}

/// Every model berth knows.
///
/// GKE types: google-cloud-rust, xpk, gpuhunt. Memory: EC2 DescribeInstanceTypes as kept by moto, gpuhunt.
/// Families: moto's instance types and the us-east-1 price list (g6e).
pub static GPUS: &[Gpu] = &[
    Gpu {
        name: "t4",
        aliases: &["nvidia-tesla-t4", "tesla-t4", "nvidia-t4"],
        gke_type: Some("nvidia-tesla-t4"),
        memory_mib: 16_384,
        architecture: Architecture::Turing,
        mig: false,
        aws_families: &["g4dn"],
    },
    Gpu {
        name: "v100",
        aliases: &["nvidia-tesla-v100", "tesla-v100", "nvidia-v100", "v100-16gb"],
        gke_type: Some("nvidia-tesla-v100"),
        memory_mib: 16_384,
        architecture: Architecture::Volta,
        mig: false,
        aws_families: &["p3"],
    },
    Gpu {
        name: "v100-32gb",
        aliases: &[],
        gke_type: None,
        memory_mib: 32_768,
        architecture: Architecture::Volta,
        mig: false,
        aws_families: &["p3dn"],
    },
    Gpu {
        name: "p100",
        aliases: &["nvidia-tesla-p100", "tesla-p100", "nvidia-p100"],
        gke_type: Some("nvidia-tesla-p100"),
        memory_mib: 16_384,
        architecture: Architecture::Pascal,
        mig: false,
        aws_families: &[],
    },
    Gpu {
        name: "p4",
        aliases: &["nvidia-tesla-p4", "tesla-p4", "nvidia-p4"],
        gke_type: Some("nvidia-tesla-p4"),
        memory_mib: 8192,
        architecture: Architecture::Pascal,
        mig: false,
        aws_families: &[],
    },
    Gpu {
        name: "a100-40gb",
        aliases: &["a100", "nvidia-tesla-a100", "nvidia-a100", "tesla-a100", "a100-40"],
        gke_type: Some("nvidia-tesla-a100"),
        memory_mib: 40_960,
        architecture: Architecture::Ampere,
        mig: true,
        aws_families: &["p4d"],
    },
    Gpu {
        name: "a100-80gb",
        aliases: &["nvidia-a100-80gb", "a100-80"],
        gke_type: Some("nvidia-a100-80gb"),
        memory_mib: 81_920,
        architecture: Architecture::Ampere,
        mig: true,
        aws_families: &["p4de"],
    },
    Gpu {
        name: "a10g",
        aliases: &["nvidia-a10g"],
        gke_type: None,
        memory_mib: 22_888,
        architecture: Architecture::Ampere,
        mig: false,
        aws_families: &["g5"],
    },
    Gpu {
        name: "l4",
        aliases: &["nvidia-l4"],
        gke_type: Some("nvidia-l4"),
        memory_mib: 22_888,
        architecture: Architecture::Ada,
        mig: false,
        aws_families: &["g6"],
    },
    Gpu {
        name: "h100-80gb",
        aliases: &["h100", "nvidia-h100-80gb", "nvidia-h100"],
        gke_type: Some("nvidia-h100-80gb"),
        memory_mib: 81_920,
        architecture: Architecture::Hopper,
        mig: true,
        aws_families: &["p5"],
    },
    Gpu {
        name: "h100-mega-80gb",
        aliases: &["h100-mega", "nvidia-h100-mega-80gb"],
        gke_type: Some("nvidia-h100-mega-80gb"),
        memory_mib: 81_920,
        architecture: Architecture::Hopper,
        mig: true,
        aws_families: &[],
    },
    Gpu {
        name: "h200-141gb",
        aliases: &["h200", "nvidia-h200-141gb", "nvidia-h200"],
        gke_type: Some("nvidia-h200-141gb"),
        memory_mib: 144_384,
        architecture: Architecture::Hopper,
        mig: true,
        aws_families: &["p5e", "p5en"],
    },
];

/// The model of that name or alias; letter case does not matter.
pub fn gpu(name: &str) -> Option<&'static Gpu> {
    let lower = name.to_ascii_lowercase();
    GPUS.iter().find(|gpu| gpu.name == lower || gpu.aliases.contains(&lower.as_str()))
}

/// The model GKE calls so, for example `nvidia-tesla-a100`.
pub fn gpu_by_gke_type(gke_type: &str) -> Option<&'static Gpu> {
    GPUS.iter().find(|gpu| gpu.gke_type == Some(gke_type))
}

/// berth's names of the models a cloud sells.
pub fn gpu_names(provider: Provider) -> Vec<&'static str> {
    GPUS.iter().filter(|gpu| gpu.is_sold_by(provider)).map(|gpu| gpu.name).collect()
}
