//! Trouble that ends: what a cleared fault or a raised quota lets go on.

use jiff::Timestamp;

use super::model::{Step, World};
use crate::faults::Effect;
use crate::lifecycle::after;

impl World {
    /// Clears one fault, or all, and lets go on what they kept; tells how many were cleared.
    pub(crate) fn clear_faults(&mut self, id: Option<u64>, now: Timestamp) -> usize {
        let cleared = self.faults.clear(id);
        let faults = &self.faults;
        self.missing_zones.retain(|zone| {
            faults.any(|rule| matches!(&rule.effect, Effect::MissingZone { zone: named } if named == zone))
        });
        if !self.faults.any(|rule| rule.effect == Effect::Stuck) {
            self.release_stuck(now);
        }
        self.retry_short_pools(now);
        cleared
    }

    /// Lets stuck operations end soon; a creation whose control plane is not up yet goes its ordinary way.
    fn release_stuck(&mut self, now: Timestamp) {
        let stuck: Vec<(String, String, bool)> = self
            .operations
            .values_mut()
            .filter(|operation| operation.stuck)
            .map(|operation| {
                operation.stuck = false;
                (operation.name.clone(), operation.cluster.clone(), operation.kind == "CREATE_CLUSTER")
            })
            .collect();
        for (name, cluster, creates) in stuck {
            let is_up = self.clusters.get(&cluster).is_some_and(|cluster| cluster.up);
            if is_up || !creates {
                self.end_at(&name, now + after("operation", "released", "done", &name));
            }
        }
    }

    /// Lets the instance groups of pools that lack nodes try again: they never stop trying.
    pub(crate) fn retry_short_pools(&mut self, now: Timestamp) {
        let short: Vec<(String, String)> = self
            .clusters
            .values()
            .flat_map(|cluster| cluster.pools.iter().map(move |pool| (cluster, pool)))
            .filter(|(_, pool)| !pool.conditions.is_empty())
            .map(|(cluster, pool)| (cluster.uid.clone(), pool.name.clone()))
            .collect();
        for (uid, pool) in short {
            let at = now + after("instance", "short", "retried", &pool);
            self.plan(at, Step::Scale(uid, pool));
        }
    }
}
