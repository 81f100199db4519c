//! EC2: which resources each operation is about, and the tags it gives.
//!
//! What is about no single resource (`Describe...`) is asked for `*`. An id that is not there asks for nothing, so that the
//! operation says that it is not there: EC2 resolves a resource before it can look at its tags. This order is not documented.

use std::collections::BTreeMap;

use serde_json::Value;

use super::aws::{Wanted, ask, list_of};
use super::document::Ask;
use crate::aws::ec2_kind_of;

/// An operation, the kind it makes, and its parameters that name resources, with their kinds.
type Operation = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const OPERATIONS: &[Operation] = &[
    ("CreateVpc", "vpc", &[]),
    ("DeleteVpc", "", &[("VpcId", "vpc")]),
    ("ModifyVpcAttribute", "", &[("VpcId", "vpc")]),
    ("DescribeVpcAttribute", "", &[("VpcId", "vpc")]),
    ("CreateSubnet", "subnet", &[("VpcId", "vpc")]),
    ("DeleteSubnet", "", &[("SubnetId", "subnet")]),
    ("ModifySubnetAttribute", "", &[("SubnetId", "subnet")]),
    ("CreateInternetGateway", "internet-gateway", &[]),
    ("AttachInternetGateway", "", &[("InternetGatewayId", "internet-gateway"), ("VpcId", "vpc")]),
    ("DetachInternetGateway", "", &[("InternetGatewayId", "internet-gateway"), ("VpcId", "vpc")]),
    ("DeleteInternetGateway", "", &[("InternetGatewayId", "internet-gateway")]),
    ("CreateNatGateway", "natgateway", &[("SubnetId", "subnet"), ("AllocationId", "elastic-ip")]),
    ("DeleteNatGateway", "", &[("NatGatewayId", "natgateway")]),
    ("AllocateAddress", "elastic-ip", &[]),
    ("ReleaseAddress", "", &[("AllocationId", "elastic-ip")]),
    ("CreateRouteTable", "route-table", &[("VpcId", "vpc")]),
    ("DeleteRouteTable", "", &[("RouteTableId", "route-table")]),
    ("AssociateRouteTable", "", &[("RouteTableId", "route-table"), ("SubnetId", "subnet")]),
    ("CreateRoute", "", &[("RouteTableId", "route-table")]),
    ("DeleteRoute", "", &[("RouteTableId", "route-table")]),
    ("CreateSecurityGroup", "security-group", &[("VpcId", "vpc")]),
    ("DeleteSecurityGroup", "", &[("GroupId", "security-group")]),
    ("AuthorizeSecurityGroupIngress", "", &[("GroupId", "security-group")]),
    ("AuthorizeSecurityGroupEgress", "", &[("GroupId", "security-group")]),
    ("RevokeSecurityGroupIngress", "", &[("GroupId", "security-group")]),
    ("RevokeSecurityGroupEgress", "", &[("GroupId", "security-group")]),
    ("CreateLaunchTemplate", "launch-template", &[]),
    ("CreateLaunchTemplateVersion", "", &[("LaunchTemplateId", "launch-template")]),
    ("ModifyLaunchTemplate", "", &[("LaunchTemplateId", "launch-template")]),
    ("DeleteLaunchTemplate", "", &[("LaunchTemplateId", "launch-template")]),
    ("DeleteLaunchTemplateVersions", "", &[("LaunchTemplateId", "launch-template")]),
    ("RunInstances", "instance", &[("SubnetId", "subnet")]),
    ("TerminateInstances", "", &[("InstanceId", "instance")]),
    ("DeleteVolume", "", &[("VolumeId", "volume")]),
    ("DeleteNetworkInterface", "", &[("NetworkInterfaceId", "network-interface")]),
];

/// Everything an EC2 call asks for.
pub(super) fn asks(wanted: &Wanted<'_>) -> Vec<Ask> {
    let action = format!("ec2:{}", wanted.action);
    match wanted.action {
        "DisassociateRouteTable" => return disassociation(wanted, &action),
        "CreateTags" | "DeleteTags" => return tagging(wanted, &action),
        _ => {}
    }
    let Some((_, makes, named)) = OPERATIONS.iter().find(|(name, ..)| *name == wanted.action) else {
        return vec![ask(&action, "*".to_owned())];
    };
    let mut asks = Vec::new();
    for (member, kind) in *named {
        for id in ids(wanted.input.get(*member)) {
            let Some(known) = known(wanted, &action, kind, &id) else { return Vec::new() };
            asks.push(known);
        }
    }
    if !makes.is_empty() {
        asks.extend(making(wanted, &action, makes));
    }
    asks
}

fn ids(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(id)) => vec![id.clone()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// An ask about a resource that is there, with its tags.
fn known(wanted: &Wanted<'_>, action: &str, kind: &str, id: &str) -> Option<Ask> {
    let thing = wanted.world.aws.things.get(id)?;
    Some(ask(action, wanted.arn("ec2", &format!("{kind}/{id}"))).tagged(&thing.tags, "ec2"))
}

/// What making takes: the action on the kind, and tagging when tags are given in the same call.
fn making(wanted: &Wanted<'_>, action: &str, kind: &str) -> Vec<Ask> {
    let tags = given(wanted.input.get("TagSpecification"), kind);
    let arn = wanted.arn("ec2", &format!("{kind}/*"));
    let mut asks = vec![ask(action, arn.clone()).giving(&tags)];
    if !tags.is_empty() {
        asks.push(ask("ec2:CreateTags", arn).giving(&tags).with("ec2:CreateAction", wanted.action));
    }
    asks
}

/// The tags that specifications give to a kind.
fn given(specifications: Option<&Value>, kind: &str) -> BTreeMap<String, String> {
    let all = specifications.and_then(Value::as_array).into_iter().flatten();
    let of_kind = all.filter(|one| one["ResourceType"] == kind);
    of_kind.flat_map(|one| list_of(one.get("Tag"))).collect()
}

/// Taking a subnet from its table is about both.
fn disassociation(wanted: &Wanted<'_>, action: &str) -> Vec<Ask> {
    let id = wanted.text("AssociationId");
    for (table, thing) in wanted.world.aws.kind("rtb-", wanted.region) {
        let associations = thing.fields.get("associationSet").and_then(Value::as_array);
        let Some(found) = associations.into_iter().flatten().find(|one| one["routeTableAssociationId"] == id) else {
            continue;
        };
        let subnet = found["subnetId"].as_str().and_then(|subnet| known(wanted, action, "subnet", subnet));
        return known(wanted, action, "route-table", table).into_iter().chain(subnet).collect();
    }
    Vec::new()
}

fn tagging(wanted: &Wanted<'_>, action: &str) -> Vec<Ask> {
    let tags = list_of(wanted.input.get("Tag"));
    let all = ids(wanted.input.get("ResourceId")).into_iter().filter_map(|id| {
        let kind = ec2_kind_of(&id)?;
        Some(known(wanted, action, kind, &id)?.giving(&tags))
    });
    all.collect()
}

/// What launching machines from a template takes of the one who makes a node group with it: the call that EKS tries on his behalf.
pub(super) fn launching(wanted: &Wanted<'_>, template: &str, subnets: &[String]) -> Vec<Ask> {
    let Some(thing) = wanted.world.aws.things.get(template) else { return Vec::new() };
    let arn = wanted.arn("ec2", &format!("launch-template/{template}"));
    let run = |resource: &str| {
        ask("ec2:RunInstances", wanted.arn("ec2", resource))
            .with("ec2:LaunchTemplate", &arn)
            .with("ec2:IsLaunchTemplateResource", "true")
    };
    let mut asks: Vec<Ask> = known(wanted, "ec2:RunInstances", "launch-template", template).into_iter().collect();
    asks.push(ask("ec2:RunInstances", format!("arn:aws:ec2:{}::image/*", wanted.region)));
    asks.push(run("security-group/*"));
    for subnet in subnets {
        asks.extend(known(wanted, "ec2:RunInstances", "subnet", subnet));
    }
    let versions = thing.hidden.get("versions").and_then(Value::as_array).and_then(|versions| versions.last());
    let specifications = versions.map(|version| &version["data"]["tagSpecificationSet"]).and_then(Value::as_array);
    for kind in ["instance", "volume", "network-interface"] {
        let of_kind = specifications.into_iter().flatten().filter(|one| one["resourceType"] == kind);
        let tags: BTreeMap<String, String> = of_kind.flat_map(shown).collect();
        asks.push(run(&format!("{kind}/*")).giving(&tags));
        if !tags.is_empty() {
            let tagging = ask("ec2:CreateTags", wanted.arn("ec2", &format!("{kind}/*"))).giving(&tags);
            asks.push(tagging.with("ec2:CreateAction", "RunInstances"));
        }
    }
    asks
}

/// The tags of a template's specification, as templates show them.
fn shown(specification: &Value) -> Vec<(String, String)> {
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    let tags = specification["tagSet"].as_array().into_iter().flatten();
    tags.map(|tag| (text(tag, "key"), text(tag, "value"))).collect()
}
