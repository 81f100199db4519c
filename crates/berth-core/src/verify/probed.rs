//! What a probe showed: how many of a pool's shares were held at once, and which GPUs their pods saw.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::report::Verdict;
use crate::manifests::probe::{POOL_LABEL, PoolProbe, Probe};
use crate::observed::pod_trouble;

/// What a probe showed of one pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeRow {
    /// Pool name.
    pub pool: String,
    /// Shares its ready nodes offer.
    pub offered: u64,
    /// Shares that other pods held, so that nothing was proved of them.
    pub taken: u64,
    /// Pods of the probe.
    pub wanted: usize,
    /// Those that ran at once.
    pub ran: usize,
    /// Nodes they ran on.
    pub nodes: usize,
    /// GPUs by the name the driver gives them, with how many pods of those that were asked saw each.
    pub seen: BTreeMap<String, usize>,
    /// [`Verdict::Empty`] if the pool had no free share.
    pub verdict: Verdict,
    /// Why it is not as promised, each reason once.
    pub causes: Vec<String>,
}

/// Judges a probe by its pods as a Kubernetes API gives them, and by what some of them have printed, by pod name.
pub fn probed(probe: &Probe, pods: &[Value], printed: &BTreeMap<String, String>) -> Vec<ProbeRow> {
    probe.pools.iter().map(|pool| row(pool, pods, printed)).collect()
}

/// Whether a pod of the probe runs.
pub fn is_running(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null()
}

fn row(pool: &PoolProbe, pods: &[Value], printed: &BTreeMap<String, String>) -> ProbeRow {
    let of_pool = || pods.iter().filter(|pod| pod["metadata"]["labels"][POOL_LABEL] == *pool.pool);
    let ran = of_pool().filter(|pod| is_running(pod)).count();
    let mut nodes: Vec<&str> =
        of_pool().filter(|pod| is_running(pod)).filter_map(|pod| pod["spec"]["nodeName"].as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut seen = BTreeMap::new();
    let mut causes: Vec<String> = of_pool().filter_map(pod_trouble).collect();
    for pod in of_pool() {
        let Some(text) = pod["metadata"]["name"].as_str().and_then(|name| printed.get(name)) else { continue };
        let models = models(text);
        if models.is_empty() {
            causes.push(format!(
                "a pod with a share saw no GPU: {}",
                text.lines().next().unwrap_or("it printed nothing")
            ));
        }
        for model in models {
            if !is_of(&pool.model, &model) {
                causes.push(format!("a pod saw a {model}, not a {}", pool.model));
            }
            *seen.entry(model).or_insert(0) += 1;
        }
    }
    if ran < pool.pods.len() && causes.is_empty() {
        causes.push("some pods have not begun, and say not why".to_owned());
    }
    causes.sort();
    causes.dedup();
    let verdict = match pool.pods.len() {
        0 => Verdict::Empty,
        _ if causes.is_empty() => Verdict::Passed,
        _ => Verdict::Failed,
    };
    let (offered, taken, wanted) = (pool.offered, pool.taken, pool.pods.len());
    ProbeRow { pool: pool.pool.clone(), offered, taken, wanted, ran, nodes: nodes.len(), seen, verdict, causes }
}

/// The GPUs in lines such as `GPU 0: Tesla T4 (UUID: GPU-...)`.
fn models(printed: &str) -> Vec<String> {
    let lines = printed.lines().filter_map(|line| line.trim().strip_prefix("GPU ")?.split_once(": "));
    lines.map(|(_, rest)| rest.split(" (").next().unwrap_or(rest).to_owned()).collect()
}

/// Whether the driver's name of a GPU is of this model: `a100-40gb` is a `NVIDIA A100-SXM4-40GB`.
fn is_of(model: &str, shown: &str) -> bool {
    let family = model.split('-').next().unwrap_or(model);
    let words = shown.split([' ', '-']);
    words.into_iter().any(|word| word.eq_ignore_ascii_case(family))
}
