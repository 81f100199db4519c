//! What preflight asks, and what is said when a part of it may not be read.

use berth_core::ports::Eyes;
use berth_core::rules::preflight::{CloudFacts, QuotaFact};
use berth_core::run::FaultKind;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::bench::Bench;
use crate::wish::{ACCOUNT, REGION, addon, cluster, file, file_with, group, network, roles, wanted};

const ON_DEMAND_STANDARD: &str = "L-1216C47A";
const SPOT_G: &str = "L-3819A6DF";
const CLUSTERS: &str = "L-1194D53C";
const VPCS: &str = "L-F678F1CE";
const ADDRESSES: &str = "L-0263D0A3";
const NATS: &str = "L-FE5A380F";

async fn facts(bench: &Bench) -> CloudFacts {
    bench.eks.facts(&file()).await.unwrap()
}

fn quota<'a>(facts: &'a CloudFacts, code: &str, place: &str) -> &'a QuotaFact {
    let mut quotas = facts.quotas.as_ref().unwrap().iter();
    quotas.find(|quota| quota.metric == code && quota.region.as_deref() == Some(place)).unwrap()
}

fn used(facts: &CloudFacts, code: &str, place: &str) -> (f64, f64) {
    let quota = quota(facts, code, place);
    (quota.usage, quota.limit)
}

fn answer(code: u16, status: &str) -> Value {
    json!({"answer": {"code": code, "status": status, "message": "You may not do this."}})
}

#[tokio::test]
async fn an_empty_account_is_described() {
    let bench = Bench::start().await;
    bench.set_quota(SPOT_G, 64.0).await;
    let facts = facts(&bench).await;
    assert_eq!(facts.unread, Vec::<String>::new());
    assert_eq!(facts.identity.as_deref(), Some("arn:aws:iam::123456789012:user/berth-sim"));
    assert_eq!(facts.account, ACCOUNT);
    assert_eq!(facts.zones.len(), 6);
    let sold = facts.machine_types.as_ref().unwrap();
    assert!(sold["us-east-1a"].contains("m5.xlarge") && sold["us-east-1a"].contains("g4dn.xlarge"), "{sold:?}");
    assert!(sold.len() == 6 && sold.values().flatten().all(|name| name == "m5.xlarge" || name == "g4dn.xlarge"));
    assert_eq!(used(&facts, SPOT_G, REGION), (0.0, 64.0));
    assert_eq!(used(&facts, CLUSTERS, REGION), (0.0, 100.0), "only AWS's default is stated");
    assert_eq!(facts.quotas.as_ref().unwrap().iter().filter(|quota| quota.metric == NATS).count(), 6);
    let (versions, dear) = (&facts.versions, &facts.dear_versions);
    let minor = |version: &String| version.strip_prefix("1.").unwrap().parse::<u32>().unwrap();
    assert!(versions.len() > dear.len() && versions.is_sorted_by_key(|version| std::cmp::Reverse(minor(version))));
    assert!(versions.ends_with(dear), "{versions:?} {dear:?}");
    bench.stop().await;
}

#[tokio::test]
async fn what_runs_counts_against_quotas() {
    let bench = Bench::start().await;
    let wanted = wanted();
    let mut actions = roles(&wanted);
    actions.extend(network(&wanted));
    // Without the network plugin no node becomes ready.
    actions.extend([cluster(&wanted), addon(&wanted, "vpc-cni")]);
    actions.extend(["cpu-pool", "gpu-pool"].into_iter().flat_map(|name| group(&wanted, name)));
    for action in actions {
        bench.drive(action).await.unwrap();
    }
    let facts = facts(&bench).await;
    assert_eq!(used(&facts, ON_DEMAND_STANDARD, REGION).0, 4.0, "one m5.xlarge");
    assert_eq!(used(&facts, SPOT_G, REGION).0, 4.0, "one g4dn.xlarge");
    assert_eq!(used(&facts, "L-DB2E81BA", REGION).0, 0.0, "no on-demand G");
    assert_eq!(used(&facts, CLUSTERS, REGION).0, 1.0);
    assert_eq!(used(&facts, VPCS, REGION), (1.0, 5.0));
    assert_eq!(used(&facts, ADDRESSES, REGION), (1.0, 5.0));
    assert_eq!((used(&facts, NATS, "us-east-1a").0, used(&facts, NATS, "us-east-1b").0), (1.0, 0.0));
    bench.stop().await;
}

#[tokio::test]
async fn spot_machines_have_chances_and_prices() {
    let bench = Bench::start().await;
    bench.arm(json!({"on": "now", "do": {"no-capacity": {"zone": "us-east-1b", "spot": true}}})).await;
    let facts = facts(&bench).await;
    assert_eq!(facts.spot.len(), 6, "one pool in six zones");
    let of = |zone: &str| facts.spot.iter().find(|outlook| outlook.zone == zone).unwrap();
    assert!(facts.spot.iter().all(|outlook| outlook.pool == "gpu-pool"));
    assert!(of("us-east-1a").score.unwrap() > 2, "{:?}", of("us-east-1a"));
    assert_eq!(of("us-east-1b").score, Some(1));
    assert_eq!(of("us-east-1e").score, None, "it sells no g4dn");
    assert!(of("us-east-1a").prices["g4dn.xlarge"].starts_with("0."));
    // Without spot pools nobody asks.
    let asked = bench.calls("ec2:GetSpotPlacementScores").await;
    let spec = file_with(&[("capacity: spot", "capacity: on-demand")]);
    assert_eq!(bench.eks.facts(&spec).await.unwrap().spot, Vec::new());
    assert_eq!(bench.calls("ec2:GetSpotPlacementScores").await, asked);
    bench.stop().await;
}

#[tokio::test]
async fn given_subnets_are_told_with_their_zones_and_free_addresses() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let vpc = aws.ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let mut ids = Vec::new();
    for (range, zone) in [("10.9.0.0/24", "us-east-1a"), ("10.9.1.0/28", "us-east-1e")] {
        let call = aws.ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(zone);
        ids.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
    }
    ids.push("subnet-0123456789abcdef0".to_owned());
    let spec =
        file_with(&[("vpc: {cidr: 10.0.0.0/16, nat: one}", &format!("vpc: {{subnetIds: [{}]}}", ids.join(", ")))]);
    let mut told = bench.eks.facts(&spec).await.unwrap().subnets.unwrap();
    told.sort_by(|a, b| a.zone.cmp(&b.zone));
    let told: Vec<_> = told.iter().map(|one| (&one.id, &one.vpc, one.zone_id.as_str(), one.free_addresses)).collect();
    // AWS keeps five of each range.
    assert_eq!(told, [(&ids[0], &vpc, "use1-az4", 251), (&ids[1], &vpc, "use1-az3", 11)]);
    assert_eq!(facts(&bench).await.subnets, None);
    let denied = answer(403, "UnauthorizedOperation");
    bench.arm(json!({"on": "ec2:DescribeSubnets", "times": 99, "do": denied})).await;
    let unread = bench.eks.facts(&spec).await.unwrap().unread;
    assert!(unread.len() == 1 && unread[0].ends_with("(takes ec2:DescribeSubnets)"), "{unread:?}");
    bench.stop().await;
}

/// The fields that stand for nothing known when this call is denied.
type Missing = fn(&CloudFacts) -> bool;

#[tokio::test]
async fn what_may_not_be_read_is_named_and_the_rest_is_read() {
    let bench = Bench::start().await;
    let without = |facts: &CloudFacts, code: &str| {
        facts
            .quotas
            .as_ref()
            .is_some_and(|quotas| !quotas.is_empty() && quotas.iter().all(|quota| quota.metric != code))
    };
    let no_vcpus: Missing = |facts| facts.quotas.as_ref().unwrap().iter().all(|quota| quota.metric != SPOT_G);
    let cases: [(&str, &str, Missing); 10] = [
        ("ec2:DescribeAvailabilityZones", "", |facts| facts.zones.is_empty()),
        ("ec2:DescribeInstanceTypeOfferings", "", |facts| facts.machine_types.is_none()),
        ("eks:DescribeClusterVersions", "", |facts| facts.versions.is_empty()),
        ("ec2:DescribeInstances", SPOT_G, no_vcpus),
        ("ec2:DescribeAddresses", ADDRESSES, |_| true),
        ("eks:ListClusters", CLUSTERS, |_| true),
        ("ec2:DescribeVpcs", VPCS, |_| true),
        ("ec2:DescribeNatGateways", NATS, |_| true),
        ("ec2:GetSpotPlacementScores", "", |facts| facts.spot.iter().all(|outlook| outlook.score.is_none())),
        ("ec2:DescribeSpotPriceHistory", "", |facts| facts.spot.iter().all(|outlook| outlook.prices.is_empty())),
    ];
    for (call, code, is_missing) in cases {
        bench.disarm().await;
        bench.arm(json!({"on": call, "times": 99, "do": answer(403, "AccessDenied")})).await;
        let facts = facts(&bench).await;
        assert_eq!(facts.unread.len(), 1, "{call}: {:?}", facts.unread);
        let line = &facts.unread[0];
        assert!(line.ends_with(&format!("You may not do this (HTTP 403, AccessDenied) (takes {call})")), "{line}");
        assert!(is_missing(&facts), "{call}: {facts:?}");
        assert!(code.is_empty() || without(&facts, code), "{call}: a usage that is unknown passes for none");
    }
    bench.stop().await;
}

#[tokio::test]
async fn quotas_that_may_not_be_read_are_none() {
    let bench = Bench::start().await;
    let denied = answer(400, "AccessDeniedException");
    bench.arm(json!({"on": "service-quotas:GetServiceQuota", "times": 99, "do": denied})).await;
    let facts = facts(&bench).await;
    assert_eq!(facts.quotas, None);
    assert_eq!(facts.unread.len(), 3, "one line for each service: {:?}", facts.unread);
    assert!(facts.unread.iter().all(|line| line.contains("servicequotas:GetServiceQuota")), "{:?}", facts.unread);
    assert_eq!(facts.zones.len(), 6);
    bench.stop().await;
}

#[tokio::test]
async fn chances_of_spot_machines_are_never_worth_a_failure() {
    let bench = Bench::start().await;
    let limit = answer(400, "MaxConfigLimitExceeded");
    bench.arm(json!({"on": "ec2:GetSpotPlacementScores", "times": 99, "do": limit})).await;
    let facts = facts(&bench).await;
    let said = "ask for the chances of spot machines for pool gpu-pool: You may not do this (HTTP 400, MaxConfigLimitExceeded)";
    assert_eq!(facts.unread, [said]);
    assert!(facts.spot.iter().all(|outlook| outlook.score.is_none()));
    assert!(facts.spot.iter().any(|outlook| !outlook.prices.is_empty()));
    bench.stop().await;
}

#[tokio::test]
async fn a_service_that_is_down_is_tried_again_and_then_a_fault() {
    let bench = Bench::start().await;
    let down = || answer(503, "ServiceUnavailable");
    bench.arm(json!({"on": "ec2:DescribeAvailabilityZones", "times": 2, "do": down()})).await;
    assert_eq!(facts(&bench).await.zones.len(), 6);
    bench
        .arm(json!({"on": "eks:DescribeClusterVersions", "times": 99, "do": answer(400, "InvalidParameterException")}))
        .await;
    let fault = bench.eks.facts(&file()).await.unwrap_err();
    assert_eq!((fault.kind, fault.tried.as_str()), (FaultKind::Refused, "list the Kubernetes versions of EKS"));
    bench.stop().await;
}
