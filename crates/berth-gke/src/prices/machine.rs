//! A machine put together: processors, memory, built-in GPUs, local disks.

use berth_core::catalog::{self, Machine, MachineGpus, MachineLookup};
use berth_core::cost::{Bought, MONTH_HOURS};
use berth_core::spec::Provider;

use super::rate::Rates;
use super::wording;

/// GiB of a local disk; machines with the large A100 have one for each GPU, and pay for it.
const LOCAL_SSD_GIB: u64 = 375;

/// Micro-USD of a machine for an hour, with the GPUs that are built in; `None` where one of its parts has no price.
pub(super) fn price(name: &str, bought: Bought, rates: &Rates) -> Option<u64> {
    let MachineLookup::Known(machine) = catalog::machine(Provider::Gke, name) else { return None };
    // Parts of custom machines are sold apart and dearer, in words that were not seen; only those of E2 cost the same.
    if machine.family != "e2" && (name.starts_with("custom-") || name.contains("-custom-")) {
        return None;
    }
    let words = wording::series(&machine.family)?;
    let core = u128::from(rates.of(words.core, bought, "h")?);
    let ram = u128::from(rates.of(words.ram, bought, "GiBy.h")?);
    let (gpu, local) = match machine.gpus {
        MachineGpus::BuiltIn { model, count } => built_in(model, count.into(), bought, rates)?,
        MachineGpus::None | MachineGpus::Attachable => (0, 0),
    };
    // All in billionths of a dollar an hour times the least common multiple of the fractions, so that nothing is rounded before the end.
    let month = u128::from(MONTH_HOURS);
    let parts = [
        u128::from(quarters_of_cores(&machine)) * core * 2560 * month,
        u128::from(tenths_of_mib(&machine)) * ram * month,
        u128::from(gpu) * 10_240 * month,
        u128::from(local) * 10_240,
    ];
    let micro = 10_240 * month * 1000;
    u64::try_from((parts.iter().sum::<u128>() + micro / 2) / micro).ok()
}

/// Billionths of a dollar: the GPUs for an hour, and their local disks for a month.
fn built_in(model: &str, count: u64, bought: Bought, rates: &Rates) -> Option<(u64, u64)> {
    let gke_type = catalog::gpu(model)?.gke_type?;
    let gpus = rates.of(wording::gpu(gke_type)?, bought, "h")? * count;
    if model != "a100-80gb" {
        return Some((gpus, 0));
    }
    let gib = rates.of(wording::LOCAL_SSD, bought, "GiBy.mo")?;
    Some((gpus, gib * LOCAL_SSD_GIB * count))
}

/// Quarters of a processor that are paid: the small machines share theirs with others.
fn quarters_of_cores(machine: &Machine) -> u64 {
    match machine.name.as_str() {
        "e2-micro" => 1,
        "e2-small" => 2,
        "e2-medium" => 4,
        _ => u64::from(machine.vcpus) * 4,
    }
}

/// Memory; N1's small memories are no whole MiB.
fn tenths_of_mib(machine: &Machine) -> u64 {
    if machine.name.starts_with("n1-highcpu-") {
        return u64::from(machine.vcpus) * 9216;
    }
    u64::from(machine.memory_mib) * 10
}

#[cfg(test)]
mod tests {
    use google_cloud_billing_v1::model::Sku;
    use serde_json::json;

    use super::*;
    use crate::prices::rate::Rate;

    fn rates(rows: &[(&str, &str, &str, &str, u64)]) -> Rates {
        let mut rates = Rates::default();
        rates.add(rows.iter().filter_map(|(description, family, usage, unit, nanos)| {
            let price = json!({"currencyCode": "USD", "units": (nanos / 1_000_000_000).to_string(), "nanos": nanos % 1_000_000_000});
            let told = json!({
                "description": description, "serviceRegions": ["us-central1"],
                "category": {"resourceFamily": family, "usageType": usage},
                "pricingInfo": [{"pricingExpression": {"usageUnit": unit, "tieredRates": [{"unitPrice": price}]}}],
            });
            Rate::read(&serde_json::from_value::<Sku>(told).unwrap(), "us-central1")
        }));
        rates
    }

    fn americas() -> Rates {
        rates(&[
            ("N1 Predefined Instance Core running in Americas", "Compute", "OnDemand", "h", 31_611_000),
            ("N1 Predefined Instance Ram running in Americas", "Compute", "OnDemand", "GiBy.h", 4_237_000),
            ("E2 Instance Core running in Americas", "Compute", "OnDemand", "h", 21_811_590),
            ("E2 Instance Ram running in Americas", "Compute", "OnDemand", "GiBy.h", 2_923_530),
            ("A2 Instance Core running in Americas", "Compute", "OnDemand", "h", 31_611_000),
            ("A2 Instance Ram running in Americas", "Compute", "OnDemand", "GiBy.h", 4_237_000),
            ("Nvidia Tesla A100 GPU running in Americas", "Compute", "OnDemand", "h", 2_933_908_000),
            ("Nvidia Tesla A100 80GB GPU running in Americas", "Compute", "OnDemand", "h", 3_928_080_000),
            ("SSD backed Local Storage", "Storage", "OnDemand", "GiBy.mo", 80_000_000),
            ("Spot Preemptible A2 Instance Core running in Americas", "Compute", "Preemptible", "h", 16_590_000),
        ])
    }

    #[test]
    fn machines_are_the_sum_of_their_parts() {
        let of = |name| price(name, Bought::OnDemand, &americas());
        // 4 x 0.031611 + 15 x 0.004237 = 0.189999.
        assert_eq!(of("n1-standard-4"), Some(189_999));
        // 2 x 0.031611 + 1.8 x 0.004237 = 0.0708486.
        assert_eq!(of("n1-highcpu-2"), Some(70_849));
        // Half a core of two: 0.5 x 0.02181159 + 2 x 0.00292353 = 0.016752855.
        assert_eq!(of("e2-small"), Some(16_753));
        // 4 x 0.02181159 + 6 x 0.00292353 = 0.10478754.
        assert_eq!(of("e2-custom-4-6144"), Some(104_788));
        // 12 x 0.031611 + 85 x 0.004237 + 2.933908 = 3.673385.
        assert_eq!(of("a2-highgpu-1g"), Some(3_673_385));
        // 12 x 0.031611 + 170 x 0.004237 + 3.92808 + 375 x 0.08 / 730 = 5.0687978.
        assert_eq!(of("a2-ultragpu-1g"), Some(5_068_798));
    }

    #[test]
    fn a_machine_with_a_part_unknown_has_no_price() {
        assert_eq!(price("a2-highgpu-1g", Bought::Spot, &americas()), None, "memory and GPU have no spot price");
        assert_eq!(price("n2-standard-4", Bought::OnDemand, &americas()), None);
        assert_eq!(price("a3-highgpu-8g", Bought::OnDemand, &americas()), None, "its wording is not known");
        for custom in ["custom-4-15360", "n1-custom-4-15360"] {
            assert_eq!(price(custom, Bought::OnDemand, &americas()), None, "{custom} is not n1-standard-4");
        }
        assert_eq!(price("m5.large", Bought::OnDemand, &americas()), None);
    }
}
