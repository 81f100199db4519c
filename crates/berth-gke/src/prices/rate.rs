//! One SKU read: what it is, how it is bought, and its one price.

use berth_core::cost::Bought;
use google_cloud_billing_v1::model::{PricingInfo, Sku};

use super::wording::Wording;

/// The place of what is sold everywhere alike.
const EVERYWHERE: &str = "global";

/// A price of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rate {
    /// The description in lower case.
    description: String,
    family: String,
    bought: Bought,
    /// The catalog's unit: `h`, `GiBy.h`, `GiBy.mo`.
    unit: String,
    /// Billionths of a dollar for one unit.
    nanos: u64,
}

/// The rates of a region.
#[derive(Debug, Default)]
pub(super) struct Rates(Vec<Rate>);

impl Rates {
    pub(super) fn add(&mut self, rates: impl Iterator<Item = Rate>) {
        self.0.extend(rates);
    }

    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Billionths of a dollar for one unit of what is described so; `None` if there is no such rate, or several prices of it.
    pub(super) fn of(&self, wording: Wording, bought: Bought, unit: &str) -> Option<u64> {
        let mut fitting = self.0.iter().filter(|rate| {
            let Rate { description, family, .. } = rate;
            rate.bought == bought && rate.unit == unit && family == wording.family && wording.fits(description, bought)
        });
        let first = fitting.next()?.nanos;
        fitting.all(|rate| rate.nanos == first).then_some(first)
    }
}

impl Rate {
    /// Reads a SKU; `None` for what is not sold in the region, is not bought as berth buys, or has no single price in USD.
    pub(super) fn read(sku: &Sku, region: &str) -> Option<Self> {
        if !sku.service_regions.iter().any(|own| own == region || own == EVERYWHERE) {
            return None;
        }
        let category = sku.category.as_ref()?;
        let bought = match category.usage_type.as_str() {
            "OnDemand" => Bought::OnDemand,
            "Preemptible" => Bought::Spot,
            _ => return None,
        };
        // They stand in the order of their times.
        let pricing = sku.pricing_info.last()?;
        Some(Self {
            description: sku.description.to_lowercase(),
            family: category.resource_family.clone(),
            bought,
            unit: pricing.pricing_expression.as_ref()?.usage_unit.clone(),
            nanos: nanos(pricing)?,
        })
    }
}

/// The only price above nothing: what comes before it is given away, and where there are several they depend on how much is used.
fn nanos(pricing: &PricingInfo) -> Option<u64> {
    let rates = &pricing.pricing_expression.as_ref()?.tiered_rates;
    let mut found = None;
    for rate in rates {
        let money = rate.unit_price.as_ref()?;
        if money.currency_code != "USD" {
            return None;
        }
        let whole = u64::try_from(money.units).ok()?.checked_mul(1_000_000_000)?;
        let nanos = whole.checked_add(u64::try_from(money.nanos).ok()?)?;
        if nanos > 0 && found.replace(nanos).is_some_and(|before| before != nanos) {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use berth_core::cost::Bought;
    use google_cloud_billing_v1::model::Sku;
    use serde_json::{Value, json};

    use super::{Rate, Rates};
    use crate::prices::wording;

    fn sku(description: &str, usage: &str, regions: &[&str], rates: &[(f64, &str, i32)]) -> Sku {
        let rates: Vec<Value> = rates
            .iter()
            .map(|(start, units, nanos)| {
                json!({"startUsageAmount": start, "unitPrice": {"currencyCode": "USD", "units": units, "nanos": nanos}})
            })
            .collect();
        let told = json!({
            "description": description, "serviceRegions": regions,
            "category": {"resourceFamily": "Compute", "resourceGroup": "CPU", "usageType": usage},
            "pricingInfo": [{"pricingExpression": {"usageUnit": "h", "tieredRates": rates}}],
        });
        serde_json::from_value(told).unwrap()
    }

    const CORE: &str = "N2 Instance Core running in Americas";

    #[test]
    fn units_and_nanos_add_up_and_free_amounts_are_passed_over() {
        let read = |rates: &[(f64, &str, i32)]| {
            Rate::read(&sku(CORE, "OnDemand", &["us-east1"], rates), "us-east1").map(|rate| rate.nanos)
        };
        assert_eq!(read(&[(0.0, "2", 933_908_000)]), Some(2_933_908_000));
        assert_eq!(read(&[(0.0, "0", 0), (744.0, "0", 5_000_000)]), Some(5_000_000));
        assert_eq!(read(&[(0.0, "0", 9), (100.0, "0", 8)]), None, "it depends on how much is used");
        assert_eq!(read(&[(0.0, "0", 0)]), None);
        assert_eq!(read(&[(0.0, "-1", 0)]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn what_is_sold_elsewhere_or_otherwise_is_not_read() {
        let one = [(0.0, "0", 7)];
        assert_eq!(Rate::read(&sku(CORE, "OnDemand", &["us-east1"], &one), "us-east4"), None);
        assert!(Rate::read(&sku(CORE, "OnDemand", &["global"], &one), "us-east4").is_some());
        assert_eq!(Rate::read(&sku(CORE, "Commit1Yr", &["us-east1"], &one), "us-east1"), None);
    }

    #[test]
    fn of_several_prices_none_is_chosen() {
        let of = |nanos: &[i32]| {
            let mut rates = Rates::default();
            let skus = nanos.iter().map(|nanos| sku(CORE, "OnDemand", &["us-east1"], &[(0.0, "0", *nanos)]));
            rates.add(skus.filter_map(|sku| Rate::read(&sku, "us-east1")));
            rates.of(wording::series("n2").unwrap().core, Bought::OnDemand, "h")
        };
        assert_eq!([of(&[]), of(&[7]), of(&[7, 7]), of(&[7, 8])], [None, Some(7), Some(7), None]);
    }
}
