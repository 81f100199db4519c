//! What stands around a cluster is taken away: by id, and by sweeping.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{InstanceType, IpPermission, ResourceType, Tag, TagSpecification, UserIdGroupPair};
use berth_core::actions::eks::{EksAction, EksPartKind};
use berth_core::ports::{Hands, Progress, Started};
use berth_core::run::{FaultKind, Retry};
use serde_json::json;

use crate::aws::{Aws, delete, make, part_of};
use crate::bench::Bench;
use crate::wish::{self, NAME, reference, wanted};

/// Kinds in the order of a deletion's plan, groups before what they stand in.
const ORDER: [EksPartKind; 11] = [
    EksPartKind::LaunchTemplate,
    EksPartKind::LogGroup,
    EksPartKind::OidcProvider,
    EksPartKind::Role,
    EksPartKind::NatGateway,
    EksPartKind::Address,
    EksPartKind::RouteTable,
    EksPartKind::SecurityGroup,
    EksPartKind::Subnet,
    EksPartKind::InternetGateway,
    EksPartKind::Vpc,
];

/// Adds what is not made by verbs: security groups that name each other, a log group, a provider, inline policies, a profile.
async fn add_the_rest(aws: &Aws) {
    let vpc = aws.all().await[&EksPartKind::Vpc][0].clone();
    let (one, two) = (add_group(aws, &vpc, "one", true).await, add_group(aws, &vpc, "two", true).await);
    let_in(aws, &one, &two).await;
    let_in(aws, &two, &one).await;
    aws.logs.create_log_group().log_group_name(format!("/aws/eks/{NAME}/cluster")).send().await.unwrap();
    let url = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    let call = aws.iam.create_open_id_connect_provider().url(url).client_id_list("sts.amazonaws.com");
    call.send().await.unwrap();
    let role = aws.all().await[&EksPartKind::Role][0].clone();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let call = aws.iam.put_role_policy().role_name(&role).policy_name("inline").policy_document(policy.to_string());
    call.send().await.unwrap();
    aws.iam.create_instance_profile().instance_profile_name("somebody").send().await.unwrap();
    let call = aws.iam.add_role_to_instance_profile().instance_profile_name("somebody").role_name(&role);
    call.send().await.unwrap();
}

async fn delete_all(bench: &Bench, aws: &Aws, all: &BTreeMap<EksPartKind, Vec<String>>) {
    for kind in ORDER {
        for id in &all[&kind] {
            bench.drive(delete(kind, id)).await.unwrap();
        }
    }
    assert_eq!(aws.counts().await, BTreeMap::new());
    assert_eq!(bench.billed().await, Vec::<String>::new());
}

#[tokio::test]
async fn everything_is_taken_away_and_what_is_gone_is_done() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    add_the_rest(&aws).await;
    let all = aws.all().await;
    assert!(ORDER.iter().all(|kind| !all[kind].is_empty()), "{all:?}");
    delete_all(&bench, &aws, &all).await;
    for id in &all[&EksPartKind::Address] {
        assert_eq!(bench.eks.ended(id).unwrap().as_second(), bench.ended(id).await.as_second());
    }
    for (kind, ids) in &all {
        for id in ids {
            assert_eq!(bench.begin(delete(*kind, id)).await.unwrap(), Started::Done, "{kind:?} {id}");
        }
    }
    for (kind, id) in [
        (EksPartKind::Volume, "vol-0123456789abcdef0"),
        (EksPartKind::NetworkInterface, "eni-0123456789abcdef0"),
        (EksPartKind::LoadBalancer, "a0123456789abcdef"),
    ] {
        assert_eq!(bench.begin(delete(kind, id)).await.unwrap(), Started::Done, "{kind:?}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn deletions_whose_answers_are_lost_come_to_an_end() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    add_the_rest(&aws).await;
    let all = aws.all().await;
    for method in [
        "iam:DetachRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:DeleteRole",
        "iam:DeleteOpenIDConnectProvider",
        "ec2:DeleteNatGateway",
        "ec2:ReleaseAddress",
        "ec2:DisassociateRouteTable",
        "ec2:DeleteRouteTable",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DetachInternetGateway",
        "ec2:DeleteInternetGateway",
        "ec2:DeleteVpc",
        "ec2:DeleteLaunchTemplate",
        "logs:DeleteLogGroup",
    ] {
        bench.arm(json!({"on": method, "do": "drop-after"})).await;
    }
    delete_all(&bench, &aws, &all).await;
    bench.stop().await;
}

#[tokio::test]
async fn what_is_held_waits_and_says_by_what() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    let all = aws.all().await;
    let address = delete(EksPartKind::Address, &all[&EksPartKind::Address][0]);
    let Started::Waiting(ticket) = bench.begin(address).await.unwrap() else { panic!("its gateway has it") };
    let subnets = aws.ec2.describe_subnets().send().await.unwrap().subnets.unwrap();
    let public = subnets.iter().find(|subnet| part_of(subnet.tags()) == "subnet-public-us-east-1a").unwrap();
    let subnet = delete(EksPartKind::Subnet, public.subnet_id().unwrap());
    let Started::Waiting(held) = bench.begin(subnet).await.unwrap() else { panic!("the gateway is in it") };
    let Progress::Pending(Some(said)) = bench.eks.poll(&held).await.unwrap() else { panic!("nothing has changed") };
    assert!(said.contains("Interface for NAT Gateway"), "{said}");
    bench.drive(delete(EksPartKind::NatGateway, &all[&EksPartKind::NatGateway][0])).await.unwrap();
    bench.finish(&ticket).await.unwrap();
    bench.finish(&held).await.unwrap();
    bench.stop().await;
}

/// Makes a security group in a VPC, tagged as a load balancer controller does it if it is the cluster's.
pub(crate) async fn add_group(aws: &Aws, vpc: &str, name: &str, is_clusters: bool) -> String {
    let call = aws.ec2.create_security_group().vpc_id(vpc).group_name(name).description("test");
    let tag = Tag::builder().key(format!("kubernetes.io/cluster/{NAME}")).value("owned").build();
    let tags = TagSpecification::builder().resource_type(ResourceType::SecurityGroup).tags(tag).build();
    let call = if is_clusters { call.tag_specifications(tags) } else { call };
    call.send().await.unwrap().group_id.unwrap()
}

/// A rule of the first group that lets the second one in.
pub(crate) async fn let_in(aws: &Aws, group: &str, other: &str) {
    let pair = UserIdGroupPair::builder().group_id(other).build();
    let rule = IpPermission::builder().ip_protocol("-1").user_id_group_pairs(pair).build();
    aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(rule).send().await.unwrap();
}

fn sweep(vpc: Option<&str>) -> EksAction {
    let kinds =
        [EksPartKind::LoadBalancer, EksPartKind::Volume, EksPartKind::NetworkInterface, EksPartKind::SecurityGroup];
    EksAction::Sweep { cluster: reference(), vpc: vpc.map(ToOwned::to_owned), near: None, kinds: kinds.to_vec() }
}

#[tokio::test]
async fn all_groups_in_our_vpc_are_swept_and_no_others() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    let ours = aws.all().await[&EksPartKind::Vpc][0].clone();
    let theirs = aws.ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let (one, two) = (add_group(&aws, &ours, "one", false).await, add_group(&aws, &ours, "two", false).await);
    let_in(&aws, &one, &two).await;
    let_in(&aws, &two, &one).await;
    let other = add_group(&aws, &theirs, "other", false).await;
    // One that cannot go does not keep the others.
    let denied = json!({"code": 403, "status": "UnauthorizedOperation", "message": "You are not authorized."});
    bench.arm(json!({"on": "ec2:DeleteSecurityGroup", "matches": one, "do": {"answer": denied}})).await;
    let fault = bench.begin(sweep(Some(&ours))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "{fault}");
    assert_eq!(aws.all().await[&EksPartKind::SecurityGroup].len(), 2);
    bench.drive(sweep(Some(&ours))).await.unwrap();
    assert_eq!(aws.all().await[&EksPartKind::SecurityGroup], [other]);
    assert_eq!(bench.begin(sweep(Some(&ours))).await.unwrap(), Started::Done);
    bench.stop().await;
}

#[tokio::test]
async fn a_group_that_something_uses_keeps_its_rules() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    bench.drive(wish::cluster(&wanted())).await.unwrap();
    let used = aws.all().await[&EksPartKind::SecurityGroup][0].clone();
    let rules = async || {
        let found = aws.ec2.describe_security_groups().group_ids(&used).send().await.unwrap();
        found.security_groups()[0].ip_permissions().to_vec()
    };
    let before = rules().await;
    assert!(!before.is_empty(), "nodes and control plane talk under these");
    let begun = bench.begin(delete(EksPartKind::SecurityGroup, &used)).await.unwrap();
    let Started::Waiting(ticket) = begun else { panic!("the control plane uses it") };
    let Progress::Pending(Some(said)) = bench.eks.poll(&ticket).await.unwrap() else { panic!("nothing has changed") };
    assert!(said.contains("Amazon EKS dubbing"), "{said}");
    assert_eq!(rules().await, before);
    bench.stop().await;
}

#[tokio::test]
async fn in_a_given_vpc_only_the_clusters_own_groups_are_swept() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let vpc = aws.ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let (clusters, other) = (add_group(&aws, &vpc, "k8s-elb", true).await, add_group(&aws, &vpc, "mine", false).await);
    let_in(&aws, &other, &clusters).await;
    let_in(&aws, &other, &other).await;
    bench.drive(sweep(None)).await.unwrap();
    assert_eq!(aws.all().await[&EksPartKind::SecurityGroup], std::slice::from_ref(&other));
    let left = aws.ec2.describe_security_groups().group_ids(&other).send().await.unwrap();
    let rules = left.security_groups()[0].ip_permissions();
    let named: Vec<_> = rules.iter().flat_map(|rule| rule.user_id_group_pairs()).map(|pair| pair.group_id()).collect();
    assert_eq!(named, [Some(other.as_str())], "only the rule that named the swept group is gone");
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_of_that_name_in_another_vpc_keeps_its_groups() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let mut vpcs = Vec::new();
    for range in ["10.8.0.0/16", "10.9.0.0/16"] {
        let vpc = aws.ec2.create_vpc().cidr_block(range).send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        vpcs.push((add_group(&aws, &vpc, "k8s-elb", true).await, vpc));
    }
    let [(_, ours), (theirs, _)] = vpcs.as_slice() else { panic!("two") };
    let EksAction::Sweep { cluster, vpc, kinds, .. } = sweep(None) else { panic!("a sweep") };
    bench.drive(EksAction::Sweep { cluster, vpc, near: Some(ours.clone()), kinds }).await.unwrap();
    assert_eq!(aws.all().await[&EksPartKind::SecurityGroup], std::slice::from_ref(theirs));
    bench.stop().await;
}

fn tagged(kind: ResourceType, (key, value): (&str, &str)) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).tags(Tag::builder().key(key).value(value).build()).build()
}

/// A machine that no node group has.
async fn add_machine(aws: &Aws, subnet: &str, group: Option<&str>, tag: (&str, &str)) -> String {
    let call = aws.ec2.run_instances().image_id("ami-1").instance_type(InstanceType::M5Large).min_count(1).max_count(1);
    let call = call.subnet_id(subnet).set_security_group_ids(group.map(|group| vec![group.to_owned()]));
    let made = call.tag_specifications(tagged(ResourceType::Instance, tag)).send().await.unwrap();
    made.instances()[0].instance_id().unwrap().to_owned()
}

#[tokio::test]
async fn machines_of_others_in_our_vpc_are_named_at_once_and_not_waited_for() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    let vpc = aws.all().await[&EksPartKind::Vpc][0].clone();
    let subnets = aws.ec2.describe_subnets().send().await.unwrap().subnets.unwrap();
    let private = subnets.iter().find(|subnet| part_of(subnet.tags()) == "subnet-private-us-east-1a").unwrap();
    let private = private.subnet_id().unwrap();
    let group = add_group(&aws, &vpc, "web", false).await;
    let machine = add_machine(&aws, private, Some(&group), ("Name", "web")).await;
    for (action, part) in [
        (delete(EksPartKind::Subnet, private), format!("subnet {private}")),
        (delete(EksPartKind::Vpc, &vpc), format!("VPC {vpc}")),
        (sweep(Some(&vpc)), format!("security group {group}")),
    ] {
        let fault = bench.begin(action).await.unwrap_err();
        assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never), "{fault}");
        let said = format!("held by machine {machine} (web) that cluster {NAME} does not know: terminate it in EC2");
        assert!(fault.tried.ends_with(&part) && fault.said.starts_with(&said), "{fault}");
    }
    // One of the cluster's goes by itself.
    let ours = add_machine(&aws, private, None, (&format!("kubernetes.io/cluster/{NAME}"), "owned")).await;
    aws.ec2.terminate_instances().instance_ids(&machine).send().await.unwrap();
    bench.drive(sweep(Some(&vpc))).await.unwrap();
    let begun = bench.begin(delete(EksPartKind::Subnet, private)).await.unwrap();
    let Started::Waiting(ticket) = begun else { panic!("a machine of the cluster is in it") };
    aws.ec2.terminate_instances().instance_ids(&ours).send().await.unwrap();
    bench.finish(&ticket).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn interfaces_the_network_plugin_left_in_a_given_vpc_are_swept_and_no_others() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let vpc = aws.ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let subnet = aws.ec2.create_subnet().vpc_id(&vpc).cidr_block("10.9.0.0/24").send().await.unwrap();
    let subnet = subnet.subnet.unwrap().subnet_id.unwrap();
    let ours = add_machine(&aws, &subnet, None, (&format!("kubernetes.io/cluster/{NAME}"), "owned")).await;
    let theirs = add_machine(&aws, &subnet, None, ("kubernetes.io/cluster/other", "owned")).await;
    aws.ec2.terminate_instances().instance_ids(&ours).instance_ids(&theirs).send().await.unwrap();
    let mut made = Vec::new();
    const MACHINE: &str = "node.k8s.amazonaws.com/instance_id";
    // More machines than EC2 may be asked about in one call.
    let forgotten: Vec<String> = (0..200).map(|number| format!("i-{number:017x}")).collect();
    let named = [
        (MACHINE, ours.as_str()),
        ("cluster.k8s.amazonaws.com/name", NAME),
        (MACHINE, theirs.as_str()),
        ("cluster.k8s.amazonaws.com/name", "other"),
        ("Name", "aws-K8S"),
    ];
    for (key, value) in named.into_iter().chain(forgotten.iter().map(|id| (MACHINE, id.as_str()))) {
        let call = aws.ec2.create_network_interface().subnet_id(&subnet).description(format!("aws-K8S-{ours}"));
        let call = call.tag_specifications(tagged(ResourceType::NetworkInterface, (key, value)));
        made.push(call.send().await.unwrap().network_interface.unwrap().network_interface_id.unwrap());
    }
    let EksAction::Sweep { cluster, kinds, .. } = sweep(None) else { panic!("a sweep") };
    bench.drive(EksAction::Sweep { cluster, vpc: None, near: Some(vpc), kinds }).await.unwrap();
    let left = aws.ec2.describe_network_interfaces().send().await.unwrap();
    let mut left: Vec<&str> = left.network_interfaces().iter().filter_map(|one| one.network_interface_id()).collect();
    left.sort_unstable();
    made.drain(..2);
    made.sort_unstable();
    assert_eq!(left, made);
    bench.stop().await;
}

#[tokio::test]
async fn a_log_group_is_swept_until_none_comes_any_more() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let name = format!("/aws/eks/{NAME}/cluster");
    let sweep = || EksAction::Sweep { cluster: reference(), vpc: None, near: None, kinds: vec![EksPartKind::LogGroup] };
    assert_eq!(bench.begin(sweep()).await.unwrap(), Started::Done);
    for other in [name.as_str(), "/aws/eks/another/cluster"] {
        aws.logs.create_log_group().log_group_name(other).send().await.unwrap();
    }
    let Started::Waiting(ticket) = bench.begin(sweep()).await.unwrap() else { panic!("it is looked for again") };
    aws.logs.create_log_group().log_group_name(&name).send().await.unwrap();
    bench.finish(&ticket).await.unwrap();
    assert_eq!(aws.all().await[&EksPartKind::LogGroup], ["/aws/eks/another/cluster"]);
    bench.stop().await;
}
