//! Pods that autoscalers may ask for and quotas do not let be made.
//!
//! Replicas that stand in the files are found by the rule on quotas that are too small; here it is the most that autoscalers may make
//! of them.

use std::collections::BTreeMap;

use super::quota_pod::amount;
use crate::lint::finding::{Report, Says};
use crate::lint::limits::{Counts, Quota};
use crate::lint::quantity;
use crate::lint::world::World;

pub(super) const RULE: &str = "scaling-beyond-quota";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for quota in &world.limits.quotas {
        one(world, quota, report);
    }
}

/// What one quota is asked for when everything it counts is at its most.
fn one(world: &World<'_>, quota: &Quota, report: &mut Report) {
    let class = world.default_class();
    let mut sums: BTreeMap<&str, u128> = BTreeMap::new();
    let mut parts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut scaled = None;
    for pod in world.pods().filter(|pod| quota.counts(pod, class) == Counts::Yes) {
        let Some(replicas) = world.replicas(&pod).filter(|replicas| replicas.most > 0) else { continue };
        if replicas.most > replicas.least {
            scaled = scaled.or_else(|| world.scaler_of(&pod));
        }
        for (key, most) in &quota.hard {
            let Some(one) = amount(world, &pod, key).filter(|one| *one > 0 && one <= most) else { continue };
            *sums.entry(key).or_default() += one * u128::from(replicas.most);
            let part = format!("{} {} x {}", pod.object.name, replicas.most, quantity::words_of(key, one));
            parts.entry(key).or_default().push(part);
        }
    }
    // Without an autoscaler the most is what the files say.
    let Some(scaler) = scaled else { return };
    let mut short = Vec::new();
    for (key, sum) in &sums {
        let Some(most) = quota.hard.get(*key).filter(|most| *most < sum) else { continue };
        let (sum, most) = (quantity::words_of(key, *sum), quantity::words_of(key, *most));
        let parts = parts.get(key).map(|parts| parts.join(", ")).unwrap_or_default();
        short.push(format!("{sum} of {key} where {most} is allowed ({parts})"));
    }
    if short.is_empty() {
        return;
    }
    let what = format!("at their most the workloads ask {} for {}", quota.words(), short.join("; "));
    let why = "the autoscaler asks for pods that are never made: exceeded quota";
    let fix = format!("a lower `{}`, smaller requests, or a larger quota", scaler.most_field);
    report.warning(RULE, scaler.object.place_of(&["spec", scaler.most_field]), &Says::new(what, why, fix));
}
