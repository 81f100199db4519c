//! Internet gateways, NAT gateways and their addresses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::serve::{done, find, make, naming, show};
use super::tags;
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::quotas;
use crate::aws::serve::Asked;
use crate::aws::state::{Happening, stamp};
use crate::ledger::{Span, SpanKind};
use crate::lifecycle::{after, digest};
use crate::world::{Step, World};

/// `CreateInternetGateway`.
pub(crate) fn create_internet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "internet-gateway")?;
    let id = make(
        world,
        asked.region,
        "igw-",
        tags,
        |id| json!({"internetGatewayId": id, "ownerId": ACCOUNT, "attachmentSet": []}),
    );
    Ok(json!({ "internetGateway": show(find(world, asked, &id)?) }))
}

/// `AttachInternetGateway`: one gateway a VPC.
pub(crate) fn attach_internet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, vpc) = (asked.text("InternetGatewayId"), asked.text("VpcId"));
    find(world, asked, vpc)?;
    let attached =
        |thing: &crate::aws::state::Thing| thing.fields["attachmentSet"][0]["vpcId"].as_str().map(str::to_owned);
    if let Some(present) = attached(find(world, asked, id)?) {
        let text = format!("resource {id} is already attached to network {present}");
        return Err(Failure::bad("Resource.AlreadyAssociated", text));
    }
    if world.aws.kind("igw-", asked.region).any(|(_, thing)| attached(thing).as_deref() == Some(vpc)) {
        let text = format!("Network {vpc} already has an internet gateway attached");
        return Err(Failure::bad("InvalidParameterValue", text));
    }
    let set = json!([{"vpcId": vpc, "state": "available"}]);
    find(world, asked, id)?.fields.insert("attachmentSet".to_owned(), set);
    Ok(done())
}

/// `DetachInternetGateway`: refused while public addresses are mapped into the VPC.
pub(crate) fn detach_internet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, vpc) = (asked.text("InternetGatewayId"), asked.text("VpcId"));
    if find(world, asked, id)?.fields["attachmentSet"][0]["vpcId"] != vpc {
        let text = format!("resource {id} is not attached to network {vpc}");
        return Err(Failure::bad("Gateway.NotAttached", text));
    }
    let interfaces = naming(world, asked.region, "eni-", "vpcId", vpc);
    if interfaces.iter().any(|eni| world.aws.things[eni].fields.contains_key("association")) {
        let text = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the \
             gateway."
        );
        return Err(Failure::dependency(text));
    }
    find(world, asked, id)?.fields.insert("attachmentSet".to_owned(), json!([]));
    Ok(done())
}

/// `DeleteInternetGateway`.
pub(crate) fn delete_internet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("InternetGatewayId");
    if !find(world, asked, id)?.fields["attachmentSet"][0].is_null() {
        let text = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(Failure::dependency(text));
    }
    world.aws.things.remove(id);
    Ok(done())
}

/// `AllocateAddress`.
pub(crate) fn allocate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "elastic-ip")?;
    let present = world.aws.kind("eipalloc-", asked.region).count();
    if present as f64 >= quotas::limit(world, asked.region, "L-0263D0A3") {
        return Err(Failure::bad("AddressLimitExceeded", "The maximum number of addresses has been reached."));
    }
    let id = make(world, asked.region, "eipalloc-", tags, |id| {
        let number = digest(id);
        let address = format!("198.51.{}.{}", 100 + number % 100, number / 100 % 254 + 1);
        json!({"allocationId": id, "domain": "vpc", "publicIp": address, "publicIpv4Pool": "amazon", "networkBorderGroup": asked.region})
    });
    begin(world, asked, SpanKind::Address, &id);
    let shown = find(world, asked, &id)?.fields.clone();
    Ok(Value::Object(shown))
}

/// `ReleaseAddress`.
pub(crate) fn release(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("AllocationId");
    let thing = find(world, asked, id)?;
    if thing.fields.contains_key("associationId") {
        let text = format!("Address {} is in use.", thing.text("publicIp"));
        return Err(Failure::bad("InvalidIPAddress.InUse", text));
    }
    world.aws.things.remove(id);
    world.ledger.close("", id, asked.now);
    Ok(done())
}

/// Begins the span of something that is billed outside clusters.
fn begin(world: &mut World, asked: &Asked<'_>, kind: SpanKind, id: &str) {
    world.ledger.spans.push(Span {
        kind,
        cluster: String::new(),
        pool: String::new(),
        name: id.to_owned(),
        machine_type: String::new(),
        gpu: String::new(),
        size_gb: None,
        spot: false,
        zone: asked.region.to_owned(),
        from: asked.now,
        to: None,
    });
}

/// `CreateNatGateway`: a public one in a subnet, with an address that nothing else uses.
pub(crate) fn create_nat(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "natgateway")?;
    let (subnet, allocation) = (asked.text("SubnetId").to_owned(), asked.text("AllocationId").to_owned());
    let place = find(world, asked, &subnet)?.clone();
    let zone = place.text("availabilityZone");
    let is_public = asked.text("ConnectivityType") != "private";
    if is_public && allocation.is_empty() {
        let text =
            "The request must include the AllocationId parameter. Add the required parameter and retry the request.";
        return Err(Failure::bad("MissingParameter", text));
    }
    let present = world.aws.kind("nat-", asked.region).filter(|(_, nat)| {
        matches!(nat.text("state"), "pending" | "available" | "deleting") && nat.hidden["zone"] == zone
    });
    if present.count() as f64 >= quotas::limit(world, asked.region, "L-FE5A380F") {
        let text = format!("Performing this operation would exceed the limit of 5 NAT gateways in {zone}");
        return Err(Failure::bad("NatGatewayLimitExceeded", text));
    }
    let mut address = String::new();
    if is_public {
        let elastic = find(world, asked, &allocation)?;
        if elastic.fields.contains_key("associationId") {
            let text = format!("Elastic IP address [{allocation}] is already associated");
            return Err(Failure::bad("Resource.AlreadyAssociated", text));
        }
        elastic.text("publicIp").clone_into(&mut address);
    }
    let vpc = place.text("vpcId").to_owned();
    let now = stamp(asked.now);
    let interface = make(world, asked.region, "eni-", BTreeMap::new(), |id| {
        json!({
            "networkInterfaceId": id, "subnetId": subnet, "vpcId": vpc, "ownerId": ACCOUNT, "status": "in-use",
            "interfaceType": "nat_gateway", "requesterManaged": true, "availabilityZone": zone, "groupSet": [],
            "association": {"publicIp": address, "allocationId": allocation},
        })
    });
    let id = make(world, asked.region, "nat-", tags, |id| {
        json!({
            "natGatewayId": id, "subnetId": subnet, "vpcId": vpc, "state": "pending", "createTime": now,
            "connectivityType": if is_public { "public" } else { "private" },
            "natGatewayAddressSet": [{"allocationId": allocation, "networkInterfaceId": interface, "publicIp": address, "isPrimary": true}],
        })
    });
    let text = format!("Interface for NAT Gateway {id}");
    find(world, asked, &interface)?.fields.insert("description".to_owned(), Value::from(text));
    if is_public {
        let elastic = find(world, asked, &allocation)?;
        elastic.fields.insert("associationId".to_owned(), Value::from(id.replacen("nat-", "eipassoc-", 1)));
        elastic.fields.insert("networkInterfaceId".to_owned(), Value::from(interface.as_str()));
    }
    let nat = find(world, asked, &id)?;
    nat.hidden.insert("interface".to_owned(), Value::from(interface));
    nat.hidden.insert("allocation".to_owned(), Value::from(allocation));
    nat.hidden.insert("zone".to_owned(), Value::from(zone));
    let shown = show(nat);
    begin(world, asked, SpanKind::NatGateway, &id);
    let at = asked.now + after("nat-gateway", "requested", "available", "");
    world.plan(at, Step::Aws(Happening::NatUp(id)));
    Ok(json!({"natGateway": shown, "clientToken": asked.text("ClientToken")}))
}

/// `DeleteNatGateway`: it is listed as deleted for an hour.
pub(crate) fn delete_nat(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("NatGatewayId");
    let nat = find(world, asked, id)?;
    if !matches!(nat.text("state"), "deleting" | "deleted") {
        nat.fields.insert("state".to_owned(), Value::from("deleting"));
        nat.fields.insert("deleteTime".to_owned(), Value::from(stamp(asked.now)));
        let at = asked.now + after("nat-gateway", "requested", "deleted", "");
        world.plan(at, Step::Aws(Happening::NatGone(id.to_owned())));
        // Paid for is the time in which a gateway is available; its page of prices says so.
        world.ledger.close("", id, asked.now);
    }
    Ok(json!({ "natGatewayId": id }))
}

/// A NAT gateway is usable, unless it was deleted meanwhile.
pub(crate) fn nat_up(world: &mut World, id: &str) {
    if let Some(nat) = world.aws.things.get_mut(id).filter(|nat| nat.text("state") == "pending") {
        nat.fields.insert("state".to_owned(), Value::from("available"));
    }
}

/// A NAT gateway is gone: its interface too, its address is free.
pub(crate) fn nat_gone(world: &mut World, id: &str, now: Timestamp) {
    let Some(nat) = world.aws.things.get_mut(id) else { return };
    nat.fields.insert("state".to_owned(), Value::from("deleted"));
    let hidden = |member: &str| nat.hidden.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (interface, allocation) = (hidden("interface"), hidden("allocation"));
    world.aws.things.remove(&interface);
    if let Some(elastic) = world.aws.things.get_mut(&allocation) {
        elastic.fields.remove("associationId");
        elastic.fields.remove("networkInterfaceId");
    }
    let at = now + after("nat-gateway", "deleted", "forgotten", "");
    world.plan(at, Step::Aws(Happening::Gone(id.to_owned())));
}
