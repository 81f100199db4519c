//! What preflight has to know: who we are, zones, versions, quotas and what they are used for, offers, chances of spot machines.
//!
//! What the identity may not read becomes a line in `unread`, because a cluster can be made without it.

mod places;
mod quotas;
mod spot;
mod usage;

use std::collections::BTreeSet;

use berth_core::rules::preflight::CloudFacts;
use berth_core::run::Fault;
use berth_core::spec::{CloudSpec, ClusterSpec};

use crate::cloud::EksCloud;
use crate::unread::{allowed, wanted};
pub(crate) use places::zones;

/// Reads everything at once; each part on its own may be refused.
///
/// # Errors
/// AWS did not answer, or not as it should; being refused is no error.
pub(crate) async fn facts(cloud: &EksCloud, spec: &ClusterSpec) -> Result<CloudFacts, Fault> {
    let (zones, offers, subnets, versions, limits, usage, scores, prices) = futures::join!(
        zones(cloud),
        places::offers(cloud, machine_types(spec)),
        places::subnets(cloud, given_subnets(spec)),
        places::versions(cloud),
        quotas::limits(cloud),
        usage::usage(cloud),
        spot::scores(cloud, spec),
        spot::prices(cloud, spec),
    );
    let mut unread = Vec::new();
    let zones = allowed(zones, "ec2:DescribeAvailabilityZones", &mut unread)?.unwrap_or_default();
    let machine_types = allowed(offers, "ec2:DescribeInstanceTypeOfferings", &mut unread)?;
    let subnets = allowed(subnets, "ec2:DescribeSubnets", &mut unread)?.flatten();
    let (versions, dear_versions) = allowed(versions, "eks:DescribeClusterVersions", &mut unread)?.unwrap_or_default();
    let names: BTreeSet<String> = zones.iter().map(|zone| zone.name.clone()).collect();
    let limits = quotas::stated(limits, &mut unread)?;
    let usage = usage.stated(&mut unread)?;
    let scores = scores.into_iter().filter_map(|score| wanted(score, spot::SCORES, &mut unread));
    let scores: Vec<_> = scores.flatten().collect();
    let prices = wanted(prices, spot::PRICES, &mut unread).unwrap_or_default();
    Ok(CloudFacts {
        identity: Some(cloud.identity().arn.clone()).filter(|arn| !arn.is_empty()),
        account: cloud.account().to_owned(),
        machine_types: machine_types.map(|sold| places::in_zones(sold, &names)),
        subnets,
        quotas: limits.map(|limits| quotas::facts(&limits, &usage, cloud.region(), &names)),
        spot: spot::outlooks(spec, &zones, &scores, &prices),
        zones: names,
        versions,
        dear_versions,
        unread,
        ..CloudFacts::default()
    })
}

fn given_subnets(spec: &ClusterSpec) -> &[String] {
    match &spec.cloud {
        CloudSpec::Eks(eks) => &eks.subnet_ids,
        CloudSpec::Gke(_) | CloudSpec::Existing(_) => &[],
    }
}

/// All machine types the file names.
fn machine_types(spec: &ClusterSpec) -> BTreeSet<String> {
    let pools = spec.pools.iter();
    pools.flat_map(|pool| std::iter::once(&pool.machine_type).chain(&pool.other_machine_types)).cloned().collect()
}
