//! Instances, their volumes and network interfaces.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cidr::Cidr;
use super::serve::{done, find, make};
use super::templates;
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::{Group, Happening, Machine, stamp, text};
use crate::aws::types::InstanceType;
use crate::lifecycle::after;
use crate::world::{Step, World};

/// The boot disk of a group's machines.
pub(crate) struct Disk {
    /// The volume type.
    pub(crate) kind: String,
    /// The size.
    pub(crate) size_gb: i64,
    shown: Value,
}

/// The boot disk of a group's machines, by its launch template or its own size.
pub(crate) fn disk_of(world: &World, uid: &str, group: &str) -> Disk {
    let cluster = world.aws.clusters.values().find(|cluster| cluster.uid == uid);
    let found = cluster.and_then(|cluster| Some((cluster, cluster.groups.get(group)?)));
    let Some((cluster, group)) = found else { return Disk { kind: "gp3".to_owned(), size_gb: 20, shown: json!({}) } };
    let data = templates::of_group(world, group, &cluster.region).unwrap_or_default();
    let ebs = data["blockDeviceMappingSet"][0]["ebs"].clone();
    let own = group.fields.get("diskSize").and_then(Value::as_i64);
    Disk {
        kind: ebs["volumeType"].as_str().unwrap_or("gp3").to_owned(),
        size_gb: ebs["volumeSize"].as_i64().or(own).unwrap_or(20),
        shown: ebs,
    }
}

/// The tags a group's launch template gives to one kind of resource, and EKS's own.
fn tags_for(data: &Value, kind: &str, own: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let specifications = data["tagSpecificationSet"].as_array().into_iter().flatten();
    for one in specifications.filter(|one| one["resourceType"] == kind) {
        for tag in one["tagSet"].as_array().into_iter().flatten() {
            let part = |member: &str| tag[member].as_str().unwrap_or_default().to_owned();
            all.insert(part("key"), part("value"));
        }
    }
    all
}

/// Makes an instance of a group with its volume and interface, and gives the machine.
pub(crate) fn make_instance(
    world: &mut World,
    uid: &str,
    group_name: &str,
    kind: &InstanceType,
    subnet: &str,
    now: Timestamp,
) -> Machine {
    let place = world.aws.things.get(subnet).cloned();
    let of_subnet = |member: &str| place.as_ref().map(|one| one.text(member).to_owned()).unwrap_or_default();
    let (zone, vpc) = (of_subnet("availabilityZone"), of_subnet("vpcId"));
    let number = world.number();
    let block = Cidr::parse(&of_subnet("cidrBlock"));
    let address = block.map(|block| block.address(10 + number % (block.size() - 12)).to_string()).unwrap_or_default();
    let cluster = world.aws.by_uid(uid).map(|cluster| {
        (cluster.region.clone(), cluster.name().to_owned(), cluster.network("clusterSecurityGroupId").to_owned())
    });
    let (region, cluster_name, security) = cluster.unwrap_or_default();
    let group: Option<Group> = world.group(uid, group_name).cloned();
    let data = group.as_ref().and_then(|group| templates::of_group(world, group, &region)).unwrap_or_default();
    let spot = group.as_ref().is_some_and(Group::is_spot);
    let scaling_group = group.as_ref().map(|group| group.scaling_group.clone()).unwrap_or_default();
    let role = group.as_ref().map(|group| text(&group.fields, "nodeRole").to_owned()).unwrap_or_default();
    let owner = format!("kubernetes.io/cluster/{cluster_name}");
    let own = [
        ("eks:cluster-name", cluster_name.as_str()),
        ("eks:nodegroup-name", group_name),
        ("aws:autoscaling:groupName", scaling_group.as_str()),
        (owner.as_str(), "owned"),
    ];
    let node = match region.as_str() {
        "us-east-1" => format!("ip-{}.ec2.internal", address.replace('.', "-")),
        region => format!("ip-{}.{region}.compute.internal", address.replace('.', "-")),
    };
    let id = make(world, &region, "i-", tags_for(&data, "instance", &own), |id| {
        let mut shown = json!({
            "instanceId": id, "imageId": "ami-0b5e1d7f0c2a94e31", "instanceState": {"code": 16, "name": "running"},
            "privateDnsName": node, "dnsName": "", "instanceType": kind.name, "launchTime": stamp(now),
            "placement": {"availabilityZone": zone, "tenancy": "default"}, "subnetId": subnet, "vpcId": vpc,
            "privateIpAddress": address, "architecture": "x86_64", "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda",
            "groupSet": [{"groupId": security}], "iamInstanceProfile": {"arn": role},
            "metadataOptions": data.get("metadataOptions").cloned().unwrap_or_else(|| json!({"httpTokens": "required", "httpPutResponseHopLimit": 2})),
        });
        if spot {
            shown["instanceLifecycle"] = Value::from("spot");
        }
        shown
    });
    make_disk(world, uid, group_name, &id, (&region, &zone), &data, now);
    make(world, &region, "eni-", tags_for(&data, "network-interface", &[]), |eni| {
        json!({
            "networkInterfaceId": eni, "subnetId": subnet, "vpcId": vpc, "ownerId": ACCOUNT, "status": "in-use",
            "interfaceType": "interface", "requesterManaged": false, "availabilityZone": zone, "description": "",
            "groupSet": [{"groupId": security}], "privateIpAddress": address,
            "attachment": {"attachmentId": eni.replacen("eni-", "eni-attach-", 1), "instanceId": id, "deviceIndex": 0,
                "status": "attached", "deleteOnTermination": true},
        })
    });
    Machine {
        id,
        node,
        address,
        zone,
        instance_type: kind.name.to_owned(),
        launched: now,
        registered: None,
        ready: None,
        gpus: 0,
    }
}

fn make_disk(
    world: &mut World,
    uid: &str,
    group: &str,
    instance: &str,
    (region, zone): (&str, &str),
    data: &Value,
    now: Timestamp,
) {
    let disk = disk_of(world, uid, group);
    make(world, region, "vol-", tags_for(data, "volume", &[]), |id| {
        json!({
            "volumeId": id, "size": disk.size_gb, "volumeType": disk.kind, "status": "in-use", "availabilityZone": zone,
            "createTime": stamp(now), "encrypted": disk.shown["encrypted"].as_bool().unwrap_or(false),
            "iops": disk.shown["iops"].as_i64().unwrap_or(3000), "throughput": disk.shown["throughput"].as_i64().unwrap_or(125),
            "attachmentSet": [{"volumeId": id, "instanceId": instance, "device": "/dev/xvda", "status": "attached", "deleteOnTermination": true}],
        })
    });
}

/// Terminates an instance: its boot volume and interfaces go at once, itself after an hour; other volumes are detached.
pub(crate) fn end_instance(world: &mut World, id: &str, now: Timestamp) {
    let Some(thing) = world.aws.things.get_mut(id) else { return };
    thing.fields.insert("instanceState".to_owned(), json!({"code": 48, "name": "terminated"}));
    let reason = format!("User initiated ({})", now.strftime("%Y-%m-%d %H:%M:%S GMT"));
    thing.fields.insert("reason".to_owned(), Value::from(reason));
    for thing in world.aws.things.values_mut() {
        let stays = thing
            .fields
            .get("attachmentSet")
            .is_some_and(|all| all[0]["instanceId"] == id && all[0]["deleteOnTermination"] == false);
        if stays {
            thing.fields.insert("attachmentSet".to_owned(), json!([]));
            thing.fields.insert("status".to_owned(), Value::from("available"));
        }
    }
    world.aws.things.retain(|_, thing| {
        thing.fields.get("attachment").is_none_or(|one| one["instanceId"] != id)
            && thing.fields.get("attachmentSet").is_none_or(|all| all[0]["instanceId"] != id)
    });
    let at = now + after("instance", "terminated", "forgotten", "");
    world.plan(at, Step::Aws(Happening::Gone(id.to_owned())));
}

/// Attaches the interface with which the CNI gives the pods of a machine their addresses. It goes with the machine.
pub(crate) fn attach_cni_interface(world: &mut World, instance: &str, cluster: &str) {
    let attachment =
        json!({"instanceId": instance, "deviceIndex": 1, "status": "attached", "deleteOnTermination": true});
    make_cni_interface(world, instance, cluster, "in-use", attachment);
}

/// Leaves a network interface of the CNI behind: available, in the subnet and groups of its machine.
pub(crate) fn leave_interface(world: &mut World, instance: &str, cluster: &str) {
    make_cni_interface(world, instance, cluster, "available", Value::Null);
}

fn make_cni_interface(world: &mut World, instance: &str, cluster: &str, status: &str, attachment: Value) {
    let Some(thing) = world.aws.things.get(instance).cloned() else { return };
    let tags = BTreeMap::from([
        ("node.k8s.amazonaws.com/instance_id".to_owned(), instance.to_owned()),
        ("cluster.k8s.amazonaws.com/name".to_owned(), cluster.to_owned()),
    ]);
    make(world, &thing.region, "eni-", tags, |id| {
        let mut attachment = attachment;
        if !attachment.is_null() {
            attachment["attachmentId"] = Value::from(id.replacen("eni-", "eni-attach-", 1));
        }
        json!({
            "networkInterfaceId": id, "subnetId": thing.fields["subnetId"], "vpcId": thing.fields["vpcId"],
            "ownerId": ACCOUNT, "status": status, "attachment": attachment, "interfaceType": "interface", "requesterManaged": false,
            "description": format!("aws-K8S-{instance}"), "groupSet": thing.fields["groupSet"],
            "availabilityZone": thing.fields["placement"]["availabilityZone"],
        })
    });
}

/// `TerminateInstances`: a node group makes up for what it loses.
pub(crate) fn terminate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let ids = asked.texts("InstanceId");
    for id in &ids {
        find(world, asked, id)?;
    }
    let mut shown = Vec::new();
    for id in ids {
        let owner = world.aws.clusters.values().find_map(|cluster| {
            let group = cluster.groups.iter().find(|(_, group)| group.machines.iter().any(|one| one.id == id))?;
            Some((cluster.uid.clone(), group.0.clone()))
        });
        match owner {
            Some((uid, group)) => {
                world.terminate(&uid, &group, &[id.to_owned()], asked.now);
                let at = asked.now + after("instance", "preempted", "recreated", "");
                world.plan(at, Step::Aws(Happening::Group(uid, group)));
            }
            None => end_instance(world, id, asked.now),
        }
        shown.push(json!({
            "instanceId": id, "currentState": {"code": 32, "name": "shutting-down"}, "previousState": {"code": 16, "name": "running"},
        }));
    }
    Ok(json!({ "instancesSet": shown }))
}

/// `DeleteVolume`.
pub(crate) fn delete_volume(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("VolumeId");
    let volume = find(world, asked, id)?;
    if volume.text("status") == "in-use" {
        let text = format!("Volume {id} is currently attached to {}", volume.fields["attachmentSet"][0]["instanceId"]);
        return Err(Failure::bad("VolumeInUse", text));
    }
    world.aws.things.remove(id);
    world.ledger.close("", id, asked.now);
    Ok(done())
}

/// `DeleteNetworkInterface`.
pub(crate) fn delete_interface(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("NetworkInterfaceId");
    let interface = find(world, asked, id)?;
    if interface.text("status") == "in-use" {
        let text = format!("Network interface '{id}' is currently in use.");
        return Err(Failure::bad("InvalidParameterValue", text));
    }
    world.aws.things.remove(id);
    Ok(done())
}
