//! Whatever is there and whatever is wanted, one plan leads there and the next one is empty.

use berth_core::actions::gke::{AutoscalingProfile, GkeAutoscaling, ReleaseChannel};
use berth_core::observed::{Observed, Phase};
use berth_core::plan::{Goal, Plan, Workloads, plan};
use berth_core::spec::{Capacity, ClusterSpec, NodeRange, PoolSpec, Sharing, Taint, TaintEffect};
use proptest::prelude::*;

use crate::build::{PROJECT, cpu, dubbing, gke, gpu, operation, pool_settings, stockout};
use crate::world::World;

prop_compose! {
    fn any_pool(name: &'static str)(
        kind in 0usize..4,
        min in 0u32..5,
        extra in 0u32..4,
        zones in proptest::sample::subsequence(vec!["a", "b", "c", "f"], 1..4),
        spot in any::<bool>(),
        shares in 1u32..4,
        label in 0u32..3,
        taints in 0usize..4,
    ) -> PoolSpec {
        let sharing = if shares == 1 { Sharing::Exclusive } else { Sharing::TimeSlicing(shares) };
        let mut pool = match kind {
            0 => cpu(name, min, min + extra),
            1 => gpu(name, "n1-standard-4", "t4", sharing, min, min + extra),
            2 => gpu(name, "n1-standard-8", "v100", sharing, min, min + extra),
            _ => gpu(name, "a2-highgpu-1g", "a100-40gb", sharing, min, min + extra),
        };
        pool.zones = zones.into_iter().map(|letter| format!("us-central1-{letter}")).collect();
        pool.capacity = if spot { Capacity::Spot } else { Capacity::OnDemand };
        pool.labels.insert("tier".to_owned(), label.to_string());
        let dedicated = Taint { key: "dedicated".into(), value: "x".into(), effect: TaintEffect::PreferNoSchedule };
        match taints {
            0 => pool.taints.clear(),
            1 => pool.taints.push(dedicated),
            2 => pool.taints = vec![dedicated],
            _ => {}
        }
        pool
    }
}

prop_compose! {
    fn any_spec()(
        pools in (any_pool("one"), any_pool("two"), any_pool("three"), any_pool("four")),
        kept in proptest::sample::subsequence(vec![0usize, 1, 2, 3], 1..=4),
        label in 0u32..3,
        channel in 0usize..3,
        switches in proptest::collection::vec(any::<bool>(), 5),
        logging in proptest::sample::subsequence(vec!["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"], 0..=3),
    ) -> ClusterSpec {
        let all = [pools.0, pools.1, pools.2, pools.3];
        let mut spec = dubbing();
        spec.pools = kept.into_iter().map(|at| all[at].clone()).collect();
        spec.labels.insert("team".to_owned(), label.to_string());
        gke(&mut spec).secure_boot = switches[0];
        let settings = &mut gke(&mut spec).settings;
        settings.release_channel = [ReleaseChannel::Rapid, ReleaseChannel::Regular, ReleaseChannel::Stable][channel];
        settings.workload_identity = switches[1];
        settings.shielded_nodes = switches[2];
        settings.autoscaling_profile =
            if switches[3] { AutoscalingProfile::Balanced } else { AutoscalingProfile::OptimizeUtilization };
        if switches[4] {
            settings.maintenance = None;
        }
        settings.logging = logging.into_iter().map(str::to_owned).collect();
        spec
    }
}

/// What has become of a cluster that berth once made from another file.
fn any_observed() -> impl Strategy<Value = Observed> {
    let pools = proptest::collection::vec((0usize..12, any::<bool>()), 4);
    (any_spec(), 0usize..10, pools).prop_map(|(spec, fate, pools)| {
        let mut observed = World::made(&spec).observed;
        let mut operations = Vec::new();
        let cluster = observed.cluster.as_mut().expect("a cluster");
        for (pool, (fate, seen)) in cluster.pools.iter_mut().zip(pools) {
            let (phase, kind) = match fate {
                0 => (Phase::Creating, "CREATE_NODE_POOL"),
                1 => (Phase::Deleting, "DELETE_NODE_POOL"),
                2 => (Phase::Updating, "SET_NODE_POOL_SIZE"),
                3 => (Phase::Updating, "UPGRADE_NODES"),
                4 => (Phase::Failed, ""),
                5 => (Phase::Degraded, ""),
                _ => (Phase::Running, ""),
            };
            pool.phase = phase;
            if matches!(fate, 4 | 5) {
                pool.issues = vec![stockout()];
            }
            // A deletion may show before its operation does; everything else only runs while its operation does.
            if !kind.is_empty() && (seen || fate != 1) {
                operations.push(operation(kind, Some(&pool.name)));
                operations.last_mut().expect("just pushed").name = format!("operation-{}", pool.name);
            }
            let settings = pool_settings(pool);
            if seen && fate == 6 {
                settings.resource_labels.clear();
            }
            if seen && fate == 7 {
                let nodes = NodeRange { min: 0, max: 3 };
                settings.autoscaling = Some(GkeAutoscaling { nodes, per_zone: true, any_zone: false });
            }
        }
        match fate {
            0 => cluster.phase = Phase::Creating,
            1 => cluster.phase = Phase::Deleting,
            2 => cluster.phase = Phase::Failed,
            3 => cluster.phase = Phase::Degraded,
            _ => {}
        }
        match fate {
            4 => return Observed::default(),
            // What goes on with the whole cluster excludes operations on its pools.
            0 => operations = vec![operation("CREATE_CLUSTER", None)],
            1 => operations = vec![operation("DELETE_CLUSTER", None)],
            5 => operations = vec![operation("UPDATE_CLUSTER", None)],
            6 => operations = vec![operation("UPGRADE_MASTER", None)],
            _ => {}
        }
        observed.operations = operations;
        observed
    })
}

fn decide(spec: &ClusterSpec, observed: &Observed) -> Plan {
    plan(&Goal::Present { spec, account: PROJECT, adopt: true, workloads: Workloads::default() }, observed)
        .expect("adopting refuses nothing")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_leads_to_the_file(spec in any_spec(), observed in any_observed(), picks in any::<u64>()) {
        let mut world = World { observed };
        let mut picks = picks;
        let mut choose = |count: usize| {
            picks = picks.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
            usize::try_from(picks % count as u64).unwrap()
        };
        for _ in 0..3 {
            let plan = decide(&spec, &world.observed);
            if plan.is_empty() {
                break;
            }
            world.run(&plan, &mut choose).map_err(TestCaseError::fail)?;
        }
        prop_assert!(decide(&spec, &world.observed).is_empty(), "{:#?}", decide(&spec, &world.observed));
        let cluster = world.observed.cluster.as_mut().expect("a cluster");
        for pool in &spec.pools {
            prop_assert!(cluster.pools.iter().any(|have| have.name == pool.name));
        }
    }

    #[test]
    fn without_anything_under_way_one_plan_is_enough(from in any_spec(), to in any_spec(), picks in any::<usize>()) {
        let mut world = World::made(&from);
        let plan = decide(&to, &world.observed);
        world.run(&plan, |count| picks % count).map_err(TestCaseError::fail)?;
        prop_assert!(decide(&to, &world.observed).is_empty());
    }

    #[test]
    fn destroy_leaves_nothing(spec in any_spec(), observed in any_observed()) {
        let mut world = World { observed };
        let (provider, place, name) = (spec.cloud.provider(), &spec.place, spec.name.as_str());
        let goal = Goal::Absent { provider, account: PROJECT, place, name, adopt: false };
        let decided = plan(&goal, &world.observed).unwrap();
        world.run(&decided, |_| 0).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&world.observed, &Observed::default());
        prop_assert!(plan(&goal, &world.observed).unwrap().is_empty());
    }

    #[test]
    fn what_berth_made_is_never_refused(spec in any_spec(), from in any_spec()) {
        let observed = World::made(&from).observed;
        let goal = Goal::Present { spec: &spec, account: PROJECT, adopt: false, workloads: Workloads::default() };
        prop_assert!(plan(&goal, &observed).is_ok());
    }
}
