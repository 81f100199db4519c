//! Bills worked by hand, to the micro-USD; the working stands beside each.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth_core::actions::gke::GkeDriver;
use berth_core::cost::{
    Amount, Bill, Bought, GroupBy, GroupName, Item, LivePrice, LivePrices, Money, NodeShape, PriceBook, Request,
    Source, Span, Stretch, Teller, Unit, Usage, What, Whose, Window, bill, month_end,
};
use berth_core::spec::{Disk, GpuSpec, Provider, Sharing};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn whose() -> Arc<Whose> {
    Arc::new(Whose {
        cluster: "dubbing".to_owned(),
        owner: Some("ana".to_owned()),
        labels: BTreeMap::from([("team".to_owned(), "dubbing".to_owned())]),
        ..Whose::default()
    })
}

/// n1-standard-8 spot with one V100 in 2 shares and 200 GB pd-ssd, as in the dubbing cluster.
fn v100() -> NodeShape {
    NodeShape {
        whose: whose(),
        provider: Provider::Gke,
        region: "us-central1".to_owned(),
        zone: Some("us-central1-a".to_owned()),
        pool: "gpu-v100-pool".to_owned(),
        machine_type: "n1-standard-8".to_owned(),
        bought: Bought::Spot,
        gpu: Some(GpuSpec {
            model: "v100".to_owned(),
            count: 1,
            sharing: Sharing::TimeSlicing(2),
            driver: GkeDriver::Default,
        }),
        disk: Some(Disk { size_gb: 200, kind: "pd-ssd".to_owned() }),
    }
}

fn request(node: &str, service: &str, shares: u32, from: &str, to: Option<&str>) -> Request {
    Request {
        cluster: "dubbing".into(),
        node: node.into(),
        service: service.into(),
        pod: format!("{service}-0").into(),
        shares,
        from: at(from),
        to: to.map(at),
    }
}

fn around(item: Item, from: &str) -> Stretch {
    let what = What {
        whose: whose(),
        provider: Provider::Gke,
        region: "us-central1".to_owned(),
        zone: None,
        pool: None,
        item,
        quantity: 1,
        shares: 0,
    };
    let id = "dubbing".into();
    Stretch { id, what: Arc::new(what), name: "dubbing".into(), from: at(from), to: None, told: Teller::Cloud }
}

fn whole(now: &str) -> Window {
    Window { since: None, now: at(now) }
}

fn group(bill: &Bill, by: &GroupBy, name: &GroupName) -> (u128, Amount) {
    let groups = bill.grouped(by);
    let found = groups.iter().find(|group| group.name == *name);
    found.map_or((0, Amount::NOTHING), |group| (group.money.micro_usd(), group.rate))
}

fn named(name: &str) -> GroupName {
    GroupName::Named(name.to_owned())
}

fn of_pool(pool: &str) -> GroupName {
    GroupName::Pool { cluster: "dubbing".to_owned(), pool: pool.to_owned() }
}

#[test]
fn a_shared_node_for_two_hours() {
    let mut usage = Usage::default();
    usage.node(&v100().parts(), "n1", at("2026-11-21T10:00:00Z"), Some(at("2026-11-21T12:00:00Z")));
    usage.requests = vec![
        request("n1", "tts", 1, "2026-11-21T10:00:00Z", Some("2026-11-21T12:00:00Z")),
        request("n1", "stt", 1, "2026-11-21T11:00:00Z", None),
    ];
    let bill = bill(&usage, &PriceBook::facts(), whole("2026-11-21T13:00:00Z"));
    // Machine 0.13402 x 2 = 0.26804, V100 0.992 x 2 = 1.984, disk 200 x 0.17 x 2 / 730 = 0.0931506849: 2.3451906849, each line cut to the
    // micro-USD: 0.268040 + 1.984000 + 0.093150 = 2.345190.
    assert_eq!(bill.total(), Money::of(2_345_190));
    assert_eq!(bill.lines.iter().map(|line| line.seconds).collect::<Vec<_>>(), [7200, 7200, 7200]);
    // 4 share-hours: tts had 2, stt 1, nobody 1; stt's pod outlived the node.
    // tts 0.134020 + 0.992000 + 0.046575; stt 0.067010 + 0.496000 + 0.0232875, idle as much: the odd micro-USD goes to the earlier of two.
    assert_eq!(group(&bill, &GroupBy::Service, &named("tts")).0, 1_172_595);
    assert_eq!(group(&bill, &GroupBy::Service, &named("stt")).0, 586_298);
    assert_eq!(group(&bill, &GroupBy::Service, &GroupName::Idle).0, 586_297);
    assert_eq!(bill.rate(), Amount::NOTHING, "the node is gone");
}

#[test]
fn what_runs_now_costs_by_the_hour_and_is_whose() {
    let mut usage = Usage::default();
    let parts = v100().parts();
    usage.node(&parts, "n1", at("2026-11-21T10:00:00Z"), None);
    usage.node(&parts, "n2", at("2026-11-21T10:00:00Z"), Some(at("2026-11-21T10:30:00Z")));
    usage.requests = vec![request("n1", "tts", 1, "2026-11-21T10:00:00Z", None)];
    usage.stretches.push(around(Item::ControlPlane, "2026-11-21T09:00:00Z"));
    let bill = bill(&usage, &PriceBook::facts(), whole("2026-11-21T11:00:00Z"));
    // 0.13402 + 0.992 + 200 x 0.17 / 730 = 1.1725953425, and 0.10 for the control plane.
    assert_eq!(bill.rate().micro_usd(Span::Hour), 1_272_595);
    assert_eq!(bill.rate().micro_usd(Span::Month), 928_994_600);
    // Half of the node: 1.1725953425 / 2.
    assert_eq!(group(&bill, &GroupBy::Service, &named("tts")).1.micro_usd(Span::Hour), 586_298);
    assert_eq!(group(&bill, &GroupBy::Service, &GroupName::Idle).1.micro_usd(Span::Hour), 586_298);
    assert_eq!(group(&bill, &GroupBy::Service, &GroupName::Rest).1.micro_usd(Span::Hour), 100_000);
    // Node n1 an hour 0.134020 + 0.992000 + 0.046575 = 1.172595; n2 half of that 0.067010 + 0.496000 + 0.023287 = 0.586297.
    assert_eq!(group(&bill, &GroupBy::Pool, &of_pool("gpu-v100-pool")).0, 1_758_892);
    // The control plane two hours.
    assert_eq!(group(&bill, &GroupBy::Pool, &GroupName::Around("dubbing".to_owned())).0, 200_000);
    for by in [GroupBy::Owner, GroupBy::Cluster, GroupBy::Label("team".to_owned())] {
        assert_eq!(bill.grouped(&by).len(), 1, "{by:?}");
        assert_eq!(bill.grouped(&by)[0].money, bill.total(), "{by:?}");
    }
    assert_eq!(bill.grouped(&GroupBy::Lease)[0].name, GroupName::Rest, "no lease is named");
}

#[test]
fn the_credit_of_gke_is_named_only_beside_what_is_on_gke() {
    let names = |provider, region: &str| {
        let mut fee = around(Item::ControlPlane, "2026-11-21T10:00:00Z");
        fee.what = Arc::new(What { provider, region: region.to_owned(), ..What::clone(&fee.what) });
        let usage = Usage { stretches: vec![fee], requests: Vec::new() };
        let notes = bill(&usage, &PriceBook::facts(), whole("2026-11-21T11:00:00Z")).notes();
        notes.iter().any(|note| note.contains("GKE"))
    };
    assert!(names(Provider::Gke, "us-central1"));
    assert!(!names(Provider::Eks, "us-east-1"));
}

#[test]
fn a_window_takes_only_its_seconds() {
    let mut usage = Usage::default();
    usage.stretches.push(around(Item::ControlPlane, "2026-11-01T00:00:00Z"));
    let since = Window { since: Some(at("2026-11-20T23:59:59Z")), now: at("2026-11-21T00:59:59Z") };
    assert_eq!(bill(&usage, &PriceBook::facts(), since).total(), Money::of(100_000));
    let before = Window { since: None, now: at("2026-10-31T00:00:00Z") };
    assert!(bill(&usage, &PriceBook::facts(), before).lines.is_empty(), "it was not there yet");
}

#[test]
fn spot_on_aws_is_unknown_until_its_history_is_laid_over_and_then_priced_by_the_second() {
    let shape = NodeShape {
        provider: Provider::Eks,
        region: "us-east-1".to_owned(),
        zone: Some("us-east-1a".to_owned()),
        machine_type: "p4d.24xlarge".to_owned(),
        gpu: None,
        disk: None,
        ..v100()
    };
    let mut usage = Usage::default();
    usage.node(&shape.parts(), "i-1", at("2026-11-20T22:00:00Z"), Some(at("2026-11-21T02:00:00Z")));
    let now = whole("2026-11-21T03:00:00Z");
    let unknown = bill(&usage, &PriceBook::facts(), now);
    assert_eq!(unknown.total(), Money::UNKNOWN);
    assert!(unknown.unknowns().iter().all(|why| why.contains("ec2:DescribeSpotPriceHistory")));
    let price = |zone: &str, since: &str, micro_usd| LivePrice {
        item: Item::machine("p4d.24xlarge", Bought::Spot),
        region: "us-east-1".to_owned(),
        zone: Some(zone.to_owned()),
        unit: Unit::Hour,
        micro_usd,
        since: Some(at(since)),
    };
    let live = LivePrices {
        provider: Provider::Eks,
        source: Source::live("EC2 spot price history", at("2026-11-21T03:00:00Z")),
        prices: vec![
            price("us-east-1a", "2026-11-20T12:00:00Z", 8_000_000),
            price("us-east-1b", "2026-11-20T12:00:00Z", 30_000_000),
            price("us-east-1a", "2026-11-20T23:30:00Z", 9_500_000),
        ],
    };
    // 1.5 h x 8.00 + 2.5 h x 9.50 = 12.00 + 23.75; the other zone's price is none of it.
    let known = bill(&usage, &PriceBook::facts().with_live(&live), now);
    assert_eq!(known.total(), Money::of(35_750_000));
    assert_eq!(known.sources().len(), 1);
}

#[test]
fn more_shares_asked_for_than_there_are_leave_nothing_idle() {
    let mut usage = Usage::default();
    usage.node(&v100().parts(), "n1", at("2026-11-21T10:00:00Z"), Some(at("2026-11-21T11:00:00Z")));
    usage.requests = vec![
        request("n1", "tts", 2, "2026-11-21T10:00:00Z", None),
        request("n1", "stt", 1, "2026-11-21T10:00:00Z", None),
    ];
    let bill = bill(&usage, &PriceBook::facts(), whole("2026-11-21T11:00:00Z"));
    // 0.134020 + 0.992000 + 0.046575 by 2 : 1, each line: stt 0.044673 + 0.330667 + 0.015525 = 0.390865, tts the rest of 1.172595.
    assert_eq!(group(&bill, &GroupBy::Service, &named("stt")).0, 390_865);
    assert_eq!(group(&bill, &GroupBy::Service, &named("tts")).0, 781_730);
    assert_eq!(group(&bill, &GroupBy::Service, &GroupName::Idle).0, 0);
}

#[test]
fn the_month_ends_with_what_was_spent_and_what_runs_on() {
    let mut usage = Usage::default();
    // Begun in October: only November counts. 20 days and 12 hours of it are over, 9 days and 12 hours are left.
    usage.stretches.push(around(Item::ControlPlane, "2026-10-15T00:00:00Z"));
    let month = month_end(&usage, &PriceBook::facts(), at("2026-11-21T12:00:00Z"));
    // 492 h x 0.10, 228 h x 0.10.
    assert_eq!((month.so_far, month.seconds_left), (Money::of(49_200_000), 228 * 3600));
    assert_eq!(month.expected, Money::of(72_000_000));
}
