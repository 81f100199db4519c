//! Volumes and network interfaces that a caller makes by itself: nothing uses them.

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
