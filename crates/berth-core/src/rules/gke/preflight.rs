//! What has to be true before the first call that costs money.

use std::collections::BTreeSet;

use super::cluster;
use super::pool_steps::settings;
use super::quota::{self, Demand, Need};
use crate::actions::gke::GkePool;
use crate::observed::{Observed, ObservedPool, Phase};
use crate::rules::preflight::PreflightVerdict::{Failed, Passed, Unknown, Warning};
use crate::rules::preflight::{CloudFacts, PreflightFinding, PreflightVerdict, QuotaFact};
use crate::spec::{CloudSpec, ClusterSpec, GkeSpec, TaintEffect};

/// Longest cluster name GKE takes.
const LONGEST_NAME: usize = 40;
/// Most labels a Google Cloud resource takes.
const MOST_LABELS: usize = 64;
/// Most characters of all node labels of one pool together.
const MOST_LABEL_CHARACTERS: usize = 1024;

/// Checks a file against what the cloud said about us and about itself; one finding for each thing checked.
///
/// What already runs for this cluster is part of the quotas' usage and is not counted again.
pub fn findings(spec: &ClusterSpec, project: &str, observed: &Observed, facts: &CloudFacts) -> Vec<PreflightFinding> {
    let CloudSpec::Gke(gke) = &spec.cloud else {
        return vec![finding("provider", Failed, "this file is not for GKE".to_owned())];
    };
    let wanted = match cluster::wanted(spec, gke, project) {
        Ok(wanted) => wanted,
        Err(refusal) => return vec![finding("file", Failed, refusal.to_string())],
    };
    let pools = &wanted.cluster.pools;
    let mut findings = vec![identity(project, facts), name(&spec.name)];
    findings.extend(limits(&wanted.cluster.resource_labels, pools));
    findings.push(system_pods(pools));
    if observed.cluster.is_none() {
        findings.extend(version(gke, facts));
    }
    for pool in pools {
        findings.push(zones(pool, facts));
        findings.extend(sells(pool, facts));
    }
    findings.extend(quotas(spec, pools, observed, facts));
    findings.extend(facts.unread.iter().map(|unread| finding("access", Unknown, unread.clone())));
    findings
}

fn finding(check: &str, verdict: PreflightVerdict, text: String) -> PreflightFinding {
    PreflightFinding { check: check.to_owned(), verdict, text }
}

fn identity(project: &str, facts: &CloudFacts) -> PreflightFinding {
    match &facts.identity {
        Some(identity) => finding("identity", Passed, format!("{identity} in project {project}")),
        None => finding("identity", Unknown, format!("who calls project {project} could not be told")),
    }
}

fn name(name: &str) -> PreflightFinding {
    let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.len() > LONGEST_NAME {
        let text = format!("{name} has {} characters, GKE takes {LONGEST_NAME}", name.len());
        return finding("name", Failed, text);
    }
    if !legal {
        let text = "GKE takes lowercase letters, digits and hyphens, a letter first and no hyphen last";
        return finding("name", Failed, format!("{name}: {text}"));
    }
    finding("name", Passed, name.to_owned())
}

fn limits(labels: &std::collections::BTreeMap<String, String>, pools: &[GkePool]) -> Vec<PreflightFinding> {
    let mut findings = Vec::new();
    if labels.len() > MOST_LABELS {
        let text = format!("{} cluster labels with berth's own, Google Cloud takes {MOST_LABELS}", labels.len());
        findings.push(finding("labels", Failed, text));
    }
    for pool in pools {
        let characters: usize = pool.labels.iter().map(|(key, value)| key.len() + value.len()).sum();
        if characters > MOST_LABEL_CHARACTERS {
            let text = format!("{characters} characters of node labels, GKE takes {MOST_LABEL_CHARACTERS}");
            findings.push(finding(&format!("labels of pool {}", pool.name), Failed, text));
        }
    }
    findings
}

/// System pods tolerate no taint of ours; without a pool for them DNS and metrics never start.
fn system_pods(pools: &[GkePool]) -> PreflightFinding {
    let open = |pool: &&GkePool| pool.taints.iter().all(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    match pools.iter().find(open) {
        Some(pool) => finding("system pods", Passed, format!("run on pool {}", pool.name)),
        None => finding(
            "system pods",
            Warning,
            "every pool has a taint, so DNS and other system pods have nowhere to run; add a pool without GPUs"
                .to_owned(),
        ),
    }
}

fn version(gke: &GkeSpec, facts: &CloudFacts) -> Option<PreflightFinding> {
    let want = gke.settings.version.as_deref()?;
    if matches!(want, "latest" | "-" | "") {
        return Some(finding("version", Passed, format!("{want} is GKE's to choose")));
    }
    if facts.versions.is_empty() {
        return Some(finding("version", Unknown, format!("{want}: the versions GKE offers could not be read")));
    }
    let offered = facts.versions.iter().find(|version| {
        *version == want || version.strip_prefix(want).is_some_and(|rest| rest.starts_with(['.', '-']))
    });
    Some(match offered {
        Some(version) => finding("version", Passed, format!("{want} is {version} now")),
        None => {
            let some: Vec<&str> = facts.versions.iter().take(5).map(String::as_str).collect();
            finding("version", Failed, format!("GKE does not offer {want} here; it offers {}", some.join(", ")))
        }
    })
}

fn zones(pool: &GkePool, facts: &CloudFacts) -> PreflightFinding {
    let check = format!("zones of pool {}", pool.name);
    let list = pool.zones.join(", ");
    if facts.zones.is_empty() {
        return finding(&check, Unknown, format!("{list}: which zones are up could not be read"));
    }
    let down: Vec<&str> = pool.zones.iter().filter(|zone| !facts.zones.contains(*zone)).map(String::as_str).collect();
    if down.is_empty() {
        return finding(&check, Passed, format!("{list} up"));
    }
    let up: Vec<&str> = facts.zones.iter().map(String::as_str).collect();
    finding(&check, Failed, format!("{} not up; up are {}", down.join(", "), up.join(", ")))
}

fn sells(pool: &GkePool, facts: &CloudFacts) -> Option<PreflightFinding> {
    let gpu = pool.accelerator.as_ref()?;
    let check = format!("{} for pool {}", gpu.kind, pool.name);
    let Some(sold) = &facts.accelerators else {
        return Some(finding(&check, Unknown, "which zones sell it could not be read".to_owned()));
    };
    let sells = |zone: &String| sold.get(zone).is_some_and(|kinds| kinds.contains(&gpu.kind));
    let without: Vec<&str> = pool.zones.iter().filter(|zone| !sells(zone)).map(String::as_str).collect();
    if without.is_empty() {
        return Some(finding(&check, Passed, format!("sold in {}", pool.zones.join(", "))));
    }
    let with: BTreeSet<&str> = sold.keys().filter(|zone| sells(zone)).map(String::as_str).collect();
    let with: Vec<&str> = with.into_iter().collect();
    let elsewhere = if with.is_empty() {
        "no zone of the region sells it".to_owned()
    } else {
        format!("zones of the region that do: {}", with.join(", "))
    };
    Some(finding(&check, Failed, format!("not sold in {}; {elsewhere}", without.join(", "))))
}

fn quotas(spec: &ClusterSpec, pools: &[GkePool], observed: &Observed, facts: &CloudFacts) -> Vec<PreflightFinding> {
    let Some(quotas) = &facts.quotas else {
        let text = "could not be read; it takes compute.regions.get and compute.projects.get".to_owned();
        return vec![finding("quotas", Unknown, text)];
    };
    let there = observed.cluster.as_ref().map_or(&[][..], |cluster| &cluster.pools);
    // A pool that failed or goes away is made again, so nothing of it counts as being there.
    let stays = |pool: &&ObservedPool| !matches!(pool.phase, Phase::Failed | Phase::Deleting);
    let have = |name: &str| there.iter().filter(stays).find(|pool| pool.name == name).map(settings);
    let demands: Vec<Demand<'_>> = pools.iter().map(|want| Demand { want, have: have(&want.name) }).collect();
    let region = &spec.place.region;
    let (needs, unmeasured) = quota::gpu_needs(&demands, quotas, region);
    let mut findings: Vec<PreflightFinding> = needs.iter().map(|need| judge(need, quotas)).collect();
    findings.extend(unmeasured.into_iter().map(|(kind, pools)| {
        let text = format!("Compute Engine has no metric for it that can be read (pools {})", pools.join(", "));
        finding(&format!("quota of {kind} in {region}"), Unknown, text)
    }));
    // What Compute Engine does not state of these is not worth a word: they only ever warn.
    let other = quota::other_needs(&demands, region);
    let stated = other.iter().filter(|need| quota::quota(quotas, &need.metric, need.region.as_deref()).is_some());
    findings.extend(stated.map(|need| judge(need, quotas)));
    findings
}

fn judge(need: &Need, quotas: &[QuotaFact]) -> PreflightFinding {
    let place = need.region.as_ref().map_or_else(|| "the whole project".to_owned(), Clone::clone);
    let check = format!("quota {} in {place}", need.metric);
    let pools = need.pools.join(", ");
    let Some(quota) = quota::quota(quotas, &need.metric, need.region.as_deref()) else {
        let text = format!("not stated by Compute Engine; {} needed at the start ({pools})", need.start);
        return finding(&check, Unknown, text);
    };
    let (start, most) = (as_f64(need.start), as_f64(need.most));
    let free = (quota.limit - quota.usage).max(0.0);
    let have = format!("{} of {} free", number(free), number(quota.limit));
    if start > free {
        let text = format!(
            "{} needed at the start ({pools}), {have}: short by {}; ask for a limit of {}, or {} for the most nodes",
            need.start,
            number(start - free),
            number(quota.usage + start),
            number(quota.usage + most),
        );
        return finding(&check, if need.blocks { Failed } else { Warning }, text);
    }
    if most > free {
        let text = format!(
            "enough for the start ({} needed, {have}), but the most nodes need {} ({pools}): ask for a limit of {}",
            need.start,
            need.most,
            number(quota.usage + most),
        );
        return finding(&check, Warning, text);
    }
    finding(&check, Passed, format!("{} needed at the start, {} at most, {have}", need.start, need.most))
}

/// Counts of GPUs, processors and gigabytes are far below 2^52, so this is exact.
fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
