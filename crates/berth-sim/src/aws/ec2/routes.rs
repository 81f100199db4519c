//! Route tables, and how machines of a subnet reach the world.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::serve::{done, find, make, naming, not_found, show};
use super::tags;
use crate::aws::failure::Failure;
use crate::aws::places::ACCOUNT;
use crate::aws::serve::Asked;
use crate::aws::state::Thing;
use crate::world::World;

/// How machines of a subnet reach the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// By an internet gateway, with an address of their own.
    Internet,
    /// By a NAT gateway.
    Nat,
    /// Not at all.
    None,
}

/// The way out of a subnet, by its route table or the VPC's main one.
pub(crate) fn way_out(world: &World, subnet: &str) -> WayOut {
    let Some(thing) = world.aws.things.get(subnet) else { return WayOut::None };
    let tables = || world.aws.kind("rtb-", &thing.region).map(|(_, table)| table);
    let has = |table: &&Thing, member: &str, value: Value| {
        let all = table.fields["associationSet"].as_array().into_iter().flatten();
        all.into_iter().any(|one| one[member] == value)
    };
    let own = tables().find(|table| has(table, "subnetId", Value::from(subnet)));
    let main =
        || tables().find(|table| table.text("vpcId") == thing.text("vpcId") && has(table, "main", Value::Bool(true)));
    let Some(table) = own.or_else(main) else { return WayOut::None };
    let routes = table.fields["routeSet"].as_array().cloned().unwrap_or_default();
    let Some(route) = routes.iter().find(|route| route["destinationCidrBlock"] == "0.0.0.0/0") else {
        return WayOut::None;
    };
    let there = |member: &str| route[member].as_str().and_then(|id| world.aws.things.get(id));
    if there("gatewayId").is_some_and(|igw| igw.fields["attachmentSet"][0]["vpcId"] == thing.text("vpcId")) {
        return WayOut::Internet;
    }
    if there("natGatewayId").is_some_and(|nat| nat.text("state") == "available") {
        return WayOut::Nat;
    }
    WayOut::None
}

/// Whether a VPC gives machines the names by which they register.
pub(crate) fn has_names(world: &World, vpc: &str) -> bool {
    let on = |thing: &Thing, member: &str| thing.hidden.get(member) == Some(&Value::Bool(true));
    world.aws.things.get(vpc).is_some_and(|vpc| on(vpc, "enableDnsSupport") && on(vpc, "enableDnsHostnames"))
}

/// `CreateRouteTable`.
pub(crate) fn create_table(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "route-table")?;
    let vpc = asked.text("VpcId");
    let block = find(world, asked, vpc)?.text("cidrBlock").to_owned();
    let id = make(world, asked.region, "rtb-", tags, |id| {
        json!({
            "routeTableId": id, "vpcId": vpc, "ownerId": ACCOUNT, "associationSet": [], "propagatingVgwSet": [],
            "routeSet": [{"destinationCidrBlock": block, "gatewayId": "local", "state": "active", "origin": "CreateRouteTable"}],
        })
    });
    Ok(json!({ "routeTable": show(find(world, asked, &id)?) }))
}

/// `DeleteRouteTable`: refused while a subnet is associated or it is the main one.
pub(crate) fn delete_table(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("RouteTableId");
    let table = find(world, asked, id)?;
    if table.fields["associationSet"].as_array().is_some_and(|all| !all.is_empty()) {
        return Err(Failure::dependency(format!("The routeTable '{id}' has dependencies and cannot be deleted.")));
    }
    world.aws.things.remove(id);
    Ok(done())
}

/// `AssociateRouteTable`: a subnet has one association; the same again answers it.
pub(crate) fn associate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, subnet) = (asked.text("RouteTableId"), asked.text("SubnetId"));
    let vpc = find(world, asked, subnet)?.text("vpcId").to_owned();
    if find(world, asked, id)?.text("vpcId") != vpc {
        let text = format!("Route table {id} and subnet {subnet} belong to different networks");
        return Err(Failure::bad("InvalidParameterValue", text));
    }
    for table in naming(world, asked.region, "rtb-", "vpcId", &vpc) {
        let all = world.aws.things[&table].fields["associationSet"].as_array().cloned().unwrap_or_default();
        let Some(present) = all.into_iter().find(|one| one["subnetId"] == subnet) else { continue };
        if table == id {
            let association = present["routeTableAssociationId"].clone();
            return Ok(json!({"associationId": association, "associationState": {"state": "associated"}}));
        }
        let text = format!("the specified association for route table {id} conflicts with an existing association");
        return Err(Failure::bad("Resource.AlreadyAssociated", text));
    }
    let number = world.number();
    let association = format!("rtbassoc-{}", world.hex(&format!("association/{number}"), 17));
    let one = json!({
        "main": false, "routeTableId": id, "subnetId": subnet, "routeTableAssociationId": association,
        "associationState": {"state": "associated"},
    });
    if let Some(all) = find(world, asked, id)?.fields["associationSet"].as_array_mut() {
        all.push(one);
    }
    Ok(json!({"associationId": association, "associationState": {"state": "associated"}}))
}

/// `DisassociateRouteTable`.
pub(crate) fn disassociate(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("AssociationId");
    for thing in world.aws.things.values_mut().filter(|thing| thing.region == asked.region) {
        let Some(all) = thing.fields.get_mut("associationSet").and_then(Value::as_array_mut) else { continue };
        let Some(place) = all.iter().position(|one| one["routeTableAssociationId"] == id) else { continue };
        if all[place]["main"] == true {
            let text = "cannot disassociate the main route table association";
            return Err(Failure::bad("InvalidParameterValue", text));
        }
        all.remove(place);
        return Ok(done());
    }
    Err(not_found(id))
}

/// `CreateRoute`: the same destination twice is refused unless it says the same.
pub(crate) fn create(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let block = asked.text("DestinationCidrBlock");
    if Cidr::parse(block).is_none() {
        let text =
            format!("Value ({block}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.");
        return Err(Failure::bad("InvalidParameterValue", text));
    }
    let targets =
        [("GatewayId", "gatewayId"), ("NatGatewayId", "natGatewayId"), ("NetworkInterfaceId", "networkInterfaceId")];
    let Some((parameter, member)) = targets.iter().find(|(parameter, _)| !asked.text(parameter).is_empty()) else {
        return Err(Failure::bad("MissingParameter", "The request must contain exactly one target of the route"));
    };
    let target = asked.text(parameter);
    find(world, asked, target)?;
    let table = find(world, asked, asked.text("RouteTableId"))?;
    let Some(routes) = table.fields["routeSet"].as_array_mut() else { return Ok(done()) };
    if let Some(present) = routes.iter().find(|route| route["destinationCidrBlock"] == block) {
        if present[*member] == target {
            return Ok(done());
        }
        return Err(Failure::bad("RouteAlreadyExists", format!("The route identified by {block} already exists.")));
    }
    routes.push(json!({"destinationCidrBlock": block, *member: target, "state": "active", "origin": "CreateRoute"}));
    Ok(done())
}

/// `DeleteRoute`.
pub(crate) fn delete(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, block) = (asked.text("RouteTableId"), asked.text("DestinationCidrBlock"));
    let table = find(world, asked, id)?;
    let Some(routes) = table.fields["routeSet"].as_array_mut() else { return Ok(done()) };
    let before = routes.len();
    routes.retain(|route| route["destinationCidrBlock"] != block);
    if routes.len() == before {
        let text = format!("no route with destination-cidr-block {block} in route table {id}");
        return Err(Failure::bad("InvalidRoute.NotFound", text));
    }
    Ok(done())
}
