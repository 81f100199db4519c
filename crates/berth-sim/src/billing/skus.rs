//! The SKUs of a service in the form of the catalog.

use serde_json::{Value, json};

use super::prices::{ADDRESSES, DISKS, FEES, PARTS, Part, Row};
use crate::lifecycle::digest;

/// Compute Engine's id in the catalog.
pub(super) const COMPUTE: &str = "6F81-5844-456A";
/// Kubernetes Engine's.
pub(super) const KUBERNETES: &str = "CCD8-9BF1-090E";

/// Services with their names.
pub(super) const SERVICES: &[(&str, &str)] = &[(COMPUTE, "Compute Engine"), (KUBERNETES, "Kubernetes Engine")];

/// One SKU before it is told.
struct Sku<'a> {
    service: &'a str,
    description: String,
    family: &'a str,
    group: &'a str,
    usage: &'a str,
    regions: Vec<&'a str>,
    unit: Unit,
    nanos: u64,
    /// So much of it is free each month.
    free: u32,
}

/// What a price is for: the catalog's own words.
#[derive(Clone, Copy)]
enum Unit {
    Hour,
    GibibyteHour,
    GibibyteMonth,
}

impl Unit {
    /// Unit, its description, base unit, its description, and how many of these it is.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str, f64) {
        let gibibyte = 1_073_741_824.0;
        match self {
            Unit::Hour => ("h", "hour", "s", "second", 3600.0),
            Unit::GibibyteHour => ("GiBy.h", "gibibyte hour", "By.s", "byte second", gibibyte * 3600.0),
            Unit::GibibyteMonth => ("GiBy.mo", "gibibyte month", "By.s", "byte second", gibibyte * 2_592_000.0),
        }
    }
}

/// All SKUs of a service.
pub(super) fn of_service(service: &str) -> Vec<Value> {
    let skus = match service {
        COMPUTE => {
            let mut skus: Vec<Sku<'_>> = PARTS.iter().flat_map(parts).collect();
            skus.extend(DISKS.iter().map(disk));
            skus.extend(ADDRESSES.iter().map(address));
            skus
        }
        KUBERNETES => FEES.iter().map(fee).collect(),
        _ => Vec::new(),
    };
    skus.iter().map(Sku::told).collect()
}

/// What the catalog calls a region, or all of America.
fn place(regions: &str) -> &'static str {
    match regions.split(' ').next().unwrap_or_default() {
        "europe-west1" => "Belgium",
        "europe-west4" => "Netherlands",
        "asia-east1" => "Taiwan",
        _ => "Americas",
    }
}

/// A part of a machine bought in four ways; only the first two are how berth buys, the others have names much like theirs.
fn parts(row: &Row) -> Vec<Sku<'static>> {
    let (name, part, regions, on_demand, spot) = *row;
    let place = place(regions);
    let (family, group, unit) = match part {
        Part::Core => ("Compute", if name.starts_with("N1") { "N1Standard" } else { "CPU" }, Unit::Hour),
        Part::Ram => ("Compute", if name.starts_with("N1") { "N1Standard" } else { "RAM" }, Unit::GibibyteHour),
        Part::Gpu => ("Compute", "GPU", Unit::Hour),
    };
    let descriptions = match part {
        Part::Core | Part::Ram => {
            let part = if part == Part::Core { "Core" } else { "Ram" };
            let series = name.trim_end_matches(" Predefined");
            [
                format!("{name} Instance {part} running in {place}"),
                format!("Spot Preemptible {name} Instance {part} running in {place}"),
                format!("{series} Sole Tenancy Instance {part} running in {place}"),
                format!("DWS Defined Duration {series} {part} running in {place}"),
            ]
        }
        Part::Gpu => [
            format!("{name} GPU running in {place}"),
            format!("{name} GPU attached to Spot Preemptible VMs running in {place}"),
            format!("Commitment v1: {name} GPU running in {place} for 1 Year"),
            format!("{name} GPU attached to DWS Defined Duration VMs running in {place}"),
        ],
    };
    let committed = if part == Part::Gpu { "Commit1Yr" } else { "OnDemand" };
    let ways = [
        ("OnDemand", on_demand),
        ("Preemptible", spot),
        (committed, on_demand * 63 / 100),
        ("OnDemand", on_demand * 55 / 100),
    ];
    let sku = |(description, (usage, nanos))| Sku {
        service: COMPUTE,
        description,
        family,
        group,
        usage,
        regions: regions.split(' ').collect(),
        unit,
        nanos,
        free: 0,
    };
    descriptions.into_iter().zip(ways).filter(|(_, (_, nanos))| *nanos > 0).map(sku).collect()
}

fn disk(row: &(&str, &'static str, &'static str, u64)) -> Sku<'static> {
    let (name, group, regions, nanos) = *row;
    let description = match place(regions) {
        "Americas" => name.to_owned(),
        place => format!("{name} in {place}"),
    };
    // Thirty GiB of ordinary disks are free each month in America.
    let free = if name == "Storage PD Capacity" && regions.starts_with("us-") { 30 } else { 0 };
    let regions = regions.split(' ').collect();
    let usage = if name.contains("Spot") { "Preemptible" } else { "OnDemand" };
    let (family, unit) = ("Storage", Unit::GibibyteMonth);
    Sku { service: COMPUTE, description, family, group, usage, regions, unit, nanos, free }
}

fn address(row: &(&str, u64)) -> Sku<'static> {
    let (description, family, group) = (row.0.to_owned(), "Network", "IpAddress");
    let usage = if description.contains("Spot") { "Preemptible" } else { "OnDemand" };
    let (regions, unit) = (vec!["global"], Unit::Hour);
    Sku { service: COMPUTE, description, family, group, usage, regions, unit, nanos: row.1, free: 744 }
}

fn fee(row: &(&str, u64)) -> Sku<'static> {
    let (description, family, group, usage) = (row.0.to_owned(), "Compute", "Kubernetes", "OnDemand");
    let (regions, unit) = (vec!["global"], Unit::Hour);
    Sku { service: KUBERNETES, description, family, group, usage, regions, unit, nanos: row.1, free: 0 }
}

impl Sku<'_> {
    fn told(&self) -> Value {
        let id = self.id();
        let service_name = SERVICES.iter().find(|(id, _)| *id == self.service).map_or("", |(_, name)| *name);
        let (unit, unit_words, base, base_words, factor) = self.unit.words();
        let rate = |start: u32, nanos: u64| {
            let (units, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            json!({
                "startUsageAmount": start,
                "unitPrice": {"currencyCode": "USD", "units": units.to_string(), "nanos": nanos},
            })
        };
        let mut rates = vec![rate(self.free, self.nanos)];
        if self.free > 0 {
            rates.insert(0, rate(0, 0));
        }
        let geography = if self.regions == ["global"] {
            json!({"type": "GLOBAL"})
        } else if self.regions.len() == 1 {
            json!({"type": "REGIONAL", "regions": self.regions})
        } else {
            json!({"type": "MULTI_REGIONAL", "regions": self.regions})
        };
        json!({
            "name": format!("services/{}/skus/{id}", self.service),
            "skuId": id,
            "description": self.description,
            "category": {
                "serviceDisplayName": service_name, "resourceFamily": self.family,
                "resourceGroup": self.group, "usageType": self.usage,
            },
            "serviceRegions": self.regions,
            "pricingInfo": [{
                "summary": "", "effectiveTime": "2026-08-03T07:00:00Z", "currencyConversionRate": 1,
                "pricingExpression": {
                    "usageUnit": unit, "usageUnitDescription": unit_words, "baseUnit": base,
                    "baseUnitDescription": base_words, "baseUnitConversionFactor": factor, "displayQuantity": 1,
                    "tieredRates": rates,
                },
            }],
            "serviceProviderName": "Google",
            "geoTaxonomy": geography,
        })
    }

    /// Twelve hexadecimal digits in three parts.
    fn id(&self) -> String {
        let digits = format!("{:016X}", digest(&format!("{}{}{:?}", self.service, self.description, self.regions)));
        format!("{}-{}-{}", &digits[..4], &digits[4..8], &digits[8..12])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sku_has_an_id_of_its_own_and_a_price() {
        for (service, _) in SERVICES {
            let skus = of_service(service);
            let ids: BTreeSet<&str> = skus.iter().filter_map(|sku| sku["skuId"].as_str()).collect();
            assert_eq!(ids.len(), skus.len(), "{service}");
            for sku in &skus {
                let rates = sku["pricingInfo"][0]["pricingExpression"]["tieredRates"].as_array().unwrap();
                let last = &rates.last().unwrap()["unitPrice"];
                assert!(last["nanos"].as_u64().unwrap() > 0 || last["units"] != "0", "{sku}");
            }
        }
        assert!(of_service(COMPUTE).len() > 200);
    }
}
