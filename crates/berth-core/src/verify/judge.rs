//! Puts every pool of the file through every check.

use super::evidence::{Evidence, PoolEvidence, is_of_pool, pool_names, promise};
use super::report::{GpuCounts, NodeCounts, PoolRow, Shortfall, Verdict, VerificationReport};
use super::{check, running};
use crate::observed::{ObservedNode, ObservedPool, Phase};
use crate::spec::{ClusterSpec, PoolSpec};

/// Judges whether the cluster keeps what the file promises, by one look at the cloud and at the nodes.
pub fn verify(spec: &ClusterSpec, evidence: &Evidence<'_>) -> VerificationReport {
    let mut shortfalls = cluster_shortfalls(spec, evidence);
    let mut pools = Vec::with_capacity(spec.pools.len());
    for pool in &spec.pools {
        let (row, found) = judge_pool(spec, pool, evidence);
        pools.push(row);
        shortfalls.extend(found);
    }
    let (mut workloads, mut services) = (Vec::new(), Vec::new());
    if let Some(seen) = evidence.running {
        let (rows, found) = running::workloads(seen);
        workloads = rows;
        shortfalls.extend(found);
        let (rows, found) = running::services(spec, seen);
        services = rows;
        shortfalls.extend(found);
    }
    let verdict = shortfalls
        .iter()
        .map(|shortfall| shortfall.verdict)
        .chain(pools.iter().map(|row| row.verdict))
        .max()
        .unwrap_or(Verdict::Empty);
    let notes = check::strangers::notes(spec, evidence);
    VerificationReport { verdict, pools, workloads, services, shortfalls, notes }
}

fn judge_pool(spec: &ClusterSpec, pool: &PoolSpec, evidence: &Evidence<'_>) -> (PoolRow, Vec<Shortfall>) {
    let names = pool_names(spec.cloud.provider(), pool);
    let nodes: Vec<&ObservedNode> = evidence.nodes.iter().filter(|node| is_of_pool(spec, pool, node)).collect();
    let cluster = evidence.cluster.cluster.as_ref();
    let observed: Vec<&ObservedPool> =
        cluster.iter().flat_map(|cluster| &cluster.pools).filter(|observed| names.contains(&observed.name)).collect();
    let (resource, found) = match promise(spec, pool) {
        Ok(promise) => {
            let resource = promise.resource;
            let evidence = PoolEvidence { spec: pool, promise, pools: observed, nodes: nodes.clone() };
            (resource, check::CHECKS.iter().flat_map(|check| check(&evidence)).collect::<Vec<_>>())
        }
        Err(refusal) => {
            let (check, verdict, cause) = ("pool", Verdict::Failed, refusal.to_string());
            ("nvidia.com/gpu", vec![Shortfall { check, pool: Some(pool.name.clone()), node: None, verdict, cause }])
        }
    };
    let verdict = found.iter().map(|shortfall| shortfall.verdict).max().unwrap_or(if nodes.is_empty() {
        Verdict::Empty
    } else {
        Verdict::Passed
    });
    let counts = NodeCounts {
        registered: count(nodes.len()),
        ready: count(nodes.iter().filter(|node| node.ready).count()),
        min: pool.nodes.min,
        max: pool.nodes.max,
    };
    let gpus = pool.gpu.as_ref().map(|gpu| GpuCounts {
        model: gpu.model.clone(),
        per_node: gpu.count,
        shares: gpu.sharing.shares(),
        expected: u64::from(counts.registered.max(counts.min)) * u64::from(pool.shares_per_node()),
        allocatable: nodes.iter().filter_map(|node| node.extended_resources.get(resource)).sum(),
    });
    (PoolRow { pool: pool.name.clone(), nodes: counts, gpus, verdict }, found)
}

fn cluster_shortfalls(spec: &ClusterSpec, evidence: &Evidence<'_>) -> Vec<Shortfall> {
    let shortfall = |verdict, cause| vec![Shortfall { check: "state", pool: None, node: None, verdict, cause }];
    let Some(cluster) = &evidence.cluster.cluster else {
        return shortfall(Verdict::Failed, format!("there is no cluster {} in {}", spec.name, spec.place.location()));
    };
    match cluster.phase {
        Phase::Creating => shortfall(Verdict::Waiting, "the cluster is still being made".to_owned()),
        Phase::Deleting => shortfall(Verdict::Failed, "the cluster is being deleted".to_owned()),
        Phase::Failed => {
            let words: Vec<String> =
                cluster.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)).collect();
            shortfall(Verdict::Failed, format!("the cluster failed: {}", words.join("; ")))
        }
        Phase::Running | Phase::Updating | Phase::Degraded | Phase::Unknown => Vec::new(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
