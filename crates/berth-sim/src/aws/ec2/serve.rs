//! Which part of EC2 answers a call, and what the parts share.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{describe, gateways, loose, machines, networks, offers, routes, security, tags, templates};
use crate::aws::failure::Failure;
use crate::aws::serve::Asked;
use crate::aws::state::{Thing, fields};
use crate::world::World;

/// Answers an EC2 call; one with a client token used before answers what it made then.
pub(crate) fn serve(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    let token = asked.text("ClientToken");
    if token.is_empty() {
        return dispatch(world, asked);
    }
    let key = format!("ec2/{}/{}/{token}", asked.action, asked.region);
    if let Some((input, output)) = world.aws.tokens.get(&key) {
        if input != asked.input {
            let text = "The client token you have provided is associated with a resource that has other parameters.";
            return Err(Failure::bad("IdempotentParameterMismatch", text));
        }
        return Ok(output.clone());
    }
    let output = dispatch(world, asked)?;
    world.aws.tokens.insert(key, (asked.input.clone(), output.clone()));
    Ok(output)
}

fn dispatch(world: &mut World, asked: &Asked<'_>) -> Result<Value, Failure> {
    if let Some(listed) = describe::describe(world, asked) {
        return listed;
    }
    match asked.action {
        "CreateVpc" => networks::create_vpc(world, asked),
        "DeleteVpc" => networks::delete_vpc(world, asked),
        "ModifyVpcAttribute" => networks::modify_vpc(world, asked),
        "DescribeVpcAttribute" => networks::describe_vpc_attribute(world, asked),
        "CreateSubnet" => networks::create_subnet(world, asked),
        "DeleteSubnet" => networks::delete_subnet(world, asked),
        "ModifySubnetAttribute" => networks::modify_subnet(world, asked),
        "CreateInternetGateway" => gateways::create_internet(world, asked),
        "AttachInternetGateway" => gateways::attach_internet(world, asked),
        "DetachInternetGateway" => gateways::detach_internet(world, asked),
        "DeleteInternetGateway" => gateways::delete_internet(world, asked),
        "CreateNatGateway" => gateways::create_nat(world, asked),
        "DeleteNatGateway" => gateways::delete_nat(world, asked),
        "AllocateAddress" => gateways::allocate(world, asked),
        "ReleaseAddress" => gateways::release(world, asked),
        "CreateRouteTable" => routes::create_table(world, asked),
        "DeleteRouteTable" => routes::delete_table(world, asked),
        "AssociateRouteTable" => routes::associate(world, asked),
        "DisassociateRouteTable" => routes::disassociate(world, asked),
        "CreateRoute" => routes::create(world, asked),
        "DeleteRoute" => routes::delete(world, asked),
        "CreateSecurityGroup" => security::create(world, asked),
        "DeleteSecurityGroup" => security::delete(world, asked),
        "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => security::authorize(world, asked),
        "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => security::revoke(world, asked),
        "CreateLaunchTemplate" => templates::create(world, asked),
        "CreateLaunchTemplateVersion" => templates::create_version(world, asked),
        "DescribeLaunchTemplateVersions" => templates::describe_versions(world, asked),
        "ModifyLaunchTemplate" => templates::modify(world, asked),
        "DeleteLaunchTemplate" => templates::delete(world, asked),
        "RunInstances" => loose::run_instances(world, asked),
        "TerminateInstances" => machines::terminate(world, asked),
        "CreateVolume" => loose::create_volume(world, asked),
        "CreateNetworkInterface" => loose::create_interface(world, asked),
        "DeleteVolume" => machines::delete_volume(world, asked),
        "DeleteNetworkInterface" => machines::delete_interface(world, asked),
        "CreateTags" => tags::create(world, asked),
        "DeleteTags" => tags::delete(world, asked),
        "DescribeTags" => tags::describe(world, asked),
        _ => offers::serve(world, asked),
    }
}

/// The answer of an operation that says only that it was done.
pub(crate) fn done() -> Value {
    json!({ "return": true })
}

/// Makes a resource and gives its id.
pub(crate) fn make(
    world: &mut World,
    region: &str,
    front: &str,
    tags: BTreeMap<String, String>,
    members: impl FnOnce(&str) -> Value,
) -> String {
    let number = world.number();
    let id = format!("{front}{}", world.hex(&format!("{front}{number}"), 17));
    let thing = Thing { region: region.to_owned(), fields: fields(members(&id)), tags, hidden: Map::new() };
    world.aws.things.insert(id.clone(), thing);
    id
}

/// The resource of that id in the region; refused with EC2's code for its kind.
pub(crate) fn find<'a>(world: &'a mut World, asked: &Asked<'_>, id: &str) -> Result<&'a mut Thing, Failure> {
    let missing = || not_found(id);
    world.aws.things.get_mut(id).filter(|thing| thing.region == asked.region).ok_or_else(missing)
}

/// The code and words for an id that names nothing.
pub(crate) fn not_found(id: &str) -> Failure {
    const KINDS: &[(&str, &str, &str)] = &[
        ("vpc-", "InvalidVpcID.NotFound", "vpc ID"),
        ("subnet-", "InvalidSubnetID.NotFound", "subnet ID"),
        ("igw-", "InvalidInternetGatewayID.NotFound", "internetGateway ID"),
        ("rtb-", "InvalidRouteTableID.NotFound", "routeTable ID"),
        ("rtbassoc-", "InvalidAssociationID.NotFound", "association ID"),
        ("nat-", "NatGatewayNotFound", "NAT gateway"),
        ("eipalloc-", "InvalidAllocationID.NotFound", "allocation ID"),
        ("sg-", "InvalidGroup.NotFound", "security group"),
        ("lt-", "InvalidLaunchTemplateId.NotFound", "launch template"),
        ("i-", "InvalidInstanceID.NotFound", "instance ID"),
        ("vol-", "InvalidVolume.NotFound", "volume"),
        ("eni-", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    ];
    let row = KINDS.iter().find(|(front, ..)| id.starts_with(front));
    let (code, word) = row.map_or(("InvalidID", "ID"), |(_, code, word)| (*code, *word));
    Failure::bad(code, format!("The {word} '{id}' does not exist"))
}

/// A resource as it is shown: its members and tags.
pub(crate) fn show(thing: &Thing) -> Value {
    let mut shown = thing.fields.clone();
    shown.insert("tagSet".to_owned(), tags::out(&thing.tags));
    Value::Object(shown)
}

/// The ids of resources of one kind of which a member names another resource.
pub(crate) fn naming(world: &World, region: &str, front: &str, member: &str, id: &str) -> Vec<String> {
    let all = world.aws.kind(front, region).filter(|(_, thing)| thing.text(member) == id);
    all.map(|(id, _)| id.clone()).collect()
}
