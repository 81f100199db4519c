//! Roles, network and templates: made once whatever happens, and completed.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, RequestLaunchTemplateData, ResourceType, Tag, TagSpecification};
use berth_core::actions::eks::{EksAction, EksPartKind};
use berth_core::ports::Started;
use berth_core::run::{FaultKind, LeftBehind, Retry};
use serde_json::json;

use crate::aws::{Aws, delete, made, make, making};
use crate::bench::Bench;
use crate::wish::{group, network, roles, wanted};

/// All calls of the verbs that change something, and the first look of most.
const CALLS: [&str; 16] = [
    "iam:CreateRole",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "ec2:CreateVpc",
    "ec2:ModifyVpcAttribute",
    "ec2:CreateInternetGateway",
    "ec2:AttachInternetGateway",
    "ec2:CreateSubnet",
    "ec2:ModifySubnetAttribute",
    "ec2:AllocateAddress",
    "ec2:CreateNatGateway",
    "ec2:CreateRouteTable",
    "ec2:CreateRoute",
    "ec2:AssociateRouteTable",
    "ec2:CreateLaunchTemplate",
    "ec2:DescribeVpcs",
];

#[tokio::test]
async fn each_verb_twice_makes_one_thing() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let before = aws.counts().await;
    assert_eq!(before, BTreeMap::new());
    make(&bench).await;
    assert_eq!(aws.counts().await, made());
    aws.is_complete().await;
    let ids = aws.all().await;
    for action in making() {
        assert_eq!(bench.begin(action.clone()).await.unwrap(), Started::Done, "{action:?}");
    }
    assert_eq!(aws.all().await, ids);
    assert_eq!(bench.calls("ec2:CreateVpc").await, 1);
    assert_eq!(bench.calls("ec2:CreateNatGateway").await, 1);
    assert_eq!(bench.calls("iam:AttachRolePolicy").await, 7);
    bench.stop().await;
}

/// Strikes the first and the second call of every method the verbs use, then lets them go on.
async fn broken(effect: &str) {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    for method in CALLS {
        bench.arm(json!({"on": method, "times": 2, "do": effect})).await;
    }
    make(&bench).await;
    assert_eq!(aws.counts().await, made());
    aws.is_complete().await;
    bench.stop().await;
}

#[tokio::test]
async fn verbs_whose_calls_took_effect_unseen_go_on_with_what_is_there() {
    broken("drop-after").await;
}

#[tokio::test]
async fn verbs_whose_calls_never_arrived_make_the_rest() {
    broken("drop-before").await;
}

#[tokio::test]
async fn a_lost_answer_to_a_create_call_leaves_the_unknown() {
    let bench = Bench::start().await;
    bench.arm(json!({"on": "ec2:CreateVpc", "do": "drop-after"})).await;
    let fault = bench.begin(network(&wanted())[0].clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Lost, Retry::Backoff), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Unknown);
    bench.stop().await;
}

#[tokio::test]
async fn what_ec2_does_not_show_yet_is_tried_again() {
    let bench = Bench::start().await;
    let actions = network(&wanted());
    bench.drive(actions[0].clone()).await.unwrap();
    let said = json!({"code": 400, "status": "InvalidVpcID.NotFound", "message": "The vpc ID does not exist"});
    bench.arm(json!({"on": "ec2:CreateSubnet", "do": {"answer": said}})).await;
    let subnet = actions.iter().find(|action| matches!(action, EksAction::CreateSubnet(_))).unwrap();
    let fault = bench.begin(subnet.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    assert_eq!(bench.begin(subnet.clone()).await.unwrap(), Started::Done);
    bench.stop().await;
}

#[tokio::test]
async fn a_part_that_is_not_there_is_waited_for() {
    let bench = Bench::start().await;
    let actions = network(&wanted());
    let gateway = bench.begin(actions[1].clone()).await.unwrap_err();
    assert_eq!((gateway.kind, gateway.retry), (FaultKind::Unavailable, Retry::Backoff), "{gateway}");
    assert!(gateway.said.contains("VPC of cluster dubbing"), "{gateway}");
    assert_eq!(bench.calls("ec2:CreateInternetGateway").await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn iam_that_does_not_know_its_role_yet_is_tried_again() {
    let bench = Bench::start().await;
    let said = json!({"code": 404, "status": "NoSuchEntity", "message": "The role cannot be found."});
    bench.arm(json!({"on": "iam:AttachRolePolicy", "do": {"answer": said}})).await;
    let role = roles(&wanted())[0].clone();
    let fault = bench.begin(role.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff), "{fault}");
    let LeftBehind::These(left) = &fault.left_behind else { panic!("{fault:?}") };
    assert!(left[0].starts_with("role berth-dubbing-cluster-"), "{left:?}");
    bench.drive(role).await.unwrap();
    assert_eq!(bench.calls("iam:CreateRole").await, 1);
    bench.stop().await;
}

#[tokio::test]
async fn a_role_of_a_stranger_is_not_touched() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let action = roles(&wanted())[0].clone();
    let EksAction::CreateRole(role) = &action else { panic!("a role") };
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]});
    let call = aws.iam.create_role().role_name(&role.name).assume_role_policy_document(trust.to_string());
    call.send().await.unwrap();
    let fault = bench.begin(action.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::AlreadyExists, Retry::Never), "{fault}");
    assert!(fault.said.contains(&role.name) && fault.said.contains("delete it"), "{fault}");
    assert_eq!(bench.calls("iam:AttachRolePolicy").await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_private_table_waits_for_its_nat_gateway() {
    let bench = Bench::start().await;
    for action in network(&wanted()) {
        if let EksAction::CreateRouteTable(table) = &action
            && table.part.starts_with("routes-private-")
        {
            let fault = bench.begin(action).await.unwrap_err();
            assert_eq!((fault.kind, fault.retry), (FaultKind::Busy, Retry::Backoff), "{fault}");
            assert!(fault.said.ends_with("is pending"), "{fault}");
            break;
        }
        bench.begin(action).await.unwrap();
    }
    assert_eq!(bench.calls("ec2:CreateRouteTable").await, 1, "only the public one");
    bench.stop().await;
}

#[tokio::test]
async fn a_nat_gateway_that_went_away_is_made_anew_and_the_routes_follow() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    make(&bench).await;
    let old = aws.all().await[&EksPartKind::NatGateway][0].clone();
    bench.drive(delete(EksPartKind::NatGateway, &old)).await.unwrap();
    make(&bench).await;
    assert_eq!(aws.counts().await, made());
    assert_ne!(aws.all().await[&EksPartKind::NatGateway], [old]);
    aws.is_complete().await;
    bench.stop().await;
}

fn tagged(kind: ResourceType, tags: &BTreeMap<String, String>) -> TagSpecification {
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

#[tokio::test]
async fn of_several_vpcs_the_one_in_use_is_gone_on_with() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let actions = network(&wanted());
    let EksAction::CreateVpc(vpc) = &actions[0] else { panic!("the VPC") };
    // As lost answers leave them, when EC2 shows the earlier ones late.
    for _ in 0..4 {
        let call = aws.ec2.create_vpc().cidr_block(&vpc.cidr);
        call.tag_specifications(tagged(ResourceType::Vpc, &vpc.tags)).send().await.unwrap();
    }
    // Without a subnet the least id is taken, so the subnet stands in the one that would be taken last.
    let in_use = aws.all().await[&EksPartKind::Vpc].iter().max().unwrap().clone();
    let first = actions.iter().find_map(|action| match action {
        EksAction::CreateSubnet(subnet) => Some(subnet),
        _ => None,
    });
    let first = first.unwrap();
    let call = aws.ec2.create_subnet().vpc_id(&in_use).cidr_block(&first.cidr).availability_zone(&first.zone);
    call.tag_specifications(tagged(ResourceType::Subnet, &first.tags)).send().await.unwrap();
    for action in actions {
        bench.drive(action).await.unwrap();
    }
    let expected = BTreeMap::from([(EksPartKind::Vpc, 4), (EksPartKind::Subnet, 4), (EksPartKind::RouteTable, 3)]);
    let counts = aws.counts().await;
    assert!(expected.iter().all(|(kind, count)| counts.get(kind) == Some(count)), "{counts:?}");
    let inside = Filter::builder().name("vpc-id").values(&in_use).build();
    let subnets = aws.ec2.describe_subnets().filters(inside).send().await.unwrap();
    assert_eq!(subnets.subnets().len(), 4);
    bench.stop().await;
}

#[tokio::test]
async fn a_template_of_a_stranger_is_not_taken() {
    let bench = Bench::start().await;
    let aws = Aws::of(&bench);
    let wanted = wanted();
    let [action, _] = group(&wanted, &wanted.groups[0].group.name);
    let EksAction::CreateTemplate(template) = &action else { panic!("a template") };
    let says = RequestLaunchTemplateData::builder().key_name("k").build();
    let call = aws.ec2.create_launch_template().launch_template_name(&template.name).launch_template_data(says);
    call.send().await.unwrap();
    let fault = bench.begin(action.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::AlreadyExists, Retry::Never), "{fault}");
    assert!(fault.said.contains(&template.name), "{fault}");
    bench.stop().await;
}
