//! What the parts of machines cost, by region.

/// What part of a machine a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A virtual processor for an hour.
    Core,
    /// A GiB of memory for an hour.
    Ram,
    /// A GPU for an hour.
    Gpu,
}

/// A row: the words of the description, the part, its regions, and its price in billionths of a dollar, on demand and as spot.
pub(super) type Row = (&'static str, Part, &'static str, u64, u64);

const CORE: Part = Part::Core;
const RAM: Part = Part::Ram;
const GPU: Part = Part::Gpu;

/// Parts that add up to the prices of whole machines of August 2026.
///
/// Only the sums are known: where two sizes do not tell processors from memory, they are divided as in us-central1's N1.
pub(super) const PARTS: &[Row] = &[
    ("N1 Predefined", CORE, "us-central1 us-east1 us-west1", 31_611_000, 11_148_755),
    ("N1 Predefined", RAM, "us-central1 us-east1 us-west1", 4_237_000, 1_494_332),
    ("N2", CORE, "us-central1 us-east1 us-west1", 31_611_000, 14_992_096),
    ("N2", RAM, "us-central1 us-east1 us-west1", 4_237_000, 2_009_476),
    ("E2", CORE, "us-central1 us-east1 us-west1", 21_811_576, 13_088_624),
    ("E2", RAM, "us-central1 us-east1 us-west1", 2_923_528, 1_754_344),
    ("A2", CORE, "us-central1 us-east1 us-west1", 31_611_000, 16_590_000),
    ("A2", RAM, "us-central1 us-east1 us-west1", 4_237_000, 2_223_651),
    ("Nvidia Tesla A100", GPU, "us-central1 us-east1 us-west1", 2_933_908_000, 1_539_929_665),
    ("Nvidia Tesla A100 80GB", GPU, "us-central1", 3_928_079_985, 2_157_788_046),
    ("G2", CORE, "us-central1 us-east1 us-west1", 23_889_712, 13_432_352),
    ("G2", RAM, "us-central1 us-east1 us-west1", 3_202_072, 1_800_412),
    ("Nvidia L4", GPU, "us-central1 us-east1 us-west1", 560_040_000, 314_800_000),
    ("A3", CORE, "us-central1 us-west1 europe-west1 europe-west4 asia-east1", 29_917_642, 17_950_585),
    ("A3", RAM, "us-central1 us-west1 europe-west1 europe-west4 asia-east1", 2_605_916, 1_563_549),
    ("Nvidia H100 80GB", GPU, "us-central1 us-west1", 9_673_606_964, 5_493_606_949),
    ("Nvidia Tesla T4", GPU, "us-central1 us-east1 us-west1 europe-west1 asia-east1", 350_000_000, 140_000_000),
    ("Nvidia Tesla V100", GPU, "us-central1 us-east1 us-west1", 2_480_000_000, 992_000_000),
    ("Nvidia Tesla P4", GPU, "us-central1", 600_000_000, 240_000_000),
    ("Nvidia Tesla P100", GPU, "us-central1", 1_460_000_000, 430_000_000),
    ("N1 Predefined", CORE, "europe-west1", 34_773_450, 14_501_200),
    ("N1 Predefined", RAM, "europe-west1", 4_660_880, 1_943_680),
    ("N2", CORE, "europe-west1", 34_773_464, 7_630_800),
    ("N2", RAM, "europe-west1", 4_660_884, 1_022_800),
    ("E2", CORE, "europe-west1", 23_993_702, 11_621_312),
    ("E2", RAM, "europe-west1", 3_216_012, 1_557_672),
    ("G2", CORE, "europe-west1", 26_304_963, 12_084_816),
    ("G2", RAM, "europe-west1", 3_525_804, 1_619_796),
    ("Nvidia L4", GPU, "europe-west1", 616_660_272, 283_200_000),
    ("Nvidia H100 80GB", GPU, "europe-west1", 10_783_587_839, 3_925_688_949),
    ("N1 Predefined", CORE, "europe-west4", 34_800_230, 20_219_505),
    ("N1 Predefined", RAM, "europe-west4", 4_664_472, 2_710_132),
    ("N2", CORE, "europe-west4", 34_800_160, 12_651_168),
    ("N2", RAM, "europe-west4", 4_664_460, 1_695_708),
    ("E2", CORE, "europe-west4", 24_012_096, 11_478_096),
    ("E2", RAM, "europe-west4", 3_218_476, 1_538_476),
    ("A2", CORE, "europe-west4", 34_802_000, 15_720_000),
    ("A2", RAM, "europe-west4", 4_664_708, 2_107_040),
    ("Nvidia Tesla A100", GPU, "europe-west4", 2_933_847_820, 1_325_096_600),
    ("Nvidia Tesla A100 80GB", GPU, "europe-west4", 4_329_198_250, 2_373_712_416),
    ("G2", CORE, "europe-west4", 25_109_285, 13_175_856),
    ("G2", RAM, "europe-west4", 3_365_536, 1_766_036),
    ("Nvidia L4", GPU, "europe-west4", 588_630_272, 308_900_000),
    ("Nvidia H100 80GB", GPU, "europe-west4", 12_679_916_839, 4_682_261_699),
    ("Nvidia Tesla T4", GPU, "europe-west4", 367_500_000, 140_000_000),
    ("Nvidia Tesla V100", GPU, "europe-west4", 2_604_000_000, 714_800_000),
    ("Nvidia Tesla P4", GPU, "europe-west4", 630_000_000, 82_200_000),
    ("N1 Predefined", CORE, "asia-east1", 36_602_075, 7_160_765),
    ("N1 Predefined", RAM, "asia-east1", 4_905_980, 959_796),
    ("N2", CORE, "asia-east1", 36_602_080, 13_600_304),
    ("N2", RAM, "asia-east1", 4_905_980, 1_822_924),
    ("E2", CORE, "asia-east1", 25_255_426, 13_199_296),
    ("E2", RAM, "asia-east1", 3_385_128, 1_769_176),
    ("G2", CORE, "asia-east1", 27_661_923, 13_076_912),
    ("G2", RAM, "asia-east1", 3_707_680, 1_752_772),
    ("Nvidia L4", GPU, "asia-east1", 648_470_424, 306_500_000),
    ("Nvidia H100 80GB", GPU, "asia-east1", 11_407_204_464, 5_167_202_949),
    ("Nvidia Tesla V100", GPU, "asia-east1", 2_480_000_000, 879_200_000),
];

/// Disks: the words of the description, its group, its regions, and billionths of a dollar for a GiB kept for a month.
///
/// Those outside us-central1 are general knowledge.
pub(super) const DISKS: &[(&str, &str, &str, u64)] = &[
    ("Storage PD Capacity", "PDStandard", "us-central1 us-east1 us-west1 europe-west1 asia-east1", 40_000_000),
    ("Storage PD Capacity", "PDStandard", "europe-west4", 44_000_000),
    ("Balanced PD Capacity", "SSD", "us-central1 us-east1 us-west1 europe-west1 asia-east1", 100_000_000),
    ("Balanced PD Capacity", "SSD", "europe-west4", 110_000_000),
    ("SSD backed PD Capacity", "SSD", "us-central1 us-east1 us-west1 europe-west1 asia-east1", 170_000_000),
    ("SSD backed PD Capacity", "SSD", "europe-west4", 187_000_000),
    ("Regional Balanced PD Capacity", "SSD", "us-central1 us-east1 us-west1", 200_000_000),
    (
        "SSD backed Local Storage",
        "LocalSSD",
        "us-central1 us-east1 us-west1 europe-west1 europe-west4 asia-east1",
        80_000_000,
    ),
    ("SSD backed Local Storage attached to Spot Preemptible VMs", "LocalSSD", "us-central1 europe-west4", 48_000_000),
];

/// Addresses, sold everywhere alike: the description, and billionths of a dollar an hour after the free hours of a month.
pub(super) const ADDRESSES: &[(&str, u64)] =
    &[("External IP Charge on a Standard VM", 5_000_000), ("External IP Charge on a Spot Preemptible VM", 2_500_000)];

/// Fees of Kubernetes Engine, everywhere alike: the description, and billionths of a dollar an hour.
pub(super) const FEES: &[(&str, u64)] =
    &[("Zonal Kubernetes Clusters", 100_000_000), ("Regional Kubernetes Clusters", 100_000_000)];
