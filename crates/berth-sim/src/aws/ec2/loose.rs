//! Machines, volumes and network interfaces that a caller makes by itself: no node group has them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::serve::{find, make, show};
use super::tags::specified;
use crate::aws::failure::Failure;
use crate::aws::places::{ACCOUNT, zone};
use crate::aws::serve::Asked;
use crate::aws::state::stamp;
use crate::ledger::{Span, SpanKind};
use crate::world::World;

/// `CreateVolume`.
pub(crate) fn create_volume(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name =
        [asked.text("AvailabilityZone"), asked.text("AvailabilityZoneId")].into_iter().find(|one| !one.is_empty());
    let absent = || Failure::bad("MissingParameter", "The request must contain the parameter AvailabilityZone");
    let name = name.ok_or_else(absent)?;
    let place = zone(asked.region, name)
        .ok_or_else(|| Failure::bad("InvalidZone.NotFound", format!("The zone '{name}' does not exist.")))?;
    let tags = specified(asked, "volume")?;
    let Some(size) = asked.number("Size").filter(|size| *size > 0) else {
        return Err(Failure::bad("MissingParameter", "The request must contain the parameter size/snapshot"));
    };
    let kind = Some(asked.text("VolumeType")).filter(|kind| !kind.is_empty()).unwrap_or("gp2");
    let id = make(world, asked.region, "vol-", tags, |id| {
        json!({
            "volumeId": id, "size": size, "volumeType": kind, "status": "available", "availabilityZone": place.name,
            "createTime": stamp(asked.now), "encrypted": asked.input.get("Encrypted") == Some(&Value::Bool(true)),
            "iops": asked.number("Iops").unwrap_or(3000), "throughput": asked.number("Throughput").unwrap_or(125),
            "snapshotId": "", "multiAttachEnabled": false, "attachmentSet": [],
        })
    });
    world.ledger.spans.push(Span {
        kind: SpanKind::Disk,
        cluster: String::new(),
        pool: String::new(),
        name: id.clone(),
        machine_type: kind.to_owned(),
        gpu: String::new(),
        size_gb: Some(size),
        spot: false,
        zone: place.name,
        from: asked.now,
        to: None,
    });
    Ok(show(find(world, asked, &id)?))
}

/// `CreateNetworkInterface`.
pub(crate) fn create_interface(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let subnet = find(world, asked, asked.text("SubnetId"))?.clone();
    let tags = specified(asked, "network-interface")?;
    let groups: Value = asked.texts("SecurityGroupId").into_iter().map(|id| json!({ "groupId": id })).collect();
    let id = make(world, asked.region, "eni-", tags, |id| {
        json!({
            "networkInterfaceId": id, "subnetId": subnet.text("subnetId"), "vpcId": subnet.text("vpcId"),
            "ownerId": ACCOUNT, "status": "available", "interfaceType": "interface", "requesterManaged": false,
            "availabilityZone": subnet.text("availabilityZone"), "description": asked.text("Description"), "groupSet": groups,
        })
    });
    Ok(json!({ "networkInterface": show(find(world, asked, &id)?) }))
}

/// `RunInstances`: machines with an interface in a subnet that must be named, since there is no default VPC. They are not billed and
/// have no volume: they are here to stand in somebody's way.
pub(crate) fn run_instances(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Some(subnet) = Some(asked.text("SubnetId")).filter(|id| !id.is_empty()) else {
        return Err(Failure::bad("MissingInput", "No subnets found for the default VPC. Please specify a subnet."));
    };
    let subnet = find(world, asked, subnet)?.clone();
    let tags = specified(asked, "instance")?;
    let kind = Some(asked.text("InstanceType")).filter(|kind| !kind.is_empty()).unwrap_or("m1.small");
    let mut groups: Vec<String> = asked.texts("SecurityGroupId").into_iter().map(str::to_owned).collect();
    if groups.is_empty() {
        let here = world.aws.kind("sg-", asked.region).filter(|(_, one)| one.text("vpcId") == subnet.text("vpcId"));
        groups.extend(here.filter(|(_, one)| one.text("groupName") == "default").map(|(id, _)| id.clone()));
    }
    let groups: Value = groups.into_iter().map(|id| json!({ "groupId": id })).collect();
    let mut shown = Vec::new();
    for _ in 0..asked.number("MaxCount").unwrap_or(1).clamp(1, 10) {
        let (vpc, zone) = (subnet.text("vpcId"), subnet.text("availabilityZone"));
        let id = make(world, asked.region, "i-", tags.clone(), |id| {
            json!({
                "instanceId": id, "imageId": asked.text("ImageId"), "instanceState": {"code": 16, "name": "running"},
                "instanceType": kind, "launchTime": stamp(asked.now), "subnetId": subnet.text("subnetId"), "vpcId": vpc,
                "placement": {"availabilityZone": zone, "tenancy": "default"}, "groupSet": groups,
                "architecture": "x86_64", "rootDeviceType": "ebs", "rootDeviceName": "/dev/xvda",
            })
        });
        make(world, asked.region, "eni-", BTreeMap::new(), |eni| {
            json!({
                "networkInterfaceId": eni, "subnetId": subnet.text("subnetId"), "vpcId": vpc, "ownerId": ACCOUNT,
                "status": "in-use", "interfaceType": "interface", "requesterManaged": false, "availabilityZone": zone,
                "description": "", "groupSet": groups,
                "attachment": {"attachmentId": eni.replacen("eni-", "eni-attach-", 1), "instanceId": id,
                    "deviceIndex": 0, "status": "attached", "deleteOnTermination": true},
            })
        });
        shown.push(show(find(world, asked, &id)?));
    }
    Ok(json!({"reservationId": "r-0b5e1d7f0c2a94e31", "ownerId": ACCOUNT, "instancesSet": shown}))
}
