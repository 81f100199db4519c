//! What a verification found.

use serde::Serialize;

use crate::actions::kube::KubeObjectRef;
use crate::spec::ANY_NUMBER;

/// What a verification found about a whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationReport {
    /// Over all pools: the worst of the rows, and [`Verdict::Empty`] only if no pool has a node.
    pub verdict: Verdict,
    /// One row for each pool of the file, in its order.
    pub pools: Vec<PoolRow>,
    /// One row for each thing that is to run beside the nodes: berth's own parts, then the workloads.
    pub workloads: Vec<WorkloadRow>,
    /// One row for each service of the file's quotas, by name.
    pub services: Vec<ServiceRow>,
    /// Everything that is not as promised, each with its cause.
    pub shortfalls: Vec<Shortfall>,
    /// What was seen and does not count against the promise.
    pub notes: Vec<String>,
}

impl VerificationReport {
    /// Whether looking again can change nothing: no shortfall is left that may go away by itself.
    pub fn is_settled(&self) -> bool {
        self.shortfalls.iter().all(|shortfall| shortfall.verdict == Verdict::Failed)
    }

    /// Whether everything the file promises is there; pools that may be at zero and are, do not count against it.
    pub fn is_kept(&self) -> bool {
        self.shortfalls.is_empty()
    }
}

/// One pool: what was promised and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolRow {
    /// Pool name.
    pub pool: String,
    /// Its nodes.
    pub nodes: NodeCounts,
    /// Its GPUs; `None` for a pool without.
    pub gpus: Option<GpuCounts>,
    /// How it stands.
    pub verdict: Verdict,
}

/// Something that is to run in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRow {
    /// What.
    pub object: KubeObjectRef,
    /// Whether all of its pods are up.
    pub verdict: Verdict,
}

/// What a service may take and takes, in Kubernetes' notation of quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRow {
    /// Service name.
    pub service: String,
    /// Where its pods run.
    pub namespace: String,
    /// Shares of GPUs it may take.
    pub gpus: u32,
    /// And takes.
    pub gpus_taken: String,
    /// CPU cores it may take.
    pub cpu: String,
    /// And takes.
    pub cpu_taken: String,
    /// Memory it may take.
    pub memory: String,
    /// And takes.
    pub memory_taken: String,
    /// Whether its quota is in force.
    pub verdict: Verdict,
}

/// Nodes of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeCounts {
    /// Nodes the Kubernetes API shows.
    pub registered: u32,
    /// Of these, the ones that are Ready.
    pub ready: u32,
    /// Fewest the file promises.
    pub min: u32,
    /// Most the file allows; as text left out where it allows any number.
    #[serde(skip_serializing_if = "is_any_number")]
    pub max: u32,
}

/// GPUs of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GpuCounts {
    /// Model by berth's name.
    pub model: String,
    /// GPUs on each node.
    pub per_node: u32,
    /// Shares of each GPU; 1 when not shared.
    pub shares: u32,
    /// Nodes x GPUs x shares, counting at least the fewest nodes promised.
    pub expected: u64,
    /// What the nodes say pods can be given, summed.
    pub allocatable: u64,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A pool that may be at zero nodes and is: nothing is proved about it.
    Empty,
    /// As promised.
    Passed,
    /// Not as promised yet; may still come by itself.
    Waiting,
    /// Not as promised, and waiting will not help.
    Failed,
}

/// One thing that is not as promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortfall {
    /// Which check found it: `allocatable`.
    pub check: &'static str,
    /// Which pool; `None` for the whole cluster.
    pub pool: Option<String>,
    /// Which node; `None` for the whole pool.
    pub node: Option<String>,
    /// [`Verdict::Waiting`] or [`Verdict::Failed`].
    pub verdict: Verdict,
    /// What is missing and why, one sentence.
    pub cause: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_any_number(max: &u32) -> bool {
    *max == ANY_NUMBER
}
