//! Operations: beginning one, and what may run beside what.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::model::{Operation, OperationStatus, Step, World};
use crate::gke::Refusal;
use crate::lifecycle::after;

/// How many operations on pools of one cluster run at once; what a user of the real service saw.
const POOL_OPERATIONS: usize = 5;

impl World {
    /// Begins an operation and gives its name. Its end is planned by the caller.
    pub(crate) fn begin(&mut self, kind: &str, cluster: &str, pool: Option<&str>, now: Timestamp) -> String {
        let number = self.number();
        let digits = self.hex(&format!("operation/{number}"), 32);
        let name = format!(
            "operation-{}-{}-{}-{}-{}-{}",
            now.as_millisecond(),
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..32]
        );
        let operation = Operation {
            name: name.clone(),
            kind: kind.to_owned(),
            status: OperationStatus::Pending,
            cluster: cluster.to_owned(),
            pool: pool.map(str::to_owned),
            started: now,
            ended: None,
            error: None,
            stuck: false,
            change: Map::new(),
            spoils: std::collections::BTreeMap::new(),
            leaving: Vec::new(),
        };
        self.operations.insert(name.clone(), operation);
        self.plan(now + after("operation", "pending", "running", &name), Step::OperationRuns(name.clone()));
        name
    }

    /// Begins an operation that changes fields when it ends after its usual time.
    pub(crate) fn begin_change(
        &mut self,
        kind: &str,
        target: (&str, Option<&str>),
        duration: (&str, &str),
        change: Map<String, Value>,
        now: Timestamp,
    ) -> String {
        let (cluster, pool) = target;
        let name = self.begin(kind, cluster, pool, now);
        if let Some(operation) = self.operations.get_mut(&name) {
            operation.change = change;
        }
        let at = now + after(duration.0, "requested", duration.1, cluster);
        self.end_at(&name, at);
        name
    }

    /// The operation that keeps another from starting: on the cluster, or on one pool of it.
    pub(crate) fn busy(&self, cluster: &str, pool: Option<&str>) -> Option<&Operation> {
        self.running(cluster)
            .find(|operation| operation.pool.is_none() || pool.is_none() || operation.pool.as_deref() == pool)
    }

    /// Refuses what the real service refuses while something else runs.
    pub(crate) fn must_be_free(&self, cluster: &str, pool: Option<&str>) -> Result<(), Refusal> {
        if let Some(operation) = self.busy(cluster, pool) {
            return Err(Refusal::precondition(format!(
                "Cluster is running incompatible operation {}.",
                operation.name
            )));
        }
        if pool.is_some() && self.running(cluster).count() >= POOL_OPERATIONS {
            let name = cluster.rsplit('/').next().unwrap_or_default();
            return Err(Refusal::exhausted(format!(
                "Too many operations: cluster \"{name}\" hits the concurrent operations quota {POOL_OPERATIONS}, please \
                 try again later."
            )));
        }
        Ok(())
    }

    /// The operations of a cluster that are not over.
    pub(crate) fn running(&self, cluster: &str) -> impl Iterator<Item = &Operation> {
        self.operations
            .values()
            .filter(move |operation| operation.cluster == cluster && operation.status != OperationStatus::Done)
    }
}
