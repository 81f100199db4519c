//! Estimates side by side: what changes between two, and what a schedule saves.

use berth_core::cost::{
    Candidate, Cases, Change, Delta, Difference, Estimate, Outcome, PriceBook, Schedule, Span, WhatIf, compare, diff,
    estimate,
};
use berth_core::spec::{Capacity, ClusterSpec, PoolSpec};

use crate::world::{TODAY, all, cents, of_pools, pool, priced, shipped};

fn part<'a>(parts: &'a [berth_core::cost::Changed], name: &str) -> &'a berth_core::cost::Changed {
    parts.iter().find(|part| part.name == name).expect("the part is there")
}

fn deltas(difference: &Difference) -> [i128; 3] {
    difference.total.delta.all().map(|delta| delta.micro_usd)
}

#[test]
fn a_change_of_the_file_is_told_pool_by_pool() {
    let old = shipped("ai-dubbing-gke");
    let mut new = old.clone();
    new.pools.retain(|pool| pool.name != "gpu-a100-pool");
    for pool in &mut new.pools {
        if pool.name == "gpu-v100-pool" {
            pool.capacity = Capacity::OnDemand;
            pool.nodes.max = 4;
        }
    }
    let mut more = old.pools[0].clone();
    more.name = "cpu-more".to_owned();
    new.pools.push(more);
    let (old, new) = (priced(&old), priced(&new));
    let difference = diff(Some(&old), Some(&new));
    let changes: Vec<(&str, Change)> = difference.pools.iter().map(|part| (part.name.as_str(), part.change)).collect();
    assert_eq!(
        changes,
        [
            ("cpu-pool", Change::Same),
            ("gpu-v100-pool", Change::Changed),
            ("cpu-more", Change::Added),
            ("gpu-a100-pool", Change::Removed),
        ]
    );
    let v100 = part(&difference.pools, "gpu-v100-pool");
    assert_eq!(v100.why, ["capacity spot -> on-demand", "nodes 1-8 -> 1-4"]);
    // As spot 855.9946 a node, on demand 2121.79854: 1 and 1 nodes, 5 and 3, 8 and 4.
    // 2121.79854 - 855.9946 = 1265.80394; 6365.39562 - 4279.973 = 2085.42262; 8487.19416 - 6847.9568 = 1639.23736.
    assert_eq!(v100.delta.all().map(|delta| delta.micro_usd), [1_265_803_940, 2_085_422_620, 1_639_237_360]);
    assert!(v100.lines.iter().any(|line| line.name == "n1-standard-8, spot" && line.change == Change::Removed));
    assert!(v100.lines.iter().any(|line| line.name == "pd-ssd disks, GB" && line.why == ["count 200-1600 -> 200-800"]));
    // The addresses of the nodes have no price, and there are other numbers of them.
    let addresses = part(&difference.lines, "public addresses of nodes");
    assert_eq!(addresses.change, Change::Changed);
    assert!(difference.total.delta.max.lacks);
    // All parts together: 1265.80394 + 303.58456; 2085.42262 + 910.75368 - 5431.1421; 1639.23736 + 1517.9228 - 10862.2842.
    assert_eq!(deltas(&difference), [1_569_388_500, -2_434_965_800, -7_705_124_040]);
}

#[test]
fn a_cluster_that_comes_goes_or_stays_is_its_whole_amount_or_nothing() {
    let estimate = priced(&shipped("ai-dubbing-gke"));
    let [min, expected, max] = estimate.total().all().map(|amount| amount.micro_usd(Span::Month) as i128);
    let comes = diff(None, Some(&estimate));
    assert_eq!((comes.total.change, deltas(&comes)), (Change::Added, [min, expected, max]));
    let goes = diff(Some(&estimate), None);
    assert_eq!((goes.total.change, deltas(&goes)), (Change::Removed, [-min, -expected, -max]));
    let stays = diff(Some(&estimate), Some(&estimate));
    assert!(stays.is_empty() && stays.total.change == Change::Same && deltas(&stays) == [0; 3]);
    assert!(stays.pools.iter().all(|pool| pool.lines.is_empty()));
    assert_eq!(stays.total.delta, Cases::always(Delta::default()), "what is unknown has not changed");
    assert!(diff(None, None).is_empty());
}

#[test]
fn a_new_price_of_the_same_thing_is_a_change() {
    let spec = shipped("ai-dubbing-gke");
    let own = "apiVersion: berth/v1\nkind: Prices\nspec: {discounts: [{provider: gke, kind: machine, family: a2, percent: 10}]}\n";
    let book = PriceBook::facts().with_own(berth_core::spec::check_prices("own.yaml", own).expect("right"));
    let cheaper = estimate(&spec, &book, TODAY).expect("a cluster that is bought");
    let difference = diff(Some(&priced(&spec)), Some(&cheaper));
    let a100 = part(&difference.pools, "gpu-a100-pool");
    assert_eq!(a100.why, ["a2-highgpu-1g, on-demand: another price"]);
    assert_eq!(a100.lines[0].why, ["another price"]);
    // 3.673385 x 0.9 = 3.3060465, to the micro-USD 3.306047: 0.367338 x 730 = 268.15674 a node less; at most 4 nodes.
    assert_eq!(a100.delta.max.micro_usd, -1_072_626_960);
}

#[test]
fn each_reason_for_which_a_pool_changes_is_named() {
    let old = of_pools(
        "provider: gke\n  region: us-central1",
        "    - {name: cpu, machineType: n2-standard-4, nodes: {min: 1, max: 3}, disk: {sizeGb: 50, type: pd-ssd}}\n",
    );
    let changed = |change: &dyn Fn(&mut PoolSpec)| {
        let mut new = old.clone();
        change(&mut new.pools[0]);
        diff(Some(&priced(&old)), Some(&priced(&new))).pools.remove(0)
    };
    let more = |pool: &mut PoolSpec| pool.nodes.max = 9;
    let larger = |pool: &mut PoolSpec| pool.disk.size_gb = 80;
    let spot = |pool: &mut PoolSpec| pool.capacity = Capacity::Spot;
    assert_eq!(changed(&more).why, ["nodes 1-3 -> 1-9"], "the disks are in step with the nodes");
    assert_eq!(changed(&larger).why, ["pd-ssd disks, GB: count 50-150 -> 80-240"]);
    let both = changed(&|pool: &mut PoolSpec| {
        more(pool);
        larger(pool);
    });
    assert_eq!(both.why, ["nodes 1-3 -> 1-9", "pd-ssd disks, GB: count 50-150 -> 80-720"]);
    // At the fewest nodes 30 GB more at 0.17, and nothing else.
    assert_eq!(both.delta.min.micro_usd, 5_100_000);
    assert_eq!(changed(&spot).why, ["capacity on-demand -> spot"]);
    let bought = changed(&|pool: &mut PoolSpec| {
        spot(pool);
        larger(pool);
    });
    assert_eq!(bought.why, ["capacity on-demand -> spot", "pd-ssd disks, GB: count 50-150 -> 80-240"]);
    let kind = changed(&|pool: &mut PoolSpec| {
        more(pool);
        pool.disk.kind = "pd-standard".to_owned();
    });
    assert_eq!(kind.why, ["nodes 1-3 -> 1-9", "with pd-standard disks, GB", "without pd-ssd disks, GB"]);
}

/// Nothing is known of a change.
const UNKNOWN: Delta = Delta { micro_usd: 0, lacks: true, is_unknown: true };

/// A pool of one to three nodes, without public addresses, or with them: these have no price.
fn l4(is_private: bool) -> ClusterSpec {
    let gke = if is_private { "\n  gke: {privateNodes: true}" } else { "" };
    of_pools(
        &format!("provider: gke\n  region: us-central1{gke}"),
        "    - {name: gpus, gpu: {type: l4, count: 1}, nodes: {min: 1, max: 3}, disk: {sizeGb: 100, type: pd-ssd}}\n",
    )
}

#[test]
fn what_is_unknown_alike_on_both_sides_takes_nothing_from_a_change() {
    let old = l4(false);
    let stays = diff(Some(&priced(&old)), Some(&priced(&old)));
    assert!(stays.is_empty());
    let mut parts = stays.pools.iter().chain(&stays.lines).chain([&stays.total]);
    assert!(parts.all(|part| part.delta == Cases::always(Delta::default())), "{stays:?}");
    // 50 GB of pd-ssd at 0.17 more for each of 1, 2 and 3 nodes, with as many addresses as before.
    let mut larger = old.clone();
    larger.pools[0].disk.size_gb = 150;
    let grows = diff(Some(&priced(&old)), Some(&priced(&larger)));
    let more = |micro_usd| Delta { micro_usd, lacks: false, is_unknown: false };
    assert_eq!(grows.total.delta.all(), [8_500_000, 17_000_000, 25_500_000].map(more));
    // At the fewest nodes there are as many addresses as before, at the others more:
    // one node more of 0.706832 x 730 + 17.00 = 532.98736 as expected, and two at the most.
    let mut further = old.clone();
    further.pools[0].nodes.max = 5;
    let grows = diff(Some(&priced(&old)), Some(&priced(&further)));
    let partly = |micro_usd| Delta { micro_usd, lacks: true, is_unknown: false };
    assert_eq!(grows.total.delta.all(), [more(0), partly(532_987_360), partly(1_065_974_720)]);
    assert_eq!(grows.pools[0].delta.all(), [more(0), more(532_987_360), more(1_065_974_720)]);
    let addresses = part(&grows.lines, "public addresses of nodes");
    assert_eq!(addresses.delta.all(), [more(0), UNKNOWN, UNKNOWN]);
}

#[test]
fn a_change_of_which_nothing_is_known_is_unknown_and_not_nothing() {
    let (public, private) = (priced(&l4(false)), priced(&l4(true)));
    for (old, new, change) in [(&public, &private, Change::Removed), (&private, &public, Change::Added)] {
        let difference = diff(Some(old), Some(new));
        let addresses = part(&difference.lines, "public addresses of nodes");
        assert_eq!((addresses.change, addresses.delta), (change, Cases::always(UNKNOWN)));
        assert_eq!((difference.total.change, difference.total.delta), (Change::Changed, Cases::always(UNKNOWN)));
        assert_eq!(difference.pools[0].change, Change::Same);
    }
    // What is unknown in another region is another price.
    let mut elsewhere = l4(false);
    elsewhere.place.region = "us-east4".to_owned();
    let difference = diff(Some(&public), Some(&priced(&elsewhere)));
    let addresses = part(&difference.lines, "public addresses of nodes");
    assert_eq!((addresses.why[0].as_str(), addresses.delta), ("another price", Cases::always(UNKNOWN)));
    assert!(difference.total.delta.min.lacks);
}

/// What is called the cheapest, and the changes against the first.
fn cheapest(estimates: Vec<(&str, Option<Estimate>)>) -> (Option<String>, Vec<Cases<Delta>>) {
    let candidate = |(label, estimate): (&str, Option<Estimate>)| Candidate {
        label: label.to_owned(),
        estimate: estimate.ok_or_else(|| vec!["it is not sold there".to_owned()]),
        notes: Vec::new(),
    };
    let comparison = compare(estimates.into_iter().map(candidate).collect());
    let deltas = comparison.columns.iter().filter_map(|column| match &column.outcome {
        Outcome::Estimated { delta, .. } => Some(*delta),
        Outcome::Unserved { .. } => None,
    });
    (comparison.cheapest().map(|column| column.label.clone()), deltas.collect())
}

#[test]
fn where_the_same_is_unknown_of_all_the_known_decides_which_is_the_cheapest() {
    let spec = shipped("ai-dubbing-gke");
    let with = |capacity, shares| Some(priced(&WhatIf { capacity, shares }.apply(&spec).expect("it can be so").spec));
    let written = || ("written", with(None, None));
    let (best, deltas) = cheapest(vec![written(), ("spot", with(Some(Capacity::Spot), None))]);
    assert_eq!(best.as_deref(), Some("spot"));
    // The A100 pool as spot: 1441.4546 - 2715.57105 = -1274.11645 a node; 0, 2 and 4 of them.
    let less = |micro_usd| Delta { micro_usd, lacks: false, is_unknown: false };
    assert_eq!(deltas[0], Cases::always(Delta::default()));
    assert_eq!(deltas[1].all(), [0, -2_548_232_900, -5_096_465_800].map(less));
    let (best, deltas) = cheapest(vec![written(), ("whole", with(None, Some(1)))]);
    assert_eq!((best.as_deref(), deltas[1]), (Some("written"), Cases::always(Delta::default())));
    let (best, _) = cheapest(vec![("none", None), written()]);
    assert_eq!(best.as_deref(), Some("written"), "nothing else can be had");
    assert_eq!(cheapest(vec![("none", None)]).0, None);
    // Addresses that only one of them has may be dear, and are never less than nothing.
    let (public, private) = (|| ("public", Some(priced(&l4(false)))), ("private", Some(priced(&l4(true)))));
    assert_eq!(cheapest(vec![public(), private]).0.as_deref(), Some("private"));
    let mut dear = l4(true);
    dear.pools[0].disk.size_gb = 200;
    assert_eq!(cheapest(vec![public(), ("dear", Some(priced(&dear)))]).0, None);
    // As many addresses have to be unknown of each.
    let mut more = l4(false);
    more.pools[0].nodes.max = 5;
    more.pools[0].capacity = Capacity::Spot;
    let (few, many) = (priced(&l4(false)), priced(&more));
    assert!(few.total().expected.micro_usd(Span::Month) > many.total().expected.micro_usd(Span::Month));
    assert_eq!(cheapest(vec![("few", Some(few)), ("many", Some(many))]).0, None);
}

#[test]
fn by_night_pools_are_at_their_fewest_nodes() {
    let spec = shipped("ai-dubbing-gke");
    let estimate = priced(&spec);
    let by = |hours: &str| {
        let schedule = Schedule::parse(hours).expect("a schedule");
        estimate.by(&schedule, &priced(&schedule.rest(&spec)))
    };
    let (always, zero, by) = (by("always"), by("weekdays 8-20 to-zero"), by("weekdays 8-20"));
    let of = |name: &str| by.pools.iter().find(|pool| pool.name == name).expect("the pool is there").amount;
    // 60 of 168 hours. The A100 pool may be empty: 5431.1421 x 60 / 168 = 1939.6936, 10862.2842 x 60 / 168 = 3879.3872.
    assert_eq!(all(of("gpu-a100-pool")), ["0.00", "1939.69", "3879.39"]);
    // The V100 pool keeps one node of 855.9946: (4279.973 x 60 + 855.9946 x 108) / 168 = 2078.8440, (6847.9568 x 60 + 92447.4168) / 168 = 2995.9811.
    assert_eq!(all(of("gpu-v100-pool")), ["855.99", "2078.84", "2995.98"]);
    // cpu-pool (910.75368 x 60 + 303.58456 x 108) / 168 = 520.4307, (1517.9228 x 60 + 32787.13248) / 168 = 737.2768; control plane 73.00.
    // 73 + 520.4307 + 1939.6936 + 2078.8440 = 4611.9683; 73 + 737.2768 + 3879.3872 + 2995.9811 = 7685.6451.
    assert_eq!(all(by.total()), ["1232.58+", "4611.97+", "7685.65+"]);
    assert!(by.notes[0].contains("mon-fri 8:00-20:00: 260.7 of 730 hours"), "{}", by.notes[0]);
    assert_eq!(always.total(), estimate.total());
    // Without any node by night: 855.9946 x 60 / 168 = 305.7124, 4279.973 x 60 / 168 = 1528.5618, 6847.9568 x 60 / 168 = 2445.6989.
    let v100 = zero.pools.iter().find(|pool| pool.name == "gpu-v100-pool").expect("it is there");
    assert_eq!(all(v100.amount), ["305.71", "1528.56", "2445.70"]);
    // The control plane stays: 73 + 303.58456 x 60 / 168 + 305.7124 = 487.1355.
    assert_eq!(cents(zero.total().min), "487.14+");
    let said = "pool gpu-v100-pool: its file wants 1 nodes at least";
    assert!(zero.notes.iter().any(|note| note.starts_with(said)), "{:?}", zero.notes);
    // By the hour it is the average: 4611.9683 / 730 = 6.31776.
    assert_eq!(by.total().expected.micro_usd(Span::Hour) / 100, 63_177);
}

#[test]
fn spot_with_on_demand_behind_it_is_on_demand_by_night_too_at_worst() {
    let mut spec = shipped("ai-dubbing-gke");
    spec.pools.retain(|pool| pool.name == "gpu-v100-pool");
    spec.pools[0].capacity = Capacity::SpotThenOnDemand;
    let estimate = priced(&spec);
    let schedule = Schedule::parse("daily 0-12").expect("a schedule");
    let by = estimate.by(&schedule, &priced(&schedule.rest(&spec)));
    // By day at most 8 nodes on demand, 16974.38832; by night one of them, 2121.79854: half of both together 9548.09343.
    assert_eq!(cents(by.pools[0].amount.max), "9548.09");
    // Halfway 5 as spot, 4279.973, and by night one, 855.9946: 2567.9838.
    assert_eq!(cents(by.pools[0].amount.expected), "2567.98");
    assert_eq!(pool(&estimate, "gpu-v100-pool").total().max.micro_usd(Span::Month), 16_974_388_320);
}

#[test]
fn an_unknown_spot_price_of_another_zone_is_another_price() {
    let mut spec = shipped("ai-dubbing-eks");
    spec.pools.retain(|pool| pool.name == "gpu-a100-pool");
    let in_zone = |zone: &str| {
        let mut spec = spec.clone();
        spec.pools[0].zones = vec![zone.to_owned()];
        priced(&spec)
    };
    let (here, there) = (in_zone("us-east-1a"), in_zone("us-east-1b"));
    let moved = diff(Some(&here), Some(&there));
    assert!(!moved.is_empty() && moved.total.delta.max.is_unknown, "{moved:?}");
    assert!(diff(Some(&here), Some(&here)).is_empty());
}
