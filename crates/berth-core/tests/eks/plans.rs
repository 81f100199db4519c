//! Plans, findings and what both clouds promise, as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksPart, EksPartKind, EksPartRef};
use berth_core::observed::{Issue, IssueCause, Observed, ObservedCloud, Phase};
use berth_core::rules::eks::preflight::findings;
use berth_core::rules::eks::tags;
use berth_core::rules::preflight::{CloudFacts, PreflightVerdict, QuotaFact, SpotOutlook, SubnetFact};
use berth_core::spec::{Capacity, CloudSpec, ClusterSpec, EksSpec, PoolSpec, Provider};
use berth_core::verify::{Evidence, verify};
use insta::assert_snapshot;

use crate::read::{ACCOUNT, absent, present, shipped, text};
use crate::world::World;

fn made(spec: &ClusterSpec) -> World {
    let mut world = World::new();
    let plan = present(spec, &world.observed).expect("a plan");
    world.run(&plan, usize::MAX, |_| 0).expect("it can be made");
    world
}

#[test]
fn the_dubbing_cluster_from_nothing() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    assert_snapshot!(text(&present(&spec, &World::new().observed).expect("a plan")));
}

#[test]
fn the_dubbing_cluster_away() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    assert_snapshot!(text(&absent(&spec, &made(&spec).observed).expect("a plan")));
}

#[test]
fn changes_failures_and_strangers() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let mut out = String::new();
    let mut world = made(&spec);
    let pool = &mut world.cluster().expect("a cluster").pools[0];
    pool.phase = Phase::Failed;
    pool.issues = vec![Issue {
        cause: IssueCause::Stockout,
        code: "AsgInstanceLaunchFailures".to_owned(),
        message: "InsufficientInstanceCapacity".to_owned(),
    }];
    writeln!(out, "# a failed group\n{}", text(&present(&spec, &world.observed).expect("a plan"))).expect("a string");
    let mut world = made(&spec);
    world.cluster().expect("a cluster").labels.clear();
    let refusal = present(&spec, &world.observed).expect_err("not ours");
    writeln!(out, "# not ours\n{refusal}\n{}", absent(&spec, &world.observed).expect_err("not ours"))
        .expect("a string");
    let world = made(&spec);
    let mut changed = spec.clone();
    changed.pools[2].machine_type = "g4dn.2xlarge".to_owned();
    changed.pools[0].labels.insert("workload-type".to_owned(), "other".to_owned());
    changed.pools[1].taints[0].value = "present".to_owned();
    writeln!(out, "\n# a changed file\n{}", text(&present(&changed, &world.observed).expect("a plan")))
        .expect("a string");
    assert_snapshot!(out);
}

fn part(kind: EksPartKind, id: &str, part: Option<&str>) -> EksPart {
    let tags = part.map(|name| tags::part_tags("ai-dubbing-production", name)).unwrap_or_default();
    let thing = EksPartRef { kind, id: id.to_owned() };
    EksPart { thing, part: part.map(ToOwned::to_owned), state: "available".to_owned(), complete: true, tags }
}

#[test]
fn logs_go_only_with_something_that_says_it_is_ours_and_before_the_last_of_it() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let logs = part(EksPartKind::LogGroup, "/aws/eks/ai-dubbing-production/cluster", None);
    let mut world = World::new();
    world.observed.around.parts = vec![logs.clone()];
    let plan = absent(&spec, &world.observed).expect("a plan");
    assert!(plan.is_empty(), "somebody else's cluster of that name wrote them: {}", text(&plan));
    assert!(plan.notes[0].about.ends_with("/cluster") && plan.notes[0].text.starts_with("stays"), "{}", text(&plan));

    world.observed.around.parts.push(part(EksPartKind::Role, "berth-role", Some("berth-role")));
    let steps = absent(&spec, &world.observed).expect("a plan").steps;
    let titles: Vec<&str> = steps.iter().map(|step| step.title.split(' ').nth(1).expect("words")).collect();
    assert_eq!(titles, ["log", "role"], "{steps:#?}");
    assert_eq!(steps[1].after, [steps[0].id.clone()]);
    // A later look of the same deletion, which finds the group again when all else is gone.
    world.observed.around.parts.pop();
    world.observed.around.was_ours = true;
    let again = absent(&spec, &world.observed).expect("a plan");
    assert_eq!(again.steps.len(), 1, "{}", text(&again));
    world.run(&again, usize::MAX, |_| 0).expect("it can be taken away");
    assert!(world.observed.around.parts.is_empty());

    let mut world = made(&spec);
    world.observed.around.parts.push(logs);
    let plan = absent(&spec, &world.observed).expect("a plan");
    let of = |kind: EksPartKind| {
        let is_it =
            |action: &Action| matches!(action, Action::Eks(EksAction::DeletePart { part, .. }) if part.kind == kind);
        plan.steps.iter().find(|step| is_it(&step.action)).expect("a step")
    };
    let logs = plan.steps.iter().find(|step| step.id.0 == "eks/sweep/log-group").expect("a step");
    assert!(logs.after.iter().any(|id| id.0 == "eks/sweep/left"), "{:?}", logs.after);
    for kind in [EksPartKind::Role, EksPartKind::LaunchTemplate, EksPartKind::Vpc] {
        assert!(of(kind).after.contains(&logs.id), "{kind:?} goes before the logs it vouches for");
    }
}

#[test]
fn every_vpc_of_ours_is_swept() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let mut world = made(&spec);
    world.observed.around.parts.insert(0, part(EksPartKind::Vpc, "vpc-0", Some("vpc")));
    let plan = absent(&spec, &world.observed).expect("a plan");
    let swept = |word: &str| -> Vec<&str> {
        let sweeps = plan.steps.iter().filter(|step| step.id.0.starts_with(&format!("eks/sweep/{word}")));
        sweeps.map(|step| step.title.rsplit(' ').next().expect("words")).collect()
    };
    assert_eq!(swept("load-balancers").len(), 2);
    assert_eq!(swept("left").len(), 2);
    assert!(swept("left").contains(&"vpc-0"), "{:?}", swept("left"));
    world.run(&plan, usize::MAX, |_| 0).expect("it can be taken away");
    assert!(world.observed.around.parts.is_empty(), "{:?}", world.observed.around.parts);
}

#[test]
fn a_plan_says_what_it_could_not_look_for() {
    let spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let mut world = World::new();
    let line = "internet gateways: 403, takes ec2:DescribeInternetGateways";
    world.observed.around.unread = vec![line.to_owned()];
    for plan in [present(&spec, &world.observed), absent(&spec, &world.observed)] {
        let notes = plan.expect("a plan").notes;
        assert!(notes.iter().any(|note| note.about == "not looked for" && note.text == line), "{notes:?}");
    }
}

#[test]
fn in_a_given_network_only_the_clusters_own_vpc_is_swept() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let CloudSpec::Eks(eks) = &mut spec.cloud else { panic!("a file for EKS") };
    eks.subnet_ids = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
    let mut world = made(&spec);
    let ObservedCloud::Eks(description) = &mut world.cluster().expect("a cluster").cloud else { panic!("of EKS") };
    description.vpc = Some("vpc-given".to_owned());
    let plan = absent(&spec, &world.observed).expect("a plan");
    let places = plan.steps.iter().filter_map(|step| match &step.action {
        // A log group stands in no network.
        Action::Eks(EksAction::Sweep { vpc, near, kinds, .. }) if *kinds != [EksPartKind::LogGroup] => {
            Some((vpc.as_deref(), near.as_deref()))
        }
        _ => None,
    });
    assert_eq!(places.collect::<Vec<_>>(), [(None, Some("vpc-given")); 2]);
}

#[test]
fn a_new_subnet_is_given_its_table_at_once() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let mut world = made(&spec);
    let zone = "us-east-1d".to_owned();
    assert!(!spec.pools[0].zones.contains(&zone));
    spec.pools[0].zones.push(zone);
    let plan = present(&spec, &world.observed).expect("a plan");
    let step = |name: &str| plan.steps.iter().find(|step| step.id.0 == format!("eks/network/{name}"));
    let table = step("routes-public").expect("the public table gets another subnet");
    assert!(table.after.iter().any(|id| id.0 == "eks/network/subnet-public-us-east-1d"), "{:?}", table.after);
    assert!(step("routes-private-us-east-1d").is_some() && step("routes-private-us-east-1a").is_none());
    world.run(&plan, usize::MAX, |_| 0).expect("it can be made");
}

#[test]
fn preflight_says_what_is_missing() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    spec.pools[2].machine_type = "p3.2xlarge".to_owned();
    let zones: BTreeSet<String> = ["a", "b", "c", "d"].map(|letter| format!("us-east-1{letter}")).into();
    let sold = |zone: &String| {
        let types: &[&str] = if zone.ends_with('c') { &["m5.xlarge"] } else { &["m5.xlarge", "p4d.24xlarge"] };
        (zone.clone(), types.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>())
    };
    let quota = |metric: &str, limit, usage| QuotaFact {
        metric: metric.to_owned(),
        region: Some("us-east-1".to_owned()),
        limit,
        usage,
    };
    let facts = CloudFacts {
        identity: Some(format!("arn:aws:iam::{ACCOUNT}:user/deploy")),
        account: ACCOUNT.to_owned(),
        machine_types: Some(zones.iter().map(sold).collect::<BTreeMap<_, _>>()),
        zones,
        quotas: Some(vec![
            quota("L-7212CCBC", 0.0, 0.0),
            quota("L-1216C47A", 32.0, 8.0),
            quota("L-F678F1CE", 5.0, 5.0),
        ]),
        versions: vec!["1.34".to_owned(), "1.30".to_owned()],
        dear_versions: vec!["1.30".to_owned()],
        ..CloudFacts::default()
    };
    let found = findings(&spec, ACCOUNT, &Observed::default(), &facts);
    assert!(found.iter().any(|finding| finding.verdict == PreflightVerdict::Failed));
    let lines: Vec<String> =
        found.iter().map(|finding| format!("{:?} {}: {}", finding.verdict, finding.check, finding.text)).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn preflight_looks_at_given_subnets_and_at_who_reaches_the_control_plane() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let subnet = |id: &str, vpc: &str, zone: &str, zone_id: &str, free_addresses| SubnetFact {
        id: format!("subnet-{id}"),
        vpc: format!("vpc-{vpc}"),
        zone: format!("us-east-1{zone}"),
        zone_id: format!("use1-{zone_id}"),
        free_addresses,
    };
    let mut out = String::new();
    let mut say = |title: &str, spec: &ClusterSpec, observed: &Observed, subnets: Option<Vec<SubnetFact>>| {
        writeln!(out, "# {title}").expect("a string");
        let facts = CloudFacts { subnets, ..CloudFacts::default() };
        for found in findings(spec, ACCOUNT, observed, &facts) {
            if found.check.starts_with("given subnets") || found.check == "endpoint" {
                writeln!(out, "{:?} {}: {}", found.verdict, found.check, found.text).expect("a string");
            }
        }
    };
    fn eks(spec: &mut ClusterSpec) -> &mut EksSpec {
        let CloudSpec::Eks(eks) = &mut spec.cloud else { panic!("a file for EKS") };
        eks
    }
    let nobody = Observed::default();
    eks(&mut spec).public_access_cidrs = vec!["203.0.113.0/24".to_owned()];
    say("an endpoint for some, inside too", &spec, &nobody, None);
    eks(&mut spec).private_access = false;
    say("an endpoint for some, from outside alone", &spec, &nobody, None);
    let there = made(&spec).observed;
    eks(&mut spec).subnet_ids = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
    say("subnets that may not be read", &spec, &nobody, None);
    eks(&mut spec).private_access = true;
    say("one is not there", &spec, &nobody, Some(vec![subnet("1", "1", "a", "az4", 251)]));
    let far = vec![subnet("1", "1", "e", "az3", 5), subnet("2", "2", "e", "az3", 12)];
    say("all that EKS refuses", &spec, &nobody, Some(far.clone()));
    let small = vec![subnet("1", "1", "a", "az4", 17), subnet("2", "1", "b", "az6", 16)];
    say("small ones", &spec, &nobody, Some(small.clone()));
    say("good ones", &spec, &nobody, Some(vec![subnet("1", "1", "a", "az4", 251), subnet("2", "1", "b", "az6", 251)]));
    say("the cluster stands in them", &spec, &there, Some(small));
    spec.pools[0].nodes.min = 90;
    spec.pools[0].nodes.max = 90;
    say(
        "more nodes than addresses",
        &spec,
        &nobody,
        Some(vec![subnet("1", "1", "a", "az4", 17), subnet("2", "1", "b", "az6", 17)]),
    );
    assert_snapshot!(out);
}

#[test]
fn preflight_tells_the_chance_of_spot_and_its_price() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    let outlook = |pool: &str, zone: &str, score, price: &str| SpotOutlook {
        pool: pool.to_owned(),
        zone: format!("us-east-1{zone}"),
        score,
        prices: BTreeMap::from([("p4d.24xlarge".to_owned(), price.to_owned())]),
    };
    let sold = |zone: &str, types: &[&str]| {
        (format!("us-east-1{zone}"), types.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>())
    };
    let nat = |zone: &str, usage| QuotaFact {
        metric: "L-FE5A380F".to_owned(),
        region: Some(format!("us-east-1{zone}")),
        limit: 5.0,
        usage,
    };
    let a100 = "gpu-a100-pool";
    let mut facts = CloudFacts {
        spot: vec![
            outlook(a100, "a", Some(2), "11.570000"),
            outlook(a100, "b", Some(1), "9.830400"),
            outlook(a100, "c", Some(9), "9.000000"),
            outlook(a100, "d", Some(7), "not a price"),
            outlook("gpu-t4-pool", "a", None, "0.1578"),
        ],
        machine_types: Some(BTreeMap::from([sold("a", &["p4d.24xlarge"]), sold("d", &["p4d.24xlarge"])])),
        quotas: Some(vec![nat("a", 5.0), nat("b", 1.0)]),
        ..CloudFacts::default()
    };
    let mut out = String::new();
    let mut say = |title: &str, spec: &ClusterSpec, facts: &CloudFacts| {
        writeln!(out, "# {title}").expect("a string");
        for found in findings(spec, ACCOUNT, &Observed::default(), facts) {
            if found.check.starts_with("spot") || found.check.contains("NAT") || found.check == "node groups" {
                writeln!(out, "{:?} {}: {}", found.verdict, found.check, found.text).expect("a string");
            }
        }
    };
    say("low", &spec, &facts);
    facts.spot[1].score = Some(8);
    facts.quotas = Some(vec![QuotaFact { region: Some("us-east-1".to_owned()), ..nat("a", 4.0) }]);
    say("one zone is well, and NAT gateways are told for the region", &spec, &facts);
    facts.spot[1].score = None;
    spec.pools[1].capacity = Capacity::SpotThenOnDemand;
    spec.pools[1].other_machine_types = vec!["p4de.24xlarge".to_owned(), "p5.48xlarge".to_owned()];
    say("with all remedies but another zone", &spec, &facts);
    let zones = ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")).to_vec();
    let like = PoolSpec { group_per_zone: true, zones, ..spec.pools[1].clone() };
    spec.pools.extend((0..5).map(|index| PoolSpec { name: format!("more-{index}"), ..like.clone() }));
    say("many groups", &spec, &CloudFacts::default());
    assert_snapshot!(out);
}

#[test]
fn one_file_means_the_same_on_both_clouds() {
    let table = |provider| {
        let spec = shipped("clusters/ai-dubbing.yaml", Some(provider));
        let report = verify(&spec, &Evidence { cluster: &Observed::default(), nodes: &[], running: None });
        let mut table = String::new();
        for (pool, row) in spec.pools.iter().zip(&report.pools) {
            let gpus = row.gpus.as_ref().map(|gpus| (&gpus.model, gpus.per_node, gpus.shares, gpus.expected));
            writeln!(
                table,
                "{} {:?} {:?} {gpus:?} {:?} {:?}",
                pool.name, pool.nodes, pool.capacity, pool.labels, pool.taints
            )
            .expect("a string");
        }
        table
    };
    let gke = table(Provider::Gke);
    assert_eq!(gke, table(Provider::Eks));
    assert_snapshot!(gke);
}

#[test]
fn the_control_plane_stays_out_of_zones_eks_refuses() {
    let mut spec = shipped("clusters/ai-dubbing-eks.yaml", None);
    for pool in &mut spec.pools {
        pool.zones = vec!["us-east-1e".to_owned()];
    }
    // The tiny AWS refuses a control plane there, as EKS does; nodes may stand there.
    let mut world = made(&spec);
    assert_eq!(world.cluster().expect("a cluster").pools.len(), 3);
}
