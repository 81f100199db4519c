//! VPCs and subnets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::serve::{done, find, make, naming, show};
use super::{security, tags};
use crate::aws::failure::Failure;
use crate::aws::places::{ACCOUNT, zone, zones};
use crate::aws::quotas;
use crate::aws::serve::Asked;
use crate::world::World;

/// `CreateVpc`: with a main route table and a default security group.
pub(crate) fn create_vpc(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "vpc")?;
    let block = asked.text("CidrBlock");
    let cidr = Cidr::parse(block).ok_or_else(|| {
        let text = format!("Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        Failure::bad("InvalidParameterValue", text)
    })?;
    if !(16..=28).contains(&cidr.bits()) {
        return Err(Failure::bad("InvalidVpc.Range", format!("The CIDR '{block}' is invalid.")));
    }
    let present = world.aws.kind("vpc-", asked.region).count();
    if present as f64 >= quotas::limit(world, asked.region, "L-F678F1CE") {
        return Err(Failure::bad("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let id = make(world, asked.region, "vpc-", tags, |id| {
        json!({
            "vpcId": id, "ownerId": ACCOUNT, "state": "available", "cidrBlock": block, "instanceTenancy": "default",
            "isDefault": false, "dhcpOptionsId": "dopt-0a1b2c3d4e5f60718",
            "cidrBlockAssociationSet": [
                {"associationId": id.replacen("vpc-", "vpc-cidr-assoc-", 1), "cidrBlock": block, "cidrBlockState": {"state": "associated"}},
            ],
        })
    });
    let thing = find(world, asked, &id)?;
    thing.hidden.insert("enableDnsSupport".to_owned(), Value::Bool(true));
    thing.hidden.insert("enableDnsHostnames".to_owned(), Value::Bool(false));
    make(world, asked.region, "rtb-", BTreeMap::new(), |table| {
        json!({
            "routeTableId": table, "vpcId": id, "ownerId": ACCOUNT,
            "routeSet": [{"destinationCidrBlock": block, "gatewayId": "local", "state": "active", "origin": "CreateRouteTable"}],
            "associationSet": [{
                "main": true, "routeTableId": table, "routeTableAssociationId": table.replacen("rtb-", "rtbassoc-", 1),
                "associationState": {"state": "associated"},
            }],
        })
    });
    security::make_group(world, asked.region, &id, ("default", "default VPC security group"), BTreeMap::new());
    Ok(json!({ "vpc": show(find(world, asked, &id)?) }))
}

/// `DeleteVpc`: refused while anything but its own table and group is in it.
pub(crate) fn delete_vpc(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("VpcId");
    find(world, asked, id)?;
    let violation = || Failure::dependency(format!("The vpc '{id}' has dependencies and cannot be deleted."));
    let region = asked.region;
    let in_use = ["subnet-", "eni-"].iter().any(|front| !naming(world, region, front, "vpcId", id).is_empty());
    let attached = world.aws.kind("igw-", region).any(|(_, igw)| igw.fields["attachmentSet"][0]["vpcId"] == id);
    let gateways = naming(world, region, "nat-", "vpcId", id);
    let passing = gateways.iter().any(|nat| world.aws.things[nat].text("state") != "deleted");
    if in_use || attached || passing {
        return Err(violation());
    }
    let tables = naming(world, region, "rtb-", "vpcId", id);
    let groups = naming(world, region, "sg-", "vpcId", id);
    let own_table = |table: &&String| world.aws.things[*table].fields["associationSet"][0]["main"] == true;
    if tables.iter().any(|table| !own_table(&table))
        || groups.iter().any(|group| world.aws.things[group].text("groupName") != "default")
    {
        return Err(violation());
    }
    for gone in tables.iter().chain(&groups) {
        world.aws.things.remove(gone);
    }
    world.aws.things.remove(id);
    Ok(done())
}

/// `ModifyVpcAttribute`.
pub(crate) fn modify_vpc(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let thing = find(world, asked, asked.text("VpcId"))?;
    for (parameter, member) in [("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")]
    {
        if let Some(value) = asked.input.get(parameter) {
            thing.hidden.insert(member.to_owned(), value["Value"].clone());
        }
    }
    Ok(done())
}

/// `DescribeVpcAttribute`.
pub(crate) fn describe_vpc_attribute(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let (id, attribute) = (asked.text("VpcId"), asked.text("Attribute"));
    let thing = find(world, asked, id)?;
    let value = thing.hidden.get(attribute).cloned().unwrap_or(Value::Bool(false));
    Ok(json!({"vpcId": id, attribute: {"value": value}}))
}

/// `CreateSubnet`.
pub(crate) fn create_subnet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let tags = tags::specified(asked, "subnet")?;
    let (vpc, block, region) = (asked.text("VpcId").to_owned(), asked.text("CidrBlock"), asked.region);
    let around = Cidr::parse(find(world, asked, &vpc)?.text("cidrBlock"));
    let cidr = Cidr::parse(block).ok_or_else(|| {
        let text = format!("Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        Failure::bad("InvalidParameterValue", text)
    })?;
    if !(16..=28).contains(&cidr.bits()) || around.is_none_or(|around| !around.holds(cidr)) {
        return Err(Failure::bad("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid.")));
    }
    let neighbours = naming(world, region, "subnet-", "vpcId", &vpc);
    let taken = neighbours.iter().filter_map(|id| Cidr::parse(world.aws.things[id].text("cidrBlock")));
    if taken.into_iter().any(|other| other.overlaps(cidr)) {
        let text = format!("The CIDR '{block}' conflicts with another subnet");
        return Err(Failure::bad("InvalidSubnet.Conflict", text));
    }
    let named = [asked.text("AvailabilityZone"), asked.text("AvailabilityZoneId")].concat();
    let zone = if named.is_empty() { zones(region).into_iter().next() } else { zone(region, &named) };
    let zone = zone.ok_or_else(|| {
        let names: Vec<String> = zones(region).into_iter().map(|zone| zone.name).collect();
        let text = format!(
            "Value ({named}) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            names.join(", ")
        );
        Failure::bad("InvalidParameterValue", text)
    })?;
    let id = make(world, region, "subnet-", tags, |id| {
        json!({
            "subnetId": id, "vpcId": vpc, "ownerId": ACCOUNT, "state": "available", "cidrBlock": block,
            "subnetArn": format!("arn:aws:ec2:{region}:{ACCOUNT}:subnet/{id}"),
            "availabilityZone": zone.name, "availabilityZoneId": zone.id,
            "availableIpAddressCount": cidr.size() - 5, "defaultForAz": false, "mapPublicIpOnLaunch": false,
            "assignIpv6AddressOnCreation": false, "ipv6Native": false,
        })
    });
    Ok(json!({ "subnet": show(find(world, asked, &id)?) }))
}

/// `DeleteSubnet`: refused while an interface or a NAT gateway is in it. Its route table association goes with it.
pub(crate) fn delete_subnet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let id = asked.text("SubnetId");
    find(world, asked, id)?;
    if !naming(world, asked.region, "eni-", "subnetId", id).is_empty() {
        return Err(Failure::dependency(format!("The subnet '{id}' has dependencies and cannot be deleted.")));
    }
    for thing in world.aws.things.values_mut() {
        if let Some(associations) = thing.fields.get_mut("associationSet").and_then(Value::as_array_mut) {
            associations.retain(|one| one["subnetId"] != id);
        }
    }
    world.aws.things.remove(id);
    Ok(done())
}

/// `ModifySubnetAttribute`.
pub(crate) fn modify_subnet(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let thing = find(world, asked, asked.text("SubnetId"))?;
    if let Some(value) = asked.input.get("MapPublicIpOnLaunch") {
        thing.fields.insert("mapPublicIpOnLaunch".to_owned(), value["Value"].clone());
    }
    Ok(done())
}
