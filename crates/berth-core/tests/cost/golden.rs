//! Estimates worked by hand, to the cent; the working stands beside each.
//!
//! A month has 730 hours. A plus behind an amount means "at least": some part of it has no price in the book.

use berth_core::cost::{
    Basis, Bought, Estimate, Item, LivePrice, LivePrices, PriceBook, Quote, Schedule, Source, Span, Unit,
};
use berth_core::spec::{Provider, check_quotas};

use crate::world::{all, by, cents, meant, of_pools, pool, priced, shipped};

#[test]
fn the_dubbing_cluster_on_gke() {
    let estimate = priced(&shipped("ai-dubbing-gke"));
    // n2-standard-4 on-demand 0.194236 x 730 = 141.79228, 100 GB pd-balanced x 0.10 = 10.00: a node 151.79228.
    // 2 nodes 303.58456, (2 + 10) / 2 = 6 nodes 910.75368, 10 nodes 1517.9228.
    assert_eq!(all(pool(&estimate, "cpu-pool").total()), ["303.58", "910.75", "1517.92"]);
    // a2-highgpu-1g on-demand with its A100 3.673385 x 730 = 2681.57105, 200 GB pd-ssd x 0.17 = 34.00: a node 2715.57105.
    // 0 nodes, 2 nodes 5431.1421, 4 nodes 10862.2842.
    assert_eq!(all(pool(&estimate, "gpu-a100-pool").total()), ["0.00", "5431.14", "10862.28"]);
    // n1-standard-8 spot 0.13402 x 730 = 97.8346, V100 spot 0.992 x 730 = 724.16, 200 GB pd-ssd 34.00: a node 855.9946.
    // 1 node, (1 + 8) / 2 rounded up = 5 nodes 4279.973, 8 nodes 6847.9568.
    assert_eq!(all(pool(&estimate, "gpu-v100-pool").total()), ["855.99", "4279.97", "6847.96"]);
    // The same nodes on demand: 0.379998 x 730 = 277.39854, 2.48 x 730 = 1810.40, 34.00: a node 2121.79854, 8 of them 16974.38832.
    assert_eq!(all(pool(&estimate, "gpu-v100-pool").on_demand()), ["2121.80", "10608.99", "16974.39"]);
    // 1 - 855.9946 / 2121.79854 = 0.5966.
    assert_eq!(pool(&estimate, "gpu-v100-pool").rates.savings_per_mille(), Some(597));
    // Control plane 0.10 x 730 = 73.00; the nodes' public addresses have no price.
    // 73 + 303.58456 + 855.9946 = 1232.57916; 73 + 910.75368 + 5431.1421 + 4279.973 = 10694.86878;
    // 73 + 1517.9228 + 10862.2842 + 6847.9568 = 19301.1638.
    assert_eq!(all(estimate.total()), ["1232.58+", "10694.87+", "19301.16+"]);
    assert_eq!(estimate.unknowns().len(), 1, "{:?}", estimate.unknowns());
    assert!(
        estimate.unknowns().iter().all(|why| why.contains("public IPv4 address") && why.contains("Cloud Billing API"))
    );
    // 19301.1638 / 730 = 26.43995; x 24 = 634.5588.
    assert_eq!(estimate.total().max.micro_usd(Span::Hour), 26_439_950);
    assert_eq!(estimate.total().max.micro_usd(Span::Day), 634_558_810);
}

#[test]
fn an_address_for_each_node_of_the_dubbing_cluster_on_gke() {
    let address = LivePrice {
        item: Item::Address,
        region: "us-central1".to_owned(),
        zone: None,
        unit: Unit::Hour,
        micro_usd: 4000,
        since: None,
    };
    let live = LivePrices {
        provider: Provider::Gke,
        source: Source::live("Google Cloud Billing Catalog", "2026-11-21T09:00:00Z".parse().expect("a time")),
        prices: vec![address],
    };
    let estimate = by(&shipped("ai-dubbing-gke"), &PriceBook::facts().with_live(&live));
    // 0.004 x 730 = 2.92 a node: 2 + 0 + 1 = 3 nodes 8.76, 6 + 2 + 5 = 13 nodes 37.96, 10 + 4 + 8 = 22 nodes 64.24.
    let addresses = estimate.lines.iter().find(|line| line.what.contains("addresses")).expect("there are addresses");
    assert_eq!(all(addresses.amount()), ["8.76", "37.96", "64.24"]);
    // 1232.57916 + 8.76 = 1241.33916; 10694.86878 + 37.96 = 10732.82878; 19301.1638 + 64.24 = 19365.4038: nothing is unknown any more.
    assert_eq!(all(estimate.total()), ["1241.34", "10732.83", "19365.40"]);
}

#[test]
fn the_services_of_the_dubbing_cluster_on_gke() {
    let estimate = priced(&shipped("ai-dubbing-gke"));
    // At most nodes 4 x 1 x 4 + 8 x 1 x 2 = 32 shares for 10862.2842 + 6847.9568 = 17710.241; the quotas allow 4 + 2 + 4 + 2 = 12.
    // 4 shares of 32: 2213.780125; 2 shares: 1106.8900625; 20 shares idle: 11068.900625.
    // At fewest 2 shares for 855.9946, fewer than 12: 4 of 12 are 285.3315, 2 of 12 142.6658, nothing idle.
    // Halfway 2 x 4 + 5 x 2 = 18 shares for 5431.1421 + 4279.973 = 9711.1151: 4 are 2158.0256, 2 are 1079.0128, 6 idle 3237.0384.
    let of = |name: &str| {
        let service = estimate.services.iter().find(|service| service.name == name).expect("the service is there");
        (service.shares, all(service.amount))
    };
    assert_eq!(of("stt"), (4, ["285.33", "2158.03", "2213.78"].map(str::to_owned)));
    assert_eq!(of("mt"), (2, ["142.67", "1079.01", "1106.89"].map(str::to_owned)));
    assert_eq!(of("tts"), of("stt"));
    assert_eq!(of("lip-sync"), of("mt"));
    assert_eq!(all(estimate.idle()), ["0.00", "3237.04", "11068.90"]);
    // Control plane and cpu-pool: 73 + 303.58456, 73 + 910.75368, 73 + 1517.9228.
    assert_eq!(all(estimate.undivided()), ["376.58+", "983.75+", "1590.92+"]);
}

#[test]
fn the_services_of_the_dubbing_cluster_on_gke_that_works_on_weekdays() {
    let schedule = Schedule::parse("weekdays 8-20").expect("a schedule");
    let spec = shipped("ai-dubbing-gke");
    let by = priced(&spec).by(&schedule, &priced(&schedule.rest(&spec)));
    // 5 x 12 = 60 of 168 hours of a week as above, the other 108 at the fewest nodes, where 4 shares cost 285.33153 and 2 142.66577.
    // stt halfway 2158.02558 x 60 / 168 + 285.33153 x 108 / 168 = 954.15083; at most 2213.78013 x 60 / 168 + 183.42741 = 974.06317.
    // mt halfway 1079.01279 x 60 / 168 + 142.66577 x 108 / 168 = 477.07542; at most 1106.89006 x 60 / 168 + 91.71371 = 487.03159.
    let of = |name: &str| all(by.services.iter().find(|(service, _)| service == name).expect("it is there").1);
    assert_eq!(of("stt"), ["285.33", "954.15", "974.06"]);
    assert_eq!(of("mt"), ["142.67", "477.08", "487.03"]);
    // Nothing is idle at the fewest nodes: 3237.03837 x 60 / 168 = 1156.08513; 11068.90063 x 60 / 168 = 3953.17880.
    assert_eq!(all(by.idle()), ["0.00", "1156.09", "3953.18"]);
    // 376.58456; 983.75368 x 60 / 168 + 376.58456 x 108 / 168 = 593.43067; 1590.9228 x 60 / 168 + 242.09007 = 810.27679.
    assert_eq!(all(by.undivided()), ["376.58+", "593.43+", "810.28+"]);
    // 10694.86878 x 60 / 168 + 1232.57916 x 108 / 168 = 4611.96831; 19301.1638 x 60 / 168 + 792.37232 = 7685.64510.
    assert_eq!(all(by.total()), ["1232.58+", "4611.97+", "7685.65+"]);
}

#[test]
fn the_dubbing_cluster_on_eks() {
    let estimate = priced(&shipped("ai-dubbing-eks"));
    // m5.xlarge 0.192 x 730 = 140.16, 100 GB gp3 x 0.08 = 8.00: a node 148.16; 2, 6 and 10 of them.
    assert_eq!(all(pool(&estimate, "cpu-pool").total()), ["296.32", "888.96", "1481.60"]);
    // p4d spot has no price; 200 GB gp3 are 16.00 a node. At no nodes nothing is to be paid, whatever the price.
    let p4d = pool(&estimate, "gpu-a100-pool");
    assert_eq!(all(p4d.total()), ["0.00", "16.00+", "32.00+"]);
    // On demand 21.957642 x 730 = 16029.07866 + 16 = 16045.07866 a node, 2 of them 32090.15732.
    assert_eq!(all(p4d.on_demand()), ["0.00", "16045.08", "32090.16"]);
    assert_eq!(p4d.rates.savings_per_mille(), None);
    // g4dn.xlarge spot has no price either; 2, 5 and 8 disks of 16.00.
    assert_eq!(all(pool(&estimate, "gpu-t4-pool").total()), ["32.00+", "80.00+", "128.00+"]);
    // On demand 0.526 x 730 = 383.98 + 16 = 399.98 a node.
    assert_eq!(all(pool(&estimate, "gpu-t4-pool").on_demand()), ["799.96", "1999.90", "3199.84"]);
    // Control plane 73.00, one NAT gateway 0.045 x 730 = 32.85, its address 0.005 x 730 = 3.65: 109.50.
    // 109.50 + 296.32 + 32 = 437.82; 109.50 + 888.96 + 16 + 80 = 1094.46; 109.50 + 1481.60 + 32 + 128 = 1751.10.
    assert_eq!(all(estimate.total()), ["437.82+", "1094.46+", "1751.10+"]);
    let unknowns: Vec<&str> = estimate.unknowns().into_iter().collect();
    assert_eq!(unknowns.len(), 2, "{unknowns:?}");
    assert!(unknowns.iter().all(|why| why.contains("ec2:DescribeSpotPriceHistory")), "{unknowns:?}");
}

#[test]
fn gpus_attached_to_an_n1_machine() {
    let spec = of_pools(
        "provider: gke\n  zone: us-central1-a\n  gke: {privateNodes: true}",
        "    - {name: t4, machineType: n1-standard-16, gpu: {type: t4, count: 4, sharing: {shares: 4}}, nodes: {min: 1, max: 3}, \
         disk: {sizeGb: 100, type: pd-standard}}\n",
    );
    let estimate = priced(&spec);
    let t4 = pool(&estimate, "t4");
    // n1-standard-16 0.759996 x 730 = 554.79708, 4 T4 x 0.35 x 730 = 1022.00, 100 GB pd-standard x 0.04 = 4.00: 1580.79708 a node.
    assert_eq!(all(t4.total()), ["1580.80", "3161.59", "4742.39"]);
    // A quarter is 395.19927; a sixteenth 98.7998175.
    assert_eq!(t4.rates.gpu.map(cents).as_deref(), Some("395.20"));
    assert_eq!(t4.rates.share.map(cents).as_deref(), Some("98.80"));
    // Spot: 0.26804 x 730 = 195.6692, 4 x 0.14 x 730 = 408.80, 4.00: 608.4692 a node.
    assert_eq!(all(t4.spot()), ["608.47", "1216.94", "1825.41"]);
    // Nodes without public addresses leave nothing unknown: 1580.79708 + 73.00.
    assert_eq!(all(estimate.total()), ["1653.80", "3234.59", "4815.39"]);
    assert!(estimate.notes.iter().any(|note| note.contains("Cloud NAT")), "{:?}", estimate.notes);
}

#[test]
fn a_time_sliced_gpu_between_two_services() {
    let mut spec = of_pools(
        "provider: gke\n  zone: us-central1-a\n  gke: {privateNodes: true}",
        "    - {name: l4, machineType: g2-standard-4, gpu: {type: l4, count: 1, sharing: {shares: 4}}, nodes: {min: 1, max: 1}, \
         disk: {sizeGb: 100, type: pd-ssd}}\n",
    );
    let quotas = "apiVersion: berth/v1\nkind: ServiceQuotas\nspec: {services: {a: {cpu: 1, memory: 1Gi, gpus: 1}, b: {cpu: 1, memory: 1Gi, gpus: 2}}}\n";
    spec.quotas = check_quotas("quotas.yaml", quotas).ok();
    let estimate = priced(&spec);
    let split = pool(&estimate, "l4").split.clone().expect("a pool with GPUs and quotas");
    // g2-standard-4 0.706832 x 730 = 515.98736, 100 GB pd-ssd 17.00: 532.98736; a quarter 133.24684, two 266.49368, one idle.
    let parts: Vec<String> = split.services.iter().map(|part| cents(part.amount.min)).collect();
    assert_eq!((parts, cents(split.idle.min)), (vec!["133.25".to_owned(), "266.49".to_owned()], "133.25".to_owned()));
}

#[test]
fn an_eks_version_in_extended_support() {
    let of = |version: &str, support: &str| {
        let place =
            format!("provider: eks\n  region: us-east-1\n  eks: {{version: \"{version}\", support: {support}}}");
        let pools =
            "    - {name: cpu, machineType: m5.large, nodes: {min: 1, max: 3}, disk: {sizeGb: 100, type: gp3}}\n";
        let estimate = priced(&of_pools(&place, pools));
        (cents(estimate.lines[0].amount().min), all(estimate.total()))
    };
    // m5.large 0.096 x 730 = 70.08, 100 GB gp3 x 0.08 = 8.00: a node 78.08; a NAT gateway 32.85 and its address 3.65: 36.50.
    // On 2026-11-21 the standard support of 1.31 has ended a year ago, that of 1.34 ends in eleven days.
    // 0.60 x 730 = 438.00; 438.00 + 36.50 + 78.08 = 552.58; with 2 nodes + 156.16 = 630.66; with 3 + 234.24 = 708.74.
    let extended = ("438.00".to_owned(), ["552.58", "630.66", "708.74"].map(str::to_owned));
    // 0.10 x 730 = 73.00; 73.00 + 36.50 + 78.08 = 187.58; with 2 nodes 265.66; with 3 343.74.
    let standard = ("73.00".to_owned(), ["187.58", "265.66", "343.74"].map(str::to_owned));
    assert_eq!(of("1.31", "extended"), extended);
    assert_eq!(of("1.34", "extended"), standard);
    // EKS upgrades it instead, so that it never costs more.
    assert_eq!(of("1.31", "standard"), standard);
}

#[test]
fn an_eks_version_that_is_no_longer_supported() {
    let of = |version: &str, support: &str| {
        let place =
            format!("provider: eks\n  region: us-east-1\n  eks: {{version: \"{version}\", support: {support}}}");
        let pools = "    - {name: cpu, machineType: m5.large, nodes: {min: 1, max: 3}}\n";
        let estimate = priced(&of_pools(&place, pools));
        (cents(estimate.lines[0].amount().min), estimate.notes.join("\n"))
    };
    let older = "version 1.20 is older than berth's list, and EKS no longer supports it [U]; it is priced as in";
    let (fee, notes) = of("1.20", "extended");
    assert!(fee == "438.00" && notes.contains(&format!("{older} extended support")), "{fee} {notes}");
    let (fee, notes) = of("1.20", "standard");
    assert!(fee == "73.00" && notes.contains(&format!("{older} standard support")), "{fee} {notes}");
    let (fee, notes) = of("1.31", "extended");
    assert!(fee == "438.00" && notes.contains("version 1.31 is in extended support"), "{fee} {notes}");
}

#[test]
fn the_extended_channel_of_gke() {
    let spec = of_pools(
        "provider: gke\n  zone: us-central1-a\n  gke: {releaseChannel: extended, privateNodes: true}",
        "    - {name: cpu, machineType: n2-standard-4, nodes: {min: 1, max: 3}, disk: {sizeGb: 100, type: pd-balanced}}\n",
    );
    let estimate = priced(&spec);
    // What the channel adds has no price in the book, and is never taken for nothing.
    let channel = estimate.lines.iter().find(|line| line.what == "extended support").expect("the line is there");
    assert_eq!(all(channel.amount()), ["?", "?", "?"]);
    let unknowns = estimate.unknowns();
    assert!(unknowns.len() == 1 && unknowns.iter().all(|why| why.contains("extended support")), "{unknowns:?}");
    // n2-standard-4 0.194236 x 730 = 141.79228, 100 GB pd-balanced x 0.10 = 10.00: a node 151.79228; the fee 0.10 x 730 = 73.00.
    // 73 + 151.79228 = 224.79228; 73 + 303.58456 = 376.58456; 73 + 455.37684 = 528.37684; each at least.
    assert_eq!(all(estimate.total()), ["224.79+", "376.58+", "528.38+"]);
}

#[test]
fn a_nat_gateway_in_each_zone() {
    let spec = of_pools(
        "provider: eks\n  region: us-east-1\n  eks: {vpc: {nat: per-zone}}",
        "    - {name: cpu, machineType: m5.large, zones: [us-east-1a, us-east-1b, us-east-1c], nodes: {min: 0, max: 1}}\n",
    );
    // 73.00 + 3 x (32.85 + 3.65) = 182.50.
    assert_eq!(cents(priced(&spec).total().min), "182.50");
}

#[test]
fn spot_with_on_demand_behind_it_is_dearest_at_its_most() {
    let pools = "    - {name: v100, machineType: n1-standard-8, gpu: {type: v100, count: 1}, capacity: spot-then-on-demand, \
                 nodes: {min: 1, max: 2}, disk: {sizeGb: 200, type: pd-ssd}}\n";
    let spec = of_pools("provider: gke\n  zone: us-central1-a", &pools.replace("spot-then-on-demand", "spot"));
    let spot = priced(&spec);
    let mut both = spec;
    both.pools[0].capacity = berth_core::spec::Capacity::SpotThenOnDemand;
    let both = priced(&both);
    // A node is 855.9946 as spot and 2121.79854 on demand, as in the dubbing cluster; at most 2 nodes 4243.59708.
    assert_eq!(all(pool(&spot, "v100").total()), ["855.99", "1711.99", "1711.99"]);
    assert_eq!(all(pool(&both, "v100").total()), ["855.99", "1711.99", "4243.60"]);
}

#[test]
fn a_region_the_book_does_not_have_is_unknown_and_not_free() {
    let text = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  provider: eks\n  region: eu-west-1\n  nodePools:\n    \
                - {name: cpu, machineType: m5.large, nodes: {min: 1, max: 2}}\n";
    let estimate = priced(&meant(text, Some(Provider::Eks)));
    assert_eq!(all(estimate.total()), ["?", "?", "?"]);
    assert!(estimate.unknowns().iter().all(|why| why.contains("us-east-1 only")), "{:?}", estimate.unknowns());
    assert!(estimate.sources().is_empty());
    assert!(!has_legend(&estimate.notes), "{:?}", estimate.notes);
    let dated = text.replace("eu-west-1\n", "eu-west-1\n  eks: {version: \"1.33\"}\n");
    let notes = priced(&meant(&dated, Some(Provider::Eks))).notes;
    assert!(notes.iter().any(|note| note.contains("[U]")) && has_legend(&notes), "{notes:?}");
}

/// Whether a note says what marks mean.
fn has_legend(notes: &[String]) -> bool {
    notes.iter().any(|note| note.starts_with("of what is marked"))
}

#[test]
fn every_price_says_where_it_was_read_and_whether_it_is_an_estimate() {
    for file in ["ai-dubbing-gke", "ai-dubbing-eks", "vidp-gke", "imagepod-eks"] {
        let estimate = priced(&shipped(file));
        assert!(has_legend(&estimate.notes), "{file}: {:?}", estimate.notes);
        for (pool, line) in estimate.all_lines() {
            let Quote::Known(price) = &line.quote else { continue };
            assert!(!price.source.date.is_empty(), "{pool:?} {}", line.what);
            let marked = ["[S]", "[I]", "[U]"].iter().any(|mark| price.source.name.contains(mark));
            assert_eq!(marked, price.source.basis != Basis::Listed, "{}", price.source.name);
            assert_eq!(marked, price.source.basis.word() == "estimated");
        }
    }
}

#[test]
fn a_regional_cluster_beside_a_zonal_one() {
    let of = |place: &str, zones: &str| {
        let pools = format!(
            "    - {{name: gpus, machineType: g2-standard-4, gpu: {{type: l4, count: 1}}, zones: [{zones}], nodes: {{min: 3, max: 6}}, \
             disk: {{sizeGb: 100, type: pd-balanced}}}}\n"
        );
        priced(&of_pools(&format!("provider: gke\n  {place}\n  gke: {{privateNodes: true}}"), &pools))
    };
    let regional = of("region: us-central1", "us-central1-a, us-central1-b, us-central1-c");
    let zonal = of("zone: us-central1-a", "us-central1-a");
    // Counts are totals over the zones, not for each: g2-standard-4 0.706832 x 730 = 515.98736, 100 GB pd-balanced 10.00: 525.98736 a node.
    // 3 nodes 1577.96208, 5 nodes 2629.9368, 6 nodes 3155.92416; the fee of 73.00 is the same.
    assert_eq!(all(regional.total()), ["1650.96", "2702.94", "3228.92"]);
    assert_eq!(all(zonal.total()), all(regional.total()));
    let credit = |estimate: &Estimate, words: &str| estimate.notes.iter().any(|note| note.contains(words));
    assert!(credit(&regional, "its credit for one zonal cluster does not reach it"), "{:?}", regional.notes);
    assert!(credit(&zonal, "GKE credits the fee of one zonal"), "{:?}", zonal.notes);
}

/// The dubbing cluster on EKS in two zones, with live spot prices, which the book does not have.
fn dubbing_on_eks_by_live_prices() -> Estimate {
    let spot = |machine: &str, zone: &str, micro_usd| LivePrice {
        item: Item::machine(machine, Bought::Spot),
        region: "us-east-1".to_owned(),
        zone: Some(zone.to_owned()),
        unit: Unit::Hour,
        micro_usd,
        since: None,
    };
    let live = LivePrices {
        provider: Provider::Eks,
        source: Source::live("EC2 spot price history", "2026-11-21T09:00:00Z".parse().expect("a time")),
        prices: vec![
            spot("p4d.24xlarge", "us-east-1a", 10_150_000),
            spot("p4d.24xlarge", "us-east-1b", 11_234_567),
            spot("g4dn.xlarge", "us-east-1a", 210_400),
        ],
    };
    let mut spec = shipped("ai-dubbing-eks");
    for pool in &mut spec.pools {
        pool.zones = vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    }
    by(&spec, &PriceBook::facts().with_live(&live))
}

#[test]
fn p4d_spot_is_priced_once_a_live_price_lies_over_the_facts() {
    let estimate = dubbing_on_eks_by_live_prices();
    // The dearest of the pool's zones: 11.234567 x 730 = 8201.23391, 200 GB gp3 16.00: 8217.23391 a node; 0, 1 and 2 of them.
    assert_eq!(all(pool(&estimate, "gpu-a100-pool").total()), ["0.00", "8217.23", "16434.47"]);
    // 1 - 8217.23391 / 16045.07866 = 0.4879.
    assert_eq!(pool(&estimate, "gpu-a100-pool").rates.savings_per_mille(), Some(488));
    // Eight GPUs in four shares each: 8217.23391 / 32 = 256.78856.
    assert_eq!(pool(&estimate, "gpu-a100-pool").rates.share.map(cents).as_deref(), Some("256.79"));
    // g4dn.xlarge 0.2104 x 730 = 153.592 + 16.00 = 169.592 a node; 2, 5 and 8 of them.
    assert_eq!(all(pool(&estimate, "gpu-t4-pool").total()), ["339.18", "847.96", "1356.74"]);
    // 109.50 + 296.32 + 339.184 = 745.004; 109.50 + 888.96 + 8217.23391 + 847.96 = 10063.65391;
    // 109.50 + 1481.60 + 16434.46782 + 1356.736 = 19382.30382: nothing is unknown any more.
    assert_eq!(all(estimate.total()), ["745.00", "10063.65", "19382.30"]);
    assert!(estimate.unknowns().is_empty(), "{:?}", estimate.unknowns());
    let live = estimate.sources().into_iter().find(|source| source.basis == Basis::Live).expect("a live source");
    assert_eq!((live.name.as_str(), live.date.as_str()), ("EC2 spot price history", "2026-11-21"));
}

#[test]
fn the_services_of_the_dubbing_cluster_on_eks() {
    let estimate = dubbing_on_eks_by_live_prices();
    // At most nodes 2 x 8 x 4 + 8 x 1 x 2 = 80 shares for 16434.46782 + 1356.736 = 17791.20382; the quotas allow 4 + 2 + 4 + 2 = 12.
    // 4 shares of 80: 889.560191; 2 shares: 444.7800955; 68 shares idle: 15122.523247.
    // At fewest 2 x 1 x 2 = 4 shares for 339.184, fewer than 12: 4 of 12 are 113.0613, 2 of 12 56.5307, nothing idle.
    // Halfway 8 x 4 + 5 x 2 = 42 shares for 8217.23391 + 847.96 = 9065.19391: 4 are 863.3518, 2 are 431.6759, 30 idle 6475.1385.
    let of = |name: &str| {
        let service = estimate.services.iter().find(|service| service.name == name).expect("the service is there");
        (service.shares, all(service.amount))
    };
    assert_eq!(of("stt"), (4, ["113.06", "863.35", "889.56"].map(str::to_owned)));
    assert_eq!(of("mt"), (2, ["56.53", "431.68", "444.78"].map(str::to_owned)));
    assert_eq!(of("tts"), of("stt"));
    assert_eq!(of("lip-sync"), of("mt"));
    assert_eq!(all(estimate.idle()), ["0.00", "6475.14", "15122.52"]);
    // Control plane, gateway, its address and cpu-pool: 109.50 + 296.32, 109.50 + 888.96, 109.50 + 1481.60.
    assert_eq!(all(estimate.undivided()), ["405.82", "998.46", "1591.10"]);
}

#[test]
fn three_kinds_of_disks() {
    let month = |rest: &str, machine: &str, kind: &str| {
        let pools = format!(
            "    - {{name: cpu, machineType: {machine}, nodes: {{min: 1, max: 1}}, disk: {{sizeGb: 500, type: {kind}}}}}\n"
        );
        let estimate = priced(&of_pools(rest, &pools));
        let disk = pool(&estimate, "cpu").lines.iter().find(|line| line.what.contains("disks")).cloned();
        cents(disk.expect("the disk is there").amount().min)
    };
    let gke = |kind: &str| month("provider: gke\n  zone: us-central1-a", "n2-standard-4", kind);
    // 500 GB x 0.04, 0.10, 0.17.
    assert_eq!([gke("pd-standard"), gke("pd-balanced"), gke("pd-ssd")], ["20.00", "50.00", "85.00"]);
    let eks = |kind: &str| month("provider: eks\n  region: us-east-1", "m5.large", kind);
    // 500 GB x 0.08, 0.10, 0.125.
    assert_eq!([eks("gp3"), eks("gp2"), eks("io2")], ["40.00", "50.00", "62.50"]);
}
