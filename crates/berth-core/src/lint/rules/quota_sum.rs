//! Replicas in the files that together do not fit into the quota that counts them.

use std::collections::BTreeMap;

use super::quota_pod::amount;
use crate::lint::finding::{Report, Says};
use crate::lint::limits::Counts;
use crate::lint::quantity;
use crate::lint::world::World;

pub(super) const RULE: &str = "quota-too-small";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    let class = world.default_class();
    for quota in &world.limits.quotas {
        let mut sums: BTreeMap<&str, u128> = BTreeMap::new();
        for pod in world.pods().filter(|pod| quota.counts(pod, class) == Counts::Yes) {
            // What autoscalers may add is for another rule.
            let Some(replicas) = world.replicas(&pod).map(|replicas| replicas.least) else { continue };
            let mut short = Vec::new();
            for (key, most) in &quota.hard {
                let Some(one) = amount(world, &pod, key).filter(|one| one <= most) else { continue };
                let sum = sums.entry(key).or_default();
                let before = *sum;
                *sum += one * u128::from(replicas);
                if *sum > *most && before <= *most {
                    let (sum, most) = (quantity::words_of(key, *sum), quantity::words_of(key, *most));
                    short.push(format!("{sum} of {key} where {most} is allowed"));
                }
            }
            if short.is_empty() {
                continue;
            }
            let what = format!(
                "with the {replicas} replicas of {} the files ask {} for {}",
                pod.object.words(),
                quota.words(),
                short.join(", ")
            );
            let why = "the replicas beyond it are never made, and the rollout does not end";
            let place = pod.object.place_of(&["spec", "replicas"]);
            report.warning(RULE, place, &Says::new(what, why, "fewer replicas, smaller requests, or a larger quota"));
        }
    }
}
