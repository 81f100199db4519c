//! Machine types: vCPUs, memory and fixed accelerators.

use super::gpus::Gpu;

/// One machine type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Machine {
    /// Its name.
    pub(crate) name: String,
    /// Virtual CPUs.
    pub(crate) cpus: u32,
    /// Memory in GB (2^30 bytes).
    pub(crate) memory_gb: f64,
    /// The accelerator that comes with it, and how many.
    pub(crate) gpu: Option<(&'static str, i64)>,
}

/// A series of machine types that differ only in size: name, GB per vCPU, sizes.
const SERIES: &[(&str, f64, &[u32])] = &[
    ("n1-standard", 3.75, &[1, 2, 4, 8, 16, 32, 64, 96]),
    ("n1-highmem", 6.5, &[2, 4, 8, 16, 32, 64, 96]),
    ("n1-highcpu", 0.9, &[2, 4, 8, 16, 32, 64, 96]),
    ("n2-standard", 4.0, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128]),
    ("n2-highmem", 8.0, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128]),
    ("n2-highcpu", 1.0, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    ("n2d-standard", 4.0, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    ("e2-standard", 4.0, &[2, 4, 8, 16, 32]),
    ("e2-highmem", 8.0, &[2, 4, 8, 16]),
    ("e2-highcpu", 1.0, &[2, 4, 8, 16, 32]),
    ("c2-standard", 4.0, &[4, 8, 16, 30, 60]),
    ("c3-standard", 4.0, &[4, 8, 22, 44, 88, 176]),
];

/// Machine types that stand alone: name, vCPUs, GB, accelerator and its number.
const SINGLES: &[(&str, u32, f64, &str, i64)] = &[
    ("e2-micro", 2, 1.0, "", 0),
    ("e2-small", 2, 2.0, "", 0),
    ("e2-medium", 2, 4.0, "", 0),
    ("a2-highgpu-1g", 12, 85.0, "nvidia-tesla-a100", 1),
    ("a2-highgpu-2g", 24, 170.0, "nvidia-tesla-a100", 2),
    ("a2-highgpu-4g", 48, 340.0, "nvidia-tesla-a100", 4),
    ("a2-highgpu-8g", 96, 680.0, "nvidia-tesla-a100", 8),
    ("a2-megagpu-16g", 96, 1360.0, "nvidia-tesla-a100", 16),
    ("a2-ultragpu-1g", 12, 170.0, "nvidia-a100-80gb", 1),
    ("a2-ultragpu-2g", 24, 340.0, "nvidia-a100-80gb", 2),
    ("a2-ultragpu-4g", 48, 680.0, "nvidia-a100-80gb", 4),
    ("a2-ultragpu-8g", 96, 1360.0, "nvidia-a100-80gb", 8),
    ("g2-standard-4", 4, 16.0, "nvidia-l4", 1),
    ("g2-standard-8", 8, 32.0, "nvidia-l4", 1),
    ("g2-standard-12", 12, 48.0, "nvidia-l4", 1),
    ("g2-standard-16", 16, 64.0, "nvidia-l4", 1),
    ("g2-standard-24", 24, 96.0, "nvidia-l4", 2),
    ("g2-standard-32", 32, 128.0, "nvidia-l4", 1),
    ("g2-standard-48", 48, 192.0, "nvidia-l4", 4),
    ("g2-standard-96", 96, 384.0, "nvidia-l4", 8),
    ("a3-highgpu-1g", 26, 234.0, "nvidia-h100-80gb", 1),
    ("a3-highgpu-2g", 52, 468.0, "nvidia-h100-80gb", 2),
    ("a3-highgpu-4g", 104, 936.0, "nvidia-h100-80gb", 4),
    ("a3-highgpu-8g", 208, 1872.0, "nvidia-h100-80gb", 8),
    ("a3-megagpu-8g", 208, 1872.0, "nvidia-h100-mega-80gb", 8),
    ("a3-ultragpu-8g", 224, 2952.0, "nvidia-h200-141gb", 8),
];

/// Every machine type.
fn all() -> impl Iterator<Item = Machine> {
    let series = SERIES.iter().flat_map(|(name, per_cpu, sizes)| {
        sizes.iter().map(move |size| Machine {
            name: format!("{name}-{size}"),
            cpus: *size,
            memory_gb: per_cpu * f64::from(*size),
            gpu: None,
        })
    });
    let singles = SINGLES.iter().map(|(name, cpus, memory_gb, gpu, count)| Machine {
        name: (*name).to_owned(),
        cpus: *cpus,
        memory_gb: *memory_gb,
        gpu: (*count > 0).then_some((*gpu, *count)),
    });
    series.chain(singles)
}

/// The machine type of that name.
pub(crate) fn machine(name: &str) -> Option<Machine> {
    all().find(|machine| machine.name == name)
}

/// The machine types a zone sells: those with accelerators only where the accelerator is.
pub(crate) fn machines_in(zone: &str) -> Vec<Machine> {
    let mut machines: Vec<Machine> = all().filter(|machine| machine.is_in(zone)).collect();
    machines.sort_by(|a, b| a.name.cmp(&b.name));
    machines
}

impl Machine {
    /// Whether a zone sells it.
    pub(crate) fn is_in(&self, zone: &str) -> bool {
        self.gpu.is_none_or(|(gpu, _)| Gpu::named(gpu).is_some_and(|gpu| gpu.is_in(zone)))
    }

    /// The series, as `n1`.
    pub(crate) fn family(&self) -> &str {
        self.name.split('-').next().unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_with_accelerators_are_only_sold_where_these_are() {
        let names = |zone: &str| machines_in(zone).into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert!(names("us-central1-a").contains(&"a2-highgpu-1g".to_owned()));
        assert!(!names("us-east1-c").contains(&"a2-highgpu-1g".to_owned()));
        assert_eq!(machine("n1-standard-8").unwrap().memory_gb, 30.0);
        assert_eq!(machine("n1-standard-3"), None);
    }
}
