//! Finding what is ours in all regions, by an index that is late, beside what only looks like ours.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use berth_core::actions::Action;
use berth_core::actions::eks::{EksClusterRef, EksPartKind};
use berth_core::gc::{self, Claim, Environment, GcPlan, GcRules, Inventory, KeptWhy, LeftoverKind, Scope};
use berth_core::lease::{Lease, LeaseId};
use berth_core::ports::{Eyes, Finder, Hands, Progress, Started};
use berth_core::rules::eks::{names, roles, tags};
use berth_core::run::{Fault, Retry};
use berth_eks::EksCloud;
use serde_json::{Value, json};

use crate::aws::{Aws, made, make};
use crate::bench::{Bench, connect};
use crate::python;
use crate::requests::held_against_botocore;
use crate::wire::Wire;
use crate::wish::{ACCOUNT, NAME, REGION, file};

const ELSEWHERE: &str = "eu-west-1";
/// Looks at something that goes on.
const MOST_LOOKS: u32 = 120;

type Pairs<'a> = &'a [(&'a str, &'a str)];

const MARK: [(&str, &str); 2] = [("managed-by", "berth"), ("berth-cluster", NAME)];

/// EC2 in a region, as somebody else sees it.
pub(crate) struct Ground {
    ec2: aws_sdk_ec2::Client,
    region: String,
}

impl Ground {
    fn of(aws: &Aws, region: &str) -> Self {
        let config = aws.ec2.config().to_builder().region(aws_sdk_ec2::config::Region::new(region.to_owned())).build();
        Self { ec2: aws_sdk_ec2::Client::from_conf(config), region: region.to_owned() }
    }

    fn tagged(kind: ResourceType, pairs: Pairs<'_>) -> Option<Vec<TagSpecification>> {
        let tags = pairs.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
        (!pairs.is_empty()).then(|| vec![TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()])
    }

    async fn vpc(&self, pairs: Pairs<'_>) -> String {
        let call = self.ec2.create_vpc().cidr_block("10.9.0.0/16");
        let made = call.set_tag_specifications(Self::tagged(ResourceType::Vpc, pairs)).send().await.unwrap();
        made.vpc.unwrap().vpc_id.unwrap()
    }

    async fn volume(&self, pairs: Pairs<'_>) -> String {
        let call = self.ec2.create_volume().availability_zone(format!("{}a", self.region)).size(7);
        let made = call.set_tag_specifications(Self::tagged(ResourceType::Volume, pairs)).send().await.unwrap();
        made.volume_id.unwrap()
    }

    /// An interface that nothing uses, in a new subnet of a VPC.
    async fn interface(&self, vpc: &str, pairs: Pairs<'_>) -> String {
        let subnet = self.ec2.create_subnet().vpc_id(vpc).cidr_block("10.9.0.0/24").send().await.unwrap();
        let subnet = subnet.subnet.unwrap().subnet_id.unwrap();
        let call = self.ec2.create_network_interface().subnet_id(subnet);
        let tags = Self::tagged(ResourceType::NetworkInterface, pairs);
        let made = call.set_tag_specifications(tags).send().await.unwrap();
        made.network_interface.unwrap().network_interface_id.unwrap()
    }

    async fn group(&self, vpc: &str, name: &str, pairs: Pairs<'_>) -> String {
        let call = self.ec2.create_security_group().group_name(name).description(name).vpc_id(vpc);
        let made = call.set_tag_specifications(Self::tagged(ResourceType::SecurityGroup, pairs)).send().await.unwrap();
        made.group_id.unwrap()
    }
}

/// A role with these tags, of whatever name.
async fn role(aws: &Aws, name: &str, pairs: Pairs<'_>) {
    let trust =
        json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "x.example"}, "Action": "sts:AssumeRole"}]});
    let tags =
        pairs.iter().map(|(key, value)| aws_sdk_iam::types::Tag::builder().key(*key).value(*value).build().unwrap());
    let tags = Some(tags.collect::<Vec<_>>()).filter(|tags| !tags.is_empty());
    let call = aws.iam.create_role().role_name(name).assume_role_policy_document(trust.to_string());
    call.set_tags(tags).send().await.unwrap();
}

fn denied(code: &str) -> Value {
    json!({"answer": {"code": 400, "status": code, "message": "You may not do this."}})
}

async fn found(cloud: &EksCloud) -> Inventory {
    cloud.inventory(&Scope::default()).await.unwrap()
}

/// How many of each kind there are.
fn counts(inventory: &Inventory) -> BTreeMap<LeftoverKind, usize> {
    let mut counts = BTreeMap::new();
    for thing in &inventory.found {
        *counts.entry(thing.kind).or_insert(0) += 1;
    }
    counts
}

fn ids(inventory: &Inventory, kind: LeftoverKind) -> Vec<&str> {
    inventory.found.iter().filter(|thing| thing.kind == kind).map(|thing| thing.id.as_str()).collect()
}

async fn two_hours_on(bench: &Bench) -> GcRules {
    bench.advance(7200).await;
    GcRules::at(bench.now().await)
}

/// One gc: looks, decides, and takes away what is doomed.
async fn collect(bench: &Bench, rules: &GcRules) -> GcPlan {
    let plan = gc::decide(&found(&bench.eks).await, rules);
    for environment in &plan.doomed {
        take_away(bench, environment, rules).await;
    }
    plan
}

async fn take_away(bench: &Bench, environment: &Environment, rules: &GcRules) {
    let region = environment.location.as_ref().unwrap();
    let cloud = bench.eks.in_region(region);
    let observed = cloud.observe(&environment.cluster, region).await.unwrap();
    gc::confirm(environment, &observed, rules.now).unwrap();
    for step in gc::plan(environment, &observed).unwrap().steps {
        if let Action::Eks(_) = &step.action {
            drive(bench, &cloud, &step.action).await.unwrap();
        }
    }
}

async fn drive(bench: &Bench, cloud: &EksCloud, action: &Action) -> Result<(), Fault> {
    let mut ticket = None;
    for _ in 0..MOST_LOOKS {
        let progress = match &ticket {
            None => cloud.start(action).await.map(|started| match started {
                Started::Done => Progress::Done,
                Started::Waiting(waiting) => {
                    ticket = Some(waiting);
                    Progress::Pending(None)
                }
            }),
            Some(ticket) => cloud.poll(ticket).await,
        };
        match progress {
            Ok(Progress::Done) => return Ok(()),
            Err(fault) if fault.retry == Retry::Never => return Err(fault),
            Ok(Progress::Pending(_)) | Err(_) => bench.advance(30).await,
        }
    }
    panic!("{action:?} did not end");
}

/// Things that look like ours: another's mark, half of ours, names without tags.
async fn lookalikes(aws: &Aws, ground: &Ground) -> Vec<String> {
    let vpc = ground.vpc(&[("managed-by", "terraform"), ("berth-cluster", NAME)]).await;
    let volume = ground.volume(&[("berth-cluster", NAME), ("managed-by", "Berth")]).await;
    let claimed = ground
        .volume(&[("kubernetes.io/created-for/pvc/name", "models"), ("kubernetes.io/cluster/film", "owned")])
        .await;
    let others = [("managed-by", "terraform"), ("elbv2.k8s.aws/cluster", NAME)];
    let group = ground.group(&vpc, "k8s-elb-a1", &others).await;
    role(aws, "berth-film-cluster-00000000", &[]).await;
    aws.logs.create_log_group().log_group_name("/aws/eks/film/cluster").send().await.unwrap();
    vec![vpc, volume, claimed, group, "berth-film-cluster-00000000".to_owned(), "/aws/eks/film/cluster".to_owned()]
}

async fn are_there(aws: &Aws, ids: &[String]) {
    let mut there: Vec<String> = aws.all().await.into_values().flatten().collect();
    let volumes = aws.ec2.describe_volumes().send().await.unwrap().volumes.unwrap_or_default();
    there.extend(volumes.into_iter().filter_map(|volume| volume.volume_id));
    let missing: Vec<&String> = ids.iter().filter(|id| !there.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?} went");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_without_a_cluster_is_taken_away_and_what_looks_like_it_stays() {
    let bench = Bench::start().await;
    make(&bench).await;
    let aws = Aws::of(&bench);
    let all = aws.all().await;
    let ground = Ground::of(&aws, REGION);
    // What Kubernetes made: ours where our VPC is, and another's where it is not.
    let own =
        ground.group(&all[&EksPartKind::Vpc][0], "k8s-elb-a0", &[("kubernetes.io/cluster/dubbing", "owned")]).await;
    let claim = [("kubernetes.io/created-for/pvc/name", "models"), ("KubernetesCluster", NAME)];
    let volume = ground.volume(&claim).await;
    let foreign = lookalikes(&aws, &ground).await;
    let before = bench.calls("tagging:GetResources").await;

    let inventory = found(&bench.eks).await;
    assert_eq!(inventory.unread, []);
    let mine: Inventory = Inventory {
        found: inventory.found.iter().filter(|thing| thing.cluster == NAME && !thing.is_anothers()).cloned().collect(),
        unread: Vec::new(),
    };
    let made = made();
    let expected = [
        (LeftoverKind::LaunchTemplate, made[&EksPartKind::LaunchTemplate]),
        (LeftoverKind::Volume, 1),
        (LeftoverKind::NatGateway, made[&EksPartKind::NatGateway]),
        (LeftoverKind::Address, made[&EksPartKind::Address]),
        (LeftoverKind::SecurityGroup, 1),
        (LeftoverKind::RouteTable, made[&EksPartKind::RouteTable]),
        (LeftoverKind::Subnet, made[&EksPartKind::Subnet]),
        (LeftoverKind::InternetGateway, made[&EksPartKind::InternetGateway]),
        (LeftoverKind::Vpc, made[&EksPartKind::Vpc]),
        (LeftoverKind::Role, made[&EksPartKind::Role]),
    ];
    assert_eq!(counts(&mine), expected.into());
    assert_eq!(
        (ids(&mine, LeftoverKind::Volume), ids(&mine, LeftoverKind::SecurityGroup)),
        (vec![volume.as_str()], vec![own.as_str()])
    );
    let dated = |kind| mine.found.iter().filter(|thing| thing.kind == kind).all(|thing| thing.made.is_some());
    assert!(dated(LeftoverKind::NatGateway) && dated(LeftoverKind::LaunchTemplate) && dated(LeftoverKind::Role));
    // One call in each of six regions for what is marked, one for load balancers, and one for IAM.
    assert_eq!(bench.calls("tagging:GetResources").await - before, 13);
    assert_eq!(bench.calls("iam:ListRoleTags").await, 1, "only of the role that has no company");

    let young = gc::decide(&inventory, &GcRules::at(bench.now().await));
    assert!(matches!(young.kept.as_slice(), [kept] if matches!(kept.why, KeptWhy::Young { .. })), "{young:?}");
    let plan = collect(&bench, &two_hours_on(&bench).await).await;
    assert_eq!((plan.doomed.len(), plan.kept.len()), (1, 0), "{plan:?}");
    let mut unproven: Vec<&str> = plan.unproven.iter().map(|thing| thing.id.as_str()).collect();
    unproven.sort_unstable();
    let mut expected = [foreign[2].as_str(), foreign[3].as_str(), foreign[5].as_str()];
    expected.sort_unstable();
    assert_eq!(unproven, expected);
    are_there(&aws, &foreign).await;
    let left = aws.all().await;
    assert_eq!((left[&EksPartKind::Vpc].len(), left[&EksPartKind::Role].len()), (1, 1), "only the lookalikes");

    // The index still shows what is gone, and nobody is misled by it.
    let again = found(&bench.eks).await;
    assert!(
        again.found.iter().all(|thing| matches!(&thing.claim, Claim::MadeFor { anchor, .. } if anchor.is_empty())),
        "{again:?}"
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_grow_with_pages() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let ground = Ground::of(&aws, REGION);
    let only = Scope { regions: vec![REGION.to_owned()], ..Scope::default() };
    let mut calls = Vec::new();
    let mut made = 0;
    for volumes in [1, 100, 230] {
        while made < volumes {
            ground.volume(&MARK).await;
            made += 1;
        }
        let before = bench.calls("tagging:GetResources").await;
        let inventory = bench.eks.inventory(&only).await.unwrap();
        assert_eq!(counts(&inventory), [(LeftoverKind::Volume, volumes)].into());
        calls.push(bench.calls("tagging:GetResources").await - before);
    }
    assert_eq!(calls, [3, 3, 5], "100 on a page, beside one for load balancers and one for IAM");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_index_ec2_and_eks_tell_what_they_know() {
    let bench = Bench::start().await;
    bench.create(&file()).await.unwrap();
    let whole = found(&bench.eks).await;
    assert_eq!(ids(&whole, LeftoverKind::Cluster), [NAME]);
    assert_eq!(ids(&whole, LeftoverKind::NodeGroup).len(), 2);
    assert!(counts(&whole)[&LeftoverKind::Instance] >= 2, "{:?}", counts(&whole));
    let plan = gc::decide(&whole, &two_hours_on(&bench).await);
    assert!(plan.doomed.is_empty() && plan.unproven.is_empty(), "{plan:?}");
    assert!(matches!(plan.kept.as_slice(), [kept] if kept.why == KeptWhy::Standing), "{plan:?}");

    bench.arm(json!({"on": "tagging:GetResources", "times": 999, "do": denied("AccessDeniedException")})).await;
    let part = found(&bench.eks).await;
    assert!(part.unread.iter().any(|unread| unread.why.contains("tag:GetResources")), "{:?}", part.unread);
    let of_region = part.unread.iter().find(|unread| unread.place.as_deref() == Some(REGION)).unwrap();
    assert!(of_region.kinds.contains(&LeftoverKind::NodeGroup));
    assert_eq!(ids(&part, LeftoverKind::Cluster), [NAME], "things of ours tell its name");
    assert_eq!(ids(&part, LeftoverKind::Vpc), ids(&whole, LeftoverKind::Vpc));
    assert!(gc::decide(&part, &GcRules::at(bench.now().await)).doomed.is_empty());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_clusters_cannot_be_listed_nothing_is_doomed() {
    let bench = Bench::start().await;
    make(&bench).await;
    bench.arm(json!({"on": "eks:ListClusters", "times": 99, "do": denied("AccessDeniedException")})).await;
    let plan = gc::decide(&found(&bench.eks).await, &two_hours_on(&bench).await);
    assert!(plan.doomed.is_empty(), "{plan:?}");
    let why = match plan.kept.as_slice() {
        [kept] => kept.why.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(why.contains("eks:ListClusters"), "{why}");
    bench.disarm().await;
    bench.arm(json!({"on": "ec2:DescribeRegions", "times": 99, "do": denied("UnauthorizedOperation")})).await;
    let inventory = found(&bench.eks).await;
    assert!(inventory.unread[0].why.contains("ec2:DescribeRegions"), "{:?}", inventory.unread);
    let plan = gc::decide(&inventory, &GcRules::at(bench.now().await));
    assert_eq!(plan.doomed.len(), 1, "its own region was looked at");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_of_one_name_in_two_regions_are_two() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let (here, there) = (Ground::of(&aws, REGION), Ground::of(&aws, ELSEWHERE));
    let at =
        |region: &str| EksClusterRef { account: ACCOUNT.to_owned(), region: region.to_owned(), name: NAME.to_owned() };
    let until = bench.now().await + Duration::from_secs(7 * 86_400);
    let lease = Lease::new(LeaseId::new("pr-1").unwrap(), "acme/app", None, until).unwrap();
    let leased = lease.labels();
    for region in [REGION, ELSEWHERE] {
        let mut pairs = tags::role_tags(NAME, region);
        if region == ELSEWHERE {
            pairs.extend(leased.clone());
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        role(&aws, &names::role(&at(region), roles::NODE), &pairs).await;
    }
    let mut pairs: Vec<(&str, &str)> = MARK.to_vec();
    pairs.extend(leased.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let doomed = here.vpc(&MARK).await;
    let kept = there.vpc(&pairs).await;
    // A role of our name that is not ours is in nobody's environment and stays.
    role(&aws, &names::role(&at(REGION), roles::CLUSTER), &[("managed-by", "terraform")]).await;
    let plan = collect(&bench, &two_hours_on(&bench).await).await;
    assert_eq!(plan.doomed.len(), 1, "{plan:?}");
    assert_eq!(plan.doomed[0].location.as_deref(), Some(REGION));
    assert!(
        matches!(plan.kept.as_slice(), [one] if one.environment.location.as_deref() == Some(ELSEWHERE)),
        "{plan:?}"
    );
    assert_eq!(aws.all().await[&EksPartKind::Vpc], Vec::<String>::new(), "{doomed}");
    let left = there.ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap();
    assert_eq!(left[0].vpc_id.as_ref(), Some(&kept));
    let mut left = aws.all().await.remove(&EksPartKind::Role).unwrap();
    left.sort();
    let mut expected = [names::role(&at(ELSEWHERE), roles::NODE), names::role(&at(REGION), roles::CLUSTER)];
    expected.sort();
    assert_eq!(left, expected);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_does_not_answer_holds_up_no_other() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    Ground::of(&aws, ELSEWHERE).vpc(&MARK).await;
    bench.arm(json!({"on": "tagging:GetResources", "matches": REGION, "times": 99, "do": "hang-before"})).await;
    let scope = Scope { regions: vec![REGION.to_owned(), ELSEWHERE.to_owned()], ..Scope::default() };
    let cloud = bench.eks.clone();
    let look = tokio::spawn(async move { cloud.inventory(&scope).await });
    let vpcs = || async { bench.calls("ec2:DescribeVpcs").await };
    for _ in 0..200 {
        if vpcs().await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(vpcs().await, 1, "the other region goes on after its index");
    bench.disarm().await;
    let inventory = look.await.unwrap().unwrap();
    assert_eq!(counts(&inventory), [(LeftoverKind::Vpc, 1)].into());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_asked_too_often_is_asked_again() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let volume = Ground::of(&aws, REGION).volume(&MARK).await;
    let scope = Scope { regions: vec![REGION.to_owned()], ..Scope::default() };
    bench.arm(json!({"on": "tagging:GetResources", "times": 3, "do": denied("ThrottledException")})).await;
    let inventory = bench.eks.inventory(&scope).await.unwrap();
    assert_eq!((ids(&inventory, LeftoverKind::Volume), &inventory.unread), (vec![volume.as_str()], &Vec::new()));
    bench.arm(json!({"on": "tagging:GetResources", "times": 999, "do": denied("ThrottledException")})).await;
    let inventory = bench.eks.inventory(&scope).await.unwrap();
    assert_eq!(ids(&inventory, LeftoverKind::Volume), [volume.as_str()], "EC2 tells it all the same");
    assert!(inventory.unread.iter().any(|unread| unread.why.contains("ThrottledException")), "{:?}", inventory.unread);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_things_go_and_a_log_group_proves_nothing() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let ground = Ground::of(&aws, REGION);
    let log = format!("/aws/eks/{NAME}/cluster");
    aws.logs.create_log_group().log_group_name(&log).send().await.unwrap();
    let plan = collect(&bench, &two_hours_on(&bench).await).await;
    assert!(plan.doomed.is_empty() && plan.unproven[0].id == log, "{plan:?}");

    // A volume tells its age, an interface does not; together they are old enough, and prove whose the log group was.
    let vpc = ground.vpc(&[]).await;
    let interface = ground.interface(&vpc, &MARK).await;
    let rules = two_hours_on(&bench).await;
    let plan = collect(&bench, &rules).await;
    assert!(matches!(plan.kept.as_slice(), [kept] if kept.why == KeptWhy::AgeUnknown), "{plan:?}");
    ground.volume(&MARK).await;
    let plan = collect(&bench, &two_hours_on(&bench).await).await;
    assert_eq!(plan.doomed.len(), 1, "{plan:?}");
    let volumes = aws.ec2.describe_volumes().send().await.unwrap().volumes.unwrap_or_default();
    assert!(volumes.is_empty(), "{volumes:?}");
    let left = aws.ec2.describe_network_interfaces().send().await.unwrap().network_interfaces.unwrap_or_default();
    assert!(left.is_empty(), "{interface}");
    let left = aws.all().await;
    assert_eq!((left[&EksPartKind::LogGroup].len(), left[&EksPartKind::Vpc].len()), (0, 1));

    let issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    let tags = MARK.map(|(key, value)| aws_sdk_iam::types::Tag::builder().key(key).value(value).build().unwrap());
    let call = aws.iam.create_open_id_connect_provider().url(issuer).client_id_list("sts.amazonaws.com");
    call.set_tags(Some(tags.to_vec())).send().await.unwrap();
    let plan = collect(&bench, &two_hours_on(&bench).await).await;
    assert_eq!(plan.doomed.len(), 1, "{plan:?}");
    assert!(aws.all().await[&EksPartKind::OidcProvider].is_empty());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_asked_is_as_botocore_knows_it() {
    if !python::has("botocore") {
        return;
    }
    let bench = Bench::start().await;
    make(&bench).await;
    let aws = Aws::of(&bench);
    let arn = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    let tags = MARK.map(|(key, value)| aws_sdk_iam::types::Tag::builder().key(key).value(value).build().unwrap());
    let call = aws.iam.create_open_id_connect_provider().url(arn).client_id_list("sts.amazonaws.com");
    call.set_tags(Some(tags.to_vec())).send().await.unwrap();
    role(&aws, "berth-film-cluster-00000000", &[]).await;
    let wire = Wire::to(&bench.base).await;
    let inventory = found(&connect(&wire.url).await).await;
    assert_eq!(inventory.unread, []);
    let report = held_against_botocore(&wire.sent()).await;
    assert_eq!(report.faults.concat(), Vec::<String>::new());
    let asked =
        ["resourcegroupstaggingapi:GetResources", "eks:ListClusters", "ec2:DescribeNatGateways", "iam:ListRoles"];
    let missing: Vec<&str> = asked.into_iter().filter(|call| !report.operations.contains_key(*call)).collect();
    assert!(missing.is_empty(), "{:?}", report.operations);
    bench.stop().await;
}
