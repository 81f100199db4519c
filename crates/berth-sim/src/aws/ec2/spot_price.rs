//! Spot prices, which move with simulated time: the same type in the same zone at the same time always costs the same.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::describe::{Filters, page_of_size};
use crate::aws::failure::Failure;
use crate::aws::places::zones;
use crate::aws::pricing::Market;
use crate::aws::serve::Asked;
use crate::aws::state::stamp;
use crate::aws::types::{self, InstanceType, TYPES};
use crate::lifecycle::digest;

/// The system whose prices are told; others are not sold here.
const PRODUCT: &str = "Linux/UNIX";
/// How far back the history goes. The real one goes back ninety days.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const HOUR: i64 = 3600;
/// Most rows of a page. The real history may give fewer than it is asked for; with so few, readers have to turn pages here as well.
const PAGE: i64 = 20;

/// `DescribeSpotPriceHistory`: the changes between two times, newest first, and the price that held at the first of them.
pub(super) fn history(asked: &Asked<'_>) -> Result<Value, Failure> {
    const PATHS: &[(&str, &str)] = &[
        ("instance-type", "instanceType"),
        ("availability-zone", "availabilityZone"),
        ("product-description", "productDescription"),
        ("spot-price", "spotPrice"),
    ];
    let filters = Filters::read(asked, PATHS)?;
    let (kinds, products) = (asked.texts("InstanceType"), asked.texts("ProductDescription"));
    let size = asked.number("MaxResults").unwrap_or(PAGE).clamp(1, PAGE);
    let page = |rows: Vec<Value>| page_of_size(asked, Some(size), "spotPriceHistorySet", rows);
    if !products.is_empty() && !products.iter().any(|one| one.starts_with(PRODUCT)) {
        return page(Vec::new());
    }
    let until = time(asked, "EndTime")?.unwrap_or(asked.now).min(asked.now);
    let oldest = asked.now - KEPT;
    let from = time(asked, "StartTime")?.unwrap_or(oldest).clamp(oldest, until);
    let mut rows = Vec::new();
    for kind in TYPES.iter().filter(|kind| kinds.is_empty() || kinds.contains(&kind.name)) {
        for zone in zones(asked.region) {
            let elsewhere = !asked.text("AvailabilityZone").is_empty() && asked.text("AvailabilityZone") != zone.name;
            if elsewhere || !types::offered(kind.name, asked.region, &zone.name) {
                continue;
            }
            rows.extend(changes(kind, asked.region, &zone.name, from, until).map(|(at, micro_usd)| {
                let price = format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000);
                let item = json!({
                    "availabilityZone": zone.name, "availabilityZoneId": zone.id, "instanceType": kind.name,
                    "productDescription": PRODUCT, "spotPrice": price, "timestamp": stamp(at),
                });
                (at, item)
            }));
        }
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let items = rows.into_iter().map(|(_, item)| item).filter(|item| filters.fit(item));
    page(items.collect())
}

fn time(asked: &Asked<'_>, member: &str) -> Result<Option<Timestamp>, Failure> {
    let text = asked.text(member);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Failure::bad("InvalidParameterValue", format!("Value ({text}) for parameter {member} is invalid."));
    text.parse().map(Some).map_err(wrong)
}

/// The times at which the price changed and what it then was, from the change before the first time on.
fn changes(
    kind: &InstanceType,
    region: &str,
    zone: &str,
    from: Timestamp,
    until: Timestamp,
) -> impl Iterator<Item = (Timestamp, u64)> {
    let name = format!("{}/{zone}", kind.name);
    let on_demand = Market::of(region).map_or(kind.micro_usd_hour, |market| market.price(kind.micro_usd_hour));
    // Every market has a rhythm of its own, from three to nine hours, so that not all change at once.
    let seed = digest(&name);
    let every = (3 + (seed % 7) as i64) * HOUR;
    let shift = (seed % every as u64) as i64;
    let step = move |at: Timestamp| (at.as_second() - shift).div_euclid(every);
    (step(from)..=step(until)).filter_map(move |step| {
        let at = Timestamp::from_second(step * every + shift).ok()?;
        Some((at, on_demand * per_mille(&name, step) / 1000))
    })
}

/// Thousandths of the on-demand price: about the market's own level of 300 to 590, up and down by at most a tenth of it.
fn per_mille(name: &str, step: i64) -> u64 {
    let level = 300 + digest(name) % 290;
    level * (900 + digest(&format!("{name}/{step}")) % 201) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, until: &str) -> Vec<(Timestamp, u64)> {
        let kind = types::named("p4d.24xlarge").unwrap();
        changes(kind, "us-east-1", "us-east-1a", from.parse().unwrap(), until.parse().unwrap()).collect()
    }

    #[test]
    fn prices_move_below_on_demand_and_are_the_same_when_asked_again() {
        let week = of("2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z");
        assert_eq!(week, of("2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"));
        let mut prices: Vec<u64> = week.iter().map(|(_, price)| *price).collect();
        assert!(prices.iter().all(|price| (5_000_000..15_000_000).contains(price)), "{prices:?}");
        prices.sort_unstable();
        prices.dedup();
        assert!(prices.len() > 10, "{prices:?}");
    }

    #[test]
    fn the_price_that_holds_now_was_set_before_now() {
        let now = "2026-06-01T10:00:00Z";
        let held = of(now, now);
        assert!(held.len() == 1 && held[0].0 <= now.parse().unwrap(), "{held:?}");
    }
}
