//! The limits Service Quotas states, and what is used of each.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::rules::eks::quota::{ADDRESSES, CLUSTERS, NATS, VPCS};
use berth_core::rules::preflight::QuotaFact;
use berth_core::run::Fault;
use futures::StreamExt;

use super::usage::{Family, Usage};
use crate::classify;
use crate::cloud::EksCloud;
use crate::unread::allowed;

/// Service Quotas answers few calls a second.
const AT_ONCE: usize = 4;
/// The permissions it takes; the second one for quotas nobody has changed.
const PERMISSION: &str = "servicequotas:GetServiceQuota and servicequotas:GetAWSDefaultServiceQuota";

/// Quotas of vCPUs: family, spot, code. The codes are agreed on by several public tools.
const VCPUS: [(Family, bool, &str); 6] = [
    (Family::Standard, false, "L-1216C47A"),
    (Family::Standard, true, "L-34B43A08"),
    (Family::G, false, "L-DB2E81BA"),
    (Family::G, true, "L-3819A6DF"),
    (Family::P, false, "L-417A185B"),
    (Family::P, true, "L-7212CCBC"),
];
/// Quotas of things: service, code.
const THINGS: [(&str, &str); 4] = [("ec2", ADDRESSES), ("eks", CLUSTERS), ("vpc", VPCS), ("vpc", NATS)];

/// Limits by code.
pub(super) type Limits = BTreeMap<&'static str, f64>;

/// Each quota's limit; `None` for one that AWS does not know here.
pub(super) async fn limits(cloud: &EksCloud) -> Vec<Result<Option<(&'static str, f64)>, Fault>> {
    // A list first: a stream of closures over references is not known to be `Send`.
    let all: Vec<_> = VCPUS.iter().map(|(.., code)| ("ec2", *code)).chain(THINGS).collect();
    let mut asked = Vec::new();
    for (service, code) in all {
        asked.push(limit(cloud, service, code));
    }
    futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

async fn limit(
    cloud: &EksCloud,
    service: &'static str,
    code: &'static str,
) -> Result<Option<(&'static str, f64)>, Fault> {
    let tried = || format!("read the quotas of {service} in {}", cloud.region());
    let call = cloud.read.quotas.get_service_quota().service_code(service).quota_code(code);
    let quota = match call.send().await {
        Ok(answer) => answer.quota,
        Err(error) if is_unknown(classify::code_of(&error)) => {
            // Only what differs from AWS's default is stated as the account's own.
            let call = cloud.read.quotas.get_aws_default_service_quota().service_code(service).quota_code(code);
            match call.send().await {
                Ok(answer) => answer.quota,
                Err(error) if is_unknown(classify::code_of(&error)) => None,
                Err(error) => return Err(classify::of_call(tried(), &error)),
            }
        }
        Err(error) => return Err(classify::of_call(tried(), &error)),
    };
    Ok(quota.and_then(|quota| Some((code, quota.value?))))
}

fn is_unknown(code: Option<&str>) -> bool {
    code == Some("NoSuchResourceException")
}

/// The limits that could be read; `None` if none may be.
///
/// # Errors
/// Service Quotas did not answer as it should.
pub(super) fn stated(
    limits: Vec<Result<Option<(&'static str, f64)>, Fault>>,
    unread: &mut Vec<String>,
) -> Result<Option<Limits>, Fault> {
    let (mut known, mut answered) = (Limits::new(), false);
    for limit in limits {
        if let Some(limit) = allowed(limit, PERMISSION, unread)? {
            answered = true;
            known.extend(limit);
        }
    }
    Ok(answered.then_some(known))
}

/// Limits with what is used of them; one of which the usage is not known would pass for unused, so it is left out.
pub(super) fn facts(limits: &Limits, usage: &Usage, region: &str, zones: &BTreeSet<String>) -> Vec<QuotaFact> {
    let fact = |code: &str, place: &str, usage: Option<u32>| {
        let (limit, usage) = (*limits.get(code)?, f64::from(usage?));
        Some(QuotaFact { metric: code.to_owned(), region: Some(place.to_owned()), limit, usage })
    };
    let vcpus = VCPUS.iter().map(|(family, spot, code)| {
        let used = usage.vcpus.as_ref().map(|vcpus| vcpus.get(&(*family, *spot)).copied().unwrap_or(0));
        fact(code, region, used)
    });
    let things = [(ADDRESSES, usage.addresses), (CLUSTERS, usage.clusters), (VPCS, usage.vpcs)];
    let things = things.into_iter().map(|(code, used)| fact(code, region, used));
    let nats = zones.iter().map(|zone| {
        let used = usage.nats.as_ref().map(|nats| nats.get(zone).copied().unwrap_or(0));
        fact(NATS, zone, used)
    });
    vcpus.chain(things).chain(nats).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_of_which_the_usage_is_not_known_is_left_out() {
        let limits = Limits::from([("L-417A185B", 96.0), (VPCS, 5.0), (NATS, 5.0)]);
        let zones = BTreeSet::from(["us-east-1a".to_owned(), "us-east-1b".to_owned()]);
        let usage =
            Usage { vpcs: Some(2), nats: Some(BTreeMap::from([("us-east-1a".to_owned(), 3)])), ..Usage::default() };
        let facts = facts(&limits, &usage, "us-east-1", &zones);
        let lines: Vec<String> = facts
            .iter()
            .map(|fact| {
                format!("{} {} {} {}", fact.metric, fact.region.as_deref().unwrap_or(""), fact.limit, fact.usage)
            })
            .collect();
        assert_eq!(lines, ["L-F678F1CE us-east-1 5 2", "L-FE5A380F us-east-1a 5 3", "L-FE5A380F us-east-1b 5 0"]);
    }
}
