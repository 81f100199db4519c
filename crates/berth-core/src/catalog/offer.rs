//! Where each GPU is sold, and what an attached GPU demands of its machine.

use super::place::zone_name;
use crate::spec::Provider;

/// One region that sells a GPU.
#[derive(Debug, PartialEq, Eq)]
pub struct GpuOffer {
    /// berth's name of the GPU.
    pub model: &'static str,
    /// The region.
    pub region: &'static str,
    /// Letters of the zones known to sell it; empty if only the region is known.
    pub letters: &'static str,
    /// Whether the source of the letters is good enough to refuse other zones.
    pub complete: bool,
}

/// Offers of one GPU: region and zone letters.
struct Sold(&'static str, &'static [(&'static str, &'static str)]);

/// Zones from the SkyPilot catalog (`vms.csv`, stored copy without a date), regions from Cyclenerd's calculator (2026-08).
static GCP: &[Sold] = &[
    Sold(
        "v100",
        &[("asia-east1", "c"), ("europe-west4", "abc"), ("us-central1", "abcf"), ("us-east1", "c"), ("us-west1", "ab")],
    ),
    Sold(
        "a100-40gb",
        &[
            ("asia-northeast1", "ac"),
            ("asia-northeast3", "ab"),
            ("asia-southeast1", "bc"),
            ("europe-west4", "ab"),
            ("me-west1", "ac"),
            ("us-central1", "abcf"),
            ("us-east1", "b"),
            ("us-west1", "b"),
            ("us-west3", "b"),
            ("us-west4", "b"),
        ],
    ),
    Sold(
        "a100-80gb",
        &[
            ("asia-southeast1", "c"),
            ("europe-west4", "a"),
            ("us-central1", "ac"),
            ("us-east4", "c"),
            ("us-east5", "ab"),
        ],
    ),
    Sold(
        "p4",
        &[
            ("asia-southeast1", "bc"),
            ("australia-southeast1", ""),
            ("europe-west4", "bc"),
            ("northamerica-northeast1", "abc"),
            ("us-central1", "ac"),
            ("us-east4", "abc"),
            ("us-west2", "bc"),
        ],
    ),
    // The facts have no zones for the P100.
    Sold(
        "p100",
        &[
            ("asia-east1", ""),
            ("australia-southeast1", ""),
            ("europe-west1", ""),
            ("europe-west4", ""),
            ("us-central1", ""),
            ("us-east1", ""),
            ("us-west1", ""),
        ],
    ),
];

/// Offers whose zone list is known to be partial or old: other zones and regions get a warning, not a refusal.
///
/// T4 and H100: SkyPilot's list, cut short in the facts. L4: SkyPilot for Asia, elsewhere Cyclenerd's list of 2023.
static GCP_PARTIAL: &[Sold] = &[
    Sold(
        "t4",
        &[
            ("asia-east1", "ac"),
            ("asia-northeast1", "ac"),
            ("europe-west1", "bcd"),
            ("europe-west2", "ab"),
            ("europe-west4", "abc"),
            ("us-central1", "abcf"),
            ("us-east1", "cd"),
            ("us-east4", "abc"),
            ("us-west1", "ab"),
            ("us-west2", "bc"),
            ("us-west4", "ab"),
        ],
    ),
    Sold(
        "l4",
        &[
            ("asia-east1", "abc"),
            ("asia-northeast1", "abc"),
            ("asia-northeast3", ""),
            ("asia-south1", ""),
            ("asia-southeast1", ""),
            ("europe-west1", ""),
            ("europe-west2", ""),
            ("europe-west3", ""),
            ("europe-west4", "abc"),
            ("europe-west6", ""),
            ("me-central2", ""),
            ("northamerica-northeast1", ""),
            ("northamerica-northeast2", ""),
            ("us-central1", "abc"),
            ("us-east1", "bd"),
            ("us-east4", ""),
            ("us-west1", "ab"),
            ("us-west4", ""),
        ],
    ),
    Sold(
        "h100-80gb",
        &[
            ("asia-east1", "c"),
            ("asia-northeast1", "b"),
            ("asia-northeast3", ""),
            ("asia-south1", ""),
            ("asia-south2", ""),
            ("asia-southeast1", ""),
            ("australia-southeast1", ""),
            ("australia-southeast2", ""),
            ("europe-north1", ""),
            ("europe-west1", "bc"),
            ("europe-west2", ""),
            ("europe-west3", ""),
            ("europe-west4", "bc"),
            ("europe-west9", ""),
            ("northamerica-northeast2", ""),
            ("us-central1", "abc"),
            ("us-east4", "abc"),
            ("us-east5", ""),
            ("us-west1", "ab"),
            ("us-west4", ""),
        ],
    ),
];

/// Where EC2 showed an offer in moto's snapshot; letters are that account's, so only the regions can be relied on.
static AWS: &[Sold] = &[
    Sold(
        "t4",
        &[
            ("us-east-1", "abcdf"),
            ("us-east-2", "abc"),
            ("us-west-2", "abc"),
            ("eu-west-1", "abc"),
            ("eu-central-1", "abc"),
            ("ap-northeast-1", "acd"),
        ],
    ),
    Sold(
        "a10g",
        &[
            ("us-east-1", "abcdf"),
            ("us-east-2", "abc"),
            ("us-west-2", "abc"),
            ("eu-west-1", "abc"),
            ("eu-central-1", "abc"),
            ("ap-northeast-1", "ac"),
        ],
    ),
    Sold(
        "l4",
        &[
            ("us-east-1", "abcdf"),
            ("us-east-2", "abc"),
            ("us-west-2", "abcd"),
            ("eu-central-1", "abc"),
            ("ap-northeast-1", "ac"),
        ],
    ),
    Sold("v100-32gb", &[("us-east-1", "cd"), ("us-west-2", "bc"), ("eu-west-1", "bc")]),
    Sold(
        "a100-40gb",
        &[
            ("us-east-1", "abcd"),
            ("us-east-2", "abc"),
            ("us-west-2", "abcd"),
            ("eu-west-1", "c"),
            ("eu-central-1", "abc"),
            ("ap-northeast-1", "ac"),
        ],
    ),
    Sold("a100-80gb", &[("us-east-1", "bc"), ("us-west-2", "abc"), ("eu-central-1", "ac"), ("ap-northeast-1", "ac")]),
    Sold(
        "h100-80gb",
        &[("us-east-1", "abcdef"), ("us-east-2", "abc"), ("us-west-2", "abcd"), ("ap-northeast-1", "ac")],
    ),
];

/// Where a cloud sells a GPU, by region name; empty if the catalog does not know.
pub fn gpu_offers(provider: Provider, model: &str) -> Vec<GpuOffer> {
    let tables: &[(&[Sold], bool)] = match provider {
        Provider::Gke => &[(GCP, true), (GCP_PARTIAL, false)],
        Provider::Eks => &[(AWS, false)],
        Provider::Existing => &[],
    };
    let offers = tables.iter().flat_map(|(table, complete)| table.iter().map(move |sold| (sold, *complete)));
    offers
        .filter(|(sold, _)| sold.0 == model)
        .flat_map(|(sold, complete)| {
            sold.1.iter().map(move |(region, letters)| GpuOffer { model: sold.0, region, letters, complete })
        })
        .collect()
}

/// The zones of a region known to sell a GPU, in the order of their letters; empty if none is known.
pub fn gpu_zones(provider: Provider, model: &str, region: &str) -> Vec<String> {
    let offers = gpu_offers(provider, model);
    let letters = offers.iter().find(|offer| offer.region == region).map_or("", |offer| offer.letters);
    letters.chars().map(|letter| zone_name(provider, region, letter)).collect()
}

/// The largest N1 machine that takes this many GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct N1Limit {
    /// Most vCPUs.
    pub vcpus: u32,
    /// Most memory in GiB.
    pub memory_gib: u32,
}

/// What an N1 machine may be at most when this many GPUs of a model are attached; `None` if that number cannot be attached.
///
/// Source: gpuhunt's `accelerator_limits`.
pub fn n1_limit(model: &str, count: u32) -> Option<N1Limit> {
    let (vcpus, memory_gib) = match (model, count) {
        ("v100", 1) => (12, 78),
        ("v100", 2) => (24, 156),
        ("v100", 4) => (48, 312),
        ("v100", 8) => (96, 624),
        ("t4", 1 | 2) => (48, 312),
        ("t4" | "p100" | "p4", 4) => (96, 624),
        ("p100", 1) => (16, 104),
        ("p100", 2) => (32, 208),
        ("p4", 1) => (24, 156),
        ("p4", 2) => (48, 312),
        _ => return None,
    };
    Some(N1Limit { vcpus, memory_gib })
}

/// The numbers of GPUs of a model that an N1 machine takes; empty if the model is not attached to machines.
pub fn n1_counts(model: &str) -> Vec<u32> {
    [1, 2, 4, 8].into_iter().filter(|count| n1_limit(model, *count).is_some()).collect()
}
