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
    /// On demand in micro-USD an hour in us-east-1, as its price list had it in July 2026.
    pub(crate) micro_usd_hour: u64,
}

const fn plain(name: &'static str, vcpus: u32, memory_gib: u32, micro_usd_hour: u64) -> InstanceType {
    InstanceType { name, vcpus, memory_gib, gpus: None, micro_usd_hour }
}

const fn gpu(
    name: &'static str,
    (vcpus, memory_gib): (u32, u32),
    gpus: (&'static str, u32, u32),
    micro_usd_hour: u64,
) -> InstanceType {
    let gpus = Some(Gpus { name: gpus.0, count: gpus.1, memory_mib: gpus.2 });
    InstanceType { name, vcpus, memory_gib, gpus, micro_usd_hour }
}

/// What is on offer. The smaller p3 types are gone: only p3dn remains of the V100 machines.
pub(crate) const TYPES: &[InstanceType] = &[
    plain("t3.medium", 2, 4, 41_600),
    plain("t3.large", 2, 8, 83_200),
    plain("t3.xlarge", 4, 16, 166_400),
    plain("m5.large", 2, 8, 96_000),
    plain("m5.xlarge", 4, 16, 192_000),
    plain("m5.2xlarge", 8, 32, 384_000),
    plain("m5.4xlarge", 16, 64, 768_000),
    plain("m6i.large", 2, 8, 96_000),
    plain("m6i.xlarge", 4, 16, 192_000),
    plain("m6i.2xlarge", 8, 32, 384_000),
    plain("m6i.4xlarge", 16, 64, 768_000),
    plain("m7i.xlarge", 4, 16, 201_600),
    plain("m7i.2xlarge", 8, 32, 403_200),
    plain("c5.xlarge", 4, 8, 170_000),
    plain("c5.2xlarge", 8, 16, 340_000),
    plain("c6i.xlarge", 4, 8, 170_000),
    plain("r5.xlarge", 4, 32, 252_000),
    plain("r5.2xlarge", 8, 64, 504_000),
    gpu("p3dn.24xlarge", (96, 768), ("V100", 8, 32_768), 31_212_000),
    gpu("p4d.24xlarge", (96, 1152), ("A100", 8, 40_960), 21_957_642),
    gpu("p4de.24xlarge", (96, 1152), ("A100", 8, 81_920), 27_447_050),
    gpu("p5.4xlarge", (16, 256), ("H100", 1, 81_920), 6_880_000),
    gpu("p5.48xlarge", (192, 2048), ("H100", 8, 81_920), 55_040_000),
    gpu("p5en.48xlarge", (192, 2048), ("H200", 8, 144_384), 63_296_000),
    gpu("g4dn.xlarge", (4, 16), ("T4", 1, 16_384), 526_000),
    gpu("g4dn.2xlarge", (8, 32), ("T4", 1, 16_384), 752_000),
    gpu("g4dn.4xlarge", (16, 64), ("T4", 1, 16_384), 1_204_000),
    gpu("g4dn.8xlarge", (32, 128), ("T4", 1, 16_384), 2_176_000),
    gpu("g4dn.16xlarge", (64, 256), ("T4", 1, 16_384), 4_352_000),
    gpu("g4dn.12xlarge", (48, 192), ("T4", 4, 16_384), 3_912_000),
    gpu("g5.xlarge", (4, 16), ("A10G", 1, 22_888), 1_006_000),
    gpu("g5.2xlarge", (8, 32), ("A10G", 1, 22_888), 1_212_000),
    gpu("g5.4xlarge", (16, 64), ("A10G", 1, 22_888), 1_624_000),
    gpu("g5.8xlarge", (32, 128), ("A10G", 1, 22_888), 2_448_000),
    gpu("g5.16xlarge", (64, 256), ("A10G", 1, 22_888), 4_096_000),
    gpu("g5.12xlarge", (48, 192), ("A10G", 4, 22_888), 5_672_000),
    gpu("g5.24xlarge", (96, 384), ("A10G", 4, 22_888), 8_144_000),
    gpu("g5.48xlarge", (192, 768), ("A10G", 8, 22_888), 16_288_000),
    gpu("g6.xlarge", (4, 16), ("L4", 1, 22_888), 804_800),
    gpu("g6.2xlarge", (8, 32), ("L4", 1, 22_888), 977_600),
    gpu("g6.4xlarge", (16, 64), ("L4", 1, 22_888), 1_323_200),
    gpu("g6.8xlarge", (32, 128), ("L4", 1, 22_888), 2_014_400),
    gpu("g6.16xlarge", (64, 256), ("L4", 1, 22_888), 3_396_800),
    gpu("g6.12xlarge", (48, 192), ("L4", 4, 22_888), 4_601_600),
    gpu("g6.24xlarge", (96, 384), ("L4", 4, 22_888), 6_675_200),
    gpu("g6.48xlarge", (192, 768), ("L4", 8, 22_888), 13_350_400),
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
