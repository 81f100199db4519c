//! Bills made by hand, in each form.

use std::collections::BTreeMap;
use std::sync::Arc;

use berth_core::cost::{
    Amount, Bill, BillLine, Bought, Budget, GroupBy, Item, Money, MonthEnd, Part, Source, Teller, What, Whose, Window,
};
use berth_core::spec::Provider;
use jiff::Timestamp;
use serde_json::Value;

use super::{Billed, csv, json, markdown, prometheus, text};

const NOTHING: MonthEnd = MonthEnd {
    so_far: Money::NOTHING,
    rate: Amount::NOTHING,
    seconds_left: 0,
    expected: Money::NOTHING,
    clusters: BTreeMap::new(),
};

/// A machine that is gone, one part of it a service's and the rest idle, and the fee of its cluster, which is not divided.
fn divided() -> Bill {
    let labels = [("team".to_owned(), "film".to_owned())].into();
    let (owner, lease) = (Some("acme/app".to_owned()), Some("pr-1".to_owned()));
    let whose = Arc::new(Whose { cluster: "small".to_owned(), owner, lease, run: None, labels });
    let line = |item: Item, pool: Option<&str>, parts: Vec<Part>| BillLine {
        what: Arc::new(What {
            whose: Arc::clone(&whose),
            provider: Provider::Gke,
            region: "us-central1".to_owned(),
            zone: None,
            pool: pool.map(str::to_owned),
            item,
            quantity: 1,
            shares: 0,
        }),
        name: "one".into(),
        end: pool.map(|_| (Timestamp::UNIX_EPOCH, Teller::Cloud)),
        seconds: 3600,
        money: Money::of(1_000_000),
        rate: if pool.is_some() { Amount::NOTHING } else { Amount::by_the_hour(1_000_000) },
        parts,
        quote: Arc::new(Err("nobody knows".to_owned())),
    };
    let part = |service: Option<&str>, micro_usd| Part {
        service: service.map(Into::into),
        share_seconds: 0,
        money: Money::of(micro_usd),
        rate: Amount::NOTHING,
    };
    let parts = vec![part(Some("tts"), 750_000), part(None, 250_000)];
    let machine = line(Item::machine("g2-standard-4", Bought::Spot), Some("l4-pool"), parts);
    let window = Window { since: None, now: Timestamp::UNIX_EPOCH };
    Bill { window, lines: vec![machine, line(Item::ControlPlane, None, Vec::new())] }
}

fn billed(bill: Bill, by: GroupBy) -> Billed<'static> {
    Billed { cluster: None, bill, month: NOTHING, budget: None, by, notes: &[], course: Vec::new() }
}

#[test]
fn a_bill_of_all_names_each_place_and_leaves_out_tables_without_rows() {
    let all = billed(divided(), GroupBy::Cluster);
    for page in [text(&all), markdown(&all)] {
        assert!(page.contains("since they were made") && page.contains("small/(around the pools)"), "{page}");
    }
    let empty = billed(Bill { lines: Vec::new(), ..divided() }, GroupBy::Cluster);
    for page in [text(&empty), markdown(&empty)] {
        assert!(page.contains("this month so far"), "{page}");
        assert!(!page.contains("By cluster") && !page.contains("What it is made of"), "{page}");
    }
}

#[test]
fn by_pool_what_stands_around_the_pools_is_told_for_each_cluster() {
    let mut bill = divided();
    let mut fee = bill.lines[1].clone();
    let whose = Whose { cluster: "large".to_owned(), ..Whose::clone(&fee.what.whose) };
    fee.what = Arc::new(What { whose: Arc::new(whose), ..What::clone(&fee.what) });
    bill.lines.push(fee);
    let all = json(&billed(bill, GroupBy::Pool));
    let rows = |bill: &Value| -> Vec<(Value, Value)> {
        let groups = bill["groups"].as_array().expect("a list");
        groups.iter().map(|group| (group["name"].clone(), group["cost"]["usd"].clone())).collect()
    };
    let named = |name: &str| (Value::from(name), Value::from(1.0));
    let [pool, large, small] = ["small/l4-pool", "large/(around the pools)", "small/(around the pools)"].map(named);
    assert_eq!(rows(&all), [pool, large, small]);
    assert_eq!(all["total"]["usd"], 3.0);
    let one = json(&Billed { cluster: Some("small"), ..billed(divided(), GroupBy::Pool) });
    assert_eq!(rows(&one), ["l4-pool", "(around the pools)"].map(named));
}

#[test]
fn a_bill_says_how_its_month_stands_to_a_budget() {
    let month = MonthEnd { so_far: Money::of(1_000_000), expected: Money::of(3_000_000), ..NOTHING };
    let of = |usd| Billed { month: month.clone(), budget: Budget::from_usd(usd), ..billed(divided(), GroupBy::Pool) };
    assert_eq!(json(&of(0.5))["budget"]["standing"], "over");
    assert_eq!(json(&of(2.0))["budget"]["standing"], "mayExceed");
    assert_eq!(json(&of(3.0))["budget"]["standing"], "within");
    assert!(json(&billed(divided(), GroupBy::Pool))["budget"].is_null());
    let said = "if it goes on, this month comes to 3.00 USD, over the budget of 2.00 USD a month";
    assert!(text(&of(2.0)).contains(said) && markdown(&of(2.0)).contains(said), "{}", text(&of(2.0)));
    assert!(!text(&billed(divided(), GroupBy::Pool)).contains("Budget"));
}

#[test]
fn a_bill_as_csv_has_a_row_for_each_part_and_whose_it_is() {
    let csv = csv(&billed(divided(), GroupBy::Label("team".to_owned())));
    let rows: Vec<Vec<&str>> = csv.lines().map(|row| row.split(',').collect()).collect();
    let column = |name: &str| {
        let index = rows[0].iter().position(|head| *head == name).expect("a column of that name");
        rows[1..].iter().map(|row| row[index]).collect::<Vec<_>>()
    };
    assert_eq!(column("service"), ["tts", "(idle)", ""], "{csv}");
    assert_eq!(column("usd"), ["0.75", "0.25", "1.00"], "{csv}");
    assert_eq!(column("usd_hour_now"), ["0.00", "0.00", "1.00"], "{csv}");
    assert_eq!(column("ended"), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""], "{csv}");
    let all = |value| [value; 3];
    assert_eq!([column("owner"), column("lease")], [all("acme/app"), all("pr-1")], "{csv}");
    assert_eq!([column("run"), column("label team")], [all(""), all("film")], "{csv}");
    assert_eq!([column("source"), column("source_date")], [all(""), all("")], "{csv}");
}

#[test]
fn a_price_in_a_bill_as_csv_has_its_source_and_date() {
    let mut bill = divided();
    let at = "2026-11-21T16:02:03Z".parse().expect("a time");
    bill.lines[1].quote = Arc::new(Ok(Arc::new(Source::live("a price list", at))));
    let csv = csv(&billed(bill, GroupBy::Pool));
    let last = csv.lines().last().expect("a row");
    assert!(last.contains(",a price list,2026-11-21,,"), "{csv}");
}

#[test]
fn a_month_of_which_nothing_is_known_is_no_number() {
    let of = |expected| {
        let bill = Bill { window: Window { since: None, now: Timestamp::UNIX_EPOCH }, lines: Vec::new() };
        let clusters = [("small".to_owned(), expected)].into();
        let month = MonthEnd { so_far: expected, rate: Amount::NOTHING, seconds_left: 0, expected, clusters };
        let billed = Billed { month, ..billed(bill, GroupBy::Pool) };
        prometheus(&billed).expect("a string takes all")
    };
    let sample = "berth_cost_month_expected_usd{cluster=\"small\"}";
    assert!(of(Money::of(1_500_000)).contains(&format!("{sample} 1.5")), "{}", of(Money::of(1_500_000)));
    assert!(of(Money::UNKNOWN + Money::of(500_000)).contains(&format!("{sample} 0.5")));
    assert!(!of(Money::UNKNOWN).contains("berth_cost_month_expected_usd"), "{}", of(Money::UNKNOWN));
}

#[test]
fn metrics_have_the_month_of_each_cluster_and_the_budget_of_one() {
    let clusters = [("large", Money::of(2_000_000)), ("new", Money::UNKNOWN)];
    let clusters = clusters.map(|(name, expected)| (name.to_owned(), expected)).into();
    let month = MonthEnd { clusters, ..NOTHING };
    let budget = Budget::from_usd(20.0);
    let all = Billed { month, budget, ..billed(divided(), GroupBy::Cluster) };
    let samples = |billed: &Billed<'_>, name: &str| {
        let text = prometheus(billed).expect("a string takes all");
        text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect::<Vec<_>>()
    };
    // The bill is of a cluster that costs nothing this month.
    let months = ["{cluster=\"large\"} 2.0", "{cluster=\"small\"} 0.0"];
    assert_eq!(
        samples(&all, "berth_cost_month_expected_usd"),
        months.map(|sample| format!("berth_cost_month_expected_usd{sample}"))
    );
    assert!(samples(&all, "berth_cost_budget_month_usd").is_empty(), "it is the budget of all together");
    let one = Billed { cluster: Some("small"), ..all };
    assert_eq!(samples(&one, "berth_cost_budget_month_usd"), ["berth_cost_budget_month_usd{cluster=\"small\"} 20.0"]);
}
