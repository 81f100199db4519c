//! What a load balancer consists of in EC2 and in the ledger, and how it goes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::{Asked, page};
use crate::aws::state::{Happening, Thing};
use crate::aws::{ec2, state};
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::{after, digest};
use crate::world::{Step, World};

/// The account of the service, which owns the attachments of its interfaces.
const OWNER: &str = "amazon-elb";

/// A load balancer that is to be made.
pub(crate) struct Wanted {
    /// The region.
    pub(crate) region: String,
    /// The VPC.
    pub(crate) vpc: String,
    /// A subnet in each zone, with the zone.
    pub(crate) subnets: Vec<(String, String)>,
    /// The name.
    pub(crate) name: String,
    /// Whether only the VPC reaches it.
    pub(crate) internal: bool,
    /// The ports of the Service.
    pub(crate) ports: Vec<Value>,
    /// The tags of everything that belongs to it.
    pub(crate) tags: BTreeMap<String, String>,
    /// The uid of the cluster it is for.
    pub(crate) cluster: String,
}

impl Wanted {
    fn scheme(&self) -> &'static str {
        if self.internal { "internal" } else { "internet-facing" }
    }

    /// A number of a port; 0 when it is not there.
    fn port(port: &Value, member: &str) -> i64 {
        port[member].as_i64().unwrap_or(0)
    }

    fn listeners(&self) -> Vec<Value> {
        let of = |port: &Value| {
            json!({
                "Listener": {
                    "Protocol": "TCP", "LoadBalancerPort": Wanted::port(port, "port"),
                    "InstanceProtocol": "TCP", "InstancePort": Wanted::port(port, "nodePort"),
                },
                "PolicyNames": [],
            })
        };
        self.ports.iter().map(of).collect()
    }
}

/// Makes a classic load balancer in a security group, and gives its host name.
pub(crate) fn make_classic(world: &mut World, wanted: &Wanted, group: (&str, &str), now: Timestamp) -> String {
    let (group, group_name) = group;
    let front = if wanted.internal { "internal-" } else { "" };
    let number = digest(&format!("{}/{}", world.seed, wanted.name)) % 10_000_000_000;
    let host = format!("{front}{}-{number}.{}.elb.amazonaws.com", wanted.name, wanted.region);
    let (subnets, zones): (Vec<&str>, Vec<&str>) =
        wanted.subnets.iter().map(|(subnet, zone)| (subnet.as_str(), zone.as_str())).unzip();
    let health = wanted.ports.first().map_or(0, |port| Wanted::port(port, "nodePort"));
    let fields = json!({
        "LoadBalancerName": wanted.name, "DNSName": host, "CanonicalHostedZoneName": host,
        "CanonicalHostedZoneNameID": "Z35SXDOTRQ7X7K", "ListenerDescriptions": wanted.listeners(),
        "Policies": {"AppCookieStickinessPolicies": [], "LBCookieStickinessPolicies": [], "OtherPolicies": []},
        "BackendServerDescriptions": [], "AvailabilityZones": zones, "Subnets": subnets, "VPCId": wanted.vpc,
        "HealthCheck": {
            "Target": format!("TCP:{health}"), "Interval": 10, "Timeout": 5,
            "UnhealthyThreshold": 6, "HealthyThreshold": 2,
        },
        "SourceSecurityGroup": {"OwnerAlias": ACCOUNT, "GroupName": group_name},
        "SecurityGroups": [group], "CreatedTime": state::stamp(now), "Scheme": wanted.scheme(),
    });
    let description = format!("ELB {}", wanted.name);
    keep(world, wanted, (format!("{}/{}", wanted.region, wanted.name), fields), &description);
    make_interfaces(world, wanted, &description, &[group]);
    begin_span(world, wanted, &wanted.name, "classic", now);
    host
}

/// Makes a network load balancer with a target group for each port, and gives its host name.
pub(crate) fn make_network(world: &mut World, wanted: &Wanted, now: Timestamp) -> String {
    let number = world.number();
    let id = world.hex(&format!("balancer/{number}"), 16);
    let host = format!("{}-{id}.elb.{}.amazonaws.com", wanted.name, wanted.region);
    let front = format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}", wanted.region);
    let arn = format!("{front}:loadbalancer/net/{}/{id}", wanted.name);
    let zones: Vec<Value> = wanted
        .subnets
        .iter()
        .map(|(subnet, zone)| json!({"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": []}))
        .collect();
    let fields = json!({
        "LoadBalancerArn": arn, "DNSName": host, "CanonicalHostedZoneId": "Z26RNL4JYFTOTI",
        "CreatedTime": state::stamp(now), "LoadBalancerName": wanted.name, "Scheme": wanted.scheme(), "VpcId": wanted.vpc,
        "Type": "network", "AvailabilityZones": zones, "IpAddressType": "ipv4",
    });
    let description = format!("ELB net/{}/{id}", wanted.name);
    keep(world, wanted, (arn.clone(), fields), &description);
    make_interfaces(world, wanted, &description, &[]);
    for port in &wanted.ports {
        make_target(world, wanted, &front, &arn, port);
    }
    begin_span(world, wanted, &arn, "network", now);
    host
}

fn make_target(world: &mut World, wanted: &Wanted, front: &str, balancer: &str, port: &Value) {
    let number = world.number();
    let id = world.hex(&format!("target/{number}"), 16);
    let service = wanted.tags.get(SERVICE).map(String::as_str).unwrap_or_default();
    let (namespace, name) = service.split_once('/').unwrap_or_default();
    let short = |text: &str| text.chars().take(8).collect::<String>();
    let group_name = format!("k8s-{}-{}-{}", short(namespace), short(name), &id[..10]);
    let arn = format!("{front}:targetgroup/{group_name}/{id}");
    let fields = json!({
        "TargetGroupArn": arn, "TargetGroupName": group_name, "Protocol": "TCP",
        "Port": Wanted::port(port, "nodePort"), "VpcId": wanted.vpc, "HealthCheckProtocol": "TCP",
        "HealthCheckPort": "traffic-port", "HealthCheckEnabled": true, "TargetType": "instance",
        "LoadBalancerArns": [balancer], "IpAddressType": "ipv4",
    });
    let target = Thing {
        region: wanted.region.clone(),
        fields: state::fields(fields),
        tags: wanted.tags.clone(),
        hidden: state::fields(json!({ "cluster": wanted.cluster })),
    };
    world.aws.targets.insert(arn, target);
}

/// The tag that names the Service.
pub(crate) const SERVICE: &str = "kubernetes.io/service-name";

fn keep(world: &mut World, wanted: &Wanted, (key, shown): (String, Value), interfaces: &str) {
    let hidden = json!({"cluster": wanted.cluster, "interfaces": interfaces});
    let balancer = Thing {
        region: wanted.region.clone(),
        fields: state::fields(shown),
        tags: wanted.tags.clone(),
        hidden: state::fields(hidden),
    };
    world.aws.balancers.insert(key, balancer);
}

/// An interface in each subnet, with a public address when the internet reaches it.
fn make_interfaces(world: &mut World, wanted: &Wanted, description: &str, groups: &[&str]) {
    let groups: Vec<Value> = groups.iter().map(|id| json!({ "groupId": id })).collect();
    for (subnet, zone) in &wanted.subnets {
        ec2::make(world, &wanted.region, "eni-", BTreeMap::new(), |id| {
            let number = digest(id);
            let mut shown = json!({
                "networkInterfaceId": id, "subnetId": subnet, "vpcId": wanted.vpc, "ownerId": ACCOUNT, "status": "in-use",
                "interfaceType": if groups.is_empty() { "network_load_balancer" } else { "interface" },
                "requesterManaged": true, "requesterId": OWNER, "availabilityZone": zone,
                "description": description, "groupSet": groups,
                "attachment": {
                    "attachmentId": id.replacen("eni-", "ela-attach-", 1), "instanceOwnerId": OWNER, "deviceIndex": 1,
                    "status": "attached", "deleteOnTermination": false,
                },
            });
            if !wanted.internal {
                let address = format!("203.0.113.{}", number % 254 + 1);
                shown["association"] = json!({"publicIp": address, "ipOwnerId": OWNER});
            }
            shown
        });
    }
}

fn begin_span(world: &mut World, wanted: &Wanted, name: &str, kind: &str, now: Timestamp) {
    world.ledger.spans.push(Span {
        kind: SpanKind::LoadBalancer,
        cluster: String::new(),
        pool: String::new(),
        name: name.to_owned(),
        machine_type: kind.to_owned(),
        gpu: String::new(),
        size_gb: None,
        spot: false,
        zone: wanted.region.clone(),
        from: now,
        to: None,
    });
}

/// Deletes the load balancer of that key at once, and its interfaces some seconds later; nothing when there is none.
///
/// Its security group and its target groups stay, as they do for whoever deletes it through the API.
pub(crate) fn drop_balancer(world: &mut World, key: &str, now: Timestamp) {
    let Some(balancer) = world.aws.balancers.remove(key) else { return };
    let name = if key.starts_with("arn:") { key } else { balancer.text("LoadBalancerName") };
    world.ledger.close("", name, now);
    for target in world.aws.targets.values_mut() {
        if target.fields["LoadBalancerArns"][0] == key {
            target.fields.insert("LoadBalancerArns".to_owned(), json!([]));
        }
    }
    let at = now + after("load-balancer", "deleted", "interfaces-gone", "");
    for id in interfaces(world, &balancer.region, balancer.remembered("interfaces")) {
        world.plan(at, Step::Aws(Happening::Gone(id)));
    }
}

/// The ids of the interfaces with that description.
pub(crate) fn interfaces(world: &World, region: &str, description: &str) -> Vec<String> {
    let all = world.aws.kind("eni-", region).filter(|(_, eni)| eni.text("description") == description);
    all.map(|(id, _)| id.clone()).collect()
}

/// Tags as these services show them.
pub(crate) fn tags_out(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// A page of items under a name, and the marker of the next.
pub(crate) fn paged(asked: &Asked<'_>, name: &str, items: Vec<Value>) -> Result<Value, Failure> {
    let invalid = || Failure::bad("ValidationError", "The marker is not valid.");
    let size = asked.number("PageSize").or(Some(400));
    let (items, next) = page(items, size, asked.text("Marker")).ok_or_else(invalid)?;
    Ok(json!({name: items, "NextMarker": next}))
}
