//! Every request of a cluster's whole life is held against botocore's models of the services.

use std::collections::{BTreeMap, BTreeSet};

use berth_core::actions::Action;
use berth_core::actions::eks::{EksAction, EksClusterChange, EksGroupChange, EksPartKind, EksPartRef};
use berth_core::manifests::cluster_autoscaler;
use berth_core::ports::{Eyes, Hands, Started};
use berth_core::spec::{NodeRange, Taint, TaintEffect};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::aws::Aws;
use crate::bench::{Bench, connect};
use crate::deletion::{add_group, let_in};
use crate::python;
use crate::wire::{Sent, Wire};
use crate::wish::{file_with, reference};

/// What the script tells of requests.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    /// How many requests there were of each operation, `eks:CreateCluster`.
    pub(crate) operations: BTreeMap<String, u32>,
    /// What is wrong with each request.
    pub(crate) faults: Vec<Vec<String>>,
}

pub(crate) async fn held_against_botocore(requests: &[Sent]) -> Report {
    let lines: Vec<String> = requests.iter().map(|request| serde_json::to_string(request).unwrap()).collect();
    serde_json::from_str(&python::run("requests.py", lines.join("\n")).await).unwrap()
}

/// Calls without which it was no whole life.
const LIFE: [&str; 58] = [
    "autoscaling:CreateOrUpdateTags",
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateInternetGateway",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateNatGateway",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteLaunchTemplate",
    "ec2:DeleteNatGateway",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteVpc",
    "ec2:DescribeInstances",
    "ec2:DescribeSpotPriceHistory",
    "ec2:GetSpotPlacementScores",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ReleaseAddress",
    "ec2:RevokeSecurityGroupIngress",
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:CreateAddon",
    "eks:CreateCluster",
    "eks:CreateNodegroup",
    "eks:CreatePodIdentityAssociation",
    "eks:DeleteAddon",
    "eks:DeleteCluster",
    "eks:DeleteNodegroup",
    "eks:DeletePodIdentityAssociation",
    "eks:DescribePodIdentityAssociation",
    "eks:DescribeUpdate",
    "eks:ListPodIdentityAssociations",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdateClusterConfig",
    "eks:UpdateNodegroupConfig",
    "elb:DeleteLoadBalancer",
    "elbv2:DescribeLoadBalancers",
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteOpenIDConnectProvider",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRolePolicy",
    "iam:PutRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
    "logs:DeleteLogGroup",
    "service-quotas:GetAWSDefaultServiceQuota",
    "service-quotas:GetServiceQuota",
    "sts:GetCallerIdentity",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_sent_in_a_clusters_life_is_as_botocore_knows_it() {
    if !python::has("botocore") {
        return;
    }
    let bench = Bench::start().await;
    let wire = Wire::to(&bench.base).await;
    let bench = bench.through(&wire.url).await;
    let admin = "arn:aws:iam::123456789012:role/film/Admins";
    let spec = file_with(&[
        ("logging: [api, audit]", &format!("logging: [api, audit]\n    access: {{admins: ['{admin}']}}")),
        ("nat: one", "nat: per-zone"),
    ]);
    bench.eks.facts(&spec).await.unwrap();
    bench.create(&spec).await.unwrap();
    for change in changes() {
        bench.drive(change).await.unwrap();
    }
    for deletion in deletions() {
        bench.drive(deletion).await.unwrap();
    }
    bench.eks.fleet().await.unwrap();
    add_what_others_make(&bench).await;
    bench.destroy(&spec).await.unwrap();
    assert_eq!(bench.billed().await, Vec::<String>::new());

    let report = held_against_botocore(&wire.sent()).await;
    let faults: BTreeSet<String> = report.faults.concat().into_iter().collect();
    assert_eq!(faults, BTreeSet::new());
    let missing: Vec<&str> = LIFE.into_iter().filter(|call| !report.operations.contains_key(*call)).collect();
    assert!(missing.is_empty(), "not sent: {missing:?}; sent: {:?}", report.operations);
    let requests = report.operations.values().sum::<u32>();
    assert_eq!(usize::try_from(requests).unwrap(), wire.sent().len());
    bench.stop().await;
}

/// Every kind of change there is to a cluster and a node group of ours.
fn changes() -> Vec<EksAction> {
    let of_cluster = |change| EksAction::ChangeCluster { cluster: reference(), change };
    let of_group = |change| EksAction::ChangeGroup { cluster: reference(), group: "cpu-pool".to_owned(), change };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let taint = || Taint { key: "film".to_owned(), value: String::new(), effect: TaintEffect::NoExecute };
    vec![
        of_cluster(EksClusterChange::Tags {
            set: [pair("team", "film & sound")].into(),
            remove: vec!["env".to_owned()],
        }),
        of_cluster(EksClusterChange::Logging(vec!["scheduler".to_owned()])),
        of_cluster(EksClusterChange::Endpoint {
            public_access_cidrs: vec!["203.0.113.0/24".to_owned()],
            private_access: true,
        }),
        of_group(EksGroupChange::Labels { set: [pair("tier", "basic")].into(), remove: vec!["old".to_owned()] }),
        of_group(EksGroupChange::Taints { set: vec![taint()], remove: Vec::new() }),
        of_group(EksGroupChange::Taints { set: Vec::new(), remove: vec![taint()] }),
        of_group(EksGroupChange::Scaling { nodes: NodeRange { min: 1, max: 5 }, desired: 2 }),
        of_group(EksGroupChange::Tags([pair("team", "film")].into())),
        EksAction::DeletePodIdentity {
            cluster: reference(),
            namespace: cluster_autoscaler::NAMESPACE.to_owned(),
            service_account: cluster_autoscaler::NAME.to_owned(),
        },
    ]
}

/// Deletions of what workloads and others make; it is gone already, but it is asked for.
fn deletions() -> Vec<EksAction> {
    let balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/film/0123456789abcdef";
    let provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF";
    let gone = [
        (EksPartKind::LoadBalancer, balancer),
        (EksPartKind::LoadBalancer, "a0123456789abcdef"),
        (EksPartKind::Volume, "vol-0123456789abcdef0"),
        (EksPartKind::NetworkInterface, "eni-0123456789abcdef0"),
        (EksPartKind::SecurityGroup, "sg-0123456789abcdef0"),
        (EksPartKind::LogGroup, "/aws/eks/gone/cluster"),
        (EksPartKind::OidcProvider, provider),
    ];
    let part = |(kind, id): (EksPartKind, &str)| EksPartRef { kind, id: id.to_owned() };
    gone.map(|gone| EksAction::DeletePart { cluster: reference(), part: part(gone) }).into()
}

/// What stands in the way of a destroy: interfaces the network plugin strands, groups that name each other, more on a role.
async fn add_what_others_make(bench: &Bench) {
    let aws = Aws::of(bench);
    bench.arm(json!({"on": "eks:DeleteNodegroup", "do": {"leave-interfaces": {"count": 2}}})).await;
    bench.drive(EksAction::DeleteGroup { cluster: reference(), group: "gpu-pool".to_owned() }).await.unwrap();
    // The other group has come to rest after its changes.
    bench.advance(300).await;
    let all = aws.all().await;
    let vpc = &all[&EksPartKind::Vpc][0];
    let (one, two) = (add_group(&aws, vpc, "one", true).await, add_group(&aws, vpc, "two", true).await);
    let_in(&aws, &one, &two).await;
    let_in(&aws, &two, &one).await;
    let role = all[&EksPartKind::Role].iter().find(|role| role.contains("-node-")).unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let call = aws.iam.put_role_policy().role_name(role).policy_name("inline").policy_document(policy.to_string());
    call.send().await.unwrap();
    aws.iam.create_instance_profile().instance_profile_name("somebody").send().await.unwrap();
    let call = aws.iam.add_role_to_instance_profile().instance_profile_name("somebody").role_name(role);
    call.send().await.unwrap();
}

/// AWS with one of each that a workload leaves; the simulator's are its Kubernetes side's to make.
async fn leftovers(body: String) -> String {
    let asked: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let action = asked.get("Action").cloned().unwrap_or_default();
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
    let tag = "<member><Key>elbv2.k8s.aws/cluster</Key><Value>dubbing</Value></member>";
    let result = match (action.as_str(), asked["Version"].as_str()) {
        ("GetCallerIdentity", _) => {
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn>".to_owned()
        }
        ("DescribeLoadBalancers", "2015-12-01") => {
            let one = format!("<LoadBalancerArn>{arn}:loadbalancer/net/film/0123456789abcdef</LoadBalancerArn>");
            format!("<LoadBalancers><member>{one}</member></LoadBalancers>")
        }
        ("DescribeTargetGroups", _) => {
            let one = format!("<TargetGroupArn>{arn}:targetgroup/film/0123456789abcdef</TargetGroupArn>");
            format!("<TargetGroups><member>{one}</member></TargetGroups>")
        }
        ("DescribeTags", _) => {
            let of = format!("<ResourceArn>{}</ResourceArn>", asked["ResourceArns.member.1"]);
            format!("<TagDescriptions><member>{of}<Tags>{tag}</Tags></member></TagDescriptions>")
        }
        ("DescribeVolumes", _) => {
            let claim = "<item><key>kubernetes.io/created-for/pvc/name</key><value>models</value></item>";
            let of = "<item><key>KubernetesCluster</key><value>dubbing</value></item>";
            let one = "<volumeId>vol-0123456789abcdef0</volumeId><status>available</status>";
            let set = format!("<volumeSet><item>{one}<tagSet>{claim}{of}</tagSet></item></volumeSet>");
            return format!("<DescribeVolumesResponse>{set}</DescribeVolumesResponse>");
        }
        _ => String::new(),
    };
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

#[tokio::test]
async fn what_workloads_leave_is_taken_away_as_botocore_knows_it() {
    if !python::has("botocore") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().fallback(leftovers);
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let wire = Wire::to(&format!("http://{address}")).await;
    let kinds = vec![EksPartKind::LoadBalancer, EksPartKind::Volume];
    let sweep = EksAction::Sweep { cluster: reference(), vpc: None, near: None, kinds };
    let begun = connect(&wire.url).await.start(&Action::Eks(sweep)).await.unwrap();
    assert!(matches!(begun, Started::Waiting(_)), "they are looked for again");
    server.abort();
    let report = held_against_botocore(&wire.sent()).await;
    assert_eq!(report.faults.concat(), Vec::<String>::new());
    let deletions = ["elbv2:DeleteLoadBalancer", "elbv2:DeleteTargetGroup", "ec2:DeleteVolume"];
    let made = deletions.map(|call| report.operations.get(call).copied());
    assert_eq!(made, [Some(1); 3], "{:?}", report.operations);
}

fn sent(service: &str, method: &str, target: &str, body: &str) -> Sent {
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, Signature=0");
    let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let headers = [("authorization", scope.as_str()), ("content-type", kind)];
    Sent {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn botocore_sees_what_is_wrong() {
    if !python::has("botocore") {
        return;
    }
    let ec2 = |body: &str| sent("ec2", "POST", "/", &format!("{body}&Version=2016-11-15"));
    let iam = |body: &str| sent("iam", "POST", "/", &format!("{body}&Version=2010-05-08"));
    let eks = |method: &str, target: &str, body: &str| sent("eks", method, target, body);
    let quota = |body: &str| {
        let mut quota = sent("servicequotas", "POST", "/", body);
        quota.headers.insert("x-amz-target".to_owned(), "ServiceQuotasV20190624.GetServiceQuota".to_owned());
        quota
    };
    let long = format!("Action=CreateRole&AssumeRolePolicyDocument=x&RoleName={}", "x".repeat(65));
    let group = r#"{"nodegroupName":"g","subnets":[],"nodeRole":"r","scalingConfig":{"maxSize":0}}"#;
    let cases = [
        (
            eks("POST", "/clusters", r#"{"name":"a","resourcesVpcConfig":{}}"#),
            r#"Missing required parameter in input: "roleArn""#,
        ),
        (
            eks("POST", "/clusters", r#"{"name":"-a","roleArn":"r","resourcesVpcConfig":{}}"#),
            "input.name: -a does not match",
        ),
        (
            eks("POST", "/clusters", r#"{"name":"a","roleArn":"r","resourcesVpcConfig":{},"tagz":{}}"#),
            "unknown member tagz",
        ),
        (
            eks("POST", "/clusters", r#"{"name":1,"roleArn":"r","resourcesVpcConfig":{}}"#),
            "Invalid type for parameter name",
        ),
        (eks("POST", "/clusters/c/node-groups", group), "scalingConfig.maxSize, value: 0, valid min value: 1"),
        (eks("GET", "/clusters?maxResults=500", ""), "input.maxResults: 500 are more than 100"),
        (eks("GET", "/clusters?most=5", ""), "unknown member ?most"),
        (eks("PATCH", "/clusters/c", ""), "eks has no operation at PATCH /clusters/c"),
        (ec2("Action=DeleteSubnet"), r#"Missing required parameter in input: "SubnetId""#),
        (ec2("Action=CreateVpc&TagSpecification.1.ResourceType=vpcs"), "ResourceType: vpcs is none of"),
        (ec2("Action=CreateVpc&Tag.1.Key=a"), "unknown member Tag.1.Key"),
        (ec2("Action=CreateVpc&DryRun=yes"), "Invalid type for parameter DryRun"),
        (ec2("Action=MakeVpc"), "ec2 has no operation MakeVpc"),
        (iam(&long), "input.RoleName: 65 characters are more than 64"),
        (
            iam("Action=TagRole&RoleName=r&Tags.member.1.Key=a*&Tags.member.1.Value=b"),
            "input.Tags[0].Key: a* does not match",
        ),
        (quota(r#"{"ServiceCode":"ec2"}"#), r#"Missing required parameter in input: "QuotaCode""#),
    ];
    let requests: Vec<Sent> = cases.iter().map(|(request, _)| request.clone()).collect();
    let faults = held_against_botocore(&requests).await.faults;
    assert_eq!(faults.len(), cases.len());
    for ((request, fault), faults) in cases.iter().zip(&faults) {
        assert!(faults.len() == 1 && faults[0].contains(fault), "{request:?}: {fault}: {faults:?}");
    }
    let good = [
        eks(
            "POST",
            "/clusters",
            r#"{"name":"a","roleArn":"r","resourcesVpcConfig":{"subnetIds":["s"]},"tags":{"a":"b"}}"#,
        ),
        ec2(
            "Action=CreateVpc&CidrBlock=10.0.0.0%2F16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=",
        ),
        iam("Action=TagRole&RoleName=r&Tags.member.1.Key=a%2Fb&Tags.member.1.Value="),
        quota(r#"{"ServiceCode":"ec2","QuotaCode":"L-417A185B"}"#),
    ];
    assert_eq!(held_against_botocore(&good).await.faults.concat(), Vec::<String>::new());
}
