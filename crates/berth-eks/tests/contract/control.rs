//! The cluster, its node groups, add-ons and administrators: made, changed and taken away over the real calls.

use std::collections::BTreeMap;

use berth_core::actions::eks::{EksAction, EksCluster, EksClusterChange, EksClusterRef, EksGroupChange, EksTarget};
use berth_core::lease::{Lease, LeaseId};
use berth_core::ports::{Hands, Progress, Started, Ticket};
use berth_core::rules::eks::cluster::Wanted;
use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use berth_core::spec::NodeRange;
use jiff::Timestamp;
use serde_json::json;

use crate::bench::{Bench, connect};
use crate::wish::{self, NAME, reference, wanted};

/// A client that does what berth never does.
fn somebody_else(bench: &Bench) -> aws_sdk_eks::Client {
    let key = aws_credential_types::Credentials::new("AKIABERTHSIMULATOR00", "secret", None, None, "fixed");
    let config = aws_sdk_eks::Config::builder()
        .behavior_version(aws_sdk_eks::config::BehaviorVersion::latest())
        .region(aws_sdk_eks::config::Region::new(wish::REGION))
        .endpoint_url(&bench.base)
        .credentials_provider(key);
    aws_sdk_eks::Client::from_conf(config.build())
}

/// A bench with everything that has to be there before the cluster.
async fn grounds() -> (Bench, Wanted) {
    let (bench, wanted) = (Bench::start().await, wanted());
    for action in wish::roles(&wanted).into_iter().chain(wish::network(&wanted)) {
        bench.drive(action).await.unwrap();
    }
    (bench, wanted)
}

/// A bench with the cluster, and nothing in it.
async fn cluster() -> (Bench, Wanted) {
    let (bench, wanted) = grounds().await;
    bench.drive(wish::cluster(&wanted)).await.unwrap();
    (bench, wanted)
}

/// A bench with the cluster and what nodes need.
async fn ready() -> (Bench, Wanted) {
    let (bench, wanted) = cluster().await;
    for name in ["vpc-cni", "kube-proxy"] {
        bench.drive(wish::addon(&wanted, name)).await.unwrap();
    }
    (bench, wanted)
}

/// The first node group of a pool: its name, and what makes it once its template is there.
async fn group(bench: &Bench, wanted: &Wanted, pool: &str) -> (String, EksAction) {
    let name = wanted.groups.iter().find(|wanted| wanted.group.pool == pool).unwrap().group.name.clone();
    let [template, group] = wish::group(wanted, &name);
    bench.drive(template).await.unwrap();
    (name, group)
}

fn ticket(started: Started) -> Ticket {
    match started {
        Started::Waiting(ticket) => ticket,
        Started::Done => panic!("it takes minutes"),
    }
}

/// The cluster's fee, as bills know it.
fn id() -> String {
    format!("{}/{NAME}", wish::REGION)
}

fn left(fault: &Fault) -> Vec<String> {
    match &fault.left_behind {
        LeftBehind::These(left) => left.clone(),
        other => panic!("{other:?} of {fault}"),
    }
}

#[tokio::test]
async fn a_cluster_is_made_once_and_any_process_may_ask_about_it() {
    let (bench, wanted) = grounds().await;
    let first = ticket(bench.begin(wish::cluster(&wanted)).await.unwrap());
    let second = ticket(bench.begin(wish::cluster(&wanted)).await.unwrap());
    assert_eq!(first, second);
    let elsewhere = connect(&bench.base).await;
    assert_eq!(elsewhere.poll(&first).await, Ok(Progress::Pending(Some("CREATING".to_owned()))));
    bench.finish(&second).await.unwrap();
    assert_eq!(elsewhere.poll(&first).await, Ok(Progress::Done));
    assert_eq!(bench.begin(wish::cluster(&wanted)).await, Ok(Started::Done));
    assert_eq!(bench.calls("eks:CreateCluster").await, 1);
    let made = somebody_else(&bench).describe_cluster().name(NAME).send().await.unwrap().cluster.unwrap();
    let access = made.access_config.unwrap();
    assert_eq!(access.authentication_mode.unwrap().as_str(), "API");
    assert_eq!(access.bootstrap_cluster_creator_admin_permissions, Some(true));
    assert_eq!(made.upgrade_policy.unwrap().support_type.unwrap().as_str(), "STANDARD");
    assert_eq!(made.tags.unwrap().get("team").map(String::as_str), Some("dubbing"));
    let on: Vec<&str> =
        made.logging.as_ref().unwrap().cluster_logging()[0].types().iter().map(|one| one.as_str()).collect();
    assert_eq!(on, ["api", "audit"]);
    bench.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_make_a_second_one() {
    let (bench, wanted) = grounds().await;
    bench.arm(json!({"on": "eks:CreateCluster", "do": "drop-after"})).await;
    let fault = bench.begin(wish::cluster(&wanted)).await.unwrap_err();
    assert_eq!((fault.kind, fault.left_behind), (FaultKind::Lost, LeftBehind::Unknown));
    bench.carry_out(wish::cluster(&wanted)).await.unwrap();
    assert_eq!(bench.calls("eks:CreateCluster").await, 1);
    bench.drive(wish::addon(&wanted, "vpc-cni")).await.unwrap();
    let (_, make) = group(&bench, &wanted, "cpu-pool").await;
    bench.arm(json!({"on": "eks:CreateNodegroup", "do": "drop-after"})).await;
    assert_eq!(bench.begin(make.clone()).await.unwrap_err().kind, FaultKind::Lost);
    bench.carry_out(make).await.unwrap();
    assert_eq!(bench.calls("eks:CreateNodegroup").await, 1);
    bench.stop().await;
}

#[tokio::test]
async fn what_is_made_again_with_the_same_wish_is_another_request() {
    let (bench, wanted) = grounds().await;
    for _ in 0..2 {
        bench.drive(wish::cluster(&wanted)).await.unwrap();
        bench.drive(wish::addon(&wanted, "vpc-cni")).await.unwrap();
        let (name, make) = group(&bench, &wanted, "cpu-pool").await;
        for _ in 0..2 {
            bench.drive(make.clone()).await.unwrap();
            bench.drive(EksAction::DeleteGroup { cluster: reference(), group: name.clone() }).await.unwrap();
        }
        bench.drive(EksAction::DeleteCluster { cluster: reference() }).await.unwrap();
    }
    // The second of each finds out that the first token brings back only what is gone.
    assert_eq!((bench.calls("eks:CreateCluster").await, bench.calls("eks:CreateNodegroup").await), (3, 6));
    bench.stop().await;
}

#[tokio::test]
async fn another_leases_cluster_is_refused_and_its_own_is_joined() {
    let (bench, wanted) = grounds().await;
    bench.advance(10).await;
    let leased = |owner: &str| {
        let lease = Lease::new(LeaseId::new("pr-1").unwrap(), owner, None, Timestamp::UNIX_EPOCH).unwrap();
        let EksAction::CreateCluster(mut cluster) = wish::cluster(&wanted) else { panic!("a creation") };
        cluster.tags.extend(lease.labels());
        EksAction::CreateCluster(cluster)
    };
    bench.drive(leased("acme/app")).await.unwrap();
    assert_eq!(bench.begin(leased("acme/app")).await, Ok(Started::Done));
    let fault = bench.begin(leased("acme/other")).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never));
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    let why =
        "there is a cluster dubbing already, under lease pr-1 of acme/app until 1970-01-01T00:00:00Z; use another id";
    assert_eq!(fault.said, why);
    bench.stop().await;
}

#[tokio::test]
async fn a_role_that_has_not_spread_is_tried_again() {
    let (bench, wanted) = (Bench::start().await, wanted());
    for action in wish::network(&wanted).into_iter().chain(wish::roles(&wanted)) {
        bench.drive(action).await.unwrap();
    }
    let fault = bench.begin(wish::cluster(&wanted)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    bench.advance(10).await;
    ticket(bench.begin(wish::cluster(&wanted)).await.unwrap());
    bench.stop().await;
}

#[tokio::test]
async fn a_zone_that_takes_no_control_plane_is_answered_with_those_that_do() {
    let (bench, mut wanted) = (Bench::start().await, wanted());
    wanted.network.as_mut().unwrap().subnets[0].zone = "us-east-1e".to_owned();
    for action in wish::roles(&wanted).into_iter().chain(wish::network(&wanted)) {
        bench.drive(action).await.unwrap();
    }
    let fault = bench.drive(wish::cluster(&wanted)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never), "{fault}");
    assert!(fault.said.contains("; control planes can stand in us-east-1a, us-east-1b"), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_that_fails_says_why_and_is_left() {
    let (bench, wanted) = grounds().await;
    bench.advance(10).await;
    let issue =
        json!({"issue": {"code": "InsufficientFreeAddresses", "message": "The subnets have no addresses left."}});
    bench.arm(json!({"on": "eks:CreateCluster", "do": issue})).await;
    let fault = bench.carry_out(wish::cluster(&wanted)).await.unwrap_err();
    assert_eq!((fault.kind, fault.tried.as_str()), (FaultKind::Quota, "create cluster dubbing"));
    assert_eq!(fault.said, "EKS says FAILED: InsufficientFreeAddresses: The subnets have no addresses left");
    assert_eq!(left(&fault), ["cluster dubbing"]);
    // A repeated step does not take the wreck for a cluster; its deletion works.
    assert_eq!(bench.begin(wish::cluster(&wanted)).await.unwrap_err().kind, FaultKind::Quota);
    let target = EksTarget::Cluster;
    assert_eq!(bench.begin(EksAction::Await { cluster: reference(), target }).await, Ok(Started::Done));
    bench.carry_out(EksAction::DeleteCluster { cluster: reference() }).await.unwrap();
    bench.carry_out(wish::cluster(&wanted)).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn somebody_elses_cluster_is_not_taken_for_ours_nor_one_elsewhere_for_this_one() {
    let (bench, wanted) = grounds().await;
    let theirs = EksCluster { tags: BTreeMap::new(), ..wanted.cluster.clone() };
    bench.drive(EksAction::CreateCluster(Box::new(theirs))).await.unwrap();
    let fault = bench.begin(wish::cluster(&wanted)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::AlreadyExists, Retry::Never), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    let elsewhere = EksClusterRef { region: "us-west-2".to_owned(), ..reference() };
    let fault = bench.begin(EksAction::DeleteCluster { cluster: elsewhere }).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused, "{fault}");
    assert_eq!(bench.calls("eks:DeleteCluster").await, 0);
    bench.stop().await;
}

#[tokio::test]
async fn a_group_without_machines_to_get_fails_early_with_the_words_of_ec2() {
    let (bench, wanted) = ready().await;
    let (name, make) = group(&bench, &wanted, "gpu-pool").await;
    bench.arm(json!({"on": "eks:CreateNodegroup", "do": {"stockout": {"zone": null, "created": 0}}})).await;
    let fault = bench.carry_out(make.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Stockout, Retry::Never), "{fault}");
    assert!(fault.said.starts_with("EKS says CREATING: AsgInstanceLaunchFailures: "), "{fault}");
    assert!(fault.said.contains("UnfulfillableCapacity") || fault.said.contains("capacity"), "{fault}");
    assert_eq!(left(&fault), [format!("node group {name}")]);
    // EKS itself would go on for another quarter of an hour. A second run does not take the group for a whole one.
    let look = somebody_else(&bench).describe_nodegroup().cluster_name(NAME).nodegroup_name(&name).send().await;
    assert_eq!(look.unwrap().nodegroup.unwrap().status.unwrap().as_str(), "CREATING");
    assert_eq!(bench.begin(make.clone()).await.unwrap_err().kind, FaultKind::Stockout);
    let target = EksTarget::Group(name.clone());
    let fault = bench.begin(EksAction::Await { cluster: reference(), target }).await.unwrap_err();
    assert_eq!(fault.tried, format!("wait for node group {name}"));
    assert_eq!(bench.calls("eks:CreateNodegroup").await, 1);
    bench.drive(EksAction::DeleteGroup { cluster: reference(), group: name }).await.unwrap();
    bench.disarm().await;
    bench.carry_out(make).await.unwrap();
    bench.stop().await;
}

#[tokio::test]
async fn a_quota_that_is_used_up_fails_a_group_early_too() {
    let (bench, wanted) = ready().await;
    // All G and VT spot requests, in vCPUs.
    bench.set_quota("L-3819A6DF", 0.0).await;
    let (_, make) = group(&bench, &wanted, "gpu-pool").await;
    let fault = bench.carry_out(make).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Quota, "{fault}");
    assert!(fault.said.starts_with("EKS says CREATING: "), "{fault}");
    bench.stop().await;
}

#[tokio::test]
async fn nodes_that_do_not_join_fail_their_group() {
    // Without the network plugin no node becomes ready.
    let (bench, wanted) = cluster().await;
    let (name, make) = group(&bench, &wanted, "cpu-pool").await;
    let fault = bench.carry_out(make.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Other, Retry::Never), "{fault}");
    assert!(fault.said.starts_with("EKS says CREATE_FAILED: NodeCreationFailure: "), "{fault}");
    assert_eq!(left(&fault), [format!("node group {name}")]);
    assert_eq!(bench.begin(make).await.unwrap_err().kind, FaultKind::Other);
    bench.carry_out(EksAction::DeleteGroup { cluster: reference(), group: name.clone() }).await.unwrap();
    assert_eq!(bench.begin(EksAction::DeleteGroup { cluster: reference(), group: name }).await, Ok(Started::Done));
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_takes_one_change_at_a_time() {
    let (bench, _) = cluster().await;
    let change = |change: EksClusterChange| EksAction::ChangeCluster { cluster: reference(), change };
    let logging = change(EksClusterChange::Logging(vec!["audit".to_owned()]));
    let cidrs = vec!["203.0.113.0/24".to_owned()];
    let endpoint = change(EksClusterChange::Endpoint { public_access_cidrs: cidrs, private_access: true });
    let first = ticket(bench.begin(logging.clone()).await.unwrap());
    let fault = bench.begin(endpoint.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Busy, Retry::Backoff), "{fault}");
    assert_eq!(fault.left_behind, LeftBehind::Nothing);
    // The same change again finds itself under way.
    let again = ticket(bench.begin(logging.clone()).await.unwrap());
    let elsewhere = connect(&bench.base).await;
    assert!(matches!(elsewhere.poll(&first).await, Ok(Progress::Pending(Some(_)))));
    bench.finish(&again).await.unwrap();
    bench.finish(&first).await.unwrap();
    bench.carry_out(endpoint.clone()).await.unwrap();
    let calls = bench.calls("eks:UpdateClusterConfig").await;
    for action in [
        logging,
        endpoint,
        change(EksClusterChange::Support { standard: true }),
        change(EksClusterChange::AllowAccessEntries),
    ] {
        assert_eq!(bench.begin(action).await, Ok(Started::Done));
    }
    assert_eq!(bench.calls("eks:UpdateClusterConfig").await, calls);
    let set = BTreeMap::from([("team".to_owned(), "voice".to_owned())]);
    let remove = vec!["nobody".to_owned()];
    assert_eq!(bench.begin(change(EksClusterChange::Tags { set, remove })).await, Ok(Started::Done));
    let made = somebody_else(&bench).describe_cluster().name(NAME).send().await.unwrap().cluster.unwrap();
    assert_eq!(made.tags.unwrap().get("team").map(String::as_str), Some("voice"));
    let on = made.logging.unwrap().cluster_logging.unwrap();
    let on: Vec<&str> = on
        .iter()
        .filter(|setup| setup.enabled == Some(true))
        .flat_map(|setup| setup.types())
        .map(|one| one.as_str())
        .collect();
    assert_eq!(on, ["audit"]);
    let network = made.resources_vpc_config.unwrap();
    assert_eq!(network.public_access_cidrs(), ["203.0.113.0/24"]);
    assert!(network.endpoint_private_access && network.endpoint_public_access);
    bench.stop().await;
}

#[tokio::test]
async fn a_group_takes_one_change_at_a_time() {
    let (bench, wanted) = ready().await;
    let (name, make) = group(&bench, &wanted, "cpu-pool").await;
    let change = |change: EksGroupChange| EksAction::ChangeGroup { cluster: reference(), group: name.clone(), change };
    let set = BTreeMap::from([("tier".to_owned(), "premium".to_owned())]);
    let labels = change(EksGroupChange::Labels { set, remove: Vec::new() });
    assert_eq!(bench.begin(labels.clone()).await.unwrap_err().kind, FaultKind::NotFound);
    bench.carry_out(make).await.unwrap();
    let scaling = change(EksGroupChange::Scaling { nodes: NodeRange { min: 2, max: 5 }, desired: 2 });
    let first = ticket(bench.begin(labels.clone()).await.unwrap());
    assert_eq!(bench.begin(scaling.clone()).await.unwrap_err().kind, FaultKind::Busy);
    let again = ticket(bench.begin(labels.clone()).await.unwrap());
    bench.finish(&first).await.unwrap();
    bench.finish(&again).await.unwrap();
    bench.carry_out(scaling.clone()).await.unwrap();
    let calls = bench.calls("eks:UpdateNodegroupConfig").await;
    assert_eq!(bench.drive(labels).await, Ok(()));
    assert_eq!(bench.drive(scaling).await, Ok(()));
    assert_eq!(bench.calls("eks:UpdateNodegroupConfig").await, calls);
    let tags = BTreeMap::from([("team".to_owned(), "voice".to_owned())]);
    assert_eq!(bench.begin(change(EksGroupChange::Tags(tags))).await, Ok(Started::Done));
    let look = somebody_else(&bench).describe_nodegroup().cluster_name(NAME).nodegroup_name(&name).send().await;
    let made = look.unwrap().nodegroup.unwrap();
    assert_eq!(made.labels.as_ref().unwrap().get("tier").map(String::as_str), Some("premium"));
    assert_eq!(made.scaling_config.unwrap().min_size, Some(2));
    assert_eq!(made.tags.unwrap().get("team").map(String::as_str), Some("voice"));
    bench.stop().await;
}

#[tokio::test]
async fn a_protected_cluster_loses_its_protection_and_goes_behind_one_ticket() {
    let (bench, _) = cluster().await;
    let theirs = somebody_else(&bench);
    theirs.update_cluster_config().name(NAME).deletion_protection(true).send().await.unwrap();
    bench.advance(300).await;
    let delete = EksAction::DeleteCluster { cluster: reference() };
    let ticket = ticket(bench.begin(delete.clone()).await.unwrap());
    assert_eq!(bench.calls("eks:DeleteCluster").await, 0);
    let elsewhere = connect(&bench.base).await;
    let protected = "deletion protection is being taken off".to_owned();
    assert_eq!(elsewhere.poll(&ticket).await, Ok(Progress::Pending(Some(protected))));
    bench.finish(&ticket).await.unwrap();
    assert_eq!(bench.calls("eks:DeleteCluster").await, 1);
    let ended = bench.eks.ended(&id()).unwrap();
    assert_eq!(ended.as_second(), bench.ended(NAME).await.as_second(), "by EKS's own clock");
    assert!(!bench.billed().await.iter().any(|span| span.starts_with("control-plane")));
    assert_eq!(bench.begin(delete).await, Ok(Started::Done));
    bench.stop().await;
}

#[tokio::test]
async fn an_old_ticket_does_not_delete_a_later_cluster_of_the_same_name() {
    let (bench, wanted) = cluster().await;
    let theirs = somebody_else(&bench);
    theirs.update_cluster_config().name(NAME).deletion_protection(true).send().await.unwrap();
    bench.advance(300).await;
    let ticket = ticket(bench.begin(EksAction::DeleteCluster { cluster: reference() }).await.unwrap());
    bench.advance(300).await;
    bench.drive(EksAction::DeleteCluster { cluster: reference() }).await.unwrap();
    bench.drive(wish::cluster(&wanted)).await.unwrap();
    let fault = bench.eks.poll(&ticket).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Refused, Retry::Never), "{fault}");
    assert_eq!(bench.begin(wish::cluster(&wanted)).await, Ok(Started::Done));
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_with_groups_is_deleted_after_them() {
    let (bench, wanted) = ready().await;
    let (name, make) = group(&bench, &wanted, "cpu-pool").await;
    bench.carry_out(make).await.unwrap();
    let delete = EksAction::DeleteCluster { cluster: reference() };
    let fault = bench.begin(delete.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Busy, Retry::Backoff), "{fault}");
    assert_eq!(left(&fault), ["cluster dubbing"]);
    let going = EksAction::DeleteGroup { cluster: reference(), group: name };
    let first = ticket(bench.begin(going.clone()).await.unwrap());
    assert_eq!(ticket(bench.begin(going).await.unwrap()), first);
    assert_eq!(bench.eks.poll(&first).await, Ok(Progress::Pending(Some("DELETING".to_owned()))));
    bench.finish(&first).await.unwrap();
    bench.arm(json!({"on": "eks:DeleteCluster", "do": "drop-after"})).await;
    assert_eq!(bench.begin(delete.clone()).await.unwrap_err().kind, FaultKind::Lost);
    bench.carry_out(delete).await.unwrap();
    assert_eq!(bench.eks.ended(&id()), None, "one answer was a refusal, the other was lost");
    assert!(!bench.billed().await.iter().any(|span| span.starts_with("control-plane")));
    bench.stop().await;
}

#[tokio::test]
async fn dns_is_made_before_nodes_and_well_after_them() {
    let (bench, wanted) = ready().await;
    let dns = wish::addon(&wanted, "coredns");
    assert_eq!(bench.begin(dns.clone()).await, Ok(Started::Done));
    let well = EksAction::Await { cluster: reference(), target: EksTarget::Addon("coredns".to_owned()) };
    let waiting = ticket(bench.begin(well).await.unwrap());
    bench.advance(400).await;
    let Ok(Progress::Pending(Some(detail))) = bench.eks.poll(&waiting).await else { panic!("there are no nodes") };
    assert!(detail.starts_with("DEGRADED; InsufficientNumberOfReplicas: "), "{detail}");
    assert_eq!(bench.begin(dns).await, Ok(Started::Done));
    let (_, make) = group(&bench, &wanted, "cpu-pool").await;
    bench.carry_out(make).await.unwrap();
    bench.finish(&waiting).await.unwrap();
    let volumes = wish::addon(&wanted, "aws-ebs-csi-driver");
    let first = ticket(bench.begin(volumes.clone()).await.unwrap());
    assert_eq!(ticket(bench.begin(volumes.clone()).await.unwrap()), first);
    bench.finish(&first).await.unwrap();
    assert_eq!(bench.begin(volumes).await, Ok(Started::Done));
    // The network plugin and the proxy before.
    assert_eq!(bench.calls("eks:CreateAddon").await, 4);
    let delete = EksAction::DeleteAddon { cluster: reference(), addon: "coredns".to_owned() };
    let going = ticket(bench.begin(delete.clone()).await.unwrap());
    assert_eq!(ticket(bench.begin(delete.clone()).await.unwrap()), going);
    bench.finish(&going).await.unwrap();
    assert_eq!(bench.begin(delete).await, Ok(Started::Done));
    assert_eq!(bench.calls("eks:DeleteAddon").await, 1);
    bench.stop().await;
}

#[tokio::test]
async fn an_add_on_that_fails_says_why() {
    let (bench, wanted) = cluster().await;
    let issue = json!({"issue": {"code": "ConfigurationConflict", "message": "Conflicts found when applying."}});
    bench.arm(json!({"on": "eks:CreateAddon", "do": issue})).await;
    // The driver is waited for; whoever waits for DNS later hears the same.
    let fault = bench.carry_out(wish::addon(&wanted, "aws-ebs-csi-driver")).await.unwrap_err();
    assert_eq!(fault.said, "EKS says CREATE_FAILED: ConfigurationConflict: Conflicts found when applying");
    assert_eq!(left(&fault), ["add-on aws-ebs-csi-driver"]);
    let target = EksTarget::Addon("aws-ebs-csi-driver".to_owned());
    assert!(bench.begin(EksAction::Await { cluster: reference(), target }).await.is_err());
    bench.stop().await;
}

#[tokio::test]
async fn an_administrator_is_made_of_whatever_there_is() {
    let (bench, wanted) = cluster().await;
    let principal = "arn:aws:iam::123456789012:role/operators".to_owned();
    let tags = wanted.cluster.tags.clone();
    let grant = EksAction::GrantAdmin { cluster: reference(), principal: principal.clone(), tags };
    let down = json!({"answer": {"code": 503, "status": "ServiceUnavailableException", "message": "Down."}});
    bench.arm(json!({"on": "eks:AssociateAccessPolicy", "do": down})).await;
    let fault = bench.begin(grant.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff), "{fault}");
    assert_eq!(left(&fault), [format!("access entry of {principal}")]);
    for _ in 0..2 {
        assert_eq!(bench.begin(grant.clone()).await, Ok(Started::Done));
    }
    assert_eq!(bench.calls("eks:CreateAccessEntry").await, 1);
    let policies = somebody_else(&bench).list_associated_access_policies().cluster_name(NAME).principal_arn(principal);
    let policies = policies.send().await.unwrap().associated_access_policies.unwrap();
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0].policy_arn(), Some("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"));
    bench.stop().await;
}

#[tokio::test]
async fn tags_of_the_machines_group_are_set_in_batches() {
    let (bench, wanted) = ready().await;
    let (name, make) = group(&bench, &wanted, "cpu-pool").await;
    let label = |number: u32| (format!("k8s.io/cluster-autoscaler/node-template/label/n{number}"), number.to_string());
    let tags: BTreeMap<String, String> = (0..30).map(label).collect();
    let tag = EksAction::TagAutoscaling { cluster: reference(), group: name.clone(), tags };
    assert_eq!(bench.begin(tag.clone()).await.unwrap_err().kind, FaultKind::NotFound);
    let EksAction::CreateGroup(mut empty) = make else { panic!("it makes a group") };
    (empty.nodes.min, empty.desired) = (0, 0);
    let making = ticket(bench.begin(EksAction::CreateGroup(empty)).await.unwrap());
    // The group of machines comes a little after the node group.
    let fault = bench.begin(tag.clone()).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (FaultKind::Unavailable, Retry::Backoff), "{fault}");
    bench.finish(&making).await.unwrap();
    let before = bench.calls("autoscaling:CreateOrUpdateTags").await;
    assert_eq!(bench.begin(tag).await, Ok(Started::Done));
    assert_eq!(bench.calls("autoscaling:CreateOrUpdateTags").await - before, 2);
    bench.stop().await;
}
