//! What is seen: of nothing, of a whole cluster, of one that is half made, and with permissions missing.

use std::collections::{BTreeMap, BTreeSet};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eks::types::{AccessScope, AccessScopeType};
use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksCapacity, EksPart, EksPartKind, EksSubnets};
use berth_core::observed::{Observed, ObservedCloud, Phase};
use berth_core::plan::{Goal, Workloads, plan};
use berth_core::ports::Eyes;
use berth_core::run::FaultKind;
use serde_json::{Value, json};

use crate::bench::{Bench, settings_of};
use crate::wish::{ACCOUNT, NAME, REGION, addon, cluster, file, group, network, reference, roles, wanted};

fn answer(code: u16, status: &str) -> Value {
    json!({"answer": {"code": code, "status": status, "message": "You may not do this."}})
}

/// Calls since the last time, by method.
async fn calls(bench: &Bench, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let ledger = bench.ledger().await;
    let counts =
        ledger["counts"].as_object().unwrap().iter().map(|(name, count)| (name.clone(), count.as_u64().unwrap()));
    counts
        .map(|(name, count)| (name.clone(), count - before.get(&name).unwrap_or(&0)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

fn all_kinds() -> BTreeSet<EksPartKind> {
    EksPartKind::ALL.into_iter().collect()
}

fn of_kind(observed: &Observed, kind: EksPartKind) -> Vec<EksPart> {
    observed.around.parts.iter().filter(|part| part.thing.kind == kind).cloned().collect()
}

fn incomplete(observed: &Observed) -> Vec<&str> {
    observed.around.parts.iter().filter(|part| !part.complete).map(|part| part.part.as_deref().unwrap()).collect()
}

/// AWS as somebody else reaches it.
fn other(bench: &Bench) -> aws_config::SdkConfig {
    let credentials = Credentials::new("AKIABERTHSIMULATOR00", "secret", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .region(aws_config::Region::new(REGION))
        .endpoint_url(&bench.base)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Network, roles and the cluster itself.
async fn make_cluster(bench: &Bench) {
    let wanted = wanted();
    for action in network(&wanted).into_iter().chain(roles(&wanted)).chain([cluster(&wanted)]) {
        bench.drive(action).await.unwrap();
    }
}

#[tokio::test]
async fn of_nothing_all_kinds_are_checked_with_one_call_each() {
    let bench = Bench::start().await;
    let before = calls(&bench, &BTreeMap::new()).await;
    let observed = bench.observe().await;
    let made = calls(&bench, &before).await;
    assert_eq!(observed.cluster, None);
    assert_eq!((observed.around.parts, observed.around.unread), (Vec::new(), Vec::new()));
    assert_eq!(observed.around.checked, all_kinds());
    let zones: Vec<(&str, &str)> =
        observed.around.zones.iter().map(|zone| (zone.name.as_str(), zone.id.as_str())).collect();
    assert!(zones.contains(&("us-east-1a", "use1-az4")) && zones.len() == 6, "{zones:?}");
    let often: Vec<_> = made.iter().filter(|(_, count)| **count > 1).collect();
    assert_eq!(often, [(&"iam:GetRole".to_owned(), &4)], "{made:?}");
    assert_eq!(made.values().sum::<u64>(), 20, "{made:?}");
    assert!(bench.eks.fleet().await.unwrap().clusters.is_empty());
    bench.stop().await;
}

#[tokio::test]
async fn a_cluster_is_read_back_as_it_was_wanted() {
    let bench = Bench::start().await;
    bench.create(&file()).await.unwrap();
    let before = calls(&bench, &BTreeMap::new()).await;
    let observed = bench.observe().await;
    let made = calls(&bench, &before).await;
    // Nothing is asked twice: what comes to the 20 calls is of the cluster's own lists, and of each role, group, add-on, association and admin.
    assert_eq!(made.values().sum::<u64>(), 39, "{made:?}");
    assert_eq!((observed.around.unread.clone(), observed.around.checked.clone()), (Vec::new(), all_kinds()));
    assert_eq!(incomplete(&observed), Vec::<&str>::new());
    // What is wanted is there, so nothing is left to do on AWS.
    let goal = Goal::Present { spec: &file(), account: ACCOUNT, adopt: false, workloads: Workloads::default() };
    let again = plan(&goal, &observed).unwrap();
    let left: Vec<_> = again.steps.iter().filter(|step| matches!(step.action, Action::Eks(_))).collect();
    assert!(left.is_empty(), "{left:#?}");

    let wanted = wanted();
    let cluster = observed.cluster.as_ref().unwrap();
    assert_eq!((cluster.name.as_str(), cluster.account.as_str(), cluster.phase), (NAME, ACCOUNT, Phase::Running));
    assert_eq!((cluster.place.region.as_str(), cluster.place.zone.as_ref()), (REGION, None));
    assert_eq!(cluster.labels, wanted.cluster.tags);
    assert!(cluster.created_at.is_some() && cluster.is_ours());
    let access = cluster.access.as_ref().unwrap();
    assert!(access.server.starts_with("https://"), "{}", access.server);
    assert!(access.ca_pem.as_ref().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let ObservedCloud::Eks(description) = &cluster.cloud else { panic!("a cluster of EKS") };
    assert_eq!(description.settings, wanted.cluster.settings);
    assert_eq!(description.access_mode, "API");
    assert_eq!(description.admins, ["arn:aws:iam::123456789012:user/berth-sim"]);
    assert!(description.addons.iter().all(|addon| addon.status == "ACTIVE"), "{:?}", description.addons);
    let vpc = &of_kind(&observed, EksPartKind::Vpc)[0].thing.id;
    assert_eq!((description.vpc.as_ref(), description.subnets.len()), (Some(vpc), 4));

    let gpu = settings_of(cluster, "gpu-pool");
    let want = wanted.groups.iter().find(|want| want.group.name == "gpu-pool").unwrap();
    assert_eq!((gpu.capacity, gpu.running, gpu.desired), (EksCapacity::Spot, Some(1), 1));
    assert_eq!((&gpu.ami_type, &gpu.instance_types), (&want.group.ami_type, &want.group.instance_types));
    assert_eq!(
        (&gpu.taints, &gpu.labels, &gpu.template),
        (&want.group.taints, &want.group.labels, &want.group.template)
    );
    assert_eq!(gpu.autoscaling_tags, want.autoscaling_tags);
    assert_eq!(gpu.autoscaling_groups.len(), 1);
    let EksSubnets::Given { ids, .. } = &gpu.subnets else { panic!("ids are read back") };
    assert_eq!(ids.len(), 2);

    let fleet = bench.eks.fleet().await.unwrap().clusters;
    assert_eq!((fleet.len(), fleet[0].name.as_str(), fleet[0].pools.len()), (1, NAME, 2));

    // The same things by their ids, whose are to go, and then nothing.
    bench.destroy(&file()).await.unwrap();
    let gone = bench.observe().await;
    assert_eq!((gone.cluster, gone.around.parts), (None, Vec::new()));
    assert_eq!(gone.around.checked, all_kinds());
    bench.stop().await;
}

#[tokio::test]
async fn what_is_half_made_is_not_complete() {
    let bench = Bench::start().await;
    let wanted = wanted();
    // In the order in which they are completed; what is armed fails, so each is made and not completed.
    let completing = [
        "ec2:ModifyVpcAttribute",
        "ec2:ModifySubnetAttribute",
        "ec2:AttachInternetGateway",
        "ec2:AssociateRouteTable",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
    ];
    for call in completing {
        bench.arm(json!({"on": call, "times": 99, "do": answer(400, "InvalidParameterValue")})).await;
    }
    let actions: Vec<EksAction> = network(&wanted).into_iter().chain(roles(&wanted)).collect();
    let makes_half = |action: &EksAction| {
        !matches!(
            action,
            EksAction::AllocateAddress(_) | EksAction::CreateNatGateway(_) | EksAction::CreateRouteTable(_)
        )
    };
    for action in actions.iter().filter(|action| makes_half(action)) {
        let is_private = matches!(action, EksAction::CreateSubnet(subnet) if !subnet.public);
        assert_eq!(bench.begin(action.clone()).await.is_ok(), is_private, "{action:?}");
    }
    let observed = bench.observe().await;
    let halves = incomplete(&observed);
    assert!(halves.contains(&"vpc") && halves.contains(&"internet-gateway"), "{halves:?}");
    assert_eq!(halves.iter().filter(|part| part.starts_with("subnet-public-")).count(), 2, "{halves:?}");
    assert_eq!(halves.iter().filter(|part| part.starts_with("berth-dubbing-")).count(), 4, "{halves:?}");
    assert_eq!(halves.len(), 8, "{halves:?}");
    assert_eq!(of_kind(&observed, EksPartKind::InternetGateway)[0].state, "detached");

    // The rest, up to the tables, whose subnets are not theirs yet.
    bench.disarm().await;
    bench.arm(json!({"on": "ec2:AssociateRouteTable", "times": 99, "do": answer(400, "InvalidParameterValue")})).await;
    for action in &actions {
        let is_table = matches!(action, EksAction::CreateRouteTable(_));
        assert_eq!(bench.drive(action.clone()).await.is_err(), is_table, "{action:?}");
    }
    let observed = bench.observe().await;
    let halves = incomplete(&observed);
    assert!(!halves.is_empty() && halves.iter().all(|part| part.starts_with("routes-")), "{halves:?}");
    assert_eq!(halves.len(), of_kind(&observed, EksPartKind::RouteTable).len());

    bench.disarm().await;
    for action in actions {
        bench.drive(action).await.unwrap();
    }
    assert_eq!(incomplete(&bench.observe().await), Vec::<&str>::new());
    bench.stop().await;
}

#[tokio::test]
async fn a_kind_that_may_not_be_read_is_told_and_the_rest_is_seen() {
    let bench = Bench::start().await;
    make_cluster(&bench).await;
    let denied = [
        ("ec2:DescribeRouteTables", "UnauthorizedOperation", EksPartKind::RouteTable),
        ("iam:GetRole", "AccessDenied", EksPartKind::Role),
        ("logs:DescribeLogGroups", "AccessDeniedException", EksPartKind::LogGroup),
    ];
    for (call, code, _) in denied {
        bench.arm(json!({"on": call, "times": 99, "do": answer(403, code)})).await;
    }
    bench.arm(json!({"on": "eks:ListAccessEntries", "times": 99, "do": answer(403, "AccessDeniedException")})).await;
    bench.arm(json!({"on": "ec2:DescribeVpcAttribute", "times": 99, "do": answer(403, "UnauthorizedOperation")})).await;
    let observed = bench.observe().await;
    let mut checked = all_kinds();
    for (call, _, kind) in denied {
        checked.remove(&kind);
        let lines = observed.around.unread.iter().filter(|line| line.ends_with(&format!("(takes {call})")));
        assert_eq!(lines.count(), 1, "{call}: {:?}", observed.around.unread);
        assert!(of_kind(&observed, kind).is_empty());
    }
    assert_eq!(observed.around.checked, checked);
    assert_eq!(observed.around.unread.len(), 5, "{:?}", observed.around.unread);
    // What cannot be seen of a thing does not make it half.
    assert!(of_kind(&observed, EksPartKind::Vpc)[0].complete);
    assert_eq!(of_kind(&observed, EksPartKind::Subnet).len(), 4);
    let ObservedCloud::Eks(description) = observed.cluster.unwrap().cloud else { panic!("a cluster of EKS") };
    assert!(description.admins.is_empty());

    // Anything but a permission fails the look, and so does the cluster itself.
    bench.disarm().await;
    bench.arm(json!({"on": "ec2:DescribeSubnets", "times": 99, "do": answer(400, "InvalidParameterValue")})).await;
    let fault = bench.eks.observe(NAME, REGION).await.unwrap_err();
    assert_eq!((fault.kind, fault.tried.as_str()), (FaultKind::Refused, "look for subnets"));
    bench.disarm().await;
    bench.arm(json!({"on": "eks:DescribeCluster", "times": 99, "do": answer(403, "AccessDeniedException")})).await;
    assert_eq!(bench.eks.observe(NAME, REGION).await.unwrap_err().kind, FaultKind::Denied);
    // Another region's cluster is not asked for here.
    bench.disarm().await;
    assert_eq!(bench.eks.observe(NAME, "eu-west-1").await.unwrap_err().kind, FaultKind::Refused);
    bench.stop().await;
}

#[tokio::test]
async fn what_goes_between_list_and_look_is_left_out() {
    let bench = Bench::start().await;
    let wanted = wanted();
    make_cluster(&bench).await;
    bench.drive(addon(&wanted, "vpc-cni")).await.unwrap();
    for action in group(&wanted, "cpu-pool") {
        bench.drive(action).await.unwrap();
    }
    for call in ["eks:DescribeNodegroup", "eks:DescribeAddon"] {
        bench.arm(json!({"on": call, "times": 99, "do": answer(404, "ResourceNotFoundException")})).await;
    }
    let cluster = bench.cluster().await;
    let ObservedCloud::Eks(description) = &cluster.cloud else { panic!("a cluster of EKS") };
    assert_eq!((cluster.pools.len(), description.addons.len()), (0, 0));
    bench.disarm().await;
    // The machines may not be looked at: nobody knows how many run.
    let denied = answer(403, "AccessDenied");
    bench.arm(json!({"on": "autoscaling:DescribeAutoScalingGroups", "times": 99, "do": denied})).await;
    let observed = bench.observe().await;
    assert_eq!(settings_of(observed.cluster.as_ref().unwrap(), "cpu-pool").running, None);
    assert!(observed.around.unread[0].ends_with("(takes autoscaling:DescribeAutoScalingGroups)"));
    bench.disarm().await;
    assert_eq!(bench.group("cpu-pool").await.running, Some(1));
    // Also the whole cluster may go.
    bench.arm(json!({"on": "eks:DescribeCluster", "times": 99, "do": answer(404, "ResourceNotFoundException")})).await;
    assert!(bench.eks.fleet().await.unwrap().clusters.is_empty());
    bench.stop().await;
}

#[tokio::test]
async fn administrators_are_read_over_all_pages_and_only_those_of_the_whole_cluster() {
    let bench = Bench::start().await;
    make_cluster(&bench).await;
    // EKS gives at most a hundred at a time.
    let principals: Vec<String> = (0..104).map(|number| format!("arn:aws:iam::{ACCOUNT}:user/u{number:03}")).collect();
    for principal in &principals {
        let (principal, tags) = (principal.clone(), BTreeMap::new());
        bench.drive(EksAction::GrantAdmin { cluster: reference(), principal, tags }).await.unwrap();
    }
    let eks = aws_sdk_eks::Client::new(&other(&bench));
    let of_some = format!("arn:aws:iam::{ACCOUNT}:user/of-one-namespace");
    eks.create_access_entry().cluster_name(NAME).principal_arn(&of_some).send().await.unwrap();
    let scope = AccessScope::builder().r#type(AccessScopeType::Namespace).namespaces("film").build();
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
    let call = eks.associate_access_policy().cluster_name(NAME).principal_arn(&of_some).policy_arn(policy);
    call.access_scope(scope).send().await.unwrap();
    let ObservedCloud::Eks(description) = bench.cluster().await.cloud else { panic!("a cluster of EKS") };
    assert_eq!(description.admins.len(), 105);
    assert!(principals.iter().all(|principal| description.admins.contains(principal)));
    assert!(!description.admins.contains(&of_some));
    bench.stop().await;
}

#[tokio::test]
async fn interfaces_that_the_network_plugin_strands_are_seen() {
    let bench = Bench::start().await;
    let wanted = wanted();
    make_cluster(&bench).await;
    bench.drive(addon(&wanted, "vpc-cni")).await.unwrap();
    for action in group(&wanted, "cpu-pool") {
        bench.drive(action).await.unwrap();
    }
    let there = bench.observe().await;
    assert!(of_kind(&there, EksPartKind::NetworkInterface).is_empty());
    let groups = of_kind(&there, EksPartKind::SecurityGroup);
    assert!(groups.len() == 1 && groups[0].part.is_none(), "{groups:?}");
    bench.arm(json!({"on": "eks:DeleteNodegroup", "do": {"leave-interfaces": {"count": 2}}})).await;
    bench.drive(EksAction::DeleteGroup { cluster: reference(), group: "cpu-pool".to_owned() }).await.unwrap();
    let left = of_kind(&bench.observe().await, EksPartKind::NetworkInterface);
    let tagged = |part: &EksPart| part.tags.get("cluster.k8s.amazonaws.com/name").is_some_and(|name| name == NAME);
    assert!(left.len() == 2 && left.iter().all(tagged), "{left:?}");
    assert!(left.iter().all(|part| part.state == "available" && part.part.is_none()), "{left:?}");
    bench.stop().await;
}

#[tokio::test]
async fn log_groups_are_known_by_name_and_oidc_providers_by_tags_or_issuer() {
    let bench = Bench::start().await;
    let config = other(&bench);
    let (iam, logs) = (aws_sdk_iam::Client::new(&config), aws_sdk_cloudwatchlogs::Client::new(&config));
    for name in ["/aws/eks/dubbing/cluster", "/aws/eks/dubbing/cluster-of-old", "/aws/eks/film/cluster"] {
        logs.create_log_group().log_group_name(name).send().await.unwrap();
    }
    let provider = async |url: &str, tags: &[(&str, &str)]| {
        let tag =
            |(key, value): &(&str, &str)| aws_sdk_iam::types::Tag::builder().key(*key).value(*value).build().unwrap();
        let tags = tags.iter().map(tag).collect();
        let call = iam.create_open_id_connect_provider().url(url).client_id_list("sts.amazonaws.com");
        call.set_tags(Some(tags)).send().await.unwrap().open_id_connect_provider_arn.unwrap()
    };
    let ours = [("managed-by", "berth"), ("berth-cluster", NAME)];
    let by_tags = provider("https://oidc.eks.us-east-1.amazonaws.com/id/0A", &ours).await;
    provider("https://oidc.eks.us-east-1.amazonaws.com/id/0B", &[("berth-cluster", NAME)]).await;
    let observed = bench.observe().await;
    let ids: Vec<&str> = observed.around.parts.iter().map(|part| part.thing.id.as_str()).collect();
    assert_eq!(ids, ["/aws/eks/dubbing/cluster", by_tags.as_str()]);

    // While there is a cluster its issuer tells, whoever made the provider.
    make_cluster(&bench).await;
    let ObservedCloud::Eks(description) = bench.cluster().await.cloud else { panic!("a cluster of EKS") };
    let by_issuer = provider(&description.issuer.unwrap(), &[]).await;
    let providers = of_kind(&bench.observe().await, EksPartKind::OidcProvider);
    assert_eq!(providers.iter().map(|part| &part.thing.id).collect::<Vec<_>>(), [&by_issuer]);
    bench.stop().await;
}
