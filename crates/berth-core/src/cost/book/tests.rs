use jiff::Timestamp;

use super::{Basis, LivePrice, LivePrices, Market, Price, PriceBook, Source, Unit};
use crate::cost::item::{Bought, Item};
use crate::spec::{Provider, check_prices};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn aws(zones: &[String]) -> Market<'_> {
    Market { provider: Provider::Eks, region: "us-east-1", zones }
}

fn p4d(bought: Bought) -> Item {
    Item::machine("p4d.24xlarge", bought)
}

/// Spot prices of p4d.24xlarge: zone, time, micro-USD.
fn spot(told: &[(&str, &str, u64)]) -> LivePrices {
    let price = |(zone, since, micro_usd): &(&str, &str, u64)| LivePrice {
        item: p4d(Bought::Spot),
        region: "us-east-1".to_owned(),
        zone: Some((*zone).to_owned()),
        unit: Unit::Hour,
        micro_usd: *micro_usd,
        since: Some(at(since)),
    };
    LivePrices {
        provider: Provider::Eks,
        source: Source::live("EC2 spot price history", at("2026-11-21T12:00:00Z")),
        prices: told.iter().map(price).collect(),
    }
}

fn micro(price: Option<Price>) -> Option<u64> {
    price.map(|price| price.micro_usd)
}

#[test]
fn a_live_price_lies_over_a_fact_and_an_own_one_over_both() {
    let facts = PriceBook::facts();
    assert_eq!(micro(facts.find(aws(&[]), &p4d(Bought::OnDemand))), Some(21_957_642));
    assert_eq!(facts.find(aws(&[]), &p4d(Bought::Spot)), None);
    let live = LivePrices {
        prices: vec![LivePrice {
            item: p4d(Bought::OnDemand),
            zone: None,
            since: None,
            micro_usd: 20_000_000,
            ..spot(&[("us-east-1a", "2026-11-21T00:00:00Z", 1)]).prices[0].clone()
        }],
        ..spot(&[])
    };
    let book = facts.with_live(&live);
    let found = book.find(aws(&[]), &p4d(Bought::OnDemand)).expect("a price");
    assert_eq!(
        (found.micro_usd, found.source.basis, found.source.date.as_str()),
        (20_000_000, Basis::Live, "2026-11-21")
    );
    let own = "apiVersion: berth/v1\nkind: Prices\nspec: {prices: [{provider: eks, machineType: p4d.24xlarge, usdPerHour: 18.25}]}\n";
    let book = book.with_own(check_prices("prices.yaml", own).expect("right"));
    let found = book.find(aws(&[]), &p4d(Bought::OnDemand)).expect("a price");
    assert_eq!(
        (found.micro_usd, found.source.basis, found.source.name.as_str()),
        (18_250_000, Basis::Own, "prices.yaml")
    );
    // The own price is of machines on demand; spot stays as it was.
    assert_eq!(book.find(aws(&[]), &p4d(Bought::Spot)), None);
}

#[test]
fn a_pool_in_several_zones_pays_the_dearest_of_them() {
    let book = PriceBook::facts().with_live(&spot(&[
        ("us-east-1a", "2026-11-20T00:00:00Z", 8_000_000),
        ("us-east-1b", "2026-11-20T00:00:00Z", 9_000_000),
        ("us-east-1c", "2026-11-20T00:00:00Z", 7_000_000),
        ("us-east-1a", "2026-11-21T00:00:00Z", 9_500_000),
    ]));
    let find = |zones: &[&str]| {
        let zones: Vec<String> = zones.iter().map(|zone| (*zone).to_owned()).collect();
        book.find(aws(&zones), &p4d(Bought::Spot)).map(|price| (price.micro_usd, price.zone.unwrap_or_default()))
    };
    assert_eq!(find(&["us-east-1b", "us-east-1c"]), Some((9_000_000, "us-east-1b".to_owned())));
    assert_eq!(find(&[]), Some((9_500_000, "us-east-1a".to_owned())), "moved up since");
    assert_eq!(find(&["us-east-1c"]), Some((7_000_000, "us-east-1c".to_owned())));
    assert_eq!(find(&["us-east-1f"]), None, "a price of another zone is none of this one");
}

#[test]
fn a_price_that_moved_is_told_with_its_times_and_only_where_it_changed() {
    let book = PriceBook::facts().with_live(&spot(&[
        ("us-east-1b", "2026-11-20T06:00:00Z", 5_000_000),
        ("us-east-1a", "2026-11-20T00:00:00Z", 8_000_000),
        ("us-east-1a", "2026-11-20T12:00:00Z", 4_000_000),
    ]));
    let told: Vec<(Timestamp, u64)> = book
        .over_time(aws(&[]), &p4d(Bought::Spot))
        .into_iter()
        .map(|(since, price)| (since, price.micro_usd))
        .collect();
    assert_eq!(told, [(at("2026-11-20T00:00:00Z"), 8_000_000), (at("2026-11-20T12:00:00Z"), 5_000_000)]);
}

#[test]
fn a_discount_is_taken_off_what_it_names_and_not_off_an_own_price() {
    let own = "apiVersion: berth/v1\nkind: Prices\nspec:\n  prices: [{provider: gke, machineType: a2-highgpu-8g, usdPerHour: 20}]\n  \
               discounts:\n    - {provider: gke, kind: machine, family: a2, capacity: on-demand, percent: 12.5}\n    - {provider: gke, region: us-central1, percent: 10}\n";
    let book = PriceBook::facts().with_own(check_prices("own.yaml", own).expect("right"));
    let find =
        |region: &str, item: Item| micro(book.find(Market { provider: Provider::Gke, region, zones: &[] }, &item));
    // 3.673385 x 0.875 = 3.214211875, 1.92802 x 0.9 = 1.735218; the own price as it is.
    assert_eq!(find("us-central1", Item::machine("a2-highgpu-1g", Bought::OnDemand)), Some(3_214_212));
    assert_eq!(find("us-central1", Item::machine("a2-highgpu-1g", Bought::Spot)), Some(1_735_218));
    assert_eq!(find("us-central1", Item::machine("a2-highgpu-8g", Bought::OnDemand)), Some(20_000_000));
    // 0.17 x 0.9; in another region neither discount is given on spot.
    assert_eq!(find("us-central1", Item::Disk("pd-ssd".to_owned())), Some(153_000));
    assert_eq!(find("us-east1", Item::machine("a2-highgpu-1g", Bought::Spot)), Some(1_928_020));
    let found = book.find(
        Market { provider: Provider::Gke, region: "us-central1", zones: &[] },
        &Item::machine("a2-highgpu-1g", Bought::OnDemand),
    );
    let source = found.expect("a price").source;
    assert!(source.name.ends_with(", less 12.50 % by own.yaml"), "{}", source.name);
    assert_eq!(source.basis, Basis::Secondary, "a discount makes a price no surer");
}

#[test]
fn of_several_files_the_last_one_that_has_a_price_holds() {
    let file = |name: &str, body: &str| {
        check_prices(name, &format!("apiVersion: berth/v1\nkind: Prices\nspec: {body}\n")).expect("right")
    };
    let first = "{prices: [{provider: eks, disk: gp3, usdPerGbMonth: 0.07}, {provider: eks, disk: gp2, usdPerGbMonth: 0.09}], \
                 discounts: [{provider: eks, percent: 50}]}";
    let book = PriceBook::facts();
    let book = book.with_own(file("first.yaml", first));
    let book = book.with_own(file("second.yaml", "{prices: [{provider: eks, disk: gp3, usdPerGbMonth: 0.06}]}"));
    let find = |item: Item| book.find(aws(&[]), &item).map(|price| (price.micro_usd, price.source.name.clone()));
    assert_eq!(find(Item::Disk("gp3".to_owned())), Some((60_000, "second.yaml".to_owned())));
    assert_eq!(find(Item::Disk("gp2".to_owned())), Some((90_000, "first.yaml".to_owned())));
    // 0.10 halved by the first file, which the second one says nothing of.
    assert_eq!(find(Item::ControlPlane).map(|(micro_usd, _)| micro_usd), Some(50_000));
}

#[test]
fn what_is_wrong_with_a_file_comes_with_its_place_and_a_way_out() {
    let text = "apiVersion: berth/v1\nkind: Prices\nspec:\n  prices:\n    - {provider: gke, machineTyp: n2-standard-4, usdPerHour: 1}\n    \
                - {provider: gcp, machineType: x, usdPerHour: 1}\n    - {provider: eks, machineType: m5.xlarg, usdPerHour: 1}\n    \
                - {provider: gke, disk: pd-ssd, usdPerHour: 1}\n    - {provider: gke, gpu: t5, usdPerHour: 1}\n  discounts:\n    \
                - {provider: gke, region: us-centrall1, percent: 12.345}\n    - {provider: gke, kind: machines, percent: 5}\n    - {percent: 5}\n";
    let problems: Vec<String> =
        check_prices("p.yaml", text).expect_err("wrong").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"), @"
    p.yaml:5:7: spec.prices[0]: a price is of one thing: give one of these fields (accepted: machineType, gpu, disk, fee)
    p.yaml:5:23: spec.prices[0].machineTyp: unknown field `machineTyp`; did you mean `machineType`? (accepted: capacity, disk, fee, gpu, machineType, provider, region, usdPerGbMonth, usdPerHour)
    p.yaml:6:18: spec.prices[1].provider: unknown value `gcp`; did you mean `gke`? (accepted: gke, eks)
    p.yaml:7:36: spec.prices[2].machineType: `m5.xlarg` is no machine type of eks; did you mean `m5.xlarge`?
    p.yaml:8:37: spec.prices[3].usdPerHour: the price of pd-ssd is given as `usdPerGbMonth`
    p.yaml:9:28: spec.prices[4].gpu: unknown GPU `t5`; did you mean `t4`? (accepted: t4, v100, p100, p4, a100-40gb, a100-80gb, l4, h100-80gb, h100-mega-80gb, h200-141gb)
    p.yaml:11:31: spec.discounts[0].region: unknown gke region `us-centrall1`; did you mean `us-central1`?
    p.yaml:11:54: spec.discounts[0].percent: must be a percentage with at most two digits behind the point, such as `20` or `12.5`
    p.yaml:12:29: spec.discounts[1].kind: unknown value `machines`; did you mean `machine`? (accepted: machine, gpu, disk, control-plane, network)
    p.yaml:13:7: spec.discounts[2]: missing field `provider`
    ");
}

/// What is wrong with the entries of a list; the first of them is on line 5.
fn said(list: &str, entries: &[&str]) -> Vec<String> {
    let lines: String = entries.iter().map(|entry| format!("    - {{{entry}}}\n")).collect();
    let text = format!("apiVersion: berth/v1\nkind: Prices\nspec:\n  {list}:\n{lines}");
    let problems = check_prices("p.yaml", &text).err().unwrap_or_default();
    problems.iter().map(|problem| problem.to_string().replacen("p.yaml:", "", 1)).collect()
}

#[test]
fn what_would_never_be_used_is_wrong() {
    let prices = [
        "provider: gke, disk: pd-sd, usdPerGbMonth: 1",
        "provider: eks, disk: pd-ssd, usdPerGbMonth: 1",
        "provider: gke, fee: control-plane-extended, usdPerHour: 1",
        "provider: eks, fee: extended-channel, usdPerHour: 1",
        "provider: gke, fee: address, usdPerHour: 1e300",
        "provider: eks, machineType: m5.large, region: us-east-1, usdPerHour: 1",
        "provider: eks, machineType: m5.large, usdPerHour: 2",
        "provider: eks, machineType: m5.large, region: us-east-2, usdPerHour: 3",
        "provider: eks, machineType: m5.large, capacity: spot, usdPerHour: 1",
    ];
    let found = said("prices", &prices);
    let wanted = [
        (5, "prices[0].disk: unknown disk type `pd-sd` on gke; did you mean `pd-ssd`? (accepted: pd-standard, "),
        (6, "prices[1].disk: unknown disk type `pd-ssd` on eks"),
        (7, "prices[2].fee: GKE takes extended support beside its fee; give `extended-channel`"),
        (8, "prices[3].fee: EKS has one fee with extended support in it; give `control-plane-extended`"),
        (9, "prices[4].usdPerHour: must be at most 18446744073709 USD"),
        (12, "prices[7]: never used: spec.prices[6] is of the same thing and comes first"),
    ];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, (line, words)) in found.iter().zip(wanted) {
        assert!(found.starts_with(&format!("{line}:")) && found.contains(words), "{found}");
    }
    let discounts = [
        "provider: gke, kind: disk, family: a2, percent: 5",
        "provider: gke, kind: network, capacity: spot, percent: 5",
        "provider: eks, kind: gpu, capacity: spot, percent: 5",
        "provider: gke, kind: gpu, capacity: spot, percent: 5",
        "provider: gke, family: a2, capacity: spot, percent: 5",
    ];
    let found = said("discounts", &discounts);
    let wanted = ["only machines have a family", "only machines and GPUs are sold as spot", "EC2 sells GPUs with"];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, words) in found.iter().zip(wanted) {
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_discount_on_a_family_that_its_cloud_has_not_is_wrong() {
    let discounts = [
        "provider: gke, family: zz, percent: 10",
        "provider: gke, family: g5, percent: 10",
        "provider: eks, family: a2, percent: 10",
        "provider: eks, family: p4, kind: machine, percent: 10",
        "provider: gke, family: e2, percent: 10",
        "provider: gke, family: t2d, percent: 10",
        "provider: eks, family: p3dn, percent: 10",
        "provider: eks, family: m7i, percent: 10",
        // Not in the catalog; their prices can be live ones or own ones.
        "provider: eks, family: m8g, percent: 10",
        "provider: gke, family: c4a, percent: 10",
        "provider: gke, family: g4, percent: 10",
        "provider: eks, family: t2, percent: 10",
        "provider: eks, family: p6-b200, percent: 10",
    ];
    insta::assert_snapshot!(said("discounts", &discounts).join("\n"), @"
    5:31: spec.discounts[0].family: unknown machine family `zz` on gke (accepted: a2, a3, c2, c2d, c3, c3d, e2, g2, n1, n2, n2d, n4, t2d)
    6:31: spec.discounts[1].family: unknown machine family `g5` on gke; did you mean `g2`? (accepted: a2, a3, c2, c2d, c3, c3d, e2, g2, n1, n2, n2d, n4, t2d)
    7:31: spec.discounts[2].family: unknown machine family `a2` on eks (accepted: c6i, g4dn, g5, g6, m5, m6i, m7i, p3, p3dn, p4d, p4de, p5, p5e, p5en, r6i, t3)
    8:31: spec.discounts[3].family: unknown machine family `p4` on eks; did you mean `p3`? (accepted: c6i, g4dn, g5, g6, m5, m6i, m7i, p3, p3dn, p4d, p4de, p5, p5e, p5en, r6i, t3)
    ");
}

#[test]
fn a_discount_on_n1_is_given_on_its_custom_machines_too() {
    let own = "apiVersion: berth/v1\nkind: Prices\nspec: {discounts: [{provider: gke, family: n1, percent: 10}]}\n";
    let discounts = check_prices("own.yaml", own).expect("right").discounts;
    let fits = |name: &str| discounts[0].fits(Provider::Gke, &Item::machine(name, Bought::Spot), "us-central1");
    assert!(fits("custom-4-8192") && fits("n1-standard-4") && !fits("n2-custom-4-8192"));
}

#[test]
fn a_discount_behind_others_that_take_all_of_it_is_wrong() {
    let discounts = [
        "provider: gke, percent: 50",
        "provider: gke, kind: machine, percent: 10",
        "provider: eks, kind: machine, capacity: spot, percent: 10",
        // On EKS only machines are sold as spot.
        "provider: eks, capacity: spot, percent: 20",
        "provider: eks, kind: machine, percent: 5",
        "provider: eks, kind: machine, capacity: on-demand, region: us-east-1, percent: 10",
        "provider: eks, family: g5, capacity: spot, percent: 10",
        "provider: eks, percent: 1",
    ];
    insta::assert_snapshot!(said("discounts", &discounts).join("\n"), @"
    6:7: spec.discounts[1]: never used: all that it fits is taken first by spec.discounts[0]
    8:7: spec.discounts[3]: never used: all that it fits is taken first by spec.discounts[2]
    10:7: spec.discounts[5]: never used: all that it fits is taken first by spec.discounts[4]
    11:7: spec.discounts[6]: never used: all that it fits is taken first by spec.discounts[2]
    ");
    // Each takes a part of it, and together they take all.
    let both = [
        "provider: gke, kind: machine, capacity: spot, percent: 50",
        "provider: gke, kind: machine, capacity: on-demand, percent: 40",
        "provider: gke, family: a2, percent: 10",
    ];
    insta::assert_snapshot!(said("discounts", &both).join("\n"), @"7:7: spec.discounts[2]: never used: all that it fits is taken first by spec.discounts[0] and spec.discounts[1]");
    let apart = [
        "provider: gke, region: us-central1, percent: 50",
        "provider: gke, kind: machine, family: a2, percent: 40",
        "provider: gke, kind: machine, percent: 30",
        // Of this only GPUs are left.
        "provider: gke, capacity: spot, percent: 20",
        "provider: gke, percent: 10",
    ];
    assert_eq!(said("discounts", &apart), [""; 0]);
}

#[test]
fn what_is_no_file_of_prices_is_said_at_once() {
    let said = |text: &str| {
        let problems = check_prices("p.yaml", text).expect_err("wrong");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(said("- 1"), @"p.yaml:1:1: expected a map of fields, found a list");
    insta::assert_snapshot!(said("apiVersion: berth/v1\nkind: Cluster\nspec: {}"), @"p.yaml:2:7: kind: this is a Cluster file, and a Prices file is needed here (accepted: Prices)");
    insta::assert_snapshot!(said("apiVersion: berth/v1\nkind: Prices\nspec: {prices: 3}"), @"p.yaml:3:16: spec.prices: expected a list, found the number `3`");
    let of = |price: &str| {
        said(&format!("apiVersion: berth/v1\nkind: Prices\nspec: {{prices: [{{provider: eks, {price}}}]}}"))
    };
    insta::assert_snapshot!(of("machineType: m5.large, usdPerHour: -1"), @"p.yaml:3:68: spec.prices[0].usdPerHour: `-1` must be at least 0.000001");
    insta::assert_snapshot!(of("machineType: m5.large, usdPerHour: '0.0000001'"), @"p.yaml:3:68: spec.prices[0].usdPerHour: must be an amount of USD above 0; what is smaller than 0.000001 counts as 0");
    insta::assert_snapshot!(of("machineType: m5.large, usdPerHour: much"), @"p.yaml:3:68: spec.prices[0].usdPerHour: `much` must be an amount of US dollars such as `0.526`");
    insta::assert_snapshot!(said("a: [1"), @"p.yaml:1:4: not valid YAML: unclosed bracket '['");
}

#[test]
fn live_prices_survive_their_file() {
    let live = spot(&[("us-east-1a", "2026-11-20T00:00:00Z", 8_000_000)]);
    let text = serde_json::to_string(&live).expect("JSON");
    assert_eq!(serde_json::from_str::<LivePrices>(&text).expect("the same"), live);
    insta::assert_snapshot!(text, @r#"{"provider":"eks","source":{"name":"EC2 spot price history","date":"2026-11-21","basis":"live","fetched":"2026-11-21T12:00:00Z"},"prices":[{"item":{"machine":{"name":"p4d.24xlarge","bought":"spot"}},"region":"us-east-1","zone":"us-east-1a","unit":"hour","microUsd":8000000,"since":"2026-11-20T00:00:00Z"}]}"#);
}
