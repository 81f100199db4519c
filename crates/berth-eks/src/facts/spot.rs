//! What AWS thinks of getting spot machines, and what they cost now.
//!
//! Good to know and no more: AWS also limits how many different scores an account may ask for in a day.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{InstanceType, SpotPlacementScore, SpotPrice, TargetCapacityUnitType};
use berth_core::observed::ObservedZone;
use berth_core::rules::preflight::SpotOutlook;
use berth_core::run::Fault;
use berth_core::spec::{Capacity, ClusterSpec, PoolSpec};

use crate::classify;
use crate::cloud::EksCloud;

/// What it takes to read scores.
pub(super) const SCORES: &str = "ec2:GetSpotPlacementScores";
/// What it takes to read prices.
pub(super) const PRICES: &str = "ec2:DescribeSpotPriceHistory";

/// The machines berth starts run Linux.
const PRODUCT: &str = "Linux/UNIX";

/// Score of a pool in a zone, by the zone's id.
pub(super) type Score = (String, String, u8);
/// Prices by zone and machine type.
pub(super) type Prices = BTreeMap<(String, String), String>;

fn spot_pools(spec: &ClusterSpec) -> impl Iterator<Item = &PoolSpec> {
    spec.pools.iter().filter(|pool| matches!(pool.capacity, Capacity::Spot | Capacity::SpotThenOnDemand))
}

fn machine_types(pool: &PoolSpec) -> impl Iterator<Item = &String> {
    std::iter::once(&pool.machine_type).chain(&pool.other_machine_types)
}

/// Scores of each spot pool in the zones of the region.
pub(super) async fn scores(cloud: &EksCloud, spec: &ClusterSpec) -> Vec<Result<Vec<Score>, Fault>> {
    let asked: Vec<_> = spot_pools(spec).map(|pool| scores_of(cloud, pool)).collect();
    futures::future::join_all(asked).await
}

async fn scores_of(cloud: &EksCloud, pool: &PoolSpec) -> Result<Vec<Score>, Fault> {
    let call = cloud
        .read
        .ec2
        .get_spot_placement_scores()
        .set_instance_types(Some(machine_types(pool).cloned().collect()))
        .target_capacity(i32::try_from(pool.nodes.min.max(1)).unwrap_or(i32::MAX))
        .target_capacity_unit_type(TargetCapacityUnitType::Units)
        .single_availability_zone(true)
        .region_names(cloud.region());
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("ask for the chances of spot machines for pool {}", pool.name);
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    let score =
        |row: SpotPlacementScore| Some((pool.name.clone(), row.availability_zone_id?, u8::try_from(row.score?).ok()?));
    Ok(read.into_iter().filter_map(score).collect())
}

/// What spot machines of the file's types cost now, in every zone.
pub(super) async fn prices(cloud: &EksCloud, spec: &ClusterSpec) -> Result<Prices, Fault> {
    let types: BTreeSet<&String> = spot_pools(spec).flat_map(machine_types).collect();
    if types.is_empty() {
        return Ok(Prices::new());
    }
    let types = types.into_iter().map(|name| InstanceType::from(name.as_str())).collect();
    let call = cloud
        .read
        .ec2
        .describe_spot_price_history()
        .set_instance_types(Some(types))
        .product_descriptions(PRODUCT)
        // From now on: AWS then gives the price that holds, not the last 90 days.
        .start_time(DateTime::from(SystemTime::now()));
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("read the prices of spot machines in {}", cloud.region());
    Ok(newest(read.map_err(|error| classify::of_call(tried, &error))?))
}

fn newest(mut rows: Vec<SpotPrice>) -> Prices {
    rows.sort_by_key(|row| row.timestamp.map(|at| at.as_nanos()));
    let price =
        |row: SpotPrice| Some(((row.availability_zone?, row.instance_type?.as_str().to_owned()), row.spot_price?));
    rows.into_iter().filter_map(price).collect()
}

/// Each spot pool in each zone; empty if nothing of it could be read.
pub(super) fn outlooks(
    spec: &ClusterSpec,
    zones: &[ObservedZone],
    scores: &[Score],
    prices: &Prices,
) -> Vec<SpotOutlook> {
    if scores.is_empty() && prices.is_empty() {
        return Vec::new();
    }
    let outlook = |pool: &PoolSpec, zone: &ObservedZone| {
        let score = scores.iter().find(|(of, place, _)| *of == pool.name && *place == zone.id);
        let price = |machine_type: &String| {
            let price = prices.get(&(zone.name.clone(), machine_type.clone()))?;
            Some((machine_type.clone(), price.clone()))
        };
        SpotOutlook {
            pool: pool.name.clone(),
            zone: zone.name.clone(),
            score: score.map(|(.., score)| *score),
            prices: machine_types(pool).filter_map(price).collect(),
        }
    };
    spot_pools(spec).flat_map(|pool| zones.iter().map(move |zone| outlook(pool, zone))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_prices_the_newest_holds() {
        let row = |price: &str, seconds| {
            SpotPrice::builder()
                .availability_zone("us-east-1a")
                .instance_type(InstanceType::G4dnXlarge)
                .spot_price(price)
                .timestamp(DateTime::from_secs(seconds))
                .build()
        };
        let prices = newest(vec![row("0.2", 20), row("0.3", 30), row("0.1", 10)]);
        assert_eq!(prices[&("us-east-1a".to_owned(), "g4dn.xlarge".to_owned())], "0.3");
        assert_eq!(prices.len(), 1);
    }
}
