//! What workloads and control planes cause on AWS, and what of it stays when they go in the wrong order.

use serde_json::{Value, json};

use super::Script;
use crate::kube;

impl Script {
    /// A request to the cluster's Kubernetes API; the status.
    fn kube(&mut self, method: &str, path: &str, body: Value) -> u16 {
        let now = self.now();
        let request = kube::Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            accept: "application/json".to_owned(),
            content_type: (!body.is_null()).then(|| "application/json".to_owned()),
            user_agent: None,
            if_none_match: None,
            body: if body.is_null() { "".into() } else { body.to_string().into() },
            user: kube::User::Named { name: "admin".to_owned(), groups: Vec::new() },
        };
        let cluster = self.world.aws.clusters.get_mut("us-east-1/c").unwrap();
        let uid = cluster.uid.clone();
        let kube::Reply::Once { status, body, .. } = cluster.kube.handle(now, &request) else { panic!("a watch") };
        assert!(status < 300 || status == 404, "{method} {path}: {status} {}", String::from_utf8_lossy(&body));
        self.world.kube_changed(&uid, now);
        status
    }

    /// A Service of type LoadBalancer in the default namespace.
    fn service(&mut self, annotations: Value) {
        let spec = json!({"type": "LoadBalancer", "selector": {"app": "stt"}, "ports": [{"port": 443}]});
        let body = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "stt", "annotations": annotations}, "spec": spec,
        });
        self.kube("POST", "/api/v1/namespaces/default/services", body);
    }

    fn claim(&mut self, class: &str) {
        let spec = json!({
            "storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}},
        });
        let body =
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "models"}, "spec": spec});
        self.kube("POST", "/api/v1/namespaces/default/persistentvolumeclaims", body);
    }

    fn object(&self, resource: &str, name: &str) -> Value {
        let namespace = (resource != "persistentvolumes").then_some("default");
        let cluster = &self.world.aws.clusters["us-east-1/c"];
        cluster.kube.get(resource, namespace, name).cloned().unwrap_or_default()
    }

    /// How many things of a kind exist.
    fn left(&self, kind: &str) -> usize {
        self.world.leftovers().iter().filter(|one| one["kind"] == kind).count()
    }

    fn interfaces_of_balancers(&self) -> usize {
        let all = self.world.leftovers();
        let named = |one: &&Value| one["name"].as_str().is_some_and(|name| name.starts_with("ELB "));
        all.iter().filter(|one| one["kind"] == "network-interface").filter(named).count()
    }

    fn billed(&self) -> Vec<String> {
        let billed = self.world.ledger.billed().map(|span| json!(span.kind).as_str().unwrap().to_owned());
        billed.filter(|kind| kind != "control-plane" && kind != "node").collect()
    }

    fn addon(&mut self, name: &str) {
        let (status, body) = self.eks("POST", "/clusters/c/addons", json!({ "addonName": name }));
        assert_eq!(status, 200, "{body}");
    }
}

#[test]
fn a_service_has_a_load_balancer_as_long_as_it_lives() {
    let mut script = Script::new();
    script.cluster();
    script.service(json!({}));
    script.at(720);
    let service = script.object("services", "stt");
    let host = service["status"]["loadBalancer"]["ingress"][0]["hostname"].as_str().unwrap().to_owned();
    assert!(host.ends_with(".us-east-1.elb.amazonaws.com"), "{host}");
    assert_eq!(service["metadata"]["finalizers"], json!(["service.kubernetes.io/load-balancer-cleanup"]));
    let listed = script.query("elasticloadbalancing", "Action=DescribeLoadBalancers&Version=2012-06-01");
    assert!(listed.contains(&format!("<DNSName>{host}</DNSName>")), "{listed}");
    assert_eq!((script.interfaces_of_balancers(), script.billed()), (2, vec!["load-balancer".to_owned()]));
    let subnet = script.subnets[0].clone();
    let held = script.query("ec2", &format!("Action=DeleteSubnet&SubnetId={subnet}"));
    assert!(held.contains("DependencyViolation"), "{held}");

    script.kube("DELETE", "/api/v1/namespaces/default/services/stt", Value::Null);
    assert!(script.object("services", "stt")["metadata"]["deletionTimestamp"].is_string());
    script.at(740);
    assert_eq!((script.left("load-balancer"), script.interfaces_of_balancers()), (0, 2));
    script.at(800);
    assert_eq!(script.object("services", "stt"), Value::Null);
    assert_eq!((script.interfaces_of_balancers(), script.billed().len()), (0, 0));
    assert_eq!(script.left("security-group"), 1, "that of the cluster");
}

#[test]
fn a_service_in_a_namespace_that_goes_holds_it_until_its_load_balancer_is_gone() {
    let mut script = Script::new();
    script.cluster();
    script.kube(
        "POST",
        "/api/v1/namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}),
    );
    let spec = json!({"type": "LoadBalancer", "ports": [{"port": 443}]});
    let body = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stt"}, "spec": spec});
    script.kube("POST", "/api/v1/namespaces/n/services", body);
    script.at(720);
    assert_eq!(script.left("load-balancer"), 1);
    script.kube("DELETE", "/api/v1/namespaces/n", Value::Null);
    script.at(725);
    assert_eq!(script.kube("GET", "/api/v1/namespaces/n", Value::Null), 200);
    script.at(800);
    script.kube("GET", "/api/v1/namespaces/n", Value::Null);
    script.at(802);
    assert_eq!(script.kube("GET", "/api/v1/namespaces/n", Value::Null), 404);
    assert_eq!((script.left("load-balancer"), script.interfaces_of_balancers()), (0, 0));
}

#[test]
fn a_service_waits_for_a_subnet_the_internet_reaches() {
    let mut script = Script::new();
    script.cluster();
    let (table, _) = script
        .world
        .aws
        .kind("rtb-", "us-east-1")
        .find(|(_, one)| one.fields["associationSet"][0]["main"] != true)
        .unwrap();
    let (table, (gateway, _)) = (table.clone(), script.world.aws.kind("igw-", "us-east-1").next().unwrap());
    let create = format!("Action=CreateRoute&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    script.query("ec2", &format!("Action=DeleteRoute&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0"));
    script.service(json!({}));
    script.at(720);
    assert_eq!(script.left("load-balancer"), 0);
    // The finalizer comes before what it is for.
    assert_eq!(script.object("services", "stt")["metadata"]["finalizers"].as_array().map(Vec::len), Some(1));
    script.query("ec2", &create);
    script.at(800);
    assert_eq!(script.left("load-balancer"), 1);
}

#[test]
fn a_load_balancer_outlives_a_cluster_that_goes_before_its_service() {
    let mut script = Script::new();
    script.cluster();
    script.service(json!({}));
    script.at(720);
    let name = script.world.aws.balancers.values().next().unwrap().text("LoadBalancerName").to_owned();
    assert_eq!(script.eks("DELETE", "/clusters/c", Value::Null).0, 200);
    script.at(1000);
    assert_eq!((script.left("cluster"), script.left("load-balancer"), script.interfaces_of_balancers()), (0, 1, 2));
    assert_eq!(script.billed(), ["load-balancer"]);
    let saved = serde_json::to_string(&script.world).unwrap();
    script.world = serde_json::from_str(&saved).unwrap();
    let group = script.made(
        &format!("Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1=k8s-elb-{name}"),
        "groupId",
    );
    let delete = format!("Action=DeleteSecurityGroup&GroupId={group}");
    assert!(script.query("ec2", &delete).contains("DependencyViolation"), "its interfaces have the group");
    script.query(
        "elasticloadbalancing",
        &format!("Action=DeleteLoadBalancer&Version=2012-06-01&LoadBalancerName={name}"),
    );
    assert_eq!(script.billed().len(), 0);
    assert!(script.query("ec2", &delete).contains("DependencyViolation"), "the interfaces go some seconds later");
    script.at(1030);
    assert!(script.query("ec2", &delete).contains("<return>true</return>"));
}

#[test]
fn the_group_of_a_load_balancer_is_held_by_the_clusters_group_that_lets_it_in() {
    let mut script = Script::new();
    script.cluster();
    script.service(json!({}));
    script.at(720);
    let name = script.world.aws.balancers.values().next().unwrap().text("LoadBalancerName").to_owned();
    script.query(
        "elasticloadbalancing",
        &format!("Action=DeleteLoadBalancer&Version=2012-06-01&LoadBalancerName={name}"),
    );
    script.at(760);
    let (group, _) =
        script.world.aws.kind("sg-", "us-east-1").find(|(_, one)| one.text("groupName").contains(&name)).unwrap();
    let delete = format!("Action=DeleteSecurityGroup&GroupId={group}");
    assert!(script.query("ec2", &delete).contains("DependencyViolation"));
    script.eks("DELETE", "/clusters/c", Value::Null);
    script.at(1000);
    assert!(script.query("ec2", &delete).contains("<return>true</return>"));
}

#[test]
fn a_network_load_balancer_has_a_target_group_that_outlives_it() {
    let mut script = Script::new();
    script.cluster();
    script.service(json!({"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"}));
    script.at(720);
    let v2 = "elasticloadbalancing";
    let listed = script.query(v2, "Action=DescribeLoadBalancers&Version=2015-12-01");
    assert!(listed.contains("<Type>network</Type>") && listed.contains("<Code>provisioning</Code>"), "{listed}");
    script.at(900);
    assert!(script.query(v2, "Action=DescribeLoadBalancers&Version=2015-12-01").contains("<Code>active</Code>"));
    let target = script.world.aws.targets.keys().next().unwrap().clone();
    let delete = format!("Action=DeleteTargetGroup&Version=2015-12-01&TargetGroupArn={target}");
    assert!(script.query(v2, &delete).contains("<Code>ResourceInUse</Code>"));
    let arn = script.world.aws.balancers.keys().next().unwrap().clone();
    let tags = script.query(v2, &format!("Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1={arn}"));
    assert!(tags.contains("<Key>kubernetes.io/service-name</Key><Value>default/stt</Value>"), "{tags}");
    script.query(v2, &format!("Action=DeleteLoadBalancer&Version=2015-12-01&LoadBalancerArn={arn}"));
    script.at(940);
    assert_eq!((script.interfaces_of_balancers(), script.left("target-group")), (0, 1));
    assert!(script.query(v2, &delete).contains("<DeleteTargetGroupResult>"));
    assert_eq!(script.left("target-group"), 0);
}

#[test]
fn a_claim_has_a_volume_while_the_driver_has_a_node_and_the_volume_goes_with_it() {
    let mut script = Script::new();
    script.cluster();
    script.claim("gp3");
    script.at(800);
    assert_eq!(script.object("persistentvolumeclaims", "models")["status"]["phase"], "Pending");
    script.group("cpu", "m5.xlarge", 1);
    script.addon("aws-ebs-csi-driver");
    script.at(1200);
    let claim = script.object("persistentvolumeclaims", "models");
    assert_eq!(claim["status"]["phase"], "Bound");
    let name = claim["spec"]["volumeName"].as_str().unwrap().to_owned();
    let id = script.object("persistentvolumes", &name)["spec"]["csi"]["volumeHandle"].as_str().unwrap().to_owned();
    let volume = script.world.aws.things[&id].clone();
    assert_eq!((volume.text("status"), &volume.fields["size"]), ("available", &json!(100)));
    assert_eq!(volume.tags["kubernetes.io/created-for/pvc/name"], "models");
    assert_eq!(script.billed(), ["disk", "disk"], "the machine's and the claim's");

    let path = "/api/v1/namespaces/default/persistentvolumeclaims/models";
    script.kube("DELETE", path, Value::Null);
    script.at(1230);
    assert_eq!(script.object("persistentvolumeclaims", "models"), Value::Null);
    assert_eq!(script.object("persistentvolumes", &name), Value::Null);
    assert!(!script.world.aws.things.contains_key(&id));
    assert_eq!(script.billed(), ["disk"]);
}

#[test]
fn a_volume_is_made_and_attached_where_a_pod_uses_its_claim() {
    let mut script = Script::new();
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.addon("aws-ebs-csi-driver");
    script.at(1000);
    script.claim("gp2");
    script.at(1100);
    assert_eq!(script.left("volume"), 1, "the class waits for a pod: only the machine's");
    let machine = script.world.aws.clusters["us-east-1/c"].groups["cpu"].machines[0].clone();
    let spec = json!({
        "nodeName": machine.node, "containers": [{"name": "stt", "image": "stt"}],
        "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}],
    });
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stt"}, "spec": spec});
    script.kube("POST", "/api/v1/namespaces/default/pods", pod);
    script.at(1130);
    let attached = |script: &Script| {
        let claims: Vec<_> =
            script.world.aws.things.values().filter(|one| one.tags.contains_key("CSIVolumeName")).collect();
        claims.iter().map(|one| one.fields["attachmentSet"][0]["instanceId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(attached(&script), [json!(machine.id)]);
    // A claim waits for the pods that use it, and a volume outlives the machine it hangs on.
    script.kube("DELETE", "/api/v1/namespaces/default/persistentvolumeclaims/models", Value::Null);
    script.at(1160);
    assert!(script.object("persistentvolumeclaims", "models")["metadata"]["deletionTimestamp"].is_string());
    script.query("ec2", &format!("Action=TerminateInstances&InstanceId.1={}", machine.id));
    assert_eq!(attached(&script), [Value::Null]);
    script.kube("DELETE", "/api/v1/namespaces/default/pods/stt", Value::Null);
    script.at(1800);
    assert_eq!(attached(&script), [Value::Null; 0]);
    assert_eq!(script.object("persistentvolumeclaims", "models"), Value::Null);
}

#[test]
fn a_volume_stays_when_the_driver_goes_before_its_claim() {
    let mut script = Script::new();
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.addon("aws-ebs-csi-driver");
    script.at(1000);
    script.claim("gp3");
    script.at(1020);
    script.eks("DELETE", "/clusters/c/addons/aws-ebs-csi-driver", Value::Null);
    script.at(1050);
    script.kube("DELETE", "/api/v1/namespaces/default/persistentvolumeclaims/models", Value::Null);
    script.at(1100);
    assert_eq!(script.object("persistentvolumeclaims", "models"), Value::Null);
    assert_eq!(script.left("volume"), 2);
    script.eks("DELETE", "/clusters/c/node-groups/cpu", Value::Null);
    script.at(1450);
    script.eks("DELETE", "/clusters/c", Value::Null);
    script.at(1800);
    assert_eq!((script.left("cluster"), script.left("volume"), script.billed()), (0, 1, vec!["disk".to_owned()]));
    let (id, _) = script.world.aws.kind("vol-", "us-east-1").next().unwrap();
    let delete = format!("Action=DeleteVolume&VolumeId={id}");
    assert!(script.query("ec2", &delete).contains("<return>true</return>"));
    assert_eq!((script.left("volume"), script.billed().len()), (0, 0));
}

#[test]
fn logs_of_a_control_plane_outlive_it_and_come_back_while_it_writes() {
    let mut script = Script::new();
    script.cluster();
    script.at(800);
    assert_eq!(script.left("log-group"), 0, "no kind of log is on");
    let logging = json!({"logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": true}]}});
    assert_eq!(script.eks("POST", "/clusters/c/update-config", logging).0, 200);
    script.at(1000);
    let delete = |script: &mut Script| {
        let request = crate::wire::Request {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            target: "Logs_20140328.DeleteLogGroup".to_owned(),
            body: json!({"logGroupName": "/aws/eks/c/cluster"}).to_string().into(),
            ..crate::wire::Request::default()
        };
        script.send("logs", request).0
    };
    assert_eq!((script.left("log-group"), delete(&mut script)), (1, 200));
    assert_eq!((script.left("log-group"), delete(&mut script)), (0, 400));
    assert_eq!(script.at(1040).left("log-group"), 1);
    script.arm(json!({"on": "eks:DeleteCluster", "do": {"late-logs": {"seconds": 120}}}));
    script.eks("DELETE", "/clusters/c", Value::Null);
    script.at(1300);
    assert_eq!((script.left("cluster"), script.left("log-group")), (0, 1));
    assert_eq!((delete(&mut script), script.left("log-group")), (200, 0));
    assert_eq!((script.at(1400).left("log-group"), delete(&mut script)), (1, 200));
    assert_eq!(script.at(1600).left("log-group"), 0);
}

#[test]
fn interfaces_of_the_cni_go_with_their_machine_and_stay_only_if_the_cni_still_ran() {
    for (cni_first, stranded) in [(true, 0), (false, 2)] {
        let mut script = Script::new();
        script.cluster();
        script.group("cpu", "m5.xlarge", 2);
        script.at(1000);
        let pods = |script: &Script| {
            let all = script.world.aws.kind("eni-", "us-east-1");
            let cni = all.filter(|(_, eni)| eni.text("description").starts_with("aws-K8S-i-"));
            cni.map(|(_, eni)| eni.text("status").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(pods(&script), ["in-use", "in-use"]);
        script.arm(json!({"on": "eks:DeleteNodegroup", "do": {"leave-interfaces": {"count": 2}}}));
        if cni_first {
            script.kube("DELETE", "/apis/apps/v1/namespaces/kube-system/daemonsets/aws-node", Value::Null);
        }
        script.eks("DELETE", "/clusters/c/node-groups/cpu", Value::Null);
        script.at(1400);
        assert_eq!(pods(&script), vec!["available"; stranded]);
    }
}

#[test]
fn nothing_is_left_when_everything_was_taken_away_in_order() {
    let mut script = Script::new();
    assert_eq!(script.world.leftovers(), Vec::<Value>::new());
    script.cluster();
    script.group("cpu", "m5.xlarge", 1);
    script.at(1000);
    script.eks("DELETE", "/clusters/c/node-groups/cpu", Value::Null);
    script.at(1400);
    script.eks("DELETE", "/clusters/c", Value::Null);
    script.at(1700);
    let mut kinds: Vec<String> =
        script.world.leftovers().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect();
    kinds.dedup();
    assert_eq!(kinds, ["vpc", "subnet", "internet-gateway", "route-table", "role"]);
    let named = |script: &Script, kind: &str| {
        let all = script.world.leftovers();
        all.iter()
            .filter(|one| one["kind"] == kind)
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for subnet in named(&script, "subnet") {
        script.query("ec2", &format!("Action=DeleteSubnet&SubnetId={subnet}"));
    }
    let (vpc, gateway) = (script.vpc.clone(), named(&script, "internet-gateway").remove(0));
    script.query("ec2", &format!("Action=DetachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"));
    script.query("ec2", &format!("Action=DeleteInternetGateway&InternetGatewayId={gateway}"));
    let table = named(&script, "route-table").remove(0);
    script.query("ec2", &format!("Action=DeleteRouteTable&RouteTableId={table}"));
    script.query("ec2", &format!("Action=DeleteVpc&VpcId={vpc}"));
    for (role, policies) in [
        ("plane", &["AmazonEKSClusterPolicy"][..]),
        ("nodes", &["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"]),
    ] {
        for policy in policies {
            let arn = format!("arn:aws:iam::aws:policy/{policy}");
            script.query("iam", &format!("Action=DetachRolePolicy&RoleName={role}&PolicyArn={arn}"));
        }
        script.query("iam", &format!("Action=DeleteRole&RoleName={role}"));
    }
    assert_eq!(script.world.leftovers(), Vec::<Value>::new());
}
