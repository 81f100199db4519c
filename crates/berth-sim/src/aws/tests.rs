//! Scripts of calls and times against the pure world: what EKS does with nobody's help, and with faults.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::wire::Request;
use crate::world::World;

mod autoscaler;
mod leftovers;
mod tagging;

struct Script {
    world: World,
    start: Timestamp,
    seconds: i64,
    subnets: Vec<String>,
    vpc: String,
}

const CLUSTER_ROLE: &str = "arn:aws:iam::123456789012:role/plane";
const NODE_ROLE: &str = "arn:aws:iam::123456789012:role/nodes";

impl Script {
    fn new() -> Script {
        let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let world = World::new("seed", start);
        Script { world, start, seconds: 0, subnets: Vec::new(), vpc: String::new() }
    }

    fn at(&mut self, seconds: i64) -> &mut Script {
        self.seconds = seconds;
        let now = self.now();
        self.world.advance(now);
        self
    }

    fn now(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.seconds)
    }

    fn send(&mut self, service: &str, mut request: Request) -> (u16, String) {
        request.authorization = Some(format!(
            "AWS4-HMAC-SHA256 Credential={}/20260601/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=00",
            super::ACCESS_KEY_ID
        ));
        let now = self.now();
        let (answer, _) = self.world.apply_aws(&request, now, false);
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    fn query(&mut self, service: &str, body: &str) -> String {
        let request = Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            body: body.to_owned().into(),
            ..Request::default()
        };
        self.send(service, request).1
    }

    fn eks(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            raw_path: path.to_owned(),
            body: body.into(),
            ..Request::default()
        };
        let (status, text) = self.send("eks", request);
        (status, serde_json::from_str(&text).unwrap())
    }

    fn role(&mut self, name: &str, service: &str, policies: &[&str]) {
        let trust = format!("{{\"Statement\":[{{\"Principal\":{{\"Service\":\"{service}\"}}}}]}}");
        self.query("iam", &format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={trust}"));
        for policy in policies {
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            self.query("iam", &format!("Action=AttachRolePolicy&RoleName={name}&PolicyArn={arn}"));
        }
    }

    fn made(&mut self, body: &str, tag: &str) -> String {
        let text = self.query("ec2", body);
        let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap_or_else(|| panic!("{body}: {text}"));
        rest.split('<').next().unwrap_or_default().to_owned()
    }

    fn network(&mut self) {
        let vpc = self.made("Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
        self.query("ec2", &format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true"));
        let gateway = self.made("Action=CreateInternetGateway", "internetGatewayId");
        self.query("ec2", &format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"));
        let table = self.made(&format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId");
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
        self.query("ec2", &format!("Action=CreateRoute&{route}"));
        for (index, zone) in ["us-east-1a", "us-east-1b"].iter().enumerate() {
            let body = format!("VpcId={vpc}&CidrBlock=10.0.{index}.0/24&AvailabilityZone={zone}");
            let subnet = self.made(&format!("Action=CreateSubnet&{body}"), "subnetId");
            let public = format!("SubnetId={subnet}&MapPublicIpOnLaunch.Value=true");
            self.query("ec2", &format!("Action=ModifySubnetAttribute&{public}"));
            self.query("ec2", &format!("Action=AssociateRouteTable&RouteTableId={table}&SubnetId={subnet}"));
            self.subnets.push(subnet);
        }
        self.vpc = vpc;
    }

    /// Everything up to a running cluster, at 700 seconds.
    fn cluster(&mut self) -> &mut Script {
        self.role("plane", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]);
        let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
        self.role("nodes", "ec2.amazonaws.com", &policies);
        self.network();
        self.at(20);
        let (status, body) = self.create_cluster();
        assert_eq!(status, 200, "{body}");
        self.at(700)
    }

    fn create_cluster(&mut self) -> (u16, Value) {
        let subnets = self.subnets.clone();
        let config = json!({ "subnetIds": subnets });
        let body = json!({
            "name": "c", "roleArn": CLUSTER_ROLE, "resourcesVpcConfig": config, "clientRequestToken": "t",
            "accessConfig": {"authenticationMode": "API"},
        });
        self.eks("POST", "/clusters", body)
    }

    fn group(&mut self, name: &str, kind: &str, desired: u32) -> (u16, Value) {
        let sizes = json!({"minSize": 0, "maxSize": 9, "desiredSize": desired});
        let body = json!({
            "nodegroupName": name, "subnets": self.subnets, "nodeRole": NODE_ROLE, "scalingConfig": sizes,
            "instanceTypes": [kind], "amiType": if kind.starts_with('m') { "AL2023_x86_64_STANDARD" } else { "AL2023_x86_64_NVIDIA" },
        });
        self.eks("POST", "/clusters/c/node-groups", body)
    }

    /// The status of a group, and code and message of its first health issue.
    fn look(&mut self, name: &str) -> String {
        let (_, body) = self.eks("GET", &format!("/clusters/c/node-groups/{name}"), Value::Null);
        let group = &body["nodegroup"];
        let issue = &group["health"]["issues"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = format!("{} {} {}", text(&group["status"]), text(&issue["code"]), text(&issue["message"]));
        told.trim().to_owned()
    }

    fn arm(&mut self, rule: Value) {
        self.world.faults.arm(serde_json::from_value(rule).unwrap());
    }

    fn gpus(&self) -> Vec<String> {
        let nodes = self.world.aws.clusters["us-east-1/c"].kube.list("nodes");
        nodes
            .map(|node| node["status"]["allocatable"]["nvidia.com/gpu"].as_str().unwrap_or("none").to_owned())
            .collect()
    }

    fn put(&mut self, resource: &str, object: Value) {
        let now = self.now();
        let cluster = self.world.aws.clusters.get_mut("us-east-1/c").unwrap();
        let uid = cluster.uid.clone();
        cluster.kube.put(now, resource, Some("kube-system"), object);
        self.world.kube_changed(&uid, now);
    }
}

#[test]
fn a_new_role_is_known_some_seconds_later_and_a_token_makes_a_call_safe_to_repeat() {
    let mut script = Script::new();
    script.role("plane", "eks.amazonaws.com", &[]);
    script.network();
    let (status, refused) = script.create_cluster();
    assert_eq!(status, 400);
    assert!(refused["message"].as_str().unwrap().contains("could not be assumed"), "{refused}");
    let (status, first) = script.at(8).create_cluster();
    assert_eq!(status, 200);
    let (status, again) = script.at(9).create_cluster();
    assert_eq!((status, &again["cluster"]["createdAt"]), (200, &first["cluster"]["createdAt"]));
}

#[test]
fn gpus_come_with_a_plugin_that_fits_the_node_and_shared_as_its_label_says() {
    let mut script = Script::new();
    script.cluster();
    script.group("gpu", "p4d.24xlarge", 1);
    script.at(1000);
    assert_eq!((script.look("gpu").as_str(), script.gpus()), ("ACTIVE", vec!["none".to_owned()]));
    let data = json!({
        "four": "sharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}",
        "whole": "version: v1",
    });
    script.put("configmaps", json!({"metadata": {"name": "plugin"}, "data": data}));
    let pod = |selector: Value| {
        json!({
            "nodeSelector": selector,
            "containers": [{"name": "plugin", "image": "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"}],
            "volumes": [{"name": "configs", "configMap": {"name": "plugin"}}],
        })
    };
    let set = |selector: Value| json!({"metadata": {"name": "plugin"}, "spec": {"template": {"spec": pod(selector)}}});
    script.put("daemonsets", set(json!({"no": "such"})));
    assert_eq!(script.at(1100).gpus(), ["none"]);
    script.put("daemonsets", set(json!({"eks.amazonaws.com/nodegroup": "gpu"})));
    assert_eq!(script.at(1200).gpus(), ["8"]);
    let labels = json!({"labels": {"addOrUpdateLabels": {"nvidia.com/device-plugin.config": "four"}}});
    script.eks("POST", "/clusters/c/node-groups/gpu/update-config", labels);
    script.at(1300);
    let uid = script.world.aws.clusters["us-east-1/c"].uid.clone();
    let now = script.now();
    script.world.kube_changed(&uid, now);
    assert_eq!(script.at(1400).gpus(), ["32"]);
}

#[test]
fn an_update_that_is_over_leaves_its_group_free_for_the_next_one() {
    let mut script = Script::new();
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.at(1000);
    let scaling = json!({"scalingConfig": {"minSize": 0, "maxSize": 9, "desiredSize": 3}});
    let (_, begun) = script.eks("POST", "/clusters/c/node-groups/cpu/update-config", scaling);
    let update = format!("/clusters/c/updates/{}", begun["update"]["id"].as_str().unwrap());
    let mut seen = Vec::new();
    for second in 1000..1300 {
        let (_, shown) = script.at(second).eks("GET", &update, Value::Null);
        let now = (shown["update"]["status"].as_str().unwrap().to_owned(), script.look("cpu"));
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let both = |update: &str, group: &str| (update.to_owned(), group.to_owned());
    assert_eq!(seen, [both("InProgress", "UPDATING"), both("Successful", "ACTIVE")]);
    assert_eq!(script.world.aws.clusters["us-east-1/c"].groups["cpu"].machines.len(), 3);
}

#[test]
fn a_stockout_shows_in_the_health_with_the_reason_of_ec2_and_other_zones_are_tried() {
    let mut script = Script::new();
    script.cluster();
    script.arm(json!({"on": "eks:CreateNodegroup", "matches": "p4d", "do": {"stockout": {"zone": null}}}));
    script.arm(json!({"on": "eks:CreateNodegroup", "matches": "g5", "do": {"stockout": {"zone": "us-east-1a"}}}));
    script.group("a100", "p4d.24xlarge", 1);
    script.group("a10g", "g5.xlarge", 2);
    script.at(900);
    let told = script.look("a100");
    assert!(
        told.starts_with(
            "CREATING AsgInstanceLaunchFailures Could not launch On-Demand Instances. InsufficientInstanceCapacity"
        ),
        "{told}"
    );
    assert_eq!(script.look("a10g"), "ACTIVE");
    let zones: Vec<String> = script.world.aws.clusters["us-east-1/c"].groups["a10g"]
        .machines
        .iter()
        .map(|machine| machine.zone.clone())
        .collect();
    assert_eq!(zones, ["us-east-1b", "us-east-1b"]);
    assert!(script.at(2000).look("a100").starts_with("CREATE_FAILED AsgInstanceLaunchFailures"));
}

#[test]
fn machines_that_cannot_join_fail_their_group_after_a_quarter_of_an_hour() {
    let mut script = Script::new();
    script.cluster();
    let vpc = script.vpc.clone();
    script.query("ec2", &format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=false"));
    script.group("cpu", "m5.xlarge", 1);
    assert_eq!(script.at(1500).look("cpu"), "CREATING");
    let failed = "CREATE_FAILED NodeCreationFailure Instances failed to join the kubernetes cluster";
    assert_eq!(script.at(1700).look("cpu"), failed);
}

#[test]
fn a_quota_counts_virtual_processors() {
    let mut script = Script::new();
    script.cluster();
    script.world.set_quota("L-417A185B", Some("us-east-1"), 100.0);
    script.group("a100", "p4d.24xlarge", 2);
    let told = script.at(900).look("a100");
    assert!(told.contains("VcpuLimitExceeded") && told.contains("vCPU limit of 100"), "{told}");
}

#[test]
fn interfaces_left_behind_hold_the_subnet_until_they_are_deleted() {
    let mut script = Script::new();
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.at(1000);
    script.arm(json!({"on": "eks:DeleteNodegroup", "do": {"leave-interfaces": {"count": 1}}}));
    script.eks("DELETE", "/clusters/c/node-groups/cpu", Value::Null);
    script.at(1400);
    assert_eq!(script.eks("DELETE", "/clusters/c", Value::Null).0, 200);
    script.at(1700);
    assert_eq!(script.world.ledger.billed().count(), 0);
    let left = script.made("Action=DescribeNetworkInterfaces", "networkInterfaceId");
    let group =
        script.query("ec2", "Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1=eks-cluster-sg-*");
    assert!(group.contains("<groupId>"), "the interface keeps the cluster's security group: {group}");
    let subnets = script.subnets.clone();
    let tried: Vec<bool> = subnets
        .iter()
        .map(|id| script.query("ec2", &format!("Action=DeleteSubnet&SubnetId={id}")).contains("DependencyViolation"))
        .collect();
    assert_eq!(tried.iter().filter(|held| **held).count(), 1);
    let deleted = script.query("ec2", &format!("Action=DeleteNetworkInterface&NetworkInterfaceId={left}"));
    assert!(deleted.contains("<return>true</return>"), "{deleted}");
}

#[test]
fn each_service_throttles_in_its_own_words() {
    let mut script = Script::new();
    script.arm(json!({"on": "*", "do": {"throttle": {"seconds": 60}}}));
    let (status, body) = script.eks("GET", "/clusters", Value::Null);
    assert_eq!((status, &body["message"]), (429, &json!("Rate exceeded")));
    assert!(script.query("ec2", "Action=DescribeVpcs").contains("<Code>RequestLimitExceeded</Code>"));
    assert!(script.query("iam", "Action=ListRoles").contains("<Code>Throttling</Code>"));
    script.at(60);
    assert!(script.query("iam", "Action=ListRoles").contains("<IsTruncated>false</IsTruncated>"));
}
