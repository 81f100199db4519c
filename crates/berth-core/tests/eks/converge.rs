//! From any half-made state and in any order the goal is reached, and then there is nothing to do.

use berth_core::spec::ClusterSpec;
use proptest::prelude::*;

use crate::read::{absent, present, shipped, text};
use crate::world::World;

fn dubbing() -> ClusterSpec {
    shipped("clusters/ai-dubbing-eks.yaml", None)
}

fn picker(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |count| {
        // A multiplicative generator is enough to vary the order, and repeats with its seed.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % count.max(1)
    }
}

/// Plans and carries out until nothing is left to do.
fn reach(world: &mut World, spec: &ClusterSpec, is_wanted: bool, seed: u64) {
    for _ in 0..4 {
        let plan = if is_wanted { present(spec, &world.observed) } else { absent(spec, &world.observed) };
        let plan = plan.expect("a plan");
        if plan.is_empty() {
            return;
        }
        world.run(&plan, usize::MAX, picker(seed)).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
    }
    panic!("it does not come to rest");
}

fn left(world: &World) -> usize {
    world.observed.around.parts.len() + usize::from(world.observed.cluster.is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_create_goes_on(cut in 0usize..50, seed: u64, other: u64) {
        let spec = dubbing();
        let mut world = World::new();
        let plan = present(&spec, &world.observed).expect("a plan");
        world.run(&plan, cut, picker(seed)).expect("what AWS takes");
        reach(&mut world, &spec, true, other);
        prop_assert!(present(&spec, &world.observed).expect("a plan").is_empty());
    }

    #[test]
    fn a_cut_create_and_a_cut_destroy_leave_nothing(cut in 0usize..50, seed: u64, again in 0usize..40, other: u64) {
        let spec = dubbing();
        let mut world = World::new();
        world.strand();
        let plan = present(&spec, &world.observed).expect("a plan");
        world.run(&plan, cut, picker(seed)).expect("what AWS takes");
        let plan = absent(&spec, &world.observed).expect("a plan");
        world.run(&plan, again, picker(other)).unwrap_or_else(|refusal| panic!("{refusal}\n{}", text(&plan)));
        reach(&mut world, &spec, false, seed);
        prop_assert_eq!(left(&world), 0);
    }

    #[test]
    fn a_changed_file_is_reached(seed: u64, min in 0u32..3, more in 1u32..4, disk in 100u32..103, shares in 2u32..5, drop_pool: bool) {
        let mut world = World::new();
        reach(&mut world, &dubbing(), true, seed);
        let mut spec = dubbing();
        spec.pools[0].nodes.min = min;
        spec.pools[0].nodes.max = min + more;
        spec.pools[0].disk.size_gb = disk;
        spec.pools[1].labels.insert("tier".to_owned(), format!("tier-{more}"));
        if let Some(gpu) = spec.pools[1].gpu.as_mut() {
            gpu.sharing = berth_core::spec::Sharing::TimeSlicing(shares);
        }
        spec.pools[2].taints.clear();
        if drop_pool {
            spec.pools.pop();
        }
        reach(&mut world, &spec, true, seed);
        let pools = world.cluster().expect("a cluster").pools.len();
        prop_assert_eq!(pools, spec.pools.len());
        prop_assert_eq!(world.group("cpu-pool").expect("a group").nodes, spec.pools[0].nodes);
        reach(&mut world, &spec, false, seed);
        prop_assert_eq!(left(&world), 0);
    }
}
