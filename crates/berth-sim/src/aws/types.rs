//! Instance types: what is in them, where they are offered, what they cost.

/// The accelerators of an instance type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gpus {
    /// The name, as `A100`.
    pub(crate) name: &'static str,
    /// How many.
    pub(crate) count: u32,
    /// The memory of each.
    pub(crate) memory_mib: u32,
}

/// An instance type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct InstanceType {
    /// The name.
    pub(crate) name: &'static str,
    /// Virtual processors.
    pub(crate) vcpus: u32,
    /// Memory.
    pub(crate) memory_gib: u32,
    /// Accelerators.
    pub(crate) gpus: Option<Gpus>,
    /// On-demand US dollars an hour in us-east-1, roughly: list prices move.
    pub(crate) usd_hour: f64,
}

const fn plain(name: &'static str, vcpus: u32, memory_gib: u32, usd_hour: f64) -> InstanceType {
    InstanceType { name, vcpus, memory_gib, gpus: None, usd_hour }
}

const fn gpu(
    name: &'static str,
    (vcpus, memory_gib): (u32, u32),
    gpus: (&'static str, u32, u32),
    usd_hour: f64,
) -> InstanceType {
    let gpus = Some(Gpus { name: gpus.0, count: gpus.1, memory_mib: gpus.2 });
    InstanceType { name, vcpus, memory_gib, gpus, usd_hour }
}

/// What is on offer. The smaller p3 types are gone: only p3dn remains of the V100 machines.
pub(crate) const TYPES: &[InstanceType] = &[
    plain("t3.medium", 2, 4, 0.0416),
    plain("t3.large", 2, 8, 0.0832),
    plain("t3.xlarge", 4, 16, 0.1664),
    plain("m5.large", 2, 8, 0.096),
    plain("m5.xlarge", 4, 16, 0.192),
    plain("m5.2xlarge", 8, 32, 0.384),
    plain("m5.4xlarge", 16, 64, 0.768),
    plain("m6i.large", 2, 8, 0.096),
    plain("m6i.xlarge", 4, 16, 0.192),
    plain("m6i.2xlarge", 8, 32, 0.384),
    plain("m6i.4xlarge", 16, 64, 0.768),
    plain("m7i.xlarge", 4, 16, 0.2016),
    plain("m7i.2xlarge", 8, 32, 0.4032),
    plain("c5.xlarge", 4, 8, 0.17),
    plain("c5.2xlarge", 8, 16, 0.34),
    plain("c6i.xlarge", 4, 8, 0.17),
    plain("r5.xlarge", 4, 32, 0.252),
    plain("r5.2xlarge", 8, 64, 0.504),
    gpu("p3dn.24xlarge", (96, 768), ("V100", 8, 32_768), 31.212),
    gpu("p4d.24xlarge", (96, 1152), ("A100", 8, 40_960), 21.9576),
    gpu("p4de.24xlarge", (96, 1152), ("A100", 8, 81_920), 27.4471),
    gpu("p5.4xlarge", (16, 256), ("H100", 1, 81_920), 6.88),
    gpu("p5.48xlarge", (192, 2048), ("H100", 8, 81_920), 55.04),
    gpu("p5en.48xlarge", (192, 2048), ("H200", 8, 144_384), 63.296),
    gpu("g4dn.xlarge", (4, 16), ("T4", 1, 16_384), 0.526),
    gpu("g4dn.2xlarge", (8, 32), ("T4", 1, 16_384), 0.752),
    gpu("g4dn.4xlarge", (16, 64), ("T4", 1, 16_384), 1.204),
    gpu("g4dn.8xlarge", (32, 128), ("T4", 1, 16_384), 2.176),
    gpu("g4dn.16xlarge", (64, 256), ("T4", 1, 16_384), 4.352),
    gpu("g4dn.12xlarge", (48, 192), ("T4", 4, 16_384), 3.912),
    gpu("g5.xlarge", (4, 16), ("A10G", 1, 22_888), 1.006),
    gpu("g5.2xlarge", (8, 32), ("A10G", 1, 22_888), 1.212),
    gpu("g5.4xlarge", (16, 64), ("A10G", 1, 22_888), 1.624),
    gpu("g5.8xlarge", (32, 128), ("A10G", 1, 22_888), 2.448),
    gpu("g5.16xlarge", (64, 256), ("A10G", 1, 22_888), 4.096),
    gpu("g5.12xlarge", (48, 192), ("A10G", 4, 22_888), 5.672),
    gpu("g5.24xlarge", (96, 384), ("A10G", 4, 22_888), 8.144),
    gpu("g5.48xlarge", (192, 768), ("A10G", 8, 22_888), 16.288),
    gpu("g6.xlarge", (4, 16), ("L4", 1, 22_888), 0.8048),
    gpu("g6.2xlarge", (8, 32), ("L4", 1, 22_888), 0.9776),
    gpu("g6.4xlarge", (16, 64), ("L4", 1, 22_888), 1.3232),
    gpu("g6.8xlarge", (32, 128), ("L4", 1, 22_888), 2.0144),
    gpu("g6.16xlarge", (64, 256), ("L4", 1, 22_888), 3.3968),
    gpu("g6.12xlarge", (48, 192), ("L4", 4, 22_888), 4.6016),
    gpu("g6.24xlarge", (96, 384), ("L4", 4, 22_888), 6.6752),
    gpu("g6.48xlarge", (192, 768), ("L4", 8, 22_888), 13.3504),
];

/// Zone letters by region and front of the type; the first row that fits decides, and no row means everywhere.
const OFFERS: &[(&str, &str, &str)] = &[
    ("us-east-1", "p4d.", "abcd"),
    ("us-east-1", "p4de.", "bc"),
    ("us-east-1", "p5", "abcdef"),
    ("us-east-1", "p3dn.", "cd"),
    ("us-east-1", "", "abcdf"),
    ("us-east-2", "p3dn.", ""),
    ("us-east-2", "p4de.", ""),
    ("us-east-2", "", "abc"),
    ("us-west-2", "p4d.", "abcd"),
    ("us-west-2", "p4de.", "abc"),
    ("us-west-2", "p5", "abcd"),
    ("us-west-2", "p3dn.", "bc"),
    ("us-west-2", "g4dn.", "abc"),
    ("us-west-2", "g5.", "abc"),
    ("us-west-2", "", "abcd"),
    ("eu-west-1", "p4d.", "c"),
    ("eu-west-1", "p3dn.", "bc"),
    ("eu-west-1", "p", ""),
    ("eu-west-1", "g6.", ""),
    ("eu-west-1", "", "abc"),
    ("eu-central-1", "p4d.", "abc"),
    ("eu-central-1", "p4de.", "ac"),
    ("eu-central-1", "p", ""),
    ("eu-central-1", "", "abc"),
    ("ap-northeast-1", "g4dn.", "acd"),
    ("ap-northeast-1", "p3dn.", ""),
    ("ap-northeast-1", "p", "ac"),
    ("ap-northeast-1", "g", "ac"),
    ("ap-northeast-1", "", "acd"),
];

/// The type of that name.
pub(crate) fn named(name: &str) -> Option<&'static InstanceType> {
    TYPES.iter().find(|one| one.name == name)
}

/// Whether a type is offered in a zone.
pub(crate) fn offered(name: &str, region: &str, zone: &str) -> bool {
    let letters = OFFERS.iter().find(|(here, front, _)| *here == region && name.starts_with(front));
    let letter = zone.chars().next_back().unwrap_or_default();
    named(name).is_some() && letters.is_some_and(|(.., letters)| letters.contains(letter))
}

impl InstanceType {
    /// The codes of the vCPU quotas that count it: on-demand and spot.
    pub(crate) fn quota(&self, spot: bool) -> &'static str {
        match (self.name.starts_with('p'), self.name.starts_with('g'), spot) {
            (true, _, false) => "L-417A185B",
            (true, _, true) => "L-7212CCBC",
            (_, true, false) => "L-DB2E81BA",
            (_, true, true) => "L-3819A6DF",
            (_, _, false) => "L-1216C47A",
            (_, _, true) => "L-34B43A08",
        }
    }
}
