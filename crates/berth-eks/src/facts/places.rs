//! Zones, what they sell, and the versions of Kubernetes there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{AvailabilityZoneOptInStatus, AvailabilityZoneState, LocationType, Subnet};
use aws_sdk_eks::types::VersionStatus;
use berth_core::observed::ObservedZone;
use berth_core::rules::preflight::SubnetFact;
use berth_core::run::Fault;

use crate::classify;
use crate::cloud::EksCloud;

/// Machine types by zone.
pub(super) type Sold = BTreeMap<String, BTreeSet<String>>;

/// Zones of the region that are up and take no opting in, which is what keeps local zones out.
pub(crate) async fn zones(cloud: &EksCloud) -> Result<Vec<ObservedZone>, Fault> {
    let read = cloud.read.ec2.describe_availability_zones().send().await;
    let tried = format!("list the zones of {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    let zones = read.availability_zones.unwrap_or_default().into_iter().filter_map(|zone| {
        let up = zone.state.as_ref().is_none_or(|state| *state == AvailabilityZoneState::Available);
        let plain = [None, Some(AvailabilityZoneOptInStatus::OptInNotRequired)].contains(&zone.opt_in_status);
        Some(ObservedZone { name: zone.zone_name?, id: zone.zone_id? }).filter(|_| up && plain)
    });
    Ok(zones.collect())
}

/// Which of these machine types each zone sells; a type that AWS knows no more is sold nowhere.
pub(super) async fn offers(cloud: &EksCloud, machine_types: BTreeSet<String>) -> Result<Sold, Fault> {
    let wanted = aws_sdk_ec2::types::Filter::builder().name("instance-type");
    let wanted = wanted.set_values(Some(machine_types.into_iter().collect())).build();
    let call = cloud.read.ec2.describe_instance_type_offerings();
    let call = call.location_type(LocationType::AvailabilityZone).filters(wanted);
    let offers: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("list the machine types offered in {}", cloud.region());
    let mut sold = Sold::new();
    for offer in offers.map_err(|error| classify::of_call(tried, &error))? {
        if let (Some(zone), Some(machine_type)) = (offer.location, offer.instance_type) {
            sold.entry(zone).or_default().insert(machine_type.as_str().to_owned());
        }
    }
    Ok(sold)
}

/// The given subnets, of those that are there; `None` if none are given.
pub(super) async fn subnets(cloud: &EksCloud, ids: &[String]) -> Result<Option<Vec<SubnetFact>>, Fault> {
    if ids.is_empty() {
        return Ok(None);
    }
    // By a filter, because an id that is not there would be an error.
    let these = aws_sdk_ec2::types::Filter::builder().name("subnet-id").set_values(Some(ids.to_vec())).build();
    let call = cloud.read.ec2.describe_subnets().filters(these);
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let tried = format!("look at the given subnets in {}", cloud.region());
    let read = read.map_err(|error| classify::of_call(tried, &error))?;
    let fact = |subnet: Subnet| {
        Some(SubnetFact {
            id: subnet.subnet_id?,
            vpc: subnet.vpc_id?,
            zone: subnet.availability_zone?,
            zone_id: subnet.availability_zone_id.unwrap_or_default(),
            free_addresses: u32::try_from(subnet.available_ip_address_count?).unwrap_or(0),
        })
    };
    Ok(Some(read.into_iter().filter_map(fact).collect()))
}

/// What is sold with every zone named, also those that sell none of it.
pub(super) fn in_zones(mut sold: Sold, zones: &BTreeSet<String>) -> Sold {
    for zone in zones {
        sold.entry(zone.clone()).or_default();
    }
    sold
}

/// Versions in support, newest first, and those of them in extended support.
pub(super) async fn versions(cloud: &EksCloud) -> Result<(Vec<String>, Vec<String>), Fault> {
    let call = cloud.read.eks.describe_cluster_versions().include_all(false);
    let read: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let read = read.map_err(|error| classify::of_call("list the Kubernetes versions of EKS", &error))?;
    let (mut versions, mut dear) = (Vec::new(), Vec::new());
    for row in read {
        let (Some(version), Some(status)) = (row.cluster_version, row.version_status) else { continue };
        match status {
            VersionStatus::StandardSupport => versions.push(version),
            VersionStatus::ExtendedSupport => {
                dear.push(version.clone());
                versions.push(version);
            }
            _ => {}
        }
    }
    versions.sort_by_key(|version| Reverse(numbers(version)));
    dear.sort_by_key(|version| Reverse(numbers(version)));
    versions.dedup();
    dear.dedup();
    Ok((versions, dear))
}

/// `1.9` is older than `1.10`.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("1.9") < numbers("1.10"));
        assert!(numbers("1.36") > numbers("1.35"));
    }

    #[test]
    fn a_zone_that_sells_nothing_is_known_to() {
        let sold = Sold::from([("a".to_owned(), BTreeSet::from(["m5.large".to_owned()]))]);
        let sold = in_zones(sold, &BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        assert_eq!((sold["a"].len(), sold["b"].len()), (1, 0));
    }
}
