//! Machines in the price list: each type once for every system, tenancy and state of a reservation.

use super::products::{Market, Product};
use crate::aws::types::TYPES;

/// Types that are listed still, or already, though no zone offers them: micro-USD an hour in us-east-1.
const LISTED_ONLY: &[(&str, u64)] = &[
    ("p3.2xlarge", 3_060_000),
    ("p3.8xlarge", 12_240_000),
    ("p3.16xlarge", 24_480_000),
    ("g4dn.metal", 7_824_000),
    ("g6e.xlarge", 1_861_000),
    ("g6e.2xlarge", 2_242_080),
    ("g6e.4xlarge", 3_004_240),
    ("g6e.8xlarge", 4_528_560),
    ("g6e.12xlarge", 10_492_640),
    ("g6e.16xlarge", 7_577_190),
    ("g6e.24xlarge", 15_065_590),
    ("g6e.48xlarge", 30_131_180),
    ("t3.small", 20_800),
    ("t3.2xlarge", 332_800),
    ("m6i.8xlarge", 1_536_000),
    ("m7i.large", 100_800),
    ("m7i.4xlarge", 806_400),
    ("m7i.8xlarge", 1_612_800),
    ("c6i.large", 85_000),
    ("c6i.2xlarge", 340_000),
    ("c6i.4xlarge", 680_000),
    ("c6i.8xlarge", 1_360_000),
];

/// A way of buying a machine: system, tenancy, state of the reservation, front of the usage type, percent of the price.
///
/// Only the first is what a node of a cluster costs; the others are why a reader has to say which it means.
const WAYS: &[(&str, &str, &str, &str, u64)] = &[
    ("Linux", "Shared", "Used", "BoxUsage", 100),
    ("Windows", "Shared", "Used", "BoxUsage", 145),
    ("Linux", "Dedicated", "Used", "DedicatedUsage", 106),
    ("Linux", "Shared", "UnusedCapacityReservation", "UnusedBox", 100),
    ("Linux", "Shared", "AllocatedCapacityReservation", "Reservation", 0),
];

/// All machines of a region.
pub(super) fn products(market: &'static Market) -> impl Iterator<Item = Product> {
    let offered = TYPES.iter().map(|kind| (kind.name, kind.micro_usd_hour));
    let all = offered.chain(LISTED_ONLY.iter().copied());
    all.flat_map(move |(name, micro_usd)| WAYS.iter().map(move |way| machine(market, name, micro_usd, way)))
}

fn machine(market: &Market, name: &str, micro_usd: u64, way: &(&str, &str, &str, &str, u64)) -> Product {
    let (system, tenancy, status, front, percent) = way;
    let operation = if *system == "Windows" { "RunInstances:0002" } else { "RunInstances" };
    let mut attributes = market.attributes("AmazonEC2");
    let pairs = [
        ("instanceType", name.to_owned()),
        ("operatingSystem", (*system).to_owned()),
        ("tenancy", (*tenancy).to_owned()),
        ("capacitystatus", (*status).to_owned()),
        ("preInstalledSw", "NA".to_owned()),
        ("licenseModel", "No License required".to_owned()),
        ("marketoption", "OnDemand".to_owned()),
        ("operation", operation.to_owned()),
        ("usagetype", market.usage(&format!("{front}:{name}"))),
    ];
    attributes.extend(pairs);
    Product {
        service: "AmazonEC2",
        family: Some("Compute Instance"),
        attributes,
        micro_usd: market.price(micro_usd) * percent / 100,
        unit: "Hrs",
    }
}
