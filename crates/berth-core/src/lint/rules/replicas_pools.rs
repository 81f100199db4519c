//! Pods that ask for more GPU shares together than the pools they may run on can ever offer.
//!
//! Pods of different workloads may run on the same pools, so for each set of pools everything that can run nowhere else is summed. What
//! a DaemonSet takes of each node is not there for others.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::{Place, Report, Says};
use crate::lint::object::Pod;
use crate::lint::world::World;
use crate::spec::{GPU_RESOURCE, PoolSpec, Provider};

pub(super) const RULE: &str = "replicas-beyond-pools";

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    // How many nodes a cluster that stands may get, nobody has said.
    if world.provider() == Provider::Existing {
        return;
    }
    let wishes = wishes(world);
    let taken = taken(world);
    let room = room(&world.spec.pools, &taken);
    let mut sets: Vec<&BTreeSet<&str>> = wishes.iter().map(|wish| &wish.pools).collect();
    sets.sort();
    sets.dedup();
    let mut told = BTreeSet::new();
    for set in sets {
        let offered: u128 = set.iter().filter_map(|pool| room.get(pool)).sum();
        let inside = || wishes.iter().filter(|wish| wish.pools.is_subset(set));
        let least: u128 = inside().map(|wish| wish.at(wish.least)).sum();
        let most: u128 = inside().map(|wish| wish.at(wish.most)).sum();
        if most <= offered {
            continue;
        }
        let count = |wish: &Wish<'_>| if least > offered { wish.least } else { wish.most };
        // Where the sum goes over is where somebody has to decide; a set within this one has told its own.
        let mut sum = 0;
        let Some(over) = inside().find(|wish| {
            sum += wish.at(count(wish));
            sum > offered
        }) else {
            continue;
        };
        if !told.insert((over.place.file, over.place.at)) {
            continue;
        }
        report_one(
            world,
            &Sum { set, taken: &taken, offered, least, most },
            over,
            &inside().collect::<Vec<_>>(),
            report,
        );
    }
}

/// What pods of one workload ask for.
struct Wish<'a> {
    words: String,
    place: Place<'a>,
    pools: BTreeSet<&'a str>,
    /// Shares of one pod.
    each: u64,
    least: u32,
    most: u32,
}

impl Wish<'_> {
    /// Shares of so many pods.
    fn at(&self, count: u32) -> u128 {
        u128::from(self.each) * u128::from(count)
    }
}

/// What is asked of a set of pools together.
struct Sum<'a> {
    set: &'a BTreeSet<&'a str>,
    /// What DaemonSets take of each node, by pool.
    taken: &'a BTreeMap<&'a str, u64>,
    offered: u128,
    least: u128,
    most: u128,
}

fn report_one(world: &World<'_>, sum: &Sum<'_>, over: &Wish<'_>, inside: &[&Wish<'_>], report: &mut Report) {
    let is_hopeless = sum.least > sum.offered;
    let parts: Vec<String> = inside
        .iter()
        .map(|wish| {
            let count = if is_hopeless { wish.least } else { wish.most };
            format!("{} {count} x {}", wish.words, wish.each)
        })
        .collect();
    let own = world.spec.pools.iter().filter(|pool| sum.set.contains(pool.name.as_str()));
    let pools: Vec<String> = own
        .map(|pool| {
            let taken = match sum.taken.get(pool.name.as_str()) {
                Some(taken) => format!(", of which DaemonSets take {taken}"),
                None => String::new(),
            };
            format!("{} has at most {} nodes of {} shares{taken}", pool.name, pool.nodes.max, pool.shares_per_node())
        })
        .collect();
    let asked = if is_hopeless { sum.least } else { sum.most };
    let when = if is_hopeless { "ask" } else { "may ask" };
    let what = format!(
        "the pods {when} for {asked} GPU shares, and their pools offer at most {}: {}",
        sum.offered,
        parts.join(", ")
    );
    let why = format!("the pods beyond it stay Pending whatever the autoscaler does: {}", pools.join(", "));
    let fix = "fewer replicas, or raise `nodes.max` or the shares of a pool";
    let says = Says::new(what, why, fix);
    if is_hopeless { report.error(RULE, over.place, &says) } else { report.warning(RULE, over.place, &says) }
}

/// All workloads that ask for shares, with the pools that can give them.
fn wishes<'a>(world: &'a World<'_>) -> Vec<Wish<'a>> {
    let mut wishes = Vec::new();
    for pod in world.pods().filter(|pod| pod.object.kind != "DaemonSet") {
        let (each, pools) = (shares(&pod), pools(world, &pod));
        let Some(replicas) = world.replicas(&pod).filter(|_| each > 0 && !pools.is_empty()) else { continue };
        let place = match world.scaler_of(&pod) {
            Some(scaler) => scaler.object.place_of(&["spec", scaler.most_field]),
            None => pod.object.place_of(&["spec", if pod.object.kind == "Job" { "parallelism" } else { "replicas" }]),
        };
        let (least, most) = (replicas.least, replicas.most);
        wishes.push(Wish { words: pod.object.words(), place, pools, each, least, most });
    }
    wishes
}

/// Shares of a pod, whole ones; parts are found by the rule on requests.
fn shares(pod: &Pod<'_>) -> u64 {
    let asked = pod.total(|container| container.request(GPU_RESOURCE).unwrap_or(0)) / 1000;
    u64::try_from(asked).unwrap_or(u64::MAX).min(u64::from(u32::MAX))
}

/// Pools with GPUs where the pod may run.
fn pools<'a>(world: &'a World<'_>, pod: &Pod<'_>) -> BTreeSet<&'a str> {
    let with_gpus = world.pools().fitting(pod).into_iter().filter(|pool| pool.gpu_resource().is_some());
    with_gpus.map(|pool| pool.name.as_str()).collect()
}

/// Shares that DaemonSets take of each node, by pool.
fn taken<'a>(world: &'a World<'_>) -> BTreeMap<&'a str, u64> {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    for pod in world.pods().filter(|pod| pod.object.kind == "DaemonSet") {
        let each = shares(&pod);
        for pool in pools(world, &pod).into_iter().filter(|_| each > 0) {
            *taken.entry(pool).or_default() += each;
        }
    }
    taken
}

/// Shares of each pool at its most nodes, less what is taken of each.
fn room<'a>(pools: &'a [PoolSpec], taken: &BTreeMap<&str, u64>) -> BTreeMap<&'a str, u128> {
    let left = |pool: &'a PoolSpec| {
        let on_each = taken.get(pool.name.as_str()).copied().unwrap_or(0);
        let each = u64::from(pool.shares_per_node()).saturating_sub(on_each);
        (pool.name.as_str(), u128::from(pool.nodes.max) * u128::from(each))
    };
    pools.iter().map(left).collect()
}
