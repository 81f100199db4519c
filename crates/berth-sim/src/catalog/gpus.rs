//! Accelerators: names, memory, quotas, zones, and what they can be attached to.

/// One accelerator type.
#[derive(Debug)]
pub(crate) struct Gpu {
    /// The acceleratorType.
    pub(crate) name: &'static str,
    /// The words of the acceleratorTypes list.
    pub(crate) description: &'static str,
    /// The quota metric without its PREEMPTIBLE_ form; empty where the real list has none.
    pub(crate) metric: &'static str,
    /// `region:letters` pairs, separated by blanks.
    pub(crate) zones: &'static str,
    /// For accelerators attached to N1: (count, most vCPUs, most GB of memory).
    pub(crate) n1_limits: &'static [(i64, u32, f64)],
    /// MIG partition sizes with their number per GPU.
    pub(crate) partitions: &'static [(&'static str, i64)],
}

const MIG_A100_40: &[(&str, i64)] = &[("1g.5gb", 7), ("2g.10gb", 3), ("3g.20gb", 2), ("4g.20gb", 1), ("7g.40gb", 1)];
const MIG_80: &[(&str, i64)] =
    &[("1g.10gb", 7), ("1g.20gb", 4), ("2g.20gb", 3), ("3g.40gb", 2), ("4g.40gb", 1), ("7g.80gb", 1)];
const MIG_H200: &[(&str, i64)] =
    &[("1g.18gb", 7), ("1g.35gb", 4), ("2g.35gb", 3), ("3g.71gb", 2), ("4g.71gb", 1), ("7g.141gb", 1)];

/// Every accelerator the simulator sells.
pub(crate) const GPUS: &[Gpu] = &[
    Gpu {
        name: "nvidia-tesla-t4",
        description: "NVIDIA T4",
        metric: "NVIDIA_T4_GPUS",
        zones: "us-central1:abcf us-east1:cd us-east4:abc us-west1:ab us-west2:bc us-west3:b us-west4:ab \
                europe-west1:bcd europe-west2:ab europe-west3:b europe-west4:abc europe-central2:bc \
                asia-east1:ac asia-east2:ac asia-northeast1:ac asia-northeast3:bc asia-south1:ab \
                asia-southeast1:abc asia-southeast2:ab australia-southeast1:ac me-west1:bc \
                northamerica-northeast1:c southamerica-east1:ac",
        n1_limits: &[(1, 48, 312.0), (2, 48, 312.0), (4, 96, 624.0)],
        partitions: &[],
    },
    Gpu {
        name: "nvidia-tesla-v100",
        description: "NVIDIA V100",
        metric: "NVIDIA_V100_GPUS",
        zones: "asia-east1:c europe-west4:abc us-central1:abcf us-east1:c us-west1:ab",
        n1_limits: &[(1, 12, 78.0), (2, 24, 156.0), (4, 48, 312.0), (8, 96, 624.0)],
        partitions: &[],
    },
    Gpu {
        name: "nvidia-tesla-p100",
        description: "NVIDIA Tesla P100",
        metric: "NVIDIA_P100_GPUS",
        zones: "asia-east1:ac australia-southeast1:c europe-west1:bd europe-west4:a us-central1:cf us-east1:bc us-west1:ab",
        n1_limits: &[(1, 16, 104.0), (2, 32, 208.0), (4, 96, 624.0)],
        partitions: &[],
    },
    Gpu {
        name: "nvidia-tesla-p4",
        description: "NVIDIA Tesla P4",
        metric: "NVIDIA_P4_GPUS",
        zones: "us-central1:ac us-east4:abc us-west2:bc europe-west4:bc asia-southeast1:bc australia-southeast1:ab \
                northamerica-northeast1:abc",
        n1_limits: &[(1, 24, 156.0), (2, 48, 312.0), (4, 96, 624.0)],
        partitions: &[],
    },
    Gpu {
        name: "nvidia-tesla-a100",
        description: "NVIDIA A100 40GB",
        metric: "NVIDIA_A100_GPUS",
        zones: "asia-northeast1:ac asia-northeast3:ab asia-southeast1:bc europe-west4:ab me-west1:ac us-central1:abcf \
                us-east1:b us-west1:b us-west3:b us-west4:b",
        n1_limits: &[],
        partitions: MIG_A100_40,
    },
    Gpu {
        name: "nvidia-a100-80gb",
        description: "NVIDIA A100 80GB",
        metric: "NVIDIA_A100_80GB_GPUS",
        zones: "asia-southeast1:c europe-west4:a us-central1:ac us-east4:c us-east5:ab",
        n1_limits: &[],
        partitions: MIG_80,
    },
    Gpu {
        name: "nvidia-l4",
        description: "NVIDIA L4",
        metric: "NVIDIA_L4_GPUS",
        zones: "asia-east1:abc asia-northeast1:abc asia-northeast3:ab asia-south1:abc asia-southeast1:abc \
                europe-west1:bc europe-west2:ab europe-west3:ab europe-west4:abc europe-west6:bc me-central2:ac \
                northamerica-northeast1:b northamerica-northeast2:ab us-central1:abc us-east1:bcd us-east4:abc \
                us-west1:abc us-west4:ac",
        n1_limits: &[],
        partitions: &[],
    },
    Gpu {
        name: "nvidia-h100-80gb",
        description: "NVIDIA H100 80GB",
        metric: "",
        zones: "us-central1:abc us-east4:abc us-east5:a us-west1:ab us-west4:a europe-west1:bc europe-west2:b europe-west3:a \
                europe-west4:bc asia-east1:c asia-northeast1:b asia-northeast3:a asia-south1:b asia-southeast1:b",
        n1_limits: &[],
        partitions: MIG_80,
    },
    Gpu {
        name: "nvidia-h100-mega-80gb",
        description: "NVIDIA H100 80GB MEGA",
        metric: "",
        zones: "us-central1:abc us-east4:ab us-east5:a us-west1:a europe-west4:b asia-northeast1:b asia-southeast1:b",
        n1_limits: &[],
        partitions: MIG_80,
    },
    Gpu {
        name: "nvidia-h200-141gb",
        description: "NVIDIA H200 141GB",
        metric: "",
        zones: "us-central1:b us-east4:b us-east5:a us-west1:c europe-west1:b asia-south1:b",
        n1_limits: &[],
        partitions: MIG_H200,
    },
];

impl Gpu {
    /// The accelerator of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Gpu> {
        GPUS.iter().find(|gpu| gpu.name == name)
    }

    /// Whether a zone has it.
    pub(crate) fn is_in(&self, zone: &str) -> bool {
        let Some((region, letter)) = zone.rsplit_once('-') else { return false };
        self.zones.split_whitespace().any(|entry| {
            entry.split_once(':').is_some_and(|(name, letters)| name == region && letters.contains(letter))
        })
    }

    /// The most that can be attached to one machine.
    pub(crate) fn most(&self) -> i64 {
        let attached = self.n1_limits.iter().map(|(count, ..)| *count).max();
        attached.unwrap_or(if self.name == "nvidia-tesla-a100" { 16 } else { 8 })
    }
}
