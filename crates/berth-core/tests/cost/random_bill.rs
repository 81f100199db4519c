//! What holds of the bill of any usage.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use berth_core::actions::gke::GkeDriver;
use berth_core::cost::{
    Amount, Bill, Bought, GroupBy, Item, LivePrice, LivePrices, Money, NodeShape, PriceBook, Request, Source, Stretch,
    Teller, Unit, Usage, What, Whose, Window, bill, course,
};
use berth_core::spec::{Disk, GpuSpec, Provider, Sharing};
use jiff::Timestamp;
use proptest::prelude::*;

/// The seconds all of it happens in.
const LENGTH: i64 = 400_000;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

fn whose() -> impl Strategy<Value = Arc<Whose>> {
    let maybe = || prop::option::of(prop::sample::select(["x", "y"].as_slice()).prop_map(str::to_owned));
    (prop::sample::select(["one", "two"].as_slice()), maybe(), maybe(), maybe()).prop_map(
        |(cluster, owner, lease, team)| {
            let labels = team.map(|team| BTreeMap::from([("team".to_owned(), team)])).unwrap_or_default();
            Arc::new(Whose { cluster: cluster.to_owned(), owner, lease, run: None, labels })
        },
    )
}

fn shape() -> impl Strategy<Value = NodeShape> {
    // Known, attached, live only, and known to nobody.
    let machine = prop::sample::select(
        [
            (Provider::Gke, "us-central1", "n1-standard-8"),
            (Provider::Gke, "us-central1", "a2-highgpu-1g"),
            (Provider::Eks, "us-east-1", "p4d.24xlarge"),
            (Provider::Eks, "us-east-1", "x9.large"),
        ]
        .as_slice(),
    );
    let bought = prop_oneof![Just(Bought::OnDemand), Just(Bought::Spot)];
    let gpu = prop::option::of((1..5_u32, 1..8_u32));
    (whose(), machine, bought, gpu, prop::bool::ANY, 1..3_u32).prop_map(
        |(whose, machine, bought, gpu, has_disk, pool)| NodeShape {
            whose,
            provider: machine.0,
            region: machine.1.to_owned(),
            zone: None,
            pool: format!("pool-{pool}"),
            machine_type: machine.2.to_owned(),
            bought,
            gpu: gpu.map(|(count, shares)| GpuSpec {
                model: "t4".to_owned(),
                count,
                sharing: if shares == 1 { Sharing::Exclusive } else { Sharing::TimeSlicing(shares) },
                driver: GkeDriver::Default,
            }),
            disk: has_disk.then(|| Disk { size_gb: 137, kind: "pd-ssd".to_owned() }),
        },
    )
}

fn times() -> impl Strategy<Value = (i64, Option<i64>)> {
    (0..LENGTH, prop::option::of(0..LENGTH / 2)).prop_map(|(from, length)| (from, length.map(|length| from + length)))
}

fn usage() -> impl Strategy<Value = Usage> {
    let nodes = prop::collection::vec((shape(), 0..4_u32, times()), 0..8);
    let requests = prop::collection::vec(
        (prop::sample::select(["one", "two"].as_slice()), 0..4_u32, "[a-c]", 1..9_u32, times()),
        0..20,
    );
    let around = prop::collection::vec((whose(), times()), 0..3);
    (nodes, requests, around).prop_map(|(nodes, requests, around)| {
        let mut usage = Usage::default();
        for (shape, name, (from, to)) in nodes {
            usage.node(&shape.parts(), &format!("node-{name}"), second(from), to.map(second));
        }
        for (whose, (from, to)) in around {
            let what = What {
                whose,
                provider: Provider::Eks,
                region: "us-east-1".to_owned(),
                zone: None,
                pool: None,
                item: Item::NatGateway,
                quantity: 1,
                shares: 0,
            };
            let (id, to, told) = ("nat-1".into(), to.map(second), Teller::Cloud);
            let stretch = Stretch { id, what: Arc::new(what), name: "nat".into(), from: second(from), to, told };
            usage.stretches.push(stretch);
        }
        usage.requests.extend(requests.into_iter().map(|(cluster, node, service, shares, (from, to))| Request {
            cluster: cluster.into(),
            node: format!("node-{node}").into(),
            pod: format!("{service}-0").into(),
            service: service.into(),
            shares,
            from: second(from),
            to: to.map(second),
        }));
        usage
    })
}

/// The facts, under spot prices of p4d.24xlarge that moved.
static BOOK: LazyLock<PriceBook> = LazyLock::new(book);

fn book() -> PriceBook {
    let price = |(since, micro_usd): (i64, u64)| LivePrice {
        item: Item::machine("p4d.24xlarge", Bought::Spot),
        region: "us-east-1".to_owned(),
        zone: Some("us-east-1a".to_owned()),
        unit: Unit::Hour,
        micro_usd,
        since: Some(second(since)),
    };
    let prices = [(1000, 8_123_457), (LENGTH / 3, 9_000_001), (LENGTH / 2, 7_654_321)].map(price).to_vec();
    let live = LivePrices { provider: Provider::Eks, source: Source::live("spot", second(LENGTH)), prices };
    PriceBook::facts().with_live(&live)
}

const BY: [GroupBy; 6] =
    [GroupBy::Cluster, GroupBy::Pool, GroupBy::Service, GroupBy::Owner, GroupBy::Lease, GroupBy::Run];

fn rest(bill: &Bill, by: &GroupBy) -> Vec<(berth_core::cost::GroupName, Money)> {
    let mut groups: Vec<_> = bill.grouped(by).into_iter().map(|group| (group.name, group.money)).collect();
    groups.sort();
    groups.retain(|(_, money)| *money != Money::NOTHING);
    groups
}

proptest! {
    #[test]
    fn parts_are_the_node_and_groups_are_the_total(usage in usage(), now in 0..2 * LENGTH) {
        let bill = bill(&usage, &BOOK, Window { since: None, now: second(now) });
        for line in &bill.lines {
            if line.what.shares > 0 {
                prop_assert_eq!(line.parts.iter().map(|part| part.money).sum::<Money>(), line.money);
                prop_assert_eq!(line.parts.iter().map(|part| part.rate).sum::<Amount>(), line.rate);
            } else {
                prop_assert!(line.parts.is_empty());
            }
        }
        for by in BY.into_iter().chain([GroupBy::Label("team".to_owned())]) {
            let groups = bill.grouped(&by);
            prop_assert_eq!(groups.iter().map(|group| group.money).sum::<Money>(), bill.total(), "{:?}", by);
            prop_assert_eq!(groups.iter().map(|group| group.rate).sum::<Amount>(), bill.rate(), "{:?}", by);
        }
    }

    #[test]
    fn the_course_of_a_bill_is_its_totals(usage in usage(), now in 0..2 * LENGTH, parts in 1..9_u32) {
        let window = Window { since: None, now: second(now) };
        let course = course(&usage, &BOOK, window, parts);
        prop_assert_eq!(course.len(), parts as usize + 1);
        for (at, money) in course {
            prop_assert_eq!(money, bill(&usage, &BOOK, Window { since: None, now: at }).total());
        }
    }

    #[test]
    fn no_total_holds_an_unknown_as_nothing(usage in usage(), now in 0..2 * LENGTH) {
        let bill = bill(&usage, &BOOK, Window { since: None, now: second(now) });
        let lacks = bill.lines.iter().any(|line| line.seconds > 0 && line.quote.is_err());
        prop_assert_eq!(bill.total().is_at_least(), lacks);
        // Worked anew from the usage: x9.large is known to nobody, nor is spot of what is only in the facts of AWS.
        let used = usage.stretches.iter().any(|stretch| {
            let ends = stretch.to.map_or(i64::MAX, Timestamp::as_second).min(second(now).as_second());
            let is_unknown = matches!(&stretch.what.item, Item::Machine { name, .. } if name == "x9.large")
                || (stretch.what.provider == Provider::Eks && matches!(&stretch.what.item, Item::Disk(_)));
            is_unknown && stretch.from.as_second() < ends
        });
        prop_assert!(!used || bill.total().is_at_least());
    }

    #[test]
    fn a_window_cut_in_two_is_the_whole(usage in usage(), cut in 0..LENGTH, now in 0..2 * LENGTH) {
        prop_assume!(cut <= now);
        let whole = bill(&usage, &BOOK, Window { since: None, now: second(now) });
        let first = bill(&usage, &BOOK, Window { since: None, now: second(cut) });
        let later = bill(&usage, &BOOK, Window { since: Some(second(cut)), now: second(now) });
        prop_assert_eq!(first.total() + later.total(), whole.total());
        prop_assert_eq!(later.rate(), whole.rate(), "what runs now does not hang on the window");
        for by in [GroupBy::Cluster, GroupBy::Pool, GroupBy::Owner] {
            let mut sums = BTreeMap::new();
            for (name, money) in rest(&first, &by).into_iter().chain(rest(&later, &by)) {
                let sum: &mut Money = sums.entry(name).or_default();
                *sum = *sum + money;
            }
            prop_assert_eq!(sums.into_iter().collect::<Vec<_>>(), rest(&whole, &by), "{:?}", by);
        }
        // Services divide each window for itself, so a micro-USD of each line may go to another.
        let service = |bill: &Bill| -> BTreeMap<_, u128> {
            rest(bill, &GroupBy::Service).into_iter().map(|(name, money)| (name, money.micro_usd())).collect()
        };
        let (first, later) = (service(&first), service(&later));
        for (name, sum) in service(&whole) {
            let parts = first.get(&name).unwrap_or(&0) + later.get(&name).unwrap_or(&0);
            prop_assert!(parts.abs_diff(sum) <= 2 * usage.stretches.len() as u128, "{:?}: {} and {}", name, parts, sum);
        }
    }
}
