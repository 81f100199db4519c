//! What holds of the estimate of any spec.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use berth_core::actions::gke::GkeDriver;
use berth_core::cost::{Amount, Cases, Change, Delta, MONTH_HOURS, Quote, Schedule, Span, Unit, diff};
use berth_core::spec::{
    Capacity, ClusterSpec, Fence, GpuSpec, NodeRange, PoolSpec, ServiceQuota, ServiceQuotas, Sharing,
};
use proptest::prelude::*;

use crate::world::{priced, shipped};

fn capacity() -> impl Strategy<Value = Capacity> {
    prop_oneof![Just(Capacity::OnDemand), Just(Capacity::Spot), Just(Capacity::SpotThenOnDemand)]
}

fn gpu() -> impl Strategy<Value = Option<GpuSpec>> {
    let model = prop_oneof![Just("t4"), Just("v100"), Just("p100"), Just("l4")];
    let gpu = (model, 1..9_u32, 1..9_u32).prop_map(|(model, count, shares)| GpuSpec {
        model: model.to_owned(),
        count,
        sharing: if shares == 1 { Sharing::Exclusive } else { Sharing::TimeSlicing(shares) },
        driver: GkeDriver::Default,
    });
    prop::option::of(gpu)
}

/// Machine types the book has, and some it does not have.
const MACHINES: &[&str] =
    &["n1-standard-8", "a2-highgpu-1g", "g2-standard-4", "c4-standard-8", "m5.xlarge", "p4d.24xlarge", "x9.large"];

fn machine() -> impl Strategy<Value = String> {
    prop::sample::select(MACHINES).prop_map(str::to_owned)
}

fn pool(like: PoolSpec) -> impl Strategy<Value = PoolSpec> {
    let disk = (1..4000_u32, prop::sample::select(["pd-ssd", "pd-standard", "gp3", "io1"].as_slice()));
    (machine(), gpu(), capacity(), 0..50_u32, 0..200_u32, disk).prop_map(
        move |(machine_type, gpu, capacity, min, more, (size_gb, kind))| {
            let mut pool = like.clone();
            pool.machine_type = machine_type;
            pool.gpu = gpu;
            pool.capacity = capacity;
            pool.nodes = NodeRange { min, max: min + more };
            pool.disk.size_gb = size_gb;
            pool.disk.kind = kind.to_owned();
            pool
        },
    )
}

fn quotas() -> impl Strategy<Value = Option<ServiceQuotas>> {
    let services = prop::collection::btree_map("[a-z]{1,6}", 0..40_u32, 1..6);
    prop::option::of(services.prop_map(|services| {
        let quota = |gpus| ServiceQuota { cpu_millis: 1000, memory: "1Gi".to_owned(), memory_bytes: 1 << 30, gpus };
        let services: BTreeMap<String, ServiceQuota> =
            services.into_iter().map(|(name, gpus)| (name, quota(gpus))).collect();
        ServiceQuotas { fence: Fence::Namespaces, services }
    }))
}

/// Read once, because every case begins with one of them.
static BASES: LazyLock<[ClusterSpec; 2]> = LazyLock::new(|| ["ai-dubbing-gke", "ai-dubbing-eks"].map(shipped));

fn spec() -> impl Strategy<Value = ClusterSpec> {
    let base = prop_oneof![Just(0), Just(1)];
    base.prop_flat_map(|base: usize| {
        let base = BASES[base].clone();
        let pools = prop::collection::vec(pool(base.pools[0].clone()), 0..6);
        (Just(base), pools, quotas()).prop_map(|(mut spec, pools, quotas)| {
            spec.pools = pools;
            spec.quotas = quotas;
            spec
        })
    })
}

fn known(amount: Amount) -> u128 {
    amount.micro_usd(Span::Month)
}

fn known_of(amounts: Cases<Amount>) -> [u128; 3] {
    amounts.all().map(known)
}

/// What the lines come to, worked from their prices and quantities alone, and whether a needed price is missing.
fn worked(estimate: &berth_core::cost::Estimate) -> ([u128; 3], [bool; 3]) {
    let (mut sums, mut lacks) = ([0; 3], [false; 3]);
    for (_, line) in estimate.all_lines() {
        for (case, quantity) in line.quantity.all().into_iter().enumerate() {
            match &line.quote {
                Quote::Known(price) => {
                    let hours = if price.unit == Unit::GbMonth { 1 } else { MONTH_HOURS };
                    sums[case] += u128::from(price.micro_usd) * u128::from(hours) * u128::from(quantity);
                }
                Quote::Unknown { .. } => lacks[case] |= quantity > 0,
            }
        }
    }
    (sums, lacks)
}

proptest! {
    #[test]
    fn parts_add_up_and_no_total_holds_an_unknown_as_nothing(spec in spec()) {
        let estimate = priced(&spec);
        let total = estimate.total();
        let (sums, lacks) = worked(&estimate);
        prop_assert_eq!(known_of(total), sums, "lines make up the total");
        prop_assert_eq!(total.all().map(Amount::is_at_least), lacks, "what has no price shows in the total");
        prop_assert_eq!(estimate.unknowns().is_empty(), !lacks.contains(&true), "and is named");

        let lines = estimate.lines.iter().map(|line| known_of(line.amount()));
        let parts = estimate.pools.iter().map(|pool| known_of(pool.total())).chain(lines);
        let parts = parts.fold([0; 3], |sum, part| [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2]]);
        prop_assert_eq!(parts, sums, "pools and the lines around them make up the total");

        for (pool, wanted) in estimate.pools.iter().zip(&spec.pools) {
            prop_assert_eq!(pool.nodes.expected, (pool.nodes.min + pool.nodes.max).div_ceil(2));
            match wanted.capacity {
                Capacity::OnDemand => prop_assert_eq!(pool.total(), pool.on_demand(), "bought as it is shown beside"),
                Capacity::Spot => prop_assert_eq!(pool.total(), pool.spot()),
                Capacity::SpotThenOnDemand => prop_assert_eq!(pool.total().max, pool.on_demand().max),
            }
            prop_assert_eq!(pool.split.is_some(), wanted.gpu.is_some() && spec.quotas.is_some());
        }
    }

    #[test]
    fn services_and_idle_add_up_to_the_pool_and_nothing_is_counted_twice(spec in spec()) {
        let estimate = priced(&spec);
        for pool in &estimate.pools {
            let Some(split) = &pool.split else { continue };
            for case in 0..3 {
                let total = pool.total().all()[case];
                let parts: u128 = split.services.iter().map(|part| known(part.amount.all()[case])).sum();
                prop_assert_eq!(parts + known(split.idle.all()[case]), known(total));
                let lacks = split.services.iter().map(|part| part.amount).chain([split.idle]);
                let lacks = lacks.map(|amount| amount.all()[case]).any(Amount::is_at_least);
                prop_assert_eq!(lacks, total.is_at_least(), "what the pool lacks, some part of it lacks");
            }
        }
        let services: [u128; 3] = std::array::from_fn(|case| estimate.services.iter().map(|s| known(s.amount.all()[case])).sum());
        let (idle, rest) = (known_of(estimate.idle()), known_of(estimate.undivided()));
        let all: [u128; 3] = std::array::from_fn(|case| services[case] + idle[case] + rest[case]);
        prop_assert_eq!(all, known_of(estimate.total()), "services, idle and what is not divided make up the total");
    }

    #[test]
    fn what_changes_in_the_parts_is_what_changes_in_all(old in spec(), new in spec(), from_nothing in prop::bool::ANY) {
        let (old, new) = (priced(&old), priced(&new));
        let was = (!from_nothing).then_some(&old);
        let difference = diff(was, Some(&new));
        let sum = |case: usize| -> i128 {
            let parts = difference.pools.iter().chain(&difference.lines);
            parts.map(|part| part.delta.all()[case].micro_usd).sum()
        };
        for (case, total) in difference.total.delta.all().into_iter().enumerate() {
            prop_assert_eq!(sum(case), total.micro_usd);
            let lacks = difference.pools.iter().chain(&difference.lines).any(|part| part.delta.all()[case].lacks);
            prop_assert_eq!(lacks, total.lacks, "what the total lacks, a part lacks");
            let old = was.map_or(0, |was| known(was.total().all()[case]));
            prop_assert_eq!(total.micro_usd, known(new.total().all()[case]) as i128 - old as i128);
        }
        for pool in difference.pools.iter().filter(|pool| pool.change == Change::Changed) {
            for case in 0..3 {
                let lines: i128 = pool.lines.iter().map(|line| line.delta.all()[case].micro_usd).sum();
                prop_assert_eq!(lines, pool.delta.all()[case].micro_usd, "lines make up the pool");
                let lacks = pool.lines.iter().any(|line| line.delta.all()[case].lacks);
                prop_assert_eq!(lacks, pool.delta.all()[case].lacks, "what the pool lacks, a line lacks");
            }
        }
    }

    #[test]
    fn from_an_estimate_to_itself_nothing_changes_and_nothing_lacks(spec in spec()) {
        let estimate = priced(&spec);
        let difference = diff(Some(&estimate), Some(&estimate));
        prop_assert!(difference.is_empty());
        for part in difference.pools.iter().chain(&difference.lines).chain([&difference.total]) {
            prop_assert_eq!((part.change, part.delta), (Change::Same, Cases::always(Delta::default())), "{}", part.name);
        }
    }

    #[test]
    fn by_a_schedule_no_case_is_less_than_the_least_nor_more_than_always(spec in spec(), from in 0..24_u32, to in 1..25_u32) {
        prop_assume!(from != to);
        let schedule = Schedule::parse(&format!("weekdays {from}-{to}")).expect("a schedule");
        let (estimate, rest) = (priced(&spec), priced(&schedule.rest(&spec)));
        let by = estimate.by(&schedule, &rest);
        prop_assert_eq!(by.total().min, estimate.total().min, "at the fewest nodes there is nothing to save");
        prop_assert_eq!(by.services.len(), estimate.services.len());
        for ((pool, always), rest) in by.pools.iter().zip(&estimate.pools).zip(&rest.pools) {
            prop_assert_eq!(pool.split.is_some(), always.split.is_some());
            let Some(split) = &pool.split else { continue };
            for case in 0..3 {
                let parts: Vec<Amount> = split.services.iter().map(|part| part.amount.all()[case]).chain([split.idle.all()[case]]).collect();
                let total = pool.amount.all()[case];
                prop_assert_eq!(parts.iter().map(|part| known(*part)).sum::<u128>(), known(total), "services and idle make up the pool");
                prop_assert_eq!(parts.iter().any(|part| part.is_at_least()), total.is_at_least(), "what it lacks, a part lacks");
            }
            let both = always.split.iter().flat_map(|split| &split.services).zip(rest.split.iter().flat_map(|split| &split.services));
            for (part, (always, rest)) in split.services.iter().zip(both) {
                prop_assert_eq!(&part.service, &always.service);
                let lacks = always.amount.max.is_at_least() || rest.amount.max.is_at_least();
                prop_assert_eq!(part.amount.max.is_at_least(), lacks, "no part lacks what another lacks");
            }
        }
        let sums: [u128; 3] = std::array::from_fn(|case| {
            let services = by.services.iter().map(|(_, amount)| known(amount.all()[case]));
            services.sum::<u128>() + known(by.idle().all()[case]) + known(by.undivided().all()[case])
        });
        prop_assert_eq!(sums, known_of(by.total()), "services, idle and what is not divided make up the total");
        let slack = by.pools.len() as u128 * 3 + 3;
        let both = estimate.total().all().into_iter().zip(rest.total().all());
        for (scheduled, (always, rest)) in by.total().all().into_iter().zip(both) {
            let (low, high) = (known(rest).min(known(always)), known(rest).max(known(always)));
            prop_assert!(known(scheduled) + slack >= low && known(scheduled) <= high + slack);
            prop_assert_eq!(scheduled.is_at_least(), always.is_at_least() || rest.is_at_least());
        }
    }
}
