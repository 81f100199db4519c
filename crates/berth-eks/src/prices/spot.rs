//! What spot machines cost, zone by zone and over time.

use std::collections::BTreeSet;

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{InstanceType, SpotPrice};
use berth_core::cost::{Bought, Item, LivePrice, LivePrices, Source, Unit, micro_usd};
use berth_core::run::Fault;
use berth_core::spec::Provider;
use jiff::Timestamp;

use crate::classify;
use crate::cloud::EksCloud;

/// The machines berth starts run Linux.
const PRODUCT: &str = "Linux/UNIX";

/// Reads the history for the spot machines among some items.
pub(super) async fn read(
    cloud: &EksCloud,
    items: &BTreeSet<Item>,
    since: Timestamp,
    now: Timestamp,
) -> Result<(LivePrices, Vec<String>), Fault> {
    let names: BTreeSet<&str> = items.iter().filter_map(spot_machine).collect();
    let prices = if names.is_empty() { Vec::new() } else { history(cloud, &names, since).await? };
    let has = |name: &str| prices.iter().any(|price| spot_machine(&price.item) == Some(name));
    let region = cloud.region();
    let lacking = names.iter().filter(|name| !has(name));
    let notes = lacking.map(|name| format!("EC2's spot price history has no price of {name} in {region}")).collect();
    let source = Source::live("EC2 spot price history", now);
    Ok((LivePrices { provider: Provider::Eks, source, prices }, notes))
}

fn spot_machine(item: &Item) -> Option<&str> {
    match item {
        Item::Machine { name, bought: Bought::Spot } => Some(name),
        _ => None,
    }
}

async fn history(cloud: &EksCloud, names: &BTreeSet<&str>, since: Timestamp) -> Result<Vec<LivePrice>, Fault> {
    let types = names.iter().map(|name| InstanceType::from(*name)).collect();
    let call = cloud
        .read
        .ec2
        .describe_spot_price_history()
        .set_instance_types(Some(types))
        .product_descriptions(PRODUCT)
        // The price that held then comes too, however old it is.
        .start_time(DateTime::from_secs(since.as_second()));
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("read the prices of spot machines in {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    Ok(read.into_iter().filter_map(|row| price(row, cloud.region())).collect())
}

fn price(row: SpotPrice, region: &str) -> Option<LivePrice> {
    Some(LivePrice {
        item: Item::machine(row.instance_type?.as_str(), Bought::Spot),
        region: region.to_owned(),
        zone: Some(row.availability_zone?),
        unit: Unit::Hour,
        micro_usd: micro_usd(row.spot_price.as_deref()?)?,
        since: Timestamp::from_second(row.timestamp?.secs()).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_price_of_one_zone_since_its_time() {
        let row = SpotPrice::builder()
            .availability_zone("us-east-1b")
            .instance_type(InstanceType::P4d24xlarge)
            .spot_price("9.713200")
            .timestamp(DateTime::from_secs(60));
        let price = price(row.clone().build(), "us-east-1").unwrap();
        assert_eq!(price.item, Item::machine("p4d.24xlarge", Bought::Spot));
        assert_eq!((price.zone.as_deref(), price.micro_usd), (Some("us-east-1b"), 9_713_200));
        assert_eq!(price.since, Timestamp::from_second(60).ok());
        assert_eq!(super::price(row.spot_price("soon").build(), "us-east-1"), None);
    }
}
