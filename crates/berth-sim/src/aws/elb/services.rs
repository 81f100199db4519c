//! The service controller of a control plane: it makes load balancers for Services and takes them away with them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::parts::{self, SERVICE, Wanted};
use crate::aws::state::{Cluster, Happening};
use crate::aws::{ec2, finalizers};
use crate::lifecycle::after;
use crate::world::{Step, World};

/// The finalizer that keeps a Service until its load balancer is gone.
const CLEANUP: &str = "service.kubernetes.io/load-balancer-cleanup";
/// The annotation by which a Service chooses its kind of load balancer.
const KIND: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
/// The annotation of a load balancer that only the VPC reaches.
const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";

/// Whether the controller in the control plane makes a load balancer for a Service.
///
/// Other classes and kinds are for a controller that has to be installed.
fn wants(service: &Value) -> bool {
    let kind = service["metadata"]["annotations"][KIND].as_str();
    service["spec"]["type"] == "LoadBalancer"
        && service["metadata"]["deletionTimestamp"].is_null()
        && service["spec"]["loadBalancerClass"].is_null()
        && kind.is_none_or(|kind| matches!(kind, "" | "classic" | "nlb"))
}

/// The name the controller gives: `a` and the Service's uid without dashes, 32 characters.
fn balancer_name(service: &Value) -> String {
    let uid = service["metadata"]["uid"].as_str().unwrap_or_default().replace('-', "");
    format!("a{uid}").chars().take(32).collect()
}

fn place(service: &Value) -> (String, String) {
    let part = |member: &str| service["metadata"][member].as_str().unwrap_or_default().to_owned();
    (part("namespace"), part("name"))
}

impl World {
    /// Brings the load balancers of a cluster in step with its Services, while its control plane runs.
    pub(crate) fn services_looked_at(&mut self, uid: &str, now: Timestamp) {
        let Some(cluster) = self.aws.by_uid(uid).filter(|cluster| cluster.is_running()) else { return };
        let services: Vec<Value> = cluster.kube.list("services").cloned().collect();
        let (mut balanced, mut released) = (true, true);
        for service in &services {
            let held = finalizers::has(service, CLEANUP);
            let served = !service["status"]["loadBalancer"]["ingress"][0].is_null();
            match (wants(service), held) {
                (true, true) if served => {}
                (true, _) => balanced &= self.balance(uid, service, now),
                (false, true) => released &= self.unbalance(uid, service, now),
                (false, false) => {}
            }
        }
        let again = match (balanced, released) {
            (true, true) => return,
            (_, false) => "released",
            (false, true) => "balanced",
        };
        let at = now + after("service", "waiting", again, "");
        self.plan_once(at, Step::Aws(Happening::Services(uid.to_owned())));
    }

    /// Makes the load balancer of a Service; tells whether there were subnets for it.
    fn balance(&mut self, uid: &str, service: &Value, now: Timestamp) -> bool {
        let Some(cluster) = self.aws.clusters.values().find(|cluster| cluster.uid == uid) else { return true };
        let (namespace, name) = place(service);
        let internal = service["metadata"]["annotations"][INTERNAL].as_str().is_some_and(|value| value != "false");
        let wanted = Wanted {
            region: cluster.region.clone(),
            vpc: cluster.network("vpcId").to_owned(),
            subnets: subnets(self, cluster, internal),
            name: balancer_name(service),
            internal,
            ports: service["spec"]["ports"].as_array().cloned().unwrap_or_default(),
            tags: BTreeMap::from([
                (format!("kubernetes.io/cluster/{}", cluster.name()), "owned".to_owned()),
                (SERVICE.to_owned(), format!("{namespace}/{name}")),
            ]),
            cluster: uid.to_owned(),
        };
        let owner = cluster.name().to_owned();
        if self
            .aws
            .balancers
            .values()
            .any(|one| one.region == wanted.region && one.text("LoadBalancerName") == wanted.name)
        {
            return true;
        }
        let mut shown = service.clone();
        finalizers::add(&mut shown, CLEANUP);
        let found = !wanted.subnets.is_empty();
        if found {
            let host = if service["metadata"]["annotations"][KIND] == "nlb" {
                parts::make_network(self, &wanted, now)
            } else {
                let group_name = format!("k8s-elb-{}", wanted.name);
                let group = self.balancer_group(&wanted, &group_name, &owner, (&namespace, &name));
                parts::make_classic(self, &wanted, (&group, &group_name), now)
            };
            shown["status"] = json!({"loadBalancer": {"ingress": [{"hostname": host}]}});
        }
        if let Some(cluster) = self.aws.by_uid(uid) {
            cluster.kube.put(now, "services", Some(&namespace), shown);
        }
        found
    }

    /// The security group of a classic load balancer, let into the nodes' group.
    fn balancer_group(&mut self, wanted: &Wanted, name: &str, owner: &str, service: (&str, &str)) -> String {
        let text = format!("Security group for Kubernetes ELB {} ({}/{})", wanted.name, service.0, service.1);
        let tags = BTreeMap::from([
            (format!("kubernetes.io/cluster/{owner}"), "owned".to_owned()),
            ("KubernetesCluster".to_owned(), owner.to_owned()),
        ]);
        let group = ec2::make_group(self, &wanted.region, &wanted.vpc, (name, &text), tags);
        let nodes =
            self.aws.by_uid(&wanted.cluster).map(|cluster| cluster.network("clusterSecurityGroupId").to_owned());
        ec2::let_in(self, nodes.as_deref().unwrap_or_default(), &group);
        group
    }

    /// Takes the load balancer of a Service away, then its interfaces' security group, then the finalizer; tells
    /// whether all is gone.
    fn unbalance(&mut self, uid: &str, service: &Value, now: Timestamp) -> bool {
        let Some(cluster) = self.aws.by_uid(uid) else { return true };
        let (region, vpc) = (cluster.region.clone(), cluster.network("vpcId").to_owned());
        let nodes = cluster.network("clusterSecurityGroupId").to_owned();
        let name = balancer_name(service);
        let mine = self.aws.balancers.iter().filter(|(_, one)| one.region == region);
        let keys: Vec<String> =
            mine.filter(|(_, one)| one.text("LoadBalancerName") == name).map(|(key, _)| key.clone()).collect();
        let (namespace, own) = place(service);
        for key in keys {
            parts::drop_balancer(self, &key, now);
        }
        let served = format!("{namespace}/{own}");
        self.aws.targets.retain(|_, target| {
            target.remembered("cluster") != uid || target.tags.get(SERVICE).is_none_or(|tag| *tag != served)
        });
        let group_name = format!("k8s-elb-{name}");
        let group = self
            .aws
            .kind("sg-", &region)
            .find(|(_, group)| group.text("groupName") == group_name && group.text("vpcId") == vpc);
        if let Some(group) = group.map(|(id, _)| id.clone()) {
            ec2::shut_out(self, &nodes, &group);
            if !parts::interfaces(self, &region, &format!("ELB {name}")).is_empty() {
                return false;
            }
            self.aws.things.remove(&group);
        }
        let Some(cluster) = self.aws.by_uid(uid) else { return true };
        let mut shown = service.clone();
        shown["status"] = json!({"loadBalancer": {}});
        finalizers::take(&mut cluster.kube, now, "services", shown, CLEANUP);
        true
    }
}

/// A subnet in each zone of the cluster's VPC, those with the role first: public ones for the internet.
fn subnets(world: &World, cluster: &Cluster, internal: bool) -> Vec<(String, String)> {
    let role = if internal { "kubernetes.io/role/internal-elb" } else { "kubernetes.io/role/elb" };
    let own = format!("kubernetes.io/cluster/{}", cluster.name());
    let mut fit: Vec<(bool, String, String)> = world
        .aws
        .kind("subnet-", &cluster.region)
        .filter(|(_, subnet)| subnet.text("vpcId") == cluster.network("vpcId"))
        .filter(|(_, subnet)| {
            let mut owners = subnet.tags.keys().filter(|key| key.starts_with("kubernetes.io/cluster/"));
            subnet.tags.contains_key(&own) || owners.next().is_none()
        })
        .filter(|(id, _)| internal || ec2::way_out(world, id) == ec2::WayOut::Internet)
        .map(|(id, subnet)| (!subnet.tags.contains_key(role), subnet.text("availabilityZone").to_owned(), id.clone()))
        .collect();
    fit.sort();
    let mut chosen: Vec<(String, String)> = Vec::new();
    for (_, zone, id) in fit {
        if !chosen.iter().any(|(_, taken)| *taken == zone) {
            chosen.push((id, zone));
        }
    }
    chosen
}
