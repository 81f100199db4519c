//! What has to be true before the first call that costs money.

use std::collections::BTreeSet;

use super::cluster;
use super::quota::{self, Need};
use super::{group, spot, subnets};
use crate::observed::Observed;
use crate::rules::preflight::PreflightVerdict::{Failed, Passed, Unknown, Warning};
use crate::rules::preflight::{CloudFacts, PreflightFinding, PreflightVerdict, QuotaFact};
use crate::spec::{CloudSpec, ClusterSpec, EksSpec, PoolSpec, TaintEffect};

/// Most tags an AWS resource takes.
const MOST_TAGS: usize = 50;
/// Most node groups of a cluster, unless the quota was raised.
const MOST_GROUPS: usize = 30;

/// Checks a file against what the cloud said about us and about itself; one finding for each thing checked.
///
/// What already runs for this cluster is part of the quotas' usage and is not counted again.
pub fn findings(spec: &ClusterSpec, account: &str, observed: &Observed, facts: &CloudFacts) -> Vec<PreflightFinding> {
    let CloudSpec::Eks(eks) = &spec.cloud else {
        return vec![finding("provider", Failed, "this file is not for EKS".to_owned())];
    };
    let wanted = match cluster::wanted(spec, eks, account, observed) {
        Ok(wanted) => wanted,
        Err(refusal) => return vec![finding("file", Failed, refusal.to_string())],
    };
    let mut findings = vec![identity(account, facts)];
    if wanted.cluster.tags.len() > MOST_TAGS {
        let text = format!("{} tags with berth's own, AWS takes {MOST_TAGS}", wanted.cluster.tags.len());
        findings.push(finding("tags", Failed, text));
    }
    findings.push(system_pods(&spec.pools));
    findings.extend(endpoint(eks, observed));
    findings.extend(subnets::findings(spec, eks, observed, facts));
    if observed.cluster.is_none() {
        findings.extend(version(eks, facts));
    }
    for pool in &spec.pools {
        findings.extend(zones(pool, facts));
        findings.extend(offered(pool, facts));
        findings.extend(spot::outlook(pool, facts));
    }
    // Those that only come if spot has no machines count too.
    let groups: usize = spec.pools.iter().map(|pool| group::group_names(pool).len()).sum();
    if groups > MOST_GROUPS {
        let text =
            format!("{groups} are wanted; EKS takes {MOST_GROUPS} in a cluster unless quota L-6D54EA21 was raised");
        findings.push(finding("node groups", Warning, text));
    }
    match &facts.quotas {
        Some(quotas) => {
            let region = &spec.place.region;
            findings.extend(quota::needs(&wanted, observed).iter().map(|need| judge(need, quotas, region)));
        }
        None => {
            let text = "could not be read; it takes servicequotas:GetServiceQuota".to_owned();
            findings.push(finding("quotas", Unknown, text));
        }
    }
    findings.extend(facts.unread.iter().map(|unread| finding("access", Unknown, unread.clone())));
    findings
}

pub(super) fn finding(check: &str, verdict: PreflightVerdict, text: String) -> PreflightFinding {
    PreflightFinding { check: check.to_owned(), verdict, text }
}

fn identity(account: &str, facts: &CloudFacts) -> PreflightFinding {
    match &facts.identity {
        Some(identity) => finding("identity", Passed, format!("{identity} in account {account}")),
        None => finding("identity", Unknown, format!("who calls account {account} could not be told")),
    }
}

/// With the endpoint closed inside the VPC nodes come to it over the world, from addresses that have to be let in.
fn endpoint(eks: &EksSpec, observed: &Observed) -> Option<PreflightFinding> {
    let is_open =
        eks.public_access_cidrs.is_empty() || eks.public_access_cidrs.iter().any(|range| range == "0.0.0.0/0");
    if eks.private_access || is_open {
        return None;
    }
    let text = "`private: false` leaves nodes only the public endpoint, and `publicCidrs` has to let in the addresses they come from";
    // What a gateway's address will be nobody knows before it is made.
    let is_new = eks.subnet_ids.is_empty() && observed.cluster.is_none();
    let (verdict, why) = if is_new {
        (Failed, "; those of a network that berth makes are not known yet, so say `private: true`")
    } else {
        (Warning, ", or no node joins")
    };
    Some(finding("endpoint", verdict, format!("{text}{why}")))
}

/// DNS tolerates no taint of ours; without a pool for it nothing in the cluster finds anything.
fn system_pods(pools: &[PoolSpec]) -> PreflightFinding {
    let open = |pool: &&PoolSpec| pool.taints.iter().all(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    match pools.iter().find(open) {
        Some(pool) if pool.nodes.min == 0 => {
            let text = format!("pool {} may be at zero nodes, and then DNS has nowhere to run", pool.name);
            finding("system pods", Warning, text)
        }
        Some(pool) => finding("system pods", Passed, format!("run on pool {}", pool.name)),
        None => {
            let text =
                "every pool has a taint, so DNS and other system pods have nowhere to run; add a pool without GPUs";
            finding("system pods", Warning, text.to_owned())
        }
    }
}

fn version(eks: &EksSpec, facts: &CloudFacts) -> Option<PreflightFinding> {
    let want = eks.version.as_ref()?;
    if facts.versions.is_empty() {
        return Some(finding("version", Unknown, format!("{want}: the versions EKS supports could not be read")));
    }
    if facts.dear_versions.contains(want) {
        let text = format!("{want} is only in extended support, where a cluster costs six times as much");
        if !eks.standard_support {
            return Some(finding("version", Passed, format!("{text}, as the file says")));
        }
        let way_out = format!("in standard support are {}; `eks: {{support: extended}}` accepts it", standard(facts));
        return Some(finding("version", Failed, format!("{text}; {way_out}")));
    }
    Some(if facts.versions.contains(want) {
        finding("version", Passed, format!("{want} is in standard support"))
    } else {
        finding("version", Failed, format!("EKS does not support {want}; in standard support are {}", standard(facts)))
    })
}

fn standard(facts: &CloudFacts) -> String {
    let standard = facts.versions.iter().filter(|version| !facts.dear_versions.contains(version));
    standard.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn zones(pool: &PoolSpec, facts: &CloudFacts) -> Option<PreflightFinding> {
    let check = format!("zones of pool {}", pool.name);
    let list = pool.zones.join(", ");
    if facts.zones.is_empty() {
        return Some(finding(&check, Unknown, format!("{list}: which zones this account has could not be read")));
    }
    let missing: Vec<&str> =
        pool.zones.iter().filter(|zone| !facts.zones.contains(*zone)).map(String::as_str).collect();
    if missing.is_empty() {
        return Some(finding(&check, Passed, format!("{list} available")));
    }
    let there: Vec<&str> = facts.zones.iter().map(String::as_str).collect();
    let verdict = if missing.len() == pool.zones.len() { Failed } else { Warning };
    let text = format!("{} not available to this account; it has {}", missing.join(", "), there.join(", "));
    Some(finding(&check, verdict, text))
}

/// Whether the zones sell the pool's machines; letters differ from account to account, so the file's zones may be the wrong ones.
fn offered(pool: &PoolSpec, facts: &CloudFacts) -> Vec<PreflightFinding> {
    let types: Vec<&String> = std::iter::once(&pool.machine_type).chain(&pool.other_machine_types).collect();
    let Some(sold) = &facts.machine_types else {
        let check = format!("{} for pool {}", pool.machine_type, pool.name);
        return vec![finding(&check, Unknown, "which zones offer it could not be read".to_owned())];
    };
    let sells = |zone: &String, machine: &String| sold.get(zone).is_some_and(|types| types.contains(machine));
    let any_first = types.iter().any(|machine| pool.zones.iter().any(|zone| sells(zone, machine)));
    let judged = types.into_iter().map(|machine| {
        let check = format!("{machine} for pool {}", pool.name);
        let (with, without): (Vec<&String>, Vec<&String>) = pool.zones.iter().partition(|zone| sells(zone, machine));
        if without.is_empty() {
            return finding(&check, Passed, format!("offered in {}", words(with)));
        }
        let elsewhere: BTreeSet<&String> = sold.keys().filter(|zone| sells(zone, machine)).collect();
        let elsewhere = if elsewhere.is_empty() {
            let retired = if machine.starts_with("p3.") {
                "; AWS has retired p3, so choose another GPU, such as T4 on g4dn"
            } else {
                ""
            };
            format!("no zone of the region offers it{retired}")
        } else {
            format!("zones of the region that do: {}", words(elsewhere))
        };
        // With another type or zone that is offered the group still gets nodes.
        let verdict = if with.is_empty() && !any_first { Failed } else { Warning };
        finding(&check, verdict, format!("not offered in {}; {elsewhere}", words(without)))
    });
    judged.collect()
}

fn words<'a>(zones: impl IntoIterator<Item = &'a String>) -> String {
    zones.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn judge(need: &Need, quotas: &[QuotaFact], region: &str) -> PreflightFinding {
    let place = need.zone.as_deref().unwrap_or(region);
    let check = format!("quota {} ({}) in {place}", need.code, need.counts);
    let users = need.users.join(", ");
    let of_code = || quotas.iter().filter(|quota| quota.metric == need.code);
    let is_of = |quota: &&QuotaFact, place: &str| quota.region.as_deref().is_none_or(|have| have == place);
    // A count over the whole region is as if all stood in the one zone.
    let stated = of_code().find(|quota| is_of(quota, place)).or_else(|| of_code().find(|quota| is_of(quota, region)));
    let Some(quota) = stated else {
        let text = format!("not stated by Service Quotas; {} needed at the start ({users})", need.start);
        return finding(&check, Unknown, text);
    };
    let (start, most) = (as_f64(need.start), as_f64(need.most));
    let free = (quota.limit - quota.usage).max(0.0);
    let have = format!("{free:.0} of {:.0} free", quota.limit);
    let ask = quota.usage + most;
    if start > free {
        let text = format!(
            "{start:.0} needed at the start ({users}), {have}: short by {:.0}; ask for a limit of {:.0}, or {ask:.0} for the most nodes",
            start - free,
            quota.usage + start,
        );
        return finding(&check, Failed, text);
    }
    if most > free {
        let text = format!(
            "enough for the start ({start:.0} needed, {have}), but the most nodes need {most:.0} ({users}): ask for a limit of {ask:.0}"
        );
        return finding(&check, Warning, text);
    }
    finding(&check, Passed, format!("{start:.0} needed at the start, {most:.0} at most, {have}"))
}

/// Counts of vCPUs and things are far below 2^32.
fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
