//! What happens when spot, or a zone, has no machines: the others of the pool take over, and it comes to rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use berth_core::observed::{ObservedNode, ObservedPoolSettings};
use berth_core::rules::eks::fallback::worth_another_plan;
use berth_core::spec::{Capacity, ClusterSpec, NodeRange};
use berth_core::verify::{Evidence, Verdict, verify};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::read::{present, shipped, text};
use crate::world::World;

const POOL: &str = "gpu-t4-pool";

/// The dubbing cluster with three to eight nodes of T4.
fn spec(capacity: Capacity, per_zone: bool) -> ClusterSpec {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let pool = spec.pools.iter_mut().find(|pool| pool.name == POOL).expect("the pool");
    pool.capacity = capacity;
    pool.group_per_zone = per_zone;
    pool.nodes.min = 3;
    spec
}

/// The groups of the pool: limits, nodes wanted, nodes there.
fn groups(world: &mut World) -> String {
    let mut out = String::new();
    for pool in &world.cluster().expect("a cluster").pools {
        let ObservedPoolSettings::Eks(group) = &pool.settings else { continue };
        if group.pool == POOL {
            let (nodes, running) = (group.nodes, group.running.unwrap_or(0));
            let (min, max, desired) = (nodes.min, nodes.max, group.desired);
            writeln!(out, "= {} {:?} {min}-{max} wants {desired} has {running}", pool.name, pool.phase)
                .expect("a string");
        }
    }
    out
}

fn running(world: &mut World, of: impl Fn(&str) -> bool) -> u32 {
    let pools = &world.cluster().expect("a cluster").pools;
    let groups = pools.iter().filter_map(|pool| match &pool.settings {
        ObservedPoolSettings::Eks(group) if group.pool == POOL && of(&pool.name) => group.running,
        _ => None,
    });
    groups.sum()
}

/// Plans and carries out once; says what was planned and what there is then.
fn round(world: &mut World, spec: &ClusterSpec, title: &str, out: &mut String) -> bool {
    let plan = present(spec, &world.observed).expect("a plan");
    let outcome = world.carry_out(&plan);
    let again = worth_another_plan(spec, &outcome);
    let only_pool: String = text(&plan)
        .split_inclusive('\n')
        .filter(|line| {
            line.contains(POOL) && (line.contains("nodegroup/") || line.starts_with("note"))
                || line.contains("nodes wanted")
        })
        .filter(|line| {
            !line.contains("autoscaling-tags") && !line.starts_with("eks/addon") && !line.starts_with("    - tag")
        })
        .collect();
    let only_pool = if plan.is_empty() { format!("nothing to do\n{only_pool}") } else { only_pool };
    write!(out, "# {title}\n{only_pool}{}worth another plan: {again}\n\n", groups(world)).expect("a string");
    again
}

#[test]
fn spot_falls_back_to_on_demand_and_comes_back() {
    let spec = spec(Capacity::SpotThenOnDemand, false);
    let mut world = World::new();
    let mut out = String::new();
    world.stock.insert(POOL.to_owned(), 0);
    assert!(round(&mut world, &spec, "create while spot has no machines", &mut out));
    assert!(!round(&mut world, &spec, "the next plan of the same run", &mut out));
    round(&mut world, &spec, "create again", &mut out);
    assert!(present(&spec, &world.observed).expect("a plan").is_empty());
    world.stock.clear();
    for nodes in 1..=2 {
        world.group(POOL).expect("spot").desired = nodes;
        world.settle();
        round(&mut world, &spec, &format!("an autoscaler has got {nodes} spot nodes"), &mut out);
        round(&mut world, &spec, "and again", &mut out);
    }
    world.group(POOL).expect("spot").desired = 3;
    world.group("gpu-t4-pool-on-demand").expect("on-demand").desired = 2;
    world.settle();
    round(&mut world, &spec, "it has three and has raised on-demand too", &mut out);
    round(&mut world, &spec, "and again", &mut out);
    world.group(POOL).expect("spot").desired = 5;
    world.group("gpu-t4-pool-on-demand").expect("on-demand").desired = 0;
    world.settle();
    round(&mut world, &spec, "it has five and needs none of on-demand", &mut out);
    round(&mut world, &spec, "and again", &mut out);
    world.stock.insert(POOL.to_owned(), 1);
    world.settle();
    round(&mut world, &spec, "spot nodes are taken back", &mut out);
    round(&mut world, &spec, "and again", &mut out);
    assert_eq!(world.reach[POOL], 8);
    assert_snapshot!(out);
}

#[test]
fn spot_nodes_that_are_there_are_kept() {
    let spec = spec(Capacity::SpotThenOnDemand, false);
    let mut world = World::new();
    let mut out = String::new();
    world.stock.insert(POOL.to_owned(), 1);
    world.is_slow = true;
    round(&mut world, &spec, "create while spot has one machine", &mut out);
    round(&mut world, &spec, "the next plan", &mut out);
    world.settle();
    round(&mut world, &spec, "create again", &mut out);
    assert!(present(&spec, &world.observed).expect("a plan").is_empty());
    let mut changed = spec.clone();
    changed.pools.iter_mut().for_each(|pool| drop(pool.labels.insert("tier".to_owned(), "new".to_owned())));
    round(&mut world, &changed, "the file changes, and both groups with it", &mut out);
    assert_eq!(world.reach[POOL], 8);
    assert_snapshot!(out);
}

#[test]
fn a_pool_without_room_for_both_is_all_on_demand_until_it_may_have_more() {
    let mut spec = spec(Capacity::SpotThenOnDemand, false);
    spec.pools[2].nodes.max = 3;
    let mut world = World::new();
    let mut out = String::new();
    world.stock.insert(POOL.to_owned(), 0);
    round(&mut world, &spec, "create three of at most three while spot has no machines", &mut out);
    round(&mut world, &spec, "the next plan", &mut out);
    round(&mut world, &spec, "create again", &mut out);
    assert!(present(&spec, &world.observed).expect("a plan").is_empty());
    assert_eq!(world.reach[POOL], 3);
    world.stock.clear();
    spec.pools[2].nodes.max = 4;
    round(&mut world, &spec, "the file allows one more", &mut out);
    world.group(POOL).expect("spot").desired = 1;
    world.settle();
    round(&mut world, &spec, "an autoscaler has got a spot node", &mut out);
    round(&mut world, &spec, "and again", &mut out);
    assert_eq!(world.reach[POOL], 4);
    assert_snapshot!(out);
}

#[test]
fn a_zone_without_stock_loses_its_nodes_to_the_others() {
    let spec = spec(Capacity::Spot, true);
    let mut world = World::new();
    let mut out = String::new();
    world.stock.insert("gpu-t4-pool-a".to_owned(), 0);
    assert!(round(&mut world, &spec, "create while one zone has no machines", &mut out));
    round(&mut world, &spec, "the next plan", &mut out);
    round(&mut world, &spec, "create again", &mut out);
    world.stock.insert("gpu-t4-pool-b".to_owned(), 1);
    world.settle();
    round(&mut world, &spec, "another zone loses machines", &mut out);
    world.stock.clear();
    world.settle();
    round(&mut world, &spec, "there are machines again", &mut out);
    round(&mut world, &spec, "and again", &mut out);
    assert_snapshot!(out);
}

#[test]
fn groups_of_a_pool_are_verified_as_one() {
    let spec = spec(Capacity::SpotThenOnDemand, false);
    let mut world = World::new();
    world.stock.insert(POOL.to_owned(), 1);
    let mut out = String::new();
    round(&mut world, &spec, "create", &mut out);
    round(&mut world, &spec, "next plan", &mut out);
    let node = |index: u32, group: &str| node(&spec, index, group);
    let nodes = [node(0, POOL), node(1, "gpu-t4-pool-on-demand"), node(2, "gpu-t4-pool-on-demand")];
    let row = |nodes: &[ObservedNode]| {
        let report = verify(&spec, &Evidence { cluster: &world.observed, nodes, running: None });
        let row = report.pools.iter().find(|row| row.pool == POOL).expect("the pool").clone();
        let causes: Vec<String> = report
            .shortfalls
            .into_iter()
            .filter(|shortfall| shortfall.pool.as_deref() == Some(POOL))
            .map(|shortfall| shortfall.cause)
            .collect();
        (row, causes)
    };
    let (whole, causes) = row(&nodes);
    assert_eq!((whole.verdict, whole.nodes.registered, causes.len()), (Verdict::Passed, 3, 0), "{causes:?}");
    let gpus = whole.gpus.expect("GPUs");
    assert_eq!((gpus.expected, gpus.allocatable), (6, 6));
    // The failed group brings no more nodes; the on-demand one may.
    let (short, causes) = row(&nodes[..2]);
    assert_eq!(short.verdict, Verdict::Waiting);
    assert_snapshot!(causes.join("\n"));
}

fn node(spec: &ClusterSpec, index: u32, group: &str) -> ObservedNode {
    let pool = spec.pools.iter().find(|pool| pool.name == POOL).expect("the pool");
    let mut labels: BTreeMap<String, String> = pool.labels.clone();
    labels.insert("eks.amazonaws.com/nodegroup".to_owned(), group.to_owned());
    for (key, value) in berth_core::rules::eks::node_labels::gpu_labels(pool) {
        labels.insert(key.to_owned(), value);
    }
    ObservedNode {
        name: format!("node-{index}"),
        labels,
        taints: pool.taints.clone(),
        ready: true,
        ready_message: String::new(),
        extended_resources: BTreeMap::from([("nvidia.com/gpu".to_owned(), 2)]),
        created_at: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_short_the_nodes_come_and_it_rests(
        min in 0u32..7,
        stock in proptest::collection::vec(proptest::option::of(0u32..4), 3),
        per_zone: bool,
        is_slow: bool,
        later in 0u32..7,
        more in 0u32..4,
    ) {
        let mut spec = spec(Capacity::SpotThenOnDemand, per_zone);
        let most = min.max(later).max(1) + more;
        spec.pools[2].nodes = NodeRange { min, max: most };
        let mut world = World::new();
        world.is_slow = is_slow;
        for (zone, most) in ["a", "b", "c"].iter().zip(&stock) {
            let name = if per_zone { format!("{POOL}-{zone}") } else { POOL.to_owned() };
            world.stock.extend(most.map(|most| (name, most)));
        }
        rest(&mut world, &spec)?;
        prop_assert!(running(&mut world, |_| true) >= min, "{}", groups(&mut world));
        // Another wish on top of it.
        spec.pools[2].nodes.min = later;
        rest(&mut world, &spec)?;
        prop_assert!(running(&mut world, |_| true) >= later, "{}", groups(&mut world));
        // Spot has machines again, and an autoscaler takes them.
        world.stock.clear();
        for pool in &mut world.cluster().expect("a cluster").pools {
            let ObservedPoolSettings::Eks(group) = &mut pool.settings else { continue };
            if group.pool == POOL && !pool.name.contains("on-demand") {
                group.desired = group.desired.max(later.min(group.nodes.max));
            }
        }
        rest(&mut world, &spec)?;
        let on_demand = running(&mut world, |name| name.contains("on-demand"));
        let spot = running(&mut world, |name| !name.contains("on-demand"));
        prop_assert!(spot + on_demand >= later, "{}", groups(&mut world));
        prop_assert!(on_demand == 0 || spot < later, "{}", groups(&mut world));
        prop_assert!(world.reach[POOL] <= most, "{} of {most}", world.reach[POOL]);
    }
}

/// Runs until there is nothing to do, EKS settling in between.
fn rest(world: &mut World, spec: &ClusterSpec) -> Result<(), TestCaseError> {
    let mut seen = String::new();
    for _ in 0..8 {
        let plan = present(spec, &world.observed).expect("a plan");
        if plan.is_empty() {
            return Ok(());
        }
        let outcome = world.carry_out(&plan);
        writeln!(seen, "{}{:?}", text(&plan), outcome.failed).expect("a string");
        world.settle();
    }
    Err(TestCaseError::fail(format!("it does not come to rest:\n{seen}\n{}", groups(world))))
}
